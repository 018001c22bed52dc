#include "gitstore/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "gitstore/child.h"
#include "gitstore/commit.h"
#include "gitstore/repo.h"
#include "gitstore/treewalk.h"

#define VERSIONED ".gitmigrate"
#define VERSIONED_MAX (1u << 20)

struct value {
	const char *text;
	bool versioned;
};

/* What was read: from git's output when it had to be asked, else the
 * "migrate." keys from libgit2, with its snapshot for the others. */
struct gs_config {
	struct arena arena;
	struct map values;
	git_config *snapshot;   /* NULL when git was asked */
	struct gs_config *next; /* .gitmigrate of commits asked for so far */
	git_oid commit;
	bool missing; /* the commit has none */
};

void gs_config_free(struct gs_config *c)
{
	while (c) {
		struct gs_config *next = c->next;

		git_config_free(c->snapshot);
		map_release(&c->values);
		arena_release(&c->arena);
		free(c);
		c = next;
	}
}

static struct err *put(struct gs_config *c, const char *key, const char *text,
		       bool versioned)
{
	struct value *v = arena_alloc(&c->arena, sizeof(*v));

	v->text = arena_strdup(&c->arena, text);
	v->versioned = versioned;
	map_put(&c->values, key, v);
	return NULL;
}

static struct err *put_versioned(void *payload, const char *key,
				 const char *value)
{
	return starts_with(key, "migrate.") ? put(payload, key, value, true)
					    : NULL;
}

/* Of the top of the work tree; nothing is followed that a link names. */
static struct err *read_worktree_file(struct gs *g, struct buf *out)
{
	char *path = xasprintf("%s/" VERSIONED, g->work);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct err *err = NULL;
	ssize_t n = 1;

	free(path);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (fd < 0)
		return err_new(ERR_INPUT, "open " VERSIONED ": %s",
			       errno == ELOOP ? "it is a symbolic link"
					      : strerror(errno));
	while (!err && n) {
		n = read(fd, buf_reserve(out, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = err_new(ERR_INPUT, "read " VERSIONED ": %s",
				      strerror(errno));
		else
			out->len += (size_t)n;
		if (out->len > VERSIONED_MAX)
			err = err_new(ERR_INPUT, VERSIONED " is too large");
	}
	close(fd);
	return err;
}

static struct err *read_commit_file(struct gs *g, const git_oid *commit,
				    struct buf *out, bool *missing)
{
	struct gs_commit c = GS_COMMIT_INIT;
	unsigned mode = 0;
	struct store_id hex;
	git_oid id;
	struct err *err = gs_commit_read(g, commit, &c);

	if (!err)
		err = gs_tree_find(g, &c.tree, VERSIONED, &id, &mode);
	*missing = !err && !mode;
	if (!err && (mode & 0170000) == 0100000) {
		gs_id_print(&id, &hex);
		err = gs_read_blob(&g->base, hex.hex, VERSIONED_MAX, out);
	}
	gs_commit_release(&c);
	return err;
}

static struct err *read_head_file(struct gs *g, struct buf *out)
{
	git_oid head;
	bool missing;

	if (git_reference_name_to_id(&head, g->repo, "HEAD") < 0)
		return NULL; /* no commit, no file */
	return read_commit_file(g, &head, out, &missing);
}

static struct err *load_versioned(struct gs *g, struct gs_config *c)
{
	struct buf text = BUF_INIT;
	struct err *err = g->work ? read_worktree_file(g, &text)
				  : read_head_file(g, &text);

	if (!err)
		err = gs_configfile_parse(buf_str(&text), text.len, VERSIONED,
					  put_versioned, c);
	buf_release(&text);
	return err;
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/* Settings that libgit2 1.5 does not read: then git itself is asked. */
static bool must_ask(git_config *cfg)
{
	int worktree = 0;

	if (git_config_get_bool(&worktree, cfg, "extensions.worktreeconfig"))
		worktree = 0;
	return worktree || is_set("GIT_CONFIG_PARAMETERS") ||
	       is_set("GIT_CONFIG_COUNT") || getenv("GIT_CONFIG_GLOBAL") ||
	       getenv("GIT_CONFIG_SYSTEM") || is_set("GIT_CONFIG_NOSYSTEM");
}

/* "key LF value NUL", or "key NUL" for a key without '='. */
static struct err *load_asked(struct gs *g, struct gs_config *c)
{
	char *where = xasprintf("--git-dir=%s", git_repository_path(g->repo));
	const char *const argv[] = { "git", where,    "config",
				     "-z",  "--list", NULL };
	struct buf out = BUF_INIT;
	struct err *err = gs_child_output(argv, &out);

	for (char *p = out.data; !err && p && p < out.data + out.len;) {
		char *next = p + strlen(p) + 1, *lf = strchr(p, '\n');

		if (lf)
			*lf = '\0';
		err = put(c, p, lf ? lf + 1 : "true", false);
		p = next;
	}
	buf_release(&out);
	free(where);
	return err;
}

static struct err *load_snapshot(struct gs_config *c)
{
	git_config_iterator *it = NULL;
	git_config_entry *e;
	struct err *err = NULL;

	if (git_config_iterator_new(&it, c->snapshot) < 0)
		return gs_fault(ERR_STORE, "read git's configuration");
	while (!err && !git_config_next(&e, it))
		if (starts_with(e->name, "migrate."))
			err = put(c, e->name, e->value ? e->value : "true",
				  false);
	git_config_iterator_free(it);
	return err;
}

static struct err *load(struct gs *g)
{
	struct gs_config *c = xcalloc(1, sizeof(*c));
	struct err *err = NULL;

	if (git_repository_config_snapshot(&c->snapshot, g->repo) < 0)
		err = gs_fault(ERR_STORE, "read git's configuration");
	if (!err)
		err = load_versioned(g, c);
	if (!err && must_ask(c->snapshot)) {
		git_config_free(c->snapshot);
		c->snapshot = NULL;
		err = load_asked(g, c);
	} else if (!err) {
		err = load_snapshot(c);
	}
	if (err)
		gs_config_free(c);
	else
		g->config = c;
	return err;
}

/* As git writes keys: all but the subsection in lower case. */
static char *normal_key(const char *key)
{
	char *out = xstrdup(key), *first = strchr(out, '.'),
	     *last = strrchr(out, '.');

	for (char *p = out; *p; p++)
		if (!first || p < first || p > last)
			*p = (char)tolower((unsigned char)*p);
	return out;
}

struct err *gs_config_get(struct store *s, const char *key, char **out,
			  bool *from_versioned)
{
	struct gs *g = gs_of(s);
	struct err *err = g->config ? NULL : load(g);
	char *name = normal_key(key);
	const struct value *v;
	const char *text = NULL;

	*out = NULL;
	if (from_versioned)
		*from_versioned = false;
	if (err)
		goto done;
	v = map_get(&g->config->values, name);
	if (v) {
		text = v->text;
		if (from_versioned)
			*from_versioned = v->versioned;
	} else if (g->config->snapshot && !starts_with(name, "migrate.")) {
		int rc =
			git_config_get_string(&text, g->config->snapshot, name);

		if (rc < 0 && rc != GIT_ENOTFOUND && rc != GIT_EINVALIDSPEC)
			err = gs_fault(ERR_STORE, "read %s", key);
	}
	if (!err && text)
		*out = xstrdup(text);
done:
	free(name);
	return err;
}

static struct err *load_commit(struct gs *g, const git_oid *commit,
			       struct gs_config **out)
{
	struct gs_config *c = xcalloc(1, sizeof(*c));
	struct buf text = BUF_INIT;
	struct store_id hex;
	struct err *err = read_commit_file(g, commit, &text, &c->missing);

	gs_id_print(commit, &hex);
	if (!err)
		err = gs_configfile_parse(buf_str(&text), text.len, VERSIONED,
					  put_versioned, c);
	err = err_wrap(err, "read " VERSIONED " of %.12s", hex.hex);
	buf_release(&text);
	if (err) {
		gs_config_free(c);
		return err;
	}
	c->commit = *commit;
	c->next = g->config->next;
	g->config->next = *out = c;
	return NULL;
}

static struct err *config_of(struct gs *g, const struct store_id *commit,
			     struct gs_config **out)
{
	git_oid id;
	struct err *err = gs_id_parse(commit->hex, &id);

	if (err)
		return err;
	for (*out = g->config->next; *out;) {
		if (git_oid_equal(&(*out)->commit, &id))
			return NULL;
		*out = (*out)->next;
	}
	return load_commit(g, &id, out);
}

struct err *gs_config_at(struct store *s, const struct store_id *commit,
			 const char *key, char **out, bool *from_versioned)
{
	struct gs *g = gs_of(s);
	bool versioned = false;
	struct gs_config *c = NULL;
	const struct value *v;
	char *name;
	struct err *err = gs_config_get(s, key, out, &versioned);

	if (!err && (!*out || versioned))
		err = config_of(g, commit, &c);
	if (!err && c && !c->missing) {
		free(*out);
		name = normal_key(key);
		v = map_get(&c->values, name);
		*out = v ? xstrdup(v->text) : NULL;
		versioned = v != NULL;
		free(name);
	}
	if (from_versioned)
		*from_versioned = !err && versioned;
	return err;
}

struct err *gs_config_each(struct store *s,
			   struct err *(*fn)(void *payload, const char *key,
					     const char *value),
			   void *payload)
{
	struct gs *g = gs_of(s);
	struct err *err = g->config ? NULL : load(g);

	if (err)
		return err;
	map_each (&g->config->values, e) {
		const struct value *v = e->value;

		if (!err && starts_with(e->key, "migrate."))
			err = fn(payload, e->key, v->text);
	}
	return err;
}
