#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "engine/impl.h"
#include "snapshot/estimate.h"

/* What a run will keep, told and judged before it changes anything. */

static struct err *refuse(const struct ready *r, const struct estimate *est,
			  const struct engine *e, const char *path)
{
	const struct sql_statement *s = &r->script.statements[est->statement];
	const char *target = *e->cfg.target ? e->cfg.target : "<target>";
	struct buf all = BUF_INIT, one = BUF_INIT, limit = BUF_INIT;
	struct err *err;

	text_add_size(&all, est->bytes);
	text_add_size(&one, est->table_bytes);
	text_add_size(&limit, e->cfg.snapshot_limit);
	err = err_hintf(
		err_new(ERR_REFUSED,
			"the snapshot would take about %s (table %s: %s), and "
			"its limit is %s",
			buf_str(&all), est->table, buf_str(&one),
			buf_str(&limit)),
		"raise migrate.%s.snapshotLimit, or apply --no-snapshot, which "
		"makes the migration irreversible",
		target);
	buf_release(&all);
	buf_release(&one);
	buf_release(&limit);
	return err_at(err, (struct err_at){ path, s->line, s->col });
}

static void tell(struct engine_step *s, const struct estimate *est,
		 struct arena *a)
{
	s->keeps_bytes = est->bytes + est->perhaps;
	s->keeps_rows = est->rows;
	s->keeps_at_most = est->perhaps > 0;
	s->keeps_others = est->table_bytes < s->keeps_bytes;
	if (est->table)
		s->keeps_table = arena_strdup(a, est->table);
	s->n_cascades = est->n_cascades;
	s->cascades = arena_array(a, est->n_cascades + 1, sizeof(char *));
	for (size_t i = 0; i < est->n_cascades; i++)
		s->cascades[i] = arena_strdup(a, est->cascades[i]);
}

struct err *ready_estimate(const struct ready *ready, size_t n,
			   struct engine *e, struct migration_set *set,
			   struct engine_run *out)
{
	const struct sql_script **scripts;
	struct estimate *found;
	struct arena a = ARENA_INIT;
	struct err *err;

	if (!e->target || !n) /* no database, and no rows */
		return NULL;
	scripts = xcalloc(n, sizeof(const struct sql_script *));
	found = xcalloc(n, sizeof(*found));
	for (size_t i = 0; i < n; i++)
		scripts[i] = &ready[i].script;
	err = estimate_scripts(e->target, scripts, n, &a, found);
	for (size_t i = 0; i < n && !err; i++) {
		tell(&out->steps[i], &found[i], &out->arena);
		if (e->cfg.snapshot_limit &&
		    found[i].bytes > e->cfg.snapshot_limit)
			err = refuse(
				&ready[i], &found[i], e,
				migration_full_path(set, ready[i].m->path));
	}
	free(scripts);
	free(found);
	arena_release(&a);
	return err;
}
