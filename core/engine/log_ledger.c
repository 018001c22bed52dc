#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "engine/impl.h"

/*
 * The log without its database: a clone that has fetched a ledger can read
 * what happened from the commits alone (docs/ledger.md, trailers).
 */

struct reader {
	const char *name; /* NULL = all */
	size_t left;      /* 0 = no end */
	bool limited;
	struct err *(*fn)(void *payload, const struct engine_event *ev);
	void *payload;
};

/* Value of a trailer, in the arena; NULL when there is none. */
static const char *trailer(struct arena *a, const char *message,
			   const char *key)
{
	size_t n = strlen(key);

	for (const char *p = message; *p;) {
		size_t len = strcspn(p, "\n");

		if (len > n + 2 && !strncmp(p, key, n) &&
		    !strncmp(p + n, ": ", 2))
			return arena_strndup(a, p + n + 2, len - n - 2);
		p += len + (p[len] == '\n');
	}
	return NULL;
}

static int64_t number(struct arena *a, const char *message, const char *key)
{
	const char *text = trailer(a, message, key);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* The paragraph between the subject and the trailers, if there is one. */
static const char *description(struct arena *a, const char *message)
{
	const char *body = strstr(message, "\n\n"), *end;

	if (!body)
		return NULL;
	body += 2;
	end = strstr(body, "\n\n");
	return end ? arena_strndup(a, body, (size_t)(end - body)) : NULL;
}

static struct err *read_commit(void *payload,
			       const struct store_ledger_entry *c)
{
	struct reader *r = payload;
	struct engine_event ev = { 0 };
	struct arena a = ARENA_INIT;
	const char *date;
	char at[CLOCK_ISO_SIZE];
	struct err *err = NULL;

	ev.name = trailer(&a, c->message, "Migration");
	if ((r->name && !streq_null(ev.name, r->name)) ||
	    (r->limited && !r->left))
		goto done;
	ev.event = arena_strndup(&a, c->message, strcspn(c->message, " \n"));
	ev.commit = c->id.hex;
	ev.parent = *c->parent.hex ? c->parent.hex : NULL;
	ev.blob = trailer(&a, c->message, "Blob");
	ev.source_commit = trailer(&a, c->message, "Source");
	ev.snapshot = trailer(&a, c->message, "Snapshot");
	ev.schema = trailer(&a, c->message, "Schema");
	ev.shape = trailer(&a, c->message, "Shape");
	ev.seq = number(&a, c->message, "Event");
	ev.statements = number(&a, c->message, "Statements");
	ev.rows = number(&a, c->message, "Rows");
	ev.duration_ms = number(&a, c->message, "Duration-ms");
	ev.parked = number(&a, c->message, "Parked");
	ev.dirty = trailer(&a, c->message, "Dirty") != NULL;
	ev.out_of_order = trailer(&a, c->message, "Out-of-order") != NULL;
	ev.description = description(&a, c->message);
	ev.status = "done";
	if (!streq(c->author, c->committer))
		ident_split(&a, c->author, &ev.author, &date);
	ident_split(&a, c->committer, &ev.applied_by, &date);
	clock_iso(date ? strtoll(date, NULL, 10) : 0, at);
	ev.started_at = ev.finished_at = at;
	if (r->left)
		r->left--;
	err = r->fn(r->payload, &ev);
done:
	arena_release(&a);
	return err;
}

struct err *log_from_ledger(struct engine *e, const char *name, size_t max,
			    struct err *(*fn)(void *payload,
					      const struct engine_event *ev),
			    void *payload)
{
	struct reader r = { .name = name,
			    .left = max,
			    .limited = max != 0,
			    .fn = fn,
			    .payload = payload };
	struct store_id tip;
	char uuid[37] = "";
	struct err *err;

	if (!*e->cfg.target)
		return NULL;
	err = e->store->ops->ledger_of_target(e->store, e->cfg.target, uuid);
	if (err || !*uuid)
		return err;
	err = e->store->ops->ledger_tip(e->store, uuid, &tip);
	if (err || !*tip.hex)
		return err;
	session_note(e, ENGINE_NOTE,
		     "read from the ledger of database %s; the database itself "
		     "is not at hand",
		     uuid);
	return e->store->ops->ledger_walk(e->store, &tip, name ? 0 : max,
					  read_commit, &r);
}
