#include "schema/sqlite_catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

const char sqlite_kind_table[] = "table";
const char sqlite_kind_virtual[] = "virtual";
const char sqlite_kind_index[] = "index";
const char sqlite_kind_view[] = "view";
const char sqlite_kind_trigger[] = "trigger";
const char sqlite_kind_pragma[] = "pragma";

const char *const sqlite_catalog_pragma[SQLITE_CATALOG_PRAGMAS] = {
	"user_version",
	"application_id",
};

/* A row of sqlite_schema, borrowed from the statement. */
struct row {
	int64_t position;
	const char *type, *name, *table, *sql; /* never NULL */
	size_t sql_len;
};

static struct err *failed(sqlite3 *db)
{
	return err_new(ERR_TARGET, "read the database's schema: %s",
		       sqlite3_errmsg(db));
}

static const char *text_of(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text ? (const char *)text : "";
}

static struct row row_of(sqlite3_stmt *stmt)
{
	struct row r = {
		.position = sqlite3_column_int64(stmt, 0),
		.type = text_of(stmt, 1),
		.name = text_of(stmt, 2),
		.table = text_of(stmt, 3),
		.sql = text_of(stmt, 4),
	};

	r.sql_len = (size_t)sqlite3_column_bytes(stmt, 4);
	return r;
}

static bool is_same(const struct schema_row *have, const struct row *r)
{
	const struct schema_object *o = have->object;
	const char *type =
		o->kind == sqlite_kind_virtual ? sqlite_kind_table : o->kind;

	return have->sql_len == r->sql_len &&
	       !memcmp(o->sql, r->sql, r->sql_len) && streq(o->name, r->name) &&
	       streq(o->table, r->table) && streq(type, r->type);
}

static bool is_virtual(const char *sql)
{
	struct sqlite_lexer l;
	struct sqlite_token t;

	if (strncmp(sql, "CREATE VIRTUAL", 14) == 0)
		return true;
	sqlite_lexer_init(&l, sql, strlen(sql));
	t = sqlite_lexer_next_solid(&l);
	if (!sqlite_token_is(&t, "create"))
		return false;
	t = sqlite_lexer_next_solid(&l);
	return sqlite_token_is(&t, "virtual");
}

static const char *kind_of(struct schema *s, const struct row *r)
{
	static const char *const kinds[] = {
		sqlite_kind_index,
		sqlite_kind_view,
		sqlite_kind_trigger,
	};

	if (streq(r->type, sqlite_kind_table))
		return is_virtual(r->sql) ? sqlite_kind_virtual
					  : sqlite_kind_table;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (streq(r->type, kinds[i]))
			return kinds[i];
	return arena_strdup(&s->arena, r->type);
}

static void add_fresh(struct sqlite_catalog *c, size_t i)
{
	VEC_GROW(c->fresh, c->n_fresh, c->cap_fresh);
	c->fresh[c->n_fresh++] = i;
}

static void add_gone(struct sqlite_catalog *c, const struct schema_object *o)
{
	if (!o->path)
		return;
	VEC_GROW(c->gone, c->n_gone, c->cap_gone);
	c->gone[c->n_gone++] = o;
}

static void add_row(struct sqlite_catalog *c, struct schema_row row)
{
	VEC_GROW(c->rows, c->n, c->cap);
	c->rows[c->n++] = row;
}

static void add_new_row(struct sqlite_catalog *c, struct schema *s,
			const struct row *r)
{
	struct schema_object *o = arena_alloc(&s->arena, sizeof(*o));
	struct schema_row row = { .object = o, .sql_len = r->sql_len };

	o->kind = kind_of(s, r);
	o->name = arena_strdup(&s->arena, r->name);
	o->table = arena_strdup(&s->arena, r->table);
	o->sql = arena_strndup(&s->arena, r->sql, r->sql_len);
	o->position = r->position;
	add_fresh(c, c->n);
	add_row(c, row);
}

static struct err *read_rows(struct sqlite_catalog *c, struct schema *s,
			     sqlite3 *db, int64_t behind)
{
	static const char sql[] =
		"SELECT rowid, type, name, tbl_name, sql "
		"FROM main.sqlite_master WHERE rowid > ?1 ORDER BY rowid";
	sqlite3_stmt *stmt = NULL;
	struct err *e = NULL;
	size_t old = c->n; /* rows before were kept without reading */
	int rc;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
		return failed(db);
	sqlite3_bind_int64(stmt, 1, behind);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct row r = row_of(stmt);

		while (old < s->n_rows &&
		       s->rows[old].object->position < r.position)
			add_gone(c, s->rows[old++].object);
		if (old < s->n_rows &&
		    s->rows[old].object->position == r.position) {
			if (is_same(&s->rows[old], &r)) {
				add_row(c, s->rows[old++]);
				continue;
			}
			add_gone(c, s->rows[old++].object);
		}
		add_new_row(c, s, &r);
	}
	if (rc != SQLITE_DONE)
		e = failed(db);
	for (; old < s->n_rows; old++)
		add_gone(c, s->rows[old].object);
	sqlite3_finalize(stmt);
	return e;
}

/* Name of the virtual table that a shadow table "f_data" would belong to. */
static bool is_shadow_of(const char *name, const char *owner)
{
	const char *tail = strrchr(name, '_');
	size_t n = strlen(owner);

	return tail && (size_t)(tail - name) == n &&
	       !sqlite3_strnicmp(name, owner, (int)n);
}

static bool may_be_shadow(const struct sqlite_catalog *c,
			  const struct schema_object *o)
{
	if (o->kind != sqlite_kind_table || !strchr(o->name, '_'))
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->rows[i].object->kind == sqlite_kind_virtual &&
		    is_shadow_of(o->name, c->rows[i].object->name))
			return true;
	return false;
}

/* Which tables are shadows can only have changed if one of these did. */
static bool must_ask_for_shadows(const struct sqlite_catalog *c)
{
	for (size_t i = 0; i < c->n_gone; i++)
		if (c->gone[i]->kind == sqlite_kind_virtual)
			return true;
	for (size_t i = 0; i < c->n_fresh; i++) {
		const struct schema_object *o = c->rows[c->fresh[i]].object;

		if (o->kind == sqlite_kind_virtual || may_be_shadow(c, o))
			return true;
	}
	return false;
}

/* A table of the tree became a shadow, or the reverse: a new object. */
static void turn(struct sqlite_catalog *c, struct schema *s, size_t i,
		 bool fresh)
{
	struct schema_row *row = &c->rows[i];
	struct schema_object *copy;

	row->shadow = !row->shadow;
	if (fresh)
		return;
	copy = arena_alloc(&s->arena, sizeof(*copy));
	*copy = *row->object;
	copy->path = copy->text = copy->shape = NULL;
	add_gone(c, row->object);
	row->object = copy;
	add_fresh(c, i);
}

static struct err *find_shadows(struct sqlite_catalog *c, struct schema *s,
				sqlite3 *db)
{
	struct map shadows = MAP_INIT;
	sqlite3_stmt *stmt = NULL;
	struct err *e = NULL;
	size_t next = 0, n_fresh = c->n_fresh;
	int rc;

	if (sqlite3_prepare_v2(db, "PRAGMA main.table_list", -1, &stmt, NULL))
		return failed(db);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		if (streq(text_of(stmt, 2), "shadow"))
			map_put(&shadows, text_of(stmt, 1), s);
	if (rc != SQLITE_DONE)
		e = failed(db);
	for (size_t i = 0; i < c->n && !e; i++) {
		const struct schema_object *o = c->rows[i].object;
		bool fresh = next < n_fresh && c->fresh[next] == i;

		next += fresh;
		if (o->kind == sqlite_kind_table &&
		    map_has(&shadows, o->name) != c->rows[i].shadow)
			turn(c, s, i, fresh);
	}
	sqlite3_finalize(stmt);
	map_release(&shadows);
	return e;
}

static struct err *read_pragmas(struct sqlite_catalog *c, sqlite3 *db)
{
	static const char *const sql[SQLITE_CATALOG_PRAGMAS] = {
		"PRAGMA main.user_version",
		"PRAGMA main.application_id",
	};

	for (size_t i = 0; i < SQLITE_CATALOG_PRAGMAS; i++) {
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v2(db, sql[i], -1, &stmt, NULL);

		if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
			c->pragmas[i] = sqlite3_column_int(stmt, 0);
		if (sqlite3_finalize(stmt) || rc)
			return failed(db);
	}
	return NULL;
}

struct err *sqlite_catalog_read(struct sqlite_catalog *c, struct schema *s,
				sqlite3 *db, enum schema_scope scope)
{
	int64_t behind = INT64_MIN;
	struct err *e;

	memset(c, 0, sizeof(*c));
	if (scope == SCHEMA_SCOPE_APPENDED && s->n_rows) {
		behind = s->last_position;
		c->n = c->cap = s->n_rows;
		c->rows = xreallocarray(NULL, c->cap, sizeof(*c->rows));
		memcpy(c->rows, s->rows, c->n * sizeof(*c->rows));
	}
	e = read_rows(c, s, db, behind);
	if (!e && must_ask_for_shadows(c))
		e = find_shadows(c, s, db);
	if (!e)
		e = read_pragmas(c, db);
	return e;
}

void sqlite_catalog_release(struct sqlite_catalog *c)
{
	free(c->rows);
	free(c->fresh);
	free(c->gone);
	memset(c, 0, sizeof(*c));
}
