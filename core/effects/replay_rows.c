#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay_sqlite.h"

/* The rows of a SQLite database as text. */

/* A longer value is told by its length and a hash. */
#define VALUE_SHOWN 256

static void add_text(struct buf *out, const unsigned char *s, size_t len)
{
	buf_addch(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			buf_addstr(out, "\\n");
		else if (s[i] == '\0')
			buf_addstr(out, "\\0");
		else if (s[i] == '\\' || s[i] == '\'')
			buf_addf(out, "\\%c", s[i]);
		else
			buf_addch(out, (char)s[i]);
	}
	buf_addch(out, '\'');
}

static void add_blob(struct buf *out, const unsigned char *s, size_t len)
{
	buf_addstr(out, "x'");
	for (size_t i = 0; i < len; i++)
		buf_addf(out, "%02x", s[i]);
	buf_addch(out, '\'');
}

static void add_bytes(struct buf *out, sqlite3_stmt *stmt, int column)
{
	bool text = sqlite3_column_type(stmt, column) == SQLITE_TEXT;
	const unsigned char *s = text ? sqlite3_column_text(stmt, column)
				      : sqlite3_column_blob(stmt, column);
	size_t len = (size_t)sqlite3_column_bytes(stmt, column);

	if (len > VALUE_SHOWN)
		buf_addf(out, "%s of %zu bytes, %016llx",
			 text ? "text" : "blob", len,
			 (unsigned long long)replay_hash((const char *)s, len));
	else if (text)
		add_text(out, s, len);
	else
		add_blob(out, s, len);
}

static void add_value(struct buf *out, sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_NULL:
		buf_addstr(out, "NULL");
		break;
	case SQLITE_INTEGER:
		buf_addf(out, "%lld",
			 (long long)sqlite3_column_int64(stmt, column));
		break;
	case SQLITE_FLOAT:
		buf_addf(out, "%.17gr", sqlite3_column_double(stmt, column));
		break;
	default:
		add_bytes(out, stmt, column);
	}
}

static char *line_of(const char *table, sqlite3_stmt *stmt)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%s:", table);
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		buf_addf(&line, " %s=", sqlite3_column_name(stmt, i));
		add_value(&line, stmt, i);
	}
	return buf_detach(&line);
}

/* A deadline or a lack of memory is an error; a virtual table that cannot be
 * read has no rows. */
static struct err *read_table(struct replay_sqlite *r, const char *name,
			      const char *select, struct buf *out)
{
	struct replay_lines lines = { 0 };
	sqlite3_stmt *stmt = NULL;
	int rc;

	rc = sqlite3_prepare_v2(r->db, select, -1, &stmt, NULL);
	while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		replay_lines_add(&lines, line_of(name, stmt));
	rc = sqlite3_finalize(stmt) & 0xff;
	replay_lines_print(&lines, out);
	if (rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT)
		return replay_sqlite_error(r, "read the rows of a replay");
	return NULL;
}

/* SELECT of its columns by name; not of generated ones, which follow. */
static struct err *add_select(struct replay_sqlite *r, const char *table,
			      struct buf *out)
{
	sqlite3_stmt *stmt;
	struct err *e;

	buf_reset(out);
	e = replay_sqlite_prepare(r,
				  "SELECT name FROM pragma_table_xinfo(?1) "
				  "WHERE hidden = 0 ORDER BY lower(name)",
				  &stmt);
	if (e)
		return e;
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		buf_addstr(out, out->len ? ", " : "SELECT ");
		sql_quote_name(out, (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	buf_addstr(out, " FROM main.");
	sql_quote_name(out, table);
	return NULL;
}

/* Most tables of a replay are: a thousand of them need not be asked for their
 * columns. What cannot be told is not. */
static bool is_empty(struct replay_sqlite *r, const char *table)
{
	struct buf text = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	int rc;

	buf_addstr(&text, "SELECT 1 FROM main.");
	sql_quote_name(&text, table);
	rc = sqlite3_prepare_v2(r->db, buf_str(&text), -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	buf_release(&text);
	return rc == SQLITE_DONE;
}

static struct err *read_all(struct replay_sqlite *r, struct buf *out)
{
	struct buf select = BUF_INIT;
	sqlite3_stmt *stmt;
	struct err *e;

	e = replay_sqlite_prepare(r,
				  "SELECT name FROM pragma_table_list WHERE "
				  "schema = 'main' AND type IN ('table', "
				  "'virtual') AND name NOT LIKE 'sqlite\\_%' "
				  "ESCAPE '\\' ORDER BY lower(name)",
				  &stmt);
	while (!e && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);

		if (is_empty(r, name))
			continue;
		e = add_select(r, name, &select);
		if (!e)
			e = read_table(r, name, buf_str(&select), out);
	}
	if (sqlite3_finalize(stmt) != SQLITE_OK && !e)
		e = replay_sqlite_error(r, "read the tables of a replay");
	buf_release(&select);
	return e;
}

struct err *replay_sqlite_rows(struct replay *base, struct buf *out)
{
	struct replay_sqlite *r = replay_sqlite_of(base);
	struct sqlite_budget *before = sqlite_heap_use(&r->budget);
	struct err *e;

	replay_guard_start(r);
	e = read_all(r, out);
	replay_guard_stop(r);
	sqlite_heap_use(before);
	return e;
}
