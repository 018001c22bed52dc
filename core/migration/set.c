#include "migration/migration.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/detect.h"
#include "migration/layout.h"
#include "migration/scan.h"

struct collect {
	struct layout_listing files;
	size_t cap;
};

static struct err *collect_entry(void *payload, const struct source_entry *e)
{
	struct collect *c = payload;
	struct source_entry *mine;

	VEC_GROW(c->files.entries, c->files.n, c->cap);
	mine = &c->files.entries[c->files.n++];
	*mine = *e;
	mine->path = arena_strdup(c->files.arena, e->path);
	mine->blob = e->blob ? arena_strdup(c->files.arena, e->blob) : NULL;
	return NULL;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct source_entry *)a)->path,
		      ((const struct source_entry *)b)->path);
}

/* A tree lists its files in this order but for folders. */
static void sort_files(struct layout_listing *files)
{
	for (size_t i = 1; i < files->n; i++)
		if (by_path(&files->entries[i - 1], &files->entries[i]) > 0) {
			qsort(files->entries, files->n, sizeof(*files->entries),
			      by_path);
			return;
		}
}

static bool leaves_folder(const char *path)
{
	if (*path == '/')
		return true;
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (starts_with(p, "..") && (!p[2] || p[2] == '/'))
			return true;
	}
	return false;
}

static bool has_control(const char *path)
{
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return true;
	return text_utf8_valid(path, strlen(path)) != strlen(path);
}

/* Names that no layout should ever see. */
static struct err *check_entry(const struct migration_set *set,
			       const struct source_entry *e)
{
	static const char *const what[] = {
		[SOURCE_FOLDER] = "a folder",
		[SOURCE_SYMLINK] = "a symbolic link",
		[SOURCE_SUBMODULE] = "a submodule",
	};
	const char *base = scan_base(e->path);
	struct err *err;

	if (leaves_folder(e->path))
		return scan_error(set, e->path, 0,
				  "the name leads out of the folder");
	if (!scan_looks_sql(base) &&
	    (e->kind == SOURCE_FILE || e->kind == SOURCE_FOLDER ||
	     !scan_digits(base)))
		return NULL;
	if (e->kind == SOURCE_FOLDER && (!set->layout || set->layout->folders))
		return NULL;
	if (e->kind != SOURCE_FILE) {
		err = scan_error(set, e->path, 0,
				 "%s stands where a migration file is expected",
				 what[e->kind]);
		return err_hint(err, "put the file itself here");
	}
	if (has_control(e->path))
		return err_hint(scan_error(set, e->path, 0,
					   "the file name has control "
					   "characters or is not UTF-8"),
				"rename the file");
	return NULL;
}

int migration_set_compare(const struct migration_set *set, const char *a,
			  const char *b)
{
	return set->layout->text_versions ? strcmp(a, b)
					  : migration_compare_versions(a, b);
}

int migration_set_compare_items(const struct migration_set *set,
				const struct migration *x,
				const struct migration *y)
{
	int order;

	if (x->repeatable != y->repeatable)
		return x->repeatable ? 1 : -1;
	order = migration_set_compare(set, x->version, y->version);
	if (!order)
		order = text_compare_natural(x->name, y->name);
	return order ? order : strcmp(x->path, y->path);
}

static int by_order(const void *a, const void *b, void *set)
{
	return migration_set_compare_items(set, *(struct migration *const *)a,
					   *(struct migration *const *)b);
}

/* Names come in order, and most often versions are in theirs, too. */
static bool is_sorted(const struct migration_set *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (migration_set_compare_items(set, set->items[i - 1],
						set->items[i]) > 0)
			return false;
	return true;
}

void migration_set_sort(struct migration_set *set)
{
	if (!set->layout->own_order && !is_sorted(set))
		qsort_r(set->items, set->n, sizeof(struct migration *),
			by_order, set);
	for (size_t i = 0; i < set->n; i++)
		set->items[i]->rank = i;
}

static struct err *check_versions(const struct migration_set *set)
{
	for (size_t i = 1; i < set->n; i++) {
		const struct migration *a = set->items[i - 1];
		const struct migration *b = set->items[i];
		char *safe;
		struct err *e;

		if (a->repeatable || b->repeatable ||
		    migration_set_compare(set, a->version, b->version) != 0)
			continue;
		safe = text_safe(a->path);
		e = scan_error(set, b->path, 0,
			       "version %s is taken already, by %s", b->version,
			       safe);
		free(safe);
		if (scan_half(a->path) && scan_half(b->path))
			return scan_pair_hint(e);
		return err_hint(e, "give one of the two files another number");
	}
	return NULL;
}

static struct err *check_names(struct migration_set *set)
{
	map_reserve(&set->by_name, set->n);
	for (size_t i = 0; i < set->n; i++) {
		struct migration *m = set->items[i];
		const struct migration *old;
		char *safe, *name;
		struct err *e;

		old = map_put(&set->by_name, m->name, m);
		if (!old)
			continue;
		safe = text_safe(old->path);
		name = text_safe(m->name);
		e = scan_error(set, m->path, 0,
			       "the name %s is taken already, by %s", name,
			       safe);
		free(safe);
		free(name);
		return err_hint(e, "rename one of the two files");
	}
	return NULL;
}

static struct err *check_entries(const struct migration_set *set,
				 const struct layout_listing *files)
{
	struct err *e = NULL;

	for (size_t i = 0; i < files->n && !e; i++)
		e = check_entry(set, &files->entries[i]);
	return e;
}

/* What a folder may be called is the layout's to say. */
static struct err *find_layout(struct migration_set *set,
			       const struct layout_listing *files)
{
	struct err *e = check_entries(set, files);

	if (e || set->layout)
		return e;
	e = layout_detect(set, files, &set->layout);
	return e ? e : check_entries(set, files);
}

static struct err *scan(struct migration_set *set,
			const struct layout_listing *files)
{
	struct err *e;

	/* no layout makes more than one of either out of one entry */
	set->items = arena_array(&set->arena, files->n + 1,
				 sizeof(struct migration *));
	set->strays =
		arena_array(&set->arena, files->n + 1, sizeof(*set->strays));
	e = find_layout(set, files);
	if (e)
		return e;
	assert(set->layout);
	e = set->layout->scan(set, files);
	if (e)
		return e;
	migration_set_sort(set);
	if (!set->layout->shared_versions) {
		e = check_versions(set);
		if (e)
			return e;
	}
	return check_names(set);
}

struct err *migration_set_read(struct migration_set *out, struct source *source,
			       const struct migration_options *opt)
{
	struct arena listing = ARENA_INIT;
	struct collect c = { .files = { .arena = &listing } };
	struct err *e;

	memset(out, 0, sizeof(*out));
	out->source = source;
	out->dialect = opt->dialect;
	out->layout = &layout_native;
	if (opt->pattern)
		out->pattern = arena_strdup(&out->arena, opt->pattern);
	e = layout_choose(opt, &out->layout);
	if (!e)
		e = source->ops->list(source, collect_entry, &c);
	if (!e) {
		sort_files(&c.files);
		e = scan(out, &c.files);
	}
	if (!out->layout)
		out->layout = &layout_native;
	free(c.files.entries);
	arena_release(&listing);
	return e;
}

void migration_set_release(struct migration_set *set)
{
	map_release(&set->by_name);
	arena_release(&set->arena);
	memset(set, 0, sizeof(*set));
}

struct migration *migration_find(const struct migration_set *set,
				 const char *name)
{
	return map_get(&set->by_name, name);
}

/* What is left of a file name without its folder of migrations. */
static bool is_file_of(const struct migration_set *set,
		       const struct migration *m, const char *text)
{
	size_t dir =
		set->source && set->source->dir ? strlen(set->source->dir) : 0;
	const char *below = text;

	if (dir && !strncmp(text, set->source->dir, dir) && text[dir] == '/')
		below = text + dir + 1;
	return streq(below, m->path) || streq_null(below, m->down_path) ||
	       streq(text, scan_base(m->path)) ||
	       (m->down_path && streq(text, scan_base(m->down_path))) ||
	       (ends_with(text, ".sql") &&
		strlen(m->name) == strlen(text) - 4 &&
		starts_with(text, m->name));
}

struct migration *migration_resolve(const struct migration_set *set,
				    const char *text)
{
	struct migration *found = migration_find(set, text);
	size_t hits = 0;

	if (found || !*text)
		return found;
	for (size_t i = 0; i < set->n; i++)
		if (*set->items[i]->version &&
		    !migration_compare_versions(set->items[i]->version, text)) {
			found = set->items[i];
			hits++;
		}
	if (hits)
		return hits == 1 ? found : NULL;
	for (size_t i = 0; i < set->n; i++)
		if (is_file_of(set, set->items[i], text)) {
			found = set->items[i];
			hits++;
		}
	return hits == 1 ? found : NULL;
}

char *migration_path_in(struct arena *a, const char *dir, const char *path)
{
	if (!dir || !*dir || streq(dir, "."))
		return arena_strdup(a, path);
	return arena_printf(a, "%s/%s", dir, path);
}

const char *migration_full_path(struct migration_set *set, const char *path)
{
	return migration_path_in(&set->arena,
				 set->source ? set->source->dir : NULL, path);
}

const char *migration_layout_name(const struct migration_set *set)
{
	return set->layout->name;
}
