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
	"WHERE datname = current_database() "
	"AND pid NOT IN (pg_backend_pid(), $1::int) "
	"AND backend_type = 'client backend' ORDER BY backend_start LIMIT 5";

struct err *pg_target_others(struct target *base,
			     void (*fn)(void *payload, const char *who),
			     void *payload)
{
	struct pg_target *t = pg_target_of(base);
	struct others o = { fn, payload };
	int64_t pid = 0;
	struct pg_arg arg;
	struct buf b = BUF_INIT;
	struct err *e = NULL;

	if (t->second)
		e = pg_query_int(t->second, "SELECT pg_backend_pid()", NULL, 0,
				 &pid);
	buf_addf(&b, "%lld", (long long)pid);
	arg = pg_text(buf_str(&b));
	if (!e)
		e = pg_query_once(t->c, others_sql, &arg, 1, take_other, &o);
	buf_release(&b);
	return e;
}
