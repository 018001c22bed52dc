#include "fixture.h"

#include "target/journal.h"

/* Texts, dependencies and steps beside the history. */

static struct target *open_journal(struct fixture *f)
{
	char uuid[37];

	assert_ok(open_url(f, "sqlite::memory:", true, &f->t));
	assert_ok(target_begin(f->t));
	assert_ok(journal_create(f->t, NULL, uuid));
	return f->t;
}

static void journal_text__keeps_any_bytes_once(void **state)
{
	static const struct {
		const char *blob, *bytes;
		size_t len;
	} rows[] = {
		{ "aa", "CREATE TABLE a;\n", 16 },
		{ "bb", "", 0 },
		{ "cc", "a\0b\xff\xfe\r\n", 7 },
		{ "dd", NULL, 0 },
	};
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++)
		assert_ok(journal_text_put(t, rows[i / 2].blob,
					   rows[i / 2].bytes, rows[i / 2].len));
	assert_int_equal(ask(t, "SELECT count(*) FROM git_migrate_texts"), 4);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		assert_ok(journal_text_get(t, rows[i].blob, &out));
		assert_int_equal(out.len, rows[i].len);
		if (rows[i].len)
			assert_memory_equal(out.data, rows[i].bytes, out.len);
	}
	expect_error(journal_text_get(t, "ee", &out), ERR_STATE,
		     "no text of blob ee", NULL);
	buf_release(&out);
}

static void journal_text__takes_a_large_file(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	size_t n = 20 * 1000 * 1000;
	char *bytes = xmalloc(n);
	struct buf out = BUF_INIT;

	memset(bytes, 'x', n);
	assert_ok(journal_text_put(t, "aa", bytes, n));
	assert_ok(journal_text_get(t, "aa", &out));
	assert_int_equal(out.len, n);
	assert_memory_equal(out.data, bytes, n);
	buf_release(&out);
	free(bytes);
}

static struct err *list(void *payload, const char *name, const char *depends_on,
			bool inferred)
{
	struct buf *out = payload;

	buf_addf(out, "%s>%s%s ", name, depends_on, inferred ? "?" : "");
	return NULL;
}

static struct err *stop(void *payload, const char *name, const char *depends_on,
			bool inferred)
{
	(void)payload, (void)name, (void)depends_on, (void)inferred;
	return err_new(ERR_CANCELLED, "stop");
}

static void journal_depends__replaces_by_kind(void **state)
{
	static const char *const ab[] = { "a", "b", NULL };
	static const char *const bc[] = { "b", "c", NULL };
	static const char *const none[] = { NULL };
	static const struct {
		const char *name;
		const char *const *depends;
		bool inferred;
		const char *all;
	} rows[] = {
		{ "z", ab, false, "z>a z>b " },
		{ "z", ab, false, "z>a z>b " },
		/* what is inferred stays explicit where it was */
		{ "z", bc, true, "z>a z>b z>c? " },
		{ "y", bc, true, "y>b? y>c? z>a z>b z>c? " },
		/* and becomes explicit where it is said */
		{ "y", bc, false, "y>b y>c z>a z>b z>c? " },
		{ "z", none, false, "y>b y>c z>c? " },
		{ "z", NULL, true, "y>b y>c " },
		{ "y", none, true, "y>b y>c " },
	};
	struct fixture *f = *state;
	struct target *t = open_journal(f);
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(journal_depends_set(t, rows[i].name, rows[i].depends,
					      rows[i].inferred));
		buf_reset(&out);
		assert_ok(journal_depends_each(t, list, &out));
		assert_string_equal(buf_str(&out), rows[i].all);
	}
	expect_error(journal_depends_each(t, stop, NULL), ERR_CANCELLED, "stop",
		     NULL);
	buf_release(&out);
}

static void expect_steps(struct target *t, const char *name, size_t done,
			 bool open)
{
	size_t n_done = 99;
	bool intent_open = !open;

	assert_ok(journal_steps(t, name, &n_done, &intent_open));
	assert_int_equal(n_done, done);
	assert_int_equal(intent_open, open);
}

static void journal_steps__count_what_is_done(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);

	expect_steps(t, "m", 0, false);
	assert_ok(journal_step_set(t, "m", 0, "done"));
	assert_ok(journal_step_set(t, "m", 1, "intent"));
	assert_ok(journal_step_set(t, "n", 0, "intent"));
	expect_steps(t, "m", 1, true);
	assert_ok(journal_step_set(t, "m", 1, "done"));
	assert_ok(journal_step_set(t, "m", 1, "done"));
	expect_steps(t, "m", 2, false);
	assert_ok(journal_steps_clear(t, "m"));
	expect_steps(t, "m", 0, false);
	expect_steps(t, "n", 0, true);
	assert_int_equal(ask(t, "SELECT at LIKE '20__-__-__T__:__:__Z' "
				"FROM git_migrate_progress"),
			 1);
}

static void journal_steps__know_two_states(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_journal(f);

	expect_error(journal_step_set(t, "m", 0, "maybe"), ERR_TARGET,
		     "progress of m: ", NULL);
	expect_steps(t, "m", 0, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(journal_text__keeps_any_bytes_once),
		fixture_test(journal_text__takes_a_large_file),
		fixture_test(journal_depends__replaces_by_kind),
		fixture_test(journal_steps__count_what_is_done),
		fixture_test(journal_steps__know_two_states),
	};

	return cmocka_run_group_tests_name("target/journal_tables", tests, NULL,
					   NULL);
}
