#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/*
 * Command lines as git reads them: -q, --quiet, --no-quiet, -n3, -n 3,
 * --to x, --to=x, -qv, "--" ends the options. A table says which options
 * there are and where in a struct their values go; values start as zero.
 */
enum opt_kind {
	OPT_END,
	OPT_FLAG,     /**< bool */
	OPT_STRING,   /**< const char *, pointing into argv */
	OPT_COUNT,    /**< size_t, at least 1 */
	OPT_DURATION, /**< struct opt_duration: "5s", "500ms", "10min" */
};

struct opt_duration {
	bool given;
	int64_t ms;
};

struct opt {
	enum opt_kind kind;
	char letter;      /**< 0 = none */
	const char *name; /**< without the dashes; NULL = none */
	size_t offset;    /**< of the member */
	const char *arg;  /**< what usage calls the value */
	const char *help; /**< NULL = not shown */
};

#define OPT_AT(type, member) offsetof(type, member)
#define OPT_TABLE_END                           \
	{                                       \
		OPT_END, 0, NULL, 0, NULL, NULL \
	}

/** A table and the struct that it fills. */
struct opt_set {
	const struct opt *table; /**< NULL = no options */
	void *values;
};

/**
 * Take the options out of argv[0..*argc), leaving the arguments in order.
 *
 * @param stop_at_argument leave everything from the first argument on alone
 * @return ERR_USAGE: unknown option (hint: the nearest), value missing, not
 *         wanted or malformed
 */
MUST_USE struct err *opt_parse(const struct opt_set *sets, size_t n_sets,
			       bool stop_at_argument, int *argc, char **argv);

/** The lines that tell about a table's options. */
void opt_print_help(FILE *f, const struct opt *table);

/**
 * The nearest of n names to a misspelt one, NULL when none is near.
 *
 * @param at the i-th name, called with i from 0 until it gives NULL
 */
const char *opt_nearest(const char *text,
			const char *(*at)(const void *payload, size_t i),
			const void *payload);

#endif
