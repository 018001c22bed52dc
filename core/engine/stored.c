#include "engine/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"
#include "engine/rename.h"
#include "engine/stored_impl.h"
#include "target/journal_store.h"

/* Which snapshots there are, what they weigh, and who would miss them. */

void engine_snapshots_release(struct engine_snapshots *s)
{
	free(s->items);
	arena_release(&s->arena);
	memset(s, 0, sizeof(*s));
}

static char *keep(struct engine_snapshots *s, const char *text)
{
	return text ? arena_strdup(&s->arena, text) : NULL;
}

/* An event's end is told after it: those before it are gone, a later one
 * that took the same again is not. */
static void take_end(struct engine_snapshots *s, const struct journal_event *ev)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(s->items[i].id, ev->snapshot))
			s->items[i].pruned_at = keep(s, ev->finished_at);
}

static struct err *take_event(void *payload, const struct journal_event *ev)
{
	struct engine_snapshots *s = payload;
	struct engine_snapshot *out;
	size_t len;
	const char *store = ev->snapshot_store ? ev->snapshot_store : "clone";
	const char *host = engine_store_host(store, &len);

	if (streq(ev->event, STORED_PRUNED)) {
		take_end(s, ev);
		return NULL;
	}
	VEC_GROW(s->items, s->n, s->cap);
	out = &s->items[s->n++];
	*out = (struct engine_snapshot){
		.id = keep(s, ev->snapshot),
		.seq = ev->seq,
		.event = keep(s, ev->event),
		.name = keep(s, ev->name),
		.taken_at = keep(s, ev->finished_at),
		.taken_by = keep(s, ev->applied_by),
		.store = arena_strndup(&s->arena, store, len),
		.host = keep(s, host),
		.bytes = -1,
		.alone = -1,
	};
	return NULL;
}

/* Each id once, with the numbers of those who have it. */
struct ids {
	struct store_weight *list;
	size_t n;
	struct map index; /* id -> place in the list + 1 */
};

static bool in_database(const struct engine_snapshot *s)
{
	return streq(s->store, snapshots_in_database.name);
}

static void collect(const struct engine_snapshots *s, struct ids *out)
{
	out->list = xcalloc(s->n + 1, sizeof(*out->list));
	for (size_t i = 0; i < s->n; i++) {
		const struct engine_snapshot *one = &s->items[i];

		if (in_database(one) || map_number(&out->index, one->id))
			continue;
		snprintf(out->list[out->n].id.hex,
			 sizeof(out->list[out->n].id.hex), "%s", one->id);
		map_put_number(&out->index, one->id, ++out->n);
	}
}

static struct err *weigh_clone(struct engine *e, struct engine_snapshots *s)
{
	struct ids ids = { .index = MAP_INIT };
	struct err *err = NULL;

	collect(s, &ids);
	if (ids.n)
		err = e->store->ops->snapshots_weigh(e->store, e->meta.uuid,
						     ids.list, ids.n);
	for (size_t i = 0; i < s->n && !err; i++) {
		struct engine_snapshot *one = &s->items[i];
		size_t at = map_number(&ids.index, one->id);
		const struct store_weight *w = at ? &ids.list[at - 1] : NULL;

		if (!w || !w->here || in_database(one))
			continue;
		one->here = true;
		one->damaged = w->damaged;
		one->bytes = w->bytes;
		one->alone = w->alone;
	}
	map_release(&ids.index);
	free(ids.list);
	return err;
}

/* "<uuid>/<from>-<to>": the events of a group. What is not here although it is
 * named was lost. */
struct naming {
	const char *uuid;
	struct engine_snapshots *all;
};

static void take_key(void *payload, const char *key)
{
	const struct naming *n = payload;
	size_t len = strlen(n->uuid);
	long long from, to;
	char *end;

	if (strncmp(key, n->uuid, len) != 0 || key[len] != '/')
		return;
	from = strtoll(key + len + 1, &end, 10);
	if (*end != '-')
		return;
	to = strtoll(end + 1, &end, 10);
	if (*end)
		return;
	for (size_t i = 0; i < n->all->n; i++) {
		struct engine_snapshot *one = &n->all->items[i];

		one->lost |= !one->here && !one->pruned_at &&
			     !in_database(one) && one->seq >= from &&
			     one->seq <= to;
	}
}

static struct err *take_weight(void *payload, const struct journal_weight *w)
{
	struct engine_snapshots *s = payload;

	for (size_t i = 0; i < s->n; i++) {
		struct engine_snapshot *one = &s->items[i];

		if (!in_database(one) || !streq(one->id, w->id))
			continue;
		one->here = true;
		one->bytes = w->bytes;
		one->alone = w->alone;
	}
	return NULL;
}

static void mark_chain(struct engine_snapshots *s, const struct chain *chain,
		       size_t number)
{
	for (size_t c = 0; c < chain->n; c++)
		for (size_t i = 0; i < s->n; i++)
			if (s->items[i].seq == chain->seqs[c]) {
				s->items[i].needed = true;
				s->items[i].chain = number;
			}
}

/* The events that make up what is applied. */
static struct err *mark_needed(struct engine *e, struct engine_snapshots *s)
{
	struct map names = MAP_INIT;
	struct err *err = NULL;
	size_t number = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].name && streq(s->items[i].event, "apply"))
			map_put(&names, s->items[i].name, s);
	map_each (&names, name) {
		struct chain chain;

		if (err)
			break;
		err = chain_read(&chain, e->target, name->key);
		mark_chain(s, &chain, ++number);
		chain_release(&chain);
	}
	map_release(&names);
	return err;
}

struct err *stored_open(struct engine *e)
{
	struct err *err = session_open(e, ENGINE_READS);

	if (err)
		return err;
	if (!e->target || !e->meta.present)
		return err_hint(err_new(ERR_REFUSED,
					"no snapshots: target '%s' has no "
					"journal",
					e->cfg.target),
				"git migrate apply");
	return NULL;
}

/* They are asked for, and told, by the names that migrations have now. */
static struct err *follow_names(struct engine *e, struct engine_snapshots *s)
{
	struct rename_list renames;
	struct err *err = rename_list_read(&renames, e->target);

	for (size_t i = 0; i < s->n && !err && renames.n; i++) {
		struct engine_snapshot *one = &s->items[i];
		const char *now =
			one->name
				? rename_list_now(&renames, one->name, one->seq)
				: NULL;

		if (now && now != one->name)
			one->name = keep(s, now);
	}
	rename_list_release(&renames);
	return err;
}

struct err *stored_events(struct engine *e, struct engine_snapshots *out)
{
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = journal_snapshot_events(e->target, take_event, out);
	if (!err)
		err = follow_names(e, out);
	return err ? err : mark_needed(e, out);
}

struct err *stored_weigh(struct engine *e, struct engine_snapshots *s)
{
	struct naming naming = { e->meta.uuid, s };
	struct err *err = weigh_clone(e, s);

	if (!err)
		err = e->store->ops->snapshots_keys(e->store, take_key,
						    &naming);
	if (!err)
		err = journal_snapshot_weights(e->target, take_weight, s);
	return err;
}

struct err *engine_snapshots(struct engine *e, struct engine_snapshots *out)
{
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = stored_open(e);
	if (!err)
		err = stored_events(e, out);
	return err ? err : stored_weigh(e, out);
}

/* Hex digits enough to mean an id, and it begins like that. */
static bool begins(const char *id, const char *typed)
{
	size_t n = strlen(typed);

	return n >= 4 && strspn(typed, "0123456789abcdef") == n &&
	       !strncmp(id, typed, n);
}

/* The newest of that name; one that a rollback needs before any other. */
static const struct engine_snapshot *by_name(const struct engine_snapshots *s,
					     const char *typed, bool exact)
{
	const struct engine_snapshot *found = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct engine_snapshot *one = &s->items[i];

		if (!one->name || (exact ? !streq(one->name, typed)
					 : !plan_is_called(one->name, typed)))
			continue;
		if (!found || one->needed || !found->needed)
			found = one;
	}
	return found;
}

struct err *stored_find(const struct engine_snapshots *s, const char *typed,
			const struct engine_snapshot **out)
{
	const struct engine_snapshot *found = by_name(s, typed, true);

	for (size_t i = 0; i < s->n && !found; i++) {
		const struct engine_snapshot *one = &s->items[i];

		if (!begins(one->id, typed))
			continue;
		for (size_t k = i + 1; k < s->n; k++)
			if (begins(s->items[k].id, typed) &&
			    !streq(s->items[k].id, one->id))
				return err_new(ERR_INPUT,
					       "snapshot '%s' is ambiguous",
					       typed);
		found = one;
	}
	if (!found)
		found = by_name(s, typed, false);
	*out = found;
	return found ? NULL
		     : err_hint(
			       err_new(ERR_INPUT, "no snapshot of '%s'", typed),
			       "git migrate snapshot list tells which there "
			       "are");
}
