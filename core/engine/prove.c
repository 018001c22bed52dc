#include <string.h>

#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"
#include "snapshot/restore.h"

/*
 * Proof before commit: what the transaction has applied is taken back in a
 * savepoint, from the journal's rows and the snapshot that were just written,
 * and compared; then that is undone.
 */

static struct err *take_back(struct run *r, const char *name)
{
	struct engine_step step = { 0 };
	struct revert rv = { 0 };
	struct chain chain;
	struct err *err = chain_read(&chain, r->e->target, name);

	if (!err && chain.n) {
		revert_init(&rv, &chain);
		rv.step = &step;
		rv.proves = true;
		err = revert_run(r, &rv);
	}
	revert_release(&rv);
	chain_release(&chain);
	return err;
}

/* Newest first, as a rollback would. */
static struct err *take_all_back(struct run *r)
{
	struct err *err = NULL;

	for (size_t i = r->n_rows; i-- > 0 && !err;) {
		const struct journal_event *ev = &r->rows[i].ev;

		if (!streq(ev->event, "apply"))
			continue;
		if (ev->irreversible)
			err = err_new(ERR_REFUSED, "%s is irreversible",
				      ev->name);
		else
			err = take_back(r, ev->name);
		err = err_wrap(err, "proof of %s", ev->name);
	}
	return err;
}

static struct err *not_proved(struct err *err)
{
	struct err *refused;

	if (err_class_of(err) == ERR_CANCELLED)
		return err;
	refused = err_hint(err_new(ERR_REFUSED,
				   "the rollback would not be exact: %s",
				   err_text(err)),
			   "nothing was changed; without --prove and "
			   "migrate.<target>.prove it is applied all the same");
	err_free(err);
	return refused;
}

struct err *prove_group(struct run *r)
{
	struct target *t = r->e->target;
	size_t n_rows = r->n_rows;
	struct err *err, *undo;

	if (!r->prove)
		return NULL;
	err = target_savepoint(t, "git_migrate_prove");
	if (err)
		return err;
	err = restore_session_begin(t);
	if (!err)
		err = take_all_back(r);
	crash_point("proved");
	undo = target_rollback_to(t, "git_migrate_prove");
	undo = err_first(undo, restore_session_end(t));
	r->n_rows = n_rows;
	r->schema_stale = true;
	return err ? err_first(not_proved(err), undo) : undo;
}
