#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_dynamic.h"
#include "effects/pg_resolve.h"

#define CALLS_MAX 16

/* What a routine's or a rule's body does, where it runs. */

void pe_keep_body(struct pe_resolve *r, struct pe_object *o,
		  const struct effects *from, size_t at)
{
	size_t n = from->items[at].body;

	(void)r;
	if (!n)
		return;
	o->body = xcalloc(1, sizeof(*o->body));
	effects_init(o->body);
	for (size_t i = at + 1; i <= at + n && i < from->n; i++) {
		struct effect *e = effects_copy(o->body, &from->items[i]);

		if (e->of >= i - at) /* it was the routine's */
			e->of = 0;
	}
}

void pe_run(struct pe_resolve *r, const struct pe_object *o,
	    const struct effect *e, const struct pe_object *fired_on,
	    const char *why)
{
	struct pe_resolve before = *r;
	struct effect call = *e;

	if (!o->body || r->depth > CALLS_MAX || r->late)
		return;
	r->depth++;
	if (!r->call)
		r->call = &call;
	r->fired_on = fired_on;
	r->why = why;
	r->conditional |= e->conditional;
	pe_walk(r, o->body);
	r->call = before.call;
	r->fired_on = before.fired_on;
	r->why = before.why;
	r->conditional = before.conditional;
	r->path = before.path;
	r->depth = before.depth;
}

static size_t arguments_of(const char *name)
{
	const char *p = strchr(name, '(');
	size_t n = 1;

	if (!p || p[1] == ')')
		return 0;
	for (; *p; p++)
		n += *p == ',';
	return n;
}

/* Arguments that the call gives as constants, by their names */
static size_t bind(struct pe_resolve *r, const struct pe_object *o,
		   const struct effect *e, struct effect_literal **bound)
{
	const char *name = o->note ? strchr(o->note, '\n') : NULL;
	size_t n = 0;

	*bound = arena_array(&r->arena, e->n_sets * 2 + 1, sizeof(**bound));
	for (size_t i = 0; name; i++) {
		size_t len = strcspn(name + 1, "\n");

		for (size_t k = 0; k < e->n_sets; k++) {
			if (strtoul(e->sets[k].column, NULL, 10) != i)
				continue;
			(*bound)[n].column = arena_strndup(
				&r->arena, name + 1 + (name[1] == '='),
				len - (name[1] == '='));
			(*bound)[n++].value = e->sets[k].value;
		}
		name = strchr(name + 1, '\n');
	}
	return n;
}

static void call_one(struct pe_resolve *r, const struct effect *e,
		     const struct pe_object *o)
{
	const struct effect_literal *before = r->bound;
	size_t n_before = r->n_bound;
	struct effect_literal *bound = NULL;
	bool call = e->kind == EFFECT_ROUTINE;

	pe_use_aspect(r, e, o, "definition");
	/* with other constants it may be another thing that it does */
	if (!pe_first_call(r, "call", call && e->n_sets ? (const void *)e : o))
		return;
	r->n_bound = call ? bind(r, o, e, &bound) : 0;
	r->bound = bound;
	pe_run(r, o, e, r->fired_on,
	       arena_printf(&r->arena, "%s runs", o->name));
	r->bound = before;
	r->n_bound = n_before;
}

void pe_call(struct pe_resolve *r, const struct effect *e, const char *schema,
	     const char *name)
{
	const struct pe_object *family = pe_routines(r->c, schema, name);
	size_t wanted = e->kind == EFFECT_ROUTINE && e->from
				? strtoul(e->from, NULL, 10)
				: 0;
	bool exact = false, told = e->kind == EFFECT_ROUTINE && e->from;

	for (size_t i = 0; family && i < family->n; i++)
		exact |= told &&
			 arguments_of(family->children[i]->name) == wanted;
	for (size_t i = 0; family && i < family->n; i++)
		if (!exact || arguments_of(family->children[i]->name) == wanted)
			call_one(r, e, family->children[i]);
}

bool pe_run_dynamic(struct pe_resolve *r, const struct effect *e)
{
	const char *line = e->note + strlen("dynamic\n");
	const char *from = strchr(line, '\n');
	const char *expression = from ? strchr(from + 1, '\n') : NULL;
	struct arena arena = ARENA_INIT;
	struct effects found;
	struct pe_walk w = { .out = &found, .arena = &arena };
	bool known = r->n_bound > 0 && expression != NULL;

	if (!known)
		return false;
	effects_init(&found);
	w.line = (unsigned)strtoul(line, NULL, 10);
	w.bound = r->bound;
	w.n_bound = r->n_bound;
	w.conditional = e->conditional;
	w.statement = r->statement;
	w.where_from = arena_strndup(&arena, from + 1,
				     (size_t)(expression - from - 1));
	pe_dynamic(&w, expression + 1, w.line);
	for (size_t i = 0; i < found.n; i++)
		known &= found.items[i].action != EFFECT_UNCERTAIN ||
			 !found.items[i].note;
	if (known)
		pe_walk(r, &found);
	effects_release(&found);
	arena_release(&arena);
	return known;
}
