#include "fixture.h"

#include "target/journal.h"

/* What the tables themselves guarantee, and the view that people read. */

static const struct journal_event init = { .seq = 1,
					   .event = "init",
					   .commit = "c1" };

static struct target *open_journal(struct fixture *f)
{
	char uuid[37];

	assert_ok(open_url(f, "sqlite:dev.db", true, &f->t));
	assert_ok(target_begin(f->t));
	assert_ok(journal_create(f->t, "here", uuid));
	return f->t;
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

	assert_ok(journal_append(t, &init));
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

	assert_ok(journal_append(t, &init));
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
		{ "SELECT h.* FROM git_migrate_history h WHERE h.seq IN "
		  "(SELECT seq FROM git_migrate_current) ORDER BY h.seq",
		  "SEARCH h USING INTEGER PRIMARY KEY (rowid=?); LIST "
		  "SUBQUERY 1; SCAN git_migrate_current" },
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
		fixture_test(journal_append__refuses_what_cannot_be),
		fixture_test(journal_history__is_append_only),
		fixture_test(journal_lookups__use_an_index),
		fixture_test(migrations_view__has_its_columns),
		fixture_test(migrations_view__shows_the_current_state),
	};

	return cmocka_run_group_tests_name("target/journal_schema", tests, NULL,
					   NULL);
}
