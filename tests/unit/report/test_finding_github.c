#include "unit/report/findings.h"

static void github__has_a_command_for_each_finding(void **state)
{
	(void)state;
	check_format(
		"github", &plain_report,
		"::error file=migrations/1_mail.sql,line=3,col=5,title=GM105 "
		"conflict::both add column mail to "
		"public.users%0Amigrations/1_mail.sql:3: 1_mail (ours, "
		"feature, 1111111111)%0Amigrations/2_post.sql:1: 2_post "
		"(theirs, main, 2222222222)%0Ahint: git migrate rebase "
		"--onto main\n"
		"::notice file=migrations/1_mail.sql,line=3,col=5,title=GM104"
		" out-of-order::1_mail sorts before "
		"2_post%0Amigrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)%0Amigrations/2_post.sql:1: 2_post (theirs, "
		"main, 2222222222)\n"
		"::warning title=GM110 uncertain::dynamic SQL%0A7_gone\n");
}

static void github__lets_no_name_be_a_command(void **state)
{
	(void)state;
	check_format(
		"github", &evil_report,
		"::error file=dir%2Ca%3Ab/100%2525 "
		"\xc3\xa9\\xff\"\\n#?.sql,line=1,title=GM105 conflict::{0} "
		"[a](http://e) ]]> <b>&amp; 100%25\\x0d\\n::error "
		"file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82%0Adir,a:b/100%"
		"2525 \xc3\xa9\\xff\"\\n#?.sql:1: "
		"1_\"]]><x>&'%25::error,a=b\\x1b[2J\\xff\xef\xbf\xbe (ours, "
		"a,b::c\\n, 1111111111)%0A../:x: 2_b%0Ahint: {0} "
		"[a](http://e) ]]> <b>&amp; 100%25\\x0d\\n::error "
		"file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"::error file=dir%2Ca%3Ab/100%2525 "
		"\xc3\xa9\\xff\"\\n#?.sql,line=1,title=GM105 conflict::the "
		"same thing again%0Adir,a:b/100%2525 "
		"\xc3\xa9\\xff\"\\n#?.sql:1: "
		"1_\"]]><x>&'%25::error,a=b\\x1b[2J\\xff\xef\xbf\xbe (ours, "
		"a,b::c\\n, 1111111111)%0A../:x: 2_b\n"
		"::error title=GM109 replay-failed::\n");
}

/* What is under review, although the other side's file is named first. */
static void github__points_at_our_side(void **state)
{
	const struct finding_place places[] = { both_sides[1], nowhere[0],
						both_sides[0] };
	struct finding f = plain_findings[0];
	struct finding_report r = { .findings = &f, .n = 1 };
	char *text;

	(void)state;
	f.places = places;
	f.n_places = 3;
	text = write_format("github", &r);
	assert_true(starts_with(text, "::error file=migrations/1_mail.sql,"));
	free(text);
	f.n_places = 2;
	text = write_format("github", &r);
	assert_true(starts_with(text, "::error file=migrations/2_post.sql,"));
	free(text);
}

static void github__of_nothing_is_nothing(void **state)
{
	(void)state;
	check_format("github", &empty_report, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(github__has_a_command_for_each_finding),
		cmocka_unit_test(github__lets_no_name_be_a_command),
		cmocka_unit_test(github__points_at_our_side),
		cmocka_unit_test(github__of_nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
