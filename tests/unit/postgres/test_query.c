#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "postgres/conn.h"
#include "support/pg_world.h"
#include "support/unit.h"

/* Questions, statements, pipelines and COPY against a real server. */

static char *url;

static int setup(void **state)
{
	struct pg_conn_options opt = { .application_name = "test" };
	struct pg_conn *c;

	pg_test_database(&url);
	assert_ok(pg_conn_open(&c, url, &opt));
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	pg_conn_close(*state);
	pg_test_drop(url);
	return 0;
}

/* Rows as text: "1 abc NULL |" */
static struct err *describe(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *out = payload;

	for (int i = 0; i < n; i++)
		buf_addf(out, "%s ", cell[i].s ? cell[i].s : "NULL");
	buf_addch(out, '|');
	return NULL;
}

static void pg_query__binds_text_null_and_bytea(void **state)
{
	struct pg_arg args[] = {
		pg_text("it's"),
		pg_text(NULL),
		{ .s = "a\0b", .len = 3, .is_bytea = true },
	};
	struct buf out = BUF_INIT;

	for (int i = 0; i < 2; i++) /* prepared, then kept */
		assert_ok(pg_query(*state,
				   "SELECT $1::text, $2::int, "
				   "length($3::bytea), 'x'::text",
				   args, 3, describe, &out));
	assert_string_equal(buf_str(&out), "it's NULL 3 x |it's NULL 3 x |");
	buf_release(&out);
}

struct nested {
	struct pg_conn *c;
	int64_t sum;
};

static struct err *ask_inside(void *payload, int n, const struct pg_cell *cell)
{
	struct nested *nested = payload;
	struct pg_arg arg = pg_text(cell[0].s);
	int64_t twice;
	struct err *e;

	(void)n;
	e = pg_query_int(nested->c, "SELECT 2 * $1::int", &arg, 1, &twice);
	nested->sum += twice;
	return e;
}

static void pg_query__rows_may_ask_further_questions(void **state)
{
	struct nested nested = { .c = *state };

	assert_ok(pg_query(*state, "SELECT generate_series(1, 100)", NULL, 0,
			   ask_inside, &nested));
	assert_int_equal(nested.sum, 10100);
}

static void pg_query__tells_code_detail_and_hint(void **state)
{
	struct pg_conn *c = *state;
	struct err *e;

	assert_ok(pg_exec(c, "CREATE TABLE t (a int UNIQUE);"
			     "INSERT INTO t VALUES (7)"));
	e = pg_query(c, "INSERT INTO t VALUES (7)", NULL, 0, NULL, NULL);
	assert_non_null(e);
	assert_string_equal(err_code_of(e), "23505");
	assert_non_null(strstr(err_text(e), "t_a_key"));
	assert_null(strstr(err_text(e), "7"));
	assert_non_null(strstr(err_detail_of(e), "(7)"));
	err_free(e);
	e = pg_exec(c, "SELECT lenght('a')");
	assert_string_equal(err_code_of(e), "42883");
	assert_non_null(err_hint_of(e));
	err_free(e);
}

static void pg_query__can_be_asked_again_after_it_failed(void **state)
{
	static const char *const sql = "SELECT a FROM later";
	struct pg_conn *c = *state;
	int64_t got = 0;
	struct err *e;

	for (int i = 0; i < 2; i++) {
		e = pg_query_int(c, sql, NULL, 0, &got);
		assert_non_null(e);
		assert_string_equal(err_code_of(e), "42P01");
		err_free(e);
	}
	assert_ok(pg_exec(c, "CREATE TABLE later AS SELECT 7 AS a"));
	for (int i = 0; i < 2; i++) {
		assert_ok(pg_query_int(c, sql, NULL, 0, &got));
		assert_int_equal(got, 7);
	}
}

static struct err *run(struct pg_conn *c, const char *sql, const char *data,
		       size_t len, int64_t *rows)
{
	struct pg_statement s = { sql, strlen(sql), 3, 5, data, len };

	return pg_run(c, &s, rows);
}

static void pg_run__gives_rows_and_places(void **state)
{
	static const struct {
		const char *sql;
		unsigned line, col;
	} rows[] = {
		{ "SELECT x", 3, 12 },
		{ "SELECT 1,\n  x", 4, 3 },
		{ "SELECT '\xc3\xa9', x", 3, 18 }, /* bytes, not characters */
		{ "SELEC 1", 3, 5 },
		{ "SELECT 1/0", 3, 5 },
	};
	struct pg_conn *c = *state;
	int64_t n;

	assert_ok(run(c, "CREATE TABLE t (a int)", NULL, 0, &n));
	assert_int_equal(n, 0);
	assert_ok(run(c, "INSERT INTO t SELECT generate_series(1, 9)", NULL, 0,
		      &n));
	assert_int_equal(n, 9);
	assert_ok(run(c, "SELECT * FROM t", NULL, 0, &n));
	assert_int_equal(n, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err *e = run(c, rows[i].sql, NULL, 0, NULL);

		assert_non_null(e);
		assert_non_null(err_at_of(e));
		assert_int_equal(err_at_of(e)->line, rows[i].line);
		assert_int_equal(err_at_of(e)->col, rows[i].col);
		err_free(e);
	}
}

static void pg_run__feeds_a_copy(void **state)
{
	static const char sql[] = "COPY t FROM STDIN";
	struct pg_conn *c = *state;
	struct buf big = BUF_INIT;
	int64_t n, total = 0;

	assert_ok(pg_exec(c, "CREATE TABLE t (a int, b text)"));
	assert_ok(run(c, sql, "1\tx\n2\t\\N\n", 9, &n));
	assert_int_equal(n, 2);
	for (int i = 0; i < 200000; i++)
		buf_addf(&big, "%d\tabcdefghijklmnopqrstuvwxyz\n", i);
	assert_ok(run(c, sql, big.data, big.len, &n));
	assert_int_equal(n, 200000);
	assert_fails(run(c, sql, "x\ty\n", 4, &n), ERR_TARGET);
	assert_fails(run(c, sql, NULL, 0, &n), ERR_TARGET);
	assert_ok(run(c, "COPY t TO STDOUT", NULL, 0, &n));
	assert_ok(pg_query_int(c, "SELECT count(*) FROM t", NULL, 0, &total));
	assert_int_equal(total, 200002);
	buf_release(&big);
}

static void pg_copy__goes_both_ways_on_two_connections(void **state)
{
	struct pg_conn *c = *state, *other;
	const char *line;
	uint64_t rows = 0;
	size_t len;

	assert_ok(pg_conn_again(&other, c));
	assert_ok(pg_exec(c, "CREATE TABLE t (a int, b text)"));
	assert_ok(pg_copy_in_begin(c, "COPY t FROM STDIN"));
	assert_ok(pg_copy_out_begin(other,
				    "COPY (SELECT i, repeat('x', 100) FROM "
				    "generate_series(1, 50000) i) TO STDOUT"));
	for (;;) {
		assert_ok(pg_copy_out_next(other, &line, &len));
		if (!line)
			break;
		assert_int_equal(line[len - 1], '\n');
		assert_ok(pg_copy_in_put(c, line, len));
	}
	assert_ok(pg_copy_in_end(c, &rows));
	assert_int_equal(rows, 50000);
	assert_ok(pg_copy_out_begin(other, "COPY t TO STDOUT"));
	assert_ok(pg_copy_out_next(other, &line, &len));
	pg_copy_out_abort(other);
	assert_ok(pg_exec(other, "SELECT 1"));
	assert_fails(pg_copy_out_begin(other, "COPY nothing TO STDOUT"),
		     ERR_TARGET);
	assert_ok(pg_copy_in_begin(c, "COPY t FROM STDIN"));
	pg_copy_in_abort(c);
	assert_ok(pg_exec(c, "SELECT 1"));
	pg_conn_close(other);
}

static void pg_flush__answers_in_order(void **state)
{
	struct pg_conn *c = *state;
	struct buf out = BUF_INIT;
	struct pg_arg arg = pg_text("2");

	for (int i = 0; i < 3; i++) {
		assert_ok(pg_queue(c, "SELECT 1", NULL, 0, describe, &out));
		assert_ok(
			pg_queue(c, "SELECT $1::int", &arg, 1, describe, &out));
		assert_ok(pg_flush(c));
	}
	assert_string_equal(buf_str(&out), "1 |2 |1 |2 |1 |2 |");
	assert_ok(pg_flush(c));
	buf_release(&out);
}

static void pg_flush__stops_at_the_first_error(void **state)
{
	struct pg_conn *c = *state;
	struct buf out = BUF_INIT;
	struct err *e;

	assert_ok(pg_queue(c, "SELECT 1", NULL, 0, describe, &out));
	assert_ok(pg_queue(c, "SELECT 1/0", NULL, 0, describe, &out));
	assert_ok(pg_queue(c, "SELECT 3", NULL, 0, describe, &out));
	e = pg_flush(c);
	assert_non_null(e);
	assert_string_equal(err_code_of(e), "22012");
	assert_string_equal(buf_str(&out), "1 |");
	err_free(e);
	assert_ok(pg_query(c, "SELECT 3", NULL, 0, describe, &out));
	assert_string_equal(buf_str(&out), "1 |3 |");
	buf_release(&out);
}

static void pg_queue_statement__has_its_place(void **state)
{
	struct pg_statement good = { .sql = "CREATE TABLE a (i int); x",
				     .len = strlen("CREATE TABLE a (i int)"),
				     .line = 3,
				     .col = 5 };
	struct pg_statement bad = { .sql = "CREATE TABLE b\n  (i nosuch)",
				    .len = 27,
				    .line = 7,
				    .col = 9 };
	struct pg_conn *c = *state;
	int64_t got = 0;
	struct err *e;

	assert_ok(pg_queue_statement(c, &good));
	assert_ok(pg_flush(c));
	assert_ok(pg_query_int(c, "SELECT count(*) FROM a", NULL, 0, &got));
	assert_ok(pg_queue_statement(c, &bad));
	good.sql = "CREATE TABLE d (i int)";
	assert_ok(pg_queue_statement(c, &good));
	e = pg_flush(c);
	assert_non_null(e);
	assert_string_equal(err_code_of(e), "42704");
	assert_int_equal(err_at_of(e)->line, 8);
	assert_int_equal(err_at_of(e)->col, 6);
	err_free(e);
	/* without a position: where it begins */
	good.sql = "CREATE TABLE a (i int)";
	assert_ok(pg_queue_statement(c, &good));
	e = pg_flush(c);
	assert_string_equal(err_code_of(e), "42P07");
	assert_int_equal(err_at_of(e)->line, 3);
	assert_int_equal(err_at_of(e)->col, 5);
	err_free(e);
	assert_ok(pg_query_int(c,
			       "SELECT count(*) FROM pg_class "
			       "WHERE relname IN ('b', 'd')",
			       NULL, 0, &got));
	assert_int_equal(got, 0);
}

static void pg_conn_open__says_why_not(void **state)
{
	static const struct {
		const char *url, *text, *hint;
	} rows[] = {
		{ "postgresql://u:secret%zz@h/", "cannot be read", "write" },
		{ "postgresql://127.0.0.1:1/x", "refused", "listens" },
		{ "postgresql:///x?host=/nonexistent", "No such file",
		  "socket" },
	};
	struct pg_conn_options opt = { .application_name = "test" };
	struct pg_conn *c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err *e = pg_conn_open(&c, rows[i].url, &opt);

		assert_non_null(e);
		assert_null(c);
		assert_non_null(strstr(err_text(e), rows[i].text));
		assert_non_null(strstr(err_hint_of(e), rows[i].hint));
		assert_null(strstr(err_text(e), "secret"));
		err_free(e);
	}
}

static void pg_conn_open__names_createdb(void **state)
{
	struct pg_conn_options opt = { .application_name = "test" };
	struct pg_conn *c;
	char *missing, *gone;
	struct err *e;

	(void)state;
	pg_test_database(&missing);
	gone = xstrdup(missing);
	pg_test_drop(missing);
	e = pg_conn_open(&c, gone, &opt);
	assert_non_null(e);
	assert_non_null(strstr(err_hint_of(e), "createdb "));
	err_free(e);
	free(gone);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(pg_query__binds_text_null_and_bytea),
		TEST(pg_query__rows_may_ask_further_questions),
		TEST(pg_query__tells_code_detail_and_hint),
		TEST(pg_query__can_be_asked_again_after_it_failed),
		TEST(pg_run__gives_rows_and_places),
		TEST(pg_run__feeds_a_copy),
		TEST(pg_copy__goes_both_ways_on_two_connections),
		TEST(pg_flush__answers_in_order),
		TEST(pg_flush__stops_at_the_first_error),
		TEST(pg_queue_statement__has_its_place),
		cmocka_unit_test(pg_conn_open__says_why_not),
		cmocka_unit_test(pg_conn_open__names_createdb),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
