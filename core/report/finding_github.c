#include <stdlib.h>

#include "base/text.h"
#include "report/finding_impl.h"

/*
 * Workflow commands of GitHub Actions, one line for each finding that counts:
 * https://docs.github.com/actions/reference/workflow-commands. A value ends
 * at what is escaped here, so that no name of a file can be a command.
 */

/* In messages: % and line ends; in properties : and , as well. */
static void add_escaped(struct buf *out, const char *s, bool property)
{
	for (; *s; s++) {
		if (*s == '%' || *s == '\r' || *s == '\n' ||
		    (property && (*s == ':' || *s == ',')))
			buf_addf(out, "%%%02X", (unsigned char)*s);
		else
			buf_addch(out, *s);
	}
}

static void add_safe(struct buf *out, const char *s)
{
	char *safe = text_safe(s);

	add_escaped(out, safe, true);
	free(safe);
}

static void add_properties(struct buf *out, const struct finding *f)
{
	const struct finding_place *p = finding_main_place(f);

	if (p) {
		buf_addstr(out, "file=");
		add_safe(out, p->path);
		if (p->line)
			buf_addf(out, ",line=%u", p->line);
		if (p->line && p->col)
			buf_addf(out, ",col=%u", p->col);
		buf_addch(out, ',');
	}
	buf_addstr(out, "title=");
	add_safe(out, f->rule);
	buf_addch(out, ' ');
	add_safe(out, f->slug);
}

struct err *finding_write_github(struct buf *out,
				 const struct finding_report *r,
				 const struct finding_rule *rules,
				 size_t n_rules)
{
	static const char *const commands[] = {
		[FINDING_NOTE] = "notice",
		[FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error",
	};
	struct buf text = BUF_INIT;

	(void)rules;
	(void)n_rules;
	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->findings[i];

		if (f->waived)
			continue;
		buf_reset(&text);
		finding_add_text(&text, f);
		buf_truncate(&text, text.len - 1);
		buf_addf(out, "::%s ", commands[f->level]);
		add_properties(out, f);
		buf_addstr(out, "::");
		add_escaped(out, buf_str(&text), false);
		buf_addch(out, '\n');
	}
	buf_release(&text);
	return NULL;
}
