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

/* Eight events after event `seq`. */
static void some_history_after(struct target *t, int64_t seq)
{
	append(t, seq + 1, "init", NULL, NULL, id_of(1));
	append(t, seq + 2, "apply", "b", "applied", id_of(2));
	append(t, seq + 3, "apply", "a", "applied", id_of(3));
	append(t, seq + 4, "failed", "c", "failed", NULL);
	append(t, seq + 5, "rollback", "b", "rolled_back", id_of(5));
	append(t, seq + 6, "apply", "c", "applied", id_of(6));
	append(t, seq + 7, "drift", NULL, NULL, id_of(7));
	/* about a migration, but not its state */
	append(t, seq + 8, "mark", "a", NULL, id_of(8));
}

static void some_history(struct target *t)
{
	some_history_after(t, 0);
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

static struct err *keep_first(void *payload, const struct journal_event *e)
{
	*(struct journal_event *)payload = *e;
	return err_new(ERR_CANCELLED, "stop"); /* before it is released */
}

static struct err *compare_state(void *payload, const struct journal_event *e)
{
	struct journal_event want = *(const struct journal_event *)payload;

	want.parent = want.kind = want.description = want.author = NULL;
	want.author_date = want.applied_by = want.applied_date = NULL;
	want.started_at = want.tenant = want.schema_id = want.shape_id = NULL;
	want.server = want.tool = want.message = want.delta = NULL;
	want.statements = want.parked = want.batch_size = want.reverts = 0;
	want.printer = 0;
	want.delta_len = 0;
	same_event(&want, e);
	return NULL;
}

static void journal_states__fills_what_tells_a_state(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct buf out = BUF_INIT;
	struct journal_event e, first;

	fill(&e, 1, odd);
	assert_ok(journal_append(t, &e));
	assert_ok(journal_states(t, compare_state, &e));
	err_free(journal_current(t, keep_first, &first));
	assert_int_equal(first.printer, 7);
	some_history_after(t, 1);
	assert_ok(journal_states(t, list, &out));
	assert_non_null(strstr(buf_str(&out),
			       "4:a:applied 6:b:rolled_back 7:c:applied "));
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

/* A second program that reads while a run is in the middle of its writes. */
static void journal_tip__is_read_beside_a_writer(void **state)
{
	static const char *const modes[] = { "delete", "wal" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct arena a = ARENA_INIT;
		struct target *writer, *reader;
		struct journal_event e;
		char uuid[37], sql[64];

		assert_ok(open_url(f, "sqlite:dev.db", true, &writer));
		snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s",
			 modes[i]);
		assert_ok(run_text(writer, sql));
		assert_ok(target_begin(writer));
		assert_ok(journal_create(writer, "here", uuid));
		append(writer, 1, "init", NULL, NULL, id_of(1));
		assert_ok(target_commit(writer));
		assert_ok(target_begin(writer));
		append(writer, 2, "apply", "m", "applied", id_of(2));

		assert_ok(open_url(f, "sqlite:dev.db", false, &reader));
		assert_ok(journal_tip(reader, &a, &e));
		assert_int_equal(e.seq, 1);
		/* and does not stand in the way of the commit */
		assert_ok(target_commit(writer));
		assert_ok(journal_tip(reader, &a, &e));
		assert_int_equal(e.seq, 2);
		target_close(reader);
		target_close(writer);
		arena_release(&a);
		unlink(in_dir(f, "dev.db"));
	}
}

/* The fence: a tip that somebody moved since it was read is seen. */
static void journal_tip__shows_what_another_run_appended(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f), *other;
	struct arena a = ARENA_INIT;
	struct journal_event e;

	append(t, 1, "init", NULL, NULL, id_of(1));
	assert_ok(target_commit(t));
	assert_ok(journal_tip(t, &a, &e));
	assert_int_equal(e.seq, 1);
	assert_ok(open_url(f, "sqlite:dev.db", false, &other));
	assert_ok(target_begin(other));
	append(other, 2, "apply", "m", "applied", id_of(2));
	expect_error(target_begin(t), ERR_STATE, "is writing", NULL);
	assert_ok(target_commit(other));
	assert_ok(target_begin(t));
	assert_ok(journal_tip(t, &a, &e));
	assert_int_equal(e.seq, 2);
	target_close(other);
	arena_release(&a);
}

/* An event is there whole or not at all. */
static void journal_append__goes_with_its_transaction(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	int64_t last = -1;

	append(t, 1, "init", NULL, NULL, id_of(1));
	assert_ok(target_savepoint(t, "m"));
	append(t, 2, "apply", "m", "applied", id_of(2));
	assert_ok(target_rollback_to(t, "m"));
	assert_ok(journal_last_seq(t, &last));
	assert_int_equal(last, 1);
	assert_int_equal(ask(t, "SELECT count(*) FROM git_migrate_current"), 0);
	assert_int_equal(ask(t, "SELECT count(*) FROM git_migrate_ledger"), 1);
	append(t, 2, "apply", "n", "applied", id_of(2));
	assert_ok(target_commit(t));
	assert_int_equal(ask(t, "SELECT count(*) FROM git_migrate_current"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(journal_append__keeps_every_field),
		fixture_test(journal_append__keeps_every_byte_in_utf16),
		fixture_test(journal_append__one_flag_at_a_time),
		fixture_test(journal_get__needs_the_event),
		fixture_test(journal_tip__is_the_last_event_with_a_commit),
		fixture_test(journal_tip__is_read_beside_a_writer),
		fixture_test(journal_tip__shows_what_another_run_appended),
		fixture_test(journal_append__goes_with_its_transaction),
		fixture_test(journal_lists__are_ordered),
		fixture_test(journal_states__fills_what_tells_a_state),
		fixture_test(journal_current_of__knows_one_migration),
		fixture_test(journal_has_snapshot__finds_the_id),
	};

	return cmocka_run_group_tests_name("target/journal", tests, NULL, NULL);
}
