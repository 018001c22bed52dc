#ifndef SQL_PG_PARSER_H
#define SQL_PG_PARSER_H

#include "sql/dialect.h"
#include "sql/pg_lexer.h"

/*
 * Steps through the tokens of one PostgreSQL statement, for what its words
 * tell. A copy of the struct looks ahead. Inside this room only.
 */
struct pg_parser {
	struct pg_lexer lexer;
	struct pg_token t; /* the one to look at next */
	struct sql_statement *s;
	struct arena *arena;
};

void pg_advance(struct pg_parser *p);
bool pg_at(const struct pg_parser *p, const char *keyword);
bool pg_at_one_of(const struct pg_parser *p, const char *const *words,
		  size_t n);
bool pg_accept(struct pg_parser *p, const char *keyword);
bool pg_accept_op(struct pg_parser *p, const char *op);

/** All of these words, with one space between them, or none. */
bool pg_accept_words(struct pg_parser *p, const char *words);

bool pg_at_words(const struct pg_parser *p, const char *words);

/** The statement, all of it, ended by a NUL. */
const char *pg_text(const struct pg_parser *p);

/** A name, or NULL and no step. Any keyword does. */
const char *pg_name(struct pg_parser *p);

/** [database.][schema.]name into schema and object; sets temp. */
void pg_object(struct pg_parser *p);

/** Past [IF [NOT] EXISTS] */
void pg_if_exists(struct pg_parser *p);

/** [IF EXISTS] [ONLY] name [*], also ONLY (name) */
void pg_relation(struct pg_parser *p);

/** Past a token; how many of ( and [ are open behind it, depth before. */
size_t pg_step(struct pg_parser *p, size_t depth);

/** Past a group in parentheses or brackets, if there is one here. */
void pg_skip_group(struct pg_parser *p);

/** What a list of options in parentheses says about one that is on or off. */
enum pg_option {
	PG_OPTION_ABSENT,
	PG_OPTION_OFF,
	PG_OPTION_ON
};

/**
 * The parser stands at "("; otherwise every option is absent. Options are
 * written "name", "name value" or "name = value".
 */
enum pg_option pg_option(struct pg_parser p, const char *name);

/* pg_classify.c */

/** Fill what a statement is; its text and len are set. */
void pg_classify(struct sql_statement *s, bool escapes, struct arena *a);

/** SET standard_conforming_strings: what a backslash means from here on. */
void pg_follow_strings(const struct sql_statement *s, struct pg_lexer *l);

/* pg_object.c */

/** "materialized view", "table", ... in one step; NULL and none if unknown. */
const char *pg_kind(struct pg_parser *p);

/* The parser stands behind the first word. */
void pg_create(struct pg_parser *p);
void pg_drop(struct pg_parser *p);

/* pg_alter.c */
void pg_alter(struct pg_parser *p);

/* pg_every.c: behind the table's name. */
void pg_update_rest(struct pg_parser *p);
void pg_delete_rest(struct pg_parser *p);

/* pg_set.c */
void pg_set(struct pg_parser *p);

/** A level of isolation behind BEGIN, above READ COMMITTED. */
void pg_begin_modes(struct pg_parser *p);
void pg_reset(struct pg_parser *p);

/** SELECT set_config('name', 'value', false) and nothing else. */
bool pg_set_config(struct pg_parser p);

/* pg_loss.c */

/**
 * Set the losses that the parse tree of an ALTER, DROP or TRUNCATE tells;
 * unknown if there is no tree.
 *
 * @param text the statement, or what of it matters; borrowed
 */
void pg_find_losses(struct pg_parser *p, const char *text);

#endif
