#include "base/util.h"
#include "sql/pg_parser.h"

/* ALTER: what one action does to a table, and what else a caller asks for. */

/* There is one action only: no comma outside of parentheses. */
static bool is_only_action(struct pg_parser p)
{
	while (p.t.kind != PG_TK_END) {
		if (pg_token_is_op(&p.t, ","))
			return false;
		if (pg_token_is_op(&p.t, "("))
			pg_skip_group(&p);
		else
			pg_advance(&p);
	}
	return true;
}

/* An only action that begins with one of these words destroys nothing. */
static bool is_harmless(const struct pg_parser *p)
{
	static const char *const words[] = { "add",    "rename",   "attach",
					     "detach", "validate", "owner",
					     "enable", "disable",  "cluster" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (pg_at(p, words[i]))
			return is_only_action(*p);
	return false;
}

static void rename(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	if (pg_accept(p, "to")) {
		s->verb = SQL_RENAME_TABLE;
		s->detail = pg_name(p);
		return;
	}
	if (pg_accept(p, "constraint"))
		return;
	s->verb = SQL_RENAME_COLUMN;
	pg_accept(p, "column");
	s->detail = pg_name(p);
	if (pg_accept(p, "to"))
		s->detail2 = pg_name(p);
}

/* ADD CONSTRAINT and its like, where COLUMN is left out; all reserved words */
static bool at_constraint(const struct pg_parser *p)
{
	static const char *const words[] = {
		"constraint", "check", "unique", "primary", "foreign", "exclude"
	};
	struct pg_parser ahead = *p;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (pg_at(p, words[i]))
			/* EXCLUDE may be a column too: exclude int */
			return i < 5 || (pg_advance(&ahead),
					 pg_at(&ahead, "using") ||
						 pg_token_is_op(&ahead.t, "("));
	return false;
}

static void column(struct pg_parser *p, enum sql_verb verb)
{
	if (!pg_accept(p, "column") && at_constraint(p))
		return;
	p->s->verb = verb;
	pg_if_exists(p);
	p->s->detail = pg_name(p);
}

/* DETACH PARTITION [schema.]name CONCURRENTLY */
static bool detaches_concurrently(struct pg_parser p)
{
	if (!pg_accept_words(&p, "detach partition"))
		return false;
	do
		pg_name(&p);
	while (pg_accept_op(&p, "."));
	return pg_at(&p, "concurrently");
}

static void table(struct pg_parser *p)
{
	p->s->verb = SQL_ALTER_TABLE;
	if (pg_accept_words(p, "all in tablespace"))
		return;
	pg_relation(p);
	p->s->alone = detaches_concurrently(*p);
	if (!is_harmless(p))
		pg_find_losses(p);
	if (!is_only_action(*p))
		return;
	if (pg_accept(p, "rename"))
		rename(p);
	else if (pg_accept(p, "add"))
		column(p, SQL_ADD_COLUMN);
	else if (pg_accept(p, "drop"))
		column(p, SQL_DROP_COLUMN);
}

/* What the server does on another connection: slots and refreshes. */
static bool subscription_alone(struct pg_parser p)
{
	struct pg_parser options;

	if (pg_accept_words(&p, "refresh"))
		return true;
	options = p;
	while (options.t.kind != PG_TK_END && !pg_token_is_op(&options.t, "("))
		pg_advance(&options);
	if (pg_accept(&p, "set") && pg_token_is_op(&p.t, "("))
		return pg_option(p, "failover") != PG_OPTION_ABSENT ||
		       pg_option(p, "two_phase") != PG_OPTION_ABSENT;
	pg_accept(&p, "add");
	pg_accept(&p, "drop");
	return pg_at(&p, "publication") &&
	       pg_option(options, "refresh") != PG_OPTION_OFF;
}

/* The kinds that some caller treats apart have a name here. */
static void other(struct pg_parser *p)
{
	static const char *const kinds[] = {
		"database",
		"domain",
		"extension",
		"foreign table",
		"function",
		"index",
		"materialized view",
		"policy",
		"procedure",
		"role",
		"schema",
		"sequence",
		"subscription",
		"system",
		"trigger",
		"type",
		"view",
		"default privileges",
		"publication",
		"server",
		"user",
	};
	static const char *const data[] = { "foreign table", "sequence",
					    "type" };
	struct sql_statement *s = p->s;
	bool harmless;

	s->verb = SQL_ALTER;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !s->detail; i++)
		if (pg_accept_words(p, kinds[i]))
			s->detail = kinds[i];
	if (!s->detail)
		return;
	if (streq(s->detail, "system"))
		s->alone = true;
	else if (!streq(s->detail, "default privileges"))
		pg_relation(p);
	harmless = is_harmless(p);
	if (streq(s->detail, "type"))
		s->adds_enum_value = pg_accept_words(p, "add value");
	else if (streq(s->detail, "database"))
		s->alone = pg_accept_words(p, "set tablespace");
	else if (streq(s->detail, "subscription"))
		s->alone = subscription_alone(*p);
	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		if (streq(s->detail, data[i]) && !harmless)
			pg_find_losses(p);
}

void pg_alter(struct pg_parser *p)
{
	if (pg_accept(p, "table"))
		table(p);
	else
		other(p);
}
