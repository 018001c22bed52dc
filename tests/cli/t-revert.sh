#!/bin/bash
# git migrate rollback with writes since: a merge of rows, on SQLite
. "$(dirname "$0")/lib.sh"

sql() {
	sqlite3 dev.db "PRAGMA foreign_keys = ON; $1"
}

# world <before> <migration>: a repository whose second migration is applied
world() {
	cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" && git migrate init -q && commit_all 'Set up' || return
	printf '%s\n' "$1" | migration 1_base && printf '%s\n' "$2" | migration 2_change &&
		git migrate apply -q
}

dump() {
	sqlite3 dev.db .dump | grep -v git_migrate
}

# refused <pattern...>: nothing changes, and each pattern is in the message
refused() {
	local p

	dump >"$TRASH/dump" && expect_status 1 rollback || return
	for p; do
		has "$ERR" "$p" || return
	done
	dump | cmp - "$TRASH/dump"
}

# rolls [option...]: it is rolled back
rolls() {
	expect_status 0 rollback "$@" && has "$OUT" "^1 migration rolled back"
}

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

exact() { # <0|1>
	is "SELECT exact FROM git_migrate_history ORDER BY seq DESC LIMIT 1" "$1"
}

users="CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, age INT);
INSERT INTO users VALUES (1, 'ann', 'a@x', 30), (2, 'bob', 'b@x', 40), (3, 'cid', 'c@x', 50);"

# --- UPDATE ---

test_expect_success 'UPDATE: other columns and rows of later stay' '
	world "$users" "UPDATE users SET name = upper(name);" &&
	sql "UPDATE users SET email = \"new@x\" WHERE id = 1; INSERT INTO users VALUES (4, \"dee\", \"d@x\", 1)" &&
	rolls && exact 1 &&
	is "SELECT * FROM users" "1|ann|new@x|30 2|bob|b@x|40 3|cid|c@x|50 4|dee|d@x|1"
'

test_expect_success 'UPDATE: a value that was set back by hand is no conflict' '
	world "$users" "UPDATE users SET name = upper(name);" &&
	sql "UPDATE users SET name = \"ann\" WHERE id = 1" && rolls && exact 1 &&
	is "SELECT name FROM users" "ann bob cid"
'

test_expect_success 'UPDATE: the same column changed by both is a conflict, shown with its values' '
	world "$users" "UPDATE users SET name = upper(name), age = age + 1;" &&
	sql "UPDATE users SET name = \"Zoe\" WHERE id = 2" &&
	refused "^error: 2_change cannot be rolled back: changed since it was applied: users \(1 row CHANGED\)$" \
		"^conflict: 2_change: table users: 1 row CHANGED$" \
		"^    users id = 2 name: before .bob., after .BOB., now .Zoe. \(CHANGED\)$" "^hint: .*--on-conflict=keep"
'

test_expect_success '... keep: the value stays, all else goes back' '
	cd "$TRASH/w" && rolls --on-conflict=keep && has "$ERR" "^settled: 2_change: table users: 1 row CHANGED$" && exact 0 && has "$OUT" "^rolled back 2_change \(.*\), not exact$" &&
	is "SELECT name, age FROM users" "ann|30 Zoe|40 cid|50"
'

test_expect_success '... restore: the old value, the other is parked' '
	cd "$TRASH/w" && git migrate apply -q && sql "UPDATE users SET name = \"Yan\" WHERE id = 2" &&
	rolls --on-conflict=restore && exact 1 && has "$OUT" "1 row or value parked" &&
	is "SELECT name, age FROM users" "ann|30 Zoe|40 cid|50"
'

test_expect_success 'UPDATE: a row that was deleted since' '
	world "$users" "UPDATE users SET name = upper(name);" && sql "DELETE FROM users WHERE id = 2" &&
	refused "users \(1 row DELETED\)" "^    users id = 2 \(DELETED\)$" &&
	rolls --on-conflict=keep && exact 0 && is "SELECT name FROM users" "ann cid"
'

test_expect_success 'UPDATE: a freed id that was given to another person' '
	world "$users" "UPDATE users SET age = 99;" &&
	sql "DELETE FROM users WHERE id = 3; INSERT INTO users VALUES (3, \"eve\", \"e@x\", 99)" &&
	refused "users \(1 row KEY_REUSED\)" "^    users id = 3 \(KEY_REUSED\)$" &&
	rolls --on-conflict=keep && is "SELECT name, age FROM users" "ann|30 bob|40 eve|99"
'

test_expect_success '... restore writes the old value into it, as asked' '
	world "$users" "UPDATE users SET age = 99;" &&
	sql "DELETE FROM users WHERE id = 3; INSERT INTO users VALUES (3, \"eve\", \"e@x\", 99)" &&
	rolls --on-conflict=restore && is "SELECT name, age FROM users" "ann|30 bob|40 eve|50"
'

test_expect_success 'UPDATE: a unique value that a later row took' '
	world "$users" "UPDATE users SET email = \"new\" || id;" &&
	sql "INSERT INTO users VALUES (7, \"gus\", \"a@x\", 1)" &&
	refused "users \(1 row NOT_UNIQUE\)" "^    users id = 1 users.email: now id = 7 \(NOT_UNIQUE\)$" &&
	cp dev.db keep.db && rolls --on-conflict=keep && exact 0 &&
	is "SELECT id, email FROM users ORDER BY id" "1|new1 2|b@x 3|c@x 7|a@x" && mv keep.db dev.db &&
	expect_status 0 target accept --same && rolls --on-conflict=restore &&
	is "SELECT id, email FROM users ORDER BY id" "1|a@x 2|b@x 3|c@x" && has "$OUT" "1 row or value parked"
'

test_expect_success 'UPDATE: unique values that rows of the migration pass on are no conflict' '
	world "$users" "UPDATE users SET email = CASE id WHEN 1 THEN \"t\" ELSE email END; UPDATE users SET email = \"a@x\" WHERE id = 2; UPDATE users SET email = \"b@x\" WHERE id = 1;" &&
	rolls && exact 1 && is "SELECT id, email FROM users ORDER BY id" "1|a@x 2|b@x 3|c@x"
'

test_expect_success 'UPDATE and DROP COLUMN: a unique value that a later row took, in a table made anew' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, e TEXT UNIQUE, o TEXT); INSERT INTO t VALUES (1, \"a\", \"p\"), (5, \"b\", \"q\"), (9, \"c\", \"r\");" \
		"UPDATE t SET e = \"new\" || id; ALTER TABLE t DROP COLUMN o;" && sql "INSERT INTO t VALUES (3, \"b\"), (7, \"a\")" &&
	refused "t \(2 rows NOT_UNIQUE\)" "^    t id = 7 t.e \(NOT_UNIQUE\)$" "^    t id = 5 t.e: now id = 3 \(NOT_UNIQUE\)$" && cp dev.db keep.db &&
	rolls --on-conflict=keep && exact 0 && is "SELECT id, e, o FROM t" "1|new1| 3|b| 5|new5| 7|a| 9|c|r" && mv keep.db dev.db &&
	expect_status 0 target accept --same && rolls --on-conflict=restore && is "SELECT id, e, o FROM t" "1|a|p 5|b|q 9|c|r"
'

# --- DELETE ---

test_expect_success 'DELETE: rows come back beside later ones' '
	world "$users" "DELETE FROM users WHERE id < 3;" && sql "INSERT INTO users VALUES (9, \"ida\", \"i@x\", 1)" &&
	rolls && exact 1 && is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid 9|ida"
'

test_expect_success 'DELETE and UPDATE: a unique value that a row of the migration took since' '
	world "$users" "DELETE FROM users WHERE id = 1; UPDATE users SET age = age + 1;" && sql "UPDATE users SET email = \"a@x\" WHERE id = 2" &&
	refused "users \(1 row NOT_UNIQUE\)" "^    users id = 1 users.email: now id = 2 \(NOT_UNIQUE\)$" && dump >before &&
	expect_status 1 rollback --on-conflict=restore && has "$ERR" "users \(.*NOT_UNIQUE\)" && dump | cmp - before &&
	rolls --on-conflict=keep && exact 0 && is "SELECT id, email, age FROM users" "2|a@x|40 3|c@x|50"
'

test_expect_success 'INSERT and DELETE: rows without a name of their own that were renumbered since' '
	world "CREATE TABLE u (a); INSERT INTO u VALUES (\"A\"), (1), (1), (1);" "INSERT INTO u SELECT a FROM u WHERE a = 1; DELETE FROM u WHERE a = \"A\";" &&
	sql VACUUM && rolls && is "SELECT a, count(*) FROM u GROUP BY a" "1|3 A|1"
'

test_expect_success 'DELETE: a key that was taken since' '
	world "$users" "DELETE FROM users WHERE id < 3;" && sql "INSERT INTO users VALUES (2, \"ida\", \"i@x\", 1)" &&
	refused "users \(1 row KEY_REUSED\)" && cp dev.db keep.db &&
	rolls --on-conflict=keep && is "SELECT id, name FROM users ORDER BY id" "1|ann 2|ida 3|cid" && exact 0 &&
	mv keep.db dev.db && expect_status 0 target accept --same &&
	rolls --on-conflict=restore && is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid"
'

test_expect_success 'DELETE: a row that was put back by hand is no conflict' '
	world "$users" "DELETE FROM users WHERE id < 3;" && sql "INSERT INTO users VALUES (2, \"bob\", \"b@x\", 40)" &&
	rolls && exact 1 && is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid"
'

test_expect_success 'DELETE: a unique value that was taken since' '
	world "$users" "DELETE FROM users WHERE id < 3;" && sql "INSERT INTO users VALUES (9, \"ida\", \"b@x\", 1)" &&
	refused "users \(1 row NOT_UNIQUE\)" "users id = 2 users.email: now id = 9 \(NOT_UNIQUE\)" && cp dev.db keep.db &&
	rolls --on-conflict=keep && is "SELECT id, name FROM users ORDER BY id" "1|ann 3|cid 9|ida" &&
	mv keep.db dev.db && expect_status 0 target accept --same &&
	rolls --on-conflict=restore && is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid"
'

test_expect_success 'DELETE in a table without a key, then VACUUM: rows come back under other numbers' '
	world "CREATE TABLE l (t TEXT); INSERT INTO l VALUES (\"a\"), (\"b\"), (\"c\"), (\"d\"), (\"c\");" "DELETE FROM l WHERE t < \"c\";" &&
	sql "INSERT INTO l VALUES (\"e\"); VACUUM" && rolls && is "SELECT t FROM l ORDER BY t" "a b c c d e"
'

test_expect_success 'UPDATE in a table without a key, then VACUUM: never the wrong row' '
	world "CREATE TABLE l (t TEXT, n INT); INSERT INTO l VALUES (\"a\", 1), (\"b\", 2), (\"c\", 3), (\"d\", 4); DELETE FROM l WHERE t = \"a\";" "UPDATE l SET n = 0;" &&
	sql "VACUUM" && dump >a && if run_migrate rollback && [ "$STATUS" -eq 0 ]; then is "SELECT t, n FROM l ORDER BY t" "b|2 c|3 d|4"; else dump | cmp - a; fi
'

# --- INSERT ---

test_expect_success 'INSERT: rows go, but for those that were changed since' '
	world "$users" "INSERT INTO users VALUES (10, \"x\", \"x@x\", 1), (11, \"y\", \"y@x\", 2), (12, \"z\", \"z@x\", 3);" &&
	sql "DELETE FROM users WHERE id = 10; UPDATE users SET age = 77 WHERE id = 11" &&
	refused "users \(1 row CHANGED\)" "^    users id = 11 age: now 77 \(CHANGED\)$" && cp dev.db keep.db &&
	rolls --on-conflict=keep && exact 0 && is "SELECT id, age FROM users WHERE id > 9" "11|77" &&
	mv keep.db dev.db && expect_status 0 target accept --same &&
	rolls --on-conflict=restore && is "SELECT count(*) FROM users WHERE id > 9" 0 && has "$OUT" "1 row or value parked"
'

test_expect_success 'INSERT: a row that later ones refer to' '
	world "CREATE TABLE p (id INTEGER PRIMARY KEY, n TEXT); CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p);" \
		"INSERT INTO p VALUES (1, \"a\"), (2, \"b\");" && sql "INSERT INTO c VALUES (5, 2)" &&
	refused "c \(1 row ORPHANED\)" "^    c rowid 5 p -> p \(id = 2\) \(ORPHANED\)$" &&
	expect_status 1 rollback --on-conflict=restore && has "$ERR" "ORPHANED" &&
	rolls --on-conflict=keep && exact 0 && is "SELECT id FROM p" 2
'

test_expect_success 'DELETE: a row that refers to one that is gone' '
	world "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p);
		INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (5, 1), (6, 2);" "DELETE FROM c;" && sql "DELETE FROM p WHERE id = 1" &&
	expect_status 0 rollback --dry-run && has "$ERR" "2_change: 1 row that came back refers to rows that are not there" &&
	git config migrate.dev.foreignKeys true && refused "c \(1 row ORPHANED\)" "^    c id = 5 p -> p \(ORPHANED\)$" &&
	rolls --on-conflict=keep && exact 0 && is "SELECT id FROM c" 6
'

test_expect_success 'DELETE: a row that refers to one by a value of another type' '
	world "CREATE TABLE p (id TEXT PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p, q INT REFERENCES p); INSERT INTO p VALUES (\"0.5\"), (\"01\"); INSERT INTO c VALUES (5, 0.5, NULL);" "DELETE FROM c;" &&
	git config migrate.dev.foreignKeys true && rolls && exact 1 && is "SELECT p FROM c" 0.5
'

# --- definitions ---

test_expect_success 'DROP COLUMN: old rows have their values, later ones the default' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT \"none\", c INT DEFAULT 1); INSERT INTO t VALUES (1, \"x\", \"p\", 5), (2, \"y\", \"q\", 6);" \
		"ALTER TABLE t DROP COLUMN b;" && sql "INSERT INTO t VALUES (3, \"z\", 7); UPDATE t SET a = \"X\" WHERE id = 1" &&
	rolls && is "SELECT * FROM t" "1|X|p|5 2|y|q|6 3|z|none|7"
'

test_expect_success 'DROP COLUMN: NOT NULL without a default, and rows since' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL); INSERT INTO t VALUES (1, \"x\", \"p\");" \
		"ALTER TABLE t DROP COLUMN b;" && rolls && git migrate apply -q && sql "INSERT INTO t VALUES (3, \"z\")" &&
	refused "t \(1 row NO_VALUE\)" && expect_status 1 rollback --on-conflict=keep && expect_status 1 rollback --on-conflict=restore
'

test_expect_success 'a type that comes back: later values stay, cast' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO t VALUES (1, \"1\"), (2, \"2\");" \
		"CREATE TABLE u (id INTEGER PRIMARY KEY, n INT); INSERT INTO u SELECT * FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t;" &&
	sql "UPDATE t SET n = 77 WHERE id = 1; INSERT INTO t VALUES (3, 5)" && rolls &&
	is "SELECT id, n, typeof(n) FROM t" "1|77|text 2|2|text 3|5|text"
'

test_expect_success 'DROP TABLE: all that hung on it' '
	world "$users CREATE INDEX i ON users (age); CREATE TABLE log (x); CREATE TRIGGER g AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.id); END;
		CREATE TABLE c (u INT REFERENCES users);" "DROP TABLE users;" && rolls && exact 1 &&
	is "SELECT name FROM sqlite_schema WHERE tbl_name = \"users\" AND sql IS NOT NULL ORDER BY 1" "g i users" && is "SELECT count(*) FROM users" 3
'

test_expect_success 'DROP TABLE, then VACUUM: its place is taken, and its index follows it' '
	cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" && git migrate init -q && commit_all "Set up" &&
	sql "CREATE TABLE a (v TEXT UNIQUE); CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO a VALUES (1)" &&
	echo "DROP TABLE a;" | migration 1_drop && git migrate apply -q && sql "VACUUM" && rolls && exact 1 &&
	is "PRAGMA integrity_check; SELECT name FROM sqlite_schema WHERE name IN (\"b\", \"a\", \"sqlite_autoindex_a_1\")" "ok b a sqlite_autoindex_a_1"
'

test_expect_success 'a unique value of a row with a key of two columns, without a rowid' '
	world "CREATE TABLE k (a TEXT, b INT, u TEXT UNIQUE, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO k VALUES (\"x\", 1, \"q\");" "DELETE FROM k;" &&
	sql "INSERT INTO k VALUES (\"y\", 2, \"q\")" && refused "^    k a = .x., b = 1 k.u: now a = .y., b = 2 \(NOT_UNIQUE\)$" &&
	rolls --on-conflict=restore && is "SELECT * FROM k" "x|1|q"
'

test_expect_success 'a table made anew that the migration left as it was: rows that it does not take are listed' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n INT NOT NULL);" "CREATE TABLE x (id INTEGER PRIMARY KEY, u TEXT, n INT); DROP TABLE t; ALTER TABLE x RENAME TO t;" &&
	sql "INSERT INTO t VALUES (1, \"a\", 1), (2, \"a\", 2), (3, \"b\", NULL)" &&
	refused "t \(1 row NOT_UNIQUE, 1 row NO_VALUE\)|1 row NOT_UNIQUE.*1 row NO_VALUE" "^    t id = 2 t.u \(NOT_UNIQUE\)$" "^    t id = 3 t.n \(NO_VALUE\)$"
'

test_expect_success 'a table replaced by one without a rowid: its index, made again alike, is there as well' '
	world "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 2); CREATE INDEX i ON t (v);" "CREATE TABLE x (k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID; INSERT INTO x SELECT * FROM t; DROP TABLE t; ALTER TABLE x RENAME TO t; CREATE INDEX i ON t (v);" &&
	rolls && exact 1 && is "SELECT sql FROM sqlite_schema WHERE name IN (\"t\", \"i\")" "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT) CREATE INDEX i ON t (v)" && is "SELECT * FROM t" "1|2"
'

test_expect_success 'a table whose INTEGER PRIMARY KEY is none any more: later rows get no other number' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (10, 1), (20, 2);" "CREATE TABLE x (id INTEGER, v TEXT); INSERT INTO x SELECT * FROM t; DROP TABLE t; ALTER TABLE x RENAME TO t;" &&
	sql "INSERT INTO t VALUES (30, 3)" && rolls && exact 1 && is "SELECT * FROM t" "10|1 20|2" && has "$OUT" "3 rows and values parked"
'

test_expect_success 'later rows that have one unique value, in a table made anew with lines' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, v TEXT); INSERT INTO t VALUES (1, \"a\", \"x\");" "UPDATE t SET v = \"y\"; CREATE TABLE x (id INTEGER PRIMARY KEY, u TEXT, v TEXT); INSERT INTO x SELECT * FROM t; DROP TABLE t; ALTER TABLE x RENAME TO t;" &&
	sql "INSERT INTO t VALUES (2, \"b\", 1), (3, \"b\", 2)" && refused "^    t id = 3 t.u" && expect_status 1 rollback --on-conflict=keep && has "$ERR" "^    t id = 2 t.u \(NOT_UNIQUE\)$"
'

test_expect_success '... and one of the snapshot, too: all are told' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE); INSERT INTO t VALUES (1, \"x\"), (2, \"a\"), (3, \"b\");" "DELETE FROM t WHERE id = 1; CREATE TABLE x (id INTEGER PRIMARY KEY, u TEXT); INSERT INTO x SELECT * FROM t; DROP TABLE t; ALTER TABLE x RENAME TO t;" &&
	sql "UPDATE t SET u = \"x\"" && expect_status 1 rollback --on-conflict=keep && has "$ERR" "^    t id = 1 t.u \(NOT_UNIQUE\)$" && has "$ERR" "^    t id = 2 t.u \(NOT_UNIQUE\)$"
'

# --- what somebody has made on what goes ---

stands="CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (x TEXT);
CREATE VIEW early AS SELECT * FROM notes; CREATE TABLE kids (note INT REFERENCES notes);
CREATE TRIGGER early AFTER DELETE ON log BEGIN DELETE FROM notes; END;"
goes="ALTER TABLE users ADD COLUMN age INT; CREATE TABLE notes (id INTEGER PRIMARY KEY);
CREATE VIEW v AS SELECT id, age FROM users;
CREATE TRIGGER t AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.age); END;"

test_expect_success 'views, triggers and keys of the migrations are no conflict, also those that stood for nothing before' '
	world "$stands" "$goes" && sql "CREATE VIEW name AS SELECT id, name FROM users; CREATE VIEW broken AS SELECT * FROM nowhere;
		CREATE TRIGGER name AFTER UPDATE ON users BEGIN INSERT INTO log VALUES (new.name); END;
		CREATE TABLE others (id INT REFERENCES users)" && rolls && exact 1 &&
	is "SELECT count(*) FROM name; UPDATE users SET name = 1; INSERT INTO others VALUES (NULL)" 0
'

test_expect_success 'those of others that could be used, and no longer can: named, and nothing changes' '
	world "$stands" "$goes" && rolls && git migrate apply -q &&
	sql "CREATE VIEW fine AS SELECT id FROM users; CREATE VIEW mine AS SELECT age FROM users; CREATE VIEW word AS SELECT \"age\" FROM users;
		CREATE VIEW over AS SELECT id FROM v; CREATE TRIGGER inst INSTEAD OF INSERT ON v BEGIN SELECT 1; END;
		CREATE TRIGGER fine AFTER UPDATE ON users BEGIN INSERT INTO log VALUES (new.name); END;
		CREATE TRIGGER mine AFTER UPDATE OF name ON users BEGIN INSERT INTO log VALUES (old.age); END;
		CREATE TABLE mine_too (a INT REFERENCES notes, b INT REFERENCES users);
		CREATE TABLE other (a INT REFERENCES users); ALTER TABLE log ADD COLUMN note INT REFERENCES notes" &&
	refused "^conflict: 2_change: views/mine.sql: NEEDS_IT$" "views/word.sql: NEEDS_IT$" "views/over.sql: NEEDS_IT$" "triggers/inst.sql: NEEDS_IT$" \
		"tables/mine_too.sql: NEEDS_IT$" "tables/log.sql: NEEDS_IT$" "^hint: nothing was changed; no migration has made what NEEDS_IT: drop it, or add" &&
	has_not "$ERR" "(fine|other|early|kids).sql" && refused "mine.sql" && expect_status 1 rollback --on-conflict=keep
'

test_expect_success '... a trigger is told from the others of its table; dropped, it goes on' '
	cd "$TRASH/w" && sql "DROP VIEW mine; DROP VIEW word; DROP VIEW over; DROP TRIGGER inst; DROP TABLE mine_too; ALTER TABLE log DROP COLUMN note;
		CREATE TRIGGER last BEFORE DELETE ON users BEGIN DELETE FROM notes; END" &&
	refused "^error: 2_change cannot be rolled back: changed since it was applied: triggers/mine.sql .NEEDS_IT., triggers/last.sql .NEEDS_IT.$" &&
	sql "DROP TRIGGER last; DROP TRIGGER mine" && rolls && exact 1 && is "INSERT INTO users VALUES (1, 2); UPDATE users SET name = 3; SELECT * FROM log" 3
'

# --- a dry run ---

test_expect_success '--dry-run does it all, says what comes of it, and changes nothing' '
	world "$users" "UPDATE users SET name = upper(name); INSERT INTO users VALUES (10, \"x\", \"x@x\", 1); CREATE TABLE made (x); INSERT INTO made VALUES (1);" &&
	sql "UPDATE users SET name = \"Zoe\" WHERE id = 2; INSERT INTO made VALUES (2)" && dump >a && git for-each-ref >b &&
	expect_status 1 rollback --dry-run && has "$ERR" "^conflict: " &&
	expect_status 0 rollback --dry-run --on-conflict=keep &&
	has "$OUT" "^rollback 2_change, not exact$" && has "$OUT" "^    -table made" && has "$OUT" "^    table made: 2 removed$" &&
	has "$OUT" "^    table users: 2 restored, 1 removed, 1 in conflict, 1 kept$" && has "$OUT" "^    2 rows and values parked$" &&
	has "$OUT" "nothing was changed$" && dump | cmp - a && git for-each-ref | cmp - b &&
	is "SELECT count(*) FROM git_migrate_history WHERE event = \"rollback\"" 0 &&
	expect_status 0 rollback --dry-run --on-conflict=keep --json &&
	[ "$(json ".steps[0] | [.exact, .changes, .parked] | tojson")" = "[false,\"-table made\",2]" ] &&
	[ "$(json ".impact[] | select(.table == \"users\") | [.restored, .removed, .kept, .conflicts] | tojson")" = "[2,1,1,1]" ] &&
	[ "$(json ".conflict_rows | length")" = 1 ]
'

test_expect_success 'more conflicts than are listed: all with --json' '
	world "CREATE TABLE t (id INTEGER PRIMARY KEY, v INT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO t SELECT i, i FROM n;" "UPDATE t SET v = v + 1;" &&
	sql "UPDATE t SET v = v + 100" && expect_status 1 rollback && has "$ERR" "50 rows CHANGED" && [ "$(grep -c "^    t id" "$ERR")" -eq 20 ] &&
	has "$ERR" "^    ... and 30 more; --json has all$" && expect_status 1 rollback --json && [ "$(json ".conflict_rows | length")" = 50 ] &&
	[ "$(json ".conflict_rows[49] | [.key, .column, .before, .after, .now] | tojson")" = "[\"id = 50\",\"v\",\"50\",\"51\",\"151\"]" ]
'

test_expect_success '--on-conflict with something else' '
	expect_status 129 rollback --on-conflict=maybe && has "$ERR" "abort, keep or restore"
'

test_done
