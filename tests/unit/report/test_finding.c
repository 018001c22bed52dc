#include "unit/report/findings.h"

static void finding_level_name__is_a_word(void **state)
{
	(void)state;
	assert_string_equal(finding_level_name(FINDING_NOTE), "note");
	assert_string_equal(finding_level_name(FINDING_WARNING), "warning");
	assert_string_equal(finding_level_name(FINDING_ERROR), "error");
}

static void finding_format_find__knows_five(void **state)
{
	static const char *const names[] = { "json", "sarif", "junit", "github",
					     "gitlab" };
	size_t n = 0;

	(void)state;
	while (finding_formats[n].name)
		n++;
	assert_int_equal(n, ARRAY_LEN(names));
	for (size_t i = 0; i < n; i++)
		assert_string_equal(finding_format_find(names[i])->name,
				    names[i]);
	assert_null(finding_format_find("xml"));
	assert_null(finding_format_find(""));
	assert_null(finding_format_find("JSON"));
}

static const char *print_of(const struct finding *f, char out[33])
{
	finding_fingerprint(out, f);
	assert_int_equal(strspn(out, "0123456789abcdef"), 32);
	assert_int_equal(out[32], '\0');
	return out;
}

static void assert_same(bool same, const struct finding *a,
			const struct finding *b)
{
	char x[33], y[33];

	assert_int_equal(streq(print_of(a, x), print_of(b, y)), same);
}

/* Whatever may change from run to run is not in it. */
static void finding_fingerprint__is_of_what_stays(void **state)
{
	struct finding_place places[] = { both_sides[1], both_sides[0] };
	struct finding f = plain_findings[0];
	char id[33];

	(void)state;
	assert_string_equal(print_of(&f, id),
			    "90bf5a21dec78064d7bd10d4e6efc407");
	f.places = places; /* sides exchanged, lines moved */
	places[0].line = 99;
	places[0].path = "elsewhere/x.sql";
	places[1].side = "theirs";
	places[1].commit = NULL;
	f.message = "in other words";
	f.hint = f.diff = f.waived = "x";
	f.level = FINDING_NOTE;
	assert_same(true, &plain_findings[0], &f);
}

static void finding_fingerprint__is_of_rule_object_names_blobs(void **state)
{
	struct finding_place places[] = { both_sides[0], both_sides[1] };
	struct finding f = plain_findings[0];

	(void)state;
	f.rule = "GM106";
	assert_same(false, &plain_findings[0], &f);
	f = plain_findings[0];
	f.object = NULL;
	assert_same(false, &plain_findings[0], &f);
	f = plain_findings[0];
	f.n_places = 1;
	assert_same(false, &plain_findings[0], &f);
	f.n_places = 2;
	f.places = places;
	assert_same(true, &plain_findings[0], &f);
	places[1].blob = NULL;
	assert_same(false, &plain_findings[0], &f);
	places[1] = both_sides[1];
	places[0].name = "1_mai";
	assert_same(false, &plain_findings[0], &f);
}

/* "GM1" of "05x" is not "GM105" of "x"; "" is not nothing. */
static void finding_fingerprint__keeps_fields_apart(void **state)
{
	struct finding a = { .rule = "GM1", .object = "05x" };
	struct finding b = { .rule = "GM105", .object = "x" };

	(void)state;
	assert_same(false, &a, &b);
	a.rule = b.rule;
	a.object = "";
	b.object = NULL;
	assert_same(false, &a, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finding_level_name__is_a_word),
		cmocka_unit_test(finding_format_find__knows_five),
		cmocka_unit_test(finding_fingerprint__is_of_what_stays),
		cmocka_unit_test(
			finding_fingerprint__is_of_rule_object_names_blobs),
		cmocka_unit_test(finding_fingerprint__keeps_fields_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
