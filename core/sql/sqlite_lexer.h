#ifndef SQL_SQLITE_LEXER_H
#define SQL_SQLITE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * SQLite's tokens, as src/tokenize.c of SQLite 3.40 cuts them. Used by the
 * splitter, the normal form and the canonical printer of schemas. One
 * difference: the text has a length, so that a NUL byte is one illegal token
 * and not the end; a quote or comment that it cuts short ends before it.
 */
enum sqlite_token_kind {
	SQLITE_TK_END,   /**< end of text */
	SQLITE_TK_SPACE, /**< also a byte order mark between tokens */
	SQLITE_TK_COMMENT,
	SQLITE_TK_WORD,     /**< keyword or bare name */
	SQLITE_TK_NAME,     /**< "x", `x`, [x] */
	SQLITE_TK_STRING,   /**< 'x' */
	SQLITE_TK_BLOB,     /**< x'00' */
	SQLITE_TK_NUMBER,   /**< 1, 1.5e3, 0x1f */
	SQLITE_TK_VARIABLE, /**< ?1 :a @a $a $a::b(c) */
	SQLITE_TK_SEMICOLON,
	SQLITE_TK_OPERATOR, /**< everything else, longest match: ||, <=, ->> */
	SQLITE_TK_ILLEGAL,  /**< unterminated quote, bad blob, stray byte */
};

struct sqlite_token {
	enum sqlite_token_kind kind;
	const char *text; /**< into the caller's text */
	size_t len;       /**< 0 for SQLITE_TK_END only */
};

struct sqlite_lexer {
	const char *pos, *end;
};

/** @param text borrowed; NULL is fine when len is 0 */
void sqlite_lexer_init(struct sqlite_lexer *l, const char *text, size_t len);

/** Every token, space and comments too; joined they are the text again. */
struct sqlite_token sqlite_lexer_next(struct sqlite_lexer *l);

/** The next token that is neither space nor comment. */
struct sqlite_token sqlite_lexer_next_solid(struct sqlite_lexer *l);

/** The token is this keyword (ASCII, no case) and not quoted. */
bool sqlite_token_is(const struct sqlite_token *t, const char *keyword);

/** The token is this operator. */
bool sqlite_token_is_op(const struct sqlite_token *t, const char *op);

/** An ILLEGAL token that is a string, name or blob without its end. */
bool sqlite_token_is_unterminated(const struct sqlite_token *t);

/**
 * The name that a WORD, NAME or STRING token stands for, quotes resolved and
 * case kept, in arena memory; NULL for a token that cannot be a name.
 */
const char *sqlite_token_name(const struct sqlite_token *t, struct arena *a);

/**
 * The word is one of SQLite 3.40's keywords in any ASCII case, those that may
 * also be names (KEY, ROW, ...) included: sqlite3_keyword_check().
 */
bool sqlite_is_keyword(const char *word, size_t len);

#endif
