#include "unit/gitstore/scratch.h"

#include "engine/store.h"

/* Chunks as they are kept elsewhere: ids, deflated, and back. */

static void chunk_id__is_the_one_of_a_blob(void **state)
{
	static const char *const texts[] = { "", "a", "rows\n\ttabs\n" };
	struct scratch *t = *state;
	struct store_id id;

	scratch_store(t, ".");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		t->s->ops->chunk_id(t->s, texts[i], strlen(texts[i]), &id);
		scratch_write(t, "file", texts[i]);
		assert_string_equal(id.hex,
				    scratch_ask(t, "git hash-object file"));
	}
}

static void chunk_inflate__gives_what_was_deflated(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 7168, 65536, 262144 };
	struct scratch *t = *state;
	struct buf in = BUF_INIT, deflated = BUF_INIT, out = BUF_INIT;

	scratch_store(t, ".");
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		buf_reset(&in);
		buf_reset(&deflated);
		buf_reset(&out);
		while (in.len < sizes[i])
			buf_addf(&in, "+\t%zu\t'text of a row\n", in.len);
		buf_addstr(&deflated, "before");
		buf_addstr(&out, "before");
		t->s->ops->chunk_deflate(t->s, buf_str(&in), sizes[i],
					 &deflated);
		assert_memory_equal(deflated.data, "before", 6);
		assert_ok(t->s->ops->chunk_inflate(t->s, deflated.data + 6,
						   deflated.len - 6, sizes[i],
						   &out));
		assert_int_equal(out.len, 6 + sizes[i]);
		assert_memory_equal(out.data + 6, buf_str(&in), sizes[i]);
		if (sizes[i] > 1000)
			assert_true(deflated.len < sizes[i] / 3);
	}
	buf_release(&in);
	buf_release(&deflated);
	buf_release(&out);
}

static void chunk_inflate__refuses_what_is_damaged(void **state)
{
	static const char text[] = "text of a row, text of a row";
	struct scratch *t = *state;
	struct buf deflated = BUF_INIT, out = BUF_INIT;
	size_t n = sizeof(text);

	scratch_store(t, ".");
	t->s->ops->chunk_deflate(t->s, text, n, &deflated);
	assert_fails(t->s->ops->chunk_inflate(t->s, deflated.data,
					      deflated.len - 1, n, &out),
		     ERR_STORE);
	assert_fails(t->s->ops->chunk_inflate(t->s, deflated.data, deflated.len,
					      n - 1, &out),
		     ERR_STORE);
	assert_fails(t->s->ops->chunk_inflate(t->s, deflated.data, deflated.len,
					      n + 1, &out),
		     ERR_STORE);
	for (size_t i = 0; i < deflated.len; i++) {
		struct err *err;

		deflated.data[i] ^= 0x10;
		buf_reset(&out);
		err = t->s->ops->chunk_inflate(t->s, deflated.data,
					       deflated.len, n, &out);
		/* a header's flag may mean nothing to the reader */
		if (!err && memcmp(out.data, text, n) != 0)
			fail_msg("byte %zu: damage went unseen", i);
		err_free(err);
		deflated.data[i] ^= 0x10;
	}
	buf_release(&deflated);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(chunk_id__is_the_one_of_a_blob),
		in_repo(chunk_inflate__gives_what_was_deflated),
		in_repo(chunk_inflate__refuses_what_is_damaged),
	};

	return cmocka_run_group_tests_name("gitstore/chunk", tests, NULL, NULL);
}
