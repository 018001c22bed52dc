#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/util.h"
#include "support/unit.h"

/* Random use of buf, arena and map, each beside a model that is too simple
 * to be wrong. */

static unsigned long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

/* --- buf: an array and its length --- */

struct plain {
	char bytes[8192];
	size_t len, max;
	bool full;
};

static void plain_add(struct plain *p, const char *s, size_t n)
{
	if (p->full || p->len + n > p->max) {
		p->full = true;
		return;
	}
	memcpy(p->bytes + p->len, s, n);
	p->len += n;
}

static void change(struct buf *b, struct plain *p)
{
	char text[700];
	size_t n = draw(draw(8) ? 20 : 600);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + draw(26));
	text[n] = '\0';
	switch (draw(7)) {
	case 0:
		buf_addstr(b, text);
		plain_add(p, text, n);
		break;
	case 1:
		buf_addf(b, "%s-%d", text, (int)n);
		snprintf(text + n, 20, "-%d", (int)n);
		plain_add(p, text, strlen(text));
		break;
	case 2:
		buf_addint(b, (int)n - 300);
		snprintf(text, 20, "%d", (int)n - 300);
		plain_add(p, text, strlen(text));
		break;
	case 3:
		buf_addch(b, text[0]);
		plain_add(p, text, 1);
		break;
	case 4:
		if (n <= p->len && !draw(4)) {
			buf_truncate(b, p->len - n);
			p->len -= n;
		}
		break;
	case 5:
		if (!draw(30)) {
			buf_reset(b);
			p->len = 0;
			p->full = false;
		}
		break;
	default:
		buf_add(b, text, n);
		plain_add(p, text, n);
	}
}

static void buf__agrees_with_an_array(void **state)
{
	static const size_t maxima[] = { 1, 2, 63, 64, 65, 300, 4096, 8000 };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(maxima); k++) {
		struct plain p = { .max = maxima[k] };
		struct buf b;
		int full = 0;

		seed = k;
		buf_init(&b, maxima[k]);
		for (int i = 0; i < 20000; i++) {
			change(&b, &p);
			full += p.full;
			assert_int_equal(b.len, p.len);
			assert_int_equal(b.full, p.full);
			assert_memory_equal(buf_str(&b), p.bytes, p.len);
			assert_int_equal(buf_str(&b)[p.len], '\0');
		}
		assert_true(full > 100);
		buf_release(&b);
		assert_int_equal(b.max, maxima[k]);
	}
}

/* --- arena: nothing overlaps, everything is zero and aligned --- */

struct piece {
	unsigned char *at;
	size_t n;
	unsigned char mark;
};

static void check_piece(const struct piece *p)
{
	for (size_t i = 0; i < p->n; i++)
		assert_int_equal(p->at[i], p->mark);
}

static size_t random_size(void)
{
	static const size_t edges[] = { 0,     1,     15,    16,    17,
					4080,  4095,  4096,  4097,  16367,
					16368, 16383, 16384, 16385, 100000 };

	return draw(3) ? draw(80) : edges[draw(ARRAY_LEN(edges))];
}

static void arena__keeps_things_apart(void **state)
{
	struct arena a = ARENA_INIT;
	struct piece p[1500];

	(void)state;
	seed = 5;
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		p[i].n = random_size();
		p[i].mark = (unsigned char)(1 + draw(255));
		if (draw(2)) {
			p[i].at = arena_alloc(&a, p[i].n);
			assert_int_equal(
				(uintptr_t)p[i].at % alignof(max_align_t), 0);
		} else {
			p[i].at = arena_array(&a, p[i].n, 1);
		}
		for (size_t k = 0; k < p[i].n; k++)
			assert_int_equal(p[i].at[k], 0);
		memset(p[i].at, p[i].mark, p[i].n);
	}
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		check_piece(&p[i]);
	arena_release(&a);
	assert_null(a.top);
	assert_string_equal(arena_strdup(&a, "usable after"), "usable after");
	arena_release(&a);
}

/* Bytes taken from the system, by the sizes of the blocks. */
static size_t arena_blocks(const struct arena *a)
{
	size_t n = 0;
	const void *const *b = (const void *const *)a->top;

	for (; b; b = *b) /* the first member is the block below */
		n++;
	return n;
}

static void arena__wastes_no_block_on_large_items(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (int i = 0; i < 400; i++) { /* 400 large, 25,600 bytes of small */
		arena_alloc(&a, 20000);
		arena_alloc(&a, 64);
	}
	assert_true(arena_blocks(&a) <= 403);
	arena_release(&a);
}

/* --- map: an array of keys that is searched from the front --- */

#define KEYS 400

static void map_agrees(const struct map *m, void *const *want,
		       const unsigned *order)
{
	unsigned last = 0;
	size_t live = 0, seen = 0;
	char key[32];

	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "%u key", i);
		live += want[i] != NULL;
		assert_ptr_equal(map_get(m, key), want[i]);
		assert_int_equal(map_has(m, key), want[i] != NULL);
	}
	map_each (m, e) {
		unsigned long i = strtoul(e->key, NULL, 10);

		assert_true(i < KEYS);
		assert_ptr_equal(e->value, want[i]);
		assert_true(order[i] > last);
		last = order[i];
		seen++;
	}
	assert_int_equal(seen, live);
}

static void map__agrees_with_an_array_under_many_removals(void **state)
{
	static int values[64];
	void *want[KEYS] = { NULL };
	unsigned order[KEYS] = { 0 }, turn = 0;
	struct map m = MAP_INIT;
	char key[32];

	(void)state;
	seed = 9;
	for (int i = 0; i < 60000; i++) {
		/* waves: mostly in, then mostly out, often the newest */
		bool in = draw(10) < (i / 3000 % 2 ? 2U : 8U);
		unsigned k = draw(3) ? draw(KEYS) : turn % KEYS;
		void *value = &values[draw(64)];

		snprintf(key, sizeof(key), "%u key", k);
		if (in) {
			if (!want[k])
				order[k] = ++turn;
			assert_ptr_equal(map_put(&m, key, value), want[k]);
			want[k] = value;
		} else {
			assert_ptr_equal(map_remove(&m, key), want[k]);
			want[k] = NULL;
		}
		if (i % 500 == 0)
			map_agrees(&m, want, order);
	}
	map_agrees(&m, want, order);
	assert_true(m.cap <= 16 * KEYS);
	map_release(&m);
	assert_false(map_has(&m, "1 key"));
}

/* Keys that differ in their last byte only, in any byte, or are empty. */
static void map__takes_any_text_as_a_key(void **state)
{
	static int values[256];
	struct map m = MAP_INIT;

	(void)state;
	assert_null(map_put(&m, "", &values[0]));
	for (int c = 1; c < 256; c++) {
		const char key[] = { 'k', (char)c, '\0' };

		assert_null(map_put(&m, key, &values[c]));
	}
	assert_ptr_equal(map_get(&m, ""), &values[0]);
	for (int c = 1; c < 256; c++) {
		const char key[] = { 'k', (char)c, '\0' };

		assert_ptr_equal(map_get(&m, key), &values[c]);
		assert_ptr_equal(map_remove(&m, key), &values[c]);
		assert_null(map_remove(&m, key));
	}
	assert_true(map_has(&m, ""));
	assert_false(map_has(&m, "k"));
	map_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf__agrees_with_an_array),
		cmocka_unit_test(arena__keeps_things_apart),
		cmocka_unit_test(arena__wastes_no_block_on_large_items),
		cmocka_unit_test(map__agrees_with_an_array_under_many_removals),
		cmocka_unit_test(map__takes_any_text_as_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
