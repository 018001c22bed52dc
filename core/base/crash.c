#include "base/crash.h"

#ifdef CRASH_POINTS

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(const char *name)
{
	const char *path = getenv("GIT_MIGRATE_CRASH_LOG");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			     0600)
		      : -1;
	ssize_t ignored;

	if (fd < 0)
		return;
	ignored = write(fd, name, strlen(name));
	ignored = write(fd, "\n", 1);
	(void)ignored;
	close(fd);
}

void crash_point(const char *name)
{
	static unsigned passed;
	const char *want = getenv("GIT_MIGRATE_CRASH"), *colon;
	size_t n;

	note(name);
	if (!want)
		return;
	colon = strchr(want, ':');
	n = colon ? (size_t)(colon - want) : strlen(want);
	if (strlen(name) != n || strncmp(name, want, n) != 0)
		return;
	if (++passed >= (colon ? strtoul(colon + 1, NULL, 10) : 1))
		kill(getpid(), SIGKILL);
}

#else
/* An empty translation unit is not ISO C. */
typedef int crash_unused;
#endif
