#!/bin/bash
# git migrate rollback with writes since: a merge of rows, on PostgreSQL
. "$(dirname "$0")/lib.sh"
pg_need

# world <before> <migration> <later>: applied, and written to since
world() {
	BEFORE=$1 MIGRATION=$2 LATER=$3
	again
}

# the same once more, in another database
again() {
	cd "$TRASH" && rm -rf w && scratch_repo w && pg_db &&
		git migrate init -q --url "$URL" &&
		printf '%s\n' "$MIGRATION" >migrations/1_change.sql &&
		commit_all 'Set up' && pg_sql "$BEFORE" &&
		git migrate apply -q && pg_sql "$LATER"
}

dump() {
	pg_dump -N git_migrate "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )' |
		sort
}

# refused <pattern...>: nothing changes, and each pattern is in the message
refused() {
	local p

	dump >"$TRASH/dump" && expect_status 1 rollback || return
	for p; do
		has "$ERR" "$p" || return
	done
	dump | diff "$TRASH/dump" -
}

# rolls [option...]: it is rolled back
rolls() {
	expect_status 0 rollback "$@" && has "$OUT" "^1 migration rolled back"
}

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(pg_sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

exact() { # <0|1>
	is "SELECT exact FROM git_migrate.history ORDER BY seq DESC LIMIT 1" "$1"
}

all='SELECT * FROM users ORDER BY id'
users="CREATE TABLE users (id int PRIMARY KEY, name text, email text UNIQUE,
	age int);
INSERT INTO users VALUES (1, 'ann', 'a@x', 30), (2, 'bob', 'b@x', 40),
	(3, 'cid', 'c@x', 50);"

# --- UPDATE ---

test_expect_success 'UPDATE: other columns and rows of later stay' '
	world "$users" "UPDATE users SET name = upper(name);" \
		"UPDATE users SET email = \$\$new@x\$\$ WHERE id = 1;
		INSERT INTO users VALUES (4, \$\$dee\$\$, \$\$d@x\$\$, 1)" &&
	rolls && exact 1 &&
	is "$all" "1|ann|new@x|30 2|bob|b@x|40 3|cid|c@x|50 4|dee|d@x|1"
'

test_expect_success 'UPDATE: a value that was set back by hand is no conflict' '
	world "$users" "UPDATE users SET name = upper(name);" \
		"UPDATE users SET name = \$\$ann\$\$ WHERE id = 1" &&
	rolls && exact 1 && is "SELECT name FROM users ORDER BY id" "ann bob cid"
'

test_expect_success 'UPDATE: the same column changed by both is a conflict, shown with its values' '
	world "$users" "UPDATE users SET name = upper(name), age = age + 1;" \
		"UPDATE users SET name = \$\$Zoe\$\$ WHERE id = 2" &&
	refused "^error: 1_change cannot be rolled back: changed since it was applied: public.users \(1 row CHANGED\)$" \
		"^conflict: 1_change: table public.users: 1 row CHANGED$" \
		"^    public.users id = 2 name: before .bob., after .BOB., now .Zoe. \(CHANGED\)$" \
		"^hint: .*--on-conflict=keep"
'

test_expect_success '... keep: the value stays, all else goes back' '
	cd "$TRASH/w" && rolls --on-conflict=keep &&
	has "$ERR" "^settled: 1_change: table public.users: 1 row CHANGED$" &&
	exact 0 && is "SELECT name, age FROM users ORDER BY id" "ann|30 Zoe|40 cid|50"
'

test_expect_success '... restore: the old value, the other is parked' '
	again && rolls --on-conflict=restore && exact 1 &&
	is "SELECT name, age FROM users ORDER BY id" "ann|30 bob|40 cid|50" &&
	is "SELECT parked FROM git_migrate.history ORDER BY seq DESC LIMIT 1" 1
'

test_expect_success 'UPDATE: a row that was deleted since' '
	world "$users" "UPDATE users SET name = upper(name);" \
		"DELETE FROM users WHERE id = 2" &&
	refused "users \(1 row DELETED\)" "^    public.users id = 2 \(DELETED\)$" &&
	rolls --on-conflict=keep && exact 0 &&
	is "SELECT name FROM users ORDER BY id" "ann cid" &&
	again && rolls --on-conflict=restore && exact 0 &&
	is "SELECT name FROM users ORDER BY id" "ann cid"
'

test_expect_success 'UPDATE: a freed id that was given to another person' '
	world "$users" "UPDATE users SET age = 99;" \
		"DELETE FROM users WHERE id = 3;
		INSERT INTO users VALUES (3, \$\$eve\$\$, \$\$e@x\$\$, 99)" &&
	refused "users \(1 row KEY_REUSED\)" "^    public.users id = 3 \(KEY_REUSED\)$" &&
	rolls --on-conflict=keep &&
	is "SELECT name, age FROM users ORDER BY id" "ann|30 bob|40 eve|99" &&
	again && rolls --on-conflict=restore &&
	is "SELECT name, age FROM users ORDER BY id" "ann|30 bob|40 eve|50"
'

test_expect_success 'UPDATE: a unique value that a later row took' '
	world "$users" "UPDATE users SET email = \$\$new\$\$ || id;" \
		"INSERT INTO users VALUES (7, \$\$gus\$\$, \$\$a@x\$\$, 1)" &&
	refused "users \(1 row NOT_UNIQUE\)" \
		"^    public.users id = 1 users_email_key: now id = 7 \(NOT_UNIQUE\)$" &&
	rolls --on-conflict=keep && exact 0 &&
	is "SELECT id, email FROM users ORDER BY id" "1|new1 2|b@x 3|c@x 7|a@x" &&
	again && rolls --on-conflict=restore &&
	is "SELECT id, email FROM users ORDER BY id" "1|a@x 2|b@x 3|c@x" &&
	is "SELECT parked FROM git_migrate.history ORDER BY seq DESC LIMIT 1" 1
'

test_expect_success 'UPDATE of keys: a row that went and one that came' '
	world "$users" "UPDATE users SET id = id + 10 WHERE id < 3;" \
		"UPDATE users SET age = 0 WHERE id = 11;
		INSERT INTO users VALUES (2, \$\$eve\$\$, \$\$e@x\$\$, 1)" &&
	refused "public.users \(1 row CHANGED\)" "public.users \(1 row KEY_REUSED\)" \
		"^    public.users id = 11 age: now 0 \(CHANGED\)$" &&
	rolls --on-conflict=restore &&
	is "$all" "1|ann|a@x|30 2|bob|b@x|40 3|cid|c@x|50"
'

# --- DELETE ---

test_expect_success 'DELETE: rows come back beside later ones' '
	world "$users" "DELETE FROM users WHERE id < 3;" \
		"INSERT INTO users VALUES (9, \$\$ida\$\$, \$\$i@x\$\$, 1)" &&
	rolls && exact 1 &&
	is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid 9|ida"
'

test_expect_success 'DELETE: a key that was taken since' '
	world "$users" "DELETE FROM users WHERE id < 3;" \
		"INSERT INTO users VALUES (2, \$\$ida\$\$, \$\$i@x\$\$, 1)" &&
	refused "users \(1 row KEY_REUSED\)" "^    public.users id = 2 \(KEY_REUSED\)$" &&
	rolls --on-conflict=keep && exact 0 &&
	is "SELECT id, name FROM users ORDER BY id" "1|ann 2|ida 3|cid" &&
	again && rolls --on-conflict=restore &&
	is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid"
'

test_expect_success 'DELETE: a row that was put back by hand is no conflict' '
	world "$users" "DELETE FROM users WHERE id < 3;" \
		"INSERT INTO users VALUES (2, \$\$bob\$\$, \$\$b@x\$\$, 40)" &&
	rolls && exact 1 &&
	is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid"
'

test_expect_success 'DELETE: a unique value that was taken since' '
	world "$users" "DELETE FROM users WHERE id < 3;" \
		"INSERT INTO users VALUES (9, \$\$ida\$\$, \$\$b@x\$\$, 1)" &&
	refused "users \(1 row NOT_UNIQUE\)" \
		"users id = 2 users_email_key: now id = 9 \(NOT_UNIQUE\)" &&
	rolls --on-conflict=keep &&
	is "SELECT id, name FROM users ORDER BY id" "1|ann 3|cid 9|ida" &&
	again && rolls --on-conflict=restore &&
	is "SELECT id, name FROM users ORDER BY id" "1|ann 2|bob 3|cid"
'

test_expect_success 'a table without a key: by content, and by count' '
	world "CREATE TABLE l (t text); INSERT INTO l VALUES (\$\$a\$\$), (\$\$b\$\$),
		(\$\$c\$\$), (\$\$c\$\$);" "DELETE FROM l WHERE t < \$\$c\$\$;
		INSERT INTO l VALUES (\$\$c\$\$), (\$\$z\$\$);" \
		"INSERT INTO l VALUES (\$\$e\$\$)" &&
	pg_sql "VACUUM l" &&
	rolls && exact 1 && is "SELECT t FROM l ORDER BY t" "a b c c e" &&
	again && pg_sql "DELETE FROM l WHERE t = \$\$z\$\$" &&
	refused "l \(1 row CHANGED\)" "^    public.l: after \(.z.\) \(CHANGED\)$" &&
	rolls --on-conflict=keep && exact 0 &&
	is "SELECT t FROM l ORDER BY t" "a b c c e"
'

# --- INSERT ---

test_expect_success 'INSERT: rows go, but for those that were changed since' '
	world "$users" "INSERT INTO users VALUES (10, \$\$x\$\$, \$\$x@x\$\$, 1),
		(11, \$\$y\$\$, \$\$y@x\$\$, 2), (12, \$\$z\$\$, \$\$z@x\$\$, 3);" \
		"DELETE FROM users WHERE id = 10; UPDATE users SET age = 77 WHERE id = 11" &&
	refused "users \(1 row CHANGED\)" "^    public.users id = 11 age: now 77 \(CHANGED\)$" &&
	rolls --on-conflict=keep && exact 0 &&
	is "SELECT id, age FROM users WHERE id > 9" "11|77" &&
	again && rolls --on-conflict=restore &&
	is "SELECT count(*) FROM users WHERE id > 9" 0 &&
	is "SELECT parked FROM git_migrate.history ORDER BY seq DESC LIMIT 1" 1
'

family="CREATE TABLE p (id int PRIMARY KEY, n text);
	CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p);"

test_expect_success 'INSERT: a row that later ones refer to' '
	world "$family" "INSERT INTO p VALUES (1, \$\$a\$\$), (2, \$\$b\$\$);" \
		"INSERT INTO c VALUES (5, 2)" &&
	refused "c \(1 row ORPHANED\)" "^    public.c id = 5 c_p_fkey \(ORPHANED\)$" &&
	expect_status 1 rollback --on-conflict=restore && has "$ERR" "ORPHANED" &&
	rolls --on-conflict=keep && exact 0 && is "SELECT id FROM p" 2
'

test_expect_success 'DELETE: a row that refers to one that is gone' '
	world "$family INSERT INTO p VALUES (1), (2);
		INSERT INTO c VALUES (5, 1), (6, 2);" "DELETE FROM c;" \
		"DELETE FROM p WHERE id = 1" &&
	refused "c \(1 row ORPHANED\)" "^    public.c id = 5 c_p_fkey \(ORPHANED\)$" &&
	expect_status 1 rollback --on-conflict=restore &&
	rolls --on-conflict=keep && exact 0 && is "SELECT id FROM c" 6
'

# --- constraints ---

test_expect_success 'a CHECK and a NOT NULL that are younger' '
	world "$users" "DELETE FROM users WHERE id < 3;" \
		"ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 35)" &&
	refused "users \(1 row CHANGED\)" "^    public.users id = 1 adult \(CHANGED\)$" &&
	rolls --on-conflict=keep && exact 0 &&
	is "SELECT id FROM users ORDER BY id" "2 3" &&
	world "$users INSERT INTO users VALUES (4);" "DELETE FROM users;" \
		"ALTER TABLE users ALTER name SET NOT NULL" &&
	refused "users \(1 row NO_VALUE\)" "^    public.users id = 4 name \(NO_VALUE\)$" &&
	rolls --on-conflict=keep && is "SELECT id FROM users ORDER BY id" "1 2 3"
'

# --- definitions ---

test_expect_success 'DROP COLUMN: old rows have their values, later ones the default' '
	world "CREATE TABLE t (id int PRIMARY KEY, a text, b text DEFAULT \$\$none\$\$,
		c int DEFAULT 1); INSERT INTO t VALUES (1, \$\$x\$\$, \$\$p\$\$, 5),
		(2, \$\$y\$\$, \$\$q\$\$, 6);" "ALTER TABLE t DROP COLUMN b;" \
		"INSERT INTO t VALUES (3, \$\$z\$\$, 7); UPDATE t SET a = \$\$X\$\$ WHERE id = 1" &&
	rolls && is "SELECT * FROM t ORDER BY id" "1|X|p|5 2|y|q|6 3|z|none|7"
'

test_expect_success 'DROP COLUMN, ALTER TYPE: a freed id that was given to another person' '
	world "$users" "ALTER TABLE users DROP COLUMN age;" \
		"DELETE FROM users WHERE id = 3;
		INSERT INTO users VALUES (3, \$\$eve\$\$, \$\$e@x\$\$);
		UPDATE users SET name = \$\$ben\$\$ WHERE id = 2" &&
	refused "users \(1 row KEY_REUSED\)" "^    public.users id = 3 \(KEY_REUSED\)$" &&
	rolls --on-conflict=keep && exact 0 &&
	is "SELECT name, age FROM users ORDER BY id" "ann|30 ben|40 eve|" &&
	world "$users" "ALTER TABLE users ALTER age TYPE text USING age || \$\$y\$\$;" \
		"UPDATE users SET (name, email, age) = (\$\$eve\$\$, \$\$e@x\$\$, \$\$7\$\$) WHERE id = 3" &&
	refused "users \(1 row KEY_REUSED\)" &&
	rolls --on-conflict=keep &&
	is "SELECT name, age FROM users ORDER BY id" "ann|30 bob|40 eve|7"
'

test_expect_success 'DROP COLUMN: NOT NULL without a default, and rows since' '
	world "CREATE TABLE t (id int PRIMARY KEY, a text, b text NOT NULL);
		INSERT INTO t VALUES (1, \$\$x\$\$, \$\$p\$\$);" \
		"ALTER TABLE t DROP COLUMN b;" "INSERT INTO t VALUES (3, \$\$z\$\$)" &&
	refused "t \(1 row NO_VALUE\)" "^    public.t id = 3 b \(NO_VALUE\)$" &&
	expect_status 1 rollback --on-conflict=keep &&
	expect_status 1 rollback --on-conflict=restore
'

number="CREATE TABLE t (id int PRIMARY KEY, n int, v varchar(4));
	INSERT INTO t VALUES (1, 1, \$\$a\$\$), (2, 2, \$\$b\$\$);"

test_expect_success 'ALTER TYPE: later values stay, cast' '
	world "$number" "ALTER TABLE t ALTER n TYPE text USING n || \$\$ kg\$\$;" \
		"UPDATE t SET n = 77 WHERE id = 1; INSERT INTO t VALUES (3, 5)" &&
	rolls && is "SELECT id, n, pg_typeof(n) FROM t ORDER BY id" \
		"1|77|integer 2|2|integer 3|5|integer"
'

test_expect_success 'ALTER TYPE: a later value that cannot be cast' '
	world "$number" "ALTER TABLE t ALTER n TYPE text USING n || \$\$ kg\$\$;" \
		"UPDATE t SET n = \$\$much\$\$ WHERE id = 1;
		INSERT INTO t VALUES (3, \$\$more\$\$), (4, 5)" &&
	refused "t \(2 rows NO_VALUE\)" \
		"^    public.t id = 1 n: now .much. \(NO_VALUE\)$" \
		"^    public.t id = 3 n: now .more. \(NO_VALUE\)$" \
		"^hint: nothing was changed; put those back" &&
	expect_status 1 rollback --on-conflict=keep
'

test_expect_success 'ALTER TYPE: a later value is never cut to fit' '
	world "$number" "ALTER TABLE t ALTER v TYPE text;" \
		"UPDATE t SET v = \$\$abcdef\$\$ WHERE id = 2" &&
	refused "t \(1 row NO_VALUE\)" "^    public.t id = 2 v: .*now .abcdef. \(NO_VALUE\)$"
'

test_expect_success 'DROP TABLE: all that hung on it' '
	world "$users CREATE INDEX i ON users (age); CREATE TABLE log (x int);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
		\$x\$ BEGIN INSERT INTO log VALUES (new.id); RETURN new; END \$x\$;
		CREATE TRIGGER g AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();
		CREATE TABLE c (u int REFERENCES users);
		ALTER TABLE users ADD n serial; GRANT SELECT ON users TO PUBLIC;
		SELECT nextval(\$\$users_n_seq\$\$);" \
		"DROP TABLE users CASCADE;" "INSERT INTO c VALUES (2)" &&
	pg_dump -N git_migrate "$PG_DIRECT" >/dev/null && rolls && exact 1 &&
	is "SELECT count(*) FROM users" 3 && is "SELECT u FROM c" 2 &&
	is "SELECT count(*) FROM log" 0 &&
	is "INSERT INTO users (id) VALUES (8) RETURNING n" 5 &&
	is "SELECT x FROM log" 8 &&
	is "SELECT has_table_privilege(\$\$pg_monitor\$\$, \$\$users\$\$, \$\$SELECT\$\$)" t &&
	is "SELECT conname FROM pg_constraint WHERE confrelid = \$\$users\$\$::regclass" c_u_fkey
'

test_expect_success 'DROP TABLE: rows of later refer to what never was' '
	world "$family INSERT INTO p VALUES (1);" "DROP TABLE p CASCADE;" \
		"INSERT INTO c VALUES (5, 1), (6, 9)" &&
	refused "c \(1 row ORPHANED\)" "^    public.c id = 6 c_p_fkey \(ORPHANED\)$" &&
	expect_status 1 rollback --on-conflict=keep
'

# --- a dry run ---

test_expect_success '--dry-run does it all, says what comes of it, and changes nothing' '
	world "$users" "UPDATE users SET name = upper(name);
		INSERT INTO users VALUES (10, \$\$x\$\$, \$\$x@x\$\$, 1);
		CREATE TABLE made (x int); INSERT INTO made VALUES (1);" \
		"UPDATE users SET name = \$\$Zoe\$\$ WHERE id = 2; INSERT INTO made VALUES (2)" &&
	dump >a && git for-each-ref >b &&
	expect_status 1 rollback --dry-run && has "$ERR" "^conflict: " &&
	expect_status 0 rollback --dry-run --on-conflict=keep &&
	has "$OUT" "^rollback 1_change, not exact$" && has "$OUT" "^    -table .*made" &&
	has "$OUT" "^    table public.made: 2 removed$" &&
	has "$OUT" "^    table public.users: 2 restored, 1 removed, 1 in conflict, 1 kept$" &&
	has "$OUT" "^    2 rows and values parked$" && has "$OUT" "nothing was changed$" &&
	dump | diff a - && git for-each-ref | cmp - b &&
	is "SELECT count(*) FROM git_migrate.history WHERE event = \$\$rollback\$\$" 0 &&
	expect_status 0 rollback --dry-run --on-conflict=keep --json &&
	[ "$(json ".steps[0] | [.exact, .parked] | tojson")" = "[false,2]" ] &&
	[ "$(json ".impact[] | select(.table == \"public.users\") | [.restored, .removed, .kept, .conflicts] | tojson")" = "[2,1,1,1]" ] &&
	[ "$(json ".conflict_rows | length")" = 1 ]
'

test_expect_success '--dry-run with what shows late' '
	world "$users" "DELETE FROM users WHERE id < 3;" \
		"INSERT INTO users VALUES (9, \$\$ida\$\$, \$\$b@x\$\$, 1)" &&
	dump >a && expect_status 0 rollback --dry-run --on-conflict=restore &&
	has "$OUT" "^    table public.users: 2 restored, 1 removed, 1 in conflict$" &&
	has "$OUT" "^    1 row or value parked$" && dump | diff a -
'

test_expect_success 'more conflicts than are listed: all with --json' '
	world "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t
		SELECT i, i FROM generate_series(1, 50) i;" "UPDATE t SET v = v + 1;" \
		"UPDATE t SET v = v + 100" &&
	expect_status 1 rollback && has "$ERR" "50 rows CHANGED" &&
	[ "$(grep -c "^    public.t id" "$ERR")" -eq 20 ] &&
	has "$ERR" "^    ... and 30 more; --json has all$" &&
	expect_status 1 rollback --json && [ "$(json ".conflict_rows | length")" = 50 ] &&
	[ "$(json ".conflict_rows[49] | [.key, .column, .before, .after, .now] | tojson")" = "[\"id = 50\",\"v\",\"50\",\"51\",\"151\"]" ]
'

test_expect_success 'rows that the migration made and changed, in a table without a key that it had altered' '
	world "CREATE TABLE t (d int, o text); INSERT INTO t VALUES (1, NULL); SELECT * FROM t FOR UPDATE" "ALTER TABLE t ADD CHECK (d > 0); INSERT INTO t VALUES (2, \$\$x\$\$); UPDATE t SET o = NULL, d = 3" "SELECT 1" &&
	rolls && is "SELECT * FROM t" "1|"
'

test_expect_success 'a key that goes between changes of its rows' '
	world "CREATE TABLE t (id int PRIMARY KEY, o text); INSERT INTO t VALUES (1, 2), (2, 3)" "SELECT 1" "SELECT 1" &&
	echo "DELETE FROM t WHERE id = 2; ALTER TABLE t DROP COLUMN id; INSERT INTO t (o) SELECT o FROM t;" | migration 3_key && expect_status 0 apply &&
	is "SELECT o FROM t" "2 2" && expect_status 0 rollback && is "SELECT * FROM t ORDER BY id" "1|2 2|3"
'

test_done
