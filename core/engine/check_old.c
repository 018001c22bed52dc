#include <stdlib.h>

#include "base/util.h"
#include "engine/check_impl.h"

/*
 * What the bases' migrations have touched, each on the schema before it. Kept
 * under its chain, one file each, as it was when it was new; and as blocks of
 * many, so that a thousand of them are a few files to read. A block has the
 * chain of its last.
 */

#define BLOCK 64

static void release(struct effects *es, size_t n)
{
	for (size_t i = 0; i < n; i++)
		effects_release(&es[i]);
}

static void put_block(struct check *c, const char *key,
		      const struct effects *es)
{
	struct buf b = BUF_INIT, one = BUF_INIT;

	for (size_t i = 0; i < BLOCK; i++) {
		buf_reset(&one);
		effects_encode(&one, &es[i]);
		buf_addf(&b, "%zu\n", one.len);
		buf_add(&b, one.data, one.len);
	}
	check_cache_put(c, "block", key, b.data, b.len);
	buf_release(&one);
	buf_release(&b);
}

/* One of a block, from p; false when it is not whole. */
static bool read_one(const char **p, const char *end, struct effects *out)
{
	char *start;
	unsigned long len = strtoul(*p, &start, 10);

	if (start == *p || *start != '\n' || len > (size_t)(end - start - 1))
		return false;
	*p = start + 1 + len;
	return effects_decode(out, start + 1, len);
}

static bool get_block(struct check *c, const char *key, struct effects *out)
{
	struct buf b = BUF_INIT;
	bool ok = check_cache_get(c, "block", key, &b);
	const char *p = buf_str(&b), *end = p + b.len;
	size_t n = 0;

	while (ok && n < BLOCK && (ok = read_one(&p, end, &out[n])))
		n++;
	if (!ok)
		release(out, n);
	buf_release(&b);
	return ok;
}

typedef char chain_key[65];

/* From their own files; a whole block is one from now on. */
static bool get_each(struct check *c, const chain_key *keys, size_t n,
		     struct effects *out)
{
	for (size_t i = 0; i < n; i++) {
		if (check_effects_get(c, keys[i], &out[i]))
			continue;
		release(out, i);
		return false;
	}
	if (n == BLOCK)
		put_block(c, keys[n - 1], out);
	return true;
}

static chain_key *keys_of(struct check *c, const struct check_trees *t)
{
	chain_key *keys = xcalloc(t->n_common + 1, sizeof(*keys)), key;

	check_chain(c, t, key, NULL);
	for (size_t i = 0; i < t->n_common; i++) {
		check_chain(c, t, key, t->common[i]);
		memcpy(keys[i], key, sizeof(key));
	}
	return keys;
}

static size_t block_at(const struct check_trees *t, size_t at)
{
	return t->n_common - at < BLOCK ? t->n_common - at : BLOCK;
}

/* All that the bases have done; false: one of them is not kept. */
static bool get_old(struct check *c, struct check_trees *t)
{
	chain_key *keys = keys_of(c, t);
	bool ok = true;
	size_t at = 0;

	while (at < t->n_common && ok) {
		size_t n = block_at(t, at);

		ok = (n == BLOCK &&
		      get_block(c, keys[at + n - 1], &t->old[at])) ||
		     get_each(c, (const chain_key *)&keys[at], n, &t->old[at]);
		if (ok)
			at += n;
	}
	if (!ok)
		release(t->old, at);
	free(keys);
	return ok;
}

static void put_old(struct check *c, struct check_trees *t)
{
	chain_key *keys = keys_of(c, t);

	for (size_t at = 0; at < t->n_common; at += block_at(t, at)) {
		size_t n = block_at(t, at);

		if (n == BLOCK)
			put_block(c, keys[at + n - 1], &t->old[at]);
		for (size_t i = at; n < BLOCK && i < at + n; i++)
			check_effects_put(c, keys[i], &t->old[i]);
	}
	free(keys);
}

static struct err *read_old(struct check *c, struct check_trees *t)
{
	struct err *err;

	t->old = xcalloc(t->n_common + 1, sizeof(*t->old));
	/* the chains are of versions in their order */
	if (!t->reordered && get_old(c, t))
		return NULL;
	err = check_run_old(c, t, t->old);
	if (!err && !t->reordered && !t->base_broken)
		put_old(c, t);
	return err;
}

struct err *check_effects_of(struct check *c, struct check_trees *t, size_t i,
			     const struct effects **out)
{
	struct err *err = t->old ? NULL : read_old(c, t);

	*out = &t->old[i];
	return err;
}
