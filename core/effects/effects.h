#ifndef EFFECTS_EFFECTS_H
#define EFFECTS_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sql/sql.h"

/*
 * What a migration touches: which thing, which part of it, what is done to it,
 * and how sure that is. Two migrations commute when no effect of one meets an
 * effect of the other (decide/verdict.h holds the table of what meets what).
 *
 * An effect that is not there is a promise: the migration does not touch the
 * thing. What cannot be told is EFFECT_UNCERTAIN, never left out.
 */

/** Raised when the same text gives other effects: caches are then empty. */
#define EFFECTS_VERSION 7

enum effect_action {
	/** The thing comes to be. digest = its definition, where two equal
	 * ones are the same thing; aspect "or replace", "if not exists",
	 * "numbered" (of a partition, by its parent's: the name is made up, and
	 * of two that are the same either may have it), "copy" (the same, of a
	 * foreign key for a partition that it refers to) or NULL. */
	EFFECT_CREATE,
	/** It goes, with what hangs on it: each of those has an effect of its
	 * own. A rename is the DROP of the old name and the CREATE of the new
	 * one, `from` = the old name. aspect "if exists" or NULL. */
	EFFECT_DROP,
	/** One aspect of it becomes what digest says (NULL = not told). */
	EFFECT_ALTER,
	/** It has to be there; aspect = what of it has to stay as it is, NULL
	 * = only that it is there under this name. */
	EFFECT_USE,

	/* rows of a table: kind EFFECT_ROWS */
	EFFECT_INSERT,
	EFFECT_UPDATE,
	EFFECT_DELETE,
	EFFECT_SELECT, /**< what is done depends on them */

	/** Something happens that cannot be told; why says what. With a name,
	 * it is to that thing; without, to anything. */
	EFFECT_UNCERTAIN,
	EFFECT_ACTION_COUNT
};

/** Stands for all schemas. */
#define EFFECT_EVERY_SCHEMA "*"

/** Things. Those of one space share their names: a table and a view of one
 * name cannot both be (effect_space()). */
enum effect_kind {
	EFFECT_TABLE, /* the space "relation" */
	EFFECT_VIEW,  /* also materialized */
	EFFECT_INDEX, /* table = the table it is on */
	EFFECT_SEQUENCE,
	EFFECT_TYPE,       /* enum, domain, composite, range */
	EFFECT_LABEL,      /* name = of the enum `table` */
	EFFECT_COLUMN,     /* name = of `table`, which may be a view or type */
	EFFECT_CONSTRAINT, /* name = of `table`; "" = without a name, then
			      digest tells it from others */
	EFFECT_TRIGGER,    /* of table */
	EFFECT_POLICY,     /* of table */
	EFFECT_RULE,       /* of table */
	EFFECT_ROUTINE,    /* function, procedure, aggregate; name with argument
			   types where known: "f(integer,text)", else "f" */
	EFFECT_SCHEMA,
	EFFECT_EXTENSION,
	EFFECT_ROLE,
	EFFECT_SETTING, /* of the database or session; pragma in SQLite */
	EFFECT_ROWS,    /* all rows of the table `name` */
	EFFECT_OTHER,   /* name starts with its kind: "cast ...", "operator" */
	EFFECT_KIND_COUNT
};

/* Aspects, so that both dialects say the same:
 *   column    "name" (USE: and there need not be one), "type", "default", "null" (NOT NULL or not), "generated",
 *             "statistics", "storage", "collation", "key" (USE: of an index
 *             that is as good on another type)
 *   table     "columns" (which columns it has, in which order: SELECT *, INSERT
 *             without a list), "constraints", "row security", "owner",
 *             "options", "persistence", "replica identity", "inheritance",
 *             "triggers", "identity" (a column with one comes), "extended statistics", "rebuilt" (SQLite: dropped and made anew with its
 *             rows: what came to it in the meantime is lost; what differs has
 *             effects of its own. USE of it: views and triggers that name the
 *             table stop that)
 *   view      "columns", "definition"
 *   routine   "definition", "signature"
 *   type      "definition", "default", "labels" (USE: texts become its labels)
 *   sequence  "value", "options"
 *             "rules", "write rules" (USE: there must be none; none on INSERT
 *             and UPDATE), "on it" (USE: what LIKE ... INCLUDING copies), "nulls" (USE: what
 *             any LIKE does),
 *             "heirs" (USE: a table that inherits follows what changes;
 *             strict = by INHERITS, it is published with its parent, or not),
 *             "published" (also of a schema, for what is in it; digest "changes of p": also
 *             of rows that are there. strict = a part of its columns or rows),
 *             "tables" of a publication (each only once),
 *             "unpublished" (USE: such changes must not be, it has no
 *             replica identity),
 *             "partitions" (one is made; strict = it has rows already. USE: a foreign
 *             key has a copy for each), "heir",
 *             "heir less" (INHERIT; NO INHERIT, DETACH) of the parent,
 *             "inheritance" of the heir
 *   schema    "privileges of all tables" (sequences, routines): of those that
 *             are there, "default privileges of tables" (... types, schemas):
 *             of those that come; of EFFECT_EVERY_SCHEMA where none is named
 *   any       "comment", "privileges", "schema", "owner"
 * ALTER TABLE ... ADD COLUMN c is CREATE of the column and ALTER "columns" of
 * the table; both say whether a row without a value for it is possible:
 * `strict` is set where it is NOT NULL without a default.
 *
 * What verdicts want to know besides, so that harmless work is not stopped:
 *   ALTER column "null"   strict = it is NOT NULL from here on
 *   ALTER column "type"   SQLite: strict = values of other types are refused;
 *                         else they are kept, or converted as they come
 *   CREATE column         generates_key = each row that is there gets the next
 *                         value of a sequence
 *   CREATE constraint     columns = those it is about; NULL = not known
 *   CREATE constraint     of a CHECK: where = what it wants of single columns,
 *                         when that is all: "< 4", "in 'x' 'y'", "not null"
 *   ALTER "partitions"    where = its bounds, see pe_new_partition()
 *   CREATE index          columns, and strict = it is unique, and no key of
 *                         before is in it; CREATE constraint: the same. Then
 *                         where = SQLite: only of these rows
 *   ALTER "privileges"    one effect for each role, digest "app: grant select"
 *   CREATE trigger        columns = "insert", "update", "delete": those it
 *                         fires for; NULL = not known. reads = SQLite:
 *                         UPDATE OF these; NULL = any. where = only for new
 *                         rows with these
 *   INSERT                reads = columns of unique keys as well; a list that
 *                         is empty = the table has no such key
 *   UPDATE                reads = also all columns of a unique key of which it
 *                         writes one, and the others of such a CHECK
 *   UPDATE, DELETE        fires = triggers run, or a rule does something, for
 *                         the rows that it meets
 *   SELECT                aspect "exists": the rows must be there, more do no
 *                         harm (parents of a foreign key); "absent": none may
 *                         be there, fewer do no harm (children, a constraint
 *                         to be checked); NULL = any change shows
 *                         "refresh": only for what a view is made of
 *   rows that go or change with a parent: aspect "cascade"; no harm when their
 *                         table is gone
 *   rows that go because another takes their key: aspect "replaced", no trigger
 *                         fires for them
 *   rows                  digest = the canonical statement: two equal ones do
 *                         the same
 */

/** A value that is known, in a comparison or to be written. */
struct effect_literal {
	const char *column;
	const char *value; /**< canonical text; NULL = SQL NULL. In a where of
			      UPDATE, DELETE, SELECT, of an index and a trigger
			      also EFFECT_NOT_NULL, and of a column that has
			      only numbers "> 3", "<= 3" and the like */
};

/** Nothing is known but that it is no NULL. */
#define EFFECT_NOT_NULL "<not null>"

struct effect {
	enum effect_action action;
	enum effect_kind kind;
	const char *schema; /**< NULL: SQLite, or a kind that is in none */
	const char *table;  /**< what it belongs to; NULL for the others */
	const char *name;   /**< unquoted; SQLite's in lower case */
	const char *aspect; /**< NULL: see the action */
	const char *digest; /**< canonical definition or value, or NULL */
	const char *from;   /**< CREATE: renamed from this name */
	const char *why;    /**< UNCERTAIN: "dynamic SQL in function f"; else
				 what it is part of, for a person ("foreign key
				 orders_user_fkey"), or NULL */
	bool strict;        /**< see above */
	bool implied;     /**< follows from another (CASCADE, ownership); never
				 reason for "both do the same" */
	bool conditional; /**< IF EXISTS, a branch of code: perhaps not */

	/* EFFECT_ROWS. columns = what is written (INSERT: those given; UPDATE:
	 * those set; DELETE: none) or read; NULL-terminated. */
	const char **columns;
	const char **reads; /**< columns that decide which rows and values */
	bool all_columns;   /**< INSERT without a list, SELECT *, whole row */
	bool generates_key; /**< INSERT: a key comes from a sequence or
				   rowid: order shows in it */
	bool each_literal;  /**< UPDATE: sets to constants only */
	bool fires;         /**< UPDATE, DELETE: see above */
	/** Conjunction: only rows with all of these (UPDATE, DELETE, SELECT),
	 * or INSERT: what is known of the row. Empty = any row. */
	struct effect_literal *where;
	size_t n_where;
	struct effect_literal *sets; /**< UPDATE to constants: which */
	size_t n_sets;

	unsigned line;    /**< in the migration's file, from 1 */
	unsigned col;     /**< from 1, in bytes; 0 = not known */
	size_t statement; /**< 0-based */

	/* Between effects_pg_parse() and effects_pg_resolve(), and for these
	 * alone (effects/pg_walk.h); 0 and NULL everywhere else. */
	size_t of;        /**< so many places before is what this is part of */
	size_t body;      /**< so many behind this are done when it is called */
	const char *note; /**< words of the parser for the resolver */
};

/** Of one migration, in the order of its statements. Owns its strings. */
struct effects {
	struct effect *items;
	size_t n, cap;
	struct arena arena;
};

void effects_init(struct effects *e);
void effects_release(struct effects *e);

/** Append a zeroed effect with these; strings are copied, NULL stays NULL. */
struct effect *effects_add(struct effects *e, enum effect_action action,
			   enum effect_kind kind, const char *schema,
			   const char *table, const char *name);

/** Append a copy of an effect of another set. */
struct effect *effects_copy(struct effects *to, const struct effect *from);

const char *effect_action_name(enum effect_action a); /* "create", ... */
const char *effect_kind_name(enum effect_kind k);     /* "table", ... */

/** Kinds whose names clash give the same number. */
int effect_space(enum effect_kind k);

/** Same thing by space, schema, table and name. Constraints without a name:
 * by digest. Routines: "f" is every f(...). */
bool effect_same_thing(const struct effect *a, const struct effect *b);

/** "column public.users.name", "rows of users (name, mail)"; for people. */
void effect_describe_thing(struct buf *out, const struct effect *e);

/** One line: "3: alter column public.users.name type -> text". */
void effect_describe(struct buf *out, const struct effect *e);

/**
 * As text, for the cache; format private, checked by version and a sum.
 * Back: false for anything that is not whole, then *out is empty.
 */
void effects_encode(struct buf *out, const struct effects *e);
bool effects_decode(struct effects *out, const char *data, size_t len);

#endif
