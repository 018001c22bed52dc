#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct err {
	enum err_class cls;
	char *text;
	char *hint;
	char *code, *detail;
	char *path;
	struct err_at at;
};

PRINTF_LIKE(1, 0) static char *format(const char *fmt, va_list ap)
{
	va_list again;
	char *out;
	int n;

	va_copy(again, ap);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): copied above */
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	out = xmalloc((size_t)n + 1);
	vsnprintf(out, (size_t)n + 1, fmt, ap);
	return out;
}

struct err *err_new(enum err_class cls, const char *fmt, ...)
{
	struct err *e = xcalloc(1, sizeof(*e));
	va_list ap;

	e->cls = cls;
	va_start(ap, fmt);
	e->text = format(fmt, ap);
	va_end(ap);
	return e;
}

struct err *err_wrap(struct err *e, const char *fmt, ...)
{
	char *front, *joined;
	size_t n;
	va_list ap;

	if (!e)
		return NULL;
	va_start(ap, fmt);
	front = format(fmt, ap);
	va_end(ap);
	n = strlen(front) + strlen(e->text) + sizeof(": ");
	joined = xmalloc(n);
	snprintf(joined, n, "%s: %s", front, e->text);
	free(front);
	free(e->text);
	e->text = joined;
	return e;
}

struct err *err_at(struct err *e, struct err_at at)
{
	if (!e || (e->path && *e->path))
		return e;
	if (e->path && e->at.line) {
		at.line = e->at.line;
		at.col = e->at.col;
	}
	free(e->path);
	e->path = xstrdup(at.path);
	e->at = at;
	e->at.path = e->path;
	return e;
}

struct err *err_move(struct err *e, struct err_at at)
{
	char *path;

	if (!e)
		return NULL;
	path = xstrdup(at.path); /* it may be the one that is replaced */
	free(e->path);
	e->path = path;
	e->at = at;
	e->at.path = path;
	return e;
}

struct err *err_hint(struct err *e, const char *hint)
{
	if (e && !e->hint)
		e->hint = xstrdup(hint);
	return e;
}

struct err *err_hintf(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->hint)
		return e;
	va_start(ap, fmt);
	e->hint = format(fmt, ap);
	va_end(ap);
	return e;
}

struct err *err_code(struct err *e, const char *code, const char *detail)
{
	if (e && code && !e->code)
		e->code = xstrdup(code);
	if (e && detail && !e->detail)
		e->detail = xstrdup(detail);
	return e;
}

struct err *err_first(struct err *a, struct err *b)
{
	if (!a)
		return b;
	err_free(b);
	return a;
}

enum err_class err_class_of(const struct err *e)
{
	return e->cls;
}

const char *err_code_of(const struct err *e)
{
	return e->code;
}

const char *err_detail_of(const struct err *e)
{
	return e->detail;
}

const char *err_text(const struct err *e)
{
	return e->text;
}

const char *err_hint_of(const struct err *e)
{
	return e->hint;
}

const struct err_at *err_at_of(const struct err *e)
{
	return e->path ? &e->at : NULL;
}

int err_exit_status(const struct err *e)
{
	if (!e)
		return 0;
	switch (e->cls) {
	case ERR_REFUSED:
		return 1;
	case ERR_USAGE:
		return 129;
	case ERR_CANCELLED:
		return 130;
	case ERR_INPUT:
	case ERR_STORE:
	case ERR_TARGET:
	case ERR_STATE:
		return 128;
	}
	return 128;
}

void err_free(struct err *e)
{
	if (!e)
		return;
	free(e->text);
	free(e->hint);
	free(e->code);
	free(e->detail);
	free(e->path);
	free(e);
}
