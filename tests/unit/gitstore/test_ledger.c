#include "unit/gitstore/scratch.h"

#define S(t) ((t)->s->ops)

static struct ledger *new_ledger(struct scratch *t)
{
	struct ledger *l;

	if (!t->s)
		scratch_store(t, "");
	assert_ok(S(t)->ledger_new(t->s, &l));
	return l;
}

static void put(struct scratch *t, struct ledger *l, const char *path,
		const char *text)
{
	assert_ok(S(t)->ledger_put(l, path, text, text ? strlen(text) : 0));
}

static struct store_id commit(struct scratch *t, struct ledger *l,
			      const char *message)
{
	struct store_id id;

	assert_ok(S(t)->ledger_commit(l, WHO, WHO, message, &id));
	return id;
}

static void is_sound(struct scratch *t)
{
	scratch_run(t, "git fsck --strict --no-dangling --no-progress 2>&1 | "
		       "(! grep .)");
	scratch_run(t, "! ls .git/objects/pack | grep tmp_");
}

/* The same tree and commit made by git itself. */
static void ledger_commit__gives_the_ids_that_git_gives(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id first, second;
	const char *want;

	put(t, l, "schema/tables/users.sql", "CREATE TABLE users (\n)\n");
	put(t, l, "schema/tables/a.sql", "a");
	put(t, l, "schema/tables.sql", "sorts before the folder");
	put(t, l, "schema/tables0", "sorts behind it");
	put(t, l, "migrations/1", "create table users();");
	first = commit(t, l, "apply 1 to dev\n\nMigration: 1\n");
	put(t, l, "schema/tables/users.sql", "CREATE TABLE users (\n  x\n)\n");
	put(t, l, "schema/tables/a.sql", NULL);
	second = commit(t, l, "apply 2 to dev\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	is_sound(t);

	scratch_run(t, "mkdir -p w/schema/tables w/migrations && cd w && "
		       "printf 'CREATE TABLE users (\\n)\\n' > "
		       "schema/tables/users.sql && printf a > "
		       "schema/tables/a.sql && printf 'sorts before the "
		       "folder' > schema/tables.sql && printf 'sorts behind "
		       "it' > schema/tables0 && printf 'create table users();' "
		       "> migrations/1");
	want = scratch_ask(t, "cd w && export GIT_DIR=../.git "
			      "GIT_INDEX_FILE=$PWD/../i && git add . && export "
			      "GIT_AUTHOR_DATE='1700000000 +0000' "
			      "GIT_COMMITTER_DATE='1700000000 +0000' && printf "
			      "'apply 1 to dev\\n\\nMigration: 1\\n' | git "
			      "commit-tree $(git write-tree)");
	assert_string_equal(first.hex, want);
	assert_string_equal(scratch_ask(t, "git rev-parse %s^", second.hex),
			    first.hex);
	assert_string_equal(scratch_ask(t, "git diff --stat %s^ %s | tail -1",
					second.hex, second.hex),
			    " 2 files changed, 1 insertion(+), 1 "
			    "deletion(-)");
}

static void ledger_flush__writes_nothing_before_and_one_pack_after(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id id;

	for (int i = 0; i < 10; i++) {
		char path[64];

		snprintf(path, sizeof(path), "migrations/%d", i);
		put(t, l, path, path);
		id = commit(t, l, "apply\n");
	}
	scratch_run(t, "! ls .git/objects/pack | grep .");
	assert_false(S(t)->has(t->s, &id));
	assert_ok(S(t)->ledger_flush(l));
	assert_true(S(t)->has(t->s, &id));
	scratch_run(t, "test $(ls .git/objects/pack/*.pack | wc -l) = 1");
	assert_ok(S(t)->ledger_flush(l)); /* nothing new: nothing done */
	scratch_run(t, "test $(ls .git/objects/pack/*.pack | wc -l) = 1");
	S(t)->ledger_close(l);
	is_sound(t);
}

static void ledger_commit__makes_an_empty_root(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id id = commit(t, l, "init\n"), schema, shape;

	assert_ok(S(t)->ledger_ids(l, &schema, &shape));
	assert_string_equal(schema.hex,
			    "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	assert_string_equal(shape.hex, schema.hex);
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	is_sound(t);
	assert_string_equal(scratch_ask(t, "git ls-tree -r %s", id.hex), "");
}

static void ledger_flush__skips_what_the_repository_has(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id a, b;

	put(t, l, "migrations/1", "one");
	a = commit(t, l, "apply\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	l = new_ledger(t);
	put(t, l, "migrations/1", "one");
	b = commit(t, l, "apply\n");
	assert_string_equal(a.hex, b.hex);
	assert_ok(S(t)->ledger_flush(l));
	scratch_run(t, "test $(ls .git/objects/pack/*.pack | wc -l) = 1");
	S(t)->ledger_close(l);
}

static void ledger_put_blob__takes_a_blob_of_the_project(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	const char *blob =
		scratch_ask(t, "git rev-parse HEAD:migrations/1.sql");
	struct store_id id;

	assert_ok(S(t)->ledger_put_blob(l, "migrations/1", blob));
	assert_fails(S(t)->ledger_put_blob(
			     l, "migrations/2",
			     "1234567890123456789012345678901234567890"),
		     ERR_STORE);
	assert_fails(S(t)->ledger_put_blob(l, "migrations/2", "abc"),
		     ERR_INPUT);
	id = commit(t, l, "apply\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	is_sound(t);
	assert_string_equal(
		scratch_ask(t, "git rev-parse %s:migrations/1", id.hex), blob);
}

static void ledger_load__goes_on_from_a_commit(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id a, b, c, none;

	put(t, l, "schema/tables/a.sql", "a");
	put(t, l, "schema/views/v.sql", "v");
	a = commit(t, l, "one\n");
	put(t, l, "schema/tables/b.sql", "b");
	b = commit(t, l, "two\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);

	l = new_ledger(t);
	assert_ok(S(t)->ledger_load(l, &a));
	put(t, l, "schema/tables/b.sql", "b");
	c = commit(t, l, "two\n");
	assert_string_equal(b.hex, c.hex);
	put(t, l, "schema/views/v.sql", NULL); /* the folder goes with it */
	c = commit(t, l, "three\n");
	assert_ok(S(t)->ledger_flush(l));
	memset(none.hex, '1', 40);
	none.hex[40] = '\0';
	assert_fails(S(t)->ledger_load(l, &none), ERR_STORE);
	S(t)->ledger_close(l);
	is_sound(t);
	assert_string_equal(
		scratch_ask(t, "git ls-tree -r --name-only %s", c.hex),
		"schema/tables/a.sql\nschema/tables/b.sql");
}

static void ledger_ids__name_schema_and_shape(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id schema, shape, id;

	put(t, l, "schema/tables/a.sql", "(b, a)");
	put(t, l, "migrations/1", "x");
	assert_ok(S(t)->ledger_put_shape(l, "tables/a.sql", "(b, a)", 6));
	assert_ok(S(t)->ledger_ids(l, &schema, &shape));
	assert_string_equal(schema.hex, shape.hex);
	assert_ok(S(t)->ledger_put_shape(l, "tables/a.sql", "(a, b)", 6));
	assert_ok(S(t)->ledger_ids(l, &schema, &shape));
	assert_string_not_equal(schema.hex, shape.hex);
	id = commit(t, l, "apply\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	assert_string_equal(scratch_ask(t, "git rev-parse %s:schema", id.hex),
			    schema.hex);
	/* the shape is only computed */
	scratch_run(t, "! git cat-file -e %s", shape.hex);
}

static void ledger_rewind__undoes_files_commits_and_objects(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id base, lost, again, want, s1, h1, s2, h2;
	size_t mark, inner;

	put(t, l, "schema/tables/a.sql", "a");
	put(t, l, "schema/views/v.sql", "v");
	base = commit(t, l, "base\n");
	assert_ok(S(t)->ledger_put_shape(l, "tables/a.sql", "a", 1));
	assert_ok(S(t)->ledger_ids(l, &s1, &h1));
	mark = S(t)->ledger_mark(l);
	put(t, l, "schema/tables/a.sql", "changed");
	put(t, l, "schema/tables/a.sql", "twice");
	put(t, l, "schema/tables/new.sql", "new");
	put(t, l, "schema/views/v.sql", NULL);
	assert_ok(S(t)->ledger_put_shape(l, "tables/b.sql", "b", 1));
	inner = S(t)->ledger_mark(l);
	lost = commit(t, l, "lost\n");
	assert_ok(S(t)->ledger_rewind(l, inner));
	again = commit(t, l, "lost\n");
	assert_string_equal(lost.hex, again.hex);
	assert_ok(S(t)->ledger_rewind(l, mark));
	assert_ok(S(t)->ledger_ids(l, &s2, &h2));
	assert_string_equal(s1.hex, s2.hex);
	assert_string_equal(h1.hex, h2.hex);
	assert_ok(S(t)->ledger_rewind(l, mark)); /* a mark lasts */
	put(t, l, "schema/tables/z.sql", "z");
	want = commit(t, l, "next\n");
	assert_fails(S(t)->ledger_rewind(l, mark + 100), ERR_STORE);
	assert_ok(S(t)->ledger_flush(l));
	assert_fails(S(t)->ledger_rewind(l, mark), ERR_STORE);
	S(t)->ledger_close(l);
	is_sound(t);
	assert_string_equal(scratch_ask(t, "git rev-parse %s^", want.hex),
			    base.hex);
	assert_string_equal(
		scratch_ask(t, "git ls-tree -r --name-only %s", want.hex),
		"schema/tables/a.sql\nschema/tables/z.sql\n"
		"schema/views/v.sql");
	scratch_run(t, "! git cat-file -e %s", lost.hex);
}

static void ledger_set_parent__starts_a_root_again(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id a = commit(t, l, "a\n"), b, c;

	assert_ok(S(t)->ledger_set_parent(l, NULL));
	b = commit(t, l, "a\n");
	assert_string_equal(a.hex, b.hex);
	assert_ok(S(t)->ledger_set_parent(l, &a));
	c = commit(t, l, "c\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	assert_string_equal(scratch_ask(t, "git rev-parse %s^", c.hex), a.hex);
}

static void ledger_put__refuses_what_no_tree_may_hold(void **state)
{
	static const char *const bad[] = { "",     "/a",     "a//b",
					   "a/",   ".",      "a/..",
					   ".git", "a/.GIT", "./a/b" };
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(S(t)->ledger_put(l, bad[i], "x", 1), ERR_STORE);
	put(t, l, "a/b", "x");
	assert_fails(S(t)->ledger_put(l, "a", "x", 1), ERR_STORE);
	assert_fails(S(t)->ledger_put(l, "a/b/c", "x", 1), ERR_STORE);
	put(t, l, "nowhere/at/all", NULL);
	commit(t, l, "apply\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	is_sound(t);
}

/* Random puts and removals against the same list kept by git's index. */
static void ledger_put__keeps_trees_sorted_under_random_changes(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id id = { "" };
	struct buf script = BUF_INIT;
	bool there[400] = { false };
	FILE *f;

	srand(7);
	for (int i = 0; i < 3000; i++) {
		int n = rand() % 400;
		char path[64];

		snprintf(path, sizeof(path), "%c/%c%s/f%d", "ab_-"[n % 4],
			 "xyz"[n / 4 % 3], n % 5 ? "" : ".d", n);
		if (there[n] && rand() % 2) {
			put(t, l, path, NULL);
			there[n] = false;
		} else {
			put(t, l, path, path);
			there[n] = true;
		}
		if (i % 50 == 49)
			id = commit(t, l, "step\n");
	}
	for (int n = 0; n < 400; n++) {
		char path[64];

		if (!there[n])
			continue;
		snprintf(path, sizeof(path), "%c/%c%s/f%d", "ab_-"[n % 4],
			 "xyz"[n / 4 % 3], n % 5 ? "" : ".d", n);
		buf_addf(&script, "%s\n", path);
	}
	id = commit(t, l, "last\n");
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	is_sound(t);
	f = fopen(scratch_at(t, "want"), "w");
	fputs(buf_str(&script), f);
	fclose(f);
	scratch_run(t,
		    "sort want > w1 && git ls-tree -r --name-only %s | sort "
		    "> w2 && cmp w1 w2",
		    id.hex);
	scratch_run(t,
		    "export GIT_INDEX_FILE=$PWD/idx && while read p; do "
		    "echo \"100644 $(printf %%s $p | git hash-object "
		    "--stdin) 0\t$p\"; done < w1 | git update-index "
		    "--index-info && test $(git write-tree) = $(git "
		    "rev-parse %s^{tree})",
		    id.hex);
	buf_release(&script);
}

/* git gc, log -p, blame and a push of the ledger work as on any branch. */
static void ledger__is_an_ordinary_history(void **state)
{
	struct scratch *t = *state;
	struct ledger *l = new_ledger(t);
	struct store_id id = { "" };

	for (int i = 0; i < 200; i++) {
		char path[64], text[64];

		snprintf(path, sizeof(path), "schema/tables/t%d.sql", i);
		snprintf(text, sizeof(text), "CREATE TABLE t%d (\n)\n", i);
		put(t, l, path, text);
		snprintf(path, sizeof(path), "migrations/%04d", i);
		put(t, l, path, text);
		id = commit(t, l, "apply\n");
	}
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	assert_ok(S(t)->ledger_move(t->s, UUID, "dev", NULL, &id, "apply"));
	is_sound(t);
	scratch_run(t, "git verify-pack -v .git/objects/pack/*.idx | grep -q "
		       "'chain length = 5'");
	assert_string_equal(scratch_ask(t,
					"git log --format=%%s -p refs/migrate/"
					"ledger/dev -- "
					"schema/tables/t7.sql | grep -c "
					"'^+'"),
			    "3");
	scratch_run(t, "git init -q --bare there.git && git push -q there.git "
		       "refs/migrate/db/" UUID "/ledger && git -C there.git "
		       "fsck --strict");
	scratch_run(t,
		    "git gc -q --prune=now && git fsck --strict && git "
		    "cat-file -e %s",
		    id.hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(ledger_commit__gives_the_ids_that_git_gives),
		in_repo(ledger_flush__writes_nothing_before_and_one_pack_after),
		in_repo(ledger_commit__makes_an_empty_root),
		in_repo(ledger_flush__skips_what_the_repository_has),
		in_repo(ledger_put_blob__takes_a_blob_of_the_project),
		in_repo(ledger_load__goes_on_from_a_commit),
		in_repo(ledger_ids__name_schema_and_shape),
		in_repo(ledger_rewind__undoes_files_commits_and_objects),
		in_repo(ledger_set_parent__starts_a_root_again),
		in_repo(ledger_put__refuses_what_no_tree_may_hold),
		in_repo(ledger_put__keeps_trees_sorted_under_random_changes),
		in_repo(ledger__is_an_ordinary_history),
	};

	return cmocka_run_group_tests_name("gitstore/ledger", tests, NULL,
					   NULL);
}
