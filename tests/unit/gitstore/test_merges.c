#include "unit/gitstore/scratch.h"

#define S(t) ((t)->s->ops)

static void commit(struct scratch *t, const char *name)
{
	scratch_run(t,
		    "echo %s > migrations/%s.sql && git add migrations && "
		    "git commit -qm %s",
		    name, name, name);
}

static struct store_id id_of(struct scratch *t, const char *rev)
{
	struct store_id id;

	snprintf(id.hex, sizeof(id.hex), "%s",
		 scratch_ask(t, "git rev-parse '%s'", rev));
	return id;
}

/* Ids as words, in the order of git's own answer. */
static void same_set(struct store_id *ids, size_t n, const char *want)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += strstr(want, ids[i].hex) != NULL;
	assert_int_equal(found, n);
	assert_int_equal(strlen(want), n * 41 - (n != 0));
	free(ids);
}

static void bases_as_git(struct scratch *t, const char *a, const char *b)
{
	struct store_id x = id_of(t, a), y = id_of(t, b), *out;
	size_t n;

	assert_ok(S(t)->merge_bases(t->s, &x, &y, &out, &n));
	assert_true(n > 0);
	same_set(out, n, scratch_ask(t, "git merge-base --all %s %s", a, b));
}

static void bases__are_those_git_finds(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git checkout -q -b side");
	commit(t, "b");
	scratch_run(t, "git checkout -q main");
	commit(t, "c");
	scratch_store(t, "");
	bases_as_git(t, "main", "side");
	bases_as_git(t, "main", "main");
	bases_as_git(t, "main~", "side");
}

static void criss_cross(struct scratch *t)
{
	scratch_run(t, "git checkout -q -b side");
	commit(t, "b");
	scratch_run(t, "git checkout -q main");
	commit(t, "c");
	scratch_run(t, "git branch old && git merge -q --no-edit side && git "
		       "checkout -q side && git merge -q --no-edit old");
	commit(t, "d");
	scratch_run(t, "git checkout -q main");
	commit(t, "e");
}

static void bases__are_several_after_a_criss_cross(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b, *out;
	size_t n;

	criss_cross(t);
	scratch_store(t, "");
	bases_as_git(t, "main", "side");
	a = id_of(t, "main");
	b = id_of(t, "side");
	assert_ok(S(t)->merge_bases(t->s, &a, &b, &out, &n));
	assert_int_equal(n, 2);
	free(out);
	/* the same in a clone that is cut off below */
	scratch_run(t, "git clone -q --depth 4 --no-single-branch "
		       "\"file://$PWD\" cut && cd cut && git checkout -q side "
		       "&& git checkout -q main");
	commit(t, "f");
	scratch_store(t, "cut");
	assert_ok(S(t)->merge_bases(t->s, &a, &b, &out, &n));
	same_set(out, n, scratch_ask(t, "git merge-base --all main side"));
}

static void bases__of_unrelated_histories_are_an_error(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b, *out;
	struct err *err;
	size_t n;

	scratch_run(t, "git checkout -q --orphan other");
	commit(t, "x");
	scratch_store(t, "");
	a = id_of(t, "main");
	b = id_of(t, "other");
	err = S(t)->merge_bases(t->s, &a, &b, &out, &n);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(strstr(err_hint_of(err), "unrelated"));
	assert_null(out);
	err_free(err);
}

static void bases__that_a_shallow_clone_lacks_come_with_the_fetch(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b, *out;
	struct err *err;
	char missing[80];
	size_t n;

	scratch_run(t, "git checkout -q -b side");
	commit(t, "b");
	commit(t, "b2");
	scratch_run(t, "git checkout -q main");
	commit(t, "c");
	commit(t, "c2");
	snprintf(missing, sizeof(missing), "%s",
		 scratch_ask(t, "git rev-parse main~1"));
	scratch_run(t, "git clone -q --depth 1 --no-single-branch "
		       "\"file://$PWD\" cut");
	scratch_store(t, "cut");
	a = id_of(t, "main");
	b = id_of(t, "side");
	err = S(t)->merge_bases(t->s, &a, &b, &out, &n);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(strstr(err_text(err), missing));
	assert_string_equal(err_hint_of(err),
			    "this clone is shallow: git fetch --deepen=100 "
			    "origin, or git fetch --unshallow origin");
	err_free(err);
	scratch_run(t, "cd cut && git fetch -q --deepen=100 origin");
	scratch_store(t, "cut");
	assert_ok(S(t)->merge_bases(t->s, &a, &b, &out, &n));
	same_set(out, n, scratch_ask(t, "git merge-base main side"));
}

static void parents__are_those_of_the_commit(void **state)
{
	struct scratch *t = *state;
	struct store_id id, *out;
	struct err *err;
	size_t n;

	criss_cross(t);
	scratch_run(t, "git clone -q --depth 1 \"file://$PWD\" cut");
	scratch_store(t, "");
	id = id_of(t, "main~1");
	assert_ok(S(t)->parents(t->s, &id, &out, &n));
	assert_int_equal(n, 2);
	assert_string_equal(out[0].hex, id_of(t, "main~1^1").hex);
	assert_string_equal(out[1].hex, id_of(t, "main~1^2").hex);
	free(out);
	id = id_of(t, "main^{/first}");
	assert_ok(S(t)->parents(t->s, &id, &out, &n));
	assert_int_equal(n, 0);
	free(out);
	scratch_store(t, "cut");
	id = id_of(t, "main");
	err = S(t)->parents(t->s, &id, &out, &n);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(strstr(err_text(err), id_of(t, "main~").hex));
	assert_non_null(strstr(err_hint_of(err), "--deepen"));
	err_free(err);
}

static struct err *note(void *payload, const struct store_id *merge)
{
	buf_addf(payload, "%s\n", merge->hex);
	return NULL;
}

/* The same commits as git lists; its order among equals is its own. */
static void merges_as_git(struct scratch *t, const char *from, const char *to)
{
	struct store_id a = id_of(t, from), b = id_of(t, to);
	struct buf got = BUF_INIT;

	assert_ok(S(t)->merges_between(t->s, &a, &b, note, &got));
	scratch_write(t, "got", buf_str(&got));
	scratch_run(t,
		    "git rev-list --merges %s --not %s | sort > want && "
		    "test -s want && sort got | diff - want",
		    to, from);
	buf_release(&got);
}

static void merges__of_a_range_come_oldest_first(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b;
	struct buf got = BUF_INIT;

	for (int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%d", i);
		scratch_run(t, "git checkout -q -b %s main", name);
		commit(t, name);
		scratch_run(t,
			    "git checkout -q main && git merge -q --no-ff "
			    "--no-edit %s && git branch -D -q %s",
			    name, name);
	}
	scratch_store(t, "");
	a = id_of(t, "main~2");
	b = id_of(t, "main");
	assert_ok(S(t)->merges_between(t->s, &a, &b, note, &got));
	buf_truncate(&got, got.len - 1);
	assert_string_equal(buf_str(&got),
			    scratch_ask(t, "git rev-parse main~1 main"));
	buf_reset(&got);
	/* a ref that is made, of commits that no branch has yet */
	scratch_run(t, "git checkout -q --detach && git branch -f main main~2");
	b = id_of(t, "HEAD");
	a.hex[0] = '\0';
	assert_ok(S(t)->merges_between(t->s, &a, &b, note, &got));
	buf_truncate(&got, got.len - 1);
	assert_string_equal(buf_str(&got),
			    scratch_ask(t, "git rev-parse HEAD~1 HEAD"));
	buf_reset(&got);
	scratch_run(t, "git tag there");
	assert_ok(S(t)->merges_between(t->s, &a, &b, note, &got));
	assert_int_equal(got.len, 0);
	/* what is here of a history that is cut off */
	scratch_run(
		t,
		"git checkout -q -B main there && git clone -q --depth "
		"2 \"file://$PWD\" cut && git -C cut tag -d there >/dev/null");
	scratch_store(t, "cut");
	a = id_of(t, "main~1");
	assert_ok(S(t)->merges_between(t->s, &a, &b, note, &got));
	buf_truncate(&got, got.len - 1);
	assert_string_equal(buf_str(&got), b.hex);
	buf_release(&got);
}

static void merges__of_a_range_are_gits(void **state)
{
	struct scratch *t = *state;

	criss_cross(t);
	scratch_run(t, "git merge -q --no-edit side");
	scratch_store(t, "");
	merges_as_git(t, "main^{/first}", "main");
	merges_as_git(t, "side", "main");
	merges_as_git(t, "old", "side");
}

static void heads__are_of_the_merge_under_way(void **state)
{
	struct scratch *t = *state;
	struct store_id *out;
	size_t n;

	scratch_run(t, "git checkout -q -b side");
	commit(t, "b");
	scratch_run(t, "git checkout -q main");
	commit(t, "c");
	scratch_store(t, "");
	assert_ok(S(t)->merge_heads(t->s, &out, &n));
	assert_int_equal(n, 0);
	free(out);
	scratch_run(t, "git merge -q --no-commit side >/dev/null 2>&1");
	assert_ok(S(t)->merge_heads(t->s, &out, &n));
	assert_int_equal(n, 1);
	assert_string_equal(out[0].hex, id_of(t, "side").hex);
	free(out);
}

static void heads__are_in_the_environment_of_pre_merge_commit(void **state)
{
	struct scratch *t = *state;
	struct store_id *out;
	char one[64], two[64];
	size_t n;

	scratch_run(t, "git checkout -q -b side");
	commit(t, "b");
	scratch_run(t, "git checkout -q -b side2 main");
	commit(t, "c");
	scratch_run(t, "git checkout -q main");
	commit(t, "d");
	scratch_run(t, "printf '#!/bin/sh\\nenv | grep ^GITHEAD_ > "
		       "heads\\ntest ! -e .git/MERGE_HEAD\\n' > "
		       ".git/hooks/pre-merge-commit && chmod +x "
		       ".git/hooks/pre-merge-commit && git merge -q --no-edit "
		       "side side2 >/dev/null");
	snprintf(one, sizeof(one), "%s",
		 scratch_ask(t, "sort heads | sed -n 1p | sed 's/=.*//'"));
	snprintf(two, sizeof(two), "%s",
		 scratch_ask(t, "sort heads | sed -n 2p | sed 's/=.*//'"));
	assert_int_equal(strlen(one), 48);
	scratch_store(t, "");
	setenv(two, "side2", 1);
	setenv(one, "side", 1);
	setenv("GITHEAD_short", "x", 1);
	assert_ok(S(t)->merge_heads(t->s, &out, &n));
	unsetenv(one);
	unsetenv(two);
	unsetenv("GITHEAD_short");
	assert_int_equal(n, 2);
	assert_string_equal(out[0].hex, one + strlen("GITHEAD_"));
	assert_string_equal(out[1].hex, two + strlen("GITHEAD_"));
	free(out);
}

/* In pre-receive what was pushed is in a quarantine, named by the
 * environment; the store is opened with what the hook was given. */
static void quarantine__can_be_read(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b, *out, folder;
	size_t n;

	scratch_run(t, "git clone -q --bare . up.git && printf "
		       "'#!/bin/sh\\npwd > ../cwd\\nenv | grep "
		       "\"^GIT_.*DIR\\|^GIT_QUARANTINE\" > ../seen\\ncp -r "
		       "\"$GIT_QUARANTINE_PATH\" ../kept\\nexit 1\\n' > "
		       "up.git/hooks/pre-receive && chmod +x "
		       "up.git/hooks/pre-receive");
	commit(t, "b");
	assert_int_not_equal(
		scratch_try(t, "git push -q up.git main 2>/dev/null"), 0);
	scratch_run(t, "grep -q ^GIT_QUARANTINE_PATH= seen && test -d kept");
	a = id_of(t, "main~");
	b = id_of(t, "main");
	/* it is gone from its own place: the copy takes it */
	setenv("GIT_DIR", scratch_at(t, "up.git"), 1);
	setenv("GIT_OBJECT_DIRECTORY", scratch_at(t, "kept"), 1);
	setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES",
	       scratch_at(t, "up.git/objects"), 1);
	assert_ok(gitstore_open(&t->s, NULL));
	unsetenv("GIT_DIR");
	unsetenv("GIT_OBJECT_DIRECTORY");
	unsetenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
	assert_ok(S(t)->merge_bases(t->s, &a, &b, &out, &n));
	assert_int_equal(n, 1);
	assert_string_equal(out[0].hex, a.hex);
	free(out);
	assert_ok(S(t)->folder_id(t->s, &b, "migrations", &folder));
	assert_string_equal(folder.hex,
			    scratch_ask(t, "git rev-parse main:migrations"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(bases__are_those_git_finds),
		in_repo(bases__are_several_after_a_criss_cross),
		in_repo(bases__of_unrelated_histories_are_an_error),
		in_repo(bases__that_a_shallow_clone_lacks_come_with_the_fetch),
		in_repo(parents__are_those_of_the_commit),
		in_repo(merges__of_a_range_come_oldest_first),
		in_repo(merges__of_a_range_are_gits),
		in_repo(heads__are_of_the_merge_under_way),
		in_repo(heads__are_in_the_environment_of_pre_merge_commit),
		in_repo(quarantine__can_be_read),
	};

	return cmocka_run_group_tests_name("gitstore/merges", tests, NULL,
					   NULL);
}
