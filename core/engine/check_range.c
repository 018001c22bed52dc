#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"

/*
 * A step on one branch: everything that the old end has is there already, and
 * every merge in between is checked from its parents.
 */

static struct err *compare_step(struct check *c, const struct check_tip *from,
				const struct check_tip *to)
{
	struct check_merge m = {
		.ours = *to, .theirs = *from, .bases = &from->id, .n_bases = 1
	};
	struct check_trees t = { .linear = true };
	struct err *err = NULL;
	bool untouched = false, done = false;

	err = check_is_untouched(c, &from->id, to, from, false, &untouched);
	if (!err && !untouched)
		err = check_quick(c, &m, &done);
	if (err || untouched || done)
		return err;
	t.theirs = (struct check_side){ .name = "theirs",
					.ref = from->ref,
					.commit = from->id };
	err = check_read_bases(c, &t, &from->id, 1);
	if (!err)
		err = check_side_read(c, &t.ours, "ours", to->ref, &to->id);
	t.theirs.set.layout = t.ours.set.layout;
	t.theirs.dir = t.bases[0].dir;
	if (!err)
		err = check_compare(c, &t);
	check_trees_release(&t);
	return err;
}

static struct err *one_merge(void *payload, const struct store_id *id)
{
	struct check *c = payload;
	struct store *s = c->e->store;
	struct store_id *parents = NULL;
	size_t n = 0;
	struct err *err = s->ops->parents(s, id, &parents, &n);

	for (size_t i = 1; i < n && !err; i++) {
		struct check_merge m = { .both = true, .commit = *id };
		struct store_id *ids = NULL;

		/* an octopus: what the others bring is in none of the two */
		m.result = n == 2 ? CHECK_RESULT_COMMIT : CHECK_RESULT_NONE;
		m.ours.id = parents[0];
		m.ours.ref = arena_printf(c->arena, "%.12s^1", id->hex);
		m.theirs.id = parents[i];
		m.theirs.ref =
			arena_printf(c->arena, "%.12s^%zu", id->hex, i + 1);
		err = check_find_bases(c, &m, &ids);
		if (!err)
			err = check_compare_merge(c, &m);
		free(ids);
	}
	free(parents);
	return err;
}

struct err *check_range(struct check *c)
{
	struct store *s = c->e->store;
	struct check_tip from = { c->opt->from, { "" } };
	struct check_tip to = { c->opt->to, { "" } };
	struct check_merge shown;
	struct err *err = check_resolve(c, to.ref, &to.id);

	if (!err)
		err = check_resolve(c, from.ref, &from.id);
	if (err)
		return err;
	shown = (struct check_merge){ .ours = to, .theirs = from };
	check_tell_sides(c, &shown);
	c->out->report.base = c->out->report.theirs;
	err = compare_step(c, &from, &to);
	if (!err)
		err = s->ops->merges_between(s, &from.id, &to.id, one_merge, c);
	return err;
}
