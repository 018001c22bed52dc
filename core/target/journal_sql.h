#ifndef TARGET_JOURNAL_SQL_H
#define TARGET_JOURNAL_SQL_H

#include "target/target.h"

/*
 * The journal's SQL, once for every dialect: only what comes before a table's
 * name differs ("git_migrate_" in SQLite, "git_migrate." in PostgreSQL), so
 * the texts are made by the preprocessor, one constant per dialect. Nobody
 * outside the journal's files includes this.
 */

/*
 * Columns of history, in the order of the table, of the INSERT and of every
 * SELECT: X(kind, member of struct journal_event, column). What tells a state
 * comes first and can be read alone (journal_states).
 */
#define JOURNAL_STATE_COLUMNS(X)                \
	X(INT, seq, seq)                        \
	X(TEXT, event, event)                   \
	X(TEXT, name, name)                     \
	X(TEXT, version, version)               \
	X(TEXT, status, status)                 \
	X(TEXT, blob, blob)                     \
	X(TEXT, path, path)                     \
	X(TEXT, commit, commit_hash)            \
	X(TEXT, source_commit, source_commit)   \
	X(TEXT, snapshot, snapshot)             \
	X(TEXT, snapshot_store, snapshot_store) \
	X(TEXT, finished_at, finished_at)       \
	X(INT, duration_ms, duration_ms)        \
	X(INT, rows, rows_changed)              \
	X(BOOL, irreversible, irreversible)     \
	X(BOOL, dirty, dirty)                   \
	X(BOOL, out_of_order, out_of_order)     \
	X(BOOL, exact, exact)                   \
	X(TEXT, error, error)                   \
	X(TEXT, layout, layout)                 \
	X(TEXT, down_path, down_path)           \
	X(TEXT, down_blob, down_blob)

#define JOURNAL_OTHER_COLUMNS(X)            \
	X(TEXT, parent, parent_hash)        \
	X(TEXT, kind, kind)                 \
	X(TEXT, description, description)   \
	X(TEXT, author, author)             \
	X(TEXT, author_date, author_date)   \
	X(TEXT, applied_by, applied_by)     \
	X(TEXT, applied_date, applied_date) \
	X(TEXT, started_at, started_at)     \
	X(INT, statements, statements)      \
	X(INT, parked, parked)              \
	X(TEXT, tenant, tenant)             \
	X(TEXT, schema_id, schema_id)       \
	X(TEXT, shape_id, shape_id)         \
	X(INT, batch_size, batch_size)      \
	X(INT, reverts, reverts)            \
	X(INT32, printer, printer)          \
	X(TEXT, server, server)             \
	X(TEXT, tool, tool)

#define JOURNAL_COLUMNS(X) JOURNAL_STATE_COLUMNS(X) JOURNAL_OTHER_COLUMNS(X)

#define JOURNAL_N_COLUMNS 40

/** "h.seq, h.event, ...": starts with a constant to carry the comma. */
#define JOURNAL_SELECT_ONE_(kind, member, column) ", h." #column
#define JOURNAL_SELECT_ "SELECT 1" JOURNAL_COLUMNS(JOURNAL_SELECT_ONE_)
#define JOURNAL_SELECT_STATE_ \
	"SELECT 1" JOURNAL_STATE_COLUMNS(JOURNAL_SELECT_ONE_)

struct journal_sql {
	const char *create; /**< tables, indexes, triggers, view */
	const char *create_snapshots;
	const char *exists; /**< how many objects of ours there are */
	const char *check;  /**< names every table and column, no rows */
	const char *meta, *meta_set;
	const char *tip, *last_seq, *append, *append_ledger, *set_current;
	const char *get, *replay, *log, *log_of, *current, *states, *current_of;
	const char *by_commit, *has_snapshot, *forget, *is_renamed,
		*renamed_before;
	const char *const *depends_moved; /**< from $1 to $2; NULL ends */
	const char *text_put, *text_get;
	const char *depends_clear, *depends_put, *depends_each;
	const char *step_set, *steps, *steps_clear, *step_open;
	const char *snapshot_next, *snapshot_put, *snapshot_find;
	const char *chunk_put, *file_put;   /**< one row */
	const char *chunks_put, *files_put; /**< many; NULL = one by one is as
					       fast (no way to a server) */
	const char *chunks, *chunks_of;
	const char *snapshot_events, *snapshot_weights, *snapshot_alone;
	const char *snapshot_drop, *snapshot_drop_files, *chunks_sweep;
	const char *chunks_bytes;
	const char *unprotect, *protect; /**< what is append-only otherwise */
	const char *shrink_worth;  /**< bytes that could be given back; 0 = that
				       is not worth it, or would do harm */
	const char *const *shrink; /**< one by one; NULL ends */
	const char *const *shrink_always; /**< the same where it is not */
	bool odd_as_hex; /**< a text column takes UTF-8 only: other bytes are
			      written "\\x6f6464", and so is a text that
			      begins like that */
};

/** The texts for a target's dialect; NULL when there are none yet. */
const struct journal_sql *journal_sql_of(const struct target *t);

/** What is common: P = what comes before a table's name. (A join of all
 * tables in `check` would cost the planner more than everything else.) */
#define JOURNAL_SQL_COMMON(P)                                                  \
	.check = "SELECT (SELECT tool FROM " P "history LIMIT 0), "            \
		 "(SELECT delta FROM " P "ledger LIMIT 0), "                   \
		 "(SELECT seq FROM " P "current LIMIT 0), "                    \
		 "(SELECT bytes FROM " P "texts LIMIT 0), "                    \
		 "(SELECT inferred FROM " P "dependencies LIMIT 0), "          \
		 "(SELECT at FROM " P "progress LIMIT 0), "                    \
		 "(SELECT bytes FROM " P "snapshots LIMIT 0), "                \
		 "(SELECT chunk FROM " P "snapshot_files LIMIT 0), "           \
		 "(SELECT data FROM " P "chunks LIMIT 0) WHERE 1 = 0",         \
	.meta = "SELECT key, value FROM " P "meta",                            \
	.meta_set = "INSERT INTO " P "meta (key, value) VALUES ($1, $2) "      \
		    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",  \
	.tip = JOURNAL_SELECT_ " FROM " P "history h WHERE h.seq = "           \
			       "(SELECT max(seq) FROM " P "ledger)",           \
	.last_seq = "SELECT max(seq) FROM " P "history",                       \
	.append = "INSERT INTO " P                                             \
		  "history VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "  \
		  "$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, "    \
		  "$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, "    \
		  "$33, $34, $35, $36, $37, $38, $39, $40)",                   \
	.append_ledger = "INSERT INTO " P "ledger (seq, message, delta) "      \
			 "VALUES ($1, $2, $3)",                                \
	.set_current = "INSERT INTO " P "current (name, seq) VALUES ($1, $2) " \
		       "ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",  \
	.forget = "DELETE FROM " P "current WHERE name = $1 AND seq = $2",     \
	.depends_moved =                                                       \
		(const char *const[]){                                         \
			"DELETE FROM " P "dependencies WHERE name = $1 AND "   \
			"depends_on IN (SELECT x.depends_on FROM " P           \
			"dependencies x WHERE x.name = $2)",                   \
			"UPDATE " P "dependencies SET name = $2 "              \
			"WHERE name = $1",                                     \
			"DELETE FROM " P "dependencies WHERE depends_on = $1 " \
			"AND name IN (SELECT x.name FROM " P                   \
			"dependencies x WHERE x.depends_on = $2)",             \
			"UPDATE " P "dependencies SET depends_on = $2 "        \
			"WHERE depends_on = $1",                               \
			NULL                                                   \
		},                                                             \
	.is_renamed = "SELECT count(*) FROM " P                                \
		      "history WHERE event = 'rename' AND reverts = $1",       \
	.renamed_before =                                                      \
		"SELECT coalesce(max(r.reverts), 0) FROM " P                   \
		"history r JOIN " P                                            \
		"history o ON o.seq = r.reverts WHERE r.event = 'rename' "     \
		"AND o.name = $1 AND r.reverts < $2",                          \
	.get = JOURNAL_SELECT_ ", l.message, l.delta FROM " P                  \
			       "history h LEFT JOIN " P                        \
			       "ledger l ON l.seq = h.seq WHERE h.seq = $1",   \
	.replay = JOURNAL_SELECT_ ", l.message, l.delta FROM " P               \
				  "ledger l CROSS JOIN " P                     \
				  "history h WHERE l.seq > $1 AND "            \
				  "h.seq = l.seq ORDER BY l.seq",              \
	.log = JOURNAL_SELECT_ " FROM " P                                      \
			       "history h ORDER BY h.seq DESC LIMIT $1",       \
	.log_of = JOURNAL_SELECT_ " FROM " P "history h WHERE h.name = $2 "    \
				  "ORDER BY h.seq DESC LIMIT $1",              \
	.current = JOURNAL_SELECT_ " FROM " P                                  \
				   "history h WHERE h.seq IN (SELECT seq "     \
				   "FROM " P "current) ORDER BY h.seq",        \
	.states = JOURNAL_SELECT_STATE_ " FROM " P                             \
					"history h WHERE h.seq IN (SELECT "    \
					"seq FROM " P "current) ORDER BY "     \
					"h.seq",                               \
	.current_of = JOURNAL_SELECT_ " FROM " P "history h WHERE h.seq = "    \
				      "(SELECT seq FROM " P                    \
				      "current WHERE name = $1)",              \
	.by_commit = JOURNAL_SELECT_ " FROM " P                                \
				     "history h WHERE h.commit_hash = $1",     \
	.has_snapshot =                                                        \
		"SELECT 1 FROM " P "history WHERE snapshot = $1 LIMIT 1",      \
	.text_put = "INSERT INTO " P "texts (blob, bytes) VALUES ($1, $2) "    \
		    "ON CONFLICT (blob) DO NOTHING",                           \
	.text_get = "SELECT bytes FROM " P "texts WHERE blob = $1",            \
	.depends_clear = "DELETE FROM " P                                      \
			 "dependencies WHERE name = $1 AND inferred = $2",     \
	.depends_put = "INSERT INTO " P                                        \
		       "dependencies AS d (name, depends_on, inferred) "       \
		       "VALUES ($1, $2, $3) ON CONFLICT (name, depends_on) "   \
		       "DO UPDATE SET inferred = excluded.inferred "           \
		       "WHERE excluded.inferred < d.inferred",                 \
	.depends_each = "SELECT name, depends_on, inferred FROM " P            \
			"dependencies ORDER BY name, depends_on",              \
	.step_set = "INSERT INTO " P "progress (name, step, state, at) "       \
		    "VALUES ($1, $2, $3, $4) ON CONFLICT (name, step) "        \
		    "DO UPDATE SET state = excluded.state, at = excluded.at",  \
	.steps = "SELECT state, count(*) FROM " P                              \
		 "progress WHERE name = $1 GROUP BY state",                    \
	.steps_clear = "DELETE FROM " P "progress WHERE name = $1",            \
	.step_open = "SELECT name FROM " P                                     \
		     "progress WHERE state = 'intent' LIMIT 1"

/* A page of a snapshot: which chunks, and what is in them. */
#define JOURNAL_CHUNKS_(P)                                                  \
	"SELECT f.position, f.path, f.chunk, k.size, k.data FROM " P        \
	"snapshot_files f LEFT JOIN " P "chunks k ON k.id = f.chunk WHERE " \
	"f.snapshot = $1 AND f.position >= $2 "

/** The same for snapshots that are kept here. */
#define JOURNAL_SQL_SNAPSHOTS(P)                                            \
	.snapshot_next =                                                    \
		"SELECT coalesce(max(number), 0) + 1 FROM " P "snapshots",  \
	.snapshot_put = "INSERT INTO " P "snapshots (number, id, chunks, "  \
			"bytes) VALUES ($1, $2, $3, $4)",                   \
	.snapshot_find =                                                    \
		"SELECT min(number) FROM " P "snapshots WHERE id = $1",     \
	.chunk_put = "INSERT INTO " P "chunks (id, size, data) "            \
		     "VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",     \
	.file_put = "INSERT INTO " P "snapshot_files (snapshot, position, " \
		    "path, chunk) VALUES ($1, $2, $3, $4)",                 \
	.chunks = JOURNAL_CHUNKS_(P) "ORDER BY f.position LIMIT $3",        \
	.chunks_of = JOURNAL_CHUNKS_(P) "AND f.path = $4 "                  \
					"ORDER BY f.position LIMIT $3",     \
	.snapshot_drop = "DELETE FROM " P "snapshots WHERE id = $1",        \
	.snapshot_drop_files =                                              \
		"DELETE FROM " P "snapshot_files WHERE snapshot IN "        \
		"(SELECT number FROM " P "snapshots WHERE id = $1)",        \
	.chunks_bytes = "SELECT CAST(coalesce(sum(length(data)), 0) AS "    \
			"bigint) FROM " P "chunks",                         \
	.snapshot_events = JOURNAL_SELECT_                                  \
		" FROM " P "history h WHERE h.snapshot IS NOT NULL "        \
		"ORDER BY h.seq",                                           \
	.snapshot_weights =                                                 \
		"SELECT id, max(chunks), max(bytes) FROM " P "snapshots "   \
		"GROUP BY id ORDER BY id",                                  \
	.snapshot_alone = /* chunks that one id alone lists */              \
		"SELECT u.id, CAST(sum(length(k.data)) AS bigint) FROM "    \
		"(SELECT f.chunk AS chunk, min(s.id) AS id FROM " P         \
		"snapshot_files f JOIN " P "snapshots s "                   \
		"ON s.number = f.snapshot GROUP BY f.chunk "                \
		"HAVING min(s.id) = max(s.id)) u JOIN " P "chunks k "       \
		"ON k.id = u.chunk GROUP BY u.id ORDER BY u.id"

/* journal_schema.c and journal_schema_pg.c */
extern const char journal_create_sqlite[];
extern const struct journal_sql journal_sql_pg;

/* journal_rows.c */

/** Cells of JOURNAL_SELECT_ that come before the first column. */
#define JOURNAL_FIRST_CELL 1

struct arena;

/**
 * A text; bytes that are no UTF-8 travel as a blob, or as hex where a text
 * column takes nothing else. NULL gives NULL.
 *
 * @param a for the hex
 */
struct target_value journal_text_value(const struct target *t, struct arena *a,
				       const char *s);

struct journal_event;

/** Parameters $1.. of `append`. */
void journal_bind(const struct target *t, struct arena *a,
		  const struct journal_event *e,
		  struct target_value args[JOURNAL_N_COLUMNS]);

/**
 * A row of JOURNAL_SELECT_ or JOURNAL_SELECT_STATE_, with message and delta
 * when n says so.
 *
 * @param copy strings go there; NULL = they are borrowed from the cells, and
 *             from `odd` where they are written otherwise
 */
void journal_decode(const struct target *t, struct journal_event *out, int n,
		    const struct target_value *cell, struct arena *copy,
		    struct arena *odd);

#endif
