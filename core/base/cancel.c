#include "base/cancel.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t requested, held;

static void on_signal(int sig)
{
	(void)sig;
	requested = 1;
}

void cancel_install(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sigemptyset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

bool cancel_requested(void)
{
	return requested && !held;
}

void cancel_hold(bool hold)
{
	held = hold;
}

struct err *cancel_check(void)
{
	return cancel_requested() ? err_new(ERR_CANCELLED, "interrupted")
				  : NULL;
}
