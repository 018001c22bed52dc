#include "fixture.h"

#include "base/arena.h"
#include "target/journal.h"

/* The history: what goes in comes out, and every look-up has its index. */

static struct target *open_journal(struct fixture *f)
{
	char uuid[37];

	assert_ok(open_url(f, "sqlite:dev.db", true, &f->t));
	assert_ok(target_begin(f->t));
	assert_ok(journal_create(f->t, "here", uuid));
	return f->t;
}

/* The i-th commit id, or NULL. */
static const char *id_of(int i)
{
	static char ids[8][41];
	static unsigned next;
	char *id = ids[next++ % 8];

	snprintf(id, sizeof(ids[0]), "%040x", (unsigned)i);
	return id;
}

static void append(struct target *t, int64_t seq, const char *event,
		   const char *name, const char *status, const char *commit)
{
	const struct journal_event e = { .seq = seq,
					 .event = event,
					 .name = name,
					 .status = status,
					 .commit = commit,
					 .message = commit ? "message" : NULL };

	assert_ok(journal_append(t, &e));
}

/* Every member that is kept, by name, so that none is forgotten. */
// clang-format off
#define TEXTS(X) \
	X(event) X(name) X(version) X(layout) X(path) X(blob) X(down_path) \
	X(down_blob) X(commit) X(parent) X(source_commit) X(snapshot) \
	X(snapshot_store) X(status) X(kind) X(description) X(author) \
	X(author_date) X(applied_by) X(applied_date) X(started_at) \
	X(finished_at) X(tenant) X(schema_id) X(shape_id) X(error) \
	X(server) X(tool) X(message)
#define NUMBERS(X) \
	X(seq) X(duration_ms) X(statements) X(rows) X(parked) X(dirty) \
	X(out_of_order) X(irreversible) X(exact) X(batch_size) X(reverts) \
	X(printer)
// clang-format on

static void same_text(const char *member, const char *a, const char *b)
{
	if (!streq_null(a, b))
		fail_msg("%s: '%s' became '%s'", member, a ? a : "(null)",
			 b ? b : "(null)");
}

static void same_event(const struct journal_event *a,
		       const struct journal_event *b)
{
#define SAME_TEXT(member) same_text(#member, a->member, b->member);
#define SAME_NUMBER(member) assert_int_equal(a->member, b->member);
	TEXTS(SAME_TEXT)
	NUMBERS(SAME_NUMBER)
	assert_int_equal(a->delta_len, b->delta_len);
	if (a->delta)
		assert_memory_equal(a->delta, b->delta, a->delta_len);
	else
		assert_null(b->delta);
}

static const char odd[] = "\xff\xfe\x80 'q\" \n\t\033[2J \303\274 \xc3";

static void fill(struct journal_event *e, int64_t seq, const char *text)
{
	static const char delta[] = "a\0b\xff\n";

	*e = (struct journal_event){ .seq = seq };
#define SET_TEXT(member) e->member = text;
	TEXTS(SET_TEXT)
	e->status = "applied";
	e->kind = "mixed";
	e->duration_ms = INT64_MAX;
	e->statements = 2;
	e->rows = INT64_MIN;
	e->parked = 4;
	e->dirty = e->out_of_order = e->irreversible = e->exact = true;
	e->batch_size = 5;
	e->reverts = 6;
	e->printer = 7;
	e->delta = delta;
	e->delta_len = sizeof(delta);
}

static void round_trip(struct fixture *f, const char *encoding)
{
	struct target *t;
	struct journal_event in[4], out;
	struct arena a = ARENA_INIT;
	char uuid[37];

	assert_ok(open_url(f, "sqlite::memory:", true, &t));
	assert_ok(target_exec(t, encoding));
	assert_ok(target_begin(t));
	assert_ok(journal_create(t, NULL, uuid));
	fill(&in[0], 1, "plain");
	fill(&in[1], 2, odd);
	fill(&in[2], 3, "");
	in[2].delta = "";
	in[2].delta_len = 0;
	in[3] = (struct journal_event){ .seq = 4, .event = "init" };
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		assert_ok(journal_append(t, &in[i]));
	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		assert_ok(journal_get(t, in[i].seq, &a, &out));
		same_event(&in[i], &out);
	}
	arena_release(&a);
	target_close(t);
}

static void journal_append__keeps_every_field(void **state)
{
	round_trip(*state, "PRAGMA encoding = 'UTF-8'");
}

static void journal_append__keeps_every_byte_in_utf16(void **state)
{
	round_trip(*state, "PRAGMA encoding = 'UTF-16'");
}

static void journal_append__one_flag_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct arena a = ARENA_INIT;
	struct journal_event in, out;

	for (int i = 0; i < 4; i++) {
		in = (struct journal_event){ .seq = i + 1,
					     .event = "apply",
					     .dirty = i == 0,
					     .out_of_order = i == 1,
					     .irreversible = i == 2,
					     .exact = i == 3 };
		assert_ok(journal_append(t, &in));
		assert_ok(journal_get(t, i + 1, &a, &out));
		same_event(&in, &out);
	}
	arena_release(&a);
}

static void journal_get__needs_the_event(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct arena a = ARENA_INIT;
	struct journal_event e;

	expect_error(journal_get(t, 7, &a, &e), ERR_STATE, "no event 7", NULL);
	arena_release(&a);
}

static void journal_tip__is_the_last_event_with_a_commit(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct arena a = ARENA_INIT;
	struct journal_event e;
	int64_t last = -1;

	assert_ok(journal_tip(t, &a, &e));
	assert_int_equal(e.seq, 0);
	assert_ok(journal_last_seq(t, &last));
	assert_int_equal(last, 0);
	append(t, 1, "init", NULL, NULL, id_of(1));
	append(t, 2, "apply", "m", "applied", id_of(2));
	append(t, 3, "failed", "n", "failed", NULL);
	append(t, 4, "failed", "n", "failed", NULL);
	assert_ok(journal_tip(t, &a, &e));
	assert_int_equal(e.seq, 2);
	assert_string_equal(e.commit, id_of(2));
	assert_null(e.message);
	assert_ok(journal_last_seq(t, &last));
	assert_int_equal(last, 4);
	arena_release(&a);
}

static struct err *list(void *payload, const struct journal_event *e)
{
	struct buf *out = payload;

	buf_addf(out, "%lld:%s:%s%s%s ", (long long)e->seq,
		 e->name ? e->name : "-", e->status ? e->status : "-",
		 e->message ? "+" : "", e->delta ? "d" : "");
	return NULL;
}

static struct err *stop(void *payload, const struct journal_event *e)
{
	(void)payload, (void)e;
	return err_new(ERR_CANCELLED, "stop");
}

static void some_history(struct target *t)
{
	append(t, 1, "init", NULL, NULL, id_of(1));
	append(t, 2, "apply", "b", "applied", id_of(2));
	append(t, 3, "apply", "a", "applied", id_of(3));
	append(t, 4, "failed", "c", "failed", NULL);
	append(t, 5, "rollback", "b", "rolled_back", id_of(5));
	append(t, 6, "apply", "c", "applied", id_of(6));
	append(t, 7, "drift", NULL, NULL, id_of(7));
	/* about a migration, but not its state */
	append(t, 8, "mark", "a", NULL, id_of(8));
}

static void journal_lists__are_ordered(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct buf out = BUF_INIT;

	some_history(t);
	assert_ok(journal_current(t, list, &out));
	assert_string_equal(buf_str(&out),
			    "3:a:applied 5:b:rolled_back 6:c:applied ");
	buf_reset(&out);
	assert_ok(journal_log(t, NULL, 3, list, &out));
	assert_string_equal(buf_str(&out), "8:a:- 7:-:- 6:c:applied ");
	buf_reset(&out);
	assert_ok(journal_log(t, "c", 0, list, &out));
	assert_string_equal(buf_str(&out), "6:c:applied 4:c:failed ");
	buf_reset(&out);
	assert_ok(journal_log(t, "b", 1, list, &out));
	assert_string_equal(buf_str(&out), "5:b:rolled_back ");
	buf_reset(&out);
	assert_ok(journal_log(t, "nope", 0, list, &out));
	assert_string_equal(buf_str(&out), "");
	assert_ok(journal_replay(t, 2, list, &out));
	assert_string_equal(buf_str(&out), "3:a:applied+ 5:b:rolled_back+ "
					   "6:c:applied+ 7:-:-+ 8:a:-+ ");
	expect_error(journal_replay(t, 0, stop, NULL), ERR_CANCELLED, "stop",
		     NULL);
	expect_error(journal_current(t, stop, NULL), ERR_CANCELLED, "stop",
		     NULL);
	buf_release(&out);
}

static void journal_current_of__knows_one_migration(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct arena a = ARENA_INIT;
	struct journal_event e;

	some_history(t);
	assert_ok(journal_current_of(t, "b", &a, &e));
	assert_int_equal(e.seq, 5);
	assert_ok(journal_current_of(t, "a", &a, &e));
	assert_int_equal(e.seq, 3);
	assert_ok(journal_current_of(t, "B", &a, &e));
	assert_int_equal(e.seq, 0);
	assert_ok(journal_by_commit(t, id_of(6), &a, &e));
	assert_int_equal(e.seq, 6);
	assert_string_equal(e.name, "c");
	assert_ok(journal_by_commit(t, id_of(99), &a, &e));
	assert_int_equal(e.seq, 0);
	arena_release(&a);
}

static void journal_has_snapshot__finds_the_id(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct journal_event e = { .seq = 1, .event = "apply" };
	bool has = true;

	assert_ok(journal_has_snapshot(t, id_of(5), &has));
	assert_false(has);
	e.snapshot = id_of(5);
	assert_ok(journal_append(t, &e));
	assert_ok(journal_has_snapshot(t, id_of(5), &has));
	assert_true(has);
	assert_ok(journal_has_snapshot(t, id_of(6), &has));
	assert_false(has);
}

static void journal_append__refuses_what_cannot_be(void **state)
{
	static const struct {
		struct journal_event e;
		const char *text;
	} rows[] = {
		{ { .seq = 9 }, "NOT NULL" },
		{ { .seq = 1, .event = "apply" }, "UNIQUE" },
		{ { .seq = 9, .event = "x", .status = "nope" }, "CHECK" },
		{ { .seq = 9, .event = "x", .kind = "nope" }, "CHECK" },
		{ { .seq = 9, .event = "x", .commit = "c1" }, "UNIQUE" },
	};
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	int64_t last;

	append(t, 1, "init", NULL, NULL, "c1");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_error(journal_append(t, &rows[i].e), ERR_TARGET,
			     rows[i].text, NULL);
	assert_ok(journal_last_seq(t, &last));
	assert_int_equal(last, 1);
}

static void journal_history__is_append_only(void **state)
{
	static const char *const attempts[] = {
		"UPDATE git_migrate_history SET event = 'x'",
		"DELETE FROM git_migrate_history",
		"DELETE FROM git_migrate_history WHERE seq = 1",
		"UPDATE git_migrate_ledger SET message = 'x'",
		"DELETE FROM git_migrate_ledger",
	};
	struct fixture *f = *state;
	struct target *t = open_journal(f);

	some_history(t);
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
		expect_error(target_exec(t, attempts[i]), ERR_TARGET,
			     "is append-only", NULL);
}

static struct err *add_detail(void *payload, int n,
			      const struct target_value *cell)
{
	struct buf *out = payload;

	assert_int_equal(n, 4);
	buf_addf(out, "%s; ", cell[3].s);
	return NULL;
}

/* As the statements in journal_sql.h read, by table and condition. */
static void journal_lookups__use_an_index(void **state)
{
	static const struct {
		const char *sql, *plan;
	} rows[] = {
		{ "SELECT max(seq) FROM git_migrate_ledger",
		  "SEARCH git_migrate_ledger" },
		{ "SELECT * FROM git_migrate_history WHERE commit_hash = 'x'",
		  "USING INDEX git_migrate_history_commit" },
		{ "SELECT 1 FROM git_migrate_history WHERE snapshot = 'x'",
		  "git_migrate_history_snapshot" },
		{ "SELECT * FROM git_migrate_history h WHERE h.name = 'x' "
		  "ORDER BY h.seq DESC LIMIT 3",
		  "USING INDEX git_migrate_history_name" },
		{ "SELECT h.* FROM git_migrate_current c CROSS JOIN "
		  "git_migrate_history h WHERE h.seq = c.seq ORDER BY c.seq",
		  "COVERING INDEX git_migrate_current_seq; SEARCH h USING "
		  "INTEGER PRIMARY KEY" },
		{ "SELECT h.* FROM git_migrate_ledger l CROSS JOIN "
		  "git_migrate_history h WHERE l.seq > 3 AND h.seq = l.seq "
		  "ORDER BY l.seq",
		  "SEARCH l USING INTEGER PRIMARY KEY" },
		{ "SELECT bytes FROM git_migrate_texts WHERE blob = 'x'",
		  "SEARCH git_migrate_texts" },
		{ "SELECT * FROM git_migrate_migrations WHERE name = 'x'",
		  "SEARCH" },
	};
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct buf plan = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *sql = xasprintf("EXPLAIN QUERY PLAN %s", rows[i].sql);

		buf_reset(&plan);
		assert_ok(target_query(t, sql, NULL, 0, add_detail, &plan));
		if (!strstr(buf_str(&plan), rows[i].plan) ||
		    strstr(buf_str(&plan), "TEMP B-TREE"))
			fail_msg("%s: %s", rows[i].sql, buf_str(&plan));
		free(sql);
	}
	buf_release(&plan);
}

static struct err *view_row(void *payload, int n,
			    const struct target_value *cell)
{
	struct buf *out = payload;

	for (int i = 0; i < n; i++)
		buf_addf(out, "%s ",
			 cell[i].type == TARGET_NULL ? "-" : cell[i].s);
	buf_addch(out, '|');
	return NULL;
}

static void migrations_view__has_its_columns(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct buf out = BUF_INIT;

	assert_ok(target_query(t,
			       "SELECT group_concat(name) FROM "
			       "pragma_table_info('git_migrate_migrations')",
			       NULL, 0, view_row, &out));
	assert_string_equal(
		buf_str(&out),
		"name,version,status,kind,description,author,created_at,"
		"applied_at,applied_by,duration_ms,rows_total,rows_processed,"
		"blob,commit_hash,source_commit,snapshot,irreversible,"
		"batch_size,tenant,error |");
	buf_release(&out);
}

static void migrations_view__shows_the_current_state(void **state)
{
	const struct journal_event applied = {
		.seq = 1,
		.event = "apply",
		.name = "m",
		.status = "applied",
		.kind = "data",
		.author_date = "1700000000 +0100",
		.finished_at = "2026-01-01T00:00:00Z",
		.applied_by = "ann",
		.duration_ms = 5,
		.rows = 3,
		.blob = "b1",
		.commit = "c1",
	};
	const struct journal_event rolled_back = {
		.seq = 2,
		.event = "rollback",
		.name = "m",
		.status = "rolled_back",
		.finished_at = "2026-02-02T00:00:00Z",
		.applied_by = "bob",
		.blob = "b1",
		.commit = "c2",
	};
	const struct journal_event failed = {
		.seq = 3,
		.event = "failed",
		.name = "n",
		.status = "failed",
		.error = "no",
	};
	static const char sql[] =
		"SELECT name, status, kind, created_at, applied_at, "
		"applied_by, CAST(duration_ms AS TEXT), "
		"CAST(rows_total AS TEXT), CAST(rows_processed AS TEXT), "
		"commit_hash, error FROM git_migrate_migrations";
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct buf out = BUF_INIT;

	assert_ok(journal_append(t, &applied));
	assert_ok(target_query(t, sql, NULL, 0, view_row, &out));
	assert_string_equal(buf_str(&out),
			    "m applied data 2023-11-14T22:13:20Z "
			    "2026-01-01T00:00:00Z ann 5 3 3 c1 - |");
	buf_reset(&out);
	assert_ok(journal_append(t, &rolled_back));
	assert_ok(journal_append(t, &failed));
	assert_ok(target_query(t, sql, NULL, 0, view_row, &out));
	assert_string_equal(buf_str(&out),
			    "m rolled_back - - 2026-01-01T00:00:00Z ann 5 3 "
			    "0 c2 - |n failed - - - - - - 0 - no |");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(journal_append__keeps_every_field),
		fixture_test(journal_append__keeps_every_byte_in_utf16),
		fixture_test(journal_append__one_flag_at_a_time),
		fixture_test(journal_get__needs_the_event),
		fixture_test(journal_tip__is_the_last_event_with_a_commit),
		fixture_test(journal_lists__are_ordered),
		fixture_test(journal_current_of__knows_one_migration),
		fixture_test(journal_has_snapshot__finds_the_id),
		fixture_test(journal_append__refuses_what_cannot_be),
		fixture_test(journal_history__is_append_only),
		fixture_test(journal_lookups__use_an_index),
		fixture_test(migrations_view__has_its_columns),
		fixture_test(migrations_view__shows_the_current_state),
	};

	return cmocka_run_group_tests_name("target/journal", tests, NULL, NULL);
}
