#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A growing run of bytes, always ended by a NUL that is not counted. Anything
 * sized by data passes through one with a maximum: beyond it nothing more is
 * added and `full` stays set until buf_reset(), so a writer is checked once
 * at its end.
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /**< 0 = no maximum */
	bool full;  /**< something did not fit */
};

#define BUF_INIT                     \
	{                            \
		NULL, 0, 0, 0, false \
	}

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);

/** Empty, keep the memory. */
void buf_reset(struct buf *b);

/** Make room for n more bytes and return where they go (not yet counted). */
char *buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *data, size_t n);
void buf_addstr(struct buf *b, const char *s);

/** Here, because it is called for every field of every row. */
static inline void buf_addch(struct buf *b, char c)
{
	if (b->max || b->full || b->len + 2 > b->cap) {
		buf_add(b, &c, 1);
		return;
	}
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}
void buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/** Decimal digits of n, faster than buf_addf(). */
void buf_addint(struct buf *b, long long n);

/** Cut to n bytes; n must not exceed the length. */
void buf_truncate(struct buf *b, size_t n);

/** The string, never NULL; borrowed until the next change. */
const char *buf_str(const struct buf *b);

/** Hand the string over to the caller (free() it); b is empty after. */
char *buf_detach(struct buf *b);

#endif
