#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_ops.h"

/* Which dialect takes back what. */

static const struct restore_ops *const dialects[SQL_DIALECT_COUNT] = {
	[SQL_SQLITE] = &restore_sqlite_ops,
	[SQL_POSTGRESQL] = &restore_pg_ops,
};

static const struct restore_ops *ops_of(const struct target *t)
{
	return dialects[t->ops->dialect];
}

void restore_result_release(struct restore_result *r)
{
	free(r->conflicts);
	free(r->details);
	free(r->tallies);
	free(r->reordered);
	arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}

static struct restore_conflict *conflict_of(struct restore_result *out,
					    const char *object,
					    const char *what, bool aside)
{
	struct restore_conflict *c;

	for (size_t i = 0; i < out->n_conflicts; i++)
		if (streq(out->conflicts[i].object, object) &&
		    streq(out->conflicts[i].what, what) &&
		    out->conflicts[i].aside == aside)
			return &out->conflicts[i];
	VEC_GROW(out->conflicts, out->n_conflicts, out->cap_conflicts);
	c = &out->conflicts[out->n_conflicts++];
	*c = (struct restore_conflict){
		.object = arena_strdup(&out->arena, object),
		.what = what,
		.aside = aside,
	};
	return c;
}

void restore_result_add(struct restore_result *out, const char *object,
			const char *what, uint64_t rows)
{
	struct restore_conflict *c = conflict_of(out, object, what, false);

	c->rows += rows;
	c->unsettled = true;
	out->blocked = true;
}

static const char *copy(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

struct restore_detail restore_detail_copy(struct arena *a,
					  const struct restore_detail *d)
{
	return (struct restore_detail){
		.object = copy(a, d->object),
		.what = d->what,
		.key = copy(a, d->key),
		.column = copy(a, d->column),
		.constraint = copy(a, d->constraint),
		.before = copy(a, d->before),
		.after = copy(a, d->after),
		.now = copy(a, d->now),
		.more = d->more,
		.doubt = d->doubt,
		.aside = d->aside,
	};
}

bool restore_result_wants(const struct restore_request *req,
			  const struct restore_result *out)
{
	return out->n_details < req->max_details;
}

static void add_detail(struct restore_result *out,
		       const struct restore_detail *d)
{
	VEC_GROW(out->details, out->n_details, out->cap_details);
	out->details[out->n_details++] = restore_detail_copy(&out->arena, d);
}

enum restore_choice restore_result_conflict(const struct restore_request *req,
					    struct restore_result *out,
					    const struct restore_detail *d,
					    bool can_keep, bool can_take)
{
	struct restore_conflict *c =
		conflict_of(out, d->object, d->what, false);
	enum restore_choice choice = req->choice;

	c->rows += !d->more;
	c->doubt |= d->doubt;
	if (restore_result_wants(req, out))
		add_detail(out, d);
	restore_result_tally(out, d->object)->conflicts += !d->more;
	if ((!can_keep && !can_take) || (choice == RESTORE_KEEP && !can_keep) ||
	    (choice == RESTORE_TAKE && !can_take)) {
		c->unsettled = true;
		choice = RESTORE_ABORT;
	}
	out->blocked |= choice == RESTORE_ABORT;
	if (choice == RESTORE_KEEP) {
		restore_result_tally(out, d->object)->kept += !d->more;
		out->kept++;
	}
	return choice;
}

static bool may_set_aside(const struct restore_request *req, bool choosable)
{
	return req->aside && (!choosable || req->choice == RESTORE_ABORT);
}

bool restore_result_aside(const struct restore_request *req,
			  struct restore_result *out,
			  const struct restore_detail *d, bool choosable)
{
	struct restore_detail copied = *d;

	if (!may_set_aside(req, choosable))
		return false;
	conflict_of(out, d->object, d->what, true)->rows += !d->more;
	copied.aside = true;
	if (restore_result_wants(req, out))
		add_detail(out, &copied);
	return true;
}

struct restore_tally *restore_result_tally(struct restore_result *out,
					   const char *table)
{
	for (size_t i = 0; i < out->n_tallies; i++)
		if (streq(out->tallies[i].table, table))
			return &out->tallies[i];
	VEC_GROW(out->tallies, out->n_tallies, out->cap_tallies);
	out->tallies[out->n_tallies] =
		(struct restore_tally){ .table = arena_strdup(&out->arena,
							      table) };
	return &out->tallies[out->n_tallies++];
}

bool restore_can_append(const struct target *t)
{
	return ops_of(t)->appends;
}

struct err *restore_session_begin(struct target *t)
{
	const struct restore_ops *ops = ops_of(t);

	return ops->session_begin ? ops->session_begin(t) : NULL;
}

struct err *restore_session_end(struct target *t)
{
	const struct restore_ops *ops = ops_of(t);

	return ops->session_end ? ops->session_end(t) : NULL;
}

struct err *restore_run(const struct restore_request *req,
			struct restore_result *out)
{
	memset(out, 0, sizeof(*out));
	return ops_of(req->target)->run(req, out);
}
