#include "replay_cases.h"

#include "decide/verdict.h"

/*
 * Pairs of SQLite migrations: what their effects say about the two, against
 * what running them in both orders does. No pair whose orders differ may be
 * called independent.
 */

static const char base[] =
	"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, ma"
	"il TEXT UNIQUE, age INT DEFAULT 0); "
	"CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT N"
	"ULL REFERENCES users (id) ON DELETE CASCADE, total REAL CHECK (tot"
	"al >= 0), note TEXT); "
	"CREATE INDEX orders_user ON orders (user_id); "
	"CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCE"
	"S users (id) ON DELETE SET NULL, kind TEXT REFERENCES kinds (k)); "
	"CREATE TABLE kinds (k TEXT PRIMARY KEY, v TEXT); "
	"CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT); "
	"CREATE TRIGGER pets_log AFTER UPDATE ON pets BEGIN INSERT INTO log"
	" (what) VALUES (new.kind); END; "
	"CREATE VIEW adults AS SELECT id, name FROM users WHERE age > 17; "
	"CREATE TABLE plain (a, b); "
	"INSERT INTO users VALUES (1, 'ann', 'a@x', 20), (2, 'bob', 'b@x', "
	"10), (3, 'cy', NULL, 30); "
	"INSERT INTO orders VALUES (1, 1, 5, NULL), (2, 1, 7, 'x'), (3, 2, "
	"9, 'y'); "
	"INSERT INTO kinds VALUES ('cat', 'c'), ('dog', 'd'); "
	"INSERT INTO pets VALUES (1, 1, 'cat'), (2, 2, 'dog'), (3, NULL, NU"
	"LL); "
	"INSERT INTO plain VALUES (1, 2), (3, 4); ";

/* clang-format off */
static const char *const migrations[] = {
	"CREATE TABLE t (id INTEGER PRIMARY KEY, u INT REFERENCES users)",
	"CREATE TABLE t2 (a)",
	"CREATE TABLE IF NOT EXISTS t (a)",
	"CREATE TABLE IF NOT EXISTS plain (a, b)",
	"ALTER TABLE users ADD COLUMN x TEXT NOT NULL DEFAULT 'a'",
	"ALTER TABLE users ADD COLUMN y INT",
	"ALTER TABLE plain ADD COLUMN x TEXT",
	"ALTER TABLE log ADD COLUMN strict TEXT NOT NULL",
	"ALTER TABLE users ADD COLUMN boss INTEGER REFERENCES users (id)",
	"ALTER TABLE orders RENAME COLUMN note TO remark",
	"ALTER TABLE users RENAME COLUMN name TO full_name",
	"ALTER TABLE users RENAME TO people",
	"ALTER TABLE plain RENAME TO simple",
	"ALTER TABLE orders DROP COLUMN note",
	"ALTER TABLE plain DROP COLUMN b",
	"DROP TABLE orders",
	"DROP TABLE plain",
	"DROP TABLE pets",
	"DROP TABLE IF EXISTS nope",
	"DROP TABLE IF EXISTS plain",
	"CREATE UNIQUE INDEX plain_a ON plain (a)",
	"CREATE UNIQUE INDEX u ON users (lower(name), age) WHERE mail IS NO"
	"T NULL",
	"CREATE INDEX plain_b ON plain (b)",
	"DROP INDEX orders_user",
	"DROP VIEW adults",
	"DROP VIEW adults; CREATE VIEW adults AS SELECT id FROM users",
	"CREATE VIEW v AS SELECT a.name, o.* FROM adults a JOIN orders o ON"
	" o.user_id = a.id",
	"CREATE VIEW w AS SELECT b FROM plain",
	"CREATE TRIGGER g BEFORE DELETE ON orders BEGIN UPDATE users SET ag"
	"e = age - 1 WHERE id = old.user_id; END",
	"CREATE TRIGGER g AFTER INSERT ON plain BEGIN INSERT INTO log (what"
	") VALUES (new.a); END",
	"DROP TRIGGER pets_log",
	"INSERT INTO users (id, name) VALUES (11, 'aa'), (12, 'bb')",
	"INSERT INTO users (id, name) VALUES (11, 'zz')",
	"INSERT INTO users (id, name, mail) VALUES (21, 'aa', 'a2@x')",
	"INSERT INTO users (name) VALUES ('auto')",
	"INSERT INTO kinds VALUES ('x', 'y')",
	"INSERT INTO kinds VALUES ('z', 'y')",
	"INSERT OR REPLACE INTO kinds VALUES ('x', 'yy')",
	"INSERT OR REPLACE INTO kinds VALUES ('cat', 'yy')",
	"INSERT OR IGNORE INTO kinds (k) VALUES ('x')",
	"INSERT INTO kinds (k, v) VALUES ('x', 'q') ON CONFLICT (k) DO UPDA"
	"TE SET v = excluded.v",
	"INSERT INTO orders (user_id, total) VALUES (3, 1.5)",
	"INSERT INTO orders (id, user_id, total) VALUES (50, 3, 1.5)",
	"INSERT INTO pets (id, owner) VALUES (30, 2)",
	"INSERT INTO plain SELECT id, name FROM users WHERE age > 15",
	"INSERT INTO plain SELECT k, v FROM kinds",
	"INSERT INTO plain SELECT * FROM kinds",
	"INSERT INTO plain VALUES (7, 8)",
	"INSERT INTO plain (a) VALUES (7)",
	"UPDATE users SET age = 3 WHERE id = 1",
	"UPDATE users SET age = 4 WHERE id = 2",
	"UPDATE users SET age = age + 1",
	"UPDATE users SET name = upper(name)",
	"UPDATE users SET name = 'n' WHERE age > 15",
	"UPDATE kinds SET v = upper(v)",
	"UPDATE kinds SET v = 'k' WHERE k = 'cat'",
	"UPDATE plain SET b = 5",
	"UPDATE plain SET b = 6 WHERE a = 1",
	"UPDATE plain SET a = b",
	"UPDATE pets SET kind = 'dog' WHERE id = 1",
	"UPDATE pets SET owner = 3",
	"UPDATE orders SET total = (SELECT age FROM users WHERE users.id = "
	"orders.user_id)",
	"UPDATE orders SET note = 'n' WHERE note IS NULL",
	"DELETE FROM users WHERE id = 3",
	"DELETE FROM users WHERE id = 1",
	"DELETE FROM orders WHERE user_id = 1 OR id = 3",
	"DELETE FROM orders WHERE total > 6",
	"DELETE FROM kinds WHERE k = 'dog' AND v = 'zz'",
	"DELETE FROM plain",
	"DELETE FROM log",
	"PRAGMA user_version = 7",
	"PRAGMA user_version = 8",
	"SELECT name FROM users",
	"CREATE TABLE copy AS SELECT * FROM users",
	"CREATE TABLE copy2 AS SELECT name FROM users",
	"DROP VIEW adults; PRAGMA foreign_keys = OFF; CREATE TABLE n (id IN"
	"TEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE, age INT DEFAULT 5,"
	" x INT); INSERT INTO n (id, name, mail, age) SELECT id, name, mail"
	", age FROM users; DROP TABLE users; ALTER TABLE n RENAME TO users;"
	" CREATE VIEW adults AS SELECT id, name FROM users WHERE age > 17;",
	"CREATE TABLE n (a, b TEXT NOT NULL); INSERT INTO n SELECT a, coale"
	"sce(b, 'x') FROM plain; DROP TABLE plain; ALTER TABLE n RENAME TO "
	"plain;",
	"CREATE TABLE n2 (a INT, b); INSERT INTO n2 SELECT * FROM plain; DR"
	"OP TABLE plain; ALTER TABLE n2 RENAME TO plain;",
	"CREATE TABLE n2 (a INT, b); INSERT INTO n2 SELECT a, b FROM plain "
	"WHERE a > 1; DROP TABLE plain; ALTER TABLE n2 RENAME TO plain;",
	"ALTER TABLE plain RENAME TO plain_old; CREATE TABLE plain (a INT, "
	"b); INSERT INTO plain SELECT a, b FROM plain_old; DROP TABLE plain"
	"_old",
	"CREATE TEMP TABLE x (a); INSERT INTO x SELECT a FROM plain; DROP T"
	"ABLE x",
	"CREATE TABLE x (a); INSERT INTO x SELECT a FROM plain; DROP TABLE "
	"x",
	"CREATE TABLE x (a)",
	"CREATE TABLE t3 (a INTEGER PRIMARY KEY, k TEXT REFERENCES kinds); "
	"INSERT INTO t3 (k) VALUES ('cat')",
	"CREATE TABLE t4 (a INTEGER PRIMARY KEY, k TEXT REFERENCES kinds)",
	"CREATE VIRTUAL TABLE f USING fts5(a, b); INSERT INTO f VALUES ('x'"
	", 'y')",
};
/* clang-format on */

#define N ARRAY_LEN(migrations)

static struct replay *clone_of(struct replay *r)
{
	struct replay *out;

	assert_ok(replay_clone(r, &out));
	return out;
}

static bool runs(struct replay *r, const char *sql, struct effects *e)
{
	struct replay_script script = script_of(sql);
	struct replay_result result;
	bool fine;

	assert_ok(replay_run(r, &script, e, &result));
	fine = result.end == REPLAY_FINE;
	replay_result_release(&result);
	return fine;
}

/* Both orders run, and end alike. */
static bool commute(struct replay *start, const char *a, const char *b)
{
	struct replay *x = clone_of(start), *y = clone_of(start);
	bool same = runs(x, a, NULL) && runs(x, b, NULL) && runs(y, b, NULL) &&
		    runs(y, a, NULL);

	if (same)
		assert_ok(replay_same_shape(x, y, NULL, &same));
	if (same) {
		char *rows_x = rows_of(x), *rows_y = rows_of(y);

		same = streq(rows_x, rows_y);
		free(rows_x);
		free(rows_y);
	}
	replay_close(x);
	replay_close(y);
	return same;
}

/* Every pair in the long run, else every fourth. */
static size_t step(void)
{
	return getenv("TEST_LONG") ? 1 : 4;
}

static void pairs__none_that_differs_is_independent(void **state)
{
	struct replay *start = replay_with(base);
	struct effects e[N];
	size_t n = 0, same = 0, noise = 0;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct replay *r = clone_of(start);

		effects_init(&e[i]);
		if (!runs(r, migrations[i], &e[i]))
			fail_msg("does not run: %s", migrations[i]);
		replay_close(r);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t k = i; k < N; k++) {
			bool fine, free_of;

			if (n++ % step())
				continue;
			fine = commute(start, migrations[i], migrations[k]);
			free_of = verdict_commute(&e[i], &e[k]);
			if (free_of && !fine)
				fail_msg("missed:\n%s\n%s", migrations[i],
					 migrations[k]);
			same += fine;
			noise += fine && !free_of;
		}
	/* most of these were chosen because they are near each other */
	assert_true(noise * 20 < same);
	for (size_t i = 0; i < N; i++)
		effects_release(&e[i]);
	replay_close(start);
}

/** Two migrations, and whether they commute: so it is, and so it is told. */
struct told {
	const char *a, *b;
	bool fine;
};

static void check_told(const char *on, const struct told *pairs, size_t n)
{
	struct replay *start = replay_with(on);

	for (size_t i = 0; i < n; i++) {
		struct replay *x = clone_of(start), *y = clone_of(start);
		struct effects a, b;

		effects_init(&a);
		effects_init(&b);
		assert_true(runs(x, pairs[i].a, &a));
		assert_true(runs(y, pairs[i].b, &b));
		if (verdict_commute(&a, &b) != pairs[i].fine)
			fail_msg("told: %s | %s", pairs[i].a, pairs[i].b);
		if (commute(start, pairs[i].a, pairs[i].b) != pairs[i].fine)
			fail_msg("is: %s | %s", pairs[i].a, pairs[i].b);
		effects_release(&a);
		effects_release(&b);
		replay_close(x);
		replay_close(y);
	}
	replay_close(start);
}

/* A trigger that runs in one order only: a table with one, and without. */
static void pairs__of_rows_that_a_trigger_runs_for(void **state)
{
	static const struct told rows[] = {
		{ "DELETE FROM t WHERE a = 1", "UPDATE t SET b = 5", false },
		{ "INSERT INTO t VALUES (9, 5, 6)", "UPDATE t SET b = 5",
		  false },
		{ "DELETE FROM t WHERE a = 1", "UPDATE t SET c = 5", true },
		{ "DELETE FROM t WHERE a = 1", "UPDATE t SET b = 5 WHERE a = 2",
		  true },
		{ "DELETE FROM u WHERE a = 1", "UPDATE u SET b = 5", true },
		{ "INSERT INTO u VALUES (9, 5)", "UPDATE u SET b = 5", true },
	};

	(void)state;
	check_told(
		"CREATE TABLE t (a, b, c); CREATE TABLE u (a, b); CREATE TABLE "
		"n (n); CREATE TRIGGER g AFTER UPDATE OF b ON t BEGIN UPDATE n "
		"SET n = n + 1; END; INSERT INTO t VALUES (1, 2, 3), (2, 3, "
		"4); INSERT INTO u VALUES (1, 2), (2, 3); INSERT INTO n VALUES "
		"(0)",
		rows, ARRAY_LEN(rows));
}

/* What SQLite does beyond what the statement names: the row in the way, the
 * computed column, the module's key. */
static void pairs__of_what_no_text_names(void **state)
{
	static const struct told pairs[] = {
		{ "UPDATE OR IGNORE t SET code = 'b' WHERE id = 1",
		  "DELETE FROM t WHERE id = 2", false },
		{ "UPDATE OR REPLACE t SET code = 'b' WHERE id = 1",
		  "UPDATE t SET code = 'c' WHERE id = 2", false },
		{ "UPDATE OR IGNORE t SET n = 9 WHERE id = 1",
		  "DELETE FROM t WHERE id = 2", true },
		{ "INSERT OR IGNORE INTO t VALUES (9, 'x', 1)",
		  "UPDATE t SET code = 'x' WHERE id = 2", false },
		{ "INSERT OR IGNORE INTO t VALUES (9, 'x', 1)",
		  "UPDATE t SET code = 'q' WHERE code = 'b'", true },
		{ "INSERT INTO w (rowid, a) VALUES (9, 1)",
		  "INSERT INTO w (rowid, a) VALUES (9, 2)", false },
		{ "INSERT INTO w (rowid, a) VALUES (9, 1)",
		  "INSERT INTO w (rowid, a) VALUES (8, 2)", true },
		{ "UPDATE s SET a = 5 WHERE a = 1", "DELETE FROM s WHERE b = 6",
		  false },
		{ "UPDATE s SET c = 5 WHERE a = 1", "DELETE FROM s WHERE b = 6",
		  true },
		{ "ALTER TABLE w ADD COLUMN d AS (a + 1)",
		  "ALTER TABLE w DROP COLUMN a", false },
		{ "ALTER TABLE w ADD COLUMN d CHECK (d < b)",
		  "ALTER TABLE w DROP COLUMN b", false },
		{ "UPDATE f SET x = 'red' WHERE f MATCH 'old'",
		  "UPDATE f SET y = 'z' WHERE f MATCH 'red'", false },
		{ "DELETE FROM f WHERE x = 'red'",
		  "DELETE FROM f WHERE f MATCH 'old'", true },
		{ "INSERT INTO r VALUES (7, 1, 2)",
		  "INSERT INTO r VALUES (7, 3, 4)", false },
		{ "INSERT INTO r VALUES (7, 1, 2)",
		  "INSERT INTO r VALUES (8, 3, 4)", true },
		{ "CREATE TRIGGER no BEFORE INSERT ON t WHEN new.n = 5 BEGIN "
		  "SELECT RAISE(ABORT, 'no'); END",
		  "INSERT INTO t VALUES (9, 'x', 5)", false },
		{ "CREATE TRIGGER no BEFORE INSERT ON t WHEN new.n = 5 BEGIN "
		  "SELECT RAISE(ABORT, 'no'); END",
		  "INSERT INTO t VALUES (9, 'x', 6)", true },
		{ "CREATE TRIGGER no BEFORE DELETE ON t WHEN old.n = 2 BEGIN "
		  "SELECT RAISE(IGNORE); END",
		  "DELETE FROM t WHERE n = 2", false },
		{ "CREATE TRIGGER no BEFORE DELETE ON t WHEN old.n = 2 BEGIN "
		  "SELECT RAISE(IGNORE); END",
		  "DELETE FROM t WHERE n = 1", true },
		{ "CREATE TRIGGER g AFTER UPDATE OF code ON t BEGIN DELETE "
		  "FROM w; END",
		  "UPDATE t SET code = 'z' WHERE id = 1", false },
		{ "CREATE TRIGGER g AFTER UPDATE OF code ON t BEGIN DELETE "
		  "FROM w; END",
		  "UPDATE t SET n = 6 WHERE id = 1", true },
		{ "CREATE UNIQUE INDEX i ON w (a) WHERE b = 1",
		  "INSERT INTO w (a, b) VALUES (1, 1)", false },
		{ "CREATE UNIQUE INDEX i ON w (a) WHERE b = 1",
		  "INSERT INTO w (a, b) VALUES (1, 2)", true },
		{ "ALTER TABLE w ADD COLUMN e; CREATE UNIQUE INDEX i ON w (e)",
		  "INSERT INTO w (a) VALUES (5), (6)", true },
		{ "CREATE TRIGGER more INSTEAD OF INSERT ON v BEGIN INSERT "
		  "INTO w (b) VALUES (new.a); END",
		  "INSERT INTO v VALUES (9)", false },
		{ "CREATE TRIGGER more INSTEAD OF DELETE ON v BEGIN DELETE "
		  "FROM w; END",
		  "INSERT INTO v VALUES (9)", true },
		{ "ALTER TABLE log ADD COLUMN more",
		  "DELETE FROM l WHERE a = 1", true },
		{ "ALTER TABLE log DROP COLUMN what",
		  "DELETE FROM l WHERE a = 1", false },
		{ "INSERT INTO w SELECT 1, id FROM t WHERE id IN (SELECT a "
		  "FROM l x WHERE x.b = 'admin')",
		  "INSERT INTO l VALUES (2, 'admin')", false },
		{ "INSERT INTO w SELECT 1, id FROM t WHERE id IN (SELECT a "
		  "FROM l x WHERE x.b = 'admin')",
		  "INSERT INTO l VALUES (2, 'guest')", true },
	};

	(void)state;
	check_told(
		"CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n);"
		"INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2);"
		"CREATE TABLE w (a, b); INSERT INTO w VALUES (1, 1), (2, 2);"
		"CREATE TABLE s (a, b AS (a + 1) STORED, c);"
		"INSERT INTO s VALUES (1, 2), (5, 6);"
		"CREATE TABLE log (what, z); CREATE TABLE l (a, b);"
		"INSERT INTO l VALUES (1, 'user');"
		"CREATE TRIGGER gone AFTER DELETE ON l BEGIN INSERT INTO log "
		"(what) VALUES (old.a); END;"
		"CREATE VIEW v AS SELECT n AS a FROM t;"
		"CREATE TRIGGER into_v INSTEAD OF INSERT ON v BEGIN INSERT "
		"INTO w (a) VALUES (new.a); END;"
		"CREATE VIRTUAL TABLE f USING fts5(x, y);"
		"INSERT INTO f VALUES ('old', 'a'), ('red', 'b');"
		"CREATE VIRTUAL TABLE r USING rtree(id, x0, x1);",
		pairs, ARRAY_LEN(pairs));
}

/* What a trigger writes for a row that is given: its constants are those of
 * the row, as far as nothing else decides. */
static void pairs__of_rows_that_a_trigger_writes(void **state)
{
	static const struct told pairs[] = {
		{ "INSERT INTO l VALUES (7, 'a')",
		  "INSERT INTO t VALUES (8, 'q', 1)", true },
		{ "INSERT INTO l VALUES (7, 'a')",
		  "INSERT INTO t VALUES (7, 'q', 1)", false },
		{ "INSERT INTO l VALUES (7, 'a')",
		  "UPDATE t SET n = 2 WHERE code = 'b'", true },
		{ "INSERT INTO l VALUES (7, 'a')",
		  "UPDATE t SET n = 3 WHERE code = 'a'", false },
		{ "INSERT INTO l VALUES (7, 'a'), (8, 'q')",
		  "UPDATE t SET n = 3 WHERE code = 'q'", false },
		{ "INSERT INTO l SELECT 7, 'a'",
		  "UPDATE t SET n = 3 WHERE code = 'a'", false },
		{ "INSERT OR REPLACE INTO l VALUES (7, 'b')",
		  "UPDATE t SET n = 3 WHERE id = 2", true },
		{ "INSERT OR REPLACE INTO l VALUES (7, 'b')",
		  "INSERT INTO c VALUES (2)", false },
		{ "INSERT OR IGNORE INTO l VALUES (7, 'b')",
		  "DELETE FROM t WHERE id = 2", false },
		{ "INSERT INTO v (a, b) VALUES (7, 'a')",
		  "UPDATE t SET n = 3 WHERE code = 'a'", false },
		{ "INSERT INTO v (a, b) VALUES (7, 'a')",
		  "UPDATE t SET n = 3 WHERE code = 'q'", true },
		{ "INSERT INTO v (a, b) VALUES (7, 'a')",
		  "DELETE FROM t WHERE n IS NOT NULL", true },
		{ "INSERT INTO v (a, b) VALUES (7, 'a')",
		  "DELETE FROM t WHERE n IS NULL", false },
		{ "UPDATE u SET a = 5 WHERE a = 1",
		  "UPDATE t SET n = 9 WHERE id = 2", true },
		{ "UPDATE u SET a = 5 WHERE a = 1",
		  "UPDATE t SET n = 9 WHERE id = 1", false },
		{ "UPDATE u SET a = 5 WHERE a = 1",
		  "UPDATE t SET code = 'x' WHERE id = 2", false },
		{ "INSERT INTO w VALUES (9)", "UPDATE t SET n = 3 WHERE id = 9",
		  false },
	};

	(void)state;
	check_told(
		"CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n);"
		"INSERT INTO t VALUES (1, 'a1', 1), (2, 'b', 2);"
		"CREATE TABLE c (p REFERENCES t); CREATE TABLE l (a, b);"
		"CREATE TRIGGER l_t AFTER INSERT ON l BEGIN "
		"INSERT INTO t (id, code) VALUES (new.a, NEW.b); END;"
		"CREATE VIEW v AS SELECT id AS a, code AS b FROM t;"
		"CREATE TRIGGER v_t INSTEAD OF INSERT ON v BEGIN "
		"INSERT INTO t (id, code) VALUES (new.a, new.b); END;"
		"CREATE TABLE u (a); INSERT INTO u VALUES (1);"
		"CREATE TRIGGER u_t AFTER UPDATE ON u BEGIN "
		"UPDATE t SET n = 7 WHERE id = 1; "
		"DELETE FROM t WHERE code = 'x'; END;"
		"CREATE TABLE w (a); INSERT INTO w VALUES (0);"
		"CREATE TRIGGER w_w AFTER INSERT ON w WHEN new.a > 8 BEGIN "
		"INSERT INTO w VALUES (new.a - 1); END;"
		"CREATE TRIGGER w_t AFTER INSERT ON w BEGIN "
		"INSERT INTO t (id) VALUES (new.a + 1 - 1); END;",
		pairs, ARRAY_LEN(pairs));
}

/* Keys that are computed, ranges, rows that the other leaves. */
static void pairs__of_conditions(void **state)
{
	static const struct told pairs[] = {
		{ "INSERT INTO t VALUES (8, 1, 'x')",
		  "INSERT INTO t VALUES (9, 8, 'y')", false },
		{ "UPDATE t SET n = 1 WHERE id = 1",
		  "INSERT INTO t VALUES (9, 8, 'y')", false },
		{ "UPDATE t SET n = 1 WHERE id = 1",
		  "UPDATE t SET n = 8 WHERE id = 2", false },
		{ "UPDATE t SET n = 1 WHERE id = 1",
		  "UPDATE t SET code = 'z' WHERE id = 2", true },
		{ "INSERT INTO u VALUES (8, 'Qq', 0)",
		  "INSERT INTO u VALUES (9, 'qQ', 0)", false },
		{ "INSERT INTO u VALUES (8, 'Qq', 0)",
		  "INSERT INTO u VALUES (9, 'rr', 0)", true },
		{ "INSERT INTO u VALUES (8, 'c', 3)",
		  "DELETE FROM u WHERE n > 3", true },
		{ "INSERT INTO u VALUES (8, 'c', 3)",
		  "DELETE FROM u WHERE n >= 3", false },
		{ "INSERT INTO u VALUES (8, 'c', '3')",
		  "DELETE FROM u WHERE n < 2.5", true },
		{ "INSERT INTO u VALUES (8, 'c', 'word')",
		  "DELETE FROM u WHERE n > 3", false },
		{ "INSERT INTO p VALUES ('3')", "DELETE FROM p WHERE a > 5",
		  false },
		{ "INSERT INTO u (id, code) VALUES (8, 'c')",
		  "DELETE FROM u WHERE n IN (SELECT a FROM p)", true },
		{ "INSERT INTO u (id, code) VALUES (8, 'c')",
		  "DELETE FROM u WHERE n NOT IN (SELECT a FROM p)", false },
		{ "INSERT INTO u (id, code) VALUES (8, 'c')",
		  "DELETE FROM u WHERE n = 5 IS NULL", false },
		{ "INSERT INTO u (id, code) VALUES (8, 'c')",
		  "UPDATE u SET n = 9 FROM p WHERE u.n = p.a", true },
		{ "UPDATE u SET n = 5 WHERE n = 1",
		  "UPDATE u SET n = 7 WHERE code = 'a'", true },
		{ "UPDATE u SET n = 7 WHERE n = 1",
		  "UPDATE u SET n = n + 1 WHERE code = 'a'", false },
		{ "UPDATE u SET n = 5, code = 'q' WHERE n = 1",
		  "UPDATE u SET n = 7 WHERE code = 'a'", false },
		{ "UPDATE u SET n = 5 WHERE n = 1",
		  "UPDATE u SET n = 1 WHERE code = 'b'", false },
		{ "REPLACE INTO u VALUES (1, 'a', 4)",
		  "CREATE TRIGGER g AFTER DELETE ON u BEGIN INSERT INTO p "
		  "VALUES (1); END",
		  true },
		{ "PRAGMA recursive_triggers = 1; "
		  "REPLACE INTO u VALUES (1, 'a', 4)",
		  "CREATE TRIGGER g AFTER DELETE ON u BEGIN INSERT INTO p "
		  "VALUES (1); END",
		  false },
		{ "DELETE FROM u WHERE id = 2",
		  "CREATE TABLE n (u REFERENCES u ON DELETE CASCADE, a); "
		  "INSERT INTO n (u) SELECT u FROM k; DROP TABLE k; "
		  "ALTER TABLE n RENAME TO k",
		  true },
		{ "DELETE FROM u WHERE id = 2",
		  "CREATE TABLE n (u REFERENCES u ON DELETE CASCADE, a); "
		  "INSERT INTO n (u) SELECT 2 FROM k; DROP TABLE k; "
		  "ALTER TABLE n RENAME TO k",
		  false },
	};

	(void)state;
	check_told("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT, code TEXT);"
		   "INSERT INTO t VALUES (1, 2, 'a'), (2, 3, 'b');"
		   "CREATE UNIQUE INDEX t_n ON t (n % 7);"
		   "CREATE TABLE u (id INTEGER PRIMARY KEY, code TEXT, n INT);"
		   "INSERT INTO u VALUES (1, 'a', 1), (2, 'b', 2);"
		   "CREATE UNIQUE INDEX u_c ON u (lower(code));"
		   "CREATE TABLE p (a);"
		   "CREATE TABLE k (u REFERENCES u ON DELETE CASCADE);"
		   "INSERT INTO k VALUES (1), (2);",
		   pairs, ARRAY_LEN(pairs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs__none_that_differs_is_independent),
		cmocka_unit_test(pairs__of_rows_that_a_trigger_runs_for),
		cmocka_unit_test(pairs__of_what_no_text_names),
		cmocka_unit_test(pairs__of_rows_that_a_trigger_writes),
		cmocka_unit_test(pairs__of_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
