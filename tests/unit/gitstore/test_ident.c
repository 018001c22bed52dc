#include "unit/gitstore/scratch.h"

#include <time.h>

#include "gitstore/dateline.h"

#define S(t) ((t)->s->ops)

/* Ours and git's, under whatever the environment is now. */
static void agrees(struct scratch *t)
{
	const char *want = scratch_ask(t, "git var GIT_COMMITTER_IDENT "
					  "2>/dev/null");
	struct buf b = BUF_INIT;
	const char *cut = strrchr(want, '>');

	scratch_store(t, "");
	assert_ok(S(t)->ident(t->s, 1700000000, &b));
	assert_int_equal(strncmp(b.data, want, (size_t)(cut - want) + 1), 0);
	if (getenv("GIT_COMMITTER_DATE"))
		assert_string_equal(b.data, want);
	else
		assert_non_null(strstr(b.data, "> 1700000000 "));
	buf_release(&b);
}

static void ident__is_what_git_says(void **state)
{
	struct scratch *t = *state;

	agrees(t);
	scratch_run(t, "git config user.name 'Local . ' && git config "
		       "user.email '<odd@x>'");
	agrees(t);
	scratch_run(t, "git config committer.name Com && git config "
		       "committer.email c@x");
	agrees(t);
	setenv("GIT_COMMITTER_NAME", ".Env <x> N\n.", 1);
	agrees(t);
	setenv("GIT_COMMITTER_EMAIL", "env@x", 1);
	setenv("GIT_COMMITTER_DATE", "1600000000 -0330", 1);
	agrees(t);
	setenv("GIT_COMMITTER_DATE", "2020-01-02T03:04:05+0200", 1);
	agrees(t);
	unsetenv("GIT_COMMITTER_DATE");
	unsetenv("GIT_COMMITTER_NAME");
	unsetenv("GIT_COMMITTER_EMAIL");
	setenv("GIT_CONFIG_PARAMETERS", "'committer.name=from -c'", 1);
	agrees(t);
	unsetenv("GIT_CONFIG_PARAMETERS");
}

static void ident__asks_who_you_are(void **state)
{
	struct scratch *t = *state;
	struct buf b = BUF_INIT;
	struct err *err;

	scratch_run(t, "rm .gitconfig && git config user.useConfigOnly true");
	scratch_store(t, "");
	buf_addstr(&b, "kept ");
	err = S(t)->ident(t->s, 0, &b);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(strstr(err_text(err), "tell me who you are"));
	assert_non_null(strstr(err_hint_of(err), "user.email"));
	assert_string_equal(b.data, "kept ");
	err_free(err);
	setenv("GIT_COMMITTER_NAME", "Only", 1);
	assert_fails(S(t)->ident(t->s, 0, &b), ERR_INPUT);
	setenv("EMAIL", "mail@x", 1);
	buf_reset(&b);
	assert_ok(S(t)->ident(t->s, 5, &b));
	assert_int_equal(strncmp(b.data, "Only <mail@x> 5 ", 16), 0);
	unsetenv("GIT_COMMITTER_NAME");
	unsetenv("EMAIL");
	buf_release(&b);
}

/* Dates as git reads them, in two zones of ours. */
static void dateline__reads_what_git_reads(void **state)
{
	static const char *const dates[] = {
		"1700000000 +0100",
		"@1700000000 -0930",
		"@5 +0000",
		"2023-11-14T22:13:20Z",
		"2023-11-14T22:13:20+02:00",
		"2023-11-14 22:13:20 -0500",
		"2023-11-14T22:13:20",
		"2023-07-14 22:13:20",
		"Tue, 14 Nov 2023 22:13:20 +0100",
		"14 Nov 2023 22:13:20 +0000",
		"Tue Nov 14 22:13:20 2023 +0100",
	};
	static const char *const zones[] = { "UTC", "Europe/Berlin",
					     "America/St_Johns" };
	struct scratch *t = *state;

	for (size_t z = 0; z < ARRAY_LEN(zones); z++)
		for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
			struct buf b = BUF_INIT;
			const char *want;

			setenv("TZ", zones[z], 1);
			tzset();
			want = scratch_ask(t,
					   "GIT_COMMITTER_DATE='%s' git var "
					   "GIT_COMMITTER_IDENT | sed "
					   "'s/.*> //'",
					   dates[i]);
			assert_ok(gs_dateline_add(&b, dates[i], 7));
			if (!streq(b.data, want))
				fail_msg("%s: %s not %s", dates[i], b.data,
					 want);
			buf_release(&b);
		}
	unsetenv("TZ");
	tzset();
}

static void dateline__refuses_nonsense(void **state)
{
	static const char *const dates[] = { "yesterday-ish",
					     "12",
					     "@",
					     "@x",
					     "1700000000 +01",
					     "1700000000 0100",
					     "2023-13-45T00:00:00Z" };
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dates); i++)
		assert_fails(gs_dateline_add(&b, dates[i], 7), ERR_INPUT);
	setenv("TZ", "UTC", 1);
	tzset();
	assert_ok(gs_dateline_add(&b, NULL, 7));
	assert_ok(gs_dateline_add(&b, "", 8));
	assert_string_equal(b.data, "7 +00008 +0000");
	buf_release(&b);
	unsetenv("TZ");
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(ident__is_what_git_says),
		in_repo(ident__asks_who_you_are),
		in_repo(dateline__reads_what_git_reads),
		in_folder(dateline__refuses_nonsense),
	};

	return cmocka_run_group_tests_name("gitstore/ident", tests, NULL, NULL);
}
