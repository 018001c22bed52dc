#ifndef SCHEMA_SQLITE_TABLE_H
#define SCHEMA_SQLITE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "schema/sqlite_words.h"

/*
 * A CREATE TABLE taken apart, by the grammar of src/parse.y (create_table):
 * columns with their types and constraints, table constraints, options.
 * Everything is an index into the tokens.
 */

/** In the order in which the constraints of a column are printed. */
enum sqlite_rule_kind {
	RULE_PRIMARY_KEY,
	RULE_NOT_NULL,
	RULE_UNIQUE,
	RULE_DEFAULT,
	RULE_CHECK,
	RULE_COLLATE,
	RULE_REFERENCES, /**< with the DEFERRABLE behind it */
	RULE_GENERATED,
	RULE_NULL,  /**< says nothing */
	RULE_DEFER, /**< a DEFERRABLE on its own, for an earlier REFERENCES */
	RULE_NAME,  /**< a CONSTRAINT x on its own */
	RULE_FOREIGN_KEY, /**< of tables only */
};

/** One constraint of a column or of the table. */
struct sqlite_rule {
	enum sqlite_rule_kind kind;
	size_t name;     /**< token of its CONSTRAINT name, 0 = none */
	size_t from, to; /**< its tokens, without CONSTRAINT name */
};

struct sqlite_column {
	size_t name;               /**< token */
	size_t type_from, type_to; /**< empty when it has no type */
	size_t rules, n_rules;     /**< into the table's rules */
	bool keep_order; /**< the order of its rules may have a meaning */
};

struct sqlite_table {
	struct sqlite_words words;
	size_t name; /**< token */
	struct sqlite_column *columns;
	size_t n, cap;
	struct sqlite_rule *rules; /**< of columns first, then the table's */
	size_t n_rules, cap_rules;
	size_t table_rules; /**< the first one of the table */
	bool strict, without_rowid;
};

/**
 * Take a CREATE TABLE apart. The text is borrowed by the tokens.
 *
 * @return false for anything else: virtual tables, CREATE TABLE AS, damaged
 *         text; t is to be released in any case
 */
bool sqlite_table_parse(struct sqlite_table *t, const char *sql, size_t len);
void sqlite_table_release(struct sqlite_table *t);

#endif
