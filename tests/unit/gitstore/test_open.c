#include "unit/gitstore/scratch.h"

#include <sys/wait.h>

/* Opening fails with this in the text, and a hint. */
static void refuses(struct scratch *t, const char *sub, const char *text,
		    const char *hint)
{
	struct store *s = (struct store *)t;
	struct err *err = gitstore_open(&s, scratch_at(t, sub));

	assert_null(s);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_STORE);
	if (!strstr(err_text(err), text))
		fail_msg("'%s' lacks '%s'", err_text(err), text);
	assert_non_null(err_hint_of(err));
	if (!strstr(err_hint_of(err), hint))
		fail_msg("'%s' lacks '%s'", err_hint_of(err), hint);
	err_free(err);
}

static void open__says_there_is_no_repository(void **state)
{
	refuses(*state, "", "not a git repository", "git init");
}

static void open__finds_the_top_from_a_subfolder(void **state)
{
	struct scratch *t = *state;
	struct store *s;

	scratch_run(t, "mkdir -p a/b/c");
	s = scratch_store(t, "a/b/c");
	assert_string_equal(s->ops->worktree(s), t->dir);
	assert_string_equal(s->ops->common_dir(s), scratch_at(t, ".git"));
}

static void open__takes_bare_shallow_and_linked_repositories(void **state)
{
	struct scratch *t = *state;
	struct store *s;

	scratch_run(t, "git commit -q --allow-empty -m second && git clone -q "
		       "--bare . bare.git && git clone -q --depth 1 "
		       "\"file://$PWD\" shallow && git worktree add -q side");
	s = scratch_store(t, "bare.git");
	assert_null(s->ops->worktree(s));
	assert_string_equal(s->ops->common_dir(s), scratch_at(t, "bare.git"));
	s = scratch_store(t, "shallow");
	assert_string_equal(s->ops->worktree(s), scratch_at(t, "shallow"));
	s = scratch_store(t, "side");
	assert_string_equal(s->ops->worktree(s), scratch_at(t, "side"));
	assert_string_equal(s->ops->common_dir(s), scratch_at(t, ".git"));
}

static void open__follows_the_environment(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git init -q other");
	setenv("GIT_DIR", scratch_at(t, "other/.git"), 1);
	setenv("GIT_WORK_TREE", t->dir, 1);
	assert_ok(gitstore_open(&t->s, NULL));
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	assert_string_equal(t->s->ops->common_dir(t->s),
			    scratch_at(t, "other/.git"));
	assert_string_equal(t->s->ops->worktree(t->s), t->dir);
}

static void open__takes_extensions_that_change_nothing(void **state)
{
	static const char *const fine[] = { "worktreeConfig", "preciousObjects",
					    "relativeWorktrees", "noop" };
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		scratch_run(t,
			    "printf '[core]\nrepositoryformatversion = 1\n"
			    "[extensions]\n%s = true\n' >> .git/config",
			    fine[i]);
		scratch_store(t, "");
	}
	scratch_run(t, "mv .git/config c; git init -q . && git config "
		       "uploadpack.allowFilter true && git clone -q "
		       "--filter=blob:none --no-checkout "
		       "\"file://$PWD\" partial 2>/dev/null && git -C partial "
		       "config extensions.partialClone origin");
	scratch_store(t, "partial");
}

static void open__names_the_extension_it_cannot_open(void **state)
{
	static const char *const pairs[][2] = {
		{ "objectFormat", "sha256" },
		{ "refStorage", "reftable" },
		{ "fromTheFuture", "yes" },
	};
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf want = BUF_INIT;

		buf_addf(&want, "extensions.%s", pairs[i][0]);
		for (char *p = want.data; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
		scratch_run(t,
			    "git init -q r%zu && git -C r%zu config "
			    "core.repositoryformatversion 1 && git -C r%zu "
			    "config extensions.%s %s",
			    i, i, i, pairs[i][0], pairs[i][1]);
		refuses(t,
			i == 0   ? "r0"
			: i == 1 ? "r1"
				 : "r2",
			want.data, "without");
		buf_release(&want);
	}
	scratch_run(t, "git init -q --object-format=sha256 real");
	refuses(t, "real", "extensions.objectformat", "without");
}

/* As another user, in a child: the answer comes back as its status. */
static void open__says_whose_repository_it_is(void **state)
{
	struct scratch *t = *state;
	int status;
	pid_t pid;

	if (geteuid())
		skip();
	fflush(NULL);
	pid = fork();
	if (!pid) {
		struct err *err;

		if (setgid(65534) || setuid(65534))
			_exit(9);
		setenv("HOME", "/nonexistent", 1);
		err = gitstore_open(&t->s, t->dir);
		if (!err)
			_exit(1);
		if (!strstr(err_text(err), "owned by someone else") ||
		    !strstr(err_text(err), t->dir))
			_exit(2);
		_exit(strstr(err_hint_of(err), "safe.directory") ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A read-only repository: reading works, writing is refused. */
static int in_read_only(struct scratch *t)
{
	struct store_commit c = { 0 };
	struct store_id id = { "" };
	struct snapshot_sink *k;
	struct ledger *l;
	struct store *s;
	int bad = 0;

	if (setgid(65534) || setuid(65534))
		return 9;
	if (gitstore_open(&s, t->dir) || s->ops->resolve(s, NULL, &c))
		return 1;
	if (s->ops->ledger_new(s, &l) ||
	    s->ops->ledger_commit(l, WHO, WHO, "init\n", &id))
		return 2;
	if (err_class_of(s->ops->ledger_flush(l)) != ERR_REFUSED)
		bad = 3;
	if (err_class_of(s->ops->ledger_move(s, UUID, "dev", NULL, &c.id,
					     "x")) != ERR_REFUSED)
		bad = 4;
	if (err_class_of(s->ops->ledger_keep_sources(s, "dev", &c.id, 1)) !=
	    ERR_REFUSED)
		bad = 5;
	if (s->ops->sink_open(s, &k) ||
	    err_class_of(s->ops->sink_file(k, "rows/a")) != ERR_REFUSED)
		bad = 6;
	return bad;
}

static void read_only_repository__refuses_writes_only(void **state)
{
	struct scratch *t = *state;
	int status;
	pid_t pid;

	if (geteuid())
		skip();
	scratch_run(t, "chown -R 65534:65534 . && chmod -R a-w .git");
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(in_read_only(t));
	waitpid(pid, &status, 0);
	scratch_run(t, "chown -R 0:0 . && chmod -R u+w .git");
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(open__says_there_is_no_repository),
		in_repo(open__finds_the_top_from_a_subfolder),
		in_repo(open__takes_bare_shallow_and_linked_repositories),
		in_repo(open__follows_the_environment),
		in_repo(open__takes_extensions_that_change_nothing),
		in_folder(open__names_the_extension_it_cannot_open),
		in_repo(open__says_whose_repository_it_is),
		in_repo(read_only_repository__refuses_writes_only),
	};

	return cmocka_run_group_tests_name("gitstore/open", tests, NULL, NULL);
}
