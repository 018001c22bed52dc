#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

/*
 * Many small things that live and die together. A parsed set owns one arena
 * and is released in one call; nothing in it is freed alone.
 */
struct arena {
	struct arena_block *top;
};

#define ARENA_INIT   \
	{            \
		NULL \
	}

/** n bytes, zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n);

/** An array of n items of size bytes, zeroed. */
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);

/** Copy n bytes (any bytes) and end them with a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Give everything back; the arena is empty and usable after. */
void arena_release(struct arena *a);

#endif
