#ifndef EFFECTS_PG_TREE_H
#define EFFECTS_PG_TREE_H

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>

/*
 * libpg_query's parser, which must not be asked everything: it overflows the
 * stack on what is nested deeply, and asserts on some input of PL/pgSQL.
 */
struct pe_tree {
	PgQuery__ParseResult *result; /**< NULL: see error */
	char *error;                  /**< owned */
};

/** False with an error: no SQL, or nested too deep. Release either way. */
bool pe_tree_parse(struct pe_tree *tree, const char *sql);
void pe_tree_release(struct pe_tree *tree);

/** The JSON of CREATE FUNCTION or DO with that body, in LANGUAGE plpgsql; to be
 * freed. NULL with an error. */
char *pe_tree_plpgsql(const char *sql, const char *body, char **error);

/** Nothing in the text is nested deeper than the parser can bear. */
bool pe_tree_is_shallow(const char *sql);

#endif
