#ifndef SCHEMA_PG_STATE_H
#define SCHEMA_PG_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "schema/schema.h"

/* What is kept between two readings of one database; inside this room only. */

/** Which row of which catalog an object of the tree is. */
struct pg_known {
	struct schema_object *object; /**< NULL = is no more */
	unsigned class_oid, oid;
	unsigned rel;     /**< the relation that it is read with, or 0 */
	unsigned columns; /**< of a table: the last one's number */
};

/** How often rows of a catalog were changed, as the session counts it. */
struct pg_count {
	unsigned catalog;
	int64_t inserted, updated, deleted;
};

#define PG_COUNTS 64

/** Of a stamp, see pg_stamp.h. */
#define PG_STAMP_SIZE 256

struct pg_counts {
	char transaction[64]; /**< which one; "" = none */
	char xid[24];         /**< its id, "" = it has changed nothing */
	bool counted;         /**< the server counts at all */
	struct pg_count counts[PG_COUNTS];
	size_t n;
};

struct schema_pg {
	struct pg_known *known;
	size_t n, cap;
	struct map by_oid; /**< "class/oid" -> index + 1 into known */
	struct pg_counts counts;
	struct pg_counts own; /**< what schema_pg_own() has changed since */
	char stamp[PG_STAMP_SIZE]; /**< when all was read; "" = is no more so */
	unsigned max_relation, max_type, max_routine; /**< oids */
	/** Some object of that kind is there, or was. */
	bool has_unrepresented, has_default_privileges, has_extension;
};

/** NULL is fine. */
void schema_pg_free(struct schema_pg *pg);

/** By catalog and oid; or NULL. */
struct pg_known *schema_pg_known(const struct schema_pg *pg, unsigned class_oid,
				 unsigned oid);

#endif
