#include "snapshot/redo.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/redo_ops.h"

static const struct redo_ops *const dialects[SQL_DIALECT_COUNT] = {
	[SQL_SQLITE] = &redo_sqlite_ops,
	[SQL_POSTGRESQL] = &redo_pg_ops,
};

bool redo_is_known(const struct target *t)
{
	return dialects[t->ops->dialect] != NULL;
}

void redo_result_release(struct redo_result *r)
{
	free(r->misfits);
	arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}

void redo_misfit_add(struct redo_result *out, const char *table,
		     const char *column, const char *why, uint64_t n)
{
	struct redo_misfit *m;

	if (!n)
		return;
	for (size_t i = 0; i < out->n_misfits; i++) {
		m = &out->misfits[i];
		if (streq(m->table, table) && streq_null(m->column, column) &&
		    streq(m->why, why)) {
			m->n += n;
			return;
		}
	}
	VEC_GROW(out->misfits, out->n_misfits, out->cap_misfits);
	m = &out->misfits[out->n_misfits++];
	m->table = arena_strdup(&out->arena, table);
	m->column = column ? arena_strdup(&out->arena, column) : NULL;
	m->why = why;
	m->n = n;
}

static void add_name(struct buf *out, const char *table, const char *column,
		     const char *type)
{
	buf_addstr(out, table);
	if (column)
		buf_addf(out, "\t%s\t%s", column, type);
}

bool redo_is_given(const struct redo *r, const char *table, const char *column,
		   const char *type)
{
	struct buf b = BUF_INIT;
	bool given;

	add_name(&b, table, column, type);
	given = map_has(&r->given, table) || map_has(&r->given, buf_str(&b));
	buf_release(&b);
	return given;
}

void redo_set_given(struct redo *r, const char *table, const char *column,
		    const char *type)
{
	struct buf b = BUF_INIT;

	add_name(&b, table, column, type);
	map_put_number(&r->given, buf_str(&b), 1);
	buf_release(&b);
}

struct err *redo_open(struct redo **out, struct target *t,
		      const struct redo_park *parks, size_t n)
{
	struct redo *r = xcalloc(1, sizeof(*r));
	struct err *err = NULL;

	r->ops = dialects[t->ops->dialect];
	r->target = t;
	r->parks = parks;
	r->states = xcalloc(n + 1, sizeof(*r->states));
	r->n = n;
	for (size_t i = 0; i < n && !err; i++)
		if (parks[i].in)
			err = r->ops->look(r, i);
	*out = r;
	return err;
}

bool redo_passes_over(const struct redo *r, char op,
		      const struct manifest_table *of)
{
	return (r->only && op != r->only) ||
	       (r->covered && op == ROW_DELETED && manifest_is_aside(of));
}

static struct err *pass(struct redo *r, struct redo_result *out)
{
	struct err *err = r->ops->begin ? r->ops->begin(r) : NULL;

	map_release(&r->given);
	r->covered = false;
	for (size_t i = 0; i < r->n && !err; i++) {
		if (r->parks[i].in)
			err = r->ops->give(r, i, out);
		if (r->parks[i].covers)
			r->ops->set_given(r, i);
		r->covered |= r->parks[i].covers;
	}
	if (!err && r->ops->end)
		err = r->ops->end(r, out);
	return err_wrap(err, "give parked data back");
}

bool redo_is_late(const struct redo *r)
{
	return r->only != 0;
}

struct err *redo_run(struct redo *r, struct capture *capture,
		     struct redo_result *out)
{
	bool covered = false;

	memset(out, 0, sizeof(*out));
	r->capture = capture;
	for (size_t i = 0; i < r->n && !covered; i++) {
		if (r->parks[i].in && r->ops->has_rows(r, i))
			r->only = ROW_UPDATED;
		covered = r->parks[i].covers;
	}
	return pass(r, out);
}

struct err *redo_late(struct redo *r, struct redo_result *out)
{
	if (!redo_is_late(r))
		return NULL;
	r->capture = NULL;
	r->only = ROW_DELETED;
	return pass(r, out);
}

void redo_close(struct redo *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		if (r->states[i])
			r->ops->release(r, i);
	free(r->states);
	map_release(&r->given);
	map_release(&r->grown);
	free(r);
}
