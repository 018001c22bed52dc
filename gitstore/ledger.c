#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/folder.h"
#include "gitstore/hash.h"

/* Objects stay in memory up to here; more goes to a temporary file. */
#define SPILL (8u << 20)

/* One step back: a file as it was before, or a mark. */
struct undo {
	enum {
		UNDO_FILE,
		UNDO_SHAPE,
		UNDO_MARK
	} kind;
	char *path; /* owned; NULL for a mark */
	struct gs_folder_file file;
	struct gs_pack_mark pack;
	git_oid parent;
	bool has_parent;
};

struct ledger {
	struct gs *g;
	struct gs_folder *root, *shape;
	struct gs_pack *pack; /* made with the first object */
	git_oid parent;
	bool has_parent;
	struct undo *undo;
	size_t n_undo, cap_undo;
	size_t gone; /* undo records before those, from earlier flushes */
	struct buf text;
	bool broken; /* a flush failed half way: objects are lost */
};

struct err *gs_ledger_new(struct store *s, struct ledger **out)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->g = gs_of(s);
	l->root = gs_folder_new(l->g);
	l->shape = gs_folder_new(l->g);
	*out = l;
	return NULL;
}

static void forget_undo(struct ledger *l)
{
	for (size_t i = 0; i < l->n_undo; i++)
		free(l->undo[i].path);
	l->gone += l->n_undo;
	l->n_undo = 0;
}

void gs_ledger_close(struct ledger *l)
{
	if (!l)
		return;
	forget_undo(l);
	free(l->undo);
	gs_folder_free(l->root);
	gs_folder_free(l->shape);
	gs_pack_free(l->pack);
	buf_release(&l->text);
	free(l);
}

struct err *gs_ledger_load(struct ledger *l, const struct store_id *id)
{
	struct gs_commit c = GS_COMMIT_INIT;
	git_oid oid;
	struct err *err = gs_id_parse(id->hex, &oid);

	if (!err)
		err = gs_commit_read(l->g, &oid, &c);
	if (!err && !gs_has(l->g, &c.tree))
		err = err_new(ERR_STORE,
			      "the tree of commit %s is not in "
			      "this repository",
			      id->hex);
	if (!err) {
		gs_folder_free(l->root);
		l->root = gs_folder_stored(l->g, &c.tree);
		l->parent = oid;
		l->has_parent = true;
		forget_undo(l);
	}
	gs_commit_release(&c);
	return err;
}

static struct gs_pack *pack_of(struct ledger *l)
{
	if (!l->pack) {
		char *objects = gs_objects_dir(l->g);
		char *dir = file_join(objects, "pack");

		l->pack = gs_pack_new(dir, SPILL);
		free(objects);
		free(dir);
	}
	return l->pack;
}

/* Set a file of one of the two trees and remember what was there. */
static struct err *put(struct ledger *l, bool shape, const char *path,
		       const struct gs_folder_file *file)
{
	struct undo u = { .kind = shape ? UNDO_SHAPE : UNDO_FILE };
	struct err *err =
		gs_folder_put(shape ? l->shape : l->root, path, file, &u.file);

	if (err)
		return err;
	u.path = xstrdup(path);
	VEC_GROW(l->undo, l->n_undo, l->cap_undo);
	l->undo[l->n_undo++] = u;
	return NULL;
}

struct err *gs_ledger_put(struct ledger *l, const char *path, const void *data,
			  size_t len)
{
	struct gs_folder_file file = { .mode = GIT_FILEMODE_BLOB };
	struct err *err = NULL;

	if (!data) {
		file.mode = 0;
		return put(l, false, path, &file);
	}
	gs_hash_object(GIT_OBJECT_BLOB, data, len, &file.id);
	if (!gs_pack_has(pack_of(l), &file.id) && !gs_has(l->g, &file.id))
		err = gs_pack_add(l->pack, GIT_OBJECT_BLOB, &file.id, data,
				  len);
	return err ? err : put(l, false, path, &file);
}

struct err *gs_ledger_put_blob(struct ledger *l, const char *path,
			       const char *blob)
{
	struct gs_folder_file file = { .mode = GIT_FILEMODE_BLOB };
	struct err *err = gs_id_parse(blob, &file.id);

	if (!err && !gs_pack_has(pack_of(l), &file.id) &&
	    !gs_has(l->g, &file.id))
		err = err_new(ERR_STORE, "blob %s is not in this repository",
			      blob);
	return err ? err : put(l, false, path, &file);
}

struct err *gs_ledger_put_shape(struct ledger *l, const char *path,
				const void *data, size_t len)
{
	struct gs_folder_file file = { .mode = GIT_FILEMODE_BLOB };

	if (data)
		gs_hash_object(GIT_OBJECT_BLOB, data, len, &file.id);
	else
		file.mode = 0;
	return put(l, true, path, &file);
}

struct err *gs_ledger_ids(struct ledger *l, struct store_id *schema,
			  struct store_id *shape)
{
	git_oid id;
	struct err *err = gs_folder_id_at(l->root, "schema", &id);

	if (err)
		return err;
	gs_id_print(&id, schema);
	err = gs_folder_id(l->shape, &id);
	if (!err)
		gs_id_print(&id, shape);
	return err;
}

struct err *gs_ledger_commit(struct ledger *l, const char *author,
			     const char *committer, const char *message,
			     struct store_id *out)
{
	/* what follows a commit that is new cannot have been there */
	bool look = !l->has_parent || !gs_pack_has(pack_of(l), &l->parent);
	struct gs_commit c = { .parents = &l->parent,
			       .n_parents = l->has_parent,
			       .author = author,
			       .committer = committer,
			       .message = message };
	git_oid id;
	struct err *err = gs_folder_id(l->root, &c.tree);

	if (!err)
		err = gs_folder_save(l->root, pack_of(l), look);
	if (err)
		return err;
	buf_reset(&l->text);
	gs_commit_format(&l->text, &c);
	gs_hash_object(GIT_OBJECT_COMMIT, l->text.data, l->text.len, &id);
	if (!look || !gs_has(l->g, &id))
		err = gs_pack_add(l->pack, GIT_OBJECT_COMMIT, &id, l->text.data,
				  l->text.len);
	if (err)
		return err;
	l->parent = id;
	l->has_parent = true;
	gs_id_print(&id, out);
	return NULL;
}

struct err *gs_ledger_set_parent(struct ledger *l,
				 const struct store_id *parent)
{
	l->has_parent = parent && parent->hex[0];
	return l->has_parent ? gs_id_parse(parent->hex, &l->parent) : NULL;
}

size_t gs_ledger_mark(struct ledger *l)
{
	struct undo u = { .kind = UNDO_MARK };

	u.pack = gs_pack_mark(pack_of(l));
	u.parent = l->parent;
	u.has_parent = l->has_parent;
	VEC_GROW(l->undo, l->n_undo, l->cap_undo);
	l->undo[l->n_undo++] = u;
	return l->gone + l->n_undo - 1;
}

struct err *gs_ledger_rewind(struct ledger *l, size_t mark)
{
	const struct undo *to;
	struct err *err = NULL;

	if (mark < l->gone || mark - l->gone >= l->n_undo ||
	    l->undo[mark - l->gone].kind != UNDO_MARK)
		return err_new(ERR_STORE, "this mark of the ledger is gone");
	mark -= l->gone;
	for (; !err && l->n_undo > mark + 1; l->n_undo--) {
		struct undo *u = &l->undo[l->n_undo - 1];

		if (u->kind != UNDO_MARK)
			err = gs_folder_put(u->kind == UNDO_SHAPE ? l->shape
								  : l->root,
					    u->path, &u->file, NULL);
		free(u->path);
		u->path = NULL;
	}
	if (err)
		return err;
	to = &l->undo[mark];
	l->parent = to->parent;
	l->has_parent = to->has_parent;
	gs_folder_unsave(l->root);
	return gs_pack_cut(pack_of(l), to->pack);
}

struct err *gs_ledger_flush(struct ledger *l)
{
	struct err *err;
	git_odb *odb;

	if (l->broken)
		return err_new(ERR_STORE, "the ledger could not be written");
	if (!l->pack || !gs_pack_count(l->pack)) {
		forget_undo(l);
		return NULL;
	}
	err = gs_writable(l->g);
	if (!err)
		err = gs_odb(l->g, &odb);
	if (err)
		return err;
	forget_undo(l);
	err = gs_pack_finish(l->pack);
	l->broken = err != NULL;
	if (!err && git_odb_refresh(odb) < 0)
		err = gs_fault(ERR_STORE, "look for the new pack");
	return err;
}
