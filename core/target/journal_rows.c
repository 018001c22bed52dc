#include "target/journal_sql.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/util.h"
#include "target/journal.h"

/* Between a history row and struct journal_event, by a table of columns. */
enum column_kind {
	COLUMN_TEXT,
	COLUMN_INT,
	COLUMN_INT32,
	COLUMN_BOOL,
};

static const struct {
	enum column_kind kind;
	size_t offset;
} columns[] = {
#define COLUMN(kind, member, column) \
	{ COLUMN_##kind, offsetof(struct journal_event, member) },
	JOURNAL_COLUMNS(COLUMN)
#undef COLUMN
};

_Static_assert(ARRAY_LEN(columns) == JOURNAL_N_COLUMNS,
	       "the INSERT has a parameter for every column");

/* "\x6f6464" */
static struct target_value as_hex(struct arena *a, const char *s, size_t len)
{
	struct buf b = BUF_INIT;
	char *hex;

	buf_addstr(&b, "\\x");
	text_add_hex(&b, s, len);
	hex = arena_strndup(a, buf_str(&b), b.len);
	buf_release(&b);
	return target_text(hex);
}

struct target_value journal_text_value(const struct target *t, struct arena *a,
				       const char *s)
{
	struct target_value v = target_text(s);
	bool hex = journal_sql_of(t)->odd_as_hex, odd;

	if (!s)
		return v;
	odd = text_utf8_valid(s, v.len) != v.len;
	if (hex && (odd || starts_with(s, "\\x")))
		return as_hex(a, s, v.len);
	if (odd)
		v.type = TARGET_BLOB;
	return v;
}

void journal_bind(const struct target *t, struct arena *a,
		  const struct journal_event *e,
		  struct target_value args[JOURNAL_N_COLUMNS])
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const void *member = (const char *)e + columns[i].offset;

		switch (columns[i].kind) {
		case COLUMN_TEXT:
			args[i] = journal_text_value(
				t, a, *(const char *const *)member);
			break;
		case COLUMN_INT:
			args[i] = target_int(*(const int64_t *)member);
			break;
		case COLUMN_INT32:
			args[i] = target_int(*(const int *)member);
			break;
		case COLUMN_BOOL:
			args[i] = target_int(*(const bool *)member);
			break;
		}
	}
}

/* Back from as_hex(); NULL when it is not of that form. */
static const char *from_hex(const char *s, size_t len, struct arena *a)
{
	static const char digits[] = "0123456789abcdef";
	char *out;

	if (len < 2 || len % 2 || s[0] != '\\' || s[1] != 'x')
		return NULL;
	out = arena_alloc(a, len / 2);
	for (size_t i = 2; i < len; i += 2) {
		const char *high = strchr(digits, s[i]);
		const char *low = strchr(digits, s[i + 1]);

		if (!high || !low || !*high || !*low)
			return NULL;
		out[i / 2 - 1] = (char)((high - digits) << 4 | (low - digits));
	}
	return out;
}

static const char *text_of(bool hex, const struct target_value *v,
			   struct arena *copy, struct arena *odd)
{
	const char *bytes = NULL;

	if (v->type != TARGET_TEXT && v->type != TARGET_BLOB)
		return NULL;
	if (hex)
		bytes = from_hex(v->s, v->len, copy ? copy : odd);
	if (bytes)
		return bytes;
	if (copy)
		return arena_strndup(copy, v->s, v->len);
	return v->type == TARGET_TEXT ? v->s : arena_strndup(odd, v->s, v->len);
}

void journal_decode(const struct target *t, struct journal_event *out, int n,
		    const struct target_value *cell, struct arena *copy,
		    struct arena *odd)
{
	bool hex = journal_sql_of(t)->odd_as_hex;

	*out = (struct journal_event){ .seq = 0 };
	cell += JOURNAL_FIRST_CELL;
	n -= JOURNAL_FIRST_CELL;
	for (int i = 0; i < n && i < JOURNAL_N_COLUMNS; i++) {
		void *member = (char *)out + columns[i].offset;

		switch (columns[i].kind) {
		case COLUMN_TEXT:
			*(const char **)member =
				text_of(hex, &cell[i], copy, odd);
			break;
		case COLUMN_INT:
			*(int64_t *)member = cell[i].i;
			break;
		case COLUMN_INT32:
			*(int *)member = (int)cell[i].i;
			break;
		case COLUMN_BOOL:
			*(bool *)member = cell[i].i != 0;
			break;
		}
	}
	if (n < JOURNAL_N_COLUMNS + 2)
		return;
	out->message = text_of(hex, &cell[JOURNAL_N_COLUMNS], copy, odd);
	cell += JOURNAL_N_COLUMNS + 1;
	if (cell->type == TARGET_NULL)
		return;
	out->delta = copy ? arena_strndup(copy, cell->s, cell->len) : cell->s;
	out->delta_len = cell->len;
}
