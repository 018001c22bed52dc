#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/redo_pg.h"

/*
 * Rows that refer to one that is gone are found by a question, since there may
 * be many; the server checks every row that goes back all the same. A table
 * that refers to itself is left to it.
 */

struct reader {
	struct redo_pg *p;
	struct redo_pg_table *b;
	const char *oid;       /* the constraint that is being read */
	struct buf none, same; /* some column is NULL; the parent's agree */
	const char *parent;
	size_t n, column;
	bool known; /* the lines have all its columns */
};

/* The value of a column as the lines have it; SIZE_MAX = not among columns */
static bool add_field(struct buf *out, struct reader *r, const char *name)
{
	const struct redo_pg_table *b = r->b;
	const struct manifest_table *m = b->t.lines;

	for (size_t i = 0; i < m->n_columns; i++)
		if (redo_pg_has(b, i) &&
		    streq(redo_pg_column(b, i)->name, name)) {
			r->column = i;
			buf_addf(out, "l.o%zu::%s", i,
				 redo_pg_column(b, i)->type);
			return true;
		}
	r->column = SIZE_MAX;
	for (size_t k = 0; k < m->n_keys; k++)
		if (streq(m->keys[k], name)) {
			buf_addf(out, "l.k%zu::%s", k,
				 restore_pg_column(&b->rel, name)->type);
			return true;
		}
	return false;
}

static void end_key(struct reader *r)
{
	struct redo_pg_table *b = r->b;
	struct redo_pg_key *k;

	if (!r->oid || !r->known)
		return;
	VEC_GROW(b->keys, b->n_keys, b->cap_keys);
	k = &b->keys[b->n_keys++];
	k->met = arena_printf(&r->p->r.arena,
			      "%s OR EXISTS (SELECT FROM %s p WHERE %s)",
			      buf_str(&r->none), r->parent, buf_str(&r->same));
	k->single = r->n == 1 && r->column != SIZE_MAX;
	k->column = r->column;
	k->insert = true;
}

/* constraint, column, parent, its column, operator */
static struct err *take(void *payload, int n, const struct pg_cell *cell)
{
	struct reader *r = payload;
	struct arena *a = &r->p->r.arena;
	struct buf field = BUF_INIT;

	(void)n;
	if (!streq_null(r->oid, cell[0].s)) {
		end_key(r);
		r->oid = arena_strdup(a, cell[0].s);
		r->parent = arena_strdup(a, cell[2].s);
		r->n = 0;
		r->known = true;
		buf_reset(&r->none);
		buf_reset(&r->same);
	}
	r->known &= add_field(&field, r, cell[1].s);
	buf_addf(&r->none, "%s%s IS NULL", r->n ? " OR " : "", buf_str(&field));
	buf_addf(&r->same, "%sp.%s OPERATOR(%s) %s", r->n++ ? " AND " : "",
		 cell[3].s, cell[4].s, buf_str(&field));
	buf_release(&field);
	return NULL;
}

static const char keys_sql[] =
	"SELECT k.oid, quote_ident(a.attname), CASE p.relkind WHEN 'p' THEN ''"
	" ELSE 'ONLY ' END || p.oid::regclass, quote_ident(b.attname),"
	" quote_ident(n.nspname) || '.' || o.oprname"
	" FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid"
	" CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop)"
	" WITH ORDINALITY AS x (child, parent, op, at)"
	" JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.child"
	" JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = x.parent"
	" JOIN pg_operator o ON o.oid = x.op"
	" JOIN pg_namespace n ON n.oid = o.oprnamespace"
	" WHERE k.contype = 'f' AND k.conrelid = to_regclass($1)"
	" AND k.confrelid <> k.conrelid AND NOT EXISTS (SELECT FROM"
	" pg_constraint q WHERE q.oid = k.conparentid"
	" AND q.conrelid = k.conrelid) ORDER BY k.oid, x.at";

struct err *redo_pg_keys(struct redo_pg *p, struct redo_pg_table *b)
{
	struct reader r = { .p = p, .b = b };
	struct pg_arg arg = pg_text(b->rel.name);
	struct err *err = pg_query(p->r.c, keys_sql, &arg, 1, take, &r);

	if (!err)
		end_key(&r);
	buf_release(&r.none);
	buf_release(&r.same);
	return err;
}
