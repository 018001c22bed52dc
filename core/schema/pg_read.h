#ifndef SCHEMA_PG_READ_H
#define SCHEMA_PG_READ_H

#include "base/map.h"
#include "postgres/conn.h"
#include "schema/schema.h"

/*
 * The catalogs of PostgreSQL, read into printed objects. Shared by the pg_
 * files of this room; nobody outside includes it. docs/schema-tree.md has the
 * rules of the text.
 *
 * A reading is a row of questions sent together. Each gives rows of one kind;
 * comments, privileges and owners of all kinds come last and find what they
 * belong to by class and oid.
 */

/** A line of text behind an object's first statement, with its place. */
struct pg_line {
	struct pg_line *next;
	const char *text; /**< with its newline */
	int rank;         /**< of comments: 0 = the object's own */
};

struct pg_lines {
	struct pg_line *first, **end;
};

/** A column or a constraint of a table. */
struct pg_part {
	struct pg_part *next;
	const char *text; /**< without newline */
	const char *tail; /**< statements behind the table's; or NULL */
};

struct pg_parts {
	struct pg_part *first, **end;
	size_t n;
};

/** One object while it is put together. */
struct pg_item {
	const char *kind, *name, *table;
	const char *address; /**< "TABLE public.users" */
	const char *owner;   /**< quoted; NULL = the database's owner */
	const char *def;     /**< statements with newlines; of a table up to
				  the bracket */
	const char *close;   /**< of a table: what follows the bracket */
	const char *after;   /**< statements behind that; or NULL */
	unsigned class_oid, oid, rel;
	unsigned natts; /**< of a table: the last column's number */
	bool is_table;  /**< has parts */
	bool typed;     /**< a table of a composite type */
	struct pg_parts columns, constraints;
	struct pg_lines comments, grants, lines, late;
};

/** What a comment or a privilege can belong to: an item, or a part of one. */
struct pg_owner {
	struct pg_item *item;
	const char *address;
};

struct pg_read;

#define PG_PIECES 4

/** What is there among the relations of a partial reading. */
enum pg_need {
	PG_NEED_TABLE = 1,
	PG_NEED_SEQUENCE = 2,
	PG_NEED_VIEW = 4,
	PG_NEED_MATERIALIZED_VIEW = 8,
	PG_NEED_INDEX = 16,
	PG_NEED_STATISTICS = 32,
	PG_NEED_TRIGGER = 64,
	PG_NEED_RULE = 128,
	PG_NEED_POLICY = 256,
	PG_NEED_UNREPRESENTED = 512,
	PG_NEED_SHARED = 1024, /**< asked last, of all that was read */
};

/** A question of the reading. */
struct pg_question {
	const char *kind;   /**< of the items; NULL = its row function knows */
	unsigned class_oid; /**< catalog of the items */
	unsigned filter;    /**< catalog of the oids in @F(); 0 = any */
	unsigned needs;     /**< enum pg_need: a partial reading asks only
			         where one of these is wanted; 0 = always */
	const char *sql[PG_PIECES]; /**< template, see pg_template(); in
					pieces because a literal's length has
					a limit; ends with NULL */
	pg_row_fn row;              /**< NULL = one plain item per row */
};

/** Where rows go: a question and the reading. */
struct pg_sink {
	struct pg_read *read;
	const struct pg_question *question;
};

/** Objects to look at, of one catalog. */
struct pg_some {
	unsigned class_oid;
	bool whole; /**< all of them */
	unsigned *oids;
	size_t n, cap;
};

struct pg_read {
	struct arena *arena; /**< of everything read */
	struct pg_conn *conn;
	const char *journal_schema;
	struct pg_item **items;
	size_t n, cap;
	struct map owners; /**< "class/oid" -> struct pg_owner * */
	struct map tables; /**< oid of relation -> struct pg_item * */
	bool partial;      /**< only what `some` has */
	unsigned needs;    /**< enum pg_need; of a partial reading */
	struct pg_some *some;
	size_t n_some, cap_some;
	struct pg_lines unrepresented;
	char *stamp; /**< PG_STAMP_SIZE: of what was read; NULL = not asked */
};

/* oids of catalogs: src/include/catalog/pg_*.h, the same in all versions */
enum pg_class_oid {
	PG_TYPE = 1247,
	PG_PROC = 1255,
	PG_CLASS = 1259,
	PG_FDW = 2328,
	PG_SERVER = 1417,
	PG_USER_MAPPING = 1418,
	PG_AM = 2601,
	PG_CAST = 2605,
	PG_CONSTRAINT = 2606,
	PG_CONVERSION = 2607,
	PG_LANGUAGE = 2612,
	PG_NAMESPACE = 2615,
	PG_OPCLASS = 2616,
	PG_OPERATOR = 2617,
	PG_REWRITE = 2618,
	PG_TRIGGER = 2620,
	PG_OPFAMILY = 2753,
	PG_EXTENSION = 3079,
	PG_POLICY = 3256,
	PG_STATISTIC_EXT = 3381,
	PG_COLLATION = 3456,
	PG_EVENT_TRIGGER = 3466,
	PG_TRANSFORM = 3576,
	PG_TS_DICT = 3600,
	PG_TS_PARSER = 3601,
	PG_TS_CONFIG = 3602,
	PG_TS_TEMPLATE = 3764,
	PG_SUBSCRIPTION = 6100,
	PG_PUBLICATION = 6104,
	PG_DEFAULT_ACL = 826,
};

/**
 * Read everything, or what r->some names (with all that belongs to those
 * relations), into r->items. arena, conn and journal_schema are set, the rest
 * is empty. Inside the session's transaction, whose settings are put back.
 */
MUST_USE struct err *pg_read_all(struct pg_read *r);

/** Settings of a reading of a part, queued: before the probe; and back, which
 * pg_read_all() does itself where there is something to read. */
MUST_USE struct err *pg_read_begin_part(struct pg_conn *c);
MUST_USE struct err *pg_read_end_part(struct pg_conn *c);
void pg_read_release(struct pg_read *r);

/** Forget what was read, and that it was to be a part. */
void pg_read_reset(struct pg_read *r);

/** The list of a catalog; a new one where there is none. */
struct pg_some *pg_some_of(struct pg_read *r, unsigned class_oid);
bool pg_some_has(const struct pg_some *s, unsigned oid);
void pg_some_add(struct pg_some *s, unsigned oid);

/* pg_item.c: what row functions need */

/** Columns of a plain item's row. */
enum pg_item_cell {
	PG_I_OID,
	PG_I_SCHEMA, /**< NULL = it has none */
	PG_I_NAME,
	PG_I_SUFFIX,     /**< "(integer)"; or NULL */
	PG_I_REL_SCHEMA, /**< of the relation that it belongs to; or NULL */
	PG_I_REL_NAME,
	PG_I_ADDRESS,
	PG_I_OWNER,
	PG_I_DEF,
	PG_I_REL, /**< oid of that relation; or NULL */
	PG_I_CELLS,
};

MUST_USE struct err *pg_item_row(void *payload, int n,
				 const struct pg_cell *cell);
struct pg_item *pg_item_new(struct pg_sink *s, const struct pg_cell *cell);
void pg_item_owns(struct pg_read *r, unsigned class_oid, unsigned oid,
		  struct pg_item *item, const char *address);
struct pg_owner *pg_owner_find(const struct pg_read *r, unsigned class_oid,
			       unsigned oid);
struct pg_line *pg_lines_add(struct pg_read *r, struct pg_lines *l,
			     const char *text);
unsigned pg_cell_oid(const struct pg_cell *c);

/** "audit.log", "users": a name as files and people have it. */
void pg_add_display(struct buf *out, const char *schema, const char *name);

/* pg_item_text.c */

/** The text, and the shape; shape stays empty where it is the text. */
void pg_item_print(const struct pg_item *item, struct buf *text,
		   struct buf *shape);

/* pg_template.c */

/**
 * A question's SQL for this server:
 *
 *   @14(a|b)     a from version 14 on, b before; may nest
 *   @N(n)        the namespace with alias n is one of ours to look at
 *   @X(1259|c)   the row with alias c is no member of an extension
 *   @O(c.owner)  the owner's name, NULL when it is the database's owner
 *   @R(x|p)      reloptions x as a list, each name behind the prefix p
 *   @P(x)        options of foreign things as a list, secrets masked
 *   @F(c.oid)    "" or the condition that it is one of $1
 */
void pg_template(struct buf *out, const struct pg_read *r,
		 const char *const *pieces, bool filtered);

/* the questions: pg_sql_*.c; ended by sql == NULL */
extern const struct pg_question pg_sql_relation[], pg_sql_table[],
	pg_sql_type[], pg_sql_routine[], pg_sql_attached[], pg_sql_global[],
	pg_sql_search[], pg_sql_operator[], pg_sql_foreign[], pg_sql_shared[];

/* row functions that are more than an item */
MUST_USE struct err *pg_table_row(void *payload, int n,
				  const struct pg_cell *cell);
MUST_USE struct err *pg_column_row(void *payload, int n,
				   const struct pg_cell *cell);
MUST_USE struct err *pg_constraint_row(void *payload, int n,
				       const struct pg_cell *cell);
MUST_USE struct err *pg_line_row(void *payload, int n,
				 const struct pg_cell *cell);
MUST_USE struct err *pg_late_row(void *payload, int n,
				 const struct pg_cell *cell);
MUST_USE struct err *pg_owned_row(void *payload, int n,
				  const struct pg_cell *cell);
MUST_USE struct err *pg_comment_row(void *payload, int n,
				    const struct pg_cell *cell);
MUST_USE struct err *pg_depends_row(void *payload, int n,
				    const struct pg_cell *cell);
MUST_USE struct err *pg_acl_row(void *payload, int n,
				const struct pg_cell *cell);
MUST_USE struct err *pg_unrepresented_row(void *payload, int n,
					  const struct pg_cell *cell);

#endif
