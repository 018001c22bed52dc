#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"

/* The journal, read backwards for one migration. */
struct reading {
	struct chain *chain;
	int64_t *reverted; /* taken back already */
	size_t n_reverted, cap_reverted;
	bool skipping;
	bool closed;
	int64_t until;  /* later events of that name are another one's */
	int64_t follow; /* it was renamed: its row under the name before */
};

static bool was_reverted(const struct reading *r, int64_t seq)
{
	for (size_t i = 0; i < r->n_reverted; i++)
		if (r->reverted[i] == seq)
			return true;
	return false;
}

/*
 * A migration is one "applied" event, behind any number of "applying" ones
 * when it ran without a transaction.
 */
static struct err *add_event(void *payload, const struct journal_event *ev)
{
	struct reading *r = payload;
	struct chain *c = r->chain;
	bool last = ev->status && streq(ev->status, "applied");

	if (ev->seq > r->until || r->follow)
		return NULL;
	if (streq(ev->event, "rename")) {
		r->follow = ev->reverts;
		if (!c->n && !c->renamed)
			c->renamed = ev->seq;
		return NULL;
	}
	if (streq(ev->event, "rollback")) {
		VEC_GROW(r->reverted, r->n_reverted, r->cap_reverted);
		r->reverted[r->n_reverted++] = ev->reverts;
		r->closed |= c->n > 0;
		return NULL;
	}
	if (!streq(ev->event, "apply"))
		return NULL;
	if (last)
		r->skipping = was_reverted(r, ev->seq);
	if (r->skipping)
		return NULL;
	if (c->n && (last || r->closed)) {
		r->closed = true;
		if (last && !c->previous) {
			c->previous = ev->seq;
			c->previous_blob = arena_strdup(&c->arena, ev->blob);
		}
		return NULL;
	}
	VEC_GROW(c->seqs, c->n, c->cap);
	c->seqs[c->n++] = ev->seq;
	return NULL;
}

/* An apply that goes by another name since is no run before this one. */
static struct err *drop_renamed(struct chain *c, struct target *t)
{
	bool renamed = false;
	struct err *err = NULL;

	if (c->previous)
		err = journal_is_renamed(t, c->previous, &renamed);
	if (renamed) {
		c->previous = 0;
		c->previous_blob = NULL;
	}
	return err;
}

struct err *chain_read(struct chain *out, struct target *target,
		       const char *name)
{
	struct reading r = { .chain = out, .until = INT64_MAX };
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = journal_log(target, name, 0, add_event, &r);
	while (!err && r.follow && !r.closed) {
		struct journal_event before;

		r.until = r.follow;
		r.follow = 0;
		err = journal_get(target, r.until, &out->arena, &before);
		if (!err)
			err = journal_log(target, before.name, 0, add_event,
					  &r);
	}
	if (!out->n)
		out->renamed = 0;
	free(r.reverted);
	return err ? err : drop_renamed(out, target);
}

void chain_release(struct chain *c)
{
	free(c->seqs);
	arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}

struct err *chain_delta(const struct chain *c, struct target *target,
			struct arena *a, struct schema_delta *out)
{
	struct err *err = NULL;

	for (size_t i = c->n; i-- > 0 && !err;) { /* oldest first */
		struct journal_event ev;
		struct schema_delta one;

		err = journal_get(target, c->seqs[i], a, &ev);
		if (!err)
			err = schema_delta_decode(&one, a, ev.delta,
						  ev.delta_len);
		if (err)
			break;
		schema_delta_join(out, &one);
		schema_delta_release(&one);
	}
	return err;
}
