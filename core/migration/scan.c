#include "migration/scan.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "base/util.h"

struct migration *scan_add(struct migration_set *set, const char *name,
			   const char *version, const struct source_entry *e)
{
	struct migration *m = arena_alloc(&set->arena, sizeof(*m));

	m->name = arena_strdup(&set->arena, name);
	m->version = arena_strdup(&set->arena, version);
	m->path = arena_strdup(&set->arena, e->path);
	m->blob = e->blob ? arena_strdup(&set->arena, e->blob) : NULL;
	m->dirty = e->dirty;
	m->rank = set->n;
	m->lock_timeout_ms = m->statement_timeout_ms = -1;
	set->items[set->n++] = m;
	return m;
}

void scan_set_down(struct migration_set *set, struct migration *m,
		   const struct source_entry *e)
{
	m->down_path = arena_strdup(&set->arena, e->path);
	m->down_blob = e->blob ? arena_strdup(&set->arena, e->blob) : NULL;
	m->dirty |= e->dirty;
}

void scan_set_side(struct migration_set *set, struct migration *m,
		   const struct source_entry *e)
{
	m->side_path = arena_strdup(&set->arena, e->path);
	m->side_blob = e->blob ? arena_strdup(&set->arena, e->blob) : NULL;
	m->dirty |= e->dirty;
}

void scan_stray(struct migration_set *set, const char *path, const char *why)
{
	struct migration_stray *s = &set->strays[set->n_strays++];

	s->path = arena_strdup(&set->arena, path);
	s->why = arena_strdup(&set->arena, why);
}

void scan_depends(struct arena *arena, struct migration *m, const char *name,
		  size_t len, unsigned line)
{
	size_t n = 0;
	const char **names;
	unsigned *lines;

	while (m->depends && m->depends[n])
		n++;
	names = arena_array(arena, n + 2, sizeof(*names));
	lines = arena_array(arena, n + 1, sizeof(*lines));
	for (size_t i = 0; i < n; i++) {
		names[i] = m->depends[i];
		lines[i] = m->depends_line[i];
	}
	names[n] = arena_strndup(arena, name, len);
	lines[n] = line;
	m->depends = names;
	m->depends_line = lines;
}

const char *scan_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

size_t scan_digits(const char *s)
{
	size_t n = 0;

	while (s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

bool scan_looks_sql(const char *path)
{
	size_t n = strlen(path);

	return n >= 4 && strcasecmp(path + n - 4, ".sql") == 0;
}

char scan_half(const char *path)
{
	if (ends_with(path, ".up.sql"))
		return 'u';
	return ends_with(path, ".down.sql") ? 'd' : 0;
}

bool scan_is_plain(struct migration_set *set, const struct source_entry *e)
{
	if (e->kind != SOURCE_FILE || !scan_looks_sql(e->path))
		return false;
	if (strchr(e->path, '/'))
		scan_stray(set, e->path,
			   "it is in a folder, and this layout reads only the "
			   "files beside it");
	else if (!ends_with(e->path, ".sql"))
		scan_stray(set, e->path,
			   "its ending is not .sql in small letters");
	else if (!scan_digits(e->path))
		scan_stray(set, e->path,
			   "its name does not start with a version number");
	else
		return true;
	return false;
}

struct err *scan_error(const struct migration_set *set, const char *path,
		       unsigned line, const char *fmt, ...)
{
	const char *dir = set->source ? set->source->dir : NULL;
	char *text, *joined, *shown;
	struct err *e;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	joined = dir && *dir && !streq(dir, ".") ? xasprintf("%s/%s", dir, path)
						 : xstrdup(path);
	shown = text_safe(joined);
	e = err_at(err_new(ERR_INPUT, "%s", text),
		   (struct err_at){ .path = shown, .line = line });
	free(text);
	free(joined);
	free(shown);
	return e;
}

static int compare_path(const void *key, const void *entry)
{
	return strcmp(key, ((const struct source_entry *)entry)->path);
}

const struct source_entry *scan_find(const struct layout_listing *files,
				     const char *path)
{
	return files->n ? bsearch(path, files->entries, files->n,
				  sizeof(*files->entries), compare_path)
			: NULL;
}

const char *scan_first(const struct layout_listing *files,
		       bool (*fits)(const char *path))
{
	for (size_t i = 0; i < files->n; i++)
		if (files->entries[i].kind == SOURCE_FILE &&
		    fits(files->entries[i].path))
			return files->entries[i].path;
	return NULL;
}

/* Some tools have whole names for versions; their files look the same. */
struct err *scan_pair_hint(struct err *e)
{
	return err_hint(e, "give one of the two another number, or let whole "
			   "names be versions: git config migrate.layout "
			   "pattern && git config migrate.pattern "
			   "'{name}.{direction}.sql'");
}
