#include "sql/dialect.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static const struct sql_dialect_ops dialects[SQL_DIALECT_COUNT] = {
	[SQL_SQLITE] = {
		.name = "sqlite",
		.alias = "sqlite3",
		.folds_case = true,
		.split = sqlite_split,
		.normal_form = sqlite_normal_form,
	},
	[SQL_POSTGRESQL] = {
		.name = "postgresql",
		.alias = "postgres",
		.split = pg_split,
		.normal_form = pg_normal_form,
	},
};

const char *sql_dialect_name(enum sql_dialect d)
{
	return dialects[d].name;
}

struct err *sql_dialect_parse(const char *name, enum sql_dialect *out)
{
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
		const struct sql_dialect_ops *ops = &dialects[i];

		if (!streq(name, ops->name) && !streq_null(name, ops->alias))
			continue;
		*out = (enum sql_dialect)i;
		return NULL;
	}
	return err_hint(err_new(ERR_INPUT, "unknown dialect '%s'", name),
			"use sqlite or postgresql");
}

struct err *sql_split(struct sql_script *out, enum sql_dialect d,
		      const char *text, size_t len, unsigned first_line)
{
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = dialects[d].split(out, text, len, first_line);
	if (err)
		sql_script_release(out);
	return err;
}

void sql_script_release(struct sql_script *s)
{
	free(s->statements);
	arena_release(&s->arena);
	memset(s, 0, sizeof(*s));
}

void sql_normal_form(struct buf *out, enum sql_dialect d, const char *text,
		     size_t len)
{
	struct sql_script script;
	struct err *err = sql_split(&script, d, text, len, 1);

	if (err)
		buf_add(out, text, len);
	else
		dialects[d].normal_form(out, &script);
	err_free(err);
	sql_script_release(&script);
}

/* strcasecmp() would ask the locale; SQL names fold ASCII only. */
static bool same_ascii_fold(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		unsigned char x = (unsigned char)*a, y = (unsigned char)*b;

		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return false;
	}
	return *a == *b;
}

bool sql_same_name(enum sql_dialect d, const char *a, const char *b)
{
	return dialects[d].folds_case ? same_ascii_fold(a, b) : streq(a, b);
}

void sql_add_set(struct sql_statement *s, struct arena *a, const char *column)
{
	size_t n = s->n_sets;
	const char **more;

	if (!column)
		return;
	/* full at each power of two */
	if (!(n & (n - 1))) {
		more = arena_array(a, n ? n * 2 : 1, sizeof(*more));
		for (size_t i = 0; i < n; i++)
			more[i] = s->sets[i];
		s->sets = more;
	}
	s->sets[s->n_sets++] = column;
}
