#ifndef TESTS_UNIT_REPORT_FINDINGS_H
#define TESTS_UNIT_REPORT_FINDINGS_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/util.h"
#include "report/finding.h"
#include "support/unit.h"

/* Reports that the formats are tried on. */

#define COMMIT_A "1111111111111111111111111111111111111111"
#define COMMIT_B "2222222222222222222222222222222222222222"
#define BLOB_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BLOB_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct finding_rule rules[] = {
	{ "GM104", "out-of-order", "A migration sorts before one that is there",
	  FINDING_ERROR },
	{ "GM105", "conflict", "Both sides change {one} thing", FINDING_ERROR },
	{ "GM110", "uncertain", "It cannot be told", FINDING_WARNING },
};

static const char *two_names[] = { "1_mail", "2_post", "0_base", NULL };

static const struct finding_place both_sides[] = {
	{ .name = "1_mail",
	  .side = "ours",
	  .ref = "feature",
	  .commit = COMMIT_A,
	  .blob = BLOB_A,
	  .path = "migrations/1_mail.sql",
	  .line = 3,
	  .col = 5,
	  .sql = "ALTER TABLE users\n\tADD COLUMN mail text;" },
	{ .name = "2_post",
	  .side = "theirs",
	  .ref = "main",
	  .commit = COMMIT_B,
	  .blob = BLOB_B,
	  .path = "migrations/2_post.sql",
	  .line = 1,
	  .sql = "ALTER TABLE users ADD COLUMN mail int;" },
};

static const struct finding_place nowhere[] = { { .name = "7_gone" } };

static const struct finding plain_findings[] = {
	{ .rule = "GM105",
	  .slug = "conflict",
	  .level = FINDING_ERROR,
	  .message = "both add column mail to public.users",
	  .object = "column public.users.mail",
	  .hint = "git migrate rebase --onto main",
	  .places = both_sides,
	  .n_places = 2 },
	{ .rule = "GM104",
	  .slug = "out-of-order",
	  .level = FINDING_NOTE,
	  .message = "1_mail sorts before 2_post",
	  .diff = "diff --git a/t b/t\n--- a/t\n+++ b/t\n@@ -1 +1 @@\n-\ta\n"
		  "+\tb\n c\n",
	  .places = both_sides,
	  .n_places = 2 },
	{ .rule = "GM110",
	  .slug = "uncertain",
	  .level = FINDING_WARNING,
	  .message = "dynamic SQL",
	  .places = nowhere,
	  .n_places = 1 },
	{ .rule = "GM105",
	  .slug = "conflict",
	  .level = FINDING_ERROR,
	  .message = "both write rows of users",
	  .object = "rows of users",
	  .hint = "not shown",
	  .waived = "the rows are the same",
	  .places = both_sides,
	  .n_places = 2 },
};

static const struct finding_report plain_report = {
	.tool_version = "1.2.3",
	.verdict = "conflict",
	.base = { "main~2", BLOB_A },
	.ours = { "feature", COMMIT_A },
	.theirs = { "main", COMMIT_B },
	.findings = plain_findings,
	.n = ARRAY_LEN(plain_findings),
	.checked = two_names,
	.replay = "sqlite",
};

/* Names, messages and SQL of somebody who means harm. */
#define EVIL_NAME "1_\"]]><x>&'%::error,a=b\x1b[2J\xff\xef\xbf\xbe"
#define EVIL_TEXT                                                         \
	"{0} [a](http://e) ]]> <b>&amp; 100%\r\n::error file=x::\x1b[31m" \
	"\xc3\xa9\xc2\x85\xe2\x82"

static const char *evil_names[] = { EVIL_NAME, "2_b", NULL };

static const struct finding_place evil_places[] = {
	{ .name = EVIL_NAME,
	  .side = "ours",
	  .ref = "a,b::c\n",
	  .commit = COMMIT_A,
	  .path = "dir,a:b/100%25 \xc3\xa9\xff\"\n#?.sql",
	  .line = 1,
	  .sql = EVIL_TEXT },
	{ .name = "2_b", .path = "../:x", .sql = "\n\n\tx\r\n]]>" },
};

static const struct finding evil_findings[] = {
	{ .rule = "GM105",
	  .slug = "conflict",
	  .level = FINDING_ERROR,
	  .message = EVIL_TEXT,
	  .object = EVIL_NAME,
	  .hint = EVIL_TEXT,
	  .diff = EVIL_TEXT "\n",
	  .places = evil_places,
	  .n_places = 2 },
	{ .rule = "GM105",
	  .slug = "conflict",
	  .level = FINDING_ERROR,
	  .message = "the same thing again",
	  .object = EVIL_NAME,
	  .places = evil_places,
	  .n_places = 2 },
	{ .rule = "GM109",
	  .slug = "replay-failed",
	  .level = FINDING_ERROR,
	  .message = "\n",
	  .waived = EVIL_TEXT },
	{ .rule = "GM109",
	  .slug = "replay-failed",
	  .level = FINDING_ERROR,
	  .message = "" },
};

static const struct finding_report evil_report = {
	.verdict = "conflict",
	.ours = { EVIL_NAME, NULL },
	.findings = evil_findings,
	.n = ARRAY_LEN(evil_findings),
	.checked = evil_names,
};

static const struct finding_report empty_report = { .verdict = "clean" };

static inline char *write_format(const char *format,
				 const struct finding_report *r)
{
	struct buf out = BUF_INIT;

	assert_ok(finding_format_find(format)->write(&out, r, rules,
						     ARRAY_LEN(rules)));
	return buf_detach(&out);
}

/** The whole text; both are shown where they differ. */
static inline void check_format(const char *format,
				const struct finding_report *r,
				const char *expect)
{
	char *got = write_format(format, r);

	if (!streq(got, expect))
		fail_msg("%s\n--- expected\n%s--- got\n%s", format, expect,
			 got);
	free(got);
}

#endif
