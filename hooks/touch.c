#include "hooks/touch.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* One look; anything that goes wrong is a doubt. */
struct look {
	struct store *store;
	const char *dir;
};

static bool find(const struct look *l, const char *rev, struct store_id *out)
{
	struct store_commit c = { 0 };
	struct err *err = l->store->ops->resolve(l->store, rev, &c);
	bool ok = !err;

	if (ok)
		*out = c.id;
	err_free(err);
	store_commit_release(&c);
	return ok;
}

/* The folder is the same tree in both. */
static bool same(const struct look *l, const struct store_id *a,
		 const struct store_id *b)
{
	const struct store_ops *ops = l->store->ops;
	struct store_id left, right;
	struct err *err;

	if (streq(a->hex, b->hex))
		return true;
	err = ops->folder_id(l->store, a, l->dir, &left);
	if (!err)
		err = ops->folder_id(l->store, b, l->dir, &right);
	if (err) {
		err_free(err);
		return false;
	}
	return streq(left.hex, right.hex);
}

/* A commit that is configured to keep its migrations elsewhere. */
static bool moved(const struct look *l, const struct store_id *commit)
{
	char *dir = NULL;
	struct err *err = l->store->ops->config_at(l->store, commit,
						   "migrate.dir", &dir, NULL);
	bool yes = err || !streq(dir ? dir : "migrations", l->dir);

	err_free(err);
	free(dir);
	return yes;
}

/* `a` has what one of the bases of both has already: it brings nothing. */
static bool brings(const struct look *l, const struct store_id *a,
		   const struct store_id *b)
{
	struct store_id *bases = NULL;
	size_t n = 0, equal = 0;
	struct err *err;

	if (moved(l, a))
		return true;
	if (same(l, a, b))
		return false;
	err = l->store->ops->merge_bases(l->store, a, b, &bases, &n);
	for (size_t i = 0; !err && i < n; i++)
		equal += same(l, a, &bases[i]);
	free(bases);
	if (!err)
		return !n || equal < n;
	err_free(err);
	return true;
}

static bool merge_brings(const struct look *l, const struct hook_theirs *theirs)
{
	struct store_id head, other;

	if (!theirs->n || !find(l, "HEAD", &head))
		return true;
	for (size_t i = 0; i < theirs->n; i++)
		if (!find(l, theirs->sides[i].id, &other) ||
		    brings(l, &other, &head))
			return true;
	return false;
}

bool hook_touches(struct store *store, const char *dir,
		  const struct hook_step *step,
		  const struct hook_theirs *theirs)
{
	const struct look l = { store, dir };
	struct store_id from, to;

	if (step->act == HOOK_CHECK_MERGE)
		return merge_brings(&l, theirs);
	if (!*step->from || !find(&l, step->from, &from) ||
	    !find(&l, step->to, &to))
		return true;
	if (step->act == HOOK_CHECK_BRANCH)
		return brings(&l, &to, &from);
	return !same(&l, &from, &to) || moved(&l, &to);
}
