#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "support/unit.h"

static void arena_alloc__is_aligned_zeroed_and_apart(void **state)
{
	struct arena a = ARENA_INIT;
	unsigned char *items[2000];

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		size_t n = i % 97 + 1;

		items[i] = arena_alloc(&a, n);
		assert_int_equal((uintptr_t)items[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(items[i][k], 0);
		memset(items[i], (int)(i % 251), n);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < i % 97 + 1; k++)
			assert_int_equal(items[i][k], i % 251);
	arena_release(&a);
}

static void arena_alloc__keeps_the_room_beside_a_large_item(void **state)
{
	struct arena a = ARENA_INIT;
	char *small = arena_alloc(&a, 16), *large, *next;

	(void)state;
	large = arena_alloc(&a, 1 << 20);
	memset(large, 'x', 1 << 20);
	next = arena_alloc(&a, 16);
	/* behind the first item, not in a block of its own */
	assert_ptr_equal(next, small + 16);
	memset(next, 'y', 16);
	assert_int_equal(large[0], 'x');
	assert_int_equal(large[(1 << 20) - 1], 'x');
	arena_release(&a);
}

static void arena_alloc__starts_with_a_large_item(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	memset(arena_alloc(&a, 100000), 'x', 100000);
	memset(arena_alloc(&a, 5000), 'y', 5000);
	memset(arena_alloc(&a, 16384), 'z', 16384);
	assert_non_null(arena_alloc(&a, 0));
	arena_release(&a);
	assert_null(a.top);
	/* and usable after */
	assert_string_equal(arena_strdup(&a, "again"), "again");
	arena_release(&a);
	arena_release(&a);
}

static void arena_strndup__ends_with_nul(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strdup(&a, "abc"), "abc");
	assert_string_equal(arena_strndup(&a, "abc", 2), "ab");
	assert_string_equal(arena_strndup(&a, NULL, 0), "");
	assert_memory_equal(arena_strndup(&a, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_strndup(&a, "0123456789abcdef", 16),
			    "0123456789abcdef");
	arena_release(&a);
}

static void arena_printf__fits_any_length(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(arena_printf(&a, "%s.%d", "a", 5), "a.5");
	assert_int_equal(strlen(arena_printf(&a, "%50000d", 1)), 50000);
	assert_string_equal(arena_printf(&a, "%s", ""), "");
	arena_release(&a);
}

static void arena_array__is_zeroed(void **state)
{
	struct arena a = ARENA_INIT;
	const long *items = arena_array(&a, 1000, sizeof(*items));

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], 0);
	assert_non_null(arena_array(&a, 0, sizeof(*items)));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_alloc__is_aligned_zeroed_and_apart),
		cmocka_unit_test(
			arena_alloc__keeps_the_room_beside_a_large_item),
		cmocka_unit_test(arena_alloc__starts_with_a_large_item),
		cmocka_unit_test(arena_strndup__ends_with_nul),
		cmocka_unit_test(arena_printf__fits_any_length),
		cmocka_unit_test(arena_array__is_zeroed),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
