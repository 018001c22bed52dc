#!/bin/bash
# git migrate apply --prove: the rollback is tried before the commit; on SQLite
. "$(dirname "$0")/lib.sh"

sql() {
	sqlite3 dev.db "$1"
}

start() { # <migration...>
	local n=0 text

	cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" && git migrate init -q && commit_all 'Set up' || return
	for text; do
		n=$((n + 1))
		printf '%s\n' "$text" | migration ${n}_m || return
	done
}

all="CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT, e TEXT UNIQUE); CREATE TABLE b (x INT REFERENCES a); CREATE INDEX i ON a (n);
CREATE TABLE log (t); CREATE TRIGGER g AFTER DELETE ON a BEGIN INSERT INTO log VALUES (old.n); END; CREATE VIEW v AS SELECT n FROM a;
INSERT INTO a (n, e) VALUES ('ann', 'a'), ('bob', 'b'), ('cid', 'c'); INSERT INTO b VALUES (1), (2);"

test_expect_success 'applied as without, in groups and alone, and nothing of the proof is left' '
	for how in "" --no-group; do
		start "$all" "DELETE FROM a WHERE id = 3; UPDATE a SET e = \"x\" || id;" "ALTER TABLE a ADD COLUMN k INT DEFAULT 4; UPDATE a SET k = id;" &&
			printf "%s\n" "DROP TABLE log; DROP VIEW v;" | migration 4_m &&
			cp -r ../w ../plain && (cd ../plain && git migrate apply -q $how && sqlite3 dev.db .dump | grep -v git_migrate >../plain.dump) &&
			expect_status 0 apply --prove $how && sqlite3 dev.db .dump | grep -v git_migrate | cmp - ../plain.dump && rm -rf ../plain &&
			[ "$(sql "SELECT group_concat(event) FROM git_migrate_history WHERE name IS NOT NULL")" = "apply,apply,apply,apply" ] &&
			expect_status 0 status --exit-code && git migrate rollback -q -n 4 && [ -z "$(sql "SELECT name FROM sqlite_schema WHERE name NOT LIKE \"git_migrate%\" AND name NOT LIKE \"sqlite%\"")" ] || return
	done
'

test_expect_success 'enforced foreign keys: what would cascade does not' '
	start "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p ON DELETE CASCADE); INSERT INTO p VALUES (1);" "INSERT INTO p VALUES (2); INSERT INTO c VALUES (2);" &&
	git config migrate.dev.foreignKeys true && expect_status 0 apply --prove --no-group && [ "$(sql "SELECT count(*) FROM c")" = 1 ] && expect_status 0 rollback && [ "$(sql "SELECT count(*) FROM c")" = 0 ]
'

test_expect_success 'what can never be proved is refused before anything runs' '
	start "CREATE TABLE a (x);" "-- migrate:irreversible
DROP TABLE a;" && expect_status 1 apply --prove && has "$ERR" "^error: 2_m: its rollback cannot be proved: it is marked irreversible$" && has "$ERR" "^hint: " && [ ! -e dev.db ] &&
	expect_status 1 apply --prove --no-snapshot && has "$ERR" "no snapshot is kept" && [ ! -e dev.db ] &&
	start "-- migrate:up transaction:false
VACUUM;" && git config migrate.dev.prove true && expect_status 1 apply && has "$ERR" "it runs without a transaction" && git -c migrate.dev.prove=false migrate apply -q
'

test_expect_success 'killed when it is proved: as before, and the next run goes on' '
	start "CREATE TABLE a (id INTEGER PRIMARY KEY, n INT); INSERT INTO a VALUES (1, 1), (2, 2);" "UPDATE a SET n = n + 1;" && git migrate apply -q -n 1 &&
	{ GIT_MIGRATE_CRASH=proved git-migrate apply -q --prove 2>/dev/null; s=$?; } && if [ $s -ne 0 ]; then [ "$(sql "SELECT group_concat(n) FROM a")" = "1,2" ]; fi &&
	git migrate apply -q --prove && [ "$(sql "SELECT group_concat(n) FROM a")" = "2,3" ] && expect_status 0 status --exit-code
'

test_expect_success 'migrate.<target>.prove that is no boolean' '
	cd "$TRASH/w" && git config migrate.dev.prove maybe && expect_status 128 apply && has "$ERR" "prove"
'

test_done
