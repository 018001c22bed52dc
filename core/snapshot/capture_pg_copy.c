#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/* Old rows: out of the server, into a table's log or straight into lines. */

#define LOG_MEMORY (24 << 20)

/* What stands for a row that has no key: a digest of what it holds. */
static void add_content(struct buf *out, const struct pg_captured *t,
			const struct pg_table *as)
{
	bool first = true;

	buf_addstr(out, "md5(ROW(");
	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_column *c =
			pg_table_column(as, t->was.columns[i].number);

		if (!t->matched[i] || !c)
			continue;
		buf_addf(out, "%s%s", first ? "" : ", ", c->name);
		first = false;
	}
	buf_addstr(out, ")::text) COLLATE \"C\"");
}

static void add_fields(struct buf *out, const struct pg_reading *r)
{
	const struct pg_captured *t = r->table;
	const char *comma = r->plain ? "" : ", ";

	if (r->only_keys)
		return;
	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_column *c =
			pg_table_column(r->as, t->was.columns[i].number);

		if (r->plain ? t->was.columns[i].generated
			     : !pg_captured_is_field(t, i) ||
				       (r->only_taken && !t->taken[i] &&
					!(r->told && t->told[i])))
			continue;
		buf_addf(out, "%s%s", comma, c ? c->name : "NULL::text");
		comma = ", ";
	}
}

void pg_reading_sql(struct buf *out, const struct pg_reading *r,
		    const struct pg_capture *c)
{
	const struct pg_captured *t = r->table;

	buf_addstr(out, "SELECT ");
	if (r->flag) {
		pg_capture_add_is_ours(out, c, "xmin");
		buf_addstr(out, "::int, ");
	}
	if (!r->plain && !t->was.n_keys)
		add_content(out, t, r->as);
	for (size_t i = 0; i < t->was.n_keys && !r->plain; i++) {
		int number = t->was.columns[t->was.keys[i]].number;

		buf_addf(out, "%s%s", i ? ", " : "",
			 pg_table_column(r->as, number)->name);
	}
	add_fields(out, r);
	buf_addf(out, " FROM ONLY %s", r->as->name);
	if (r->where)
		buf_addf(out, " WHERE %s", r->where);
	if (r->ordered) {
		buf_addstr(out, " ORDER BY ");
		if (t->was.n_keys)
			pg_table_add_order(out, &t->was, r->as);
		else
			buf_addstr(out, r->flag ? "2" : "1");
	}
}

static struct changelog *log_of(struct pg_capture *c, struct pg_captured *t)
{
	if (!t->log)
		t->log = changelog_new(c->base.opt.scratch_dir, LOG_MEMORY);
	return t->log;
}

/* Key of a row that was read; without one, its content and a number. */
static void row_key(struct pg_capture *c, struct pg_captured *t,
		    const struct pg_field *fields, struct change_key *out)
{
	if (t->was.n_keys) {
		pg_table_key(&t->was, fields, &c->key, out);
		return;
	}
	buf_reset(&c->key);
	buf_add(&c->key, fields[0].s, fields[0].len);
	buf_addf(&c->key, "%08x", t->n_logged);
	*out = (struct change_key){ .s = buf_str(&c->key), .len = c->key.len };
}

static size_t key_fields(const struct pg_captured *t)
{
	return t->was.n_keys ? t->was.n_keys : 1;
}

/* One row, all its columns; as: which of them exist in what was read. */
struct err *pg_capture_log_whole(struct pg_capture *c, struct pg_captured *t,
				 const struct pg_table *as,
				 const struct pg_field *fields)
{
	struct change_key key;
	struct buf *row;
	size_t at = key_fields(t);

	row_key(c, t, fields, &key);
	row = changelog_begin(log_of(c, t), CHANGE_DELETE, &key);
	for (size_t i = 0, n = 0; i < t->was.n_columns; i++) {
		if (!pg_captured_is_field(t, i))
			continue;
		if (n++)
			buf_addch(row, '\t');
		if (pg_table_column(as, t->was.columns[i].number))
			pg_add_field(row, &fields[at]);
		else
			buf_addch(row, '!');
		at++;
	}
	t->n_logged++;
	t->whole = true;
	return changelog_end(t->log);
}

/* One row, the columns that are taken only. */
static struct err *log_taken(struct pg_capture *c, struct pg_captured *t,
			     const struct pg_field *fields)
{
	struct change_key key;
	struct buf *row;
	size_t at = key_fields(t);

	row_key(c, t, fields, &key);
	row = changelog_begin(log_of(c, t), CHANGE_UPDATE, &key);
	for (size_t i = 0, n = 0; i < t->was.n_columns; i++) {
		if (!pg_captured_is_field(t, i))
			continue;
		if (t->taken[i]) {
			changelog_column(t->log, (unsigned)n);
			pg_add_field(row, &fields[at++]);
		}
		n++;
	}
	t->n_logged++;
	return changelog_end(t->log);
}

/* Every line of a COPY that runs on `from`. */
static struct err *log_lines(struct pg_capture *c, struct pg_captured *t,
			     struct pg_conn *from, const struct pg_table *as,
			     bool only_taken)
{
	size_t n = key_fields(t) + t->was.n_columns;
	struct pg_field *fields = xcalloc(n, sizeof(*fields));
	const char *line;
	size_t len;
	struct err *e;

	while (!(e = pg_copy_out_next(from, &line, &len)) && line) {
		if (!pg_cut(line, len - 1, fields, n))
			continue;
		e = only_taken ? log_taken(c, t, fields)
			       : pg_capture_log_whole(c, t, as, fields);
		if (e)
			break;
	}
	free(fields);
	if (e)
		pg_copy_out_abort(from);
	return e;
}

static struct err *copy_begin(struct pg_capture *c, struct pg_conn *from,
			      const struct pg_reading *r)
{
	buf_reset(&c->sql);
	buf_addstr(&c->sql, "COPY (");
	pg_reading_sql(&c->sql, r, c);
	buf_addstr(&c->sql, ") TO STDOUT");
	return pg_copy_out_begin(from, buf_str(&c->sql));
}

struct err *pg_capture_flush(struct pg_capture *c, struct pg_captured *t)
{
	struct pg_reading r = { .table = t, .as = &t->was };
	struct pg_table now;
	struct buf where = BUF_INIT;
	struct err *e;

	e = pg_capture_now(c, t->was.oid, &now);
	if (e)
		return e;
	/* what was read before is read again, and net of all that came since */
	changelog_free(t->log);
	t->log = NULL;
	t->n_logged = 0;
	e = pg_capture_observe(c);
	if (!e) {
		e = pg_capture_superseded(c, t, &now, &where);
		r.where = buf_str(&where);
		if (!e)
			e = copy_begin(c, c->second, &r);
		if (!e)
			e = log_lines(c, t, c->second, &t->was, false);
		e = pg_capture_observed(c, e);
	}
	t->covered = true;
	/* without a key rows that came are known by all they have */
	t->whole |= !t->was.n_keys;
	pg_table_release(&now);
	buf_release(&where);
	return err_wrap(pg_table_blame(e), "keep rows of %s", t->was.name);
}

/* Rows of ours cannot be told from others once the table is rewritten. */
static struct err *check_keyless(const struct pg_capture *c,
				 const struct pg_captured *t,
				 const struct pg_table *as)
{
	if (t->was.n_keys || as->file == t->was.file || !c->wrote_any)
		return NULL;
	return err_hint(err_new(ERR_STATE,
				"%s has no key, and was rewritten after rows "
				"were written",
				t->was.name),
			"split the migration in two");
}

struct err *pg_capture_copy(struct pg_capture *c, struct pg_captured *t,
			    bool whole)
{
	struct pg_reading r = { .table = t, .only_taken = !whole };
	struct buf where = BUF_INIT;
	struct pg_table as;
	struct err *e;

	e = pg_capture_now(c, t->was.oid, &as);
	if (e || !as.oid)
		return e;
	r.as = &as;
	e = check_keyless(c, t, &as);
	if (!e && !whole)
		e = pg_capture_tell(c, t);
	/* with a key, those of ours are marked in the log; what we wrote before
	 * the migration began is none of its own */
	if (!t->was.n_keys && as.file == t->was.file &&
	    !(t->behind_us && !c->begun)) {
		buf_addstr(&where, "NOT ");
		pg_capture_add_is_ours(&where, c, "xmin");
		r.where = buf_str(&where);
	}
	if (!e)
		e = target_pg_plain_begin(c->base.target);
	if (!e)
		e = copy_begin(c, c->c, &r);
	if (!e)
		e = log_lines(c, t, c->c, &as, !whole);
	if (!e)
		e = target_pg_plain_end(c->base.target);
	/* also of no rows: what comes behind them is told by the log */
	log_of(c, t);
	t->complete = t->covered = true;
	t->complete_whole |= whole;
	t->whole |= whole;
	pg_table_release(&as);
	buf_release(&where);
	return err_wrap(pg_table_blame(e), "keep rows of %s", t->was.name);
}

/* Keys of a COPY that runs on our connection, each a change of its own. */
static struct err *log_keys(struct pg_capture *c, struct pg_captured *t,
			    enum change_op op)
{
	size_t n = key_fields(t) + t->was.n_columns;
	struct pg_field *fields = xcalloc(n, sizeof(*fields));
	struct change_key key;
	const char *line;
	size_t len;
	struct err *e;

	while (!(e = pg_copy_out_next(c->c, &line, &len)) && line) {
		if (!pg_cut(line, len - 1, fields, n))
			continue;
		row_key(c, t, fields, &key);
		/* a row that came is known again by all its columns */
		t->whole |= op == CHANGE_INSERT;
		changelog_begin(log_of(c, t), op, &key);
		if ((e = changelog_end(t->log)))
			break;
	}
	free(fields);
	if (e)
		pg_copy_out_abort(c->c);
	return e;
}

/* where NULL = every row */
static struct err *read_keys(struct pg_capture *c, struct pg_captured *t,
			     const struct pg_table *now, const char *where,
			     enum change_op op)
{
	struct pg_reading r = {
		.table = t, .as = now, .where = where, .only_keys = true
	};
	struct err *e = target_pg_plain_begin(c->base.target);

	if (!e)
		e = copy_begin(c, c->c, &r);
	if (!e)
		e = log_keys(c, t, op);
	if (!e)
		e = target_pg_plain_end(c->base.target);
	return err_wrap(pg_table_blame(e), "keep rows of %s", t->was.name);
}

struct err *pg_capture_mark_inserted(struct pg_capture *c,
				     struct pg_captured *t)
{
	struct buf where = BUF_INIT;
	struct pg_table now;
	struct err *e;

	if (!t->was.n_keys)
		return NULL;
	e = pg_capture_now(c, t->was.oid, &now);
	pg_capture_add_is_ours(&where, c, "xmin");
	if (!e && now.oid)
		e = read_keys(c, t, &now, buf_str(&where), CHANGE_INSERT);
	pg_table_release(&now);
	buf_release(&where);
	return e;
}

static struct err *note_rewrite(struct pg_capture *c, struct pg_captured *t)
{
	struct pg_table now;
	struct err *e;

	e = pg_capture_now(c, t->was.oid, &now);
	if (!e && now.oid && now.file != t->was.file) {
		e = check_keyless(c, t, &now);
		if (!e && !t->was.n_keys)
			e = pg_capture_copy(c, t, true);
		else if (!e)
			e = read_keys(c, t, &now, NULL, CHANGE_UPDATE);
		t->complete = true;
	}
	pg_table_release(&now);
	return e;
}

struct err *pg_capture_note_rewrites(struct pg_capture *c)
{
	struct err *e = pg_capture_held(c);

	for (size_t i = 0; i < c->n_held && !e; i++) {
		struct pg_captured *t;

		if (!c->held[i].exclusive)
			continue;
		e = pg_capture_table(c, c->held[i].oid, &t);
		if (!e && t && t->concerns && !t->complete && !t->direct)
			e = note_rewrite(c, t);
	}
	return e;
}

/* --- straight into lines --- */

static void add_gone_line(struct buf *out, const struct pg_field *fields,
			  size_t n)
{
	buf_addch(out, '-');
	for (size_t at = 0; at < n; at++) {
		buf_addch(out, '\t');
		pg_add_field(out, &fields[at]);
	}
	buf_addch(out, '\n');
}

/* Columns that go, with their values, and what else tells the row. */
static void add_changed_line(struct pg_capture *c, struct buf *out,
			     const struct pg_captured *t,
			     const struct pg_field *fields)
{
	size_t at = 0;

	buf_addch(out, '~');
	for (; at < t->was.n_keys; at++) {
		buf_addch(out, '\t');
		pg_add_field(out, &fields[at]);
	}
	for (size_t i = 0; i < t->was.n_columns; i++) {
		if (!pg_captured_is_listed(t, i))
			continue;
		buf_addch(out, '\t');
		if (t->taken[i]) {
			pg_add_field(out, &fields[at++]);
			buf_addstr(out, "\t!");
			continue;
		}
		buf_reset(&c->key);
		pg_add_field(&c->key, &fields[at++]);
		pg_add_same(out, &(struct pg_field){ c->key.data, c->key.len });
	}
	buf_addch(out, '\n');
}

/* Something is read of its rows: an empty line is an empty value then. */
static bool has_fields(const struct pg_captured *t)
{
	for (size_t i = 0; i < t->was.n_columns; i++)
		if (!t->was.columns[i].generated)
			return true;
	return false;
}

static struct err *direct_lines(struct pg_capture *c, struct pg_captured *t,
				bool changed)
{
	bool any = has_fields(t);
	size_t n = key_fields(t) + t->was.n_columns;
	struct pg_field *fields = xcalloc(n, sizeof(*fields));
	const char *line;
	size_t len;
	struct err *e;

	while (!(e = pg_copy_out_next(c->c, &line, &len)) && line) {
		size_t found = any ? pg_cut(line, len - 1, fields, n) : 0;

		if (changed)
			add_changed_line(c, line_writer_begin(&c->lines), t,
					 fields);
		else
			add_gone_line(line_writer_begin(&c->lines), fields,
				      found);
		line_writer_add(&c->lines);
		t->lines.updated += changed;
		t->lines.deleted += !changed;
		if ((e = c->lines.err))
			break;
	}
	c->lines.err = NULL;
	free(fields);
	if (e)
		pg_copy_out_abort(c->c);
	return err_first(e, line_writer_end(&c->lines));
}

/* A table without columns has rows that nothing can be said of. */
struct err *pg_capture_direct(struct pg_capture *c, struct pg_captured *t,
			      bool dropped, bool emptied)
{
	struct pg_reading r = { .table = t };
	bool changed = !dropped && !emptied;
	struct pg_table now;
	struct err *e;

	e = pg_capture_now(c, t->was.oid, &now);
	if (e || !now.oid)
		return e;
	r.as = &now; /* it may have been renamed */
	r.plain = dropped || !t->was.n_keys;
	r.only_taken = r.told = r.ordered = changed;
	pg_capture_file(c, t);
	if (changed)
		e = pg_capture_tell(c, t);
	if (!e)
		e = target_pg_plain_begin(c->base.target);
	if (!e)
		e = copy_begin(c, c->c, &r);
	if (!e)
		e = direct_lines(c, t, changed);
	if (!e)
		e = target_pg_plain_end(c->base.target);
	t->direct = t->covered = t->complete = true;
	t->complete_whole = !changed;
	pg_table_release(&now);
	return err_wrap(pg_table_blame(e), "keep rows of %s", t->was.name);
}

/* --- cursors --- */
