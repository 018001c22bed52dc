#ifndef SQL_PG_LEXER_H
#define SQL_PG_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * PostgreSQL's tokens, as src/backend/parser/scan.l cuts them. Written here
 * and not taken from libpg_query, whose scanner wants the whole text to be
 * SQL of its own version: inline COPY data and psql commands are none, 0x1F
 * and 1_000 came later, and unlike the server it ends a string at a comment
 * behind which it goes on. The unit tests hold the two side by side.
 *
 * Where versions differ, the newest is followed; that moves no boundary of a
 * statement.
 */
enum pg_token_kind {
	PG_TK_END,     /**< end of text */
	PG_TK_SPACE,   /**< a run */
	PG_TK_COMMENT, /**< to the end of the line, or nested */
	PG_TK_WORD,    /**< keyword or bare name */
	PG_TK_NAME,    /**< "x", U&"x" */
	PG_TK_STRING,  /**< 'x', E'x', B'x', X'x', N'x', U&'x', and with what
			    continues it on a later line */
	PG_TK_DOLLAR,  /**< $$x$$, $a$x$a$ */
	PG_TK_NUMBER,  /**< 1, 1.5e3, 0x1f, and letters stuck to it */
	PG_TK_PARAM,   /**< $1 */
	PG_TK_SEMICOLON,
	PG_TK_OPERATOR, /**< || <= :: and single characters: ( ) , . */
	PG_TK_BACKSLASH, /**< outside of quotes: what psql, not the server reads */
	PG_TK_ILLEGAL, /**< see pg_token_unterminated(); or a stray byte */
};

struct pg_token {
	enum pg_token_kind kind;
	const char *text; /**< into the caller's text */
	size_t len;       /**< 0 for PG_TK_END only */
};

struct pg_lexer {
	const char *pos, *end;
	/** A backslash escapes in '...': standard_conforming_strings is off. */
	bool escapes;
};

/**
 * @param text borrowed; NULL is fine when len is 0
 */
void pg_lexer_init(struct pg_lexer *l, const char *text, size_t len);

/** Every token, space and comments too; joined they are the text again. */
struct pg_token pg_lexer_next(struct pg_lexer *l);

/** The next token that is neither space nor comment. */
struct pg_token pg_lexer_next_solid(struct pg_lexer *l);

/** A backslash escapes in the string that starts here, with its prefix. */
bool pg_lexer_escapes(const struct pg_lexer *l, const char *string);

/** The token is this keyword (lower case) in any ASCII case, unquoted. */
bool pg_token_is(const struct pg_token *t, const char *keyword);

/** The token is this operator. */
bool pg_token_is_op(const struct pg_token *t, const char *op);

/** A WORD or NAME that begins with a byte order mark in UTF-8. */
bool pg_token_has_mark(const struct pg_token *t);

/** Two words are equal but for the case of ASCII letters. */
bool pg_same_word(const char *a, const char *b);

/**
 * What is not ended in an ILLEGAL token: "string", "quoted name", "comment",
 * "dollar quote"; NULL when it is something else.
 */
const char *pg_token_unterminated(const struct pg_token *t);

/**
 * The name that a WORD or NAME token stands for, as the server's catalogs have
 * it: a bare one in lower case (ASCII), quotes and the default escapes of U&""
 * resolved, cut to 63 bytes. In arena memory; NULL for any other token.
 */
const char *pg_token_name(const struct pg_token *t, struct arena *a);

/** What a STRING or DOLLAR token says, or NULL. Escapes are not resolved. */
const char *pg_token_value(const struct pg_token *t, struct arena *a);

/**
 * The word (lower case) is a keyword of PostgreSQL 15 to 18, reserved or not.
 */
bool pg_is_keyword(const char *word, size_t len);

#endif
