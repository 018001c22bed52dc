#include "base/text.h"
#include "base/util.h"
#include "report/finding_impl.h"

struct writer {
	struct buf *out;
	const struct finding_style *style;
	bool in_hunk; /* "--- a" is a line that went, not a file's name */
};

static void add_styled(struct writer *w, const char *style, const char *text)
{
	buf_addstr(w->out, style);
	text_add_safe(w->out, text);
	buf_addstr(w->out, *style ? w->style->reset : "");
}

static const char *style_of(const struct finding_style *s,
			    enum finding_level level)
{
	const char *const styles[] = {
		[FINDING_NOTE] = s->note,
		[FINDING_WARNING] = s->warning,
		[FINDING_ERROR] = s->error,
	};

	return styles[level];
}

static void add_head(struct writer *w, const struct finding *f)
{
	const char *level = f->waived ? "waived" : finding_level_name(f->level);

	add_styled(w, f->waived ? w->style->dim : style_of(w->style, f->level),
		   level);
	buf_addstr(w->out, ": ");
	add_styled(w, w->style->bold, f->message);
	buf_addstr(w->out, " [");
	text_add_safe(w->out, f->rule);
	buf_addstr(w->out, "]\n");
}

static void add_sql_line(void *payload, const char *line)
{
	struct writer *w = payload;

	if (!*line) {
		buf_addch(w->out, '\n');
		return;
	}
	buf_addf(w->out, "    %s%s%s\n", w->style->dim, line,
		 *w->style->dim ? w->style->reset : "");
}

/* The heads of the files, of the hunks, and their lines, as git's. */
static const char *diff_style(struct writer *w, const char *line)
{
	if (starts_with(line, "diff "))
		w->in_hunk = false;
	if (starts_with(line, "@@")) {
		w->in_hunk = true;
		return w->style->dim;
	}
	if (!w->in_hunk)
		return w->style->bold;
	if (*line == '+')
		return w->style->added;
	return *line == '-' ? w->style->removed : "";
}

static void add_diff_line(void *payload, const char *line)
{
	struct writer *w = payload;
	const char *style = diff_style(w, line);

	buf_addf(w->out, "%s%s%s\n", style, line,
		 *style ? w->style->reset : "");
}

static void add_finding(struct writer *w, const struct finding *f)
{
	add_head(w, f);
	for (size_t i = 0; i < f->n_places; i++) {
		finding_add_place(w->out, &f->places[i]);
		buf_addch(w->out, '\n');
		if (f->places[i].sql)
			finding_each_line(f->places[i].sql, add_sql_line, w);
	}
	if (f->waived) {
		buf_addstr(w->out, "reason: ");
		text_add_safe(w->out, f->waived);
		buf_addch(w->out, '\n');
	} else if (f->hint) {
		buf_addstr(w->out, "hint: ");
		text_add_safe(w->out, f->hint);
		buf_addch(w->out, '\n');
	}
	w->in_hunk = false;
	if (f->diff)
		finding_each_line(f->diff, add_diff_line, w);
	buf_addch(w->out, '\n');
}

static void add_count(struct buf *out, const char **lead, size_t n,
		      const char *what)
{
	if (!n)
		return;
	buf_addf(out, "%s%zu %s%s", *lead, n, what, n == 1 ? "" : "s");
	*lead = ", ";
}

static void add_summary(struct buf *out, const struct finding_report *r)
{
	struct finding_counts c = finding_count(r);
	const char *lead = "";
	size_t checked = 0;

	while (r->checked && r->checked[checked])
		checked++;
	if (r->checked)
		buf_addf(out, "checked %zu migration%s: ", checked,
			 checked == 1 ? "" : "s");
	add_count(out, &lead, c.errors, "error");
	add_count(out, &lead, c.warnings, "warning");
	add_count(out, &lead, c.notes, "note");
	if (!*lead)
		buf_addstr(out, "nothing found");
	if (c.waived)
		buf_addf(out, ", %zu waived", c.waived);
	buf_addch(out, '\n');
}

void finding_write_human(struct buf *out, const struct finding_report *r,
			 const struct finding_style *style, bool verbose)
{
	struct writer w = { .out = out, .style = style };

	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->findings[i];

		if (verbose || (!f->waived && f->level != FINDING_NOTE))
			add_finding(&w, f);
	}
	add_summary(out, r);
}
