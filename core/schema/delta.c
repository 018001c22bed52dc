#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "schema/schema.h"

#define HEAD "schema-delta 1\n"

void schema_delta_init(struct schema_delta *d)
{
	memset(d, 0, sizeof(*d));
}

void schema_delta_release(struct schema_delta *d)
{
	free(d->changes);
	free(d->renames);
	schema_delta_init(d);
}

void schema_delta_add(struct schema_delta *d,
		      const struct schema_object *before,
		      const struct schema_object *after)
{
	VEC_GROW(d->changes, d->n, d->cap);
	d->changes[d->n++] = (struct schema_change){ before, after };
}

static const char *path_of(const struct schema_change *c)
{
	return c->after ? c->after->path : c->before->path;
}

static int compare_changes(const void *a, const void *b)
{
	return strcmp(path_of(a), path_of(b));
}

void schema_delta_sort(struct schema_delta *d)
{
	if (d->n > 1)
		qsort(d->changes, d->n, sizeof(*d->changes), compare_changes);
}

static void add_field(struct buf *out, const char *s)
{
	buf_addch(out, ' ');
	if (!*s) {
		buf_addch(out, '%');
	} else if (streq(s, "-")) {
		buf_addstr(out, "%2D");
	} else {
		for (; *s; s++) {
			unsigned char c = (unsigned char)*s;

			if (c <= ' ' || c >= 0x7f || c == '%')
				buf_addf(out, "%%%02X", c);
			else
				buf_addch(out, *s);
		}
	}
}

static void add_nullable(struct buf *out, const char *s)
{
	if (s)
		add_field(out, s);
	else
		buf_addstr(out, " -");
}

static void add_object(struct buf *out, char sign,
		       const struct schema_object *o)
{
	size_t sql_len = strlen(o->sql);
	bool same = o->text == o->sql || (o->text && streq(o->text, o->sql));
	size_t text_len = !same && o->text ? strlen(o->text) : 0;

	buf_addch(out, sign);
	add_field(out, o->path);
	add_field(out, o->kind);
	add_field(out, o->name);
	add_field(out, o->table);
	buf_addch(out, ' ');
	buf_addint(out, o->position);
	buf_addch(out, ' ');
	buf_addint(out, (long long)sql_len);
	if (sign == '+') {
		buf_addch(out, ' ');
		if (same)
			buf_addch(out, '=');
		else
			buf_addint(out, (long long)text_len);
	}
	buf_addch(out, '\n');
	buf_add(out, o->sql, sql_len);
	buf_addch(out, '\n');
	if (sign == '+' && !same) {
		buf_add(out, text_len ? o->text : "", text_len);
		buf_addch(out, '\n');
	}
}

/* The format is specified in docs/journal.md. */
void schema_delta_encode(struct buf *out, const struct schema_delta *d)
{
	buf_addstr(out, HEAD);
	for (size_t i = 0; i < d->n_renames; i++) {
		const struct schema_rename *r = &d->renames[i];

		buf_addstr(out, "rename");
		add_field(out, r->table);
		add_nullable(out, r->column);
		add_nullable(out, r->to);
		buf_addch(out, '\n');
	}
	for (size_t i = 0; i < d->n; i++) {
		if (d->changes[i].before)
			add_object(out, '-', d->changes[i].before);
		if (d->changes[i].after)
			add_object(out, '+', d->changes[i].after);
	}
}

void schema_change_describe(struct buf *out, const struct schema_change *c)
{
	const struct schema_object *o = c->after ? c->after : c->before;
	const char *sign = !c->before ? "+" : c->after ? "~" : "-";

	assert(o);
	buf_addstr(out, sign);
	buf_addstr(out, o->kind);
	buf_addch(out, ' ');
	text_add_safe(out, o->name);
}

/* It is as it was. */
static bool is_none(const struct schema_change *c)
{
	if (!c->before || !c->after)
		return c->before == c->after;
	return streq(c->before->sql, c->after->sql);
}

void schema_delta_join(struct schema_delta *out, const struct schema_delta *in)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct schema_change *c = &in->changes[i];
		const char *path = (c->before ? c->before : c->after)->path;
		size_t k = 0;

		while (k < out->n &&
		       !streq((out->changes[k].before ? out->changes[k].before
						      : out->changes[k].after)
				      ->path,
			      path))
			k++;
		if (k == out->n)
			schema_delta_add(out, c->before, c->after);
		else
			out->changes[k].after = c->after;
		if (is_none(&out->changes[k]))
			out->changes[k] = out->changes[--out->n];
	}
	schema_delta_sort(out);
}
