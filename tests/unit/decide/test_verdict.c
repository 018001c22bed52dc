#include "unit/decide/verdict_world.h"

#define INDEPENDENT VERDICT_INDEPENDENT
#define IDENTICAL VERDICT_IDENTICAL
#define UNCERTAIN VERDICT_UNCERTAIN
#define ORDER VERDICT_ORDER
#define CONFLICT VERDICT_CONFLICT

static void pair__harmless_work_is_independent(void **state)
{
	static const struct verdict_case cases[] = {
		{ "", "", INDEPENDENT, 0 },
		{ "create table t", "", INDEPENDENT, 0 },
		{ "create table t", "create table u", INDEPENDENT, 0 },
		{ "create column t.a #int; alter table t @columns",
		  "create column t.b #int; alter table t @columns", INDEPENDENT,
		  0 },
		{ "create index t.i #(a) cols=a; use column t.a; use table t",
		  "create column t.b #int; alter table t @columns", INDEPENDENT,
		  0 },
		{ "create index t.i #(a); use table t",
		  "create index t.j #(a); use table t", INDEPENDENT, 0 },
		{ "alter table t @comment #x", "alter column t.a @comment #x",
		  INDEPENDENT, 0 },
		{ "alter table t @comment #x", "insert t cols=a", INDEPENDENT,
		  0 },
		/* of all that is there, or comes */
		{ "alter schema public @privileges_of_all_tables #app:_grant_x",
		  "create table t", ORDER, 0 },
		{ "alter schema public @privileges_of_all_tables #app:_grant_x",
		  "create view v", ORDER, 0 },
		{ "alter schema public @privileges_of_all_tables #app:_grant_x",
		  "create sequence s", INDEPENDENT, 0 },
		{ "alter schema public @privileges_of_all_tables #app:_grant_x",
		  "drop table t; create table u from=t", INDEPENDENT, 0 },
		{ "alter schema * @default_privileges_of_types #app:_grant_x",
		  "create type e", ORDER, 0 },
		{ "alter schema * @default_privileges_of_schemas #app:_grant_x",
		  "create schema s", ORDER, 0 },
		{ "alter schema * @default_privileges_of_tables #app:_grant_x",
		  "drop table t", INDEPENDENT, 0 },
		{ "alter table t @privileges #app:_grant_x !implied",
		  "drop table t", INDEPENDENT, 0 },
		{ "alter table t @privileges #app:_grant_x !implied",
		  "drop table t; create table t from=t in=other", CONFLICT, 0 },
		{ "alter table t @privileges #app:_grant_select",
		  "alter table t @privileges #web:_grant_select", INDEPENDENT,
		  0 },
		{ "alter table t @privileges #app:_grant_select",
		  "alter table t @privileges #app:_grant_insert", INDEPENDENT,
		  0 },
		{ "create table u; create constraint u.fk; use column t.id "
		  "@type",
		  "create column t.x #int; alter table t @columns", INDEPENDENT,
		  0 },
		{ "create view v; use column t.a @type; use table t",
		  "create view w; use column t.a @type; use table t",
		  INDEPENDENT, 0 },
		{ "create routine f(integer)", "create routine f(text)",
		  INDEPENDENT, 0 },
		{ "create table t in=x; use schema x",
		  "create table t in=y; use schema y", INDEPENDENT, 0 },
		{ "alter column t.a @default #1",
		  "alter column t.b @default #2", INDEPENDENT, 0 },
		{ "alter column t.a @default #1",
		  "alter column t.a @null "
		  "!strict",
		  INDEPENDENT, 0 },
		{ "create trigger t.x; use table t",
		  "create trigger u.x; "
		  "use table u",
		  INDEPENDENT, 0 },
		{ "create constraint t.x #check cols=a; alter table t "
		  "@constraints",
		  "create constraint t.y #check cols=b; alter table t "
		  "@constraints",
		  INDEPENDENT, 0 },
		{ "drop table t; drop constraint v.fk !implied",
		  "drop table u; drop constraint v.fk !implied", INDEPENDENT,
		  0 },
		/* an index, and a foreign key, follow the table */
		{ "drop table t; create table u from=t", "drop index t.i",
		  INDEPENDENT, 0 },
		{ "drop table t; create table u from=t", "select t @exists",
		  INDEPENDENT, 0 },
		{ "drop table t; create table u from=t",
		  "use table t why=foreign_key_v.t", INDEPENDENT, 0 },
		{ "drop table t @if_exists; alter column u.b @default",
		  "drop table t @if_exists", INDEPENDENT, 0 },
	};

	(void)state;
	assert_all(cases);
}

static void pair__one_thing_made_twice(void **state)
{
	static const struct verdict_case cases[] = {
		{ "create table t #1", "create table t #1", IDENTICAL, 0 },
		{ "create table t #1", "create table t #2", CONFLICT, 0 },
		{ "create table t", "create table t", CONFLICT, 0 },
		{ "create table t #1", "create table t #1; create table u #1",
		  CONFLICT, 0 },
		{ "create table t #1", "create view t #1", CONFLICT, 0 },
		{ "create index t.x", "create index u.x", CONFLICT, 0 },
		{ "create index t.x", "create sequence x", CONFLICT, 0 },
		{ "create table x", "create type x", CONFLICT, 0 },
		{ "create column t.a #int", "create column t.a #text", CONFLICT,
		  0 },
		{ "create column t.a #int; use type int",
		  "create column t.a #int; use type int", IDENTICAL, 0 },
		{ "create column t.a #int",
		  "create column t.a #int; use table "
		  "v",
		  CONFLICT, 0 },
		{ "create table t #1; create column t.a #int !implied",
		  "create table t #1", IDENTICAL, 0 },
		{ "create view v @or_replace #1",
		  "create view v @or_replace "
		  "#2",
		  ORDER, 0 },
		{ "create table t @if_not_exists #1; create table u",
		  "create table t @if_not_exists #1", INDEPENDENT, 0 },
		{ "create table t @if_not_exists #1",
		  "create table t @if_not_exists #2", ORDER, 0 },
		{ "create view v @or_replace #1",
		  "create view v #1; create "
		  "view w",
		  CONFLICT, 0 },
		{ "create routine f", "create routine f(integer)", CONFLICT,
		  0 },
		{ "create trigger t.x in=", "create trigger u.x in=", CONFLICT,
		  0 },
		{ "create constraint t. #1; create table u",
		  "create constraint t. #1", CONFLICT, 0 },
		{ "create constraint t. #1", "create constraint t. #2",
		  INDEPENDENT, 0 },
		{ "create constraint t.k #1 cols=a", "create index t.k",
		  CONFLICT, 0 },
		{ "create label e.x", "create label e.y", ORDER, 0 },
		{ "create label e.x #1", "create label e.x #1", IDENTICAL, 0 },
		{ "create label e.x", "create label f.y", INDEPENDENT, 0 },
		{ "create label e.x #before_a", "create label e.y #before_b",
		  INDEPENDENT, 0 },
		{ "create label e.x #after_a", "create label e.y #after_b",
		  INDEPENDENT, 0 },
		{ "create label e.x #before_a", "create label e.y", INDEPENDENT,
		  0 },
		{ "create label e.x #before_a", "create label e.y #before_a",
		  ORDER, 0 },
		{ "create label e.x #before_a", "create label e.y #after_b",
		  ORDER, 0 },
		{ "create label e.x #after_a", "create label e.y", ORDER, 0 },
		{ "create label e.x from=z", "create label e.y", INDEPENDENT,
		  0 },
		{ "create role app", "create role app", CONFLICT, 0 },
		/* in another order, but of one thing in the same */
		{ "create table t #1; create table u #1",
		  "create table u #1; create table t #1", IDENTICAL, 0 },
		{ "alter column t.a @default #1; alter column t.a @default #2",
		  "alter column t.a @default #2; alter column t.a @default #1",
		  ORDER, 0 },
	};

	(void)state;
	assert_all(cases);
}

static void pair__what_goes_is_missed(void **state)
{
	static const struct verdict_case cases[] = {
		{ "drop table t", "drop table t", IDENTICAL, 0 },
		{ "drop table t; drop table u", "drop table t", CONFLICT, 0 },
		{ "drop table t", "drop table t @if_exists", CONFLICT, 0 },
		{ "drop table t", "use table t", CONFLICT, 0 },
		{ "drop table t", "use table t why=foreign_key_v.t", CONFLICT,
		  0 },
		{ "drop table t; create table u from=t",
		  "use table t why=foreign_key_of_v", CONFLICT, 0 },
		{ "drop table t", "alter table t @comment #x", CONFLICT, 0 },
		{ "drop table t", "create column t.a", CONFLICT, 0 },
		{ "drop table t", "create index t.i", CONFLICT, 0 },
		{ "drop table t; drop index t.i !implied", "drop index t.i",
		  CONFLICT, 0 },
		{ "drop table t", "insert t cols=a", CONFLICT, 0 },
		{ "drop table t", "select t", CONFLICT, 0 },
		{ "drop table t", "alter column t.a @default #1", CONFLICT, 0 },
		{ "drop index t.i", "drop table t; drop index t.i !implied",
		  CONFLICT, 0 },
		{ "drop column t.a; alter table t @columns",
		  "use column t.a @type", CONFLICT, 0 },
		{ "drop column t.a", "alter column t.a @type #text", CONFLICT,
		  0 },
		{ "drop column t.a", "create index t.i; use column t.b",
		  INDEPENDENT, 0 },
		{ "drop schema x", "create table t in=x", CONFLICT, 0 },
		{ "drop schema x", "insert t in=x cols=a", CONFLICT, 0 },
		{ "drop schema x", "create table t", INDEPENDENT, 0 },
		{ "drop type e", "create label e.x", CONFLICT, 0 },
		{ "drop role app", "use role app", CONFLICT, 0 },
		/* made anew on both sides */
		{ "drop view v @if_exists; create view v #1",
		  "drop view v @if_exists; create view v #2", CONFLICT, 0 },
		{ "drop trigger t.x !implied; create trigger t.x #1 !implied",
		  "drop trigger t.x @if_exists", CONFLICT, 0 },
		{ "drop table t; create table t #1",
		  "create column t.a; use table t", CONFLICT, 0 },
	};

	(void)state;
	assert_all(cases);
}

static void pair__changes_of_one_aspect(void **state)
{
	static const struct verdict_case cases[] = {
		{ "alter column t.a @default #1",
		  "alter column t.a @default "
		  "#1",
		  IDENTICAL, 0 },
		{ "alter column t.a @default #1; create table u",
		  "alter column t.a @default #1", INDEPENDENT, 0 },
		{ "alter column t.a @default #1",
		  "alter column t.a @default "
		  "#2",
		  ORDER, 0 },
		{ "alter column t.a @default", "alter column t.a @default",
		  ORDER, 0 },
		{ "alter column t.a @type #text",
		  "alter column t.a @type "
		  "#int",
		  ORDER, 0 },
		{ "alter column t.a @type #text",
		  "alter column t.a @default "
		  "#1",
		  ORDER, 0 },
		{ "alter column t.a @type #text", "use column t.a @type",
		  CONFLICT, 0 },
		{ "alter column t.a @default #1", "use column t.a @type",
		  INDEPENDENT, 0 },
		{ "alter column t.a @type #text", "use column t.a", INDEPENDENT,
		  0 },
		{ "alter column t.a @type #text", "use column t.a @null",
		  INDEPENDENT, 0 },
		{ "alter column t.a @collation", "use column t.a @type", ORDER,
		  0 },
		{ "alter table t @comment #x", "alter table t @comment #y",
		  ORDER, 0 },
		{ "alter table t @privileges #app:_grant_select",
		  "alter table t @privileges #app:_revoke_select", ORDER, 0 },
		{ "alter table t @columns", "use table t @columns", ORDER, 0 },
		{ "create column t.a; alter table t @columns",
		  "use table t @columns", ORDER, 0 },
		{ "drop column t.a; alter table t @columns",
		  "use table t @columns", CONFLICT, 0 },
		/* a view of all columns */
		{ "create view v; use table t @columns",
		  "alter column t.a @type #text", CONFLICT, 0 },
		{ "create view v; use table t @columns",
		  "alter column u.a @type #text", INDEPENDENT, 0 },
		{ "create view v; use table t @columns",
		  "alter column t.a @default #1", INDEPENDENT, 0 },
		{ "create view v; use table t", "alter column t.a @type #text",
		  INDEPENDENT, 0 },
		{ "create view v in=; use table t @columns in=",
		  "alter column t.a @type #text in=", INDEPENDENT, 0 },
		{ "alter table t @schema #x", "create column t.a", CONFLICT,
		  0 },
		{ "alter table t @schema #x", "use table t", CONFLICT, 0 },
		{ "alter view v @definition #1", "use column v.a @type", ORDER,
		  0 },
		{ "alter routine f() @definition #1",
		  "alter routine f() @definition #2", ORDER, 0 },
		{ "alter routine f() @definition #1", "use routine f()",
		  INDEPENDENT, 0 },
		{ "alter routine f() @definition #1",
		  "use routine f @definition", ORDER, 0 },
		{ "alter routine f() @definition #1",
		  "alter routine f() @owner #app", INDEPENDENT, 0 },
		{ "alter sequence s @value #1", "alter sequence s @options #2",
		  ORDER, 0 },
		{ "alter table t @inheritance",
		  "create column t.a; alter "
		  "table t @columns",
		  CONFLICT, 0 },
		{ "alter setting x #1", "alter setting x #2", ORDER, 0 },
		{ "alter setting x #1", "alter setting y #2", INDEPENDENT, 0 },
	};

	(void)state;
	assert_all(cases);
}

static void pair__one_makes_what_the_other_needs(void **state)
{
	static const struct verdict_case cases[] = {
		{ "create table t", "use table t", CONFLICT, 'b' },
		{ "create table t", "create column t.a; alter table t @columns",
		  CONFLICT, 'b' },
		{ "create table t", "insert t cols=a", CONFLICT, 'b' },
		{ "create column t.a", "use column t.a @type", CONFLICT, 'b' },
		{ "create column t.a", "update t cols=a", CONFLICT, 'b' },
		{ "create column t.a", "insert t cols=a,b where=a:1", CONFLICT,
		  'b' },
		{ "create column t.a", "drop column t.a", CONFLICT, 'b' },
		{ "create routine f()", "use routine f", CONFLICT, 'b' },
		{ "create schema x", "create table t in=x; use schema x",
		  CONFLICT, 'b' },
		{ "create type e", "create label e.x", CONFLICT, 'b' },
		{ "drop column t.a; create column t.b from=a",
		  "use column t.b @type", CONFLICT, 'b' },
		/* it makes it itself: that meets, and is no need */
		{ "create table t", "create table t; use table t", CONFLICT,
		  0 },
		{ "create table t", "create table t; insert t cols=a", CONFLICT,
		  0 },
		/* replaced: it was there before */
		{ "drop view v; create view v", "use view v", CONFLICT, 0 },
		{ "drop view v @if_exists; create view v", "use view v",
		  CONFLICT, 'b' },
	};

	(void)state;
	assert_all(cases);
}

static void pair__both_may_need_the_other(void **state)
{
	struct arena arena = ARENA_INIT;
	struct effects a, b;
	struct verdict_pair p;

	(void)state;
	world_effects(&a, "create table t; use table u");
	world_effects(&b, "create table u; use table t");
	verdict_pair(&p, &arena, &a, &b);
	assert_int_equal(p.verdict, CONFLICT);
	assert_true(p.a_needs_b);
	assert_true(p.b_needs_a);
	effects_release(&a);
	effects_release(&b);
	arena_release(&arena);
}

static void pair__what_cannot_be_told(void **state)
{
	static const struct verdict_case cases[] = {
		{ "unknown", "create table t", UNCERTAIN, 0 },
		{ "unknown", "", INDEPENDENT, 0 },
		{ "unknown", "unknown", UNCERTAIN, 0 },
		{ "uncertain table t", "create table u", INDEPENDENT, 0 },
		{ "uncertain table t", "create column t.a", UNCERTAIN, 0 },
		{ "uncertain table t", "insert t cols=a", UNCERTAIN, 0 },
		{ "uncertain routine f", "use routine f()", UNCERTAIN, 0 },
		{ "uncertain schema x", "create table t in=x", UNCERTAIN, 0 },
		/* what is known to be worse is said */
		{ "unknown; create table t #1", "create table t #2", CONFLICT,
		  0 },
	};

	(void)state;
	assert_all(cases);
}

static void pair__meetings_are_one_for_each_two_things(void **state)
{
	struct arena arena = ARENA_INIT;
	struct effects a, b;
	struct verdict_pair p;

	(void)state;
	world_effects(&a, "alter column t.a @default #1; drop column t.c; "
			  "alter column t.a @type #int");
	world_effects(&b, "alter column t.a @default #2; use column t.a @type; "
			  "drop column t.c @if_exists");
	verdict_pair(&p, &arena, &a, &b);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.meetings[0].verdict, CONFLICT);
	assert_string_equal(p.meetings[0].why, "both drop column public.t.c");
	assert_int_equal(p.meetings[1].verdict, CONFLICT);
	assert_string_equal(p.meetings[1].why,
			    "one side: change type of column public.t.a; "
			    "other side: use column public.t.a");
	assert_ptr_equal(p.meetings[1].a, &a.items[2]);
	assert_ptr_equal(p.meetings[1].b, &b.items[1]);
	effects_release(&a);
	effects_release(&b);
	arena_release(&arena);
}

static void name__each_verdict_has_one(void **state)
{
	static const char *const names[VERDICT_COUNT] = {
		"independent", "identical", "uncertain", "order", "conflict"
	};

	(void)state;
	for (int i = 0; i < VERDICT_COUNT; i++)
		assert_string_equal(verdict_name((enum verdict)i), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pair__harmless_work_is_independent),
		cmocka_unit_test(pair__one_thing_made_twice),
		cmocka_unit_test(pair__what_goes_is_missed),
		cmocka_unit_test(pair__changes_of_one_aspect),
		cmocka_unit_test(pair__one_makes_what_the_other_needs),
		cmocka_unit_test(pair__both_may_need_the_other),
		cmocka_unit_test(pair__what_cannot_be_told),
		cmocka_unit_test(pair__meetings_are_one_for_each_two_things),
		cmocka_unit_test(name__each_verdict_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
