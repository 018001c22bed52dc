#!/bin/bash
# git migrate apply of what was rolled back: parked data comes back, on SQLite
. "$(dirname "$0")/lib.sh"

sql() {
	sqlite3 dev.db "$1"
}

# world <before> <migration>: a repository whose second migration is applied
world() {
	cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" && git migrate init -q && commit_all 'Set up' || return
	printf '%s\n' "$1" | migration 1_base && printf '%s\n' "$2" | migration 2_change &&
		git migrate apply -q
}

edited() { # <sql>: the second migration, with another text
	printf '%s\n' "$1" >migrations/2_change.sql && commit_all 'Edit'
}

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

base="CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'ann'), (2, 'bob'), (3, 'cid');"
adds="ALTER TABLE users ADD COLUMN nick TEXT; CREATE TABLE notes (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO notes VALUES (1, 'seed');"

test_expect_success 'rows of a table and values of a column that it made' '
	world "$base" "$adds" && sql "UPDATE users SET nick = upper(name) WHERE id < 3; INSERT INTO notes VALUES (7, \"mine\"); UPDATE notes SET t = \"seeded\" WHERE id = 1" &&
	sqlite3 dev.db "SELECT * FROM users; SELECT * FROM notes" >a &&
	expect_status 0 rollback && has "$OUT" "4 rows and values parked" &&
	expect_status 0 apply && has "$ERR" "^hint: 2_change: 4 parked rows and values are back$" &&
	sqlite3 dev.db "SELECT * FROM users; SELECT * FROM notes" | cmp - a
'

test_expect_success '... as often as one likes, with rows of in between' '
	cd "$TRASH/w" && for i in 1 2 3; do
		expect_status 0 rollback && sql "INSERT INTO users (name) VALUES (\"more\")" &&
			expect_status 0 apply && is "SELECT group_concat(nick) FROM users" "ANN,BOB" && is "SELECT t FROM notes ORDER BY id" "seeded mine" || return
	done &&
	is "SELECT count(*) FROM users" 6 && expect_status 0 rollback && is "SELECT sql FROM sqlite_schema WHERE name = \"users\"" "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)"
'

test_expect_success '--no-restore runs the SQL only; what was parked stays so' '
	cd "$TRASH/w" && expect_status 0 apply --no-restore && has_not "$ERR" parked && is "SELECT count(nick) FROM users" 0 && is "SELECT t FROM notes" seed &&
	expect_status 0 rollback && expect_status 0 apply && is "SELECT group_concat(nick) FROM users" "ANN,BOB" && is "SELECT t FROM notes ORDER BY id" "seed mine"
'

test_expect_success 'another text: by name and type; what does not fit is listed, and kept' '
	world "$base" "$adds ALTER TABLE users ADD COLUMN age INT; ALTER TABLE users ADD COLUMN gone TEXT;" &&
	sql "UPDATE users SET nick = upper(name), age = id * 10, gone = \"g\"; INSERT INTO notes VALUES (7, \"mine\")" && expect_status 0 rollback &&
	edited "ALTER TABLE users ADD COLUMN age TEXT; ALTER TABLE users ADD COLUMN nick TEXT; CREATE TABLE notes (id INTEGER PRIMARY KEY, extra INT DEFAULT 5, t TEXT);" &&
	expect_status 0 apply && is "SELECT nick, age FROM users" "ANN| BOB| CID|" && is "SELECT * FROM notes ORDER BY id" "1|5|seed 7|5|mine" &&
	has "$ERR" "^warning: 2_change: 3 parked values of users.age stay in the snapshot: the column has another type$" &&
	has "$ERR" "^warning: 2_change: 3 parked values of users.gone stay in the snapshot: there is no such column$" &&
	expect_status 0 rollback && edited "ALTER TABLE users ADD COLUMN age INT; ALTER TABLE users ADD COLUMN gone TEXT;" &&
	expect_status 0 apply && is "SELECT age, gone FROM users" "10|g 20|g 30|g" && has "$ERR" "2 parked rows of notes stay .*: there is no such table" && has "$ERR" "3 parked values of users.nick stay"
'

test_expect_success 'a row that is gone, a key that another row has now, and one that a unique value tells' '
	world "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, code TEXT UNIQUE, n INT); INSERT INTO users VALUES (1, \"ann\", \"a\", 1), (2, \"bob\", \"b\", 2), (3, \"cid\", \"c\", 3), (4, \"dan\", NULL, 4)" \
		"ALTER TABLE users ADD COLUMN nick TEXT;" && sql "UPDATE users SET nick = upper(name)" && expect_status 0 rollback &&
	sql "DELETE FROM users WHERE id < 3; INSERT INTO users VALUES (2, \"eve\", \"e\", 9); UPDATE users SET name = \"x\", n = 30 WHERE id > 2" &&
	expect_status 0 apply && is "SELECT * FROM users" "2|eve|e|9| 3|x|c|30|CID 4|x||30|" &&
	has "$ERR" "1 parked value of users.nick stays .*: the row is gone" && has "$ERR" "2 parked values of users.nick stay .*: another row has the key"
'

test_expect_success 'a constraint of the new text in the way' '
	world "$base" "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT);" && sql "INSERT INTO k VALUES (1, \"a\"), (2, \"a\"), (3, \"b\")" && expect_status 0 rollback &&
	edited "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT UNIQUE);" && expect_status 0 apply && is "SELECT id FROM k" "1 3" &&
	has "$ERR" "1 parked row of k stays .*: a constraint is in the way"
'

test_expect_success 'no trigger acts on what comes back' '
	world "$base" "CREATE TABLE log (x); CREATE TABLE k (v); CREATE TRIGGER g AFTER INSERT ON k BEGIN INSERT INTO log VALUES (new.v); END;" &&
	sql "INSERT INTO k VALUES (1), (2)" && expect_status 0 rollback && expect_status 0 apply && is "SELECT count(*) FROM k" 2 && is "SELECT count(*) FROM log" 2
'

test_expect_success 'what --on-conflict=restore pushed aside is back, unless it was written since' '
	world "$base" "UPDATE users SET name = upper(name); DELETE FROM users WHERE id = 3;" &&
	sql "UPDATE users SET name = \"Yan\" WHERE id = 1; UPDATE users SET name = \"Zoe\" WHERE id = 2; INSERT INTO users VALUES (3, \"new\")" &&
	expect_status 0 rollback --on-conflict=restore && is "SELECT * FROM users" "1|ann 2|bob 3|cid" &&
	sql "UPDATE users SET name = \"Rob\" WHERE id = 2" && expect_status 0 apply && is "SELECT * FROM users" "1|Yan 2|ROB 3|new" &&
	has "$ERR" "1 parked value of users.name stays .*: it was written since"
'

test_expect_success 'it counts as written by the migration: a rollback is exact' '
	cd "$TRASH/w" && is "SELECT exact FROM git_migrate_history ORDER BY seq DESC LIMIT 1" 1 && expect_status 0 rollback && is "SELECT * FROM users" "1|ann 2|Rob 3|cid"
'

test_expect_success 'keys of more than one column, and tables without a rowid' '
	world "$base" "CREATE TABLE k (a TEXT, b INT, v, PRIMARY KEY (a, b)) WITHOUT ROWID; CREATE TABLE l (v);" &&
	sql "INSERT INTO k VALUES (\"x\", 1, 1.5), (\"x\", 2, zeroblob(2)), (\"y\", 1, NULL); INSERT INTO l VALUES (\"q\"), (\"q\"), (\"r\")" &&
	sqlite3 dev.db ".mode quote" "SELECT * FROM k; SELECT * FROM l" >a && expect_status 0 rollback && expect_status 0 apply &&
	sqlite3 dev.db ".mode quote" "SELECT * FROM k; SELECT * FROM l" | cmp - a
'

test_expect_success 'rows whose parents are gone, where foreign keys are enforced' '
	world "$base" "CREATE TABLE p (id INTEGER PRIMARY KEY, u INT REFERENCES users (id)); CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p);" && git config migrate.dev.foreignKeys true &&
	sql "INSERT INTO p VALUES (1, 1), (2, 2); INSERT INTO c VALUES (10, 1), (20, 2)" && expect_status 0 rollback && sql "DELETE FROM users WHERE id = 2" &&
	expect_status 0 apply && is "SELECT id FROM p" 1 && is "SELECT id FROM c" 10 && has "$ERR" "1 parked row of c stays .*: what they refer to is gone" && has "$ERR" "^hint: 2_change: 2 parked rows"
'

test_expect_success 'NULL beside a default is a value, too' '
	world "$base" "ALTER TABLE users ADD COLUMN n INT DEFAULT 5;" && sql "UPDATE users SET n = NULL WHERE id = 2" && expect_status 0 rollback &&
	expect_status 0 apply && is "SELECT id, n FROM users" "1|5 2| 3|5"
'

test_expect_success 'a park that is not here: refused, and --no-restore goes on' '
	world "$base" "CREATE TABLE k (v);" && sql "INSERT INTO k VALUES (1)" && expect_status 0 rollback && rm -rf .git/migrate/snapshots.git &&
	sqlite3 dev.db .dump >a && expect_status 1 apply && has "$ERR" "has parked, taken .* by " && has "$ERR" "^hint: .*--no-restore" &&
	sqlite3 dev.db "SELECT count(*) FROM sqlite_schema WHERE name = \"k\"" | grep -qx 0 && expect_status 0 apply --no-restore
'

test_done
