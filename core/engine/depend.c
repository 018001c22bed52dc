#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"

/*
 * Whether a migration that was applied later needs one that is to be taken
 * back: said to, or because it names what that one made or changed. What the
 * texts do not tell counts as a need.
 */

/* What a migration's text says. */
struct words {
	struct map words; /* every word, also inside strings, lower case */
	bool any_column;  /* "*", or INSERT without a list of columns */
	bool dynamic;     /* runs what it makes up */
	bool known;       /* its text could be read */
};

/* What a migration did. */
struct footprint {
	struct words text;
	struct map whole;  /* names of objects that came, went or changed */
	struct map tables; /* name -> struct map *: only these columns did */
	bool wrote;        /* rows */
};

struct depend {
	struct engine *e;
	const struct map *rows;    /* name -> struct journal_event * */
	const struct map *depends; /* name -> const char *[] */
	struct map seen;           /* name -> struct footprint * */
	struct arena arena;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' ||
	       (unsigned char)c >= 0x80;
}

static char *lower(struct arena *a, const char *s, size_t n)
{
	char *out = arena_strndup(a, s, n);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	return out;
}

static bool is(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && !strncasecmp(s, word, n);
}

/* Behind INSERT INTO and the table's name no list of columns follows. */
static bool lacks_columns(const char *p)
{
	while (*p && (is_word(*p) || strchr(" .\"`[]", *p)))
		p++;
	return *p != '(';
}

static void read_words(struct depend *d, const char *text, struct words *out)
{
	const char *last = "";
	size_t last_n = 0;

	for (const char *p = text; *p;) {
		const char *start = p;
		size_t n;

		out->any_column |= *p == '*';
		if (!is_word(*p)) {
			p++;
			continue;
		}
		while (is_word(*p))
			p++;
		n = (size_t)(p - start);
		if (is(start, n, "into") && is(last, last_n, "insert")) {
			const char *next = p;

			while (*next == ' ')
				next++;
			out->any_column |= lacks_columns(next);
		}
		out->dynamic |= is(start, n, "execute") &&
				d->e->cfg.dialect == SQL_POSTGRESQL;
		map_put_number(&out->words, lower(&d->arena, start, n), 1);
		last = start;
		last_n = n;
	}
	out->known = true;
}

/* The text that ran, without its comments. */
static struct err *read_text(struct depend *d, const struct journal_event *ev,
			     struct words *out)
{
	struct migration m = { .name = ev->name,
			       .version = ev->version ? ev->version : "",
			       .path = ev->path ? ev->path : "" };
	struct buf bytes = BUF_INIT, normal = BUF_INIT;
	struct err *err;

	if (!ev->blob)
		return NULL;
	err = journal_text_get(d->e->target, ev->blob, &bytes);
	if (!err)
		err = migration_parse(&d->arena,
				      ev->layout ? ev->layout : "native",
				      m.path, &m, buf_str(&bytes), bytes.len);
	if (!err) {
		sql_normal_form(&normal, d->e->cfg.dialect, m.up.text,
				m.up.len);
		read_words(d, buf_str(&normal), out);
	}
	err_free(err); /* what cannot be read counts as a need */
	buf_release(&bytes);
	buf_release(&normal);
	return NULL;
}

/* "t" of "public.t", "f" of "public.f(integer)", unquoted, lower case. */
static const char *bare(struct arena *a, const char *name)
{
	size_t n = strcspn(name, "(");
	const char *from = name;

	for (size_t i = 0; i < n; i++)
		if (name[i] == '.')
			from = name + i + 1;
	n -= (size_t)(from - name);
	while (n && (*from == '"' || *from == ' ')) {
		from++;
		n--;
	}
	while (n && (from[n - 1] == '"' || from[n - 1] == ' '))
		n--;
	return lower(a, from, n);
}

/* The column that a line of a table's text is about; NULL = another thing. */
static const char *column_of(struct arena *a, const char *line, size_t n)
{
	static const char *const others[] = {
		"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK",
		"FOREIGN",    "EXCLUDE", "LIKE",
	};
	size_t len = 0;

	while (n && (*line == ' ' || *line == ',' || *line == '\t')) {
		line++;
		n--;
	}
	if (n && *line == '"') {
		const char *end = memchr(line + 1, '"', n - 1);

		return end ? lower(a, line + 1, (size_t)(end - line - 1))
			   : NULL;
	}
	while (len < n && is_word(line[len]))
		len++;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (is(line, len, others[i]))
			return NULL;
	return len ? lower(a, line, len) : NULL;
}

/* Lines of one text that the other has not; false: not columns alone. */
static bool add_columns(struct arena *a, const char *text, const char *other,
			struct map *out)
{
	struct map lines = MAP_INIT;
	bool fine = true;

	for (const char *p = other; *p;) {
		size_t n = strcspn(p, "\n");
		size_t skip = strspn(p, " ,\t");

		if (skip < n)
			map_put_number(&lines,
				       arena_strndup(a, p + skip, n - skip), 1);
		p += n + (p[n] != '\0');
	}
	for (const char *p = text; *p && fine;) {
		size_t n = strcspn(p, "\n");
		size_t skip = strspn(p, " ,\t");
		bool same =
			skip >= n || !strncmp(p, "COMMENT ", 8) ||
			map_has(&lines, arena_strndup(a, p + skip, n - skip));
		const char *column = same ? NULL : column_of(a, p, n);

		fine = same ||
		       (column && (*p == ' ' || *p == ',' || *p == '\t'));
		if (fine && column)
			map_put_number(out, column, 1);
		p += n + (p[n] != '\0');
	}
	map_release(&lines);
	return fine;
}

static void add_change(struct depend *d, struct footprint *f,
		       const struct schema_change *c)
{
	const struct schema_object *o = c->after ? c->after : c->before;
	const char *name = bare(&d->arena, o->name);
	struct map *columns;

	if (o->table && streq(o->kind, "trigger"))
		map_put_number(&f->whole, bare(&d->arena, o->table), 1);
	if (c->before && c->after && streq(o->kind, "table")) {
		const char *was =
			revert_text(&d->arena, d->e->cfg.dialect, c->before);
		const char *is =
			revert_text(&d->arena, d->e->cfg.dialect, c->after);

		columns = arena_alloc(&d->arena, sizeof(*columns));
		*columns = (struct map)MAP_INIT;
		if (add_columns(&d->arena, is, was, columns) &&
		    add_columns(&d->arena, was, is, columns)) {
			map_put(&f->tables, name, columns);
			return;
		}
		map_release(columns);
	}
	map_put_number(&f->whole, name, 1);
}

static struct err *footprint_of(struct depend *d, const char *name,
				struct footprint **out)
{
	const struct journal_event *row = map_get(d->rows, name);
	struct footprint *f = map_get(&d->seen, name);
	struct schema_delta delta;
	struct chain chain;
	struct err *err;

	*out = f;
	if (f)
		return NULL;
	*out = f = xcalloc(1, sizeof(*f));
	map_put(&d->seen, name, f);
	schema_delta_init(&delta);
	err = chain_read(&chain, d->e->target, name);
	if (!err)
		err = chain_delta(&chain, d->e->target, &d->arena, &delta);
	for (size_t i = 0; i < delta.n && !err; i++)
		add_change(d, f, &delta.changes[i]);
	for (size_t i = 0; i < chain.n && !err; i++) {
		struct journal_event ev;

		err = journal_get(d->e->target, chain.seqs[i], &d->arena, &ev);
		f->wrote |= !err && !streq_null(ev.kind, "schema");
	}
	schema_delta_release(&delta);
	chain_release(&chain);
	return err || !row ? err : read_text(d, row, &f->text);
}

static bool says(const struct depend *d, const char *later, const char *earlier)
{
	const char *const *list = map_get(d->depends, later);

	for (; list && *list; list++)
		if (streq(*list, earlier))
			return true;
	return false;
}

static bool touches(const struct footprint *f, const char *name)
{
	return map_has(&f->text.words, name) || map_has(&f->whole, name) ||
	       map_has(&f->tables, name);
}

/* Columns that the earlier one made or changed, in a table of both. */
static bool uses_columns(const struct footprint *later, const char *table,
			 const struct map *columns)
{
	const struct map *theirs;

	if (!touches(later, table))
		return false;
	if (later->text.any_column || map_has(&later->whole, table))
		return true;
	theirs = map_get(&later->tables, table);
	map_each (columns, e)
		if (map_has(&later->text.words, e->key) ||
		    (theirs && map_has(theirs, e->key)))
			return true;
	return false;
}

/* The earlier one may have written rows of it: its text names it. */
static bool may_write(const struct footprint *f, const char *name)
{
	return !f->text.known || map_has(&f->text.words, name);
}

/* A table whose rows the earlier one wrote. It may be gone since. */
static const char *uses_rows(const struct footprint *later,
			     const struct footprint *earlier,
			     const struct schema *live, struct arena *a)
{
	if (!earlier->wrote)
		return NULL;
	map_each (&later->whole, e)
		if (may_write(earlier, e->key))
			return e->key;
	map_each (&later->tables, e)
		if (may_write(earlier, e->key))
			return e->key;
	map_each (&live->by_path, e) {
		const struct schema_object *o = e->value;
		const char *name;

		if (!streq(o->kind, "table"))
			continue;
		name = bare(a, o->name);
		if (may_write(earlier, name) && touches(later, name))
			return name;
	}
	return NULL;
}

struct err *depend_why(struct depend *d, const struct schema *live,
		       const char *later, const char *earlier, char **why)
{
	struct footprint *a, *b;
	struct buf text = BUF_INIT;
	const char *name;
	struct err *err = footprint_of(d, earlier, &a);

	*why = NULL;
	if (!err)
		err = footprint_of(d, later, &b);
	if (err)
		return err;
	if (says(d, later, earlier)) {
		buf_addstr(&text, "depends on it");
		goto done;
	}
	if (!b->text.known || b->text.dynamic) {
		buf_addstr(&text, b->text.known ? "runs dynamic SQL"
						: "cannot be read");
		goto done;
	}
	map_each (&a->whole, e)
		if (!text.len && touches(b, e->key))
			buf_addf(&text, "uses %s", e->key);
	map_each (&a->tables, e)
		if (!text.len && uses_columns(b, e->key, e->value))
			buf_addf(&text, "uses columns of %s", e->key);
	name = text.len ? NULL : uses_rows(b, a, live, &d->arena);
	if (name)
		buf_addf(&text, "uses rows of %s", name);
done:
	if (text.len)
		*why = buf_detach(&text);
	buf_release(&text);
	return NULL;
}

struct depend *depend_new(struct engine *e, const struct map *rows,
			  const struct map *depends)
{
	struct depend *d = xcalloc(1, sizeof(*d));

	d->e = e;
	d->rows = rows;
	d->depends = depends;
	return d;
}

void depend_free(struct depend *d)
{
	if (!d)
		return;
	map_each (&d->seen, s) {
		struct footprint *f = s->value;

		map_each (&f->tables, t)
			map_release(t->value);
		map_release(&f->tables);
		map_release(&f->whole);
		map_release(&f->text.words);
		free(f);
	}
	map_release(&d->seen);
	arena_release(&d->arena);
	free(d);
}
