#ifndef SNAPSHOT_RESTORE_PG_TYPE_H
#define SNAPSHOT_RESTORE_PG_TYPE_H

#include "snapshot/restore_pg.h"

/* Types that were there before the migration and are behind it, perhaps with
 * other names and other parts: labels of an enum, attributes of a record. */

/** Parts with other words: as SQL needs them, both lists n long. */
struct restore_pg_words {
	const char **now, **before;
	size_t n;
};

struct restore_pg_kept {
	const struct schema_object *before; /**< to come back */
	const struct schema_object *after;  /**< as the migration left it */
	const struct schema_object *now;    /**< the same in the schema now */
	/** `after` in the words of before: names of types and of parts. Its
	 * first statement only. */
	const struct schema_object *likened;
	const char *name_before, *name_after;
	struct restore_pg_words words;
};

/* restore_pg_kept.c */

/** Fill r->kept, and r->strays: new types with the name of one of those. */
void restore_pg_kept_find(struct restore_pg *r);
void restore_pg_kept_free(struct restore_pg *r);

/** A text of behind the migration, names of types as they were before; in the
 * arena, or the text itself. */
const char *restore_pg_likened(struct restore_pg *r, const char *text);

/** Types and their parts get their old names. */
MUST_USE struct err *restore_pg_kept_rename(struct restore_pg *r);

/* restore_pg_type.c: types whose values can stay */
bool restore_pg_is_alterable(const struct schema_object *a,
			     const struct schema_object *b);

/** Before rows go back: attributes and checks that are new go. Parts have
 * their old names. */
MUST_USE struct err *restore_pg_loosen_type(struct restore_pg *r,
					    const struct schema_object *from,
					    const struct schema_object *to);

/** Once they are in place. */
MUST_USE struct err *restore_pg_tighten_type(struct restore_pg *r,
					     const struct schema_object *from,
					     const struct schema_object *to);

/** Parts that have other words at their places; false: it cannot be told. */
bool restore_pg_words_by_place(struct arena *a, const struct schema_object *now,
			       const struct schema_object *before,
			       struct restore_pg_words *out);

/** The words that another part has now go to a new one's place: it gets a word
 * of ours. */
void restore_pg_words_part(struct arena *a, const struct schema_object *now,
			   struct restore_pg_words *words);

/** The statement that makes a type, with these words. */
const char *restore_pg_in_words(struct arena *a, const struct schema_object *o,
				const struct restore_pg_words *words);

/** Old words to the ones of now, in place. */
void restore_pg_words_now(const struct restore_pg_words *words,
			  const char **names, size_t n);

/** It is an enum; false: another type. */
bool restore_pg_is_enum(const struct schema_object *o);

/** Attributes that a composite type has now, and all else as before. False:
 * it is another change. */
bool restore_pg_added(struct arena *a, const struct schema_object *now,
		      const struct schema_object *before, const char ***names,
		      size_t *n);

#endif
