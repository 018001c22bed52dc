#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/repo.h"

/* Branches: the one that is checked out, what it follows, and all of them. */

static const char *short_name(const char *ref)
{
	static const char *const rooms[] = { "refs/heads/", "refs/remotes/" };

	for (size_t i = 0; i < ARRAY_LEN(rooms); i++)
		if (starts_with(ref, rooms[i]))
			return ref + strlen(rooms[i]);
	return ref;
}

/* The ref that HEAD names, also when it has no commit; NULL: detached. */
static struct err *head_ref(struct gs *g, char **out)
{
	git_reference *head = NULL;
	struct err *err = NULL;

	*out = NULL;
	if (git_reference_lookup(&head, g->repo, "HEAD") < 0)
		err = gs_fault(ERR_STORE, "read HEAD");
	else if (git_reference_type(head) == GIT_REFERENCE_SYMBOLIC)
		*out = xstrdup(git_reference_symbolic_target(head));
	git_reference_free(head);
	return err;
}

struct err *gs_branch(struct store *s, char **out)
{
	char *ref;
	struct err *err = head_ref(gs_of(s), &ref);

	*out = ref ? xstrdup(short_name(ref)) : NULL;
	free(ref);
	return err;
}

struct err *gs_upstream(struct store *s, char **out)
{
	struct gs *g = gs_of(s);
	git_buf name = { NULL, 0, 0 };
	struct err *err;
	char *ref;
	int rc = GIT_ENOTFOUND;

	*out = NULL;
	err = head_ref(g, &ref);
	if (ref && starts_with(ref, "refs/heads/"))
		rc = git_branch_upstream_name(&name, g->repo, ref);
	if (!rc)
		*out = xstrdup(short_name(name.ptr));
	else if (rc != GIT_ENOTFOUND)
		err = gs_fault(ERR_STORE, "find the upstream of %s", ref);
	git_buf_dispose(&name);
	free(ref);
	return err;
}

struct named {
	char *name;
	struct store_id id;
};

struct list {
	struct named *items;
	size_t n, cap;
};

static void add(struct list *l, git_reference *ref)
{
	git_object *commit = NULL;
	const char *name;

	if (git_reference_type(ref) == GIT_REFERENCE_DIRECT &&
	    !git_branch_name(&name, ref) &&
	    !git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT)) {
		VEC_GROW(l->items, l->n, l->cap);
		l->items[l->n].name = xstrdup(name);
		gs_id_print(git_object_id(commit), &l->items[l->n++].id);
	}
	git_object_free(commit);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name,
		      ((const struct named *)b)->name);
}

struct err *gs_branches(struct store *s, bool remote,
			struct err *(*fn)(void *payload, const char *name,
					  const struct store_id *id),
			void *payload)
{
	git_branch_t type, kind = remote ? GIT_BRANCH_REMOTE : GIT_BRANCH_LOCAL;
	git_branch_iterator *it = NULL;
	git_reference *ref = NULL;
	struct list l = { 0 };
	struct err *err = NULL;

	if (git_branch_iterator_new(&it, gs_of(s)->repo, kind) < 0)
		return gs_fault(ERR_STORE, "list the branches");
	while (!git_branch_next(&ref, &type, it)) {
		add(&l, ref);
		git_reference_free(ref);
	}
	git_branch_iterator_free(it);
	if (l.n)
		qsort(l.items, l.n, sizeof(*l.items), by_name);
	for (size_t i = 0; i < l.n; i++) {
		if (!err)
			err = fn(payload, l.items[i].name, &l.items[i].id);
		free(l.items[i].name);
	}
	free(l.items);
	return err;
}
