#ifndef MIGRATION_MIGRATION_H
#define MIGRATION_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "migration/source.h"
#include "sql/sql.h"

/** A migration file may not be larger; a row of data belongs in COPY files. */
#define MIGRATION_MAX_BYTES ((size_t)64 << 20)

/** What a section of a file is made of; offsets in its file. */
struct migration_section {
	const char *text; /**< not NUL-terminated; NULL = there is none */
	size_t len;
	unsigned line; /**< of the first byte in its file, from 1 */
};

/** "-- migrate:allow GM104 reason": findings of that rule do not count. */
struct migration_allow {
	const char *rule;   /**< one of migration_rules[] */
	const char *reason; /**< never empty */
	unsigned line;      /**< in its file, from 1 */
};

/** The rules that a file may waive, ended by NULL; docs/rules.md. */
extern const char *const migration_rules[];

/**
 * One change. Scanning fills the first group from names alone; loading reads
 * the files and fills the second. All strings live in the set's arena.
 */
struct migration {
	const char *name;    /**< file stem; unique in its set */
	const char *version; /**< leading digits or V-number (without the V),
			      * as written; diesel without '-'; "" when the
			      * layout has none (sqitch, Flyway R__) */
	const char *path;    /**< of the up file, below the folder */
	const char *blob;    /**< git blob id of that file: its checksum */
	const char *down_path, *down_blob; /**< a file of its own, or NULL */
	const char *side_path, *side_blob; /**< Flyway .conf, diesel metadata */
	bool dirty;
	bool repeatable; /**< Flyway R__: run again when it changes */
	size_t rank;     /**< position in the set's order; 0-based */

	bool loaded;
	const char *file; /**< whole up file; file_len bytes and a NUL */
	size_t file_len;
	const char *down_file; /**< whole down file; NULL when none */
	size_t down_file_len;
	struct migration_section up, down; /**< may be a copy of the same
					    * length with parts blanked out */
	const char *description; /**< at most 500 characters; or NULL */
	const char **depends;    /**< names; NULL-terminated, or NULL; what a
				  * layout's plan or tree says is there before
				  * loading, directives come with it */
	unsigned *depends_line;  /**< line of each, 0 where not in the file */
	const struct migration_allow *allows; /**< in the file's order */
	size_t n_allows;
	bool no_transaction;
	bool no_transaction_down;
	bool blocks; /**< BEGIN ... COMMIT stands around parts of it, and means
		      * no more than that: it is one transaction */
	bool irreversible;
	unsigned batch;               /**< rows; 0 = not a batch migration */
	int64_t lock_timeout_ms;      /**< -1 = not given */
	int64_t statement_timeout_ms; /**< -1 = not given */
};

/** A file that looks like a migration and fits no rule, and why. */
struct migration_stray {
	const char *path;
	const char *why;
};

struct layout;

struct migration_set {
	const struct layout *layout;
	enum sql_dialect dialect;
	const char *pattern;      /**< template of layout "pattern", or NULL */
	struct source *source;    /**< borrowed */
	struct migration **items; /**< by rank; decide_order() resorts */
	size_t n;
	struct map by_name;
	struct migration_stray *strays;
	size_t n_strays;
	struct arena arena;
};

/** What the configuration says about a folder of migrations. */
struct migration_options {
	const char *layout;  /**< name, or NULL = detect */
	const char *pattern; /**< template for layout "pattern", or NULL; one
			      * that is given without a layout chooses it */
	enum sql_dialect dialect;
};

/**
 * Read a folder: detect the layout, match names, order by version.
 *
 * Items come in the layout's own order where it imposes one (sqitch, Rezoom,
 * Flyway R__ last), else by version then name, numbers as numbers;
 * dependencies are not looked at yet (decide/order.h does that). Files are
 * only read where a layout needs them to know its migrations (a plan file).
 * A folder that does not exist or holds nothing gives an empty set.
 *
 * @param out filled; release with migration_set_release(), also on failure
 * @param source borrowed, must outlive the set
 * @return ERR_INPUT: unknown or ambiguous layout (hint names migrate.layout),
 *         a version or name twice (names both files), a symlink, submodule or
 *         folder in place of a migration file
 */
MUST_USE struct err *migration_set_read(struct migration_set *out,
					struct source *source,
					const struct migration_options *opt);
void migration_set_release(struct migration_set *set);

/**
 * Read the files of one migration and parse its directives and sections.
 * Does nothing when loaded already.
 *
 * A file is UTF-8; a BOM is skipped. Errors are ERR_INPUT with the file (the
 * folder's path in front) and line: invalid UTF-8, NUL byte, over
 * MIGRATION_MAX_BYTES, unknown directive (hint: the nearest known one), down
 * before up, empty up part, bad value, description over 500 characters. An up
 * part of comments alone is not empty: real sets say "nothing to do on this
 * database" that way. After an error m is as it was before.
 */
MUST_USE struct err *migration_load(struct migration_set *set,
				    struct migration *m);

/** The first waiver of that rule in a loaded migration, or NULL. */
const struct migration_allow *migration_allows(const struct migration *m,
					       const char *rule);

/** The migration of that name, or NULL. */
struct migration *migration_find(const struct migration_set *set,
				 const char *name);

/**
 * The name that a person meant: exact, else exact version, else file name
 * with its folder or ending; NULL when none or more than one fits.
 */
struct migration *migration_resolve(const struct migration_set *set,
				    const char *text);

/**
 * For "did you mean": true when `candidate` is nearer to what was typed than
 * the best so far, and near enough to be named. Start with *best = UINT_MAX.
 */
bool migration_is_nearer(const char *typed, const char *candidate,
			 unsigned *best);

/** Path from the top of the repository, in arena memory of the set. */
const char *migration_full_path(struct migration_set *set, const char *path);

/** The same below any folder; dir NULL, "" or "." is the top. */
char *migration_path_in(struct arena *a, const char *dir, const char *path);

/**
 * Compare versions: runs of digits by value, parts split by '.', '_' or '-',
 * levels by '/' (release folders). Versions that differ only in leading zeros
 * are equal, and so are "1" and "1.0", as in Flyway.
 */
int migration_compare_versions(const char *a, const char *b);

/**
 * Compare versions as the set's layout orders them: by
 * migration_compare_versions(), or as text (diesel, prisma).
 */
int migration_set_compare(const struct migration_set *set, const char *a,
			  const char *b);

/**
 * Order items by version then name, as migration_set_read() does where the
 * layout has no order of its own (then nothing moves), and set their ranks.
 */
void migration_set_sort(struct migration_set *set);

/** The same comparison of two: < 0 when a runs first; 0 never for two. */
int migration_set_compare_items(const struct migration_set *set,
				const struct migration *x,
				const struct migration *y);

/** Name of the set's layout ("native", "goose", ...). */
const char *migration_layout_name(const struct migration_set *set);

/** Called for each file to write; strings are borrowed for the call. */
typedef struct err *(*migration_new_file_fn)(void *payload, const char *path,
					     const char *content);

/**
 * File name (below the folder) and first content of a new migration.
 *
 * @param stamp "YYYYMMDDHHMMSS"; raised second by second until no version of
 *        the set is equal to it; layouts with small numbers take the next
 * @param slug  what the person typed; anything but letters, digits, '-', '_'
 *        becomes '_'; ERR_USAGE when nothing is left
 * @param fn called for each file to write (a pair has two, sqitch's plan is
 *        not touched: ERR_USAGE says to use sqitch add)
 */
MUST_USE struct err *migration_new(const struct migration_set *set,
				   const char *stamp, const char *slug,
				   migration_new_file_fn fn, void *payload);

/**
 * The part of two versions of a file that runs is the same: normal forms of
 * the up sections, the transaction mode and being a batch are equal. Both
 * must be loaded.
 */
bool migration_same_substance(enum sql_dialect d, const struct migration *a,
			      const struct migration *b);

/**
 * Parse bytes that did not come from a source (a journal's text), as that
 * layout would. m must be zeroed but for name, path and version. Files beside
 * it (a down file, Flyway's .conf) are not known here.
 */
MUST_USE struct err *migration_parse(struct arena *arena, const char *layout,
				     const char *shown, struct migration *m,
				     const char *bytes, size_t len);

#endif
