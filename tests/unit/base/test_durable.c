#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "support/unit.h"

/* file_write() under readers, kills and limits: the old text or the new. */

#define SIZE 300000

struct place {
	char dir[64], path[80];
};

static int set_up(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/durableXXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/f", p->dir);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *command = xasprintf("rm -rf '%s'", p->dir);
	int rc = system(command);

	free(command);
	free(p);
	return rc;
}

static size_t entries(const struct place *p)
{
	DIR *d = opendir(p->dir);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* The file is SIZE times the same letter. */
static char whole(const struct place *p)
{
	struct buf b = BUF_INIT;
	char c;

	assert_ok(file_read(p->path, SIZE, &b));
	assert_int_equal(b.len, SIZE);
	c = b.data[0];
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] != c)
			fail_msg("torn at byte %zu", i);
	buf_release(&b);
	return c;
}

static void write_letter(const struct place *p, char c)
{
	char *text = xmalloc(SIZE);

	memset(text, c, SIZE);
	assert_ok(file_write(p->path, text, SIZE, 0644));
	free(text);
}

static void file_write__shows_readers_one_text_or_the_other(void **state)
{
	struct place *p = *state;
	bool seen[2] = { false, false };
	pid_t pid;
	int status;

	write_letter(p, 'a');
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		for (int i = 0; i < 60; i++)
			write_letter(p, i % 2 ? 'a' : 'b');
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		char c = whole(p);

		assert_true(c == 'a' || c == 'b');
		seen[c - 'a'] = true;
	}
	assert_int_equal(status, 0);
	assert_true(seen[0] && seen[1]);
	assert_int_equal(entries(p), 1);
}

static void file_write__survives_a_kill_at_any_time(void **state)
{
	struct place *p = *state;

	write_letter(p, 'z');
	for (unsigned i = 0; i < 60; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			for (unsigned k = 0;; k++)
				write_letter(p, (char)('a' + k % 26));
		}
		usleep(i * 137 % 4000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		whole(p);
	}
}

/* The file may grow to half of what is to be written. */
static void file_write__leaves_the_old_text_when_there_is_no_room(void **state)
{
	struct place *p = *state;
	struct rlimit old, half = { SIZE / 2, SIZE / 2 };
	char *text = xcalloc(1, SIZE);
	struct err *e;

	write_letter(p, 'o');
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	half.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &half), 0);
	e = file_write(p->path, text, SIZE, 0644);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_non_null(e);
	assert_int_equal(err_class_of(e), ERR_INPUT);
	assert_non_null(strstr(err_text(e), p->path));
	err_free(e);
	assert_int_equal(whole(p), 'o');
	assert_int_equal(entries(p), 1);
	free(text);
}

static void file_write__gives_the_mode_that_was_asked_for(void **state)
{
	static const unsigned modes[] = { 0600, 0644, 0664, 0755, 0444 };
	struct place *p = *state;
	mode_t mask = umask(077);

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct stat st;

		assert_ok(file_write(p->path, "x", 1, modes[i]));
		assert_int_equal(stat(p->path, &st), 0);
		assert_int_equal(st.st_mode & 07777, modes[i]);
	}
	umask(mask);
}

/* A link is replaced; what it points at is not touched. */
static void file_write__writes_through_no_link(void **state)
{
	struct place *p = *state;
	char *other = xasprintf("%s/other", p->dir);
	struct buf b = BUF_INIT;
	struct stat st;

	assert_ok(file_write(other, "keep", 4, 0644));
	assert_int_equal(symlink(other, p->path), 0);
	assert_ok(file_write(p->path, "new", 3, 0644));
	assert_int_equal(lstat(p->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_ok(file_read(other, 100, &b));
	assert_string_equal(buf_str(&b), "keep");
	buf_release(&b);
	free(other);
}

static void *make_one(void *payload)
{
	const struct place *p = payload;
	char *deep = xasprintf("%s/a/b/c/d/e", p->dir);
	struct err *e = file_mkdirs(deep, 0755);

	free(deep);
	return e;
}

static void file_mkdirs__may_run_many_times_at_once(void **state)
{
	pthread_t threads[8];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, make_one, *state), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *e;

		pthread_join(threads[i], &e);
		assert_null(e);
	}
	assert_int_equal(entries(*state), 1);
}

static void *drain(void *payload)
{
	char some[777];
	size_t total = 0;
	ssize_t n;

	while ((n = read(*(int *)payload, some, sizeof(some))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (some[i] != (char)((total + (size_t)i) % 251))
				return NULL;
		total += (size_t)n;
	}
	return total == SIZE ? payload : NULL;
}

static void file_write_all__fills_a_slow_pipe(void **state)
{
	char *text = xmalloc(SIZE);
	pthread_t reader;
	void *ok;
	int fd[2];

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)(i % 251);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(pthread_create(&reader, NULL, drain, &fd[0]), 0);
	assert_ok(file_write_all(fd[1], text, SIZE));
	close(fd[1]);
	pthread_join(reader, &ok);
	assert_non_null(ok);
	close(fd[0]);
	free(text);
}

#define in_place(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(file_write__shows_readers_one_text_or_the_other),
		in_place(file_write__survives_a_kill_at_any_time),
		in_place(file_write__leaves_the_old_text_when_there_is_no_room),
		in_place(file_write__gives_the_mode_that_was_asked_for),
		in_place(file_write__writes_through_no_link),
		in_place(file_mkdirs__may_run_many_times_at_once),
		cmocka_unit_test(file_write_all__fills_a_slow_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
