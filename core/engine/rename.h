#ifndef ENGINE_RENAME_H
#define ENGINE_RENAME_H

#include "engine/impl.h"

/* Migrations that go by another name than the database knows. */

/** In an open group: what the database knows as item->renamed_from goes by the
 * tree's name from now on, with the tree's files. */
MUST_USE struct err *rename_record(struct run *r, struct tree *t,
				   const struct plan_item *item);

/** The commit has committed files under other names than the database. */
bool rename_is_due(const struct tree *t);

/** Record all of them, in a group of their own; none is fine. */
MUST_USE struct err *rename_all(struct run *r, struct tree *t);

/**
 * The same for HEAD, as a run of its own, with the runner lock held; a HEAD
 * without migrations is fine. A dry run records nothing.
 *
 * @param names what was typed: the old or the new name becomes the one that
 *        the database knows afterwards
 */
MUST_USE struct err *rename_learn(struct engine *e, bool dry_run,
				  struct arena *a, const char **names,
				  size_t n);

/**
 * Events of one migration, newest first, also those under its names before.
 *
 * @param whole also those that were of this name, and of a migration that goes
 *        by another since
 */
MUST_USE struct err *rename_history(struct target *t, const char *name,
				    bool whole, journal_event_fn fn,
				    void *payload);

/** Every rename that the journal has, newest first. */
struct rename_list {
	struct rename_entry {
		const char *from, *to;
		int64_t row, seq; /**< of the name before; of the rename */
	} * items;
	size_t n, cap;
	struct arena arena;
};
MUST_USE struct err *rename_list_read(struct rename_list *out,
				      struct target *t);
void rename_list_release(struct rename_list *l);

/** What the migration of that event is called now; borrowed. */
const char *rename_list_now(const struct rename_list *l, const char *name,
			    int64_t seq);

/** From the row of a rename to the one that it gave another name. */
MUST_USE struct err *rename_origin(struct target *t, struct arena *a,
				   struct journal_event *ev);

#endif
