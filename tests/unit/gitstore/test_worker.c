#include "gitstore/worker.h"

#include "unit/gitstore/scratch.h"

struct seen {
	size_t jobs, bytes;
	int last;
	bool in_order;
	int fail_at; /* job number; -1 = never */
};

static struct err *see(void *payload, int job, const void *data, size_t len)
{
	struct seen *s = payload;
	int n;

	if (job == s->fail_at)
		return err_new(ERR_STORE, "job %d", job);
	memcpy(&n, data, sizeof(n));
	s->in_order &= n == s->last + 1 && job == n;
	s->last = n;
	s->jobs++;
	s->bytes += len;
	return NULL;
}

static struct err *push(struct gs_worker *w, int n, size_t len)
{
	char *data = xcalloc(1, len < sizeof(n) ? sizeof(n) : len);
	struct err *err;

	memcpy(data, &n, sizeof(n));
	err = gs_worker_push(w, n, data, len);
	memset(data, 0xff, len); /* it was copied */
	free(data);
	return err;
}

static void worker__does_all_in_order(void **state)
{
	static const size_t sizes[] = { 4, 8192, 100000, 3 << 20, 12 << 20 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct seen s = { .last = -1, .in_order = true, .fail_at = -1 };
		struct gs_worker *w = gs_worker_new(see, &s);
		int n = sizes[i] > 1 << 20 ? 12 : 3000;

		for (int j = 0; j < n; j++)
			assert_ok(push(w, j, sizes[i]));
		assert_ok(gs_worker_wait(w));
		assert_true(s.in_order);
		assert_int_equal(s.jobs, n);
		assert_int_equal(s.bytes, sizes[i] * (size_t)n);
		for (int j = 0; j < 10; j++) { /* and after a wait */
			assert_ok(push(w, n + j, 4));
			assert_ok(gs_worker_wait(w));
			assert_int_equal(s.last, n + j);
		}
		gs_worker_free(w);
	}
}

/* Given once by the next call, and nothing is done after it. */
static void worker__gives_the_first_error_once(void **state)
{
	static const size_t sizes[] = { 4, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct seen s = { .last = -1, .in_order = true, .fail_at = 50 };
		struct gs_worker *w = gs_worker_new(see, &s);
		struct err *err = NULL;
		int j = 0;

		while (!err && j < 500)
			err = push(w, j++, sizes[i]);
		if (!err)
			err = gs_worker_wait(w);
		assert_non_null(err);
		assert_string_equal(err_text(err), "job 50");
		err_free(err);
		assert_fails(push(w, 1000, 4), ERR_STORE);
		assert_fails(gs_worker_wait(w), ERR_STORE);
		assert_int_equal(s.jobs, 50);
		gs_worker_free(w);
	}
}

static void worker_free__drops_what_waits(void **state)
{
	struct seen s = { .last = -1, .in_order = true, .fail_at = -1 };
	struct gs_worker *w = gs_worker_new(see, &s);

	(void)state;
	for (int j = 0; j < 200; j++)
		assert_ok(push(w, j, 100000));
	gs_worker_free(w);
	assert_true(s.in_order);
	assert_true(s.jobs <= 200);
	gs_worker_free(NULL);
}

static void worker_free__gives_up_an_error_nobody_asked_for(void **state)
{
	struct seen s = { .last = -1, .in_order = true, .fail_at = 150 };
	struct gs_worker *w = gs_worker_new(see, &s);

	(void)state;
	for (int j = 0; j < 180; j++)
		err_free(push(w, j, 20000));
	gs_worker_free(w);
	assert_true(s.jobs <= 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker__does_all_in_order),
		cmocka_unit_test(worker__gives_the_first_error_once),
		cmocka_unit_test(worker_free__drops_what_waits),
		cmocka_unit_test(
			worker_free__gives_up_an_error_nobody_asked_for),
	};

	return cmocka_run_group_tests_name("gitstore/worker", tests, NULL,
					   NULL);
}
