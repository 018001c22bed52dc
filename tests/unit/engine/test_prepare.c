#include "support/unit.h"

#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* What is refused before anything runs, and what is put right. */
static void ready_init__refuses_what_cannot_be_undone(void **state)
{
	static const struct {
		const char *sql, *text, *hint;
		unsigned line;
	} cases[] = {
		{ "CREATE TABLE t(x);\nBEGIN;\nINSERT INTO t VALUES (1);",
		  "a transaction command inside a migration",
		  "BEGIN ... COMMIT around the whole file is fine", 2 },
		{ "CREATE TABLE t(x);\n\nCOMMIT;",
		  "a transaction command inside", "transaction of its own", 3 },
		{ "ROLLBACK;", "a transaction command inside", NULL, 1 },
		{ "SAVEPOINT s;\nCREATE TABLE t(x);\nRELEASE s;",
		  "a transaction command inside", NULL, 1 },
		{ "BEGIN;\nCREATE TABLE t(x);\nCOMMIT;\nBEGIN;\nCREATE TABLE "
		  "u(x);\nCOMMIT;",
		  "a transaction command inside", NULL, 3 },
		{ "BEGIN;\nCREATE TABLE t(x);", "a transaction command", NULL,
		  1 },
		{ "BEGIN;\nCREATE TABLE t(x);\nROLLBACK;",
		  "a transaction command", NULL, 1 },
		{ "CREATE TABLE t(x);\nEND;", "a transaction command", NULL,
		  2 },
		{ "CREATE TABLE t(x);\nVACUUM;",
		  "VACUUM cannot run in a transaction, and line 1 can only run "
		  "in one",
		  "transaction:false", 2 },
		{ "VACUUM;\nCREATE TABLE t(x);",
		  "VACUUM cannot run in a transaction, and line 2",
		  "migration of its own", 1 },
		{ "PRAGMA journal_mode = WAL;\nCREATE TABLE t(x);",
		  "PRAGMA cannot run in a transaction, and line 2", NULL, 1 },
		{ "PRAGMA foreign_keys = OFF;\nVACUUM;",
		  "VACUUM cannot run in a transaction, and line 2", NULL, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct engine_apply_options dry = { .dry_run = true };
		struct eworld w;

		eworld_open(&w);
		eworld_write(&w, "1_a", "CREATE TABLE a(x);");
		eworld_add(&w, "2_b", cases[i].sql);
		eworld_expect_at(eworld_apply(&w, &dry), ERR_INPUT,
				 cases[i].text, "migrations/2_b.sql",
				 cases[i].line);
		eworld_expect(eworld_apply(&w, NULL), ERR_INPUT, cases[i].text,
			      cases[i].hint);
		/* nothing of the set ran, and no file was made */
		assert_false(eworld_has_database(&w));
		eworld_close(&w);
	}
}

static void ready_init__unwraps_a_transaction_around_it_all(void **state)
{
	static const char *const wraps[] = {
		"BEGIN;\nCREATE TABLE t(x);\nINSERT INTO t VALUES "
		"(1);\nCOMMIT;",
		"BEGIN TRANSACTION; CREATE TABLE t(x); INSERT INTO t VALUES "
		"(1); END TRANSACTION;",
		"begin immediate; CREATE TABLE t(x); INSERT INTO t VALUES (1); "
		"commit",
		"-- why\nBEGIN EXCLUSIVE;\nCREATE TABLE t(x);\nINSERT INTO t "
		"VALUES (1);\nEND;\n-- done\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wraps); i++) {
		struct eworld w;

		eworld_open(&w);
		eworld_add(&w, "1_a", wraps[i]);
		assert_ok(eworld_apply(&w, NULL));
		assert_int_equal(w.run.steps[0].statements, 2);
		assert_int_equal(eworld_int(&w, "SELECT count(*) FROM t"), 1);
		assert_ok(eworld_back(&w, 1));
		assert_int_equal(eworld_int(&w, "SELECT count(*) FROM "
						"sqlite_schema WHERE name = "
						"'t'"),
				 0);
		eworld_close(&w);
	}
}

static void ready_init__takes_an_empty_transaction(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a", "BEGIN;\nCOMMIT;");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 1);
	assert_int_equal(w->run.steps[0].statements, 0);
	assert_ok(eworld_back(w, 1));
	eworld_check_ledger(w);
}

static void ready_init__says_where_a_text_cannot_be_read(void **state)
{
	struct eworld *w = *state;

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_add(w, "2_b", "CREATE TABLE b(x);\nSELECT 'no end");
	eworld_expect(eworld_apply(w, NULL), ERR_INPUT, "", NULL);
	assert_false(eworld_has_database(w));
	eworld_add(w, "2_b", "");
	eworld_expect(eworld_apply(w, NULL), ERR_INPUT, "", NULL);
	assert_false(eworld_has_database(w));
}

static void ready_init__lets_lone_statements_be_lone(void **state)
{
	struct eworld *w = *state;

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b", "VACUUM;");
	eworld_write(w, "3_c", "PRAGMA journal_mode = WAL;\nVACUUM;");
	eworld_write(w, "4_d", "INSERT INTO a VALUES (1);");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	assert_false(w->run.steps[0].no_transaction);
	assert_true(w->run.steps[1].no_transaction);
	assert_true(w->run.steps[2].no_transaction);
	assert_int_equal(w->run.n_done, 4);
	eworld_check_ledger(w);
	assert_ok(eworld_back(w, 4));
	eworld_check_ledger(w);
}

static const char *const parents =
	"CREATE TABLE p(id INTEGER PRIMARY KEY);\n"
	"CREATE TABLE c(p REFERENCES p);\n"
	"INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1), (2);";

/* PRAGMA foreign_keys counts, though it cannot inside of a transaction. */
static void make_settings__turns_foreign_keys_off(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	w->cfg.foreign_keys = true;
	eworld_add(w, "1_a", parents);
	assert_ok(eworld_apply(w, NULL));
	eworld_dump(w, &before);
	eworld_add(w, "2_b",
		   "PRAGMA foreign_keys = OFF;\n"
		   "CREATE TABLE q(id INTEGER PRIMARY KEY, n);\n"
		   "INSERT INTO q(id) SELECT id FROM p;\n"
		   "DROP TABLE p;\nALTER TABLE q RENAME TO p;\n"
		   "PRAGMA foreign_keys = ON;");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM c"), 2);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "pragma_table_info('p')"),
			 2);
	/* the next one has them on again */
	eworld_add(w, "3_c", "INSERT INTO c VALUES (99);");
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "FOREIGN KEY", NULL);
	assert_ok(eworld_back(w, 1));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "foreign keys off");
	buf_release(&before);
	buf_release(&after);
}

static void make_settings__counts_new_violations(void **state)
{
	struct eworld *w = *state;

	w->cfg.foreign_keys = true;
	eworld_add(w, "1_a", parents);
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "2_b",
		   "PRAGMA foreign_keys = OFF;\nDELETE FROM p WHERE id = 1;");
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET,
		      "1 row violates foreign keys after the migration, 0 did "
		      "before",
		      "foreign_key_check");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM p"), 2);
	eworld_check_ledger(w);
	/* what was broken before may stay broken */
	eworld_sql(w, "DELETE FROM p WHERE id = 2");
	eworld_add(w, "2_b", "PRAGMA foreign_keys = OFF;\nCREATE TABLE z(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_check_ledger(w);
}

static void make_settings__turns_foreign_keys_on(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a", parents);
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "2_b",
		   "PRAGMA foreign_keys = ON;\nINSERT INTO c VALUES (99);");
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "FOREIGN KEY", NULL);
	eworld_add(w, "2_b", "INSERT INTO c VALUES (99);");
	assert_ok(eworld_apply(w, NULL));
	eworld_check_ledger(w);
}

static void apply__ends_a_group_at_a_setting(void **state)
{
	struct eworld *w = *state;

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b",
		     "PRAGMA defer_foreign_keys = ON;\nCREATE TABLE b(x);");
	eworld_write(w, "3_c",
		     "CREATE TEMP TABLE scratch(x);\nINSERT INTO scratch "
		     "VALUES (1);\nCREATE TABLE c(x);\nINSERT INTO c SELECT x "
		     "FROM scratch;");
	eworld_write(w, "4_d", "CREATE TEMP TABLE scratch(y);");
	eworld_write(w, "5_e", "PRAGMA user_version = 7;");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 5);
	assert_int_equal(eworld_int(w, "SELECT x FROM c"), 1);
	assert_int_equal(eworld_int(w, "PRAGMA user_version"), 7);
	assert_ok(eworld_back(w, 5));
	assert_int_equal(eworld_int(w, "PRAGMA user_version"), 0);
	eworld_check_ledger(w);
}

static void apply__runs_a_batch_as_one(void **state)
{
	struct eworld *w = *state;

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_add(w, "2_b", "-- migrate:batch 1000\nUPDATE a SET x = 1;");
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "hint: 2_b is a batch migration; it runs as one "
			      "transaction");
	assert_int_equal(eworld_int(w, "SELECT batch_size FROM "
				       "git_migrate_history WHERE name = "
				       "'2_b'"),
			 1000);
}

static void apply__ends_a_statement_at_its_time(void **state)
{
	struct eworld *w = *state;

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_add(w, "2_b",
		   "-- migrate:statement-timeout 20ms\n"
		   "INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
		   "SELECT i + 1 FROM n LIMIT 100000000) SELECT i FROM n;");
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "", NULL);
	/* the interrupt took the group along: 1_a was done again */
	assert_int_equal(w->run.n_done, 1);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 0);
	eworld_check_ledger(w);
	eworld_add(w, "2_b",
		   "-- migrate:statement-timeout 20s\nINSERT INTO a VALUES "
		   "(1);");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_init__refuses_what_cannot_be_undone),
		cmocka_unit_test(
			ready_init__unwraps_a_transaction_around_it_all),
		eworld_test(ready_init__takes_an_empty_transaction),
		eworld_test(ready_init__says_where_a_text_cannot_be_read),
		eworld_test(ready_init__lets_lone_statements_be_lone),
		eworld_test(make_settings__turns_foreign_keys_off),
		eworld_test(make_settings__counts_new_violations),
		eworld_test(make_settings__turns_foreign_keys_on),
		eworld_test(apply__ends_a_group_at_a_setting),
		eworld_test(apply__runs_a_batch_as_one),
		eworld_test(apply__ends_a_statement_at_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
