#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "effects/effects_pg.h"

/*
 * libFuzzer's entry over PostgreSQL's effects:
 * clang -fsanitize=fuzzer,address -I. -Icore tests/fuzz/fuzz_effects.c \
 *	core/effects/{effects,encode,record,pg_*}.c core/sql/<all>.c \
 *	core/base/<all>.c -l:libpg_query.a -lm
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Abort, also where assert() is compiled out. */
static void must(bool condition)
{
	if (!condition)
		abort();
}

/* The records are read back as what they were made of. */
static void check_records(const struct effects *e,
			  const struct effects_catalog *c)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct effects_catalog *clone = effects_catalog_clone(c);
	struct effects back;

	effects_encode(&one, e);
	must(effects_decode(&back, one.data, one.len));
	must(back.n == e->n);
	effects_release(&back);
	buf_reset(&one);
	must(clone != NULL);
	effects_catalog_encode(&one, c);
	effects_catalog_encode(&two, clone);
	must(one.len == two.len && !memcmp(one.data, two.data, one.len));
	effects_catalog_free(clone);
	buf_release(&one);
	buf_release(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct effects_catalog *c = effects_catalog_new();
	struct effects parsed, effects;
	/* a copy of its own, so that reading past the end is seen */
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	effects_init(&parsed);
	effects_init(&effects);
	effects_pg_parse(&parsed, text, size, 1);
	/* twice: the second time, everything is there already */
	effects_pg_resolve(&effects, c, &parsed);
	effects_pg_resolve(&effects, c, &parsed);
	for (size_t i = 0; i < effects.n; i++)
		must(effects.items[i].kind != EFFECT_KIND_COUNT &&
		     !effects.items[i].note);
	check_records(&parsed, c);
	effects_release(&parsed);
	effects_release(&effects);
	effects_catalog_free(c);
	free(text);
	return 0;
}
