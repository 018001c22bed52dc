#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/util.h"
#include "target/pg_driver.h"

/* Statements of migrations. */

/* The transaction is begun at such a level: by then it has run SQL of ours. */
static const struct {
	const char *level, *begin;
} levels[] = {
	{ "repeatable read", "BEGIN ISOLATION LEVEL REPEATABLE READ" },
	{ "serializable", "BEGIN ISOLATION LEVEL SERIALIZABLE" },
};

/* What a statement that only sets the level begins with; NULL = it is none. */
static const char *begin_of(const struct sql_statement *s)
{
	char level[32];
	size_t n = 0;

	if (s->verb != SQL_SET || !s->object || !s->detail ||
	    !streq(s->object, "transaction_isolation"))
		return NULL;
	for (const char *p = s->detail; *p && n + 1 < sizeof(level); p++)
		if (!isspace((unsigned char)*p))
			level[n++] = (char)tolower((unsigned char)*p);
		else if (n && level[n - 1] != ' ')
			level[n++] = ' ';
	level[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (streq(level, levels[i].level))
			return levels[i].begin;
	return NULL;
}

enum target_place pg_target_place(const struct sql_statement *s)
{
	if (s->alone)
		return TARGET_ALONE;
	return begin_of(s) ? TARGET_AROUND : TARGET_INSIDE;
}

static bool starts_with_word(const struct sql_statement *s, const char *word)
{
	size_t n = strlen(word);

	return s->len > n && strncasecmp(s->text, word, n) == 0;
}

/* The word stands somewhere in it, be it in a string. */
static bool has_word(const struct sql_statement *s, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 1; i + n < s->len; i++)
		if (strncasecmp(s->text + i, word, n) == 0 &&
		    !isalnum((unsigned char)s->text[i - 1]) &&
		    !isalnum((unsigned char)s->text[i + n]))
			return true;
	return false;
}

/* An index over more than columns: at least a second group. */
static bool has_expression(const struct sql_statement *s)
{
	const char *group = memchr(s->text, '(', s->len);

	return group &&
	       memchr(group + 1, '(', (size_t)(s->text + s->len - group - 1));
}

/* One of these kinds is only written down when it is made. */
static bool is_definition(const struct sql_statement *s)
{
	static const char *const kinds[] = {
		"view",   "sequence",  "type",    "domain", "function",
		"schema", "procedure", "trigger", "policy", "rule",
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (streq_null(s->detail, kinds[i]))
			return true;
	return false;
}

/* Nothing is computed by it that could call a function. */
static bool is_written_down(const struct sql_statement *s)
{
	switch ((int)s->verb) {
	case SQL_DROP:
	case SQL_DROP_TABLE:
	case SQL_DROP_COLUMN:
	case SQL_RENAME_TABLE:
	case SQL_RENAME_COLUMN:
		return true;
	case SQL_ADD_COLUMN:
		return !has_word(s, "default") && !has_word(s, "generated") &&
		       !has_word(s, "check");
	case SQL_CREATE_TABLE: /* bounds of partitions are computed */
		return starts_with_word(s, "create") && !has_word(s, "as") &&
		       !has_word(s, "values");
	case SQL_CREATE:
		return streq_null(s->detail, "index") ? !has_expression(s)
						      : is_definition(s);
	default:
		return false;
	}
}

/* A function may set anything, whatever calls it (CREATE TABLE ... AS, a
 * default, USING). Only what is certain keeps us from looking behind it. */
static bool may_touch_settings(const struct sql_statement *s)
{
	return !is_written_down(s) || s->temp || s->unknown;
}

/* What tables and rows are changed by is seen by its locks, what is made by its
 * dependency; functions may do anything. */
static bool is_opaque(const struct sql_statement *s)
{
	return s->unknown || s->verb == SQL_OTHER || s->verb == SQL_ALTER ||
	       s->verb == SQL_DROP || s->verb == SQL_SELECT;
}

/* PREPARE and DEALLOCATE: statements with names, of theirs and ours. */
static bool is_about_prepared(const struct sql_statement *s)
{
	return s->verb == SQL_OTHER && (starts_with_word(s, "prepare") ||
					starts_with_word(s, "deallocate"));
}

static void note_seen(struct pg_target *t, const struct sql_statement *s,
		      int64_t rows)
{
	struct target_seen *seen = &t->base.seen;
	bool writes = s->kind == SQL_KIND_DML || s->kind == SQL_KIND_TRUNCATE;

	seen->temporary |= s->temp;
	seen->rows += writes ? rows : 0;
	seen->wrote |= writes && (rows > 0 || s->verb == SQL_OTHER ||
				  s->verb == SQL_TRUNCATE);
	seen->created |= s->kind == SQL_KIND_DDL;
	/* DO, CALL and functions may change the schema as well; finding that
	 * nothing did is cheap */
	seen->changed |= s->kind != SQL_KIND_READ || s->unknown ||
			 starts_with_word(s, "comment");
	t->touched |= may_touch_settings(s);
	t->opaque |= is_opaque(s);
	if (is_about_prepared(s)) {
		t->prepared = true;
		pg_conn_forget(t->c);
	}
}

/* What is left of the migration's time, for this statement. */
static struct err *set_deadline(struct pg_target *t, bool inside)
{
	int64_t left_ms;

	if (!t->base.deadline_us)
		return NULL;
	left_ms = (t->base.deadline_us - clock_steady_us()) / 1000;
	if (left_ms <= 0)
		return err_new(ERR_TARGET, "statement timeout");
	t->touched = true;
	return pg_execf(t->c, "SET %s statement_timeout = %lld",
			inside ? "LOCAL" : "SESSION", (long long)left_ms);
}

struct err *pg_target_run(struct target *base, const struct sql_statement *s)
{
	struct pg_target *t = pg_target_of(base);
	struct pg_statement run = { .sql = s->text,
				    .len = s->len,
				    .line = s->line,
				    .col = s->col,
				    .copy_data = s->copy_data,
				    .copy_len = s->copy_len };
	bool inside = pg_conn_in_transaction(t->c);
	int64_t rows = 0;
	struct err *e = cancel_check();

	if (!inside && begin_of(s)) {
		t->begin = begin_of(s);
		return e;
	}
	/* the engine has refused it in the file already */
	if (!e && sql_is_transaction_command(s))
		e = err_at(err_new(ERR_TARGET, "a transaction command inside a "
					       "migration"),
			   (struct err_at){ "", s->line, s->col });
	if (!e && pg_has_queue(t->c))
		e = pg_target_flush(t);
	if (!e && !inside)
		e = pg_target_check_lock(t, true);
	if (!e && inside)
		e = pg_target_guard_run(t);
	if (!e)
		e = set_deadline(t, inside);
	if (e)
		return e;
	if (inside)
		pg_target_watch(t);
	t->running = true;
	e = pg_run(t->c, &run, &rows);
	t->running = false;
	pg_conn_on_slow(t->c, 0, NULL, NULL);
	if (!e && inside && !pg_conn_in_transaction(t->c))
		e = err_new(ERR_TARGET, "the statement ended the transaction");
	note_seen(t, s, rows);
	return e ? pg_target_blame(t, e) : NULL;
}

/* Whether it may be sent before the answers to others have come. */
static bool can_wait(const struct pg_target *t, const struct sql_statement *s)
{
	return pg_conn_in_transaction(t->c) && !t->wrote &&
	       !t->base.deadline_us && !s->temp && !s->unknown && !s->alone &&
	       !s->copy_data && s->kind == SQL_KIND_DDL &&
	       (s->verb == SQL_CREATE_TABLE || s->verb == SQL_CREATE);
}

struct err *pg_target_run_later(struct target *base,
				const struct sql_statement *s)
{
	struct pg_target *t = pg_target_of(base);
	struct pg_statement run = {
		.sql = s->text, .len = s->len, .line = s->line, .col = s->col
	};
	struct err *e;

	if (!can_wait(t, s))
		return pg_target_run(base, s);
	e = cancel_check();
	if (!e)
		e = pg_queue_statement(t->c, &run);
	t->later |= !e;
	note_seen(t, s, 0);
	return e;
}

struct err *pg_target_flush(struct pg_target *t)
{
	struct err *e;

	if (!t->later)
		return pg_flush(t->c);
	t->later = false;
	pg_target_watch(t);
	t->running = true;
	e = pg_flush(t->c);
	t->running = false;
	pg_conn_on_slow(t->c, 0, NULL, NULL);
	return e ? pg_target_blame(t, e) : NULL;
}
