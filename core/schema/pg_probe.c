#include "schema/pg_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/*
 * What has the open transaction changed? Three things tell together:
 *
 * - the session's own counts of changed rows, for each catalog
 *   (pg_stat_get_xact_tuples_*). Nothing counted = nothing changed;
 * - its locks: whatever is dropped, altered, commented on or hung upon
 *   something is locked until the end of the transaction;
 * - oids above the highest of the last reading: what is new.
 *
 * GRANT and CREATE OR REPLACE FUNCTION and their like lock nothing: they
 * update rows of pg_class, pg_attribute, pg_type and pg_proc. Where more rows
 * of these were updated than the other signs explain, they are scanned for
 * rows of this transaction: xmin not older than its id (subtransactions have
 * later ones). Small catalogs are read again as a whole.
 */
struct probe {
	struct schema_pg *pg;
	struct pg_read *r;
	struct pg_counts now, since; /* since: the difference */
	bool known_since;            /* else everything may have changed */
	bool everything, domains;
	unsigned max_relation, max_type, max_routine;
	int64_t new_relations, updates, column_updates; /* what is explained */
	int64_t new_types, new_routines;
	struct pg_some renames;
};

/* Catalogs whose objects are read as a whole when one has changed. */
static const struct {
	unsigned catalog, class_oid;
} wholes[] = {
	{ PG_NAMESPACE, PG_NAMESPACE },
	{ PG_EVENT_TRIGGER, PG_EVENT_TRIGGER },
	{ PG_LANGUAGE, PG_LANGUAGE },
	{ PG_AM, PG_AM },
	{ PG_CAST, PG_CAST },
	{ PG_TRANSFORM, PG_TRANSFORM },
	{ PG_DEFAULT_ACL, PG_DEFAULT_ACL },
	{ PG_PUBLICATION, PG_PUBLICATION },
	{ 6106, PG_PUBLICATION }, /* pg_publication_rel */
	{ 6237, PG_PUBLICATION }, /* pg_publication_namespace */
	{ PG_SUBSCRIPTION, PG_SUBSCRIPTION },
	{ PG_FDW, PG_FDW },
	{ PG_SERVER, PG_SERVER },
	{ PG_USER_MAPPING, PG_USER_MAPPING },
	{ PG_COLLATION, PG_COLLATION },
	{ PG_CONVERSION, PG_CONVERSION },
	{ PG_TS_CONFIG, PG_TS_CONFIG },
	{ 3603, PG_TS_CONFIG }, /* pg_ts_config_map */
	{ PG_TS_DICT, PG_TS_DICT },
	{ PG_TS_PARSER, PG_TS_PARSER },
	{ PG_TS_TEMPLATE, PG_TS_TEMPLATE },
	{ PG_OPERATOR, PG_OPERATOR },
	{ PG_OPCLASS, PG_OPCLASS },
	{ PG_OPFAMILY, PG_OPFAMILY },
	{ 2602, PG_OPFAMILY }, /* pg_amop */
	{ 2602, PG_OPCLASS },
	{ 2603, PG_OPFAMILY }, /* pg_amproc */
	{ 2603, PG_OPCLASS },
};

enum {
	PG_ATTRIBUTE = 1249,
	PG_DESCRIPTION = 2609,
	PG_ENUM = 3501,
	PG_AUTHID = 1260,
	PG_DATABASE = 1262,
	PG_TABLESPACE = 1213,
	PG_DB_ROLE_SETTING = 2964,
	PG_SECLABEL = 3596,
	PG_SHSECLABEL = 3592,
};

/* Since the last reading, or the start of the transaction. */
static void subtract(struct probe *p)
{
	const struct pg_counts *base = &p->pg->counts;

	p->since = p->now;
	p->known_since = streq(base->transaction, p->now.transaction) &&
			 base->counted && p->now.counted;
	if (p->known_since)
		pg_counts_subtract(&p->since, base);
}

static int64_t inserted(const struct probe *p, unsigned catalog)
{
	return pg_count_of(&p->since, catalog)->inserted;
}

static int64_t updated(const struct probe *p, unsigned catalog)
{
	return pg_count_of(&p->since, catalog)->updated;
}

static bool changed(const struct probe *p, unsigned catalog)
{
	const struct pg_count *c = pg_count_of(&p->since, catalog);

	return c->inserted || c->updated || c->deleted || !p->now.counted;
}

static bool anything_changed(const struct probe *p)
{
	if (!*p->now.xid)
		return false;
	if (!p->now.counted)
		return true;
	for (size_t i = 0; i < p->since.n; i++)
		if (changed(p, p->since.counts[i].catalog))
			return true;
	return false;
}

/* --- relations --- */

/* Whatever a relation is, and whatever hangs on it. */
#define ON_RELATIONS                                                      \
	(PG_NEED_TABLE | PG_NEED_SEQUENCE | PG_NEED_VIEW |                \
	 PG_NEED_MATERIALIZED_VIEW | PG_NEED_INDEX | PG_NEED_STATISTICS | \
	 PG_NEED_TRIGGER | PG_NEED_RULE | PG_NEED_POLICY | PG_NEED_SHARED)

static void want(struct probe *p, unsigned needs)
{
	p->r->needs |= needs;
}

/* A relation is read by its kind, with what hangs on it. */
static void want_relation(struct probe *p, const struct pg_cell *cell)
{
	char kind = *cell[1].s;

	if (kind == 'r' || kind == 'p' || kind == 'f' || kind == 'i' ||
	    kind == 'I')
		want(p, PG_NEED_TABLE);
	if (kind == 'S')
		want(p, cell[2].s ? PG_NEED_TABLE : PG_NEED_SEQUENCE);
	if (kind == 'v')
		want(p, PG_NEED_VIEW);
	if (kind == 'm')
		want(p, PG_NEED_MATERIALIZED_VIEW);
	if (kind == 'i' || kind == 'I' || *cell[6].s == 't')
		want(p, PG_NEED_INDEX);
	if (*cell[7].s == 't')
		want(p, PG_NEED_TRIGGER);
	if (*cell[8].s == 't')
		want(p, PG_NEED_RULE);
}

/* Columns whose rows are of this transaction: updates that must have been,
 * and whether an older one may have another name. */
static int64_t count_columns(const char *list, unsigned known, bool *older)
{
	int64_t n = 0;
	char *end;

	for (const char *s = list; s && *s; s = *end ? end + 1 : end) {
		unsigned long at = strtoul(s, &end, 10);
		bool has_default = *end == 'd';

		end += has_default;
		if (at <= known) {
			*older = true;
			n++;
		} else {
			n += has_default;
		}
	}
	return n;
}

static void note_existing(struct probe *p, const struct pg_cell *cell,
			  bool older)
{
	unsigned oid = pg_cell_oid(&cell[0]);
	const struct pg_known *k = schema_pg_known(p->pg, PG_CLASS, oid);
	struct buf name = BUF_INIT;

	want(p, PG_NEED_TRIGGER | PG_NEED_STATISTICS | PG_NEED_POLICY |
			PG_NEED_SHARED);
	pg_add_display(&name, cell[3].s, cell[4].s);
	/* an identity column's sequence and a key's index are not known */
	if (!k || !streq(k->object->name, buf_str(&name)) || older)
		pg_some_add(&p->renames, oid);
	buf_release(&name);
}

static struct err *take_relation(void *payload, int n,
				 const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned oid = pg_cell_oid(&cell[0]), base = pg_cell_oid(&cell[2]);
	bool is_new = *cell[5].s == 't', older = false;
	const struct pg_known *k = schema_pg_known(p->pg, PG_CLASS, oid);

	(void)n;
	p->updates += strtoll(cell[10].s, NULL, 10);
	p->column_updates += count_columns(cell[11].s,
					   is_new            ? 0
					   : k && k->columns ? k->columns
							     : 65535,
					   &older);
	if (*cell[1].s == 'c') {
		pg_some_add(pg_some_of(p->r, PG_TYPE), base);
		if (!is_new)
			pg_some_add(&p->renames, oid);
		return NULL;
	}
	pg_some_add(pg_some_of(p->r, PG_CLASS), oid);
	if (!is_new && !k && !base) /* the server's, or an extension's */
		want(p, PG_NEED_UNREPRESENTED);
	if (base)
		pg_some_add(pg_some_of(p->r, PG_CLASS), base);
	want_relation(p, cell);
	if (*cell[9].s == 't')
		want(p, PG_NEED_SHARED);
	if (!is_new)
		note_existing(p, cell, older);
	return NULL;
}

/* A locked object may be one that is gone. */
static struct err *take_lock(void *payload, int n, const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned class_oid = pg_cell_oid(&cell[0]);
	unsigned oid = pg_cell_oid(&cell[1]);
	const struct pg_known *k = schema_pg_known(p->pg, class_oid, oid);

	(void)n;
	if (!class_oid) {
		pg_some_add(pg_some_of(p->r, PG_CLASS), oid);
		want(p, ON_RELATIONS);
		return NULL;
	}
	if (class_oid == PG_CONSTRAINT) {
		p->domains = true;
		want(p, PG_NEED_SHARED);
	}
	if (class_oid == PG_CLASS || class_oid == PG_TYPE ||
	    class_oid == PG_PROC)
		pg_some_add(pg_some_of(p->r, class_oid), oid);
	if (class_oid == PG_TYPE || class_oid == PG_PROC)
		want(p, PG_NEED_SHARED);
	if (k && k->rel && class_oid != PG_CLASS) {
		pg_some_add(pg_some_of(p->r, PG_CLASS), k->rel);
		want(p, ON_RELATIONS);
	}
	for (size_t i = 0; i < ARRAY_LEN(wholes); i++)
		if (wholes[i].class_oid == class_oid && k) {
			pg_some_of(p->r, class_oid)->whole = true;
			want(p, PG_NEED_SHARED);
		}
	return NULL;
}

/* A type or a routine. */
static void take_other(struct probe *p, unsigned class_oid, unsigned oid)
{
	bool is_new = oid > (class_oid == PG_TYPE ? p->pg->max_type
						  : p->pg->max_routine);

	pg_some_add(pg_some_of(p->r, class_oid), oid);
	if (!is_new && !schema_pg_known(p->pg, class_oid, oid))
		want(p, PG_NEED_UNREPRESENTED);
}

static struct err *take_new(void *payload, int n, const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned what = pg_cell_oid(&cell[0]), oid = pg_cell_oid(&cell[1]);

	(void)n;
	if (what == 1)
		p->max_relation = oid;
	else if (what == 2)
		p->max_type = oid;
	else if (what == 3)
		p->max_routine = oid;
	else if (what == 4)
		p->new_relations = oid;
	else if (what == 5)
		pg_some_add(pg_some_of(p->r, PG_TYPE), oid);
	else if (*cell[2].s == 't')
		take_other(p, what, oid);
	p->new_types += what == PG_TYPE;
	p->new_routines += what == PG_PROC;
	return NULL;
}

/* --- the rounds --- */

static struct err *take_first(void *payload, int n, const struct pg_cell *cell)
{
	switch (*cell[0].s) {
	case 'r':
		return take_relation(payload, n - 1, cell + 1);
	case 'l':
		return take_lock(payload, n - 1, cell + 1);
	default:
		return take_new(payload, n - 1, cell + 1);
	}
}

/* A question that tells by the first cell what its rows are. */
static struct err *queue(struct probe *p, const char *sql, int n_args)
{
	char relation[16], type[16], routine[16];
	struct pg_arg args[3] = { pg_text(relation), pg_text(type),
				  pg_text(routine) };

	snprintf(relation, sizeof(relation), "%u", p->pg->max_relation);
	snprintf(type, sizeof(type), "%u", p->pg->max_type);
	snprintf(routine, sizeof(routine), "%u", p->pg->max_routine);
	return pg_queue(p->r->conn, sql, args, n_args, take_first, p);
}

/* What `more` queues, with the settings of a reading of a part. */
static struct err *ask(struct probe *p, struct err *(*more)(struct probe *))
{
	struct err *e = more(p);

	return err_first(e, pg_flush(p->r->conn));
}

/* The counts before the settings: under another search_path than at the start
 * of the transaction they would be planned anew each time. */
static struct err *queue_first(struct probe *p)
{
	struct pg_conn *c = p->r->conn;
	struct err *e =
		pg_queue(c, pg_sql_counts, NULL, 0, pg_count_row, &p->now);

	if (!e)
		e = pg_read_begin_part(c);
	return e ? e : queue(p, pg_sql_probe_first, 3);
}

static struct err *queue_maxima(struct probe *p)
{
	struct pg_conn *c = p->r->conn;
	struct err *e = pg_queue(c, pg_sql_probe_begin, NULL, 0, NULL, NULL);

	if (!e)
		e = pg_queue(c, pg_sql_counts, NULL, 0, pg_count_row, &p->now);
	if (!e)
		e = queue(p, pg_sql_probe_maxima, 0);
	return e ? e : pg_queue(c, pg_sql_probe_end, NULL, 0, NULL, NULL);
}

/* What the signs do not explain is looked for in the catalogs. */
static struct err *queue_scans(struct probe *p)
{
	struct err *e = NULL;
	bool relations = !p->known_since ||
			 inserted(p, PG_CLASS) != p->new_relations ||
			 updated(p, PG_CLASS) != p->updates ||
			 updated(p, PG_ATTRIBUTE) != p->column_updates;
	bool routines = !p->known_since || updated(p, PG_PROC) ||
			inserted(p, PG_PROC) != p->new_routines;
	bool types = !p->known_since || updated(p, PG_TYPE) ||
		     changed(p, PG_ENUM) ||
		     inserted(p, PG_TYPE) != p->new_types;

	if (relations || routines || types)
		want(p, PG_NEED_SHARED);
	if (relations)
		e = queue(p, pg_sql_probe_scan, 1);
	if (!e && routines)
		e = queue(p, pg_sql_probe_routines, 0);
	if (!e && types)
		e = queue(p, pg_sql_probe_types, 0);
	if (!e && changed(p, PG_STATISTIC_EXT))
		e = queue(p, pg_sql_probe_statistics, 0);
	return e;
}

static struct err *take_dependent(void *payload, int n,
				  const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned class_oid = pg_cell_oid(&cell[0]);
	unsigned oid = pg_cell_oid(&cell[1]);
	struct pg_some *some = pg_some_of(p->r, class_oid);

	(void)n;
	pg_some_add(some, oid);
	if (class_oid != PG_CLASS && class_oid != PG_TYPE &&
	    class_oid != PG_PROC)
		some->whole = true;
	return NULL;
}

/* What names a relation has another text when that has another name. */
static struct err *queue_dependents(struct probe *p)
{
	struct buf oids = BUF_INIT;
	struct pg_arg arg;
	struct err *e;

	for (size_t i = 0; i < p->renames.n; i++)
		buf_addf(&oids, "%c%u", i ? ',' : '{', p->renames.oids[i]);
	buf_addch(&oids, '}');
	arg = pg_text(buf_str(&oids));
	want(p, ON_RELATIONS);
	e = pg_queue(p->r->conn, pg_sql_probe_dependents, &arg, 1,
		     take_dependent, p);
	buf_release(&oids);
	return e;
}

/* --- what follows from the counts --- */

/* What is not printed is told by names of what there is. */
static bool may_rename(const struct probe *p)
{
	return p->renames.n || !p->known_since || changed(p, PG_TRIGGER) ||
	       pg_count_of(&p->since, PG_CLASS)->deleted ||
	       pg_count_of(&p->since, PG_PROC)->deleted ||
	       updated(p, PG_PROC) || changed(p, PG_NAMESPACE);
}

static void judge(struct probe *p)
{
	/* names of roles, tablespaces, the database's owner: in any text */
	p->everything = updated(p, PG_AUTHID) || updated(p, PG_DATABASE) ||
			updated(p, PG_TABLESPACE) || changed(p, PG_EXTENSION) ||
			updated(p, PG_ENUM);
	for (size_t i = 0; i < ARRAY_LEN(wholes); i++) {
		if (!changed(p, wholes[i].catalog))
			continue;
		pg_some_of(p->r, wholes[i].class_oid)->whole = true;
		want(p, PG_NEED_SHARED);
	}
	if (changed(p, PG_DB_ROLE_SETTING) || changed(p, PG_SECLABEL) ||
	    changed(p, PG_SHSECLABEL) || updated(p, PG_TRIGGER) ||
	    (p->pg->has_unrepresented && may_rename(p)))
		want(p, PG_NEED_UNREPRESENTED);
	if (changed(p, PG_DESCRIPTION) || p->pg->has_default_privileges ||
	    p->pg->has_extension)
		want(p, PG_NEED_SHARED);
	if (changed(p, PG_TRIGGER))
		want(p, PG_NEED_TRIGGER);
	if (changed(p, PG_POLICY))
		want(p, PG_NEED_POLICY);
	if (changed(p, PG_REWRITE))
		want(p, PG_NEED_RULE);
	if (changed(p, PG_STATISTIC_EXT))
		want(p, PG_NEED_STATISTICS);
}

/* A constraint of a domain that is gone: whose it was is not known. */
static void add_domains(struct probe *p)
{
	for (size_t i = 0; p->domains && i < p->pg->n; i++) {
		const struct pg_known *k = &p->pg->known[i];

		if (k->object && k->class_oid == PG_TYPE &&
		    starts_with(k->object->text, "CREATE DOMAIN "))
			pg_some_add(pg_some_of(p->r, PG_TYPE), k->oid);
	}
}

/* A trigger of a partition is told by what differs from its parent's. */
static void add_children(struct probe *p)
{
	struct pg_some *some = pg_some_of(p->r, PG_CLASS);

	for (size_t i = 0; updated(p, PG_TRIGGER) && i < some->n; i++)
		pg_some_add(&p->renames, some->oids[i]);
}

static bool needs_scans(const struct probe *p)
{
	return !p->known_since || inserted(p, PG_CLASS) != p->new_relations ||
	       updated(p, PG_CLASS) != p->updates ||
	       updated(p, PG_ATTRIBUTE) != p->column_updates ||
	       updated(p, PG_PROC) || inserted(p, PG_PROC) != p->new_routines ||
	       updated(p, PG_TYPE) || changed(p, PG_ENUM) ||
	       inserted(p, PG_TYPE) != p->new_types ||
	       changed(p, PG_STATISTIC_EXT);
}

/* Something has changed: what has to be read. */
static struct err *look(struct probe *p)
{
	struct err *e = NULL;

	judge(p);
	/* something that was read was rolled back */
	p->everything |= p->max_relation < p->pg->max_relation;
	if (!p->everything && needs_scans(p))
		e = ask(p, queue_scans);
	if (!e && !p->everything) {
		add_domains(p);
		add_children(p);
		if (p->renames.n)
			e = ask(p, queue_dependents);
	}
	return e;
}

static void take_counts(struct probe *p)
{
	p->pg->counts = p->now;
	p->pg->own.n = 0;
	p->pg->max_relation = p->max_relation;
	p->pg->max_type = p->max_type;
	p->pg->max_routine = p->max_routine;
}

struct err *pg_probe_all(struct schema_pg *pg, struct pg_read *r)
{
	struct probe p = { .pg = pg, .r = r };
	struct err *e = ask(&p, queue_maxima);

	if (!e)
		take_counts(&p);
	return e;
}

/* ... but for temporary tables of ours. */
static bool others_changed(const struct probe *p)
{
	return anything_changed(p) &&
	       !(p->known_since && pg_counts_is_own(&p->since, &p->pg->own));
}

struct err *pg_probe_any(struct schema_pg *pg, struct pg_read *r, bool *out)
{
	struct probe p = { .pg = pg, .r = r };
	struct err *e =
		pg_queue(r->conn, pg_sql_counts, NULL, 0, pg_count_row, &p.now);

	e = err_first(e, pg_flush(r->conn));
	if (!e)
		subtract(&p);
	*out = !e && others_changed(&p);
	return e;
}

struct err *pg_probe(struct schema_pg *pg, struct pg_read *r,
		     enum pg_extent *out)
{
	struct probe p = { .pg = pg, .r = r };
	struct err *e = ask(&p, queue_first);

	*out = PG_NOTHING;
	if (e)
		return e;
	subtract(&p);
	if (others_changed(&p)) {
		e = look(&p);
		*out = p.everything ? PG_EVERYTHING : PG_PART;
	}
	if (!e)
		take_counts(&p);
	free(p.renames.oids);
	return e;
}
