#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/folderpath.h"
#include "gitstore/repo.h"
#include "gitstore/treediff.h"

/* The migrations folder of one commit, and of two. */

struct err *gs_folder_of(struct gs *g, const struct store_id *commit,
			 const char *dir, git_oid *out)
{
	struct gs_commit c = GS_COMMIT_INIT;
	char *folder = NULL;
	unsigned mode = 0;
	git_oid id;
	struct err *err = gs_folderpath(dir, &folder);

	memset(out, 0, sizeof(*out));
	if (!err)
		err = gs_id_parse(commit->hex, &id);
	if (!err)
		err = gs_commit_read(g, &id, &c);
	if (!err)
		err = gs_tree_find(g, &c.tree, folder, out, &mode);
	if (!err && mode && mode != GIT_FILEMODE_TREE)
		err = err_new(ERR_INPUT, "%s is not a folder in %.12s", folder,
			      commit->hex);
	gs_commit_release(&c);
	free(folder);
	return err;
}

struct err *gs_folder_id_of(struct store *s, const struct store_id *commit,
			    const char *dir, struct store_id *out)
{
	git_oid id;
	struct err *err = gs_folder_of(gs_of(s), commit, dir, &id);

	out->hex[0] = '\0';
	if (!err && !git_oid_is_zero(&id))
		gs_id_print(&id, out);
	return err;
}

struct changes {
	struct err *(*fn)(void *payload, const char *path, const char *old_blob,
			  const char *new_blob);
	void *payload;
};

static struct err *pass_on(void *payload, const char *path,
			   const git_oid *old_blob, const git_oid *new_blob)
{
	const struct changes *c = payload;
	struct store_id a, b;

	if (old_blob)
		gs_id_print(old_blob, &a);
	if (new_blob)
		gs_id_print(new_blob, &b);
	return c->fn(c->payload, path, old_blob ? a.hex : NULL,
		     new_blob ? b.hex : NULL);
}

struct err *gs_folder_changes(struct store *s, const struct store_id *from,
			      const struct store_id *to, const char *dir,
			      struct err *(*fn)(void *payload, const char *path,
						const char *old_blob,
						const char *new_blob),
			      void *payload)
{
	struct changes c = { fn, payload };
	struct gs *g = gs_of(s);
	git_oid a = { { 0 } }, b;
	struct err *err = gs_folder_of(g, to, dir, &b);

	if (!err && *from->hex)
		err = gs_folder_of(g, from, dir, &a);
	if (!err)
		err = gs_treediff(g, &a, &b, pass_on, &c);
	return err;
}
