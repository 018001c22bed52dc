#include "support/memory_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Snapshots of groups of events, in memory. */

struct snapshot_sink {
	struct memory_store *s;
	struct memory_snapshot *now; /* of the event that is open */
	struct memory_kept *ended;
	size_t n, cap;
	char key[80];
};

struct snapshot_reader {
	struct memory_store *s;
	struct memory_snapshot *files;
};

static struct memory_snapshot *new_files(void)
{
	struct memory_snapshot *m = xcalloc(1, sizeof(*m));

	memory_snapshot_init(m);
	return m;
}

static void free_files(struct memory_snapshot *m)
{
	if (m)
		memory_snapshot_release(m);
	free(m);
}

struct err *memory_sink_open(struct store *s, struct snapshot_sink **out)
{
	struct memory_store *m = (struct memory_store *)s;
	struct err *err = memory_before(m, MEMORY_SINK_OPEN);

	*out = NULL;
	if (err)
		return err;
	*out = xcalloc(1, sizeof(**out));
	(*out)->s = m;
	(*out)->now = new_files();
	m->open++;
	return NULL;
}

struct err *memory_sink_file(struct snapshot_sink *k, const char *path)
{
	struct err *err = memory_before(k->s, MEMORY_SINK_FILE);

	return err ? err : k->now->out.file(k->now, path);
}

struct err *memory_sink_chunk(struct snapshot_sink *k, const void *data,
			      size_t len)
{
	struct err *err = memory_before(k->s, MEMORY_SINK_CHUNK);

	if (err || !len)
		return err;
	return k->now->out.chunk(k->now, data, len);
}

struct err *memory_sink_event(struct snapshot_sink *k, struct store_id *out)
{
	struct err *err = memory_before(k->s, MEMORY_SINK_EVENT);
	struct memory_kept *kept;
	struct buf b = BUF_INIT;

	if (err)
		return err;
	for (size_t i = 0; i < k->now->n; i++) {
		const struct memory_file *f = &k->now->files[i];

		buf_addf(&b, "%s\n", f->path);
		for (size_t c = 0; c < f->n; c++)
			buf_add(&b, f->chunks[c].data, f->chunks[c].len);
	}
	VEC_GROW(k->ended, k->n, k->cap);
	kept = &k->ended[k->n++];
	memset(kept, 0, sizeof(*kept));
	memory_hash(buf_str(&b), b.len, kept->id);
	buf_release(&b);
	kept->files = k->now;
	k->now = new_files();
	snprintf(out->hex, sizeof(out->hex), "%s", kept->id);
	return NULL;
}

struct err *memory_sink_drop(struct snapshot_sink *k)
{
	struct err *err = memory_before(k->s, MEMORY_SINK_DROP);

	if (err)
		return err;
	free_files(k->now);
	k->now = new_files();
	return memory_after(k->s, MEMORY_SINK_DROP);
}

struct err *memory_sink_durable(struct snapshot_sink *k, const char *key,
				bool *written)
{
	struct memory_store *s = k->s;
	struct err *err = memory_before(s, MEMORY_SINK_DURABLE);

	*written = false;
	if (err || !k->n)
		return err;
	snprintf(k->key, sizeof(k->key), "%s", key);
	for (size_t i = 0; i < k->n; i++) {
		struct memory_kept *kept = &k->ended[i];

		snprintf(kept->key, sizeof(kept->key), "%s", key);
		kept->pending = true;
		VEC_GROW(s->kept, s->n_kept, s->cap_kept);
		s->kept[s->n_kept++] = *kept;
	}
	k->n = 0;
	*written = true;
	return memory_after(s, MEMORY_SINK_DURABLE);
}

struct err *memory_sink_promote(struct snapshot_sink *k)
{
	struct err *err = memory_before(k->s, MEMORY_SINK_PROMOTE);

	if (err)
		return err;
	for (size_t i = 0; i < k->s->n_kept; i++)
		if (streq(k->s->kept[i].key, k->key))
			k->s->kept[i].pending = false;
	return memory_after(k->s, MEMORY_SINK_PROMOTE);
}

void memory_sink_close(struct snapshot_sink *k)
{
	if (!k)
		return;
	k->s->open--;
	for (size_t i = 0; i < k->n; i++)
		free_files(k->ended[i].files);
	free_files(k->now);
	free(k->ended);
	free(k);
}

/* All events of that key are asked about, and the largest answer counts. */
static enum store_pending ask_all(struct memory_store *s, const char *key,
				  store_pending_fn ask, void *payload)
{
	enum store_pending out = STORE_PENDING_DROP;

	for (size_t i = 0; i < s->n_kept; i++) {
		enum store_pending answer;
		struct store_id id;

		if (!s->kept[i].pending || !streq(s->kept[i].key, key))
			continue;
		snprintf(id.hex, sizeof(id.hex), "%s", s->kept[i].id);
		answer = ask(payload, key, &id);
		out = answer > out ? answer : out;
	}
	return out;
}

static void settle_key(struct memory_store *s, const char *key, bool wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_kept; i++) {
		struct memory_kept *kept = &s->kept[i];

		if (kept->pending && streq(kept->key, key)) {
			if (!wanted) {
				free_files(kept->files);
				continue;
			}
			kept->pending = false;
		}
		s->kept[n++] = *kept;
	}
	s->n_kept = n;
}

/* Nothing is ever removed here: what one has, all have. */
struct err *memory_snapshots_share(struct store *store, const char *from,
				   const char *to)
{
	(void)store, (void)from, (void)to;
	return NULL;
}

struct err *memory_pending_settle(struct store *store, store_pending_fn ask,
				  void *payload)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_PENDING_SETTLE);
	char key[80];

	for (size_t i = 0; i < s->n_kept && !err;) {
		enum store_pending answer = STORE_PENDING_LEAVE;

		memcpy(key, s->kept[i].key, sizeof(key));
		if (s->kept[i].pending && strchr(key, '/'))
			answer = ask_all(s, key, ask, payload);
		if (answer == STORE_PENDING_LEAVE) {
			i++;
			continue;
		}
		settle_key(s, key, answer == STORE_PENDING_KEEP);
		i = 0;
	}
	return err;
}

struct err *memory_reader_open(struct store *store, const struct store_id *id,
			       struct snapshot_reader **out)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_READER_OPEN);

	*out = NULL;
	for (size_t i = 0; i < s->n_kept && !err; i++) {
		if (!streq(s->kept[i].id, id->hex))
			continue;
		*out = xcalloc(1, sizeof(**out));
		(*out)->s = s;
		(*out)->files = s->kept[i].files;
		s->open++;
		return NULL;
	}
	return err ? err : err_new(ERR_STORE, "no snapshot %s here", id->hex);
}

struct err *memory_reader_file(struct snapshot_reader *r, const char *path)
{
	struct err *err = memory_before(r->s, MEMORY_READER_FILE);

	return err ? err : r->files->in.file(r->files, path);
}

struct err *memory_reader_chunk(struct snapshot_reader *r, const char **data,
				size_t *len)
{
	struct err *err = memory_before(r->s, MEMORY_READER_CHUNK);

	*data = NULL;
	return err ? err : r->files->in.chunk(r->files, data, len);
}

void memory_reader_close(struct snapshot_reader *r)
{
	if (r)
		r->s->open--;
	free(r);
}

/* --- chunks that go elsewhere --- */

void memory_chunk_id(struct store *store, const void *data, size_t len,
		     struct store_id *out)
{
	(void)store;
	memory_hash(data, len, out->hex);
}

/* Not smaller, but other bytes, with a sum at the end. */
void memory_chunk_deflate(struct store *store, const void *data, size_t len,
			  struct buf *out)
{
	const unsigned char *p = data;
	unsigned sum = 0;

	(void)store;
	for (size_t i = 0; i < len; i++) {
		buf_addch(out, (char)(p[i] ^ 0x55));
		sum += p[i];
	}
	buf_addch(out, (char)sum);
}

struct err *memory_chunk_inflate(struct store *store, const void *data,
				 size_t len, size_t size, struct buf *out)
{
	const unsigned char *p = data;
	unsigned char sum = 0;

	(void)store;
	if (len != size + 1)
		return err_new(ERR_STORE, "a chunk of the snapshot is damaged");
	for (size_t i = 0; i < size; i++) {
		buf_addch(out, (char)(p[i] ^ 0x55));
		sum = (unsigned char)(sum + (p[i] ^ 0x55));
	}
	return sum == p[size] ? NULL
			      : err_new(ERR_STORE,
					"a chunk of the snapshot is damaged");
}
