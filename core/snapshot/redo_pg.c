#include "snapshot/redo_pg.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture.h"
#include "snapshot/restore_pg_form.h"

/*
 * Parked data, given back to PostgreSQL in sets: lines of a park into
 * temporary tables, from there to where they fit.
 */

static bool has_column(const struct pg_form *f, const char *name)
{
	return pg_form_column(f, name) != NULL;
}

/* --- before the statements --- */

static struct err *look(struct redo *redo, size_t i)
{
	struct redo_pg *p = xcalloc(1, sizeof(*p));
	struct err *err;

	redo->states[i] = p;
	p->number = i;
	p->req.in = redo->parks[i].in;
	p->req.target = redo->target;
	p->req.delta = redo->parks[i].delta;
	p->r.req = &p->req;
	p->r.c = target_pg_conn(redo->target);
	err = manifest_read(&p->r.manifest, p->req.in);
	p->tables = xcalloc(p->r.manifest.n_tables + 1, sizeof(*p->tables));
	if (!err)
		err = target_pg_plain_begin(redo->target);
	for (size_t k = 0; k < p->r.manifest.n_tables && !err; k++) {
		struct redo_pg_table *b = &p->tables[k];

		b->t.lines = &p->r.manifest.tables[k];
		b->t.before = b->t.lines->before;
		b->t.after = b->t.lines->after;
		if (b->t.after)
			err = err_wrap(redo_pg_look(p, b), "table %s",
				       b->t.before);
	}
	return err ? err : target_pg_plain_end(redo->target);
}

/* --- behind them --- */

static struct redo_pg *first_of(const struct redo *redo)
{
	for (size_t i = 0; i < redo->n; i++)
		if (redo->states[i])
			return redo->states[i];
	return NULL;
}

/* A trigger that is disabled already is not seen a second time. */
static struct err *quiet(struct redo *redo, struct redo_pg *first)
{
	struct map seen = MAP_INIT;
	struct err *err = target_pg_plain_begin(redo->target);

	for (size_t i = 0; i < redo->n; i++) {
		const struct redo_pg *p = redo->states[i];

		for (size_t k = 0; p && k < p->r.manifest.n_tables; k++) {
			const struct restore_pg_table *t = &p->tables[k].t;

			if (err || map_number(&seen, t->before) > !t->after)
				continue;
			map_put_number(&seen, t->before, t->after ? 2 : 1);
			err = err_wrap(redo_pg_quiet(first, t->before,
						     t->after != NULL),
				       "table %s", t->before);
		}
	}
	map_release(&seen);
	return err ? err : target_pg_plain_end(redo->target);
}

/* What another pass has left. */
static void forget(struct redo *redo)
{
	for (size_t i = 0; i < redo->n; i++) {
		struct redo_pg *p = redo->states[i];

		for (size_t k = 0; p && k < p->r.manifest.n_tables; k++) {
			p->tables[k].temp = NULL;
			p->tables[k].n_keys = 0;
		}
		if (!p)
			continue;
		p->r.n_awake = 0;
		buf_reset(&p->loud);
	}
}

/*
 * What was deferred is checked now, so that a violation is known to be the
 * migration's, and one of ours shows where it can be undone. A cursor of the
 * capture keeps its table from being altered.
 */
static struct err *begin(struct redo *redo)
{
	struct redo_pg *p = first_of(redo);
	struct err *err;

	if (!p)
		return NULL;
	forget(redo);
	err = target_check_deferred(redo->target);
	if (!err && redo->capture)
		err = capture_aside(redo->capture, CAPTURE_ASIDE_ALTER);
	if (!err)
		err = quiet(redo, p);
	if (!err && redo->capture)
		err = capture_aside(redo->capture, CAPTURE_ASIDE_WRITE);
	return err ? err : target_pg_plain_begin(redo->target);
}

static void count_written(const struct redo_pg_table *b,
			  struct redo_result *out)
{
	const struct settlement *s = &b->t.settled;
	const struct manifest_table *m = b->t.lines;

	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].how == SETTLE_COLUMN)
			redo_misfit_add(out, m->before,
					m->columns[s->list[i].column].before,
					"it was written since", 1);
}

static struct err *give_table(struct redo *redo, struct redo_pg *p,
			      struct redo_pg_table *b, struct redo_result *out)
{
	struct err *err;

	if (redo_pg_is_made(b->t.lines) &&
	    redo_is_given(redo, b->t.before, NULL, NULL))
		return NULL;
	if (redo_counts(redo))
		count_written(b, out);
	for (size_t i = 0; i < p->number; i++)
		b->older |= redo->states[i] != NULL;
	err = redo_pg_load(redo, p, b, out);
	if (err || !b->temp)
		return err;
	err = redo_pg_keys(p, b);
	if (!err)
		err = redo_pg_sift(p, b, out);
	if (!err)
		err = redo_pg_put(p, b, out);
	return err;
}

static struct err *give(struct redo *redo, size_t i, struct redo_result *out)
{
	struct redo_pg *p = redo->states[i];
	struct err *err = NULL;

	for (size_t k = 0; k < p->r.manifest.n_tables && !err; k++)
		err = err_wrap(give_table(redo, p, &p->tables[k], out),
			       "table %s", p->tables[k].t.before);
	return err;
}

static struct err *each(struct redo *redo,
			struct err *(*fn)(struct redo_pg *p,
					  struct redo_pg_table *b,
					  struct redo_result *out),
			struct redo_result *out)
{
	struct err *err = NULL;

	for (size_t i = 0; i < redo->n; i++) {
		struct redo_pg *p = redo->states[i];

		for (size_t k = 0; p && k < p->r.manifest.n_tables && !err; k++)
			if (p->tables[k].temp)
				err = err_wrap(fn(p, &p->tables[k], out),
					       "table %s",
					       p->tables[k].t.before);
	}
	return err;
}

static struct err *finish(struct redo_pg *p, struct redo_pg_table *b,
			  struct redo_result *out)
{
	struct err *err = redo_pg_put_rest(p, b, out);

	if (!err)
		err = redo_pg_sequences(p, b);
	if (!err)
		err = restore_pg_exec(&p->r, "DROP TABLE %s", b->temp);
	return err;
}

/* A row may wait for one that it refers to. */
static struct err *end(struct redo *redo, struct redo_result *out)
{
	struct redo_pg *p = first_of(redo);
	struct err *err = NULL;
	uint64_t before;

	if (!p)
		return NULL;
	do {
		before = out->given;
		err = each(redo, redo_pg_put, out);
	} while (!err && out->given > before);
	if (!err)
		err = each(redo, finish, out);
	if (!err)
		err = target_pg_plain_end(redo->target);
	if (!err && redo->capture)
		err = capture_aside(redo->capture, CAPTURE_ASIDE_END);
	return err ? err : redo_pg_loud(p);
}

/* --- what a rollback took --- */

static struct err *set_columns(struct redo *r, struct arena *a,
			       const struct schema_change *c)
{
	struct pg_form then, now = { 0 };
	struct err *err = pg_form_read(&then, a, c->before);

	if (!err)
		err = pg_form_read(&now, a, c->after);
	for (size_t i = 0; i < then.t.n_columns && !err; i++)
		if (!has_column(&now, then.columns[i]))
			redo_set_given(r, pg_form_name(a, c->before),
				       then.columns[i], then.t.columns[i].type);
	return err;
}

static void set_given(struct redo *r, size_t park)
{
	const struct schema_delta *d = r->parks[park].delta;
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < d->n; i++) {
		const struct schema_change *c = &d->changes[i];
		const char *name = pg_form_name(&a, c->before);

		if (!name)
			continue;
		if (c->after) /* a text that is not ours names no column */
			err_free(set_columns(r, &a, c));
		else
			redo_set_given(r, name, NULL, NULL);
	}
	arena_release(&a);
}

static bool has_rows(const struct redo *r, size_t park)
{
	const struct redo_pg *p = r->states[park];

	return manifest_has_rows(&p->r.manifest);
}

static void release(struct redo *r, size_t park)
{
	struct redo_pg *p = r->states[park];

	for (size_t k = 0; k < p->r.manifest.n_tables; k++) {
		settle_release(&p->tables[k].t.settled);
		free(p->tables[k].keys);
	}
	free(p->tables);
	free(p->r.awake);
	buf_release(&p->loud);
	manifest_release(&p->r.manifest);
	arena_release(&p->r.arena);
	free(p);
}

const struct redo_ops redo_pg_ops = {
	.look = look,
	.has_rows = has_rows,
	.begin = begin,
	.give = give,
	.set_given = set_given,
	.end = end,
	.release = release,
};
