#include "report/finding_impl.h"

/* The keys of docs/json.md, "check". */

static void add_number(struct report *j, const char *key, unsigned n)
{
	if (n)
		report_int(j, key, n);
	else
		report_string(j, key, NULL);
}

static void add_place(struct report *j, const struct finding_place *p)
{
	report_object(j, NULL);
	report_string(j, "name", p->name);
	report_string(j, "side", p->side);
	report_id(j, "commit", p->commit);
	report_string(j, "path", p->path);
	add_number(j, "line", p->line);
	add_number(j, "column", p->col);
	report_string(j, "ref", p->ref);
	report_id(j, "blob", p->blob);
	report_string(j, "sql", p->sql);
	report_end(j);
}

static void add_finding(struct report *j, const struct finding *f)
{
	char id[33];

	finding_fingerprint(id, f);
	report_object(j, NULL);
	report_string(j, "rule", f->rule);
	report_string(j, "level", finding_level_name(f->level));
	report_string(j, "message", f->message);
	report_string(j, "object", f->object);
	report_array(j, "migrations");
	for (size_t i = 0; i < f->n_places; i++)
		add_place(j, &f->places[i]);
	report_end(j);
	report_string(j, "hint", f->hint);
	report_string(j, "slug", f->slug);
	report_string(j, "waived", f->waived);
	report_string(j, "diff", f->diff);
	report_string(j, "fingerprint", id);
	report_end(j);
}

static void add_counts(struct report *j, const struct finding_report *r)
{
	struct finding_counts c = finding_count(r);

	report_object(j, "counts");
	report_int(j, "error", (int64_t)c.errors);
	report_int(j, "warning", (int64_t)c.warnings);
	report_int(j, "note", (int64_t)c.notes);
	report_int(j, "waived", (int64_t)c.waived);
	report_end(j);
}

struct err *finding_write_json(struct buf *out, const struct finding_report *r,
			       const struct finding_rule *rules, size_t n_rules)
{
	struct report *j = report_new();

	(void)rules;
	(void)n_rules;
	report_id(j, "base", r->base.commit);
	report_id(j, "ours", r->ours.commit);
	report_id(j, "theirs", r->theirs.commit);
	report_string(j, "verdict", r->verdict);
	report_array(j, "findings");
	for (size_t i = 0; i < r->n; i++)
		add_finding(j, &r->findings[i]);
	report_end(j);
	add_counts(j, r);
	report_object(j, "refs");
	report_string(j, "base", r->base.ref);
	report_string(j, "ours", r->ours.ref);
	report_string(j, "theirs", r->theirs.ref);
	report_end(j);
	report_array(j, "checked");
	for (size_t i = 0; r->checked && r->checked[i]; i++)
		report_string(j, NULL, r->checked[i]);
	report_end(j);
	report_string(j, "replay", r->replay);
	return finding_end_json(j, out);
}
