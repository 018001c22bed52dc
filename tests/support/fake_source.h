#ifndef TESTS_FAKE_SOURCE_H
#define TESTS_FAKE_SOURCE_H

#include "base/buf.h"
#include "migration/migration.h"
#include "migration/source.h"

/*
 * A folder of migrations that is only in memory. Blob ids are a hash of the
 * content, so equal files have equal ids, as in git.
 */
struct fake_file {
	char *path, *text;
	size_t len;
	char blob[41];
	enum source_kind kind;
	bool dirty;
};

struct fake_source {
	struct source base; /**< dir is "db" unless changed */
	struct fake_file *files;
	size_t n, cap;
	size_t reads; /**< files read so far */
};

void fake_source_init(struct fake_source *s);
void fake_source_release(struct fake_source *s);

struct fake_file *fake_source_add(struct fake_source *s, const char *path,
				  const char *text);
struct fake_file *fake_source_add_bytes(struct fake_source *s, const char *path,
					const void *data, size_t len);
void fake_source_add_kind(struct fake_source *s, const char *path,
			  enum source_kind kind);

/**
 * Add by one word, for tables: "a.sql" (holding "SELECT 1;\n"),
 * "a.sql\ttext", ">a" a symlink, "+a" a submodule, "a/" a folder,
 * "*a.sql" a dirty file.
 */
void fake_source_add_word(struct fake_source *s, const char *word);

/** An error as one line, "path:line:col: text [hint]", and free it. */
void fake_add_err(struct buf *out, struct err *e);

/**
 * A set as lines: "layout <name>", "<name> v<version> <path>" with " down
 * <path>", " side <path>", " after <names>", " repeatable", " dirty" as they
 * apply, then "stray <path>: <why>".
 */
void fake_add_set(struct buf *out, const struct migration_set *set);

#endif
