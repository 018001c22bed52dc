#include "support/memory_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Builders of ledger commits, in memory. */

struct state {
	struct memory_tree files, shape;
	char parent[41];
	size_t n_made;
};

struct ledger {
	struct memory_store *s;
	struct state now;
	struct memory_object **made; /* since the last flush */
	size_t cap_made;
	struct state *marks;
	size_t n_marks, cap_marks;
};

static void state_release(struct state *st)
{
	memory_tree_release(&st->files);
	memory_tree_release(&st->shape);
}

static void state_copy(struct state *out, const struct state *in)
{
	*out = *in;
	memory_tree_copy(&out->files, &in->files);
	memory_tree_copy(&out->shape, &in->shape);
}

static void forget_marks(struct ledger *l, size_t from)
{
	while (l->n_marks > from)
		state_release(&l->marks[--l->n_marks]);
}

static void forget_made(struct ledger *l, size_t from)
{
	while (l->now.n_made > from)
		memory_object_free(l->made[--l->now.n_made]);
}

static void add_made(struct ledger *l, struct memory_object *o)
{
	VEC_GROW(l->made, l->now.n_made, l->cap_made);
	l->made[l->now.n_made++] = o;
}

struct err *memory_ledger_new(struct store *s, struct ledger **out)
{
	struct memory_store *m = (struct memory_store *)s;
	struct err *err = memory_before(m, MEMORY_LEDGER_NEW);

	*out = NULL;
	if (err)
		return err;
	*out = xcalloc(1, sizeof(**out));
	(*out)->s = m;
	m->open++;
	return NULL;
}

struct err *memory_ledger_load(struct ledger *l, const struct store_id *id)
{
	const struct memory_object *o = memory_object_find(l->s, id->hex);
	struct err *err = memory_before(l->s, MEMORY_LEDGER_LOAD);

	if (err)
		return err;
	if (!o || o->data)
		return err_new(ERR_STORE, "no commit %s here", id->hex);
	forget_marks(l, 0);
	memory_tree_release(&l->now.files);
	memory_tree_copy(&l->now.files, &o->tree);
	snprintf(l->now.parent, sizeof(l->now.parent), "%.40s", id->hex);
	return NULL;
}

struct err *memory_ledger_put(struct ledger *l, const char *path,
			      const void *data, size_t len)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_PUT);
	struct memory_object *o;

	if (err)
		return err;
	if (!data) {
		memory_tree_set(&l->now.files, path, NULL);
		return NULL;
	}
	o = memory_object_blob(data, len);
	memory_tree_set(&l->now.files, path, o->id);
	add_made(l, o);
	return memory_after(l->s, MEMORY_LEDGER_PUT);
}

struct err *memory_ledger_put_blob(struct ledger *l, const char *path,
				   const char *blob)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_PUT_BLOB);
	bool here = memory_object_find(l->s, blob) != NULL;

	if (err)
		return err;
	for (size_t i = 0; i < l->now.n_made && !here; i++)
		here = streq(l->made[i]->id, blob);
	if (!here)
		return err_new(ERR_STORE, "no blob %s here", blob);
	memory_tree_set(&l->now.files, path, blob);
	return NULL;
}

struct err *memory_ledger_put_shape(struct ledger *l, const char *path,
				    const void *data, size_t len)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_PUT_SHAPE);
	char id[41];

	if (err)
		return err;
	if (data)
		memory_hash(data, len, id);
	memory_tree_set(&l->now.shape, path, data ? id : NULL);
	return NULL;
}

struct err *memory_ledger_ids(struct ledger *l, struct store_id *schema,
			      struct store_id *shape)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_IDS);

	if (err)
		return err;
	memory_tree_id(&l->now.files, "schema/", schema->hex);
	memory_tree_id(&l->now.shape, "", shape->hex);
	return NULL;
}

struct err *memory_ledger_commit(struct ledger *l, const char *author,
				 const char *committer, const char *message,
				 struct store_id *out)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_COMMIT);
	struct memory_object *o;
	struct buf b = BUF_INIT;
	char tree[41];

	if (err)
		return err;
	memory_tree_id(&l->now.files, "", tree);
	buf_addf(&b, "tree %s\nparent %s\nauthor %s\ncommitter %s\n\n%s", tree,
		 l->now.parent, author, committer, message);
	o = xcalloc(1, sizeof(*o));
	memory_hash(buf_str(&b), b.len, o->id);
	buf_release(&b);
	memcpy(o->parent, l->now.parent, sizeof(o->parent));
	o->author = xstrdup(author);
	o->committer = xstrdup(committer);
	o->message = xstrdup(message);
	memory_tree_copy(&o->tree, &l->now.files);
	add_made(l, o);
	memcpy(l->now.parent, o->id, sizeof(l->now.parent));
	snprintf(out->hex, sizeof(out->hex), "%s", o->id);
	return memory_after(l->s, MEMORY_LEDGER_COMMIT);
}

struct err *memory_ledger_set_parent(struct ledger *l,
				     const struct store_id *parent)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_SET_PARENT);

	if (!err)
		snprintf(l->now.parent, sizeof(l->now.parent), "%.40s",
			 parent ? parent->hex : "");
	return err;
}

size_t memory_ledger_mark(struct ledger *l)
{
	VEC_GROW(l->marks, l->n_marks, l->cap_marks);
	state_copy(&l->marks[l->n_marks], &l->now);
	return l->n_marks++;
}

struct err *memory_ledger_rewind(struct ledger *l, size_t mark)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_REWIND);

	if (err)
		return err;
	if (mark >= l->n_marks)
		return err_new(ERR_STORE, "there is no mark %zu", mark);
	forget_made(l, l->marks[mark].n_made);
	state_release(&l->now);
	state_copy(&l->now, &l->marks[mark]);
	forget_marks(l, mark + 1);
	return memory_after(l->s, MEMORY_LEDGER_REWIND);
}

struct err *memory_ledger_flush(struct ledger *l)
{
	struct err *err = memory_before(l->s, MEMORY_LEDGER_FLUSH);

	if (err)
		return err;
	for (size_t i = 0; i < l->now.n_made; i++)
		memory_object_add(l->s, l->made[i]);
	l->now.n_made = 0;
	forget_marks(l, 0);
	return memory_after(l->s, MEMORY_LEDGER_FLUSH);
}

void memory_ledger_close(struct ledger *l)
{
	if (!l)
		return;
	l->s->open--;
	forget_made(l, 0);
	forget_marks(l, 0);
	state_release(&l->now);
	free(l->made);
	free(l->marks);
	free(l);
}
