#include "support/random_rows.h"

#include "base/util.h"
#include "sql/sql.h"

/* splitmix64 */
static uint64_t next(struct random_sql *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned random_below(struct random_sql *r, unsigned n)
{
	return (unsigned)(next(r) % n);
}

bool random_one_in(struct random_sql *r, unsigned n)
{
	return !random_below(r, n);
}

bool random_ask(struct random_sql *r, struct buf *out, const char *sql,
		const char *arg)
{
	sqlite3_stmt *stmt = NULL;
	unsigned n = 0;

	buf_reset(out);
	if (sqlite3_prepare_v2(r->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_text(stmt, 1, arg ? arg : "", -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		n++;
	sqlite3_reset(stmt);
	n = n ? random_below(r, n) + 1 : 0;
	for (unsigned i = 0; i < n; i++)
		sqlite3_step(stmt);
	if (n)
		buf_addstr(out, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return n > 0;
}

bool random_column(struct random_sql *r, struct buf *out, const char *table)
{
	return random_ask(
		r, out,
		"SELECT name FROM pragma_table_xinfo(?1, 'main') WHERE "
		"hidden = 0",
		table);
}

static void add_value(struct random_sql *r, struct buf *out)
{
	static const char *const values[] = {
		"NULL",
		"0",
		"1",
		"2",
		"3",
		"7",
		"'a'",
		"'A'",
		"'b'",
		"''",
		"x'00'",
		"x''",
		"1.0",
		"2.5",
		"-0.0",
		"'1'",
		"-1",
		"1e300",
		"0.1",
		"'1.0'",
		"'x y'",
		"9223372036854775807",
		"char(9,10,92)",
		"CAST(x'610062' AS TEXT)",
		"printf('%0400d', 1)",
		"zeroblob(300)",
	};

	if (random_one_in(r, 3))
		buf_addf(out, "%u", random_below(r, 12));
	else
		buf_addstr(out, PICK(r, values));
}

void random_insert(struct random_sql *r, struct buf *out, const char *table)
{
	static const char *const verbs[] = {
		"INSERT",
		"INSERT OR REPLACE",
		"INSERT OR IGNORE",
	};
	struct buf columns = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	unsigned n = 0, rows = 1 + random_below(r, 4);

	sqlite3_prepare_v2(r->db,
			   "SELECT name FROM pragma_table_xinfo(?1, 'main') "
			   "WHERE hidden = 0",
			   -1, &stmt, NULL);
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		if (n && random_one_in(r, 6))
			continue;
		buf_addstr(&columns, n++ ? ", " : "");
		sql_quote_name(&columns,
			       (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	buf_addf(out, "%s INTO ", PICK(r, verbs));
	sql_quote_name(out, table);
	buf_addf(out, "(%s) VALUES ", buf_str(&columns));
	for (unsigned row = 0; row < rows; row++) {
		buf_addstr(out, row ? ", (" : "(");
		for (unsigned i = 0; i < n; i++) {
			buf_addstr(out, i ? ", " : "");
			add_value(r, out);
		}
		buf_addch(out, ')');
	}
	buf_release(&columns);
}

static void add_where(struct random_sql *r, struct buf *out, const char *table)
{
	static const char *const ops[] = { "=", "<", ">", "IS NOT", "IS" };
	struct buf column = BUF_INIT;

	if (random_one_in(r, 5) || !random_column(r, &column, table)) {
		buf_release(&column);
		return;
	}
	buf_addstr(out, " WHERE ");
	sql_quote_name(out, buf_str(&column));
	buf_addf(out, " %s ", PICK(r, ops));
	add_value(r, out);
	buf_release(&column);
}

static void update(struct random_sql *r, struct buf *out, const char *table)
{
	static const char *const verbs[] = {
		"UPDATE ",
		"UPDATE ",
		"UPDATE OR REPLACE ",
		"UPDATE OR IGNORE ",
	};
	struct buf column = BUF_INIT, other = BUF_INIT;
	unsigned n = 1 + random_below(r, 2);

	buf_addstr(out, PICK(r, verbs));
	sql_quote_name(out, table);
	buf_addstr(out, " SET ");
	for (unsigned i = 0; i < n; i++) {
		random_column(r, &column, table);
		random_column(r, &other, table);
		buf_addstr(out, i ? ", " : "");
		sql_quote_name(out, buf_str(&column));
		buf_addstr(out, " = ");
		switch (random_below(r, 4)) {
		case 0:
			sql_quote_name(out, buf_str(&other));
			break;
		case 1:
			sql_quote_name(out, buf_str(&column));
			buf_addstr(out, " + 1");
			break;
		case 2:
			sql_quote_name(out, buf_str(&column));
			buf_addstr(out, " || 'z'");
			break;
		default:
			add_value(r, out);
		}
	}
	add_where(r, out, table);
	buf_release(&column);
	buf_release(&other);
}

static void upsert(struct random_sql *r, struct buf *out, const char *table)
{
	struct buf column = BUF_INIT;

	random_insert(r, out, table);
	random_column(r, &column, table);
	buf_addstr(out, " ON CONFLICT DO UPDATE SET ");
	sql_quote_name(out, buf_str(&column));
	buf_addstr(out, " = ");
	add_value(r, out);
	buf_release(&column);
}

void random_write(struct random_sql *r, struct buf *out, const char *table)
{
	switch (random_below(r, 6)) {
	case 0:
	case 1:
		random_insert(r, out, table);
		break;
	case 2:
	case 3:
		update(r, out, table);
		break;
	case 4:
		buf_addstr(out, "DELETE FROM ");
		sql_quote_name(out, table);
		add_where(r, out, table);
		break;
	default:
		upsert(r, out, table);
	}
}
