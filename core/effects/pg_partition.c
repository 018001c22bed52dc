#include <string.h>

#include "base/util.h"
#include "effects/pg_table.h"

/* A partition comes to a table: which rows it takes. */

/* MINVALUE and MAXVALUE are column names here. */
static const char *bound_of(struct pe_walk *w, const PgQuery__Node *n)
{
	const char *value;

	return pe_literal(w, n, &value) ? value : NULL;
}

static void range(struct pe_walk *w, const PgQuery__PartitionBoundSpec *b,
		  struct effect *e)
{
	const char *from, *to;

	if (b->n_lowerdatums != 1 || b->n_upperdatums != 1)
		return;
	from = bound_of(w, b->lowerdatums[0]);
	to = bound_of(w, b->upperdatums[0]);
	if (!from || !to)
		return;
	e->where = arena_array(&w->out->arena, 2, sizeof(*e->where));
	e->where[0] = (struct effect_literal){ "from", from };
	e->where[1] = (struct effect_literal){ "to", to };
	e->n_where = 2;
}

static void list(struct pe_walk *w, const PgQuery__PartitionBoundSpec *b,
		 struct effect *e)
{
	struct effect_literal *in =
		arena_array(&w->out->arena, b->n_listdatums + 1, sizeof(*in));

	for (size_t i = 0; i < b->n_listdatums; i++) {
		in[i].column = "in";
		in[i].value = bound_of(w, b->listdatums[i]);
		if (!in[i].value)
			return;
	}
	e->where = in;
	e->n_where = b->n_listdatums;
}

struct effect *pe_new_partition(struct pe_walk *w,
				const PgQuery__RangeVar *parent,
				const PgQuery__PartitionBoundSpec *bound)
{
	struct effect *e =
		pe_add(w, EFFECT_ALTER, EFFECT_TABLE, parent->schemaname, NULL,
		       parent->relname, parent->location);

	e->aspect = "partitions";
	if (!bound)
		return e;
	e->digest = pe_sum(w, &bound->base);
	if (bound->is_default) {
		e->where = arena_array(&w->out->arena, 1, sizeof(*e->where));
		e->where[0] = (struct effect_literal){ "default", NULL };
		e->n_where = 1;
	} else if (*bound->strategy == 'r') {
		range(w, bound, e);
	} else if (*bound->strategy == 'l') {
		list(w, bound, e);
	}
	return e;
}
