#include <string.h>

#include "base/crash.h"
#include "base/util.h"
#include "engine/copies.h"

/* The end of a branch's database: only what was made as a copy goes. */

struct last_fork {
	const char *source;
	bool found, is_it;
};

/* Newest first: the first one that is a fork counts. */
static struct err *see_fork(void *payload, const struct journal_event *ev)
{
	struct last_fork *l = payload;

	if (l->found || !ev->event || !streq(ev->event, "fork"))
		return NULL;
	l->found = true;
	l->is_it = ev->description &&
		   (!*l->source || strstr(ev->description, l->source));
	return NULL;
}

static struct err *not_it(const struct engine *e, const struct engine_copy *c)
{
	return err_hintf(
		err_new(ERR_REFUSED,
			"what is at %s is not the copy that was made for "
			"branch '%s': that was database %s, this is %s",
			c->place, c->branch, c->uuid,
			e->meta.present ? e->meta.uuid : "without a journal"),
		"it stays; git migrate branches forget %s strikes the copy "
		"off the list",
		c->branch);
}

/* Its uuid, its branch, and the event that made it another database. */
static struct err *check(struct engine *e, const struct engine_copy *c)
{
	struct last_fork l = { .source = c->source };
	struct err *err;

	if (e->cfg.is_protected || e->meta.is_protected)
		return err_new(ERR_REFUSED,
			       "database %s is protected: it is not removed",
			       e->meta.uuid);
	if (!e->meta.present || !streq(e->meta.uuid, c->uuid) ||
	    !streq_null(e->meta.branch, c->branch))
		return not_it(e, c);
	err = journal_log(e->target, NULL, 0, see_fork, &l);
	return err || l.is_it ? err : not_it(e, c);
}

/* A plain copy whose making was killed becomes one of its own first: there is
 * one rule for what may be removed. */
static struct err *finish(struct engine *e, const struct engine_copy *c)
{
	struct engine_run run = { 0 };
	struct err *err;

	if (c->made_at || !e->meta.present || !session_is_copy(e) ||
	    !streq(e->meta.uuid, c->source))
		return NULL;
	err = fork_identity(e, c->uuid, c->branch, &run);
	engine_run_release(&run);
	session_close(e);
	return err ? err : session_open_unchecked(e, ENGINE_WRITES);
}

struct err *engine_copy_remove(struct engine *e, const struct engine_copy *c,
			       bool *was_gone)
{
	struct err *err = session_open_unchecked(e, ENGINE_READS);

	*was_gone = !err && !e->target;
	if (!err && e->target) {
		err = session_open_unchecked(e, ENGINE_WRITES);
		if (!err)
			err = finish(e, c);
		if (!err)
			err = check(e, c);
		if (!err) {
			err = target_remove(e->target, e->cfg.url);
			e->target = NULL;
			e->locked = false;
		}
	}
	if (err)
		return err;
	crash_point("copy-removed");
	target_copy_clean(e->cfg.url, e->cfg.base_dir);
	err = e->store->ops->snapshots_let_go(e->store, c->uuid);
	if (err) /* they take room, and nobody asks for them */
		session_note(e, ENGINE_WARNING,
			     "snapshots of the database stay: %s",
			     err_text(err));
	err_free(err);
	engine_copy_forget(e->store, c);
	return NULL;
}
