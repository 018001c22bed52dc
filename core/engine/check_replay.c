#include <stdlib.h>
#include <string.h>

#include "base/linediff.h"
#include "base/util.h"
#include "effects/replay.h"
#include "engine/check_impl.h"

/*
 * Verdicts are proved by running: what databases will really see. One that has
 * ours gets theirs behind it; one that has theirs gets ours behind it; a new
 * one runs everything in the order of the files. All have to end alike.
 */

/* One migration of an order, and whose it is. */
struct step {
	struct migration *m;
	const struct check_side *side; /* NULL = the bases' */
};

struct order {
	const char *what; /* "main behind feature" */
	struct step *steps;
	size_t n, cap;
	struct replay *replay;
	bool from_empty;
	struct replay_result result;
	size_t stopped; /* at this step; n = it ran */
};

static void add_step(struct order *o, struct migration *m,
		     const struct check_side *side)
{
	VEC_GROW(o->steps, o->n, o->cap);
	o->steps[o->n++] = (struct step){ m, side };
}

static void add_side(struct order *o, const struct check_side *s)
{
	for (size_t i = 0; i < s->n_added; i++)
		add_step(o, s->added[i].m, s);
}

static const struct check_side *side_of(const struct check_trees *t,
					const struct migration *m)
{
	for (size_t i = 0; i < t->ours.n_added; i++)
		if (t->ours.added[i].m == m)
			return &t->ours;
	for (size_t i = 0; i < t->theirs.n_added; i++)
		if (t->theirs.added[i].m == m)
			return &t->theirs;
	return NULL;
}

/* The order of the files; begins with the bases' image when they stand first. */
static void add_files(struct check_trees *t, struct order *o)
{
	size_t from = 0;

	while (from < t->n_common && t->merged.items[from] == t->common[from])
		from++;
	o->from_empty = from < t->n_common;
	for (size_t i = o->from_empty ? 0 : from; i < t->merged.n; i++)
		add_step(o, t->merged.items[i], side_of(t, t->merged.items[i]));
}

static bool same_steps(const struct order *a, const struct order *b)
{
	if (a->n != b->n || a->from_empty != b->from_empty)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->steps[i].m != b->steps[i].m)
			return false;
	return true;
}

static void release(struct order *o)
{
	replay_close(o->replay);
	replay_result_release(&o->result);
	free(o->steps);
}

/* --- the database to begin with --- */

struct bench {
	struct replay *base;
	const char **tables; /* that either side reaches; NULL-terminated */
};

static bool has_table(const struct bench *b, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(b->tables[i], name))
			return true;
	return false;
}

static const char *table_of(const struct effect *e)
{
	if (e->kind == EFFECT_TABLE || e->kind == EFFECT_ROWS)
		return e->name;
	return e->table;
}

static void find_tables(struct check *c, struct check_trees *t, struct bench *b)
{
	const struct check_side *sides[] = { &t->ours, &t->theirs };
	size_t n = 0, max = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sides[k]->n_added; i++)
			max += sides[k]->added[i].effects.n;
	b->tables = arena_array(c->arena, max + 1, sizeof(*b->tables));
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sides[k]->n_added; i++) {
			const struct effects *es = &sides[k]->added[i].effects;

			for (size_t j = 0; j < es->n; j++) {
				const char *name = table_of(&es->items[j]);

				if (name && !has_table(b, n, name))
					b->tables[n++] = name;
			}
		}
}

static struct err *open_base(struct check *c, struct check_trees *t,
			     struct replay **out)
{
	if (t->merged.dialect == SQL_SQLITE)
		return check_base_image(c, t, out);
	return check_base_scratch(c, t, out);
}

/* Another of the same; from empty where the order wants it. */
static struct err *begin(struct check *c, struct bench *b, struct order *o)
{
	struct err *err;

	if (!o->from_empty) {
		err = replay_clone(b->base, &o->replay);
		return err ? err : replay_seed(o->replay, b->tables, 1);
	}
	if (c->replay && streq(c->replay, "postgresql"))
		return replay_pg_open(&o->replay, c->opt->scratch, NULL, NULL);
	return replay_sqlite_open(&o->replay, NULL);
}

static struct err *run_order(struct check *c, struct check_trees *t,
			     struct bench *b, struct order *o)
{
	struct replay_script script;
	struct err *err = begin(c, b, o);

	for (o->stopped = 0; !err && o->stopped < o->n; o->stopped++) {
		const struct step *s = &o->steps[o->stopped];

		err = check_load(t, s->m);
		if (err)
			break;
		check_script(s->m, &script);
		replay_result_release(&o->result);
		err = replay_run(o->replay, &script, NULL, &o->result);
		if (err || o->result.end != REPLAY_FINE)
			break;
	}
	return err;
}

/* --- what came of it --- */

static bool is_found(const struct check *c, const enum check_rule *rules,
		     size_t n)
{
	for (size_t i = c->from; i < c->n; i++)
		for (size_t k = 0; k < n; k++)
			if (streq(c->findings[i].rule,
				  check_rules[rules[k]].id))
				return true;
	return false;
}

static const char *where(struct check *c, const struct replay_result *r)
{
	if (!r->line)
		return "";
	return arena_printf(c->arena, "line %u: ", r->line);
}

static bool is_about(const struct finding *f, const char *name)
{
	for (size_t i = 0; i < f->n_places; i++)
		if (streq(f->places[i].name, name))
			return true;
	return false;
}

/* A finding that says already why the two do not go together. */
static struct finding *found_pair(struct check *c, const char *a, const char *b)
{
	static const enum check_rule rules[] = { GM103_DUPLICATE,
						 GM105_CONFLICT,
						 GM111_IDENTICAL };

	for (size_t i = c->from; i < c->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(rules); k++)
			if (streq(c->findings[i].rule,
				  check_rules[rules[k]].id) &&
			    is_about(&c->findings[i], a) &&
			    is_about(&c->findings[i], b))
				return &c->findings[i];
	return NULL;
}

/* What the database says is told with it, once. */
static void prove(struct check *c, struct finding *f,
		  const struct replay_result *r)
{
	if (!strstr(f->message, " (replayed: "))
		f->message = arena_printf(c->arena, "%s (replayed: %s)",
					  f->message, r->message);
}

/* The statement that stopped an order; false: all of it ran. */
static bool tell_stop(struct check *c, struct check_trees *t, struct order *o)
{
	const struct step *s;
	struct check_place p[2];
	const struct check_side *other;
	struct finding *known;
	size_t n = 1;

	if (o->stopped >= o->n)
		return false;
	s = &o->steps[o->stopped];
	p[0] = (struct check_place){ s->side ? s->side : &t->bases[0], s->m,
				     o->result.line, o->result.col };
	other = s->side ? check_other(t, s->side) : NULL;
	/* the last of the other side before it */
	for (size_t i = o->stopped; other && i > 0 && n == 1; i--)
		if (o->steps[i - 1].side == other)
			p[n++] = (struct check_place){ other, o->steps[i - 1].m,
						       0, 0 };
	if (o->result.end == REPLAY_LIMIT)
		check_add(c,
			  &(struct check_words){
				  .rule = GM110_UNCERTAIN,
				  .level = c->opt->strict ? FINDING_ERROR
							  : FINDING_WARNING,
				  .places = p,
				  .n = 1,
				  .message = arena_printf(
					  c->arena, "%s cannot be replayed: %s",
					  s->m->name, o->result.message) });
	else if (n > 1 && (known = found_pair(c, p[0].m->name, p[1].m->name)))
		prove(c, known, &o->result);
	else
		check_add(c, &(struct check_words){
				     .rule = GM109_REPLAY,
				     .level = FINDING_ERROR,
				     .places = p,
				     .n = n,
				     .hint = n > 1 ? check_rebase_hint(
							     c, &t->theirs)
						   : NULL,
				     .message = arena_printf(
					     c->arena, "%s fails with %s: %s%s",
					     s->m->name, o->what,
					     where(c, &o->result),
					     o->result.message) });
	return true;
}

/* Both ran: the same schema, the same rows? */
static struct err *compare(struct check *c, struct check_trees *t,
			   struct order *a, struct order *b, bool *same)
{
	static const enum check_rule told[] = { GM105_CONFLICT, GM106_ORDER };
	struct buf diff = BUF_INIT, rows_a = BUF_INIT, rows_b = BUF_INIT;
	const char *what = NULL;
	struct check_place p[2];
	struct err *err;
	bool alike;

	err = replay_same_shape(a->replay, b->replay, &diff, &alike);
	if (!err && !alike)
		what = "schemas";
	if (!err && alike && a->from_empty == b->from_empty) {
		err = replay_rows(a->replay, &rows_a);
		if (!err)
			err = replay_rows(b->replay, &rows_b);
		if (!err && (rows_a.len != rows_b.len ||
			     memcmp(buf_str(&rows_a), buf_str(&rows_b),
				    rows_a.len) != 0))
			what = "rows";
		if (what)
			linediff_unified(&diff, "rows", buf_str(&rows_a),
					 buf_str(&rows_b));
	}
	*same = !err && !what;
	if (what && !is_found(c, told, ARRAY_LEN(told))) {
		p[0] = (struct check_place){ &t->ours, t->ours.added[0].m, 0,
					     0 };
		p[1] = (struct check_place){ &t->theirs, t->theirs.added[0].m,
					     0, 0 };
		check_add(c, &(struct check_words){
				     .rule = GM106_ORDER,
				     .level = FINDING_ERROR,
				     .places = p,
				     .n = 2,
				     .hint = check_rebase_hint(c, &t->theirs),
				     .diff = buf_str(&diff),
				     .message = arena_printf(
					     c->arena,
					     "%s differ between %s and %s",
					     what, a->what, b->what) });
	} else if (what) {
		for (size_t i = c->from; i < c->n; i++)
			if (!c->findings[i].diff &&
			    (streq(c->findings[i].rule, "GM105") ||
			     streq(c->findings[i].rule, "GM106"))) {
				c->findings[i].diff =
					arena_strdup(c->arena, buf_str(&diff));
				break;
			}
	}
	buf_release(&diff);
	buf_release(&rows_a);
	buf_release(&rows_b);
	return err;
}

/* The text says "conflict", every order ran, and all ended alike. */
static void tell_disagreement(struct check *c)
{
	for (size_t i = c->from; i < c->n; i++) {
		struct finding *f = &c->findings[i];

		if (!streq(f->rule, "GM105") || f->level != FINDING_ERROR)
			continue;
		f->level = FINDING_WARNING;
		f->message = arena_printf(c->arena,
					  "%s; but all orders ran and ended "
					  "alike",
					  f->message);
		check_note(c,
			   "the static verdict on %s and the replay "
			   "disagree: please report it",
			   f->object ? f->object : f->places[0].name);
	}
}

static struct err *run_all(struct check *c, struct check_trees *t,
			   struct bench *b, struct order *o, size_t n,
			   bool *fine)
{
	bool stopped = false, same = true;
	struct err *err = NULL;

	for (size_t i = 0; i < n && !err; i++) {
		err = run_order(c, t, b, &o[i]);
		if (!err)
			stopped |= tell_stop(c, t, &o[i]);
	}
	for (size_t i = 1; i < n && !err && same; i++)
		if (o[0].stopped == o[0].n && o[i].stopped == o[i].n)
			err = compare(c, t, &o[0], &o[i], &same);
	*fine = !err && !stopped && same;
	return err;
}

static bool both_came(const struct check_trees *t)
{
	return t->ours.n_added && t->theirs.n_added;
}

static size_t make_orders(struct check *c, struct check_trees *t,
			  struct order o[3])
{
	const char *ours = t->ours.ref ? t->ours.ref : "ours";
	const char *theirs = t->theirs.ref ? t->theirs.ref : "theirs";
	size_t n = 1;

	o[0].what = arena_printf(c->arena, "%s behind %s", theirs, ours);
	add_side(&o[0], &t->ours);
	add_side(&o[0], &t->theirs);
	if (both_came(t)) {
		o[n].what =
			arena_printf(c->arena, "%s behind %s", ours, theirs);
		add_side(&o[n], &t->theirs);
		add_side(&o[n++], &t->ours);
	} else {
		o[0].what = t->ours.n_added ? ours : theirs;
	}
	o[n].what = "the files in order, from empty";
	add_files(t, &o[n]);
	for (size_t i = 0; i < n; i++)
		if (same_steps(&o[i], &o[n])) {
			free(o[n].steps);
			memset(&o[n], 0, sizeof(o[n]));
			return n;
		}
	return n + 1;
}

static void outcome_key(struct check *c, const struct check_trees *t,
			char key[65])
{
	const struct check_side *sides[] = { &t->ours, &t->theirs };
	struct buf b = BUF_INIT;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sides[k]->n_added; i++)
			buf_addf(&b, "%zu %s %s\n", k,
				 sides[k]->added[i].m->name,
				 sides[k]->added[i].m->blob);
	/* their order, and whether all of them stand behind the bases' */
	for (size_t i = 0; i < t->merged.n; i++)
		if (side_of(t, t->merged.items[i]))
			buf_addf(&b, "%s%s\n", i < t->n_common ? "<" : "",
				 t->merged.items[i]->name);
	check_key(c, key, "replay", t->base_key, buf_str(&b), NULL);
	buf_release(&b);
}

static bool was_fine(struct check *c, const char *key)
{
	struct buf known = BUF_INIT;
	bool fine = check_cache_get(c, "replay", key, &known) &&
		    streq(buf_str(&known), "fine");

	buf_release(&known);
	return fine;
}

static struct err *run_orders(struct check *c, struct check_trees *t,
			      bool *fine)
{
	struct order orders[3] = { 0 };
	struct bench b = { 0 };
	struct err *err = open_base(c, t, &b.base);

	if (!err && t->base_broken) {
		c->replay = NULL;
	} else if (!err) {
		find_tables(c, t, &b);
		err = run_all(c, t, &b, orders, make_orders(c, t, orders),
			      fine);
	}
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		release(&orders[i]);
	replay_close(b.base);
	return err;
}

static bool is_wanted(const struct check *c, const struct check_trees *t)
{
	if (c->opt->no_replay || c->opt->all_branches ||
	    (!t->ours.n_added && !t->theirs.n_added))
		return false;
	return t->merged.dialect == SQL_SQLITE || c->opt->scratch;
}

bool check_replay_is_fine(struct check *c, const struct check_trees *t)
{
	char key[65];

	if (!is_wanted(c, t))
		return true;
	outcome_key(c, t, key);
	if (!was_fine(c, key))
		return false;
	c->replay = sql_dialect_name(t->merged.dialect);
	return true;
}

struct err *check_replay(struct check *c, struct check_trees *t)
{
	struct err *err = NULL;
	bool fine = check_replay_is_fine(c, t);
	char key[65];

	if (!is_wanted(c, t))
		return NULL;
	if (!fine) {
		c->replay = sql_dialect_name(t->merged.dialect);
		err = run_orders(c, t, &fine);
		outcome_key(c, t, key);
		if (!err && fine)
			check_cache_put(c, "replay", key, "fine", 4);
	}
	if (fine && both_came(t))
		tell_disagreement(c);
	return err;
}
