#include <string.h>

#include "base/buf.h"
#include "postgres/conn.h"

void pg_add_name(struct buf *out, const char *name)
{
	buf_addch(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_addch(out, '"');
		buf_addch(out, *name);
	}
	buf_addch(out, '"');
}

void pg_add_string(struct buf *out, const char *s)
{
	/* E'' reads the same whatever standard_conforming_strings says */
	if (strchr(s, '\\'))
		buf_addstr(out, "E");
	buf_addch(out, '\'');
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			buf_addch(out, *s);
		buf_addch(out, *s);
	}
	buf_addch(out, '\'');
}
