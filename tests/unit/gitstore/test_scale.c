#include "unit/gitstore/scratch.h"

#include <sys/wait.h>

#define S(t) ((t)->s->ops)
#define LEDGER "refs/migrate/db/" UUID "/ledger"
#define SNAPS ".git/migrate/snapshots.git"

/* --- snapshots of no, one, and very many chunks --- */

static size_t chunk_text(char out[64], int file, int i)
{
	return (size_t)snprintf(out, 64, "file %d chunk %d %ld\n", file, i,
				(long)i * 2654435761 % 1000003);
}

static void write_file(struct scratch *t, struct snapshot_sink *k, int file,
		       int chunks)
{
	char path[32], text[64];

	snprintf(path, sizeof(path), "rows/t%d", file);
	assert_ok(S(t)->sink_file(k, path));
	for (int i = 0; i < chunks; i++)
		assert_ok(S(t)->sink_chunk(k, text, chunk_text(text, file, i)));
}

static void read_file(struct scratch *t, struct snapshot_reader *r, int file,
		      int chunks)
{
	char path[32], text[64];
	const char *data;
	size_t len;

	snprintf(path, sizeof(path), "rows/t%d", file);
	assert_ok(S(t)->reader_file(r, path));
	for (int i = 0; i < chunks; i++) {
		size_t n = chunk_text(text, file, i);

		assert_ok(S(t)->reader_chunk(r, &data, &len));
		if (!data || len != n || memcmp(data, text, n) != 0)
			fail_msg("file of %d: chunk %d is another", chunks, i);
	}
	assert_ok(S(t)->reader_chunk(r, &data, &len));
	assert_null(data);
}

static void sink__takes_any_number_of_chunks(void **state)
{
	static const int sizes[] = { 0, 1, 255, 256, 257, 4095, 4096, 70000 };
	struct scratch *t = *state;
	struct snapshot_sink *k;
	struct snapshot_reader *r;
	struct store_id id;
	bool written;

	scratch_store(t, "");
	assert_ok(S(t)->sink_open(t->s, &k));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		write_file(t, k, (int)i, sizes[i]);
	assert_ok(S(t)->sink_event(k, &id));
	assert_ok(S(t)->sink_durable(k, "key", &written));
	assert_true(written);
	assert_ok(S(t)->sink_promote(k));
	S(t)->sink_close(k);
	scratch_store(t, ""); /* as another process would see it */
	assert_ok(S(t)->reader_open(t->s, &id, &r));
	for (size_t i = ARRAY_LEN(sizes); i-- > 0;)
		read_file(t, r, (int)i, sizes[i]);
	S(t)->reader_close(r);
	/* docs/snapshots.md: reading is the blobs, one behind the other */
	scratch_run(t,
		    "git -C " SNAPS " ls-tree -r %s rows/t4 | cut -c 13-52 | "
		    "while read id; do git -C " SNAPS " cat-file blob $id; "
		    "done | cut -d' ' -f 4 > numbers; seq 0 256 | cmp - "
		    "numbers",
		    id.hex);
	assert_int_equal(atoi(scratch_ask(t,
					  "git -C " SNAPS " ls-tree -r %s "
					  "rows/t7 | wc -l",
					  id.hex)),
			 70000);
	scratch_run(t, "git -C " SNAPS " fsck --strict --no-dangling "
		       "--no-progress 2>&1 | grep -v ^notice: | (! grep .)");
}

/* --- a ledger's tree, as git lists it --- */

static void put(struct scratch *t, struct ledger *l, const char *path,
		const char *text)
{
	assert_ok(S(t)->ledger_put(l, path, text, text ? strlen(text) : 0));
}

static void ledger_commit__makes_the_tree_that_git_makes(void **state)
{
	/* names that sort otherwise as folders than as files */
	static const char *const paths[] = {
		"schema/tables/a.sql",
		"schema/tables/a/b.sql",
		"schema/tables-x.sql",
		"schema/tables0.sql",
		"schema.sql",
		"schema-/z.sql",
		"x/\xc3\xa9t\xc3\xa9",
		"x/with blank",
		"x/y/z/deep/er",
		"x/y.z",
		"x/y-",
		"x/y0",
		"X/upper",
		"x/.hidden",
	};
	struct scratch *t = *state;
	struct store_id id;
	struct ledger *l;

	scratch_store(t, "");
	assert_ok(S(t)->ledger_new(t->s, &l));
	scratch_run(t, "mkdir w && cd w && git init -q");
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
			bool gone = round == 1 && i % 3 == 0;
			char text[32];

			snprintf(text, sizeof(text), "%zu of %zu", i, round);
			put(t, l, paths[i], gone ? NULL : text);
			if (gone)
				scratch_run(t, "rm 'w/%s'", paths[i]);
			else
				scratch_run(t,
					    "mkdir -p \"$(dirname 'w/%s')\" && "
					    "printf '%s' > 'w/%s'",
					    paths[i], text, paths[i]);
		}
		assert_ok(S(t)->ledger_commit(l, WHO, WHO, "m\n", &id));
		assert_ok(S(t)->ledger_flush(l));
		scratch_run(t,
			    "git -C w add -A && git -C w ls-tree -r $(git -C w "
			    "write-tree) > theirs && git ls-tree -r %s | diff "
			    "theirs - && test $(git -C w write-tree) = $(git "
			    "rev-parse %s^{tree})",
			    id.hex, id.hex);
	}
	S(t)->ledger_close(l);
}

/* --- eight processes, each moves the ledger on by five --- */

#define PROCESSES 8
#define STEPS 5

/* As a runner does: read the tip, commit on it, move; again when it lost. */
static int move_on(struct scratch *t, int who)
{
	for (int done = 0, tries = 0; done < STEPS && tries < 2000; tries++) {
		struct store_id tip, next;
		struct ledger *l;
		struct err *err;
		char text[32];

		if (gitstore_open(&t->s, t->dir) ||
		    S(t)->ledger_tip(t->s, UUID, &tip) ||
		    S(t)->ledger_new(t->s, &l))
			return 2;
		if (*tip.hex && S(t)->ledger_load(l, &tip))
			return 3;
		snprintf(text, sizeof(text), "%d-%d\n", who, done);
		if (S(t)->ledger_put(l, text, text, strlen(text) - 1) ||
		    S(t)->ledger_commit(l, WHO, WHO, text, &next) ||
		    S(t)->ledger_flush(l))
			return 4;
		S(t)->ledger_close(l);
		err = S(t)->ledger_move(t->s, UUID, "dev", &tip, &next, "on");
		if (!err)
			done++;
		else if (err_class_of(err) != ERR_STATE)
			return 5;
		err_free(err);
		t->s->ops->close(t->s);
		t->s = NULL;
		if (done == STEPS)
			return 0;
	}
	return 6;
}

static void ledger_move__loses_nothing_between_processes(void **state)
{
	struct scratch *t = *state;
	pid_t pids[PROCESSES];
	int status;

	fflush(NULL);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			_exit(move_on(t, i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(atoi(scratch_ask(t, "git rev-list --count " LEDGER)),
			 PROCESSES * STEPS);
	assert_int_equal(atoi(scratch_ask(t, "git log --format=%%s " LEDGER
					     " | sort -u | wc -l")),
			 PROCESSES * STEPS);
	assert_int_equal(atoi(scratch_ask(t, "git reflog " LEDGER " | wc -l")),
			 PROCESSES * STEPS);
	scratch_run(t, "git fsck --strict --no-dangling --no-progress 2>&1 | "
		       "(! grep .)");
	scratch_run(t, "test -z \"$(find .git -name '*.lock' -o -name "
		       "'tmp_*')\"");
}

/* --- the work tree, looked at beside other work --- */

static struct err *note(void *payload, const struct source_entry *e)
{
	buf_addf(payload, "%d %s %s%s\n", (int)e->kind, e->path,
		 e->blob ? e->blob : "-", e->dirty ? " dirty" : "");
	return NULL;
}

static void list_worktree(struct scratch *t, const char *expect,
			  const char *dir, struct buf *out)
{
	struct source *src;

	scratch_store(t, "");
	if (expect)
		S(t)->expect_worktree(t->s, expect);
	assert_ok(S(t)->source(t->s, NULL, dir, &src));
	buf_reset(out);
	assert_ok(src->ops->list(src, note, out));
	src->ops->close(src);
}

static void expect_worktree__gives_the_same_list(void **state)
{
	static const char *const scenes[] = {
		"true",
		"echo new > migrations/2.sql",
		"git add migrations/2.sql",
		"echo changed >> migrations/1.sql",
		"mkdir migrations/sub && echo x > migrations/sub/3.sql",
		"ln -s 1.sql migrations/link.sql",
		"git commit -qam all",
		"rm migrations/2.sql",
		"echo '*.tmp' > .gitignore && echo x > migrations/a.tmp",
		"mv migrations/1.sql migrations/one.sql",
		"echo '*.sql eol=crlf' > .gitattributes",
		"git checkout -q --detach && rm -rf migrations/sub",
		"rm -rf migrations",
	};
	struct buf plain = BUF_INIT, ahead = BUF_INIT;
	struct scratch *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
		scratch_run(t, "%s", scenes[i]);
		list_worktree(t, NULL, "migrations", &plain);
		list_worktree(t, "migrations", "migrations", &ahead);
		assert_string_equal(buf_str(&plain), buf_str(&ahead));
		list_worktree(t, "elsewhere", "migrations", &ahead);
		assert_string_equal(buf_str(&plain), buf_str(&ahead));
		list_worktree(t, NULL, "", &plain);
		list_worktree(t, "", "", &ahead);
		assert_string_equal(buf_str(&plain), buf_str(&ahead));
	}
	buf_release(&plain);
	buf_release(&ahead);
}

/* A second look sees what changed since; one never taken is no leak. */
static void expect_worktree__is_good_for_one_look(void **state)
{
	struct scratch *t = *state;
	struct buf b = BUF_INIT;
	struct source *src;

	scratch_store(t, "");
	S(t)->expect_worktree(t->s, "migrations");
	S(t)->expect_worktree(t->s, "migrations");
	assert_ok(S(t)->source(t->s, NULL, "migrations", &src));
	assert_ok(src->ops->list(src, note, &b));
	assert_null(strstr(b.data, "9.sql"));
	scratch_run(t, "echo x > migrations/9.sql");
	buf_reset(&b);
	assert_ok(src->ops->list(src, note, &b));
	assert_non_null(strstr(b.data, "9.sql"));
	src->ops->close(src);
	scratch_store(t, "");
	S(t)->expect_worktree(t->s, "migrations");
	buf_release(&b);
}

/* A linked work tree has files and an index of its own. */
static void expect_worktree__of_a_linked_one_is_its_own(void **state)
{
	struct buf plain = BUF_INIT, ahead = BUF_INIT;
	struct scratch *t = *state;
	struct source *src;

	scratch_run(t, "git worktree add -q linked && echo x > "
		       "linked/migrations/only-here.sql");
	for (int i = 0; i < 2; i++) {
		struct buf *out = i ? &ahead : &plain;

		scratch_store(t, "linked");
		if (i)
			S(t)->expect_worktree(t->s, "migrations");
		assert_ok(S(t)->source(t->s, NULL, "migrations", &src));
		assert_ok(src->ops->list(src, note, out));
		src->ops->close(src);
	}
	assert_string_equal(plain.data, ahead.data);
	assert_non_null(strstr(ahead.data, "only-here.sql"));
	buf_release(&plain);
	buf_release(&ahead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(sink__takes_any_number_of_chunks),
		in_repo(ledger_commit__makes_the_tree_that_git_makes),
		in_repo(ledger_move__loses_nothing_between_processes),
		in_repo(expect_worktree__gives_the_same_list),
		in_repo(expect_worktree__is_good_for_one_look),
		in_repo(expect_worktree__of_a_linked_one_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
