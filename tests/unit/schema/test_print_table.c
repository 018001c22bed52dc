#include "unit/schema/db.h"

struct table_case {
	const char *sql;  /* what is run */
	const char *text; /* what is printed; NULL = only checked */
};

static const struct table_case plain[] = {
	{ "CREATE TABLE t(a)", "CREATE TABLE t (\n    a\n);\n" },
	{ "create table t(a,b)", "CREATE TABLE t (\n"
				 "    a\n"
				 "  , b\n"
				 ");\n" },
	{ "CREATE TABLE IF NOT EXISTS main.\"t\" ([a] int, `b` text)",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , b TEXT\n"
	  ");\n" },
	{ "CREATE TABLE users (id integer primary key autoincrement,"
	  " email text not null, unique(email))",
	  "CREATE TABLE users (\n"
	  "    id INTEGER PRIMARY KEY AUTOINCREMENT\n"
	  "  , email TEXT NOT NULL\n"
	  "  , UNIQUE (email)\n"
	  ");\n" },
	{ "CREATE TABLE t(a int primary key, b any) strict, without rowid",
	  "CREATE TABLE t (\n"
	  "    a INT PRIMARY KEY\n"
	  "  , b ANY\n"
	  ") STRICT, WITHOUT ROWID;\n" },
	{ "CREATE TABLE t(a int primary key) without rowid, strict",
	  "CREATE TABLE t (\n"
	  "    a INT PRIMARY KEY\n"
	  ") STRICT, WITHOUT ROWID;\n" },
	{ "CREATE TABLE t(a int primary key) WITHOUT RowId",
	  "CREATE TABLE t (\n"
	  "    a INT PRIMARY KEY\n"
	  ") WITHOUT ROWID;\n" },
	{ "CREATE TABLE t(a int primary key),strict", "CREATE TABLE t (\n"
						      "    a INT PRIMARY KEY\n"
						      ") STRICT;\n" },
};

static const struct table_case types[] = {
	{ "CREATE TABLE t(a varchar(255), b  double   precision)",
	  "CREATE TABLE t (\n"
	  "    a VARCHAR(255)\n"
	  "  , b DOUBLE PRECISION\n"
	  ");\n" },
	{ "CREATE TABLE t(a decimal ( 10 ,2 ), b num(-1, +2))",
	  "CREATE TABLE t (\n"
	  "    a DECIMAL(10, 2)\n"
	  "  , b NUM(-1, +2)\n"
	  ");\n" },
	{ "CREATE TABLE t(a \"my type\", b 'x y' , c [z])",
	  "CREATE TABLE t (\n"
	  "    a \"my type\"\n"
	  "  , b 'x y'\n"
	  "  , c [z]\n"
	  ");\n" },
	{ "CREATE TABLE t(a \"INTEGER\" primary key)",
	  "CREATE TABLE t (\n"
	  "    a \"INTEGER\" PRIMARY KEY\n"
	  ");\n" },
	{ "CREATE TABLE t(a unsigned big int, b native character(70))",
	  "CREATE TABLE t (\n"
	  "    a UNSIGNED BIG INT\n"
	  "  , b NATIVE CHARACTER(70)\n"
	  ");\n" },
	{ "CREATE TABLE t(a int generated always as (b) , b text)",
	  "CREATE TABLE t (\n"
	  "    a INT GENERATED ALWAYS AS (b) VIRTUAL\n"
	  "  , b TEXT\n"
	  ");\n" },
	{ "CREATE TABLE t(a key, b action temp)", "CREATE TABLE t (\n"
						  "    a KEY\n"
						  "  , b ACTION TEMP\n"
						  ");\n" },
};

static const struct table_case rules[] = {
	{ "CREATE TABLE t(a integer not null primary key)",
	  "CREATE TABLE t (\n"
	  "    a INTEGER PRIMARY KEY NOT NULL\n"
	  ");\n" },
	{ "CREATE TABLE t(a text collate nocase check(a<>'') default 'x' "
	  "unique not null)",
	  "CREATE TABLE t (\n"
	  "    a TEXT NOT NULL UNIQUE DEFAULT 'x' CHECK (a <> '') "
	  "COLLATE nocase\n"
	  ");\n" },
	{ "CREATE TABLE t(a int null, b text null default null)",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , b TEXT DEFAULT NULL\n"
	  ");\n" },
	{ "CREATE TABLE t(a int constraint pk primary key desc on conflict "
	  "replace constraint \"n n\" not null on conflict fail)",
	  "CREATE TABLE t (\n"
	  "    a INT CONSTRAINT pk PRIMARY KEY DESC ON CONFLICT REPLACE "
	  "CONSTRAINT \"n n\" NOT NULL ON CONFLICT FAIL\n"
	  ");\n" },
	{ "CREATE TABLE t(a int check(a>1) constraint c check(a<9) check(a))",
	  "CREATE TABLE t (\n"
	  "    a INT CHECK (a > 1) CONSTRAINT c CHECK (a < 9) CHECK (a)\n"
	  ");\n" },
	{ "CREATE TABLE t(a int, b int, c int, primary key(b,a desc) on "
	  "conflict ignore unique(c collate rtrim) check(a<b) constraint f "
	  "foreign key(a,b)references u(x,y)on delete cascade)",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , b INT\n"
	  "  , c INT\n"
	  "  , PRIMARY KEY (b, a DESC) ON CONFLICT IGNORE\n"
	  "  , UNIQUE (c COLLATE rtrim)\n"
	  "  , CHECK (a < b)\n"
	  "  , CONSTRAINT f FOREIGN KEY (a, b) REFERENCES u (x, y) "
	  "ON DELETE CASCADE\n"
	  ");\n" },
	{ "CREATE TABLE t(a integer, primary key(a autoincrement))",
	  "CREATE TABLE t (\n"
	  "    a INTEGER\n"
	  "  , PRIMARY KEY (a AUTOINCREMENT)\n"
	  ");\n" },
	{ "CREATE TABLE t(a int constraint lost, b int)",
	  "CREATE TABLE t (\n"
	  "    a INT CONSTRAINT lost\n"
	  "  , b INT\n"
	  ");\n" },
	{ "CREATE TABLE t(a int not null constraint x constraint y unique "
	  "primary key)",
	  "CREATE TABLE t (\n"
	  "    a INT NOT NULL CONSTRAINT x CONSTRAINT y UNIQUE "
	  "PRIMARY KEY\n"
	  ");\n" },
	{ "CREATE TABLE t(a int, constraint x unique(a), constraint y)",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , CONSTRAINT x UNIQUE (a)\n"
	  "  , CONSTRAINT y\n"
	  ");\n" },
	{ "CREATE TABLE t('a' text, primary key('a'), unique(\"a\" desc))",
	  "CREATE TABLE t (\n"
	  "    a TEXT\n"
	  "  , PRIMARY KEY (a)\n"
	  "  , UNIQUE (a DESC)\n"
	  ");\n" },
};

static const struct table_case references[] = {
	{ "CREATE TABLE t(a int references u, b int references \"u\"('x'))",
	  "CREATE TABLE t (\n"
	  "    a INT REFERENCES u\n"
	  "  , b INT REFERENCES u (x)\n"
	  ");\n" },
	{ "CREATE TABLE t(a int references u(x) on update set default "
	  "match simple on delete set null not deferrable initially immediate "
	  "not null)",
	  "CREATE TABLE t (\n"
	  "    a INT NOT NULL REFERENCES u (x) ON DELETE SET NULL "
	  "ON UPDATE SET DEFAULT MATCH simple "
	  "NOT DEFERRABLE INITIALLY IMMEDIATE\n"
	  ");\n" },
	{ "CREATE TABLE t(a int references u(x) deferrable initially deferred "
	  "on delete no action)",
	  NULL },
	{ "CREATE TABLE t(a int references u(x) on delete no action on update "
	  "restrict deferrable)",
	  "CREATE TABLE t (\n"
	  "    a INT REFERENCES u (x) ON DELETE NO ACTION "
	  "ON UPDATE RESTRICT DEFERRABLE\n"
	  ");\n" },
	/* a DEFERRABLE that is not beside its REFERENCES keeps its place */
	{ "CREATE TABLE t(a int references u(x) not null deferrable initially "
	  "deferred)",
	  "CREATE TABLE t (\n"
	  "    a INT REFERENCES u (x) NOT NULL DEFERRABLE "
	  "INITIALLY DEFERRED\n"
	  ");\n" },
	{ "CREATE TABLE t(a int, b int, foreign key(a)references u(x) on "
	  "update cascade on delete cascade deferrable initially deferred, "
	  "foreign key(b) references u)",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , b INT\n"
	  "  , FOREIGN KEY (a) REFERENCES u (x) ON DELETE CASCADE "
	  "ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED\n"
	  "  , FOREIGN KEY (b) REFERENCES u\n"
	  ");\n" },
	{ "CREATE TABLE t(a int references u on delete cascade on delete set "
	  "null references w)",
	  "CREATE TABLE t (\n"
	  "    a INT REFERENCES u ON DELETE CASCADE ON DELETE SET NULL "
	  "REFERENCES w\n"
	  ");\n" },
};

static const struct table_case defaults[] = {
	{ "CREATE TABLE t(a default 5, b default(5), c default((5)), "
	  "d default ( - 5 ), e default -5, f default +5)",
	  "CREATE TABLE t (\n"
	  "    a DEFAULT 5\n"
	  "  , b DEFAULT 5\n"
	  "  , c DEFAULT 5\n"
	  "  , d DEFAULT -5\n"
	  "  , e DEFAULT -5\n"
	  "  , f DEFAULT +5\n"
	  ");\n" },
	{ "CREATE TABLE t(a default 1.50e+3, b default 0XfF, c default x'aB', "
	  "d default 'It''s')",
	  "CREATE TABLE t (\n"
	  "    a DEFAULT 1.50e+3\n"
	  "  , b DEFAULT 0XfF\n"
	  "  , c DEFAULT x'aB'\n"
	  "  , d DEFAULT 'It''s'\n"
	  ");\n" },
	{ "CREATE TABLE t(a default null, b default true, c default (False), "
	  "d default current_date, e default (current_time))",
	  "CREATE TABLE t (\n"
	  "    a DEFAULT NULL\n"
	  "  , b DEFAULT TRUE\n"
	  "  , c DEFAULT FALSE\n"
	  "  , d DEFAULT CURRENT_DATE\n"
	  "  , e DEFAULT CURRENT_TIME\n"
	  ");\n" },
	{ "CREATE TABLE t(a default \"x y\", b default [z], c default word, "
	  "d default \"true\", e default `q\"'q`)",
	  "CREATE TABLE t (\n"
	  "    a DEFAULT 'x y'\n"
	  "  , b DEFAULT 'z'\n"
	  "  , c DEFAULT word\n"
	  "  , d DEFAULT 'true'\n"
	  "  , e DEFAULT 'q\"''q'\n"
	  ");\n" },
	{ "CREATE TABLE t(a default (1+2), b default ((1+2)), c default "
	  "(abs(-3)), d default (- -4), e default (lower( 'X' )||'s'))",
	  "CREATE TABLE t (\n"
	  "    a DEFAULT (1 + 2)\n"
	  "  , b DEFAULT (1 + 2)\n"
	  "  , c DEFAULT (abs(-3))\n"
	  "  , d DEFAULT (- -4)\n"
	  "  , e DEFAULT (lower('X') || 's')\n"
	  ");\n" },
	{ "CREATE TABLE t(a default (1)check(a), b default ((1)+(2)))",
	  "CREATE TABLE t (\n"
	  "    a DEFAULT 1 CHECK (a)\n"
	  "  , b DEFAULT ((1) + (2))\n"
	  ");\n" },
};

static const struct table_case generated[] = {
	{ "CREATE TABLE t(a int, b as (a+1), c int as (a*2) stored, "
	  "d text generated always as (a||'x') virtual)",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , b GENERATED ALWAYS AS (a + 1) VIRTUAL\n"
	  "  , c INT GENERATED ALWAYS AS (a * 2) STORED\n"
	  "  , d TEXT GENERATED ALWAYS AS (a || 'x') VIRTUAL\n"
	  ");\n" },
	{ "CREATE TABLE t(a int, b int as (a) not null unique check(b>0))",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , b INT NOT NULL UNIQUE CHECK (b > 0) "
	  "GENERATED ALWAYS AS (a) VIRTUAL\n"
	  ");\n" },
	{ "CREATE TABLE t(a int, stored as (a), b as (stored))",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , stored GENERATED ALWAYS AS (a) VIRTUAL\n"
	  "  , b GENERATED ALWAYS AS (stored) VIRTUAL\n"
	  ");\n" },
};

static const struct table_case expressions[] = {
	{ "CREATE TABLE t(a text check(a not in('(','),',')')and a<>'--'))",
	  "CREATE TABLE t (\n"
	  "    a TEXT CHECK (a NOT IN ('(', '),', ')') AND a <> '--')\n"
	  ");\n" },
	{ "CREATE TABLE t(a check(\"a\">'x' and \"b\"<>a and \"rowid\">0))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (a > 'x' AND 'b' <> a AND \"rowid\" > 0)\n"
	  ");\n" },
	{ "CREATE TABLE t(a check(a is not null or a isnull and not a "
	  "between 1 and 2 and a like 'x%' escape '\\'))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (a IS NOT NULL OR a ISNULL AND NOT a BETWEEN 1 AND 2 "
	  "AND a LIKE 'x%' ESCAPE '\\')\n"
	  ");\n" },
	{ "CREATE TABLE t(a check(case when a>0 then -1 else +a end<>~ a))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (CASE WHEN a > 0 THEN -1 ELSE +a END <> ~a)\n"
	  ");\n" },
	{ "CREATE TABLE t(a check(a- -1>- - a and a->'x'->>'$.y' is not 3))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (a - -1 > - -a AND a -> 'x' ->> '$.y' IS NOT 3)\n"
	  ");\n" },
	{ "CREATE TABLE t(a check(length( a ) >( 1 )and cast(a as varchar ( 3"
	  " )) glob 'x*' and replace(a,'b','c')=like('x',a)))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (length(a) > (1) AND CAST(a AS VARCHAR(3)) GLOB 'x*' "
	  "AND replace(a, 'b', 'c') = like('x', a))\n"
	  ");\n" },
	{ "CREATE TABLE t(a check(a collate nocase = 'x' collate \"binary\"))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (a COLLATE nocase = 'x' COLLATE binary)\n"
	  ");\n" },
	{ "CREATE TABLE t(a check(t.a>1 and \"t\".\"a\" < 3 and a is not "
	  "distinct from 2 and (a,1)<(3,4) and a is true and a not null))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (t.a > 1 AND t.a < 3 AND a IS NOT DISTINCT FROM 2 "
	  "AND (a, 1) < (3, 4) AND a IS TRUE AND a NOT NULL)\n"
	  ");\n" },
	{ "CREATE TABLE t(\"true\" int check(true), b check(b is false))",
	  NULL },
	{ "CREATE TABLE t(a check(a=x'00ff' or a=1e5 or a=.5 or a=0x1F))",
	  "CREATE TABLE t (\n"
	  "    a CHECK (a = x'00ff' OR a = 1e5 OR a = .5 OR a = 0x1F)\n"
	  ");\n" },
};

static const struct table_case names[] = {
	{ "CREATE TABLE \"order\"(\"select\" int, \"key\" text, \"a b\", "
	  "\"1x\", \"x1\", \"naïve\", naïf, a$b, \"q\"\"q\", [s'q], \"\")",
	  "CREATE TABLE \"order\" (\n"
	  "    \"select\" INT\n"
	  "  , \"key\" TEXT\n"
	  "  , \"a b\"\n"
	  "  , \"1x\"\n"
	  "  , x1\n"
	  "  , \"naïve\"\n"
	  "  , \"naïf\"\n"
	  "  , \"a$b\"\n"
	  "  , \"q\"\"q\"\n"
	  "  , \"s'q\"\n"
	  "  , \"\"\n"
	  ");\n" },
	{ "CREATE TABLE Key(desc int check(desc>1), row unique, left, "
	  "Indexed, primary key(key), key, check(\"key\"<>left))",
	  NULL },
	{ "CREATE TABLE Key(desc int check(desc>1), row unique, left, key, "
	  "primary key(key), check(\"key\"<>left))",
	  "CREATE TABLE \"Key\" (\n"
	  "    \"desc\" INT CHECK (\"desc\" > 1)\n"
	  "  , \"row\" UNIQUE\n"
	  "  , \"left\"\n"
	  "  , \"key\"\n"
	  "  , PRIMARY KEY (\"key\")\n"
	  "  , CHECK (\"key\" <> \"left\")\n"
	  ");\n" },
	{ "CREATE TABLE t(replace int, match int, glob int, check(replace>1 "
	  "and match<2 and not glob and replace(replace,match,glob)glob glob))",
	  "CREATE TABLE t (\n"
	  "    \"replace\" INT\n"
	  "  , \"match\" INT\n"
	  "  , \"glob\" INT\n"
	  "  , CHECK (\"replace\" > 1 AND \"match\" < 2 AND NOT \"glob\" AND "
	  "replace(\"replace\", \"match\", \"glob\") GLOB \"glob\")\n"
	  ");\n" },
	{ "CREATE TABLE \"a\nb\"(\"c\nd\" int, \"e--f\", \"/*g*/\")",
	  "CREATE TABLE \"a\nb\" (\n"
	  "    \"c\nd\" INT\n"
	  "  , \"e--f\"\n"
	  "  , \"/*g*/\"\n"
	  ");\n" },
	{ "CREATE TABLE action(a)", "CREATE TABLE \"action\" (\n    a\n);\n" },
};

static const struct table_case comments[] = {
	{ "CREATE TABLE t -- a table, (really)\n"
	  "( -- first\n"
	  "  a int, /* b, ) c */ b text /* last */ -- the end\n"
	  ") /* after */",
	  "CREATE TABLE t (\n"
	  "    a INT\n"
	  "  , b TEXT\n"
	  ");\n" },
	{ "CREATE TABLE/**/t(a/**/int/**/default/**/5/**/)",
	  "CREATE TABLE t (\n    a INT DEFAULT 5\n);\n" },
	{ "\n\r\n CREATE\tTABLE\f t (\r\n\ta\r\n\tint\r\n)",
	  "CREATE TABLE t (\n    a INT\n);\n" },
};

static void check_cases(const struct table_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3 *db = db_open();
		struct schema s;
		const struct schema_object *o = NULL;

		if (!cases[i].text && !db_try(db, cases[i].sql)) {
			sqlite3_close(db); /* not SQL after all */
			continue;
		}
		if (cases[i].text)
			db_exec(db, cases[i].sql);
		schema_of(&s, db);
		map_each (&s.by_path, e)
			o = e->value;
		assert_int_equal(s.by_path.n, 1);
		if (cases[i].text)
			assert_string_equal(o->text, cases[i].text);
		assert_prints_what_it_is(db);
		schema_release(&s);
		sqlite3_close(db);
	}
}

#define CASES(name)                                              \
	static void print_table__##name(void **state)            \
	{                                                        \
		(void)state;                                     \
		check_cases(name, ARRAY_LEN(name)); /* NOLINT */ \
	}

CASES(plain)
CASES(types)
CASES(rules)
CASES(references)
CASES(defaults)
CASES(generated)
CASES(expressions)
CASES(names)
CASES(comments)

static void print_table__gives_shape_only_where_something_moves(void **state)
{
	struct buf text = BUF_INIT, shape = BUF_INIT;

	(void)state;
	assert_true(schema_sqlite_print(&text, &shape, "table",
					"CREATE TABLE t(a, b, check(a))",
					NULL));
	assert_int_equal(shape.len, 0);
	assert_true(schema_sqlite_print(
		&text, &shape, "table",
		"CREATE TABLE t(b, a int, unique(b), check(a)) strict", NULL));
	assert_string_equal(buf_str(&text), "CREATE TABLE t (\n"
					    "    b\n"
					    "  , a INT\n"
					    "  , UNIQUE (b)\n"
					    "  , CHECK (a)\n"
					    ") STRICT;\n");
	assert_string_equal(buf_str(&shape), "CREATE TABLE t (\n"
					     "    a INT\n"
					     "  , b\n"
					     "  , CHECK (a)\n"
					     "  , UNIQUE (b)\n"
					     ") STRICT;\n");
	assert_true(schema_sqlite_print(&text, NULL, "table",
					"CREATE TABLE t(b, a)", NULL));
	buf_release(&text);
	buf_release(&shape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_table__plain),
		cmocka_unit_test(print_table__types),
		cmocka_unit_test(print_table__rules),
		cmocka_unit_test(print_table__references),
		cmocka_unit_test(print_table__defaults),
		cmocka_unit_test(print_table__generated),
		cmocka_unit_test(print_table__expressions),
		cmocka_unit_test(print_table__names),
		cmocka_unit_test(print_table__comments),
		cmocka_unit_test(
			print_table__gives_shape_only_where_something_moves),
	};

	return cmocka_run_group_tests_name("schema/print_table", tests, NULL,
					   NULL);
}
