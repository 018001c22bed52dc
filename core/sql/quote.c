#include <string.h>

#include "sql/sql.h"

static void add_quoted(struct buf *out, const char *s, char quote)
{
	buf_addch(out, quote);
	for (;;) {
		size_t n = strcspn(s, (const char[]){ quote, '\0' });

		buf_add(out, s, n);
		s += n;
		if (!*s)
			break;
		buf_addch(out, quote);
		buf_addch(out, quote);
		s++;
	}
	buf_addch(out, quote);
}

void sql_quote_name(struct buf *out, const char *name)
{
	add_quoted(out, name, '"');
}

void sql_quote_string(struct buf *out, const char *s)
{
	add_quoted(out, s, '\'');
}
