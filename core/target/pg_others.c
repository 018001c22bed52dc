#include "base/buf.h"
#include "target/pg_driver.h"

/* Who else is connected to the database. */

struct others {
	void (*fn)(void *payload, const char *who);
	void *payload;
};

static struct err *take_other(void *payload, int n, const struct pg_cell *cell)
{
	const struct others *o = payload;

	(void)n;
	o->fn(o->payload, cell[0].s);
	return NULL;
}

/* A runner's second connection is known by its number: it is beside ours. */
static const char others_sql[] =
	"SELECT format('%s of %s (pid %s%s)', "
	"coalesce(nullif(application_name, ''), 'a program'), "
	"coalesce(usename, 'somebody'), pid, "
	"CASE WHEN state LIKE 'idle in%' THEN ', in a transaction' "
	"ELSE '' END) FROM pg_catalog.pg_stat_activity "
	"WHERE datname = coalesce($2::name, current_database()) "
	"AND pid NOT IN (pg_backend_pid(), $1::int) "
	"AND backend_type = 'client backend' ORDER BY backend_start LIMIT 5";

struct err *pg_target_name_others(struct pg_conn *c, const char *name,
				  int64_t pid,
				  void (*fn)(void *payload, const char *who),
				  void *payload)
{
	struct others o = { fn, payload };
	struct buf b = BUF_INIT;
	struct pg_arg args[2];
	struct err *e;

	buf_addf(&b, "%lld", (long long)pid);
	args[0] = pg_text(buf_str(&b));
	args[1] = pg_text(name);
	e = pg_query_once(c, others_sql, args, 2, take_other, &o);
	buf_release(&b);
	return e;
}

struct err *pg_target_others(struct target *base,
			     void (*fn)(void *payload, const char *who),
			     void *payload)
{
	struct pg_target *t = pg_target_of(base);
	int64_t pid = 0;
	struct err *e = NULL;

	if (t->second)
		e = pg_query_int(t->second, "SELECT pg_backend_pid()", NULL, 0,
				 &pid);
	if (e)
		return e;
	/* a pooler's name of it may be another one */
	return pg_target_name_others(t->c, NULL, pid, fn, payload);
}
