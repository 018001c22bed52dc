#include "hooks/state.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/util.h"
#include "hooks/gitdir.h"

#define TEXT_MAX (16u << 20) /* the list of a long rebase */
#define HEADS "refs/heads/"

extern char **environ;

bool hook_env_is_on(const char *name)
{
	static const char *const off[] = { "", "0", "false", "no", "off" };
	const char *value = getenv(name);

	for (size_t i = 0; value && i < ARRAY_LEN(off); i++)
		if (!strcasecmp(value, off[i]))
			return false;
	return value;
}

static bool has(const char *dir, const char *name)
{
	char *path = file_join(dir, name);
	bool yes = file_exists(path);

	free(path);
	return yes;
}

/* A file's text without space at its end; "" where there is none. */
static char *text_of(const char *dir, const char *name)
{
	char *path = file_join(dir, name);
	struct buf text = BUF_INIT;

	err_free(file_read(path, TEXT_MAX, &text));
	while (text.len && isspace((unsigned char)text.data[text.len - 1]))
		buf_truncate(&text, text.len - 1);
	free(path);
	return text.data ? buf_detach(&text) : xstrdup("");
}

/* Nothing but comments is left to do. */
static bool is_list_empty(const char *git_dir)
{
	char *text = text_of(git_dir, "rebase-merge/git-rebase-todo");
	bool empty = true;

	for (const char *p = text; *p; p += *p == '\n') {
		if (*p != '#' && *p != '\n')
			empty = false;
		p += strcspn(p, "\n");
	}
	free(text);
	return empty;
}

static void read_rebase(struct hook_state *s)
{
	bool merges = has(s->git_dir, "rebase-merge");

	/* "git am" has the folder as well, and no end that is told */
	s->facts.rebasing = merges || has(s->git_dir, "rebase-apply/rebasing");
	s->facts.rebase_empty = merges && is_list_empty(s->git_dir);
	s->rebase_origin = text_of(s->git_dir, merges ? "rebase-merge/orig-head"
						      : "rebase-apply/"
							"orig-head");
	s->facts.rebase_origin = s->rebase_origin;
}

static void read_merge(struct hook_state *s)
{
	char *heads = text_of(s->git_dir, "MERGE_HEAD");

	s->facts.merging = *heads;
	if (*heads)
		hook_theirs_of_file(&s->theirs, heads);
	else
		hook_theirs_of_env(&s->theirs, environ);
	free(heads);
}

bool hook_is_idle(enum hook_kind kind, const char *const *args, size_t n)
{
	char *git_dir;
	bool idle;

	if (kind == HOOK_POST_CHECKOUT)
		return n >= 3 && !streq(args[2], "1");
	if (kind != HOOK_PRE_COMMIT)
		return false;
	git_dir = hook_git_dir_here();
	idle = git_dir && !has(git_dir, "MERGE_HEAD");
	free(git_dir);
	return idle;
}

static void add_base(struct hook_state *s, const char *name)
{
	for (size_t i = 0; i < s->facts.n_bases; i++)
		if (streq(s->bases[i], name))
			return;
	VEC_GROW(s->bases, s->facts.n_bases, s->cap_bases);
	s->bases[s->facts.n_bases++] = xstrdup(name);
	s->facts.bases = (const char *const *)s->bases;
}

static bool resolves(struct store *store, const char *rev)
{
	struct store_commit c = { 0 };
	struct err *err = store->ops->resolve(store, rev, &c);
	bool yes = !err;

	err_free(err);
	store_commit_release(&c);
	return yes;
}

/* The first revision that is here becomes what branches are checked against;
 * true when it is found. */
static bool take_base(struct hook_state *s, struct store *store, char *rev)
{
	if (!s->base && resolves(store, rev))
		s->base = rev;
	else
		free(rev);
	s->facts.base = s->base ? s->base : "";
	return s->base;
}

/* A branch by its name, at the remote where that is known. */
static void name_base(struct hook_state *s, struct store *store,
		      const char *remote, const char *name)
{
	size_t n = remote ? strlen(remote) : 0;

	if (n && !strncmp(name, remote, n) && name[n] == '/')
		name += n + 1;
	if (starts_with(name, HEADS))
		name += strlen(HEADS);
	add_base(s, name);
	if (remote &&
	    take_base(s, store, xasprintf("remotes/%s/%s", remote, name)))
		return;
	if (!remote)
		take_base(s, store, xasprintf("heads/%s", name));
}

/* "upstream/main" is that, whatever is pushed to; "main" is the remote's, or,
 * where it has none, this clone's. */
static void configured_base(struct hook_state *s, struct store *store,
			    const char *remote, const char *base)
{
	const char *slash = strchr(base, '/');

	if (slash && take_base(s, store, xasprintf("remotes/%s", base))) {
		add_base(s, slash + 1);
		return;
	}
	name_base(s, store, remote, base);
	if (!s->base)
		take_base(s, store, xstrdup(base));
}

/* What the remote calls its HEAD, or one of the names that are usual. */
static void guess_base(struct hook_state *s, struct store *store,
		       const char *remote)
{
	static const char *const usual[] = { "main", "master" };
	char *dir = xasprintf("%s/refs/remotes/%s",
			      store->ops->common_dir(store), remote);
	char *head = text_of(dir, "HEAD");
	char *front = xasprintf("ref: refs/remotes/%s/", remote);

	if (starts_with(head, front))
		name_base(s, store, remote, head + strlen(front));
	for (size_t i = 0; !s->base && i < ARRAY_LEN(usual); i++) {
		char *rev = xasprintf("remotes/%s/%s", remote, usual[i]);

		if (take_base(s, store, rev))
			add_base(s, usual[i]);
	}
	/* the first push makes it */
	for (size_t i = 0; !s->facts.n_bases && i < ARRAY_LEN(usual); i++)
		add_base(s, usual[i]);
	free(front);
	free(head);
	free(dir);
}

static void read_bases(struct hook_state *s, struct store *store,
		       const struct hook_branches *b, const char *remote)
{
	char *head = text_of(s->git_dir, "HEAD");

	if (b->base)
		configured_base(s, store, remote, b->base);
	else if (remote)
		guess_base(s, store, remote);
	else if (starts_with(head, "ref: " HEADS))
		name_base(s, store, NULL, head + strlen("ref: "));
	for (size_t i = 0; i < b->n; i++)
		add_base(s, b->branches[i]);
	s->facts.base = s->base ? s->base : "";
	free(head);
}

static bool is_id(struct store *store, const char *rev, const char *id)
{
	struct store_commit c = { 0 };
	struct err *err = store->ops->resolve(store, rev, &c);
	bool yes = !err && streq(c.id.hex, id);

	err_free(err);
	store_commit_release(&c);
	return yes;
}

static void read_heads(struct hook_state *s, struct store *store)
{
	char *head = text_of(s->git_dir, "HEAD");

	s->facts.on_branch = starts_with(head, "ref: " HEADS);
	s->orig_head = text_of(s->git_dir, "ORIG_HEAD");
	s->facts.orig_head = s->orig_head;
	s->facts.true_merge = *s->orig_head &&
			      is_id(store, "HEAD^1", s->orig_head) &&
			      resolves(store, "HEAD^2");
	free(head);
}

void hook_state_read(struct hook_state *out, struct store *store,
		     enum hook_kind kind, const struct hook_branches *branches,
		     const char *remote)
{
	struct hook_facts *f = &out->facts;

	memset(out, 0, sizeof(*out));
	f->orig_head = f->rebase_origin = f->base = "";
	f->skip = hook_env_is_on("GIT_MIGRATE_SKIP");
	f->ci = hook_env_is_on("CI");
	out->git_dir = hook_git_dir(store);
	f->bisecting = has(out->git_dir, "BISECT_LOG");
	read_rebase(out);
	read_merge(out);
	f->theirs = &out->theirs;
	if (kind == HOOK_PRE_PUSH || hook_kinds[kind].server)
		read_bases(out, store, branches, remote);
	else if (!hook_kinds[kind].blocks)
		read_heads(out, store);
}

void hook_state_release(struct hook_state *s)
{
	for (size_t i = 0; i < s->facts.n_bases; i++)
		free(s->bases[i]);
	free(s->bases);
	hook_theirs_release(&s->theirs);
	free(s->git_dir);
	free(s->orig_head);
	free(s->rebase_origin);
	free(s->base);
	memset(s, 0, sizeof(*s));
}
