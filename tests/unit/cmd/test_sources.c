#include "cmd/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

/*
 * Everything that can say which database is meant, against everything else:
 * each combination beside the table of docs/configuration.md, "Which
 * database".
 */

struct scene {
	const char *t, *url;         /* -t, --url */
	const char *env, *database;  /* GIT_MIGRATE_URL, DATABASE_URL */
	const char *chosen;          /* migrate.target */
	const char *dev_url;         /* NULL = dev is not configured */
	const char *prod_url, *prod; /* its url; any other key of it */
};

struct fake {
	struct store base;
	const struct scene *scene;
};

static const char *value_of(const struct scene *s, const char *key)
{
	if (streq(key, "migrate.target"))
		return s->chosen;
	if (streq(key, "migrate.dev.url"))
		return s->dev_url;
	if (streq(key, "migrate.prod.url"))
		return s->prod_url;
	if (streq(key, "migrate.prod.branch"))
		return s->prod;
	return NULL;
}

static struct err *fake_config(struct store *s, const char *key, char **out,
			       bool *versioned)
{
	const char *v = value_of(((struct fake *)s)->scene, key);

	*out = v ? xstrdup(v) : NULL;
	if (versioned)
		*versioned = v != NULL;
	return NULL;
}

static struct err *fake_each(struct store *s,
			     struct err *(*fn)(void *payload, const char *key,
					       const char *value),
			     void *payload)
{
	static const char *const keys[] = { "migrate.target", "migrate.dev.url",
					    "migrate.prod.url",
					    "migrate.prod.branch" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *v = value_of(((struct fake *)s)->scene, keys[i]);
		struct err *err = v ? fn(payload, keys[i], v) : NULL;

		if (err)
			return err;
	}
	return NULL;
}

static const char *fake_folder(struct store *s)
{
	(void)s;
	return "/none/repo";
}

static const struct store_ops fake_ops = {
	.config = fake_config,
	.config_each = fake_each,
	.worktree = fake_folder,
	.common_dir = fake_folder,
};

/* --- the table, in other words; false = an error --- */

static bool is_configured(const struct scene *s, const char *name)
{
	if (streq(name, "dev"))
		return s->dev_url != NULL;
	return streq(name, "prod") && (s->prod_url || s->prod);
}

static const char *only_target(const struct scene *s)
{
	bool dev = is_configured(s, "dev"), prod = is_configured(s, "prod");

	if (dev == prod)
		return NULL;
	return dev ? "dev" : "prod";
}

static const char *own_url(const struct scene *s, const char *name)
{
	const char *url = streq(name, "dev")    ? s->dev_url
			  : streq(name, "prod") ? s->prod_url
						: NULL;

	return url ? url : s->database && *s->database ? s->database : NULL;
}

static bool expected(const struct scene *s, const char **target,
		     const char **url)
{
	bool env = s->env && *s->env;

	if (!s->t && (s->url || env)) {
		*target = "";
		*url = s->url ? s->url : s->env;
		return true;
	}
	*target = s->t ? s->t : s->chosen ? s->chosen : only_target(s);
	if (!*target)
		return false;
	/* a name that only migrate.target knows may be filled */
	if (!is_configured(s, *target) &&
	    !(s->chosen && streq(s->chosen, *target)))
		return false;
	*url = s->url ? s->url : own_url(s, *target);
	return *url != NULL;
}

static void show(const struct scene *s, const char *target, const char *url,
		 const struct err *e, const struct engine_config *got)
{
	fail_msg("-t %s --url %s GIT_MIGRATE_URL=%s DATABASE_URL=%s target=%s "
		 "dev.url=%s prod.url=%s prod.branch=%s: %s %s and not %s %s",
		 s->t ? s->t : "-", s->url ? s->url : "-",
		 s->env ? s->env : "-", s->database ? s->database : "-",
		 s->chosen ? s->chosen : "-", s->dev_url ? s->dev_url : "-",
		 s->prod_url ? s->prod_url : "-", s->prod ? s->prod : "-",
		 e ? err_text(e) : got->target, e || !got->url ? "" : got->url,
		 target ? target : "an error", url ? url : "");
}

static void set_env(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void check(const struct scene *s)
{
	struct fake store = { { &fake_ops }, s };
	struct config_wish wish = { .target = s->t, .url = s->url };
	const char *target = NULL, *url = NULL;
	struct engine_config got;
	struct config c;
	struct err *e;

	set_env("GIT_MIGRATE_URL", s->env);
	set_env("DATABASE_URL", s->database);
	assert_ok(config_read(&c, &store.base, NULL, NULL));
	e = config_resolve(&c, &wish, true, &got);
	if (!expected(s, &target, &url)) {
		if (!e)
			show(s, NULL, NULL, e, &got);
		assert_int_equal(err_class_of(e), ERR_INPUT);
		assert_non_null(err_hint_of(e));
	} else if (e || !streq(got.target, target) || !streq(got.url, url)) {
		show(s, target, url, e, &got);
	} else {
		/* no settings of a target count where only a URL is given */
		assert_true(streq_null(got.branch,
				       streq(target, "prod") ? s->prod : NULL));
	}
	err_free(e);
	config_release(&c);
}

static void config_resolve__agrees_with_the_manual(void **state)
{
	static const char *const t[] = { NULL, "dev", "prod", "ghost" };
	static const char *const url[] = { NULL, "sqlite:given.db" };
	static const char *const env[] = { NULL, "", "sqlite:env.db" };
	static const char *const database[] = { NULL, "", "sqlite:any.db" };
	static const char *const chosen[] = { NULL, "dev", "prod", "ghost" };
	static const char *const dev[] = { NULL, "sqlite:dev.db" };
	static const char *const prod[] = { NULL, "sqlite:/prod.db" };
	static const char *const branch[] = { NULL, "main" };
	size_t sizes[] = { 4, 2, 3, 3, 4, 2, 2, 2 }, all = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		all *= sizes[i];
	for (size_t n = 0; n < all; n++) {
		size_t at[8], left = n;
		struct scene s;

		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			at[i] = left % sizes[i];
			left /= sizes[i];
		}
		s = (struct scene){ t[at[0]],        url[at[1]],    env[at[2]],
				    database[at[3]], chosen[at[4]], dev[at[5]],
				    prod[at[6]],     branch[at[7]] };
		check(&s);
	}
	unsetenv("GIT_MIGRATE_URL");
	unsetenv("DATABASE_URL");
}

/* What is wrong with a URL is said of what gave it. */
static void config_resolve__blames_who_gave_the_url(void **state)
{
	static const struct {
		const char *t, *url, *says;
	} cases[] = {
		{ NULL, "oracle://u:secret@h/d",
		  "the url is of no database that is known" },
		{ NULL, "sqlite:", "the url names no file" },
		{ "dev", "mysql://h/d",
		  "target 'dev': the url is of no database that is known" },
		{ "dev", "sqlite:", "target 'dev': the url names no file" },
	};
	static const struct scene plain = { .dev_url = "sqlite:dev.db" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake store = { { &fake_ops }, &plain };
		struct config_wish wish = { .target = cases[i].t,
					    .url = cases[i].url };
		struct engine_config got;
		struct config c;
		struct err *e;

		assert_ok(config_read(&c, &store.base, NULL, NULL));
		e = config_resolve(&c, &wish, true, &got);
		assert_non_null(e);
		assert_string_equal(err_text(e), cases[i].says);
		err_free(e);
		config_release(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_resolve__agrees_with_the_manual),
		cmocka_unit_test(config_resolve__blames_who_gave_the_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
