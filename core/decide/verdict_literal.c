#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "decide/verdict_rules.h"

/* Values are compared without their types: "01" and "1" may be one number,
 * "Yes" and "true" one boolean, "a" and "A" one word. Only what is different
 * under every type is apart. */

enum shape {
	SHAPE_OTHER,  /**< nothing is known */
	SHAPE_NUMBER, /**< of few digits */
	SHAPE_TRUE,
	SHAPE_FALSE,
	SHAPE_WORD,  /**< starts with a letter, no special word */
	SHAPE_FIELDS /**< 2020-01-02 03:04, fields of a fixed width */
};

static bool is_number(const char *s)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	if (n == 0 || strlen(s) > 7)
		return false;
	s += n;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	return !*s;
}

/* By one at least: the column may round. */
static bool numbers_apart(const char *a, const char *b)
{
	return fabs(strtod(a, NULL) - strtod(b, NULL)) >= 1.0;
}

/* Words that mean the same as others, or as the clock says. */
static enum shape special(const char *s)
{
	static const struct {
		const char *word;
		enum shape shape;
	} words[] = { { "t", SHAPE_TRUE },          { "true", SHAPE_TRUE },
		      { "y", SHAPE_TRUE },          { "yes", SHAPE_TRUE },
		      { "on", SHAPE_TRUE },         { "f", SHAPE_FALSE },
		      { "false", SHAPE_FALSE },     { "n", SHAPE_FALSE },
		      { "no", SHAPE_FALSE },        { "off", SHAPE_FALSE },
		      { "now", SHAPE_OTHER },       { "today", SHAPE_OTHER },
		      { "tomorrow", SHAPE_OTHER },  { "infinity", SHAPE_OTHER },
		      { "nan", SHAPE_OTHER },       { "epoch", SHAPE_OTHER },
		      { "yesterday", SHAPE_OTHER }, { "inf", SHAPE_OTHER },
		      { "allballs", SHAPE_OTHER } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(s, words[i].word) == 0)
			return words[i].shape;
	return SHAPE_WORD;
}

/* Letters and digits in a row or with marks as in names and addresses; with
 * spaces between digits it may be a date. */
static bool is_word(const char *s)
{
	bool digit = false, space = false;

	if (!isalpha((unsigned char)*s))
		return false;
	for (; *s; s++) {
		digit |= isdigit((unsigned char)*s) != 0;
		space |= *s == ' ' || *s == ',';
	}
	return !(digit && space);
}

static bool is_fields(const char *s)
{
	size_t marks = 0;

	for (; *s; s++) {
		if (*s == '-' || *s == ':' || *s == ' ')
			marks++;
		else if (!isdigit((unsigned char)*s))
			return false;
	}
	return marks >= 2;
}

static enum shape shape_of(const char *s)
{
	if (is_number(s))
		return SHAPE_NUMBER;
	if (is_word(s))
		return special(s);
	return is_fields(s) ? SHAPE_FIELDS : SHAPE_OTHER;
}

static size_t trimmed(const char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == ' ')
		n--;
	return n;
}

static bool words_apart(const char *a, const char *b)
{
	size_t n = trimmed(a);

	return n != trimmed(b) || strncasecmp(a, b, n) != 0;
}

static bool fields_apart(const char *a, const char *b)
{
	bool differ = false;

	for (; *a && *b; a++, b++) {
		bool da = isdigit((unsigned char)*a) != 0;

		if (da != (isdigit((unsigned char)*b) != 0) ||
		    (!da && *a != *b))
			return false;
		differ |= *a != *b;
	}
	return !*a && !*b && differ;
}

bool verdict_are_fields(const char *a, const char *b)
{
	return is_fields(a) && is_fields(b) &&
	       (fields_apart(a, b) || streq(a, b));
}

bool verdict_listed(const char **list, const char *column)
{
	for (; list && *list; list++)
		if (streq(*list, column))
			return true;
	return false;
}

const struct effect_literal *verdict_literal(const struct effect_literal *l,
					     size_t n, const char *column)
{
	for (size_t i = 0; i < n; i++)
		if (streq(l[i].column, column))
			return &l[i];
	return NULL;
}

/* "> 3", of a column that keeps numbers as they are */
static bool is_outside(const char *value, const char *range)
{
	size_t n = strspn(range, "<>=");
	double v, limit;

	if (!n || n > 2 || range[n] != ' ' || !is_number(range + n + 1) ||
	    !is_number(value))
		return false;
	v = strtod(value, NULL);
	limit = strtod(range + n + 1, NULL);
	if (n == 1)
		return *range == '<' ? v >= limit : v <= limit;
	return *range == '<' ? v > limit : v < limit;
}

static bool is_boolean(enum shape s)
{
	return s == SHAPE_TRUE || s == SHAPE_FALSE;
}

bool verdict_values_apart(const char *a, const char *b)
{
	enum shape shape;

	if (!a || !b) /* NULL is equal to nothing */
		return true;
	if (is_outside(a, b) || is_outside(b, a))
		return true;
	shape = shape_of(a);
	if (shape != shape_of(b))
		return is_boolean(shape) && is_boolean(shape_of(b));
	switch (shape) {
	case SHAPE_NUMBER:
		return numbers_apart(a, b);
	case SHAPE_WORD:
		return words_apart(a, b);
	case SHAPE_FIELDS:
		return fields_apart(a, b);
	case SHAPE_TRUE:
	case SHAPE_FALSE:
	case SHAPE_OTHER:
		break;
	}
	return false;
}
