#include "effects/replay.h"

/*
 * Holds the place of scratch databases until they land (replay_pg.c; this file
 * goes with it).
 */

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
