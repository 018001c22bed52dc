#include "cmd/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/context.h"
#include "support/unit.h"

/*
 * Random command lines, read by opt_parse() and by the C library's
 * getopt_long(), which git's own parser follows in all that is used here.
 */

struct values {
	bool quiet, verbose;
	const char *to, *target;
};

static const struct opt table[] = {
	{ OPT_FLAG, 'q', "quiet", offsetof(struct values, quiet), NULL, "" },
	{ OPT_FLAG, 'v', "verbose", offsetof(struct values, verbose), NULL,
	  "" },
	{ OPT_STRING, 0, "to", offsetof(struct values, to), "name", "" },
	{ OPT_STRING, 't', "target", offsetof(struct values, target), "name",
	  "" },
	OPT_TABLE_END,
};

static const struct option longs[] = {
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "to", required_argument, NULL, 'o' },
	{ "target", required_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 },
};

static unsigned long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

/* false = it is no command line */
static bool by_library(int *argc, char **argv, struct values *v)
{
	char *line[16] = { (char *)(uintptr_t) "git" };
	int n = 0, c;

	memcpy(line + 1, argv, (size_t)*argc * sizeof(*argv));
	optind = 0; /* start over */
	opterr = 0;
	while ((c = getopt_long(*argc + 1, line, "qvt:", longs, NULL)) != -1) {
		if (c == '?')
			return false;
		v->quiet |= c == 'q';
		v->verbose |= c == 'v';
		v->to = c == 'o' ? optarg : v->to;
		v->target = c == 't' ? optarg : v->target;
	}
	for (int i = optind; i < *argc + 1; i++)
		argv[n++] = line[i];
	*argc = n;
	return true;
}

static void compare(char **argv, int argc)
{
	char *ours[16], *theirs[16];
	struct values a = { 0 }, b = { 0 };
	struct opt_set set = { table, &a };
	int n = argc, m = argc;
	struct buf shown = BUF_INIT;
	struct err *err;
	bool ok;

	for (int i = 0; i < argc; i++)
		buf_addf(&shown, " '%s'", argv[i]);
	memcpy(ours, argv, sizeof(ours));
	memcpy(theirs, argv, sizeof(theirs));
	err = opt_parse(&set, 1, false, &n, ours);
	ok = by_library(&m, theirs, &b);
	if (!err != ok)
		fail_msg("%s: %s", buf_str(&shown),
			 err ? err_text(err) : "taken");
	if (ok) {
		if (n != m || a.quiet != b.quiet || a.verbose != b.verbose ||
		    !streq_null(a.to, b.to) || !streq_null(a.target, b.target))
			fail_msg("%s is read otherwise", buf_str(&shown));
		for (int i = 0; i < n; i++)
			assert_string_equal(ours[i], theirs[i]);
	} else {
		assert_int_equal(err_class_of(err), ERR_USAGE);
	}
	err_free(err);
	buf_release(&shown);
}

static void opt_parse__agrees_with_the_library(void **state)
{
	static const char *const words[] = {
		"-q",       "-v",        "-qv",          "-vq",
		"-t",       "-tdev",     "-t=dev",       "-qtdev",
		"-qt",      "--quiet",   "--to",         "--to=x",
		"--to=",    "--target",  "--target=a=b", "--",
		"-",        "",          "name",         "20260101_x",
		"--quiet=", "--quiet=1", "--unknown",    "-x",
		"-qx",      "---",       "--=",          "-q-",
	};

	(void)state;
	seed = 23;
	for (int i = 0; i < 60000; i++) {
		char *argv[16] = { NULL };
		int argc = (int)draw(7);

		for (int k = 0; k < argc; k++)
			argv[k] = (char *)(uintptr_t)
				words[draw(ARRAY_LEN(words))];
		compare(argv, argc);
	}
}

/* A value for every option of every command, in every spelling of it. */
static void check_spellings(const struct cmd *c, const struct opt *o)
{
	const char *value = o->kind == OPT_COUNT      ? "7"
			    : o->kind == OPT_DURATION ? "5s"
						      : "text";
	char *joined =
		xasprintf("--%s%s%s", o->name, o->kind == OPT_FLAG ? "" : "=",
			  o->kind == OPT_FLAG ? "" : value);
	char *apart = xasprintf("--%s", o->name);
	char *letter = xasprintf("-%c", o->letter ? o->letter : '?');
	char *lines[3][3] = { { joined, NULL, NULL },
			      { apart, (char *)(uintptr_t)value, NULL },
			      { letter, (char *)(uintptr_t)value, NULL } };
	size_t size = c->options_size;

	if (o->kind == OPT_FLAG)
		lines[1][1] = lines[2][1] = NULL;
	for (int i = 0; i < 2 + (o->letter != 0); i++) {
		char *first = xcalloc(1, size), *other = xcalloc(1, size);
		int n = 1, m = lines[i][1] ? 2 : 1;
		char *again[3] = { joined, NULL, NULL };
		struct opt_set a = { c->options, first };
		struct opt_set b = { c->options, other };

		assert_ok(opt_parse(&a, 1, false, &n, again));
		assert_ok(opt_parse(&b, 1, false, &m, lines[i]));
		assert_int_equal(n, 0);
		assert_int_equal(m, 0);
		if (o->kind != OPT_STRING)
			assert_memory_equal(first, other, size);
		else
			assert_string_equal(
				*(const char **)(void *)(first + o->offset),
				*(const char **)(void *)(other + o->offset));
		free(first);
		free(other);
	}
	free(joined);
	free(apart);
	free(letter);
}

static void cmds__take_every_option_in_every_spelling(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; cmds[i]; i++)
		for (const struct opt *o = cmds[i]->options;
		     o && o->kind != OPT_END; o++, n++) {
			assert_true(o->offset < cmds[i]->options_size);
			if (o->name)
				check_spellings(cmds[i], o);
		}
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opt_parse__agrees_with_the_library),
		cmocka_unit_test(cmds__take_every_option_in_every_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
