#ifndef SCHEMA_PG_LOCATE_H
#define SCHEMA_PG_LOCATE_H

#include <stdbool.h>

#include "schema/schema.h"

/**
 * The row of the catalogs that an object of `s`, which schema_pg_refresh() has
 * read, is.
 *
 * @param class_oid of the catalog, as in pg_depend.classid
 * @return false when `o` is none of its objects, or has no row of its own
 */
bool schema_pg_locate(const struct schema *s, const struct schema_object *o,
		      unsigned *class_oid, unsigned *oid);

#endif
