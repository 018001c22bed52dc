#include <string.h>

#include "base/clock.h"
#include "engine/impl.h"

/* Versions of the commit count too: a file may be gone from the work tree. */
struct err *engine_new(struct engine *e, const char *slug,
		       migration_new_file_fn fn, void *payload)
{
	char stamp[CLOCK_STAMP_SIZE];
	struct tree tree;
	struct err *err = tree_read(e, NULL, true, &tree);

	clock_stamp(clock_now(), stamp);
	if (!err)
		err = migration_new(&tree.set, stamp, slug, fn, payload);
	tree_release(&tree);
	return err;
}
