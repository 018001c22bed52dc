#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "gitstore/vault.h"

/* Refs of one database's snapshots as another one's, and their end: a ref is
 * what keeps a snapshot, under the uuid of who needs it. */

#define SNAPSHOTS "refs/snapshots/"

struct share {
	struct gs_vault *v;
	const char *from, *to; /* to NULL: nobody's any more */
};

static struct err *share_ref(const struct share *s, const char *ref)
{
	const char *key = ref + strlen(SNAPSHOTS);
	char *other;
	git_oid id;
	struct err *err;

	if (!s->to)
		return gs_vault_drop_ref(s->v, "snapshots", key);
	err = gs_vault_ref(s->v, "snapshots", key, &id);
	if (err)
		return err;
	other = xasprintf("%s%s", s->to, key + strlen(s->from));
	err = gs_vault_set_ref(s->v, "snapshots", other, &id);
	free(other);
	return err;
}

static struct err *list_refs(const struct share *s, struct buf *out)
{
	char *glob = xasprintf(SNAPSHOTS "%s/*", s->from);
	git_reference_iterator *it = NULL;
	struct err *err = NULL;
	const char *name;

	if (git_reference_iterator_glob_new(&it, s->v->in.repo, glob) < 0)
		err = gs_fault(ERR_STORE, "list the snapshots");
	while (!err && !git_reference_next_name(&name, it))
		buf_add(out, name, strlen(name) + 1);
	git_reference_iterator_free(it);
	free(glob);
	return err;
}

/* Whoever removes snapshots has to wait: what is shared has to be there. */
static struct err *share_all(struct gs *g, const char *from, const char *to)
{
	struct share s = { .from = from, .to = to };
	struct buf names = BUF_INIT; /* each with its NUL */
	int fd = -1;
	struct err *err = gs_vault(g, false, &s.v);

	if (err || !s.v)
		return err;
	err = gs_writable(g);
	if (!err)
		err = gs_vault_lock(s.v, false, &fd);
	if (!err)
		err = list_refs(&s, &names);
	for (size_t at = 0; !err && at < names.len;
	     at += strlen(names.data + at) + 1)
		err = share_ref(&s, names.data + at);
	if (fd >= 0)
		close(fd);
	buf_release(&names);
	return err;
}

struct err *gs_snapshots_share(struct store *s, const char *from,
			       const char *to)
{
	return share_all(gs_of(s), from, to);
}

struct err *gs_snapshots_let_go(struct store *s, const char *uuid)
{
	return share_all(gs_of(s), uuid, NULL);
}
