#ifndef TESTS_PG_WORLD_H
#define TESTS_PG_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "support/unit.h"

/*
 * A real PostgreSQL server for unit tests, and databases in it. The server is
 * that of the environment's GIT_MIGRATE_TEST_PG (tests/run.sh sets it); without
 * it one is started by contrib/pg-server.sh, and dropped when the test program
 * has ended, however it ended. Databases are made and dropped by psql, so that
 * nothing here depends on what is tested. Whatever goes wrong fails the test.
 */

/**
 * Is there a server, or can one be started? Fails no test.
 *
 * @return false where no server is installed, unless TEST_NEED_PG is set in
 *         the environment: then the tests go on, and fail
 */
bool pg_test_available(void);

/** URI of the server, "postgresql://.../postgres?..."; borrowed. A superuser's,
 * who needs no password. */
const char *pg_test_url(void);

/** A new, empty database.
 *
 * @param url its URI; the caller's, for pg_test_drop() */
void pg_test_database(char **url);

/** Drop the database of this URI, whoever is connected to it, and free the
 * URI. NULL is fine. */
void pg_test_drop(char *url);

/** Run statements by psql; rows are thrown away. An error fails the test. */
void pg_test_sql(const char *url, const char *sql);

/** TAP lines of tests that cannot run. */
int pg_test_skip_all(const struct CMUnitTest *tests, size_t n);

/** cmocka_run_group_tests(), or every test skipped without a server. */
#define pg_run_group_tests(tests, setup, teardown)                      \
	(pg_test_available()                                            \
		 ? cmocka_run_group_tests((tests), (setup), (teardown)) \
		 : pg_test_skip_all((tests),                            \
				    sizeof(tests) / sizeof((tests)[0])))

#endif
