#include "base/spool.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* Read at once, so that small records cost no system call each. */
#define WINDOW ((size_t)256 << 10)

void spool_init(struct spool *s, const char *dir, size_t max_memory)
{
	memset(s, 0, sizeof(*s));
	s->dir = dir;
	s->max_memory = max_memory;
	s->fd = -1;
}

void spool_release(struct spool *s)
{
	buf_release(&s->tail);
	buf_release(&s->window);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->in_file = 0;
}

size_t spool_len(const struct spool *s)
{
	return s->in_file + s->tail.len;
}

/* The tail goes behind what the file has. */
static struct err *spill(struct spool *s)
{
	struct err *err = NULL;

	if (s->fd < 0)
		err = file_open_temporary(s->dir, &s->fd);
	if (!err && lseek(s->fd, (off_t)s->in_file, SEEK_SET) < 0)
		err = err_new(ERR_STATE, "%s", strerror(errno));
	if (!err)
		err = file_write_all(s->fd, s->tail.data, s->tail.len);
	if (err) {
		struct err *e = err_new(ERR_STATE,
					"keep data in a temporary file in %s: "
					"%s",
					s->dir, err_text(err));

		err_free(err);
		return e;
	}
	s->in_file += s->tail.len;
	buf_reset(&s->tail);
	return NULL;
}

struct err *spool_add(struct spool *s, const void *data, size_t n)
{
	buf_add(&s->tail, data, n);
	return s->tail.len > s->max_memory ? spill(s) : NULL;
}

struct err *spool_at(struct spool *s, size_t at, size_t n, const char **out)
{
	size_t want = n > WINDOW ? n : WINDOW;
	struct err *err;

	*out = NULL;
	assert(at + n <= spool_len(s));
	if (at >= s->in_file) {
		*out = buf_str(&s->tail) + (at - s->in_file);
		return NULL;
	}
	/* one piece may lie on both sides of the end of the file */
	if (at + n > s->in_file && (err = spill(s)))
		return err;
	if (at < s->window_at || at + n > s->window_at + s->window.len) {
		if (want > s->in_file - at)
			want = s->in_file - at;
		buf_reset(&s->window);
		err = file_read_at(s->fd, at, buf_reserve(&s->window, want),
				   want);
		if (err)
			return err_wrap(err, "temporary file in %s", s->dir);
		s->window.len = want;
		s->window_at = at;
	}
	*out = s->window.data + (at - s->window_at);
	return NULL;
}

void spool_truncate(struct spool *s, size_t len)
{
	assert(len <= spool_len(s));
	if (len >= s->in_file) {
		buf_truncate(&s->tail, len - s->in_file);
		return;
	}
	buf_reset(&s->tail);
	buf_reset(&s->window);
	s->in_file = len;
}
