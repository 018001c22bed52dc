#include "gitstore/pack.h"

#include "unit/gitstore/scratch.h"

#include "gitstore/hash.h"

static struct err *add_blob(struct gs_pack *p, const char *text, git_oid *id)
{
	gs_hash_object(GIT_OBJECT_BLOB, text, strlen(text), id);
	return gs_pack_add(p, GIT_OBJECT_BLOB, id, text, strlen(text));
}

static const char *hex(const git_oid *id)
{
	static char out[4][GIT_OID_HEXSZ + 1];
	static unsigned turn;
	char *to = out[turn++ % 4];

	return git_oid_tostr(to, sizeof(out[0]), id);
}

static void packs_are_good(struct scratch *t)
{
	scratch_run(t, "for i in .git/objects/pack/*.idx; do git verify-pack "
		       "$i && git index-pack --verify --strict "
		       "${i%%idx}pack || exit 1; done");
	scratch_run(t, "git fsck --strict --no-dangling --no-progress 2>&1 | "
		       "(! grep .)");
	scratch_run(t, "! ls .git/objects/pack | grep tmp_");
}

static struct gs_pack *new_pack(struct scratch *t, size_t spill)
{
	return gs_pack_new(scratch_at(t, ".git/objects/pack"), spill);
}

static void pack_finish__writes_what_git_reads(void **state)
{
	static const char *const texts[] = { "", "a", "hello\n", "hello\n",
					     "x\ny\n" };
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 1 << 20);
	git_oid id;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_ok(add_blob(p, texts[i], &id));
	assert_int_equal(gs_pack_count(p), 4);
	assert_ok(gs_pack_finish(p));
	packs_are_good(t);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *want = scratch_ask(
			t, "printf '%s' | git hash-object --stdin", texts[i]);

		gs_hash_object(GIT_OBJECT_BLOB, texts[i], strlen(texts[i]),
			       &id);
		assert_string_equal(hex(&id), want);
		scratch_run(t,
			    "test \"$(git cat-file blob %s)\" = "
			    "\"$(printf '%s')\"",
			    want, texts[i]);
	}
	assert_int_equal(gs_pack_count(p), 0);
	gs_pack_free(p);
}

static void pack_finish__writes_nothing_without_objects(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 1 << 20);

	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	scratch_run(t, "! ls .git/objects/pack | grep .");
}

static void pack_finish__takes_a_second_round(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 16);
	git_oid a, b;

	assert_ok(add_blob(p, "first", &a));
	assert_ok(gs_pack_finish(p));
	assert_ok(add_blob(p, "second", &b));
	assert_false(gs_pack_has(p, &a));
	assert_ok(gs_pack_finish(p));
	assert_ok(add_blob(p, "second", &b)); /* the same pack again */
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	packs_are_good(t);
	scratch_run(t, "test $(ls .git/objects/pack/*.pack | wc -l) = 2");
	scratch_run(t, "test $(stat -c %%a .git/objects/pack/*.pack | sort -u) "
		       "= 444");
	scratch_run(t, "git cat-file -e %s && git cat-file -e %s", hex(&a),
		    hex(&b));
}

/* 10,000 versions of a growing list, the shape a ledger's trees have. */
static void pack_add_delta__survives_verify_pack_and_gc(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 256 << 10);
	struct buf now = BUF_INIT, before = BUF_INIT;
	git_oid id, last = { { 0 } };

	for (int i = 0; i < 10000; i++) {
		struct gs_pack_base base = { &last, before.data, before.len };
		size_t at = (size_t)(i * 7919) % (now.len + 1);
		char line[32];
		int n = snprintf(line, sizeof(line), "line %d\n", i);

		if (now.len > 60000) {
			buf_truncate(&now, 30000);
			at %= 30000;
		}
		buf_reserve(&now, (size_t)n);
		memmove(now.data + at + n, now.data + at, now.len - at);
		memcpy(now.data + at, line, (size_t)n);
		now.len += (size_t)n;
		gs_hash_object(GIT_OBJECT_BLOB, now.data, now.len, &id);
		assert_ok(gs_pack_add_delta(p, GIT_OBJECT_BLOB, &id, now.data,
					    now.len, i ? &base : NULL));
		last = id;
		buf_reset(&before);
		buf_add(&before, now.data, now.len);
	}
	assert_int_equal(gs_pack_count(p), 10000);
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	packs_are_good(t);
	scratch_run(t, "git verify-pack -v .git/objects/pack/*.idx | "
		       "grep -q 'chain length = 50:'");
	scratch_run(t, "! git verify-pack -v .git/objects/pack/*.idx | "
		       "grep 'chain length = 51:'");
	scratch_run(t, "git update-ref refs/tags/keep %s", hex(&id));
	scratch_run(t, "git gc -q && git fsck --strict --no-dangling");
	assert_int_equal(atoi(scratch_ask(t, "git cat-file -s %s", hex(&id))),
			 (int)now.len);
	buf_release(&now);
	buf_release(&before);
}

static void pack_add_delta__handles_every_overlap(void **state)
{
	static const char *const pairs[][2] = {
		{ "abcabcabcabcabcabcabcabc", "abcabcabcabcabcabcabcabcabc" },
		{ "abcabcabcabcabcabcabcabcabc", "abcabcabcabcabcabcabc" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "0123456789012345678901234567",
		  "x0123456789012345678901234567" },
		{ "0123456789012345678901234567",
		  "0123456789012345678901234567x" },
		{ "0123456789012345678901234567",
		  "01234567890123x45678901234567" },
		{ "", "something new" },
		{ "something old", "" },
	};
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 1 << 20);
	git_oid from, to;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const char *a = pairs[i][0], *b = pairs[i][1];
		struct gs_pack_base base = { &from, a, strlen(a) };

		assert_ok(add_blob(p, a, &from));
		gs_hash_object(GIT_OBJECT_BLOB, b, strlen(b), &to);
		assert_ok(gs_pack_add_delta(p, GIT_OBJECT_BLOB, &to, b,
					    strlen(b), &base));
	}
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	packs_are_good(t);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		scratch_run(t,
			    "test \"$(git cat-file blob $(printf '%s' | "
			    "git hash-object --stdin))\" = '%s'",
			    pairs[i][1], pairs[i][1]);
}

/* Copies of more than 64 KiB and offsets of more than two bytes. */
static void pack_add_delta__handles_large_objects(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 1 << 20);
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct gs_pack_base base;
	git_oid from, to;

	for (int i = 0; i < 300000; i++)
		buf_addint(&a, i);
	buf_add(&b, a.data, 1000000);
	buf_addstr(&b, "in the middle");
	buf_add(&b, a.data + 1000000, a.len - 1000000);
	gs_hash_object(GIT_OBJECT_BLOB, a.data, a.len, &from);
	gs_hash_object(GIT_OBJECT_BLOB, b.data, b.len, &to);
	assert_ok(gs_pack_add(p, GIT_OBJECT_BLOB, &from, a.data, a.len));
	base = (struct gs_pack_base){ &from, a.data, a.len };
	assert_ok(gs_pack_add_delta(p, GIT_OBJECT_BLOB, &to, b.data, b.len,
				    &base));
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	packs_are_good(t);
	assert_string_equal(scratch_ask(t,
					"git cat-file blob %s | git "
					"hash-object --stdin",
					hex(&to)),
			    hex(&to));
	buf_release(&a);
	buf_release(&b);
}

/* Cutting back, both in memory and in the file. */
static void pack_cut__forgets_the_newest(void **state)
{
	static const size_t spills[] = { 1, 600, 1 << 20 };
	struct scratch *t = *state;

	for (size_t s = 0; s < ARRAY_LEN(spills); s++) {
		struct gs_pack *p = new_pack(t, spills[s]);
		git_oid keep[200], gone[200], last;
		struct gs_pack_mark mark;
		char text[64];

		for (int i = 0; i < 200; i++) {
			snprintf(text, sizeof(text), "keep %d %zu", i, s);
			assert_ok(add_blob(p, text, &keep[i]));
		}
		mark = gs_pack_mark(p);
		for (int i = 0; i < 200; i++) {
			snprintf(text, sizeof(text), "gone %d %zu", i, s);
			assert_ok(add_blob(p, text, &gone[i]));
		}
		assert_ok(gs_pack_cut(p, mark));
		for (int i = 0; i < 200; i++) {
			assert_true(gs_pack_has(p, &keep[i]));
			assert_false(gs_pack_has(p, &gone[i]));
		}
		assert_ok(add_blob(p, "after the cut", &last));
		assert_int_equal(gs_pack_count(p), 201);
		assert_ok(gs_pack_finish(p));
		gs_pack_free(p);
		packs_are_good(t);
		scratch_run(t,
			    "git cat-file -e %s && git cat-file -e %s && "
			    "! git cat-file -e %s",
			    hex(&keep[0]), hex(&last), hex(&gone[199]));
		scratch_run(t, "rm -f .git/objects/pack/*");
	}
}

static void pack_cut__to_nothing_leaves_an_empty_pack(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 1);
	struct gs_pack_mark start = gs_pack_mark(p);
	git_oid id;

	assert_ok(add_blob(p, "one", &id));
	assert_ok(gs_pack_cut(p, start));
	assert_ok(add_blob(p, "two", &id));
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	packs_are_good(t);
}

static void pack_free__leaves_no_file(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 1);
	git_oid id;

	assert_ok(add_blob(p, "never kept", &id));
	scratch_run(t, "ls .git/objects/pack | grep -q tmp_migrate_");
	gs_pack_free(p);
	scratch_run(t, "! ls .git/objects/pack | grep .");
}

static void pack_add__fails_where_there_is_no_folder(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = gs_pack_new(scratch_at(t, "none/pack"), 1);
	git_oid id;

	assert_fails(add_blob(p, "nowhere", &id), ERR_STORE);
	gs_pack_free(p);
}

static void pack_sweep__removes_only_what_nobody_holds(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p = new_pack(t, 1);
	git_oid id;

	scratch_run(t, "touch .git/objects/pack/tmp_migrate_dead");
	scratch_run(t, "touch .git/objects/pack/tmp_pack_of_git");
	assert_ok(add_blob(p, "alive", &id));
	gs_pack_sweep(scratch_at(t, ".git/objects/pack"));
	scratch_run(t, "! test -e .git/objects/pack/tmp_migrate_dead");
	scratch_run(t, "test -e .git/objects/pack/tmp_pack_of_git && "
		       "rm .git/objects/pack/tmp_pack_of_git");
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	packs_are_good(t);
	gs_pack_sweep("/nowhere/at/all");
}

/* A disk that is full: /dev/full is not a folder, so a small tmpfs. */
static void pack_finish__on_a_full_disk_leaves_nothing(void **state)
{
	struct scratch *t = *state;
	struct gs_pack *p;
	struct buf text = BUF_INIT;
	struct err *err = NULL;
	git_oid id;

	scratch_run(t, "mkdir small");
	if (scratch_try(t, "mount -t tmpfs -o size=64k none small 2>/dev/null"))
		skip();
	p = gs_pack_new(scratch_at(t, "small"), 1 << 10);
	srand(1);
	for (int i = 0; i < 300 && !err; i++) {
		buf_reset(&text);
		for (int j = 0; j < 1000; j++)
			buf_addch(&text, (char)(rand() % 255 + 1));
		err = add_blob(p, text.data, &id);
	}
	if (!err)
		err = gs_pack_finish(p);
	gs_pack_free(p);
	buf_release(&text);
	scratch_run(t, "! ls small | grep . && umount small");
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_STORE);
	assert_non_null(err_hint_of(err));
	err_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(pack_finish__writes_what_git_reads),
		in_repo(pack_finish__writes_nothing_without_objects),
		in_repo(pack_finish__takes_a_second_round),
		in_repo(pack_add_delta__survives_verify_pack_and_gc),
		in_repo(pack_add_delta__handles_every_overlap),
		in_repo(pack_add_delta__handles_large_objects),
		in_repo(pack_cut__forgets_the_newest),
		in_repo(pack_cut__to_nothing_leaves_an_empty_pack),
		in_repo(pack_free__leaves_no_file),
		in_repo(pack_add__fails_where_there_is_no_folder),
		in_repo(pack_sweep__removes_only_what_nobody_holds),
		in_repo(pack_finish__on_a_full_disk_leaves_nothing),
	};

	return cmocka_run_group_tests_name("gitstore/pack", tests, NULL, NULL);
}
