#include <stdlib.h>

#include "base/util.h"
#include "gitstore/reflock.h"
#include "gitstore/vault.h"

struct err *gs_vault_ref(struct gs_vault *v, const char *folder,
			 const char *key, git_oid *out)
{
	char *name = xasprintf("refs/%s/%s", folder, key);
	struct err *err = NULL;

	if (git_reference_name_to_id(out, v->in.repo, name) < 0)
		err = gs_fault(ERR_STORE, "read %s of the snapshots", name);
	free(name);
	return err;
}

struct err *gs_vault_set_ref(struct gs_vault *v, const char *folder,
			     const char *key, const git_oid *id)
{
	char *name = xasprintf("refs/%s/%s", folder, key);
	git_reference *ref = NULL;
	struct err *err = NULL;
	unsigned tries = 0;
	int rc;

	do
		rc = git_reference_create(&ref, v->in.repo, name, id, 1, NULL);
	while (gs_ref_try_again(v->in.common, name, rc, &tries));
	if (rc < 0)
		err = gs_fault(ERR_STORE, "make %s of the snapshots", name);
	git_reference_free(ref);
	free(name);
	return err;
}

struct err *gs_vault_drop_ref(struct gs_vault *v, const char *folder,
			      const char *key)
{
	char *name = xasprintf("refs/%s/%s", folder, key);
	struct err *err = NULL;
	unsigned tries = 0;
	int rc;

	do
		rc = git_reference_remove(v->in.repo, name);
	while (gs_ref_try_again(v->in.common, name, rc, &tries));
	if (rc < 0)
		err = gs_fault(ERR_STORE, "remove %s of the snapshots", name);
	free(name);
	return err;
}
