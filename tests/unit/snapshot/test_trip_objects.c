#include "trip.h"

/* Indexes, views, triggers and virtual tables. */

#define USERS                                                       \
	"CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT, n INT);" \
	"INSERT INTO u VALUES (1,'ann',10),(2,'bob',20),(3,'cyd',30);"

static const struct trip hangers[] = {
	{ "indexes made", USERS,
	  "CREATE INDEX a ON u(n); CREATE UNIQUE INDEX b ON u(lower(name)) "
	  "WHERE n > 0" },
	{ "indexes dropped",
	  USERS "CREATE INDEX a ON u(n); CREATE UNIQUE INDEX b ON "
		"u(lower(name)) WHERE n > 0; CREATE TABLE z(x); CREATE INDEX "
		"c ON u(name COLLATE NOCASE DESC);",
	  "DROP INDEX a; DROP INDEX b" },
	{ "index changed under its name", USERS "CREATE INDEX a ON u(n);",
	  "DROP INDEX a; CREATE INDEX a ON u(name)" },
	{ "index moved to another table under its name",
	  USERS "CREATE TABLE z(n); CREATE INDEX a ON u(n);",
	  "DROP INDEX a; CREATE INDEX a ON z(n); UPDATE u SET n = 0" },
	{ "unique index dropped, then equal values",
	  USERS "CREATE UNIQUE INDEX a ON u(n);",
	  "DROP INDEX a; UPDATE u SET n = 1; INSERT INTO u VALUES (9,'x',1)" },
	{ "view changed",
	  USERS "CREATE VIEW v AS SELECT name FROM u; CREATE VIEW w AS SELECT "
		"* FROM v;",
	  "DROP VIEW v; CREATE VIEW v AS SELECT name, n FROM u" },
	{ "view dropped with its triggers",
	  USERS "CREATE VIEW v AS SELECT name FROM u; CREATE TRIGGER t INSTEAD "
		"OF INSERT ON v BEGIN INSERT INTO u(name) VALUES (new.name); "
		"END;",
	  "INSERT INTO v VALUES ('x'); DROP VIEW v" },
	{ "view becomes a table", USERS "CREATE VIEW v AS SELECT name FROM u;",
	  "DROP VIEW v; CREATE TABLE v(name); INSERT INTO v SELECT name "
	  "FROM u" },
	{ "table becomes a view",
	  USERS "CREATE TABLE v(a,b); INSERT INTO v VALUES (1,2);",
	  "DROP TABLE v; CREATE VIEW v AS SELECT * FROM u" },
	{ "trigger changed",
	  USERS "CREATE TRIGGER t AFTER INSERT ON u BEGIN SELECT 1; END;",
	  "DROP TRIGGER t; CREATE TRIGGER t AFTER INSERT ON u BEGIN UPDATE u "
	  "SET n = 0 WHERE id = new.id; END; INSERT INTO u VALUES (9,'q',5)" },
	{ "triggers do not fire on the way back",
	  USERS "CREATE TABLE log(x); CREATE TRIGGER a AFTER UPDATE ON u BEGIN "
		"INSERT INTO log VALUES (1); END; CREATE TRIGGER b AFTER "
		"DELETE ON u BEGIN INSERT INTO log VALUES (2); END; CREATE "
		"TRIGGER c AFTER INSERT ON u BEGIN INSERT INTO log VALUES (3); "
		"END;",
	  "UPDATE u SET n = 1; DELETE FROM u WHERE id = 1; INSERT INTO u "
	  "VALUES (10,'x',1); DELETE FROM log WHERE x = 2" },
	{ "renames rewrite triggers and views of others",
	  USERS "CREATE TABLE o(x); CREATE TRIGGER t AFTER INSERT ON o BEGIN "
		"UPDATE u SET n = 1 WHERE name = new.x; END; CREATE VIEW v AS "
		"SELECT u.n FROM u JOIN o ON o.x = u.name;",
	  "ALTER TABLE u RENAME TO users; ALTER TABLE users RENAME COLUMN n TO "
	  "num; INSERT INTO o VALUES ('ann')" },
	{ "column dropped with an index and a trigger left",
	  USERS "CREATE INDEX a ON u(n); CREATE TRIGGER t AFTER UPDATE OF n ON "
		"u BEGIN SELECT 1; END; CREATE VIEW v AS SELECT n FROM u;",
	  "ALTER TABLE u DROP COLUMN name" },
	{ "view of a column that goes, quotes rewritten",
	  "CREATE TABLE t(id, c); CREATE TABLE o(x); CREATE VIEW v AS SELECT "
	  "\"c\" FROM t;",
	  "ALTER TABLE t DROP COLUMN \"c\"; ALTER TABLE o ADD COLUMN y" },
	{ "broken view beside",
	  USERS "CREATE VIEW broken AS SELECT * FROM nowhere;",
	  "DELETE FROM u WHERE id = 1; DROP TABLE u" },
	{ "analyze", USERS "CREATE INDEX a ON u(n);",
	  "ANALYZE; "
	  "UPDATE u SET n = 1" },
	{ "reindex", USERS "CREATE INDEX a ON u(n);",
	  "REINDEX; "
	  "DELETE FROM u" },
};

static void objects__hangers(void **state)
{
	(void)state;
	trip_all(hangers, ARRAY_LEN(hangers));
}

#define FTS                                                                \
	"CREATE VIRTUAL TABLE f USING fts5(title, body);"                  \
	"INSERT INTO f VALUES ('one','first text'),('two','second text')," \
	"('three','third');"

static const struct trip virtual[] = {
	{ "fts5 written", FTS,
	  "INSERT INTO f VALUES ('four','more text'); DELETE FROM f WHERE "
	  "title = 'one'; UPDATE f SET body = 'else' WHERE rowid = 2" },
	{ "fts5 dropped", FTS, "DROP TABLE f" },
	{ "fts5 written and dropped", FTS,
	  "INSERT INTO f VALUES ('four','more text'); DROP TABLE f" },
	{ "fts5 made", "CREATE TABLE t(x);", FTS },
	{ "fts5 made and dropped", "CREATE TABLE t(x);", FTS "DROP TABLE f" },
	{ "fts5 renamed", FTS, "ALTER TABLE f RENAME TO ft" },
	{ "fts5 renamed and written", FTS,
	  "DELETE FROM f WHERE rowid = 3; ALTER TABLE f RENAME TO ft; "
	  "INSERT INTO ft VALUES ('x','y'); UPDATE ft SET body = 'w' "
	  "WHERE rowid = 1" },
	{ "fts5 with other columns under its name", FTS,
	  "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(title, tokenize = "
	  "porter); INSERT INTO f VALUES ('running')" },
	{ "fts5 made anew the same", FTS,
	  "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(title, body); "
	  "INSERT INTO f VALUES ('running','x')" },
	{ "fts5 made anew the same, and written", FTS,
	  "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(title, body); "
	  "INSERT INTO f(title) VALUES ('running')" },
	{ "empty fts5 made anew the same, and written",
	  "CREATE VIRTUAL TABLE f USING fts5(title, body);",
	  "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(title, body); "
	  "INSERT INTO f(title) VALUES ('running')" },
	{ "fts5 becomes a table", FTS,
	  "DROP TABLE f; CREATE TABLE f(title, body); INSERT INTO f VALUES "
	  "('a','b')" },
	{ "table becomes fts5",
	  "CREATE TABLE f(title, body); INSERT INTO f VALUES ('a','b');",
	  "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(title, body); "
	  "INSERT INTO f VALUES ('c','d')" },
	{ "fts5 with outside content",
	  USERS "CREATE VIRTUAL TABLE f USING fts5(name, content='u', "
		"content_rowid='id'); INSERT INTO f(f) VALUES ('rebuild'); "
		"CREATE TRIGGER ai AFTER INSERT ON u BEGIN INSERT INTO f"
		"(rowid,name) VALUES (new.id,new.name); END; CREATE TRIGGER ad "
		"AFTER DELETE ON u BEGIN INSERT INTO f(f,rowid,name) VALUES "
		"('delete',old.id,old.name); END;",
	  "INSERT INTO u VALUES (9,'new one',1); DELETE FROM u WHERE id = 2" },
	{ "fts5 optimized", FTS, "INSERT INTO f(f) VALUES ('optimize')" },
	{ "fts4",
	  "CREATE VIRTUAL TABLE f USING fts4(a, b); INSERT INTO f VALUES "
	  "('one two','three'),('four','five');",
	  "DELETE FROM f WHERE docid = 1; INSERT INTO f VALUES ('six','x'); "
	  "UPDATE f SET b = 'z'" },
	{ "fts4 dropped",
	  "CREATE VIRTUAL TABLE f USING fts4(a, b); INSERT INTO f VALUES "
	  "('one two','three'),('four','five');",
	  "DROP TABLE f" },
	{ "fts4 renamed",
	  "CREATE VIRTUAL TABLE f USING fts4(a, b); INSERT INTO f VALUES "
	  "('one two','three'),('four','five');",
	  "ALTER TABLE f RENAME TO g; DELETE FROM g WHERE docid = 1" },
	{ "rtree",
	  "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +note); INSERT INTO "
	  "r VALUES (1,0,1,'a'),(2,5,6,'b');",
	  "DELETE FROM r WHERE id = 1; INSERT INTO r VALUES (9,2,3,'c'); "
	  "UPDATE r SET x1 = 9 WHERE id = 2" },
	{ "rtree dropped",
	  "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +note); INSERT INTO "
	  "r VALUES (1,0,1,'a'),(2,5,6,'b');",
	  "DROP TABLE r" },
	{ "rtree renamed",
	  "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); INSERT INTO "
	  "r VALUES (1,0,1),(2,5,6);",
	  "ALTER TABLE r RENAME TO boxes; DELETE FROM boxes" },
	{ "beside ordinary tables with names like shadows",
	  FTS "CREATE TABLE f_notes(x); INSERT INTO f_notes VALUES (1);",
	  "DROP TABLE f; UPDATE f_notes SET x = 2" },
};

static void objects__virtual(void **state)
{
	(void)state;
	trip_all(virtual, ARRAY_LEN(virtual));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects__hangers),
		cmocka_unit_test(objects__virtual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
