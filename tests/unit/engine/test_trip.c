#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/*
 * What a migration does, a rollback takes back: the same definitions, rows,
 * counters and settings, for each of these, alone and all in a row.
 */

static const char *const ground =
	"CREATE TABLE users(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT "
	"NOT NULL, mail TEXT UNIQUE, born DATE);\n"
	"CREATE TABLE posts(id INTEGER PRIMARY KEY, author REFERENCES "
	"users(id) ON DELETE CASCADE, body);\n"
	"CREATE TABLE kv(k TEXT PRIMARY KEY, v) WITHOUT ROWID;\n"
	"CREATE INDEX posts_author ON posts(author);\n"
	"CREATE VIEW authors AS SELECT u.name, count(*) AS n FROM users u JOIN "
	"posts p ON p.author = u.id GROUP BY u.id;\n"
	"CREATE TABLE log(what, at);\n"
	"CREATE TRIGGER users_log AFTER UPDATE ON users BEGIN INSERT INTO log "
	"VALUES ('update', new.id); END;\n"
	"INSERT INTO users(name, mail) VALUES ('Ann', 'a@x'), ('Bob', NULL), "
	"('Cyd', 'c@x');\n"
	"INSERT INTO posts VALUES (1, 1, 'one'), (2, 1, NULL), (9, 3, "
	"x'00ff00');\n"
	"INSERT INTO kv VALUES ('a', 1), ('b', 2.5), ('c', x''), ('d', NULL);";

static const char *const changes[] = {
	"SELECT 1;",
	"-- nothing at all\n",
	"CREATE TABLE fresh(x); INSERT INTO fresh VALUES (1), (2);",
	"CREATE TABLE fresh AS SELECT * FROM users;",
	"UPDATE users SET name = upper(name);",
	"UPDATE users SET name = name;",
	"UPDATE users SET name = 'x' WHERE id = 1; UPDATE users SET name = "
	"'Ann' WHERE id = 1;",
	"UPDATE users SET id = id + 100;",
	"UPDATE posts SET body = NULL;",
	"UPDATE kv SET k = k || '2', v = v * 2;",
	"DELETE FROM users WHERE id = 1;",
	"DELETE FROM posts;",
	"DELETE FROM kv; INSERT INTO kv VALUES ('a', 'other');",
	"INSERT INTO users(name) VALUES ('Dee'); DELETE FROM users WHERE name "
	"= 'Dee';",
	"REPLACE INTO users(id, name, mail) VALUES (7, 'Eve', 'a@x');",
	"INSERT INTO users(id, name, mail) VALUES (1, 'Ann B', 'a@x') ON "
	"CONFLICT DO UPDATE SET name = excluded.name;",
	"DROP TABLE kv;",
	"DROP TABLE posts;",
	"DROP VIEW authors;",
	"DROP TRIGGER users_log; UPDATE users SET name = 'silent';",
	"DROP INDEX posts_author;",
	"ALTER TABLE users ADD COLUMN age INTEGER DEFAULT 3;",
	"ALTER TABLE users ADD COLUMN age; UPDATE users SET age = id;",
	"ALTER TABLE users DROP COLUMN born;",
	"ALTER TABLE users RENAME COLUMN born TO birthday;",
	"ALTER TABLE log RENAME TO history; INSERT INTO history VALUES (1, 2);",
	"ALTER TABLE posts RENAME TO articles;",
	"CREATE UNIQUE INDEX names ON users(name);",
	"CREATE INDEX later ON users(born) WHERE born NOT NULL; DROP INDEX "
	"later;",
	"CREATE TRIGGER t2 INSTEAD OF INSERT ON authors BEGIN SELECT 1; END;",
	"DROP TRIGGER users_log; CREATE TABLE new_log(what TEXT NOT NULL, at); "
	"INSERT INTO new_log "
	"SELECT * FROM log; DROP TABLE log; ALTER TABLE new_log RENAME TO log;",
	"PRAGMA user_version = 42;",
	"PRAGMA application_id = 7;",
	"PRAGMA foreign_keys = OFF; CREATE TABLE u2(id INTEGER PRIMARY KEY, "
	"name); INSERT INTO u2 SELECT id, name FROM users WHERE id < 4; DROP "
	"VIEW authors; DROP TABLE users; ALTER TABLE u2 RENAME TO users;",
	"DROP TABLE users; CREATE TABLE users(id TEXT);",
	"CREATE TABLE \"odd name\"(\"a b\", [c d]); INSERT INTO \"odd name\" "
	"VALUES ('q''uote', 'new\nline'); CREATE VIEW \"od\"\"d\" AS SELECT "
	"\"a b\" FROM \"odd name\";",
	"BEGIN; INSERT INTO kv VALUES ('z', 26); DELETE FROM kv WHERE k = 'a'; "
	"COMMIT;",
	"-- migrate:no-transaction\nDELETE FROM kv; VACUUM; CREATE TABLE "
	"fresh(x);",
	"-- migrate:no-transaction\nCREATE TABLE fresh(x); VACUUM; DROP TABLE "
	"fresh; VACUUM; CREATE VIEW fresh AS SELECT 1;",
	"-- migrate:no-transaction\nCREATE TABLE fresh(x); VACUUM; DROP TABLE "
	"fresh; VACUUM; CREATE TABLE fresh(y);",
	"-- migrate:no-transaction\nALTER TABLE users ADD COLUMN age; VACUUM; "
	"UPDATE users SET age = 1; VACUUM; ALTER TABLE users DROP COLUMN age;",
	"CREATE TEMP TABLE t AS SELECT * FROM users; DELETE FROM users; INSERT "
	"INTO users SELECT id, upper(name), mail, born FROM t;",
	"ANALYZE;",
	"REINDEX; ",
};

static void start(struct eworld *w)
{
	eworld_add(w, "0001_ground", ground);
	assert_ok(eworld_apply(w, NULL));
	/* rows that no migration made */
	eworld_sql(w, "INSERT INTO users(name) VALUES ('Zed'); INSERT INTO kv "
		      "VALUES ('own', 'row')");
}

static void trip(const char *sql, bool foreign_keys)
{
	struct buf before = BUF_INIT, after = BUF_INIT, up = BUF_INIT;
	struct eworld w;
	struct err *err;

	eworld_open(&w);
	w.cfg.foreign_keys = foreign_keys;
	start(&w);
	if (strstr(sql, "VACUUM")) /* which sorts sqlite_schema, once */
		eworld_sql(&w, "VACUUM");
	eworld_dump(&w, &before);
	eworld_add(&w, "0002_change", sql);
	err = eworld_apply(&w, NULL);
	if (err)
		fail_msg("%s: %s", sql, err_text(err));
	eworld_dump(&w, &up);
	err = eworld_back(&w, 1);
	if (err)
		fail_msg("%s: back: %s", sql, err_text(err));
	eworld_dump(&w, &after);
	eworld_same(&before, &after, sql);
	eworld_check_ledger(&w);
	/* up once more comes to the same, and back */
	err = eworld_apply(&w, NULL);
	if (err)
		fail_msg("%s: again: %s", sql, err_text(err));
	eworld_dump(&w, &after);
	eworld_same(&up, &after, sql);
	assert_ok(eworld_back(&w, 1));
	eworld_dump(&w, &after);
	eworld_same(&before, &after, sql);
	eworld_check_ledger(&w);
	buf_release(&before);
	buf_release(&after);
	buf_release(&up);
	eworld_close(&w);
}

static void rollback__takes_each_change_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		if (!strstr(changes[i], "ANALYZE"))
			trip(changes[i], false);
}

static void rollback__takes_each_change_back_with_foreign_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		/* these would break a reference */
		if (strstr(changes[i], "ANALYZE") || strstr(changes[i], "u2") ||
		    strstr(changes[i], "id + 100") ||
		    strstr(changes[i], "DROP TABLE users") ||
		    strstr(changes[i], "TEMP"))
			continue;
		trip(changes[i], true);
	}
}

/* Those that can stand in one set, one behind the other, in one group. */
static void rollback__takes_a_whole_set_back(void **state)
{
	static const size_t chosen[] = { 0,  2,  4,  7,  9,  10, 14, 18, 19,
					 20, 21, 23, 25, 26, 27, 31, 35 };
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT, top = BUF_INIT;

	start(w);
	eworld_dump(w, &before);
	for (size_t i = 0; i < ARRAY_LEN(chosen); i++) {
		char *name = xasprintf("%04zu_change", i + 2);
		const char *sql = changes[chosen[i]];

		eworld_write(w, name,
			     strstr(sql, "names") ? "SELECT 'again';" : sql);
		free(name);
	}
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, ARRAY_LEN(chosen));
	eworld_dump(w, &top);
	assert_ok(eworld_back(w, ARRAY_LEN(chosen)));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "all of them");
	eworld_check_ledger(w);
	assert_ok(eworld_apply(
		w, &(struct engine_apply_options){ .no_group = true }));
	eworld_dump(w, &after);
	eworld_same(&top, &after, "one by one");
	assert_ok(eworld_back(w, ARRAY_LEN(chosen)));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "all of them, the second time");
	eworld_check_ledger(w);
	buf_release(&before);
	buf_release(&after);
	buf_release(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rollback__takes_each_change_back),
		cmocka_unit_test(
			rollback__takes_each_change_back_with_foreign_keys),
		eworld_test(rollback__takes_a_whole_set_back),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	eworld_snapshot_store = "database";
	return failed + cmocka_run_group_tests_name("in the database", tests,
						    NULL, NULL);
}
