#include "replay_cases.h"

/* What an effect carries beside its line, and scripts of their own. */

static const char base[] = "CREATE TABLE plain (a, b);";

/* What describing leaves out. */
static void effects__triggers_and_indexes_say_what_they_are_about(void **state)
{
	struct replay *r = replay_with(base);
	struct replay_script script = script_of(
		"CREATE TRIGGER g AFTER INSERT ON plain BEGIN SELECT 1; END; "
		"CREATE UNIQUE INDEX i ON plain (b)");
	struct replay_result result;
	struct effects e;

	(void)state;
	effects_init(&e);
	assert_ok(replay_run(r, &script, &e, &result));
	for (size_t i = 0; i < e.n; i++)
		if (e.items[i].kind == EFFECT_TRIGGER ||
		    e.items[i].kind == EFFECT_INDEX) {
			assert_non_null(e.items[i].columns);
			assert_string_equal(e.items[i].columns[0],
					    e.items[i].kind == EFFECT_INDEX
						    ? "b"
						    : "insert");
			assert_null(e.items[i].columns[1]);
		}
	replay_result_release(&result);
	effects_release(&e);
	replay_close(r);
}

/* A script that only a file of its own may hold has effects, too. */
static void effects__without_a_transaction(void **state)
{
	struct replay *r = replay_with(base);
	struct replay_script script =
		script_of("DELETE FROM plain; VACUUM; DROP TABLE plain");
	struct replay_result result;
	struct effects e;

	(void)state;
	script.no_transaction = true;
	effects_init(&e);
	assert_ok(replay_run(r, &script, &e, &result));
	assert_int_equal(result.end, REPLAY_FINE);
	assert_int_equal(e.n, 4);
	assert_int_equal(e.items[0].action, EFFECT_DELETE);
	assert_int_equal(e.items[1].action, EFFECT_DROP);
	replay_result_release(&result);
	effects_release(&e);
	replay_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			effects__triggers_and_indexes_say_what_they_are_about),
		cmocka_unit_test(effects__without_a_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
