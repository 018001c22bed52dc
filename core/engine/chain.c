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

struct err *chain_read(struct chain *out, struct target *target,
		       const char *name)
{
	struct reading r = { .chain = out };
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = journal_log(target, name, 0, add_event, &r);
	free(r.reverted);
	return err;
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
