#include "base/util.h"
#include "sql/pg_parser.h"

/* SET and RESET: which setting a session keeps, and its value. */

/* Settings that have words of their own, and their names in pg_settings. */
static const struct {
	const char *words, *setting;
} aliases[] = {
	{ "time zone", "timezone" },
	{ "session authorization", "session_authorization" },
	{ "names", "client_encoding" },
	{ "schema", "search_path" },
	{ "role", "role" },
	{ "xml option", "xmloption" },
	{ "transaction isolation level", "transaction_isolation" },
};

/* SET names = 'x' is no such word: it has a = or TO behind it. */
static bool is_alias(const struct pg_parser *behind)
{
	return !pg_token_is_op(&behind->t, "=") && !pg_at(behind, "to");
}

/* name[.name ...], in lower case with quotes too */
static const char *setting(struct pg_parser *p)
{
	const char *name;
	char *lower;

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		struct pg_parser ahead = *p;

		if (!pg_accept_words(&ahead, aliases[i].words) ||
		    !is_alias(&ahead))
			continue;
		*p = ahead;
		return aliases[i].setting;
	}
	name = pg_name(p);
	while (name && pg_accept_op(p, ".")) {
		const char *last = pg_name(p);

		name = arena_printf(p->arena, "%s.%s", name, last ? last : "");
	}
	if (!name)
		return NULL;
	lower = arena_strdup(p->arena, name);
	for (char *c = lower; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	return lower;
}

/* One word without its quotes, more as they are written. */
static const char *value(struct pg_parser *p)
{
	const char *text = p->t.text, *end = p->s->text + p->s->len;
	const char *one = pg_token_name(&p->t, p->arena);

	if (!one)
		one = pg_token_value(&p->t, p->arena);
	if (p->t.kind == PG_TK_END || pg_accept(p, "default"))
		return NULL;
	pg_advance(p);
	if (p->t.kind == PG_TK_END && one)
		return one;
	return arena_strndup(p->arena, text, (size_t)(end - text));
}

void pg_set(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	if (pg_accept_words(p, "session characteristics as transaction")) {
		s->object = "session characteristics";
		s->detail = value(p);
		return;
	}
	if (pg_accept(p, "local")) {
		s->detail2 = "local";
	} else if (pg_at(p, "session")) {
		struct pg_parser ahead = *p;

		if (!pg_accept_words(&ahead, "session authorization"))
			pg_advance(p);
	}
	if (pg_at(p, "transaction") || pg_at(p, "constraints"))
		s->detail2 = "local";
	s->object = setting(p);
	if (!pg_accept_op(p, "="))
		pg_accept(p, "to");
	/* SET TIME ZONE LOCAL is the default */
	if (s->object && streq(s->object, "timezone") && pg_at(p, "local"))
		return;
	s->detail = value(p);
}

void pg_begin_modes(struct pg_parser *p)
{
	const char *level = NULL;

	if (!pg_accept_words(p, "isolation level"))
		return;
	if (pg_accept(p, "serializable"))
		level = "serializable";
	else if (pg_accept_words(p, "repeatable read"))
		level = "repeatable read";
	p->s->object = level ? "transaction_isolation" : NULL;
	p->s->detail = level;
}

void pg_reset(struct pg_parser *p)
{
	p->s->object = setting(p);
}

static const char *argument(struct pg_parser *p, const char *behind)
{
	const char *text = pg_token_value(&p->t, p->arena);

	pg_advance(p);
	return pg_accept_op(p, behind) ? text : NULL;
}

bool pg_set_config(struct pg_parser p)
{
	struct sql_statement *s = p.s;
	const char *name, *text;
	bool local;

	if (pg_accept(&p, "pg_catalog"))
		pg_accept_op(&p, ".");
	if (!pg_accept(&p, "set_config") || !pg_accept_op(&p, "("))
		return false;
	name = argument(&p, ",");
	text = name ? argument(&p, ",") : NULL;
	local = pg_at(&p, "true");
	if (!text || (!pg_accept(&p, "true") && !pg_accept(&p, "false")) ||
	    !pg_accept_op(&p, ")") || p.t.kind != PG_TK_END)
		return false;
	s->verb = SQL_SET;
	s->kind = SQL_KIND_READ;
	s->object = name;
	s->detail = text;
	s->detail2 = local ? "local" : NULL;
	return true;
}
