#include "engine/snapshots_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"

/* Paths, ids and the digest of chunks. */

void chunk_paths_clear(struct chunk_paths *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i]);
	p->n = 0;
}

void chunk_paths_release(struct chunk_paths *p)
{
	chunk_paths_clear(p);
	free(p->list);
}

/* The last one is the one most asked for. */
uint32_t chunk_paths_add(struct chunk_paths *p, const char *path)
{
	if (p->n && streq(p->list[p->n - 1], path))
		return (uint32_t)p->n - 1;
	VEC_GROW(p->list, p->n, p->cap);
	p->list[p->n] = xstrdup(path);
	return (uint32_t)p->n++;
}

size_t chunk_id_bytes(const char *hex, unsigned char out[CHUNK_ID_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)((strchr(digits, hex[2 * i]) - digits)
						 << 4 |
					 (strchr(digits, hex[2 * i + 1]) -
					  digits));
	return n;
}

void chunk_digest_add(struct engine *e, struct store_id *so_far,
		      const char *path, const struct store_id *chunk)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s %s %s\n", so_far->hex, path,
			 chunk->hex);

	e->store->ops->chunk_id(e->store, line, (size_t)n, so_far);
}

void chunk_id_print(const unsigned char *id, size_t n, struct store_id *out)
{
	static const char digits[] = "0123456789abcdef";

	if (n > CHUNK_ID_MAX)
		n = CHUNK_ID_MAX;
	for (size_t i = 0; i < n; i++) {
		out->hex[2 * i] = digits[id[i] >> 4];
		out->hex[2 * i + 1] = digits[id[i] & 15];
	}
	out->hex[2 * n] = '\0';
}
