#include "hooks/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

#define Z "0000000000000000000000000000000000000000"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define NOTHING 0xff

/* What the repository is in the middle of, in a row of a table. */
enum {
	SKIP = 1 << 0,
	CI = 1 << 1,
	MERGING = 1 << 2,
	REBASING = 1 << 3,
	REBASE_EMPTY = 1 << 4,
	BISECTING = 1 << 5,
	ON_BRANCH = 1 << 6,
	TRUE_MERGE = 1 << 7,
	NO_BASE = 1 << 8,
	CLONES = 1 << 9,
};

struct row {
	const char *label;
	enum hook_kind kind;
	const char *args[3];
	const char *lines;
	unsigned state;
	unsigned acts[2]; /* enum hook_act, or NOTHING */
	const char *from, *to, *ref;
};

static const struct row rows[] = {
	/* commits and merges */
	{ .label = "an ordinary commit",
	  .kind = HOOK_PRE_COMMIT,
	  .acts = { NOTHING } },
	{ .label = "the commit that concludes a merge",
	  .kind = HOOK_PRE_COMMIT,
	  .state = MERGING,
	  .acts = { HOOK_CHECK_MERGE, NOTHING } },
	{ .label = "a merge while a rebase is under way",
	  .kind = HOOK_PRE_COMMIT,
	  .state = MERGING | REBASING,
	  .acts = { NOTHING } },
	{ .label = "a clean merge",
	  .kind = HOOK_PRE_MERGE_COMMIT,
	  .acts = { HOOK_CHECK_MERGE, NOTHING } },
	{ .label = "a clean merge in CI",
	  .kind = HOOK_PRE_MERGE_COMMIT,
	  .state = CI,
	  .acts = { HOOK_CHECK_MERGE, NOTHING } },
	{ .label = "switched off",
	  .kind = HOOK_PRE_MERGE_COMMIT,
	  .state = SKIP,
	  .acts = { NOTHING } },

	/* pushes */
	{ .label = "a step of main",
	  .kind = HOOK_PRE_PUSH,
	  .args = { "origin", "url" },
	  .lines = "refs/heads/main " A " refs/heads/main " B "\n",
	  .acts = { HOOK_CHECK_STEP, NOTHING },
	  .from = B,
	  .to = "heads/main",
	  .ref = "main" },
	{ .label = "main, pushed from another branch",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "HEAD~3 " A " refs/heads/main " B "\n",
	  .acts = { HOOK_CHECK_STEP, NOTHING },
	  .from = B,
	  .to = A,
	  .ref = "main" },
	{ .label = "the first push of main",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "refs/heads/main " A " refs/heads/main " Z "\n",
	  .acts = { NOTHING } },
	{ .label = "a new branch",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "refs/heads/x/y " A " refs/heads/x/y " Z "\n",
	  .acts = { HOOK_CHECK_BRANCH, NOTHING },
	  .from = "remotes/origin/main",
	  .to = "heads/x/y",
	  .ref = "x/y" },
	{ .label = "a branch again, rewritten or not",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "refs/heads/x " A " refs/heads/x " B "\n",
	  .acts = { HOOK_CHECK_BRANCH, NOTHING },
	  .from = "remotes/origin/main",
	  .to = "heads/x",
	  .ref = "x" },
	{ .label = "a branch where no base is known",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "refs/heads/x " A " refs/heads/x " Z "\n",
	  .state = NO_BASE,
	  .acts = { NOTHING } },
	{ .label = "a deleted branch",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "(delete) " Z " refs/heads/main " B "\n",
	  .acts = { NOTHING } },
	{ .label = "a tag",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "refs/tags/v1 " A " refs/tags/v1 " Z "\n",
	  .acts = { NOTHING } },
	{ .label = "a ledger",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "refs/migrate/db/x " A " refs/migrate/db/x " B "\n",
	  .acts = { NOTHING } },
	{ .label = "several at once",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "refs/tags/v1 " A " refs/tags/v1 " Z "\n"
		   "refs/heads/main " A " refs/heads/main " B "\n"
		   "refs/heads/x " A " refs/heads/x " Z "\n",
	  .acts = { HOOK_CHECK_STEP, HOOK_CHECK_BRANCH },
	  .from = B,
	  .to = "heads/main",
	  .ref = "main" },
	{ .label = "nothing",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "",
	  .acts = { NOTHING } },
	{ .label = "lines of no known form",
	  .kind = HOOK_PRE_PUSH,
	  .lines = "\n \n" A "\nrefs/heads/main\n",
	  .acts = { NOTHING } },

	/* a server */
	{ .label = "pre-receive: a step of main",
	  .kind = HOOK_PRE_RECEIVE,
	  .lines = B " " A " refs/heads/main\n",
	  .acts = { HOOK_CHECK_STEP, NOTHING },
	  .from = B,
	  .to = A,
	  .ref = "main" },
	{ .label = "pre-receive: another branch",
	  .kind = HOOK_PRE_RECEIVE,
	  .lines = B " " A " refs/heads/x\n",
	  .acts = { NOTHING } },
	{ .label = "pre-receive: main is made",
	  .kind = HOOK_PRE_RECEIVE,
	  .lines = Z " " A " refs/heads/main\n",
	  .acts = { NOTHING } },
	{ .label = "pre-receive: main is deleted",
	  .kind = HOOK_PRE_RECEIVE,
	  .lines = A " " Z " refs/heads/main\n",
	  .acts = { NOTHING } },
	{ .label = "pre-receive: a tag called main",
	  .kind = HOOK_PRE_RECEIVE,
	  .lines = B " " A " refs/tags/main\n",
	  .acts = { NOTHING } },
	{ .label = "update: a step of main",
	  .kind = HOOK_UPDATE,
	  .args = { "refs/heads/main", B, A },
	  .acts = { HOOK_CHECK_STEP, NOTHING },
	  .from = B,
	  .to = A,
	  .ref = "main" },
	{ .label = "update: without arguments",
	  .kind = HOOK_UPDATE,
	  .acts = { NOTHING } },

	/* the tree goes elsewhere */
	{ .label = "a switch",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = ON_BRANCH,
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = A,
	  .to = B },
	{ .label = "a switch to a commit",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = A,
	  .to = B },
	{ .label = "a switch in CI",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = ON_BRANCH | CI,
	  .acts = { NOTHING } },
	{ .label = "switch -c",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, A, "1" },
	  .state = ON_BRANCH,
	  .acts = { NOTHING } },
	{ .label = "switch -c, a database for each branch",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, A, "1" },
	  .state = ON_BRANCH | CLONES,
	  .acts = { HOOK_ENTER, NOTHING },
	  .from = "",
	  .to = A },
	{ .label = "a switch, a database for each branch",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = ON_BRANCH | CLONES,
	  .acts = { HOOK_ENTER, HOOK_FOLLOW },
	  .from = "",
	  .to = B },
	{ .label = "a switch to a commit, a database for each branch",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = CLONES,
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = A,
	  .to = B },
	{ .label = "a rebase begins, a database for each branch",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = REBASING | CLONES,
	  .acts = { NOTHING } },
	{ .label = "restore of a file, a database for each branch",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, A, "0" },
	  .state = ON_BRANCH | CLONES,
	  .acts = { NOTHING } },
	{ .label = "restore of a file",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, A, "0" },
	  .state = ON_BRANCH,
	  .acts = { NOTHING } },
	{ .label = "clone, worktree add",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { Z, A, "1" },
	  .state = ON_BRANCH,
	  .acts = { HOOK_TELL, NOTHING },
	  .from = "",
	  .to = A },
	{ .label = "a rebase begins",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = REBASING,
	  .acts = { NOTHING } },
	{ .label = "a rebase that only fast-forwards",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = REBASING | REBASE_EMPTY,
	  .acts = { HOOK_TELL, NOTHING },
	  .from = A,
	  .to = B },
	{ .label = "a bisect goes on",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = BISECTING,
	  .acts = { NOTHING } },
	{ .label = "a bisect ends",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, B, "1" },
	  .state = BISECTING | ON_BRANCH,
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = "",
	  .to = B },
	{ .label = "a bisect ends where it stood",
	  .kind = HOOK_POST_CHECKOUT,
	  .args = { A, A, "1" },
	  .state = BISECTING | ON_BRANCH,
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = "",
	  .to = A },
	{ .label = "post-checkout without arguments",
	  .kind = HOOK_POST_CHECKOUT,
	  .acts = { NOTHING } },
	{ .label = "a fast-forward",
	  .kind = HOOK_POST_MERGE,
	  .args = { "0" },
	  .state = ON_BRANCH,
	  .acts = { HOOK_LOOK_BACK, HOOK_FOLLOW },
	  .from = A,
	  .to = "HEAD" },
	{ .label = "a true merge",
	  .kind = HOOK_POST_MERGE,
	  .args = { "0" },
	  .state = ON_BRANCH | TRUE_MERGE,
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = A,
	  .to = "HEAD" },
	{ .label = "a squash",
	  .kind = HOOK_POST_MERGE,
	  .args = { "1" },
	  .state = ON_BRANCH,
	  .acts = { NOTHING } },
	{ .label = "a merge that a rebase makes",
	  .kind = HOOK_POST_MERGE,
	  .args = { "0" },
	  .state = REBASING,
	  .acts = { NOTHING } },
	{ .label = "a rebase has ended",
	  .kind = HOOK_POST_REWRITE,
	  .args = { "rebase" },
	  .lines = A " " B "\n",
	  .state = REBASING | REBASE_EMPTY,
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = B,
	  .to = "HEAD" },
	{ .label = "amend",
	  .kind = HOOK_POST_REWRITE,
	  .args = { "amend" },
	  .lines = A " " B "\n",
	  .state = ON_BRANCH,
	  .acts = { HOOK_FOLLOW, NOTHING },
	  .from = A,
	  .to = "HEAD" },
	{ .label = "amend in a rebase that has stopped",
	  .kind = HOOK_POST_REWRITE,
	  .args = { "amend" },
	  .lines = A " " B "\n",
	  .state = REBASING,
	  .acts = { NOTHING } },
	{ .label = "amend of nothing",
	  .kind = HOOK_POST_REWRITE,
	  .args = { "amend" },
	  .acts = { NOTHING } },
};

static struct hook_facts facts_of(unsigned state)
{
	static const char *const bases[] = { "main", "release" };
	struct hook_facts f = {
		.skip = state & SKIP,
		.ci = state & CI,
		.merging = state & MERGING,
		.rebasing = state & REBASING,
		.rebase_empty = state & REBASE_EMPTY,
		.bisecting = state & BISECTING,
		.on_branch = state & ON_BRANCH,
		.clones = state & CLONES,
		.true_merge = state & TRUE_MERGE,
		.orig_head = A,
		.rebase_origin = B,
		.bases = bases,
		.n_bases = 2,
		.base = state & NO_BASE ? "" : "remotes/origin/main",
	};

	return f;
}

static struct hook_call call_of(const struct row *r)
{
	struct hook_call c = { r->kind, r->args, 0, r->lines ? r->lines : "" };

	while (c.n_args < ARRAY_LEN(r->args) && r->args[c.n_args])
		c.n_args++;
	return c;
}

static size_t acts_of(const struct row *r)
{
	if (r->acts[0] == NOTHING)
		return 0;
	return r->acts[1] == NOTHING ? 1 : 2;
}

static void check_row(const struct row *r)
{
	struct hook_facts f = facts_of(r->state);
	struct hook_call c = call_of(r);
	struct hook_decision d;

	hook_decide(&d, &c, &f, HOOK_MODE_ON);
	if (d.n != acts_of(r))
		fail_msg("%s: %zu steps, not %zu (%s)", r->label, d.n,
			 acts_of(r), d.why ? d.why : "");
	for (size_t i = 0; i < d.n; i++)
		if (d.steps[i].act != r->acts[i])
			fail_msg("%s: step %zu is %d, not %u", r->label, i,
				 (int)d.steps[i].act, r->acts[i]);
	if (!d.n != !!d.why)
		fail_msg("%s: a reason and steps", r->label);
	if (d.n && r->from && !streq(d.steps[0].from, r->from))
		fail_msg("%s: from %s", r->label, d.steps[0].from);
	if (d.n && r->to && !streq(d.steps[0].to, r->to))
		fail_msg("%s: to %s", r->label, d.steps[0].to);
	if (d.n && r->ref && !streq(d.steps[0].ref, r->ref))
		fail_msg("%s: ref %s", r->label, d.steps[0].ref);
	hook_decision_release(&d);
}

static void decide__follows_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}

static void decide__does_nothing_when_off_or_skipped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct hook_facts f = facts_of(rows[i].state);
		struct hook_call c = call_of(&rows[i]);
		struct hook_decision d;

		hook_decide(&d, &c, &f, HOOK_MODE_OFF);
		assert_int_equal(d.n, 0);
		assert_non_null(d.why);
		f.skip = true;
		hook_decide(&d, &c, &f, HOOK_MODE_REQUIRED);
		assert_int_equal(d.n, 0);
	}
}

static void octopus__has_its_sides_checked_against_each_other(void **state)
{
	struct hook_facts f = facts_of(0);
	struct hook_call c = { HOOK_PRE_MERGE_COMMIT, NULL, 0, "" };
	struct hook_decision d;
	struct hook_theirs t;

	(void)state;
	f.theirs = &t;
	hook_theirs_of_file(&t, A "\n");
	hook_decide(&d, &c, &f, HOOK_MODE_ON);
	assert_int_equal(d.n, 1);
	hook_decision_release(&d);
	hook_theirs_release(&t);
	hook_theirs_of_file(&t, A "\n" B "\n" Z "\n");
	hook_decide(&d, &c, &f, HOOK_MODE_ON);
	assert_int_equal(d.n, 4);
	assert_int_equal(d.steps[0].act, HOOK_CHECK_MERGE);
	assert_int_equal(d.steps[1].act, HOOK_CHECK_BRANCH);
	assert_string_equal(d.steps[1].from, B);
	assert_string_equal(d.steps[1].to, A);
	hook_decision_release(&d);
	hook_theirs_release(&t);
}

/* A cut name would be another branch's. */
static void decide__passes_over_names_that_are_too_long(void **state)
{
	char lines[2048], name[600];
	struct hook_facts f = facts_of(0);
	struct hook_call c = { HOOK_PRE_PUSH, NULL, 0, lines };
	struct hook_decision d;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(lines, sizeof(lines), "r " A " refs/heads/%s " B "\n", name);
	hook_decide(&d, &c, &f, HOOK_MODE_ON);
	assert_int_equal(d.n, 0);
}

static void mode__reads_words_and_booleans(void **state)
{
	enum hook_mode m;

	(void)state;
	assert_true(hook_mode_parse(NULL, &m) && m == HOOK_MODE_ON);
	assert_true(hook_mode_parse("required", &m) && m == HOOK_MODE_REQUIRED);
	assert_true(hook_mode_parse("Warn", &m) && m == HOOK_MODE_WARN);
	assert_true(hook_mode_parse("false", &m) && m == HOOK_MODE_OFF);
	assert_true(hook_mode_parse("1", &m) && m == HOOK_MODE_ON);
	assert_false(hook_mode_parse("requird", &m));
	assert_int_equal(m, HOOK_MODE_ON);
}

static void follow__reads_words(void **state)
{
	enum hook_follow f;

	(void)state;
	assert_true(hook_follow_parse(NULL, &f) && f == HOOK_FOLLOW_NOTIFY);
	assert_true(hook_follow_parse("auto", &f) && f == HOOK_FOLLOW_AUTO);
	assert_true(hook_follow_parse("clone", &f) && f == HOOK_FOLLOW_CLONE);
	assert_true(hook_follow_parse("off", &f) && f == HOOK_FOLLOW_OFF);
	assert_false(hook_follow_parse("always", &f));
	assert_int_equal(f, HOOK_FOLLOW_NOTIFY);
}

static void trust__needs_own_settings_or_an_own_file(void **state)
{
	static const struct {
		struct hook_target t;
		bool trusted;
	} cases[] = {
		/* url, reconcile from .gitmigrate; inside; tracked; pushed */
		{ { false, false, false, false, false }, true },
		{ { false, false, true, true, false }, true },
		{ { true, false, false, false, false }, false },
		{ { false, true, false, false, false }, false },
		{ { true, true, false, false, false }, false },
		{ { true, true, true, false, false }, true },
		{ { true, false, true, false, false }, true },
		{ { false, true, true, false, false }, true },
		{ { true, true, true, true, false }, false },
		{ { false, true, true, true, false }, false },
		{ { false, false, true, false, true }, false },
		{ { true, true, true, false, true }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (hook_target_is_trusted(&cases[i].t) != cases[i].trusted)
			fail_msg("case %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decide__follows_the_table),
		cmocka_unit_test(decide__does_nothing_when_off_or_skipped),
		cmocka_unit_test(decide__passes_over_names_that_are_too_long),
		cmocka_unit_test(
			octopus__has_its_sides_checked_against_each_other),
		cmocka_unit_test(mode__reads_words_and_booleans),
		cmocka_unit_test(follow__reads_words),
		cmocka_unit_test(trust__needs_own_settings_or_an_own_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
