#ifndef MIGRATION_DETECT_H
#define MIGRATION_DETECT_H

#include "migration/layout.h"

/**
 * Find the layout of a listing; set->source and set->pattern are set. At most
 * a few files are read. An empty folder is native.
 *
 * @return ERR_INPUT when files of two layouts lie side by side
 */
MUST_USE struct err *layout_detect(const struct migration_set *set,
				   const struct layout_listing *files,
				   const struct layout **out);

/** The layout that the options name. ERR_INPUT for an unknown one. */
MUST_USE struct err *layout_choose(const struct migration_options *opt,
				   const struct layout **out);

#endif
