#include "target/target_pg.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "schema/schema_pg.h"
#include "target/pg_driver.h"

/* A migration that ended its own connection must not end the run. */
static struct err *ensure_alive(struct pg_target *t)
{
	struct pg_conn *again;
	struct err *e;

	if (pg_conn_is_alive(t->c))
		return NULL;
	e = pg_conn_again(&again, t->c);
	if (e)
		return e;
	pg_conn_close(t->c);
	t->c = again;
	return NULL;
}

/* Made by the first transaction of ours; from then on it is there. */
static struct err *look_for_meta(struct pg_target *t)
{
	char *name = xasprintf("\"%s\".meta", t->journal);
	struct pg_arg arg = pg_text(name);
	int64_t there = 0;
	struct err *e = NULL;

	if (!t->has_meta)
		e = pg_query_int(t->c,
				 "SELECT (to_regclass($1) IS NOT NULL)::int",
				 &arg, 1, &there);
	t->has_meta |= there != 0;
	free(name);
	return e;
}

/*
 * What a transaction of a higher level sees is fixed by its first question: by
 * then nobody else may be about to write to the journal.
 */
static struct err *begin_at_level(struct pg_target *t)
{
	struct buf lock = BUF_INIT;
	struct err *e = pg_queue(t->c, t->begin, NULL, 0, NULL, NULL);

	buf_addf(&lock, "SET LOCAL lock_timeout = %lld",
		 (long long)t->base.lock_timeout_ms);
	if (!e)
		e = pg_queue(t->c, buf_str(&lock), NULL, 0, NULL, NULL);
	buf_release(&lock);
	buf_addstr(&lock, "LOCK TABLE ");
	pg_add_name(&lock, t->journal);
	buf_addstr(&lock, ".meta IN EXCLUSIVE MODE");
	if (!e && t->has_meta)
		e = pg_queue(t->c, buf_str(&lock), NULL, 0, NULL, NULL);
	/* a lock that the guard would take for the migration's */
	t->wrote |= t->has_meta;
	buf_release(&lock);
	return e;
}

/* Sent with the first question of the transaction, in one round trip. */
static struct err *begin_together(struct pg_target *t)
{
	char timeout[24];
	struct pg_arg arg = pg_text(timeout);
	struct buf fence = BUF_INIT;
	struct err *e;

	t->batching = false;
	snprintf(timeout, sizeof(timeout), "%lld",
		 (long long)t->base.lock_timeout_ms);
	e = t->begin ? begin_at_level(t)
		     : pg_queue(t->c, "BEGIN ISOLATION LEVEL READ COMMITTED",
				NULL, 0, NULL, NULL);
	if (!e)
		e = pg_queue(t->c,
			     "SELECT set_config('synchronous_commit', 'on', "
			     "true), set_config('lock_timeout', $1, true), "
			     "set_config('idle_in_transaction_session_timeout'"
			     ", '0', true)",
			     &arg, 1, NULL, NULL);
	if (!e && t->schema)
		e = schema_pg_begin(t->schema, t->c);
	buf_addstr(&fence, "SELECT 1 FROM ");
	pg_add_name(&fence, t->journal);
	buf_addstr(&fence, ".meta WHERE key = 'uuid' FOR UPDATE");
	if (!e && t->has_meta)
		e = pg_queue(t->c, buf_str(&fence), NULL, 0, NULL, NULL);
	buf_release(&fence);
	/* without a journal nobody asks for its last row */
	if (!t->has_meta)
		e = err_first(e, pg_flush(t->c));
	if (e)
		target_rollback(&t->base);
	return e;
}

/*
 * The row of meta is the fence: whoever else wants to write waits for it, and
 * finds another last event.
 */
static struct err *begin(struct target *base)
{
	struct pg_target *t = pg_target_of(base);
	struct err *e = ensure_alive(t);

	if (!e)
		e = pg_target_check_lock(t, false);
	if (!e)
		e = look_for_meta(t);
	if (e)
		return e;
	pg_target_guard_begin(t);
	return begin_together(t);
}

static struct err *commit(struct target *base)
{
	struct pg_target *t = pg_target_of(base);
	struct err *e;

	if (!pg_conn_in_transaction(t->c))
		return err_new(ERR_STATE, "commit: the transaction has ended "
					  "already");
	if (pg_conn_has_failed(t->c))
		return err_new(ERR_STATE, "commit: the transaction has failed");
	pg_conn_hold(t->c, true);
	/* behind a question that failed the server does not see it */
	e = pg_queue(t->c, "COMMIT", NULL, 0, NULL, NULL);
	e = err_first(e, pg_target_flush(t));
	pg_conn_hold(t->c, false);
	t->batching = false;
	return err_wrap(e, "commit");
}

static void rollback(struct target *base)
{
	struct pg_target *t = pg_target_of(base);

	t->batching = t->later = false;
	pg_conn_hold(t->c, true);
	if (pg_has_queue(t->c))
		err_free(pg_flush(t->c));
	if (pg_conn_in_transaction(t->c))
		err_free(pg_exec(t->c, "ROLLBACK"));
	pg_conn_hold(t->c, false);
}

static bool in_transaction(struct target *base)
{
	return pg_conn_in_transaction(pg_target_of(base)->c);
}

static struct err *inspect(struct target *base, struct schema *s,
			   enum target_scope scope, struct schema_delta *delta)
{
	struct pg_target *t = pg_target_of(base);
	enum schema_pg_scope of = scope == TARGET_ANYTHING ? SCHEMA_PG_ALL
				  : base->seen.created     ? SCHEMA_PG_CHANGED
							   : SCHEMA_PG_UNLIKELY;
	struct err *e = pg_target_flush(t);

	return e ? e : schema_pg_refresh(s, t->c, t->journal, of, delta);
}

static bool save_schema(struct target *base, const struct schema *s,
			struct buf *out)
{
	return schema_pg_save(s, pg_target_of(base)->journal, out);
}

static struct err *load_schema(struct target *base, struct schema *s,
			       const char *data, size_t len, bool *taken)
{
	struct pg_target *t = pg_target_of(base);
	struct err *e = pg_target_flush(t);

	return e ? e : schema_pg_load(s, t->c, t->journal, data, len, taken);
}

struct err *target_pg_own(struct target *base, const char *const *sql, size_t n)
{
	struct pg_target *t = pg_target_of(base);
	struct err *e = pg_target_flush(t);

	if (!e && t->schema)
		return schema_pg_own(t->schema, t->c, sql, n);
	for (size_t i = 0; i < n && !e; i++)
		e = pg_exec(t->c, sql[i]);
	return e;
}

static void follow_schema(struct target *base, struct schema *s)
{
	pg_target_of(base)->schema = s;
}

static void batch(struct target *base)
{
	pg_target_of(base)->batching = true;
}

static void location(struct target *base, struct buf *out)
{
	buf_addstr(out, pg_target_of(base)->location);
}

static void server(struct target *base, struct buf *out)
{
	int v = pg_conn_version(pg_target_of(base)->c);

	buf_addf(out, "PostgreSQL %d.%d", v / 10000, v % 10000);
}

static void close_target(struct target *base)
{
	struct pg_target *t = pg_target_of(base);

	if (t->c)
		rollback(base);
	pg_target_unlock(base);
	pg_conn_close(t->c);
	map_each (&t->renamed, entry)
		free(entry->value);
	map_release(&t->renamed);
	buf_release(&t->saved);
	free(t->blocker);
	free(t->before);
	free(t->location);
	free(t->journal);
	free(t);
}

/* lock_not_available, deadlock_detected, serialization_failure */
static bool is_transient(const struct err *e)
{
	const char *code = err_code_of(e);

	return code && (streq(code, "55P03") || streq(code, "40P01") ||
			streq(code, "40001"));
}

/* feature_not_supported: indexes of partitioned tables */
static bool needs_transaction(const struct err *e)
{
	const char *code = err_code_of(e);

	return code && streq(code, "0A000");
}

const struct target_ops target_pg_ops = {
	.name = "postgresql",
	.dialect = SQL_POSTGRESQL,
	.caps = TARGET_CAP_DDL_TXN | TARGET_CAP_BUSY | TARGET_CAP_LONE_DDL,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.query = pg_target_query,
	.run = pg_target_run,
	.run_later = pg_target_run_later,
	.inspect = inspect,
	.reset = pg_target_reset,
	.lock = pg_target_lock,
	.others = pg_target_others,
	.let_go = pg_target_let_go,
	.unlock = pg_target_unlock,
	.location = location,
	.server = server,
	.close = close_target,
	.place = pg_target_place,
	.check_deferred = pg_target_check_deferred,
	.is_transient = is_transient,
	.resume = pg_target_resume,
	.index_alone = pg_target_index_alone,
	.needs_transaction = needs_transaction,
	.follow_schema = follow_schema,
	.save_schema = save_schema,
	.load_schema = load_schema,
	.batch = batch,
	.copy = pg_target_copy,
	.copy_adopt = pg_target_copy_adopt,
	.remove = pg_target_remove,
	.has_lost_lock = pg_target_has_lost_lock,
};

struct pg_conn *target_pg_conn(struct target *base)
{
	struct pg_target *t = pg_target_of(base);

	/* an error has failed the transaction: the next question tells */
	if (pg_has_queue(t->c))
		err_free(pg_flush(t->c));
	return t->c;
}

const char *target_pg_journal(struct target *base)
{
	return pg_target_of(base)->journal;
}
