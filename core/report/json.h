#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A writer for the one JSON object that a command puts on standard output
 * (docs/json.md). Keys stand in the order they are first written; writing one
 * again replaces its value and keeps its place. What goes wrong
 * (memory, nesting beyond REPORT_DEPTH) is kept and told once, by
 * report_finish(). Inside an array the key is NULL.
 */
struct report;

#define REPORT_FORMAT 1
#define REPORT_DEPTH 16

/** An open object whose first key is "format". */
struct report *report_new(void);

/** A document of somebody else's format: an object without keys, or an array. */
struct report *report_new_other(bool array);
void report_free(struct report *r);

/** Begin a nested object or array; report_end() closes the innermost. */
void report_object(struct report *r, const char *key);
void report_array(struct report *r, const char *key);
void report_end(struct report *r);

/**
 * A string; NULL gives null. Bytes that are not UTF-8 become the text \xHH,
 * so that the output is JSON whatever a file is called.
 */
void report_string(struct report *r, const char *key, const char *s);

/** report_string(), with "" as null: ids that do not exist yet. */
void report_id(struct report *r, const char *key, const char *hex);
void report_int(struct report *r, const char *key, int64_t n);
void report_bool(struct report *r, const char *key, bool b);

/** {message, path, line, column, hint}; null for NULL. */
void report_error(struct report *r, const char *key, const struct err *e);

/**
 * The text, indented by two, without a newline at the end.
 *
 * @param out free() it; NULL on failure
 * @return ERR_STATE when any call before could not do its work
 */
MUST_USE struct err *report_finish(struct report *r, char **out);

#endif
