#include "decide/plan.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"

static void add_step(struct plan *p, enum plan_step_kind kind,
		     const struct plan_item *item)
{
	VEC_GROW(p->steps, p->n, p->cap);
	p->steps[p->n++] = (struct plan_step){
		.kind = kind,
		.name = kind == PLAN_STEP_ROLLBACK ? item->known->name
						   : item->name,
		.migration = item->migration,
		.known = item->known,
		.item = item,
		.out_of_order = kind == PLAN_STEP_APPLY && item->out_of_order,
		.after = kind == PLAN_STEP_APPLY ? item->out_of_order : NULL,
	};
}

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->steps[i].why);
	free(p->steps);
	memset(p, 0, sizeof(*p));
}

static struct err *not_found(const struct plan_view *v, const char *name)
{
	char *safe = text_safe(name);
	struct err *e = err_new(ERR_INPUT, "there is no migration %s", safe);
	const char *near = NULL;
	unsigned best = UINT_MAX;

	free(safe);
	for (size_t i = 0; i < v->n; i++)
		if (migration_is_nearer(name, v->items[i].name, &best))
			near = v->items[i].name;
	return near ? err_hintf(e, "did you mean %s?", near)
		    : err_hint(e, "git migrate status lists them");
}

struct err *plan_apply(struct plan *out, const struct plan_view *v,
		       const struct plan_choice *choice)
{
	const struct plan_item *to = NULL;

	memset(out, 0, sizeof(*out));
	if (choice->to) {
		to = plan_view_find(v, choice->to);
		if (!to)
			return not_found(v, choice->to);
		if (!to->migration)
			return err_new(ERR_INPUT,
				       "%s is applied, and is not in this tree",
				       to->name);
	}
	for (size_t i = 0; i < v->n; i++) {
		const struct plan_item *item = &v->items[i];

		if (choice->count && out->n == choice->count)
			break;
		if (plan_item_is_open(item) && item->migration)
			add_step(out, PLAN_STEP_APPLY, item);
		if (item == to)
			break;
	}
	return NULL;
}

/* What a rollback can take, newest application first. */
struct newest {
	const struct plan_item **items;
	size_t n;
};

static int by_newest(const void *a, const void *b)
{
	const struct plan_item *x = *(const struct plan_item *const *)a;
	const struct plan_item *y = *(const struct plan_item *const *)b;

	return (x->known->applied_rank < y->known->applied_rank) -
	       (x->known->applied_rank > y->known->applied_rank);
}

static void find_newest(const struct plan_view *v,
			bool (*wanted)(const struct plan_item *item),
			struct newest *out)
{
	out->n = 0;
	out->items = xcalloc(v->n + 1, sizeof(const struct plan_item *));
	for (size_t i = 0; i < v->n; i++)
		if (wanted(&v->items[i]))
			out->items[out->n++] = &v->items[i];
	if (out->n)
		qsort(out->items, out->n, sizeof(const struct plan_item *),
		      by_newest);
}

static struct err *find_done(const struct plan_view *v, const char *name,
			     const struct plan_item **out)
{
	const struct plan_item *item = plan_view_find(v, name);

	*out = item;
	if (!item)
		return not_found(v, name);
	if (!plan_item_is_done(item))
		return err_new(ERR_REFUSED, "%s is not applied", item->name);
	return NULL;
}

/* What is to go, by place in `all`; and why what was not named has to. */
struct going {
	bool *named, *goes;
	char **why;
};

static struct err *refuse(const struct newest *all, const struct going *g,
			  size_t oldest)
{
	struct buf text = BUF_INIT, hint = BUF_INIT;
	bool gap = false;
	struct err *e;

	for (size_t i = 0; i < all->n; i++) {
		gap |= !g->goes[i] && i < oldest;
		if (!g->goes[i])
			continue;
		buf_addf(&hint, " %s", all->items[i]->known->name);
		if (g->named[i])
			continue;
		buf_addf(&text, "%s%s", text.len ? ", " : "",
			 all->items[i]->known->name);
		if (g->why[i])
			buf_addf(&text, " (%s)", g->why[i]);
	}
	e = err_new(ERR_REFUSED,
		    "%s cannot be rolled back before what was applied after "
		    "it: %s",
		    all->items[oldest]->known->name, buf_str(&text));
	if (gap)
		e = err_hintf(e, "git migrate rollback%s", buf_str(&hint));
	else if (oldest + 1 < all->n)
		e = err_hintf(e, "git migrate rollback --to %s",
			      all->items[oldest + 1]->known->name);
	else
		e = err_hintf(e, "git migrate rollback -n %zu", oldest + 1);
	buf_release(&text);
	buf_release(&hint);
	return e;
}

/* Whatever needs one that goes has to go, too. */
static struct err *take_along(const struct newest *all,
			      const struct plan_choice *choice, struct going *g,
			      size_t i)
{
	const char *earlier = all->items[i]->known->name;
	struct err *e = NULL;

	for (size_t k = 0; k < i && !e; k++) {
		char *why = NULL;

		if (g->goes[k])
			continue;
		if (choice->needs)
			e = choice->needs(choice->payload,
					  all->items[k]->known->name, earlier,
					  &why);
		if (e || (choice->needs && !why))
			continue;
		g->goes[k] = true;
		g->why[k] = why;
	}
	return e;
}

static struct err *close_set(const struct newest *all,
			     const struct plan_choice *choice, struct going *g)
{
	size_t oldest = 0;
	struct err *e = NULL;
	bool more = false;

	/* from the oldest on: what is taken along is newer than what needs it */
	for (size_t i = all->n; i-- > 0 && !e;)
		if (g->goes[i])
			e = take_along(all, choice, g, i);
	for (size_t i = 0; i < all->n; i++) {
		more |= g->goes[i] && !g->named[i];
		if (g->goes[i])
			oldest = i;
	}
	return e || !more ? e : refuse(all, g, oldest);
}

static struct err *choose_names(const struct plan_view *v,
				const struct newest *all,
				const struct plan_choice *choice,
				struct going *g)
{
	struct err *e = NULL;

	for (size_t k = 0; k < choice->n_names && !e; k++) {
		const struct plan_item *item;
		size_t i = 0;

		e = find_done(v, choice->names[k], &item);
		if (e)
			break;
		assert(item);
		while (all->items[i] != item)
			i++;
		g->named[i] = g->goes[i] = true;
	}
	return e ? e : close_set(all, choice, g);
}

static struct err *choose(const struct plan_view *v, const struct newest *all,
			  const struct plan_choice *choice, struct going *g)
{
	const struct plan_item *to;
	size_t count;
	struct err *e;

	if ((choice->to != NULL) + (choice->count != 0) +
		    (choice->n_names != 0) >
	    1)
		return err_new(ERR_USAGE,
			       "names, -n and --to cannot be used together");
	if (choice->n_names)
		return choose_names(v, all, choice, g);
	count = choice->count ? choice->count : 1;
	if (choice->to) {
		e = find_done(v, choice->to, &to);
		if (e)
			return e;
		for (count = 0; all->items[count] != to;)
			count++;
	}
	for (size_t i = 0; i < count && i < all->n; i++)
		g->goes[i] = true;
	return NULL;
}

struct err *plan_rollback(struct plan *out, const struct plan_view *v,
			  const struct plan_choice *choice)
{
	struct newest all;
	struct going g;
	struct err *e;

	memset(out, 0, sizeof(*out));
	find_newest(v, plan_item_is_done, &all);
	g.named = xcalloc(all.n + 1, sizeof(*g.named));
	g.goes = xcalloc(all.n + 1, sizeof(*g.goes));
	g.why = xcalloc(all.n + 1, sizeof(*g.why));
	e = choose(v, &all, choice, &g);
	for (size_t i = 0; i < all.n; i++) {
		if (!e && g.goes[i])
			add_step(out, PLAN_STEP_ROLLBACK, all.items[i]);
		free(g.why[i]);
	}
	free(g.named);
	free(g.goes);
	free(g.why);
	free(all.items);
	return e;
}

/* --- reconcile --- */

/* Began and did not end, with a text that is not the tree's. */
static bool is_half_of_another(const struct plan_item *item)
{
	return item->state == PLAN_APPLYING && item->migration &&
	       !streq_null(item->known->blob, item->migration->blob);
}

static bool has_effects(const struct plan_item *item)
{
	return plan_item_is_done(item) || item->state == PLAN_FOREIGN ||
	       is_half_of_another(item);
}

static const char *why_it_leaves(const struct plan_item *item)
{
	if (item->state == PLAN_FOREIGN)
		return "not in this commit";
	if ((item->state == PLAN_MODIFIED && item->substance) ||
	    is_half_of_another(item))
		return "its file was edited";
	return NULL;
}

bool plan_item_leaves(const struct plan_item *item)
{
	return why_it_leaves(item) != NULL;
}

/* What has to go with those that go, the first n of all, and because of
 * which. */
static struct err *choose_along(const struct newest *all,
				const struct plan_choice *ask, struct going *g,
				size_t n)
{
	bool *before = xcalloc(all->n + 1, sizeof(*before));
	struct err *e = NULL;

	for (size_t i = n; i-- > 0 && !e;) {
		if (!g->goes[i])
			continue;
		memcpy(before, g->goes, i * sizeof(*before));
		e = take_along(all, ask, g, i);
		for (size_t k = 0; k < i; k++) {
			char *why = g->why[k];

			if (!g->goes[k] || before[k])
				continue;
			g->why[k] = xasprintf("goes with %s%s%s%s",
					      all->items[i]->known->name,
					      why ? " (" : "", why ? why : "",
					      why ? ")" : "");
			free(why);
		}
	}
	free(before);
	return e;
}

static struct err *choose_leaving(const struct newest *all,
				  const struct plan_choice *ask,
				  struct going *g)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *why = why_it_leaves(all->items[i]);

		g->goes[i] = why != NULL;
		g->why[i] = why ? xstrdup(why) : NULL;
	}
	return choose_along(all, ask, g, all->n);
}

/* It sorts, and is no repeatable, which runs whenever it has changed. */
static bool has_place(const struct plan_item *item)
{
	return item->migration && !item->migration->repeatable;
}

/* What stays behind one that is to run, and may not be passed by it. */
static struct err *choose_passed_by(const struct newest *all,
				    const struct plan_choice *ask,
				    struct going *g,
				    const struct plan_item *item, bool *more)
{
	struct err *e = NULL;

	for (size_t k = 0; k < all->n && !e; k++) {
		const struct plan_item *stays = all->items[k];
		char *why = NULL;

		if (g->goes[k] || stays < item || !has_place(stays))
			continue;
		e = ask->passed(ask->payload, stays->name, item->name, &why);
		if (e || !why)
			continue;
		g->goes[k] = *more = true;
		g->why[k] = why;
		e = choose_along(all, ask, g, k + 1);
	}
	return e;
}

/* Until what runs passes nothing that it may not pass. */
static struct err *choose_passed(const struct plan_view *v,
				 const struct newest *all,
				 const struct plan_choice *ask, struct going *g)
{
	const bool **goes = xcalloc(v->n + 1, sizeof(const bool *));
	struct err *e = NULL;
	bool more = ask->passed != NULL;

	for (size_t i = 0; i < all->n; i++)
		goes[all->items[i] - v->items] = &g->goes[i];
	while (more && !e) {
		more = false;
		for (size_t i = 0; i < v->n && !e; i++) {
			const struct plan_item *item = &v->items[i];

			if (has_place(item) &&
			    (plan_item_is_open(item) || (goes[i] && *goes[i])))
				e = choose_passed_by(all, ask, g, item, &more);
		}
	}
	free(goes);
	return e;
}

/* What stays and sorts behind each: nothing foreign does. */
static void judge_order(struct plan *out, const struct plan_view *v,
			const bool *goes)
{
	const char *last = NULL;
	size_t s = out->n;

	for (size_t i = v->n; i-- > 0;) {
		const struct plan_item *item = &v->items[i];

		if (!item->migration || item->migration->repeatable)
			continue;
		if (!last && plan_item_is_done(item) && !goes[i])
			last = item->name;
		while (s > 0 && out->steps[s - 1].kind == PLAN_STEP_APPLY &&
		       out->steps[s - 1].item > item)
			s--;
		if (!s || out->steps[s - 1].kind != PLAN_STEP_APPLY ||
		    out->steps[s - 1].item != item)
			continue;
		out->steps[s - 1].after = last;
		out->steps[s - 1].out_of_order = last != NULL;
	}
}

static void add_reconcile(struct plan *out, const struct plan_view *v,
			  const struct newest *all, struct going *g)
{
	bool *goes = xcalloc(v->n + 1, sizeof(*goes)); /* by item */

	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].renamed_from)
			add_step(out, PLAN_STEP_RENAME, &v->items[i]);
	for (size_t i = 0; i < all->n; i++) {
		const struct plan_item *item = all->items[i];
		struct plan_step *s;

		if (!g->goes[i])
			continue;
		goes[item - v->items] = true;
		add_step(out, PLAN_STEP_ROLLBACK, item);
		s = &out->steps[out->n - 1];
		if (item->renamed_from)
			s->name = item->name;
		s->returns = item->migration != NULL;
		s->why = g->why[i];
		g->why[i] = NULL;
	}
	for (size_t i = 0; i < v->n; i++) {
		const struct plan_item *item = &v->items[i];
		bool back = goes[i];

		if (!item->migration || (!plan_item_is_open(item) && !back))
			continue;
		add_step(out, PLAN_STEP_APPLY, item);
		out->steps[out->n - 1].returns = back;
		out->steps[out->n - 1].out_of_order = false;
		out->steps[out->n - 1].after = NULL;
	}
	judge_order(out, v, goes);
	free(goes);
}

struct err *plan_reconcile(struct plan *out, const struct plan_view *v,
			   const struct plan_choice *ask)
{
	struct newest all;
	struct going g;
	struct err *e;

	memset(out, 0, sizeof(*out));
	find_newest(v, has_effects, &all);
	g.named = xcalloc(all.n + 1, sizeof(*g.named));
	g.goes = xcalloc(all.n + 1, sizeof(*g.goes));
	g.why = xcalloc(all.n + 1, sizeof(*g.why));
	e = choose_leaving(&all, ask, &g);
	if (!e)
		e = choose_passed(v, &all, ask, &g);
	if (!e)
		add_reconcile(out, v, &all, &g);
	for (size_t i = 0; i < all.n; i++)
		free(g.why[i]);
	free(g.named);
	free(g.goes);
	free(g.why);
	free(all.items);
	return e;
}
