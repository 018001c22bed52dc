#include "target/journal_sql.h"

#include "base/util.h"
#include "target/journal.h"

/*
 * The tables as SQLite has them; docs/journal.md says what they mean. No
 * STRICT (readers older than 3.37), no foreign keys (a migration's pragma must
 * not matter to us). What grows by a large value per event is apart from
 * history, so that reading states never touches it.
 */

#define STATUS "('applied', 'failed', 'rolled_back', 'applying')"
#define KIND "('schema', 'data', 'mixed')"
#define BOOLEAN(column) \
#column " INTEGER NOT NULL CHECK (" #column " IN (0, 1))"

#define HISTORY                                                                                                                               \
	"CREATE TABLE git_migrate_history (\n"                                                                                                \
	"  seq INTEGER PRIMARY KEY,\n"                                                                                                        \
	"  event TEXT NOT NULL,\n"                                                                                                            \
	"  name TEXT,\n"                                                                                                                      \
	"  version TEXT,\n"                                                                                                                   \
	"  status TEXT CHECK (status IN " STATUS "),\n"                                                                                       \
	"  blob TEXT,\n"                                                                                                                      \
	"  path TEXT,\n"                                                                                                                      \
	"  commit_hash TEXT,\n"                                                                                                               \
	"  source_commit TEXT,\n"                                                                                                             \
	"  snapshot TEXT,\n"                                                                                                                  \
	"  snapshot_store TEXT,\n"                                                                                                            \
	"  finished_at TEXT,\n"                                                                                                               \
	"  duration_ms INTEGER NOT NULL,\n"                                                                                                   \
	"  rows_changed INTEGER NOT NULL,\n"                                                                                                  \
	"  " BOOLEAN(                                                                                                                         \
		irreversible) ",\n"                                                                                                           \
			      "  " BOOLEAN(                                                                                                   \
				      dirty) ",\n"                                                                                            \
					     "  " BOOLEAN(                                                                                    \
						     out_of_order) ",\n"                                                                      \
								   " "                                                                        \
								   " " BOOLEAN(                                                               \
									   exact) ",\n"                                                       \
										  "  error TEXT,\n"                                           \
										  "  layout TEXT,\n"                                          \
										  "  down_path TEXT,\n"                                       \
										  "  down_blob TEXT,\n"                                       \
										  "  parent_hash TEXT,\n"                                     \
										  "  kind TEXT CHECK (kind IN " KIND                          \
										  "),\n"                                                      \
										  "  description TEXT,\n"                                     \
										  "  author TEXT,\n"                                          \
										  "  author_date TEXT,\n"                                     \
										  "  applied_by TEXT,\n"                                      \
										  "  applied_date TEXT,\n"                                    \
										  "  started_at TEXT,\n"                                      \
										  "  statements INTEGER NOT NULL,\n"                          \
										  "  parked INTEGER NOT NULL,\n"                              \
										  "  tenant TEXT,\n"                                          \
										  "  schema_id TEXT,\n"                                       \
										  "  shape_id TEXT,\n"                                        \
										  "  batch_size INTEGER NOT NULL,\n"                          \
										  "  reverts INTEGER NOT NULL,\n"                             \
										  "  printer INTEGER NOT NULL,\n"                             \
										  "  server TEXT,\n"                                          \
										  "  tool TEXT\n"                                             \
										  ");\n"                                                      \
										  "CREATE UNIQUE INDEX git_migrate_history_commit\n"          \
										  "  ON git_migrate_history (commit_hash)\n"                  \
										  "  WHERE commit_hash IS NOT NULL;\n"                        \
										  "CREATE INDEX git_migrate_history_name\n"                   \
										  "  ON git_migrate_history (name) WHERE name IS NOT NULL;\n" \
										  "CREATE INDEX git_migrate_history_snapshot\n"               \
										  "  ON git_migrate_history (snapshot)\n"                     \
										  "  WHERE snapshot IS NOT NULL;\n"

#define APPEND_ONLY(table, verb, when)                       \
	"CREATE TRIGGER git_migrate_" table "_no_" verb "\n" \
	"  BEFORE " when " ON git_migrate_" table "\n"       \
	"  BEGIN SELECT RAISE(ABORT, 'git_migrate_" table    \
	" is append-only'); END;\n"

#define OTHERS                                                          \
	"CREATE TABLE git_migrate_meta (\n"                             \
	"  key TEXT NOT NULL PRIMARY KEY,\n"                            \
	"  value TEXT\n"                                                \
	") WITHOUT ROWID;\n"                                            \
	"CREATE TABLE git_migrate_ledger (\n"                           \
	"  seq INTEGER PRIMARY KEY,\n"                                  \
	"  message TEXT,\n"                                             \
	"  delta BLOB\n"                                                \
	");\n"                                                          \
	"CREATE TABLE git_migrate_current (\n"                          \
	"  name TEXT NOT NULL PRIMARY KEY,\n"                           \
	"  seq INTEGER NOT NULL\n"                                      \
	") WITHOUT ROWID;\n"                                            \
	"CREATE TABLE git_migrate_texts (\n"                            \
	"  blob TEXT NOT NULL PRIMARY KEY,\n"                           \
	"  bytes BLOB NOT NULL\n"                                       \
	") WITHOUT ROWID;\n"                                            \
	"CREATE TABLE git_migrate_dependencies (\n"                     \
	"  name TEXT NOT NULL,\n"                                       \
	"  depends_on TEXT NOT NULL,\n"                                 \
	"  " BOOLEAN(inferred) ",\n"                                    \
			       "  PRIMARY KEY (name, depends_on)\n"     \
			       ") WITHOUT ROWID;\n"                     \
			       "CREATE TABLE git_migrate_progress (\n"  \
			       "  name TEXT NOT NULL,\n"                \
			       "  step INTEGER NOT NULL,\n"             \
			       "  state TEXT NOT NULL CHECK (state IN " \
			       "('intent', 'done')),\n"                 \
			       "  at TEXT NOT NULL,\n"                  \
			       "  PRIMARY KEY (name, step)\n"           \
			       ") WITHOUT ROWID;\n"

/*
 * applied_at, applied_by, duration_ms and rows_total are those of the last
 * event that left the migration applied, also after it was rolled back.
 */
#define VIEW                                                                 \
	"CREATE VIEW git_migrate_migrations AS\n"                            \
	"SELECT h.name, h.version, h.status, h.kind, h.description,\n"       \
	"  h.author,\n"                                                      \
	"  strftime('%Y-%m-%dT%H:%M:%SZ', CAST(h.author_date AS INTEGER),\n" \
	"    'unixepoch') AS created_at,\n"                                  \
	"  a.finished_at AS applied_at, a.applied_by, a.duration_ms,\n"      \
	"  a.rows_changed AS rows_total,\n"                                  \
	"  CASE h.status WHEN 'applied' THEN h.rows_changed ELSE 0 END\n"    \
	"    AS rows_processed,\n"                                           \
	"  h.blob, h.commit_hash, h.source_commit, h.snapshot,\n"            \
	"  h.irreversible, h.batch_size, h.tenant, h.error\n"                \
	"FROM git_migrate_current c\n"                                       \
	"JOIN git_migrate_history h ON h.seq = c.seq\n"                      \
	"LEFT JOIN git_migrate_history a ON a.seq =\n"                       \
	"  (SELECT max(x.seq) FROM git_migrate_history x\n"                  \
	"   WHERE x.name = c.name AND x.status = 'applied');\n"

const char journal_create_sqlite[] =
	HISTORY APPEND_ONLY("history", "update", "UPDATE")
		APPEND_ONLY("history", "delete", "DELETE")
			OTHERS APPEND_ONLY("ledger", "update", "UPDATE")
				APPEND_ONLY("ledger", "delete", "DELETE") VIEW;

#define UNCHANGED(table)                       \
	APPEND_ONLY(table, "update", "UPDATE") \
	APPEND_ONLY(table, "delete", "DELETE")

/*
 * Chunks are by rowid, so that their pages are filled one after the other,
 * with the ids in an index: in the order of its id each chunk would go to
 * another page.
 */
static const char create_snapshots[] =
	"CREATE TABLE git_migrate_snapshots (\n"
	"  number INTEGER PRIMARY KEY,\n"
	"  id TEXT NOT NULL,\n"
	"  chunks INTEGER NOT NULL,\n"
	"  bytes INTEGER NOT NULL\n"
	");\n"
	"CREATE INDEX git_migrate_snapshots_id\n"
	"  ON git_migrate_snapshots (id);\n"
	"CREATE TABLE git_migrate_snapshot_files (\n"
	"  snapshot INTEGER NOT NULL,\n"
	"  position INTEGER NOT NULL,\n"
	"  path TEXT NOT NULL,\n"
	"  chunk BLOB NOT NULL,\n"
	"  PRIMARY KEY (snapshot, position)\n"
	") WITHOUT ROWID;\n"
	"CREATE TABLE git_migrate_chunks (\n"
	"  id BLOB NOT NULL UNIQUE,\n"
	"  size INTEGER NOT NULL,\n"
	"  data BLOB NOT NULL\n"
	");\n" UNCHANGED("snapshots") UNCHANGED("snapshot_files")
		UNCHANGED("chunks");

#define DROP_TRIGGER(table) \
	"DROP TRIGGER IF EXISTS git_migrate_" table "_no_delete;\n"
#define MAKE_TRIGGER(table) APPEND_ONLY(table, "delete", "DELETE")

static const char *const shrink[] = { "VACUUM", NULL };
static const char *const shrink_always[] = { "PRAGMA incremental_vacuum",
					     NULL };

static const struct journal_sql sqlite = {
	JOURNAL_SQL_COMMON("git_migrate_"),
	JOURNAL_SQL_SNAPSHOTS("git_migrate_"),
	.create = journal_create_sqlite,
	.create_snapshots = create_snapshots,
	.chunks_sweep = "DELETE FROM git_migrate_chunks WHERE id NOT IN "
			"(SELECT chunk FROM git_migrate_snapshot_files)",
	.unprotect = DROP_TRIGGER("snapshots") DROP_TRIGGER("snapshot_files")
		DROP_TRIGGER("chunks"),
	.protect = MAKE_TRIGGER("snapshots") MAKE_TRIGGER("snapshot_files")
		MAKE_TRIGGER("chunks"),
	/* VACUUM numbers rows anew where nothing else is their number, and
	 * snapshots know them by it; and it writes the whole file again */
	.shrink_worth =
		"SELECT f.freelist_count * s.page_size FROM "
		"pragma_freelist_count f, pragma_page_size s, "
		"pragma_page_count c WHERE f.freelist_count * 4 >= "
		"c.page_count AND NOT EXISTS (SELECT 1 FROM pragma_table_list "
		"t "
		"WHERE t.schema = 'main' AND t.type IN ('table', 'shadow') "
		"AND t.wr = 0 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
		"AND t.name NOT LIKE 'git\\_migrate\\_%' ESCAPE '\\' "
		"AND NOT EXISTS (SELECT 1 FROM pragma_table_info(t.name) i "
		"WHERE i.pk = 1 AND upper(i.type) = 'INTEGER' AND NOT EXISTS "
		"(SELECT 1 FROM pragma_table_info(t.name) j WHERE j.pk > 1)))",
	.shrink = shrink,
	.shrink_always = shrink_always,
	.exists = "SELECT count(*) FROM main.sqlite_schema WHERE "
		  "lower(substr(name, 1, 12)) = 'git_migrate_'",
};

/* one row per dialect */
static const struct journal_sql *const by_dialect[SQL_DIALECT_COUNT] = {
	[SQL_SQLITE] = &sqlite,
	[SQL_POSTGRESQL] = &journal_sql_pg,
};

const struct journal_sql *journal_sql_of(const struct target *t)
{
	return by_dialect[t->ops->dialect];
}
