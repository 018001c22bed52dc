#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/pg_world.h"
#include "support/snapshot_world.h"
#include "support/unit.h"
#include "target/target_pg.h"

/* What is kept of a PostgreSQL migration: the files, line by line. */

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	assert_ok(world_open_pg(w));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

/* Digests are no business of a test: "=" stands for all of them. */
static void add_masked(struct buf *out, const char *s)
{
	for (; *s; s++) {
		buf_addch(out, *s);
		if (*s == '=' && (s[-1] == '\t'))
			s += 3;
	}
}

/* All lines, the manifest's without its first; files in their order. */
static void kept_text(struct world_event *ev, struct buf *out)
{
	struct buf file = BUF_INIT;

	buf_reset(out);
	if (memory_snapshot_text(&ev->files, "manifest", &file))
		buf_addstr(out, strchr(buf_str(&file), '\n') + 1);
	for (size_t i = 0; i < ev->files.n; i++) {
		const char *path = ev->files.files[i].path;

		if (streq(path, "manifest"))
			continue;
		memory_snapshot_text(&ev->files, path, &file);
		buf_addf(out, "[%s]\n", path);
		add_masked(out, buf_str(&file));
	}
	buf_release(&file);
}

struct sample {
	const char *before, *migration, *kept;
};

static void expect_kept(struct world *w, const struct sample *s)
{
	struct buf text = BUF_INIT;
	struct world_event ev;
	struct err *e;

	assert_ok(world_exec(w, "DROP SCHEMA IF EXISTS s CASCADE; "
				"CREATE SCHEMA s; SET search_path = s"));
	assert_ok(world_exec(w, s->before));
	assert_ok(pg_exec(target_pg_conn(w->t), "SET search_path = s"));
	if ((e = world_apply(w, s->migration, &ev)))
		fail_msg("%s: %s", s->migration, err_text(e));
	kept_text(&ev, &text);
	assert_string_equal(buf_str(&text), s->kept);
	world_event_release(&ev);
	buf_release(&text);
}

#define T                                                     \
	"CREATE TABLE t (id int PRIMARY KEY, a text, b int);" \
	"INSERT INTO t VALUES (1, 'x', 1), (2, 'y', NULL), (10, 'z', 3);"
#define MANIFEST(came, changed, went)                                \
	"table s.t s.t rows/1 " came " " changed " " went " 0 0 0\n" \
	"key id\ncolumn a a\ncolumn b b\n"

static const struct sample rows[] = {
	{ T, "SELECT 1", "" },
	{ T, "UPDATE t SET a = a", "" },
	{ T, "UPDATE t SET a = 'n' WHERE id = 1",
	  MANIFEST("0", "1", "0") "[rows/1]\n~\t'1\t'x\t'n\t=\n" },
	{ T, "DELETE FROM t WHERE id > 1",
	  MANIFEST("0", "0",
		   "2") "[rows/1]\n-\t'2\t'y\t\\N\n-\t'10\t'z\t'3\n" },
	/* most of a table whose size is known: read in another way */
	{ T "ANALYZE t;", "UPDATE t SET a = 'n' WHERE id > 1",
	  MANIFEST("0", "2", "0") "[rows/1]\n~\t'2\t'y\t'n\t=\n"
				  "~\t'10\t'z\t'n\t=\n" },
	{ T "ANALYZE t;", "DELETE FROM t WHERE id > 1",
	  MANIFEST("0", "0",
		   "2") "[rows/1]\n-\t'2\t'y\t\\N\n-\t'10\t'z\t'3\n" },
	/* written five times, and back to what it was */
	{ T,
	  "UPDATE t SET b = 5; UPDATE t SET b = 6; DELETE FROM t; "
	  "INSERT INTO t VALUES (1, 'x', 1), (2, 'y', NULL), (10, 'z', 3)",
	  "" },
	/* the key changes: one row goes, another comes */
	{ T, "UPDATE t SET id = 3 WHERE id = 2",
	  MANIFEST("1", "0", "1") "[rows/1]\n-\t'2\t'y\t\\N\n+\t'3\t=\t=\n" },
	/* dropped: every column, in the order of the rows */
	{ T, "DROP TABLE t",
	  "table s.t - rows/1 0 0 3 0 0 0\ncolumn id -\ncolumn a -\n"
	  "column b -\n[rows/1]\n-\t'1\t'x\t'1\n-\t'2\t'y\t\\N\n"
	  "-\t'10\t'z\t'3\n" },
	/* dropped after a change: as it was before both */
	{ T, "UPDATE t SET a = 'n'; DROP TABLE t",
	  "table s.t - rows/1 0 0 3 0 0 0\ncolumn id -\ncolumn a -\n"
	  "column b -\n[rows/1]\n-\t'1\t'x\t'1\n-\t'2\t'y\t\\N\n"
	  "-\t'10\t'z\t'3\n" },
	{ T, "TRUNCATE t",
	  MANIFEST("0", "0", "3") "[rows/1]\n-\t'1\t'x\t'1\n-\t'2\t'y\t\\N\n"
				  "-\t'10\t'z\t'3\n" },
	{ T, "TRUNCATE t; INSERT INTO t VALUES (2, 'y', NULL), (3, 'q', 0)",
	  MANIFEST("1", "0", "2") "[rows/1]\n-\t'1\t'x\t'1\n"
				  "+\t'3\t=\t=\n-\t'10\t'z\t'3\n" },
	{ T, "ALTER TABLE t DROP COLUMN a",
	  "table s.t s.t rows/1 0 3 0 0 0 0\nkey id\ncolumn a -\n"
	  "column b b\n[rows/1]\n~\t'1\t'x\t!\t=\n~\t'2\t'y\t!\t=\n"
	  "~\t'10\t'z\t!\t=\n" },
	{ T, "ALTER TABLE t ALTER b TYPE text USING b || 'k'",
	  MANIFEST("0", "2", "0") "[rows/1]\n~\t'1\t=\t'1\t'1k\n"
				  "~\t'10\t=\t'3\t'3k\n" },
	/* of others only a few short ones: the unique one first */
	{ "CREATE TABLE t (id int PRIMARY KEY, f bool, a int, b int, c int, d "
	  "int UNIQUE, e text); INSERT INTO t VALUES (1, true, 1, 2, 3, 4, "
	  "repeat('long', 99)), (2, true, 1, 2, 3, 5, 'e'); ANALYZE t;",
	  "ALTER TABLE t DROP COLUMN a",
	  "table s.t s.t rows/1 0 2 0 0 0 0\nkey id\ncolumn a -\ncolumn b b\n"
	  "column c c\ncolumn d d\n[rows/1]\n~\t'1\t'1\t!\t=\t=\t=\n"
	  "~\t'2\t'1\t!\t=\t=\t=\n" },
	/* a rewrite that changes no value */
	{ T, "ALTER TABLE t ALTER b TYPE bigint", "" },
	{ T, "ALTER TABLE t ALTER id TYPE bigint", "" },
	/* the idiom: a new column filled from the one that goes */
	{ T,
	  "ALTER TABLE t ADD c text; UPDATE t SET c = upper(a); "
	  "ALTER TABLE t DROP COLUMN a",
	  "table s.t s.t rows/1 0 3 0 0 0 0\nkey id\ncolumn a -\n"
	  "column b b\n[rows/1]\n~\t'1\t'x\t!\t=\n~\t'2\t'y\t!\t=\n"
	  "~\t'10\t'z\t!\t=\n" },
	{ T,
	  "ALTER TABLE t RENAME COLUMN a TO c; UPDATE t SET c = 'n' "
	  "WHERE id = 1; ALTER TABLE t RENAME TO u",
	  "table s.t s.u rows/1 0 1 0 0 0 0\nkey id\ncolumn a c\n"
	  "column b b\n[rows/1]\n~\t'1\t'x\t'n\t=\n" },
	/* rows that come before and behind DDL, and a table that is rewritten */
	{ T, "INSERT INTO t VALUES (5, 'w', 1); ALTER TABLE t DROP COLUMN a",
	  "table s.t s.t rows/1 1 3 0 0 0 0\nkey id\ncolumn a -\ncolumn b b\n"
	  "[rows/1]\n~\t'1\t'x\t!\t=\n~\t'2\t'y\t!\t=\n+\t'5\t!\t=\n"
	  "~\t'10\t'z\t!\t=\n" },
	{ T,
	  "ALTER TABLE t ALTER b SET DEFAULT 6; INSERT INTO t VALUES "
	  "(5, 'w')",
	  MANIFEST("1", "0", "0") "[rows/1]\n+\t'5\t=\t=\n" },
	{ T,
	  "UPDATE t SET b = 9 WHERE id = 1; "
	  "ALTER TABLE t ADD u float8 DEFAULT random(); "
	  "INSERT INTO t (id) VALUES (5)",
	  MANIFEST("1", "1", "0") "[rows/1]\n~\t'1\t=\t'1\t'9\n+\t'5\t=\t=\n" },
	{ T,
	  "INSERT INTO t VALUES (5); "
	  "ALTER TABLE t ADD u float8 DEFAULT random(); "
	  "DELETE FROM t WHERE id = 2",
	  MANIFEST("1", "0", "1") "[rows/1]\n-\t'2\t'y\t\\N\n+\t'5\t=\t=\n" },
	{ T, "INSERT INTO t VALUES (5); DROP TABLE t",
	  "table s.t - rows/1 0 0 3 0 0 0\ncolumn id -\ncolumn a -\n"
	  "column b -\n[rows/1]\n-\t'1\t'x\t'1\n-\t'2\t'y\t\\N\n"
	  "-\t'10\t'z\t'3\n" },
	{ T,
	  "ALTER TABLE t RENAME TO u; ALTER TABLE u DROP COLUMN a; "
	  "ALTER TABLE u RENAME b TO a",
	  "table s.t s.u rows/1 0 3 0 0 0 0\nkey id\ncolumn a -\n"
	  "column b a\n[rows/1]\n~\t'1\t'x\t!\t=\n~\t'2\t'y\t!\t=\n"
	  "~\t'10\t'z\t!\t=\n" },
	/* a key of no bytes */
	{ "CREATE TABLE t (k text PRIMARY KEY, v int); INSERT INTO t VALUES "
	  "('', 1), ('a', 2);",
	  "TRUNCATE t; TRUNCATE t",
	  "table s.t s.t rows/1 0 0 2 0 0 0\nkey k\ncolumn v v\n[rows/1]\n"
	  "-\t'\t'1\n-\t'a\t'2\n" },
	/* behind a lock: rows of the migration's own, written twice */
	{ T,
	  "ALTER TABLE t ADD c int; INSERT INTO t VALUES (5, 'w', 1); UPDATE t "
	  "SET b = 7 WHERE id > 2",
	  MANIFEST("1", "1", "0") "[rows/1]\n+\t'5\t=\t=\n"
				  "~\t'10\t=\t'3\t'7\n" },
	{ T,
	  "ALTER TABLE t ALTER b TYPE bigint; INSERT INTO t VALUES (5, 'w', "
	  "1); UPDATE t SET b = 7 WHERE id > 2",
	  MANIFEST("1", "1", "0") "[rows/1]\n+\t'5\t=\t=\n"
				  "~\t'10\t=\t'3\t'7\n" },
	/* rows that come into a table that had none */
	{ "CREATE TABLE t (id int PRIMARY KEY, v text);",
	  "TRUNCATE t; INSERT INTO t VALUES (1, 'a')",
	  "table s.t s.t rows/1 1 0 0 0 0 0\nkey id\ncolumn v v\n"
	  "[rows/1]\n+\t'1\t=\n" },
	{ "CREATE TABLE t (v text);", "TRUNCATE t; INSERT INTO t VALUES ('a')",
	  "table s.t s.t rows/1 1 0 0 0 0 0\ncolumn v v\n[rows/1]\n"
	  "+\t'a\n" },
	/* rows of one empty value */
	{ "CREATE TABLE t (a text); INSERT INTO t VALUES (''), (NULL);",
	  "DROP TABLE t",
	  "table s.t - rows/1 0 0 2 0 0 0\ncolumn a -\n[rows/1]\n"
	  "-\t'\n-\t\\N\n" },
	/* new tables are nobody's loss */
	{ T, "CREATE TABLE n (x int); INSERT INTO n VALUES (1); DROP TABLE n",
	  "" },
};

#define K                                 \
	"CREATE TABLE k (a text, b int);" \
	"INSERT INTO k VALUES ('x', 1), ('x', 1), ('y', NULL);"
#define K_MANIFEST(came, changed, went)                              \
	"table s.k s.k rows/1 " came " " changed " " went " 0 0 0\n" \
	"column a a\ncolumn b b\n[rows/1]\n"

/* Tables without a key: rows are told apart by what they hold. */
static const struct sample keyless[] = {
	{ K, "UPDATE k SET b = 1",
	  K_MANIFEST("1", "0", "1") "+\t'y\t'1\n-\t'y\t\\N\n" },
	{ K, "DELETE FROM k WHERE ctid = (SELECT min(ctid) FROM k)",
	  K_MANIFEST("0", "0", "1") "-\t'x\t'1\n" },
	{ K, "INSERT INTO k VALUES ('x', 1)",
	  K_MANIFEST("1", "0", "0") "+\t'x\t'1\n" },
	{ K,
	  "DELETE FROM k; INSERT INTO k VALUES ('x', 1), ('y', NULL), "
	  "('x', 1)",
	  "" },
	{ K, "ALTER TABLE k DROP COLUMN b",
	  "table s.k s.k rows/1 0 3 0 0 0 0\ncolumn a a\ncolumn b -\n[rows/1]\n"
	  "~\t'y\t'y\t\\N\t!\n~\t'x\t'x\t'1\t!\n~\t'x\t'x\t'1\t!\n" },
	{ K, "INSERT INTO k VALUES ('q', 7); ALTER TABLE k DROP COLUMN b",
	  "table s.k s.k rows/1 1 3 0 0 0 0\ncolumn a a\ncolumn b -\n[rows/1]\n"
	  "~\t'y\t'y\t\\N\t!\n~\t'x\t'x\t'1\t!\n~\t'x\t'x\t'1\t!\n"
	  "+\t'q\t!\n" },
	/* its key goes: the rest tells rows apart */
	{ T, "ALTER TABLE t DROP COLUMN id",
	  "table s.t s.t rows/1 0 3 0 0 0 0\ncolumn id -\ncolumn a a\n"
	  "column b b\n[rows/1]\n~\t'10\t!\t'z\t'z\t'3\t'3\n"
	  "~\t'1\t!\t'x\t'x\t'1\t'1\n~\t'2\t!\t'y\t'y\t\\N\t\\N\n" },
	/* ... also where the table was kept before */
	{ T "; CREATE INDEX i ON t (b, id)",
	  "ALTER TABLE t ALTER b SET DEFAULT 1; DROP INDEX i; "
	  "ALTER TABLE t DROP COLUMN id",
	  "table s.t s.t rows/1 0 3 0 0 0 0\ncolumn id -\ncolumn a a\n"
	  "column b b\n[rows/1]\n~\t'10\t!\t'z\t'z\t'3\t'3\n"
	  "~\t'1\t!\t'x\t'x\t'1\t'1\n~\t'2\t!\t'y\t'y\t\\N\t\\N\n" },
	{ T, "UPDATE t SET b = 7 WHERE id = 1; ALTER TABLE s.t DROP COLUMN id",
	  "table s.t s.t rows/1 1 2 1 0 0 0\ncolumn id -\ncolumn a a\n"
	  "column b b\n[rows/1]\n~\t'10\t!\t'z\t'z\t'3\t'3\n"
	  "+\t!\t'x\t'7\n-\t'1\t'x\t'1\n"
	  "~\t'2\t!\t'y\t'y\t\\N\t\\N\n" },
};

#define DO(text) "DO $$ BEGIN " text " END $$"

/* What no text tells: found behind the statement, which runs once more. */
static const struct sample opaque[] = {
	{ T, DO("UPDATE t SET b = 7 WHERE id = 1;"),
	  MANIFEST("0", "1", "0") "[rows/1]\n~\t'1\t=\t'1\t'7\n" },
	{ T, DO("TRUNCATE t; INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2);"),
	  MANIFEST("0", "1",
		   "1") "[rows/1]\n~\t'2\t=\t\\N\t'2\n-\t'10\t'z\t'3\n" },
	{ T, DO("DROP TABLE t;"),
	  "table s.t - rows/1 0 0 3 0 0 0\ncolumn id -\ncolumn a -\n"
	  "column b -\n[rows/1]\n-\t'1\t'x\t'1\n-\t'2\t'y\t\\N\n"
	  "-\t'10\t'z\t'3\n" },
	{ T,
	  DO("UPDATE t SET b = 7 WHERE id = 1; "
	     "ALTER TABLE t ADD c int; UPDATE t SET c = 1;"),
	  MANIFEST("0", "1", "0") "[rows/1]\n~\t'1\t=\t'1\t'7\n" },
	{ T,
	  "ALTER TABLE t ADD c int; " DO("UPDATE t SET b = 7 WHERE id = 1; "
					 "ALTER TABLE t DROP COLUMN a;"),
	  "table s.t s.t rows/1 0 3 0 0 0 0\nkey id\ncolumn a -\ncolumn b b\n"
	  "[rows/"
	  "1]\n~\t'1\t'x\t!\t'1\t'7\n~\t'2\t'y\t!\t=\n~\t'10\t'z\t!\t=\n" },
	{ T,
	  "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS "
	  "'DELETE FROM t WHERE id = 2'; SELECT f()",
	  MANIFEST("0", "0", "1") "[rows/1]\n-\t'2\t'y\t\\N\n" },
	{ T "CREATE SCHEMA z; CREATE TABLE z.t (a int); "
	    "INSERT INTO z.t VALUES (1);",
	  "DROP SCHEMA z CASCADE",
	  "table z.t - rows/1 0 0 1 0 0 0\ncolumn a -\n[rows/1]\n-\t'1\n" },
	{ "CREATE TYPE e AS ENUM ('p', 'q');"
	  "CREATE TABLE t (id int PRIMARY KEY, e e);"
	  "INSERT INTO t VALUES (1, 'p')",
	  "DROP TYPE e CASCADE",
	  "table s.t s.t rows/1 0 1 0 0 0 0\nkey id\ncolumn e -\n"
	  "[rows/1]\n~\t'1\t'p\t!\n" },
	/* a lock on what was written before, and nothing kept of it */
	{ T "CREATE TABLE u (v text);"
	    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
	    "RETURN NEW; END$$; CREATE TRIGGER f AFTER INSERT ON u FOR EACH "
	    "ROW EXECUTE FUNCTION f()",
	  "DELETE FROM t WHERE id = 1; UPDATE u SET v = ''; DROP TRIGGER f ON "
	  "u",
	  MANIFEST("0", "0", "1") "[rows/1]\n-\t'1\t'x\t'1\n" },
};

#define PARTS                                                          \
	"CREATE TABLE p (id int, a text, PRIMARY KEY (id))"            \
	" PARTITION BY RANGE (id);"                                    \
	"CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"  \
	"CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);" \
	"INSERT INTO p VALUES (1, 'x'), (11, 'y');"
#define FAMILY                                                    \
	"CREATE TABLE m (id int PRIMARY KEY, a text);"            \
	"CREATE TABLE c (b text, PRIMARY KEY (id)) INHERITS (m);" \
	"INSERT INTO m VALUES (1, 'x'); INSERT INTO c VALUES (2, 'y', 'e');"

/* Rows that a statement reaches without naming their table. */
static const struct sample reached[] = {
	{ PARTS, "UPDATE p SET a = 'n' WHERE id = 1",
	  "table s.p1 s.p1 rows/1 0 1 0 0 0 0\nkey id\ncolumn a a\n"
	  "[rows/1]\n~\t'1\t'x\t'n\n" },
	{ PARTS, "UPDATE p SET id = 12 WHERE id = 1",
	  "table s.p1 s.p1 rows/1 0 0 1 0 0 0\nkey id\ncolumn a a\n"
	  "table s.p2 s.p2 rows/2 1 0 0 0 0 0\nkey id\ncolumn a a\n"
	  "[rows/1]\n-\t'1\t'x\n[rows/2]\n+\t'12\t=\n" },
	{ PARTS, "DELETE FROM p2",
	  "table s.p2 s.p2 rows/1 0 0 1 0 0 0\nkey id\ncolumn a a\n"
	  "[rows/1]\n-\t'11\t'y\n" },
	{ PARTS, "ALTER TABLE p DROP COLUMN a",
	  "table s.p1 s.p1 rows/1 0 1 0 0 0 0\nkey id\ncolumn a -\n"
	  "table s.p2 s.p2 rows/2 0 1 0 0 0 0\nkey id\ncolumn a -\n"
	  "[rows/1]\n~\t'1\t'x\t!\n[rows/2]\n~\t'11\t'y\t!\n" },
	{ PARTS, "DROP TABLE p",
	  "table s.p1 - rows/1 0 0 1 0 0 0\ncolumn id -\ncolumn a -\n"
	  "table s.p2 - rows/2 0 0 1 0 0 0\ncolumn id -\ncolumn a -\n"
	  "[rows/1]\n-\t'1\t'x\n[rows/2]\n-\t'11\t'y\n" },
	{ FAMILY, "UPDATE m SET a = 'n'",
	  "table s.m s.m rows/1 0 1 0 0 0 0\nkey id\ncolumn a a\n"
	  "table s.c s.c rows/2 0 1 0 0 0 0\nkey id\ncolumn a a\ncolumn b b\n"
	  "[rows/1]\n~\t'1\t'x\t'n\n[rows/2]\n~\t'2\t'y\t'n\t=\n" },
	/* foreign keys that lead on, and rows that they only lock */
	{ T "CREATE TABLE r (id int PRIMARY KEY, t int REFERENCES t "
	    "ON DELETE CASCADE); INSERT INTO r VALUES (1, 1), (2, 2);",
	  "DELETE FROM t WHERE id = 1; INSERT INTO r VALUES (3, 2)",
	  MANIFEST("0", "0",
		   "1") "table s.r s.r rows/2 1 0 1 0 0 0\nkey id\ncolumn t t\n"
			"[rows/1]\n-\t'1\t'x\t'1\n[rows/"
			"2]\n-\t'1\t'1\n+\t'3\t=\n" },
	{ T "CREATE TABLE r (id int PRIMARY KEY, t int REFERENCES t); "
	    "INSERT INTO r VALUES (1, 1), (2, 2);",
	  "TRUNCATE t CASCADE",
	  MANIFEST("0", "0",
		   "3") "table s.r s.r rows/2 0 0 2 0 0 0\nkey id\ncolumn t t\n"
			"[rows/"
			"1]\n-\t'1\t'x\t'1\n-\t'2\t'y\t\\N\n-\t'10\t'z\t'3\n"
			"[rows/2]\n-\t'1\t'1\n-\t'2\t'2\n" },
	{ T "CREATE TABLE l (m text PRIMARY KEY); CREATE FUNCTION g() RETURNS "
	    "trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO s.l VALUES "
	    "(new.a); RETURN new; END $$; CREATE TRIGGER g BEFORE UPDATE ON t "
	    "FOR EACH ROW EXECUTE FUNCTION g();",
	  "UPDATE t SET a = 'n' WHERE id = 1",
	  MANIFEST("0", "1",
		   "0") "table s.l s.l rows/2 1 0 0 0 0 0\nkey m\n"
			"[rows/1]\n~\t'1\t'x\t'n\t=\n[rows/2]\n+\t'n\n" },
	{ T,
	  "SET LOCAL session_replication_role = replica; "
	  "UPDATE t SET a = 'n' WHERE id = 1",
	  MANIFEST("0", "1", "0") "[rows/1]\n~\t'1\t'x\t'n\t=\n" },
	{ T "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL "
	    "SECURITY;",
	  "DELETE FROM t WHERE id = 1",
	  MANIFEST("0", "0", "1") "[rows/1]\n-\t'1\t'x\t'1\n" },
};

/* Keys, names and values that need care. */
static const struct sample odd[] = {
	{ "CREATE TABLE \"T .%\" (\"Id x\" text PRIMARY KEY, \"B\" text);"
	  "INSERT INTO \"T .%\" VALUES (E'a\\tb', E'\\\\'), ('', NULL);",
	  "UPDATE \"T .%\" SET \"B\" = E'n\\nm'",
	  "table s.\"T%20.%25\" s.\"T%20.%25\" rows/1 0 2 0 0 0 0\n"
	  "key \"Id%20x\"\ncolumn \"B\" \"B\"\n[rows/1]\n"
	  "~\t'\t\\N\t'n\\nm\n~\t'a\\tb\t'\\\\\t'n\\nm\n" },
	{ "CREATE TABLE t (a int, b text, v int, PRIMARY KEY (b, a));"
	  "INSERT INTO t VALUES (2, 'x', 0), (10, 'x', 0), (1, 'xa', 0), "
	  "(1, E'x\\x01', 0);",
	  "DELETE FROM t",
	  "table s.t s.t rows/1 0 0 4 0 0 0\nkey b\nkey a\ncolumn v v\n"
	  "[rows/1]\n-\t'x\t'10\t'0\n-\t'x\t'2\t'0\n-\t'x\x01\t'1\t'0\n"
	  "-\t'xa\t'1\t'0\n" },
	{ "CREATE TABLE t (id int PRIMARY KEY, f float8, d timestamptz, "
	  "y bytea, n numeric, r int4range, j jsonb, i interval, "
	  "z int[]);"
	  "INSERT INTO t VALUES (1, 0.1, '2020-01-01 00:00+02', '\\x00ff', "
	  "'NaN', '[1,5)', '{\"a\": 1}', '1 mon 2 days', '{1,NULL}'), "
	  "(2, '-infinity', 'infinity', '', 1e-20, 'empty', '[]', '-1 s', "
	  "'{}');",
	  "SET datestyle = 'German'; SET extra_float_digits = -5; "
	  "SET bytea_output = 'escape'; SET timezone = 'Asia/Tokyo'; "
	  "SET intervalstyle = 'iso_8601'; DROP TABLE t",
	  "table s.t - rows/1 0 0 2 0 0 0\ncolumn id -\ncolumn f -\n"
	  "column d -\ncolumn y -\ncolumn n -\ncolumn r -\ncolumn j -\n"
	  "column i -\ncolumn z -\n[rows/1]\n"
	  "-\t'1\t'0.1\t'2019-12-31 22:00:00+00\t'\\\\x00ff\t'NaN\t'[1,5)\t"
	  "'{\"a\": 1}\t'1 mon 2 days\t'{1,NULL}\n"
	  "-\t'2\t'-Infinity\t'infinity\t'\\\\x\t'0.00000000000000000001\t"
	  "'empty\t'[]\t'-00:00:01\t'{}\n" },
	{ "CREATE TABLE t (id int PRIMARY KEY, a int, g int GENERATED ALWAYS "
	  "AS (a * 2) STORED); INSERT INTO t (id, a) VALUES (1, 1);",
	  "UPDATE t SET a = 2",
	  "table s.t s.t rows/1 0 1 0 0 0 0\nkey id\ncolumn a a\n"
	  "[rows/1]\n~\t'1\t'1\t'2\n" },
	{ "CREATE TABLE t (a int, b int);",
	  "INSERT INTO t (a) VALUES (1); ALTER TABLE t ADD c int",
	  "table s.t s.t rows/1 1 0 0 0 0 0\ncolumn a a\ncolumn b b\n"
	  "[rows/1]\n+\t'1\t\\N\n" },
	{ "CREATE SEQUENCE q; SELECT nextval('q');", "SELECT setval('q', 40)",
	  "sequence s.q s.q 1 40 3\n" },
	{ "CREATE SEQUENCE q; SELECT nextval('q');",
	  "ALTER SEQUENCE q RESTART WITH 40", "sequence s.q s.q 1 40 1\n" },
	{ "CREATE SEQUENCE q START 5; SELECT setval('q', 30, false);",
	  "SELECT setval('q', 40, false)", "sequence s.q s.q 30 40 0\n" },
	{ "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int);",
	  "INSERT INTO t (a) VALUES (1)",
	  "table s.t s.t rows/1 1 0 0 0 0 0\ncolumn id id\ncolumn a a\n"
	  "sequence s.t_id_seq s.t_id_seq 1 1 2\n[rows/1]\n+\t'1\t'1\n" },
};

/* Others lock rows, with us (a multixact) and without us. */
static void capture__sees_its_own_write_among_lockers(void **state)
{
	struct world *w = *state;
	struct buf text = BUF_INIT;
	struct world_event ev;

	assert_ok(world_exec(w, "CREATE SCHEMA s; SET search_path = s;" T));
	assert_ok(world_exec(w, "BEGIN; SELECT FROM t WHERE id < 5 "
				"FOR KEY SHARE"));
	assert_ok(pg_exec(target_pg_conn(w->t), "SET search_path = s"));
	assert_ok(world_apply(w, "UPDATE t SET a = 'n' WHERE id = 1", &ev));
	kept_text(&ev, &text);
	assert_string_equal(
		buf_str(&text),
		MANIFEST("0", "1", "0") "[rows/1]\n~\t'1\t'x\t'n\t=\n");
	world_event_release(&ev);
	assert_ok(world_exec(w, "COMMIT"));
	/* what they left behind is nothing of ours */
	assert_ok(pg_exec(target_pg_conn(w->t), "SET search_path = s"));
	assert_ok(world_apply(w, "DELETE FROM t WHERE id = 10", &ev));
	kept_text(&ev, &text);
	assert_string_equal(
		buf_str(&text),
		MANIFEST("0", "0", "1") "[rows/1]\n-\t'10\t'z\t'3\n");
	world_event_release(&ev);
	buf_release(&text);
}

/* Savepoints inside a function have ids of their own. */
static void capture__sees_writes_of_savepoints(void **state)
{
	struct world *w = *state;
	struct buf text = BUF_INIT;
	struct world_event ev;

	assert_ok(world_exec(w, "CREATE SCHEMA s; SET search_path = s;" T));
	assert_ok(pg_exec(target_pg_conn(w->t), "SET search_path = s"));
	assert_ok(world_apply(
		w,
		DO("BEGIN UPDATE t SET b = 9 WHERE id = 1; EXCEPTION WHEN "
		   "others THEN NULL; END; BEGIN UPDATE t SET b = 9 WHERE "
		   "id = 2; RAISE division_by_zero; EXCEPTION WHEN others "
		   "THEN NULL; END; BEGIN INSERT INTO t VALUES (3, 'q', 1); "
		   "EXCEPTION WHEN others THEN NULL; END;"),
		&ev));
	kept_text(&ev, &text);
	assert_string_equal(
		buf_str(&text),
		MANIFEST("1", "1",
			 "0") "[rows/1]\n~\t'1\t=\t'1\t'9\n+\t'3\t=\t=\n");
	world_event_release(&ev);
	buf_release(&text);
}

/* A statement that fails in the middle leaves nothing to be kept. */
static void capture__forgets_what_was_undone(void **state)
{
	struct world *w = *state;
	struct world_event ev;

	assert_ok(world_exec(w, "CREATE TABLE public.t (id int PRIMARY KEY); "
				"INSERT INTO public.t VALUES (1)"));
	assert_fails(world_apply(w, "DELETE FROM t; SELECT 1/0", &ev),
		     ERR_TARGET);
	world_event_release(&ev);
	assert_ok(world_apply(w, "INSERT INTO t VALUES (2)", &ev));
	assert_int_equal(ev.kept.rows, 1);
	world_event_release(&ev);
}

/* A value of 20 MB, in bounded pieces. */
static void capture__keeps_large_values(void **state)
{
	struct world *w = *state;
	struct buf text = BUF_INIT;
	struct world_event ev;

	assert_ok(world_exec(w, "CREATE TABLE t (id int PRIMARY KEY, a text); "
				"INSERT INTO t VALUES (1, repeat('abcdefgh', "
				"2500000)), (2, '')"));
	assert_ok(world_apply(w, "DROP TABLE t", &ev));
	assert_true(memory_snapshot_text(&ev.files, "rows/1", &text));
	assert_int_equal(text.len, strlen("-\t'1\t'\n-\t'2\t'\n") + 20000000);
	world_event_release(&ev);
	buf_release(&text);
}

static void capture__refuses_what_cannot_be_kept(void **state)
{
	struct world *w = *state;
	struct world_event ev;

	assert_fails(world_apply(w, "SELECT lo_create(0)", &ev), ERR_TARGET);
	world_event_release(&ev);

	assert_ok(world_exec(
		w, "CREATE EXTENSION postgres_fdw; CREATE TABLE l (a int); "
		   "DO $$ BEGIN EXECUTE format('CREATE SERVER me FOREIGN DATA "
		   "WRAPPER postgres_fdw OPTIONS (dbname %L, host %L)', "
		   "current_database(), (SELECT setting FROM pg_settings WHERE "
		   "name = 'unix_socket_directories')); END $$; "
		   "CREATE USER MAPPING FOR CURRENT_USER SERVER me; "
		   "CREATE FOREIGN TABLE f (a int) SERVER me OPTIONS "
		   "(table_name 'l')"));
	assert_fails(world_apply(w, "INSERT INTO f VALUES (1)", &ev),
		     ERR_TARGET);
	world_event_release(&ev);
}

static void expect_all(struct world *w, const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_kept(w, &s[i]);
}

static void capture__tells_rows_without_a_key_apart(void **state)
{
	expect_all(*state, keyless, ARRAY_LEN(keyless));
}

static void capture__sees_what_no_text_tells(void **state)
{
	expect_all(*state, opaque, ARRAY_LEN(opaque));
}

static void capture__sees_rows_that_are_not_named(void **state)
{
	expect_all(*state, reached, ARRAY_LEN(reached));
}

static void capture__is_lossless_for_odd_names_and_values(void **state)
{
	expect_all(*state, odd, ARRAY_LEN(odd));
}

static void capture__keeps_rows_and_columns(void **state)
{
	expect_all(*state, rows, ARRAY_LEN(rows));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(capture__keeps_rows_and_columns),
		TEST(capture__tells_rows_without_a_key_apart),
		TEST(capture__sees_what_no_text_tells),
		TEST(capture__sees_rows_that_are_not_named),
		TEST(capture__is_lossless_for_odd_names_and_values),
		TEST(capture__sees_its_own_write_among_lockers),
		TEST(capture__sees_writes_of_savepoints),
		TEST(capture__forgets_what_was_undone),
		TEST(capture__keeps_large_values),
		TEST(capture__refuses_what_cannot_be_kept),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
