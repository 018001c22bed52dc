#include "gitstore/packset.h"

#include "unit/gitstore/scratch.h"

#include "gitstore/hash.h"
#include "gitstore/pack.h"

#define PACKS ".git/objects/pack"

static git_oid text_of(struct buf *b, int pack, int n)
{
	git_oid id;

	buf_reset(b);
	buf_addf(b, "object %d of pack %d", n, pack);
	for (int i = 0; i < n % 50; i++)
		buf_addf(b, " and more %d", i);
	gs_hash_object(GIT_OBJECT_BLOB, b->data, b->len, &id);
	return id;
}

static void write_pack(struct scratch *t, int pack, int n)
{
	struct gs_pack *p = gs_pack_new(scratch_at(t, PACKS), 1 << 16);
	struct buf b = BUF_INIT;

	for (int i = 0; i < n; i++) {
		git_oid id = text_of(&b, pack, i);

		assert_ok(gs_pack_add(p, GIT_OBJECT_BLOB, &id, b.data, b.len));
	}
	assert_ok(gs_pack_finish(p));
	gs_pack_free(p);
	buf_release(&b);
}

static void reads(struct gs_packset *s, int pack, int n, bool there)
{
	struct buf want = BUF_INIT, got = BUF_INIT;
	git_oid id = text_of(&want, pack, n);

	buf_addstr(&got, "before ");
	assert_int_equal(gs_packset_read_blob(s, &id, 1 << 20, &got), there);
	if (there) {
		assert_int_equal(got.len, want.len + 7);
		assert_memory_equal(got.data, "before ", 7);
		assert_memory_equal(got.data + 7, want.data, want.len);
		buf_reset(&got);
		assert_false(gs_packset_read_blob(s, &id, want.len - 1, &got));
	}
	assert_int_equal(gs_packset_has(s, &id), there);
	buf_release(&want);
	buf_release(&got);
}

static void packset__finds_objects_of_all_packs(void **state)
{
	struct scratch *t = *state;
	struct gs_packset *s, *other;

	write_pack(t, 1, 1);
	write_pack(t, 2, 5000);
	write_pack(t, 3, 700);
	s = gs_packset_open(scratch_at(t, PACKS));
	other = gs_packset_share(s);
	gs_packset_free(s);
	reads(other, 1, 0, true);
	for (int i = 0; i < 5000; i += 7)
		reads(other, 2, i, true);
	for (int i = 0; i < 700; i++)
		reads(other, 3, i, true);
	reads(other, 1, 1, false);
	reads(other, 2, 5000, false);
	write_pack(t, 4, 1);
	reads(other, 4, 0, false); /* it came later */
	gs_packset_free(other);
	gs_packset_free(NULL);
}

static void packset__of_nothing_has_nothing(void **state)
{
	struct scratch *t = *state;
	struct gs_packset *s = gs_packset_open("/nowhere/at/all");

	reads(s, 1, 1, false);
	gs_packset_free(s);
	s = gs_packset_open(scratch_at(t, PACKS));
	reads(s, 1, 1, false);
	gs_packset_free(s);
}

/* Only the newest are asked whether to store again; all are read. */
static void packset_has__looks_at_the_newest_only(void **state)
{
	struct scratch *t = *state;
	struct gs_packset *s;
	struct buf b = BUF_INIT;
	git_oid id;

	for (int i = 0; i < 40; i++) {
		write_pack(t, i, 3);
		scratch_run(t,
			    "touch -d @%d $(ls -t " PACKS "/*.idx | head -1)",
			    1700000000 + i);
	}
	s = gs_packset_open(scratch_at(t, PACKS));
	id = text_of(&b, 39, 1);
	assert_true(gs_packset_has(s, &id));
	gs_packset_free(s);
	s = gs_packset_open(scratch_at(t, PACKS));
	id = text_of(&b, 0, 1);
	assert_false(gs_packset_has(s, &id));
	buf_reset(&b);
	assert_true(gs_packset_read_blob(s, &id, 1 << 20, &b));
	gs_packset_free(s);
	buf_release(&b);
}

static void packset__leaves_deltas_and_trees_to_others(void **state)
{
	struct scratch *t = *state;
	struct gs_packset *s;
	struct buf b = BUF_INIT;
	git_oid id;

	scratch_run(t, "seq 1000 > f && git add f && git commit -qm f && seq "
		       "1001 > f && git add f && git commit -qm g && git "
		       "repack -q -a -d -f");
	s = gs_packset_open(scratch_at(t, PACKS));
	assert_int_equal(
		git_oid_fromstr(&id, scratch_ask(t, "git rev-parse HEAD:f")),
		0);
	assert_true(gs_packset_has(s, &id));
	assert_true(gs_packset_read_blob(s, &id, 1 << 20, &b));
	assert_int_equal(
		git_oid_fromstr(&id, scratch_ask(t, "git rev-parse HEAD~1:f")),
		0);
	assert_true(gs_packset_has(s, &id));
	assert_false(gs_packset_read_blob(s, &id, 1 << 20, &b));
	assert_int_equal(
		git_oid_fromstr(&id, scratch_ask(t, "git rev-parse HEAD:")), 0);
	assert_false(gs_packset_read_blob(s, &id, 1 << 20, &b));
	gs_packset_free(s);
	buf_release(&b);
}

/* Bytes turned over anywhere: never a wrong answer, never a crash. */
static void packset__refuses_damage(void **state)
{
	struct scratch *t = *state;
	struct buf want = BUF_INIT, got = BUF_INIT;
	int wrong = 0, right = 0;

	write_pack(t, 1, 60);
	scratch_run(t,
		    "chmod u+w " PACKS "/* && cd " PACKS " && for f in *.idx "
		    "*.pack; do cp $f ../good.${f##*.}; done");
	srand(17);
	for (int i = 0; i < 300; i++) {
		struct gs_packset *s;
		git_oid id;

		if (i % 2)
			scratch_run(t,
				    "cd " PACKS " && cp ../good.idx *.idx && "
				    "cp ../good.pack *.pack && printf "
				    "'\\%03o' | dd of=$(ls *.%s) bs=1 "
				    "seek=%d conv=notrunc 2>/dev/null",
				    (unsigned)rand() % 256,
				    i % 4 == 1 ? "idx" : "pack", rand() % 2500);
		else
			scratch_run(t,
				    "cd " PACKS " && cp ../good.idx *.idx && "
				    "cp ../good.pack *.pack && truncate -s "
				    "%d *.%s",
				    rand() % 2500, i % 4 ? "idx" : "pack");
		s = gs_packset_open(scratch_at(t, PACKS));
		for (int n = 0; n < 60; n += 5) {
			id = text_of(&want, 1, n);
			buf_reset(&got);
			if (!gs_packset_read_blob(s, &id, 1 << 20, &got)) {
				wrong++;
				continue;
			}
			right++;
			assert_int_equal(got.len, want.len);
			assert_memory_equal(got.data, want.data, want.len);
		}
		gs_packset_free(s);
	}
	assert_true(wrong > 100);
	assert_true(right > 100);
	buf_release(&want);
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(packset__finds_objects_of_all_packs),
		in_repo(packset__of_nothing_has_nothing),
		in_repo(packset_has__looks_at_the_newest_only),
		in_repo(packset__leaves_deltas_and_trees_to_others),
		in_repo(packset__refuses_damage),
	};

	return cmocka_run_group_tests_name("gitstore/packset", tests, NULL,
					   NULL);
}
