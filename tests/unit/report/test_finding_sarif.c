#include "unit/report/findings.h"

/* What of one finding is said; docs.oasis-open.org/sarif/sarif/v2.1.0. */
static void sarif__tells_a_finding(void **state)
{
	struct finding f = plain_findings[0];
	struct finding_report r = plain_report;

	(void)state;
	f.hint = NULL;
	r.findings = &f;
	r.n = 1;
	check_format(
		"sarif", &r,
		"{\n"
		"  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.js"
		"on\",\n"
		"  \"version\": \"2.1.0\",\n"
		"  \"runs\": [\n"
		"    {\n"
		"      \"tool\": {\n"
		"        \"driver\": {\n"
		"          \"name\": \"git-migrate\",\n"
		"          \"version\": \"1.2.3\",\n"
		"          \"rules\": [\n"
		"            {\n"
		"              \"id\": \"GM104\",\n"
		"              \"name\": \"out-of-order\",\n"
		"              \"shortDescription\": {\n"
		"                \"text\": \"A migration sorts before one "
		"that is there\"\n"
		"              },\n"
		"              \"fullDescription\": {\n"
		"                \"text\": \"A migration sorts before one "
		"that is there\"\n"
		"              },\n"
		"              \"help\": {\n"
		"                \"text\": \"docs/rules.md of git migrate "
		"tells what to do\"\n"
		"              },\n"
		"              \"defaultConfiguration\": {\n"
		"                \"level\": \"error\"\n"
		"              }\n"
		"            },\n"
		"            {\n"
		"              \"id\": \"GM105\",\n"
		"              \"name\": \"conflict\",\n"
		"              \"shortDescription\": {\n"
		"                \"text\": \"Both sides change {{one}} "
		"thing\"\n"
		"              },\n"
		"              \"fullDescription\": {\n"
		"                \"text\": \"Both sides change {{one}} "
		"thing\"\n"
		"              },\n"
		"              \"help\": {\n"
		"                \"text\": \"docs/rules.md of git migrate "
		"tells what to do\"\n"
		"              },\n"
		"              \"defaultConfiguration\": {\n"
		"                \"level\": \"error\"\n"
		"              }\n"
		"            },\n"
		"            {\n"
		"              \"id\": \"GM110\",\n"
		"              \"name\": \"uncertain\",\n"
		"              \"shortDescription\": {\n"
		"                \"text\": \"It cannot be told\"\n"
		"              },\n"
		"              \"fullDescription\": {\n"
		"                \"text\": \"It cannot be told\"\n"
		"              },\n"
		"              \"help\": {\n"
		"                \"text\": \"docs/rules.md of git migrate "
		"tells what to do\"\n"
		"              },\n"
		"              \"defaultConfiguration\": {\n"
		"                \"level\": \"warning\"\n"
		"              }\n"
		"            }\n"
		"          ]\n"
		"        }\n"
		"      },\n"
		"      \"invocations\": [\n"
		"        {\n"
		"          \"executionSuccessful\": true\n"
		"        }\n"
		"      ],\n"
		"      \"originalUriBaseIds\": {\n"
		"        \"SRCROOT\": {\n"
		"          \"description\": {\n"
		"            \"text\": \"the top of the repository\"\n"
		"          }\n"
		"        }\n"
		"      },\n"
		"      \"columnKind\": \"unicodeCodePoints\",\n"
		"      \"results\": [\n"
		"        {\n"
		"          \"ruleId\": \"GM105\",\n"
		"          \"ruleIndex\": 1,\n"
		"          \"level\": \"error\",\n"
		"          \"message\": {\n"
		"            \"text\": \"both add column mail to "
		"public.users\\nmigrations/1_mail.sql:3: 1_mail (ours, "
		"feature, 1111111111)\\nmigrations/2_post.sql:1: 2_post "
		"(theirs, main, 2222222222)\"\n"
		"          },\n"
		"          \"locations\": [\n"
		"            {\n"
		"              \"physicalLocation\": {\n"
		"                \"artifactLocation\": {\n"
		"                  \"uri\": \"migrations/1_mail.sql\",\n"
		"                  \"uriBaseId\": \"SRCROOT\"\n"
		"                },\n"
		"                \"region\": {\n"
		"                  \"startLine\": 3,\n"
		"                  \"startColumn\": 5,\n"
		"                  \"snippet\": {\n"
		"                    \"text\": \"ALTER TABLE users\\n\\tADD "
		"COLUMN mail text;\"\n"
		"                  }\n"
		"                }\n"
		"              },\n"
		"              \"logicalLocations\": [\n"
		"                {\n"
		"                  \"fullyQualifiedName\": \"column "
		"public.users.mail\"\n"
		"                }\n"
		"              ]\n"
		"            }\n"
		"          ],\n"
		"          \"relatedLocations\": [\n"
		"            {\n"
		"              \"id\": 1,\n"
		"              \"physicalLocation\": {\n"
		"                \"artifactLocation\": {\n"
		"                  \"uri\": \"migrations/2_post.sql\",\n"
		"                  \"uriBaseId\": \"SRCROOT\"\n"
		"                },\n"
		"                \"region\": {\n"
		"                  \"startLine\": 1,\n"
		"                  \"snippet\": {\n"
		"                    \"text\": \"ALTER TABLE users ADD "
		"COLUMN mail int;\"\n"
		"                  }\n"
		"                }\n"
		"              },\n"
		"              \"message\": {\n"
		"                \"text\": \"migrations/2_post.sql:1: 2_post "
		"(theirs, main, 2222222222)\"\n"
		"              }\n"
		"            }\n"
		"          ],\n"
		"          \"partialFingerprints\": {\n"
		"            \"gitMigrate/v1\": "
		"\"90bf5a21dec78064d7bd10d4e6efc407\"\n"
		"          },\n"
		"          \"suppressions\": [],\n"
		"          \"properties\": {\n"
		"            \"object\": \"column public.users.mail\",\n"
		"            \"migrations\": [\n"
		"              \"1_mail\",\n"
		"              \"2_post\"\n"
		"            ]\n"
		"          }\n"
		"        }\n"
		"      ]\n"
		"    }\n"
		"  ]\n"
		"}\n");
}

static char *text_of(const struct finding_report *r)
{
	return write_format("sarif", r);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in\n%s", part, text);
}

/* A waiver is a suppression; where none is, the array is there. */
static void sarif__suppresses_what_is_waived(void **state)
{
	struct finding_report r = plain_report;
	char *text;

	(void)state;
	r.findings = &plain_findings[3];
	r.n = 1;
	text = text_of(&r);
	assert_has(text, "\"suppressions\": [\n"
			 "            {\n"
			 "              \"kind\": \"inSource\",\n"
			 "              \"justification\": \"the rows are the "
			 "same\"\n");
	free(text);
	r.findings = &plain_findings[1];
	text = text_of(&r);
	assert_has(text, "\"suppressions\": [],\n");
	assert_has(text, "\"level\": \"note\",\n          \"message\"");
	free(text);
}

static void sarif__makes_uris_of_paths(void **state)
{
	static const struct {
		const char *path, *uri;
	} rows[] = {
		{ "a/b-c_d.e~f.sql", "a/b-c_d.e~f.sql" },
		{ "a:b", "a%3Ab" }, /* no scheme */
		{ "100%.sql", "100%25.sql" },
		{ "a b\n\"\\", "a%20b%0A%22%5C" },
		{ "\xc3\xa9\xff", "%C3%A9%FF" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct finding_place p = { .path = rows[i].path };
		struct finding f = plain_findings[0];
		struct finding_report r = { .findings = &f, .n = 1 };
		char *text, *uri = xasprintf("\"uri\": \"%s\"", rows[i].uri);

		f.places = &p;
		f.n_places = 1;
		text = text_of(&r);
		assert_has(text, uri);
		free(text);
		free(uri);
	}
}

/* A message that would be a placeholder or a link of SARIF. */
static void sarif__escapes_messages(void **state)
{
	struct finding f = plain_findings[0];
	struct finding_report r = { .findings = &f, .n = 1 };
	char *text;

	(void)state;
	f.message = "{0} and [x](http://example.com)";
	f.hint = NULL;
	f.n_places = 0;
	text = text_of(&r);
	assert_has(text, "\"text\": \"{{0}} and [x] (http://example.com)\"\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sarif__tells_a_finding),
		cmocka_unit_test(sarif__suppresses_what_is_waived),
		cmocka_unit_test(sarif__makes_uris_of_paths),
		cmocka_unit_test(sarif__escapes_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
