/*
 * libgit2's start-up: begin, open the repository that is around, end.
 *
 *   start_floor
 */
#include <git2.h>
#include <stdio.h>

int main(void)
{
	git_repository *repo;

	git_libgit2_init();
	if (git_repository_open_ext(&repo, ".", 0, NULL)) {
		fprintf(stderr, "start_floor: no repository\n");
		return 1;
	}
	git_repository_free(repo);
	git_libgit2_shutdown();
	return 0;
}
