#include "engine/reconcile.h"
#include "engine/rename.h"

struct err *reconcile_rename_all(struct reconcile *rc, struct run *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < rc->n_renames && !err; i++) {
		rc->at = i;
		err = rename_record(r, &rc->tree, rc->plan.steps[i].item);
	}
	return err;
}
