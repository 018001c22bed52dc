#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/text.h"
#include "base/util.h"
#include "effects/replay_fx.h"
#include "sql/sqlite_lexer.h"

/* One migration, run as apply would run it. */

struct run {
	struct replay_sqlite *r;
	const struct replay_script *script;
	struct replay_result *result;
	struct sql_script split;
	struct fx *fx; /**< gathers effects; NULL = nobody asks */
	bool around;   /**< it has a PRAGMA foreign_keys */
	int64_t violations;
};

/* The place of a byte of a statement, from its first one. */
static void move_place(struct replay_result *result,
		       const struct sql_statement *s, int offset)
{
	unsigned line, col;
	char *text;

	if (offset <= 0 || (size_t)offset > s->len)
		return;
	text = xstrndup(s->text, s->len);
	text_position(text, (size_t)offset, &line, &col);
	free(text);
	result->col = line == 1 ? s->col + col - 1 : col;
	result->line = s->line + line - 1;
}

static void end_at_limit(struct run *run, const struct sql_statement *s)
{
	const struct replay_limits *limits = &run->r->base.limits;

	if (run->r->guard.late)
		replay_end(run->result, REPLAY_LIMIT, s,
			   "it takes longer than %lld ms",
			   (long long)limits->deadline_ms);
	else
		replay_end(run->result, REPLAY_LIMIT, s,
			   "it needs more than %lld MiB of memory",
			   (long long)(limits->memory_bytes >> 20));
}

/* Why a statement did not prepare or run; only a Ctrl-C is an error. */
static struct err *note_failure(struct run *run, const struct sql_statement *s)
{
	struct replay_sqlite *r = run->r;
	struct replay_guard *g = &r->guard;
	struct err *e;

	if (g->reason) {
		replay_end(run->result,
			   g->refused ? REPLAY_LIMIT : REPLAY_FAILED, s, "%s",
			   g->reason);
		return NULL;
	}
	switch (sqlite3_errcode(r->db) & 0xff) {
	case SQLITE_INTERRUPT:
		if ((e = cancel_check()))
			return e;
		end_at_limit(run, s);
		break;
	case SQLITE_NOMEM:
	case SQLITE_FULL:
		end_at_limit(run, s);
		break;
	case SQLITE_TOOBIG:
		replay_end(run->result, REPLAY_LIMIT, s,
			   "a value or statement is too big to be replayed");
		break;
	default:
		replay_end(run->result, REPLAY_FAILED, s, "%s",
			   sqlite3_errmsg(r->db));
		move_place(run->result, s, sqlite3_error_offset(r->db));
	}
	return NULL;
}

/* SQLite stops at the end of the first statement. */
static void check_tail(struct run *run, const struct sql_statement *s,
		       const char *tail)
{
	struct sqlite_lexer lexer;
	struct sqlite_token token;

	sqlite_lexer_init(&lexer, tail, s->len - (size_t)(tail - s->text));
	do
		token = sqlite_lexer_next_solid(&lexer);
	while (token.kind == SQLITE_TK_SEMICOLON);
	if (token.kind != SQLITE_TK_END)
		replay_end(run->result, REPLAY_FAILED, s,
			   "text after the end of the statement");
}

static bool is_fine(const struct run *run)
{
	return run->result->end == REPLAY_FINE;
}

static struct err *run_statement(struct run *run, const struct sql_statement *s)
{
	struct replay_sqlite *r = run->r;
	const char *tail = s->text;
	sqlite3_stmt *stmt = NULL;
	struct err *e = cancel_check();
	bool told = false;
	int rc;

	if (e)
		return e;
	replay_guard_reset(&r->guard);
	if (run->fx)
		fx_before_statement(run->fx,
				    (size_t)(s - run->split.statements));
	r->guard.seen = run->fx ? fx_hear : NULL;
	r->guard.payload = run->fx;
	r->guard.running = true;
	if (sqlite3_prepare_v3(r->db, s->text, (int)s->len, 0, &stmt, &tail) !=
	    SQLITE_OK)
		e = note_failure(run, s);
	else
		check_tail(run, s, tail);
	r->guard.running = false;
	r->guard.seen = NULL;
	if (!e && stmt && is_fine(run)) {
		told = run->fx && !sqlite3_stmt_isexplain(stmt);
		if (told)
			fx_prepared(run->fx);
		r->guard.running = r->guard.stepping = true;
		do
			rc = sqlite3_step(stmt);
		while (rc == SQLITE_ROW);
		if (rc != SQLITE_DONE)
			e = note_failure(run, s);
	}
	sqlite3_finalize(stmt);
	r->guard.running = false;
	if (told && !e && is_fine(run))
		fx_after_statement(run->fx);
	return e;
}

static bool is_pragma(const struct sql_statement *s, const char *name)
{
	return s->verb == SQL_PRAGMA && s->object && s->detail &&
	       sql_same_name(SQL_SQLITE, s->object, name);
}

/* It only runs outside of a transaction. */
static bool is_alone(const struct sql_statement *s)
{
	static const char *const names[] = { "journal_mode", "page_size",
					     "auto_vacuum",  "wal_checkpoint",
					     "locking_mode", "synchronous" };

	if (s->verb == SQL_VACUUM)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_pragma(s, names[i]))
			return true;
	return false;
}

static bool is_off(const char *value)
{
	static const char *const words[] = { "0", "off", "no", "false" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (sqlite3_stricmp(words[i], value) == 0)
			return true;
	return false;
}

/*
 * PRAGMA foreign_keys does nothing inside a transaction: the first one counts
 * for the whole migration. Statements that only run outside of one need a
 * file that says so, or that is made of nothing else.
 */
static bool look_through(struct run *run, bool *transaction)
{
	const struct sql_statement *alone = NULL;
	bool inside = false, on = true, recursive = false;

	for (size_t i = 0; i < run->split.n; i++) {
		const struct sql_statement *s = &run->split.statements[i];

		recursive |= is_pragma(s, "recursive_triggers");
		if (is_pragma(s, "foreign_keys")) {
			if (!run->around)
				on = !is_off(s->detail);
			run->around = true;
		} else if (is_alone(s)) {
			alone = alone ? alone : s;
		} else {
			inside = true;
		}
	}
	*transaction = !run->script->no_transaction && !alone;
	if (alone && !run->script->no_transaction && (inside || run->around)) {
		replay_end(run->result, REPLAY_FAILED, alone,
			   "%.*s cannot run in a transaction",
			   (int)strcspn(alone->text, " \t\r\n;"), alone->text);
		return false;
	}
	sqlite3_db_config(run->r->db, SQLITE_DBCONFIG_ENABLE_FKEY, (int)on,
			  NULL);
	if (run->fx) {
		run->fx->foreign_keys = on;
		run->fx->recursive_triggers = recursive;
	}
	return true;
}

static int64_t count_violations(struct replay_sqlite *r)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n = 0;

	if (sqlite3_prepare_v2(r->db,
			       "SELECT count(*) FROM pragma_foreign_key_check",
			       -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void check_foreign_keys(struct run *run)
{
	int now = 0, peak = 0;
	int64_t violations;

	sqlite3_db_status(run->r->db, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &peak,
			  0);
	if (now)
		replay_end(run->result, REPLAY_FAILED, NULL,
			   "foreign keys are violated at the end of the "
			   "migration");
	if (!run->around || !is_fine(run))
		return;
	violations = count_violations(run->r);
	if (violations > run->violations)
		replay_end(run->result, REPLAY_FAILED, NULL,
			   "%lld row%s foreign keys after the migration, %lld "
			   "did before",
			   (long long)violations,
			   violations == 1 ? " violates" : "s violate",
			   (long long)run->violations);
}

/* Our own BEGIN or COMMIT. */
static void transact(struct run *run, const char *sql)
{
	if (is_fine(run) &&
	    sqlite3_exec(run->r->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		replay_end(run->result, REPLAY_FAILED, NULL, "%s",
			   sqlite3_errmsg(run->r->db));
}

static void check_transaction(struct run *run, const struct sql_statement *s)
{
	if (is_fine(run) && sqlite3_get_autocommit(run->r->db))
		replay_end(run->result, REPLAY_FAILED, s,
			   "the statement ended the transaction");
}

/* Statements between two that stand alone share a transaction. */
static struct err *run_all(struct run *run, bool transaction)
{
	struct err *e = NULL;
	bool open = transaction;

	if (open)
		transact(run, "BEGIN");
	for (size_t i = 0; i < run->split.n && !e && is_fine(run); i++) {
		const struct sql_statement *s = &run->split.statements[i];
		bool alone = is_alone(s);

		if (is_pragma(s, "foreign_keys"))
			continue;
		if (open == alone)
			transact(run, alone ? "COMMIT" : "BEGIN");
		open = !alone;
		if (is_fine(run))
			e = run_statement(run, s);
		if (!e && open)
			check_transaction(run, s);
	}
	if (!e && is_fine(run))
		check_foreign_keys(run);
	if (!e && open)
		transact(run, "COMMIT");
	return e;
}

/* Everything that was made in the session goes, whatever refers to what. */
static void drop_temporary(struct replay_sqlite *r)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(r->db,
			       "SELECT type, name FROM temp.sqlite_schema "
			       "WHERE type IN ('table', 'view', 'trigger') AND "
			       "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
			       "ORDER BY type = 'table', type = 'view', "
			       "sql NOT LIKE 'create virtual%'",
			       -1, &stmt, NULL) == SQLITE_OK)
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			buf_addf(&sql, "DROP %s IF EXISTS temp.",
				 (const char *)sqlite3_column_text(stmt, 0));
			sql_quote_name(&sql, (const char *)sqlite3_column_text(
						     stmt, 1));
			buf_addstr(&sql, ";");
		}
	sqlite3_finalize(stmt);
	if (sqlite3_exec(r->db, buf_str(&sql), NULL, NULL, NULL) != SQLITE_OK)
		r->broken = true;
	buf_release(&sql);
}

static void reset_session(struct replay_sqlite *r)
{
	if (!r->guard.touched)
		return;
	r->guard.touched = false;
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	if (sqlite3_exec(r->db,
			 "PRAGMA case_sensitive_like = 0;"
			 "PRAGMA defer_foreign_keys = 0;"
			 "PRAGMA ignore_check_constraints = 0;"
			 "PRAGMA legacy_alter_table = 0;"
			 "PRAGMA recursive_triggers = 0",
			 NULL, NULL, NULL) != SQLITE_OK)
		r->broken = true;
	drop_temporary(r);
}

/* As it was before; `before` holds that where a ROLLBACK does not do. */
static void undo(struct replay_sqlite *r, sqlite3 *before)
{
	struct err *e;

	if (!sqlite3_get_autocommit(r->db) &&
	    sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		r->broken = true;
	if (!before || r->broken)
		return;
	e = replay_sqlite_copy(r->db, before);
	r->broken |= e != NULL;
	err_free(e);
}

static struct err *run_split(struct run *run)
{
	struct replay_sqlite *r = run->r;
	struct replay *before = NULL;
	struct err *e = NULL;
	bool transaction;

	if (!look_through(run, &transaction))
		return NULL;
	if (!transaction)
		e = replay_clone(&r->base, &before);
	if (e)
		return e;
	replay_sqlite_relax(r, false);
	replay_guard_start(r);
	if (run->around)
		run->violations = count_violations(r);
	e = run_all(run, transaction);
	replay_guard_stop(r);
	replay_sqlite_relax(r, true);
	if (e || !is_fine(run))
		undo(r, before ? replay_sqlite_of(before)->db : NULL);
	replay_close(before);
	reset_session(r);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	return e;
}

/* With its effects: of one that does not run, nothing is known. */
static struct err *run_told(struct run *run, struct effects *effects)
{
	struct fx fx;
	struct err *e = fx_begin(&fx, run->r, &run->split, effects);

	run->fx = &fx;
	if (!e)
		e = run_split(run);
	if (!e && is_fine(run))
		e = fx_finish(&fx);
	run->fx = NULL;
	fx_release(&fx);
	return e;
}

static void tell_failure(struct effects *effects,
			 const struct replay_result *result)
{
	struct effect *e;

	effects_release(effects);
	e = effects_add(effects, EFFECT_UNCERTAIN, EFFECT_OTHER, NULL, NULL,
			NULL);
	e->why = arena_printf(&effects->arena, "it does not run: %s",
			      result->message);
	e->line = result->line;
	e->col = result->col;
}

struct err *replay_sqlite_run(struct replay *base,
			      const struct replay_script *script,
			      struct effects *effects,
			      struct replay_result *result)
{
	struct replay_sqlite *r = replay_sqlite_of(base);
	struct run run = { .r = r, .script = script, .result = result };
	struct sqlite_budget *before;
	struct err *e = NULL;

	if (r->broken) {
		replay_end(result, REPLAY_LIMIT, NULL,
			   "an earlier migration could not be undone");
		if (effects)
			tell_failure(effects, result);
		return NULL;
	}
	before = sqlite_heap_use(&r->budget);
	r->random.state = replay_hash(script->text, script->len);
	if (replay_split(&run.split, SQL_SQLITE, script, result))
		e = effects ? run_told(&run, effects) : run_split(&run);
	sql_script_release(&run.split);
	sqlite_heap_use(before);
	replay_guard_reset(&r->guard);
	if (effects && !e && result->end != REPLAY_FINE)
		tell_failure(effects, result);
	return e;
}
