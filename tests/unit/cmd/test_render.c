#include "cmd/render.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "cmd/print.h"
#include "cmd/units.h"
#include "support/unit.h"

/* Every kind of event and state, in colour, in words and in JSON. */

static const char *const kinds[] = { "init",  "apply", "rollback",
				     "drift", "fork",  "restored" };

static void render_verb__of_every_event(void **state)
{
	static const char *const verbs[] = { "init",  "applied", "rolled back",
					     "drift", "fork",    "restored" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		assert_string_equal(render_verb(kinds[i]), verbs[i]);
}

static void render_color__of_every_state(void **state)
{
	static const enum tty_color colors[STATE_COUNT] = {
		[STATE_APPLIED] = TTY_GREEN,   [STATE_PENDING] = TTY_YELLOW,
		[STATE_FAILED] = TTY_RED,      [STATE_ROLLED_BACK] = TTY_CYAN,
		[STATE_FOREIGN] = TTY_MAGENTA, [STATE_MODIFIED] = TTY_RED,
		[STATE_EDITED] = TTY_GREEN,    [STATE_UNCOMMITTED] = TTY_DIM,
	};
	struct tty on = { .color = true }, off = { .color = false };

	(void)state;
	for (int i = 0; i < STATE_COUNT; i++) {
		enum tty_color c =
			render_color(engine_state_name((enum engine_state)i));

		assert_int_equal(c, colors[i]);
		assert_true(starts_with(tty_color(&on, c), "\033["));
		assert_string_equal(tty_color(&off, c), "");
	}
	/* an event of the same meaning has the same colour */
	assert_int_equal(render_color("apply"), render_color("applied"));
	assert_int_equal(render_color("rollback"), render_color("rolled_back"));
	assert_int_equal(render_color("no such word"), TTY_RESET);
}

static void render_counts__leaves_out_what_is_not_known(void **state)
{
	static const struct {
		struct engine_event e;
		const char *text;
	} cases[] = {
		{ { .duration_ms = 0 }, "0 ms" },
		{ { .statements = 1, .duration_ms = 5 }, "1 statement, 5 ms" },
		{ { .statements = 2, .rows = 1 }, "2 statements, 1 row, 0 ms" },
		{ { .rows = 1000000, .parked = 3, .duration_ms = 12345 },
		  "1000000 rows, 3 parked, 12345 ms" },
		{ { .parked = 1 }, "1 parked, 0 ms" },
		{ { .statements = -1, .rows = -1 }, "0 ms" },
		{ { .rows = INT64_MAX, .duration_ms = INT64_MAX },
		  "9223372036854775807 rows, 9223372036854775807 ms" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT;

		render_counts(&b, &cases[i].e);
		assert_string_equal(buf_str(&b), cases[i].text);
		buf_release(&b);
	}
}

static void render_short__cuts_ids(void **state)
{
	char out[RENDER_SHORT];

	(void)state;
	assert_string_equal(render_short(NULL, out), "");
	assert_string_equal(render_short("", out), "");
	assert_string_equal(render_short("abc", out), "abc");
	assert_string_equal(
		render_short("0123456789abcdef0123456789abcdef01234567", out),
		"0123456789");
}

/* --- JSON: the keys of docs/json.md, in its order, with their types --- */

struct key {
	const char *name;
	json_type type; /* of one that is known */
};

static const struct key keys[] = {
	{ "event", JSON_STRING },
	{ "name", JSON_STRING },
	{ "blob", JSON_STRING },
	{ "commit", JSON_STRING },
	{ "source_commit", JSON_STRING },
	{ "snapshot", JSON_STRING },
	{ "schema", JSON_STRING },
	{ "shape", JSON_STRING },
	{ "rows", JSON_INTEGER },
	{ "duration_ms", JSON_INTEGER },
	{ "exact", JSON_TRUE },
	{ "seq", JSON_INTEGER },
	{ "version", JSON_STRING },
	{ "status", JSON_STRING },
	{ "kind", JSON_STRING },
	{ "parent", JSON_STRING },
	{ "snapshot_store", JSON_STRING },
	{ "snapshot_host", JSON_STRING },
	{ "description", JSON_STRING },
	{ "author", JSON_STRING },
	{ "applied_by", JSON_STRING },
	{ "started_at", JSON_STRING },
	{ "finished_at", JSON_STRING },
	{ "statements", JSON_INTEGER },
	{ "parked", JSON_INTEGER },
	{ "dirty", JSON_TRUE },
	{ "out_of_order", JSON_TRUE },
	{ "irreversible", JSON_TRUE },
	{ "changes", JSON_STRING },
	{ "error", JSON_STRING },
};

static json_t *event_json(const struct engine_event *e, char **text)
{
	struct report *r = report_new();
	json_t *root;

	report_array(r, "events");
	render_event(r, e);
	report_end(r);
	assert_ok(report_finish(r, text));
	report_free(r);
	root = json_loads(*text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "events")), 1);
	return root;
}

/* The order as written: jansson's own iteration keeps it, too. */
static void check_keys(const json_t *event, bool known)
{
	size_t i = 0;
	const char *name;
	json_t *value, *object = json_incref((json_t *)(uintptr_t)event);

	json_object_foreach(object, name, value)
	{
		assert_true(i < ARRAY_LEN(keys));
		assert_string_equal(name, keys[i].name);
		if (known)
			assert_int_equal(json_typeof(value), keys[i].type);
		else
			assert_true(json_is_null(value) ||
				    json_is_false(value) ||
				    (json_is_integer(value) &&
				     !json_integer_value(value)));
		i++;
	}
	assert_int_equal(i, ARRAY_LEN(keys));
	json_decref(object);
}

static void render_event__has_every_key_of_the_manual(void **state)
{
	static const struct engine_event full = {
		.seq = 7,
		.event = "apply",
		.name = "n",
		.version = "1",
		.blob = "b",
		.commit = "c",
		.parent = "p",
		.source_commit = "s",
		.snapshot = "x",
		.snapshot_store = "clone@build-7",
		.schema = "y",
		.shape = "z",
		.status = "applied",
		.kind = "mixed",
		.description = "d",
		.author = "A <a>",
		.applied_by = "B <b>",
		.started_at = "2026-11-22T15:04:05Z",
		.finished_at = "2026-11-22T15:04:06Z",
		.error = "e",
		.duration_ms = 1,
		.statements = 2,
		.rows = 3,
		.parked = 4,
		.dirty = true,
		.out_of_order = true,
		.exact = true,
		.irreversible = true,
		.changes = "+table n",
	};
	static const struct engine_event empty = { .blob = "", .commit = "" };
	char *text;
	json_t *root = event_json(&full, &text);

	(void)state;
	check_keys(json_array_get(json_object_get(root, "events"), 0), true);
	json_decref(root);
	free(text);
	root = event_json(&empty, &text);
	check_keys(json_array_get(json_object_get(root, "events"), 0), false);
	json_decref(root);
	free(text);
}

/* Any bytes in a name: JSON, and the same text where it was UTF-8. */
static void render_event__takes_any_bytes(void **state)
{
	unsigned long seed = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char name[16];
		struct engine_event e = { .event = "apply", .name = name };
		size_t n = 1 + (size_t)i % 15;
		const char *back;
		char *text;
		json_t *root;

		for (size_t k = 0; k < n; k++) {
			seed = seed * 6364136223846793005UL +
			       1442695040888963UL;
			name[k] = (char)(1 + (seed >> 33) % 255);
		}
		name[n] = '\0';
		root = event_json(&e, &text);
		back = json_string_value(json_object_get(
			json_array_get(json_object_get(root, "events"), 0),
			"name"));
		assert_non_null(back);
		if (text_utf8_valid(name, n) == n)
			assert_string_equal(back, name);
		else
			assert_non_null(strstr(back, "\\x"));
		json_decref(root);
		free(text);
	}
}

/* --- printing: no byte steers, whatever the function --- */

static void print__steers_no_terminal_with_any_byte(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		const char in[] = { 'a', (char)c, 'b', '\0' };
		char *out = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&out, &n);

		print_safe(f, in);
		fputc('|', f);
		print_padded(f, in, 12);
		fputc('|', f);
		print_line(f, "warning", in);
		print_text(f, in, "> ");
		fclose(f);
		for (size_t i = 0; i < n; i++) {
			unsigned char b = (unsigned char)out[i];

			if (b < 0x20)
				assert_true(b == '\n' || b == '\t');
			assert_true(b < 0x7f);
		}
		free(out);
	}
}

/* Cut to any width: never wider, never in the middle of a character. */
static void print_cut__fits_any_width(void **state)
{
	static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";

	(void)state;
	for (size_t width = 1; width < 9; width++) {
		struct buf b = BUF_INIT;

		buf_addstr(&b, text);
		print_cut(&b, width);
		assert_int_equal(text_utf8_valid(b.data, b.len), b.len);
		assert_int_equal(print_width(b.data), width < 5 ? width : 5);
		if (width >= 5)
			assert_string_equal(b.data, text);
		buf_release(&b);
	}
}

/* A size or a duration of any number and unit, or a clear no. */
static void units__agree_with_long_arithmetic(void **state)
{
	static const struct {
		const char *unit;
		long double factor;
		bool size;
	} units[] = {
		{ "ms", 1, false },        { "s", 1e3L, false },
		{ "min", 6e4L, false },    { "h", 36e5L, false },
		{ "d", 864e5L, false },    { "", 1, true },
		{ "k", 1024, true },       { "MiB", 1048576, true },
		{ "g", 1073741824, true }, { "TB", 1099511627776.0L, true },
	};
	static const char *const numbers[] = { "0",
					       "1",
					       "007",
					       "24",
					       "25",
					       "596",
					       "597",
					       "35791",
					       "35792",
					       "2147483",
					       "2147484",
					       "2147483647",
					       "2147483648",
					       "8388607",
					       "8388608",
					       "8589934591",
					       "8589934592",
					       "9007199254740991",
					       "9007199254740992",
					       "9223372036854775807",
					       "9223372036854775808",
					       "99999999999999999999" };

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(units); u++)
		for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
			char *text =
				xasprintf("%s%s", numbers[i], units[u].unit);
			long double want =
				strtold(numbers[i], NULL) * units[u].factor;
			long double most =
				units[u].size ? 0x1p63L - 1 : 2147483647.0L;
			uint64_t bytes = 0;
			int64_t ms = 0;
			bool ok = units[u].size ? units_size(text, &bytes)
						: units_duration(text, &ms);

			assert_int_equal(ok, want <= most);
			if (ok && units[u].size)
				assert_true((long double)bytes == want);
			else if (ok)
				assert_true((long double)ms == want);
			free(text);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(render_verb__of_every_event),
		cmocka_unit_test(render_color__of_every_state),
		cmocka_unit_test(render_counts__leaves_out_what_is_not_known),
		cmocka_unit_test(render_short__cuts_ids),
		cmocka_unit_test(render_event__has_every_key_of_the_manual),
		cmocka_unit_test(render_event__takes_any_bytes),
		cmocka_unit_test(print__steers_no_terminal_with_any_byte),
		cmocka_unit_test(print_cut__fits_any_width),
		cmocka_unit_test(units__agree_with_long_arithmetic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
