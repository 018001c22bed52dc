#ifndef SCHEMA_SQLITE_TEXT_H
#define SCHEMA_SQLITE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "schema/sqlite_words.h"

/*
 * Prints a run of tokens (an expression, a list, a SELECT, a statement of a
 * trigger) canonically: one space between tokens, keywords upper case, names
 * with the quotes they need. Not a parser: what SQLite accepted goes in, and
 * the only questions are whether a word is a keyword or a name there, and
 * whether "x" is certainly a name. Where SQLite could read "x" as a string
 * (https://sqlite.org/quirks.html#dblquote) it stays as it was written.
 */

/** What commas and words mean at one level of brackets. */
enum sqlite_clause {
	CLAUSE_EXPR,   /**< expressions, or statements */
	CLAUSE_RESULT, /**< behind SELECT: result columns with aliases */
	CLAUSE_FROM,   /**< tables and joins */
	CLAUSE_SET,    /**< UPDATE ... SET */
	CLAUSE_NAMES,  /**< names only: INSERT INTO t (...), USING (...) */
	CLAUSE_TERMS,  /**< columns of an index or key: a lone word is a name */
	CLAUSE_CAST,   /**< behind CAST: AS starts a type */
	CLAUSE_RAISE,  /**< behind RAISE: starts with a keyword */
	CLAUSE_WITH,   /**< common tables, or WINDOW definitions */
};

struct sqlite_text {
	struct buf *out;
	const struct sqlite_words *words;
	/**
	 * Columns of the one table that the expression is about,
	 * NULL-terminated; with them every "x" is decided. NULL = not known.
	 */
	const char *const *columns;
	/**
	 * Break the line before each main clause, and indent it by this; NULL
	 * = one line.
	 */
	const char *indent;
	/** Give result columns that SQLite names by their text that name,
	 * where it can be seen: in a view's own columns, ... */
	bool name_results;
	/** ... and in those of tables inside a view. */
	bool name_inner;
	/** "main." in front of a table says nothing: leave it out. */
	bool strip_main;
};

/**
 * Print tokens [from, to), brackets paired.
 *
 * @return false when the run cannot be right (a semicolon in it); the text
 *         is then of no use
 */
bool sqlite_text_print(const struct sqlite_text *p, enum sqlite_clause clause,
		       size_t from, size_t to);

/** Words of a type, and its length: VARCHAR(10), DECIMAL(10, 2). */
void sqlite_text_type(const struct sqlite_text *p, size_t from, size_t to);

/** The name is one of p->columns. */
bool sqlite_text_has_column(const struct sqlite_text *p, size_t token);

#endif
