#include "migration/sections.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/directives.h"
#include "migration/scan.h"

void section_blank(char *text, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (text[i] != '\n' && text[i] != '\r')
			text[i] = ' ';
}

struct err *pair_parse(struct parse *p)
{
	struct migration *m = p->m;
	struct err *e;

	parse_whole_up(p);
	m->no_transaction = parse_says_no_transaction(&m->up);
	e = directives_read(p, m->up.text, m->up.len, 1, DIRECTIVES_UP, false);
	if (!e)
		e = parse_down_file(p);
	m->no_transaction_down |= parse_says_no_transaction(&m->down);
	return e;
}

struct err *sent_parse(struct parse *p)
{
	p->m->blocks = true;
	return pair_parse(p);
}

/** The file names that a layout of folders knows; NULL = it has none. */
struct folder_names {
	const char *up, *down, *side;
};

/* Why a file of a folder layout is no up file; NULL = it is one. */
static const char *why_not(const struct layout_listing *files,
			   const struct folder_names *names, const char *path)
{
	const char *base = scan_base(path), *slash = strchr(path, '/');
	const char *bar = strchr(path, '_');
	const char *why = NULL;
	char *up;

	if (!slash)
		return "it is not in a folder of its own";
	if (slash != base - 1)
		return "it lies deeper than one folder";
	if (!streq(base, names->up)) {
		if (!names->down || !streq(base, names->down))
			return "this layout reads no file of that name";
		up = xasprintf("%.*s%s", (int)(base - path), path, names->up);
		why = scan_find(files, up) ? ""
					   : "there is no up file "
					     "beside it";
		free(up);
		return why;
	}
	if (!scan_digits(path))
		return "its folder does not start with a version number";
	if (!bar || bar + 1 >= slash)
		return "its folder has no name behind the version";
	return NULL;
}

static const struct source_entry *beside(const struct layout_listing *files,
					 const char *folder, const char *base)
{
	char *path = base ? xasprintf("%s/%s", folder, base) : NULL;
	const struct source_entry *e = path ? scan_find(files, path) : NULL;

	free(path);
	return e && e->kind == SOURCE_FILE ? e : NULL;
}

static void add_folder(struct migration_set *set,
		       const struct layout_listing *files,
		       const struct folder_names *names,
		       const struct source_entry *e)
{
	char *folder = xstrndup(e->path, strcspn(e->path, "/"));
	const struct source_entry *other;
	struct buf version = BUF_INIT;
	struct migration *m;

	for (const char *c = folder; *c != '_'; c++)
		if (*c != '-')
			buf_addch(&version, *c);
	m = scan_add(set, folder, buf_str(&version), e);
	other = beside(files, folder, names->down);
	if (other)
		scan_set_down(set, m, other);
	other = beside(files, folder, names->side);
	if (other)
		scan_set_side(set, m, other);
	buf_release(&version);
	free(folder);
}

struct err *folders_scan(struct migration_set *set,
			 const struct layout_listing *files, const char *up,
			 const char *down, const char *side)
{
	const struct folder_names names = { up, down, side };

	for (size_t i = 0; i < files->n; i++) {
		const struct source_entry *e = &files->entries[i];
		const char *why;

		if (e->kind != SOURCE_FILE || !scan_looks_sql(e->path))
			continue;
		why = why_not(files, &names, e->path);
		if (!why)
			add_folder(set, files, &names, e);
		else if (*why)
			scan_stray(set, e->path, why);
	}
	return NULL;
}

static char *trimmed(const char *s, const char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	if (end - s >= 2 && (*s == '"' || *s == '\'') && end[-1] == *s) {
		s++;
		end--;
	}
	return xstrndup(s, (size_t)(end - s));
}

struct err *side_each(struct parse *p, const char *shown, const char *text,
		      size_t len,
		      struct err *(*fn)(struct parse *p, const char *shown,
					unsigned line, const char *key,
					const char *value))
{
	struct err *e = NULL;
	struct lines l;

	for (lines_init(&l, text, len, 1); !e && lines_next(&l);) {
		const char *end = memchr(l.s, '#', l.n);
		const char *equals;
		char *key, *value;

		if (!end)
			end = l.s + l.n;
		equals = memchr(l.s, '=', (size_t)(end - l.s));
		if (!equals)
			continue;
		key = trimmed(l.s, equals);
		value = trimmed(equals + 1, end);
		e = fn(p, shown, l.line, key, value);
		free(key);
		free(value);
	}
	return e;
}

struct err *side_bool(const char *shown, unsigned line, const char *key,
		      const char *value, bool *out)
{
	char *safe;
	struct err *e;

	*out = strcasecmp(value, "true") == 0;
	if (*out || strcasecmp(value, "false") == 0)
		return NULL;
	safe = text_safe(value);
	e = err_at(err_new(ERR_INPUT, "%s is \"%s\", not true or false", key,
			   safe),
		   (struct err_at){ .path = shown, .line = line });
	free(safe);
	return e;
}
