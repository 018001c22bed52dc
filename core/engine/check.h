#ifndef ENGINE_CHECK_H
#define ENGINE_CHECK_H

#include "engine/engine.h"
#include "report/finding.h"

/*
 * Checking migrations of branches against each other before they are merged.
 * No database is needed but for `target`.
 */

struct engine_check_options {
	/** Revisions. base NULL: the merge base(s) of ours and theirs. ours
	 * NULL: HEAD. theirs NULL: the branch's upstream, or migrate.base; a
	 * merge commit of a pull request as HEAD is taken apart. */
	const char *base, *ours, *theirs;
	/** A linear step, "old..new": all of old's migrations count as there
	 * already; every merge in between is checked from its parents. */
	const char *from, *to;
	bool merge; /**< the merge under way, against the index */
	bool all_branches, remote; /**< a matrix; remote branches */
	bool strict;               /**< uncertain is an error */
	bool with_target;          /**< also against what the database has */
	bool no_replay;            /**< static verdicts only */
	const char *scratch;   /**< PostgreSQL URI to replay on; NULL = none */
	const char *cache_dir; /**< NULL = <common git dir>/migrate/cache */
};

/** Result; strings in the arena. */
struct engine_check {
	struct finding_report report;
	size_t errors, warnings, notes, waived;
	char **notes_text; /**< what a person should know about how it was done:
				"no replay: ..."; n_notes of them */
	size_t n_notes;
	struct arena arena;
};
void engine_check_release(struct engine_check *c);

/**
 * Compare, judge, replay.
 *
 * @return ERR_INPUT: a revision that does not exist, unrelated histories, a
 *         shallow or partial clone (the hint says which git fetch helps).
 *         Findings are no error: see out->errors.
 */
MUST_USE struct err *engine_check(struct engine *e,
				  const struct engine_check_options *opt,
				  struct engine_check *out);

/** One thing that a migration touches. Strings in the arena of the check. */
struct engine_effect {
	unsigned line;    /**< in its file, from 1 */
	size_t statement; /**< 0-based */
	const char *action, *kind, *object;
	const char *aspect, *why; /**< or NULL */
	const char *text;         /**< all of it, for a person */
	bool implied, conditional;
};

struct engine_effects {
	const char *name, *path;
	struct engine_effect *items;
	size_t n;
	struct engine_check check; /**< owns it all */
};

/**
 * What a migration of a commit (NULL = HEAD) touches, on the schema that the
 * ones before it make. ERR_INPUT: no such migration.
 */
MUST_USE struct err *engine_effects(struct engine *e, const char *name,
				    const char *rev,
				    struct engine_effects *out);
void engine_effects_release(struct engine_effects *out);

/** The rules, for formats and documentation. */
extern const struct finding_rule check_rules[];
extern const size_t check_rules_n;

#endif
