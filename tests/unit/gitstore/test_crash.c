#include "unit/gitstore/scratch.h"

#include <signal.h>
#include <sys/wait.h>

/*
 * The process dies at each named place, and at random: the repositories are
 * sound, and the next one goes on. Names are passed through the environment
 * (base/crash.h), so a build without crash points skips the first half.
 */

#define S(t) ((t)->s->ops)
#define SNAPS ".git/migrate/snapshots.git"

static struct store_id event_of(struct scratch *t, struct snapshot_sink *k,
				int seed)
{
	struct store_id id;

	assert_ok(S(t)->sink_file(k, "rows/t"));
	for (int i = 0; i < 300; i++) {
		char text[2000];
		int n = snprintf(text, sizeof(text), "%d %d %01900d\n", seed, i,
				 i);

		assert_ok(S(t)->sink_chunk(k, text, (size_t)n));
	}
	assert_ok(S(t)->sink_event(k, &id));
	return id;
}

/* What one run does; the ids are the same in every process. */
static void work(struct scratch *t, int seed)
{
	struct store_id commit, tip;
	struct snapshot_sink *k;
	struct ledger *l;
	char key[16], path[32];
	bool written;

	scratch_store(t, "");
	assert_ok(S(t)->ledger_tip(t->s, UUID, &tip));
	assert_ok(S(t)->ledger_new(t->s, &l));
	if (tip.hex[0])
		assert_ok(S(t)->ledger_load(l, &tip));
	snprintf(path, sizeof(path), "migrations/%d", seed);
	assert_ok(S(t)->ledger_put(l, path, path, strlen(path)));
	assert_ok(S(t)->ledger_commit(l, WHO, WHO, "apply\n", &commit));
	assert_ok(S(t)->sink_open(t->s, &k));
	event_of(t, k, seed);
	snprintf(key, sizeof(key), "e%d", seed);
	assert_ok(S(t)->sink_durable(k, key, &written));
	assert_ok(S(t)->ledger_flush(l));
	assert_ok(S(t)->ledger_move(t->s, UUID, "dev", &tip, &commit, "x"));
	assert_ok(S(t)->sink_promote(k));
	S(t)->sink_close(k);
	S(t)->ledger_close(l);
}

static enum store_pending yes(void *payload, const char *key,
			      const struct store_id *event)
{
	(void)key;
	(void)event;
	return *(bool *)payload ? STORE_PENDING_KEEP : STORE_PENDING_DROP;
}

/* Nothing is broken, and another run works. */
static void goes_on(struct scratch *t, int seed, bool keep)
{
	scratch_run(t, "git fsck --strict --no-dangling --no-progress");
	scratch_run(t, "! test -e " SNAPS " || git -C " SNAPS " fsck --strict "
		       "--no-dangling --no-progress 2>/dev/null");
	scratch_store(t, "");
	assert_ok(S(t)->pending_settle(t->s, yes, &keep));
	scratch_run(t, "! test -e " SNAPS " || test -z \"$(git -C " SNAPS
		       " for-each-ref refs/pending)\"");
	work(t, seed);
	scratch_run(
		t,
		"git fsck --strict --no-dangling --no-progress && git -C " SNAPS
		" fsck --strict --no-dangling --no-progress "
		"2>/dev/null && ! ls " SNAPS "/objects/pack | grep "
		"tmp_");
	scratch_run(t,
		    "git -C " SNAPS " rev-parse -q --verify "
		    "refs/snapshots/e%d >/dev/null",
		    seed);
	scratch_run(t, "git cat-file -e refs/migrate/ledger/dev:migrations/%d",
		    seed);
}

static int run_child(struct scratch *t, int seed, const char *crash)
{
	int status;
	pid_t pid;

	if (t->s)
		t->s->ops->close(t->s);
	t->s = NULL;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (crash)
			setenv("GIT_MIGRATE_CRASH", crash, 1);
		work(t, seed);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void store__survives_death_at_each_named_place(void **state)
{
	static const char *const places[] = {
		"pack-written", "pack-named",         "pack-written:2",
		"pack-named:2", "snapshot-packing",   "snapshot-packed",
		"ledger-moved", "snapshot-promoting", "snapshot-promoted",
	};
	struct scratch *t = *state;

#ifndef CRASH_POINTS
	skip();
#endif
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		int status = run_child(t, (int)i * 2, places[i]);

		if (!WIFSIGNALED(status))
			fail_msg("nobody died at %s", places[i]);
		goes_on(t, (int)i * 2 + 1, i % 2 == 0);
	}
}

/* Killed after some milliseconds, wherever that is. */
static void store__survives_death_at_any_time(void **state)
{
	struct scratch *t = *state;
	int killed = 0;

	srand(23);
	for (int i = 0; i < 15; i++) {
		int status;
		pid_t pid;

		if (t->s)
			t->s->ops->close(t->s);
		t->s = NULL;
		fflush(NULL);
		pid = fork();
		if (!pid) {
			for (int j = 0; j < 1000; j++)
				work(t, 100000 + i * 1000 + j);
			_exit(0);
		}
		usleep((useconds_t)(rand() % 60000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += WIFSIGNALED(status);
		goes_on(t, i, i % 2 == 0);
	}
	assert_int_equal(killed, 15);
}

/* Many make the snapshots' repository at once: one is left, and whole. */
static void vault__is_made_by_one_of_many(void **state)
{
	struct scratch *t = *state;
	pid_t pids[6];
	int status;

	fflush(NULL);
	for (int i = 0; i < 6; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct snapshot_sink *k;
			bool written;
			char key[16];

			scratch_store(t, "");
			assert_ok(S(t)->sink_open(t->s, &k));
			event_of(t, k, i / 2);
			snprintf(key, sizeof(key), "k%d", i);
			assert_ok(S(t)->sink_durable(k, key, &written));
			assert_ok(S(t)->sink_promote(k));
			S(t)->sink_close(k);
			_exit(0);
		}
	}
	for (int i = 0; i < 6; i++) {
		waitpid(pids[i], &status, 0);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	scratch_run(t, "test \"$(ls .git/migrate)\" = snapshots.git");
	scratch_run(t, "test $(git -C " SNAPS " for-each-ref refs/snapshots | "
		       "wc -l) = 6 && git -C " SNAPS " fsck --strict "
		       "--no-progress --no-dangling 2>/dev/null");
	scratch_run(t, "test $(git -C " SNAPS " config gc.auto) = 0 && test "
		       "$(git -C " SNAPS " config core.bare) = true");
}

/* A clone's owner only: no bit for group or others on the way in. */
static void vault__is_closed_to_others(void **state)
{
	struct scratch *t = *state;
	mode_t before = umask(0);

	work(t, 1);
	umask(before);
	assert_string_equal(scratch_ask(t, "stat -c %%a " SNAPS), "700");
	assert_string_equal(scratch_ask(t, "find " SNAPS "/objects " SNAPS
					   "/refs/snapshots -maxdepth 0 "
					   "-perm /077"),
			    "");
}

static void vault__that_is_damaged_is_an_error(void **state)
{
	struct scratch *t = *state;
	struct snapshot_sink *k;
	bool keep = true;

	scratch_run(t, "mkdir -p " SNAPS "/refs/pending && touch " SNAPS
		       "/refs/pending/x");
	scratch_store(t, "");
	assert_ok(S(t)->sink_open(t->s, &k));
	assert_fails(S(t)->sink_file(k, "a"), ERR_STORE);
	S(t)->sink_close(k);
	assert_fails(S(t)->pending_settle(t->s, yes, &keep), ERR_STORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(store__survives_death_at_each_named_place),
		in_repo(store__survives_death_at_any_time),
		in_repo(vault__is_made_by_one_of_many),
		in_repo(vault__is_closed_to_others),
		in_repo(vault__that_is_damaged_is_an_error),
	};

	return cmocka_run_group_tests_name("gitstore/crash", tests, NULL, NULL);
}
