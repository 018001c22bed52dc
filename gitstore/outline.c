#include "gitstore/outline.h"

#include <string.h>

struct err *gs_outline_enter(struct gs_outline *o, const char *path,
			     source_entry_fn fn, void *payload)
{
	const char *slash = strchr(path, '/');

	for (; slash; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - path);
		struct source_entry e = { .kind = SOURCE_FOLDER };
		struct err *err;

		if (o->folder.len >= n &&
		    !memcmp(buf_str(&o->folder), path, n) &&
		    (o->folder.len == n || buf_str(&o->folder)[n] == '/'))
			continue;
		buf_reset(&o->folder);
		buf_add(&o->folder, path, n);
		e.path = buf_str(&o->folder);
		err = fn(payload, &e);
		if (err)
			return err;
	}
	return NULL;
}

void gs_outline_release(struct gs_outline *o)
{
	buf_release(&o->folder);
}
