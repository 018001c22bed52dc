#include "cmd/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "support/unit.h"

/* Commands of a program that is none, and what a shell gets to hear. */

struct values {
	bool flag;
	const char *text, *rev;
	size_t n;
};

#define V(member) offsetof(struct values, member)

static const struct opt common[] = {
	{ OPT_STRING, 't', "target", V(text), "name", "t" },
	{ OPT_STRING, 0, "rev", V(rev), "revision", "r" },
	{ OPT_FLAG, 'q', "quiet", V(flag), NULL, "q" },
	{ OPT_FLAG, 'h', NULL, V(flag), NULL, NULL },
	OPT_TABLE_END,
};

static const struct opt apply_options[] = {
	{ OPT_STRING, 0, "to", V(text), "name", "stop there" },
	{ OPT_COUNT, 'n', "count", V(n), "number", "so many" },
	{ OPT_FLAG, 0, "quick", V(flag), NULL, "hurry" },
	{ OPT_STRING, 0, "format", V(text), "name", "f" },
	{ OPT_STRING, 0, "dir", V(text), "folder", "d" },
	{ OPT_STRING, 0, "state", V(text), "state,...", "s" },
	{ OPT_STRING, 0, "on-conflict", V(text), "what", "o" },
	{ OPT_STRING, 0, "remote", V(text), "name", "r" },
	{ OPT_FLAG, 'x', NULL, V(flag), NULL, "no long name" },
	OPT_TABLE_END,
};

static const char *const apply_forms[] = {
	"[--to <name> | -n <number>] [<file>...] [<options>]", NULL
};
static const char *const words_forms[] = {
	"[list] [--quiet]", "show [-n <number> | --quick] <name>",
	"accept (--to <file>) <folder>", NULL
};
static const char *const check_forms[] = {
	"[<branch> | <ours> <theirs> | <old>..<new>] [<options>]",
	"--quick [<name>]", NULL
};
static const char *const shell_forms[] = { "bash | zsh | fish",
					   "words -- <remote> <hook>...",
					   NULL };
static const char *const name_forms[] = { "[--to <revision>] <name>", NULL };

static const struct cmd apply = { .name = "apply",
				  .synopsis = apply_forms,
				  .summary = "run",
				  .options = apply_options };
static const struct cmd words = { .name = "words",
				  .synopsis = words_forms,
				  .summary = "w",
				  .options = apply_options };
static const struct cmd check = { .name = "check",
				  .synopsis = check_forms,
				  .summary = "c",
				  .options = apply_options };
static const struct cmd shell = { .name = "shell",
				  .synopsis = shell_forms,
				  .summary = "s" };
static const struct cmd new = { .name = "new",
				.synopsis = name_forms,
				.summary = "n",
				.options = apply_options };
static const struct cmd target = { .name = "target",
				   .synopsis = name_forms,
				   .summary = "t",
				   .options = apply_options };
static const struct cmd *const all[] = { &apply, &words,  &check, &shell,
					 &new,   &target, NULL };

static void on_word(void *payload, const char *word, const char *help)
{
	buf_addf(payload, "%s%s%s ", word, help ? "=" : "", help ? help : "");
}

/* "word=help word ...", then kinds, "prefix|word" and the revision. */
static char *complete(const char *line)
{
	static const char *const kinds[] = {
		"targets", "migrations", "revisions", "remotes", "layouts",
		"formats", "files",      "folders",   "hooks"
	};
	char *text = xstrdup(line), *p = text;
	char *argv[16];
	int argc = 0;
	struct buf out = BUF_INIT;
	struct complete c = {
		.cmds = all, .common = common, .add = on_word, .payload = &out
	};

	for (char *word; (word = strsep(&p, " "));)
		argv[argc++] = word;
	complete_words(&c, argc, argv);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (c.kinds & 1U << i)
			buf_addf(&out, ":%s ", kinds[i]);
	if (*c.prefix || c.kinds)
		buf_addf(&out, "%s|%s", c.prefix, c.word);
	if (c.rev)
		buf_addf(&out, " rev %s", c.rev);
	complete_release(&c);
	free(text);
	return buf_detach(&out);
}

#define OWN                                                                 \
	"--to=stop there --count=so many --quick=hurry --format=f --dir=d " \
	"--state=s --on-conflict=o --remote=r -x=no long name "
#define COMMON "--target=t --rev=r --quiet=q "

static void complete_words__follows_the_tables(void **state)
{
	static const struct {
		const char *line, *expect;
	} rows[] = {
		/* commands */
		{ "", "apply=run words=w check=c shell=s new=n target=t " },
		{ "ap", "apply=run " },
		{ "-q -t dev ap", "apply=run " },
		{ "-t ap", ":targets |ap" },
		{ "nothing ", "apply=run words=w check=c shell=s new=n "
			      "target=t " },
		/* options */
		{ "-", COMMON },
		{ "apply -", OWN COMMON },
		{ "apply --qu", "--quick=hurry --quiet=q " },
		{ "apply x --q", "--quick=hurry --quiet=q " },
		{ "shell --", COMMON },
		{ "apply --nothing", "" },
		{ "apply -- --qu", ":files |--qu" },
		/* their values */
		{ "apply --to ", ":migrations |" },
		{ "apply --to=2", ":migrations --to=|2" },
		{ "apply --to x ", ":files |" },
		{ "apply --count ", "" },
		{ "apply -n ", "" },
		{ "apply -n3 ", ":files |" },
		{ "apply -qn ", "" },
		{ "apply -xq ", ":files |" },
		{ "apply --format=s", ":formats --format=|s" },
		{ "apply --dir ", ":folders |" },
		{ "apply --remote o", ":remotes |o" },
		{ "apply --target d", ":targets |d" },
		{ "apply --quick=", "--quick=|" },
		{ "apply --nothing=", "--nothing=|" },
		{ "apply --state p", "pending " },
		{ "apply --state=pending,fa",
		  "--state=pending,failed --state=pending,|fa" },
		{ "apply --on-conflict ", "abort keep restore " },
		{ "--rev ", ":revisions |" },
		{ "--rev=v1 apply --to ", ":migrations | rev v1" },
		{ "apply --rev v1 --to ", ":migrations | rev v1" },
		{ "apply --rev v1..m", ":revisions v1..|m" },
		/* arguments */
		{ "apply ", ":files |" },
		{ "words ", "list show accept " },
		{ "words s", "show " },
		{ "words show ", ":migrations |" },
		{ "words show --quick a b", ":migrations |b" },
		{ "words list ", "" },
		{ "words accept ", ":folders |" },
		{ "words --quiet nothing ", "" },
		{ "shell ", "bash zsh fish words " },
		{ "shell bash ", "" },
		{ "shell words ", ":remotes :hooks |" },
		{ "check ", ":migrations :revisions |" },
		{ "check main..f", ":migrations :revisions main..|f" },
		{ "check main...f", ":migrations :revisions main...|f" },
		{ "new ", "" },
		{ "target ", ":targets |" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *got = complete(rows[i].line);

		if (!streq(got, rows[i].expect))
			fail_msg("%s\n--- expected\n%s\n--- got\n%s",
				 rows[i].line, rows[i].expect, got);
		free(got);
	}
}

/* A shell that asks for nothing at all. */
static void complete_words__of_no_words_are_the_commands(void **state)
{
	struct buf out = BUF_INIT;
	struct complete c = {
		.cmds = all, .common = common, .add = on_word, .payload = &out
	};

	(void)state;
	complete_words(&c, 0, NULL);
	assert_string_equal(buf_str(&out),
			    "apply=run words=w check=c shell=s new=n "
			    "target=t ");
	assert_int_equal(c.kinds, COMPLETE_NOTHING);
	complete_release(&c);
	complete_release(&c);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complete_words__follows_the_tables),
		cmocka_unit_test(complete_words__of_no_words_are_the_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
