#ifndef REPORT_FINDING_IMPL_H
#define REPORT_FINDING_IMPL_H

#include "report/finding.h"

/*
 * What the formats of findings share. Internal to this room. A format is told
 * names of files, SQL and a database's messages as they are: each makes them
 * safe for whoever reads it.
 */

/** How many of each; a waived one is only that. */
struct finding_counts {
	size_t errors, warnings, notes, waived;
};
struct finding_counts finding_count(const struct finding_report *r);

/** Where a tool that shows one place shows it: the first of ours, which is what
 * is under review, that has a path; else the first of any side, or NULL. */
const struct finding_place *finding_main_place(const struct finding *f);

/** "db/1_a.sql:3: 1_a (ours, feature, 0123456789)", made safe; as much of it
 * as is known. */
void finding_add_place(struct buf *out, const struct finding_place *p);

/** Message, object, every place and the hint, one line each, made safe. */
void finding_add_text(struct buf *out, const struct finding *f);

/** Many lines: newline and tab stay, anything else is made safe. Calls
 * `add` for each line, without its end. */
void finding_each_line(const char *text,
		       void (*add)(void *payload, const char *line),
		       void *payload);

/** The rule of that id; NULL when there is none. */
const struct finding_rule *finding_rule_of(const struct finding_rule *rules,
					   size_t n, const char *id,
					   size_t *index);

/** Finish a JSON document into out, with a newline; frees r. */
MUST_USE struct err *finding_end_json(struct report *r, struct buf *out);

struct err *finding_write_json(struct buf *out, const struct finding_report *r,
			       const struct finding_rule *rules,
			       size_t n_rules);
struct err *finding_write_sarif(struct buf *out, const struct finding_report *r,
				const struct finding_rule *rules,
				size_t n_rules);
struct err *finding_write_junit(struct buf *out, const struct finding_report *r,
				const struct finding_rule *rules,
				size_t n_rules);
struct err *finding_write_github(struct buf *out,
				 const struct finding_report *r,
				 const struct finding_rule *rules,
				 size_t n_rules);
struct err *finding_write_gitlab(struct buf *out,
				 const struct finding_report *r,
				 const struct finding_rule *rules,
				 size_t n_rules);

#endif
