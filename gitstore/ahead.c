#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/repo.h"

/*
 * Looking at the work tree is mostly waiting for the file system: a thread
 * with a repository handle of its own does it while the database is opened.
 * When anything about it fails, the list is made the ordinary way.
 */
struct gs_ahead {
	pthread_t thread;
	bool joined;
	char *git_dir, *work, *dir;
	git_repository *repo;
	git_status_list *list;
};

/* libgit2 1.5 leaks a path when it is told what it knows. */
static bool is_workdir(git_repository *repo, const char *work)
{
	const char *has = git_repository_workdir(repo);
	size_t n = strlen(work);

	return has && !strncmp(has, work, n) &&
	       (!has[n] || streq(has + n, "/"));
}

static void *look(void *payload)
{
	struct gs_ahead *a = payload;

	if (git_repository_open(&a->repo, a->git_dir) < 0)
		return NULL;
	if ((!is_workdir(a->repo, a->work) &&
	     git_repository_set_workdir(a->repo, a->work, 0) < 0) ||
	    gs_worktree_status(a->repo, a->dir, &a->list) < 0)
		a->list = NULL;
	return NULL;
}

void gs_expect_worktree(struct store *s, const char *dir)
{
	struct gs *g = gs_of(s);
	struct gs_ahead *a;

	if (!g->work || g->ahead || getenv("GIT_INDEX_FILE"))
		return;
	a = xcalloc(1, sizeof(*a));
	a->git_dir = xstrdup(git_repository_path(g->repo));
	a->work = xstrdup(g->work);
	a->dir = xstrdup(dir);
	g->ahead = a;
	a->joined = pthread_create(&a->thread, NULL, look, a) != 0;
}

static void join(struct gs_ahead *a)
{
	if (!a->joined)
		pthread_join(a->thread, NULL);
	a->joined = true;
}

bool gs_ahead_take(struct gs *g, const char *dir, git_status_list **out)
{
	struct gs_ahead *a = g->ahead;

	if (!a || !streq(a->dir, dir))
		return false;
	join(a);
	*out = a->list;
	a->list = NULL; /* once only: a second look must be fresh */
	return *out != NULL;
}

void gs_ahead_free(struct gs *g)
{
	struct gs_ahead *a = g->ahead;

	if (!a)
		return;
	join(a);
	git_status_list_free(a->list);
	git_repository_free(a->repo);
	free(a->git_dir);
	free(a->work);
	free(a->dir);
	free(a);
	g->ahead = NULL;
}
