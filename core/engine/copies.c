#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "engine/copies.h"

/*
 * The copies that this clone has made: migrate/branches/<target>/<hash of the
 * place> in the common git folder has a line "key value" for each field. It is
 * written before a copy is begun, without "made", and once more when it is
 * whole; docs/reconcile.md. Who copies a repository's folder gets the list, and
 * not what is on it: "home" tells whose it is.
 */

#define FILE_MAX_BYTES 65536
#define NAME_LEN 16

static char *folder_of(struct store *store, const char *target)
{
	return xasprintf("%s/migrate/branches/%s",
			 store->ops->common_dir(store), target);
}

static char *file_of(struct store *store, const char *target, const char *place)
{
	char *dir = folder_of(store, target), *out;
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (const char *p = place; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	out = xasprintf("%s/%016llx", dir, (unsigned long long)h);
	free(dir);
	return out;
}

static void add_line(struct buf *b, const char *key, const char *value)
{
	if (value)
		buf_addf(b, "%s %s\n", key, value);
}

struct err *copy_write(struct store *store, const struct engine_copy *c)
{
	char *dir = folder_of(store, c->target);
	char *file = file_of(store, c->target, c->place);
	struct buf b = BUF_INIT;
	struct err *err = file_mkdirs(dir, 0777);

	add_line(&b, "home", store->ops->common_dir(store));
	add_line(&b, "branch", c->branch);
	add_line(&b, "from", c->from);
	add_line(&b, "place", c->place);
	add_line(&b, "uuid", c->uuid);
	add_line(&b, "source", c->source);
	add_line(&b, "made", c->made_at);
	if (!err)
		err = file_write(file, buf_str(&b), b.len, 0666);
	buf_release(&b);
	free(file);
	free(dir);
	return err;
}

void engine_copy_forget(struct store *store, const struct engine_copy *c)
{
	char *file = file_of(store, c->target, c->place);

	unlink(file);
	free(file);
	lastuse_forget(store, c->uuid);
}

/* What a file says. */
struct record {
	struct engine_copy c;
	const char *home;
};

static const char **field_of(struct record *r, const char *key)
{
	struct engine_copy *c = &r->c;
	const struct {
		const char *key;
		const char **field;
	} fields[] = { { "home", &r->home },   { "branch", &c->branch },
		       { "from", &c->from },   { "place", &c->place },
		       { "uuid", &c->uuid },   { "source", &c->source },
		       { "made", &c->made_at } };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (streq(fields[i].key, key))
			return fields[i].field;
	return NULL;
}

/* Lines of a newer program's are passed over. */
static void take_lines(struct record *r, struct arena *a, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *space = strchr(line, ' ');
		const char **field;

		if (!space)
			continue;
		*space = '\0';
		field = field_of(r, line);
		if (field)
			*field = arena_strdup(a, space + 1);
	}
}

/* Made by this clone, which may have been moved since. */
static bool is_own(struct store *store, const char *home)
{
	return home && (streq(home, store->ops->common_dir(store)) ||
			!file_exists(home));
}

static bool read_one(struct store *store, struct engine_copy *c,
		     struct arena *a, const char *file)
{
	struct record r = { .home = NULL };
	struct buf b = BUF_INIT;
	struct err *err;

	if (!file_exists(file))
		return false;
	err = file_read(file, FILE_MAX_BYTES, &b);
	if (!err && b.len)
		take_lines(&r, a, b.data);
	err_free(err);
	buf_release(&b);
	*c = r.c;
	if (!c->source)
		c->source = "";
	return c->branch && c->from && c->place && c->uuid &&
	       is_own(store, r.home);
}

bool copy_read(struct store *store, const char *target, const char *place,
	       struct arena *a, struct engine_copy *out)
{
	char *file = file_of(store, target, place);
	bool found = read_one(store, out, a, file);

	free(file);
	if (!found || !streq(out->place, place))
		return false;
	out->target = arena_strdup(a, target);
	return true;
}

static int by_branch(const void *a, const void *b)
{
	const struct engine_copy *l = a, *r = b;
	int diff = strcmp(l->branch, r->branch);

	return diff ? diff : strcmp(l->place, r->place);
}

struct err *engine_copies_read(struct store *store, const char *target,
			       struct engine_copies *out)
{
	char *dir = folder_of(store, target);
	DIR *d = opendir(dir); /* none yet: nothing was made */
	struct dirent *entry;
	size_t cap = 0;

	memset(out, 0, sizeof(*out));
	while (d && (entry = readdir(d))) {
		char *file;

		if (strlen(entry->d_name) != NAME_LEN)
			continue;
		VEC_GROW(out->items, out->n, cap);
		file = file_join(dir, entry->d_name);
		if (read_one(store, &out->items[out->n], &out->arena, file)) {
			out->items[out->n].target =
				arena_strdup(&out->arena, target);
			out->n++;
		}
		free(file);
	}
	if (d)
		closedir(d);
	free(dir);
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_branch);
	return NULL;
}

void engine_copies_release(struct engine_copies *c)
{
	free(c->items);
	arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}
