#include "snapshot/settle.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_ops.h"

void settle_add(struct settlement *s, enum settle_how how, uint64_t line,
		size_t column)
{
	VEC_GROW(s->list, s->n, s->cap);
	s->list[s->n++] = (struct settled){ line, (uint32_t)column, how };
}

static int compare(const void *a, const void *b)
{
	const struct settled *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

void settle_sort(struct settlement *s)
{
	if (s->n)
		qsort(s->list, s->n, sizeof(*s->list), compare);
}

void settle_release(struct settlement *s)
{
	free(s->list);
	memset(s, 0, sizeof(*s));
}

const struct settled *settle_of(const struct settlement *s,
				struct settle_cursor *c, uint64_t line,
				size_t *n)
{
	size_t first;

	while (c->at < s->n && s->list[c->at].line < line)
		c->at++;
	first = c->at;
	while (c->at < s->n && s->list[c->at].line == line)
		c->at++;
	*n = c->at - first;
	return *n ? &s->list[first] : NULL;
}

struct restore_memory *restore_memory_new(void)
{
	return xcalloc(1, sizeof(struct restore_memory));
}

void restore_memory_free(struct restore_memory *m)
{
	if (!m)
		return;
	free(m->late);
	map_release(&m->asides);
	arena_release(&m->arena);
	free(m);
}

static const char *keep(struct restore_memory *m, const char *s)
{
	return s ? arena_strdup(&m->arena, s) : NULL;
}

void restore_remember(const struct restore_request *req,
		      struct restore_result *out,
		      const struct restore_late *late)
{
	struct restore_memory *m = req->memory;
	bool wanted = m->n < req->max_details;
	const struct restore_detail *d = &late->detail;
	struct restore_late *to;

	VEC_GROW(m->late, m->n, m->cap);
	to = &m->late[m->n++];
	*to = *late;
	to->table = keep(m, late->table);
	to->evict = keep(m, late->evict);
	to->columns = keep(m, late->columns);
	if (wanted)
		to->detail = restore_detail_copy(&m->arena, d);
	else
		to->detail = (struct restore_detail){
			.object = keep(m, d->object),
			.what = d->what,
			.more = d->more,
		};
	out->again = true;
}

static uint64_t *attempt_of(struct restore_memory *m,
			    const struct restore_late *l)
{
	struct buf b = BUF_INIT;
	uint64_t *at;

	if (l->how == SETTLE_EVICT)
		buf_addf(&b, "%s\t%s", l->table, l->evict);
	else
		buf_addf(&b, "%s %llu", l->table, (unsigned long long)l->line);
	at = map_get(&m->asides, buf_str(&b));
	if (!at) {
		at = arena_alloc(&m->arena, sizeof(*at));
		*at = 0;
		map_put(&m->asides, buf_str(&b), at);
	}
	buf_release(&b);
	return at;
}

bool restore_set_aside(const struct restore_request *req,
		       struct restore_result *out,
		       const struct restore_late *late, bool choosable)
{
	struct restore_memory *m = req->memory;
	struct restore_late known = *late;
	uint64_t *at;

	if (!req->aside || !m || !late->table ||
	    (choosable && req->choice != RESTORE_ABORT) ||
	    (late->how == SETTLE_EVICT && !late->evict))
		return false;
	at = attempt_of(m, late);
	if (*at && *at != m->attempts)
		return false;
	known.aside = true;
	if (!*at)
		restore_remember(req, out, &known);
	*at = m->attempts;
	out->again = true;
	return true;
}

bool restore_evicts(const struct restore_request *req, const char *table)
{
	const struct restore_memory *m = req->memory;

	for (size_t i = 0; m && i < m->n; i++)
		if (m->late[i].evict && m->late[i].how == SETTLE_EVICT &&
		    (!table || streq(m->late[i].table, table)))
			return true;
	return false;
}

void restore_recall(const struct restore_request *req,
		    struct restore_result *out)
{
	struct restore_memory *m = req->memory;

	if (m)
		m->attempts++;
	for (size_t i = 0; m && i < m->n; i++) {
		const struct restore_late *l = &m->late[i];

		if (l->aside)
			restore_result_aside(req, out, &l->detail, false);
		else
			restore_result_conflict(req, out, &l->detail, true,
						true);
	}
}
