#include "snapshot/restore_sqlite.h"

#include "base/util.h"

/*
 * Rows written since that cannot be in the form that comes back. Where that is
 * allowed they are parked, whole, and go: another attempt knows them.
 */

const char *restore_what_of(int code)
{
	switch (code) {
	case SQLITE_CONSTRAINT_NOTNULL:
	case SQLITE_CONSTRAINT_DATATYPE:
		return RESTORE_NO_VALUE;
	case SQLITE_CONSTRAINT_CHECK:
		return RESTORE_CHANGED;
	default:
		return RESTORE_NOT_UNIQUE;
	}
}

static struct restore_late late_of(struct restore *r,
				   const struct restore_unfit *u)
{
	struct buf key = BUF_INIT;
	struct restore_late late = {
		.detail = { .object = u->table,
			    .what = u->what,
			    .constraint = u->constraint },
		.table = u->table,
		.how = SETTLE_EVICT,
	};

	if (restore_result_wants(r->req, r->out))
		late.detail.key = restore_key_text(r, u->info, u->key);
	table_add_line_key(&key, u->key);
	late.evict = arena_strdup(&r->arena, buf_str(&key));
	buf_release(&key);
	return late;
}

bool restore_unfit(struct restore *r, const struct restore_unfit *u,
		   bool choosable)
{
	struct restore_late late = late_of(r, u);

	return restore_set_aside(r->req, r->out, &late, choosable);
}

bool restore_aside_line(struct restore *r, const struct restore_late *late)
{
	struct restore_late skip = *late;

	skip.how = SETTLE_SKIP;
	skip.evict = NULL;
	return restore_set_aside(r->req, r->out, &skip,
				 r->req->choice == RESTORE_KEEP);
}

bool restore_unfit_line(struct restore *r, const struct restore_unfit *u,
			const struct restore_line *line)
{
	/* a row of the snapshot was there before, as it comes back */
	return line->op == ROW_UPDATED && restore_unfit(r, u, false);
}
