#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/* Statement by statement: what has to be kept before it runs, and after. */

static const char try_again[] = "ROLLBACK TO SAVEPOINT git_migrate_try";
static const char end_try[] = "RELEASE SAVEPOINT git_migrate_try";

static void abort_capture(struct capture *base)
{
	struct pg_capture *c = pg_capture_of(base);

	for (size_t i = 0; i < c->n_tables; i++)
		pg_captured_free(c->tables[i]);
	for (size_t i = 0; i < c->n_sequences; i++)
		free(c->sequences[i].name);
	pg_capture_forget_cursors(c);
	pg_labels_release(&c->labels);
	free(c->sequences);
	c->sequences = NULL;
	c->n_tables = c->n_created = c->n_held = c->n_sequences = 0;
	c->cap_sequences = 0;
	c->sequences_read = c->wrote = c->wrote_any = c->altered = false;
	c->begun = c->knows_multis = false;
	c->trying = c->aside = c->asked = false;
	c->script = NULL;
	buf_reset(&c->xids);
	line_writer_release(&c->lines);
}

static void close_capture(struct capture *base)
{
	struct pg_capture *c = pg_capture_of(base);

	abort_capture(base);
	free(c->tables);
	free(c->created);
	free(c->held);
	free(c->cursors);
	buf_release(&c->xids);
	buf_release(&c->ours);
	buf_release(&c->key);
	buf_release(&c->sql);
	free(c);
}

static void begin_capture(struct capture *base, const struct snapshot_out *out,
			  const struct sql_script *script)
{
	struct pg_capture *c = pg_capture_of(base);

	abort_capture(base);
	c->c = target_pg_conn(base->target);
	c->second = NULL;
	c->out = out;
	c->script = script;
	c->n_files = 0;
	line_writer_init(&c->lines, out, base->opt.limit);
}

/* --- what a statement is --- */

/* It may destroy what its text does not name. */
static bool is_opaque(const struct sql_statement *s)
{
	if (s->unknown)
		return true;
	for (size_t i = 0; i < s->n_losses; i++)
		if (!sql_loss_is_of_table(&s->losses[i]))
			return true;
	if (s->kind == SQL_KIND_DML)
		return s->verb == SQL_OTHER || s->verb == SQL_SELECT;
	/* DROP TYPE or COLLATION ... CASCADE takes columns along */
	return s->kind == SQL_KIND_DDL && s->verb == SQL_DROP;
}

/* Another statement may write rows of the same tables. */
static bool others_write(const struct pg_capture *c, size_t i)
{
	if (c->aside)
		return true;
	for (size_t k = 0; k < c->script->n; k++) {
		const struct sql_statement *s = &c->script->statements[k];

		if (k != i && (s->kind == SQL_KIND_DML || s->unknown))
			return true;
	}
	return false;
}

/* Another statement takes something of a table of that name away. */
static bool others_destroy(const struct pg_capture *c, size_t i,
			   const char *object)
{
	for (size_t k = 0; k < c->script->n; k++) {
		const struct sql_statement *s = &c->script->statements[k];

		if (k == i)
			continue;
		if (is_opaque(s))
			return true;
		for (size_t l = 0; l < s->n_losses; l++)
			if (streq(s->losses[l].object, object))
				return true;
	}
	return false;
}

/* --- before --- */

/* Old rows of one table that was written, and the keys of new ones. */
static struct err *flush_table(struct pg_capture *c, const struct pg_held *h)
{
	struct pg_captured *t;
	struct err *e = pg_capture_table(c, h->oid, &t);

	if (e || !t || !t->concerns || t->complete_whole)
		return e;
	if (!h->exclusive)
		e = pg_capture_flush(c, t);
	return e ? e : pg_capture_mark_inserted(c, t);
}

/* ... of all, before a statement that is no plain write. */
static struct err *flush_written(struct pg_capture *c)
{
	struct err *e = NULL;

	if (!c->wrote)
		return NULL;
	for (size_t i = 0; i < c->n_held && !e; i++)
		if (c->held[i].wrote)
			e = flush_table(c, &c->held[i]);
	c->wrote = false;
	return e;
}

/* The columns that a loss takes, by their names now. */
static void mark_taken(struct pg_captured *t, const struct pg_table *now,
		       const struct sql_loss *loss)
{
	struct buf name = BUF_INIT;

	for (size_t i = 0; i < now->n_columns; i++) {
		const struct pg_column *c = &now->columns[i];
		bool hit;

		buf_reset(&name);
		pg_add_name(&name, loss->column);
		hit = streq(buf_str(&name), c->name) ||
		      streq(loss->column, c->name);
		for (size_t k = 0; hit && k < t->was.n_columns; k++)
			if (t->was.columns[k].number == c->number)
				t->taken[k] = true;
	}
	buf_release(&name);
}

/* A key that goes cannot pair rows: they are told apart by the rest. */
void pg_capture_forget_keys(struct pg_captured *t)
{
	bool lost = false;

	for (size_t i = 0; i < t->was.n_columns; i++) {
		lost |= t->taken[i] && t->was.columns[i].key;
		t->matched[i] &= !t->taken[i];
	}
	if (lost && !t->log)
		t->was.n_keys = 0;
}

static struct err *mark_columns(struct pg_capture *c, struct pg_captured *t,
				const struct sql_statement *s)
{
	struct pg_table now;
	struct err *e;

	e = pg_capture_now(c, t->was.oid, &now);
	for (size_t i = 0; !e && i < s->n_losses; i++)
		if (s->losses[i].column)
			mark_taken(t, &now, &s->losses[i]);
	pg_capture_forget_keys(t);
	pg_table_release(&now);
	return e;
}

static bool has_taken(const struct pg_captured *t)
{
	for (size_t i = 0; i < t->was.n_columns; i++)
		if (t->taken[i] && !t->was.columns[i].generated)
			return true;
	return false;
}

/* What statement i takes of one table, kept; the table is locked. */
static struct err *keep_loss(struct pg_capture *c, size_t i,
			     const struct sql_loss *loss, struct pg_captured *t)
{
	const struct sql_statement *s = &c->script->statements[i];
	bool dropped = loss->kind == SQL_LOSS_TABLE;
	bool emptied = loss->kind == SQL_LOSS_ALL_ROWS;
	const struct pg_held *h = pg_capture_is_held(c, t->was.oid);
	bool alone = !t->log && !t->direct && !(h && h->wrote);
	struct err *e = NULL;

	if (t->complete_whole)
		return NULL;
	if (dropped && alone)
		return pg_capture_direct(c, t, true, false);
	alone = alone && !others_write(c, i) &&
		!others_destroy(c, i, loss->object);
	if (emptied && alone)
		return pg_capture_direct(c, t, false, true);
	if (dropped || emptied)
		return pg_capture_copy(c, t, true);
	e = mark_columns(c, t, s);
	if (e || !has_taken(t))
		return e;
	for (size_t k = 0; k < s->n_losses; k++)
		alone &= s->losses[k].kind == SQL_LOSS_COLUMN;
	if (alone && t->was.n_keys)
		return pg_capture_direct(c, t, false, false);
	return pg_capture_copy(c, t, t->was.n_keys == 0);
}

struct err *pg_capture_lock(struct pg_capture *c, struct pg_captured **list,
			    size_t n)
{
	struct pg_table now;
	struct err *e = NULL;

	buf_reset(&c->sql);
	for (size_t i = 0; i < n && !e; i++) {
		e = pg_capture_now(c, list[i]->was.oid, &now);
		if (!e && now.oid)
			buf_addf(&c->sql, "%s%s",
				 c->sql.len ? ", ONLY " : "LOCK TABLE ONLY ",
				 now.name);
		pg_table_release(&now);
	}
	if (e || !c->sql.len)
		return e;
	buf_addstr(&c->sql, " IN ACCESS EXCLUSIVE MODE");
	return pg_exec(c->c, buf_str(&c->sql));
}

/* All relations of one loss: locked, then read. */
static struct err *keep_named(struct pg_capture *c, size_t i,
			      const struct sql_loss *loss)
{
	struct pg_captured **list, *t;
	unsigned *oids;
	size_t n, found = 0;
	struct err *e = pg_capture_resolve(c, loss, &oids, &n);

	list = xcalloc(n + 1, sizeof(struct pg_captured *));
	for (size_t k = 0; k < n && !e; k++) {
		e = pg_capture_table(c, oids[k], &t);
		if (!e && t && t->concerns && !t->complete_whole)
			list[found++] = t;
	}
	if (!e && found)
		e = pg_capture_lock(c, list, found);
	for (size_t k = 0; k < found && !e; k++)
		e = keep_loss(c, i, loss, list[k]);
	free(list);
	free(oids);
	return e;
}

static struct err *keep_losses(struct pg_capture *c, size_t i)
{
	const struct sql_statement *s = &c->script->statements[i];
	struct err *e = NULL;

	for (size_t k = 0; k < s->n_losses && !e; k++) {
		const struct sql_loss *loss = &s->losses[k];
		bool seen = false;

		/* a sequence is kept as such, no row goes with it */
		if (loss->kind == SQL_LOSS_IDENTITY)
			continue;
		/* one reading for all columns that a statement takes */
		for (size_t l = 0; l < k && loss->column; l++)
			seen |= s->losses[l].column &&
				streq(s->losses[l].object, loss->object) &&
				streq_null(s->losses[l].schema, loss->schema);
		if (sql_loss_is_of_table(loss) && !seen)
			e = keep_named(c, i, loss);
	}
	return e;
}

/* Behind our lock the observer sees nothing, and what DO does to a table with
 * an open cursor may fail: it is kept whole before. */
static struct err *keep_locked(struct pg_capture *c)
{
	struct err *e = NULL;

	for (size_t i = 0; i < c->n_held && !e; i++) {
		struct pg_captured *t;

		if (!c->held[i].exclusive)
			continue;
		e = pg_capture_table(c, c->held[i].oid, &t);
		if (!e && t && t->concerns && !t->complete_whole)
			e = pg_capture_copy(c, t, true);
	}
	return e;
}

/* Something in the script takes rows that were there, for all that is known. */
static bool may_supersede(const struct pg_capture *c)
{
	for (size_t i = 0; i < c->script->n; i++) {
		const struct sql_statement *s = &c->script->statements[i];

		if (s->kind == SQL_KIND_DML || s->n_losses || s->unknown)
			return true;
	}
	return false;
}

static struct err *before(struct capture *base, size_t i)
{
	struct pg_capture *c = pg_capture_of(base);
	const struct sql_statement *s = &c->script->statements[i];
	bool opaque = is_opaque(s), writes = s->kind == SQL_KIND_DML;
	bool first = !c->begun;
	struct err *e = NULL;

	c->begun = true;
	c->ran++;
	if (first && may_supersede(c))
		e = pg_capture_count_multis(c);
	if (e || (s->kind == SQL_KIND_READ && !s->unknown))
		return e;
	if (writes || opaque || s->n_losses)
		e = pg_capture_sequences(c);
	/* the first statement of a plain CREATE has nothing behind it */
	if (!e && (opaque || s->n_losses || (writes && c->altered) ||
		   (!writes && c->wrote)))
		e = pg_capture_held(c);
	if (!e && (!writes || opaque))
		e = flush_written(c);
	if (!e && opaque && c->altered)
		e = keep_locked(c);
	if (!e && s->n_losses)
		e = keep_losses(c, i);
	if (!e && !writes)
		e = pg_capture_values(c, s);
	if (!e && opaque) {
		e = pg_exec(c->c, "SAVEPOINT git_migrate_try");
		c->trying = !e;
	}
	if (!e && writes && !opaque && c->altered)
		e = pg_capture_cursors(c);
	return e;
}

/* --- after --- */

/* ADD COLUMN with a volatile default, SET LOGGED, CLUSTER, ...: of no matter
 * where no rows are written. */
static bool may_rewrite(const struct pg_capture *c,
			const struct sql_statement *s)
{
	if (s->kind != SQL_KIND_DDL || s->verb == SQL_CREATE ||
	    s->verb == SQL_CREATE_TABLE || s->verb == SQL_DROP ||
	    s->verb == SQL_DROP_TABLE)
		return false;
	for (size_t i = 0; i < c->script->n; i++)
		if (c->script->statements[i].kind == SQL_KIND_DML ||
		    c->script->statements[i].unknown)
			return true;
	return false;
}

/* A table that was locked away by the statement itself lost something. */
static struct err *is_damaged(struct pg_capture *c, struct pg_captured *t,
			      const struct pg_held *h, bool *out)
{
	struct pg_table now;
	struct err *e;

	e = pg_capture_now(c, t->was.oid, &now);
	*out = h->wrote || now.oid == 0 || now.file != t->was.file;
	for (size_t i = 0; !e && i < t->was.n_columns && !*out; i++) {
		const struct pg_column *was = &t->was.columns[i];
		const struct pg_column *is = pg_table_column(&now, was->number);

		*out = !is || is->type != was->type ||
		       !streq(is->type_name, was->type_name);
	}
	pg_table_release(&now);
	return e;
}

static struct err *find_damaged(struct pg_capture *c,
				struct pg_captured ***list, size_t *n)
{
	struct pg_captured *t;
	struct err *e = pg_capture_held(c);

	*list = xcalloc(c->n_held + 1, sizeof(struct pg_captured *));
	*n = 0;
	for (size_t i = 0; i < c->n_held && !e; i++) {
		bool damaged = false;

		if (!c->held[i].exclusive)
			continue;
		e = pg_capture_table(c, c->held[i].oid, &t);
		if (e || !t || !t->concerns || t->complete_whole || t->direct)
			continue;
		e = is_damaged(c, t, &c->held[i], &damaged);
		if (damaged)
			(*list)[(*n)++] = t;
	}
	return e;
}

/* What it destroyed is known now: undone, kept, and run once more. */
static struct err *run_again(struct pg_capture *c, size_t i,
			     struct pg_captured **list, size_t n)
{
	struct target *target = c->base.target;
	struct target_seen seen = target->seen;
	struct err *e = pg_exec(c->c, try_again);

	if (!e)
		e = pg_capture_held(c);
	/* written before by us: those old rows first, while the observer can
	 * read them (most have been read before the statement) */
	for (size_t k = 0; k < n && !e; k++) {
		const struct pg_held *h =
			pg_capture_is_held(c, list[k]->was.oid);

		if (h && h->wrote && !h->exclusive && !list[k]->covered)
			e = pg_capture_flush(c, list[k]);
	}
	if (!e)
		e = pg_capture_lock(c, list, n);
	for (size_t k = 0; k < n && !e; k++)
		e = pg_capture_copy(c, list[k], true);
	target->seen = seen;
	return e ? e : target_run(target, &c->script->statements[i]);
}

static struct err *after(struct capture *base, size_t i)
{
	struct pg_capture *c = pg_capture_of(base);
	const struct sql_statement *s = &c->script->statements[i];
	struct pg_captured **list = NULL;
	size_t n = 0;
	struct err *e = pg_capture_fetch(c);

	if (!e && c->trying) {
		e = find_damaged(c, &list, &n);
		if (!e && n)
			e = run_again(c, i, list, n);
		if (!e)
			e = pg_exec(c->c, end_try);
		c->trying = false;
		free(list);
	}
	if (!e && may_rewrite(c, s))
		e = pg_capture_note_rewrites(c);
	if (s->kind == SQL_KIND_DML || s->unknown)
		c->wrote = c->wrote_any = true;
	/* LOCK TABLE, too: the observer is locked out */
	if (s->kind != SQL_KIND_DML || is_opaque(s))
		c->altered = true;
	return e;
}

/* --- behind the statements, or before them --- */

/* Rows that are there may be written, or go with what is dropped. */
static bool may_take_rows(const struct pg_capture *c)
{
	for (size_t i = 0; i < c->script->n; i++)
		if (is_opaque(&c->script->statements[i]))
			return true;
	return c->aside || may_supersede(c);
}

/* Who writes then may lock what was written before: it is read first. */
static struct err *aside(struct capture *base, enum capture_aside what)
{
	struct pg_capture *c = pg_capture_of(base);
	struct err *e = NULL;

	if (what == CAPTURE_ASIDE_BEHIND)
		return pg_capture_baseline(c, may_take_rows(c));
	c->aside = true;
	c->ran++;
	if (what == CAPTURE_ASIDE_ALTER) {
		e = pg_capture_sequences(c);
		if (!e)
			e = pg_capture_held(c);
		return e ? e : flush_written(c);
	}
	if (what == CAPTURE_ASIDE_WRITE) {
		e = pg_capture_held(c);
		return e ? e : pg_capture_cursors(c);
	}
	return what == CAPTURE_ASIDE_END ? pg_capture_fetch(c) : NULL;
}

static const struct capture_ops ops = {
	.begin = begin_capture,
	.before = before,
	.after = after,
	.aside = aside,
	.finish = pg_capture_finish,
	.abort = abort_capture,
	.close = close_capture,
};

struct capture *capture_pg_new(struct target *t)
{
	struct pg_capture *c = xcalloc(1, sizeof(*c));

	(void)t;
	c->base.ops = &ops;
	return &c->base;
}
