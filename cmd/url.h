#ifndef CMD_URL_H
#define CMD_URL_H

#include <stdbool.h>

#include "sql/sql.h"

/*
 * What the command line has to know about the URL of a database: nothing but
 * what may be shown, what may be versioned and where a file lies.
 */

/** Path behind "sqlite:", NULL for any other scheme. Borrowed. */
const char *url_sqlite_path(const char *url);

/** The database that a URL is of; false for a scheme nobody knows. */
bool url_dialect(const char *url, enum sql_dialect *out);

/** A password stands in it: "//user:secret@", "password=secret". */
bool url_has_password(const char *url);

/** The URL with each password as "***"; free() it. */
char *url_masked(const char *url);

/**
 * The file that a SQLite URL means lies below dir, after symbolic links are
 * followed. The file and its last folders need not exist.
 */
bool url_is_inside(const char *url, const char *base_dir, const char *dir);

/** Absolute path without links, as far as it exists; free() it. */
char *url_real_path(const char *path);

#endif
