#include "support/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "snapshot/ahead.h"

/* Chunks "0", "1", ... up to n, then the end or an error. */
struct source {
	unsigned at, n;
	bool fails;
	char text[16];
};

static struct err *chunk(void *payload, const char **data, size_t *len)
{
	struct source *s = payload;

	*data = NULL;
	*len = 0;
	if (s->at == s->n)
		return s->fails ? err_new(ERR_STORE, "torn") : NULL;
	*len = (size_t)snprintf(s->text, sizeof(s->text), "%u", s->at++);
	*data = s->text;
	return NULL;
}

static void expect(struct ahead *a, unsigned from, unsigned to)
{
	const char *data;
	char want[16];
	size_t len;

	for (unsigned i = from; i < to; i++) {
		assert_ok(ahead_next(a, &data, &len));
		assert_non_null(data);
		snprintf(want, sizeof(want), "%u", i);
		assert_int_equal(len, strlen(want));
		assert_memory_equal(data, want, len);
	}
}

static void ahead_next__gives_each_chunk_once(void **state)
{
	static const unsigned counts[] = { 0, 1, 31, 32, 33, 1000, 20000 };
	const char *data;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct source s = { .n = counts[i] };
		const struct snapshot_in in = { &s, NULL, chunk };
		struct ahead *a = ahead_start(&in);

		assert_non_null(a);
		expect(a, 0, counts[i]);
		for (int again = 0; again < 2; again++) {
			assert_ok(ahead_next(a, &data, &len));
			assert_null(data);
			assert_int_equal(len, 0);
		}
		ahead_stop(a);
	}
}

static void ahead_next__tells_an_error_in_its_place(void **state)
{
	struct source s = { .n = 50, .fails = true };
	const struct snapshot_in in = { &s, NULL, chunk };
	struct ahead *a = ahead_start(&in);
	const char *data;
	struct err *err;
	size_t len;

	(void)state;
	expect(a, 0, 50);
	err = ahead_next(a, &data, &len);
	assert_non_null(err);
	assert_string_equal(err_text(err), "torn");
	assert_null(data);
	err_free(err);
	ahead_stop(a);
}

static void ahead_stop__ends_it_anywhere(void **state)
{
	(void)state;
	for (unsigned read = 0; read < 100; read += 7) {
		struct source s = { .n = 10000, .fails = true };
		const struct snapshot_in in = { &s, NULL, chunk };
		struct ahead *a = ahead_start(&in);

		expect(a, 0, read);
		ahead_stop(a);
		assert_true(s.at <= read + 33);
	}
	ahead_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ahead_next__gives_each_chunk_once),
		cmocka_unit_test(ahead_next__tells_an_error_in_its_place),
		cmocka_unit_test(ahead_stop__ends_it_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
