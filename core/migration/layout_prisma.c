#include <stdlib.h>

#include "base/util.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * Prisma: <14 digits>_<name>/migration.sql and migration_lock.toml. There is
 * no down. Source: https://www.prisma.io/docs/orm/prisma-migrate.
 */

static bool is_migration(const char *path)
{
	return scan_digits(path) && strchr(path, '/') &&
	       streq(strchr(path, '/'), "/migration.sql");
}

static bool is_lock(const char *path)
{
	return streq(path, "migration_lock.toml");
}

static int detect(const struct layout_probe *p, const char **example)
{
	*example = scan_first(p->files, is_lock);
	if (*example)
		return 100;
	*example = scan_first(p->files, is_migration);
	return *example ? 90 : 0;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	return folders_scan(set, files, "migration.sql", NULL, NULL);
}

static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	char *free_stamp = scan_free_stamp(set, stamp);
	char *path = xasprintf("%s_%s/migration.sql", free_stamp, slug);
	struct err *e = fn(payload, path, "");

	free(free_stamp);
	free(path);
	return e;
}

const struct layout layout_prisma = {
	.name = "prisma",
	.detect = detect,
	.scan = scan,
	.parse = sent_parse,
	.create = create,
	.folders = true,
	.shared_versions = true,
	.text_versions = true,
};
