#include <string.h>

#include "base/util.h"
#include "schema/schema.h"

/*
 * A merge of three texts of one table, line by line: lines are columns and
 * constraints, which commute.
 */

struct line {
	const char *s;
	size_t n;
};

struct lines {
	struct line *v;
	size_t n;
};

struct text {
	struct line head, foot; /* "CREATE TABLE t (", ")" */
	struct lines body;      /* without what leads them */
	struct lines rest;      /* other statements */
};

static bool same(const struct line *a, const struct line *b)
{
	return a->n == b->n && !memcmp(a->s, b->s, a->n);
}

static bool has(const struct lines *list, const struct line *line)
{
	for (size_t i = 0; i < list->n; i++)
		if (same(&list->v[i], line))
			return true;
	return false;
}

static const char *cut(const char *p, struct line *out)
{
	const char *end = strchr(p, '\n');

	out->s = p;
	out->n = end ? (size_t)(end - p) : strlen(p);
	return end ? end + 1 : p + out->n;
}

static bool parse(struct arena *a, const char *s, struct text *out)
{
	size_t lines = 0;
	struct line line;

	memset(out, 0, sizeof(*out));
	for (const char *p = s; *p; p++)
		lines += *p == '\n';
	out->body.v = arena_array(a, lines + 1, sizeof(struct line));
	out->rest.v = arena_array(a, lines + 1, sizeof(struct line));
	s = cut(s, &out->head);
	if (!out->head.n || out->head.s[out->head.n - 1] != '(')
		return false;
	for (;;) {
		if (!*s)
			return false;
		s = cut(s, &line);
		if (line.n && line.s[0] == ')')
			break;
		if (line.n < 5 || (memcmp(line.s, "    ", 4) != 0 &&
				   memcmp(line.s, "  , ", 4) != 0))
			return false;
		line.s += 4;
		line.n -= 4;
		out->body.v[out->body.n++] = line;
	}
	out->foot = line;
	while (*s) {
		s = cut(s, &line);
		out->rest.v[out->rest.n++] = line;
	}
	return true;
}

/* The one that changed, where only one did. */
static bool merge_line(const struct line *base, const struct line *theirs,
		       const struct line *ours, struct line *out)
{
	*out = same(base, ours) ? *theirs : *ours;
	return same(base, theirs) || same(base, ours) || same(theirs, ours);
}

/* What a line is about: "id", "CONSTRAINT x"; others are about themselves. */
static struct line subject(const struct line *line)
{
	static const char *const others[] = { "PRIMARY ", "UNIQUE ", "CHECK ",
					      "FOREIGN ", "EXCLUDE " };
	struct line out = *line;
	size_t skip = 0;

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (line->n > strlen(others[i]) &&
		    !memcmp(line->s, others[i], strlen(others[i])))
			return out;
	if (line->n > 11 && !memcmp(line->s, "CONSTRAINT ", 11))
		skip = 11;
	for (size_t i = skip; i < line->n; i++) {
		if (line->s[i] == '"') {
			const char *end =
				memchr(line->s + i + 1, '"', line->n - i - 1);

			i = end ? (size_t)(end - line->s) : line->n;
		} else if (line->s[i] == ' ') {
			out.n = i;
			break;
		}
	}
	return out;
}

static bool has_subject(const struct lines *list, const struct line *line)
{
	struct line want = subject(line);

	for (size_t i = 0; i < list->n; i++) {
		struct line is = subject(&list->v[i]);

		if (same(&is, &want))
			return true;
	}
	return false;
}

static void insert(struct lines *list, size_t at, const struct line *line)
{
	memmove(&list->v[at + 1], &list->v[at],
		(list->n - at) * sizeof(*list->v));
	list->v[at] = *line;
	list->n++;
}

/* Where theirs->v[i] goes: behind the line before it that is there. */
static size_t place(const struct lines *list, const struct lines *theirs,
		    size_t i)
{
	while (i-- > 0)
		for (size_t k = 0; k < list->n; k++)
			if (same(&list->v[k], &theirs->v[i]))
				return k + 1;
	return 0;
}

static bool merge_lines(struct arena *a, const struct lines *base,
			const struct lines *theirs, const struct lines *ours,
			struct lines *out)
{
	out->v = arena_array(a, ours->n + theirs->n + 1, sizeof(*out->v));
	out->n = 0;
	for (size_t i = 0; i < base->n; i++)
		if (!has(theirs, &base->v[i]) && !has(ours, &base->v[i]))
			return false; /* changed by both */
	for (size_t i = 0; i < ours->n; i++)
		if (!has(base, &ours->v[i]) || has(theirs, &ours->v[i]))
			out->v[out->n++] = ours->v[i];
	for (size_t i = 0; i < theirs->n; i++) {
		const struct line *line = &theirs->v[i];

		if (has(base, line) || has(out, line))
			continue;
		if (has_subject(out, line))
			return false;
		insert(out, place(out, theirs, i), line);
	}
	return true;
}

static void add_lines(struct buf *out, const struct lines *list, bool body)
{
	for (size_t i = 0; i < list->n; i++) {
		if (body)
			buf_addstr(out, i ? "  , " : "    ");
		buf_add(out, list->v[i].s, list->v[i].n);
		buf_addch(out, '\n');
	}
}

static void add_line(struct buf *out, const struct line *line)
{
	buf_add(out, line->s, line->n);
	buf_addch(out, '\n');
}

const char *schema_merge(struct arena *a, const char *base, const char *theirs,
			 const char *ours)
{
	struct text b, t, o, r = { 0 };
	struct buf text = BUF_INIT;
	const char *out;

	if (!parse(a, base, &b) || !parse(a, theirs, &t) || !parse(a, ours, &o))
		return NULL;
	if (!merge_line(&b.head, &t.head, &o.head, &r.head) ||
	    !merge_line(&b.foot, &t.foot, &o.foot, &r.foot) ||
	    !merge_lines(a, &b.body, &t.body, &o.body, &r.body) ||
	    !merge_lines(a, &b.rest, &t.rest, &o.rest, &r.rest) || !r.body.n)
		return NULL;
	add_line(&text, &r.head);
	add_lines(&text, &r.body, true);
	add_line(&text, &r.foot);
	add_lines(&text, &r.rest, false);
	out = arena_strdup(a, buf_str(&text));
	buf_release(&text);
	return out;
}
