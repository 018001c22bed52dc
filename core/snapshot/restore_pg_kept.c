#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg_type.h"
#include "sql/pg_lexer.h"

/*
 * Which type became which is told by the server's number for it (`position` of
 * an object is its oid), which part by the delta's rename lines, or, where
 * there are none, by its place.
 */

static const char *name_of(struct arena *a, const struct schema_object *o)
{
	const char *p = o->sql + (starts_with(o->sql, "CREATE DOMAIN ")
					  ? strlen("CREATE DOMAIN ")
					  : strlen("CREATE TYPE "));
	const char *end = p;

	for (bool quoted = false; *end && (quoted || !strchr(" ;\n", *end));
	     end++)
		if (*end == '"')
			quoted = !quoted;
	return arena_strndup(a, p, (size_t)(end - p));
}

static bool is_type(const struct schema_object *o)
{
	return o && streq(o->kind, "type");
}

static bool was_there(const struct schema_delta *d,
		      const struct schema_object *o)
{
	for (size_t i = 0; i < d->n; i++)
		if (is_type(d->changes[i].before) &&
		    d->changes[i].before->position == o->position)
			return true;
	return false;
}

/* The same one; else, with its name, one that was made in its place. */
static const struct schema_object *after_of(const struct schema_delta *d,
					    const struct schema_change *c)
{
	for (size_t i = 0; i < d->n; i++)
		if (is_type(d->changes[i].after) &&
		    d->changes[i].after->position == c->before->position)
			return d->changes[i].after;
	return c->after && !was_there(d, c->after) ? c->after : NULL;
}

static bool is_kept(const struct restore_pg *r, const struct schema_object *o)
{
	for (size_t i = 0; i < r->n_kept; i++)
		if (r->kept[i].after == o)
			return true;
	return false;
}

static void add_kept(struct restore_pg *r, const struct schema_change *c,
		     const struct schema_object *after)
{
	const struct schema_object *now =
		map_get(&r->req->now->by_path, after->path);
	struct restore_pg_kept *k;

	if (!now)
		return;
	k = &r->kept[r->n_kept++];
	memset(k, 0, sizeof(*k));
	k->before = c->before;
	k->after = after;
	k->now = now;
	k->name_before = name_of(&r->arena, c->before);
	k->name_after = name_of(&r->arena, after);
}

/* --- their parts --- */

static void read_lines(const struct restore_pg *r, struct restore_pg_kept *k,
		       struct arena *a)
{
	const struct schema_delta *d = r->req->delta;
	struct restore_pg_words *w = &k->words;

	w->now = arena_array(a, d->n_renames + 1, sizeof(*w->now));
	w->before = arena_array(a, d->n_renames + 1, sizeof(*w->before));
	for (size_t i = 0; i < d->n_renames; i++) {
		const struct schema_rename *n = &d->renames[i];

		if (!n->column || !n->to || !streq(n->table, k->name_before))
			continue;
		w->now[w->n] = n->to;
		w->before[w->n++] = n->column;
	}
}

static void find_words(struct restore_pg *r, struct restore_pg_kept *k)
{
	struct schema_object *o = arena_alloc(&r->arena, sizeof(*o));
	size_t n;

	*o = *k->after;
	o->sql = restore_pg_likened(
		r, restore_pg_statements(&r->arena, k->after, &n)[0]);
	o->sql = arena_printf(&r->arena, "%s;\n", o->sql);
	k->likened = o;
	read_lines(r, k, &r->arena);
	if (!k->words.n &&
	    !restore_pg_words_by_place(&r->arena, o, k->before, &k->words))
		return;
	restore_pg_words_part(&r->arena, o, &k->words);
	o->sql = restore_pg_in_words(&r->arena, o, &k->words);
}

void restore_pg_kept_find(struct restore_pg *r)
{
	const struct schema_delta *d = r->req->delta;

	r->kept = xcalloc(d->n + 1, sizeof(*r->kept));
	r->strays = xcalloc(d->n + 1, sizeof(struct schema_object *));
	for (size_t i = 0; i < d->n; i++) {
		const struct schema_change *c = &d->changes[i];
		const struct schema_object *after =
			is_type(c->before) ? after_of(d, c) : NULL;

		if (after)
			add_kept(r, c, after);
	}
	for (size_t i = 0; i < d->n; i++) {
		const struct schema_change *c = &d->changes[i];
		const struct schema_object *now =
			is_type(c->before) && c->after && !is_kept(r, c->after)
				? map_get(&r->req->now->by_path, c->after->path)
				: NULL;

		if (now)
			r->strays[r->n_strays++] = now;
	}
	for (size_t i = 0; i < r->n_kept; i++)
		find_words(r, &r->kept[i]);
}

void restore_pg_kept_free(struct restore_pg *r)
{
	free(r->kept);
	free(r->strays);
}

/* --- texts --- */

static const char *aside_name(struct restore_pg *r, const char *name,
			      const char *what, size_t i)
{
	const char *base = restore_pg_behind_schema(name);

	return arena_printf(&r->arena, "%.*sgit_migrate_%s_%zu",
			    (int)(base - name), name, what, i);
}

static bool is_name_at(const char *text, const char *name)
{
	size_t n = strlen(name);
	unsigned char c;

	if (strncmp(text, name, n) != 0)
		return false;
	c = (unsigned char)text[n];
	return !c || (c < 0x80 && !isalnum(c) && !strchr("_$\".", c));
}

/* What stands for the name at the start of a text, and the name's length. */
static const char *name_for(struct restore_pg *r, const char *text, size_t *len)
{
	for (size_t i = 0; i < r->n_kept; i++) {
		const struct restore_pg_kept *k = &r->kept[i];

		*len = strlen(k->name_after);
		if (is_name_at(text, k->name_after))
			return k->name_before;
	}
	for (size_t i = 0; i < r->n_strays; i++) {
		const char *name = name_of(&r->arena, r->strays[i]);

		*len = strlen(name);
		if (is_name_at(text, name))
			return aside_name(r, name, "stray", i);
	}
	return NULL;
}

static bool is_any_renamed(const struct restore_pg *r)
{
	for (size_t i = 0; i < r->n_kept; i++)
		if (!streq(r->kept[i].name_before, r->kept[i].name_after))
			return true;
	return r->n_strays != 0;
}

const char *restore_pg_likened(struct restore_pg *r, const char *text)
{
	struct buf out = BUF_INIT;
	struct pg_lexer l;
	struct pg_token t;
	const char *until = text;

	if (!is_any_renamed(r))
		return text;
	pg_lexer_init(&l, text, strlen(text));
	while ((t = pg_lexer_next(&l)).kind != PG_TK_END) {
		bool named = t.kind == PG_TK_WORD || t.kind == PG_TK_NAME;
		bool inside = t.text > text && t.text[-1] == '.';
		const char *other = NULL;
		size_t len = 0;

		if (t.text < until)
			continue;
		if (named && !inside)
			other = name_for(r, t.text, &len);
		buf_addf(&out, "%.*s", other ? 0 : (int)t.len, t.text);
		if (!other)
			continue;
		buf_addstr(&out, other);
		until = t.text + len;
	}
	text = arena_strndup(&r->arena, buf_str(&out), out.len);
	buf_release(&out);
	return text;
}

/* --- the database --- */

/* In two steps, because names may change places. */
static struct err *rename_words(struct restore_pg *r,
				const struct restore_pg_kept *k)
{
	const struct restore_pg_words *w = &k->words;
	bool labels = restore_pg_is_enum(k->before);
	const char *part = labels ? "VALUE" : "ATTRIBUTE";
	const char *quote = labels ? "'" : "", *end = labels ? "" : " CASCADE";
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err *err;

	for (size_t i = 0; i < w->n; i++) {
		const char *middle = arena_printf(
			&r->arena, "%sgit_migrate_word_%zu%s", quote, i, quote);

		buf_addf(&first, "ALTER TYPE %s RENAME %s %s TO %s%s; ",
			 k->name_before, part, w->now[i], middle, end);
		buf_addf(&second, "ALTER TYPE %s RENAME %s %s TO %s%s; ",
			 k->name_before, part, middle, w->before[i], end);
	}
	err = w->n ? restore_pg_exec(r, "%s%s", buf_str(&first),
				     buf_str(&second))
		   : NULL;
	buf_release(&first);
	buf_release(&second);
	return err;
}

static struct err *set_aside(struct restore_pg *r,
			     const struct schema_object *now, const char *what,
			     size_t i)
{
	const char *type, *name;
	struct err *err =
		restore_pg_identify(r, r->req->now, now, &type, &name);

	if (err || !type)
		return err;
	r->renamed = true;
	return restore_pg_exec(r, "ALTER TYPE %s RENAME TO git_migrate_%s_%zu",
			       name, what, i);
}

static struct err *name_back(struct restore_pg *r,
			     const struct restore_pg_kept *k)
{
	const char *base = restore_pg_behind_schema(k->name_before);
	int schema = (int)(base - k->name_before) - 1;
	const char *type, *name;
	struct err *err =
		restore_pg_identify(r, r->req->now, k->now, &type, &name);
	int at;

	if (err || !type)
		return err;
	at = (int)(restore_pg_behind_schema(name) - name) - 1;
	if (at != schema || strncmp(name, k->name_before, (size_t)at) != 0) {
		err = restore_pg_exec(r, "ALTER TYPE %s SET SCHEMA %.*s", name,
				      schema, k->name_before);
		name = arena_printf(&r->arena, "%.*s.%s", schema,
				    k->name_before,
				    restore_pg_behind_schema(name));
	}
	return err ? err
		   : restore_pg_exec(r, "ALTER TYPE %s RENAME TO %s", name,
				     base);
}

struct err *restore_pg_kept_rename(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_strays && !err; i++)
		err = set_aside(r, r->strays[i], "stray", i);
	for (size_t i = 0; i < r->n_kept && !err; i++)
		if (!streq(r->kept[i].name_before, r->kept[i].name_after))
			err = set_aside(r, r->kept[i].now, "kept", i);
	for (size_t i = 0; i < r->n_kept && !err; i++)
		if (!streq(r->kept[i].name_before, r->kept[i].name_after))
			err = name_back(r, &r->kept[i]);
	for (size_t i = 0; i < r->n_kept && !err; i++) {
		const struct restore_pg_kept *k = &r->kept[i];

		r->renamed |= k->words.n != 0;
		err = rename_words(r, k);
		if (err || !restore_pg_is_alterable(k->likened, k->before))
			continue;
		r->renamed = true;
		err = restore_pg_loosen_type(r, k->likened, k->before);
	}
	return err;
}
