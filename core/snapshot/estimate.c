#include "snapshot/estimate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/estimate_ops.h"

/* What the texts of migrations take away from tables that are there now. */

struct finder {
	enum sql_dialect dialect;
	const struct sql_script *script; /* the one that is read */
	size_t number;                   /* of it */
	struct estimate_want *wants;
	size_t n, cap;
	struct estimate_drop *drops; /* with CASCADE */
	size_t n_drops, cap_drops;
	struct map stale; /* names that stand for something else by now */
	bool path_set;    /* unqualified names do */
	bool moved;       /* who inherits from whom is another matter */
	bool rehomed;     /* in which schema tables are, and whose */
	struct arena *arena;
};

struct err *estimate_only_cancel(struct err *e)
{
	if (!e || err_class_of(e) == ERR_CANCELLED)
		return e;
	err_free(e);
	return NULL;
}

/* --- names that mean something else later --- */

static char *stale_key(const char *object, const char *column)
{
	char *key = xasprintf("%s\n%s", object, column ? column : "");

	/* too much that is stale means an estimate less */
	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

static void set_stale(struct finder *f, const char *object, const char *column)
{
	char *key = object ? stale_key(object, column) : NULL;

	if (key)
		map_put_number(&f->stale, key, 1);
	free(key);
}

static bool is_stale(const struct finder *f, const char *object,
		     const char *column)
{
	char *key = stale_key(object, column);
	bool stale = map_has(&f->stale, key);

	free(key);
	return stale;
}

static bool has_words(const struct sql_statement *s, const char *words)
{
	size_t n = strlen(words);

	for (size_t i = 0; i + n <= s->len; i++)
		if (strncasecmp(s->text + i, words, n) == 0)
			return true;
	return false;
}

/* What the statement does to names and rows that later ones speak of. */
static void follow(struct finder *f, const struct sql_statement *s)
{
	for (size_t i = 0; i < s->n_losses; i++) {
		const struct sql_loss *loss = &s->losses[i];

		if (loss->kind == SQL_LOSS_TABLE ||
		    loss->kind == SQL_LOSS_ALL_ROWS)
			set_stale(f, loss->object, NULL);
		else if (loss->kind == SQL_LOSS_COLUMN)
			set_stale(f, loss->object, loss->column);
	}
	if (s->kind == SQL_KIND_DDL)
		f->rehomed |= has_words(s, "set schema") ||
			      has_words(s, "owner to") ||
			      has_words(s, "reassign");
	switch ((int)s->verb) {
	case SQL_CREATE_TABLE:
	case SQL_DROP_TABLE:
		set_stale(f, s->object, NULL);
		break;
	case SQL_RENAME_TABLE:
		set_stale(f, s->object, NULL);
		set_stale(f, s->detail, NULL);
		break;
	case SQL_RENAME_COLUMN:
		set_stale(f, s->object, s->detail);
		set_stale(f, s->object, s->detail2);
		break;
	case SQL_DROP_COLUMN:
		set_stale(f, s->object, s->detail);
		break;
	case SQL_DELETE:
		if (s->every_row)
			set_stale(f, s->object, NULL);
		break;
	case SQL_ALTER_TABLE:
		f->moved |= has_words(s, "detach") || has_words(s, "inherit");
		break;
	case SQL_SET:
		f->path_set |= streq_null(s->object, "search_path");
		break;
	default:
		break;
	}
}

/* --- what is taken --- */

static bool same(const struct finder *f, const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return sql_same_name(f->dialect, a, b);
}

static struct estimate_want *find_want(struct finder *f, const char *schema,
				       const char *object, bool perhaps)
{
	for (size_t i = f->n; i-- && f->wants[i].script == f->number;) {
		struct estimate_want *w = &f->wants[i];

		if (w->of == ESTIMATE_TABLE && same(f, w->object, object) &&
		    same(f, w->schema, schema) &&
		    (w->whole || w->perhaps == perhaps))
			return w;
	}
	return NULL;
}

/* Of these columns nothing is there any more when the statement runs. */
static void take_gone(struct finder *f, struct estimate_want *w)
{
	char *prefix = stale_key(w->object, NULL);

	map_each (&f->stale, entry) {
		if (!starts_with(entry->key, prefix) ||
		    streq(entry->key, prefix))
			continue;
		VEC_GROW(w->gone, w->n_gone, w->cap_gone);
		w->gone[w->n_gone++] =
			arena_strdup(f->arena, entry->key + strlen(prefix));
	}
	free(prefix);
}

static struct estimate_want *want(struct finder *f, size_t statement,
				  const char *schema, const char *object,
				  bool perhaps)
{
	struct estimate_want *w;

	if (!object || is_stale(f, object, NULL) || (f->path_set && !schema))
		return NULL;
	w = find_want(f, schema, object, perhaps);
	if (w)
		return w;
	VEC_GROW(f->wants, f->n, f->cap);
	w = &f->wants[f->n++];
	*w = (struct estimate_want){ .script = f->number,
				     .statement = statement,
				     .schema = schema,
				     .object = object,
				     .perhaps = perhaps,
				     .only = f->moved };
	take_gone(f, w);
	return w;
}

static void want_column(struct finder *f, struct estimate_want *w,
			const char *column)
{
	if (!w || w->whole || !column || is_stale(f, w->object, column))
		return;
	for (size_t i = 0; i < w->n_columns; i++)
		if (same(f, w->columns[i], column))
			return;
	VEC_GROW(w->columns, w->n_columns, w->cap_columns);
	w->columns[w->n_columns++] = column;
}

/* A later statement may put rows back: of those only what differs is kept. */
static bool is_refilled(const struct finder *f, size_t i, const char *object)
{
	for (i++; i < f->script->n; i++) {
		const struct sql_statement *s = &f->script->statements[i];

		if ((s->verb == SQL_INSERT || s->verb == SQL_COPY ||
		     s->verb == SQL_MERGE) &&
		    same(f, s->object, object))
			return true;
	}
	return false;
}

/* SQLite: another table takes the name, and with it what rows they share. */
static bool is_made_again(const struct finder *f, size_t i, const char *object)
{
	for (i++; i < f->script->n; i++) {
		const struct sql_statement *s = &f->script->statements[i];

		if ((s->verb == SQL_CREATE_TABLE &&
		     same(f, s->object, object)) ||
		    (s->verb == SQL_RENAME_TABLE && same(f, s->detail, object)))
			return true;
	}
	return false;
}

static void take_whole(struct finder *f, size_t i, const char *schema,
		       const char *object, bool only, bool referrer)
{
	bool perhaps = is_refilled(f, i, object);
	struct estimate_want *w = want(f, i, schema, object, perhaps);

	if (!w || w->whole)
		return;
	w->whole = true;
	w->perhaps = perhaps;
	w->only |= only;
	w->referrer = referrer;
}

static void take_loss(struct finder *f, size_t i, const struct sql_loss *loss)
{
	struct estimate_want *w;

	if (loss->kind == SQL_LOSS_TABLE || loss->kind == SQL_LOSS_ALL_ROWS) {
		take_whole(f, i, loss->schema, loss->object, loss->only,
			   loss->kind == SQL_LOSS_ALL_ROWS && loss->cascade);
		return;
	}
	/* bigint for integer: no value is another one */
	w = want(f, i, loss->schema, loss->object,
		 loss->kind == SQL_LOSS_TYPE_CHANGE);
	if (w)
		w->only |= loss->only;
	want_column(f, w, loss->column);
}

/* Tables that no statement names. One without CASCADE takes none. */
static void take_many(struct finder *f, size_t i, const struct sql_loss *loss)
{
	struct estimate_want *w;
	bool schema = loss->kind == SQL_LOSS_SCHEMA && loss->cascade;

	if (f->rehomed || (!schema && loss->kind != SQL_LOSS_OWNED))
		return;
	VEC_GROW(f->wants, f->n, f->cap);
	w = &f->wants[f->n++];
	*w = (struct estimate_want){ .script = f->number,
				     .statement = i,
				     .of = schema ? ESTIMATE_SCHEMA
						  : ESTIMATE_ROLE,
				     .object = loss->object,
				     .whole = true };
}

static void take_update(struct finder *f, size_t i,
			const struct sql_statement *s)
{
	struct estimate_want *w = want(f, i, s->schema, s->object, false);

	if (!w)
		return;
	w->only |= s->only;
	w->digests = true;
	for (size_t k = 0; k < s->n_sets; k++)
		want_column(f, w, s->sets[k]);
}

/* SQLite: the others are there as digests, as of an UPDATE. */
static void take_column(struct finder *f, size_t i,
			const struct sql_statement *s)
{
	struct estimate_want *w = want(f, i, s->schema, s->object, false);

	if (w)
		w->digests = true;
	want_column(f, w, s->detail);
}

static void add_drop(struct finder *f, size_t i, enum estimate_drop_what what,
		     const struct sql_loss *loss)
{
	struct estimate_drop *d;

	if (!loss->object || is_stale(f, loss->object, NULL) ||
	    (f->path_set && !loss->schema))
		return;
	VEC_GROW(f->drops, f->n_drops, f->cap_drops);
	d = &f->drops[f->n_drops++];
	*d = (struct estimate_drop){ f->number,    i,
				     what,         loss->schema,
				     loss->object, loss->column };
}

static void take_cascade(struct finder *f, size_t i,
			 const struct sql_loss *loss)
{
	switch ((int)loss->kind) {
	case SQL_LOSS_TABLE:
	case SQL_LOSS_SEQUENCE:
	case SQL_LOSS_MATVIEW:
		add_drop(f, i, ESTIMATE_DROP_RELATION, loss);
		break;
	case SQL_LOSS_COLUMN:
		add_drop(f, i, ESTIMATE_DROP_COLUMN, loss);
		break;
	case SQL_LOSS_TYPE:
		if (!loss->column)
			add_drop(f, i, ESTIMATE_DROP_TYPE, loss);
		break;
	case SQL_LOSS_SCHEMA:
		add_drop(f, i, ESTIMATE_DROP_SCHEMA, loss);
		break;
	case SQL_LOSS_EXTENSION:
		add_drop(f, i, ESTIMATE_DROP_EXTENSION, loss);
		break;
	default:
		break;
	}
}

/* Of one view; the grammar has no loss for it. */
static void take_view(struct finder *f, size_t i, const struct sql_statement *s)
{
	const struct sql_loss loss = { .schema = s->schema,
				       .object = s->object };
	static const char word[] = "cascade";
	size_t n = strlen(word);

	if (f->dialect == SQL_POSTGRESQL && s->verb == SQL_DROP &&
	    streq_null(s->detail, "view") && s->len > n &&
	    strncasecmp(s->text + s->len - n, word, n) == 0)
		add_drop(f, i, ESTIMATE_DROP_RELATION, &loss);
}

static void take(struct finder *f, size_t i)
{
	const struct sql_statement *s = &f->script->statements[i];
	bool sqlite = f->dialect == SQL_SQLITE;

	if (s->temp)
		return;
	take_view(f, i, s);
	for (size_t k = 0; k < s->n_losses; k++)
		if (s->losses[k].cascade)
			take_cascade(f, i, &s->losses[k]);
	for (size_t k = 0; k < s->n_losses; k++)
		if (sql_loss_is_of_table(&s->losses[k]))
			take_loss(f, i, &s->losses[k]);
		else
			take_many(f, i, &s->losses[k]);
	if (s->every_row && s->verb == SQL_UPDATE)
		take_update(f, i, s);
	else if (s->every_row)
		take_whole(f, i, s->schema, s->object, s->only, false);
	else if (sqlite && s->verb == SQL_DROP_TABLE && s->object &&
		 !is_made_again(f, i, s->object))
		take_whole(f, i, s->schema, s->object, false, false);
	else if (sqlite && s->verb == SQL_DROP_COLUMN)
		take_column(f, i, s);
}

static void read_script(struct finder *f, const struct sql_script *script)
{
	f->script = script;
	f->path_set = false;
	for (size_t i = 0; i < script->n; i++) {
		take(f, i);
		follow(f, &script->statements[i]);
	}
	f->number++;
}

/* --- what goes along --- */

static void want_gone(struct finder *f, const struct estimate_gone *g)
{
	struct estimate_want *w;

	if (!g->table || is_stale(f, g->table, NULL))
		return;
	VEC_GROW(f->wants, f->n, f->cap);
	w = &f->wants[f->n++];
	*w = (struct estimate_want){ .script = g->script,
				     .statement = g->statement,
				     .schema = g->schema,
				     .object = g->table,
				     .whole = !g->column,
				     .only = true };
	if (!g->column)
		return;
	VEC_GROW(w->columns, w->n_columns, w->cap_columns);
	w->columns[w->n_columns++] = g->column;
}

static void tell_gone(const struct estimate_gone_list *gone, struct arena *a,
		      struct estimate *out)
{
	for (size_t i = 0, k; i < gone->n; i = k) {
		struct estimate *est = &out[gone->list[i].script];

		for (k = i; k < gone->n &&
			    gone->list[k].script == gone->list[i].script;
		     k++)
			;
		est->cascades = arena_array(a, k - i, sizeof(char *));
		while (i < k)
			est->cascades[est->n_cascades++] = gone->list[i++].what;
	}
}

static struct err *go_along(struct finder *f, struct target *t,
			    struct estimate *out)
{
	struct estimate_gone_list gone = { NULL, 0, 0 };
	struct err *e =
		estimate_pg_cascade(t, f->drops, f->n_drops, f->arena, &gone);

	for (size_t i = 0; i < gone.n && !e; i++)
		want_gone(f, &gone.list[i]);
	if (!e)
		tell_gone(&gone, f->arena, out);
	free(gone.list);
	return e;
}

/* --- the sum --- */

/* What is certain has the name before what is not. */
static bool has_the_name(const struct estimate *out,
			 const struct estimate_want *w)
{
	bool certain = out->bytes > 0;

	if (out->table && w->perhaps == certain)
		return !w->perhaps;
	return !out->table || (uint64_t)w->bytes > out->table_bytes;
}

/* As the statement has it. */
static char *name_of(const struct estimate_want *w, struct arena *a)
{
	if (w->of == ESTIMATE_SCHEMA)
		return arena_printf(a, "%s.*", w->object);
	if (w->of == ESTIMATE_ROLE)
		return arena_printf(a, "* of %s", w->object);
	return arena_printf(a, "%s%s%s", w->schema ? w->schema : "",
			    w->schema ? "." : "", w->object);
}

static void add_up(struct estimate *out, const struct estimate_want *w,
		   struct arena *a)
{
	uint64_t bytes = (uint64_t)w->bytes;

	if (w->rows < 1)
		return;
	if (has_the_name(out, w)) {
		out->table = name_of(w, a);
		out->table_bytes = bytes;
		out->statement = w->statement;
	}
	out->rows += (uint64_t)w->rows;
	if (w->perhaps)
		out->perhaps += bytes;
	else
		out->bytes += bytes;
}

static struct err *(*const lookers[SQL_DIALECT_COUNT])(
	struct target *t, struct estimate_want *wants, size_t n) = {
	[SQL_SQLITE] = estimate_sqlite,
	[SQL_POSTGRESQL] = estimate_pg,
};

struct err *estimate_scripts(struct target *t,
			     const struct sql_script *const *scripts, size_t n,
			     struct arena *a, struct estimate *out)
{
	struct finder f = { .dialect = t->ops->dialect, .arena = a };
	struct err *e = NULL;

	memset(out, 0, n * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		read_script(&f, scripts[i]);
	if (f.n_drops)
		e = go_along(&f, t, out);
	if (f.n && !e)
		e = lookers[f.dialect](t, f.wants, f.n);
	for (size_t i = 0; i < f.n; i++) {
		if (!e)
			add_up(&out[f.wants[i].script], &f.wants[i], a);
		free(f.wants[i].columns);
		free(f.wants[i].gone);
	}
	free(f.wants);
	free(f.drops);
	map_release(&f.stale);
	return e;
}
