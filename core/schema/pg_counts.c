#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_probe.h"

/* What the session itself counts of its changes to the catalogs. */

/* A row with the transaction, then one for each catalog with a count. */
struct err *pg_count_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_counts *c = payload;
	struct pg_count *count;

	(void)n;
	if (streq(cell[0].s, "0")) {
		memset(c, 0, sizeof(*c));
		strncpy(c->transaction, cell[1].s, sizeof(c->transaction) - 1);
		if (cell[2].s)
			strncpy(c->xid, cell[2].s, sizeof(c->xid) - 1);
		c->counted = streq(cell[3].s, "on");
	} else if (c->n < PG_COUNTS) {
		count = &c->counts[c->n++];
		count->catalog = pg_cell_oid(&cell[0]);
		count->inserted = strtoll(cell[1].s, NULL, 10);
		count->updated = strtoll(cell[2].s, NULL, 10);
		count->deleted = strtoll(cell[3].s, NULL, 10);
	}
	return NULL;
}

struct err *pg_probe_baseline(struct schema_pg *pg, struct pg_conn *c)
{
	return pg_queue(c, pg_sql_counts, NULL, 0, pg_count_row, &pg->counts);
}

const struct pg_count *pg_count_of(const struct pg_counts *c, unsigned catalog)
{
	static const struct pg_count none;

	for (size_t i = 0; i < c->n; i++)
		if (c->counts[i].catalog == catalog)
			return &c->counts[i];
	return &none;
}

void pg_counts_subtract(struct pg_counts *c, const struct pg_counts *base)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct pg_count *b =
			pg_count_of(base, c->counts[i].catalog);

		c->counts[i].inserted -= b->inserted;
		c->counts[i].updated -= b->updated;
		c->counts[i].deleted -= b->deleted;
	}
}
