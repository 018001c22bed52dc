#ifndef TARGET_SQLITE_DRIVER_H
#define TARGET_SQLITE_DRIVER_H

#include <sqlite3.h>

#include "target/target_sqlite.h"

/*
 * What the files of the SQLite driver share; nobody outside core/target
 * includes it. One file per concern: sqlite_open.c (opening and telling why
 * not), sqlite_query.c (our own SQL), sqlite_guard.c and sqlite_pragma.c (what
 * a migration may do), sqlite_session.c (what it leaves behind),
 * sqlite_lock.c (the one runner), target_sqlite.c (the operations table).
 */

/** What the authorizer reports of one write; column NULL = whole rows. */
struct guard_write {
	char *table;
	char *column;
};

/** What the authorizer saw of the statement that runs now. */
struct sqlite_guard {
	bool enabled; /**< target_sqlite_guard() */
	bool running; /**< a migration's statement is prepared or stepped */
	bool stepping;
	char *reason; /**< why it was refused, owned; NULL = it was not */
	char *hint;   /**< owned, may be NULL */

	/* of the statement, folded into target_seen once it is run */
	struct target_seen seen;
	bool ddl;      /**< CREATE, ALTER or DROP of anything */
	char *dropped; /**< table or view that DROP names, owned */
	bool dropped_view;
	bool like; /**< PRAGMA case_sensitive_like */
	struct guard_write *writes;
	size_t n_writes, cap_writes;
};

struct sqlite_cached;

#define SQLITE_SETTINGS_MAX 40

struct sqlite_target {
	struct target base;
	sqlite3 *db;
	char *path; /**< as given to SQLite; NULL = in memory */
	bool read_only;
	bool foreign_keys; /**< what the session starts with */
	int64_t busy_since_us;
	struct map statements; /**< SQL text to struct sqlite_cached */
	struct sqlite_guard guard;

	/* what a migration may have left behind */
	bool settings_known, settings_touched, like_touched, temp_touched;
	int64_t settings[SQLITE_SETTINGS_MAX];

	int lock_fd; /**< -1 = not the runner */
	char *lock_path;
};

static inline struct sqlite_target *sqlite_target_of(struct target *base)
{
	return (struct sqlite_target *)(void *)base;
}

/* sqlite_error.c */

/** SQLite's message for the last failure, with a hint where one helps; a busy
 * database is ERR_STATE whatever cls says. */
MUST_USE struct err *sqlite_error_of(sqlite3 *db, enum err_class cls,
				     const char *fmt, ...) PRINTF_LIKE(3, 4);

/* sqlite_open.c */
void sqlite_set_busy(struct sqlite_target *t);

/* sqlite_query.c */
MUST_USE struct err *sqlite_query(struct target *base, const char *sql,
				  const struct target_value *args, int n_args,
				  target_row_fn row, void *payload);

/** Forget the kept statements that are not running. */
void sqlite_query_forget(struct sqlite_target *t);

/* sqlite_run.c */
MUST_USE struct err *sqlite_run(struct target *base,
				const struct sql_statement *s);

/** The deadline of the migration's statements has passed. */
bool sqlite_is_late(const struct sqlite_target *t);

/* sqlite_guard.c */
void sqlite_guard_init(struct sqlite_target *t);
void sqlite_guard_release(struct sqlite_guard *g);

/** Forget the last statement's findings. */
void sqlite_guard_reset(struct sqlite_guard *g);

/** Refuse what the text alone tells; NULL = the authorizer decides. */
MUST_USE struct err *sqlite_guard_text(const struct sql_statement *s);

/** Names we keep for ourselves: "git_migrate_" in any case of letters. */
bool sqlite_is_reserved(const char *name);

/** Note a refusal; the first one counts. Always gives SQLITE_DENY. */
int sqlite_guard_deny(struct sqlite_guard *g, const char *hint, const char *fmt,
		      ...) PRINTF_LIKE(3, 4);

/* sqlite_pragma.c */

/** An authorizer's answer for PRAGMA name [= value]; value may be NULL. */
int sqlite_pragma_check(struct sqlite_guard *g, const char *name,
			const char *value);

/* sqlite_session.c */
MUST_USE struct err *sqlite_reset(struct target *base);

/** Read the settings a PRAGMA could change, once, before the first one. */
MUST_USE struct err *sqlite_settings_learn(struct sqlite_target *t);

/* sqlite_constraints.c */
enum target_place sqlite_place(const struct sql_statement *s);
MUST_USE struct err *sqlite_check_deferred(struct target *base);
MUST_USE struct err *sqlite_violations(struct target *base, int64_t *out);

/* sqlite_others.c */
MUST_USE struct err *sqlite_others(struct target *base,
				   void (*fn)(void *payload, const char *who),
				   void *payload);

/* sqlite_copy.c */
MUST_USE struct err *sqlite_copy(struct target *base,
				 const struct target_copy *opt, char **work);
MUST_USE struct err *sqlite_copy_end(struct target *base,
				     const struct target_copy *opt);
MUST_USE struct err *sqlite_remove(struct target *base, const char *url);

/* sqlite_lock.c */
MUST_USE struct err *sqlite_lock(struct target *base, int64_t timeout_ms,
				 void (*waiting)(void *payload,
						 const char *who),
				 void *payload);
void sqlite_unlock(struct target *base);

#endif
