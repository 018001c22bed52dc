#include "base/util.h"
#include "snapshot/checks_sqlite.h"
#include "snapshot/restore_sqlite.h"

/*
 * CHECKs that come back with a table made anew. Rows are written without them,
 * because some of the snapshot may have broken them before. What the others
 * break was written since, unless the manifest says that rows broke them then.
 */

static bool was_broken(const struct restore *r, const struct restore_table *t)
{
	for (size_t i = 0; i < r->manifest.n_unchecked; i++)
		if (streq(r->manifest.unchecked[i], t->before))
			return true;
	return false;
}

static void take_row(struct restore *r, const struct restore_table *t,
		     const struct table_scan *scan, const char *name)
{
	const struct restore_unfit u = { t->before, scan->table, &scan->key,
					 name, RESTORE_CHANGED };
	struct restore_detail d = { .object = t->before,
				    .what = RESTORE_CHANGED,
				    .constraint = name };

	if (restore_unfit(r, &u, false))
		return;
	if (restore_result_wants(r->req, r->out))
		d.key = restore_key_text(r, scan->table, &scan->key);
	restore_result_conflict(r->req, r->out, &d, false, false);
}

static struct err *find_rows(struct restore *r, const struct restore_table *t,
			     const struct table_info *info,
			     const struct checks_one *check)
{
	const struct table_fields f = { .table = info, .name = t->before };
	const char *where = arena_printf(&r->arena, "NOT %s", check->condition);
	struct table_scan scan = { 0 };
	struct err *err = table_scan_open(&scan, r->db, &f, where);
	bool row = true;

	while (!err && row) {
		err = table_scan_next(&scan, &row);
		if (!err && row)
			take_row(r, t, &scan, check->name);
	}
	table_scan_close(&scan);
	return err;
}

static struct err *check_table(struct restore *r, const struct restore_table *t)
{
	struct table_info info = { 0 };
	struct checks back, now;
	bool found = false;
	struct err *err = NULL;

	checks_read(&back, &r->arena, t->old->sql);
	checks_read(&now, &r->arena, t->cur->sql);
	checks_subtract(&back, &now);
	if (back.n)
		err = table_info_read(&info, r->db, t->before, &found);
	for (size_t i = 0; i < back.n && found && !err; i++)
		err = find_rows(r, t, &info, &back.list[i]);
	table_info_release(&info);
	return err_wrap(err, "table %s", t->before);
}

struct err *restore_checks(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];

		if (t->way == RESTORE_REBUILD && t->old && t->cur &&
		    !was_broken(r, t))
			err = check_table(r, t);
	}
	return err;
}
