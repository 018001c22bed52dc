#include "trip.h"

#include <inttypes.h>

#include "snapshot/manifest.h"

/*
 * Writes between a migration and its rollback: those that it does not concern
 * are kept; the others are conflicts, counted, and nothing changes.
 */

struct later {
	const char *name;
	const char *setup, *migration;
	const char *writes;
	/* "object WHAT rows, ..."; NULL: it comes back, and ... */
	const char *conflicts;
	/* ... the database is as if this had run after the setup */
	const char *as_if;
};

#define USERS                                                       \
	"CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT, n INT, " \
	"extra TEXT DEFAULT 'e'); INSERT INTO u(id,name,n) VALUES " \
	"(1,'ann',10),(2,'bob',20),(3,'cyd',30),(7,'dan',NULL);"

#define FTS                                               \
	"CREATE VIRTUAL TABLE f USING fts5(title, body);" \
	"INSERT INTO f VALUES ('one','text'),('two','else');"
#define SEARCH "CREATE VIRTUAL TABLE f USING fts5(title, body); "

static const struct later kept[] = {
	{ "an inserted row is gone", USERS,
	  "INSERT INTO u VALUES (8,'x',1,'y'),(9,'z',1,'y')",
	  "DELETE FROM u WHERE id = 9", NULL, "DELETE FROM u WHERE id = 9" },
	{ "a deleted row was put back", USERS, "DELETE FROM u WHERE id < 3",
	  "INSERT INTO u(id,name,n) VALUES (2,'bob',20)", NULL,
	  "DELETE FROM u WHERE id = 9" },
	{ "a value was set back", USERS, "UPDATE u SET n = 0",
	  "UPDATE u SET n = 20 WHERE id = 2", NULL,
	  "DELETE FROM u WHERE id = 9" },
	{ "rows beside", USERS, "UPDATE u SET n = 0 WHERE id < 3",
	  "INSERT INTO u VALUES (50,'new',1,'x'); UPDATE u SET n = 5 WHERE "
	  "id = 7; DELETE FROM u WHERE id = 3",
	  NULL,
	  "INSERT INTO u VALUES (50,'new',1,'x'); UPDATE u SET n = 5 WHERE "
	  "id = 7; DELETE FROM u WHERE id = 3" },
	{ "another column of a changed row", USERS, "UPDATE u SET n = 0",
	  "UPDATE u SET name = 'later' WHERE id = 2", NULL,
	  "UPDATE u SET name = 'later' WHERE id = 2" },
	{ "half of the other columns", USERS, "UPDATE u SET n = 0",
	  "UPDATE u SET name = 'q' WHERE id = 1", NULL,
	  "UPDATE u SET name = 'q' WHERE id = 1" },
	{ "other tables", USERS "CREATE TABLE o(x);", "DELETE FROM u",
	  "INSERT INTO o VALUES (1)", NULL, "INSERT INTO o VALUES (1)" },
	{ "rows beside a dropped column", USERS, "ALTER TABLE u DROP COLUMN n",
	  "INSERT INTO u(id,name) VALUES (9,'new'); UPDATE u SET name = 'x' "
	  "WHERE id = 1; DELETE FROM u WHERE id = 77",
	  NULL,
	  "INSERT INTO u(id,name) VALUES (9,'new'); UPDATE u SET name = 'x' "
	  "WHERE id = 1" },
	{ "rows of a table with a new column", USERS,
	  "ALTER TABLE u ADD COLUMN z",
	  "INSERT INTO u(id,name,z) VALUES (9,'new','gone')", NULL,
	  "INSERT INTO u(id,name) VALUES (9,'new')" },
	{ "rows of a renamed table", USERS, "ALTER TABLE u RENAME TO w",
	  "INSERT INTO w(id,name) VALUES (9,'new')", NULL,
	  "INSERT INTO u(id,name) VALUES (9,'new')" },
	{ "rows of a rebuilt table", USERS,
	  "CREATE TABLE w(id INTEGER PRIMARY KEY, name TEXT NOT NULL, n TEXT, "
	  "extra TEXT); INSERT INTO w SELECT * FROM u; DROP TABLE u; "
	  "ALTER TABLE w RENAME TO u",
	  "INSERT INTO u VALUES (9,'new','5','x')", NULL,
	  "INSERT INTO u VALUES (9,'new','5','x')" },
	{ "rows without rowid, of a rebuilt table",
	  "CREATE TABLE k(k TEXT PRIMARY KEY, v, w) WITHOUT ROWID; INSERT "
	  "INTO k VALUES ('a',1,1),('b',2,2);",
	  "ALTER TABLE k DROP COLUMN v", "INSERT INTO k VALUES ('c',3)", NULL,
	  "INSERT INTO k(k,w) VALUES ('c',3)" },
	{ "a counter that went on",
	  "CREATE TABLE s(id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT "
	  "INTO s(v) VALUES (1);",
	  "INSERT INTO s(v) VALUES (2)", "INSERT INTO s(v) VALUES (3)", NULL,
	  "INSERT INTO s VALUES (3,3)" },
	{ "written as the migration left it", USERS, "UPDATE u SET n = 0",
	  "UPDATE u SET n = 5; UPDATE u SET n = 0", NULL, "SELECT 1" },
	{ "VACUUM, with a primary key", USERS "DELETE FROM u WHERE id = 2;",
	  "UPDATE u SET n = 1", "VACUUM", NULL, "SELECT 1" },
	{ "an index made since", USERS, "UPDATE u SET n = id",
	  "CREATE UNIQUE INDEX later ON u(name)", NULL,
	  "CREATE UNIQUE INDEX later ON u(name)" },
	{ "an index and a trigger on a table made anew", USERS,
	  "ALTER TABLE u DROP COLUMN n",
	  "CREATE INDEX later ON u(name); CREATE TRIGGER lt AFTER INSERT ON u "
	  "BEGIN DELETE FROM u WHERE id = 1; END; CREATE VIEW lv AS SELECT "
	  "name FROM u",
	  NULL,
	  "CREATE INDEX later ON u(name); CREATE TRIGGER lt AFTER INSERT ON u "
	  "BEGIN DELETE FROM u WHERE id = 1; END; CREATE VIEW lv AS SELECT "
	  "name FROM u" },
	{ "beside a virtual table made anew", FTS USERS,
	  "DROP TABLE f; " SEARCH "INSERT INTO f VALUES ('new','row')",
	  "DELETE FROM u WHERE id = 3; SELECT * FROM f('new')", NULL,
	  "DELETE FROM u WHERE id = 3" },
	{ "of another virtual table whose name goes on",
	  FTS "CREATE VIRTUAL TABLE f_x USING fts5(v); INSERT INTO f_x VALUES "
	      "('a');",
	  "DROP TABLE f", "INSERT INTO f_x VALUES ('later')", NULL,
	  "INSERT INTO f_x VALUES ('later')" },
};

static const struct later refused[] = {
	{ "a changed value", USERS, "UPDATE u SET n = 0",
	  "UPDATE u SET n = 1 WHERE id IN (1,2)", "u CHANGED 2", NULL },
	{ "a changed long value", USERS,
	  "UPDATE u SET name = printf('%0999d', id)",
	  "UPDATE u SET name = printf('%0998d', id) WHERE id = 1",
	  "u CHANGED 1", NULL },
	{ "of another type only", USERS, "UPDATE u SET name = 1",
	  "UPDATE u SET name = CAST(name AS BLOB) WHERE id = 2", "u CHANGED 1",
	  NULL },
	{ "a changed row is gone", USERS, "UPDATE u SET n = 0",
	  "DELETE FROM u WHERE id > 1", "u DELETED 3", NULL },
	{ "an inserted row was changed", USERS,
	  "INSERT INTO u VALUES (8,'x',1,'y'),(9,'z',1,'y')",
	  "UPDATE u SET n = 2 WHERE id = 9", "u CHANGED 1", NULL },
	{ "a deleted key is taken", USERS, "DELETE FROM u WHERE id < 3",
	  "INSERT INTO u VALUES (2,'someone',5,'else')", "u KEY_REUSED 1",
	  NULL },
	{ "a key with another row behind it", USERS,
	  "UPDATE u SET n = 0 WHERE id = 2",
	  "DELETE FROM u WHERE id = 2; INSERT INTO u VALUES "
	  "(2,'other',0,'row')",
	  "u KEY_REUSED 1", NULL },
	{ "several at once", USERS,
	  "UPDATE u SET n = 0 WHERE id IN (1,2); DELETE FROM u WHERE id = 3; "
	  "INSERT INTO u VALUES (8,'x',1,'y')",
	  "UPDATE u SET n = 3 WHERE id = 1; DELETE FROM u WHERE id = 2; "
	  "INSERT INTO u VALUES (3,'p','q','r')",
	  "u CHANGED 1, u DELETED 1, u KEY_REUSED 1", NULL },
	{ "several tables",
	  USERS "CREATE TABLE o(x); INSERT INTO o VALUES (1);",
	  "UPDATE u SET n = 0; UPDATE o SET x = 2",
	  "UPDATE u SET n = 1 WHERE id = 1; UPDATE o SET x = 3",
	  "o CHANGED 1, u CHANGED 1", NULL },
	{ "a key without rowid is taken",
	  "CREATE TABLE k(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO k "
	  "VALUES ('a',1),('b',2);",
	  "DELETE FROM k WHERE k = 'a'", "INSERT INTO k VALUES ('a',9)",
	  "k KEY_REUSED 1", NULL },
	{ "VACUUM renumbers",
	  "CREATE TABLE t(a, b); INSERT INTO t VALUES (1,'p'),(2,'q'),(3,'r'),"
	  "(4,'s'); DELETE FROM t WHERE a = 1;",
	  "UPDATE t SET a = a + 10", "VACUUM", "t DELETED 1, t KEY_REUSED 2",
	  NULL },
	{ "a unique value is taken",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE); INSERT INTO t "
	  "VALUES (1,'a');",
	  "UPDATE t SET v = 'b'", "INSERT INTO t VALUES (2,'a')",
	  "t NOT_UNIQUE 1", NULL },
	{ "a unique value of a deleted row is taken",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE); INSERT INTO t "
	  "VALUES (1,'a');",
	  "DELETE FROM t", "INSERT INTO t VALUES (2,'a')", "t NOT_UNIQUE 1",
	  NULL },
	{ "rows break a dropped unique index",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE UNIQUE INDEX tv "
	  "ON t(v); INSERT INTO t VALUES (1,'a');",
	  "DROP INDEX tv", "INSERT INTO t VALUES (2,'a')",
	  "indexes/tv.sql NOT_UNIQUE 0", NULL },
	{ "rows break a unique constraint that was rebuilt away",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE); INSERT INTO t "
	  "VALUES (1,'a');",
	  "CREATE TABLE n(id INTEGER PRIMARY KEY, v); INSERT INTO n SELECT * "
	  "FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
	  "INSERT INTO t VALUES (2,'a')", "t NOT_UNIQUE 1", NULL },
	{ "rows have no value for what comes back",
	  "CREATE TABLE t(id INTEGER PRIMARY KEY, v NOT NULL); INSERT INTO t "
	  "VALUES (1,'a');",
	  "ALTER TABLE t DROP COLUMN v", "INSERT INTO t VALUES (2)",
	  "t NO_VALUE 1", NULL },
	{ "a row refers to one that must go",
	  "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p INT "
	  "REFERENCES p);",
	  "INSERT INTO p VALUES (1),(2)", "INSERT INTO c VALUES (2)",
	  "c ORPHANED 1", NULL },
	{ "a table was altered", USERS, "ALTER TABLE u ADD COLUMN z",
	  "ALTER TABLE u ADD COLUMN later", "tables/u.sql REDEFINED 0", NULL },
	{ "an index was made anew otherwise", USERS, "CREATE INDEX i ON u(n)",
	  "DROP INDEX i; CREATE INDEX i ON u(name)",
	  "indexes/i.sql REDEFINED 0", NULL },
	{ "a made table is gone", USERS, "CREATE TABLE m(x)", "DROP TABLE m",
	  "tables/m.sql REDEFINED 0", NULL },
	{ "the name of a dropped table is taken", USERS, "DROP TABLE u",
	  "CREATE TABLE u(other)", "tables/u.sql REDEFINED 0", NULL },
	{ "user_version was set", "PRAGMA user_version = 1;",
	  "PRAGMA user_version = 2", "PRAGMA user_version = 7",
	  "pragmas/user_version.sql REDEFINED 0", NULL },
	{ "rows of a virtual table made anew", FTS,
	  "DROP TABLE f; " SEARCH "INSERT INTO f VALUES ('new','row')",
	  "INSERT INTO f VALUES ('later','row')", "f CHANGED 1", NULL },
	{ "rows of a virtual table made anew with other columns", FTS,
	  "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(t); INSERT INTO f "
	  "VALUES ('new')",
	  "UPDATE f SET t = 'wen'", "f CHANGED 1", NULL },
	{ "rows of an empty virtual table made anew",
	  "CREATE VIRTUAL TABLE f USING fts5(title, body);",
	  "DROP TABLE f; " SEARCH, "INSERT INTO f VALUES ('later','row')",
	  "f CHANGED 1", NULL },
	{ "a row less in a virtual table made anew", FTS,
	  "DROP TABLE f; " SEARCH "INSERT INTO f VALUES ('a','b'),('c','d')",
	  "DELETE FROM f WHERE rowid = 1", "f CHANGED 1", NULL },
	{ "rows of a virtual table that took a name by renaming", FTS,
	  "CREATE VIRTUAL TABLE n USING fts5(title); INSERT INTO n SELECT "
	  "title FROM f; DROP TABLE f; ALTER TABLE n RENAME TO f",
	  "INSERT INTO f VALUES ('later')", "f CHANGED 1", NULL },
	{ "rows of a virtual table that was moved and dropped", FTS,
	  "ALTER TABLE f RENAME TO g; DROP TABLE g; " SEARCH,
	  "INSERT INTO f VALUES ('later','row')", "f CHANGED 1", NULL },
	{ "rows of an fts4 made anew",
	  "CREATE VIRTUAL TABLE f USING fts4(a); INSERT INTO f VALUES ('x');",
	  "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts4(a)",
	  "INSERT INTO f VALUES ('later')", "f CHANGED 1", NULL },
	{ "rows of an rtree made anew",
	  "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); INSERT INTO r "
	  "VALUES (1,0,1);",
	  "DROP TABLE r; CREATE VIRTUAL TABLE r USING rtree(id, y0, y1); "
	  "INSERT INTO r VALUES (5,0,1)",
	  "UPDATE r SET y1 = 7", "r CHANGED 1", NULL },
	{ "a virtual table made anew is gone", FTS, "DROP TABLE f; " SEARCH,
	  "DROP TABLE f", "virtual/f.sql REDEFINED 0", NULL },
	{ "a virtual table made anew is a table", FTS, "DROP TABLE f; " SEARCH,
	  "DROP TABLE f; CREATE TABLE f(title, body)",
	  "virtual/f.sql REDEFINED 0", NULL },
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void name_conflicts(struct buf *out, const struct restore_result *res)
{
	char *words[16];
	size_t n = res->n_conflicts < 16 ? res->n_conflicts : 16;

	for (size_t i = 0; i < n; i++) {
		struct buf b = BUF_INIT;

		buf_addf(&b, "%s %s %" PRIu64, res->conflicts[i].object,
			 res->conflicts[i].what, res->conflicts[i].rows);
		words[i] = buf_detach(&b);
	}
	qsort(words, n, sizeof(*words), by_text);
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, i ? ", %s" : "%s", words[i]);
		free(words[i]);
	}
}

/* What the database should be when the rollback works. */
static struct err *as_if(const struct later *l, bool keys, struct buf *out)
{
	struct world w;
	struct err *err = world_open(&w, keys);

	if (!err)
		err = world_exec(&w, l->setup);
	if (!err)
		err = world_exec(&w, l->as_if);
	if (!err)
		err = world_dump(&w, out);
	world_close(&w);
	return err;
}

static struct err *revert(struct world *w, const struct later *l,
			  struct world_event *ev)
{
	struct memory_snapshot park;
	struct restore_result res;
	struct buf got = BUF_INIT;
	struct err *err;

	memory_snapshot_init(&park);
	err = world_revert(w, ev, &park, &res);
	name_conflicts(&got, &res);
	if (!err && !streq(buf_str(&got), l->conflicts ? l->conflicts : ""))
		err = err_new(ERR_STATE, "conflicts: %s", buf_str(&got));
	restore_result_release(&res);
	memory_snapshot_release(&park);
	buf_release(&got);
	return err;
}

static struct err *run(const struct later *l, bool keys)
{
	struct buf want = BUF_INIT;
	struct world_event ev;
	struct world w;
	struct err *err = world_open(&w, keys);

	memset(&ev, 0, sizeof(ev));
	if (!err)
		err = world_exec(&w, l->setup);
	if (!err)
		err = world_apply(&w, l->migration, &ev);
	if (!err)
		err = world_exec(&w, l->writes);
	if (!err)
		err = l->conflicts ? world_dump(&w, &want)
				   : as_if(l, keys, &want);
	if (!err)
		err = revert(&w, l, &ev);
	if (!err)
		err = trip_expect(&w, buf_str(&want), "afterwards");
	world_event_release(&ev);
	world_close(&w);
	buf_release(&want);
	return err;
}

static void run_all(const struct later *list, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n * 2; i++) {
		struct err *err = run(&list[i / 2], i % 2);

		if (err)
			print_error("%s: %s\n", list[i / 2].name,
				    err_text(err));
		failed += err != NULL;
		err_free(err);
	}
	if (failed)
		fail_msg("%zu failed", failed);
}

static void later_writes__are_kept(void **state)
{
	(void)state;
	run_all(kept, ARRAY_LEN(kept));
}

static void later_writes__in_the_way_are_conflicts(void **state)
{
	(void)state;
	run_all(refused, ARRAY_LEN(refused));
}

/* What goes because the migration had made its place. */
static void check_park(const char *setup, const char *migration,
		       const char *writes, uint64_t parked, const char *path,
		       const char *lines)
{
	struct memory_snapshot park;
	struct restore_result res;
	struct buf text = BUF_INIT;
	struct world_event ev;
	struct manifest m;
	struct world w;

	memory_snapshot_init(&park);
	assert_ok(world_open(&w, true));
	assert_ok(world_exec(&w, setup));
	assert_ok(world_apply(&w, migration, &ev));
	assert_ok(world_exec(&w, writes));
	assert_ok(world_revert(&w, &ev, &park, &res));
	assert_int_equal(res.n_conflicts, 0);
	assert_int_equal(res.parked, parked);
	assert_int_equal(res.park_any, parked > 0);
	assert_int_equal(memory_snapshot_find(&park, "manifest") != NULL,
			 parked > 0);
	if (path) {
		assert_true(memory_snapshot_text(&park, path, &text));
		assert_string_equal(buf_str(&text), lines);
		assert_true(memory_snapshot_text(&park, "manifest", &text));
		assert_ok(manifest_decode(&m, buf_str(&text), text.len));
		assert_true(m.n_tables > 0);
		manifest_release(&m);
	}
	restore_result_release(&res);
	world_event_release(&ev);
	world_close(&w);
	memory_snapshot_release(&park);
	buf_release(&text);
}

static void rollback__parks_made_tables(void **state)
{
	(void)state;
	check_park("CREATE TABLE u(x);",
		   "CREATE TABLE m(id INTEGER PRIMARY KEY, v); INSERT INTO m "
		   "VALUES (1,'made')",
		   "INSERT INTO m VALUES (5,NULL)", 2, "rows/1",
		   "-\t1\t'made\n-\t5\t\\N\n");
	check_park("CREATE TABLE u(x);", "CREATE TABLE m(v)", "SELECT 1", 0,
		   NULL, NULL);
	check_park("CREATE TABLE u(x);",
		   "CREATE TABLE m(k TEXT PRIMARY KEY, v) WITHOUT ROWID",
		   "INSERT INTO m VALUES ('b',1),('a',2)", 2, "rows/1",
		   "-\t'a\t2\n-\t'b\t1\n");
}

static void rollback__parks_made_columns(void **state)
{
	(void)state;
	check_park("CREATE TABLE u(id INTEGER PRIMARY KEY); "
		   "INSERT INTO u VALUES (1),(2),(3);",
		   "ALTER TABLE u ADD COLUMN n",
		   "UPDATE u SET n = id * 2 WHERE id > 1", 2, "rows/1",
		   "~\t2\t4\t!\n~\t3\t6\t!\n");
	check_park("CREATE TABLE u(id INTEGER PRIMARY KEY); "
		   "INSERT INTO u VALUES (1),(2);",
		   "ALTER TABLE u ADD COLUMN n", "SELECT 1", 0, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_writes__are_kept),
		cmocka_unit_test(later_writes__in_the_way_are_conflicts),
		cmocka_unit_test(rollback__parks_made_tables),
		cmocka_unit_test(rollback__parks_made_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
