#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/changelog.h"

/* What happened to each key, merged into what it was before. */

static struct change_key number(int64_t i)
{
	return (struct change_key){ .i = i };
}

static struct change_key text(const char *s)
{
	return (struct change_key){ .s = s, .len = strlen(s) };
}

static void put(struct changelog *l, enum change_op op, struct change_key key,
		const char *row)
{
	buf_addstr(changelog_begin(l, op, &key), row);
	assert_ok(changelog_end(l));
}

/* Columns a and b of an update; NULL = not touched. */
static void update(struct changelog *l, struct change_key key, const char *a,
		   const char *b)
{
	struct buf *out = changelog_begin(l, CHANGE_UPDATE, &key);

	if (a) {
		changelog_column(l, 0);
		buf_addstr(out, a);
	}
	if (b) {
		changelog_column(l, 1);
		buf_addstr(out, b);
	}
	assert_ok(changelog_end(l));
}

/* Everything that is read, one slot after the other. */
static void expect(struct changelog *l, const char *want)
{
	struct buf got = BUF_INIT;
	const struct change_slot *s;

	assert_ok(changelog_read(l, 2));
	for (;;) {
		assert_ok(changelog_next(l, &s));
		if (!s)
			break;
		if (s->key.s)
			buf_addf(&got, "%.*s", (int)s->key.len, s->key.s);
		else
			buf_addint(&got, s->key.i);
		if (s->was_empty)
			buf_addstr(&got, " empty");
		if (s->whole)
			buf_addf(&got, " row(%.*s)", (int)s->row_len, s->row);
		for (int i = 0; i < 2 && !s->whole; i++)
			if (s->known[i])
				buf_addf(&got, " %c=%.*s", 'a' + i,
					 (int)s->known_len[i], s->known[i]);
		buf_addch(&got, '\n');
	}
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
	changelog_free(l);
}

static struct changelog *fill(size_t max_memory)
{
	struct changelog *l = changelog_new("/tmp", max_memory);

	put(l, CHANGE_INSERT, number(5), "");
	update(l, number(3), "A", NULL);
	update(l, number(3), "later", "B");
	put(l, CHANGE_DELETE, number(9), "x\ty");
	put(l, CHANGE_INSERT, number(9), "");
	update(l, number(5), "no", "no");
	put(l, CHANGE_DELETE, number(3), "now\tB2");
	put(l, CHANGE_DELETE, number(5), "no\tno");
	update(l, number(-1), NULL, "only b");
	put(l, CHANGE_DELETE, number(7), "u\tv");
	return l;
}

static const char filled[] = "-1 b=only b\n"
			     "3 row(A\tB)\n"
			     "5 empty\n"
			     "7 row(u\tv)\n"
			     "9 row(x\ty)\n";

static void changelog__merges_in_order(void **state)
{
	int64_t min, max;
	struct changelog *l = fill((size_t)1 << 20);

	(void)state;
	assert_int_equal(changelog_count(l, &min, &max), 10);
	assert_int_equal(min, -1);
	assert_int_equal(max, 9);
	expect(l, filled);
}

/* A run for each record, for a few, for nearly all. */
static void changelog__merges_what_it_spilled(void **state)
{
	(void)state;
	for (size_t max = 1; max < 800; max += 13)
		expect(fill(max), filled);
}

static void changelog__sorts_text_keys(void **state)
{
	(void)state;
	for (size_t max = 1; max < 2000; max += 333) {
		struct changelog *l = changelog_new("/tmp", max);

		put(l, CHANGE_DELETE, text("'b"), "1\t2");
		put(l, CHANGE_DELETE, text("'ab"), "3\t4");
		update(l, text("'a"), "5", NULL);
		put(l, CHANGE_INSERT, text("'abc"), "");
		update(l, text("'b"), "9", "9");
		update(l, text("-1\t'x"), NULL, "6");
		put(l, CHANGE_DELETE, text(""), "7\t8");
		expect(l, " row(7\t8)\n"
			  "'a a=5\n"
			  "'ab row(3\t4)\n"
			  "'abc empty\n"
			  "'b row(1\t2)\n"
			  "-1\t'x b=6\n");
	}
}

static void changelog__may_be_empty(void **state)
{
	struct changelog *l = changelog_new("/tmp", 100);

	(void)state;
	assert_true(changelog_is_empty(l));
	expect(l, "");
	changelog_free(NULL);
}

static void changelog__says_where_it_cannot_spill(void **state)
{
	struct changelog *l = changelog_new("/nowhere/at/all", 1);
	struct change_key key = number(1);

	(void)state;
	changelog_begin(l, CHANGE_INSERT, &key);
	assert_fails(changelog_end(l), ERR_STATE);
	changelog_free(l);
}

/* Random changes against a plain array, in memory and spilled. */
static void changelog__agrees_with_an_array(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 40; seed++) {
		struct changelog *l =
			changelog_new("/tmp", seed % 2 ? 512 : 1 << 20);
		const struct change_slot *s;
		enum {
			UNSEEN,
			EMPTY,
			THERE
		} was[50] = { UNSEEN };
		bool is[50];
		unsigned n = 0, r = seed;

		for (int i = 0; i < 50; i++)
			is[i] = i % 3;
		for (int i = 0; i < 2000; i++) {
			unsigned k = (r = r * 1103515245 + 12345) >> 16;
			char row[32];

			k %= 50;
			snprintf(row, sizeof(row), "%u\t%u", k, k);
			if (was[k] == UNSEEN)
				was[k] = is[k] ? THERE : EMPTY;
			put(l, is[k] ? CHANGE_DELETE : CHANGE_INSERT, number(k),
			    is[k] ? row : "");
			is[k] = !is[k];
		}
		assert_ok(changelog_read(l, 2));
		for (;;) {
			assert_ok(changelog_next(l, &s));
			if (!s)
				break;
			assert_int_equal(s->was_empty, was[s->key.i] == EMPTY);
			assert_int_equal(s->whole, was[s->key.i] == THERE);
			n++;
		}
		for (int i = 0; i < 50; i++)
			n -= was[i] != UNSEEN;
		assert_int_equal(n, 0);
		changelog_free(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changelog__merges_in_order),
		cmocka_unit_test(changelog__merges_what_it_spilled),
		cmocka_unit_test(changelog__sorts_text_keys),
		cmocka_unit_test(changelog__may_be_empty),
		cmocka_unit_test(changelog__says_where_it_cannot_spill),
		cmocka_unit_test(changelog__agrees_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
