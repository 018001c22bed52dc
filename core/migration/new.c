#include "migration/migration.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/layout.h"

#define SLUG_MAX 120

/* Letters, digits, '-', '_'; runs of anything else become one '_'. */
static char *clean_slug(const char *slug)
{
	struct buf b = BUF_INIT;
	bool any = false;

	for (; *slug && b.len < SLUG_MAX; slug++) {
		unsigned char c = (unsigned char)*slug;

		if (c < 0x80 && (isalnum(c) || c == '-')) {
			any |= isalnum(c) != 0;
			if (b.len || c != '-')
				buf_addch(&b, *slug);
		} else if (b.len && b.data[b.len - 1] != '_') {
			buf_addch(&b, '_');
		}
	}
	while (b.len && !isalnum((unsigned char)b.data[b.len - 1]))
		buf_truncate(&b, b.len - 1);
	if (!any)
		buf_reset(&b);
	return buf_detach(&b);
}

struct err *migration_new(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	char *clean = clean_slug(slug), *safe;
	struct err *e;

	if (!clean || !*clean) {
		safe = text_safe(slug);
		e = err_new(ERR_USAGE,
			    "the name \"%s\" has no letter and no digit", safe);
		free(safe);
	} else if (!set->layout->create) {
		e = err_new(ERR_USAGE, "layout %s cannot make new files",
			    set->layout->name);
	} else {
		e = set->layout->create(set, stamp, clean, fn, payload);
	}
	free(clean);
	return e;
}
