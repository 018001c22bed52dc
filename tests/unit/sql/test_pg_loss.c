#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

/* A loss in one line: "table s.t.column cascade only restarts". */
static void describe(struct buf *out, const struct sql_loss *loss)
{
	static const char *const kinds[] = {
		[SQL_LOSS_TABLE] = "table",
		[SQL_LOSS_COLUMN] = "column",
		[SQL_LOSS_TYPE_CHANGE] = "type change",
		[SQL_LOSS_ALL_ROWS] = "all rows",
		[SQL_LOSS_SCHEMA] = "schema",
		[SQL_LOSS_TYPE] = "type",
		[SQL_LOSS_SEQUENCE] = "sequence",
		[SQL_LOSS_SEQUENCE_STATE] = "sequence state",
		[SQL_LOSS_IDENTITY] = "identity",
		[SQL_LOSS_MATVIEW] = "matview",
		[SQL_LOSS_OWNED] = "owned",
		[SQL_LOSS_EXTENSION] = "extension",
		[SQL_LOSS_DATABASE] = "database",
	};

	buf_addf(out, "%s ", kinds[loss->kind]);
	if (loss->schema)
		buf_addf(out, "%s.", loss->schema);
	buf_addstr(out, loss->object);
	if (loss->column)
		buf_addf(out, ".%s", loss->column);
	if (loss->cascade)
		buf_addstr(out, " cascade");
	if (loss->only)
		buf_addstr(out, " only");
	if (loss->restarts)
		buf_addstr(out, " restarts");
}

struct row {
	const char *text;
	const char *losses; /* joined by "; " */
};

static void check(const struct row *row)
{
	struct buf got = BUF_INIT;
	struct sql_script s;

	assert_ok(
		sql_split(&s, SQL_POSTGRESQL, row->text, strlen(row->text), 1));
	assert_int_equal(s.n, 1);
	if (s.statements[0].unknown)
		fail_msg("%s: unknown", row->text);
	for (size_t i = 0; i < s.statements[0].n_losses; i++) {
		if (i)
			buf_addstr(&got, "; ");
		describe(&got, &s.statements[0].losses[i]);
	}
	if (!streq(buf_str(&got), row->losses))
		fail_msg("%s: %s", row->text, buf_str(&got));
	buf_release(&got);
	sql_script_release(&s);
}

static void check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

#define CHECK_ALL(rows) check_all(rows, ARRAY_LEN(rows))

static void losses__name_what_is_dropped(void **state)
{
	static const struct row rows[] = {
		{ "drop table t", "table t" },
		{ "DROP TABLE IF EXISTS A, s.\"B\", d.s.c CASCADE",
		  "table a cascade; table s.B cascade; table s.c cascade" },
		{ "drop table t restrict", "table t" },
		{ "drop table U&\"\\00e9\"", "table \xc3\xa9" },
		{ "drop materialized view if exists s.m cascade",
		  "matview s.m cascade" },
		{ "drop sequence s, x.y", "sequence s; sequence x.y" },
		{ "drop schema a, b cascade",
		  "schema a cascade; schema b cascade" },
		{ "drop schema a", "schema a" },
		{ "drop type s.t cascade", "type s.t cascade" },
		{ "drop domain d, e cascade",
		  "type d cascade; type e cascade" },
		{ "drop extension if exists \"uuid-ossp\", b cascade",
		  "extension uuid-ossp cascade; extension b cascade" },
		{ "drop extension e", "extension e" },
		{ "drop owned by joe, current_user, current_role, session_user "
		  "cascade",
		  "owned joe cascade; owned current_user cascade; "
		  "owned current_role cascade; owned session_user cascade" },
		{ "drop database if exists d with (force)", "database d" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void losses__are_none_where_no_row_goes(void **state)
{
	static const struct row rows[] = {
		{ "drop type t", "" },
		{ "drop domain d restrict", "" },
		{ "drop view v cascade", "" },
		{ "drop index i", "" },
		{ "drop index concurrently i", "" },
		{ "drop function f(int), g cascade", "" },
		{ "drop trigger r on t", "" },
		{ "drop foreign table t", "" },
		{ "drop role r", "" },
		{ "drop user mapping for x server y", "" },
		{ "drop text search dictionary d", "" },
		{ "drop operator +(int, int)", "" },
		{ "drop trusted procedural language l", "" },
		{ "create table t (a int)", "" },
		{ "create or replace view v as select 1", "" },
		{ "insert into t values (1)", "" },
		{ "delete from t", "" },
		{ "select 'drop table t'", "" },
		{ "do $$begin drop table t; end$$", "" },
		{ "comment on table t is 'drop table t'", "" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void losses__name_columns(void **state)
{
	static const struct row rows[] = {
		{ "alter table t drop column a", "column t.a" },
		{ "alter table t drop a", "column t.a" },
		{ "ALTER TABLE IF EXISTS ONLY s.T DROP COLUMN IF EXISTS \"A\" "
		  "CASCADE, DROP b RESTRICT",
		  "column s.t.A cascade only; column s.t.b only" },
		{ "alter foreign table t drop column a", "column t.a" },
		{ "alter table t alter a type int", "type change t.a" },
		{ "alter table t alter column a set data type numeric(10, 2) "
		  "using (a::numeric), alter b type text collate \"C\"",
		  "type change t.a; type change t.b" },
		{ "alter table t add column x int[] default array[1, 2], "
		  "drop column y, add check (a in (1, 2)), alter z type int, "
		  "drop constraint c",
		  "column t.y; type change t.z" },
		{ "alter type s.t drop attribute a cascade, "
		  "add attribute b int, alter attribute c type text",
		  "type s.t.a cascade; type s.t.c" },
		{ "alter table t alter a drop identity, alter b restart with "
		  "4, "
		  "alter c set generated always restart",
		  "identity t.a; identity t.b; identity t.c" },
		{ "alter sequence s.q restart with 1", "sequence state s.q" },
		{ "alter sequence q increment by 2 restart",
		  "sequence state q" },
		/* names that are keywords elsewhere */
		{ "alter table t alter type type text, drop column drop_me",
		  "type change t.type; column t.drop_me" },
		{ "alter table t drop column type, drop if exists set, "
		  "drop attribute",
		  "column t.type; column t.set; column t.attribute" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void losses__are_none_where_no_column_goes(void **state)
{
	static const struct row rows[] = {
		{ "alter table t add column a int", "" },
		{ "alter table t rename a to b", "" },
		{ "alter table t rename to u", "" },
		{ "alter table t rename constraint a to b", "" },
		{ "alter table t set schema s", "" },
		{ "alter table t drop constraint a cascade", "" },
		{ "alter table t alter a drop default, alter a drop not null",
		  "" },
		{ "alter table t alter a drop expression", "" },
		{ "alter table t alter a set default 1, alter a set not null",
		  "" },
		{ "alter table t alter a set (n_distinct = 5)", "" },
		{ "alter table t alter a set generated always", "" },
		{ "alter table t alter a add generated always as identity",
		  "" },
		{ "alter table t alter constraint c deferrable", "" },
		{ "alter table p attach partition t for values in (1)", "" },
		{ "alter table p detach partition t", "" },
		{ "alter table p detach partition t concurrently", "" },
		{ "alter table t owner to joe", "" },
		{ "alter table t enable trigger all", "" },
		{ "alter table t inherit p", "" },
		{ "alter table t set logged, set tablespace x", "" },
		{ "alter table all in tablespace a set tablespace b", "" },
		{ "alter type e add value 'x'", "" },
		{ "alter type e rename value 'x' to 'y'", "" },
		{ "alter type t add attribute b int", "" },
		{ "alter sequence s owned by t.a", "" },
		{ "alter sequence s rename to u", "" },
		{ "alter view v rename to w", "" },
		{ "alter index i rename to j", "" },
		{ "alter system set work_mem = '1MB'", "" },
		{ "alter default privileges grant select on tables to joe",
		  "" },
		{ "alter large object 1 owner to joe", "" },
	};

	(void)state;
	CHECK_ALL(rows);
}

/* Later versions' syntax, in actions that take nothing away. */
static void losses__are_known_beside_what_15_does_not_know(void **state)
{
	static const struct row rows[] = {
		{ "alter table t add constraint c not null a, drop column b",
		  "column t.b" },
		{ "alter table t alter a set expression as (b + 1)", "" },
		{ "alter table t alter a set storage default, drop b",
		  "column t.b" },
		{ "alter table t alter a set statistics default", "" },
		{ "alter table t alter constraint c not enforced", "" },
		{ "alter table t alter constraint c inherit, drop b",
		  "column t.b" },
		{ "alter table t add a int generated always as (b) virtual, "
		  "alter c type text",
		  "type change t.c" },
		{ "alter table t set access method default, drop b",
		  "column t.b" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void losses__name_truncated_tables(void **state)
{
	static const struct row rows[] = {
		{ "truncate t", "all rows t" },
		{ "truncate table only a, s.b *, c cascade",
		  "all rows a cascade only; all rows s.b cascade; "
		  "all rows c cascade" },
		{ "truncate t restart identity", "all rows t restarts" },
		{ "truncate t continue identity restrict", "all rows t" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void check_unknown(const char *text, bool unknown)
{
	struct sql_script s;

	assert_ok(sql_split(&s, SQL_POSTGRESQL, text, strlen(text), 1));
	if (s.statements[s.n - 1].unknown != unknown)
		fail_msg("%.80s: %s", text, unknown ? "known" : "unknown");
	assert_int_equal(s.statements[s.n - 1].n_losses, 0);
	sql_script_release(&s);
}

static void losses__are_unknown_where_nothing_is_sure(void **state)
{
	static const char *const unknown[] = {
		"drop table",
		"drop table t, ",
		"drop table t later",
		"drop",
		"drop property graph g",
		"alter table",
		"alter table t",
		"alter table t drop",
		"alter table t drop column a,",
		"alter table t drop column a later syntax",
		"alter table t frobnicate a",
		"alter frobnicator f",
		"truncate",
		"truncate t where a = 1",
		"frobnicate t",
		"start",
		"{",
		"'x'",
		/* the parser would read the string up to another quote */
		("set standard_conforming_strings = off; alter table t "
		 "alter a type text using '\\'; drop table u; --'"),
	};
	static const char *const known[] = {
		"create frobnicator f",
		"select from where",
		"insert t",
		"set",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		check_unknown(unknown[i], true);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		check_unknown(known[i], false);
}

/* The parser's own stack would overflow. */
static void losses__are_unknown_in_very_deep_text(void **state)
{
	static const char *const deep[] = { "1+", "not ", "(", "- ", "case " };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(deep); i++) {
		struct buf text = BUF_INIT;
		struct sql_script s;

		buf_addstr(&text, "alter table t alter a type int using ");
		for (size_t k = 0; k < 100000; k++)
			buf_addstr(&text, deep[i]);
		buf_addstr(&text, "1");
		check_unknown(buf_str(&text), true);
		/* no matter in an action that is not parsed */
		buf_addstr(&text, ", drop column b");
		assert_ok(
			sql_split(&s, SQL_POSTGRESQL, text.data, text.len, 1));
		sql_script_release(&s);
		buf_release(&text);
	}
}

static void losses__may_be_many(void **state)
{
	struct buf text = BUF_INIT;
	struct sql_script s;

	(void)state;
	buf_addstr(&text, "drop table t");
	for (int i = 0; i < 2999; i++)
		buf_addf(&text, ", t%d", i);
	buf_addstr(&text, "; alter table t drop a");
	for (int i = 0; i < 1499; i++)
		buf_addf(&text, ", drop a%d", i);
	assert_ok(sql_split(&s, SQL_POSTGRESQL, text.data, text.len, 1));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.statements[0].n_losses, 3000);
	assert_string_equal(s.statements[0].losses[2999].object, "t2998");
	assert_int_equal(s.statements[1].n_losses, 1500);
	assert_string_equal(s.statements[1].losses[1499].column, "a1498");
	sql_script_release(&s);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses__name_what_is_dropped),
		cmocka_unit_test(losses__are_none_where_no_row_goes),
		cmocka_unit_test(losses__name_columns),
		cmocka_unit_test(losses__are_none_where_no_column_goes),
		cmocka_unit_test(
			losses__are_known_beside_what_15_does_not_know),
		cmocka_unit_test(losses__name_truncated_tables),
		cmocka_unit_test(losses__are_unknown_where_nothing_is_sure),
		cmocka_unit_test(losses__are_unknown_in_very_deep_text),
		cmocka_unit_test(losses__may_be_many),
	};

	return cmocka_run_group_tests_name("sql/pg_loss", tests, NULL, NULL);
}
