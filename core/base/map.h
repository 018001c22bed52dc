#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * String to pointer. Keys are copied, values are borrowed. Iteration is in
 * the order of first insertion, so output made from a map is stable.
 */
struct map {
	struct map_entry *entries;
	size_t n, cap;
	unsigned *slots; /* index + 1 into entries; 0 = empty */
	size_t n_slots;
};

struct map_entry {
	char *key; /**< NULL = removed */
	void *value;
	size_t hash; /**< of the key; the map's own */
};

#define MAP_INIT                    \
	{                           \
		NULL, 0, 0, NULL, 0 \
	}

void map_release(struct map *m);

/** Make room for so many keys at once. */
void map_reserve(struct map *m, size_t n);

/** The value, or NULL when absent (a stored NULL looks the same). */
void *map_get(const struct map *m, const char *key);
bool map_has(const struct map *m, const char *key);

/** Store, replacing what was there; returns the replaced value or NULL. */
void *map_put(struct map *m, const char *key, void *value);

/**
 * A number in place of a pointer, such as an index + 1: put returns the
 * number that was there, map_number() the one that is; 0 when absent.
 */
size_t map_put_number(struct map *m, const char *key, size_t n);
size_t map_number(const struct map *m, const char *key);

/** Remove; returns the value that was there or NULL. */
void *map_remove(struct map *m, const char *key);

/* NOLINTBEGIN(bugprone-macro-parentheses): e is declared here */
#define map_each(m, e)                                                      \
	for (struct map_entry *e = (m)->entries; e < (m)->entries + (m)->n; \
	     e++)                                                           \
		if ((e)->key)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
