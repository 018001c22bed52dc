#include "gitstore/deflate.h"
#include "gitstore/hash.h"
#include "gitstore/repo.h"

/* Chunks that go elsewhere, with the ids and the format they have here. */

void gs_chunk_id(struct store *s, const void *data, size_t len,
		 struct store_id *out)
{
	git_oid id;

	(void)s;
	gs_hash_object(GIT_OBJECT_BLOB, data, len, &id);
	gs_id_print(&id, out);
}

void gs_chunk_deflate(struct store *s, const void *data, size_t len,
		      struct buf *out)
{
	struct gs *g = gs_of(s);

	if (!g->deflate)
		g->deflate = gs_deflate_new();
	gs_deflate_add(g->deflate, data, len, out);
}

struct err *gs_chunk_inflate(struct store *s, const void *data, size_t len,
			     size_t size, struct buf *out)
{
	(void)s;
	if (!gs_inflate(data, len, buf_reserve(out, size), size))
		return err_new(ERR_STORE, "a chunk of the snapshot is damaged");
	out->len += size;
	out->data[out->len] = '\0';
	return NULL;
}
