#include "trip.h"

/* What capture writes, to the letter, and when it says no. */

struct golden {
	const char *name;
	const char *setup, *migration;
	const char *file, *text; /* NULL: no snapshot at all */
};

#define USERS                                                       \
	"CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT, n INT);" \
	"INSERT INTO u VALUES (1,'ann',10),(2,'bob',20),(3,'cyd',30);"

static const struct golden goldens[] = {
	{ "changed", USERS, "UPDATE u SET n = 11 WHERE id = 1", "rows/1",
	  "~\t1\t=YEj\t10\t11\n" },
	{ "changed twice", USERS,
	  "UPDATE u SET n = 5 WHERE id = 1; UPDATE u SET n = 6 WHERE id = 1",
	  "rows/1", "~\t1\t=YEj\t10\t6\n" },
	{ "gone", USERS, "DELETE FROM u WHERE id = 2", "rows/1",
	  "-\t2\t'bob\t20\n" },
	{ "dropped", USERS, "DROP TABLE u", "rows/1",
	  "-\t1\t'ann\t10\n-\t2\t'bob\t20\n-\t3\t'cyd\t30\n" },
	{ "a column gone", USERS "DELETE FROM u WHERE id > 1;",
	  "ALTER TABLE u DROP COLUMN name", "rows/1", "~\t1\t'ann\t!\t=rR3\n" },
	{ "moved", USERS "DELETE FROM u WHERE id > 1;",
	  "UPDATE u SET id = 9, n = NULL", "rows/1",
	  "-\t1\t'ann\t10\n+\t9\t=YEj\t=5TC\n" },
	{ "without rowid",
	  "CREATE TABLE k(b TEXT, v, a INT, PRIMARY KEY (a, b)) WITHOUT "
	  "ROWID; INSERT INTO k VALUES ('x',1,2);",
	  "DELETE FROM k", "rows/1", "-\t2\t'x\t1\n" },
	{ "a long value", "CREATE TABLE b(x); INSERT INTO b VALUES (1);",
	  "UPDATE b SET x = zeroblob(300)", "rows/1",
	  "~\t1\t1\t#8f07ab7c45f899b3\n" },
	{ "nothing changed", USERS, "UPDATE u SET n = n", NULL, NULL },
	{ "changed and back", USERS,
	  "UPDATE u SET n = n + 1; UPDATE u SET n = n - 1", NULL, NULL },
	{ "came and went", USERS,
	  "INSERT INTO u VALUES (9,'x',1); DELETE FROM u WHERE id = 9", NULL,
	  NULL },
	{ "what it made itself", USERS,
	  "CREATE TABLE m(x); INSERT INTO m VALUES (1); UPDATE m SET x = 2; "
	  "DELETE FROM m; DROP TABLE m",
	  NULL, NULL },
	{ "only definitions", USERS,
	  "CREATE INDEX i ON u(n); ALTER TABLE u ADD COLUMN x", NULL, NULL },
	{ "temporary tables", USERS,
	  "CREATE TEMP TABLE t(x); INSERT INTO t VALUES (1); UPDATE t SET x = "
	  "2; DROP TABLE t",
	  NULL, NULL },
	{ "the manifest",
	  "CREATE TABLE \"a b\"(id INTEGER PRIMARY KEY AUTOINCREMENT, v, w); "
	  "INSERT INTO \"a b\"(v) VALUES (1),(2);",
	  "ALTER TABLE \"a b\" RENAME TO c; ALTER TABLE c RENAME COLUMN v TO "
	  "\"x-%\"; ALTER TABLE c DROP COLUMN w; DELETE FROM c WHERE id = 1",
	  "manifest",
	  "git-migrate snapshot 1\n"
	  "table a%20b c rows/1 0 1 1 1 2 0\n"
	  "column v x-%25\n"
	  "column w -\n"
	  "sequence a%20b c 2 2 1\n" },
};

static void capture__writes(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(goldens); i++) {
		const struct golden *g = &goldens[i];
		struct buf text = BUF_INIT;
		struct world_event ev;
		struct world w;

		assert_ok(world_open(&w, true));
		assert_ok(world_exec(&w, g->setup));
		assert_ok(world_apply(&w, g->migration, &ev));
		if (g->file)
			memory_snapshot_text(&ev.files, g->file, &text);
		if (ev.kept.any != (g->file != NULL) ||
		    (!g->file && ev.files.n) ||
		    (g->file && !streq(buf_str(&text), g->text))) {
			print_error("%s: any %d, %s", g->name, ev.kept.any,
				    buf_str(&text));
			failed++;
		}
		world_event_release(&ev);
		world_close(&w);
		buf_release(&text);
	}
	assert_int_equal(failed, 0);
}

static void capture__counts_lines_and_bytes(void **state)
{
	struct world_event ev;
	struct world w;

	(void)state;
	assert_ok(world_open(&w, true));
	assert_ok(world_exec(&w, USERS));
	assert_ok(world_apply(&w, "DELETE FROM u WHERE id < 3", &ev));
	assert_int_equal(ev.kept.rows, 2);
	assert_int_equal(ev.kept.bytes,
			 strlen("-\t1\t'ann\t10\n-\t2\t'bob\t20\n"));
	world_event_release(&ev);
	world_close(&w);
}

/* The migration fails with this, and nothing of it stays. */
static void expect_refusal(struct world *w, const char *migration,
			   enum err_class cls, size_t fail_after)
{
	struct buf before = BUF_INIT;
	struct world_event ev;
	struct sql_script script;
	struct err *err;

	assert_ok(world_dump(w, &before));
	if (!fail_after) {
		assert_fails(world_apply(w, migration, &ev), cls);
		world_event_release(&ev);
	} else {
		struct memory_snapshot m;
		struct schema_delta delta;
		struct capture_result kept;
		struct arena a = ARENA_INIT;

		memory_snapshot_init(&m);
		m.fail_after = fail_after;
		schema_delta_init(&delta);
		assert_ok(sql_split(&script, SQL_SQLITE, migration,
				    strlen(migration), 1));
		assert_ok(target_begin(w->t));
		capture_begin(w->capture, &m.out, &script);
		err = capture_before(w->capture, 0);
		if (!err)
			err = target_run(w->t, &script.statements[0]);
		if (!err)
			err = capture_after(w->capture, 0);
		if (!err)
			err = capture_finish(w->capture, &delta, &a, &kept);
		assert_fails(err, cls);
		capture_abort(w->capture);
		target_rollback(w->t);
		schema_delta_release(&delta);
		sql_script_release(&script);
		arena_release(&a);
		memory_snapshot_release(&m);
	}
	assert_ok(trip_expect(w, buf_str(&before), "after a refusal"));
	buf_release(&before);
}

static void capture__refuses_what_has_no_address(void **state)
{
	struct world w;

	(void)state;
	assert_ok(world_open(&w, true));
	assert_ok(world_exec(&w, "CREATE TABLE t(rowid, oid, _rowid_ TEXT); "
				 "INSERT INTO t VALUES (1,2,3)"));
	expect_refusal(&w, "UPDATE t SET oid = 5", ERR_REFUSED, 0);
	expect_refusal(&w, "DROP TABLE t", ERR_REFUSED, 0);
	world_close(&w);
}

static void capture__passes_the_store_s_error_on(void **state)
{
	struct world w;

	(void)state;
	assert_ok(world_open(&w, true));
	assert_ok(world_exec(&w, USERS));
	expect_refusal(&w, "DROP TABLE u", ERR_STORE, 1);
	expect_refusal(&w, "UPDATE u SET n = 0", ERR_STORE, 1);
	expect_refusal(&w, "UPDATE u SET n = 0", ERR_STORE, 2);
	world_close(&w);
}

static void capture__stops_at_its_limit(void **state)
{
	const struct capture_options opt = { .scratch_dir = "/tmp",
					     .limit = 30 };
	struct world w;

	(void)state;
	assert_ok(world_open(&w, true));
	assert_ok(world_exec(&w, USERS));
	capture_close(w.capture);
	assert_ok(capture_open(&w.capture, w.t, &opt));
	expect_refusal(&w, "DROP TABLE u", ERR_REFUSED, 0);
	expect_refusal(&w, "DELETE FROM u", ERR_REFUSED, 0);
	expect_refusal(&w, "UPDATE u SET n = 0", ERR_REFUSED, 0);
	world_close(&w);
}

/* A migration that fails half way leaves capture ready for the next. */
static void capture__starts_again_after_a_failure(void **state)
{
	static const struct trip after = { "after", USERS,
					   "UPDATE u SET n = 0" };
	struct buf before = BUF_INIT, made = BUF_INIT;
	struct world_event ev;
	struct world w;

	(void)state;
	assert_ok(world_open(&w, true));
	assert_ok(world_exec(&w, after.setup));
	assert_ok(world_dump(&w, &before));
	assert_fails(world_apply(&w,
				 "UPDATE u SET n = 1; DROP TABLE u; SELECT x",
				 &ev),
		     ERR_TARGET);
	world_event_release(&ev);
	assert_ok(trip_once(&w, after.migration, buf_str(&before), &made));
	world_close(&w);
	buf_release(&before);
	buf_release(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capture__writes),
		cmocka_unit_test(capture__counts_lines_and_bytes),
		cmocka_unit_test(capture__refuses_what_has_no_address),
		cmocka_unit_test(capture__passes_the_store_s_error_on),
		cmocka_unit_test(capture__stops_at_its_limit),
		cmocka_unit_test(capture__starts_again_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
