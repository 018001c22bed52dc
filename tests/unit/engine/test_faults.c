#include "chaos.h"

#include <stdlib.h>

/*
 * Each operation of the store fails once, at its first call, its second, and
 * so on, before its work and behind it.
 */

static const struct {
	enum err_class cls;
	bool after;
	const char *name;
} kinds[] = {
	{ ERR_STORE, false, "store" },
	{ ERR_STORE, true, "store, behind its work" },
	{ ERR_STATE, false, "state" },
	{ ERR_REFUSED, false, "refused" },
};

typedef struct err *(*command_fn)(struct eworld *w);
typedef void (*after_fn)(const struct chaos *c, struct eworld *w,
			 const char *what);

/* One disturbed run; false when there was no such call any more. */
static bool disturb(const struct chaos *c, size_t applied,
		    const struct memory_fault *f, const char *kind,
		    command_fn command, after_fn after)
{
	char *what =
		xasprintf("%s %zu (%s)", memory_op_name(f->op), f->first, kind);
	struct eworld w;
	struct err *err;
	bool hit;

	chaos_start(&w, applied);
	memory_store_fail(&w.store, f);
	err = command(&w);
	hit = w.store.failed > 0;
	if (!hit && err)
		fail_msg("%s: %s", what, err_text(err));
	if (err && !strstr(err_text(err), "fault in "))
		fail_msg("%s: hides its cause: %s", what, err_text(err));
	err_free(err);
	memory_store_fail(&w.store, NULL);
	if (hit)
		after(c, &w, what);
	eworld_close(&w);
	free(what);
	return hit;
}

/* Calls of each operation are tried up to this one; what class a failure has
 * matters less than where it is. */
static size_t most(size_t kind)
{
	if (getenv("TEST_LONG"))
		return 1000;
	return kinds[kind].cls == ERR_STORE ? 7 : 2;
}

static void disturb_all(size_t applied, command_fn command, after_fn after,
			size_t kind)
{
	struct chaos c;
	size_t n = 0;

	chaos_init(&c);
	for (int op = 0; op < MEMORY_OP_COUNT; op++) {
		struct memory_fault f = { .op = (enum memory_op)op,
					  .n = 1,
					  .cls = kinds[kind].cls,
					  .after = kinds[kind].after };

		for (f.first = 1; f.first <= most(kind); f.first++) {
			if (!disturb(&c, applied, &f, kinds[kind].name, command,
				     after))
				break;
			n++;
		}
	}
	chaos_release(&c);
	assert_true(n > 5);
}

static struct err *apply_all(struct eworld *w)
{
	return eworld_apply(w, NULL);
}

static struct err *apply_one_by_one(struct eworld *w)
{
	return eworld_apply(w,
			    &(struct engine_apply_options){ .no_group = true });
}

static struct err *roll_back(struct eworld *w)
{
	return eworld_rollback(
		w, &(struct engine_rollback_options){ .to = "1_a" });
}

static void apply__is_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		disturb_all(0, apply_all, chaos_after_apply, k);
}

static void apply__goes_on_from_any_place(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		disturb_all(2, apply_one_by_one, chaos_after_apply, k);
}

static void rollback__is_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		disturb_all(CHAOS_N, roll_back, chaos_after_rollback, k);
}

/* Reading commands fail, or do their work; they change nothing. */
static void status__survives_every_fault(void **state)
{
	struct chaos c;

	(void)state;
	chaos_init(&c);
	for (int op = 0; op < MEMORY_OP_COUNT; op++) {
		struct memory_fault f = { .op = (enum memory_op)op,
					  .first = 1,
					  .n = 99,
					  .cls = ERR_STORE };
		struct buf b = BUF_INIT;
		struct engine_show show;
		struct eworld w;

		chaos_start(&w, 3);
		/* the ledger has to be made anew */
		memory_store_forget_ledgers(&w.store);
		map_each (&w.store.refs, e) {
			if (ends_with(e->key, "/ledger"))
				free(map_remove(&w.store.refs, e->key));
		}
		memory_store_fail(&w.store, &f);
		err_free(eworld_status(&w, NULL, &b));
		err_free(eworld_log(&w, NULL, 0, &b));
		err_free(eworld_show(&w, "2_b", &show));
		engine_show_release(&show);
		err_free(eworld_new(&w, "next", &b));
		err_free(eworld_identify(&w));
		assert_int_equal(w.store.open, 0);
		memory_store_fail(&w.store, NULL);
		assert_int_equal(chaos_state(&c, &w, "status"), 3);
		chaos_after_apply(&c, &w, memory_op_name((enum memory_op)op));
		buf_release(&b);
		eworld_close(&w);
	}
	chaos_release(&c);
}

/* A store that may not be written to: the run counts, the ledger waits. */
static void apply__works_where_the_store_may_not_be_written(void **state)
{
	static const enum memory_op ops[] = { MEMORY_LEDGER_FLUSH,
					      MEMORY_LEDGER_MOVE,
					      MEMORY_LEDGER_KEEP_SOURCES };
	struct chaos c;

	(void)state;
	chaos_init(&c);
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		struct memory_fault f = {
			.op = ops[i], .first = 1, .n = 99, .cls = ERR_REFUSED
		};
		struct buf b = BUF_INIT;
		struct eworld w;

		chaos_start(&w, 0);
		memory_store_fail(&w.store, &f);
		assert_ok(eworld_apply(&w, NULL));
		eworld_has(&w.notes, "warning: the ledger will follow later: "
				     "fault in ledger_");
		assert_int_equal(w.run.n_done, CHAOS_N);
		assert_ok(eworld_status(&w, NULL, &b));
		eworld_has(&w.notes,
			   "note: the ledger is not brought up to date: fault");
		assert_ok(eworld_log(&w, NULL, 0, &b));
		memory_store_fail(&w.store, NULL);
		assert_ok(eworld_status(&w, NULL, &b));
		assert_string_equal(buf_str(&w.notes), "");
		eworld_check_ledger(&w);
		buf_release(&b);
		eworld_close(&w);
	}
	chaos_release(&c);
}

/* The failure's own row cannot be written: the failure is still told. */
static void fail_step__warns_when_it_cannot_record(void **state)
{
	struct eworld *w = *state;
	struct memory_fault f = {
		.op = MEMORY_SINK_OPEN, .first = 2, .n = 1, .cls = ERR_STORE
	};

	chaos_files(w);
	eworld_add(w, "6_f", "INSERT INTO nowhere VALUES (1);");
	memory_store_fail(&w->store, &f);
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET,
		      "no such table: "
		      "nowhere",
		      NULL);
	eworld_has(&w->notes, "warning: the failure could not be recorded: "
			      "fault in sink_open");
	memory_store_fail(&w->store, NULL);
	assert_int_equal(w->run.n_done, CHAOS_N);
	eworld_check_ledger(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apply__is_whole_or_not_at_all),
		cmocka_unit_test(apply__goes_on_from_any_place),
		cmocka_unit_test(rollback__is_whole_or_not_at_all),
		cmocka_unit_test(status__survives_every_fault),
		cmocka_unit_test(
			apply__works_where_the_store_may_not_be_written),
		eworld_test(fail_step__warns_when_it_cannot_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
