#include "gitstore/gitstore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "gitstore/deflate.h"
#include "gitstore/repo.h"
#include "gitstore/treewalk.h"
#include "gitstore/vault.h"

/*
 * libgit2 as Debian builds it parses the whole bundle of certificate
 * authorities in git_libgit2_init(): 5 ms of a run that takes 10. This
 * program opens no TLS connection (pushes and fetches run git), so the
 * library finds this in place of mbedTLS's own and goes on without. Where
 * libgit2 was built with another TLS library nobody calls it.
 */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

__attribute__((visibility("default"))) int mbedtls_x509_crt_parse_file(
	void *chain, const char *path)
{
	(void)chain;
	(void)path;
	return -1;
}

static void gs_close(struct store *s);
static const char *gs_worktree(struct store *s);
static const char *gs_common_dir(struct store *s);

static const struct store_ops ops = {
	.resolve = gs_resolve,
	.source = gs_source,
	.expect_worktree = gs_expect_worktree,
	.authors = gs_authors,
	.ident = gs_ident,
	.merge_bases = gs_merge_bases,
	.parents = gs_parents,
	.upstream = gs_upstream,
	.branch = gs_branch,
	.branches = gs_branches,
	.merges_between = gs_merges_between,
	.folder_id = gs_folder_id_of,
	.folder_changes = gs_folder_changes,
	.adders = gs_adders,
	.config_at = gs_config_at,
	.index_source = gs_index_source,
	.merge_heads = gs_merge_heads,
	.move_files = gs_move_files,
	.ledger_tip = gs_ledger_tip,
	.ledger_of_target = gs_ledger_of_target,
	.ledger_forget = gs_ledger_forget,
	.ledger_new = gs_ledger_new,
	.ledger_load = gs_ledger_load,
	.ledger_put = gs_ledger_put,
	.ledger_put_blob = gs_ledger_put_blob,
	.ledger_put_shape = gs_ledger_put_shape,
	.ledger_ids = gs_ledger_ids,
	.ledger_commit = gs_ledger_commit,
	.ledger_set_parent = gs_ledger_set_parent,
	.ledger_mark = gs_ledger_mark,
	.ledger_rewind = gs_ledger_rewind,
	.ledger_flush = gs_ledger_flush,
	.ledger_close = gs_ledger_close,
	.ledger_move = gs_ledger_move,
	.ledger_keep_sources = gs_ledger_keep_sources,
	.ledger_archive = gs_ledger_archive,
	.has = gs_has_id,
	.is_ancestor = gs_is_ancestor,
	.ledger_walk = gs_ledger_walk,
	.read_blob = gs_read_blob,
	.sink_open = gs_sink_open,
	.sink_file = gs_sink_file,
	.sink_chunk = gs_sink_chunk,
	.sink_event = gs_sink_event,
	.sink_drop = gs_sink_drop,
	.sink_durable = gs_sink_durable,
	.sink_promote = gs_sink_promote,
	.sink_abandon = gs_sink_abandon,
	.sink_close = gs_sink_close,
	.pending_settle = gs_pending_settle,
	.reader_open = gs_reader_open,
	.reader_files = gs_reader_files,
	.reader_file = gs_reader_file,
	.reader_chunk = gs_reader_chunk,
	.reader_close = gs_reader_close,
	.snapshots_share = gs_snapshots_share,
	.snapshots_let_go = gs_snapshots_let_go,
	.snapshots_weigh = gs_snapshots_weigh,
	.snapshots_keys = gs_snapshots_keys,
	.snapshots_prune = gs_snapshots_prune,
	.snapshots_remote_list = gs_snapshots_remote_list,
	.snapshots_push = gs_snapshots_push,
	.snapshots_fetch = gs_snapshots_fetch,
	.snapshots_remote_drop = gs_snapshots_remote_drop,
	.chunk_id = gs_chunk_id,
	.chunk_deflate = gs_chunk_deflate,
	.chunk_inflate = gs_chunk_inflate,
	.config = gs_config_get,
	.config_each = gs_config_each,
	.worktree = gs_worktree,
	.common_dir = gs_common_dir,
	.close = gs_close,
};

/* Where the repository is that could not be opened; free() it. */
static char *where(const char *path)
{
	git_buf found = { NULL, 0, 0 };
	char *out;

	if (!path)
		path = getenv("GIT_DIR");
	if (git_repository_discover(&found, path ? path : ".", 0, NULL) < 0 ||
	    !found.ptr)
		return path ? xstrdup(path) : getcwd(NULL, 0);
	out = xstrndup(found.ptr, found.size);
	git_buf_dispose(&found);
	while (strlen(out) > 1 && ends_with(out, "/"))
		out[strlen(out) - 1] = '\0';
	if (ends_with(out, "/.git"))
		out[strlen(out) - strlen("/.git")] = '\0';
	return out;
}

static struct err *not_ours(const char *path)
{
	char *dir = where(path);
	struct err *err = err_new(
		ERR_STORE, "the repository %s is owned by someone else", dir);

	err = err_hintf(err, "git config --global --add safe.directory %s",
			dir);
	free(dir);
	return err;
}

static struct err *cannot_open(int rc, const char *path)
{
	const git_error *e = git_error_last();
	const char *msg = e && e->message ? e->message : "unknown reason";
	const char *ext = strstr(msg, "unsupported extension name ");

	if (ext) {
		ext += strlen("unsupported extension name ");
		return err_hintf(err_new(ERR_STORE,
					 "this repository uses %s, which "
					 "libgit2 %s cannot open",
					 ext, LIBGIT2_VERSION),
				 "keep migrations in a repository without %s",
				 ext);
	}
	if (strstr(msg, "unsupported repository version"))
		return err_hint(err_new(ERR_STORE, "%s", msg),
				"this repository was made by a newer git");
	/* seen of 1.5.1: "not found", of the setting that would allow it */
	if (rc == GIT_EOWNER || strstr(msg, "safe.directory"))
		return not_ours(path);
	if (rc == GIT_ENOTFOUND)
		return err_hint(
			err_new(ERR_STORE, "not a git repository (or any of "
					   "the folders above)"),
			"go into your project's repository, or make one with "
			"git init");
	return err_new(ERR_STORE, "open the repository: %s", msg);
}

/* Extensions that change nothing in what we read or write. */
static void allow_extensions(void)
{
	static const char *const names[] = { "worktreeconfig", "partialclone",
					     "preciousobjects",
					     "relativeworktrees" };

	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, ARRAY_LEN(names));
}

static char *without_slash(const char *path)
{
	size_t n;

	if (!path)
		return NULL;
	n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	return xstrndup(path, n);
}

/* GIT_WORK_TREE, which git sets for "git --work-tree=... migrate", makes
 * libgit2 1.5 give up ("unimplemented"): it is set after the opening. */
static int open_from_env(git_repository **out)
{
	const char *env = getenv("GIT_WORK_TREE");
	char *work = env ? realpath(env, NULL) : NULL;
	char *kept = env ? xstrdup(env) : NULL;
	int rc;

	unsetenv("GIT_WORK_TREE");
	rc = git_repository_open_ext(out, NULL, GIT_REPOSITORY_OPEN_FROM_ENV,
				     NULL);
	if (kept)
		setenv("GIT_WORK_TREE", kept, 1);
	if (!rc && work)
		rc = git_repository_set_workdir(*out, work, 0);
	free(work);
	free(kept);
	return rc;
}

struct err *gitstore_open(struct store **out, const char *path)
{
	struct gs *g = xcalloc(1, sizeof(*g));
	int rc;

	*out = NULL;
	g->base.ops = &ops;
	if (git_libgit2_init() == 1)
		allow_extensions();
	rc = path ? git_repository_open_ext(&g->repo, path, 0, NULL)
		  : open_from_env(&g->repo);
	if (rc < 0) {
		struct err *err = cannot_open(rc, path);

		gs_close(&g->base);
		return err;
	}
	g->common = without_slash(git_repository_commondir(g->repo));
	g->work = without_slash(git_repository_workdir(g->repo));
	*out = &g->base;
	return NULL;
}

static void gs_close(struct store *s)
{
	struct gs *g = gs_of(s);

	gs_ahead_free(g);
	gs_vault_free(g->vault);
	gs_deflate_free(g->deflate);
	gs_config_free(g->config);
	gs_treewalk_forget(g);
	git_odb_free(g->odb);
	git_repository_free(g->repo);
	free(g->common);
	free(g->work);
	free(g);
	git_libgit2_shutdown();
}

static const char *gs_worktree(struct store *s)
{
	return gs_of(s)->work;
}

static const char *gs_common_dir(struct store *s)
{
	return gs_of(s)->common;
}
