#ifndef MIGRATION_SECTIONS_H
#define MIGRATION_SECTIONS_H

#include "migration/layout.h"

/*
 * Parsers that more than one layout uses. Internal to this room.
 */

/** Overwrite text[start, end) with spaces; line ends stay. */
void section_blank(char *text, size_t start, size_t end);

/** "-- migrate:up" and "-- migrate:down" inside; no marker = all is up. */
MUST_USE struct err *native_parse(struct parse *p);

/**
 * Up is a whole file, down another; "-- no-transaction" at the very start is
 * sqlx's mark, which no golang-migrate file would carry by chance.
 */
MUST_USE struct err *pair_parse(struct parse *p);

/**
 * The same for a tool that sends a file as it is: each BEGIN ... COMMIT in it
 * is meant, and so is what stands between them.
 */
MUST_USE struct err *sent_parse(struct parse *p);

/** Folders that hold an up file: <version>_<name>/<file>. */
MUST_USE struct err *folders_scan(struct migration_set *set,
				  const struct layout_listing *files,
				  const char *up, const char *down,
				  const char *side);

/** "N_x.up.sql" and its partner; with `simple`, "N_x.sql" too. */
MUST_USE struct err *pair_scan(struct migration_set *set,
			       const struct layout_listing *files, bool simple);

/** New pair of empty files. */
MUST_USE struct err *pair_create(const struct migration_set *set,
				 const char *stamp, const char *slug,
				 migration_new_file_fn fn, void *payload);

/**
 * Read "key = value" lines of a side file; '#' starts a comment. Calls fn for
 * each; s is NUL-terminated, trimmed, without quotes.
 */
MUST_USE struct err *side_each(
	struct parse *p, const char *shown, const char *text, size_t len,
	struct err *(*fn)(struct parse *p, const char *shown, unsigned line,
			  const char *key, const char *value));

/** "true" and "false". ERR_INPUT at the file and line otherwise. */
MUST_USE struct err *side_bool(const char *shown, unsigned line,
			       const char *key, const char *value, bool *out);

#endif
