#ifndef MIGRATION_LAYOUT_H
#define MIGRATION_LAYOUT_H

#include "migration/migration.h"

/*
 * A layout: one file layout_<name>.c and one row in the table of layouts.c.
 * docs/layouts.md has each grammar with its source.
 */

/** A listing, kept in memory: entries sorted by path. */
struct layout_listing {
	struct source_entry *entries;
	size_t n;
	struct arena *arena;
};

/**
 * What detection looks at: names, and what a handful of files with plain
 * names (digits first) say inside. Each example is a path, or NULL.
 */
struct layout_probe {
	const struct layout_listing *files;
	const char *goose;  /**< has a line "-- +goose Up" */
	const char *dbmate; /**< has a line "-- migrate:up" */
	const char *sqlx;   /**< starts with "-- no-transaction" */
	const char *pair;   /**< named N_x.up.sql */
	const char *simple; /**< named N_x.sql, no half of a pair */
};

/** One migration being parsed. */
struct parse {
	struct arena *arena;
	const char *layout; /**< name, for messages */
	const char *shown;  /**< the up file as a person knows it, safe */
	const char *shown_down;
	struct migration *m;
};

struct layout {
	const char *name;

	/**
	 * How surely a folder is of this layout: 0 = no, 100 = only this one
	 * can be (a plan file, a lock file). *example is set to a path that
	 * says so. Several layouts above 0, none of them alone at 100, are an
	 * ambiguity; what two layouts read alike, one of them claims. NULL:
	 * never detected.
	 */
	int (*detect)(const struct layout_probe *probe, const char **example);

	/** Fill items and strays of a set from a listing. */
	struct err *(*scan)(struct migration_set *set,
			    const struct layout_listing *files);

	/** Cut one loaded migration into sections and directives. */
	struct err *(*parse)(struct parse *p);

	/**
	 * Understand the file beside a migration (m->side_path), after
	 * parse(); NULL where the layout has none.
	 */
	struct err *(*side)(struct parse *p, const char *shown,
			    const char *text, size_t len);

	/** Name and content of new files; NULL = cannot. slug is clean. */
	struct err *(*create)(const struct migration_set *set,
			      const char *stamp, const char *slug,
			      migration_new_file_fn fn, void *payload);

	/** A migration is a folder, which may have any name. */
	bool folders;

	/** The order of the items is the layout's, versions do not sort. */
	bool own_order;

	/**
	 * Versions sort as text, as the tool itself sorts them: diesel's
	 * "20240313" is between "20240228..." and "20240401...".
	 */
	bool text_versions;

	/** Several migrations may have one version (names tell them apart). */
	bool shared_versions;
};

/** All layouts, NULL-terminated. */
extern const struct layout *const layouts[];

/** By name, or NULL. */
const struct layout *layout_find(const char *name);

extern const struct layout layout_native, layout_dbmate, layout_goose,
	layout_golang_migrate, layout_sqlx, layout_flyway, layout_diesel,
	layout_prisma, layout_sqitch, layout_rezoom, layout_pattern;

#endif
