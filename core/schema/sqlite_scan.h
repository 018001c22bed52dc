#ifndef SCHEMA_SQLITE_SCAN_H
#define SCHEMA_SQLITE_SCAN_H

#include "schema/sqlite_text.h"

/*
 * Where the printer stands in a run of tokens; private to sqlite_text.c,
 * sqlite_role.c, sqlite_keyword.c and sqlite_alias.c.
 */

/** What the grammar wants next. */
enum scan_want {
	WANT_OPERAND,  /**< an expression or a statement starts here */
	WANT_NAME,     /**< a name, whatever its quotes */
	WANT_OPERATOR, /**< an operand has ended: what is no operator is an
			    alias */
};

/** One level of brackets. */
struct scan_level {
	enum sqlite_clause clause;
	bool into;       /**< INSERT INTO t: a list of names may follow */
	bool type;       /**< in CAST(... AS here) */
	bool named;      /**< names of its result columns can be seen outside */
	bool listed;     /**< the common table in hand has a list of names */
	bool aliased;    /**< the result column has an alias */
	unsigned cases;  /**< CASEs that wait for their END */
	size_t item;     /**< first token of the result column */
	size_t item_out; /**< where it starts in the output; SIZE_MAX = not yet
			      printed */
};

struct scan {
	const struct sqlite_text *p;
	const struct sqlite_word_token *t; /**< the token in hand */
	size_t at, from, to;
	enum scan_want want;
	enum sqlite_word word, word2; /**< the last two tokens, when they were
					   keywords; else W_NONE */
	bool glue;                    /**< no space before the next token */
	bool call;  /**< the last token is the name of a function */
	bool infix; /**< the last token is the NOT of NOT LIKE, NOT IN */
	bool minus; /**< the last token is a sign */
	struct scan_level *levels, *top;
	size_t n_levels, cap_levels;
	struct scan_level few[16];
};

/** The word in hand is a keyword there, not a name. */
bool scan_is_keyword(const struct scan *s);

/** The token in hand, when it is no keyword, is certainly a name. */
bool scan_is_certain(const struct scan *s);

/** It is a whole column of an index or key: (a, "b" COLLATE c DESC). */
bool scan_is_lone_term(const struct scan *s);

/** The keyword in hand is the FROM of IS [NOT] DISTINCT FROM. */
bool scan_is_distinct_from(const struct scan *s);

/** The keyword in hand starts a line of its own. */
bool scan_breaks_line(const struct scan *s);

/** What the grammar wants behind the keyword in hand. */
enum scan_want scan_want_after_keyword(const struct scan *s);

/** End of a result column before the token in hand: name it if needed. */
void scan_end_item(struct scan *s);

#endif
