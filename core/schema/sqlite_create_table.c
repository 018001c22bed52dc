#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "schema/sqlite_create.h"
#include "schema/sqlite_rule.h"
#include "sql/sql.h"

/* One column or constraint, as a part of the text already made. */
struct line {
	const char *text; /* set once the text is complete */
	size_t from, len; /* offset in it */
};

static int compare_lines(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	size_t n = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, n);

	if (order)
		return order;
	return a->len < b->len ? -1 : a->len > b->len;
}

static bool are_sorted(const struct line *lines, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (compare_lines(&lines[i - 1], &lines[i]) > 0)
			return false;
	return true;
}

static bool needs_columns(const struct sqlite_table *t)
{
	for (size_t i = 0; i < t->n_rules; i++)
		if (t->rules[i].kind == RULE_CHECK ||
		    t->rules[i].kind == RULE_GENERATED)
			return true;
	return false;
}

static const char **columns_of(struct arena *a, const struct sqlite_table *t)
{
	const char **names = arena_array(a, t->n + 1, sizeof(*names));

	for (size_t i = 0; i < t->n; i++) {
		const struct sqlite_word_token *v =
			&t->words.v[t->columns[i].name];
		struct sqlite_token k = { v->kind, v->text, v->len };

		names[i] = sqlite_token_name(&k, a);
	}
	return names;
}

static bool print_column(const struct sqlite_text *p,
			 const struct sqlite_table *t,
			 const struct sqlite_column *c)
{
	const struct sqlite_rule *r = t->rules + c->rules;
	enum sqlite_rule_kind last =
		c->keep_order ? RULE_PRIMARY_KEY : RULE_GENERATED;

	sqlite_name_add_token(p->out, &t->words.v[c->name]);
	if (c->type_to > c->type_from) {
		buf_addch(p->out, ' ');
		sqlite_text_type(p, c->type_from, c->type_to);
	}
	for (unsigned kind = RULE_PRIMARY_KEY; kind <= last; kind++) {
		for (size_t i = 0; i < c->n_rules; i++) {
			if (!c->keep_order && r[i].kind != kind)
				continue;
			buf_addch(p->out, ' ');
			if (!sqlite_rule_print(p, &r[i]))
				return false;
		}
	}
	return true;
}

static void begin_line(struct buf *out, struct line *l, bool first)
{
	buf_addstr(out, first ? "    " : "  , ");
	l->from = out->len;
}

static void end_line(struct buf *out, struct line *l)
{
	l->len = out->len - l->from;
	buf_addch(out, '\n');
}

static bool print_lines(const struct sqlite_text *p,
			const struct sqlite_table *t, struct line *lines)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++, n++) {
		begin_line(p->out, &lines[n], !n);
		if (!print_column(p, t, &t->columns[i]))
			return false;
		end_line(p->out, &lines[n]);
	}
	for (size_t i = t->table_rules; i < t->n_rules; i++, n++) {
		begin_line(p->out, &lines[n], !n);
		if (!sqlite_rule_print(p, &t->rules[i]))
			return false;
		end_line(p->out, &lines[n]);
	}
	return true;
}

/* The same text with n columns and then m constraints sorted. */
static void add_shape(struct buf *shape, const char *text, struct line *lines,
		      size_t n, size_t m)
{
	const struct line *last = &lines[n + m - 1];
	size_t head = lines[0].from, tail = last->from + last->len;

	for (size_t i = 0; i < n + m; i++)
		lines[i].text = text + lines[i].from;
	if (are_sorted(lines, n) && are_sorted(lines + n, m))
		return;
	qsort(lines, n, sizeof(*lines), compare_lines);
	if (m)
		qsort(lines + n, m, sizeof(*lines), compare_lines);
	buf_add(shape, text, head);
	for (size_t i = 0; i < n + m; i++) {
		if (i)
			buf_addstr(shape, "\n  , ");
		buf_add(shape, lines[i].text, lines[i].len);
	}
	buf_addstr(shape, text + tail);
}

bool sqlite_create_table(struct buf *out, struct buf *shape, const char *sql,
			 size_t len)
{
	struct arena arena = ARENA_INIT;
	struct sqlite_text p = { .out = out };
	struct sqlite_table t;
	struct line *lines = NULL;
	size_t n_rules;
	bool fine = sqlite_table_parse(&t, sql, len);

	if (!fine)
		goto done;
	p.words = &t.words;
	if (needs_columns(&t))
		p.columns = columns_of(&arena, &t);
	n_rules = t.n_rules - t.table_rules;
	lines = xcalloc(t.n + n_rules, sizeof(*lines));
	buf_addstr(out, "CREATE TABLE ");
	sqlite_name_add_token(out, &t.words.v[t.name]);
	buf_addstr(out, " (\n");
	fine = print_lines(&p, &t, lines);
	if (!fine)
		goto done;
	buf_addch(out, ')');
	if (t.strict)
		buf_addstr(out, " STRICT");
	if (t.without_rowid)
		buf_addstr(out,
			   t.strict ? ", WITHOUT ROWID" : " WITHOUT ROWID");
	buf_addstr(out, ";\n");
	if (shape)
		add_shape(shape, out->data, lines, t.n, n_rules);
done:
	free(lines);
	sqlite_table_release(&t);
	arena_release(&arena);
	return fine;
}

static const char *type_of(struct arena *a, const struct sqlite_table *t,
			   size_t i)
{
	struct buf b = BUF_INIT;
	const char *out;

	for (size_t k = t->columns[i].type_from; k < t->columns[i].type_to;
	     k++) {
		buf_addstr(&b, b.len ? " " : "");
		buf_add(&b, t->words.v[k].text, t->words.v[k].len);
	}
	out = arena_strdup(a, buf_str(&b));
	buf_release(&b);
	return out;
}

const char *schema_sqlite_column_type(struct arena *a, const char *sql,
				      const char *column)
{
	const char *out = NULL;
	struct sqlite_table t;

	if (sqlite_table_parse(&t, sql, strlen(sql))) {
		const char **names = columns_of(a, &t);

		for (size_t i = 0; i < t.n && !out; i++)
			if (sql_same_name(SQL_SQLITE, names[i], column))
				out = type_of(a, &t, i);
	}
	sqlite_table_release(&t);
	return out;
}

const char **schema_sqlite_columns(struct arena *a, const char *sql)
{
	struct sqlite_table t;
	const char **names = NULL;

	if (sqlite_table_parse(&t, sql, strlen(sql)))
		names = columns_of(a, &t);
	sqlite_table_release(&t);
	return names;
}
