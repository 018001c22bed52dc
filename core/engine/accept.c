#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"

static void describe(char *out, size_t size, const char *old,
		     const char *branch)
{
	snprintf(out, size, "A copy of %s%s%s%s%s.",
		 *old ? "database " : "a database without a journal", old,
		 branch ? ", for branch '" : "", branch ? branch : "",
		 branch ? "'" : "");
}

struct err *fork_identity(struct engine *e, const char *given,
			  const char *branch, struct engine_run *out)
{
	struct journal_event ev = { .event = "fork" };
	struct schema_delta delta;
	struct run r = { 0 };
	char old[37], uuid[37], text[600];
	struct err *err = run_open(&r, e, out);

	schema_delta_init(&delta);
	snprintf(old, sizeof(old), "%s", e->meta.uuid);
	if (given)
		snprintf(uuid, sizeof(uuid), "%s", given);
	else
		journal_new_uuid(uuid);
	describe(text, sizeof(text), old, branch);
	ev.description = text;
	if (!err)
		err = run_begin(&r);
	if (!err)
		err = journal_meta_set(e->target, "uuid", uuid);
	if (!err)
		err = journal_meta_set(e->target, "location", e->location);
	if (!err && branch)
		err = journal_meta_set(e->target, "branch", branch);
	if (!err) {
		snprintf(e->meta.uuid, sizeof(e->meta.uuid), "%s", uuid);
		r.start.hex[0] = '\0'; /* its ledger is a ref of its own */
		err = run_event(&r, &ev, &delta, NULL, true);
	}
	if (!err)
		err = run_commit(&r);
	if (err)
		snprintf(e->meta.uuid, sizeof(e->meta.uuid), "%s", old);
	r.moved = 0; /* commits of the copy may be missing: all are made */
	schema_delta_release(&delta);
	return run_close(&r, err);
}

static struct err *set_location(struct engine *e)
{
	struct err *err = target_begin(e->target);

	if (err)
		return err;
	err = journal_meta_set(e->target, "location", e->location);
	if (!err)
		err = target_commit(e->target);
	if (err)
		target_rollback(e->target);
	return err;
}

/* The name is this database's from now on. */
static struct err *point_target(struct engine *e)
{
	struct store_id tip;
	struct err *err =
		e->store->ops->ledger_tip(e->store, e->meta.uuid, &tip);

	if (err || !*tip.hex)
		return err;
	return e->store->ops->ledger_move(e->store, e->meta.uuid, e->cfg.target,
					  &tip, &tip, "accepted");
}

struct err *engine_accept(struct engine *e, bool fork,
			  struct engine_identity *out)
{
	struct engine_run run = { 0 };
	char old[37];
	struct err *err = session_open_unchecked(e, ENGINE_READS);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if (!e->target || !e->meta.present) {
		if (fork)
			return err_hint(err_new(ERR_REFUSED,
						"there is no journal to fork"),
					"git migrate apply makes one");
		/* the next apply may make a journal there */
		return e->store->ops->ledger_forget(e->store, e->cfg.target);
	}
	err = session_open_unchecked(e, ENGINE_WRITES);
	snprintf(old, sizeof(old), "%s", e->meta.uuid);
	if (!err && fork) /* the ledger that it came from stays as it is */
		err = fork_identity(e, NULL, NULL, &run);
	if (!err && fork)
		err = e->store->ops->snapshots_share(e->store, old,
						     e->meta.uuid);
	if (!err)
		err = ledger_sync(e, ENGINE_WRITES);
	if (!err && !fork)
		err = set_location(e);
	if (!err)
		err = point_target(e);
	if (!err)
		err = session_identity(e, out);
	engine_run_release(&run);
	return err;
}
