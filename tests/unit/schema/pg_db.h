#ifndef TESTS_SCHEMA_PG_DB_H
#define TESTS_SCHEMA_PG_DB_H

/* Databases on a real server for the tests of PostgreSQL's schema tree. */
#include "support/pg_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_pg.h"
#include "unit/schema/pg_scripts.h"

/* A database of its own, and a connection. */
struct pg_db {
	char *url;
	struct pg_conn *c;
};

UNUSED static void pg_db_open(struct pg_db *db)
{
	struct pg_conn_options opt = { .application_name = "test" };

	pg_test_database(&db->url);
	assert_ok(pg_conn_open(&db->c, db->url, &opt));
	assert_ok(pg_exec(db->c, "SET client_min_messages = error"));
}

UNUSED static void pg_db_close(struct pg_db *db)
{
	pg_conn_close(db->c);
	pg_test_sql(db->url, "DROP SUBSCRIPTION IF EXISTS sub1");
	pg_test_drop(db->url);
}

/* Run it; a failure says which statement. */
UNUSED static void pg_db_exec(struct pg_db *db, const char *sql)
{
	struct err *e = pg_exec(db->c, sql);

	if (e)
		fail_msg("%s\nin: %s", err_text(e), sql);
}

/* The server is new enough for the statement. */
UNUSED static bool pg_db_knows(const struct pg_db *db, const char *sql)
{
	long version = 0;

	if (starts_with(sql, "/*"))
		version = strtol(sql + 2, NULL, 10);
	return pg_conn_version(db->c) >= version * 10000;
}

UNUSED static void pg_db_script(struct pg_db *db, const char *const *list)
{
	for (; *list; list++)
		if (pg_db_knows(db, *list))
			pg_db_exec(db, *list);
}

UNUSED static void pg_db_read(struct pg_db *db, struct schema *s)
{
	assert_ok(schema_pg_refresh(s, db->c, "git_migrate", SCHEMA_PG_ALL, NULL));
}

/* The two trees are the same; `what` is said when not. */
UNUSED static void assert_same_tree(const struct schema *expected,
				    const struct schema *got, const char *what)
{
	map_each (&expected->by_path, e) {
		const struct schema_object *a = e->value;
		const struct schema_object *b = map_get(&got->by_path, e->key);

		if (!b)
			fail_msg("%s\nis missing after: %s", e->key, what);
		if (!streq(a->text, b->text) || !streq(a->shape, b->shape) ||
		    !streq(a->table, b->table) || !streq(a->name, b->name))
			fail_msg("%s\nexpected: %s\ngot: %s\nafter: %s", e->key,
				 a->text, b->text, what);
	}
	map_each (&got->by_path, e)
		if (!map_has(&expected->by_path, e->key))
			fail_msg("%s\nis too much after: %s", e->key, what);
}

#endif
