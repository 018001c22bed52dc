#include "snapshot/capture_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/* Which tables a migration touches, and what they are called by now. */

/* Of one table's changes before they are spilled; less when many tables. */
#define LOG_MEMORY ((size_t)8 << 20)

static bool same(const char *a, const char *b)
{
	return sql_same_name(SQL_SQLITE, a, b);
}

bool capture_is_internal(const char *name)
{
	return !sqlite3_strnicmp(name, "sqlite_", 7) ||
	       !sqlite3_strnicmp(name, "git_migrate_", 12);
}

struct captured *capture_by_name(struct sqlite_capture *c, const char *now)
{
	for (size_t i = 0; i < c->n_tables; i++)
		if (c->tables[i]->now && same(c->tables[i]->now, now))
			return c->tables[i];
	return NULL;
}

bool capture_is_created(const struct sqlite_capture *c, const char *name)
{
	for (size_t i = 0; i < c->n_created; i++)
		if (same(c->created[i], name))
			return true;
	return false;
}

void capture_add_created(struct sqlite_capture *c, const char *name)
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
	for (size_t i = 0; i < t->info.n_all; i++)
		free(t->all_now[i]);
	free(t->column_now);
	free(t->all_now);
	free(t->index_now);
	free(t->candidate);
	free(t->now);
	table_info_release(&t->info);
	table_info_release(&t->form);
	free(t);
}

struct err *capture_map_columns(struct sqlite_capture *c, struct captured *t)
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

static struct err *capture_table(struct sqlite_capture *c, const char *name,
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
	t->now = xstrdup(t->info.name);
	t->column_now = xcalloc(n, sizeof(*t->column_now));
	t->index_now = xcalloc(n, sizeof(*t->index_now));
	t->candidate = xcalloc(n, sizeof(*t->candidate));
	for (size_t i = 0; i < t->info.n_columns; i++)
		t->column_now[i] = xstrdup(t->info.columns[i].name);
	t->all_now = xcalloc(t->info.n_all + 1, sizeof(*t->all_now));
	for (size_t i = 0; i < t->info.n_all; i++)
		t->all_now[i] = xstrdup(t->info.all[i]);
	c->any_virtual |= t->info.is_virtual;
	t->log = changelog_new(c->base.opt.scratch_dir,
			       LOG_MEMORY >>
				       (c->n_tables < 8 ? c->n_tables / 2 : 5));
	VEC_GROW(c->tables, c->n_tables, c->cap_tables);
	c->tables[c->n_tables++] = t;
	*out = t;
	return capture_map_columns(c, t);
}

/* A table that the virtual table being made is making for itself. */
static bool is_in_the_making(const struct sqlite_capture *c, const char *name)
{
	size_t n = c->creating ? strlen(c->creating) : 0;

	return n && !sqlite3_strnicmp(name, c->creating, (int)n) &&
	       name[n] == '_';
}

struct err *capture_ensure(struct sqlite_capture *c, const char *name,
			   struct captured **out)
{
	struct err *err = NULL;

	*out = NULL;
	if (!c->sequences_read) {
		c->sequences_read = true;
		err = sequences_read(&c->sequences, c->db);
		if (err)
			return err;
	}
	if (capture_is_internal(name) || capture_is_created(c, name))
		return NULL;
	*out = capture_by_name(c, name);
	if (*out || is_in_the_making(c, name))
		return NULL;
	return capture_table(c, name, out);
}

static void on_may_write(void *payload, const char *table, const char *column)
{
	struct sqlite_capture *c = payload;
	struct captured *t;

	if (c->err || !c->script)
		return;
	c->err = capture_ensure(c, table, &t);
	if (c->err || !t)
		return;
	t->named = true;
	for (size_t i = 0; column && i < t->info.n_columns; i++)
		if (t->column_now[i] && same(t->column_now[i], column))
			t->candidate[i] = true;
}

static void abort_capture(struct capture *base)
{
	struct sqlite_capture *c = sqlite_capture_of(base);

	for (size_t i = 0; i < c->n_tables; i++)
		captured_free(c->tables[i]);
	for (size_t i = 0; i < c->n_created; i++)
		free(c->created[i]);
	sequences_release(&c->sequences);
	for (size_t i = 0; i < c->n_placed; i++) {
		free(c->placed[i].type);
		free(c->placed[i].name);
		free(c->placed[i].sql);
	}
	c->n_tables = c->n_created = c->n_placed = 0;
	c->sequences_read = c->any_virtual = c->dropped_virtual = false;
	c->script = NULL;
	c->last = NULL;
	c->dropping = c->creating = NULL;
	c->collateral = 0;
	line_writer_release(&c->lines);
	err_free(c->err);
	c->err = NULL;
	c->base.target->watch = NULL;
	sqlite3_preupdate_hook(c->db, NULL, NULL);
}

static void close_capture(struct capture *base)
{
	struct sqlite_capture *c = sqlite_capture_of(base);

	abort_capture(base);
	free(c->tables);
	free(c->created);
	free(c->placed);
	buf_release(&c->scratch);
	buf_release(&c->bind);
	free(c);
}

static void begin_capture(struct capture *base, const struct snapshot_out *out,
			  const struct sql_script *script)
{
	struct sqlite_capture *c = sqlite_capture_of(base);

	abort_capture(base);
	c->out = out;
	c->script = script;
	c->n_files = 0;
	line_writer_init(&c->lines, out, c->base.opt.limit);
	c->base.target->watch = &c->watch;
	sqlite3_preupdate_hook(c->db, capture_on_change, c);
}

static struct err *take_error(struct capture *base)
{
	return sqlite_capture_take(sqlite_capture_of(base));
}

static const struct capture_ops ops = {
	.begin = begin_capture,
	.before = sqlite_capture_before,
	.after = sqlite_capture_after,
	.take_error = take_error,
	.finish = sqlite_capture_finish,
	.abort = abort_capture,
	.close = close_capture,
};

struct capture *capture_sqlite_new(struct target *t)
{
	struct sqlite_capture *c = xcalloc(1, sizeof(*c));

	c->base.ops = &ops;
	c->db = target_sqlite_db(t);
	c->watch.payload = c;
	c->watch.may_write = on_may_write;
	c->new_as_stored = -1;
	return &c->base;
}

struct err *sqlite_capture_take(struct sqlite_capture *c)
{
	struct err *err = c->err;

	c->err = NULL;
	return err;
}

/*
 * Full-text tables gather writes until a savepoint or the commit
 * (https://sqlite.org/vtab.html, xSavepoint).
 */
struct err *capture_flush(struct sqlite_capture *c)
{
	if (!c->any_virtual)
		return NULL;
	for (size_t i = 0; i < c->n_tables; i++)
		c->tables[i]->named = false;
	if (sqlite3_exec(c->db,
			 "SAVEPOINT git_migrate_flush; "
			 "RELEASE git_migrate_flush",
			 NULL, NULL, NULL) != SQLITE_OK &&
	    !c->err)
		return target_sqlite_error(c->db, "write virtual tables");
	return sqlite_capture_take(c);
}
