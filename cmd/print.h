#ifndef CMD_PRINT_H
#define CMD_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Everything that comes from a file name, SQL or a database reaches a
 * terminal through one of these, so that it cannot steer it.
 */

/** One line: control characters and bad UTF-8 as \xHH, newline as \n. */
void print_safe(FILE *f, const char *s);

/** print_safe(), filled up with blanks to so many columns. */
void print_padded(FILE *f, const char *s, size_t width);

/**
 * Many lines (SQL, a diff): newline and tab stay, anything else that would
 * steer a terminal is escaped. Ends with a newline. indent goes before each.
 */
void print_text(FILE *f, const char *s, const char *indent);

/** Columns that print_safe() takes, one for each character. */
size_t print_width(const char *s);

/** Cut to so many columns, the last of them an ellipsis. */
void print_cut(struct buf *b, size_t width);

/** "fatal: ..." or "error: ...", then "hint: ..." when it has one. */
void print_err(FILE *f, const struct err *e);

/** "warning: text"; made safe. */
void print_line(FILE *f, const char *level, const char *text);

/**
 * Standard output has taken everything. A reader that went away (head) is
 * no error to talk about: *quiet is set.
 */
MUST_USE struct err *print_check_stdout(bool *quiet);

#endif
