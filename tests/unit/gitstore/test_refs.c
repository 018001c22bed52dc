#include "unit/gitstore/scratch.h"

#include <sys/wait.h>

#include "gitstore/refname.h"

#define S(t) ((t)->s->ops)
#define LEDGER "refs/migrate/db/" UUID "/ledger"

/* n ledger commits, each on the one before. */
static void commits(struct scratch *t, struct store_id *out, size_t n)
{
	struct ledger *l;

	if (!t->s)
		scratch_store(t, "");
	assert_ok(S(t)->ledger_new(t->s, &l));
	for (size_t i = 0; i < n; i++)
		assert_ok(S(t)->ledger_commit(l, WHO, WHO, "apply\n", &out[i]));
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
}

static struct err *move(struct scratch *t, const struct store_id *prev,
			const struct store_id *next)
{
	return S(t)->ledger_move(t->s, UUID, "dev", prev, next, "apply 1");
}

static void ledger_move__compares_before_it_swaps(void **state)
{
	struct scratch *t = *state;
	struct store_id c[3], tip, none = { "" };

	commits(t, c, 3);
	assert_ok(S(t)->ledger_tip(t->s, UUID, &tip));
	assert_string_equal(tip.hex, "");
	assert_fails(move(t, &c[0], &c[1]), ERR_STATE); /* nothing there */
	assert_ok(move(t, &none, &c[0]));
	assert_fails(move(t, &none, &c[1]), ERR_STATE); /* something is */
	assert_fails(move(t, NULL, &c[1]), ERR_STATE);
	assert_fails(move(t, &c[1], &c[2]), ERR_STATE); /* another is */
	assert_ok(S(t)->ledger_tip(t->s, UUID, &tip));
	assert_string_equal(tip.hex, c[0].hex);
	assert_ok(move(t, &c[0], &c[1]));
	assert_ok(S(t)->ledger_tip(t->s, UUID, &tip));
	assert_string_equal(tip.hex, c[1].hex);
	assert_string_equal(scratch_ask(t, "git rev-parse " LEDGER), c[1].hex);
}

static void reflog_is_kept(struct scratch *t, const char *repo)
{
	struct store_id c[3], none = { "" };

	scratch_store(t, repo);
	commits(t, c, 3);
	assert_ok(move(t, &none, &c[0]));
	assert_ok(move(t, &c[0], &c[1]));
	assert_ok(move(t, &c[1], &c[2]));
	assert_string_equal(
		scratch_ask(t,
			    "git -C ./%s reflog show "
			    "--format='%%H %%gs %%gn <%%ge>' " LEDGER,
			    repo),
		scratch_ask(t,
			    "for c in %s %s %s; do echo $c "
			    "'apply 1 Ann <ann@example.com>'; "
			    "done",
			    c[2].hex, c[1].hex, c[0].hex));
	scratch_run(t, "git -C ./%s fsck --strict", repo);
}

static void ledger_move__keeps_a_log_everywhere(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git clone -q --bare . bare.git && git clone -q . off "
		       "&& git -C off config core.logAllRefUpdates false && "
		       "git clone -q . always && git -C always config "
		       "core.logAllRefUpdates always");
	reflog_is_kept(t, "");
	reflog_is_kept(t, "bare.git");
	reflog_is_kept(t, "off");
	reflog_is_kept(t, "always");
}

static void ledger_of_target__follows_the_symbolic_ref(void **state)
{
	static const char *const targets[] = { "dev", "a/b",    "../x", "@{-1}",
					       "ünï", "x.lock", "-q",   "a b" };
	struct scratch *t = *state;
	struct store_id c[1], none = { "" };
	char uuid[37] = "x";

	commits(t, c, 1);
	assert_ok(move(t, &none, &c[0]));
	assert_ok(S(t)->ledger_of_target(t->s, "other", uuid));
	assert_string_equal(uuid, "");
	assert_ok(S(t)->ledger_of_target(t->s, "dev", uuid));
	assert_string_equal(uuid, UUID);
	assert_string_equal(scratch_ask(t, "git symbolic-ref "
					   "refs/migrate/ledger/dev"),
			    LEDGER);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		assert_ok(S(t)->ledger_move(t->s, UUID, targets[i], &c[0],
					    &c[0], "same"));
		assert_ok(S(t)->ledger_of_target(t->s, targets[i], uuid));
		assert_string_equal(uuid, UUID);
	}
	assert_int_equal(atoi(scratch_ask(t, "git for-each-ref "
					     "refs/migrate/ledger | wc -l")),
			 (int)ARRAY_LEN(targets));
}

static void ledger_forget__drops_the_name_only(void **state)
{
	struct scratch *t = *state;
	struct store_id c[1], none = { "" };
	char uuid[37];

	commits(t, c, 1);
	assert_ok(S(t)->ledger_forget(t->s, "dev")); /* nothing there */
	assert_ok(move(t, &none, &c[0]));
	assert_ok(S(t)->ledger_forget(t->s, "dev"));
	assert_ok(S(t)->ledger_of_target(t->s, "dev", uuid));
	assert_string_equal(uuid, "");
	assert_string_equal(scratch_ask(t, "git rev-parse " LEDGER), c[0].hex);
	assert_ok(move(t, &c[0], &c[0]));
	scratch_run(t, "git pack-refs --all");
	assert_ok(S(t)->ledger_forget(t->s, "dev"));
	assert_ok(S(t)->ledger_of_target(t->s, "dev", uuid));
	assert_string_equal(uuid, "");
}

static void ledger_move__leaves_the_target_when_another_ledger_comes(
	void **state)
{
	struct scratch *t = *state;
	const char *other = "ffffffff-89ab-cdef-0123-456789abcdef";
	struct store_id c[1], none = { "" };
	char uuid[37];

	commits(t, c, 1);
	assert_ok(move(t, &none, &c[0]));
	assert_ok(S(t)->ledger_move(t->s, other, "dev", &none, &c[0], "new"));
	assert_ok(S(t)->ledger_of_target(t->s, "dev", uuid));
	assert_string_equal(uuid, other);
	assert_string_equal(scratch_ask(t, "git rev-parse " LEDGER), c[0].hex);
}

/* Eight processes want to move it from the same place: one does. */
static void ledger_move__lets_one_of_many_win(void **state)
{
	struct scratch *t = *state;
	struct store_id c[9], none = { "" }, tip;
	pid_t pids[8];
	int won = 0, lost = 0, status;

	commits(t, c, 9);
	assert_ok(move(t, &none, &c[8]));
	t->s->ops->close(t->s);
	t->s = NULL;
	fflush(NULL);
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct err *err;

			if (gitstore_open(&t->s, t->dir))
				_exit(9);
			err = move(t, &c[8], &c[i]);
			_exit(!err                             ? 0
			      : err_class_of(err) == ERR_STATE ? 1
							       : 2);
		}
	}
	for (int i = 0; i < 8; i++) {
		waitpid(pids[i], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		won += WEXITSTATUS(status) == 0;
		lost += WEXITSTATUS(status) == 1;
	}
	assert_int_equal(won, 1);
	assert_int_equal(lost, 7);
	scratch_store(t, "");
	assert_ok(S(t)->ledger_tip(t->s, UUID, &tip));
	assert_string_not_equal(tip.hex, c[8].hex);
	assert_int_equal(atoi(scratch_ask(t, "git reflog " LEDGER " | wc -l")),
			 2);
}

static void ledger_move__waits_for_a_lock_that_goes(void **state)
{
	struct scratch *t = *state;
	struct store_id c[2], none = { "" };

	commits(t, c, 2);
	assert_ok(move(t, &none, &c[0]));
	scratch_run(t, "touch .git/" LEDGER
		       ".lock; { sleep 0.2; rm .git/" LEDGER ".lock; } & true");
	assert_ok(move(t, &c[0], &c[1]));
	/* one that died with it */
	scratch_run(t, "touch -d '-4 seconds' .git/" LEDGER ".lock");
	assert_ok(move(t, &c[1], &c[0]));
	/* one that lives and does not let go */
	scratch_run(t, "{ for i in $(seq 40); do touch .git/" LEDGER
		       ".lock; sleep 0.2; done; rm .git/" LEDGER
		       ".lock; } & true");
	usleep(100000);
	assert_fails(move(t, &c[0], &c[1]), ERR_STATE);
	scratch_run(t, "sleep 4");
}

static void ledger_keep_sources__survives_gc(void **state)
{
	struct scratch *t = *state;
	struct store_commit a, b, main_tip;
	struct store_id all[2];

	scratch_run(t, "git checkout -q -b x && git commit -q --allow-empty -m "
		       "x && git checkout -q -b y main && git commit -q "
		       "--allow-empty -m y && git checkout -q main");
	scratch_store(t, "");
	assert_ok(S(t)->resolve(t->s, "x", &a));
	assert_ok(S(t)->resolve(t->s, "y", &b));
	assert_ok(S(t)->resolve(t->s, "main", &main_tip));
	assert_ok(S(t)->ledger_keep_sources(t->s, "dev", &main_tip.id, 1));
	assert_string_equal(scratch_ask(t, "git rev-parse "
					   "refs/migrate/sources/dev^@"),
			    main_tip.id.hex);
	all[0] = a.id;
	all[1] = b.id;
	assert_ok(S(t)->ledger_keep_sources(t->s, "dev", all, 2));
	/* main is in both: it need not be named any more */
	assert_string_equal(
		scratch_ask(t, "git rev-parse "
			       "refs/migrate/sources/dev^@"),
		scratch_ask(t, "echo %s; echo %s", a.id.hex, b.id.hex));
	scratch_run(t, "git rev-parse refs/migrate/sources/dev > before");
	assert_ok(S(t)->ledger_keep_sources(t->s, "dev", &main_tip.id, 1));
	assert_ok(S(t)->ledger_keep_sources(t->s, "dev", all, 2));
	assert_ok(S(t)->ledger_keep_sources(t->s, "dev", NULL, 0));
	scratch_run(t, "git rev-parse refs/migrate/sources/dev | cmp - before");
	scratch_run(t,
		    "git branch -q -D x y && git reflog expire --expire=all "
		    "--all && git gc -q --prune=now && git cat-file -e %s "
		    "&& git cat-file -e %s && git fsck --strict",
		    a.id.hex, b.id.hex);
	store_commit_release(&a);
	store_commit_release(&b);
	store_commit_release(&main_tip);
}

static void ledger_keep_sources__skips_what_the_clone_lacks(void **state)
{
	struct scratch *t = *state;
	struct store_id none = { "1111111111111111111111111111111111111111" };

	scratch_store(t, "");
	assert_ok(S(t)->ledger_keep_sources(t->s, "dev", &none, 1));
	scratch_run(t, "! git rev-parse -q --verify refs/migrate/sources/dev");
}

static void ledger_archive__never_replaces(void **state)
{
	struct scratch *t = *state;
	struct store_id c[2];

	commits(t, c, 2);
	assert_ok(S(t)->ledger_archive(t->s, UUID, &c[0], 1700000000));
	assert_ok(S(t)->ledger_archive(t->s, UUID, &c[0], 1700000000));
	assert_ok(S(t)->ledger_archive(t->s, UUID, &c[1], 1700000000));
	assert_string_equal(
		scratch_ask(t, "git for-each-ref --format='%%(refname) "
			       "%%(objectname)' refs/migrate/archive"),
		scratch_ask(t,
			    "echo refs/migrate/archive/" UUID "/20231114221320 "
			    "%s; echo refs/migrate/archive/" UUID
			    "/20231114221320-2 %s",
			    c[0].hex, c[1].hex));
}

static void refname__is_valid_and_unique(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "dev", "dev" },         { "a.b-c_D9", "a.b-c_D9" },
		{ ".x", "%2Ex" },         { "x.", "x%2E" },
		{ "a..b", "a%2E.b" },     { "x.lock", "x%2Elock" },
		{ "-d", "%2Dd" },         { "a/b", "a%2Fb" },
		{ "%41", "%2541" },       { "a b\n", "a%20b%0A" },
		{ "\xc3\xbc", "%C3%BC" }, { "@", "%40" },
	};
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT;

		gs_refname_add(&b, cases[i].text);
		assert_string_equal(b.data, cases[i].want);
		scratch_run(t, "git check-ref-format 'refs/migrate/ledger/%s'",
			    b.data);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(ledger_move__compares_before_it_swaps),
		in_repo(ledger_move__keeps_a_log_everywhere),
		in_repo(ledger_of_target__follows_the_symbolic_ref),
		in_repo(ledger_forget__drops_the_name_only),
		in_repo(ledger_move__leaves_the_target_when_another_ledger_comes),
		in_repo(ledger_move__lets_one_of_many_win),
		in_repo(ledger_move__waits_for_a_lock_that_goes),
		in_repo(ledger_keep_sources__survives_gc),
		in_repo(ledger_keep_sources__skips_what_the_clone_lacks),
		in_repo(ledger_archive__never_replaces),
		in_folder(refname__is_valid_and_unique),
	};

	return cmocka_run_group_tests_name("gitstore/refs", tests, NULL, NULL);
}
