#ifndef TESTS_UNIT_EFFECTS_PG_CASES_H
#define TESTS_UNIT_EFFECTS_PG_CASES_H

#include <ctype.h>
#include <string.h>

#include "base/util.h"
#include "effects/effects_pg.h"
#include "support/unit.h"

/* What a text does, line by line, on the schema that another text makes. */
struct pg_case {
	const char *sql;
	const char *base; /**< NULL = nothing is there */
	const char *lines;
};

/* "1: " of texts in one line, and the digits of sums, say nothing here. */
static inline void add_line(struct buf *out, const char *line)
{
	const char *sum = strstr(line, "sum ");

	if (starts_with(line, "1: "))
		line += 3;
	if (sum && strspn(sum + 4, "0123456789abcdef") >= 16) {
		buf_add(out, line, (size_t)(sum + 3 - line));
		line = sum + 20;
	}
	buf_addf(out, "%s\n", line);
}

static inline void run_text(struct effects_catalog *c, const char *sql,
			    struct buf *out)
{
	struct effects parsed, effects;

	effects_init(&parsed);
	effects_init(&effects);
	effects_pg_parse(&parsed, sql, strlen(sql), 1);
	effects_pg_resolve(&effects, c, &parsed);
	for (size_t i = 0; out && i < effects.n; i++) {
		struct buf line = BUF_INIT;

		effect_describe(&line, &effects.items[i]);
		add_line(out, buf_str(&line));
		buf_release(&line);
		/* the parser's own fields are for the resolver alone */
		assert_null(effects.items[i].note);
		assert_int_equal(effects.items[i].of, 0);
		assert_int_equal(effects.items[i].body, 0);
	}
	effects_release(&parsed);
	effects_release(&effects);
}

static inline void expect_cases(const struct pg_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct effects_catalog *c = effects_catalog_new();
		struct buf out = BUF_INIT;

		if (cases[i].base)
			run_text(c, cases[i].base, NULL);
		run_text(c, cases[i].sql, &out);
		if (!streq(buf_str(&out), cases[i].lines))
			fail_msg("%s\nis\n%sand not\n%s", cases[i].sql,
				 buf_str(&out), cases[i].lines);
		buf_release(&out);
		effects_catalog_free(c);
	}
}

#endif
