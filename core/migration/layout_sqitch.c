#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/directives.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * sqitch: sqitch.plan gives order, dependencies and tags; deploy/<change>.sql
 * and revert/<change>.sql the SQL, with BEGIN and COMMIT of their own. Grammar:
 * https://sqitch.org/docs/manual/sqitchchanges/ and the file format in
 * sqitch's lib/App/Sqitch/Plan.pm.
 */

static bool is_plan(const char *path)
{
	return streq(path, "sqitch.plan");
}

static int detect(const struct layout_probe *p, const char **example)
{
	*example = scan_first(p->files, is_plan);
	return *example ? 100 : 0;
}

/* A change as the plan has it; a reworked one is there several times. */
struct change {
	const char *name;
	const char *deps, *note; /* inside [ ]; behind '#'; or NULL */
	unsigned line;
	size_t tag_from, tag_to; /* tags between it and its next instance */
	bool reworked;
	struct migration *m;
};

struct plan_file {
	struct migration_set *set;
	const struct layout_listing *files;
	struct arena *arena; /* the set's */
	struct change *changes;
	size_t n, cap;
	struct {
		const char *name;
		size_t changes; /* how many changes stand before it */
	} * tags;
	size_t n_tags, cap_tags;
	const char *project;
	struct map last; /* name -> struct change index + 1, as pointer */
};

#define PLAN "sqitch.plan"

static struct err *pragma(struct plan_file *f, const char *s, size_t n,
			  unsigned line)
{
	const char *equals = memchr(s, '=', n);
	char *key, *value;
	struct err *e = NULL;

	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (!equals)
		return NULL; /* a flag; none is known to matter */
	key = xstrndup(s, (size_t)(equals - s));
	value = xstrndup(equals + 1, n - (size_t)(equals + 1 - s));
	if (streq(key, "project"))
		f->project = arena_strdup(f->arena, value);
	else if (streq(key, "syntax-version") && !starts_with(value, "1."))
		e = scan_error(f->set, PLAN, line,
			       "plan syntax %s is not understood, only 1.0.0",
			       value);
	free(key);
	free(value);
	return e;
}

/* Find a change by name; not a hash of structs, so that vectors may move. */
static size_t last_of(const struct plan_file *f, const char *name)
{
	return map_number(&f->last, name);
}

static struct err *tag(struct plan_file *f, const char *s, size_t n,
		       unsigned line)
{
	size_t len = 0;

	while (len < n && !isspace((unsigned char)s[len]))
		len++;
	if (!len)
		return scan_error(f->set, PLAN, line, "a tag has no name");
	if (!f->n)
		return scan_error(f->set, PLAN, line,
				  "a tag stands before the first change");
	for (size_t i = 0; i < f->n_tags; i++)
		if (strlen(f->tags[i].name) == len &&
		    !memcmp(f->tags[i].name, s, len))
			return scan_error(f->set, PLAN, line,
					  "the tag is there already");
	VEC_GROW(f->tags, f->n_tags, f->cap_tags);
	f->tags[f->n_tags].name = arena_strndup(f->arena, s, len);
	f->tags[f->n_tags++].changes = f->n;
	return NULL;
}

static bool bad_name(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return true;
	return *name == '/' || strstr(name, "..") || strchr(name, '@') ||
	       strchr(name, ':') || !n || name[n - 1] == '/';
}

/* "name [deps] time planner # note" */
static struct err *change(struct plan_file *f, const char *s, size_t n,
			  unsigned line)
{
	const char *end = s + n, *p = s, *close, *note;
	struct change c = { .line = line };
	size_t old;

	while (p < end && !isspace((unsigned char)*p) && *p != '[')
		p++;
	c.name = arena_strndup(f->arena, s, (size_t)(p - s));
	if (bad_name(c.name))
		return scan_error(f->set, PLAN, line,
				  "this is no name of a change");
	while (p < end && isspace((unsigned char)*p))
		p++;
	if (p < end && *p == '[') {
		close = memchr(p, ']', (size_t)(end - p));
		if (!close)
			return scan_error(f->set, PLAN, line,
					  "\"[\" has no \"]\"");
		c.deps =
			arena_strndup(f->arena, p + 1, (size_t)(close - p - 1));
		p = close + 1;
	}
	note = memchr(p, '#', (size_t)(end - p));
	for (note = note ? note + 1 : end;
	     note < end && isspace((unsigned char)*note);)
		note++;
	if (note < end)
		c.note = arena_strndup(f->arena, note, (size_t)(end - note));
	c.tag_from = f->n_tags;
	c.tag_to = SIZE_MAX;
	old = last_of(f, c.name);
	if (old) {
		struct change *before;

		assert(old <= f->n);
		before = &f->changes[old - 1];
		before->tag_to = f->n_tags;
		before->reworked = true;
		if (before->tag_from == before->tag_to)
			return err_hint(
				scan_error(f->set, PLAN, line,
					   "%s is there already, in line %u",
					   c.name, before->line),
				"a change is reworked behind a tag only");
	}
	VEC_GROW(f->changes, f->n, f->cap);
	f->changes[f->n++] = c;
	map_put_number(&f->last, c.name, f->n);
	return NULL;
}

static struct err *plan_line(struct plan_file *f, const char *s, size_t n,
			     unsigned line)
{
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (!n || *s == '#')
		return NULL;
	if (*s == '%')
		return pragma(f, s + 1, n - 1, line);
	if (*s == '@')
		return tag(f, s + 1, n - 1, line);
	if (*s == '-')
		return scan_error(f->set, PLAN, line,
				  "lines that revert a change are not "
				  "understood");
	if (*s == '+' && n > 1)
		return plan_line(f, s + 1, n - 1, line);
	return change(f, s, n, line);
}

static const struct source_entry *script(struct plan_file *f,
					 const char *folder, const char *stem)
{
	char *path = xasprintf("%s/%s.sql", folder, stem);
	const struct source_entry *e = scan_find(f->files, path);

	free(path);
	return e && e->kind == SOURCE_FILE ? e : NULL;
}

/* The stem of a change's files: reworked, the first tag that has one. */
static const char *stem_of(struct plan_file *f, const struct change *c)
{
	const char *first = NULL;

	if (!c->reworked)
		return c->name;
	for (size_t i = c->tag_from; i < c->tag_to; i++) {
		const char *stem = arena_printf(f->arena, "%s@%s", c->name,
						f->tags[i].name);

		first = first ? first : stem;
		if (script(f, "deploy", stem))
			return stem;
	}
	return first;
}

static const char *description(struct arena *arena, const char *note)
{
	size_t n = 0;

	for (size_t chars = 0; note[n]; n++)
		if (((unsigned char)note[n] & 0xc0) != 0x80 && ++chars > 500)
			break;
	return arena_strndup(arena, note, n);
}

static struct err *add(struct plan_file *f, struct change *c)
{
	const char *stem = stem_of(f, c);
	const struct source_entry *e = script(f, "deploy", stem);
	char *safe;
	struct err *err;

	if (!e) {
		safe = text_safe(stem);
		err = scan_error(f->set, PLAN, c->line,
				 "there is no file deploy/%s.sql", safe);
		free(safe);
		return err;
	}
	c->m = scan_add(f->set, stem, "", e);
	e = script(f, "revert", stem);
	if (e)
		scan_set_down(f->set, c->m, e);
	if (c->note)
		c->m->description = description(f->arena, c->note);
	return NULL;
}

/* The change that "name", "name@tag" or "@tag" means for changes[at]. */
static struct change *resolve(struct plan_file *f, const char *dep, size_t at)
{
	const char *mark = strchr(dep, '@');
	size_t below = at, name = mark ? (size_t)(mark - dep) : strlen(dep);

	if (mark) {
		below = 0;
		for (size_t i = 0; i < f->n_tags; i++)
			if (streq(f->tags[i].name, mark + 1))
				below = f->tags[i].changes;
		if (below > at)
			return NULL;
		if (!name)
			return below ? &f->changes[below - 1] : NULL;
	}
	for (size_t i = below; i-- > 0;)
		if (strlen(f->changes[i].name) == name &&
		    !strncmp(f->changes[i].name, dep, name))
			return &f->changes[i];
	return NULL;
}

static struct err *dependency(struct plan_file *f, size_t at, char *dep)
{
	const struct change *c = &f->changes[at], *on;
	bool conflict = *dep == '!';
	char *colon, *safe;
	struct err *e;

	dep += conflict;
	colon = strchr(dep, ':');
	if (colon) {
		*colon = '\0';
		if (!f->project || !streq(f->project, dep))
			return err_hint(
				scan_error(f->set, PLAN, c->line,
					   "%s depends on project %s, and only "
					   "one project is read",
					   c->name, dep),
				"take the dependency out of the plan");
		dep = colon + 1;
	}
	on = resolve(f, dep, at);
	if (on && !conflict) {
		scan_depends(f->arena, c->m, on->m->name, strlen(on->m->name),
			     0);
		return NULL;
	}
	if (conflict == !on)
		return NULL;
	safe = text_safe(dep);
	e = scan_error(f->set, PLAN, c->line,
		       conflict ? "%s conflicts with %s, which is before it"
				: "%s depends on %s, which is not before it",
		       c->name, safe);
	free(safe);
	return e;
}

static struct err *dependencies(struct plan_file *f, size_t at)
{
	char *text, *save = NULL;
	struct err *e = NULL;

	if (!f->changes[at].deps)
		return NULL;
	text = xstrdup(f->changes[at].deps);
	for (char *dep = strtok_r(text, " \t", &save); dep && !e;
	     dep = strtok_r(NULL, " \t", &save))
		e = dependency(f, at, dep);
	free(text);
	return e;
}

/* Deploy scripts that the plan has forgotten. */
static void find_strays(struct plan_file *f)
{
	struct map used = MAP_INIT;

	for (size_t i = 0; i < f->set->n; i++)
		map_put(&used, f->set->items[i]->path, f->set->items[i]);
	for (size_t i = 0; i < f->files->n; i++) {
		const struct source_entry *e = &f->files->entries[i];

		if (e->kind == SOURCE_FILE && scan_looks_sql(e->path) &&
		    starts_with(e->path, "deploy/") && !map_has(&used, e->path))
			scan_stray(f->set, e->path,
				   "no line of sqitch.plan names it");
	}
	map_release(&used);
}

static struct err *read_plan(struct plan_file *f, const char *text, size_t len)
{
	struct err *e = NULL;
	struct lines l;

	for (lines_init(&l, text, len, 1); !e && lines_next(&l);)
		e = plan_line(f, l.s, l.n, l.line);
	for (size_t i = 0; i < f->n && !e; i++)
		e = add(f, &f->changes[i]);
	for (size_t i = 0; i < f->n && !e; i++)
		e = dependencies(f, i);
	if (!e)
		find_strays(f);
	return e;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	const struct source_entry *plan = scan_find(files, PLAN);
	struct plan_file f = { .set = set,
			       .files = files,
			       .arena = &set->arena };
	struct buf text = BUF_INIT;
	struct err *e;

	if (!plan)
		return files->n ? scan_error(set, PLAN, 0,
					     "there is no plan file")
				: NULL;
	e = set->source->ops->read(set->source, plan->path, plan->blob,
				   MIGRATION_MAX_BYTES, &text);
	if (!e && text_utf8_valid(buf_str(&text), text.len) != text.len)
		e = scan_error(set, PLAN, 0, "the file is not valid UTF-8");
	if (!e && text.len)
		e = read_plan(&f, text.data, text.len);
	buf_release(&text);
	map_release(&f.last);
	free(f.changes);
	free(f.tags);
	return e;
}

static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	(void)set;
	(void)stamp;
	(void)fn;
	(void)payload;
	return err_hintf(err_new(ERR_USAGE,
				 "sqitch keeps its changes in sqitch.plan, "
				 "which only sqitch writes"),
			 "sqitch add %s", slug);
}

const struct layout layout_sqitch = {
	.name = "sqitch",
	.detect = detect,
	.scan = scan,
	.parse = sent_parse,
	.create = create,
	.own_order = true,
	.shared_versions = true,
};
