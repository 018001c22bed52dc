#include "gitstore/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "gitstore/folderpath.h"
#include "gitstore/missing.h"
#include "gitstore/outline.h"

/* The migrations folder as the index has it: what a commit would have. */
struct index_source {
	struct source base; /* must be first */
	struct gs *g;
	char *dir;
	git_index *index;
};

/* free() it */
static char *index_path(struct gs *g)
{
	const char *env = getenv("GIT_INDEX_FILE");

	if (!env || !*env)
		return file_join(git_repository_path(g->repo), "index");
	return *env == '/' || !g->work ? xstrdup(env) : file_join(g->work, env);
}

struct err *gs_index_open(struct gs *g, git_index **out)
{
	char *path = index_path(g);
	struct err *err = NULL;

	if (git_index_open(out, path) < 0)
		err = gs_fault(ERR_STORE, "read the index %s", path);
	free(path);
	return err;
}

/* The path below the folder; NULL when it is not in it. */
static const char *below(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (!n)
		return path;
	return !strncmp(path, dir, n) && path[n] == '/' ? path + n + 1 : NULL;
}

static enum source_kind kind_of(unsigned mode)
{
	if (mode == GIT_FILEMODE_LINK)
		return SOURCE_SYMLINK;
	return mode == GIT_FILEMODE_COMMIT ? SOURCE_SUBMODULE : SOURCE_FILE;
}

static bool is_to_commit(const git_index_entry *e)
{
	return !git_index_entry_is_conflict(e) &&
	       !(e->flags_extended & GIT_INDEX_ENTRY_INTENT_TO_ADD);
}

static struct err *index_list(struct source *s, source_entry_fn fn,
			      void *payload)
{
	struct index_source *x = (struct index_source *)s;
	struct gs_outline outline = GS_OUTLINE_INIT;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < git_index_entrycount(x->index); i++) {
		const git_index_entry *e = git_index_get_byindex(x->index, i);
		struct source_entry out = { .path = below(x->dir, e->path) };
		struct store_id id;

		if (*x->dir && streq(e->path, x->dir))
			err = err_new(ERR_INPUT, "%s is not a folder", x->dir);
		if (err || !out.path || !is_to_commit(e))
			continue;
		gs_id_print(&e->id, &id);
		out.kind = kind_of(e->mode);
		out.blob = out.kind == SOURCE_FILE ? id.hex : NULL;
		err = gs_outline_enter(&outline, out.path, fn, payload);
		if (!err)
			err = fn(payload, &out);
	}
	gs_outline_release(&outline);
	return err;
}

static struct err *index_read(struct source *s, const char *path,
			      const char *blob, size_t max_bytes,
			      struct buf *out)
{
	struct index_source *x = (struct index_source *)s;

	return err_wrap(gs_read_blob(&x->g->base, blob, max_bytes, out),
			"read %s%s%s", x->dir, *x->dir ? "/" : "", path);
}

static void index_close(struct source *s)
{
	struct index_source *x = (struct index_source *)s;

	git_index_free(x->index);
	free(x->dir);
	free(x);
}

static bool has_conflicts(const struct index_source *x)
{
	for (size_t i = 0; i < git_index_entrycount(x->index); i++) {
		const git_index_entry *e = git_index_get_byindex(x->index, i);

		if (git_index_entry_is_conflict(e) && below(x->dir, e->path))
			return true;
	}
	return false;
}

struct err *gs_index_source(struct store *s, const char *dir,
			    struct source **out, bool *unmerged)
{
	static const struct source_ops ops = { index_list, index_read,
					       index_close };
	struct index_source *x = xcalloc(1, sizeof(*x));
	struct err *err = gs_folderpath(dir, &x->dir);

	*out = NULL;
	*unmerged = false;
	x->g = gs_of(s);
	x->base.ops = &ops;
	x->base.dir = x->dir;
	if (!err)
		err = gs_index_open(x->g, &x->index);
	if (err) {
		index_close(&x->base);
		return err;
	}
	*unmerged = has_conflicts(x);
	*out = &x->base;
	return NULL;
}
