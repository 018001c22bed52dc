#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/util.h"
#include "effects/replay_seed.h"
#include "effects/replay_sqlite.h"
#include "schema/sqlite_table.h"

/*
 * A few rows for SQLite tables: parents of foreign keys first, values by the
 * column's type, and where the table refuses a row, others that its CHECKs
 * name.
 */

struct seeder {
	struct replay_sqlite *r;
	unsigned seed;
	struct map seen; /**< tables in hand or done, lower case */
};

static bool is_late(const struct seeder *s)
{
	return s->r->guard.late || s->r->budget.exceeded;
}

/* The first cell of the first row, copied; NULL when there is none. */
static char *ask(struct seeder *s, const char *sql, const char *arg)
{
	sqlite3_stmt *stmt = NULL;
	char *out = NULL;

	if (sqlite3_prepare_v2(s->r->db, sql, -1, &stmt, NULL) == SQLITE_OK) {
		if (arg)
			sqlite3_bind_text(stmt, 1, arg, -1, SQLITE_STATIC);
		if (sqlite3_step(stmt) == SQLITE_ROW &&
		    sqlite3_column_type(stmt, 0) != SQLITE_NULL)
			out = xstrdup(
				(const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return out;
}

static bool has_rows(struct seeder *s, const char *table)
{
	struct buf sql = BUF_INIT;
	char *one;

	buf_addstr(&sql, "SELECT 1 FROM main.");
	sql_quote_name(&sql, table);
	buf_addstr(&sql, " LIMIT 1");
	one = ask(s, buf_str(&sql), NULL);
	buf_release(&sql);
	free(one);
	return one != NULL;
}

/* By type affinity, https://sqlite.org/datatype3.html#determination_of_column_affinity,
 * and by what people call their types. */
static enum seed_type type_of(const char *type)
{
	static const struct {
		const char *part;
		enum seed_type type;
	} parts[] = {
		{ "uuid", SEED_UUID },     { "json", SEED_JSON },
		{ "bool", SEED_BOOL },     { "timestamp", SEED_TIME },
		{ "datetime", SEED_TIME }, { "date", SEED_DATE },
		{ "int", SEED_INT },       { "char", SEED_TEXT },
		{ "clob", SEED_TEXT },     { "text", SEED_TEXT },
		{ "blob", SEED_BYTES },    { "real", SEED_REAL },
		{ "floa", SEED_REAL },     { "doub", SEED_REAL },
		{ "num", SEED_INT },       { "dec", SEED_REAL },
	};
	char lower[64];
	size_t n = 0;

	for (; type[n] && n + 1 < sizeof(lower); n++)
		lower[n] =
			(char)(type[n] >= 'A' && type[n] <= 'Z' ? type[n] | 0x20
								: type[n]);
	lower[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(lower, parts[i].part))
			return parts[i].type;
	return SEED_TEXT;
}

/* Blobs are written another way than in PostgreSQL. */
static void add_literal(struct buf *out, const struct seed_column *c,
			const struct seed_pick *pick)
{
	if (c->type == SEED_BYTES)
		buf_addf(out, "x'%02x'", pick->row + 1);
	else if (c->type == SEED_BOOL)
		buf_addint(out, (pick->row + pick->attempt) % 2);
	else
		seed_literal(out, c, pick);
}

static struct err *read_columns(struct seeder *s, struct seed_table *t)
{
	sqlite3_stmt *stmt;
	struct err *e;

	e = replay_sqlite_prepare(s->r,
				  "SELECT name, type, \"notnull\", pk FROM "
				  "pragma_table_xinfo(?1) WHERE hidden = 0",
				  &stmt);
	if (e)
		return e;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *type = (const char *)sqlite3_column_text(stmt, 1);
		struct seed_column *c = seed_add_column(
			t, (const char *)sqlite3_column_text(stmt, 0));

		c->type = type_of(type ? type : "");
		c->not_null = sqlite3_column_int(stmt, 2) ||
			      sqlite3_column_int(stmt, 3);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

/* The parent's column, where REFERENCES names none: of its primary key. */
static char *parent_key(struct seeder *s, const char *parent, int seq)
{
	char sql[120];

	sqlite3_snprintf(sizeof(sql), sql,
			 "SELECT name FROM pragma_table_xinfo(?1) "
			 "WHERE pk = %d",
			 seq + 1);
	return ask(s, sql, parent);
}

static struct err *read_keys(struct seeder *s, struct seed_table *t)
{
	sqlite3_stmt *stmt;
	struct err *e;

	e = replay_sqlite_prepare(
		s->r,
		"SELECT id, seq, \"table\", \"from\", \"to\" FROM "
		"pragma_foreign_key_list(?1) ORDER BY id, seq",
		&stmt);
	if (e)
		return e;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *parent = (const char *)sqlite3_column_text(stmt, 2);
		const char *to = (const char *)sqlite3_column_text(stmt, 4);
		int seq = sqlite3_column_int(stmt, 1);
		char *key = to ? NULL : parent_key(s, parent, seq);

		if (to || key)
			seed_add_key(t, sqlite3_column_int(stmt, 0), parent,
				     (const char *)sqlite3_column_text(stmt, 3),
				     to ? to : key);
		free(key);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

/* Strings and numbers in its CHECKs are values that it may like. */
static void read_checks(struct seeder *s, struct seed_table *t)
{
	char *sql = ask(s,
			"SELECT sql FROM sqlite_schema WHERE type = 'table' "
			"AND name = ?1 COLLATE NOCASE",
			t->name);
	struct sqlite_table table = { 0 };

	if (sql && sqlite_table_parse(&table, sql, strlen(sql)))
		for (size_t i = 0; i < table.n_rules; i++) {
			const struct sqlite_rule *rule = &table.rules[i];

			if (rule->kind != RULE_CHECK)
				continue;
			for (size_t k = rule->from; k < rule->to; k++) {
				const struct sqlite_word_token *w =
					&table.words.v[k];

				if (w->kind == SQLITE_TK_STRING ||
				    w->kind == SQLITE_TK_NUMBER)
					seed_add_liked(t, w->text, w->len);
			}
		}
	sqlite_table_release(&table);
	free(sql);
}

/* Values of a foreign key: those of one of the parent's rows. */
static bool take_parent(struct seeder *s, struct seed_table *t,
			const struct seed_key *key, unsigned which)
{
	struct buf sql = BUF_INIT, list = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	bool found = false;

	for (size_t i = 0; i < key->n; i++) {
		buf_addstr(&list, i ? ", quote(" : "quote(");
		sql_quote_name(&list, key->to[i]);
		buf_addstr(&list, ")");
	}
	buf_addf(&sql, "SELECT %s FROM main.", buf_str(&list));
	sql_quote_name(&sql, key->parent);
	buf_addstr(&sql, " ORDER BY 1 LIMIT 1 OFFSET ");
	buf_addf(&sql, "%u %% max(1, (SELECT count(*) FROM main.", which);
	sql_quote_name(&sql, key->parent);
	buf_addstr(&sql, "))");
	if (sqlite3_prepare_v2(s->r->db, buf_str(&sql), -1, &stmt, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		for (size_t i = 0; i < key->n; i++)
			seed_set(t, key->from[i],
				 (const char *)sqlite3_column_text(stmt,
								   (int)i));
		found = true;
	}
	sqlite3_finalize(stmt);
	buf_release(&sql);
	buf_release(&list);
	return found;
}

/* Without a parent: nothing, or the row is its own. */
static void take_none(struct seed_table *t, const struct seed_key *key)
{
	for (size_t i = 0; i < key->n; i++) {
		const struct seed_column *c = seed_column(t, key->from[i]);
		const struct seed_column *to =
			sql_same_name(SQL_SQLITE, key->parent, t->name)
				? seed_column(t, key->to[i])
				: NULL;

		if (c && c->not_null && to && to->value)
			seed_set(t, key->from[i], to->value);
		else
			seed_set(t, key->from[i], "NULL");
	}
}

static void fill(struct seeder *s, struct seed_table *t, struct seed_pick *pick)
{
	struct buf value = BUF_INIT;

	for (size_t i = 0; i < t->n; i++) {
		struct seed_column *c = &t->columns[i];

		buf_reset(&value);
		if (seed_is_null(c, pick))
			buf_addstr(&value, "NULL");
		else if (!seed_add_other(&value, t, c, pick))
			add_literal(&value, c, pick);
		seed_set(t, c->name, buf_str(&value));
	}
	for (size_t i = 0; i < t->n_keys; i++)
		if (!take_parent(s, t, &t->keys[i], pick->row + pick->attempt))
			take_none(t, &t->keys[i]);
	buf_release(&value);
}

/* One row, in as many attempts as it takes; false = it cannot be. */
static bool insert_row(struct seeder *s, struct seed_table *t, unsigned row)
{
	struct buf sql = BUF_INIT;
	struct seed_pick pick;
	int rc = SQLITE_ERROR;

	seed_pick_init(&pick, t->name, s->seed, row);
	for (; pick.attempt < SEED_ATTEMPTS && !is_late(s); pick.attempt++) {
		fill(s, t, &pick);
		buf_reset(&sql);
		buf_addstr(&sql, "INSERT INTO main.");
		sql_quote_name(&sql, t->name);
		seed_add_values(&sql, t);
		replay_guard_reset(&s->r->guard);
		s->r->guard.running = true;
		rc = sqlite3_exec(s->r->db, buf_str(&sql), NULL, NULL, NULL);
		s->r->guard.running = false;
		if ((rc & 0xff) != SQLITE_CONSTRAINT &&
		    (rc & 0xff) != SQLITE_MISMATCH)
			break;
	}
	buf_release(&sql);
	return rc == SQLITE_OK;
}

static struct err *seed_one(struct seeder *s, const char *name);

static struct err *seed_described(struct seeder *s, struct seed_table *t)
{
	struct err *e = read_columns(s, t);

	if (!e)
		e = read_keys(s, t);
	for (size_t i = 0; i < t->n_keys && !e; i++)
		e = seed_one(s, t->keys[i].parent);
	if (e || has_rows(s, t->name))
		return e;
	read_checks(s, t);
	for (unsigned row = 0; row < SEED_ROWS && !e; row++) {
		insert_row(s, t, row);
		e = cancel_check();
	}
	return e;
}

static struct err *seed_one(struct seeder *s, const char *name)
{
	char *found = ask(s,
			  "SELECT name FROM pragma_table_list WHERE schema = "
			  "'main' AND type = 'table' AND name = ?1 COLLATE "
			  "NOCASE AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
			  name);
	struct seed_table t = { .name = found };
	struct err *e = NULL;

	if (found && !map_has(&s->seen, found)) {
		map_put(&s->seen, found, s);
		e = seed_described(s, &t);
	}
	seed_table_release(&t);
	free(found);
	return e;
}

struct err *replay_sqlite_seed(struct replay *base, const char *const *tables,
			       unsigned seed)
{
	struct replay_sqlite *r = replay_sqlite_of(base);
	struct seeder s = { .r = r, .seed = seed, .seen = MAP_INIT };
	struct sqlite_budget *before = sqlite_heap_use(&r->budget);
	struct err *e;

	r->random.state = seed;
	replay_guard_start(r);
	e = replay_sqlite_exec(r, "BEGIN");
	for (; *tables && !e; tables++)
		e = seed_one(&s, *tables);
	replay_guard_stop(r);
	if (!sqlite3_get_autocommit(r->db))
		e = err_first(e, replay_sqlite_exec(r, "COMMIT"));
	map_release(&s.seen);
	replay_guard_reset(&r->guard);
	sqlite_heap_use(before);
	return e;
}
