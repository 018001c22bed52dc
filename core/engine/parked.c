#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/rename.h"
#include "engine/stored.h"
#include "snapshot/redo.h"

/*
 * A migration is applied that was rolled back before: what the rollbacks have
 * parked is given back, newest first.
 */

/* One park's files; a migration in steps has one for each of its events. */
struct part {
	struct snapshot_source *source; /* NULL = another part has it */
	struct snapshot_in from;
	char prefix[16];
	struct schema_delta delta;
	bool decoded, covers;
};

struct parked {
	struct part **parts;
	struct redo_park *parks;
	struct snapshot_in *ins;
	size_t n, cap;
	struct redo *redo;
	struct redo_result given;
	int64_t left; /* rows and values that are not given back */
	struct arena arena;
};

static struct err *part_file(void *payload, const char *path)
{
	struct part *p = payload;
	char full[64];

	snprintf(full, sizeof(full), "%s%s", p->prefix, path);
	return p->from.file(p->from.payload, full);
}

static struct err *part_chunk(void *payload, const char **data, size_t *len)
{
	struct part *p = payload;

	return p->from.chunk(p->from.payload, data, len);
}

static struct part *add_part(struct parked *p, size_t i)
{
	struct part *part = xcalloc(1, sizeof(*part));

	VEC_GROW(p->parts, p->n, p->cap);
	p->parts[p->n++] = part;
	if (i)
		snprintf(part->prefix, sizeof(part->prefix), "part%zu/", i + 1);
	return part;
}

static struct err *elsewhere(struct err *err, const struct journal_event *ev)
{
	size_t len = 0;
	const char *host = ev->snapshot_store
				   ? engine_store_host(ev->snapshot_store, &len)
				   : NULL;

	err = err_wrap(err,
		       "what the rollback of %s has parked, taken %s by %s%s%s",
		       ev->name, ev->finished_at, ev->applied_by,
		       host ? " on " : "", host ? host : "");
	return err_hintf(
		err,
		"apply it in the clone that took it back; or there "
		"'git migrate snapshot push %s', and here 'git migrate "
		"snapshot fetch %s'; or git migrate apply --no-restore "
		"runs the SQL only",
		ev->name, ev->name);
}

static struct err *decode(struct part *part, const struct journal_event *ev,
			  struct parked *p)
{
	struct err *err = schema_delta_decode(&part->delta, &p->arena,
					      ev->delta, ev->delta_len);

	part->decoded = !err;
	return err;
}

/* The files of one rollback, part by part. */
static struct err *open_park(struct run *r, const struct journal_event *ev,
			     struct parked *p)
{
	struct snapshot_source *source;
	struct snapshot_in in;
	bool pruned = false;
	struct err *err;

	if (ev->snapshot) {
		err = snapshot_is_pruned(r->e, ev, &pruned);
		if (err)
			return err;
	}
	if (pruned)
		session_note(r->e, ENGINE_HINT,
			     "what the rollback of %s had parked was pruned",
			     ev->name);
	if (!ev->snapshot || pruned)
		return decode(add_part(p, 0), ev, p);
	err = snapshot_source_open(r->e, ev->snapshot_store, ev->snapshot, NULL,
				   &source);
	if (err)
		return elsewhere(err, ev);
	snapshot_source_in(source, &in);
	for (size_t i = 0;; i++) {
		struct part *part = add_part(p, i);

		part->source = i ? NULL : source;
		part->from = in;
		err = decode(part, ev, p);
		if (err)
			return err;
		err = part_file(part, "manifest");
		if (!err)
			continue;
		/* the first may have parked nothing where a later one has */
		if (i && err_class_of(err) == ERR_STORE) {
			err_free(err);
			part->from.payload = NULL;
			return NULL;
		}
		if (err_class_of(err) != ERR_STORE)
			return err;
		err_free(err);
		part->from.payload = NULL;
	}
}

/* A rollback of the migration. */
struct undone {
	int64_t seq, parked;
	int64_t left; /* by the apply before it, of what was parked then */
	bool nothing; /* it has parked no file, and took no definition away */
};

struct search {
	struct run *run;
	struct parked *parked;
	bool applied; /* it stands: nothing was taken back since */
	struct undone *list;
	size_t n, cap;
};

static struct err *find(void *payload, const struct journal_event *ev)
{
	struct search *s = payload;

	if (streq(ev->event, "apply") && streq_null(ev->status, "applied")) {
		s->applied |= !s->n;
		if (s->n)
			s->list[s->n - 1].left = ev->parked;
	}
	if (s->applied || !streq(ev->event, "rollback"))
		return NULL;
	VEC_GROW(s->list, s->n, s->cap);
	s->list[s->n++] = (struct undone){
		.seq = ev->seq,
		.parked = ev->parked,
		.nothing = !ev->snapshot && streq_null(ev->kind, "data"),
	};
	return NULL;
}

/* The apply before rollback i left the older ones' data where it was. */
static bool covers(const struct search *s, size_t i)
{
	return i + 1 == s->n || !s->list[i + 1].parked ||
	       s->list[i].left < s->list[i + 1].parked;
}

static struct err *open_parks(struct search *s)
{
	struct err *err = NULL;

	for (size_t i = 0; i < s->n && !err; i++) {
		size_t first = s->parked->n;
		struct journal_event ev;

		if (s->list[i].nothing)
			continue;
		err = journal_get(s->run->e->target, s->list[i].seq,
				  &s->parked->arena, &ev);
		if (!err)
			err = open_park(s->run, &ev, s->parked);
		for (size_t k = first; k < s->parked->n; k++)
			s->parked->parts[k]->covers = covers(s, i);
	}
	return err;
}

static struct err *open_redo(struct run *r, struct parked *p)
{
	p->parks = xcalloc(p->n + 1, sizeof(*p->parks));
	p->ins = xcalloc(p->n + 1, sizeof(*p->ins));
	for (size_t i = 0; i < p->n; i++) {
		struct part *part = p->parts[i];

		p->ins[i] = (struct snapshot_in){ part, part_file, part_chunk };
		p->parks[i].in = part->from.payload ? &p->ins[i] : NULL;
		p->parks[i].delta = &part->delta;
		p->parks[i].covers = part->covers;
	}
	return redo_open(&p->redo, r->e->target, p->parks, p->n);
}

struct err *parked_open(struct run *r, const char *name, struct parked **out)
{
	struct search s = { .run = r };
	struct parked *p;
	struct err *err;

	*out = NULL;
	if (!r->e->meta.present || !redo_is_known(r->e->target))
		return NULL;
	err = rename_history(r->e->target, name, false, find, &s);
	if (!err && s.n) {
		*out = p = s.parked = xcalloc(1, sizeof(*p));
		if (r->no_restore)
			p->left = s.list[0].parked;
		else
			err = open_parks(&s);
		if (!err && p->n)
			err = open_redo(r, p);
	}
	free(s.list);
	return err;
}

static void tell(struct run *r, const char *name, const struct redo_result *res)
{
	if (res->given)
		session_note(r->e, ENGINE_HINT,
			     "%s: %" PRIu64 " parked %s %s back", name,
			     res->given, text_rows_and_values(res->given),
			     res->given == 1 ? "is" : "are");
	for (size_t i = 0; i < res->n_misfits; i++) {
		const struct redo_misfit *m = &res->misfits[i];

		session_note(r->e, ENGINE_WARNING,
			     "%s: %" PRIu64 " parked %s%s of %s%s%s stay%s in "
			     "the snapshot: %s",
			     name, m->n, m->column ? "value" : "row",
			     m->n == 1 ? "" : "s", m->table,
			     m->column ? "." : "", m->column ? m->column : "",
			     m->n == 1 ? "s" : "", m->why);
	}
}

struct err *parked_give(struct run *r, struct parked *p)
{
	if (!p || !p->redo)
		return NULL;
	return redo_run(p->redo, r->no_snapshot ? NULL : r->capture, &p->given);
}

bool parked_is_late(const struct parked *p)
{
	return p && p->redo && redo_is_late(p->redo);
}

struct err *parked_end(struct run *r, struct parked *p,
		       struct journal_event *ev)
{
	struct err *err = NULL;

	if (!p)
		return NULL;
	ev->parked = p->left;
	if (p->redo)
		err = redo_late(p->redo, &p->given);
	if (!err)
		tell(r, ev->name, &p->given);
	for (size_t i = 0; i < p->given.n_misfits; i++)
		ev->parked += (int64_t)p->given.misfits[i].n;
	return err;
}

void parked_close(struct parked *p)
{
	if (!p)
		return;
	redo_close(p->redo);
	redo_result_release(&p->given);
	for (size_t i = 0; i < p->n; i++) {
		if (p->parts[i]->decoded)
			schema_delta_release(&p->parts[i]->delta);
		snapshot_source_close(p->parts[i]->source);
		free(p->parts[i]);
	}
	free(p->parts);
	free(p->parks);
	free(p->ins);
	arena_release(&p->arena);
	free(p);
}
