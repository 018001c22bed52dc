#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"
#include "schema/sqlite_table.h"

/* Columns and keys of a table, as they are when a statement runs. */

/* A question about a name; its rows are stepped through. */
static sqlite3_stmt *ask(struct fx *fx, const char *sql, const char *name)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(fx->r->db, sql, -1, &stmt, NULL) == SQLITE_OK)
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	return stmt;
}

static const char *text_at(struct fx *fx, sqlite3_stmt *stmt, int column)
{
	const char *s = (const char *)sqlite3_column_text(stmt, column);

	return s ? fx_lower(fx, s) : NULL;
}

/* One column of a primary key whose type is INTEGER is the rowid. */
static bool is_rowid(sqlite3_stmt *stmt, bool without_rowid, int n_keys)
{
	const char *type = (const char *)sqlite3_column_text(stmt, 1);

	return !without_rowid && n_keys == 1 && sqlite3_column_int(stmt, 2) &&
	       type && sqlite3_stricmp(type, "integer") == 0;
}

/* The affinity of a declared type is INTEGER, REAL or NUMERIC. */
static bool is_number(const char *type)
{
	static const char *const others[] = { "char", "clob", "text", "blob" };

	if (strstr(type, "int"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strstr(type, others[i]))
			return false;
	return *type;
}

static void read_columns(struct fx *fx, struct fx_info *i)
{
	sqlite3_stmt *stmt;
	size_t n = 0;

	stmt = ask(fx,
		   "SELECT x.name, x.type, x.pk, x.dflt_value, x.\"notnull\", "
		   "(SELECT count(*) FROM pragma_table_xinfo(?1) WHERE pk), "
		   "l.wr, l.type FROM pragma_table_xinfo(?1) x, "
		   "pragma_table_list(?1) l WHERE x.hidden = 0 AND l.schema = "
		   "'main'",
		   i->name);
	i->defaults = arena_array(&fx->arena, 2001, sizeof(*i->defaults));
	while (stmt && sqlite3_step(stmt) == SQLITE_ROW && n < 2000) {
		const char *column = text_at(fx, stmt, 0);
		const char *value = (const char *)sqlite3_column_text(stmt, 3);
		const char *type = text_at(fx, stmt, 1);
		const char *kind = text_at(fx, stmt, 7);

		i->found = true;
		i->is_view = streq_null(kind, "view");
		i->is_virtual = streq_null(kind, "virtual");
		fx_names_add(fx, &i->columns, column);
		if (type && is_number(type))
			fx_names_add(fx, &i->numbers, column);
		if (is_rowid(stmt, sqlite3_column_int(stmt, 6),
			     sqlite3_column_int(stmt, 5)))
			i->rowid_column = column;
		i->defaults[n++] =
			value ? arena_strdup(&fx->arena, value) : NULL;
	}
	sqlite3_finalize(stmt);
}

static struct fx_names *add_unique(struct fx_info *i)
{
	VEC_GROW(i->uniques, i->n_uniques, i->cap_uniques);
	memset(&i->uniques[i->n_uniques], 0, sizeof(*i->uniques));
	return &i->uniques[i->n_uniques++];
}

/* The text of an index, cut; false = there is none, or it is not understood. */
static bool index_words(struct fx *fx, const char *index,
			struct sqlite_words *w)
{
	sqlite3_stmt *stmt =
		ask(fx,
		    "SELECT sql FROM sqlite_schema WHERE type = 'index' AND "
		    "name = ?1",
		    index);
	const char *sql = NULL;

	if (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		sql = (const char *)sqlite3_column_text(stmt, 0);
	if (sql)
		sql = arena_strdup(&fx->arena, sql);
	sqlite3_finalize(stmt);
	return sql && sqlite_words_read(w, sql, strlen(sql));
}

/* The tokens of its item k; an empty range = not found. */
static void index_item(const struct sqlite_words *w, size_t k, size_t *from,
		       size_t *to)
{
	size_t i = 0, end;

	*from = *to = 0;
	while (i < w->n && w->v[i].word != W_ON)
		i++;
	while (i < w->n && w->v[i].op != '(')
		i++;
	end = i < w->n ? w->v[i].pair : 0;
	for (*from = ++i; i <= end;
	     i = w->v[i].op == '(' ? w->v[i].pair + 1 : i + 1) {
		if (i < end && w->v[i].op != ',')
			continue;
		*to = i;
		if (!k--)
			return;
		*from = i + 1;
	}
	*to = *from;
}

/* lower(x): two values that are apart whatever their case are so in it. */
static const char *column_in_case(struct fx *fx, const struct fx_info *i,
				  const struct sqlite_words *w, size_t from,
				  size_t to)
{
	const char *name;

	if (to - from != 4 || w->v[from + 1].op != '(' ||
	    (!sqlite_name_is(&w->v[from], "lower") &&
	     !sqlite_name_is(&w->v[from], "upper")))
		return NULL;
	name = fx_token_name(&fx->arena, &w->v[from + 2]);
	return name && fx_names_has(&i->columns, name) ? name : NULL;
}

static struct fx_names all_columns(struct fx *fx, const struct fx_info *i)
{
	sqlite3_stmt *stmt =
		ask(fx, "SELECT name FROM pragma_table_xinfo(?1)", i->name);
	struct fx_names all = { NULL, 0, 0 };

	while (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		fx_names_add(fx, &all, text_at(fx, stmt, 0));
	sqlite3_finalize(stmt);
	return all;
}

/* As a column that is computed, and that nobody gives a value. */
static const char *add_expression(struct fx *fx, struct fx_info *i,
				  const char *index, size_t k)
{
	struct fx_names all = all_columns(fx, i);
	struct fx_computed *computed;
	struct sqlite_words w = { 0 };
	const char *column = NULL;
	struct fx_names in = { NULL, 0, 0 };
	size_t from, to;

	if (index_words(fx, index, &w)) {
		index_item(&w, k, &from, &to);
		column = column_in_case(fx, i, &w, from, to);
		fx_tokens_columns(fx, &w, from, to, &all, &in);
	}
	sqlite_words_release(&w);
	if (column)
		return column;
	VEC_GROW(i->computed, i->n_computed, i->cap_computed);
	computed = &i->computed[i->n_computed++];
	computed->name =
		arena_printf(&fx->arena, "expression %zu of %s", k + 1, index);
	computed->from = in.n ? in : all;
	return computed->name;
}

static void read_unique(struct fx *fx, struct fx_info *i, const char *index)
{
	size_t k = i->n_uniques;
	sqlite3_stmt *stmt;

	add_unique(i);
	stmt = ask(fx, "SELECT name, cid, seqno FROM pragma_index_info(?1)",
		   index);
	while (stmt && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = text_at(fx, stmt, 0);

		if (!name && sqlite3_column_int(stmt, 1) == -2)
			name = add_expression(
				fx, i, index,
				(size_t)sqlite3_column_int(stmt, 2));
		if (name)
			fx_names_add(fx, &i->uniques[k], name);
	}
	sqlite3_finalize(stmt);
}

static void read_uniques(struct fx *fx, struct fx_info *i)
{
	sqlite3_stmt *stmt;

	if (i->rowid_column)
		fx_names_add(fx, add_unique(i), i->rowid_column);
	stmt = ask(fx,
		   "SELECT name FROM pragma_index_list(?1) WHERE \"unique\"",
		   i->name);
	while (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		read_unique(fx, i, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
}

/* The module of a virtual table: CREATE VIRTUAL TABLE x USING module(...) */
static const char *module_in(struct fx *fx, const char *sql)
{
	struct sqlite_words w = { 0 };
	const char *module = "";

	if (sqlite_words_read(&w, sql, strlen(sql)))
		for (size_t k = 0; k + 1 < w.n; k++)
			if (w.v[k].word == W_USING) {
				module = fx_token_name(&fx->arena, &w.v[k + 1]);
				break;
			}
	sqlite_words_release(&w);
	return module ? module : "";
}

/* What a module takes for a key it does not say: those of rtree have their
 * first column, full-text ones none that a list of columns names, and of
 * others any row may be in the way of any. */
static void read_virtual(struct fx *fx, struct fx_info *i, const char *sql)
{
	const char *module = module_in(fx, sql);

	if (starts_with(module, "fts") || !i->columns.n)
		return;
	if (starts_with(module, "rtree")) {
		i->rowid_column = i->columns.list[0];
		fx_names_add(fx, add_unique(i), i->rowid_column);
		return;
	}
	*add_unique(i) = i->columns;
}

static void add_check(struct fx *fx, struct fx_info *i,
		      const struct sqlite_table *t,
		      const struct sqlite_rule *rule)
{
	struct fx_names *columns;

	VEC_GROW(i->checks, i->n_checks, i->cap_checks);
	columns = &i->checks[i->n_checks++];
	memset(columns, 0, sizeof(*columns));
	fx_tokens_columns(fx, &t->words, rule->from, rule->to, &i->columns,
			  columns);
}

static void add_computed(struct fx *fx, struct fx_info *i,
			 const struct sqlite_table *t,
			 const struct fx_names *all, size_t column)
{
	const struct sqlite_column *c = &t->columns[column];
	struct fx_computed *computed;

	for (size_t k = c->rules; k < c->rules + c->n_rules; k++) {
		if (t->rules[k].kind != RULE_GENERATED)
			continue;
		VEC_GROW(i->computed, i->n_computed, i->cap_computed);
		computed = &i->computed[i->n_computed++];
		memset(computed, 0, sizeof(*computed));
		computed->name = all->list[column];
		fx_tokens_columns(fx, &t->words, t->rules[k].from,
				  t->rules[k].to, all, &computed->from);
	}
}

static void read_rules(struct fx *fx, struct fx_info *i,
		       const struct sqlite_table *t)
{
	struct fx_names all = { NULL, 0, 0 };

	for (size_t k = 0; k < t->n; k++)
		fx_names_add(fx, &all,
			     fx_token_name(&fx->arena,
					   &t->words.v[t->columns[k].name]));
	for (size_t k = 0; k < t->n && all.n == t->n; k++)
		add_computed(fx, i, t, &all, k);
	for (size_t k = 0; k < t->n_rules; k++)
		if (t->rules[k].kind == RULE_CHECK)
			add_check(fx, i, t, &t->rules[k]);
}

void fx_info_add_computed(struct fx *fx, const struct fx_info *i,
			  struct fx_names *written)
{
	size_t before;

	do {
		before = written->n;
		for (size_t k = 0; k < i->n_computed; k++)
			for (size_t j = 0; j < i->computed[k].from.n; j++)
				if (fx_names_has(written,
						 i->computed[k].from.list[j]))
					fx_names_add(fx, written,
						     i->computed[k].name);
	} while (written->n > before);
}

static void read_text(struct fx *fx, struct fx_info *i)
{
	sqlite3_stmt *stmt = ask(fx,
				 "SELECT sql FROM sqlite_schema WHERE type = "
				 "'table' AND name = ?1 COLLATE NOCASE",
				 i->name);
	struct sqlite_table t = { 0 };
	const char *sql = NULL;

	if (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		sql = (const char *)sqlite3_column_text(stmt, 0);
	if (sql && i->is_virtual)
		read_virtual(fx, i, sql);
	else if (sql && sqlite_table_parse(&t, sql, strlen(sql)))
		read_rules(fx, i, &t);
	sqlite_table_release(&t);
	sqlite3_finalize(stmt);
}

/* The parent's column, where REFERENCES names none: of its primary key. */
static const char *key_column(struct fx *fx, const char *parent, int seq)
{
	sqlite3_stmt *stmt = ask(fx,
				 "SELECT name FROM pragma_table_xinfo(?1) "
				 "WHERE pk = ?2",
				 parent);
	const char *name = "rowid";

	if (stmt) {
		sqlite3_bind_int(stmt, 2, seq + 1);
		if (sqlite3_step(stmt) == SQLITE_ROW)
			name = text_at(fx, stmt, 0);
	}
	sqlite3_finalize(stmt);
	return name;
}

static void add_key(struct fx_key **keys, size_t *n, size_t *cap)
{
	VEC_GROW(*keys, *n, *cap);
	memset(&(*keys)[(*n)++], 0, sizeof(**keys));
}

/* Columns: child, id, seq, table, from, to, on_update, on_delete. */
static void read_keys(struct fx *fx, sqlite3_stmt *stmt, struct fx_key **keys,
		      size_t *n, size_t *cap)
{
	while (stmt && sqlite3_step(stmt) == SQLITE_ROW) {
		int seq = sqlite3_column_int(stmt, 2);
		const char *to = text_at(fx, stmt, 5);
		struct fx_key *k;

		if (!seq)
			add_key(keys, n, cap);
		if (!*n)
			break;
		k = &(*keys)[*n - 1];
		k->child = text_at(fx, stmt, 0);
		k->parent = text_at(fx, stmt, 3);
		k->on_update = text_at(fx, stmt, 6);
		k->on_delete = text_at(fx, stmt, 7);
		fx_names_add(fx, &k->from, text_at(fx, stmt, 4));
		fx_names_add(fx, &k->to,
			     to ? to : key_column(fx, k->parent, seq));
	}
	sqlite3_finalize(stmt);
}

static void read_all_keys(struct fx *fx, struct fx_info *i)
{
	read_keys(fx,
		  ask(fx,
		      "SELECT ?1, id, seq, \"table\", \"from\", \"to\", "
		      "on_update, on_delete FROM pragma_foreign_key_list(?1) "
		      "ORDER BY id, seq",
		      i->name),
		  &i->keys, &i->n_keys, &i->cap_keys);
	read_keys(fx,
		  ask(fx,
		      "SELECT s.name, f.id, f.seq, f.\"table\", f.\"from\", "
		      "f.\"to\", f.on_update, f.on_delete FROM sqlite_schema "
		      "s, pragma_foreign_key_list(s.name) f WHERE s.type = "
		      "'table' AND f.\"table\" = ?1 COLLATE NOCASE ORDER BY "
		      "s.name, f.id, f.seq",
		      i->name),
		  &i->children, &i->n_children, &i->cap_children);
}

const struct fx_info *fx_info_of(struct fx *fx, const char *table)
{
	struct fx_info *i = map_get(&fx->infos, table);

	if (i)
		return i;
	i = arena_alloc(&fx->arena, sizeof(*i));
	i->name = arena_strdup(&fx->arena, table);
	read_columns(fx, i);
	if (i->found && !i->is_view) {
		read_uniques(fx, i);
		read_text(fx, i);
		read_all_keys(fx, i);
	}
	map_put(&fx->infos, i->name, i);
	return i;
}

bool fx_info_default(struct fx *fx, const struct fx_info *i, const char *column,
		     const char **value)
{
	struct sqlite_words w = { 0 };
	bool constant = false;

	for (size_t k = 0; k < i->columns.n; k++) {
		const char *text = i->defaults[k];

		if (!streq(i->columns.list[k], column))
			continue;
		*value = NULL;
		constant =
			!text || (sqlite_words_read(&w, text, strlen(text)) &&
				  fx_literal(&fx->arena, &w, 0, w.n, value));
		sqlite_words_release(&w);
		break;
	}
	return constant;
}
