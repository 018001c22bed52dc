#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/missing.h"
#include "gitstore/reach.h"
#include "gitstore/repo.h"

/* Merges that were made, that are under way, and where histories meet. */

#define GITHEAD "GITHEAD_"
#define MERGE_HEAD_MAX (1u << 16)

/* Hand over as the port's ids. */
static void give(const struct gs_ids *from, struct store_id **out, size_t *n)
{
	*n = from->n;
	*out = xcalloc(from->n ? from->n : 1, sizeof(**out));
	for (size_t i = 0; i < from->n; i++)
		gs_id_print(&from->items[i], &(*out)[i]);
}

/* That a commit is here, for a better error than that of a walk. */
static struct err *must_have(struct gs *g, const git_oid *id)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct err *err = gs_commit_read(g, id, &c);

	gs_commit_release(&c);
	return err;
}

static struct err *no_base(struct gs *g, const struct store_id *a,
			   const struct store_id *b, const git_oid *cut)
{
	struct store_id hex;

	if (git_oid_is_zero(cut))
		return err_hint(err_new(ERR_INPUT,
					"%.12s and %.12s have no commit in "
					"common",
					a->hex, b->hex),
				"their histories are unrelated: name other "
				"revisions, or the base itself");
	gs_id_print(cut, &hex);
	return gs_hint_commit(g, err_new(ERR_INPUT,
					 "the merge base of %.12s and %.12s is "
					 "not in this clone: commit %s is "
					 "missing",
					 a->hex, b->hex, hex.hex));
}

struct err *gs_merge_bases(struct store *s, const struct store_id *a,
			   const struct store_id *b, struct store_id **out,
			   size_t *n)
{
	struct gs *g = gs_of(s);
	struct gs_ids found = { 0 };
	git_oid x, y, cut;
	struct err *err = gs_id_parse(a->hex, &x);

	*out = NULL;
	*n = 0;
	if (!err)
		err = gs_id_parse(b->hex, &y);
	if (!err)
		err = must_have(g, &x);
	if (!err)
		err = must_have(g, &y);
	if (!err)
		err = gs_common(g, &x, &y, &found, &cut);
	if (!err && !found.n)
		err = no_base(g, a, b, &cut);
	if (!err)
		give(&found, out, n);
	gs_ids_release(&found);
	return err;
}

struct err *gs_parents(struct store *s, const struct store_id *commit,
		       struct store_id **out, size_t *n)
{
	struct gs *g = gs_of(s);
	struct gs_commit c = GS_COMMIT_INIT;
	struct store_id hex;
	git_oid id;
	struct err *err = gs_id_parse(commit->hex, &id);

	*out = NULL;
	*n = 0;
	if (!err)
		err = gs_commit_read(g, &id, &c);
	for (size_t i = 0; !err && i < c.n_parents; i++) {
		if (gs_has(g, &c.parents[i]))
			continue;
		gs_id_print(&c.parents[i], &hex);
		err = gs_hint_commit(g, err_new(ERR_INPUT,
						"commit %s, a parent of "
						"%.12s, is not in this clone",
						hex.hex, commit->hex));
	}
	if (!err)
		give(&(struct gs_ids){ c.parents, c.n_parents, 0 }, out, n);
	gs_commit_release(&c);
	return err;
}

/* What every branch and tag names. */
static struct err *all_tips(struct gs *g, struct gs_ids *out)
{
	static const char *const globs[] = { "refs/heads/*", "refs/remotes/*",
					     "refs/tags/*" };
	struct err *err = NULL;

	for (size_t i = 0; !err && i < ARRAY_LEN(globs); i++) {
		git_reference_iterator *it = NULL;
		git_reference *ref;

		if (git_reference_iterator_glob_new(&it, g->repo, globs[i]) < 0)
			err = gs_fault(ERR_STORE, "list the branches");
		while (!err && !git_reference_next(&ref, it)) {
			git_object *commit = NULL;

			if (!git_reference_peel(&commit, ref,
						GIT_OBJECT_COMMIT))
				gs_ids_add(out, git_object_id(commit));
			git_object_free(commit);
			git_reference_free(ref);
		}
		git_reference_iterator_free(it);
	}
	return err;
}

static struct err *hidden(struct gs *g, const struct store_id *from,
			  struct gs_ids *out)
{
	git_oid id;
	struct err *err;

	if (!*from->hex)
		return all_tips(g, out);
	err = gs_id_parse(from->hex, &id);
	if (!err)
		err = must_have(g, &id);
	if (!err)
		gs_ids_add(out, &id);
	return err;
}

struct err *gs_merges_between(struct store *s, const struct store_id *from,
			      const struct store_id *to,
			      struct err *(*fn)(void *payload,
						const struct store_id *merge),
			      void *payload)
{
	struct gs *g = gs_of(s);
	struct gs_commit c = GS_COMMIT_INIT;
	struct gs_ids hide = { 0 }, list = { 0 };
	git_oid id;
	struct err *err = gs_id_parse(to->hex, &id);

	if (!err)
		err = must_have(g, &id);
	if (!err)
		err = hidden(g, from, &hide);
	if (!err)
		err = gs_reach(g, &id, &hide, &list, NULL);
	for (size_t i = list.n; !err && i-- > 0;) {
		struct store_id merge;

		err = gs_commit_read(g, &list.items[i], &c);
		gs_id_print(&list.items[i], &merge);
		if (!err && c.n_parents > 1)
			err = fn(payload, &merge);
	}
	gs_ids_release(&hide);
	gs_ids_release(&list);
	gs_commit_release(&c);
	return err;
}

/* Ids of MERGE_HEAD, one a line. */
static struct err *from_file(struct gs *g, struct gs_ids *out)
{
	char *path = file_join(git_repository_path(g->repo), "MERGE_HEAD");
	struct buf text = BUF_INIT;
	struct err *err = NULL;
	git_oid id;

	if (!access(path, F_OK))
		err = file_read(path, MERGE_HEAD_MAX, &text);
	for (const char *p = buf_str(&text); !err && *p;) {
		if (git_oid_fromstrn(&id, p, GIT_OID_HEXSZ) < 0)
			err = err_new(ERR_STORE, "%s holds no commit ids",
				      path);
		else
			gs_ids_add(out, &id);
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	buf_release(&text);
	free(path);
	return err;
}

extern char **environ;

static int by_id(const void *a, const void *b)
{
	return git_oid_cmp(a, b);
}

/* What git merge tells its hooks before there is a MERGE_HEAD. */
static void from_environment(struct gs_ids *out)
{
	for (char **e = environ; e && *e; e++) {
		const char *hex = *e + strlen(GITHEAD);
		git_oid id;

		if (starts_with(*e, GITHEAD) &&
		    strcspn(hex, "=") == GIT_OID_HEXSZ &&
		    !git_oid_fromstrn(&id, hex, GIT_OID_HEXSZ))
			gs_ids_add(out, &id);
	}
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_id);
}

struct err *gs_merge_heads(struct store *s, struct store_id **out, size_t *n)
{
	struct gs_ids found = { 0 };
	struct err *err = from_file(gs_of(s), &found);

	*out = NULL;
	*n = 0;
	if (!err && !found.n)
		from_environment(&found);
	if (!err)
		give(&found, out, n);
	gs_ids_release(&found);
	return err;
}
