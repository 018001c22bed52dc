#include "gitstore/event.h"

#include "unit/gitstore/scratch.h"

#include "gitstore/hash.h"

/* The layout of docs/snapshots.md, seen with git's own eyes. */

static void chunk(struct gs_events *w, int n)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "chunk %d\n", n);

	assert_ok(gs_events_chunk(w, text, (size_t)len));
}

static const char *end_event(struct gs_events *w)
{
	static char hex[4][GIT_OID_HEXSZ + 1];
	static unsigned turn;
	char *to = hex[turn++ % 4];
	git_oid id;

	assert_ok(gs_events_end(w, &id));
	return git_oid_tostr(to, sizeof(hex[0]), &id);
}

static void finish(struct scratch *t, struct gs_events *w, const char *key)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid id;

	assert_ok(gs_events_finish(w, key, &id));
	git_oid_tostr(hex, sizeof(hex), &id);
	scratch_run(t,
		    "git update-ref refs/tags/%s %s && git fsck --strict "
		    "--no-dangling --no-progress",
		    key, hex);
	gs_events_free(w);
}

static struct gs_events *begin(struct scratch *t)
{
	return gs_events_new(scratch_at(t, ".git/objects/pack"));
}

static void events__store_small_files_as_blobs(void **state)
{
	struct scratch *t = *state;
	struct gs_events *w = begin(t);
	const char *event;

	assert_ok(gs_events_file(w, "manifest"));
	assert_ok(gs_events_file(w, "rows/one"));
	chunk(w, 1);
	assert_ok(gs_events_chunk(w, "", 0)); /* no chunk at all */
	event = end_event(w);
	finish(t, w, "key");
	assert_string_equal(scratch_ask(t,
					"git ls-tree -r %s | awk '{print $1, "
					"$4}'",
					event),
			    "100644 manifest\n100644 rows/one");
	assert_string_equal(
		scratch_ask(t, "git cat-file blob %s:rows/one", event),
		"chunk 1");
	assert_string_equal(
		scratch_ask(t, "git cat-file -s %s:manifest", event), "0");
	assert_string_equal(scratch_ask(t,
					"git log -1 --format='%%an %%ae %%s' "
					"key"),
			    "git-migrate git-migrate@localhost key");
	assert_string_equal(scratch_ask(t, "git rev-parse key:00000000"),
			    event);
}

/* A group ends after an id whose first byte 8 divides, from its fourth entry
 * on, and nowhere else; so do groups of groups. */
static void events__group_chunks_by_their_ids(void **state)
{
	struct scratch *t = *state;
	struct gs_events *w = begin(t);
	const char *event;

	assert_ok(gs_events_file(w, "rows/t"));
	for (int i = 0; i < 3000; i++)
		chunk(w, i);
	event = end_event(w);
	finish(t, w, "key");
	scratch_run(t, "git ls-tree -r %s:rows/t > all", event);
	assert_string_equal(scratch_ask(t, "wc -l < all"), "3000");
	scratch_run(t,
		    "(git rev-parse %s:rows/t; git ls-tree -r -t %s:rows/t | "
		    "awk '$2 == \"tree\" { print $3 }') > trees",
		    event, event);
	/* chunks, groups of them, and groups of those */
	scratch_run(t,
		    "git ls-tree -r %s:rows/t | awk '{ d = split($4, x, "
		    "\"/\"); if (NR > 1 && d != depth) exit 1; depth = d } "
		    "END { exit depth != 4 }'",
		    event);
	/* an end is nowhere but at the last entry, and there it is, but for
	 * the last group of a level */
	scratch_run(t,
		    "while read tree; do git ls-tree $tree | awk '{ ends = NR "
		    "> 3 && $3 ~ /^.[08]/; if (was) bad = 1; was = ends } END "
		    "{ print ends; exit bad }' || exit 1; done < trees > ends; "
		    "test $(grep -c 0 ends) -le 4 && test $(grep -c 1 ends) "
		    "-gt 200");
	/* names count from nothing, without a gap, at a fixed width */
	scratch_run(t, "while read tree; do git ls-tree $tree | awk '{if ($4 "
		       "!= sprintf(\"%%04d\", NR - 1)) exit 1}' || exit 1; "
		       "done < trees");
	scratch_run(t,
		    "git ls-tree -r %s:rows/t | awk '{print $3}' | git "
		    "cat-file --batch | grep '^chunk' > got; for i in $(seq "
		    "0 2999); do echo chunk $i; done | cmp - got",
		    event);
}

static void events__end_a_group_in_any_case(void **state)
{
	struct scratch *t = *state;
	struct gs_events *w = begin(t);
	const char *event;

	/* one chunk 9,000 times, whose id never ends a group */
	assert_ok(gs_events_file(w, "t"));
	for (int i = 0; i < 9000; i++)
		chunk(w, 1);
	event = end_event(w);
	finish(t, w, "key");
	assert_string_equal(scratch_ask(t,
					"for g in 0 1 2; do git ls-tree "
					"%s:t/000$g | wc -l; done",
					event),
			    "4096\n4096\n808");
}

/* A chunk put in the middle: few trees are new. */
static void events__share_groups_between_versions(void **state)
{
	struct scratch *t = *state;
	struct gs_events *w = begin(t);
	const char *a, *b;

	assert_ok(gs_events_file(w, "t"));
	for (int i = 0; i < 20000; i++)
		chunk(w, i);
	a = end_event(w);
	assert_ok(gs_events_file(w, "t"));
	for (int i = 0; i < 20000; i++) {
		if (i == 10000)
			chunk(w, 1000000);
		chunk(w, i);
	}
	b = end_event(w);
	assert_string_not_equal(a, b);
	finish(t, w, "key");
	assert_true(atoi(scratch_ask(t,
				     "for e in %s %s; do git ls-tree -r -t "
				     "$e:t | awk '{print $3}' | sort -u > "
				     "$e; done; comm -13 %s %s | wc -l",
				     a, b, a, b)) <= 7);
}

static void events__refuse_a_chunk_of_no_file(void **state)
{
	struct scratch *t = *state;
	struct gs_events *w = begin(t);

	assert_fails(gs_events_chunk(w, "x", 1), ERR_STORE);
	assert_ok(gs_events_file(w, "a"));
	assert_ok(gs_events_drop(w));
	assert_fails(gs_events_chunk(w, "x", 1), ERR_STORE);
	assert_int_equal(gs_events_count(w), 0);
	gs_events_free(w);
	gs_events_free(NULL);
}

static void events__refuse_paths_no_tree_may_hold(void **state)
{
	static const char *const bad[] = { "", "../x", "a//b", ".git/x", "/a" };
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct gs_events *w = begin(t);
		git_oid id;

		assert_ok(gs_events_file(w, bad[i]));
		assert_fails(gs_events_end(w, &id), ERR_STORE);
		gs_events_free(w);
	}
}

static void events__of_an_empty_event_are_an_empty_tree(void **state)
{
	struct scratch *t = *state;
	struct gs_events *w = begin(t);

	assert_string_equal(end_event(w),
			    "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	assert_int_equal(gs_events_count(w), 1);
	finish(t, w, "key");
}

/* What was dropped is in no pack, wherever the spill fell. */
static void events_drop__leaves_no_object(void **state)
{
	struct scratch *t = *state;
	struct gs_events *w = begin(t);
	char *noise = xcalloc(1, 1 << 20);
	const char *event;

	srand(11);
	for (int round = 0; round < 3; round++) {
		assert_ok(gs_events_file(w, "lost"));
		for (int i = 0; i < 4; i++) {
			for (size_t j = 0; j < 1 << 20; j++)
				noise[j] = (char)rand();
			assert_ok(gs_events_chunk(w, noise, 1 << 20));
		}
		assert_ok(gs_events_drop(w));
		assert_ok(gs_events_file(w, "kept"));
		chunk(w, round);
		chunk(w, round + 100);
		event = end_event(w);
	}
	finish(t, w, "key");
	scratch_run(t, "test $(cat .git/objects/pack/*.pack | wc -c) -lt 4000");
	scratch_run(t, "git cat-file -e %s:kept/0001", event);
	free(noise);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(events__store_small_files_as_blobs),
		in_repo(events__group_chunks_by_their_ids),
		in_repo(events__end_a_group_in_any_case),
		in_repo(events__share_groups_between_versions),
		in_repo(events__refuse_a_chunk_of_no_file),
		in_repo(events__refuse_paths_no_tree_may_hold),
		in_repo(events__of_an_empty_event_are_an_empty_tree),
		in_repo(events_drop__leaves_no_object),
	};

	return cmocka_run_group_tests_name("gitstore/event", tests, NULL, NULL);
}
