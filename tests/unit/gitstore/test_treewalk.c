#include "gitstore/treewalk.h"

#include "unit/gitstore/scratch.h"

#include "gitstore/child.h"
#include "gitstore/folderpath.h"

static git_oid oid_of(const char *hex)
{
	git_oid id;

	assert_ok(gs_id_parse(hex, &id));
	return id;
}

static void treewalk__gives_what_ls_tree_gives(void **state)
{
	struct scratch *t = *state;
	struct gs *g = gs_of(scratch_store(t, ""));
	struct buf b = BUF_INIT;
	struct gs_treewalk w;
	struct gs_tree_entry e;
	git_oid id;

	scratch_run(t,
		    "mkdir d d.e && touch d/x d.e/y 'a b' && ln -s d l && "
		    "touch r && chmod +x r && git add . && git commit -qm x");
	id = oid_of(scratch_ask(t, "git rev-parse HEAD^{tree}"));
	assert_ok(gs_treewalk_open(&w, g, &id));
	while (gs_treewalk_next(&w, &e)) {
		char hex[GIT_OID_HEXSZ + 1];

		buf_addf(&b, "%s%06o %s %.*s", b.len ? "\n" : "", e.mode,
			 git_oid_tostr(hex, sizeof(hex), &e.id), (int)e.len,
			 e.name);
	}
	assert_false(w.damaged);
	gs_treewalk_close(&w);
	assert_string_equal(
		b.data, scratch_ask(t, "git ls-tree HEAD | sed 's/ [a-z]* / "
				       "/;s/\\t/ /'"));
	buf_release(&b);
}

static void treewalk__of_the_zero_id_is_empty(void **state)
{
	struct scratch *t = *state;
	struct gs *g = gs_of(scratch_store(t, ""));
	git_oid zero = { { 0 } }, none;
	struct gs_treewalk w;
	struct gs_tree_entry e;

	assert_ok(gs_treewalk_open(&w, g, &zero));
	assert_false(gs_treewalk_next(&w, &e));
	gs_treewalk_close(&w);
	memset(&none, 3, sizeof(none));
	assert_fails(gs_treewalk_open(&w, g, &none), ERR_STORE);
	gs_treewalk_close(&w);
	none = oid_of(scratch_ask(t, "git rev-parse HEAD"));
	assert_fails(gs_treewalk_open(&w, g, &none), ERR_STORE);
	gs_treewalk_close(&w);
}

/* Bytes that are no tree, as a hostile pack may hold them. */
static void treewalk__stops_at_damage(void **state)
{
	static const char *const bad[] = {
		"100644 a\\0short",
		"100644 without a nul",
		"x00644 a\\0aaaaaaaaaaaaaaaaaaaa",
		"100644",
		"100644 a\\0aaaaaaaaaaaaaaaaaaaa100644",
	};
	struct scratch *t = *state;
	struct gs *g = gs_of(scratch_store(t, ""));

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		git_oid id = oid_of(
			scratch_ask(t,
				    "printf '%s' | git hash-object -w -t tree "
				    "--literally --stdin",
				    bad[i]));
		struct gs_treewalk w;
		struct gs_tree_entry e;
		struct err *err = gs_treewalk_open(&w, g, &id);

		while (!err && gs_treewalk_next(&w, &e))
			assert_int_equal(e.len, 1);
		if (!err)
			assert_true(w.damaged);
		gs_treewalk_close(&w);
		err_free(err);
	}
}

static void tree_find__goes_down_a_path(void **state)
{
	static const struct {
		const char *path;
		unsigned mode;
	} cases[] = {
		{ "", 040000 },        { "d", 040000 },
		{ "d/e", 040000 },     { "d/e/f", 0100644 },
		{ "d/e/f/", 0100644 }, { "d/e/f/g", 0 },
		{ "none", 0 },         { "d/none/f", 0 },
		{ "d.sql", 0100644 },  { "l", 0120000 },
		{ "l/e", 0 },          { "D", 0 },
	};
	struct scratch *t = *state;
	struct gs *g = gs_of(scratch_store(t, ""));
	git_oid root, id;
	unsigned mode;

	scratch_run(t, "mkdir -p d/e && touch d/e/f d.sql && ln -s d l && git "
		       "add . && git commit -qm x");
	root = oid_of(scratch_ask(t, "git rev-parse HEAD^{tree}"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_ok(gs_tree_find(g, &root, cases[i].path, &id, &mode));
		if (mode != cases[i].mode)
			fail_msg("%s: %o", cases[i].path, mode);
		assert_int_equal(git_oid_is_zero(&id), !mode);
		assert_ok(gs_tree_find(g, &root, cases[i].path, &id, NULL));
	}
	assert_ok(gs_tree_find(g, &root, "d/e", &id, NULL));
	assert_string_equal(scratch_ask(t, "git rev-parse HEAD:d/e"),
			    git_oid_tostr_s(&id));
}

static void folderpath__is_from_the_top(void **state)
{
	static const struct {
		const char *dir, *want;
	} cases[] = {
		{ "migrations", "migrations" },
		{ "a/b", "a/b" },
		{ "./a/./b/", "a/b" },
		{ "a//b///", "a/b" },
		{ ".", "" },
		{ "", "" },
		{ "./", "" },
		{ "a..b/..c", "a..b/..c" },
		{ "..", NULL },
		{ "a/..", NULL },
		{ "../a", NULL },
		{ "/a", NULL },
		{ "/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *out;

		if (!cases[i].want) {
			assert_fails(gs_folderpath(cases[i].dir, &out),
				     ERR_INPUT);
			assert_null(out);
			continue;
		}
		assert_ok(gs_folderpath(cases[i].dir, &out));
		assert_string_equal(out, cases[i].want);
		free(out);
	}
}

static void child__gives_the_output_whole(void **state)
{
	const char *const printf_[] = { "printf", "a\\0b%s", "$(no shell)",
					NULL };
	const char *const many[] = { "seq", "200000", NULL };
	const char *const fails[] = { "false", "x", NULL };
	const char *const none[] = { "no-such-program-here", "x", NULL };
	struct buf b = BUF_INIT;

	(void)state;
	assert_ok(gs_child_output(printf_, &b));
	assert_int_equal(b.len, 14);
	assert_memory_equal(b.data, "a\0b$(no shell)", 15);
	buf_reset(&b);
	assert_ok(gs_child_output(many, &b));
	assert_int_equal(b.len, 1288895);
	assert_fails(gs_child_output(fails, &b), ERR_STORE);
	assert_fails(gs_child_output(none, &b), ERR_STORE);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(treewalk__gives_what_ls_tree_gives),
		in_repo(treewalk__of_the_zero_id_is_empty),
		in_repo(treewalk__stops_at_damage),
		in_repo(tree_find__goes_down_a_path),
		in_folder(folderpath__is_from_the_top),
		in_folder(child__gives_the_output_whole),
	};

	return cmocka_run_group_tests_name("gitstore/treewalk", tests, NULL,
					   NULL);
}
