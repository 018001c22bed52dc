#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static size_t hash_of(const char *key)
{
	unsigned long long h = 14695981039346656037ULL;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211ULL;
	return (size_t)(h ^ (h >> 32));
}

/* The slot that holds the key, or the empty one where it would go. */
static size_t find_slot(const struct map *m, const char *key, size_t hash)
{
	size_t i = hash & (m->n_slots - 1);

	while (m->slots[i]) {
		const struct map_entry *e = &m->entries[m->slots[i] - 1];

		if (e->hash == hash && e->key && !strcmp(e->key, key))
			break;
		i = (i + 1) & (m->n_slots - 1);
	}
	return i;
}

/* Slots for n keys; what was removed is left out. */
static void rehash(struct map *m, size_t n)
{
	size_t live = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->entries[i].key)
			m->entries[live++] = m->entries[i];
	m->n = live;
	m->n_slots = 16;
	while (m->n_slots < (n > live ? n : live + 1) * 4)
		m->n_slots *= 2;
	free(m->slots);
	m->slots = xcalloc(m->n_slots, sizeof(*m->slots));
	for (size_t i = 0; i < m->n; i++) {
		size_t slot = m->entries[i].hash & (m->n_slots - 1);

		while (m->slots[slot])
			slot = (slot + 1) & (m->n_slots - 1);
		m->slots[slot] = (unsigned)i + 1;
	}
}

void map_reserve(struct map *m, size_t n)
{
	if (n * 2 > m->n_slots)
		rehash(m, n);
	if (n > m->cap) {
		m->cap = n;
		m->entries =
			xreallocarray(m->entries, m->cap, sizeof(*m->entries));
	}
}

static struct map_entry *find(const struct map *m, const char *key, size_t hash)
{
	size_t slot;

	if (!m->n_slots)
		return NULL;
	slot = find_slot(m, key, hash);
	return m->slots[slot] ? &m->entries[m->slots[slot] - 1] : NULL;
}

void map_release(struct map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->entries[i].key);
	free(m->entries);
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

void *map_get(const struct map *m, const char *key)
{
	const struct map_entry *e = find(m, key, hash_of(key));

	return e ? e->value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return find(m, key, hash_of(key)) != NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
	size_t hash = hash_of(key);
	struct map_entry *e = find(m, key, hash);
	void *old;

	if (e) {
		old = e->value;
		e->value = value;
		return old;
	}
	if ((m->n + 1) * 2 > m->n_slots)
		rehash(m, 0);
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 16;
		m->entries =
			xreallocarray(m->entries, m->cap, sizeof(*m->entries));
	}
	m->entries[m->n].key = xstrdup(key);
	m->entries[m->n].value = value;
	m->entries[m->n].hash = hash;
	m->slots[find_slot(m, key, hash)] = (unsigned)++m->n;
	return NULL;
}

size_t map_put_number(struct map *m, const char *key, size_t n)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): never followed */
	return (size_t)(uintptr_t)map_put(m, key, (void *)(uintptr_t)n);
}

size_t map_number(const struct map *m, const char *key)
{
	return (size_t)(uintptr_t)map_get(m, key);
}

void *map_remove(struct map *m, const char *key)
{
	struct map_entry *e = find(m, key, hash_of(key));
	void *old;

	if (!e)
		return NULL;
	old = e->value;
	free(e->key);
	e->key = NULL;
	e->value = NULL;
	return old;
}
