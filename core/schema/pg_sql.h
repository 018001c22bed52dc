#ifndef SCHEMA_PG_SQL_H
#define SCHEMA_PG_SQL_H

/* Pieces of questions that several files use; SQL, not C. */

/* The largest value of the type of the sequence sq; the smallest is one less
 * than its negative. */
#define PG_SEQUENCE_MAX                                               \
	"CASE sq.seqtypid WHEN 21 THEN 32767 WHEN 23 THEN 2147483647" \
	" ELSE 9223372036854775807 END"

/* Options of the sequence sq that are not the default, for concat_ws(). */
#define PG_SEQUENCE_OPTIONS                                             \
	"CASE WHEN sq.seqincrement <> 1 THEN 'INCREMENT BY ' ||"        \
	" sq.seqincrement END, CASE WHEN sq.seqmin <> CASE WHEN"        \
	" sq.seqincrement > 0 THEN 1 ELSE -" PG_SEQUENCE_MAX " - 1 END" \
	" THEN 'MINVALUE ' || sq.seqmin END, CASE WHEN sq.seqmax <>"    \
	" CASE WHEN sq.seqincrement > 0 THEN " PG_SEQUENCE_MAX          \
	" ELSE -1 END THEN 'MAXVALUE ' || sq.seqmax END, CASE WHEN"     \
	" sq.seqstart <> CASE WHEN sq.seqincrement > 0 THEN sq.seqmin"  \
	" ELSE sq.seqmax END THEN 'START WITH ' || sq.seqstart END,"    \
	" CASE WHEN sq.seqcache <> 1 THEN 'CACHE ' || sq.seqcache END," \
	" CASE WHEN sq.seqcycle THEN 'CYCLE' END"

/* A qualified name from a namespace's alias and an expression. */
#define PG_NAME(n, name) \
	"quote_ident(" n ".nspname) || '.' || quote_ident(" name ")"

/*
 * A setting of the transaction, with its old value beside it, and back. Not
 * SET LOCAL alone: what the caller does next in the transaction must not see
 * it.
 */
#define PG_PUT(name, value)                                             \
	"set_config('git_migrate.was_" name "', current_setting('" name \
	"'), true), set_config('" name "', '" value "', true)"
#define PG_BACK(name)                                                   \
	"set_config('" name "', current_setting('git_migrate.was_" name \
	"'), true)"

#endif
