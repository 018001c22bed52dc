#ifndef HOOKS_POLICY_H
#define HOOKS_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "hooks/kind.h"
#include "hooks/theirs.h"

/*
 * What a hook means: its name, arguments, lines and the state of the
 * repository in, things to do out. Pure: nothing is read, nothing is opened.
 * docs/hooks.md has the same as a table.
 */

/** migrate.hooks. */
enum hook_mode {
	HOOK_MODE_ON, /**< findings stop git; a failure of ours does not */
	HOOK_MODE_REQUIRED, /**< a check that cannot be made stops git, too */
	HOOK_MODE_WARN,     /**< findings are said */
	HOOK_MODE_OFF,
};

/** "on", "required", "warn", "off", or a boolean; NULL = on. */
bool hook_mode_parse(const char *text, enum hook_mode *out);

/** As git calls it. Strings borrowed. */
struct hook_call {
	enum hook_kind kind;
	const char *const *args;
	size_t n_args;
	const char *lines; /**< of its standard input; "" = none */
};

/** What the repository is in the middle of. Strings borrowed, "" = none. */
struct hook_facts {
	bool skip;                 /**< GIT_MIGRATE_SKIP is set */
	bool ci;                   /**< a machine that is thrown away */
	bool merging;              /**< MERGE_HEAD is there */
	bool rebasing;             /**< rebase-merge or rebase-apply is there */
	bool rebase_empty;         /**< and it has nothing left to pick */
	bool bisecting;            /**< BISECT_LOG is there */
	bool on_branch;            /**< HEAD is not detached */
	bool clones;               /**< some target has a database for each
					branch */
	bool true_merge;           /**< HEAD merges something into ORIG_HEAD */
	const char *orig_head;     /**< id */
	const char *rebase_origin; /**< id: the branch before it was rebased */
	const char *const *bases;  /**< short names of the branches that others
					build on: "main" */
	size_t n_bases;
	const struct hook_theirs *theirs; /**< who is merged; NULL = nobody */
	const char *base; /**< revision to check other branches against:
			       "remotes/origin/main" */
};

enum hook_act {
	HOOK_CHECK_MERGE,  /**< the merge under way */
	HOOK_CHECK_STEP,   /**< from..to, of a branch that others build on */
	HOOK_CHECK_BRANCH, /**< `to`, against the branch `from` */
	HOOK_LOOK_BACK,    /**< from..to has happened: say what is wrong */
	HOOK_FOLLOW,       /**< the tree went from..to: bring the database
				along, as configured */
	HOOK_TELL,         /**< say how database and tree differ */
	HOOK_ENTER,        /**< a branch is checked out: the database of its
				own is the one that counts now */
};

struct hook_step {
	enum hook_act act;
	char from[256], to[256]; /**< ids or revisions; from "" = unknown */
	char ref[256]; /**< short name of the branch that is meant; "" = HEAD */
};

struct hook_decision {
	struct hook_step *steps; /**< in order; none = nothing to do */
	size_t n;
	const char *why; /**< there is nothing to do; a constant */
};
void hook_decision_release(struct hook_decision *d);

/** Decide. What cannot be read, of a git that says other things, is nothing
 * to do. */
void hook_decide(struct hook_decision *out, const struct hook_call *call,
		 const struct hook_facts *facts, enum hook_mode mode);

/* --- may a hook change a database by itself? (docs/hooks.md, "Trust") --- */

/** migrate.<target>.reconcile. */
enum hook_follow {
	HOOK_FOLLOW_NOTIFY, /**< the default: say what differs */
	HOOK_FOLLOW_AUTO,   /**< reconcile, where the target is trusted */
	HOOK_FOLLOW_CLONE,  /**< auto, on the branch's own database */
	HOOK_FOLLOW_OFF,
};

/** "auto", "notify", "clone", "off"; NULL = notify. */
bool hook_follow_parse(const char *text, enum hook_follow *out);

/** Where a target's settings come from, and where its database lies. */
struct hook_target {
	bool url_versioned;       /**< from .gitmigrate */
	bool reconcile_versioned; /**< the same */
	bool inside;     /**< a SQLite file in the work tree or the git folder,
			  after links are followed */
	bool tracked;    /**< that file is in the index */
	bool rows_leave; /**< .gitmigrate says that snapshots are pushed */
};

bool hook_target_is_trusted(const struct hook_target *t);

#endif
