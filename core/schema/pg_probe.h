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
 * r->some and r->needs. docs/schema-tree.md says how. Leaves the settings of
 * pg_read_begin_part().
 */
MUST_USE struct err *pg_probe(struct schema_pg *pg, struct pg_read *r,
			      enum pg_extent *out);

/** Only whether it has changed anything. */
MUST_USE struct err *pg_probe_any(struct schema_pg *pg, struct pg_read *r,
				  bool *out);

/** The counts from which the next probe counts. Queued. */
MUST_USE struct err *pg_probe_baseline(struct schema_pg *pg, struct pg_conn *c);

/** After a full reading: what the next probe compares with. */
MUST_USE struct err *pg_probe_all(struct schema_pg *pg, struct pg_read *r);

/* --- pg_counts.c --- */

/** Into a struct pg_counts: rows of pg_sql_counts. */
MUST_USE struct err *pg_count_row(void *payload, int n,
				  const struct pg_cell *cell);
const struct pg_count *pg_count_of(const struct pg_counts *c, unsigned catalog);
void pg_counts_subtract(struct pg_counts *c, const struct pg_counts *base);

/** Nothing is left of `since` without what was ours. */
bool pg_counts_is_own(const struct pg_counts *since,
		      const struct pg_counts *own);

/* --- pg_sql_probe.c --- */

extern const char pg_sql_counts[], pg_sql_counts_own[], pg_sql_probe_begin[],
	pg_sql_probe_end[], pg_sql_probe_first[], pg_sql_probe_scan[],
	pg_sql_probe_maxima[], pg_sql_probe_routines[], pg_sql_probe_types[],
	pg_sql_probe_statistics[], pg_sql_probe_dependents[];

#endif
