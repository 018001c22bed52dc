#include "support/memory_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Refs, in memory: a list of names and ids. */

void memory_store_ref(struct memory_store *s, const char *name, const char *id)
{
	free(id ? map_put(&s->refs, name, xstrdup(id))
		: map_remove(&s->refs, name));
}

const char *memory_store_get_ref(const struct memory_store *s, const char *name)
{
	const char *id = map_get(&s->refs, name);

	return id ? id : "";
}

size_t memory_store_count_refs(const struct memory_store *s, const char *prefix)
{
	size_t n = 0;

	map_each (&s->refs, e) {
		n += starts_with(e->key, prefix);
	}
	return n;
}

static char *ledger_ref(const char *uuid)
{
	return xasprintf("refs/migrate/db/%s/ledger", uuid);
}

struct err *memory_ledger_tip(struct store *store, const char *uuid,
			      struct store_id *out)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_LEDGER_TIP);
	char *ref = ledger_ref(uuid);

	snprintf(out->hex, sizeof(out->hex), "%s",
		 memory_store_get_ref(s, ref));
	free(ref);
	return err;
}

struct err *memory_ledger_of_target(struct store *store, const char *target,
				    char out[37])
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_LEDGER_OF_TARGET);
	char *ref = xasprintf("refs/migrate/ledger/%s", target);

	snprintf(out, 37, "%s", memory_store_get_ref(s, ref));
	free(ref);
	return err;
}

struct err *memory_ledger_forget(struct store *store, const char *target)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_LEDGER_FORGET);
	char *ref = xasprintf("refs/migrate/ledger/%s", target);

	if (!err)
		memory_store_ref(s, ref, NULL);
	free(ref);
	return err;
}

struct err *memory_ledger_move(struct store *store, const char *uuid,
			       const char *target, const struct store_id *prev,
			       const struct store_id *next, const char *why)
{
	struct memory_store *s = (struct memory_store *)store;
	void (*first)(void *payload) = s->before_move;
	struct err *err = memory_before(s, MEMORY_LEDGER_MOVE);
	char *ref = ledger_ref(uuid);

	(void)why;
	s->before_move = NULL;
	if (!err && first)
		first(s->payload);
	if (!err && !streq(memory_store_get_ref(s, ref), prev->hex))
		err = err_new(ERR_STATE, "%s is not at %s", ref, prev->hex);
	if (!err && !memory_object_find(s, next->hex))
		err = err_new(ERR_STORE, "no commit %s here", next->hex);
	if (!err) {
		memory_store_ref(s, ref, next->hex);
		if (*target) {
			char *name =
				xasprintf("refs/migrate/ledger/%s", target);

			memory_store_ref(s, name, uuid);
			free(name);
		}
		err = memory_after(s, MEMORY_LEDGER_MOVE);
	}
	free(ref);
	return err;
}

struct err *memory_ledger_keep_sources(struct store *store, const char *target,
				       const struct store_id *sources, size_t n)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_LEDGER_KEEP_SOURCES);

	for (size_t i = 0; i < n && !err; i++) {
		char *ref = xasprintf("refs/migrate/sources/%s/%s", target,
				      sources[i].hex);

		if (memory_object_find(s, sources[i].hex))
			memory_store_ref(s, ref, sources[i].hex);
		free(ref);
	}
	return err ? err : memory_after(s, MEMORY_LEDGER_KEEP_SOURCES);
}

struct err *memory_ledger_archive(struct store *store, const char *uuid,
				  const struct store_id *id, int64_t seconds)
{
	struct memory_store *s = (struct memory_store *)store;
	struct err *err = memory_before(s, MEMORY_LEDGER_ARCHIVE);
	char *ref;

	if (err)
		return err;
	ref = xasprintf("refs/migrate/archive/%s/%" PRId64, uuid, seconds);
	memory_store_ref(s, ref, id->hex);
	free(ref);
	return memory_after(s, MEMORY_LEDGER_ARCHIVE);
}
