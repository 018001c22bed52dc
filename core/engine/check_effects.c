#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "decide/order.h"
#include "effects/effects_pg.h"
#include "effects/replay.h"
#include "engine/check_impl.h"

/*
 * What each added migration touches, on the schema that it was written for:
 * the bases', and what its own side added before it. PostgreSQL: read from
 * the text, against a catalog that is folded out of the bases. SQLite: run in
 * memory, on an image of the bases. Both are kept: by what came before.
 */

void check_script(const struct migration *m, struct replay_script *out)
{
	*out = (struct replay_script){
		.name = m->name,
		.path = m->path,
		.text = m->up.text,
		.len = m->up.len,
		.first_line = m->up.line,
		.no_transaction = m->no_transaction,
		.blocks = m->blocks,
	};
}

struct err *check_load(struct check_trees *t, struct migration *m)
{
	if (m->loaded)
		return NULL;
	for (size_t k = 0; k < t->n_bases; k++)
		if (migration_find(&t->bases[k].set, m->name) == m)
			return migration_load(&t->bases[k].set, m);
	return migration_load(&t->ours.set, m);
}

static bool order_is_known(struct check *c, const struct check_trees *t)
{
	struct buf b = BUF_INIT;
	bool plain = check_cache_get(c, "order", t->base_key, &b) &&
		     streq(buf_str(&b), "plain");

	buf_release(&b);
	return plain;
}

/* What is missing, and circles, leave the order as it is. */
static void follow_depends(struct check *c, struct check_trees *t)
{
	struct migration_set set = t->merged;

	set.items = arena_array(c->arena, t->n_common + 1,
				sizeof(struct migration *));
	set.n = t->n_common;
	memcpy(set.items, t->common, t->n_common * sizeof(struct migration *));
	err_free(decide_order(&set, NULL, NULL));
	t->reordered = memcmp(set.items, t->common,
			      t->n_common * sizeof(struct migration *)) != 0;
	t->common = set.items;
	err_free(decide_order(&t->merged, NULL, NULL));
	if (!t->reordered)
		check_cache_put(c, "order", t->base_key, "plain", 5);
}

/*
 * The order in which the bases run, and with it the merged set's: by the lines
 * "depends" of their files, which are only read where it is not known that
 * they change nothing.
 */
static struct err *order_common(struct check *c, struct check_trees *t)
{
	struct err *err = NULL;
	bool known = t->ordered || !t->n_common || order_is_known(c, t);

	t->ordered = true;
	for (size_t i = 0; i < t->n_common && !known && !err; i++)
		err = check_load(t, t->common[i]);
	if (!known && !err)
		follow_depends(c, t);
	return err;
}

static void uncertain(struct effects *out, const struct migration *m,
		      const char *why)
{
	struct effect *e = effects_add(out, EFFECT_UNCERTAIN, EFFECT_OTHER,
				       NULL, NULL, NULL);

	e->why = arena_strdup(&out->arena, why);
	e->line = m->up.line;
}

/* --- PostgreSQL --- */

static void parse_pg(struct check *c, const char *layout,
		     const struct migration *m, struct effects *out)
{
	struct buf b = BUF_INIT;
	char key[65];

	/* the layout says which part of the file runs */
	check_key(c, key, "parsed", m->blob, layout, NULL);
	if (check_cache_get(c, "parsed", key, &b) &&
	    effects_decode(out, buf_str(&b), b.len)) {
		buf_release(&b);
		return;
	}
	effects_init(out);
	effects_pg_parse(out, m->up.text, m->up.len, m->up.line);
	buf_reset(&b);
	effects_encode(&b, out);
	check_cache_put(c, "parsed", key, b.data, b.len);
	buf_release(&b);
}

/* One migration further; *out NULL: what it does is not asked for. */
static void step_pg(struct check *c, const struct check_trees *t,
		    struct effects_catalog *catalog, const struct migration *m,
		    struct effects *out)
{
	struct effects parsed, resolved;

	parse_pg(c, migration_layout_name(&t->merged), m, &parsed);
	effects_init(&resolved);
	effects_pg_resolve(&resolved, catalog, &parsed);
	effects_release(&parsed);
	if (out)
		*out = resolved;
	else
		effects_release(&resolved);
}

static struct err *fold_pg(struct check *c, struct check_trees *t,
			   struct effects *old, struct effects_catalog **out)
{
	struct effects_catalog *catalog = effects_catalog_new();
	struct err *err = NULL;

	for (size_t i = 0; i < t->n_common && !err; i++) {
		err = check_load(t, t->common[i]);
		if (!err)
			step_pg(c, t, catalog, t->common[i],
				old ? &old[i] : NULL);
	}
	if (err) {
		effects_catalog_free(catalog);
		return err;
	}
	*out = catalog;
	return NULL;
}

static struct err *base_catalog(struct check *c, struct check_trees *t,
				struct effects_catalog **out)
{
	struct buf b = BUF_INIT;
	struct err *err;

	*out = NULL;
	if (check_cache_get(c, "catalog", t->base_key, &b))
		*out = effects_catalog_decode(buf_str(&b), b.len);
	if (*out) {
		buf_release(&b);
		return NULL;
	}
	if (t->n_common > 100)
		session_note(c->e, ENGINE_HINT,
			     "reading %zu migrations for the first time",
			     t->n_common);
	err = fold_pg(c, t, NULL, out);
	if (!err) {
		buf_reset(&b);
		effects_catalog_encode(&b, *out);
		check_cache_put(c, "catalog", t->base_key, b.data, b.len);
	}
	buf_release(&b);
	return err;
}

/* --- SQLite --- */

/* Run everything that the bases have; the effects where asked for. A failure
 * is told once, and what comes behind it runs all the same. */
static struct err *run_common(struct check *c, struct check_trees *t,
			      struct replay *r, struct effects *old)
{
	struct err *err = NULL;

	for (size_t i = 0; i < t->n_common && !err; i++) {
		struct replay_result result = { 0 };
		struct replay_script script;

		err = check_load(t, t->common[i]);
		if (err)
			break;
		check_script(t->common[i], &script);
		err = replay_run(r, &script, old ? &old[i] : NULL, &result);
		if (!err && result.end != REPLAY_FINE) {
			if (!t->base_broken)
				check_note(c,
					   "the merge base does not run by "
					   "itself: %s, line %u: %s",
					   t->common[i]->name, result.line,
					   result.message);
			t->base_broken = true;
			t->limited |= result.end == REPLAY_LIMIT;
			if (old)
				uncertain(&old[i], t->common[i],
					  result.message);
		}
		replay_result_release(&result);
	}
	return err;
}

struct err *check_base_scratch(struct check *c, struct check_trees *t,
			       struct replay **out)
{
	struct err *err =
		replay_pg_open(out, c->opt->scratch, t->base_key, NULL);

	if (!err && !replay_pg_is_kept(*out)) {
		err = run_common(c, t, *out, NULL);
		if (!err && !t->base_broken)
			err = replay_pg_keep(*out);
	}
	if (err) {
		replay_close(*out);
		*out = NULL;
	}
	return err_wrap(err, "replay");
}

struct err *check_base_image(struct check *c, struct check_trees *t,
			     struct replay **out)
{
	struct buf b = BUF_INIT;
	struct err *err = NULL;

	*out = NULL;
	if (check_cache_get(c, "image", t->base_key, &b)) {
		err_free(replay_sqlite_load(out, b.data, b.len, c->limits));
		buf_release(&b);
		if (*out)
			return NULL;
	}
	buf_release(&b);
	if (t->n_common > 100)
		session_note(c->e, ENGINE_HINT,
			     "running %zu migrations for the first time",
			     t->n_common);
	err = replay_sqlite_open(out, c->limits);
	if (!err)
		err = run_common(c, t, *out, NULL);
	if (!err && !t->base_broken)
		err = replay_image(*out, &b);
	if (!err && !t->base_broken)
		check_cache_put(c, "image", t->base_key, b.data, b.len);
	buf_release(&b);
	if (err) {
		replay_close(*out);
		*out = NULL;
	}
	return err;
}

static struct err *step_sqlite(struct check_trees *t, struct replay *r,
			       const struct check_item *item,
			       struct effects *out)
{
	struct replay_result result = { 0 };
	struct replay_script script;
	struct err *err;

	check_script(item->m, &script);
	effects_init(out);
	err = replay_run(r, &script, out, &result);
	if (!err && result.end != REPLAY_FINE)
		uncertain(out, item->m, result.message);
	t->limited |= result.end == REPLAY_LIMIT;
	replay_result_release(&result);
	return err;
}

/* --- both --- */

struct schema_at {
	struct effects_catalog *catalog;
	struct replay *replay;
	size_t done; /* of the side's added ones */
};

static bool is_pg(const struct check_trees *t)
{
	return t->merged.dialect == SQL_POSTGRESQL;
}

static void close_at(struct schema_at *at)
{
	effects_catalog_free(at->catalog);
	replay_close(at->replay);
}

/* The schema behind the side's i-th; what was in the cache runs again. */
static struct err *reach(struct check *c, struct check_trees *t,
			 struct check_side *s, struct schema_at *at, size_t i,
			 struct effects *out)
{
	struct err *err = NULL;

	if (is_pg(t) && !at->catalog)
		err = base_catalog(c, t, &at->catalog);
	else if (!is_pg(t) && !at->replay)
		err = check_base_image(c, t, &at->replay);
	while (!err && at->done <= i) {
		struct effects passed, *to = at->done == i ? out : &passed;

		if (is_pg(t))
			step_pg(c, t, at->catalog, s->added[at->done].m, to);
		else
			err = step_sqlite(t, at->replay, &s->added[at->done],
					  to);
		if (at->done < i)
			effects_release(&passed);
		at->done++;
	}
	return err;
}

bool check_effects_get(struct check *c, const char *key, struct effects *out)
{
	struct buf b = BUF_INIT;
	bool ok = check_cache_get(c, "effects", key, &b) &&
		  effects_decode(out, buf_str(&b), b.len);

	buf_release(&b);
	return ok;
}

void check_effects_put(struct check *c, const char *key,
		       const struct effects *es)
{
	struct buf b = BUF_INIT;

	effects_encode(&b, es);
	check_cache_put(c, "effects", key, b.data, b.len);
	buf_release(&b);
}

static struct err *side_effects(struct check *c, struct check_trees *t,
				struct check_side *s)
{
	struct schema_at at = { 0 };
	struct err *err = NULL;
	char key[65];

	memcpy(key, t->base_key, sizeof(key));
	for (size_t i = 0; i < s->n_added && !err; i++) {
		struct check_item *item = &s->added[i];

		check_chain(c, t, key, item->m);
		item->has_effects = true;
		if (check_effects_get(c, key, &item->effects))
			continue;
		if (t->only_cached) {
			effects_init(&item->effects);
			t->missed = true;
			continue;
		}
		err = reach(c, t, s, &at, i, &item->effects);
		if (!err && !t->base_broken && !t->limited)
			check_effects_put(c, key, &item->effects);
	}
	close_at(&at);
	return err;
}

struct err *check_effects(struct check *c, struct check_trees *t)
{
	struct err *err = NULL;

	if (!t->only_cached && (t->ours.n_added || t->theirs.n_added))
		err = order_common(c, t);
	if (!err)
		err = side_effects(c, t, &t->ours);
	return err ? err : side_effects(c, t, &t->theirs);
}

/* Each on the schema before it: of a text against what the catalog has so far,
 * or run behind all that stand before it. */
struct err *check_run_old(struct check *c, struct check_trees *t,
			  struct effects *old)
{
	struct effects_catalog *catalog = NULL;
	struct replay *replay = NULL;
	struct err *err;

	if (is_pg(t))
		err = fold_pg(c, t, old, &catalog);
	else
		err = replay_sqlite_open(&replay, c->limits);
	if (replay && !err)
		err = run_common(c, t, replay, old);
	effects_catalog_free(catalog);
	replay_close(replay);
	return err;
}
