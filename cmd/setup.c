#include "cmd/setup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"
#include "cmd/files.h"
#include "cmd/url.h"
#include "migration/migration.h"

#define CONFIG_MAX ((size_t)1 << 20)

/* Where tools and frameworks keep migrations, the likeliest first. */
static const char *const places[] = {
	"migrations",
	"db/migrations",
	"db/migrate",
	"database/migrations",
	"sql/migrations",
	"prisma/migrations",
	"src/main/resources/db/migration",
	"priv/repo/migrations",
	"internal/db/migrations",
	"schema/migrations",
	"sql",
};

void setup_release(struct setup *s)
{
	free(s->dir);
	free(s->layout);
	free(s->ignored);
	free(s->url);
	memset(s, 0, sizeof(*s));
}

struct err *setup_count(struct store *store, const char *dir, char **layout,
			size_t *n)
{
	struct migration_options opt = { .layout = *layout,
					 .dialect = SQL_SQLITE };
	struct migration_set set = { 0 };
	struct source *source = NULL;
	struct err *err;

	*n = 0;
	err = store->ops->source(store, NULL, dir, &source);
	if (err)
		return err;
	err = migration_set_read(&set, source, &opt);
	if (!err) {
		*n = set.n;
		if (set.n && !*layout)
			*layout = xstrdup(migration_layout_name(&set));
	}
	migration_set_release(&set);
	source->ops->close(source);
	return err;
}

static bool is_folder(const char *top, const char *dir)
{
	char *path = file_join(top, dir);
	struct stat st;
	bool is = !stat(path, &st) && S_ISDIR(st.st_mode);

	free(path);
	return is;
}

/* A plan file stands at the top of what it describes. */
static bool has_sqitch_plan(const char *top)
{
	char *path = file_join(top, "sqitch.plan");
	bool has = file_exists(path);

	free(path);
	return has;
}

/* With the file that it is about, where there is one. */
static void warn_of(struct cmd_ctx *ctx, const char *dir, const struct err *err)
{
	const struct err_at *at = err_at_of(err);
	bool file = at && *at->path;

	ctx_warn(ctx, "%s: %s", file ? at->path : dir, err_text(err));
}

/* One place; the first that holds migrations wins. */
static struct err *try_place(struct setup *s, struct cmd_ctx *ctx,
			     const char *dir)
{
	char *layout = s->dir ? NULL : (s->layout ? xstrdup(s->layout) : NULL);
	size_t n;
	struct err *err = setup_count(ctx->store, dir, &layout, &n);

	if (err && s->dir) {
		err_free(err);
		err = NULL;
		n = 0;
	}
	if (err) {
		warn_of(ctx, dir, err);
		if (err_hint_of(err))
			ctx_hint(ctx, "%s", err_hint_of(err));
		err_free(err);
		s->dir = xstrdup(dir);
	} else if (n && s->dir) {
		ctx_warn(ctx,
			 "%s holds migrations as well (%s); --dir %s "
			 "takes them instead",
			 dir, layout, dir);
	} else if (n) {
		s->dir = xstrdup(dir);
		free(s->layout);
		s->layout = layout;
		layout = NULL;
		s->n_found = n;
	}
	free(layout);
	return NULL;
}

/* A place, and its folder for SQLite where each dialect has its own. */
static struct err *try_folder(struct setup *s, struct cmd_ctx *ctx,
			      const char *dir)
{
	char *own = file_join(dir, sql_dialect_name(SQL_SQLITE));
	struct err *err = NULL;

	if (is_folder(s->top, own))
		err = try_place(s, ctx, own);
	else if (is_folder(s->top, dir))
		err = try_place(s, ctx, dir);
	free(own);
	return err;
}

struct searching {
	struct setup *s;
	struct cmd_ctx *ctx;
};

static struct err *try_below(void *payload, const char *dir)
{
	struct searching *x = payload;

	return is_folder(x->s->top, dir) ? try_place(x->s, x->ctx, dir) : NULL;
}

struct err *setup_find(struct setup *s, struct cmd_ctx *ctx)
{
	struct err *err = NULL;

	if (has_sqitch_plan(s->top))
		err = try_place(s, ctx, ".");
	for (size_t i = 0; !err && i < ARRAY_LEN(places); i++)
		err = try_folder(s, ctx, places[i]);
	if (!err && !s->dir) {
		struct searching below = { s, ctx };
		enum sql_dialect dialect = SQL_SQLITE;

		(void)url_dialect(s->url, &dialect);
		err = setup_search(ctx->store, dialect, try_below, &below);
	}
	return err;
}

/* As git writes a value: quoted, with the two characters that need it. */
static void add_value(struct buf *b, const char *key, const char *value)
{
	bool plain = true;

	for (const char *p = value; *p; p++)
		if (strchr("#;\"\\ \t\n", *p))
			plain = false;
	buf_addf(b, "\t%s = %s", key, plain ? "" : "\"");
	for (const char *p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_addch(b, '\\');
		if (*p == '\n')
			buf_addstr(b, "\\n");
		else
			buf_addch(b, *p);
	}
	buf_addstr(b, plain ? "\n" : "\"\n");
}

static void add_target(struct buf *b, const struct setup *s)
{
	buf_addf(b, "[migrate \"%s\"]\n", s->target);
	add_value(b, "url", s->url);
}

/* A symbolic link in its place could lead anywhere. */
static struct err *read_or_empty(const char *path, struct buf *out, bool *is)
{
	struct stat st;

	*is = !lstat(path, &st);
	if (!*is)
		return NULL;
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_INPUT, "%s is no regular file", path);
	return file_read(path, CONFIG_MAX, out);
}

struct err *setup_write_config(struct setup *s, bool has_target)
{
	char *path = file_join(s->top, ".gitmigrate");
	struct buf b = BUF_INIT;
	bool is;
	struct err *err = read_or_empty(path, &b, &is);

	if (err || (is && has_target))
		goto done;
	if (is) {
		if (b.len && b.data[b.len - 1] != '\n')
			buf_addch(&b, '\n');
		s->added_target = true;
	} else {
		buf_addstr(&b, "[migrate]\n");
		add_value(&b, "dir", s->dir);
		if (s->layout)
			add_value(&b, "layout", s->layout);
		add_value(&b, "target", s->target);
		s->made_config = true;
	}
	add_target(&b, s);
	err = file_write(path, buf_str(&b), b.len, 0644);
done:
	buf_release(&b);
	free(path);
	return err;
}

struct err *setup_make_dir(struct setup *s)
{
	char *path = NULL;
	struct err *err = files_folder(s->top, s->dir, &path);

	if (!err && !file_exists(path)) {
		err = file_mkdirs(path, 0777);
		s->made_dir = !err;
	}
	free(path);
	return err;
}

static bool has_line(const struct buf *b, const char *line)
{
	size_t n = strlen(line);
	const char *p = buf_str(b);

	while ((p = strstr(p, line))) {
		bool begins = p == b->data || p[-1] == '\n';

		if (begins && (p[n] == '\n' || p[n] == '\r' || !p[n]))
			return true;
		p += n;
	}
	return false;
}

struct err *setup_ignore(struct setup *s)
{
	const char *path = url_sqlite_path(s->url);
	char *file = NULL, *line = NULL;
	struct buf b = BUF_INIT;
	struct err *err = NULL;
	bool is;

	if (!path || *path == '/' || strpbrk(path, "*?[]\\\n! #") ||
	    !url_is_inside(s->url, s->top, s->top))
		return NULL;
	while (starts_with(path, "./"))
		path += 2;
	line = xasprintf("/%s*", path);
	file = file_join(s->top, ".gitignore");
	err = read_or_empty(file, &b, &is);
	if (!err && !has_line(&b, line)) {
		if (b.len && b.data[b.len - 1] != '\n')
			buf_addch(&b, '\n');
		buf_addf(&b, "%s\n", line);
		err = file_write(file, buf_str(&b), b.len, 0644);
		if (!err) {
			s->ignored = line;
			line = NULL;
		}
	}
	buf_release(&b);
	free(file);
	free(line);
	return err;
}
