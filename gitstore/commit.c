#include "gitstore/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/missing.h"

/* The next line's value when it starts with key, cut off; else NULL. */
static char *line_of(char **p, const char *key)
{
	size_t n = strlen(key);
	char *value, *end;

	if (strncmp(*p, key, n) != 0)
		return NULL;
	value = *p + n;
	end = strchr(value, '\n');
	if (!end)
		return NULL;
	*end = '\0';
	*p = end + 1;
	return value;
}

static int64_t time_of(const char *line)
{
	const char *gt = strrchr(line, '>');

	return gt ? strtoll(gt + 1, NULL, 10) : 0;
}

static bool parse(struct gs_commit *c)
{
	char *p = c->text.data, *value = line_of(&p, "tree "), *body;

	if (!value || git_oid_fromstr(&c->tree, value) < 0)
		return false;
	c->n_parents = 0;
	while ((value = line_of(&p, "parent "))) {
		VEC_GROW(c->parents, c->n_parents, c->cap_parents);
		if (git_oid_fromstr(&c->parents[c->n_parents++], value) < 0)
			return false;
	}
	c->author = line_of(&p, "author ");
	c->committer = c->author ? line_of(&p, "committer ") : NULL;
	if (!c->committer)
		return false;
	c->time = time_of(c->committer);
	if (*p == '\n') {
		c->message = p + 1;
		return true;
	}
	body = strstr(p, "\n\n"); /* past extra headers */
	c->message = body ? body + 2 : "";
	return true;
}

struct err *gs_commit_read(struct gs *g, const git_oid *id, struct gs_commit *c)
{
	git_odb_object *obj = NULL;
	struct store_id hex;
	struct err *err = NULL;
	git_odb *odb;

	gs_id_print(id, &hex);
	err = gs_odb(g, &odb);
	if (err)
		return err;
	if (git_odb_read(&obj, odb, id) < 0)
		return gs_hint_commit(g, err_new(ERR_STORE,
						 "commit %s is not in this "
						 "repository",
						 hex.hex));
	buf_reset(&c->text);
	buf_add(&c->text, git_odb_object_data(obj), git_odb_object_size(obj));
	if (git_odb_object_type(obj) != GIT_OBJECT_COMMIT || !parse(c))
		err = err_new(ERR_STORE, "object %s is not a commit", hex.hex);
	git_odb_object_free(obj);
	return err;
}

void gs_commit_release(struct gs_commit *c)
{
	buf_release(&c->text);
	free(c->parents);
	memset(c, 0, sizeof(*c));
}

void gs_commit_format(struct buf *out, const struct gs_commit *c)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof(hex), &c->tree);
	buf_addf(out, "tree %s\n", hex);
	for (size_t i = 0; i < c->n_parents; i++) {
		git_oid_tostr(hex, sizeof(hex), &c->parents[i]);
		buf_addf(out, "parent %s\n", hex);
	}
	buf_addf(out, "author %s\ncommitter %s\n\n", c->author, c->committer);
	buf_addstr(out, c->message);
}
