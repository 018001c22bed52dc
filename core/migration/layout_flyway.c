#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * Flyway: V<version>__<description>.sql, U<version>__ undoes it, R__ runs
 * again when it changes, B<version>__ is a baseline; folders are searched.
 * <file>.conf beside a file sets its transaction mode. Grammar:
 * https://documentation.red-gate.com/fd, "Migrations" and "Script
 * configuration files".
 */

/* Length of a version "1", "1.2" or "1_2" at s; 0 when there is none. */
static size_t version_length(const char *s)
{
	size_t n = scan_digits(s);

	while (n && (s[n] == '.' || s[n] == '_') && scan_digits(s + n + 1))
		n += 1 + scan_digits(s + n + 1);
	return n;
}

/* The prefix letter when the name is whole, else 0. */
static char kind_of(const char *path)
{
	const char *base = scan_base(path);
	size_t n;

	if (!ends_with(base, ".sql") || !strchr("VURB", *base))
		return 0;
	n = *base == 'R' ? 0 : version_length(base + 1);
	if (*base != 'R' && !n)
		return 0;
	base += 1 + n;
	if (!starts_with(base, "__") || streq(base, "__.sql"))
		return 0;
	return *scan_base(path);
}

static bool is_flyway(const char *path)
{
	return kind_of(path) != 0;
}

static int detect(const struct layout_probe *p, const char **example)
{
	*example = scan_first(p->files, is_flyway);
	return *example ? 80 : 0;
}

/* Why a file with such an ending is none of ours; NULL = no migration. */
static const char *why_not(const char *path)
{
	const char *base = scan_base(path);
	char first = (char)toupper((unsigned char)*base);

	if (!ends_with(base, ".sql"))
		return "its ending is not .sql in small letters";
	if (!strchr("VURB", first) && !scan_digits(base))
		return "its name starts with none of V, U, R, B";
	if (scan_digits(base))
		return "there is no V in front of its version number";
	if (first != *base)
		return "Flyway wants its first letter in capitals";
	if (*base != 'R' && !scan_digits(base + 1))
		return "there is no version number behind its first letter";
	if (!strstr(base, "__"))
		return "there is no \"__\" in its name";
	if (*base != 'R' &&
	    !starts_with(base + 1 + version_length(base + 1), "__"))
		return "its version number is followed by something else than "
		       "\"__\"";
	return "there is no description behind its \"__\"";
}

static struct migration *add(struct migration_set *set,
			     const struct layout_listing *files,
			     const struct source_entry *e)
{
	const char *base = scan_base(e->path);
	char *name = xstrndup(base, strlen(base) - 4);
	char *version = xstrndup(base + 1, version_length(base + 1));
	char *conf = xasprintf("%s.conf", e->path);
	const struct source_entry *side = scan_find(files, conf);
	struct migration *m = scan_add(set, name, version, e);

	m->repeatable = *base == 'R';
	if (side && side->kind == SOURCE_FILE)
		scan_set_side(set, m, side);
	free(name);
	free(version);
	free(conf);
	return m;
}

/* Undo scripts find their versions through a map, there may be thousands. */
static char *version_key(const char *version)
{
	struct buf b = BUF_INIT;
	size_t keep = 0;

	while (*version) {
		size_t n;

		version += strspn(version, "0");
		n = scan_digits(version);
		buf_add(&b, version, n);
		keep = n ? b.len : keep;
		version += n;
		if (*version) {
			buf_addch(&b, '.');
			version++;
		}
	}
	buf_truncate(&b, keep); /* "1.0" is "1" */
	return buf_detach(&b);
}

static struct err *take_undo(struct migration_set *set, struct map *versions,
			     const struct source_entry *e)
{
	const char *base = scan_base(e->path);
	char *version = xstrndup(base + 1, version_length(base + 1));
	char *key = version_key(version);
	struct migration *m = map_get(versions, key);
	struct err *err = NULL;

	if (!m)
		scan_stray(set, e->path, "there is no V file of its version");
	else if (m->down_path)
		err = scan_error(set, e->path, 0,
				 "version %s has an undo file already, %s",
				 version, m->down_path);
	else
		scan_set_down(set, m, e);
	free(version);
	free(key);
	return err;
}

/*
 * A baseline stands for all versions up to its own. Where those are here,
 * they run and it does not; the highest one whose versions are gone starts
 * the set.
 */
static void take_baselines(struct migration_set *set,
			   const struct layout_listing *files,
			   const struct source_entry **baselines, size_t n)
{
	const struct source_entry *best = NULL;
	char *top = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *base = scan_base(baselines[i]->path);
		char *v = xstrndup(base + 1, version_length(base + 1));
		bool covered = false;

		for (size_t k = 0; k < set->n && !covered; k++)
			covered = !set->items[k]->repeatable &&
				  migration_compare_versions(
					  set->items[k]->version, v) <= 0;
		if (covered ||
		    (top && migration_compare_versions(v, top) < 0)) {
			free(v);
			continue;
		}
		free(top);
		top = v;
		best = baselines[i];
	}
	for (size_t i = 0; i < n; i++)
		if (baselines[i] != best)
			scan_stray(set, baselines[i]->path,
				   "a baseline does not run where the versions "
				   "that it stands for are here");
	if (best)
		add(set, files, best);
	free(top);
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	const struct source_entry **baselines, **undos;
	size_t n_baselines = 0, n_undos = 0;
	struct map versions = MAP_INIT;
	struct err *err = NULL;

	baselines = xcalloc(files->n + 1, sizeof(struct source_entry *));
	undos = xcalloc(files->n + 1, sizeof(struct source_entry *));
	for (size_t i = 0; i < files->n; i++) {
		const struct source_entry *e = &files->entries[i];
		char kind = kind_of(e->path);

		if (e->kind != SOURCE_FILE || !scan_looks_sql(e->path))
			continue;
		if (!kind) {
			scan_stray(set, e->path, why_not(e->path));
		} else if (kind == 'B') {
			baselines[n_baselines++] = e;
		} else if (kind == 'U') {
			undos[n_undos++] = e;
		} else {
			struct migration *m = add(set, files, e);
			char *key = version_key(m->version);

			if (kind == 'V')
				map_put(&versions, key, m);
			free(key);
		}
	}
	for (size_t i = 0; i < n_undos && !err; i++)
		err = take_undo(set, &versions, undos[i]);
	if (!err)
		take_baselines(set, files, baselines, n_baselines);
	map_release(&versions);
	free(baselines);
	free(undos);
	return err;
}

static struct err *conf(struct parse *p, const char *shown, unsigned line,
			const char *key, const char *value)
{
	bool yes = true;
	struct err *e = NULL;

	if (streq(key, "executeInTransaction")) {
		e = side_bool(shown, line, key, value, &yes);
		p->m->no_transaction |= !e && !yes;
	} else if (streq(key, "shouldExecute") &&
		   strcasecmp(value, "true") != 0) {
		e = err_new(ERR_INPUT, "shouldExecute is not understood");
		e = err_hint(e, "take the file out of the folder instead");
	} else if (streq(key, "encoding") && strcasecmp(value, "UTF-8") != 0) {
		e = err_new(ERR_INPUT, "the encoding is not UTF-8");
	}
	return err_at(e, (struct err_at){ .path = shown, .line = line });
}

static struct err *side(struct parse *p, const char *shown, const char *text,
			size_t len)
{
	return side_each(p, shown, text, len, conf);
}

static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	char *version = scan_next_version(set, stamp, "1");
	char *path = xasprintf("V%s__%s.sql", version, slug);
	struct err *e = fn(payload, path, "");

	free(version);
	free(path);
	return e;
}

const struct layout layout_flyway = {
	.name = "flyway",
	.detect = detect,
	.scan = scan,
	.parse = pair_parse,
	.side = side,
	.create = create,
};
