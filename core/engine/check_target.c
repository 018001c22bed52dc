#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"

/*
 * A tree against what a database has: the same rules, where the other side is
 * what was applied.
 */

struct applied {
	const struct plan_view *view;
	bool staying; /* what reconcile takes back does not count */
};

static bool counts(const struct applied *a, const struct plan_item *item)
{
	return plan_item_is_done(item) && !item->rerun &&
	       !(a->staying && plan_item_leaves(item));
}

static bool is_applied(const void *payload, const struct migration *m)
{
	const struct applied *a = payload;
	const struct plan_item *item = plan_view_find(a->view, m->name);

	return item && counts(a, item);
}

static const char *target_of(const struct check *c)
{
	return *c->e->cfg.target ? c->e->cfg.target : "the database";
}

/* What ran and is in no tree any more: from the journal's text. */
static struct err *add_foreign(struct check *c, struct check_side *base,
			       const struct tree *tree,
			       const struct plan_item *item)
{
	const struct journal_event *row = map_get(&tree->rows, item->name);
	struct migration *m = arena_alloc(c->arena, sizeof(*m));
	struct buf bytes = BUF_INIT;
	struct err *err = NULL;

	*m = (struct migration){
		.name = arena_strdup(c->arena, item->name),
		.version = arena_strdup(
			c->arena, row && row->version ? row->version : ""),
		.path = arena_strdup(c->arena,
				     row && row->path ? row->path : item->name),
		.blob = arena_strdup(c->arena,
				     row && row->blob ? row->blob : ""),
	};
	if (row && *m->blob)
		err = journal_text_get(c->e->target, m->blob, &bytes);
	if (row && !err && bytes.len)
		err = migration_parse(
			c->arena,
			row->layout ? row->layout
				    : migration_layout_name(&base->set),
			m->path, m, buf_str(&bytes), bytes.len);
	m->loaded = true;
	buf_release(&bytes);
	base->set.items[base->set.n++] = m;
	map_put(&base->set.by_name, m->name, m);
	return err;
}

struct err *check_applied_read(struct check *c, struct check_trees *t,
			       const struct tree *tree, enum late_use use)
{
	const struct store_id none = { "" };
	const struct plan_view *v = &tree->view;
	const struct applied applied = { v, use & LATE_STAYING };
	const struct check_part part = { "target", target_of(c), is_applied,
					 &applied };
	struct check_side *base;
	struct migration **items;
	struct err *err;

	err = check_part_read(
		c, t, use & LATE_WORKTREE ? &none : &tree->commit.id, &part);
	if (err)
		return err;
	base = &t->bases[0];
	items = arena_array(&base->set.arena, base->set.n + v->n + 1,
			    sizeof(struct migration *));
	for (size_t i = 0; i < base->set.n; i++)
		items[i] = base->set.items[i];
	base->set.items = items;
	for (size_t i = 0; i < v->n && !err; i++)
		if (v->items[i].state == PLAN_FOREIGN &&
		    counts(&applied, &v->items[i]))
			err = add_foreign(c, base, tree, &v->items[i]);
	migration_set_sort(&base->set);
	return err;
}

static void judge_item(struct check *c, struct check_trees *t,
		       const struct plan_item *item)
{
	struct migration *m = migration_find(&t->ours.set, item->name);
	struct check_place p = { &t->ours, m, 0, 0 };

	if (item->state == PLAN_MODIFIED)
		check_add(
			c,
			&(struct check_words){
				.rule = GM101_EDITED,
				.level = item->substance ? FINDING_ERROR
							 : FINDING_NOTE,
				.places = &p,
				.n = m ? 1 : 0,
				.hint = "put the change into a migration of "
					"its own: git "
					"migrate new",
				.message = arena_printf(
					c->arena,
					"%s was edited after it was applied to "
					"%s",
					item->name, target_of(c)) });
	if (item->state == PLAN_FOREIGN)
		check_add(
			c,
			&(struct check_words){
				.rule = GM102_REMOVED,
				.level = FINDING_ERROR,
				.message = arena_printf(
					c->arena,
					"%s is applied to %s, and not in this "
					"tree",
					item->name, target_of(c)) });
}

/* Those were told: as what the database says. */
static void forget_edits(struct check_trees *t)
{
	t->ours.n_edited = t->ours.n_removed = 0;
}

struct err *check_target(struct check *c)
{
	struct check_trees t = { 0 };
	struct tree tree = { 0 };
	struct err *err = session_open(c->e, ENGINE_READS);

	c->from = c->n;
	if (!err)
		err = tree_read(c->e, c->opt->ours, false, &tree);
	if (!err)
		err = check_applied_read(c, &t, &tree, 0);
	if (!err)
		err = check_trees_compare(c, &t);
	if (!err) {
		forget_edits(&t);
		for (size_t i = 0; i < tree.view.n; i++)
			judge_item(c, &t, &tree.view.items[i]);
		err = check_judge(c, &t);
	}
	check_trees_release(&t);
	tree_release(&tree);
	return err;
}
