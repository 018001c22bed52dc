#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/linefile.h"
#include "support/memory_snapshot.h"

/* Lines into chunks whose ends follow from the lines, and back. */

static void write_line(struct line_writer *w, const char *text)
{
	struct buf *out = line_writer_begin(w);

	buf_addf(out, "%s\n", text);
	line_writer_add(w);
}

/* n numbered lines of about 60 bytes, or `pad` more; one more before line
 * `extra`; of those that `changed` names another value. */
static void write_padded(struct memory_snapshot *m, int n, int extra, int pad,
			 const bool *changed)
{
	struct line_writer w;
	char text[1200];

	line_writer_init(&w, &m->out, 0);
	line_writer_file(&w, "rows/1");
	for (int i = 0; i < n; i++) {
		if (i == extra)
			write_line(&w, "a line that was not there");
		snprintf(text, sizeof(text),
			 "-\t%d\t'customer %d of "
			 "many\t%d.5\tx%08X%0*d",
			 i, i * 7, i, i * 31, pad,
			 changed && changed[i] ? 1 : 0);
		write_line(&w, text);
	}
	assert_ok(line_writer_end(&w));
	line_writer_release(&w);
}

static void write_lines(struct memory_snapshot *m, int n, int extra)
{
	write_padded(m, n, extra, 1, NULL);
}

static bool has_chunk(const struct memory_file *f, const void *data, size_t len,
		      size_t from)
{
	for (size_t j = from; j < f->n && j < from + 200; j++)
		if (f->chunks[j].len == len &&
		    !memcmp(f->chunks[j].data, data, len))
			return true;
	return false;
}

/* Of a table taken again after 0.1% of its rows changed, what is new. */
static void chunks__are_few_rows(void **state)
{
	static const int pads[] = { 1, 60, 200, 1000 };
	enum {
		N = 100000
	};
	bool *changed = xcalloc(N, sizeof(*changed));
	uint64_t seed = 4711;

	(void)state;
	for (int i = 0; i < N / 1000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		changed[(seed >> 33) % N] = true;
	}
	for (size_t p = 0; p < ARRAY_LEN(pads); p++) {
		struct memory_snapshot a, b;
		const struct memory_file *f, *g;
		size_t fresh = 0, all = 0;

		memory_snapshot_init(&a);
		memory_snapshot_init(&b);
		write_padded(&a, N, -1, pads[p], NULL);
		write_padded(&b, N, -1, pads[p], changed);
		f = memory_snapshot_find(&a, "rows/1");
		g = memory_snapshot_find(&b, "rows/1");
		for (size_t i = 0; i < g->n; i++) {
			size_t len = g->chunks[i].len;

			all += len;
			if (!has_chunk(f, g->chunks[i].data, len,
				       i < 100 ? 0 : i - 100))
				fresh += len;
		}
		assert_in_range(fresh * 1000 / all, 1, 60);
		memory_snapshot_release(&a);
		memory_snapshot_release(&b);
	}
	free(changed);
}

/* 40 lines, or LINES_CHUNK_MEAN bytes: within a fifth. */
static void chunks__have_the_size_that_they_should(void **state)
{
	static const struct {
		int pad;
		size_t rows; /* 0 = the bytes count */
	} cases[] = { { 1, LINES_CHUNK_ROWS }, { 1000, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct memory_snapshot m;
		const struct memory_file *f;
		size_t bytes = 0;

		memory_snapshot_init(&m);
		write_padded(&m, 30000, -1, cases[i].pad, NULL);
		f = memory_snapshot_find(&m, "rows/1");
		for (size_t k = 0; k < f->n; k++)
			bytes += f->chunks[k].len;
		if (cases[i].rows)
			assert_in_range(30000 / f->n, cases[i].rows * 4 / 5,
					cases[i].rows * 6 / 5);
		else
			assert_in_range(bytes / f->n, LINES_CHUNK_MEAN * 4 / 5,
					LINES_CHUNK_MEAN * 6 / 5);
		memory_snapshot_release(&m);
	}
}

static void chunks__follow_the_content(void **state)
{
	struct memory_snapshot a, b;
	const struct memory_file *f, *g;
	size_t shared = 0;

	(void)state;
	memory_snapshot_init(&a);
	memory_snapshot_init(&b);
	write_lines(&a, 50000, -1);
	write_lines(&b, 50000, 20011);
	f = memory_snapshot_find(&a, "rows/1");
	g = memory_snapshot_find(&b, "rows/1");
	for (size_t i = 0, k = 0; i < f->n; i++) {
		for (size_t j = k; j < g->n && j < k + 4; j++)
			if (f->chunks[i].len == g->chunks[j].len &&
			    !memcmp(f->chunks[i].data, g->chunks[j].data,
				    f->chunks[i].len)) {
				shared++;
				k = j + 1;
				break;
			}
	}
	assert_true(shared + 2 >= f->n);
	memory_snapshot_release(&a);
	memory_snapshot_release(&b);
}

static void chunks__have_a_maximum(void **state)
{
	struct memory_snapshot m;
	struct memory_file *f;

	(void)state;
	memory_snapshot_init(&m);
	write_lines(&m, 20000, -1);
	f = memory_snapshot_find(&m, "rows/1");
	for (size_t i = 0; i < f->n; i++) {
		assert_in_range(f->chunks[i].len, 1, LINES_CHUNK_MAX + 200);
		assert_int_equal(f->chunks[i].data[f->chunks[i].len - 1], '\n');
	}
	memory_snapshot_release(&m);
}

/* The same file, cut into chunks of `size` bytes. */
static void cut(struct memory_snapshot *out, const char *text, size_t len,
		size_t size)
{
	assert_ok(out->out.file(out, "cut"));
	for (size_t at = 0; at < len; at += size)
		assert_ok(out->out.chunk(out, text + at,
					 len - at < size ? len - at : size));
}

static void reader__joins_lines_over_chunks(void **state)
{
	static const char text[] = "one\n\nthree is longer\n4\n";
	static const char *const want[] = { "one", "", "three is longer", "4" };

	(void)state;
	for (size_t size = 1; size < sizeof(text); size++) {
		struct memory_snapshot m;
		struct line_reader r;
		const char *line;
		size_t len;

		memory_snapshot_init(&m);
		cut(&m, text, sizeof(text) - 1, size);
		line_reader_init(&r, &m.in);
		/* twice: opening starts again */
		for (size_t i = 0; i < 2 * ARRAY_LEN(want); i++) {
			if (i % ARRAY_LEN(want) == 0)
				assert_ok(line_reader_open(&r, "cut"));
			assert_ok(line_reader_next(&r, &line, &len));
			assert_non_null(line);
			assert_int_equal(len,
					 strlen(want[i % ARRAY_LEN(want)]));
			assert_memory_equal(line, want[i % ARRAY_LEN(want)],
					    len);
		}
		assert_ok(line_reader_next(&r, &line, &len));
		assert_null(line);
		line_reader_release(&r);
		memory_snapshot_release(&m);
	}
}

static void reader__tells_what_is_wrong(void **state)
{
	struct memory_snapshot m;
	struct line_reader r;
	const char *line;
	size_t len;

	(void)state;
	memory_snapshot_init(&m);
	memory_snapshot_put(&m, "short", "whole\nhal", 9);
	line_reader_init(&r, &m.in);
	assert_fails(line_reader_open(&r, "missing"), ERR_STORE);
	assert_ok(line_reader_open(&r, "short"));
	assert_ok(line_reader_next(&r, &line, &len));
	assert_int_equal(len, 5);
	assert_fails(line_reader_next(&r, &line, &len), ERR_STATE);
	line_reader_release(&r);
	memory_snapshot_release(&m);
}

static void writer__makes_no_file_without_lines(void **state)
{
	struct memory_snapshot m;
	struct line_writer w;

	(void)state;
	memory_snapshot_init(&m);
	line_writer_init(&w, &m.out, 0);
	line_writer_file(&w, "rows/1");
	buf_addstr(line_writer_begin(&w), "forgotten\n");
	line_writer_drop(&w);
	assert_ok(line_writer_end(&w));
	assert_int_equal(m.n, 0);
	line_writer_file(&w, "rows/2");
	write_line(&w, "kept");
	assert_ok(line_writer_end(&w));
	assert_int_equal(m.n, 1);
	assert_string_equal(m.files[0].path, "rows/2");
	line_writer_release(&w);
	memory_snapshot_release(&m);
}

static void writer__stops_at_its_limit(void **state)
{
	struct memory_snapshot m;
	struct line_writer w;

	(void)state;
	memory_snapshot_init(&m);
	line_writer_init(&w, &m.out, 12);
	line_writer_file(&w, "rows/1");
	write_line(&w, "0123456789");
	assert_null(w.err);
	write_line(&w, "0");
	assert_non_null(w.err);
	assert_fails(line_writer_end(&w), ERR_REFUSED);
	line_writer_release(&w);
	memory_snapshot_release(&m);
}

static void writer__keeps_the_first_error(void **state)
{
	struct memory_snapshot m;
	struct line_writer w;

	(void)state;
	memory_snapshot_init(&m);
	m.fail_after = 2;
	line_writer_init(&w, &m.out, 0);
	line_writer_file(&w, "rows/1");
	for (int i = 0; i < 3000; i++)
		write_line(&w, "a line of some length, again and again");
	buf_addf(line_writer_begin(&w), "%70000d\n", 1);
	line_writer_add(&w);
	buf_addf(line_writer_begin(&w), "%70000d\n", 2);
	line_writer_add(&w);
	assert_fails(line_writer_end(&w), ERR_STORE);
	line_writer_release(&w);
	memory_snapshot_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks__follow_the_content),
		cmocka_unit_test(chunks__are_few_rows),
		cmocka_unit_test(chunks__have_the_size_that_they_should),
		cmocka_unit_test(chunks__have_a_maximum),
		cmocka_unit_test(reader__joins_lines_over_chunks),
		cmocka_unit_test(reader__tells_what_is_wrong),
		cmocka_unit_test(writer__makes_no_file_without_lines),
		cmocka_unit_test(writer__stops_at_its_limit),
		cmocka_unit_test(writer__keeps_the_first_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
