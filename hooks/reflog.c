#include "hooks/reflog.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "hooks/gitdir.h"

#define LOG_MAX (64u << 20)
#define MOVED "\tcheckout: moving from "
#define HEADS "refs/heads/"

static char *text_of(const char *dir, const char *name)
{
	char *path = file_join(dir, name);
	struct buf text = BUF_INIT;

	if (file_exists(path))
		err_free(file_read(path, LOG_MAX, &text));
	free(path);
	return buf_detach(&text);
}

/* "moving from a to b": git refuses branches with a blank. */
char *hook_branch_before(struct store *store)
{
	char *git_dir = hook_git_dir(store);
	char *text = text_of(git_dir, "logs/HEAD"), *out = NULL;
	const char *last = NULL;

	for (const char *p = text; p && (p = strstr(p, MOVED)); p++)
		last = p + strlen(MOVED);
	if (last)
		out = xstrndup(last, strcspn(last, " \n"));
	free(text);
	free(git_dir);
	return out;
}

#define CREATED "\tbranch: Created from "

char *hook_branch_origin(struct store *store, const char *name)
{
	char *log = xasprintf("logs/" HEADS "%s", name), *out = NULL;
	char *text = text_of(store->ops->common_dir(store), log);
	const char *p = text ? strstr(text, CREATED) : NULL;

	if (p) {
		p += strlen(CREATED);
		if (starts_with(p, HEADS))
			p += strlen(HEADS);
		out = xstrndup(p, strcspn(p, "\n"));
	}
	if (out && streq(out, "HEAD")) {
		free(out);
		out = NULL;
	}
	free(text);
	free(log);
	return out;
}

struct renamed {
	struct store *store;
	char *line; /* that git has written */
	char *to;
};

static struct err *look(void *payload, const char *name,
			const struct store_id *id)
{
	struct renamed *r = payload;
	char *log = xasprintf("logs/" HEADS "%s", name);
	char *line = xasprintf("%s" HEADS "%s\n", r->line, name);
	char *text = text_of(r->store->ops->common_dir(r->store), log);

	(void)id;
	if (text && strstr(text, line)) {
		free(r->to);
		r->to = xstrdup(name);
	}
	free(text);
	free(line);
	free(log);
	return NULL;
}

char *hook_branch_renamed(struct store *store, const char *name)
{
	struct renamed r = { .store = store };

	r.line = xasprintf("\tBranch: renamed " HEADS "%s to ", name);
	err_free(store->ops->branches(store, false, look, &r));
	free(r.line);
	return r.to;
}
