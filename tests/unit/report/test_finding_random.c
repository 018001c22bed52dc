#include <unistd.h>

#include "base/arena.h"
#include "unit/report/findings.h"

/*
 * Random reports, with every kind of byte in them, in each format: judged by
 * readers of those formats in another language, against the JSON of the same
 * report. tests/support/findings_check.py
 */

#define REPORTS 150

static unsigned long seed = 7;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

/* Words that mean something to one of the formats, and any byte but NUL. */
static const char *draw_text(struct arena *a)
{
	static const char *const words[] = {
		"]]>",          "::error::", "%0A",     "<![CDATA[",
		"&lt;",         "{0}",       "[a](1)",  "\xef\xbf\xbe",
		"\xed\xa0\x80", "::",        "\xc2",    "\xf0\x9f\x98\x80",
		"\\",           "\"",        ",line=1", "\r\n",
		"--- a",        "@@",        "@",       "\t",
	};
	struct buf b = BUF_INIT;
	unsigned n = draw(12);
	char *out;

	for (unsigned i = 0; i < n; i++)
		if (draw(3))
			buf_addstr(&b, words[draw(ARRAY_LEN(words))]);
		else
			buf_addch(&b, (char)(1 + draw(255)));
	out = arena_strndup(a, buf_str(&b), b.len);
	buf_release(&b);
	return out;
}

static const char *draw_maybe(struct arena *a)
{
	return draw(4) ? draw_text(a) : NULL;
}

static const struct finding_place *draw_places(struct arena *a, size_t n,
					       const char *const *names)
{
	static const char *const sides[] = { "base", "ours", "theirs", "target",
					     NULL };
	struct finding_place *all = arena_array(a, n + 1, sizeof(*all));

	for (size_t i = 0; i < n; i++) {
		struct finding_place *p = &all[i];

		p->name = draw(2) ? names[draw(3)] : draw_maybe(a);
		p->side = sides[draw(ARRAY_LEN(sides))];
		p->ref = draw_maybe(a);
		p->commit = draw(2) ? COMMIT_A : NULL;
		p->blob = draw(2) ? BLOB_B : NULL;
		p->path = draw_maybe(a);
		if (p->path && !*p->path)
			p->path = "x";
		p->line = draw(3);
		p->col = draw(3);
		p->sql = draw_maybe(a);
	}
	return all;
}

static const struct finding *draw_findings(struct arena *a, size_t n,
					   const char *const *names)
{
	struct finding *all = arena_array(a, n + 1, sizeof(*all));

	for (size_t i = 0; i < n; i++) {
		struct finding *f = &all[i];
		const struct finding_rule *rule = &rules[draw(3)];

		f->rule = draw(5) ? rule->id : "GM109";
		f->slug = rule->slug;
		f->level = draw(3);
		f->message = draw_text(a);
		f->object = draw_maybe(a);
		f->hint = draw_maybe(a);
		f->diff = draw_maybe(a);
		f->waived = draw(4) ? NULL : draw_text(a);
		f->n_places = draw(4);
		f->places = draw_places(a, f->n_places, names);
	}
	return all;
}

static void write_file(const char *folder, unsigned i, const char *ending,
		       const char *text)
{
	char *path = xasprintf("%s/%u.%s", folder, i, ending);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void write_report(const char *folder, unsigned i,
			 const struct finding_report *r)
{
	static const struct finding_style none = { "", "", "", "",
						   "", "", "", "" };
	struct buf human = BUF_INIT;

	for (const struct finding_format *f = finding_formats; f->name; f++) {
		char *text = write_format(f->name, r);

		write_file(folder, i, f->name, text);
		free(text);
	}
	finding_write_human(&human, r, &none, true);
	write_file(folder, i, "human", buf_str(&human));
	buf_release(&human);
}

static void write_random(const char *folder, unsigned i)
{
	static const char *const verdicts[] = { "clean", "conflict",
						"uncertain" };
	struct arena a = ARENA_INIT;
	const char *names[4] = { draw_text(&a), "2_b", draw_text(&a), NULL };
	struct finding_report r = { .verdict = verdicts[draw(3)] };

	r.tool_version = draw_maybe(&a);
	r.ours.ref = draw_maybe(&a);
	r.theirs.commit = COMMIT_B;
	r.n = draw(6);
	r.findings = draw_findings(&a, r.n, names);
	r.checked = draw(8) ? names : NULL;
	r.replay = draw_maybe(&a);
	write_report(folder, i, &r);
	arena_release(&a);
}

static void formats__agree_and_are_well_formed(void **state)
{
	char folder[] = "/tmp/findings.XXXXXX", line[4096] = "";
	char *command;
	size_t len;
	FILE *p;

	(void)state;
	assert_non_null(mkdtemp(folder));
	write_report(folder, REPORTS, &plain_report);
	write_report(folder, REPORTS + 1, &evil_report);
	write_report(folder, REPORTS + 2, &empty_report);
	for (unsigned i = 0; i < REPORTS; i++)
		write_random(folder, i);
	command = xasprintf("python3 " FINDINGS_CHECK_PY " %s 2>&1", folder);
	p = popen(command, "r"); /* NOLINT */
	assert_non_null(p);
	len = fread(line, 1, sizeof(line) - 1, p);
	line[len] = '\0';
	pclose(p);
	free(command);
	if (strtoul(line, NULL, 10) != REPORTS + 3)
		fail_msg("see %s: %s", folder, line);
	command = xasprintf("rm -r %s", folder);
	assert_int_equal(system(command), 0); /* NOLINT */
	free(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats__agree_and_are_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
