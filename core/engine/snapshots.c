#include "engine/snapshots.h"

#include <stdio.h>
#include <unistd.h>

#include "base/util.h"
#include "engine/impl.h"
#include "engine/stored_impl.h"
#include "target/journal_store.h"

static const struct snapshot_place *const places[] = {
	&snapshots_in_clone,
	&snapshots_in_database,
	&snapshots_in_remote,
};

const char *engine_store_host(const char *stored, size_t *len)
{
	const char *at = strrchr(stored, '@');

	*len = at ? (size_t)(at - stored) : strlen(stored);
	return at ? at + 1 : NULL;
}

/* As the configuration has it, or history: with a host behind it. */
static const struct snapshot_place *find(const char *name)
{
	size_t len, n = strcspn(name, ":@");

	engine_store_host(name, &len);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (strlen(places[i]->name) == n &&
		    !strncmp(places[i]->name, name, n) &&
		    (places[i]->is_named ? name[n] == ':' && n + 1 < len
					 : n == len))
			return places[i];
	return NULL;
}

const char *snapshot_remote_name(const char *store)
{
	static const char prefix[] = "remote:";

	return store && starts_with(store, prefix) ? store + strlen(prefix)
						   : NULL;
}

/* It becomes an argument of git, and part of a key. */
static bool is_remote_name(const char *name)
{
	if (!name)
		return true;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 127 || *p == '@')
			return false;
	return *name && *name != '-';
}

bool engine_has_snapshot_store(const char *name)
{
	return find(name) && is_remote_name(snapshot_remote_name(name)) &&
	       !strchr(name, '@');
}

static bool is_protected(const struct engine *e)
{
	return e->cfg.is_protected || e->meta.is_protected;
}

/* What is said, else what others can reach where others depend on it. */
static const struct snapshot_place *choose(const struct engine *e)
{
	const struct snapshot_place *p =
		e->cfg.snapshot_store ? find(e->cfg.snapshot_store) : NULL;

	if (p)
		return p;
	return is_protected(e) ? &snapshots_in_database : &snapshots_in_clone;
}

struct err *snapshot_writer_open(struct engine *e, bool parks,
				 struct snapshot_writer **out)
{
	const struct snapshot_place *p = choose(e);
	struct err *err = p->writer_open(e, out);

	if (err)
		return err;
	(*out)->place = p;
	(*out)->engine = e;
	(*out)->parks = parks;
	return NULL;
}

const char *snapshot_writer_store(const struct snapshot_writer *w)
{
	struct engine *e = w->engine;
	char host[256] = "";

	if (!w->place->has_host)
		return w->place->name;
	if (!e->stored_as) {
		gethostname(host, sizeof(host) - 1);
		e->stored_as =
			arena_printf(&e->arena, "%s@%s",
				     w->place->is_named ? e->cfg.snapshot_store
							: w->place->name,
				     host);
	}
	return e->stored_as;
}

/* There is something to keep, and it would be kept where nobody finds it. */
static struct err *refuse_clone(const struct snapshot_writer *w)
{
	const struct engine *e = w->engine;
	const char *target = *e->cfg.target ? e->cfg.target : "<target>";
	const char *what = w->parks ? "the rollback sets data aside"
				    : "the migration destroys data";
	const char * or = w->parks
				  ? ""
				  : ", or apply --no-snapshot, which makes the "
				    "migration irreversible";
	struct err *err;

	if (!w->place->in_clone || !(e->cfg.is_ci || is_protected(e)))
		return NULL;
	if (is_protected(e))
		err = err_new(ERR_REFUSED,
			      "%s, and the target is protected: a snapshot in "
			      "this clone would be the only one",
			      what);
	else
		err = err_new(ERR_REFUSED,
			      "%s, and CI is set: a snapshot in this clone "
			      "would be gone with it",
			      what);
	return err_hintf(err,
			 "migrate.%s.snapshotStore = database keeps snapshots "
			 "in the database, remote:<name> in a git remote%s",
			 target, or);
}

struct err *snapshot_writer_file(struct snapshot_writer *w, const char *path)
{
	struct err *err = refuse_clone(w);

	return err ? err : w->place->file(w, path);
}

struct err *snapshot_writer_chunk(struct snapshot_writer *w, const void *data,
				  size_t len)
{
	return w->place->chunk(w, data, len);
}

struct err *snapshot_writer_event(struct snapshot_writer *w,
				  struct store_id *out)
{
	return w->place->event(w, out);
}

struct err *snapshot_writer_drop(struct snapshot_writer *w)
{
	return w->place->drop(w);
}

struct err *snapshot_writer_durable(struct snapshot_writer *w, const char *key)
{
	return w->place->durable(w, key);
}

struct err *snapshot_writer_promote(struct snapshot_writer *w)
{
	return w->place->promote(w);
}

void snapshot_writer_abandon(struct snapshot_writer *w)
{
	if (w && w->place->abandon) /* else the next run settles it */
		err_free(w->place->abandon(w));
	snapshot_writer_close(w);
}

void snapshot_writer_close(struct snapshot_writer *w)
{
	if (w)
		w->place->writer_close(w);
}

struct err *snapshot_source_open(struct engine *e, const char *store,
				 const char *id, const char *only,
				 struct snapshot_source **out)
{
	const struct snapshot_place *p =
		store ? find(store) : &snapshots_in_clone;
	struct store_id full;
	struct err *err;

	*out = NULL;
	if (!p)
		return err_hint(err_new(ERR_REFUSED,
					"snapshot %s is kept in '%s', which "
					"this git-migrate does not know",
					id, store),
				"upgrade git-migrate");
	snprintf(full.hex, sizeof(full.hex), "%s", id);
	err = p->source_open(e, &full, only, out);
	if (err)
		return err;
	(*out)->place = p;
	(*out)->engine = e;
	return NULL;
}

/* Nobody else has it, or somebody has: who made it, where and when. */
static struct err *explain(const struct journal_event *ev, struct err *why)
{
	size_t len = 0;
	const char *host = ev->snapshot_store
				   ? engine_store_host(ev->snapshot_store, &len)
				   : NULL;
	struct err *err;

	err = err_new(ERR_REFUSED, "the snapshot of %s, taken %s by %s%s%s: %s",
		      ev->name, ev->finished_at, ev->applied_by,
		      host ? " on " : "", host ? host : "", err_text(why));
	err_free(why);
	if (ev->snapshot_store && snapshot_remote_name(ev->snapshot_store))
		return err_hintf(err, "git migrate snapshot fetch %s",
				 ev->name);
	return err_hintf(err,
			 "roll back in the clone that made it; or there 'git "
			 "migrate snapshot push %s', and here 'git migrate "
			 "snapshot fetch %s'; migrate.<target>.snapshotStore = "
			 "database keeps snapshots where every clone has them",
			 ev->name, ev->name);
}

struct end {
	const struct journal_event *of;
	char at[32], by[256]; /* "" = there was none */
};

static struct err *take_end(void *payload, const struct journal_event *ev)
{
	struct end *end = payload;

	if (ev->seq < end->of->seq || !streq(ev->snapshot, end->of->snapshot))
		return NULL;
	*end = (struct end){ .of = end->of };
	if (!streq(ev->event, STORED_PRUNED))
		return NULL;
	snprintf(end->at, sizeof(end->at), "%s", ev->finished_at);
	snprintf(end->by, sizeof(end->by), "%s", ev->applied_by);
	return NULL;
}

static struct err *pruned(const struct journal_event *ev, const struct end *end)
{
	return err_hint(err_new(ERR_REFUSED,
				"the snapshot of %s, taken %s by %s, was "
				"pruned %s by %s",
				ev->name, ev->finished_at, ev->applied_by,
				end->at, end->by),
			"what it destroyed is gone; write a migration that "
			"undoes it");
}

struct err *snapshot_is_pruned(struct engine *e, const struct journal_event *ev,
			       bool *out)
{
	struct end end = { .of = ev };
	struct err *err = journal_snapshot_events(e->target, take_end, &end);

	*out = *end.at != '\0';
	return err;
}

struct err *snapshot_source_of(struct engine *e, const struct journal_event *ev,
			       struct snapshot_source **out)
{
	struct end end = { .of = ev };
	struct err *err, *failed;

	err = snapshot_source_open(e, ev->snapshot_store, ev->snapshot, NULL,
				   out);
	if (!err)
		return NULL;
	failed = journal_snapshot_events(e->target, take_end, &end);
	if (failed || *end.at) {
		err_free(err);
		return failed ? failed : pruned(ev, &end);
	}
	if (err_class_of(err) == ERR_REFUSED)
		return err_hint_of(err) ? err : explain(ev, err);
	return err_wrap(err, "the snapshot of %s, taken %s by %s", ev->name,
			ev->finished_at, ev->applied_by);
}

struct err *snapshot_source_files(struct snapshot_source *s,
				  void (*fn)(void *payload, const char *path),
				  void *payload)
{
	return s->place->source_files(s, fn, payload);
}

static struct err *in_file(void *payload, const char *path)
{
	struct snapshot_source *s = payload;

	return s->place->source_file(s, path);
}

static struct err *in_chunk(void *payload, const char **data, size_t *len)
{
	struct snapshot_source *s = payload;

	return s->place->source_chunk(s, data, len);
}

void snapshot_source_in(struct snapshot_source *s, struct snapshot_in *out)
{
	*out = (struct snapshot_in){ s, in_file, in_chunk };
}

void snapshot_source_close(struct snapshot_source *s)
{
	if (s)
		s->place->source_close(s);
}
