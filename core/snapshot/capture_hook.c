#include "snapshot/capture_sqlite.h"

#include <string.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * The pre-update hook: each row that changes, with the values it had. What
 * can be trusted of it stands in docs/snapshots.md.
 */

/*
 * How sqlite3_preupdate_new() counts the columns of an UPDATE where there are
 * virtual ones: as they are declared, or (3.40) as they are stored. Tried out
 * once, since versions differ and the documentation does not say.
 */
/* NOLINTNEXTLINE(readability-function-size): SQLite's signature */
static void probe(void *payload, sqlite3 *db, int op, const char *schema,
		  const char *name, sqlite3_int64 old_rowid,
		  sqlite3_int64 new_rowid)
{
	sqlite3_value *value = NULL;
	int *stored = payload;

	(void)schema, (void)name, (void)old_rowid, (void)new_rowid;
	if (op == SQLITE_UPDATE &&
	    sqlite3_preupdate_new(db, 1, &value) == SQLITE_OK)
		*stored = sqlite3_value_int(value) != 2;
}

static bool counts_as_stored(struct sqlite_capture *c)
{
	sqlite3 *db = NULL;

	if (c->new_as_stored >= 0)
		return c->new_as_stored;
	c->new_as_stored = 0;
	if (sqlite3_open(":memory:", &db) == SQLITE_OK) {
		sqlite3_preupdate_hook(db, probe, &c->new_as_stored);
		sqlite3_exec(db,
			     "CREATE TABLE t(v AS (1), k INT PRIMARY KEY, x) "
			     "WITHOUT ROWID; INSERT INTO t VALUES (1, 3); "
			     "UPDATE t SET k = 2",
			     NULL, NULL, NULL);
	}
	sqlite3_close(db);
	return c->new_as_stored;
}

/* The key of a WITHOUT ROWID row from the hook, as fields in the scratch. */
static struct err *hook_key(struct sqlite_capture *c, struct captured *t,
			    int op, bool old, int64_t rowid,
			    struct change_key *key)
{
	const int *index = t->form.key_index;
	struct row_value v;

	memset(key, 0, sizeof(*key));
	if (!t->form.without_rowid) {
		key->i = rowid;
		return NULL;
	}
	if (t->form.any_virtual && op == SQLITE_UPDATE && !old &&
	    counts_as_stored(c))
		index = t->form.key_stored;
	buf_reset(&c->scratch);
	for (size_t k = 0; k < t->form.n_keys; k++) {
		sqlite3_value *value = NULL;
		int rc = old ? sqlite3_preupdate_old(c->db, index[k], &value)
			     : sqlite3_preupdate_new(c->db, index[k], &value);

		if (rc != SQLITE_OK)
			return target_sqlite_error(c->db, "read a key");
		table_value(&v, value);
		table_add_key(&c->scratch, k, &v);
	}
	key->s = buf_str(&c->scratch);
	key->len = c->scratch.len;
	return NULL;
}

static struct err *prepare_fetch(struct sqlite_capture *c, struct captured *t)
{
	const struct table_fields f = {
		.table = &t->form,
		.name = t->now,
		.columns = (const char *const *)t->column_now,
		.n = t->info.n_columns,
	};
	struct buf sql = BUF_INIT;
	struct err *err;

	table_add_select(&sql, &f);
	/* entries of other indexes may be gone already when the hook runs */
	if (t->form.without_rowid)
		buf_addf(&sql, " INDEXED BY %s", t->form.key_quoted);
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &t->form, 1);
	t->fetch_first = t->form.without_rowid ? (int)t->form.n_keys : 1;
	err = table_prepare(c->db, buf_str(&sql), &t->fetch);
	buf_release(&sql);
	return err;
}

/* The row that is about to change, by a SELECT of our own. */
static struct err *fetch_row(struct sqlite_capture *c, struct captured *t,
			     const struct change_key *key)
{
	struct err *err = t->fetch ? NULL : prepare_fetch(c, t);

	if (err)
		return err;
	sqlite3_reset(t->fetch);
	table_bind_key(t->fetch, 1, &t->form, key, &c->bind, &err);
	if (!err && sqlite3_step(t->fetch) != SQLITE_ROW)
		err = err_new(ERR_STATE,
			      "a row of table %s could not be read before it "
			      "was changed",
			      t->now);
	return err;
}

/*
 * Old value of info's column i. The pre-update hook gives NULL for a column
 * added with a default to rows not rewritten since, so a NULL there is asked
 * for again (sqlite3.h of 3.40; later versions give the default).
 */
static struct err *old_value(struct sqlite_capture *c, struct captured *t,
			     size_t i, const struct change_key *key,
			     bool *fetched, struct row_value *v)
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
	table_value(v, sqlite3_column_value(t->fetch, t->fetch_first + (int)i));
	return NULL;
}

static struct err *log_delete(struct sqlite_capture *c, struct captured *t,
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
	/* an unfinished SELECT would lock the table against DROP */
	if (fetched)
		sqlite3_reset(t->fetch);
	return changelog_end(t->log);
}

/*
 * A statement sets the columns it names; what it triggers, or what a virtual
 * table does behind it, may set any. The
 * new value is not asked for here: the row is compared at the end.
 */
static struct err *log_update(struct sqlite_capture *c, struct captured *t,
			      const struct change_key *key)
{
	bool any = !t->named || sqlite3_preupdate_depth(c->db) > 0;
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
	/* an unfinished SELECT would lock the table against DROP */
	if (fetched)
		sqlite3_reset(t->fetch);
	return changelog_end(t->log);
}

static struct err *log_insert(struct captured *t, const struct change_key *key)
{
	changelog_begin(t->log, CHANGE_INSERT, key);
	return changelog_end(t->log);
}

/* A row whose key changes has left the one and come to the other. */
static struct err *log_moves(struct sqlite_capture *c, struct captured *t,
			     const struct change_key *key, int64_t new_rowid)
{
	struct buf copy = BUF_INIT;
	struct change_key old = *key, new;
	struct err *err;

	if (old.s) {
		buf_add(&copy, old.s, old.len); /* scratch is used again */
		old.s = buf_str(&copy);
	}
	err = hook_key(c, t, SQLITE_UPDATE, false, new_rowid, &new);
	if (!err &&
	    (old.s ? new.len == old.len && !memcmp(new.s, old.s, old.len)
		   : new.i == old.i)) {
		err = log_update(c, t, &old);
	} else if (!err) {
		err = log_insert(t, &new);
		if (!err)
			err = log_delete(c, t, &old);
	}
	buf_release(&copy);
	return err;
}

static struct err *log_event(struct sqlite_capture *c, struct captured *t,
			     int op, int64_t old_rowid, int64_t new_rowid)
{
	struct change_key key;
	struct err *err;

	err = hook_key(c, t, op, op != SQLITE_INSERT,
		       op == SQLITE_INSERT ? new_rowid : old_rowid, &key);
	if (err)
		return err;
	if (op == SQLITE_INSERT)
		return log_insert(t, &key);
	if (op == SQLITE_DELETE)
		return log_delete(c, t, &key);
	if (!key.s && old_rowid == new_rowid)
		return log_update(c, t, &key);
	return log_moves(c, t, &key, new_rowid);
}

/* The record of the table that an event is about, or NULL. */
static struct captured *table_of(struct sqlite_capture *c, const char *name)
{
	struct captured *t = c->last;

	if (t && t->now && streq(t->now, name))
		return t;
	if (capture_is_internal(name))
		return NULL;
	c->err = capture_ensure(c, name, &t);
	if (t)
		c->last = t;
	return t;
}

/* NOLINTNEXTLINE(readability-function-size): SQLite's signature */
void capture_on_change(void *payload, sqlite3 *db, int op, const char *schema,
		       const char *name, sqlite3_int64 old_rowid,
		       sqlite3_int64 new_rowid)
{
	struct sqlite_capture *c = payload;
	struct captured *t;

	if (c->err || !c->script || !streq(schema, "main") ||
	    (c->dropping && sql_same_name(SQL_SQLITE, c->dropping, name)))
		return;
	t = table_of(c, name);
	c->collateral += c->dropping && t;
	if (!c->err && t)
		c->err = log_event(c, t, op, old_rowid, new_rowid);
	if (c->err)
		sqlite3_interrupt(db);
}
