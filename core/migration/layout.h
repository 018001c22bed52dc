#ifndef MIGRATION_LAYOUT_H
#define MIGRATION_LAYOUT_H

#include "migration/migration.h"

/*
 * A layout: one file layout_<name>.c and one row in the table of layouts.c.
 * Grammars are those of FACTS in the project's docs/layouts.md, each with its
 * source.
 */

/** A listing, kept in memory: entries sorted by path. */
struct layout_listing {
	struct source_entry *entries;
	size_t n;
	struct arena *arena;
};

struct layout {
	const char *name;

	/**
	 * How surely a folder is of this layout: 0 = no, 100 = only this one
	 * can be (a plan file, a marker in a file). Two layouts with the same
	 * best score are an ambiguity, unless they read the files alike.
	 */
	int (*detect)(const struct layout_listing *files,
		      struct source *source);

	/** Fill items and strays of a set from a listing. */
	struct err *(*scan)(struct migration_set *set,
			    const struct layout_listing *files,
			    const struct migration_options *opt);

	/** Cut one loaded migration into sections and directives. */
	struct err *(*parse)(struct arena *arena, const char *shown,
			     struct migration *m);

	/** Name and content of new files; NULL = cannot. */
	struct err *(*create)(const struct migration_set *set,
			      const char *stamp, const char *slug,
			      migration_new_file_fn fn, void *payload);

	/** The order of the items is the layout's, versions do not sort. */
	bool own_order;
};

/** All layouts, NULL-terminated. */
extern const struct layout *const layouts[];

/** By name, or NULL. */
const struct layout *layout_find(const char *name);

#endif
