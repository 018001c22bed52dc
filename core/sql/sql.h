#ifndef SQL_SQL_H
#define SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * SQL as text: where statements begin and end, what kind each one is, and
 * when two texts say the same. Nothing here runs SQL or knows a database
 * connection. A dialect is one row in the table of dialect.c.
 */

enum sql_dialect {
	SQL_SQLITE,
	SQL_POSTGRESQL,
	SQL_DIALECT_COUNT,
};

/** "sqlite", "postgresql". */
const char *sql_dialect_name(enum sql_dialect d);

/** ERR_INPUT for a name that is no dialect ("postgres" is understood). */
MUST_USE struct err *sql_dialect_parse(const char *name, enum sql_dialect *out);

/**
 * What a statement is, as far as its leading tokens tell. Only what some
 * caller treats apart has a verb of its own. EXPLAIN runs nothing and is
 * SQL_OTHER, but EXPLAIN PRAGMA is a pragma: SQLite acts on those while it
 * prepares them.
 */
enum sql_verb {
	SQL_OTHER,
	SQL_BEGIN,     /**< BEGIN [...], START TRANSACTION */
	SQL_COMMIT,    /**< COMMIT, END */
	SQL_ROLLBACK,  /**< also ROLLBACK TO, ABORT */
	SQL_SAVEPOINT, /**< SAVEPOINT and RELEASE */
	SQL_PRAGMA,    /**< object = pragma name, detail = value or NULL; a
			    number has its minus sign, no plus sign */
	SQL_ATTACH,    /**< ATTACH and DETACH */
	SQL_VACUUM,    /**< detail = "INTO" when it writes a file */
	SQL_REINDEX,
	SQL_ANALYZE,
	SQL_CREATE,        /**< any other CREATE; object, and detail = "index",
			       "trigger" or "view" */
	SQL_CREATE_TABLE,  /**< object = the table; also VIRTUAL, AS SELECT */
	SQL_DROP,          /**< any other DROP; the same */
	SQL_DROP_TABLE,    /**< object = the table */
	SQL_RENAME_TABLE,  /**< object = table, detail = new name */
	SQL_RENAME_COLUMN, /**< object = table, detail = old, detail2 = new */
	SQL_ADD_COLUMN,    /**< object = table, detail = column */
	SQL_DROP_COLUMN,   /**< object = table, detail = column */
	SQL_INSERT,        /**< also REPLACE; object = table */
	SQL_UPDATE,        /**< object = table */
	SQL_DELETE,        /**< object = table */
	SQL_SELECT,        /**< also VALUES, and WITH that ends in SELECT */
};

/** One statement. Strings without length are in the script's arena. */
struct sql_statement {
	const char *text;   /**< first token; points into the caller's text */
	size_t len;         /**< up to the last token before the semicolon */
	unsigned line, col; /**< of text, from 1; line counts from first_line,
				 col is in bytes; lines end with \n */
	enum sql_verb verb;
	bool temp; /**< CREATE TEMP ..., or the name is qualified "temp." */
	const char *schema; /**< qualifier of object, unquoted, or NULL */
	const char *object; /**< unquoted (quotes resolved), or NULL */
	const char *detail, *detail2; /**< see the verb; unquoted, or NULL */
};

struct sql_script {
	struct sql_statement *statements;
	size_t n;
	struct arena arena;
};

/**
 * Split a text into statements. Empty statements (comments, stray
 * semicolons) are left out.
 *
 * SQLite: follows the tokenizer of https://sqlite.org/src/file/src/tokenize.c
 * and, for CREATE TRIGGER, the rule of sqlite3_complete() that its body ends
 * at "; END" and not before (CASE ... END inside is no end).
 *
 * @param text borrowed; must outlive the script
 * @param first_line line number of the first byte, from 1
 * @return ERR_INPUT with line and column (err_at with path "", which a later
 *         err_at completes) for an unterminated string, quoted name, blob or
 *         trigger, and for a NUL byte, of which the database would see the
 *         part before; *out is then empty. An unterminated comment runs to
 *         the end, as in SQLite. Other text that is no SQL is left to the
 *         database to refuse. ERR_INPUT too for a dialect not built in.
 */
MUST_USE struct err *sql_split(struct sql_script *out, enum sql_dialect d,
			       const char *text, size_t len,
			       unsigned first_line);
void sql_script_release(struct sql_script *s);

/**
 * Append the normal form of a text: its tokens without comments and white
 * space, one space between tokens, keywords and unquoted names in lower case,
 * names that need no quotes without them ("Users" in SQLite compares without
 * case, so it becomes users), statements separated by ";\n", no trailing one.
 * Literals keep every byte. Two texts with one normal form do the same (but
 * for names that SQLite takes from the text of an expression); the reverse
 * does not hold. Text that cannot be split is appended as it is.
 *
 * SQLite: what may be a string keeps its bytes: a "double-quoted" word where
 * an expression may stand (https://sqlite.org/quirks.html, section 8), the
 * word behind DEFAULT, ATTACH, a pragma's quoted value, the arguments of a
 * virtual table. `x` and [x] are names everywhere.
 */
void sql_normal_form(struct buf *out, enum sql_dialect d, const char *text,
		     size_t len);

/** Append a name as a quoted identifier: "a""b". */
void sql_quote_name(struct buf *out, const char *name);

/** Append a string literal: 'it''s'. */
void sql_quote_string(struct buf *out, const char *s);

/** Names are equal as the dialect compares them (SQLite: ASCII, no case). */
bool sql_same_name(enum sql_dialect d, const char *a, const char *b);

#endif
