#include "target/journal_sql.h"

/*
 * The tables as PostgreSQL has them: in a schema of their own, which may be
 * there already (made by an owner for a role that may make none). The driver
 * puts another schema's name in for git_migrate. docs/journal.md says what
 * they mean.
 */

/* clang-format off */
static const char create[] =
	"DO $$ BEGIN IF to_regnamespace('git_migrate') IS NULL THEN "
	"CREATE SCHEMA git_migrate; END IF; END $$;\n"
	"CREATE TABLE git_migrate.history (\n"
	"  seq bigint PRIMARY KEY,\n"
	"  event text NOT NULL,\n"
	"  name text,\n"
	"  version text,\n"
	"  status text CHECK (status IN "
	"('applied', 'failed', 'rolled_back', 'applying')),\n"
	"  blob text,\n"
	"  path text,\n"
	"  commit_hash text,\n"
	"  source_commit text,\n"
	"  snapshot text,\n"
	"  snapshot_store text,\n"
	"  finished_at text,\n"
	"  duration_ms bigint NOT NULL,\n"
	"  rows_changed bigint NOT NULL,\n"
	"  irreversible integer NOT NULL CHECK (irreversible IN (0, 1)),\n"
	"  dirty integer NOT NULL CHECK (dirty IN (0, 1)),\n"
	"  out_of_order integer NOT NULL CHECK (out_of_order IN (0, 1)),\n"
	"  exact integer NOT NULL CHECK (exact IN (0, 1)),\n"
	"  error text,\n"
	"  layout text,\n"
	"  down_path text,\n"
	"  down_blob text,\n"
	"  parent_hash text,\n"
	"  kind text CHECK (kind IN ('schema', 'data', 'mixed')),\n"
	"  description text,\n"
	"  author text,\n"
	"  author_date text,\n"
	"  applied_by text,\n"
	"  applied_date text,\n"
	"  started_at text,\n"
	"  statements bigint NOT NULL,\n"
	"  parked bigint NOT NULL,\n"
	"  tenant text,\n"
	"  schema_id text,\n"
	"  shape_id text,\n"
	"  batch_size bigint NOT NULL,\n"
	"  reverts bigint NOT NULL,\n"
	"  printer integer NOT NULL,\n"
	"  server text,\n"
	"  tool text\n"
	");\n"
	"CREATE UNIQUE INDEX history_commit ON git_migrate.history "
	"(commit_hash) WHERE commit_hash IS NOT NULL;\n"
	"CREATE INDEX history_name ON git_migrate.history (name) "
	"WHERE name IS NOT NULL;\n"
	"CREATE INDEX history_snapshot ON git_migrate.history (snapshot) "
	"WHERE snapshot IS NOT NULL;\n"
	"CREATE TABLE git_migrate.meta (\n"
	"  key text PRIMARY KEY,\n"
	"  value text\n"
	");\n"
	"CREATE TABLE git_migrate.ledger (\n"
	"  seq bigint PRIMARY KEY,\n"
	"  message text,\n"
	"  delta bytea\n"
	");\n"
	"CREATE TABLE git_migrate.current (\n"
	"  name text PRIMARY KEY,\n"
	"  seq bigint NOT NULL UNIQUE\n"
	");\n"
	"CREATE TABLE git_migrate.texts (\n"
	"  blob text PRIMARY KEY,\n"
	"  bytes bytea NOT NULL\n"
	");\n"
	"CREATE TABLE git_migrate.dependencies (\n"
	"  name text NOT NULL,\n"
	"  depends_on text NOT NULL,\n"
	"  inferred integer NOT NULL CHECK (inferred IN (0, 1)),\n"
	"  PRIMARY KEY (name, depends_on)\n"
	");\n"
	"CREATE TABLE git_migrate.progress (\n"
	"  name text NOT NULL,\n"
	"  step bigint NOT NULL,\n"
	"  state text NOT NULL CHECK (state IN ('intent', 'done')),\n"
	"  at text NOT NULL,\n"
	"  PRIMARY KEY (name, step)\n"
	");\n"
	"CREATE FUNCTION git_migrate.refuse() RETURNS trigger\n"
	"  LANGUAGE plpgsql AS $$ BEGIN\n"
	"  RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, "
	"TG_TABLE_NAME;\n"
	"END $$;\n"
	"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE\n"
	"  ON git_migrate.history EXECUTE FUNCTION git_migrate.refuse();\n"
	"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE\n"
	"  ON git_migrate.ledger EXECUTE FUNCTION git_migrate.refuse();\n"
	"CREATE VIEW git_migrate.migrations AS\n"
	"SELECT h.name, h.version, h.status, h.kind, h.description,\n"
	"  h.author,\n"
	"  to_char(to_timestamp(split_part(h.author_date, ' ', 1)"
	"::double precision)\n"
	"    AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
	"AS created_at,\n"
	"  a.finished_at AS applied_at, a.applied_by, a.duration_ms,\n"
	"  a.rows_changed AS rows_total,\n"
	"  CASE h.status WHEN 'applied' THEN h.rows_changed ELSE 0 END\n"
	"    AS rows_processed,\n"
	"  h.blob, h.commit_hash, h.source_commit, h.snapshot,\n"
	"  h.irreversible, h.batch_size, h.tenant, h.error\n"
	"FROM git_migrate.current c\n"
	"JOIN git_migrate.history h ON h.seq = c.seq\n"
	"LEFT JOIN git_migrate.history a ON a.seq =\n"
	"  (SELECT max(x.seq) FROM git_migrate.history x\n"
	"   WHERE x.name = c.name AND x.status = 'applied');\n";

/* Chunks are deflated already: the server need not try. */
static const char create_snapshots[] =
	"CREATE TABLE git_migrate.snapshots (\n"
	"  number bigint PRIMARY KEY,\n"
	"  id text NOT NULL,\n"
	"  chunks bigint NOT NULL,\n"
	"  bytes bigint NOT NULL\n"
	");\n"
	"CREATE INDEX snapshots_id ON git_migrate.snapshots (id);\n"
	"CREATE TABLE git_migrate.snapshot_files (\n"
	"  snapshot bigint NOT NULL,\n"
	"  position bigint NOT NULL,\n"
	"  path text NOT NULL,\n"
	"  chunk bytea NOT NULL,\n"
	"  PRIMARY KEY (snapshot, position)\n"
	");\n"
	"CREATE TABLE git_migrate.chunks (\n"
	"  id bytea PRIMARY KEY,\n"
	"  size integer NOT NULL,\n"
	"  data bytea NOT NULL\n"
	");\n"
	"ALTER TABLE git_migrate.chunks ALTER COLUMN data "
	"SET STORAGE EXTERNAL;\n"
	"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE\n"
	"  ON git_migrate.snapshots EXECUTE FUNCTION git_migrate.refuse();\n"
	"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE\n"
	"  ON git_migrate.snapshot_files "
	"EXECUTE FUNCTION git_migrate.refuse();\n"
	"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE\n"
	"  ON git_migrate.chunks EXECUTE FUNCTION git_migrate.refuse();\n";
/* clang-format on */

/* our own tables, which nobody but a run reads */
static const char *const shrink[] = {
	"VACUUM (FULL) git_migrate.chunks",
	"VACUUM (FULL) git_migrate.snapshot_files",
	NULL,
};
static const char *const nothing[] = { NULL };

const struct journal_sql journal_sql_pg = {
	JOURNAL_SQL_COMMON("git_migrate."),
	JOURNAL_SQL_SNAPSHOTS("git_migrate."),
	/* one statement and one way to the server for a batch: ids of $2
	 * bytes and deflated chunks, each one behind the other */
	.chunks_put = "INSERT INTO git_migrate.chunks (id, size, data) "
		      "SELECT substr($1::bytea, (u.i::int - 1) * $2 + 1, $2), "
		      "u.size, substr($3::bytea, u.at, u.len) "
		      "FROM unnest($4::int[], $5::int[], $6::int[]) "
		      "WITH ORDINALITY AS u (size, at, len, i) "
		      "ON CONFLICT (id) DO NOTHING",
	.files_put = "INSERT INTO git_migrate.snapshot_files "
		     "(snapshot, position, path, chunk) "
		     "SELECT $3, $4 + u.i - 1, u.path, "
		     "substr($1::bytea, (u.i::int - 1) * $2 + 1, $2) "
		     "FROM unnest($5::text[]) WITH ORDINALITY AS u (path, i)",
	.chunks_sweep = "DELETE FROM git_migrate.chunks k WHERE NOT EXISTS "
			"(SELECT 1 FROM git_migrate.snapshot_files f "
			"WHERE f.chunk = k.id)",
	.unprotect = "ALTER TABLE git_migrate.snapshots DISABLE TRIGGER "
		     "append_only; ALTER TABLE git_migrate.snapshot_files "
		     "DISABLE TRIGGER append_only; ALTER TABLE "
		     "git_migrate.chunks DISABLE TRIGGER append_only",
	.protect = "ALTER TABLE git_migrate.snapshots ENABLE TRIGGER "
		   "append_only; ALTER TABLE git_migrate.snapshot_files "
		   "ENABLE TRIGGER append_only; ALTER TABLE "
		   "git_migrate.chunks ENABLE TRIGGER append_only",
	.shrink_worth = "SELECT 1::bigint",
	.shrink = shrink,
	.shrink_always = nothing,
	.create = create,
	.create_snapshots = create_snapshots,
	.exists = "SELECT count(*) FROM pg_catalog.pg_class WHERE "
		  "relnamespace = to_regnamespace('git_migrate') "
		  "AND relname IN ('history', 'meta', 'ledger', 'current')",
	.odd_as_hex = true,
};
