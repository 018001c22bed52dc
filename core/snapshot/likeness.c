#include "snapshot/likeness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* Lines that are looked at to learn what a migration wrote everywhere. */
#define SAMPLE 64

void likeness_sample_begin(struct likeness_sample *s, size_t n_columns)
{
	s->seen = xcalloc(n_columns + 1, sizeof(struct map));
	s->n = xcalloc(n_columns + 1, sizeof(*s->n));
	s->n_columns = n_columns;
	s->lines = 0;
}

bool likeness_sample_line(struct likeness_sample *s)
{
	if (s->lines == SAMPLE)
		return false;
	s->lines++;
	return true;
}

void likeness_sample_value(struct likeness_sample *s, size_t column,
			   uint64_t digest)
{
	char id[32];

	s->n[column]++;
	snprintf(id, sizeof(id), "%llx", (unsigned long long)digest);
	map_put_number(&s->seen[column], id, 1);
}

void likeness_sample_end(struct likeness_sample *s, bool *tells)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		tells[i] = s->seen[i].n * 2 > s->n[i];
		map_release(&s->seen[i]);
	}
	free(s->seen);
	free(s->n);
}
