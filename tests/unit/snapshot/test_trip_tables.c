#include "trip.h"

/* Tables: made, dropped, altered, renamed, rebuilt. */

#define USERS                                                          \
	"CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT, n INT);"    \
	"INSERT INTO u VALUES (1,'ann',10),(2,'bob',20),(3,'cyd',30)," \
	"(7,'dan',NULL);"

/* with everything that hangs on a table */
#define RICH                                                             \
	"CREATE TABLE p(id INTEGER PRIMARY KEY AUTOINCREMENT, k TEXT "   \
	"UNIQUE, v DEFAULT 'd', w REAL);"                                \
	"INSERT INTO p(k,v,w) VALUES ('a',1,1.5),('b',x'00',2),"         \
	"('c',NULL,-0.0),('z',0,0); DELETE FROM p WHERE k = 'z';"        \
	"CREATE TABLE c(id INTEGER PRIMARY KEY, p INT REFERENCES p(id) " \
	"ON DELETE CASCADE, k TEXT REFERENCES p(k) ON DELETE SET NULL);" \
	"INSERT INTO c VALUES (1,1,'a'),(2,2,NULL),(3,NULL,'c');"        \
	"CREATE INDEX p_v ON p(v); CREATE UNIQUE INDEX p_kv ON p(k, v) " \
	"WHERE v IS NOT NULL; CREATE INDEX p_x ON p(lower(k));"          \
	"CREATE VIEW pv AS SELECT k, v FROM p WHERE w > 0;"              \
	"CREATE TABLE log(x);"                                           \
	"CREATE TRIGGER p_t AFTER DELETE ON p BEGIN INSERT INTO log "    \
	"VALUES (old.k); END;"                                           \
	"CREATE TRIGGER c_t AFTER UPDATE ON c BEGIN UPDATE p SET v = 0 " \
	"WHERE id = new.p; END;"

static const struct trip columns[] = {
	{ "drop column", USERS, "ALTER TABLE u DROP COLUMN name" },
	{ "drop the last column", USERS, "ALTER TABLE u DROP COLUMN n" },
	{ "drop two columns and change the third",
	  "CREATE TABLE t(a,b,c,d); INSERT INTO t VALUES (1,2,3,4),(5,6,7,8);",
	  "UPDATE t SET a = 0 WHERE a = 1; ALTER TABLE t DROP COLUMN b; "
	  "UPDATE t SET c = c + 1; ALTER TABLE t DROP COLUMN d; "
	  "DELETE FROM t WHERE a = 5" },
	{ "drop a column that was changed before", USERS,
	  "UPDATE u SET n = 1; ALTER TABLE u DROP COLUMN n; "
	  "DELETE FROM u WHERE id = 2; UPDATE u SET name = 'x'" },
	{ "drop column without rowid",
	  "CREATE TABLE t(k TEXT PRIMARY KEY, v, w) WITHOUT ROWID; INSERT "
	  "INTO t VALUES ('a',1,2),('b',3,4);",
	  "ALTER TABLE t DROP COLUMN v" },
	{ "drop column without rowid, numbers as keys",
	  "CREATE TABLE t(v, k PRIMARY KEY, w) WITHOUT ROWID; INSERT "
	  "INTO t VALUES ('a',1,2),('b',3.0,4);",
	  "ALTER TABLE t DROP COLUMN v; UPDATE t SET w = 0" },
	{ "drop a column with hangers-on", RICH,
	  "DROP INDEX p_v; DROP INDEX p_kv; DROP VIEW pv; DROP TRIGGER c_t; "
	  "ALTER TABLE p DROP COLUMN v" },
	{ "drop a column of a table without rows", "CREATE TABLE e(a,b);",
	  "ALTER TABLE e DROP COLUMN b" },
	{ "add column", USERS, "ALTER TABLE u ADD COLUMN x" },
	{ "add column with default, then update", USERS,
	  "ALTER TABLE u ADD COLUMN x TEXT NOT NULL DEFAULT 'D'; "
	  "UPDATE u SET x = name, n = 0 WHERE id < 3; "
	  "DELETE FROM u WHERE id = 3; INSERT INTO u VALUES (9,'q',1,'w')" },
	{ "a default from before that no row was rewritten for",
	  USERS "ALTER TABLE u ADD COLUMN x TEXT NOT NULL DEFAULT 'D';"
		"ALTER TABLE u ADD COLUMN y INT DEFAULT 5;"
		"UPDATE u SET y = NULL WHERE id = 7;",
	  "UPDATE u SET x = 'z' WHERE id = 1; DELETE FROM u WHERE id > 1" },
	{ "a default from before, column dropped",
	  USERS "ALTER TABLE u ADD COLUMN x TEXT DEFAULT 'D';"
		"UPDATE u SET x = NULL WHERE id = 1;",
	  "ALTER TABLE u DROP COLUMN x" },
	{ "add and drop again", USERS,
	  "ALTER TABLE u ADD COLUMN x DEFAULT 1; "
	  "ALTER TABLE u DROP COLUMN x" },
	{ "drop and add under the same name", USERS,
	  "ALTER TABLE u DROP COLUMN name; "
	  "ALTER TABLE u ADD COLUMN name TEXT DEFAULT 'new'; "
	  "UPDATE u SET name = 'w' WHERE id = 2" },
	{ "drop and add the last under the same name", USERS,
	  "ALTER TABLE u DROP COLUMN n; ALTER TABLE u ADD COLUMN n INT; "
	  "DELETE FROM u WHERE id = 7" },
	{ "add a column with check and reference", USERS,
	  "ALTER TABLE u ADD COLUMN p INT CHECK (p > 0) REFERENCES u(id)" },
	{ "add a generated column", USERS,
	  "ALTER TABLE u ADD COLUMN g AS (n * 2); UPDATE u SET n = 3" },
	{ "add an indexed column", USERS,
	  "ALTER TABLE u ADD COLUMN x; CREATE INDEX u_x ON u(x); "
	  "UPDATE u SET x = id" },
	{ "rename column", RICH, "ALTER TABLE p RENAME COLUMN k TO kk" },
	{ "rename column, then write", RICH,
	  "ALTER TABLE p RENAME COLUMN v TO vv; UPDATE p SET vv = 9; "
	  "UPDATE p SET w = 1 WHERE id = 1" },
	{ "rename columns in a ring",
	  "CREATE TABLE t(a,b,c); INSERT INTO t VALUES (1,2,3);",
	  "ALTER TABLE t RENAME COLUMN a TO x; ALTER TABLE t RENAME COLUMN b "
	  "TO a; ALTER TABLE t RENAME COLUMN x TO b; UPDATE t SET a = 'A'" },
	{ "rename a key column",
	  "CREATE TABLE t(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES ('a',1),('b',2);",
	  "UPDATE t SET v = 0 WHERE k = 'a'; ALTER TABLE t RENAME COLUMN k TO "
	  "key; DELETE FROM t WHERE key = 'b'; INSERT INTO t VALUES ('n',1)" },
	{ "rename the rowid column", USERS,
	  "UPDATE u SET n = 0 WHERE id = 1; ALTER TABLE u RENAME id TO ident; "
	  "DELETE FROM u WHERE ident = 2" },
	{ "rename in case only", USERS,
	  "ALTER TABLE u RENAME COLUMN name TO NAME; UPDATE u SET Name = 1" },
	{ "rename a column and drop it", USERS,
	  "ALTER TABLE u RENAME COLUMN name TO x; ALTER TABLE u DROP x" },
	{ "generated columns",
	  "CREATE TABLE g(a, v AS (a || 'v'), b, s AS (b * 2) STORED, c); "
	  "INSERT INTO g(a,b,c) VALUES (1,2,3),(4,5,6);",
	  "UPDATE g SET a = 9, c = 8 WHERE b = 2; DELETE FROM g WHERE b = 5; "
	  "INSERT INTO g(a) VALUES (1)" },
	{ "generated columns, one dropped",
	  "CREATE TABLE g(a, v AS (a || 'v'), b, s AS (b * 2) STORED, c); "
	  "INSERT INTO g(a,b,c) VALUES (1,2,3),(4,5,6);",
	  "ALTER TABLE g DROP COLUMN v; ALTER TABLE g DROP COLUMN c; "
	  "UPDATE g SET b = 0" },
	{ "generated columns without rowid",
	  "CREATE TABLE g(v AS (k || 'v'), k TEXT PRIMARY KEY, s AS (b * 2) "
	  "STORED, b) WITHOUT ROWID; INSERT INTO g(k,b) VALUES (1,2),(4,5);",
	  "UPDATE g SET b = 7 WHERE k = '1'; DELETE FROM g WHERE k = '4'; "
	  "UPDATE g SET k = 'q' WHERE k = '1'" },
};

static void tables__columns(void **state)
{
	(void)state;
	trip_all(columns, ARRAY_LEN(columns));
}

static const struct trip whole[] = {
	{ "create", "CREATE TABLE a(x);",
	  "CREATE TABLE b(y); INSERT INTO b VALUES (1)" },
	{ "create as", USERS, "CREATE TABLE b AS SELECT * FROM u" },
	{ "create if not exists, there already", USERS,
	  "CREATE TABLE IF NOT EXISTS u(x); UPDATE u SET n = 0" },
	{ "create and drop", USERS,
	  "CREATE TABLE b(y); INSERT INTO b VALUES (1); DROP TABLE b" },
	{ "create, rename and write", USERS,
	  "CREATE TABLE b(y); ALTER TABLE b RENAME TO d; "
	  "INSERT INTO d SELECT id FROM u; UPDATE d SET y = 0" },
	{ "drop", USERS, "DROP TABLE u" },
	{ "drop after writing", USERS,
	  "UPDATE u SET n = 1; DELETE FROM u WHERE id = 2; "
	  "INSERT INTO u VALUES (50,'x',1); DROP TABLE u" },
	{ "drop without a primary key",
	  "CREATE TABLE t(a,b); INSERT INTO t VALUES (1,2),(1,2),(3,4); "
	  "DELETE FROM t WHERE rowid = 2;",
	  "DROP TABLE t" },
	{ "drop without rowid",
	  "CREATE TABLE t(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES (1,1),(2.0,2),('x',3),(x'00',4);",
	  "DROP TABLE t" },
	{ "off: drop with everything on it", RICH, "DROP TABLE p" },
	{ "drop of the child", RICH, "DROP TABLE c" },
	{ "drop in the middle",
	  "CREATE TABLE a(x UNIQUE); CREATE TABLE b(x UNIQUE, y UNIQUE); "
	  "CREATE INDEX b_i ON b(x,y); CREATE TABLE c(x); "
	  "INSERT INTO b VALUES (1,2);",
	  "DROP TABLE b; CREATE TABLE d(z UNIQUE)" },
	{ "drop with autoincrement",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT "
	  "INTO t VALUES (5,1),(9,2); DELETE FROM t WHERE id = 9;",
	  "DROP TABLE t" },
	{ "drop of an empty table", "CREATE TABLE e(a, b UNIQUE);",
	  "DROP TABLE e" },
	{ "drop if exists", USERS,
	  "DROP TABLE IF EXISTS absent; "
	  "DROP TABLE IF EXISTS u" },
	{ "drop and make with other columns", USERS,
	  "DROP TABLE u; CREATE TABLE u(a TEXT, b); "
	  "INSERT INTO u VALUES ('x',1),('y',2)" },
	{ "drop and make the same", USERS,
	  "DROP TABLE u; CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT, "
	  "n INT); INSERT INTO u VALUES (1,'ann',11),(8,'x',1)" },
	{ "drop and make without rowid", USERS,
	  "DROP TABLE u; CREATE TABLE u(id INT PRIMARY KEY, name TEXT, "
	  "n INT) WITHOUT ROWID; INSERT INTO u VALUES (1,'ann',11),(8,'x',1)" },
	{ "drop and make with a rowid",
	  "CREATE TABLE t(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES ('a',1),('b',2);",
	  "DROP TABLE t; CREATE TABLE t(k TEXT, v); INSERT INTO t VALUES "
	  "('a',2)" },
	{ "drop, make, drop", USERS,
	  "DROP TABLE u; CREATE TABLE u(x); INSERT INTO u VALUES (1); "
	  "DROP TABLE u" },
	{ "drop, make, drop, make", USERS,
	  "DROP TABLE u; CREATE TABLE u(x); INSERT INTO u VALUES (1); "
	  "DROP TABLE u; CREATE TABLE u(id INTEGER PRIMARY KEY, y, z); "
	  "INSERT INTO u VALUES (2,2,2)" },
	{ "rename", RICH, "ALTER TABLE p RENAME TO q" },
	{ "rename and write", RICH,
	  "UPDATE p SET v = 'x' WHERE id = 1; ALTER TABLE p RENAME TO q; "
	  "DELETE FROM q WHERE id = 2; INSERT INTO q(k) VALUES ('n'); "
	  "UPDATE q SET w = 7" },
	{ "rename the child", RICH,
	  "ALTER TABLE c RENAME TO kids; "
	  "UPDATE kids SET k = NULL" },
	{ "rename there and back", RICH,
	  "ALTER TABLE p RENAME TO q; UPDATE q SET v = 1; "
	  "ALTER TABLE q RENAME TO p" },
	{ "rename, then take the old name", USERS,
	  "ALTER TABLE u RENAME TO old_u; CREATE TABLE u(x); "
	  "INSERT INTO u SELECT name FROM old_u" },
	{ "swap by rename",
	  "CREATE TABLE a(x UNIQUE); CREATE TABLE b(y INTEGER PRIMARY KEY); "
	  "INSERT INTO a VALUES ('one'),('two'); INSERT INTO b VALUES (5); "
	  "CREATE INDEX a_i ON a(x); CREATE INDEX b_i ON b(y);",
	  "ALTER TABLE a RENAME TO t; ALTER TABLE b RENAME TO a; "
	  "ALTER TABLE t RENAME TO b; UPDATE a SET y = 6; "
	  "DELETE FROM b WHERE x = 'one'" },
	{ "swap of equal tables",
	  "CREATE TABLE a(x); CREATE TABLE b(x); INSERT INTO a VALUES (1); "
	  "INSERT INTO b VALUES (2);",
	  "ALTER TABLE a RENAME TO t; ALTER TABLE b RENAME TO a; "
	  "ALTER TABLE t RENAME TO b" },
	{ "rename onto a dropped one",
	  "CREATE TABLE a(x); CREATE TABLE b(y); INSERT INTO a VALUES (1); "
	  "INSERT INTO b VALUES (2),(3);",
	  "DROP TABLE a; ALTER TABLE b RENAME TO a; INSERT INTO a VALUES (4)" },
	{ "rename a table with autoincrement",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT); "
	  "INSERT INTO t VALUES (5);",
	  "ALTER TABLE t RENAME TO s; INSERT INTO s VALUES (8)" },
	{ "names in another case",
	  "CREATE TABLE Users(Id INTEGER PRIMARY KEY, Name TEXT, n); INSERT "
	  "INTO Users VALUES (1,'a',2),(3,'b',4); CREATE TABLE Keep(K TEXT "
	  "PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO Keep VALUES ('k',1); "
	  "CREATE INDEX By_Name ON Users(name);",
	  "UPDATE USERS SET NAME = 'z' WHERE ID = 1; DROP INDEX BY_NAME; "
	  "ALTER TABLE users DROP COLUMN NAME; DROP TABLE KEEP; "
	  "CREATE INDEX By_Name ON Users(n)" },
	{ "drop in another case", USERS, "DROP TABLE U" },
	{ "temporary table renamed from in front of another", USERS,
	  "CREATE TEMP TABLE u(id, name, n); ALTER TABLE u RENAME TO x; "
	  "UPDATE u SET n = 5; ALTER TABLE x DROP COLUMN n; "
	  "DELETE FROM u WHERE id = 2" },
	{ "same name made while a temporary one is in front",
	  "CREATE TABLE z(x);",
	  "CREATE TEMP TABLE u(a); CREATE TABLE main.u(b); INSERT INTO main.u "
	  "VALUES (1); DROP TABLE temp.u; UPDATE u SET b = 2" },
	{ "old one renamed first, made the same",
	  "CREATE TABLE a(x, PRIMARY KEY (x)) WITHOUT ROWID; CREATE TABLE "
	  "b(y); INSERT INTO a VALUES (1),(2);",
	  "ALTER TABLE a RENAME TO o; CREATE TABLE a(x, PRIMARY KEY (x)) "
	  "WITHOUT ROWID; INSERT INTO a SELECT x + 1 FROM o; DROP TABLE o" },
	{ "a made counter takes the dropped table's place",
	  "CREATE TABLE a(x); INSERT INTO a VALUES (1); CREATE TABLE b(x);",
	  "DROP TABLE b; CREATE TABLE n(id INTEGER PRIMARY KEY "
	  "AUTOINCREMENT)" },
	{ "empty table becomes one of another kind",
	  "CREATE TABLE a(id, x UNIQUE);",
	  "DROP TABLE a; CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT, "
	  "x) ; INSERT INTO a(x) VALUES (1)" },
	{ "empty table becomes one without rowid",
	  "CREATE TABLE a(id, x UNIQUE);",
	  "DROP TABLE a; CREATE TABLE a(id PRIMARY KEY, x) WITHOUT ROWID; "
	  "INSERT INTO a VALUES (1,2)" },
	{ "renamed key column and a new one",
	  "CREATE TABLE \"t x\"(id TEXT COLLATE NOCASE PRIMARY KEY, v TEXT NOT "
	  "NULL DEFAULT 5) WITHOUT ROWID; INSERT INTO \"t x\" VALUES "
	  "('a',1),('b',2);",
	  "ALTER TABLE \"t x\" ADD COLUMN n TEXT DEFAULT 'd'; "
	  "ALTER TABLE \"t x\" RENAME COLUMN id TO key" },
	{ "odd names",
	  "CREATE TABLE \"a b\"\"c\"(\"select\" TEXT, \"x y\", [a.b], `ü`, "
	  "\"%\"); INSERT INTO \"a b\"\"c\" VALUES (1,2,3,4,5); "
	  "CREATE TABLE \"table\"(\"-\" PRIMARY KEY, \"\t\") WITHOUT ROWID; "
	  "INSERT INTO \"table\" VALUES ('k','v'); CREATE TABLE \"日本\"(x); "
	  "INSERT INTO \"日本\" VALUES (1); CREATE TABLE \"'q'\"(\"'\");"
	  "INSERT INTO \"'q'\" VALUES (1);",
	  "UPDATE \"a b\"\"c\" SET \"select\" = 'q', `ü` = 0; "
	  "ALTER TABLE \"a b\"\"c\" DROP COLUMN [a.b]; "
	  "UPDATE \"table\" SET \"\t\" = 'w'; DROP TABLE \"日本\"; "
	  "ALTER TABLE \"'q'\" RENAME TO \"order\"; "
	  "ALTER TABLE \"table\" ADD COLUMN \"group\" DEFAULT 1; "
	  "DELETE FROM \"order\"" },
	{ "a column with an empty name",
	  "CREATE TABLE t(\"\" TEXT, a); INSERT INTO t VALUES ('x',1);",
	  "UPDATE t SET \"\" = 'y'; DROP TABLE t" },
	{ "temporary tables in front", USERS,
	  "CREATE TEMP TABLE u(id, name, n); INSERT INTO u VALUES "
	  "(1,2,3); UPDATE u SET n = 5; DELETE FROM main.u WHERE id = 1;"
	  "DROP TABLE u; UPDATE u SET n = 6" },
	{ "temporary table renamed and dropped", USERS,
	  "CREATE TEMP TABLE x(a); INSERT INTO x SELECT id FROM u; "
	  "ALTER TABLE x RENAME TO y; ALTER TABLE y ADD COLUMN b; "
	  "DROP TABLE y" },
	{ "temporary trigger writes", USERS,
	  "CREATE TEMP TRIGGER tt AFTER UPDATE ON u BEGIN DELETE FROM u WHERE "
	  "id = 7; END; UPDATE u SET n = 1 WHERE id = 1; DROP TRIGGER tt" },
	{ "pragmas", "PRAGMA user_version = 3; PRAGMA application_id = 77;",
	  "PRAGMA user_version = 9; PRAGMA application_id = 0" },
	{ "pragma from nothing", "CREATE TABLE t(x);",
	  "PRAGMA user_version = -4" },
};

static void tables__whole(void **state)
{
	(void)state;
	trip_all(whole, ARRAY_LEN(whole));
}

#define COPY(type)                                          \
	"CREATE TABLE new_p(" type ");"                     \
	"INSERT INTO new_p SELECT * FROM p; DROP TABLE p; " \
	"ALTER TABLE new_p RENAME TO p; "

static const struct trip rebuilds[] = {
	{ "twelve steps", RICH,
	  "PRAGMA foreign_keys = OFF; DROP VIEW pv; DROP TRIGGER c_t; " COPY(
		  "id INTEGER PRIMARY KEY AUTOINCREMENT, k TEXT UNIQUE NOT "
		  "NULL, "
		  "v DEFAULT 'd', w REAL CHECK (w < 1000)") "CREATE INDEX p_v "
							    "ON p(v); CREATE "
							    "VIEW pv AS SELECT "
							    "k FROM p; "
							    "PRAGMA "
							    "foreign_keys = "
							    "ON" },
	{ "off: without the pragma", RICH,
	  "DROP VIEW pv; DROP TRIGGER c_t; " COPY(
		  "id INTEGER PRIMARY KEY, k TEXT, v, w REAL") },
	{ "the pragma forgotten: cascades run",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES "
	  "(1,2),(3,4); CREATE TABLE c(p INT REFERENCES p ON DELETE CASCADE); "
	  "INSERT INTO c VALUES (1),(3),(3);",
	  COPY("id INTEGER PRIMARY KEY, v TEXT") },
	{ "old one renamed first",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES "
	  "(1,2),(3,4); CREATE TABLE c(p INT REFERENCES p ON DELETE CASCADE); "
	  "INSERT INTO c VALUES (1),(3),(3); CREATE INDEX p_i ON p(v); "
	  "CREATE TRIGGER tr AFTER INSERT ON c BEGIN UPDATE p SET v = v + 1; "
	  "END; CREATE VIEW pv AS SELECT * FROM p;",
	  "PRAGMA foreign_keys = OFF; ALTER TABLE p RENAME TO p_old; "
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, v TEXT, n); INSERT INTO "
	  "p(id,v) SELECT * FROM p_old; DROP VIEW pv; DROP TRIGGER tr; "
	  "DROP TABLE p_old" },
	{ "old one renamed first, and kept",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES "
	  "(1,2),(3,4); CREATE TABLE c(p INT REFERENCES p); "
	  "INSERT INTO c VALUES (1),(3),(3);",
	  "ALTER TABLE p RENAME TO p_old; CREATE TABLE p(id INTEGER PRIMARY "
	  "KEY, v TEXT); INSERT INTO p SELECT * FROM p_old; "
	  "UPDATE p_old SET v = 0" },
	{ "types change",
	  "CREATE TABLE p(a TEXT, b INT, c REAL, d BLOB); INSERT INTO p VALUES "
	  "('1','2','3','4'),('01',2.5,1,x'31'),(NULL,NULL,NULL,NULL);",
	  COPY("a INT, b TEXT, c TEXT, d INT") },
	{ "column order changes",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, a, b); INSERT INTO p VALUES "
	  "(1,2,3),(4,5,6);",
	  "CREATE TABLE n(b, id INTEGER PRIMARY KEY, a); INSERT INTO n SELECT "
	  "b, id, a FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p" },
	{ "columns dropped and added",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, a, b, c); INSERT INTO p "
	  "VALUES (1,2,3,4),(5,6,7,8);",
	  "CREATE TABLE n(id INTEGER PRIMARY KEY, c, z DEFAULT 9); INSERT INTO "
	  "n(id,c) SELECT id, c FROM p; DROP TABLE p; ALTER TABLE n RENAME TO "
	  "p; UPDATE p SET c = 0 WHERE id = 1" },
	{ "a column renamed on the way",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, a, b); INSERT INTO p VALUES "
	  "(1,2,3),(4,5,6);",
	  "CREATE TABLE n(id INTEGER PRIMARY KEY, aa, b); INSERT INTO n SELECT "
	  "* FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p" },
	{ "to without rowid",
	  "CREATE TABLE p(k TEXT PRIMARY KEY, v); INSERT INTO p VALUES "
	  "('a',1),('b',2),('c',3); DELETE FROM p WHERE k = 'b';",
	  "CREATE TABLE n(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO n "
	  "SELECT * FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p; "
	  "UPDATE p SET v = 0" },
	{ "from without rowid",
	  "CREATE TABLE p(k TEXT, l INT, v, PRIMARY KEY (k,l)) WITHOUT ROWID; "
	  "INSERT INTO p VALUES ('a',1,1),('b',2,2);",
	  "CREATE TABLE n(k TEXT, l INT, v, PRIMARY KEY (k,l)); INSERT INTO n "
	  "SELECT * FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p; "
	  "DELETE FROM p WHERE k = 'a'" },
	{ "another primary key, without rowid",
	  "CREATE TABLE p(a INT, b INT, v, PRIMARY KEY (a)) WITHOUT ROWID; "
	  "INSERT INTO p VALUES (1,20,'x'),(2,10,'y');",
	  "CREATE TABLE n(a INT, b INT, v, PRIMARY KEY (b)) WITHOUT ROWID; "
	  "INSERT INTO n SELECT * FROM p; DROP TABLE p; "
	  "ALTER TABLE n RENAME TO p" },
	{ "a key's columns change places, without rowid",
	  "CREATE TABLE p(a INT, b INT, v, PRIMARY KEY (a,b)) WITHOUT ROWID; "
	  "INSERT INTO p VALUES (1,20,'x'),(2,10,'y'),(20,1,'z');",
	  "CREATE TABLE n(a INT, b INT, v, PRIMARY KEY (b,a)) WITHOUT ROWID; "
	  "INSERT INTO n SELECT * FROM p; DROP TABLE p; "
	  "ALTER TABLE n RENAME TO p" },
	{ "a text key instead of the rowid",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, k TEXT); INSERT INTO p "
	  "VALUES (5,'a'),(3,'b');",
	  "CREATE TABLE n(id INT, k TEXT PRIMARY KEY); INSERT INTO n "
	  "SELECT * FROM p ORDER BY k; DROP TABLE p; "
	  "ALTER TABLE n RENAME TO p" },
	{ "rowids of a table without a primary key",
	  "CREATE TABLE p(a); INSERT INTO p VALUES (1),(1),(2),(3); "
	  "DELETE FROM p WHERE rowid = 1;",
	  "CREATE TABLE n(a NOT NULL); INSERT INTO n SELECT a FROM p; "
	  "DROP TABLE p; ALTER TABLE n RENAME TO p" },
	{ "generated columns come and go",
	  "CREATE TABLE p(a, g AS (a + 1), b); INSERT INTO p VALUES (1,2);",
	  "CREATE TABLE n(a, g, b, h AS (b + a) STORED); INSERT INTO n(a,g,b) "
	  "SELECT a,g,b FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p; "
	  "UPDATE p SET g = 7" },
	{ "rows lost and won on the way",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, a); INSERT INTO p VALUES "
	  "(1,2),(3,4),(5,6);",
	  "CREATE TABLE n(id INTEGER PRIMARY KEY, a); INSERT INTO n SELECT * "
	  "FROM p WHERE id > 1; INSERT INTO n VALUES (9,9); DROP TABLE p; "
	  "ALTER TABLE n RENAME TO p" },
	{ "same definition", USERS,
	  "CREATE TABLE n(id INTEGER PRIMARY KEY, name TEXT, n INT); "
	  "INSERT INTO n SELECT id, upper(name), n FROM u; DROP TABLE u; "
	  "ALTER TABLE n RENAME TO u" },
	{ "by a temporary table", USERS,
	  "CREATE TEMP TABLE t AS SELECT * FROM u; DROP TABLE u; "
	  "CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT NOT NULL, n TEXT); "
	  "INSERT INTO u SELECT * FROM t; DROP TABLE t" },
	{ "two at once",
	  "CREATE TABLE a(id INTEGER PRIMARY KEY, v); CREATE TABLE b(id "
	  "INTEGER PRIMARY KEY, a INT REFERENCES a); INSERT INTO a VALUES "
	  "(1,1); INSERT INTO b VALUES (1,1),(2,NULL);",
	  "PRAGMA foreign_keys = OFF; CREATE TABLE na(id INTEGER PRIMARY KEY, "
	  "v TEXT); CREATE TABLE nb(id INTEGER PRIMARY KEY, a INT NOT NULL "
	  "DEFAULT 1 REFERENCES a); INSERT INTO na SELECT * FROM a; "
	  "INSERT INTO nb SELECT id, coalesce(a, 1) FROM b; DROP TABLE a; "
	  "DROP TABLE b; ALTER TABLE na RENAME TO a; "
	  "ALTER TABLE nb RENAME TO b" },
	{ "after writes to the old one",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, a); INSERT INTO p VALUES "
	  "(1,2),(3,4);",
	  "UPDATE p SET a = a + 1; DELETE FROM p WHERE id = 3; INSERT INTO p "
	  "VALUES (7,7); " COPY(
		  "id INTEGER PRIMARY KEY, a TEXT") "UPDATE p SET a = a || "
						    "'!'" },
	{ "after the table had another name",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, a); INSERT INTO p VALUES "
	  "(1,2),(3,4);",
	  "ALTER TABLE p RENAME TO q; CREATE TABLE n(id INTEGER PRIMARY KEY, "
	  "a TEXT); INSERT INTO n SELECT * FROM q; DROP TABLE q; "
	  "ALTER TABLE n RENAME TO p" },
	{ "after a column was renamed",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, a, b); INSERT INTO p VALUES "
	  "(1,2,3),(3,4,5);",
	  "ALTER TABLE p RENAME COLUMN a TO c; CREATE TABLE n(id INTEGER "
	  "PRIMARY KEY, c TEXT, b); INSERT INTO n SELECT * FROM p; DROP TABLE "
	  "p; ALTER TABLE n RENAME TO p" },
	{ "NOT NULL of the old form, NULL in the new one",
	  "CREATE TABLE p(k TEXT PRIMARY KEY, v NOT NULL) WITHOUT ROWID; "
	  "INSERT INTO p VALUES ('a',1),('b',2);",
	  "CREATE TABLE n(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO n "
	  "SELECT k, NULL FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p" },
	{ "text keys become numbers, without rowid",
	  "CREATE TABLE p(id TEXT PRIMARY KEY, v REAL) WITHOUT ROWID; INSERT "
	  "INTO p VALUES ('7',3),('',0),('x',7);",
	  "ALTER TABLE p RENAME TO o; CREATE TABLE p(id PRIMARY KEY, v) "
	  "WITHOUT ROWID; INSERT INTO p SELECT v, v FROM o; DROP TABLE o" },
	{ "rows that break a new constraint's reverse",
	  "PRAGMA ignore_check_constraints = ON; CREATE TABLE p(a CHECK "
	  "(a > 0), b); INSERT INTO p VALUES (-1,1),(1,2); PRAGMA "
	  "ignore_check_constraints = OFF;",
	  COPY("a, b") },
};

static void tables__rebuilt(void **state)
{
	(void)state;
	trip_all(rebuilds, ARRAY_LEN(rebuilds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables__columns),
		cmocka_unit_test(tables__whole),
		cmocka_unit_test(tables__rebuilt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
