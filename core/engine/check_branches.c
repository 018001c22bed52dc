#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"

/*
 * Every open branch against the base, and against each other: what will hurt
 * when both are merged. Each branch is read once, and what it added is
 * analysed once, on the commit where it left the base.
 */

struct branch {
	const char *name;
	struct store_id id;
	struct check_trees trees; /* ours = the branch, theirs = the base */
};

struct branches {
	struct check *c;
	struct branch *items;
	size_t n, cap;
	const char *base;
	struct store_id base_id;
};

static struct err *add_branch(void *payload, const char *name,
			      const struct store_id *id)
{
	struct branches *b = payload;

	if (streq(name, b->base) || streq(id->hex, b->base_id.hex))
		return NULL;
	VEC_GROW(b->items, b->n, b->cap);
	b->items[b->n++] = (struct branch){
		.name = arena_strdup(b->c->arena, name),
		.id = *id,
	};
	return NULL;
}

/* migrate.base, the upstream, or the branch that is checked out. */
static struct err *find_base(struct branches *b)
{
	struct check *c = b->c;
	struct store *s = c->e->store;
	struct store_commit commit = { 0 };
	char *name = NULL;
	struct err *err = NULL;

	if (c->opt->base)
		name = xstrdup(c->opt->base);
	else
		err = s->ops->config(s, "migrate.base", &name, NULL);
	if (!err && !name)
		err = s->ops->branch(s, &name);
	b->base = arena_strdup(c->arena, name ? name : "HEAD");
	free(name);
	if (!err)
		err = s->ops->resolve(s, b->base, &commit);
	b->base_id = commit.id;
	store_commit_release(&commit);
	return err;
}

/* Unrelated histories are no branch of this one. */
static struct err *read_branch(struct branches *b, struct branch *br)
{
	struct check *c = b->c;
	struct store *s = c->e->store;
	struct check_trees *t = &br->trees;
	struct store_id *ids = NULL;
	size_t n = 0;
	struct err *err =
		s->ops->merge_bases(s, &br->id, &b->base_id, &ids, &n);

	if (err && err_class_of(err) == ERR_INPUT) {
		check_note(c, "%s is left out: %s", br->name, err_text(err));
		err_free(err);
		return NULL;
	}
	t->bases = arena_array(c->arena, n + 1, sizeof(*t->bases));
	for (; t->n_bases < n && !err; t->n_bases++)
		err = check_side_read(
			c, &t->bases[t->n_bases], "base",
			arena_printf(c->arena, "%.12s", ids[t->n_bases].hex),
			&ids[t->n_bases]);
	if (!err)
		err = check_side_read(c, &t->ours, "ours", br->name, &br->id);
	if (!err)
		err = check_side_read(c, &t->theirs, "theirs", b->base,
				      &b->base_id);
	if (!err)
		err = check_compare(c, t);
	free(ids);
	return err_wrap(err, "%s", br->name);
}

static struct err *pair_up(struct check *c, struct branch *a, struct branch *b)
{
	struct check_trees t = a->trees; /* borrows everything */
	const struct check_side *sides[] = { &a->trees.ours, &b->trees.ours };
	const struct store_id *stops[] = { &a->trees.bases[0].commit,
					   &b->trees.bases[0].commit };

	if (!sides[0]->n_added || !sides[1]->n_added)
		return NULL;
	c->from = c->n;
	t.theirs = b->trees.ours;
	check_pairs(c, &t, sides[0], sides[1]);
	return check_find_adders_of(c, sides, stops, 2);
}

struct err *check_branches(struct check *c)
{
	struct branches b = { .c = c };
	struct store *s = c->e->store;
	struct err *err = find_base(&b);

	if (!err)
		err = s->ops->branches(s, c->opt->remote, add_branch, &b);
	for (size_t i = 0; i < b.n && !err; i++)
		err = read_branch(&b, &b.items[i]);
	for (size_t i = 0; i < b.n && !err; i++)
		for (size_t k = i + 1; k < b.n && !err; k++)
			err = pair_up(c, &b.items[i], &b.items[k]);
	for (size_t i = 0; i < b.n; i++)
		check_trees_release(&b.items[i].trees);
	if (!err) {
		c->out->report.base = (struct finding_side){
			b.base, arena_strdup(c->arena, b.base_id.hex)
		};
		check_note(c, "%zu %s, each against %s and against each other",
			   b.n, b.n == 1 ? "branch" : "branches", b.base);
	}
	free(b.items);
	return err;
}
