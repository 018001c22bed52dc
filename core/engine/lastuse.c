#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "engine/impl.h"

/*
 * Which work tree of this repository has run last on a database, in a file of
 * the common git folder: migrate/used-by/<uuid> has its path. A hint for
 * reconcile only: it may be missing, and nobody depends on it.
 */

#define PATH_MAX_BYTES 8192

static char *file_of(struct store *store, const char *uuid)
{
	return xasprintf("%s/migrate/used-by/%s", store->ops->common_dir(store),
			 uuid);
}

static char *read_path(const char *file)
{
	struct buf b = BUF_INIT;
	char *out = NULL;
	struct err *err;

	if (!file_exists(file))
		return NULL;
	err = file_read(file, PATH_MAX_BYTES, &b);
	if (!err && b.len) {
		b.len -= b.data[b.len - 1] == '\n';
		out = xstrndup(b.data, b.len);
	}
	err_free(err);
	buf_release(&b);
	return out;
}

void lastuse_record(struct engine *e)
{
	const char *here = e->store->ops->worktree(e->store);
	struct err *err = NULL;
	char *file, *was, *dir, *line;

	if (!here || !e->meta.present)
		return;
	file = file_of(e->store, e->meta.uuid);
	was = read_path(file);
	if (!streq_null(was, here)) {
		dir = xstrndup(file, strlen(file) - strlen(e->meta.uuid) - 1);
		line = xasprintf("%s\n", here);
		err = file_mkdirs(dir, 0777);
		if (!err)
			err = file_write(file, line, strlen(line), 0666);
		free(line);
		free(dir);
	}
	if (err)
		session_note(e, ENGINE_NOTE, "%s", err_text(err));
	err_free(err);
	free(was);
	free(file);
}

char *lastuse_other(struct engine *e)
{
	const char *here = e->store->ops->worktree(e->store);
	char *file, *path, *link;

	if (!here || !e->meta.present)
		return NULL;
	file = file_of(e->store, e->meta.uuid);
	path = read_path(file);
	free(file);
	if (!path || streq(path, here))
		goto none;
	/* one that was removed uses nothing any more */
	link = file_join(path, ".git");
	if (!file_exists(link)) {
		free(link);
		goto none;
	}
	free(link);
	return path;
none:
	free(path);
	return NULL;
}

void lastuse_forget(struct store *store, const char *uuid)
{
	char *file = file_of(store, uuid);

	unlink(file);
	free(file);
}
