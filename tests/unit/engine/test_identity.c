#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* Whose database is it: the journal's uuid, its place, and the target. */

static void start(struct eworld *w)
{
	eworld_add(w, "1_a", "CREATE TABLE a(x); INSERT INTO a VALUES (1);");
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "2_b", "CREATE TABLE b(x);");
}

static void copy_to(struct eworld *w, const char *name)
{
	eworld_copy_file(eworld_path(w, "dev.db"), eworld_path(w, name));
}

static void refuse_copy__knows_a_copy(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	start(w);
	copy_to(w, "copy.db");
	w->cfg.url = "sqlite:copy.db";
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      " of target 'dev' is a copy of the one at ",
		      "git migrate target accept --fork");
	/* once, not with a warning before it */
	assert_string_equal(buf_str(&w->notes), "");
	eworld_expect(eworld_back(w, 1), ERR_REFUSED, "is a copy of", "--same");
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&w->notes, "warning: this database is a copy of ");
	eworld_has(&w->notes, "git migrate target accept");
	eworld_has(&b, "1_a applied\n2_b pending\n");
	assert_ok(eworld_apply(
		w, &(struct engine_apply_options){ .dry_run = true }));
	assert_int_equal(w->run.n_steps, 1);
	eworld_has(&w->notes, "is a copy of");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "git_migrate_history"),
			 2);
	buf_release(&b);
}

static void refuse_copy__lets_a_move_be(void **state)
{
	struct eworld *w = *state;

	start(w);
	assert_int_equal(
		rename(eworld_path(w, "dev.db"), eworld_path(w, "moved.db")),
		0);
	w->cfg.url = "sqlite:moved.db";
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->notes), "");
	assert_int_equal(w->run.n_done, 1);
	eworld_check_ledger(w);
}

static void refuse_copy__lets_a_file_come_back_in_its_place(void **state)
{
	struct eworld *w = *state;

	start(w);
	copy_to(w, "backup.db");
	assert_int_equal(remove(eworld_path(w, "dev.db")), 0);
	/* so that it gets another inode */
	eworld_copy_file(eworld_path(w, "backup.db"), eworld_path(w, "x"));
	eworld_copy_file(eworld_path(w, "backup.db"), eworld_path(w, "dev.db"));
	assert_ok(eworld_apply(w, NULL));
	eworld_lacks(&w->notes, "copy");
	assert_int_equal(w->run.n_done, 1);
	eworld_check_ledger(w);
}

static void refuse_other__knows_another_database(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	start(w);
	w->cfg.target = "other";
	w->cfg.url = "sqlite:other.db";
	assert_ok(eworld_apply(w, NULL));
	w->cfg.target = "dev";
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      "target 'dev' had database ",
		      "git migrate -t dev target accept --same");
	eworld_expect(eworld_status(w, NULL, &b), ERR_REFUSED,
		      "but what answers now is ", NULL);
	eworld_expect(eworld_back(w, 1), ERR_REFUSED, "target 'dev' had", NULL);
	assert_ok(eworld_accept(w, false));
	assert_ok(eworld_status(w, NULL, &b));
	assert_ok(eworld_back(w, 1));
	eworld_check_ledger(w);
	buf_release(&b);
}

static void refuse_other__makes_no_file_for_a_missed_one(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	start(w);
	w->cfg.url = "sqlite:gone.db";
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      "what answers now is no database at all", NULL);
	assert_false(eworld_has_database(w));
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&w->notes, "but what answers now is no database at all");
	eworld_has(&b, "1_a pending\n2_b pending\n");
	/* a file without a journal is no better */
	eworld_sql(w, "CREATE TABLE mine(x)");
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      "what answers now is a database without a journal",
		      "accept --same");
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&w->notes, "a database without a journal");
	/* accepted, it gets one */
	assert_ok(eworld_accept(w, false));
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 2);
	eworld_check_ledger(w);
	buf_release(&b);
}

static void refuse_other__asks_nothing_of_a_url_per_tree(void **state)
{
	struct eworld *w = *state;

	start(w);
	w->cfg.url_is_per_tree = true;
	w->cfg.url = "sqlite:feature.db";
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 2);
	w->cfg.url = "sqlite:dev.db";
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 1);
	eworld_check_ledger(w);
}

static void accept__takes_a_copy_as_the_same(void **state)
{
	struct eworld *w = *state;
	char uuid[37];

	start(w);
	memcpy(uuid, w->run.identity.uuid, sizeof(uuid));
	copy_to(w, "copy.db");
	w->cfg.url = "sqlite:copy.db";
	assert_ok(eworld_accept(w, false));
	assert_string_equal(w->id.uuid, uuid);
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->notes), "");
	eworld_check_ledger(w);
}

static void accept__forks_a_copy(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	char uuid[37];

	start(w);
	memcpy(uuid, w->run.identity.uuid, sizeof(uuid));
	copy_to(w, "copy.db");
	w->cfg.target = "copy";
	w->cfg.url = "sqlite:copy.db";
	assert_ok(eworld_accept(w, true));
	assert_string_not_equal(w->id.uuid, uuid);
	eworld_check_ledger(w);
	eworld_ask(
		w, &b,
		"SELECT event, description FROM git_migrate_history ORDER BY "
		"seq DESC LIMIT 1");
	eworld_has(&b, "fork|A copy of database ");
	eworld_has(&b, uuid);
	assert_ok(eworld_apply(w, NULL));
	eworld_check_ledger(w);
	/* both go their own way */
	w->cfg.target = "dev";
	w->cfg.url = "sqlite:dev.db";
	assert_ok(eworld_apply(w, NULL));
	eworld_check_ledger(w);
	assert_int_equal(memory_store_count_refs(&w->store, "refs/migrate/db/"),
			 2);
	/* what came before the fork can be taken back in the copy */
	w->cfg.target = "copy";
	w->cfg.url = "sqlite:copy.db";
	assert_ok(eworld_back(w, 2));
	eworld_check_ledger(w);
	buf_release(&b);
}

/* The copy lies in a clone that never saw the ledger. */
static void accept__forks_without_the_old_commits(void **state)
{
	struct eworld *w = *state;

	start(w);
	copy_to(w, "copy.db");
	memory_store_release(&w->store);
	memory_store_init(&w->store, w->dir);
	w->cfg.url = "sqlite:copy.db";
	assert_ok(eworld_accept(w, true));
	eworld_check_ledger(w);
}

static void accept__forks_nothing_without_a_journal(void **state)
{
	struct eworld *w = *state;

	eworld_expect(eworld_accept(w, true), ERR_REFUSED,
		      "there is no journal to fork", "git migrate apply");
	assert_false(eworld_has_database(w));
	assert_ok(eworld_accept(w, false));
	assert_string_equal(w->id.uuid, "");
	assert_false(eworld_has_database(w));
}

/* Faults of the store: the database is the old one or the new one. */
static void accept__is_whole_or_not_at_all(void **state)
{
	(void)state;
	for (int op = 0; op < MEMORY_OP_COUNT; op++) {
		for (size_t first = 1; first < 4; first++) {
			struct memory_fault f = { .op = (enum memory_op)op,
						  .first = first,
						  .n = 1,
						  .cls = ERR_STORE };
			struct eworld w;
			struct err *err;
			size_t forks;

			eworld_open(&w);
			start(&w);
			copy_to(&w, "copy.db");
			w.cfg.url = "sqlite:copy.db";
			memory_store_fail(&w.store, &f);
			err = eworld_accept(&w, true);
			memory_store_fail(&w.store, NULL);
			forks = (size_t)eworld_int(
				&w, "SELECT count(*) FROM git_migrate_history "
				    "WHERE event = 'fork'");
			assert_true(forks || err);
			err_free(err);
			assert_int_equal(w.store.open, 0);
			/* it may be said again; a fork is no copy any more */
			assert_ok(eworld_accept(&w, forks == 0));
			assert_ok(eworld_apply(&w, NULL));
			eworld_check_ledger(&w);
			eworld_close(&w);
		}
	}
}

static void identify__looks_at_no_migration(void **state)
{
	struct eworld *w = *state;

	assert_ok(eworld_identify(w));
	assert_string_equal(w->id.uuid, "");
	start(w);
	memory_store_fail(&w->store, NULL);
	assert_ok(eworld_identify(w));
	assert_int_equal(strlen(w->id.uuid), 36);
	assert_int_equal(strlen(w->id.schema), 40);
	assert_int_equal(strlen(w->id.shape), 40);
	assert_false(w->id.is_protected);
	assert_int_equal(w->store.calls[MEMORY_RESOLVE], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(refuse_copy__knows_a_copy),
		eworld_test(refuse_copy__lets_a_move_be),
		eworld_test(refuse_copy__lets_a_file_come_back_in_its_place),
		eworld_test(refuse_other__knows_another_database),
		eworld_test(refuse_other__makes_no_file_for_a_missed_one),
		eworld_test(refuse_other__asks_nothing_of_a_url_per_tree),
		eworld_test(accept__takes_a_copy_as_the_same),
		eworld_test(accept__forks_a_copy),
		eworld_test(accept__forks_without_the_old_commits),
		eworld_test(accept__forks_nothing_without_a_journal),
		cmocka_unit_test(accept__is_whole_or_not_at_all),
		eworld_test(identify__looks_at_no_migration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
