#include "unit/report/findings.h"

static void json__has_the_keys_in_their_order(void **state)
{
	struct finding_report r = plain_report;

	(void)state;
	r.findings = &plain_findings[2];
	r.n = 2;
	check_format(
		"json", &r,
		"{\n"
		"  \"format\": 1,\n"
		"  \"base\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\n"
		"  \"ours\": \"1111111111111111111111111111111111111111\",\n"
		"  \"theirs\": \"2222222222222222222222222222222222222222\","
		"\n"
		"  \"verdict\": \"conflict\",\n"
		"  \"findings\": [\n"
		"    {\n"
		"      \"rule\": \"GM110\",\n"
		"      \"level\": \"warning\",\n"
		"      \"message\": \"dynamic SQL\",\n"
		"      \"object\": null,\n"
		"      \"migrations\": [\n"
		"        {\n"
		"          \"name\": \"7_gone\",\n"
		"          \"side\": null,\n"
		"          \"commit\": null,\n"
		"          \"path\": null,\n"
		"          \"line\": null,\n"
		"          \"column\": null,\n"
		"          \"ref\": null,\n"
		"          \"blob\": null,\n"
		"          \"sql\": null\n"
		"        }\n"
		"      ],\n"
		"      \"hint\": null,\n"
		"      \"slug\": \"uncertain\",\n"
		"      \"waived\": null,\n"
		"      \"diff\": null,\n"
		"      \"fingerprint\": "
		"\"426865eab09a88c8590db52417ba7e36\"\n"
		"    },\n"
		"    {\n"
		"      \"rule\": \"GM105\",\n"
		"      \"level\": \"error\",\n"
		"      \"message\": \"both write rows of users\",\n"
		"      \"object\": \"rows of users\",\n"
		"      \"migrations\": [\n"
		"        {\n"
		"          \"name\": \"1_mail\",\n"
		"          \"side\": \"ours\",\n"
		"          \"commit\": "
		"\"1111111111111111111111111111111111111111\",\n"
		"          \"path\": \"migrations/1_mail.sql\",\n"
		"          \"line\": 3,\n"
		"          \"column\": 5,\n"
		"          \"ref\": \"feature\",\n"
		"          \"blob\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aa\",\n"
		"          \"sql\": \"ALTER TABLE users\\n\\tADD COLUMN mail "
		"text;\"\n"
		"        },\n"
		"        {\n"
		"          \"name\": \"2_post\",\n"
		"          \"side\": \"theirs\",\n"
		"          \"commit\": "
		"\"2222222222222222222222222222222222222222\",\n"
		"          \"path\": \"migrations/2_post.sql\",\n"
		"          \"line\": 1,\n"
		"          \"column\": null,\n"
		"          \"ref\": \"main\",\n"
		"          \"blob\": \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		"bb\",\n"
		"          \"sql\": \"ALTER TABLE users ADD COLUMN mail "
		"int;\"\n"
		"        }\n"
		"      ],\n"
		"      \"hint\": \"not shown\",\n"
		"      \"slug\": \"conflict\",\n"
		"      \"waived\": \"the rows are the same\",\n"
		"      \"diff\": null,\n"
		"      \"fingerprint\": "
		"\"a4ad4ad808ae2c1f9ba06c96844d43be\"\n"
		"    }\n"
		"  ],\n"
		"  \"counts\": {\n"
		"    \"error\": 0,\n"
		"    \"warning\": 1,\n"
		"    \"note\": 0,\n"
		"    \"waived\": 1\n"
		"  },\n"
		"  \"refs\": {\n"
		"    \"base\": \"main~2\",\n"
		"    \"ours\": \"feature\",\n"
		"    \"theirs\": \"main\"\n"
		"  },\n"
		"  \"checked\": [\n"
		"    \"1_mail\",\n"
		"    \"2_post\",\n"
		"    \"0_base\"\n"
		"  ],\n"
		"  \"replay\": \"sqlite\"\n"
		"}\n");
}

static void json__of_nothing_is_clean(void **state)
{
	(void)state;
	check_format("json", &empty_report,
		     "{\n"
		     "  \"format\": 1,\n"
		     "  \"base\": null,\n"
		     "  \"ours\": null,\n"
		     "  \"theirs\": null,\n"
		     "  \"verdict\": \"clean\",\n"
		     "  \"findings\": [],\n"
		     "  \"counts\": {\n"
		     "    \"error\": 0,\n"
		     "    \"warning\": 0,\n"
		     "    \"note\": 0,\n"
		     "    \"waived\": 0\n"
		     "  },\n"
		     "  \"refs\": {\n"
		     "    \"base\": null,\n"
		     "    \"ours\": null,\n"
		     "    \"theirs\": null\n"
		     "  },\n"
		     "  \"checked\": [],\n"
		     "  \"replay\": null\n"
		     "}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__has_the_keys_in_their_order),
		cmocka_unit_test(json__of_nothing_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
