#include "support/engine_world.h"

#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

const char *eworld_snapshot_store;

void eworld_open(struct eworld *w)
{
	/* thousands of small commits: in memory where there is such a folder */
	bool shm = access("/dev/shm", W_OK | X_OK) == 0;

	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "%s/git-migrate-engine-XXXXXX",
		 shm ? "/dev/shm" : "/tmp");
	if (!mkdtemp(w->dir))
		fail_msg("mkdtemp %s", w->dir);
	memory_store_init(&w->store, w->dir);
	w->cfg =
		(struct engine_config){ .target = "dev",
					.url = "sqlite:dev.db",
					.base_dir = w->dir,
					.dir = "migrations",
					.dialect = SQL_SQLITE,
					.lock_timeout_ms = 50,
					.snapshot_store = eworld_snapshot_store,
					.tool = "git-migrate test" };
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void eworld_close(struct eworld *w)
{
	engine_run_release(&w->run);
	buf_release(&w->notes);
	buf_release(&w->events);
	buf_release(&w->begun);
	memory_store_release(&w->store);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int eworld_setup(void **state)
{
	struct eworld *w = xcalloc(1, sizeof(*w));

	eworld_open(w);
	*state = w;
	return 0;
}

int eworld_teardown(void **state)
{
	struct eworld *w = *state;
	size_t open = w->store.open;

	eworld_close(w);
	free(w);
	return open ? -1 : 0;
}

void eworld_write_file(struct eworld *w, const char *file, const char *text)
{
	char *path = xasprintf("migrations/%s", file);

	memory_store_write(&w->store, path, text);
	free(path);
}

void eworld_write(struct eworld *w, const char *name, const char *sql)
{
	char *file = xasprintf("%s.sql", name);

	eworld_write_file(w, file, sql);
	free(file);
}

const char *eworld_commit(struct eworld *w)
{
	static const char *const names[] = { "Ann <ann@example.com>",
					     "Bob <bob@example.com>",
					     "Cyd <cyd@example.com>" };
	char line[100];

	snprintf(line, sizeof(line), "%s %u +0100",
		 names[w->commits % ARRAY_LEN(names)],
		 1700000000U + w->commits * 100);
	w->commits++;
	return memory_store_commit(&w->store, line);
}

const char *eworld_add(struct eworld *w, const char *name, const char *sql)
{
	eworld_write(w, name, sql);
	return eworld_commit(w);
}

/* --- commands --- */

static void on_begin(void *payload, const char *verb, const char *name,
		     size_t i, size_t n)
{
	struct eworld *w = payload;

	buf_addf(&w->begun, "%s %s %zu/%zu\n", verb, name, i, n);
}

static void add_event(struct buf *out, const struct engine_event *e)
{
	buf_addf(out, "%s %s %s%s%s\n", e->event, e->name ? e->name : "-",
		 e->status ? e->status : "-", e->changes ? " " : "",
		 e->changes ? e->changes : "");
}

static void on_event(void *payload, const struct engine_event *e)
{
	add_event(&((struct eworld *)payload)->events, e);
}

static void on_note(void *payload, enum engine_note_level level,
		    const char *text)
{
	static const char *const levels[] = { "note", "hint", "warning" };
	struct eworld *w = payload;

	buf_addf(&w->notes, "%s: %s\n", levels[level], text);
}

static struct engine *start(struct eworld *w)
{
	const struct engine_observer obs = { w, on_begin, on_event, on_note };
	struct engine *e = NULL;

	if (!w->keep_notes) {
		buf_reset(&w->notes);
		buf_reset(&w->events);
		buf_reset(&w->begun);
	}
	assert_ok(engine_open(&e, &w->store.base, &w->cfg, &obs));
	return e;
}

struct err *eworld_apply(struct eworld *w,
			 const struct engine_apply_options *opt)
{
	static const struct engine_apply_options none;
	struct engine *e = start(w);
	struct err *err;

	engine_run_release(&w->run);
	err = engine_apply(e, opt ? opt : &none, &w->run);
	engine_close(e);
	return err;
}

struct err *eworld_rollback(struct eworld *w,
			    const struct engine_rollback_options *opt)
{
	struct engine *e = start(w);
	struct err *err;

	engine_run_release(&w->run);
	err = engine_rollback(e, opt, &w->run);
	engine_close(e);
	return err;
}

struct err *eworld_back(struct eworld *w, size_t n)
{
	return eworld_rollback(w,
			       &(struct engine_rollback_options){ .count = n });
}

struct err *eworld_accept(struct eworld *w, bool fork)
{
	struct engine *e = start(w);
	struct err *err = engine_accept(e, fork, &w->id);

	engine_close(e);
	return err;
}

struct err *eworld_identify(struct eworld *w)
{
	struct engine *e = start(w);
	struct err *err = engine_identify(e, &w->id);

	engine_close(e);
	return err;
}

struct err *eworld_status(struct eworld *w,
			  const struct engine_status_options *opt,
			  struct buf *out)
{
	static const struct engine_status_options none;
	struct engine *e = start(w);
	struct engine_status s;
	struct err *err = engine_status(e, opt ? opt : &none, &s);

	buf_reset(out);
	for (size_t i = 0; i < s.n && !err; i++) {
		const struct engine_status_item *item = &s.items[i];

		buf_addf(out, "%s %s%s%s\n", item->name,
			 engine_state_name(item->state), item->note ? ": " : "",
			 item->note ? item->note : "");
	}
	for (size_t i = 0; i < s.n_strays && !err; i++)
		buf_addf(out, "stray %s: %s\n", s.strays[i].path,
			 s.strays[i].why);
	for (size_t i = 0; i < s.n_notes && !err; i++)
		buf_addf(out, "note: %s\n", s.notes[i]);
	engine_status_release(&s);
	engine_close(e);
	return err;
}

struct err *eworld_show(struct eworld *w, const char *name,
			struct engine_show *out)
{
	struct engine *e = start(w);
	struct err *err = engine_show(e, name, NULL, out);

	engine_close(e);
	return err;
}

static struct err *log_line(void *payload, const struct engine_event *e)
{
	struct buf *out = payload;

	buf_addf(out, "%" PRId64 " ", e->seq);
	add_event(out, e);
	return NULL;
}

struct err *eworld_log(struct eworld *w, const char *name, size_t max,
		       struct buf *out)
{
	struct engine *e = start(w);
	struct err *err;

	buf_reset(out);
	err = engine_log(e, name, max, log_line, out);
	engine_close(e);
	return err;
}

static struct err *new_file(void *payload, const char *path, const char *text)
{
	buf_addf(payload, "%s\n%s", path, text);
	return NULL;
}

struct err *eworld_new(struct eworld *w, const char *slug, struct buf *out)
{
	struct engine *e = start(w);
	struct err *err;

	buf_reset(out);
	err = engine_new(e, slug, new_file, out);
	engine_close(e);
	return err;
}

/* --- the database --- */

const char *eworld_path(const struct eworld *w, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", w->dir, name);
	return path;
}

static const char *file_of(const struct eworld *w)
{
	return eworld_path(w, w->cfg.url + strlen("sqlite:"));
}

bool eworld_has_database(const struct eworld *w)
{
	return access(file_of(w), F_OK) == 0;
}

static sqlite3 *open_db(struct eworld *w)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(file_of(w), &db) != SQLITE_OK)
		fail_msg("open: %s", sqlite3_errmsg(db));
	return db;
}

void eworld_sql(struct eworld *w, const char *sql)
{
	sqlite3 *db = open_db(w);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void add_cell(struct buf *out, sqlite3_stmt *stmt, int i)
{
	const void *bytes = sqlite3_column_blob(stmt, i);
	int n = sqlite3_column_bytes(stmt, i);

	if (n)
		buf_add(out, bytes, (size_t)n);
}

static void query(sqlite3 *db, struct buf *out, const char *sql, bool typed)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			if (i)
				buf_addch(out, '|');
			if (typed)
				buf_addf(out,
					 "%d:", sqlite3_column_type(stmt, i));
			add_cell(out, stmt, i);
		}
		buf_addch(out, '\n');
	}
	sqlite3_finalize(stmt);
}

const char *eworld_ask(struct eworld *w, struct buf *out, const char *sql)
{
	sqlite3 *db = open_db(w);

	buf_reset(out);
	query(db, out, sql, false);
	sqlite3_close(db);
	return buf_str(out);
}

int64_t eworld_int(struct eworld *w, const char *sql)
{
	struct buf b = BUF_INIT;
	int64_t out = -999;

	if (*eworld_ask(w, &b, sql))
		out = strtoll(buf_str(&b), NULL, 10);
	buf_release(&b);
	return out;
}

const char *eworld_history(struct eworld *w, struct buf *out)
{
	return eworld_ask(w, out,
			  "SELECT event, name, status FROM "
			  "git_migrate_history ORDER BY seq");
}

void eworld_dump(struct eworld *w, struct buf *out)
{
	struct buf names = BUF_INIT, sql = BUF_INIT;
	sqlite3 *db;

	buf_reset(out);
	if (!eworld_has_database(w))
		return;
	db = open_db(w);
	query(db, out,
	      "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE "
	      "tbl_name NOT LIKE 'git_migrate_%' AND name NOT LIKE "
	      "'sqlite_seq%' ORDER BY rowid",
	      true);
	query(db, out, "PRAGMA user_version", true);
	query(db, out, "PRAGMA application_id", true);
	query(db, &names,
	      "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
	      "name NOT LIKE 'git_migrate_%' ORDER BY name",
	      false);
	for (char *p = names.data; p && *p;) {
		char *end = strchr(p, '\n');

		*end = '\0';
		buf_reset(&sql);
		buf_addstr(&sql, "SELECT * FROM ");
		sql_quote_name(&sql, p);
		buf_addf(out, "rows of %s\n", p);
		query(db, out, buf_str(&sql), true);
		p = end + 1;
	}
	query(db, out, "PRAGMA integrity_check", true);
	sqlite3_close(db);
	buf_release(&names);
	buf_release(&sql);
}

void eworld_copy_file(const char *from, const char *to)
{
	char data[4096];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(data, 1, sizeof(data), in)) > 0)
		assert_int_equal(fwrite(data, 1, n, out), n);
	fclose(in);
	fclose(out);
}

/* --- what must be --- */

void eworld_check_ledger(struct eworld *w)
{
	struct buf uuid = BUF_INIT, tip = BUF_INIT;
	char *ref;

	eworld_ask(w, &uuid,
		   "SELECT value FROM git_migrate_meta WHERE key = 'uuid'");
	eworld_ask(w, &tip,
		   "SELECT commit_hash FROM git_migrate_history WHERE "
		   "commit_hash IS NOT NULL ORDER BY seq DESC LIMIT 1");
	buf_truncate(&uuid, uuid.len ? uuid.len - 1 : 0);
	buf_truncate(&tip, tip.len ? tip.len - 1 : 0);
	ref = xasprintf("refs/migrate/db/%s/ledger", buf_str(&uuid));
	assert_string_equal(memory_store_get_ref(&w->store, ref),
			    buf_str(&tip));
	free(ref);
	assert_int_equal(w->store.open, 0);
	buf_release(&uuid);
	buf_release(&tip);
}

static void contains(const char *text, const char *part, const char *what)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in the %s '%s'", part, what, text);
}

void eworld_expect(struct err *e, enum err_class cls, const char *part,
		   const char *hint)
{
	if (!e)
		fail_msg("no error; expected '%s'", part);
	contains(err_text(e), part, "error");
	assert_int_equal(err_class_of(e), cls);
	if (hint)
		contains(err_hint_of(e) ? err_hint_of(e) : "", hint, "hint");
	assert_null(strchr(err_text(e), '\n'));
	err_free(e);
}

void eworld_expect_at(struct err *e, enum err_class cls, const char *part,
		      const char *path, unsigned line)
{
	if (!e)
		fail_msg("no error; expected '%s'", part);
	if (!err_at_of(e))
		fail_msg("no place in '%s'", err_text(e));
	assert_string_equal(err_at_of(e)->path, path);
	assert_int_equal(err_at_of(e)->line, line);
	eworld_expect(e, cls, part, NULL);
}

void eworld_has(const struct buf *b, const char *part)
{
	contains(buf_str(b), part, "text");
}

void eworld_lacks(const struct buf *b, const char *part)
{
	if (strstr(buf_str(b), part))
		fail_msg("'%s' is in '%s'", part, buf_str(b));
}

void eworld_same(const struct buf *a, const struct buf *b, const char *what)
{
	const char *x = buf_str(a), *y = buf_str(b);

	if (streq(x, y))
		return;
	while (*x && strcspn(x, "\n") == strcspn(y, "\n") &&
	       strncmp(x, y, strcspn(x, "\n") + 1) == 0) {
		y += strcspn(x, "\n") + 1;
		x += strcspn(x, "\n") + 1;
	}
	fail_msg("%s:\nbefore: %.*s\nafter:  %.*s", what, (int)strcspn(x, "\n"),
		 x, (int)strcspn(y, "\n"), y);
}
