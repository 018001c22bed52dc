#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdbool.h>
#include <string.h>

#include "base/xalloc.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0])) /* NOLINT */

/* Make room for one more item behind a plain pointer, count and capacity. */
#define VEC_GROW(items, n, cap)                                               \
	do {                                                                  \
		if ((n) == (cap)) {                                           \
			(cap) = (cap) ? (cap)*2 : 16;                         \
			(items) =                                             \
				xreallocarray((items), (cap),                 \
					      sizeof(*(items))); /* NOLINT */ \
		}                                                             \
	} while (0)

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* NULL equals NULL only. */
static inline bool streq_null(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

static inline bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline bool ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && streq(s + n - m, suffix);
}

#endif
