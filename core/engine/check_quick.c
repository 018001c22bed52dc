#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"
#include "migration/layout.h"

/*
 * The common case, without reading whole folders: both sides have only added
 * migrations, behind everything that the base has, which all commute, and all
 * that is known already. Anything else, and anything that is not in the cache,
 * is left to the long way, which also writes the index that is read here.
 *
 * The index of a base's folder:
 *   <layout>\n<key of the chain>\n<version and name of the last>\n
 *   one line for each name
 */

struct settings {
	const char *dir, *layout, *pattern, *dialect;
};

struct index {
	const char *layout, *chain, *last_version, *last_name;
	const char *names; /* "\n" in front of and behind each */
	struct buf bytes;
};

/* A source that lists only some files of another. */
struct part {
	struct source base;
	struct source *whole;
	struct source_entry *entries;
	size_t n, cap;
	bool other; /* something was changed or removed */
	struct arena *arena;
};

static struct err *part_list(struct source *s, source_entry_fn fn,
			     void *payload)
{
	struct part *p = (struct part *)s;
	struct err *err = NULL;

	for (size_t i = 0; i < p->n && !err; i++)
		err = fn(payload, &p->entries[i]);
	return err;
}

static struct err *part_read(struct source *s, const char *path,
			     const char *blob, size_t max_bytes,
			     struct buf *out)
{
	struct part *p = (struct part *)s;

	return p->whole->ops->read(p->whole, path, blob, max_bytes, out);
}

static void part_close(struct source *s)
{
	struct part *p = (struct part *)s;

	if (p->whole)
		p->whole->ops->close(p->whole);
	free(p->entries);
	free(p);
}

static const struct source_ops part_ops = { part_list, part_read, part_close };

static struct err *add_entry(void *payload, const char *path,
			     const char *old_blob, const char *new_blob)
{
	struct part *p = payload;

	p->other |= old_blob || !new_blob;
	VEC_GROW(p->entries, p->n, p->cap);
	p->entries[p->n++] = (struct source_entry){
		.path = arena_strdup(p->arena, path),
		.kind = SOURCE_FILE,
		.blob = new_blob ? arena_strdup(p->arena, new_blob) : NULL,
	};
	return NULL;
}

static struct err *read_settings(struct check *c, const struct store_id *commit,
				 struct settings *out)
{
	struct err *err;

	err = check_setting(c, commit, "migrate.dir", "migrations", &out->dir);
	if (!err)
		err = check_setting(c, commit, "migrate.layout", NULL,
				    &out->layout);
	if (!err)
		err = check_setting(c, commit, "migrate.pattern", NULL,
				    &out->pattern);
	if (!err)
		err = check_setting(c, commit, "migrate.dialect", NULL,
				    &out->dialect);
	return err;
}

static bool same_settings(const struct settings *a, const struct settings *b)
{
	return streq(a->dir, b->dir) && streq_null(a->layout, b->layout) &&
	       streq_null(a->pattern, b->pattern) &&
	       streq_null(a->dialect, b->dialect);
}

static void index_key(struct check *c, const struct settings *s,
		      enum sql_dialect d, const struct store_id *folder,
		      char key[65])
{
	check_key(c, key, "index", folder->hex, s->layout ? s->layout : "",
		  s->pattern ? s->pattern : "", sql_dialect_name(d), NULL);
}

static char *cut_line(char **p)
{
	char *line = *p, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*p = end + 1;
	return line;
}

static bool read_index(struct check *c, const char *key, struct index *out)
{
	char *p, *last;

	if (!check_cache_get(c, "index", key, &out->bytes) || !out->bytes.len)
		return false;
	p = out->bytes.data;
	out->layout = cut_line(&p);
	out->chain = out->layout ? cut_line(&p) : NULL;
	last = out->chain ? cut_line(&p) : NULL;
	if (!last || strlen(out->chain) >= 65 || !strchr(last, '\t') ||
	    !ends_with(p, "\n\n"))
		return false;
	out->last_version = last;
	last = strchr(last, '\t');
	*last = '\0';
	out->last_name = last + 1;
	out->names = p; /* the first is an empty line */
	return true;
}

void check_index_put(struct check *c, const struct check_trees *t)
{
	const struct migration *last = NULL;
	struct settings s;
	struct buf b = BUF_INIT;
	char key[65];
	struct err *err;

	if (t->n_bases != 1 || !*t->bases[0].commit.hex || t->has_part ||
	    t->merged.layout->own_order || t->ours.n_removed ||
	    t->theirs.n_removed || t->reordered ||
	    t->n_common != t->bases[0].set.n)
		return;
	err = read_settings(c, &t->bases[0].commit, &s);
	for (size_t i = 0; i < t->n_common; i++)
		if (!t->common[i]->repeatable)
			last = t->common[i];
	buf_addf(&b, "%s\n%s\n%s\t%s\n\n", migration_layout_name(&t->merged),
		 t->base_key, last ? last->version : "",
		 last ? last->name : "");
	for (size_t i = 0; i < t->n_common; i++)
		buf_addf(&b, "%s\n", t->common[i]->name);
	buf_addch(&b, '\n');
	if (!err) {
		index_key(c, &s, t->merged.dialect, &t->bases[0].folder, key);
		check_cache_put(c, "index", key, b.data, b.len);
	}
	err_free(err);
	buf_release(&b);
}

/* What is the same for both sides. */
struct quick {
	struct check *c;
	struct settings settings;
	struct index index;
	const struct store_id *base;
	enum sql_dialect dialect;
};

/* What the side added; *fits false: it did something else as well. */
static struct err *read_side(const struct quick *q, const char *name,
			     const struct check_tip *tip,
			     struct check_side *out, bool *fits)
{
	const struct settings *s = &q->settings;
	struct check *c = q->c;
	struct store *st = c->e->store;
	struct part *p = xcalloc(1, sizeof(*p));
	struct migration_options opt = { .layout = q->index.layout,
					 .pattern = s->pattern,
					 .dialect = q->dialect };
	struct err *err;

	*out = (struct check_side){
		.name = name,
		.ref = tip->ref ? arena_strdup(c->arena, tip->ref) : NULL,
		.commit = tip->id,
		.dir = s->dir,
		.source = &p->base
	};
	out->set.layout = layout_find("native");
	p->base = (struct source){ &part_ops, s->dir };
	p->arena = c->arena;
	err = st->ops->source(st, &tip->id, s->dir, &p->whole);
	if (!err)
		err = st->ops->folder_changes(st, q->base, &tip->id, s->dir,
					      add_entry, p);
	*fits = !p->other;
	if (err || p->other)
		return err;
	err = migration_set_read(&out->set, &p->base, &opt);
	if (err || out->set.n_strays) {
		err_free(err); /* the long way tells it */
		*fits = false;
		return NULL;
	}
	out->added = xcalloc(out->set.n + 1, sizeof(*out->added));
	for (size_t i = 0; i < out->set.n && *fits; i++) {
		struct migration *m = out->set.items[i];

		err = migration_load(&out->set, m);
		*fits = !err;
		err_free(err);
		out->added[out->n_added++] =
			(struct check_item){ .m = m, .side = out };
	}
	return NULL;
}

static bool is_named(const struct index *index, const char *name)
{
	struct buf b = BUF_INIT;
	bool found;

	buf_addf(&b, "\n%s\n", name);
	found = strstr(index->names, buf_str(&b));
	buf_release(&b);
	return found;
}

/* New names, behind the base's last. */
static bool side_fits(const struct check_trees *t, const struct index *index,
		      const struct check_side *s)
{
	struct migration last = { .name = index->last_name,
				  .version = index->last_version,
				  .path = "" };

	for (size_t i = 0; i < s->n_added; i++) {
		const struct migration *m = s->added[i].m;

		if (is_named(index, m->name))
			return false;
		if (*last.name && !m->repeatable &&
		    (!migration_set_compare(&t->merged, m->version,
					    last.version) ||
		     migration_set_compare_items(&t->merged, m, &last) < 0))
			return false;
	}
	return true;
}

static bool pairs_fit(const struct check_trees *t)
{
	const struct check_side *a = &t->ours, *b = &t->theirs;

	for (size_t i = 0; i < a->n_added; i++)
		for (size_t k = 0; k < b->n_added; k++) {
			const struct check_item *x = &a->added[i];
			const struct check_item *y = &b->added[k];

			if (streq(x->m->name, y->m->name) ||
			    (!t->merged.layout->shared_versions &&
			     *x->m->version &&
			     !migration_set_compare(&t->merged, x->m->version,
						    y->m->version)) ||
			    streq(x->m->blob, y->m->blob) ||
			    !verdict_commute(&x->effects, &y->effects))
				return false;
		}
	return true;
}

/* What is depended on has to be there, and not in a circle: the long way. */
static bool has_depends(const struct check_side *s)
{
	for (size_t i = 0; i < s->n_added; i++)
		if (s->added[i].m->depends && *s->added[i].m->depends)
			return true;
	return false;
}

static void merge_added(struct check *c, struct check_trees *t)
{
	const struct check_side *sides[] = { &t->ours, &t->theirs };

	t->merged.items =
		arena_array(c->arena, t->ours.n_added + t->theirs.n_added + 1,
			    sizeof(struct migration *));
	for (size_t k = 0; k < ARRAY_LEN(sides); k++)
		for (size_t i = 0; i < sides[k]->n_added; i++)
			t->merged.items[t->merged.n++] = sides[k]->added[i].m;
	migration_set_sort(&t->merged);
}

static struct err *judge(struct check *c, struct check_trees *t,
			 const struct index *index, bool *done)
{
	struct err *err;

	memcpy(t->base_key, index->chain, strlen(index->chain) + 1);
	t->merged.layout = layout_find(index->layout);
	t->merged.dialect = t->ours.set.dialect;
	if (!t->merged.layout || t->merged.layout->own_order ||
	    has_depends(&t->ours) || has_depends(&t->theirs) ||
	    !side_fits(t, index, &t->ours) || !side_fits(t, index, &t->theirs))
		return NULL;
	t->only_cached = true;
	err = check_effects(c, t);
	if (err || t->missed || !pairs_fit(t))
		return err;
	merge_added(c, t);
	if (!check_replay_is_fine(c, t) || !check_gone_is_fine(c, t))
		return NULL;
	*done = true;
	check_pairs(c, t, &t->ours, &t->theirs);
	return check_find_adders(c, t);
}

struct err *check_quick(struct check *c, const struct check_merge *m,
			bool *done)
{
	struct quick q = { .c = c,
			   .base = &m->bases[0],
			   .dialect = c->e->cfg.dialect };
	struct check_trees t = { 0 };
	struct settings ours, theirs;
	struct store_id folder;
	bool fits = false;
	char key[65];
	struct err *err;

	*done = false;
	err = read_settings(c, q.base, &q.settings);
	if (!err)
		err = read_settings(c, &m->ours.id, &ours);
	if (!err)
		err = read_settings(c, &m->theirs.id, &theirs);
	if (err || !same_settings(&q.settings, &ours) ||
	    !same_settings(&q.settings, &theirs))
		return err;
	if (q.settings.dialect)
		err = sql_dialect_parse(q.settings.dialect, &q.dialect);
	if (!err)
		err = c->e->store->ops->folder_id(c->e->store, q.base,
						  q.settings.dir, &folder);
	if (err || !*folder.hex)
		return err;
	index_key(c, &q.settings, q.dialect, &folder, key);
	if (!read_index(c, key, &q.index))
		goto done;
	t.bases = arena_array(c->arena, 1, sizeof(*t.bases));
	t.n_bases = 1;
	t.bases[0] = (struct check_side){ .name = "base",
					  .commit = *q.base,
					  .dir = q.settings.dir };
	err = read_side(&q, "ours", &m->ours, &t.ours, &fits);
	if (!err && fits)
		err = read_side(&q, "theirs", &m->theirs, &t.theirs, &fits);
	if (!err && fits)
		err = judge(c, &t, &q.index, done);
	if (!err && *done)
		check_add_names(c, &t);
done:
	check_trees_release(&t);
	buf_release(&q.index.bytes);
	return err;
}
