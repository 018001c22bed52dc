#include "gitstore/folder.h"

#include "unit/gitstore/scratch.h"

#include "gitstore/hash.h"

#define EMPTY_TREE "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

static struct gs_folder_file file_of(const char *text)
{
	struct gs_folder_file f = { .mode = GIT_FILEMODE_BLOB };

	gs_hash_object(GIT_OBJECT_BLOB, text, strlen(text), &f.id);
	return f;
}

static void put(struct gs_folder *f, const char *path, const char *text)
{
	struct gs_folder_file file = { 0 };

	if (text)
		file = file_of(text);
	assert_ok(gs_folder_put(f, path, &file, NULL));
}

static const char *id_of(struct gs_folder *f)
{
	static char hex[4][GIT_OID_HEXSZ + 1];
	static unsigned turn;
	char *to = hex[turn++ % 4];
	git_oid id;

	assert_ok(gs_folder_id(f, &id));
	return git_oid_tostr(to, sizeof(hex[0]), &id);
}

/* Id of the tree of these "path=text" pairs as git's index writes it. */
static const char *git_says(struct scratch *t, const char *const *pairs,
			    size_t n)
{
	struct buf b = BUF_INIT;
	const char *out;

	for (size_t i = 0; i < n; i++) {
		const char *eq = strchr(pairs[i], '=');
		struct gs_folder_file f = file_of(eq + 1);
		char hex[GIT_OID_HEXSZ + 1];

		git_oid_tostr(hex, sizeof(hex), &f.id);
		buf_addf(&b, "100644 %s 0\t%.*s\n", hex, (int)(eq - pairs[i]),
			 pairs[i]);
	}
	scratch_write(t, "list", buf_str(&b));
	out = scratch_ask(t, "rm -f idx; export GIT_INDEX_FILE=$PWD/idx; git "
			     "update-index --index-info < list; git "
			     "write-tree --missing-ok");
	buf_release(&b);
	return out;
}

static void folder__is_the_tree_git_makes(void **state)
{
	static const char *const sets[][6] = {
		{ "a=1" },
		{ "a/b=1", "a.b=2", "a0=3", "a-=4" },
		{ "a/b/c/d/e=1", "a/b/c/d.e=2", "a/b/c.d=3" },
		{ "x/1=1", "x/2=2", "x.sql=3" },
		{ "m/\xc3\xbc=1", "m/z=2", "m/%2E=3", "m/A=4", "m/a=5" },
	};
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		struct gs_folder *f;
		const char *good[6];
		size_t n = 0;

		for (size_t j = 0; j < 6 && sets[i][j]; j++)
			good[n++] = sets[i][j];
		f = gs_folder_new(NULL);
		for (size_t j = n; j-- > 0;) { /* in another order */
			char path[64];
			const char *eq = strchr(good[j], '=');

			snprintf(path, sizeof(path), "%.*s",
				 (int)(eq - good[j]), good[j]);
			put(f, path, eq + 1);
		}
		assert_string_equal(id_of(f), git_says(t, good, n));
		gs_folder_free(f);
	}
}

static void folder_put__gives_back_what_was_there(void **state)
{
	struct gs_folder *f = gs_folder_new(NULL);
	struct gs_folder_file one = file_of("1"), two = file_of("2"), old;
	struct gs_folder_file gone = { 0 };

	(void)state;
	assert_ok(gs_folder_put(f, "a/b", &one, &old));
	assert_int_equal(old.mode, 0);
	assert_ok(gs_folder_put(f, "a/b", &two, &old));
	assert_int_equal(old.mode, GIT_FILEMODE_BLOB);
	assert_true(git_oid_equal(&old.id, &one.id));
	assert_ok(gs_folder_put(f, "a/c", &gone, &old));
	assert_int_equal(old.mode, 0);
	assert_ok(gs_folder_put(f, "z/c", &gone, &old));
	assert_int_equal(old.mode, 0);
	assert_ok(gs_folder_put(f, "a/b", &gone, &old));
	assert_true(git_oid_equal(&old.id, &two.id));
	assert_string_equal(id_of(f), EMPTY_TREE);
	gs_folder_free(f);
}

static void folder_put__changes_the_mode_of_a_file(void **state)
{
	struct scratch *t = *state;
	struct gs_folder *f = gs_folder_new(NULL);
	struct gs_folder_file run = file_of("x"), old;

	put(f, "a", "x");
	run.mode = GIT_FILEMODE_BLOB_EXECUTABLE;
	assert_ok(gs_folder_put(f, "a", &run, &old));
	assert_int_equal(old.mode, GIT_FILEMODE_BLOB);
	assert_string_equal(id_of(f),
			    scratch_ask(t, "printf '100755 blob %%s\\ta\\n' "
					   "$(printf x | git hash-object "
					   "--stdin) | git mktree --missing"));
	gs_folder_free(f);
}

static void folder_put__takes_a_whole_tree(void **state)
{
	struct gs_folder *f = gs_folder_new(NULL), *g = gs_folder_new(NULL);
	struct gs_folder_file tree = { .mode = GIT_FILEMODE_TREE }, x;

	(void)state;
	put(g, "one", "1");
	assert_ok(gs_folder_id(g, &tree.id));
	assert_ok(gs_folder_put(f, "a/sub", &tree, NULL));
	put(f, "a/sub.sql", "2");
	gs_folder_free(g);
	g = gs_folder_new(NULL);
	put(g, "a/sub.sql", "2");
	put(g, "a/sub/one", "1");
	assert_string_equal(id_of(f), id_of(g));
	/* it is closed: there is nowhere to read it from */
	x = file_of("x");
	assert_fails(gs_folder_put(f, "a/sub/two", &x, NULL), ERR_STORE);
	assert_fails(gs_folder_put(f, "a/sub.sql", &tree, NULL), ERR_STORE);
	gs_folder_free(f);
	gs_folder_free(g);
	gs_folder_free(NULL);
}

static void folder_put__that_fails_leaves_the_rest(void **state)
{
	struct gs_folder *f = gs_folder_new(NULL);
	struct gs_folder_file x = file_of("x");
	char before[GIT_OID_HEXSZ + 1];

	(void)state;
	put(f, "a/b", "1");
	strcpy(before, id_of(f));
	assert_fails(gs_folder_put(f, "new/deep/.git", &x, NULL), ERR_STORE);
	assert_fails(gs_folder_put(f, "a/b/c", &x, NULL), ERR_STORE);
	assert_fails(gs_folder_put(f, "a", &x, NULL), ERR_STORE);
	assert_string_equal(id_of(f), before);
	gs_folder_free(f);
}

static void folder_id_at__reads_below(void **state)
{
	struct gs_folder *f = gs_folder_new(NULL), *g = gs_folder_new(NULL);
	char hex[GIT_OID_HEXSZ + 1];
	git_oid id;

	(void)state;
	put(f, "schema/tables/a", "1");
	put(f, "file", "2");
	put(g, "tables/a", "1");
	assert_ok(gs_folder_id_at(f, "schema", &id));
	assert_string_equal(git_oid_tostr(hex, sizeof(hex), &id), id_of(g));
	assert_ok(gs_folder_id_at(f, "none", &id));
	assert_string_equal(git_oid_tostr(hex, sizeof(hex), &id), EMPTY_TREE);
	assert_ok(gs_folder_id_at(f, "file", &id));
	assert_string_equal(git_oid_tostr(hex, sizeof(hex), &id), EMPTY_TREE);
	/* asked below first, the whole still knows of the change */
	put(f, "schema/tables/b", "3");
	put(g, "tables/b", "3");
	assert_ok(gs_folder_id_at(f, "schema", &id));
	gs_folder_free(g);
	g = gs_folder_new(NULL);
	put(g, "schema/tables/a", "1");
	put(g, "schema/tables/b", "3");
	put(g, "file", "2");
	assert_string_equal(id_of(f), id_of(g));
	gs_folder_free(f);
	gs_folder_free(g);
}

/* Stored folders are read only where something below them changes. */
static void folder_stored__is_read_when_touched(void **state)
{
	struct scratch *t = *state;
	struct gs *g = gs_of(scratch_store(t, ""));
	struct gs_folder *f;
	git_oid tree;

	scratch_run(t, "mkdir -p d/e && echo 1 > d/e/x && echo 2 > d/y && git "
		       "add d && git commit -qm d");
	assert_ok(gs_id_parse(scratch_ask(t, "git rev-parse HEAD^{tree}"),
			      &tree));
	f = gs_folder_stored(g, &tree);
	assert_string_equal(id_of(f),
			    scratch_ask(t, "git rev-parse HEAD^{tree}"));
	put(f, "new", "n");
	put(f, "d/e/z", "z");
	put(f, "d/y", NULL);
	scratch_run(t, "printf n > new && printf z > d/e/z && git rm -q d/y && "
		       "git add new d");
	assert_string_equal(id_of(f), scratch_ask(t, "git write-tree"));
	gs_folder_free(f);
	memset(&tree, 1, sizeof(tree));
	f = gs_folder_stored(g, &tree);
	{
		struct gs_folder_file x = file_of("x");

		assert_fails(gs_folder_put(f, "a", &x, NULL), ERR_STORE);
	}
	gs_folder_free(f);
}

/* Saved twice, cut, saved again: each tree is there once and whole. */
static void folder_save__survives_a_cut(void **state)
{
	struct scratch *t = *state;
	struct gs *g = gs_of(scratch_store(t, ""));
	struct gs_folder *f = gs_folder_new(g);
	struct gs_pack *p =
		gs_pack_new(scratch_at(t, ".git/objects/pack"), 1 << 20);
	struct gs_pack_mark mark;
	struct gs_folder_file one = file_of("1");
	size_t n;

	assert_ok(gs_pack_add(p, GIT_OBJECT_BLOB, &one.id, "1", 1));
	for (int i = 0; i < 200; i++) {
		char path[32];

		snprintf(path, sizeof(path), "a/b/f%03d", i);
		put(f, path, "1");
		if (i == 100)
			mark = gs_pack_mark(p);
		assert_ok(gs_folder_save(f, p, i % 2 == 0));
		assert_ok(gs_folder_save(f, p, true)); /* nothing new */
	}
	n = gs_pack_count(p);
	assert_int_equal(n, 1 + 200 * 3);
	assert_ok(gs_pack_cut(p, mark));
	gs_folder_unsave(f);
	put(f, "c", "1");
	assert_ok(gs_folder_save(f, p, true));
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	scratch_run(t,
		    "git update-ref refs/tags/x %s 2>/dev/null; git fsck "
		    "--strict --no-dangling --no-progress && test $(git "
		    "ls-tree -r %s | wc -l) = 201",
		    id_of(f), id_of(f));
	gs_folder_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(folder__is_the_tree_git_makes),
		in_folder(folder_put__gives_back_what_was_there),
		in_repo(folder_put__changes_the_mode_of_a_file),
		in_folder(folder_put__takes_a_whole_tree),
		in_folder(folder_put__that_fails_leaves_the_rest),
		in_folder(folder_id_at__reads_below),
		in_repo(folder_stored__is_read_when_touched),
		in_repo(folder_save__survives_a_cut),
	};

	return cmocka_run_group_tests_name("gitstore/folder", tests, NULL,
					   NULL);
}
