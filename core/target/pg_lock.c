#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "target/pg_driver.h"

/*
 * One runner at a time: an advisory lock of a transaction that a second
 * connection leaves open, idle and READ COMMITTED for the whole run. A pooler
 * pins it to one server connection, death frees it, and it holds no snapshot,
 * so CREATE INDEX CONCURRENTLY does not wait for it; but one that WAITS for
 * the lock would hang that statement for ever without a deadlock being seen,
 * so it is tried and tried again, never waited for. Each try is a transaction
 * of its own: the question has a snapshot for a moment, and a CREATE INDEX
 * CONCURRENTLY that meets it waits for the end of that transaction.
 */
#define POLL_NS 100000000L

/* A pooler whose pool has one connection never answers the second. */
#define POOL_PATIENCE_MS 15000

/* The lock's number: of us and of the journal's schema. */
static int64_t lock_key(const struct pg_target *t)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (const char *p = "git-migrate:"; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	for (const char *p = t->journal; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	return (int64_t)h;
}

static struct err *explain_second(struct pg_target *t, struct err *e)
{
	if (e && pg_conn_is_pooled(t->c))
		e = err_hint(e, "git migrate needs two connections at once; a "
				"pool of size 1 cannot serve it: raise "
				"default_pool_size, or connect past the "
				"pooler");
	return err_wrap(e, "second connection");
}

static struct err *begin_second(struct pg_target *t)
{
	struct err *e;

	if (pg_conn_is_pooled(t->c))
		pg_conn_set_patience(t->second, POOL_PATIENCE_MS);
	e = pg_exec(t->second,
		    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; "
		    "SET LOCAL idle_in_transaction_session_timeout = 0; "
		    "SET LOCAL search_path = ''; "
		    "SET LOCAL datestyle = 'ISO, MDY'; "
		    "SET LOCAL intervalstyle = 'postgres'; "
		    "SET LOCAL timezone = 'UTC'; "
		    "SET LOCAL bytea_output = 'hex'; "
		    "SET LOCAL xmloption = 'content'; "
		    "SET LOCAL extra_float_digits = 3; "
		    "SET LOCAL lc_monetary = 'C'; "
		    "SET LOCAL row_security = off; "
		    "SET LOCAL jit = off; "
		    "SET LOCAL max_parallel_workers_per_gather = 0; "
		    "SET LOCAL statement_timeout = 0; "
		    "SET LOCAL lock_timeout = '10s'");
	if (!e && pg_conn_version(t->second) >= 170000)
		e = pg_exec(t->second, "SET LOCAL transaction_timeout = 0");
	pg_conn_set_patience(t->second, 0);
	return e;
}

struct err *target_pg_second(struct target *base, struct pg_conn **out)
{
	struct pg_target *t = pg_target_of(base);
	struct err *e;

	*out = t->second;
	if (t->second)
		return NULL;
	e = pg_conn_again(&t->second, t->c);
	if (!e)
		e = begin_second(t);
	if (e) {
		pg_conn_close(t->second);
		t->second = NULL;
		return explain_second(t, e);
	}
	*out = t->second;
	return NULL;
}

static struct err *take_who(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *b = payload;
	char *query = cell[3].s ? text_safe(cell[3].s) : NULL;

	(void)n;
	buf_reset(b);
	buf_addf(b, "process %s (%s", cell[0].s, cell[1].s ? cell[1].s : "?");
	if (cell[2].s)
		buf_addf(b, ", in its transaction for %s s", cell[2].s);
	if (query && *query)
		buf_addf(b, ", last statement: %.80s", query);
	buf_addch(b, ')');
	free(query);
	return NULL;
}

#define WHO                                                              \
	"SELECT a.pid, a.usename || coalesce('@' || "                    \
	"nullif(a.application_name, ''), ''), "                          \
	"extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, " \
	"split_part(btrim(a.query, E' \\n\\t'), E'\\n', 1) "             \
	"FROM pg_stat_activity a "

static void name_holder(struct pg_target *t, struct pg_conn *c, struct buf *out)
{
	char high[16], low[16];
	uint64_t key = (uint64_t)lock_key(t);
	struct pg_arg args[2] = { pg_text(high), pg_text(low) };

	snprintf(high, sizeof(high), "%lu", (unsigned long)(key >> 32));
	snprintf(low, sizeof(low), "%lu", (unsigned long)(key & 0xffffffffu));
	buf_addstr(out, "another session");
	err_free(pg_query(c,
			  WHO "JOIN pg_locks l ON l.pid = a.pid AND l.granted "
			      "WHERE l.locktype = 'advisory' "
			      "AND l.database = (SELECT oid FROM pg_database "
			      "WHERE datname = current_database()) "
			      "AND l.classid = $1::oid AND l.objid = $2::oid",
			  args, 2, take_who, out));
}

static struct err *another_run(const struct buf *who)
{
	return err_hint(
		err_new(ERR_STATE, "another run is going on: %s", buf_str(who)),
		"wait for it to finish, or raise --lock-timeout");
}

/* Behind a pooler the second connection may have got the only one there is:
 * then nobody ever answers the first. */
static struct err *check_both(struct pg_target *t)
{
	struct err *e;

	if (!pg_conn_is_pooled(t->c))
		return NULL;
	pg_conn_set_patience(t->c, POOL_PATIENCE_MS);
	e = pg_exec(t->c, "SELECT 1");
	pg_conn_set_patience(t->c, 0);
	return explain_second(t, e);
}

/* The answer to its last question keeps a snapshot until the next one. */
struct err *pg_target_let_go(struct target *base)
{
	struct pg_target *t = pg_target_of(base);

	return t->second ? pg_exec(t->second, "SELECT 1") : NULL;
}

struct err *pg_target_lock(struct target *base, int64_t timeout_ms,
			   void (*waiting)(void *payload, const char *who),
			   void *payload)
{
	struct pg_target *t = pg_target_of(base);
	int64_t end = clock_steady_us() + timeout_ms * 1000, got = 0;
	struct timespec pause = { 0, POLL_NS };
	struct buf who = BUF_INIT;
	struct pg_conn *second;
	struct pg_arg key;
	char number[32];
	struct err *e = target_pg_second(base, &second);

	snprintf(number, sizeof(number), "%lld", (long long)lock_key(t));
	key = pg_text(number);
	while (!e && !got) {
		e = pg_query_int(second,
				 "SELECT pg_try_advisory_xact_lock($1::bigint)"
				 "::int",
				 &key, 1, &got);
		if (e || got)
			break;
		if (!who.len) {
			name_holder(t, t->second, &who);
			if (waiting)
				waiting(payload, buf_str(&who));
		}
		if (clock_steady_us() >= end)
			e = another_run(&who);
		if (!e)
			e = pg_exec(second, "ROLLBACK");
		if (!e)
			e = cancel_check();
		if (!e)
			nanosleep(&pause, NULL);
		if (!e)
			e = begin_second(t);
	}
	if (!e)
		e = check_both(t);
	t->locked = !e;
	buf_release(&who);
	return e;
}

struct err *pg_target_lock_alone(struct target *base, int64_t timeout_ms,
				 void (*waiting)(void *payload,
						 const char *who),
				 void *payload)
{
	struct pg_target *t = pg_target_of(base);
	int64_t end = clock_steady_us() + timeout_ms * 1000, got = 0;
	struct timespec pause = { 0, POLL_NS };
	struct buf who = BUF_INIT;
	struct err *e = NULL;
	struct pg_arg key;
	char number[32];

	snprintf(number, sizeof(number), "%lld", (long long)lock_key(t));
	key = pg_text(number);
	while (!e && !got) {
		e = pg_query_int(t->c,
				 "SELECT pg_try_advisory_lock($1::bigint)::int",
				 &key, 1, &got);
		if (e || got)
			break;
		if (!who.len) {
			name_holder(t, t->c, &who);
			if (waiting)
				waiting(payload, buf_str(&who));
		}
		if (clock_steady_us() >= end)
			e = another_run(&who);
		if (!e)
			e = cancel_check();
		if (!e)
			nanosleep(&pause, NULL);
	}
	buf_release(&who);
	return e;
}

void pg_target_unlock(struct target *base)
{
	struct pg_target *t = pg_target_of(base);

	pg_conn_close(t->second); /* the transaction ends, and the lock */
	t->second = NULL;
	t->locked = false;
}

struct err *pg_target_check_lock(struct pg_target *t, bool surely)
{
	struct err *e = NULL;

	if (!t->locked)
		return NULL;
	if (surely)
		e = pg_exec(t->second, "SELECT 1");
	else if (!pg_conn_is_alive(t->second))
		e = err_new(ERR_TARGET, "it is closed");
	if (!e)
		return NULL;
	e = err_wrap(e, "the connection that holds the runner lock is lost");
	return err_hint(e, "nothing more was done; run the command again");
}

#define LOST_PATIENCE_MS 5000

/* A connection that was cut is known to be when something is asked. */
bool pg_target_has_lost_lock(struct target *base)
{
	struct pg_target *t = pg_target_of(base);
	bool lost;
	struct err *e;

	if (!t->locked || !pg_conn_is_alive(t->c))
		return false;
	pg_conn_hold(t->second, true);
	pg_conn_set_patience(t->second, LOST_PATIENCE_MS);
	e = pg_exec(t->second, "SELECT 1");
	lost = e && (!pg_conn_is_alive(t->second) ||
		     streq_null(err_code_of(e), "08006"));
	err_free(e);
	pg_conn_set_patience(t->second, 0);
	pg_conn_hold(t->second, false);
	return lost;
}

/* --- who is in the way of a statement --- */

static void look_for_blocker(void *payload)
{
	struct pg_target *t = payload;
	struct buf b = BUF_INIT;
	struct pg_arg pid;
	char number[16];

	snprintf(number, sizeof(number), "%d", pg_conn_pid(t->c));
	pid = pg_text(number);
	if (t->second && pg_conn_pid(t->c))
		err_free(pg_query(t->second,
				  WHO "WHERE a.pid = ANY "
				      "(pg_blocking_pids($1::int)) LIMIT 1",
				  &pid, 1, take_who, &b));
	if (b.len) {
		free(t->blocker);
		t->blocker = xstrdup(buf_str(&b));
	}
	buf_release(&b);
}

void pg_target_watch(struct pg_target *t)
{
	free(t->blocker);
	t->blocker = NULL;
	pg_conn_on_slow(t->c, t->base.lock_timeout_ms / 2, look_for_blocker, t);
}

struct err *pg_target_blame(struct pg_target *t, struct err *e)
{
	const char *code = err_code_of(e);

	if (!code || !streq(code, "55P03"))
		return e;
	if (t->blocker)
		return err_hintf(e, "in the way: %s", t->blocker);
	return err_hint(e, "another session holds the lock: wait for it to "
			   "finish, or raise --lock-timeout");
}
