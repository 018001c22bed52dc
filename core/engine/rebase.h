#ifndef ENGINE_REBASE_H
#define ENGINE_REBASE_H

#include "engine/engine.h"
#include "engine/renumber.h"

/** A target whose ledger this clone may have. */
struct engine_rebase_target {
	const char *name;
	bool is_protected;
};

struct engine_rebase_options {
	/** NULL: the merge under way, migrate.base, the branch's upstream
	 * (unless that is the branch itself, pushed), or the remote's main
	 * branch; the first of them that there is. */
	const char *onto;
	bool dry_run;
	bool force; /**< also what is published */
	const struct engine_rebase_target *targets;
	size_t n_targets;
};

/** Result; strings in the arenas. */
struct engine_rebase {
	const char *onto; /**< as it is called */
	struct store_id onto_id, base;
	struct renumber plan; /**< its items: the branch's own migrations */
	size_t n_renamed, n_rewritten;
	struct arena arena;
};
void engine_rebase_release(struct engine_rebase *r);

/**
 * Give the migrations that HEAD's branch alone has versions behind those of
 * the other side; the files are moved in the work tree and in the index, and
 * nothing is committed. No database is opened.
 *
 * @return ERR_INPUT: no side to compare with, unrelated or shallow histories;
 *         ERR_REFUSED: published migrations, uncommitted changes, a layout
 *         without versions. Nothing is changed then.
 */
MUST_USE struct err *engine_rebase(struct engine *e,
				   const struct engine_rebase_options *opt,
				   struct engine_rebase *out);

#endif
