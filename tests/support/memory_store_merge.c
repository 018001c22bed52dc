#include "support/memory_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"

/* Branches and merges over the commits in memory, which have one parent
 * each: a branch is a ref, made where HEAD stood. */

static struct memory_object *commit_of(struct store *store,
				       const struct store_id *id)
{
	return memory_object_find((struct memory_store *)store, id->hex);
}

static bool reaches(const struct memory_store *s, const char *from,
		    const char *id)
{
	const struct memory_object *o = memory_object_find(s, from);

	while (o && !streq(o->id, id))
		o = memory_object_find(s, o->parent);
	return o != NULL;
}

static void put_id(struct store_id *out, const char *id)
{
	snprintf(out->hex, sizeof(out->hex), "%s", id);
}

struct err *memory_merge_bases(struct store *store, const struct store_id *a,
			       const struct store_id *b, struct store_id **out,
			       size_t *n)
{
	struct memory_store *s = (struct memory_store *)store;
	const struct memory_object *o = commit_of(store, a);

	*out = NULL;
	*n = 0;
	while (o && !reaches(s, b->hex, o->id))
		o = memory_object_find(s, o->parent);
	if (!o)
		return err_new(ERR_INPUT, "no commit in common");
	*out = xcalloc(1, sizeof(**out));
	put_id(*out, o->id);
	*n = 1;
	return NULL;
}

struct err *memory_parents(struct store *store, const struct store_id *commit,
			   struct store_id **out, size_t *n)
{
	const struct memory_object *o = commit_of(store, commit);

	*out = xcalloc(1, sizeof(**out));
	*n = o && *o->parent;
	if (*n)
		put_id(*out, o->parent);
	return NULL;
}

/* The value of a setting stands for what git would say. */
static struct err *from_config(struct store *store, const char *key, char **out)
{
	return store->ops->config(store, key, out, NULL);
}

struct err *memory_upstream(struct store *store, char **out)
{
	return from_config(store, "memory.upstream", out);
}

struct err *memory_branch(struct store *store, char **out)
{
	return from_config(store, "memory.branch", out);
}

struct err *memory_branches(struct store *store, bool remote,
			    struct err *(*fn)(void *payload, const char *name,
					      const struct store_id *id),
			    void *payload)
{
	struct memory_store *s = (struct memory_store *)store;
	const char *room = remote ? "refs/remotes/" : "refs/heads/";
	struct err *err = NULL;

	map_each (&s->refs, e) {
		struct store_id id;

		if (err || !starts_with(e->key, room))
			continue;
		put_id(&id, e->value);
		err = fn(payload, e->key + strlen(room), &id);
	}
	return err;
}

struct err *memory_merges_between(
	struct store *store, const struct store_id *from,
	const struct store_id *to,
	struct err *(*fn)(void *payload, const struct store_id *merge),
	void *payload)
{
	(void)store, (void)from, (void)to, (void)fn, (void)payload;
	return NULL; /* no commit has two parents */
}

static void full_path(struct buf *out, const char *dir, const char *path)
{
	buf_reset(out);
	buf_addf(out, "%s/%s", dir, path);
}

struct err *memory_folder_id(struct store *store, const struct store_id *commit,
			     const char *dir, struct store_id *out)
{
	const struct memory_object *o = commit_of(store, commit);
	struct buf prefix = BUF_INIT;
	char id[41];

	out->hex[0] = '\0';
	full_path(&prefix, dir, "");
	for (size_t i = 0; o && i < o->tree.n && !*out->hex; i++)
		if (starts_with(o->tree.items[i].path, buf_str(&prefix))) {
			memory_tree_id(&o->tree, buf_str(&prefix), id);
			put_id(out, id);
		}
	buf_release(&prefix);
	return NULL;
}

struct err *memory_folder_changes(
	struct store *store, const struct store_id *from,
	const struct store_id *to, const char *dir,
	struct err *(*fn)(void *payload, const char *path, const char *old_blob,
			  const char *new_blob),
	void *payload)
{
	static const struct memory_tree empty;
	const struct memory_object *a = commit_of(store, from),
				   *b = commit_of(store, to);
	const struct memory_tree *x = a ? &a->tree : &empty, *y = &b->tree;
	struct buf prefix = BUF_INIT;
	struct err *err = NULL;
	size_t i = 0, k = 0;

	full_path(&prefix, dir, "");
	while (!err && (i < x->n || k < y->n)) {
		int rc = i == x->n ? 1
			 : k == y->n
				 ? -1
				 : strcmp(x->items[i].path, y->items[k].path);
		const char *old_blob = rc <= 0 ? x->items[i].blob : NULL,
			   *new_blob = rc >= 0 ? y->items[k].blob : NULL,
			   *path = rc <= 0 ? x->items[i].path
					   : y->items[k].path;

		if (starts_with(path, buf_str(&prefix)) &&
		    !streq_null(old_blob, new_blob))
			err = fn(payload, path + prefix.len, old_blob,
				 new_blob);
		i += rc <= 0;
		k += rc >= 0;
	}
	buf_release(&prefix);
	return err;
}

struct err *memory_adders(struct store *store, const struct store_id *commit,
			  const struct store_id *stop, const char *dir,
			  const char *const *paths, size_t n,
			  struct store_id *out)
{
	struct memory_store *s = (struct memory_store *)store;
	struct buf full = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		const struct memory_object *o = commit_of(store, commit);
		const char *blob, *who = "";

		full_path(&full, dir, paths[i]);
		blob = memory_tree_get(&o->tree, buf_str(&full));
		for (; blob && o; o = memory_object_find(s, o->parent)) {
			if (!streq_null(
				    memory_tree_get(&o->tree, buf_str(&full)),
				    blob))
				break;
			who = reaches(s, stop->hex, o->id) ? "" : o->id;
			if (!*who)
				break;
		}
		put_id(&out[i], who);
	}
	buf_release(&full);
	return NULL;
}

struct err *memory_config_at(struct store *store, const struct store_id *commit,
			     const char *key, char **out, bool *from_versioned)
{
	(void)commit;
	return store->ops->config(store, key, out, from_versioned);
}

/* Everything is always added. */
struct err *memory_index_source(struct store *store, const char *dir,
				struct source **out, bool *unmerged)
{
	*unmerged = false;
	return store->ops->source(store, NULL, dir, out);
}

/* The ref MERGE_HEAD. */
struct err *memory_merge_heads(struct store *store, struct store_id **out,
			       size_t *n)
{
	struct memory_store *s = (struct memory_store *)store;
	const char *id = memory_store_get_ref(s, "MERGE_HEAD");

	*out = xcalloc(1, sizeof(**out));
	*n = *id != '\0';
	put_id(*out, id);
	return NULL;
}
