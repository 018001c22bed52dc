#ifndef ENGINE_SNAPSHOTS_DATABASE_H
#define ENGINE_SNAPSHOTS_DATABASE_H

#include <stdint.h>

#include "base/spool.h"
#include "engine/snapshots.h"

/*
 * Snapshots in the database's own tables, in the event's transaction
 * (docs/snapshots.md): what writing and reading them have in common.
 *
 * Chunks wait in a spool, deflated, both ways: while a migration's rows are
 * copied its connection may do nothing else, and what is restored is read in
 * another thread. So the database is asked when an event ends and when a
 * snapshot is opened, and at no other time.
 */

/** Longer ones are cut: nothing here is sized by a row. */
#define CHUNK_MAX ((size_t)256 << 10)
#define SPOOL_MEMORY ((size_t)8 << 20)
#define CHUNK_ID_MAX 32
#define CHUNK_PATH_MAX 100

/** What stands before a chunk's bytes in a spool. */
struct chunk_record {
	uint32_t size, len; /**< plain, deflated */
	uint32_t path;      /**< index of it */
	uint32_t id_len;
	unsigned char id[CHUNK_ID_MAX];
};

/** Paths of files, in the order written. */
struct chunk_paths {
	char **list;
	size_t n, cap;
};
void chunk_paths_clear(struct chunk_paths *p);
void chunk_paths_release(struct chunk_paths *p);

/** Index of a path: the last one's, or a new one's. */
uint32_t chunk_paths_add(struct chunk_paths *p, const char *path);

/** Ids are hex outside and bytes in the tables. */
size_t chunk_id_bytes(const char *hex, unsigned char out[CHUNK_ID_MAX]);
void chunk_id_print(const unsigned char *id, size_t n, struct store_id *out);

/**
 * A snapshot's id says what is in it and in which order: for each chunk the id
 * of "<id so far> <path> <chunk>\n", so that nothing has to be kept for it.
 *
 * @param so_far hex "" at first
 */
void chunk_digest_add(struct engine *e, struct store_id *so_far,
		      const char *path, const struct store_id *chunk);

/* snapshots_database_read.c */
struct err *database_source_open(struct engine *e, const struct store_id *id,
				 const char *only,
				 struct snapshot_source **out);
struct err *database_source_files(struct snapshot_source *base,
				  void (*fn)(void *payload, const char *path),
				  void *payload);
struct err *database_source_file(struct snapshot_source *base,
				 const char *path);
struct err *database_source_chunk(struct snapshot_source *base,
				  const char **data, size_t *len);
void database_source_close(struct snapshot_source *base);

#endif
