#include "snapshot/checks_sqlite.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "schema/sqlite_table.h"
#include "sql/sql.h"

static const char *slice(struct arena *a, const struct sqlite_word_token *from,
			 const struct sqlite_word_token *last)
{
	return arena_strndup(a, from->text,
			     (size_t)(last->text + last->len - from->text));
}

static void add(struct checks *out, struct arena *a,
		const struct sqlite_table *t, const struct sqlite_rule *rule)
{
	const struct sqlite_word_token *v = t->words.v;
	const struct sqlite_word_token *open = &v[rule->from + 1];
	const struct sqlite_word_token *close = &v[open->pair];
	struct checks_one *c = &out->list[out->n++];

	c->condition = slice(a, open, close);
	c->name = slice(a, &v[rule->from], close);
	if (rule->name) {
		struct sqlite_token name = { v[rule->name].kind,
					     v[rule->name].text,
					     v[rule->name].len };

		c->name = sqlite_token_name(&name, a);
	}
}

void checks_read(struct checks *out, struct arena *a, const char *sql)
{
	struct sqlite_table t;

	memset(out, 0, sizeof(*out));
	if (sqlite_table_parse(&t, sql, strlen(sql))) {
		out->list = arena_array(a, t.n_rules + 1, sizeof(*out->list));
		for (size_t i = 0; i < t.n_rules; i++)
			if (t.rules[i].kind == RULE_CHECK)
				add(out, a, &t, &t.rules[i]);
	}
	sqlite_table_release(&t);
}

static bool has(const struct checks *c, const char *condition)
{
	for (size_t i = 0; i < c->n; i++)
		if (streq(c->list[i].condition, condition))
			return true;
	return false;
}

void checks_subtract(struct checks *c, const struct checks *other)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!has(other, c->list[i].condition))
			c->list[n++] = c->list[i];
	c->n = n;
}

struct err *checks_are_broken(sqlite3 *db, const char *table, const char *sql,
			      bool *out)
{
	struct arena a = ARENA_INIT;
	struct buf question = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	struct checks c;
	int rc = SQLITE_DONE;

	checks_read(&c, &a, sql);
	buf_addstr(&question, "SELECT 1 FROM main.");
	sql_quote_name(&question, table);
	for (size_t i = 0; i < c.n; i++)
		buf_addf(&question, " %s NOT %s", i ? "OR" : "WHERE",
			 c.list[i].condition);
	buf_addstr(&question, " LIMIT 1");
	if (c.n) {
		rc = sqlite3_prepare_v2(db, buf_str(&question), -1, &stmt,
					NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(stmt);
		sqlite3_finalize(stmt);
	}
	*out = rc != SQLITE_DONE;
	buf_release(&question);
	arena_release(&a);
	return rc == SQLITE_INTERRUPT ? err_new(ERR_CANCELLED, "interrupted")
				      : NULL;
}
