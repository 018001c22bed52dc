#include <stdlib.h>

#include "base/util.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * diesel: <version>_<name>/up.sql, down.sql and metadata.toml; '-' inside the
 * version is for the eye. Grammar: https://github.com/diesel-rs/diesel,
 * diesel_migrations/migrations_internals/src/lib.rs.
 */

static bool is_up(const char *path)
{
	return scan_digits(path) && strchr(path, '/') &&
	       streq(strchr(path, '/'), "/up.sql");
}

static int detect(const struct layout_probe *p, const char **example)
{
	*example = scan_first(p->files, is_up);
	return *example ? 90 : 0;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	return folders_scan(set, files, "up.sql", "down.sql", "metadata.toml");
}

static struct err *metadata(struct parse *p, const char *shown, unsigned line,
			    const char *key, const char *value)
{
	bool in_transaction;
	struct err *e;

	if (!streq(key, "run_in_transaction"))
		return NULL;
	e = side_bool(shown, line, key, value, &in_transaction);
	if (!e && !in_transaction)
		p->m->no_transaction = p->m->no_transaction_down = true;
	return e;
}

static struct err *side(struct parse *p, const char *shown, const char *text,
			size_t len)
{
	return side_each(p, shown, text, len, metadata);
}

static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	char *s = scan_free_stamp(set, stamp);
	char *folder, *up, *down;
	struct err *e;

	folder = strlen(s) == 14 ? xasprintf("%.4s-%.2s-%.2s-%s_%s", s, s + 4,
					     s + 6, s + 8, slug)
				 : xasprintf("%s_%s", s, slug);
	up = xasprintf("%s/up.sql", folder);
	down = xasprintf("%s/down.sql", folder);
	e = fn(payload, up, "");
	if (!e)
		e = fn(payload, down, "");
	free(s);
	free(folder);
	free(up);
	free(down);
	return e;
}

const struct layout layout_diesel = {
	.name = "diesel",
	.detect = detect,
	.scan = scan,
	.parse = pair_parse,
	.side = side,
	.create = create,
	.folders = true,
	.text_versions = true,
};
