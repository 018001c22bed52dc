#ifndef EFFECTS_PG_RESOLVE_H
#define EFFECTS_PG_RESOLVE_H

#include "base/map.h"
#include "effects/pg_catalog.h"

/* Parsed effects on a catalog: private to effects/pg_*.c. */

#define PE_PATH_MAX 16
#define PE_HEIR_OF "heir of " /* verdicts look for it */

struct pe_path {
	const char *schemas[PE_PATH_MAX];
	size_t n;
};

/** Effects that are walked together: a migration's, or a body's. */
struct pe_set {
	const struct effects *from;
	struct pe_object **owners; /**< for each: what it defines */
	bool *dead; /**< part of what is not made, because it is there */
};

struct pe_resolve {
	struct effects *out;
	struct effects_catalog *c;
	struct arena arena;
	struct pe_path path, pushed;
	struct map said;   /**< what was added in this statement */
	struct map called; /**< routines, triggers, tables in this statement */
	size_t statement;
	unsigned depth;

	/* of a body that runs */
	const struct effect *call;        /**< NULL = the text itself */
	const struct pe_object *fired_on; /**< table of NEW and OLD */
	const struct effect *fired_by;    /**< the rows that it is for */
	const char *why;
	bool conditional;
	bool late; /**< names of a body that does not run now */
	const struct effect_literal *bound; /**< its arguments, where known */
	size_t n_bound;
};

/** Where a relation is: schema as written, or along the path. */
struct pe_place {
	const char *schema;
	struct pe_object *object; /**< NULL = not known */
};
struct pe_place pe_lookup(struct pe_resolve *r, enum effect_kind kind,
			  const char *schema, const char *name);

/** The schema that CREATE without one makes things in. */
const char *pe_current_schema(const struct pe_resolve *r);

/** e under other names, with what the walk knows; NULL when the same has been
 * said before in this statement. */
struct effect *pe_emit(struct pe_resolve *r, const struct effect *e,
		       const char *schema, const char *table, const char *name);

/** One that follows from e. */
struct effect *pe_imply(struct pe_resolve *r, const struct effect *e,
			enum effect_action action, enum effect_kind kind,
			const char *schema, const char *table,
			const char *name);

/** Strings of what is added live with it. */
const char *pe_own(struct pe_resolve *r, const char *s);
const char **pe_own_list(struct pe_resolve *r, const char **list);

/** First time in this statement. */
bool pe_first_call(struct pe_resolve *r, const char *what, const void *thing);

void pe_walk(struct pe_resolve *r, const struct effects *from);

/* pg_use.c */
void pe_use_thing(struct pe_resolve *r, struct pe_set *set, size_t i);

/* pg_make.c */
void pe_create(struct pe_resolve *r, struct pe_set *set, size_t i);
void pe_alter(struct pe_resolve *r, struct pe_set *set, size_t i);

void pe_key_index(struct pe_resolve *r, const struct effect *e,
		  const struct pe_object *key);

/* pg_heirs.c */
/** How it is an heir of the table: PE_INHERITS, PE_PARTITION, or NULL. */
const char *pe_heir_of(const struct pe_object *o,
		       const struct pe_object *table);
/** A name that the server makes up gives way to those that are taken, and
 * depends on them: ChooseRelationName(). Another one is as it is. */
const char *pe_free_name(struct pe_resolve *r, const struct effect *e,
			 const char *schema, const char *table);
void pe_heir_column(struct pe_resolve *r, struct pe_object *heir,
		    const struct effect *e);
void pe_heir_alter(struct pe_resolve *r, struct pe_object *heir,
		   const struct effect *e);

/** A constraint or index that e makes: checks go to all heirs, the others to
 * partitions, under names of their own. */
void pe_hand_down(struct pe_resolve *r, const struct effect *e,
		  struct pe_object *part, const struct pe_object *table);

/** A table gets a parent; with quiet, it is new itself. */
void pe_new_heir(struct pe_resolve *r, const struct effect *e,
		 struct pe_object *heir, const struct pe_object *parent,
		 bool quiet);
void pe_leave_parent(struct pe_resolve *r, const struct effect *e,
		     struct pe_object *heir, const struct pe_object *parent);

/** A foreign key has a copy for each partition that it refers to. */
void pe_copy_key(struct pe_resolve *r, const struct effect *e,
		 struct pe_object *key, const struct pe_object *parent,
		 bool quiet);

/** Tables that have the columns of this one. */
void pe_each_heir(struct pe_resolve *r, const struct pe_object *table,
		  const struct effect *e,
		  void (*fn)(struct pe_resolve *r, struct pe_object *heir,
			     const struct effect *e));

/** The column's type, where that is a domain; else NULL. */
const struct pe_object *pe_domain_of(const struct effects_catalog *c,
				     const struct pe_object *column);
void pe_use_aspect(struct pe_resolve *r, const struct effect *e,
		   const struct pe_object *thing, const char *aspect);

/** What is made unique is so already, by a key in it: that has to stay. */
bool pe_key_within(struct pe_resolve *r, const struct effect *e,
		   const struct pe_object *table);

/* pg_rename.c: ADD CONSTRAINT ... USING INDEX takes the index over */
void pe_adopt_index(struct pe_resolve *r, const struct effect *e,
		    struct pe_object *constraint, struct pe_object *index);
void pe_renamed(struct pe_resolve *r, const struct effect *e);

/* pg_remove.c */
void pe_dropped(struct pe_resolve *r, const struct effect *e);

/** One table of the list in PG_NOTE_AMONG; *at moves behind it. */
struct pe_candidate {
	char *level, *schema, *table;
};
bool pe_next_candidate(char **at, struct pe_candidate *k);

/* pg_label.c */
void pe_use_label(struct pe_resolve *r, const struct pe_set *set, size_t i);
/** A value for a column of an enum is one of its labels. */
void pe_use_row_labels(struct pe_resolve *r, const struct effect *rows,
		       const struct pe_object *table);

/* pg_published.c */
void pe_set_identity(struct pe_resolve *r, struct pe_object *table,
		     const struct effect *e);
/** Changes of rows that are published, or must not be. */
void pe_use_identity(struct pe_resolve *r, const struct effect *e,
		     const struct pe_object *table);
/** e alters "published" of the table: its heirs' as well. */
void pe_published(struct pe_resolve *r, const struct effect *e,
		  const struct pe_object *table);
void pe_alter_publication_kinds(struct pe_resolve *r, const struct effect *e,
				struct pe_object *publication);

/* pg_rows.c */
void pe_rows(struct pe_resolve *r, const struct effect *e);

/* pg_values.c: values, keys and columns of rows, as far as they are known */
bool pe_listed(const char **list, const char *name);
/** The column's name, counted from 1; NULL = there are not so many. */
const char *pe_nth_column(const struct pe_object *table, size_t nth);
bool pe_gives(const struct effect *insert, const char *column);
void pe_tell_values(struct pe_resolve *r, struct effect *e,
		    const struct pe_object *table);

/* pg_call.c */
void pe_call(struct pe_resolve *r, const struct effect *e, const char *schema,
	     const char *name);
void pe_run(struct pe_resolve *r, const struct pe_object *o,
	    const struct effect *e, const struct pe_object *fired_on,
	    const char *why);
/** A dynamic statement, where the call gives what it is made of. */
bool pe_run_dynamic(struct pe_resolve *r, const struct effect *e);
void pe_keep_body(struct pe_resolve *r, struct pe_object *o,
		  const struct effects *from, size_t at);

#endif
