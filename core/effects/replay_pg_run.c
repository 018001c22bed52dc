#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/util.h"
#include "effects/replay_pg.h"

/* One migration in a scratch database, run as apply would run it. */

/* Time for the server to say that it has stopped, behind the deadline. */
#define GRACE_MS 5000

struct run {
	struct replay_pg *r;
	struct replay_result *result;
	struct sql_script split;
	int64_t deadline_us;
};

static bool is_fine(const struct run *run)
{
	return run->result->end == REPLAY_FINE;
}

/* An extension that is not installed on that machine. */
static bool is_extension(const struct sql_statement *s)
{
	return s && s->verb == SQL_CREATE && streq_null(s->detail, "extension");
}

/*
 * What the scratch server refuses, and the real one may allow: rights, files
 * that are not there, resources.
 */
static bool is_limit(const char *code)
{
	static const char *const codes[] = { "42501", "58P01", "08006" };

	if (!code)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (streq(code, codes[i]))
			return true;
	return starts_with(code, "53") || starts_with(code, "57P");
}

static struct err *note_failure(struct run *run, const struct sql_statement *s,
				struct err *e)
{
	const char *code = err_code_of(e);

	if (err_class_of(e) == ERR_CANCELLED)
		return e;
	/* 57014: the server has stopped it */
	if (clock_steady_us() >= run->deadline_us ||
	    streq_null(code, "57014")) {
		replay_end(run->result, REPLAY_LIMIT, s,
			   "it takes longer than %lld ms",
			   (long long)run->r->base.limits.deadline_ms);
		err_free(e);
		return NULL;
	}
	replay_end_err(run->result,
		       is_limit(code) || is_extension(s) ? REPLAY_LIMIT
							 : REPLAY_FAILED,
		       s, e);
	return NULL;
}

/* Things of the whole server: a replay has no business with them. */
static bool is_of_the_server(const struct sql_statement *s)
{
	static const char *const kinds[] = { "database",    "tablespace",
					     "role",        "user",
					     "group",       "system",
					     "subscription" };

	if (s->copy == SQL_COPY_SERVER)
		return true;
	if (s->verb != SQL_CREATE && s->verb != SQL_DROP &&
	    s->verb != SQL_ALTER)
		return false;
	for (size_t i = 0; s->detail && i < ARRAY_LEN(kinds); i++)
		if (streq(s->detail, kinds[i]))
			return true;
	return false;
}

static struct err *run_statement(struct run *run, const struct sql_statement *s)
{
	struct pg_conn *c = run->r->c;
	struct pg_statement st = { .sql = s->text,
				   .len = s->len,
				   .line = s->line,
				   .col = s->col,
				   .copy_data = s->copy_data,
				   .copy_len = s->copy_len };
	int64_t left_ms = (run->deadline_us - clock_steady_us()) / 1000;
	struct err *e = cancel_check();

	if (e)
		return e;
	if (is_of_the_server(s)) {
		replay_end(run->result, REPLAY_LIMIT, s,
			   "what is outside of the database is not replayed");
		return NULL;
	}
	if (left_ms < 1)
		left_ms = 1;
	pg_conn_set_patience(c, left_ms + GRACE_MS);
	e = pg_execf(c, "SET statement_timeout = %lld", (long long)left_ms);
	if (!e)
		e = pg_run(c, &st, NULL);
	return e ? note_failure(run, s, e) : NULL;
}

static struct err *command(struct run *run, const char *sql)
{
	struct err *e = is_fine(run) ? pg_exec(run->r->c, sql) : NULL;

	return e ? note_failure(run, NULL, e) : NULL;
}

/* One that only runs outside of a transaction needs a file that says so, or
 * that is made of nothing else. */
static bool look_through(struct run *run, const struct replay_script *script,
			 bool *transaction)
{
	const struct sql_statement *alone = NULL;
	bool inside = false;

	for (size_t i = 0; i < run->split.n; i++) {
		const struct sql_statement *s = &run->split.statements[i];

		inside |= !s->alone;
		alone = alone || !s->alone ? alone : s;
	}
	*transaction = !script->no_transaction && !alone;
	if (!alone || script->no_transaction || !inside)
		return true;
	replay_end(run->result, REPLAY_FAILED, alone,
		   "%.*s cannot run in a transaction",
		   (int)strcspn(alone->text, " \t\r\n;"), alone->text);
	return false;
}

static struct err *run_all(struct run *run, bool transaction)
{
	struct err *e = transaction ? command(run, "BEGIN") : NULL;

	for (size_t i = 0; i < run->split.n && !e && is_fine(run); i++) {
		e = run_statement(run, &run->split.statements[i]);
		if (!e && is_fine(run) && transaction &&
		    !pg_conn_in_transaction(run->r->c))
			replay_end(run->result, REPLAY_FAILED,
				   &run->split.statements[i],
				   "the statement ended the transaction");
	}
	if (!e && transaction)
		e = command(run, "SET CONSTRAINTS ALL IMMEDIATE");
	if (!e && transaction)
		e = command(run, "COMMIT");
	return e;
}

/* Settings and temporary things of the session; random() begins anew. */
static struct err *reset_session(struct replay_pg *r)
{
	struct err *e = pg_exec(r->c, "DISCARD ALL");

	pg_conn_forget(r->c);
	if (!e)
		e = pg_exec(r->c, "SET row_security = off");
	return e ? e : pg_exec(r->c, "SELECT setseed(0.5)");
}

/* A connection that was given up: its transaction ends with its process. */
static struct err *end_sessions(struct replay_pg *r)
{
	struct pg_arg arg = pg_text(r->name);

	replay_pg_disconnect(r);
	return pg_query_once(r->admin,
			     "SELECT pg_terminate_backend(pid) FROM "
			     "pg_stat_activity WHERE datname = $1 AND usename "
			     "= current_user",
			     &arg, 1, NULL, NULL);
}

static void undo(struct replay_pg *r)
{
	struct err *e = NULL;

	pg_conn_hold(r->admin, true);
	pg_conn_hold(r->c, true);
	if (!pg_conn_is_alive(r->c))
		e = end_sessions(r);
	else if (pg_conn_in_transaction(r->c))
		e = pg_exec(r->c, "ROLLBACK");
	if (r->c)
		pg_conn_hold(r->c, false);
	pg_conn_hold(r->admin, false);
	r->broken |= e != NULL;
	err_free(e);
}

static struct err *run_split(struct run *run, bool transaction)
{
	struct replay_pg *r = run->r;
	char *before = NULL;
	struct err *e = NULL;

	if (!transaction)
		e = replay_pg_copy(r, &before);
	if (!e)
		e = replay_pg_connect(r);
	if (!e)
		e = reset_session(r);
	run->deadline_us =
		clock_steady_us() + r->base.limits.deadline_ms * 1000;
	if (!e)
		e = run_all(run, transaction);
	if (e || !is_fine(run))
		undo(r);
	if (before && (e || !is_fine(run))) {
		replay_pg_become(r, before);
		r->broken = false;
	} else if (before) {
		replay_pg_drop(r, before);
		free(before);
	}
	if (!e && !r->broken)
		e = replay_pg_connect(r);
	if (!e && !r->broken) {
		pg_conn_set_patience(r->c, 0);
		e = reset_session(r);
	}
	return e;
}

struct err *replay_pg_run(struct replay *base,
			  const struct replay_script *script,
			  struct effects *effects, struct replay_result *result)
{
	struct run run = { .r = replay_pg_of(base), .result = result };
	bool transaction;
	struct err *e = NULL;

	if (effects)
		effects_add(effects, EFFECT_UNCERTAIN, EFFECT_OTHER, NULL, NULL,
			    NULL)
			->why = "a scratch database does not tell what is "
				"touched";
	if (run.r->broken) {
		replay_end(result, REPLAY_LIMIT, NULL,
			   "an earlier migration could not be undone");
		return NULL;
	}
	if (replay_split(&run.split, SQL_POSTGRESQL, script, result) &&
	    look_through(&run, script, &transaction))
		e = run_split(&run, transaction);
	sql_script_release(&run.split);
	return e;
}
