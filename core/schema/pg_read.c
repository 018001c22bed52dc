#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"
#include "schema/pg_sql.h"
#include "schema/pg_stamp.h"

/* The order counts: an item comes before what belongs to it. */
static const struct pg_question *const questions[] = {
	pg_sql_global,   pg_sql_foreign, pg_sql_search, pg_sql_operator,
	pg_sql_type,     pg_sql_routine, pg_sql_table,  pg_sql_relation,
	pg_sql_attached, pg_sql_shared,
};

/*
 * What names and constants print like depends on the session; our questions
 * are planned once and not compiled. Put back afterwards; a transaction that
 * fails puts it back by itself.
 */
/* clang-format off */
static const char begin[] =
	"SELECT " PG_PUT("search_path", "") ", " PG_PUT("datestyle", "ISO")
	", " PG_PUT("intervalstyle", "postgres") ", "
	PG_PUT("timezone", "UTC") ", " PG_PUT("bytea_output", "hex") ", "
	PG_PUT("quote_all_identifiers", "off") ", " PG_PUT("jit", "off")
	", " PG_PUT("plan_cache_mode", "force_generic_plan");

/*
 * Of a part, by index: the plan is kept while the catalogs grow. One statement
 * for everything, from the probe to the end of the reading.
 */
static const char begin_part[] =
	"SELECT " PG_PUT("search_path", "") ", " PG_PUT("datestyle", "ISO")
	", " PG_PUT("intervalstyle", "postgres") ", "
	PG_PUT("timezone", "UTC") ", " PG_PUT("bytea_output", "hex") ", "
	PG_PUT("quote_all_identifiers", "off") ", " PG_PUT("jit", "off")
	", " PG_PUT("plan_cache_mode", "force_generic_plan") ", "
	PG_PUT("enable_seqscan", "off") ", "
	PG_PUT("enable_hashjoin", "off") ", " PG_PUT("enable_mergejoin", "off");

static const char end_part[] =
	"SELECT " PG_BACK("search_path") ", " PG_BACK("datestyle") ", "
	PG_BACK("intervalstyle") ", " PG_BACK("timezone") ", "
	PG_BACK("bytea_output") ", " PG_BACK("quote_all_identifiers") ", "
	PG_BACK("jit") ", " PG_BACK("plan_cache_mode") ", "
	PG_BACK("enable_seqscan") ", " PG_BACK("enable_hashjoin") ", "
	PG_BACK("enable_mergejoin");

static const char end[] =
	"SELECT " PG_BACK("search_path") ", " PG_BACK("datestyle") ", "
	PG_BACK("intervalstyle") ", " PG_BACK("timezone") ", "
	PG_BACK("bytea_output") ", " PG_BACK("quote_all_identifiers") ", "
	PG_BACK("jit") ", " PG_BACK("plan_cache_mode");
/* clang-format on */

struct pg_some *pg_some_of(struct pg_read *r, unsigned class_oid)
{
	struct pg_some *s;

	for (size_t i = 0; i < r->n_some; i++)
		if (r->some[i].class_oid == class_oid)
			return &r->some[i];
	VEC_GROW(r->some, r->n_some, r->cap_some);
	s = &r->some[r->n_some++];
	memset(s, 0, sizeof(*s));
	s->class_oid = class_oid;
	return s;
}

bool pg_some_has(const struct pg_some *s, unsigned oid)
{
	if (s->whole)
		return true;
	for (size_t i = 0; i < s->n; i++)
		if (s->oids[i] == oid)
			return true;
	return false;
}

void pg_some_add(struct pg_some *s, unsigned oid)
{
	if (!oid || pg_some_has(s, oid))
		return;
	VEC_GROW(s->oids, s->n, s->cap);
	s->oids[s->n++] = oid;
}

static struct err *ask_all(struct pg_read *r, const struct pg_question *q)
{
	struct pg_sink *sink = arena_alloc(r->arena, sizeof(*sink));
	struct buf sql = BUF_INIT;
	struct err *e;

	sink->read = r;
	sink->question = q;
	pg_template(&sql, r, q->sql, false);
	e = pg_queue(r->conn, buf_str(&sql), NULL, 0,
		     q->row ? q->row : pg_item_row, sink);
	buf_release(&sql);
	return e;
}

static struct err *ask_some(struct pg_read *r, const struct pg_question *q,
			    const struct pg_some *some)
{
	struct pg_sink *sink = arena_alloc(r->arena, sizeof(*sink));
	struct buf sql = BUF_INIT, oids = BUF_INIT;
	struct pg_arg arg;
	struct err *e;

	sink->read = r;
	sink->question = q;
	for (size_t i = 0; i < some->n; i++)
		buf_addf(&oids, "%c%u", i ? ',' : '{', some->oids[i]);
	buf_addch(&oids, '}');
	arg = pg_text(buf_str(&oids));
	pg_template(&sql, r, q->sql, true);
	e = pg_queue(r->conn, buf_str(&sql), &arg, 1,
		     q->row ? q->row : pg_item_row, sink);
	buf_release(&sql);
	buf_release(&oids);
	return e;
}

/* Every oid that comments and privileges may belong to, in one list. */
static void collect_owners(struct pg_read *r, struct pg_some *all)
{
	map_each (&r->owners, e) {
		VEC_GROW(all->oids, all->n, all->cap);
		all->oids[all->n++] =
			(unsigned)strtoul(strchr(e->key, '/') + 1, NULL, 10);
	}
}

static struct err *ask_partly(struct pg_read *r, const struct pg_question *q)
{
	const struct pg_some *some;

	if (q->needs && !(q->needs & r->needs))
		return NULL;
	if (q->needs == PG_NEED_UNREPRESENTED)
		return ask_all(r, q);
	some = pg_some_of(r, q->filter);
	if (some->whole)
		return ask_all(r, q);
	return some->n ? ask_some(r, q, some) : NULL;
}

/* The questions of the first part, or those asked last. */
static struct err *ask_questions(struct pg_read *r, bool shared)
{
	struct pg_some all = { 0 };
	struct err *e = NULL;

	if (shared && r->partial)
		collect_owners(r, &all);
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		for (const struct pg_question *q = questions[i];
		     !e && q->sql[0]; q++) {
			if ((q->needs == PG_NEED_SHARED) != shared)
				continue;
			if (!r->partial)
				e = ask_all(r, q);
			else if (shared)
				e = all.n ? ask_some(r, q, &all) : NULL;
			else
				e = ask_partly(r, q);
		}
	}
	free(all.oids);
	return e;
}

struct err *pg_read_begin_part(struct pg_conn *c)
{
	return pg_queue(c, begin_part, NULL, 0, NULL, NULL);
}

struct err *pg_read_end_part(struct pg_conn *c)
{
	return pg_queue(c, end_part, NULL, 0, NULL, NULL);
}

static struct err *ask(struct pg_read *r)
{
	struct err *e = NULL, *sent;

	if (!r->partial)
		e = pg_queue(r->conn, begin, NULL, 0, NULL, NULL);
	if (!e)
		e = ask_questions(r, false);
	if (!e && r->partial && r->needs & PG_NEED_SHARED)
		e = pg_flush(r->conn);
	if (!e && (!r->partial || r->needs & PG_NEED_SHARED))
		e = ask_questions(r, true);
	if (!e)
		e = r->partial ? pg_read_end_part(r->conn)
			       : pg_queue(r->conn, end, NULL, 0, NULL, NULL);
	sent = pg_flush(r->conn);
	return err_first(e, sent);
}

/* Our own transaction where there is none: all answers are of one moment. */
static const char snapshot[] =
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/* Without one the reading is good all the same. */
static void ask_stamp(struct pg_read *r)
{
	struct err *e = pg_stamp(r->conn, r->stamp);

	if (e)
		r->stamp[0] = '\0';
	err_free(e);
}

struct err *pg_read_all(struct pg_read *r)
{
	bool own = !pg_conn_in_transaction(r->conn);
	struct err *e = NULL;

	if (own)
		e = pg_exec(r->conn, snapshot);
	if (!e)
		e = ask(r);
	if (!e && own && r->stamp)
		ask_stamp(r);
	if (own && pg_conn_in_transaction(r->conn))
		e = err_first(e, pg_exec(r->conn, e ? "ROLLBACK" : "COMMIT"));
	return err_wrap(e, "inspect the schema");
}

void pg_read_reset(struct pg_read *r)
{
	r->partial = false;
	r->n = 0;
	map_release(&r->owners);
	map_release(&r->tables);
	memset(&r->unrepresented, 0, sizeof(r->unrepresented));
}

void pg_read_release(struct pg_read *r)
{
	pg_read_reset(r);
	free(r->items);
	for (size_t i = 0; i < r->n_some; i++)
		free(r->some[i].oids);
	free(r->some);
}
