#include "unit/gitstore/scratch.h"

#define S(t) ((t)->s->ops)

static struct err *note(void *payload, const struct source_entry *e)
{
	buf_addf(payload, "%s%s%s\n", e->path,
		 e->kind == SOURCE_FOLDER ? "/" : "",
		 e->kind == SOURCE_SYMLINK ? "@" : "");
	assert_int_equal(e->kind == SOURCE_FILE, e->blob != NULL);
	return NULL;
}

static void lists(struct scratch *t, const char *want, bool conflicts)
{
	struct buf got = BUF_INIT;
	struct source *source;
	bool unmerged;

	assert_ok(S(t)->index_source(t->s, "migrations", &source, &unmerged));
	assert_ok(source->ops->list(source, note, &got));
	assert_string_equal(buf_str(&got), want);
	assert_int_equal(unmerged, conflicts);
	source->ops->close(source);
	buf_release(&got);
}

static void index__is_what_a_commit_would_have(void **state)
{
	struct scratch *t = *state;
	struct buf text = BUF_INIT;
	struct source *source;
	bool unmerged;

	scratch_run(t, "mkdir -p migrations/d migrations-other && echo 2 > "
		       "migrations/2.sql && echo 3 > migrations/d/3.sql && ln "
		       "-s x migrations/l && echo 4 > migrations-other/4.sql "
		       "&& git add . && echo not > migrations/not.sql && echo "
		       "later > migrations/later.sql && git add -N "
		       "migrations/later.sql && echo other > migrations/2.sql");
	scratch_store(t, "");
	lists(t, "1.sql\n2.sql\nd/\nd/3.sql\nl@\n", false);
	assert_ok(S(t)->index_source(t->s, "migrations", &source, &unmerged));
	assert_ok(source->ops->read(
		source, "2.sql",
		scratch_ask(t, "git rev-parse :migrations/2.sql"), 100, &text));
	assert_string_equal(buf_str(&text), "2\n");
	assert_fails(source->ops->read(
			     source, "2.sql",
			     scratch_ask(t, "git rev-parse :migrations/2.sql"),
			     1, &text),
		     ERR_INPUT);
	source->ops->close(source);
	buf_release(&text);
}

static void index__leaves_out_what_is_in_conflict(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git checkout -q -b side && echo s > migrations/1.sql "
		       "&& echo 2 > migrations/2.sql && git add . && git "
		       "commit -qm s && git checkout -q main && echo m > "
		       "migrations/1.sql && git commit -qam m && ! git merge "
		       "-q side >/dev/null 2>&1");
	scratch_store(t, "");
	lists(t, "2.sql\n", true);
	scratch_run(t, "echo both > migrations/1.sql && git add migrations");
	lists(t, "1.sql\n2.sql\n", false);
}

static void index__is_the_one_git_names(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "cp .git/index .git/other && echo 2 > migrations/2.sql "
		       "&& GIT_INDEX_FILE=.git/other git add migrations");
	scratch_store(t, "");
	lists(t, "1.sql\n", false);
	setenv("GIT_INDEX_FILE", ".git/other", 1);
	lists(t, "1.sql\n2.sql\n", false);
	setenv("GIT_INDEX_FILE", scratch_at(t, ".git/none"), 1);
	lists(t, "", false);
	unsetenv("GIT_INDEX_FILE");
}

static void index__of_a_linked_worktree_is_its_own(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git worktree add -q -b linked linked && cd linked && "
		       "echo 2 > migrations/2.sql && git add .");
	scratch_store(t, "linked");
	lists(t, "1.sql\n2.sql\n", false);
	scratch_store(t, "");
	lists(t, "1.sql\n", false);
	scratch_run(t, "git clone -q --bare . bare.git");
	scratch_store(t, "bare.git");
	lists(t, "", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(index__is_what_a_commit_would_have),
		in_repo(index__leaves_out_what_is_in_conflict),
		in_repo(index__is_the_one_git_names),
		in_repo(index__of_a_linked_worktree_is_its_own),
	};

	return cmocka_run_group_tests_name("gitstore/index", tests, NULL, NULL);
}
