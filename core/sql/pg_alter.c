#include "base/util.h"
#include "sql/pg_parser.h"

/*
 * ALTER: what one action does to a table, and which actions have to be parsed
 * to know what they take away.
 *
 * libpg_query walks a tree by recursion and has no limit of its own: 5,000
 * times "1 +" overflow a stack of 8 MB. Only an action holds an expression.
 */
#define ACTION_MAX_TOKENS 1000

/* Past the action; its number of tokens, and in *end where the last ends. */
static size_t skip_action(struct pg_parser *p, const char **end)
{
	size_t depth = 0, n = 0;

	*end = p->t.text;
	while (p->t.kind != PG_TK_END &&
	       (depth || !pg_token_is_op(&p->t, ","))) {
		*end = p->t.text + p->t.len;
		depth = pg_step(p, depth);
		n++;
	}
	return n;
}

static bool is_only_action(struct pg_parser p)
{
	const char *end;

	skip_action(&p, &end);
	return p.t.kind == PG_TK_END;
}

/* ALTER [COLUMN] name ..., whatever later versions let be set there */
static bool is_harmless_to_column(struct pg_parser p)
{
	static const char *const set[] = { "storage", "statistics",
					   "default", "compression",
					   "not",     "expression" };
	static const char *const drop[] = { "default", "not", "expression" };
	static const char *const others[] = { "reset", "options", "add" };

	if (!pg_accept(&p, "column") && pg_at(&p, "constraint"))
		return true;
	pg_name(&p);
	if (pg_accept(&p, "set"))
		return pg_token_is_op(&p.t, "(") ||
		       pg_at_one_of(&p, set, ARRAY_LEN(set));
	if (pg_accept(&p, "drop"))
		return pg_at_one_of(&p, drop, ARRAY_LEN(drop));
	return pg_at_one_of(&p, others, ARRAY_LEN(others));
}

/* No data is lost by the action; its first words say so. */
static bool is_harmless(struct pg_parser p)
{
	static const char *const words[] = {
		"add",    "rename",  "attach",  "detach",  "validate", "owner",
		"enable", "disable", "cluster", "inherit", "no",       "of",
		"not",    "replica", "force",   "options", "set",      "reset",
	};

	if (pg_accept(&p, "drop"))
		return pg_at(&p, "constraint");
	if (pg_accept(&p, "alter"))
		return is_harmless_to_column(p);
	return pg_at_one_of(&p, words, ARRAY_LEN(words));
}

/*
 * The parser stands at the first action. Those that are harmless are left
 * out, so that the statement is understood if only they are from a version
 * later than the parser's.
 */
static void find_losses(struct pg_parser p)
{
	struct buf text = BUF_INIT;
	size_t kept = 0, longest = 0;

	buf_add(&text, p.s->text, (size_t)(p.t.text - p.s->text));
	do {
		bool harmless = is_harmless(p);
		const char *action = p.t.text, *end;
		size_t n = skip_action(&p, &end);

		if (harmless)
			continue;
		if (kept++)
			buf_addch(&text, ',');
		buf_add(&text, action, (size_t)(end - action));
		longest = n > longest ? n : longest;
	} while (pg_accept_op(&p, ","));
	if (longest > ACTION_MAX_TOKENS)
		p.s->unknown = true;
	else if (kept)
		pg_find_losses(&p, buf_str(&text));
	buf_release(&text);
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
	find_losses(*p);
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

static void other(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	s->detail = pg_kind(p);
	s->unknown = !s->detail;
	if (s->unknown)
		return;
	if (streq(s->detail, "system"))
		s->alone = true;
	else if (!streq(s->detail, "default privileges"))
		pg_relation(p);
	if (streq(s->detail, "type"))
		s->adds_enum_value = pg_at_words(p, "add value");
	else if (streq(s->detail, "database"))
		s->alone = pg_at_words(p, "set tablespace");
	else if (streq(s->detail, "subscription"))
		s->alone = subscription_alone(*p);
	if (streq(s->detail, "type") || streq(s->detail, "foreign table"))
		find_losses(*p);
	else if (streq(s->detail, "sequence") && !is_harmless(*p))
		pg_find_losses(p, pg_text(p));
}

void pg_alter(struct pg_parser *p)
{
	p->s->verb = SQL_ALTER;
	if (pg_accept(p, "table"))
		table(p);
	else
		other(p);
}
