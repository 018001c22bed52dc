#include "gitstore/pack.h"

#include "unit/gitstore/scratch.h"

#include <openssl/sha.h>
#include <zlib.h>

#include "base/file.h"
#include "gitstore/hash.h"

/*
 * Pack and index, byte by byte, by a reader that knows nothing but
 * gitformat-pack(5) and zlib.
 */

#define OBJECTS_MAX 4000

struct found {
	unsigned char id[20];
	uint64_t offset, end;
	unsigned type;
	unsigned char *data;
	size_t len;
};

struct pack {
	struct buf pack, idx;
	struct found *objects;
	uint32_t n;
	size_t at;
	unsigned deltas;
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static const unsigned char *bytes(const struct buf *b, size_t at, size_t n)
{
	assert_true(at + n <= b->len);
	return (const unsigned char *)b->data + at;
}

static unsigned char next_byte(struct pack *p)
{
	return *bytes(&p->pack, p->at++, 1);
}

static unsigned char *inflate_here(struct pack *p, size_t len)
{
	unsigned char *out = xcalloc(1, len + 1), extra[1];
	z_stream z = { 0 };
	int rc;

	assert_int_equal(inflateInit(&z), Z_OK);
	z.next_in = (unsigned char *)p->pack.data + p->at;
	z.avail_in = (unsigned)(p->pack.len - 20 - p->at);
	z.next_out = len ? out : extra;
	z.avail_out = (unsigned)len + !len;
	rc = inflate(&z, Z_FINISH);
	if (rc == Z_BUF_ERROR || rc == Z_OK) { /* only its end is missing */
		z.next_out = extra;
		z.avail_out = 1;
		rc = inflate(&z, Z_FINISH);
	}
	assert_int_equal(rc, Z_STREAM_END);
	assert_int_equal(z.total_out, len);
	p->at += z.total_in;
	inflateEnd(&z);
	return out;
}

static size_t delta_size(const unsigned char **d)
{
	size_t n = 0;
	unsigned shift = 0;

	do {
		n |= (size_t)(**d & 0x7f) << shift;
		shift += 7;
	} while (*(*d)++ & 0x80);
	return n;
}

/* Copies from the base and bytes of its own; every range is checked. */
static void apply_delta(struct found *o, const struct found *base)
{
	const unsigned char *d = o->data, *end = o->data + o->len;
	unsigned char *out;
	size_t len, n = 0;

	assert_int_equal(delta_size(&d), base->len);
	len = delta_size(&d);
	out = xcalloc(1, len + 1);
	while (d < end) {
		unsigned op = *d++;
		size_t from = 0, size = 0;

		if (!(op & 0x80)) {
			assert_true(op && d + op <= end && n + op <= len);
			memcpy(out + n, d, op);
			d += op;
			n += op;
			continue;
		}
		for (unsigned i = 0; i < 4; i++)
			if (op & 1u << i)
				from |= (size_t)*d++ << 8 * i;
		for (unsigned i = 0; i < 3; i++)
			if (op & 0x10u << i)
				size |= (size_t)*d++ << 8 * i;
		size = size ? size : 0x10000;
		assert_true(from + size <= base->len && n + size <= len);
		memcpy(out + n, base->data + from, size);
		n += size;
	}
	assert_int_equal(n, len);
	free(o->data);
	o->data = out;
	o->len = len;
	o->type = base->type;
}

static const struct found *at_offset(const struct pack *p, uint64_t offset)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->objects[i].offset == offset)
			return &p->objects[i];
	fail_msg("no object at %llu", (unsigned long long)offset);
	return NULL;
}

static const struct found *read_base(struct pack *p, const struct found *o,
				     unsigned type)
{
	unsigned char c;
	uint64_t back;

	if (type == 7) { /* by id: one that stands before */
		const unsigned char *id = bytes(&p->pack, p->at, 20);

		p->at += 20;
		for (uint32_t i = 0; &p->objects[i] < o; i++)
			if (!memcmp(p->objects[i].id, id, 20))
				return &p->objects[i];
		fail_msg("a delta against nothing in the pack");
	}
	c = next_byte(p);
	back = c & 0x7f;
	while (c & 0x80) {
		c = next_byte(p);
		back = (back + 1) << 7 | (c & 0x7f);
	}
	assert_true(back && back <= o->offset);
	return at_offset(p, o->offset - back);
}

static void name_it(struct found *o)
{
	static const char *const types[] = { "", "commit", "tree", "blob",
					     "tag" };
	struct buf b = BUF_INIT;

	assert_in_range(o->type, 1, 4);
	buf_addf(&b, "%s %zu", types[o->type], o->len);
	buf_add(&b, "", 1);
	buf_add(&b, o->data, o->len);
	SHA1((const unsigned char *)b.data, b.len, o->id);
	buf_release(&b);
}

static void read_object(struct pack *p, struct found *o)
{
	const struct found *base = NULL;
	unsigned shift = 4;
	unsigned char c;

	o->offset = p->at;
	c = next_byte(p);
	o->type = c >> 4 & 7;
	o->len = c & 15;
	for (; c & 0x80; shift += 7) {
		c = next_byte(p);
		o->len |= (size_t)(c & 0x7f) << shift;
	}
	if (o->type >= 6)
		base = read_base(p, o, o->type);
	o->data = inflate_here(p, o->len);
	if (base)
		apply_delta(o, base);
	p->deltas += base != NULL;
	o->end = p->at;
	name_it(o);
}

static void read_pack(struct pack *p)
{
	unsigned char sum[20];

	assert_memory_equal(bytes(&p->pack, 0, 8), "PACK\0\0\0\2", 8);
	p->n = be32(bytes(&p->pack, 8, 4));
	assert_in_range(p->n, 1, OBJECTS_MAX);
	p->objects = xcalloc(p->n, sizeof(*p->objects));
	p->at = 12;
	for (uint32_t i = 0; i < p->n; i++)
		read_object(p, &p->objects[i]);
	assert_int_equal(p->at, p->pack.len - 20); /* nothing between */
	SHA1((unsigned char *)p->pack.data, p->at, sum);
	assert_memory_equal(bytes(&p->pack, p->at, 20), sum, 20);
}

static void read_entry(struct pack *p, uint32_t i)
{
	size_t names = 8 + 1024, crcs = names + 20 * (size_t)p->n;
	size_t offsets = crcs + 4 * (size_t)p->n;
	const unsigned char *id = bytes(&p->idx, names + 20 * (size_t)i, 20);
	uint32_t offset = be32(bytes(&p->idx, offsets + 4 * (size_t)i, 4));
	const struct found *o = at_offset(p, offset);

	assert_memory_equal(id, o->id, 20);
	if (i)
		assert_true(memcmp(id - 20, id, 20) < 0);
	assert_int_equal(be32(bytes(&p->idx, crcs + 4 * (size_t)i, 4)),
			 crc32(0, bytes(&p->pack, o->offset, 1),
			       (unsigned)(o->end - o->offset)));
}

static void read_index(struct pack *p)
{
	size_t trailer = 8 + 1024 + 28 * (size_t)p->n;
	unsigned char sum[20];
	uint32_t count = 0;

	assert_int_equal(p->idx.len, trailer + 40);
	assert_memory_equal(bytes(&p->idx, 0, 8), "\377tOc\0\0\0\2", 8);
	for (unsigned c = 0; c < 256; c++) {
		while (count < p->n &&
		       *bytes(&p->idx, 8 + 1024 + 20 * (size_t)count, 1) <= c)
			count++;
		assert_int_equal(be32(bytes(&p->idx, 8 + 4 * (size_t)c, 4)),
				 count);
	}
	for (uint32_t i = 0; i < p->n; i++)
		read_entry(p, i);
	assert_memory_equal(bytes(&p->idx, trailer, 20),
			    bytes(&p->pack, p->pack.len - 20, 20), 20);
	SHA1((unsigned char *)p->idx.data, trailer + 20, sum);
	assert_memory_equal(bytes(&p->idx, trailer + 20, 20), sum, 20);
}

/* The one pack of the folder, with its index. */
static void read_both(struct scratch *t, struct pack *p)
{
	const char *idx = scratch_ask(t, "ls .git/objects/pack/pack-*.idx");
	char *pack = xasprintf("%.*spack", (int)strlen(idx) - 3, idx);

	memset(p, 0, sizeof(*p));
	assert_ok(file_read(scratch_at(t, pack), 1 << 28, &p->pack));
	assert_ok(file_read(scratch_at(t, idx), 1 << 28, &p->idx));
	free(pack);
	read_pack(p);
	read_index(p);
}

static void release(struct pack *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		free(p->objects[i].data);
	free(p->objects);
	buf_release(&p->pack);
	buf_release(&p->idx);
}

static unsigned long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

/* Sizes around the steps of the length's coding, and a large one. */
static void random_bytes(struct buf *b)
{
	static const size_t sizes[] = { 0,    1,    15,    16,    17,   2047,
					2048, 2049, 65535, 65536, 70000 };
	size_t n = draw(3) ? draw(300) : sizes[draw(ARRAY_LEN(sizes))];
	bool noise = draw(2);

	buf_reset(b);
	for (size_t i = 0; i < n; i++)
		buf_addch(b, noise ? (char)draw(256) : (char)('a' + i % 7));
}

static bool holds(const struct pack *p, const git_oid *id, const struct buf *b)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (!memcmp(p->objects[i].id, id->id, 20))
			return p->objects[i].len == b->len &&
			       !memcmp(p->objects[i].data, buf_str(b), b->len);
	return false;
}

static void pack__is_what_the_format_says(struct scratch *t, size_t spill)
{
	struct gs_pack *w =
		gs_pack_new(scratch_at(t, ".git/objects/pack"), spill);
	struct buf *texts = xcalloc(300, sizeof(*texts));
	git_oid ids[300];
	struct pack p;

	scratch_run(t, "rm -f .git/objects/pack/*");
	for (size_t i = 0; i < 300; i++) {
		random_bytes(&texts[i]);
		if (i % 3 == 2 && texts[i - 1].len) { /* near the last one */
			buf_reset(&texts[i]);
			buf_add(&texts[i], texts[i - 1].data, texts[i - 1].len);
			texts[i].data[draw((unsigned)texts[i].len)] ^= 1;
			buf_addstr(&texts[i], draw(2) ? "more" : "");
		}
		gs_hash_object(GIT_OBJECT_BLOB, buf_str(&texts[i]),
			       texts[i].len, &ids[i]);
		if (i % 3 == 2) {
			struct gs_pack_base base = { &ids[i - 1],
						     buf_str(&texts[i - 1]),
						     texts[i - 1].len };

			assert_ok(gs_pack_add_delta(w, GIT_OBJECT_BLOB, &ids[i],
						    buf_str(&texts[i]),
						    texts[i].len, &base));
		} else {
			assert_ok(gs_pack_add(w, GIT_OBJECT_BLOB, &ids[i],
					      buf_str(&texts[i]),
					      texts[i].len));
		}
	}
	assert_ok(gs_pack_finish(w));
	gs_pack_free(w);
	read_both(t, &p);
	assert_true(p.deltas > 20);
	for (size_t i = 0; i < 300; i++) {
		if (!holds(&p, &ids[i], &texts[i]))
			fail_msg("object %zu is not in the pack", i);
		buf_release(&texts[i]);
	}
	free(texts);
	release(&p);
}

static void pack_finish__writes_what_the_format_says(void **state)
{
	seed = 41;
	pack__is_what_the_format_says(*state, 1 << 24); /* all in memory */
	pack__is_what_the_format_says(*state, 1);       /* all in the file */
	pack__is_what_the_format_says(*state, 50000);
}

/* What was cut away leaves no trace in either file. */
static void pack_cut__leaves_no_trace(void **state)
{
	static const size_t spills[] = { 1 << 24, 1, 3000 };
	struct scratch *t = *state;

	seed = 42;
	for (size_t k = 0; k < ARRAY_LEN(spills); k++) {
		struct gs_pack *w = gs_pack_new(
			scratch_at(t, ".git/objects/pack"), spills[k]);
		struct buf b = BUF_INIT;
		struct pack p;
		uint32_t kept = 0;

		scratch_run(t, "rm -f .git/objects/pack/*");
		for (int i = 0; i < 40; i++) {
			struct gs_pack_mark mark = gs_pack_mark(w);
			unsigned n = 1 + draw(4);

			for (unsigned j = 0; j < n; j++) {
				git_oid id;

				buf_reset(&b);
				buf_addf(&b, "text %d %u", i, j);
				gs_hash_object(GIT_OBJECT_BLOB, b.data, b.len,
					       &id);
				assert_ok(gs_pack_add(w, GIT_OBJECT_BLOB, &id,
						      b.data, b.len));
			}
			if (draw(2))
				assert_ok(gs_pack_cut(w, mark));
			else
				kept += n;
		}
		assert_int_equal(gs_pack_count(w), kept);
		assert_ok(gs_pack_finish(w));
		gs_pack_free(w);
		read_both(t, &p);
		assert_int_equal(p.n, kept);
		release(&p);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(pack_finish__writes_what_the_format_says),
		in_repo(pack_cut__leaves_no_trace),
	};
	int rc;

	git_libgit2_init();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	git_libgit2_shutdown();
	return rc;
}
