#include "hooks/theirs.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define FRONT "GITHEAD_"
#define HEX "0123456789abcdef"

/* SHA-1 or SHA-256, in full. */
static size_t id_length(const char *s)
{
	size_t n = strspn(s, HEX);

	return n == 40 || n == 64 ? n : 0;
}

static void add(struct hook_theirs *t, const char *id, size_t n,
		const char *name)
{
	struct hook_side *s;

	t->sides = xreallocarray(t->sides, t->n + 1, sizeof(*s));
	s = &t->sides[t->n++];
	memcpy(s->id, id, n);
	s->id[n] = '\0';
	s->name = name && *name ? xstrdup(name) : NULL;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct hook_side *)a)->id,
		      ((const struct hook_side *)b)->id);
}

void hook_theirs_of_env(struct hook_theirs *out, char *const *env)
{
	*out = (struct hook_theirs){ NULL, 0 };
	for (; *env; env++) {
		const char *id = *env + strlen(FRONT);
		size_t n;

		if (!starts_with(*env, FRONT))
			continue;
		n = id_length(id);
		if (n && id[n] == '=')
			add(out, id, n, id + n + 1);
	}
	if (out->n)
		qsort(out->sides, out->n, sizeof(*out->sides), by_id);
}

void hook_theirs_of_file(struct hook_theirs *out, const char *text)
{
	*out = (struct hook_theirs){ NULL, 0 };
	while (*text) {
		size_t line = strcspn(text, "\n"), n = id_length(text);

		if (n && n == line)
			add(out, text, n, NULL);
		text += line + (text[line] == '\n');
	}
}

void hook_theirs_release(struct hook_theirs *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->sides[i].name);
	free(t->sides);
	*t = (struct hook_theirs){ NULL, 0 };
}
