#ifndef EFFECTS_PG_OBJECT_H
#define EFFECTS_PG_OBJECT_H

#include "effects/pg_walk.h"

/* Statements of pg_statement.c's table; each gets its own kind of node. */

#define PG_STATEMENTS(X)      \
	X(create_view)        \
	X(refresh)            \
	X(create_trigger)     \
	X(create_policy)      \
	X(alter_policy)       \
	X(create_rule)        \
	X(create_sequence)    \
	X(alter_sequence)     \
	X(create_statistics)  \
	X(import_schema)      \
	X(create_enum)        \
	X(alter_enum)         \
	X(create_composite)   \
	X(create_range)       \
	X(create_domain)      \
	X(alter_domain)       \
	X(alter_type)         \
	X(alter_function)     \
	X(define)             \
	X(drop)               \
	X(rename)             \
	X(move)               \
	X(alter_owner)        \
	X(depends)            \
	X(comment)            \
	X(sec_label)          \
	X(grant)              \
	X(default_privileges) \
	X(create_schema)      \
	X(create_extension)   \
	X(alter_extension)    \
	X(extension_contents) \
	X(create_role)        \
	X(alter_role)         \
	X(drop_role)          \
	X(grant_role)         \
	X(role_set)           \
	X(database_set)       \
	X(system_set)         \
	X(set)                \
	X(create_publication) \
	X(alter_publication)

#define PG_STATEMENT(name) \
	void pe_##name(struct pe_walk *w, const PgQuery__Node *n);
PG_STATEMENTS(PG_STATEMENT)
#undef PG_STATEMENT

/** Any kind of thing that has a name, and the statements that only create or
 * alter such; false for another node. */
bool pe_catalog_object(struct pe_walk *w, const PgQuery__Node *n);

/** What an object type and its name in a statement are to effects. */
struct pe_thing {
	enum effect_kind kind;
	const char *schema, *table, *name;
};
struct pe_thing pe_thing_of(struct pe_walk *w, int objtype,
			    const PgQuery__RangeVar *relation,
			    const PgQuery__Node *object);
struct effect *pe_add_thing(struct pe_walk *w, enum effect_action action,
			    const struct pe_thing *t);
const char *pe_role_name(struct pe_walk *w, const PgQuery__RoleSpec *role);
void pe_use_role(struct pe_walk *w, const PgQuery__RoleSpec *role);

#endif
