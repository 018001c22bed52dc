#ifndef SCHEMA_PG_STATE_H
#define SCHEMA_PG_STATE_H

#include <stddef.h>

#include "base/map.h"
#include "schema/schema.h"

/* What is kept between two readings of one database; inside this room only. */

/** Which row of which catalog an object of the tree is. */
struct pg_known {
	const struct schema_object *object;
	unsigned class_oid, oid;
	unsigned rel; /**< the relation that it belongs to, or 0 */
};

struct schema_pg {
	struct pg_known *known;
	size_t n, cap;
	struct map by_oid; /**< "class/oid" -> index + 1 into known */
};

/** NULL is fine. */
void schema_pg_free(struct schema_pg *pg);

#endif
