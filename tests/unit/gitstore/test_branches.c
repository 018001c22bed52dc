#include "unit/gitstore/scratch.h"

#define S(t) ((t)->s->ops)

static void upstream_is(struct scratch *t, const char *want)
{
	char *got;

	assert_ok(S(t)->upstream(t->s, &got));
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
}

static void branch_is(struct scratch *t, const char *want)
{
	char *got;

	assert_ok(S(t)->branch(t->s, &got));
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
}

static void upstream__is_what_the_branch_follows(void **state)
{
	struct scratch *t = *state;

	scratch_store(t, "");
	upstream_is(t, NULL);
	scratch_run(t, "git clone -q . down && cd down && git checkout -q -b "
		       "topic/x --track origin/main");
	scratch_store(t, "down");
	upstream_is(t, "origin/main");
	branch_is(t, "topic/x");
	scratch_run(t, "cd down && git checkout -q -b local --track main");
	upstream_is(t, "main");
	scratch_run(t, "cd down && git checkout -q --detach");
	upstream_is(t, NULL);
	branch_is(t, NULL);
	scratch_run(t, "cd down && git worktree add -q ../linked topic/x");
	scratch_store(t, "linked");
	branch_is(t, "topic/x");
	upstream_is(t, "origin/main");
}

static void branch__has_a_name_before_its_first_commit(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git init -q fresh");
	scratch_store(t, "fresh");
	branch_is(t, "main");
	upstream_is(t, NULL);
}

static struct err *note(void *payload, const char *name,
			const struct store_id *id)
{
	buf_addf(payload, "%s %s\n", id->hex, name);
	return NULL;
}

static void are_as_git(struct scratch *t, const char *sub, bool remote,
		       const char *refs)
{
	struct buf got = BUF_INIT;

	assert_ok(S(t)->branches(t->s, remote, note, &got));
	buf_truncate(&got, got.len ? got.len - 1 : 0);
	assert_string_equal(
		buf_str(&got),
		scratch_ask(t,
			    "cd ./%s && git for-each-ref --format='%%(if)"
			    "%%(symref)%%(then)%%(else)%%(objectname) "
			    "%%(refname:short)%%(end)' %s | grep .",
			    sub, refs));
	buf_release(&got);
}

static void branches__are_listed_by_name(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git branch b && git branch a/x && git commit -q "
		       "--allow-empty -m two && git pack-refs --all && git "
		       "branch a/a && git clone -q . down && cd down && git "
		       "branch own && test -n \"$(git symbolic-ref "
		       "refs/remotes/origin/HEAD)\"");
	scratch_store(t, "");
	are_as_git(t, "", false, "refs/heads");
	are_as_git(t, "", true, "refs/remotes");
	scratch_store(t, "down");
	are_as_git(t, "down", false, "refs/heads");
	are_as_git(t, "down", true, "refs/remotes");
	scratch_run(t, "git clone -q --bare . bare.git");
	scratch_store(t, "bare.git");
	are_as_git(t, "bare.git", false, "refs/heads");
	branch_is(t, "main");
}

static struct err *stop(void *payload, const char *name,
			const struct store_id *id)
{
	(void)name, (void)id;
	++*(int *)payload;
	return err_new(ERR_CANCELLED, "enough");
}

static void branches__stop_at_the_callers_error(void **state)
{
	struct scratch *t = *state;
	int calls = 0;

	scratch_run(t, "git branch b");
	scratch_store(t, "");
	assert_fails(S(t)->branches(t->s, false, stop, &calls), ERR_CANCELLED);
	assert_int_equal(calls, 1);
}

static void resolve__of_a_branch_not_fetched_says_the_fetch(void **state)
{
	struct scratch *t = *state;
	struct store_commit c;
	struct err *err;

	scratch_run(t, "git branch other && git clone -q --depth 1 "
		       "\"file://$PWD\" one");
	scratch_store(t, "one");
	err = S(t)->resolve(t->s, "origin/other", &c);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	scratch_run(t, "cd one && %s 2>/dev/null", err_hint_of(err));
	err_free(err);
	assert_ok(S(t)->resolve(t->s, "origin/other", &c));
	store_commit_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(upstream__is_what_the_branch_follows),
		in_repo(branch__has_a_name_before_its_first_commit),
		in_repo(branches__are_listed_by_name),
		in_repo(branches__stop_at_the_callers_error),
		in_repo(resolve__of_a_branch_not_fetched_says_the_fetch),
	};

	return cmocka_run_group_tests_name("gitstore/branches", tests, NULL,
					   NULL);
}
