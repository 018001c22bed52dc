#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "decide/verdict_rules.h"

/* Whether two migrations do the same, and the words for what meets. */

static bool same_list(const char **a, const char **b)
{
	if (!a || !b)
		return a == b;
	while (*a && *b && streq(*a, *b)) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool same_literals(const struct effect_literal *a, size_t na,
			  const struct effect_literal *b, size_t nb)
{
	if (na != nb)
		return false;
	for (size_t i = 0; i < na; i++)
		if (!streq(a[i].column, b[i].column) ||
		    !streq_null(a[i].value, b[i].value))
			return false;
	return true;
}

/* Without the canonical statement: a row that is all literals. */
static bool same_row(const struct effect *a, const struct effect *b)
{
	return a->action == EFFECT_INSERT && a->n_where > 0 &&
	       same_literals(a->where, a->n_where, b->where, b->n_where);
}

/* A set of parts, each of which is told by itself. */
static bool is_set(const struct effect *e)
{
	return e->action == EFFECT_ALTER && !e->digest &&
	       (verdict_aspect(e, "columns") ||
		verdict_aspect(e, "constraints"));
}

static bool same_outcome(const struct effect *a, const struct effect *b)
{
	switch (a->action) {
	case EFFECT_CREATE:
	case EFFECT_ALTER:
		if (is_set(a) && is_set(b))
			return true;
		return a->digest && streq_null(a->digest, b->digest) &&
		       streq_null(a->from, b->from);
	case EFFECT_INSERT:
	case EFFECT_UPDATE:
	case EFFECT_DELETE:
		if (!same_list(a->columns, b->columns))
			return false;
		return a->digest ? streq_null(a->digest, b->digest)
				 : !b->digest && same_row(a, b);
	case EFFECT_DROP:
	case EFFECT_USE:
	case EFFECT_SELECT:
		return streq_null(a->digest, b->digest);
	case EFFECT_UNCERTAIN:
	case EFFECT_ACTION_COUNT:
		break;
	}
	return false;
}

bool verdict_same_effect(const struct effect *a, const struct effect *b)
{
	return a->action == b->action && a->kind == b->kind && a->name &&
	       b->name && effect_same_thing(a, b) &&
	       streq_null(a->aspect, b->aspect) && a->strict == b->strict &&
	       same_outcome(a, b);
}

/** An effect by its thing; those of one thing stay in their order. */
struct item {
	const struct effect *effect;
	size_t position;
};

static int by_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int by_thing(const void *pa, const void *pb)
{
	const struct item *x = pa, *y = pb;
	const struct effect *a = x->effect, *b = y->effect;
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	order = by_text(a->schema, b->schema);
	if (!order)
		order = by_text(a->table, b->table);
	if (!order)
		order = by_text(a->name, b->name);
	if (!order && a->kind == EFFECT_CONSTRAINT)
		order = by_text(a->digest, b->digest);
	if (!order)
		order = x->position < y->position ? -1 : 1;
	return order;
}

/* What is said twice about using a thing is said once. */
static bool counts(const struct effect *e)
{
	return !e->implied && e->action != EFFECT_USE &&
	       e->action != EFFECT_SELECT;
}

static size_t sorted(struct item **out, const struct effects *e)
{
	size_t n = 0;

	*out = xcalloc(e->n + 1, sizeof(**out));
	for (size_t i = 0; i < e->n; i++) {
		if (!counts(&e->items[i]))
			continue;
		(*out)[n].effect = &e->items[i];
		(*out)[n].position = i;
		n++;
	}
	qsort(*out, n, sizeof(**out), by_thing);
	return n;
}

static bool uses_the_same(const struct effects *a, const struct effects *b)
{
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		while (i < a->n &&
		       (a->items[i].implied || counts(&a->items[i])))
			i++;
		while (j < b->n &&
		       (b->items[j].implied || counts(&b->items[j])))
			j++;
		if (i == a->n || j == b->n)
			return i == a->n && j == b->n;
		if (!verdict_same_effect(&a->items[i], &b->items[j]))
			return false;
	}
}

bool verdict_identical(const struct effects *a, const struct effects *b)
{
	struct item *ia = NULL, *ib = NULL;
	size_t na = sorted(&ia, a), nb = sorted(&ib, b);
	bool same = na == nb && na > 0;

	for (size_t i = 0; same && i < na; i++)
		same = verdict_same_effect(ia[i].effect, ib[i].effect);
	free(ia);
	free(ib);
	return same && uses_the_same(a, b);
}

static void add_verb(struct buf *out, const struct effect *e)
{
	static const char *const verbs[EFFECT_ACTION_COUNT] = {
		[EFFECT_CREATE] = "add",
		[EFFECT_DROP] = "drop",
		[EFFECT_ALTER] = "change",
		[EFFECT_USE] = "use",
		[EFFECT_INSERT] = "insert",
		[EFFECT_UPDATE] = "update",
		[EFFECT_DELETE] = "delete",
		[EFFECT_SELECT] = "read",
		[EFFECT_UNCERTAIN] = "may do anything to",
	};

	buf_addstr(out, verbs[e->action]);
	if (e->action == EFFECT_ALTER && e->aspect)
		buf_addf(out, " %s of", e->aspect);
}

static void add_side(struct buf *out, const struct effect *e)
{
	add_verb(out, e);
	buf_addch(out, ' ');
	effect_describe_thing(out, e);
	if (e->why && (e->action == EFFECT_USE || e->implied ||
		       e->action == EFFECT_UNCERTAIN)) {
		buf_addstr(out, " (");
		buf_addstr(out, e->why);
		buf_addch(out, ')');
	}
}

/* Which of the two is named first, whatever side it is on. */
static bool first(const struct effect *a, const char *side_a,
		  const struct effect *b, const char *side_b)
{
	static const int rank[EFFECT_ACTION_COUNT] = {
		[EFFECT_DROP] = 0,   [EFFECT_CREATE] = 1, [EFFECT_ALTER] = 2,
		[EFFECT_DELETE] = 3, [EFFECT_UPDATE] = 4, [EFFECT_INSERT] = 5,
		[EFFECT_SELECT] = 6, [EFFECT_USE] = 7,    [EFFECT_UNCERTAIN] = 8
	};

	if (a->action != b->action)
		return rank[a->action] < rank[b->action];
	return strcmp(side_a, side_b) <= 0;
}

char *verdict_why(struct arena *arena, const struct effect *a,
		  const struct effect *b)
{
	struct buf sa = BUF_INIT, sb = BUF_INIT;
	const char *one, *other;
	char *why;

	add_side(&sa, a);
	add_side(&sb, b);
	one = buf_str(&sa);
	other = buf_str(&sb);
	if (streq(one, other))
		why = arena_printf(arena, "both %s", one);
	else if (first(a, one, b, other))
		why = arena_printf(arena, "one side: %s; other side: %s", one,
				   other);
	else
		why = arena_printf(arena, "one side: %s; other side: %s", other,
				   one);
	buf_release(&sa);
	buf_release(&sb);
	return why;
}
