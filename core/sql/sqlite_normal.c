#include <string.h>

#include "base/util.h"
#include "sql/dialect.h"
#include "sql/sqlite_lexer.h"

/*
 * The trap in SQLite's names: a word in double quotes that names no column is
 * a string (https://sqlite.org/quirks.html, section 8), and only the database
 * knows. So such a word is a name here where the grammar takes nothing else,
 * and stays as written elsewhere. The same goes for the bare words that
 * SQLite takes as strings (DEFAULT x, ATTACH x) or hands to a module.
 */
enum mode {
	FOLD,    /* words are names and keywords */
	VALUES,  /* bare words fold, quoted ones stay: PRAGMA, VACUUM */
	LITERAL, /* every token stays: ATTACH, arguments of a virtual table */
};

/* Where we are on the way to the list of columns in CREATE TABLE t (...) and
 * INSERT INTO t (...). */
enum columns {
	BEFORE_TABLE,
	TABLE_NAME, /* it comes next */
	AFTER_NAME,
	IN_COLUMNS,
	NO_COLUMNS, /* behind them, or there are none */
};

struct normal {
	struct buf *out;
	const struct sql_statement *s;
	enum mode mode;
	enum columns columns;
	size_t depth; /* of parentheses */
	size_t ons;   /* words ON seen outside of parentheses */
	struct sqlite_token before2, before, t, after;
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

/* CREATE INDEX i ON "t", CREATE TRIGGER r AFTER INSERT ON "t" */
static bool is_table_of(const struct normal *n)
{
	return n->s->verb == SQL_CREATE && n->ons == 1 && !n->depth &&
	       sqlite_token_is(&n->before, "on");
}

/* A name in the list of columns that follows a table's name. */
static bool is_column_of_list(const struct normal *n)
{
	return n->columns == IN_COLUMNS && n->depth == 1 &&
	       (sqlite_token_is_op(&n->before, "(") ||
		sqlite_token_is_op(&n->before, ","));
}

/* The grammar takes nothing but a name here. */
static bool is_surely_name(const struct normal *n)
{
	/* behind one of these, or it is an alias, if the word is a column */
	static const char *const introduce[] = {
		"table",  "into", "update",     "from",       "join",
		"to",     "as",   "references", "constraint", "add",
		"column", "drop", "rename",     "set",        "exists",
		"index",  "view", "trigger",
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
	return is_table_of(n) || is_column_of_list(n);
}

/* Without needless quotes; sure: no string can be meant in this place. */
static void add_name(struct normal *n, bool sure)
{
	const char *s = n->t.text + 1, *end = n->t.text + n->t.len - 1;
	char from = n->t.text[0], to = sure ? '"' : '`';

	buf_reset(&n->name);
	for (; s < end; s++) {
		buf_addch(&n->name, *s);
		if (*s == from && from != '[')
			s++;
	}
	if (is_plain_name(n->name.data, n->name.len)) {
		add_folded(n->out, n->name.data, n->name.len);
		return;
	}
	buf_addch(n->out, to);
	for (size_t i = 0; i < n->name.len; i++) {
		if (n->name.data[i] == to)
			buf_addch(n->out, to);
		add_folded(n->out, n->name.data + i, 1);
	}
	buf_addch(n->out, to);
}

static void add_quoted(struct normal *n)
{
	bool sure = is_surely_name(n);

	if (n->mode == VALUES || sqlite_token_is(&n->before, "default") ||
	    (n->t.text[0] == '"' && !sure))
		buf_add(n->out, n->t.text, n->t.len);
	else
		add_name(n, sure);
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
	bool folds = n->t.kind == SQLITE_TK_WORD && !is_default_string(n);

	if (n->t.kind == SQLITE_TK_NAME && n->mode != LITERAL)
		add_quoted(n);
	else if (folds && n->mode != LITERAL)
		add_folded(n->out, n->t.text, n->t.len);
	else
		buf_add(n->out, n->t.text, n->t.len);
}

static enum columns next_columns(const struct normal *n)
{
	switch (n->columns) {
	case BEFORE_TABLE:
		return sqlite_token_is(&n->t, "table") ||
				       sqlite_token_is(&n->t, "into")
			       ? TABLE_NAME
			       : BEFORE_TABLE;
	case TABLE_NAME:
		return sqlite_token_is(&n->t, "if") ||
				       sqlite_token_is(&n->t, "not") ||
				       sqlite_token_is(&n->t, "exists")
			       ? TABLE_NAME
			       : AFTER_NAME;
	case AFTER_NAME:
		if (sqlite_token_is_op(&n->t, "."))
			return TABLE_NAME;
		return sqlite_token_is_op(&n->t, "(") ? IN_COLUMNS : NO_COLUMNS;
	case IN_COLUMNS:
		return n->depth ? IN_COLUMNS : NO_COLUMNS;
	case NO_COLUMNS:
		break;
	}
	return NO_COLUMNS;
}

/* How the tokens behind this one are treated. */
static enum mode next_mode(const struct normal *n)
{
	bool vtab = n->s->verb == SQL_CREATE_TABLE && !n->depth &&
		    sqlite_token_is(&n->t, "using");

	if (n->s->verb == SQL_ATTACH || vtab)
		return LITERAL;
	if (n->s->verb == SQL_PRAGMA || n->s->verb == SQL_VACUUM)
		return VALUES;
	return n->mode;
}

/* Take note of the token that was written. */
static void follow(struct normal *n)
{
	if (sqlite_token_is_op(&n->t, "("))
		n->depth++;
	else if (n->depth && sqlite_token_is_op(&n->t, ")"))
		n->depth--;
	else if (!n->depth && sqlite_token_is(&n->t, "on"))
		n->ons++;
	n->columns = next_columns(n);
	n->mode = next_mode(n);
	n->before2 = n->before;
	n->before = n->t;
}

static void add_statement(struct normal *n, const struct sql_statement *s)
{
	struct sqlite_lexer lexer;

	sqlite_lexer_init(&lexer, s->text, s->len);
	memset(&n->before, 0, sizeof(n->before));
	n->before2 = n->before;
	n->s = s;
	n->mode = FOLD;
	n->columns = s->verb == SQL_CREATE_TABLE || s->verb == SQL_INSERT
			     ? BEFORE_TABLE
			     : NO_COLUMNS;
	n->depth = n->ons = 0;
	n->t = sqlite_lexer_next_solid(&lexer);
	while (n->t.kind != SQLITE_TK_END) {
		n->after = sqlite_lexer_next_solid(&lexer);
		if (n->before.kind != SQLITE_TK_END)
			buf_addch(n->out, ' ');
		add_token(n);
		follow(n);
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
