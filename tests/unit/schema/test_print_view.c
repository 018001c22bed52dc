#include "unit/schema/db.h"

/* Views, triggers and virtual tables: all that is made of statements. */

static const char tables[] = "CREATE TABLE t (a, b, \"key\", \"x y\");"
			     "CREATE TABLE u (a, c);"
			     "CREATE VIEW tv AS SELECT a, b FROM t;";
static const char rows[] = "INSERT INTO t VALUES (1, 2, 3, 4), (5, 6, 7, 8);"
			   "INSERT INTO u VALUES (1, 'x'), (9, 'y');";

struct view_case {
	const char *sql;
	const char *text; /* behind the first line for views: from SELECT on */
};

static const struct view_case clauses[] = {
	{ "select 1", "SELECT 1" },
	{ "select a,b from t", "SELECT a, b\n"
			       "FROM t" },
	{ "select distinct a x, b as y from t z where a>1 and b<2",
	  "SELECT DISTINCT a x, b AS y\n"
	  "FROM t z\n"
	  "WHERE a > 1 AND b < 2" },
	{ "select all a from t group by a having count(*)>1 order by a desc "
	  "nulls first limit 5 offset 6",
	  "SELECT ALL a\n"
	  "FROM t\n"
	  "GROUP BY a\n"
	  "HAVING count(*) > 1\n"
	  "ORDER BY a DESC NULLS FIRST\n"
	  "LIMIT 5 OFFSET 6" },
	{ "select t.a,c from t join u on t.a=u.a,t as w",
	  "SELECT t.a, c\n"
	  "FROM t\n"
	  "JOIN u ON t.a = u.a, t AS w" },
	{ "select*from t natural left outer join u cross join t x inner join u "
	  "y using(a)",
	  "SELECT *\n"
	  "FROM t\n"
	  "NATURAL LEFT OUTER JOIN u\n"
	  "CROSS JOIN t x\n"
	  "INNER JOIN u y USING (a)" },
	{ "select a from t union all select a from u except values(1),(2) "
	  "intersect select 3 order by 1",
	  "SELECT a\n"
	  "FROM t\n"
	  "UNION ALL\n"
	  "SELECT a\n"
	  "FROM u\n"
	  "EXCEPT\n"
	  "VALUES (1), (2)\n"
	  "INTERSECT\n"
	  "SELECT 3\n"
	  "ORDER BY 1" },
	{ "values(1,'a'),(2,'b')", "VALUES (1, 'a'), (2, 'b')" },
	{ "with c as(select 1 as n),d(m)as not materialized(select n+1 from c)"
	  "select n,m from c,d",
	  "WITH c AS (SELECT 1 AS n), d (m) AS NOT MATERIALIZED "
	  "(SELECT n + 1 FROM c)\n"
	  "SELECT n, m\n"
	  "FROM c, d" },
	{ "with recursive c(n)as(values(1)union all select n+1 from c where "
	  "n<9)select n from c",
	  "WITH RECURSIVE c (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c "
	  "WHERE n < 9)\n"
	  "SELECT n\n"
	  "FROM c" },
	{ "select a,sum(b)over w as s from t window w as(partition by a order "
	  "by b groups between 1 preceding and 2 following exclude current "
	  "row),w2 as(order by a)",
	  "SELECT a, sum(b) OVER w AS s\n"
	  "FROM t\n"
	  "WINDOW w AS (PARTITION BY a ORDER BY b GROUPS BETWEEN 1 PRECEDING "
	  "AND 2 FOLLOWING EXCLUDE CURRENT ROW), w2 AS (ORDER BY a)" },
	{ "select count(*)filter(where a>1)as n,row_number()over()as r from t",
	  "SELECT count(*) FILTER (WHERE a > 1) AS n, "
	  "row_number() OVER () AS r\n"
	  "FROM t" },
	{ "select a from t where exists(select 1 from u where u.a=t.a)and a in"
	  "(1,2)and a not in(select a from u)and(a,b)=(select 1,2)",
	  "SELECT a\n"
	  "FROM t\n"
	  "WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND a IN (1, 2) "
	  "AND a NOT IN (SELECT a FROM u) AND (a, b) = (SELECT 1, 2)" },
	{ "select a from t where a is distinct from b and b is not distinct "
	  "from 1",
	  "SELECT a\n"
	  "FROM t\n"
	  "WHERE a IS DISTINCT FROM b AND b IS NOT DISTINCT FROM 1" },
	{ "select x.a from(t join u using(a))as x,(select a as q from t)y,"
	  "json_each('[1]')j",
	  NULL },
	{ "select key,\"key\",[key],t.key,\"t\".\"key\" from t",
	  "SELECT key, \"key\", \"key\", t.\"key\", t.\"key\"\n"
	  "FROM t" },
	{ "select a from main.t,main.[u] where a in main.u", NULL },
	{ "with t as(select 9 as a)select a from main.t",
	  "WITH t AS (SELECT 9 AS a)\n"
	  "SELECT a\n"
	  "FROM main.t" },
	{ "select a from t indexed by i where b not null", NULL },
	{ "select a from t not indexed where b not like 'x' escape '!'",
	  "SELECT a\n"
	  "FROM t NOT INDEXED\n"
	  "WHERE b NOT LIKE 'x' ESCAPE '!'" },
	{ "select group_concat(a,', ')as g,max(a,b)m,min(distinct a)n from t",
	  "SELECT group_concat(a, ', ') AS g, max(a, b) m, "
	  "min(DISTINCT a) n\n"
	  "FROM t" },
};

/* SQLite names these columns by their text; so does what is printed. */
static const struct view_case unnamed[] = {
	{ "select a+1 from t", "SELECT a + 1 AS \"a+1\"\nFROM t" },
	{ "select a + 1 from t", "SELECT a + 1\nFROM t" },
	{ "select count( * ),COUNT(*) from t",
	  "SELECT count(*) AS \"count( * )\", COUNT(*)\nFROM t" },
	{ "select (a),( a ),(a collate  nocase),likely( a ) from t",
	  "SELECT (a), (a), (a COLLATE nocase), likely(a)\nFROM t" },
	{ "select t . a,-a,- a,+a from t",
	  "SELECT t.a, -a, -a AS \"- a\", +a\nFROM t" },
	{ "select null,1,'x',\"no such\",x'00',current_date from t",
	  "SELECT NULL AS \"null\", 1, 'x', \"no such\", x'00', "
	  "CURRENT_DATE AS \"current_date\"\nFROM t" },
	{ "select case a when 1 then 2\nend from t",
	  "SELECT CASE a WHEN 1 THEN 2 END AS \"case a when 1 then 2\nend\"\n"
	  "FROM t" },
	{ "select a+1 /* more */ , b*2 -- last\n from t",
	  "SELECT a + 1 AS \"a+1 /* more */\", b * 2 AS \"b*2 -- last\"\n"
	  "FROM t" },
	{ "select (select a+1 from t),exists(select a+1 from t)",
	  "SELECT (SELECT a + 1 FROM t) AS \"(select a+1 from t)\", "
	  "EXISTS (SELECT a + 1 FROM t) AS \"exists(select a+1 from t)\"" },
	{ "select*from(select a+1 from t)",
	  "SELECT *\nFROM (SELECT a + 1 AS \"a+1\" FROM t)" },
	{ "select 1 union select 1+1", "SELECT 1\nUNION\nSELECT 1 + 1" },
	{ "select a desc,b\"x y\",key'z',1 as\"a\"from t",
	  "SELECT a \"desc\", b \"x y\", key z, 1 AS a\nFROM t" },
	{ "select \"a\"||'x',t.*,* from t",
	  "SELECT \"a\" || 'x' AS \"\"\"a\"\"||'x'\", t.*, *\nFROM t" },
};

static void check_views(const struct view_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3 *db = db_with(tables);
		char *sql = xasprintf("CREATE VIEW v AS %s", cases[i].sql);
		char *want = xasprintf("CREATE VIEW v AS\n%s;\n",
				       cases[i].text ? cases[i].text : "");
		char *before, *after, *names, *names_after;
		struct schema s;
		const char *text;

		db_exec(db, rows);
		db_exec(db, sql);
		schema_of(&s, db);
		text = schema_find(&s, "view", "v")->text;
		if (cases[i].text)
			assert_string_equal(text, want);
		before = db_rows(db, "SELECT * FROM v");
		names = db_rows(db, "PRAGMA table_xinfo(v)");
		db_exec(db, "DROP VIEW v");
		db_exec(db, text);
		after = db_rows(db, "SELECT * FROM v");
		names_after = db_rows(db, "PRAGMA table_xinfo(v)");
		assert_string_equal(after, before);
		assert_string_equal(names_after, names);
		db_exec(db, "DELETE FROM t; DELETE FROM u");
		assert_prints_what_it_is(db);
		free(before);
		free(after);
		free(names);
		free(names_after);
		free(sql);
		free(want);
		schema_release(&s);
		sqlite3_close(db);
	}
}

static void print_view__breaks_before_main_clauses(void **state)
{
	(void)state;
	check_views(clauses, ARRAY_LEN(clauses));
}

static void print_view__keeps_names_that_are_texts(void **state)
{
	(void)state;
	check_views(unnamed, ARRAY_LEN(unnamed));
}

struct object_case {
	const char *kind;
	const char *sql;
	const char *text;
};

static const struct object_case objects[] = {
	{ "view",
	  "create view if not exists main.[v w](\"a\",`b c`)as select "
	  "a+1,b from t",
	  "CREATE VIEW \"v w\" (a, \"b c\") AS\n"
	  "SELECT a + 1, b\n"
	  "FROM t;\n" },
	{ "trigger", "create trigger g after insert on t begin select 1; end",
	  "CREATE TRIGGER g AFTER INSERT ON t BEGIN\n"
	  "  SELECT 1;\n"
	  "END;\n" },
	{ "trigger",
	  "create trigger if not exists main.\"g h\" before update of a,\"b\" "
	  "on main.[t] for each row when new.a>1 and old.\"b\"<>'; end' begin "
	  "update u set\"a\"=new.a,c=c||'x'where a=old.a;/* ; */delete from u "
	  "where a=1;end",
	  "CREATE TRIGGER \"g h\" BEFORE UPDATE OF a, b ON t FOR EACH ROW "
	  "WHEN new.a > 1 AND old.b <> '; end' BEGIN\n"
	  "  UPDATE u SET a = new.a, c = c || 'x'\n"
	  "    WHERE a = old.a;\n"
	  "  DELETE FROM u\n"
	  "    WHERE a = 1;\n"
	  "END;\n" },
	{ "trigger",
	  "create trigger g instead of delete on tv begin insert or ignore "
	  "into u(a,\"c\")select a,case b when 1 then 2 end from t where "
	  "a=old.a;insert into u values(1,2),(3,-4);replace into u(a)values(1)"
	  ";end",
	  "CREATE TRIGGER g INSTEAD OF DELETE ON tv BEGIN\n"
	  "  INSERT OR IGNORE INTO u (a, c)\n"
	  "    SELECT a, CASE b WHEN 1 THEN 2 END\n"
	  "    FROM t\n"
	  "    WHERE a = old.a;\n"
	  "  INSERT INTO u VALUES (1, 2), (3, -4);\n"
	  "  REPLACE INTO u (a) VALUES (1);\n"
	  "END;\n" },
	{ "trigger",
	  "create trigger g delete on t begin update or replace u set(a,c)="
	  "(1,2);select raise(ignore),raise(abort,'x');insert into u values("
	  "1,2)on conflict(a)where a>0 do update set c=excluded.c where c>1;"
	  "update u set a=t.a from t where "
	  "t.b=u.a;end",
	  "CREATE TRIGGER g DELETE ON t BEGIN\n"
	  "  UPDATE OR REPLACE u SET (a, c) = (1, 2);\n"
	  "  SELECT RAISE(IGNORE), RAISE(ABORT, 'x');\n"
	  "  INSERT INTO u VALUES (1, 2) ON CONFLICT (a)\n"
	  "    WHERE a > 0 DO UPDATE SET c = excluded.c\n"
	  "    WHERE c > 1;\n"
	  "  UPDATE u SET a = t.a\n"
	  "    FROM t\n"
	  "    WHERE t.b = u.a;\n"
	  "END;\n" },
	{ "virtual", "create virtual table f using fts5( a, b , content='' )",
	  "CREATE VIRTUAL TABLE f USING fts5(a, b, content='');\n" },
	{ "virtual",
	  "create virtual table if not exists main.\"f g\" using \"fts5\"(a,\n"
	  "  tokenize = \"unicode61  tokenchars '-_.,()'\"\n)",
	  "CREATE VIRTUAL TABLE \"f g\" USING fts5(a, tokenize = "
	  "\"unicode61  tokenchars '-_.,()'\");\n" },
	{ "virtual",
	  "create virtual table r using rtree(id, x0 ,x1, +aux text)",
	  "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +aux text);\n" },
	{ "virtual", "create virtual table f using fts4", NULL },
	{ "virtual", "create virtual table f using fts4()", NULL },
	{ "virtual", "create virtual table f using fts4(a , b(, )c)", NULL },
};

static void print__gives_the_canonical_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		sqlite3 *db = db_with(tables);
		struct schema s;
		bool seen = false;

		db_exec(db, "CREATE UNIQUE INDEX ua ON u (a) WHERE a > 0");
		db_exec(db, objects[i].sql);
		schema_of(&s, db);
		map_each (&s.by_path, e) {
			const struct schema_object *o = e->value;

			if (!streq(o->kind, objects[i].kind) ||
			    streq(o->name, "tv"))
				continue;
			if (objects[i].text)
				assert_string_equal(o->text, objects[i].text);
			seen = true;
		}
		assert_true(seen);
		assert_prints_what_it_is(db);
		schema_release(&s);
		sqlite3_close(db);
	}
}

static const struct object_case unreadable[] = {
	{ "view", "CREATE VIEW", NULL },
	{ "view", "CREATE VIEW v", NULL },
	{ "view", "CREATE VIEW v AS", NULL },
	{ "view", "CREATE VIEW v (a", NULL },
	{ "view", "CREATE VIEW v (a) SELECT 1", NULL },
	{ "view", "CREATE VIEW v AS SELECT 1; SELECT 2", NULL },
	{ "view", "CREATE VIEW v AS SELECT (1", NULL },
	{ "view", "CREATE VIEW v AS SELECT 'x", NULL },
	{ "view", "CREATE VIEW v AS SELECT :a", NULL },
	{ "view", "CREATE TABLE v (a)", NULL },
	{ "trigger", "CREATE TRIGGER g", NULL },
	{ "trigger", "CREATE TRIGGER g AFTER", NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT", NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT ON", NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT ON t", NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT ON t END", NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT ON t BEGIN END", NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1 END",
	  NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1;; END",
	  NULL },
	{ "trigger", "CREATE TRIGGER g AFTER INSERT ON t x BEGIN SELECT 1; END",
	  NULL },
	{ "trigger", "CREATE TRIGGER g UPDATE OF ON t BEGIN SELECT (1;); END",
	  NULL },
	{ "virtual", "CREATE VIRTUAL TABLE", NULL },
	{ "virtual", "CREATE VIRTUAL TABLE f", NULL },
	{ "virtual", "CREATE VIRTUAL TABLE f USING", NULL },
	{ "virtual", "CREATE VIRTUAL TABLE f USING m x", NULL },
	{ "virtual", "CREATE VIRTUAL TABLE f USING m(", NULL },
	{ "virtual", "CREATE VIRTUAL TABLE f USING m(a) b", NULL },
	{ "no kind", "CREATE VIEW v AS SELECT 1", NULL },
};

static void print__keeps_what_it_cannot_read(void **state)
{
	struct buf text = BUF_INIT, shape = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unreadable); i++) {
		char *want = xasprintf("%s\n", unreadable[i].sql);

		if (schema_sqlite_print(&text, &shape, unreadable[i].kind,
					unreadable[i].sql, NULL))
			fail_msg("read: %s", unreadable[i].sql);
		assert_string_equal(buf_str(&text), want);
		assert_int_equal(shape.len, 0);
		free(want);
	}
	buf_release(&text);
	buf_release(&shape);
}

static void print__takes_brackets_of_any_depth(void **state)
{
	struct buf sql = BUF_INIT, text = BUF_INIT;

	(void)state;
	buf_addstr(&sql, "CREATE VIEW v AS SELECT ");
	for (int i = 0; i < 20000; i++)
		buf_addch(&sql, '(');
	buf_addch(&sql, '1');
	for (int i = 0; i < 20000; i++)
		buf_addch(&sql, ')');
	assert_true(
		schema_sqlite_print(&text, NULL, "view", buf_str(&sql), NULL));
	assert_int_equal(text.len, sql.len + 2);
	buf_release(&sql);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_view__breaks_before_main_clauses),
		cmocka_unit_test(print_view__keeps_names_that_are_texts),
		cmocka_unit_test(print__gives_the_canonical_text),
		cmocka_unit_test(print__keeps_what_it_cannot_read),
		cmocka_unit_test(print__takes_brackets_of_any_depth),
	};

	return cmocka_run_group_tests_name("schema/print_view", tests, NULL,
					   NULL);
}
