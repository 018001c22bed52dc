#include <inttypes.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_find.h"

/*
 * An exclusion constraint that cannot come back. What its operators say of two
 * rows only the server knows: rows are put into an empty table that has the
 * constraint, those of the snapshot first, by halves until each one that finds
 * no place is known.
 */

#define CLONE "pg_temp.git_migrate_clone"
#define ROWS "pg_temp.git_migrate_excluded"
#define BAD "pg_temp.git_migrate_bad"

/* "EXCLUDE USING gist (...) WHERE (...)" */
static struct err *make_clone(struct restore_pg_find *f, const char *sql)
{
	const char *exclude = strstr(sql, " EXCLUDE ");

	if (!exclude)
		return err_new(ERR_STATE, "no exclusion in: %s", sql);
	return restore_pg_exec(
		f->r,
		"DROP TABLE IF EXISTS " CLONE ", " ROWS ", " BAD
		"; CREATE TEMPORARY TABLE git_migrate_clone (LIKE %s) ON "
		"COMMIT DROP; ALTER TABLE " CLONE " ADD%s; CREATE TEMPORARY "
		"TABLE git_migrate_bad (at tid) ON COMMIT DROP",
		f->table, exclude);
}

/* By i: rows of the snapshot, then the others as they lie. */
static struct err *number_rows(struct restore_pg_find *f, int64_t *n)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "CREATE TEMPORARY TABLE git_migrate_excluded ON "
			 "COMMIT DROP AS SELECT row_number() OVER (ORDER BY "
			 "l.op IS NULL, t.git_migrate_at) AS i, "
			 "t.git_migrate_at AS at");
	restore_pg_find_add_rows(&sql, f, NULL);
	err = restore_pg_exec(f->r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err ? err
		   : restore_pg_count(f->r, n, "SELECT count(*) FROM " ROWS);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a number has bits */
static struct err *halve(struct restore_pg_find *f, int64_t from, int64_t to)
{
	int64_t middle = from + (to - from) / 2;
	struct buf sql = BUF_INIT;
	bool refused = false;
	struct err *err;

	buf_addf(&sql,
		 "INSERT INTO " CLONE " SELECT t.* FROM ONLY %s t JOIN " ROWS
		 " x ON x.at = t.ctid WHERE x.i BETWEEN %" PRId64
		 " AND %" PRId64,
		 f->table, from, to);
	err = restore_pg_try(f->r, buf_str(&sql), "23P01", &refused, NULL);
	buf_release(&sql);
	if (err || !refused)
		return err;
	if (from == to)
		return restore_pg_exec(f->r,
				       "INSERT INTO " BAD
				       " SELECT at FROM " ROWS
				       " WHERE i = %" PRId64,
				       from);
	err = halve(f, from, middle);
	return err ? err : halve(f, middle + 1, to);
}

static struct err *report(struct restore_pg_find *f)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	restore_pg_find_add_begin(&sql, f, NULL, 0);
	restore_pg_find_add_rows(&sql, f, "t.ctid IN (SELECT at FROM " BAD ")");
	buf_addstr(&sql, " ORDER BY t.git_migrate_at) TO STDOUT");
	err = restore_pg_find_ask(f, buf_str(&sql));
	buf_release(&sql);
	return err;
}

struct err *restore_pg_find_excluded(struct restore_pg_find *f, const char *sql)
{
	int64_t n = 0;
	struct err *err = make_clone(f, sql);

	if (!err)
		err = number_rows(f, &n);
	if (!err && n)
		err = halve(f, 1, n);
	return err ? err : report(f);
}
