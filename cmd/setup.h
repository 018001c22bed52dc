#ifndef CMD_SETUP_H
#define CMD_SETUP_H

#include "cmd/context.h"

/*
 * What `git migrate init` finds and makes. Paths are from the top of the
 * work tree, strings owned.
 */
struct setup {
	const char *top;    /**< absolute; borrowed */
	char *dir;          /**< of the migrations */
	char *layout;       /**< as found or wished; NULL = not known */
	size_t n_found;     /**< migrations that are there already */
	bool made_dir;      /**< the folder is new */
	bool made_config;   /**< .gitmigrate is new */
	bool added_target;  /**< .gitmigrate was there and got a section */
	char *ignored;      /**< line added to .gitignore, or NULL */
	const char *target; /**< borrowed */
	char *url;
};
void setup_release(struct setup *s);

/**
 * Look for migrations in the places where other tools keep them; fills dir,
 * layout and n_found. dir "" = nothing was found. warn: found, but not clear.
 */
MUST_USE struct err *setup_find(struct setup *s, struct cmd_ctx *ctx);

/** So many folders are looked into. */
#define SETUP_SEARCH_MAX 4

/**
 * Folders of the index that may hold migrations of this dialect, those with
 * most files first.
 */
MUST_USE struct err *setup_search(struct store *store, enum sql_dialect dialect,
				  struct err *(*fn)(void *payload,
						    const char *dir),
				  void *payload);

/** Migrations in one folder; layout NULL = detect, free() what it gives. */
MUST_USE struct err *setup_count(struct store *store, const char *dir,
				 char **layout, size_t *n);

/** Write .gitmigrate, or add the target's section to it. */
MUST_USE struct err *setup_write_config(struct setup *s, bool has_target);

/** Make the folder where it is missing. */
MUST_USE struct err *setup_make_dir(struct setup *s);

/** Keep the files of a SQLite database in the work tree out of git. */
MUST_USE struct err *setup_ignore(struct setup *s);

#endif
