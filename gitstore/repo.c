#include "gitstore/repo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"

struct err *gs_fault(enum err_class cls, const char *fmt, ...)
{
	const git_error *e = git_error_last();
	struct buf text = BUF_INIT;
	struct err *err;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	err = err_new(cls, "%s: %s", buf_str(&text),
		      e && e->message ? e->message : "unknown git error");
	buf_release(&text);
	return err;
}

struct err *gs_odb(struct gs *g, git_odb **out)
{
	if (!g->odb && git_repository_odb(&g->odb, g->repo) < 0)
		return gs_fault(ERR_STORE, "open the object database");
	*out = g->odb;
	return NULL;
}

struct err *gs_id_parse(const char *hex, git_oid *out)
{
	if (strlen(hex) != GIT_OID_HEXSZ || git_oid_fromstr(out, hex) < 0)
		return err_new(ERR_INPUT, "not an object id: '%s'", hex);
	return NULL;
}

void gs_id_print(const git_oid *id, struct store_id *out)
{
	git_oid_tostr(out->hex, GIT_OID_HEXSZ + 1, id);
}

bool gs_has(struct gs *g, const git_oid *id)
{
	git_odb *odb = NULL;
	struct err *err = gs_odb(g, &odb);

	if (err) {
		err_free(err);
		return false;
	}
	if (git_odb_exists_ext(odb, id, GIT_ODB_LOOKUP_NO_REFRESH))
		return true;
	if (g->refreshed)
		return false;
	g->refreshed = true;
	return git_odb_exists(odb, id);
}

char *gs_objects_dir(struct gs *g)
{
	const char *env = getenv("GIT_OBJECT_DIRECTORY");

	return env ? xstrdup(env) : file_join(g->common, "objects");
}

struct err *gs_writable(struct gs *g)
{
	static const char *const parts[] = { "", "objects", "refs" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *path = file_join(g->common, parts[i]);
		int rc = faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS);
		int why = errno;

		free(path);
		if (rc)
			return err_hint(
				err_new(ERR_REFUSED,
					"the repository %s may not be written "
					"to: %s",
					g->common, strerror(why)),
				"run it as a user who may write there");
	}
	if (!g->fsync) /* libgit2 syncs nothing unless told to */
		git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	g->fsync = true;
	return NULL;
}

bool gs_is_shallow(struct gs *g)
{
	return git_repository_is_shallow(g->repo) == 1;
}
