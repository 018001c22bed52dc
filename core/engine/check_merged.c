#include <string.h>

#include "base/util.h"
#include "decide/order.h"
#include "engine/check_impl.h"

/* The merged set as a whole: dependencies, and what a person made of it. */

static bool missing(struct check *c, struct check_trees *t,
		    const struct check_item *a)
{
	bool any = false;

	for (size_t i = 0; a->m->depends && a->m->depends[i]; i++) {
		struct check_place p =
			check_place_of(a->side, a->m, a->m->depends_line[i]);

		if (migration_find(&t->merged, a->m->depends[i]))
			continue;
		any = true;
		check_add(c,
			  &(struct check_words){
				  .rule = GM107_MISSING,
				  .level = FINDING_ERROR,
				  .places = &p,
				  .n = 1,
				  .hint = "add the migration that it needs, or "
					  "take the line "
					  "out",
				  .message = arena_printf(
					  c->arena,
					  "%s depends on %s, which the merge "
					  "result does not have",
					  a->m->name, a->m->depends[i]) });
	}
	return any;
}

static void cycle(struct check *c, struct check_trees *t)
{
	struct err *err = decide_order(&t->merged, NULL, NULL);
	struct check_place places[16];
	size_t n = 0;

	if (!err)
		return;
	for (size_t k = 0; k < 2; k++) {
		const struct check_side *s = k ? &t->theirs : &t->ours;

		for (size_t i = 0; i < s->n_added && n < ARRAY_LEN(places); i++)
			if (strstr(err_text(err), s->added[i].m->name))
				places[n++] =
					check_place_of(s, s->added[i].m, 0);
	}
	check_add(c, &(struct check_words){
			     .rule = GM108_CYCLE,
			     .level = FINDING_ERROR,
			     .places = places,
			     .n = n,
			     .hint = "take one of these dependencies out",
			     .message = err_text(err) });
	err_free(err);
}

static void dependencies(struct check *c, struct check_trees *t)
{
	struct check_side *sides[] = { &t->ours, &t->theirs };
	bool any = false;

	for (size_t k = 0; k < ARRAY_LEN(sides); k++) {
		struct check_side *s = sides[k];

		for (size_t i = 0; i < s->n_added; i++)
			any |= missing(c, t, &s->added[i]);
		for (size_t i = 0; i < s->n_edited; i++)
			any |= missing(c, t, &s->edited[i]);
	}
	if (!any)
		cycle(c, t);
}

/* --- the result of a merge that somebody has edited --- */

static void judge_result(struct check *c, struct check_trees *t)
{
	for (size_t i = 0; i < t->merged.n; i++) {
		const struct migration *m = t->merged.items[i];
		const struct check_side *s = &t->ours;
		struct check_place p;

		if (migration_find(&t->result.set, m->name))
			continue;
		if (migration_find(&s->set, m->name) != m)
			s = migration_find(&t->theirs.set, m->name) == m
				    ? &t->theirs
				    : &t->bases[0];
		p = check_place_of(s, m, 0);
		check_add(c,
			  &(struct check_words){
				  .rule = GM102_REMOVED,
				  .level = FINDING_ERROR,
				  .places = &p,
				  .n = 1,
				  .hint = arena_printf(
					  c->arena, "git checkout %.12s -- %s",
					  s->commit.hex,
					  migration_path_in(c->arena, s->dir,
							    m->path)),
				  .message = arena_printf(
					  c->arena,
					  "%s is missing in the merge result",
					  m->name) });
	}
}

void check_merged(struct check *c, struct check_trees *t)
{
	dependencies(c, t);
	if (t->has_result)
		judge_result(c, t);
}
