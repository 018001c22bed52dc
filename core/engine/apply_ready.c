#include <stdlib.h>

#include "base/util.h"
#include "engine/impl.h"

/* What apply and reconcile tell of files that are ready to run. */

void ready_describe(const struct ready *r, struct migration_set *set,
		    bool losses, struct engine_run *out)
{
	const struct migration *m = r->m;
	struct engine_step *s = &out->steps[out->n_steps++];

	s->verb = "apply";
	s->name = arena_strdup(&out->arena, m->name);
	s->version = arena_strdup(&out->arena, m->version);
	s->blob = m->blob ? arena_strdup(&out->arena, m->blob) : NULL;
	s->path = arena_strdup(&out->arena, migration_full_path(set, m->path));
	s->out_of_order = r->out_of_order;
	s->irreversible = m->irreversible;
	s->no_transaction = r->no_transaction;
	if (losses)
		s->locks = ready_locks(r, &out->arena);
	s->dirty = m->dirty;
	s->statements = r->script.n;
}

struct err *ready_authors(struct ready *ready, size_t n, struct engine *e,
			  struct tree *t)
{
	const char **paths = xcalloc(n + 1, sizeof(*paths));
	char **authors = xcalloc(n + 1, sizeof(*authors));
	struct err *err = NULL;

	for (size_t i = 0; i < n; i++)
		paths[i] = ready[i].m->path;
	if (n && *t->commit.id.hex)
		err = e->store->ops->authors(e->store, &t->commit.id,
					     e->cfg.dir, paths, n, authors);
	for (size_t i = 0; i < n; i++) {
		if (authors[i])
			ready[i].author = arena_strdup(&t->arena, authors[i]);
		free(authors[i]);
	}
	free(paths);
	free(authors);
	return err;
}

struct err *ready_blame(struct err *err, const struct ready *m)
{
	const struct err_at *at = err ? err_at_of(err) : NULL;

	/* a place in its file names it already */
	if (!err || err_class_of(err) == ERR_CANCELLED || (at && at->path))
		return err;
	return err_wrap(err, "%s", m->m->name);
}
