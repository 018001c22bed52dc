#include "unit/gitstore/scratch.h"

#define S(t) ((t)->s->ops)

/* Commit the index as somebody, at that second. */
static void as(struct scratch *t, const char *who, int at)
{
	scratch_run(t,
		    "git add -A migrations && GIT_COMMITTER_DATE='%d +0000' "
		    "git commit -q --allow-empty -m m --author '%s <%s@x>' "
		    "--date '%d +0000'",
		    1700000000 + at, who, who, 1700000000 + at);
}

static void add(struct scratch *t, const char *name, const char *who, int at)
{
	scratch_run(t,
		    "mkdir -p \"migrations/$(dirname %s)\" && echo %s > "
		    "migrations/%s",
		    name, name, name);
	as(t, who, at);
}

/* Names of the authors in the order of paths, "-" where unknown. */
static void are(struct scratch *t, const char *const *paths, size_t n,
		const char *want)
{
	struct buf b = BUF_INIT;
	struct store_commit c;
	char *out[16];

	if (!t->s)
		scratch_store(t, "");
	assert_ok(S(t)->resolve(t->s, NULL, &c));
	assert_ok(S(t)->authors(t->s, &c.id, "migrations", paths, n, out));
	for (size_t i = 0; i < n; i++) {
		char *space = out[i] ? strchr(out[i], ' ') : NULL;

		if (space)
			*space = '\0';
		buf_addf(&b, "%s%s", i ? " " : "", out[i] ? out[i] : "-");
		free(out[i]);
	}
	assert_string_equal(buf_str(&b), want);
	buf_release(&b);
	store_commit_release(&c);
}

static void authors__are_of_the_commit_that_added_the_path(void **state)
{
	static const char *const paths[] = { "2.sql",    "1.sql", "d/3.sql",
					     "none.sql", "2.sql", "d" };
	struct scratch *t = *state;

	add(t, "2.sql", "bob", 1);
	scratch_run(t, "echo changed > migrations/2.sql");
	as(t, "eve", 2);
	add(t, "d/3.sql", "cid", 3);
	add(t, "d/4.sql", "dan", 4);
	as(t, "nobody", 5);
	are(t, paths, ARRAY_LEN(paths), "bob Ann cid - - -");
}

static void authors__after_a_removal_are_of_the_last_adding(void **state)
{
	static const char *const paths[] = { "2.sql", "new.sql" };
	struct scratch *t = *state;

	add(t, "2.sql", "bob", 1);
	scratch_run(t, "rm migrations/2.sql");
	as(t, "eve", 2);
	add(t, "2.sql", "cid", 3);
	scratch_run(t, "mv migrations/1.sql migrations/new.sql");
	as(t, "dan", 4);
	are(t, paths, 2, "cid dan");
}

static void authors__follow_both_sides_of_a_merge(void **state)
{
	static const char *const paths[] = { "1.sql",  "a.sql",    "b.sql",
					     "b2.sql", "evil.sql", "both.sql" };
	struct scratch *t = *state;

	scratch_run(t, "git checkout -q -b side");
	add(t, "b.sql", "bob", 1);
	add(t, "both.sql", "bob", 2);
	add(t, "b2.sql", "bea", 3);
	scratch_run(t, "git checkout -q main");
	add(t, "a.sql", "ann", 4);
	add(t, "both.sql", "cid", 5);
	scratch_run(t, "git merge -q --no-commit side >/dev/null");
	add(t, "evil.sql", "eve", 6);
	scratch_run(t, "test $(git rev-list --parents -1 HEAD | wc -w) = 3");
	add(t, "z.sql", "zoe", 7);
	are(t, paths, ARRAY_LEN(paths), "Ann ann bob bea eve cid");
}

/* The folder may come late, and in a history with many merges. */
static void authors__meet_again_below_many_merges(void **state)
{
	static const char *const paths[] = { "1.sql", "s1.sql", "s5.sql",
					     "s9.sql", "m5.sql" };
	struct scratch *t = *state;

	for (int i = 1; i < 10; i++) {
		char name[24], who[24];

		snprintf(name, sizeof(name), "s%d.sql", i);
		snprintf(who, sizeof(who), "side%d", i);
		scratch_run(t, "git checkout -q -B side main~0");
		add(t, name, who, i * 10);
		scratch_run(t, "git checkout -q main");
		snprintf(name, sizeof(name), "m%d.sql", i);
		snprintf(who, sizeof(who), "main%d", i);
		add(t, name, who, i * 10 + 1);
		scratch_run(t, "git merge -q --no-edit side >/dev/null");
	}
	are(t, paths, ARRAY_LEN(paths), "Ann side1 side5 side9 main5");
}

static void authors__are_unknown_where_history_is_cut_off(void **state)
{
	static const char *const paths[] = { "1.sql", "2.sql", "3.sql" };
	struct scratch *t = *state;

	add(t, "2.sql", "bob", 1);
	add(t, "3.sql", "cid", 2);
	scratch_run(t, "git clone -q --depth 2 \"file://$PWD\" shallow");
	scratch_store(t, "shallow");
	are(t, paths, 3, "- - cid");
	scratch_run(t, "git clone -q --depth 1 \"file://$PWD\" one");
	scratch_store(t, "one");
	are(t, paths, 3, "- - -");
	scratch_run(t, "git clone -q --bare . bare.git");
	scratch_store(t, "bare.git");
	are(t, paths, 3, "Ann bob cid");
}

static void authors__of_nothing_is_nothing(void **state)
{
	struct scratch *t = *state;
	struct store_id none = { "1111111111111111111111111111111111111111" };
	static const char *const paths[] = { "1.sql" };
	char *out[1];

	are(t, NULL, 0, "");
	assert_fails(S(t)->authors(t->s, &none, "migrations", paths, 1, out),
		     ERR_STORE);
	assert_null(out[0]);
}

/* The folder itself appears, as a file first. */
static void authors__know_when_the_folder_came(void **state)
{
	static const char *const paths[] = { "1.sql", "2.sql" };
	struct scratch *t = *state;

	scratch_run(t, "git rm -q -r migrations && git commit -qm gone && echo "
		       "x > migrations && git add migrations && git commit "
		       "-qm file && git rm -q migrations && mkdir migrations "
		       "&& echo y > migrations/1.sql");
	as(t, "bob", 1);
	add(t, "2.sql", "cid", 2);
	are(t, paths, 2, "bob cid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(authors__are_of_the_commit_that_added_the_path),
		in_repo(authors__after_a_removal_are_of_the_last_adding),
		in_repo(authors__follow_both_sides_of_a_merge),
		in_repo(authors__meet_again_below_many_merges),
		in_repo(authors__are_unknown_where_history_is_cut_off),
		in_repo(authors__of_nothing_is_nothing),
		in_repo(authors__know_when_the_folder_came),
	};

	return cmocka_run_group_tests_name("gitstore/authors", tests, NULL,
					   NULL);
}
