#ifndef REPORT_FINDING_H
#define REPORT_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "report/json.h"

/*
 * What a check found, and the formats it is told in. A format is one row in a
 * table (finding_formats[]); docs/rules.md describes each rule.
 */

enum finding_level {
	FINDING_NOTE,
	FINDING_WARNING,
	FINDING_ERROR,
};

/** "note", "warning", "error". */
const char *finding_level_name(enum finding_level l);

/** One of the migrations that a finding is about. Strings may be NULL. */
struct finding_place {
	const char *name;   /**< of the migration */
	const char *side;   /**< "base", "ours", "theirs", "target" */
	const char *ref;    /**< how a person calls the side: "main" */
	const char *commit; /**< that added the file, full hex */
	const char *blob;   /**< of that file, full hex */
	const char *path;   /**< from the top of the repository */
	unsigned line;      /**< from 1; 0 = the file as a whole */
	unsigned col;       /**< from 1; 0 = not known */
	const char *sql;    /**< the statement's first line(s), for a person */
};

/** Borrowed strings, from the check's arena. */
struct finding {
	const char *rule; /**< "GM104" */
	const char *slug; /**< "out-of-order" */
	enum finding_level level;
	const char *message; /**< one line, no full stop */
	const char *object;  /**< "column public.users.mail"; NULL = none */
	const char *hint;    /**< what to do: a command, mostly; or NULL */
	const char *diff;    /**< unified difference of schemas; or NULL */
	const char *waived;  /**< reason of a waiver in the file; then it does
				  not count. Or NULL */
	const struct finding_place *places;
	size_t n_places;
};

/** What was compared. Strings may be NULL. */
struct finding_side {
	const char *ref, *commit;
};

struct finding_report {
	const char *tool_version;
	const char *verdict; /**< "clean", "conflict", "uncertain" */
	struct finding_side base, ours, theirs;
	const struct finding *findings;
	size_t n;
	const char **checked; /**< names of all migrations that were looked at,
				   NULL-terminated: junit's test cases */
	const char *replay;   /**< how far the verdicts were proved: "sqlite",
				   "postgresql", or NULL = not replayed */
};

/** One rule as a person may look it up; rules of decide/rules.c. */
struct finding_rule {
	const char *id, *slug;
	const char *summary; /**< a sentence */
	enum finding_level level;
};

struct finding_format {
	const char *name; /**< "sarif" */
	/** Append the whole document, newline at the end. */
	struct err *(*write)(struct buf *out, const struct finding_report *r,
			     const struct finding_rule *rules, size_t n_rules);
};

/** Ended by a NULL name: "json", "sarif" (2.1.0), "junit", "github"
 * (workflow commands), "gitlab" (code quality). */
extern const struct finding_format finding_formats[];

/** NULL when there is none of that name. */
const struct finding_format *finding_format_find(const char *name);

/** A stable id of a finding, for tools that compare runs: 32 hex digits of a
 * sum over rule, object, and the names and blobs of its migrations. */
void finding_fingerprint(char out[33], const struct finding *f);

/** What a terminal shows. Styles are strings around text, "" = none. */
struct finding_style {
	const char *error, *warning, *note, *bold, *dim, *added, *removed,
		*reset;
};

/**
 * For people: each finding as `level: message [rule]`, `path:line: name (side,
 * commit)`, the SQL excerpt, the hint, the difference; then one line that
 * counts. Notes and waived ones are counted, shown with `verbose`.
 */
void finding_write_human(struct buf *out, const struct finding_report *r,
			 const struct finding_style *style, bool verbose);

#endif
