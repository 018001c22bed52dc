#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "target/pg_driver.h"

/*
 * Statements that run outside a transaction: what an attempt that failed, or
 * was killed, has left, and whether it had succeeded. The catalog knows.
 */

struct found {
	size_t valid, invalid;
	struct buf names; /* of invalid ones, to be dropped */
};

static struct err *take_index(void *payload, int n, const struct pg_cell *cell)
{
	struct found *f = payload;

	(void)n;
	if (cell[1].s[0] == 't') {
		f->valid++;
		return NULL;
	}
	f->invalid++;
	buf_addf(&f->names, "%s%s", f->names.len ? ", " : "", cell[0].s);
	return NULL;
}

#define INDEXES                                               \
	"SELECT format('%I.%I', n.nspname, c.relname), "      \
	"i.indisvalid AND i.indisready "                      \
	"FROM pg_catalog.pg_index i "                         \
	"JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid " \
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "

/* One by one: DROP INDEX CONCURRENTLY takes one name. */
static struct err *drop_invalid(struct pg_target *t, struct found *f)
{
	char *list = xstrdup(buf_str(&f->names)), *name, *rest = list;
	struct err *e = NULL;

	while (!e && (name = strsep(&rest, ","))) {
		name += *name == ' ';
		if (*name)
			e = pg_execf(t->c,
				     "DROP INDEX CONCURRENTLY IF EXISTS %s",
				     name);
	}
	free(list);
	return err_wrap(e, "drop what an earlier attempt left");
}

static struct err *resume_create_index(struct pg_target *t,
				       const struct sql_statement *s,
				       bool begun, enum target_resume *out)
{
	struct pg_arg arg = pg_text(s->object);
	struct found f = { 0, 0, BUF_INIT };
	struct err *e;

	/* the server chose the name: nothing tells it from others */
	if (!s->object) {
		*out = begun ? TARGET_RESUME_UNKNOWN : TARGET_RESUME_RUN;
		return NULL;
	}
	e = pg_query(t->c, INDEXES "WHERE c.relname = $1", &arg, 1, take_index,
		     &f);
	if (!e && f.invalid)
		e = drop_invalid(t, &f);
	else if (!e && begun && f.valid)
		*out = TARGET_RESUME_DONE;
	buf_release(&f.names);
	return e;
}

static struct err *resume_drop_index(struct pg_target *t,
				     const struct sql_statement *s, bool begun,
				     enum target_resume *out)
{
	struct pg_arg arg = pg_text(s->object);
	struct found f = { 0, 0, BUF_INIT };
	struct err *e = NULL;

	if (begun && s->object)
		e = pg_query(t->c, INDEXES "WHERE c.relname = $1", &arg, 1,
			     take_index, &f);
	if (!e && begun && !f.valid && !f.invalid)
		*out = TARGET_RESUME_DONE;
	buf_release(&f.names);
	return e;
}

/* REINDEX CONCURRENTLY leaves its half-made index as NAME_ccnew, or the old
 * one as NAME_ccold. */
static struct err *resume_reindex(struct pg_target *t, bool begun)
{
	struct found f = { 0, 0, BUF_INIT };
	struct err *e = NULL;

	if (begun)
		e = pg_query(t->c,
			     INDEXES "WHERE NOT i.indisvalid "
				     "AND c.relname ~ '_cc(new|old)[0-9]*$'",
			     NULL, 0, take_index, &f);
	if (!e && f.invalid)
		e = drop_invalid(t, &f);
	buf_release(&f.names);
	return e;
}

/* What has a name of its own in a catalog of the whole server. */
static const struct {
	const char *kind, *sql;
} global[] = {
	{ "database", "SELECT count(*) FROM pg_catalog.pg_database "
		      "WHERE datname = $1" },
	{ "tablespace", "SELECT count(*) FROM pg_catalog.pg_tablespace "
			"WHERE spcname = $1" },
	{ "subscription", "SELECT count(*) FROM pg_catalog.pg_subscription "
			  "WHERE subname = $1" },
};

static struct err *resume_global(struct pg_target *t,
				 const struct sql_statement *s,
				 enum target_resume *out)
{
	struct pg_arg arg = pg_text(s->object);
	int64_t n = 0;
	struct err *e;

	*out = TARGET_RESUME_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(global); i++) {
		if (!s->object || !streq_null(s->detail, global[i].kind))
			continue;
		e = pg_query_int(t->c, global[i].sql, &arg, 1, &n);
		if (e)
			return e;
		*out = (n > 0) == (s->verb == SQL_CREATE) ? TARGET_RESUME_DONE
							  : TARGET_RESUME_RUN;
	}
	return NULL;
}

struct err *pg_target_resume(struct target *base, const struct sql_statement *s,
			     bool begun, enum target_resume *out)
{
	struct pg_target *t = pg_target_of(base);
	bool index = s->detail && streq(s->detail, "index");

	if (s->verb == SQL_CREATE && index)
		return resume_create_index(t, s, begun, out);
	if (s->verb == SQL_DROP && index)
		return resume_drop_index(t, s, begun, out);
	if (s->verb == SQL_REINDEX)
		return resume_reindex(t, begun);
	if (!begun || s->verb == SQL_VACUUM || s->verb == SQL_ANALYZE)
		return NULL; /* once more does no harm */
	if (s->verb == SQL_CREATE || s->verb == SQL_DROP)
		return resume_global(t, s, out);
	*out = TARGET_RESUME_UNKNOWN;
	return NULL;
}
