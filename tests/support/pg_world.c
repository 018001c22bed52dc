#include "support/pg_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef PG_SERVER_SH
#define PG_SERVER_SH "contrib/pg-server.sh"
#endif

#define NO_SERVER 77 /* contrib/pg-server.sh */

static char server_url[1024]; /* empty = not known yet */
static char server_dir[64];   /* of a server of our own */
static pid_t server_owner;

/* The status of a command, and its first line without the newline. */
static int run(const char *command, char *line, size_t size)
{
	FILE *p = popen(command, "r");
	int status;

	if (!p)
		return -1;
	if (!fgets(line, (int)size, p))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	while (fgetc(p) != EOF)
		;
	status = pclose(p);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void drop_server(void)
{
	char command[256];
	char line[8];

	if (getpid() != server_owner) /* a child of the test's */
		return;
	snprintf(command, sizeof(command),
		 "'" PG_SERVER_SH "' drop '%s/s'; rmdir '%s'", server_dir,
		 server_dir);
	run(command, line, sizeof(line));
}

/* In /tmp: a socket wants a short name, and the server may be another user. */
static int start_server(void)
{
	char dir[] = "/tmp/pg.XXXXXX";
	char command[512];
	int status;

	if (!mkdtemp(dir))
		return -1;
	snprintf(command, sizeof(command),
		 "chmod 711 '%s' && PG_SERVER_OPTS='-c fsync=off' "
		 "'" PG_SERVER_SH "' start '%s/s' %ld",
		 dir, dir, (long)getpid());
	status = run(command, server_url, sizeof(server_url));
	if (status) {
		server_url[0] = '\0';
		rmdir(dir);
		return status;
	}
	memcpy(server_dir, dir, sizeof(dir));
	server_owner = getpid();
	atexit(drop_server);
	return 0;
}

/* 0, or why there is no server: its status. Asked once. */
static int find_server(void)
{
	static const char *const mine[] = { "PGHOST",     "PGHOSTADDR",
					    "PGPORT",     "PGUSER",
					    "PGDATABASE", "PGOPTIONS",
					    "PGSERVICE" };
	static int status = -1;
	const char *env = getenv("GIT_MIGRATE_TEST_PG");

	if (server_url[0] || status > 0)
		return status;
	for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
		unsetenv(mine[i]);
	if (env && *env) {
		snprintf(server_url, sizeof(server_url), "%s", env);
		status = 0;
	} else {
		status = start_server();
	}
	return status;
}

bool pg_test_available(void)
{
	const char *need = getenv("TEST_NEED_PG");

	return find_server() != NO_SERVER || (need && *need);
}

const char *pg_test_url(void)
{
	int status = find_server();

	if (status)
		fail_msg("no PostgreSQL server: status %d", status);
	return server_url;
}

void pg_test_sql(const char *url, const char *sql)
{
	int fds[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execlp("psql", "psql", "-X", "-q", "-A", "-t", "-v",
		       "ON_ERROR_STOP=1", "-c", sql, url, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);

	char said[4096];
	size_t len = 0;
	ssize_t n;
	char rest[4096];

	while ((n = read(fds[0], len + 1 < sizeof(said) ? said + len : rest,
			 len + 1 < sizeof(said) ? sizeof(said) - 1 - len
						: sizeof(rest))) > 0)
		if (len + 1 < sizeof(said))
			len += (size_t)n;
	said[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("psql: %s: %s", sql, said);
}

/* The length of a URI up to the "/" before its database, which it has. */
static size_t before_database(const char *url)
{
	const char *host = strstr(url, "://");

	assert_non_null(host);
	return (size_t)(host + 3 - url) + strcspn(host + 3, "/?");
}

void pg_test_database(char **url)
{
	static unsigned n;
	const char *server = pg_test_url();
	const char *query = strchr(server, '?');
	size_t before = before_database(server);
	char name[64];
	char sql[128];
	char *s;

	snprintf(name, sizeof(name), "unit_%ld_%lld_%u", (long)getpid(),
		 (long long)time(NULL), n++);
	/* template0: nobody is connected to it */
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE template0",
		 name);
	pg_test_sql(server, sql);
	if (!query)
		query = "";
	s = malloc(before + 1 + strlen(name) + strlen(query) + 1);
	assert_non_null(s);
	sprintf(s, "%.*s/%s%s", (int)before, server, name, query);
	*url = s;
}

void pg_test_drop(char *url)
{
	char sql[256];
	const char *name;
	int len;

	if (!url)
		return;
	name = url + before_database(url) + 1;
	len = (int)strcspn(name, "?");
	snprintf(sql, sizeof(sql),
		 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
		 "WHERE datname = '%.*s'",
		 len, name);
	pg_test_sql(pg_test_url(), sql);
	snprintf(sql, sizeof(sql), "DROP DATABASE %.*s", len, name);
	pg_test_sql(pg_test_url(), sql);
	free(url);
}

int pg_test_skip_all(const struct CMUnitTest *tests, size_t n)
{
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++)
		printf("ok %zu - %s # skip no PostgreSQL server\n", i + 1,
		       tests[i].name);
	return 0;
}
