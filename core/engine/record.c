#include "engine/impl.h"

#include <string.h>

#include "base/util.h"

/* Events that no migration makes: how it began, what others changed. */

/* What was changed in the database without us, as an event of its own. */
static struct err *find_drift(struct run *r, struct schema_delta *out,
			      struct past *was)
{
	struct err *err = past_schema(r->e, INT64_MAX, was);

	if (err)
		return err;
	map_each (&was->by_path, e) {
		const struct schema_object *old = e->value;
		const struct schema_object *now =
			map_get(&r->schema.by_path, e->key);

		if (old && (!now || !streq(old->text, now->text)))
			schema_delta_add(out, old, now);
	}
	map_each (&r->schema.by_path, e) {
		if (e->value && !map_get(&was->by_path, e->key))
			schema_delta_add(out, NULL, e->value);
	}
	schema_delta_sort(out);
	return NULL;
}

/*
 * Whose work it is: a statement without a transaction that was cut off has
 * changed the schema without an event; the intent says whose it was.
 */
struct drift {
	struct journal_event ev;
	bool expected; /* a cut off statement of ours explains it */
};

static struct err *whose(struct run *r, struct arena *a, struct drift *ev)
{
	struct journal_event last;
	const char *name = NULL;
	struct err *err = NULL;

	if (r->e->target->ops->caps & TARGET_CAP_LONE_DDL)
		err = journal_step_open(r->e->target, a, &name);
	if (!err && name)
		err = journal_current_of(r->e->target, name, a, &last);
	if (err || !name || !last.seq)
		return err;
	ev->expected = true;
	/* in a rollback that was cut off: what is undone already is no part
	 * of what was applied */
	if (streq_null(last.status, "applied"))
		return NULL;
	ev->ev = (struct journal_event){
		.event = "apply",
		.name = name,
		.status = "applying",
		.version = last.version,
		.layout = last.layout,
		.path = last.path,
		.blob = last.blob,
		.down_path = last.down_path,
		.down_blob = last.down_blob,
		.author = last.author,
		.author_date = last.author_date,
		.source_commit = last.source_commit,
		.kind = "schema",
		.exact = true,
	};
	return NULL;
}

static void warn_of_drift(struct run *r, const char *what)
{
	session_note(r->e, ENGINE_WARNING,
		     "the schema was changed outside of git migrate (%s); "
		     "recorded as drift",
		     what);
}

struct err *run_record_drift(struct run *r)
{
	struct drift drift = { .ev = { .event = "drift" } };
	struct arena a = ARENA_INIT;
	struct past was;
	struct schema_delta delta;
	struct buf text = BUF_INIT;
	struct err *err;

	schema_delta_init(&delta);
	err = find_drift(r, &delta, &was);
	if (!err && delta.n) {
		for (size_t i = 0; i < delta.n; i++) {
			if (i)
				buf_addstr(&text, ", ");
			schema_change_describe(&text, &delta.changes[i]);
		}
		err = whose(r, &a, &drift);
		if (!drift.expected)
			warn_of_drift(r, buf_str(&text));
		drift.ev.description = buf_str(&text);
		if (!err)
			err = run_begin(r);
		if (!err)
			err = run_event(r, &drift.ev, &delta, NULL, true);
		if (!err)
			err = run_commit(r);
	}
	buf_release(&text);
	schema_delta_release(&delta);
	past_release(&was);
	arena_release(&a);
	return err;
}

/* The journal's tables and its first event: the schema that was there. */
struct err *run_record_init(struct run *r)
{
	struct journal_event ev = { .event = "init" };
	struct schema_delta delta;
	struct err *err;

	schema_delta_init(&delta);
	map_each (&r->schema.by_path, e) {
		if (e->value)
			schema_delta_add(&delta, NULL, e->value);
	}
	schema_delta_sort(&delta);
	err = run_event(r, &ev, &delta, NULL, true);
	schema_delta_release(&delta);
	return err;
}
