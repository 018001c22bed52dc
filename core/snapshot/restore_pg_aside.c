#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_whole.h"
#include "snapshot/rows.h"

/*
 * Rows written since that have no place in what comes back, and rows of any
 * table that refer to them: parked whole, and deleted, children first. Rows
 * are told by their key, then by their ctid, which is good while nobody
 * writes.
 */

#define KEYS "pg_temp.git_migrate_aside_keys"
#define SEEN "pg_temp.git_migrate_aside_seen"

/** Rows of one table that go. */
struct going {
	struct restore_pg *r;
	struct restore_pg_table *t; /**< NULL: the migration left it alone */
	const char *before, *now;
	const char *at; /**< our table of their ctids */
	size_t depth;
};

static struct restore_pg_table *table_of(struct restore_pg *r, const char *now)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].after && streq(r->tables[i].after, now))
			return &r->tables[i];
	return NULL;
}

/* --- by key --- */

bool restore_pg_unfit(struct restore_pg *r, const struct restore_late *late,
		      const struct restore_pg_keys *keys,
		      const struct restore_pg_field *values, bool choosable)
{
	struct restore_late unfit = *late;
	struct buf key = BUF_INIT, columns = BUF_INIT;
	bool is_aside;

	restore_pg_key_strings(r, late->table, keys, values, &key, &columns);
	unfit.how = SETTLE_EVICT;
	unfit.evict = buf_str(&key);
	unfit.columns = buf_str(&columns);
	is_aside =
		keys->n && restore_set_aside(r->req, r->out, &unfit, choosable);
	buf_release(&key);
	buf_release(&columns);
	return is_aside;
}

/* As COPY reads them: without the quotes of their fields. */
static void add_key(struct buf *b, const char *key)
{
	for (const char *p = key; *p; p++)
		if (*p != '\'' || (p > key && p[-1] != '\t'))
			buf_addch(b, *p);
	buf_addch(b, '\n');
}

static size_t count_fields(const char *columns)
{
	size_t n = 1;

	for (const char *p = columns; *p; p++)
		n += *p == '\t';
	return n;
}

static struct err *send_keys(struct restore_pg *r, const struct buf *keys,
			     size_t n)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "DROP TABLE IF EXISTS " KEYS
			 "; CREATE TEMPORARY TABLE git_migrate_aside_keys (");
	for (size_t k = 0; k < n; k++)
		buf_addf(&sql, "%sk%zu text", k ? ", " : "", k);
	buf_addstr(&sql, ") ON COMMIT DROP");
	err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	if (!err)
		err = pg_copy_in_begin(r->c, "COPY " KEYS " FROM STDIN");
	if (err)
		return err;
	err = pg_copy_in_put(r->c, keys->data, keys->len);
	if (err)
		pg_copy_in_abort(r->c);
	else
		err = pg_copy_in_end(r->c, NULL);
	return err;
}

/* "t.id = l.k0::integer": columns have tabs between them. */
static struct err *add_keys_join(struct buf *out, const struct going *g,
				 const char *columns)
{
	struct restore_pg_relation rel;
	struct err *err = restore_pg_relation(g->r, g->now, &rel);
	const char *p = columns;

	for (size_t k = 0; !err && p; k++) {
		const char *end = strchr(p, '\t');
		const char *name = arena_strndup(
			&g->r->arena, p, end ? (size_t)(end - p) : strlen(p));
		const struct restore_pg_column *col =
			restore_pg_column(&rel, name);

		if (!col)
			return err_new(ERR_STATE,
				       "table %s has no column %s to tell its "
				       "rows by",
				       g->now, name);
		buf_addf(out, "%st.%s = l.k%zu::%s", k ? " AND " : "",
			 col->name, k, col->type);
		p = end ? end + 1 : NULL;
	}
	return err;
}

/* Rows that other keys have found are there once. */
static struct err *find_rows(const struct going *g, const char *columns,
			     const struct buf *keys)
{
	struct buf on = BUF_INIT;
	struct err *err;

	if (ends_with(columns, "\t#")) {
		err = send_keys(g->r, keys, count_fields(columns));
		return err ? err
			   : restore_pg_find_wholes(g->r, KEYS, columns, g->now,
						    g->at);
	}
	err = add_keys_join(&on, g, columns);
	if (!err)
		err = send_keys(g->r, keys, count_fields(columns));
	if (!err)
		err = restore_pg_exec(
			g->r,
			"INSERT INTO %s SELECT t.ctid FROM ONLY %s t JOIN " KEYS
			" l ON %s EXCEPT SELECT at FROM %s",
			g->at, g->now, buf_str(&on), g->at);
	buf_release(&on);
	return err;
}

/* Also one without a key that makes room: nothing else tells it. */
static bool is_going_away(const struct restore_late *l)
{
	return l->evict && (l->aside || l->columns);
}

static bool is_of(const struct restore_late *l, const char *before)
{
	return is_going_away(l) && streq(l->table, before);
}

/* Those that the lines' rows stand in the way of. */
static struct err *find_beside(const struct going *g)
{
	struct buf keys = BUF_INIT, columns = BUF_INIT;
	struct err *err = NULL;

	for (size_t i = 0; g->t && i < g->t->n_unfit; i++)
		add_key(&keys, g->t->unfit[i]);
	for (size_t k = 0; keys.len && k < g->t->lines->n_keys; k++)
		buf_addf(&columns, "%s%s", k ? "\t" : "",
			 restore_pg_column_now(g->r, g->t,
					       g->t->lines->keys[k]));
	if (keys.len)
		err = find_rows(g, buf_str(&columns), &keys);
	buf_release(&keys);
	buf_release(&columns);
	return err;
}

/* Those that earlier attempts have met, by the columns that tell them. */
static struct err *find_known(const struct going *g)
{
	const struct restore_memory *m = g->r->req->memory;
	struct map seen = MAP_INIT;
	struct err *err = NULL;

	for (size_t i = 0; m && i < m->n && !err; i++) {
		const char *columns = m->late[i].columns;
		struct buf keys = BUF_INIT;

		if (!is_of(&m->late[i], g->before) || map_has(&seen, columns))
			continue;
		map_put_number(&seen, columns, 1);
		for (size_t k = i; k < m->n; k++)
			if (is_of(&m->late[k], g->before) &&
			    streq(m->late[k].columns, columns))
				add_key(&keys, m->late[k].evict);
		err = find_rows(g, columns, &keys);
		buf_release(&keys);
	}
	map_release(&seen);
	return err;
}

static struct err *make_table(struct restore_pg *r, size_t depth,
			      const char **out)
{
	*out = arena_printf(&r->arena, "pg_temp.git_migrate_aside_%zu", depth);
	return restore_pg_exec(
		r,
		"DROP TABLE IF EXISTS %s; CREATE TEMPORARY TABLE "
		"git_migrate_aside_%zu (at tid) ON COMMIT DROP",
		*out, depth);
}

/* --- their lines --- */

struct left_out {
	struct restore_pg *r;
	struct restore_pg_table *t;
};

static struct err *take_line(void *payload, int n, const struct pg_cell *cell)
{
	struct left_out *x = payload;

	(void)n;
	settle_add(&x->t->settled, SETTLE_SKIP, strtoull(cell[0].s, NULL, 10),
		   0);
	restore_pg_count_out(x->r, x->t, cell[1].s[0]);
	x->r->out->kept += cell[1].s[0] == ROW_UPDATED;
	return NULL;
}

/* The row goes as it is now. */
static struct err *leave_lines_out(const struct going *g)
{
	struct left_out x = { g->r, g->t };
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err;

	if (!g->t || !g->t->temp || !g->t->lines->n_keys)
		return NULL;
	err = restore_pg_relation(g->r, g->now, &rel);
	buf_addf(&sql,
		 "DELETE FROM %s l USING ONLY %s t, %s a WHERE l.op <> '-' AND "
		 "t.ctid = a.at AND ",
		 g->t->temp, g->now, g->at);
	restore_pg_add_join(&sql, g->r, g->t, &rel);
	buf_addstr(&sql, " RETURNING l.n, l.op");
	if (!err)
		err = restore_pg_ask(g->r, take_line, &x, "%s", buf_str(&sql));
	settle_sort(&g->t->settled);
	buf_release(&sql);
	return err;
}

/* --- what refers to them --- */

struct key {
	const char *name, *child, *join;
	bool partitioned;
};

struct keys {
	struct restore_pg *r;
	struct key *list;
	size_t n, cap;
};

static struct err *take_key(void *payload, int n, const struct pg_cell *cell)
{
	struct keys *x = payload;
	struct arena *a = &x->r->arena;

	(void)n;
	VEC_GROW(x->list, x->n, x->cap);
	x->list[x->n++] = (struct key){ .name = arena_strdup(a, cell[0].s),
					.child = arena_strdup(a, cell[1].s),
					.partitioned = cell[2].s[0] == 'p',
					.join = arena_strdup(a, cell[3].s) };
	return NULL;
}

static const char keys_sql[] =
	"SELECT quote_ident(k.conname), k.conrelid::regclass::text, c.relkind,"
	" string_agg(format('p.%I OPERATOR(%I.%s) c.%I', b.attname, n.nspname,"
	" o.oprname, a.attname), ' AND ')"
	" FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
	" CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop)"
	" AS x (child, parent, op)"
	" JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.child"
	" JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum ="
	" x.parent JOIN pg_operator o ON o.oid = x.op JOIN pg_namespace n"
	" ON n.oid = o.oprnamespace WHERE k.contype = 'f' AND k.conparentid = 0"
	" AND k.confrelid IN (SELECT to_regclass($1)::oid UNION SELECT"
	" relid::oid FROM pg_partition_ancestors(to_regclass($1)) AS y (relid))"
	" GROUP BY k.oid, k.conname, k.conrelid, c.relkind ORDER BY k.oid";

/* It goes with its rows, or the key does. */
static bool is_going(struct restore_pg *r, const struct key *k)
{
	const struct restore_pg_table *t = table_of(r, k->child);
	struct pg_form old;

	if (!t || t->way == RESTORE_PG_REMOVE)
		return t != NULL;
	if (!t->old || pg_form_read(&old, &r->arena, t->old))
		return false;
	return !pg_form_constraint(&old, k->name);
}

struct rows {
	const struct going *g;
	const struct key *key;
	struct restore_pg_keys keys;
	bool told;
};

static struct err *take_child(void *payload, int n, const struct pg_cell *cell)
{
	struct rows *x = payload;
	struct restore_pg *r = x->g->r;
	struct buf key = BUF_INIT;
	struct restore_detail d = { .object = x->g->before,
				    .what = RESTORE_ORPHANED,
				    .constraint = x->key->name };

	for (size_t k = 0; k < x->keys.n && (int)k < n; k++)
		buf_addf(&key,
			 x->keys.number[k] || !cell[k].s ? "%s%s = %s"
							 : "%s%s = '%s'",
			 k ? ", " : "", x->keys.names[k],
			 cell[k].s ? cell[k].s : "NULL");
	d.key = key.len ? buf_str(&key) : NULL;
	restore_result_aside(r->req, r->out, &d, false);
	buf_release(&key);
	return NULL;
}

static struct err *tell(const struct going *g, const struct key *key)
{
	struct rows x = { .g = g, .key = key };
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(g->r, g->now, &rel);

	if (rel.n_keys) {
		x.keys.n = rel.n_keys;
		x.keys.names = rel.keys;
		x.keys.number =
			arena_array(&g->r->arena, rel.n_keys + 1, sizeof(bool));
	} else {
		restore_pg_names_of_whole(g->r, &rel, &x.keys);
	}
	buf_addstr(&sql, "SELECT ");
	for (size_t k = 0; k < x.keys.n; k++) {
		x.keys.number[k] = restore_pg_is_number(
			restore_pg_column(&rel, x.keys.names[k]));
		buf_addf(&sql, "%st.%s::text", k ? ", " : "", x.keys.names[k]);
	}
	buf_addf(&sql, " FROM ONLY %s t JOIN %s a ON a.at = t.ctid", g->now,
		 g->at);
	for (size_t k = 0; k < rel.n_keys; k++)
		buf_addf(&sql, "%st.%s", k ? ", " : " ORDER BY ", rel.keys[k]);
	if (!err)
		err = restore_pg_ask(g->r, take_child, &x, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}

static struct err *take_rows(struct going *g);

/* Rows of one table, perhaps a partition, that refer to those that go. */
static struct err *child_rows(const struct going *parent, const struct key *key,
			      const char *child)
{
	struct restore_pg *r = parent->r;
	struct restore_pg_table *t = table_of(r, child);
	struct going g = { .r = r,
			   .t = t,
			   .now = child,
			   .before = t ? t->before : child,
			   .depth = parent->depth + 1 };
	int64_t n = 0;
	struct err *err = make_table(r, g.depth, &g.at);

	if (!err)
		err = restore_pg_exec(
			r,
			"INSERT INTO %s SELECT DISTINCT c.ctid FROM ONLY %s c, "
			"ONLY %s p JOIN %s a ON a.at = p.ctid WHERE %s AND NOT "
			"EXISTS (SELECT FROM " SEEN
			" s WHERE s.of = c.tableoid "
			"AND s.at = c.ctid)",
			g.at, child, parent->now, parent->at, key->join);
	if (!err)
		err = restore_pg_count(r, &n, "SELECT count(*) FROM %s", g.at);
	if (err || !n)
		return err;
	err = tell(&g, key);
	return err ? err : take_rows(&g);
}

static struct err *add_name(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	map_put_number(payload, cell[0].s, 1);
	return NULL;
}

static struct err *children_of(const struct going *g, const struct key *key)
{
	struct map leaves = MAP_INIT;
	struct pg_arg arg = pg_text(key->child);
	struct err *err = NULL;

	if (!key->partitioned)
		return child_rows(g, key, key->child);
	err = pg_query(g->r->c,
		       "SELECT relid::regclass::text FROM"
		       " pg_partition_tree(to_regclass($1)) WHERE isleaf",
		       &arg, 1, add_name, &leaves);
	map_each (&leaves, e)
		if (!err)
			err = child_rows(g, key, e->key);
	map_release(&leaves);
	return err;
}

/* --- they go --- */

static struct err *quiet(const struct going *g)
{
	if (g->t && g->t->lines)
		return NULL; /* restore_pg_quiet() has seen to it */
	return restore_pg_disable(g->r, g->now);
}

static struct err *delete_rows(const struct going *g)
{
	struct restore_pg *r = g->r;
	int64_t n = 0;
	struct err *err = restore_pg_count(
		r, &n,
		"WITH d AS (DELETE FROM ONLY %s t USING %s a WHERE t.ctid = "
		"a.at RETURNING 1) SELECT count(*) FROM d",
		g->now, g->at);

	r->out->removed += (uint64_t)n;
	if (n)
		restore_result_tally(r->out, g->before)->removed += (uint64_t)n;
	return err;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as rows refer to each other */
static struct err *take_rows(struct going *g)
{
	struct restore_pg *r = g->r;
	struct pg_arg arg = pg_text(g->now);
	struct keys keys = { .r = r };
	struct err *err = restore_pg_exec(
		r,
		"INSERT INTO " SEEN " SELECT t.tableoid, a.at FROM %s a JOIN "
		"ONLY %s t ON t.ctid = a.at",
		g->at, g->now);

	if (!err)
		err = leave_lines_out(g);
	/* what refers to one that makes room stops it in the end */
	if (!err && r->req->aside)
		err = pg_query(r->c, keys_sql, &arg, 1, take_key, &keys);
	for (size_t i = 0; i < keys.n && !err; i++)
		if (!is_going(r, &keys.list[i]))
			err = children_of(g, &keys.list[i]);
	if (!err)
		err = restore_pg_park_rows(r, g->now, g->before, g->at);
	if (!err)
		err = quiet(g);
	if (!err)
		err = delete_rows(g);
	free(keys.list);
	return err ? err : restore_pg_exec(r, "DROP TABLE %s", g->at);
}

static struct err *set_aside(struct going *g)
{
	struct err *err = make_table(g->r, 0, &g->at);

	if (!err)
		err = find_beside(g);
	if (!err)
		err = find_known(g);
	return err ? err : take_rows(g);
}

static bool is_ours(const struct restore_pg *r, const char *before)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before && streq(r->tables[i].before, before))
			return true;
	return false;
}

/* Rows of tables that the migration left alone. */
static struct err *elsewhere(struct restore_pg *r)
{
	const struct restore_memory *m = r->req->memory;
	struct map seen = MAP_INIT;
	struct err *err = NULL;

	for (size_t i = 0; m && i < m->n && !err; i++) {
		const char *name = m->late[i].table;
		struct going g = { .r = r, .before = name, .now = name };

		if (!is_going_away(&m->late[i]) || is_ours(r, name) ||
		    map_has(&seen, name))
			continue;
		map_put_number(&seen, name, 1);
		err = set_aside(&g);
	}
	map_release(&seen);
	return err;
}

/* Whether any has to go, of the table or of any. */
static bool any_aside(const struct restore_pg *r,
		      const struct restore_pg_table *t)
{
	const struct restore_memory *m = r->req->memory;

	if (t && t->n_unfit)
		return true;
	for (size_t i = 0; !t && i < r->n_tables; i++)
		if (r->tables[i].n_unfit)
			return true;
	for (size_t i = 0; m && i < m->n; i++)
		if (is_going_away(&m->late[i]) &&
		    (!t || streq(m->late[i].table, t->before)))
			return true;
	return false;
}

struct err *restore_pg_set_aside(struct restore_pg *r)
{
	struct err *err;

	if (!any_aside(r, NULL))
		return NULL;
	err = restore_pg_exec(r, "DROP TABLE IF EXISTS " SEEN
				 "; CREATE TEMPORARY TABLE "
				 "git_migrate_aside_seen (of oid, at tid) ON "
				 "COMMIT DROP");
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];
		struct going g = {
			.r = r, .t = t, .before = t->before, .now = t->after
		};

		if (t->before && t->after && t->way != RESTORE_PG_REMOVE &&
		    any_aside(r, t))
			err = set_aside(&g);
	}
	return err ? err : elsewhere(r);
}
