#include "engine/snapshots_database.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"
#include "target/journal_chunks.h"

/* The database as a place for snapshots: reading them, and what is wrong. */

struct database_source {
	struct snapshot_source base; /* must be first */
	struct spool spool;
	struct chunk_paths paths;
	size_t *starts; /* in the spool, for each path */
	size_t n_starts, cap_starts;
	struct store_id id, digest;
	size_t at, path; /* of the file that is open */
	struct buf plain;
};

static struct database_source *source_of(struct snapshot_source *s)
{
	return (struct database_source *)s;
}

static struct err *damaged(const struct database_source *s, const char *what)
{
	return err_hint(err_new(ERR_STORE,
				"snapshot %s in the database is damaged: %s",
				s->id.hex, what),
			"its tables were changed by something else; a backup "
			"of the database may have them whole");
}

static struct err *take_chunk(void *payload, const struct journal_chunk *c)
{
	struct database_source *s = payload;
	struct chunk_record r = { .size = (uint32_t)c->size,
				  .len = (uint32_t)c->len,
				  .id_len = (uint32_t)c->id_len };
	struct store_id id;
	struct err *err;

	if (c->size < 0)
		return damaged(s, "a chunk is missing");
	if (c->size > (int64_t)CHUNK_MAX || c->len > UINT32_MAX ||
	    c->id_len > CHUNK_ID_MAX || strlen(c->path) > 100)
		return damaged(s, "a chunk is none of ours");
	chunk_id_print(c->id, c->id_len, &id);
	chunk_digest_add(s->base.engine, &s->digest, c->path, &id);
	memcpy(r.id, c->id, c->id_len);
	r.path = chunk_paths_add(&s->paths, c->path);
	if (r.path == s->n_starts) {
		VEC_GROW(s->starts, s->n_starts, s->cap_starts);
		s->starts[s->n_starts++] = spool_len(&s->spool);
	}
	err = spool_add(&s->spool, &r, sizeof(r));
	return err ? err : spool_add(&s->spool, c->data, c->len);
}

static struct err *load(struct database_source *s, const char *only)
{
	struct target *t = s->base.engine->target;
	int64_t number = 0;
	struct err *err = NULL;

	if (t)
		err = journal_snapshot_find(t, s->id.hex, &number);
	if (!err && !number)
		return err_new(ERR_STORE, "snapshot %s is not in the database",
			       s->id.hex);
	if (!err)
		err = journal_chunks_each(t, number, only, take_chunk, s);
	if (!err && !only && !streq(s->digest.hex, s->id.hex))
		err = damaged(s, "it has other chunks than it had");
	return err;
}

void database_source_close(struct snapshot_source *base)
{
	struct database_source *s = source_of(base);

	spool_release(&s->spool);
	chunk_paths_release(&s->paths);
	free(s->starts);
	buf_release(&s->plain);
	free(s);
}

struct err *database_source_open(struct engine *e, const struct store_id *id,
				 const char *only, struct snapshot_source **out)
{
	struct database_source *s = xcalloc(1, sizeof(*s));
	struct err *err;

	s->base.engine = e;
	s->id = *id;
	spool_init(&s->spool, e->store->ops->common_dir(e->store),
		   SPOOL_MEMORY);
	err = load(s, only);
	*out = err ? NULL : &s->base;
	if (err)
		database_source_close(&s->base);
	return err;
}

struct err *database_source_files(struct snapshot_source *base,
				  void (*fn)(void *payload, const char *path),
				  void *payload)
{
	const struct database_source *s = source_of(base);

	for (size_t i = 0; i < s->paths.n; i++)
		fn(payload, s->paths.list[i]);
	return NULL;
}

struct err *database_source_file(struct snapshot_source *base, const char *path)
{
	struct database_source *s = source_of(base);

	for (size_t i = 0; i < s->paths.n; i++) {
		if (!streq(s->paths.list[i], path))
			continue;
		s->path = i;
		s->at = s->starts[i];
		return NULL;
	}
	s->at = spool_len(&s->spool);
	return err_new(ERR_STORE, "the snapshot has no file %s", path);
}

/* The chunk is the one that its id says. */
static struct err *check(struct database_source *s,
			 const struct chunk_record *r)
{
	struct engine *e = s->base.engine;
	struct store_id is, want;

	e->store->ops->chunk_id(e->store, buf_str(&s->plain), s->plain.len,
				&is);
	chunk_id_print(r->id, r->id_len, &want);
	return streq(is.hex, want.hex)
		       ? NULL
		       : damaged(s, "a chunk is not what it was");
}

struct err *database_source_chunk(struct snapshot_source *base,
				  const char **data, size_t *len)
{
	struct database_source *s = source_of(base);
	struct engine *e = s->base.engine;
	struct chunk_record r;
	const char *from;
	struct err *err;

	*data = NULL;
	*len = 0;
	if (s->at >= spool_len(&s->spool))
		return NULL;
	err = spool_at(&s->spool, s->at, sizeof(r), &from);
	if (err)
		return err;
	memcpy(&r, from, sizeof(r));
	if (r.path != s->path)
		return NULL;
	err = spool_at(&s->spool, s->at + sizeof(r), r.len, &from);
	if (err)
		return err;
	s->at += sizeof(r) + r.len;
	buf_reset(&s->plain);
	err = e->store->ops->chunk_inflate(e->store, from, r.len, r.size,
					   &s->plain);
	if (err) {
		err_free(err);
		return damaged(s, "a chunk does not unpack");
	}
	err = check(s, &r);
	if (err)
		return err;
	*data = buf_str(&s->plain);
	*len = s->plain.len;
	return NULL;
}
