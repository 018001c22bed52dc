#include "snapshot/virtual_sqlite.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/util.h"
#include "snapshot/table_sqlite.h"

bool virtual_exists(sqlite3 *db, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	bool yes = false;

	if (sqlite3_prepare_v2(db,
			       "SELECT 1 FROM pragma_table_list(?1) WHERE "
			       "schema = 'main' AND type = 'virtual'",
			       -1, &stmt, NULL) == SQLITE_OK) {
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
		yes = sqlite3_step(stmt) == SQLITE_ROW;
	}
	sqlite3_finalize(stmt);
	return yes;
}

/* No suffix has an underscore: <name>_x_data belongs to <name>_x. */
struct err *virtual_shadows_read(struct virtual_shadows *out, sqlite3 *db,
				 const char *name)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		db,
		"SELECT name FROM pragma_table_list WHERE schema = 'main' AND "
		"type = 'shadow' AND lower(substr(name, 1, length(?1) + 1)) "
		"= lower(?1) || '_' AND "
		"instr(substr(name, length(?1) + 2), '_') = 0 "
		"ORDER BY lower(name)",
		&stmt);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		VEC_GROW(out->names, out->n, out->cap);
		out->names[out->n++] =
			xstrdup((const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return NULL;
}

void virtual_shadows_release(struct virtual_shadows *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	free(s->names);
	memset(s, 0, sizeof(*s));
}

/* Every row as the text of its line; suffix is the table's part of its name. */
static struct err *digest_table(struct virtual_state *out, sqlite3 *db,
				const char *name, const char *suffix)
{
	struct table_info info;
	struct table_fields f = { .table = &info, .name = name };
	struct table_scan scan = { 0 };
	const char **columns;
	struct buf row = BUF_INIT;
	bool found, more = false;
	struct err *err = table_info_read(&info, db, name, &found);

	if (err || !found)
		return err;
	columns =
		arena_array(&info.arena, info.n_columns + 1, sizeof(*columns));
	for (size_t i = 0; i < info.n_columns; i++)
		columns[i] = info.columns[i].name;
	f.columns = columns;
	f.n = info.n_columns;
	out->digest = XXH3_64bits_withSeed(suffix, strlen(suffix), out->digest);
	err = table_scan_open(&scan, db, &f, NULL);
	while (!err) {
		err = table_scan_next(&scan, &more);
		if (err || !more)
			break;
		buf_reset(&row);
		table_add_line_key(&row, &scan.key);
		for (size_t i = 0; i < f.n; i++) {
			struct row_value v;

			table_scan_value(&scan, i, &v);
			buf_addch(&row, '\t');
			row_add_value(&row, &v);
		}
		out->digest =
			XXH3_64bits_withSeed(row.data, row.len, out->digest);
		out->rows++;
	}
	table_scan_close(&scan);
	buf_release(&row);
	table_info_release(&info);
	return err;
}

struct err *virtual_state_read(struct virtual_state *out, sqlite3 *db,
			       const char *name)
{
	struct virtual_shadows s;
	struct err *err = virtual_shadows_read(&s, db, name);

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < s.n && !err; i++)
		err = digest_table(out, db, s.names[i],
				   s.names[i] + strlen(name) + 1);
	virtual_shadows_release(&s);
	return err_wrap(err, "virtual table %s", name);
}
