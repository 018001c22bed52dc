#include "engine/impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"

void store_commit_release(struct store_commit *c)
{
	free(c->author);
	c->author = NULL;
}

struct err *engine_open(struct engine **out, struct store *store,
			const struct engine_config *cfg,
			const struct engine_observer *observer)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->store = store;
	e->cfg = *cfg;
	if (observer)
		e->obs = *observer;
	*out = e;
	return NULL;
}

void session_close(struct engine *e)
{
	if (e->target && e->locked)
		target_unlock(e->target);
	e->locked = e->is_copy = e->is_other = false;
	target_close(e->target);
	e->target = NULL;
	journal_meta_release(&e->meta);
	memset(&e->meta, 0, sizeof(e->meta));
	free(e->location);
	e->location = NULL;
}

void engine_close(struct engine *e)
{
	if (!e)
		return;
	session_close(e);
	arena_release(&e->arena);
	free(e);
}

void session_note(struct engine *e, enum engine_note_level level,
		  const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	if (!e->obs.note)
		return;
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	e->obs.note(e->obs.payload, level, buf_str(&b));
	buf_release(&b);
}

/* "file <id> <host> <path>" or "postgresql <id> <host:port> <name>", cut into its parts; "" where there is none. */
struct place {
	char id[64], path[4200];
};

static void parse_place(const char *location, struct place *out)
{
	char host[300];

	memset(out, 0, sizeof(*out));
	if (location)
		sscanf(location, "%*s %63s %299s %4199[^\n]", out->id, host,
		       out->path);
}

/*
 * The same file under another name was moved; another file under the same
 * name was restored there. A different file in a different place, with a
 * journal that says it lives elsewhere, is a copy.
 */
static bool is_copy(const char *recorded, const char *now)
{
	struct place was, is;

	parse_place(recorded, &was);
	parse_place(now, &is);
	if (!*was.id || !*is.id)
		return false;
	return !streq(was.id, is.id) && !streq(was.path, is.path);
}

bool session_is_copy(const struct engine *e)
{
	return e->target && e->meta.present &&
	       is_copy(e->meta.location, e->location);
}

static struct err *refuse_copy(struct engine *e, enum engine_access access)
{
	struct place was;

	if (!session_is_copy(e))
		return NULL;
	parse_place(e->meta.location, &was);
	e->is_copy = true;
	if (access == ENGINE_READS && !e->will_write) {
		session_note(e, ENGINE_WARNING,
			     "this database is a copy of %s; say whose it is "
			     "with 'git migrate target accept'",
			     was.path);
		return NULL;
	}
	return err_hint(
		err_new(ERR_REFUSED,
			"database %s of target '%s' is a copy of the one at %s",
			e->meta.uuid, e->cfg.target, was.path),
		"git migrate target accept --fork (it goes its own way) or "
		"--same (it was moved here)");
}

static struct err *refuse_other(struct engine *e, enum engine_access access)
{
	const char *now = !e->target        ? "no database at all"
			  : e->meta.present ? e->meta.uuid
					    : "a database without a journal";
	char last[37] = "";
	struct err *err;

	if (!*e->cfg.target || e->cfg.url_is_per_tree)
		return NULL;
	err = e->store->ops->ledger_of_target(e->store, e->cfg.target, last);
	if (err || !*last || streq(last, e->meta.uuid))
		return err;
	e->is_other = true;
	if (access == ENGINE_READS && !e->will_write && !e->meta.present) {
		session_note(e, ENGINE_WARNING,
			     "target '%s' had database %s, but what answers "
			     "now is %s",
			     e->cfg.target, last, now);
		return NULL;
	}
	return err_hintf(
		err_new(ERR_REFUSED,
			"target '%s' had database %s, but what answers now is "
			"%s",
			e->cfg.target, last, now),
		"if that is meant: git migrate -t %s target accept --same",
		e->cfg.target);
}

static void waiting(void *payload, const char *who)
{
	session_note(payload, ENGINE_HINT, "waiting for another run: %s", who);
}

/* What the server tells about a migration's statements. */
static void notice(void *payload, const char *severity, const char *text)
{
	session_note(payload, ENGINE_NOTE, "%s: %s", severity, text);
}

static struct err *check_dialect(struct engine *e)
{
	if (e->target->ops->dialect == e->cfg.dialect)
		return NULL;
	return err_hint(
		err_new(ERR_INPUT,
			"the URL is of a %s database, but migrate.dialect is "
			"%s",
			sql_dialect_name(e->target->ops->dialect),
			sql_dialect_name(e->cfg.dialect)),
		"set migrate.dialect, or choose another target with -t");
}

struct err *session_open_unchecked(struct engine *e, enum engine_access access)
{
	struct target_options opt = {
		.base_dir = e->cfg.base_dir,
		.create = access == ENGINE_WRITES,
		.foreign_keys = e->cfg.foreign_keys,
		.lock_timeout_ms = e->cfg.lock_timeout_ms,
		.journal = e->cfg.journal,
		.notice = notice,
		.notice_payload = e,
		.missing_ok = e->cfg.copied,
	};
	struct buf b = BUF_INIT;
	struct err *err = NULL;

	if (!e->target || access == ENGINE_READS) {
		session_close(e);
		err = target_open(&e->target, e->cfg.url, &opt);
	}
	if (err || !e->target)
		return err;
	err = check_dialect(e);
	if (!err && access == ENGINE_WRITES) {
		err = target_lock(e->target, e->cfg.lock_timeout_ms, waiting,
				  e);
		e->locked = !err;
	}
	journal_meta_release(&e->meta);
	free(e->location);
	if (!err)
		err = journal_meta_read(e->target, &e->meta);
	target_location(e->target, &b);
	e->location = buf_detach(&b);
	return err;
}

/* Where each branch has its own: it is this branch's, or not there yet. */
static struct err *refuse_other_branch(struct engine *e,
				       enum engine_access access)
{
	const char *own = e->cfg.own_branch;

	if (!own || (!e->target && (!e->cfg.copied || access == ENGINE_READS)))
		return NULL;
	if (!e->target)
		return err_hintf(err_new(ERR_REFUSED,
					 "branch '%s' has no database of its "
					 "own yet",
					 own),
				 "git migrate reconcile -t %s makes it, a copy "
				 "of the one of the branch that it forked from",
				 e->cfg.target);
	if (e->meta.branch && streq(e->meta.branch, own))
		return NULL;
	if (session_is_copy(e))
		return err_hintf(
			err_new(ERR_REFUSED,
				"the database of branch '%s' is a copy "
				"that was not finished",
				own),
			"git migrate reconcile -t %s finishes it",
			e->cfg.target);
	if (!e->meta.branch && !e->cfg.copied)
		return NULL;
	return err_hint(
		e->meta.branch
			? err_new(ERR_REFUSED,
				  "the database of branch '%s' is that of "
				  "branch '%s', whose name gives the same url",
				  own, e->meta.branch)
			: err_new(ERR_REFUSED,
				  "what is where the database of branch '%s' "
				  "would be was not made for it",
				  own),
		"rename the branch, or move that database away");
}

struct err *session_open(struct engine *e, enum engine_access access)
{
	struct err *err = NULL;

	if (access == ENGINE_WRITES && !e->target) {
		/* no file is made in place of one that is missed */
		err = session_open_unchecked(e, ENGINE_READS);
		if (!err && !e->target)
			err = refuse_other(e, access);
		if (!err && !e->target)
			err = refuse_other_branch(e, access);
	}
	if (!err)
		err = session_open_unchecked(e, access);
	if (!err)
		err = refuse_other(e, access);
	if (!err)
		err = refuse_other_branch(e, access);
	if (!err && e->target)
		err = refuse_copy(e, access);
	return err;
}

struct err *session_identity(struct engine *e, struct engine_identity *out)
{
	struct journal_event tip;
	struct arena a = ARENA_INIT;
	struct err *err = NULL;

	memset(out, 0, sizeof(*out));
	out->is_protected = e->cfg.is_protected;
	if (!e->target || !e->meta.present)
		return NULL;
	snprintf(out->uuid, sizeof(out->uuid), "%s", e->meta.uuid);
	out->is_protected |= e->meta.is_protected;
	err = journal_tip(e->target, &a, &tip);
	if (!err && tip.seq) {
		snprintf(out->ledger, sizeof(out->ledger), "%s", tip.commit);
		snprintf(out->schema, sizeof(out->schema), "%s",
			 tip.schema_id ? tip.schema_id : "");
		snprintf(out->shape, sizeof(out->shape), "%s",
			 tip.shape_id ? tip.shape_id : "");
	}
	arena_release(&a);
	return err;
}

struct err *engine_identify(struct engine *e, struct engine_identity *out)
{
	struct err *err = session_open_unchecked(e, ENGINE_READS);

	return err ? err : session_identity(e, out);
}

const char *engine_state_name(enum engine_state s)
{
	switch (s) {
	case STATE_APPLIED:
	case STATE_EDITED:
		return "applied";
	case STATE_PENDING:
		return "pending";
	case STATE_FAILED:
		return "failed";
	case STATE_ROLLED_BACK:
		return "rolled_back";
	case STATE_FOREIGN:
		return "foreign";
	case STATE_MODIFIED:
		return "modified";
	case STATE_UNCOMMITTED:
		return "uncommitted";
	case STATE_COUNT:
		break;
	}
	return "unknown";
}
