#include <stdlib.h>

#include "base/util.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * sqlx: pairs like golang-migrate's, and simple files <version>_<name>.sql.
 * Grammar: https://github.com/launchbadge/sqlx,
 * sqlx-core/src/migrate/source.rs.
 */

static int detect(const struct layout_probe *p, const char **example)
{
	if (!p->sqlx)
		return 0;
	*example = p->sqlx;
	return 50;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	return pair_scan(set, files, true);
}

/* A set of simple files gets another simple one. */
static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	bool pairs = false;
	char *version, *path;
	struct err *e;

	for (size_t i = 0; i < set->n; i++)
		pairs |= scan_half(set->items[i]->path) == 'u';
	if (pairs)
		return pair_create(set, stamp, slug, fn, payload);
	version = scan_next_version(set, stamp, NULL);
	path = xasprintf("%s_%s.sql", version, slug);
	e = fn(payload, path, "");
	free(version);
	free(path);
	return e;
}

const struct layout layout_sqlx = {
	.name = "sqlx",
	.detect = detect,
	.scan = scan,
	.parse = pair_parse,
	.create = create,
};
