#include <string.h>

#include "base/util.h"
#include "target/sqlite_driver.h"

/*
 * Where a statement may run, and what SQLite would only check at COMMIT.
 */

enum target_place sqlite_place(const struct sql_statement *s)
{
	static const char *const alone[] = { "journal_mode", "page_size",
					     "auto_vacuum",  "wal_checkpoint",
					     "locking_mode", "synchronous" };

	if (s->verb == SQL_VACUUM)
		return TARGET_ALONE;
	if (s->verb != SQL_PRAGMA || !s->object)
		return TARGET_INSIDE;
	if (sql_same_name(SQL_SQLITE, s->object, "foreign_keys"))
		return s->detail ? TARGET_AROUND : TARGET_INSIDE;
	for (size_t i = 0; s->detail && i < ARRAY_LEN(alone); i++)
		if (sql_same_name(SQL_SQLITE, s->object, alone[i]))
			return TARGET_ALONE;
	return TARGET_INSIDE;
}

static struct err *add_violation(void *payload, int n,
				 const struct target_value *cell)
{
	struct buf *b = payload;

	(void)n;
	if (b->len)
		buf_addstr(b, ", ");
	buf_addf(b, "%lld in %s", (long long)cell[1].i, cell[0].s);
	return NULL;
}

struct err *sqlite_check_deferred(struct target *base)
{
	struct buf b = BUF_INIT;
	struct err *err;

	if (!target_sqlite_deferred_violations(base))
		return NULL;
	err = sqlite_query(base,
			   "SELECT \"table\", count(*) FROM "
			   "pragma_foreign_key_check GROUP BY 1 ORDER BY 1",
			   NULL, 0, add_violation, &b);
	if (!err && b.len)
		err = err_new(ERR_TARGET,
			      "foreign keys are violated at the end of the "
			      "migration: rows %s",
			      buf_str(&b));
	buf_release(&b);
	return err;
}

static struct err *take_count(void *payload, int n,
			      const struct target_value *cell)
{
	(void)n;
	*(int64_t *)payload = cell[0].i;
	return NULL;
}

struct err *sqlite_violations(struct target *base, int64_t *out)
{
	return sqlite_query(base,
			    "SELECT count(*) FROM pragma_foreign_key_check",
			    NULL, 0, take_count, out);
}
