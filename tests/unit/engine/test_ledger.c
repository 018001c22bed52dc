#include "support/unit.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* The ledger's ref, which the journal decides. */

static char *ledger_ref(struct eworld *w)
{
	struct buf b = BUF_INIT;
	char *ref;

	eworld_ask(w, &b,
		   "SELECT 'refs/migrate/db/' || value || '/ledger' FROM "
		   "git_migrate_meta WHERE key = 'uuid'");
	buf_truncate(&b, b.len - 1);
	ref = buf_detach(&b);
	return ref;
}

static void start(struct eworld *w)
{
	eworld_write(w, "1_a",
		     "CREATE TABLE a(id INTEGER PRIMARY KEY, x);\n"
		     "INSERT INTO a VALUES (1, 'one'), (2, 'two');");
	eworld_write(w, "2_b", "CREATE VIEW \"odd/na me\" AS SELECT 1;");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "3_c", "DELETE FROM a WHERE id = 1;");
	assert_ok(eworld_apply(w, NULL));
	assert_ok(eworld_back(w, 1));
}

static void ledger_sync__makes_the_same_commits_from_nothing(void **state)
{
	struct eworld *w = *state;
	char *ref, *tip;
	struct buf b = BUF_INIT;

	start(w);
	ref = ledger_ref(w);
	tip = xstrdup(memory_store_get_ref(&w->store, ref));
	memory_store_forget_ledgers(&w->store);
	memory_store_ref(&w->store, ref, NULL);
	assert_ok(eworld_status(w, NULL, &b));
	assert_string_equal(memory_store_get_ref(&w->store, ref), tip);
	assert_string_equal(buf_str(&w->notes), "");
	/* each of them, back to the root */
	for (const char *id = tip; *id;) {
		const struct memory_object *o =
			memory_object_find(&w->store, id);

		assert_non_null(o);
		assert_non_null(o->committer);
		id = o->parent;
	}
	eworld_check_ledger(w);
	free(ref);
	free(tip);
	buf_release(&b);
}

/* Another clone has neither the commits nor the migrations' blobs. */
static void ledger_sync__needs_nothing_but_the_journal(void **state)
{
	struct eworld *w = *state;
	char *ref, *tip;
	struct buf b = BUF_INIT;

	start(w);
	ref = ledger_ref(w);
	tip = xstrdup(memory_store_get_ref(&w->store, ref));
	memory_store_release(&w->store);
	memory_store_init(&w->store, w->dir);
	eworld_add(w, "9_z", "SELECT 1;");
	assert_ok(eworld_status(w, NULL, &b));
	assert_string_equal(memory_store_get_ref(&w->store, ref), tip);
	eworld_has(&b, "1_a foreign: not in this commit\n");
	assert_ok(eworld_apply(w, NULL));
	eworld_check_ledger(w);
	free(ref);
	free(tip);
	buf_release(&b);
}

static void ledger_sync__follows_where_it_is_behind(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	char *ref, *tip, old[41];

	start(w);
	ref = ledger_ref(w);
	tip = xstrdup(memory_store_get_ref(&w->store, ref));
	eworld_ask(w, &b,
		   "SELECT commit_hash FROM git_migrate_history WHERE "
		   "seq = 2");
	memcpy(old, buf_str(&b), 40);
	old[40] = '\0';
	memory_store_ref(&w->store, ref, old);
	memory_store_fail(&w->store, NULL);
	assert_ok(eworld_log(w, NULL, 0, &b));
	assert_string_equal(memory_store_get_ref(&w->store, ref), tip);
	/* only what was missing is made */
	assert_int_equal(w->store.calls[MEMORY_LEDGER_LOAD], 1);
	assert_int_equal(w->store.calls[MEMORY_LEDGER_COMMIT], 3);
	free(ref);
	free(tip);
	buf_release(&b);
}

static void go_back(struct eworld *w)
{
	start(w);
	eworld_copy_file(eworld_path(w, "dev.db"), eworld_path(w, "old.db"));
	assert_ok(eworld_apply(w, NULL));
	eworld_copy_file(eworld_path(w, "old.db"), eworld_path(w, "dev.db"));
}

static void restored__archives_what_the_ledger_had(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	char *ref, *ahead;

	go_back(w);
	ref = ledger_ref(w);
	ahead = xstrdup(memory_store_get_ref(&w->store, ref));
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes,
		   "warning: the database was restored to an earlier state; "
		   "what the ledger had (");
	eworld_has(&w->notes, "is kept under refs/migrate/archive/");
	assert_int_equal(
		memory_store_count_refs(&w->store, "refs/migrate/archive/"), 1);
	map_each (&w->store.refs, e) {
		if (starts_with(e->key, "refs/migrate/archive/"))
			assert_string_equal(e->value, ahead);
	}
	assert_string_equal(eworld_ask(w, &b,
				       "SELECT event, name FROM "
				       "git_migrate_history ORDER BY seq DESC "
				       "LIMIT 2"),
			    "apply|3_c\nrestored|\n");
	eworld_check_ledger(w);
	/* said once */
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->notes), "");
	free(ref);
	free(ahead);
	buf_release(&b);
}

static void restored__is_told_by_status(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	go_back(w);
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "3_c rolled_back\n");
	eworld_has(&b, "note: the database was restored: it is at ");
	eworld_has(&b, "; what the ledger had is kept under "
		       "refs/migrate/archive/");
	assert_string_equal(buf_str(&w->notes), "");
	eworld_check_ledger(w);
	/* and as long as nothing follows */
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "note: the database was restored");
	assert_ok(eworld_apply(w, NULL));
	assert_ok(eworld_status(w, NULL, &b));
	eworld_lacks(&b, "restored");
	buf_release(&b);
}

/* A reader that would have to wait says it, and leaves it to apply. */
static void restored__waits_for_a_database_that_is_free(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	sqlite3 *other = NULL;

	go_back(w);
	assert_int_equal(sqlite3_open(eworld_path(w, "dev.db"), &other),
			 SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
		SQLITE_OK);
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&w->notes, "warning: the ledger has events that this "
			      "database does not know: it was restored; the "
			      "next apply records that");
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "the database was restored");
	eworld_check_ledger(w);
	buf_release(&b);
}

static void restored__makes_the_old_commits_again(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	size_t n = 0;

	go_back(w);
	for (size_t i = 0; i < w->store.n_objects; i++)
		n += w->store.objects[i]->committer != NULL;
	assert_true(n > 4);
	memory_store_forget_ledgers(&w->store);
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "note: the database was restored");
	eworld_check_ledger(w);
	buf_release(&b);
}

struct rival {
	struct eworld *w;
	char *ref, *to;
};

/* Another process moves the ref in the moment before we do. */
static void move_first(void *payload)
{
	struct rival *r = payload;

	memory_store_ref(&r->w->store, r->ref, r->to);
}

static void ledger_sync__looks_again_when_it_was_slower(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	struct rival rival = { .w = w };

	start(w);
	rival.ref = ledger_ref(w);
	rival.to = xstrdup(memory_store_get_ref(&w->store, rival.ref));
	/* it is behind; the other one brings it up to date first */
	memory_store_ref(&w->store, rival.ref, NULL);
	w->store.before_move = move_first;
	w->store.payload = &rival;
	assert_ok(eworld_status(w, NULL, &b));
	assert_null(w->store.before_move);
	eworld_check_ledger(w);
	free(rival.ref);
	free(rival.to);
	buf_release(&b);
}

static void ledger_sync__gives_up_when_it_always_is(void **state)
{
	struct eworld *w = *state;
	struct memory_fault f = {
		.op = MEMORY_LEDGER_MOVE, .first = 1, .n = 99, .cls = ERR_STATE
	};
	struct buf b = BUF_INIT;
	char *ref;

	start(w);
	ref = ledger_ref(w);
	memory_store_ref(&w->store, ref, NULL);
	memory_store_fail(&w->store, &f);
	eworld_expect(eworld_status(w, NULL, &b), ERR_STATE, "ledger_move",
		      NULL);
	assert_int_equal(w->store.calls[MEMORY_LEDGER_MOVE], 5);
	memory_store_fail(&w->store, NULL);
	assert_ok(eworld_status(w, NULL, &b));
	eworld_check_ledger(w);
	free(ref);
	buf_release(&b);
}

static void move_ledger__leaves_a_lost_race_to_the_next(void **state)
{
	struct eworld *w = *state;
	struct memory_fault f = {
		.op = MEMORY_LEDGER_MOVE, .first = 1, .n = 1, .cls = ERR_STATE
	};
	struct buf b = BUF_INIT;

	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	memory_store_fail(&w->store, &f);
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "warning: the ledger will follow later: fault in "
			      "ledger_move");
	memory_store_fail(&w->store, NULL);
	assert_ok(eworld_status(w, NULL, &b));
	eworld_check_ledger(w);
	buf_release(&b);
}

static void replay_event__sees_a_journal_that_was_edited(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT, tip = BUF_INIT;
	char *ref;

	start(w);
	ref = ledger_ref(w);
	memory_store_forget_ledgers(&w->store);
	memory_store_ref(&w->store, ref, NULL);
	eworld_ask(w, &tip,
		   "SELECT commit_hash FROM git_migrate_history "
		   "WHERE seq = 2");
	eworld_ask(w, &b,
		   "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM "
		   "sqlite_schema WHERE type = 'trigger'");
	eworld_sql(w, buf_str(&b));
	eworld_sql(w, "UPDATE git_migrate_history SET author = 'Eve "
		      "<eve@example.com>' WHERE seq = 2");
	eworld_expect(eworld_status(w, NULL, &b), ERR_STATE,
		      "event 2 of the journal gives commit ",
		      "the journal was edited");
	eworld_sql(w, "UPDATE git_migrate_ledger SET delta = 'nonsense' WHERE "
		      "seq = 1");
	eworld_expect(eworld_status(w, NULL, &b), ERR_STATE, "event 1", NULL);
	free(ref);
	buf_release(&b);
	buf_release(&tip);
}

/* Run after run in a repository that may only be read. */
static void ledger_sync__waits_where_nothing_may_be_written(void **state)
{
	struct eworld *w = *state;
	const struct engine_apply_options opt = { .worktree = true };
	struct memory_fault f = { .op = MEMORY_LEDGER_FLUSH,
				  .first = 1,
				  .n = 99,
				  .cls = ERR_REFUSED };

	eworld_commit(w);
	memory_store_fail(&w->store, &f);
	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	assert_ok(eworld_apply(w, &opt));
	eworld_write(w, "2_b", "CREATE TABLE b(x);");
	/* one run may be ahead of its ledger, a second does not begin */
	eworld_expect(eworld_apply(w, &opt), ERR_REFUSED, "ledger_flush", NULL);
	eworld_has(&w->notes, "note: the ledger is not brought up to date: ");
	eworld_expect(eworld_back(w, 1), ERR_REFUSED, "ledger_flush", NULL);
	assert_int_equal(w->run.n_done, 0);
	assert_int_equal(memory_store_count_refs(&w->store, "refs/migrate/db"),
			 0);
	memory_store_fail(&w->store, NULL);
	assert_ok(eworld_apply(w, &opt));
	eworld_check_ledger(w);
}

static void ledger_message__tells_what_happened(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	eworld_add(w, "1_a",
		   "-- migrate:description the first of all\nCREATE TABLE a(x);"
		   "\nINSERT INTO a VALUES (1), (2);");
	assert_ok(eworld_apply(w, NULL));
	eworld_ask(w, &b,
		   "SELECT message FROM git_migrate_ledger WHERE seq = "
		   "2");
	eworld_has(&b, "apply 1_a to dev\n\nthe first of all\n\nMigration: "
		       "1_a\nBlob: ");
	eworld_has(&b, "\nTarget: dev\nEvent: 2\nStatements: 2\nRows: 2\n");
	eworld_has(&b, "\nSchema: ");
	eworld_has(&b, "\nShape: ");
	eworld_lacks(&b, "Author-From");
	assert_ok(eworld_back(w, 1));
	eworld_ask(w, &b,
		   "SELECT message FROM git_migrate_ledger WHERE seq = "
		   "3");
	eworld_has(&b, "rollback 1_a from dev\n");
	eworld_has(&b, "Event: 3\nReverts: 2\n");
	buf_release(&b);
}

static void ledger__holds_schema_and_files(void **state)
{
	struct eworld *w = *state;
	const struct memory_object *tip;
	char *ref;

	start(w);
	ref = ledger_ref(w);
	tip = memory_object_find(&w->store,
				 memory_store_get_ref(&w->store, ref));
	assert_non_null(memory_tree_get(&tip->tree, "migrations/1_a.sql"));
	assert_non_null(memory_tree_get(&tip->tree, "migrations/2_b.sql"));
	/* 3_c is rolled back */
	assert_null(memory_tree_get(&tip->tree, "migrations/3_c.sql"));
	assert_non_null(memory_tree_get(&tip->tree, "schema/tables/a.sql"));
	for (size_t i = 0; i < tip->tree.n; i++)
		assert_null(strstr(tip->tree.items[i].path, "git_migrate"));
	free(ref);
}

static void ledger__has_a_name_only_with_a_target(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	w->cfg.target = "";
	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_check_ledger(w);
	assert_int_equal(
		memory_store_count_refs(&w->store, "refs/migrate/ledger/"), 0);
	eworld_ask(w, &b,
		   "SELECT message FROM git_migrate_ledger WHERE seq = "
		   "2");
	eworld_has(&b, "apply 1_a to database\n");
	w->cfg.target = "dev";
	assert_ok(eworld_status(w, NULL, &b));
	assert_int_equal(
		memory_store_count_refs(&w->store, "refs/migrate/ledger/"), 1);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(ledger_sync__makes_the_same_commits_from_nothing),
		eworld_test(ledger_sync__needs_nothing_but_the_journal),
		eworld_test(ledger_sync__follows_where_it_is_behind),
		eworld_test(restored__archives_what_the_ledger_had),
		eworld_test(restored__is_told_by_status),
		eworld_test(restored__waits_for_a_database_that_is_free),
		eworld_test(restored__makes_the_old_commits_again),
		eworld_test(ledger_sync__looks_again_when_it_was_slower),
		eworld_test(ledger_sync__gives_up_when_it_always_is),
		eworld_test(move_ledger__leaves_a_lost_race_to_the_next),
		eworld_test(replay_event__sees_a_journal_that_was_edited),
		eworld_test(ledger_sync__waits_where_nothing_may_be_written),
		eworld_test(ledger_message__tells_what_happened),
		eworld_test(ledger__holds_schema_and_files),
		eworld_test(ledger__has_a_name_only_with_a_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
