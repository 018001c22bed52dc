#!/bin/bash
# git migrate rollback of some: names in any order, --since, --commit, and what
# has to go first; on SQLite
. "$(dirname "$0")/lib.sh"

sql() {
	sqlite3 dev.db "$1"
}

# world <migration...>: applied, each from a commit of its own
world() {
	local n=0 text

	cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" && git migrate init -q && commit_all 'Set up' || return
	for text; do
		n=$((n + 1))
		printf '%s\n' "$text" | migration ${n}_m && git migrate apply -q || return
	done
}

applied() { # <names, joined by spaces>
	local got

	got=$(sql "SELECT group_concat(name, ' ') FROM (SELECT name FROM git_migrate_migrations WHERE status = 'applied' ORDER BY name)")
	[ "$got" = "$1" ] && return
	echo "applied: $got, not $1"
	return 1
}

# stays <names>: refused because of these, nothing changes
stays() {
	sqlite3 dev.db .dump >"$TRASH/dump" && expect_status 1 rollback "${@:2}" && has "$ERR" "$1" && has "$ERR" "^hint: git migrate rollback " && sqlite3 dev.db .dump | cmp - "$TRASH/dump"
}

test_expect_success 'one in the middle, on which nothing later depends' '
	world "CREATE TABLE a (id INTEGER PRIMARY KEY, v INT); INSERT INTO a VALUES (1, 5);" "UPDATE a SET v = v + 1; CREATE INDEX i ON a (v);" "CREATE TABLE b (x); INSERT INTO b VALUES (1);" "CREATE VIEW w AS SELECT x FROM b;" &&
	sql "INSERT INTO b VALUES (2)" && expect_status 0 rollback 2_m && applied "1_m 3_m 4_m" && [ "$(sql "SELECT v FROM a")" = 5 ] && [ "$(sql "SELECT count(*) FROM b")" = 2 ] &&
	expect_status 0 apply --out-of-order && applied "1_m 2_m 3_m 4_m" && [ "$(sql "SELECT v FROM a")" = 6 ]
'

test_expect_success 'in any order, and with what stays between' '
	cd "$TRASH/w" && expect_status 0 rollback 2_m 4_m && has "$OUT" "^2 migrations rolled back" && [ "$(grep -o "^rolled back ._m" "$OUT" | tr -d "\n")" = "rolled back 2_mrolled back 4_m" ] && applied "1_m 3_m" &&
	expect_status 0 rollback 1_m 3_m && applied "" && [ -z "$(sql "SELECT name FROM sqlite_schema WHERE name NOT LIKE \"git_migrate%\" AND name NOT LIKE \"sqlite%\"")" ]
'

test_expect_success 'a table that a later one uses' '
	world "CREATE TABLE a (id INTEGER PRIMARY KEY);" "CREATE TABLE b (x);" "CREATE TABLE c (a INT REFERENCES a);" &&
	stays "^error: 1_m cannot be rolled back before what was applied after it: 3_m \(uses a\)$" 1_m && has "$ERR" "^hint: git migrate rollback 3_m 1_m$" &&
	expect_status 0 rollback 3_m 1_m && applied 2_m
'

test_expect_success 'columns of a table that a later one uses, and others' '
	world "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT);" "ALTER TABLE a ADD COLUMN nick TEXT;" "INSERT INTO a (id, n) VALUES (1, \"x\");" &&
	expect_status 0 rollback 2_m && applied "1_m 3_m" && expect_status 0 apply --out-of-order &&
	printf "%s\n" "CREATE INDEX k ON a (nick);" | migration 4_m && git migrate apply -q && stays "4_m \(uses columns of a\)" 2_m &&
	expect_status 0 rollback && rm migrations/4_m.sql && printf "%s\n" "INSERT INTO a SELECT id + 1, n, nick FROM a;" | migration 5_m && git migrate apply -q && stays "5_m \(uses columns of a\)" 2_m
'

test_expect_success 'columns that both added to one table, taken back in any order' '
	world "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT, old TEXT); INSERT INTO a VALUES (1, \"x\", \"o\");" "ALTER TABLE a ADD COLUMN b INT; ALTER TABLE a DROP COLUMN old;" "ALTER TABLE a ADD COLUMN c INT DEFAULT 3;" &&
	sql "UPDATE a SET b = 1, c = 2; INSERT INTO a (id, n) VALUES (2, \"y\")" && expect_status 0 rollback --dry-run 2_m && has "$OUT" "^rollback 2_m, exact" &&
	expect_status 0 rollback 2_m && applied "1_m 3_m" && [ "$(sql "SELECT id, n, old, c FROM a" | tr "\n" " ")" = "1|x|o|2 2|y||3 " ] &&
	expect_status 0 rollback && applied 1_m && [ "$(sql "SELECT * FROM a" | tr "\n" " ")" = "1|x|o 2|y| " ] &&
	expect_status 0 apply && [ "$(sql "SELECT id, n, b, c FROM a" | tr "\n" " ")" = "1|x|1|2 2|y||3 " ] && expect_status 0 status --exit-code && has_not "$ERR" drift
'

test_expect_success 'rows that a later one reads; SELECT *' '
	world "CREATE TABLE a (id INTEGER PRIMARY KEY, n INT); CREATE TABLE b (n INT); INSERT INTO a VALUES (1, 1);" "UPDATE a SET n = 5;" "INSERT INTO b (n) SELECT n FROM a;" &&
	stays "3_m \(uses rows of a\)" 2_m &&
	world "CREATE TABLE a (id INTEGER PRIMARY KEY);" "ALTER TABLE a ADD COLUMN n INT;" "CREATE VIEW v AS SELECT * FROM a;" && stays "3_m \(uses columns of a\)" 2_m
'

test_expect_success 'what needs what needs it is named, too; and what says so' '
	world "CREATE TABLE a (id INTEGER PRIMARY KEY);" "CREATE VIEW v AS SELECT id FROM a;" "CREATE VIEW w AS SELECT id FROM v;" "CREATE TABLE z (x);" "-- migrate:depends 4_m
CREATE TABLE y (x);" &&
	stays "2_m \(uses a\), |, 2_m|: 3_m \(uses v\), 2_m \(uses a\)" 1_m && has "$ERR" "^hint: git migrate rollback 3_m 2_m 1_m$" &&
	stays "5_m \(depends on it\)" 4_m && expect_status 0 rollback 4_m 5_m
'

test_expect_success '--commit: all that came with it, also by a short id; --since' '
	world "CREATE TABLE a (x);" && printf "%s\n" "CREATE TABLE b (x);" >migrations/2_m.sql && git add migrations && printf "%s\n" "CREATE TABLE c (x);" | migration 3_m && GIT_MIGRATE_TEST_NOW=1900000000 git migrate apply -q &&
	printf "%s\n" "CREATE TABLE d (x);" | migration 4_m && GIT_MIGRATE_TEST_NOW=1900003600 git migrate apply -q &&
	expect_status 0 rollback --commit HEAD~1 --dry-run && has "$OUT" "^2 migrations would be rolled back" &&
	expect_status 0 rollback --commit "$(git rev-parse --short HEAD~1)" && applied "1_m 4_m" &&
	expect_status 0 rollback --commit HEAD~1 && has "$OUT" "^nothing to roll back" && expect_status 128 rollback --commit nosuch &&
	expect_status 0 rollback --since 2030-03-17T18:00:00Z && applied 1_m &&
	expect_status 129 rollback --since yesterday && expect_status 129 rollback --since 2030-02-31 && expect_status 129 rollback --since 1h 1_m
'

test_done
