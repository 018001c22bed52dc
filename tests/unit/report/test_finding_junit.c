#include "unit/report/findings.h"

static void junit__has_a_case_for_each_migration(void **state)
{
	(void)state;
	check_format(
		"junit", &plain_report,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites>\n"
		"<testsuite name=\"git migrate check\" tests=\"4\" "
		"failures=\"1\" errors=\"0\" skipped=\"0\">\n"
		"<testcase classname=\"migrations\" name=\"1_mail\" "
		"file=\"migrations/1_mail.sql\">\n"
		"<failure type=\"GM105\" message=\"both add column mail to "
		"public.users\">error: both add column mail to public.users\n"
		"migrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\n"
		"migrations/2_post.sql:1: 2_post (theirs, main, 2222222222)\n"
		"hint: git migrate rebase --onto main\n"
		"ALTER TABLE users\n"
		"\tADD COLUMN mail text;\n"
		"ALTER TABLE users ADD COLUMN mail int;\n"
		"</failure>\n"
		"<system-out>note: 1_mail sorts before 2_post\n"
		"migrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\n"
		"migrations/2_post.sql:1: 2_post (theirs, main, 2222222222)\n"
		"ALTER TABLE users\n"
		"\tADD COLUMN mail text;\n"
		"ALTER TABLE users ADD COLUMN mail int;\n"
		"diff --git a/t b/t\n"
		"--- a/t\n"
		"+++ b/t\n"
		"@@ -1 +1 @@\n"
		"-\ta\n"
		"+\tb\n"
		" c\n"
		"waived error: both write rows of users\n"
		"migrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\n"
		"migrations/2_post.sql:1: 2_post (theirs, main, 2222222222)\n"
		"hint: not shown\n"
		"ALTER TABLE users\n"
		"\tADD COLUMN mail text;\n"
		"ALTER TABLE users ADD COLUMN mail int;\n"
		"reason: the rows are the same\n"
		"</system-out>\n"
		"</testcase>\n"
		"<testcase classname=\"migrations\" name=\"2_post\">\n"
		"</testcase>\n"
		"<testcase classname=\"migrations\" name=\"0_base\">\n"
		"</testcase>\n"
		"<testcase classname=\"migrations\" name=\"GM110\">\n"
		"<system-out>warning: dynamic SQL\n"
		"7_gone\n"
		"</system-out>\n"
		"</testcase>\n"
		"</testsuite>\n"
		"</testsuites>\n");
}

static void junit__stays_well_formed(void **state)
{
	(void)state;
	check_format(
		"junit", &evil_report,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites>\n"
		"<testsuite name=\"git migrate check\" tests=\"4\" "
		"failures=\"2\" errors=\"0\" skipped=\"0\">\n"
		"<testcase classname=\"migrations\" "
		"name=\"1_&quot;]]&gt;&lt;x&gt;&amp;'%::error,a=b\\x1b[2J"
		"\\xff\\ufffe\" file=\"dir,a:b/100%25 "
		"\xc3\xa9\\xff&quot;\\n#?.sql\">\n"
		"<failure type=\"GM105\" message=\"{0} [a](http://e) ]]&gt; "
		"&lt;b&gt;&amp;amp; 100%\\x0d\\n::error "
		"file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82 (and 1 "
		"more)\">error: {0} [a](http://e) ]]&gt; &lt;b&gt;&amp;amp; "
		"100%\\x0d\\n::error file=x::\\x1b[31m"
		"\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"dir,a:b/100%25 \xc3\xa9\\xff&quot;\\n#?.sql:1: "
		"1_&quot;]]&gt;&lt;x&gt;&amp;'%::error,a=b\\x1b[2J\\xff\\ufff"
		"e (ours, a,b::c\\n, 1111111111)\n"
		"../:x: 2_b\n"
		"hint: {0} [a](http://e) ]]&gt; &lt;b&gt;&amp;amp; "
		"100%\\x0d\\n::error file=x::\\x1b[31m"
		"\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"{0} [a](http://e) ]]&gt; &lt;b&gt;&amp;amp; 100%\n"
		"::error file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"\n"
		"\n"
		"\tx\n"
		"]]&gt;\n"
		"{0} [a](http://e) ]]&gt; &lt;b&gt;&amp;amp; 100%\n"
		"::error file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"error: the same thing again\n"
		"dir,a:b/100%25 \xc3\xa9\\xff&quot;\\n#?.sql:1: "
		"1_&quot;]]&gt;&lt;x&gt;&amp;'%::error,a=b\\x1b[2J\\xff\\ufff"
		"e (ours, a,b::c\\n, 1111111111)\n"
		"../:x: 2_b\n"
		"{0} [a](http://e) ]]&gt; &lt;b&gt;&amp;amp; 100%\n"
		"::error file=x::\\x1b[31m\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"\n"
		"\n"
		"\tx\n"
		"]]&gt;\n"
		"</failure>\n"
		"</testcase>\n"
		"<testcase classname=\"migrations\" name=\"2_b\">\n"
		"</testcase>\n"
		"<testcase classname=\"migrations\" name=\"GM109\">\n"
		"<system-out>waived error: \\n\n"
		"reason: {0} [a](http://e) ]]&gt; &lt;b&gt;&amp;amp; "
		"100%\\x0d\\n::error file=x::\\x1b[31m"
		"\xc3\xa9\\xc2\\x85\\xe2\\x82\n"
		"</system-out>\n"
		"</testcase>\n"
		"<testcase classname=\"migrations\" name=\"GM109\">\n"
		"<failure type=\"GM109\" message=\"\">error: \n"
		"</failure>\n"
		"</testcase>\n"
		"</testsuite>\n"
		"</testsuites>\n");
}

static void junit__of_nothing_has_no_cases(void **state)
{
	(void)state;
	check_format("junit", &empty_report,
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		     "<testsuites>\n"
		     "<testsuite name=\"git migrate check\" tests=\"0\" "
		     "failures=\"0\" errors=\"0\" skipped=\"0\">\n"
		     "</testsuite>\n"
		     "</testsuites>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(junit__has_a_case_for_each_migration),
		cmocka_unit_test(junit__stays_well_formed),
		cmocka_unit_test(junit__of_nothing_has_no_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
