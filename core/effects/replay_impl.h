#ifndef EFFECTS_REPLAY_IMPL_H
#define EFFECTS_REPLAY_IMPL_H

#include "effects/replay.h"
#include "sql/sql.h"

/* Shared by the files replay*.c; nobody outside of the room includes it. */

/** What a database does. `image` may be NULL. */
struct replay_ops {
	void (*close)(struct replay *r);
	struct err *(*clone)(struct replay *r, struct replay **out);
	struct err *(*image)(struct replay *r, struct buf *out);
	struct err *(*run)(struct replay *r, const struct replay_script *script,
			   struct effects *effects,
			   struct replay_result *result);
	struct err *(*seed)(struct replay *r, const char *const *tables,
			    unsigned seed);
	struct err *(*refresh)(struct replay *r);
	struct err *(*rows)(struct replay *r, struct buf *out);
};

/** First member of each. */
struct replay {
	const struct replay_ops *ops;
	struct replay_limits limits; /**< no zeros */
	struct schema schema;        /**< as of the last refresh */
};

/** Fill what both share; limits may be NULL. */
void replay_init(struct replay *r, const struct replay_ops *ops,
		 const struct replay_limits *limits);
void replay_release(struct replay *r);

/** Note how it ended, the first time. s may be NULL. */
void replay_end(struct replay_result *result, enum replay_end end,
		const struct sql_statement *s, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/** Note an error, with its place if it has one, and free it. */
void replay_end_err(struct replay_result *result, enum replay_end end,
		    const struct sql_statement *s, struct err *e);

/**
 * Split the text of a script: one BEGIN ... COMMIT around the whole is left
 * out; any other transaction command, and text that cannot be split, is noted
 * in the result.
 */
bool replay_split(struct sql_script *out, enum sql_dialect d,
		  const struct replay_script *script,
		  struct replay_result *result);

/** Numbers that look random and are the same for the same seed. */
struct replay_random {
	uint64_t state;
};
uint64_t replay_random_next(struct replay_random *r);

/** A start for the numbers that depends on a text. */
uint64_t replay_hash(const char *text, size_t len);

/** Lines of a table's rows: added in any order, printed sorted. */
struct replay_lines {
	char **lines;
	size_t n, cap;
};

/** The line is the list's from now on. */
void replay_lines_add(struct replay_lines *l, char *line);

/** Append them, each with a newline, and empty the list. */
void replay_lines_print(struct replay_lines *l, struct buf *out);

#endif
