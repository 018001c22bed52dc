#include "gitstore/vault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "gitstore/pack.h"
#include "gitstore/treewalk.h"

static struct err *fail(const char *doing, const char *path)
{
	bool no = errno == EACCES || errno == EROFS || errno == EPERM;

	return err_new(no ? ERR_REFUSED : ERR_STORE, "%s %s: %s", doing, path,
		       strerror(errno));
}

/* gc.auto=0: what a pending snapshot needs is not to be tidied away. */
static const char config[] = "[core]\n"
			     "\trepositoryformatversion = 0\n"
			     "\tfilemode = true\n"
			     "\tbare = true\n"
			     "[gc]\n"
			     "\tauto = 0\n"
			     "[receive]\n"
			     "\tautogc = false\n";

static struct err *fill(const char *dir)
{
	static const char *const folders[] = { "objects/pack", "objects/info",
					       "refs/pending",
					       "refs/snapshots" };
	static const char head[] = "ref: refs/heads/main\n";
	char *path;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < ARRAY_LEN(folders); i++) {
		path = file_join(dir, folders[i]);
		err = file_mkdirs(path, 0700);
		if (!err)
			err = file_sync_dir(path);
		free(path);
	}
	if (!err) {
		path = file_join(dir, "config");
		err = file_write(path, config, strlen(config), 0600);
		free(path);
	}
	if (!err) {
		path = file_join(dir, "HEAD");
		err = file_write(path, head, strlen(head), 0600);
		free(path);
	}
	return err;
}

static void remove_half(const char *dir)
{
	static const char *const parts[] = {
		"HEAD",           "config",  "objects/pack",
		"objects/info",   "objects", "refs/pending",
		"refs/snapshots", "refs",    ""
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *path = file_join(dir, parts[i]);

		remove(path);
		free(path);
	}
}

/* Made whole under another name, then renamed: there is no half of one. */
static struct err *make(const char *common, const char *path)
{
	char *parent = file_join(common, "migrate");
	char *dir = xasprintf("%s/tmp_snapshots_XXXXXX", parent);
	struct err *err = NULL;

	if (mkdir(parent, 0777) && errno != EEXIST)
		err = fail("make the folder", parent);
	if (!err && !mkdtemp(dir))
		err = fail("make the folder", dir);
	if (err)
		goto done;
	err = fill(dir);
	if (!err && rename(dir, path) && errno != EEXIST && errno != ENOTEMPTY)
		err = fail("make the folder", path);
	remove_half(dir);
	if (!err)
		err = file_sync_dir(parent);
	if (!err)
		err = file_sync_dir(common);
done:
	free(parent);
	free(dir);
	return err;
}

/* It stands inside a repository that was found to be ours. */
static int open_trusted(git_repository **out, const char *path)
{
	int rc;

	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	rc = git_repository_open_bare(out, path);
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	return rc;
}

struct err *gs_vault(struct gs *g, bool create, struct gs_vault **out)
{
	char *path = file_join(g->common, "migrate/snapshots.git");
	struct err *err = NULL;
	struct gs_vault *v;

	*out = g->vault;
	if (g->vault)
		goto done;
	if (!file_exists(path)) {
		if (!create)
			goto done;
		err = gs_writable(g);
		if (!err)
			err = make(g->common, path);
		if (err)
			goto done;
	}
	v = xcalloc(1, sizeof(*v));
	if (open_trusted(&v->in.repo, path) < 0) {
		err = gs_fault(ERR_STORE, "open the snapshots in %s", path);
		free(v);
		goto done;
	}
	v->in.common = xstrdup(path);
	v->packs = file_join(path, "objects/pack");
	*out = g->vault = v;
done:
	free(path);
	return err;
}

void gs_vault_free(struct gs_vault *v)
{
	if (!v)
		return;
	gs_packset_free(v->set);
	gs_treewalk_forget(&v->in);
	git_odb_free(v->in.odb);
	git_repository_free(v->in.repo);
	free(v->in.common);
	free(v->packs);
	free(v);
}

struct err *gs_vault_refresh(struct gs_vault *v)
{
	git_odb *odb;
	struct err *err = gs_odb(&v->in, &odb);

	gs_packset_free(v->set); /* readers that are open share it */
	v->set = NULL;
	if (!err && git_odb_refresh(odb) < 0)
		err = gs_fault(ERR_STORE, "look for the new pack");
	return err;
}
