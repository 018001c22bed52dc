#include "snapshot/capture_sqlite.h"

#include "sql/sqlite_lexer.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/* Of one table's changes before they are spilled; less when many tables. */
#define LOG_MEMORY ((size_t)8 << 20)

static bool same(const char *a, const char *b)
{
	return sql_same_name(SQL_SQLITE, a, b);
}

/* Tables whose rows are not the user's: sqlite_sequence is read apart. */
static bool is_internal(const char *name)
{
	return !sqlite3_strnicmp(name, "sqlite_", 7) ||
	       !sqlite3_strnicmp(name, "git_migrate_", 12);
}

struct captured *capture_by_name(struct capture *c, const char *now)
{
	for (size_t i = 0; i < c->n_tables; i++)
		if (c->tables[i]->now && same(c->tables[i]->now, now))
			return c->tables[i];
	return NULL;
}

static char **find_created(struct capture *c, const char *name)
{
	for (size_t i = 0; i < c->n_created; i++)
		if (same(c->created[i], name))
			return &c->created[i];
	return NULL;
}

static void add_created(struct capture *c, const char *name)
{
	VEC_GROW(c->created, c->n_created, c->cap_created);
	c->created[c->n_created++] = xstrdup(name);
}

static void captured_free(struct captured *t)
{
	if (!t)
		return;
	sqlite3_finalize(t->fetch);
	changelog_free(t->log);
	for (size_t i = 0; i < t->info.n_columns; i++)
		free(t->column_now[i]);
	free(t->column_now);
	free(t->index_now);
	free(t->candidate);
	free(t->now);
	table_info_release(&t->info);
	table_info_release(&t->form);
	free(t);
}

/* After its form changed: where each column of old is to be found. */
static struct err *map_columns(struct capture *c, struct captured *t)
{
	struct err *err;
	bool found;

	sqlite3_finalize(t->fetch);
	t->fetch = NULL;
	table_info_release(&t->form);
	err = table_info_read(&t->form, c->db, t->now, &found);
	if (err || !found)
		return err ? err
			   : err_new(ERR_STATE,
				     "table %s vanished while it "
				     "was changed",
				     t->now);
	for (size_t i = 0; i < t->info.n_columns; i++) {
		int k = t->column_now[i]
				? table_info_column(&t->form, t->column_now[i])
				: -1;

		t->index_now[i] = k < 0 ? -1 : t->form.columns[k].index;
	}
	return NULL;
}

static struct err *capture_table(struct capture *c, const char *name,
				 struct captured **out)
{
	struct captured *t = xcalloc(1, sizeof(*t));
	struct err *err;
	size_t n;
	bool found;

	*out = NULL;
	err = table_info_read(&t->info, c->db, name, &found);
	if (err || !found) {
		free(t);
		return err;
	}
	n = t->info.n_columns + 1;
	t->now = xstrdup(name);
	t->column_now = xcalloc(n, sizeof(*t->column_now));
	t->index_now = xcalloc(n, sizeof(*t->index_now));
	t->candidate = xcalloc(n, sizeof(*t->candidate));
	for (size_t i = 0; i < t->info.n_columns; i++)
		t->column_now[i] = xstrdup(t->info.columns[i].name);
	t->log = changelog_new(c->opt.scratch_dir,
			       LOG_MEMORY >>
				       (c->n_tables < 8 ? c->n_tables / 2 : 5));
	VEC_GROW(c->tables, c->n_tables, c->cap_tables);
	c->tables[c->n_tables++] = t;
	*out = t;
	return map_columns(c, t);
}

/*
 * The record of a table that existed before the migration, made when it is
 * first met; *out NULL for one that the migration made, or that is not ours.
 */
static struct err *ensure(struct capture *c, const char *name,
			  struct captured **out)
{
	struct err *err = NULL;

	*out = NULL;
	if (!c->sequences_read) {
		c->sequences_read = true;
		err = capture_read_sequences(c->db, &c->sequences,
					     &c->n_sequences,
					     &c->cap_sequences);
		if (err)
			return err;
	}
	if (is_internal(name) || find_created(c, name))
		return NULL;
	*out = capture_by_name(c, name);
	return *out ? NULL : capture_table(c, name, out);
}

struct err *capture_read_sequences(sqlite3 *db, struct sequence **out,
				   size_t *n, size_t *cap)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	*n = 0;
	/* the table is there only once some table has AUTOINCREMENT */
	if (sqlite3_prepare_v2(db, "SELECT name, seq FROM main.sqlite_sequence",
			       -1, &stmt, NULL) != SQLITE_OK)
		return NULL;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);

		if (!name || !sqlite3_strnicmp(name, "git_migrate_", 12))
			continue;
		VEC_GROW(*out, *n, *cap);
		(*out)[*n].table = xstrdup(name);
		(*out)[(*n)++].value = sqlite3_column_int64(stmt, 1);
	}
	if (sqlite3_finalize(stmt) != SQLITE_OK || rc != SQLITE_DONE)
		return target_sqlite_error(db, "read sqlite_sequence");
	return NULL;
}

static void on_may_write(void *payload, const char *table, const char *column)
{
	struct capture *c = payload;
	struct captured *t;

	if (c->err || !c->script)
		return;
	c->err = ensure(c, table, &t);
	if (c->err || !t || !column)
		return;
	for (size_t i = 0; i < t->info.n_columns; i++)
		if (t->column_now[i] && same(t->column_now[i], column))
			t->candidate[i] = true;
}

/* The key of a WITHOUT ROWID row from the hook, as fields in the scratch. */
static struct err *hook_key(struct capture *c, struct captured *t, bool old,
			    int64_t rowid, struct change_key *key)
{
	struct row_value v;

	memset(key, 0, sizeof(*key));
	if (!t->form.without_rowid) {
		key->i = rowid;
		return NULL;
	}
	buf_reset(&c->scratch);
	for (size_t k = 0; k < t->form.n_keys; k++) {
		sqlite3_value *value = NULL;
		int rc = old ? sqlite3_preupdate_old(
				       c->db, t->form.key_index[k], &value)
			     : sqlite3_preupdate_new(
				       c->db, t->form.key_index[k], &value);

		if (rc != SQLITE_OK)
			return target_sqlite_error(c->db, "read a key");
		table_value(&v, value);
		table_add_key(&c->scratch, k, &v);
	}
	key->s = buf_str(&c->scratch);
	key->len = c->scratch.len;
	return NULL;
}

static struct err *prepare_fetch(struct capture *c, struct captured *t)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "SELECT ");
	for (size_t i = 0; i < t->info.n_columns; i++) {
		if (t->column_now[i])
			sql_quote_name(&sql, t->column_now[i]);
		else
			buf_addstr(&sql, "NULL");
		buf_addstr(&sql, ", ");
	}
	buf_addstr(&sql, "1 FROM main.");
	sql_quote_name(&sql, t->now);
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &t->form, 1);
	err = table_prepare(c->db, buf_str(&sql), &t->fetch);
	buf_release(&sql);
	return err;
}

/* The row that is about to change, by a SELECT of our own. */
static struct err *fetch_row(struct capture *c, struct captured *t,
			     const struct change_key *key)
{
	struct err *err = t->fetch ? NULL : prepare_fetch(c, t);
	struct buf scratch = BUF_INIT;

	if (err)
		return err;
	sqlite3_reset(t->fetch);
	table_bind_key(t->fetch, 1, &t->form, key, &scratch, &err);
	if (!err && sqlite3_step(t->fetch) != SQLITE_ROW)
		err = err_new(ERR_STATE,
			      "a row of table %s could not be read before it "
			      "was changed",
			      t->now);
	buf_release(&scratch);
	return err;
}

/*
 * Old value of info's column i. The pre-update hook gives NULL for a column
 * added with a default to rows not rewritten since, so a NULL there is asked
 * for again (sqlite3.h of 3.40; later versions give the default).
 */
static struct err *old_value(struct capture *c, struct captured *t, size_t i,
			     const struct change_key *key, bool *fetched,
			     struct row_value *v)
{
	sqlite3_value *value = NULL;
	struct err *err;

	if (t->index_now[i] < 0) {
		memset(v, 0, sizeof(*v));
		return NULL;
	}
	if (!*fetched && !t->form.select_only) {
		if (sqlite3_preupdate_old(c->db, t->index_now[i], &value) !=
		    SQLITE_OK)
			return target_sqlite_error(c->db, "read an old value");
		table_value(v, value);
		if (v->type != ROW_NULL || !t->info.columns[i].has_default)
			return NULL;
	}
	if (!*fetched) {
		err = fetch_row(c, t, key);
		if (err)
			return err;
		*fetched = true;
	}
	table_value(v, sqlite3_column_value(t->fetch, (int)i));
	return NULL;
}

static struct err *log_delete(struct capture *c, struct captured *t,
			      const struct change_key *key)
{
	struct buf *out = changelog_begin(t->log, CHANGE_DELETE, key);
	struct row_value v;
	bool fetched = false;

	for (size_t i = 0; i < t->info.n_columns; i++) {
		struct err *err = old_value(c, t, i, key, &fetched, &v);

		if (err)
			return err;
		if (i)
			buf_addch(out, '\t');
		row_add_value(out, &v);
	}
	return changelog_end(t->log);
}

/*
 * A statement sets the columns it names, what it triggers may set any. The
 * new value is not asked for here: the row is compared at the end.
 */
static struct err *log_update(struct capture *c, struct captured *t,
			      const struct change_key *key)
{
	bool any = sqlite3_preupdate_depth(c->db) > 0;
	struct buf *out = changelog_begin(t->log, CHANGE_UPDATE, key);
	bool fetched = false;

	for (size_t i = 0; i < t->info.n_columns; i++) {
		struct row_value v;
		struct err *err;

		if (t->index_now[i] < 0 || (!any && !t->candidate[i]))
			continue;
		err = old_value(c, t, i, key, &fetched, &v);
		if (err)
			return err;
		changelog_column(t->log, (unsigned)i);
		row_add_value(out, &v);
	}
	return changelog_end(t->log);
}

static struct err *log_event(struct capture *c, struct captured *t, int op,
			     int64_t old_rowid, int64_t new_rowid)
{
	struct change_key key;
	struct buf old_key = BUF_INIT;
	struct err *err;
	bool moved;

	if (op == SQLITE_INSERT) {
		err = hook_key(c, t, false, new_rowid, &key);
		if (err)
			return err;
		changelog_begin(t->log, CHANGE_INSERT, &key);
		return changelog_end(t->log);
	}
	err = hook_key(c, t, true, old_rowid, &key);
	if (err)
		return err;
	if (op == SQLITE_DELETE)
		return log_delete(c, t, &key);
	if (key.s) {
		buf_add(&old_key, key.s, key.len);
		key.s = buf_str(&old_key);
	}
	moved = old_rowid != new_rowid;
	if (key.s) {
		struct change_key new_key;

		err = hook_key(c, t, false, new_rowid, &new_key);
		moved = !err && (new_key.len != key.len ||
				 memcmp(new_key.s, key.s, key.len) != 0);
	}
	if (!err && !moved)
		err = log_update(c, t, &key);
	else if (!err)
		err = log_delete(c, t, &key);
	if (!err && moved)
		err = log_event(c, t, SQLITE_INSERT, 0, new_rowid);
	buf_release(&old_key);
	return err;
}

static void on_change(void *payload, sqlite3 *db, int op, const char *schema,
		      const char *name, sqlite3_int64 old_rowid,
		      sqlite3_int64 new_rowid)
{
	struct capture *c = payload;
	struct captured *t = c->last;

	if (c->err || !c->script || strcmp(schema, "main") != 0)
		return;
	if (!t || !t->now || strcmp(t->now, name) != 0) {
		if (is_internal(name) ||
		    (c->dropping && same(c->dropping, name)))
			return;
		c->err = ensure(c, name, &t);
		if (t)
			c->last = t;
	} else if (c->dropping && same(c->dropping, name)) {
		return;
	}
	if (!c->err && t)
		c->err = log_event(c, t, op, old_rowid, new_rowid);
	if (c->err)
		sqlite3_interrupt(db);
}

struct err *capture_open(struct capture **out, struct target *t,
			 const struct capture_options *opt)
{
	struct capture *c = xcalloc(1, sizeof(*c));

	c->target = t;
	c->db = target_sqlite_db(t);
	c->opt = *opt;
	c->watch.payload = c;
	c->watch.may_write = on_may_write;
	*out = c;
	return NULL;
}

void capture_abort(struct capture *c)
{
	for (size_t i = 0; i < c->n_tables; i++)
		captured_free(c->tables[i]);
	for (size_t i = 0; i < c->n_created; i++)
		free(c->created[i]);
	for (size_t i = 0; i < c->n_sequences; i++)
		free(c->sequences[i].table);
	c->n_tables = c->n_created = c->n_sequences = 0;
	c->sequences_read = false;
	c->script = NULL;
	c->last = NULL;
	c->dropping = NULL;
	line_writer_release(&c->lines);
	err_free(c->err);
	c->err = NULL;
	c->target->watch = NULL;
	sqlite3_preupdate_hook(c->db, NULL, NULL);
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	capture_abort(c);
	free(c->tables);
	free(c->created);
	free(c->sequences);
	buf_release(&c->scratch);
	free(c);
}

void capture_begin(struct capture *c, const struct snapshot_out *out,
		   const struct sql_script *script)
{
	capture_abort(c);
	c->out = out;
	c->script = script;
	c->n_files = 0;
	line_writer_init(&c->lines, out, c->opt.limit);
	c->target->watch = &c->watch;
	sqlite3_preupdate_hook(c->db, on_change, c);
}

struct err *capture_take_error(struct capture *c)
{
	struct err *err = c->err;

	c->err = NULL;
	return err;
}

/* The name may come back to life later in the script. */
static bool made_again(const struct capture *c, size_t i, const char *name)
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
static struct err *log_rows(struct capture *c, struct captured *t, int column)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	struct row_value v;
	struct err *err;
	int rc = SQLITE_DONE, n_keys = 1;

	buf_addstr(&sql, "SELECT ");
	if (t->form.without_rowid) {
		n_keys = (int)t->form.n_keys;
		for (int k = 0; k < n_keys; k++) {
			sql_quote_name(&sql, t->form.keys[k]);
			buf_addstr(&sql, ", ");
		}
	} else {
		buf_addf(&sql, "%s, ", t->form.rowid);
	}
	for (size_t i = 0; i < t->info.n_columns; i++) {
		if (t->column_now[i] && (column < 0 || (int)i == column))
			sql_quote_name(&sql, t->column_now[i]);
		else
			buf_addstr(&sql, "NULL");
		buf_addstr(&sql, ", ");
	}
	buf_addstr(&sql, "0 FROM main.");
	sql_quote_name(&sql, t->now);
	if (!t->form.without_rowid)
		buf_addf(&sql, " ORDER BY %s", t->form.rowid);
	err = table_prepare(c->db, buf_str(&sql), &stmt);
	while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct change_key key = { 0 };
		struct buf *out;

		key.i = sqlite3_column_int64(stmt, 0);
		if (t->form.without_rowid) {
			buf_reset(&c->scratch);
			for (int k = 0; k < n_keys; k++) {
				table_value(&v, sqlite3_column_value(stmt, k));
				table_add_key(&c->scratch, (size_t)k, &v);
			}
			key.s = buf_str(&c->scratch);
			key.len = c->scratch.len;
		}
		out = changelog_begin(
			t->log, column < 0 ? CHANGE_DELETE : CHANGE_UPDATE,
			&key);
		for (size_t i = 0; i < t->info.n_columns; i++) {
			if (column >= 0 && (int)i != column)
				continue;
			table_value(&v, sqlite3_column_value(stmt,
							     n_keys + (int)i));
			if (column >= 0)
				changelog_column(t->log, (unsigned)i);
			else if (i)
				buf_addch(out, '\t');
			row_add_value(out, &v);
		}
		err = changelog_end(t->log);
	}
	if (!err && rc != SQLITE_DONE)
		err = target_sqlite_error(c->db, "read rows");
	sqlite3_finalize(stmt);
	buf_release(&sql);
	return err_wrap(err, "keep the rows of table %s", t->now);
}

static struct err *before_drop(struct capture *c, size_t i, const char *name)
{
	struct captured *t;
	struct err *err = ensure(c, name, &t);

	if (err || !t)
		return err;
	c->dropping = name;
	if (changelog_is_empty(t->log) && !made_again(c, i, t->info.name) &&
	    same(t->info.name, t->now)) {
		t->streamed = true;
		return capture_stream(c, t);
	}
	return log_rows(c, t, -1);
}

/* The tables that hold a virtual table's data, named <table>_<suffix>. */
static struct err *before_drop_virtual(struct capture *c, size_t i,
				       const char *name)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		c->db,
		"SELECT name FROM pragma_table_list WHERE schema = 'main' AND "
		"type = 'shadow' AND lower(substr(name, 1, length(?1) + 1)) "
		"= lower(?1) || '_'",
		&stmt);
	char **names = NULL;
	size_t n = 0, cap = 0;

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		VEC_GROW(names, n, cap);
		names[n++] =
			xstrdup((const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	for (size_t k = 0; k < n && !err; k++)
		err = before_drop(c, i, names[k]);
	for (size_t k = 0; k < n; k++)
		free(names[k]);
	free(names);
	c->dropping = NULL;
	return err;
}

static bool is_virtual(sqlite3 *db, const char *name)
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

static bool table_exists(sqlite3 *db, const char *name)
{
	return sqlite3_table_column_metadata(db, "main", name, NULL, NULL, NULL,
					     NULL, NULL, NULL) == SQLITE_OK;
}

/* The statement means the main database's table of that name. */
static bool concerns_main(struct capture *c, const struct sql_statement *s)
{
	if (!s->object || s->temp)
		return false;
	if (s->schema)
		return same(s->schema, "main");
	return sqlite3_table_column_metadata(c->db, "temp", s->object, NULL,
					     NULL, NULL, NULL, NULL,
					     NULL) != SQLITE_OK;
}

struct err *capture_before(struct capture *c, size_t i)
{
	const struct sql_statement *s = &c->script->statements[i];
	struct captured *t;
	struct err *err = NULL;
	int column;

	c->dropping = NULL;
	for (size_t k = 0; k < c->n_tables; k++)
		memset(c->tables[k]->candidate, 0,
		       c->tables[k]->info.n_columns);
	if (!concerns_main(c, s))
		return NULL;
	switch ((int)s->verb) {
	case SQL_CREATE_TABLE:
		c->was_there = table_exists(c->db, s->object);
		break;
	case SQL_DROP_TABLE:
		err = is_virtual(c->db, s->object)
			      ? before_drop_virtual(c, i, s->object)
			      : before_drop(c, i, s->object);
		break;
	case SQL_DROP_COLUMN:
		err = ensure(c, s->object, &t);
		for (column = 0;
		     t && !err && s->detail && column < (int)t->info.n_columns;
		     column++)
			if (t->column_now[column] &&
			    same(t->column_now[column], s->detail))
				return log_rows(c, t, column);
		break;
	case SQL_ADD_COLUMN:
	case SQL_RENAME_COLUMN:
	case SQL_RENAME_TABLE:
		err = ensure(c, s->object, &t);
		break;
	default:
		break;
	}
	return err;
}

static void after_rename(struct capture *c, const struct sql_statement *s)
{
	struct captured *t = capture_by_name(c, s->object);
	char **created = t ? NULL : find_created(c, s->object);

	if (t) {
		free(t->now);
		t->now = xstrdup(s->detail);
	} else if (created) {
		free(*created);
		*created = xstrdup(s->detail);
	}
}

static void after_column(struct captured *t, const struct sql_statement *s)
{
	for (size_t i = 0; t && s->detail && i < t->info.n_columns; i++) {
		if (!t->column_now[i] || !same(t->column_now[i], s->detail))
			continue;
		free(t->column_now[i]);
		t->column_now[i] = s->verb == SQL_RENAME_COLUMN
					   ? xstrdup(s->detail2)
					   : NULL;
		return;
	}
}

static void after_drop(struct capture *c, const char *name)
{
	for (size_t i = 0; i < c->n_created; i++)
		if (same(c->created[i], name)) {
			free(c->created[i]);
			c->created[i] = c->created[--c->n_created];
			return;
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

static bool makes_virtual(const struct sql_statement *s)
{
	struct sqlite_lexer l;
	struct sqlite_token t;

	sqlite_lexer_init(&l, s->text, s->len);
	sqlite_lexer_next_solid(&l); /* CREATE */
	t = sqlite_lexer_next_solid(&l);
	return sqlite_token_is(&t, "virtual");
}

/* A virtual table makes its shadow tables; all of them are new. */
static struct err *after_create(struct capture *c,
				const struct sql_statement *s)
{
	const char *name = s->object;
	sqlite3_stmt *stmt = NULL;
	struct err *err;

	if (c->was_there)
		return NULL;
	add_created(c, name);
	if (!makes_virtual(s))
		return NULL;
	err = table_prepare(c->db,
			    "SELECT name FROM pragma_table_list WHERE schema = "
			    "'main' AND type = 'shadow' AND lower(substr(name, "
			    "1, length(?1) + 1)) = lower(?1) || '_'",
			    &stmt);
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		add_created(c, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return NULL;
}

struct err *capture_after(struct capture *c, size_t i)
{
	const struct sql_statement *s = &c->script->statements[i];
	struct captured *t = NULL;
	struct err *err = capture_take_error(c);

	c->dropping = NULL;
	c->last = NULL;
	if (err || s->temp || !s->object)
		return err;
	switch ((int)s->verb) {
	case SQL_CREATE_TABLE:
		return after_create(c, s);
	case SQL_DROP_TABLE:
		after_drop(c, s->object);
		return NULL;
	case SQL_RENAME_TABLE:
		after_rename(c, s);
		t = capture_by_name(c, s->detail);
		break;
	case SQL_RENAME_COLUMN:
	case SQL_DROP_COLUMN:
		t = capture_by_name(c, s->object);
		after_column(t, s);
		break;
	case SQL_ADD_COLUMN:
		t = capture_by_name(c, s->object);
		break;
	default:
		return NULL;
	}
	return t ? map_columns(c, t) : NULL;
}
