#include "decide/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/util.h"
#include "decide/verdict_rules.h"

/** The effects of one side by the names that others may meet them under. */
struct side {
	const struct effects *effects;
	struct map heads; /* key -> index + 1 into links */
	struct link {
		size_t effect, next; /* next: index + 1; 0 = none */
	} * links;
	size_t n, cap;
};

struct search {
	struct side a, b;
	struct arena *arena;
	struct verdict_pair *out; /* NULL: only whether they commute */
	bool meets;
	struct map seen; /* a pair of things -> index + 1 of the meeting */
	struct verdict_meeting *meetings;
	size_t n, cap;
};

static void add_part(struct buf *key, const char *part)
{
	buf_addch(key, '\1');
	if (part)
		buf_addf(key, "'%s", part); /* '' is not NULL */
}

typedef void (*key_fn)(void *data, const char *key);

static void give(key_fn fn, void *data, const char *space, const char *schema,
		 const char *name, size_t len)
{
	struct buf key = BUF_INIT;

	buf_addstr(&key, space);
	buf_addch(&key, schema ? '.' : '\1');
	buf_addstr(&key, schema ? schema : "");
	buf_addch(&key, '\1');
	buf_add(&key, name, len);
	fn(data, buf_str(&key));
	buf_release(&key);
}

static bool in_a_table(const struct effect *e)
{
	return e->table || e->kind == EFFECT_ROWS ||
	       effect_space(e->kind) == effect_space(EFFECT_TABLE);
}

/* All keys that two effects of things near each other have one in common of;
 * a schema and what is in it: see walk_schemas(). */
static void each_key(const struct effect *e, key_fn fn, void *data)
{
	const char *root = e->table ? e->table : e->name;

	if (e->kind == EFFECT_ROUTINE) {
		give(fn, data, "routine", e->schema, e->name,
		     strcspn(e->name, "("));
	} else if (in_a_table(e)) {
		give(fn, data, "table", e->schema, root, strlen(root));
	} else {
		give(fn, data, effect_kind_name(e->kind), e->schema, root,
		     strlen(root));
	}
	if (e->table && (e->kind == EFFECT_INDEX ||
			 (e->kind == EFFECT_TRIGGER && !e->schema)))
		give(fn, data, e->kind == EFFECT_INDEX ? "table" : "trigger",
		     e->schema, e->name, strlen(e->name));
}

struct adding {
	struct side *side;
	size_t effect;
};

static void add_key(void *data, const char *key)
{
	struct adding *add = data;
	struct side *s = add->side;

	VEC_GROW(s->links, s->n, s->cap);
	s->links[s->n].effect = add->effect;
	s->links[s->n].next = map_put_number(&s->heads, key, s->n + 1);
	s->n++;
}

static void side_init(struct side *s, const struct effects *e)
{
	memset(s, 0, sizeof(*s));
	s->effects = e;
	for (size_t i = 0; i < e->n; i++) {
		struct adding add = { s, i };

		if (e->items[i].name)
			each_key(&e->items[i], add_key, &add);
	}
}

static void side_release(struct side *s)
{
	map_release(&s->heads);
	free(s->links);
}

struct making {
	const struct side *side;
	const struct effect *like;
	enum effect_action action;
	bool found;
};

static void look_for(void *data, const char *key)
{
	struct making *m = data;
	const struct side *s = m->side;

	for (size_t i = map_number(&s->heads, key); i && !m->found;
	     i = s->links[i - 1].next) {
		const struct effect *e =
			&s->effects->items[s->links[i - 1].effect];

		m->found = e->action == m->action &&
			   !(e->aspect && streq(e->aspect, "if exists")) &&
			   verdict_near(e, m->like) == NEAR_SAME;
	}
}

/* This side does that to the thing itself. */
static bool does(const struct side *s, enum effect_action action,
		 const struct effect *like)
{
	struct making m = { s, like, action, false };

	each_key(like, look_for, &m);
	return m.found;
}

/* maker's thing is made by the one side and needed by the other: unless the
 * other makes it as well, or the one only replaces it. Either of these is a
 * meeting of its own. */
static bool is_need(const struct side *maker, const struct side *user,
		    const struct effect *made)
{
	return !does(user, EFFECT_CREATE, made) &&
	       !does(maker, EFFECT_DROP, made);
}

static void add_thing(struct buf *key, const struct effect *e)
{
	buf_addint(key, effect_space(e->kind));
	add_part(key, e->schema);
	add_part(key, e->table);
	add_part(key, e->name);
	if (e->kind == EFFECT_CONSTRAINT && e->name && !*e->name)
		add_part(key, e->digest);
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Gravest first, then as they stand in the files; the same for (b, a). */
static int by_gravity(const void *pa, const void *pb)
{
	const struct verdict_meeting *x = pa, *y = pb;
	size_t sx = x->a->statement + x->b->statement;
	size_t sy = y->a->statement + y->b->statement;
	size_t lx = lesser(x->a->statement, x->b->statement);
	size_t ly = lesser(y->a->statement, y->b->statement);

	if (x->verdict != y->verdict)
		return x->verdict > y->verdict ? -1 : 1;
	if (lx != ly)
		return lx < ly ? -1 : 1;
	if (sx != sy)
		return sx < sy ? -1 : 1;
	return strcmp(x->why, y->why);
}

static void remember(struct search *s, enum verdict verdict,
		     const struct effect *a, const struct effect *b)
{
	struct verdict_meeting m = { .verdict = verdict, .a = a, .b = b };
	struct buf key = BUF_INIT;
	size_t at;

	m.why = verdict_why(s->arena, a, b);
	add_thing(&key, a);
	buf_addch(&key, '\2');
	add_thing(&key, b);
	at = map_number(&s->seen, buf_str(&key));
	if (!at) {
		VEC_GROW(s->meetings, s->n, s->cap);
		s->meetings[s->n++] = m;
		map_put_number(&s->seen, buf_str(&key), s->n);
	} else if (by_gravity(&m, &s->meetings[at - 1]) < 0) {
		s->meetings[at - 1] = m;
	}
	buf_release(&key);
}

/* Two that drop a thing softly agree, if it does not go on elsewhere. */
static struct meet meet_dropped(const struct search *s, const struct effect *a,
				const struct effect *b)
{
	struct meet m = verdict_meet(a, b);

	if (m.verdict == VERDICT_INDEPENDENT && a->action == EFFECT_DROP &&
	    b->action == EFFECT_DROP && verdict_near(a, b) == NEAR_SAME &&
	    verdict_is_moved(s->a.effects, a) !=
		    verdict_is_moved(s->b.effects, b))
		m.verdict = VERDICT_CONFLICT;
	return m;
}

static void meet(struct search *s, const struct effect *a,
		 const struct effect *b)
{
	struct meet m = meet_dropped(s, a, b);
	bool made = m.b_needs_a || m.a_needs_b;

	m.b_needs_a = m.b_needs_a && is_need(&s->a, &s->b, a);
	m.a_needs_b = m.a_needs_b && is_need(&s->b, &s->a, b);
	if (m.verdict == VERDICT_INDEPENDENT ||
	    verdict_outlives(s->a.effects, a, b) ||
	    verdict_outlives(s->b.effects, b, a) ||
	    (made && !m.b_needs_a && !m.a_needs_b && a->action != EFFECT_DROP &&
	     b->action != EFFECT_DROP))
		return;
	s->meets = true;
	if (!s->out)
		return;
	s->out->b_needs_a |= m.b_needs_a;
	s->out->a_needs_b |= m.a_needs_b;
	remember(s, m.verdict, a, b);
}

struct walking {
	struct search *search;
	const struct effect *a;
};

static void walk_key(void *data, const char *key)
{
	struct walking *w = data;
	const struct side *b = &w->search->b;

	for (size_t i = map_number(&b->heads, key);
	     i && (w->search->out || !w->search->meets);
	     i = b->links[i - 1].next)
		meet(w->search, w->a,
		     &b->effects->items[b->links[i - 1].effect]);
}

/* What is one by its name meets it there. */
static bool stands_alone(const struct effect *schema, const struct effect *e)
{
	return e->kind == EFFECT_SCHEMA &&
	       (!streq(schema->name, EFFECT_EVERY_SCHEMA) || !e->name ||
		streq(e->name, schema->name));
}

/* A schema that is more than used, and all that is in it. */
static void walk_schemas(struct search *s, bool of_a)
{
	const struct effects *e = of_a ? s->a.effects : s->b.effects;
	const struct effects *all = of_a ? s->b.effects : s->a.effects;

	for (size_t i = 0; i < e->n; i++) {
		const struct effect *schema = &e->items[i];

		if (schema->kind != EFFECT_SCHEMA || !schema->name ||
		    schema->action == EFFECT_USE)
			continue;
		for (size_t j = 0; j < all->n; j++) {
			const struct effect *x = &all->items[j];

			if (stands_alone(schema, x))
				continue;
			meet(s, of_a ? schema : x, of_a ? x : schema);
		}
	}
}

/* What can do anything meets whatever the other side does first. */
static void walk_unknown(struct search *s)
{
	const struct effects *a = s->a.effects, *b = s->b.effects;

	for (size_t i = 0; b->n && i < a->n; i++)
		if (!a->items[i].name) {
			s->meets = true;
			if (s->out)
				remember(s, VERDICT_UNCERTAIN, &a->items[i],
					 &b->items[0]);
		}
	for (size_t i = 0; a->n && i < b->n; i++)
		if (!b->items[i].name) {
			s->meets = true;
			if (s->out)
				remember(s, VERDICT_UNCERTAIN, &a->items[0],
					 &b->items[i]);
		}
}

static void walk(struct search *s)
{
	const struct effects *a = s->a.effects;

	for (size_t i = 0; i < a->n && (s->out || !s->meets); i++) {
		struct walking w = { s, &a->items[i] };

		if (a->items[i].name)
			each_key(&a->items[i], walk_key, &w);
	}
	walk_schemas(s, true);
	walk_schemas(s, false);
	walk_unknown(s);
}

static void search_init(struct search *s, struct verdict_pair *out,
			struct arena *arena, const struct effects *a,
			const struct effects *b)
{
	memset(s, 0, sizeof(*s));
	side_init(&s->a, a);
	side_init(&s->b, b);
	s->out = out;
	s->arena = arena;
}

static void search_release(struct search *s)
{
	side_release(&s->a);
	side_release(&s->b);
	map_release(&s->seen);
	free(s->meetings);
}

/* Everything has its equal: those are the meetings. */
static void identical(struct search *s)
{
	const struct effects *a = s->a.effects, *b = s->b.effects;

	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++) {
			const struct effect *ea = &a->items[i];

			if (ea->implied || ea->action == EFFECT_USE ||
			    ea->action == EFFECT_SELECT ||
			    !verdict_same_effect(ea, &b->items[j]))
				continue;
			remember(s, VERDICT_IDENTICAL, ea, &b->items[j]);
			break;
		}
}

void verdict_pair(struct verdict_pair *out, struct arena *arena,
		  const struct effects *a, const struct effects *b)
{
	struct search s;

	*out = (struct verdict_pair){ .verdict = VERDICT_INDEPENDENT };
	search_init(&s, out, arena, a, b);
	if (verdict_identical(a, b))
		identical(&s);
	else
		walk(&s);
	if (s.n) {
		qsort(s.meetings, s.n, sizeof(*s.meetings), by_gravity);
		out->verdict = s.meetings[0].verdict;
		out->meetings = arena_array(arena, s.n, sizeof(*out->meetings));
		memcpy(out->meetings, s.meetings, s.n * sizeof(*s.meetings));
		out->n = s.n;
	}
	search_release(&s);
}

bool verdict_commute(const struct effects *a, const struct effects *b)
{
	struct search s;

	search_init(&s, NULL, NULL, a, b);
	walk(&s);
	search_release(&s);
	return !s.meets;
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[VERDICT_COUNT] = {
		[VERDICT_INDEPENDENT] = "independent",
		[VERDICT_IDENTICAL] = "identical",
		[VERDICT_UNCERTAIN] = "uncertain",
		[VERDICT_ORDER] = "order",
		[VERDICT_CONFLICT] = "conflict",
	};

	return names[v];
}
