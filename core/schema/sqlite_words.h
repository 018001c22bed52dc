#ifndef SCHEMA_SQLITE_WORDS_H
#define SCHEMA_SQLITE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sql/sqlite_lexer.h"

/*
 * A text's solid tokens as an array, each keyword known by number, so that
 * the parser and the printer look ahead and compare without reading bytes.
 *
 * The keywords are SQLite 3.40's (tool/mkkeywordhash.c), and TRUE and FALSE.
 * Our own list and not sqlite3_keyword_check(): what is printed must not
 * depend on the library that is linked. When a keyword may be a bare name
 * (%fallback in src/parse.y):
 *
 *   NEVER  always a keyword
 *   MAYBE  a name wherever the keyword would be no syntax; also in a type
 *   JOINS  a name, not in a type: LEFT, CROSS, ...
 *   SOME   INDEXED, a name but not in a type
 */
/* clang-format off */
#define SQLITE_WORDS(X) \
	X(ABORT, MAYBE) \
	X(ACTION, MAYBE) \
	X(ADD, NEVER) \
	X(AFTER, MAYBE) \
	X(ALL, NEVER) \
	X(ALTER, NEVER) \
	X(ALWAYS, MAYBE) \
	X(ANALYZE, MAYBE) \
	X(AND, NEVER) \
	X(AS, NEVER) \
	X(ASC, MAYBE) \
	X(ATTACH, MAYBE) \
	X(AUTOINCREMENT, NEVER) \
	X(BEFORE, MAYBE) \
	X(BEGIN, MAYBE) \
	X(BETWEEN, NEVER) \
	X(BY, MAYBE) \
	X(CASCADE, MAYBE) \
	X(CASE, NEVER) \
	X(CAST, MAYBE) \
	X(CHECK, NEVER) \
	X(COLLATE, NEVER) \
	X(COLUMN, MAYBE) \
	X(COMMIT, NEVER) \
	X(CONFLICT, MAYBE) \
	X(CONSTRAINT, NEVER) \
	X(CREATE, NEVER) \
	X(CROSS, JOINS) \
	X(CURRENT, MAYBE) \
	X(CURRENT_DATE, MAYBE) \
	X(CURRENT_TIME, MAYBE) \
	X(CURRENT_TIMESTAMP, MAYBE) \
	X(DATABASE, MAYBE) \
	X(DEFAULT, NEVER) \
	X(DEFERRABLE, NEVER) \
	X(DEFERRED, MAYBE) \
	X(DELETE, NEVER) \
	X(DESC, MAYBE) \
	X(DETACH, MAYBE) \
	X(DISTINCT, NEVER) \
	X(DO, MAYBE) \
	X(DROP, NEVER) \
	X(EACH, MAYBE) \
	X(ELSE, NEVER) \
	X(END, MAYBE) \
	X(ESCAPE, NEVER) \
	X(EXCEPT, NEVER) \
	X(EXCLUDE, MAYBE) \
	X(EXCLUSIVE, MAYBE) \
	X(EXISTS, NEVER) \
	X(EXPLAIN, MAYBE) \
	X(FAIL, MAYBE) \
	X(FALSE, MAYBE) \
	X(FILTER, MAYBE) \
	X(FIRST, MAYBE) \
	X(FOLLOWING, MAYBE) \
	X(FOR, MAYBE) \
	X(FOREIGN, NEVER) \
	X(FROM, NEVER) \
	X(FULL, JOINS) \
	X(GENERATED, MAYBE) \
	X(GLOB, MAYBE) \
	X(GROUP, NEVER) \
	X(GROUPS, MAYBE) \
	X(HAVING, NEVER) \
	X(IF, MAYBE) \
	X(IGNORE, MAYBE) \
	X(IMMEDIATE, MAYBE) \
	X(IN, NEVER) \
	X(INDEX, NEVER) \
	X(INDEXED, SOME) \
	X(INITIALLY, MAYBE) \
	X(INNER, JOINS) \
	X(INSERT, NEVER) \
	X(INSTEAD, MAYBE) \
	X(INTERSECT, NEVER) \
	X(INTO, NEVER) \
	X(IS, NEVER) \
	X(ISNULL, NEVER) \
	X(JOIN, NEVER) \
	X(KEY, MAYBE) \
	X(LAST, MAYBE) \
	X(LEFT, JOINS) \
	X(LIKE, MAYBE) \
	X(LIMIT, NEVER) \
	X(MATCH, MAYBE) \
	X(MATERIALIZED, MAYBE) \
	X(NATURAL, JOINS) \
	X(NO, MAYBE) \
	X(NOT, NEVER) \
	X(NOTHING, NEVER) \
	X(NOTNULL, NEVER) \
	X(NULL, NEVER) \
	X(NULLS, MAYBE) \
	X(OF, MAYBE) \
	X(OFFSET, MAYBE) \
	X(ON, NEVER) \
	X(OR, NEVER) \
	X(ORDER, NEVER) \
	X(OTHERS, MAYBE) \
	X(OUTER, JOINS) \
	X(OVER, MAYBE) \
	X(PARTITION, MAYBE) \
	X(PLAN, MAYBE) \
	X(PRAGMA, MAYBE) \
	X(PRECEDING, MAYBE) \
	X(PRIMARY, NEVER) \
	X(QUERY, MAYBE) \
	X(RAISE, MAYBE) \
	X(RANGE, MAYBE) \
	X(RECURSIVE, MAYBE) \
	X(REFERENCES, NEVER) \
	X(REGEXP, MAYBE) \
	X(REINDEX, MAYBE) \
	X(RELEASE, MAYBE) \
	X(RENAME, MAYBE) \
	X(REPLACE, MAYBE) \
	X(RESTRICT, MAYBE) \
	X(RETURNING, NEVER) \
	X(RIGHT, JOINS) \
	X(ROLLBACK, MAYBE) \
	X(ROW, MAYBE) \
	X(ROWS, MAYBE) \
	X(SAVEPOINT, MAYBE) \
	X(SELECT, NEVER) \
	X(SET, NEVER) \
	X(TABLE, NEVER) \
	X(TEMP, MAYBE) \
	X(TEMPORARY, MAYBE) \
	X(THEN, NEVER) \
	X(TIES, MAYBE) \
	X(TO, NEVER) \
	X(TRANSACTION, NEVER) \
	X(TRIGGER, MAYBE) \
	X(TRUE, MAYBE) \
	X(UNBOUNDED, MAYBE) \
	X(UNION, NEVER) \
	X(UNIQUE, NEVER) \
	X(UPDATE, NEVER) \
	X(USING, NEVER) \
	X(VACUUM, MAYBE) \
	X(VALUES, NEVER) \
	X(VIEW, MAYBE) \
	X(VIRTUAL, MAYBE) \
	X(WHEN, NEVER) \
	X(WHERE, NEVER) \
	X(WINDOW, MAYBE) \
	X(WITH, MAYBE) \
	X(WITHOUT, MAYBE)
/* clang-format on */

#define SQLITE_WORD_ENUM(word, kind) W_##word,
enum sqlite_word {
	W_NONE, /**< not a keyword, or not a bare word */
	SQLITE_WORDS(SQLITE_WORD_ENUM) W_COUNT
};

struct sqlite_word_token {
	const char *text; /**< into the text that was read */
	size_t len;
	enum sqlite_token_kind kind;
	enum sqlite_word word;
	char op;     /**< an operator of one byte, else 0 */
	size_t pair; /**< of an opening bracket: index of the closing one */
};

/** v[n], v[n + 1] and v[n + 2] are SQLITE_TK_END: look ahead freely. */
struct sqlite_words {
	struct sqlite_word_token *v;
	size_t n, cap;
};

/**
 * Cut a text. It is borrowed by the tokens.
 *
 * @return false when it has an illegal token, a variable, or brackets that do
 *         not pair; w is to be released in any case
 */
bool sqlite_words_read(struct sqlite_words *w, const char *sql, size_t len);
void sqlite_words_release(struct sqlite_words *w);

/** The keyword's number, W_NONE when it is none. */
enum sqlite_word sqlite_word_find(const char *s, size_t len);

/** "SELECT" */
const char *sqlite_word_text(enum sqlite_word w);

/** The keyword can never be a bare name. */
bool sqlite_word_is_reserved(enum sqlite_word w);

/** The token can be a name in parse.y's `nm`: any quoting, 'x' too. */
bool sqlite_word_token_is_name(const struct sqlite_word_token *t);

/** The token can be a word of a type's name (parse.y's `ids`). */
bool sqlite_word_token_is_type(const struct sqlite_word_token *t);

/** Index behind IF NOT EXISTS and "main.", if they stand at i. */
size_t sqlite_words_object(const struct sqlite_words *w, size_t i);

/**
 * Append a name: bare when it is [A-Za-z_][A-Za-z0-9_]* and no keyword, else
 * in double quotes.
 */
void sqlite_name_add(struct buf *out, const char *name, size_t len);

/** Append the name that a WORD, NAME or STRING token stands for. */
void sqlite_name_add_token(struct buf *out, const struct sqlite_word_token *t);

/** Append the string that SQLite sees in a NAME token: 'it''s'. */
void sqlite_string_add_token(struct buf *out,
			     const struct sqlite_word_token *t);

/** The token stands for this name; ASCII, no case. */
bool sqlite_name_is(const struct sqlite_word_token *t, const char *name);

#endif
