#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

/* A result nobody may drop: the compiler warns when it is ignored. */
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/**
 * Why an operation failed. The class picks the exit status; everything a
 * person reads is in the text.
 */
enum err_class {
	ERR_USAGE = 1, /**< the command line is wrong         -> exit 129 */
	ERR_REFUSED,   /**< understood, and the answer is no  -> exit 1   */
	ERR_INPUT,     /**< a file or header cannot be read   -> exit 128 */
	ERR_STORE,     /**< git objects, refs or config       -> exit 128 */
	ERR_TARGET,    /**< the database said no              -> exit 128 */
	ERR_STATE,     /**< another process holds, or changed -> exit 128 */
	ERR_CANCELLED, /**< the person pressed ctrl-c         -> exit 130 */
};

/** Where in a migration the trouble is; line and col count from 1, 0 = n/a. */
struct err_at {
	const char *path; /**< as a person knows the file, never NULL */
	unsigned line, col;
};

/** Opaque; NULL means success. One owner: the function that received it. */
struct err;

/**
 * Make an error.
 *
 * @param cls class, decides the exit status
 * @param fmt printf format: lower case, no full stop, names what was tried
 * @return a new error, never NULL; release with err_free()
 */
MUST_USE struct err *err_new(enum err_class cls, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/**
 * Put "what we were doing" in front of an error on its way up.
 *
 * @param e  error to extend, consumed; NULL stays NULL
 * @param fmt printf format, e.g. "apply %s"
 * @return the same error, or NULL
 */
MUST_USE struct err *err_wrap(struct err *e, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/**
 * Attach a place (path is copied). Consumes and returns e; NULL stays NULL.
 * The first place stays; one whose path is "" (a parser that knows no file)
 * takes the path of the next, and its line if it had none.
 */
MUST_USE struct err *err_at(struct err *e, struct err_at at);

/** Replace the place, for one that was counted from somewhere else. Consumes
 * and returns e; NULL stays NULL. */
MUST_USE struct err *err_move(struct err *e, struct err_at at);

/** Attach one sentence that says what to do next. Same contract as err_at. */
MUST_USE struct err *err_hint(struct err *e, const char *hint);

/** err_hint() with a printf format. */
MUST_USE struct err *err_hintf(struct err *e, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/**
 * Keep the first of two errors: for cleanup that can fail itself.
 * Consumes both; the loser is freed.
 */
MUST_USE struct err *err_first(struct err *a, struct err *b);

/**
 * Attach the database's own code of the error (PostgreSQL: an SQLSTATE) and
 * what it says about the rows concerned, which may quote values: never shown
 * unasked, never in a ledger commit. Either may be NULL. Same contract as
 * err_hint: what is there already stays.
 */
MUST_USE struct err *err_code(struct err *e, const char *code,
			      const char *detail);

/** Getters borrow from e; valid until err_free(). Hint, code and detail may
 * be NULL. */
enum err_class err_class_of(const struct err *e);
const char *err_code_of(const struct err *e);
const char *err_detail_of(const struct err *e);
const char *err_text(const struct err *e);
const char *err_hint_of(const struct err *e);
const struct err_at *err_at_of(const struct err *e);
int err_exit_status(const struct err *e);

/** Release; NULL is fine. Call it where an error is handled, not before. */
void err_free(struct err *e);

#endif
