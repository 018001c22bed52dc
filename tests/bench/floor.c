/*
 * The least that could be done: minimal C programs with the same input and
 * output as a command, to measure git migrate against in the same run.
 *
 *   floor run CMD...           wall seconds and peak kilobytes of a command;
 *                              with BENCH_CPU set, its processor seconds
 *   floor load FILE            read a database into memory, and its schema
 *   floor sql DB SQL           seconds that a statement takes, in one
 *                              transaction with synchronous=FULL
 *   floor read DB SQL          seconds to step through a query's rows
 *   floor apply-each DIR DB    each file of DIR in a transaction of its own
 *   floor apply-all DIR DB     all of them in one
 *   floor status REPO DB       names in HEAD's migrations folder and in the
 *                              journal, a line each; uncommitted files
 *   floor pack REPO DB SQL     a query's rows as text, in chunks, as one pack
 */
#include <dirent.h>
#include <git2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/store.h"
#include "gitstore/gitstore.h"
#include "snapshot/linefile.h"
#include "snapshot/table_sqlite.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static void check(struct err *err)
{
	if (err)
		die(err_text(err));
}

static sqlite3 *open_db(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open(path, &db) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	sqlite3_exec(db, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	return db;
}

static void exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int run(char **argv)
{
	double start = now();
	struct rusage use;
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	wait4(pid, &status, 0, &use);
	start = now() - start;
	if (getenv("BENCH_CPU"))
		start = seconds(use.ru_utime) + seconds(use.ru_stime);
	fprintf(stderr, "%.4f %ld\n", start, use.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int sql(const char *path, const char *text)
{
	sqlite3 *db = open_db(path);
	double start = now();

	exec(db, "BEGIN IMMEDIATE");
	exec(db, text);
	exec(db, "COMMIT");
	printf("%.4f\n", now() - start);
	sqlite3_close(db);
	return 0;
}

static int read_rows(const char *path, const char *text)
{
	sqlite3 *db = open_db(path);
	sqlite3_stmt *stmt;
	double start = now();
	size_t bytes = 0;

	if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			sqlite3_column_text(stmt, i);
			bytes += (size_t)sqlite3_column_bytes(stmt, i);
		}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	printf("%.4f %zu\n", now() - start, bytes);
	return 0;
}

static int load(const char *path)
{
	struct buf b = BUF_INIT;
	sqlite3 *db;

	check(file_read(path, (size_t)1 << 30, &b));
	if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
	    sqlite3_deserialize(db, "main", (unsigned char *)b.data,
				(sqlite3_int64)b.len, (sqlite3_int64)b.len,
				SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		die(path);
	exec(db, "SELECT 1 FROM sqlite_schema LIMIT 1");
	sqlite3_close(db);
	buf_release(&b);
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int apply(const char *dir, const char *path, int each)
{
	sqlite3 *db = open_db(path);
	struct dirent **names;
	sqlite3_stmt *row;
	int n = scandir(dir, &names, NULL, by_name);
	double start = now();

	exec(db, "CREATE TABLE IF NOT EXISTS floor_history "
		 "(name TEXT PRIMARY KEY, at TEXT)");
	sqlite3_prepare_v2(db,
			   "INSERT INTO floor_history "
			   "VALUES (?1, datetime('now'))",
			   -1, &row, NULL);
	if (!each)
		exec(db, "BEGIN IMMEDIATE");
	for (int i = 0; i < n; i++) {
		struct buf b = BUF_INIT;
		char *file;

		if (names[i]->d_name[0] == '.')
			continue;
		file = file_join(dir, names[i]->d_name);
		check(file_read(file, 1 << 24, &b));
		if (each)
			exec(db, "BEGIN IMMEDIATE");
		exec(db, buf_str(&b));
		sqlite3_bind_text(row, 1, names[i]->d_name, -1, SQLITE_STATIC);
		sqlite3_step(row);
		sqlite3_reset(row);
		if (each)
			exec(db, "COMMIT");
		buf_release(&b);
		free(file);
	}
	if (!each)
		exec(db, "COMMIT");
	printf("%.4f\n", now() - start);
	sqlite3_finalize(row);
	sqlite3_close(db);
	return 0;
}

static int status(const char *repo_path, const char *path)
{
	git_repository *repo = NULL;
	git_object *tree = NULL;
	sqlite3 *db;
	sqlite3_stmt *stmt;

	git_status_options opts;
	git_status_list *list = NULL;
	char dir[] = "migrations", *paths[] = { dir };

	git_libgit2_init();
	if (git_repository_open(&repo, repo_path) ||
	    git_revparse_single(&tree, repo, "HEAD:migrations"))
		die("no repository");
	db = open_db(path);
	if (sqlite3_prepare_v2(db,
			       "SELECT h.name, h.status, h.blob, h.finished_at "
			       "FROM git_migrate_history h WHERE h.seq IN "
			       "(SELECT seq FROM git_migrate_current) "
			       "ORDER BY h.seq",
			       -1, &stmt, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	for (size_t i = 0; i < git_tree_entrycount((git_tree *)tree) &&
			   sqlite3_step(stmt) == SQLITE_ROW;
	     i++) {
		const git_tree_entry *e =
			git_tree_entry_byindex((git_tree *)tree, i);
		char hex[41];

		git_oid_tostr(hex, sizeof(hex), git_tree_entry_id(e));
		printf("%-12s %-40s %s%s\n", sqlite3_column_text(stmt, 1),
		       git_tree_entry_name(e), sqlite3_column_text(stmt, 3),
		       strcmp(hex, (const char *)sqlite3_column_text(stmt, 2))
			       ? " modified"
			       : "");
	}
	/* what is not committed */
	git_status_options_init(&opts, GIT_STATUS_OPTIONS_VERSION);
	opts.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED |
		     GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS;
	opts.pathspec.strings = paths;
	opts.pathspec.count = 1;
	if (git_status_list_new(&list, repo, &opts))
		die("no status");
	for (size_t i = 0; i < git_status_list_entrycount(list); i++)
		printf("uncommitted\n");
	return 0;
}

static struct err *to_sink_file(void *payload, const char *path)
{
	(void)payload;
	(void)path;
	return NULL;
}

static struct store *the_store;

static struct err *to_sink_chunk(void *payload, const void *data, size_t len)
{
	return the_store->ops->sink_chunk(payload, data, len);
}

/* The rows are in memory as text first: only the pack is timed. */
static int pack(const char *repo, const char *path, const char *table)
{
	sqlite3 *db = open_db(path);
	struct snapshot_out out = { NULL, to_sink_file, to_sink_chunk };
	struct snapshot_sink *sink;
	struct line_writer w;
	struct buf text = BUF_INIT;
	struct table_info info;
	struct store_id id;
	sqlite3_stmt *stmt;
	double start;
	bool found, written;
	char *q = sqlite3_mprintf("SELECT * FROM %w", table);
	const char *p;

	check(table_info_read(&info, db, table, &found));
	sqlite3_prepare_v2(db, q, -1, &stmt, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			struct row_value v;

			table_value(&v, sqlite3_column_value(stmt, i));
			if (i)
				buf_addch(&text, '\t');
			row_add_value(&text, &v);
		}
		buf_addch(&text, '\n');
	}
	sqlite3_finalize(stmt);
	check(gitstore_open(&the_store, repo));
	start = now();
	check(the_store->ops->sink_open(the_store, &sink));
	out.payload = sink;
	check(the_store->ops->sink_file(sink, "rows/1"));
	line_writer_init(&w, &out, 0);
	line_writer_file(&w, "rows/1");
	for (p = text.data; p < text.data + text.len;) {
		const char *nl = strchr(p, '\n');

		buf_add(line_writer_begin(&w), p, (size_t)(nl + 1 - p));
		line_writer_add(&w);
		p = nl + 1;
	}
	check(line_writer_end(&w));
	check(the_store->ops->sink_event(sink, &id));
	check(the_store->ops->sink_durable(sink, "floor/1", &written));
	printf("%.4f %zu\n", now() - start, text.len);
	the_store->ops->sink_close(sink);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "run") && argc > 2)
		return run(argv + 2);
	if (!strcmp(what, "sql") && argc == 4)
		return sql(argv[2], argv[3]);
	if (!strcmp(what, "load") && argc == 3)
		return load(argv[2]);
	if (!strcmp(what, "read") && argc == 4)
		return read_rows(argv[2], argv[3]);
	if (!strcmp(what, "apply-each") && argc == 4)
		return apply(argv[2], argv[3], 1);
	if (!strcmp(what, "apply-all") && argc == 4)
		return apply(argv[2], argv[3], 0);
	if (!strcmp(what, "status") && argc == 4)
		return status(argv[2], argv[3]);
	if (!strcmp(what, "pack") && argc == 5)
		return pack(argv[2], argv[3], argv[4]);
	die("see the comment at the top of floor.c");
	return 1;
}
