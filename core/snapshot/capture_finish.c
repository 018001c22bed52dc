#include "snapshot/capture_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/virtual_sqlite.h"

/* What a migration left, beside the rows: counters, names, places. */

static bool same(const char *a, const char *b)
{
	return sql_same_name(SQL_SQLITE, a, b);
}

/*
 * Name after the migration of a table that existed before it, or of the new
 * one in its place, or NULL.
 */
static const char *name_after(struct sqlite_capture *c, const char *before)
{
	for (size_t i = 0; i < c->n_tables; i++) {
		struct captured *t = c->tables[i];

		if (!same(t->info.name, before))
			continue;
		if (t->now)
			return t->now;
		return capture_is_created(c, before) ? before : NULL;
	}
	return before;
}

static void add_sequence(struct manifest *m, const struct sequence *was,
			 const char *before, const char *after,
			 const struct sequence *is)
{
	struct manifest_sequence *s;

	if (was && is && after && same(before, after) &&
	    was->value == is->value && was->position == is->position)
		return;
	s = manifest_add_sequence(m);
	s->table = arena_strdup(&m->arena, before);
	s->after = after ? arena_strdup(&m->arena, after) : NULL;
	s->was = was ? was->value : -1;
	s->is = is ? is->value : -1;
	s->position = was ? was->position : 0;
}

/* Another table had the name before. */
static bool was_table(struct sqlite_capture *c, const char *name)
{
	for (size_t i = 0; i < c->n_tables; i++)
		if (same(c->tables[i]->info.name, name))
			return true;
	return false;
}

static struct err *write_sequences(struct sqlite_capture *c, struct manifest *m)
{
	struct sequences now = { 0 };
	struct err *err;

	if (!c->sequences_read)
		return NULL;
	err = sequences_read(&now, c->db);
	for (size_t i = 0; !err && i < c->sequences.n; i++) {
		const struct sequence *was = &c->sequences.list[i];
		const char *after = name_after(c, was->table);

		add_sequence(m, was, was->table, after,
			     sequences_find(&now, after));
	}
	/* counters that only now exist, of names that were there before */
	for (size_t i = 0; !err && i < now.n; i++) {
		const struct sequence *is = &now.list[i];
		struct captured *t = capture_by_name(c, is->table);
		const char *before = t ? t->info.name : is->table;

		if ((!capture_is_created(c, is->table) ||
		     was_table(c, is->table)) &&
		    !sequences_find(&c->sequences, before))
			add_sequence(m, NULL, before, is->table, is);
	}
	sequences_release(&now);
	return err;
}

/* No column and no new name: the table itself was dropped. */
static void add_rename(struct schema_delta *d, struct arena *arena,
		       const char *table, const char *column, const char *to)
{
	struct schema_rename *r;

	VEC_GROW(d->renames, d->n_renames, d->cap_renames);
	r = &d->renames[d->n_renames++];
	r->table = arena_strdup(arena, table);
	r->column = column ? arena_strdup(arena, column) : NULL;
	r->to = to ? arena_strdup(arena, to) : NULL;
}

static void write_renames(struct sqlite_capture *c, struct schema_delta *delta,
			  struct arena *arena)
{
	for (size_t i = 0; i < c->n_tables; i++) {
		struct captured *t = c->tables[i];

		if (!t->now) {
			add_rename(delta, arena, t->info.name, NULL, NULL);
			continue;
		}
		if (strcmp(t->now, t->info.name) != 0)
			add_rename(delta, arena, t->info.name, NULL, t->now);
		for (size_t k = 0; k < t->info.n_all; k++)
			if (!t->all_now[k] ||
			    !streq(t->all_now[k], t->info.all[k]))
				add_rename(delta, arena, t->info.name,
					   t->info.all[k], t->all_now[k]);
	}
}

static bool is_at_home(const struct placed *p, sqlite3_stmt *row)
{
	const char *sql = (const char *)sqlite3_column_text(row, 1);

	return sqlite3_column_int64(row, 0) == p->position &&
	       (!p->sql || (sql && streq(sql, p->sql)));
}

/* Objects that came back elsewhere, and shadow tables, which no delta has. */
static struct err *write_places(struct sqlite_capture *c, struct manifest *m)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = NULL;

	if (c->n_placed)
		err = table_prepare(c->db,
				    "SELECT rowid, sql FROM main.sqlite_schema "
				    "WHERE type = ?1 AND name = ?2",
				    &stmt);
	for (size_t i = 0; i < c->n_placed && !err; i++) {
		const struct placed *p = &c->placed[i];
		const struct manifest_object o = { p->type, p->name,
						   p->position, p->sql };

		sqlite3_reset(stmt);
		sqlite3_bind_text(stmt, 1, p->type, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 2, p->name, -1, SQLITE_STATIC);
		if (sqlite3_step(stmt) == SQLITE_ROW ? !is_at_home(p, stmt)
						     : p->sql != NULL)
			manifest_add_object(m, &o);
	}
	sqlite3_finalize(stmt);
	return err;
}

/*
 * A virtual table in the place of a dropped one goes again when that comes
 * back: its rows cannot be told apart, so it must be as it is left here.
 */
static struct err *write_remade(struct sqlite_capture *c, struct manifest *m)
{
	struct err *err = NULL;

	for (size_t i = 0; c->dropped_virtual && i < c->n_created && !err;
	     i++) {
		struct virtual_state state;

		if (!virtual_exists(c->db, c->created[i]))
			continue;
		err = virtual_state_read(&state, c->db, c->created[i]);
		if (!err)
			manifest_add_virtual(m, c->created[i], state.rows,
					     state.digest);
	}
	return err;
}

struct err *sqlite_capture_finish(struct capture *base,
				  struct schema_delta *delta,
				  struct arena *arena,
				  struct capture_result *out)
{
	struct sqlite_capture *c = sqlite_capture_of(base);
	struct manifest m = { 0 };
	struct err *err = sqlite_capture_take(c);

	memset(out, 0, sizeof(*out));
	out->collateral = c->collateral;
	if (!err)
		err = capture_flush(c);
	/* our own reads must not be taken for the migration's */
	c->base.target->watch = NULL;
	sqlite3_preupdate_hook(c->db, NULL, NULL);
	for (size_t i = 0; i < c->n_tables && !err; i++)
		err = capture_write_table(c, c->tables[i], &m);
	if (!err)
		err = write_sequences(c, &m);
	if (!err)
		err = write_places(c, &m);
	if (!err)
		err = write_remade(c, &m);
	for (size_t i = 0; i < c->n_tables && !err; i++)
		if (c->tables[i]->unchecked)
			manifest_add_unchecked(&m, c->tables[i]->info.name);
	if (!err)
		write_renames(c, delta, arena);
	for (size_t i = 0; i < m.n_tables; i++)
		out->rows += manifest_lines(&m.tables[i]);
	if (!err && (m.n_tables || m.n_sequences || m.n_objects ||
		     m.n_virtuals || m.n_unchecked)) {
		out->any = true;
		out->bytes = c->lines.bytes;
		err = manifest_write(&m, c->out);
	}
	manifest_release(&m);
	return err;
}
