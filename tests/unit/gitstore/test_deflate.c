#include "gitstore/deflate.h"

#include "unit/gitstore/scratch.h"

#include <zlib.h>

/* zlib reads what we wrote, and we read it and what zlib wrote. */
static void round_trip(struct gs_deflate *d, const char *in, size_t n)
{
	struct buf out = BUF_INIT, zlibs = BUF_INIT;
	unsigned char *back = xcalloc(n + 1, 1);
	uLongf len = n + 1;
	uLongf bound = compressBound(n);

	buf_addstr(&out, "before");
	gs_deflate_add(d, in, n, &out);
	assert_memory_equal(out.data, "before", 6);
	assert_int_equal(
		uncompress(back, &len, (Bytef *)out.data + 6, out.len - 6),
		Z_OK);
	assert_int_equal(len, n);
	assert_memory_equal(back, in, n);

	memset(back, 0, n + 1);
	buf_addstr(&out, "and what follows it in a pack");
	assert_true(gs_inflate(out.data + 6, out.len - 6, back, n));
	assert_memory_equal(back, in, n);
	if (n)
		assert_false(
			gs_inflate(out.data + 6, out.len - 6, back, n - 1));

	buf_reserve(&zlibs, bound);
	assert_int_equal(
		compress2((Bytef *)zlibs.data, &bound, (const Bytef *)in, n, 9),
		Z_OK);
	assert_true(gs_inflate(zlibs.data, bound, back, n));
	assert_memory_equal(back, in, n);
	buf_release(&out);
	buf_release(&zlibs);
	free(back);
}

static void deflate__is_the_zlib_format(void **state)
{
	static const size_t sizes[] = { 0,     1,     2,      63,     300,
					1023,  1024,  4096,   8192,   65535,
					65536, 65537, 300000, 3000000 };
	struct gs_deflate *d = gs_deflate_new();
	char *text = xcalloc(1, 3000000), *noise = xcalloc(1, 3000000);

	(void)state;
	srand(5);
	for (size_t i = 0; i < 3000000; i++) {
		noise[i] = (char)rand();
		text[i] = "the quick brown fox 0123456789\t\n"[rand() % 32];
	}
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		round_trip(d, text, sizes[i]);
		round_trip(d, noise, sizes[i]);
		memset(text + 100000, 'x', 100000);
	}
	gs_deflate_free(d);
	gs_deflate_free(NULL);
	free(text);
	free(noise);
}

static void inflate__refuses_damage(void **state)
{
	struct gs_deflate *d = gs_deflate_new();
	struct buf in = BUF_INIT, out = BUF_INIT;
	char back[8192];
	int refused = 0;

	(void)state;
	for (int i = 0; in.len < sizeof(back); i++)
		buf_addint(&in, i * 7919L);
	buf_truncate(&in, sizeof(back));
	gs_deflate_add(d, in.data, in.len, &out);
	assert_false(gs_inflate(out.data, out.len - 5, back, sizeof(back)));
	assert_false(gs_inflate(out.data, 0, back, sizeof(back)));
	for (size_t i = 0; i < out.len; i += 17) {
		out.data[i] ^= 0x10;
		refused += !gs_inflate(out.data, out.len, back, sizeof(back));
		out.data[i] ^= 0x10;
	}
	/* all but bits of the header that mean nothing to the data */
	assert_true(refused >= (int)(out.len / 17));
	gs_deflate_free(d);
	buf_release(&in);
	buf_release(&out);
}

static void crc32__is_that_of_zlib(void **state)
{
	static const char text[] = "123456789 and so on, and so forth";

	(void)state;
	assert_int_equal(gs_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(gs_crc32(0, "", 0), 0);
	for (size_t i = 0; i < sizeof(text); i++)
		assert_int_equal(gs_crc32(gs_crc32(0, text, i), text + i,
					  sizeof(text) - i),
				 crc32(0, (const Bytef *)text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deflate__is_the_zlib_format),
		cmocka_unit_test(inflate__refuses_damage),
		cmocka_unit_test(crc32__is_that_of_zlib),
	};

	return cmocka_run_group_tests_name("gitstore/deflate", tests, NULL,
					   NULL);
}
