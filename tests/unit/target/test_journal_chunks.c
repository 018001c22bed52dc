#include "fixture.h"

#include <ctype.h>

#include "support/pg_world.h"
#include "target/journal.h"
#include "target/journal_chunks.h"

/* Snapshots in the database's own tables, on every dialect. */

struct world {
	struct fixture f;
	char *url; /* of a PostgreSQL database; NULL = SQLite */
	struct target *t;
	struct buf text;
};

static void open_world(struct world *w)
{
	char uuid[37];

	assert_ok(open_url(&w->f, w->url ? w->url : "sqlite::memory:", true,
			   &w->t));
	assert_ok(target_begin(w->t));
	assert_ok(journal_create(w->t, NULL, uuid));
}

static int setup_sqlite(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	*state = w;
	open_world(w);
	return 0;
}

static int setup_pg(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	*state = w;
	pg_test_database(&w->url);
	open_world(w);
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	target_close(w->t);
	pg_test_drop(w->url);
	buf_release(&w->text);
	free(w);
	return 0;
}

/* The name of a table of ours, as the dialect has it. */
static char *about(const struct world *w, const char *before, const char *table,
		   const char *after)
{
	return xasprintf("%s git_migrate%c%s %s", before, w->url ? '.' : '_',
			 table, after);
}

static int64_t count(struct world *w, const char *table)
{
	char *sql = about(w, "SELECT count(*) FROM", table, "");
	int64_t n = ask(w->t, sql);

	free(sql);
	return n;
}

static struct journal_chunk chunk(const char *path, const char *id,
				  const char *data, size_t len)
{
	return (struct journal_chunk){ .path = path,
				       .id = (const unsigned char *)id,
				       .id_len = 3,
				       .size = (int64_t)len * 10,
				       .data = data,
				       .len = len };
}

static struct err *list(void *payload, const struct journal_chunk *c)
{
	struct world *w = payload;

	buf_addf(&w->text, "%s:", c->path);
	for (size_t i = 0; i < c->id_len; i++)
		if (isalnum(c->id[i]))
			buf_addch(&w->text, (char)c->id[i]);
		else
			buf_addf(&w->text, "<%02x>", c->id[i]);
	buf_addf(&w->text, ":%lld:", (long long)c->size);
	for (size_t i = 0; c->data && i < c->len && i < 4; i++)
		buf_addf(&w->text, "%02x", ((const unsigned char *)c->data)[i]);
	buf_addch(&w->text, ' ');
	return NULL;
}

static const char *read_all(struct world *w, int64_t number, const char *path)
{
	buf_reset(&w->text);
	assert_ok(journal_chunks_each(w->t, number, path, list, w));
	return buf_str(&w->text);
}

static void journal_chunks__come_back_in_order(void **state)
{
	struct world *w = *state;
	const struct journal_chunk first[] = {
		chunk("rows/1", "aaa", "a\0\xff\n", 4),
		chunk("rows/1", "b\\b", "\\x41", 4),
		chunk("part2/rows/10", "c\0c", "", 0),
	};
	const struct journal_chunk second[] = {
		chunk("manifest", "\xff\xfe\x01", "m", 1),
	};
	int64_t number;

	assert_ok(journal_snapshot_next(w->t, &number));
	assert_int_equal(number, 1);
	assert_ok(journal_chunks_put(w->t, number, 0, first, 3));
	assert_ok(journal_chunks_put(w->t, number, 3, second, 1));
	assert_ok(journal_chunks_put(w->t, number, 4, second, 0));
	assert_ok(journal_snapshot_put(w->t, number, "abc", 4, 90));
	assert_string_equal(read_all(w, number, NULL),
			    "rows/1:aaa:40:6100ff0a rows/1:b<5c>b:40:5c783431 "
			    "part2/rows/10:c<00>c:0: "
			    "manifest:<ff><fe><01>:10:6d ");
	assert_string_equal(
		read_all(w, number, "rows/1"),
		"rows/1:aaa:40:6100ff0a rows/1:b<5c>b:40:5c783431 ");
	assert_string_equal(read_all(w, number, "manifest"),
			    "manifest:<ff><fe><01>:10:6d ");
	assert_string_equal(read_all(w, number, "rows/2"), "");
	assert_string_equal(read_all(w, 2, NULL), "");
}

static void journal_chunks__are_stored_once(void **state)
{
	struct world *w = *state;
	struct journal_chunk c[] = {
		chunk("a", "one", "x", 1),
		chunk("a", "two", "y", 1),
		chunk("b", "one", "x", 1),
	};
	int64_t number;

	assert_ok(journal_chunks_put(w->t, 1, 0, c, 3));
	assert_ok(journal_snapshot_put(w->t, 1, "s1", 3, 30));
	assert_int_equal(count(w, "chunks"), 2);
	assert_int_equal(count(w, "snapshot_files"), 3);
	assert_ok(journal_snapshot_next(w->t, &number));
	assert_int_equal(number, 2);
	assert_ok(journal_chunks_put(w->t, 2, 0, c, 3));
	assert_ok(journal_snapshot_put(w->t, 2, "s1", 3, 30));
	assert_int_equal(count(w, "chunks"), 2);
	assert_string_equal(read_all(w, 2, NULL),
			    "a:one:10:78 a:two:10:79 b:one:10:78 ");
	assert_ok(journal_snapshot_find(w->t, "s1", &number));
	assert_int_equal(number, 1);
	assert_ok(journal_snapshot_find(w->t, "s2", &number));
	assert_int_equal(number, 0);
	/* a place is taken once */
	assert_fails(journal_chunks_put(w->t, 2, 2, c, 1), ERR_TARGET);
}

static void journal_chunks__come_in_pages(void **state)
{
	static const size_t counts[] = { 1, 63, 64, 65, 300 };
	struct world *w = *state;
	struct journal_chunk c[300];
	char ids[300][4], *data = xcalloc(300, 20000);
	size_t at = 0;

	for (size_t i = 0; i < 300; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%03zu", i);
		memset(data + i * 20000, (int)i, 20000);
		c[i] = chunk(i < 200 ? "a" : "b", ids[i], data + i * 20000,
			     i % 7 ? 500 : 20000);
	}
	for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
		char *p;

		assert_ok(journal_chunks_put(w->t, (int64_t)k + 1, 0, c,
					     counts[k]));
		read_all(w, (int64_t)k + 1, NULL);
		at = 0;
		for (p = w->text.data; p && *p; p = strchr(p, ' ') + 1) {
			char *want = xasprintf("%s:%s:%lld:%02x", c[at].path,
					       ids[at], (long long)c[at].size,
					       (unsigned)(at & 0xff));

			if (!starts_with(p, want))
				fail_msg("chunk %zu: not %s", at, want);
			free(want);
			at++;
		}
		assert_int_equal(at, counts[k]);
	}
	assert_int_equal(count(w, "chunks"), 300);
	free(data);
}

static void journal_chunks__tell_of_a_missing_one(void **state)
{
	struct world *w = *state;
	const struct journal_chunk c = chunk("a", "one", "x", 1);
	char *drop = about(
		w, w->url ? "DROP TRIGGER append_only ON" : "DROP TRIGGER",
		w->url ? "chunks" : "chunks_no_delete", "");
	char *take = about(w, "DELETE FROM", "chunks", "");

	assert_ok(journal_chunks_put(w->t, 1, 0, &c, 1));
	assert_ok(target_exec(w->t, drop));
	assert_ok(target_exec(w->t, take));
	assert_string_equal(read_all(w, 1, NULL), "a:one:-1: ");
	free(drop);
	free(take);
}

static struct err *stop(void *payload, const struct journal_chunk *c)
{
	(void)payload, (void)c;
	return err_new(ERR_CANCELLED, "enough");
}

static void journal_chunks_each__ends_with_an_error_of_the_reader(void **state)
{
	struct world *w = *state;
	const struct journal_chunk c = chunk("a", "one", "x", 1);

	assert_ok(journal_chunks_put(w->t, 1, 0, &c, 1));
	assert_fails(journal_chunks_each(w->t, 1, NULL, stop, NULL),
		     ERR_CANCELLED);
}

static void snapshots__are_append_only(void **state)
{
	static const struct {
		const char *before, *table, *after;
	} rows[] = {
		{ "DELETE FROM", "chunks", "" },
		{ "DELETE FROM", "snapshot_files", "" },
		{ "DELETE FROM", "snapshots", "" },
		{ "UPDATE", "chunks", "SET size = 0" },
		{ "UPDATE", "snapshot_files", "SET path = 'x'" },
		{ "UPDATE", "snapshots", "SET id = 'x'" },
	};
	struct world *w = *state;
	const struct journal_chunk c = chunk("a", "one", "x", 1);

	assert_ok(journal_chunks_put(w->t, 1, 0, &c, 1));
	assert_ok(journal_snapshot_put(w->t, 1, "s1", 1, 10));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *sql =
			about(w, rows[i].before, rows[i].table, rows[i].after);

		assert_ok(target_savepoint(w->t, "s"));
		expect_error(target_exec(w->t, sql), ERR_TARGET,
			     "is append-only", NULL);
		assert_ok(target_rollback_to(w->t, "s"));
		free(sql);
	}
}

static void journal_chunks__go_with_the_transaction(void **state)
{
	struct world *w = *state;
	const struct journal_chunk c = chunk("a", "one", "x", 1);

	assert_ok(target_commit(w->t));
	assert_ok(target_begin(w->t));
	assert_ok(journal_chunks_put(w->t, 1, 0, &c, 1));
	assert_ok(journal_snapshot_put(w->t, 1, "s1", 1, 10));
	target_rollback(w->t);
	assert_int_equal(count(w, "chunks"), 0);
	assert_int_equal(count(w, "snapshot_files"), 0);
	assert_int_equal(count(w, "snapshots"), 0);
}

static struct err *same_bytes(void *payload, const struct journal_chunk *c)
{
	const unsigned char *p = c->data;

	assert_int_equal(c->len, 3 * 256);
	for (size_t i = 0; i < c->len; i++)
		assert_int_equal(p[i], i % 256);
	++*(int *)payload;
	return NULL;
}

/* Some servers print bytea as they did before 9.0. */
static void journal_chunks__come_back_from_escapes(void **state)
{
	static const char *const outputs[] = { "hex", "escape" };
	struct world *w = *state;
	struct journal_chunk c;
	char data[3 * 256];
	int seen = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)i;
	c = chunk("a", "\\\\x", data, sizeof(data));
	assert_ok(journal_chunks_put(w->t, 1, 0, &c, 1));
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
		char *sql = xasprintf("SET bytea_output = %s", outputs[i]);

		assert_ok(target_exec(w->t, sql));
		assert_ok(
			journal_chunks_each(w->t, 1, NULL, same_bytes, &seen));
		assert_string_equal(read_all(w, 1, NULL),
				    "a:<5c><5c>x:7680:00010203 ");
		free(sql);
	}
	assert_int_equal(seen, 2);
}

#define ON(fn, setup) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define ALL(setup)                                                                \
	{                                                                         \
		ON(journal_chunks__come_back_in_order, setup),                    \
			ON(journal_chunks__are_stored_once, setup),               \
			ON(journal_chunks__come_in_pages, setup),                 \
			ON(journal_chunks__tell_of_a_missing_one, setup),         \
			ON(journal_chunks_each__ends_with_an_error_of_the_reader, \
			   setup),                                                \
			ON(snapshots__are_append_only, setup),                    \
			ON(journal_chunks__go_with_the_transaction, setup),       \
	}

int main(void)
{
	const struct CMUnitTest sqlite[] = ALL(setup_sqlite);
	const struct CMUnitTest pg[] = ALL(setup_pg);
	const struct CMUnitTest pg_only[] = {
		ON(journal_chunks__come_back_from_escapes, setup_pg),
	};
	int failed = cmocka_run_group_tests_name("target/journal_chunks",
						 sqlite, NULL, NULL);

	failed += pg_run_group_tests(pg, NULL, NULL);
	return failed + pg_run_group_tests(pg_only, NULL, NULL);
}
