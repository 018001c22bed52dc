#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "engine/impl.h"

void ident_split(struct arena *a, const char *line, const char **who,
		 const char **date)
{
	const char *gt = line ? strrchr(line, '>') : NULL;

	*who = *date = NULL;
	if (!line)
		return;
	if (!gt || gt[1] != ' ') {
		*who = arena_strdup(a, line);
		return;
	}
	*who = arena_strndup(a, line, (size_t)(gt + 1 - line));
	*date = arena_strdup(a, gt + 2);
}

struct err *ident_now(struct engine *e, struct ident *out)
{
	struct buf b = BUF_INIT;
	struct arena a = ARENA_INIT;
	const char *who, *date;
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = e->store->ops->ident(e->store, clock_now(), &b);
	if (!err) {
		ident_split(&a, buf_str(&b), &who, &date);
		out->who = xstrdup(who);
		out->date = xstrdup(date ? date : "");
		out->line = buf_detach(&b);
	}
	buf_release(&b);
	arena_release(&a);
	return err;
}

void ident_release(struct ident *i)
{
	free(i->line);
	free(i->who);
	free(i->date);
	memset(i, 0, sizeof(*i));
}
