#include "unit/schema/pg_db.h"

#include "base/buf.h"

/*
 * The tree's texts, run in an empty database, give the same tree, and the
 * same `pg_dump --schema-only`, in whatever order its entries stand.
 */

/* What pg_dump says of a database; false when it cannot (another version). */
static bool dump(const char *url, struct buf *out)
{
	char command[1200];
	FILE *p;
	size_t n;

	snprintf(command, sizeof(command), "pg_dump --schema-only '%s' 2>&1",
		 url);
	p = popen(command, "r");
	assert_non_null(p);
	do {
		n = fread(buf_reserve(out, 65536), 1, 65536, p);
		out->len += n;
		out->data[out->len] = '\0';
	} while (n);
	return pclose(p) == 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Cut what follows the entry: settings for the next, the dump's end. */
static void trim_entry(char *s)
{
	static const char *const ends[] = { "\nSET default_",
					    "\n--\n-- PostgreSQL database" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char *at = strstr(s, ends[i]);

		if (at)
			*at = '\0';
	}
	for (size_t n = strlen(s); n && strchr("\n ", s[n - 1]); n--)
		s[n - 1] = '\0';
}

/* Entries begin with a comment that names them; sorted. */
static size_t split(char *text, char **list, size_t max)
{
	static const char mark[] = "\n--\n-- Name: ";
	size_t n = 0;
	char *at = strstr(text, mark);

	while (at) {
		*at = '\0';
		at += strlen(mark);
		assert_true(n < max);
		list[n++] = at;
		at = strstr(at, mark);
	}
	for (size_t i = 0; i < n; i++)
		trim_entry(list[i]);
	qsort(list, n, sizeof(*list), compare_entries);
	return n;
}

#define ENTRIES_MAX 4000

static void assert_same_dump(const char *a_url, const char *b_url)
{
	static char *a[ENTRIES_MAX], *b[ENTRIES_MAX];
	struct buf a_text = BUF_INIT, b_text = BUF_INIT;
	size_t n, m;

	if (!dump(a_url, &a_text) || !dump(b_url, &b_text)) {
		print_message("no pg_dump for this server: %.200s\n",
			      buf_str(&a_text));
	} else {
		n = split(a_text.data, a, ENTRIES_MAX);
		m = split(b_text.data, b, ENTRIES_MAX);
		for (size_t i = 0; i < n && i < m; i++)
			if (!streq(a[i], b[i]))
				fail_msg("expected: %s\ngot: %s", a[i], b[i]);
		assert_int_equal(n, m);
	}
	buf_release(&a_text);
	buf_release(&b_text);
}

static const struct schema_object **objects_of(const struct schema *s,
					       size_t *n)
{
	const struct schema_object **list =
		xcalloc(s->by_path.n + 1, sizeof(*list));

	*n = 0;
	map_each (&s->by_path, e)
		list[(*n)++] = e->value;
	return list;
}

/* What is not printed cannot be made. */
static void drop_unrepresented(struct schema *s)
{
	map_remove(&s->by_path, "unrepresented/database.sql");
}

/* Make what is in `from` in another database, and compare. */
static void trip(struct pg_db *from, bool dumps_too)
{
	struct pg_db to;
	struct schema s, made;
	const struct schema_object **list;
	size_t n;

	pg_db_open(&to);
	schema_init(&s);
	schema_init(&made);
	pg_db_read(from, &s);
	drop_unrepresented(&s);
	list = objects_of(&s, &n);
	assert_ok(schema_pg_make(to.c, list, n));
	pg_db_read(&to, &made);
	assert_same_tree(&s, &made, "making it");
	if (dumps_too)
		assert_same_dump(from->url, to.url);
	free((void *)list);
	schema_release(&s);
	schema_release(&made);
	pg_db_close(&to);
}

/* Without what is masked on purpose, or is none of the database's. */
static bool is_hidden(const char *sql)
{
	return strstr(sql, "secret-marker") || strstr(sql, "pg_read_file");
}

static void run_and_trip(const char *const *script)
{
	struct pg_db db;

	pg_db_open(&db);
	pg_db_script(&db, pg_script_roles);
	for (; *script; script++)
		if (pg_db_knows(&db, *script) && !is_hidden(*script) &&
		    !strstr(*script, "SUBSCRIPTION"))
			pg_db_exec(&db, *script);
	trip(&db, true);
	pg_db_close(&db);
}

static void trip__tables(void **state)
{
	(void)state;
	run_and_trip(pg_script_tables);
}

static void trip__types_routines_and_views(void **state)
{
	(void)state;
	run_and_trip(pg_script_more);
}

static void trip__rare_objects(void **state)
{
	(void)state;
	run_and_trip(pg_script_rare);
}

static void trip__all_of_them_at_once(void **state)
{
	struct pg_db db;

	(void)state;
	pg_db_open(&db);
	pg_db_script(&db, pg_script_roles);
	pg_db_script(&db, pg_script_tables);
	pg_db_script(&db, pg_script_more);
	pg_db_script(&db, pg_script_rare);
	trip(&db, false);
	pg_db_close(&db);
}

/* Circles that no order of whole objects resolves. */
static void make__breaks_circles(void **state)
{
	static const char *const script[] = {
		"CREATE TABLE c (id int)",
		"CREATE FUNCTION f(c) RETURNS int LANGUAGE sql IMMUTABLE AS "
		"'SELECT 1'",
		"CREATE FUNCTION g() RETURNS int LANGUAGE sql AS "
		"'SELECT count(*)::int FROM public.c'",
		"ALTER TABLE c ALTER id SET DEFAULT g(), ADD CHECK (f(c) > 0)",
		"CREATE INDEX ON c (f(c))",
		"CREATE TABLE d (c c, CHECK (f(c) > 0))",
		"CREATE FUNCTION h(d) RETURNS c LANGUAGE sql AS "
		"'SELECT ($1).c'",
		"/*14*/ CREATE OR REPLACE FUNCTION h(d) RETURNS c LANGUAGE sql "
		"BEGIN ATOMIC SELECT ($1).c; END",
		"CREATE VIEW v AS SELECT h(d) FROM d",
		"CREATE FUNCTION over_view(v) RETURNS int LANGUAGE sql AS "
		"'SELECT 1'",
		"CREATE VIEW w AS SELECT over_view(v) FROM v",
		"CREATE OR REPLACE VIEW v AS SELECT h(d), 5 AS five FROM d",
		NULL,
	};

	(void)state;
	run_and_trip(script);
}

static void make__tells_what_cannot_be_made(void **state)
{
	static const struct schema_object bad = {
		.path = "views/v.sql",
		.kind = "view",
		.name = "v",
		.table = "v",
		.sql = "CREATE VIEW public.v AS SELECT * FROM public.none;\n",
		.text = "CREATE VIEW public.v AS SELECT * FROM public.none;\n",
	};
	static const struct schema_object good = {
		.path = "tables/t.sql",
		.kind = "table",
		.name = "t",
		.table = "t",
		.sql = "CREATE TABLE public.t (\n);\n",
		.text = "CREATE TABLE public.t (\n);\n",
	};
	const struct schema_object *list[] = { &bad, &good };
	struct pg_db db;
	int64_t n;
	struct err *e;

	(void)state;
	pg_db_open(&db);
	pg_db_exec(&db, "BEGIN");
	e = schema_pg_make(db.c, list, 2);
	assert_non_null(e);
	assert_non_null(strstr(err_text(e), "make view v"));
	assert_string_equal(err_code_of(e), "42P01");
	err_free(e);
	assert_ok(pg_query_int(db.c,
			       "SELECT count(*) FROM pg_class "
			       "WHERE relname = 't'",
			       NULL, 0, &n));
	assert_int_equal(n, 0);
	pg_db_exec(&db, "COMMIT");
	pg_db_close(&db);
}

/* What comes after in the transaction sees nothing of our settings. */
static void make__leaves_the_session_as_it_was(void **state)
{
	static const char settings[] =
		"SELECT count(*) FROM pg_settings WHERE (lower(name), setting) "
		"IN "
		"(('search_path', 'odd'), ('datestyle', 'SQL, DMY'), "
		"('plan_cache_mode', 'auto'), ('enable_seqscan', 'on'), "
		"('check_function_bodies', 'on'), ('timezone', 'Asia/Tokyo'))";
	static const char set[] =
		"SET search_path = odd; SET LOCAL datestyle = 'SQL, DMY'; "
		"SET LOCAL timezone = 'Asia/Tokyo'; CREATE TABLE public.t ()";
	struct pg_db db;
	struct schema s;
	int64_t n;

	(void)state;
	pg_db_open(&db);
	schema_init(&s);
	pg_db_read(&db, &s);
	pg_db_exec(&db, "BEGIN");
	pg_db_exec(&db, set);
	assert_ok(schema_pg_refresh(&s, db.c, "git_migrate", SCHEMA_PG_CHANGED,
				    NULL));
	assert_ok(schema_pg_refresh(&s, db.c, "git_migrate", SCHEMA_PG_ALL,
				    NULL));
	assert_ok(schema_pg_make(db.c, NULL, 0));
	assert_ok(pg_query_int(db.c, settings, NULL, 0, &n));
	assert_int_equal(n, 6);
	pg_db_exec(&db, "COMMIT");
	schema_release(&s);
	pg_db_close(&db);
}

static void read__shows_no_secret(void **state)
{
	struct pg_db db;
	struct schema s;
	size_t masked = 0;

	(void)state;
	pg_db_open(&db);
	pg_db_script(&db, pg_script_roles);
	pg_db_script(&db, pg_script_rare);
	schema_init(&s);
	pg_db_read(&db, &s);
	map_each (&s.by_path, e) {
		const struct schema_object *o = e->value;

		assert_null(strstr(o->text, "secret-marker"));
		masked += schema_pg_is_masked(o);
	}
	assert_int_equal(masked, 2);
	assert_int_equal(s.n_unrepresented, 4);
	schema_release(&s);
	pg_db_close(&db);
}

/* Members of extensions and the journal are not in the tree. */
static void read__leaves_out_what_is_not_the_users(void **state)
{
	struct pg_db db;
	struct schema s;

	(void)state;
	pg_db_open(&db);
	pg_db_exec(&db, "CREATE EXTENSION hstore");
	pg_db_exec(&db, "CREATE SCHEMA git_migrate CREATE TABLE history ()");
	pg_db_exec(&db, "CREATE TEMP TABLE t (id serial)");
	schema_init(&s);
	pg_db_read(&db, &s);
	map_each (&s.by_path, e)
		if (!streq(e->key, "extensions/hstore.sql") &&
		    !streq(e->key, "schemas/public.sql"))
			fail_msg("%s is in the tree", e->key);
	assert_int_equal(s.n_unrepresented, 0);
	schema_release(&s);
	pg_db_close(&db);
}

/* Another role than the database's owner makes what is the owner's. */
static void make__gives_objects_to_the_owner(void **state)
{
	struct pg_db db;
	struct schema s;
	const struct schema_object **list;
	size_t n;

	(void)state;
	pg_db_open(&db);
	pg_db_script(&db, pg_script_roles);
	pg_db_script(&db, pg_script_tables);
	pg_db_script(&db, pg_script_more);
	schema_init(&s);
	pg_db_read(&db, &s);
	drop_unrepresented(&s);
	list = objects_of(&s, &n);
	{
		struct pg_db to;
		struct schema made;

		pg_db_open(&to);
		pg_db_exec(&to, "DO $$ BEGIN EXECUTE format('ALTER DATABASE "
				"%I OWNER TO gm_three', current_database()); "
				"END $$");
		assert_ok(schema_pg_make(to.c, list, n));
		schema_init(&made);
		pg_db_read(&to, &made);
		for (size_t i = 0; i < n; i++) {
			const struct schema_object *o =
				map_get(&made.by_path, list[i]->path);

			assert_non_null(o);
			/* privileges of the owner name the owner */
			if (streq(o->kind, "table") &&
			    !streq(o->name, "fast") &&
			    !streq(o->text, list[i]->text))
				fail_msg("%s\nis now %s", list[i]->text,
					 o->text);
		}
		schema_release(&made);
		pg_db_close(&to);
	}
	free((void *)list);
	schema_release(&s);
	pg_db_close(&db);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(trip__tables),
		cmocka_unit_test(trip__types_routines_and_views),
		cmocka_unit_test(trip__rare_objects),
		cmocka_unit_test(trip__all_of_them_at_once),
		cmocka_unit_test(make__breaks_circles),
		cmocka_unit_test(make__tells_what_cannot_be_made),
		cmocka_unit_test(make__leaves_the_session_as_it_was),
		cmocka_unit_test(make__gives_objects_to_the_owner),
		cmocka_unit_test(read__shows_no_secret),
		cmocka_unit_test(read__leaves_out_what_is_not_the_users),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
