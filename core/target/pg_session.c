#include "base/util.h"
#include "target/pg_driver.h"

/* What a migration leaves in its session. */

/*
 * Values that are read print the same for everybody, whatever the migration,
 * the role or the server has set. Rows are read in order and by one process:
 * gathering them from several, or compiling, costs more than it saves.
 */
static const struct {
	const char *name, *value;
} plain[] = {
	{ "search_path", "" },
	{ "datestyle", "ISO, MDY" },
	{ "intervalstyle", "postgres" },
	{ "timezone", "UTC" },
	{ "bytea_output", "hex" },
	{ "xmloption", "content" },
	{ "extra_float_digits", "3" },
	{ "lc_monetary", "C" },
	{ "row_security", "off" },
	{ "statement_timeout", "0" },
	{ "default_transaction_read_only", "off" },
	{ "jit", "off" },
	{ "max_parallel_workers_per_gather", "0" },
};

static struct err *save_row(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *b = payload;

	(void)n;
	buf_addstr(b, b->len ? ", " : "SELECT ");
	buf_addstr(b, "set_config(");
	pg_add_string(b, cell[0].s);
	buf_addstr(b, ", ");
	pg_add_string(b, cell[1].s ? cell[1].s : "");
	buf_addstr(b, ", true)");
	return NULL;
}

struct err *target_pg_plain_begin(struct target *base)
{
	struct pg_target *t = pg_target_of(base);
	struct buf get = BUF_INIT, set = BUF_INIT;
	struct err *e;

	buf_addstr(&get, "SELECT n, current_setting(n, true) FROM (VALUES ");
	buf_addstr(&set, "SELECT ");
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		buf_addf(&get, "%s('%s')", i ? ", " : "", plain[i].name);
		buf_addf(&set, "%sset_config('%s', '%s', true)", i ? ", " : "",
			 plain[i].name, plain[i].value);
	}
	buf_addstr(&get, ") AS s (n)");
	buf_reset(&t->saved);
	e = pg_query(t->c, buf_str(&get), NULL, 0, save_row, &t->saved);
	if (!e)
		e = pg_query(t->c, buf_str(&set), NULL, 0, NULL, NULL);
	buf_release(&get);
	buf_release(&set);
	return e;
}

struct err *target_pg_plain_end(struct target *base)
{
	struct pg_target *t = pg_target_of(base);

	return pg_query_once(t->c, buf_str(&t->saved), NULL, 0, NULL, NULL);
}

/*
 * A migration's SET and SET ROLE must not reach the journal's rows; what was
 * made DEFERRED is checked where its migration can be named.
 */
struct err *pg_target_check_deferred(struct target *base)
{
	static const char *const settings[] = {
		"RESET SESSION AUTHORIZATION",
		"RESET ALL",
		"SET LOCAL synchronous_commit = on",
		"SET LOCAL statement_timeout = 0",
	};
	struct pg_target *t = pg_target_of(base);
	struct err *e;

	e = pg_queue(t->c, "SET CONSTRAINTS ALL IMMEDIATE", NULL, 0, NULL,
		     NULL);
	for (size_t i = 0; t->touched && i < ARRAY_LEN(settings) && !e; i++)
		e = pg_queue(t->c, settings[i], NULL, 0, NULL, NULL);
	return err_first(e, pg_target_guard_check(t));
}

struct err *pg_target_reset(struct target *base)
{
	struct pg_target *t = pg_target_of(base);
	struct err *e;

	t->begin = NULL;
	if (!t->touched || !pg_conn_is_alive(t->c))
		return NULL;
	pg_conn_hold(t->c, true);
	e = pg_exec(t->c, "RESET SESSION AUTHORIZATION; RESET ALL; "
			  "CLOSE ALL; UNLISTEN *; "
			  "SELECT pg_advisory_unlock_all()");
	/* temporary tables and sequences would hide what the next one means */
	if (!e && t->base.seen.temporary)
		e = pg_exec(t->c, "DISCARD TEMP");
	if (!e && t->prepared) {
		e = pg_exec(t->c, "DEALLOCATE ALL");
		pg_conn_forget(t->c);
		t->prepared = false;
	}
	pg_conn_hold(t->c, false);
	t->touched = e != NULL;
	return e;
}
