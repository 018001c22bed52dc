#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "decide/verdict_rules.h"

/* Constants that a row gets, against what a new CHECK or another type makes of
 * them. Whatever is not sure is not so. */

#define SURE_LENGTH 48 /* longer values may be cut */

static bool is_integer(const char *s, size_t most)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	if (n == 0 || n > most || s[n])
		return false;
	return n == 1 || *s != '0';
}

static bool is_plain_number(const char *s)
{
	size_t n = strspn(s, "-0123456789.");

	return n > 0 && n < 10 && !s[n] && strcspn(s, "0123456789") < n;
}

/* The value may be rounded when it is kept. */
static bool number_keeps(double v, bool whole, const char *op, double limit)
{
	double margin = whole ? 0.0 : 1.0;

	if (streq(op, "<"))
		return v + margin < limit;
	if (streq(op, "<="))
		return v + margin <= limit;
	if (streq(op, ">"))
		return v - margin > limit;
	if (streq(op, ">="))
		return v - margin >= limit;
	if (streq(op, "<>"))
		return v + margin < limit || v - margin > limit;
	return whole && v == limit;
}

/* One operand behind the operator; *at moves behind it. */
static char *next_operand(struct arena *arena, const char **at, bool *quoted)
{
	const char *p = *at + (**at == ' ');
	size_t n;

	if (!*p)
		return NULL;
	*quoted = *p == '\'';
	p += *quoted;
	n = strcspn(p, *quoted ? "'" : " ");
	*at = p + n + (*quoted && p[n]);
	return arena_strndup(arena, p, n);
}

static bool operand_keeps(const char *value, const char *op,
			  const char *operand, bool quoted)
{
	if (!quoted)
		return is_plain_number(value) && is_plain_number(operand) &&
		       number_keeps(strtod(value, NULL), is_integer(value, 9),
				    op, strtod(operand, NULL));
	if (streq(op, "="))
		return streq(value, operand) && strlen(value) < SURE_LENGTH;
	return streq(op, "<>") && verdict_values_apart(value, operand);
}

/* "< 4", "= 'x'", "in 1 2", "not null" */
static bool value_keeps(const char *value, const char *wants)
{
	struct arena arena = ARENA_INIT;
	size_t n = strcspn(wants, " ");
	const char *at = wants + n;
	char *op = arena_strndup(&arena, wants, n), *operand;
	bool keeps = false, quoted, any = streq(op, "in");

	if (streq(wants, "not null")) {
		arena_release(&arena);
		return value != NULL;
	}
	while (value && !keeps &&
	       (operand = next_operand(&arena, &at, &quoted)))
		keeps = operand_keeps(value, any ? "=" : op, operand, quoted);
	arena_release(&arena);
	return keeps || !value; /* what is not known is no violation */
}

/* How long the text is that the column keeps */
static bool is_plain_text(const char *value)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p >= 0x80 || *p == '\\')
			return false;
	if (strlen(value) >= SURE_LENGTH || *value == ' ' ||
	    (*value && value[strlen(value) - 1] == ' '))
		return false;
	return isalpha((unsigned char)*value) || !*value ||
	       is_integer(value, 9);
}

static bool length_keeps(const char *value, const char *wants)
{
	char length[24];

	if (!value || !is_plain_text(value))
		return !value && !streq(wants, "not null");
	snprintf(length, sizeof(length), "%zu", strlen(value));
	return value_keeps(length, wants);
}

static bool term_keeps(const struct effect *rows,
		       const struct effect_literal *term)
{
	bool length = starts_with(term->column, "length(");
	char column[70];
	const struct effect_literal *l;
	bool insert = rows->action == EFFECT_INSERT;

	snprintf(column, sizeof(column), "%s",
		 term->column + (length ? strlen("length(") : 0));
	if (length)
		column[strcspn(column, ")")] = '\0';
	if (!insert && !verdict_listed(rows->columns, column))
		return true;
	l = insert ? verdict_literal(rows->where, rows->n_where, column)
		   : verdict_literal(rows->sets, rows->n_sets, column);
	if (!l)
		return false;
	return length ? length_keeps(l->value, term->value)
		      : value_keeps(l->value, term->value);
}

bool verdict_keeps(const struct effect *rows, const struct effect *check)
{
	if (!check->n_where || !check->digest ||
	    !starts_with(check->digest, "check ") ||
	    ends_with(check->digest, " not valid") ||
	    (rows->action == EFFECT_UPDATE &&
	     (rows->all_columns || !rows->columns)))
		return false;
	for (size_t i = 0; i < check->n_where; i++)
		if (!term_keeps(rows, &check->where[i]))
			return false;
	return true;
}

/** What a type is, as far as constants are the same in two of them. */
enum family {
	FAMILY_OTHER,
	FAMILY_SMALL,
	FAMILY_INTEGER,
	FAMILY_NUMERIC,
	FAMILY_TEXT,
	FAMILY_BOOLEAN
};

static enum family family_of(const char *type)
{
	static const struct {
		const char *name;
		enum family family;
	} names[] = {
		{ "smallint", FAMILY_SMALL },
		{ "int2", FAMILY_SMALL },
		{ "integer", FAMILY_INTEGER },
		{ "int4", FAMILY_INTEGER },
		{ "bigint", FAMILY_INTEGER },
		{ "int8", FAMILY_INTEGER },
		{ "numeric", FAMILY_NUMERIC },
		{ "text", FAMILY_TEXT },
		{ "varchar", FAMILY_TEXT },
		{ "character varying", FAMILY_TEXT },
		{ "boolean", FAMILY_BOOLEAN },
		{ "bool", FAMILY_BOOLEAN },
	};
	size_t n = strcspn(type, "(");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i].name) == n &&
		    strncmp(type, names[i].name, n) == 0)
			return names[i].family;
	return FAMILY_OTHER;
}

static bool is_number(enum family f)
{
	return f == FAMILY_SMALL || f == FAMILY_INTEGER || f == FAMILY_NUMERIC;
}

/* Letters of varchar(n), digits before the point of numeric(p, s) */
static size_t room(const char *type)
{
	const char *p = strchr(type, '(');
	char *end;
	long most, scale = 0;

	if (!p)
		return SURE_LENGTH;
	most = strtol(p + 1, &end, 10);
	if (*end == ',')
		scale = strtol(end + 1, &end, 10);
	if (*end != ')' || scale < 0 || most < scale)
		return 0;
	return (size_t)(most - scale);
}

static bool same_in(const char *value, const char *from, const char *to)
{
	enum family f = family_of(from), t = family_of(to);
	size_t len = strlen(value);

	if (f == FAMILY_BOOLEAN && t == FAMILY_TEXT)
		return len <= room(to) &&
		       (streq(value, "true") || streq(value, "false"));
	if (is_number(f) && is_number(t))
		return is_integer(value, f == FAMILY_SMALL || t == FAMILY_SMALL
						 ? 4
						 : 9) &&
		       len <= room(to) && len <= room(from);
	if ((f == FAMILY_SMALL || f == FAMILY_INTEGER) && t == FAMILY_TEXT)
		return is_integer(value, 9) && !streq(value, "-0") &&
		       len <= room(to);
	return f == FAMILY_TEXT && t == FAMILY_TEXT && len < SURE_LENGTH &&
	       len <= room(to) && len <= room(from) &&
	       (!len || value[len - 1] != ' ');
}

bool verdict_same_in_types(const struct effect *rows,
			   const struct effect *column)
{
	bool insert = rows->action == EFFECT_INSERT;
	const struct effect_literal *l =
		insert ? verdict_literal(rows->where, rows->n_where,
					 column->name)
		       : verdict_literal(rows->sets, rows->n_sets,
					 column->name);

	if (!column->from || !column->digest || !l ||
	    strstr(column->digest, " using ") ||
	    strstr(column->digest, " collate "))
		return false;
	if (!insert &&
	    (rows->action != EFFECT_UPDATE ||
	     verdict_listed(rows->reads, column->name) ||
	     verdict_literal(rows->where, rows->n_where, column->name)))
		return false;
	return !l->value || same_in(l->value, column->from, column->digest);
}

bool verdict_is_same_integer(const char *text, const struct effect *type)
{
	enum family f = type->from ? family_of(type->from) : FAMILY_OTHER;
	enum family t = type->digest ? family_of(type->digest) : FAMILY_OTHER;

	return (f == FAMILY_SMALL || f == FAMILY_INTEGER) &&
	       (t == FAMILY_SMALL || t == FAMILY_INTEGER) &&
	       is_integer(text, 4);
}

/* A bound is not above another one: numbers, or dates of one form. */
static bool is_not_above(const char *a, const char *b)
{
	if (is_plain_number(a) && is_plain_number(b))
		return strtod(a, NULL) <= strtod(b, NULL);
	return strlen(a) == strlen(b) && verdict_are_fields(a, b) &&
	       strcmp(a, b) <= 0;
}

bool verdict_partitions_apart(const struct effect *a, const struct effect *b)
{
	if (!a->n_where || !b->n_where)
		return false;
	if (streq(a->where[0].column, "default") ||
	    streq(b->where[0].column, "default"))
		return !streq(a->where[0].column, b->where[0].column);
	if (streq(a->where[0].column, "from") &&
	    streq(b->where[0].column, "from"))
		return is_not_above(a->where[1].value, b->where[0].value) ||
		       is_not_above(b->where[1].value, a->where[0].value);
	if (!streq(a->where[0].column, b->where[0].column))
		return false;
	for (size_t i = 0; i < a->n_where; i++)
		for (size_t k = 0; k < b->n_where; k++)
			if (!verdict_values_apart(a->where[i].value,
						  b->where[k].value))
				return false;
	return true;
}

bool verdict_is_plain_type(const char *digest)
{
	return digest && !strstr(digest, " collate ") &&
	       !strstr(digest, " using ") && family_of(digest) != FAMILY_OTHER;
}
