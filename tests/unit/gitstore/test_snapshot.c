#include "unit/gitstore/scratch.h"

#include <signal.h>
#include <sys/wait.h>

#define S(t) ((t)->s->ops)
#define SNAPS ".git/migrate/snapshots.git"

static struct snapshot_sink *new_sink(struct scratch *t)
{
	struct snapshot_sink *k;

	if (!t->s)
		scratch_store(t, "");
	assert_ok(S(t)->sink_open(t->s, &k));
	return k;
}

/* Rows of a made-up table; `changed` rewrites one of them. */
static void fill(struct buf *b, int from, int to, int changed)
{
	buf_reset(b);
	for (int i = from; i < to; i++)
		buf_addf(b, "%d\tname %d\t%s\t%ld\n", i, i,
			 i == changed ? "CHANGED" : "the same",
			 (long)i * 2654435761 % 1000003);
}

static void write_table(struct scratch *t, struct snapshot_sink *k,
			const char *path, int chunks, int changed)
{
	struct buf b = BUF_INIT;

	assert_ok(S(t)->sink_file(k, path));
	for (int i = 0; i < chunks; i++) {
		fill(&b, i * 100, i * 100 + 100, changed);
		assert_ok(S(t)->sink_chunk(k, b.data, b.len));
	}
	buf_release(&b);
}

static void read_table(struct scratch *t, struct snapshot_reader *r,
		       const char *path, int chunks, int changed)
{
	struct buf b = BUF_INIT;
	const char *data;
	size_t len;

	assert_ok(S(t)->reader_file(r, path));
	for (int i = 0; i < chunks; i++) {
		fill(&b, i * 100, i * 100 + 100, changed);
		assert_ok(S(t)->reader_chunk(r, &data, &len));
		assert_non_null(data);
		assert_int_equal(len, b.len);
		assert_memory_equal(data, b.data, len);
	}
	assert_ok(S(t)->reader_chunk(r, &data, &len));
	assert_null(data);
	assert_ok(S(t)->reader_chunk(r, &data, &len));
	assert_null(data);
	buf_release(&b);
}

/* One event with these tables, kept under a key. */
static struct store_id keep(struct scratch *t, const char *key, int chunks,
			    int changed)
{
	struct snapshot_sink *k = new_sink(t);
	struct store_id id;
	bool written;

	write_table(t, k, "rows/users", chunks, changed);
	write_table(t, k, "rows/small", 1, -1);
	write_table(t, k, "manifest", 0, -1);
	assert_ok(S(t)->sink_event(k, &id));
	assert_ok(S(t)->sink_durable(k, key, &written));
	assert_true(written);
	assert_ok(S(t)->sink_promote(k));
	S(t)->sink_close(k);
	return id;
}

static void is_sound(struct scratch *t)
{
	scratch_run(t, "git -C " SNAPS " fsck --strict --no-dangling "
		       "--no-progress 2>&1 | grep -v ^notice: | (! grep .)");
	scratch_run(t, "for i in " SNAPS "/objects/pack/*.idx; do git "
		       "index-pack --verify ${i%%idx}pack || exit 1; done");
	scratch_run(t, "! ls " SNAPS "/objects/pack | grep tmp_");
}

static void sink__gives_back_what_it_took(void **state)
{
	static const int sizes[] = { 2, 3, 64, 65, 255, 256, 257, 1500 };
	struct scratch *t = *state;
	struct snapshot_reader *r;
	struct store_id id;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", sizes[i]);
		id = keep(t, key, sizes[i], -1);
		assert_ok(S(t)->reader_open(t->s, &id, &r));
		read_table(t, r, "rows/users", sizes[i], -1);
		read_table(t, r, "rows/small", 1, -1);
		read_table(t, r, "manifest", 0, -1);
		read_table(t, r, "rows/users", sizes[i], -1);
		assert_fails(S(t)->reader_file(r, "rows/none"), ERR_STORE);
		S(t)->reader_close(r);
	}
	is_sound(t);
	scratch_run(t, "test $(stat -c %%a " SNAPS ") = 700");
	scratch_run(t, "test $(git -C " SNAPS " for-each-ref refs/snapshots | "
		       "wc -l) = 8");
	scratch_run(t, "test -z \"$(git -C " SNAPS " for-each-ref "
		       "refs/pending)\"");
	scratch_run(t, "test -z \"$(ls " SNAPS "/hooks 2>/dev/null)\"");
}

static void sink__writes_nothing_without_an_event(void **state)
{
	struct scratch *t = *state;
	struct snapshot_sink *k = new_sink(t);
	bool written = true;

	assert_ok(S(t)->sink_durable(k, "none", &written));
	assert_false(written);
	assert_ok(S(t)->sink_promote(k));
	S(t)->sink_close(k);
	scratch_run(t, "! test -e .git/migrate");
	k = new_sink(t); /* begun, and never ended */
	write_table(t, k, "rows/a", 2000, -1);
	assert_ok(S(t)->sink_durable(k, "none", &written));
	assert_false(written);
	S(t)->sink_close(k);
	scratch_run(t, "! ls " SNAPS "/objects/pack | grep .");
}

static void sink_drop__forgets_the_event(void **state)
{
	struct scratch *t = *state;
	struct snapshot_sink *k = new_sink(t);
	struct store_id a, b;
	bool written;

	assert_ok(S(t)->sink_drop(k)); /* nothing yet: fine */
	write_table(t, k, "rows/a", 30, -1);
	assert_ok(S(t)->sink_event(k, &a));
	write_table(t, k, "rows/lost", 3000, 7);
	assert_ok(S(t)->sink_drop(k));
	write_table(t, k, "rows/b", 20, -1);
	assert_ok(S(t)->sink_event(k, &b));
	write_table(t, k, "rows/late", 10, 3);
	assert_ok(S(t)->sink_durable(k, "group", &written));
	assert_true(written);
	assert_ok(S(t)->sink_promote(k));
	S(t)->sink_close(k);
	is_sound(t);
	assert_string_equal(scratch_ask(t, "git -C " SNAPS " ls-tree "
					   "refs/snapshots/group | cut -c1-"),
			    scratch_ask(t,
					"printf '040000 tree %s\\t00000000\\n"
					"040000 tree %s\\t00000001\\n'",
					a.hex, b.hex));
	scratch_run(t,
		    "git -C " SNAPS " ls-tree -r --name-only %s | grep -q "
		    "^rows/b/",
		    b.hex);
	scratch_run(t,
		    "! git -C " SNAPS " ls-tree -r --name-only %s | grep "
		    "lost",
		    b.hex);
	/* nothing of what was dropped is in the pack */
	scratch_run(t, "test $(git -C " SNAPS " fsck --unreachable "
		       "2>/dev/null | grep -c unreachable) = 0");
}

static void sink__stores_again_only_what_changed(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b;
	long before, after;

	a = keep(t, "one", 5000, -1);
	before = atol(scratch_ask(t, "cat " SNAPS "/objects/pack/*.pack | wc "
				     "-c"));
	b = keep(t, "two", 5000, 250000);
	after = atol(scratch_ask(t, "cat " SNAPS "/objects/pack/*.pack | wc "
				    "-c"));
	assert_string_not_equal(a.hex, b.hex);
	/* one chunk, its group, the list of groups, trees and a commit */
	assert_true(after - before < before / 50);
	is_sound(t);
	scratch_store(t, ""); /* a new process finds it as well */
	b = keep(t, "three", 5000, 250000);
	assert_true(atol(scratch_ask(t, "cat " SNAPS
					"/objects/pack/*.pack | wc -c")) -
			    after <
		    1000);
}

static void sink__is_on_nobodys_way(void **state)
{
	struct scratch *t = *state;
	struct store_id id = keep(t, "secret", 10, -1);

	scratch_run(t, "git clone -q . there && ! git -C there cat-file -e %s",
		    id.hex);
	scratch_run(t,
		    "git clone -q --mirror . mirror.git && ! git -C "
		    "mirror.git cat-file -e %s && ! test -e "
		    "mirror.git/migrate",
		    id.hex);
	scratch_run(t,
		    "git init -q --bare b.git && git push -q b.git --mirror "
		    "&& ! git -C b.git cat-file -e %s",
		    id.hex);
	scratch_run(t, "git bundle create -q x.bundle --all && ! grep -q "
		       "'name 17' x.bundle");
	scratch_run(t,
		    "! git cat-file -e %s && test -z \"$(git status "
		    "--porcelain | grep migrate)\"",
		    id.hex);
}

struct asked {
	int n;
	enum store_pending answer;
	char key[64];
	struct store_id id;
};

static enum store_pending answer(void *payload, const char *key,
				 const struct store_id *event)
{
	struct asked *a = payload;

	a->n++;
	snprintf(a->key, sizeof(a->key), "%s", key);
	a->id = *event;
	return a->answer;
}

/* A child writes a snapshot, tells its id and dies before promoting. */
static struct store_id die_before_promote(struct scratch *t)
{
	struct store_id id = { "" };
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		struct snapshot_sink *k = new_sink(t);
		bool written;

		write_table(t, k, "rows/users", 400, -1);
		assert_ok(S(t)->sink_event(k, &id));
		assert_ok(S(t)->sink_durable(k, "e-1", &written));
		if (write(fds[1], id.hex, 40) == 40)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], id.hex, 40), 40);
	close(fds[0]);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	return id;
}

static void pending_settle__keeps_what_the_journal_has(void **state)
{
	struct scratch *t = *state;
	struct store_id id = die_before_promote(t);
	struct asked a = { .answer = STORE_PENDING_KEEP };
	struct snapshot_reader *r;

	scratch_run(t, "git -C " SNAPS " rev-parse -q --verify "
		       "refs/pending/e-1 >/dev/null");
	scratch_store(t, "");
	assert_ok(S(t)->pending_settle(t->s, answer, &a));
	assert_int_equal(a.n, 1);
	assert_string_equal(a.key, "e-1");
	assert_string_equal(a.id.hex, id.hex);
	scratch_run(t,
		    "git -C " SNAPS " rev-parse -q --verify "
		    "refs/snapshots/e-1 >/dev/null && test -z \"$(git -C " SNAPS
		    " for-each-ref refs/pending)\"");
	assert_ok(S(t)->pending_settle(t->s, answer, &a));
	assert_int_equal(a.n, 1);
	assert_ok(S(t)->reader_open(t->s, &id, &r));
	read_table(t, r, "rows/users", 400, -1);
	S(t)->reader_close(r);
	is_sound(t);
}

static void pending_settle__drops_what_it_lacks(void **state)
{
	struct scratch *t = *state;
	struct asked a = { .answer = STORE_PENDING_DROP };

	die_before_promote(t);
	scratch_run(t, "git -C " SNAPS " pack-refs --all"); /* also packed */
	scratch_store(t, "");
	assert_ok(S(t)->pending_settle(t->s, answer, &a));
	assert_int_equal(a.n, 1);
	scratch_run(t, "test -z \"$(git -C " SNAPS " for-each-ref)\"");
	is_sound(t);
}

static void pending_settle__leaves_what_is_not_known(void **state)
{
	struct scratch *t = *state;
	struct asked a = { .answer = STORE_PENDING_LEAVE };

	die_before_promote(t);
	scratch_store(t, "");
	assert_ok(S(t)->pending_settle(t->s, answer, &a));
	assert_int_equal(a.n, 1);
	scratch_run(t, "git -C " SNAPS " rev-parse -q --verify "
		       "refs/pending/e-1 >/dev/null && ! git -C " SNAPS
		       " rev-parse -q --verify refs/snapshots/e-1");
}

static void pending_settle__does_nothing_without_snapshots(void **state)
{
	struct scratch *t = *state;
	struct asked a = { .answer = STORE_PENDING_KEEP };

	scratch_store(t, "");
	assert_ok(S(t)->pending_settle(t->s, answer, &a));
	assert_int_equal(a.n, 0);
	scratch_run(t, "! test -e .git/migrate");
}

/* Killed while it writes: the next one clears up behind it. */
static void sink__clears_up_after_a_killed_one(void **state)
{
	struct scratch *t = *state;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		struct snapshot_sink *k = new_sink(t);
		struct store_id id;

		srand(3);
		assert_ok(S(t)->sink_file(k, "rows/x"));
		for (int i = 0; i < 2000; i++) {
			char noise[4096];

			for (size_t j = 0; j < sizeof(noise); j++)
				noise[j] = (char)rand();
			assert_ok(S(t)->sink_chunk(k, noise, sizeof(noise)));
		}
		assert_ok(S(t)->sink_event(k, &id));
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	scratch_run(t, "ls " SNAPS "/objects/pack | grep -q tmp_migrate_");
	keep(t, "next", 10, -1);
	is_sound(t);
	scratch_run(t, "test $(ls " SNAPS "/objects/pack | wc -l) = 2");
}

static void reader__goes_on_after_git_repacked(void **state)
{
	struct scratch *t = *state;
	struct store_id id = keep(t, "one", 700, -1);
	struct snapshot_reader *r;

	keep(t, "two", 700, 5);
	scratch_run(t, "git -C " SNAPS " repack -q -a -d -f --depth=50 "
		       "--window=50 && git -C " SNAPS " prune-packed -q");
	scratch_store(t, "");
	assert_ok(S(t)->reader_open(t->s, &id, &r));
	read_table(t, r, "rows/users", 700, -1);
	S(t)->reader_close(r);
	scratch_run(t, "cd " SNAPS " && mkdir x && mv objects/pack/*.pack x/p "
		       "&& rm -f objects/pack/* && git unpack-objects -q < x/p "
		       "&& rm -r x");
	scratch_store(t, ""); /* all loose now */
	assert_ok(S(t)->reader_open(t->s, &id, &r));
	read_table(t, r, "rows/users", 700, -1);
	S(t)->reader_close(r);
}

/* Two levels, groups of 256 and names of eight digits, as they once were. */
static void reader__reads_trees_of_earlier_versions(void **state)
{
	struct scratch *t = *state;
	struct store_id id = keep(t, "one", 700, -1), old;
	struct snapshot_reader *r;
	const char *hex;

	hex = scratch_ask(
		t,
		"cd " SNAPS " && git ls-tree -r %s rows/users | cut -d' ' -f3 "
		"| cut -f1 | split -l 256 - g. && n=0; for g in g.*; do "
		"awk '{ printf \"100644 blob %%s\\t%%08d\\n\", $1, NR - 1 }' "
		"$g | git mktree; done | awk '{ printf \"040000 tree "
		"%%s\\t%%08d\\n\", $1, NR - 1 }' | git mktree >f; rm g.*; "
		"(git ls-tree %s:rows | grep -v users; printf '040000 tree "
		"%%s\\tusers\\n' $(cat f)) | git mktree >d; (git ls-tree %s | "
		"grep -v rows; printf '040000 tree %%s\\trows\\n' $(cat d)) | "
		"git mktree",
		id.hex, id.hex, id.hex);
	snprintf(old.hex, sizeof(old.hex), "%.40s", hex);
	assert_string_not_equal(old.hex, id.hex);
	scratch_store(t, "");
	assert_ok(S(t)->reader_open(t->s, &old, &r));
	read_table(t, r, "rows/users", 700, -1);
	S(t)->reader_close(r);
}

static void reader__says_what_is_damaged(void **state)
{
	struct scratch *t = *state;
	struct store_id id = keep(t, "one", 300, -1), none = id;
	struct snapshot_reader *r;
	const char *data;
	size_t len;
	struct err *err = NULL;

	none.hex[0] = none.hex[0] == 'a' ? 'b' : 'a';
	assert_fails(S(t)->reader_open(t->s, &none, &r), ERR_REFUSED);
	scratch_run(t, "cd " SNAPS "/objects/pack && chmod u+w *.pack && for o "
		       "in 1000 2000 3000 9000; do printf XXXXXXXX | dd "
		       "of=$(ls *.pack) bs=1 seek=$o conv=notrunc "
		       "2>/dev/null; done");
	scratch_store(t, "");
	err = S(t)->reader_open(t->s, &id, &r);
	if (!err) {
		err = S(t)->reader_file(r, "rows/users");
		for (data = ""; !err && data;)
			err = S(t)->reader_chunk(r, &data, &len);
		S(t)->reader_close(r);
	}
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_STORE);
	err_free(err);
}

static void reader__has_nothing_where_nothing_was_kept(void **state)
{
	struct scratch *t = *state;
	struct store_id id = { "4b825dc642cb6eb9a060e54bf8d69288fbee4904" };
	struct snapshot_reader *r;

	scratch_store(t, "");
	assert_fails(S(t)->reader_open(t->s, &id, &r), ERR_REFUSED);
	assert_null(r);
}

/* The disk is full: said by sink_durable() at the latest, nothing left. */
static void sink__fails_clean_on_a_full_disk(void **state)
{
	struct scratch *t = *state;
	struct snapshot_sink *k;
	struct store_id id;
	struct err *err = NULL;
	bool written = false;
	char noise[8192];

	keep(t, "one", 3, -1);
	scratch_run(t, "mkdir -p small");
	if (scratch_try(t, "mount -t tmpfs -o size=512k none " SNAPS
			   "/objects/pack 2>/dev/null"))
		skip();
	k = new_sink(t);
	srand(3);
	err = S(t)->sink_file(k, "rows/x");
	for (int i = 0; i < 1000 && !err; i++) {
		for (size_t j = 0; j < sizeof(noise); j++)
			noise[j] = (char)rand();
		err = S(t)->sink_chunk(k, noise, sizeof(noise));
	}
	if (!err)
		err = S(t)->sink_event(k, &id);
	if (!err)
		err = S(t)->sink_durable(k, "full", &written);
	assert_non_null(err);
	assert_false(written);
	assert_int_equal(err_class_of(err), ERR_STORE);
	assert_non_null(err_hint_of(err));
	err_free(err);
	assert_fails(S(t)->sink_durable(k, "full", &written), ERR_STORE);
	S(t)->sink_close(k);
	scratch_run(t, "! ls " SNAPS "/objects/pack | grep .; umount " SNAPS
		       "/objects/pack");
	is_sound(t);
}

static void sink__works_in_a_bare_repository_and_a_worktree(void **state)
{
	struct scratch *t = *state;
	struct store_id a, b;
	struct snapshot_reader *r;

	scratch_run(t, "git worktree add -q side");
	scratch_store(t, "side");
	a = keep(t, "side", 5, -1);
	scratch_run(t, "test -d " SNAPS); /* shared by the worktrees */
	scratch_store(t, "");
	assert_ok(S(t)->reader_open(t->s, &a, &r));
	read_table(t, r, "rows/users", 5, -1);
	S(t)->reader_close(r);
	scratch_run(t, "git clone -q --bare . bare.git");
	scratch_store(t, "bare.git");
	b = keep(t, "bare", 5, -1);
	assert_string_equal(a.hex, b.hex);
	scratch_run(t, "git -C bare.git/migrate/snapshots.git fsck --strict");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(sink__gives_back_what_it_took),
		in_repo(sink__writes_nothing_without_an_event),
		in_repo(sink_drop__forgets_the_event),
		in_repo(sink__stores_again_only_what_changed),
		in_repo(sink__is_on_nobodys_way),
		in_repo(pending_settle__keeps_what_the_journal_has),
		in_repo(pending_settle__drops_what_it_lacks),
		in_repo(pending_settle__leaves_what_is_not_known),
		in_repo(pending_settle__does_nothing_without_snapshots),
		in_repo(sink__clears_up_after_a_killed_one),
		in_repo(reader__goes_on_after_git_repacked),
		in_repo(reader__reads_trees_of_earlier_versions),
		in_repo(reader__says_what_is_damaged),
		in_repo(reader__has_nothing_where_nothing_was_kept),
		in_repo(sink__fails_clean_on_a_full_disk),
		in_repo(sink__works_in_a_bare_repository_and_a_worktree),
	};

	return cmocka_run_group_tests_name("gitstore/snapshot", tests, NULL,
					   NULL);
}
