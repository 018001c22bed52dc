#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stddef.h>

/*
 * Allocators that never return NULL: out of memory ends the process. That is
 * safe here because every database change is inside a transaction that the
 * server or the journal undoes when we vanish.
 */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);

/** Copy n bytes of s and end them with a NUL. */
char *xstrndup(const char *s, size_t n);

/** printf into a new string; release with free(). */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
