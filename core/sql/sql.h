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
	SQL_SELECT,        /**< also VALUES, TABLE, and WITH that ends in one */

	/* PostgreSQL only; see sql_split() for what the others mean there */
	SQL_TWO_PHASE,   /**< PREPARE TRANSACTION, COMMIT or ROLLBACK PREPARED;
			    object = the transaction's name */
	SQL_ALTER_TABLE, /**< any other, or one with several actions; object */
	SQL_ALTER,       /**< any other ALTER; object, detail = its kind */
	SQL_TRUNCATE,    /**< object = the first table */
	SQL_MERGE,       /**< object = table */
	SQL_COPY,        /**< object = table, NULL for a query */
	SQL_SET,         /**< SET and RESET; object = setting, detail = value or
			      NULL for the default, detail2 = "local" if it
			      ends with the transaction */
};

/**
 * What a statement can do to data, as far as its text tells. PostgreSQL only:
 * SQLite's statements are SQL_KIND_UNTOLD.
 */
enum sql_kind {
	SQL_KIND_UNTOLD,
	SQL_KIND_READ,     /**< changes no row, and of the schema a comment at
				most: SHOW, SET, EXPLAIN, LOCK, transactions */
	SQL_KIND_DML,      /**< may change rows: INSERT, COPY, DO, CALL, and
				SELECT, which may call a function that does */
	SQL_KIND_TRUNCATE, /**< TRUNCATE */
	SQL_KIND_DDL,      /**< anything else; may write rows as well (CREATE
				TABLE AS, SELECT INTO, a default that is a
				function) */
};

/** Where COPY reads or writes. */
enum sql_copy {
	SQL_COPY_NONE,
	SQL_COPY_FROM_STDIN, /**< copy_data has what to send */
	SQL_COPY_TO_STDOUT,
	SQL_COPY_SERVER, /**< a file or PROGRAM on the server's machine */
};

/** What a statement takes away for good, by name. */
enum sql_loss_kind {
	SQL_LOSS_TABLE,       /**< DROP TABLE */
	SQL_LOSS_COLUMN,      /**< ALTER TABLE ... DROP COLUMN */
	SQL_LOSS_TYPE_CHANGE, /**< ALTER TABLE ... ALTER COLUMN ... TYPE */
	SQL_LOSS_ALL_ROWS,    /**< TRUNCATE */
	SQL_LOSS_SCHEMA,      /**< DROP SCHEMA; object = the schema */
	SQL_LOSS_TYPE,        /**< DROP TYPE or DOMAIN ... CASCADE: columns of
				   that type; with column: ALTER TYPE ... DROP
				   or ALTER ATTRIBUTE */
	SQL_LOSS_SEQUENCE,    /**< DROP SEQUENCE */
	SQL_LOSS_SEQUENCE_STATE, /**< ALTER SEQUENCE ... RESTART */
	SQL_LOSS_IDENTITY,       /**< the sequence of an identity column: DROP
				 IDENTITY, RESTART; object = the table */
	SQL_LOSS_MATVIEW,        /**< DROP MATERIALIZED VIEW */
	SQL_LOSS_OWNED,          /**< DROP OWNED BY; object = the role, or the
				 word current_user, current_role, session_user */
	SQL_LOSS_EXTENSION, /**< DROP EXTENSION; its tables may hold rows */
	SQL_LOSS_DATABASE,  /**< DROP DATABASE */
};

struct sql_loss {
	enum sql_loss_kind kind;
	const char *schema; /**< as written, or NULL: search_path decides */
	const char *object; /**< unquoted */
	const char *column; /**< or NULL */
	bool cascade;       /**< and what hangs on it */
	bool only;     /**< TRUNCATE ONLY, ALTER TABLE ONLY: children stay */
	bool restarts; /**< TRUNCATE ... RESTART IDENTITY: sequences of
				 the table begin anew */
};

/** Rows or values of a table that the statement names. */
static inline bool sql_loss_is_of_table(const struct sql_loss *loss)
{
	return loss->kind == SQL_LOSS_TABLE || loss->kind == SQL_LOSS_COLUMN ||
	       loss->kind == SQL_LOSS_TYPE_CHANGE ||
	       loss->kind == SQL_LOSS_ALL_ROWS;
}

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
	bool every_row; /**< UPDATE or DELETE in whose text nothing chooses some
			     rows: no WHERE, no other table, no LIMIT */
	const char **sets; /**< of such an UPDATE: columns, unquoted */
	size_t n_sets;

	/* PostgreSQL only: zero for SQLite */
	enum sql_kind kind;
	bool alone; /**< the server refuses it inside a transaction, or may
			 (DROP SUBSCRIPTION with a slot). What depends on the
			 schema is not told: REINDEX of a partitioned table,
			 CALL of a procedure that commits */
	bool adds_enum_value; /**< ALTER TYPE ... ADD VALUE: may run inside a
				   transaction, but the value cannot be used
				   before it ends */
	bool unknown; /**< not understood: first words this room does not know,
			   a DROP, TRUNCATE or an ALTER's action with data at
			   stake that the grammar of PostgreSQL 15 refuses, or
			   such an action of more than 1,000 tokens. It may
			   destroy anything; losses is empty */
	enum sql_copy copy;
	const char *copy_data; /**< inline data of COPY ... FROM STDIN, lines as
				    in the text, without the backslash and dot that
				    end them; NULL = none. Points into the
				    caller's text */
	size_t copy_len;
	const struct sql_loss *losses; /**< in the order of the text */
	size_t n_losses;
	bool only; /**< UPDATE ONLY, DELETE FROM ONLY: children stay */
};

/** Begins, ends or names a transaction: the engine's to do, in no migration. */
static inline bool sql_is_transaction_command(const struct sql_statement *s)
{
	return s->verb == SQL_BEGIN || s->verb == SQL_COMMIT ||
	       s->verb == SQL_ROLLBACK || s->verb == SQL_SAVEPOINT ||
	       s->verb == SQL_TWO_PHASE;
}

/** The release whose grammar libpg_query brings: "15.1". */
const char *sql_pg_grammar(void);

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
 * PostgreSQL: tokens are those of src/backend/parser/scan.l, statements those
 * that psql sends (src/fe_utils/psqlscan.l): no semicolon inside parentheses
 * or a function's BEGIN ATOMIC ... END ends one. No statement has to be in a
 * grammar known here. SET standard_conforming_strings in the text is followed.
 * Data behind COPY ... FROM STDIN starts on the line after the semicolon and
 * ends before a line of a backslash and a dot; it is no SQL. Of psql's own
 * commands (a backslash outside of quotes), pg_dump's restrict and unrestrict
 * are skipped.
 *
 * PostgreSQL's verbs are SQLite's where the words are. In addition: detail of
 * CREATE and DROP is any kind of object, in lower case ("materialized view");
 * a setting that SET TIME ZONE, SET ROLE and their like change has its name as
 * in pg_settings; SELECT set_config('name', 'value', false), which pg_dump
 * writes, is SQL_SET; BEGIN ISOLATION LEVEL has transaction_isolation as its
 * object and the level, in lower case, as its detail, where that is above READ
 * COMMITTED; SELECT ... INTO is SQL_CREATE_TABLE; EXPLAIN ANALYZE is
 * what it explains. Only an ALTER TABLE with one action is ADD, DROP or RENAME
 * of something.
 *
 * @param text borrowed; must outlive the script
 * @param first_line line number of the first byte, from 1
 * @return ERR_INPUT with line and column (err_at with path "", which a later
 *         err_at completes) for an unterminated string, quoted name, blob or
 *         trigger, and for a NUL byte, of which the database would see the
 *         part before; *out is then empty. An unterminated comment runs to
 *         the end, as in SQLite. PostgreSQL: also for an unterminated comment,
 *         dollar quote, BEGIN ATOMIC, COPY data without its end, and any other
 *         command of psql. Other text that is no SQL is left to the database
 *         to refuse.
 */
MUST_USE struct err *sql_split(struct sql_script *out, enum sql_dialect d,
			       const char *text, size_t len,
			       unsigned first_line);
void sql_script_release(struct sql_script *s);

/**
 * Take out what only says that a script is one transaction: a BEGIN ... COMMIT
 * around all of it; with `blocks`, also those around parts of it. A BEGIN that
 * has a level of isolation stays, as an SQL_SET. Any other command about
 * transactions stays.
 */
void sql_unwrap(struct sql_script *s, bool blocks);

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
 *
 * PostgreSQL: "users" is users, "Users" and "user", a keyword, keep their
 * quotes; a string continued on the next line stays so, without comments
 * between; inline COPY data follows its statement in the form of the text.
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
