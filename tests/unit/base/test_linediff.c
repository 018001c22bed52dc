#include "base/linediff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "support/unit.h"

/* Diffs of random texts, applied here, by git, and measured against diff. */

static unsigned long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

/* Few different lines, so that many match by chance; some empty. */
static void add_line(struct buf *b, unsigned kinds)
{
	unsigned n = draw(kinds);

	if (n == 1)
		buf_addstr(b, "-- a line like a diff's own");
	else if (n == 2)
		buf_addstr(b, "@@ -1,2 +3,4 @@");
	else if (n)
		buf_addf(b, "line %u", n);
	buf_addch(b, '\n');
}

static void random_text(struct buf *b, unsigned kinds)
{
	for (unsigned n = draw(40); n; n--)
		add_line(b, kinds);
	if (b->len && !draw(4)) /* the last line is not ended */
		buf_truncate(b, b->len - 1);
}

/* Some lines of a text dropped, some put in. */
static void random_edit(struct buf *out, const char *text, unsigned kinds)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		n += text[n] == '\n';
		if (!draw(9))
			add_line(out, kinds);
		if (draw(9))
			buf_add(out, text, n);
		text += n;
	}
	if (!draw(5))
		add_line(out, kinds);
}

struct hunk {
	unsigned long a, n, b, m;
};

/* "@@ -a[,n] +b[,m] @@" */
static const char *read_header(const char *p, struct hunk *h)
{
	char *end;

	assert_true(starts_with(p, "@@ -"));
	h->a = strtoul(p + 4, &end, 10);
	h->n = *end == ',' ? strtoul(end + 1, &end, 10) : 1;
	assert_true(starts_with(end, " +"));
	h->b = strtoul(end + 2, &end, 10);
	h->m = *end == ',' ? strtoul(end + 1, &end, 10) : 1;
	assert_true(starts_with(end, " @@\n"));
	return end + 4;
}

static const char *line_end(const char *p)
{
	return p + strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n');
}

static unsigned long lines_in(const struct buf *b)
{
	unsigned long n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/* Apply strictly: every number and every line of context has to be right. */
static void apply(const char *diff, const char *before, struct buf *out)
{
	const char *from = before, *p = line_end(line_end(diff));
	unsigned long line = 1;

	while (*p) {
		struct hunk h;
		unsigned long n = 0, m = 0;

		p = read_header(p, &h);
		for (; line < h.a + !h.n; line++) {
			const char *end = line_end(from);

			buf_add(out, from, (size_t)(end - from));
			from = end;
		}
		assert_int_equal(lines_in(out) + !!h.m, h.b);
		while (*p && *p != '@') {
			const char *end = line_end(p);
			size_t len = (size_t)(end - p) - 1;

			if (*end == '\\') { /* no newline at the end */
				len--;
				end = line_end(end);
			}
			if (*p != '+') {
				assert_memory_equal(from, p + 1, len);
				from += len;
				line++;
			}
			if (*p != '-')
				buf_add(out, p + 1, len);
			n += *p != '+';
			m += *p != '-';
			p = end;
		}
		assert_int_equal(n, h.n);
		assert_int_equal(m, h.m);
	}
	buf_addstr(out, from);
}

static void linediff__gives_the_other_text_when_applied(void **state)
{
	(void)state;
	seed = 11;
	for (int i = 0; i < 3000; i++) {
		struct buf a = BUF_INIT, b = BUF_INIT, diff = BUF_INIT;
		struct buf got = BUF_INIT;
		unsigned kinds = 3 + draw(30);

		random_text(&a, kinds);
		if (draw(4))
			random_edit(&b, buf_str(&a), kinds);
		else
			random_text(&b, kinds);
		linediff_unified(&diff, "t.sql", buf_str(&a), buf_str(&b));
		assert_int_equal(!diff.len, streq(buf_str(&a), buf_str(&b)));
		if (diff.len) {
			apply(buf_str(&diff), buf_str(&a), &got);
			if (!streq(buf_str(&got), buf_str(&b)))
				fail_msg("round %d:\n%s\ngave\n%s", i,
					 buf_str(&diff), buf_str(&got));
		}
		buf_release(&a);
		buf_release(&b);
		buf_release(&diff);
		buf_release(&got);
	}
}

/* --- beside diff and git --- */

static void put(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static long ask(const char *dir, const char *command)
{
	char *line = xasprintf("cd '%s' && { %s; }", dir, command);
	char text[64] = "";
	FILE *f = popen(line, "r");

	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	pclose(f);
	free(line);
	return strtol(text, NULL, 10);
}

static long changed_lines(const char *diff)
{
	long n = 0;

	for (diff = line_end(line_end(diff)); *diff; diff = line_end(diff))
		n += *diff == '+' || *diff == '-';
	return n;
}

static void linediff__is_as_short_as_diff_and_taken_by_git(void **state)
{
	char dir[] = "/tmp/linediffXXXXXX", *drop;

	(void)state;
	assert_non_null(mkdtemp(dir));
	drop = xasprintf("rm -rf '%s'", dir);
	seed = 12;
	for (int i = 0; i < 60; i++) {
		struct buf a = BUF_INIT, b = BUF_INIT, diff = BUF_INIT;

		do {
			buf_reset(&a);
			buf_reset(&b);
			random_text(&a, 12);
			random_edit(&b, buf_str(&a), 12);
		} while (!a.len || !b.len || streq(a.data, b.data));
		linediff_unified(&diff, "t", a.data, b.data);
		put(dir, "t", a.data);
		put(dir, "b", b.data);
		put(dir, "d", diff.data);
		assert_int_equal(ask(dir, "GIT_CEILING_DIRECTORIES=/tmp git "
					  "apply --whitespace=nowarn d "
					  "&& cmp t b; echo $?"),
				 0);
		put(dir, "t", a.data);
		assert_int_equal(changed_lines(diff.data),
				 ask(dir, "diff -d -U3 t b | tail -n +3 | "
					  "grep -c '^[-+]'"));
		buf_release(&a);
		buf_release(&b);
		buf_release(&diff);
	}
	assert_int_equal(system(drop), 0);
	free(drop);
}

static void linediff__says_where_a_last_line_is_not_ended(void **state)
{
	static const struct {
		const char *a, *b, *expect;
	} cases[] = {
		{ "x", "x\n",
		  "@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n" },
		{ "x\n", "x",
		  "@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n" },
		{ "x\ny", "z\ny",
		  "@@ -1,2 +1,2 @@\n-x\n+z\n y\n"
		  "\\ No newline at end of file\n" },
		{ "", "x",
		  "@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT;

		linediff_unified(&out, "p", cases[i].a, cases[i].b);
		assert_string_equal(line_end(line_end(buf_str(&out))),
				    cases[i].expect);
		buf_release(&out);
	}
}

static void linediff__names_what_is_new_and_what_is_gone(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	linediff_unified(&out, "p", NULL, "a\nb\n");
	assert_string_equal(buf_str(&out), "--- /dev/null\n+++ b/p\n"
					   "@@ -0,0 +1,2 @@\n+a\n+b\n");
	buf_reset(&out);
	linediff_unified(&out, "p", "a\n", NULL);
	assert_string_equal(buf_str(&out), "--- a/p\n+++ /dev/null\n"
					   "@@ -1 +0,0 @@\n-a\n");
	buf_reset(&out);
	linediff_unified(&out, "p", "a\n", "a\n");
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

/* Too large for the table of matches: shown whole, and still right. */
static void linediff__of_large_texts_is_right(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT, diff = BUF_INIT, got = BUF_INIT;

	(void)state;
	seed = 13;
	for (int i = 0; i < 5000; i++) {
		buf_addf(&a, "line %d\n", i);
		buf_addf(&b, "line %d\n", i % 2 && i > 10 && i < 4990 ? -i : i);
	}
	linediff_unified(&diff, "p", a.data, b.data);
	apply(diff.data, a.data, &got);
	assert_string_equal(got.data, b.data);
	buf_release(&a);
	buf_release(&b);
	buf_release(&diff);
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linediff__gives_the_other_text_when_applied),
		cmocka_unit_test(
			linediff__is_as_short_as_diff_and_taken_by_git),
		cmocka_unit_test(linediff__says_where_a_last_line_is_not_ended),
		cmocka_unit_test(linediff__names_what_is_new_and_what_is_gone),
		cmocka_unit_test(linediff__of_large_texts_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
