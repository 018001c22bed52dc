#ifndef MIGRATION_SOURCE_H
#define MIGRATION_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Where migration files come from: a commit's tree, a folder of a work tree,
 * or a list made by a test. Layouts read through this and cannot tell which.
 */

enum source_kind {
	SOURCE_FILE,
	SOURCE_FOLDER,
	SOURCE_SYMLINK,
	SOURCE_SUBMODULE,
};

struct source_entry {
	const char *path; /**< below the migrations folder, '/' between parts */
	enum source_kind kind;
	const char *blob; /**< git blob id in hex; NULL unless a file */
	bool dirty; /**< differs from the commit, or the commit lacks it */
};

struct source;

/** Called once per entry; strings are borrowed for the call only. */
typedef struct err *(*source_entry_fn)(void *payload,
				       const struct source_entry *entry);

struct source_ops {
	/** Everything below the folder, folders before what is in them. */
	struct err *(*list)(struct source *s, source_entry_fn fn,
			    void *payload);

	/**
	 * The bytes of a file, as git keeps them (clean-filtered).
	 * ERR_INPUT when over max_bytes or missing (a partial clone: the
	 * hint says how to fetch it).
	 */
	struct err *(*read)(struct source *s, const char *path,
			    const char *blob, size_t max_bytes,
			    struct buf *out);
	void (*close)(struct source *s);
};

/** First member of every implementation. */
struct source {
	const struct source_ops *ops;
	const char *dir; /**< the folder, from the top of the repository */
};

#endif
