#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "engine/check_impl.h"

/*
 * The cache's bound. Files are only ever added, read whole, and taken away
 * here; one that another process has just looked for and finds gone is
 * computed again. So nobody waits for anybody.
 */

/* cache/<kind>/<two digits>/<the rest> */
#define DEPTH 3

struct kept {
	char *path;
	uint64_t bytes;
	struct timespec used;
};

struct sweep {
	struct kept *items;
	size_t n, cap;
	uint64_t bytes;
};

static void look_at(struct sweep *s, const char *folder, const char *name,
		    unsigned depth);

static void scan(struct sweep *s, const char *folder, unsigned depth)
{
	DIR *d = opendir(folder);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			look_at(s, folder, e->d_name, depth);
	if (d)
		closedir(d);
}

static void look_at(struct sweep *s, const char *folder, const char *name,
		    unsigned depth)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct stat st;
	bool there = !lstat(path, &st);

	if (there && S_ISDIR(st.st_mode) && depth < DEPTH)
		scan(s, path, depth + 1);
	if (!there || !S_ISREG(st.st_mode) || depth != DEPTH) {
		free(path);
		return;
	}
	VEC_GROW(s->items, s->n, s->cap);
	s->items[s->n] = (struct kept){ .path = path,
					.bytes = (uint64_t)st.st_blocks * 512,
					.used = st.st_mtim };
	s->bytes += s->items[s->n++].bytes;
}

static int by_use(const void *pa, const void *pb)
{
	const struct kept *a = pa, *b = pb;

	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
	if (a->used.tv_nsec != b->used.tv_nsec)
		return a->used.tv_nsec < b->used.tv_nsec ? -1 : 1;
	return strcmp(a->path, b->path);
}

void check_prune(const char *folder, uint64_t limit_bytes)
{
	struct sweep s = { 0 };

	scan(&s, folder, 1);
	if (s.bytes > limit_bytes) {
		qsort(s.items, s.n, sizeof(*s.items), by_use);
		limit_bytes -= limit_bytes / 4; /* room for what comes next */
	}
	for (size_t i = 0; i < s.n && s.bytes > limit_bytes; i++)
		if (!unlink(s.items[i].path))
			s.bytes -= s.items[i].bytes;
	for (size_t i = 0; i < s.n; i++)
		free(s.items[i].path);
	free(s.items);
}
