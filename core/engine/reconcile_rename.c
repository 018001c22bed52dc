#include "base/util.h"
#include "engine/reconcile.h"

/*
 * The same file under another name: an event of its own says so. What follows
 * finds the events under the name before through it (chain.c).
 */

static char *keep(struct run *r, const char *s)
{
	return s ? arena_strdup(&r->group, s) : NULL;
}

static void describe(struct reconcile *rc, struct run *r,
		     const struct plan_step *p, const struct journal_event *was,
		     struct journal_event *ev)
{
	const struct migration *m = p->migration;

	*ev = (struct journal_event){
		.event = "rename",
		.name = keep(r, m->name),
		.version = keep(r, m->version),
		.layout = keep(r, migration_layout_name(&rc->tree.set)),
		.path = keep(r, m->path),
		.blob = keep(r, m->blob),
		.down_path = keep(r, m->down_path),
		.down_blob = keep(r, m->down_blob),
		.source_commit = keep(r, rc->tree.commit.id.hex),
		.status = "applied",
		.kind = keep(r, was->kind),
		.description = arena_printf(&r->group, "was %s", was->name),
		.author = keep(r, was->author),
		.author_date = keep(r, was->author_date),
		.rows = was->rows,
		.irreversible = was->irreversible,
		.exact = was->exact,
		.reverts = was->seq,
		.batch_size = was->batch_size,
	};
}

static struct err *rename_one(struct reconcile *rc, struct run *r,
			      const struct plan_step *p)
{
	struct journal_event was, ev;
	struct schema_delta none;
	struct err *err;

	schema_delta_init(&none);
	err = migration_load(&rc->tree.set, p->migration);
	if (!err)
		err = journal_current_of(rc->e->target, p->item->renamed_from,
					 &r->group, &was);
	if (!err && !was.seq)
		err = err_new(ERR_STATE, "the journal does not know %s",
			      p->item->renamed_from);
	if (!err) {
		describe(rc, r, p, &was, &ev);
		err = run_event(r, &ev, &none, p->migration, true);
	}
	if (!err)
		r->rows[r->n_rows - 1].forgets = keep(r, was.name);
	schema_delta_release(&none);
	return err;
}

struct err *reconcile_rename_all(struct reconcile *rc, struct run *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < rc->n_renames && !err; i++) {
		rc->at = i;
		err = rename_one(rc, r, &rc->plan.steps[i]);
	}
	return err;
}
