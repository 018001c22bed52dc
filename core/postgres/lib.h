#ifndef POSTGRES_LIB_H
#define POSTGRES_LIB_H

#include <libpq-fe.h>

#include "base/err.h"

/*
 * libpq, loaded when the first PostgreSQL database is opened and not before:
 * linking it makes every command five times slower to start, because of what
 * it brings along for TLS, Kerberos and LDAP. Functions are called through
 * the table: pg_lib.PQstatus(conn).
 */
/* clang-format off */
#define PG_LIB_FUNCTIONS(X) \
	X(PGconn *, PQconnectStartParams, \
	  (const char *const *, const char *const *, int)) \
	X(PostgresPollingStatusType, PQconnectPoll, (PGconn *)) \
	X(PQconninfoOption *, PQconninfoParse, (const char *, char **)) \
	X(void, PQconninfoFree, (PQconninfoOption *)) \
	X(void, PQfinish, (PGconn *)) \
	X(char *, PQdb, (const PGconn *)) \
	X(char *, PQuser, (const PGconn *)) \
	X(char *, PQhost, (const PGconn *)) \
	X(char *, PQport, (const PGconn *)) \
	X(ConnStatusType, PQstatus, (const PGconn *)) \
	X(PGTransactionStatusType, PQtransactionStatus, (const PGconn *)) \
	X(int, PQserverVersion, (const PGconn *)) \
	X(char *, PQerrorMessage, (const PGconn *)) \
	X(int, PQsocket, (const PGconn *)) \
	X(int, PQbackendPID, (const PGconn *)) \
	X(PQnoticeReceiver, PQsetNoticeReceiver, \
	  (PGconn *, PQnoticeReceiver, void *)) \
	X(PGcancel *, PQgetCancel, (PGconn *)) \
	X(void, PQfreeCancel, (PGcancel *)) \
	X(int, PQcancel, (PGcancel *, char *, int)) \
	X(int, PQsendQuery, (PGconn *, const char *)) \
	X(int, PQsendQueryParams, \
	  (PGconn *, const char *, int, const Oid *, const char *const *, \
	   const int *, const int *, int)) \
	X(int, PQsendPrepare, \
	  (PGconn *, const char *, const char *, int, const Oid *)) \
	X(int, PQsendQueryPrepared, \
	  (PGconn *, const char *, int, const char *const *, const int *, \
	   const int *, int)) \
	X(int, PQsetnonblocking, (PGconn *, int)) \
	X(PGresult *, PQgetResult, (PGconn *)) \
	X(int, PQisBusy, (PGconn *)) \
	X(int, PQconsumeInput, (PGconn *)) \
	X(int, PQflush, (PGconn *)) \
	X(int, PQenterPipelineMode, (PGconn *)) \
	X(int, PQexitPipelineMode, (PGconn *)) \
	X(int, PQpipelineSync, (PGconn *)) \
	X(int, PQputCopyData, (PGconn *, const char *, int)) \
	X(int, PQputCopyEnd, (PGconn *, const char *)) \
	X(int, PQgetCopyData, (PGconn *, char **, int)) \
	X(void, PQfreemem, (void *)) \
	X(ExecStatusType, PQresultStatus, (const PGresult *)) \
	X(char *, PQresultErrorField, (const PGresult *, int)) \
	X(int, PQntuples, (const PGresult *)) \
	X(int, PQnfields, (const PGresult *)) \
	X(Oid, PQftype, (const PGresult *, int)) \
	X(char *, PQgetvalue, (const PGresult *, int, int)) \
	X(int, PQgetlength, (const PGresult *, int, int)) \
	X(int, PQgetisnull, (const PGresult *, int, int)) \
	X(char *, PQcmdTuples, (PGresult *)) \
	X(void, PQclear, (PGresult *)) \
	X(int, PQlibVersion, (void))
/* clang-format on */

struct pg_lib {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration */
#define PG_LIB_MEMBER(type, name, args) type(*name) args;
	PG_LIB_FUNCTIONS(PG_LIB_MEMBER)
#undef PG_LIB_MEMBER
};

/** Filled by pg_lib_load() and constant from then on. */
extern struct pg_lib pg_lib;

/** ERR_TARGET with a hint when libpq 14 or later is not installed. Cheap when
 * it is loaded already. */
MUST_USE struct err *pg_lib_load(void);

#endif
