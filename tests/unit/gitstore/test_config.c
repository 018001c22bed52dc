#include "unit/gitstore/scratch.h"

#include "gitstore/config.h"

#define S(t) ((t)->s->ops)

static void is_value(struct scratch *t, const char *key, const char *want,
		     bool versioned)
{
	bool from = !versioned;
	char *value;

	assert_ok(S(t)->config(t->s, key, &value, &from));
	if (!streq_null(value, want))
		fail_msg("%s is %s, not %s", key, value ? value : "unset",
			 want ? want : "unset");
	assert_int_equal(from, versioned);
	free(value);
}

static void config__takes_git_before_the_versioned_file(void **state)
{
	struct scratch *t = *state;

	scratch_write(t, ".gitmigrate",
		      "[migrate]\n\tdir = versioned\n\tlayout = native\n"
		      "[migrate \"Dev\"]\n\turl = sqlite:a.db\n"
		      "\tsnapshotStore = clone\n[core]\n\tpager = evil\n");
	scratch_run(t, "git config migrate.layout goose && git config "
		       "migrate.Dev.URL sqlite:b.db");
	scratch_store(t, "");
	is_value(t, "migrate.dir", "versioned", true);
	is_value(t, "Migrate.DIR", "versioned", true);
	is_value(t, "migrate.layout", "goose", false);
	is_value(t, "migrate.Dev.url", "sqlite:b.db", false);
	is_value(t, "migrate.Dev.snapshotstore", "clone", true);
	is_value(t, "migrate.dev.url", NULL, false); /* case counts */
	is_value(t, "migrate.none", NULL, false);
	is_value(t, "core.pager", NULL, false); /* not from there */
	is_value(t, "user.name", "Ann", false);
	assert_int_equal(unsetenv("GIT_CONFIG_COUNT"), 0);
}

static void config__hears_what_only_git_reads(void **state)
{
	struct scratch *t = *state;

	scratch_write(t, ".gitmigrate", "[migrate]\n\tdir = versioned\n");
	scratch_run(t, "git config migrate.dir from-file");
	setenv("GIT_CONFIG_PARAMETERS",
	       "'migrate.dir=from '\\''-c'\\''' 'migrate.flag' "
	       "'migrate.x.two'='a\nb'",
	       1);
	scratch_store(t, "");
	is_value(t, "migrate.dir", "from '-c'", false);
	is_value(t, "migrate.flag", "true", false);
	is_value(t, "migrate.x.two", "a\nb", false);
	is_value(t, "user.name", "Ann", false);
	unsetenv("GIT_CONFIG_PARAMETERS");
	setenv("GIT_CONFIG_COUNT", "1", 1);
	setenv("GIT_CONFIG_KEY_0", "migrate.dir", 1);
	setenv("GIT_CONFIG_VALUE_0", "counted", 1);
	scratch_store(t, "");
	is_value(t, "migrate.dir", "counted", false);
	unsetenv("GIT_CONFIG_COUNT");
	scratch_run(t, "printf '[migrate]\\ndir = global\\n' > other");
	scratch_run(t, "git config --unset migrate.dir");
	setenv("GIT_CONFIG_GLOBAL", scratch_at(t, "other"), 1);
	scratch_store(t, "");
	is_value(t, "migrate.dir", "global", false);
	is_value(t, "user.name", NULL, false);
	unsetenv("GIT_CONFIG_GLOBAL");
}

static void config__reads_worktree_settings(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git config core.repositoryformatversion 1 && git "
		       "config extensions.worktreeConfig true && git config "
		       "migrate.dir shared && git worktree add -q side && git "
		       "-C side config --worktree migrate.dir own");
	scratch_store(t, "");
	is_value(t, "migrate.dir", "shared", false);
	scratch_store(t, "side");
	is_value(t, "migrate.dir", "own", false);
}

static void config__reads_heads_tree_in_a_bare_repository(void **state)
{
	struct scratch *t = *state;

	scratch_write(t, ".gitmigrate", "[migrate]\n\tdir = committed\n");
	scratch_run(t, "git add .gitmigrate && git commit -qm c && git clone "
		       "-q --bare . bare.git && git init -q --bare "
		       "empty.git");
	scratch_write(t, ".gitmigrate", "[migrate]\n\tdir = changed\n");
	scratch_store(t, "bare.git");
	is_value(t, "migrate.dir", "committed", true);
	scratch_store(t, "");
	is_value(t, "migrate.dir", "changed", true);
	scratch_store(t, "empty.git");
	is_value(t, "migrate.dir", NULL, false);
}

static void config__never_follows_what_a_branch_points_at(void **state)
{
	struct scratch *t = *state;
	char *value;

	scratch_write(t, "more", "[migrate]\n\turl = evil\n");
	scratch_write(t, ".gitmigrate",
		      "[include]\n\tpath = more\n[includeIf \"gitdir:/\"]\n"
		      "\tpath = more\n[migrate]\n\tdir = d\n");
	scratch_store(t, "");
	is_value(t, "migrate.url", NULL, false);
	is_value(t, "migrate.dir", "d", true);
	scratch_run(t, "rm .gitmigrate && ln -s more .gitmigrate");
	scratch_store(t, "");
	assert_fails(S(t)->config(t->s, "migrate.url", &value, NULL),
		     ERR_INPUT);
	scratch_run(t, "rm .gitmigrate && mkdir .gitmigrate");
	scratch_store(t, "");
	assert_fails(S(t)->config(t->s, "migrate.url", &value, NULL),
		     ERR_INPUT);
}

static void config__says_where_the_file_is_wrong(void **state)
{
	struct scratch *t = *state;
	struct err *err;
	char *value;

	scratch_write(t, ".gitmigrate", "[migrate]\n\tdir = a\n\tbad line\n");
	scratch_store(t, "");
	err = S(t)->config(t->s, "migrate.dir", &value, NULL);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(err_at_of(err));
	assert_string_equal(err_at_of(err)->path, ".gitmigrate");
	assert_int_equal(err_at_of(err)->line, 3);
	err_free(err);
}

static struct err *collect(void *payload, const char *key, const char *value)
{
	buf_addf(payload, "%s=%s\n", key, value);
	return NULL;
}

static struct err *stop(void *payload, const char *key, const char *value)
{
	(void)payload;
	return err_new(ERR_INPUT, "%s %s", key, value);
}

static void config_each__gives_each_key_once(void **state)
{
	struct scratch *t = *state;
	struct buf b = BUF_INIT;

	scratch_write(t, ".gitmigrate",
		      "[migrate]\n\tdir = a\n\tlayout = native\n"
		      "[migrate \"Prod\"]\n\tprotected\n");
	scratch_run(t, "git config migrate.dir first && git config --add "
		       "migrate.dir last && git config migrate.Dev.lockTimeout "
		       "5s");
	scratch_store(t, "");
	assert_ok(S(t)->config_each(t->s, collect, &b));
	assert_string_equal(b.data, "migrate.dir=last\n"
				    "migrate.layout=native\n"
				    "migrate.Prod.protected=true\n"
				    "migrate.Dev.locktimeout=5s\n");
	assert_fails(S(t)->config_each(t->s, stop, NULL), ERR_INPUT);
	buf_release(&b);
}

/* What we read and what git reads of one text. */
static void configfile__reads_as_git_does(void **state)
{
	static const char *const texts[] = {
		"[migrate]\nkey = value\n",
		"[migrate]key=value",
		"[MiGrate \"Sub Case\"]\n  KEY = v # c\n\tb=\"a # b\" ; x\n",
		"[migrate \"q\\\"\\\\x\"]\nk = 1\n",
		"[migrate.Old.Style]\nk = 1\n",
		"[migrate]\nk = a\\\nb\n",
		"[migrate]\nk = \"  lead and trail  \"  \n",
		"[migrate]\nk = in  between   spaces \t\n",
		"[migrate]\nk = tab\\there\\nand\\\\back\\\"q\n",
		"[migrate]\r\nk = crlf\r\nj = \"x\"\r\n",
		"[migrate]\nk\nj=\nl = true\n",
		"# c\n; d\n\n[migrate]\n\n\tk = 1\n[other]\nk = 2\n",
		"\xef\xbb\xbf[migrate]\nk = bom\n",
		"[migrate]\nk = a\"b c\"d\n",
		"[migrate]\nk = 1\nk = 2\n",
		"[migrate \"a.b\"]\nk = 1\n",
		"[migrate]\nk = \\\n  b\n",
	};
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b = BUF_INIT;
		const char *want;

		scratch_write(t, "f", texts[i]);
		/* "key LF value NUL"; a key alone has no LF */
		want = scratch_ask(t,
				   "git config -f f -z --list | awk "
				   "'BEGIN {RS=\"\\0\"; FS=\"\\n\"} {v = $0; "
				   "if (sub(/^[^\\n]*\\n/, \"\", v)) print $1 "
				   "\"=\" v; else print $1 \"=true\"}'");
		assert_ok(gs_configfile_parse(texts[i], strlen(texts[i]), "f",
					      collect, &b));
		if (b.len)
			buf_truncate(&b, b.len - 1);
		if (!streq(buf_str(&b), want))
			fail_msg("text %zu: '%s' not '%s'", i, buf_str(&b),
				 want);
		buf_release(&b);
	}
}

static void configfile__refuses_what_git_refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} bad[] = {
		{ "key = 1\n", 1 }, /* git takes it, to no use */
		{ "[migrate\nk = 1\n", 1 },
		{ "[migrate \"a]\nk = 1\n", 2 },
		{ "[migrate]\n\nk = \"open\n", 3 },
		{ "[migrate]\nk = bad \\q escape\n", 2 },
		{ "[migrate]\n1k = 1\n", 2 },
		{ "[migrate]\nk 1\n", 2 },
		{ "[]\n", 1 },
		{ "[migrate dev]\n", 1 },
		{ "[migrate]\n=1\n", 2 },
		{ "<<<<<<< HEAD\n", 1 },
	};
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf b = BUF_INIT;
		struct err *err = gs_configfile_parse(
			bad[i].text, strlen(bad[i].text), "f", collect, &b);

		scratch_write(t, "f", bad[i].text);
		if (i &&
		    !scratch_try(t, "git config -f f --list >/dev/null 2>&1"))
			fail_msg("git takes text %zu", i);
		assert_non_null(err);
		if (err_at_of(err)->line < bad[i].line ||
		    err_at_of(err)->line > bad[i].line + 1)
			fail_msg("text %zu: line %u", i, err_at_of(err)->line);
		err_free(err);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(config__takes_git_before_the_versioned_file),
		in_repo(config__hears_what_only_git_reads),
		in_repo(config__reads_worktree_settings),
		in_repo(config__reads_heads_tree_in_a_bare_repository),
		in_repo(config__never_follows_what_a_branch_points_at),
		in_repo(config__says_where_the_file_is_wrong),
		in_repo(config_each__gives_each_key_once),
		in_folder(configfile__reads_as_git_does),
		in_folder(configfile__refuses_what_git_refuses),
	};

	return cmocka_run_group_tests_name("gitstore/config", tests, NULL,
					   NULL);
}
