#include <stdlib.h>

#include "base/util.h"
#include "report/finding_impl.h"

/*
 * GitLab's code quality report: an array of what counts, each with a path and
 * a fingerprint of its own.
 * https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */

/* How many of the findings before this one have its fingerprint. */
static size_t count_before(char (*ids)[33], size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < i; k++)
		n += streq(ids[k], ids[i]);
	return n;
}

static void add_location(struct report *j, const struct finding *f)
{
	const struct finding_place *p = finding_main_place(f);

	report_object(j, "location");
	report_string(j, "path", p ? p->path : ".gitmigrate");
	report_object(j, "lines");
	report_int(j, "begin", p && p->line ? p->line : 1);
	report_end(j);
	report_end(j);
}

static void add_text(struct report *j, const struct finding *f)
{
	struct buf text = BUF_INIT;

	finding_add_text(&text, f);
	buf_truncate(&text, text.len - 1);
	report_string(j, "description", buf_str(&text));
	buf_release(&text);
}

static void add_finding(struct report *j, const struct finding *f,
			const char *id, size_t before)
{
	static const char *const severities[] = {
		[FINDING_NOTE] = "info",
		[FINDING_WARNING] = "minor",
		[FINDING_ERROR] = "critical",
	};
	char *unique =
		before ? xasprintf("%s-%zu", id, before + 1) : xstrdup(id);

	report_object(j, NULL);
	add_text(j, f);
	report_string(j, "check_name", f->rule);
	report_string(j, "fingerprint", unique);
	report_string(j, "severity", severities[f->level]);
	add_location(j, f);
	report_end(j);
	free(unique);
}

struct err *finding_write_gitlab(struct buf *out,
				 const struct finding_report *r,
				 const struct finding_rule *rules,
				 size_t n_rules)
{
	struct report *j = report_new_other(true);
	char(*ids)[33] = xcalloc(r->n + 1, sizeof(*ids));

	(void)rules;
	(void)n_rules;
	for (size_t i = 0; i < r->n; i++) {
		finding_fingerprint(ids[i], &r->findings[i]);
		if (!r->findings[i].waived)
			add_finding(j, &r->findings[i], ids[i],
				    count_before(ids, i));
	}
	free(ids);
	return finding_end_json(j, out);
}
