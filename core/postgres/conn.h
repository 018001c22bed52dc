#ifndef POSTGRES_CONN_H
#define POSTGRES_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One connection to a PostgreSQL server: questions, statements, COPY both
 * ways. Knows no journal and no migration. All waiting stops on Ctrl-C: the
 * server is asked to cancel (PQcancel), and the caller gets ERR_CANCELLED.
 *
 * The session speaks UTF-8; every other setting is as the server has it for
 * this user and database, because migrations mean what they mean there. Who
 * reads values has to set DateStyle, bytea_output and the like for that time.
 *
 * Errors of the server are ERR_TARGET (ERR_STATE for a lock or deadlock that
 * another session is the reason of: 55P03, 40P01, 40001) with its message,
 * its hint, its SQLSTATE (err_code_of) and its DETAIL, which may quote values
 * (err_detail_of). A lost connection is ERR_TARGET with code "08006".
 */
struct pg_conn;

struct pg_conn_options {
	const char *application_name; /**< default of it; the URL's wins */
	int connect_timeout_s;        /**< default of it; the URL's wins */
	const char *database; /**< in place of the URL's; NULL = that one */
	void (*notice)(void *payload, const char *severity,
		       const char *message); /**< NULL = thrown away */
	void *payload;
};

/**
 * @param url a libpq URI, or "service=..."-like key words; copied. It and
 *            what it holds never appear in an error: it may hold a password
 * @return ERR_TARGET with a hint for an unknown host, a refused connection, a
 *         wrong password, a missing database, SSL; ERR_USAGE for a URL that
 *         libpq cannot read; a server before 12
 */
MUST_USE struct err *pg_conn_open(struct pg_conn **out, const char *url,
				  const struct pg_conn_options *opt);

/** Name of the database that a URL leads to, to be freed; NULL = it names
 * none. ERR_USAGE for a URL that libpq cannot read. */
MUST_USE struct err *pg_url_database(const char *url, char **out);

/**
 * Connect to a database beside the one that the URL names, that every server
 * has: "postgres", else "template1".
 */
MUST_USE struct err *pg_conn_open_beside(struct pg_conn **out, const char *url,
					 const struct pg_conn_options *opt);

/** Another connection to the same place as the same user. */
MUST_USE struct err *pg_conn_again(struct pg_conn **out,
				   const struct pg_conn *like);
void pg_conn_close(struct pg_conn *c);

/** Version of libpq, like that of a server; 0 = it cannot be loaded. */
int pg_client_version(void);

/** 150020 for 15.20. */
int pg_conn_version(const struct pg_conn *c);

/** A connection pooler stands between: another backend may answer each
 * transaction, prepared statements cannot be kept. */
bool pg_conn_is_pooled(const struct pg_conn *c);

bool pg_conn_in_transaction(const struct pg_conn *c);

/** The transaction has failed: only ROLLBACK is accepted. */
bool pg_conn_has_failed(const struct pg_conn *c);
bool pg_conn_is_alive(const struct pg_conn *c);

/** The server's process of this session; 0 = not known (pooled). */
int pg_conn_pid(const struct pg_conn *c);
const char *pg_conn_database(const struct pg_conn *c);
const char *pg_conn_user(const struct pg_conn *c);
const char *pg_conn_host(const struct pg_conn *c); /**< or socket folder */
const char *pg_conn_port(const struct pg_conn *c);

/** Ctrl-C does not interrupt until it is put back (rollbacks, clean-up). */
void pg_conn_hold(struct pg_conn *c, bool hold);

/** A cell of a row, as text; NUL-terminated. */
struct pg_cell {
	const char *s; /**< NULL = SQL NULL */
	size_t len;
	unsigned type; /**< oid of its type */
};

/** A parameter. */
struct pg_arg {
	const char *s; /**< NULL = SQL NULL; ends with NUL unless is_bytea */
	size_t len;
	bool is_bytea; /**< raw bytes for a parameter of type bytea */
};

static inline struct pg_arg pg_text(const char *s)
{
	return (struct pg_arg){ .s = s };
}

/** One row, borrowed for the call. It may ask further questions. */
typedef struct err *(*pg_row_fn)(void *payload, int n,
				 const struct pg_cell *cell);

/**
 * One statement with parameters $1..$n. Prepared once per text and kept, but
 * not behind a pooler. The whole result is in memory before the first row is
 * handed out. An error of `row` ends it and is returned as it is.
 */
MUST_USE struct err *pg_query(struct pg_conn *c, const char *sql,
			      const struct pg_arg *args, int n_args,
			      pg_row_fn row, void *payload);

/** pg_query() of a text that will not come again: it is not kept. */
MUST_USE struct err *pg_query_once(struct pg_conn *c, const char *sql,
				   const struct pg_arg *args, int n_args,
				   pg_row_fn row, void *payload);

/** Statements that are kept may be gone (DEALLOCATE ALL): prepare anew. */
void pg_conn_forget(struct pg_conn *c);

/** One or more statements without parameters; rows are thrown away. Not
 * prepared. Several are one transaction unless they say otherwise. */
MUST_USE struct err *pg_exec(struct pg_conn *c, const char *sql);

/** pg_exec() of a text made as by printf. */
MUST_USE struct err *pg_execf(struct pg_conn *c, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/** The first cell of the first row as a number; 0 when none or NULL. */
MUST_USE struct err *pg_query_int(struct pg_conn *c, const char *sql,
				  const struct pg_arg *args, int n_args,
				  int64_t *out);

/** A statement of somebody else's: text and, for COPY ... FROM STDIN, what is
 * copied (NULL = nothing follows, and the COPY fails). */
struct pg_statement {
	const char *sql;
	size_t len;
	unsigned line, col; /**< where it begins in its file, from 1 */
	const char *copy_data;
	size_t copy_len;
};

/**
 * Run it, rows thrown away, by the simple protocol (so that whatever the
 * server understands runs). Errors have the place that the server points at,
 * or that of the statement (err_at, path "").
 *
 * @param rows what the server says it changed; NULL = not wanted
 */
MUST_USE struct err *pg_run(struct pg_conn *c, const struct pg_statement *s,
			    int64_t *rows);

/**
 * Called once for each wait longer than after_ms, while the answer is still
 * awaited: it may use other connections, not this one. NULL = nobody.
 */
void pg_conn_on_slow(struct pg_conn *c, int64_t after_ms,
		     void (*slow)(void *payload), void *payload);

/** Give up waiting for an answer after ms (0 = never): ERR_STATE with code
 * "08006", and the connection is of no use any more. */
void pg_conn_set_patience(struct pg_conn *c, int64_t ms);

/*
 * COPY ... TO STDOUT, pulled line by line, so that two connections can be
 * read side by side. Nothing else may be asked on the connection meanwhile.
 */
MUST_USE struct err *pg_copy_out_begin(struct pg_conn *c, const char *sql);

/** The next line, its newline included; borrowed until the next call; NULL at
 * the end, when the COPY is over. */
MUST_USE struct err *pg_copy_out_next(struct pg_conn *c, const char **line,
				      size_t *len);

/** Stop reading before the end: the rest is read and thrown away, or the
 * statement cancelled (which fails the transaction). */
void pg_copy_out_abort(struct pg_conn *c);

/** COPY ... FROM STDIN: begin, any number of puts, end. Data may be cut
 * anywhere. */
MUST_USE struct err *pg_copy_in_begin(struct pg_conn *c, const char *sql);
MUST_USE struct err *pg_copy_in_put(struct pg_conn *c, const void *data,
				    size_t len);
MUST_USE struct err *pg_copy_in_end(struct pg_conn *c, uint64_t *rows);
void pg_copy_in_abort(struct pg_conn *c);

/**
 * Questions that are sent together and answered together, in one round trip
 * (libpq's pipeline mode): pg_queue() any number, then pg_flush(), which hands
 * out the rows in order. The first error ends the handing out and is returned;
 * what was queued behind it has not run. Texts and parameters are copied by
 * libpq when queued.
 */
MUST_USE struct err *pg_queue(struct pg_conn *c, const char *sql,
			      const struct pg_arg *args, int n_args,
			      pg_row_fn row, void *payload);

/**
 * A statement of somebody else's among them, by the extended protocol: one
 * that gives no rows and copies nothing. Its error has its place, as pg_run()'s.
 */
MUST_USE struct err *pg_queue_statement(struct pg_conn *c,
					const struct pg_statement *s);
MUST_USE struct err *pg_flush(struct pg_conn *c);

/** Something was queued and not flushed: nothing else may be asked. */
bool pg_has_queue(const struct pg_conn *c);

/** Append a name as the server's quote_ident() would where that is needed, in
 * double quotes otherwise too: always quoted. */
struct buf;
void pg_add_name(struct buf *out, const char *name);

/** Append a string constant for standard_conforming_strings = on. */
void pg_add_string(struct buf *out, const char *s);

#endif
