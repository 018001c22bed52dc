#include "snapshot/restore_pg.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg_type.h"

/* Taking a migration back on PostgreSQL; the order of the steps. */

static struct err *count(struct restore_pg *r)
{
	for (size_t i = 0; i < r->n_tables; i++) {
		const struct restore_pg_table *t = &r->tables[i];
		struct restore_tally *tally;

		if (!t->lines || !manifest_lines(t->lines))
			continue;
		tally = restore_result_tally(r->out, t->before);
		tally->restored += t->lines->updated + t->lines->deleted;
		tally->removed += t->lines->inserted;
		r->out->restored += t->lines->updated + t->lines->deleted;
		r->out->removed += t->lines->inserted;
	}
	return NULL;
}

/* Tables made anew are filled, others get their rows where they are. */
static struct err *restore_data(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];

		if (t->way == RESTORE_PG_REBUILD || t->way == RESTORE_PG_REMAKE)
			err = restore_pg_fill(r, t);
		else if (t->way == RESTORE_PG_PLACE && t->lines)
			err = restore_pg_rows(r, t);
		err = err_wrap(err, "table %s", t->before);
	}
	return err;
}

/* Until the first error, or the first step with a conflict. */
static struct err *steps(struct restore_pg *r)
{
	/* clang-format off */
	static struct err *(*const all[])(struct restore_pg * r) = {
		restore_pg_plan,
		restore_pg_labels_find,
		restore_pg_quiet,
		restore_pg_attributes,
		restore_pg_check,
		restore_pg_look_rows,
		restore_pg_set_aside,
		restore_pg_park,
		restore_pg_evict,
		restore_pg_views_before,
		restore_pg_sequences_before,
		restore_pg_numbers_note,
		restore_pg_schema_before,
		restore_pg_labels_back,
		restore_pg_look_open,
		restore_pg_keys_before,
		restore_data,
		restore_pg_loud,
		restore_pg_schema_after,
		restore_pg_sequences,
		restore_pg_views_after,
		restore_pg_numbers_follow,
		restore_pg_keys_after,
		restore_pg_verify,
		count,
	};
	/* clang-format on */
	const struct restore_result *out = r->out;
	struct err *err = NULL;

	for (size_t i = 0; i < ARRAY_LEN(all) && !err; i++) {
		if (out->blocked || out->again)
			break;
		err = all[i](r);
	}
	return err;
}

/*
 * Compiling questions to the catalogs takes longer than they do. Lines are
 * joined and sorted with the memory that an index would be built with.
 */
static const char settings[] =
	"SET LOCAL jit = off; SELECT set_config('work_mem',"
	" greatest(w.setting::int, m.setting::int) || 'kB', true)"
	" FROM pg_settings w, pg_settings m WHERE w.name = 'work_mem'"
	" AND m.name = 'maintenance_work_mem'";

/* Another migration may be taken back in the same transaction. */
static struct err *leave(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		if (r->tables[i].temp)
			err = restore_pg_temporary(
				r, restore_pg_behind_schema(r->tables[i].temp),
				NULL);
		if (!err && r->tables[i].evict)
			err = restore_pg_exec(r, "DROP TABLE %s",
					      r->tables[i].evict);
	}
	if (!err)
		err = pg_exec(r->c, "SET LOCAL jit TO DEFAULT; "
				    "SET LOCAL work_mem TO DEFAULT; "
				    "SET LOCAL check_function_bodies TO "
				    "DEFAULT");
	if (!err && r->replica)
		err = pg_exec(r->c,
			      "SET LOCAL session_replication_role TO DEFAULT");
	return err ? err : target_pg_plain_end(r->req->target);
}

static struct err *run(const struct restore_request *req,
		       struct restore_result *out)
{
	struct restore_pg r = { .req = req,
				.out = out,
				.c = target_pg_conn(req->target) };
	struct err *err;

	r.only_rows = req->delta && !req->delta->n && !req->delta->n_renames;
	schema_init(&r.live);
	line_writer_init(&r.park, req->park, req->limit);
	err = req->in ? manifest_read(&r.manifest, req->in) : NULL;
	if (!err)
		err = target_pg_plain_begin(req->target);
	if (!err)
		err = pg_exec(r.c, settings);
	restore_pg_look_begin(&r);
	if (!err)
		err = steps(&r);
	err = restore_pg_look_end(&r, err);
	if (!err && !out->blocked && !out->again)
		err = leave(&r);
	line_writer_release(&r.park);
	manifest_release(&r.manifest);
	manifest_release(&r.park_manifest);
	map_release(&r.wholes);
	map_release(&r.made_of);
	map_release(&r.relations);
	map_release(&r.wanted);
	map_release(&r.now_by_name);
	schema_release(&r.live);
	buf_release(&r.drops_late);
	buf_release(&r.drops_last);
	for (size_t i = 0; i < r.n_tables; i++)
		settle_release(&r.tables[i].settled);
	for (size_t i = 0; i < r.n_tables; i++)
		free(r.tables[i].unfit);
	restore_pg_labels_free(&r);
	restore_pg_kept_free(&r);
	restore_pg_numbers_free(&r);
	free(r.tables);
	free(r.awake);
	free(r.keys);
	free(r.sequences);
	free(r.views);
	arena_release(&r.arena);
	return err;
}

const struct restore_ops restore_pg_ops = {
	.appends = true,
	.run = run,
};
