#include "cmd/files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"
#include "cmd/url.h"

struct err *files_need_worktree(const char *top)
{
	if (top)
		return NULL;
	return err_hint(err_new(ERR_REFUSED,
				"this is a bare repository: it has no files "
				"to write"),
			"run it in a clone, and push");
}

/* "a/../b", "../b", "/b", ".git/b": no place for migrations. */
static bool leads_out(const char *dir)
{
	if (*dir == '/' || !*dir)
		return true;
	while (*dir) {
		size_t n = strcspn(dir, "/");

		if ((n == 2 && starts_with(dir, "..")) ||
		    (n == 4 && starts_with(dir, ".git")))
			return true;
		dir += n + (dir[n] == '/');
	}
	return false;
}

struct err *files_folder(const char *top, const char *dir, char **out)
{
	char *path, *real, *real_top;
	size_t n;
	bool inside;

	*out = NULL;
	if (leads_out(dir))
		return err_hint(err_new(ERR_INPUT,
					"'%s' is no folder of the work tree",
					dir),
				"migrate.dir is a path from the top of the "
				"work tree");
	path = streq(dir, ".") ? xstrdup(top) : file_join(top, dir);
	real = url_real_path(path);
	real_top = url_real_path(top);
	n = strlen(real_top);
	inside = !strncmp(real, real_top, n) && (!real[n] || real[n] == '/');
	free(real_top);
	free(real);
	if (!inside) {
		free(path);
		return err_new(ERR_INPUT,
			       "'%s' leads out of the work tree by a symbolic "
			       "link",
			       dir);
	}
	*out = path;
	return NULL;
}

char *files_from_here(const char *path)
{
	char *here = getcwd(NULL, 0);
	char *there = url_real_path(path);
	struct buf b = BUF_INIT;
	size_t same = 0;

	if (!here) {
		buf_addstr(&b, path);
		free(there);
		return buf_detach(&b);
	}
	if (streq(here, "/"))
		*here = '\0';
	for (size_t i = 0; here[i] && here[i] == there[i]; i++) {
		if (here[i] == '/')
			same = i;
		if (!here[i + 1] && there[i + 1] == '/') {
			same = i + 1;
			break;
		}
	}
	for (const char *p = here + same; *p; p++)
		if (*p == '/')
			buf_addstr(&b, "../");
	buf_addstr(&b, there + same + 1);
	free(here);
	free(there);
	return buf_detach(&b);
}
