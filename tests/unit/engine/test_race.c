#include "support/unit.h"

#include "base/util.h"
#include "support/engine_world.h"

/* Somebody else writes to the journal while a run is on its way. */

static void append_event(void *payload)
{
	eworld_sql(payload,
		   "CREATE TEMP TABLE h AS SELECT * FROM git_migrate_history "
		   "ORDER BY seq DESC LIMIT 1;"
		   "CREATE TEMP TABLE l AS SELECT * FROM git_migrate_ledger "
		   "ORDER BY seq DESC LIMIT 1;"
		   "UPDATE h SET seq = seq + 1, commit_hash = "
		   "CASE WHEN commit_hash LIKE 'f%' THEN 'e' ELSE 'f' END || "
		   "substr(commit_hash, 2);"
		   "UPDATE l SET seq = seq + 1;"
		   "INSERT INTO git_migrate_history SELECT * FROM h;"
		   "INSERT INTO git_migrate_ledger SELECT * FROM l;");
}

static void start(struct eworld *w)
{
	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "2_b", "CREATE TABLE b(x);");
	w->store.payload = w;
	w->store.on_call = append_event;
	w->store.on_op = MEMORY_LEDGER_SET_PARENT;
}

static void fence__stops_an_apply_that_was_overtaken(void **state)
{
	struct eworld *w = *state;

	start(w);
	eworld_expect(eworld_apply(w, NULL), ERR_STATE,
		      "another run changed the database while this one was "
		      "planned",
		      "run the command again");
	assert_null(w->store.on_call);
	assert_int_equal(w->run.n_done, 0);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema "
				       "WHERE name = 'b'"),
			 0);
}

static void fence__stops_a_rollback_that_was_overtaken(void **state)
{
	struct eworld *w = *state;

	start(w);
	eworld_expect(eworld_back(w, 1), ERR_STATE,
		      "another run changed the database", NULL);
	assert_int_equal(w->run.n_done, 0);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema "
				       "WHERE name = 'a'"),
			 1);
}

static void waiting__says_for_whom(void **state)
{
	struct eworld *w = *state;
	struct engine *e = NULL;
	struct engine_identity id;

	start(w);
	w->store.on_call = NULL;
	/* an engine that accepted keeps the runner lock until it is closed */
	assert_ok(engine_open(&e, &w->store.base, &w->cfg, NULL));
	assert_ok(engine_accept(e, false, &id));
	err_free(eworld_apply(w, NULL));
	engine_close(e);
	eworld_has(&w->notes, "hint: waiting for another run: ");
	assert_ok(eworld_apply(w, NULL));
	eworld_check_ledger(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(fence__stops_an_apply_that_was_overtaken),
		eworld_test(fence__stops_a_rollback_that_was_overtaken),
		eworld_test(waiting__says_for_whom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
