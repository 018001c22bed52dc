#include "schema/pg_state.h"

#include <stdio.h>
#include <stdlib.h>

void schema_pg_free(struct schema_pg *pg)
{
	if (!pg)
		return;
	map_release(&pg->by_oid);
	free(pg->known);
	free(pg);
}

struct pg_known *schema_pg_known(const struct schema_pg *pg, unsigned class_oid,
				 unsigned oid)
{
	char key[32];
	size_t at;

	snprintf(key, sizeof(key), "%u/%u", class_oid, oid);
	at = map_number(&pg->by_oid, key);
	return at && pg->known[at - 1].object ? &pg->known[at - 1] : NULL;
}
