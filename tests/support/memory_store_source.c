#include "support/memory_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/fake_source.h"

/* The project's history, in memory. */

struct err *memory_resolve(struct store *store, const char *rev,
			   struct store_commit *out)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_RESOLVE);
	const struct memory_object *o;
	const char *id = rev;

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if (!rev || streq(rev, "HEAD"))
		id = s->head;
	else if (map_has(&s->refs, rev))
		id = memory_store_get_ref(s, rev);
	if (!*id)
		return err_hint(err_new(ERR_INPUT, "HEAD has no commit yet"),
				"git commit");
	o = memory_object_find(s, id);
	if (!o || o->data)
		return err_new(ERR_INPUT, "no such revision: %s", rev);
	snprintf(out->id.hex, sizeof(out->id.hex), "%s", o->id);
	out->author = xstrdup(o->author);
	return NULL;
}

struct memory_source {
	struct fake_source fake;
	const struct source_ops *inner;
	struct memory_store *s;
};

static struct err *source_list(struct source *source, source_entry_fn fn,
			       void *payload)
{
	struct memory_source *m = (struct memory_source *)source;
	struct err *err = memory_before(m->s, MEMORY_SOURCE_LIST);

	return err ? err : m->inner->list(source, fn, payload);
}

static struct err *source_read(struct source *source, const char *path,
			       const char *blob, size_t max_bytes,
			       struct buf *out)
{
	struct memory_source *m = (struct memory_source *)source;
	struct err *err = memory_before(m->s, MEMORY_SOURCE_READ);

	return err ? err : m->inner->read(source, path, blob, max_bytes, out);
}

static void source_close(struct source *source)
{
	struct memory_source *m = (struct memory_source *)source;

	m->s->open--;
	m->inner->close(source);
	free(m);
}

struct err *memory_open_source(struct store *store,
			       const struct store_id *commit, const char *dir,
			       struct source **out)
{
	static const struct source_ops ops = { source_list, source_read,
					       source_close };
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_SOURCE);
	const struct memory_object *o = memory_object_find(s, s->head);
	const struct memory_tree *head = o ? &o->tree : NULL, *t;
	struct memory_source *m;
	size_t n = strlen(dir);

	*out = NULL;
	if (!err && !commit && s->bare)
		err = err_new(ERR_REFUSED, "there is no work tree");
	if (err)
		return err;
	t = &s->worktree;
	if (commit) {
		o = memory_object_find(s, commit->hex);
		if (!o)
			return err_new(ERR_STORE, "no commit %s", commit->hex);
		t = &o->tree;
	}
	m = xcalloc(1, sizeof(*m));
	m->s = s;
	s->open++;
	fake_source_init(&m->fake);
	m->inner = m->fake.base.ops;
	m->fake.base.ops = &ops;
	m->fake.base.dir = dir;
	for (size_t i = 0; i < t->n; i++) {
		const struct memory_entry *e = &t->items[i];
		const struct memory_object *blob;
		struct fake_file *f;

		if (!starts_with(e->path, dir) || e->path[n] != '/')
			continue;
		blob = memory_object_find(s, e->blob);
		f = fake_source_add_bytes(&m->fake, e->path + n + 1, blob->data,
					  blob->len);
		memcpy(f->blob, e->blob, sizeof(f->blob));
		f->dirty = !commit &&
			   !streq_null(head ? memory_tree_get(head, e->path)
					    : NULL,
				       e->blob);
	}
	*out = &m->fake.base;
	return NULL;
}

struct err *memory_authors(struct store *store, const struct store_id *commit,
			   const char *dir, const char *const *paths, size_t n,
			   char **out)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_AUTHORS);

	for (size_t i = 0; i < n && !err && !s->no_authors; i++) {
		const struct memory_object *o =
			memory_object_find(s, commit->hex);
		char *full = xasprintf("%s/%s", dir, paths[i]);
		const char *who = NULL;

		for (; o && memory_tree_get(&o->tree, full);
		     o = memory_object_find(s, o->parent))
			who = o->author;
		out[i] = who ? xstrdup(who) : NULL;
		free(full);
	}
	return err;
}
