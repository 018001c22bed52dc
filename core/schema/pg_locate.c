#include "schema/pg_locate.h"

#include <stddef.h>

#include "schema/pg_state.h"

bool schema_pg_locate(const struct schema *s, const struct schema_object *o,
		      unsigned *class_oid, unsigned *oid)
{
	for (size_t i = 0; s->pg && i < s->pg->n; i++) {
		if (s->pg->known[i].object != o)
			continue;
		*class_oid = s->pg->known[i].class_oid;
		*oid = s->pg->known[i].oid;
		return true;
	}
	return false;
}
