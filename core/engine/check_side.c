#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "decide/order.h"
#include "engine/check_impl.h"
#include "migration/layout.h"

/* A tree's migrations, and what a side did since the bases. */

struct err *check_setting(struct check *c, const struct store_id *commit,
			  const char *key, const char *otherwise,
			  const char **out)
{
	struct store *s = c->e->store;
	char *value = NULL;
	struct err *err;

	*out = otherwise;
	if (!*commit->hex)
		return NULL;
	err = s->ops->config_at(s, commit, key, &value, NULL);
	if (!err && value)
		*out = arena_strdup(c->arena, value);
	free(value);
	return err;
}

static struct err *read_set(struct check *c, struct check_side *s,
			    const struct store_id *config)
{
	const struct engine_config *cfg = &c->e->cfg;
	struct migration_options opt = { .dialect = cfg->dialect };
	const char *dialect;
	struct err *err;

	err = check_setting(c, config, "migrate.layout",
			    *config->hex ? NULL : cfg->layout, &opt.layout);
	if (!err)
		err = check_setting(c, config, "migrate.pattern",
				    *config->hex ? NULL : cfg->pattern,
				    &opt.pattern);
	if (!err)
		err = check_setting(c, config, "migrate.dialect", NULL,
				    &dialect);
	if (!err && dialect)
		err = sql_dialect_parse(dialect, &opt.dialect);
	if (!err)
		err = migration_set_read(&s->set, s->source, &opt);
	return s->ref ? err_wrap(err, "%s", s->ref) : err;
}

struct err *check_side_read(struct check *c, struct check_side *s,
			    const char *name, const char *ref,
			    const struct store_id *commit)
{
	struct store *st = c->e->store;
	struct err *err;

	memset(s, 0, sizeof(*s));
	s->name = name;
	s->ref = ref ? arena_strdup(c->arena, ref) : NULL;
	s->commit = *commit;
	s->set.layout = layout_find("native");
	err = check_setting(c, commit, "migrate.dir",
			    *commit->hex ? "migrations" : c->e->cfg.dir,
			    &s->dir);
	if (!err && *commit->hex)
		err = st->ops->folder_id(st, commit, s->dir, &s->folder);
	if (!err)
		err = st->ops->source(st, *commit->hex ? commit : NULL, s->dir,
				      &s->source);
	return err ? err : read_set(c, s, commit);
}

struct err *check_side_read_index(struct check *c, struct check_side *s,
				  const char *name)
{
	struct store *st = c->e->store;
	bool unmerged;
	struct err *err;

	memset(s, 0, sizeof(*s));
	s->name = name;
	s->ref = "the merge result";
	s->dir = c->e->cfg.dir;
	s->set.layout = layout_find("native");
	err = st->ops->index_source(st, s->dir, &s->source, &unmerged);
	if (!err && unmerged)
		check_note(c, "files in conflict are not looked at: the merge "
			      "result is checked again when it is committed");
	return err ? err : read_set(c, s, &s->commit);
}

static void keep_part(struct check_side *s, const struct check_part *part)
{
	size_t n = 0;

	for (size_t i = 0; i < s->set.n; i++) {
		struct migration *m = s->set.items[i];

		if (!part->has(part->payload, m)) {
			map_remove(&s->set.by_name, m->name);
			continue;
		}
		s->set.items[n++] = m;
	}
	s->set.n = n;
}

struct err *check_part_read(struct check *c, struct check_trees *t,
			    const struct store_id *commit,
			    const struct check_part *part)
{
	struct err *err;

	memset(t, 0, sizeof(*t));
	t->linear = t->has_part = true;
	t->bases = arena_array(c->arena, 1, sizeof(*t->bases));
	t->n_bases = 1;
	err = check_side_read(c, &t->bases[0], part->name, part->ref, commit);
	if (!err)
		err = check_side_read(c, &t->ours, "ours", NULL, commit);
	t->theirs = (struct check_side){ .name = part->name,
					 .ref = t->bases[0].ref,
					 .commit = *commit,
					 .dir = t->bases[0].dir };
	t->theirs.set.layout = t->ours.set.layout;
	if (!err)
		keep_part(&t->bases[0], part);
	return err;
}

void check_side_release(struct check_side *s)
{
	for (size_t i = 0; i < s->n_added; i++)
		if (s->added[i].has_effects)
			effects_release(&s->added[i].effects);
	free(s->added);
	free(s->edited);
	free(s->removed);
	migration_set_release(&s->set);
	if (s->source)
		s->source->ops->close(s->source);
	memset(s, 0, sizeof(*s));
}

/* In the base whose version a person would call the old one. */
static struct migration *in_bases(const struct check_trees *t, const char *name)
{
	for (size_t i = 0; i < t->n_bases; i++) {
		struct migration *m = migration_find(&t->bases[i].set, name);

		if (m)
			return m;
	}
	return NULL;
}

static bool same_files(const struct migration *a, const struct migration *b)
{
	return streq(a->blob, b->blob) &&
	       streq_null(a->down_blob, b->down_blob) &&
	       streq_null(a->side_blob, b->side_blob);
}

/* As one of the bases has it. */
static bool is_as_before(const struct check_trees *t, const struct migration *m)
{
	for (size_t i = 0; i < t->n_bases; i++) {
		const struct migration *b =
			migration_find(&t->bases[i].set, m->name);

		if (b && same_files(b, m))
			return true;
	}
	return false;
}

static struct err *load(struct check_side *s, struct check_item *item,
			struct migration *m, struct migration *was)
{
	*item = (struct check_item){ .m = m, .was = was, .side = s };
	return migration_load(&s->set, m);
}

static struct err *find_came(struct check_trees *t, struct check_side *s)
{
	struct err *err = NULL;

	s->added = xcalloc(s->set.n + 1, sizeof(*s->added));
	s->edited = xcalloc(s->set.n + 1, sizeof(*s->edited));
	for (size_t i = 0; i < s->set.n && !err; i++) {
		struct migration *m = s->set.items[i];
		struct migration *was = in_bases(t, m->name);
		const struct migration *other =
			migration_find(&check_other(t, s)->set, m->name);

		if (!was && !t->linear && other && same_files(other, m))
			continue; /* both have it: no work of either */
		if (!was)
			err = load(s, &s->added[s->n_added++], m, NULL);
		else if (!is_as_before(t, m))
			err = load(s, &s->edited[s->n_edited++], m, was);
	}
	return s->ref ? err_wrap(err, "%s", s->ref) : err;
}

static int by_rank(const void *a, const void *b)
{
	const struct check_item *x = a, *y = b;

	return x->m->rank < y->m->rank ? -1 : x->m->rank > y->m->rank;
}

/* As they will run: what they depend on first. What is missing, and circles,
 * are findings. */
static void order_added(struct check_side *s)
{
	err_free(decide_order(&s->set, NULL, NULL));
	if (s->n_added)
		qsort(s->added, s->n_added, sizeof(*s->added), by_rank);
}

static void find_went(struct check_trees *t, struct check_side *s)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_bases; i++)
		n += t->bases[i].set.n;
	s->removed = xcalloc(n + 1, sizeof(struct migration *));
	for (size_t i = 0; i < t->n_bases; i++)
		for (size_t k = 0; k < t->bases[i].set.n; k++) {
			struct migration *m = t->bases[i].set.items[k];

			if (in_bases(t, m->name) == m &&
			    !migration_find(&s->set, m->name))
				s->removed[s->n_removed++] = m;
		}
}

int check_order(const struct check_trees *t, const struct migration *a,
		const struct migration *b)
{
	if (t->merged.layout->own_order)
		return a->rank < b->rank ? -1 : a->rank > b->rank;
	return migration_set_compare_items(&t->merged, a, b);
}

static void put_merged(struct check_trees *t, struct migration *m)
{
	if (map_put(&t->merged.by_name, m->name, m))
		return;
	t->merged.items[t->merged.n++] = m;
}

static bool is_removed(const struct check_side *s, const struct migration *m)
{
	for (size_t i = 0; i < s->n_removed; i++)
		if (s->removed[i] == m)
			return true;
	return false;
}

/*
 * The union of all three, less what a side has removed. What both sides have
 * since, alike, counts as the bases'.
 */
static void merge_sets(struct check *c, struct check_trees *t)
{
	struct check_side *sides[] = { &t->ours, &t->theirs };
	size_t n = t->ours.set.n + t->theirs.set.n;

	for (size_t i = 0; i < t->n_bases; i++)
		n += t->bases[i].set.n;
	t->merged.layout =
		t->ours.set.n ? t->ours.set.layout : t->theirs.set.layout;
	t->merged.dialect = t->ours.set.dialect;
	t->merged.source = t->ours.source;
	t->merged.items =
		arena_array(c->arena, n + 1, sizeof(struct migration *));
	for (size_t i = 0; i < t->n_bases; i++)
		for (size_t k = 0; k < t->bases[i].set.n; k++) {
			struct migration *m = t->bases[i].set.items[k];

			if (!is_removed(&t->ours, m) &&
			    !is_removed(&t->theirs, m))
				put_merged(t, m);
		}
	for (size_t i = 0; i < t->ours.set.n && !t->linear; i++) {
		struct migration *m = t->ours.set.items[i];

		if (migration_find(&t->theirs.set, m->name) &&
		    !in_bases(t, m->name))
			put_merged(t, m);
	}
	migration_set_sort(&t->merged);
	t->n_common = t->merged.n;
	t->common = arena_array(c->arena, t->n_common + 1,
				sizeof(struct migration *));
	for (size_t i = 0; i < t->n_common; i++)
		t->common[i] = t->merged.items[i];
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		for (size_t k = 0; k < sides[i]->n_added; k++)
			put_merged(t, sides[i]->added[k].m);
	migration_set_sort(&t->merged);
	err_free(decide_order(&t->merged, NULL, NULL));
}

void check_chain(struct check *c, const struct check_trees *t, char key[65],
		 const struct migration *m)
{
	if (!m)
		check_key(c, key, "chain", sql_dialect_name(t->merged.dialect),
			  migration_layout_name(&t->merged), NULL);
	else
		check_key(c, key, "chain", key, m->name, m->blob, NULL);
}

static void make_base_key(struct check *c, struct check_trees *t)
{
	check_chain(c, t, t->base_key, NULL);
	for (size_t i = 0; i < t->n_common; i++)
		check_chain(c, t, t->base_key, t->common[i]);
}

/* Both can only be compared when a name means the same on either side. */
static struct err *one_layout(const struct check_trees *t)
{
	const struct check_side *a = &t->ours, *b = &t->theirs;
	struct err *err;

	if (!a->set.n || !b->set.n ||
	    (a->set.layout == b->set.layout &&
	     streq_null(a->set.pattern, b->set.pattern) &&
	     a->set.dialect == b->set.dialect))
		return NULL;
	err = err_new(ERR_INPUT,
		      "%s reads its migrations as %s for %s, %s as %s for %s",
		      a->ref ? a->ref : a->name, a->set.layout->name,
		      sql_dialect_name(a->set.dialect),
		      b->ref ? b->ref : b->name, b->set.layout->name,
		      sql_dialect_name(b->set.dialect));
	return err_hint(err,
			"set migrate.layout (and migrate.dialect) in git's "
			"configuration: it counts for every tree");
}

struct err *check_trees_compare(struct check *c, struct check_trees *t)
{
	struct err *err = one_layout(t);

	if (!err)
		err = find_came(t, &t->ours);
	if (!err && !t->linear)
		err = find_came(t, &t->theirs);
	if (err)
		return err;
	order_added(&t->ours);
	order_added(&t->theirs);
	find_went(t, &t->ours);
	if (!t->linear)
		find_went(t, &t->theirs);
	merge_sets(c, t);
	make_base_key(c, t);
	return NULL;
}

void check_trees_release(struct check_trees *t)
{
	for (size_t i = 0; t->old && i < t->n_common; i++)
		effects_release(&t->old[i]);
	free(t->old);
	map_release(&t->merged.by_name);
	arena_release(&t->merged.arena);
	check_side_release(&t->ours);
	check_side_release(&t->theirs);
	check_side_release(&t->result);
	for (size_t i = 0; i < t->n_bases; i++)
		check_side_release(&t->bases[i]);
	memset(t, 0, sizeof(*t));
}
