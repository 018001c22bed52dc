#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/linediff.h"
#include "base/util.h"
#include "effects/replay_impl.h"

#define DEADLINE_MS 10000
#define MEMORY_BYTES ((int64_t)256 * 1024 * 1024)
#define STATEMENT_SHOWN 200

void replay_init(struct replay *r, const struct replay_ops *ops,
		 const struct replay_limits *limits)
{
	r->ops = ops;
	if (limits)
		r->limits = *limits;
	if (!r->limits.deadline_ms)
		r->limits.deadline_ms = DEADLINE_MS;
	if (!r->limits.memory_bytes)
		r->limits.memory_bytes = MEMORY_BYTES;
	schema_init(&r->schema);
}

void replay_release(struct replay *r)
{
	schema_release(&r->schema);
}

void replay_close(struct replay *r)
{
	if (r)
		r->ops->close(r);
}

struct err *replay_clone(struct replay *r, struct replay **out)
{
	*out = NULL;
	return r->ops->clone(r, out);
}

struct err *replay_image(struct replay *r, struct buf *out)
{
	if (!r->ops->image)
		return err_new(ERR_STATE, "a scratch database has no image");
	return r->ops->image(r, out);
}

struct err *replay_run(struct replay *r, const struct replay_script *script,
		       struct effects *effects, struct replay_result *result)
{
	memset(result, 0, sizeof(*result));
	if (effects) {
		effects_release(effects);
		effects_init(effects);
	}
	return r->ops->run(r, script, effects, result);
}

struct err *replay_seed(struct replay *r, const char *const *tables,
			unsigned seed)
{
	return r->ops->seed(r, tables, seed);
}

struct err *replay_schema(struct replay *r, const struct schema **out)
{
	*out = &r->schema;
	return r->ops->refresh(r);
}

struct err *replay_rows(struct replay *r, struct buf *out)
{
	return r->ops->rows(r, out);
}

void replay_result_release(struct replay_result *r)
{
	free(r->message);
	free(r->statement);
	memset(r, 0, sizeof(*r));
}

void replay_end(struct replay_result *result, enum replay_end end,
		const struct sql_statement *s, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	if (result->end != REPLAY_FINE)
		return;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	result->end = end;
	result->message = buf_detach(&text);
	if (!s)
		return;
	result->line = s->line;
	result->col = s->col;
	result->statement = xstrndup(
		s->text, s->len < STATEMENT_SHOWN ? s->len : STATEMENT_SHOWN);
}

void replay_end_err(struct replay_result *result, enum replay_end end,
		    const struct sql_statement *s, struct err *e)
{
	const struct err_at *at = err_at_of(e);
	bool first = result->end == REPLAY_FINE;

	replay_end(result, end, s, "%s", err_text(e));
	if (first && at && at->line) {
		result->line = at->line;
		result->col = at->col;
	}
	err_free(e);
}

bool replay_split(struct sql_script *out, enum sql_dialect d,
		  const struct replay_script *script,
		  struct replay_result *result)
{
	struct err *e = sql_split(out, d, script->text, script->len,
				  script->first_line ? script->first_line : 1);

	if (e) {
		replay_end_err(result, REPLAY_FAILED, NULL, e);
		return false;
	}
	sql_unwrap(out, script->blocks);
	for (size_t i = 0; i < out->n; i++)
		if (sql_is_transaction_command(&out->statements[i])) {
			replay_end(result, REPLAY_FAILED, &out->statements[i],
				   "a transaction command inside a migration");
			return false;
		}
	return true;
}

/* Vigna's splitmix64 */
uint64_t replay_random_next(struct replay_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* FNV-1a */
uint64_t replay_hash(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
	return h;
}

void replay_lines_add(struct replay_lines *l, char *line)
{
	VEC_GROW(l->lines, l->n, l->cap);
	l->lines[l->n++] = line;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void replay_lines_print(struct replay_lines *l, struct buf *out)
{
	if (l->n)
		qsort(l->lines, l->n, sizeof(*l->lines), compare_lines);
	for (size_t i = 0; i < l->n; i++) {
		buf_addstr(out, l->lines[i]);
		buf_addch(out, '\n');
		free(l->lines[i]);
	}
	free(l->lines);
	memset(l, 0, sizeof(*l));
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *shape_at(const struct schema *s, const char *path)
{
	const struct schema_object *o = map_get(&s->by_path, path);

	return o ? o->shape : NULL;
}

/* Paths of both whose shapes differ. */
static size_t list_unequal(const char **out, const struct schema *a,
			   const struct schema *b)
{
	size_t n = 0;

	map_each (&a->by_path, e)
		if (!streq_null(shape_at(a, e->key), shape_at(b, e->key)))
			out[n++] = e->key;
	map_each (&b->by_path, e)
		if (!map_has(&a->by_path, e->key))
			out[n++] = e->key;
	return n;
}

struct err *replay_same_shape(struct replay *a, struct replay *b,
			      struct buf *diff, bool *same)
{
	const struct schema *x, *y;
	const char **paths;
	struct err *e;
	size_t n;

	*same = false;
	e = replay_schema(a, &x);
	if (!e)
		e = replay_schema(b, &y);
	if (e)
		return e;
	paths = xcalloc(x->by_path.n + y->by_path.n + 1, sizeof(*paths));
	n = list_unequal(paths, x, y);
	*same = n == 0;
	if (n && diff) {
		qsort(paths, n, sizeof(*paths), compare_paths);
		for (size_t i = 0; i < n; i++)
			linediff_unified(diff, paths[i], shape_at(x, paths[i]),
					 shape_at(y, paths[i]));
	}
	free(paths);
	return NULL;
}
