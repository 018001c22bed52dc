#ifndef TESTS_SNAPSHOT_PG_TRIP_H
#define TESTS_SNAPSHOT_PG_TRIP_H

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_pg.h"
#include "support/pg_world.h"
#include "support/snapshot_world.h"
#include "support/unit.h"
#include "target/target_pg.h"

/* PostgreSQL migrations there and back, in a schema "s" of the test's own. */

static inline int trip_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	assert_ok(world_open_pg(w));
	*state = w;
	return 0;
}

static inline int trip_teardown(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

struct sample {
	const char *before, *migration;
};

static inline void describe_conflicts(struct restore_result *res,
				      struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < res->n_conflicts; i++)
		buf_addf(out, "%s%s %s %llu", i ? "; " : "",
			 res->conflicts[i].object, res->conflicts[i].what,
			 (unsigned long long)res->conflicts[i].rows);
}

static inline void trip_start(struct world *w, const char *before)
{
	assert_ok(world_exec(w, "DROP SCHEMA IF EXISTS s CASCADE; "
				"CREATE SCHEMA s; SET search_path = s"));
	assert_ok(world_exec(w, before));
	assert_ok(pg_exec(target_pg_conn(w->t), "SET search_path = s"));
}

/* Another role takes over; the server of tests trusts everybody. */
static inline void trip_become(struct world *w, const char *role)
{
	static const struct capture_options capture = { .scratch_dir = "/tmp" };
	const struct target_options opt = { .lock_timeout_ms = 5000 };
	const struct pg_conn_options conn = { .application_name = "other" };
	const char *at = strchr(w->url, '@');
	char *url = xasprintf("postgresql://%s%s", role, at);

	assert_non_null(at);
	capture_close(w->capture);
	target_close(w->t);
	pg_conn_close(w->other);
	assert_ok(target_open(&w->t, url, &opt));
	assert_ok(pg_conn_open(&w->other, url, &conn));
	assert_ok(capture_open(&w->capture, w->t, &capture));
	free(url);
}

/* pg_dump, sorted; and each object's text, which has columns in their order. */
static inline void trip_dump(struct world *w, struct buf *out)
{
	struct schema_delta all;
	struct schema schema;

	schema_delta_init(&all);
	assert_ok(world_dump(w, out));
	schema_init(&schema);
	assert_ok(schema_pg_refresh(&schema, w->other, "git_migrate", SCHEMA_PG_ALL,
				    NULL));
	map_each (&schema.by_path, e)
		schema_delta_add(&all, NULL, e->value);
	schema_delta_sort(&all);
	for (size_t i = 0; i < all.n; i++)
		buf_addf(out, "%s\n%s", all.changes[i].after->path,
			 all.changes[i].after->text);
	schema_delta_release(&all);
	schema_release(&schema);
}

/* What is wrong with the trip, or NULL; the caller's. */
static inline char *round_trip(struct world *w, const struct sample *s)
{
	struct buf before = BUF_INIT, after = BUF_INIT, diff = BUF_INIT;
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	trip_start(w, s->before);
	trip_dump(w, &before);
	memory_snapshot_init(&park);
	e = err_wrap(world_apply(w, s->migration, &ev), "apply");
	if (!e)
		e = err_wrap(world_revert(w, &ev, &park, &res), "revert");
	if (e)
		buf_addstr(&diff, err_text(e));
	else
		describe_conflicts(&res, &diff);
	if (!diff.len) {
		trip_dump(w, &after);
		if (strcmp(buf_str(&before), buf_str(&after)) != 0)
			world_difference(&diff, buf_str(&before),
					 buf_str(&after));
	}
	err_free(e);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	buf_release(&before);
	buf_release(&after);
	if (diff.len)
		return buf_detach(&diff);
	buf_release(&diff);
	return NULL;
}

static inline void expect_all(struct world *w, const struct sample *s, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		char *why = round_trip(w, &s[i]);

		if (why)
			print_error("%s\n  %s\n", s[i].migration, why);
		failed += why != NULL;
		free(why);
	}
	if (failed)
		fail_msg("%zu of %zu", failed, n);
}

#endif
