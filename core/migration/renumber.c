#include "migration/renumber.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/util.h"
#include "migration/directives.h"
#include "migration/scan.h"

/* --- versions --- */

/* The second behind a version that begins with a stamp, as wide as it is;
 * NULL when it does not. */
static char *second_after(const char *version)
{
	size_t n = strlen(version);
	char iso[CLOCK_ISO_SIZE], next[CLOCK_STAMP_SIZE];
	int64_t at;

	if (n < 14 || scan_digits(version) != n)
		return NULL;
	snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", version,
		 version + 4, version + 6, version + 8, version + 10,
		 version + 12);
	at = clock_parse_iso(iso);
	if (at < 0)
		return NULL;
	clock_stamp(at + 1, next);
	return n == 14 ? xstrdup(next)
		       : xasprintf("%s%0*d", next, (int)(n - 14), 0);
}

/* The last run of digits counts up. */
static char *counted_up(const char *version)
{
	size_t start = strlen(version);
	char *last, *out;

	while (start && isdigit((unsigned char)version[start - 1]))
		start--;
	last = scan_count_up(version + start);
	out = xasprintf("%.*s%s", (int)start, version, last);
	free(last);
	return out;
}

static char *behind(const char *version)
{
	char *next = second_after(version);

	return next ? next : counted_up(version);
}

char *migration_next_version(const struct migration_set *set,
			     const char *const *more, size_t n,
			     const char *stamp)
{
	struct migration_set all = *set;
	struct migration *extra = xcalloc(n + 1, sizeof(*extra));
	const char *top;
	char *next;

	all.items = xcalloc(set->n + n + 1, sizeof(struct migration *));
	for (size_t i = 0; i < set->n; i++)
		all.items[i] = set->items[i];
	for (size_t i = 0; i < n; i++) {
		extra[i].name = "";
		extra[i].version = more[i];
		all.items[all.n++] = &extra[i];
	}
	next = scan_next_version(&all, stamp, NULL);
	top = scan_greatest(&all);
	if (top && migration_set_compare(set, next, top) <= 0) {
		free(next);
		next = behind(top);
	}
	free(all.items);
	free(extra);
	return next;
}

/* --- paths --- */

/* Length of the version at s, written with '-' between its digits or not. */
static size_t length_of(const char *s, const char *version)
{
	const char *p = s;

	for (; *version; version++, p++) {
		while (*p == '-' && *version != '-' && p > s)
			p++;
		if (*p != *version)
			return 0;
	}
	return (size_t)(p - s);
}

/* The same for a version that is written otherwise: "01" for "1". */
static size_t length_like(const char *s, const char *version)
{
	size_t n = strspn(s, "0123456789._");
	char *text;
	int rc;

	while (n && !isdigit((unsigned char)s[n - 1]))
		n--;
	if (!n)
		return 0;
	text = xstrndup(s, n);
	rc = migration_compare_versions(text, version);
	free(text);
	return rc ? 0 : n;
}

static bool ends_there(const char *s)
{
	return !isdigit((unsigned char)*s);
}

/* Where a version may begin: behind a slash, a letter in front of it. */
static const char *search(const char *path, const char *from,
			  const char *version, size_t *len,
			  size_t (*length)(const char *s, const char *version))
{
	for (const char *p = from; *p; p++) {
		if (!isdigit((unsigned char)*p) ||
		    (p > path && isdigit((unsigned char)p[-1])))
			continue;
		*len = length(p, version);
		if (*len && ends_there(p + *len))
			return p;
	}
	return NULL;
}

/* In the file's own name before the folders around it. */
static const char *find(const char *path, const char *version, size_t *len)
{
	const char *from[] = { scan_base(path), path }, *at = NULL;

	for (size_t i = 0; i < ARRAY_LEN(from) && !at; i++) {
		at = search(path, from[i], version, len, length_of);
		if (!at)
			at = search(path, from[i], version, len, length_like);
	}
	return at;
}

/* The new version with the old text's hyphens, where they are as long. */
static void add_version(struct buf *out, const char *old, size_t n,
			const char *version, const char *next)
{
	size_t digits = strlen(version);

	if (n <= digits || strlen(next) != digits || !memchr(old, '-', n)) {
		buf_addstr(out, next);
		return;
	}
	for (size_t i = 0; i < n; i++)
		buf_add(out, old[i] == '-' ? old + i : next++, 1);
}

char *migration_path_renumbered(const char *path, const char *version,
				const char *next)
{
	struct buf out = BUF_INIT;
	size_t n = 0;
	const char *at = find(path, version, &n);

	if (!at)
		return NULL;
	buf_add(&out, path, (size_t)(at - path));
	add_version(&out, at, n, version, next);
	buf_addstr(&out, at + n);
	return buf_detach(&out);
}

/* --- what a file says --- */

static const char *renamed(const struct migration_set *set,
			   const struct map *names, const char *token,
			   size_t len)
{
	char *text = xstrndup(token, len);
	const struct migration *meant = migration_resolve(set, text);

	free(text);
	return meant ? map_get(names, meant->name) : NULL;
}

/* A list of names, separated as it was. */
static bool add_names(const struct migration_set *set, const struct map *names,
		      const char *s, size_t n, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < n;) {
		size_t from = i;
		const char *name;

		while (i < n && isspace((unsigned char)s[i]))
			i++;
		buf_add(out, s + from, i - from);
		from = i;
		while (i < n && !isspace((unsigned char)s[i]))
			i++;
		if (i == from)
			continue;
		name = renamed(set, names, s + from, i - from);
		any |= name != NULL;
		if (name)
			buf_addstr(out, name);
		else
			buf_add(out, s + from, i - from);
	}
	return any;
}

static bool is_depends_line(const struct migration *m, unsigned line)
{
	for (size_t i = 0; m->depends && m->depends[i]; i++)
		if (m->depends_line && m->depends_line[i] == line)
			return true;
	return false;
}

bool migration_rename_depends(const struct migration_set *set,
			      const struct migration *m,
			      const struct map *names, struct buf *out)
{
	size_t before = out->len;
	const char *done = m->file;
	struct directive_line d;
	struct lines l;
	bool any = false;

	lines_init(&l, m->file, m->file_len, 1);
	while (lines_next(&l)) {
		if (!is_depends_line(m, l.line) ||
		    !directive_line_parse(&d, l.s, l.n))
			continue;
		buf_add(out, done, (size_t)(d.value - done));
		any |= add_names(set, names, d.value, d.value_len, out);
		done = d.value + d.value_len;
	}
	buf_add(out, done, (size_t)(m->file + m->file_len - done));
	if (!any)
		buf_truncate(out, before);
	return any;
}
