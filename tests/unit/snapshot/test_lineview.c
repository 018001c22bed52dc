#include "support/unit.h"

#include <string.h>

#include "snapshot/lineview.h"

/* A table with a key `id` (or none) and the columns a and b. */
static struct manifest_column columns[] = { { "a", "a" }, { "b", NULL } };
static const char *keys[] = { "id" };

static struct manifest_table table(size_t n_keys)
{
	return (struct manifest_table){ .before = "t",
					.after = "t",
					.n_keys = n_keys,
					.keys = keys,
					.columns = columns,
					.n_columns = 2 };
}

static const struct {
	enum sql_dialect dialect;
	size_t n_keys;
	const char *line, *prints; /* NULL = damaged */
} cases[] = {
	{ SQL_SQLITE, 0, "-\t7\t'x\t1.5", "- rowid=7  a: 'x'  b: 1.5" },
	{ SQL_SQLITE, 0, "~\t-7\t=abc\t1\t!",
	  "~ rowid=-7  b: 1 -> (no such column)" },
	{ SQL_SQLITE, 0, "~\t7\t1\t2\t=abc", "~ rowid=7  a: 1 -> 2" },
	{ SQL_SQLITE, 0, "~\t7\t1\t#0123456789abcdef\t=abc",
	  "~ rowid=7  a: 1 -> (over 256 bytes)" },
	{ SQL_SQLITE, 0, "+\t7\t=abc\t!", "+ rowid=7" },
	{ SQL_SQLITE, 1, "-\t'k\tx00FF\t\\N", "- id='k'  a: x'00FF'  b: NULL" },
	{ SQL_SQLITE, 0, "-\t7\t'a\\tb\t'", "- rowid=7  a: 'a\\tb'  b: ''" },
	{ SQL_POSTGRESQL, 1, "-\t'7\t'x\t\\N", "- id='7'  a: 'x'  b: NULL" },
	{ SQL_POSTGRESQL, 1, "~\t'7\t=abc\t'1\t'2", "~ id='7'  b: '1' -> '2'" },
	{ SQL_POSTGRESQL, 0, "~\t'x\t'x\t'1\t'2", "~  b: '1' -> '2'" },
	{ SQL_POSTGRESQL, 0, "+\t'x\t'1", "+ a: 'x'  b: '1'" },

	{ SQL_SQLITE, 0, "", NULL },
	{ SQL_SQLITE, 0, "*\t7\t1\t2", NULL },
	{ SQL_SQLITE, 0, "-7\t1\t2", NULL },
	{ SQL_SQLITE, 0, "-\t7\t1", NULL },
	{ SQL_SQLITE, 0, "-\t7\t1\t2\t3", NULL },
	{ SQL_SQLITE, 0, "-\t7\t1\t", NULL },
	{ SQL_SQLITE, 0, "~\t7\t1\t=abc", NULL },
	{ SQL_SQLITE, 0, "-\t7\t1x\t2", NULL },
	{ SQL_SQLITE, 0, "-\t7\tx0\t2", NULL },
	{ SQL_SQLITE, 0, "-\t7\t=ab\t2", NULL },
	{ SQL_SQLITE, 0, "-", NULL },
	{ SQL_POSTGRESQL, 1, "-\t'7\tx\t\\N", NULL },
	{ SQL_POSTGRESQL, 1, "-\t'7\t'x\t#12", NULL },
	{ SQL_POSTGRESQL, 0, "~\t'x\t'1\t'2", NULL },
};

static void line_view_cut__takes_lines_and_no_others(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct manifest_table t = table(cases[i].n_keys);
		struct line_view v;
		struct err *err;

		line_view_init(&v, &t, cases[i].dialect);
		err = line_view_cut(&v, cases[i].line, strlen(cases[i].line));
		if (cases[i].prints) {
			assert_ok(err);
			buf_reset(&b);
			line_view_print(&b, &v);
			assert_string_equal(buf_str(&b), cases[i].prints);
		} else {
			assert_fails(err, ERR_STATE);
		}
		line_view_release(&v);
	}
	buf_release(&b);
}

static void line_view_cut__takes_rows_without_columns(void **state)
{
	struct manifest_table t = { .before = "t", .after = "t" };
	struct line_view v;

	(void)state;
	line_view_init(&v, &t, SQL_POSTGRESQL);
	assert_ok(line_view_cut(&v, "-", 1));
	assert_fails(line_view_cut(&v, "-\t'1", 4), ERR_STATE);
	line_view_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_view_cut__takes_lines_and_no_others),
		cmocka_unit_test(line_view_cut__takes_rows_without_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
