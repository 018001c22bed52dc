#include <stdlib.h>

#include "base/util.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * golang-migrate: <digits>_<title>.up.sql and .down.sql. Grammar:
 * https://github.com/golang-migrate/migrate, source/parse.go.
 */

/* Halves are partners by version alone, as there. */
static struct migration *partner(const struct migration_set *set,
				 const char *version)
{
	for (size_t i = 0; i < set->n; i++)
		if (!migration_compare_versions(set->items[i]->version,
						version))
			return set->items[i];
	return NULL;
}

/* Sorted by path, the partner of a down file is most often beside it. */
static struct migration *partner_of(const struct migration_set *set,
				    const struct layout_listing *files,
				    const char *down, const char *version)
{
	size_t stem = strlen(down) - strlen(".down.sql");
	char *up = xasprintf("%.*s.up.sql", (int)stem, down);
	const struct source_entry *e = scan_find(files, up);
	struct migration *m = NULL;

	if (e && set->n) {
		size_t low = 0, high = set->n;

		while (low < high) {
			size_t mid = (low + high) / 2;

			if (strcmp(set->items[mid]->path, up) < 0)
				low = mid + 1;
			else
				high = mid;
		}
		if (low < set->n && streq(set->items[low]->path, up))
			m = set->items[low];
	}
	free(up);
	return m ? m : partner(set, version);
}

static bool check_name(struct migration_set *set, const struct source_entry *e,
		       bool simple)
{
	size_t n = scan_digits(e->path);
	const char *why = NULL;

	if (e->path[n] != '_')
		why = "there is no '_' behind its version number";
	else if (streq(e->path + n, "_.up.sql") ||
		 streq(e->path + n, "_.down.sql") ||
		 streq(e->path + n, "_.sql"))
		why = "there is no name behind its version number";
	else if (!scan_half(e->path) && !simple)
		why = "it ends neither in .up.sql nor in .down.sql, and is "
		      "read by nobody";
	if (why)
		scan_stray(set, e->path, why);
	return !why;
}

static struct err *take_down(struct migration_set *set,
			     const struct layout_listing *files,
			     const struct source_entry *e)
{
	char *version = xstrndup(e->path, scan_digits(e->path));
	struct migration *m = partner_of(set, files, e->path, version);
	struct err *err = NULL;

	if (!m)
		scan_stray(set, e->path, "there is no up file of its version");
	else if (m->down_path)
		err = scan_pair_hint(
			scan_error(set, e->path, 0,
				   "version %s has a down file already, %s",
				   version, m->down_path));
	else
		scan_set_down(set, m, e);
	free(version);
	return err;
}

struct err *pair_scan(struct migration_set *set,
		      const struct layout_listing *files, bool simple)
{
	bool *half = xcalloc(files->n + 1, sizeof(*half));
	struct err *err = NULL;

	for (size_t i = 0; i < files->n; i++) {
		const struct source_entry *e = &files->entries[i];
		char *name, *version;

		if (!scan_is_plain(set, e) || !check_name(set, e, simple))
			continue;
		half[i] = scan_half(e->path) == 'd';
		if (half[i])
			continue;
		name = xstrndup(e->path,
				strlen(e->path) - (scan_half(e->path) ? 7 : 4));
		version = xstrndup(name, scan_digits(name));
		scan_add(set, name, version, e);
		free(name);
		free(version);
	}
	for (size_t i = 0; i < files->n && !err; i++)
		if (half[i])
			err = take_down(set, files, &files->entries[i]);
	free(half);
	return err;
}

/* A down file without an up would become half of what is made. */
static bool is_left_over(const struct migration_set *set, const char *version)
{
	for (size_t i = 0; i < set->n_strays; i++) {
		const char *path = set->strays[i].path;
		char *digits = xstrndup(path, scan_digits(path));
		bool same = *digits && scan_half(path) == 'd' &&
			    !migration_compare_versions(digits, version);

		free(digits);
		if (same)
			return true;
	}
	return false;
}

struct err *pair_create(const struct migration_set *set, const char *stamp,
			const char *slug, migration_new_file_fn fn,
			void *payload)
{
	char *version = scan_next_version(set, stamp, NULL), *up, *down;
	struct err *e;

	while (is_left_over(set, version)) {
		char *next = scan_count_up(version);

		free(version);
		version = next;
	}
	up = xasprintf("%s_%s.up.sql", version, slug);
	down = xasprintf("%s_%s.down.sql", version, slug);
	e = fn(payload, up, "");
	if (!e)
		e = fn(payload, down, "");
	free(version);
	free(up);
	free(down);
	return e;
}

static int detect(const struct layout_probe *p, const char **example)
{
	*example = p->pair;
	return p->pair && !p->sqlx ? 50 : 0;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	return pair_scan(set, files, false);
}

const struct layout layout_golang_migrate = {
	.name = "golang-migrate",
	.detect = detect,
	.scan = scan,
	.parse = sent_parse,
	.create = pair_create,
};
