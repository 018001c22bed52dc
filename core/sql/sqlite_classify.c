#include "base/util.h"
#include "sql/dialect.h"
#include "sql/sqlite_lexer.h"

/*
 * What a statement is, by its first tokens, as far as SQLite's grammar
 * (https://sqlite.org/lang.html, src/parse.y) decides it by them. A statement
 * that does not follow it fails in the database; here it gets the verb
 * of its first word and the names that were found.
 */
struct parser {
	struct sqlite_lexer lexer;
	struct sqlite_token t; /* the one to look at next */
	struct sql_statement *s;
	struct arena *arena;
};

static void advance(struct parser *p)
{
	p->t = sqlite_lexer_next_solid(&p->lexer);
}

static bool at(const struct parser *p, const char *keyword)
{
	return sqlite_token_is(&p->t, keyword);
}

static bool accept(struct parser *p, const char *keyword)
{
	if (!at(p, keyword))
		return false;
	advance(p);
	return true;
}

static bool accept_op(struct parser *p, const char *op)
{
	if (!sqlite_token_is_op(&p->t, op))
		return false;
	advance(p);
	return true;
}

/* Any keyword does as a name here: SQLite knows which may be one. */
static const char *name(struct parser *p)
{
	const char *text = sqlite_token_name(&p->t, p->arena);

	if (text)
		advance(p);
	return text;
}

/* name or schema.name */
static void object(struct parser *p)
{
	struct sql_statement *s = p->s;

	s->object = name(p);
	if (!s->object || !accept_op(p, "."))
		return;
	s->schema = s->object;
	s->object = name(p);
	if (sql_same_name(SQL_SQLITE, s->schema, "temp"))
		s->temp = true;
}

static void if_exists(struct parser *p)
{
	if (!accept(p, "if"))
		return;
	accept(p, "not");
	accept(p, "exists");
}

/* OR ABORT and its like */
static void conflict_clause(struct parser *p)
{
	if (accept(p, "or"))
		advance(p);
}

/* INDEX, TRIGGER or VIEW, as detail. */
static void other_kind(struct parser *p)
{
	static const char *const kinds[] = { "index", "trigger", "view" };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (accept(p, kinds[i])) {
			p->s->detail = kinds[i];
			if_exists(p);
			object(p);
		}
	}
}

static void create(struct parser *p)
{
	if (accept(p, "temp") || accept(p, "temporary"))
		p->s->temp = true;
	else if (!accept(p, "virtual"))
		accept(p, "unique");
	if (accept(p, "table")) {
		p->s->verb = SQL_CREATE_TABLE;
		if_exists(p);
		object(p);
		return;
	}
	other_kind(p);
}

static void drop(struct parser *p)
{
	if (accept(p, "table")) {
		p->s->verb = SQL_DROP_TABLE;
		if_exists(p);
		object(p);
		return;
	}
	other_kind(p);
}

/*
 * COLUMN here is never a name but always the keyword, and TO never a column:
 * the parser takes both as keywords where it can.
 */
static void alter(struct parser *p)
{
	struct sql_statement *s = p->s;

	if (!accept(p, "table"))
		return;
	object(p);
	if (accept(p, "rename")) {
		if (accept(p, "to")) {
			s->verb = SQL_RENAME_TABLE;
			s->detail = name(p);
			return;
		}
		s->verb = SQL_RENAME_COLUMN;
		accept(p, "column");
		s->detail = name(p);
		if (accept(p, "to"))
			s->detail2 = name(p);
	} else if (accept(p, "add")) {
		s->verb = SQL_ADD_COLUMN;
		accept(p, "column");
		s->detail = name(p);
	} else if (accept(p, "drop")) {
		s->verb = SQL_DROP_COLUMN;
		accept(p, "column");
		s->detail = name(p);
	}
}

/* = value or (value), where a value is a name, a keyword or a number. */
static void pragma(struct parser *p)
{
	bool negative;

	object(p);
	if (!accept_op(p, "=") && !accept_op(p, "==") && !accept_op(p, "("))
		return;
	negative = accept_op(p, "-");
	if (!negative)
		accept_op(p, "+");
	if (p->t.kind == SQLITE_TK_NUMBER)
		p->s->detail =
			arena_printf(p->arena, "%s%.*s", negative ? "-" : "",
				     (int)p->t.len, p->t.text);
	else
		p->s->detail = name(p);
}

static void vacuum(struct parser *p)
{
	if (!at(p, "into"))
		name(p);
	if (at(p, "into"))
		p->s->detail = "INTO";
}

static void insert(struct parser *p)
{
	conflict_clause(p);
	if (accept(p, "into"))
		object(p);
}

/* Past a group in parentheses, if there is one here. */
static void skip_group(struct parser *p)
{
	size_t depth = 0;

	do {
		if (sqlite_token_is_op(&p->t, "("))
			depth++;
		else if (depth && sqlite_token_is_op(&p->t, ")"))
			depth--;
		else if (!depth)
			return;
		advance(p);
	} while (depth && p->t.kind != SQLITE_TK_END);
}

/* A word behind which only some rows are meant, at this level. */
static bool at_choice(const struct parser *p)
{
	return at(p, "where") || at(p, "from") || at(p, "limit") ||
	       at(p, "order");
}

/* To a comma at this level, a choice, RETURNING or the end. */
static bool skip_value(struct parser *p)
{
	while (p->t.kind != SQLITE_TK_END && !sqlite_token_is_op(&p->t, ",") &&
	       !at(p, "returning") && !at_choice(p)) {
		if (sqlite_token_is_op(&p->t, "("))
			skip_group(p);
		else
			advance(p);
	}
	return accept_op(p, ",");
}

static bool is_over(const struct parser *p)
{
	return p->t.kind == SQLITE_TK_END || at(p, "returning");
}

static void update(struct parser *p)
{
	conflict_clause(p);
	object(p);
	while (p->t.kind != SQLITE_TK_END && !at(p, "set"))
		advance(p); /* AS alias, INDEXED BY */
	if (!accept(p, "set"))
		return;
	do {
		bool group = accept_op(p, "(");

		do
			sql_add_set(p->s, p->arena, name(p));
		while (group && accept_op(p, ","));
		if (group)
			accept_op(p, ")");
	} while (skip_value(p));
	p->s->every_row = is_over(p);
	if (!p->s->every_row)
		p->s->n_sets = 0;
}

static void delete (struct parser *p)
{
	if (!accept(p, "from"))
		return;
	object(p);
	skip_value(p);
	p->s->every_row = is_over(p);
}

/* [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (body) [, ...] */
static void skip_with(struct parser *p)
{
	accept(p, "recursive");
	do {
		if (!name(p))
			return;
		skip_group(p);
		accept(p, "as");
		accept(p, "not");
		accept(p, "materialized");
		skip_group(p);
	} while (accept_op(p, ","));
}

/* Statements that start with this word; rest is NULL when the word says all. */
static const struct leading_word {
	const char *word;
	enum sql_verb verb;
	void (*rest)(struct parser *p);
} leading_words[] = {
	{ "insert", SQL_INSERT, insert },
	{ "replace", SQL_INSERT, insert },
	{ "update", SQL_UPDATE, update },
	{ "delete", SQL_DELETE, delete },
	{ "select", SQL_SELECT, NULL },
	{ "values", SQL_SELECT, NULL },
	/* those above may follow WITH, those below may not */
	{ "create", SQL_CREATE, create },
	{ "alter", SQL_OTHER, alter },
	{ "drop", SQL_DROP, drop },
	{ "pragma", SQL_PRAGMA, pragma },
	{ "begin", SQL_BEGIN, NULL },
	{ "commit", SQL_COMMIT, NULL },
	{ "end", SQL_COMMIT, NULL },
	{ "rollback", SQL_ROLLBACK, NULL },
	{ "savepoint", SQL_SAVEPOINT, NULL },
	{ "release", SQL_SAVEPOINT, NULL },
	{ "attach", SQL_ATTACH, NULL },
	{ "detach", SQL_ATTACH, NULL },
	{ "vacuum", SQL_VACUUM, vacuum },
	{ "reindex", SQL_REINDEX, NULL },
	{ "analyze", SQL_ANALYZE, NULL },
};

#define AFTER_WITH 6

static void classify(struct parser *p, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++) {
		const struct leading_word *w = &leading_words[i];

		if (!accept(p, w->word))
			continue;
		p->s->verb = w->verb;
		if (w->rest)
			w->rest(p);
		return;
	}
}

void sqlite_classify(struct sql_statement *s, struct arena *a)
{
	struct parser p = { .s = s, .arena = a };

	sqlite_lexer_init(&p.lexer, s->text, s->len);
	advance(&p);
	s->verb = SQL_OTHER;
	if (accept(&p, "explain")) {
		/* runs nothing, but a pragma acts while it is prepared */
		if (accept(&p, "query"))
			accept(&p, "plan");
		if (at(&p, "pragma"))
			classify(&p, ARRAY_LEN(leading_words));
	} else if (accept(&p, "with")) {
		skip_with(&p);
		classify(&p, AFTER_WITH);
	} else {
		classify(&p, ARRAY_LEN(leading_words));
	}
}
