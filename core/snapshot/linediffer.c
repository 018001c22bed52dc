#include "snapshot/linediffer.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/cancel.h"
#include "base/util.h"
#include "snapshot/pg_rows.h"

/* Orders in which keys may stand. */
enum {
	BY_NUMBER = 1,
	BY_BYTES = 2
};

struct side {
	struct line_reader reader;
	struct line_view view;
	const char *line; /* NULL = at its end */
	size_t len;
	int64_t number;
	struct buf bytes; /* of the key */
};

static bool has_lines(const struct manifest_table *t)
{
	return t && manifest_lines(t);
}

static struct err *side_open(struct side *s, const struct linediffer *d,
			     size_t which)
{
	const struct manifest_table *t = d->table[which];

	memset(s, 0, sizeof(*s));
	line_reader_init(&s->reader, d->in[which]);
	s->reader.here = true; /* two at once may share what they read from */
	if (!t)
		return NULL;
	line_view_init(&s->view, t, d->dialect);
	/* a file is made with its first line */
	return has_lines(t) ? line_reader_open(&s->reader, t->file) : NULL;
}

static void side_close(struct side *s)
{
	line_reader_release(&s->reader);
	line_view_release(&s->view);
	buf_release(&s->bytes);
}

static int64_t number_of(const struct line_field *f)
{
	char text[24];
	size_t skip = f->len && *f->s == '\'';

	if (f->len - skip >= sizeof(text))
		return 0;
	memcpy(text, f->s + skip, f->len - skip);
	text[f->len - skip] = '\0';
	return strtoll(text, NULL, 10);
}

static void take_key(struct side *s)
{
	const struct line_view *v = &s->view;

	buf_reset(&s->bytes);
	s->number = v->n_keys == 1 ? number_of(&v->keys[0]) : 0;
	for (size_t k = 0; k < v->n_keys; k++) {
		struct pg_field f = { v->keys[k].s, v->keys[k].len };

		if (k)
			buf_addch(&s->bytes, v->typed ? '\t' : '\0');
		if (v->typed)
			buf_add(&s->bytes, f.s, f.len);
		else if (f.len && *f.s == '\'')
			pg_unescape(&s->bytes,
				    &(struct pg_field){ f.s + 1, f.len - 1 });
	}
}

static struct err *side_next(struct side *s)
{
	struct err *err = cancel_check();

	s->line = NULL;
	if (err || !has_lines(s->view.table))
		return err;
	err = line_reader_next(&s->reader, &s->line, &s->len);
	if (!err && s->line)
		err = line_view_cut(&s->view, s->line, s->len);
	if (!err && s->line)
		take_key(s);
	return err;
}

static int compare_bytes(const struct buf *a, const struct buf *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int order = n ? memcmp(a->data, b->data, n) : 0;

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare(const struct side *a, const struct side *b, int order)
{
	if (order & BY_NUMBER)
		return (a->number > b->number) - (a->number < b->number);
	return compare_bytes(&a->bytes, &b->bytes);
}

/* The orders in which a file's keys ascend. */
static struct err *find_order(const struct linediffer *d, size_t which,
			      int *order)
{
	struct side s;
	struct buf last = BUF_INIT;
	int64_t number = 0;
	bool first = true;
	struct err *err = side_open(&s, d, which);

	while (!err && *order) {
		err = side_next(&s);
		if (err || !s.line)
			break;
		if (!line_view_is_keyed(&s.view) || s.view.n_keys > 1)
			*order &= line_view_is_keyed(&s.view) ? BY_BYTES : 0;
		if (!first && s.number <= number)
			*order &= ~BY_NUMBER;
		if (!first && compare_bytes(&s.bytes, &last) <= 0)
			*order &= ~BY_BYTES;
		first = false;
		number = s.number;
		buf_reset(&last);
		buf_add(&last, s.bytes.data, s.bytes.len);
	}
	buf_release(&last);
	side_close(&s);
	return err;
}

static struct err *tell(struct linediffer *d, char side, const struct side *s)
{
	const struct linediffer_counts *n = &d->counts;

	if (d->max && n->first + n->second + n->differ > d->max)
		return NULL;
	return d->line ? d->line(d->payload, side, &s->view) : NULL;
}

static struct err *tell_only(struct linediffer *d, char side, struct side *s)
{
	struct err *err;

	++*(side == '-' ? &d->counts.first : &d->counts.second);
	err = tell(d, side, s);
	return err ? err : side_next(s);
}

static struct err *tell_both(struct linediffer *d, struct side s[2])
{
	struct err *err = NULL;

	if (s[0].len == s[1].len && !memcmp(s[0].line, s[1].line, s[0].len)) {
		d->counts.same++;
	} else {
		d->counts.differ++;
		err = tell(d, '-', &s[0]);
		if (!err)
			err = tell(d, '+', &s[1]);
	}
	if (!err)
		err = side_next(&s[0]);
	return err ? err : side_next(&s[1]);
}

static struct err *merge(struct linediffer *d, int order)
{
	struct side s[2];
	struct err *err = side_open(&s[0], d, 0);

	err = err_first(err, side_open(&s[1], d, 1));
	for (size_t i = 0; i < 2 && !err; i++)
		err = side_next(&s[i]);
	while (!err && (s[0].line || s[1].line)) {
		int way = !s[0].line   ? 1
			  : !s[1].line ? -1
				       : compare(&s[0], &s[1], order);

		if (way < 0)
			err = tell_only(d, '-', &s[0]);
		else if (way > 0)
			err = tell_only(d, '+', &s[1]);
		else
			err = tell_both(d, s);
	}
	side_close(&s[0]);
	side_close(&s[1]);
	return err;
}

/* --- whole lines, counted by their digest --- */

struct bag {
	uint64_t *digests; /* 0 = free */
	uint32_t *counts;
	size_t n, cap;
};

static size_t bag_slot(const struct bag *b, uint64_t digest)
{
	size_t i = digest & (b->cap - 1);

	while (b->digests[i] && b->digests[i] != digest)
		i = (i + 1) & (b->cap - 1);
	return i;
}

static void bag_grow(struct bag *b)
{
	struct bag old = *b;

	b->cap = old.cap ? old.cap * 2 : 1024;
	b->digests = xcalloc(b->cap, sizeof(*b->digests));
	b->counts = xcalloc(b->cap, sizeof(*b->counts));
	for (size_t i = 0; i < old.cap; i++) {
		size_t to;

		if (!old.digests[i])
			continue;
		to = bag_slot(b, old.digests[i]);
		b->digests[to] = old.digests[i];
		b->counts[to] = old.counts[i];
	}
	free(old.digests);
	free(old.counts);
}

static uint32_t *bag_count(struct bag *b, const struct side *s)
{
	uint64_t digest = XXH3_64bits(s->line, s->len);
	size_t at;

	if (b->n * 4 >= b->cap * 3)
		bag_grow(b);
	digest += !digest;
	at = bag_slot(b, digest);
	b->n += !b->digests[at];
	b->digests[at] = digest;
	return &b->counts[at];
}

static struct err *count_lines(struct linediffer *d, size_t which,
			       struct bag *b, bool fill)
{
	char sign = which ? '+' : '-';
	struct side s;
	struct err *err = side_open(&s, d, which);

	if (!err)
		err = side_next(&s);
	while (!err && s.line) {
		uint32_t *n = bag_count(b, &s);

		if (fill) {
			++*n;
		} else if (which && *n) {
			--*n;
			d->counts.same++;
		} else if (which || *n) {
			/* what is left of the first is in it alone */
			*n -= !which;
			err = tell_only(d, sign, &s);
			continue;
		}
		err = side_next(&s);
	}
	side_close(&s);
	return err;
}

static struct err *compare_whole(struct linediffer *d)
{
	struct bag b = { 0 };
	struct err *err = count_lines(d, 0, &b, true);

	if (!err)
		err = count_lines(d, 1, &b, false);
	if (!err)
		err = count_lines(d, 0, &b, false);
	free(b.digests);
	free(b.counts);
	return err;
}

struct err *linediffer_run(struct linediffer *d)
{
	int order = BY_NUMBER | BY_BYTES;
	struct err *err = NULL;

	memset(&d->counts, 0, sizeof(d->counts));
	for (size_t i = 0; i < 2 && !err && order; i++)
		if (d->table[i])
			err = find_order(d, i, &order);
	if (err)
		return err;
	return order ? merge(d, order) : compare_whole(d);
}
