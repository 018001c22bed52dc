#ifndef SCHEMA_PG_PROBE_H
#define SCHEMA_PG_PROBE_H

#include "schema/pg_read.h"
#include "schema/pg_state.h"

/** What has to be read again. */
enum pg_extent {
	PG_NOTHING,
	PG_PART, /**< what r->some and r->needs say */
	PG_EVERYTHING,
};

/**
 * Ask what the open transaction has changed since the last reading, and fill
 * r->some and r->needs. docs/schema-tree.md says how.
 */
MUST_USE struct err *pg_probe(struct schema_pg *pg, struct pg_read *r,
			      enum pg_extent *out);

/** The counts from which the next probe counts. Queued. */
MUST_USE struct err *pg_probe_baseline(struct schema_pg *pg, struct pg_conn *c);

/** After a full reading: what the next probe compares with. */
MUST_USE struct err *pg_probe_all(struct schema_pg *pg, struct pg_read *r);

#endif
