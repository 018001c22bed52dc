#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "base/util.h"
#include "gitstore/missing.h"
#include "gitstore/repo.h"

/*
 * Files moved in the work tree and the index together. New content is written
 * beside its place first, old files step aside; then all take their places,
 * and the index is written last. Until that has worked, every step is undone.
 */

/* How far one of them has come. */
enum progress {
	AT_HOME,
	ASIDE,
	IN_PLACE,
};

struct moving {
	const struct store_move *move;
	char *from, *to; /* absolute */
	char *aside;     /* where the old file waits */
	char *fresh;     /* new content, beside `to`; NULL = none */
	enum progress at;
	bool wrote_fresh;
};

struct move_all {
	struct gs *g;
	struct moving *items;
	size_t n;
	struct map leaving; /* every `from` */
	git_index *index;
};

static struct err *sys(const char *doing, const char *path)
{
	return err_new(ERR_STORE, "%s %s: %s", doing, path, strerror(errno));
}

/* --- may it be done? --- */

static struct err *check_from(struct move_all *a, const struct store_move *m)
{
	unsigned flags = 0;
	int rc = git_status_file(&flags, a->g->repo, m->from);

	if (rc == GIT_ENOTFOUND)
		return err_new(ERR_REFUSED, "%s is not in the work tree",
			       m->from);
	if (rc < 0)
		return gs_fault(ERR_STORE, "look at %s", m->from);
	if (flags != GIT_STATUS_CURRENT)
		return err_hint(err_new(ERR_REFUSED,
					"%s has changes that are not committed",
					m->from),
				"commit them, or put them aside with git "
				"stash");
	return NULL;
}

static struct err *check_to(struct move_all *a, const struct moving *i)
{
	struct stat st;

	if (map_has(&a->leaving, i->move->to))
		return NULL;
	if (!lstat(i->to, &st) ||
	    git_index_get_bypath(a->index, i->move->to, 0))
		return err_hint(err_new(ERR_REFUSED, "%s is there already",
					i->move->to),
				"move it out of the way");
	return NULL;
}

static struct err *check_all(struct move_all *a)
{
	struct err *err = NULL;

	if (git_repository_index(&a->index, a->g->repo) < 0 ||
	    git_index_read(a->index, 1) < 0)
		return gs_fault(ERR_STORE, "read the index");
	for (size_t i = 0; i < a->n && !err; i++) {
		err = check_from(a, a->items[i].move);
		if (!err)
			err = check_to(a, &a->items[i]);
	}
	return err;
}

/* --- the work tree --- */

/* As a checkout would write it. */
static struct err *smudge(struct gs *g, const struct store_move *m,
			  struct buf *out)
{
	git_filter_list *filters = NULL;
	git_buf done = { NULL, 0, 0 };
	struct err *err = NULL;

	if (git_filter_list_load(&filters, g->repo, NULL, m->to,
				 GIT_FILTER_TO_WORKTREE, 0) < 0)
		return gs_fault(ERR_STORE, "find the filters of %s", m->to);
	if (!filters)
		buf_add(out, m->data, m->len);
	else if (git_filter_list_apply_to_buffer(&done, filters, m->data,
						 m->len) < 0)
		err = gs_fault(ERR_STORE, "filter %s", m->to);
	else
		buf_add(out, done.ptr, done.size);
	git_buf_dispose(&done);
	git_filter_list_free(filters);
	return err;
}

static struct err *write_fresh(struct gs *g, struct moving *i)
{
	struct buf text = BUF_INIT;
	struct stat st;
	struct err *err = smudge(g, i->move, &text);

	if (!err && lstat(i->from, &st))
		err = sys("look at", i->move->from);
	if (!err) {
		i->wrote_fresh = true;
		err = file_write(i->fresh, buf_str(&text), text.len,
				 st.st_mode & 0777);
	}
	buf_release(&text);
	return err;
}

static struct err *make_room(const struct moving *i)
{
	char *folder = xstrndup(i->to, (size_t)(strrchr(i->to, '/') - i->to));
	struct err *err = file_mkdirs(folder, 0777);

	free(folder);
	return err;
}

static struct err *step_aside(struct moving *i)
{
	if (rename(i->from, i->aside))
		return sys("move", i->move->from);
	i->at = ASIDE;
	return NULL;
}

static struct err *take_place(struct moving *i)
{
	if (rename(i->fresh ? i->fresh : i->aside, i->to))
		return sys("make", i->move->to);
	i->at = IN_PLACE;
	return NULL;
}

/* Folders that came for it, or that it left empty. */
static void drop_folder(const char *path)
{
	char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	rmdir(folder); /* with other files in it, it stays */
	free(folder);
}

static void undo(struct move_all *a)
{
	for (size_t i = a->n; i-- > 0;) {
		struct moving *m = &a->items[i];

		if (m->at != IN_PLACE)
			continue;
		if (m->fresh)
			unlink(m->to);
		else if (rename(m->to, m->aside))
			continue;
		m->at = ASIDE;
	}
	for (size_t i = a->n; i-- > 0;) {
		struct moving *m = &a->items[i];

		if (m->at == ASIDE && !rename(m->aside, m->from))
			m->at = AT_HOME;
		if (m->fresh && m->wrote_fresh)
			unlink(m->fresh);
		drop_folder(m->to);
	}
}

static struct err *move_worktree(struct move_all *a)
{
	struct err *err = NULL;

	for (size_t i = 0; i < a->n && !err; i++) {
		err = make_room(&a->items[i]);
		if (!err && a->items[i].fresh)
			err = write_fresh(a->g, &a->items[i]);
	}
	for (size_t i = 0; i < a->n && !err; i++)
		err = step_aside(&a->items[i]);
	for (size_t i = 0; i < a->n && !err; i++)
		err = take_place(&a->items[i]);
	return err;
}

/* --- the index --- */

static void take_stat(git_index_entry *e, const struct stat *st)
{
	e->ctime.seconds = (int32_t)st->st_ctim.tv_sec;
	e->ctime.nanoseconds = (uint32_t)st->st_ctim.tv_nsec;
	e->mtime.seconds = (int32_t)st->st_mtim.tv_sec;
	e->mtime.nanoseconds = (uint32_t)st->st_mtim.tv_nsec;
	e->dev = (uint32_t)st->st_dev;
	e->ino = (uint32_t)st->st_ino;
	e->uid = st->st_uid;
	e->gid = st->st_gid;
	e->file_size = (uint32_t)st->st_size;
}

static struct err *entry_of(struct move_all *a, const struct moving *i,
			    git_index_entry *out)
{
	const git_index_entry *was =
		git_index_get_bypath(a->index, i->move->from, 0);
	struct stat st;

	if (!was)
		return err_new(ERR_STATE, "%s left the index meanwhile",
			       i->move->from);
	*out = *was;
	out->path = i->move->to;
	if (i->move->data &&
	    git_blob_create_from_buffer(&out->id, a->g->repo, i->move->data,
					i->move->len) < 0)
		return gs_fault(ERR_STORE, "write %s", i->move->to);
	if (lstat(i->to, &st))
		return sys("look at", i->move->to);
	take_stat(out, &st);
	return NULL;
}

static struct err *move_index(struct move_all *a)
{
	git_index_entry *entries = xcalloc(a->n + 1, sizeof(*entries));
	struct err *err = NULL;
	int rc = 0;

	for (size_t i = 0; i < a->n && !err; i++)
		err = entry_of(a, &a->items[i], &entries[i]);
	for (size_t i = 0; i < a->n && !err && !rc; i++)
		rc = git_index_remove(a->index, a->items[i].move->from, 0);
	for (size_t i = 0; i < a->n && !err && !rc; i++)
		rc = git_index_add(a->index, &entries[i]);
	if (!err && !rc)
		rc = git_index_write(a->index);
	if (!err && rc)
		err = gs_fault(ERR_STORE, "write the index");
	free(entries);
	return err;
}

/* --- both --- */

static void release(struct move_all *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->items[i].from);
		free(a->items[i].to);
		free(a->items[i].aside);
		free(a->items[i].fresh);
	}
	free(a->items);
	map_release(&a->leaving);
	git_index_free(a->index);
}

static void prepare(struct move_all *a, const struct store_move *moves)
{
	a->items = xcalloc(a->n + 1, sizeof(*a->items));
	for (size_t i = 0; i < a->n; i++) {
		struct moving *m = &a->items[i];

		m->move = &moves[i];
		m->from = file_join(a->g->work, moves[i].from);
		m->to = file_join(a->g->work, moves[i].to);
		m->aside = xasprintf("%s.git-migrate-old", m->from);
		if (moves[i].data)
			m->fresh = xasprintf("%s.git-migrate-new", m->to);
		map_put_number(&a->leaving, moves[i].from, 1);
	}
}

static void clean_up(const struct move_all *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->items[i].fresh)
			unlink(a->items[i].aside);
		drop_folder(a->items[i].from);
	}
}

struct err *gs_move_files(struct store *s, const struct store_move *moves,
			  size_t n)
{
	struct move_all a = { .g = gs_of(s), .n = n };
	struct err *err;

	if (!a.g->work)
		return err_hint(err_new(ERR_REFUSED,
					"a bare repository has no work tree"),
				"run it in a clone");
	prepare(&a, moves);
	err = gs_writable(a.g);
	if (!err)
		err = check_all(&a);
	if (!err) {
		err = move_worktree(&a);
		if (!err)
			err = move_index(&a);
		if (err)
			undo(&a);
		else
			clean_up(&a);
	}
	release(&a);
	return err;
}
