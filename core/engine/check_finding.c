#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"

/* A finding, told once, with its places, waivers and commits. */

/* Lines of an excerpt, and bytes of each. */
#define EXCERPT_LINES 3
#define EXCERPT_WIDTH 100

static const char *excerpt(struct check *c, const struct migration *m,
			   unsigned line)
{
	const char *p = m->file, *end;
	struct buf b = BUF_INIT;
	const char *out;

	if (!m->loaded || !line)
		return NULL;
	for (unsigned at = 1; p && at < line; at++) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	for (unsigned i = 0; p && *p && i < EXCERPT_LINES; i++) {
		size_t n = strcspn(p, "\r\n");

		end = p + n;
		buf_addf(&b, "%s%.*s", i ? "\n" : "",
			 (int)(n > EXCERPT_WIDTH ? EXCERPT_WIDTH : n), p);
		if (memchr(p, ';', n))
			break;
		p = end + strspn(end, "\r");
		p += *p == '\n';
	}
	out = b.len ? arena_strdup(c->arena, buf_str(&b)) : NULL;
	buf_release(&b);
	return out;
}

static void fill_place(struct check *c, struct finding_place *out,
		       const struct check_place *in)
{
	const struct check_side *s = in->side;
	const struct migration *m = in->m;

	*out = (struct finding_place){
		.name = arena_strdup(c->arena, m->name),
		.side = s->name,
		.ref = s->ref,
		.blob = m->blob ? arena_strdup(c->arena, m->blob) : NULL,
		.path = migration_path_in(c->arena, s->dir, m->path),
		.line = in->line,
		.col = in->col,
		.sql = excerpt(c, m, in->line),
	};
	VEC_GROW(c->places, c->n_places, c->cap_places);
	c->places[c->n_places++] = (struct check_pending){ out, s, m->path };
}

static const char *waiver(struct check *c, const char *rule,
			  const struct check_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct migration_allow *a;

		if (!places[i].m || !places[i].m->loaded)
			continue;
		a = migration_allows(places[i].m, rule);
		if (a)
			return arena_strdup(c->arena, a->reason);
	}
	return NULL;
}

static bool is_known(struct check *c, const char *rule, const char *message,
		     const struct check_place *places, size_t n)
{
	struct buf b = BUF_INIT;
	bool known;

	buf_addf(&b, "%s %s", rule, message);
	for (size_t i = 0; i < n; i++)
		if (places[i].m)
			buf_addf(&b, "\n%s %s", places[i].m->name,
				 places[i].m->blob);
	known = map_put_number(&c->seen, buf_str(&b), 1);
	buf_release(&b);
	return known;
}

void check_add(struct check *c, const struct check_words *w)
{
	const struct finding_rule *r = &check_rules[w->rule];
	struct finding_place *list;
	struct finding *f;

	if (is_known(c, r->id, w->message, w->places, w->n))
		return;
	list = arena_array(c->arena, w->n + 1, sizeof(*list));
	for (size_t i = 0; i < w->n; i++)
		fill_place(c, &list[i], &w->places[i]);
	VEC_GROW(c->findings, c->n, c->cap);
	f = &c->findings[c->n++];
	*f = (struct finding){
		.rule = r->id,
		.slug = r->slug,
		.level = w->level,
		.message = arena_strdup(c->arena, w->message),
		.object = w->object ? arena_strdup(c->arena, w->object) : NULL,
		.hint = w->hint ? arena_strdup(c->arena, w->hint) : NULL,
		.diff = w->diff ? arena_strdup(c->arena, w->diff) : NULL,
		.waived = waiver(c, r->id, w->places, w->n),
		.places = list,
		.n_places = w->n,
	};
}

static struct err *find_of(struct check *c, const struct check_side *s,
			   const struct store_id *stop)
{
	struct store *st = c->e->store;
	const char **paths = xcalloc(c->n_places + 1, sizeof(char *));
	struct store_id *ids = xcalloc(c->n_places + 1, sizeof(*ids));
	struct err *err = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->n_places; i++)
		if (c->places[i].side == s && *s->commit.hex)
			paths[n++] = c->places[i].path;
	if (n)
		err = st->ops->adders(st, &s->commit, stop, s->dir, paths, n,
				      ids);
	n = 0;
	for (size_t i = 0; i < c->n_places && !err; i++) {
		if (c->places[i].side != s || !*s->commit.hex)
			continue;
		if (*ids[n].hex)
			c->places[i].place->commit =
				arena_strdup(c->arena, ids[n].hex);
		n++;
	}
	free(paths);
	free(ids);
	return err;
}

struct err *check_find_adders_of(struct check *c,
				 const struct check_side *const *sides,
				 const struct store_id *const *stops, size_t n)
{
	const struct store_id none = { "" };
	struct err *err = NULL;

	for (size_t i = 0; i < n && !err && c->n_places; i++)
		err = find_of(c, sides[i], stops[i] ? stops[i] : &none);
	c->n_places = 0;
	return err;
}

struct err *check_find_adders(struct check *c, struct check_trees *t)
{
	const struct check_side **sides =
		xcalloc(t->n_bases + 2, sizeof(struct check_side *));
	const struct store_id **stops =
		xcalloc(t->n_bases + 2, sizeof(struct store_id *));
	size_t n = 0;
	struct err *err;

	sides[n] = &t->ours;
	stops[n++] = t->n_bases ? &t->bases[0].commit : NULL;
	sides[n] = &t->theirs;
	stops[n] = t->linear ? NULL : stops[n - 1];
	n++;
	for (size_t i = 0; i < t->n_bases; i++)
		sides[n++] = &t->bases[i];
	err = check_find_adders_of(c, sides, stops, n);
	free(sides);
	free(stops);
	return err;
}
