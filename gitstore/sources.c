#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/hash.h"
#include "gitstore/reflock.h"
#include "gitstore/refname.h"
#include "gitstore/repo.h"

/*
 * refs/migrate/sources/<target>: a commit of no content whose parents are
 * the commits that were deployed, so that gc keeps them when their branches
 * are gone. It is local and never shared.
 */

struct parents {
	git_oid *ids;
	size_t n, cap;
	bool changed;
};

static bool reaches(struct gs *g, const git_oid *tip, const git_oid *id)
{
	return git_oid_equal(tip, id) ||
	       git_graph_descendant_of(g->repo, tip, id) == 1;
}

/* Add one source unless a parent has it; parents it has itself go. */
static void add(struct gs *g, struct parents *p, const git_oid *id)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++)
		if (reaches(g, &p->ids[i], id))
			return;
	for (size_t i = 0; i < p->n; i++)
		if (!reaches(g, id, &p->ids[i]))
			p->ids[kept++] = p->ids[i];
	p->n = kept;
	VEC_GROW(p->ids, p->n, p->cap);
	p->ids[p->n++] = *id;
	p->changed = true;
}

static struct err *collect(struct gs *g, const git_oid *before,
			   const struct store_id *sources, size_t n,
			   struct parents *p)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct err *err = NULL;

	if (before)
		err = gs_commit_read(g, before, &c);
	for (size_t i = 0; !err && i < c.n_parents; i++) {
		VEC_GROW(p->ids, p->n, p->cap);
		p->ids[p->n++] = c.parents[i];
	}
	for (size_t i = 0; !err && i < n; i++) {
		git_oid id;

		err = gs_id_parse(sources[i].hex, &id);
		if (!err && gs_has(g, &id)) /* one we never had cannot go */
			add(g, p, &id);
	}
	gs_commit_release(&c);
	return err;
}

static struct err *write_object(struct gs *g, git_object_t type,
				const void *data, size_t len, git_oid *id)
{
	git_odb *odb;
	struct err *err = gs_odb(g, &odb);

	if (!err && git_odb_write(id, odb, data, len, type) < 0)
		err = gs_fault(ERR_STORE, "write an object");
	return err;
}

static struct err *write_commit(struct gs *g, const struct parents *p,
				git_oid *id)
{
	struct gs_commit c = { .parents = p->ids,
			       .n_parents = p->n,
			       .message = "commits that were deployed\n" };
	struct buf who = BUF_INIT, text = BUF_INIT;
	struct err *err = gs_ident(&g->base, clock_now(), &who);

	c.author = c.committer = buf_str(&who);
	if (!err)
		err = write_object(g, GIT_OBJECT_TREE, "", 0, &c.tree);
	if (!err) {
		gs_commit_format(&text, &c);
		err = write_object(g, GIT_OBJECT_COMMIT, text.data, text.len,
				   id);
	}
	buf_release(&who);
	buf_release(&text);
	return err;
}

struct err *gs_ledger_keep_sources(struct store *s, const char *target,
				   const struct store_id *sources, size_t n)
{
	struct gs *g = gs_of(s);
	struct parents p = { 0 };
	struct buf name = BUF_INIT;
	git_oid before = { { 0 } }, id;
	git_reference *ref = NULL;
	struct err *err = gs_writable(g);
	unsigned tries = 0;
	bool there;
	int rc;

	buf_addstr(&name, "refs/migrate/sources/");
	gs_refname_add(&name, target);
	there = !git_reference_name_to_id(&before, g->repo, buf_str(&name));
	if (!err)
		err = collect(g, there ? &before : NULL, sources, n, &p);
	if (err || !p.changed)
		goto done;
	err = write_commit(g, &p, &id);
	if (err)
		goto done;
	do
		rc = git_reference_create_matching(
			&ref, g->repo, buf_str(&name), &id, 1, &before, NULL);
	while (gs_ref_try_again(g->common, buf_str(&name), rc, &tries));
	if (rc == GIT_EMODIFIED || rc == GIT_ELOCKED || rc == GIT_ENOTFOUND)
		err = err_hint(err_new(ERR_STATE, "%s is not where it was",
				       buf_str(&name)),
			       "another git-migrate ran; try again");
	else if (rc < 0)
		err = gs_fault(ERR_STORE, "update %s", buf_str(&name));
done:
	git_reference_free(ref);
	buf_release(&name);
	free(p.ids);
	return err;
}
