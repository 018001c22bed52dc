#ifndef TESTS_UNIT_SQL_SPLIT_EXAMPLES_H
#define TESTS_UNIT_SQL_SPLIT_EXAMPLES_H

#include <stdlib.h>

#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

/* A text and its statements; split() of the file that includes this is of its
 * dialect. */
static struct err *split(struct sql_script *s, const char *text);

struct example {
	const char *text;
	const char *statements[6];
};

static void check_all(const struct example *examples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct example *e = &examples[i];
		struct sql_script s;
		size_t k = 0;

		assert_ok(split(&s, e->text));
		for (; e->statements[k]; k++) {
			char *got;

			if (k >= s.n)
				fail_msg("%s: %zu statements", e->text, s.n);
			got = xstrndup(s.statements[k].text,
				       s.statements[k].len);
			assert_string_equal(got, e->statements[k]);
			free(got);
		}
		if (s.n != k)
			fail_msg("%s: %zu statements", e->text, s.n);
		sql_script_release(&s);
	}
}

#define CHECK_ALL(examples) check_all(examples, ARRAY_LEN(examples))

#endif
