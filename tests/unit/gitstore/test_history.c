#include "unit/gitstore/scratch.h"

#include "gitstore/commit.h"

#define S(t) ((t)->s->ops)

static void is_rev(struct scratch *t, const char *rev, const char *as)
{
	struct store_commit c;

	assert_ok(S(t)->resolve(t->s, rev, &c));
	assert_string_equal(c.id.hex, scratch_ask(t, "git rev-parse %s", as));
	assert_string_equal(c.author,
			    scratch_ask(t,
					"git log -1 --date=raw "
					"--format='%%an <%%ae> %%ad' %s",
					as));
	store_commit_release(&c);
}

static void resolve__takes_what_git_takes(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git commit -q --allow-empty -m two --author 'Bø "
		       "<b@x>' && git tag -a -m v v1 && git tag light HEAD~1 "
		       "&& git checkout -q -b side && git commit -q "
		       "--allow-empty -m three");
	scratch_store(t, "");
	is_rev(t, NULL, "HEAD");
	is_rev(t, "HEAD", "HEAD");
	is_rev(t, "HEAD~2", "HEAD~2");
	is_rev(t, "main", "main");
	is_rev(t, "v1", "v1^{commit}");
	is_rev(t, "light", "light");
	is_rev(t, "main@{0}", "main");
	is_rev(t, scratch_ask(t, "git rev-parse --short main"), "main");
	is_rev(t, scratch_ask(t, "git rev-parse main"), "main");
	scratch_run(t, "git checkout -q --detach main");
	is_rev(t, NULL, "main");
}

static void resolve__says_what_is_missing(void **state)
{
	struct scratch *t = *state;
	struct store_commit c;
	struct err *err;

	scratch_run(t, "git init -q empty && git commit -q --allow-empty -m 2 "
		       "&& git clone -q --depth 1 \"file://$PWD\" shallow");
	scratch_store(t, "");
	assert_fails(S(t)->resolve(t->s, "none", &c), ERR_INPUT);
	assert_fails(S(t)->resolve(t->s, "HEAD:migrations", &c), ERR_INPUT);
	assert_null(c.author);
	scratch_store(t, "empty");
	err = S(t)->resolve(t->s, NULL, &c);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(err_hint_of(err));
	err_free(err);
	scratch_store(t, "shallow");
	err = S(t)->resolve(t->s, "HEAD~1", &c);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_non_null(strstr(err_hint_of(err), "--unshallow"));
	err_free(err);
}

static struct store_id id_of(struct scratch *t, const char *rev)
{
	struct store_id id;

	strcpy(id.hex, scratch_ask(t, "git rev-parse %s", rev));
	return id;
}

static bool is_ancestor(struct scratch *t, struct store_id a, struct store_id b)
{
	bool out;

	assert_ok(S(t)->is_ancestor(t->s, &a, &b, &out));
	return out;
}

static void is_ancestor__walks_the_history(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b, c,
		none = { "1111111111111111111111111111111111111111" };
	bool out;

	scratch_run(t, "git branch a && git commit -q --allow-empty -m b && "
		       "git branch b && git checkout -q -b c a && git commit "
		       "-q --allow-empty -m c");
	scratch_store(t, "");
	a = id_of(t, "a");
	b = id_of(t, "b");
	c = id_of(t, "c");
	assert_true(is_ancestor(t, a, a));
	assert_true(is_ancestor(t, a, b));
	assert_false(is_ancestor(t, b, a));
	assert_false(is_ancestor(t, b, c));
	assert_fails(S(t)->is_ancestor(t->s, &a, &none, &out), ERR_STORE);
	assert_fails(S(t)->is_ancestor(t->s, &none, &a, &out), ERR_STORE);
}

static void has__finds_what_another_process_added(void **state)
{
	struct scratch *t = *state;
	struct store_id id,
		none = { "2222222222222222222222222222222222222222" };

	scratch_store(t, "");
	id = id_of(t, "HEAD");
	assert_true(S(t)->has(t->s, &id));
	assert_false(S(t)->has(t->s, &none));
	strcpy(id.hex, scratch_ask(t, "echo new | git hash-object -w --stdin"));
	assert_true(S(t)->has(t->s, &id));
	strcpy(id.hex, "nonsense");
	assert_false(S(t)->has(t->s, &id));
}

static void read_blob__checks_kind_and_size(void **state)
{
	struct scratch *t = *state;
	struct buf b = BUF_INIT;

	scratch_store(t, "");
	assert_ok(S(t)->read_blob(
		t->s, scratch_ask(t, "git rev-parse HEAD:migrations/1.sql"),
		100, &b));
	assert_string_equal(b.data, "create table a(x);\n");
	assert_fails(S(t)->read_blob(t->s,
				     scratch_ask(t, "git rev-parse "
						    "HEAD:migrations/1.sql"),
				     3, &b),
		     ERR_INPUT);
	assert_fails(S(t)->read_blob(t->s, scratch_ask(t, "git rev-parse HEAD"),
				     100, &b),
		     ERR_STORE);
	assert_fails(S(t)->read_blob(t->s,
				     "1111111111111111111111111111111111111111",
				     100, &b),
		     ERR_STORE);
	assert_fails(S(t)->read_blob(t->s, "no id", 100, &b), ERR_INPUT);
	buf_release(&b);
}

static struct err *note(void *payload, const struct store_ledger_entry *e)
{
	buf_addf(payload, "%.7s %.7s|%s|%s|%s", e->id.hex, e->parent.hex,
		 e->author, e->committer, e->message);
	return NULL;
}

static void ledger_walk__goes_from_new_to_old(void **state)
{
	struct scratch *t = *state;
	struct buf b = BUF_INIT;
	struct store_id tip;

	setenv("GIT_COMMITTER_DATE", "1700000001 +0100", 1);
	scratch_run(t, "for i in 2 3; do printf 's%%s\\n\\nTrailer: x\\n' $i | "
		       "git commit -q --allow-empty -F -; done");
	unsetenv("GIT_COMMITTER_DATE");
	scratch_store(t, "");
	tip = id_of(t, "HEAD");
	assert_ok(S(t)->ledger_walk(t->s, &tip, 2, note, &b));
	assert_int_equal(strncmp(b.data, tip.hex, 7), 0);
	assert_int_equal(strncmp(b.data + 8, id_of(t, "HEAD~1").hex, 7), 0);
	assert_null(strstr(b.data, "|first\n")); /* two were asked for */
	assert_non_null(strstr(b.data, "|Ann <ann@example.com> 1700000001 "
				       "+0100|s3\n\nTrailer: x\n"));
	buf_reset(&b);
	assert_ok(S(t)->ledger_walk(t->s, &tip, 0, note, &b));
	assert_non_null(strstr(b.data, "|first\n"));
	buf_reset(&b);
	scratch_run(t, "git clone -q --depth 2 \"file://$PWD\" shallow");
	scratch_store(t, "shallow");
	assert_ok(S(t)->ledger_walk(t->s, &tip, 0, note, &b));
	assert_null(strstr(b.data, "|first\n")); /* cut off, no error */
	buf_release(&b);
}

static void commit_read__takes_extra_headers(void **state)
{
	struct scratch *t = *state;
	struct gs_commit c = GS_COMMIT_INIT;
	git_oid id;
	const char *hex = scratch_ask(
		t,
		"printf 'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\\n"
		"author A <a> 1 +0000\\ncommitter B <b> 2 +0000\\nencoding "
		"x\\ngpgsig a\\n b\\n\\nthe message\\n' | git hash-object -t "
		"commit -w --stdin");

	scratch_store(t, "");
	assert_ok(gs_id_parse(hex, &id));
	assert_ok(gs_commit_read(gs_of(t->s), &id, &c));
	assert_string_equal(c.author, "A <a> 1 +0000");
	assert_string_equal(c.committer, "B <b> 2 +0000");
	assert_string_equal(c.message, "the message\n");
	assert_int_equal(c.time, 2);
	assert_int_equal(c.n_parents, 0);
	gs_commit_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(resolve__takes_what_git_takes),
		in_repo(resolve__says_what_is_missing),
		in_repo(is_ancestor__walks_the_history),
		in_repo(has__finds_what_another_process_added),
		in_repo(read_blob__checks_kind_and_size),
		in_repo(ledger_walk__goes_from_new_to_old),
		in_repo(commit_read__takes_extra_headers),
	};

	return cmocka_run_group_tests_name("gitstore/history", tests, NULL,
					   NULL);
}
