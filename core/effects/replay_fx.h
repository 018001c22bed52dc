#ifndef EFFECTS_REPLAY_FX_H
#define EFFECTS_REPLAY_FX_H

#include "effects/replay_sqlite.h"
#include "schema/sqlite_words.h"

/*
 * The effects of a SQLite migration, from three sources: what the authorizer
 * hears while a statement is prepared (tables, columns, through triggers and
 * views), the statement's text (values, conditions, lists), and the
 * difference of the schemas before and after (the authorizer tells ADD, DROP
 * and RENAME COLUMN alike). Names are in lower case. replay_fx.c gathers,
 * replay_fx_text.c and _conditions.c read a statement, replay_fx_info.c a
 * table's keys; replay_fx_rows.c, _others.c, _fired.c, _copy.c, _via.c and
 * _keys.c tell what happens to rows, replay_fx_schema.c, _table.c and _uses.c
 * what to the schema.
 */

/** A growing list of names, ended by NULL, or NULL while it is empty. */
struct fx_names {
	const char **list;
	size_t n, cap;
};

/** One thing that the authorizer was asked about. */
struct fx_event {
	int action; /**< SQLITE_READ, INSERT, UPDATE or DELETE */
	const char *table, *column; /**< column "" = none in particular */
	const char *via;            /**< trigger or view that it is inside of */
};

/** A foreign key. Columns of the two sides stand in the same order. */
struct fx_key {
	const char *child, *parent;
	struct fx_names from, to;
	const char *on_delete, *on_update; /**< "CASCADE", "NO ACTION" */
};

/** A column that is computed from others. */
struct fx_computed {
	const char *name;
	struct fx_names from;
};

/** A table, as it is when a statement runs. */
struct fx_info {
	const char *name;
	bool found, is_view, is_virtual;
	struct fx_names columns;  /**< those that can be given */
	const char **defaults;    /**< as written, in that order; or NULL */
	struct fx_names numbers;  /**< those that make numbers of texts */
	const char *rowid_column; /**< INTEGER PRIMARY KEY, or NULL */
	struct fx_names *uniques; /**< one list for each */
	size_t n_uniques, cap_uniques;
	struct fx_names *checks; /**< columns of each */
	size_t n_checks, cap_checks;
	struct fx_computed *computed;
	size_t n_computed, cap_computed;
	struct fx_key *keys; /**< to its parents */
	size_t n_keys, cap_keys;
	struct fx_key *children; /**< to it */
	size_t n_children, cap_children;
};

/** A table through all its names: it is made, renamed, dropped. */
struct fx_table {
	const char *name;  /**< now, or when it was dropped */
	const char *first; /**< before the migration; NULL = it makes it */
	bool gone;
};

/** Columns of a copy (INSERT ... SELECT from one table). */
struct fx_copy {
	size_t from, to; /**< tables, index + 1; 0 = it is no plain copy */
	size_t statement;
	struct fx_names same;    /**< as they were */
	struct fx_names changed; /**< by an expression */
	bool filtered;           /**< WHERE, LIMIT and the like */
};

/** A statement on the schema names this. */
struct fx_target {
	const char *kind; /**< "table", "index", "view", "trigger" */
	const char *name;
	const char *column; /**< ADD, DROP and RENAME COLUMN; or NULL */
	const char *to;     /**< RENAME: the new name */
	size_t statement;
	enum sql_verb verb;
	bool soft;      /**< IF [NOT] EXISTS */
	const char *on; /**< CREATE INDEX and TRIGGER: the table */
};

/** A row effect: where it is in out, and of which table it is. */
struct fx_row {
	size_t effect;
	size_t table; /**< index + 1; 0 = the name says it */
};

struct fx {
	struct replay_sqlite *r;
	struct effects *out;
	const struct sql_script *script;
	size_t statement;
	bool foreign_keys;       /**< enforced in this migration */
	bool recursive_triggers; /**< it may set them */
	struct arena arena;

	struct fx_event *events; /**< of the statement in hand */
	size_t n_events, cap_events;
	struct map infos; /**< name -> fx_info; emptied by DDL */

	const struct schema_object **before;
	size_t n_before, cap_before;
	struct fx_table *tables;
	size_t n_tables, cap_tables;
	struct map table_at; /**< name -> index + 1 of the one that has it */
	struct map first_at; /**< and of the one that had it */
	struct fx_copy *copies;
	size_t n_copies, cap_copies;
	struct fx_target *targets;
	size_t n_targets, cap_targets;
	struct fx_row *rows;
	size_t n_rows, cap_rows;
};

/* replay_fx.c */

/** Before the first statement. out is empty. */
MUST_USE struct err *fx_begin(struct fx *fx, struct replay_sqlite *r,
			      const struct sql_script *script,
			      struct effects *out);

/** What the authorizer hears: a replay_seen_fn. */
void fx_hear(void *payload, int action, const char *a, const char *b,
	     const char *db, const char *via);

/** Statement i is prepared, and then has run. */
void fx_before_statement(struct fx *fx, size_t i);
void fx_prepared(struct fx *fx);
void fx_after_statement(struct fx *fx);

/** All have run. */
MUST_USE struct err *fx_finish(struct fx *fx);
void fx_release(struct fx *fx);

/** Append an effect with the place of a statement. Its kinds without a
 * schema: SQLite has one. */
struct effect *fx_add(struct fx *fx, size_t statement,
		      enum effect_action action, enum effect_kind kind,
		      const char *table, const char *name);

/** Of rows: also noted under its table. */
struct effect *fx_add_rows(struct fx *fx, enum effect_action action,
			   const char *table);

/** USE, once per statement and thing; aspect is kept as it is. */
struct effect *fx_use(struct fx *fx, size_t statement, enum effect_kind kind,
		      const char *table, const char *name, const char *aspect);

/** Say what it is part of, if that is not said. */
void fx_because(struct fx *fx, struct effect *e, const char *why);

/** The table of that name now, index + 1; 0 = none is known. */
size_t fx_table_of(const struct fx *fx, const char *name);

/** A digest of a text: the text, or its hash where it is long. */
const char *fx_digest(struct fx *fx, const char *text);

/** A name in lower case. */
const char *fx_lower(struct fx *fx, const char *name);

/** The events of preparing this text; false when it cannot be. */
bool fx_probe(struct fx *fx, const char *sql);

void fx_names_add(struct fx *fx, struct fx_names *l, const char *name);
bool fx_names_has(const struct fx_names *l, const char *name);

/** Into the effects, NULL-terminated also when empty. */
const char **fx_names_keep(struct fx *fx, const struct fx_names *l);

/* replay_fx_text.c */

struct fx_value {
	const char *column;
	bool literal;
	const char *value; /**< NULL = SQL NULL */
};

/** What a text says of an INSERT, UPDATE or DELETE. */
struct fx_text {
	struct sqlite_words words;
	struct arena *arena;
	size_t at; /**< the verb's token */
	bool replaces, ignores, upserts;
	bool listed; /**< INSERT: a list of columns is given */
	struct fx_names columns;
	struct fx_value *rows; /**< INSERT ... VALUES: n_rows * width */
	size_t n_rows, width;
	bool too_many;    /**< rows, to be told one by one */
	size_t select;    /**< INSERT ... SELECT: its token, or 0; then the row
			  holds what is the same in all of them */
	const char *from; /**< and where is of this table, the only one */
	bool star;        /**< a SELECT of all columns */
	bool qualified;   /**< a bare name may be another table's column */
	struct fx_value *sets;
	size_t n_sets, cap_sets;
	struct effect_literal *where;
	size_t n_where, cap_where;
};

/** false = not understood: then nothing in it counts. To be released. */
bool fx_text_read(struct fx_text *t, struct fx *fx,
		  const struct sql_statement *s, const struct fx_info *info);
void fx_text_release(struct fx_text *t);

/** How often the name stands in the text, other than before a dot. */
size_t fx_text_count(const struct fx_text *t, const char *name);

/* replay_fx_conditions.c */

/** That of (SELECT ... FROM table WHERE ...), the only place where the table
 * is named, into where. */
void fx_text_subquery(struct fx_text *t, const struct fx_info *info);

/** A conjunction of conditions in these tokens, into where. */
void fx_text_conditions(struct fx_text *t, size_t from, size_t to,
			const struct fx_info *info);

/* replay_fx_copy.c */

/** The copy that INSERT ... SELECT col, ... FROM one table is. */
bool fx_text_copy(struct fx *fx, const struct fx_text *t, const char **from,
		  struct fx_copy *copy);

/** A run of tokens that is a constant. value NULL = SQL NULL. */
bool fx_literal(struct arena *a, const struct sqlite_words *w, size_t from,
		size_t to, const char **value);

/** The lower-case name of a token; NULL when it can be none. */
const char *fx_token_name(struct arena *a, const struct sqlite_word_token *t);

/* replay_fx_info.c */
const struct fx_info *fx_info_of(struct fx *fx, const char *table);

/** Written columns change those that are computed from them. */
void fx_info_add_computed(struct fx *fx, const struct fx_info *i,
			  struct fx_names *written);

/** The value that a column gets when none is given, where it is constant. */
bool fx_info_default(struct fx *fx, const struct fx_info *i, const char *column,
		     const char **value);

/* replay_fx_rows.c */

/** Into e->where, copied. */
void fx_keep_where(struct fx *fx, struct effect *e,
		   const struct effect_literal *where, size_t n);

void fx_rows(struct fx *fx, const struct sql_statement *s);

/* replay_fx_via.c */

/** "Via" also names subqueries and common tables: those are the statement. */
void fx_forget_subqueries(struct fx *fx);

/** How often a table's name stands in a text; 0 = what is read of it is a
 * foreign key's other end. */
size_t fx_mentions(struct fx *fx, const char *text, const char *table);

/** It only looks at the row that it fires for, or at those that it writes, or
 * at the other end of a foreign key. */
bool fx_reads_its_rows(struct fx *fx, const char *trigger, const char *table);

/** CREATE TRIGGER, and the table; NULL = there is none. */
const char *fx_trigger_text(struct fx *fx, const char *trigger,
			    const char **table);

/** A trigger of this table is a part of the statement in hand. */
bool fx_fires(struct fx *fx, const char *table);

/** Tables and columns that were heard of and only have to be there. */
void fx_uses(struct fx *fx, size_t statement, const char *via, const char *why);

/* replay_fx_keys.c */

/** Parents of the rows that an effect writes, and their children. */
void fx_keys_of(struct fx *fx, size_t effect, const struct fx_info *info);

/** Its rows go because the table does. */
void fx_keys_of_drop(struct fx *fx, const struct fx_info *info);

/** Foreign keys of that table whose parent has no such key: they make writing
 * the parent's rows fail. */
void fx_keys_misfit(struct fx *fx, size_t statement, const char *name);

/* replay_fx_schema.c */
void fx_schema(struct fx *fx, const struct schema *after);

/** Statement that names this thing last; SIZE_MAX = none does. */
size_t fx_target_of(const struct fx *fx, const char *kind, const char *name);

/* replay_fx_table.c */

/** Columns and constraints of a new table: implied. */
void fx_table_created(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *o);

/** USE of the tables that its foreign keys name. */
void fx_table_parents(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *o);
void fx_table_dropped(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *o);

/** The differing parts of a table that was there and is there. implied: no
 * statement names it. */
void fx_table_changed(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *before,
		      const struct schema_object *after, bool implied);

/** Columns of that list that a run of tokens names. */
void fx_tokens_columns(struct fx *fx, const struct sqlite_words *w, size_t from,
		       size_t to, const struct fx_names *columns,
		       struct fx_names *out);

/* replay_fx_uses.c */
/** It can be read: what it names is there. */
bool fx_view_is_whole(struct fx *fx, const char *view);
void fx_view_uses(struct fx *fx, size_t statement, const char *view);

/** What a trigger fires for, into columns, reads (UPDATE OF) and where (WHEN
 * NEW.a = 1; of OLD where it fires for DELETE). */
void fx_trigger_fires(struct fx *fx, struct effect *e, const char *text);

/** false when it names what is not there. */
bool fx_trigger_uses(struct fx *fx, size_t statement, const char *trigger,
		     const char *text, const char *table);

/** Columns and marks of CREATE INDEX, and what it uses. */
void fx_index(struct fx *fx, size_t statement, struct effect *e,
	      const struct schema_object *o);

#endif
