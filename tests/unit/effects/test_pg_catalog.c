#include <stdlib.h>

#include "unit/effects/pg_cases.h"

/* Every kind of thing, parts of unknown tables, bodies. */
static const char everything[] =
	"CREATE SCHEMA app; CREATE TYPE mood AS ENUM ('ok', 'bad');"
	"CREATE TABLE users (id serial PRIMARY KEY, m mood DEFAULT 'ok');"
	"CREATE TABLE o (u int REFERENCES users ON DELETE CASCADE, a int);"
	"CREATE INDEX i ON o (lower(a)); CREATE VIEW v AS SELECT id FROM users;"
	"CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN EXECUTE 'DELETE FROM '"
	" || tg_name; INSERT INTO log (x) VALUES (NEW.a); RETURN NEW; END $$"
	" LANGUAGE plpgsql; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql"
	" RETURN 1; CREATE TRIGGER g AFTER INSERT ON o EXECUTE FUNCTION f();"
	"CREATE RULE r AS ON DELETE TO o DO ALSO INSERT INTO log (x) VALUES"
	" (1); CREATE POLICY p ON elsewhere USING (true);"
	"ALTER TABLE o RENAME COLUMN a TO b; DROP INDEX i;"
	"CREATE INDEX j ON elsewhere (x); ALTER TABLE users RENAME TO people";

static const char probe[] =
	"INSERT INTO o (u, b) VALUES (1, 2); DELETE FROM people; DELETE FROM o;"
	"INSERT INTO people VALUES (1, 'ok'); DROP TABLE people CASCADE;"
	"ALTER TABLE o DROP COLUMN b; DROP SCHEMA public CASCADE";

static void expect_same(struct effects_catalog *a, struct effects_catalog *b)
{
	struct buf one = BUF_INIT, two = BUF_INIT;

	run_text(a, probe, &one);
	run_text(b, probe, &two);
	assert_true(one.len > 200);
	assert_string_equal(buf_str(&one), buf_str(&two));
	buf_release(&one);
	buf_release(&two);
}

static void encode__means_the_same_when_read(void **state)
{
	struct effects_catalog *c = effects_catalog_new(), *back;
	struct buf one = BUF_INIT, two = BUF_INIT;

	(void)state;
	run_text(c, everything, NULL);
	effects_catalog_encode(&one, c);
	back = effects_catalog_decode(one.data, one.len);
	assert_non_null(back);
	effects_catalog_encode(&two, back);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	expect_same(c, back);
	effects_catalog_free(c);
	effects_catalog_free(back);
	buf_release(&one);
	buf_release(&two);
}

/* The server would refuse it, and there is one thing of a name at a time. */
static void rename__onto_a_name_that_is_taken(void **state)
{
	struct effects_catalog *c = effects_catalog_new(), *back;
	struct buf one = BUF_INIT, two = BUF_INIT;

	(void)state;
	run_text(c,
		 "CREATE TABLE t (a int); CREATE TABLE s.t (b int);"
		 "ALTER TABLE t SET SCHEMA s",
		 NULL);
	effects_catalog_encode(&one, c);
	back = effects_catalog_decode(one.data, one.len);
	assert_non_null(back);
	effects_catalog_encode(&two, back);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	effects_catalog_free(c);
	effects_catalog_free(back);
	buf_release(&one);
	buf_release(&two);
}

static void decode__only_what_is_whole(void **state)
{
	struct effects_catalog *c = effects_catalog_new();
	struct buf out = BUF_INIT;

	(void)state;
	run_text(c, everything, NULL);
	effects_catalog_encode(&out, c);
	for (size_t len = 0; len < out.len; len += 7)
		assert_null(effects_catalog_decode(out.data, len));
	for (size_t i = 0; i < out.len; i += 3) {
		out.data[i] ^= 1;
		assert_null(effects_catalog_decode(out.data, out.len));
		out.data[i] ^= 1;
	}
	effects_catalog_free(c);
	buf_release(&out);
}

static void clone__is_apart(void **state)
{
	struct effects_catalog *c = effects_catalog_new(), *copy, *again;

	(void)state;
	run_text(c, everything, NULL);
	copy = effects_catalog_clone(c);
	again = effects_catalog_clone(c);
	run_text(copy, "DROP TABLE people CASCADE; DROP TABLE o", NULL);
	expect_same(c, again);
	effects_catalog_free(c);
	effects_catalog_free(copy);
	effects_catalog_free(again);
}

static void parsed__survives_its_record(void **state)
{
	struct effects_catalog *a = effects_catalog_new();
	struct effects_catalog *b = effects_catalog_new();
	struct effects parsed, back, out;
	struct buf text = BUF_INIT;

	(void)state;
	effects_init(&parsed);
	effects_init(&out);
	effects_pg_parse(&parsed, everything, strlen(everything), 1);
	effects_encode(&text, &parsed);
	assert_true(effects_decode(&back, text.data, text.len));
	effects_pg_resolve(&out, a, &back);
	effects_release(&out);
	run_text(b, everything, NULL);
	expect_same(a, b);
	effects_release(&parsed);
	effects_release(&back);
	effects_catalog_free(a);
	effects_catalog_free(b);
	buf_release(&text);
}

static void lines__of_the_file(void **state)
{
	static const char sql[] = "CREATE TABLE t (\n  a int,\n  b int\n);\n"
				  "DO $$\nBEGIN\n  DELETE FROM t;\nEND\n$$;";
	struct effects_catalog *c = effects_catalog_new();
	struct effects parsed, e;

	(void)state;
	effects_init(&parsed);
	effects_init(&e);
	effects_pg_parse(&parsed, sql, strlen(sql), 11);
	effects_pg_resolve(&e, c, &parsed);
	assert_int_equal(e.n, 6);
	assert_int_equal(e.items[0].line, 11);
	assert_int_equal(e.items[0].col, 14);
	assert_int_equal(e.items[1].line, 12);
	assert_int_equal(e.items[1].col, 3);
	assert_int_equal(e.items[2].line, 13);
	assert_int_equal(e.items[4].line, 17);
	assert_int_equal(e.items[4].statement, 1);
	effects_release(&parsed);
	effects_release(&e);
	effects_catalog_free(c);
}

/* "SELECT 1+1+1..." and the like, of so many tokens */
static char *repeated(const char *head, const char *part, size_t n,
		      const char *tail)
{
	struct buf out = BUF_INIT;

	buf_addstr(&out, head);
	for (size_t i = 0; i < n; i++)
		buf_addstr(&out, part);
	buf_addstr(&out, tail);
	return buf_detach(&out);
}

static void nesting__is_uncertain_and_no_crash(void **state)
{
	static const struct {
		const char *head, *part, *tail;
	} deep[] = {
		{ "SELECT ", "1+", "1" },
		{ "SELECT ", "abs(", "1" },
		{ "SELECT ", "(SELECT ", "1" },
		{ "SELECT ", "NOT ", "true" },
		{ "SELECT 1 ", "UNION SELECT 1 ", "" },
		{ "SELECT ", "- ", "1" },
		{ "SELECT a", "[1]", "" },
		{ "SELECT a", "::int", "" },
		{ "SELECT * FROM a ", "JOIN b ON true ", "" },
		{ "SELECT CASE WHEN ", "CASE WHEN ", "1" },
		{ "DO $$ BEGIN ", "IF true THEN ", " END $$" },
		{ "DO $$ BEGIN x := ", "1+", "1; END $$" },
		{ "DO $$ ", "BEGIN ", " END $$" },
		{ "DO $$ BEGIN EXECUTE ", "'a' || ", "'b'; END $$" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(deep); i++) {
		struct effects_catalog *c = effects_catalog_new();
		char *sql = repeated(deep[i].head, deep[i].part, 50000,
				     deep[i].tail);
		struct buf out = BUF_INIT;

		run_text(c, sql, &out);
		assert_true(starts_with(buf_str(&out), "uncertain anything"));
		buf_release(&out);
		free(sql);
		effects_catalog_free(c);
	}
}

static void long_text__is_no_nesting(void **state)
{
	char *sql = repeated("INSERT INTO t (a, b) VALUES (0, 'x')",
			     ", (1, 'it')", 20000, "");
	struct effects_catalog *c = effects_catalog_new();
	struct buf out = BUF_INIT;

	(void)state;
	run_text(c, sql, &out);
	assert_string_equal(buf_str(&out),
			    "use table public.t\n"
			    "use column public.t.a\n"
			    "use column public.t.b\n"
			    "insert rows of public.t (a, b) -> sum\n");
	buf_release(&out);
	free(sql);
	effects_catalog_free(c);
}

/* Each prefix of a text, and each of its bytes changed: no crash, no leak. */
static void any_text__ends(void **state)
{
	char text[sizeof(everything)];

	(void)state;
	for (size_t i = 0; i < sizeof(everything) - 1; i += 5) {
		struct effects_catalog *c = effects_catalog_new();

		memcpy(text, everything, sizeof(text));
		text[i] = '\0';
		run_text(c, text, NULL);
		memcpy(text, everything, sizeof(text));
		text[i] = (char)(text[i] ^ 3);
		run_text(c, text, NULL);
		effects_catalog_free(c);
	}
}

static void copy__with_its_data(void **state)
{
	struct effects_catalog *c = effects_catalog_new();
	struct buf out = BUF_INIT;

	(void)state;
	run_text(c, "COPY t (a) FROM stdin;\n1\n\\.\nDELETE FROM u;", &out);
	assert_string_equal(buf_str(&out),
			    "use table public.t\n"
			    "use column public.t.a\n"
			    "insert rows of public.t (a)\n"
			    "4: use table public.u\n"
			    "4: delete rows of public.u -> sum\n");
	buf_release(&out);
	effects_catalog_free(c);
}

static void strings__with_backslashes(void **state)
{
	struct effects_catalog *c = effects_catalog_new();
	struct buf out = BUF_INIT;

	(void)state;
	run_text(c,
		 "SET standard_conforming_strings = off; DELETE FROM t;"
		 "INSERT INTO t (a) VALUES ('\\'')",
		 &out);
	assert_string_equal(
		buf_str(&out),
		"use table public.t\ndelete rows of public.t -> sum\n"
		"uncertain anything: a statement that does not parse"
		" (standard_conforming_strings is off)\n");
	buf_release(&out);
	effects_catalog_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode__means_the_same_when_read),
		cmocka_unit_test(rename__onto_a_name_that_is_taken),
		cmocka_unit_test(decode__only_what_is_whole),
		cmocka_unit_test(clone__is_apart),
		cmocka_unit_test(parsed__survives_its_record),
		cmocka_unit_test(lines__of_the_file),
		cmocka_unit_test(nesting__is_uncertain_and_no_crash),
		cmocka_unit_test(long_text__is_no_nesting),
		cmocka_unit_test(any_text__ends),
		cmocka_unit_test(copy__with_its_data),
		cmocka_unit_test(strings__with_backslashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
