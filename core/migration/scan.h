#ifndef MIGRATION_SCAN_H
#define MIGRATION_SCAN_H

#include "migration/layout.h"

/*
 * What layouts share while they turn a listing into migrations. Internal to
 * this room. Strings given are copied into the set's arena.
 */

/** Add a migration; the caller fills what else it knows. */
struct migration *scan_add(struct migration_set *set, const char *name,
			   const char *version, const struct source_entry *e);

/** e becomes the down file. */
void scan_set_down(struct migration_set *set, struct migration *m,
		   const struct source_entry *e);

/** e becomes the file beside the migration. */
void scan_set_side(struct migration_set *set, struct migration *m,
		   const struct source_entry *e);

/** Name a file that looks like a migration and is none. */
void scan_stray(struct migration_set *set, const char *path, const char *why);

/** One more name that m depends on; line 0 = not from m's file. */
void scan_depends(struct arena *arena, struct migration *m, const char *name,
		  size_t len, unsigned line);

/**
 * For layouts of plain files in one folder: true when e is a file of that
 * folder with digits in front and .sql at the end. Else a stray is noted when
 * it looks like a migration, and nothing otherwise.
 */
bool scan_is_plain(struct migration_set *set, const struct source_entry *e);

/** ERR_INPUT at a file of the set (path below the folder). */
MUST_USE struct err *scan_error(const struct migration_set *set,
				const char *path, unsigned line,
				const char *fmt, ...) PRINTF_LIKE(4, 5);

/** The entry of that path, or NULL; binary search. */
const struct source_entry *scan_find(const struct layout_listing *files,
				     const char *path);

/** After the last '/'. */
const char *scan_base(const char *path);

/** Number of digits at s. */
size_t scan_digits(const char *s);

/** The name ends in .sql, in capital letters too. */
bool scan_looks_sql(const char *path);

/** Half of a pair: 'u' for "<x>.up.sql", 'd' for "<x>.down.sql", else 0. */
char scan_half(const char *path);

/** Detection of one marker: the first file whose name fits. */
const char *scan_first(const struct layout_listing *files,
		       bool (*fits)(const char *path));

/* --- migration_new --- */

/**
 * The version after those of the set, as its layout writes them: a stamp
 * (raised until it is free), seconds since 1970 where the set has those, or
 * the next small number with as many zeros. free() it.
 */
char *scan_next_version(const struct migration_set *set, const char *stamp,
			const char *first_small);

/** The number one higher, as wide as it was; free() it. */
char *scan_count_up(const char *digits);

/** The stamp raised second by second until no version equals it; free(). */
char *scan_free_stamp(const struct migration_set *set, const char *stamp);

/** Greatest version by migration_compare_versions(), or NULL. */
const char *scan_greatest(const struct migration_set *set);

/** The ways on where two files claim a version of pairs. Consumes e. */
MUST_USE struct err *scan_pair_hint(struct err *e);

#endif
