#ifndef TESTS_EFFECTS_REPLAY_CASES_H
#define TESTS_EFFECTS_REPLAY_CASES_H

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay.h"

#define UNUSED __attribute__((unused))

/* A migration whose file is this text. */
UNUSED static struct replay_script script_of(const char *sql)
{
	return (struct replay_script){ .name = "m",
				       .path = "migrations/m.sql",
				       .text = sql,
				       .len = strlen(sql),
				       .first_line = 1 };
}

UNUSED static struct replay *replay_new(void)
{
	/* a busy machine is no reason to fail */
	struct replay_limits limits = { .deadline_ms = 120000 };
	struct replay *r = NULL;

	assert_ok(replay_sqlite_open(&r, &limits));
	return r;
}

/* How it ends; the message is printed where it is not as expected. */
UNUSED static void run_ends(struct replay *r, const char *sql,
			    enum replay_end end)
{
	struct replay_script script = script_of(sql);
	struct replay_result result;

	assert_ok(replay_run(r, &script, NULL, &result));
	if (result.end != end)
		fail_msg("%s\nended as %d: %s", sql, (int)result.end,
			 result.message ? result.message : "");
	assert_true((end == REPLAY_FINE) == (result.message == NULL));
	replay_result_release(&result);
}

UNUSED static void run_fine(struct replay *r, const char *sql)
{
	run_ends(r, sql, REPLAY_FINE);
}

UNUSED static struct replay *replay_with(const char *sql)
{
	struct replay *r = replay_new();

	run_fine(r, sql);
	return r;
}

UNUSED static char *rows_of(struct replay *r)
{
	struct buf out = BUF_INIT;

	assert_ok(replay_rows(r, &out));
	return out.len ? buf_detach(&out) : xstrdup("");
}

UNUSED static void assert_rows(struct replay *r, const char *expected)
{
	char *rows = rows_of(r);

	assert_string_equal(rows, expected);
	free(rows);
}

#endif
