#include "gitstore/folderpath.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"

struct err *gs_folderpath(const char *dir, char **out)
{
	struct buf b = BUF_INIT;
	const char *p = dir;

	*out = NULL;
	while (*p) {
		size_t n = strcspn(p, "/");

		if ((n == 2 && !strncmp(p, "..", 2)) || *dir == '/') {
			buf_release(&b);
			return err_hint(err_new(ERR_INPUT,
						"folder '%s' is outside the "
						"repository",
						dir),
					"give migrate.dir as a path from the "
					"top of the work tree");
		}
		if (n && !(n == 1 && *p == '.')) {
			if (b.len)
				buf_addch(&b, '/');
			buf_add(&b, p, n);
		}
		p += n;
		p += *p == '/';
	}
	*out = buf_detach(&b);
	if (!*out)
		*out = xstrdup("");
	return NULL;
}
