#include "cmd/progress.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "cmd/print.h"

#define PAUSE_US ((int64_t)100 * 1000) /* between two lines */

void progress_init(struct progress *p, bool on, int width)
{
	p->on = on;
	p->drawn = false;
	p->width = width;
	p->last_us = 0;
}

void progress_step(struct progress *p, const char *verb, const char *name,
		   size_t i, size_t n)
{
	struct buf b = BUF_INIT;
	int64_t now;

	if (!p->on)
		return;
	now = clock_steady_us();
	if (now - p->last_us < PAUSE_US)
		return;
	buf_addf(&b, "%s %zu/%zu ", verb, i + 1, n);
	text_add_safe(&b, name);
	if (p->width > 1)
		print_cut(&b, (size_t)p->width - 1);
	fprintf(stderr, "\r%s\033[K", buf_str(&b));
	fflush(stderr);
	buf_release(&b);
	p->drawn = true;
	p->last_us = now;
}

void progress_clear(struct progress *p)
{
	if (!p->drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->drawn = false;
}
