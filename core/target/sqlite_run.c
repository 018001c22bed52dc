#include "target/sqlite_driver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "base/xalloc.h"
#include "sql/sqlite_lexer.h"

/* The place of a byte of the statement, or of the statement (offset < 0). */
static struct err *place(struct err *e, const struct sql_statement *s,
			 int offset)
{
	struct err_at at = { "", s->line, s->col };
	unsigned line, col;
	char *text;

	if (offset > 0 && (size_t)offset <= s->len) {
		text = xstrndup(s->text, s->len);
		text_position(text, (size_t)offset, &line, &col);
		free(text);
		at.col = line == 1 ? s->col + col - 1 : col;
		at.line = s->line + line - 1;
	}
	return err_at(e, at);
}

bool sqlite_is_late(const struct sqlite_target *t)
{
	return t->base.deadline_us && clock_steady_us() >= t->base.deadline_us;
}

/* Why a statement did not prepare or run. */
static struct err *run_error(struct sqlite_target *t,
			     const struct sql_statement *s, int offset)
{
	struct sqlite_guard *g = &t->guard;
	struct err *e;

	if (g->reason) {
		e = err_new(ERR_TARGET, "%s", g->reason);
		if (g->hint)
			e = err_hint(e, g->hint);
		return place(e, s, -1);
	}
	if ((sqlite3_errcode(t->db) & 0xff) == SQLITE_INTERRUPT) {
		if ((e = cancel_check()))
			return e;
		if (sqlite_is_late(t))
			return place(err_new(ERR_TARGET, "statement timeout"),
				     s, -1);
	}
	return place(target_sqlite_error(t->db, NULL), s, offset);
}

/*
 * SQLite stops at the end of the first statement; more text would be skipped
 * in silence, or would run without having been looked at.
 */
static struct err *check_tail(const struct sql_statement *s, const char *tail)
{
	struct sqlite_lexer lexer;
	struct sqlite_token token;

	sqlite_lexer_init(&lexer, tail, s->len - (size_t)(tail - s->text));
	do
		token = sqlite_lexer_next_solid(&lexer);
	while (token.kind == SQLITE_TK_SEMICOLON);
	if (token.kind == SQLITE_TK_END)
		return NULL;
	return place(err_new(ERR_TARGET, "text after the end of the statement"),
		     s, (int)(token.text - s->text));
}

static struct err *prepare(struct sqlite_target *t,
			   const struct sql_statement *s, sqlite3_stmt **out)
{
	const char *tail = s->text;

	*out = NULL;
	/* SQLite takes the length as an int and refuses 1,000,000,000 bytes */
	if (s->len > 1000000000)
		return place(err_new(ERR_TARGET, "the statement is too long"),
			     s, -1);
	if (sqlite3_prepare_v3(t->db, s->text, (int)s->len, 0, out, &tail) !=
	    SQLITE_OK)
		return run_error(t, s, sqlite3_error_offset(t->db));
	return check_tail(s, tail);
}

/* Tell who watches which tables the statement may write. */
static void announce(struct sqlite_target *t)
{
	const struct target_watch *watch = t->base.watch;
	struct sqlite_guard *g = &t->guard;

	if (!watch || !watch->may_write)
		return;
	g->running = false;
	for (size_t i = 0; i < g->n_writes; i++)
		watch->may_write(watch->payload, g->writes[i].table,
				 g->writes[i].column);
	g->running = true;
}

static struct err *step(struct sqlite_target *t, const struct sql_statement *s,
			sqlite3_stmt *stmt)
{
	int rc;

	t->guard.stepping = true;
	do
		rc = sqlite3_step(stmt);
	while (rc == SQLITE_ROW);
	return rc == SQLITE_DONE ? NULL : run_error(t, s, -1);
}

/* What was seen outlives the statement, whether it succeeded or not. */
static void fold_seen(struct sqlite_target *t, bool explained, int64_t rows)
{
	struct target_seen *all = &t->base.seen;
	const struct target_seen *one = &t->guard.seen;

	t->settings_touched |= one->pragma;
	t->like_touched |= t->guard.like;
	all->pragma |= one->pragma;
	/* EXPLAIN PRAGMA sets, EXPLAIN of anything else does nothing */
	if (!t->guard.stepping || explained)
		return;
	t->temp_touched |= one->temporary;
	all->created |= one->created;
	all->changed |= one->changed;
	all->wrote |= one->wrote;
	all->temporary |= one->temporary;
	/* a virtual table fills its shadow tables when it is made */
	if (!t->guard.ddl)
		all->rows += rows;
}

struct err *sqlite_run(struct target *base, const struct sql_statement *s)
{
	struct sqlite_target *t = sqlite_target_of(base);
	int64_t before = sqlite3_total_changes64(t->db);
	sqlite3_stmt *stmt = NULL;
	bool explained = false;
	struct err *e;

	assert(!t->guard.running);
	if ((e = cancel_check()))
		return e;
	if ((e = sqlite_guard_text(s)))
		return place(e, s, -1);
	/* pragmas act while they are prepared, EXPLAINed ones too */
	if ((s->verb == SQL_PRAGMA || s->verb == SQL_OTHER) &&
	    (e = sqlite_settings_learn(t)))
		return e;
	sqlite_guard_reset(&t->guard);
	t->guard.running = true;
	e = prepare(t, s, &stmt);
	if (!e && stmt) {
		explained = sqlite3_stmt_isexplain(stmt) != 0;
		if (!explained)
			announce(t);
		e = step(t, s, stmt);
	}
	sqlite3_finalize(stmt);
	t->guard.running = false;
	fold_seen(t, explained, sqlite3_total_changes64(t->db) - before);
	return e;
}
