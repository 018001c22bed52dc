#include "snapshot/sequence_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "target/target_sqlite.h"

struct err *sequences_read(struct sequences *s, sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	s->n = 0;
	if (sqlite3_prepare_v2(db,
			       "SELECT name, seq, rowid "
			       "FROM main.sqlite_sequence ORDER BY rowid",
			       -1, &stmt, NULL) != SQLITE_OK)
		return NULL; /* no such table */
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		struct sequence *q;

		if (!name || !sqlite3_strnicmp(name, "git_migrate_", 12))
			continue;
		VEC_GROW(s->list, s->n, s->cap);
		q = &s->list[s->n++];
		q->table = xstrdup(name);
		q->value = sqlite3_column_int64(stmt, 1);
		q->position = sqlite3_column_int64(stmt, 2);
	}
	if (sqlite3_finalize(stmt) != SQLITE_OK || rc != SQLITE_DONE)
		return target_sqlite_error(db, "read sqlite_sequence");
	return NULL;
}

void sequences_release(struct sequences *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i].table);
	free(s->list);
	memset(s, 0, sizeof(*s));
}

const struct sequence *sequences_find(const struct sequences *s,
				      const char *table)
{
	for (size_t i = 0; table && i < s->n; i++)
		if (sql_same_name(SQL_SQLITE, s->list[i].table, table))
			return &s->list[i];
	return NULL;
}
