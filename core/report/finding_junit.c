#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "report/finding_impl.h"

/*
 * JUnit's XML as CI servers read it: a test case for each migration that was
 * looked at, failed where a finding at error level is about it. A finding
 * belongs to the first of its migrations that is a case; one without gets a
 * case of its own, named after its rule.
 */

/* XML 1.0 has no way to say most control characters: they become \xHH. */
static void add_escaped(struct buf *out, const char *s, bool attribute)
{
	struct buf safe = BUF_INIT;

	if (attribute) {
		text_add_safe(&safe, s);
		s = buf_str(&safe);
	}
	for (; *s; s++) {
		switch (*s) {
		case '&':
			buf_addstr(out, "&amp;");
			break;
		case '<':
			buf_addstr(out, "&lt;");
			break;
		case '>': /* of "]]>", too */
			buf_addstr(out, "&gt;");
			break;
		case '"':
			buf_addstr(out, "&quot;");
			break;
		default:
			/* U+FFFE and U+FFFF are no characters of XML */
			if (!strncmp(s, "\xef\xbf\xbe", 3) ||
			    !strncmp(s, "\xef\xbf\xbf", 3)) {
				buf_addstr(out, s[2] == '\xbe' ? "\\ufffe"
							       : "\\uffff");
				s += 2;
			} else {
				buf_addch(out, *s);
			}
		}
	}
	buf_release(&safe);
}

static void add_attribute(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, " %s=\"", key);
	add_escaped(out, value, true);
	buf_addch(out, '"');
}

static void add_body_line(void *payload, const char *line)
{
	add_escaped(payload, line, false);
	buf_addch(payload, '\n');
}

static void add_body(struct buf *out, const struct finding *f)
{
	struct buf text = BUF_INIT;

	if (f->waived)
		buf_addstr(out, "waived ");
	buf_addf(out, "%s: ", finding_level_name(f->level));
	finding_add_text(&text, f);
	add_escaped(out, buf_str(&text), false);
	for (size_t i = 0; i < f->n_places; i++)
		if (f->places[i].sql)
			finding_each_line(f->places[i].sql, add_body_line, out);
	if (f->diff)
		finding_each_line(f->diff, add_body_line, out);
	if (f->waived) {
		buf_addstr(out, "reason: ");
		add_escaped(out, f->waived, true);
		buf_addch(out, '\n');
	}
	buf_release(&text);
}

/* Which test case each finding belongs to; n_checked + i = one of its own. */
struct cases {
	const struct finding_report *r;
	size_t n_checked;
	size_t *of; /* of each finding */
};

static size_t case_of(const struct cases *c, size_t finding)
{
	const struct finding *f = &c->r->findings[finding];

	for (size_t i = 0; i < f->n_places; i++)
		for (size_t k = 0; f->places[i].name && k < c->n_checked; k++)
			if (streq(c->r->checked[k], f->places[i].name))
				return k;
	return c->n_checked + finding;
}

static bool fails(const struct finding *f)
{
	return !f->waived && f->level == FINDING_ERROR;
}

/* The first failing finding of a case, and how many there are. */
static const struct finding *first_failure(const struct cases *c, size_t k,
					   size_t *n)
{
	const struct finding *first = NULL;

	*n = 0;
	for (size_t i = 0; i < c->r->n; i++) {
		if (c->of[i] != k || !fails(&c->r->findings[i]))
			continue;
		if (!first)
			first = &c->r->findings[i];
		++*n;
	}
	return first;
}

static void add_failure(struct buf *out, const struct cases *c, size_t k)
{
	size_t n;
	const struct finding *first = first_failure(c, k, &n);
	struct buf message = BUF_INIT;

	if (!first)
		return;
	buf_addf(&message, "%s", first->message);
	if (n > 1)
		buf_addf(&message, " (and %zu more)", n - 1);
	buf_addstr(out, "<failure");
	add_attribute(out, "type", first->rule);
	add_attribute(out, "message", buf_str(&message));
	buf_addch(out, '>');
	for (size_t i = 0; i < c->r->n; i++)
		if (c->of[i] == k && fails(&c->r->findings[i]))
			add_body(out, &c->r->findings[i]);
	buf_addstr(out, "</failure>\n");
	buf_release(&message);
}

/* What fails nothing is told, too. */
static void add_remarks(struct buf *out, const struct cases *c, size_t k)
{
	const char *lead = "<system-out>";

	for (size_t i = 0; i < c->r->n; i++) {
		if (c->of[i] != k || fails(&c->r->findings[i]))
			continue;
		buf_addstr(out, lead);
		add_body(out, &c->r->findings[i]);
		lead = "";
	}
	if (!*lead)
		buf_addstr(out, "</system-out>\n");
}

static const char *file_of(const struct cases *c, size_t k)
{
	for (size_t i = 0; i < c->r->n; i++) {
		const struct finding *f = &c->r->findings[i];

		for (size_t p = 0; c->of[i] == k && p < f->n_places; p++)
			if (f->places[p].path &&
			    (k >= c->n_checked ||
			     streq_null(f->places[p].name, c->r->checked[k])))
				return f->places[p].path;
	}
	return NULL;
}

static void add_case(struct buf *out, const struct cases *c, size_t k,
		     const char *name)
{
	const char *file = file_of(c, k);

	buf_addstr(out, "<testcase classname=\"migrations\"");
	add_attribute(out, "name", name);
	if (file)
		add_attribute(out, "file", file);
	buf_addstr(out, ">\n");
	add_failure(out, c, k);
	add_remarks(out, c, k);
	buf_addstr(out, "</testcase>\n");
}

static void add_suite(struct buf *out, const struct cases *c)
{
	size_t tests = c->n_checked, failures = 0, n;

	for (size_t i = 0; i < c->r->n; i++)
		tests += c->of[i] >= c->n_checked;
	for (size_t k = 0; k < c->n_checked + c->r->n; k++)
		failures += first_failure(c, k, &n) != NULL;
	buf_addf(out,
		 "<testsuite name=\"git migrate check\" tests=\"%zu\" "
		 "failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
		 tests, failures);
	for (size_t k = 0; k < c->n_checked; k++)
		add_case(out, c, k, c->r->checked[k]);
	for (size_t i = 0; i < c->r->n; i++)
		if (c->of[i] >= c->n_checked)
			add_case(out, c, c->of[i], c->r->findings[i].rule);
	buf_addstr(out, "</testsuite>\n");
}

struct err *finding_write_junit(struct buf *out, const struct finding_report *r,
				const struct finding_rule *rules,
				size_t n_rules)
{
	struct cases c = { .r = r };

	(void)rules;
	(void)n_rules;
	while (r->checked && r->checked[c.n_checked])
		c.n_checked++;
	c.of = xcalloc(r->n + 1, sizeof(*c.of));
	for (size_t i = 0; i < r->n; i++)
		c.of[i] = case_of(&c, i);
	buf_addstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<testsuites>\n");
	add_suite(out, &c);
	buf_addstr(out, "</testsuites>\n");
	free(c.of);
	return NULL;
}
