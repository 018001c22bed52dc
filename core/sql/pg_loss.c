#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <string.h>

#include "base/util.h"
#include "sql/pg_parser.h"

/*
 * What ALTER, DROP and TRUNCATE take away, by libpg_query's parse tree.
 */

struct finder {
	struct arena *arena;
	struct sql_loss *losses;
	size_t n, cap;
};

static const char *keep(struct finder *f, const char *name)
{
	return name && *name ? arena_strdup(f->arena, name) : NULL;
}

static struct sql_loss *add(struct finder *f, enum sql_loss_kind kind)
{
	struct sql_loss *loss;

	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 4;
		struct sql_loss *more =
			arena_array(f->arena, cap, sizeof(*more));

		if (f->n)
			memcpy(more, f->losses, f->n * sizeof(*more));
		f->losses = more;
		f->cap = cap;
	}
	loss = &f->losses[f->n++];
	loss->kind = kind;
	return loss;
}

static struct sql_loss *add_relation(struct finder *f, enum sql_loss_kind kind,
				     const PgQuery__RangeVar *r)
{
	struct sql_loss *loss = add(f, kind);

	loss->schema = keep(f, r->schemaname);
	loss->object = keep(f, r->relname);
	loss->only = !r->inh;
	return loss;
}

static const char *string_of(const PgQuery__Node *node)
{
	return node->node_case == PG_QUERY__NODE__NODE_STRING
		       ? node->string->sval
		       : NULL;
}

/* [[database.]schema.]name, as a list, a type's name or one string */
static void set_name(struct finder *f, struct sql_loss *loss,
		     const PgQuery__Node *node)
{
	PgQuery__Node *const *parts = NULL;
	size_t n = 0;

	if (node->node_case == PG_QUERY__NODE__NODE_LIST) {
		parts = node->list->items;
		n = node->list->n_items;
	} else if (node->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
		parts = node->type_name->names;
		n = node->type_name->n_names;
	} else {
		loss->object = keep(f, string_of(node));
	}
	if (n)
		loss->object = keep(f, string_of(parts[n - 1]));
	if (n > 1)
		loss->schema = keep(f, string_of(parts[n - 2]));
}

/* A type that nothing uses leaves no rows behind; without CASCADE, none does */
static bool drop_kind(const PgQuery__DropStmt *drop, enum sql_loss_kind *kind)
{
	switch ((int)drop->remove_type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
		*kind = SQL_LOSS_TABLE;
		return true;
	case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
		*kind = SQL_LOSS_MATVIEW;
		return true;
	case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
		*kind = SQL_LOSS_SEQUENCE;
		return true;
	case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
		*kind = SQL_LOSS_SCHEMA;
		return true;
	case PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION:
		*kind = SQL_LOSS_EXTENSION;
		return true;
	case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
	case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
		*kind = SQL_LOSS_TYPE;
		return drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	default:
		return false;
	}
}

static void drop(struct finder *f, const PgQuery__DropStmt *d)
{
	enum sql_loss_kind kind;

	if (!drop_kind(d, &kind))
		return;
	for (size_t i = 0; i < d->n_objects; i++) {
		struct sql_loss *loss = add(f, kind);

		set_name(f, loss, d->objects[i]);
		loss->cascade =
			d->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	}
}

static const char *role_name(struct finder *f, const PgQuery__RoleSpec *role)
{
	switch ((int)role->roletype) {
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE:
		return "current_role";
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER:
		return "current_user";
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
		return "session_user";
	default:
		return keep(f, role->rolename);
	}
}

static void drop_owned(struct finder *f, const PgQuery__DropOwnedStmt *d)
{
	for (size_t i = 0; i < d->n_roles; i++) {
		const PgQuery__RoleSpec *role = d->roles[i]->role_spec;
		struct sql_loss *loss = add(f, SQL_LOSS_OWNED);

		loss->object = role_name(f, role);
		loss->cascade =
			d->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	}
}

static void truncate_all(struct finder *f, const PgQuery__TruncateStmt *t)
{
	for (size_t i = 0; i < t->n_relations; i++) {
		struct sql_loss *loss = add_relation(
			f, SQL_LOSS_ALL_ROWS, t->relations[i]->range_var);

		loss->restarts = t->restart_seqs;
		loss->cascade =
			t->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	}
}

static bool has_restart(PgQuery__Node *const *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
		    streq(options[i]->def_elem->defname, "restart"))
			return true;
	return false;
}

static bool action_kind(const PgQuery__AlterTableCmd *c,
			enum sql_loss_kind *kind)
{
	const PgQuery__Node *def = c->def;

	switch ((int)c->subtype) {
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
		*kind = SQL_LOSS_COLUMN;
		return true;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
		*kind = SQL_LOSS_TYPE_CHANGE;
		return true;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
		*kind = SQL_LOSS_IDENTITY;
		return true;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
		*kind = SQL_LOSS_IDENTITY;
		return def && def->node_case == PG_QUERY__NODE__NODE_LIST &&
		       has_restart(def->list->items, def->list->n_items);
	default:
		return false;
	}
}

static void alter(struct finder *f, const PgQuery__AlterTableStmt *a)
{
	bool is_type = a->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE;

	for (size_t i = 0; i < a->n_cmds; i++) {
		const PgQuery__AlterTableCmd *c = a->cmds[i]->alter_table_cmd;
		enum sql_loss_kind kind;
		struct sql_loss *loss;

		if (!action_kind(c, &kind))
			continue;
		if (is_type)
			kind = SQL_LOSS_TYPE;
		loss = add_relation(f, kind, a->relation);
		loss->only = loss->only && !is_type;
		loss->column = keep(f, c->name);
		loss->cascade =
			c->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	}
}

static void find(struct finder *f, const PgQuery__Node *node)
{
	switch ((int)node->node_case) {
	case PG_QUERY__NODE__NODE_DROP_STMT:
		drop(f, node->drop_stmt);
		break;
	case PG_QUERY__NODE__NODE_DROP_OWNED_STMT:
		drop_owned(f, node->drop_owned_stmt);
		break;
	case PG_QUERY__NODE__NODE_DROPDB_STMT:
		add(f, SQL_LOSS_DATABASE)->object =
			keep(f, node->dropdb_stmt->dbname);
		break;
	case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
		truncate_all(f, node->truncate_stmt);
		break;
	case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
		alter(f, node->alter_table_stmt);
		break;
	case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
		if (has_restart(node->alter_seq_stmt->options,
				node->alter_seq_stmt->n_options))
			add_relation(f, SQL_LOSS_SEQUENCE_STATE,
				     node->alter_seq_stmt->sequence);
		break;
	default:
		break;
	}
}

/* The library reads strings as standard_conforming_strings = on has them. */
static bool reads_otherwise(const struct pg_parser *p, const char *text)
{
	return p->lexer.escapes && strchr(text, '\\');
}

/* One statement and no more, or NULL; to be freed. */
static PgQuery__ParseResult *parse(const char *text)
{
	PgQueryProtobufParseResult r = pg_query_parse_protobuf(text);
	PgQuery__ParseResult *tree = NULL;

	if (!r.error)
		tree = pg_query__parse_result__unpack(
			NULL, r.parse_tree.len,
			(const uint8_t *)r.parse_tree.data);
	pg_query_free_protobuf_parse_result(r);
	if (tree && tree->n_stmts == 1)
		return tree;
	pg_query__parse_result__free_unpacked(tree, NULL);
	return NULL;
}

void pg_find_losses(struct pg_parser *p, const char *text)
{
	struct finder f = { .arena = p->arena };
	PgQuery__ParseResult *tree = NULL;

	if (!reads_otherwise(p, text))
		tree = parse(text);
	p->s->unknown = !tree;
	if (!tree)
		return;
	find(&f, tree->stmts[0]->stmt);
	p->s->losses = f.losses;
	p->s->n_losses = f.n;
	pg_query__parse_result__free_unpacked(tree, NULL);
}

const char *sql_pg_grammar(void)
{
	return PG_VERSION;
}
