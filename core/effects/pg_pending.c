#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/effects_pg.h"
#include "effects/replay.h"

/*
 * Holds the place of PostgreSQL's effects and scratch databases until they
 * land (pg_*.c, replay_pg.c; this file goes with them): everything is
 * uncertain, which is never a pass.
 */

struct effects_catalog {
	int unused;
};

void effects_pg_parse(struct effects *out, const char *text, size_t len,
		      unsigned first_line)
{
	struct effect *e = effects_add(out, EFFECT_UNCERTAIN, EFFECT_OTHER,
				       NULL, NULL, NULL);

	(void)text;
	(void)len;
	e->why = "PostgreSQL's statements are not read yet";
	e->line = first_line;
}

struct effects_catalog *effects_catalog_new(void)
{
	return xcalloc(1, sizeof(struct effects_catalog));
}

void effects_catalog_free(struct effects_catalog *c)
{
	free(c);
}

void effects_pg_resolve(struct effects *out, struct effects_catalog *c,
			const struct effects *parsed)
{
	(void)c;
	for (size_t i = 0; i < parsed->n; i++)
		effects_copy(out, &parsed->items[i]);
}

void effects_catalog_encode(struct buf *out, const struct effects_catalog *c)
{
	(void)c;
	buf_addstr(out, "none");
}

struct effects_catalog *effects_catalog_decode(const char *data, size_t len)
{
	(void)data;
	(void)len;
	return NULL;
}

struct err *replay_pg_open(struct replay **out, const char *uri,
			   const char *key, const struct replay_limits *limits)
{
	(void)uri;
	(void)key;
	(void)limits;
	*out = NULL;
	return err_new(ERR_REFUSED, "PostgreSQL's migrations are not replayed "
				    "yet");
}
