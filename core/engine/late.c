#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay.h"
#include "engine/check_impl.h"
#include "migration/layout.h"

/*
 * A migration that was merged late sorts before some that the database has.
 * It may run when it commutes with each of those: then the database ends like
 * one that ran all in order. The same question, asked of everything before a
 * migration, tells what it depends on.
 */

struct late {
	const struct tree *tree;
	struct engine_check_options opt;
	struct engine_check out;
	struct check check;
	struct check_trees trees;
};

/* What a person waits for without having asked. */
static const struct replay_limits in_a_hurry = { .deadline_ms = 200,
						 .memory_bytes = 32 << 20 };

struct err *late_open(struct engine *e, const struct tree *tree,
		      enum late_use use, struct late **out)
{
	struct late *l = xcalloc(1, sizeof(*l));
	struct err *err;

	l->tree = tree;
	check_init(&l->check, e, &l->opt, &l->out);
	if (use & LATE_HURRY)
		l->check.limits = &in_a_hurry;
	err = check_applied_read(&l->check, &l->trees, tree, use);
	if (!err)
		err = check_trees_compare(&l->check, &l->trees);
	if (!err)
		err = check_effects(&l->check, &l->trees);
	if (err) {
		late_close(l);
		return err;
	}
	*out = l;
	return NULL;
}

void late_close(struct late *l)
{
	if (!l)
		return;
	check_trees_release(&l->trees);
	check_end(&l->check);
	engine_check_release(&l->out);
	free(l);
}

static const struct check_item *find(const struct late *l, const char *name)
{
	for (size_t i = 0; i < l->trees.ours.n_added; i++)
		if (streq(l->trees.ours.added[i].m->name, name))
			return &l->trees.ours.added[i];
	return NULL;
}

/* The name as the tree's own memory has it. */
static const char *name_in(const struct tree *tree, const char *name)
{
	const struct plan_item *item = plan_view_find(&tree->view, name);

	return item ? item->name : "another";
}

struct err *late_judge(struct late *l, const struct migration *m,
		       const char **with)
{
	struct check_trees *t = &l->trees;
	const struct check_item *item = find(l, m->name);

	*with = NULL;
	for (size_t i = t->n_common; i > 0; i--) {
		const struct migration *old = t->common[i - 1];
		const struct effects *effects;
		struct err *err;

		if (old->repeatable || (!t->merged.layout->own_order && item &&
					check_order(t, item->m, old) > 0))
			continue;
		if (item) {
			err = check_effects_of(&l->check, t, i - 1, &effects);
			if (err)
				return err;
			if (verdict_commute(&item->effects, effects))
				continue;
		}
		*with = name_in(l->tree, old->name);
		break;
	}
	return NULL;
}

/* NULL = nothing is known of it. */
static struct err *effects_of(struct late *l, const char *name,
			      const struct effects **out)
{
	const struct check_item *item = find(l, name);

	*out = item ? &item->effects : NULL;
	for (size_t i = 0; !item && i < l->trees.n_common; i++)
		if (streq(l->trees.common[i]->name, name))
			return check_effects_of(&l->check, &l->trees, i, out);
	return NULL;
}

struct err *late_commute(struct late *l, const char *a, const char *b,
			 bool *out)
{
	const struct effects *first = NULL, *second = NULL;
	struct err *err = effects_of(l, a, &first);

	if (!err)
		err = effects_of(l, b, &second);
	*out = !err && first && second && verdict_commute(first, second);
	return err;
}

static bool says(const struct migration *m, const char *name)
{
	for (size_t i = 0; m->depends && m->depends[i]; i++)
		if (streq(m->depends[i], name))
			return true;
	return false;
}

struct err *late_infer(struct late *l, const struct migration *m,
		       const char ***out)
{
	struct check_trees *t = &l->trees;
	const struct check_item *item = find(l, m->name);
	const char **names;
	struct err *err = NULL;
	size_t n = 0;

	*out = NULL;
	if (!item || t->limited)
		return NULL;
	names = arena_array(l->check.arena, t->n_common + t->ours.n_added + 1,
			    sizeof(*names));
	for (size_t i = 0; i < t->n_common && !err; i++) {
		const struct effects *effects;

		err = check_effects_of(&l->check, t, i, &effects);
		if (!err && !verdict_commute(&item->effects, effects) &&
		    !says(item->m, t->common[i]->name))
			names[n++] = t->common[i]->name;
	}
	for (const struct check_item *o = t->ours.added; o < item && !err; o++)
		if (!verdict_commute(&item->effects, &o->effects) &&
		    !says(item->m, o->m->name))
			names[n++] = o->m->name;
	if (n)
		*out = names;
	return err;
}
