#include "support/random_sql.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "support/random_rows.h"

static void add_name(struct random_sql *r, struct buf *out, const char *prefix)
{
	static const char *const tails[] = { "", "", "", " x", "\"q", "Ü" };
	char name[40];

	snprintf(name, sizeof(name), "%s%u%s", prefix, r->n_names++,
		 PICK(r, tails));
	sql_quote_name(out, name);
}

#define TABLES                                                          \
	"SELECT name FROM pragma_table_list WHERE schema = 'main' AND " \
	"name NOT LIKE 'sqlite_%' AND type "

static bool pick_table(struct random_sql *r, struct buf *out)
{
	return random_ask(r, out,
			  random_one_in(r, 8)
				  ? TABLES "IN ('table', 'virtual', 'view') "
					   "ORDER BY name"
				  : TABLES "= 'table' ORDER BY name",
			  NULL);
}

static void add_reference(struct random_sql *r, struct buf *out)
{
	static const char *const actions[] = {
		"CASCADE",
		"SET NULL",
		"SET DEFAULT",
		"NO ACTION",
	};
	struct buf table = BUF_INIT;

	if (random_ask(r, &table, TABLES "= 'table' ORDER BY name", NULL)) {
		buf_addstr(out, " REFERENCES ");
		sql_quote_name(out, buf_str(&table));
		buf_addf(out, " ON DELETE %s", PICK(r, actions));
		buf_addf(out, " ON UPDATE %s", PICK(r, actions));
	}
	buf_release(&table);
}

static void add_column(struct random_sql *r, struct buf *out, bool alter)
{
	static const char *const types[] = { "",          "INT",  "TEXT",
					     "REAL",      "BLOB", "NUMERIC",
					     "VARCHAR(9)" };

	buf_addf(out, "%s", PICK(r, types));
	if (random_one_in(r, 3)) {
		buf_addstr(out, random_one_in(r, 2) ? " NOT NULL DEFAULT "
						    : " DEFAULT ");
		buf_addstr(out, random_one_in(r, 2) ? "5" : "'d'");
	}
	if (!alter && random_one_in(r, 6))
		buf_addstr(out, " UNIQUE");
	if (random_one_in(r, 6))
		buf_addstr(out, " COLLATE NOCASE");
	if (random_one_in(r, 8))
		add_reference(r, out);
}

static void add_generated(struct random_sql *r, struct buf *out,
			  const char *from)
{
	buf_addf(out, " AS (%s || 'g') %s", from,
		 random_one_in(r, 2) ? "STORED" : "VIRTUAL");
}

static void create_table(struct random_sql *r, struct buf *out,
			 const char *quoted)
{
	unsigned n = 1 + random_below(r, 5), kind = random_below(r, 9);
	bool without = kind >= 6;

	buf_addf(out, "CREATE TABLE %s(", quoted);
	if (kind == 0)
		buf_addstr(out, "id INTEGER PRIMARY KEY");
	else if (kind == 1)
		buf_addstr(out, "id INTEGER PRIMARY KEY AUTOINCREMENT");
	else if (kind == 2)
		buf_addstr(out, "id TEXT PRIMARY KEY");
	else if (kind == 6)
		buf_addstr(out, "id TEXT COLLATE NOCASE PRIMARY KEY");
	else if (kind == 7)
		buf_addstr(out, "id PRIMARY KEY");
	else
		buf_addstr(out, random_one_in(r, 8) ? "rowid" : "id");
	for (unsigned i = 0; i < n; i++) {
		buf_addf(out, ", c%u ", i);
		if (i && random_one_in(r, 8))
			add_generated(r, out, "c0");
		else if (!i && kind == 8)
			/* REAL, the hook of 3.40 would round large integers */
			buf_addstr(out, "TEXT");
		else
			add_column(r, out, false);
	}
	if (kind == 8)
		buf_addstr(out, ", PRIMARY KEY (c0, id)");
	buf_addstr(out, without ? ") WITHOUT ROWID" : ")");
}

static void create_trigger(struct random_sql *r, struct buf *out,
			   const char *table)
{
	static const char *const times[] = {
		" AFTER UPDATE ON ",  " AFTER DELETE ON ",  " AFTER INSERT ON ",
		" BEFORE DELETE ON ", " BEFORE UPDATE ON ",
	};
	struct buf other = BUF_INIT;

	buf_addstr(out, "CREATE TRIGGER ");
	add_name(r, out, "tr");
	buf_addstr(out, PICK(r, times));
	sql_quote_name(out, table);
	buf_addstr(out, " BEGIN ");
	random_ask(r, &other, TABLES "= 'table' ORDER BY name", NULL);
	random_write(r, out, buf_str(&other));
	buf_addstr(out, "; END");
	buf_release(&other);
}

static void create_hanger(struct random_sql *r, struct buf *out,
			  const char *table)
{
	struct buf column = BUF_INIT;

	random_column(r, &column, table);
	switch (random_below(r, 4)) {
	case 0:
	case 1:
		buf_addstr(out, random_one_in(r, 3) ? "CREATE UNIQUE INDEX "
						    : "CREATE INDEX ");
		add_name(r, out, "i");
		buf_addstr(out, " ON ");
		sql_quote_name(out, table);
		buf_addstr(out, random_one_in(r, 4) ? "(lower(" : "((");
		sql_quote_name(out, buf_str(&column));
		buf_addstr(out, "))");
		if (random_one_in(r, 4)) {
			buf_addstr(out, " WHERE ");
			sql_quote_name(out, buf_str(&column));
			buf_addstr(out, " IS NOT NULL");
		}
		break;
	case 2:
		buf_addstr(out, "CREATE VIEW ");
		add_name(r, out, "v");
		buf_addstr(out, " AS SELECT ");
		sql_quote_name(out, buf_str(&column));
		buf_addstr(out, " FROM ");
		sql_quote_name(out, table);
		break;
	default:
		create_trigger(r, out, table);
	}
	buf_release(&column);
}

static void create_virtual(struct random_sql *r, struct buf *out)
{
	static const char *const modules[] = {
		" USING fts5(c0, c1)",
		" USING fts4(c0, c1)",
		" USING rtree(id, x0, x1)",
	};

	buf_addstr(out, "CREATE VIRTUAL TABLE ");
	buf_addf(out, "f%u", r->n_names++);
	buf_addstr(out, PICK(r, modules));
}

void random_setup(struct random_sql *r, struct buf *out, unsigned i)
{
	struct buf table = BUF_INIT;

	buf_reset(out);
	if (i < 2 || random_one_in(r, 5)) {
		add_name(r, &table, "t");
		create_table(r, out, buf_str(&table));
	} else if (random_one_in(r, 12)) {
		create_virtual(r, out);
	} else if (pick_table(r, &table)) {
		if (random_one_in(r, 3))
			create_hanger(r, out, buf_str(&table));
		else if (random_one_in(r, 8))
			buf_addf(out, "DELETE FROM \"%s\" WHERE rowid %% 2",
				 buf_str(&table));
		else
			random_insert(r, out, buf_str(&table));
	}
	buf_release(&table);
}

/* New form, copy, drop, rename: with the columns that both have. */
static void rebuild(struct random_sql *r, struct buf *out, const char *table)
{
	bool old_first = random_one_in(r, 3);
	const char *from = old_first ? "tmp_old" : table;
	const char *to = old_first ? table : "tmp_new";
	struct buf quoted = BUF_INIT, column = BUF_INIT;

	if (old_first) {
		buf_addstr(out, "ALTER TABLE ");
		sql_quote_name(out, table);
		buf_addstr(out, " RENAME TO tmp_old; ");
	}
	sql_quote_name(&quoted, to);
	create_table(r, out, buf_str(&quoted));
	random_column(r, &column, table);
	buf_addf(out, "; INSERT OR IGNORE INTO %s(id", buf_str(&quoted));
	buf_addstr(out, ", c0) SELECT ");
	sql_quote_name(out, random_one_in(r, 2) ? "id" : buf_str(&column));
	buf_addstr(out, ", c0 FROM ");
	sql_quote_name(out, from);
	buf_addstr(out, "; DROP TABLE ");
	sql_quote_name(out, from);
	if (!old_first) {
		buf_addstr(out, "; ALTER TABLE tmp_new RENAME TO ");
		sql_quote_name(out, table);
	}
	buf_release(&quoted);
	buf_release(&column);
}

static void alter(struct random_sql *r, struct buf *out, const char *table)
{
	struct buf column = BUF_INIT;

	random_column(r, &column, table);
	buf_addstr(out, "ALTER TABLE ");
	sql_quote_name(out, table);
	switch (random_below(r, 6)) {
	case 0:
		buf_addstr(out, " RENAME TO ");
		add_name(r, out, "t");
		break;
	case 1:
		buf_addstr(out, " RENAME COLUMN ");
		sql_quote_name(out, buf_str(&column));
		buf_addstr(out, " TO ");
		add_name(r, out, "n");
		break;
	case 2:
	case 3:
		buf_addstr(out, " ADD COLUMN ");
		if (random_one_in(r, 4))
			buf_addf(out, "c%u", random_below(r, 5));
		else
			add_name(r, out, "a");
		buf_addch(out, ' ');
		if (random_one_in(r, 6))
			buf_addstr(out, " AS (1 + 1)");
		else
			add_column(r, out, true);
		break;
	default:
		buf_addstr(out, " DROP COLUMN ");
		sql_quote_name(out, buf_str(&column));
	}
	buf_release(&column);
}

/* Drop something, and sometimes make the very same again. */
static void drop(struct random_sql *r, struct buf *out)
{
	struct buf name = BUF_INIT, type = BUF_INIT, text = BUF_INIT;

	if (random_ask(r, &name,
		       "SELECT name FROM main.sqlite_schema WHERE sql IS NOT "
		       "NULL AND "
		       "name NOT LIKE 'sqlite_%' AND name NOT IN (SELECT name "
		       "FROM "
		       "pragma_table_list WHERE type = 'shadow') ORDER BY "
		       "type, name",
		       NULL) &&
	    random_ask(r, &type,
		       "SELECT type FROM main.sqlite_schema WHERE name = ?1",
		       buf_str(&name)) &&
	    random_ask(r, &text,
		       "SELECT sql FROM main.sqlite_schema WHERE name = ?1",
		       buf_str(&name))) {
		buf_addf(out, "DROP %s ", buf_str(&type));
		sql_quote_name(out, buf_str(&name));
		if (random_one_in(r, 3))
			buf_addf(out, "; %s", buf_str(&text));
	}
	buf_release(&name);
	buf_release(&type);
	buf_release(&text);
}

void random_statement(struct random_sql *r, struct buf *out)
{
	struct buf table = BUF_INIT;
	unsigned kind = random_below(r, 24);

	buf_reset(out);
	pick_table(r, &table);
	if (kind < 11) {
		random_write(r, out, buf_str(&table));
	} else if (kind < 15) {
		alter(r, out, buf_str(&table));
	} else if (kind < 17) {
		drop(r, out);
	} else if (kind < 19) {
		rebuild(r, out, buf_str(&table));
	} else if (kind < 21) {
		create_hanger(r, out, buf_str(&table));
	} else if (kind == 21) {
		buf_reset(&table);
		add_name(r, &table, "t");
		create_table(r, out, buf_str(&table));
	} else if (kind == 22 && random_one_in(r, 2)) {
		buf_addf(out, "PRAGMA user_version = %u", random_below(r, 9));
	} else if (kind == 22) {
		create_virtual(r, out);
	} else {
		buf_addf(out, "CREATE TABLE s%u AS SELECT * FROM ",
			 r->n_names++);
		sql_quote_name(out, buf_str(&table));
	}
	buf_release(&table);
}
