#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_ops.h"

/* Which dialect takes back what. */

static const struct restore_ops *const table[SQL_DIALECT_COUNT] = {
	[SQL_SQLITE] = &restore_sqlite_ops,
	[SQL_POSTGRESQL] = &restore_pg_ops,
};

static const struct restore_ops *ops_of(const struct target *t)
{
	return table[t->ops->dialect];
}

void restore_result_release(struct restore_result *r)
{
	free(r->conflicts);
	arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}

void restore_result_add(struct restore_result *out, const char *object,
			const char *what, uint64_t rows)
{
	struct restore_conflict *c;

	VEC_GROW(out->conflicts, out->n_conflicts, out->cap_conflicts);
	c = &out->conflicts[out->n_conflicts++];
	c->object = arena_strdup(&out->arena, object);
	c->what = what;
	c->rows = rows;
}

struct err *restore_session_begin(struct target *t)
{
	const struct restore_ops *ops = ops_of(t);

	return ops->session_begin ? ops->session_begin(t) : NULL;
}

struct err *restore_session_end(struct target *t)
{
	const struct restore_ops *ops = ops_of(t);

	return ops->session_end ? ops->session_end(t) : NULL;
}

struct err *restore_run(const struct restore_request *req,
			struct restore_result *out)
{
	memset(out, 0, sizeof(*out));
	return ops_of(req->target)->run(req, out);
}
