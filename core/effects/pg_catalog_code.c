#include <stdlib.h>

#include "base/util.h"
#include "effects/pg_catalog.h"
#include "effects/record.h"

#define WHAT "catalog"

static void put_body(struct buf *out, const struct effects *body)
{
	struct buf text = BUF_INIT;

	if (body)
		effects_encode(&text, body);
	record_add_bytes(out, text.data, text.len);
	buf_release(&text);
}

static void get_body(struct record_reader *r, struct pe_object *o)
{
	size_t len;
	const char *data = record_get_bytes(r, &len);

	if (!data || !len)
		return;
	o->body = xcalloc(1, sizeof(*o->body));
	if (!effects_decode(o->body, data, len))
		r->bad = true;
}

static void put(struct buf *out, const struct pe_object *o)
{
	record_add_number(out, (uint64_t)o->kind);
	record_add(out, o->schema);
	record_add(out, o->table);
	record_add(out, o->name);
	record_add(out, o->digest);
	record_add(out, o->note);
	record_add_list(out, o->columns);
	record_add_list(out, o->reads);
	record_add_number(out, o->n_uses);
	for (size_t i = 0; i < o->n_uses; i++) {
		record_add_number(out, (uint64_t)o->uses[i].kind);
		record_add(out, o->uses[i].schema);
		record_add(out, o->uses[i].table);
		record_add(out, o->uses[i].name);
		record_add(out, o->uses[i].note);
	}
	put_body(out, o->body);
}

static void get_uses(struct record_reader *r, struct effects_catalog *c,
		     struct pe_object *o)
{
	size_t n = record_get_count(r);

	for (size_t i = 0; i < n && !r->bad; i++) {
		uint64_t kind = record_get_number(r);
		struct pe_use u;

		r->bad = r->bad || kind >= EFFECT_KIND_COUNT;
		u.kind = (enum effect_kind)(r->bad ? 0 : kind);
		u.schema = record_get(r, &c->arena);
		u.table = record_get(r, &c->arena);
		u.name = record_get(r, &c->arena);
		u.note = record_get(r, &c->arena);
		r->bad = r->bad || !u.name;
		if (!r->bad)
			pe_add_use(c, o, &u);
	}
}

static void get(struct record_reader *r, struct effects_catalog *c)
{
	uint64_t kind = record_get_number(r);
	const char *schema = record_get(r, &c->arena);
	const char *table = record_get(r, &c->arena);
	const char *name = record_get(r, &c->arena);
	struct pe_object *o;

	r->bad = r->bad || kind >= EFFECT_KIND_COUNT || !name;
	if (r->bad)
		return;
	o = pe_make(c, (enum effect_kind)kind, schema, table, name);
	o->digest = record_get(r, &c->arena);
	o->note = record_get(r, &c->arena);
	o->columns = record_get_list(r, &c->arena);
	o->reads = record_get_list(r, &c->arena);
	get_uses(r, c, o);
	get_body(r, o);
}

/* Wholes before their parts, those in their order. */
static void put_all(struct buf *body, const struct effects_catalog *c,
		    size_t *n)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct pe_object *o = c->all[i];

		if (o->gone || o->table)
			continue;
		if (o->kind != EFFECT_ROUTINE && o->kind != EFFECT_KIND_COUNT) {
			put(body, o);
			(*n)++;
		}
		for (size_t k = 0; k < o->n; k++) {
			put(body, o->children[k]);
			(*n)++;
		}
	}
}

/* Parts of what is not known: a trigger of somebody else's table */
static void put_orphans(struct buf *body, const struct effects_catalog *c,
			size_t *n)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct pe_object *o = c->all[i];

		if (o->gone || !o->table ||
		    pe_find(c, EFFECT_TABLE, o->schema, NULL, o->table))
			continue;
		put(body, o);
		(*n)++;
	}
}

void effects_catalog_encode(struct buf *out, const struct effects_catalog *c)
{
	struct buf objects = BUF_INIT, body = BUF_INIT;
	size_t n = 0;

	put_all(&objects, c, &n);
	put_orphans(&objects, c, &n);
	record_add_number(&body, n);
	if (objects.len)
		buf_add(&body, objects.data, objects.len);
	record_seal(out, WHAT, EFFECTS_VERSION, &body);
	buf_release(&objects);
	buf_release(&body);
}

struct effects_catalog *effects_catalog_decode(const char *data, size_t len)
{
	struct effects_catalog *c = effects_catalog_new();
	struct record_reader r;
	size_t n;

	if (record_open(&r, WHAT, EFFECTS_VERSION, data, len)) {
		n = record_get_count(&r);
		for (size_t i = 0; i < n && !r.bad; i++)
			get(&r, c);
		if (!r.bad && r.at == r.end)
			return c;
	}
	effects_catalog_free(c);
	return NULL;
}

struct effects_catalog *effects_catalog_clone(const struct effects_catalog *c)
{
	struct effects_catalog *copy;
	struct buf text = BUF_INIT;

	effects_catalog_encode(&text, c);
	copy = effects_catalog_decode(text.data, text.len);
	buf_release(&text);
	return copy;
}
