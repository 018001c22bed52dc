#include <string.h>

#include "base/util.h"
#include "effects/pg_table.h"

/* Constraints and indexes. */

struct made {
	const char *label, *words;
	char letter;
};

static const struct made *made_of(int contype)
{
	static const struct made pk = { "pkey", "primary key", 'p' };
	static const struct made unique = { "key", "unique", 'u' };
	static const struct made check = { "check", "check", 'c' };
	static const struct made foreign = { "fkey", "foreign key", 'f' };
	static const struct made exclude = { "excl", "exclude", 'x' };

	switch (contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
		return &pk;
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
		return &unique;
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
		return &check;
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		return &foreign;
	case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
		return &exclude;
	default:
		return NULL;
	}
}

static void names_of(struct pe_walk *w, struct pe_names *names,
		     PgQuery__Node *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__Node *k = items[i];

		if (k->node_case == PG_QUERY__NODE__NODE_LIST &&
		    k->list->n_items)
			k = k->list->items[0];
		if (k->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM)
			pe_names_add(w, names, pe_word(k->index_elem->name));
		else
			pe_names_add(w, names, pe_string(k));
	}
}

static const char *joined(struct pe_walk *w, const struct pe_names *names,
			  const char *between)
{
	const char *all = "";

	for (size_t i = 0; i < names->n; i++)
		all = i ? pe_printf(w, "%s%s%s", all, between, names->items[i])
			: names->items[i];
	return all;
}

static struct pe_names keys_of(struct pe_walk *w, const PgQuery__Constraint *c,
			       const char *column)
{
	struct pe_names keys = { NULL, 0, 0 };

	names_of(w, &keys, c->keys, c->n_keys);
	names_of(w, &keys, c->fk_attrs, c->n_fk_attrs);
	names_of(w, &keys, c->exclusions, c->n_exclusions);
	if (!keys.n)
		pe_names_add(w, &keys, column);
	return keys;
}

/* Columns that expressions behind `from` name. */
static void expression_columns(struct pe_walk *w, size_t from,
			       struct pe_names *keys)
{
	for (size_t i = from; i < w->out->n; i++)
		if (w->out->items[i].kind == EFFECT_COLUMN)
			pe_names_add(w, keys, w->out->items[i].name);
}

static const char *name_of(struct pe_walk *w, const PgQuery__RangeVar *of,
			   const struct made *made, const struct pe_names *keys)
{
	const char *middle = joined(w, keys, "_");

	if (made->letter == 'p' || (made->letter == 'c' && keys->n != 1))
		middle = NULL;
	return pe_auto_name(w, of->relname, middle, made->label);
}

static const char *letter(const char *action)
{
	return action && *action ? action : "a";
}

static const char *foreign_text(struct pe_walk *w, const PgQuery__Constraint *c)
{
	struct pe_names to = { NULL, 0, 0 };

	names_of(w, &to, c->pk_attrs, c->n_pk_attrs);
	return pe_printf(w, " references %s%s%s (%s) on delete %s on update %s",
			 c->pktable->schemaname,
			 *c->pktable->schemaname ? "." : "",
			 c->pktable->relname, joined(w, &to, ", "),
			 letter(c->fk_del_action), letter(c->fk_upd_action));
}

static const char *digest_of(struct pe_walk *w, const PgQuery__Constraint *c,
			     const struct made *made,
			     const struct pe_names *keys)
{
	const char *text;

	if (made->letter == 'c')
		return pe_printf(
			w, "%s%s",
			pe_digest(w, pe_printf(w, "check %s",
					       pe_node_text(w, c->raw_expr))),
			c->skip_validation ? " not valid" : "");
	text = pe_printf(w, "%s (%s)%s%s%s", made->words, joined(w, keys, ", "),
			 made->letter == 'f' ? foreign_text(w, c) : "",
			 c->deferrable ? " deferrable" : "",
			 c->skip_validation ? " not valid" : "");
	if (made->letter == 'x')
		text = pe_printf(w, "%s %s", text, pe_text(w, &c->base));
	return pe_digest(w, text);
}

/* typed: a foreign key compares the columns; an index is built anew when one
 * gets another type. */
static void use_keys(struct pe_walk *w, const PgQuery__RangeVar *of,
		     const struct pe_names *keys, bool typed, int location)
{
	for (size_t i = 0; i < keys->n; i++) {
		pe_use_column(w, of->schemaname, of->relname, keys->items[i],
			      location);
		if (!typed)
			w->out->items[w->out->n - 1].aspect = NULL;
	}
}

static void foreign(struct pe_walk *w, const PgQuery__Constraint *c)
{
	const PgQuery__RangeVar *to = c->pktable;
	struct pe_names keys = { NULL, 0, 0 };
	struct effect *e;

	names_of(w, &keys, c->pk_attrs, c->n_pk_attrs);
	e = pe_add(w, EFFECT_USE, EFFECT_TABLE, to->schemaname, NULL,
		   to->relname, c->location);
	e->note = "references";
	e->columns = pe_names_list(w, &keys);
	use_keys(w, to, &keys, true, c->location);
}

/* plain: a B-tree without a rule for values, that any type can have */
static void index_parts(struct pe_walk *w, const PgQuery__RangeVar *of,
			PgQuery__Node *const *items, size_t n, bool plain)
{
	int location = of->location;

	for (size_t i = 0; i < n; i++) {
		const PgQuery__Node *k = items[i];

		if (k->node_case == PG_QUERY__NODE__NODE_LIST &&
		    k->list->n_items)
			k = k->list->items[0];
		if (k->node_case != PG_QUERY__NODE__NODE_INDEX_ELEM)
			continue;
		if (*k->index_elem->name) {
			pe_use_column(w, of->schemaname, of->relname,
				      k->index_elem->name, location);
			if (plain && !k->index_elem->n_opclass &&
			    !k->index_elem->n_collation)
				w->out->items[w->out->n - 1].aspect = "key";
		}
		pe_expr(w, k->index_elem->expr);
	}
}

/* ADD CONSTRAINT ... USING INDEX takes the index's name. */
static void using_index(struct pe_walk *w, const PgQuery__RangeVar *of,
			const PgQuery__Constraint *c)
{
	if (*c->indexname)
		pe_add(w, EFFECT_USE, EFFECT_INDEX, of->schemaname, of->relname,
		       c->indexname, c->location);
}

static void parts(struct pe_walk *w, const PgQuery__RangeVar *of,
		  const PgQuery__Constraint *c, const struct made *made,
		  const struct pe_names *keys)
{
	struct pe_scope scope;

	pe_definition_open(w, &scope, of);
	pe_expr(w, c->raw_expr);
	pe_expr(w, c->where_clause);
	index_parts(w, of, c->exclusions, c->n_exclusions, false);
	pe_definition_close(w);
	if (made->letter == 'f')
		foreign(w, c);
	if (made->letter != 'c' && made->letter != 'x')
		use_keys(w, of, keys, made->letter == 'f', c->location);
	using_index(w, of, c);
}

void pe_constraint(struct pe_walk *w, const PgQuery__RangeVar *of,
		   const PgQuery__Constraint *c, const char *column)
{
	const struct made *made = made_of((int)c->contype);
	struct pe_names keys;
	struct pe_owner before;
	struct effect *e;
	size_t at = w->out->n;
	const char *name, *digest;
	bool named;

	if (!made) /* NOT NULL, DEFAULT and their like are the column's */
		return;
	named = *c->conname || *c->indexname;
	keys = keys_of(w, c, column);
	digest = digest_of(w, c, made, &keys);
	e = pe_add(w, EFFECT_CREATE, EFFECT_CONSTRAINT, of->schemaname,
		   of->relname, c->conname, c->location);
	e->implied = w->owner != 0;
	e->strict = made->letter == 'p' || made->letter == 'u';
	e->digest = digest;
	if (made->letter == 'c')
		pe_check_terms(w, c->raw_expr, e);
	e->note = pe_printf(w, "%c%c%s%s%s%s", made->letter, named ? '-' : 'a',
			    letter(c->fk_del_action), letter(c->fk_upd_action),
			    *c->indexname ? "I" : "",
			    c->is_no_inherit ? "N" : "");
	before = pe_owner_set(w);
	parts(w, of, c, made, &keys);
	pe_owner_restore(w, before);
	/* a check has a column in its name when it has just one in it */
	if (made->letter == 'c' && !column)
		expression_columns(w, at + 1, &keys);
	name = *c->conname     ? c->conname
	       : *c->indexname ? c->indexname
			       : name_of(w, of, made, &keys);
	w->out->items[at].name = pe_keep(w, name);
	w->out->items[at].columns = pe_names_list(w, &keys);
}

/* FigureIndexColname(): a function's name, else "expr" */
static const char *part_name(const PgQuery__IndexElem *k)
{
	if (*k->name)
		return k->name;
	if (k->expr && k->expr->node_case == PG_QUERY__NODE__NODE_FUNC_CALL)
		return pe_name_of(k->expr->func_call->funcname,
				  k->expr->func_call->n_funcname)
			.name;
	return "expr";
}

static const char *part_names(struct pe_walk *w, const PgQuery__IndexStmt *s)
{
	const char *all = "";

	for (size_t i = 0; i < s->n_index_params; i++)
		all = pe_printf(w, "%s%s%s", all, i ? "_" : "",
				part_name(s->index_params[i]->index_elem));
	return all;
}

static bool has_expression(const PgQuery__IndexStmt *s)
{
	for (size_t i = 0; i < s->n_index_params; i++)
		if (s->index_params[i]->index_elem->expr)
			return true;
	return false;
}

void pe_create_index(struct pe_walk *w, const PgQuery__IndexStmt *s)
{
	const PgQuery__RangeVar *r = s->relation;
	const char *middle = part_names(w, s);
	const char *name = *s->idxname
				   ? s->idxname
				   : pe_auto_name(w, r->relname, middle, "idx");
	struct pe_names keys = { NULL, 0, 0 };
	struct pe_owner before;
	struct pe_scope scope;
	struct effect *e;
	size_t at;

	pe_use_relation(w, r);
	e = pe_add(w, EFFECT_CREATE, EFFECT_INDEX, r->schemaname, r->relname,
		   name, r->location);
	names_of(w, &keys, s->index_params, s->n_index_params);
	e->strict = s->unique;
	e->aspect = s->if_not_exists ? "if not exists" : NULL;
	e->digest = pe_digest(
		w,
		pe_printf(w, "%s%s (%s)%s%s", s->unique ? "unique " : "",
			  s->access_method,
			  pe_list_text(w, s->index_params, s->n_index_params),
			  s->where_clause ? " where " : "",
			  pe_node_text(w, s->where_clause)));
	e->note =
		pe_printf(w, "%c%c%s%s\n%s", s->unique ? 'u' : '-',
			  *s->idxname ? '-' : 'a', has_expression(s) ? "e" : "",
			  r->inh ? "" : "O", middle);
	at = w->out->n;
	before = pe_owner_set(w);
	pe_definition_open(w, &scope, r);
	index_parts(w, r, s->index_params, s->n_index_params,
		    !s->unique && streq(s->access_method, "btree"));
	index_parts(w, r, s->index_including_params,
		    s->n_index_including_params, true);
	pe_expr(w, s->where_clause);
	pe_definition_close(w);
	pe_owner_restore(w, before);
	expression_columns(w, at, &keys);
	w->out->items[at - 1].columns = pe_names_list(w, &keys);
}
