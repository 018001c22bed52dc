#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"
#include "engine/stored_impl.h"
#include "snapshot/linediffer.h"

/* Two snapshots side by side. */

/* One of them, open; what it has of a part. */
struct half {
	struct snapshot_source *source;
	struct stored_parts parts;
	struct stored_part part;
	struct manifest manifest;
};

struct comparing {
	struct engine *e;
	const struct engine_diff_visitor *v;
	uint64_t max;
	struct half halves[2];
	size_t n_common;
};

static struct err *half_open(struct half *h, struct engine *e,
			     const struct engine_snapshot *s)
{
	struct err *err = stored_source(e, s, &h->source);

	return err ? err : stored_parts(h->source, &h->parts);
}

static void half_close(struct half *h)
{
	manifest_release(&h->manifest);
	stored_parts_release(&h->parts);
	snapshot_source_close(h->source);
}

/* Of a part that it has not it has no tables. */
static struct err *half_part(struct half *h, const char *prefix)
{
	manifest_release(&h->manifest);
	stored_part_init(&h->part, h->source, prefix);
	for (size_t i = 0; i < h->parts.n; i++)
		if (streq(h->parts.list[i], prefix))
			return manifest_read(&h->manifest, &h->part.in);
	return NULL;
}

/* How many tables in front of it have the name of table i: a park has one
 * twice where rows make room in it and a column of it goes. */
static size_t rank_of(const struct manifest *m, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < i; k++)
		n += streq(m->tables[k].before, m->tables[i].before);
	return n;
}

/* The table of that name and rank, or NULL. */
static const struct manifest_table *find(const struct manifest *m,
					 const char *name, size_t rank)
{
	for (size_t i = 0; i < m->n_tables; i++)
		if (streq(m->tables[i].before, name) && !rank--)
			return &m->tables[i];
	return NULL;
}

static struct err *compare_table(struct comparing *c, const char *name,
				 size_t rank)
{
	struct linediffer d = { .dialect = c->e->cfg.dialect,
				.max = c->max,
				.payload = c->v->payload,
				.line = c->v->line };
	struct engine_diff_counts n;
	struct err *err;

	for (size_t i = 0; i < 2; i++) {
		d.in[i] = &c->halves[i].part.in;
		d.table[i] = find(&c->halves[i].manifest, name, rank);
	}
	c->n_common += d.table[0] && d.table[1];
	err = c->v->table(c->v->payload, name);
	if (!err)
		err = linediffer_run(&d);
	n = (struct engine_diff_counts){ d.counts.first, d.counts.second,
					 d.counts.differ, d.counts.same };
	return err ? err : c->v->end(c->v->payload, &n);
}

static struct err *compare_part(struct comparing *c, const char *prefix)
{
	const struct manifest *a = &c->halves[0].manifest;
	const struct manifest *b = &c->halves[1].manifest;
	struct err *err = NULL;

	for (size_t i = 0; i < 2 && !err; i++)
		err = half_part(&c->halves[i], prefix);
	for (size_t i = 0; i < a->n_tables && !err; i++)
		err = compare_table(c, a->tables[i].before, rank_of(a, i));
	for (size_t i = 0; i < b->n_tables && !err; i++)
		if (!find(a, b->tables[i].before, rank_of(b, i)))
			err = compare_table(c, b->tables[i].before,
					    rank_of(b, i));
	return err;
}

static bool has_part(const struct stored_parts *p, const char *prefix)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->list[i], prefix))
			return true;
	return false;
}

static struct err *compare(struct comparing *c,
			   const struct engine_snapshot about[2])
{
	const struct stored_parts *a = &c->halves[0].parts;
	const struct stored_parts *b = &c->halves[1].parts;
	struct err *err = NULL;

	for (size_t i = 0; i < 2 && !err; i++)
		err = half_open(&c->halves[i], c->e, &about[i]);
	for (size_t i = 0; i < a->n && !err; i++)
		err = compare_part(c, a->list[i]);
	for (size_t i = 0; i < b->n && !err; i++)
		if (!has_part(a, b->list[i]))
			err = compare_part(c, b->list[i]);
	for (size_t i = 0; i < 2; i++)
		half_close(&c->halves[i]);
	if (!err && !c->n_common)
		err = err_new(ERR_REFUSED,
			      "snapshots %.10s and %.10s have no table in "
			      "common",
			      about[0].id, about[1].id);
	return err;
}

struct err *engine_snapshot_diff(struct engine *e, const char *const which[2],
				 uint64_t max,
				 const struct engine_diff_visitor *v,
				 struct arena *arena,
				 struct engine_snapshot about[2])
{
	struct comparing c = { .e = e, .v = v, .max = max };
	struct engine_snapshots all = { 0 };
	const struct engine_snapshot *one = NULL;
	struct err *err = stored_open(e);

	if (!err)
		err = stored_events(e, &all);
	if (!err)
		err = stored_weigh(e, &all);
	for (size_t i = 0; i < 2 && !err; i++) {
		err = stored_find(&all, which[i], &one);
		if (!err)
			stored_copy(arena, &about[i], one);
	}
	if (!err)
		err = compare(&c, about);
	engine_snapshots_release(&all);
	return err;
}
