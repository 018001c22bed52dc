#ifndef DECIDE_ORDER_H
#define DECIDE_ORDER_H

#include "base/err.h"
#include "migration/migration.h"

/*
 * The order in which migrations run: by dependencies, and where those leave a
 * choice, by version then name (or as the layout says). Pure: nothing is read,
 * nothing is run.
 */

/**
 * What a database remembers about a migration's dependencies, for those whose
 * files were not loaded because they are applied.
 *
 * @return names, NULL-terminated, borrowed until the next call; NULL = none
 */
typedef const char *const *(*decide_depends_fn)(void *payload,
						const char *name);

/**
 * Sort a set's items so that each stands behind what it depends on; ranks are
 * set to the new positions. Stable, O((n + e) log n); without any dependency
 * the order stays as migration_set_read() gave it.
 *
 * A migration's dependencies are m->depends (from its directives when loaded,
 * from the layout's plan or tree always) and, when it is not loaded, what
 * `known` says. Names that only `known` gives and that are not in the set are
 * passed over: they are applied, and their files may be gone.
 *
 * @param known may be NULL
 * @return ERR_INPUT: a name in a file that is not in the set (with file, line
 *         and the nearest name as hint), or a circle (printed whole, "a -> b
 *         -> a" where a depends on b); the set keeps its order then
 */
MUST_USE struct err *decide_order(struct migration_set *set,
				  decide_depends_fn known, void *payload);

#endif
