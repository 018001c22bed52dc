#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_probe.h"
#include "schema/schema_pg.h"

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

/* --- of our own statements --- */

static struct pg_count *count_at(struct pg_counts *c, unsigned catalog)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->counts[i].catalog == catalog)
			return &c->counts[i];
	if (c->n == PG_COUNTS)
		return NULL;
	c->counts[c->n] = (struct pg_count){ .catalog = catalog };
	return &c->counts[c->n++];
}

/* What was changed between two countings of one transaction was ours. */
static void add_own(struct pg_counts *own, const struct pg_counts *before,
		    const struct pg_counts *after)
{
	if (!before->counted || !after->counted)
		return;
	if (!streq(own->transaction, after->transaction))
		own->n = 0;
	memcpy(own->transaction, after->transaction, sizeof(own->transaction));
	for (size_t i = 0; i < after->n; i++) {
		const struct pg_count *a = &after->counts[i];
		const struct pg_count *b = pg_count_of(before, a->catalog);
		struct pg_count *to = count_at(own, a->catalog);

		if (!to)
			return; /* it will look like somebody else's */
		to->inserted += a->inserted - b->inserted;
		to->updated += a->updated - b->updated;
		to->deleted += a->deleted - b->deleted;
	}
}

bool pg_counts_is_own(const struct pg_counts *since,
		      const struct pg_counts *own)
{
	if (!streq(since->transaction, own->transaction))
		return false;
	for (size_t i = 0; i < since->n; i++) {
		const struct pg_count *c = &since->counts[i];
		const struct pg_count *o = pg_count_of(own, c->catalog);

		if (c->inserted != o->inserted || c->updated != o->updated ||
		    c->deleted != o->deleted)
			return false;
	}
	return true;
}

struct err *schema_pg_own(struct schema *s, struct pg_conn *c,
			  const char *const *sql, size_t n)
{
	struct pg_counts before = { 0 }, after = { 0 };
	struct err *err =
		pg_queue(c, pg_sql_counts_own, NULL, 0, pg_count_row, &before);

	for (size_t i = 0; i < n && !err; i++)
		err = pg_queue(c, sql[i], NULL, 0, NULL, NULL);
	if (!err)
		err = pg_queue(c, pg_sql_counts_own, NULL, 0, pg_count_row,
			       &after);
	err = err_first(err, pg_flush(c));
	if (!err && s->pg)
		add_own(&s->pg->own, &before, &after);
	return err;
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
