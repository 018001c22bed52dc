#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

struct row {
	const char *text;
	enum sql_verb verb;
	const char *schema, *object, *detail, *detail2;
	bool temp;
};

static void check_name(const char *text, const char *got, const char *want)
{
	if (!streq_null(got, want))
		fail_msg("%s: '%s' instead of '%s'", text, got ? got : "NULL",
			 want ? want : "NULL");
}

static void check(const struct row *r)
{
	struct sql_script s;

	assert_ok(sql_split(&s, SQL_SQLITE, r->text, strlen(r->text), 1));
	assert_int_equal(s.n, 1);
	if (s.statements->verb != r->verb)
		fail_msg("%s: verb %d", r->text, s.statements->verb);
	check_name(r->text, s.statements->schema, r->schema);
	check_name(r->text, s.statements->object, r->object);
	check_name(r->text, s.statements->detail, r->detail);
	check_name(r->text, s.statements->detail2, r->detail2);
	if (s.statements->temp != r->temp)
		fail_msg("%s: temp %d", r->text, s.statements->temp);
	sql_script_release(&s);
}

#define CHECK_ALL(rows)                                      \
	do {                                                 \
		(void)state;                                 \
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) \
			check(&(rows)[i]);                   \
	} while (0)

static void sql_verb__of_transactions(void **state)
{
	static const struct row rows[] = {
		{ .text = "begin", .verb = SQL_BEGIN },
		{ .text = "BEGIN IMMEDIATE TRANSACTION", .verb = SQL_BEGIN },
		{ .text = "commit", .verb = SQL_COMMIT },
		{ .text = "end transaction", .verb = SQL_COMMIT },
		{ .text = "rollback", .verb = SQL_ROLLBACK },
		{ .text = "rollback to a", .verb = SQL_ROLLBACK },
		{ .text = "savepoint a", .verb = SQL_SAVEPOINT },
		{ .text = "release savepoint a", .verb = SQL_SAVEPOINT },
		{ .text = "/* x */ --\n begin", .verb = SQL_BEGIN },
		/* SQLite has neither */
		{ .text = "start transaction", .verb = SQL_OTHER },
		{ .text = "abort", .verb = SQL_OTHER },
		{ .text = "\"begin\"", .verb = SQL_OTHER },
	};

	CHECK_ALL(rows);
}

static void sql_verb__of_upkeep(void **state)
{
	static const struct row rows[] = {
		{ .text = "vacuum", .verb = SQL_VACUUM },
		{ .text = "vacuum main", .verb = SQL_VACUUM },
		{ .text = "vacuum into 'f'",
		  .verb = SQL_VACUUM,
		  .detail = "INTO" },
		{ .text = "vacuum main into 'f'",
		  .verb = SQL_VACUUM,
		  .detail = "INTO" },
		{ .text = "reindex", .verb = SQL_REINDEX },
		{ .text = "analyze t", .verb = SQL_ANALYZE },
		{ .text = "attach 'f' as x", .verb = SQL_ATTACH },
		{ .text = "detach database x", .verb = SQL_ATTACH },
	};

	CHECK_ALL(rows);
}

static void sql_verb__of_pragmas(void **state)
{
	static const struct row rows[] = {
		{ .text = "pragma foreign_keys",
		  .verb = SQL_PRAGMA,
		  .object = "foreign_keys" },
		{ .text = "PRAGMA foreign_keys=ON",
		  .verb = SQL_PRAGMA,
		  .object = "foreign_keys",
		  .detail = "ON" },
		{ .text = "pragma foreign_keys == off",
		  .verb = SQL_PRAGMA,
		  .object = "foreign_keys",
		  .detail = "off" },
		{ .text = "pragma foreign_keys(1)",
		  .verb = SQL_PRAGMA,
		  .object = "foreign_keys",
		  .detail = "1" },
		{ .text = "pragma cache_size = -2000",
		  .verb = SQL_PRAGMA,
		  .object = "cache_size",
		  .detail = "-2000" },
		{ .text = "pragma cache_size(- 2000)",
		  .verb = SQL_PRAGMA,
		  .object = "cache_size",
		  .detail = "-2000" },
		{ .text = "pragma a = +5.0",
		  .verb = SQL_PRAGMA,
		  .object = "a",
		  .detail = "5.0" },
		{ .text = "pragma main.user_version = 7",
		  .verb = SQL_PRAGMA,
		  .schema = "main",
		  .object = "user_version",
		  .detail = "7" },
		{ .text = "pragma \"main\" . [user_version](7)",
		  .verb = SQL_PRAGMA,
		  .schema = "main",
		  .object = "user_version",
		  .detail = "7" },
		{ .text = "pragma table_info('t')",
		  .verb = SQL_PRAGMA,
		  .object = "table_info",
		  .detail = "t" },
		{ .text = "pragma journal_mode=delete",
		  .verb = SQL_PRAGMA,
		  .object = "journal_mode",
		  .detail = "delete" },
		{ .text = "pragma temp.user_version",
		  .verb = SQL_PRAGMA,
		  .schema = "temp",
		  .object = "user_version",
		  .temp = true },
		{ .text = "pragma", .verb = SQL_PRAGMA },
		{ .text = "pragma a =", .verb = SQL_PRAGMA, .object = "a" },
	};

	CHECK_ALL(rows);
}

static void sql_verb__of_explain(void **state)
{
	static const struct row rows[] = {
		{ .text = "explain select 1", .verb = SQL_OTHER },
		{ .text = "explain query plan delete from t",
		  .verb = SQL_OTHER },
		{ .text = "explain drop table t", .verb = SQL_OTHER },
		/* a pragma acts while it is prepared */
		{ .text = "explain pragma foreign_keys = on",
		  .verb = SQL_PRAGMA,
		  .object = "foreign_keys",
		  .detail = "on" },
		{ .text = "explain query plan pragma foreign_keys(0)",
		  .verb = SQL_PRAGMA,
		  .object = "foreign_keys",
		  .detail = "0" },
	};

	CHECK_ALL(rows);
}

static void sql_verb__of_create(void **state)
{
	static const struct row rows[] = {
		{ .text = "create table t(a)",
		  .verb = SQL_CREATE_TABLE,
		  .object = "t" },
		{ .text = "CREATE TABLE IF NOT EXISTS \"My T\"(a)",
		  .verb = SQL_CREATE_TABLE,
		  .object = "My T" },
		{ .text = "create table main.t as select 1",
		  .verb = SQL_CREATE_TABLE,
		  .schema = "main",
		  .object = "t" },
		{ .text = "create table 'it''s'(a)",
		  .verb = SQL_CREATE_TABLE,
		  .object = "it's" },
		{ .text = "create temp table t(a)",
		  .verb = SQL_CREATE_TABLE,
		  .object = "t",
		  .temp = true },
		{ .text = "create temporary table if not exists t(a)",
		  .verb = SQL_CREATE_TABLE,
		  .object = "t",
		  .temp = true },
		{ .text = "create table Temp.t(a)",
		  .verb = SQL_CREATE_TABLE,
		  .schema = "Temp",
		  .object = "t",
		  .temp = true },
		{ .text = "create table temp(a)",
		  .verb = SQL_CREATE_TABLE,
		  .object = "temp" },
		{ .text = "create virtual table if not exists main.f using "
			  "fts5(a)",
		  .verb = SQL_CREATE_TABLE,
		  .schema = "main",
		  .object = "f" },
		{ .text = "create index if not exists main.i on t(a)",
		  .verb = SQL_CREATE,
		  .schema = "main",
		  .object = "i",
		  .detail = "index" },
		{ .text = "create unique index [i x] on t(a)",
		  .verb = SQL_CREATE,
		  .object = "i x",
		  .detail = "index" },
		{ .text = "create temp view v as select 1",
		  .verb = SQL_CREATE,
		  .object = "v",
		  .detail = "view",
		  .temp = true },
		{ .text = "create view if not exists temp.v as select 1",
		  .verb = SQL_CREATE,
		  .schema = "temp",
		  .object = "v",
		  .detail = "view",
		  .temp = true },
		{ .text = "create trigger r after insert on t begin select 1; "
			  "end",
		  .verb = SQL_CREATE,
		  .object = "r",
		  .detail = "trigger" },
		{ .text = "create function f", .verb = SQL_CREATE },
		{ .text = "create", .verb = SQL_CREATE },
		{ .text = "create table", .verb = SQL_CREATE_TABLE },
	};

	CHECK_ALL(rows);
}

static void sql_verb__of_drop(void **state)
{
	static const struct row rows[] = {
		{ .text = "drop table t",
		  .verb = SQL_DROP_TABLE,
		  .object = "t" },
		{ .text = "DROP TABLE IF EXISTS main.`t`",
		  .verb = SQL_DROP_TABLE,
		  .schema = "main",
		  .object = "t" },
		{ .text = "drop /* x */ table --\n t",
		  .verb = SQL_DROP_TABLE,
		  .object = "t" },
		{ .text = "drop table temp.t",
		  .verb = SQL_DROP_TABLE,
		  .schema = "temp",
		  .object = "t",
		  .temp = true },
		{ .text = "drop index if exists i",
		  .verb = SQL_DROP,
		  .object = "i",
		  .detail = "index" },
		{ .text = "drop view main.v",
		  .verb = SQL_DROP,
		  .schema = "main",
		  .object = "v",
		  .detail = "view" },
		{ .text = "drop trigger r",
		  .verb = SQL_DROP,
		  .object = "r",
		  .detail = "trigger" },
		{ .text = "drop", .verb = SQL_DROP },
	};

	CHECK_ALL(rows);
}

static void sql_verb__of_alter_table(void **state)
{
	static const struct row rows[] = {
		{ .text = "alter table a rename to b",
		  .verb = SQL_RENAME_TABLE,
		  .object = "a",
		  .detail = "b" },
		{ .text = "alter table \"main\".\"t\" rename to 'My T'",
		  .verb = SQL_RENAME_TABLE,
		  .schema = "main",
		  .object = "t",
		  .detail = "My T" },
		{ .text = "alter table a rename b to c",
		  .verb = SQL_RENAME_COLUMN,
		  .object = "a",
		  .detail = "b",
		  .detail2 = "c" },
		{ .text = "alter table a rename column b to c",
		  .verb = SQL_RENAME_COLUMN,
		  .object = "a",
		  .detail = "b",
		  .detail2 = "c" },
		{ .text = "alter table a rename \"to\" to c",
		  .verb = SQL_RENAME_COLUMN,
		  .object = "a",
		  .detail = "to",
		  .detail2 = "c" },
		{ .text = "alter table a rename \"column\" to \"to\"",
		  .verb = SQL_RENAME_COLUMN,
		  .object = "a",
		  .detail = "column",
		  .detail2 = "to" },
		{ .text = "alter table a add b",
		  .verb = SQL_ADD_COLUMN,
		  .object = "a",
		  .detail = "b" },
		{ .text = "alter table temp.a add column b int default (1)",
		  .verb = SQL_ADD_COLUMN,
		  .schema = "temp",
		  .object = "a",
		  .detail = "b",
		  .temp = true },
		{ .text = "ALTER TABLE a ADD COLUMN \"column\"",
		  .verb = SQL_ADD_COLUMN,
		  .object = "a",
		  .detail = "column" },
		{ .text = "alter table a add column integer",
		  .verb = SQL_ADD_COLUMN,
		  .object = "a",
		  .detail = "integer" },
		{ .text = "alter table a drop b",
		  .verb = SQL_DROP_COLUMN,
		  .object = "a",
		  .detail = "b" },
		{ .text = "alter table main.a drop column [b c]",
		  .verb = SQL_DROP_COLUMN,
		  .schema = "main",
		  .object = "a",
		  .detail = "b c" },
		{ .text = "alter table a alter b",
		  .verb = SQL_OTHER,
		  .object = "a" },
		{ .text = "alter index a rename to b", .verb = SQL_OTHER },
		{ .text = "alter", .verb = SQL_OTHER },
	};

	CHECK_ALL(rows);
}

static void sql_verb__of_row_changes(void **state)
{
	static const struct row rows[] = {
		{ .text = "insert into t values (1)",
		  .verb = SQL_INSERT,
		  .object = "t" },
		{ .text = "insert or replace into main.t default values",
		  .verb = SQL_INSERT,
		  .schema = "main",
		  .object = "t" },
		{ .text = "INSERT OR IGNORE INTO \"t\"(a) select 1",
		  .verb = SQL_INSERT,
		  .object = "t" },
		{ .text = "replace into t values (1)",
		  .verb = SQL_INSERT,
		  .object = "t" },
		{ .text = "insert into temp.t values (1)",
		  .verb = SQL_INSERT,
		  .schema = "temp",
		  .object = "t",
		  .temp = true },
		{ .text = "update t set a = 1",
		  .verb = SQL_UPDATE,
		  .object = "t" },
		{ .text = "update or rollback main.t as x set a = 1",
		  .verb = SQL_UPDATE,
		  .schema = "main",
		  .object = "t" },
		{ .text = "delete from t", .verb = SQL_DELETE, .object = "t" },
		{ .text = "delete from main.[t] as x where 1",
		  .verb = SQL_DELETE,
		  .schema = "main",
		  .object = "t" },
		{ .text = "select 1", .verb = SQL_SELECT },
		{ .text = "values (1), (2)", .verb = SQL_SELECT },
		{ .text = "insert", .verb = SQL_INSERT },
		{ .text = "delete", .verb = SQL_DELETE },
		{ .text = "(select 1)", .verb = SQL_OTHER },
	};

	CHECK_ALL(rows);
}

static void sql_verb__looks_behind_with(void **state)
{
	static const struct row rows[] = {
		{ .text = "with a as (select 1) select * from a",
		  .verb = SQL_SELECT },
		{ .text = "with a(x, y) as (values (1, 2)) values (3)",
		  .verb = SQL_SELECT },
		{ .text = "with a as (select 1) insert into t select * from a",
		  .verb = SQL_INSERT,
		  .object = "t" },
		{ .text = "with a as (select 1) insert or fail into t select 1",
		  .verb = SQL_INSERT,
		  .object = "t" },
		{ .text = "with a as (select 1) replace into t select * from a",
		  .verb = SQL_INSERT,
		  .object = "t" },
		{ .text = "with a as (select 1), b(x) as (select ((2))) update "
			  "main.t set a = 1",
		  .verb = SQL_UPDATE,
		  .schema = "main",
		  .object = "t" },
		{ .text = "with recursive a as (select 1 union select ')' from "
			  "a) "
			  "delete from t",
		  .verb = SQL_DELETE,
		  .object = "t" },
		{ .text = "with a as materialized (select 1), b as not "
			  "materialized "
			  "(select 2) delete from t",
		  .verb = SQL_DELETE,
		  .object = "t" },
		/* names that look like the verb */
		{ .text = "with replace as (select 1) delete from t",
		  .verb = SQL_DELETE,
		  .object = "t" },
		{ .text = "with \"select\" as (select 1) delete from t",
		  .verb = SQL_DELETE,
		  .object = "t" },
		{ .text = "with a as (select 1) drop table t",
		  .verb = SQL_OTHER },
		{ .text = "with", .verb = SQL_OTHER },
		{ .text = "with a as (select (1", .verb = SQL_OTHER },
		{ .text = "with a as ) select 1", .verb = SQL_OTHER },
	};

	CHECK_ALL(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_verb__of_transactions),
		cmocka_unit_test(sql_verb__of_upkeep),
		cmocka_unit_test(sql_verb__of_pragmas),
		cmocka_unit_test(sql_verb__of_explain),
		cmocka_unit_test(sql_verb__of_create),
		cmocka_unit_test(sql_verb__of_drop),
		cmocka_unit_test(sql_verb__of_alter_table),
		cmocka_unit_test(sql_verb__of_row_changes),
		cmocka_unit_test(sql_verb__looks_behind_with),
	};

	return cmocka_run_group_tests_name("sql/sqlite_classify", tests, NULL,
					   NULL);
}
