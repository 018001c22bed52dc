#ifndef GITSTORE_OUTLINE_H
#define GITSTORE_OUTLINE_H

#include "base/buf.h"
#include "migration/source.h"

/* Folders of a list of files, which git keeps without: each is announced
 * before the first file in it. */
struct gs_outline {
	struct buf folder; /* the one announced last */
};

#define GS_OUTLINE_INIT  \
	{                \
		BUF_INIT \
	}

/** Announce the folders of path that the path before was not in. */
MUST_USE struct err *gs_outline_enter(struct gs_outline *o, const char *path,
				      source_entry_fn fn, void *payload);
void gs_outline_release(struct gs_outline *o);

#endif
