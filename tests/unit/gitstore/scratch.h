#ifndef TESTS_UNIT_GITSTORE_SCRATCH_H
#define TESTS_UNIT_GITSTORE_SCRATCH_H

#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "gitstore/gitstore.h"

#ifdef __SANITIZE_ADDRESS__
/* libgit2 1.5 leaks a match when it checks a repository's extensions. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(
	void)
{
	return "leak:libpcre2-8.so\n";
}
#endif

/*
 * A folder of its own for each test, git run in it by the shell, and
 * nothing of the account's own configuration.
 */
struct scratch {
	char dir[64];
	struct store *s; /* opened by scratch_store(), closed at the end */
};

static inline const char *scratch_at(const struct scratch *t, const char *name)
{
	static char path[4][4096];
	static unsigned turn;
	char *out = path[turn++ % 4];

	snprintf(out, sizeof(path[0]), "%s/%s", t->dir, name);
	return out;
}

/* Status of a command line run in the folder. */
static inline int scratch_try(const struct scratch *t, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
static inline int scratch_try(const struct scratch *t, const char *fmt, ...)
{
	struct buf cmd = BUF_INIT;
	va_list ap;
	int rc;

	buf_addf(&cmd, "cd '%s' && { ", t->dir);
	va_start(ap, fmt);
	buf_vaddf(&cmd, fmt, ap);
	va_end(ap);
	buf_addstr(&cmd, "; }");
	fflush(NULL);
	rc = system(cmd.data);
	buf_release(&cmd);
	return rc;
}

#define scratch_run(t, ...)                                       \
	do {                                                      \
		if (scratch_try((t), __VA_ARGS__))                \
			fail_msg("command failed: " __VA_ARGS__); \
	} while (0)

/* What a command prints, without the last newline; borrowed. */
static inline const char *scratch_ask(const struct scratch *t, const char *fmt,
				      ...) PRINTF_LIKE(2, 3);
static inline const char *scratch_ask(const struct scratch *t, const char *fmt,
				      ...)
{
	static char out[4][65536];
	static unsigned turn;
	char *to = out[turn++ % 4];
	struct buf cmd = BUF_INIT;
	va_list ap;
	size_t n;
	FILE *f;

	buf_addf(&cmd, "cd '%s' && { ", t->dir);
	va_start(ap, fmt);
	buf_vaddf(&cmd, fmt, ap);
	va_end(ap);
	buf_addstr(&cmd, "; }");
	fflush(NULL);
	f = popen(cmd.data, "r");
	assert_non_null(f);
	n = fread(to, 1, sizeof(out[0]) - 1, f);
	pclose(f);
	while (n && to[n - 1] == '\n')
		n--;
	to[n] = '\0';
	buf_release(&cmd);
	return to;
}

static inline void scratch_write(const struct scratch *t, const char *name,
				 const char *text)
{
	FILE *f = fopen(scratch_at(t, name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Open the repository in a subfolder ("" = the folder itself). */
static inline struct store *scratch_store(struct scratch *t, const char *sub)
{
	if (t->s)
		t->s->ops->close(t->s);
	t->s = NULL;
	assert_ok(gitstore_open(&t->s, scratch_at(t, sub)));
	return t->s;
}

static inline int scratch_empty(void **state)
{
	struct scratch *t = xcalloc(1, sizeof(*t));

	strcpy(t->dir, "/tmp/gitstoreXXXXXX");
	if (!mkdtemp(t->dir))
		return -1;
	chmod(t->dir, 0755);
	setenv("HOME", t->dir, 1);
	setenv("XDG_CONFIG_HOME", t->dir, 1);
	setenv("GIT_AUTHOR_DATE", "1700000000 +0100", 1);
	unsetenv("GIT_COMMITTER_DATE");
	unsetenv("GIT_CONFIG_PARAMETERS");
	unsetenv("GIT_CONFIG_GLOBAL");
	unsetenv("GIT_CONFIG_SYSTEM");
	unsetenv("GIT_CONFIG_NOSYSTEM");
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	scratch_write(t, ".gitconfig",
		      "[user]\n\tname = Ann\n\temail = ann@example.com\n"
		      "[init]\n\tdefaultBranch = main\n"
		      "[protocol \"file\"]\n\tallow = always\n");
	*state = t;
	return 0;
}

/* With a repository in it that has one commit: migrations/1.sql. */
static inline int scratch_repo(void **state)
{
	struct scratch *t;

	if (scratch_empty(state))
		return -1;
	t = *state;
	return scratch_try(t, "git init -q . && echo .gitconfig >> "
			      ".git/info/exclude && mkdir migrations && "
			      "echo 'create table a(x);' > migrations/1.sql && "
			      "git add migrations && git commit -qm first");
}

static inline int scratch_drop(void **state)
{
	struct scratch *t = *state;
	int rc;

	if (t->s)
		t->s->ops->close(t->s);
	rc = scratch_try(t, "chmod -R u+rwX . && rm -rf '%s'", t->dir);
	free(t);
	return rc;
}

/* A test with a repository of its own. */
#define in_repo(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_repo, scratch_drop)
#define in_folder(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_empty, scratch_drop)

#define WHO "Ann <ann@example.com> 1700000000 +0000"
#define UUID "01234567-89ab-cdef-0123-456789abcdef"

#endif
