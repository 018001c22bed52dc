#include "unit/gitstore/scratch.h"

#include "gitstore/hash.h"
#include "gitstore/pack.h"
#include "unit/gitstore/draw.h"

/* Made-up bytes, the same in each run, come back as they were given. */

#define S(t) ((t)->s->ops)

/* --- snapshots --- */

#define CHUNKS 500

/* A chunk's bytes from its number alone, up to 90 KB. */
static size_t chunk_of(struct buf *b, unsigned n)
{
	unsigned len = n % 97 == 0 ? 90000 : n % 13 == 0 ? 1 : n * 37 % 9000;

	buf_reset(b);
	for (unsigned i = 0; i <= len; i++)
		buf_addch(b, (char)((n * 31 + i * (n % 5 + 1)) % 251));
	return b->len;
}

struct made {
	struct store_id id;
	unsigned first[3], n[3]; /* chunks of each of three files */
};

static void write_event(struct scratch *t, struct snapshot_sink *k,
			struct made *m)
{
	struct buf b = BUF_INIT;

	for (unsigned f = 0; f < 3; f++) {
		char path[32];

		m->first[f] = draw(40);
		m->n[f] = f == 2 ? draw(3) : draw(CHUNKS);
		snprintf(path, sizeof(path), "rows/%u", f);
		assert_ok(S(t)->sink_file(k, path));
		for (unsigned i = 0; i < m->n[f]; i++) {
			chunk_of(&b, m->first[f] + i);
			assert_ok(S(t)->sink_chunk(k, b.data, b.len));
		}
	}
	buf_release(&b);
}

static void read_event(struct scratch *t, const struct made *m)
{
	struct snapshot_reader *r;
	struct buf b = BUF_INIT;
	const char *data;
	size_t len;

	assert_ok(S(t)->reader_open(t->s, &m->id, &r));
	for (unsigned f = 0; f < 3; f++) {
		char path[32];

		snprintf(path, sizeof(path), "rows/%u", f);
		assert_ok(S(t)->reader_file(r, path));
		for (unsigned i = 0; i < m->n[f]; i++) {
			chunk_of(&b, m->first[f] + i);
			assert_ok(S(t)->reader_chunk(r, &data, &len));
			assert_non_null(data);
			assert_int_equal(len, b.len);
			assert_memory_equal(data, b.data, len);
		}
		assert_ok(S(t)->reader_chunk(r, &data, &len));
		assert_null(data);
	}
	S(t)->reader_close(r);
	buf_release(&b);
}

static void snapshots__agree_with_what_was_put_in(void **state)
{
	struct scratch *t = *state;
	struct made made[24], lost;
	size_t n = 0;

	seed = 31;
	scratch_store(t, "");
	for (int group = 0; group < 6; group++) {
		struct snapshot_sink *k;
		bool written;
		char key[16];

		assert_ok(S(t)->sink_open(t->s, &k));
		for (int i = 0; i < 4; i++) {
			if (draw(3) == 0) {
				write_event(t, k, &lost);
				assert_ok(S(t)->sink_drop(k));
			}
			write_event(t, k, &made[n]);
			assert_ok(S(t)->sink_event(k, &made[n].id));
			n++;
		}
		snprintf(key, sizeof(key), "g%d", group);
		assert_ok(S(t)->sink_durable(k, key, &written));
		assert_true(written);
		assert_ok(S(t)->sink_promote(k));
		S(t)->sink_close(k);
	}
	for (size_t i = 0; i < n; i++)
		read_event(t, &made[i]);
	scratch_run(t, "git -C .git/migrate/snapshots.git fsck --strict "
		       "--no-progress 2>&1 | grep -v ^notice: | (! grep .)");
	scratch_run(t, "git -C .git/migrate/snapshots.git gc -q --prune=now");
	scratch_store(t, "");
	for (size_t i = 0; i < n; i++)
		read_event(t, &made[i]);
}

/* --- packs --- */

static void packs__hold_every_object_they_were_given(void **state)
{
	struct scratch *t = *state;

	seed = 71;
	for (int round = 0; round < 8; round++) {
		struct gs_pack *p = gs_pack_new(
			scratch_at(t, ".git/objects/pack"), draw(200000) + 1);
		struct buf now = BUF_INIT, old = BUF_INIT, ids = BUF_INIT;
		git_oid id, last = { { 0 } };

		for (int i = 0; i < 400; i++) {
			struct gs_pack_base base = { &last, old.data, old.len };
			unsigned cut = draw((unsigned)now.len + 1);
			char hex[GIT_OID_HEXSZ + 1];

			if (draw(4) == 0)
				buf_truncate(&now, cut);
			for (unsigned n = draw(400); n; n--)
				buf_addch(&now, (char)draw(256));
			if (draw(3) == 0 && now.len)
				now.data[draw((unsigned)now.len)] ^= 1;
			gs_hash_object(GIT_OBJECT_BLOB, buf_str(&now), now.len,
				       &id);
			assert_ok(gs_pack_add_delta(p, GIT_OBJECT_BLOB, &id,
						    buf_str(&now), now.len,
						    i ? &base : NULL));
			git_oid_tostr(hex, sizeof(hex), &id);
			buf_addf(&ids, "%s blob %zu\n", hex, now.len);
			last = id;
			buf_reset(&old);
			buf_add(&old, buf_str(&now), now.len);
		}
		assert_ok(gs_pack_finish(p));
		gs_pack_free(p);
		scratch_write(t, "ids", ids.data);
		scratch_run(t, "cut -c1-40 ids | git cat-file --batch-check | "
			       "diff ids -");
		scratch_run(t, "for i in .git/objects/pack/*.idx; do git "
			       "verify-pack $i || exit 1; done");
		buf_release(&now);
		buf_release(&old);
		buf_release(&ids);
	}
	scratch_run(t, "git fsck --strict --no-dangling --no-progress");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(snapshots__agree_with_what_was_put_in),
		in_repo(packs__hold_every_object_they_were_given),
	};

	return cmocka_run_group_tests_name("gitstore/oracle_packs", tests, NULL,
					   NULL);
}
