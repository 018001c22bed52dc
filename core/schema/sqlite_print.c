#include <string.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "schema/sqlite_create.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool print_words(struct buf *text, const char *kind, const char *sql,
			size_t len, const char *const *columns)
{
	struct sqlite_words w;
	bool fine = sqlite_words_read(&w, sql, len);

	if (!fine || w.n < 4 || w.v[0].word != W_CREATE)
		fine = false;
	else if (streq(kind, "index"))
		fine = sqlite_create_index(text, &w, columns);
	else if (streq(kind, "view"))
		fine = sqlite_create_view(text, &w);
	else if (streq(kind, "trigger"))
		fine = sqlite_create_trigger(text, &w);
	else
		fine = streq(kind, "virtual") &&
		       sqlite_create_virtual(text, &w);
	sqlite_words_release(&w);
	return fine;
}

bool schema_sqlite_print(struct buf *text, struct buf *shape, const char *kind,
			 const char *sql, const char *const *columns)
{
	size_t len = strlen(sql);
	bool fine;

	buf_reset(text);
	if (shape)
		buf_reset(shape);
	if (streq(kind, "pragma")) {
		buf_addstr(text, sql);
		buf_addstr(text, ";\n");
		return true;
	}
	if (streq(kind, "table"))
		fine = sqlite_create_table(text, shape, sql, len);
	else
		fine = print_words(text, kind, sql, len, columns);
	if (!fine) {
		while (len && is_space(sql[len - 1]))
			len--; /* or each execution would add a line end */
		buf_reset(text);
		buf_add(text, sql, len);
		buf_addch(text, '\n');
	}
	return fine;
}
