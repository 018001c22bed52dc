#ifndef TESTS_UNIT_TARGET_FIXTURE_H
#define TESTS_UNIT_TARGET_FIXTURE_H

#include "support/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "sql/sql.h"
#include "target/target.h"
#include "target/target_sqlite.h"

/* A folder of its own for each test, and the usual steps in it. */
struct fixture {
	char dir[64];
	struct target *t; /* closed by the teardown when it is set */
};

static inline int fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/git-migrate-target-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	chmod(f->dir, 0755);
	*state = f;
	return 0;
}

static inline int fixture_remove(const char *path, const struct stat *st,
				 int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	target_close(f->t);
	nftw(f->dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

#define fixture_test(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

/* "<folder>/<name>"; borrowed until the next call but seven */
static inline const char *in_dir(const struct fixture *f, const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", f->dir, name);
	return path;
}

static inline struct err *open_url(const struct fixture *f, const char *url,
				   bool create, struct target **out)
{
	const struct target_options opt = {
		.base_dir = f->dir,
		.create = create,
		.lock_timeout_ms = 50,
	};

	return target_open(out, url, &opt);
}

/* Opens "dev.db" of the folder, made when it is missing, as f->t. */
static inline struct target *open_dev(struct fixture *f)
{
	assert_ok(open_url(f, "sqlite:dev.db", true, &f->t));
	assert_non_null(f->t);
	return f->t;
}

/* Run every statement of a text as a migration's, up to the first error. */
static inline struct err *run_text(struct target *t, const char *text)
{
	struct sql_script script;
	struct err *e;

	memset(&script, 0, sizeof(script));
	e = sql_split(&script, SQL_SQLITE, text, strlen(text), 1);
	for (size_t i = 0; i < script.n && !e; i++)
		e = target_run(t, &script.statements[i]);
	sql_script_release(&script);
	return e;
}

static inline struct err *fixture_keep_int(void *payload, int n,
					   const struct target_value *cell)
{
	int64_t *out = payload;

	(void)n;
	*out = cell[0].i;
	return NULL;
}

/* The first cell of the last row; -999 when there is no row. */
static inline int64_t ask(struct target *t, const char *sql)
{
	int64_t out = -999;

	assert_ok(target_query(t, sql, NULL, 0, fixture_keep_int, &out));
	return out;
}

/* Text of the error holds `part`; the hint, when given, holds `hint`. */
static inline void expect_error(struct err *e, enum err_class cls,
				const char *part, const char *hint)
{
	assert_non_null(e);
	if (!strstr(err_text(e), part))
		fail_msg("'%s' is not in '%s'", part, err_text(e));
	assert_int_equal(err_class_of(e), cls);
	if (hint && (!err_hint_of(e) || !strstr(err_hint_of(e), hint)))
		fail_msg("'%s' is not in the hint '%s' of '%s'", hint,
			 err_hint_of(e) ? err_hint_of(e) : "(none)",
			 err_text(e));
	assert_null(strchr(err_text(e), '\n'));
	err_free(e);
}

/* Same, inside a child that may not assert: 0 = as expected. */
static inline int compare_error(struct err *e, enum err_class cls,
				const char *part, const char *hint)
{
	int bad = 1;

	if (e && strstr(err_text(e), part) && err_class_of(e) == cls &&
	    (!hint || (err_hint_of(e) && strstr(err_hint_of(e), hint))))
		bad = 0;
	if (bad)
		fprintf(stderr, "got: %s (%s)\n", e ? err_text(e) : "no error",
			e && err_hint_of(e) ? err_hint_of(e) : "no hint");
	err_free(e);
	return bad;
}

static inline void write_file(const char *path, const void *data, size_t n)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, n, file), n);
	fclose(file);
}

/*
 * Run fn in a child that permission bits bind, also when the tests run as
 * root; gives its exit status, or 128 + signal.
 */
static inline int in_child(int (*fn)(struct fixture *f), struct fixture *f,
			   bool as_nobody)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (as_nobody && geteuid() == 0 &&
		    (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(77);
		_exit(fn(f));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
