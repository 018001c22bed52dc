#include "snapshot/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static const char magic[] = "git-migrate snapshot 1";

void manifest_release(struct manifest *m)
{
	free(m->tables);
	free(m->sequences);
	free(m->objects);
	free(m->virtuals);
	free(m->unchecked);
	arena_release(&m->arena);
	memset(m, 0, sizeof(*m));
}

struct manifest_table *manifest_add_table(struct manifest *m)
{
	VEC_GROW(m->tables, m->n_tables, m->cap_tables);
	memset(&m->tables[m->n_tables], 0, sizeof(*m->tables));
	return &m->tables[m->n_tables++];
}

struct manifest_sequence *manifest_add_sequence(struct manifest *m)
{
	VEC_GROW(m->sequences, m->n_sequences, m->cap_sequences);
	memset(&m->sequences[m->n_sequences], 0, sizeof(*m->sequences));
	return &m->sequences[m->n_sequences++];
}

void manifest_add_object(struct manifest *m, const struct manifest_object *o)
{
	VEC_GROW(m->objects, m->n_objects, m->cap_objects);
	m->objects[m->n_objects++] = (struct manifest_object){
		arena_strdup(&m->arena, o->type),
		arena_strdup(&m->arena, o->name),
		o->position,
		o->sql ? arena_strdup(&m->arena, o->sql) : NULL,
	};
}

void manifest_add_virtual(struct manifest *m, const char *name, uint64_t rows,
			  uint64_t digest)
{
	VEC_GROW(m->virtuals, m->n_virtuals, m->cap_virtuals);
	m->virtuals[m->n_virtuals++] =
		(struct manifest_virtual){ arena_strdup(&m->arena, name), rows,
					   digest };
}

void manifest_add_unchecked(struct manifest *m, const char *table)
{
	VEC_GROW(m->unchecked, m->n_unchecked, m->cap_unchecked);
	m->unchecked[m->n_unchecked++] = arena_strdup(&m->arena, table);
}

/* Names as one word: "%XX" for anything that could end it; "-" is NULL. */
static void add_name(struct buf *out, const char *name)
{
	buf_addch(out, ' ');
	if (!name) {
		buf_addch(out, '-');
		return;
	}
	if (streq(name, "-") || !*name)
		buf_addstr(out, *name ? "%2D" : "%");
	else
		for (const char *p = name; *p; p++) {
			unsigned char c = (unsigned char)*p;

			if (c <= ' ' || c == '%' || c == 0x7f)
				buf_addf(out, "%%%02X", c);
			else
				buf_addch(out, *p);
		}
}

void manifest_count_key(struct manifest_table *t, int64_t key)
{
	if (!t->any_key || key < t->min)
		t->min = key;
	if (!t->any_key || key > t->max)
		t->max = key;
	t->any_key = true;
}

uint64_t manifest_lines(const struct manifest_table *t)
{
	return t->inserted + t->updated + t->deleted;
}

bool manifest_is_aside(const struct manifest_table *t)
{
	return starts_with(t->file, "aside/");
}

bool manifest_has_rows(const struct manifest *m)
{
	for (size_t i = 0; i < m->n_tables; i++)
		if (manifest_is_aside(&m->tables[i]) && m->tables[i].deleted)
			return true;
	return false;
}

void manifest_encode(struct buf *out, const struct manifest *m)
{
	buf_addf(out, "%s\n", magic);
	for (size_t i = 0; i < m->n_tables; i++) {
		const struct manifest_table *t = &m->tables[i];

		buf_addstr(out, "table");
		add_name(out, t->before);
		add_name(out, t->after);
		add_name(out, t->file);
		buf_addf(out,
			 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64
			 " %" PRId64 " %" PRIu64 "\n",
			 t->inserted, t->updated, t->deleted, t->min, t->max,
			 t->referrers);
		for (size_t k = 0; k < t->n_keys; k++) {
			buf_addstr(out, "key");
			add_name(out, t->keys[k]);
			buf_addch(out, '\n');
		}
		for (size_t k = 0; k < t->n_columns; k++) {
			buf_addstr(out, "column");
			add_name(out, t->columns[k].before);
			add_name(out, t->columns[k].after);
			buf_addch(out, '\n');
		}
	}
	for (size_t i = 0; i < m->n_sequences; i++) {
		const struct manifest_sequence *s = &m->sequences[i];

		buf_addstr(out, "sequence");
		add_name(out, s->table);
		add_name(out, s->after);
		buf_addf(out, " %" PRId64 " %" PRId64 " %" PRId64 "\n", s->was,
			 s->is, s->position);
	}
	for (size_t i = 0; i < m->n_objects; i++) {
		buf_addstr(out, "object");
		add_name(out, m->objects[i].type);
		add_name(out, m->objects[i].name);
		buf_addf(out, " %" PRId64, m->objects[i].position);
		add_name(out, m->objects[i].sql);
		buf_addch(out, '\n');
	}
	for (size_t i = 0; i < m->n_virtuals; i++) {
		buf_addstr(out, "virtual");
		add_name(out, m->virtuals[i].name);
		buf_addf(out, " %" PRIu64 " %016" PRIx64 "\n",
			 m->virtuals[i].rows, m->virtuals[i].digest);
	}
	for (size_t i = 0; i < m->n_unchecked; i++) {
		buf_addstr(out, "unchecked");
		add_name(out, m->unchecked[i]);
		buf_addch(out, '\n');
	}
}

/* A line being cut into words. */
struct words {
	const char *pos, *end;
	bool bad;
};

static const char *word(struct words *w, struct arena *a)
{
	struct buf b = BUF_INIT;
	const char *p = w->pos, *name;

	while (p < w->end && *p != ' ')
		p++;
	if (p == w->pos) {
		w->bad = true;
		return "";
	}
	for (const char *q = w->pos; q < p; q++) {
		char hex[3] = { 0 };

		if (*q != '%') {
			buf_addch(&b, *q);
			continue;
		}
		if (p - q == 1)
			break; /* "%": the empty name */
		if (p - q < 3) {
			w->bad = true;
			break;
		}
		hex[0] = q[1];
		hex[1] = q[2];
		buf_addch(&b, (char)strtoul(hex, NULL, 16));
		q += 2;
	}
	name = p - w->pos == 1 && *w->pos == '-' ? NULL
						 : arena_strdup(a, buf_str(&b));
	buf_release(&b);
	w->pos = p < w->end ? p + 1 : p;
	return name;
}

static int64_t number(struct words *w)
{
	char text[24] = { 0 }, *end;
	size_t n = 0;
	long long v;

	while (w->pos < w->end && *w->pos != ' ' && n < sizeof(text) - 1)
		text[n++] = *w->pos++;
	if (w->pos < w->end)
		w->pos++;
	v = strtoll(text, &end, 10);
	if (!n || *end)
		w->bad = true;
	return v;
}

static void decode_table(struct manifest *m, struct words *w)
{
	struct manifest_table *t = manifest_add_table(m);

	t->before = word(w, &m->arena);
	t->after = word(w, &m->arena);
	t->file = word(w, &m->arena);
	t->inserted = (uint64_t)number(w);
	t->updated = (uint64_t)number(w);
	t->deleted = (uint64_t)number(w);
	t->min = number(w);
	t->max = number(w);
	t->referrers = (uint64_t)number(w);
	w->bad |= !t->before || !t->file;
}

static void decode_part(struct manifest *m, struct words *w, bool key)
{
	struct manifest_table *t =
		m->n_tables ? &m->tables[m->n_tables - 1] : NULL;
	size_t n;

	if (!t) {
		w->bad = true;
		return;
	}
	n = key ? t->n_keys : t->n_columns;
	if (key) {
		const char **keys =
			arena_array(&m->arena, n + 1, sizeof(*keys));

		if (n)
			memcpy(keys, t->keys, n * sizeof(*keys));
		keys[t->n_keys] = word(w, &m->arena);
		w->bad |= !keys[t->n_keys++];
		t->keys = keys;
		return;
	}
	if (!(n & (n - 1))) { /* room doubles at powers of two */
		struct manifest_column *cols =
			arena_array(&m->arena, n ? n * 2 : 1, sizeof(*cols));

		if (n)
			memcpy(cols, t->columns, n * sizeof(*cols));
		t->columns = cols;
	}
	t->columns[n].before = word(w, &m->arena);
	t->columns[n].after = word(w, &m->arena);
	w->bad |= !t->columns[n].before;
	t->n_columns++;
}

static void decode_sequence(struct manifest *m, struct words *w)
{
	struct manifest_sequence *s = manifest_add_sequence(m);

	s->table = word(w, &m->arena);
	s->after = word(w, &m->arena);
	s->was = number(w);
	s->is = number(w);
	s->position = number(w);
	w->bad |= !s->table;
}

static void decode_object(struct manifest *m, struct words *w)
{
	struct manifest_object o = { .type = word(w, &m->arena) };

	o.name = word(w, &m->arena);
	o.position = number(w);
	o.sql = word(w, &m->arena);
	w->bad |= !o.type || !o.name;
	if (!w->bad)
		manifest_add_object(m, &o);
}

static void decode_virtual(struct manifest *m, struct words *w)
{
	const char *name = word(w, &m->arena), *hex;
	uint64_t rows = (uint64_t)number(w), digest;
	char *end;

	hex = word(w, &m->arena);
	w->bad |= !name || !hex || strlen(hex) != 16;
	if (w->bad)
		return;
	digest = strtoull(hex, &end, 16);
	w->bad = *end != '\0';
	if (!w->bad)
		manifest_add_virtual(m, name, rows, digest);
}

static void decode_unchecked(struct manifest *m, struct words *w)
{
	const char *table = word(w, &m->arena);

	w->bad |= !table;
	if (!w->bad)
		manifest_add_unchecked(m, table);
}

static void decode_line(struct manifest *m, struct words *w)
{
	const char *what = word(w, &m->arena);

	if (!what)
		what = "";
	if (streq(what, "table"))
		decode_table(m, w);
	else if (streq(what, "key") || streq(what, "column"))
		decode_part(m, w, streq(what, "key"));
	else if (streq(what, "sequence"))
		decode_sequence(m, w);
	else if (streq(what, "object"))
		decode_object(m, w);
	else if (streq(what, "virtual"))
		decode_virtual(m, w);
	else if (streq(what, "unchecked"))
		decode_unchecked(m, w);
	else
		w->bad = true;
	w->bad |= w->pos != w->end;
}

struct err *manifest_decode(struct manifest *out, const char *data, size_t len)
{
	const char *p = data, *end = data + len;
	bool first = true;

	memset(out, 0, sizeof(*out));
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct words w = { p, nl ? nl : end, !nl };

		if (first)
			w.bad |= (size_t)(w.end - p) != strlen(magic) ||
				 memcmp(p, magic, strlen(magic)) != 0;
		else if (!w.bad)
			decode_line(out, &w);
		first = false;
		if (w.bad) {
			manifest_release(out);
			return err_new(ERR_STATE,
				       "a snapshot's manifest is damaged, or "
				       "of a newer format");
		}
		p = nl + 1;
	}
	return first ? err_new(ERR_STATE, "a snapshot's manifest is empty")
		     : NULL;
}

const struct manifest_table *manifest_find(const struct manifest *m,
					   const char *before)
{
	for (size_t i = 0; i < m->n_tables; i++)
		if (streq(m->tables[i].before, before))
			return &m->tables[i];
	return NULL;
}

struct err *manifest_read(struct manifest *out, const struct snapshot_in *in)
{
	struct buf text = BUF_INIT;
	const char *data;
	size_t len;
	struct err *err = in->file(in->payload, "manifest");

	while (!err) {
		err = in->chunk(in->payload, &data, &len);
		if (err || !data)
			break;
		buf_add(&text, data, len);
	}
	if (!err)
		err = manifest_decode(out, buf_str(&text), text.len);
	buf_release(&text);
	return err;
}

struct err *manifest_write(const struct manifest *m,
			   const struct snapshot_out *out)
{
	struct buf text = BUF_INIT;
	struct err *err;

	manifest_encode(&text, m);
	err = out->file(out->payload, "manifest");
	if (!err)
		err = out->chunk(out->payload, text.data, text.len);
	buf_release(&text);
	return err;
}
