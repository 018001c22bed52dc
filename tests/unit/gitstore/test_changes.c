#include "unit/gitstore/scratch.h"

#define S(t) ((t)->s->ops)

static struct store_id id_of(struct scratch *t, const char *rev)
{
	struct store_id id;

	snprintf(id.hex, sizeof(id.hex), "%s",
		 scratch_ask(t, "git rev-parse '%s'", rev));
	return id;
}

static void commit(struct scratch *t, const char *shell, const char *message)
{
	scratch_run(t,
		    "%s && git add -A migrations && git commit -q "
		    "--allow-empty -m '%s'",
		    shell, message);
}

static void folder_id__is_that_of_the_tree(void **state)
{
	struct scratch *t = *state;
	struct store_id head = id_of(t, "HEAD"), got;

	scratch_store(t, "");
	assert_ok(S(t)->folder_id(t->s, &head, "./migrations/", &got));
	assert_string_equal(got.hex, id_of(t, "HEAD:migrations").hex);
	assert_ok(S(t)->folder_id(t->s, &head, "none/at/all", &got));
	assert_string_equal(got.hex, "");
	assert_ok(S(t)->folder_id(t->s, &head, "", &got));
	assert_string_equal(got.hex, id_of(t, "HEAD^{tree}").hex);
	assert_fails(S(t)->folder_id(t->s, &head, "migrations/1.sql", &got),
		     ERR_INPUT);
	assert_fails(S(t)->folder_id(t->s, &head, "../x", &got), ERR_INPUT);
}

static struct err *note(void *payload, const char *path, const char *a,
			const char *b)
{
	buf_addf(payload, "%s %.7s %.7s\n", path, a ? a : "-------",
		 b ? b : "-------");
	return NULL;
}

/* Against git's own list. */
static void as_git(struct scratch *t, const char *a, const char *b)
{
	struct store_id x = id_of(t, a), y = id_of(t, b);
	struct buf got = BUF_INIT;

	assert_ok(S(t)->folder_changes(t->s, &x, &y, "migrations", note, &got));
	scratch_write(t, "got", buf_str(&got));
	scratch_run(t,
		    "git diff-tree -r --no-renames --abbrev=7 %s:migrations "
		    "%s:migrations | sed 's/0000000/-------/g' | awk '{ print "
		    "$6, $3, $4 }' | sort > want && test -s want && sort got | "
		    "diff - want",
		    a, b);
	buf_release(&got);
}

static void changes__are_those_of_git_diff_tree(void **state)
{
	struct scratch *t = *state;

	commit(t,
	       "echo 2 > migrations/2.sql && mkdir -p migrations/d/e && "
	       "echo 3 > migrations/d/e/3.sql && echo 4 > migrations/d.sql",
	       "more");
	commit(t,
	       "echo x > migrations/1.sql && rm migrations/2.sql && git mv "
	       "migrations/d/e/3.sql migrations/d/3.sql",
	       "changed");
	commit(t, "rm -r migrations/d && echo file > migrations/d", "kinds");
	scratch_store(t, "");
	as_git(t, "HEAD~2", "HEAD~1");
	as_git(t, "HEAD~1", "HEAD");
	as_git(t, "HEAD", "HEAD~3");
	as_git(t, "HEAD~3", "HEAD");
}

static void changes__from_nothing_are_all_files(void **state)
{
	struct scratch *t = *state;
	struct store_id none = { "" }, head;
	struct buf got = BUF_INIT;

	commit(t, "ln -s 1.sql migrations/link", "link");
	head = id_of(t, "HEAD");
	scratch_store(t, "");
	assert_ok(S(t)->folder_changes(t->s, &none, &head, "migrations", note,
				       &got));
	assert_true(starts_with(buf_str(&got), "1.sql ------- "));
	assert_int_equal(strchr(buf_str(&got), '\n') - buf_str(&got) + 1,
			 got.len);
	buf_reset(&got);
	assert_ok(S(t)->folder_changes(t->s, &head, &head, "migrations", note,
				       &got));
	assert_ok(
		S(t)->folder_changes(t->s, &none, &head, "absent", note, &got));
	assert_int_equal(got.len, 0);
	buf_release(&got);
}

static void changes__of_a_tree_not_here_name_it_and_the_fetch(void **state)
{
	struct scratch *t = *state;
	struct store_id none = { "" }, head = id_of(t, "HEAD");
	struct buf got = BUF_INIT;
	struct err *err;

	scratch_run(t, "git config uploadpack.allowFilter true && git clone -q "
		       "--no-checkout --filter=tree:0 \"file://$PWD\" part");
	scratch_store(t, "part");
	err = S(t)->folder_changes(t->s, &none, &head, "migrations", note,
				   &got);
	assert_non_null(err);
	assert_non_null(strstr(err_text(err), id_of(t, "HEAD^{tree}").hex));
	assert_true(starts_with(err_hint_of(err),
				"this clone is partial: git fetch origin "));
	err_free(err);
	scratch_run(t, "cd part && git fetch -q origin %s",
		    id_of(t, "HEAD^{tree}").hex);
	scratch_store(t, "part");
	assert_ok(S(t)->folder_changes(t->s, &none, &head, "migrations", note,
				       &got));
	assert_true(got.len > 0);
	buf_release(&got);
}

static void source__of_a_blob_not_here_names_it_and_the_fetch(void **state)
{
	struct scratch *t = *state;
	struct store_id head = id_of(t, "HEAD"), blob;
	struct buf text = BUF_INIT;
	struct source *source;
	struct err *err;

	blob = id_of(t, "HEAD:migrations/1.sql");
	scratch_run(t, "git config uploadpack.allowFilter true && git clone -q "
		       "--no-checkout --filter=blob:none \"file://$PWD\" part");
	scratch_store(t, "part");
	assert_ok(S(t)->source(t->s, &head, "migrations", &source));
	err = source->ops->read(source, "1.sql", blob.hex, 1000, &text);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(strstr(err_text(err), "migrations/1.sql"));
	assert_non_null(strstr(err_text(err), blob.hex));
	assert_non_null(strstr(err_hint_of(err), "git fetch origin"));
	err_free(err);
	source->ops->close(source);
	scratch_run(t, "cd part && git fetch -q origin %s", blob.hex);
	scratch_store(t, "part");
	assert_ok(S(t)->read_blob(t->s, blob.hex, 1000, &text));
	assert_string_equal(buf_str(&text), "create table a(x);\n");
	buf_release(&text);
}

/* Messages of the commits that brought each path, "-" where unknown. */
static void brought(struct scratch *t, const char *rev, const char *stop,
		    const char *const *paths, size_t n, const char *want)
{
	struct store_id head = id_of(t, rev), till = { "" }, out[16];
	struct buf b = BUF_INIT;

	if (stop)
		till = id_of(t, stop);
	assert_ok(
		S(t)->adders(t->s, &head, &till, "migrations", paths, n, out));
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? " " : "",
			 *out[i].hex ? scratch_ask(t,
						   "git log -1 --format=%%s "
						   "%s",
						   out[i].hex)
				     : "-");
	assert_string_equal(buf_str(&b), want);
	buf_release(&b);
}

static void adders__are_the_commits_that_brought_the_path_as_it_is(void **state)
{
	static const char *const paths[] = { "1.sql", "2.sql", "3.sql",
					     "none",  "2.sql", "d/4.sql" };
	struct scratch *t = *state;

	commit(t, "echo 2 > migrations/2.sql", "two");
	commit(t, "echo 3 > migrations/3.sql", "three");
	commit(t,
	       "echo two > migrations/2.sql && mkdir migrations/d && echo 4 "
	       "> migrations/d/4.sql",
	       "edit");
	commit(t, "true", "empty");
	scratch_store(t, "");
	brought(t, "HEAD", NULL, paths, 6, "first edit three - edit edit");
	brought(t, "HEAD~2", NULL, paths, 3, "first two three");
	brought(t, "HEAD", "HEAD~2", paths, 4, "- edit - -");
	brought(t, "HEAD", "HEAD", paths, 2, "- -");
}

static void adders__look_along_all_parents(void **state)
{
	static const char *const paths[] = { "1.sql", "a.sql", "b.sql",
					     "evil.sql", "both.sql" };
	struct scratch *t = *state;

	scratch_run(t, "git checkout -q -b side");
	commit(t, "echo b > migrations/b.sql; echo x > migrations/both.sql",
	       "side");
	scratch_run(t, "git checkout -q main");
	commit(t, "echo a > migrations/a.sql; echo x > migrations/both.sql",
	       "main");
	scratch_run(t, "git merge -q --no-commit side >/dev/null 2>&1");
	commit(t, "echo e > migrations/evil.sql", "merge");
	commit(t, "echo z > migrations/z.sql", "last");
	scratch_store(t, "");
	brought(t, "HEAD", NULL, paths, 5, "first main side merge main");
	brought(t, "HEAD", "HEAD~1^1", paths, 5, "- - side merge -");
	brought(t, "HEAD", "side", paths, 5, "- main - merge main");
}

static void adders__are_unknown_where_history_is_cut_off(void **state)
{
	static const char *const paths[] = { "1.sql", "2.sql" };
	struct scratch *t = *state;

	commit(t, "echo x > migrations/x.sql", "x");
	commit(t, "echo 2 > migrations/2.sql", "two");
	scratch_run(t, "git clone -q --depth 2 \"file://$PWD\" cut && git "
		       "clone -q --bare . bare.git");
	scratch_store(t, "cut");
	brought(t, "HEAD", NULL, paths, 2, "- two");
	scratch_store(t, "bare.git");
	brought(t, "HEAD", NULL, paths, 2, "first two");
}

static void config_at__is_of_that_commit(void **state)
{
	struct scratch *t = *state;
	struct store_id old, new;
	bool versioned;
	char *got;

	scratch_run(t, "printf '[migrate]\\n\\tdir = old\\n' > .gitmigrate && "
		       "git add .gitmigrate && git commit -qm old && printf "
		       "'[migrate]\\n\\tdir = new\\n\\tlayout = goose\\n' > "
		       ".gitmigrate && git commit -qam new && printf "
		       "'[migrate]\\n\\tdir = worktree\\n' > .gitmigrate");
	old = id_of(t, "HEAD~1");
	new = id_of(t, "HEAD");
	scratch_store(t, "");
	for (int i = 0; i < 2; i++) { /* the second time from memory */
		assert_ok(S(t)->config_at(t->s, &old, "migrate.dir", &got,
					  &versioned));
		assert_string_equal(got, "old");
		assert_true(versioned);
		free(got);
		assert_ok(S(t)->config_at(t->s, &new, "migrate.DIR", &got,
					  &versioned));
		assert_string_equal(got, "new");
		free(got);
	}
	assert_ok(S(t)->config_at(t->s, &old, "migrate.layout", &got,
				  &versioned));
	assert_null(got);
	assert_false(versioned);
	assert_ok(S(t)->config(t->s, "migrate.dir", &got, &versioned));
	assert_string_equal(got, "worktree");
	free(got);
	old = id_of(t, "HEAD~2"); /* which has no such file */
	assert_ok(S(t)->config_at(t->s, &old, "migrate.dir", &got, &versioned));
	assert_string_equal(got, "worktree");
	assert_true(versioned);
	free(got);
	scratch_run(t, "git config migrate.dir own");
	scratch_store(t, "");
	assert_ok(S(t)->config_at(t->s, &old, "migrate.dir", &got, &versioned));
	assert_string_equal(got, "own");
	assert_false(versioned);
	free(got);
	assert_ok(S(t)->config_at(t->s, &old, "user.name", &got, NULL));
	assert_string_equal(got, "Ann");
	free(got);
}

static void config_at__of_a_wrong_file_names_the_commit(void **state)
{
	struct scratch *t = *state;
	struct store_id head;
	struct err *err;
	char *got;

	scratch_run(t, "echo '[migrate' > .gitmigrate && git add .gitmigrate "
		       "&& git commit -qm wrong && rm .gitmigrate");
	head = id_of(t, "HEAD");
	scratch_store(t, "");
	err = S(t)->config_at(t->s, &head, "migrate.dir", &got, NULL);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	head.hex[12] = '\0';
	assert_non_null(strstr(err_text(err), head.hex));
	err_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(folder_id__is_that_of_the_tree),
		in_repo(changes__are_those_of_git_diff_tree),
		in_repo(changes__from_nothing_are_all_files),
		in_repo(changes__of_a_tree_not_here_name_it_and_the_fetch),
		in_repo(source__of_a_blob_not_here_names_it_and_the_fetch),
		in_repo(adders__are_the_commits_that_brought_the_path_as_it_is),
		in_repo(adders__look_along_all_parents),
		in_repo(adders__are_unknown_where_history_is_cut_off),
		in_repo(config_at__is_of_that_commit),
		in_repo(config_at__of_a_wrong_file_names_the_commit),
	};

	return cmocka_run_group_tests_name("gitstore/changes", tests, NULL,
					   NULL);
}
