#include "target/journal_sql.h"

#include <stddef.h>

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

struct target_value journal_text_value(const char *s)
{
	size_t len;

	if (!s)
		return (struct target_value){ .type = TARGET_NULL };
	len = strlen(s);
	return (struct target_value){
		.type = text_utf8_valid(s, len) == len ? TARGET_TEXT
						       : TARGET_BLOB,
		.s = s,
		.len = len,
	};
}

void journal_bind(const struct journal_event *e,
		  struct target_value args[JOURNAL_N_COLUMNS])
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const void *member = (const char *)e + columns[i].offset;

		switch (columns[i].kind) {
		case COLUMN_TEXT:
			args[i] = journal_text_value(
				*(const char *const *)member);
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

static const char *text_of(const struct target_value *v, struct arena *copy,
			   struct arena *odd)
{
	if (v->type != TARGET_TEXT && v->type != TARGET_BLOB)
		return NULL;
	if (copy)
		return arena_strndup(copy, v->s, v->len);
	return v->type == TARGET_TEXT ? v->s : arena_strndup(odd, v->s, v->len);
}

void journal_decode(struct journal_event *out, int n,
		    const struct target_value *cell, struct arena *copy,
		    struct arena *odd)
{
	*out = (struct journal_event){ .seq = 0 };
	cell += JOURNAL_FIRST_CELL;
	n -= JOURNAL_FIRST_CELL;
	for (int i = 0; i < n && i < JOURNAL_N_COLUMNS; i++) {
		void *member = (char *)out + columns[i].offset;

		switch (columns[i].kind) {
		case COLUMN_TEXT:
			*(const char **)member = text_of(&cell[i], copy, odd);
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
	out->message = text_of(&cell[JOURNAL_N_COLUMNS], copy, odd);
	cell += JOURNAL_N_COLUMNS + 1;
	if (cell->type == TARGET_NULL)
		return;
	out->delta = copy ? arena_strndup(copy, cell->s, cell->len) : cell->s;
	out->delta_len = cell->len;
}
