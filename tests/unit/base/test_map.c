#include "base/map.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

static int values[5000];

static const char *key_of(size_t i)
{
	static char key[32];

	snprintf(key, sizeof(key), "key %zu", i);
	return key;
}

static void map_get__finds_what_was_put(void **state)
{
	struct map m = MAP_INIT;

	(void)state;
	assert_null(map_get(&m, "a"));
	assert_false(map_has(&m, "a"));
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		assert_null(map_put(&m, key_of(i), &values[i]));
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		assert_ptr_equal(map_get(&m, key_of(i)), &values[i]);
	assert_null(map_get(&m, "key"));
	assert_null(map_get(&m, "KEY 1"));
	map_release(&m);
	assert_null(map_get(&m, "key 1"));
	map_release(&m);
}

static void map_put__replaces_and_returns_the_old(void **state)
{
	struct map m = MAP_INIT;

	(void)state;
	assert_null(map_put(&m, "", &values[0]));
	assert_ptr_equal(map_put(&m, "", &values[1]), &values[0]);
	assert_ptr_equal(map_get(&m, ""), &values[1]);
	assert_int_equal(m.n, 1);
	assert_ptr_equal(map_put(&m, "", NULL), &values[1]);
	assert_null(map_get(&m, ""));
	assert_true(map_has(&m, ""));
	map_release(&m);
}

static void map_put__copies_the_key(void **state)
{
	struct map m = MAP_INIT;
	char key[] = "abc";

	(void)state;
	map_put(&m, key, &values[0]);
	key[0] = 'x';
	assert_true(map_has(&m, "abc"));
	assert_false(map_has(&m, "xbc"));
	map_release(&m);
}

static void map_remove__forgets_one_key(void **state)
{
	struct map m = MAP_INIT;

	(void)state;
	assert_null(map_remove(&m, "a"));
	for (size_t i = 0; i < 1000; i++)
		map_put(&m, key_of(i), &values[i]);
	for (size_t i = 0; i < 1000; i += 2)
		assert_ptr_equal(map_remove(&m, key_of(i)), &values[i]);
	for (size_t i = 0; i < 1000; i++) {
		assert_int_equal(map_has(&m, key_of(i)), i % 2);
		assert_ptr_equal(map_get(&m, key_of(i)),
				 i % 2 ? &values[i] : NULL);
	}
	assert_null(map_remove(&m, "key 0"));
	/* and again, over what was removed */
	for (size_t i = 0; i < 3000; i++)
		map_put(&m, key_of(i), &values[i]);
	for (size_t i = 0; i < 3000; i++)
		assert_ptr_equal(map_get(&m, key_of(i)), &values[i]);
	map_release(&m);
}

static void map_remove__of_all_leaves_room(void **state)
{
	struct map m = MAP_INIT;

	/* the table may not fill up with removed entries */
	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		map_put(&m, key_of(i), &values[0]);
		assert_ptr_equal(map_remove(&m, key_of(i)), &values[0]);
		assert_false(map_has(&m, key_of(i)));
	}
	assert_true(m.n_slots <= 64);
	map_release(&m);
}

static void map_reserve__makes_room_and_forgets_nothing(void **state)
{
	struct map m = MAP_INIT;
	size_t slots, cap;

	(void)state;
	map_put(&m, "before", &values[1]);
	map_put(&m, "removed", &values[2]);
	map_remove(&m, "removed");
	map_reserve(&m, 1000);
	assert_ptr_equal(map_get(&m, "before"), &values[1]);
	assert_false(map_has(&m, "removed"));
	slots = m.n_slots;
	cap = m.cap;
	for (size_t i = 0; i < 999; i++)
		assert_null(map_put(&m, key_of(i), &values[0]));
	assert_int_equal(m.n_slots, slots);
	assert_int_equal(m.cap, cap);
	map_reserve(&m, 1);
	assert_ptr_equal(map_get(&m, "before"), &values[1]);
	map_release(&m);
}

static void map_number__is_what_was_put_or_0(void **state)
{
	struct map m = MAP_INIT;

	(void)state;
	assert_int_equal(map_number(&m, "a"), 0);
	assert_int_equal(map_put_number(&m, "a", SIZE_MAX), 0);
	assert_int_equal(map_put_number(&m, "a", 7), SIZE_MAX);
	assert_int_equal(map_number(&m, "a"), 7);
	assert_int_equal(map_number(&m, "b"), 0);
	map_release(&m);
}

static void map_each__goes_in_the_order_of_insertion(void **state)
{
	struct map m = MAP_INIT;
	size_t n = 0;

	(void)state;
	map_each (&m, none)
		fail_msg("%s", none->key);
	for (size_t i = 0; i < 500; i++)
		map_put(&m, key_of(i), &values[i]);
	map_put(&m, key_of(7), &values[7]); /* keeps its place */
	for (size_t i = 0; i < 500; i += 3)
		map_remove(&m, key_of(i));
	map_each (&m, e) {
		if (n % 3 == 0)
			n++;
		assert_string_equal(e->key, key_of(n));
		assert_ptr_equal(e->value, &values[n]);
		n++;
	}
	assert_int_equal(n, 500);
	map_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_get__finds_what_was_put),
		cmocka_unit_test(map_put__replaces_and_returns_the_old),
		cmocka_unit_test(map_put__copies_the_key),
		cmocka_unit_test(map_remove__forgets_one_key),
		cmocka_unit_test(map_remove__of_all_leaves_room),
		cmocka_unit_test(map_reserve__makes_room_and_forgets_nothing),
		cmocka_unit_test(map_number__is_what_was_put_or_0),
		cmocka_unit_test(map_each__goes_in_the_order_of_insertion),
	};

	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
