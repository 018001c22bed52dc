#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/rows.h"

/*
 * What the migration had made and people have filled since: whole tables, and
 * the values of columns it added. A park is a snapshot like any other, with
 * the rollback in the place of the migration.
 */

struct parked {
	struct restore_pg *r;
	struct manifest_table *m;
	struct restore_pg_row row;
	bool *added;  /* by column of the line; NULL: the whole row goes */
	bool int_key; /* lines are ordered by number */
	/* rows that make room, or whose values do: by column of the line its
	 * number among the lines that are restored, n_lines: it is not */
	const struct restore_pg_table *evict;
	size_t *place, n_lines;
	bool aside; /**< whole rows, with their key apart */
};

static struct manifest_table *new_table(struct restore_pg *r, const char *name,
					const char *folder)
{
	struct manifest *m = &r->park_manifest;
	struct manifest_table *t = manifest_add_table(m);
	char path[32];

	snprintf(path, sizeof(path), "%s/%zu", folder, ++r->n_park_files);
	t->before = arena_strdup(&m->arena, name);
	t->file = arena_strdup(&m->arena, path);
	line_writer_file(&r->park, path);
	return t;
}

/* A file without lines is none. */
static void drop_empty(struct restore_pg *r)
{
	struct manifest *m = &r->park_manifest;

	if (!manifest_lines(&m->tables[m->n_tables - 1]))
		m->n_tables--;
}

static void add_field(struct buf *out, const struct restore_pg_field *f)
{
	buf_addch(out, '\t');
	buf_add(out, f->s, f->len);
}

/* A new value; of a long one its digest. */
static void add_new(struct buf *out, const struct restore_pg_field *f)
{
	buf_addch(out, '\t');
	if (f->len > ROW_NEW_MAX + 1)
		buf_addf(out, "#%016llx",
			 (unsigned long long)restore_pg_digest(f));
	else
		buf_add(out, f->s, f->len);
}

/* The value that replaces the one of column i; NULL = it stays. */
static const struct restore_pg_field *replacement(const struct parked *p,
						  size_t i)
{
	const struct restore_pg_field *extra =
		p->row.fields + p->m->n_keys + p->m->n_columns;
	size_t at = p->evict ? p->place[i] : 0;
	const struct restore_pg_field *mask;

	if (!p->evict || at == p->n_lines)
		return NULL;
	/* operation, old values, masks */
	mask = &extra[1 + p->n_lines + at / RESTORE_PG_MASK_BITS];
	if (mask->s[0] != '\'' ||
	    !(strtoull(mask->s + 1, NULL, 10) >> (at % RESTORE_PG_MASK_BITS) &
	      1))
		return NULL;
	return &extra[1 + at];
}

/* All of the row goes: the table does, or the row makes room. */
static bool is_whole(const struct parked *p)
{
	const struct restore_pg_field *op =
		p->row.fields + p->m->n_keys + p->m->n_columns;

	if (!p->added || p->aside)
		return true;
	return p->evict && op->s[0] == '\'' && op->s[1] != '~';
}

static void park_row(struct parked *p)
{
	struct restore_pg *r = p->r;
	struct manifest_table *m = p->m;
	struct buf *out = line_writer_begin(&r->park);
	const struct restore_pg_field *f = p->row.fields, *old;
	bool whole = is_whole(p);
	/* without a key every column has an old and a new value */
	bool both = !m->n_keys;

	buf_addch(out, whole ? '-' : '~');
	for (size_t k = 0; k < m->n_keys; k++)
		add_field(out, f++);
	for (size_t i = 0; i < m->n_columns; i++, f++) {
		old = whole ? NULL : replacement(p, i);
		if (whole) {
			add_field(out, f);
		} else if (old) {
			r->out->parked++;
			add_field(out, f);
			add_new(out, old);
		} else if (p->added[i]) {
			r->out->parked += f->s[0] == '\'';
			add_field(out, f);
			buf_add(out, "\t!", 2);
		} else if (both) {
			add_field(out, f);
			add_field(out, f);
		} else {
			buf_addch(out, '\t');
			restore_pg_add_same(out, f);
		}
	}
	buf_addch(out, '\n');
	line_writer_add(&r->park);
	if (whole)
		m->deleted++;
	else
		m->updated++;
	r->out->parked += whole;
	if (p->int_key)
		manifest_count_key(m,
				   strtoll(p->row.fields[0].s + 1, NULL, 10));
}

static struct err *park_stream(struct parked *p, const char *sql)
{
	struct restore_pg *r = p->r;
	size_t n = p->m->n_keys + p->m->n_columns, len;
	struct err *err = pg_copy_out_begin(r->c, sql);
	const char *line;

	while (!err && !r->park.err) {
		err = pg_copy_out_next(r->c, &line, &len);
		if (err || !line)
			break;
		restore_pg_row_cut(&p->row, line, len);
		if (p->row.n < n)
			err = err_new(ERR_STATE,
				      "park table %s: a row with "
				      "%zu fields",
				      p->m->before, p->row.n);
		else
			park_row(p);
	}
	if (err || r->park.err)
		pg_copy_out_abort(r->c);
	restore_pg_row_release(&p->row);
	return err ? err : line_writer_end(&r->park);
}

static void add_columns(struct parked *p, const struct restore_pg_relation *rel)
{
	struct arena *a = &p->r->park_manifest.arena;
	struct manifest_table *m = p->m;

	m->columns = arena_array(a, rel->n_columns + 1, sizeof(*m->columns));
	m->keys = arena_array(a, rel->n_keys + 1, sizeof(*m->keys));
	for (size_t k = 0; p->added && k < rel->n_keys; k++)
		m->keys[m->n_keys++] = arena_strdup(a, rel->keys[k]);
	for (size_t i = 0; i < rel->n_columns; i++)
		if (!rel->columns[i].generated &&
		    !(rel->columns[i].key && p->added))
			m->columns[m->n_columns++].before =
				arena_strdup(a, rel->columns[i].name);
}

/* A table that goes: every column of every row, as they lie. */
static struct err *park_table(struct restore_pg *r, const char *name)
{
	struct parked p = { .r = r };
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(r, name, &rel);

	if (err || rel.kind != 'r')
		return err;
	p.m = new_table(r, name, "rows");
	add_columns(&p, &rel);
	buf_addstr(&sql, "COPY (SELECT ");
	restore_pg_add_fields(&sql, p.m);
	buf_addf(&sql, " FROM ONLY %s) TO STDOUT", name);
	err = park_stream(&p, buf_str(&sql));
	if (p.m->deleted)
		restore_result_tally(r->out, name)->removed += p.m->deleted;
	buf_release(&sql);
	drop_empty(r);
	return err;
}

static void add_order(struct buf *sql, const struct restore_pg_relation *rel)
{
	for (size_t k = 0; k < rel->n_keys; k++)
		buf_addf(sql,
			 rel->int_key ? "%st.%s"
				      : "%sconcat(t.%s) COLLATE \"C\"",
			 k ? ", " : " ORDER BY ", rel->keys[k]);
}

/* Behind the row's own fields: what is to become of it. */
static void add_evictions(struct buf *sql, struct buf *from, struct parked *p,
			  const struct restore_pg_relation *rel)
{
	const struct manifest_table *lines = p->evict->lines;
	size_t n = lines->n_columns;

	p->n_lines = n;
	p->place = arena_array(&p->r->arena, p->m->n_columns + 1,
			       sizeof(*p->place));
	for (size_t i = 0; i < p->m->n_columns; i++) {
		size_t k = 0;

		while (k < n && !streq_null(lines->columns[k].after,
					    p->m->columns[i].before))
			k++;
		p->place[i] = k;
	}
	buf_addstr(sql, ", l.op");
	for (size_t k = 0; k < n; k++)
		buf_addf(sql, ", l.o%zu", k);
	for (size_t k = 0; k < n; k += RESTORE_PG_MASK_BITS)
		buf_addf(sql, ", l.m%zu", k / RESTORE_PG_MASK_BITS);
	buf_addf(from, " LEFT JOIN %s l ON ", p->evict->evict);
	restore_pg_add_join(from, p->r, p->evict, rel);
}

static void add_own(struct buf *sql, const struct manifest_table *m)
{
	const char *sep = "";

	for (size_t k = 0; k < m->n_keys; k++, sep = ", ")
		buf_addf(sql, "%st.%s", sep, m->keys[k]);
	for (size_t i = 0; i < m->n_columns; i++, sep = ", ")
		buf_addf(sql, "%st.%s", sep, m->columns[i].before);
}

/* Rows that have some value in an added column, or make room. */
static struct err *park_columns(struct restore_pg *r, const char *name,
				const struct restore_pg_table *t,
				const struct map *added)
{
	bool itself = streq(name, t->after);
	struct parked p = { .r = r, .evict = itself && t->evict ? t : NULL };
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT, from = BUF_INIT, where = BUF_INIT;
	struct err *err = restore_pg_relation(r, name, &rel);

	if (err || rel.kind != 'r')
		return err;
	p.m = new_table(r, name, "rows");
	p.m->after = arena_strdup(&r->park_manifest.arena,
				  itself ? t->before : name);
	p.int_key = rel.int_key;
	p.added = arena_array(&r->arena, rel.n_columns + 1, sizeof(*p.added));
	add_columns(&p, &rel);
	if (p.evict)
		buf_addstr(&where, " WHERE l.op IS NOT NULL");
	for (size_t i = 0; i < p.m->n_columns; i++) {
		struct manifest_column *c = &p.m->columns[i];

		p.added[i] = map_has(added, c->before);
		if (!p.added[i]) {
			c->after = c->before;
			continue;
		}
		buf_addstr(&where, where.len ? " OR " : " WHERE ");
		/* beside a default, NULL is a value like any other */
		if (restore_pg_column(&rel, c->before)->default_sql)
			buf_addstr(&where, "true");
		else
			buf_addf(&where, "t.%s IS NOT NULL", c->before);
	}
	buf_addstr(&sql, "COPY (SELECT ");
	add_own(&sql, p.m);
	if (p.evict)
		add_evictions(&sql, &from, &p, &rel);
	buf_addf(&sql, " FROM ONLY %s t%s%s", name, buf_str(&from),
		 buf_str(&where));
	add_order(&sql, &rel);
	buf_addstr(&sql, ") TO STDOUT");
	if (where.len)
		err = park_stream(&p, buf_str(&sql));
	buf_release(&sql);
	buf_release(&from);
	buf_release(&where);
	drop_empty(r);
	return err;
}

struct err *restore_pg_park_rows(struct restore_pg *r, const char *name,
				 const char *before, const char *at)
{
	struct parked p = { .r = r, .aside = true };
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(r, name, &rel);

	if (err)
		return err;
	p.m = new_table(r, name, "aside");
	p.m->after = arena_strdup(&r->park_manifest.arena, before);
	p.int_key = rel.int_key;
	p.added = arena_array(&r->arena, rel.n_columns + 1, sizeof(*p.added));
	add_columns(&p, &rel);
	for (size_t i = 0; i < p.m->n_columns; i++)
		p.m->columns[i].after = p.m->columns[i].before;
	buf_addstr(&sql, "COPY (SELECT ");
	add_own(&sql, p.m);
	buf_addf(&sql, " FROM ONLY %s t JOIN %s a ON a.at = t.ctid", name, at);
	add_order(&sql, &rel);
	buf_addstr(&sql, ") TO STDOUT");
	err = park_stream(&p, buf_str(&sql));
	buf_release(&sql);
	drop_empty(r);
	return err;
}

static struct err *take_name(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	map_put(payload, cell[0].s, payload);
	return NULL;
}

/* The table and those that inherit its columns: partitions say themselves. */
static struct err *family(struct restore_pg *r, const char *name,
			  struct map *out)
{
	struct pg_arg arg = pg_text(name);

	return pg_query(
		r->c,
		"WITH RECURSIVE f (oid) AS (SELECT to_regclass($1)::oid"
		" UNION SELECT i.inhrelid FROM pg_inherits i JOIN f"
		" ON f.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid"
		" WHERE NOT c.relispartition)"
		" SELECT oid::regclass::text FROM f WHERE oid IS NOT NULL",
		&arg, 1, take_name, out);
}

/* The migration made it: it is parked as a whole. */
static bool is_going(const struct restore_pg *r, const char *name)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].way == RESTORE_PG_REMOVE &&
		    streq(r->tables[i].after, name))
			return true;
	return false;
}

static struct err *park_added(struct restore_pg *r,
			      const struct restore_pg_table *t)
{
	struct map added = MAP_INIT, names = MAP_INIT;
	struct pg_form old, cur = { 0 };
	struct err *err = pg_form_read(&old, &r->arena, t->old);

	if (!err)
		err = pg_form_read(&cur, &r->arena, t->cur);
	for (size_t i = 0; i < cur.t.n_columns && !err; i++)
		map_put(&added, cur.columns[i], &added);
	for (size_t i = 0; i < old.t.n_columns && !err; i++) {
		const char *now = restore_pg_column_now(r, t, old.columns[i]);

		if (now)
			map_remove(&added, now);
	}
	if (!err)
		err = family(r, t->after, &names);
	map_each (&names, e)
		if (!err && !is_going(r, e->key))
			err = park_columns(r, e->key, t, &added);
	map_release(&added);
	map_release(&names);
	return err;
}

struct err *restore_pg_park(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];

		if (t->way == RESTORE_PG_REMOVE)
			err = park_table(r, t->after);
		else if (t->old && t->cur)
			err = park_added(r, t);
	}
	if (err || !r->park_manifest.n_tables)
		return err_wrap(err, "park");
	err = manifest_write(&r->park_manifest, r->req->park);
	r->out->park_any = !err;
	return err;
}
