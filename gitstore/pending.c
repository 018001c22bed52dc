#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/treewalk.h"
#include "gitstore/vault.h"

#define PENDING "refs/pending/"

/* Something is below a folder; names that start with '.' do not count. */
static bool has_entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d)))
		found = e->d_name[0] != '.';
	if (d)
		closedir(d);
	return found;
}

/* Asked by each command: two system calls when there is nothing. */
static bool may_have_pending(struct gs *g)
{
	char *loose = file_join(g->common, "migrate/snapshots.git/" PENDING);
	char *packed =
		file_join(g->common, "migrate/snapshots.git/packed-refs");
	bool out = has_entries(loose) || file_exists(packed);

	free(loose);
	free(packed);
	return out;
}

/* One database transaction made them all: any says it for all. */
static struct err *ask_all(struct gs_vault *v, const char *key,
			   const git_oid *id, store_pending_fn ask,
			   void *payload, enum store_pending *out)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct gs_treewalk w = { 0 };
	struct gs_tree_entry e;
	struct store_id event;
	struct err *err = gs_commit_read(&v->in, id, &c);

	*out = STORE_PENDING_DROP;
	if (!err)
		err = gs_treewalk_open(&w, &v->in, &c.tree);
	while (!err && gs_treewalk_next(&w, &e)) {
		enum store_pending answer;

		gs_id_print(&e.id, &event);
		answer = ask(payload, key, &event);
		*out = answer > *out ? answer : *out;
	}
	gs_treewalk_close(&w);
	gs_commit_release(&c);
	return err;
}

static struct err *settle(struct gs_vault *v, const char *key,
			  store_pending_fn ask, void *payload)
{
	enum store_pending answer;
	git_oid id;
	struct err *err = gs_vault_ref(v, "pending", key, &id);

	if (!err)
		err = ask_all(v, key, &id, ask, payload, &answer);
	if (err || answer == STORE_PENDING_LEAVE)
		return err;
	if (answer == STORE_PENDING_KEEP)
		err = gs_vault_set_ref(v, "snapshots", key, &id);
	return err ? err : gs_vault_drop_ref(v, "pending", key);
}

struct err *gs_pending_settle(struct store *s, store_pending_fn ask,
			      void *payload)
{
	struct gs *g = gs_of(s);
	git_reference_iterator *it = NULL;
	struct gs_vault *v = NULL;
	struct buf list = BUF_INIT; /* names, each with its NUL */
	struct err *err = NULL;
	const char *name;

	if (!may_have_pending(g))
		return NULL;
	err = gs_vault(g, false, &v);
	if (err || !v)
		return err;
	if (git_reference_iterator_glob_new(&it, v->in.repo, PENDING "*") < 0)
		return gs_fault(ERR_STORE, "list pending snapshots");
	while (!git_reference_next_name(&name, it))
		buf_add(&list, name, strlen(name) + 1);
	git_reference_iterator_free(it);
	if (list.len)
		err = gs_writable(g);
	for (size_t at = 0; !err && at < list.len;
	     at += strlen(list.data + at) + 1)
		err = settle(v, list.data + at + strlen(PENDING), ask, payload);
	buf_release(&list);
	return err_wrap(err, "settle pending snapshots");
}
