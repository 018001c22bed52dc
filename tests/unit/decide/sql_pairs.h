#ifndef TESTS_UNIT_DECIDE_SQL_PAIRS_H
#define TESTS_UNIT_DECIDE_SQL_PAIRS_H

#include <string.h>

#include "base/util.h"
#include "decide/verdict.h"
#include "effects/effects_pg.h"
#include "support/unit.h"

/* Two migrations of PostgreSQL on a base, and their verdict, from either
 * side. */

struct sql_pair {
	const char *base, *a, *b;
	enum verdict verdict;
};

#define INDEPENDENT VERDICT_INDEPENDENT
#define ORDER VERDICT_ORDER
#define CONFLICT VERDICT_CONFLICT

static inline void resolve(struct effects *out, struct effects_catalog *c,
			   const char *sql)
{
	struct effects parsed;

	effects_init(&parsed);
	effects_pg_parse(&parsed, sql, strlen(sql), 1);
	effects_pg_resolve(out, c, &parsed);
	effects_release(&parsed);
}

static inline void effects_on(struct effects *out, const char *base,
			      const char *sql)
{
	struct effects_catalog *c = effects_catalog_new();

	effects_init(out);
	resolve(out, c, base);
	resolve(out, c, sql);
	effects_catalog_free(c);
}

static inline void expect_pair(const struct sql_pair *p)
{
	struct arena arena = ARENA_INIT;
	struct verdict_pair pair;
	struct effects a, b;

	effects_on(&a, p->base, p->a);
	effects_on(&b, p->base, p->b);
	verdict_pair(&pair, &arena, &a, &b);
	if (pair.verdict != p->verdict)
		fail_msg("%s | %s | %s: %s, not %s (%s)", p->base, p->a, p->b,
			 verdict_name(pair.verdict), verdict_name(p->verdict),
			 pair.n ? pair.meetings[0].why : "no meeting");
	verdict_pair(&pair, &arena, &b, &a);
	assert_int_equal(pair.verdict, p->verdict);
	effects_release(&a);
	effects_release(&b);
	arena_release(&arena);
}

#define expect_pairs(pairs)                                   \
	do {                                                  \
		for (size_t i = 0; i < ARRAY_LEN(pairs); i++) \
			expect_pair(&(pairs)[i]);             \
	} while (0)

#endif
