#include <string.h>

#include "base/util.h"
#include "effects/effects.h"
#include "effects/record.h"

#define WHAT "effects"

/* Flags of an effect, one bit each, in this order. */
static unsigned flags_of(const struct effect *e)
{
	return (unsigned)e->strict | (unsigned)e->implied << 1 |
	       (unsigned)e->conditional << 2 | (unsigned)e->all_columns << 3 |
	       (unsigned)e->generates_key << 4 |
	       (unsigned)e->each_literal << 5 | (unsigned)e->fires << 6;
}

static void set_flags(struct effect *e, uint64_t flags)
{
	e->strict = flags & 1;
	e->implied = flags >> 1 & 1;
	e->conditional = flags >> 2 & 1;
	e->all_columns = flags >> 3 & 1;
	e->generates_key = flags >> 4 & 1;
	e->each_literal = flags >> 5 & 1;
	e->fires = flags >> 6 & 1;
}

static void put_literals(struct buf *out, const struct effect_literal *l,
			 size_t n)
{
	record_add_number(out, n);
	for (size_t i = 0; i < n; i++) {
		record_add(out, l[i].column);
		record_add(out, l[i].value);
	}
}

static struct effect_literal *get_literals(struct record_reader *r,
					   struct arena *a, size_t *n)
{
	struct effect_literal *l;

	*n = record_get_count(r);
	if (!*n)
		return NULL;
	l = arena_array(a, *n, sizeof(*l));
	for (size_t i = 0; i < *n; i++) {
		l[i].column = record_get(r, a);
		l[i].value = record_get(r, a);
		r->bad = r->bad || !l[i].column;
	}
	return l;
}

static void put(struct buf *out, const struct effect *e)
{
	record_add_number(out, (uint64_t)e->action);
	record_add_number(out, (uint64_t)e->kind);
	record_add(out, e->schema);
	record_add(out, e->table);
	record_add(out, e->name);
	record_add(out, e->aspect);
	record_add(out, e->digest);
	record_add(out, e->from);
	record_add(out, e->why);
	record_add_number(out, flags_of(e));
	record_add_list(out, e->columns);
	record_add_list(out, e->reads);
	put_literals(out, e->where, e->n_where);
	put_literals(out, e->sets, e->n_sets);
	record_add_number(out, e->line);
	record_add_number(out, e->col);
	record_add_number(out, e->statement);
	record_add_number(out, e->of);
	record_add_number(out, e->body);
	record_add(out, e->note);
}

static void get(struct record_reader *r, struct arena *a, struct effect *e)
{
	uint64_t action = record_get_number(r), kind = record_get_number(r);

	r->bad = r->bad || action >= EFFECT_ACTION_COUNT ||
		 kind >= EFFECT_KIND_COUNT;
	e->action = r->bad ? EFFECT_UNCERTAIN : (enum effect_action)action;
	e->kind = r->bad ? EFFECT_OTHER : (enum effect_kind)kind;
	e->schema = record_get(r, a);
	e->table = record_get(r, a);
	e->name = record_get(r, a);
	e->aspect = record_get(r, a);
	e->digest = record_get(r, a);
	e->from = record_get(r, a);
	e->why = record_get(r, a);
	set_flags(e, record_get_number(r));
	e->columns = record_get_list(r, a);
	e->reads = record_get_list(r, a);
	e->where = get_literals(r, a, &e->n_where);
	e->sets = get_literals(r, a, &e->n_sets);
	e->line = (unsigned)record_get_number(r);
	e->col = (unsigned)record_get_number(r);
	e->statement = (size_t)record_get_number(r);
	e->of = (size_t)record_get_number(r);
	e->body = (size_t)record_get_number(r);
	e->note = record_get(r, a);
}

void effects_encode(struct buf *out, const struct effects *e)
{
	struct buf body = BUF_INIT;

	record_add_number(&body, e->n);
	for (size_t i = 0; i < e->n; i++)
		put(&body, &e->items[i]);
	record_seal(out, WHAT, EFFECTS_VERSION, &body);
	buf_release(&body);
}

bool effects_decode(struct effects *out, const char *data, size_t len)
{
	struct record_reader r;
	size_t n;

	effects_init(out);
	if (!record_open(&r, WHAT, EFFECTS_VERSION, data, len))
		return false;
	n = record_get_count(&r);
	for (size_t i = 0; i < n && !r.bad; i++)
		get(&r, &out->arena,
		    effects_add(out, EFFECT_USE, EFFECT_TABLE, NULL, NULL,
				NULL));
	if (!r.bad && r.at == r.end)
		return true;
	effects_release(out);
	return false;
}
