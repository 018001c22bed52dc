#include "migration/directives.h"

#include <ctype.h>
#include <string.h>

#include "base/util.h"

void lines_init(struct lines *l, const char *text, size_t len,
		unsigned first_line)
{
	memset(l, 0, sizeof(*l));
	l->next = text;
	l->end = text + len;
	l->line = first_line - 1;
}

bool lines_next(struct lines *l)
{
	const char *end;

	if (l->next >= l->end)
		return false;
	l->s = l->next;
	end = memchr(l->s, '\n', (size_t)(l->end - l->s));
	l->next = end ? end + 1 : l->end;
	if (!end)
		end = l->end;
	if (end > l->s && end[-1] == '\r')
		end--;
	l->n = (size_t)(end - l->s);
	l->line++;
	return true;
}

bool line_is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isspace((unsigned char)s[i]))
			return false;
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

bool directive_line_parse(struct directive_line *out, const char *s, size_t n)
{
	static const char prefix[] = "migrate:";
	const char *p = s, *end = s + n;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	memset(out, 0, sizeof(*out));
	out->indented = p > s;
	if (end - p < 2 || p[0] != '-' || p[1] != '-')
		return false;
	for (p += 2; p < end && (*p == ' ' || *p == '\t');)
		p++;
	if ((size_t)(end - p) < sizeof(prefix) ||
	    memcmp(p, prefix, sizeof(prefix) - 1) != 0)
		return false;
	p += sizeof(prefix) - 1;
	if (!isalpha((unsigned char)*p))
		return false; /* "migrate: users" is a sentence */
	out->word = p;
	while (p < end && is_word(*p))
		p++;
	out->word_len = (size_t)(p - out->word);
	while (p < end && isspace((unsigned char)*p))
		p++;
	while (end > p && isspace((unsigned char)end[-1]))
		end--;
	out->value = p;
	out->value_len = (size_t)(end - p);
	return true;
}

bool directive_is(const struct directive_line *d, const char *word)
{
	return strlen(word) == d->word_len &&
	       memcmp(word, d->word, d->word_len) == 0;
}
