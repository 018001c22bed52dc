#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/map.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/git.h"
#include "gitstore/treewalk.h"
#include "gitstore/vault.h"

/* Getting rid of snapshots: first the refs, then what nothing leads to. */

struct pruning {
	struct gs_vault *vault;
	struct map gone; /* ids of events */
};

/* Bytes of the files below objects/. */
static int64_t size_of(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int64_t sum = 0;

	while (d && (e = readdir(d))) {
		struct stat st;

		if (e->d_name[0] == '.' ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(st.st_mode)) {
			char *below = file_join(dir, e->d_name);

			sum += size_of(below);
			free(below);
		} else {
			sum += (int64_t)st.st_size;
		}
	}
	if (d)
		closedir(d);
	return sum;
}

/* What is left of a group, in a commit like the one before. */
static struct err *write_rest(struct pruning *p, const struct buf *tree,
			      struct gs_commit *c, git_oid *out)
{
	struct buf text = BUF_INIT;
	git_odb *odb;
	struct err *err = gs_odb(&p->vault->in, &odb);

	if (!err && git_odb_write(&c->tree, odb, tree->data, tree->len,
				  GIT_OBJECT_TREE) < 0)
		err = gs_fault(ERR_STORE, "write what is left of a group");
	if (!err) {
		gs_commit_format(&text, c);
		if (git_odb_write(out, odb, text.data, text.len,
				  GIT_OBJECT_COMMIT) < 0)
			err = gs_fault(ERR_STORE,
				       "write what is left of a group");
	}
	buf_release(&text);
	return err;
}

/* The entries that stay, as a tree's bytes. */
static struct err *sort_out(struct pruning *p, const git_oid *tree,
			    struct buf *left, size_t *n_gone)
{
	struct gs_treewalk w = { 0 };
	struct gs_tree_entry e;
	struct err *err = gs_treewalk_open(&w, &p->vault->in, tree);

	while (!err && gs_treewalk_next(&w, &e)) {
		struct store_id id;

		gs_id_print(&e.id, &id);
		if (map_has(&p->gone, id.hex)) {
			++*n_gone;
			continue;
		}
		buf_addf(left, "%o %.*s", e.mode, (int)e.len, e.name);
		buf_addch(left, '\0');
		buf_add(left, e.id.id, GIT_OID_RAWSZ);
	}
	gs_treewalk_close(&w);
	return err;
}

static struct err *prune_ref(struct pruning *p, const char *key)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct buf left = BUF_INIT;
	size_t n_gone = 0;
	git_oid id;
	struct err *err = gs_vault_ref(p->vault, "snapshots", key, &id);

	if (!err)
		err = gs_commit_read(&p->vault->in, &id, &c);
	if (!err)
		err = sort_out(p, &c.tree, &left, &n_gone);
	if (!err && n_gone && !left.len) {
		err = gs_vault_drop_ref(p->vault, "snapshots", key);
	} else if (!err && n_gone) {
		err = write_rest(p, &left, &c, &id);
		if (!err)
			err = gs_vault_set_ref(p->vault, "snapshots", key, &id);
	}
	gs_commit_release(&c);
	buf_release(&left);
	return err;
}

struct keys {
	const char *uuid;
	struct buf list; /* each with its NUL */
};

static void take_key(void *payload, const char *key)
{
	struct keys *k = payload;
	size_t n = strlen(k->uuid);

	if (!strncmp(key, k->uuid, n) && key[n] == '/')
		buf_add(&k->list, key, strlen(key) + 1);
}

static struct err *prune_refs(struct pruning *p, struct store *s,
			      const char *uuid)
{
	struct keys keys = { .uuid = uuid };
	struct err *err = gs_snapshots_keys(s, take_key, &keys);

	for (size_t at = 0; at < keys.list.len && !err;
	     at += strlen(keys.list.data + at) + 1) {
		err = prune_ref(p, keys.list.data + at);
		crash_point("pruned-ref");
	}
	buf_release(&keys.list);
	return err;
}

/* Whole objects, as they are: nothing is deflated again, no delta is made. */
static struct err *rewrite_packs(struct gs_vault *v)
{
	static const char *const repack[] = {
		"-c",         "repack.writeBitmaps=false",
		"-c",         "pack.window=0",
		"-c",         "core.fsync=committed",
		"repack",     "-a",
		"-d",         "-q",
		"--window=0", NULL
	};
	static const char *const prune[] = { "prune", "--expire=now", NULL };
	struct gs_git git = { .git_dir = v->in.common };
	struct err *err = gs_git(&git, repack);

	crash_point("repacked");
	if (!err)
		err = gs_git(&git, prune);
	return err_first(err, gs_vault_refresh(v));
}

static struct err *prune(struct pruning *p, struct store *s, const char *uuid,
			 struct err *(*first)(void *payload), void *payload,
			 int64_t *freed)
{
	char *objects = file_join(p->vault->in.common, "objects");
	int64_t before = size_of(objects);
	int fd = -1;
	struct err *err = gs_writable(&p->vault->in);

	if (!err)
		err = gs_vault_lock(p->vault, true, &fd);
	if (!err)
		err = first(payload);
	if (!err)
		err = prune_refs(p, s, uuid);
	if (!err)
		err = rewrite_packs(p->vault);
	if (fd >= 0)
		close(fd);
	*freed = before - size_of(objects);
	free(objects);
	return err;
}

/* NOLINTNEXTLINE(readability-function-size): the port's signature */
struct err *gs_snapshots_prune(struct store *s, const char *uuid,
			       const struct store_id *ids, size_t n,
			       struct err *(*first)(void *payload),
			       void *payload, int64_t *freed)
{
	struct pruning p = { .gone = MAP_INIT };
	struct err *err = gs_vault(gs_of(s), false, &p.vault);

	*freed = 0;
	if (err)
		return err;
	if (!p.vault || !n)
		return first(payload);
	for (size_t i = 0; i < n; i++)
		map_put(&p.gone, ids[i].hex, &p);
	err = prune(&p, s, uuid, first, payload, freed);
	map_release(&p.gone);
	return err;
}
