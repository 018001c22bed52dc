#include "hooks/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "gitstore/child.h"
#include "gitstore/git.h"
#include "hooks/gitdir.h"

#define CONFIG_MAJOR 2
#define CONFIG_MINOR 54

bool hooks_git_is_new(const char *version)
{
	unsigned major, minor;

	/* NOLINTNEXTLINE(cert-err34-c): two numbers, checked by the count */
	if (sscanf(version, "git version %u.%u", &major, &minor) != 2)
		return false;
	return major > CONFIG_MAJOR ||
	       (major == CONFIG_MAJOR && minor >= CONFIG_MINOR);
}

bool hooks_place_takes(const struct hooks_place *p, enum hook_kind kind)
{
	return hook_kinds[kind].server == !p->top;
}

static struct err *ask(const char *const *argv, char **out)
{
	struct buf text = BUF_INIT;
	struct err *err = gs_child_output(argv, &text);

	*out = NULL;
	if (!err) {
		size_t n = strcspn(buf_str(&text), "\n");

		*out = xstrndup(buf_str(&text), n);
	}
	buf_release(&text);
	return err;
}

static struct err *on_line(void *payload, char *line)
{
	char **out = payload;

	if (!*out)
		*out = xstrdup(line);
	return NULL;
}

/* core.hooksPath may be relative: git takes it from where hooks run. */
static struct err *ask_folder(struct hooks_place *p, struct store *store)
{
	char *git_dir = hook_git_dir(store);
	const struct gs_git git = { .dir = p->top ? p->top : git_dir,
				    .git_dir = git_dir,
				    .line = on_line,
				    .payload = &p->dir };
	const char *const args[] = { "rev-parse", "--path-format=absolute",
				     "--git-path", "hooks", NULL };
	struct err *err =
		err_wrap(gs_git(&git, args), "ask git for its hooks folder");

	free(git_dir);
	if (!err && (!p->dir || *p->dir != '/'))
		err = err_hint(err_new(ERR_STORE, "git does not say where its "
						  "hooks are"),
			       "git 2.31 or newer is needed");
	return err;
}

static struct err *check_folder(const struct hooks_place *p)
{
	struct stat st;

	if (stat(p->dir, &st) || S_ISDIR(st.st_mode))
		return NULL;
	return err_hint(err_new(ERR_REFUSED,
				"hooks are switched off: %s is no folder",
				p->dir),
			"see git config --show-origin core.hooksPath");
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* As far as it exists, links are followed. */
static bool lies_in(const char *path, const char *dir)
{
	char *front = xstrdup(path), *real, *folder = realpath(dir, NULL);
	bool yes;

	while (!(real = realpath(front, NULL)) && strrchr(front, '/') > front)
		*strrchr(front, '/') = '\0';
	yes = real && folder && is_below(real, folder);
	free(real);
	free(folder);
	free(front);
	return yes;
}

static struct err *own_path(char **out)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return err_new(ERR_STATE, "find this program: %s",
			       strerror(errno));
	*out = xstrndup(path, (size_t)n);
	return NULL;
}

struct err *hooks_place_find(struct hooks_place *out, struct store *store)
{
	const char *const version[] = { "git", "version", NULL };
	const char *top = store->ops->worktree(store);
	char *text = NULL;
	struct err *err;

	*out = (struct hooks_place){
		.git_dir = xstrdup(store->ops->common_dir(store)),
		.top = top ? xstrdup(top) : NULL,
		.manager = hooks_manager_find(top),
	};
	err = own_path(&out->program);
	if (!err)
		err = ask_folder(out, store);
	if (!err)
		err = check_folder(out);
	if (!err)
		err = ask(version, &text);
	if (!err) {
		out->configured = hooks_git_is_new(text);
		out->shared = !lies_in(out->dir, out->git_dir) &&
			      !(top && lies_in(out->dir, top));
	}
	free(text);
	if (err)
		hooks_place_release(out);
	return err;
}

void hooks_place_release(struct hooks_place *p)
{
	free(p->dir);
	free(p->git_dir);
	free(p->top);
	free(p->program);
	memset(p, 0, sizeof(*p));
}
