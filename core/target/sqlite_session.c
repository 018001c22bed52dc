#include "target/sqlite_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/*
 * What a migration leaves in the session: settings and temporary objects.
 * They survive a ROLLBACK and would change what the next migration means.
 */

/*
 * Settings that live in the connection and read back as a number. Not here:
 * foreign_keys (set through db_config), busy_timeout (our own handler),
 * case_sensitive_like (cannot be read), locking_mode (reads as a word), and
 * what lives in the file.
 */
static const char *const settings[] = {
	"analysis_limit",
	"automatic_index",
	"cache_size",
	"cell_size_check",
	"checkpoint_fullfsync",
	"count_changes",
	"defer_foreign_keys",
	"empty_result_callbacks",
	"full_column_names",
	"fullfsync",
	"ignore_check_constraints",
	"journal_size_limit",
	"legacy_alter_table",
	"max_page_count",
	"mmap_size",
	"read_uncommitted",
	"recursive_triggers",
	"reverse_unordered_selects",
	"secure_delete",
	"short_column_names",
	"soft_heap_limit",
	"synchronous",
	"temp_store",
	"threads",
	"trusted_schema",
	"wal_autocheckpoint",
	"cache_spill", /* last: reading it depends on cache_size */
};

_Static_assert(ARRAY_LEN(settings) <= SQLITE_SETTINGS_MAX,
	       "room for every setting");

static struct err *keep_int(void *payload, int n,
			    const struct target_value *cell)
{
	int64_t *out = payload;

	if (n > 0 && cell[0].type == TARGET_INT)
		*out = cell[0].i;
	return NULL;
}

/* A setting that this library does not know reads as -1. */
static struct err *setting_get(struct sqlite_target *t, size_t i, int64_t *out)
{
	char sql[80];

	*out = -1;
	snprintf(sql, sizeof(sql), "PRAGMA %s", settings[i]);
	return sqlite_query(&t->base, sql, NULL, 0, keep_int, out);
}

static struct err *setting_put(struct sqlite_target *t, size_t i, int64_t value)
{
	char sql[120];

	snprintf(sql, sizeof(sql), "PRAGMA %s = %lld", settings[i],
		 (long long)value);
	if (sqlite3_exec(t->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error_of(t->db, ERR_TARGET, "reset %s",
				       settings[i]);
	return NULL;
}

struct err *sqlite_settings_learn(struct sqlite_target *t)
{
	struct err *e = NULL;

	if (t->settings_known)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(settings) && !e; i++)
		e = setting_get(t, i, &t->settings[i]);
	t->settings_known = !e;
	return e;
}

/* locking_mode lets go of the file at the next access only. */
static struct err *reset_locking(struct sqlite_target *t)
{
	if (sqlite3_exec(t->db,
			 "PRAGMA main.locking_mode = normal;"
			 "SELECT 1 FROM main.sqlite_schema LIMIT 1",
			 NULL, NULL, NULL) != SQLITE_OK)
		return target_sqlite_error(t->db, "reset locking_mode");
	return NULL;
}

static struct err *reset_settings(struct sqlite_target *t)
{
	struct err *e = NULL;

	for (size_t i = 0; i < ARRAY_LEN(settings) && !e; i++) {
		int64_t now;

		e = setting_get(t, i, &now);
		if (!e && now != t->settings[i])
			e = setting_put(t, i, t->settings[i]);
	}
	if (!e)
		e = reset_locking(t);
	sqlite_set_busy(t);
	t->settings_touched = e != NULL;
	return e;
}

static struct err *add_drop(void *payload, int n,
			    const struct target_value *cell)
{
	struct buf *drops = payload;

	(void)n;
	if (sqlite_is_reserved(cell[1].s))
		return NULL;
	buf_addf(drops, "DROP %s IF EXISTS temp.", cell[0].s);
	sql_quote_name(drops, cell[1].s);
	buf_addstr(drops, ";");
	return NULL;
}

/*
 * Triggers and views first, then virtual tables, which take their shadow
 * tables along. Those of our own (git_migrate_...) stay.
 */
static struct err *drop_temporary(struct sqlite_target *t)
{
	struct buf drops = BUF_INIT;
	struct err *e;

	e = sqlite_query(&t->base,
			 "SELECT type, name FROM temp.sqlite_schema "
			 "WHERE type IN ('table', 'view', 'trigger') "
			 "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
			 "ORDER BY type = 'table', type = 'view', "
			 "sql NOT LIKE 'create virtual%'",
			 NULL, 0, add_drop, &drops);
	if (!e && drops.len &&
	    sqlite3_exec(t->db, buf_str(&drops), NULL, NULL, NULL) != SQLITE_OK)
		e = target_sqlite_error(t->db, "drop temporary objects");
	buf_release(&drops);
	t->temp_touched = e != NULL;
	return e;
}

struct err *sqlite_reset(struct target *base)
{
	struct sqlite_target *t = sqlite_target_of(base);
	struct err *e = NULL;

	if (t->like_touched) {
		sqlite3_exec(t->db, "PRAGMA case_sensitive_like = 0", NULL,
			     NULL, NULL);
		t->like_touched = false;
	}
	if (t->settings_touched)
		e = reset_settings(t);
	if (t->temp_touched && !e) {
		/* dropping must not cascade */
		e = target_sqlite_foreign_keys(base, false);
		if (!e)
			e = drop_temporary(t);
	}
	return err_first(e, target_sqlite_foreign_keys(base, t->foreign_keys));
}

bool target_sqlite_enforces(struct target *base)
{
	return sqlite_target_of(base)->foreign_keys;
}

struct err *target_sqlite_foreign_keys(struct target *base, bool on)
{
	struct sqlite_target *t = sqlite_target_of(base);
	int now = -1;

	sqlite3_db_config(t->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &now);
	if (now == (int)on) /* a change compiles every statement again */
		return NULL;
	sqlite3_db_config(t->db, SQLITE_DBCONFIG_ENABLE_FKEY, (int)on, NULL);
	return NULL;
}

bool target_sqlite_deferred_violations(struct target *base)
{
	struct sqlite_target *t = sqlite_target_of(base);
	int now = 0, peak = 0;

	sqlite3_db_status(t->db, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &peak, 0);
	return now != 0;
}
