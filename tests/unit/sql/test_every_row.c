#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

/* "yes a b" for an UPDATE of every row that sets a and b, "no", "yes only" */
static void describe(struct buf *out, const struct sql_statement *s)
{
	buf_addstr(out, s->every_row ? "yes" : "no");
	if (s->only)
		buf_addstr(out, " only");
	for (size_t i = 0; i < s->n_sets; i++)
		buf_addf(out, " %s", s->sets[i]);
}

struct row {
	const char *text, *want;
};

static void check_all(enum sql_dialect d, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf got = BUF_INIT;
		struct sql_script s;

		assert_ok(sql_split(&s, d, rows[i].text, strlen(rows[i].text),
				    1));
		assert_int_equal(s.n, 1);
		describe(&got, &s.statements[0]);
		if (!streq(buf_str(&got), rows[i].want))
			fail_msg("%s: %s", rows[i].text, buf_str(&got));
		buf_release(&got);
		sql_script_release(&s);
	}
}

static void every_row__is_told_in_both_dialects(void **state)
{
	static const struct row rows[] = {
		{ "delete from t", "yes" },
		{ "DELETE FROM s.t -- where", "yes" },
		{ "delete from t as x", "yes" },
		{ "delete from t returning a, (select 1 where true)", "yes" },
		{ "delete from t where true", "no" },
		{ "with a as (select 1 where 1) delete from t", "yes" },
		{ "with a as (select 1) delete from t where 1 = 1", "no" },
		{ "update t set a = 1", "yes a" },
		{ "UPDATE t SET \"A\" = 'where', b = (select 1 from u where 1)",
		  "yes A b" },
		{ "update t as x set (a, b) = (1, 2), c = max(1, 2)",
		  "yes a b c" },
		{ "update t set a = 1, b = 2, c = 3, d = 4, e = 5",
		  "yes a b c d e" },
		{ "update t set a = 1 returning b", "yes a" },
		{ "update t set a = 1 where b", "no" },
		{ "update t set a = u.a from u where u.id = t.id", "no" },
		{ "update t set a = u.a from u", "no" },
		{ "insert into t values (1)", "no" },
		{ "select 1", "no" },
		{ "update t", "no" },
		{ "update", "no" },
		{ "delete", "no" },
	};

	(void)state;
	check_all(SQL_SQLITE, rows, ARRAY_LEN(rows));
	check_all(SQL_POSTGRESQL, rows, ARRAY_LEN(rows));
}

static void every_row__follows_sqlite(void **state)
{
	static const struct row rows[] = {
		{ "update or replace t indexed by i set a = 1", "yes a" },
		{ "update t set [A b] = 1", "yes A b" },
		{ "update t set a = 1 order by b limit 3", "no" },
		{ "delete from t limit 3", "no" },
		{ "delete from t order by a limit 3", "no" },
	};

	(void)state;
	check_all(SQL_SQLITE, rows, ARRAY_LEN(rows));
}

static void every_row__follows_postgresql(void **state)
{
	static const struct row rows[] = {
		{ "update only t set a = 1", "yes only a" },
		{ "update only (t) set a = 1", "yes only a" },
		{ "delete from only t", "yes only" },
		{ "delete from only t where a", "no only" },
		{ "delete from t using u", "no" },
		{ "update t * set a[1] = 2, b.c = 3, D = $$where$$",
		  "yes a b d" },
		{ "update t set a = array[1, 2], (b) = row (3)", "yes a b" },
		{ "explain analyze delete from t", "yes" },
		{ "explain delete from t", "no" },
		{ "merge into t using u on true when matched then delete",
		  "no" },
	};

	(void)state;
	check_all(SQL_POSTGRESQL, rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row__is_told_in_both_dialects),
		cmocka_unit_test(every_row__follows_sqlite),
		cmocka_unit_test(every_row__follows_postgresql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
