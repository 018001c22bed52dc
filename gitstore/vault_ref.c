#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/reflock.h"
#include "gitstore/treewalk.h"
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

static struct err *each_event(struct gs_vault *v, const char *name,
			      gs_vault_fn fn, void *payload)
{
	const char *folder = name + strlen("refs/");
	const char *key = strchr(folder, '/');
	char *first = xstrndup(folder, (size_t)(key - folder));
	struct gs_commit c = GS_COMMIT_INIT;
	struct gs_treewalk w = { 0 };
	struct gs_tree_entry e;
	git_oid id;
	struct err *err = gs_vault_ref(v, first, key + 1, &id);

	if (!err)
		err = gs_commit_read(&v->in, &id, &c);
	if (!err)
		err = gs_treewalk_open(&w, &v->in, &c.tree);
	while (!err && gs_treewalk_next(&w, &e))
		err = fn(payload, first, key + 1, &e.id);
	gs_treewalk_close(&w);
	gs_commit_release(&c);
	free(first);
	return err;
}

#define SNAPSHOTS "refs/snapshots/"

/* Names of refs, each with its NUL. */
static struct err *list_refs(struct gs_vault *v, const char *glob,
			     struct buf *out)
{
	git_reference_iterator *it = NULL;
	const char *name;

	if (git_reference_iterator_glob_new(&it, v->in.repo, glob) < 0)
		return gs_fault(ERR_STORE, "list the snapshots");
	while (!git_reference_next_name(&name, it))
		buf_add(out, name, strlen(name) + 1);
	git_reference_iterator_free(it);
	return NULL;
}

struct err *gs_vault_each(struct gs_vault *v, gs_vault_fn fn, void *payload)
{
	struct buf names = BUF_INIT;
	struct err *err = list_refs(v, "refs/pending/*", &names);

	if (!err)
		err = list_refs(v, SNAPSHOTS "*", &names);
	for (size_t at = 0; at < names.len && !err;
	     at += strlen(names.data + at) + 1)
		err = each_event(v, names.data + at, fn, payload);
	buf_release(&names);
	return err;
}

struct err *gs_snapshots_keys(struct store *s,
			      void (*fn)(void *payload, const char *key),
			      void *payload)
{
	struct buf names = BUF_INIT;
	struct gs_vault *v = NULL;
	struct err *err = gs_vault(gs_of(s), false, &v);

	if (!err && v)
		err = list_refs(v, SNAPSHOTS "*", &names);
	for (size_t at = 0; at < names.len && !err;
	     at += strlen(names.data + at) + 1)
		fn(payload, names.data + at + strlen(SNAPSHOTS));
	buf_release(&names);
	return err;
}
