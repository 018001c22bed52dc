#ifndef GITSTORE_CONFIG_H
#define GITSTORE_CONFIG_H

#include <stddef.h>

#include "base/err.h"

/** Called for each key of a file, in its order; strings are borrowed. The
 * value of a key without '=' is "true", as git's booleans read it. */
typedef struct err *(*gs_config_fn)(void *payload, const char *key,
				    const char *value);

/**
 * Read text in git's config syntax (git-config(1), "Syntax"). Sections and
 * names come in lower case, subsections as written. Nothing is included,
 * whatever include.path says.
 *
 * @param path for messages only
 * @return ERR_INPUT with the line where the text is wrong
 */
MUST_USE struct err *gs_configfile_parse(const char *text, size_t len,
					 const char *path, gs_config_fn fn,
					 void *payload);

#endif
