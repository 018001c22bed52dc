#include "support/fake_source.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"

static void make_blob(const char *data, size_t len, char out[41])
{
	unsigned long long h = 1469598103934665603ULL;
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)data[i]) * 1099511628211ULL;
	buf_addf(&b, "%016llx%016llx%08zx", h, h * 31, len & 0xffffffff);
	memcpy(out, buf_str(&b), 40);
	out[40] = '\0';
	buf_release(&b);
}

static struct err *list(struct source *source, source_entry_fn fn,
			void *payload)
{
	struct fake_source *s = (struct fake_source *)source;

	for (size_t i = 0; i < s->n; i++) {
		const struct fake_file *f = &s->files[i];
		struct source_entry e = { .path = f->path,
					  .kind = f->kind,
					  .dirty = f->dirty };
		struct err *err;

		if (f->kind == SOURCE_FILE)
			e.blob = f->blob;
		err = fn(payload, &e);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *read_one(struct source *source, const char *path,
			    const char *blob, size_t max_bytes, struct buf *out)
{
	struct fake_source *s = (struct fake_source *)source;

	for (size_t i = 0; i < s->n; i++) {
		const struct fake_file *f = &s->files[i];

		if (f->kind != SOURCE_FILE || !streq(f->path, path) ||
		    (blob && !streq(blob, f->blob)))
			continue;
		if (f->len > max_bytes)
			return err_new(ERR_INPUT,
				       "the file has %zu bytes, at most %zu "
				       "are read",
				       f->len, max_bytes);
		s->reads++;
		buf_add(out, f->text, f->len);
		return NULL;
	}
	return err_new(ERR_INPUT, "no such file: %s", path);
}

static void close_it(struct source *source)
{
	fake_source_release((struct fake_source *)source);
}

static const struct source_ops ops = {
	.list = list,
	.read = read_one,
	.close = close_it,
};

void fake_source_init(struct fake_source *s)
{
	memset(s, 0, sizeof(*s));
	s->base.ops = &ops;
	s->base.dir = "db";
}

void fake_source_release(struct fake_source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->files[i].path);
		free(s->files[i].text);
	}
	free(s->files);
	s->files = NULL;
	s->n = s->cap = 0;
}

struct fake_file *fake_source_add_bytes(struct fake_source *s, const char *path,
					const void *data, size_t len)
{
	struct fake_file *f;

	VEC_GROW(s->files, s->n, s->cap);
	f = &s->files[s->n++];
	memset(f, 0, sizeof(*f));
	f->path = xstrdup(path);
	f->text = xstrndup(data, len);
	f->len = len;
	f->kind = SOURCE_FILE;
	make_blob(f->text, len, f->blob);
	return f;
}

struct fake_file *fake_source_add(struct fake_source *s, const char *path,
				  const char *text)
{
	return fake_source_add_bytes(s, path, text, strlen(text));
}

void fake_source_add_kind(struct fake_source *s, const char *path,
			  enum source_kind kind)
{
	fake_source_add(s, path, "")->kind = kind;
}

void fake_source_add_word(struct fake_source *s, const char *word)
{
	const char *tab = strchr(word, '\t');
	char *path;

	if (*word == '>' || *word == '+') {
		fake_source_add_kind(s, word + 1,
				     *word == '>' ? SOURCE_SYMLINK
						  : SOURCE_SUBMODULE);
	} else if (!tab && ends_with(word, "/")) {
		path = xstrndup(word, strlen(word) - 1);
		fake_source_add_kind(s, path, SOURCE_FOLDER);
		free(path);
	} else {
		bool dirty = *word == '*';

		word += dirty;
		path = xstrndup(word,
				tab ? (size_t)(tab - word) : strlen(word));
		fake_source_add(s, path, tab ? tab + 1 : "SELECT 1;\n")->dirty =
			dirty;
		free(path);
	}
}

void fake_add_err(struct buf *out, struct err *e)
{
	const struct err_at *at = err_at_of(e);

	if (at) {
		buf_addf(out, "%s:", at->path);
		if (at->line)
			buf_addf(out, "%u:", at->line);
		if (at->col)
			buf_addf(out, "%u:", at->col);
		buf_addch(out, ' ');
	}
	buf_addstr(out, err_text(e));
	if (err_hint_of(e))
		buf_addf(out, " [%s]", err_hint_of(e));
	buf_addch(out, '\n');
	err_free(e);
}

void fake_add_set(struct buf *out, const struct migration_set *set)
{
	buf_addf(out, "layout %s\n", migration_layout_name(set));
	for (size_t i = 0; i < set->n; i++) {
		const struct migration *m = set->items[i];

		buf_addf(out, "%s v%s %s", m->name, m->version, m->path);
		if (m->down_path)
			buf_addf(out, " down %s", m->down_path);
		if (m->side_path)
			buf_addf(out, " side %s", m->side_path);
		for (size_t k = 0; m->depends && m->depends[k]; k++)
			buf_addf(out, "%s%s", k ? "," : " after ",
				 m->depends[k]);
		buf_addstr(out, m->repeatable ? " repeatable" : "");
		buf_addstr(out, m->dirty ? " dirty\n" : "\n");
	}
	for (size_t i = 0; i < set->n_strays; i++) {
		buf_addstr(out, "stray ");
		text_add_safe(out, set->strays[i].path);
		buf_addf(out, ": %s\n", set->strays[i].why);
	}
}
