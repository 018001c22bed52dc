#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/util.h"
#include "cmd/setup.h"
#include "sql/dialect.h"

/*
 * Folders of migrations somewhere below: parts of a large repository have
 * their own. Git's index tells them without a walk over the work tree.
 */

struct search {
	struct map folders; /* path -> SQL files */
	enum sql_dialect dialect;
};

static bool is_one_of(const char *s, size_t n, const char *const *words)
{
	for (; *words; words++)
		if (n == strlen(*words) && !strncasecmp(s, *words, n))
			return true;
	return false;
}

/* What each dialect has a folder of its own for; ours may be one of them. */
static bool is_foreign(const struct search *x, const char *s, size_t n)
{
	static const char *const others[] = {
		"mysql",  "mariadb",    "mssql",     "sqlserver",
		"oracle", "clickhouse", "cockroach", "cockroachdb",
		"h2",     "snowflake",  NULL
	};
	static const char *const sqlite[] = { "sqlite", "sqlite3", NULL };
	static const char *const pg[] = { "postgres", "postgresql", "pgsql",
					  "psql",     "pg",         NULL };

	return is_one_of(s, n, others) ||
	       is_one_of(s, n, x->dialect == SQL_SQLITE ? pg : sqlite);
}

/* "0.27", of a release: one of several that belong together. */
static bool is_release(const char *s, size_t n)
{
	return n && strspn(s, "0123456789.") == n;
}

/* A folder between is called "migrations", and none is a test's. */
static bool may_hold(const struct search *x, const char *folder)
{
	static const char *const names[] = { "migrations", "migration",
					     "migrate", NULL };
	static const char *const not [] = { "vendor",   "node_modules",
					    "example",  "examples",
					    "fixtures", "stub",
					    "stubs",    NULL };
	bool found = false;

	for (const char *p = folder; *p;) {
		size_t n = strcspn(p, "/");

		if (!strncasecmp(p, "test", 4) || is_one_of(p, n, not ) ||
		    is_foreign(x, p, n) || is_release(p, n))
			return false;
		found |= is_one_of(p, n, names);
		p += n + (p[n] == '/');
	}
	return found;
}

/* Of a migration that is a folder itself, the one around it. */
static struct err *take(void *payload, const struct source_entry *e)
{
	struct search *x = payload;
	const char *slash = strrchr(e->path, '/');
	char *folder;

	if (e->kind != SOURCE_FILE || !slash || !ends_with(e->path, ".sql"))
		return NULL;
	folder = xstrndup(e->path, (size_t)(slash - e->path));
	if (streq(slash, "/up.sql") || streq(slash, "/down.sql") ||
	    streq(slash, "/migration.sql")) {
		char *up = strrchr(folder, '/');

		*(up ? up : folder) = '\0';
	}
	if (may_hold(x, folder))
		map_put_number(&x->folders, folder,
			       map_number(&x->folders, folder) + 1);
	free(folder);
	return NULL;
}

/* The one with most files that is left. */
static const char *next_best(struct search *x)
{
	const char *best = NULL;
	size_t most = 0;

	map_each (&x->folders, e)
		if (map_number(&x->folders, e->key) > most) {
			most = map_number(&x->folders, e->key);
			best = e->key;
		}
	return best;
}

struct err *setup_search(struct store *store, enum sql_dialect dialect,
			 struct err *(*fn)(void *payload, const char *dir),
			 void *payload)
{
	struct search x = { .folders = MAP_INIT, .dialect = dialect };
	struct source *source = NULL;
	bool unmerged;
	struct err *err =
		store->ops->index_source(store, ".", &source, &unmerged);

	if (!err)
		err = source->ops->list(source, take, &x);
	if (source)
		source->ops->close(source);
	for (int i = 0; !err && i < SETUP_SEARCH_MAX; i++) {
		const char *best = next_best(&x);

		if (!best)
			break;
		err = fn(payload, best);
		map_put_number(&x.folders, best, 0);
	}
	map_release(&x.folders);
	return err;
}
