#ifndef SNAPSHOT_PG_TABLE_H
#define SNAPSHOT_PG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "postgres/conn.h"
#include "snapshot/changelog.h"
#include "snapshot/pg_rows.h"

/*
 * A table as one of the connections sees it now, and in what order its rows
 * are read. Names are quoted, ready for SQL.
 */
struct pg_column {
	char *name;
	int number;    /**< pg_attribute.attnum: stays when it is renamed */
	unsigned type; /**< oid */
	char *type_name;
	bool fixed; /**< every value takes the same space on disk */
	bool generated;
	bool key; /**< part of the key */
};

struct pg_table {
	unsigned oid;
	char *name; /**< schema.table */
	char kind;  /**< pg_class.relkind: r p m v f S ... */
	bool temporary;
	unsigned long file;        /**< relfilenode: another one = rewritten */
	int64_t rows;              /**< at the last ANALYZE; 0, -1 = never */
	struct pg_column *columns; /**< by number, dropped ones left out */
	size_t n_columns;
	int keys[32]; /**< indexes into columns, in the key's order */
	size_t n_keys;
};

/**
 * @param out found = false (oid 0) when this connection sees no such relation,
 *            or it is not the user's (catalogs, the journal's schema)
 */
MUST_USE struct err *pg_table_read(struct pg_conn *c, const char *journal,
				   unsigned oid, struct pg_table *out);
void pg_table_release(struct pg_table *t);

/** Why a table cannot be read or written while nothing is found by its name
 * alone. Consumes e; NULL stays NULL. */
MUST_USE struct err *pg_table_blame(struct err *e);

/** The column of that number, or NULL. */
const struct pg_column *pg_table_column(const struct pg_table *t, int number);

/** The key is one integer: rows are ordered by number, not by bytes. */
bool pg_table_has_int_key(const struct pg_table *t);

/**
 * Append the expressions of the ORDER BY that gives rows in the order of
 * change_key: an integer by number, others by the bytes of their text.
 *
 * @param as names are of this table (the same one as another connection sees
 *           it); columns are matched by number
 */
void pg_table_add_order(struct buf *out, const struct pg_table *t,
			const struct pg_table *as);

/** The key's fields as one that orders like that; bytes go to `text`. */
void pg_table_key(const struct pg_table *t, const struct pg_field *fields,
		  struct buf *text, struct change_key *out);

/** Append the key's fields, each followed by a tab. */
void pg_table_add_key(struct buf *out, const struct pg_table *t,
		      const struct change_key *key);

/** What order keys have; 0 = the same. */
int pg_key_compare(const struct change_key *a, const struct change_key *b);

/** What a statement that names a table reaches; names as catalogs have them. */
struct pg_table_family {
	const char *schema; /**< NULL = by search_path */
	const char *table;
	bool only;     /**< not its children */
	bool referrer; /**< TRUNCATE ... CASCADE: those that refer to it, too */
};

/** The beginning of a question about them: their oids are r (oid). */
#define PG_TABLE_FAMILY                                                  \
	"WITH RECURSIVE r (oid) AS ("                                    \
	"SELECT to_regclass($1)::oid WHERE to_regclass($1) IS NOT NULL " \
	"UNION SELECT x.oid FROM r, LATERAL ("                           \
	"SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits i "        \
	"WHERE i.inhparent = r.oid AND $2::boolean "                     \
	"UNION ALL SELECT f.conrelid FROM pg_catalog.pg_constraint f "   \
	"WHERE f.confrelid = r.oid AND f.contype = 'f' AND $3::boolean) x) "

/** Ask it. */
MUST_USE struct err *pg_table_family(struct pg_conn *c, const char *sql,
				     const struct pg_table_family *family,
				     pg_row_fn row, void *payload);

#endif
