#ifndef SQL_SQLITE_LEXER_H
#define SQL_SQLITE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * SQLite's tokens, as src/tokenize.c of SQLite 3.40 cuts them. Used by the
 * splitter, the normal form and the canonical printer of schemas.
 */
enum sqlite_token_kind {
	SQLITE_TK_END, /**< end of text */
	SQLITE_TK_SPACE,
	SQLITE_TK_COMMENT,
	SQLITE_TK_WORD,     /**< keyword or bare name */
	SQLITE_TK_NAME,     /**< "x", `x`, [x] */
	SQLITE_TK_STRING,   /**< 'x' */
	SQLITE_TK_BLOB,     /**< x'00' */
	SQLITE_TK_NUMBER,   /**< 1, 1.5e3, 0x1f */
	SQLITE_TK_VARIABLE, /**< ?1 :a @a $a */
	SQLITE_TK_SEMICOLON,
	SQLITE_TK_OPERATOR, /**< everything else, longest match: ||, <=, ->> */
	SQLITE_TK_ILLEGAL,  /**< unterminated quote, bad blob, stray byte */
};

struct sqlite_token {
	enum sqlite_token_kind kind;
	const char *text; /**< into the caller's text */
	size_t len;
};

struct sqlite_lexer {
	const char *pos, *end;
};

void sqlite_lexer_init(struct sqlite_lexer *l, const char *text, size_t len);

/** Every token, space and comments too; joined they are the text again. */
struct sqlite_token sqlite_lexer_next(struct sqlite_lexer *l);

/** The next token that is neither space nor comment. */
struct sqlite_token sqlite_lexer_next_solid(struct sqlite_lexer *l);

/** The token is this keyword (ASCII, no case) and not quoted. */
bool sqlite_token_is(const struct sqlite_token *t, const char *keyword);

/** The name that a WORD, NAME or STRING token stands for, quotes resolved. */
const char *sqlite_token_name(const struct sqlite_token *t, struct arena *a);

#endif
