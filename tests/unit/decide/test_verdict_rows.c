#include "decide/verdict_rules.h"
#include "unit/decide/verdict_world.h"

#define INDEPENDENT VERDICT_INDEPENDENT
#define IDENTICAL VERDICT_IDENTICAL
#define ORDER VERDICT_ORDER
#define CONFLICT VERDICT_CONFLICT

static void rows__and_rows(void **state)
{
	static const struct verdict_case cases[] = {
		{ "insert t cols=a", "insert u cols=a", INDEPENDENT, 0 },
		/* ids are given in turn */
		{ "insert t cols=a !gen", "insert t cols=a !gen", ORDER, 0 },
		{ "insert t cols=a !gen reads=id where=a:1",
		  "insert t cols=id,a reads=id where=id:9,a:2", ORDER, 0 },
		/* keys that are known */
		{ "insert t cols=id reads=id where=id:1",
		  "insert t cols=id reads=id where=id:2", INDEPENDENT, 0 },
		{ "insert t cols=id,a reads=id where=id:1,a:7",
		  "insert t cols=id,a reads=id where=id:2,a:7", INDEPENDENT,
		  0 },
		{ "insert t cols=id,a reads=id,a where=id:1,a:7",
		  "insert t cols=id,a reads=id,a where=id:2,a:7", CONFLICT, 0 },
		{ "insert t cols=id reads=id where=id:1; create table u",
		  "insert t cols=id reads=id where=id:1", CONFLICT, 0 },
		{ "insert t cols=id reads=id where=id:1",
		  "insert t cols=id reads=id where=id:1", IDENTICAL, 0 },
		{ "insert t cols=id reads=id", "insert t cols=id reads=id",
		  ORDER, 0 },
		{ "insert t cols=a reads=", "insert t cols=a reads=",
		  INDEPENDENT, 0 },
		/* keys that are not */
		{ "insert t cols=id where=id:1", "insert t cols=id where=id:2",
		  INDEPENDENT, 0 },
		{ "insert t cols=id,a where=id:1,a:7",
		  "insert t cols=id,a where=id:2,a:7", CONFLICT, 0 },
		{ "insert t cols=id where=id:1", "insert t cols=a where=a:2",
		  ORDER, 0 },
		{ "insert t cols=id", "insert t cols=id where=id:1", ORDER, 0 },
		/* new rows and those that are changed */
		{ "insert t cols=a reads= where=a:1", "update t cols=b", ORDER,
		  0 },
		{ "insert t cols=a reads= where=a:1",
		  "update t cols=b where=a:2", INDEPENDENT, 0 },
		{ "insert t cols=a reads= where=a:1",
		  "update t cols=a where=a:2", INDEPENDENT, 0 },
		{ "insert t cols=a reads= where=a:1,b:7",
		  "update t cols=b sets=b:7", INDEPENDENT, 0 },
		{ "insert t cols=a reads=b where=a:1,b:7",
		  "update t cols=b sets=b:7", ORDER, 0 },
		{ "insert t cols=a reads= where=a:1",
		  "update t cols=a where=a:2 sets=a:1", INDEPENDENT, 0 },
		{ "insert t cols=a,k reads=k where=a:1,k:5",
		  "update t cols=k where=a:2 sets=k:5", ORDER, 0 },
		{ "insert t cols=a,k reads=k where=a:1,k:5",
		  "update t cols=k where=a:2 sets=k:6", INDEPENDENT, 0 },
		{ "insert t cols=a where=a:1", "delete t", ORDER, 0 },
		{ "insert t cols=a where=a:1", "delete t where=a:2",
		  INDEPENDENT, 0 },
		{ "insert t cols=a where=a:1 !gen in=",
		  "delete t where=a:2 in=", ORDER, 0 },
		{ "insert t cols=a where=a:1 !gen", "delete t where=a:2",
		  INDEPENDENT, 0 },
		/* whether a row has the key of an upsert */
		{ "insert t cols=k,a @on_conflict reads=k where=k:1,a:3",
		  "delete t where=a:2", ORDER, 0 },
		{ "insert t cols=k,a @on_conflict reads=k where=k:1,a:3",
		  "delete t where=k:2", INDEPENDENT, 0 },
		{ "insert t cols=k,a @on_conflict reads=k where=k:1,a:3",
		  "update t cols=k where=a:2 sets=k:5", ORDER, 0 },
		{ "insert t cols=a where=a:1", "select t cols=b where=a:2",
		  INDEPENDENT, 0 },
		{ "insert t cols=a where=a:1", "select t cols=b", ORDER, 0 },
		{ "insert t cols=a where=a:1", "select t cols=b @exists",
		  INDEPENDENT, 0 },
		{ "insert t cols=a where=a:1", "select t cols=b @absent", ORDER,
		  0 },
		/* updates */
		{ "update t cols=a", "update t cols=b", INDEPENDENT, 0 },
		/* what one gives the other overwrites, and leaves */
		{ "update t cols=a reads=a where=a:1",
		  "update t cols=a,c reads=b sets=a:2,c:3", INDEPENDENT, 0 },
		{ "update t cols=a reads=a where=a:1",
		  "update t cols=a reads=b sets=a:1", ORDER, 0 },
		{ "update t cols=a,c reads=a where=a:1",
		  "update t cols=a reads=b sets=a:2", ORDER, 0 },
		{ "update t cols=a reads=a where=a:1",
		  "update t cols=a reads=a,b sets=a:2", ORDER, 0 },
		{ "update t cols=a reads=a where=a:1",
		  "update t cols=a reads=b", ORDER, 0 },
		{ "update t cols=a reads=b", "update t cols=b", ORDER, 0 },
		{ "update t cols=a", "update t cols=a", ORDER, 0 },
		{ "update t cols=a sets=a:1", "update t cols=a sets=a:1",
		  INDEPENDENT, 0 },
		{ "update t cols=a sets=a:1 #s", "update t cols=a sets=a:1 #s",
		  IDENTICAL, 0 },
		{ "update t cols=a sets=a:1", "update t cols=a sets=a:2", ORDER,
		  0 },
		{ "update t cols=a where=id:1", "update t cols=a where=id:2",
		  INDEPENDENT, 0 },
		{ "update t cols=a,id where=id:1", "update t cols=a where=id:2",
		  ORDER, 0 },
		{ "update t cols=id where=id:1 sets=id:3",
		  "update t cols=a where=id:2", INDEPENDENT, 0 },
		{ "update t cols=id where=id:1 sets=id:2",
		  "update t cols=a where=id:2", ORDER, 0 },
		{ "update t cols=k where=id:1 reads=k sets=k:5",
		  "update t cols=k where=id:2 reads=k sets=k:5", ORDER, 0 },
		{ "update t cols=k where=id:1 reads=k sets=k:5",
		  "update t cols=k where=id:2 reads=k sets=k:6", INDEPENDENT,
		  0 },
		{ "update t", "update t cols=a", ORDER, 0 },
		{ "update t cols=a", "delete t where=b:1", INDEPENDENT, 0 },
		{ "update t cols=b", "delete t where=b:1", ORDER, 0 },
		{ "update t cols=b", "delete t reads=b", ORDER, 0 },
		{ "update t cols=a", "select t cols=b", INDEPENDENT, 0 },
		{ "update t cols=b", "select t cols=b", ORDER, 0 },
		{ "update t cols=b", "select t !all", ORDER, 0 },
		{ "update t cols=b where=id:1", "select t cols=b where=id:2",
		  INDEPENDENT, 0 },
		/* what goes twice is gone */
		{ "delete t", "delete t where=a:1", INDEPENDENT, 0 },
		{ "delete t", "select t cols=a", ORDER, 0 },
		{ "delete t where=a:2", "select t cols=a where=a:1",
		  INDEPENDENT, 0 },
		{ "delete t", "select t cols=a @absent", INDEPENDENT, 0 },
		{ "delete t", "select t cols=a @exists", ORDER, 0 },
		{ "select t cols=a", "select t cols=a", INDEPENDENT, 0 },
	};

	(void)state;
	assert_all(cases);
}

/* A trigger runs in one order only, or finds something else. */
static void rows__that_triggers_run_for(void **state)
{
	static const struct verdict_case cases[] = {
		{ "update t cols=a !fires", "delete t where=b:1", ORDER, 0 },
		{ "update t cols=a sets=a:1 !fires in=", "delete t in=", ORDER,
		  0 },
		{ "update t cols=a where=b:2 !fires", "delete t where=b:1",
		  INDEPENDENT, 0 },
		{ "update t cols=a !fires", "delete u", INDEPENDENT, 0 },
		{ "update t cols=a !fires", "select t cols=b", INDEPENDENT, 0 },
		{ "insert t cols=a reads= where=a:1,b:7",
		  "update t cols=b sets=b:7 !fires", ORDER, 0 },
		{ "insert t cols=a reads= where=a:1,b:7",
		  "update t cols=b where=a:2 sets=b:7 !fires", INDEPENDENT, 0 },
		{ "update t cols=a sets=a:1 !fires", "update t cols=a sets=a:1",
		  ORDER, 0 },
		{ "update t cols=a sets=a:1 !fires",
		  "update t cols=b sets=b:1 !fires", INDEPENDENT, 0 },
		{ "update t cols=a where=id:1 sets=a:1 !fires",
		  "update t cols=a where=id:2 sets=a:1 !fires", INDEPENDENT,
		  0 },
	};

	(void)state;
	assert_all(cases);
}

static void rows__and_columns(void **state)
{
	static const struct verdict_case cases[] = {
		{ "create column t.c !strict", "insert t cols=a", CONFLICT, 0 },
		{ "create column t.c !gen", "insert t cols=a", ORDER, 0 },
		{ "create column t.c !gen", "delete t where=a:1", ORDER, 0 },
		{ "create column t.c !strict", "update t cols=a", INDEPENDENT,
		  0 },
		{ "create column t.c", "insert t cols=a", INDEPENDENT, 0 },
		{ "create column t.c", "insert t !all cols=a", INDEPENDENT, 0 },
		{ "create column t.c in=", "insert t !all cols=a in=", CONFLICT,
		  0 },
		{ "create column t.c", "select t !all", ORDER, 0 },
		{ "create column t.c", "select t cols=a", INDEPENDENT, 0 },
		{ "drop column t.c", "insert t cols=c", CONFLICT, 0 },
		{ "drop column t.c", "insert t cols=a", INDEPENDENT, 0 },
		{ "drop column t.c", "insert t !all", CONFLICT, 0 },
		{ "drop column t.c", "select t !all", ORDER, 0 },
		{ "drop column t.c", "update t cols=a reads=c", CONFLICT, 0 },
		{ "drop column t.c", "delete t where=c:1", CONFLICT, 0 },
		{ "drop column t.c", "delete t", INDEPENDENT, 0 },
		{ "drop column t.c", "insert t cols=a where=a:1,c:2",
		  INDEPENDENT, 0 },
		{ "drop column t.c; create column t.d from=c",
		  "insert t !all in=", INDEPENDENT, 0 },
		{ "drop column t.c; create column t.d from=c",
		  "insert t !all @on_conflict", CONFLICT, 0 },
		{ "drop column t.c; create column t.d from=c",
		  "update t cols=c !implied in=", INDEPENDENT, 0 },
		{ "alter column t.c @type #int", "insert t cols=c", CONFLICT,
		  0 },
		{ "alter column t.c @type #int", "insert t cols=a", INDEPENDENT,
		  0 },
		{ "alter column t.c @type #int", "update t cols=a reads=c",
		  CONFLICT, 0 },
		{ "alter column t.c @type #int", "insert t !all", ORDER, 0 },
		{ "alter column t.c @default #1", "insert t cols=a", ORDER, 0 },
		{ "alter column t.c @default #1", "insert t cols=c",
		  INDEPENDENT, 0 },
		{ "alter column t.c @default #1", "insert t !all", INDEPENDENT,
		  0 },
		{ "alter column t.c @default #1", "insert t cols=", ORDER, 0 },
		{ "alter column t.c @default #1", "update t cols=c",
		  INDEPENDENT, 0 },
		{ "alter column t.c @null !strict", "insert t cols=a", CONFLICT,
		  0 },
		{ "alter column t.c @null !strict", "insert t cols=c where=c:1",
		  INDEPENDENT, 0 },
		{ "alter column t.c @null !strict",
		  "insert t cols=c where=c:NULL", CONFLICT, 0 },
		{ "alter column t.c @null", "insert t cols=a", INDEPENDENT, 0 },
		{ "alter column t.c @null !strict", "update t cols=c", CONFLICT,
		  0 },
		{ "alter column t.c @null !strict", "update t cols=c sets=c:1",
		  INDEPENDENT, 0 },
		{ "alter column t.c @null !strict", "update t cols=a",
		  INDEPENDENT, 0 },
		{ "alter column t.c @null !strict", "delete t where=c:1",
		  INDEPENDENT, 0 },
		{ "alter column t.c @generated", "insert t cols=a", ORDER, 0 },
		{ "alter column t.c @statistics", "insert t cols=c",
		  INDEPENDENT, 0 },
		{ "use column t.c @type", "insert t cols=c", INDEPENDENT, 0 },
	};

	(void)state;
	assert_all(cases);
}

static void rows__and_other_parts(void **state)
{
	static const struct verdict_case cases[] = {
		{ "create constraint t.k cols=a", "insert t cols=b", CONFLICT,
		  0 },
		{ "create constraint t.k #unique_(a,b) cols=a,b",
		  "insert t cols=b where=a:NULL,b:1", INDEPENDENT, 0 },
		{ "create constraint t.k #primary_key_(a) cols=a",
		  "insert t cols=b where=a:NULL", CONFLICT, 0 },
		{ "create constraint t.k #unique_nulls_not_distinct cols=a "
		  "!strict",
		  "insert t cols=b where=a:NULL", CONFLICT, 0 },
		{ "create constraint t.k cols=a", "update t cols=a", CONFLICT,
		  0 },
		{ "create constraint t.k cols=a", "update t cols=b",
		  INDEPENDENT, 0 },
		{ "create constraint t.k", "update t cols=b", CONFLICT, 0 },
		{ "create constraint t.k cols=a", "delete t", INDEPENDENT, 0 },
		{ "drop constraint t.k", "insert t cols=a", INDEPENDENT, 0 },
		/* what goes with its parent, and what a trigger does */
		{ "drop constraint t.k", "delete t !implied @cascade", ORDER,
		  0 },
		{ "drop constraint t.k", "delete t !implied", INDEPENDENT, 0 },
		{ "use constraint t.k", "delete t @truncate", CONFLICT, 0 },
		{ "use constraint t.k", "delete t", INDEPENDENT, 0 },
		{ "create constraint t.l from=k", "insert t cols=a",
		  INDEPENDENT, 0 },
		{ "drop constraint t.k", "insert t cols=a; use constraint t.k",
		  CONFLICT, 0 },
		{ "create index t.i cols=a", "insert t cols=a", INDEPENDENT,
		  0 },
		{ "create index t.i cols=a !strict", "insert t cols=a",
		  CONFLICT, 0 },
		{ "create index t.i cols=a !strict", "update t cols=b",
		  INDEPENDENT, 0 },
		{ "drop index t.i", "insert t cols=a", INDEPENDENT, 0 },
		{ "create trigger t.x", "insert t cols=a", ORDER, 0 },
		{ "create trigger t.x cols=update", "insert t cols=a",
		  INDEPENDENT, 0 },
		{ "drop trigger t.x cols=update", "update t cols=a", ORDER, 0 },
		{ "create trigger t.x", "select t cols=a", INDEPENDENT, 0 },
		{ "create rule t.x", "select t cols=a", ORDER, 0 },
		{ "create rule t.x cols=delete", "insert t cols=a", INDEPENDENT,
		  0 },
		{ "create rule t.x cols=insert", "insert t cols=a", ORDER, 0 },
		{ "create rule t.x cols=delete", "use table t @rules", CONFLICT,
		  0 },
		{ "create rule t.x cols=delete", "use table t @write_rules",
		  INDEPENDENT, 0 },
		{ "create rule t.x cols=update", "use table t @write_rules",
		  CONFLICT, 0 },
		{ "drop rule t.x cols=update", "use table t @rules",
		  INDEPENDENT, 0 },
		{ "create policy t.x", "insert t cols=a", INDEPENDENT, 0 },
		{ "alter table t @triggers", "delete t", ORDER, 0 },
		{ "alter table t @columns", "insert t cols=a", INDEPENDENT, 0 },
		{ "alter table t @schema", "insert t cols=a", CONFLICT, 0 },
		{ "create view v; use table t", "insert t cols=a", INDEPENDENT,
		  0 },
	};

	(void)state;
	assert_all(cases);
}

#define CHECK(wants) "create constraint t.k #check_x cols=a where=a:" wants

/* Constants that a new CHECK allows */
static void rows__that_keep_a_check(void **state)
{
	static const struct verdict_case cases[] = {
		{ CHECK("<_4"), "insert t cols=a where=a:3", INDEPENDENT, 0 },
		{ CHECK("<_4"), "insert t cols=a where=a:4", CONFLICT, 0 },
		/* may be rounded */
		{ CHECK("<_4"), "insert t cols=a where=a:3.9", CONFLICT, 0 },
		{ CHECK("<_4"), "insert t cols=a where=a:2.9", INDEPENDENT, 0 },
		{ CHECK(">=_4"), "insert t cols=a where=a:4", INDEPENDENT, 0 },
		{ CHECK("<>_4"), "insert t cols=a where=a:5", INDEPENDENT, 0 },
		{ CHECK("<>_4"), "insert t cols=a where=a:4.0", CONFLICT, 0 },
		{ CHECK("<_4"), "insert t cols=a", CONFLICT, 0 },
		{ CHECK("<_4"), "insert t cols=b where=a:NULL", INDEPENDENT,
		  0 },
		{ CHECK("not_null"), "insert t cols=b where=a:NULL", CONFLICT,
		  0 },
		{ CHECK("not_null"), "insert t cols=a where=a:1", INDEPENDENT,
		  0 },
		{ CHECK("in_1_2"), "insert t cols=a where=a:2", INDEPENDENT,
		  0 },
		{ CHECK("in_1_2"), "insert t cols=a where=a:3", CONFLICT, 0 },
		{ CHECK("in_'x'_'y_z'"), "insert t cols=a where=a:y_z",
		  INDEPENDENT, 0 },
		{ CHECK("in_'x'_'y_z'"), "insert t cols=a where=a:z", CONFLICT,
		  0 },
		{ CHECK("<_'b'"), "insert t cols=a where=a:a", CONFLICT, 0 },
		{ CHECK("=_'x'"), "update t cols=a,b sets=a:x", INDEPENDENT,
		  0 },
		{ CHECK("=_'x'"), "update t cols=a,b sets=b:x", CONFLICT, 0 },
		{ CHECK("<_4,b:>_1"), "update t cols=a sets=a:3", INDEPENDENT,
		  0 },
		{ CHECK("<_4,b:>_1"), "insert t cols=a,b where=a:3,b:1",
		  CONFLICT, 0 },
		{ "create constraint t.k #check_x cols=a "
		  "where=length(a):<_4",
		  "insert t cols=a where=a:red", INDEPENDENT, 0 },
		{ "create constraint t.k #check_x cols=a "
		  "where=length(a):<_4",
		  "insert t cols=a where=a:blue", CONFLICT, 0 },
		/* 1000 */
		{ "create constraint t.k #check_x cols=a "
		  "where=length(a):<_4",
		  "insert t cols=a where=a:1e3", CONFLICT, 0 },
		/* rows that break it can no more be changed */
		{ "create constraint t.k #check_x_not_valid cols=a "
		  "where=a:<_4",
		  "update t cols=b", CONFLICT, 0 },
		/* NULL refers to nothing */
		{ "create constraint t.k #foreign_key cols=a",
		  "update t cols=a sets=a:NULL", INDEPENDENT, 0 },
	};

	(void)state;
	assert_all(cases);
}

/* Constants that are the same in the old type and the new one */
static void rows__and_another_type(void **state)
{
	static const struct verdict_case cases[] = {
		{ "alter column t.a @type #bigint from=int4",
		  "insert t cols=a where=a:7", INDEPENDENT, 0 },
		{ "alter column t.a @type #bigint from=int4", "insert t cols=a",
		  CONFLICT, 0 },
		{ "alter column t.a @type #bigint_using_b from=int4",
		  "insert t cols=a where=a:7", CONFLICT, 0 },
		{ "alter column t.a @type #bigint", "insert t cols=a where=a:7",
		  CONFLICT, 0 },
		{ "alter column t.a @type #text from=int4",
		  "insert t cols=a where=a:7", INDEPENDENT, 0 },
		{ "alter column t.a @type #text from=int4",
		  "insert t cols=a where=a:07", CONFLICT, 0 },
		{ "alter column t.a @type #text from=numeric",
		  "insert t cols=a where=a:7", CONFLICT, 0 },
		{ "alter column t.a @type #text from=bool",
		  "insert t cols=a where=a:true", INDEPENDENT, 0 },
		{ "alter column t.a @type #text from=bool",
		  "insert t cols=a where=a:t", CONFLICT, 0 },
		{ "alter column t.a @type #varchar(3) from=text",
		  "insert t cols=a where=a:red", INDEPENDENT, 0 },
		{ "alter column t.a @type #varchar(3) from=text",
		  "insert t cols=a where=a:blue", CONFLICT, 0 },
		{ "alter column t.a @type #text from=bpchar",
		  "insert t cols=a where=a:red", CONFLICT, 0 },
		{ "alter column t.a @type #date from=text",
		  "insert t cols=a where=a:NULL", INDEPENDENT, 0 },
		{ "alter column t.a @type #bigint from=int4",
		  "update t cols=a sets=a:7", INDEPENDENT, 0 },
		{ "alter column t.a @type #bigint from=int4",
		  "update t cols=a sets=a:7 reads=a", CONFLICT, 0 },
		{ "alter column t.a @type #bigint from=int4",
		  "delete t where=a:7", CONFLICT, 0 },
	};

	(void)state;
	assert_all(cases);
}

static void values__apart_under_every_type(void **state)
{
	static const struct {
		const char *a, *b;
		bool apart;
	} rows[] = {
		{ "1", "2", true },
		{ "1", "1", false },
		{ "1", "01", false },
		{ "-1", "1", true },
		{ "1", "1.0", false },
		{ "1.50", "1.51", false },
		{ "1.5", "2.5", true },
		{ "1.9", "2.1", false },
		{ "1.5", "-1.5", true },
		{ "1.5.1", "3.5.1", false },
		{ "1", "one", false },
		{ "one", "two", true },
		{ "one", "One", false },
		{ "one", "one ", false },
		{ "a@x.org", "b@x.org", true },
		{ "true", "yes", false },
		{ "t", "f", true },
		{ "true", "no", true },
		{ "t", "true", false },
		{ "t", "two", false },
		{ "today", "now", false },
		{ "Jan 1", "January 1", false },
		{ "2020-01-01", "2020-01-02", true },
		{ "2020-01-01", "2020-1-1", false },
		{ "2020-01-01 00:00", "2020-01-01", false },
		{ "", "a", false },
		{ "99999999", "99999998", false },
		{ NULL, "a", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (verdict_values_apart(rows[i].a, rows[i].b) != rows[i].apart)
			fail_msg("%s, %s", rows[i].a, rows[i].b);
		assert_int_equal(verdict_values_apart(rows[i].b, rows[i].a),
				 rows[i].apart);
	}
}

/* SQLite drops a table and makes it anew to change it. */
static void rows__of_sqlite_tables_that_are_made_anew(void **state)
{
	static const struct verdict_case cases[] = {
		{ "alter table t @rebuilt in=", "insert t cols=a in=",
		  INDEPENDENT, 0 },
		{ "alter table t @rebuilt in=", "create column t.b in=", ORDER,
		  0 },
		{ "alter table t @rebuilt in=", "create index t.i in=", ORDER,
		  0 },
		{ "alter table t @rebuilt in=", "drop trigger t.g in=", ORDER,
		  0 },
		{ "alter table t @rebuilt in=", "use column t.b @type in=",
		  INDEPENDENT, 0 },
		{ "alter table t @rebuilt in=", "use table t in=", INDEPENDENT,
		  0 },
		{ "alter table t @rebuilt in=", "use table t @rebuilt in=",
		  ORDER, 0 },
		{ "alter table t @rebuilt #1 in=",
		  "alter table t @rebuilt #2 in=", ORDER, 0 },
		/* types are wishes, but where the table is STRICT */
		{ "alter column t.a @type #int in=",
		  "insert t cols=a where=a:1 reads= in=", ORDER, 0 },
		{ "alter column t.a @type #int in=",
		  "insert t cols=a where=a:NULL reads= in=", INDEPENDENT, 0 },
		{ "alter column t.a @type #int in=",
		  "insert t cols=b where=b:1 reads= in=", INDEPENDENT, 0 },
		{ "alter column t.a @type #int !strict in=",
		  "insert t cols=a where=a:1 reads= in=", CONFLICT, 0 },
		{ "alter column t.a @type #int in=",
		  "insert t cols=a where=a:1 reads=a in=", ORDER, 0 },
		{ "alter column t.a @type #int in=",
		  "update t cols=a sets=a:1 in=", ORDER, 0 },
		{ "alter column t.a @type #int in=",
		  "update t cols=b sets=b:1 in=", INDEPENDENT, 0 },
		{ "alter column t.a @type #int in=",
		  "update t cols=b reads=a in=", ORDER, 0 },
		{ "alter column t.a @type #int in=", "select t cols=a in=",
		  ORDER, 0 },
		{ "alter column t.a @type #int",
		  "insert t cols=a where=a:1 reads=", CONFLICT, 0 },
	};

	(void)state;
	assert_all(cases);
}

static void rows__children_that_are_gone_are_in_nobodys_way(void **state)
{
	static const struct verdict_case cases[] = {
		{ "drop table c; drop column c.p !implied",
		  "delete p; delete c @cascade reads=p !implied", INDEPENDENT,
		  0 },
		{ "drop table c; drop column c.p !implied",
		  "delete p; select c @absent cols=p !implied", INDEPENDENT,
		  0 },
		{ "drop table c", "delete c !implied", CONFLICT, 0 },
		{ "drop column c.p", "delete p; delete c @cascade reads=p",
		  CONFLICT, 0 },
	};

	(void)state;
	assert_all(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows__of_sqlite_tables_that_are_made_anew),
		cmocka_unit_test(
			rows__children_that_are_gone_are_in_nobodys_way),
		cmocka_unit_test(rows__and_rows),
		cmocka_unit_test(rows__that_triggers_run_for),
		cmocka_unit_test(rows__and_columns),
		cmocka_unit_test(rows__and_other_parts),
		cmocka_unit_test(rows__that_keep_a_check),
		cmocka_unit_test(rows__and_another_type),
		cmocka_unit_test(values__apart_under_every_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
