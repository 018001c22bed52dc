#ifndef ENGINE_CHECK_IMPL_H
#define ENGINE_CHECK_IMPL_H

#include "decide/verdict.h"
#include "engine/check.h"
#include "engine/impl.h"

/*
 * Shared by the files of a check; nobody outside includes it.
 *
 *   check.c          which revisions, which of the modes; adds up
 *   check_side.c     a tree's migrations, and what it did since the base
 *   check_effects.c  what each added migration touches
 *   check_old.c      what the bases' migrations have touched
 *   check_replay.c   the three orders, run
 *   check_rules.c    sides, verdicts and replays into findings
 *   check_merged.c   the merged set: dependencies, and what a person made of it
 *   check_gone.c     what needs something that was dropped before
 *   check_range.c    old..new
 *   check_quick.c    the common case, without reading whole folders
 *   check_cache.c    what need not be computed again
 *   check_prune.c    and how much of it is kept
 *   check_finding.c  a finding: told once, waived, with its commits
 *   check_target.c   against what a database has
 *   check_branches.c all open branches
 */

/** A migration that a side added, or one of its base that it edited. */
struct check_item {
	struct migration *m;   /**< of the side's set */
	struct migration *was; /**< in the base's set; NULL = added */
	const struct check_side *side;
	struct effects effects;
	bool has_effects;
};

/** A tree of migrations. Strings in the check's arena, or the set's. */
struct check_side {
	const char *name; /**< "base", "ours", "theirs", "result", "target" */
	const char *ref;
	struct store_id commit; /**< hex "": the index */
	struct store_id folder; /**< id of its tree; "" = no such folder */
	const char *dir;
	struct source *source;
	struct migration_set set;

	/* against the base */
	struct check_item *added; /**< in the order of the set */
	size_t n_added;
	struct check_item *edited; /**< other blob than in the base */
	size_t n_edited;
	struct migration **removed; /**< of the base's set */
	size_t n_removed;
};

/** One comparison. A linear step (old..new) has old as its base, new as ours,
 * and old as theirs. */
struct check_trees {
	struct check_side *bases; /**< one, or several (criss-cross) */
	size_t n_bases;
	struct check_side ours, theirs;
	struct check_side result; /**< of the merge under way */
	bool has_result;
	bool linear;
	char base_key[65]; /**< the chain of what the bases have */

	/** What the merge result has: the bases' (as they were), then what
	 * came. In their order. Items borrowed. */
	struct migration_set merged;
	struct migration **common; /**< of the bases, in order */
	size_t n_common;
	struct effects *old; /**< of those; n_common, NULL = not asked for */
	bool ordered;        /**< common and merged are as they run... */
	bool reordered;      /**< ... and a line "depends" made a difference */
	bool base_broken;    /**< the bases alone do not run */
	bool has_part;       /**< the base is a part of a commit's folder */
	bool limited;        /**< something was not run to its end: what was
				  seen of it is not kept */
	bool only_cached;    /**< what is not kept is not computed... */
	bool missed;         /**< ... but told */
};

/** A place whose commit is still to be found. */
struct check_pending {
	struct finding_place *place;
	const struct check_side *side;
	const char *path; /**< below the side's folder */
};

struct check {
	struct engine *e;
	const struct engine_check_options *opt;
	struct engine_check *out;
	struct arena *arena;      /**< of out */
	struct finding *findings; /**< not yet sorted */
	size_t n, cap;
	size_t from; /**< the first of the trees that are compared now */
	struct check_pending *places;
	size_t n_places, cap_places;
	char **notes;
	size_t n_notes, cap_notes;
	const char **checked;
	size_t n_checked, cap_checked;
	struct map seen;    /**< fingerprints: a finding is told once */
	const char *replay; /**< "sqlite", "postgresql", or NULL */
	const struct replay_limits *limits; /**< of SQLite's; NULL = as usual */
	size_t kept_bytes;                  /**< put into the cache */
};

void check_note(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* --- check.c --- */

/* A revision and how a person calls it. */
struct check_tip {
	const char *ref;
	struct store_id id;
};

/* What a merge has made of both sides: a commit, or the index. */
enum check_result {
	CHECK_RESULT_NONE,
	CHECK_RESULT_INDEX,
	CHECK_RESULT_COMMIT,
};

struct check_merge {
	struct check_tip ours, theirs;
	const struct store_id *bases;
	size_t n_bases;
	enum check_result result;
	struct store_id commit; /* CHECK_RESULT_COMMIT */
	bool both; /* nothing to see unless both sides have changed */
};

MUST_USE struct err *check_resolve(struct check *c, const char *rev,
				   struct store_id *out);
MUST_USE struct err *check_read_bases(struct check *c, struct check_trees *t,
				      const struct store_id *ids, size_t n);

/** Neither side has touched the folder (both: not both of them have). */
MUST_USE struct err *check_is_untouched(struct check *c,
					const struct store_id *base,
					const struct check_tip *ours,
					const struct check_tip *theirs,
					bool both, bool *out);

/** Its merge bases; free() *ids when m is done with. */
MUST_USE struct err *check_find_bases(struct check *c, struct check_merge *m,
				      struct store_id **ids);

/** Read the sides and judge them. */
MUST_USE struct err *check_compare_merge(struct check *c,
					 const struct check_merge *m);

/** What was compared, for the report. */
void check_tell_sides(struct check *c, const struct check_merge *m);

/** Judge trees whose sides were read: compare them, then check_judge(). */
MUST_USE struct err *check_compare(struct check *c, struct check_trees *t);

/** What was compared: effects, rules, replay. */
MUST_USE struct err *check_judge(struct check *c, struct check_trees *t);

/* --- check_branches.c, check_range.c, check_target.c: modes of their own --- */
MUST_USE struct err *check_branches(struct check *c);
MUST_USE struct err *check_range(struct check *c);
MUST_USE struct err *check_target(struct check *c);

/** For others of this room that judge effects: no findings are wanted. */
void check_init(struct check *c, struct engine *e,
		const struct engine_check_options *opt,
		struct engine_check *out);
void check_end(struct check *c);

/** A tree against what the database has, as a linear step: the base is what
 * was applied, also what the tree no longer has; ours the whole tree. */
MUST_USE struct err *check_applied_read(struct check *c, struct check_trees *t,
					const struct tree *tree,
					enum late_use use);

/** What a check has looked at, by name. */
void check_add_names(struct check *c, const struct check_trees *t);

/* --- check_quick.c --- */

/** A merge with one base and no result. *done false: nothing is known yet, go
 * the long way. */
MUST_USE struct err *check_quick(struct check *c, const struct check_merge *m,
				 bool *done);

/** Keep what check_quick() wants to know of the base. */
void check_index_put(struct check *c, const struct check_trees *t);

/* --- check_side.c --- */

/** A setting as that commit's tree has it, git's own configuration first; hex
 * "": otherwise. */
MUST_USE struct err *check_setting(struct check *c,
				   const struct store_id *commit,
				   const char *key, const char *otherwise,
				   const char **out);

/** Read a commit's folder; hex "" = the work tree's. Strings copied. */
MUST_USE struct err *check_side_read(struct check *c, struct check_side *s,
				     const char *name, const char *ref,
				     const struct store_id *commit);

/** What the index would have, as the side `name`. */
MUST_USE struct err *check_side_read_index(struct check *c,
					   struct check_side *s,
					   const char *name);

void check_side_release(struct check_side *s);

/** Some of a commit's migrations. */
struct check_part {
	const char *name, *ref; /**< of the side that they make */
	bool (*has)(const void *payload, const struct migration *m);
	const void *payload;
};

/**
 * A commit against a part of itself, as a linear step: the base has only
 * the part.
 */
MUST_USE struct err *check_part_read(struct check *c, struct check_trees *t,
				     const struct store_id *commit,
				     const struct check_part *part);

/**
 * What both sides did since the bases, all read before: added, edited,
 * removed; the merged set. A migration counts as the base's when any base has
 * it; what both sides brought alike is no work of either. What was added or
 * edited is loaded; a file that cannot be understood is ERR_INPUT.
 */
MUST_USE struct err *check_trees_compare(struct check *c,
					 struct check_trees *t);
void check_trees_release(struct check_trees *t);

/**
 * Keys of what a migration does on top of those before it: m NULL begins a
 * chain, m adds a link.
 */
void check_chain(struct check *c, const struct check_trees *t, char key[65],
		 const struct migration *m);

/** The other side. */
static inline struct check_side *check_other(struct check_trees *t,
					     const struct check_side *s)
{
	return s == &t->ours ? &t->theirs : &t->ours;
}

/** Of two migrations, which the layout runs first: < 0 when a. */
int check_order(const struct check_trees *t, const struct migration *a,
		const struct migration *b);

/* --- check_effects.c --- */

/** Fill the effects of what both sides added; puts what the bases have into
 * the order in which it runs. */
MUST_USE struct err *check_effects(struct check *c, struct check_trees *t);

/** What is kept under the key of a migration's chain; false = nothing. */
bool check_effects_get(struct check *c, const char *key, struct effects *out);
void check_effects_put(struct check *c, const char *key,
		       const struct effects *es);

/** Fill the effects of all of t->common, from the first on. */
MUST_USE struct err *check_run_old(struct check *c, struct check_trees *t,
				   struct effects *old);

struct replay;
struct replay_script;

/** SQLite: the bases' database in memory; *out NULL and a note when they do
 * not run. */
MUST_USE struct err *check_base_image(struct check *c, struct check_trees *t,
				      struct replay **out);

/** PostgreSQL: the same in a scratch database. */
MUST_USE struct err *check_base_scratch(struct check *c, struct check_trees *t,
					struct replay **out);

/** The part of a migration that runs. */
void check_script(const struct migration *m, struct replay_script *out);

/** Read the files of a migration of the merged set, whichever side has it. */
MUST_USE struct err *check_load(struct check_trees *t, struct migration *m);

/* --- check_old.c --- */

/**
 * Of the i-th of t->common, on the schema before it; borrowed. The first call
 * goes through all of them.
 */
MUST_USE struct err *check_effects_of(struct check *c, struct check_trees *t,
				      size_t i, const struct effects **out);

/* --- check_replay.c --- */

/** Run the orders; adds GM105, GM106 and GM109 for what is not found yet. */
MUST_USE struct err *check_replay(struct check *c, struct check_trees *t);

/** No replay is wanted, or it was run before and found nothing. */
bool check_replay_is_fine(struct check *c, const struct check_trees *t);

/* --- check_rules.c --- */

enum check_rule {
	GM101_EDITED,
	GM102_REMOVED,
	GM103_DUPLICATE,
	GM104_OUT_OF_ORDER,
	GM105_CONFLICT,
	GM106_ORDER,
	GM107_MISSING,
	GM108_CYCLE,
	GM109_REPLAY,
	GM110_UNCERTAIN,
	GM111_IDENTICAL,
};

/** All rules that need no replay. */
MUST_USE struct err *check_rules_run(struct check *c, struct check_trees *t);

/** Every added migration of one side with every one of the other. */
void check_pairs(struct check *c, struct check_trees *t,
		 const struct check_side *a, const struct check_side *b);

/* --- check_gone.c --- */

/** GM109 for what needs something that the bases have dropped, where nothing is
 * replayed. */
MUST_USE struct err *check_gone(struct check *c, struct check_trees *t);

/** By what is kept alone: there is nothing of the kind. */
bool check_gone_is_fine(struct check *c, const struct check_trees *t);

/* --- check_merged.c --- */

/** GM107, GM108, and what the result of a merge lacks. */
void check_merged(struct check *c, struct check_trees *t);

/* --- check_finding.c --- */

/** A finding's migration and where in its file; line 0 = the whole file. */
struct check_place {
	const struct check_side *side;
	const struct migration *m;
	unsigned line, col;
};

static inline struct check_place check_place_of(const struct check_side *side,
						const struct migration *m,
						unsigned line)
{
	return (struct check_place){ side, m, line, 0 };
}

/** What a finding says; borrowed. */
struct check_words {
	enum check_rule rule;
	enum finding_level level;
	const struct check_place *places;
	size_t n;
	const char *object, *hint, *diff; /**< or NULL */
	const char *message;
};

/** Add a finding once; waivers in the files of its migrations are looked at. */
void check_add(struct check *c, const struct check_words *words);

/** The commits that brought the migrations of the findings: of these sides,
 * and no further back than stops[i] (NULL = to the beginning). */
MUST_USE struct err *check_find_adders_of(struct check *c,
					  const struct check_side *const *sides,
					  const struct store_id *const *stops,
					  size_t n);

/** The same of all sides that were compared. */
MUST_USE struct err *check_find_adders(struct check *c, struct check_trees *t);

/** "git migrate rebase --onto main". */
const char *check_rebase_hint(struct check *c, const struct check_side *onto);

/* --- check_cache.c --- */

/** A key of any parts; hex goes to out. */
void check_key(struct check *c, char out[65], const char *kind, ...)
	__attribute__((sentinel));

/** The bytes kept under a key; false when there are none. */
bool check_cache_get(struct check *c, const char *kind, const char *key,
		     struct buf *out);

/** Keep them, if that works; much is kept deflated. */
void check_cache_put(struct check *c, const char *kind, const char *key,
		     const void *data, size_t len);

/** The check is over: when it has kept a lot, or not for a day, what was not
 * asked for the longest goes until the rest is below the limit. */
void check_cache_prune(struct check *c);

/* --- check_prune.c --- */

/** Take files out of a cache folder, those that were not used for the longest
 * first, when they are over the limit together: to three quarters of it. */
void check_prune(const char *folder, uint64_t limit_bytes);

#endif
