#ifndef EFFECTS_PG_DYNAMIC_H
#define EFFECTS_PG_DYNAMIC_H

#include "effects/pg_walk.h"

/*
 * EXECUTE of a text that is put together: private to effects/pg_*.c. Names
 * that are not known become PG_UNKNOWN, values a query,
 * which is no constant.
 */
#define PG_UNKNOWN "(computed)"

/** What runs for EXECUTE of the expression; its text is PL/pgSQL's. */
void pe_dynamic(struct pe_walk *w, const char *expression, unsigned line);

/** The text is a constant: its value, as pe_literal() gives it. */
bool pe_constant(struct pe_walk *w, const char *expression, const char **value);

#endif
