#include "gitstore/treediff.h"

#include <string.h>

#include "base/util.h"

#define DEPTH_MAX 64

struct diff {
	struct gs *g;
	gs_treediff_fn fn;
	void *payload;
	struct buf path;
	unsigned depth;
};

static struct err *compare(struct diff *d, const git_oid *from,
			   const git_oid *to);

static bool is_file(const struct gs_tree_entry *e)
{
	return e && e->mode != GIT_FILEMODE_TREE &&
	       e->mode != GIT_FILEMODE_LINK && e->mode != GIT_FILEMODE_COMMIT;
}

/* One name, on one side or on both; what is both a folder and a file comes
 * as two names. */
static struct err *step(struct diff *d, const struct gs_tree_entry *a,
			const struct gs_tree_entry *b)
{
	static const git_oid none;
	const struct gs_tree_entry *any = a ? a : b;
	size_t before = d->path.len;
	struct err *err = NULL;

	if (a && b && git_oid_equal(&a->id, &b->id) && is_file(a) == is_file(b))
		return NULL;
	if (before)
		buf_addch(&d->path, '/');
	buf_add(&d->path, any->name, any->len);
	if (any->mode == GIT_FILEMODE_TREE)
		err = compare(d, a ? &a->id : &none, b ? &b->id : &none);
	else if (is_file(a) || is_file(b))
		err = d->fn(d->payload, buf_str(&d->path),
			    is_file(a) ? &a->id : NULL,
			    is_file(b) ? &b->id : NULL);
	buf_truncate(&d->path, before);
	return err;
}

static struct err *merge_walks(struct diff *d, struct gs_treewalk *a,
			       struct gs_treewalk *b)
{
	struct gs_tree_entry x, y;
	bool more_a = gs_treewalk_next(a, &x), more_b = gs_treewalk_next(b, &y);
	struct err *err = NULL;

	while (!err && (more_a || more_b)) {
		int rc = !more_b ? -1 : !more_a ? 1 : gs_tree_order(&x, &y);

		err = step(d, rc <= 0 ? &x : NULL, rc >= 0 ? &y : NULL);
		if (rc <= 0)
			more_a = gs_treewalk_next(a, &x);
		if (rc >= 0)
			more_b = gs_treewalk_next(b, &y);
	}
	if (!err && (a->damaged || b->damaged))
		err = err_new(ERR_STORE, "a tree is damaged (at '%s')",
			      buf_str(&d->path));
	return err;
}

static struct err *compare(struct diff *d, const git_oid *from,
			   const git_oid *to)
{
	struct gs_treewalk a = { 0 }, b = { 0 };
	struct err *err;

	if (d->depth == DEPTH_MAX)
		return err_new(ERR_INPUT, "folders are nested deeper than %d",
			       DEPTH_MAX);
	d->depth++;
	err = gs_treewalk_open(&a, d->g, from);
	if (!err)
		err = gs_treewalk_open(&b, d->g, to);
	if (!err)
		err = merge_walks(d, &a, &b);
	gs_treewalk_close(&a);
	gs_treewalk_close(&b);
	d->depth--;
	return err;
}

struct err *gs_treediff(struct gs *g, const git_oid *from, const git_oid *to,
			gs_treediff_fn fn, void *payload)
{
	struct diff d = { g, fn, payload, BUF_INIT, 0 };
	struct err *err = NULL;

	if (!git_oid_equal(from, to))
		err = compare(&d, from, to);
	buf_release(&d.path);
	return err;
}
