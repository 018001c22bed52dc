#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"

/*
 * Tables, views and columns that the bases' migrations have dropped, and who
 * did. What was added and still needs one of them cannot run: told without a
 * server, where a replay would find it as well.
 */

static bool is_kept_of(const struct effect *e)
{
	return e->kind == EFFECT_TABLE || e->kind == EFFECT_VIEW ||
	       e->kind == EFFECT_ROWS || e->kind == EFFECT_COLUMN;
}

/* Rows are their table's. */
static void add_key(struct buf *out, const struct effect *e)
{
	buf_reset(out);
	buf_addf(out, "%s\t%s\t%s",
		 e->kind == EFFECT_COLUMN ? "column" : "relation",
		 e->schema ? e->schema : "",
		 e->kind == EFFECT_COLUMN && e->table ? e->table : e->name);
	if (e->kind == EFFECT_COLUMN)
		buf_addf(out, "\t%s", e->name);
}

/* A table that is made anew has whatever columns it has. */
static void forget_columns(struct map *gone, const struct effect *e)
{
	struct buf prefix = BUF_INIT;

	buf_addf(&prefix, "column\t%s\t%s\t", e->schema ? e->schema : "",
		 e->name);
	map_each (gone, entry)
		if (starts_with(entry->key, buf_str(&prefix)))
			entry->value = NULL;
	buf_release(&prefix);
}

static void fold(struct check *c, struct map *gone, const struct effects *es,
		 const char *name)
{
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < es->n; i++) {
		const struct effect *e = &es->items[i];

		if (!is_kept_of(e) || !e->name)
			continue;
		add_key(&key, e);
		if (e->action == EFFECT_CREATE) {
			map_put(gone, buf_str(&key), NULL);
			if (e->kind != EFFECT_COLUMN)
				forget_columns(gone, e);
		} else if (e->action == EFFECT_DROP && !e->conditional) {
			map_put(gone, buf_str(&key),
				arena_strdup(c->arena, name));
		}
	}
	buf_release(&key);
}

static bool load(struct check *c, const char *chain, struct map *gone)
{
	struct buf b = BUF_INIT;
	bool ok = check_cache_get(c, "gone", chain, &b) && b.len &&
		  ends_with(buf_str(&b), "\n\n");
	char *p = b.data, *end;

	while (ok && *p != '\n' && (end = strchr(p, '\n'))) {
		char *name = memchr(p, '\f', (size_t)(end - p));

		*end = '\0';
		if (name) {
			*name++ = '\0';
			map_put(gone, p, arena_strdup(c->arena, name));
		}
		p = end + 1;
	}
	buf_release(&b);
	return ok;
}

static void save(struct check *c, const char *chain, const struct map *gone)
{
	struct buf b = BUF_INIT;

	map_each (gone, e)
		if (e->value && !strpbrk(e->key, "\n\f"))
			buf_addf(&b, "%s\f%s\n", e->key,
				 (const char *)e->value);
	buf_addstr(&b, b.len ? "\n" : "\n\n");
	check_cache_put(c, "gone", chain, b.data, b.len);
	buf_release(&b);
}

static bool is_wanted(const struct check *c, const struct check_trees *t)
{
	return t->merged.dialect == SQL_POSTGRESQL && !c->opt->scratch;
}

static bool needs(const struct effect *e)
{
	return e->action != EFFECT_CREATE && e->action != EFFECT_UNCERTAIN &&
	       !(e->action == EFFECT_DROP && e->aspect) && !e->conditional &&
	       !e->implied && is_kept_of(e) && e->name;
}

static void tell(struct check *c, const struct check_item *item,
		 const struct effect *e, const char *who)
{
	struct check_place p = check_place_of(item->side, item->m, e->line);
	struct buf thing = BUF_INIT;

	effect_describe_thing(&thing, e);
	check_add(c, &(struct check_words){
			     .rule = GM109_REPLAY,
			     .level = FINDING_ERROR,
			     .places = &p,
			     .n = 1,
			     .object = buf_str(&thing),
			     .hint = "git migrate check --scratch URL runs the "
				     "migrations on a "
				     "server",
			     .message = arena_printf(
				     c->arena, "%s needs %s, which %s dropped",
				     item->m->name, buf_str(&thing), who) });
	buf_release(&thing);
}

/* Of the first that is gone; what it adds itself is there. */
static bool judge(struct check *c, const struct check_side *s,
		  const struct map *bases, bool says)
{
	struct map gone = MAP_INIT;
	struct buf key = BUF_INIT;
	bool any = false;

	map_each (bases, e)
		map_put(&gone, e->key, e->value);
	for (size_t i = 0; i < s->n_added; i++) {
		const struct check_item *item = &s->added[i];
		bool told = false;

		for (size_t k = 0; k < item->effects.n && !told; k++) {
			struct effects one = { &item->effects.items[k], 1, 1,
					       ARENA_INIT };
			const struct effect *e = one.items;
			const char *who = NULL;

			if (needs(e)) {
				add_key(&key, e);
				who = map_get(&gone, buf_str(&key));
			}
			told = who != NULL;
			if (who && says)
				tell(c, item, e, who);
			fold(c, &gone, &one, item->m->name);
		}
		any |= told;
	}
	buf_release(&key);
	map_release(&gone);
	return any;
}

bool check_gone_is_fine(struct check *c, const struct check_trees *t)
{
	struct map gone = MAP_INIT;
	bool fine = true;

	if (!is_wanted(c, t))
		return true;
	fine = load(c, t->base_key, &gone) &&
	       !judge(c, &t->ours, &gone, false) &&
	       !judge(c, &t->theirs, &gone, false);
	map_release(&gone);
	return fine;
}

struct err *check_gone(struct check *c, struct check_trees *t)
{
	struct map gone = MAP_INIT;
	const struct effects *es;
	struct err *err = NULL;

	if (!is_wanted(c, t) || (!t->ours.n_added && !t->theirs.n_added))
		return NULL;
	if (!load(c, t->base_key, &gone)) {
		for (size_t i = 0; i < t->n_common && !err; i++) {
			err = check_effects_of(c, t, i, &es);
			if (!err)
				fold(c, &gone, es, t->common[i]->name);
		}
		if (!err)
			save(c, t->base_key, &gone);
	}
	if (!err) {
		judge(c, &t->ours, &gone, true);
		judge(c, &t->theirs, &gone, true);
	}
	map_release(&gone);
	return err;
}
