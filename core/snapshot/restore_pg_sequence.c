#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/*
 * Where sequences stand. setval() alone would outlive a transaction that is
 * undone; behind ALTER SEQUENCE ... RESTART, which gives the sequence new
 * storage, it goes with it.
 */

/** The sequence of an identity column of a table that is made anew. */
struct restore_pg_sequence {
	const char *table, *column; /**< the column as a plain name */
	const char *name;           /**< of the sequence that goes */
	int64_t value;
	bool called;
};

struct restore_pg_state {
	bool found, called;
	int64_t value;
};

static struct err *take_state(void *payload, int n, const struct pg_cell *cell)
{
	struct restore_pg_state *s = payload;

	(void)n;
	s->found = true;
	s->value = strtoll(cell[0].s, NULL, 10);
	s->called = cell[1].s[0] == 't';
	return NULL;
}

static struct err *read_state(struct restore_pg *r, const char *name,
			      struct restore_pg_state *out)
{
	struct pg_arg arg = pg_text(name);
	int64_t there;
	struct err *err =
		pg_query_int(r->c,
			     "SELECT count(*) FROM pg_class WHERE relkind = 'S'"
			     " AND oid = to_regclass($1)",
			     &arg, 1, &there);

	memset(out, 0, sizeof(*out));
	if (err || !there)
		return err;
	return restore_pg_ask(r, take_state, out,
			      "SELECT last_value, is_called FROM %s", name);
}

struct err *restore_pg_sequence_set(struct restore_pg *r, const char *name,
				    int64_t value, bool called)
{
	struct buf text = BUF_INIT;
	struct err *err;

	pg_add_string(&text, name);
	err = restore_pg_exec(r,
			      "ALTER SEQUENCE %s RESTART; "
			      "SELECT setval(%s::regclass, %" PRId64 ", %s)",
			      name, buf_str(&text), value,
			      called ? "true" : "false");
	buf_release(&text);
	return err;
}

static struct err *take_identity(void *payload, int n,
				 const struct pg_cell *cell)
{
	struct restore_pg *r = payload;
	struct restore_pg_sequence *s;

	(void)n;
	VEC_GROW(r->sequences, r->n_sequences, r->cap_sequences);
	s = &r->sequences[r->n_sequences++];
	memset(s, 0, sizeof(*s));
	s->name = arena_strdup(&r->arena, cell[0].s);
	s->column = arena_strdup(&r->arena, cell[1].s);
	return NULL;
}

struct err *restore_pg_sequences_keep(struct restore_pg *r,
				      const struct restore_pg_table *t)
{
	struct pg_arg arg = pg_text(t->after);
	size_t first = r->n_sequences;
	struct err *err = pg_query(
		r->c,
		"SELECT d.objid::regclass::text, a.attname FROM pg_depend d"
		" JOIN pg_attribute a ON a.attrelid = d.refobjid"
		" AND a.attnum = d.refobjsubid JOIN pg_class s"
		" ON s.oid = d.objid AND s.relkind = 'S'"
		" WHERE d.classid = 1259 AND d.refclassid = 1259"
		" AND d.deptype = 'i' AND d.refobjid = to_regclass($1)",
		&arg, 1, take_identity, r);

	for (size_t i = first; i < r->n_sequences && !err; i++) {
		struct restore_pg_sequence *s = &r->sequences[i];
		struct restore_pg_state now;

		s->table = t->before;
		err = read_state(r, s->name, &now);
		s->value = now.value;
		s->called = now.called;
		if (!err)
			err = restore_pg_exec(r,
					      "ALTER SEQUENCE %s RENAME TO "
					      "git_migrate_sequence_%zu",
					      s->name, i);
	}
	return err;
}

static struct err *take_name(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *out = payload;

	(void)n;
	if (cell[0].s)
		buf_addstr(out, cell[0].s);
	return NULL;
}

/* The new sequence of the column goes on where the old one was. */
static struct err *carry_over(struct restore_pg *r,
			      const struct restore_pg_sequence *s)
{
	struct pg_arg args[2] = { pg_text(s->table), pg_text(s->column) };
	struct buf name = BUF_INIT;
	struct err *err = pg_query(
		r->c,
		"SELECT pg_get_serial_sequence($1, attname) FROM pg_attribute"
		" WHERE attrelid = to_regclass($1) AND attname = $2"
		" AND attidentity <> ''",
		args, 2, take_name, &name);

	if (!err && name.len)
		err = restore_pg_sequence_set(r, buf_str(&name), s->value,
					      s->called);
	buf_release(&name);
	return err;
}

struct err *restore_pg_sequences_before(struct restore_pg *r)
{
	const struct manifest *m = &r->manifest;
	struct err *err = NULL;

	r->states =
		arena_array(&r->arena, m->n_sequences + 1, sizeof(*r->states));
	for (size_t i = 0; i < m->n_sequences && !err; i++)
		if (m->sequences[i].after)
			err = read_state(r, m->sequences[i].after,
					 &r->states[i]);
	return err;
}

/*
 * A sequence that was used since stays where it is: nobody may get a number
 * that somebody has. One that came back with its table starts where it was.
 */
static struct err *put_back(struct restore_pg *r,
			    const struct manifest_sequence *s,
			    const struct restore_pg_state *live)
{
	struct restore_pg_state now;
	bool used = live->found && (live->value != s->is ||
				    live->called != ((s->position & 2) != 0));
	int64_t value = used ? live->value : s->was;
	bool called = used ? live->called : s->position & 1;
	struct err *err = read_state(r, s->table, &now);

	if (err || !now.found || (now.value == value && now.called == called))
		return err;
	return restore_pg_sequence_set(r, s->table, value, called);
}

struct err *restore_pg_sequences(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_sequences && !err; i++)
		err = carry_over(r, &r->sequences[i]);
	for (size_t i = 0; i < r->manifest.n_sequences && !err; i++)
		err = put_back(r, &r->manifest.sequences[i], &r->states[i]);
	return err;
}
