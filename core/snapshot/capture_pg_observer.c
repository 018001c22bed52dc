#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/* The second connection: which committed versions our writes supersede. */

struct err *pg_capture_observe(struct pg_capture *c)
{
	struct err *e = pg_capture_second(c);

	/* behind a lock of our own it would wait for ever, unseen by the
	   server, and behind somebody who waits for us */
	return e ? e
		 : pg_exec(c->second, "SAVEPOINT git_migrate_look; "
				      "SET LOCAL lock_timeout = '10s'");
}

/* Locks that the reading took go with the savepoint. */
struct err *pg_capture_observed(struct pg_capture *c, struct err *e)
{
	struct err *end;

	if (!c->second || !pg_conn_is_alive(c->second))
		return e;
	pg_copy_out_abort(c->second);
	end = pg_exec(c->second, "ROLLBACK TO SAVEPOINT git_migrate_look; "
				 "RELEASE SAVEPOINT git_migrate_look");
	return err_first(e, end);
}

/*
 * An xmax that is not ours may be a group of lockers (a multixact) with us
 * among them, as the one who updates. Such a version is one that we do not see
 * any more while the observer still does.
 */
#define STRAYS_MAX 10000

struct strays {
	struct pg_capture *c;
	const char *name; /* of the table for us */
	struct buf batch; /* {"(0,1)","(0,2)" */
	size_t n;
	struct buf kept; /* the same, of those not seen any more */
};

static struct err *add_kept(void *payload, int n, const struct pg_cell *cell)
{
	struct strays *s = payload;

	(void)n;
	buf_addf(&s->kept, "%s\"%s\"", s->kept.len ? "," : "", cell[0].s);
	return NULL;
}

/* Of a batch, those that our own transaction does not see any more. */
static struct err *sift(struct strays *s)
{
	struct pg_arg arg;
	struct buf sql = BUF_INIT;
	struct err *e;

	if (!s->n)
		return NULL;
	buf_addch(&s->batch, '}');
	arg = pg_text(buf_str(&s->batch));
	buf_addf(&sql,
		 "SELECT b FROM unnest($1::tid[]) b WHERE b NOT IN "
		 "(SELECT ctid FROM ONLY %s WHERE ctid = ANY($1::tid[]))",
		 s->name);
	e = pg_query_once(s->c->c, buf_str(&sql), &arg, 1, add_kept, s);
	buf_release(&sql);
	buf_reset(&s->batch);
	s->n = 0;
	return e;
}

static struct err *find_strays(struct pg_capture *c,
			       const struct pg_captured *t, struct strays *s)
{
	const char *line;
	size_t len;
	struct err *e;

	buf_reset(&c->sql);
	buf_addf(&c->sql,
		 "COPY (SELECT ctid FROM ONLY %s WHERE xmax <> 0 "
		 "AND xmax <> ALL(%s)) TO STDOUT",
		 t->was.name, buf_str(&c->ours));
	e = pg_copy_out_begin(c->second, buf_str(&c->sql));
	while (!e && !(e = pg_copy_out_next(c->second, &line, &len)) && line) {
		buf_addf(&s->batch, "%s\"%.*s\"", s->n ? "," : "{",
			 (int)len - 1, line);
		if (++s->n == STRAYS_MAX)
			e = sift(s);
	}
	return e ? e : sift(s);
}

/* How many there are so far: the first one's age. */
#define MULTIS "mxid_age('1'::xid)"

struct err *pg_capture_count_multis(struct pg_capture *c)
{
	struct err *e;

	e = pg_query_int(c->c, "SELECT " MULTIS, NULL, 0, &c->multis);
	c->knows_multis = !e;
	return e;
}

/*
 * A group with us in it was made after our transaction began, and so were the
 * ids of savepoints, which are not told once those are released. Where nobody
 * in the cluster has made a group, and every transaction id since our first is
 * one of ours that we know, the table need not be searched. (The observer has
 * no id: there age() counts from the next one, as it was when its transaction
 * first asked: an answer is good until something else runs.)
 */
static struct err *may_have_strays(struct pg_capture *c, bool *out)
{
	struct buf sql = BUF_INIT;
	int64_t none = 0;
	struct err *e = NULL;

	*out = c->asked && (c->asked_at != c->ran || c->may_stray);
	if (c->asked)
		return NULL;
	buf_addf(&sql,
		 "SELECT (" MULTIS " = %lld AND max(age(x)) = count(*))::int "
		 "FROM unnest(%s) x",
		 (long long)c->multis, buf_str(&c->ours));
	if (c->knows_multis)
		e = pg_query_int(c->second, buf_str(&sql), NULL, 0, &none);
	*out = !none;
	c->asked = !e;
	c->asked_at = c->ran;
	c->may_stray = *out;
	buf_release(&sql);
	return e;
}

struct err *pg_capture_superseded(struct pg_capture *c,
				  const struct pg_captured *t,
				  const struct pg_table *now, struct buf *out)
{
	struct strays s = { .c = c, .name = now->name };
	bool search = false;
	struct err *e = now->oid ? may_have_strays(c, &search) : NULL;

	if (!e && search)
		e = find_strays(c, t, &s);
	buf_addf(out, "xmax = ANY(%s)", buf_str(&c->ours));
	/* the observer reads them again: a version that is gone by now was
	 * somebody else's */
	if (s.kept.len)
		buf_addf(out, " OR ctid = ANY('{%s}'::tid[])",
			 buf_str(&s.kept));
	buf_release(&s.batch);
	buf_release(&s.kept);
	return e;
}
