#include "unit/schema/db.h"

/*
 * Schemas that nobody thought of: tables made at random and changed by ALTER
 * TABLE, against the same tables made at once; and valid statements damaged
 * at random, where whatever SQLite still accepts must keep its meaning when
 * printed.
 */

/* --- tables and ALTERs --- */

struct column {
	char name[24];
	const char *type;
	const char *rule; /* %s is the column */
};

struct table {
	struct column columns[16];
	unsigned n;
	unsigned serial;
	char name[24];
};

static unsigned long long seed;

static unsigned pick(unsigned n)
{
	assert_true(n > 0);
	return n ? next_random(&seed) % n : 0;
}

static void new_name(struct table *t, char out[24])
{
	static const char *const stems[] = { "a",      "key",   "order",
					     "e mail", "Mixed", "sel\"x",
					     "é",      "x1",    "left",
					     "desc" };

	snprintf(out, 24, "%s%u", stems[pick(ARRAY_LEN(stems))], t->serial++);
	if (pick(4) == 0)
		snprintf(out, 24, "%s_%u", stems[pick(ARRAY_LEN(stems))],
			 t->serial++);
}

static void add_name(struct buf *out, const char *name)
{
	bool plain = strspn(name, "abcdefghijklmnopqrstuvwxyzM_0123456789") ==
		     strlen(name);

	if (plain && pick(2))
		buf_addstr(out, name);
	else if (pick(3) == 0 && !strchr(name, '"'))
		buf_addf(out, "[%s]", name);
	else if (pick(3) == 0)
		buf_addf(out, "`%s`", name);
	else
		sql_quote_name(out, name);
}

static void new_column(struct table *t, struct column *c)
{
	static const char *const types[] = {
		"", "INT", "text", "varchar ( 10 )", "Double  Precision", "BLOB"
	};
	static const char *const rules[] = {
		"",
		"",
		"default 5",
		"DEFAULT ( -1.5 ) not null",
		"not null default 'it''s, (x)'",
		"check (%s <> 'a)' and length( %s )<99)",
		"check(%s>0 or %s is null) collate nocase",
		"references other(id) on update cascade on delete set null",
		"constraint c default null",
		"collate NOCASE default x'ff'",
		"null",
	};

	new_name(t, c->name);
	c->type = types[pick(ARRAY_LEN(types))];
	c->rule = rules[pick(ARRAY_LEN(rules))];
}

static void add_column(struct buf *out, const struct column *c)
{
	const char *at = c->rule, *mark;

	add_name(out, c->name);
	buf_addf(out, pick(4) ? " %s " : " /* , ) */ %s\n", c->type);
	while ((mark = strstr(at, "%s"))) {
		buf_add(out, at, (size_t)(mark - at));
		add_name(out, c->name);
		at = mark + 2;
	}
	buf_addstr(out, at);
}

static void add_create(struct buf *out, const struct table *t)
{
	buf_addstr(out, "CREATE TABLE ");
	add_name(out, t->name);
	for (unsigned i = 0; i < t->n; i++) {
		buf_addstr(out, i         ? pick(2) ? ", " : "\n  -- next\n,"
				: pick(2) ? "("
					  : " ( ");
		add_column(out, &t->columns[i]);
	}
	buf_addstr(out, ");\n");
}

/* One ALTER TABLE that SQLite takes, done to the model too. */
static void add_alter(struct buf *out, struct table *t)
{
	unsigned which = pick(t->n), action = pick(t->n > 1 ? 4 : 3);
	char name[24];

	buf_addstr(out, "ALTER TABLE ");
	add_name(out, t->name);
	switch (action) {
	case 0:
		buf_addstr(out, " ADD COLUMN ");
		new_column(t, &t->columns[t->n]);
		add_column(out, &t->columns[t->n++]);
		break;
	case 1:
		buf_addstr(out, " RENAME COLUMN ");
		new_name(t, name);
		add_name(out, t->columns[which].name);
		buf_addstr(out, " TO ");
		add_name(out, name);
		memcpy(t->columns[which].name, name, sizeof(name));
		break;
	case 2:
		buf_addstr(out, " RENAME TO ");
		new_name(t, t->name);
		add_name(out, t->name);
		break;
	default:
		buf_addstr(out, " DROP COLUMN ");
		add_name(out, t->columns[which].name);
		t->n--;
		memmove(&t->columns[which], &t->columns[which + 1],
			(t->n - which) * sizeof(*t->columns));
		break;
	}
	buf_addstr(out, ";\n");
}

static void check_altered_table(void)
{
	struct table t = { .n = 1 + pick(6) };
	struct buf alters = BUF_INIT, fresh = BUF_INIT;
	sqlite3 *altered, *made;
	char *a, *b;
	unsigned steps = 1 + pick(8);

	new_name(&t, t.name);
	for (unsigned i = 0; i < t.n; i++)
		new_column(&t, &t.columns[i]);
	add_create(&alters, &t);
	for (unsigned i = 0; i < steps; i++)
		add_alter(&alters, &t);
	add_create(&fresh, &t);
	altered = db_with(buf_str(&alters));
	made = db_with(buf_str(&fresh));
	a = db_tree(altered, true);
	b = db_tree(made, true);
	if (!streq(a, b))
		print_error("%s\n%s\n", buf_str(&alters), buf_str(&fresh));
	assert_string_equal(a, b);
	if (pick(8) == 0)
		assert_prints_what_it_is(altered);
	free(a);
	free(b);
	sqlite3_close(altered);
	sqlite3_close(made);
	buf_release(&alters);
	buf_release(&fresh);
}

static void shape__of_random_tables_does_not_depend_on_the_way(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1500; i++) {
		seed = i;
		check_altered_table();
	}
}

/* --- damaged statements --- */

static const char base[] =
	"CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT, b INT, key, left);"
	"INSERT INTO u VALUES (1, 'x', 2, 3, 4), (2, 'y', 3, 4, NULL);"
	"CREATE TABLE w (a, c)";

static const char *const seeds[] = {
	"CREATE TABLE t(a int primary key, b text not null default('x') check("
	"b<>'(,'), c as(a+1)stored, constraint k unique(b,a), foreign key(a)"
	"references u(id)on delete cascade deferrable initially deferred)",
	"CREATE TABLE t(a integer primary key autoincrement,\"b c\" varchar(10)"
	" collate nocase unique, d double precision default -1.5e3 null, "
	"check(a>0 and \"b c\" like 'x%' escape '!' or \"zz\"=1))strict",
	"CREATE TABLE t(key text,desc int default(current_timestamp),primary "
	"key(key collate nocase desc,desc)on conflict replace)without rowid",
	"CREATE UNIQUE INDEX i ON u(a,lower(a)collate nocase desc,\"b\"+1)"
	"where b>1 and\"a\"is not null and a not in('p','q')",
	"CREATE VIEW v AS select distinct u.a as \"A\",count( * ),-b- -b x,"
	"case when b>1 then'y'else null end,cast(b as text)||'z' from u left "
	"outer join w on u.a=w.a and w.c between 1 and 2 where b in(select c "
	"from w union all values(1))group by 1 having count(*)>0 order by 1 "
	"desc nulls last limit 5 offset 0",
	"CREATE VIEW v(p,q)AS with recursive r(n,m)as(select 1,2 union select "
	"n+1,m from r where n<5),s as not materialized(select a+1 from w)"
	"select n,sum(m)filter(where m>0)over(partition by m order by n rows "
	"between unbounded preceding and current row exclude ties)from r,s "
	"natural join w window z as(order by n)",
	"CREATE VIEW v AS select*from(select a||1,(b),b collate nocase from u)"
	"as y,main.w where exists(select 1)and y.\"b\" not like'x'glob'y'"
	"and key is not distinct from left",
	"CREATE TRIGGER g before update of a,b on u for each row when new.a is "
	"not old.a begin update or ignore w set a=new.a,(a,c)=(1,2)where c in"
	"(select id from u);insert or replace into w(a,c)values(1,'x'),(-1,- -2"
	")on conflict do nothing;delete from w where a=old.id and a->'$.x'>0;"
	"select raise(abort,'no; end');end",
	"CREATE TRIGGER g instead of insert on vv begin insert into u(a)select "
	"new.n from w as z where z.a not null group by a;replace into w values("
	"1,2);end",
	"CREATE VIRTUAL TABLE f USING fts5(a,b,content='',tokenize=\"porter "
	"ascii\")",
};

static void damage(struct buf *sql)
{
	static const char *const pieces[] = {
		" ",      "(",      ")",        ",",       "'",
		"\"",     "a",      "b",        "1",       " key ",
		"-",      ".",      " not ",    " null ",  "[a]",
		"`b`",    "\"b\"",  "'a'",      " as x ",  " desc ",
		"--\n",   "/**/",   "\n",       "*",       " or ",
		" left ", " like ", " replace", " rowid ", "\"zz\"",
		" end ",  " over ", " match ",  "x'01'",   " collate nocase ",
		"(a)",    " is ",   " row ",    " true ",  "- -",
	};
	unsigned times = 1 + pick(3);

	for (unsigned i = 0; i < times; i++) {
		size_t from = pick((unsigned)sql->len + 1), cut = 0;
		const char *piece = pieces[pick(ARRAY_LEN(pieces))];
		char *tail;

		if (pick(2))
			cut = pick(6);
		if (pick(3) == 0)
			piece = "";
		if (cut > sql->len - from)
			cut = sql->len - from;
		tail = xstrdup(sql->data + from + cut);
		buf_truncate(sql, from);
		buf_addstr(sql, piece);
		buf_addstr(sql, tail);
		free(tail);
	}
}

/* No crash, and what SQLite accepts means the same when printed. */
static bool check_damaged(const char *seed_sql)
{
	sqlite3 *db = db_with(base);
	struct buf sql = BUF_INIT;
	bool taken;

	db_exec(db, "CREATE VIEW vv AS SELECT 1 AS n");
	buf_addstr(&sql, seed_sql);
	damage(&sql);
	taken = db_try(db, buf_str(&sql));
	if (taken) {
		struct schema s;
		sqlite3 *again;
		char *a, *b;

		schema_of(&s, db);
		again = db_open();
		map_each (&s.by_path, e) {
			const struct schema_object *o = e->value;

			if (streq(o->kind, "table") ||
			    streq(o->kind, "virtual"))
				db_exec(again, o->text);
		}
		map_each (&s.by_path, e) {
			const struct schema_object *o = e->value;

			if (streq(o->kind, "table") ||
			    streq(o->kind, "virtual"))
				continue;
			if (!db_try(again, o->text))
				fail_msg("%s\n%s\n%s", sqlite3_errmsg(again),
					 buf_str(&sql), o->text);
		}
		a = tree_of(&s, false);
		b = db_tree(again, false);
		if (!streq(a, b))
			print_error("%s\n", buf_str(&sql));
		assert_string_equal(b, a);
		free(a);
		free(b);
		db_exec(again, "INSERT INTO u SELECT 1, 'x', 2, 3, 4;"
			       "INSERT INTO u SELECT 2, 'y', 3, 4, NULL");
		a = db_nature(db);
		b = db_nature(again);
		if (!streq(a, b))
			print_error("seed %llu\n%s\n", seed, buf_str(&sql));
		assert_string_equal(b, a);
		free(a);
		free(b);
		sqlite3_close(again);
		schema_release(&s);
	}
	buf_release(&sql);
	sqlite3_close(db);
	return taken;
}

static void text__of_damaged_statements_means_what_they_mean(void **state)
{
	unsigned taken = 0, rounds = 400;
	const char *more = getenv("SCHEMA_TEST_ROUNDS");

	(void)state;
	if (more)
		rounds = (unsigned)strtoul(more, NULL, 10);
	for (unsigned i = 0; i < rounds; i++) {
		for (size_t k = 0; k < ARRAY_LEN(seeds); k++) {
			seed = i * 1000ULL + k;
			taken += check_damaged(seeds[k]);
		}
	}
	assert_true(taken > rounds / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			shape__of_random_tables_does_not_depend_on_the_way),
		cmocka_unit_test(
			text__of_damaged_statements_means_what_they_mean),
	};

	return cmocka_run_group_tests_name("schema/random", tests, NULL, NULL);
}
