#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/* The end of a migration: what was written is read, and nothing is missed. */

/* Foreign tables keep their rows elsewhere. */
static struct err *refuse_foreign(const struct pg_captured *t)
{
	return err_hint(err_new(ERR_TARGET,
				"rows of the foreign table %s were written, "
				"which cannot be kept",
				t->was.name),
			"use --no-snapshot; the migration cannot be rolled "
			"back then");
}

/*
 * Everything that our transaction has written is in pg_locks. What the
 * observer can read is read from it now; behind our own lock a statement
 * handler must have seen to it.
 */
static struct err *cover(struct pg_capture *c, const struct pg_held *h)
{
	struct pg_captured *t;
	struct err *e = pg_capture_table(c, h->oid, &t);

	if (e || !t || !h->wrote)
		return e;
	if (t->was.kind == 'f')
		return refuse_foreign(t);
	/* of what was written before, and is not now, nothing is kept */
	if (!t->concerns || t->complete_whole || t->behind_us)
		return NULL;
	if (t->reshaped)
		return pg_capture_check_shapes(c, t);
	if (!h->exclusive) {
		t->observed = true;
		changelog_free(t->log);
		t->log = NULL;
		return NULL;
	}
	if (t->covered)
		return NULL;
	return err_hint(err_new(ERR_STATE,
				"rows of %s were written behind a lock in a "
				"way that was not kept",
				t->was.name),
			"put the statement that writes them into a migration "
			"of its own");
}

static struct err *cover_all(struct pg_capture *c)
{
	struct err *e = pg_capture_held(c);

	for (size_t i = 0; i < c->n_held && !e; i++)
		e = cover(c, &c->held[i]);
	return e;
}

/* --- the manifest --- */

static char *copy(struct manifest *m, const char *s)
{
	return s ? arena_strdup(&m->arena, s) : NULL;
}

static const char *name_now(struct manifest *m, const struct pg_captured *t,
			    size_t i)
{
	const struct pg_column *c =
		pg_table_column(&t->now, t->was.columns[i].number);

	return t->now.oid && c ? copy(m, c->name) : NULL;
}

static void add_columns(struct manifest *m, struct manifest_table *out,
			const struct pg_captured *t, bool dropped)
{
	out->columns = arena_array(&m->arena, t->was.n_columns + 1,
				   sizeof(*out->columns));
	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_column *c = &t->was.columns[i];

		if (dropped ? c->generated : !pg_captured_is_listed(t, i))
			continue;
		out->columns[out->n_columns++] =
			(struct manifest_column){ copy(m, c->name),
						  name_now(m, t, i) };
	}
}

static void add_table(struct manifest *m, const struct pg_captured *t)
{
	struct manifest_table *out = manifest_add_table(m);
	bool dropped = !t->now.oid;

	out->before = copy(m, t->was.name);
	out->after = dropped ? NULL : copy(m, t->now.name);
	out->file = copy(m, t->file);
	out->inserted = t->lines.inserted;
	out->updated = t->lines.updated;
	out->deleted = t->lines.deleted;
	out->keys =
		arena_array(&m->arena, t->was.n_keys + 1, sizeof(*out->keys));
	for (size_t i = 0; i < t->was.n_keys && !dropped; i++)
		out->keys[out->n_keys++] =
			copy(m, t->was.columns[t->was.keys[i]].name);
	add_columns(m, out, t, dropped);
}

/* Rows of a table without a key that came are in no log: it has old ones. */
static bool may_have_lines(const struct pg_captured *t)
{
	return !t->direct && (t->observed || t->log || t->behind ||
			      (t->covered && !t->was.n_keys));
}

static struct err *write_table(struct pg_capture *c, struct manifest *m,
			       struct pg_captured *t)
{
	struct err *e;

	if (!t->concerns)
		return NULL;
	e = pg_capture_now(c, t->was.oid, &t->now);
	if (e)
		return e;
	if (may_have_lines(t))
		e = pg_capture_merge(c, t);
	if (!e && manifest_lines(&t->lines))
		add_table(m, t);
	return e;
}

/* --- renames --- */

struct renames {
	struct pg_capture *c;
	unsigned *oids;
	size_t n, cap;
	bool labels; /* of enums */
};

static struct err *take_renamed(void *payload, int n,
				const struct pg_cell *cell)
{
	struct renames *r = payload;

	(void)n;
	if (streq(cell[0].s, "0")) {
		r->labels = true;
		return NULL;
	}
	VEC_GROW(r->oids, r->n, r->cap);
	r->oids[r->n++] = (unsigned)strtoul(cell[0].s, NULL, 10);
	return NULL;
}

void pg_capture_add_rename(struct schema_delta *d, struct arena *a,
			   const char *table, const char *column,
			   const char *to)
{
	struct schema_rename *r;

	VEC_GROW(d->renames, d->n_renames, d->cap_renames);
	r = &d->renames[d->n_renames++];
	r->table = arena_strdup(a, table);
	r->column = column ? arena_strdup(a, column) : NULL;
	r->to = to ? arena_strdup(a, to) : NULL;
}

static struct err *add_renames_of(struct pg_capture *c, unsigned oid,
				  struct schema_delta *d, struct arena *a)
{
	struct pg_captured *t;
	struct pg_table now;
	struct err *e = pg_capture_table(c, oid, &t);

	if (e || !t || !strchr("rpmSc", t->was.kind))
		return e;
	e = pg_capture_now(c, oid, &now);
	if (e)
		return e;
	/* a type is known by its number, and only its attributes are told */
	if (t->was.kind != 'c' && !streq_null(t->was.name, now.name))
		pg_capture_add_rename(d, a, t->was.name, NULL, now.name);
	for (size_t i = 0;
	     now.oid && t->was.kind != 'S' && i < t->was.n_columns; i++) {
		const struct pg_column *was = &t->was.columns[i];
		const struct pg_column *is = pg_table_column(&now, was->number);

		if (!is || !streq(is->name, was->name))
			pg_capture_add_rename(d, a, t->was.name, was->name,
					      is ? is->name : NULL);
	}
	pg_table_release(&now);
	return NULL;
}

/*
 * Tables, sequences and records whose name or columns may be others now: their own row of
 * pg_class or that of their schema is ours, or they are locked (columns). 0: so may
 * labels of enums.
 */
static struct err *write_renames(struct pg_capture *c, bool rows,
				 struct schema_delta *d, struct arena *a)
{
	struct renames r = { .c = c };
	struct pg_arg arg = pg_text(target_pg_journal(c->base.target));
	struct err *e;

	buf_reset(&c->sql);
	buf_addstr(&c->sql, "SELECT c.oid FROM pg_catalog.pg_class c "
			    "JOIN pg_catalog.pg_namespace n "
			    "ON n.oid = c.relnamespace "
			    "WHERE c.relkind IN ('r', 'p', 'm', 'S', 'c') "
			    "AND n.nspname <> $1 AND c.oid >= 16384 AND (");
	pg_capture_add_is_ours(&c->sql, c, "c.xmin");
	buf_addstr(&c->sql, " OR ");
	pg_capture_add_is_ours(&c->sql, c, "n.xmin");
	buf_addstr(&c->sql, ") UNION SELECT l.relation "
			    "FROM pg_catalog.pg_locks l "
			    "WHERE l.pid = pg_backend_pid() "
			    "AND l.locktype = 'relation' "
			    "AND l.mode = 'AccessExclusiveLock' "
			    "AND l.relation >= 16384 UNION SELECT 0 WHERE "
			    "EXISTS (SELECT FROM pg_catalog.pg_enum e WHERE ");
	pg_capture_add_is_ours(&c->sql, c, "e.xmin");
	buf_addstr(&c->sql, ") ORDER BY 1");
	e = pg_query_once(c->c, buf_str(&c->sql), &arg, 1, take_renamed, &r);
	for (size_t i = 0; i < r.n && !e; i++)
		e = add_renames_of(c, r.oids[i], d, a);
	free(r.oids);
	return e || !r.labels ? e : pg_capture_renamed_labels(c, rows, d, a);
}

static struct err *write_manifest(struct pg_capture *c,
				  const struct manifest *m,
				  struct capture_result *out)
{
	for (size_t i = 0; i < m->n_tables; i++)
		out->rows += manifest_lines(&m->tables[i]);
	out->bytes = c->lines.bytes;
	out->any = m->n_tables || m->n_sequences;
	return out->any ? manifest_write(m, c->out) : NULL;
}

/* CREATE TABLE ... AS runs a query, and so perhaps a function that writes. */
static bool has_query(const struct sql_statement *s)
{
	for (size_t i = 0; i + 6 <= s->len; i++)
		if (strncasecmp(s->text + i, "select", 6) == 0 ||
		    strncasecmp(s->text + i, "execut", 6) == 0)
			return s->verb == SQL_CREATE_TABLE;
	return false;
}

/* Only what can write or alter what was there has to be looked behind. */
static bool only_creates(const struct pg_capture *c)
{
	if (c->aside && c->sequences_read)
		return false;
	for (size_t i = 0; i < c->script->n; i++) {
		const struct sql_statement *s = &c->script->statements[i];

		if (s->kind == SQL_KIND_READ && !s->unknown)
			continue;
		if (s->unknown || s->kind != SQL_KIND_DDL ||
		    (s->verb != SQL_CREATE_TABLE && s->verb != SQL_CREATE) ||
		    has_query(s))
			return false;
	}
	return true;
}

struct err *pg_capture_finish(struct capture *base, struct schema_delta *delta,
			      struct arena *arena, struct capture_result *out)
{
	struct pg_capture *c = pg_capture_of(base);
	struct manifest m = { 0 };
	struct err *e;

	memset(out, 0, sizeof(*out));
	if (!c->script || only_creates(c))
		return NULL;
	e = cover_all(c);
	if (!e)
		e = pg_capture_check_objects(c);
	if (!e)
		e = target_pg_plain_begin(base->target);
	for (size_t i = 0; i < c->n_tables && !e; i++)
		e = write_table(c, &m, c->tables[i]);
	if (!e)
		e = pg_capture_write_sequences(c, &m);
	if (!e && c->altered)
		e = write_renames(c, m.n_tables != 0, delta, arena);
	if (!e)
		e = write_manifest(c, &m, out);
	if (!e)
		e = target_pg_plain_end(base->target);
	manifest_release(&m);
	return e;
}
