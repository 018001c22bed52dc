#include "snapshot/restore_sqlite.h"

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * AUTOINCREMENT counters. One goes back to what it was unless rows were
 * counted since, the others stay what they are while tables are made anew;
 * each row goes back to its place where that is free.
 */

/* What a table's counter is to be; value -1 = none. */
struct wanted {
	const char *table;
	int64_t value, position;
	bool is_set;
};

static struct err *step(struct restore *r, sqlite3_stmt *stmt)
{
	sqlite3_step(stmt);
	if (sqlite3_finalize(stmt) != SQLITE_OK)
		return target_sqlite_error(r->db, "restore a counter");
	return NULL;
}

static struct err *take(struct restore *r, const char *table)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db,
					"DELETE FROM main.sqlite_sequence "
					"WHERE name = ?1",
					&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	return step(r, stmt);
}

/* A NULL rowid is the next behind all others. */
static struct err *put(struct restore *r, const struct wanted *w)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		r->db,
		"INSERT INTO main.sqlite_sequence (rowid, name, seq) SELECT "
		"CASE WHEN ?3 > 0 AND NOT EXISTS (SELECT 1 FROM "
		"main.sqlite_sequence WHERE rowid = ?3) THEN ?3 END, ?1, ?2",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, w->table, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, w->value);
	sqlite3_bind_int64(stmt, 3, w->position);
	return step(r, stmt);
}

static struct wanted from_manifest(const struct restore *r,
				   const struct manifest_sequence *s)
{
	const struct sequence *now = sequences_find(&r->sequences, s->after);
	struct wanted w = { s->table, s->was, s->position, false };

	if (now && s->is >= 0 && now->value > s->is && now->value > s->was)
		w.value = now->value; /* counted on since the migration */
	return w;
}

/* A counter that the migration left alone. */
static bool is_bystander(const struct restore *r, const char *table)
{
	for (size_t i = 0; i < r->manifest.n_sequences; i++) {
		const struct manifest_sequence *s = &r->manifest.sequences[i];

		if (sql_same_name(SQL_SQLITE, s->table, table) ||
		    (s->after && sql_same_name(SQL_SQLITE, s->after, table)))
			return false;
	}
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].way == RESTORE_REMOVE &&
		    sql_same_name(SQL_SQLITE, r->tables[i].after, table))
			return false;
	return true;
}

static struct wanted *find_wanted(struct wanted *want, size_t n,
				  const char *table)
{
	for (size_t i = 0; i < n; i++)
		if (sql_same_name(SQL_SQLITE, want[i].table, table))
			return &want[i];
	return NULL;
}

static size_t list_wanted(struct restore *r, struct wanted *want)
{
	size_t n = r->manifest.n_sequences;

	for (size_t i = 0; i < n; i++)
		want[i] = from_manifest(r, &r->manifest.sequences[i]);
	for (size_t i = 0; i < r->sequences.n; i++) {
		const struct sequence *s = &r->sequences.list[i];

		if (is_bystander(r, s->table))
			want[n++] = (struct wanted){ s->table, s->value,
						     s->position, false };
	}
	return n;
}

struct err *restore_sequences(struct restore *r)
{
	struct wanted *want = arena_array(
		&r->arena, r->manifest.n_sequences + r->sequences.n + 1,
		sizeof(*want));
	size_t n = list_wanted(r, want);
	struct sequences now = { 0 };
	struct err *err = sequences_read(&now, r->db);

	/* a counter that nobody wants came with a table that was made anew */
	for (size_t i = 0; i < now.n && !err; i++) {
		const struct sequence *s = &now.list[i];
		struct wanted *w = find_wanted(want, n, s->table);

		if (w && s->value == w->value && s->position == w->position)
			w->is_set = true;
		else
			err = take(r, s->table);
	}
	for (size_t i = 0; i < n && !err; i++)
		if (!want[i].is_set && want[i].value >= 0)
			err = put(r, &want[i]);
	sequences_release(&now);
	return err;
}
