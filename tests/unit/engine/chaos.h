#ifndef TESTS_UNIT_ENGINE_CHAOS_H
#define TESTS_UNIT_ENGINE_CHAOS_H

#include "support/unit.h"

#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/*
 * One set of migrations, the states that a run of it may leave, and what has
 * to hold after a run that was disturbed: the database is in one of those
 * states, status reads it, and the next run ends where a quiet one does.
 */

#define CHAOS_N 5

struct chaos {
	struct buf states[CHAOS_N + 1]; /* after so many migrations */
};

static inline void chaos_files(struct eworld *w)
{
	eworld_write(w, "1_a",
		     "CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT, x);"
		     "INSERT INTO a(x) VALUES ('one'), ('two'), ('three');");
	eworld_write(w, "2_b",
		     "UPDATE a SET x = upper(x) WHERE id < 3;\n"
		     "CREATE TABLE b(y, z DEFAULT 5);\n"
		     "INSERT INTO b(y) SELECT x FROM a;");
	eworld_write(w, "3_c", "DELETE FROM a WHERE id = 2;");
	eworld_write(w, "4_d",
		     "-- migrate:depends 2_b\nDROP TABLE b;\n"
		     "CREATE VIEW v AS SELECT x FROM a;");
	eworld_write(w, "5_e",
		     "ALTER TABLE a ADD COLUMN n DEFAULT 0;\n"
		     "UPDATE a SET n = length(x);\nCREATE INDEX i ON a(n);");
	eworld_commit(w);
}

static inline void chaos_init(struct chaos *c)
{
	struct eworld w;

	memset(c, 0, sizeof(*c));
	eworld_open(&w);
	chaos_files(&w);
	for (size_t i = 1; i <= CHAOS_N; i++) {
		assert_ok(eworld_apply(
			&w, &(struct engine_apply_options){ .count = 1 }));
		eworld_dump(&w, &c->states[i]);
	}
	/* nothing but the journal */
	assert_ok(eworld_back(&w, CHAOS_N));
	eworld_dump(&w, &c->states[0]);
	eworld_close(&w);
}

static inline void chaos_release(struct chaos *c)
{
	for (size_t i = 0; i <= CHAOS_N; i++)
		buf_release(&c->states[i]);
}

/* A new world with the first n migrations applied. */
static inline void chaos_start(struct eworld *w, size_t n)
{
	eworld_open(w);
	chaos_files(w);
	if (n)
		assert_ok(eworld_apply(
			w, &(struct engine_apply_options){ .count = n }));
}

/* sqlite_sequence is made once and stays: its rows only count. */
static inline bool chaos_equal(const struct buf *a, const struct buf *b)
{
	static const char row[] = "rows of sqlite_sequence\n";
	const char *x = buf_str(a), *y = buf_str(b);
	const char *p = strstr(x, row), *q = strstr(y, row);

	if (!p == !q)
		return streq(x, y);
	/* one has the empty table */
	if (!p)
		return chaos_equal(b, a);
	return strlen(x) - strlen(row) == strlen(y) &&
	       strncmp(x, y, (size_t)(p - x)) == 0 &&
	       streq(p + strlen(row), y + (p - x));
}

/* How many migrations the database holds; fails when it is in between. */
static inline size_t chaos_state(const struct chaos *c, struct eworld *w,
				 const char *what)
{
	struct buf now = BUF_INIT;
	size_t n = CHAOS_N + 1;

	eworld_dump(w, &now);
	if (!now.len)
		n = 0;
	for (size_t i = 0; i <= CHAOS_N && n > CHAOS_N; i++)
		if (chaos_equal(&now, &c->states[i]))
			n = i;
	if (n > CHAOS_N)
		fail_msg("%s: in between:\n%s", what, buf_str(&now));
	buf_release(&now);
	return n;
}

/* The journal says the same as the tables. */
static inline void chaos_check_journal(struct eworld *w, size_t n,
				       const char *what)
{
	struct buf b = BUF_INIT;

	if (!eworld_has_database(w) ||
	    !eworld_int(w, "SELECT count(*) FROM sqlite_schema WHERE name = "
			   "'git_migrate_migrations'")) {
		assert_int_equal(n, 0);
		return;
	}
	if ((size_t)eworld_int(w, "SELECT count(*) FROM "
				  "git_migrate_migrations WHERE status = "
				  "'applied'") != n)
		fail_msg("%s: journal and tables differ (%zu)", what, n);
	buf_release(&b);
}

/* After a disturbed apply: look, run again, and go all the way back. */
static inline void chaos_after_apply(const struct chaos *c, struct eworld *w,
				     const char *what)
{
	struct buf b = BUF_INIT;
	struct err *err;
	size_t n = chaos_state(c, w, what);

	chaos_check_journal(w, n, what);
	assert_int_equal(w->store.open, 0);
	err = eworld_status(w, NULL, &b);
	if (err)
		fail_msg("%s: status: %s", what, err_text(err));
	err = eworld_apply(w, NULL);
	if (err)
		fail_msg("%s: the next run: %s", what, err_text(err));
	assert_int_equal(chaos_state(c, w, what), CHAOS_N);
	eworld_check_ledger(w);
	err = eworld_back(w, CHAOS_N);
	if (err)
		fail_msg("%s: all the way back: %s", what, err_text(err));
	assert_int_equal(chaos_state(c, w, what), 0);
	assert_int_equal(memory_store_count_kept(&w->store, true), 0);
	eworld_check_ledger(w);
	buf_release(&b);
}

/* After a disturbed rollback of everything behind the first. */
static inline void chaos_after_rollback(const struct chaos *c, struct eworld *w,
					const char *what)
{
	const struct engine_rollback_options opt = { .to = "1_a" };
	struct buf b = BUF_INIT;
	struct err *err;
	size_t n = chaos_state(c, w, what);

	chaos_check_journal(w, n, what);
	assert_int_equal(w->store.open, 0);
	err = eworld_status(w, NULL, &b);
	if (err)
		fail_msg("%s: status: %s", what, err_text(err));
	err = eworld_rollback(w, &opt);
	if (err)
		fail_msg("%s: the next run: %s", what, err_text(err));
	assert_int_equal(chaos_state(c, w, what), 1);
	eworld_check_ledger(w);
	err = eworld_apply(w, NULL);
	if (err)
		fail_msg("%s: up again: %s", what, err_text(err));
	assert_int_equal(chaos_state(c, w, what), CHAOS_N);
	assert_int_equal(memory_store_count_kept(&w->store, true), 0);
	eworld_check_ledger(w);
	buf_release(&b);
}

#endif
