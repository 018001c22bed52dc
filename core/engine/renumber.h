#ifndef ENGINE_RENUMBER_H
#define ENGINE_RENUMBER_H

#include "base/arena.h"
#include "migration/migration.h"

/*
 * New versions for a branch's own migrations, behind those of the other side.
 * Pure: sets in, names and paths out; nothing is read but the sets' own
 * sources, nothing is written.
 */

/** A file that gets another name, or other content, or both. */
struct renumber_file {
	const char *from, *to; /**< below the folder; may be equal */
	const char *blob;      /**< of `from` */
	const char *text;      /**< new content; NULL = as it was */
	size_t len;
};

/** One of the branch's own migrations. */
struct renumber_item {
	const struct migration *m;  /**< as it is */
	const char *name, *version; /**< as it will be */
	const char *path;           /**< of its up file then */
	bool renamed, rewritten;    /**< name; its "depends" lines */
};

struct renumber {
	struct renumber_item *items; /**< in the order they run */
	size_t n;
	struct renumber_file *files;
	size_t n_files, cap_files;
	struct arena arena;
};

/**
 * @param ours  its items in the order of decide_order(), own ones loaded
 * @param own   own migrations, the values of this map by name are not used
 * @param stamp now, "YYYYMMDDHHMMSS"
 * @return ERR_REFUSED: another layout on the other side, or one whose order
 *         is not in its files' names (sqitch), with what to do; ERR_INPUT:
 *         the result would not be a set of migrations
 */
MUST_USE struct err *renumber_plan(struct renumber *out,
				   struct migration_set *ours,
				   const struct map *own,
				   const struct migration_set *theirs,
				   const char *stamp);
void renumber_release(struct renumber *r);

#endif
