#include "gitstore/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "gitstore/hash.h"

#define MODE_FOLDER 040000u

struct entry {
	uint32_t at;        /* of "mode name\0id" in data */
	uint16_t name, len; /* of the name in it, and its length */
	bool is_folder;
	struct gs_folder *child; /* NULL until something below is touched */
};

struct gs_folder {
	struct gs *g;
	struct buf data; /* the tree object */
	struct entry *entries;
	size_t n, cap;
	git_oid id;
	bool stored;     /* id is known, data not read yet */
	bool dirty;      /* id is not that of data */
	bool unsaved;    /* data, or that of a folder below, is in no pack */
	struct buf kept; /* the version that was saved last, for deltas */
	git_oid kept_id;
};

struct gs_folder *gs_folder_new(struct gs *g)
{
	struct gs_folder *f = xcalloc(1, sizeof(*f));

	f->g = g;
	f->dirty = f->unsaved = true;
	return f;
}

struct gs_folder *gs_folder_stored(struct gs *g, const git_oid *tree)
{
	struct gs_folder *f = xcalloc(1, sizeof(*f));

	f->g = g;
	f->id = *tree;
	f->stored = true;
	return f;
}

void gs_folder_free(struct gs_folder *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		gs_folder_free(f->entries[i].child);
	free(f->entries);
	buf_release(&f->data);
	buf_release(&f->kept);
	free(f);
}

static unsigned char *id_of(struct gs_folder *f, const struct entry *e)
{
	return (unsigned char *)f->data.data + e->at + e->name + e->len + 1;
}

static uint32_t size_of(const struct entry *e)
{
	return (uint32_t)e->name + e->len + 1 + GIT_OID_RAWSZ;
}

/* Cut the bytes of a tree object into entries. */
static bool index_data(struct gs_folder *f)
{
	const char *start = f->data.data, *p = start, *end = p + f->data.len;

	while (p < end) {
		const char *space = memchr(p, ' ', (size_t)(end - p)), *nul;
		struct entry e = { .at = (uint32_t)(p - start) };

		if (!space || space - p > 7)
			return false;
		nul = memchr(space, '\0', (size_t)(end - space));
		if (!nul || end - nul < 1 + GIT_OID_RAWSZ ||
		    nul - space > UINT16_MAX)
			return false;
		e.name = (uint16_t)(space + 1 - p);
		e.len = (uint16_t)(nul - space - 1);
		e.is_folder = *p == '4';
		VEC_GROW(f->entries, f->n, f->cap);
		f->entries[f->n++] = e;
		p = nul + 1 + GIT_OID_RAWSZ;
	}
	return true;
}

static struct err *load(struct gs_folder *f)
{
	git_odb_object *obj = NULL;
	char hex[GIT_OID_HEXSZ + 1];
	struct err *err;
	git_odb *odb;

	if (!f->stored)
		return NULL;
	git_oid_tostr(hex, sizeof(hex), &f->id);
	if (!f->g)
		return err_new(ERR_STORE, "tree %s is closed", hex);
	err = gs_odb(f->g, &odb);
	if (err)
		return err;
	if (git_odb_read(&obj, odb, &f->id) < 0)
		return err_new(ERR_STORE, "tree %s is not in this repository",
			       hex);
	buf_add(&f->data, git_odb_object_data(obj), git_odb_object_size(obj));
	if (git_odb_object_type(obj) != GIT_OBJECT_TREE || !index_data(f))
		err = err_new(ERR_STORE, "object %s is not a tree", hex);
	git_odb_object_free(obj);
	f->stored = false;
	return err;
}

/* As git sorts: a folder's name counts as if it ended in '/'. */
static int compare(const char *a, size_t an, bool a_folder, const char *b,
		   size_t bn, bool b_folder)
{
	size_t least = an < bn ? an : bn;
	int rc = memcmp(a, b, least);
	int x, y;

	if (rc)
		return rc;
	x = an > least ? (unsigned char)a[least] : a_folder ? '/' : 0;
	y = bn > least ? (unsigned char)b[least] : b_folder ? '/' : 0;
	return x - y;
}

/* Where a name is, or would go. */
static size_t search(struct gs_folder *f, const char *name, size_t len,
		     bool folder, bool *found)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct entry *e = &f->entries[mid];
		int rc = compare(f->data.data + e->at + e->name, e->len,
				 e->is_folder, name, len, folder);

		if (!rc && e->len == len) {
			*found = true;
			return mid;
		}
		if (rc < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = false;
	return lo;
}

static struct entry *lookup(struct gs_folder *f, const char *name, size_t len,
			    bool folder)
{
	bool found;
	size_t i = search(f, name, len, folder, &found);

	return found ? &f->entries[i] : NULL;
}

static void shift(struct gs_folder *f, size_t from, int64_t by)
{
	for (size_t i = from; i < f->n; i++)
		f->entries[i].at = (uint32_t)(f->entries[i].at + by);
}

static struct entry *add(struct gs_folder *f, const char *name, size_t len,
			 const struct gs_folder_file *file)
{
	bool folder = file->mode == MODE_FOLDER, found;
	size_t i = search(f, name, len, folder, &found);
	struct entry e = { .is_folder = folder, .len = (uint16_t)len };
	char mode[8];
	size_t room, tail;

	e.name = (uint16_t)snprintf(mode, sizeof(mode), "%o ", file->mode);
	e.at = i < f->n ? f->entries[i].at : (uint32_t)f->data.len;
	room = size_of(&e);
	tail = f->data.len - e.at;
	buf_reserve(&f->data, room);
	memmove(f->data.data + e.at + room, f->data.data + e.at, tail + 1);
	f->data.len += room;
	memcpy(f->data.data + e.at, mode, e.name);
	memcpy(f->data.data + e.at + e.name, name, len);
	f->data.data[e.at + e.name + len] = '\0';
	memcpy(id_of(f, &e), file->id.id, GIT_OID_RAWSZ);
	VEC_GROW(f->entries, f->n, f->cap);
	memmove(f->entries + i + 1, f->entries + i,
		(f->n - i) * sizeof(*f->entries));
	f->entries[i] = e;
	f->n++;
	shift(f, i + 1, (int64_t)room);
	return &f->entries[i];
}

static void drop(struct gs_folder *f, struct entry *e)
{
	size_t i = (size_t)(e - f->entries);
	uint32_t room = size_of(e);
	char *at = f->data.data + e->at;

	gs_folder_free(e->child);
	memmove(at, at + room, f->data.len - e->at - room + 1);
	f->data.len -= room;
	memmove(e, e + 1, (f->n - i - 1) * sizeof(*e));
	f->n--;
	shift(f, i, -(int64_t)room);
}

static void get(struct gs_folder *f, const struct entry *e,
		struct gs_folder_file *out)
{
	memset(out, 0, sizeof(*out));
	if (!e)
		return;
	out->mode = (unsigned)strtoul(f->data.data + e->at, NULL, 8);
	memcpy(out->id.id, id_of(f, e), GIT_OID_RAWSZ);
}

static struct err *put_file(struct gs_folder *f, const char *name,
			    const struct gs_folder_file *file,
			    struct gs_folder_file *old)
{
	size_t len = strlen(name);
	bool folder = file->mode == MODE_FOLDER;
	struct entry *e = lookup(f, name, len, folder);

	if (old)
		get(f, e, old);
	if (file->mode && lookup(f, name, len, !folder))
		return err_new(ERR_STORE, "%s is there as a %s", name,
			       folder ? "file" : "folder");
	if (e && file->mode &&
	    strtoul(f->data.data + e->at, NULL, 8) == file->mode)
		memcpy(id_of(f, e), file->id.id, GIT_OID_RAWSZ);
	else {
		if (e)
			drop(f, e);
		if (file->mode)
			add(f, name, len, file);
	}
	return NULL;
}

/* The folder of that name; NULL in *out when removing and it is not there. */
static struct err *descend(struct gs_folder *f, const char *name, size_t len,
			   bool make, struct entry **out)
{
	struct gs_folder_file folder = { .mode = MODE_FOLDER };
	struct entry *e = lookup(f, name, len, true);
	git_oid id;

	*out = NULL;
	if (!e && !make)
		return NULL;
	if (!e && lookup(f, name, len, false))
		return err_new(ERR_STORE, "%.*s is there as a file", (int)len,
			       name);
	if (!e) {
		e = add(f, name, len, &folder);
		e->child = gs_folder_new(f->g);
	} else if (!e->child) {
		memcpy(id.id, id_of(f, e), GIT_OID_RAWSZ);
		e->child = gs_folder_stored(f->g, &id);
	}
	*out = e;
	return load(e->child);
}

static bool is_name(const char *s, size_t n)
{
	if (!n || n > 4096 || (n == 1 && s[0] == '.') ||
	    (n == 2 && s[0] == '.' && s[1] == '.'))
		return false;
	return !(n == 4 && !strncasecmp(s, ".git", 4));
}

static struct err *put(struct gs_folder *f, const char *path,
		       const struct gs_folder_file *file,
		       struct gs_folder_file *old)
{
	const char *slash = strchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : strlen(path);
	struct entry *e = NULL;
	struct err *err;

	if (!is_name(path, len))
		return err_new(ERR_STORE, "no tree may hold the name '%.*s'",
			       (int)len, path);
	if (!slash) {
		err = put_file(f, path, file, old);
	} else {
		err = descend(f, path, len, file->mode != 0, &e);
		if (!err && e)
			err = put(e->child, slash + 1, file, old);
		/* removing may have emptied it, or have failed to fill it */
		e = e ? lookup(f, path, len, true) : NULL;
		if (e && e->child && !e->child->stored && !e->child->n)
			drop(f, e);
	}
	f->dirty = f->unsaved = true;
	return err;
}

struct err *gs_folder_put(struct gs_folder *f, const char *path,
			  const struct gs_folder_file *file,
			  struct gs_folder_file *old)
{
	struct err *err = load(f);

	if (old)
		memset(old, 0, sizeof(*old));
	return err_wrap(err ? err : put(f, path, file, old), "%s", path);
}

struct err *gs_folder_id(struct gs_folder *f, git_oid *out)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && f->dirty && i < f->n; i++) {
		struct entry *e = &f->entries[i];
		git_oid id;

		if (!e->child)
			continue;
		err = gs_folder_id(e->child, &id);
		memcpy(id_of(f, e), id.id, GIT_OID_RAWSZ);
	}
	if (f->dirty && !err) {
		gs_hash_object(GIT_OBJECT_TREE, f->data.data, f->data.len,
			       &f->id);
		f->dirty = false;
	}
	*out = f->id;
	return err;
}

struct err *gs_folder_id_at(struct gs_folder *f, const char *path, git_oid *out)
{
	struct err *err = load(f);
	struct entry *e;

	if (err)
		return err;
	e = lookup(f, path, strlen(path), true);
	if (!e) {
		gs_hash_object(GIT_OBJECT_TREE, "", 0, out);
	} else if (e->child) {
		return gs_folder_id(e->child, out);
	} else {
		memcpy(out->id, id_of(f, e), GIT_OID_RAWSZ);
	}
	return NULL;
}

static struct err *save_one(struct gs_folder *f, struct gs_pack *p, bool look)
{
	struct gs_pack_base base = { &f->kept_id, f->kept.data, f->kept.len };
	struct err *err = NULL;

	if (!gs_pack_has(p, &f->id) && !(look && gs_has(f->g, &f->id)))
		err = gs_pack_add_delta(p, GIT_OBJECT_TREE, &f->id,
					f->data.data, f->data.len,
					f->kept.len ? &base : NULL);
	if (err)
		return err;
	f->unsaved = false;
	f->kept_id = f->id;
	buf_reset(&f->kept);
	buf_add(&f->kept, f->data.data, f->data.len);
	return NULL;
}

struct err *gs_folder_save(struct gs_folder *f, struct gs_pack *p, bool look)
{
	struct err *err = NULL;
	git_oid id;

	if (!f->unsaved)
		return NULL;
	err = gs_folder_id(f, &id);
	for (size_t i = 0; !err && i < f->n; i++)
		if (f->entries[i].child)
			err = gs_folder_save(f->entries[i].child, p, look);
	return err ? err : save_one(f, p, look);
}

void gs_folder_unsave(struct gs_folder *f)
{
	if (f->stored)
		return;
	f->unsaved = true;
	for (size_t i = 0; i < f->n; i++)
		if (f->entries[i].child)
			gs_folder_unsave(f->entries[i].child);
}
