#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/directives.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * goose: <int>_<name>.sql with "-- +goose Up" inside. Grammar:
 * https://github.com/pressly/goose, internal/sqlparser/parser.go.
 */

static int detect(const struct layout_probe *p, const char **example)
{
	*example = p->goose;
	return p->goose ? 60 : 0;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct source_entry *e = &files->entries[i];
		size_t n = scan_digits(e->path);
		char *name, *version;

		if (!scan_is_plain(set, e))
			continue;
		if (e->path[n] != '_' || streq(e->path + n, "_.sql")) {
			scan_stray(set, e->path,
				   "goose wants <version>_<name>.sql");
			continue;
		}
		if (strspn(e->path, "0") == n) {
			scan_stray(set, e->path,
				   "goose versions are greater than 0");
			continue;
		}
		name = xstrndup(e->path, strlen(e->path) - 4);
		version = xstrndup(name, n);
		scan_add(set, name, version, e);
		free(name);
		free(version);
	}
	return NULL;
}

struct goose {
	struct parse *p;
	char *text; /* copy of the file; statement ends are put into it */
	size_t len;
	unsigned up_line, down_line, begin_line;
	size_t up_start, up_end, down_start;
};

/* The words behind "-- +goose", upper case; NULL when it is no annotation. */
static char *annotation(const struct lines *l)
{
	const char *s = l->s, *end = s + l->n;
	char *out;

	if (end - s < 8 || s[0] != '-' || s[1] != '-')
		return NULL;
	for (s += 2; s < end && (*s == ' ' || *s == '\t');)
		s++;
	if (end - s < 6 || memcmp(s, "+goose", 6) != 0)
		return NULL;
	for (s += 6; s < end && isspace((unsigned char)*s);)
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	out = xstrndup(s, (size_t)(end - s));
	for (char *c = out; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return out;
}

static struct err *section_marker(struct goose *g, const struct lines *l,
				  bool down)
{
	size_t start = (size_t)(l->s - g->text);
	size_t next = (size_t)(l->next - g->text);

	if (g->begin_line)
		return parse_error(g->p, DIRECTIVES_UP, g->begin_line,
				   "StatementBegin has no StatementEnd");
	if (down && !g->up_line)
		return parse_error(g->p, DIRECTIVES_UP, l->line,
				   "\"+goose Down\" stands before "
				   "\"+goose Up\"");
	if (down ? g->down_line : g->up_line)
		return parse_error(g->p, DIRECTIVES_UP, l->line,
				   "\"+goose %s\" is there already, in line %u",
				   down ? "Down" : "Up",
				   down ? g->down_line : g->up_line);
	if (down) {
		g->down_line = l->line;
		g->up_end = start;
		g->down_start = next;
	} else {
		g->up_line = l->line;
		g->up_start = next;
		g->up_end = g->len;
	}
	return NULL;
}

/* What is between the two is one statement: end it if it does not itself. */
static struct err *statement_marker(struct goose *g, const struct lines *l,
				    bool end)
{
	size_t start = (size_t)(l->s - g->text);

	if (!g->up_line)
		return parse_error(g->p, DIRECTIVES_UP, l->line,
				   "\"+goose Statement%s\" stands before "
				   "\"+goose Up\"",
				   end ? "End" : "Begin");
	if (end ? !g->begin_line : g->begin_line)
		return parse_error(g->p, DIRECTIVES_UP, l->line, "%s",
				   end ? "StatementEnd has no StatementBegin"
				       : "StatementBegin inside another");
	g->begin_line = end ? 0 : l->line;
	if (end) {
		section_blank(g->text, start, start + l->n);
		g->text[start] = ';';
	}
	return NULL;
}

static struct err *unknown(struct goose *g, unsigned line, const char *words)
{
	char *safe = text_safe(words);
	struct err *e;

	if (starts_with(words, "ENVSUB"))
		e = err_hint(parse_error(g->p, DIRECTIVES_UP, line,
					 "\"+goose ENVSUB\" puts environment "
					 "variables into SQL, which is not "
					 "done here"),
			     "write the value into the file");
	else
		e = err_hint(parse_error(g->p, DIRECTIVES_UP, line,
					 "unknown directive \"+goose %s\"",
					 safe),
			     "known are Up, Down, StatementBegin, "
			     "StatementEnd, NO TRANSACTION");
	free(safe);
	return e;
}

static struct err *obey(struct goose *g, const struct lines *l,
			const char *words)
{
	if (streq(words, "UP") || streq(words, "DOWN"))
		return section_marker(g, l, streq(words, "DOWN"));
	if (streq(words, "STATEMENTBEGIN") || streq(words, "STATEMENTEND"))
		return statement_marker(g, l, streq(words, "STATEMENTEND"));
	if (streq(words, "NO TRANSACTION")) {
		g->p->m->no_transaction = g->p->m->no_transaction_down = true;
		return NULL;
	}
	if (streq(words, "ENVSUB OFF"))
		return NULL;
	return unknown(g, l->line, words);
}

static struct err *find_sections(struct goose *g)
{
	struct lines l;

	for (lines_init(&l, g->text, g->len, 1); lines_next(&l);) {
		char *words = annotation(&l);
		struct err *e;

		if (!words)
			continue;
		e = obey(g, &l, words);
		free(words);
		if (e)
			return e;
	}
	if (g->begin_line)
		return parse_error(g->p, DIRECTIVES_UP, g->begin_line,
				   "StatementBegin has no StatementEnd");
	return NULL;
}

static struct err *check(struct goose *g)
{
	unsigned stray;

	if (!g->up_line)
		return err_hint(parse_error(g->p, DIRECTIVES_UP, 1,
					    "there is no \"-- +goose Up\""),
				"goose needs one in each file; for files "
				"without it: git config migrate.layout native");
	stray = directives_first_statement(g->text, g->up_start, 1);
	if (stray)
		return parse_error(g->p, DIRECTIVES_UP, stray,
				   "a statement stands before \"+goose Up\"");
	return NULL;
}

static struct err *parse(struct parse *p)
{
	struct migration *m = p->m;
	struct goose g = { .p = p };
	struct err *e;

	parse_whole_up(p);
	g.len = m->up.len;
	g.text = arena_strndup(p->arena, m->up.text, g.len);
	e = find_sections(&g);
	if (!e)
		e = directives_read(p, g.text, g.up_line ? g.up_end : g.len, 1,
				    DIRECTIVES_UP, false);
	if (!e)
		e = check(&g);
	if (!e && g.down_line)
		e = directives_read(p, g.text + g.down_start,
				    g.len - g.down_start, g.down_line + 1,
				    DIRECTIVES_DOWN, false);
	if (e)
		return e;
	m->up.text = g.text + g.up_start;
	m->up.len = g.up_end - g.up_start;
	m->up.line = g.up_line + 1;
	if (g.down_line) {
		m->down.text = g.text + g.down_start;
		m->down.len = g.len - g.down_start;
		m->down.line = g.down_line + 1;
	}
	return NULL;
}

static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	char *version = scan_next_version(set, stamp, NULL);
	char *path = xasprintf("%s_%s.sql", version, slug);
	struct err *e;

	e = fn(payload, path, "-- +goose Up\n\n-- +goose Down\n");
	free(version);
	free(path);
	return e;
}

const struct layout layout_goose = {
	.name = "goose",
	.detect = detect,
	.scan = scan,
	.parse = parse,
	.create = create,
};
