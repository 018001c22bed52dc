#ifndef EFFECTS_PG_WALK_H
#define EFFECTS_PG_WALK_H

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "effects/effects.h"

/*
 * From a parse tree to effects with the names of the text: private to
 * effects/pg_*.c. What the resolver has to know besides stands in three
 * fields of struct effect:
 *
 *   of    the definition (CREATE, ALTER) this belongs to: what it uses, or a
 *         part of it. Without: the statement itself does it.
 *   body  of CREATE routine or rule: what it does when it is called. Those
 *         effects stand right behind it.
 *   note  words, see PG_NOTE_*
 */

/** A call: what the routine does happens here. USE routine. */
#define PG_NOTE_CALL "call"
/** A column of one of these: lines "<level> <schema> <table>", \x1f between.
 * USE column without a table. */
#define PG_NOTE_AMONG "among\n"
/** A column of the row that fires the trigger. */
#define PG_NOTE_ROW "row"
/** UPDATE of rows: what a trigger puts into NEW. */
#define PG_NOTE_NEW "new"
/** A column that gets values: the rows tell what its type means for them. */
#define PG_NOTE_TARGET "target"
/** USE label of the type that the column `from` of the table has: without
 * one of the notes that columns have. */
#define PG_NOTE_COMPARED "compared"
/** The name was made up as the server does, and gives way. */
#define PG_NOTE_AUTO "auto"
/** A string that names a thing: nextval('s'), 't'::regclass. */
#define PG_NOTE_TEXT "text"

struct pe_names {
	const char **items;
	size_t n, cap;
};

/** Something in FROM. */
struct pe_source {
	const char *alias;
	const char *schema, *table; /**< a relation; else derived */
	bool derived;
	bool open;               /**< derived, columns not known */
	struct pe_names columns; /**< derived: as it gives them */
	struct pe_names read, by;
	bool whole;
	size_t rows; /**< 1 + index of its EFFECT_ROWS, 0 = none */
};

struct pe_cte {
	const char *name;
	struct pe_names columns;
	bool open;
	struct pe_cte *below;
};

/** Names that a query's expressions may use; inner ones first. */
struct pe_scope {
	struct pe_source **items;
	size_t n, cap;
	struct pe_cte *ctes;
	struct pe_scope *up;
};

struct pe_walk {
	struct effects *out;
	struct arena *arena; /**< of the walk */

	/* where we are */
	size_t statement;
	unsigned line, col;     /**< of the statement's first byte */
	const char *text;       /**< that locations are offsets of, or NULL */
	bool conditional;       /**< perhaps not reached */
	size_t owner;           /**< 1 + index of the definition, 0 = none */
	const char *where_from; /**< "function f", for messages, or NULL */

	unsigned depth;   /**< of nodes */
	unsigned nesting; /**< of texts in texts */
	struct pe_scope *scope;
	const struct pe_names *variables; /**< of PL/pgSQL, arguments */
	bool fires;                       /**< NEW and OLD are rows */
	bool defines;   /**< expressions are kept, not run: no rows are read */
	size_t foreign; /**< calls seen that may do anything */
	const struct effect_literal *bound; /**< arguments that are known */
	size_t n_bound;
};

/* pg_walk.c */
void pe_names_add(struct pe_walk *w, struct pe_names *names, const char *s);
bool pe_names_has(const struct pe_names *names, const char *s);
const char **pe_names_list(struct pe_walk *w, const struct pe_names *names);

/** Append, at the place of the tree's location (-1 = the statement's). */
struct effect *pe_add(struct pe_walk *w, enum effect_action action,
		      enum effect_kind kind, const char *schema,
		      const char *table, const char *name, int location);
const char *pe_keep(struct pe_walk *w, const char *s);
const char *pe_printf(struct pe_walk *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** EFFECT_UNCERTAIN about anything; where it is from is added. */
struct effect *pe_uncertain(struct pe_walk *w, const char *why, int location);

/** NULL for "". */
const char *pe_word(const char *s);
const char *pe_string(const PgQuery__Node *node);

/** [[database.]schema.]name of a list of strings. */
struct pe_name {
	const char *schema, *name;
};
struct pe_name pe_name_of(PgQuery__Node *const *parts, size_t n);

/** The same of a list, a type's name, a string, or one with arguments. */
struct pe_name pe_name_of_node(const PgQuery__Node *node);

/** The message in a node, NULL for none. */
const ProtobufCMessage *pe_message(const PgQuery__Node *node);

void pe_use_relation(struct pe_walk *w, const PgQuery__RangeVar *r);
void pe_use_column(struct pe_walk *w, const char *schema, const char *table,
		   const char *column, int location);
void pe_use_type(struct pe_walk *w, const PgQuery__TypeName *t);

/* pg_print.c: canonical text, in the walk's arena */
const char *pe_type_text(struct pe_walk *w, const PgQuery__TypeName *t);

/** Of any message: an expression nearly as SQL, else a dump without places;
 * a long one ends with its sum. */
const char *pe_text(struct pe_walk *w, const ProtobufCMessage *m);
const char *pe_node_text(struct pe_walk *w, const PgQuery__Node *n);
const char *pe_list_text(struct pe_walk *w, PgQuery__Node *const *items,
			 size_t n);
/** Of a definition as a whole: "sum " and 16 digits. */
const char *pe_sum(struct pe_walk *w, const ProtobufCMessage *m);
/** Cut to a length at which it is still nice to read. */
const char *pe_digest(struct pe_walk *w, const char *text);

/** The value of a constant, casts taken off; false when it is none. */
bool pe_literal(struct pe_walk *w, const PgQuery__Node *n, const char **value);

/* pg_expr.c */
void pe_expr(struct pe_walk *w, const PgQuery__Node *n);
void pe_exprs(struct pe_walk *w, PgQuery__Node *const *items, size_t n);
void pe_visit(struct pe_walk *w, const ProtobufCMessage *m);
bool pe_is_builtin(const char *name);
bool pe_is_harmless(const char *name);

/* pg_select.c */
struct pe_source *pe_source_add(struct pe_walk *w, const char *schema,
				const char *table, const char *alias);
void pe_scope_push(struct pe_walk *w, struct pe_scope *scope);
void pe_scope_pop(struct pe_walk *w);
void pe_from(struct pe_walk *w, PgQuery__Node *const *items, size_t n);
void pe_with(struct pe_walk *w, const PgQuery__WithClause *with);

/** columns: what it gives; *open where that cannot be told. May be NULL. */
void pe_select(struct pe_walk *w, const PgQuery__SelectStmt *s,
	       struct pe_names *columns, bool *open);
void pe_column_ref(struct pe_walk *w, const PgQuery__ColumnRef *c);
void pe_conditions(struct pe_walk *w, const PgQuery__Node *where,
		   const struct pe_source *source, bool only,
		   struct effect_literal **out, size_t *n);

/* pg_write.c */
void pe_insert(struct pe_walk *w, const PgQuery__InsertStmt *s);
void pe_update(struct pe_walk *w, const PgQuery__UpdateStmt *s);
void pe_delete(struct pe_walk *w, const PgQuery__DeleteStmt *s);
void pe_merge(struct pe_walk *w, const PgQuery__MergeStmt *s);
void pe_copy(struct pe_walk *w, const PgQuery__CopyStmt *s);
void pe_truncate(struct pe_walk *w, const PgQuery__TruncateStmt *s);

/* pg_table.c */
void pe_create_table(struct pe_walk *w, const PgQuery__CreateStmt *s,
		     const char *server);
void pe_create_table_as(struct pe_walk *w, const PgQuery__CreateTableAsStmt *s);
void pe_create_index(struct pe_walk *w, const PgQuery__IndexStmt *s);
void pe_column_def(struct pe_walk *w, const PgQuery__RangeVar *of,
		   const PgQuery__ColumnDef *c, bool added);
void pe_constraint(struct pe_walk *w, const PgQuery__RangeVar *of,
		   const PgQuery__Constraint *c, const char *column);

/* pg_alter.c */
void pe_alter_table(struct pe_walk *w, const PgQuery__AlterTableStmt *s);

/* pg_object.c */
void pe_object(struct pe_walk *w, const PgQuery__Node *n);

/* pg_statement.c */
void pe_statement(struct pe_walk *w, const PgQuery__Node *n);

/** A text in a text: a function's body, EXECUTE of a constant. */
void pe_nested(struct pe_walk *w, const char *sql, unsigned line);

/* pg_routine.c */
void pe_create_function(struct pe_walk *w,
			const PgQuery__CreateFunctionStmt *s);
void pe_do(struct pe_walk *w, const PgQuery__DoStmt *s);
const char *pe_signature(struct pe_walk *w, const char *name,
			 PgQuery__Node *const *args, size_t n);

/* pg_plpgsql.c: text is CREATE FUNCTION or DO, in LANGUAGE plpgsql */
void pe_plpgsql(struct pe_walk *w, const char *text, const char *body,
		unsigned line);

#endif
