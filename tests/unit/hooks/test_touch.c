#include "hooks/touch.h"

#include <sys/wait.h>

#include "unit/gitstore/scratch.h"

/* main and side go apart; what they change is up to the test. */
static void fork_branches(struct scratch *t)
{
	scratch_run(t, "git branch side");
}

static void add(struct scratch *t, const char *branch, const char *file)
{
	scratch_run(t,
		    "git switch -q %s && mkdir -p $(dirname %s) && echo '%s' "
		    ">%s && git add %s && git commit -qm %s",
		    branch, file, file, file, file, file);
}

static bool asks(struct scratch *t, enum hook_act act, const char *from,
		 const char *to, const char *dir)
{
	struct hook_step step = { .act = act };
	struct hook_theirs theirs;

	snprintf(step.from, sizeof(step.from), "%s", from);
	snprintf(step.to, sizeof(step.to), "%s", to);
	hook_theirs_of_file(&theirs,
			    act == HOOK_CHECK_MERGE
				    ? scratch_ask(t, "git rev-parse %s", from)
				    : "");
	act = hook_touches(scratch_store(t, ""), dir, &step, &theirs);
	hook_theirs_release(&theirs);
	return act;
}

#define M "migrations"

static void merge__concerns_us_when_it_brings_migrations(void **state)
{
	struct scratch *t = *state;

	fork_branches(t);
	add(t, "side", "code.c");
	add(t, "main", "migrations/2.sql");
	/* the other side has what the base had */
	assert_false(asks(t, HOOK_CHECK_MERGE, "side", "", M));
	/* nobody keeps migrations there */
	assert_true(asks(t, HOOK_CHECK_MERGE, "side", "", "elsewhere"));
	add(t, "side", "migrations/3.sql");
	scratch_run(t, "git switch -q main");
	assert_true(asks(t, HOOK_CHECK_MERGE, "side", "", M));
	/* the same on both sides */
	add(t, "main", "migrations/3.sql");
	scratch_run(t, "git rm -q migrations/2.sql && git commit -qm away");
	assert_false(asks(t, HOOK_CHECK_MERGE, "side", "", M));
}

static void merge__looks_at_each_side_of_an_octopus(void **state)
{
	struct scratch *t = *state;
	struct hook_step step = { .act = HOOK_CHECK_MERGE };
	struct hook_theirs theirs;

	fork_branches(t);
	scratch_run(t, "git branch third");
	add(t, "side", "code.c");
	add(t, "main", "code.h");
	hook_theirs_of_file(&theirs,
			    scratch_ask(t, "git rev-parse side third"));
	assert_false(hook_touches(scratch_store(t, ""), M, &step, &theirs));
	hook_theirs_release(&theirs);
	add(t, "third", "migrations/2.sql");
	scratch_run(t, "git switch -q main");
	hook_theirs_of_file(&theirs,
			    scratch_ask(t, "git rev-parse side third"));
	assert_true(hook_touches(scratch_store(t, ""), M, &step, &theirs));
	hook_theirs_release(&theirs);
}

static void merge__sees_that_the_folder_is_another(void **state)
{
	struct scratch *t = *state;

	fork_branches(t);
	add(t, "main", "code.h");
	scratch_run(t, "git switch -q side && git config -f .gitmigrate "
		       "migrate.dir db && git add .gitmigrate && git commit "
		       "-qm db && git switch -q main");
	assert_true(asks(t, HOOK_CHECK_MERGE, "side", "", M));
}

static void step__compares_two_trees(void **state)
{
	struct scratch *t = *state;

	add(t, "main", "code.c");
	assert_false(asks(t, HOOK_CHECK_STEP, "HEAD~1", "HEAD", M));
	assert_false(asks(t, HOOK_FOLLOW, "HEAD~1", "HEAD", M));
	add(t, "main", "migrations/2.sql");
	assert_true(asks(t, HOOK_CHECK_STEP, "HEAD~1", "HEAD", M));
	assert_true(asks(t, HOOK_FOLLOW, "HEAD~1", "HEAD", M));
	assert_true(asks(t, HOOK_LOOK_BACK, "HEAD~2", "HEAD", M));
	/* nobody knows where it was */
	assert_true(asks(t, HOOK_FOLLOW, "", "HEAD", M));
	assert_true(asks(t, HOOK_CHECK_STEP, "nosuch", "HEAD", M));
}

static void branch__concerns_us_when_it_has_its_own(void **state)
{
	struct scratch *t = *state;

	fork_branches(t);
	add(t, "main", "migrations/2.sql");
	add(t, "side", "code.c");
	assert_false(asks(t, HOOK_CHECK_BRANCH, "main", "side", M));
	add(t, "side", "migrations/3.sql");
	assert_true(asks(t, HOOK_CHECK_BRANCH, "main", "side", M));
}

static void unrelated__is_a_doubt(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git checkout -q --orphan other && git rm -rqf . && "
		       "git commit -q --allow-empty -m x && git switch -q "
		       "main");
	assert_true(asks(t, HOOK_CHECK_MERGE, "other", "", M));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(merge__concerns_us_when_it_brings_migrations),
		in_repo(merge__looks_at_each_side_of_an_octopus),
		in_repo(merge__sees_that_the_folder_is_another),
		in_repo(step__compares_two_trees),
		in_repo(branch__concerns_us_when_it_has_its_own),
		in_repo(unrelated__is_a_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
