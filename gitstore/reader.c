#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/packset.h"
#include "gitstore/treewalk.h"
#include "gitstore/vault.h"

#define CHUNK_MAX (1u << 30)
#define DEPTH_MAX 32 /* of groups of groups */

struct snapshot_reader {
	struct gs_vault *vault;
	struct gs_packset *packs;
	git_oid event;
	git_oid single; /* a file of one chunk, not given yet */
	bool has_single;
	struct gs_treewalk walks[DEPTH_MAX]; /* the file, down to a group of
						chunks */
	size_t depth;
	struct buf chunk;
};

struct err *gs_reader_open(struct store *s, const struct store_id *id,
			   struct snapshot_reader **out)
{
	struct gs *g = gs_of(s);
	struct gs_vault *v = NULL;
	git_oid oid;
	struct err *err = gs_id_parse(id->hex, &oid);

	*out = NULL;
	if (!err)
		err = gs_vault(g, false, &v);
	if (err)
		return err;
	if (!v || !gs_has(&v->in, &oid))
		return err_new(ERR_REFUSED, "snapshot %s is not in this clone",
			       id->hex);
	*out = xcalloc(1, sizeof(**out));
	(*out)->vault = v;
	(*out)->event = oid;
	if (!v->set)
		v->set = gs_packset_open(v->packs);
	(*out)->packs = gs_packset_share(v->set);
	return NULL;
}

/* A group of chunks or of groups; a folder has names. */
static struct err *is_file(struct snapshot_reader *r,
			   const struct gs_tree_entry *e, bool *out)
{
	struct gs_treewalk w = { 0 };
	struct gs_tree_entry first;
	struct err *err = NULL;

	*out = e->mode != GIT_FILEMODE_TREE;
	if (*out)
		return NULL;
	err = gs_treewalk_open(&w, &r->vault->in, &e->id);
	if (!err && gs_treewalk_next(&w, &first))
		*out = first.len >= 4 &&
		       strspn(first.name, "0123456789") == first.len;
	gs_treewalk_close(&w);
	return err;
}

static struct err *list_files(struct snapshot_reader *r, const git_oid *tree,
			      const char *prefix,
			      void (*fn)(void *payload, const char *path),
			      void *payload)
{
	struct gs_treewalk w = { 0 };
	struct gs_tree_entry e;
	struct err *err = gs_treewalk_open(&w, &r->vault->in, tree);

	while (!err && gs_treewalk_next(&w, &e)) {
		char *path = xasprintf("%s%.*s", prefix, (int)e.len, e.name);
		bool file = false;

		err = is_file(r, &e, &file);
		if (!err && file) {
			fn(payload, path);
		} else if (!err) {
			char *below = xasprintf("%s/", path);

			err = list_files(r, &e.id, below, fn, payload);
			free(below);
		}
		free(path);
	}
	gs_treewalk_close(&w);
	return err;
}

struct err *gs_reader_files(struct snapshot_reader *r,
			    void (*fn)(void *payload, const char *path),
			    void *payload)
{
	return list_files(r, &r->event, "", fn, payload);
}

static struct err *enter(struct snapshot_reader *r, const git_oid *tree)
{
	if (r->depth == DEPTH_MAX)
		return err_new(ERR_STORE, "the snapshot's trees are too deep");
	return gs_treewalk_open(&r->walks[r->depth++], &r->vault->in, tree);
}

static void end_file(struct snapshot_reader *r)
{
	while (r->depth)
		gs_treewalk_close(&r->walks[--r->depth]);
	r->has_single = false;
}

struct err *gs_reader_file(struct snapshot_reader *r, const char *path)
{
	unsigned mode = 0;
	git_oid id;
	struct err *err =
		gs_tree_find(&r->vault->in, &r->event, path, &id, &mode);

	end_file(r);
	if (!err && !mode)
		err = err_new(ERR_STORE, "the snapshot has no file %s", path);
	if (!err && mode == GIT_FILEMODE_TREE)
		return enter(r, &id);
	r->single = id;
	r->has_single = !err;
	return err;
}

/* From our own packs, or whatever way libgit2 finds it. */
static struct err *read_chunk(struct snapshot_reader *r, const git_oid *id)
{
	struct store_id hex;

	buf_reset(&r->chunk);
	if (gs_packset_read_blob(r->packs, id, CHUNK_MAX, &r->chunk))
		return NULL;
	buf_reset(&r->chunk);
	gs_id_print(id, &hex);
	return err_wrap(
		gs_read_blob(&r->vault->in.base, hex.hex, CHUNK_MAX, &r->chunk),
		"read the snapshot");
}

/* Id of the next chunk; false at the end. */
static struct err *next_id(struct snapshot_reader *r, git_oid *out, bool *more)
{
	struct gs_tree_entry e;
	struct err *err = NULL;

	*more = true;
	if (r->has_single) {
		r->has_single = false;
		*out = r->single;
		return NULL;
	}
	while (!err && r->depth) {
		struct gs_treewalk *w = &r->walks[r->depth - 1];

		if (!gs_treewalk_next(w, &e)) {
			bool damaged = w->damaged;

			gs_treewalk_close(w);
			r->depth--;
			if (damaged)
				return err_new(ERR_STORE, "a tree of the "
							  "snapshot is "
							  "damaged");
			continue;
		}
		if (e.mode != GIT_FILEMODE_TREE) {
			*out = e.id;
			return NULL;
		}
		err = enter(r, &e.id);
	}
	*more = false;
	return err;
}

struct err *gs_reader_chunk(struct snapshot_reader *r, const char **data,
			    size_t *len)
{
	bool more = false;
	git_oid id;
	struct err *err = next_id(r, &id, &more);

	*data = NULL;
	*len = 0;
	if (!err && more)
		err = read_chunk(r, &id);
	if (err || !more || !r->chunk.len)
		return err;
	*data = r->chunk.data;
	*len = r->chunk.len;
	return NULL;
}

void gs_reader_close(struct snapshot_reader *r)
{
	if (!r)
		return;
	end_file(r);
	gs_packset_free(r->packs);
	buf_release(&r->chunk);
	free(r);
}
