#include "base/util.h"
#include "support/engine_world.h"
#include "support/unit.h"

/* apply --prove: what cannot be taken back is not applied. */

static const struct engine_apply_options proving = { .prove = true };

static void start(struct eworld *w)
{
	eworld_write(w, "1_a",
		     "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT);"
		     "INSERT INTO a VALUES (1, 'ann'), (2, 'bob');");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	eworld_write(w, "2_b", "UPDATE a SET n = upper(n);");
	eworld_write(w, "3_c", "CREATE TABLE c (x);");
	eworld_commit(w);
}

static void prove__leaves_what_is_applied(void **state)
{
	struct eworld *w = *state;

	start(w);
	assert_ok(eworld_apply(w, &proving));
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a WHERE n IN "
				       "('ANN', 'BOB')"),
			 2);
	eworld_check_ledger(w);
	assert_ok(eworld_back(w, 2));
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a WHERE n IN "
				       "('ann', 'bob')"),
			 2);
}

/* The snapshot that was just written cannot be read again. */
static void prove__refuses_a_snapshot_that_is_no_good(void **state)
{
	static const struct memory_fault fault = { MEMORY_READER_CHUNK, 1, 100,
						   ERR_STORE, false };
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	start(w);
	eworld_dump(w, &before);
	memory_store_fail(&w->store, &fault);
	eworld_expect(eworld_apply(w, &proving), ERR_REFUSED,
		      "the rollback would not be exact: proof of 2_b: ",
		      "nothing was changed");
	assert_true(w->store.failed > 0);
	memory_store_fail(&w->store, NULL);
	eworld_dump(w, &after);
	eworld_same(&before, &after, "a proof that failed");
	eworld_check_ledger(w);
	assert_ok(eworld_apply(w, &proving));
	assert_int_equal(w->run.n_done, 2);
	buf_release(&before);
	buf_release(&after);
}

static void prove__refuses_what_has_no_snapshot(void **state)
{
	struct eworld *w = *state;

	start(w);
	eworld_expect(
		eworld_apply(w,
			     &(struct engine_apply_options){
				     .prove = true, .no_snapshot = true }),
		ERR_REFUSED, "2_b: its rollback cannot be proved", "--prove");
	assert_int_equal(
		eworld_int(w, "SELECT count(*) FROM a WHERE n = 'ann'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(prove__leaves_what_is_applied),
		eworld_test(prove__refuses_a_snapshot_that_is_no_good),
		eworld_test(prove__refuses_what_has_no_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
