#include <string.h>

#include "base/util.h"
#include "sql/dialect.h"
#include "sql/sqlite_lexer.h"

/*
 * The trap in SQLite's names: a word in double quotes that names no column is
 * a string (https://sqlite.org/quirks.html, section 8), so VALUES ("A") and
 * VALUES ("a") may differ, and only the database knows. Such a word is folded
 * where the grammar takes nothing but a name. Elsewhere it stays as written
 * if it has capitals, and in a view or trigger, where a bare name that does
 * not exist is no error either, in any case. The same goes for the bare words
 * that SQLite takes as strings (DEFAULT x, ATTACH x) or hands to a module.
 */
enum mode {
	FOLD,    /* words are names and keywords */
	LATE,    /* the same, in a statement whose names are looked up later */
	VALUES,  /* bare words fold, quoted ones stay: PRAGMA, VACUUM */
	LITERAL, /* every token stays: ATTACH, arguments of a virtual table */
};

struct normal {
	struct buf *out;
	enum mode mode;
	struct sqlite_token before2, before, t, after;
	bool vtab;       /* CREATE VIRTUAL TABLE, not yet at its USING */
	struct buf name; /* scratch */
};

static void add_folded(struct buf *out, const char *s, size_t n)
{
	char *to = buf_reserve(out, n);

	buf_add(out, s, n);
	if (out->full)
		return;
	for (size_t i = 0; i < n; i++)
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] |= 0x20;
}

static bool has_capital(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			return true;
	return false;
}

/* The word means the same without quotes. */
static bool is_plain_name(const char *s, size_t n)
{
	/* not keywords, but their quotes can matter */
	static const char *const special[] = { "true",  "false",   "rowid",
					       "oid",   "_rowid_", "strict",
					       "stored" };
	struct sqlite_lexer l;
	struct sqlite_token t;

	sqlite_lexer_init(&l, s, n);
	t = sqlite_lexer_next(&l);
	if (t.kind != SQLITE_TK_WORD || t.len != n || sqlite_is_keyword(s, n))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (sqlite_token_is(&t, special[i]))
			return false;
	return true;
}

/* The grammar takes nothing but a name here. */
static bool is_surely_name(const struct normal *n)
{
	static const char *const introduce[] = {
		"table", "into",       "update",     "from", "join",
		"to",    "references", "constraint", "add",  "as",
	};

	if (sqlite_token_is_op(&n->before, ".") ||
	    sqlite_token_is_op(&n->after, "."))
		return true;
	if (sqlite_token_is(&n->before, "from") &&
	    sqlite_token_is(&n->before2, "distinct"))
		return false; /* IS DISTINCT FROM "x" */
	for (size_t i = 0; i < ARRAY_LEN(introduce); i++)
		if (sqlite_token_is(&n->before, introduce[i]))
			return true;
	return false;
}

static bool stays(const struct normal *n)
{
	if (n->mode == VALUES || sqlite_token_is(&n->before, "default"))
		return true;
	if (n->t.text[0] != '"' || is_surely_name(n))
		return false;
	return n->mode == LATE || has_capital(n->t.text, n->t.len);
}

static void add_name(struct normal *n)
{
	const char *s = n->t.text + 1, *end = n->t.text + n->t.len - 1;
	char quote = n->t.text[0];

	buf_reset(&n->name);
	for (; s < end; s++) {
		buf_addch(&n->name, *s);
		if (*s == quote && quote != '[')
			s++;
	}
	if (is_plain_name(n->name.data, n->name.len)) {
		add_folded(n->out, n->name.data, n->name.len);
		return;
	}
	buf_addch(n->out, '"');
	for (size_t i = 0; i < n->name.len; i++) {
		if (n->name.data[i] == '"')
			buf_addch(n->out, '"');
		add_folded(n->out, n->name.data + i, 1);
	}
	buf_addch(n->out, '"');
}

/* DEFAULT x is the string 'x' but for the words that are values. */
static bool is_default_string(const struct normal *n)
{
	static const char *const values[] = {
		"null",         "true",         "false",
		"current_time", "current_date", "current_timestamp",
		"values",
	};

	if (!sqlite_token_is(&n->before, "default"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (sqlite_token_is(&n->t, values[i]))
			return false;
	return true;
}

static void add_token(struct normal *n)
{
	if (n->mode == LITERAL)
		buf_add(n->out, n->t.text, n->t.len);
	else if (n->t.kind == SQLITE_TK_NAME && !stays(n))
		add_name(n);
	else if (n->t.kind == SQLITE_TK_WORD && !is_default_string(n))
		add_folded(n->out, n->t.text, n->t.len);
	else
		buf_add(n->out, n->t.text, n->t.len);
}

/* How the words behind the first one are treated. */
static enum mode mode_of(const struct sql_statement *s)
{
	if (s->verb == SQL_PRAGMA || s->verb == SQL_VACUUM)
		return VALUES;
	if (s->verb == SQL_ATTACH)
		return LITERAL;
	if (s->verb == SQL_CREATE && s->detail && !streq(s->detail, "index"))
		return LATE;
	return FOLD;
}

static void add_statement(struct normal *n, const struct sql_statement *s)
{
	struct sqlite_lexer lexer;
	size_t seen = 0;

	sqlite_lexer_init(&lexer, s->text, s->len);
	memset(&n->before, 0, sizeof(n->before));
	n->before2 = n->before;
	n->mode = FOLD;
	n->vtab = false;
	n->t = sqlite_lexer_next_solid(&lexer);
	while (n->t.kind != SQLITE_TK_END) {
		n->after = sqlite_lexer_next_solid(&lexer);
		if (seen)
			buf_addch(n->out, ' ');
		add_token(n);
		if (!seen++)
			n->mode = mode_of(s);
		if (sqlite_token_is(&n->t, "virtual") && seen == 2)
			n->vtab = s->verb == SQL_CREATE_TABLE;
		else if (n->vtab && sqlite_token_is(&n->t, "using"))
			n->mode = LITERAL;
		n->before2 = n->before;
		n->before = n->t;
		n->t = n->after;
	}
}

void sqlite_normal_form(struct buf *out, const struct sql_script *script)
{
	struct normal n = { .out = out, .name = BUF_INIT };

	for (size_t i = 0; i < script->n; i++) {
		if (i)
			buf_add(out, ";\n", 2);
		add_statement(&n, &script->statements[i]);
	}
	buf_release(&n.name);
}
