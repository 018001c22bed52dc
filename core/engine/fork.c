#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/util.h"
#include "engine/copies.h"

/*
 * From a branch's database to that of another branch. In this order: it is
 * written down that a copy is made; the copy, which nobody takes for one of
 * its own yet; in one transaction of it, its uuid and the event `fork`; its
 * name (SQLite); it is written down that it is whole; its ledger.
 */

struct fork {
	struct engine *from;
	const struct engine_fork_options *opt;
	struct engine_copy copy;
	char uuid[37], made_at[CLOCK_ISO_SIZE];
	struct arena arena;
};

static void told(void *payload, const char *text)
{
	session_note(payload, ENGINE_WARNING, "%s", text);
}

/* An engine for another database, or for this one before it has its name. */
static struct err *open_at(struct fork *f, const char *url, struct engine **out)
{
	struct engine_config cfg = *f->opt->to;

	if (url) {
		cfg.url = url;
		cfg.own_branch = NULL;
		cfg.copied = false;
	}
	return engine_open(out, f->from->store, &cfg, &f->from->obs);
}

static struct err *write_down(struct fork *f, bool made)
{
	if (made)
		clock_iso(clock_now(), f->made_at);
	f->copy.made_at = made ? f->made_at : NULL;
	return copy_write(f->from->store, &f->copy);
}

static void fill_in(struct fork *f, const char *source)
{
	journal_new_uuid(f->uuid);
	f->copy = (struct engine_copy){
		.target = f->from->cfg.target,
		.branch = f->opt->to->own_branch,
		.from = f->opt->from,
		.place = f->opt->place,
		.uuid = f->uuid,
		.source = arena_strdup(&f->arena, source),
	};
}

static void waiting(void *payload, const char *who)
{
	const struct fork *f = payload;

	session_note(f->from, ENGINE_HINT, "waiting for another run: %s", who);
}

static struct err *begins(void *payload)
{
	struct fork *f = payload;
	struct err *err;

	fill_in(f, f->from->meta.uuid);
	err = write_down(f, false);
	crash_point("copy-planned");
	return err;
}

/* What makes it another database. */
static struct err *identify(struct fork *f, struct engine *c)
{
	struct engine_run run = { 0 };
	struct err *err = session_open_unchecked(c, ENGINE_WRITES);

	if (!err)
		err = target_copy_adopt(c->target, f->from->cfg.url, told, c);
	crash_point("copy-adopted");
	if (!err)
		err = fork_identity(c, f->uuid, f->opt->to->own_branch, &run);
	crash_point("copy-identified");
	engine_run_release(&run);
	return err;
}

/* The ledger, and where it says that it is. */
static struct err *settle(struct fork *f)
{
	struct engine_identity id;
	struct engine *c;
	struct err *err = open_at(f, NULL, &c);

	if (!err)
		err = write_down(f, true);
	crash_point("copy-written");
	if (!err && *f->copy.source)
		err = f->from->store->ops->snapshots_share(
			f->from->store, f->copy.source, f->copy.uuid);
	if (!err)
		err = engine_accept(c, false, &id);
	engine_close(c);
	return err;
}

static struct err *make(struct fork *f, bool *made)
{
	const struct target_copy opt = {
		.url = f->opt->to->url,
		.base_dir = f->opt->to->base_dir,
		.timeout_ms = f->from->cfg.lock_timeout_ms,
		.waiting = waiting,
		.begins = begins,
		.payload = f,
	};
	struct engine *c = NULL;
	char *work = NULL;
	struct err *err = target_copy(f->from->target, &opt, &work);

	*made = work;
	if (err || !work)
		return err;
	err = open_at(f, work, &c);
	if (!err)
		err = identify(f, c);
	engine_close(c);
	if (!err)
		err = target_copy_end(f->from->target, &opt);
	else
		target_copy_clean(opt.url, opt.base_dir);
	free(work);
	return err;
}

/* It is the plain copy that this clone has begun to make there. */
static bool is_begun(struct fork *f, const struct engine *c,
		     struct engine_copy *was)
{
	return copy_read(f->from->store, f->from->cfg.target, f->opt->place,
			 &f->arena, was) &&
	       !was->made_at && streq(was->branch, f->opt->to->own_branch) &&
	       c->meta.present && streq(c->meta.uuid, was->source) &&
	       session_is_copy(c);
}

/* It got as far as to be one of its own. */
static bool is_named(struct fork *f, const struct engine *c,
		     struct engine_copy *was)
{
	return copy_read(f->from->store, f->from->cfg.target, f->opt->place,
			 &f->arena, was) &&
	       !was->made_at && streq(c->meta.uuid, was->uuid);
}

/* There is something: whole, or left by a run that was killed. */
static struct err *finish(struct fork *f, struct engine *c,
			  enum engine_fork_result *out)
{
	struct engine_copy was;
	struct err *err = NULL;

	*out = ENGINE_FORK_THERE;
	if (is_named(f, c, &was)) {
		f->copy = was;
		return settle(f);
	}
	if (!is_begun(f, c, &was))
		return NULL;
	*out = ENGINE_FORK_FINISHED;
	fill_in(f, was.source);
	f->copy.from = was.from;
	err = write_down(f, false);
	if (!err)
		err = identify(f, c);
	session_close(c);
	return err ? err : settle(f);
}

static struct err *refuse_protected(const struct engine *e)
{
	if (!e->cfg.is_protected && !e->meta.is_protected)
		return NULL;
	return err_hint(err_new(ERR_REFUSED,
				"target '%s' is protected: branches get no "
				"copies of it",
				e->cfg.target),
			"git config migrate.<target>.reconcile notify");
}

struct err *engine_is_there(struct engine *e, bool *out)
{
	struct err *err = session_open_unchecked(e, ENGINE_READS);

	*out = !err && e->target;
	session_close(e);
	return err;
}

static struct err *copy_from(struct fork *f, enum engine_fork_result *out)
{
	struct engine *e = f->from;
	bool made = false;
	struct err *err;

	e->will_write = true; /* whose it is has to be clear */
	err = session_open(e, ENGINE_READS);
	*out = ENGINE_FORK_NOTHING;
	if (err || !e->target)
		return err;
	err = refuse_protected(e);
	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (!err)
		err = make(f, &made);
	session_close(e);
	*out = made ? ENGINE_FORK_MADE : ENGINE_FORK_THERE;
	return err || !made ? err : settle(f);
}

struct err *engine_fork(struct engine *e, const struct engine_fork_options *opt,
			enum engine_fork_result *out)
{
	struct fork f = { .from = e, .opt = opt };
	struct engine *c = NULL;
	struct err *err = open_at(&f, NULL, &c);

	*out = ENGINE_FORK_THERE;
	if (!err)
		err = session_open_unchecked(c, ENGINE_READS);
	if (!err && c->target)
		err = finish(&f, c, out);
	else if (!err)
		err = copy_from(&f, out);
	engine_close(c);
	arena_release(&f.arena);
	return err;
}
