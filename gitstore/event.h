#ifndef GITSTORE_EVENT_H
#define GITSTORE_EVENT_H

#include "gitstore/pack.h"
#include "gitstore/packset.h"

/*
 * Makes the trees of snapshots out of files and chunks, into one pack:
 * docs/snapshots.md, "Trees". Touches nothing but its pack, so it may run
 * in another thread than the one that made it.
 */
struct gs_events;

/** @param packs the objects/pack folder, borrowed for the call */
struct gs_events *gs_events_new(const char *packs);
void gs_events_free(struct gs_events *w);

MUST_USE struct err *gs_events_file(struct gs_events *w, const char *path);
MUST_USE struct err *gs_events_chunk(struct gs_events *w, const void *data,
				     size_t len);

/** End the event: the id of its tree. */
MUST_USE struct err *gs_events_end(struct gs_events *w, git_oid *out);

/** Forget what came since the last end. */
MUST_USE struct err *gs_events_drop(struct gs_events *w);
size_t gs_events_count(const struct gs_events *w);

/** Write the pack, with a commit that keeps all events. */
MUST_USE struct err *gs_events_finish(struct gs_events *w, const char *key,
				      git_oid *commit);

#endif
