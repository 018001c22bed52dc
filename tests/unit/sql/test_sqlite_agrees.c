#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "sql/sqlite_lexer.h"
#include "support/unit.h"

/*
 * SQLite itself as the judge: a statement ends where sqlite3_prepare_v2()
 * leaves its tail pointer, and a text means what it compiles to.
 */
static const char setup_sql[] =
	"create table t(a integer primary key, b text, c blob);"
	"create table u(x, y default 'end;', unique(x));"
	"create table \"odd; name\"(\"end;\", [b c], `d``e`);"
	"create view v as select a, b from t;"
	"create index ti on t(b);"
	"create trigger keep after delete on t begin select 1; end;"
	"savepoint s;";

/* Each prepares; none needs a semicolon or may have one behind it. */
static const char *const corpus[] = {
	"select 1",
	"select a, b from t where a = ?1 and b = :b or c = @c or c = $c::d(e)",
	"select ';', \"b\", `b`, [b] from t",
	"select 'it''s; -- not /* a comment'",
	"select 1 -- comment; with 'quotes\n, 2",
	"select 1 /* ; ' \" ` [ */, 2",
	"select x'0aFF', 0x1F, 1e5, .5, 5., 1.5e-3",
	"select case when 1 then 2 else 3 end",
	"select case case 1 when 1 then 2 end when 2 then 3 end as \"end\"",
	"select \"end;\", [b c], `d``e` from \"odd; name\"",
	"select 'a'->'$', 'a'->>'$' from t",
	"select a<>1, a!=1, a<=1, a>=1, a<<1, a>>1, a||1, a==1, ~a, -a, +a "
	"from t",
	"select a is not distinct from 1 from t",
	"select count(*) filter (where a > 1) over w from t window w as "
	"(partition by b order by a rows between 1 preceding and current row)",
	"values (1, ';'), (2, 'end;')",
	"insert into t values (1, ';', x'00')",
	"insert or replace into t(a, b) values (1, 'b')",
	"insert into main.u default values",
	"insert into t(a) select x from u where true on conflict (a) do update "
	"set b = excluded.b returning a",
	"replace into t(b) values ('end; ')",
	"update t set b = ';' where a in (select x from u)",
	"update or ignore t as q set b = q.b || ';'",
	"delete from t where b like '%;%' escape '\\'",
	"with w as (select 1 as a) select * from w",
	"with recursive w(n) as (select 1 union all select n + 1 from w where "
	"n < 5) insert into u(x) select n from w",
	"with w(n) as materialized (values (1)), z as (select ')') delete from "
	"t where a in (select n from w)",
	"with w as not materialized (select 1) update t set b = 1",
	"create table n1(a int check (a <> ';'), b text default ';', "
	"constraint \"c;\" unique (a, b)) strict",
	"create table n2 as select ';' as \"a;b\"",
	"create temp table n3(a)",
	"create table if not exists t(a)",
	"create unique index n4 on t(b) where b <> ';'",
	"create view n5 as select ';' as s from t",
	"create virtual table n6 using fts5(a, tokenize = 'porter')",
	"drop table u",
	"drop table if exists none",
	"drop view v",
	"drop trigger if exists main.keep",
	"alter table t rename to t2",
	"alter table t rename column b to \"b;\"",
	"alter table main.t rename b to d",
	"alter table t add column e text default ';'",
	"alter table u drop column y",
	"pragma foreign_keys",
	"pragma main.user_version = 7",
	"pragma table_info('t')",
	"pragma cache_size = -2000",
	"savepoint \"s;\"",
	"release s",
	"rollback to s",
	"commit",
	"analyze t",
	"reindex ti",
	"explain select ';'",
	"explain query plan select * from t",
	"attach ':memory:' as \"x;\"",
	"create trigger r1 after insert on t begin select 1; end",
	"create trigger if not exists main.r2 before update of b on t for each "
	"row when new.b <> ';' begin update u set x = ';'; delete from u where "
	"x = 'end;'; end",
	"create temp trigger r3 after delete on t begin insert into u(x) "
	"values (case when old.a then ';' else case 1 when 2 then 3 end end); "
	"end",
	"create temporary trigger r4 instead of insert on v begin "
	"select \"end\" from (select 1 as \"end\"); end",
	"CREATE/**/TRIGGER r5 AFTER INSERT ON t BEGIN -- ; END;\n"
	"  SELECT 1; /* ; END; */ SELECT CASE 1 WHEN 1 THEN 2 END; END",
	"create trigger r6 after insert on t begin select raise(abort, "
	"'end;end'); end",
	"create trigger \"trigger;\" after insert on \"odd; name\" begin "
	"select new.\"end;\"; end",
	"explain create trigger r7 after insert on t begin select 1; end",
	"explain query plan create trigger r8 after insert on t begin "
	"select 1; end",
};

static const char *const between[] = {
	"",
	"",
	"",
	" ",
	"\n",
	"\r\n\t",
	"-- ; comment 'x\n",
	"/* ; */",
	" ;; ",
	"/**/;",
	" \f",
	"\xef\xbb\xbf",
};

struct random {
	unsigned long long seed;
};

static size_t below(struct random *r, size_t n)
{
	r->seed = r->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (size_t)(r->seed >> 33) % n;
}

static sqlite3 *open_db(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, setup_sql, NULL, NULL, NULL),
			 SQLITE_OK);
	return db;
}

/* Past space, comments and, at the end of a statement, its semicolon. */
static const char *skip_to_next(const char *p, const char *end, bool semicolons)
{
	struct sqlite_lexer l;
	struct sqlite_token t;

	sqlite_lexer_init(&l, p, (size_t)(end - p));
	do
		t = sqlite_lexer_next_solid(&l);
	while (semicolons && t.kind == SQLITE_TK_SEMICOLON);
	return t.text;
}

/* The splitter's cuts are SQLite's; all statements of text prepare. */
static void check_cuts(sqlite3 *db, const char *text)
{
	const char *end = text + strlen(text), *tail = text;
	struct sql_script s;

	assert_ok(sql_split(&s, SQL_SQLITE, text, strlen(text), 1));
	for (size_t i = 0; i < s.n; i++) {
		const struct sql_statement *now = &s.statements[i];
		sqlite3_stmt *stmt = NULL;
		const char *stop = now->text + now->len;

		tail = skip_to_next(tail, end, true);
		assert_ptr_equal(now->text, tail);
		if (sqlite3_prepare_v2(db, now->text, -1, &stmt, &tail))
			fail_msg("%s: %s", sqlite3_errmsg(db), now->text);
		sqlite3_finalize(stmt);
		/* between our end and the tail: its semicolon, or nothing */
		stop = skip_to_next(stop, end, false);
		if (stop < end)
			stop++;
		if (stop != tail && stop != end)
			fail_msg("cut at %td, SQLite at %td: %s", stop - text,
				 tail - text, text);
	}
	assert_ptr_equal(skip_to_next(tail, end, true), end);
	sql_script_release(&s);
}

static void sql_split__cuts_each_statement_as_sqlite_does(void **state)
{
	sqlite3 *db = open_db();
	struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
		check_cuts(db, corpus[i]);
		buf_reset(&text);
		buf_addf(&text, "%s; select 2 ; ", corpus[i]);
		check_cuts(db, buf_str(&text));
	}
	buf_release(&text);
	sqlite3_close(db);
}

static void add_script(struct random *r, struct buf *text)
{
	size_t n = below(r, 6);

	buf_addstr(text, between[below(r, ARRAY_LEN(between))]);
	for (size_t i = 0; i < n; i++) {
		buf_addstr(text, corpus[below(r, ARRAY_LEN(corpus))]);
		buf_addstr(text, between[below(r, ARRAY_LEN(between) - 1)]);
		buf_addstr(text, i + 1 < n || below(r, 2) ? ";" : " ");
		buf_addstr(text, between[below(r, ARRAY_LEN(between))]);
	}
}

static void sql_split__cuts_random_scripts_as_sqlite_does(void **state)
{
	struct random r = { 20260801 };
	sqlite3 *db = open_db();
	struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 4000; i++) {
		buf_reset(&text);
		add_script(&r, &text);
		check_cuts(db, buf_str(&text));
	}
	buf_release(&text);
	sqlite3_close(db);
}

/*
 * Random tokens in a row: SQLite cuts the token it complains about as we do,
 * and never gets further in one statement than our cut.
 */
static void sqlite_lexer__finds_the_token_sqlite_complains_about(void **state)
{
	static const char bytes[] =
		"axX01.e+-'\"`[]?$@:#()|<>=!/*_&~,%^ \v\xc3";
	struct random r = { 4711 };
	sqlite3 *db = open_db();
	char text[16];

	(void)state;
	for (size_t round = 0; round < 60000; round++) {
		static const char complaint[] = "unrecognized token: \"";
		size_t len = 0, n = 1 + round % (sizeof(text) - 2);
		struct sqlite_lexer l;
		struct sqlite_token t;
		sqlite3_stmt *stmt;
		const char *said;
		char *ours;

		while (len < n)
			text[len++] = bytes[below(&r, sizeof(bytes) - 1)];
		text[len] = '\0';
		sqlite3_prepare_v2(db, text, -1, &stmt, NULL);
		sqlite3_finalize(stmt);
		said = sqlite3_errmsg(db);
		if (!starts_with(said, complaint))
			continue;
		sqlite_lexer_init(&l, text, len);
		do
			t = sqlite_lexer_next(&l);
		while (t.kind != SQLITE_TK_ILLEGAL && t.kind != SQLITE_TK_END);
		ours = xasprintf("%s%.*s\"", complaint, (int)t.len, t.text);
		assert_string_equal(ours, said);
		free(ours);
	}
	sqlite3_close(db);
}

/* What a statement compiles to, as text; NULL when it does not. */
static char *program(sqlite3 *db, const char *sql, size_t len)
{
	char *explain = xasprintf("explain %.*s", (int)len, sql);
	struct buf out = BUF_INIT;
	sqlite3_stmt *stmt = NULL;

	if (!sqlite3_prepare_v2(db, explain, -1, &stmt, NULL))
		while (sqlite3_step(stmt) == SQLITE_ROW)
			for (int i = 1; i < 7; i++) {
				const unsigned char *v =
					sqlite3_column_text(stmt, i);

				buf_addf(&out, "%s|", v ? (const char *)v : "");
			}
	sqlite3_finalize(stmt);
	free(explain);
	return out.len ? buf_detach(&out) : NULL;
}

static bool is_rows_only(const char *sql)
{
	struct sql_script s;
	enum sql_verb verb;

	assert_ok(sql_split(&s, SQL_SQLITE, sql, strlen(sql), 1));
	verb = s.statements->verb;
	sql_script_release(&s);
	return verb == SQL_SELECT || verb == SQL_INSERT || verb == SQL_UPDATE ||
	       verb == SQL_DELETE;
}

static void sql_normal_form__compiles_to_the_same_program(void **state)
{
	static const char *const more[] = {
		"SELECT \"B\", `A`, [C] FROM \"T\" AS \"Q\"",
		"SELECT \"None\", \"none\" FROM T",
		"INSERT INTO \"U\"(\"X\") VALUES (\"Text\")",
		"SELECT \"true\", TRUE, \"false\" FROM t",
		"SELECT \"RowId\" FROM t",
		"UPDATE \"T\" SET \"B\" = \"Some Text\" WHERE \"T\".\"A\" = 1",
	};
	sqlite3 *db = open_db();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(corpus) + ARRAY_LEN(more); i++) {
		const char *sql = i < ARRAY_LEN(corpus)
					  ? corpus[i]
					  : more[i - ARRAY_LEN(corpus)];
		struct buf normal = BUF_INIT;
		char *a, *b;

		if (!is_rows_only(sql))
			continue;
		sql_normal_form(&normal, SQL_SQLITE, sql, strlen(sql));
		a = program(db, sql, strlen(sql));
		b = program(db, normal.data, normal.len);
		assert_non_null(a);
		if (!b)
			fail_msg("%s: %s", sqlite3_errmsg(db), normal.data);
		assert_string_equal(a, b);
		free(a);
		free(b);
		buf_release(&normal);
	}
	sqlite3_close(db);
}

static void sql_normal_form__makes_the_same_schema(void **state)
{
	struct buf text = BUF_INIT, normal = BUF_INIT;

	(void)state;
	/* each on a database of its own: run both forms, compare the columns */
	for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
		static const char columns[] =
			"select group_concat(lower(m.name) || '.' || "
			"lower(p.name) || p.type || ifnull(p.dflt_value, '')) "
			"from sqlite_schema m, pragma_table_info(m.name) p";
		char *got[2];

		if (is_rows_only(corpus[i]) || starts_with(corpus[i], "commit"))
			continue;
		buf_reset(&normal);
		sql_normal_form(&normal, SQL_SQLITE, corpus[i],
				strlen(corpus[i]));
		for (int k = 0; k < 2; k++) {
			sqlite3 *db = open_db();
			const char *sql = k ? normal.data : corpus[i];
			sqlite3_stmt *stmt;

			if (sqlite3_exec(db, sql, NULL, NULL, NULL))
				fail_msg("%s: %s", sqlite3_errmsg(db), sql);
			sqlite3_prepare_v2(db, columns, -1, &stmt, NULL);
			assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
			got[k] = xstrdup(
				(const char *)sqlite3_column_text(stmt, 0));
			sqlite3_finalize(stmt);
			sqlite3_close(db);
		}
		assert_string_equal(got[0], got[1]);
		free(got[0]);
		free(got[1]);
	}
	buf_release(&normal);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_split__cuts_each_statement_as_sqlite_does),
		cmocka_unit_test(sql_split__cuts_random_scripts_as_sqlite_does),
		cmocka_unit_test(
			sqlite_lexer__finds_the_token_sqlite_complains_about),
		cmocka_unit_test(sql_normal_form__compiles_to_the_same_program),
		cmocka_unit_test(sql_normal_form__makes_the_same_schema),
	};

	return cmocka_run_group_tests_name("sql/sqlite_agrees", tests, NULL,
					   NULL);
}
