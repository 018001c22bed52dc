#include "support/memory_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static void file_release(struct memory_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->chunks[i].data);
	free(f->chunks);
	free(f->path);
}

static void add_chunk(struct memory_file *f, const void *data, size_t len)
{
	struct memory_chunk *c;

	VEC_GROW(f->chunks, f->n, f->cap);
	c = &f->chunks[f->n++];
	c->len = len;
	/* exactly as long as it is, so that a reader's overrun is seen */
	c->data = xcalloc(len ? len : 1, 1);
	memcpy(c->data, data, len);
}

struct memory_file *memory_snapshot_find(struct memory_snapshot *m,
					 const char *path)
{
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->files[i].path, path))
			return &m->files[i];
	return NULL;
}

static struct err *out_file(void *payload, const char *path)
{
	struct memory_snapshot *m = payload;

	if (memory_snapshot_find(m, path))
		return err_new(ERR_STORE, "%s is written twice", path);
	VEC_GROW(m->files, m->n, m->cap);
	memset(&m->files[m->n], 0, sizeof(*m->files));
	m->files[m->n++].path = xstrdup(path);
	return NULL;
}

static struct err *out_chunk(void *payload, const void *data, size_t len)
{
	struct memory_snapshot *m = payload;

	if (!m->n)
		return err_new(ERR_STORE, "a chunk without a file");
	if (m->fail_after && !--m->fail_after)
		return err_new(ERR_STORE, "no room for a chunk");
	add_chunk(&m->files[m->n - 1], data, len);
	return NULL;
}

static struct err *in_file(void *payload, const char *path)
{
	struct memory_snapshot *m = payload;

	m->open = memory_snapshot_find(m, path);
	m->next = 0;
	return m->open ? NULL : err_new(ERR_STORE, "there is no %s", path);
}

static struct err *in_chunk(void *payload, const char **data, size_t *len)
{
	struct memory_snapshot *m = payload;

	*data = NULL;
	*len = 0;
	if (m->next == m->open->n)
		return NULL;
	*data = m->open->chunks[m->next].data;
	*len = m->open->chunks[m->next++].len;
	return NULL;
}

void memory_snapshot_init(struct memory_snapshot *m)
{
	memset(m, 0, sizeof(*m));
	m->out = (struct snapshot_out){ m, out_file, out_chunk };
	m->in = (struct snapshot_in){ m, in_file, in_chunk };
}

void memory_snapshot_release(struct memory_snapshot *m)
{
	for (size_t i = 0; i < m->n; i++)
		file_release(&m->files[i]);
	free(m->files);
	memset(m, 0, sizeof(*m));
}

bool memory_snapshot_text(struct memory_snapshot *m, const char *path,
			  struct buf *out)
{
	struct memory_file *f = memory_snapshot_find(m, path);

	buf_reset(out);
	for (size_t i = 0; f && i < f->n; i++)
		buf_add(out, f->chunks[i].data, f->chunks[i].len);
	return f != NULL;
}

void memory_snapshot_put(struct memory_snapshot *m, const char *path,
			 const void *data, size_t len)
{
	struct memory_file *f = memory_snapshot_find(m, path);

	if (f) {
		file_release(f);
		memset(f, 0, sizeof(*f));
	} else {
		VEC_GROW(m->files, m->n, m->cap);
		f = &m->files[m->n++];
		memset(f, 0, sizeof(*f));
	}
	f->path = xstrdup(path);
	add_chunk(f, data, len);
}
