#include "gitstore/missing.h"

#include <stdlib.h>

#include "base/util.h"

/* The remote that promised what is not here; free it. NULL: none did. */
static char *promisor(git_config *cfg)
{
	static const char key[] = "^remote\\..*\\.promisor$";
	git_config_iterator *it = NULL;
	git_config_entry *e;
	const char *name;
	char *out = NULL;

	if (!git_config_get_string(&name, cfg, "extensions.partialclone"))
		return xstrdup(name);
	if (git_config_iterator_glob_new(&it, cfg, key) < 0)
		return NULL;
	while (!out && !git_config_next(&e, it)) {
		size_t skip = strlen("remote."), tail = strlen(".promisor");
		int on = 0;

		if (!git_config_parse_bool(&on, e->value) && on)
			out = xstrndup(e->name + skip,
				       strlen(e->name) - skip - tail);
	}
	git_config_iterator_free(it);
	return out;
}

/* Where the branch's commits come from; free it. */
static char *remote(struct gs *g)
{
	git_strarray names = { NULL, 0 };
	char *out = NULL;

	if (git_remote_list(&names, g->repo) < 0)
		return xstrdup("origin");
	for (size_t i = 0; i < names.count; i++)
		if (!out || streq(names.strings[i], "origin")) {
			free(out);
			out = xstrdup(names.strings[i]);
		}
	git_strarray_dispose(&names);
	return out ? out : xstrdup("origin");
}

struct err *gs_hint_commit(struct gs *g, struct err *e)
{
	char *from;

	if (!gs_is_shallow(g))
		return e;
	from = remote(g);
	e = err_hintf(e,
		      "this clone is shallow: git fetch --deepen=100 %s, or "
		      "git fetch --unshallow %s",
		      from, from);
	free(from);
	return e;
}

struct err *gs_hint_object(struct gs *g, const git_oid *id, struct err *e)
{
	git_config *cfg = NULL;
	struct store_id hex;
	char *from = NULL;

	if (!git_repository_config_snapshot(&cfg, g->repo))
		from = promisor(cfg);
	gs_id_print(id, &hex);
	if (from)
		e = err_hintf(e,
			      "this clone is partial: git fetch %s %s, or all "
			      "that is missing with git fetch --refetch "
			      "--no-filter %s",
			      from, hex.hex, from);
	git_config_free(cfg);
	free(from);
	return e;
}
