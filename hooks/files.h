#ifndef HOOKS_FILES_H
#define HOOKS_FILES_H

#include "hooks/install.h"

/* Hooks as files of the hooks folder; install.c calls these. */

/** Fill a row with what the folder has. */
void hooks_files_look(const struct hooks_place *p, enum hook_kind kind,
		      struct hooks_row *row);

/** What was done, so that it can be taken back; starts as zero. */
struct hooks_undo {
	struct hooks_done *last;
	char *made; /**< the folder, where it is new */
};
void hooks_undo_run(struct hooks_undo *u);
void hooks_undo_release(struct hooks_undo *u);

/** The folder takes files; makes it where it is missing. */
MUST_USE struct err *hooks_files_ready(const struct hooks_place *p,
				       struct hooks_undo *undo);

/** Refuse what hooks_files_put() could not do. Changes nothing. */
MUST_USE struct err *hooks_files_may(const struct hooks_place *p,
				     enum hook_kind kind,
				     const struct hooks_row *row);

/** Write ours; a hook of others makes room. */
MUST_USE struct err *hooks_files_put(const struct hooks_place *p,
				     enum hook_kind kind,
				     const struct hooks_row *row,
				     struct hooks_undo *undo);

/** Remove ours; a hook that had made room comes back. */
MUST_USE struct err *hooks_files_remove(const struct hooks_row *row,
					struct hooks_undo *undo);

/** A folder of git's own that has become empty goes. */
void hooks_files_tidy(const struct hooks_place *p);

#endif
