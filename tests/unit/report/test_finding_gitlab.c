#include "unit/report/findings.h"

static void gitlab__tells_what_counts(void **state)
{
	(void)state;
	check_format(
		"gitlab", &plain_report,
		"[\n"
		"  {\n"
		"    \"description\": \"both add column mail to "
		"public.users\\nmigrations/1_mail.sql:3: 1_mail (ours, "
		"feature, 1111111111)\\nmigrations/2_post.sql:1: 2_post "
		"(theirs, main, 2222222222)\\nhint: git migrate rebase "
		"--onto main\",\n"
		"    \"check_name\": \"GM105\",\n"
		"    \"fingerprint\": \"90bf5a21dec78064d7bd10d4e6efc407\",\n"
		"    \"severity\": \"critical\",\n"
		"    \"location\": {\n"
		"      \"path\": \"migrations/1_mail.sql\",\n"
		"      \"lines\": {\n"
		"        \"begin\": 3\n"
		"      }\n"
		"    }\n"
		"  },\n"
		"  {\n"
		"    \"description\": \"1_mail sorts before "
		"2_post\\nmigrations/1_mail.sql:3: 1_mail (ours, feature, "
		"1111111111)\\nmigrations/2_post.sql:1: 2_post (theirs, "
		"main, 2222222222)\",\n"
		"    \"check_name\": \"GM104\",\n"
		"    \"fingerprint\": \"76bc2ae3657a83fccbc764b1596b5016\",\n"
		"    \"severity\": \"info\",\n"
		"    \"location\": {\n"
		"      \"path\": \"migrations/1_mail.sql\",\n"
		"      \"lines\": {\n"
		"        \"begin\": 3\n"
		"      }\n"
		"    }\n"
		"  },\n"
		"  {\n"
		"    \"description\": \"dynamic SQL\\n7_gone\",\n"
		"    \"check_name\": \"GM110\",\n"
		"    \"fingerprint\": \"426865eab09a88c8590db52417ba7e36\",\n"
		"    \"severity\": \"minor\",\n"
		"    \"location\": {\n"
		"      \"path\": \".gitmigrate\",\n"
		"      \"lines\": {\n"
		"        \"begin\": 1\n"
		"      }\n"
		"    }\n"
		"  }\n"
		"]\n");
}

static void gitlab__has_each_fingerprint_once(void **state)
{
	(void)state;
	check_format(
		"gitlab", &evil_report,
		"[\n"
		"  {\n"
		"    \"description\": \"{0} [a](http://e) ]]> <b>&amp; "
		"100%\\\\x0d\\\\n::error "
		"file=x::\\\\x1b[31m\xc3\xa9\\\\xc2\\\\x85\\\\xe2\\\\x82\\ndi"
		"r,a:b/100%25 \xc3\xa9\\\\xff\\\"\\\\n#?.sql:1: "
		"1_\\\"]]><x>&'%::error,a=b\\\\x1b[2J\\\\xff\xef\xbf\xbe "
		"(ours, a,b::c\\\\n, 1111111111)\\n../:x: 2_b\\nhint: {0} "
		"[a](http://e) ]]> <b>&amp; 100%\\\\x0d\\\\n::error "
		"file=x::\\\\x1b[31m\xc3\xa9\\\\xc2\\\\x85\\\\xe2\\\\x82\",\n"
		"    \"check_name\": \"GM105\",\n"
		"    \"fingerprint\": \"540518b7b434fe352fbda1048e898aa2\",\n"
		"    \"severity\": \"critical\",\n"
		"    \"location\": {\n"
		"      \"path\": \"dir,a:b/100%25 "
		"\xc3\xa9\\\\xff\\\"\\n#?.sql\",\n"
		"      \"lines\": {\n"
		"        \"begin\": 1\n"
		"      }\n"
		"    }\n"
		"  },\n"
		"  {\n"
		"    \"description\": \"the same thing "
		"again\\ndir,a:b/100%25 \xc3\xa9\\\\xff\\\"\\\\n#?.sql:1: "
		"1_\\\"]]><x>&'%::error,a=b\\\\x1b[2J\\\\xff\xef\xbf\xbe "
		"(ours, a,b::c\\\\n, 1111111111)\\n../:x: 2_b\",\n"
		"    \"check_name\": \"GM105\",\n"
		"    \"fingerprint\": \"540518b7b434fe352fbda1048e898aa2-2\","
		"\n"
		"    \"severity\": \"critical\",\n"
		"    \"location\": {\n"
		"      \"path\": \"dir,a:b/100%25 "
		"\xc3\xa9\\\\xff\\\"\\n#?.sql\",\n"
		"      \"lines\": {\n"
		"        \"begin\": 1\n"
		"      }\n"
		"    }\n"
		"  },\n"
		"  {\n"
		"    \"description\": \"\",\n"
		"    \"check_name\": \"GM109\",\n"
		"    \"fingerprint\": \"71e52b0db2ef3d2a94c9acb90e8fa84d-2\","
		"\n"
		"    \"severity\": \"critical\",\n"
		"    \"location\": {\n"
		"      \"path\": \".gitmigrate\",\n"
		"      \"lines\": {\n"
		"        \"begin\": 1\n"
		"      }\n"
		"    }\n"
		"  }\n"
		"]\n");
}

static void gitlab__of_nothing_is_an_array(void **state)
{
	(void)state;
	check_format("gitlab", &empty_report, "[]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gitlab__tells_what_counts),
		cmocka_unit_test(gitlab__has_each_fingerprint_once),
		cmocka_unit_test(gitlab__of_nothing_is_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
