#include "target/journal.h"

#include "base/clock.h"
#include "base/util.h"
#include "target/journal_sql.h"

/* The tables beside the history: texts, dependencies, progress. */

struct err *journal_text_put(struct target *t, const char *blob,
			     const void *bytes, size_t len)
{
	struct target_value args[2] = { target_text(blob),
					target_blob(bytes ? bytes : "", len) };

	return err_wrap(target_query(t, journal_sql_of(t)->text_put, args, 2,
				     NULL, NULL),
			"keep the text of a migration");
}

struct text {
	struct buf *out;
	bool found;
};

static struct err *take_text(void *payload, int n,
			     const struct target_value *cell)
{
	struct text *text = payload;

	(void)n;
	buf_add(text->out, cell[0].s, cell[0].len);
	text->found = true;
	return NULL;
}

struct err *journal_text_get(struct target *t, const char *blob,
			     struct buf *out)
{
	struct target_value arg = target_text(blob);
	struct text text = { out, false };
	struct err *e;

	e = target_query(t, journal_sql_of(t)->text_get, &arg, 1, take_text,
			 &text);
	if (!e && !text.found)
		e = err_new(ERR_STATE, "the journal has no text of blob %s",
			    blob);
	return e;
}

struct err *journal_depends_set(struct target *t, const char *name,
				const char *const *depends, bool inferred)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct target_value args[3] = { target_text(name),
					target_int(inferred) };
	struct err *e;

	e = target_query(t, sql->depends_clear, args, 2, NULL, NULL);
	args[2] = args[1];
	for (; depends && *depends && !e; depends++) {
		args[1] = target_text(*depends);
		e = target_query(t, sql->depends_put, args, 3, NULL, NULL);
	}
	return err_wrap(e, "write dependencies of %s", name);
}

struct depends_sink {
	struct err *(*fn)(void *payload, const char *name,
			  const char *depends_on, bool inferred);
	void *payload;
};

static struct err *take_depends(void *payload, int n,
				const struct target_value *cell)
{
	const struct depends_sink *sink = payload;

	(void)n;
	return sink->fn(sink->payload, cell[0].s, cell[1].s, cell[2].i != 0);
}

struct err *journal_depends_each(struct target *t,
				 struct err *(*fn)(void *payload,
						   const char *name,
						   const char *depends_on,
						   bool inferred),
				 void *payload)
{
	struct depends_sink sink = { fn, payload };

	return target_query(t, journal_sql_of(t)->depends_each, NULL, 0,
			    take_depends, &sink);
}

struct err *journal_step_set(struct target *t, const char *name, size_t step,
			     const char *state)
{
	char now[CLOCK_ISO_SIZE];
	struct target_value args[4] = { target_text(name),
					target_int((int64_t)step),
					target_text(state) };

	clock_iso(clock_now(), now);
	args[3] = target_text(now);
	return err_wrap(target_query(t, journal_sql_of(t)->step_set, args, 4,
				     NULL, NULL),
			"write progress of %s", name);
}

struct steps {
	size_t n_done;
	bool intent_open;
};

static struct err *take_steps(void *payload, int n,
			      const struct target_value *cell)
{
	struct steps *steps = payload;

	(void)n;
	if (streq(cell[0].s, "done"))
		steps->n_done = (size_t)cell[1].i;
	else
		steps->intent_open = true;
	return NULL;
}

struct err *journal_steps(struct target *t, const char *name, size_t *n_done,
			  bool *intent_open)
{
	struct target_value arg = target_text(name);
	struct steps steps = { 0, false };
	struct err *e;

	e = target_query(t, journal_sql_of(t)->steps, &arg, 1, take_steps,
			 &steps);
	*n_done = steps.n_done;
	*intent_open = steps.intent_open;
	return err_wrap(e, "read progress of %s", name);
}

struct err *journal_steps_clear(struct target *t, const char *name)
{
	struct target_value arg = target_text(name);

	return err_wrap(target_query(t, journal_sql_of(t)->steps_clear, &arg, 1,
				     NULL, NULL),
			"clear progress of %s", name);
}

struct open_step {
	struct arena *arena;
	const char *name;
};

static struct err *take_open(void *payload, int n,
			     const struct target_value *cell)
{
	struct open_step *open = payload;

	(void)n;
	open->name = arena_strdup(open->arena, cell[0].s);
	return NULL;
}

struct err *journal_step_open(struct target *t, struct arena *a,
			      const char **name)
{
	struct open_step open = { a, NULL };
	struct err *e;

	e = target_query(t, journal_sql_of(t)->step_open, NULL, 0, take_open,
			 &open);
	*name = open.name;
	return err_wrap(e, "read progress");
}
