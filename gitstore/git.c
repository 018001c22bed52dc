#include "gitstore/git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/util.h"

extern char **environ;

#define SAID_MAX 2000 /* bytes of standard error in a message */

struct child {
	const struct gs_git *g;
	pid_t pid;
	int in, out, err; /* our ends; -1 = closed */
	size_t sent;
	struct buf text, said;
	struct err *error; /* of the caller's function */
};

/* git rev-parse --local-env-vars, without the configuration. */
static bool leads_elsewhere(const char *var)
{
	static const char *const names[] = {
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=",
		"GIT_OBJECT_DIRECTORY=",
		"GIT_DIR=",
		"GIT_WORK_TREE=",
		"GIT_IMPLICIT_WORK_TREE=",
		"GIT_GRAFT_FILE=",
		"GIT_INDEX_FILE=",
		"GIT_NO_REPLACE_OBJECTS=",
		"GIT_REPLACE_REF_BASE=",
		"GIT_PREFIX=",
		"GIT_SHALLOW_FILE=",
		"GIT_COMMON_DIR=",
		"GIT_NAMESPACE=",
		"GIT_QUARANTINE_PATH=",
		"GIT_CONFIG=",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (starts_with(var, names[i]))
			return true;
	return false;
}

static char **environment(void)
{
	size_t n = 0, kept = 0;
	char **out;

	while (environ[n])
		n++;
	out = xreallocarray(NULL, n + 1, sizeof(*out));
	for (size_t i = 0; i < n; i++)
		if (!leads_elsewhere(environ[i]))
			out[kept++] = environ[i];
	out[kept] = NULL;
	return out;
}

static const char **command(const struct gs_git *g, const char *const *args,
			    char **git_dir)
{
	size_t n = 0, at = 0;
	const char **out;

	while (args[n])
		n++;
	*git_dir = xasprintf("--git-dir=%s", g->git_dir);
	out = xcalloc(n + 5, sizeof(*out));
	out[at++] = "git";
	if (g->dir) {
		out[at++] = "-C";
		out[at++] = g->dir;
	}
	out[at++] = *git_dir;
	for (size_t i = 0; i < n; i++)
		out[at++] = args[i];
	return out;
}

/* Ctrl-C and closed pipes mean to it what they usually do. */
static int default_signals(posix_spawnattr_t *attr)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (posix_spawnattr_setsigdefault(attr, &set))
		return EINVAL;
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF);
}

static int spawn(struct child *c, const char **argv, const int theirs[3])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char **env = environment();
	int rc = posix_spawn_file_actions_init(&actions);

	posix_spawnattr_init(&attr);
	for (int i = 0; i < 3 && !rc; i++)
		rc = posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
	if (!rc)
		rc = default_signals(&attr);
	if (!rc)
		rc = posix_spawnp(&c->pid, argv[0], &actions, &attr,
				  (char *const *)(uintptr_t)argv, /* NOLINT */
				  env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return rc;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static struct err *start(struct child *c, const char **argv)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int rc = 0, theirs[3];

	for (int i = 0; i < 3 && !rc; i++)
		rc = pipe2(pipes[i], O_CLOEXEC) ? errno : 0;
	theirs[0] = pipes[0][0];
	theirs[1] = pipes[1][1];
	theirs[2] = pipes[2][1];
	if (!rc)
		rc = spawn(c, argv, theirs);
	for (int i = 0; i < 3; i++)
		close_fd(&theirs[i]);
	c->in = pipes[0][1];
	c->out = pipes[1][0];
	c->err = pipes[2][0];
	if (!rc)
		return NULL;
	return err_hint(err_new(ERR_STORE, "run git: %s", strerror(rc)),
			"git must be in PATH");
}

static void give_lines(struct child *c, bool all)
{
	char *p = c->text.data, *nl;
	size_t left = c->text.len;

	while (left && !c->error) {
		nl = memchr(p, '\n', left);
		if (!nl && !all)
			break;
		if (nl)
			*nl = '\0';
		if (c->g->line)
			c->error = c->g->line(c->g->payload, p);
		if (!nl) {
			left = 0;
			break;
		}
		left -= (size_t)(nl + 1 - p);
		p = nl + 1;
	}
	if (c->text.data && p != c->text.data) {
		memmove(c->text.data, p, left);
		c->text.data[left] = '\0';
	}
	c->text.len = c->error ? 0 : left;
}

/* False at its end. */
static bool take(int fd, struct buf *to)
{
	ssize_t n = read(fd, buf_reserve(to, 65536), 65536);

	if (n > 0) {
		to->len += (size_t)n;
		to->data[to->len] = '\0';
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

static void take_said(struct child *c)
{
	size_t was = c->said.len;

	if (!take(c->err, &c->said))
		close_fd(&c->err);
	else if (was > SAID_MAX) /* the end tells why */
		buf_truncate(&c->said, was);
}

static void give_input(struct child *c)
{
	ssize_t n = write(c->in, c->g->in + c->sent, c->g->in_len - c->sent);

	if (n > 0)
		c->sent += (size_t)n;
	if ((n < 0 && errno != EINTR) || c->sent == c->g->in_len)
		close_fd(&c->in);
}

static void talk(struct child *c)
{
	if (!c->g->in_len)
		close_fd(&c->in);
	while (c->out >= 0 || c->err >= 0) {
		struct pollfd fds[3] = { { c->in, POLLOUT, 0 },
					 { c->out, POLLIN, 0 },
					 { c->err, POLLIN, 0 } };

		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			give_input(c);
		if (fds[1].revents) {
			if (!take(c->out, &c->text))
				close_fd(&c->out);
			give_lines(c, c->out < 0);
		}
		if (fds[2].revents)
			take_said(c);
	}
}

/* "https://user:secret@host" without the secret. */
static void hide_passwords(char *text)
{
	char *p = text;

	while ((p = strstr(p, "://"))) {
		char *user = p + 3;
		size_t n = strcspn(user, "/ '\"");
		char *at = memchr(user, '@', n), *colon;

		p = user;
		if (!at)
			continue;
		colon = memchr(user, ':', (size_t)(at - user));
		for (char *s = colon ? colon + 1 : at; s < at; s++)
			*s = '*';
	}
}

/* Its lines as one. */
static void join(struct buf *out, char *said)
{
	char *save = NULL;

	hide_passwords(said);
	for (char *line = strtok_r(said, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		line += strspn(line, " \t");
		if (*line && !starts_with(line, "hint:"))
			buf_addf(out, "%s%s", out->len ? "; " : "", line);
	}
}

/* The command's name, behind its settings. */
static const char *verb(const char *const *args)
{
	size_t i = 0;

	while (args[i] && streq(args[i], "-c") && args[i + 1])
		i += 2;
	return args[i] ? args[i] : "";
}

static struct err *finish(struct child *c, const char *const *args)
{
	struct buf said = BUF_INIT;
	struct err *err = c->error;
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!err && WIFSIGNALED(status) && cancel_requested())
		err = cancel_check();
	if (!err && (!WIFEXITED(status) || WEXITSTATUS(status))) {
		join(&said, c->said.data ? c->said.data : (char[]){ "" });
		err = err_new(ERR_STORE, "git %s failed%s%s", verb(args),
			      said.len ? ": " : "", buf_str(&said));
	}
	buf_release(&said);
	return err;
}

struct err *gs_git(const struct gs_git *g, const char *const *args)
{
	struct child c = { .g = g, .in = -1, .out = -1, .err = -1 };
	char *git_dir;
	const char **argv = command(g, args, &git_dir);
	struct err *err = start(&c, argv);

	if (!err) {
		talk(&c);
		err = finish(&c, args);
	}
	close_fd(&c.in);
	close_fd(&c.out);
	close_fd(&c.err);
	buf_release(&c.text);
	buf_release(&c.said);
	free(git_dir);
	free(argv);
	return err;
}
