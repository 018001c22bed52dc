#ifndef TESTS_SNAPSHOT_PG_WAYS_H
#define TESTS_SNAPSHOT_PG_WAYS_H

#include "pg_trip.h"

/* Rows of later and rows of the snapshot: docs/snapshots.md, "Three ways". */

struct way {
	const char *before, *migration, *later;
	const char *conflicts; /* "table CODE rows; ..."; "" = none */
	const char *details;   /* "key column before>after>now; ..." */
	const char *kept;      /* rows of t, with what there is kept */
	const char *taken;     /* ... with the snapshot's; NULL = blocks */
};

static inline struct err *take_text(void *payload, int n,
				    const struct pg_cell *cell)
{
	(void)n;
	buf_addstr(payload, cell[0].s ? cell[0].s : "");
	return NULL;
}

static inline void read_rows(struct world *w, struct buf *out)
{
	int64_t there;

	buf_reset(out);
	assert_ok(pg_query_int(w->other,
			       "SELECT (to_regclass('s.t') IS NOT NULL)::int",
			       NULL, 0, &there));
	if (!there)
		return;
	assert_ok(pg_query_once(w->other,
				"SELECT string_agg(t::text, ' ' ORDER BY "
				"t::text) FROM s.t",
				NULL, 0, take_text, out));
}

static inline void describe_details(const struct restore_result *res,
				    struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < res->n_details; i++) {
		const struct restore_detail *d = &res->details[i];

		buf_addf(out, "%s%s", i ? "; " : "", d->key ? d->key : "-");
		if (d->column)
			buf_addf(out, " %s", d->column);
		if (d->constraint)
			buf_addf(out, " [%s]", d->constraint);
		if (d->before || d->after || d->now)
			buf_addf(out, " %s>%s>%s", d->before ? d->before : "",
				 d->after ? d->after : "",
				 d->now ? d->now : "");
	}
}

static inline void differ(struct buf *why, const char *what, const char *want,
			  const char *have)
{
	if (!streq(want, have))
		buf_addf(why, "\n  %s\n    want: %s\n    have: %s", what, want,
			 have);
}

/* With each choice: what is said, and what becomes of the rows. */
static inline void try_way(struct world *w, const struct way *c,
			   enum restore_choice choice, struct buf *why)
{
	static const char *const names[] = { "abort", "keep", "take" };
	struct buf said = BUF_INIT, was = BUF_INIT;
	const char *want = choice == RESTORE_KEEP   ? c->kept
			   : choice == RESTORE_TAKE ? c->taken
						    : NULL;
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	trip_start(w, c->before);
	assert_ok(world_apply(w, c->migration, &ev));
	assert_ok(world_exec(w, c->later));
	read_rows(w, &was);
	memory_snapshot_init(&park);
	w->on_conflict = choice;
	w->max_details = 10;
	e = world_revert(w, &ev, &park, &res);
	if (e) {
		buf_addf(why, "\n  %s: %s", names[choice], err_text(e));
		err_free(e);
	} else {
		describe_conflicts(&res, &said);
		differ(why, names[choice], c->conflicts, buf_str(&said));
		describe_details(&res, &said);
		differ(why, names[choice], c->details, buf_str(&said));
		if (!want && !*c->conflicts)
			want = c->kept;
		read_rows(w, &said);
		differ(why, names[choice], want ? want : buf_str(&was),
		       buf_str(&said));
		if (res.blocked != !want)
			buf_addf(why, "\n  %s: %s", names[choice],
				 want ? "blocked" : "not blocked");
	}
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	buf_release(&said);
	buf_release(&was);
}

static inline void expect_ways(struct world *w, const struct way *c, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct buf why = BUF_INIT;

		try_way(w, &c[i], RESTORE_ABORT, &why);
		try_way(w, &c[i], RESTORE_KEEP, &why);
		try_way(w, &c[i], RESTORE_TAKE, &why);
		if (why.len)
			print_error("%s; then %s%s\n", c[i].migration,
				    c[i].later, buf_str(&why));
		failed += why.len > 0;
		buf_release(&why);
	}
	if (failed)
		fail_msg("%zu of %zu", failed, n);
}

#define T                                                                  \
	"CREATE TABLE t (id int PRIMARY KEY, a text, b int, c text);"      \
	"INSERT INTO t VALUES (1, 'a1', 10, 'c1'), (2, 'a2', 20, 'c2'), (" \
	"3, 'a3', 30, 'c3');"
#define WAS "(1,a1,10,c1) (2,a2,20,c2) (3,a3,30,c3)"

#define U(unique)                                                       \
	"CREATE TABLE t (id int PRIMARY KEY, u text " unique ", x int," \
	" y int, z int); INSERT INTO t VALUES (1, 'a', 1, 1, 1), (2, "  \
	"'b', 2, 2, 2), (3, 'c', 3, 3, 3);"

#endif
