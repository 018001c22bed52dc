#ifndef ENGINE_STORED_IMPL_H
#define ENGINE_STORED_IMPL_H

#include "engine/snapshots.h"
#include "engine/stored.h"

/* Shared by stored*.c. */

/** The event that tells of a snapshot's end. */
#define STORED_PRUNED "pruned"

/** A database with a journal; ERR_REFUSED without one. */
MUST_USE struct err *stored_open(struct engine *e);

/** What the journal says, without weights; release it, also on failure. */
MUST_USE struct err *stored_events(struct engine *e,
				   struct engine_snapshots *out);
MUST_USE struct err *stored_weigh(struct engine *e, struct engine_snapshots *s);

/** What a person means: a migration's name, or the beginning of an id. */
MUST_USE struct err *stored_find(const struct engine_snapshots *s,
				 const char *typed,
				 const struct engine_snapshot **out);

/** ERR_REFUSED, with where it is, when it cannot be read from here. */
MUST_USE struct err *stored_source(struct engine *e,
				   const struct engine_snapshot *s,
				   struct snapshot_source **out);

/** Strings into the arena. */
void stored_copy(struct arena *a, struct engine_snapshot *out,
		 const struct engine_snapshot *in);

/** Prefixes of a snapshot's manifests: "", "part2/", ... */
struct stored_parts {
	char **list;
	size_t n, cap;
	size_t files; /**< of all kinds */
};
MUST_USE struct err *stored_parts(struct snapshot_source *source,
				  struct stored_parts *out);
void stored_parts_release(struct stored_parts *p);

/** Its files as one part has them: paths get the prefix in front. */
struct stored_part {
	struct snapshot_in in, whole;
	const char *prefix;
};
void stored_part_init(struct stored_part *p, struct snapshot_source *source,
		      const char *prefix);

#endif
