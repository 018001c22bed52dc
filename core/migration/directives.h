#ifndef MIGRATION_DIRECTIVES_H
#define MIGRATION_DIRECTIVES_H

#include "migration/layout.h"

/*
 * Lines, and the lines among them that speak to us: "-- migrate:<word> ...".
 * Internal to this room.
 */

/** A walk over the lines of a text. */
struct lines {
	const char *next, *end;
	unsigned line; /**< of the current line, from 1 */
	const char *s; /**< the current line, */
	size_t n;      /**< without its end of line, "\r\n" or "\n" */
};

void lines_init(struct lines *l, const char *text, size_t len,
		unsigned first_line);
bool lines_next(struct lines *l);

/** Only white space. */
bool line_is_blank(const char *s, size_t n);

/** A line "-- migrate:<word> <value>"; a letter follows the colon at once. */
struct directive_line {
	const char *word, *value;
	size_t word_len, value_len; /**< value is trimmed */
	bool indented;
};
bool directive_line_parse(struct directive_line *out, const char *s, size_t n);
bool directive_is(const struct directive_line *d, const char *word);

enum directives_part {
	DIRECTIVES_UP,
	DIRECTIVES_DOWN, /**< only no-transaction belongs here */
};

/**
 * Read the directives of a part of a file into the migration.
 *
 * Directives stand before the first statement of their part. A line that
 * starts so is a directive wherever it stands, in a literal too, as dbmate
 * reads its own markers.
 *
 * @param markers "up" and "down" were understood by the layout: skip them
 * @return ERR_INPUT with file, line and a hint
 */
MUST_USE struct err *directives_read(struct parse *p, const char *text,
				     size_t len, unsigned first_line,
				     enum directives_part part, bool markers);

/** Line of the first statement, 0 when there are only comments. */
unsigned directives_first_statement(const char *text, size_t len,
				    unsigned first_line);

/** "5s", "500ms", "10min", "1h", "1d", "0"; at most 2^31 - 1 ms. */
MUST_USE struct err *directive_duration(const char *text, size_t len,
					int64_t *ms);

/** ERR_INPUT at a line of the up or down file. */
MUST_USE struct err *parse_error(const struct parse *p,
				 enum directives_part part, unsigned line,
				 const char *fmt, ...) PRINTF_LIKE(4, 5);

/* --- sections, shared by the layouts --- */

/** The whole up file (behind a BOM) is the up section. */
void parse_whole_up(struct parse *p);

/**
 * The whole down file, when there is one, is the down section, with its
 * directives; nothing otherwise.
 */
MUST_USE struct err *parse_down_file(struct parse *p);

/** sqlx's mark: the section's text starts with "-- no-transaction". */
bool parse_says_no_transaction(const struct migration_section *s);

/** Nothing but white space, directives and markers. */
bool parse_is_empty(const struct migration_section *s);

#endif
