#include "gitstore/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/folder.h"
#include "gitstore/hash.h"

#define SPILL (512u << 10)
#define GROUP_MIN 4
#define GROUP_ENDS 8   /* one in so many entries, from there on */
#define GROUP_MAX 4096 /* entries of a group, however their ids fall */
#define LEVELS 16      /* more than any file has */
#define WHO "git-migrate <git-migrate@localhost>"

struct gs_events {
	struct gs_pack *pack;
	struct gs_packset *known; /* what earlier snapshots stored */
	struct gs_folder *event, *group;
	struct gs_pack_mark since; /* the end of the event before */
	size_t n_events;

	bool in_file;
	struct buf path;
	size_t chunks;
	git_oid first; /* the only chunk of a small file */
	struct level { /* from the chunks upwards: the group that is open */
		struct buf tree;
		size_t n;
	} levels[LEVELS];
	size_t height; /* levels that have anything */
};

struct gs_events *gs_events_new(const char *packs)
{
	struct gs_events *w = xcalloc(1, sizeof(*w));

	w->pack = gs_pack_new(packs, SPILL);
	w->known = gs_packset_open(packs);
	w->event = gs_folder_new(NULL);
	w->group = gs_folder_new(NULL);
	w->since = gs_pack_mark(w->pack);
	return w;
}

void gs_events_free(struct gs_events *w)
{
	if (!w)
		return;
	gs_pack_free(w->pack);
	gs_packset_free(w->known);
	gs_folder_free(w->event);
	gs_folder_free(w->group);
	buf_release(&w->path);
	for (size_t i = 0; i < LEVELS; i++)
		buf_release(&w->levels[i].tree);
	free(w);
}

static struct err *store(struct gs_events *w, git_object_t type,
			 const void *data, size_t len, git_oid *id)
{
	gs_hash_object(type, data, len, id);
	if (gs_pack_has(w->pack, id) || gs_packset_has(w->known, id))
		return NULL;
	return gs_pack_add(w->pack, type, id, data, len);
}

static struct err *add_entry(struct gs_events *w, size_t at, const git_oid *id);

/* A group is over: its tree is an entry one level up. */
static struct err *end_group(struct gs_events *w, size_t at)
{
	struct level *l = &w->levels[at];
	git_oid id;
	struct err *err =
		store(w, GIT_OBJECT_TREE, l->tree.data, l->tree.len, &id);

	buf_reset(&l->tree);
	l->n = 0;
	return err ? err : add_entry(w, at + 1, &id);
}

/*
 * The content says where a group ends, not the count, and names are places in
 * the group: equal runs of chunks give equal trees wherever they stand.
 */
static struct err *add_entry(struct gs_events *w, size_t at, const git_oid *id)
{
	struct level *l = &w->levels[at];
	char text[32];
	int n = snprintf(text, sizeof(text), "%s %04zu",
			 at ? "40000" : "100644", l->n);

	if (at >= w->height)
		w->height = at + 1;
	buf_add(&l->tree, text, (size_t)n + 1);
	buf_add(&l->tree, id->id, GIT_OID_RAWSZ);
	l->n++;
	if (l->n < GROUP_MIN || at + 1 == LEVELS ||
	    (id->id[0] % GROUP_ENDS && l->n < GROUP_MAX))
		return NULL;
	return end_group(w, at);
}

/* What is open is closed from below; the highest level is the file. */
static struct err *end_groups(struct gs_events *w, git_oid *out)
{
	struct err *err = NULL;

	for (size_t at = 0; at + 1 < w->height && !err; at++)
		if (w->levels[at].n)
			err = end_group(w, at);
	if (!err)
		err = store(w, GIT_OBJECT_TREE,
			    w->levels[w->height - 1].tree.data,
			    w->levels[w->height - 1].tree.len, out);
	return err;
}

static struct err *end_file(struct gs_events *w)
{
	struct gs_folder_file file = { .mode = GIT_FILEMODE_BLOB };
	struct err *err = NULL;

	if (!w->in_file)
		return NULL;
	w->in_file = false;
	if (!w->chunks) {
		err = store(w, GIT_OBJECT_BLOB, "", 0, &file.id);
	} else if (w->chunks == 1) {
		file.id = w->first;
	} else {
		file.mode = GIT_FILEMODE_TREE;
		err = end_groups(w, &file.id);
	}
	if (!err)
		err = gs_folder_put(w->event, buf_str(&w->path), &file, NULL);
	return err;
}

struct err *gs_events_file(struct gs_events *w, const char *path)
{
	struct err *err = end_file(w);

	buf_reset(&w->path);
	buf_addstr(&w->path, path);
	for (size_t i = 0; i < w->height; i++) {
		buf_reset(&w->levels[i].tree);
		w->levels[i].n = 0;
	}
	w->chunks = w->height = 0;
	w->in_file = true;
	return err;
}

struct err *gs_events_chunk(struct gs_events *w, const void *data, size_t len)
{
	git_oid id;
	struct err *err;

	if (!w->in_file)
		return err_new(ERR_STORE, "a chunk of no file");
	if (!len)
		return NULL;
	err = store(w, GIT_OBJECT_BLOB, data, len, &id);
	if (err)
		return err;
	if (!w->chunks++)
		w->first = id;
	return add_entry(w, 0, &id);
}

struct err *gs_events_end(struct gs_events *w, git_oid *out)
{
	struct gs_folder_file event = { .mode = GIT_FILEMODE_TREE };
	char name[24];
	struct err *err = end_file(w);

	if (!err)
		err = gs_folder_id(w->event, &event.id);
	if (!err)
		err = gs_folder_save(w->event, w->pack, false);
	snprintf(name, sizeof(name), "%08zu", w->n_events);
	if (!err)
		err = gs_folder_put(w->group, name, &event, NULL);
	if (err)
		return err;
	*out = event.id;
	w->n_events++;
	gs_folder_free(w->event);
	w->event = gs_folder_new(NULL);
	w->since = gs_pack_mark(w->pack);
	return NULL;
}

struct err *gs_events_drop(struct gs_events *w)
{
	gs_folder_free(w->event);
	w->event = gs_folder_new(NULL);
	w->in_file = false;
	return gs_pack_cut(w->pack, w->since);
}

size_t gs_events_count(const struct gs_events *w)
{
	return w->n_events;
}

struct err *gs_events_finish(struct gs_events *w, const char *key,
			     git_oid *commit)
{
	struct buf text = BUF_INIT, who = BUF_INIT;
	struct gs_commit c = { .message = key };
	struct err *err = gs_events_drop(w); /* what no event took */

	if (!err)
		err = gs_folder_id(w->group, &c.tree);
	if (!err)
		err = gs_folder_save(w->group, w->pack, false);
	if (err)
		return err;
	buf_addf(&who, WHO " %lld +0000", (long long)clock_now());
	c.author = c.committer = buf_str(&who);
	gs_commit_format(&text, &c);
	buf_addch(&text, '\n');
	gs_hash_object(GIT_OBJECT_COMMIT, text.data, text.len, commit);
	err = gs_pack_add(w->pack, GIT_OBJECT_COMMIT, commit, text.data,
			  text.len);
	if (!err)
		err = gs_pack_finish(w->pack);
	buf_release(&text);
	buf_release(&who);
	return err;
}
