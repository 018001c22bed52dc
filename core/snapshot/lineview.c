#include "snapshot/lineview.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

void line_view_init(struct line_view *v, const struct manifest_table *table,
		    enum sql_dialect dialect)
{
	size_t n;

	memset(v, 0, sizeof(*v));
	v->table = table;
	v->typed = dialect == SQL_SQLITE;
	v->n_keys = table->n_keys;
	if (v->typed && !v->n_keys)
		v->n_keys = 1; /* the rowid */
	v->both = !v->n_keys;
	v->n_columns = table->n_columns;
	n = v->n_keys + 2 * v->n_columns;
	v->keys = xcalloc(n + 1, sizeof(*v->keys));
	v->old = v->keys + v->n_keys;
	v->now = v->old + v->n_columns;
}

void line_view_release(struct line_view *v)
{
	free(v->keys);
	memset(v, 0, sizeof(*v));
}

const char *line_view_key_name(const struct line_view *v, size_t i)
{
	return v->table->n_keys ? v->table->keys[i] : "rowid";
}

bool line_view_is_keyed(const struct line_view *v)
{
	return v->n_keys > 0;
}

/* Fields that only say their kind: digests, "no such column", NULL. */
static bool is_mark(const struct line_field *f)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
				     "klmnopqrstuvwxyz0123456789-_";

	switch (*f->s) {
	case '=':
		return f->len == 4 && strspn(f->s + 1, base64) >= 3;
	case '#':
		return f->len == 17 &&
		       strspn(f->s + 1, "0123456789abcdef") >= 16;
	case '!':
		return f->len == 1;
	default:
		return f->len == 2 && f->s[0] == '\\' && f->s[1] == 'N';
	}
}

/* The form of a field; what a value is made of, only where it says so. */
static bool is_field(const struct line_view *v, const struct line_field *f,
		     struct buf *scratch)
{
	const char *pos = f->s;
	struct row_value value;
	struct err *err;

	if (!f->len)
		return false;
	if (!v->typed)
		return *f->s == '\'' || is_mark(f);
	buf_reset(scratch);
	buf_reserve(scratch, f->len);
	err = row_parse(&pos, f->s + f->len, &value, scratch);
	err_free(err);
	return !err;
}

static bool cut(const char **pos, const char *end, struct line_field *out)
{
	if (*pos > end)
		return false;
	out->s = *pos;
	out->len = row_field_length(*pos, end);
	*pos += out->len + 1;
	return true;
}

static bool cut_all(struct line_view *v, const char *pos, const char *end,
		    struct buf *scratch)
{
	for (size_t k = 0; k < v->n_keys; k++)
		if (!cut(&pos, end, &v->keys[k]) ||
		    !is_field(v, &v->keys[k], scratch))
			return false;
	for (size_t i = 0; i < v->n_columns; i++) {
		v->now[i] = (struct line_field){ NULL, 0 };
		if (!cut(&pos, end, &v->old[i]) ||
		    !is_field(v, &v->old[i], scratch))
			return false;
		if (v->op != ROW_UPDATED || (!v->both && *v->old[i].s == '='))
			continue;
		if (!cut(&pos, end, &v->now[i]) ||
		    !is_field(v, &v->now[i], scratch))
			return false;
	}
	return pos > end;
}

struct err *line_view_cut(struct line_view *v, const char *line, size_t len)
{
	const char *end = line + len;
	struct buf scratch = BUF_INIT;
	bool ok = len && (line[0] == ROW_INSERTED || line[0] == ROW_UPDATED ||
			  line[0] == ROW_DELETED);

	if (ok) {
		v->op = (enum row_op)line[0];
		/* a row without columns is its sign alone */
		ok = len == 1 ? !v->n_keys && !v->n_columns
			      : line[1] == '\t' &&
					cut_all(v, line + 2, end, &scratch);
	}
	buf_release(&scratch);
	if (ok)
		return NULL;
	return err_new(ERR_STATE,
		       "a snapshot's line of table %s is damaged: '%.*s'",
		       v->table->before, len > 40 ? 40 : (int)len, line);
}

void line_field_print(struct buf *out, const struct line_field *f)
{
	switch (f->len ? *f->s : '\0') {
	case '\\':
		buf_addstr(out, "NULL");
		return;
	case '\'':
		buf_add(out, f->s, f->len);
		buf_addch(out, '\'');
		return;
	case 'x':
		buf_addstr(out, "x'");
		buf_add(out, f->s + 1, f->len - 1);
		buf_addch(out, '\'');
		return;
	case '=':
		buf_addstr(out, "(unchanged)");
		return;
	case '#':
		buf_addstr(out, "(over 256 bytes)");
		return;
	case '!':
		buf_addstr(out, "(no such column)");
		return;
	default:
		buf_add(out, f->s, f->len);
	}
}

static bool same(const struct line_field *a, const struct line_field *b)
{
	return a->len == b->len && !memcmp(a->s, b->s, a->len);
}

static const char *column_name(const struct line_view *v, size_t i)
{
	const struct manifest_column *c = &v->table->columns[i];

	return v->op == ROW_INSERTED && c->after ? c->after : c->before;
}

bool line_view_tells(const struct line_view *v, size_t i)
{
	const struct line_field *old = &v->old[i], *now = &v->now[i];

	if (v->op == ROW_UPDATED && now->s)
		return !same(old, now);
	return *old->s != '=' && *old->s != '!';
}

void line_view_print(struct buf *out, const struct line_view *v)
{
	buf_addch(out, (char)v->op);
	for (size_t k = 0; k < v->n_keys; k++) {
		buf_addf(out, " %s=", line_view_key_name(v, k));
		line_field_print(out, &v->keys[k]);
	}
	for (size_t i = 0; i < v->n_columns; i++) {
		if (!line_view_tells(v, i))
			continue;
		buf_addf(out, "%s%s: ", i || v->n_keys ? "  " : " ",
			 column_name(v, i));
		line_field_print(out, &v->old[i]);
		if (!v->now[i].s)
			continue;
		buf_addstr(out, " -> ");
		line_field_print(out, &v->now[i]);
	}
}
