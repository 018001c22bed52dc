/*
 * The least that a check could be: open the repository, find the merge base
 * of two revisions, and make the tree differences to both. A line for each
 * file that differs. libgit2 alone, nothing of ours.
 *
 *   check_floor REPO OURS THEIRS
 */
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>

static void die(const char *what)
{
	const git_error *e = git_error_last();

	fprintf(stderr, "check_floor: %s: %s\n", what, e ? e->message : "?");
	exit(1);
}

static git_tree *tree_of(git_repository *repo, const git_oid *id)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;

	if (git_commit_lookup(&commit, repo, id) ||
	    git_commit_tree(&tree, commit))
		die("read a tree");
	git_commit_free(commit);
	return tree;
}

static void difference(git_repository *repo, git_tree *base, const git_oid *to)
{
	git_tree *tree = tree_of(repo, to);
	git_diff *diff;

	if (git_diff_tree_to_tree(&diff, repo, base, tree, NULL))
		die("compare two trees");
	for (size_t i = 0; i < git_diff_num_deltas(diff); i++)
		puts(git_diff_get_delta(diff, i)->new_file.path);
	git_diff_free(diff);
	git_tree_free(tree);
}

static git_oid find(git_repository *repo, const char *rev)
{
	git_object *object = NULL, *commit = NULL;
	git_oid id;

	if (git_revparse_single(&object, repo, rev) ||
	    git_object_peel(&commit, object, GIT_OBJECT_COMMIT))
		die(rev);
	id = *git_object_id(commit);
	git_object_free(object);
	git_object_free(commit);
	return id;
}

int main(int argc, char **argv)
{
	git_repository *repo;
	git_oid ours, theirs, base;
	git_tree *tree;

	if (argc != 4) {
		fprintf(stderr, "usage: check_floor REPO OURS THEIRS\n");
		return 1;
	}
	git_libgit2_init();
	if (git_repository_open(&repo, argv[1]))
		die("open the repository");
	ours = find(repo, argv[2]);
	theirs = find(repo, argv[3]);
	if (git_merge_base(&base, repo, &ours, &theirs))
		die("find the merge base");
	tree = tree_of(repo, &base);
	difference(repo, tree, &ours);
	difference(repo, tree, &theirs);
	git_tree_free(tree);
	git_repository_free(repo);
	return 0;
}
