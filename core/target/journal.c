#include "target/journal.h"

#include <assert.h>

#include "base/arena.h"
#include "base/util.h"
#include "target/journal_sql.h"

/* What happens to the history: append, and the ways to read it. */

/* Where rows go: an event of the caller's, or a callback of theirs. */
struct sink {
	const struct target *target;
	struct journal_event *out;
	struct arena *arena;
	journal_event_fn fn;
	void *payload;
};

static struct err *take_row(void *payload, int n,
			    const struct target_value *cell)
{
	struct sink *sink = payload;
	struct journal_event e;
	struct arena odd = ARENA_INIT;
	struct err *failed;

	if (sink->out) {
		journal_decode(sink->target, sink->out, n, cell, sink->arena,
			       NULL);
		return NULL;
	}
	journal_decode(sink->target, &e, n, cell, NULL, &odd);
	failed = sink->fn(sink->payload, &e);
	arena_release(&odd);
	return failed;
}

/* The one row of a query, seq = 0 when there is none. */
static struct err *read_one(struct target *t, const char *sql,
			    const struct target_value *args, int n_args,
			    struct arena *a, struct journal_event *out)
{
	struct sink sink = { .target = t, .out = out, .arena = a };

	*out = (struct journal_event){ .seq = 0 };
	return err_wrap(target_query(t, sql, args, n_args, take_row, &sink),
			"read the journal");
}

static struct err *read_all(struct target *t, const char *sql,
			    const struct target_value *args, int n_args,
			    journal_event_fn fn, void *payload)
{
	struct sink sink = { .target = t, .fn = fn, .payload = payload };

	return target_query(t, sql, args, n_args, take_row, &sink);
}

static struct err *take_int(void *payload, int n,
			    const struct target_value *cell)
{
	int64_t *out = payload;

	(void)n;
	*out = cell[0].i;
	return NULL;
}

struct err *journal_tip(struct target *t, struct arena *a,
			struct journal_event *out)
{
	return read_one(t, journal_sql_of(t)->tip, NULL, 0, a, out);
}

struct err *journal_last_seq(struct target *t, int64_t *out)
{
	*out = 0;
	return err_wrap(target_query(t, journal_sql_of(t)->last_seq, NULL, 0,
				     take_int, out),
			"read the journal");
}

struct err *journal_append(struct target *t, const struct journal_event *e)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct target_value args[JOURNAL_N_COLUMNS];
	struct arena odd = ARENA_INIT;
	struct err *failed;

	assert(target_in_transaction(t));
	journal_bind(t, &odd, e, args);
	failed = target_query(t, sql->append, args, JOURNAL_N_COLUMNS, NULL,
			      NULL);
	if (!failed && e->commit) {
		args[1] = journal_text_value(t, &odd, e->message);
		args[2] = target_blob(e->delta, e->delta_len);
		failed = target_query(t, sql->append_ledger, args, 3, NULL,
				      NULL);
	}
	if (!failed && e->name && e->status) {
		args[1] = args[0];
		args[0] = journal_text_value(t, &odd, e->name);
		failed = target_query(t, sql->set_current, args, 2, NULL, NULL);
	}
	arena_release(&odd);
	return err_wrap(failed, "write the journal");
}

struct err *journal_get(struct target *t, int64_t seq, struct arena *a,
			struct journal_event *out)
{
	struct target_value arg = target_int(seq);
	struct err *e;

	e = read_one(t, journal_sql_of(t)->get, &arg, 1, a, out);
	if (!e && out->seq == 0)
		e = err_new(ERR_STATE, "the journal has no event %lld",
			    (long long)seq);
	return e;
}

struct err *journal_replay(struct target *t, int64_t after, journal_event_fn fn,
			   void *payload)
{
	struct target_value arg = target_int(after);

	return read_all(t, journal_sql_of(t)->replay, &arg, 1, fn, payload);
}

struct err *journal_log(struct target *t, const char *name, size_t max,
			journal_event_fn fn, void *payload)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct arena odd = ARENA_INIT;
	struct target_value args[2] = {
		target_int(max && max < INT64_MAX ? (int64_t)max : INT64_MAX),
		journal_text_value(t, &odd, name),
	};
	struct err *e;

	e = read_all(t, name ? sql->log_of : sql->log, args, name ? 2 : 1, fn,
		     payload);
	arena_release(&odd);
	return e;
}

struct err *journal_current(struct target *t, journal_event_fn fn,
			    void *payload)
{
	return read_all(t, journal_sql_of(t)->current, NULL, 0, fn, payload);
}

struct err *journal_states(struct target *t, journal_event_fn fn, void *payload)
{
	return read_all(t, journal_sql_of(t)->states, NULL, 0, fn, payload);
}

struct err *journal_current_of(struct target *t, const char *name,
			       struct arena *a, struct journal_event *out)
{
	struct target_value arg = journal_text_value(t, a, name);

	return read_one(t, journal_sql_of(t)->current_of, &arg, 1, a, out);
}

struct err *journal_by_commit(struct target *t, const char *commit,
			      struct arena *a, struct journal_event *out)
{
	struct target_value arg = target_text(commit);

	return read_one(t, journal_sql_of(t)->by_commit, &arg, 1, a, out);
}

struct err *journal_rename(struct target *t, const char *from, int64_t seq,
			   const char *to)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct arena odd = ARENA_INIT;
	struct target_value args[] = { journal_text_value(t, &odd, from),
				       target_int(seq) };
	struct err *e;

	e = target_query(t, sql->forget, args, 2, NULL, NULL);
	args[1] = journal_text_value(t, &odd, to);
	for (size_t i = 0; sql->depends_moved[i] && !e; i++)
		e = target_query(t, sql->depends_moved[i], args, 2, NULL, NULL);
	arena_release(&odd);
	return err_wrap(e, "write the journal");
}

struct err *journal_is_renamed(struct target *t, int64_t seq, bool *out)
{
	struct target_value arg = target_int(seq);
	int64_t found = 0;
	struct err *e;

	e = target_query(t, journal_sql_of(t)->is_renamed, &arg, 1, take_int,
			 &found);
	*out = found != 0;
	return err_wrap(e, "read the journal");
}

struct err *journal_renamed_before(struct target *t, const char *name,
				   int64_t before, int64_t *out)
{
	struct target_value args[] = { target_text(name), target_int(before) };
	struct err *e;

	*out = 0;
	e = target_query(t, journal_sql_of(t)->renamed_before, args, 2,
			 take_int, out);
	return err_wrap(e, "read the journal");
}

struct err *journal_has_snapshot(struct target *t, const char *id, bool *out)
{
	struct target_value arg = target_text(id);
	int64_t found = 0;
	struct err *e;

	e = target_query(t, journal_sql_of(t)->has_snapshot, &arg, 1, take_int,
			 &found);
	*out = found != 0;
	return err_wrap(e, "read the journal");
}
