#include <stdlib.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/*
 * Sequences belong to no transaction: what nextval() has taken stays taken, so
 * their state is read before the first statement that could move one.
 */

/*
 * Of one that was not used since it was set the server's function has no value:
 * it stands at its start, most often, and is asked itself where that is allowed.
 */
static const char state_sql[] =
	"SELECT s.seqrelid, format('%I.%I', n.nspname, c.relname), "
	"CASE WHEN has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') "
	"THEN pg_sequence_last_value(s.seqrelid) END, s.seqstart, "
	"has_sequence_privilege(s.seqrelid, 'SELECT') "
	"FROM pg_catalog.pg_sequence s "
	"JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid "
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
	"WHERE c.relpersistence <> 't' AND n.nspname <> $1";

struct states {
	struct pg_sequence_state *v;
	size_t n, cap;
	size_t *unused; /* those that were not used; their places in v */
	size_t n_unused, cap_unused;
};

static struct err *take_state(void *payload, int n, const struct pg_cell *cell)
{
	struct states *list = payload;
	struct pg_sequence_state *s;

	(void)n;
	VEC_GROW(list->v, list->n, list->cap);
	s = &list->v[list->n++];
	s->oid = (unsigned)strtoul(cell[0].s, NULL, 10);
	s->name = xstrdup(cell[1].s);
	s->called = cell[2].s != NULL;
	s->value = strtoll(s->called ? cell[2].s : cell[3].s, NULL, 10);
	if (!s->called && cell[4].s[0] == 't') {
		VEC_GROW(list->unused, list->n_unused, list->cap_unused);
		list->unused[list->n_unused++] = list->n - 1;
	}
	return NULL;
}

static struct err *take_unused(void *payload, int n, const struct pg_cell *cell)
{
	struct states *list = payload;
	struct pg_sequence_state *s = &list->v[strtoul(cell[0].s, NULL, 10)];

	(void)n;
	s->value = strtoll(cell[1].s, NULL, 10);
	s->called = cell[2].s[0] == 't';
	return NULL;
}

/* Each is a relation of its own with one row: as many in a query as go well. */
enum {
	UNUSED_AT_ONCE = 200
};

static struct err *read_unused(struct pg_capture *c, struct states *list)
{
	struct err *e = NULL;

	for (size_t i = 0; i < list->n_unused && !e;) {
		struct buf sql = BUF_INIT;
		size_t end = i + UNUSED_AT_ONCE;

		for (; i < end && i < list->n_unused; i++)
			buf_addf(&sql,
				 "%sSELECT %zu, last_value, is_called FROM %s",
				 sql.len ? " UNION ALL " : "", list->unused[i],
				 list->v[list->unused[i]].name);
		e = pg_query_once(c->c, buf_str(&sql), NULL, 0, take_unused,
				  list);
		buf_release(&sql);
	}
	return e;
}

static struct err *read_states(struct pg_capture *c, struct states *out)
{
	struct pg_arg arg = pg_text(target_pg_journal(c->base.target));
	struct err *e = pg_query(c->c, state_sql, &arg, 1, take_state, out);

	if (!e)
		e = read_unused(c, out);
	free(out->unused);
	out->unused = NULL;
	return e;
}

/*
 * Rows that the session has written of pg_largeobject (2613) and its
 * metadata (2995). The counts carry over from transactions before.
 */
static struct err *count_objects(struct pg_capture *c, int64_t *out)
{
	return pg_query_int(c->c,
			    "SELECT sum(pg_stat_get_xact_tuples_inserted(o) + "
			    "pg_stat_get_xact_tuples_updated(o) + "
			    "pg_stat_get_xact_tuples_deleted(o)) "
			    "FROM (VALUES (2613::oid), (2995)) AS v (o)",
			    NULL, 0, out);
}

struct err *pg_capture_check_objects(struct pg_capture *c)
{
	int64_t now = 0;
	struct err *e = NULL;

	if (c->sequences_read)
		e = count_objects(c, &now);
	if (e || !c->sequences_read || now == c->large_objects)
		return e;
	return err_hint(err_new(ERR_TARGET,
				"large objects were written, which cannot be "
				"kept"),
			"use --no-snapshot; the migration cannot be rolled "
			"back then");
}

struct err *pg_capture_sequences(struct pg_capture *c)
{
	struct states list = { 0 };
	struct err *e;

	if (c->sequences_read)
		return NULL;
	e = read_states(c, &list);
	if (!e)
		e = count_objects(c, &c->large_objects);
	c->sequences = list.v;
	c->n_sequences = list.n;
	c->cap_sequences = list.cap;
	c->sequences_read = !e;
	return e;
}

static int compare_oid(const void *a, const void *b)
{
	const struct pg_sequence_state *x = a, *y = b;

	return (x->oid > y->oid) - (x->oid < y->oid);
}

static void add_sequence(struct manifest *m, const char *name,
			 const struct pg_sequence_state *was,
			 const struct pg_sequence_state *is)
{
	struct manifest_sequence *s;

	if (is && is->value == was->value && is->called == was->called)
		return;
	s = manifest_add_sequence(m);
	s->table = arena_strdup(&m->arena, name);
	s->after = is ? arena_strdup(&m->arena, is->name) : NULL;
	s->was = was->value;
	s->is = is ? is->value : 0;
	s->position = (was->called ? 1 : 0) + (is && is->called ? 2 : 0);
}

/*
 * Its name before the migration, which may have given it another one before
 * the states were read. One that the migration made is not there for the
 * observer; it is nobody's loss.
 */
static struct err *name_before(struct pg_capture *c,
			       const struct pg_sequence_state *s,
			       const char **out)
{
	struct pg_captured *t;
	struct err *e = pg_capture_table(c, s->oid, &t);

	*out = !e && t ? t->was.name : NULL;
	return e;
}

struct err *pg_capture_write_sequences(struct pg_capture *c, struct manifest *m)
{
	struct states now = { 0 };
	struct err *e;

	if (!c->sequences_read)
		return NULL;
	e = read_states(c, &now);
	if (!e && now.n)
		qsort(now.v, now.n, sizeof(*now.v), compare_oid);
	for (size_t i = 0; i < c->n_sequences && !e; i++) {
		const struct pg_sequence_state *was = &c->sequences[i], *is;
		const char *name;

		is = now.n ? bsearch(was, now.v, now.n, sizeof(*now.v),
				     compare_oid)
			   : NULL;
		if (is && is->value == was->value && is->called == was->called)
			continue;
		e = name_before(c, was, &name);
		if (!e && name)
			add_sequence(m, name, was, is);
	}
	for (size_t i = 0; i < now.n; i++)
		free(now.v[i].name);
	free(now.v);
	return e;
}
