#include "migration/directives.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/scan.h"

#define DESCRIPTION_MAX 500 /* characters */
#define BATCH_MAX 100000000 /* rows */

/** Where a directive is being read. */
struct at {
	struct parse *p;
	enum directives_part part;
	unsigned line;
	unsigned long *given; /* bit per row of the table */
};

struct directive {
	const char *word;
	const char *value; /* what belongs behind it, NULL = nothing */
	bool down;         /* may stand in a down part */
	bool anywhere;     /* also after the first statement */
	bool repeat;
	struct err *(*set)(struct at *at, const char *value, size_t len);
};

struct err *parse_error(const struct parse *p, enum directives_part part,
			unsigned line, const char *fmt, ...)
{
	const char *path = part == DIRECTIVES_DOWN && p->shown_down
				   ? p->shown_down
				   : p->shown;
	struct err *e;
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	e = err_at(err_new(ERR_INPUT, "%s", text),
		   (struct err_at){ .path = path, .line = line });
	free(text);
	return e;
}

static struct err *set_description(struct at *at, const char *value, size_t len)
{
	size_t chars = 0;

	for (size_t i = 0; i < len; i++)
		chars += ((unsigned char)value[i] & 0xc0) != 0x80;
	if (chars > DESCRIPTION_MAX)
		return parse_error(at->p, at->part, at->line,
				   "the description has %zu characters, at "
				   "most %d fit",
				   chars, DESCRIPTION_MAX);
	at->p->m->description = arena_strndup(at->p->arena, value, len);
	return NULL;
}

static struct err *set_depends(struct at *at, const char *value, size_t len)
{
	const char *end = value + len;

	while (value < end) {
		const char *start = value;

		while (value < end && !isspace((unsigned char)*value))
			value++;
		scan_depends(at->p->arena, at->p->m, start,
			     (size_t)(value - start), at->line);
		while (value < end && isspace((unsigned char)*value))
			value++;
	}
	return NULL;
}

static struct err *set_irreversible(struct at *at, const char *value,
				    size_t len)
{
	(void)value;
	(void)len;
	at->p->m->irreversible = true;
	return NULL;
}

static struct err *set_no_transaction(struct at *at, const char *value,
				      size_t len)
{
	(void)value;
	(void)len;
	if (at->part == DIRECTIVES_DOWN)
		at->p->m->no_transaction_down = true;
	else
		at->p->m->no_transaction = true;
	return NULL;
}

static struct err *set_batch(struct at *at, const char *value, size_t len)
{
	unsigned long n = 0;

	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)value[i]) || n > BATCH_MAX) {
			n = 0;
			break;
		}
		n = n * 10 + (unsigned long)(value[i] - '0');
	}
	if (n == 0 || n > BATCH_MAX) {
		char *text = xstrndup(value, len), *safe = text_safe(text);
		struct err *e;

		e = parse_error(at->p, at->part, at->line,
				"batch \"%s\" is not a number of rows from 1 "
				"to %d",
				safe, BATCH_MAX);
		free(text);
		free(safe);
		return e;
	}
	at->p->m->batch = (unsigned)n;
	return NULL;
}

struct err *directive_duration(const char *text, size_t len, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 },
		      { "s", 1000 },
		      { "min", 60000 },
		      { "h", 3600000 },
		      { "d", 86400000 } };
	char *copy, *safe;
	int64_t n = 0;
	size_t i = 0;
	struct err *e;

	while (i < len && isdigit((unsigned char)text[i]) && n <= INT32_MAX)
		n = n * 10 + (text[i++] - '0');
	if (i && i == len && n == 0) {
		*ms = 0;
		return NULL;
	}
	for (size_t u = 0; i && u < ARRAY_LEN(units); u++)
		if (strlen(units[u].unit) == len - i &&
		    !memcmp(units[u].unit, text + i, len - i) &&
		    n * units[u].ms <= INT32_MAX) {
			*ms = n * units[u].ms;
			return NULL;
		}
	copy = xstrndup(text, len);
	safe = text_safe(copy);
	e = err_new(ERR_INPUT, "\"%s\" is not a duration", safe);
	free(copy);
	free(safe);
	return err_hint(e, "write a number and ms, s, min, h or d, such as "
			   "500ms or 10min, below 24 days");
}

static struct err *set_duration(struct at *at, const char *value, size_t len,
				const char *word, int64_t *ms)
{
	const struct parse *p = at->p;
	struct err *e = directive_duration(value, len, ms);

	return err_at(err_wrap(e, "%s", word),
		      (struct err_at){ .path = p->shown, .line = at->line });
}

static struct err *set_lock_timeout(struct at *at, const char *value,
				    size_t len)
{
	return set_duration(at, value, len, "lock-timeout",
			    &at->p->m->lock_timeout_ms);
}

static struct err *set_statement_timeout(struct at *at, const char *value,
					 size_t len)
{
	return set_duration(at, value, len, "statement-timeout",
			    &at->p->m->statement_timeout_ms);
}

const char *const migration_rules[] = {
	"GM101", "GM102", "GM103", "GM104", "GM105", "GM106",
	"GM107", "GM108", "GM109", "GM110", "GM111", NULL,
};

static const char *find_rule(const char *s, size_t len)
{
	for (const char *const *r = migration_rules; *r; r++)
		if (strlen(*r) == len && !memcmp(*r, s, len))
			return *r;
	return NULL;
}

static struct err *unknown_rule(const struct at *at, const char *s, size_t len)
{
	char *text = xstrndup(s, len), *safe = text_safe(text);
	struct err *e = parse_error(at->p, at->part, at->line,
				    "there is no rule \"%s\"", safe);

	free(text);
	free(safe);
	return err_hint(e, "docs/rules.md lists GM101 to GM111; write it like "
			   "-- migrate:allow GM104 reason");
}

static void add_allow(struct parse *p, const struct migration_allow *new)
{
	struct migration *m = p->m;
	struct migration_allow *all =
		arena_array(p->arena, m->n_allows + 1, sizeof(*all));

	if (m->n_allows)
		memcpy(all, m->allows, m->n_allows * sizeof(*all));
	all[m->n_allows++] = *new;
	m->allows = all;
}

static struct err *set_allow(struct at *at, const char *value, size_t len)
{
	struct migration_allow new = { .line = at->line };
	size_t n = 0, blank;

	while (n < len && !isspace((unsigned char)value[n]))
		n++;
	new.rule = find_rule(value, n);
	if (!new.rule)
		return unknown_rule(at, value, n);
	blank = n;
	while (blank < len && isspace((unsigned char)value[blank]))
		blank++;
	if (blank == len)
		return parse_error(at->p, at->part, at->line,
				   "\"migrate:allow %s\" needs a reason behind "
				   "the rule",
				   new.rule);
	new.reason = arena_strndup(at->p->arena, value + blank, len - blank);
	add_allow(at->p, &new);
	return NULL;
}

const struct migration_allow *migration_allows(const struct migration *m,
					       const char *rule)
{
	for (size_t i = 0; i < m->n_allows; i++)
		if (streq(m->allows[i].rule, rule))
			return &m->allows[i];
	return NULL;
}

static const struct directive table[] = {
	{ .word = "description",
	  .value = "a text of one line",
	  .set = set_description },
	{ .word = "depends",
	  .value = "names of migrations",
	  .repeat = true,
	  .set = set_depends },
	{ .word = "irreversible", .set = set_irreversible },
	{ .word = "no-transaction", .down = true, .set = set_no_transaction },
	{ .word = "batch", .value = "a number of rows", .set = set_batch },
	{ .word = "lock-timeout",
	  .value = "a duration, such as 5s",
	  .set = set_lock_timeout },
	{ .word = "statement-timeout",
	  .value = "a duration, such as 10min",
	  .set = set_statement_timeout },
	{ .word = "allow",
	  .value = "a rule, such as GM104, and a reason",
	  .anywhere = true,
	  .repeat = true,
	  .set = set_allow },
};

static bool is_marker(const struct directive_line *d)
{
	return directive_is(d, "up") || directive_is(d, "down");
}

static struct err *unknown(const struct at *at, const struct directive_line *d)
{
	char *word = xstrndup(d->word, d->word_len); /* in small letters */
	const char *near = NULL;
	unsigned best = UINT_MAX;
	struct err *e;

	for (char *c = word; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (migration_is_nearer(word, table[i].word, &best))
			near = table[i].word;
	if (migration_is_nearer(word, "up", &best))
		near = "up";
	if (migration_is_nearer(word, "down", &best))
		near = "down";
	e = parse_error(at->p, at->part, at->line,
			"unknown directive \"migrate:%.*s\"", (int)d->word_len,
			d->word);
	free(word);
	if (near)
		return err_hintf(e, "did you mean \"migrate:%s\"?", near);
	return err_hint(e, "known are up, down, description, depends, "
			   "irreversible, no-transaction, batch, "
			   "lock-timeout, statement-timeout, allow");
}

static struct err *foreign_marker(const struct at *at,
				  const struct directive_line *d)
{
	struct err *e = parse_error(
		at->p, at->part, at->line,
		"\"migrate:%.*s\" divides files of layout native, this one "
		"is read as %s",
		(int)d->word_len, d->word, at->p->layout);

	return err_hint(e, "git config migrate.layout native");
}

/* The row is known; is it in a place and of a form that it may have? */
static struct err *check_use(const struct at *at, size_t row,
			     const struct directive_line *d, bool begun)
{
	const struct directive *what = &table[row];

	if (at->part == DIRECTIVES_DOWN && !what->down)
		return parse_error(at->p, at->part, at->line,
				   "\"migrate:%s\" belongs to the up part",
				   what->word);
	if (begun && !what->anywhere)
		return parse_error(at->p, at->part, at->line,
				   "\"migrate:%s\" stands behind a statement, "
				   "directives come first",
				   what->word);
	if (what->value && !d->value_len)
		return parse_error(at->p, at->part, at->line,
				   "\"migrate:%s\" needs %s", what->word,
				   what->value);
	if (!what->value && d->value_len)
		return parse_error(at->p, at->part, at->line,
				   "\"migrate:%s\" takes no value", what->word);
	if (!what->repeat && *at->given & 1UL << row)
		return parse_error(at->p, at->part, at->line,
				   "\"migrate:%s\" is given twice", what->word);
	return NULL;
}

static struct err *apply_directive(struct at *at,
				   const struct directive_line *d, bool begun)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct err *e;

		if (!directive_is(d, table[i].word))
			continue;
		e = check_use(at, i, d, begun);
		if (e)
			return e;
		*at->given |= 1UL << i;
		return table[i].set(at, d->value, d->value_len);
	}
	return unknown(at, d);
}

/* Follow comments just well enough to know where statements begin. */
static bool starts_statement(const struct lines *l, bool *in_comment)
{
	const char *s = l->s, *end = l->s + l->n;

	while (s < end && isspace((unsigned char)*s))
		s++;
	if (!*in_comment) {
		if (end - s >= 2 && s[0] == '/' && s[1] == '*')
			*in_comment = true;
		else
			return s < end &&
			       !(end - s >= 2 && s[0] == '-' && s[1] == '-');
		s += 2;
	}
	s = memmem(s, (size_t)(end - s), "*/", 2);
	if (!s)
		return false;
	*in_comment = false;
	return !line_is_blank(s + 2, (size_t)(end - s - 2));
}

unsigned directives_first_statement(const char *text, size_t len,
				    unsigned first_line)
{
	bool in_comment = false;
	struct lines l;

	for (lines_init(&l, text, len, first_line); lines_next(&l);)
		if (starts_statement(&l, &in_comment))
			return l.line;
	return 0;
}

struct err *directives_read(struct parse *p, const char *text, size_t len,
			    unsigned first_line, enum directives_part part,
			    bool markers)
{
	unsigned long given = 0;
	struct at at = { .p = p, .part = part, .given = &given };
	bool begun = false, in_comment = false;
	struct directive_line d;
	struct lines l;

	for (lines_init(&l, text, len, first_line); lines_next(&l);) {
		struct err *e;

		if (!directive_line_parse(&d, l.s, l.n)) {
			begun |= starts_statement(&l, &in_comment);
			continue;
		}
		at.line = l.line;
		if (!is_marker(&d))
			e = apply_directive(&at, &d, begun);
		else if (!markers)
			e = foreign_marker(&at, &d);
		else if (d.indented)
			e = parse_error(p, part, l.line,
					"\"migrate:%.*s\" must start its line",
					(int)d.word_len, d.word);
		else
			e = NULL;
		if (e)
			return e;
	}
	return NULL;
}
