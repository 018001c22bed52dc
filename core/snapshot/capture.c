#include "snapshot/capture_ops.h"

/* Which dialect keeps what. */

static struct capture *(*const makers[SQL_DIALECT_COUNT])(struct target *t) = {
	[SQL_SQLITE] = capture_sqlite_new,
	[SQL_POSTGRESQL] = capture_pg_new,
};

struct err *capture_open(struct capture **out, struct target *t,
			 const struct capture_options *opt)
{
	struct capture *c = makers[t->ops->dialect](t);

	c->target = t;
	c->opt = *opt;
	*out = c;
	return NULL;
}

void capture_close(struct capture *c)
{
	if (c)
		c->ops->close(c);
}

void capture_begin(struct capture *c, const struct snapshot_out *out,
		   const struct sql_script *script)
{
	c->ops->begin(c, out, script);
}

struct err *capture_before(struct capture *c, size_t i)
{
	return c->ops->before(c, i);
}

struct err *capture_after(struct capture *c, size_t i)
{
	return c->ops->after(c, i);
}

struct err *capture_aside(struct capture *c, enum capture_aside what)
{
	return c->ops->aside ? c->ops->aside(c, what) : NULL;
}

struct err *capture_take_error(struct capture *c)
{
	return c->ops->take_error ? c->ops->take_error(c) : NULL;
}

struct err *capture_finish(struct capture *c, struct schema_delta *delta,
			   struct arena *arena, struct capture_result *out)
{
	return c->ops->finish(c, delta, arena, out);
}

void capture_abort(struct capture *c)
{
	c->ops->abort(c);
}
