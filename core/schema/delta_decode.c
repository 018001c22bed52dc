#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema.h"

#define HEAD "schema-delta 1\n"

/* What is left to read. A failed step leaves `bad` set and reads nothing. */
struct reader {
	const char *at, *end;
	struct arena *arena;
	bool bad;
};

static bool take(struct reader *r, const char *literal)
{
	size_t n = strlen(literal);

	if (r->bad || n > (size_t)(r->end - r->at) ||
	    memcmp(r->at, literal, n) != 0)
		return false;
	r->at += n;
	return true;
}

static void need(struct reader *r, const char *literal)
{
	if (!take(r, literal))
		r->bad = true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes up to the next space or line end. */
static size_t field_len(const struct reader *r)
{
	size_t n = 0;

	while (n < (size_t)(r->end - r->at) && r->at[n] != ' ' &&
	       r->at[n] != '\n')
		n++;
	return n;
}

/* " field"; NULL for "-" when it may be. */
static const char *field(struct reader *r, bool nullable)
{
	size_t n, len = 0;
	char *out;

	need(r, " ");
	n = r->bad ? 0 : field_len(r);
	if (!n) {
		r->bad = true;
		return "";
	}
	if (n == 1 && r->at[0] == '-') {
		r->bad = !nullable;
		r->at++;
		return NULL;
	}
	out = arena_alloc(r->arena, n + 1);
	for (size_t i = 0; i < n && !(n == 1 && r->at[0] == '%'); i++) {
		int high, low;

		if (r->at[i] != '%') {
			out[len++] = r->at[i];
			r->bad |= !r->at[i];
			continue;
		}
		high = i + 2 < n ? hex_digit(r->at[i + 1]) : -1;
		low = i + 2 < n ? hex_digit(r->at[i + 2]) : -1;
		if (high < 0 || low < 0 || !(high | low)) {
			r->bad = true;
			return "";
		}
		out[len++] = (char)(high << 4 | low);
		i += 2;
	}
	r->at += n;
	return out;
}

/* " number", canonical decimal. */
static int64_t number(struct reader *r)
{
	char text[24];
	size_t n;
	char *end;
	long long value;

	need(r, " ");
	n = r->bad ? 0 : field_len(r);
	if (!n || n >= sizeof(text)) {
		r->bad = true;
		return 0;
	}
	memcpy(text, r->at, n);
	text[n] = '\0';
	value = strtoll(text, &end, 10);
	if (*end || !(text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
		r->bad = true;
	r->at += n;
	return value;
}

/* n bytes and a line end. */
static const char *bytes(struct reader *r, int64_t n)
{
	const char *copy;

	if (r->bad || n < 0 || n >= r->end - r->at || r->at[n] != '\n' ||
	    memchr(r->at, '\0', (size_t)n)) {
		r->bad = true;
		return "";
	}
	copy = arena_strndup(r->arena, r->at, (size_t)n);
	r->at += n + 1;
	return copy;
}

static struct schema_object *object(struct reader *r, bool after)
{
	struct schema_object *o = arena_alloc(r->arena, sizeof(*o));
	int64_t sql_len, text_len = 0;
	bool same;

	o->path = field(r, false);
	o->kind = field(r, false);
	o->name = field(r, false);
	o->table = field(r, false);
	o->position = number(r);
	sql_len = number(r);
	same = after && take(r, " =");
	if (after && !same)
		text_len = number(r);
	need(r, "\n");
	o->sql = bytes(r, sql_len);
	if (after)
		o->text = same ? o->sql : bytes(r, text_len);
	return o;
}

static void rename_line(struct reader *r, struct schema_delta *out)
{
	struct schema_rename rename;

	rename.table = field(r, false);
	rename.column = field(r, true);
	rename.to = field(r, true);
	need(r, "\n");
	if (r->bad)
		return;
	VEC_GROW(out->renames, out->n_renames, out->cap_renames);
	out->renames[out->n_renames++] = rename;
}

static void after_line(struct reader *r, struct schema_delta *out)
{
	const struct schema_object *o = object(r, true);
	struct schema_change *last = out->n ? &out->changes[out->n - 1] : NULL;

	if (r->bad)
		return;
	if (last && last->before && !last->after &&
	    streq(last->before->path, o->path))
		last->after = o;
	else
		schema_delta_add(out, NULL, o);
}

struct err *schema_delta_decode(struct schema_delta *out, struct arena *arena,
				const char *data, size_t len)
{
	struct reader r = { data, data + len, arena, false };

	schema_delta_init(out);
	need(&r, HEAD);
	while (!r.bad && r.at < r.end) {
		if (take(&r, "rename")) {
			rename_line(&r, out);
		} else if (take(&r, "-")) {
			const struct schema_object *o = object(&r, false);

			if (!r.bad)
				schema_delta_add(out, o, NULL);
		} else if (take(&r, "+")) {
			after_line(&r, out);
		} else {
			r.bad = true;
		}
	}
	if (!r.bad)
		return NULL;
	schema_delta_release(out);
	return err_new(ERR_STATE, "read schema delta: damaged at byte %zu",
		       (size_t)(r.at - data));
}
