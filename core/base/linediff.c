#include "base/linediff.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define CONTEXT ((size_t)3)

/* Beyond this the middle part is shown as removed and added as a whole. */
#define MAX_CELLS ((size_t)4 << 20)

struct lines {
	const char **at;
	size_t *len;
	size_t n, cap, cap_len;
};

static void split(struct lines *l, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		size_t at = l->n;

		VEC_GROW(l->at, l->n, l->cap);
		l->n = at;
		VEC_GROW(l->len, l->n, l->cap_len);
		l->at[at] = text;
		l->len[at] = n;
		l->n = at + 1;
		text += n + (text[n] == '\n');
	}
}

static void lines_free(struct lines *l)
{
	free(l->at);
	free(l->len);
}

/* With what ends them: a newline, or the NUL of a last line without one. */
static bool equal(const struct lines *a, size_t i, const struct lines *b,
		  size_t k)
{
	return a->len[i] == b->len[k] &&
	       !memcmp(a->at[i], b->at[k], a->len[i] + 1);
}

/* keep_a[i], keep_b[k]: the line is common to both, in order. */
static void match(const struct lines *a, const struct lines *b, bool *keep_a,
		  bool *keep_b)
{
	size_t head = 0, n = a->n, m = b->n, w;
	unsigned *lcs;

	while (head < n && head < m && equal(a, head, b, head)) {
		keep_a[head] = keep_b[head] = true;
		head++;
	}
	while (n > head && m > head && equal(a, n - 1, b, m - 1))
		keep_a[--n] = keep_b[--m] = true;
	w = m - head + 1;
	if ((n - head + 1) * w > MAX_CELLS)
		return;
	lcs = xcalloc((n - head + 1) * w, sizeof(*lcs));
	for (size_t i = n - head; i-- > 0;)
		for (size_t k = m - head; k-- > 0;) {
			unsigned down = lcs[(i + 1) * w + k];
			unsigned right = lcs[i * w + k + 1];

			if (equal(a, head + i, b, head + k))
				lcs[i * w + k] = lcs[(i + 1) * w + k + 1] + 1;
			else
				lcs[i * w + k] = down > right ? down : right;
		}
	for (size_t i = 0, k = 0; i < n - head && k < m - head;) {
		if (equal(a, head + i, b, head + k))
			keep_a[head + i++] = keep_b[head + k++] = true;
		else if (lcs[(i + 1) * w + k] >= lcs[i * w + k + 1])
			i++;
		else
			k++;
	}
	free(lcs);
}

/* A step through both texts: a common line, one removed, or one added. */
struct edit {
	char op;
	const char *line;
	size_t len;
};

static struct edit *script(const struct lines *a, const struct lines *b,
			   size_t *n)
{
	bool *keep_a = xcalloc(a->n + 1, sizeof(bool));
	bool *keep_b = xcalloc(b->n + 1, sizeof(bool));
	struct edit *out = xcalloc(a->n + b->n + 1, sizeof(*out));
	size_t i = 0, k = 0;

	*n = 0;
	match(a, b, keep_a, keep_b);
	while (i < a->n || k < b->n) {
		if (i < a->n && !keep_a[i]) {
			out[(*n)++] = (struct edit){ '-', a->at[i], a->len[i] };
			i++;
		} else if (k < b->n && !keep_b[k]) {
			out[(*n)++] = (struct edit){ '+', b->at[k], b->len[k] };
			k++;
		} else {
			/* as many lines are kept of one as of the other */
			assert(i < a->n && k < b->n);
			out[(*n)++] = (struct edit){ ' ', a->at[i], a->len[i] };
			i++;
			k++;
		}
	}
	free(keep_a);
	free(keep_b);
	return out;
}

/* One past the last edit of the hunk that starts with the change at `from`. */
static size_t hunk_end(const struct edit *e, size_t n, size_t from)
{
	size_t last = from;

	for (size_t i = from; i < n && i <= last + 2 * CONTEXT; i++)
		if (e[i].op != ' ')
			last = i;
	return last + 1 + CONTEXT < n ? last + 1 + CONTEXT : n;
}

static void range(struct buf *out, char sign, size_t start, size_t n)
{
	buf_addf(out, "%c%zu", sign, n ? start : start - 1);
	if (n != 1)
		buf_addf(out, ",%zu", n);
}

static void hunk(struct buf *out, const struct edit *e, size_t from, size_t to,
		 size_t line_a, size_t line_b)
{
	size_t n = 0, m = 0;

	for (size_t i = from; i < to; i++) {
		n += e[i].op != '+';
		m += e[i].op != '-';
	}
	buf_addstr(out, "@@ ");
	range(out, '-', line_a, n);
	buf_addch(out, ' ');
	range(out, '+', line_b, m);
	buf_addstr(out, " @@\n");
	for (size_t i = from; i < to; i++) {
		buf_addch(out, e[i].op);
		buf_add(out, e[i].line, e[i].len);
		buf_addch(out, '\n');
		if (!e[i].line[e[i].len])
			buf_addstr(out, "\\ No newline at end of file\n");
	}
}

void linediff_unified(struct buf *out, const char *path, const char *before,
		      const char *after)
{
	struct lines a = { 0 }, b = { 0 };
	struct edit *e;
	size_t n, line_a = 1, line_b = 1, done = 0;

	if (before && after && streq(before, after))
		return;
	split(&a, before);
	split(&b, after);
	e = script(&a, &b, &n);
	if (before)
		buf_addf(out, "--- a/%s\n", path);
	else
		buf_addstr(out, "--- /dev/null\n");
	if (after)
		buf_addf(out, "+++ b/%s\n", path);
	else
		buf_addstr(out, "+++ /dev/null\n");
	for (size_t i = 0; i < n;) {
		size_t from, to;

		if (e[i].op == ' ') {
			i++;
			continue;
		}
		from = i > done + CONTEXT ? i - CONTEXT : done;
		to = hunk_end(e, n, i);
		for (; done < from; done++) {
			line_a += e[done].op != '+';
			line_b += e[done].op != '-';
		}
		hunk(out, e, from, to, line_a, line_b);
		for (; done < to; done++) {
			line_a += e[done].op != '+';
			line_b += e[done].op != '-';
		}
		i = to;
	}
	free(e);
	lines_free(&a);
	lines_free(&b);
}
