#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/stored_impl.h"
#include "snapshot/linefile.h"

/* Snapshots that are here, read to the last byte. */

struct verifying {
	struct engine *e;
	struct engine_verdict verdict;
	size_t files; /* that a manifest names, and manifests */
};

static struct err *check_counts(const struct manifest_table *t,
				const uint64_t n[3])
{
	const struct {
		const char *what;
		uint64_t want, have;
	} counts[] = { { "came", t->inserted, n[0] },
		       { "changed", t->updated, n[1] },
		       { "went", t->deleted, n[2] } };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (counts[i].want != counts[i].have)
			return err_new(ERR_STATE,
				       "table %s: %" PRIu64
				       " rows that %s, but "
				       "its manifest says %" PRIu64,
				       t->before, counts[i].have,
				       counts[i].what, counts[i].want);
	return NULL;
}

static struct err *check_table(struct verifying *v, struct stored_part *part,
			       const struct manifest_table *t)
{
	struct line_reader lines;
	struct line_view view;
	uint64_t n[3] = { 0, 0, 0 };
	struct err *err;

	v->verdict.tables++;
	if (!manifest_lines(t))
		return NULL;
	v->files++;
	line_reader_init(&lines, &part->in);
	line_view_init(&view, t, v->e->cfg.dialect);
	err = line_reader_open(&lines, t->file);
	while (!err) {
		const char *line;
		size_t len;

		err = cancel_check();
		if (!err)
			err = line_reader_next(&lines, &line, &len);
		if (err || !line)
			break;
		err = line_view_cut(&view, line, len);
		n[view.op == ROW_INSERTED  ? 0
		  : view.op == ROW_UPDATED ? 1
					   : 2]++;
		v->verdict.lines++;
	}
	line_view_release(&view);
	line_reader_release(&lines);
	return err ? err_wrap(err, "%s", t->file) : check_counts(t, n);
}

static struct err *check_part(struct verifying *v, struct stored_part *part)
{
	struct manifest m = { 0 };
	struct err *err = manifest_read(&m, &part->in);

	v->files++;
	for (size_t i = 0; i < m.n_tables && !err; i++)
		err = check_table(v, part, &m.tables[i]);
	manifest_release(&m);
	return err;
}

static struct err *check(struct verifying *v, const struct engine_snapshot *s)
{
	struct snapshot_source *source = NULL;
	struct stored_parts parts = { 0 };
	struct err *err = stored_source(v->e, s, &source);

	v->files = 0;
	if (!err)
		err = stored_parts(source, &parts);
	for (size_t i = 0; i < parts.n && !err; i++) {
		struct stored_part part;

		stored_part_init(&part, source, parts.list[i]);
		err = check_part(v, &part);
	}
	if (!err && parts.files != v->files)
		err = err_new(ERR_STATE,
			      "it has %zu file%s, but its manifests name %zu",
			      parts.files, parts.files == 1 ? "" : "s",
			      v->files);
	stored_parts_release(&parts);
	snapshot_source_close(source);
	return err;
}

/* One snapshot of many events is read once. */
static bool was_seen(const struct engine_snapshots *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (streq(all->items[k].id, all->items[i].id) &&
		    streq(all->items[k].store, all->items[i].store))
			return true;
	return false;
}

/* The journal, or a ref, says that it is here, and it is not. */
static struct err *check_missing(const struct engine_snapshot *s)
{
	if (s->pruned_at)
		return NULL;
	if (streq(s->store, snapshots_in_database.name))
		return err_new(ERR_STATE, "it is not in the database's tables");
	if (s->lost)
		return err_new(ERR_STATE, "a ref of this clone names it, but "
					  "its objects are gone");
	return NULL;
}

static struct err *verify_one(struct verifying *v,
			      const struct engine_snapshot *s,
			      struct err *(*fn)(void *payload,
						const struct engine_verdict *v),
			      void *payload)
{
	struct err *err = NULL;

	v->verdict = (struct engine_verdict){ .of = s };
	v->verdict.broken = s->here ? check(v, s) : check_missing(s);
	if (v->verdict.broken &&
	    err_class_of(v->verdict.broken) == ERR_CANCELLED)
		return v->verdict.broken;
	err = fn(payload, &v->verdict);
	err_free(v->verdict.broken);
	return err;
}

struct err *engine_snapshot_verify(
	struct engine *e, const char *which,
	struct err *(*fn)(void *payload, const struct engine_verdict *v),
	void *payload)
{
	struct verifying v = { .e = e };
	struct engine_snapshots all = { 0 };
	const struct engine_snapshot *one = NULL;
	struct err *err = stored_open(e);

	if (!err)
		err = stored_events(e, &all);
	if (!err && which)
		err = stored_find(&all, which, &one);
	if (!err)
		err = stored_weigh(e, &all);
	for (size_t i = 0; i < all.n && !err; i++)
		if (one ? one == &all.items[i] : !was_seen(&all, i))
			err = verify_one(&v, &all.items[i], fn, payload);
	engine_snapshots_release(&all);
	return err;
}
