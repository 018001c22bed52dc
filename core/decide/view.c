#include <limits.h>
#include <stdlib.h>

#include "base/util.h"
#include "decide/plan.h"

/* Both sides while they are put together. */
struct joining {
	struct plan_view *v;
	const struct decide_state *states;
	size_t n_states;
	struct map by_name; /* known states */
	struct map by_blob; /* unclaimed item of the tree with that blob */
	size_t *next_twin;  /* per item: another with its blob, index + 1 */
	bool *claimed;      /* per state: belongs to an item */
};

const char *plan_state_name(enum plan_state s)
{
	static const char *const names[PLAN_STATE_COUNT] = {
		[PLAN_PENDING] = "pending",
		[PLAN_APPLIED] = "applied",
		[PLAN_MODIFIED] = "modified",
		[PLAN_APPLYING] = "applying",
		[PLAN_FAILED] = "failed",
		[PLAN_ROLLED_BACK] = "rolled_back",
		[PLAN_FOREIGN] = "foreign",
	};

	return s < PLAN_STATE_COUNT ? names[s] : "unknown";
}

static bool has_status(const struct decide_state *s, const char *status)
{
	return s && streq(s->status, status);
}

bool plan_item_is_open(const struct plan_item *item)
{
	return item->state == PLAN_PENDING || item->state == PLAN_FAILED ||
	       item->state == PLAN_ROLLED_BACK || item->state == PLAN_APPLYING;
}

bool plan_item_is_done(const struct plan_item *item)
{
	return has_status(item->known, "applied");
}

/* An applied name that the tree lost, or sqitch gave to a reworked change. */
static bool may_be_renamed(const struct joining *j,
			   const struct decide_state *known,
			   const struct migration *to)
{
	const struct migration *same = migration_find(j->v->set, known->name);
	size_t n = strlen(known->name);

	if (!same)
		return true;
	return !streq_null(same->blob, known->blob) &&
	       starts_with(to->name, known->name) && to->name[n] == '@';
}

/* Items that the database does not know, chained by blob in their order. */
static void index_blobs(struct joining *j)
{
	for (size_t i = j->v->n; i-- > 0;) {
		const struct plan_item *item = &j->v->items[i];
		const char *blob = item->migration->blob;

		if (!blob || map_has(&j->by_name, item->name))
			continue;
		j->next_twin[i] = map_put_number(&j->by_blob, blob, i + 1);
	}
}

static void claim(struct joining *j, size_t state, struct plan_item *item)
{
	item->known = &j->states[state];
	item->renamed_from = item->known->name;
	j->claimed[state] = true;
}

/* What has this status, and a blob that the tree has under another name. */
static void find_same_blobs(struct joining *j, const char *status)
{
	for (size_t s = 0; s < j->n_states; s++) {
		const struct decide_state *known = &j->states[s];
		struct plan_item *item;
		size_t i;

		if (!has_status(known, status) || !known->blob)
			continue;
		i = map_number(&j->by_blob, known->blob);
		if (!i)
			continue;
		item = &j->v->items[i - 1];
		if (!may_be_renamed(j, known, item->migration))
			continue;
		claim(j, s, item);
		map_put_number(&j->by_blob, known->blob, j->next_twin[i - 1]);
	}
}

static void find_renamed(struct joining *j)
{
	index_blobs(j);
	find_same_blobs(j, "applied");
	find_same_blobs(j, "rolled_back");
}

/* Behind the version: "users" of "20260101_users" and "V2__users". */
static const char *behind_version(const char *name)
{
	const char *p = name + (strchr("VUR", *name) != NULL);
	size_t n = strspn(p, "0123456789._-");

	return n ? p + n : name;
}

/* Items that the database does not know, chained by what is behind their
 * versions, in their order. */
static void index_words(struct joining *j, struct map *words, size_t *next)
{
	for (size_t i = j->v->n; i-- > 0;) {
		const struct plan_item *item = &j->v->items[i];

		if (!item->known && !item->migration->repeatable &&
		    !map_has(&j->by_name, item->name))
			next[i] = map_put_number(
				words, behind_version(item->name), i + 1);
	}
}

static bool may_have_moved(const struct joining *j, size_t state)
{
	const struct decide_state *known = &j->states[state];

	return !j->claimed[state] && !migration_find(j->v->set, known->name) &&
	       (has_status(known, "applied") ||
		has_status(known, "rolled_back"));
}

/*
 * A new version may come with other "depends" lines, and so with another
 * blob: then what stands behind the version is the same, and what runs is.
 */
static struct err *find_moved(struct joining *j, plan_substance_fn substance,
			      void *payload)
{
	size_t *next = xcalloc(j->v->n + 1, sizeof(*next));
	struct map words = MAP_INIT;
	struct err *e = NULL;

	index_words(j, &words, next);
	for (size_t s = 0; words.n && s < j->n_states && !e; s++) {
		const struct decide_state *known = &j->states[s];
		size_t i = may_have_moved(j, s)
				   ? map_number(&words,
						behind_version(known->name))
				   : 0;

		for (; i && !e && !j->claimed[s]; i = next[i - 1]) {
			struct plan_item *item = &j->v->items[i - 1];
			bool differs = true;

			if (!item->known)
				e = substance(payload, item->migration, known,
					      &differs);
			if (!e && !differs)
				claim(j, s, item);
		}
	}
	map_release(&words);
	free(next);
	return e;
}

static void find_known(struct joining *j)
{
	for (size_t i = 0; i < j->v->n; i++) {
		struct plan_item *item = &j->v->items[i];
		size_t s;

		if (item->known)
			continue;
		s = map_number(&j->by_name, item->name);
		if (!s || j->claimed[s - 1])
			continue;
		item->known = &j->states[s - 1];
		j->claimed[s - 1] = true;
	}
}

static struct err *judge(struct plan_item *item, plan_substance_fn substance,
			 void *payload)
{
	const struct decide_state *known = item->known;

	item->state = PLAN_PENDING;
	if (!known)
		return NULL;
	if (has_status(known, "failed"))
		item->state = PLAN_FAILED;
	else if (has_status(known, "rolled_back"))
		item->state = PLAN_ROLLED_BACK;
	else if (has_status(known, "applying"))
		item->state = PLAN_APPLYING;
	else if (streq_null(known->blob, item->migration->blob))
		item->state = PLAN_APPLIED;
	else if (item->migration->repeatable)
		item->rerun = true;
	else
		item->state = PLAN_MODIFIED;
	item->substance = item->state == PLAN_MODIFIED;
	if (item->substance && substance)
		return substance(payload, item->migration, known,
				 &item->substance);
	return NULL;
}

static int by_application(const void *a, const void *b)
{
	size_t x = ((const struct plan_item *)a)->known->applied_rank;
	size_t y = ((const struct plan_item *)b)->known->applied_rank;

	return (x > y) - (x < y);
}

static void add_foreign(struct joining *j)
{
	struct plan_view *v = j->v;
	size_t first = v->n;

	for (size_t s = 0; s < j->n_states; s++) {
		const struct decide_state *known = &j->states[s];

		if (j->claimed[s] || (!has_status(known, "applied") &&
				      !has_status(known, "applying")))
			continue;
		v->items[v->n++] = (struct plan_item){
			.state = PLAN_FOREIGN,
			.name = known->name,
			.known = known,
		};
	}
	if (v->n > first)
		qsort(v->items + first, v->n - first, sizeof(*v->items),
		      by_application);
}

/* Versions of foreign migrations count where versions sort at all. */
static bool sorts_before(const struct plan_view *v, const char *version,
			 const struct plan_item *foreign)
{
	return foreign && *version &&
	       migration_set_compare(v->set, version, foreign->known->version) <
		       0;
}

static const struct plan_item *last_foreign(const struct plan_view *v)
{
	const struct plan_item *last = NULL;

	for (size_t i = 0; i < v->n; i++) {
		const struct plan_item *item = &v->items[i];

		if (item->state != PLAN_FOREIGN || !plan_item_is_done(item) ||
		    !item->known->version || !*item->known->version)
			continue;
		if (!last || migration_set_compare(v->set, last->known->version,
						   item->known->version) < 0)
			last = item;
	}
	return last;
}

static void find_out_of_order(struct plan_view *v)
{
	const struct plan_item *foreign = last_foreign(v);
	const struct plan_item *last = NULL;

	for (size_t i = v->n; i-- > 0;) {
		struct plan_item *item = &v->items[i];

		if (!item->migration || item->migration->repeatable)
			continue;
		if (!last && plan_item_is_done(item))
			last = item;
		if (!plan_item_is_open(item))
			continue;
		if (last)
			item->out_of_order = last->name;
		if (sorts_before(v, item->migration->version, foreign) &&
		    (!last ||
		     sorts_before(v, last->migration->version, foreign)))
			item->out_of_order = foreign->name;
	}
}

static struct err *join(struct joining *j, plan_substance_fn substance,
			void *payload)
{
	struct plan_view *v = j->v;
	struct err *e = NULL;

	for (size_t s = 0; s < j->n_states; s++)
		map_put_number(&j->by_name, j->states[s].name, s + 1);
	find_renamed(j);
	find_known(j);
	if (substance)
		e = find_moved(j, substance, payload);
	for (size_t i = 0; i < v->n && !e; i++)
		e = judge(&v->items[i], substance, payload);
	if (e)
		return e;
	add_foreign(j);
	find_out_of_order(v);
	for (size_t i = 0; i < v->n; i++) {
		v->counts[v->items[i].state]++;
		map_put(&v->by_name, v->items[i].name, &v->items[i]);
	}
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].renamed_from &&
		    !map_has(&v->by_name, v->items[i].renamed_from))
			map_put(&v->by_name, v->items[i].renamed_from,
				&v->items[i]);
	return NULL;
}

struct err *plan_view_init(struct plan_view *out,
			   const struct migration_set *set,
			   const struct decide_state *states, size_t n_states,
			   plan_substance_fn substance, void *payload)
{
	struct joining j = { .v = out, .states = states, .n_states = n_states };
	struct err *e;

	memset(out, 0, sizeof(*out));
	out->set = set;
	out->items = arena_array(&out->arena, set->n + n_states + 1,
				 sizeof(*out->items));
	for (out->n = 0; out->n < set->n; out->n++) {
		out->items[out->n].migration = set->items[out->n];
		out->items[out->n].name = set->items[out->n]->name;
	}
	j.next_twin = xcalloc(set->n + 1, sizeof(*j.next_twin));
	j.claimed = xcalloc(n_states + 1, sizeof(*j.claimed));
	e = join(&j, substance, payload);
	map_release(&j.by_name);
	map_release(&j.by_blob);
	free(j.next_twin);
	free(j.claimed);
	return e;
}

void plan_view_release(struct plan_view *v)
{
	map_release(&v->by_name);
	arena_release(&v->arena);
	memset(v, 0, sizeof(*v));
}

bool plan_is_called(const char *name, const char *text)
{
	size_t n = strlen(name), len = strlen(text), i;

	if (!len || len >= n || !streq(name + n - len, text) ||
	    (name[n - len - 1] != '_' && name[n - len - 1] != '-'))
		return false;
	i = *name == 'V' || *name == 'U' || *name == 'R';
	return i + strspn(name + i, "0123456789._-") >= n - len;
}

const struct plan_item *plan_view_find(const struct plan_view *v,
				       const char *name)
{
	const struct plan_item *item = map_get(&v->by_name, name), *found;
	const struct migration *m;
	size_t hits = 0;

	if (item)
		return item;
	m = migration_resolve(v->set, name);
	if (m)
		return map_get(&v->by_name, m->name);
	found = NULL;
	for (size_t i = 0; i < v->n; i++) {
		const struct decide_state *known = v->items[i].known;

		if (v->items[i].state == PLAN_FOREIGN && known->version &&
		    *known->version &&
		    !migration_compare_versions(known->version, name)) {
			found = &v->items[i];
			hits++;
		}
	}
	for (size_t i = 0; i < v->n && !hits; i++)
		if (plan_is_called(v->items[i].name, name)) {
			if (found)
				return NULL;
			found = &v->items[i];
		}
	return hits > 1 ? NULL : found;
}
