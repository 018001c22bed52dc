#include "hooks/gitdir.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"

#define FRONT "gitdir: "
#define LINE_MAX_BYTES 65536

/* A linked work tree and a submodule have a file that says where. */
static char *follow_file(const char *top)
{
	char *path = file_join(top, ".git"), *out = NULL;
	struct buf text = BUF_INIT;
	struct err *err = file_read(path, LINE_MAX_BYTES, &text);

	if (!err && starts_with(buf_str(&text), FRONT)) {
		buf_truncate(&text, strcspn(text.data, "\n"));
		out = file_join(top, text.data + strlen(FRONT));
	}
	err_free(err);
	buf_release(&text);
	free(path);
	return out;
}

static char *of_environment(void)
{
	const char *env = getenv("GIT_DIR");

	return env && *env ? realpath(env, NULL) : NULL;
}

char *hook_git_dir_here(void)
{
	char *out = of_environment();

	if (!out)
		out = follow_file(".");
	if (!out && file_exists(".git/HEAD"))
		out = xstrdup(".git");
	return out;
}

char *hook_git_dir(struct store *store)
{
	const char *top = store->ops->worktree(store);
	char *out = of_environment();

	if (!out && top)
		out = follow_file(top);
	return out ? out : xstrdup(store->ops->common_dir(store));
}
