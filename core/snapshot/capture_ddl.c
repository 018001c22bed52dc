#include "snapshot/capture_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/checks_sqlite.h"
#include "snapshot/virtual_sqlite.h"
#include "sql/sqlite_lexer.h"

/* Statements that make, drop or alter tables: what the hook does not see. */

static bool same(const char *a, const char *b)
{
	return sql_same_name(SQL_SQLITE, a, b);
}

/* The name may come back to life later in the script. */
static bool made_again(const struct sqlite_capture *c, size_t i,
		       const char *name)
{
	for (i++; i < c->script->n; i++) {
		const struct sql_statement *s = &c->script->statements[i];

		if (s->verb == SQL_CREATE_TABLE && s->object &&
		    same(s->object, name))
			return true;
		if (s->verb == SQL_RENAME_TABLE && s->detail &&
		    same(s->detail, name))
			return true;
	}
	return false;
}

/* Log every row as it stands: deleted, or one column of it overwritten. */
static struct err *log_rows(struct sqlite_capture *c, struct captured *t,
			    int column)
{
	const char *const *columns = (const char *const *)t->column_now;
	const struct table_fields f = {
		.table = &t->form,
		.name = t->now,
		.columns = column < 0 ? columns : columns + column,
		.n = column < 0 ? t->info.n_columns : 1,
	};
	enum change_op op = column < 0 ? CHANGE_DELETE : CHANGE_UPDATE;
	struct table_scan scan;
	struct row_value v;
	struct err *err;
	bool row;

	err = table_scan_open(&scan, c->db, &f, NULL);
	while (!err) {
		struct buf *out;

		err = table_scan_next(&scan, &row);
		if (err || !row)
			break;
		out = changelog_begin(t->log, op, &scan.key);
		if (op == CHANGE_UPDATE)
			changelog_column(t->log, (unsigned)column);
		for (size_t i = 0; i < f.n; i++) {
			table_scan_value(&scan, i, &v);
			if (i)
				buf_addch(out, '\t');
			row_add_value(out, &v);
		}
		err = changelog_end(t->log);
	}
	table_scan_close(&scan);
	return err_wrap(err, "keep the rows of table %s", t->now);
}

static void add_placed(struct sqlite_capture *c, const char *type,
		       const char *name, int64_t position, const char *sql)
{
	struct placed *p;

	for (size_t i = 0; i < c->n_placed; i++)
		if (streq(c->placed[i].type, type) &&
		    streq(c->placed[i].name, name))
			return;
	VEC_GROW(c->placed, c->n_placed, c->cap_placed);
	p = &c->placed[c->n_placed++];
	p->type = xstrdup(type);
	p->name = xstrdup(name);
	p->position = position;
	p->sql = sql ? xstrdup(sql) : NULL;
}

/*
 * Where an object, and what belongs to it, stood before it is dropped: one
 * that comes back with the same text is no change to the schema delta. before:
 * its name before the migration; NULL = the same.
 */
static struct err *note_places(struct sqlite_capture *c, const char *name,
			       const char *before, bool shadow)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		c->db,
		"SELECT type, name, rowid, sql FROM main.sqlite_schema WHERE "
		"sql IS NOT NULL AND (name = ?1 COLLATE NOCASE OR "
		"tbl_name = ?1 COLLATE NOCASE)",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *type = (const char *)sqlite3_column_text(stmt, 0);
		const char *its = (const char *)sqlite3_column_text(stmt, 1);

		add_placed(c, type, before && same(its, name) ? before : its,
			   sqlite3_column_int64(stmt, 2),
			   shadow ? (const char *)sqlite3_column_text(stmt, 3)
				  : NULL);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

/* Whether rows that its CHECKs do not take were there before. */
static struct err *note_checks(struct sqlite_capture *c, struct captured *t,
			       const char *name)
{
	struct arena a = ARENA_INIT;
	const char *sql;
	struct err *err = table_sql(c->db, &a, name, &sql);

	if (!err && sql)
		err = checks_are_broken(c->db, name, sql, &t->unchecked);
	arena_release(&a);
	return err;
}

static struct err *before_drop(struct sqlite_capture *c, size_t i,
			       const char *name, bool shadow)
{
	struct captured *t;
	struct err *err = capture_ensure(c, name, &t);

	if (err || !t)
		return err;
	err = note_places(c, name, t->info.name, shadow);
	if (err)
		return err;
	c->dropping = name;
	if (changelog_is_empty(t->log) && !made_again(c, i, t->info.name) &&
	    same(t->info.name, t->now)) {
		t->streamed = true;
		return capture_stream(c, t);
	}
	err = shadow ? NULL : note_checks(c, t, name);
	return err ? err : log_rows(c, t, -1);
}

/* Call fn for the tables that hold a virtual one's data, <table>_<suffix>. */
static struct err *each_shadow(struct sqlite_capture *c, const char *name,
			       struct err *(*fn)(struct sqlite_capture *c,
						 size_t i, const char *shadow),
			       size_t i)
{
	struct virtual_shadows s;
	struct err *err = virtual_shadows_read(&s, c->db, name);

	for (size_t k = 0; k < s.n && !err; k++)
		err = fn(c, i, s.names[k]);
	virtual_shadows_release(&s);
	return err;
}

static struct err *drop_shadow(struct sqlite_capture *c, size_t i,
			       const char *name)
{
	return before_drop(c, i, name, true);
}

static struct err *create_shadow(struct sqlite_capture *c, size_t i,
				 const char *name)
{
	(void)i;
	capture_add_created(c, name);
	return NULL;
}

static bool table_exists(sqlite3 *db, const char *name)
{
	return sqlite3_table_column_metadata(db, "main", name, NULL, NULL, NULL,
					     NULL, NULL, NULL) == SQLITE_OK;
}

static bool makes_virtual(const struct sql_statement *s)
{
	struct sqlite_lexer l;
	struct sqlite_token t;

	sqlite_lexer_init(&l, s->text, s->len);
	sqlite_lexer_next_solid(&l); /* CREATE */
	t = sqlite_lexer_next_solid(&l);
	return sqlite_token_is(&t, "virtual");
}

/* The statement means the main database's table of that name. */
static bool concerns_main(struct sqlite_capture *c,
			  const struct sql_statement *s)
{
	if (!s->object || s->temp)
		return false;
	if (s->schema)
		return same(s->schema, "main");
	if (s->verb == SQL_CREATE_TABLE)
		return true;
	return sqlite3_table_column_metadata(c->db, "temp", s->object, NULL,
					     NULL, NULL, NULL, NULL,
					     NULL) != SQLITE_OK;
}

static struct err *before_drop_column(struct sqlite_capture *c,
				      const struct sql_statement *s)
{
	struct captured *t;
	struct err *err = capture_ensure(c, s->object, &t);

	for (size_t i = 0; !err && t && s->detail && i < t->info.n_columns; i++)
		if (t->column_now[i] && same(t->column_now[i], s->detail))
			return log_rows(c, t, (int)i);
	return err;
}

static struct err *before_drop_table(struct sqlite_capture *c, size_t i,
				     const char *name)
{
	struct err *err;

	if (!virtual_exists(c->db, name))
		return before_drop(c, i, name, false);
	c->dropped_virtual |= !capture_is_created(c, name);
	/* what is held back is not in the shadow tables yet */
	err = capture_flush(c);
	if (!err)
		err = note_places(c, name, NULL, false);
	if (!err)
		err = each_shadow(c, name, drop_shadow, i);
	c->dropping = NULL;
	return err;
}

static struct err *rename_shadow(struct sqlite_capture *c, size_t i,
				 const char *name)
{
	struct captured *t;
	struct err *err = capture_ensure(c, name, &t);

	(void)i;
	return err || !t ? err : note_places(c, name, NULL, true);
}

/* A virtual table renames its shadow tables with it. */
static struct err *before_rename(struct sqlite_capture *c, size_t i,
				 const char *name)
{
	struct captured *t;
	struct err *err = capture_ensure(c, name, &t);

	if (err || !t || !t->info.is_virtual)
		return err;
	return each_shadow(c, name, rename_shadow, i);
}

/* Rows of sqlite_schema change, or their places are given away again. */
static bool frees_or_edits(enum sql_verb verb)
{
	return verb == SQL_DROP || verb == SQL_DROP_TABLE ||
	       verb == SQL_RENAME_TABLE || verb == SQL_RENAME_COLUMN ||
	       verb == SQL_ADD_COLUMN || verb == SQL_DROP_COLUMN;
}

struct err *sqlite_capture_before(struct capture *base, size_t i)
{
	struct sqlite_capture *c = sqlite_capture_of(base);
	const struct sql_statement *s = &c->script->statements[i];
	struct captured *t;

	c->dropping = NULL;
	for (size_t k = 0; k < c->n_tables; k++) {
		c->tables[k]->named = false;
		memset(c->tables[k]->candidate, 0,
		       c->tables[k]->info.n_columns);
	}
	if (frees_or_edits(s->verb))
		c->read_to = 0;
	c->concerned = concerns_main(c, s);
	if (!c->concerned)
		return NULL;
	switch ((int)s->verb) {
	case SQL_CREATE_TABLE:
		c->was_there = table_exists(c->db, s->object);
		if (!c->was_there && makes_virtual(s))
			c->creating = s->object;
		return NULL;
	case SQL_DROP:
		return note_places(c, s->object, NULL, false);
	case SQL_DROP_TABLE:
		return before_drop_table(c, i, s->object);
	case SQL_DROP_COLUMN:
		return before_drop_column(c, s);
	case SQL_ADD_COLUMN:
	case SQL_RENAME_COLUMN:
		return capture_ensure(c, s->object, &t);
	case SQL_RENAME_TABLE:
		return before_rename(c, i, s->object);
	default:
		return NULL;
	}
}

/* "old_data" of a virtual table becomes "new_data" where that is there. */
static void follow_shadow(struct sqlite_capture *c, char **name,
			  const char *old, const char *new)
{
	size_t n = strlen(old);
	struct buf b = BUF_INIT;

	if (sqlite3_strnicmp(*name, old, (int)n) || (*name)[n] != '_' ||
	    table_exists(c->db, *name))
		return;
	buf_addf(&b, "%s%s", new, *name + n);
	if (table_exists(c->db, buf_str(&b))) {
		free(*name);
		*name = buf_detach(&b);
	}
	buf_release(&b);
}

static struct err *after_rename(struct sqlite_capture *c,
				const struct sql_statement *s)
{
	struct captured *t = capture_by_name(c, s->object);
	struct err *err = NULL;

	for (size_t i = 0; i < c->n_created; i++) {
		if (!t && same(c->created[i], s->object)) {
			free(c->created[i]);
			c->created[i] = xstrdup(s->detail);
		}
		follow_shadow(c, &c->created[i], s->object, s->detail);
	}
	if (!t)
		return NULL;
	free(t->now);
	t->now = xstrdup(s->detail);
	err = capture_map_columns(c, t);
	for (size_t i = 0; i < c->n_tables && t->info.is_virtual && !err; i++) {
		struct captured *shadow = c->tables[i];

		if (shadow->now) {
			follow_shadow(c, &shadow->now, s->object, s->detail);
			err = capture_map_columns(c, shadow);
		}
	}
	return err;
}

/* The column of that name now gets another, or none. */
static void rename_column(char **names, size_t n, const char *name,
			  const char *to)
{
	for (size_t i = 0; i < n; i++) {
		if (!names[i] || !same(names[i], name))
			continue;
		free(names[i]);
		names[i] = to ? xstrdup(to) : NULL;
		return;
	}
}

static struct err *after_column(struct sqlite_capture *c,
				const struct sql_statement *s)
{
	struct captured *t = capture_by_name(c, s->object);

	if (!t)
		return NULL;
	if (s->verb != SQL_ADD_COLUMN && s->detail) {
		rename_column(t->column_now, t->info.n_columns, s->detail,
			      s->detail2);
		rename_column(t->all_now, t->info.n_all, s->detail, s->detail2);
	}
	return capture_map_columns(c, t);
}

static void after_drop(struct sqlite_capture *c)
{
	for (size_t i = 0; i < c->n_created;) {
		if (table_exists(c->db, c->created[i])) {
			i++;
			continue;
		}
		free(c->created[i]);
		c->created[i] = c->created[--c->n_created];
	}
	for (size_t i = 0; i < c->n_tables; i++) {
		struct captured *t = c->tables[i];

		if (!t->now || table_exists(c->db, t->now))
			continue;
		free(t->now);
		t->now = NULL;
		sqlite3_finalize(t->fetch);
		t->fetch = NULL;
	}
}

/* A virtual table makes its shadow tables; all of them are new. */
static struct err *after_create(struct sqlite_capture *c,
				const struct sql_statement *s, size_t i)
{
	if (c->was_there)
		return NULL;
	capture_add_created(c, s->object);
	if (!makes_virtual(s))
		return NULL;
	c->any_virtual = true;
	return each_shadow(c, s->object, create_shadow, i);
}

struct err *sqlite_capture_after(struct capture *base, size_t i)
{
	struct sqlite_capture *c = sqlite_capture_of(base);
	const struct sql_statement *s = &c->script->statements[i];
	struct err *err = sqlite_capture_take(c);

	c->dropping = c->creating = NULL;
	c->last = NULL;
	if (err || !c->concerned)
		return err;
	switch ((int)s->verb) {
	case SQL_CREATE_TABLE:
		return after_create(c, s, i);
	case SQL_DROP_TABLE:
		after_drop(c);
		return NULL;
	case SQL_RENAME_TABLE:
		return after_rename(c, s);
	case SQL_RENAME_COLUMN:
	case SQL_DROP_COLUMN:
	case SQL_ADD_COLUMN:
		return after_column(c, s);
	default:
		return NULL;
	}
}
