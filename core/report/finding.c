#include "report/finding.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/text.h"
#include "base/util.h"
#include "report/finding_impl.h"

const char *finding_level_name(enum finding_level l)
{
	static const char *const names[] = {
		[FINDING_NOTE] = "note",
		[FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error",
	};

	return names[l];
}

const struct finding_format finding_formats[] = {
	{ "json", finding_write_json },     { "sarif", finding_write_sarif },
	{ "junit", finding_write_junit },   { "github", finding_write_github },
	{ "gitlab", finding_write_gitlab }, { NULL, NULL },
};

const struct finding_format *finding_format_find(const char *name)
{
	for (const struct finding_format *f = finding_formats; f->name; f++)
		if (streq(f->name, name))
			return f;
	return NULL;
}

/* A field and its end: "a" and "bc" are not "ab" and "c". */
static void sum_field(XXH3_state_t *sum, const char *s)
{
	XXH3_128bits_update(sum, s ? "=" : "-", 1);
	if (s)
		XXH3_128bits_update(sum, s, strlen(s) + 1);
}

static int compare_null(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int by_name_and_blob(const void *a, const void *b)
{
	const struct finding_place *x = a, *y = b;
	int order = compare_null(x->name, y->name);

	return order ? order : compare_null(x->blob, y->blob);
}

/* The same whichever side is called ours. */
static void sum_places(XXH3_state_t *sum, const struct finding *f)
{
	struct finding_place *sorted =
		xcalloc(f->n_places + 1, sizeof(*sorted));

	if (f->n_places)
		memcpy(sorted, f->places, f->n_places * sizeof(*sorted));
	qsort(sorted, f->n_places, sizeof(*sorted), by_name_and_blob);
	for (size_t i = 0; i < f->n_places; i++) {
		sum_field(sum, sorted[i].name);
		sum_field(sum, sorted[i].blob);
	}
	free(sorted);
}

void finding_fingerprint(char out[33], const struct finding *f)
{
	static const char digits[] = "0123456789abcdef";
	XXH128_canonical_t bytes;
	XXH3_state_t sum;

	XXH3_INITSTATE(&sum);
	XXH3_128bits_reset(&sum);
	sum_field(&sum, f->rule);
	sum_field(&sum, f->object);
	sum_places(&sum, f);
	XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(&sum));
	for (size_t i = 0; i < 16; i++) {
		out[2 * i] = digits[bytes.digest[i] >> 4];
		out[2 * i + 1] = digits[bytes.digest[i] & 15];
	}
	out[32] = '\0';
}

struct finding_counts finding_count(const struct finding_report *r)
{
	struct finding_counts c = { 0 };

	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->findings[i];

		c.waived += f->waived != NULL;
		c.errors += !f->waived && f->level == FINDING_ERROR;
		c.warnings += !f->waived && f->level == FINDING_WARNING;
		c.notes += !f->waived && f->level == FINDING_NOTE;
	}
	return c;
}

const struct finding_place *finding_main_place(const struct finding *f)
{
	const struct finding_place *first = NULL;

	for (size_t i = 0; i < f->n_places; i++) {
		const struct finding_place *p = &f->places[i];

		if (p->path && p->side && streq(p->side, "ours"))
			return p;
		if (p->path && !first)
			first = p;
	}
	return first;
}

/* Behind the name, in brackets: side, ref, commit; what there is of them. */
static void add_origin(struct buf *out, const struct finding_place *p)
{
	const char *lead = " (";

	if (p->side) {
		buf_addf(out, "%s%s", lead, p->side);
		lead = ", ";
	}
	if (p->ref) {
		buf_addstr(out, lead);
		text_add_safe(out, p->ref);
		lead = ", ";
	}
	if (p->commit) {
		buf_addf(out, "%s%.10s", lead, p->commit);
		lead = ", ";
	}
	if (*lead == ',')
		buf_addch(out, ')');
}

void finding_add_place(struct buf *out, const struct finding_place *p)
{
	if (p->path) {
		text_add_safe(out, p->path);
		if (p->line)
			buf_addf(out, ":%u", p->line);
		buf_addstr(out, ": ");
	}
	text_add_safe(out, p->name ? p->name : "the file");
	add_origin(out, p);
}

void finding_add_text(struct buf *out, const struct finding *f)
{
	text_add_safe(out, f->message);
	buf_addch(out, '\n');
	for (size_t i = 0; i < f->n_places; i++) {
		finding_add_place(out, &f->places[i]);
		buf_addch(out, '\n');
	}
	if (!f->hint)
		return;
	buf_addstr(out, "hint: ");
	text_add_safe(out, f->hint);
	buf_addch(out, '\n');
}

static void add_line_safe(struct buf *out, char *line)
{
	char *tab;

	for (; (tab = strchr(line, '\t')); line = tab + 1) {
		*tab = '\0';
		text_add_safe(out, line);
		buf_addch(out, '\t');
	}
	text_add_safe(out, line);
}

void finding_each_line(const char *text,
		       void (*add)(void *payload, const char *line),
		       void *payload)
{
	struct buf safe = BUF_INIT;

	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t shown = len && text[len - 1] == '\r' ? len - 1 : len;
		char *line = xstrndup(text, shown);

		buf_reset(&safe);
		add_line_safe(&safe, line);
		add(payload, buf_str(&safe));
		free(line);
		text += len + (text[len] == '\n');
	}
	buf_release(&safe);
}

const struct finding_rule *finding_rule_of(const struct finding_rule *rules,
					   size_t n, const char *id,
					   size_t *index)
{
	for (size_t i = 0; i < n; i++) {
		if (!streq(rules[i].id, id))
			continue;
		*index = i;
		return &rules[i];
	}
	return NULL;
}

struct err *finding_end_json(struct report *r, struct buf *out)
{
	char *text;
	struct err *e = report_finish(r, &text);

	if (!e) {
		buf_addstr(out, text);
		buf_addch(out, '\n');
	}
	free(text);
	report_free(r);
	return e;
}
