#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"

/* Everything that can be said against a migration before it runs. */

static struct err *at(struct err *err, const char *path, unsigned line,
		      unsigned col)
{
	return err_at(err, (struct err_at){ path, line, col });
}

static struct err *check_transactions(struct ready *r, const char *path)
{
	for (size_t i = 0; i < r->script.n; i++) {
		const struct sql_statement *s = &r->script.statements[i];

		if (!sql_is_transaction_command(s))
			continue;
		return at(err_hint(err_new(ERR_INPUT,
					   "a transaction command inside a "
					   "migration"),
				   "each migration is one transaction of its "
				   "own; one BEGIN ... COMMIT around the whole "
				   "file is fine"),
			  path, s->line, s->col);
	}
	return NULL;
}

/*
 * PostgreSQL: what is seen of old rows is net of the whole transaction, a new
 * enum value cannot be used before it ends, and a setting lasts until then.
 */
static bool needs_own_transaction(const struct sql_statement *s)
{
	return s->kind == SQL_KIND_DML || s->kind == SQL_KIND_TRUNCATE ||
	       s->n_losses || s->unknown || s->adds_enum_value ||
	       s->verb == SQL_SET;
}

/*
 * Statements that cannot run in a transaction need a file without one: one
 * that says so, or one that is made of nothing else.
 */
static struct err *check_places(struct ready *r, struct engine *e,
				const char *path)
{
	const struct sql_statement *alone = NULL, *inside = NULL;

	for (size_t i = 0; i < r->script.n; i++) {
		const struct sql_statement *s = &r->script.statements[i];

		switch (target_statement_place(e->cfg.dialect, s)) {
		case TARGET_ALONE:
			if (!alone)
				alone = s;
			break;
		case TARGET_AROUND:
			r->around = true;
			break;
		case TARGET_INSIDE:
			if (!inside)
				inside = s;
			break;
		}
		r->own_group |= s->verb == SQL_PRAGMA || s->temp ||
				needs_own_transaction(s);
	}
	if (!alone || r->no_transaction)
		return NULL;
	if (!inside && !r->around) {
		r->no_transaction = true;
		return NULL;
	}
	return at(err_hintf(err_new(ERR_INPUT,
				    "%.*s cannot run in a transaction, and "
				    "line %u can only run in one",
				    (int)strcspn(alone->text, " \t\r\n;"),
				    alone->text,
				    inside ? inside->line : alone->line),
			    "put it in a migration of its own, or mark this "
			    "one '-- migrate:up transaction:false'"),
		  path, alone->line, alone->col);
}

/* Nothing has to be looked at between its statements. */
static bool only_creates(const struct sql_script *script)
{
	for (size_t i = 0; i < script->n; i++) {
		const struct sql_statement *s = &script->statements[i];

		if (s->kind != SQL_KIND_DDL || s->n_losses || s->unknown ||
		    (s->verb != SQL_CREATE_TABLE && s->verb != SQL_CREATE))
			return false;
	}
	return true;
}

struct err *ready_init_text(struct ready *r, struct engine *e,
			    struct migration *m, const char *path)
{
	struct err *err;

	memset(r, 0, sizeof(*r));
	r->m = m;
	r->no_transaction = m->no_transaction;
	err = sql_split(&r->script, e->cfg.dialect, m->up.text, m->up.len,
			m->up.line);
	if (err)
		return at(err, path, 0, 0);
	sql_unwrap(&r->script, m->blocks);
	err = check_transactions(r, path);
	if (!err)
		err = check_places(r, e, path);
	/* settings that begin with the transaction, or outlive the file */
	r->own_group |=
		r->around || r->no_transaction || m->lock_timeout_ms >= 0;
	r->only_creates = only_creates(&r->script);
	return err;
}

struct err *ready_init(struct ready *r, struct engine *e,
		       struct migration_set *set, struct migration *m)
{
	struct err *err = migration_load(set, m);

	memset(r, 0, sizeof(*r));
	r->m = m;
	return err ? err
		   : ready_init_text(r, e, m,
				     migration_full_path(set, m->path));
}

/* Whether the list has the name already. */
static bool is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = strstr(list, name); p; p = strstr(p + 1, name))
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

char *ready_locks(const struct ready *r, struct arena *a)
{
	struct buf list = BUF_INIT, name = BUF_INIT;
	char *out;

	for (size_t i = 0; i < r->script.n; i++) {
		const struct sql_statement *s = &r->script.statements[i];

		for (size_t k = 0; k < s->n_losses; k++) {
			const struct sql_loss *loss = &s->losses[k];

			if (!sql_loss_is_of_table(loss))
				continue;
			buf_reset(&name);
			buf_addf(&name, "%s%s%s",
				 loss->schema ? loss->schema : "",
				 loss->schema ? "." : "", loss->object);
			if (!is_listed(buf_str(&list), buf_str(&name)))
				buf_addf(&list, "%s%s", list.len ? ", " : "",
					 buf_str(&name));
		}
	}
	out = list.len ? arena_strdup(a, buf_str(&list)) : NULL;
	buf_release(&list);
	buf_release(&name);
	return out;
}

void ready_release(struct ready *r)
{
	sql_script_release(&r->script);
	memset(r, 0, sizeof(*r));
}
