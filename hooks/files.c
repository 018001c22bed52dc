#include "hooks/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "hooks/shim.h"

#define SHIM_MAX 65536
#define LEGACY ".legacy" /* what pre-commit calls a hook that it has found */

/* One thing done: moved from, or (from NULL) written. */
struct hooks_done {
	char *from, *to;
	char *text; /* that was in `to` before; NULL = it was not there */
	struct hooks_done *next;
};

static char *path_of(const struct hooks_place *p, enum hook_kind kind,
		     const char *end)
{
	return xasprintf("%s/%s%s", p->dir, hook_kinds[kind].name, end);
}

/* Anything there, a link that leads nowhere included. */
static bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* The text of a regular file that is one of our shims; NULL = it is not. */
static char *read_ours(const char *path)
{
	struct buf text = BUF_INIT;
	struct stat st;
	struct err *err;

	if (lstat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > SHIM_MAX)
		return NULL;
	err = file_read(path, SHIM_MAX, &text);
	if (!err && shim_is_ours(buf_str(&text)))
		return buf_detach(&text);
	err_free(err);
	buf_release(&text);
	return NULL;
}

static void look_at_ours(const struct hooks_place *p, enum hook_kind kind,
			 char *at, const char *text, struct hooks_row *row)
{
	struct buf want = BUF_INIT;

	shim_file(&want, kind, p->program);
	row->fresh = streq(text, buf_str(&want)) && !access(at, X_OK);
	row->state = row->fresh ? HOOKS_INSTALLED : HOOKS_STALE;
	row->program = shim_program(text);
	row->lost = !row->program || access(row->program, X_OK);
	row->ours = at;
	row->way = HOOKS_BY_FILE;
	buf_release(&want);
}

void hooks_files_look(const struct hooks_place *p, enum hook_kind kind,
		      struct hooks_row *row)
{
	char *legacy = path_of(p, kind, LEGACY), *text, *behind = NULL;

	row->path = path_of(p, kind, "");
	row->before = path_of(p, kind, SHIM_BEFORE);
	text = read_ours(row->path);
	row->other = !text && is_there(row->path);
	if (row->other)
		behind = read_ours(legacy);
	if (text)
		look_at_ours(p, kind, xstrdup(row->path), text, row);
	else if (behind)
		look_at_ours(p, kind, xstrdup(legacy), behind, row);
	if (behind)
		row->state = HOOKS_BEHIND;
	if (!is_there(row->before)) {
		free(row->before);
		row->before = NULL;
	} else if (row->other && !behind) {
		row->state = HOOKS_REPLACED;
	}
	free(behind);
	free(text);
	free(legacy);
}

struct err *hooks_files_may(const struct hooks_place *p, enum hook_kind kind,
			    const struct hooks_row *row)
{
	struct stat st;

	if (!lstat(row->path, &st) && S_ISDIR(st.st_mode))
		return err_new(ERR_REFUSED, "%s is a folder", row->path);
	if (row->state != HOOKS_REPLACED)
		return NULL;
	return err_hintf(err_new(ERR_REFUSED,
				 "%s was put where ours was, and %s%s is still "
				 "there",
				 row->path, hook_kinds[kind].name, SHIM_BEFORE),
			 "remove or rename one of the two in %s", p->dir);
}

struct err *hooks_files_ready(const struct hooks_place *p,
			      struct hooks_undo *undo)
{
	bool is_new = !file_exists(p->dir);
	struct err *err = is_new ? file_mkdirs(p->dir, 0777) : NULL;

	if (is_new && !err)
		undo->made = xstrdup(p->dir);
	if (!err && access(p->dir, W_OK | X_OK))
		err = err_new(ERR_REFUSED, "%s: %s", p->dir, strerror(errno));
	return err_hint(err_wrap(err, "write to the hooks folder"),
			"core.hooksPath names another folder");
}

/* Takes over what it points to. */
static void remember(struct hooks_undo *u, struct hooks_done what)
{
	struct hooks_done *d = xcalloc(1, sizeof(*d));

	*d = what;
	d->next = u->last;
	u->last = d;
}

static struct err *move(const char *from, const char *to, struct hooks_undo *u)
{
	if (rename(from, to))
		return err_new(ERR_STATE, "rename %s to %s: %s", from, to,
			       strerror(errno));
	remember(u, (struct hooks_done){ .from = xstrdup(from),
					 .to = xstrdup(to) });
	return NULL;
}

static struct err *take_away(const char *path, struct hooks_undo *u)
{
	char *text = read_ours(path);

	if (unlink(path)) {
		free(text);
		return err_new(ERR_STATE, "remove %s: %s", path,
			       strerror(errno));
	}
	remember(u, (struct hooks_done){ .to = xstrdup(path), .text = text });
	return NULL;
}

struct err *hooks_files_put(const struct hooks_place *p, enum hook_kind kind,
			    const struct hooks_row *row,
			    struct hooks_undo *undo)
{
	const char *at = row->ours ? row->ours : row->path;
	char *was = read_ours(at), *before;
	struct buf text = BUF_INIT;
	struct err *err = NULL;

	if (row->other && !row->ours) {
		before = path_of(p, kind, SHIM_BEFORE);
		err = move(row->path, before, undo);
		free(before);
	}
	shim_file(&text, kind, p->program);
	if (!err)
		err = file_write(at, text.data, text.len, 0755);
	if (err)
		free(was);
	else
		remember(undo,
			 (struct hooks_done){ .to = xstrdup(at), .text = was });
	buf_release(&text);
	return err;
}

struct err *hooks_files_remove(const struct hooks_row *row,
			       struct hooks_undo *undo)
{
	struct err *err = NULL;

	if (row->ours)
		err = take_away(row->ours, undo);
	if (!err && row->before && (row->ours || !row->other))
		err = move(row->before, row->ours ? row->ours : row->path,
			   undo);
	return err;
}

void hooks_files_tidy(const struct hooks_place *p)
{
	char *own = file_join(p->git_dir, "hooks");

	if (streq(own, p->dir))
		(void)!rmdir(own);
	free(own);
}

void hooks_undo_run(struct hooks_undo *u)
{
	for (const struct hooks_done *d = u->last; d; d = d->next) {
		if (d->from)
			(void)!rename(d->to, d->from);
		else if (d->text)
			err_free(file_write(d->to, d->text, strlen(d->text),
					    0755));
		else
			(void)!unlink(d->to);
	}
	if (u->made)
		(void)!rmdir(u->made);
}

void hooks_undo_release(struct hooks_undo *u)
{
	while (u->last) {
		struct hooks_done *d = u->last;

		u->last = d->next;
		free(d->from);
		free(d->to);
		free(d->text);
		free(d);
	}
	free(u->made);
	u->made = NULL;
}
