#include "report/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/util.h"

struct report {
	json_t *open[REPORT_DEPTH]; /* [0] is owned, the others borrowed */
	unsigned depth;
	bool failed;
};

/* Hand a new value over to the innermost open object or array. */
static void add(struct report *r, const char *key, json_t *value)
{
	json_t *into = r->open[r->depth];
	int rc;

	if (!value || r->failed) {
		json_decref(value);
		r->failed = true;
		return;
	}
	if (json_is_array(into))
		rc = json_array_append_new(into, value);
	else
		rc = json_object_set_new_nocheck(into, key, value);
	if (rc)
		r->failed = true;
}

static void enter(struct report *r, const char *key, json_t *value)
{
	if (r->depth + 1 == REPORT_DEPTH)
		r->failed = true;
	add(r, key, value);
	if (!r->failed)
		r->open[++r->depth] = value;
}

struct report *report_new_other(bool array)
{
	struct report *r = xcalloc(1, sizeof(*r));

	r->open[0] = array ? json_array() : json_object();
	r->failed = !r->open[0];
	return r;
}

struct report *report_new(void)
{
	struct report *r = report_new_other(false);

	report_int(r, "format", REPORT_FORMAT);
	return r;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	json_decref(r->open[0]);
	free(r);
}

void report_object(struct report *r, const char *key)
{
	enter(r, key, json_object());
}

void report_array(struct report *r, const char *key)
{
	enter(r, key, json_array());
}

void report_end(struct report *r)
{
	if (r->depth)
		r->depth--;
	else
		r->failed = true;
}

/* Replace what is not UTF-8; everything else stays as it is. */
static void add_valid(struct buf *b, const char *s, size_t n)
{
	while (n) {
		size_t good = text_utf8_valid(s, n);

		buf_add(b, s, good);
		if (good == n)
			return;
		buf_addf(b, "\\x%02x", (unsigned char)s[good]);
		s += good + 1;
		n -= good + 1;
	}
}

void report_string(struct report *r, const char *key, const char *s)
{
	struct buf b = BUF_INIT;
	size_t n = s ? strlen(s) : 0;

	if (!s) {
		add(r, key, json_null());
	} else if (text_utf8_valid(s, n) == n) {
		add(r, key, json_stringn_nocheck(s, n));
	} else {
		add_valid(&b, s, n);
		add(r, key, json_stringn_nocheck(buf_str(&b), b.len));
	}
	buf_release(&b);
}

void report_id(struct report *r, const char *key, const char *hex)
{
	report_string(r, key, hex && *hex ? hex : NULL);
}

void report_int(struct report *r, const char *key, int64_t n)
{
	add(r, key, json_integer(n));
}

void report_bool(struct report *r, const char *key, bool b)
{
	add(r, key, json_boolean(b));
}

static void add_line(struct report *r, const char *key, unsigned n)
{
	if (n)
		report_int(r, key, n);
	else
		report_string(r, key, NULL);
}

void report_error(struct report *r, const char *key, const struct err *e)
{
	const struct err_at *at = e ? err_at_of(e) : NULL;

	if (!e) {
		report_string(r, key, NULL);
		return;
	}
	report_object(r, key);
	report_string(r, "message", err_text(e));
	report_string(r, "path", at ? at->path : NULL);
	add_line(r, "line", at ? at->line : 0);
	add_line(r, "column", at ? at->col : 0);
	report_string(r, "hint", err_hint_of(e));
	report_end(r);
}

struct err *report_finish(struct report *r, char **out)
{
	*out = NULL;
	if (!r->failed && r->depth == 0)
		*out = json_dumps(r->open[0], JSON_INDENT(2));
	if (!*out)
		return err_new(ERR_STATE, "make JSON: out of memory or "
					  "nested wrongly");
	return NULL;
}
