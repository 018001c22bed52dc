#include "gitstore/child.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"

extern char **environ;

static int spawn(const char *const *argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc)
		return rc;
	rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!rc)
		rc = posix_spawnp(pid, argv[0], &actions, NULL,
				  (char *const *)(uintptr_t)argv, /* NOLINT */
				  environ);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

struct err *gs_child_output(const char *const *argv, struct buf *out)
{
	int fds[2], rc, status = 0;
	pid_t pid;
	ssize_t n = 1;

	if (pipe2(fds, O_CLOEXEC))
		return err_new(ERR_STORE, "make a pipe: %s", strerror(errno));
	rc = spawn(argv, fds[1], &pid);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return err_hint(
			err_new(ERR_STORE, "run %s: %s", argv[0], strerror(rc)),
			"git must be in PATH");
	}
	while (n) {
		n = read(fds[0], buf_reserve(out, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		out->len += (size_t)n;
	}
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (out->data)
		out->data[out->len] = '\0';
	if (n < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return err_new(ERR_STORE, "%s %s failed", argv[0], argv[1]);
	return NULL;
}
