#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/snapshots_database.h"
#include "support/engine_world.h"

/* Where snapshots go: into the clone, or beside the journal. */

static void ground(struct eworld *w)
{
	eworld_sql(w, "CREATE TABLE a(id INTEGER PRIMARY KEY, x, y);"
		      "CREATE TABLE b(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
		      "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
		      "FROM i WHERE n < 2000) INSERT INTO a SELECT n, "
		      "'text of row ' || n, n * 1.5 FROM i;"
		      "INSERT INTO b VALUES ('p', 1), ('q', NULL), ('r', "
		      "x'00ff');");
}

static int64_t count(struct eworld *w, const char *table)
{
	char *sql = xasprintf("SELECT count(*) FROM git_migrate_%s", table);
	int64_t n = eworld_int(w, sql);

	free(sql);
	return n;
}

/* What a program that is no git-migrate does to the tables. */
static void spoil(struct eworld *w, const char *sql)
{
	eworld_sql(w, "DROP TRIGGER git_migrate_chunks_no_update;"
		      "DROP TRIGGER git_migrate_chunks_no_delete;"
		      "DROP TRIGGER git_migrate_snapshot_files_no_update;"
		      "DROP TRIGGER git_migrate_snapshot_files_no_delete;"
		      "DROP TRIGGER git_migrate_snapshots_no_update;"
		      "DROP TRIGGER git_migrate_snapshots_no_delete;"
		      "DROP TRIGGER git_migrate_history_no_update;");
	eworld_sql(w, sql);
}

static void database__takes_what_a_migration_destroys(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT, b = BUF_INIT;

	w->cfg.snapshot_store = "database";
	ground(w);
	eworld_dump(w, &before);
	eworld_add(w, "1_a", "UPDATE a SET x = upper(x); DELETE FROM b;");
	eworld_add(w, "2_b", "DROP TABLE a; DROP TABLE b;");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(memory_store_count_kept(&w->store, false), 0);
	assert_int_equal(memory_store_count_kept(&w->store, true), 0);
	assert_int_equal(w->store.calls[MEMORY_SINK_OPEN], 0);
	assert_int_equal(count(w, "snapshots"), 2);
	assert_string_equal(
		eworld_ask(w, &b,
			   "SELECT snapshot_store, s.chunks = (SELECT count(*) "
			   "FROM git_migrate_snapshot_files f WHERE f.snapshot "
			   "= s.number), s.bytes = (SELECT sum(k.size) FROM "
			   "git_migrate_snapshot_files f JOIN "
			   "git_migrate_chunks k ON k.id = f.chunk WHERE "
			   "f.snapshot = s.number) FROM git_migrate_history h "
			   "JOIN git_migrate_snapshots s ON s.id = h.snapshot "
			   "ORDER BY h.seq"),
		"database|1|1\ndatabase|1|1\n");
	assert_ok(eworld_back(w, 2));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "both rolled back");
	assert_int_equal(w->store.calls[MEMORY_READER_OPEN], 0);
	eworld_check_ledger(w);
	buf_release(&before);
	buf_release(&after);
	buf_release(&b);
}

static void database__stores_a_chunk_once(void **state)
{
	struct eworld *w = *state;
	int64_t n;

	w->cfg.snapshot_store = "database";
	ground(w);
	eworld_add(w, "1_a", "DROP TABLE a;");
	assert_ok(eworld_apply(w, NULL));
	n = count(w, "chunks");
	assert_true(n > 2);
	assert_ok(eworld_back(w, 1));
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(count(w, "chunks"), n);
	assert_int_equal(count(w, "snapshot_files"), 2 * n);
	/* the same files in the same order: the same id */
	assert_int_equal(eworld_int(w, "SELECT count(DISTINCT id) FROM "
				       "git_migrate_snapshots"),
			 1);
	assert_ok(eworld_back(w, 1));
}

static void database__takes_rows_of_any_size(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	w->cfg.snapshot_store = "database";
	eworld_sql(w, "CREATE TABLE big(id INTEGER PRIMARY KEY, x);"
		      "INSERT INTO big VALUES (1, zeroblob(3000000)), "
		      "(2, randomblob(4000000)), (3, 'small'), "
		      "(4, randomblob(300000)), (5, randomblob(5000000));");
	eworld_dump(w, &before);
	eworld_add(w, "1_a", "DROP TABLE big;");
	assert_ok(eworld_apply(w, NULL));
	assert_true(eworld_int(w, "SELECT max(size) FROM git_migrate_chunks") <=
		    (int64_t)CHUNK_MAX);
	assert_ok(eworld_back(w, 1));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "rolled back");
	buf_release(&before);
	buf_release(&after);
}

/* Rows that came later are set aside in the database as well. */
static void database__takes_the_park(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	w->cfg.snapshot_store = "database";
	eworld_add(w, "1_a", "CREATE TABLE t(x);");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(count(w, "snapshots"), 0);
	eworld_sql(w, "INSERT INTO t VALUES (1), (2)");
	assert_ok(eworld_back(w, 1));
	assert_int_equal(count(w, "snapshots"), 1);
	assert_string_equal(
		eworld_ask(w, &b,
			   "SELECT event, snapshot_store, parked, snapshot = "
			   "(SELECT id FROM git_migrate_snapshots) FROM "
			   "git_migrate_history ORDER BY seq DESC LIMIT 1"),
		"rollback|database|2|1\n");
	assert_int_equal(memory_store_count_kept(&w->store, false), 0);
	buf_release(&b);
}

/* What was written is read where it was written, whatever is set now. */
static void source__is_where_history_says(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT, b = BUF_INIT;

	ground(w);
	eworld_dump(w, &before);
	eworld_add(w, "1_a", "DELETE FROM b;");
	assert_ok(eworld_apply(w, NULL));
	w->cfg.snapshot_store = "database";
	eworld_add(w, "2_b", "DROP TABLE a;");
	assert_ok(eworld_apply(w, NULL));
	w->cfg.snapshot_store = "clone";
	eworld_add(w, "3_c",
		   "UPDATE b SET v = 9; INSERT INTO b VALUES('z',1);");
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(eworld_ask(w, &b,
				       "SELECT substr(snapshot_store, 1, 6) "
				       "FROM git_migrate_history WHERE event = "
				       "'apply' ORDER BY seq"),
			    "clone@\ndataba\nclone@\n");
	assert_ok(eworld_back(w, 3));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "all rolled back");
	buf_release(&before);
	buf_release(&after);
	buf_release(&b);
}

static void source__of_an_unknown_place_is_refused(void **state)
{
	struct eworld *w = *state;

	w->cfg.snapshot_store = "database";
	ground(w);
	eworld_add(w, "1_a", "DROP TABLE a;");
	assert_ok(eworld_apply(w, NULL));
	spoil(w, "UPDATE git_migrate_history SET snapshot_store = 'cloud:up' "
		 "WHERE event = 'apply'");
	eworld_expect(eworld_back(w, 1), ERR_REFUSED,
		      "is kept in 'cloud:up', which this git-migrate does not "
		      "know",
		      "upgrade git-migrate");
}

/* Each kind of damage is seen, said, and nothing is changed. */
static void source__sees_what_was_changed(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{ "UPDATE git_migrate_chunks SET data = substr(data, 2) WHERE "
		  "rowid = 1",
		  "a chunk does not unpack" },
		{ "UPDATE git_migrate_chunks SET size = size + 1 WHERE rowid = "
		  "1",
		  "a chunk does not unpack" },
		{ "UPDATE git_migrate_chunks SET size = 1 << 40",
		  "a chunk is none of ours" },
		/* whole, but another's */
		{ "UPDATE git_migrate_chunks SET (size, data) = (SELECT size, "
		  "data FROM git_migrate_chunks WHERE rowid = 2) WHERE rowid = "
		  "1",
		  "a chunk is not what it was" },
		{ "DELETE FROM git_migrate_chunks WHERE rowid = 2",
		  "a chunk is missing" },
		{ "DELETE FROM git_migrate_snapshot_files WHERE position = 1",
		  "it has other chunks than it had" },
		{ "DELETE FROM git_migrate_snapshot_files",
		  "it has other chunks than it had" },
		{ "UPDATE git_migrate_snapshot_files SET position = -1 WHERE "
		  "position = 1",
		  "it has other chunks than it had" },
		{ "UPDATE git_migrate_snapshot_files SET position = 100 WHERE "
		  "position = 0",
		  "it has other chunks than it had" },
		{ "UPDATE git_migrate_snapshot_files SET path = 'rows/2' WHERE "
		  "position = 1",
		  "it has other chunks than it had" },
		{ "UPDATE git_migrate_snapshot_files SET path = "
		  "printf('%200d', 0)",
		  "a chunk is none of ours" },
		{ "UPDATE git_migrate_snapshots SET id = 'x'",
		  "is not in the database" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf before = BUF_INIT, after = BUF_INIT;
		struct eworld w;

		eworld_open(&w);
		w.cfg.snapshot_store = "database";
		ground(&w);
		eworld_add(&w, "1_a", "DROP TABLE a;");
		assert_ok(eworld_apply(&w, NULL));
		spoil(&w, cases[i].sql);
		eworld_dump(&w, &before);
		eworld_expect(eworld_back(&w, 1), ERR_STORE, cases[i].says,
			      NULL);
		eworld_dump(&w, &after);
		eworld_same(&before, &after, cases[i].sql);
		assert_int_equal(count(&w, "snapshots"), 1);
		buf_release(&before);
		buf_release(&after);
		eworld_close(&w);
	}
}

static void show__reads_the_manifest_alone(void **state)
{
	struct eworld *w = *state;
	struct engine_show s;

	w->cfg.snapshot_store = "database";
	ground(w);
	eworld_add(w, "1_a", "DROP TABLE a;");
	assert_ok(eworld_apply(w, NULL));
	/* not whole, but show does not ask for the rest */
	spoil(w, "DELETE FROM git_migrate_chunks WHERE rowid = 1");
	assert_ok(eworld_show(w, "1_a", &s));
	assert_string_equal(s.snapshot_summary, "a: 2000 deleted\n");
	assert_string_equal(s.last.snapshot_store, "database");
	engine_show_release(&s);
	eworld_sql(w, "DELETE FROM git_migrate_chunks");
	assert_ok(eworld_show(w, "1_a", &s));
	assert_non_null(strstr(s.snapshot_summary, "a chunk is missing"));
	engine_show_release(&s);
}

/* A member of a group that fails takes its chunks along, and no others. */
static void database__forgets_what_failed(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	w->cfg.snapshot_store = "database";
	ground(w);
	eworld_dump(w, &before);
	eworld_add(w, "1_a", "DELETE FROM b;");
	eworld_add(w, "2_b", "DROP TABLE a; INSERT INTO nowhere VALUES (1);");
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "nowhere", NULL);
	assert_int_equal(count(w, "snapshots"), 1);
	assert_int_equal(count(w, "snapshot_files"), 2);
	assert_int_equal(count(w, "chunks"), 2);
	eworld_add(w, "2_b", "DROP TABLE a;");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(count(w, "snapshots"), 2);
	assert_ok(eworld_back(w, 2));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "rolled back");
	buf_release(&before);
	buf_release(&after);
}

static void database__is_not_asked_over_the_limit(void **state)
{
	struct eworld *w = *state;

	w->cfg.snapshot_store = "database";
	w->cfg.snapshot_limit = 4000;
	ground(w);
	eworld_add(w, "1_a", "DELETE FROM b;");
	eworld_add(w, "2_b", "DELETE FROM a WHERE id > 0;");
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      "over its limit of 4000 bytes", "snapshotLimit");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 2000);
	assert_int_equal(count(w, "snapshots"), 1);
	assert_int_equal(count(w, "chunks"), 2);
}

static void database__takes_a_migration_in_steps(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	w->cfg.snapshot_store = "database";
	ground(w);
	eworld_dump(w, &before);
	eworld_add(w, "1_a",
		   "-- migrate:no-transaction\nDELETE FROM b;\nVACUUM;\n"
		   "UPDATE a SET x = id;\nVACUUM;\nDROP TABLE b;");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(count(w, "snapshots"), 2);
	assert_ok(eworld_back(w, 1));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "rolled back");
	buf_release(&before);
	buf_release(&after);
}

/* --- where only this clone would have it --- */

static void expect_refusal(struct eworld *w, const char *why)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	static const char hint[] =
		"migrate.dev.snapshotStore = database keeps snapshots in the "
		"database, remote:<name> in a git remote, or apply "
		"--no-snapshot, which makes the migration irreversible";

	eworld_dump(w, &before);
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED, why, hint);
	eworld_dump(w, &after);
	eworld_same(&before, &after, "refused");
	assert_int_equal(memory_store_count_kept(&w->store, true), 0);
	assert_int_equal(memory_store_count_kept(&w->store, false), 0);
	buf_release(&before);
	buf_release(&after);
}

static void clone__is_refused_where_it_would_be_lost(void **state)
{
	static const struct {
		bool is_protected, is_ci;
		const char *store, *why;
	} cases[] = {
		{ true, false, "clone",
		  "the migration destroys data, and the target is protected: a "
		  "snapshot in this clone would be the only one" },
		{ false, true, "clone",
		  "the migration destroys data, and CI is set: a snapshot in "
		  "this clone would be gone with it" },
		{ false, true, NULL, "and CI is set" },
		{ true, true, "clone", "and the target is protected" },
	};
	static const char *const destroys[] = {
		"DROP TABLE a;",
		"CREATE TABLE c(x); UPDATE a SET x = 1 WHERE id = 9;",
		"ALTER TABLE a DROP COLUMN y;",
		"DELETE FROM b WHERE k = 'q';",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(destroys); i++) {
		size_t k = i % ARRAY_LEN(cases);
		struct eworld w;

		eworld_open(&w);
		w.cfg.is_protected = cases[k].is_protected;
		w.cfg.is_ci = cases[k].is_ci;
		w.cfg.snapshot_store = cases[k].store;
		ground(&w);
		eworld_add(&w, "1_a", destroys[i / ARRAY_LEN(cases)]);
		expect_refusal(&w, cases[k].why);
		/* both ways out */
		assert_ok(eworld_apply(&w, &(struct engine_apply_options){
						   .no_snapshot = true }));
		eworld_add(&w, "2_b", "DELETE FROM a WHERE id > 1990;");
		w.cfg.snapshot_store = "database";
		if (eworld_int(&w, "SELECT count(*) FROM sqlite_schema WHERE "
				   "name = 'a'")) {
			assert_ok(eworld_apply(&w, NULL));
			assert_ok(eworld_back(&w, 1));
		}
		eworld_close(&w);
	}
}

/* What destroys nothing runs, and so does what came before in the group. */
static void clone__is_fine_while_nothing_is_kept(void **state)
{
	struct eworld *w = *state;

	w->cfg.snapshot_store = "clone";
	w->cfg.is_ci = true;
	ground(w);
	eworld_add(w, "1_a", "CREATE TABLE c(x); INSERT INTO c VALUES (1);");
	eworld_add(w, "2_b", "CREATE INDEX i ON a(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "3_c", "CREATE VIEW v AS SELECT 1;");
	eworld_add(w, "4_d", "DROP TABLE b;");
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED, "CI is set", NULL);
	assert_int_equal(w->run.n_done, 1);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM v"), 1);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM b"), 3);
	/* a refusal is no failure */
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "git_migrate_history WHERE event = "
				       "'failed'"),
			 0);
	eworld_check_ledger(w);
}

static void clone__takes_no_park_where_it_would_be_lost(void **state)
{
	struct eworld *w = *state;

	w->cfg.snapshot_store = "clone";
	eworld_add(w, "1_a", "CREATE TABLE t(x);");
	eworld_add(w, "2_b", "CREATE TABLE u(x);");
	assert_ok(eworld_apply(w, NULL));
	w->cfg.is_ci = true;
	assert_ok(eworld_back(w, 1)); /* u is empty */
	eworld_sql(w, "INSERT INTO t VALUES (1)");
	eworld_expect(eworld_back(w, 1), ERR_REFUSED,
		      "the rollback sets data aside, and CI is set",
		      "snapshotStore = database keeps snapshots in the "
		      "database");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM t"), 1);
	w->cfg.snapshot_store = "database";
	assert_ok(eworld_back(w, 1));
}

static void database__is_the_default_of_a_protected_target(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	ground(w);
	eworld_dump(w, &before);
	w->cfg.is_protected = true;
	eworld_add(w, "1_a", "DROP TABLE a;");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(count(w, "snapshots"), 1);
	/* the database remembers that it is protected */
	w->cfg.is_protected = false;
	eworld_add(w, "2_b", "DROP TABLE b;");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(count(w, "snapshots"), 2);
	assert_ok(eworld_back(w, 2));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "rolled back");
	buf_release(&before);
	buf_release(&after);
}

static void engine_has_snapshot_store__knows_all(void **state)
{
	(void)state;
	assert_true(engine_has_snapshot_store("clone"));
	assert_true(engine_has_snapshot_store("database"));
	assert_true(engine_has_snapshot_store("remote:origin"));
	assert_true(engine_has_snapshot_store("remote:a/b.c"));
	assert_false(engine_has_snapshot_store("remote"));
	assert_false(engine_has_snapshot_store("remote:"));
	assert_false(engine_has_snapshot_store("remote:-x"));
	assert_false(engine_has_snapshot_store("remote:a b"));
	assert_false(engine_has_snapshot_store("remote:a@b"));
	assert_false(engine_has_snapshot_store("clone@host"));
	assert_false(engine_has_snapshot_store("clone:x"));
	assert_false(engine_has_snapshot_store("Clone"));
	assert_false(engine_has_snapshot_store(""));
}

static void chunk_id__goes_to_bytes_and_back(void **state)
{
	static const char *const ids[] = {
		"", "00", "ff80017f", "0123456789abcdef0123456789abcdef01234567"
	};
	unsigned char bytes[CHUNK_ID_MAX];
	struct store_id back;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		size_t n = chunk_id_bytes(ids[i], bytes);

		assert_int_equal(n, strlen(ids[i]) / 2);
		chunk_id_print(bytes, n, &back);
		assert_string_equal(back.hex, ids[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(database__takes_what_a_migration_destroys),
		eworld_test(database__stores_a_chunk_once),
		eworld_test(database__takes_rows_of_any_size),
		eworld_test(database__takes_the_park),
		eworld_test(source__is_where_history_says),
		eworld_test(source__of_an_unknown_place_is_refused),
		cmocka_unit_test(source__sees_what_was_changed),
		eworld_test(show__reads_the_manifest_alone),
		eworld_test(database__forgets_what_failed),
		eworld_test(database__is_not_asked_over_the_limit),
		eworld_test(database__takes_a_migration_in_steps),
		cmocka_unit_test(clone__is_refused_where_it_would_be_lost),
		eworld_test(clone__is_fine_while_nothing_is_kept),
		eworld_test(clone__takes_no_park_where_it_would_be_lost),
		eworld_test(database__is_the_default_of_a_protected_target),
		cmocka_unit_test(engine_has_snapshot_store__knows_all),
		cmocka_unit_test(chunk_id__goes_to_bytes_and_back),
	};

	return cmocka_run_group_tests_name("engine/snapshots", tests, NULL,
					   NULL);
}
