#include "support/snapshot_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "support/pg_world.h"
#include "target/target_sqlite.h"

struct err *world_open(struct world *w, bool foreign_keys)
{
	static const struct capture_options capture = { .scratch_dir = "/tmp" };
	const struct target_options opt = {
		.base_dir = "/",
		.create = true,
		.foreign_keys = foreign_keys,
	};
	struct err *err;

	memset(w, 0, sizeof(*w));
	schema_init(&w->schema);
	err = target_open(&w->t, "sqlite::memory:", &opt);
	if (err)
		return err;
	w->db = target_sqlite_db(w->t);
	return capture_open(&w->capture, w->t, &capture);
}

struct err *world_open_pg(struct world *w)
{
	static const struct capture_options capture = { .scratch_dir = "/tmp" };
	const struct target_options opt = { .lock_timeout_ms = 5000 };
	const struct pg_conn_options conn = { .application_name = "other" };
	struct err *err;

	memset(w, 0, sizeof(*w));
	schema_init(&w->schema);
	pg_test_database(&w->url);
	err = target_open(&w->t, w->url, &opt);
	if (!err)
		err = pg_conn_open(&w->other, w->url, &conn);
	return err ? err : capture_open(&w->capture, w->t, &capture);
}

void world_close(struct world *w)
{
	capture_close(w->capture);
	schema_release(&w->schema);
	target_close(w->t);
	pg_conn_close(w->other);
	pg_test_drop(w->url);
	memset(w, 0, sizeof(*w));
}

struct err *world_exec(struct world *w, const char *sql)
{
	struct err *err = NULL;

	if (w->other)
		return err_wrap(pg_exec(w->other, sql), "%s", sql);
	target_sqlite_guard(w->t, false);
	if (sqlite3_exec(w->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		err = err_wrap(target_sqlite_error(w->db, "exec"), "%s", sql);
	target_sqlite_guard(w->t, true);
	return err;
}

static bool is_around(const struct world *w, const struct sql_statement *s)
{
	return target_statement_place(w->t->ops->dialect, s) == TARGET_AROUND;
}

static struct err *run_statement(struct world *w,
				 const struct sql_script *script, size_t i)
{
	struct err *err = capture_before(w->capture, i), *why;

	if (err)
		return err;
	err = target_run(w->t, &script->statements[i]);
	why = err ? capture_take_error(w->capture) : NULL;
	if (why) {
		err_free(err);
		err = why;
	}
	return err ? err : capture_after(w->capture, i);
}

/* The delta as a later rollback will find it. */
static struct err *journal_delta(struct schema_delta *delta,
				 struct world_event *ev)
{
	struct buf text = BUF_INIT;
	struct err *err;

	schema_delta_encode(&text, delta);
	err = schema_delta_decode(&ev->delta, &ev->arena, buf_str(&text),
				  text.len);
	buf_release(&text);
	return err;
}

static void remember(struct world *w, struct world_event *ev)
{
	map_each (&w->schema.by_path, e) {
		const struct schema_object *o = e->value;

		if (o && o->sql)
			map_put(&ev->before, arena_strdup(&ev->arena, o->path),
				arena_strdup(&ev->arena, o->sql));
	}
}

static struct err *sql_before(void *payload, struct arena *a, const char *path,
			      const char **sql)
{
	const struct world_event **ev = payload;
	const char *was = map_get(&(*ev)->before, path);

	*sql = was ? arena_strdup(a, was) : NULL;
	return NULL;
}

static struct err *apply_in_transaction(struct world *w,
					const struct sql_script *script,
					struct world_event *ev)
{
	struct schema_delta delta;
	struct err *err;

	schema_delta_init(&delta);
	err = target_inspect(w->t, &w->schema, TARGET_ANYTHING, NULL);
	target_seen_reset(w->t);
	if (!err)
		remember(w, ev);
	if (!err)
		capture_begin(w->capture, &ev->files.out, script);
	for (size_t i = 0; i < script->n && !err; i++)
		if (!is_around(w, &script->statements[i]))
			err = run_statement(w, script, i);
	if (!err)
		err = target_check_deferred(w->t);
	if (!err)
		err = capture_finish(w->capture, &delta, &ev->arena, &ev->kept);
	capture_abort(w->capture);
	if (!err)
		err = target_inspect(w->t, &w->schema,
				     w->t->seen.changed ? TARGET_CHANGED
							: TARGET_APPENDED,
				     &delta);
	if (!err)
		err = journal_delta(&delta, ev);
	schema_delta_release(&delta);
	return err;
}

struct err *world_apply(struct world *w, const char *sql,
			struct world_event *ev)
{
	struct sql_script script;
	struct err *err;

	memset(ev, 0, sizeof(*ev));
	memory_snapshot_init(&ev->files);
	schema_delta_init(&ev->delta);
	err = sql_split(&script, w->t->ops->dialect, sql, strlen(sql), 1);
	for (size_t i = 0; i < script.n && !err; i++)
		if (is_around(w, &script.statements[i])) {
			err = target_run(w->t, &script.statements[i]);
			break;
		}
	if (!err)
		err = target_begin(w->t);
	if (!err) {
		err = apply_in_transaction(w, &script, ev);
		if (!err)
			err = target_commit(w->t);
		if (err)
			target_rollback(w->t);
	}
	sql_script_release(&script);
	return err_first(err, target_reset(w->t));
}

void world_event_release(struct world_event *ev)
{
	schema_delta_release(&ev->delta);
	memory_snapshot_release(&ev->files);
	map_release(&ev->before);
	arena_release(&ev->arena);
}

static struct err *attempt(struct world *w, const struct restore_request *req,
			   struct restore_result *out)
{
	struct err *err = target_begin(w->t);

	if (err)
		return err;
	err = target_inspect(w->t, &w->schema, TARGET_ANYTHING, NULL);
	if (!err)
		err = restore_run(req, out);
	if (!err && !out->blocked && !out->again)
		return target_commit(w->t);
	target_rollback(w->t);
	return err;
}

struct err *world_revert(struct world *w, const struct world_event *ev,
			 struct memory_snapshot *park,
			 struct restore_result *out)
{
	struct restore_request req = {
		.target = w->t,
		.now = &w->schema,
		.delta = &ev->delta,
		.in = ev->kept.any ? &ev->files.in : NULL,
		.park = &park->out,
		.choice = w->on_conflict,
		.max_details = w->max_details,
		.append = w->append,
		.sql_before = sql_before,
		.sql_before_payload = &ev,
		.memory = restore_memory_new(),
	};
	struct err *err = restore_session_begin(w->t);

	memset(out, 0, sizeof(*out));
	for (int i = 0; i < 20 && !err; i++) {
		restore_result_release(out);
		memory_snapshot_release(park);
		memory_snapshot_init(park);
		err = attempt(w, &req, out);
		if (out->blocked || !out->again)
			break;
	}
	restore_memory_free(req.memory);
	return err_first(err, restore_session_end(w->t));
}

/* FNV-1a. */
static uint64_t digest(const unsigned char *s, int n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (int i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001b3;
	return h;
}

static void dump_value(struct buf *out, sqlite3_value *v)
{
	static const char *const types[] = { "?",    "int",  "real",
					     "text", "blob", "null" };
	int type = sqlite3_value_type(v);
	const unsigned char *bytes = NULL;
	double real;
	int n = 0;

	buf_addf(out, " | %s ", types[type]);
	switch (type) {
	case SQLITE_INTEGER:
		buf_addint(out, sqlite3_value_int64(v));
		break;
	case SQLITE_FLOAT:
		real = sqlite3_value_double(v);
		buf_addf(out, "%.17g %a", real, real);
		break;
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		bytes = sqlite3_value_blob(v);
		n = sqlite3_value_bytes(v);
		break;
	default:
		break;
	}
	if (type == SQLITE_TEXT)
		buf_addf(out, "'%.*s' ", n > 20 ? 20 : n, (const char *)bytes);
	if (n > 1000)
		buf_addf(out, "%d bytes, digest %016" PRIx64, n,
			 digest(bytes, n));
	for (int i = 0; i < n && n <= 1000; i++)
		buf_addf(out, "%02x", bytes[i]);
}

static struct err *dump_query(struct world *w, struct buf *out, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(w->db, sql, -1, &stmt, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(stmt);
		if (rc != SQLITE_ROW)
			break;
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			dump_value(out, sqlite3_column_value(stmt, i));
		buf_addch(out, '\n');
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_DONE)
		return NULL;
	return err_wrap(target_sqlite_error(w->db, "dump"), "%s", sql);
}

/* "rowid", or another word for it that is no column of the table. */
static const char *rowid_word(struct world *w, const char *table)
{
	static const char *const words[] = { "rowid", "_rowid_", "oid" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		sqlite3_stmt *stmt = NULL;
		bool taken;

		sqlite3_prepare_v2(w->db,
				   "SELECT 1 FROM pragma_table_xinfo(?1, "
				   "'main') WHERE lower(name) = ?2",
				   -1, &stmt, NULL);
		sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 2, words[i], -1, SQLITE_STATIC);
		taken = sqlite3_step(stmt) == SQLITE_ROW;
		sqlite3_finalize(stmt);
		if (!taken)
			return words[i];
	}
	return "''";
}

static struct err *dump_table(struct world *w, struct buf *out,
			      const char *name, bool without_rowid)
{
	const char *rowid = without_rowid ? "''" : rowid_word(w, name);
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql, "SELECT %s, * FROM main.", rowid);
	sql_quote_name(&sql, name);
	buf_addstr(&sql, " NOT INDEXED");
	if (!streq(rowid, "''"))
		buf_addf(&sql, " ORDER BY %s", rowid);
	buf_addf(out, "rows of %s\n", name);
	err = dump_query(w, out, buf_str(&sql));
	buf_release(&sql);
	return err;
}

/* In any order: neither rows nor objects have one that matters. */
static struct err *dump_pg(struct world *w, struct buf *out)
{
	char *command = xasprintf("pg_dump -N git_migrate '%s' | "
				  "grep -Ev '^(--|.(un)?restrict )' | sort",
				  w->url);
	FILE *p = popen(command, "r");
	char piece[4096];
	size_t n;

	free(command);
	if (!p)
		return err_new(ERR_TARGET, "pg_dump does not run");
	while ((n = fread(piece, 1, sizeof(piece), p)) > 0)
		buf_add(out, piece, n);
	return pclose(p) == 0 ? NULL : err_new(ERR_TARGET, "pg_dump failed");
}

static struct err *dump_sqlite(struct world *w, struct buf *out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err;

	err = dump_query(w, out,
			 "SELECT type, name, tbl_name, sql FROM "
			 "main.sqlite_schema WHERE name NOT LIKE "
			 "'sqlite_seq%' AND name NOT LIKE 'sqlite_stat%' "
			 "ORDER BY rowid");
	if (!err)
		err = dump_query(w, out, "PRAGMA main.user_version");
	if (!err)
		err = dump_query(w, out, "PRAGMA main.application_id");
	if (!err &&
	    !sqlite3_table_column_metadata(w->db, "main", "sqlite_sequence",
					   NULL, NULL, NULL, NULL, NULL, NULL))
		err = dump_query(w, out,
				 "SELECT 'counter', name, seq FROM "
				 "main.sqlite_sequence ORDER BY name");
	if (!err && sqlite3_prepare_v2(w->db,
				       "SELECT name, wr FROM pragma_table_list "
				       "WHERE schema = 'main' AND type IN "
				       "('table', 'shadow') AND name NOT LIKE "
				       "'sqlite_%' ORDER BY name",
				       -1, &stmt, NULL) != SQLITE_OK)
		err = target_sqlite_error(w->db, "dump");
	while (!err && sqlite3_step(stmt) == SQLITE_ROW)
		err = dump_table(w, out,
				 (const char *)sqlite3_column_text(stmt, 0),
				 sqlite3_column_int(stmt, 1));
	sqlite3_finalize(stmt);
	if (!err)
		err = dump_query(w, out, "PRAGMA main.integrity_check");
	return err;
}

void world_difference(struct buf *out, const char *before, const char *after)
{
	const char *a = before, *b = after;

	buf_reset(out);
	while (*a && *b) {
		size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

		if (n != m || memcmp(a, b, n) != 0)
			break;
		a += n + (a[n] == '\n');
		b += m + (b[m] == '\n');
	}
	buf_addf(out, "before: %.*s\nafter:  %.*s", (int)strcspn(a, "\n"), a,
		 (int)strcspn(b, "\n"), b);
}

struct err *world_dump(struct world *w, struct buf *out)
{
	buf_reset(out);
	return w->other ? dump_pg(w, out) : dump_sqlite(w, out);
}
