#ifndef SCHEMA_SQLITE_RULE_H
#define SCHEMA_SQLITE_RULE_H

#include "schema/sqlite_table.h"
#include "schema/sqlite_text.h"

/**
 * Print one constraint, its name in front. p->columns are those of the table.
 *
 * @return false when its expression cannot be right
 */
bool sqlite_rule_print(const struct sqlite_text *p,
		       const struct sqlite_rule *r);

#endif
