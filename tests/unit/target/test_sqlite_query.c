#include "fixture.h"

/* Our own SQL: parameters by number, rows by callback, statements kept. */

/* Rows as text: "int:1 text:3=abc null real:1.5 blob:0= |" */
static struct err *describe(void *payload, int n,
			    const struct target_value *cell)
{
	struct buf *out = payload;

	for (int i = 0; i < n; i++) {
		switch (cell[i].type) {
		case TARGET_NULL:
			buf_addstr(out, "null ");
			break;
		case TARGET_INT:
			buf_addf(out, "int:%lld ", (long long)cell[i].i);
			break;
		case TARGET_REAL:
			buf_addf(out, "real:%g ", cell[i].real);
			break;
		case TARGET_TEXT:
			assert_int_equal(cell[i].s[cell[i].len], '\0');
			buf_addf(out, "text:%zu=%s ", cell[i].len, cell[i].s);
			break;
		case TARGET_BLOB:
			assert_non_null(cell[i].s);
			buf_addf(out, "blob:%zu=%.*s ", cell[i].len,
				 (int)cell[i].len, cell[i].s);
			break;
		}
	}
	buf_addstr(out, "|");
	return NULL;
}

static void target_query__hands_out_every_type(void **state)
{
	static const struct {
		const char *sql, *rows;
	} rows[] = {
		{ "SELECT 1, -9223372036854775808",
		  "int:1 int:-9223372036854775808 |" },
		{ "SELECT NULL, 1.5, 'abc', x'616263'",
		  "null real:1.5 text:3=abc blob:3=abc |" },
		{ "SELECT '', x''", "text:0= blob:0= |" },
		{ "VALUES (1), (2), (3)", "int:1 |int:2 |int:3 |" },
		{ "SELECT 1 WHERE 0", "" },
		{ "CREATE TABLE x (a)", "" },
		{ "INSERT INTO x VALUES (7) RETURNING a, 'r'",
		  "int:7 text:1=r |" },
		{ "SELECT 1; SELECT 2; ; SELECT 3 ;\n",
		  "int:1 |int:2 |int:3 |" },
		{ "", "" },
		{ ";;SELECT 4", "int:4 |" },
		{ "-- nothing", "" },
	};
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		assert_ok(
			target_query(t, rows[i].sql, NULL, 0, describe, &out));
		assert_string_equal(buf_str(&out), rows[i].rows);
	}
	buf_release(&out);
}

static void target_query__parameters_go_by_their_number(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct buf out = BUF_INIT;
	const struct target_value args[] = {
		target_int(1),
		target_text("two"),
		target_text(NULL),
		target_blob("fo\0r", 4),
		{ .type = TARGET_REAL, .real = 2.5 },
		target_blob("", 0),
		target_blob(NULL, 0),
		target_text(""),
		target_text("nine"),
		target_text("ten"),
		target_int(11),
	};

	/* the first to appear is the last by number, $2 twice, $9 never */
	assert_ok(target_query(t,
			       "SELECT $11, $2, $1, $2, $3, length($4), $5, "
			       "length($6), typeof($6), $7, $8, $10",
			       args, 11, describe, &out));
	assert_string_equal(buf_str(&out),
			    "int:11 text:3=two int:1 text:3=two null int:4 "
			    "real:2.5 int:0 text:4=blob null text:0= "
			    "text:3=ten |");
	buf_reset(&out);
	/* kept values of the last call must not come back */
	assert_ok(target_query(t, "SELECT $1, $2", args, 2, describe, &out));
	assert_ok(
		target_query(t, "SELECT $1, $2", args + 2, 2, describe, &out));
	assert_string_equal(buf_str(&out),
			    "int:1 text:3=two |null blob:4=fo |");
	buf_release(&out);
}

static struct err *stop_at_two(void *payload, int n,
			       const struct target_value *cell)
{
	int *calls = payload;

	(void)n;
	(*calls)++;
	return cell[0].i == 2 ? err_new(ERR_REFUSED, "enough") : NULL;
}

static void target_query__a_row_can_stop_it(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	for (int again = 0; again < 2; again++) {
		int calls = 0;

		expect_error(target_query(t, "VALUES (1), (2), (3)", NULL, 0,
					  stop_at_two, &calls),
			     ERR_REFUSED, "enough", NULL);
		assert_int_equal(calls, 2);
	}
	assert_ok(target_begin(t)); /* no statement is left open */
	assert_ok(target_commit(t));
}

static struct err *ask_again(void *payload, int n,
			     const struct target_value *cell)
{
	struct target *t = payload;
	const struct target_value arg = target_int(cell[0].i - 1);

	(void)n;
	if (cell[0].i <= 0)
		return NULL;
	return target_query(t, "SELECT $1", &arg, 1, ask_again, t);
}

static void target_query__may_be_asked_while_it_answers(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	const struct target_value arg = target_int(20);

	assert_ok(target_query(t, "SELECT $1", &arg, 1, ask_again, t));
}

/* Fills the store of kept statements while one of them is running. */
static struct err *ask_much(void *payload, int n,
			    const struct target_value *cell)
{
	struct target *t = payload;

	(void)n, (void)cell;
	for (int i = 0; i < 200; i++) {
		char sql[32];

		snprintf(sql, sizeof(sql), "SELECT %d", i);
		assert_int_equal(ask(t, sql), i);
	}
	return NULL;
}

static void target_query__keeps_running_statements(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_query(t, "VALUES (1), (2)", NULL, 0, ask_much, t));
	assert_ok(target_query(t, "VALUES (1), (2)", NULL, 0, ask_much, t));
}

static void target_query__survives_a_change_of_the_schema(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct buf out = BUF_INIT;

	assert_ok(
		target_exec(t, "CREATE TABLE a (x); INSERT INTO a VALUES (1)"));
	assert_ok(target_query(t, "SELECT * FROM a", NULL, 0, describe, &out));
	assert_ok(run_text(t, "ALTER TABLE a ADD COLUMN y DEFAULT 'n'"));
	assert_ok(target_query(t, "SELECT * FROM a", NULL, 0, describe, &out));
	assert_string_equal(buf_str(&out), "int:1 |int:1 text:1=n |");
	buf_release(&out);
}

static void target_query__says_what_failed(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	expect_error(target_exec(t, "SELECT * FROM nope"), ERR_TARGET,
		     "SELECT * FROM nope: no such table: nope", NULL);
	expect_error(target_exec(t, "CREATE TABLE a (x UNIQUE);\n"
				    "INSERT INTO a VALUES (1), (1)"),
		     ERR_TARGET, "INSERT INTO a VALUES: UNIQUE", NULL);
	assert_ok(target_exec(t, "INSERT INTO a VALUES (1)"));
	assert_int_equal(ask(t, "SELECT count(*) FROM a"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(target_query__hands_out_every_type),
		fixture_test(target_query__parameters_go_by_their_number),
		fixture_test(target_query__a_row_can_stop_it),
		fixture_test(target_query__may_be_asked_while_it_answers),
		fixture_test(target_query__keeps_running_statements),
		fixture_test(target_query__survives_a_change_of_the_schema),
		fixture_test(target_query__says_what_failed),
	};

	return cmocka_run_group_tests_name("target/sqlite_query", tests, NULL,
					   NULL);
}
