#include "schema/pg_make.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"
#include "schema/pg_sql.h"
#include "schema/schema_pg.h"

/*
 * Making objects: every task is tried, those that fail are tried again after
 * the others, as long as anything succeeds. What another one is missing for
 * needs no parser then, and no list of error codes either: an error that
 * lasts is told when nothing goes on.
 */

struct make {
	struct pg_conn *conn;
	struct pg_tasks tasks;
	struct err *first; /* of this round */
	const struct schema_object *failed;
	char *owner, *restore;
};

/* Not a matter of order: no use to go on. */
static bool is_final(const struct pg_conn *c, const struct err *e)
{
	return err_class_of(e) != ERR_TARGET || !pg_conn_is_alive(c);
}

static struct err *try_sql(struct pg_conn *c, const char *sql, bool *done)
{
	struct err *e = pg_execf(c,
				 "SAVEPOINT git_migrate_task;\n%s;\n"
				 "RELEASE SAVEPOINT git_migrate_task",
				 sql);

	*done = !e;
	if (e && !is_final(c, e))
		e = err_first(e, pg_exec(c, "ROLLBACK TO SAVEPOINT "
					    "git_migrate_task"));
	return e;
}

/* One task; a failure is kept if it is the round's first. */
static struct err *attempt(struct make *m, struct pg_task *task,
			   const char *sql, bool *progress)
{
	struct err *e = try_sql(m->conn, sql, &task->done);

	*progress |= task->done;
	if (!e)
		return NULL;
	if (is_final(m->conn, e))
		return e;
	if (m->first) {
		err_free(e);
	} else {
		m->first = e;
		m->failed = task->object;
	}
	return NULL;
}

/* What would act on the making of others waits for all of them. */
static struct err *run_round(struct make *m, bool *progress, size_t *left)
{
	struct err *e = NULL;

	*progress = false;
	*left = 0;
	err_free(m->first);
	m->first = NULL;
	for (size_t i = 0; i < m->tasks.n && !e; i++) {
		struct pg_task *task = &m->tasks.items[i];

		bool waits = task->phase == PG_PHASE_LAST && *left;

		if (!task->done && !waits)
			e = attempt(m, task, task->sql, progress);
		*left += !task->done;
	}
	return e;
}

/* Nothing goes on: the first that can do with less for now. */
static struct err *run_less(struct make *m, bool *progress)
{
	*progress = false;
	for (size_t i = 0; i < m->tasks.n && !*progress; i++) {
		struct pg_task *task = &m->tasks.items[i];
		struct err *e;

		if (task->done || !task->now)
			continue;
		e = attempt(m, task, task->now, progress);
		if (e)
			return e;
		if (task->done && task->later) {
			task->done = false;
			task->sql = task->later;
			task->now = NULL;
		}
	}
	return NULL;
}

/*
 * Functions may name things as their callers see them, and the server looks
 * into them where a column is generated: once more with the session's own
 * search_path. Our texts mean the same under any.
 */
static const char own_path[] =
	"SELECT set_config('search_path', reset_val, true)"
	" FROM pg_settings WHERE name = 'search_path'";

static struct err *run_with_path(struct make *m, bool *progress, size_t *left)
{
	struct err *e = pg_query(m->conn, own_path, NULL, 0, NULL, NULL);

	if (!e)
		e = run_round(m, progress, left);
	if (!e)
		e = pg_exec(m->conn, "SET LOCAL search_path = ''");
	return e;
}

static struct err *run_all(struct make *m)
{
	bool progress = true;
	size_t left = m->tasks.n;
	struct err *e = NULL;

	while (left && progress && !e) {
		e = run_round(m, &progress, &left);
		if (!e && left && !progress)
			e = run_with_path(m, &progress, &left);
		if (!e && left && !progress)
			e = run_less(m, &progress);
	}
	if (!e && left) {
		e = err_wrap(m->first, "make %s %s", m->failed->kind,
			     m->failed->name);
		m->first = NULL;
	}
	return e;
}

/*
 * Default privileges of whoever makes the objects are taken away meanwhile.
 * Each row: the statement that does, the one that puts it back.
 */
#define DEFAULTS                                                       \
	"CASE d.defaclnamespace WHEN 0 THEN acldefault(CASE"           \
	" d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END," \
	" d.defaclrole) ELSE acldefault('c', d.defaclrole) END"

/* clang-format off */
static const char default_privileges[] =
	"SELECT x.head || CASE WHEN x.given THEN x.revoke ELSE x.grant_ END,"
	" x.head || CASE WHEN x.given THEN x.grant_ ELSE x.revoke END"
	" FROM (SELECT y.given, 'ALTER DEFAULT PRIVILEGES' || coalesce("
	"' IN SCHEMA ' || quote_ident(n.nspname), '') AS head,"
	" ' REVOKE ' || y.privilege_type || k.objects || ' FROM ' || w.who ||"
	" ';' AS revoke, ' GRANT ' || y.privilege_type || k.objects || ' TO '"
	" || w.who || CASE WHEN y.is_grantable THEN ' WITH GRANT OPTION' ELSE"
	" '' END || ';' AS grant_ FROM pg_default_acl d"
	" LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace"
	" CROSS JOIN LATERAL (SELECT ' ON ' || CASE d.defaclobjtype WHEN 'r'"
	" THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'"
	" WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS'"
	" END AS objects) k CROSS JOIN LATERAL ((SELECT true AS given,"
	" g.grantee, g.privilege_type, g.is_grantable"
	" FROM aclexplode(d.defaclacl) g EXCEPT SELECT true, h.grantee,"
	" h.privilege_type, h.is_grantable FROM aclexplode(" DEFAULTS ") h)"
	" UNION ALL (SELECT false, h.grantee, h.privilege_type,"
	" h.is_grantable FROM aclexplode(" DEFAULTS ") h EXCEPT SELECT"
	" false, g.grantee, g.privilege_type, g.is_grantable FROM"
	" aclexplode(d.defaclacl) g)) y CROSS JOIN LATERAL (SELECT CASE"
	" y.grantee WHEN 0 THEN 'PUBLIC' ELSE"
	" quote_ident(pg_get_userbyid(y.grantee)) END AS who) w"
	" WHERE d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname ="
	" current_user)) x";
/* clang-format on */

struct two {
	struct buf away, back;
};

static struct err *take_two(void *payload, int n, const struct pg_cell *cell)
{
	struct two *t = payload;

	(void)n;
	buf_addf(&t->away, "%s\n", cell[0].s);
	buf_addf(&t->back, "%s\n", cell[1].s);
	return NULL;
}

static struct err *take_string(void *payload, int n, const struct pg_cell *cell)
{
	char **out = payload;

	(void)n;
	if (cell[0].s && !*out)
		*out = xstrdup(cell[0].s);
	return NULL;
}

/* Settings under which our texts mean what they say; of the transaction. */
/* clang-format off */
static const char begin[] =
	"SELECT " PG_PUT("search_path", "") ", "
	PG_PUT("check_function_bodies", "off") ", "
	PG_PUT("default_tablespace", "") ", "
	PG_PUT("default_table_access_method", "heap") ", "
	PG_PUT("xmloption", "content");

static const char end[] =
	"SELECT " PG_BACK("search_path") ", "
	PG_BACK("check_function_bodies") ", " PG_BACK("default_tablespace")
	", " PG_BACK("default_table_access_method") ", "
	PG_BACK("xmloption");
/* clang-format on */

static const char owner[] =
	"SELECT quote_ident(pg_get_userbyid(datdba)) FROM pg_database"
	" WHERE datname = current_database()"
	" AND pg_get_userbyid(datdba) <> current_user";

static struct err *prepare(struct make *m)
{
	struct two t = { BUF_INIT, BUF_INIT };
	struct err *e = pg_query(m->conn, begin, NULL, 0, NULL, NULL);

	if (!e)
		e = pg_query(m->conn, owner, NULL, 0, take_string, &m->owner);
	if (!e)
		e = pg_query(m->conn, default_privileges, NULL, 0, take_two,
			     &t);
	if (!e && t.away.len)
		e = pg_exec(m->conn, buf_str(&t.away));
	if (t.back.len)
		m->restore = buf_detach(&t.back);
	buf_release(&t.away);
	buf_release(&t.back);
	return e;
}

static struct err *make_inside(struct make *m,
			       const struct schema_object *const *objects,
			       size_t n)
{
	struct err *e = prepare(m);

	if (e)
		return e;
	m->tasks.owner = m->owner;
	for (size_t i = 0; i < n; i++)
		pg_tasks_add(&m->tasks, objects[i]);
	pg_tasks_sort(&m->tasks);
	e = run_all(m);
	if (!e && m->restore)
		e = pg_exec(m->conn, m->restore);
	if (!e)
		e = pg_query(m->conn, end, NULL, 0, NULL, NULL);
	return e;
}

struct err *schema_pg_make(struct pg_conn *c,
			   const struct schema_object *const *objects, size_t n)
{
	bool own = !pg_conn_in_transaction(c);
	struct make m = { .conn = c };
	struct err *e = own ? pg_exec(c, "BEGIN") : NULL;

	if (!e)
		e = pg_exec(c, "SAVEPOINT git_migrate_make");
	if (!e) {
		e = make_inside(&m, objects, n);
		if (e && pg_conn_is_alive(c))
			e = err_first(e, pg_exec(c, "ROLLBACK TO SAVEPOINT "
						    "git_migrate_make"));
		if (pg_conn_is_alive(c))
			e = err_first(e, pg_exec(c, "RELEASE SAVEPOINT "
						    "git_migrate_make"));
	}
	if (own && pg_conn_is_alive(c))
		e = err_first(e, pg_exec(c, e ? "ROLLBACK" : "COMMIT"));
	err_free(m.first);
	pg_tasks_release(&m.tasks);
	free(m.owner);
	free(m.restore);
	return e;
}

bool schema_pg_is_masked(const struct schema_object *o)
{
	return (streq(o->kind, "user_mapping") || streq(o->kind, "server") ||
		streq(o->kind, "foreign_data_wrapper") ||
		streq(o->kind, "foreign_table") ||
		streq(o->kind, "subscription")) &&
	       strstr(o->text, "********'");
}
