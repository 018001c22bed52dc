#ifndef SNAPSHOT_RESTORE_PG_H
#define SNAPSHOT_RESTORE_PG_H

#include "base/map.h"
#include "postgres/conn.h"
#include "snapshot/linefile.h"
#include "snapshot/manifest.h"
#include "snapshot/restore_ops.h"
#include "snapshot/settle.h"
#include "target/target_pg.h"

/*
 * Shared by the restore_pg*.c files. Names of tables and columns are quoted
 * where SQL needs it, and qualified, as in the manifest: "public.users".
 */

/** How a table gets its old form back. */
enum restore_pg_way {
	RESTORE_PG_PLACE,   /**< altered, if at all; rows where they are */
	RESTORE_PG_REBUILD, /**< made anew and filled from what is there */
	RESTORE_PG_REMAKE,  /**< it was dropped: filled from the snapshot */
	RESTORE_PG_REMOVE,  /**< the migration made it: parked and dropped */
};

struct restore_pg_table {
	enum restore_pg_way way;
	const char *before, *after;         /**< NULL = not there */
	const struct schema_object *old;    /**< definition to come back */
	const struct schema_object *cur;    /**< definition now */
	const struct manifest_table *lines; /**< NULL = no rows to restore */
	const char *temp;  /**< our table of its lines, or NULL */
	bool empty;        /**< it has not one page now */
	bool *any, *all;   /**< by column of the lines: some line, each line of
			      '~' changed it; set with temp */
	bool *tells;       /**< the migration wrote many values into it */
	bool relabelled;   /**< its key holds labels that have other words */
	const char *aside; /**< name of the old one while it is rebuilt */
	struct settlement settled; /**< about single lines */
	const char *evict; /**< our table of rows that make room, or NULL */
	const char *
		*unfit; /**< keys, as in lines, of rows that are set aside */
	size_t n_unfit, cap_unfit;
	const char *was;  /**< our table of rows that go or get other values,
			      as they were; only while conflicts are found */
	const char *were; /**< without a key: our table of all rows' ctids as
			       they were; then, too */
};

struct restore_pg {
	const struct restore_request *req;
	struct restore_result *out;
	struct pg_conn *c;
	struct manifest manifest;
	struct restore_pg_table *tables;
	size_t n_tables, cap_tables;
	struct restore_pg_awake *awake; /**< triggers and rules put to sleep */
	size_t n_awake, cap_awake;
	struct restore_pg_key *keys; /**< foreign keys that may break */
	size_t n_keys, cap_keys;
	struct restore_pg_sequence *sequences; /**< of rebuilt tables */
	size_t n_sequences, cap_sequences;
	struct restore_pg_numbers *numbers; /**< values of regclass; or NULL */
	struct restore_pg_labels *labels;   /**< renamed ones; NULL = none */
	struct restore_pg_kept *kept;       /**< types: restore_pg_type.h */
	const struct schema_object **strays;
	size_t n_kept, n_strays;
	struct map now_by_name; /**< tables of req->now, by name in SQL */
	bool look;              /**< only to find rows that are in the way */
	bool replica;      /**< no ordinary trigger, rule or foreign key acts */
	bool adjust;       /**< definitions differ from what they have to be */
	struct map wholes; /**< rows without a key that were met, by ctid */
	bool only_rows;    /**< no definition comes back */
	struct map relations; /**< as they were read, if only_rows; by name */
	struct map made_of;   /**< oids of types that are set aside */
	struct map wanted;    /**< path -> object, as the schema has to be */
	struct schema live;   /**< as it is, read again; if `inspected` */
	bool inspected, renamed;
	struct buf drops_late, drops_last; /**< once tables are filled */
	size_t n_types;                    /**< set aside */
	struct restore_pg_state *states;   /**< by sequence of the manifest */
	struct restore_pg_view *views; /**< materialized ones, to be filled */
	size_t n_views, cap_views;
	struct line_writer park;
	struct manifest park_manifest;
	size_t n_park_files;
	struct arena arena;
};

/* restore_pg_query.c */

/** Statements made as by printf; an error says which. */
MUST_USE struct err *restore_pg_exec(struct restore_pg *r, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/** Drop the temporary table, if it is there, and make it with these columns and
 * options; NULL = only drop it. See target_pg_own(). */
MUST_USE struct err *restore_pg_temporary(struct restore_pg *r,
					  const char *name,
					  const char *definition);

/** The first cell of a question that is asked once, as a number. */
MUST_USE struct err *restore_pg_count(struct restore_pg *r, int64_t *out,
				      const char *fmt, ...) PRINTF_LIKE(3, 4);

/** Rows of a question that is asked once. */
MUST_USE struct err *restore_pg_ask(struct restore_pg *r, pg_row_fn row,
				    void *payload, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/** Run something that may be refused: undone and *refused set when the
 * server's error has one of the SQLSTATEs (a list, "23505 23P01"; NULL = any),
 * which is then freed unless `why` takes it. */
MUST_USE struct err *restore_pg_try(struct restore_pg *r, const char *sql,
				    const char *codes, bool *refused,
				    struct err **why);

/**
 * Functions of generated columns, checks and indexes may name things as the
 * session's own search_path finds them: it counts while rows are written. An
 * error leaves it so: what is undone then takes it along.
 */
MUST_USE struct err *restore_pg_own_path(struct restore_pg *r, bool on);

/** A column as the database has it. */
struct restore_pg_column {
	const char *name;
	const char *type; /**< ready for a cast */
	bool builtin;     /**< a type that no migration changes */
	bool generated;
	bool not_null;
	const char *default_sql; /**< NULL = none */
	bool key;
	bool unique; /**< by itself */
};

/** A table as it is now, in the arena. */
struct restore_pg_relation {
	const char *name;
	char kind; /**< pg_class.relkind; 0 = there is none */
	struct restore_pg_column *columns;
	size_t n_columns;
	const char **keys; /**< columns of its key, in its order */
	size_t n_keys;
	bool int_key;
};
MUST_USE struct err *restore_pg_relation(struct restore_pg *r, const char *name,
					 struct restore_pg_relation *out);

/** The column of that name, or NULL. */
const struct restore_pg_column *restore_pg_column(
	const struct restore_pg_relation *rel, const char *name);

/** Name now of a column (or key) of the table before the migration; NULL =
 * it has none. */
const char *restore_pg_column_now(const struct restore_pg *r,
				  const struct restore_pg_table *t,
				  const char *before);

/* restore_pg_lines.c */

/** A field of a line: a value as COPY prints it behind a quote, or one of the
 * marks of docs/snapshots.md. Borrowed from its line. */
struct restore_pg_field {
	const char *s;
	size_t len;
};

struct restore_pg_line {
	char op;         /**< enum row_op; 0 = the end */
	uint64_t number; /**< in the file, from 0 */
	struct restore_pg_field *keys;
	struct restore_pg_field *old; /**< of each column; of '+' the digest
					   or value that came */
	struct restore_pg_field *now; /**< s NULL = not changed */
};

/** A table's lines, read one by one, without what was settled otherwise. */
struct restore_pg_lines {
	struct line_reader reader;
	const struct restore_pg_table *of;
	const struct manifest_table *table;
	struct restore_pg_line line;
	struct restore_pg_field *fields;
	bool any; /**< there is a file */
	uint64_t next;
	struct settle_cursor cursor;
};
MUST_USE struct err *restore_pg_lines_open(struct restore_pg_lines *l,
					   struct restore_pg *r,
					   const struct restore_pg_table *t);
void restore_pg_lines_close(struct restore_pg_lines *l);
MUST_USE struct err *restore_pg_lines_next(struct restore_pg_lines *l);

/** Append the names before of a line's fields: keys, then columns. */
void restore_pg_add_fields(struct buf *out, const struct manifest_table *t);

/** The field of a line stands for this value (a snapshot's field). */
bool restore_pg_matches(const struct restore_pg_field *field,
			const struct restore_pg_field *now);

/** XXH3 of a snapshot's field. */
uint64_t restore_pg_digest(const struct restore_pg_field *f);

/** Append "=" and the short digest of a snapshot's field. */
void restore_pg_add_same(struct buf *out, const struct restore_pg_field *f);

/** A line of COPY as fields of a snapshot. */
struct restore_pg_row {
	struct buf text;
	struct restore_pg_field *fields;
	size_t n, cap;
};
void restore_pg_row_release(struct restore_pg_row *row);
void restore_pg_row_cut(struct restore_pg_row *row, const char *line,
			size_t len);

/* restore_pg_plan.c */
MUST_USE struct err *restore_pg_plan(struct restore_pg *r);

/* restore_pg_load.c: lines into a temporary table */

/** Columns of a line in one number. */
#define RESTORE_PG_MASK_BITS 62

/** Columns of it: n, op, k0.., m0.. (bits of changed columns), o0.. (old
 * values of '~'), and without keys w0.. (new ones). Values of '-' are not in
 * it where there are keys: they are copied from the lines. */
MUST_USE struct err *restore_pg_load(struct restore_pg *r,
				     struct restore_pg_table *t);

/** Append "l.m0 & 4 <> 0": the line changed column i. */
void restore_pg_add_changed(struct buf *out, size_t i);

/** Append "t.id = l.k0 AND ...", in the table's form now. */
void restore_pg_add_join(struct buf *out, const struct restore_pg *r,
			 const struct restore_pg_table *t,
			 const struct restore_pg_relation *rel);

/* restore_pg_literal.c: values as SQL has them, in the arena */
bool restore_pg_is_number(const struct restore_pg_column *col);

/** A field as a literal; NULL where it is only a digest.
 * @param number of a type whose values need no quotes */
const char *restore_pg_literal(struct restore_pg *r,
			       const struct restore_pg_field *f, bool number);

/** Columns that name a row. */
struct restore_pg_keys {
	const char **names;
	bool *number;
	size_t n;
	bool whole; /**< it has no key: all it holds; one field more, its
			 ctid, tells whether it was met before */
};

/** Those of a table's lines, in its form now. */
void restore_pg_names_of_keys(struct restore_pg *r,
			      const struct restore_pg_table *t,
			      const struct restore_pg_relation *rel,
			      struct restore_pg_keys *out);

/** "id = 5"; NULL = nothing names a row. */
const char *restore_pg_key_text(struct restore_pg *r,
				const struct restore_pg_keys *keys,
				const struct restore_pg_field *values);

/* restore_pg_judge.c: a line and the row that has its key */
struct restore_pg_judge {
	struct restore_pg *r;
	struct restore_pg_table *t;
	struct restore_pg_keys keys;
	/* by column of the lines */
	const bool *known; /**< it is there now */
	bool *unique;      /**< by itself */
	bool *retyped;     /**< another type comes back */
	bool *number;
};
MUST_USE struct err *restore_pg_judge_open(
	struct restore_pg_judge *j, struct restore_pg *r,
	struct restore_pg_table *t, const struct restore_pg_relation *rel,
	const bool *known);

/** Settle the line, or report its conflict. row NULL = there is none. */
void restore_pg_judge(struct restore_pg_judge *j,
		      const struct restore_pg_line *line,
		      const struct restore_pg_field *row);

/* restore_pg_settle.c: lines that do not go back as they are */

/** A line less that goes back. */
void restore_pg_count_out(struct restore_pg *r,
			  const struct restore_pg_table *t, char op);

/** What earlier attempts have settled about this table's lines. */
void restore_pg_recall(struct restore_pg *r, struct restore_pg_table *t);

/** Take what was settled to the temporary table of lines. */
MUST_USE struct err *restore_pg_settle(struct restore_pg *r,
				       struct restore_pg_table *t);

/** Delete the rows that make room; they are parked. */
MUST_USE struct err *restore_pg_evict(struct restore_pg *r);

/* restore_pg_aside.c: rows that have no place in what comes back */

/** Park and delete them, and what refers to them. */
MUST_USE struct err *restore_pg_set_aside(struct restore_pg *r);

/** Remember a row that has to go: its key's columns, by name now.
 * @return false: it is a conflict; see restore_set_aside() */
bool restore_pg_unfit(struct restore_pg *r, const struct restore_late *late,
		      const struct restore_pg_keys *keys,
		      const struct restore_pg_field *values, bool choosable);

/* restore_pg_late.c: what shows when rows are written */

/** Rows of later are in the way, which ones is not known: an attempt that
 * looks for them comes next; a conflict that nothing settles when that has
 * not found them. */
void restore_pg_late(struct restore_pg *r, const char *table, const char *what,
		     uint64_t rows);

/** Whether this attempt only looks; behind it. */
void restore_pg_look_begin(struct restore_pg *r);
MUST_USE struct err *restore_pg_look_end(struct restore_pg *r, struct err *err);

/** Remember the rows that go; drop what rows may break. */
MUST_USE struct err *restore_pg_look_rows(struct restore_pg *r);
MUST_USE struct err *restore_pg_look_open(struct restore_pg *r);

/* restore_pg_broken.c */

/**
 * The rows that a constraint cannot come back for: their conflicts.
 *
 * @param sql makes it; it failed with this SQLSTATE, and was undone
 */
MUST_USE struct err *restore_pg_find(struct restore_pg *r, const char *code,
				     const char *what, const char *table,
				     const char *sql);

/* restore_pg_check.c */
MUST_USE struct err *restore_pg_check(struct restore_pg *r);

/** Each line's row has the old values again. */
MUST_USE struct err *restore_pg_verify_keys(struct restore_pg *r,
					    struct restore_pg_table *t);

/** Rows that have the keys of these lines; the table has its old form. */
MUST_USE struct err *restore_pg_count_keys(struct restore_pg *r,
					   const struct restore_pg_table *t,
					   char op, int64_t *rows);

/* restore_pg_verify.c */
MUST_USE struct err *restore_pg_verify(struct restore_pg *r);

/* restore_pg_bag.c: tables without a key, by content */
MUST_USE struct err *restore_pg_bag_check(struct restore_pg *r,
					  struct restore_pg_table *t);
MUST_USE struct err *restore_pg_bag_rows(struct restore_pg *r,
					 const struct restore_pg_table *t);

/** Append a join of rows `t` with the lines `l` that put them there. */
void restore_pg_bag_add_lines(struct buf *out, const struct restore_pg_table *t,
			      const struct restore_pg_relation *rel);

/** Our temporary table of each line with the row that it is about, or one that
 * holds the same: git_migrate_at is its ctid. */
MUST_USE struct err *restore_pg_bag_pairs(struct restore_pg *r,
					  const struct restore_pg_table *t,
					  const struct restore_pg_relation *rel,
					  bool after, const char **pairs);

/* restore_pg_rows.c: rows where they are */
MUST_USE struct err *restore_pg_rows(struct restore_pg *r,
				     const struct restore_pg_table *t);

/* restore_pg_fill.c: tables made anew */
MUST_USE struct err *restore_pg_fill(struct restore_pg *r,
				     const struct restore_pg_table *t);

/** Copy the lines of '-' into the table in its old form. */
MUST_USE struct err *restore_pg_copy(struct restore_pg *r,
				     const struct restore_pg_table *t);

/* restore_pg_cast.c: values of later, as the old type */

/** SQLSTATEs of those that do not become it. */
extern const char restore_pg_cast_codes[];

/** Append "t.n::integer": the value of column `from`, for column `col`. */
MUST_USE struct err *restore_pg_add_cast(struct buf *out, struct restore_pg *r,
					 const struct restore_pg_column *col,
					 const struct restore_pg_column *from);

/** Report the rows whose values do not become it.
 * @param from of the statement that fills the table, with its WHERE */
MUST_USE struct err *restore_pg_find_casts(
	struct restore_pg *r, const struct restore_pg_table *t,
	const struct restore_pg_relation *rel,
	const struct restore_pg_relation *aside, const char *from);

/** Columns that name a row of a table that stands aside. */
void restore_pg_keys_of_aside(struct restore_pg *r,
			      const struct restore_pg_table *t,
			      const struct restore_pg_relation *aside,
			      struct restore_pg_keys *out);

/* restore_pg_misfit.c: rows that a table made anew does not take */

/** How it is filled: INSERT INTO into (columns) SELECT values FROM from. */
struct restore_pg_filling {
	const struct restore_pg_table *t;
	const struct restore_pg_relation *rel, *aside;
	const char *columns, *values, *from; /**< values: v0, v1... */
	const char *missing;                 /**< "v1 IS NULL OR ...", or "" */
};

/** Report them, whatever it is that they break. */
MUST_USE struct err *restore_pg_find_misfits(
	struct restore_pg *r, const struct restore_pg_filling *f);

/* restore_pg_keys.c: foreign keys that nothing enforces meanwhile */
MUST_USE struct err *restore_pg_keys_before(struct restore_pg *r);
MUST_USE struct err *restore_pg_keys_after(struct restore_pg *r);

/** Rows of this table that refer to nothing, by keys that are not valid. */
MUST_USE struct err *restore_pg_orphans(struct restore_pg *r, const char *table,
					int64_t *out);

/* restore_pg_blame.c: statements that rows of later stand in the way of */

/** SQLSTATEs of that, for restore_pg_try(). */
extern const char restore_pg_row_codes[];

/** The brackets behind a word outside of quotes, without them; NULL = none. */
const char *restore_pg_brackets(struct arena *a, const char *sql,
				const char *word);

/** The conflict that an error is, or NULL. */
const char *restore_pg_cause(const struct err *err);

/** Add the conflict, with its rows, and free the error; or return it.
 * @param sql the statement, which was undone; NULL = rows cannot be told */
MUST_USE struct err *restore_pg_blame(struct restore_pg *r, struct err *err,
				      const char *table, const char *sql);

/* restore_pg_quiet.c: nothing fires, nobody else writes */
MUST_USE struct err *restore_pg_quiet(struct restore_pg *r);
MUST_USE struct err *restore_pg_loud(struct restore_pg *r);

/** Triggers and rules of one table, until restore_pg_loud(). */
MUST_USE struct err *restore_pg_disable(struct restore_pg *r,
					const char *table);

/** Row security that hides rows from the table's owner, off and on again. */
MUST_USE struct err *restore_pg_unhide(struct restore_pg *r, const char *table,
				       bool *hidden);
MUST_USE struct err *restore_pg_hide(struct restore_pg *r, const char *table);

/* restore_pg_park.c */
MUST_USE struct err *restore_pg_park(struct restore_pg *r);

/**
 * Whole rows that are set aside: those whose ctid our table `at` has.
 *
 * @param name of their table now
 * @param before and once the migration is taken back
 */
MUST_USE struct err *restore_pg_park_rows(struct restore_pg *r,
					  const char *name, const char *before,
					  const char *at);

/* restore_pg_sequence.c */

/** Where a sequence stands, as a part of the transaction. */
MUST_USE struct err *restore_pg_sequence_set(struct restore_pg *r,
					     const char *name, int64_t value,
					     bool called);

/** How far those that the migration moved are now. */
MUST_USE struct err *restore_pg_sequences_before(struct restore_pg *r);

/** Remember the identity sequences of a table that is made anew, and free
 * their names. */
MUST_USE struct err *restore_pg_sequences_keep(
	struct restore_pg *r, const struct restore_pg_table *t);
MUST_USE struct err *restore_pg_sequences(struct restore_pg *r);

/* restore_pg_rename.c */

/** What only has another name gets the old one. */
MUST_USE struct err *restore_pg_rename_back(struct restore_pg *r);

/** Behind the schema's name in "schema.name". */
const char *restore_pg_behind_schema(const char *name);

/* restore_pg_schema.c */

/** What stands in the way goes; tables have their old columns. */
MUST_USE struct err *restore_pg_schema_before(struct restore_pg *r);

/** With the rows in place: everything else. */
MUST_USE struct err *restore_pg_schema_after(struct restore_pg *r);

/* restore_pg_converge.c */

/** Read the schema again, into r->live. */
MUST_USE struct err *restore_pg_inspect(struct restore_pg *r);

/** Make what is missing, alter what differs, until nothing does. */
MUST_USE struct err *restore_pg_converge(struct restore_pg *r);

/** What tables and their columns may need. */
bool restore_pg_is_base(const struct schema_object *o);

/* restore_pg_ways.c */
MUST_USE struct err *restore_pg_ways(struct restore_pg *r);

/* restore_pg_drop.c */
MUST_USE struct err *restore_pg_drop_early(struct restore_pg *r,
					   const struct schema *s);
MUST_USE struct err *restore_pg_drop_late(struct restore_pg *r);

/** It can become `want` without being dropped. */
bool restore_pg_stays(struct restore_pg *r, const struct schema_object *o,
		      const struct schema_object *want);

/* restore_pg_adjust.c */

/** Make `o` of what is there; statements that have to come last are appended
 * to `last`. What cannot be altered is dropped, and missing then. */
MUST_USE struct err *restore_pg_adjust(struct restore_pg *r,
				       const struct schema_object *is,
				       const struct schema_object *o,
				       struct buf *last);
const char **restore_pg_statements(struct arena *a,
				   const struct schema_object *o, size_t *n);
/** What the server calls it: "view", "public.v"; NULL = it is not there. */
MUST_USE struct err *restore_pg_identify(struct restore_pg *r,
					 const struct schema *s,
					 const struct schema_object *o,
					 const char **type, const char **name);
bool restore_pg_is_replaceable(const struct schema_object *a,
			       const struct schema_object *b);

/** "DROP VIEW IF EXISTS public.v CASCADE"; NULL = it is not there. */
MUST_USE struct err *restore_pg_drop_sql(struct restore_pg *r,
					 const struct schema *s,
					 const struct schema_object *o,
					 const char **out);

/** Run it; one that belongs to another goes with that, or stays. */
MUST_USE struct err *restore_pg_drop(struct restore_pg *r, const char *sql);

/* restore_pg_follow.c: values of regclass for what is made anew */
MUST_USE struct err *restore_pg_numbers_note(struct restore_pg *r);

/** Old values of column i of a table's lines are written once all is back: they
 * may name what is not there before. */
bool restore_pg_is_late(const struct restore_pg_table *t, size_t i,
			const struct restore_pg_column *col);

/** ERR_REFUSED where a value cannot. */
MUST_USE struct err *restore_pg_numbers_follow(struct restore_pg *r);
void restore_pg_numbers_free(struct restore_pg *r);

/* restore_pg_attribute.c: what would be lost with such attributes */
MUST_USE struct err *restore_pg_attributes(struct restore_pg *r);

/* restore_pg_label.c: labels of enums, where rows are told by them */

/** ERR_REFUSED where that is inside of other values. */
MUST_USE struct err *restore_pg_labels_find(struct restore_pg *r);

/** The types have the old ones again: lines, too. */
MUST_USE struct err *restore_pg_labels_back(struct restore_pg *r);
void restore_pg_labels_free(struct restore_pg *r);

/* restore_pg_view.c: materialized views have the rows of their query */
MUST_USE struct err *restore_pg_views_before(struct restore_pg *r);

/** It was made anew. */
void restore_pg_view_made(struct restore_pg *r, const struct schema_object *o);
MUST_USE struct err *restore_pg_views_after(struct restore_pg *r);

#endif
