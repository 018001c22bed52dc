#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"

/*
 * What one migration touches, on the schema that the ones before it in the
 * tree make. No database is needed.
 */

static bool is_before(const void *payload, const struct migration *m)
{
	return m->rank < *(const size_t *)payload;
}

static struct err *no_migration(const struct migration_set *set,
				const char *name)
{
	struct err *err =
		err_new(ERR_INPUT, "no migration '%s' in this tree", name);
	const char *near = NULL;
	unsigned best = UINT_MAX;

	for (size_t i = 0; i < set->n; i++)
		if (migration_is_nearer(name, set->items[i]->name, &best))
			near = set->items[i]->name;
	return near ? err_hintf(err, "did you mean %s?", near) : err;
}

/* The position of the one that is meant. */
static struct err *find(struct check *c, const struct store_id *commit,
			const char *name, struct migration **out,
			struct check_side *all)
{
	struct err *err = check_side_read(c, all, "ours", NULL, commit);

	*out = err ? NULL : migration_resolve(&all->set, name);
	if (!err && !*out)
		err = no_migration(&all->set, name);
	return err;
}

static void keep(struct engine_effects *out, const struct check_item *item)
{
	struct buf b = BUF_INIT;

	out->items = arena_array(&out->check.arena, item->effects.n + 1,
				 sizeof(*out->items));
	for (size_t i = 0; i < item->effects.n; i++) {
		const struct effect *e = &item->effects.items[i];
		struct engine_effect *o = &out->items[out->n++];

		buf_reset(&b);
		effect_describe_thing(&b, e);
		*o = (struct engine_effect){
			.line = e->line,
			.statement = e->statement,
			.action = effect_action_name(e->action),
			.kind = effect_kind_name(e->kind),
			.object = arena_strdup(&out->check.arena, buf_str(&b)),
			.aspect = e->aspect ? arena_strdup(&out->check.arena,
							   e->aspect)
					    : NULL,
			.why = e->why ? arena_strdup(&out->check.arena, e->why)
				      : NULL,
			.implied = e->implied,
			.conditional = e->conditional,
		};
		buf_reset(&b);
		effect_describe(&b, e);
		o->text = arena_strdup(&out->check.arena, buf_str(&b));
	}
	buf_release(&b);
}

/* Everything behind it is left out, on both sides. */
static struct err *judge(struct check *c, const struct store_id *commit,
			 struct migration *m, struct engine_effects *out)
{
	struct check_trees t;
	size_t rank = m->rank;
	const struct check_part part = { "base", NULL, is_before, &rank };
	struct err *err = check_part_read(c, &t, commit, &part);

	if (!err && t.ours.set.n > rank + 1) {
		for (size_t i = rank + 1; i < t.ours.set.n; i++)
			map_remove(&t.ours.set.by_name,
				   t.ours.set.items[i]->name);
		t.ours.set.n = rank + 1;
	}
	if (!err)
		err = check_trees_compare(c, &t);
	if (!err)
		err = check_effects(c, &t);
	if (!err && t.ours.n_added)
		keep(out, &t.ours.added[0]);
	check_trees_release(&t);
	return err;
}

struct err *engine_effects(struct engine *e, const char *name, const char *rev,
			   struct engine_effects *out)
{
	struct engine_check_options opt = { 0 };
	struct store_commit commit = { 0 };
	struct check_side all = { 0 };
	struct migration *m = NULL;
	struct check c;
	struct err *err;

	memset(out, 0, sizeof(*out));
	check_init(&c, e, &opt, &out->check);
	err = e->store->ops->resolve(e->store, rev, &commit);
	if (!err)
		err = find(&c, &commit.id, name, &m, &all);
	if (!err) {
		out->name = arena_strdup(c.arena, m->name);
		out->path = migration_path_in(c.arena, all.dir, m->path);
		err = judge(&c, &commit.id, m, out);
	}
	check_side_release(&all);
	store_commit_release(&commit);
	check_end(&c);
	return err;
}

void engine_effects_release(struct engine_effects *out)
{
	engine_check_release(&out->check);
	memset(out, 0, sizeof(*out));
}
