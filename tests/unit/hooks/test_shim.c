#include "hooks/shim.h"

#include <sys/wait.h>

#include "unit/gitstore/scratch.h"

/*
 * The shim is run by sh, as git would, with a program that says how it was
 * called and ends as it is told to.
 */
#define PROGRAM "it's \"here\"/git-migrate"

static void put_shim(struct scratch *t, enum hook_kind kind, const char *name)
{
	struct buf text = BUF_INIT;
	char *program = xasprintf("%s/" PROGRAM, t->dir);

	shim_file(&text, kind, program);
	scratch_write(t, name, text.data);
	assert_true(shim_is_ours(text.data));
	buf_release(&text);
	free(program);
}

static void prepare(struct scratch *t)
{
	scratch_run(t, "mkdir -p h \"it's \\\"here\\\"\" && git init -q .");
	scratch_write(t, PROGRAM,
		      "#!/bin/sh\n"
		      "echo \"program:$*\" >>out\n"
		      "[ \"$2\" = pre-push ] && sed 's/^/program<</' >>out\n"
		      "exit ${END-0}\n");
	scratch_write(t, "h/pre-push" SHIM_BEFORE,
		      "#!/bin/sh\n"
		      "echo \"before:$*\" >>out\n"
		      "sed 's/^/before<</' >>out; echo >>out\n"
		      "exit ${FIRST-0}\n");
	scratch_write(t, "h/post-checkout" SHIM_BEFORE,
		      "#!/bin/sh\n"
		      "echo \"before:$*\" >>out\n"
		      "exit ${FIRST-0}\n");
	put_shim(t, HOOK_PRE_PUSH, "h/pre-push");
	put_shim(t, HOOK_POST_CHECKOUT, "h/post-checkout");
	put_shim(t, HOOK_PRE_COMMIT, "h/pre-commit");
	scratch_run(t, "chmod +x h/* it*/*");
}

/* Status of a hook; what it did is in the file out. */
static int run(struct scratch *t, const char *env, const char *hook)
{
	int rc = scratch_try(t,
			     "rm -f out; printf 'a  b\\n\\nc d' | %s h/%s one "
			     "'two  words' 2>err",
			     env, hook);

	assert_true(WIFEXITED(rc));
	return WEXITSTATUS(rc);
}

#define OUT(t) scratch_ask((t), "cat out")

static void shim__gives_both_hooks_arguments_and_lines(void **state)
{
	struct scratch *t = *state;

	prepare(t);
	assert_int_equal(run(t, "", "pre-push"), 0);
	assert_string_equal(OUT(t), "before:one two  words\n"
				    "before<<a  b\nbefore<<\nbefore<<c d\n"
				    "program:hook pre-push -- one two  words\n"
				    "program<<a  b\nprogram<<\nprogram<<c d");
	scratch_run(t, "chmod -x h/*" SHIM_BEFORE);
	assert_int_equal(run(t, "", "pre-push"), 0);
	assert_string_equal(OUT(t), "program:hook pre-push -- one two  words\n"
				    "program<<a  b\nprogram<<\nprogram<<c d");
}

static void shim__honours_both_statuses(void **state)
{
	struct scratch *t = *state;

	prepare(t);
	assert_int_equal(run(t, "FIRST=7", "pre-push"), 7);
	assert_null(strstr(OUT(t), "program"));
	assert_int_equal(run(t, "END=1", "pre-push"), 1);
	assert_int_equal(run(t, "FIRST=7", "post-checkout"), 7);
	assert_non_null(strstr(OUT(t), "program"));
	assert_int_equal(run(t, "END=1", "post-checkout"), 0);
	assert_int_equal(run(t, "END=1", "pre-commit"), 1);
}

static void shim__stops_nothing_when_the_program_cannot_run(void **state)
{
	struct scratch *t = *state;

	prepare(t);
	assert_int_equal(run(t, "END=128", "pre-push"), 0);
	assert_int_equal(run(t, "END=139", "pre-commit"), 0);
	scratch_run(t, "git config migrate.hooks required");
	assert_int_equal(run(t, "END=128", "pre-push"), 1);
	assert_int_equal(run(t, "END=0", "pre-push"), 0);
	assert_int_equal(run(t, "END=128", "post-checkout"), 0);
	scratch_run(t, "rm -r it*");
	assert_int_equal(run(t, "", "pre-push"), 1);
	assert_non_null(strstr(scratch_ask(t, "cat err"), "required"));
	scratch_run(t, "git config migrate.hooks on");
	assert_int_equal(run(t, "", "pre-push"), 0);
	assert_non_null(strstr(scratch_ask(t, "cat err"), "not where it was"));
	scratch_run(t, "git config --unset migrate.hooks && git config -f "
		       ".gitmigrate migrate.hooks required");
	assert_int_equal(run(t, "", "pre-commit"), 1);
	assert_int_equal(run(t, "", "post-checkout"), 0);
}

static void shim__finds_a_program_that_was_moved(void **state)
{
	struct scratch *t = *state;

	prepare(t);
	scratch_run(t, "mkdir bin && mv it*/git-migrate bin");
	assert_int_equal(run(t, "PATH=$PWD/bin:$PATH", "pre-push"), 0);
	assert_non_null(strstr(OUT(t), "program:hook pre-push"));
	assert_string_equal(scratch_ask(t, "cat err"), "");
}

static void shim__skips_ours_alone(void **state)
{
	struct scratch *t = *state;

	prepare(t);
	assert_int_equal(run(t, "GIT_MIGRATE_SKIP=1 END=1", "pre-push"), 0);
	assert_null(strstr(OUT(t), "program"));
	assert_non_null(strstr(OUT(t), "before"));
	assert_int_equal(run(t, "GIT_MIGRATE_SKIP=1 FIRST=3", "pre-push"), 3);
	assert_int_equal(run(t, "GIT_MIGRATE_SKIP=0 END=1", "pre-push"), 1);
}

/* Somebody's hook runs ours, which runs theirs. */
static void shim__ends_a_loop(void **state)
{
	struct scratch *t = *state;

	prepare(t);
	scratch_write(t, "h/post-checkout" SHIM_BEFORE,
		      "#!/bin/sh\nexec h/post-checkout \"$@\"\n");
	assert_int_equal(run(t, "timeout 10", "post-checkout"), 0);
	assert_non_null(strstr(OUT(t), "program"));
}

/* git runs: sh -c '<command> "$@"' '<command>' args... */
static void command__does_what_the_file_does(void **state)
{
	struct scratch *t = *state;
	struct buf text = BUF_INIT;
	char *program = xasprintf("%s/" PROGRAM, t->dir), *found;

	prepare(t);
	shim_command(&text, HOOK_PRE_PUSH, program);
	assert_null(strchr(text.data, '\n'));
	found = shim_program(text.data);
	assert_string_equal(found, program);
	scratch_write(t, "line", text.data);
	scratch_write(t, "h/config",
		      "#!/bin/sh\nc=$(cat line)\nsh -c \"$c \\\"\\$@\\\"\" "
		      "\"$c\" \"$@\"\n");
	scratch_run(t, "chmod +x h/config");
	assert_int_equal(run(t, "", "config"), 0);
	assert_string_equal(OUT(t), "program:hook pre-push -- one two  words\n"
				    "program<<a  b\nprogram<<\nprogram<<c d");
	assert_int_equal(run(t, "END=1", "config"), 1);
	assert_int_equal(run(t, "END=128", "config"), 0);
	scratch_run(t, "git config migrate.hooks required");
	assert_int_equal(run(t, "END=128", "config"), 1);
	scratch_run(t, "git config --unset migrate.hooks && rm -r it*");
	assert_int_equal(run(t, "", "config"), 0);
	free(found);
	free(program);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(shim__gives_both_hooks_arguments_and_lines),
		in_folder(shim__honours_both_statuses),
		in_folder(shim__stops_nothing_when_the_program_cannot_run),
		in_folder(shim__finds_a_program_that_was_moved),
		in_folder(shim__skips_ours_alone),
		in_folder(shim__ends_a_loop),
		in_folder(command__does_what_the_file_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
