#include "cmd/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

/* What fn writes to standard error. */
static void catch_stderr(void (*fn)(struct progress *p), bool on, int width,
			 char out[256])
{
	char path[] = "/tmp/test-progress-XXXXXX";
	int fd = mkstemp(path), kept = dup(STDERR_FILENO);
	struct progress p;
	ssize_t n;

	assert_true(fd >= 0 && kept >= 0);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	progress_init(&p, on, width);
	fn(&p);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	n = pread(fd, out, 255, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
	close(kept);
	unlink(path);
}

static void one_step(struct progress *p)
{
	progress_step(p, "apply", "20260101_a\033b", 0, 3);
}

static void steps_and_clear(struct progress *p)
{
	progress_step(p, "apply", "a", 0, 2);
	progress_step(p, "apply", "b", 1, 2); /* too soon */
	progress_clear(p);
	progress_clear(p);
}

static void progress_step__draws_one_safe_line(void **state)
{
	char out[256];

	(void)state;
	catch_stderr(one_step, true, 80, out);
	assert_string_equal(out, "\rapply 1/3 20260101_a\\x1bb\033[K");
}

static void progress_step__fits_the_terminal(void **state)
{
	char out[256];

	(void)state;
	catch_stderr(one_step, true, 13, out);
	assert_string_equal(out, "\rapply 1/3 2\xe2\x80\xa6\033[K");
}

static void progress_clear__leaves_nothing(void **state)
{
	char out[256];

	(void)state;
	catch_stderr(steps_and_clear, true, 80, out);
	assert_string_equal(out, "\rapply 1/2 a\033[K\r\033[K");
}

static void progress__is_silent_when_off(void **state)
{
	char out[256];

	(void)state;
	catch_stderr(steps_and_clear, false, 80, out);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_step__draws_one_safe_line),
		cmocka_unit_test(progress_step__fits_the_terminal),
		cmocka_unit_test(progress_clear__leaves_nothing),
		cmocka_unit_test(progress__is_silent_when_off),
	};

	return cmocka_run_group_tests_name("cmd/progress", tests, NULL, NULL);
}
