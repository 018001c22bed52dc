#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

static void temp__is_what_ends_with_the_session(void **state)
{
	static const struct {
		const char *text;
		bool temp;
	} rows[] = {
		{ "create table t (a int)", false },
		{ "create temp table t (a int)", true },
		{ "CREATE LOCAL TEMPORARY TABLE t (a int)", true },
		{ "create global temporary table if not exists t ()", true },
		{ "create temp view v as select 1", true },
		{ "create or replace temp view v as select 1", true },
		{ "create temporary sequence s", true },
		{ "create temp recursive view v (a) as select 1", true },
		{ "create table pg_temp.t (a int)", true },
		{ "create function pg_temp.f() returns int as 'x'", true },
		{ "drop table pg_temp_3.t", true },
		{ "insert into pg_temp.t values (1)", true },
		{ "insert into pg_temperature.t values (1)", false },
		{ "select 1 into temp t", true },
		{ "select 1 into local temporary table t", true },
		{ "select 1 into t", false },
		{ "create table temp (a int)", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_POSTGRESQL, rows[i].text,
				    strlen(rows[i].text), 1));
		if (s.statements[0].temp != rows[i].temp)
			fail_msg("%s", rows[i].text);
		sql_script_release(&s);
	}
}

static void kind__says_what_may_change(void **state)
{
	static const struct {
		enum sql_kind kind;
		const char *text;
	} rows[] = {
		{ SQL_KIND_READ,
		  "show all; explain select 1; set a = 1; reset a; listen a; "
		  "unlisten *; notify a; comment on table t is 'x'; begin; "
		  "commit; rollback; savepoint a; release a; lock table t; "
		  "start transaction; prepare transaction 'a'; "
		  "prepare p as delete from t; deallocate p; "
		  "declare c cursor for select 1; close c; checkpoint; "
		  "load 'x'; analyze t; vacuum t; reindex table t; "
		  "select pg_catalog.set_config('a', '', false)" },
		{ SQL_KIND_DML,
		  "select 1; select f(); values (1); table t; "
		  "insert into t values (1); update t set a = 1; "
		  "delete from t; merge into t using u on true when matched "
		  "then delete; with a as (select 1) select 1; "
		  "with a as (delete from t) (select 1); copy t to stdout; "
		  "copy t from '/x'; copy (select 1) to program 'x'; do 'x'; "
		  "call p(); execute p; fetch c; move c; "
		  "refresh materialized view m; explain analyze select 1; "
		  "(select 1)" },
		{ SQL_KIND_TRUNCATE, "truncate t; truncate table only t" },
		{ SQL_KIND_DDL,
		  "create table t (); create index i on t (a); "
		  "create table t as select 1; select 1 into t; drop table t; "
		  "drop view v; alter table t add a int; alter type t add "
		  "value 'x'; grant select on t to joe; revoke select on t "
		  "from joe; reassign owned by a to b; discard all; "
		  "import foreign schema a from server b into c; "
		  "security label on table t is 'x'; cluster t; "
		  "frobnicate t; explain analyze create table t as select 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_POSTGRESQL, rows[i].text,
				    strlen(rows[i].text), 1));
		for (size_t k = 0; k < s.n; k++)
			if (s.statements[k].kind != rows[i].kind)
				fail_msg("%.*s: %d", (int)s.statements[k].len,
					 s.statements[k].text,
					 (int)s.statements[k].kind);
		sql_script_release(&s);
	}
}

static void check_alone(const char *const *texts, size_t n, bool alone)
{
	for (size_t i = 0; i < n; i++) {
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_POSTGRESQL, texts[i],
				    strlen(texts[i]), 1));
		if (s.statements[0].alone != alone)
			fail_msg("%s", texts[i]);
		sql_script_release(&s);
	}
}

static void alone__is_what_no_transaction_takes(void **state)
{
	static const char *const texts[] = {
		"create index concurrently i on t (a)",
		"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
		"create index concurrently on t (a)",
		"drop index concurrently if exists i",
		"reindex index concurrently i",
		"reindex table concurrently s.t",
		"reindex (concurrently, verbose) table t",
		"reindex (verbose, concurrently on) index i",
		"reindex database d",
		"reindex system",
		"reindex (verbose) schema s",
		"vacuum",
		"vacuum (full) t",
		"create database d",
		"drop database if exists d",
		"create tablespace x location '/'",
		"drop tablespace x",
		"alter system set a = 1",
		"alter database d set tablespace x",
		"create subscription s connection 'c' publication p",
		"create subscription s connection 'c' publication p with "
		"(copy_data = false, create_slot)",
		"drop subscription s",
		"alter subscription s refresh publication",
		"alter subscription s set publication p",
		"alter subscription s add publication p with (refresh = true)",
		"alter subscription s drop publication p with (copy_data = "
		"off)",
		"alter subscription s set (failover = true)",
		"alter table p detach partition s.t concurrently",
		"cluster",
		"cluster verbose",
		"cluster (verbose)",
		"repack (concurrently) t",
		"discard all",
		"commit prepared 'a'",
		"rollback prepared 'a'",
	};

	(void)state;
	check_alone(texts, ARRAY_LEN(texts), true);
}

static void alone__is_nothing_else(void **state)
{
	static const char *const texts[] = {
		"create index i on t (a)",
		"create index \"concurrently\" on t (a)",
		"create table concurrently (a int)",
		"drop index i",
		"reindex table t",
		"reindex (concurrently off) table t",
		"reindex index i",
		"analyze t",
		"alter database d set search_path = x",
		"alter database d rename to e",
		"create subscription s connection 'c' publication p with "
		"(connect = false)",
		"create subscription s connection 'c' publication p with "
		"(enabled, create_slot = 'off')",
		"alter subscription s disable",
		"alter subscription s set (slot_name = none)",
		"alter subscription s set publication p with (refresh = 0)",
		"alter table p detach partition t",
		"alter table p detach partition t finalize",
		"alter table concurrently add a int",
		"alter type t add value 'x'",
		"cluster t",
		"cluster t using i",
		"cluster (verbose) t",
		"repack t",
		"refresh materialized view concurrently m",
		"discard plans",
		"discard temp",
		"create role r",
		"commit",
		"prepare transaction 'a'",
		"lock table t",
		"truncate t",
	};

	(void)state;
	check_alone(texts, ARRAY_LEN(texts), false);
}

static void adds_enum_value__is_told(void **state)
{
	static const struct {
		const char *text;
		bool adds;
	} rows[] = {
		{ "alter type s.e add value 'x'", true },
		{ "ALTER TYPE e ADD VALUE IF NOT EXISTS 'x' BEFORE 'y'", true },
		{ "alter type e rename value 'x' to 'y'", false },
		{ "alter type t add attribute value int", false },
		{ "create type e as enum ('x')", false },
		{ "alter table t add value int", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_POSTGRESQL, rows[i].text,
				    strlen(rows[i].text), 1));
		if (s.statements[0].adds_enum_value != rows[i].adds)
			fail_msg("%s", rows[i].text);
		sql_script_release(&s);
	}
}

static void copy__says_where_to(void **state)
{
	static const struct {
		const char *text, *schema, *object;
		enum sql_copy copy;
	} rows[] = {
		{ "copy t from stdin;\n\\.\n", NULL, "t", SQL_COPY_FROM_STDIN },
		{ "COPY s.t (a, b) FROM STDIN WITH CSV;\n\\.\n", "s", "t",
		  SQL_COPY_FROM_STDIN },
		{ "copy t to stdout", NULL, "t", SQL_COPY_TO_STDOUT },
		{ "copy (select * from a) to stdout csv", NULL, NULL,
		  SQL_COPY_TO_STDOUT },
		{ "copy binary t to stdin", NULL, "t", SQL_COPY_TO_STDOUT },
		{ "copy t from '/f'", NULL, "t", SQL_COPY_SERVER },
		{ "copy t to '/f' (format csv)", NULL, "t", SQL_COPY_SERVER },
		{ "copy t from program 'f'", NULL, "t", SQL_COPY_SERVER },
		{ "copy t", NULL, "t", SQL_COPY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sql_statement *st;
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_POSTGRESQL, rows[i].text,
				    strlen(rows[i].text), 1));
		assert_int_equal(s.n, 1);
		st = &s.statements[0];
		assert_int_equal(st->verb, SQL_COPY);
		assert_int_equal(st->copy, rows[i].copy);
		assert_true(streq_null(st->schema, rows[i].schema));
		assert_true(streq_null(st->object, rows[i].object));
		sql_script_release(&s);
	}
}

/* The new fields are not for SQLite. */
static void sqlite__has_none_of_it(void **state)
{
	static const char text[] =
		"vacuum; drop table t; alter table t drop column a; select 1";
	struct sql_script s;

	(void)state;
	assert_ok(sql_split(&s, SQL_SQLITE, text, sizeof(text) - 1, 1));
	assert_int_equal(s.n, 4);
	for (size_t i = 0; i < s.n; i++) {
		const struct sql_statement *st = &s.statements[i];

		assert_int_equal(st->kind, SQL_KIND_UNTOLD);
		assert_int_equal(st->copy, SQL_COPY_NONE);
		assert_false(st->alone || st->adds_enum_value || st->unknown);
		assert_int_equal(st->n_losses, 0);
		assert_null(st->copy_data);
	}
	sql_script_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(temp__is_what_ends_with_the_session),
		cmocka_unit_test(kind__says_what_may_change),
		cmocka_unit_test(alone__is_what_no_transaction_takes),
		cmocka_unit_test(alone__is_nothing_else),
		cmocka_unit_test(adds_enum_value__is_told),
		cmocka_unit_test(copy__says_where_to),
		cmocka_unit_test(sqlite__has_none_of_it),
	};

	return cmocka_run_group_tests_name("sql/pg_kind", tests, NULL, NULL);
}
