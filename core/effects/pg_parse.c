#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "effects/effects_pg.h"
#include "effects/pg_tree.h"
#include "effects/pg_walk.h"

#define NESTING_MAX 8 /* of texts in texts */

/* The statements of a text, one after the other. */

static void refused(struct pe_walk *w, const char *why)
{
	pe_uncertain(w,
		     pe_printf(w, "a statement that does not parse (%s)", why),
		     -1);
}

static const char *slice(struct pe_walk *w, const char *sql,
			 const PgQuery__RawStmt *s)
{
	size_t len = strlen(sql), from = (size_t)s->stmt_location, n;

	if (s->stmt_location < 0 || from > len)
		return sql;
	n = s->stmt_len > 0 ? (size_t)s->stmt_len : len - from;
	return arena_strndup(w->arena, sql + from,
			     n > len - from ? len - from : n);
}

/* Places in it are not those of the file: its line is all that is known. */
void pe_nested(struct pe_walk *w, const char *sql, unsigned line)
{
	struct pe_walk before = *w;
	struct pe_tree tree;

	if (w->nesting >= NESTING_MAX) {
		refused(w, "too many texts in texts");
		return;
	}
	w->nesting++;
	w->line = line;
	w->col = 0;
	if (!pe_tree_parse(&tree, sql))
		refused(w, tree.error);
	for (size_t i = 0; tree.result && i < tree.result->n_stmts; i++) {
		w->text = slice(w, sql, tree.result->stmts[i]);
		if (tree.result->stmts[i]->stmt)
			pe_statement(w, tree.result->stmts[i]->stmt);
	}
	pe_tree_release(&tree);
	w->nesting = before.nesting;
	w->line = before.line;
	w->col = before.col;
	w->text = before.text;
}

static void one(struct pe_walk *w, const struct sql_statement *s)
{
	char *text = xstrndup(s->text, s->len);
	struct pe_tree tree;

	w->line = s->line;
	w->col = s->col;
	w->text = text;
	if (!pe_tree_parse(&tree, text))
		refused(w, tree.error);
	for (size_t i = 0; tree.result && i < tree.result->n_stmts; i++)
		if (tree.result->stmts[i]->stmt)
			pe_statement(w, tree.result->stmts[i]->stmt);
	pe_tree_release(&tree);
	free(text);
	w->text = NULL;
}

/* A backslash escapes in '...': the parser reads strings otherwise. */
static bool sets_strings(const struct sql_statement *s)
{
	return s->verb == SQL_SET && s->object &&
	       streq(s->object, "standard_conforming_strings") && s->detail &&
	       streq(s->detail, "off");
}

void effects_pg_parse(struct effects *out, const char *text, size_t len,
		      unsigned first_line)
{
	struct arena arena = ARENA_INIT;
	struct pe_walk w = { .out = out, .arena = &arena, .line = first_line };
	struct sql_script script;
	struct err *err =
		sql_split(&script, SQL_POSTGRESQL, text, len, first_line);
	bool otherwise = false;

	if (err) {
		if (err_at_of(err) && err_at_of(err)->line)
			w.line = err_at_of(err)->line;
		refused(&w, err_text(err));
		err_free(err);
	}
	for (size_t i = 0; i < script.n; i++) {
		const struct sql_statement *s = &script.statements[i];

		w.statement = i;
		otherwise = otherwise || sets_strings(s);
		if (otherwise && memchr(s->text, '\\', s->len)) {
			w.line = s->line;
			w.col = s->col;
			refused(&w, "standard_conforming_strings is off");
		} else {
			one(&w, s);
		}
	}
	sql_script_release(&script);
	arena_release(&arena);
}
