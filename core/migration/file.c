#include "migration/migration.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/directives.h"
#include "migration/layout.h"
#include "migration/scan.h"

#define BOM "\xef\xbb\xbf"

static size_t bom_of(const char *text, size_t len)
{
	return len >= 3 && !memcmp(text, BOM, 3) ? 3 : 0;
}

/* What a file must be before anybody looks at its words. */
static struct err *check_bytes(const char *shown, const char *s, size_t n)
{
	struct err_at at = { .path = shown };
	const char *nul = memchr(s, 0, n);
	size_t bad = text_utf8_valid(s, n);
	struct err *e;

	if (n > MIGRATION_MAX_BYTES)
		return err_at(err_new(ERR_INPUT,
				      "the file has %zu bytes, at most %zu are "
				      "read",
				      n, (size_t)MIGRATION_MAX_BYTES),
			      at);
	if (nul && (size_t)(nul - s) <= bad) {
		text_position(s, (size_t)(nul - s), &at.line, &at.col);
		return err_at(err_new(ERR_INPUT, "a NUL byte is in the file"),
			      at);
	}
	if (bad == n)
		return NULL;
	text_position(s, bad, &at.line, &at.col);
	e = err_at(err_new(ERR_INPUT, "the file is not valid UTF-8"), at);
	if (n >= 2 && (!memcmp(s, "\xff\xfe", 2) || !memcmp(s, "\xfe\xff", 2)))
		return err_hint(e, "it looks like UTF-16: save it as UTF-8");
	return err_hintf(e, "the byte 0x%02x starts no character",
			 (unsigned char)s[bad]);
}

/* Read one file into the set's arena; *shown is its safe full path. */
static struct err *read_file(struct migration_set *set, const char *path,
			     const char *blob, const char **shown,
			     const char **text, size_t *len)
{
	char *safe = text_safe(migration_full_path(set, path));
	struct buf b = BUF_INIT;
	struct err *e;

	*shown = arena_strdup(&set->arena, safe);
	e = set->source->ops->read(set->source, path, blob, MIGRATION_MAX_BYTES,
				   &b);
	if (e)
		e = err_at(e, (struct err_at){ .path = safe });
	else
		e = check_bytes(safe, buf_str(&b), b.len);
	if (!e) {
		*text = arena_strndup(&set->arena, buf_str(&b), b.len);
		*len = b.len;
	}
	buf_release(&b);
	free(safe);
	return e;
}

void parse_whole_up(struct parse *p)
{
	struct migration *m = p->m;
	size_t bom = bom_of(m->file, m->file_len);

	m->up.text = m->file + bom;
	m->up.len = m->file_len - bom;
	m->up.line = 1;
}

struct err *parse_down_file(struct parse *p)
{
	struct migration *m = p->m;
	size_t bom;

	if (!m->down_file)
		return NULL;
	bom = bom_of(m->down_file, m->down_file_len);
	m->down.text = m->down_file + bom;
	m->down.len = m->down_file_len - bom;
	m->down.line = 1;
	return directives_read(p, m->down.text, m->down.len, 1, DIRECTIVES_DOWN,
			       false);
}

bool parse_says_no_transaction(const struct migration_section *s)
{
	static const char mark[] = "-- no-transaction";
	size_t n = sizeof(mark) - 1;

	return s->text && s->len >= n && !memcmp(s->text, mark, n);
}

static bool is_mark(const char *s, size_t n)
{
	struct directive_line d;

	return directive_line_parse(&d, s, n) ||
	       (n > 2 && s[0] == '-' && s[1] == '-' &&
		(memmem(s, n, "+goose", 6) != NULL ||
		 (n >= 17 && !memcmp(s, "-- no-transaction", 17))));
}

bool parse_is_empty(const struct migration_section *s)
{
	struct lines l;

	if (!s->text)
		return true;
	for (lines_init(&l, s->text, s->len, s->line); lines_next(&l);)
		if (!line_is_blank(l.s, l.n) && !is_mark(l.s, l.n))
			return false;
	return true;
}

static struct err *parse(const struct layout *layout, struct parse *p)
{
	struct migration *m = p->m;
	struct err *e = layout->parse(p);

	if (e)
		return e;
	/* of a pair, an empty half is how other tools say "nothing to do" */
	if (parse_is_empty(&m->up) && !m->down_path) {
		unsigned line = m->up.text && m->up.line > 1 ? m->up.line : 1;

		e = parse_error(p, DIRECTIVES_UP, line,
				"the migration is empty");
		return err_hint(e, "write its SQL; one that does nothing on "
				   "purpose says so in a comment");
	}
	if (parse_is_empty(&m->down))
		m->down = (struct migration_section){ 0 };
	return NULL;
}

static struct err *load_side(struct migration_set *set, struct parse *p)
{
	const char *shown, *text;
	struct err *e;
	size_t len;

	if (!p->m->side_path || !set->layout->side)
		return NULL;
	e = read_file(set, p->m->side_path, p->m->side_blob, &shown, &text,
		      &len);
	return e ? e : set->layout->side(p, shown, text, len);
}

struct err *migration_load(struct migration_set *set, struct migration *m)
{
	struct migration copy = *m;
	struct parse p = { .arena = &set->arena,
			   .layout = set->layout->name,
			   .m = &copy };
	struct err *e;

	if (m->loaded)
		return NULL;
	e = read_file(set, m->path, m->blob, &p.shown, &copy.file,
		      &copy.file_len);
	if (!e && m->down_path)
		e = read_file(set, m->down_path, m->down_blob, &p.shown_down,
			      &copy.down_file, &copy.down_file_len);
	if (!e)
		e = parse(set->layout, &p);
	if (!e)
		e = load_side(set, &p);
	if (e)
		return e;
	copy.loaded = true;
	*m = copy;
	return NULL;
}

struct err *migration_parse(struct arena *arena, const char *layout,
			    const char *shown, struct migration *m,
			    const char *bytes, size_t len)
{
	const struct layout *l = layout_find(layout);
	char *safe = text_safe(shown);
	struct migration copy = *m;
	struct parse p = { .arena = arena, .layout = layout, .m = &copy };
	struct err *e;

	p.shown = arena_strdup(arena, safe);
	free(safe);
	if (!l)
		return parse_error(&p, DIRECTIVES_UP, 0,
				   "its layout \"%s\" is not known", layout);
	e = check_bytes(p.shown, bytes, len);
	if (e)
		return e;
	copy.lock_timeout_ms = copy.statement_timeout_ms = -1;
	copy.file = arena_strndup(arena, bytes, len);
	copy.file_len = len;
	e = parse(l, &p);
	if (e)
		return e;
	copy.loaded = true;
	*m = copy;
	return NULL;
}

bool migration_same_substance(enum sql_dialect d, const struct migration *a,
			      const struct migration *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	if (a->no_transaction != b->no_transaction ||
	    (a->batch != 0) != (b->batch != 0))
		return false;
	sql_normal_form(&x, d, a->up.text ? a->up.text : "", a->up.len);
	sql_normal_form(&y, d, b->up.text ? b->up.text : "", b->up.len);
	same = x.len == y.len && !memcmp(buf_str(&x), buf_str(&y), x.len);
	buf_release(&x);
	buf_release(&y);
	return same;
}
