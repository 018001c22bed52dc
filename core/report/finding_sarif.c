#include <ctype.h>
#include <string.h>

#include "report/finding_impl.h"

/*
 * Static Analysis Results Interchange Format 2.1.0, OASIS:
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* A path as the reference of a URI, RFC 3986: unreserved characters stay. */
static void add_uri(struct report *j, const char *path)
{
	struct buf b = BUF_INIT;

	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (isascii(*p) && (isalnum(*p) || strchr("-._~/", *p)))
			buf_addch(&b, (char)*p);
		else
			buf_addf(&b, "%%%02X", *p);
	report_string(j, "uri", buf_str(&b));
	buf_release(&b);
}

/* {text: ...}. In messages braces are doubled (3.11.5), and "](" would make a
 * link of a name (3.11.6). */
static void add_message(struct report *j, const char *key, const char *text)
{
	struct buf b = BUF_INIT;

	for (const char *s = text; *s; s++) {
		buf_addch(&b, *s);
		if (*s == '{' || *s == '}')
			buf_addch(&b, *s);
		else if (*s == ']' && s[1] == '(')
			buf_addch(&b, ' ');
	}
	report_object(j, key);
	report_string(j, "text", buf_str(&b));
	report_end(j);
	buf_release(&b);
}

static void add_region(struct report *j, const struct finding_place *p)
{
	if (!p->line)
		return;
	report_object(j, "region");
	report_int(j, "startLine", p->line);
	if (p->col)
		report_int(j, "startColumn", p->col);
	if (p->sql) {
		report_object(j, "snippet");
		report_string(j, "text", p->sql);
		report_end(j);
	}
	report_end(j);
}

static void add_physical(struct report *j, const struct finding_place *p)
{
	report_object(j, "physicalLocation");
	report_object(j, "artifactLocation");
	add_uri(j, p->path);
	report_string(j, "uriBaseId", "SRCROOT");
	report_end(j);
	add_region(j, p);
	report_end(j);
}

static void add_location(struct report *j, const struct finding *f)
{
	const struct finding_place *p = finding_main_place(f);

	report_array(j, "locations");
	if (p) {
		report_object(j, NULL);
		add_physical(j, p);
		if (f->object) {
			report_array(j, "logicalLocations");
			report_object(j, NULL);
			report_string(j, "fullyQualifiedName", f->object);
			report_end(j);
			report_end(j);
		}
		report_end(j);
	}
	report_end(j);
}

static void add_related(struct report *j, const struct finding *f)
{
	const struct finding_place *main = finding_main_place(f);
	struct buf text = BUF_INIT;
	int64_t id = 0;

	report_array(j, "relatedLocations");
	for (size_t i = 0; i < f->n_places; i++) {
		const struct finding_place *p = &f->places[i];

		if (p == main || !p->path)
			continue;
		buf_reset(&text);
		finding_add_place(&text, p);
		report_object(j, NULL);
		report_int(j, "id", ++id);
		add_physical(j, p);
		add_message(j, "message", buf_str(&text));
		report_end(j);
	}
	report_end(j);
	buf_release(&text);
}

/* All results of a run have this array, or none has (3.27.23). */
static void add_suppressions(struct report *j, const struct finding *f)
{
	report_array(j, "suppressions");
	if (f->waived) {
		report_object(j, NULL);
		report_string(j, "kind", "inSource");
		report_string(j, "justification", f->waived);
		report_end(j);
	}
	report_end(j);
}

/* What SARIF has no word for. */
static void add_properties(struct report *j, const struct finding *f)
{
	report_object(j, "properties");
	if (f->object)
		report_string(j, "object", f->object);
	if (f->hint)
		report_string(j, "hint", f->hint);
	if (f->diff)
		report_string(j, "diff", f->diff);
	report_array(j, "migrations");
	for (size_t i = 0; i < f->n_places; i++)
		if (f->places[i].name)
			report_string(j, NULL, f->places[i].name);
	report_end(j);
	report_end(j);
}

static void add_result(struct report *j, const struct finding *f,
		       const struct finding_rule *rules, size_t n_rules)
{
	struct buf text = BUF_INIT;
	char id[33];
	size_t at;

	finding_fingerprint(id, f);
	finding_add_text(&text, f);
	buf_truncate(&text, text.len - 1);
	report_object(j, NULL);
	report_string(j, "ruleId", f->rule);
	if (finding_rule_of(rules, n_rules, f->rule, &at))
		report_int(j, "ruleIndex", (int64_t)at);
	report_string(j, "level", finding_level_name(f->level));
	add_message(j, "message", buf_str(&text));
	add_location(j, f);
	add_related(j, f);
	report_object(j, "partialFingerprints");
	report_string(j, "gitMigrate/v1", id);
	report_end(j);
	add_suppressions(j, f);
	add_properties(j, f);
	report_end(j);
	buf_release(&text);
}

static void add_rule(struct report *j, const struct finding_rule *rule)
{
	report_object(j, NULL);
	report_string(j, "id", rule->id);
	report_string(j, "name", rule->slug);
	add_message(j, "shortDescription", rule->summary);
	add_message(j, "fullDescription", rule->summary);
	add_message(j, "help", "docs/rules.md of git migrate tells what to do");
	report_object(j, "defaultConfiguration");
	report_string(j, "level", finding_level_name(rule->level));
	report_end(j);
	report_end(j);
}

static void add_tool(struct report *j, const char *version,
		     const struct finding_rule *rules, size_t n_rules)
{
	report_object(j, "tool");
	report_object(j, "driver");
	report_string(j, "name", "git-migrate");
	if (version)
		report_string(j, "version", version);
	report_array(j, "rules");
	for (size_t i = 0; i < n_rules; i++)
		add_rule(j, &rules[i]);
	report_end(j);
	report_end(j);
	report_end(j);
}

static void add_base(struct report *j)
{
	report_object(j, "originalUriBaseIds");
	report_object(j, "SRCROOT");
	add_message(j, "description", "the top of the repository");
	report_end(j);
	report_end(j);
}

struct err *finding_write_sarif(struct buf *out, const struct finding_report *r,
				const struct finding_rule *rules,
				size_t n_rules)
{
	struct report *j = report_new_other(false);

	report_string(j, "$schema", SCHEMA);
	report_string(j, "version", "2.1.0");
	report_array(j, "runs");
	report_object(j, NULL);
	add_tool(j, r->tool_version, rules, n_rules);
	report_array(j, "invocations");
	report_object(j, NULL);
	report_bool(j, "executionSuccessful", true);
	report_end(j);
	report_end(j);
	add_base(j);
	report_string(j, "columnKind", "unicodeCodePoints");
	report_array(j, "results");
	for (size_t i = 0; i < r->n; i++)
		add_result(j, &r->findings[i], rules, n_rules);
	report_end(j);
	report_end(j);
	report_end(j);
	return finding_end_json(j, out);
}
