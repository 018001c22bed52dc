#include "engine/renumber.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "migration/renumber.h"

/* While it is planned. */
struct planning {
	struct renumber *out;
	struct migration_set *ours;
	const struct migration_set *theirs;
	const struct map *own;
	const char *stamp;
	const char **given; /* versions of own ones so far */
	size_t n_given;
	const char *last; /* the greatest so far, NULL = none */
	struct map names; /* old name -> new name */
	struct map paths; /* old path -> struct renumber_file number + 1 */
};

/* --- versions --- */

static const char *greatest(const struct migration_set *set)
{
	const char *top = NULL;

	for (size_t i = 0; i < set->n; i++) {
		const char *v = set->items[i]->version;

		if (*v && (!top || migration_set_compare(set, top, v) < 0))
			top = v;
	}
	return top;
}

static struct renumber_item *item_of(const struct planning *p, const char *name)
{
	for (size_t i = 0; i < p->out->n; i++)
		if (streq(p->out->items[i].m->name, name))
			return &p->out->items[i];
	return NULL;
}

/* Rezoom: a child is of its root's version, and where the parent is not the
 * branch's own, there is nothing to count up. */
static bool follows_parent(const struct planning *p, struct renumber_item *item)
{
	const struct renumber_item *parent;

	if (!streq(migration_layout_name(p->ours), "rezoom") ||
	    !item->m->depends || !item->m->depends[0])
		return false;
	parent = item_of(p, item->m->depends[0]);
	if (parent)
		item->version = parent->version;
	return true;
}

static void give_version(struct planning *p, struct renumber_item *item)
{
	char *next;

	item->version = item->m->version;
	if (!*item->version || follows_parent(p, item))
		return;
	if (p->last &&
	    migration_set_compare(p->ours, item->version, p->last) <= 0) {
		next = migration_next_version(p->theirs, p->given, p->n_given,
					      p->stamp);
		item->version = arena_strdup(&p->out->arena, next);
		free(next);
	}
	p->last = item->version;
	p->given[p->n_given++] = item->version;
}

static void give_versions(struct planning *p)
{
	struct renumber *out = p->out;

	out->items =
		arena_array(&out->arena, p->ours->n + 1, sizeof(*out->items));
	p->given = arena_array(&out->arena, p->ours->n + 1, sizeof(char *));
	p->last = greatest(p->theirs);
	for (size_t i = 0; i < p->ours->n; i++) {
		struct renumber_item *item;

		if (!map_has(p->own, p->ours->items[i]->name))
			continue;
		item = &out->items[out->n++];
		memset(item, 0, sizeof(*item));
		item->m = p->ours->items[i];
		give_version(p, item);
	}
}

/* --- files --- */

static void move(struct planning *p, const struct renumber_item *item,
		 const char *path, const char *blob)
{
	struct renumber *out = p->out;
	char *to = migration_path_renumbered(path, item->m->version,
					     item->version);

	VEC_GROW(out->files, out->n_files, out->cap_files);
	out->files[out->n_files++] = (struct renumber_file){
		.from = arena_strdup(&out->arena, path),
		.to = arena_strdup(&out->arena, to ? to : path),
		.blob = arena_strdup(&out->arena, blob),
	};
	map_put_number(&p->paths, path, out->n_files);
	free(to);
}

static bool has_folder(const struct migration_set *set)
{
	const char *layout = migration_layout_name(set);

	return streq(layout, "diesel") || streq(layout, "prisma");
}

/* The file is one of the migration's; in a folder of its own all are. */
static bool belongs(const struct planning *p, const struct migration *m,
		    const char *path)
{
	size_t n = strcspn(m->path, "/");

	if (has_folder(p->ours) && m->path[n] == '/')
		return !strncmp(path, m->path, n + 1);
	return streq(path, m->path) || streq_null(path, m->down_path) ||
	       streq_null(path, m->side_path);
}

static struct err *take_entry(void *payload, const struct source_entry *e)
{
	struct planning *p = payload;

	if (e->kind != SOURCE_FILE)
		return NULL;
	for (size_t i = 0; i < p->out->n; i++) {
		const struct renumber_item *item = &p->out->items[i];

		if (!streq(item->version, item->m->version) &&
		    belongs(p, item->m, e->path))
			move(p, item, e->path, e->blob);
	}
	return NULL;
}

/* --- the folder as it will be --- */

struct overlay {
	struct source base; /* must be first */
	const struct planning *p;
	struct source *under;
	source_entry_fn fn;
	void *payload;
};

static const struct renumber_file *file_from(const struct planning *p,
					     const char *path)
{
	size_t i = map_number(&p->paths, path);

	return i ? &p->out->files[i - 1] : NULL;
}

static struct err *overlay_entry(void *payload, const struct source_entry *e)
{
	struct overlay *o = payload;
	const struct renumber_file *f = file_from(o->p, e->path);
	struct source_entry moved = *e;

	/* folders go and come with their files */
	if (e->kind == SOURCE_FOLDER)
		return NULL;
	if (f)
		moved.path = f->to;
	return o->fn(o->payload, &moved);
}

static struct err *overlay_list(struct source *s, source_entry_fn fn,
				void *payload)
{
	struct overlay *o = (struct overlay *)s;

	o->fn = fn;
	o->payload = payload;
	return o->under->ops->list(o->under, overlay_entry, o);
}

static struct err *overlay_read(struct source *s, const char *path,
				const char *blob, size_t max_bytes,
				struct buf *out)
{
	struct overlay *o = (struct overlay *)s;

	return o->under->ops->read(o->under, path, blob, max_bytes, out);
}

static void overlay_close(struct source *s)
{
	(void)s;
}

static const struct migration *with_path(const struct migration_set *set,
					 const char *path)
{
	for (size_t i = 0; i < set->n; i++)
		if (streq(set->items[i]->path, path))
			return set->items[i];
	return NULL;
}

static struct err *not_renumbered(const struct renumber_item *item)
{
	return err_hint(err_new(ERR_REFUSED,
				"%s cannot be given version %s: its files' "
				"names do not say where the version stands",
				item->m->name, item->version),
			"rename it by hand");
}

/* The names that the renamed files give; the set has to be one. */
static struct err *read_names(struct planning *p)
{
	static const struct source_ops ops = { overlay_list, overlay_read,
					       overlay_close };
	struct overlay o = { .base = { &ops, p->ours->source->dir },
			     .p = p,
			     .under = p->ours->source };
	struct migration_options opt = {
		.layout = migration_layout_name(p->ours),
		.pattern = p->ours->pattern,
		.dialect = p->ours->dialect,
	};
	struct migration_set set;
	struct err *err = migration_set_read(&set, &o.base, &opt);

	for (size_t i = 0; !err && i < p->out->n; i++) {
		struct renumber_item *item = &p->out->items[i];
		const struct renumber_file *f = file_from(p, item->m->path);
		const struct migration *now =
			with_path(&set, f ? f->to : item->m->path);
		char *name;

		if (!now || !streq(now->version, item->version)) {
			err = not_renumbered(item);
			break;
		}
		name = arena_strdup(&p->out->arena, now->name);
		item->name = name;
		item->path = arena_strdup(&p->out->arena, now->path);
		item->renamed = !streq(name, item->m->name);
		if (item->renamed)
			map_put(&p->names, item->m->name, name);
	}
	migration_set_release(&set);
	return err;
}

/* --- what the files say --- */

static struct renumber_file *file_for(struct planning *p,
				      const struct migration *m)
{
	size_t i = map_number(&p->paths, m->path);
	struct renumber *out = p->out;

	if (i)
		return &out->files[i - 1];
	VEC_GROW(out->files, out->n_files, out->cap_files);
	out->files[out->n_files++] = (struct renumber_file){
		.from = arena_strdup(&out->arena, m->path),
		.to = arena_strdup(&out->arena, m->path),
		.blob = arena_strdup(&out->arena, m->blob),
	};
	return &out->files[out->n_files - 1];
}

static void rewrite(struct planning *p)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < p->out->n; i++) {
		struct renumber_item *item = &p->out->items[i];
		struct renumber_file *f;

		buf_reset(&text);
		if (!migration_rename_depends(p->ours, item->m, &p->names,
					      &text))
			continue;
		f = file_for(p, item->m);
		f->text =
			arena_strndup(&p->out->arena, buf_str(&text), text.len);
		f->len = text.len;
		item->rewritten = true;
	}
	buf_release(&text);
}

/* --- all of it --- */

static struct err *check_layouts(const struct planning *p)
{
	const char *ours = migration_layout_name(p->ours),
		   *theirs = migration_layout_name(p->theirs);

	if (p->theirs->n && !streq(ours, theirs))
		return err_hint(err_new(ERR_REFUSED,
					"the migrations here are of layout %s, "
					"on the other side of %s",
					ours, theirs),
				"bring them to one layout first");
	if (streq(ours, "sqitch"))
		return err_hint(err_new(ERR_REFUSED,
					"the order of sqitch's changes is that "
					"of sqitch.plan, which only sqitch "
					"writes"),
				"merge or rebase the branch and keep the lines "
				"of both in sqitch.plan, yours last");
	return NULL;
}

struct err *renumber_plan(struct renumber *out, struct migration_set *ours,
			  const struct map *own,
			  const struct migration_set *theirs, const char *stamp)
{
	struct planning p = { .out = out,
			      .ours = ours,
			      .theirs = theirs,
			      .own = own,
			      .stamp = stamp };
	struct err *err;

	memset(out, 0, sizeof(*out));
	if (!own->n)
		return NULL;
	err = check_layouts(&p);
	if (!err) {
		give_versions(&p);
		err = ours->source->ops->list(ours->source, take_entry, &p);
	}
	if (!err)
		err = read_names(&p);
	if (!err)
		rewrite(&p);
	map_release(&p.names);
	map_release(&p.paths);
	return err;
}

void renumber_release(struct renumber *r)
{
	free(r->files);
	arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}
