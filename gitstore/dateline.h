#ifndef GITSTORE_DATELINE_H
#define GITSTORE_DATELINE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/**
 * Append "seconds +zone". `date` is what GIT_COMMITTER_DATE holds and wins
 * over `seconds`; NULL or "" = not set. Read are git's own form ("@1700000000
 * +0100", the '@' may be missing), ISO 8601 and RFC 2822; a date without a
 * zone is local time. ERR_INPUT for another form.
 */
MUST_USE struct err *gs_dateline_add(struct buf *out, const char *date,
				     int64_t seconds);

#endif
