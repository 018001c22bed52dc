#include "report/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

/* Finish, parse again, and give the text without its white space. */
static char *compact(struct report *r)
{
	json_error_t error;
	json_t *back;
	char *text, *out;

	assert_ok(report_finish(r, &text));
	back = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(back);
	out = json_dumps(back, JSON_COMPACT);
	json_decref(back);
	free(text);
	report_free(r);
	return out;
}

static void report_new__starts_with_the_format(void **state)
{
	char *s = compact(report_new());

	(void)state;
	assert_string_equal(s, "{\"format\":1}");
	free(s);
}

static void report__keeps_keys_in_order(void **state)
{
	struct report *r = report_new();
	char *s;

	(void)state;
	report_string(r, "z", "1");
	report_bool(r, "a", false);
	report_int(r, "m", -5);
	report_bool(r, "a", true); /* again: keeps its place */
	s = compact(r);
	assert_string_equal(s, "{\"format\":1,\"z\":\"1\",\"a\":true,"
			       "\"m\":-5}");
	free(s);
}

static void report__nests_objects_and_arrays(void **state)
{
	struct report *r = report_new();
	char *s;

	(void)state;
	report_array(r, "list");
	report_object(r, NULL);
	report_string(r, "k", NULL);
	report_end(r);
	report_string(r, NULL, "x");
	report_array(r, NULL);
	report_end(r);
	report_end(r);
	report_int(r, "after", 1);
	s = compact(r);
	assert_string_equal(s, "{\"format\":1,\"list\":[{\"k\":null},\"x\","
			       "[]],\"after\":1}");
	free(s);
}

static void report_string__is_json_for_any_bytes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "plain" },
		{ "", "" },
		{ "caf\xc3\xa9 \xf0\x9f\x98\x80",
		  "caf\xc3\xa9 \xf0\x9f\x98\x80" },
		{ "bad \xff byte", "bad \\xff byte" },
		{ "\xc3", "\\xc3" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* half of a pair */
		{ "\xc3\xa9\xff\xc3\xa9", "\xc3\xa9\\xff\xc3\xa9" },
		{ "esc \033[31m\n\t\"\\", "esc \033[31m\n\t\"\\" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct report *r = report_new();
		json_t *back;
		char *text;

		report_string(r, "s", cases[i].in);
		assert_ok(report_finish(r, &text));
		assert_null(strchr(text, '\033'));
		back = json_loads(text, 0, NULL);
		assert_non_null(back);
		assert_string_equal(
			json_string_value(json_object_get(back, "s")),
			cases[i].out);
		json_decref(back);
		free(text);
		report_free(r);
	}
}

static void report_id__is_null_when_empty(void **state)
{
	struct report *r = report_new();
	char *s;

	(void)state;
	report_id(r, "a", "");
	report_id(r, "b", NULL);
	report_id(r, "c", "ab");
	s = compact(r);
	assert_string_equal(s, "{\"format\":1,\"a\":null,\"b\":null,"
			       "\"c\":\"ab\"}");
	free(s);
}

static void report_error__has_place_and_hint(void **state)
{
	struct err *e = err_new(ERR_TARGET, "statement 3 of 5: no");
	struct report *r = report_new();
	char *s;

	(void)state;
	e = err_at(e, (struct err_at){ "m/1.sql", 7, 0 });
	e = err_hint(e, "do this");
	report_error(r, "error", e);
	report_error(r, "none", NULL);
	s = compact(r);
	assert_string_equal(s,
			    "{\"format\":1,\"error\":{\"message\":"
			    "\"statement 3 of 5: no\",\"path\":\"m/1.sql\","
			    "\"line\":7,\"column\":null,\"hint\":\"do this\"},"
			    "\"none\":null}");
	free(s);
	err_free(e);
}

static void report_finish__tells_about_wrong_nesting(void **state)
{
	struct report *r = report_new();
	char *s;

	(void)state;
	report_object(r, "open");
	assert_fails(report_finish(r, &s), ERR_STATE);
	assert_null(s);
	report_free(r);

	r = report_new();
	report_end(r);
	assert_fails(report_finish(r, &s), ERR_STATE);
	report_free(r);

	r = report_new();
	for (int i = 0; i < REPORT_DEPTH + 3; i++)
		report_object(r, "deep");
	for (int i = 0; i < REPORT_DEPTH + 3; i++)
		report_end(r);
	assert_fails(report_finish(r, &s), ERR_STATE);
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_new__starts_with_the_format),
		cmocka_unit_test(report__keeps_keys_in_order),
		cmocka_unit_test(report__nests_objects_and_arrays),
		cmocka_unit_test(report_string__is_json_for_any_bytes),
		cmocka_unit_test(report_id__is_null_when_empty),
		cmocka_unit_test(report_error__has_place_and_hint),
		cmocka_unit_test(report_finish__tells_about_wrong_nesting),
	};

	return cmocka_run_group_tests_name("report/json", tests, NULL, NULL);
}
