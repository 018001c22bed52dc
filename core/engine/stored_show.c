#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/stored_impl.h"
#include "snapshot/linefile.h"

/* Looking into snapshots, line by line. */

struct err *stored_source(struct engine *e, const struct engine_snapshot *s,
			  struct snapshot_source **out)
{
	struct journal_event ev;
	struct arena a = ARENA_INIT;
	struct err *err = journal_get(e->target, s->seq, &a, &ev);

	*out = NULL;
	if (!err)
		err = snapshot_source_of(e, &ev, out);
	arena_release(&a);
	return err;
}

static void take_path(void *payload, const char *path)
{
	struct stored_parts *p = payload;

	p->files++;
	if (!ends_with(path, "manifest"))
		return;
	VEC_GROW(p->list, p->n, p->cap);
	p->list[p->n++] = xstrndup(path, strlen(path) - strlen("manifest"));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct err *stored_parts(struct snapshot_source *source,
			 struct stored_parts *out)
{
	struct err *err = snapshot_source_files(source, take_path, out);

	if (!err && !out->n)
		err = err_new(ERR_STORE, "the snapshot has no manifest");
	if (out->n)
		qsort(out->list, out->n, sizeof(*out->list), by_name);
	return err;
}

void stored_parts_release(struct stored_parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i]);
	free(p->list);
	memset(p, 0, sizeof(*p));
}

static struct err *part_file(void *payload, const char *path)
{
	struct stored_part *p = payload;
	char *full = xasprintf("%s%s", p->prefix, path);
	struct err *err = p->whole.file(p->whole.payload, full);

	free(full);
	return err;
}

static struct err *part_chunk(void *payload, const char **data, size_t *len)
{
	struct stored_part *p = payload;

	return p->whole.chunk(p->whole.payload, data, len);
}

void stored_part_init(struct stored_part *p, struct snapshot_source *source,
		      const char *prefix)
{
	p->prefix = prefix;
	snapshot_source_in(source, &p->whole);
	p->in = (struct snapshot_in){ p, part_file, part_chunk };
}

struct showing {
	struct engine *e;
	const struct engine_snapshot_visitor *v;
	uint64_t max;
};

static struct err *show_lines(const struct showing *s, struct stored_part *part,
			      const struct manifest_table *t)
{
	struct line_reader lines;
	struct line_view view;
	uint64_t n = 0;
	struct err *err;

	line_reader_init(&lines, &part->in);
	line_view_init(&view, t, s->e->cfg.dialect);
	err = line_reader_open(&lines, t->file);
	while (!err && (!s->max || n < s->max)) {
		const char *line;
		size_t len;

		err = cancel_check();
		if (!err)
			err = line_reader_next(&lines, &line, &len);
		if (err || !line)
			break;
		n++;
		err = line_view_cut(&view, line, len);
		if (!err)
			err = s->v->line(s->v->payload, &view);
	}
	line_view_release(&view);
	line_reader_release(&lines);
	return err;
}

static struct err *show_part(const struct showing *s, struct stored_part *part)
{
	struct manifest m = { 0 };
	struct err *err = manifest_read(&m, &part->in);

	if (!err && s->v->part)
		err = s->v->part(s->v->payload, part->prefix, &m);
	for (size_t i = 0; i < m.n_tables && !err; i++) {
		if (s->v->table)
			err = s->v->table(s->v->payload, &m.tables[i]);
		/* a file is made with its first line */
		if (!err && s->v->line && manifest_lines(&m.tables[i]))
			err = show_lines(s, part, &m.tables[i]);
	}
	manifest_release(&m);
	return err;
}

static struct err *show(const struct showing *s,
			const struct engine_snapshot *which)
{
	struct snapshot_source *source = NULL;
	struct stored_parts parts = { 0 };
	struct err *err = stored_source(s->e, which, &source);

	if (!err)
		err = stored_parts(source, &parts);
	for (size_t i = 0; i < parts.n && !err; i++) {
		struct stored_part part;

		stored_part_init(&part, source, parts.list[i]);
		err = show_part(s, &part);
	}
	stored_parts_release(&parts);
	snapshot_source_close(source);
	return err;
}

void stored_copy(struct arena *a, struct engine_snapshot *out,
		 const struct engine_snapshot *in)
{
	const char **texts[] = { &out->id,       &out->event,    &out->name,
				 &out->taken_at, &out->taken_by, &out->store,
				 &out->host,     &out->pruned_at };

	*out = *in;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = *texts[i] ? arena_strdup(a, *texts[i]) : NULL;
}

struct err *engine_snapshot_show(struct engine *e, const char *which,
				 uint64_t max,
				 const struct engine_snapshot_visitor *v,
				 struct arena *arena,
				 struct engine_snapshot *about)
{
	const struct showing s = { e, v, max };
	struct engine_snapshots all = { 0 };
	const struct engine_snapshot *one = NULL;
	struct err *err = stored_open(e);

	if (!err)
		err = stored_events(e, &all);
	if (!err)
		err = stored_find(&all, which, &one);
	if (!err)
		err = stored_weigh(e, &all);
	if (!err) {
		stored_copy(arena, about, one);
		err = show(&s, one);
	}
	engine_snapshots_release(&all);
	return err;
}
