#include "cmd/print.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/util.h"

void print_safe(FILE *f, const char *s)
{
	struct buf b = BUF_INIT;

	text_add_safe(&b, s);
	fwrite(buf_str(&b), 1, b.len, f);
	buf_release(&b);
}

/* Characters, not bytes: those that do not continue another. */
static size_t columns(const char *s, size_t n)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++)
		w += ((unsigned char)s[i] & 0xc0) != 0x80;
	return w;
}

size_t print_width(const char *s)
{
	struct buf b = BUF_INIT;
	size_t w;

	text_add_safe(&b, s);
	w = columns(buf_str(&b), b.len);
	buf_release(&b);
	return w;
}

void print_padded(FILE *f, const char *s, size_t width)
{
	size_t w = print_width(s);

	print_safe(f, s);
	if (w < width)
		fprintf(f, "%*s", (int)(width - w), "");
}

void print_cut(struct buf *b, size_t width)
{
	size_t at = 0, w = 0;

	if (columns(buf_str(b), b->len) <= width || !width)
		return;
	while (w < width || ((unsigned char)b->data[at] & 0xc0) == 0x80) {
		w += ((unsigned char)b->data[at] & 0xc0) != 0x80;
		if (w == width)
			break;
		at++;
	}
	buf_truncate(b, at);
	buf_addstr(b, "\xe2\x80\xa6");
}

void print_text(FILE *f, const char *s, const char *indent)
{
	struct buf b = BUF_INIT;

	while (*s) {
		size_t len = strcspn(s, "\n");
		char *line = xstrndup(s, len), *p = line;

		if (len && line[len - 1] == '\r') /* CRLF, seen as LF */
			line[len - 1] = '\0';
		buf_addstr(&b, *line ? indent : "");
		for (char *tab; (tab = strchr(p, '\t')); p = tab + 1) {
			*tab = '\0';
			text_add_safe(&b, p);
			buf_addch(&b, '\t');
		}
		text_add_safe(&b, p);
		buf_addch(&b, '\n');
		free(line);
		s += len + (s[len] == '\n');
	}
	fwrite(buf_str(&b), 1, b.len, f);
	buf_release(&b);
}

void print_line(FILE *f, const char *level, const char *text)
{
	fprintf(f, "%s: ", level);
	print_safe(f, text);
	fputc('\n', f);
}

/* fatal: as git says when it could not begin; error: with a cause to name. */
static const char *level_of(const struct err *e)
{
	switch (err_class_of(e)) {
	case ERR_STORE:
	case ERR_STATE:
		return "fatal";
	case ERR_INPUT:
		return err_at_of(e) ? "error" : "fatal";
	case ERR_USAGE:
	case ERR_REFUSED:
	case ERR_TARGET:
	case ERR_CANCELLED:
		break;
	}
	return "error";
}

void print_err(FILE *f, const struct err *e)
{
	const struct err_at *at = err_at_of(e);
	struct buf b = BUF_INIT;

	if (at && *at->path) {
		buf_addstr(&b, at->path);
		if (at->line)
			buf_addf(&b, ":%u", at->line);
		if (at->line && at->col)
			buf_addf(&b, ":%u", at->col);
		buf_addstr(&b, ": ");
	}
	buf_addstr(&b, err_text(e));
	print_line(f, level_of(e), buf_str(&b));
	if (err_hint_of(e))
		print_line(f, "hint", err_hint_of(e));
	buf_release(&b);
}

/* The other end of a pipe is closed. */
static bool reader_is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

struct err *print_check_stdout(bool *quiet)
{
	bool failed = ferror(stdout);

	errno = 0;
	*quiet = false;
	if (!fflush(stdout) && !failed)
		return NULL;
	*quiet = errno == EPIPE || reader_is_gone(STDOUT_FILENO);
	return err_new(ERR_STATE, "write to standard output%s%s",
		       errno ? ": " : "", errno ? strerror(errno) : "");
}
