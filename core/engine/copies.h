#ifndef ENGINE_COPIES_H
#define ENGINE_COPIES_H

#include "engine/branches.h"
#include "engine/impl.h"

/* The list of copies, for the files of this room. */

/** Write it down, durable. */
MUST_USE struct err *copy_write(struct store *store,
				const struct engine_copy *c);

/** What is written down about that place; false = nothing. */
bool copy_read(struct store *store, const char *target, const char *place,
	       struct arena *a, struct engine_copy *out);

#endif
