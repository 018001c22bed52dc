#include "cmd/options.h"

#include <string.h>

#include "base/util.h"
#include "cmd/context.h"
#include "support/unit.h"

struct values {
	bool flag, no_group, pair, no_pair;
	const char *to;
	size_t count;
	struct opt_duration wait;
};

struct common {
	bool quiet, verbose;
};

#define V(member) offsetof(struct values, member)

static const struct opt own[] = {
	{ OPT_FLAG, 'f', "flag", V(flag), NULL, "a flag" },
	{ OPT_FLAG, 0, "no-group", V(no_group), NULL, "another" },
	{ OPT_FLAG, 0, "no-pair", V(no_pair), NULL, "one of two" },
	{ OPT_FLAG, 0, "pair", V(pair), NULL, "the other" },
	{ OPT_STRING, 0, "to", V(to), "name", "a name" },
	{ OPT_COUNT, 'n', "count", V(count), "number", "a number" },
	{ OPT_DURATION, 0, "wait", V(wait), "duration", "a time" },
	OPT_TABLE_END,
};

static const struct opt shared[] = {
	{ OPT_FLAG, 'q', "quiet", offsetof(struct common, quiet), NULL, "q" },
	{ OPT_FLAG, 'v', "verbose", offsetof(struct common, verbose), NULL,
	  "v" },
	OPT_TABLE_END,
};

/* One command line, cut at blanks. */
struct line {
	char text[128];
	char *argv[16];
	int argc;
	struct values v;
	struct common c;
	struct err *err;
};

static void parse(struct line *l, const char *text, bool stop)
{
	struct opt_set sets[] = { { own, &l->v }, { shared, &l->c } };

	memset(l, 0, sizeof(*l));
	snprintf(l->text, sizeof(l->text), "%s", text);
	for (char *p = strtok(l->text, " "); p; p = strtok(NULL, " "))
		l->argv[l->argc++] = p;
	l->err = opt_parse(sets, ARRAY_LEN(sets), stop, &l->argc, l->argv);
}

static void opt_parse__reads_every_spelling(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-f --to x -n 3 --no-group -q", false);
	assert_null(l.err);
	assert_true(l.v.flag && l.v.no_group && l.c.quiet);
	assert_string_equal(l.v.to, "x");
	assert_int_equal(l.v.count, 3);
	assert_int_equal(l.argc, 0);

	parse(&l, "--to=y -n12 --wait=500ms", false);
	assert_null(l.err);
	assert_string_equal(l.v.to, "y");
	assert_int_equal(l.v.count, 12);
	assert_true(l.v.wait.given);
	assert_int_equal(l.v.wait.ms, 500);

	parse(&l, "-qvn4", false);
	assert_null(l.err);
	assert_true(l.c.quiet && l.c.verbose);
	assert_int_equal(l.v.count, 4);

	parse(&l, "--to=", false);
	assert_null(l.err);
	assert_string_equal(l.v.to, "");
}

static void opt_parse__negates_and_lets_the_last_win(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "--flag --no-flag", false);
	assert_null(l.err);
	assert_false(l.v.flag);
	parse(&l, "--no-group --group", false);
	assert_null(l.err);
	assert_false(l.v.no_group);
	parse(&l, "--group --no-group", false);
	assert_null(l.err);
	assert_true(l.v.no_group);
	parse(&l, "--to a --to b", false);
	assert_string_equal(l.v.to, "b");
}

static void opt_parse__takes_a_name_before_a_negation(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "--pair", false);
	assert_null(l.err);
	assert_true(l.v.pair && !l.v.no_pair);
	parse(&l, "--no-pair", false);
	assert_null(l.err);
	assert_true(l.v.no_pair && !l.v.pair);
}

static void opt_parse__keeps_arguments_in_order(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "a -f b - --to x c -- -q --to", false);
	assert_null(l.err);
	assert_int_equal(l.argc, 6);
	assert_string_equal(l.argv[0], "a");
	assert_string_equal(l.argv[1], "b");
	assert_string_equal(l.argv[2], "-");
	assert_string_equal(l.argv[3], "c");
	assert_string_equal(l.argv[4], "-q");
	assert_string_equal(l.argv[5], "--to");
	assert_false(l.c.quiet);
}

static void opt_parse__stops_at_the_first_argument(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-q status -f --bogus", true);
	assert_null(l.err);
	assert_true(l.c.quiet);
	assert_false(l.v.flag);
	assert_int_equal(l.argc, 3);
	assert_string_equal(l.argv[0], "status");
}

static void opt_parse__refuses(void **state)
{
	static const struct {
		const char *line, *text, *hint;
	} cases[] = {
		{ "--flagg", "unknown option '--flagg'",
		  "did you mean --flag?" },
		{ "--qiet", "unknown option '--qiet'",
		  "did you mean --quiet?" },
		{ "--zzzzzz=3", "unknown option '--zzzzzz'", NULL },
		{ "-z", "unknown option '-z'", NULL },
		{ "-fz", "unknown option '-z'", NULL },
		{ "--no-to", "unknown option '--no-to'", NULL },
		{ "--to", "--to needs a value", NULL },
		{ "-n", "-n needs a value", NULL },
		{ "--flag=1", "--flag takes no value", NULL },
		{ "-n0", "-n: must be at least 1", NULL },
		{ "-n -3", "-n: '-3' is not a number", NULL },
		{ "-n 3x", "-n: '3x' is not a number", NULL },
		{ "--count=99999999999999999999999",
		  "--count: '99999999999999999999999' is not a number", NULL },
		{ "--wait 5x", "--wait: '5x' is not a duration",
		  "write it like 500ms, 5s or 2min" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;

		parse(&l, cases[i].line, false);
		assert_non_null(l.err);
		assert_int_equal(err_exit_status(l.err), 129);
		assert_string_equal(err_text(l.err), cases[i].text);
		if (cases[i].hint)
			assert_string_equal(err_hint_of(l.err), cases[i].hint);
		else
			assert_null(err_hint_of(l.err));
		err_free(l.err);
	}
}

static const char *word_at(const void *payload, size_t i)
{
	return ((const char *const *)payload)[i];
}

static void opt_nearest__finds_what_was_meant(void **state)
{
	static const char *const words[] = { "status", "show", "apply", "dir",
					     NULL };

	(void)state;
	assert_string_equal(opt_nearest("stauts", word_at, words), "status");
	assert_string_equal(opt_nearest("aply", word_at, words), "apply");
	assert_string_equal(opt_nearest("app", word_at, words), "apply");
	assert_null(opt_nearest("frobnicate", word_at, words));
	assert_null(opt_nearest("x", word_at, words));
}

static void opt_print_help__shows_what_has_help(void **state)
{
	char text[512];
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	opt_print_help(f, own);
	fclose(f);
	assert_non_null(strstr(text, "    -f, --flag                a flag\n"));
	assert_non_null(strstr(text, "    --to <name>               a name\n"));
	assert_non_null(strstr(text, "    -n, --count <number>      a number"));
}

/* No letter or name twice, among a command's own and the common ones. */
static void cmds__have_tables_without_clashes(void **state)
{
	(void)state;
	for (size_t i = 0; cmds[i]; i++) {
		const struct opt *both[] = { cmds[i]->options,
					     cmd_common_options };

		assert_non_null(cmds[i]->run);
		assert_non_null(cmds[i]->summary);
		assert_non_null(cmds[i]->synopsis[0]);
		for (const struct opt *a = both[0]; a && a->kind; a++) {
			assert_true(a->offset < cmds[i]->options_size);
			for (const struct opt *b = a + 1; b->kind; b++) {
				assert_false(a->letter &&
					     a->letter == b->letter);
				assert_false(streq(a->name, b->name));
			}
			for (const struct opt *b = both[1]; b->kind; b++) {
				assert_false(a->letter &&
					     a->letter == b->letter);
				assert_false(b->name &&
					     streq(a->name, b->name));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opt_parse__reads_every_spelling),
		cmocka_unit_test(opt_parse__negates_and_lets_the_last_win),
		cmocka_unit_test(opt_parse__takes_a_name_before_a_negation),
		cmocka_unit_test(opt_parse__keeps_arguments_in_order),
		cmocka_unit_test(opt_parse__stops_at_the_first_argument),
		cmocka_unit_test(opt_parse__refuses),
		cmocka_unit_test(opt_nearest__finds_what_was_meant),
		cmocka_unit_test(opt_print_help__shows_what_has_help),
		cmocka_unit_test(cmds__have_tables_without_clashes),
	};

	return cmocka_run_group_tests_name("cmd/options", tests, NULL, NULL);
}
