#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "gitstore/folderpath.h"
#include "gitstore/hash.h"
#include "gitstore/outline.h"
#include "gitstore/repo.h"

/*
 * The migrations folder as it is on disk. What is there, and whether it
 * differs from HEAD, git's status answers: files whose size and time the
 * index knows are not read at all.
 */
struct work_source {
	struct source base; /* must be first */
	struct gs *g;
	char *dir;
};

struct listing {
	struct work_source *w;
	source_entry_fn fn;
	void *payload;
	struct gs_outline outline;
};

static enum source_kind kind_of(unsigned mode, const char *path)
{
	if (ends_with(path, "/") || mode == GIT_FILEMODE_COMMIT)
		return SOURCE_SUBMODULE;
	if (mode == GIT_FILEMODE_LINK)
		return SOURCE_SYMLINK;
	return SOURCE_FILE;
}

/* Id of the file as git would store it: from the index when it is as it
 * was, else hashed through the filters. */
static struct err *blob_of(struct gs *g, const git_status_entry *st,
			   const git_diff_delta *d, struct store_id *out)
{
	git_oid id = d->old_file.id;

	if (st->status & (GIT_STATUS_WT_NEW | GIT_STATUS_WT_MODIFIED |
			  GIT_STATUS_WT_TYPECHANGE) &&
	    git_repository_hashfile(&id, g->repo, d->new_file.path,
				    GIT_OBJECT_BLOB, NULL) < 0)
		return gs_fault(ERR_INPUT, "read %s", d->new_file.path);
	gs_id_print(&id, out);
	return NULL;
}

static struct err *list_entry(struct listing *l, const git_status_entry *st)
{
	const git_diff_delta *d = st->index_to_workdir;
	size_t skip = strlen(l->w->dir) + (*l->w->dir != '\0');
	struct source_entry e = { 0 };
	struct err *err = NULL;
	struct store_id id;
	char *path;

	if (!d || st->status & (GIT_STATUS_WT_DELETED | GIT_STATUS_IGNORED))
		return NULL;
	if (*l->w->dir && streq(d->new_file.path, l->w->dir))
		return err_new(ERR_INPUT, "%s is not a folder", l->w->dir);
	path = xstrdup(d->new_file.path + skip);
	e.kind = kind_of(d->new_file.mode, path);
	if (ends_with(path, "/"))
		path[strlen(path) - 1] = '\0';
	e.path = path;
	e.dirty = st->status != GIT_STATUS_CURRENT;
	if (e.kind == SOURCE_FILE) {
		err = blob_of(l->w->g, st, d, &id);
		e.blob = id.hex;
	}
	if (!err)
		err = gs_outline_enter(&l->outline, path, l->fn, l->payload);
	if (!err)
		err = l->fn(l->payload, &e);
	free(path);
	return err;
}

int gs_worktree_status(git_repository *repo, char *dir, git_status_list **out)
{
	git_status_options opts;

	git_status_options_init(&opts, GIT_STATUS_OPTIONS_VERSION);
	opts.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
	opts.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED |
		     GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
		     GIT_STATUS_OPT_INCLUDE_UNMODIFIED |
		     GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
	if (*dir) {
		opts.pathspec.strings = &dir;
		opts.pathspec.count = 1;
	}
	return git_status_list_new(out, repo, &opts);
}

static struct err *work_list(struct source *s, source_entry_fn fn,
			     void *payload)
{
	struct work_source *w = (struct work_source *)s;
	struct listing l = { w, fn, payload, GS_OUTLINE_INIT };
	git_status_list *list = NULL;
	struct err *err = NULL;

	/* asked for ahead of time, else now */
	if (!gs_ahead_take(w->g, w->dir, &list) &&
	    gs_worktree_status(w->g->repo, w->dir, &list) < 0)
		err = gs_fault(ERR_STORE, "list the work tree");
	for (size_t i = 0; !err && i < git_status_list_entrycount(list); i++)
		err = list_entry(&l, git_status_byindex(list, i));
	git_status_list_free(list);
	gs_outline_release(&l.outline);
	return err;
}

/* A file's bytes, without following a link that took its place. */
static struct err *read_plain(const char *path, size_t max, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct err *err = NULL;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return err_new(ERR_INPUT, "open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		err = err_new(ERR_INPUT, "%s is not a file", path);
	else if (st.st_size > (off_t)max)
		err = err_new(ERR_INPUT, "%s has %lld bytes, the most is %zu",
			      path, (long long)st.st_size, max);
	while (!err && n) {
		n = read(fd, buf_reserve(out, 65536), 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = err_new(ERR_INPUT, "read %s: %s", path,
				      strerror(errno));
		else
			out->len += (size_t)n;
		if (!err && out->len > max)
			err = err_new(ERR_INPUT, "%s is over %zu bytes", path,
				      max);
	}
	close(fd);
	return err;
}

static struct err *clean(struct gs *g, const char *path, struct buf *raw,
			 struct buf *out)
{
	git_filter_list *filters = NULL;
	git_buf done = { NULL, 0, 0 };
	struct err *err = NULL;

	if (git_filter_list_load(&filters, g->repo, NULL, path,
				 GIT_FILTER_TO_ODB, 0) < 0)
		return gs_fault(ERR_INPUT, "find the filters of %s", path);
	if (!filters)
		buf_add(out, buf_str(raw), raw->len);
	else if (git_filter_list_apply_to_buffer(&done, filters, buf_str(raw),
						 raw->len) < 0)
		err = gs_fault(ERR_INPUT, "filter %s", path);
	else
		buf_add(out, done.ptr, done.size);
	git_buf_dispose(&done);
	git_filter_list_free(filters);
	return err;
}

static struct err *work_read(struct source *s, const char *path,
			     const char *blob, size_t max_bytes,
			     struct buf *out)
{
	struct work_source *w = (struct work_source *)s;
	char *from_top = file_join(w->dir, path);
	char *full = file_join(w->g->work, from_top);
	struct buf raw = BUF_INIT;
	size_t before = out->len;
	struct store_id id;
	git_oid oid;
	struct err *err = read_plain(full, max_bytes, &raw);

	if (!err)
		err = clean(w->g, from_top, &raw, out);
	if (!err && blob) {
		gs_hash_object(GIT_OBJECT_BLOB, buf_str(out) + before,
			       out->len - before, &oid);
		gs_id_print(&oid, &id);
		if (!streq(id.hex, blob))
			err = err_hint(err_new(ERR_STATE,
					       "%s changed while it was read",
					       from_top),
				       "try again");
	}
	buf_release(&raw);
	free(from_top);
	free(full);
	return err;
}

static void work_close(struct source *s)
{
	struct work_source *w = (struct work_source *)s;

	if (!w)
		return;
	free(w->dir);
	free(w);
}

static const struct source_ops work_ops = {
	.list = work_list,
	.read = work_read,
	.close = work_close,
};

struct err *gs_worktree_source(struct gs *g, const char *dir,
			       struct source **out)
{
	struct work_source *w;
	struct err *err;

	if (!g->work)
		return err_hint(err_new(ERR_REFUSED,
					"a bare repository has no work tree"),
				"name a commit with --rev");
	w = xcalloc(1, sizeof(*w));
	w->g = g;
	w->base.ops = &work_ops;
	err = gs_folderpath(dir, &w->dir);
	w->base.dir = w->dir;
	if (err)
		work_close(&w->base);
	else
		*out = &w->base;
	return err;
}
