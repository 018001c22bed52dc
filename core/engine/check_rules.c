#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "decide/order.h"
#include "engine/check_impl.h"
#include "migration/layout.h"

/* What sides and verdicts amount to: one function for each rule. */

const struct finding_rule check_rules[] = {
	[GM101_EDITED] = { "GM101", "edited",
			   "A migration that the merge base had was changed.",
			   FINDING_ERROR },
	[GM102_REMOVED] = { "GM102", "removed",
			    "A migration that the merge base had was deleted "
			    "or renamed.",
			    FINDING_ERROR },
	[GM103_DUPLICATE] = { "GM103", "duplicate",
			      "Both sides add one version or name with "
			      "different content.",
			      FINDING_ERROR },
	[GM104_OUT_OF_ORDER] = { "GM104", "out-of-order",
				 "A migration sorts before one that the other "
				 "side already has.",
				 FINDING_ERROR },
	[GM105_CONFLICT] = { "GM105", "conflict",
			     "Both sides change one object in ways that "
			     "cannot both stand.",
			     FINDING_ERROR },
	[GM106_ORDER] = { "GM106", "order-dependent",
			  "Both orders run, and end differently.",
			  FINDING_ERROR },
	[GM107_MISSING] = { "GM107", "missing-dependency",
			    "A migration depends on one that the merge result "
			    "does not have.",
			    FINDING_ERROR },
	[GM108_CYCLE] = { "GM108", "cycle",
			  "The merged dependencies go in a circle.",
			  FINDING_ERROR },
	[GM109_REPLAY] = { "GM109", "replay-failed",
			   "The merged migrations do not run.", FINDING_ERROR },
	[GM110_UNCERTAIN] = { "GM110", "uncertain",
			      "A statement cannot be analysed, near what the "
			      "other side touches.",
			      FINDING_WARNING },
	[GM111_IDENTICAL] = { "GM111", "identical", "Both sides do the same.",
			      FINDING_ERROR },
};
const size_t check_rules_n = ARRAY_LEN(check_rules);

static const char *ref_of(const struct check_side *s)
{
	return s->ref ? s->ref : s->name;
}

const char *check_rebase_hint(struct check *c, const struct check_side *onto)
{
	if (!onto->ref)
		return "git migrate rebase";
	return arena_printf(c->arena, "git migrate rebase --onto %s",
			    onto->ref);
}

/* Places of a pair: ours first. */
static void add_pair(struct check *c, enum check_rule rule,
		     const struct check_item *a, const struct check_item *b,
		     const char *hint, const char *message)
{
	struct check_place places[] = { check_place_of(a->side, a->m, 0),
					check_place_of(b->side, b->m, 0) };

	check_add(c, &(struct check_words){ .rule = rule,
					    .level = check_rules[rule].level,
					    .places = places,
					    .n = 2,
					    .hint = hint,
					    .message = message });
}

/* The base that a person can take the file from. */
static struct check_side *base_of(const struct check_trees *t,
				  const struct migration *m)
{
	for (size_t i = 0; i < t->n_bases; i++)
		if (migration_find(&t->bases[i].set, m->name) == m)
			return &t->bases[i];
	return &t->bases[0];
}

static const char *restore_hint(struct check *c, const struct check_side *base,
				const struct migration *m)
{
	return arena_printf(c->arena,
			    "git checkout %.12s -- %s, and put the change "
			    "into a migration of its own: git migrate new",
			    base->commit.hex,
			    migration_path_in(c->arena, base->dir, m->path));
}

/* --- GM101 --- */

static bool both_edited_alike(struct check_trees *t, const struct check_item *i)
{
	const struct check_side *other = check_other(t, i->side);
	const struct migration *m = migration_find(&other->set, i->m->name);

	return !t->linear && m && streq(m->blob, i->m->blob);
}

static struct err *edited(struct check *c, struct check_trees *t,
			  struct check_side *s)
{
	for (size_t i = 0; i < s->n_edited; i++) {
		const struct check_item *item = &s->edited[i];
		struct check_side *base = base_of(t, item->was);
		struct check_place places[] = { check_place_of(s, item->m, 0),
						check_place_of(base, item->was,
							       0) };
		bool same;
		struct err *err;

		if (s == &t->theirs && both_edited_alike(t, item))
			continue;
		err = migration_load(&base->set, item->was);
		if (err)
			return err;
		same = migration_same_substance(s->set.dialect, item->m,
						item->was);
		check_add(
			c,
			&(struct check_words){
				.rule = GM101_EDITED,
				.level = same ? FINDING_NOTE : FINDING_ERROR,
				.places = places,
				.n = 2,
				.hint = same ? NULL
					     : restore_hint(c, base, item->was),
				.message = arena_printf(
					c->arena,
					same ? "%s was edited on %s; what it "
					       "runs is the same"
					     : "%s was edited on %s; databases "
					       "that have it will not run it "
					       "again",
					item->m->name, ref_of(s)) });
	}
	return NULL;
}

/* --- GM102 --- */

static const struct migration *renamed_to(const struct check_side *s,
					  const struct migration *m)
{
	for (size_t i = 0; i < s->n_added; i++)
		if (streq(s->added[i].m->blob, m->blob))
			return s->added[i].m;
	return NULL;
}

static void removed(struct check *c, struct check_trees *t,
		    const struct check_side *s)
{
	for (size_t i = 0; i < s->n_removed; i++) {
		const struct migration *m = s->removed[i], *to;
		const struct check_side *base = base_of(t, m);
		struct check_place places[] = { check_place_of(base, m, 0),
						check_place_of(s, NULL, 0) };

		to = renamed_to(s, m);
		places[1].m = to;
		check_add(
			c,
			&(struct check_words){
				.rule = GM102_REMOVED,
				.level = FINDING_ERROR,
				.places = places,
				.n = to ? 2 : 1,
				.hint = arena_printf(
					c->arena, "git checkout %.12s -- %s",
					base->commit.hex,
					migration_path_in(c->arena, base->dir,
							  m->path)),
				.message = to ? arena_printf(
							c->arena,
							"%s was renamed to %s "
							"on %s",
							m->name, to->name,
							ref_of(s))
					      : arena_printf(
							c->arena,
							"%s was removed on %s",
							m->name, ref_of(s)) });
	}
}

/* --- GM103 --- */

static void duplicate(struct check *c, struct check_trees *t,
		      const struct check_item *a, const struct check_item *b)
{
	bool name = streq(a->m->name, b->m->name);

	add_pair(c, GM103_DUPLICATE, a, b, check_rebase_hint(c, &t->theirs),
		 name ? arena_printf(c->arena,
				     "both sides add %s, with different "
				     "content",
				     a->m->name)
		      : arena_printf(c->arena,
				     "both sides add version %s: %s and %s",
				     a->m->version, a->m->name, b->m->name));
}

/* --- GM104 --- */

/* Everything that commutes becomes one note; what does not, an error each. */
struct late {
	struct check_place *places;
	size_t n, cap;
	const struct check_side *side;
	const char *first, *before;
};

static void add_late(struct late *l, const struct check_side *s,
		     const struct migration *m, const struct migration *before)
{
	if (!l->n) {
		l->side = s;
		l->first = m->name;
	}
	l->before = before->name;
	for (size_t i = 0; i < l->n; i++)
		if (l->places[i].m == m)
			return;
	VEC_GROW(l->places, l->n, l->cap);
	l->places[l->n++] = check_place_of(s, m, 0);
}

static void tell_late(struct check *c, struct late *l, const char *whose)
{
	const char *more = "";

	if (l->n > 1)
		more = arena_printf(c->arena, " and %zu more of %s", l->n - 1,
				    ref_of(l->side));
	if (l->n)
		check_add(
			c,
			&(struct check_words){
				.rule = GM104_OUT_OF_ORDER,
				.level = FINDING_NOTE,
				.places = l->places,
				.n = l->n,
				.message = arena_printf(
					c->arena,
					"%s%s sort%s before %s%s; they commute",
					l->first, more, l->n > 1 ? "" : "s",
					l->before, whose) });
	free(l->places);
	memset(l, 0, sizeof(*l));
}

/* What mends it is done on our side, if that is where it can be. */
static void out_of_order(struct check *c, const struct check_trees *t,
			 const struct check_item *first,
			 const struct check_side *other,
			 const struct migration *behind)
{
	struct check_place places[] = { check_place_of(first->side, first->m,
						       0),
					check_place_of(other, behind, 0) };

	check_add(c,
		  &(struct check_words){
			  .rule = GM104_OUT_OF_ORDER,
			  .level = FINDING_ERROR,
			  .places = places,
			  .n = 2,
			  .hint = check_rebase_hint(c, &t->theirs),
			  .message = arena_printf(
				  c->arena,
				  "%s of %s sorts before %s, which %s already "
				  "has, and the two do not commute",
				  first->m->name, ref_of(first->side),
				  behind->name, ref_of(other)) });
}

/* --- GM105, 106, 110, 111 --- */

static unsigned line_of(const struct effect *e)
{
	return e ? e->line : 0;
}

/* A verdict, and the rule that tells it. */
struct kind {
	enum verdict verdict;
	enum check_rule rule;
};

static void meeting(struct check *c, struct check_trees *t,
		    const struct check_item *a, const struct check_item *b,
		    const struct verdict_pair *v, const struct kind *kind)
{
	const struct verdict_meeting *first = NULL;
	struct buf object = BUF_INIT, text = BUF_INIT;
	struct check_place places[2];
	enum finding_level level = check_rules[kind->rule].level;
	const char *hint = NULL;
	size_t more = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (v->meetings[i].verdict != kind->verdict)
			continue;
		if (first)
			more++;
		else
			first = &v->meetings[i];
	}
	if (!first)
		return;
	places[0] = check_place_of(a->side, a->m, line_of(first->a));
	places[1] = check_place_of(b->side, b->m, line_of(first->b));
	if (first->a)
		effect_describe_thing(&object, first->a);
	buf_addstr(&text, first->why);
	if (more)
		buf_addf(&text, " (and %zu more)", more);
	if (kind->rule == GM110_UNCERTAIN && c->opt->strict)
		level = FINDING_ERROR;
	if (kind->rule == GM111_IDENTICAL)
		hint = arena_printf(
			c->arena, "git rm %s",
			migration_path_in(c->arena, a->side->dir, a->m->path));
	else if (kind->rule == GM106_ORDER)
		hint = check_rebase_hint(c, &t->theirs);
	else
		hint = arena_printf(c->arena,
				    "git migrate show --effects %s tells what "
				    "it touches",
				    a->m->name);
	check_add(c, &(struct check_words){
			     .rule = kind->rule,
			     .level = level,
			     .places = places,
			     .n = 2,
			     .object = object.len ? buf_str(&object) : NULL,
			     .hint = hint,
			     .message = buf_str(&text) });
	buf_release(&object);
	buf_release(&text);
}

static void identical(struct check *c, const struct check_item *a,
		      const struct check_item *b)
{
	add_pair(c, GM111_IDENTICAL, a, b,
		 arena_printf(
			 c->arena, "git rm %s",
			 migration_path_in(c->arena, a->side->dir, a->m->path)),
		 arena_printf(c->arena, "%s and %s do the same: keep one",
			      a->m->name, b->m->name));
}

/* --- a pair, one of each side --- */

static bool same_version(const struct check_trees *t, const struct migration *a,
			 const struct migration *b)
{
	return *a->version && *b->version && !a->repeatable && !b->repeatable &&
	       !t->merged.layout->shared_versions &&
	       !migration_set_compare(&t->merged, a->version, b->version);
}

static bool is_same_file(const struct migration *a, const struct migration *b)
{
	return streq(a->name, b->name) && streq(a->blob, b->blob);
}

static void judge_pair(struct check *c, struct check_trees *t,
		       const struct check_item *a, const struct check_item *b,
		       struct late *late)
{
	static const struct kind rules[] = {
		{ VERDICT_CONFLICT, GM105_CONFLICT },
		{ VERDICT_ORDER, GM106_ORDER },
		{ VERDICT_UNCERTAIN, GM110_UNCERTAIN },
		{ VERDICT_IDENTICAL, GM111_IDENTICAL }
	};
	struct verdict_pair v = { 0 };
	const struct check_item *first = a, *second = b;
	bool alike = migration_same_substance(t->merged.dialect, a->m, b->m);

	if (alike) {
		identical(c, a, b);
		return;
	}
	if (streq(a->m->name, b->m->name) || same_version(t, a->m, b->m))
		duplicate(c, t, a, b);
	verdict_pair(&v, c->arena, &a->effects, &b->effects);
	if (v.verdict == VERDICT_IDENTICAL) {
		identical(c, a, b);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].verdict != VERDICT_IDENTICAL || !v.n)
			meeting(c, t, a, b, &v, &rules[i]);
	if (check_order(t, a->m, b->m) > 0) {
		first = b;
		second = a;
	}
	if (v.verdict > VERDICT_IDENTICAL)
		out_of_order(c, t, first, second->side, second->m);
	else
		add_late(&late[first == b], first->side, first->m, second->m);
}

void check_pairs(struct check *c, struct check_trees *t,
		 const struct check_side *a, const struct check_side *b)
{
	struct late late[2] = { 0 };

	for (size_t i = 0; i < a->n_added; i++)
		for (size_t k = 0; k < b->n_added; k++)
			if (!is_same_file(a->added[i].m, b->added[k].m))
				judge_pair(c, t, &a->added[i], &b->added[k],
					   late);
	tell_late(c, &late[0], arena_printf(c->arena, " of %s", ref_of(b)));
	tell_late(c, &late[1], arena_printf(c->arena, " of %s", ref_of(a)));
}

/* --- against what the other side has had for longer --- */

static struct err *judge_old(struct check *c, struct check_trees *t,
			     const struct check_item *a, struct late *late)
{
	struct check_side *other = check_other(t, a->side);
	struct err *err;
	size_t i;

	if (t->merged.layout->own_order || a->m->repeatable)
		return NULL;
	for (i = t->n_common; i > 0; i--) {
		struct migration *old = t->common[i - 1];
		const struct effects *effects;

		if (old->repeatable || check_order(t, a->m, old) > 0)
			continue;
		/* renamed: it ran under its old name */
		if (streq(old->blob, a->m->blob))
			continue;
		err = check_effects_of(c, t, i - 1, &effects);
		if (err)
			return err;
		if (verdict_commute(&a->effects, effects))
			add_late(late, a->side, a->m, old);
		else
			out_of_order(c, t, a, other, old);
	}
	return NULL;
}

struct err *check_rules_run(struct check *c, struct check_trees *t)
{
	struct late old[2] = { 0 };
	struct err *err = edited(c, t, &t->ours);

	if (!err)
		err = edited(c, t, &t->theirs);
	if (err)
		return err;
	removed(c, t, &t->ours);
	removed(c, t, &t->theirs);
	check_pairs(c, t, &t->ours, &t->theirs);
	for (size_t i = 0; i < t->ours.n_added && !err; i++)
		err = judge_old(c, t, &t->ours.added[i], &old[0]);
	for (size_t i = 0; i < t->theirs.n_added && !err; i++)
		err = judge_old(c, t, &t->theirs.added[i], &old[1]);
	tell_late(c, &old[0], "");
	tell_late(c, &old[1], "");
	check_merged(c, t);
	if (!err)
		err = check_gone(c, t);
	return err;
}
