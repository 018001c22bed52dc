#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_locate.h"
#include "snapshot/restore_pg_type.h"

/*
 * Labels of an enum that the migration renamed. Lines have values from before
 * in the old words, and keys and contents from behind it in the new ones. Rows
 * are judged while the new words count, and go back once the old ones do: what
 * a line finds its row by is said in those, then.
 */

struct relabel {
	size_t table;  /* in r->tables */
	size_t column; /* of its keys, or without one of its columns */
	bool key;
	struct restore_pg_words words;
};

struct restore_pg_labels {
	struct relabel *items;
	size_t n, cap;
};

/* An enum, what it has in other words, and how columns hold it. */
struct finder {
	struct restore_pg *r;
	struct relabel words;
	struct err *err;
};

/* Domains hold a value as it is, arrays and records inside of others. */
static const char columns_sql[] =
	"WITH RECURSIVE y (oid, inside) AS (SELECT %u::oid, false UNION "
	"SELECT x.oid, y.inside OR x.inside FROM y, LATERAL ("
	"SELECT oid, typelem = y.oid AS inside FROM pg_type "
	"WHERE typbasetype = y.oid OR (typelem = y.oid AND typlen = -1) "
	"UNION ALL SELECT c.reltype, true FROM pg_attribute a "
	"JOIN pg_class c ON c.oid = a.attrelid WHERE a.atttypid = y.oid "
	"AND NOT a.attisdropped AND c.reltype <> 0 "
	"UNION ALL SELECT rngtypid, true FROM pg_range "
	"WHERE rngsubtype = y.oid) x) "
	"SELECT c.oid::regclass::text, quote_ident(a.attname), "
	"bool_or(y.inside) FROM y JOIN pg_attribute a ON a.atttypid = y.oid "
	"JOIN pg_class c ON c.oid = a.attrelid WHERE a.attnum > 0 "
	"AND NOT a.attisdropped AND c.relkind = 'r' GROUP BY 1, 2";

static struct err *refuse(const struct restore_pg_table *t, const char *column)
{
	return err_hint(
		err_new(ERR_REFUSED,
			"rows of %s are told by column %s, which holds labels "
			"of an enum inside of other values; the migration "
			"renamed some",
			t->before, column),
		"nothing was changed; rename the labels back in a migration of "
		"its own");
}

static void add(struct finder *f, size_t table, size_t column, bool key)
{
	struct restore_pg_labels *l = f->r->labels;
	struct relabel *one;

	VEC_GROW(l->items, l->n, l->cap);
	one = &l->items[l->n++];
	*one = f->words;
	one->table = table;
	one->column = column;
	one->key = key;
}

static struct err *take_key(struct finder *f, struct restore_pg_table *t,
			    const char *column, bool inside)
{
	const struct manifest_table *m = t->lines;

	for (size_t k = 0; k < m->n_keys; k++) {
		const char *now = restore_pg_column_now(f->r, t, m->keys[k]);

		if (!now || !streq(now, column))
			continue;
		if (inside)
			return refuse(t, column);
		t->relabelled = true;
		add(f, (size_t)(t - f->r->tables), k, true);
	}
	return NULL;
}

static struct err *take_content(struct finder *f, struct restore_pg_table *t,
				const char *column, bool inside)
{
	const struct manifest_table *m = t->lines;

	for (size_t i = 0; i < m->n_columns && !m->n_keys; i++) {
		if (!streq_null(m->columns[i].after, column))
			continue;
		if (inside)
			return refuse(t, column);
		add(f, (size_t)(t - f->r->tables), i, false);
	}
	return NULL;
}

static struct err *take_column(void *payload, int n, const struct pg_cell *cell)
{
	struct finder *f = payload;
	bool inside = cell[2].s[0] == 't';

	(void)n;
	for (size_t i = 0; i < f->r->n_tables && !f->err; i++) {
		struct restore_pg_table *t = &f->r->tables[i];

		if (!t->lines || !t->after || t->way == RESTORE_PG_REMOVE ||
		    !streq(t->after, cell[0].s))
			continue;
		f->err = take_key(f, t, cell[1].s, inside);
		if (!f->err)
			f->err = take_content(f, t, cell[1].s, inside);
	}
	return NULL; /* no error of the question */
}

struct err *restore_pg_labels_find(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_kept && !err; i++) {
		const struct restore_pg_kept *k = &r->kept[i];
		struct finder f = { .r = r, .words.words = k->words };
		unsigned class_oid, oid;

		if (!k->words.n || !restore_pg_is_enum(k->before) ||
		    !schema_pg_locate(r->req->now, k->now, &class_oid, &oid))
			continue;
		if (!r->labels)
			r->labels = xcalloc(1, sizeof(*r->labels));
		err = restore_pg_ask(r, take_column, &f, columns_sql, oid);
		err = err_first(err, f.err);
	}
	return err;
}

static struct err *say_in_old_words(struct restore_pg *r,
				    const struct relabel *l)
{
	const struct restore_pg_table *t = &r->tables[l->table];
	struct buf words = BUF_INIT;
	char which = l->key ? 'k' : 'w';
	struct err *err;

	for (size_t i = 0; i < l->words.n; i++)
		buf_addf(&words, " WHEN %s THEN %s", l->words.now[i],
			 l->words.before[i]);
	err = restore_pg_exec(
		r,
		"UPDATE %s SET %c%zu = CASE %c%zu%s ELSE %c%zu END "
		"WHERE op IN ('~', '+')",
		t->temp, which, l->column, which, l->column, buf_str(&words),
		which, l->column);
	buf_release(&words);
	return err;
}

struct err *restore_pg_labels_back(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; r->labels && i < r->labels->n && !err; i++)
		if (r->tables[r->labels->items[i].table].temp)
			err = say_in_old_words(r, &r->labels->items[i]);
	return err;
}

void restore_pg_labels_free(struct restore_pg *r)
{
	if (r->labels)
		free(r->labels->items);
	free(r->labels);
	r->labels = NULL;
}
