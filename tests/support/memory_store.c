#include "support/memory_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Two runs of FNV-1a and the length. */
void memory_hash(const void *data, size_t len, char out[41])
{
	const unsigned char *p = data;
	uint64_t a = 0xcbf29ce484222325, b = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < len; i++) {
		a = (a ^ p[i]) * 0x100000001b3;
		b = (b ^ (p[i] + 0x5bU)) * 0x100000001b3;
	}
	snprintf(out, 41, "%016" PRIx64 "%016" PRIx64 "%08x", a, b,
		 (unsigned)len);
}

/* --- trees --- */

static size_t tree_place(const struct memory_tree *t, const char *path)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->items[i].path, path) < 0)
		i++;
	return i;
}

void memory_tree_set(struct memory_tree *t, const char *path, const char *blob)
{
	size_t i = tree_place(t, path);
	bool here = i < t->n && streq(t->items[i].path, path);

	if (here && !blob) {
		free(t->items[i].path);
		memmove(t->items + i, t->items + i + 1,
			(--t->n - i) * sizeof(*t->items));
	}
	if (!here && blob) {
		VEC_GROW(t->items, t->n, t->cap);
		memmove(t->items + i + 1, t->items + i,
			(t->n++ - i) * sizeof(*t->items));
		t->items[i].path = xstrdup(path);
	}
	if (blob)
		snprintf(t->items[i].blob, sizeof(t->items[i].blob), "%.40s",
			 blob);
}

const char *memory_tree_get(const struct memory_tree *t, const char *path)
{
	size_t i = tree_place(t, path);

	if (i < t->n && streq(t->items[i].path, path))
		return t->items[i].blob;
	return NULL;
}

void memory_tree_copy(struct memory_tree *out, const struct memory_tree *in)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < in->n; i++)
		memory_tree_set(out, in->items[i].path, in->items[i].blob);
}

void memory_tree_release(struct memory_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].path);
	free(t->items);
	memset(t, 0, sizeof(*t));
}

void memory_tree_id(const struct memory_tree *t, const char *prefix,
		    char out[41])
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < t->n; i++)
		if (starts_with(t->items[i].path, prefix))
			buf_addf(&b, "%s %s\n",
				 t->items[i].path + strlen(prefix),
				 t->items[i].blob);
	memory_hash(buf_str(&b), b.len, out);
	buf_release(&b);
}

/* --- objects --- */

struct memory_object *memory_object_find(const struct memory_store *s,
					 const char *id)
{
	for (size_t i = 0; i < s->n_objects; i++)
		if (streq(s->objects[i]->id, id))
			return s->objects[i];
	return NULL;
}

struct memory_object *memory_object_blob(const void *data, size_t len)
{
	struct memory_object *o = xcalloc(1, sizeof(*o));

	memory_hash(data, len, o->id);
	o->data = xstrndup(data, len);
	o->len = len;
	return o;
}

void memory_object_free(struct memory_object *o)
{
	free(o->data);
	free(o->author);
	free(o->committer);
	free(o->message);
	memory_tree_release(&o->tree);
	free(o);
}

void memory_object_add(struct memory_store *s, struct memory_object *o)
{
	if (memory_object_find(s, o->id)) {
		memory_object_free(o);
		return;
	}
	VEC_GROW(s->objects, s->n_objects, s->cap_objects);
	s->objects[s->n_objects++] = o;
}

/* --- faults --- */

const char *memory_op_name(enum memory_op op)
{
	static const char *const names[MEMORY_OP_COUNT] = {
		"resolve",
		"source",
		"source list",
		"source read",
		"authors",
		"ident",
		"ledger_tip",
		"ledger_of_target",
		"ledger_forget",
		"ledger_new",
		"ledger_load",
		"ledger_put",
		"ledger_put_blob",
		"ledger_put_shape",
		"ledger_ids",
		"ledger_commit",
		"ledger_set_parent",
		"ledger_rewind",
		"ledger_flush",
		"ledger_move",
		"ledger_keep_sources",
		"ledger_archive",
		"is_ancestor",
		"sink_open",
		"sink_file",
		"sink_chunk",
		"sink_event",
		"sink_drop",
		"sink_durable",
		"sink_promote",
		"pending_settle",
		"reader_open",
		"reader_file",
		"reader_chunk",
	};

	return names[op];
}

static bool is_due(const struct memory_store *s, enum memory_op op)
{
	const struct memory_fault *f = &s->fault;

	return f->first && f->op == op && s->calls[op] >= f->first &&
	       s->calls[op] - f->first < f->n;
}

static struct err *fail(struct memory_store *s, enum memory_op op)
{
	s->failed++;
	return err_new(s->fault.cls, "fault in %s", memory_op_name(op));
}

struct err *memory_before(struct memory_store *s, enum memory_op op)
{
	void (*fn)(void *payload) = s->on_call;

	s->calls[op]++;
	if (fn && s->on_op == op) {
		s->on_call = NULL;
		fn(s->payload);
	}
	return is_due(s, op) && !s->fault.after ? fail(s, op) : NULL;
}

struct err *memory_after(struct memory_store *s, enum memory_op op)
{
	return is_due(s, op) && s->fault.after ? fail(s, op) : NULL;
}

void memory_store_fail(struct memory_store *s, const struct memory_fault *f)
{
	memset(s->calls, 0, sizeof(s->calls));
	s->failed = 0;
	s->fault = f ? *f : (struct memory_fault){ 0 };
}

static struct err *ident(struct store *store, int64_t seconds, struct buf *out)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_IDENT);

	if (!err)
		buf_addf(out, "%s %" PRId64 " +0000", s->ident, seconds);
	return err;
}

static void expect_worktree(struct store *store, const char *dir)
{
	(void)store, (void)dir;
}

static bool has(struct store *store, const struct store_id *id)
{
	return memory_object_find((struct memory_store *)store, id->hex);
}

static struct err *is_ancestor(struct store *store, const struct store_id *a,
			       const struct store_id *b, bool *out)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_IS_ANCESTOR);
	const struct memory_object *o = memory_object_find(s, b->hex);

	while (o && !streq(o->id, a->hex))
		o = memory_object_find(s, o->parent);
	*out = o != NULL;
	return err;
}

static struct err *get_config(struct store *store, const char *key, char **out,
			      bool *from_versioned)
{
	struct memory_store *s = (struct memory_store *)store;
	const char *value = map_get(&s->config, key);

	*out = value ? xstrdup(value) : NULL;
	if (from_versioned)
		*from_versioned = false;
	return NULL;
}

static const char *worktree(struct store *store)
{
	const struct memory_store *s = (struct memory_store *)store;

	return s->bare ? NULL : s->common_dir;
}

static const char *common_dir(struct store *store)
{
	return ((struct memory_store *)store)->common_dir;
}

void memory_store_init(struct memory_store *s, const char *dir)
{
	/* what the engine never asks for is not here */
	static const struct store_ops ops = {
		.resolve = memory_resolve,
		.source = memory_open_source,
		.expect_worktree = expect_worktree,
		.authors = memory_authors,
		.ident = ident,
		.merge_bases = memory_merge_bases,
		.parents = memory_parents,
		.upstream = memory_upstream,
		.branch = memory_branch,
		.branches = memory_branches,
		.merges_between = memory_merges_between,
		.folder_id = memory_folder_id,
		.folder_changes = memory_folder_changes,
		.adders = memory_adders,
		.config_at = memory_config_at,
		.index_source = memory_index_source,
		.merge_heads = memory_merge_heads,
		.ledger_tip = memory_ledger_tip,
		.ledger_of_target = memory_ledger_of_target,
		.ledger_forget = memory_ledger_forget,
		.ledger_new = memory_ledger_new,
		.ledger_load = memory_ledger_load,
		.ledger_put = memory_ledger_put,
		.ledger_put_blob = memory_ledger_put_blob,
		.ledger_put_shape = memory_ledger_put_shape,
		.ledger_ids = memory_ledger_ids,
		.ledger_commit = memory_ledger_commit,
		.ledger_set_parent = memory_ledger_set_parent,
		.ledger_mark = memory_ledger_mark,
		.ledger_rewind = memory_ledger_rewind,
		.ledger_flush = memory_ledger_flush,
		.ledger_close = memory_ledger_close,
		.ledger_move = memory_ledger_move,
		.ledger_keep_sources = memory_ledger_keep_sources,
		.ledger_archive = memory_ledger_archive,
		.has = has,
		.is_ancestor = is_ancestor,
		.sink_open = memory_sink_open,
		.sink_file = memory_sink_file,
		.sink_chunk = memory_sink_chunk,
		.sink_event = memory_sink_event,
		.sink_drop = memory_sink_drop,
		.sink_durable = memory_sink_durable,
		.sink_promote = memory_sink_promote,
		.sink_close = memory_sink_close,
		.pending_settle = memory_pending_settle,
		.snapshots_share = memory_snapshots_share,
		.reader_open = memory_reader_open,
		.reader_file = memory_reader_file,
		.reader_chunk = memory_reader_chunk,
		.reader_close = memory_reader_close,
		.chunk_id = memory_chunk_id,
		.chunk_deflate = memory_chunk_deflate,
		.chunk_inflate = memory_chunk_inflate,
		.config = get_config,
		.worktree = worktree,
		.common_dir = common_dir,
	};

	memset(s, 0, sizeof(*s));
	s->base.ops = &ops;
	s->common_dir = xstrdup(dir);
	s->ident = "Runner <run@example.com>";
}

void memory_store_release(struct memory_store *s)
{
	for (size_t i = 0; i < s->n_objects; i++)
		memory_object_free(s->objects[i]);
	free(s->objects);
	for (size_t i = 0; i < s->n_kept; i++) {
		memory_snapshot_release(s->kept[i].files);
		free(s->kept[i].files);
	}
	free(s->kept);
	map_each (&s->refs, e) {
		free(e->value);
	}
	map_each (&s->config, e) {
		free(e->value);
	}
	map_release(&s->refs);
	map_release(&s->config);
	memory_tree_release(&s->worktree);
	free(s->common_dir);
	memset(s, 0, sizeof(*s));
}

/* --- what a test does to it --- */

void memory_store_write(struct memory_store *s, const char *path,
			const char *text)
{
	struct memory_object *o;

	if (!text) {
		memory_tree_set(&s->worktree, path, NULL);
		return;
	}
	o = memory_object_blob(text, strlen(text));
	memory_tree_set(&s->worktree, path, o->id);
	memory_object_add(s, o);
}

const char *memory_store_commit(struct memory_store *s, const char *author)
{
	struct memory_object *o = xcalloc(1, sizeof(*o));
	struct buf b = BUF_INIT;
	char tree[41];

	memory_tree_id(&s->worktree, "", tree);
	buf_addf(&b, "tree %s\nparent %s\nauthor %s\n", tree, s->head, author);
	memory_hash(buf_str(&b), b.len, o->id);
	buf_release(&b);
	o->author = xstrdup(author);
	memcpy(o->parent, s->head, sizeof(o->parent));
	memory_tree_copy(&o->tree, &s->worktree);
	memcpy(s->head, o->id, sizeof(s->head));
	memory_object_add(s, o);
	return s->head;
}

size_t memory_store_count_kept(const struct memory_store *s, bool pending)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_kept; i++)
		n += s->kept[i].pending == pending;
	return n;
}

void memory_store_forget_ledgers(struct memory_store *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_objects; i++)
		if (s->objects[i]->committer)
			memory_object_free(s->objects[i]);
		else
			s->objects[n++] = s->objects[i];
	s->n_objects = n;
}
