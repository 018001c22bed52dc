#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "migration/directives.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * The user's own template, from migrate.pattern: {version}, {name},
 * {direction}, {dialect}, '/' and any other text. docs/layouts.md says what
 * each placeholder matches.
 */

enum token_kind {
	LITERAL,
	VERSION,
	NAME,
	DIRECTION,
	DIALECT,
	TOKEN_KINDS
};

static const char *const placeholders[TOKEN_KINDS] = {
	[VERSION] = "{version}",
	[NAME] = "{name}",
	[DIRECTION] = "{direction}",
	[DIALECT] = "{dialect}",
};

static const struct {
	const char *word;
	bool down;
} directions[] = {
	{ "up", false },    { "down", true },     { "do", false },
	{ "undo", true },   { "deploy", false },  { "revert", true },
	{ "apply", false }, { "rollback", true },
};

static const struct {
	const char *word;
	enum sql_dialect dialect;
} dialects[] = {
	{ "sqlite", SQL_SQLITE },         { "sqlite3", SQL_SQLITE },
	{ "postgresql", SQL_POSTGRESQL }, { "postgres", SQL_POSTGRESQL },
	{ "pgsql", SQL_POSTGRESQL },      { "psql", SQL_POSTGRESQL },
	{ "pg", SQL_POSTGRESQL },
};

/* Four placeholders, once each, and the text around them. */
#define TOKENS_MAX (2 * TOKEN_KINDS + 1)

struct template
{
	struct token {
		enum token_kind kind;
		const char *text; /* of a literal */
		size_t len;
	} tokens[TOKENS_MAX];
	size_t n;
	bool has[TOKEN_KINDS];
	size_t name_from; /* first token that is part of a name */
	size_t name_skip; /* bytes of it, when a literal, that are not */
};

struct span {
	const char *s;
	size_t len;
};

struct match {
	struct span at[TOKENS_MAX]; /* of each token */
	struct span by_kind[TOKEN_KINDS];
};

static struct err *bad_pattern(const char *pattern, const char *why)
{
	char *safe = text_safe(pattern);
	struct err *e = err_new(ERR_INPUT, "pattern \"%s\": %s", safe, why);

	free(safe);
	return err_hint(e, "such as: git config migrate.pattern "
			   "\"{version}_{name}.{direction}.sql\"");
}

/* Folders before the first placeholder of a name are no part of names. */
static void find_name_start(struct template *t)
{
	size_t first = 0;

	while (t->tokens[first].kind != VERSION &&
	       t->tokens[first].kind != NAME)
		first++;
	t->name_from = first;
	while (t->name_from > 0) {
		const struct token *before = &t->tokens[t->name_from - 1];
		const char *slash = NULL;

		if (before->kind == LITERAL)
			slash = memrchr(before->text, '/', before->len);
		t->name_from--;
		if (slash) {
			t->name_skip = (size_t)(slash + 1 - before->text);
			break;
		}
	}
}

static struct err *compile(const char *pattern, struct template *t)
{
	const char *p = pattern;

	memset(t, 0, sizeof(*t));
	if (*p == '/' || strstr(p, ".."))
		return bad_pattern(pattern, "it leads out of the folder");
	while (*p) {
		struct token *token = &t->tokens[t->n];
		size_t kind = VERSION, len = strcspn(p, "{");

		if (len) {
			*token = (struct token){ LITERAL, p, len };
			t->n++;
			p += len;
			continue;
		}
		while (kind < TOKEN_KINDS &&
		       !starts_with(p, placeholders[kind]))
			kind++;
		if (kind == TOKEN_KINDS)
			return bad_pattern(pattern,
					   "its placeholders are {version}, "
					   "{name}, {direction}, {dialect}");
		if (t->has[kind])
			return bad_pattern(pattern,
					   "a placeholder is there twice");
		t->has[kind] = true;
		token->kind = (enum token_kind)kind;
		t->n++;
		p += strlen(placeholders[kind]);
	}
	if (!t->has[VERSION] && !t->has[NAME])
		return bad_pattern(pattern,
				   "it has no {version} and no {name}");
	if (!ends_with(pattern, ".sql"))
		return bad_pattern(pattern, "it does not end in .sql");
	find_name_start(t);
	return NULL;
}

static size_t direction_at(const char *s, bool *down)
{
	assert(s);
	for (size_t i = 0; i < ARRAY_LEN(directions); i++) {
		size_t n = strlen(directions[i].word);

		if (!strncmp(s, directions[i].word, n) &&
		    !isalnum((unsigned char)s[n])) {
			*down = directions[i].down;
			return n;
		}
	}
	return 0;
}

static bool match_from(const struct template *t, size_t i, const char *s,
		       struct match *m);

static bool take(const struct template *t, size_t i, const char *s, size_t len,
		 struct match *m)
{
	m->at[i] = m->by_kind[t->tokens[i].kind] = (struct span){ s, len };
	return match_from(t, i + 1, s + len, m);
}

/* The shortest run of numbers, joined by one of . - _ /, that fits. */
static bool match_version(const struct template *t, size_t i, const char *s,
			  struct match *m)
{
	size_t n = scan_digits(s);

	while (n && !take(t, i, s, n, m)) {
		size_t more = s[n] && strchr(".-_/", s[n])
				      ? scan_digits(s + n + 1)
				      : 0;

		n = more ? n + 1 + more : 0;
	}
	return n != 0;
}

static bool match_from(const struct template *t, size_t i, const char *s,
		       struct match *m)
{
	const struct token *token = &t->tokens[i];
	size_t n = 0;
	bool down;

	if (i == t->n)
		return !*s;
	switch (token->kind) {
	case LITERAL:
		return !strncmp(s, token->text, token->len) &&
		       take(t, i, s, token->len, m);
	case VERSION:
		return match_version(t, i, s, m);
	case NAME:
		for (n = 1; s[n - 1] && s[n - 1] != '/'; n++)
			if (take(t, i, s, n, m))
				return true;
		return false;
	case DIRECTION:
		n = direction_at(s, &down);
		return n && take(t, i, s, n, m);
	case DIALECT:
		while (isalnum((unsigned char)s[n]))
			n++;
		return n && take(t, i, s, n, m);
	case TOKEN_KINDS:
		break;
	}
	return false;
}

/* The path without folders in front, direction, dialect and ending. */
static char *name_of(const struct template *t, const struct match *m)
{
	struct buf b = BUF_INIT;

	for (size_t i = t->name_from; i < t->n; i++) {
		enum token_kind kind = t->tokens[i].kind;
		size_t skip =
			i == t->name_from && kind == LITERAL ? t->name_skip : 0;

		if (kind != DIRECTION && kind != DIALECT)
			buf_add(&b, m->at[i].s + skip, m->at[i].len - skip);
		else if (b.len && strchr("._-/", b.data[b.len - 1]))
			buf_truncate(&b, b.len - 1);
		else if (i + 1 < t->n && t->tokens[i + 1].kind == LITERAL &&
			 strchr("._-/", *m->at[i + 1].s))
			buf_add(&b, m->at[i + 1].s + 1, m->at[i + 1].len - 1),
				i++;
	}
	buf_truncate(&b, b.len - strlen(".sql"));
	return buf_detach(&b);
}

static bool our_dialect(const struct migration_set *set, struct span word)
{
	assert(word.s);
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
		if (strlen(dialects[i].word) == word.len &&
		    !strncmp(dialects[i].word, word.s, word.len))
			return dialects[i].dialect == set->dialect;
	return false;
}

/* The files of one migration, put together by its name. */
struct pairing {
	struct migration_set *set;
	const struct template *t;
	struct map ups;
	const struct source_entry **downs;
	size_t n_downs;
};

static void take_entry(struct pairing *pair, const struct source_entry *e)
{
	struct match m = { 0 };
	char *name, *version;
	bool down = false;

	if (!match_from(pair->t, 0, e->path, &m)) {
		char *why = xasprintf("it does not fit the pattern %s",
				      pair->set->pattern);

		scan_stray(pair->set, e->path, why);
		free(why);
		return;
	}
	if (pair->t->has[DIALECT] &&
	    !our_dialect(pair->set, m.by_kind[DIALECT]))
		return;
	if (pair->t->has[DIRECTION])
		direction_at(m.by_kind[DIRECTION].s, &down);
	if (down) {
		pair->downs[pair->n_downs++] = e;
		return;
	}
	name = name_of(pair->t, &m);
	/* without {version} the whole name is one, as in maragudk/migrate */
	version = pair->t->has[VERSION] ? xstrndup(m.by_kind[VERSION].s,
						   m.by_kind[VERSION].len)
					: xstrdup(name);
	map_put(&pair->ups, name, scan_add(pair->set, name, version, e));
	free(name);
	free(version);
}

static struct err *take_down(struct pairing *pair, const struct source_entry *e)
{
	struct match match = { 0 };
	struct migration *m;
	char *name;

	match_from(pair->t, 0, e->path, &match);
	name = name_of(pair->t, &match);
	m = map_get(&pair->ups, name);
	free(name);
	if (!m)
		scan_stray(pair->set, e->path,
			   "there is no up file of its name");
	else if (m->down_path)
		return scan_error(pair->set, e->path, 0,
				  "%s has a down file already, %s", m->name,
				  m->down_path);
	else
		scan_set_down(pair->set, m, e);
	return NULL;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	struct template t;
	struct pairing pair = { .set = set, .t = &t };
	struct err *e;

	if (!set->pattern)
		return err_hint(err_new(ERR_INPUT, "layout pattern needs a "
						   "pattern"),
				"git config migrate.pattern "
				"\"{version}_{name}.sql\"");
	e = compile(set->pattern, &t);
	if (e)
		return e;
	pair.downs = xcalloc(files->n + 1, sizeof(struct source_entry *));
	for (size_t i = 0; i < files->n; i++)
		if (files->entries[i].kind == SOURCE_FILE &&
		    scan_looks_sql(files->entries[i].path))
			take_entry(&pair, &files->entries[i]);
	for (size_t i = 0; i < pair.n_downs && !e; i++)
		e = take_down(&pair, pair.downs[i]);
	free(pair.downs);
	map_release(&pair.ups);
	return e;
}

/* Markers inside serve a template without {direction}. */
static struct err *parse(struct parse *p)
{
	struct err *e = native_parse(p);

	return e ? e : parse_down_file(p);
}

static char *expand(const struct migration_set *set, const struct template *t,
		    const char *version, const char *slug,
		    const char *direction)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < t->n; i++) {
		const struct token *token = &t->tokens[i];
		const char *word = NULL;

		switch (token->kind) {
		case LITERAL:
			buf_add(&b, token->text, token->len);
			break;
		case VERSION:
			word = version;
			break;
		case NAME:
			word = slug;
			break;
		case DIRECTION:
			word = direction;
			break;
		case DIALECT:
			word = sql_dialect_name(set->dialect);
			break;
		case TOKEN_KINDS:
			break;
		}
		if (word)
			buf_addstr(&b, word);
	}
	return buf_detach(&b);
}

/* The number that goes in front of a name which is a version itself. */
static char *next_in_name(const struct migration_set *set, const char *stamp)
{
	const char *top = scan_greatest(set);
	size_t n = top ? scan_digits(top) : 0;
	char *digits, *next;

	if (!n || n >= CLOCK_STAMP_SIZE - 1)
		return scan_free_stamp(set, stamp);
	digits = xstrndup(top, n);
	next = scan_count_up(digits);
	free(digits);
	return next;
}

static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	struct template t;
	struct err *e = compile(set->pattern, &t);
	char *version, *name, *up, *down;

	if (e)
		return e;
	version = t.has[VERSION] ? scan_next_version(set, stamp, NULL)
				 : next_in_name(set, stamp);
	name = t.has[VERSION] ? xstrdup(slug)
			      : xasprintf("%s_%s", version, slug);
	up = expand(set, &t, version, name, "up");
	down = expand(set, &t, version, name, "down");
	if (t.has[DIRECTION]) {
		e = fn(payload, up, "");
		if (!e)
			e = fn(payload, down, "");
	} else {
		e = fn(payload, up, "-- migrate:up\n\n-- migrate:down\n");
	}
	free(version);
	free(name);
	free(up);
	free(down);
	return e;
}

const struct layout layout_pattern = {
	.name = "pattern",
	.scan = scan,
	.parse = parse,
	.create = create,
};
