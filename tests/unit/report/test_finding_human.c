#include "unit/report/findings.h"

static const struct finding_style no_style = { "", "", "", "", "", "", "", "" };
static const struct finding_style marks = { "<E>", "<W>", "<N>", "<B>",
					    "<D>", "<+>", "<->", "</>" };

static void check_human(const struct finding_report *r,
			const struct finding_style *style, bool verbose,
			const char *expect)
{
	struct buf got = BUF_INIT;

	finding_write_human(&got, r, style, verbose);
	if (!streq(buf_str(&got), expect))
		fail_msg("--- expected\n%s--- got\n%s", expect, buf_str(&got));
	buf_release(&got);
}

static void human__points_at_both_files(void **state)
{
	(void)state;
	check_human(
		&plain_report, &no_style, false,
		"error: both add column mail to public.users [GM105]\n"
		"migrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\n"
		"    ALTER TABLE users\n"
		"    \tADD COLUMN mail text;\n"
		"migrations/2_post.sql:1: 2_post (theirs, main, 2222222222)\n"
		"    ALTER TABLE users ADD COLUMN mail int;\n"
		"hint: git migrate rebase --onto main\n"
		"\n"
		"warning: dynamic SQL [GM110]\n"
		"7_gone\n"
		"\n"
		"checked 3 migrations: 1 error, 1 warning, 1 note, 1 waived\n");
}

static void human__is_styled_and_shows_waivers_when_asked(void **state)
{
	(void)state;
	check_human(
		&plain_report, &marks, true,
		"<E>error</>: <B>both add column mail to public.users</> "
		"[GM105]\n"
		"migrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\n"
		"    <D>ALTER TABLE users</>\n"
		"    <D>\tADD COLUMN mail text;</>\n"
		"migrations/2_post.sql:1: 2_post (theirs, main, 2222222222)\n"
		"    <D>ALTER TABLE users ADD COLUMN mail int;</>\n"
		"hint: git migrate rebase --onto main\n"
		"\n"
		"<N>note</>: <B>1_mail sorts before 2_post</> [GM104]\n"
		"migrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\n"
		"    <D>ALTER TABLE users</>\n"
		"    <D>\tADD COLUMN mail text;</>\n"
		"migrations/2_post.sql:1: 2_post (theirs, main, 2222222222)\n"
		"    <D>ALTER TABLE users ADD COLUMN mail int;</>\n"
		"<B>diff --git a/t b/t</>\n"
		"<B>--- a/t</>\n"
		"<B>+++ b/t</>\n"
		"<D>@@ -1 +1 @@</>\n"
		"<->-\ta</>\n"
		"<+>+\tb</>\n"
		" c\n"
		"\n"
		"<W>warning</>: <B>dynamic SQL</> [GM110]\n"
		"7_gone\n"
		"\n"
		"<D>waived</>: <B>both write rows of users</> [GM105]\n"
		"migrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\n"
		"    <D>ALTER TABLE users</>\n"
		"    <D>\tADD COLUMN mail text;</>\n"
		"migrations/2_post.sql:1: 2_post (theirs, main, 2222222222)\n"
		"    <D>ALTER TABLE users ADD COLUMN mail int;</>\n"
		"reason: the rows are the same\n"
		"\n"
		"checked 3 migrations: 1 error, 1 warning, 1 note, 1 waived\n");
}

static void human__steers_no_terminal(void **state)
{
	(void)state;
	check_human(
		&evil_report, &no_style, false,
		"error: {0} [a](http://e) ]]> <b>&amp; 100%\\x0d\\n::error "
		"file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82 [GM105]\n"
		"dir,a:b/100%25 \xc3\xa9\\xff\"\\n#?.sql:1: "
		"1_\"]]><x>&'%::error,a=b\\x1b[2J\\xff\xef\xbf\xbe (ours, "
		"a,b::c\\n, 1111111111)\n"
		"    {0} [a](http://e) ]]> <b>&amp; 100%\n"
		"    ::error file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"../:x: 2_b\n"
		"\n"
		"\n"
		"    \tx\n"
		"    ]]>\n"
		"hint: {0} [a](http://e) ]]> <b>&amp; 100%\\x0d\\n::error "
		"file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"{0} [a](http://e) ]]> <b>&amp; 100%\n"
		"::error file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"\n"
		"error: the same thing again [GM105]\n"
		"dir,a:b/100%25 \xc3\xa9\\xff\"\\n#?.sql:1: "
		"1_\"]]><x>&'%::error,a=b\\x1b[2J\\xff\xef\xbf\xbe (ours, "
		"a,b::c\\n, 1111111111)\n"
		"    {0} [a](http://e) ]]> <b>&amp; 100%\n"
		"    ::error file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"../:x: 2_b\n"
		"\n"
		"\n"
		"    \tx\n"
		"    ]]>\n"
		"\n"
		"error:  [GM109]\n"
		"\n"
		"checked 2 migrations: 3 errors, 1 waived\n");
}

static void human__counts(void **state)
{
	const char *one[] = { "1_a", NULL };
	struct finding_report r = { .checked = one };

	(void)state;
	check_human(&empty_report, &no_style, false, "nothing found\n");
	check_human(&r, &no_style, true,
		    "checked 1 migration: nothing found\n");
	r.findings = &plain_findings[3];
	r.n = 1;
	check_human(&r, &no_style, false,
		    "checked 1 migration: nothing found, 1 waived\n");
}

/* Lines that SQL comments left look like a diff's own. */
static void human__knows_a_hunk_from_its_head(void **state)
{
	const struct finding f = { .rule = "GM106",
				   .slug = "order-dependent",
				   .message = "m",
				   .diff = "--- a/t\n+++ b/t\n@@ -1 +1 @@\n"
					   "--- was\n+++ is\n"
					   "diff --git a/u b/u\nnew file\n" };
	const struct finding_report r = { .findings = &f, .n = 1 };

	(void)state;
	check_human(&r, &marks, true,
		    "<N>note</>: <B>m</> [GM106]\n<B>--- a/t</>\n"
		    "<B>+++ b/t</>\n<D>@@ -1 +1 @@</>\n<->--- was</>\n"
		    "<+>+++ is</>\n<B>diff --git a/u b/u</>\n"
		    "<B>new file</>\n\n1 note\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(human__points_at_both_files),
		cmocka_unit_test(human__is_styled_and_shows_waivers_when_asked),
		cmocka_unit_test(human__steers_no_terminal),
		cmocka_unit_test(human__counts),
		cmocka_unit_test(human__knows_a_hunk_from_its_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
