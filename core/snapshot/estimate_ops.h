#ifndef SNAPSHOT_ESTIMATE_OPS_H
#define SNAPSHOT_ESTIMATE_OPS_H

#include "base/map.h"
#include "snapshot/estimate.h"

/* What the files of an estimate share; inside this room only. */

/** What the name of something that is taken stands for. */
enum estimate_of {
	ESTIMATE_TABLE,
	ESTIMATE_SCHEMA, /**< every table in it */
	ESTIMATE_ROLE,   /**< every table of its; or current_user, ... */
};

/** Something that a statement takes from a table that is there now. */
struct estimate_want {
	size_t script, statement;
	enum estimate_of of;
	const char *schema, *object;
	bool whole;    /**< every row with all of its columns */
	bool digests;  /**< columns that stay count as digests */
	bool perhaps;  /**< it may come to less */
	bool only;     /**< not of its children */
	bool referrer; /**< of tables with foreign keys to it, too */
	const char **columns;
	size_t n_columns, cap_columns;
	const char **gone; /**< columns that statements before it have taken */
	size_t n_gone, cap_gone;

	double rows, bytes; /**< found by the dialect */
};

/** Bytes of a digest and its tab in a line. */
#define ESTIMATE_DIGEST 5

/** The type's byte or quote of a field, and the tab behind it. */
#define ESTIMATE_FIELD 2

/** Behind an old value: what says that there is none now, or the least that a
 * new one takes. */
#define ESTIMATE_NEW 2

/** What begins a line, and its newline. */
#define ESTIMATE_LINE 2

/** Fill rows and bytes of tables that are there. ERR_CANCELLED only. */
MUST_USE struct err *estimate_pg(struct target *t, struct estimate_want *wants,
				 size_t n);
MUST_USE struct err *estimate_sqlite(struct target *t,
				     struct estimate_want *wants, size_t n);

/** Something that a statement drops with CASCADE. */
enum estimate_drop_what {
	ESTIMATE_DROP_RELATION,
	ESTIMATE_DROP_COLUMN,
	ESTIMATE_DROP_TYPE,
	ESTIMATE_DROP_SCHEMA,
	ESTIMATE_DROP_EXTENSION,
};

struct estimate_drop {
	size_t script, statement;
	enum estimate_drop_what what;
	const char *schema, *object, *column;
};

/** Something that goes with it. */
struct estimate_gone {
	size_t script, statement;
	const char *what; /**< "view v" */
	/** It is a table with rows, or a column of one; else NULL. */
	const char *schema, *table, *column;
};

struct estimate_gone_list {
	struct estimate_gone *list;
	size_t n, cap;
};

/** What goes by CASCADE with all that each script drops: ERR_CANCELLED only.
 * @param drops by script */
MUST_USE struct err *estimate_pg_cascade(struct target *t,
					 const struct estimate_drop *drops,
					 size_t n, struct arena *a,
					 struct estimate_gone_list *out);

/** Only Ctrl-C is worth to be told; anything else is freed. */
MUST_USE struct err *estimate_only_cancel(struct err *e);

#endif
