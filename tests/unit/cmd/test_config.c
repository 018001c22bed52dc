#include "cmd/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

/* A store that only has a configuration: a list of keys and values. */
struct pair {
	const char *key, *value;
	bool versioned;
};

struct fake {
	struct store base;
	const struct pair *pairs;
	const char *top;
};

static struct err *fake_config(struct store *s, const char *key, char **out,
			       bool *versioned)
{
	const struct pair *p = ((struct fake *)s)->pairs;

	*out = NULL;
	for (; p->key; p++) {
		if (!streq(p->key, key))
			continue;
		*out = p->value ? xstrdup(p->value) : xstrdup("true");
		if (versioned)
			*versioned = p->versioned;
	}
	return NULL;
}

static struct err *fake_each(struct store *s,
			     struct err *(*fn)(void *payload, const char *key,
					       const char *value),
			     void *payload)
{
	const struct pair *p = ((struct fake *)s)->pairs;

	for (; p->key; p++) {
		struct err *err = fn(payload, p->key, p->value);

		if (err)
			return err;
	}
	return NULL;
}

static const char *fake_worktree(struct store *s)
{
	return ((struct fake *)s)->top;
}

static const char *fake_common_dir(struct store *s)
{
	(void)s;
	return "/none/repo/.git";
}

static const struct store_ops fake_ops = {
	.config = fake_config,
	.config_each = fake_each,
	.worktree = fake_worktree,
	.common_dir = fake_common_dir,
};

/* One reading of a configuration. */
struct setup {
	struct fake store;
	struct config config;
	struct engine_config out;
	char warned[256];
	struct err *err;
};

static void on_warning(void *payload, const char *text)
{
	struct setup *s = payload;

	assert_true(strlen(s->warned) + strlen(text) < sizeof(s->warned));
	strcat(s->warned, text);
}

static void read_pairs(struct setup *s, const struct pair *pairs)
{
	memset(s, 0, sizeof(*s));
	s->store = (struct fake){ { &fake_ops }, pairs, "/none/repo" };
	s->err = config_read(&s->config, &s->store.base, on_warning, s);
}

static void resolve(struct setup *s, const struct pair *pairs,
		    const char *target, const char *url)
{
	struct config_wish wish = { .target = target, .url = url };

	read_pairs(s, pairs);
	assert_null(s->err);
	s->err = config_resolve(&s->config, &wish, true, &s->out);
}

static void done(struct setup *s)
{
	err_free(s->err);
	config_release(&s->config);
}

static const struct pair one[] = {
	{ "migrate.dev.url", "sqlite:dev.db", true },
	{ NULL, NULL, false },
};

static const struct pair two[] = {
	{ "migrate.dir", "db/migrate", true },
	{ "migrate.layout", "goose", true },
	{ "migrate.dev.url", "sqlite:dev.db", true },
	{ "migrate.prod.url", "sqlite:/srv/prod.db", true },
	{ "migrate.prod.protected", NULL, true },
	{ "migrate.prod.branch", "main", true },
	{ "migrate.prod.locktimeout", "5s", true },
	{ "migrate.prod.snapshotlimit", "500m", true },
	{ "migrate.prod.foreignkeys", "on", true },
	{ "migrate.prod.snapshotstore", "clone", true },
	{ NULL, NULL, false },
};

static const struct pair named[] = {
	{ "migrate.target", "dev", true },
	{ NULL, NULL, false },
};

static const struct pair none[] = { { NULL, NULL, false } };

static void config_resolve__takes_the_only_target(void **state)
{
	struct setup s;

	(void)state;
	resolve(&s, one, NULL, NULL);
	assert_null(s.err);
	assert_string_equal(s.out.target, "dev");
	assert_string_equal(s.out.url, "sqlite:dev.db");
	assert_string_equal(s.out.dir, "migrations");
	assert_string_equal(s.out.base_dir, "/none/repo");
	assert_null(s.out.layout);
	assert_false(s.out.is_protected);
	assert_false(s.out.foreign_keys);
	assert_true(s.out.url_is_per_tree);
	assert_int_equal(s.out.lock_timeout_ms, 60000);
	assert_int_equal(s.out.snapshot_limit, (uint64_t)2 << 30);
	assert_null(s.out.snapshot_store);
	assert_false(s.out.is_ci);
	done(&s);
}

static void config_resolve__sees_that_it_runs_in_ci(void **state)
{
	static const struct {
		const char *value;
		bool is_ci;
	} cases[] = {
		{ "true", true },   { "1", true },      { "woodpecker", true },
		{ "false", false }, { "FALSE", false }, { "0", false },
		{ "no", false },    { "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct setup s;

		setenv("CI", cases[i].value, 1);
		resolve(&s, one, NULL, NULL);
		unsetenv("CI");
		assert_null(s.err);
		assert_int_equal(s.out.is_ci, cases[i].is_ci);
		done(&s);
	}
}

static void config_resolve__takes_both_places_for_snapshots(void **state)
{
	static const char *const stores[] = { "clone", "database" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
		struct pair pairs[] = { one[0],
					{ "migrate.dev.snapshotstore",
					  stores[i], true },
					{ NULL, NULL, false } };
		struct setup s;

		resolve(&s, pairs, NULL, NULL);
		assert_null(s.err);
		assert_string_equal(s.out.snapshot_store, stores[i]);
		done(&s);
	}
}

static void config_resolve__reads_every_key(void **state)
{
	struct setup s;

	(void)state;
	resolve(&s, two, "prod", NULL);
	assert_null(s.err);
	assert_string_equal(s.out.url, "sqlite:/srv/prod.db");
	assert_string_equal(s.out.dir, "db/migrate");
	assert_string_equal(s.out.layout, "goose");
	assert_string_equal(s.out.branch, "main");
	assert_true(s.out.is_protected);
	assert_true(s.out.foreign_keys);
	assert_false(s.out.url_is_per_tree);
	assert_int_equal(s.out.lock_timeout_ms, 5000);
	assert_int_equal(s.out.snapshot_limit, (uint64_t)500 << 20);
	assert_string_equal(s.out.snapshot_store, "clone");
	assert_string_equal(s.warned, "");
	done(&s);
}

static void config_resolve__follows_the_order_of_precedence(void **state)
{
	struct setup s;

	(void)state;
	setenv("GIT_MIGRATE_URL", "sqlite:env.db", 1);
	setenv("DATABASE_URL", "sqlite:other.db", 1);
	resolve(&s, one, NULL, "sqlite:given.db");
	assert_string_equal(s.out.url, "sqlite:given.db");
	assert_string_equal(s.out.target, "");
	done(&s);
	resolve(&s, one, "dev", "sqlite:given.db");
	assert_string_equal(s.out.url, "sqlite:given.db");
	assert_string_equal(s.out.target, "dev");
	done(&s);
	resolve(&s, one, NULL, NULL);
	assert_string_equal(s.out.url, "sqlite:env.db");
	assert_string_equal(s.out.target, "");
	done(&s);
	resolve(&s, one, "dev", NULL); /* GIT_MIGRATE_URL: not with -t */
	assert_string_equal(s.out.url, "sqlite:dev.db");
	done(&s);
	unsetenv("GIT_MIGRATE_URL");
	resolve(&s, one, NULL, NULL); /* DATABASE_URL: only fills */
	assert_string_equal(s.out.url, "sqlite:dev.db");
	done(&s);
	resolve(&s, named, NULL, NULL);
	assert_string_equal(s.out.url, "sqlite:other.db");
	assert_string_equal(s.out.target, "dev");
	done(&s);
	resolve(&s, none, NULL, NULL);
	assert_non_null(s.err);
	done(&s);
	unsetenv("DATABASE_URL");
}

static void expect_refusal(const struct pair *pairs, const char *target,
			   const char *text, const char *hint)
{
	struct setup s;

	resolve(&s, pairs, target, NULL);
	assert_non_null(s.err);
	assert_int_equal(err_class_of(s.err), ERR_INPUT);
	assert_string_equal(err_text(s.err), text);
	if (hint)
		assert_string_equal(err_hint_of(s.err), hint);
	done(&s);
}

static void config_resolve__says_what_is_missing(void **state)
{
	static const struct pair mysql[] = {
		{ "migrate.dev.url", "mysql://h/d", true },
		{ NULL, NULL, false },
	};

	(void)state;
	expect_refusal(none, NULL, "no target is configured",
		       "git migrate init sets one up");
	expect_refusal(two, NULL,
		       "several targets are configured and none is the default",
		       "choose one with -t NAME, or set migrate.target");
	expect_refusal(two, "prd", "no target 'prd' is configured",
		       "did you mean 'prod'?");
	expect_refusal(two, "staging", "no target 'staging' is configured",
		       "git migrate init --target staging sets it up");
	expect_refusal(named, NULL, "target 'dev' has no url",
		       "git config migrate.dev.url URL (sqlite:PATH or "
		       "postgresql://USER@HOST/DATABASE)");
	expect_refusal(mysql, NULL,
		       "target 'dev': the url is of no database that is known",
		       NULL);
}

static void config_resolve__names_a_bad_value(void **state)
{
	static const struct {
		const char *key, *value, *text;
	} cases[] = {
		{ "migrate.dev.locktimeout", "5x",
		  "migrate.dev.lockTimeout: '5x' is not a duration" },
		{ "migrate.dev.snapshotlimit", "much",
		  "migrate.dev.snapshotLimit: 'much' is not a size" },
		{ "migrate.dev.foreignkeys", "so",
		  "migrate.dev.foreignKeys: 'so' is not a boolean" },
		{ "migrate.dev.snapshotstore", "remote",
		  "migrate.dev.snapshotStore: 'remote' is not a place for "
		  "snapshots" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pair pairs[] = { one[0],
					{ cases[i].key, cases[i].value, true },
					{ NULL, NULL, false } };

		expect_refusal(pairs, NULL, cases[i].text, NULL);
	}
}

static void config_resolve__can_do_without_a_url(void **state)
{
	struct config_wish wish = { .target = NULL };
	struct setup s;

	(void)state;
	read_pairs(&s, none);
	assert_ok(config_resolve(&s.config, &wish, false, &s.out));
	assert_null(s.out.url);
	assert_string_equal(s.out.target, "");
	done(&s);
	read_pairs(&s, two);
	assert_ok(config_resolve(&s.config, &wish, false, &s.out));
	assert_string_equal(s.out.dir, "db/migrate");
	done(&s);
}

static void config_read__warns_of_unknown_versioned_keys(void **state)
{
	static const struct pair pairs[] = {
		{ "migrate.dirr", "x", true },
		{ "migrate.mine", "x", false },
		{ "migrate.dev.locktimeot", "5s", true },
		{ "migrate.dev.whatever", "x", false },
		{ NULL, NULL, false },
	};
	struct setup s;

	(void)state;
	read_pairs(&s, pairs);
	assert_null(s.err);
	assert_string_equal(s.warned,
			    ".gitmigrate: unknown key 'migrate.dirr' (did you "
			    "mean 'dir'?)"
			    ".gitmigrate: unknown key 'migrate.dev.locktimeot' "
			    "(did you mean 'lockTimeout'?)");
	assert_int_equal(s.config.n_targets, 0);
	done(&s);
}

static void config_read__refuses_a_versioned_password(void **state)
{
	struct pair pairs[] = {
		{ "migrate.dev.url", "postgresql://u:pw@h/d", true },
		{ NULL, NULL, false },
	};
	struct setup s;

	(void)state;
	read_pairs(&s, pairs);
	assert_non_null(s.err);
	assert_null(strstr(err_text(s.err), "pw"));
	assert_string_equal(err_text(s.err),
			    ".gitmigrate: the url of target 'dev' holds a "
			    "password");
	done(&s);
	pairs[0].versioned = false; /* one's own git config may */
	read_pairs(&s, pairs);
	assert_null(s.err);
	done(&s);
}

static void config_target_name_ok__fits_a_ref(void **state)
{
	static const char *const good[] = { "dev", "a", "eu-west.1", "A_b" };
	static const char *const bad[] = { "",     "a b",     "-a",  ".a",
					   "a.",   "a..b",    "a/b", "x.lock",
					   "a\nb", "\xc3\xa9" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(config_target_name_ok(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(config_target_name_ok(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_resolve__takes_the_only_target),
		cmocka_unit_test(config_resolve__sees_that_it_runs_in_ci),
		cmocka_unit_test(
			config_resolve__takes_both_places_for_snapshots),
		cmocka_unit_test(config_resolve__reads_every_key),
		cmocka_unit_test(
			config_resolve__follows_the_order_of_precedence),
		cmocka_unit_test(config_resolve__says_what_is_missing),
		cmocka_unit_test(config_resolve__names_a_bad_value),
		cmocka_unit_test(config_resolve__can_do_without_a_url),
		cmocka_unit_test(config_read__warns_of_unknown_versioned_keys),
		cmocka_unit_test(config_read__refuses_a_versioned_password),
		cmocka_unit_test(config_target_name_ok__fits_a_ref),
	};

	unsetenv("GIT_MIGRATE_URL");
	unsetenv("DATABASE_URL");
	unsetenv("CI");
	return cmocka_run_group_tests_name("cmd/config", tests, NULL, NULL);
}
