#ifndef MIGRATION_RENUMBER_H
#define MIGRATION_RENUMBER_H

#include "migration/migration.h"

/*
 * What it takes to give a migration another version: the next version, the
 * names of its files with it, and what its file says about others.
 */

/**
 * A version behind all of a set's and behind n more, written as the greatest
 * of them is: a stamp (the one given, if it is later), a number as wide.
 *
 * @param stamp "YYYYMMDDHHMMSS"
 * @return free() it
 */
char *migration_next_version(const struct migration_set *set,
			     const char *const *more, size_t n,
			     const char *stamp);

/**
 * A path with another version in it; '-' stands where it stood in the old one,
 * other zeros in front of the old one are fine.
 *
 * @return free() it; NULL where the path does not have that version
 */
char *migration_path_renumbered(const char *path, const char *version,
				const char *next);

/**
 * A loaded migration's file with other names behind "-- migrate:depends".
 *
 * @param names old name -> new name, also for names that the file writes short
 * @return false when nothing of it is said there: out is as before
 */
bool migration_rename_depends(const struct migration_set *set,
			      const struct migration *m,
			      const struct map *names, struct buf *out);

#endif
