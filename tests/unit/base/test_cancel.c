#include "base/cancel.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "support/unit.h"

/* The request cannot be taken back: each case has a process of its own. */
static int in_child(int (*fn)(int sig), int sig)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		cancel_install();
		_exit(fn(sig));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int is_asked_for(int sig)
{
	struct err *e = cancel_check();

	if (e || cancel_requested())
		return 1;
	raise(sig);
	if (!cancel_requested())
		return 2;
	e = cancel_check();
	if (!e || err_class_of(e) != ERR_CANCELLED || err_exit_status(e) != 130)
		return 3;
	err_free(e);
	return 0;
}

static void cancel_check__hears_every_signal_that_ends_a_program(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		assert_int_equal(in_child(is_asked_for, signals[i]), 0);
}

static int is_put_off(int sig)
{
	struct err *e;

	cancel_hold(true);
	raise(sig);
	e = cancel_check();
	if (e || cancel_requested())
		return 1;
	raise(sig); /* impatience changes nothing */
	if (cancel_requested())
		return 2;
	cancel_hold(false);
	e = cancel_check();
	if (!e)
		return 3;
	err_free(e);
	cancel_hold(true); /* a later hold puts it off again */
	if (cancel_requested())
		return 4;
	cancel_hold(false);
	return cancel_requested() ? 0 : 5;
}

static void cancel_hold__keeps_a_request_for_later(void **state)
{
	(void)state;
	assert_int_equal(in_child(is_put_off, SIGINT), 0);
	assert_int_equal(in_child(is_put_off, SIGTERM), 0);
}

static int asks_for_nothing(int sig)
{
	(void)sig;
	cancel_hold(true);
	cancel_hold(false);
	return cancel_requested() ? 1 : 0;
}

static void cancel_hold__alone_asks_for_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(asks_for_nothing, 0), 0);
}

/* A read that a signal comes into goes on: SA_RESTART. */
static int goes_on_reading(int sig)
{
	int fd[2];
	char c = 0;
	pid_t pid;

	if (pipe(fd))
		return 1;
	pid = fork();
	if (!pid) {
		usleep(50000);
		kill(getppid(), sig);
		usleep(50000);
		_exit(write(fd[1], "x", 1) != 1);
	}
	if (read(fd[0], &c, 1) != 1 || c != 'x')
		return 2;
	waitpid(pid, NULL, 0);
	return cancel_requested() ? 0 : 3;
}

static void cancel_install__breaks_no_read(void **state)
{
	(void)state;
	assert_int_equal(in_child(goes_on_reading, SIGINT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			cancel_check__hears_every_signal_that_ends_a_program),
		cmocka_unit_test(cancel_hold__keeps_a_request_for_later),
		cmocka_unit_test(cancel_hold__alone_asks_for_nothing),
		cmocka_unit_test(cancel_install__breaks_no_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
