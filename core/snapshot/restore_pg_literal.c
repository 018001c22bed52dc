#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/* Values of a snapshot as SQL has them, for what is listed. */

/** Values longer than this are cut. */
#define LITERAL_MAX 4096

/* "12", "-1.5e+300": the same without quotes */
static bool is_number(const struct restore_pg_field *f)
{
	static const char body[] = "0123456789.e+-";
	const char *p = f->s + 1, *end = f->s + f->len;

	p += p < end && *p == '-';
	if (p == end || *p < '0' || *p > '9' ||
	    (*p == '0' && p + 1 < end && p[1] != '.'))
		return false;
	for (; p < end; p++)
		if (!memchr(body, *p, sizeof(body) - 1))
			return false;
	return true;
}

/* What stands behind a backslash in COPY's text. */
static char unescaped(char c)
{
	static const char marks[][2] = { "b\b", "f\f", "n\n",
					 "r\r", "t\t", "v\v" };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (marks[i][0] == c)
			return marks[i][1];
	return c;
}

static void add_text(struct buf *out, const char *s, size_t len)
{
	buf_addch(out, '\'');
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '\\' && i + 1 < len)
			c = unescaped(s[++i]);
		if (c == '\'')
			buf_addch(out, '\'');
		buf_add(out, &c, 1);
	}
	buf_addch(out, '\'');
}

/* Up to a character's end. */
static size_t cut_length(const char *s, size_t len)
{
	while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void add_literal(struct buf *out, const struct restore_pg_field *f,
			bool number)
{
	bool is_long = f->len > LITERAL_MAX + 1;

	if (f->s[0] == '\\')
		buf_addstr(out, "NULL");
	else if (number && is_number(f))
		buf_add(out, f->s + 1, f->len - 1);
	else
		add_text(out, f->s + 1,
			 is_long ? cut_length(f->s + 1, LITERAL_MAX)
				 : f->len - 1);
	if (is_long)
		buf_addstr(out, "...");
}

bool restore_pg_is_number(const struct restore_pg_column *col)
{
	static const char *const types[] = {
		"smallint",         "integer", "bigint", "real",
		"double precision", "numeric", "oid"
	};

	for (size_t i = 0; col && i < ARRAY_LEN(types); i++)
		if (streq(col->type, types[i]) ||
		    (starts_with(col->type, "numeric(") &&
		     streq(types[i], "numeric")))
			return true;
	return false;
}

const char *restore_pg_literal(struct restore_pg *r,
			       const struct restore_pg_field *f, bool number)
{
	struct buf b = BUF_INIT;
	const char *out;

	if (f->s[0] != '\'' && f->s[0] != '\\')
		return NULL;
	add_literal(&b, f, number);
	out = arena_strndup(&r->arena, buf_str(&b), b.len);
	buf_release(&b);
	return out;
}

void restore_pg_names_of_keys(struct restore_pg *r,
			      const struct restore_pg_table *t,
			      const struct restore_pg_relation *rel,
			      struct restore_pg_keys *out)
{
	const struct manifest_table *m = t->lines;

	out->n = m->n_keys;
	out->names = arena_array(&r->arena, m->n_keys + 1, sizeof(char *));
	out->number = arena_array(&r->arena, m->n_keys + 1, sizeof(bool));
	for (size_t k = 0; k < m->n_keys; k++) {
		const char *now = restore_pg_column_now(r, t, m->keys[k]);
		const struct restore_pg_column *col =
			restore_pg_column(rel, now);

		/* by its old name, when that is back */
		if (!col)
			col = restore_pg_column(rel, m->keys[k]);
		out->names[k] = col ? col->name : m->keys[k];
		out->number[k] = restore_pg_is_number(col);
	}
}

const char *restore_pg_key_text(struct restore_pg *r,
				const struct restore_pg_keys *keys,
				const struct restore_pg_field *values)
{
	struct buf b = BUF_INIT;
	const char *out;

	for (size_t k = 0; k < keys->n; k++) {
		buf_addf(&b, "%s%s = ", k ? ", " : "", keys->names[k]);
		add_literal(&b, &values[k], keys->number[k]);
	}
	out = keys->n ? arena_strdup(&r->arena, buf_str(&b)) : NULL;
	buf_release(&b);
	return out;
}
