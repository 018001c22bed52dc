#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/git.h"
#include "gitstore/treewalk.h"
#include "gitstore/vault.h"

/*
 * What snapshots weigh: git tells how large each object is, and how many bytes
 * of a pack it takes; whose it is, the trees tell. What only one of them leads
 * to is what its end would free.
 */

#define NOBODY 0u
#define MANY UINT32_MAX
#define IN_INDEX 28 /* bytes of an object in a pack's index */

struct object {
	git_oid id;
	uint32_t owner; /* number of a snapshot + 1, NOBODY, MANY */
	bool is_tree;
	bool summed;  /* size is that of all below a tree */
	int64_t size; /* before deflating */
	int64_t disk;
};

struct scales {
	struct gs_vault *vault;
	struct object *objects; /* in the order of ids */
	size_t n, cap;
};

/* "<id> <type> <size> <size on disk>", in the order of ids. */
static struct err *take_object(void *payload, char *line)
{
	struct scales *s = payload;
	char *rest = line, *hex = strsep(&rest, " ");
	char *type = strsep(&rest, " "), *end = NULL;
	long long size = 0, disk = 0;
	struct object *o;

	if (rest)
		size = strtoll(rest, &end, 10);
	if (rest && *end == ' ')
		disk = strtoll(end + 1, &end, 10);
	if (!rest || *end)
		return err_new(ERR_STORE, "git tells of an object of type %s",
			       type ? type : "none");
	VEC_GROW(s->objects, s->n, s->cap);
	o = &s->objects[s->n++];
	*o = (struct object){ .is_tree = streq(type, "tree"),
			      .size = streq(type, "blob") ? size : 0,
			      .disk = disk + IN_INDEX };
	return gs_id_parse(hex, &o->id);
}

static int by_id(const void *a, const void *b)
{
	return git_oid_cmp(&((const struct object *)a)->id,
			   &((const struct object *)b)->id);
}

static struct err *load(struct scales *s)
{
	static const char format[] =
		"--batch-check=%(objectname) %(objecttype) "
		"%(objectsize) %(objectsize:disk)";
	const char *const args[] = { "cat-file", "--batch-all-objects",
				     "--unordered", format, NULL };
	struct gs_git git = { .git_dir = s->vault->in.common,
			      .line = take_object,
			      .payload = s };
	struct err *err = gs_git(&git, args);

	if (s->n)
		qsort(s->objects, s->n, sizeof(*s->objects), by_id);
	return err;
}

static struct object *find(const struct scales *s, const git_oid *id)
{
	struct object key = { .id = *id };

	return s->n ? bsearch(&key, s->objects, s->n, sizeof(key), by_id)
		    : NULL;
}

/*
 * Everything below an object is the snapshot's as well. Below what is many's
 * already all is many's, so a tree is gone through twice at most.
 */
static struct err *claim(struct scales *s, const git_oid *id, uint32_t who,
			 int64_t *size)
{
	struct object *o = find(s, id);
	struct gs_treewalk w = { 0 };
	struct gs_tree_entry e;
	struct err *err;
	int64_t sum = 0;

	if (!o)
		return err_new(ERR_STORE, "object %s is missing",
			       git_oid_tostr_s(id));
	if (o->owner == NOBODY || o->owner == who) {
		o->owner = who;
	} else if (o->owner != MANY) {
		o->owner = MANY;
		o->summed = false;
	}
	if (!o->is_tree || o->summed) {
		*size += o->size;
		return NULL;
	}
	err = gs_treewalk_open(&w, &s->vault->in, id);
	while (!err && gs_treewalk_next(&w, &e))
		err = claim(s, &e.id, o->owner == MANY ? MANY : who, &sum);
	gs_treewalk_close(&w);
	o->size = sum;
	o->summed = true;
	*size += sum;
	return err;
}

static struct err *weigh(struct scales *s, struct store_weight *w, uint32_t who)
{
	struct err *err;
	git_oid id;

	err = gs_id_parse(w->id.hex, &id);
	if (err)
		return err;
	w->here = find(s, &id) != NULL;
	w->bytes = w->alone = 0;
	if (!w->here)
		return NULL;
	err = claim(s, &id, who, &w->bytes);
	w->damaged = err != NULL;
	err_free(err);
	return NULL;
}

/* What another database's snapshots lead to stays whoever else goes. */
struct others {
	struct scales *scales;
	const char *uuid;
};

static struct err *claim_for_others(void *payload, const char *folder,
				    const char *key, const git_oid *event)
{
	const struct others *o = payload;
	size_t n = strlen(o->uuid);
	int64_t size = 0;

	(void)folder;
	if (!strncmp(key, o->uuid, n) && key[n] == '/')
		return NULL;
	/* what is damaged is told where it is looked at */
	err_free(claim(o->scales, event, MANY, &size));
	return NULL;
}

struct err *gs_snapshots_weigh(struct store *store, const char *uuid,
			       struct store_weight *list, size_t n)
{
	struct scales s = { 0 };
	struct others others = { &s, uuid };
	struct err *err = gs_vault(gs_of(store), false, &s.vault);

	for (size_t i = 0; i < n; i++)
		list[i].here = list[i].damaged = false;
	if (err || !s.vault || !n)
		return err;
	err = load(&s);
	for (size_t i = 0; i < n && !err; i++)
		err = weigh(&s, &list[i], (uint32_t)i + 1);
	/* a ref that leads nowhere is told where it is looked at */
	if (!err)
		err_free(gs_vault_each(s.vault, claim_for_others, &others));
	for (size_t i = 0; i < s.n && !err; i++) {
		const struct object *o = &s.objects[i];

		if (o->owner != NOBODY && o->owner != MANY)
			list[o->owner - 1].alone += o->disk;
	}
	free(s.objects);
	return err_wrap(err, "weigh the snapshots");
}
