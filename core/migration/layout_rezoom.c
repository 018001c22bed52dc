#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/scan.h"
#include "migration/sections.h"

/*
 * Rezoom.SQL: V<major>.<name>.sql is the root of a tree,
 * V<major>.<parent>-<name>.sql a child. Within a major version names are
 * unique; a tree runs depth first, children by name. Grammar:
 * https://fsprojects.github.io/Rezoom.SQL/doc/Configuration/MigrationTrees.html
 */

struct node {
	struct migration *m;
	char *key;                /* "<major>/<name>" in small letters */
	char *parent;             /* the same of its parent, or NULL */
	size_t first_child, next; /* index + 1; 0 = none */
	int seen;                 /* 0 no, 1 on the way, 2 done */
};

struct forest {
	struct node *nodes;
	size_t n;
	struct map by_key; /* node pointers */
};

static size_t word(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

/* V<digits>.<word>[-<word>].sql; the lengths of its parts. */
static bool cut(const char *path, size_t *digits, size_t *first, size_t *second)
{
	const char *s = path + 1;

	*digits = *first = *second = 0;
	if (*path != 'V' || !(*digits = scan_digits(s)) || s[*digits] != '.')
		return false;
	s += *digits + 1;
	*first = word(s);
	if (*first && s[*first] == '-') {
		*second = word(s + *first + 1);
		if (!*second)
			return false;
		s += *first + 1 + *second;
	} else {
		s += *first;
	}
	return *first && streq(s, ".sql");
}

static bool is_rezoom(const char *path)
{
	size_t a, b, c;

	return cut(path, &a, &b, &c);
}

/* "V1.10__c.sql" fits as well, but is Flyway's. */
static bool is_surely_rezoom(const char *path)
{
	size_t digits, first, second;

	return cut(path, &digits, &first, &second) &&
	       isalpha((unsigned char)path[1 + digits + 1]);
}

static int detect(const struct layout_probe *p, const char **example)
{
	*example = scan_first(p->files, is_surely_rezoom);
	return *example ? 80 : 0;
}

static char *make_key(const char *major, size_t digits, const char *name,
		      size_t len)
{
	size_t zeros = strspn(major, "0");
	char *key;

	if (zeros >= digits)
		zeros = digits - 1;
	key = xasprintf("%.*s/%.*s", (int)(digits - zeros), major + zeros,
			(int)len, name);
	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return key;
}

static void add(struct migration_set *set, struct forest *f,
		const struct source_entry *e)
{
	struct node *node = &f->nodes[f->n++];
	size_t digits, first, second;
	const char *major = e->path + 1, *own;
	char *name, *version;

	cut(e->path, &digits, &first, &second);
	own = major + digits + 1;
	if (second) {
		node->parent = make_key(major, digits, own, first);
		own += first + 1;
	}
	node->key = make_key(major, digits, own, second ? second : first);
	name = xstrndup(e->path, strlen(e->path) - 4);
	version = xstrndup(major, digits);
	node->m = scan_add(set, name, version, e);
	free(name);
	free(version);
}

static const char *why_not(const char *path)
{
	if (strchr(path, '/'))
		return "it is in a folder, and Rezoom reads only the files "
		       "beside it";
	if (!ends_with(path, ".sql"))
		return "its ending is not .sql in small letters";
	return "Rezoom wants V<number>.<name>.sql or "
	       "V<number>.<parent>-<name>.sql";
}

/* Children of a parent, and majors, in order of the whole key. */
static int by_key(const void *a, const void *b)
{
	return text_compare_natural(((const struct node *)a)->key,
				    ((const struct node *)b)->key);
}

static struct err *index_names(struct migration_set *set, struct forest *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct node *node = &f->nodes[i];
		const struct node *old = map_put(&f->by_key, node->key, node);

		if (old)
			return err_hint(
				scan_error(set, node->m->path, 0,
					   "the name %s is taken already in "
					   "version %s, by %s",
					   strchr(node->key, '/') + 1,
					   node->m->version, old->m->path),
				"names are unique within a major version");
	}
	return NULL;
}

/* Hang each child under its parent; from the last, so lists come sorted. */
static struct err *link_parents(struct migration_set *set, struct forest *f)
{
	for (size_t i = f->n; i-- > 0;) {
		struct node *node = &f->nodes[i], *parent;

		if (!node->parent)
			continue;
		parent = map_get(&f->by_key, node->parent);
		if (!parent)
			return scan_error(set, node->m->path, 0,
					  "its parent %s is not in version %s",
					  strchr(node->parent, '/') + 1,
					  node->m->version);
		node->next = parent->first_child;
		parent->first_child = i + 1;
		scan_depends(&set->arena, node->m, parent->m->name,
			     strlen(parent->m->name), 0);
	}
	return NULL;
}

/* Two roots in one version are what the trees are there to avoid. */
static struct err *check_roots(struct migration_set *set, struct forest *f)
{
	const struct node *root = NULL;

	for (size_t i = 0; i < f->n; i++) {
		const struct node *node = &f->nodes[i];

		if (node->parent)
			continue;
		if (root && !migration_compare_versions(root->m->version,
							node->m->version))
			return err_hintf(
				scan_error(set, node->m->path, 0,
					   "version %s has a root already, %s",
					   node->m->version, root->m->path),
				"make it a child: V%s.%s-%s.sql",
				node->m->version, strchr(root->key, '/') + 1,
				strchr(node->key, '/') + 1);
		root = node;
	}
	return NULL;
}

/* Put a tree behind what is there, depth first, with a stack of its own. */
static void walk(struct migration_set *set, struct forest *f, size_t top,
		 size_t *stack)
{
	size_t depth = 0;

	stack[depth++] = top;
	while (depth) {
		struct node *node = &f->nodes[stack[--depth]];
		size_t start = depth;

		node->seen = 2;
		set->items[set->n++] = node->m;
		for (size_t c = node->first_child; c; c = f->nodes[c - 1].next)
			stack[depth++] = c - 1;
		for (size_t a = start, b = depth; a + 1 < b; a++) {
			size_t swap = stack[a];

			stack[a] = stack[--b];
			stack[b] = swap;
		}
	}
}

/* Nobody's descendants are in a ring of parents: print the ring. */
static struct err *ring(struct migration_set *set, struct forest *f,
			struct node *node)
{
	struct buf b = BUF_INIT;
	struct node *start;
	struct err *e;

	while (node->seen != 1) {
		node->seen = 1;
		node = map_get(&f->by_key, node->parent);
	}
	start = node;
	do {
		buf_addf(&b, "%s -> ", node->m->name);
		node = map_get(&f->by_key, node->parent);
	} while (node != start);
	e = scan_error(set, start->m->path, 0,
		       "dependencies go in a circle: %s%s", buf_str(&b),
		       start->m->name);
	buf_release(&b);
	return e;
}

static struct err *order(struct migration_set *set, struct forest *f)
{
	size_t *stack = xcalloc(f->n + 1, sizeof(*stack));
	struct err *e = NULL;

	set->n = 0;
	for (size_t i = 0; i < f->n; i++)
		if (!f->nodes[i].parent)
			walk(set, f, i, stack);
	for (size_t i = 0; i < f->n && !e; i++)
		if (!f->nodes[i].seen)
			e = ring(set, f, &f->nodes[i]);
	free(stack);
	return e;
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	struct forest f = { .nodes = xcalloc(files->n + 1, sizeof(*f.nodes)) };
	struct err *e;

	for (size_t i = 0; i < files->n; i++) {
		const struct source_entry *entry = &files->entries[i];

		if (entry->kind != SOURCE_FILE || !scan_looks_sql(entry->path))
			continue;
		if (is_rezoom(entry->path))
			add(set, &f, entry);
		else
			scan_stray(set, entry->path, why_not(entry->path));
	}
	if (f.n)
		qsort(f.nodes, f.n, sizeof(*f.nodes), by_key);
	e = index_names(set, &f);
	if (!e)
		e = link_parents(set, &f);
	if (!e)
		e = check_roots(set, &f);
	if (!e)
		e = order(set, &f);
	for (size_t i = 0; i < f.n; i++) {
		free(f.nodes[i].key);
		free(f.nodes[i].parent);
	}
	free(f.nodes);
	map_release(&f.by_key);
	return e;
}

/* A root of the next major version, which may do anything. */
static struct err *create(const struct migration_set *set, const char *stamp,
			  const char *slug, migration_new_file_fn fn,
			  void *payload)
{
	char *name = xstrndup(slug, strlen(slug));
	char *version, *path;
	struct err *e = NULL;

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	version = scan_next_version(set, stamp, "1");
	path = xasprintf("V%s.%s.sql", version, name);
	e = fn(payload, path, "");
	free(name);
	free(version);
	free(path);
	return e;
}

const struct layout layout_rezoom = {
	.name = "rezoom",
	.detect = detect,
	.scan = scan,
	.parse = pair_parse,
	.create = create,
	.own_order = true,
	.shared_versions = true,
};
