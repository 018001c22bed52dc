#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "migration/directives.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * Ours, which is dbmate's: <digits>_<slug>.sql with "-- migrate:up" and
 * "-- migrate:down" inside. Grammar: https://github.com/amacneil/dbmate,
 * pkg/dbmate/migration.go.
 */

static int detect(const struct layout_probe *p, const char **example)
{
	if (p->dbmate) {
		*example = p->dbmate;
		return 60;
	}
	if (!p->simple || p->goose || p->pair || p->sqlx)
		return 0;
	*example = p->simple;
	return 30;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct source_entry *e = &files->entries[i];
		char *name, *version;

		if (!scan_is_plain(set, e))
			continue;
		if (scan_half(e->path)) {
			scan_stray(set, e->path,
				   "it is half of a pair, which layout "
				   "golang-migrate or sqlx reads");
			continue;
		}
		name = xstrndup(e->path, strlen(e->path) - 4);
		version = xstrndup(name, scan_digits(name));
		scan_add(set, name, version, e);
		free(name);
		free(version);
	}
	return NULL;
}

struct block {
	bool down, no_transaction;
	size_t start, end; /* of what is behind the marker's line */
	unsigned line;     /* of the marker */
};

struct blocks {
	struct block *items;
	size_t n, cap;
};

/* "transaction:false" and "transaction:true" behind a marker. */
static struct err *read_options(struct parse *p, const struct directive_line *d,
				unsigned line, bool *no_transaction)
{
	const char *s = d->value, *end = s + d->value_len;

	*no_transaction = false;
	while (s < end) {
		size_t n = 0;
		char *word;
		struct err *e;

		while (s + n < end && s[n] != ' ' && s[n] != '\t')
			n++;
		word = xstrndup(s, n);
		e = NULL;
		if (streq(word, "transaction:false"))
			*no_transaction = true;
		else if (!streq(word, "transaction:true"))
			e = err_hint(parse_error(p, DIRECTIVES_UP, line,
						 "unknown option behind "
						 "\"migrate:%s\": %s",
						 directive_is(d, "up") ? "up"
								       : "down",
						 word),
				     "the only one is transaction:false");
		free(word);
		if (e)
			return e;
		s += n;
		while (s < end && (*s == ' ' || *s == '\t'))
			s++;
	}
	return NULL;
}

static struct err *check_marker(struct parse *p, const struct blocks *all,
				bool down, unsigned line)
{
	const struct block *last = all->n ? &all->items[all->n - 1] : NULL;

	if (down && !last)
		return err_hint(parse_error(p, DIRECTIVES_UP, line,
					    "\"migrate:down\" stands before "
					    "\"migrate:up\""),
				"put the up part first");
	if (down && last->down)
		return parse_error(p, DIRECTIVES_UP, line,
				   "a second \"migrate:down\" follows the one "
				   "in line %u, with no \"migrate:up\" between",
				   last->line);
	return NULL;
}

/* Find the markers; check that nothing but comments is before the first. */
static struct err *find_blocks(struct parse *p, const char *text, size_t len,
			       struct blocks *out)
{
	struct directive_line d;
	struct lines l;

	for (lines_init(&l, text, len, 1); lines_next(&l);) {
		size_t start = (size_t)(l.s - text);
		unsigned stray = 0;
		struct block b = { .start = (size_t)(l.next - text) };
		struct err *e;

		if (!directive_line_parse(&d, l.s, l.n) || d.indented)
			continue;
		b.down = directive_is(&d, "down");
		b.line = l.line;
		if (!b.down && !directive_is(&d, "up"))
			continue;
		e = check_marker(p, out, b.down, l.line);
		if (!e)
			e = read_options(p, &d, l.line, &b.no_transaction);
		if (e)
			return e;
		if (out->n)
			out->items[out->n - 1].end = start;
		else
			stray = directives_first_statement(text, start, 1);
		if (stray)
			return parse_error(p, DIRECTIVES_UP, stray,
					   "a statement stands before "
					   "\"migrate:up\"");
		b.end = len;
		VEC_GROW(out->items, out->n, out->cap);
		out->items[out->n++] = b;
	}
	return NULL;
}

/* Blocks of one direction run together, so they run in one mode. */
static struct err *transaction_mode(struct parse *p, const struct blocks *all,
				    bool down, bool *no_transaction)
{
	const struct block *first = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct block *b = &all->items[i];

		if (b->down != down)
			continue;
		if (first && first->no_transaction != b->no_transaction)
			return parse_error(
				p, DIRECTIVES_UP, b->line,
				"this part and the one in line %u differ in "
				"transaction:false, and both belong to one "
				"migration",
				first->line);
		first = first ? first : b;
	}
	*no_transaction |= first && first->no_transaction;
	return NULL;
}

/* Several up parts: one text of the same lines, the rest blanked out. */
static void join_up(struct parse *p, const char *text, const struct blocks *all)
{
	struct migration *m = p->m;
	const struct block *first = &all->items[0], *last = first;
	char *copy;

	for (size_t i = 0; i < all->n; i++)
		if (!all->items[i].down)
			last = &all->items[i];
	m->up.len = last->end - first->start;
	m->up.line = first->line + 1;
	m->up.text = text + first->start;
	if (last == first)
		return;
	copy = arena_strndup(p->arena, m->up.text, m->up.len);
	for (size_t i = 0; i < all->n && &all->items[i] < last; i++)
		if (all->items[i].down)
			section_blank(copy, all->items[i].start - first->start,
				      all->items[i].end - first->start);
	m->up.text = copy;
}

/* Several down parts run from the last to the first. */
static void join_down(struct parse *p, const char *text,
		      const struct blocks *all)
{
	struct migration *m = p->m;
	const struct block *first = NULL; /* the one that runs first */
	struct buf b = BUF_INIT;
	size_t n = 0;

	for (size_t i = all->n; i-- > 0;) {
		const struct block *block = &all->items[i];

		if (!block->down)
			continue;
		if (!n++)
			first = block;
		else
			buf_addch(&b, '\n');
		buf_add(&b, text + block->start, block->end - block->start);
	}
	if (!first)
		return;
	m->down.line = first->line + 1;
	m->down.len = b.len;
	m->down.text = n == 1 ? text + first->start
			      : arena_strndup(p->arena, buf_str(&b), b.len);
	buf_release(&b);
}

/* A whole file without markers; one of another tool would run its down. */
static struct err *parse_unmarked(struct parse *p)
{
	struct migration *m = p->m;
	struct lines l;

	for (lines_init(&l, m->up.text, m->up.len, 1); lines_next(&l);)
		if (l.n > 8 && l.s[0] == '-' && l.s[1] == '-' &&
		    memmem(l.s, l.n, "+goose", 6))
			return err_hint(
				parse_error(p, DIRECTIVES_UP, l.line,
					    "this is a marker of goose, and "
					    "the folder is read as %s",
					    p->layout),
				"git config migrate.layout goose");
	m->no_transaction = parse_says_no_transaction(&m->up);
	return directives_read(p, m->up.text, m->up.len, 1, DIRECTIVES_UP,
			       true);
}

static struct err *parse_blocks(struct parse *p, const struct blocks *all)
{
	struct migration *m = p->m;
	const char *text = m->up.text;
	struct err *e;

	/* what is before the first marker counts with the first up part */
	e = directives_read(p, text, all->items[0].end, 1, DIRECTIVES_UP, true);
	for (size_t i = 1; !e && i < all->n; i++) {
		const struct block *b = &all->items[i];

		e = directives_read(
			p, text + b->start, b->end - b->start, b->line + 1,
			b->down ? DIRECTIVES_DOWN : DIRECTIVES_UP, true);
	}
	if (!e)
		e = transaction_mode(p, all, false, &m->no_transaction);
	if (!e)
		e = transaction_mode(p, all, true, &m->no_transaction_down);
	if (e)
		return e;
	join_up(p, text, all);
	join_down(p, text, all);
	return NULL;
}

struct err *native_parse(struct parse *p)
{
	struct blocks all = { 0 };
	struct err *e;

	parse_whole_up(p);
	e = find_blocks(p, p->m->up.text, p->m->up.len, &all);
	if (!e)
		e = all.n ? parse_blocks(p, &all) : parse_unmarked(p);
	free(all.items);
	return e;
}

static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	char *version = scan_next_version(set, stamp, NULL);
	char *path = xasprintf("%s_%s.sql", version, slug);
	struct err *e;

	e = fn(payload, path, "-- migrate:up\n\n-- migrate:down\n");
	free(version);
	free(path);
	return e;
}

const struct layout layout_native = {
	.name = "native",
	.detect = detect,
	.scan = scan,
	.parse = native_parse,
	.create = create,
};

/* The same files by the name that their users know. */
const struct layout layout_dbmate = {
	.name = "dbmate",
	.scan = scan,
	.parse = native_parse,
	.create = create,
};
