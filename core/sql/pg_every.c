#include "base/util.h"
#include "sql/pg_parser.h"

/* UPDATE and DELETE of every row, as far as their words tell. */

static const char *const choosing[] = { "where", "from", "using" };

/* a, or (a, b); what is behind them is skipped by whoever called. */
static void target_columns(struct pg_parser *p)
{
	bool group = pg_accept_op(p, "(");

	do
		sql_add_set(p->s, p->arena, pg_name(p));
	while (group && pg_accept_op(p, ","));
	if (group)
		pg_accept_op(p, ")");
}

/* To the next of these at this level, or the end. */
static bool skip_to(struct pg_parser *p, const char *op)
{
	size_t depth = 0;

	while (p->t.kind != PG_TK_END) {
		if (!depth &&
		    (pg_token_is_op(&p->t, op) || pg_at(p, "returning") ||
		     pg_at_one_of(p, choosing, ARRAY_LEN(choosing))))
			break;
		depth = pg_step(p, depth);
	}
	return pg_accept_op(p, op);
}

/* IS DISTINCT FROM counts as one that chooses: too careful by a rare case. */
static bool is_over(const struct pg_parser *p)
{
	return p->t.kind == PG_TK_END || pg_at(p, "returning");
}

void pg_update_rest(struct pg_parser *p)
{
	while (p->t.kind != PG_TK_END && !pg_at(p, "set"))
		pg_advance(p); /* AS alias */
	if (!pg_accept(p, "set"))
		return;
	do
		target_columns(p);
	while (skip_to(p, ","));
	p->s->every_row = is_over(p);
	if (!p->s->every_row)
		p->s->n_sets = 0;
}

void pg_delete_rest(struct pg_parser *p)
{
	skip_to(p, ",");
	p->s->every_row = is_over(p);
}
