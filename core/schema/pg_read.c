#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"

/* The order counts: an item comes before what belongs to it. */
static const struct pg_question *const questions[] = {
	pg_sql_global,   pg_sql_foreign, pg_sql_search, pg_sql_operator,
	pg_sql_type,     pg_sql_routine, pg_sql_table,  pg_sql_relation,
	pg_sql_attached, pg_sql_shared,
};

/*
 * What names and constants print like depends on the session. Put back
 * afterwards; a transaction that fails puts it back by itself.
 */
#define PUT(name, value)                                              \
	"set_config('git_migrate.x_" name "', current_setting('" name \
	"'), true), set_config('" name "', '" value "', true)"
#define BACK(name)                                                    \
	"set_config('" name "', current_setting('git_migrate.x_" name \
	"'), true)"

static const char begin[] =
	"SELECT " PUT("search_path", "") ", " PUT("datestyle", "ISO") ", " PUT(
		"intervalstyle",
		"postgres") ", " PUT("timezone",
				     "UTC") ", " PUT("bytea_output",
						     "hex") ", " PUT("quote_"
								     "all_"
								     "identifie"
								     "rs",
								     "off");

static const char end[] = "SELECT " BACK("search_path") ", " BACK("datestyle") ", " BACK(
	"interva"
	"lstyle") ", " BACK("timezone") ", " BACK("bytea_output") ", " BACK("qu"
									    "ot"
									    "e_"
									    "al"
									    "l_"
									    "id"
									    "en"
									    "ti"
									    "fi"
									    "er"
									    "s");

static const struct pg_some *some_of(const struct pg_read *r,
				     unsigned class_oid)
{
	for (size_t i = 0; i < r->n_some; i++)
		if (r->some[i].class_oid == class_oid)
			return &r->some[i];
	return NULL;
}

static struct err *ask(struct pg_read *r, const struct pg_question *q,
		       struct buf *sql)
{
	const struct pg_some *some = r->some ? some_of(r, q->filter) : NULL;
	struct pg_sink *sink = arena_alloc(r->arena, sizeof(*sink));
	int version = pg_conn_version(r->conn) / 10000;
	struct pg_arg arg = { 0 };

	if (version < q->min || (q->max && version > q->max) ||
	    (r->some && !some))
		return NULL;
	sink->read = r;
	sink->question = q;
	buf_reset(sql);
	pg_template(sql, r, q->sql, some != NULL);
	if (some)
		arg = pg_text(buf_str(&some->oids));
	return pg_queue(r->conn, buf_str(sql), &arg, some ? 1 : 0,
			q->row ? q->row : pg_item_row, sink);
}

/* Our own transaction where there is none: all answers are of one moment. */
static const char snapshot[] =
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

struct err *pg_read_all(struct pg_read *r)
{
	bool own = !pg_conn_in_transaction(r->conn);
	struct buf sql = BUF_INIT;
	struct err *e = NULL;

	if (own)
		e = pg_exec(r->conn, snapshot);
	if (!e)
		e = pg_queue(r->conn, begin, NULL, 0, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(questions); i++)
		for (const struct pg_question *q = questions[i];
		     !e && q->sql[0]; q++)
			e = ask(r, q, &sql);
	if (!e)
		e = pg_queue(r->conn, end, NULL, 0, NULL, NULL);
	if (!e)
		e = pg_flush(r->conn);
	if (own && pg_conn_in_transaction(r->conn))
		e = err_first(e, pg_exec(r->conn, e ? "ROLLBACK" : "COMMIT"));
	buf_release(&sql);
	return err_wrap(e, "inspect the schema");
}

void pg_read_release(struct pg_read *r)
{
	map_release(&r->owners);
	map_release(&r->tables);
	free(r->items); /* NOLINT(bugprone-multi-level-implicit-pointer) */
	for (size_t i = 0; i < r->n_some; i++)
		buf_release(&r->some[i].oids);
	free(r->some);
}
