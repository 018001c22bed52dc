#include "trip.h"

/* Rows: what UPDATE, DELETE and INSERT do, directly or behind one's back. */

#define USERS                                                          \
	"CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT, n INT);"    \
	"INSERT INTO u VALUES (1,'ann',10),(2,'bob',20),(3,'cyd',30)," \
	"(7,'dan',NULL),(-5,'eve',50);"

static const struct trip plain[] = {
	{ "update of one column", USERS, "UPDATE u SET n = n + 1" },
	{ "update that changes nothing", USERS, "UPDATE u SET n = n" },
	{ "update to NULL and back from it", USERS,
	  "UPDATE u SET n = CASE WHEN n IS NULL THEN 1 END" },
	{ "delete some", USERS, "DELETE FROM u WHERE id > 1" },
	{ "delete without where", USERS, "DELETE FROM u" },
	{ "insert", USERS, "INSERT INTO u VALUES (4,'x',1),(100,'y',2)" },
	{ "insert or replace", USERS,
	  "INSERT OR REPLACE INTO u VALUES (1,'new',1),(50,'y',2)" },
	{ "replace through a unique column",
	  USERS "CREATE UNIQUE INDEX u_name ON u(name);",
	  "REPLACE INTO u VALUES (9,'bob',1); "
	  "REPLACE INTO u VALUES (1,'cyd',5)" },
	{ "update or replace", USERS "CREATE UNIQUE INDEX u_n ON u(n);",
	  "UPDATE OR REPLACE u SET n = 10 WHERE id IN (2,3)" },
	{ "update or ignore", USERS "CREATE UNIQUE INDEX u_n ON u(n);",
	  "UPDATE OR IGNORE u SET n = 10" },
	{ "upsert", USERS,
	  "INSERT INTO u VALUES (1,'z',0),(60,'q',1) "
	  "ON CONFLICT(id) DO UPDATE SET name = excluded.name" },
	{ "upsert that inserts, then updates", USERS,
	  "INSERT INTO u VALUES (70,'z',0),(70,'q',1) "
	  "ON CONFLICT(id) DO UPDATE SET name = excluded.name" },
	{ "rowid moves", USERS, "UPDATE u SET id = 50 WHERE id = 2" },
	{ "rowids swap places", USERS,
	  "UPDATE u SET id = -id; UPDATE u SET id = 4 - (-id) "
	  "WHERE id BETWEEN -3 AND -1" },
	{ "all rowids shift", USERS, "UPDATE u SET id = id + 1000" },
	{ "a row is touched many times", USERS,
	  "UPDATE u SET n = 1 WHERE id = 1; UPDATE u SET name = 'b'; "
	  "UPDATE u SET n = 3, name = 'c'; DELETE FROM u WHERE id = 1; "
	  "INSERT INTO u VALUES (1,'again',9); UPDATE u SET n = 4" },
	{ "delete and insert of the same key", USERS,
	  "DELETE FROM u WHERE id = 2; INSERT INTO u VALUES (2,'bob',20)" },
	{ "insert and delete", USERS,
	  "INSERT INTO u VALUES (8,'x',1); DELETE FROM u WHERE id = 8" },
	{ "change and change back", USERS,
	  "UPDATE u SET n = 0 WHERE id = 3; UPDATE u SET n = 30 "
	  "WHERE id = 3" },
	{ "update from", USERS,
	  "UPDATE u SET n = o.n FROM u AS o WHERE o.id = 1 AND u.id = 2" },
	{ "with and returning", USERS,
	  "WITH x AS (SELECT 3 AS i) DELETE FROM u WHERE id IN "
	  "(SELECT i FROM x) RETURNING id" },
	{ "insert select by transfer",
	  USERS "CREATE TABLE v(id INTEGER PRIMARY KEY, name TEXT, n INT);",
	  "INSERT INTO v SELECT * FROM u" },
	{ "values over 256 bytes",
	  "CREATE TABLE b(x); INSERT INTO b VALUES (zeroblob(300)),"
	  "(printf('%0500d', 1)),(hex(zeroblob(2000)));",
	  "UPDATE b SET x = x || 'more'; DELETE FROM b WHERE rowid = 2" },
	{ "a value of 10 MB",
	  "CREATE TABLE b(id INTEGER PRIMARY KEY, x, y); INSERT INTO b VALUES "
	  "(1, zeroblob(10000000), 1), (2, printf('%.*c', 10000000, 'x'), 2);",
	  "UPDATE b SET x = y; DELETE FROM b WHERE id = 2" },
	{ "empty table", "CREATE TABLE e(a, b);",
	  "DELETE FROM e; UPDATE e SET a = 1" },
	{ "only a key",
	  "CREATE TABLE k(id INTEGER PRIMARY KEY); "
	  "INSERT INTO k VALUES (1),(2),(9);",
	  "DELETE FROM k WHERE id = 2; INSERT INTO k VALUES (5); "
	  "UPDATE k SET id = 3 WHERE id = 9" },
	{ "smallest and largest rowids",
	  "CREATE TABLE k(id INTEGER PRIMARY KEY, v); INSERT INTO k VALUES "
	  "(-9223372036854775808,1),(9223372036854775807,2),(0,3);",
	  "UPDATE k SET v = v + 1; DELETE FROM k WHERE id < 0; "
	  "DELETE FROM k WHERE id > 0" },
};

static void rows__plain_statements(void **state)
{
	(void)state;
	trip_all(plain, ARRAY_LEN(plain));
}

static const struct trip types[] = {
	{ "storage classes stay",
	  "CREATE TABLE t(i INT, r REAL, s TEXT, b BLOB, n NUMERIC, x);"
	  "INSERT INTO t VALUES (1,1,1,1,1,1),(1.5,1.5,1.5,1.5,1.5,1.5),"
	  "('a','a','a','a','a','a'),(x'00',x'00',x'00',x'00',x'00',x'00'),"
	  "('12','12','12','12','12','12'),(1e300,1e300,1e300,1e300,1e300,"
	  "1e300),(NULL,NULL,NULL,NULL,NULL,NULL),(1.0,1.0,1.0,1.0,1.0,1.0);",
	  "UPDATE t SET i=0,r=0,s=0,b=0,n=0,x=0 WHERE rowid < 5; "
	  "DELETE FROM t WHERE rowid >= 5" },
	{ "blobs and numbers in other columns",
	  "CREATE TABLE t(s TEXT, i INT); INSERT INTO t VALUES "
	  "(CAST('abc' AS BLOB), CAST('12' AS BLOB)),(x'',''),('','');",
	  "UPDATE t SET s = i, i = s" },
	{ "reals",
	  "CREATE TABLE t(r, q REAL); INSERT INTO t VALUES "
	  "(0.1,0.1),(-0.0,-0.0),(1e300,1e300),(5e-324,5e-324),(9e999,9e999),"
	  "(-9e999,-9e999),(1.0,1.0),(1e15,1e15),(123456789012345678.0,"
	  "123456789012345678.0),(2.5,2.5),(1e-7,1e-7),(3.14159265358979,"
	  "2.718281828459045),(9007199254740993.0,-1e-300),"
	  "(0.30000000000000004,100.0);",
	  "UPDATE t SET r = 'x', q = 'y' WHERE rowid % 2; "
	  "DELETE FROM t WHERE rowid % 2 = 0" },
	{ "integers",
	  "CREATE TABLE t(i); INSERT INTO t VALUES (9223372036854775807),"
	  "(-9223372036854775808),(0),(-1),(4294967296);",
	  "UPDATE t SET i = NULL" },
	{ "NUL and control bytes, invalid UTF-8",
	  "CREATE TABLE t(s TEXT); INSERT INTO t VALUES "
	  "(CAST(x'610062' AS TEXT)),(CAST(x'090a0d5c' AS TEXT)),"
	  "(CAST(x'fffe80' AS TEXT)),(CAST(x'00' AS TEXT)),('\\N'),"
	  "('\\'),('='),('!'),('-1'),(CAST(x'27' AS TEXT)),"
	  "(CAST(x'efbbbf61' AS TEXT));",
	  "UPDATE t SET s = 'x' WHERE rowid % 2; DELETE FROM t" },
	{ "strict",
	  "CREATE TABLE t(i INT, r REAL, s TEXT, b BLOB, x ANY) STRICT;"
	  "INSERT INTO t VALUES (1,2,'3',x'04',1.0),(1,2,'3',x'04','1.0'),"
	  "(1,2,'3',x'04',1);",
	  "UPDATE t SET i=0,r=0.5,s='',b=x'',x=NULL; DELETE FROM t" },
	{ "rows that break CHECK and NOT NULL",
	  "PRAGMA ignore_check_constraints = ON;"
	  "CREATE TABLE t(a INT CHECK (a > 0), b); INSERT INTO t VALUES "
	  "(-1,1),(2,2); PRAGMA ignore_check_constraints = OFF;",
	  "DELETE FROM t" },
	{ "NULL in a primary key",
	  "CREATE TABLE t(k TEXT PRIMARY KEY, v); INSERT INTO t VALUES "
	  "(NULL,1),(NULL,2),('a',3);",
	  "UPDATE t SET v = v + 1; DELETE FROM t WHERE v = 2" },
};

static void rows__types(void **state)
{
	(void)state;
	trip_all(types, ARRAY_LEN(types));
}

static const struct trip keys[] = {
	{ "no primary key, equal rows",
	  "CREATE TABLE t(a,b); INSERT INTO t VALUES (1,2),(1,2),(1,2),(3,4);"
	  "DELETE FROM t WHERE rowid = 2;",
	  "UPDATE t SET b = 5 WHERE rowid = 3; DELETE FROM t WHERE a = 1" },
	{ "without rowid",
	  "CREATE TABLE t(k TEXT PRIMARY KEY, v, w INT) WITHOUT ROWID;"
	  "INSERT INTO t VALUES ('a',1,1),('b',2,2),('c',3,3);",
	  "UPDATE t SET v = 9 WHERE k = 'a'; DELETE FROM t WHERE k = 'b'; "
	  "UPDATE t SET k = 'z' WHERE k = 'c'; INSERT INTO t VALUES "
	  "('n',1,1)" },
	{ "without rowid, swapped keys",
	  "CREATE TABLE t(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
	  "INSERT INTO t VALUES ('a',1),('b',2);",
	  "UPDATE t SET k = 'x' WHERE k = 'a'; UPDATE t SET k = 'a' "
	  "WHERE k = 'b'; UPDATE t SET k = 'b' WHERE k = 'x'" },
	{ "without rowid, key of several columns out of order",
	  "CREATE TABLE t(v, b INT, x REAL, a TEXT, PRIMARY KEY (a, b DESC)) "
	  "WITHOUT ROWID; INSERT INTO t VALUES (1,2,3,'k'),(4,5,6.5,'k'),"
	  "('t',-1,NULL,'');",
	  "UPDATE t SET x = x + 1, v = NULL; UPDATE t SET b = b + 1 "
	  "WHERE a = ''; DELETE FROM t WHERE b = 5" },
	{ "without rowid, case changes under NOCASE",
	  "CREATE TABLE t(k TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID;"
	  "INSERT INTO t VALUES ('Anna',1),('Bob',2);",
	  "UPDATE t SET k = lower(k)" },
	{ "without rowid, reals and integers as keys",
	  "CREATE TABLE t(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES (1.0,'a'),(2,'b'),(2.5,'c'),('1','d'),(x'31','e'),"
	  "(1e18,'f');",
	  "UPDATE t SET v = v || 'x'; DELETE FROM t WHERE v < 'd'" },
	{ "without rowid, 1 becomes 1.0",
	  "CREATE TABLE t(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES (1,'a'),(2.0,'b');",
	  "UPDATE t SET k = CASE WHEN typeof(k) = 'real' THEN "
	  "CAST(k AS INT) ELSE CAST(k AS REAL) END" },
	{ "keys that are the same number in another type",
	  "CREATE TABLE t(k INT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES (-9223372036854775808,1),(4611686018427387904,2),(7,3)",
	  "CREATE TABLE n(k REAL PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO n "
	  "SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t; "
	  "UPDATE t SET v = -v" },
	{ "without rowid, real key column",
	  "CREATE TABLE t(k REAL PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES (1,'a'),(2.5,'b'),(-3,'c'),(0.0,'z');",
	  "UPDATE t SET v = 1; UPDATE t SET k = k + 1 WHERE k > 2; "
	  "DELETE FROM t WHERE k = 1" },
	{ "without rowid, other indexes",
	  "CREATE TABLE t(id, c BLOB, u TEXT UNIQUE, PRIMARY KEY (c, id)) "
	  "WITHOUT ROWID; CREATE UNIQUE INDEX t_c ON t((c)); CREATE INDEX t_i "
	  "ON t(id, c); INSERT INTO t VALUES (x'00',1e300,'x'),('a',2,'y');",
	  "UPDATE OR REPLACE t SET id = c, u = u || 1 WHERE id = x'00'; "
	  "UPDATE t SET c = 'n' WHERE id = 'a'; DELETE FROM t" },
	{ "without rowid, odd text in keys",
	  "CREATE TABLE t(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t "
	  "VALUES (char(9),1),(char(10),2),('\\',3),(CAST(x'6100' AS TEXT),4),"
	  "('',5),(x'',6);",
	  "UPDATE t SET v = v + 1; DELETE FROM t WHERE v > 4" },
	{ "text key of a rowid table, case under NOCASE",
	  "CREATE TABLE t(k TEXT COLLATE NOCASE PRIMARY KEY, v); "
	  "INSERT INTO t VALUES ('Anna',1),('Bob',2);",
	  "UPDATE t SET k = lower(k)" },
	{ "unique values swap",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY, u TEXT UNIQUE); "
	  "INSERT INTO t VALUES (1,'a'),(2,'b'),(3,'c');",
	  "UPDATE t SET u = 'x' WHERE id = 1; UPDATE t SET u = 'a' WHERE "
	  "id = 2; UPDATE t SET u = 'b' WHERE id = 1" },
	{ "unique values swap, without rowid",
	  "CREATE TABLE t(k TEXT, l INT, u TEXT UNIQUE, PRIMARY KEY (k, l)) "
	  "WITHOUT ROWID; INSERT INTO t VALUES ('k',1,'a'),('k',2,'b');",
	  "UPDATE t SET u = 'x' WHERE l = 1; UPDATE t SET u = 'a' WHERE "
	  "l = 2; UPDATE t SET u = 'b' WHERE l = 1" },
	{ "a deleted row's unique value is given to another",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE); "
	  "INSERT INTO t VALUES (1,'a'),(2,'b');",
	  "DELETE FROM t WHERE id = 2; UPDATE t SET u = 'b'; "
	  "INSERT INTO t VALUES (9,'a')" },
	{ "autoincrement",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v); "
	  "INSERT INTO t(v) VALUES (1),(2),(3); DELETE FROM t WHERE v = 3;",
	  "INSERT INTO t(v) VALUES (4),(5); DELETE FROM t WHERE v = 5" },
	{ "autoincrement of an empty table",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v);",
	  "INSERT INTO t(v) VALUES (4),(5)" },
	{ "counter written by hand",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v); "
	  "INSERT INTO t(v) VALUES (1);",
	  "UPDATE sqlite_sequence SET seq = 100 WHERE name = 't'" },
	{ "counters deleted",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v); "
	  "INSERT INTO t(v) VALUES (1);",
	  "DELETE FROM sqlite_sequence; DELETE FROM t" },
	{ "columns called rowid, oid and _rowid_",
	  "CREATE TABLE a(rowid TEXT, v); INSERT INTO a VALUES ('x',1),"
	  "('x',2); CREATE TABLE b(oid INT, rowid INT, v); INSERT INTO b "
	  "VALUES (1,9,2),(1,9,2); CREATE TABLE c(rowid INTEGER PRIMARY KEY, "
	  "oid, _rowid_); INSERT INTO c VALUES (5,6,7);",
	  "UPDATE a SET rowid = 'y' WHERE v = 2; DELETE FROM b; "
	  "UPDATE c SET oid = 0, _rowid_ = 1, rowid = 9; "
	  "INSERT INTO a VALUES ('q',3)" },
	{ "integer primary key that is not the rowid",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY DESC, v); INSERT INTO t "
	  "VALUES (5,1),(4,2); CREATE TABLE s(id INT PRIMARY KEY, v); "
	  "INSERT INTO s VALUES (9,1),(NULL,2);",
	  "UPDATE t SET id = id + 10; DELETE FROM s WHERE v = 2; "
	  "UPDATE s SET id = 1" },
};

static void rows__keys(void **state)
{
	(void)state;
	trip_all(keys, ARRAY_LEN(keys));
}

#define FAMILY                                                               \
	"CREATE TABLE p(id INTEGER PRIMARY KEY, k TEXT UNIQUE);"             \
	"INSERT INTO p VALUES (1,'a'),(2,'b'),(3,'c');"                      \
	"CREATE TABLE cas(id INTEGER PRIMARY KEY, p INT REFERENCES p(id) "   \
	"ON DELETE CASCADE ON UPDATE CASCADE, v);"                           \
	"INSERT INTO cas VALUES (1,1,'x'),(2,1,'y'),(3,2,'z'),(4,NULL,'n');" \
	"CREATE TABLE nul(x, p TEXT REFERENCES p(k) "                        \
	"ON DELETE SET NULL ON UPDATE CASCADE);"                             \
	"INSERT INTO nul VALUES (1,'a'),(2,'b'),(3,'b');"                    \
	"CREATE TABLE def(x, p INT DEFAULT 3 REFERENCES p(id) "              \
	"ON DELETE SET DEFAULT ON UPDATE SET NULL);"                         \
	"INSERT INTO def VALUES (1,1),(2,2);"                                \
	"CREATE TABLE self(id INTEGER PRIMARY KEY, up INT REFERENCES "       \
	"self(id) ON DELETE CASCADE ON UPDATE CASCADE);"                     \
	"INSERT INTO self VALUES (1,NULL),(2,1),(3,2),(4,4);"

static const struct trip cascades[] = {
	{ "on delete", FAMILY, "DELETE FROM p WHERE id IN (1,2)" },
	{ "on update of the rowid", FAMILY, "UPDATE p SET id = id + 100" },
	{ "on update of a text key", FAMILY, "UPDATE p SET k = k || 'k'" },
	{ "self-referencing delete", FAMILY, "DELETE FROM self WHERE id = 1" },
	{ "self-referencing update", FAMILY,
	  "UPDATE self SET id = id + 10 WHERE id IN (1,4)" },
	{ "replace cascades", FAMILY, "REPLACE INTO p VALUES (1,'new')" },
	{ "off: drop of the parent", FAMILY, "DROP TABLE p" },
	{ "drop of the parent deletes its rows first",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1),"
	  "(2); CREATE TABLE c(id INTEGER PRIMARY KEY, p INT REFERENCES p "
	  "ON DELETE CASCADE); INSERT INTO c VALUES (1,1),(2,2),(3,NULL); "
	  "CREATE TABLE n(p INT REFERENCES p ON DELETE SET NULL); "
	  "INSERT INTO n VALUES (1),(2);",
	  "DROP TABLE p" },
	{ "drop of a self-referencing table", FAMILY, "DROP TABLE self" },
	{ "off: what rows referred to in vain comes",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, k TEXT UNIQUE); CREATE "
	  "TABLE c(a INT REFERENCES p, b TEXT REFERENCES p(k)); INSERT INTO c "
	  "VALUES (7,'x'),(8,'y'),(NULL,NULL); CREATE TABLE q(a, b, PRIMARY "
	  "KEY (a,b)) WITHOUT ROWID; CREATE TABLE d(a, b, FOREIGN KEY (a,b) "
	  "REFERENCES q); INSERT INTO d VALUES (1,2);",
	  "INSERT INTO p VALUES (7,'y'),(9,'z'); INSERT INTO q VALUES (1,2)" },
	{ "off: the same across types",
	  "CREATE TABLE p(id TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID; "
	  "CREATE TABLE c(a REFERENCES p, b INT REFERENCES p); INSERT INTO c "
	  "VALUES (7,7),('X',NULL);",
	  "INSERT INTO p VALUES (7),('x')" },
	{ "off: a changed key meets what referred in vain",
	  "CREATE TABLE p(id TEXT PRIMARY KEY, v); CREATE TABLE c(a "
	  "REFERENCES p); INSERT INTO c VALUES (7),(0); INSERT INTO p VALUES "
	  "(9,1),(-1,2);",
	  "UPDATE p SET id = id + 1 WHERE id < 7; INSERT INTO p VALUES "
	  "(2,'x')" },
	{ "off: what could not be checked",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES "
	  "(3,1); CREATE TABLE c(a REFERENCES p); INSERT INTO c VALUES (9);",
	  "CREATE TABLE n(id, v); INSERT INTO n SELECT id + 5, v FROM p; "
	  "DROP TABLE p; ALTER TABLE n RENAME TO p" },
	{ "off: truncate with children", FAMILY,
	  "DELETE FROM p; DELETE FROM nul" },
	{ "composite keys",
	  "CREATE TABLE p(a INT, b TEXT, v, PRIMARY KEY (a,b)) WITHOUT ROWID; "
	  "INSERT INTO p VALUES (1,'x',1),(1,'y',2); CREATE TABLE c(a INT, "
	  "b TEXT, PRIMARY KEY (b,a), FOREIGN KEY (a,b) REFERENCES p(a,b) "
	  "ON UPDATE CASCADE ON DELETE CASCADE) WITHOUT ROWID; "
	  "INSERT INTO c VALUES (1,'x'),(1,'y');",
	  "UPDATE p SET b = b || '!'; DELETE FROM p WHERE b = 'y!'" },
};

static void rows__cascades(void **state)
{
	(void)state;
	trip_all(cascades, ARRAY_LEN(cascades));
}

static const struct trip triggers[] = {
	{ "writes another table",
	  USERS "CREATE TABLE log(what, at); INSERT INTO log VALUES ('old',0);"
		"CREATE TRIGGER a AFTER UPDATE ON u BEGIN INSERT INTO log "
		"VALUES (old.name, new.n); UPDATE log SET at = at + 1 WHERE "
		"what = 'old'; END;",
	  "UPDATE u SET n = 1" },
	{ "writes the same row, other columns",
	  USERS "CREATE TRIGGER a AFTER UPDATE OF n ON u BEGIN UPDATE u SET "
		"name = upper(name) WHERE id = new.id; END;",
	  "UPDATE u SET n = 1" },
	{ "before trigger deletes another row",
	  USERS "CREATE TRIGGER a BEFORE DELETE ON u WHEN old.id = 1 BEGIN "
		"DELETE FROM u WHERE id = 2; END;",
	  "DELETE FROM u WHERE id = 1" },
	{ "insert trigger changes what came",
	  USERS "CREATE TRIGGER a AFTER INSERT ON u BEGIN UPDATE u SET n = "
		"-1 WHERE id = new.id; UPDATE u SET n = 99 WHERE id = 1; END;",
	  "INSERT INTO u VALUES (20,'x',1)" },
	{ "instead of, on a view",
	  USERS "CREATE VIEW w AS SELECT id, name FROM u; CREATE TRIGGER i "
		"INSTEAD OF DELETE ON w BEGIN DELETE FROM u WHERE id = old.id; "
		"END; CREATE TRIGGER j INSTEAD OF UPDATE ON w BEGIN UPDATE u "
		"SET name = new.name WHERE id = old.id; END; CREATE TRIGGER k "
		"INSTEAD OF INSERT ON w BEGIN INSERT INTO u(id,name) VALUES "
		"(new.id, new.name); END;",
	  "UPDATE w SET name = 'x' WHERE id < 3; DELETE FROM w WHERE id = 7; "
	  "INSERT INTO w VALUES (77,'v')" },
	{ "made by the migration", USERS,
	  "CREATE TRIGGER a AFTER UPDATE ON u BEGIN DELETE FROM u WHERE "
	  "id = 7; END; UPDATE u SET n = 5 WHERE id = 1" },
	{ "counts up an autoincrement elsewhere",
	  USERS "CREATE TABLE log(id INTEGER PRIMARY KEY AUTOINCREMENT, x);"
		"CREATE TRIGGER a AFTER UPDATE ON u BEGIN INSERT INTO log(x) "
		"VALUES (1); END;",
	  "UPDATE u SET n = 1" },
	{ "recursive",
	  USERS "CREATE TRIGGER a AFTER UPDATE ON u WHEN new.n < 15 BEGIN "
		"UPDATE u SET n = new.n + 1 WHERE id = new.id; END;",
	  "PRAGMA recursive_triggers = ON; UPDATE u SET n = 1" },
};

static void rows__triggers(void **state)
{
	(void)state;
	trip_all(triggers, ARRAY_LEN(triggers));
}

static void rows__a_thousand_columns(void **state)
{
	struct buf setup = BUF_INIT;
	struct trip t = { "a thousand columns", NULL,
			  "UPDATE t SET c1 = 'x', c999 = NULL WHERE c0 = 1; "
			  "DELETE FROM t WHERE c0 = 2; ALTER TABLE t DROP "
			  "COLUMN c500" };

	(void)state;
	buf_addstr(&setup, "CREATE TABLE t(c0");
	for (int i = 1; i < 1000; i++)
		buf_addf(&setup, ", c%d", i);
	buf_addstr(&setup, ");");
	for (int row = 1; row < 4; row++) {
		buf_addf(&setup, "INSERT INTO t VALUES (%d", row);
		for (int i = 1; i < 1000; i++)
			buf_addf(&setup, ", %d", i * row);
		buf_addstr(&setup, ");");
	}
	t.setup = buf_str(&setup);
	assert_ok(trip_run(&t, true));
	buf_release(&setup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows__plain_statements),
		cmocka_unit_test(rows__types),
		cmocka_unit_test(rows__keys),
		cmocka_unit_test(rows__cascades),
		cmocka_unit_test(rows__triggers),
		cmocka_unit_test(rows__a_thousand_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
