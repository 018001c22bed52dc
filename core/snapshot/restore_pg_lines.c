#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/* Lines of a snapshot, and lines of COPY in the same terms. */

static struct err *damaged(const struct restore_pg_lines *l)
{
	return err_new(ERR_STATE, "a snapshot's line of table %s is damaged",
		       l->table->before);
}

struct err *restore_pg_lines_open(struct restore_pg_lines *l,
				  struct restore_pg *r,
				  const struct restore_pg_table *of)
{
	const struct manifest_table *t = of->lines;
	size_t n = t->n_keys + t->n_columns * 2;

	memset(l, 0, sizeof(*l));
	line_reader_init(&l->reader, r->req->in);
	l->of = of;
	l->table = t;
	l->fields = xcalloc(n + 1, sizeof(*l->fields));
	l->line.keys = l->fields;
	l->line.old = l->line.keys + t->n_keys;
	l->line.now = l->line.old + t->n_columns;
	/* a file is made with its first line */
	l->any = manifest_lines(t) > 0;
	if (!l->any)
		return NULL;
	return line_reader_open(&l->reader, t->file);
}

void restore_pg_lines_close(struct restore_pg_lines *l)
{
	line_reader_release(&l->reader);
	free(l->fields);
	l->fields = NULL;
}

static bool cut(const char **pos, const char *end, struct restore_pg_field *out)
{
	const char *tab;

	if (*pos > end)
		return false;
	tab = memchr(*pos, '\t', (size_t)(end - *pos));
	out->s = *pos;
	out->len = (size_t)((tab ? tab : end) - *pos);
	*pos = out->s + out->len + 1;
	return out->len > 0;
}

/*
 * An unchanged column has one field. Without a key there are no digests to
 * tell it by: then every column has two.
 */
static bool cut_columns(struct restore_pg_lines *l, const char *pos,
			const char *end)
{
	struct restore_pg_line *line = &l->line;
	bool both = !l->table->n_keys;

	for (size_t i = 0; i < l->table->n_columns; i++) {
		line->now[i] = (struct restore_pg_field){ NULL, 0 };
		if (!cut(&pos, end, &line->old[i]))
			return false;
		if (line->op == ROW_UPDATED &&
		    (both || line->old[i].s[0] != '=') &&
		    !cut(&pos, end, &line->now[i]))
			return false;
	}
	return pos > end;
}

static struct err *cut_line(struct restore_pg_lines *l, const char *text,
			    size_t len)
{
	const char *pos, *end = text + len;

	if (!len || (text[0] != ROW_INSERTED && text[0] != ROW_UPDATED &&
		     text[0] != ROW_DELETED))
		return damaged(l);
	/* a row without columns is its sign alone */
	if (len > 1 && text[1] != '\t')
		return damaged(l);
	pos = text + (len > 1 ? 2 : len + 1);
	l->line.op = text[0];
	for (size_t k = 0; k < l->table->n_keys; k++)
		if (!cut(&pos, end, &l->line.keys[k]))
			return damaged(l);
	if (l->table->n_columns ? !cut_columns(l, pos, end) : pos <= end)
		return damaged(l);
	return NULL;
}

/* Columns that do not go back read as unchanged; false: the line is out. */
static bool take_out(struct restore_pg_lines *l)
{
	static const struct restore_pg_field same = { "=AAA", 4 };
	const struct settled *s;
	size_t n;

	s = settle_of(&l->of->settled, &l->cursor, l->line.number, &n);
	for (size_t i = 0; i < n; i++) {
		if (s[i].how == SETTLE_SKIP)
			return false;
		if (s[i].how != SETTLE_COLUMN)
			continue;
		l->line.old[s[i].column] = same;
		l->line.now[s[i].column] = (struct restore_pg_field){ NULL, 0 };
	}
	return true;
}

struct err *restore_pg_lines_next(struct restore_pg_lines *l)
{
	const char *text;
	struct err *err;
	size_t len;

	do {
		l->line.op = '\0';
		if (!l->any)
			return NULL;
		err = line_reader_next(&l->reader, &text, &len);
		if (err || !text)
			return err;
		l->line.number = l->next++;
		err = cut_line(l, text, len);
	} while (!err && l->of->settled.n && !take_out(l));
	return err;
}

void restore_pg_add_fields(struct buf *out, const struct manifest_table *t)
{
	const char *sep = "";

	for (size_t k = 0; k < t->n_keys; k++, sep = ", ")
		buf_addf(out, "%s%s", sep, t->keys[k]);
	for (size_t i = 0; i < t->n_columns; i++, sep = ", ")
		buf_addf(out, "%s%s", sep, t->columns[i].before);
}

uint64_t restore_pg_digest(const struct restore_pg_field *f)
{
	return XXH3_64bits(f->s, f->len);
}

#define SHORT_LEN 4

static void short_digest(char *out, const struct restore_pg_field *f)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789-_";
	uint64_t d = ROW_SHORT_DIGEST(restore_pg_digest(f));

	out[0] = '=';
	out[1] = digits[d >> 12];
	out[2] = digits[d >> 6 & 63];
	out[3] = digits[d & 63];
}

void restore_pg_add_same(struct buf *out, const struct restore_pg_field *f)
{
	char text[SHORT_LEN];

	short_digest(text, f);
	buf_add(out, text, sizeof(text));
}

static bool same_bytes(const struct restore_pg_field *f, const char *s,
		       size_t len)
{
	return f->len == len && !memcmp(f->s, s, len);
}

static bool matches_digest(const struct restore_pg_field *field,
			   const struct restore_pg_field *now)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t d = restore_pg_digest(now);
	char text[17] = { '#' };

	for (size_t i = 0; i < 16; i++)
		text[i + 1] = hex[d >> (60 - 4 * i) & 15];
	return same_bytes(field, text, sizeof(text));
}

bool restore_pg_matches(const struct restore_pg_field *field,
			const struct restore_pg_field *now)
{
	char same[SHORT_LEN];

	if (field->s[0] == '#')
		return matches_digest(field, now);
	if (field->s[0] != '=')
		return same_bytes(field, now->s, now->len);
	short_digest(same, now);
	return same_bytes(field, same, sizeof(same));
}

void restore_pg_row_release(struct restore_pg_row *row)
{
	buf_release(&row->text);
	free(row->fields);
	memset(row, 0, sizeof(*row));
}

/* The tab before a field makes room for the quote that a value begins with. */
void restore_pg_row_cut(struct restore_pg_row *row, const char *line,
			size_t len)
{
	char *p, *end;

	if (len && line[len - 1] == '\n')
		len--;
	buf_reset(&row->text);
	buf_addch(&row->text, '\t');
	buf_add(&row->text, line, len);
	p = row->text.data;
	end = p + row->text.len;
	row->n = 0;
	while (p < end) {
		char *tab = memchr(p + 1, '\t', (size_t)(end - p - 1));
		char *stop = tab ? tab : end;
		bool null = stop - p == 3 && p[1] == '\\' && p[2] == 'N';

		VEC_GROW(row->fields, row->n, row->cap);
		*p = '\'';
		row->fields[row->n++] =
			(struct restore_pg_field){ null ? p + 1 : p,
						   (size_t)(stop - p) - null };
		p = stop;
	}
}
