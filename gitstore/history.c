#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/missing.h"
#include "gitstore/repo.h"

/* HEAD names a branch without a commit, or nothing at all. */
static struct err *no_head(void)
{
	return err_hint(err_new(ERR_INPUT, "HEAD has no commit yet"),
			"commit your migrations first");
}

static struct err *find_head(struct gs *g, git_oid *id)
{
	int rc = git_reference_name_to_id(id, g->repo, "HEAD");

	if (rc == GIT_ENOTFOUND || rc == GIT_EUNBORNBRANCH)
		return no_head();
	return rc < 0 ? gs_fault(ERR_STORE, "read HEAD") : NULL;
}

/* A branch of a remote that a clone of one branch does not have. */
static struct err *hint_rev(struct gs *g, const char *rev, struct err *e)
{
	const char *slash = strchr(rev, '/');
	git_remote *remote = NULL;
	char *name = slash ? xstrndup(rev, (size_t)(slash - rev)) : NULL;

	if (name && slash[1] && !git_remote_lookup(&remote, g->repo, name))
		e = err_hintf(e, "git fetch %s +refs/heads/%s:refs/remotes/%s",
			      name, slash + 1, rev);
	else
		e = gs_hint_commit(g, e);
	git_remote_free(remote);
	free(name);
	return e;
}

static struct err *find_rev(struct gs *g, const char *rev, git_oid *id)
{
	git_object *any = NULL, *commit = NULL;
	int rc = git_revparse_single(&any, g->repo, rev);
	struct err *err = NULL;

	if (rc == GIT_EAMBIGUOUS) {
		err = err_new(ERR_INPUT, "revision '%s' is ambiguous", rev);
	} else if (rc < 0) {
		err = hint_rev(
			g, rev,
			err_new(ERR_INPUT, "no such revision: '%s'", rev));
	} else if (git_object_peel(&commit, any, GIT_OBJECT_COMMIT) < 0) {
		err = err_new(ERR_INPUT, "'%s' is not a commit", rev);
	} else {
		*id = *git_object_id(commit);
	}
	git_object_free(any);
	git_object_free(commit);
	return err;
}

struct err *gs_resolve(struct store *s, const char *rev,
		       struct store_commit *out)
{
	struct gs *g = gs_of(s);
	struct gs_commit c = GS_COMMIT_INIT;
	git_oid id;
	struct err *err;

	memset(out, 0, sizeof(*out));
	if (!rev || streq(rev, "HEAD"))
		err = find_head(g, &id);
	else
		err = find_rev(g, rev, &id);
	if (!err)
		err = gs_commit_read(g, &id, &c);
	if (!err) {
		gs_id_print(&id, &out->id);
		out->author = xstrdup(c.author);
	}
	gs_commit_release(&c);
	return err;
}

struct err *gs_read_blob(struct store *s, const char *blob, size_t max_bytes,
			 struct buf *out)
{
	struct gs *g = gs_of(s);
	git_odb_object *obj = NULL;
	git_odb *odb;
	git_oid id;
	struct err *err = gs_id_parse(blob, &id);

	if (!err)
		err = gs_odb(g, &odb);
	if (err)
		return err;
	if (git_odb_read(&obj, odb, &id) < 0)
		err = gs_hint_object(g, &id,
				     err_new(ERR_STORE,
					     "blob %s is not in this "
					     "repository",
					     blob));
	else if (git_odb_object_type(obj) != GIT_OBJECT_BLOB)
		err = err_new(ERR_STORE, "object %s is not a blob", blob);
	else if (git_odb_object_size(obj) > max_bytes)
		err = err_new(ERR_INPUT, "blob %s is over %zu bytes", blob,
			      max_bytes);
	else
		buf_add(out, git_odb_object_data(obj),
			git_odb_object_size(obj));
	git_odb_object_free(obj);
	return err;
}

bool gs_has_id(struct store *s, const struct store_id *id)
{
	git_oid oid;
	struct err *err = gs_id_parse(id->hex, &oid);

	err_free(err);
	return !err && gs_has(gs_of(s), &oid);
}

struct err *gs_is_ancestor(struct store *s, const struct store_id *a,
			   const struct store_id *b, bool *out)
{
	struct gs *g = gs_of(s);
	git_oid x, y;
	struct err *err = gs_id_parse(a->hex, &x);
	int rc;

	*out = false;
	if (!err)
		err = gs_id_parse(b->hex, &y);
	if (err)
		return err;
	if (git_oid_equal(&x, &y)) {
		*out = true;
		return NULL;
	}
	if (!gs_has(g, &x) || !gs_has(g, &y))
		return err_new(ERR_STORE, "commit %s is not in this repository",
			       gs_has(g, &x) ? b->hex : a->hex);
	rc = git_graph_descendant_of(g->repo, &y, &x);
	/* where history is cut off the walk ends without an answer: no */
	if (rc < 0 && !gs_is_shallow(g))
		return gs_fault(ERR_STORE, "look for %s in the history of %s",
				a->hex, b->hex);
	*out = rc == 1;
	return NULL;
}

struct err *gs_ledger_walk(struct store *s, const struct store_id *tip,
			   size_t max, store_ledger_fn fn, void *payload)
{
	struct gs *g = gs_of(s);
	struct store_ledger_entry e = { 0 };
	struct gs_commit c = GS_COMMIT_INIT;
	git_oid id;
	struct err *err = gs_id_parse(tip->hex, &id);

	for (size_t n = 0; !err && (!max || n < max); n++) {
		if (n && !gs_has(g, &id) && gs_is_shallow(g))
			break; /* the history is cut off here */
		err = gs_commit_read(g, &id, &c);
		if (err)
			break;
		gs_id_print(&id, &e.id);
		e.parent.hex[0] = '\0';
		if (c.n_parents)
			gs_id_print(&c.parents[0], &e.parent);
		e.author = c.author;
		e.committer = c.committer;
		e.message = c.message;
		err = fn(payload, &e);
		if (!c.n_parents)
			break;
		id = c.parents[0];
	}
	gs_commit_release(&c);
	return err;
}
