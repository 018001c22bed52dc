/*
 * The least that could be done on PostgreSQL: plain libpq, to measure git
 * migrate against in the same run.
 *
 *   pg_floor sql URL SQL      seconds that a statement takes, in a transaction
 *                             of its own, commit included
 *   pg_floor copy URL SQL     seconds to read a COPY ... TO STDOUT
 *   pg_floor each URL DIR     each file of DIR: one round trip, one transaction
 *   pg_floor status URL SQL   connect, one question, its rows
 */
#include <dirent.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "pg_floor: %s\n", what);
	exit(1);
}

static void run(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);

	if (PQresultStatus(r) == PGRES_FATAL_ERROR)
		die(PQresultErrorMessage(r));
	PQclear(r);
}

static void run_sql(PGconn *c, const char *sql)
{
	double start = now();

	run(c, "BEGIN");
	run(c, sql);
	run(c, "COMMIT");
	printf("%.6f\n", now() - start);
}

static void read_copy(PGconn *c, const char *sql)
{
	double start = now();
	PGresult *r = PQexec(c, sql);
	size_t bytes = 0;
	char *data;
	int n;

	if (PQresultStatus(r) != PGRES_COPY_OUT)
		die(PQresultErrorMessage(r));
	PQclear(r);
	while ((n = PQgetCopyData(c, &data, 0)) > 0) {
		bytes += (size_t)n;
		PQfreemem(data);
	}
	while ((r = PQgetResult(c)))
		PQclear(r);
	printf("%.6f %zu bytes\n", now() - start, bytes);
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_sql(const struct dirent *e)
{
	return strstr(e->d_name, ".sql") != NULL;
}

static void run_each(PGconn *c, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_sql, compare);
	double start;

	run(c, "CREATE SCHEMA f; CREATE TABLE f.history (name text PRIMARY "
	       "KEY, at timestamptz DEFAULT now())");
	start = now();
	for (int i = 0; i < n; i++) {
		char *path = file_join(dir, names[i]->d_name);
		struct buf text = BUF_INIT, sql = BUF_INIT;
		struct err *e = file_read(path, 1 << 20, &text);

		if (e)
			die(err_text(e));
		buf_addf(&sql,
			 "BEGIN; %s; INSERT INTO f.history (name) VALUES "
			 "('%s'); COMMIT",
			 buf_str(&text), names[i]->d_name);
		run(c, buf_str(&sql));
		buf_release(&text);
		buf_release(&sql);
		free(path);
	}
	printf("%.6f\n", now() - start);
}

static void ask(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		die(PQresultErrorMessage(r));
	for (int i = 0; i < PQntuples(r); i++)
		puts(PQgetvalue(r, i, 0));
	PQclear(r);
}

int main(int argc, char **argv)
{
	PGconn *c;

	if (argc != 4)
		die("usage: see the source");
	c = PQconnectdb(argv[2]);
	if (PQstatus(c) != CONNECTION_OK)
		die(PQerrorMessage(c));
	if (!strcmp(argv[1], "sql"))
		run_sql(c, argv[3]);
	else if (!strcmp(argv[1], "copy"))
		read_copy(c, argv[3]);
	else if (!strcmp(argv[1], "each"))
		run_each(c, argv[3]);
	else if (!strcmp(argv[1], "status"))
		ask(c, argv[3]);
	else
		die("no such thing");
	PQfinish(c);
	return 0;
}
