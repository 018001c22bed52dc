#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "gitstore/config.h"

struct reader {
	const char *start, *p, *end, *path;
	struct buf section; /* "migrate.dev." */
	struct buf key, value;
};

static struct err *bad(const struct reader *r, const char *what)
{
	struct err_at at = { .path = r->path };
	const char *p = r->p < r->end ? r->p : r->end;

	text_position(r->start, (size_t)(p - r->start), &at.line, &at.col);
	return err_at(err_new(ERR_INPUT, "%s", what), at);
}

/* The next character, -1 at the end; CR LF counts as LF. */
static int peek(const struct reader *r)
{
	if (r->p == r->end)
		return -1;
	if (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n')
		return '\n';
	return (unsigned char)*r->p;
}

static int next(struct reader *r)
{
	int c = peek(r);

	if (c == '\n' && *r->p == '\r')
		r->p++;
	if (c >= 0)
		r->p++;
	return c;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t';
}

/* A carriage return by itself counts as one, but not beside a key. */
static bool is_space(int c)
{
	return is_blank(c) || c == '\r';
}

static void skip_space(struct reader *r)
{
	while (is_space(peek(r)))
		r->p++;
}

static void skip_blank(struct reader *r)
{
	while (is_blank(peek(r)))
		r->p++;
}

static void skip_line(struct reader *r)
{
	while (peek(r) >= 0 && peek(r) != '\n')
		r->p++;
}

static bool is_name(int c)
{
	return c >= 0 && c < 128 && (isalnum(c) || c == '-');
}

/* The quoted part of [section "sub"]; the opening quote is read. */
static struct err *read_subsection(struct reader *r)
{
	int c;

	buf_addch(&r->section, '.');
	while ((c = next(r)) != '"') {
		if (c == '\\')
			c = next(r);
		if (c < 0 || c == '\n' || c == '\0')
			return bad(r, "a section's name is not ended");
		buf_addch(&r->section, (char)c);
	}
	return NULL;
}

static struct err *read_section(struct reader *r)
{
	struct err *err = NULL;

	buf_reset(&r->section);
	next(r); /* [ */
	while (is_name(peek(r)) || peek(r) == '.')
		buf_addch(&r->section, (char)tolower(next(r)));
	if (!r->section.len)
		return bad(r, "a section needs a name");
	if (is_space(peek(r))) {
		skip_space(r);
		if (peek(r) != '"')
			return bad(r, "a subsection stands in quotes");
		next(r);
		err = read_subsection(r);
	}
	if (!err && next(r) != ']')
		err = bad(r, "a section header ends in ']'");
	buf_addch(&r->section, '.');
	return err;
}

static struct err *read_escape(struct reader *r)
{
	static const char from[] = "ntb\"\\", to[] = "\n\t\b\"\\";
	int c = next(r);
	const char *at = c > 0 ? strchr(from, c) : NULL;

	if (c == '\n') /* the value goes on */
		return NULL;
	if (!at)
		return bad(r, "only \\n \\t \\b \\\" \\\\ may follow a "
			      "backslash");
	buf_addch(&r->value, to[at - from]);
	return NULL;
}

static struct err *read_value(struct reader *r)
{
	bool quoted = false;
	size_t solid = 0; /* up to here nothing is cut at the end */

	buf_reset(&r->value);
	skip_space(r);
	for (;;) {
		int c = peek(r);
		struct err *err = NULL;

		if (c < 0 || c == '\n')
			break;
		if (!quoted && (c == '#' || c == ';'))
			break;
		next(r);
		if (c == '\0')
			return bad(r, "a value holds a NUL byte");
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\')
			err = read_escape(r);
		else if (quoted || !is_space(c) || r->value.len)
			buf_addch(&r->value, (char)c);
		if (err)
			return err;
		if (quoted || !is_space(c))
			solid = r->value.len;
	}
	if (quoted)
		return bad(r, "a quoted value is not ended");
	if (solid < r->value.len)
		buf_truncate(&r->value, solid);
	skip_line(r); /* a comment */
	return NULL;
}

static struct err *read_key(struct reader *r, gs_config_fn fn, void *payload)
{
	struct err *err = NULL;

	if (!r->section.len)
		return bad(r, "a key stands before the first section");
	if (!is_name(peek(r)) || !isalpha(peek(r)))
		return bad(r, "a key starts with a letter");
	buf_reset(&r->key);
	buf_addstr(&r->key, buf_str(&r->section));
	while (is_name(peek(r)))
		buf_addch(&r->key, (char)tolower(next(r)));
	skip_blank(r);
	buf_reset(&r->value);
	if (peek(r) == '=') {
		next(r);
		err = read_value(r);
	} else if (peek(r) < 0 || peek(r) == '\n') {
		buf_addstr(&r->value, "true");
	} else {
		err = bad(r, "'=' is missing after a key");
	}
	return err ? err : fn(payload, buf_str(&r->key), buf_str(&r->value));
}

struct err *gs_configfile_parse(const char *text, size_t len, const char *path,
				gs_config_fn fn, void *payload)
{
	struct reader r = {
		.start = text, .p = text, .end = text + len, .path = path
	};
	struct err *err = NULL;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		r.p += 3;
	while (!err && peek(&r) >= 0) {
		int c = peek(&r);

		if (c == '\n' || is_space(c))
			next(&r);
		else if (c == '#' || c == ';')
			skip_line(&r);
		else if (c == '[')
			err = read_section(&r);
		else
			err = read_key(&r, fn, payload);
	}
	buf_release(&r.section);
	buf_release(&r.key);
	buf_release(&r.value);
	return err;
}
