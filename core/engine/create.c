#include <string.h>

#include "base/clock.h"
#include "engine/impl.h"

/*
 * The names that are taken, in a commit or (NULL) the work tree. What the
 * files hold is not looked at: the one that was made last is still empty.
 */
static struct err *read_names(struct engine *e, const struct store_id *commit,
			      struct tree *out)
{
	struct migration_options opt = {
		.layout = e->cfg.layout,
		.pattern = e->cfg.pattern,
		.dialect = e->cfg.dialect,
	};
	struct err *err;

	out->engine = e;
	err = e->store->ops->source(e->store, commit, e->cfg.dir, &out->source);
	return err ? err : migration_set_read(&out->set, out->source, &opt);
}

/* What the commit has and the work tree has not is taken as well. */
static void add_missing(struct migration_set *set,
			const struct migration_set *more)
{
	struct migration **all = arena_array(&set->arena, set->n + more->n + 1,
					     sizeof(struct migration *));
	size_t n = 0;

	for (size_t i = 0; i < more->n; i++)
		if (!migration_find(set, more->items[i]->name))
			all[n++] = more->items[i];
	if (set->n)
		memcpy(all + n, set->items,
		       set->n * sizeof(struct migration *));
	set->items = all;
	set->n += n;
}

struct err *engine_new(struct engine *e, const char *slug,
		       migration_new_file_fn fn, void *payload)
{
	char stamp[CLOCK_STAMP_SIZE];
	struct tree tree = { 0 }, head = { 0 };
	struct err *err = read_names(e, NULL, &tree), *none;

	if (!err) {
		none = e->store->ops->resolve(e->store, NULL, &head.commit);
		if (!none)
			none = read_names(e, &head.commit.id, &head);
		if (!none)
			add_missing(&tree.set, &head.set);
		err_free(none); /* no commit yet, or one that cannot be read */
	}
	clock_stamp(clock_now(), stamp);
	if (!err)
		err = migration_new(&tree.set, stamp, slug, fn, payload);
	tree_release(&tree);
	tree_release(&head);
	return err;
}
