#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/git.h"
#include "gitstore/vault.h"

/*
 * Snapshots in a remote of the project. git runs in the repository of the
 * snapshots, so that no row ever is in the project's, and reads the project's
 * configuration besides: its remotes, their URLs, how to reach them.
 */

#define THERE "refs/migrate/snapshots"
#define AT_ONCE 100 /* refs in one command line */
#define WHO "git-migrate <git-migrate@localhost> 0 +0000"

struct talk {
	struct gs *g;
	struct gs_vault *vault;
	const char *remote, *uuid;
	char **args;
	size_t n_args, cap_args;
};

static void add_arg(struct talk *t, char *arg)
{
	VEC_GROW(t->args, t->n_args, t->cap_args);
	t->args[t->n_args++] = arg;
}

static void add_text(struct talk *t, const char *arg)
{
	add_arg(t, xstrdup(arg));
}

static void clear_args(struct talk *t)
{
	for (size_t i = 0; i < t->n_args; i++)
		free(t->args[i]);
	t->n_args = 0;
}

static void add_include(struct talk *t, const char *dir, const char *name)
{
	char *path = file_join(dir, name);

	if (file_exists(path)) {
		add_text(t, "-c");
		add_arg(t, xasprintf("include.path=%s", path));
	}
	free(path);
}

/* What a remote may be set to that is for the project's refs and objects. */
static void add_settings(struct talk *t)
{
	static const char *const off[] = { "mirror=false", "promisor=false",
					   "prune=false", "tagOpt=--no-tags" };

	add_include(t, t->g->common, "config");
	add_include(t, git_repository_path(t->g->repo), "config.worktree");
	for (size_t i = 0; i < ARRAY_LEN(off); i++) {
		add_text(t, "-c");
		add_arg(t, xasprintf("remote.%s.%s", t->remote, off[i]));
	}
	add_text(t, "-c");
	add_text(t, "core.hooksPath=/dev/null");
}

static struct err *begin(struct talk *t, struct store *s, const char *remote,
			 const char *uuid, bool make)
{
	char *key = xasprintf("remote.%s.url", remote), *url = NULL;
	struct err *err;

	*t = (struct talk){ .g = gs_of(s), .remote = remote, .uuid = uuid };
	err = gs_config_get(s, key, &url, NULL);
	if (!err && !url)
		err = err_hintf(err_new(ERR_REFUSED,
					"there is no git remote '%s'", remote),
				"git remote add %s URL", remote);
	if (!err)
		err = gs_vault(t->g, make, &t->vault);
	if (!err && !t->vault)
		err = err_new(ERR_REFUSED, "this clone has no snapshots");
	free(key);
	free(url);
	return err;
}

static void end(struct talk *t)
{
	clear_args(t);
	free(t->args);
}

/* Paths of a remote's URL start where git would start. */
static struct err *run(struct talk *t,
		       struct err *(*line)(void *payload, char *line),
		       void *payload)
{
	struct gs_git git = { .dir = t->g->work ? t->g->work : t->g->common,
			      .git_dir = t->vault->in.common,
			      .line = line,
			      .payload = payload };
	struct err *err;

	add_arg(t, NULL);
	err = gs_git(&git, (const char *const *)t->args);
	clear_args(t);
	return err;
}

struct listing {
	void (*fn)(void *payload, const struct store_id *id);
	void *payload;
};

/* "<commit> <tab> refs/migrate/snapshots/<uuid>/<id>" */
static struct err *take_ref(void *payload, char *line)
{
	const struct listing *l = payload;
	const char *id = strrchr(line, '/');
	struct store_id out;
	git_oid oid;

	if (!id || strlen(id + 1) != GIT_OID_HEXSZ ||
	    git_oid_fromstr(&oid, id + 1) < 0)
		return NULL;
	gs_id_print(&oid, &out);
	l->fn(l->payload, &out);
	return NULL;
}

struct err *gs_snapshots_remote_list(
	struct store *s, const char *remote, const char *uuid,
	void (*fn)(void *payload, const struct store_id *id), void *payload)
{
	struct listing l = { fn, payload };
	struct talk t;
	struct err *err = begin(&t, s, remote, uuid, true);

	if (!err) {
		add_settings(&t);
		add_text(&t, "ls-remote");
		add_text(&t, "--quiet");
		add_text(&t, remote);
		add_arg(&t, xasprintf(THERE "/%s/*", uuid));
		err = run(&t, take_ref, &l);
	}
	end(&t);
	return err;
}

/* A group of this event alone: the same commit whoever makes it. */
static struct err *make_commit(struct talk *t, const git_oid *event,
			       git_oid *out)
{
	struct gs_commit c = { .author = WHO,
			       .committer = WHO,
			       .message = "snapshot\n" };
	struct buf b = BUF_INIT;
	git_odb *odb;
	struct err *err = gs_odb(&t->vault->in, &odb);

	buf_addstr(&b, "40000 00000000");
	buf_addch(&b, '\0');
	buf_add(&b, event->id, GIT_OID_RAWSZ);
	if (!err &&
	    git_odb_write(&c.tree, odb, b.data, b.len, GIT_OBJECT_TREE) < 0)
		err = gs_fault(ERR_STORE, "write a snapshot's commit");
	buf_reset(&b);
	gs_commit_format(&b, &c);
	if (!err &&
	    git_odb_write(out, odb, b.data, b.len, GIT_OBJECT_COMMIT) < 0)
		err = gs_fault(ERR_STORE, "write a snapshot's commit");
	buf_release(&b);
	return err;
}

static struct err *add_pushed(struct talk *t, const struct store_id *id)
{
	struct store_id commit;
	git_oid event, made;
	struct err *err = gs_id_parse(id->hex, &event);

	if (!err)
		err = make_commit(t, &event, &made);
	if (err)
		return err;
	gs_id_print(&made, &commit);
	add_arg(t,
		xasprintf("%s:" THERE "/%s/%s", commit.hex, t->uuid, id->hex));
	return NULL;
}

static void add_push(struct talk *t)
{
	add_settings(t);
	add_text(t, "push");
	add_text(t, "--quiet");
	add_text(t, "--no-verify");
	add_text(t, "--no-follow-tags");
	add_text(t, "--no-recurse-submodules");
	add_text(t, t->remote);
}

struct err *gs_snapshots_push(struct store *s, const char *remote,
			      const char *uuid, const struct store_id *ids,
			      size_t n)
{
	struct talk t;
	struct err *err = begin(&t, s, remote, uuid, false);

	if (!err)
		err = gs_writable(&t.vault->in);
	for (size_t i = 0; i < n && !err;) {
		size_t stop = n - i < AT_ONCE ? n : i + AT_ONCE;

		add_push(&t);
		for (; i < stop && !err; i++)
			err = add_pushed(&t, &ids[i]);
		if (!err)
			err = run(&t, NULL, NULL);
	}
	end(&t);
	return err_wrap(err, "push snapshots to %s", remote);
}

static void add_fetch(struct talk *t)
{
	static const char *const flags[] = {
		"fetch",        "--quiet",
		"--no-tags",    "--refmap=",
		"--no-filter",  "--no-write-fetch-head",
		"--no-auto-gc", "--no-recurse-submodules",
	};

	add_settings(t);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		add_text(t, flags[i]);
	add_text(t, t->remote);
}

static struct err *fetch(struct talk *t, const struct store_id *ids, size_t n)
{
	struct err *err = gs_writable(&t->vault->in);

	for (size_t i = 0; i < n && !err;) {
		size_t stop = n - i < AT_ONCE ? n : i + AT_ONCE;

		add_fetch(t);
		for (; i < stop; i++)
			add_arg(t, xasprintf("+" THERE "/%s/%s:refs/snapshots/"
					     "%s/%s",
					     t->uuid, ids[i].hex, t->uuid,
					     ids[i].hex));
		err = run(t, NULL, NULL);
	}
	return err_first(err, gs_vault_refresh(t->vault));
}

/* It is what its name says: others may write there. */
static struct err *check_fetched(struct talk *t, const struct store_id *id)
{
	git_oid oid;
	struct err *err = gs_id_parse(id->hex, &oid);

	if (!err && !gs_has(&t->vault->in, &oid))
		err = err_new(ERR_STORE,
			      "what %s calls snapshot %s is another one",
			      t->remote, id->hex);
	return err;
}

struct err *gs_snapshots_fetch(struct store *s, const char *remote,
			       const char *uuid, const struct store_id *ids,
			       size_t n)
{
	struct talk t;
	int fd = -1;
	struct err *err = begin(&t, s, remote, uuid, true);

	if (!err)
		err = gs_vault_lock(t.vault, false, &fd);
	if (!err)
		err = fetch(&t, ids, n);
	for (size_t i = 0; i < n && !err; i++)
		err = check_fetched(&t, &ids[i]);
	if (fd >= 0)
		close(fd);
	end(&t);
	return err_wrap(err, "fetch snapshots from %s", remote);
}

struct err *gs_snapshots_remote_drop(struct store *s, const char *remote,
				     const char *uuid,
				     const struct store_id *ids, size_t n)
{
	struct talk t;
	struct err *err = begin(&t, s, remote, uuid, true);

	for (size_t i = 0; i < n && !err;) {
		size_t stop = n - i < AT_ONCE ? n : i + AT_ONCE;

		add_push(&t);
		for (; i < stop; i++)
			add_arg(&t, xasprintf(":" THERE "/%s/%s", uuid,
					      ids[i].hex));
		err = run(&t, NULL, NULL);
	}
	end(&t);
	return err_wrap(err, "remove snapshots from %s", remote);
}
