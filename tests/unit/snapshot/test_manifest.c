#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/manifest.h"

static const char *const names[] = {
	"users",     "-",    "%",        "%2D",  " ",        "a b", "tab\there",
	"new\nline", "100%", "\xc3\xbc", "\xff", "\x01\x7f", "",
};

static void fill(struct manifest *m)
{
	static const char *keys[] = { "k 1", "-" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct manifest_table *t = manifest_add_table(m);
		struct manifest_sequence *s;
		const struct manifest_object o = { "index", names[i],
						   (int64_t)i,
						   i % 2 ? names[i] : NULL };

		t->before = names[i];
		t->after = i % 3 ? names[i] : NULL;
		t->file = "rows/1";
		t->n_keys = i % 3;
		t->keys = keys;
		t->n_columns = i;
		t->columns = arena_array(&m->arena, i + 1, sizeof(*t->columns));
		for (size_t k = 0; k < i; k++) {
			t->columns[k].before = names[k];
			t->columns[k].after = k % 2 ? NULL : names[i];
		}
		t->inserted = i;
		t->updated = UINT32_MAX;
		t->min = INT64_MIN;
		t->max = INT64_MAX;
		s = manifest_add_sequence(m);
		s->table = names[i];
		s->after = i % 2 ? names[i] : NULL;
		s->was = -1;
		s->is = INT64_MAX;
		s->position = (int64_t)i;
		manifest_add_object(m, &o);
		manifest_add_virtual(m, names[i], i, i ? UINT64_MAX - i : 0);
		manifest_add_unchecked(m, names[i]);
	}
}

static void manifest__keeps_odd_names(void **state)
{
	struct manifest m = { 0 }, back;
	struct buf text = BUF_INIT, again = BUF_INIT;

	(void)state;
	fill(&m);
	manifest_encode(&text, &m);
	assert_ok(manifest_decode(&back, buf_str(&text), text.len));
	assert_int_equal(back.n_tables, ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct manifest_table *t = &back.tables[i];

		assert_string_equal(t->before, names[i]);
		assert_true(streq_null(t->after, m.tables[i].after));
		assert_int_equal(t->n_columns, i);
		assert_int_equal(t->min, INT64_MIN);
		assert_int_equal(t->updated, UINT32_MAX);
		for (size_t k = 0; k < t->n_columns; k++) {
			assert_string_equal(t->columns[k].before, names[k]);
			assert_true(streq_null(t->columns[k].after,
					       m.tables[i].columns[k].after));
		}
		assert_true(streq_null(back.sequences[i].after,
				       m.sequences[i].after));
		assert_string_equal(back.objects[i].name, names[i]);
		assert_true(streq_null(back.objects[i].sql, m.objects[i].sql));
		assert_ptr_equal(manifest_find(&back, names[i]), t);
		assert_string_equal(back.virtuals[i].name, names[i]);
		assert_int_equal(back.virtuals[i].rows, i);
		assert_string_equal(back.unchecked[i], names[i]);
		assert_int_equal(back.virtuals[i].digest, m.virtuals[i].digest);
	}
	assert_null(manifest_find(&back, "nothing"));
	manifest_encode(&again, &back);
	assert_string_equal(buf_str(&text), buf_str(&again));
	buf_release(&text);
	buf_release(&again);
	manifest_release(&back);
	manifest_release(&m);
}

static void manifest__refuses_damage(void **state)
{
	static const char *const bad[] = {
		"",
		"git-migrate snapshot 2\n",
		"git-migrate snapshot 1",
		"git-migrate snapshot 1\ncolumn a b\n",
		"git-migrate snapshot 1\nkey a\n",
		"git-migrate snapshot 1\nsomething else\n",
		"git-migrate snapshot 1\ntable a b\n",
		"git-migrate snapshot 1\ntable - b rows/1 0 0 0 0 0 0\n",
		"git-migrate snapshot 1\ntable a b - 0 0 0 0 0 0\n",
		"git-migrate snapshot 1\ntable a b rows/1 x 0 0 0 0 0\n",
		"git-migrate snapshot 1\nsequence a b 1\n",
		"git-migrate snapshot 1\nsequence - b 1 1 1\n",
		"git-migrate snapshot 1\nobject index i\n",
		"git-migrate snapshot 1\nobject index - 1 -\n",
		"git-migrate snapshot 1\nobject index %4 1 -\n",
		"git-migrate snapshot 1\nunchecked -\n",
		"git-migrate snapshot 1\nunchecked f 1\n",
		"git-migrate snapshot 1\nvirtual f 1\n",
		"git-migrate snapshot 1\nvirtual - 1 0123456789abcdef\n",
		"git-migrate snapshot 1\nvirtual f 1 0123456789abcde\n",
		"git-migrate snapshot 1\nvirtual f 1 0123456789abcdeg\n",
		"git-migrate snapshot 1\n\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct manifest m;
		struct err *err = manifest_decode(&m, bad[i], strlen(bad[i]));

		if (!err)
			fail_msg("was read: %s", bad[i]);
		assert_int_equal(err_class_of(err), ERR_STATE);
		err_free(err);
	}
}

/* Any cut and any changed byte is read or refused, never worse. */
static void manifest__survives_any_byte(void **state)
{
	struct manifest m = { 0 };
	struct buf text = BUF_INIT;
	char *exact;

	(void)state;
	fill(&m);
	manifest_encode(&text, &m);
	for (size_t n = 0; n < text.len; n++) {
		struct manifest back;
		struct err *err;

		exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, text.data, n);
		err = manifest_decode(&back, exact, n);
		if (!err)
			manifest_release(&back);
		err_free(err);
		free(exact);
		exact = malloc(text.len);
		assert_non_null(exact);
		memcpy(exact, text.data, text.len);
		exact[n] ^= (char)(1 << n % 7);
		err = manifest_decode(&back, exact, text.len);
		if (!err)
			manifest_release(&back);
		err_free(err);
		free(exact);
	}
	buf_release(&text);
	manifest_release(&m);
}

static void manifest_count_key__widens(void **state)
{
	struct manifest_table t = { 0 };

	(void)state;
	manifest_count_key(&t, 7);
	assert_int_equal(t.min, 7);
	assert_int_equal(t.max, 7);
	manifest_count_key(&t, -3);
	manifest_count_key(&t, 5);
	assert_int_equal(t.min, -3);
	assert_int_equal(t.max, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest__keeps_odd_names),
		cmocka_unit_test(manifest__refuses_damage),
		cmocka_unit_test(manifest__survives_any_byte),
		cmocka_unit_test(manifest_count_key__widens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
