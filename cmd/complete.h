#ifndef CMD_COMPLETE_H
#define CMD_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/cmd.h"

/*
 * What a shell may put behind a command line that is being typed, read from
 * the tables of commands and options and from their synopses: a command that
 * is new needs nothing here.
 */

/** What somebody else has to list. */
enum complete_kind {
	COMPLETE_NOTHING = 0,
	COMPLETE_TARGETS = 1 << 0,
	COMPLETE_MIGRATIONS = 1 << 1,
	COMPLETE_REVISIONS = 1 << 2,
	COMPLETE_REMOTES = 1 << 3,
	COMPLETE_LAYOUTS = 1 << 4,
	COMPLETE_FORMATS = 1 << 5,
	COMPLETE_FILES = 1 << 6,
	COMPLETE_FOLDERS = 1 << 7,
	COMPLETE_HOOKS = 1 << 8,
};

/** One thing to put there; help may be NULL. Borrowed for the call. */
typedef void (*complete_fn)(void *payload, const char *word, const char *help);

struct complete {
	const struct cmd *const *cmds; /**< NULL-terminated */
	const struct opt *common;
	complete_fn add;
	void *payload;

	/* filled by complete_words() */
	unsigned kinds;   /**< enum complete_kind: what may stand there too */
	char *prefix;     /**< goes before each of those: "--rev=", "main.." */
	const char *word; /**< what there is of it already, behind prefix */
	const char *rev;  /**< --rev as given before, or NULL */
};

/**
 * @param argv words behind "git migrate"; the last is the one that is being
 *        typed, perhaps ""
 */
void complete_words(struct complete *c, int argc, char **argv);
void complete_release(struct complete *c);

#endif
