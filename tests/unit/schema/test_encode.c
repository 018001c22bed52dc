#include "unit/schema/db.h"

#include <unistd.h>

#include "base/text.h"

struct name_case {
	const char *name, *file;
};

static const struct name_case cases[] = {
	{ "users", "users" },
	{ "Users", "Users" },
	{ "", "%" },
	{ "a b", "a b" },
	{ "a/b", "a%2Fb" },
	{ "a\\b", "a%5Cb" },
	{ "100%", "100%25" },
	{ ".", "%2E" },
	{ "..", "%2E." },
	{ ".git", "%2Egit" },
	{ ".GIT", "%2EGIT" },
	{ "a.b", "a.b" },
	{ "git~1", "git%7E1" },
	{ "GIT~1", "GIT%7E1" },
	{ "gitmod~1", "gitmod%7E1" },
	{ "a\nb\tc", "a%0Ab%09c" },
	{ "\x1b[31m", "%1B[31m" },
	{ "\x7f", "%7F" },
	{ "naïve", "naïve" },
	{ "日本", "日本" },
	{ "\U0001f600", "\U0001f600" },
	{ "\xff\xfe", "%FF%FE" },
	{ "a\xc3", "a%C3" },
	{ "\xe2\x80\x8c.git", "%E2%80%8C.git" }, /* U+200C */
	{ ".g\xe2\x80\x8cit", "%2Eg%E2%80%8Cit" },
	{ "\xef\xbb\xbfx", "%EF%BB%BFx" }, /* U+FEFF */
	{ "\xed\xa0\x80", "%ED%A0%80" },   /* a surrogate */
	{ "it's \"x\"", "it's \"x\"" },
};

static char *encoded(const char *name)
{
	struct buf out = BUF_INIT;

	schema_encode_name(&out, name);
	return buf_detach(&out);
}

static void encode__leaves_nothing_that_git_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *file = encoded(cases[i].name);

		assert_string_equal(file, cases[i].file);
		free(file);
	}
}

static char *repeat(const char *s, size_t n, const char *tail)
{
	struct buf out = BUF_INIT;

	while (n--)
		buf_addstr(&out, s);
	buf_addstr(&out, tail);
	return buf_detach(&out);
}

static void encode__cuts_long_names(void **state)
{
	static const char *const units[] = { "a", "/", "ï", "日", "\xff", "~" };

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		for (size_t n = 1; n < 310; n++) {
			char *one = repeat(units[u], n, "");
			char *two = repeat(units[u], n, "b");
			char *a = encoded(one), *b = encoded(two);
			size_t len = strlen(a);

			assert_true(len <= 200);
			assert_string_not_equal(a, b);
			assert_int_equal(text_utf8_valid(a, len), len);
			if (strlen(one) < 60)
				assert_null(strchr(a, '~'));
			if (len >= 5 && strchr(a, '~'))
				assert_int_equal(strlen(strchr(a, '~')), 17);
			free(one);
			free(two);
			free(a);
			free(b);
		}
	}
}

static void encode__appends(void **state)
{
	struct buf out = BUF_INIT;
	char *name = repeat("x", 250, "");
	size_t len;

	(void)state;
	schema_add_path(&out, "table", "users");
	assert_string_equal(buf_str(&out), "tables/users.sql");
	buf_reset(&out);
	schema_add_path(&out, "table", name);
	len = strlen("tables/") + 200 + strlen(".sql");
	assert_int_equal(out.len, len);
	assert_string_equal(buf_str(&out) + len - 4, ".sql");
	free(name);
	buf_release(&out);
}

static void path__has_a_folder_per_kind(void **state)
{
	static const struct name_case kinds[] = {
		{ "table", "tables/x.sql" },    { "index", "indexes/x.sql" },
		{ "view", "views/x.sql" },      { "trigger", "triggers/x.sql" },
		{ "virtual", "virtual/x.sql" }, { "pragma", "pragmas/x.sql" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct buf out = BUF_INIT;

		schema_add_path(&out, kinds[i].name, "x");
		assert_string_equal(buf_str(&out), kinds[i].file);
		buf_release(&out);
	}
}

/* git itself must take a tree of these names. */
static void encode__passes_fsck(void **state)
{
	char dir[] = "/tmp/schema-fsck-XXXXXX";
	struct buf sh = BUF_INIT;
	FILE *pipe;

	(void)state;
	assert_non_null(mkdtemp(dir));
	buf_addf(&sh,
		 "cd %s && git init -q . && e=$(git hash-object -w -t blob "
		 "/dev/null) && while IFS= read -r f; do printf '100644 blob "
		 "%%s\\t%%s\\0' $e \"$f\"; done | git mktree -z >tree && "
		 "git fsck --strict --no-dangling $(cat tree)",
		 dir);
	pipe = popen(buf_str(&sh), "w");
	assert_non_null(pipe);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *file = encoded(cases[i].name);

		fprintf(pipe, "%s\n", file);
		free(file);
	}
	assert_int_equal(pclose(pipe), 0);
	buf_reset(&sh);
	buf_addf(&sh, "rm -rf %s", dir);
	assert_int_equal(system(buf_str(&sh)), 0);
	buf_release(&sh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode__leaves_nothing_that_git_refuses),
		cmocka_unit_test(encode__cuts_long_names),
		cmocka_unit_test(encode__appends),
		cmocka_unit_test(path__has_a_folder_per_kind),
		cmocka_unit_test(encode__passes_fsck),
	};

	return cmocka_run_group_tests_name("schema/encode", tests, NULL, NULL);
}
