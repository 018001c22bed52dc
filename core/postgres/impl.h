#ifndef POSTGRES_IMPL_H
#define POSTGRES_IMPL_H

#include "base/map.h"
#include "postgres/conn.h"
#include "postgres/lib.h"

/* Shared by the files of this room; nobody outside includes it. */

/** A question that was sent in a pipeline and not answered yet. */
struct pg_queued {
	const char *prepare; /**< key in `prepared`: this is the preparing */
	char *what;          /**< of a question: its text, for an error */
	pg_row_fn row;
	void *payload;
	PGresult **keep; /**< the result goes there instead; NULL = to row */
	bool foreign;    /**< a migration's: an error has its place */
	unsigned line, col;
};

struct pg_conn {
	PGconn *pg;
	PGcancel *cancel;
	struct pg_conn_options opt;
	char *url, *application_name;
	struct map prepared; /**< text -> statement's name, owned */
	unsigned n_prepared; /**< ever: no name is used twice */
	bool pooled;
	bool hold;        /**< Ctrl-C is not passed on */
	bool cancel_sent; /**< for the question that runs */
	bool copying;     /**< a COPY is open */
	int64_t sent_us;  /**< when the question that runs went out */
	int64_t patience_ms;
	int64_t slow_after_ms;
	void (*slow)(void *payload);
	void *slow_payload;
	bool slow_told; /**< for the question that runs */
	char *line;     /**< of a COPY out, libpq's memory */
	struct pg_queued *queue;
	size_t n_queued, cap_queued;
};

/* error.c */

/** Why it could not be opened; pg is in state CONNECTION_BAD. */
MUST_USE struct err *pg_open_error(PGconn *pg);

/** The connection is gone. */
MUST_USE struct err *pg_lost(struct pg_conn *c);

/** What the server says; sql (may be NULL) is the text that it counts in. */
MUST_USE struct err *pg_result_error(struct pg_conn *c, const PGresult *r,
				     const char *sql);

/* run.c */

/** The server counts within the statement; the file begins before it. */
MUST_USE struct err *pg_place(struct err *e, unsigned line, unsigned col);

/* wait.c */

/** Everything is sent. */
MUST_USE struct err *pg_wait_sent(struct pg_conn *c);

/** Something has come from the server (rows of a COPY), or time is up. */
MUST_USE struct err *pg_wait_input(struct pg_conn *c);

/** An answer can be taken without waiting. */
MUST_USE struct err *pg_wait_answer(struct pg_conn *c);

/**
 * The next result; *out = NULL at the end of a statement's answer.
 *
 * @return only a lost connection; the server's errors are in the result
 */
MUST_USE struct err *pg_next(struct pg_conn *c, PGresult **out);

/** Take what is left of the answer, throwing it away. */
void pg_drain(struct pg_conn *c);

/** A statement goes out: sent says what libpq answered. */
MUST_USE struct err *pg_started(struct pg_conn *c, int sent);

#endif
