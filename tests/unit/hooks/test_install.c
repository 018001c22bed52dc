#include "unit/gitstore/scratch.h"

#include <sys/wait.h>

#include "hooks/install.h"
#include "hooks/shim.h"

static struct hooks_place place_of(struct scratch *t, const char *sub)
{
	struct hooks_place p;

	assert_ok(hooks_place_find(&p, scratch_store(t, sub)));
	/* what the real git is must not decide */
	p.configured = false;
	return p;
}

static void all(const struct hooks_place *p, bool wanted[HOOK_COUNT])
{
	for (unsigned k = 0; k < HOOK_COUNT; k++)
		wanted[k] = hooks_place_takes(p, (enum hook_kind)k) &&
			    !hook_kinds[k].by_name;
}

static size_t install(const struct hooks_place *p, bool by_file)
{
	bool wanted[HOOK_COUNT], changed[HOOK_COUNT];
	size_t n = 0;

	all(p, wanted);
	assert_ok(hooks_install(p, wanted, by_file, changed));
	for (size_t k = 0; k < HOOK_COUNT; k++)
		n += changed[k];
	return n;
}

static size_t uninstall(const struct hooks_place *p)
{
	bool wanted[HOOK_COUNT], changed[HOOK_COUNT];
	size_t n = 0;

	all(p, wanted);
	assert_ok(hooks_uninstall(p, wanted, changed));
	for (size_t k = 0; k < HOOK_COUNT; k++)
		n += changed[k];
	return n;
}

static struct hooks_row row_of(const struct hooks_place *p,
			       struct hooks_survey *s, enum hook_kind kind)
{
	assert_ok(hooks_survey(p, s));
	return s->rows[kind];
}

/* Files, their modes and texts, and the configuration. */
#define LOOK                                                             \
	"find .git -type f -o -type l -o -type d | grep -v objects | "   \
	"LC_ALL=C sort | xargs stat -c '%%n %%A' && cat .git/config && " \
	"md5sum .git/hooks/*"

static void install__leaves_no_trace_when_it_is_undone(void **state)
{
	struct scratch *t = *state;
	char before[65536];
	struct hooks_place p = place_of(t, "");

	scratch_run(t, "printf '#!/bin/sh\\nexit 7\\n' >.git/hooks/pre-push "
		       "&& chmod +x .git/hooks/pre-push && "
		       "ln -s pre-push .git/hooks/post-merge");
	strcpy(before, scratch_ask(t, LOOK));
	assert_int_equal(install(&p, false), 6);
	assert_int_equal(install(&p, false), 0);
	assert_string_not_equal(before, scratch_ask(t, LOOK));
	assert_int_equal(uninstall(&p), 6);
	assert_string_equal(before, scratch_ask(t, LOOK));
	assert_int_equal(uninstall(&p), 0);
	hooks_place_release(&p);
}

static void install__makes_and_removes_a_missing_folder(void **state)
{
	struct scratch *t = *state;
	struct hooks_place p = place_of(t, "");

	scratch_run(t, "rm -r .git/hooks");
	assert_int_equal(install(&p, false), 6);
	assert_int_equal(uninstall(&p), 6);
	assert_string_equal(scratch_ask(t, "ls -d .git/hooks 2>/dev/null"), "");
	hooks_place_release(&p);
}

static void install__sees_a_program_that_is_gone(void **state)
{
	struct scratch *t = *state;
	struct hooks_place p = place_of(t, "");
	struct hooks_survey s;
	struct hooks_row r;

	free(p.program);
	p.program = xstrdup("/nowhere/it's/git-migrate");
	install(&p, false);
	r = row_of(&p, &s, HOOK_PRE_PUSH);
	assert_int_equal(r.state, HOOKS_INSTALLED);
	assert_true(r.lost);
	assert_string_equal(r.program, "/nowhere/it's/git-migrate");
	hooks_survey_release(&s);
	hooks_place_release(&p);

	p = place_of(t, "");
	r = row_of(&p, &s, HOOK_PRE_PUSH);
	assert_int_equal(r.state, HOOKS_STALE);
	hooks_survey_release(&s);
	assert_int_equal(install(&p, false), 6);
	r = row_of(&p, &s, HOOK_PRE_PUSH);
	assert_int_equal(r.state, HOOKS_INSTALLED);
	assert_false(r.lost);
	hooks_survey_release(&s);
	hooks_place_release(&p);
}

static void install__refuses_what_it_cannot_settle(void **state)
{
	struct scratch *t = *state;
	struct hooks_place p = place_of(t, "");
	bool wanted[HOOK_COUNT], changed[HOOK_COUNT];
	char before[65536];
	struct hooks_survey s;

	all(&p, wanted);
	scratch_run(t,
		    "echo a >.git/hooks/update; echo a >.git/hooks/pre-push");
	install(&p, false);
	uninstall(&p);
	install(&p, false);
	/* somebody writes over ours; what was there before is still kept */
	scratch_run(t, "echo b >.git/hooks/pre-push; rm .git/hooks/pre-commit");
	strcpy(before, scratch_ask(t, LOOK));
	assert_int_equal(row_of(&p, &s, HOOK_PRE_PUSH).state, HOOKS_REPLACED);
	hooks_survey_release(&s);
	assert_fails(hooks_install(&p, wanted, false, changed), ERR_REFUSED);
	assert_string_equal(before, scratch_ask(t, LOOK));
	/* their hook and the one from before both stay */
	uninstall(&p);
	assert_string_equal(scratch_ask(t, "cat .git/hooks/pre-push "
					   ".git/hooks/pre-push" SHIM_BEFORE),
			    "b\na");
	hooks_place_release(&p);
}

static void install__undoes_what_it_began(void **state)
{
	struct scratch *t = *state;
	struct hooks_place p = place_of(t, "");
	bool wanted[HOOK_COUNT], changed[HOOK_COUNT];
	char before[65536];

	all(&p, wanted);
	/* the room that the hook from before would take is taken */
	scratch_run(t, "echo a >.git/hooks/post-rewrite && "
		       "echo c >.git/hooks/pre-commit && "
		       "mkdir .git/hooks/post-rewrite" SHIM_BEFORE
		       " && rmdir .git/hooks/post-rewrite" SHIM_BEFORE
		       " && mkdir .git/hooks/post-merge");
	strcpy(before, scratch_ask(t, LOOK));
	assert_fails(hooks_install(&p, wanted, false, changed), ERR_REFUSED);
	assert_string_equal(before, scratch_ask(t, LOOK));
	hooks_place_release(&p);
}

/* pre-commit moves what it finds to <hook>.legacy, and runs it. */
static void install__knows_that_another_runs_it(void **state)
{
	struct scratch *t = *state;
	struct hooks_place p = place_of(t, "");
	struct hooks_survey s;

	install(&p, false);
	scratch_run(t, "cd .git/hooks && mv pre-commit pre-commit.legacy && "
		       "echo other >pre-commit && chmod +x pre-commit");
	assert_int_equal(row_of(&p, &s, HOOK_PRE_COMMIT).state, HOOKS_BEHIND);
	hooks_survey_release(&s);
	assert_int_equal(install(&p, false), 0);
	assert_int_equal(uninstall(&p), 6);
	assert_string_equal(scratch_ask(t, "ls .git/hooks | grep -v sample; "
					   "cat .git/hooks/pre-commit"),
			    "pre-commit\nother");
	hooks_place_release(&p);
}

static void config__is_used_where_git_reads_it(void **state)
{
	struct scratch *t = *state;
	struct hooks_place p = place_of(t, "");
	char before[65536];
	struct hooks_survey s;
	struct hooks_row r;

	strcpy(before, scratch_ask(t, LOOK));
	assert_int_equal(install(&p, false), 6); /* by files */
	p.configured = true;
	assert_int_equal(install(&p, false), 6); /* files go */
	assert_int_equal(install(&p, false), 0);
	r = row_of(&p, &s, HOOK_POST_MERGE);
	assert_int_equal(r.way, HOOKS_BY_CONFIG);
	assert_true(r.by_config && !r.ours);
	hooks_survey_release(&s);
	assert_string_equal(
		scratch_ask(t, "ls .git/hooks | grep -v sample; git config "
			       "hook.git-migrate-post-merge.event"),
		"post-merge");
	assert_int_equal(install(&p, true), 6); /* and back */
	assert_string_equal(scratch_ask(t, "git config --get-regexp '^hook'"),
			    "");
	assert_int_equal(uninstall(&p), 6);
	assert_string_equal(before, scratch_ask(t, LOOK));
	hooks_place_release(&p);
}

static void manager__is_left_alone(void **state)
{
	static const struct {
		const char *name, *make, *add;
	} cases[] = {
		{ "husky", "mkdir .husky",
		  "echo 'git migrate hook '$h' -- \"$@\"' >.husky/$h" },
		{ "lefthook", "touch lefthook.yml",
		  "echo \"      run: git migrate hook $h -- {0}\" "
		  ">>lefthook.yml" },
		{ "pre-commit", "touch .pre-commit-config.yaml",
		  "echo \"    entry: git migrate hook $h --\" "
		  ">>.pre-commit-config.yaml" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scratch *t = *state;
		bool wanted[HOOK_COUNT], changed[HOOK_COUNT];
		struct buf snippet = BUF_INIT;
		struct hooks_place p;

		assert_int_equal(scratch_try(t,
					     "git clean -qfdx -e .gitconfig "
					     "&& %s",
					     cases[i].make),
				 0);
		p = place_of(t, "");
		assert_non_null(p.manager);
		assert_string_equal(p.manager->name, cases[i].name);
		all(&p, wanted);
		assert_fails(hooks_install(&p, wanted, false, changed),
			     ERR_REFUSED);
		p.manager->snippet(&snippet);
		for (unsigned k = 0; k < HOOK_COUNT; k++) {
			const char *hook = hook_kinds[k].name;

			if (!wanted[k])
				continue;
			if (!strstr(snippet.data, hook))
				fail_msg("%s: no %s", cases[i].name, hook);
			assert_int_equal(
				scratch_try(t, "h=%s; %s", hook, cases[i].add),
				0);
		}
		buf_release(&snippet);
		/* their files name it now: there is nothing to do */
		assert_int_equal(install(&p, false), 0);
		assert_int_equal(install(&p, true), 6);
		assert_int_equal(uninstall(&p), 6);
		hooks_place_release(&p);
	}
}

static void place__is_where_git_says(void **state)
{
	struct scratch *t = *state;
	struct hooks_place p;
	struct err *err;

	scratch_run(t, "git worktree add -q side && mkdir sub && "
		       "git init -q --bare bare.git");
	p = place_of(t, "side");
	assert_string_equal(p.dir, scratch_at(t, ".git/hooks"));
	assert_false(p.shared);
	hooks_place_release(&p);
	p = place_of(t, "bare.git");
	assert_string_equal(p.dir, scratch_at(t, "bare.git/hooks"));
	assert_true(hooks_place_takes(&p, HOOK_PRE_RECEIVE));
	assert_false(hooks_place_takes(&p, HOOK_POST_MERGE));
	hooks_place_release(&p);

	scratch_run(t, "git config core.hooksPath .githooks");
	p = place_of(t, "sub");
	assert_string_equal(p.dir, scratch_at(t, ".githooks"));
	assert_false(p.shared);
	hooks_place_release(&p);
	p = place_of(t, "side"); /* each work tree has its own */
	assert_string_equal(p.dir, scratch_at(t, "side/.githooks"));
	hooks_place_release(&p);

	scratch_run(t, "git config core.hooksPath '~/elsewhere/hooks'");
	p = place_of(t, "");
	assert_string_equal(p.dir, scratch_at(t, "elsewhere/hooks"));
	hooks_place_release(&p);
	scratch_run(t, "git config core.hooksPath /usr/share/hooks");
	p = place_of(t, "");
	assert_true(p.shared);
	hooks_place_release(&p);

	scratch_run(t, "git config core.hooksPath /dev/null");
	err = hooks_place_find(&p, scratch_store(t, ""));
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_REFUSED);
	err_free(err);
}

static void git__runs_configured_hooks_from_2_54(void **state)
{
	(void)state;
	assert_true(hooks_git_is_new("git version 2.54.0"));
	assert_true(hooks_git_is_new("git version 2.54.0-rc1"));
	assert_true(hooks_git_is_new("git version 2.60.1.windows.1"));
	assert_true(hooks_git_is_new("git version 3.0"));
	assert_false(hooks_git_is_new("git version 2.53.9"));
	assert_false(hooks_git_is_new("git version 2.39.5 (Apple Git-154)"));
	assert_false(hooks_git_is_new("git version 2.5"));
	assert_false(hooks_git_is_new("git"));
	assert_false(hooks_git_is_new(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(install__leaves_no_trace_when_it_is_undone),
		in_repo(install__makes_and_removes_a_missing_folder),
		in_repo(install__sees_a_program_that_is_gone),
		in_repo(install__refuses_what_it_cannot_settle),
		in_repo(install__undoes_what_it_began),
		in_repo(install__knows_that_another_runs_it),
		in_repo(config__is_used_where_git_reads_it),
		in_repo(manager__is_left_alone),
		in_repo(place__is_where_git_says),
		cmocka_unit_test(git__runs_configured_hooks_from_2_54),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
