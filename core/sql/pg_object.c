#include "base/util.h"
#include "sql/pg_parser.h"

/*
 * CREATE and DROP, and of ALTER the kind of the object and its name, as far as
 * https://www.postgresql.org/docs/current/sql-commands.html decides it by the
 * first words. The longer kind stands before the one it begins with.
 */
static const char *const kinds[] = {
	"access method",
	"aggregate",
	"cast",
	"collation",
	"conversion",
	"database",
	"default privileges",
	"domain",
	"event trigger",
	"extension",
	"foreign data wrapper",
	"foreign table",
	"function",
	"group",
	"index",
	"language",
	"large object",
	"materialized view",
	"operator class",
	"operator family",
	"operator",
	"owned",
	"policy",
	"procedure",
	"publication",
	"role",
	"routine",
	"rule",
	"schema",
	"sequence",
	"server",
	"statistics",
	"subscription",
	"system",
	"table",
	"tablespace",
	"text search configuration",
	"text search dictionary",
	"text search parser",
	"text search template",
	"transform",
	"trigger",
	"type",
	"user mapping",
	"user",
	"view",
};

const char *pg_kind(struct pg_parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (pg_accept_words(p, kinds[i]))
			return kinds[i];
	return NULL;
}

static bool is_kind(const struct pg_parser *p, const char *kind)
{
	return p->s->detail && streq(p->s->detail, kind);
}

/* The words between CREATE and the kind. */
static void modifiers(struct pg_parser *p)
{
	static const char *const words[] = {
		"or",         "replace",   "local",      "global",
		"unlogged",   "unique",    "constraint", "trusted",
		"procedural", "recursive", "default",
	};
	size_t i = 0;

	while (i < ARRAY_LEN(words)) {
		if (pg_accept(p, "temp") || pg_accept(p, "temporary"))
			p->s->temp = true;
		i = pg_accept(p, words[i]) ? 0 : i + 1;
	}
}

/* WITH (...) of CREATE SUBSCRIPTION: the slot is made outside of it all. */
static bool makes_slot(struct pg_parser p)
{
	while (p.t.kind != PG_TK_END && !pg_accept(&p, "with"))
		pg_advance(&p);
	return pg_option(p, "create_slot") != PG_OPTION_OFF &&
	       pg_option(p, "connect") != PG_OPTION_OFF;
}

static bool is_cluster_wide(const struct pg_parser *p)
{
	return is_kind(p, "database") || is_kind(p, "tablespace");
}

void pg_create(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	modifiers(p);
	s->detail = pg_kind(p);
	if (is_kind(p, "index"))
		s->alone = pg_accept(p, "concurrently");
	pg_if_exists(p);
	if (is_kind(p, "schema"))
		pg_accept(p, "authorization");
	if (s->detail && !pg_at(p, "on") && !is_kind(p, "transform") &&
	    !is_kind(p, "user mapping"))
		pg_object(p);
	if (is_cluster_wide(p) ||
	    (is_kind(p, "subscription") && makes_slot(*p)))
		s->alone = true;
	if (is_kind(p, "table")) {
		s->verb = SQL_CREATE_TABLE;
		s->detail = NULL;
	}
}

/* Kinds whose loss is somebody's data. */
static bool holds_data(const struct pg_parser *p)
{
	static const char *const data[] = {
		"table",     "materialized view",
		"sequence",  "schema",
		"extension", "type",
		"domain",    "owned",
		"database",
	};

	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		if (is_kind(p, data[i]))
			return true;
	return !p->s->detail;
}

void pg_drop(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	pg_accept(p, "trusted");
	pg_accept(p, "procedural");
	s->detail = pg_kind(p);
	if (is_kind(p, "index"))
		s->alone = pg_accept(p, "concurrently");
	if (is_kind(p, "owned"))
		pg_accept(p, "by");
	pg_if_exists(p);
	if (s->detail && !is_kind(p, "transform") &&
	    !is_kind(p, "user mapping"))
		pg_object(p);
	if (is_cluster_wide(p) || is_kind(p, "subscription"))
		s->alone = true;
	if (holds_data(p))
		pg_find_losses(p, pg_text(p));
	if (is_kind(p, "table")) {
		s->verb = SQL_DROP_TABLE;
		s->detail = NULL;
	}
}
