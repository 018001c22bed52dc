#include "snapshot/changelog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "snapshot/rows.h"

/*
 * A record in memory and in a run: header, key bytes, payload. Update
 * payloads are (column, length, bytes) triples.
 */
struct record {
	uint32_t size; /* of everything, a multiple of 8 */
	uint32_t key_len;
	int64_t key;
	uint32_t payload_len;
	uint16_t op;
	uint16_t is_text; /* the key is bytes, of which there may be none */
};

struct run {
	off_t start, end; /* in the spill file */
	off_t next;       /* where the buffer continues */
	char *buf;
	size_t len, pos, cap;
};

struct changelog {
	const char *dir;
	size_t max_memory;
	struct buf mem;
	size_t open;   /* offset of the record being written */
	size_t column; /* offset of the open column's header; 0 = none */
	bool sorted;   /* mem is in key order, each key once */
	struct change_key last;
	struct buf last_key;
	uint64_t count;
	int64_t min, max;
	int fd;
	off_t spilled;
	struct run *runs;
	size_t n_runs, cap_runs;

	/* reading */
	size_t *order; /* offsets of records in mem, sorted */
	size_t n_order, at;
	size_t n_columns;
	struct change_slot slot;
	struct buf key_text, values, whole;
	size_t *value_at;
};

struct changelog *changelog_new(const char *dir, size_t max_memory)
{
	struct changelog *l = xcalloc(1, sizeof(*l));

	l->dir = dir;
	l->max_memory = max_memory;
	l->fd = -1;
	l->sorted = true;
	l->min = INT64_MAX;
	l->max = INT64_MIN;
	return l;
}

void changelog_free(struct changelog *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_runs; i++)
		free(l->runs[i].buf);
	free(l->runs);
	free(l->order);
	free(l->slot.known);
	free(l->slot.known_len);
	free(l->value_at);
	buf_release(&l->mem);
	buf_release(&l->last_key);
	buf_release(&l->key_text);
	buf_release(&l->values);
	buf_release(&l->whole);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

bool changelog_is_empty(const struct changelog *l)
{
	return !l->count;
}

uint64_t changelog_count(const struct changelog *l, int64_t *min, int64_t *max)
{
	*min = l->min;
	*max = l->max;
	return l->count;
}

static int compare_keys(const struct change_key *a, const struct change_key *b)
{
	size_t n;
	int order;

	if (!a->s)
		return a->i < b->i ? -1 : a->i > b->i;
	n = a->len < b->len ? a->len : b->len;
	order = n ? memcmp(a->s, b->s, n) : 0;
	if (order)
		return order;
	return a->len < b->len ? -1 : a->len > b->len;
}

static const struct record *record_at(const char *base, size_t offset)
{
	return (const struct record *)(const void *)(base + offset);
}

static struct change_key key_of(const struct record *r)
{
	struct change_key k = { .i = r->key };

	if (r->is_text) {
		k.s = (const char *)(r + 1);
		k.len = r->key_len;
	}
	return k;
}

struct buf *changelog_begin(struct changelog *l, enum change_op op,
			    const struct change_key *key)
{
	struct record r = { .key = key->i,
			    .op = (uint16_t)op,
			    .is_text = key->s != NULL };

	if (key->s)
		r.key_len = (uint32_t)key->len;
	l->open = l->mem.len;
	l->column = 0;
	buf_add(&l->mem, &r, sizeof(r));
	if (key->s)
		buf_add(&l->mem, key->s, key->len);
	return &l->mem;
}

/* Columns are (uint32 column, uint32 length, bytes), unaligned. */
static void end_column(struct changelog *l)
{
	uint32_t len;

	if (!l->column)
		return;
	len = (uint32_t)(l->mem.len - l->column - 8);
	memcpy(l->mem.data + l->column + 4, &len, 4);
}

void changelog_column(struct changelog *l, unsigned column)
{
	uint32_t head[2] = { column, 0 };

	end_column(l);
	l->column = l->mem.len;
	buf_add(&l->mem, head, sizeof(head));
}

static void remember_last(struct changelog *l, const struct record *r)
{
	struct change_key k = key_of(r);

	if (l->sorted && l->open && compare_keys(&l->last, &k) >= 0)
		l->sorted = false;
	if (!l->sorted)
		return;
	l->last = k;
	if (!k.s)
		return;
	buf_reset(&l->last_key);
	buf_add(&l->last_key, k.s, k.len);
	l->last.s = buf_str(&l->last_key);
}

static _Thread_local const char *sort_base;

static int by_key(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	struct change_key k = key_of(record_at(sort_base, x));
	struct change_key m = key_of(record_at(sort_base, y));
	int order = compare_keys(&k, &m);

	return order ? order : (x < y ? -1 : x > y);
}

/* Offsets of the records in memory, by key and then by age. */
static void sort_memory(struct changelog *l)
{
	size_t cap = 0;

	l->n_order = 0;
	free(l->order);
	l->order = NULL;
	for (size_t at = 0; at < l->mem.len;
	     at += record_at(l->mem.data, at)->size) {
		VEC_GROW(l->order, l->n_order, cap);
		l->order[l->n_order++] = at;
	}
	sort_base = l->mem.data;
	if (l->order && !l->sorted)
		qsort(l->order, l->n_order, sizeof(*l->order), by_key);
}

static struct err *spill(struct changelog *l)
{
	struct buf out = BUF_INIT;
	struct err *err =
		l->fd < 0 ? file_open_temporary(l->dir, &l->fd) : NULL;
	struct run *run;

	if (err)
		return err;
	if (l->sorted) {
		err = file_write_all(l->fd, l->mem.data, l->mem.len);
	} else {
		sort_memory(l);
		for (size_t i = 0; i < l->n_order && !err; i++) {
			const struct record *r =
				record_at(l->mem.data, l->order[i]);

			buf_add(&out, r, r->size);
			if (out.len < (size_t)1 << 20 && i + 1 < l->n_order)
				continue;
			err = file_write_all(l->fd, out.data, out.len);
			buf_reset(&out);
		}
	}
	buf_release(&out);
	if (err)
		return err_wrap(err, "keep captured rows in %s", l->dir);
	VEC_GROW(l->runs, l->n_runs, l->cap_runs);
	run = &l->runs[l->n_runs++];
	memset(run, 0, sizeof(*run));
	run->start = run->next = l->spilled;
	l->spilled += (off_t)l->mem.len;
	run->end = l->spilled;
	buf_reset(&l->mem);
	l->sorted = true;
	return NULL;
}

struct err *changelog_end(struct changelog *l)
{
	static const char zeros[8];
	struct record *r;
	size_t payload;

	end_column(l);
	r = (struct record *)(void *)(l->mem.data + l->open);
	payload = l->mem.len - l->open - sizeof(*r) - r->key_len;
	if (payload > UINT32_MAX - 64)
		return err_new(ERR_REFUSED,
			       "a row of %zu bytes is too large "
			       "to be captured",
			       payload);
	r->payload_len = (uint32_t)payload;
	buf_add(&l->mem, zeros, (8 - l->mem.len % 8) % 8);
	r = (struct record *)(void *)(l->mem.data + l->open);
	r->size = (uint32_t)(l->mem.len - l->open);
	remember_last(l, r);
	l->count++;
	if (r->key < l->min)
		l->min = r->key;
	if (r->key > l->max)
		l->max = r->key;
	return l->mem.len >= l->max_memory ? spill(l) : NULL;
}

struct err *changelog_read(struct changelog *l, size_t n_columns)
{
	l->n_columns = n_columns;
	l->slot.known = xcalloc(n_columns + 1, sizeof(*l->slot.known));
	l->slot.known_len = xcalloc(n_columns + 1, sizeof(*l->slot.known_len));
	l->value_at = xcalloc(n_columns + 1, sizeof(*l->value_at));
	sort_memory(l);
	l->at = 0;
	return NULL;
}

/* Make the run's next record whole in its buffer; *out NULL at its end. */
static struct err *run_peek(struct changelog *l, struct run *run,
			    const struct record **out)
{
	*out = NULL;
	for (;;) {
		size_t have = run->len - run->pos, want = 1 << 18;
		ssize_t n;

		if (have >= sizeof(struct record)) {
			const struct record *r = record_at(run->buf, run->pos);

			if (have >= r->size) {
				*out = r;
				return NULL;
			}
			if (r->size > want)
				want = r->size;
		}
		if (run->next == run->end)
			return NULL;
		if (run->pos)
			memmove(run->buf, run->buf + run->pos, have);
		run->pos = 0;
		run->len = have;
		if (run->cap < want) {
			run->buf = xreallocarray(run->buf, want, 1);
			run->cap = want;
		}
		if ((off_t)(want - have) > run->end - run->next)
			want = have + (size_t)(run->end - run->next);
		n = pread(l->fd, run->buf + have, want - have, run->next);
		if (n <= 0)
			return err_new(ERR_STATE, "read captured rows back: %s",
				       n ? strerror(errno) : "cut off");
		run->next += n;
		run->len += (size_t)n;
	}
}

/* The smallest record over all runs and memory, oldest first for a key. */
static struct err *smallest(struct changelog *l, const struct record **out,
			    struct run **from)
{
	struct change_key best = { 0 }, k;
	const struct record *r;

	*out = NULL;
	*from = NULL;
	for (size_t i = 0; i < l->n_runs; i++) {
		struct err *err = run_peek(l, &l->runs[i], &r);

		if (err)
			return err;
		if (!r)
			continue;
		k = key_of(r);
		if (!*out || compare_keys(&k, &best) < 0) {
			best = k;
			*out = r;
			*from = &l->runs[i];
		}
	}
	if (l->at < l->n_order) {
		r = record_at(l->mem.data, l->order[l->at]);
		k = key_of(r);
		if (!*out || compare_keys(&k, &best) < 0) {
			*out = r;
			*from = NULL;
		}
	}
	return NULL;
}

static void consume(struct changelog *l, struct run *from,
		    const struct record *r)
{
	if (from)
		from->pos += r->size;
	else
		l->at++;
}

/* Values of columns that no earlier change of this key has given. */
static void learn_columns(struct changelog *l, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		uint32_t head[2];

		memcpy(head, p, sizeof(head));
		p += sizeof(head);
		if (head[0] < l->n_columns && !l->slot.known_len[head[0]]) {
			l->value_at[head[0]] = l->values.len;
			l->slot.known_len[head[0]] = head[1];
			buf_add(&l->values, p, head[1]);
		}
		p += head[1];
	}
}

/* A whole row, but for the columns an earlier update has changed. */
static void learn_row(struct changelog *l, const char *p, size_t len)
{
	const char *end = p + len;

	buf_reset(&l->whole);
	for (size_t i = 0; i < l->n_columns; i++) {
		size_t n = row_field_length(p, end);

		if (i)
			buf_addch(&l->whole, '\t');
		if (l->slot.known_len[i])
			buf_add(&l->whole, l->values.data + l->value_at[i],
				l->slot.known_len[i]);
		else
			buf_add(&l->whole, p, n);
		p += n + 1;
	}
	l->slot.whole = true;
	l->slot.row = buf_str(&l->whole);
	l->slot.row_len = l->whole.len;
}

static void learn(struct changelog *l, const struct record *r, bool first)
{
	const char *payload = (const char *)(r + 1) + r->key_len;

	if (l->slot.whole || l->slot.was_empty)
		return;
	switch ((enum change_op)r->op) {
	case CHANGE_INSERT:
		/* only as the first word about a key does it mean "empty" */
		l->slot.was_empty = first;
		break;
	case CHANGE_DELETE:
		learn_row(l, payload, r->payload_len);
		break;
	case CHANGE_UPDATE:
		learn_columns(l, payload, r->payload_len);
		break;
	}
}

static void start_slot(struct changelog *l, const struct record *r)
{
	struct change_key k = key_of(r);

	buf_reset(&l->values);
	buf_reset(&l->key_text);
	memset(l->slot.known_len, 0, l->n_columns * sizeof(size_t));
	l->slot.was_empty = l->slot.whole = false;
	l->slot.key = k;
	if (k.s) {
		buf_add(&l->key_text, k.s, k.len);
		l->slot.key.s = buf_str(&l->key_text);
	}
}

struct err *changelog_next(struct changelog *l, const struct change_slot **out)
{
	const struct record *r;
	struct run *from;
	struct err *err = smallest(l, &r, &from);
	bool first = true;

	*out = NULL;
	if (err || !r)
		return err;
	start_slot(l, r);
	for (;;) {
		struct change_key k;

		learn(l, r, first);
		first = false;
		consume(l, from, r);
		err = smallest(l, &r, &from);
		if (err)
			return err;
		if (!r)
			break;
		k = key_of(r);
		if (compare_keys(&k, &l->slot.key))
			break;
	}
	for (size_t i = 0; i < l->n_columns; i++)
		l->slot.known[i] = l->slot.known_len[i]
					   ? l->values.data + l->value_at[i]
					   : NULL;
	*out = &l->slot;
	return NULL;
}
