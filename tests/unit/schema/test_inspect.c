#include "unit/schema/db.h"

#include <unistd.h>

#include "base/clock.h"

/* One schema kept up to date, the changes of each step as "+table t ~...". */
struct watch {
	sqlite3 *db;
	struct schema s;
	struct buf said;
};

static void watch_init(struct watch *w, const char *sql)
{
	memset(w, 0, sizeof(*w));
	w->db = db_with(sql);
	schema_init(&w->s);
	assert_ok(schema_sqlite_refresh(&w->s, w->db, SCHEMA_SCOPE_ALL, NULL));
}

static void watch_release(struct watch *w)
{
	schema_release(&w->s);
	buf_release(&w->said);
	sqlite3_close(w->db);
}

/* The tree kept up to date is the tree read from nothing, and so is the
 * last position. */
static void assert_up_to_date(struct watch *w)
{
	struct schema fresh;
	char *a, *b;

	schema_of(&fresh, w->db);
	a = tree_of(&w->s, false);
	b = tree_of(&fresh, false);
	assert_string_equal(a, b);
	free(a);
	free(b);
	a = tree_of(&w->s, true);
	b = tree_of(&fresh, true);
	assert_string_equal(a, b);
	free(a);
	free(b);
	assert_int_equal(w->s.last_position, fresh.last_position);
	map_each (&fresh.by_path, e) {
		const struct schema_object *want = e->value;
		const struct schema_object *got =
			map_get(&w->s.by_path, want->path);

		assert_non_null(got);
		assert_int_equal(got->position, want->position);
		assert_string_equal(got->sql, want->sql);
		assert_string_equal(got->table, want->table);
	}
	schema_release(&fresh);
}

static const char *refresh(struct watch *w, enum schema_scope scope)
{
	struct schema_delta d;

	schema_delta_init(&d);
	assert_ok(schema_sqlite_refresh(&w->s, w->db, scope, &d));
	buf_reset(&w->said);
	for (size_t i = 0; i < d.n; i++) {
		if (i)
			buf_addch(&w->said, ' ');
		schema_change_describe(&w->said, &d.changes[i]);
	}
	schema_delta_release(&d);
	assert_up_to_date(w);
	return buf_str(&w->said);
}

static const char *run(struct watch *w, const char *sql)
{
	db_exec(w->db, sql);
	return refresh(w, SCHEMA_SCOPE_ALL);
}

struct step {
	const char *sql, *said;
};

static const struct step steps[] = {
	{ "", "" },
	{ "CREATE TABLE a (x)", "+table a" },
	{ "CREATE TABLE b (x UNIQUE); CREATE INDEX bi ON b (x)",
	  "+index bi +table b" },
	{ "INSERT INTO a VALUES (1)", "" },
	{ "ALTER TABLE a ADD y", "~table a" },
	{ "CREATE VIEW v AS SELECT x FROM a", "+view v" },
	{ "CREATE TRIGGER g AFTER INSERT ON a BEGIN SELECT new.x; END",
	  "+trigger g" },
	{ "ALTER TABLE a RENAME x TO z", "~table a ~trigger g ~view v" },
	{ "ALTER TABLE a RENAME TO c", "-table a +table c ~trigger g ~view v" },
	{ "DROP INDEX bi", "-index bi" },
	{ "CREATE UNIQUE INDEX bi ON b (x)", "+index bi" },
	{ "DROP TABLE b; CREATE TABLE b (x UNIQUE)", "-index bi" },
	{ "DROP TABLE b; CREATE TABLE b (x)", "~table b" },
	{ "DROP VIEW v; CREATE TABLE v (x)", "+table v -view v" },
	{ "DROP TABLE c; DROP TABLE v; DROP TABLE b",
	  "-table b -table c -table v -trigger g" },
	{ "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", "+table t" },
	{ "ANALYZE; CREATE INDEX ti ON t (id); ANALYZE", "+index ti" },
	{ "CREATE TABLE z (a); BEGIN; DROP TABLE t", "-index ti -table t"
						     " +table z" },
	{ "ROLLBACK", "+index ti +table t" },
	{ "SAVEPOINT s; CREATE TABLE y (a); ROLLBACK TO s; CREATE TABLE x (b);"
	  "RELEASE s",
	  "+table x" },
	{ "PRAGMA user_version = 7", "+pragma user_version" },
	{ "PRAGMA user_version = -8", "~pragma user_version" },
	{ "PRAGMA application_id = 5; PRAGMA user_version = 0",
	  "+pragma application_id -pragma user_version" },
	{ "PRAGMA application_id = 0", "-pragma application_id" },
	{ "DROP TABLE t; DROP TABLE z; VACUUM", "-index ti -table t"
						" -table z" },
	{ "CREATE TABLE q AS SELECT 1 AS a, 'x' AS b", "+table q" },
};

static void refresh__says_what_changed(void **state)
{
	struct watch w;

	(void)state;
	watch_init(&w, "");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		const char *said = run(&w, steps[i].sql);

		if (!streq(said, steps[i].said))
			print_message("step %zu: %s\n", i, steps[i].sql);
		assert_string_equal(said, steps[i].said);
	}
	watch_release(&w);
}

static void refresh__appended_reads_what_is_new(void **state)
{
	static const struct step creates[] = {
		{ "CREATE TABLE a (x)", "+table a" },
		{ "", "" },
		{ "CREATE TABLE b (x PRIMARY KEY); CREATE INDEX i ON a (x)",
		  "+index i +table b" },
		{ "CREATE VIEW v AS SELECT 1; CREATE TRIGGER g AFTER DELETE ON"
		  " a BEGIN SELECT 1; END",
		  "+trigger g +view v" },
		{ "CREATE VIRTUAL TABLE f USING fts5(a)", "+virtual f" },
		{ "CREATE TABLE c (x INTEGER PRIMARY KEY AUTOINCREMENT);"
		  "PRAGMA user_version = 3",
		  "+pragma user_version +table c" },
	};
	struct watch w;

	(void)state;
	watch_init(&w, "");
	for (size_t i = 0; i < ARRAY_LEN(creates); i++) {
		db_exec(w.db, creates[i].sql);
		assert_string_equal(refresh(&w, SCHEMA_SCOPE_APPENDED),
				    creates[i].said);
	}
	watch_release(&w);
}

static void refresh__keeps_objects_that_did_not_change(void **state)
{
	struct watch w;
	const struct schema_object *a, *v;

	(void)state;
	watch_init(&w, "CREATE TABLE a (y, x); CREATE VIEW v AS SELECT 1");
	a = schema_find(&w.s, "table", "a");
	v = schema_find(&w.s, "view", "v");
	run(&w, "CREATE TABLE b (x); ALTER TABLE b ADD y");
	assert_ptr_equal(schema_find(&w.s, "table", "a"), a);
	run(&w, "DROP VIEW v; CREATE VIEW v AS SELECT 1");
	assert_ptr_equal(schema_find(&w.s, "table", "a"), a);
	assert_ptr_not_equal(schema_find(&w.s, "view", "v"), v);
	assert_ptr_equal(schema_find(&w.s, "view", "v")->text, v->text);
	assert_ptr_not_equal(a->text, a->shape);
	assert_ptr_equal(v->text, v->shape);
	watch_release(&w);
}

static void refresh__leaves_out_what_is_not_the_users(void **state)
{
	struct watch w;

	(void)state;
	watch_init(&w, "");
	assert_string_equal(
		run(&w,
		    "CREATE TABLE git_migrate_history (a UNIQUE);"
		    "CREATE INDEX hi ON git_migrate_history (a);"
		    "CREATE TABLE GIT_MIGRATE_x (a);"
		    "CREATE VIEW git_migrate_migrations AS SELECT 1;"
		    "CREATE TRIGGER tg AFTER INSERT ON git_migrate_history "
		    "BEGIN SELECT 1; END;"
		    "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT);"
		    "CREATE TABLE git_migrat (a); CREATE TABLE x_git_migrate_"
		    " (a); ANALYZE"),
		"+table git_migrat +table t +table x_git_migrate_");
	assert_string_equal(run(&w, "DROP TABLE git_migrate_history"), "");
	assert_string_equal(run(&w, "ALTER TABLE t RENAME TO git_migrate_t"),
			    "-table t");
	assert_string_equal(run(&w, "ALTER TABLE git_migrate_t RENAME TO t"),
			    "+table t");
	watch_release(&w);
}

static void refresh__leaves_out_shadow_tables(void **state)
{
	struct watch w;

	(void)state;
	watch_init(&w, "CREATE TABLE f_other (a); CREATE TABLE d_docsize (a)");
	assert_string_equal(run(&w, "CREATE VIRTUAL TABLE f USING fts5(a)"),
			    "+virtual f");
	assert_string_equal(run(&w,
				"CREATE VIRTUAL TABLE e USING fts4(a);"
				"CREATE VIRTUAL TABLE r USING rtree(i, a, b)"),
			    "+virtual e +virtual r");
	assert_null(schema_find(&w.s, "table", "f_data"));
	assert_non_null(schema_find(&w.s, "table", "f_other"));
	assert_string_equal(run(&w, "ALTER TABLE f RENAME TO g"),
			    "-virtual f +virtual g");
	assert_string_equal(run(&w, "CREATE TABLE g_x (a)"), "+table g_x");
	assert_string_equal(run(&w, "CREATE TABLE f_data (a)"),
			    "+table f_data");
	assert_string_equal(run(&w, "DROP TABLE g"), "-virtual g");
	assert_string_equal(run(&w, "CREATE TABLE g_data (a)"),
			    "+table g_data");
	/* a table that was there becomes a shadow */
	assert_string_equal(
		run(&w, "CREATE VIRTUAL TABLE d USING fts5(a, columnsize=0)"),
		"-table d_docsize +virtual d");
	watch_release(&w);
}

static void refresh__fails_without_a_change(void **state)
{
	char path[] = "/tmp/schema-inspect-XXXXXX";
	int fd = mkstemp(path);
	struct watch w;
	struct schema_delta d;
	sqlite3 *other = NULL;
	char *before, *after;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	memset(&w, 0, sizeof(w));
	assert_int_equal(sqlite3_open(path, &w.db), SQLITE_OK);
	db_exec(w.db, "CREATE TABLE t (a)");
	schema_of(&w.s, w.db);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	db_exec(other, "CREATE TABLE u (a); PRAGMA locking_mode=EXCLUSIVE;"
		       "BEGIN EXCLUSIVE; DROP TABLE t");
	schema_delta_init(&d);
	before = tree_of(&w.s, false);
	assert_fails(schema_sqlite_refresh(&w.s, w.db, SCHEMA_SCOPE_ALL, &d),
		     ERR_TARGET);
	assert_fails(
		schema_sqlite_refresh(&w.s, w.db, SCHEMA_SCOPE_APPENDED, &d),
		ERR_TARGET);
	after = tree_of(&w.s, false);
	assert_string_equal(before, after);
	assert_int_equal(d.n, 0);
	db_exec(other, "COMMIT");
	sqlite3_close(other);
	assert_string_equal(refresh(&w, SCHEMA_SCOPE_ALL), "-table t +table u");
	free(before);
	free(after);
	watch_release(&w);
	unlink(path);
}

static void refresh__fails_on_what_is_no_database(void **state)
{
	char path[] = "/tmp/schema-inspect-XXXXXX";
	int fd = mkstemp(path);
	struct schema s;
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(write(fd,
			       "this is no database, but it is long "
			       "enough to be looked at by SQLite, which "
			       "reads one hundred bytes of it first",
			       105) > 0,
			 1);
	close(fd);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	schema_init(&s);
	assert_fails(schema_sqlite_refresh(&s, db, SCHEMA_SCOPE_ALL, NULL),
		     ERR_TARGET);
	assert_int_equal(s.by_path.n, 0);
	schema_release(&s);
	sqlite3_close(db);
	unlink(path);
}

static void find__ignores_case_as_sqlite_does(void **state)
{
	struct watch w;

	(void)state;
	watch_init(&w, "CREATE TABLE Users (a); CREATE VIEW \"É\" AS SELECT 1;"
		       "CREATE TRIGGER users AFTER INSERT ON Users BEGIN"
		       " SELECT 1; END");
	assert_string_equal(schema_find(&w.s, "table", "USERS")->name, "Users");
	assert_string_equal(schema_find(&w.s, "table", "Users")->path,
			    "tables/Users.sql");
	assert_string_equal(schema_find(&w.s, "trigger", "Users")->name,
			    "users");
	assert_null(schema_find(&w.s, "view", "Users"));
	assert_null(schema_find(&w.s, "view", "é"));
	assert_null(schema_find(&w.s, "table", ""));
	w.s.ignores_case = false;
	assert_null(schema_find(&w.s, "table", "USERS"));
	watch_release(&w);
}

static void paths__are_safe_and_apart(void **state)
{
	static const char *const names[] = {
		"a/b", "..",    ".git",     ".",       "a\nb",
		"",    "git~1", "%2Fx",     "\x1b[1m", "con",
		"ü",   "a\\b",  "\xff\xfe", "x y",     "tables/x.sql",
	};
	sqlite3 *db = db_open();
	struct schema s;
	struct buf sql = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		buf_reset(&sql);
		buf_addstr(&sql, "CREATE TABLE ");
		sql_quote_name(&sql, names[i]);
		buf_addstr(&sql, " (a)");
		db_exec(db, buf_str(&sql));
	}
	for (unsigned i = 0; i < 2; i++) {
		buf_reset(&sql);
		buf_addstr(&sql, "CREATE TABLE \"");
		for (unsigned k = 0; k < 300; k++)
			buf_addch(&sql, 'x');
		buf_addf(&sql, "%u\" (a)", i);
		db_exec(db, buf_str(&sql));
	}
	schema_of(&s, db);
	assert_int_equal(s.by_path.n, ARRAY_LEN(names) + 2);
	map_each (&s.by_path, e) {
		const struct schema_object *o = e->value;
		const char *file = o->path + strlen("tables/");

		assert_string_equal(e->key, o->path);
		assert_memory_equal(o->path, "tables/", 7);
		assert_null(strchr(file, '/'));
		assert_true(file[0] != '.');
		assert_true(strlen(file) <= 204);
		assert_ptr_equal(schema_find(&s, "table", o->name), o);
	}
	schema_release(&s);
	buf_release(&sql);
	sqlite3_close(db);
}

/* writable_schema can hold anything. */
static void refresh__survives_a_hostile_catalog(void **state)
{
	static const char *const rows[] = {
		"('table', 'x', 'x', 0, NULL)",
		"('table', NULL, NULL, 0, 'CREATE TABLE y (a')",
		"(NULL, 'x', 'y', 0, 'CREATE TABLE x (a)')",
		"('table', 'z', 'z', 0, 'CREATE TABLE z (a' || char(0) || ')')",
		"('index', 'i', 'gone', 0, 'CREATE INDEX i ON gone (\"a\")')",
		"('view', 'v', 'v', 0, x'ff00fe')",
		"('trigger', 'g', 'g', 0, 'CREATE TRIGGER g')",
		"('kind', 'k', 'k', 0, 'CREATE KIND k')",
		"(1, 2, 3, 4, 5)",
		"('table', 'dup', 'dup', 0, 'CREATE TABLE dup (a)')",
		"('table', 'dup', 'dup', 0, 'CREATE TABLE dup (b)')",
		"('table', '', '', 0, 'CREATE VIRTUAL')",
		"('table', 'vt_a', 'vt_a', 0, 'create virtual table vt')",
		"('table', '_', '_', 0, '((((')",
		"('view', 'dup', 'dup', 0, zeroblob(1000))",
	};
	sqlite3 *db = db_with("CREATE TABLE fine (a)");
	struct schema s;
	struct schema_delta d;
	struct buf out = BUF_INIT;

	(void)state;
	schema_of(&s, db);
	schema_delta_init(&d);
	db_exec(db, "PRAGMA writable_schema = on");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *sql = xasprintf("INSERT INTO sqlite_master VALUES %s",
				      rows[i]);
		char *a, *b;
		struct schema fresh;

		db_exec(db, sql);
		assert_ok(schema_sqlite_refresh(&s, db, SCHEMA_SCOPE_ALL, &d));
		schema_of(&fresh, db);
		a = tree_of(&s, false);
		b = tree_of(&fresh, false);
		assert_string_equal(a, b);
		free(a);
		free(b);
		free(sql);
		schema_release(&fresh);
	}
	assert_non_null(map_get(&s.by_path, "tables/dup.sql"));
	assert_non_null(map_get(&s.by_path, "tables/dup~2.sql"));
	schema_delta_encode(&out, &d);
	schema_delta_release(&d);
	schema_release(&s);
	buf_release(&out);
	sqlite3_close(db);
}

/* Microseconds for SQLite alone to give all rows of its catalog. */
static int64_t bare_reading(sqlite3 *db)
{
	int64_t from = clock_steady_us();
	char *rows = db_rows(db, "SELECT * FROM sqlite_master");

	free(rows);
	return clock_steady_us() - from;
}

/* 1,000 tables read again must cost far less than a migration does. */
static void refresh__of_an_unchanged_schema_is_cheap(void **state)
{
	sqlite3 *db = db_with("BEGIN");
	struct schema s;
	int64_t best = INT64_MAX, bare = INT64_MAX, first;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char *sql = xasprintf(
			"CREATE TABLE t%u (id INTEGER PRIMARY KEY, "
			"name TEXT NOT NULL DEFAULT '', ref INT REFERENCES "
			"t%u (id) ON DELETE CASCADE, CHECK (length(name) < "
			"%u))",
			i, i / 2, i);

		db_exec(db, sql);
		free(sql);
	}
	schema_init(&s);
	first = clock_steady_us();
	assert_ok(schema_sqlite_refresh(&s, db, SCHEMA_SCOPE_ALL, NULL));
	first = clock_steady_us() - first;
	for (unsigned i = 0; i < 20; i++) {
		int64_t from = clock_steady_us();
		struct schema_delta d;

		schema_delta_init(&d);
		assert_ok(schema_sqlite_refresh(&s, db, SCHEMA_SCOPE_ALL, &d));
		from = clock_steady_us() - from;
		if (from < best)
			best = from;
		from = bare_reading(db);
		if (from < bare)
			bare = from;
		assert_int_equal(d.n, 0);
		schema_delta_release(&d);
	}
	print_message(
		"first reading %lld us, unchanged %lld us, bare %lld us\n",
		(long long)first, (long long)best, (long long)bare);
	assert_true(best < 3 * bare);
	schema_release(&s);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refresh__says_what_changed),
		cmocka_unit_test(refresh__appended_reads_what_is_new),
		cmocka_unit_test(refresh__keeps_objects_that_did_not_change),
		cmocka_unit_test(refresh__leaves_out_what_is_not_the_users),
		cmocka_unit_test(refresh__leaves_out_shadow_tables),
		cmocka_unit_test(refresh__fails_without_a_change),
		cmocka_unit_test(refresh__fails_on_what_is_no_database),
		cmocka_unit_test(find__ignores_case_as_sqlite_does),
		cmocka_unit_test(paths__are_safe_and_apart),
		cmocka_unit_test(refresh__survives_a_hostile_catalog),
		cmocka_unit_test(refresh__of_an_unchanged_schema_is_cheap),
	};

	return cmocka_run_group_tests_name("schema/inspect", tests, NULL, NULL);
}
