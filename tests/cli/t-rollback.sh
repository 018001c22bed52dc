#!/bin/bash
# git migrate rollback
. "$(dirname "$0")/lib.sh"

# what users have in the database: schema and rows, without the journal
state() {
	sqlite3 dev.db "SELECT type, name, tbl_name, sql FROM sqlite_schema
		WHERE name NOT LIKE 'git_migrate%' AND name NOT LIKE 'sqlite_%'
		AND tbl_name NOT LIKE 'git_migrate%' ORDER BY 1, 2"
	sqlite3 dev.db "SELECT name FROM sqlite_schema WHERE type = 'table'
		AND name NOT LIKE 'git_migrate%' AND name NOT LIKE 'sqlite_%'
		ORDER BY 1" |
		while read -r t; do
			echo "-- $t"
			sqlite3 dev.db ".mode quote" "SELECT * FROM \"$t\""
		done
	sqlite3 dev.db "SELECT * FROM sqlite_sequence" 2>/dev/null |
		sed /git_migrate/d
}

git migrate init -q && commit_all 'Set up'

test_expect_success 'without a journal: refused' '
	expect_status 1 rollback &&
	has "$ERR" "^error: nothing to roll back: target .dev. has no journal$" &&
	has "$ERR" "^hint: git migrate apply$" && [ ! -e dev.db ]
'

migration 20260101000000_users <<\SQL
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INT);
INSERT INTO users (name, age) VALUES ('ann', 30), ('bob', NULL), (x'00ff', '7');
CREATE INDEX users_name ON users (name);
SQL
migration 20260102000000_age <<\SQL
UPDATE users SET age = coalesce(age, 0) + 1;
SQL
migration 20260103000000_drop <<\SQL
DROP INDEX users_name;
ALTER TABLE users DROP COLUMN name;
SQL
migration 20260104000000_gone <<\SQL
DROP TABLE users;
SQL

for i in 0 1 2 3 4; do
	[ $i -eq 0 ] || git migrate apply -q -n 1
	[ -e dev.db ] && state >"$TRASH/state.$i"
done
: >"$TRASH/state.0"

test_expect_success 'newest first, one at a time, each to the exact state' '
	for i in 3 2 1 0; do
		expect_status 0 rollback &&
		has "$OUT" "^rolled back 2026010$((i + 1))000000_" &&
		has "$OUT" "^1 migration rolled back on dev" &&
		state >a && cmp "$TRASH/state.$i" a || return 1
	done
'

test_expect_success 'nothing left: said so, fine' '
	sqlite3 dev.db .dump >a &&
	expect_status 0 rollback &&
	has "$OUT" "^nothing to roll back: dev has no applied migration$" &&
	sqlite3 dev.db .dump | cmp - a
'

test_expect_success 'status and journal say rolled back' '
	expect_status 0 status &&
	has "$OUT" "^rolled_back +20260101000000_users" &&
	has "$OUT" "^4 rolled back$" &&
	[ "$(sql "SELECT group_concat(DISTINCT status) FROM git_migrate_migrations")" = rolled_back ] &&
	expect_status 1 status --exit-code
'

test_expect_success 'applied again: the same schema and rows' '
	expect_status 0 apply && has "$OUT" "^4 migrations applied" &&
	state >a && cmp a "$TRASH/state.4"
'

test_expect_success '-n, --to and --dry-run' '
	expect_status 0 rollback --dry-run -n 2 &&
	printf "%s\n" "rollback 20260104000000_gone, exact" "    +table users" \
		"    table users: 3 restored" \
		"rollback 20260103000000_drop, exact" \
		"    +index users_name, ~table users" \
		"    table users: 3 restored" \
		"2 migrations would be rolled back; nothing was changed" |
		cmp - "$OUT" &&
	state >a && cmp a "$TRASH/state.4" &&
	expect_status 0 rollback -n 2 &&
	has "$OUT" "^2 migrations rolled back on dev" &&
	state >a && cmp a "$TRASH/state.2" &&
	expect_status 0 rollback --to 20260101000000_users &&
	has "$OUT" "^1 migration rolled back" &&
	state >a && cmp a "$TRASH/state.1" &&
	expect_status 0 rollback --to users &&
	has "$OUT" "^nothing to roll back" &&
	expect_status 0 apply -q
'

test_expect_success 'names; one that others came after cannot go alone' '
	expect_status 1 rollback 20260102000000_age &&
	has "$ERR" "^error: 20260102000000_age cannot be rolled back before what was applied after it: 20260104000000_gone \(uses rows of users\), 20260103000000_drop \(uses rows of users\)$" &&
	has "$ERR" "^hint: git migrate rollback --to 20260101000000_users$" &&
	state >a && cmp a "$TRASH/state.4" &&
	expect_status 0 rollback 20260103000000_drop 20260104000000 &&
	has "$OUT" "^2 migrations rolled back" &&
	state >a && cmp a "$TRASH/state.2"
'

test_expect_success 'names that are wrong' '
	expect_status 1 rollback 20260104000000_gone &&
	has "$ERR" "^error: 20260104000000_gone is rolled back already$" &&
	expect_status 128 rollback 20260102000000_agee &&
	has "$ERR" "^hint: did you mean 20260102000000_age\?$" &&
	expect_status 128 rollback --to nosuch &&
	expect_status 129 rollback --to a b &&
	expect_status 129 rollback -n 0 &&
	expect_status 0 apply -q
'

test_expect_success 'rollback --json' '
	expect_status 0 rollback --json &&
	[ ! -s "$ERR" ] &&
	[ "$(json "[.format, .target, .ok, .dry_run, .error, .conflicts] | tojson")" = \
		"[1,\"dev\",true,false,null,[]]" ] &&
	[ "$(json ".events[0] | [.event, .name, .status, .exact] | tojson")" = \
		"[\"rollback\",\"20260104000000_gone\",\"rolled_back\",true]" ] &&
	[ "$(json .events[0].changes)" = "+table users" ] &&
	[ "$(json .ledger)" = "$(git rev-parse refs/migrate/ledger/dev)" ] &&
	[ "$(json ".steps[0] | [.verb, .name] | tojson")" = \
		"[\"rollback\",\"20260104000000_gone\"]" ]
'

test_expect_success 'the schema id is the one before the apply' '
	a=$(sql "SELECT schema_id FROM git_migrate_history WHERE name LIKE \"%_drop\" ORDER BY seq LIMIT 1" 2>&1) &&
	[ "$(sql "SELECT schema_id FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = "$a" ] &&
	[ "$(git rev-parse refs/migrate/ledger/dev:schema)" = "$a" ]
'

# the same without a schema change: a conflict with later writes
test_expect_success 'a value changed since: refused, listed, nothing changed' '
	expect_status 0 rollback -q && expect_status 0 rollback -q &&
	expect_status 0 apply -q -n 1 &&
	sql "UPDATE users SET age = 99 WHERE id = 1" &&
	sqlite3 dev.db .dump >a && git for-each-ref >b &&
	expect_status 1 rollback &&
	has "$ERR" "^error: 20260102000000_age cannot be rolled back: changed since it was applied: users \(1 row CHANGED\)$" &&
	has "$ERR" "^conflict: 20260102000000_age: table users: 1 row CHANGED$" &&
	has "$ERR" "^hint: nothing was changed" &&
	has "$ERR" "^    users .*id = 1 age: before 30, after 31, now 99 \(CHANGED\)$" &&
	has "$ERR" "on-conflict=keep" &&
	sqlite3 dev.db .dump | cmp - a && git for-each-ref | cmp - b &&
	expect_status 1 rollback --json &&
	[ "$(json "[.ok, .events, .conflicts] | tojson")" = \
		"[false,[],[{\"migration\":\"20260102000000_age\",\"table\":\"users\",\"what\":\"CHANGED\",\"rows\":1,\"settled\":false,\"aside\":false}]]" ] &&
	json .error.message | grep -q "cannot be rolled back"
'

test_expect_success '... put back, it goes' '
	sql "UPDATE users SET age = 31 WHERE id = 1" &&
	expect_status 0 rollback && state >a && cmp a "$TRASH/state.1"
'

test_expect_success 'a row deleted since, and a key that belongs to another row' '
	expect_status 0 apply -q -n 1 && cp dev.db keep.db &&
	sql "DELETE FROM users WHERE id = 2" &&
	expect_status 1 rollback && has "$ERR" "users: 1 row DELETED" &&
	sql "INSERT INTO users VALUES (2, \"zoe\", 50)" 2>/dev/null ||
		sql "INSERT INTO users (id, name, age) SELECT 2, hex(7), 50" &&
	expect_status 1 rollback && has "$ERR" "users: 1 row (KEY_REUSED|CHANGED)" &&
	rm -f dev.db* && mv keep.db dev.db
'

test_expect_success 'later writes elsewhere stay' '
	expect_status 0 target accept --same &&
	sql "INSERT INTO users (age) VALUES (5)" &&
	expect_status 0 rollback &&
	[ "$(sql "SELECT name, age FROM users WHERE id = 1")" = "ann|30" ] &&
	[ "$(sql "SELECT age FROM users WHERE id = 4")" = 5 ]
'

test_expect_success 'rows of a table that goes are parked and counted' '
	expect_status 0 rollback &&
	has "$OUT" "^1 migration rolled back on dev, 4 rows and values parked$" &&
	[ "$(sql "SELECT parked FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = 4 ] &&
	git log -1 --format=%B refs/migrate/ledger/dev | grep -q "^Parked: 4$"
'

test_expect_success 'irreversible' '
	scratch_repo "$TRASH/irr" && git migrate init -q &&
	printf "%s\n" "-- migrate:irreversible" "CREATE TABLE a (x);" |
		migration 20260101000000_a &&
	expect_status 0 apply && has "$OUT" irreversible &&
	sqlite3 dev.db .dump >a &&
	expect_status 1 rollback &&
	has "$ERR" "^error: 20260101000000_a is irreversible$" && has "$ERR" "^hint: " &&
	expect_status 1 rollback --dry-run &&
	sqlite3 dev.db .dump | cmp - a
'

test_expect_success 'a foreign migration can be rolled back: no file is needed' '
	scratch_repo "$TRASH/foreign" && git migrate init -q && commit_all a &&
	echo "CREATE TABLE a (x);" | migration 20260101000000_a &&
	expect_status 0 apply &&
	git rm -q migrations/20260101000000_a.sql && git commit -qm gone &&
	expect_status 0 rollback && has "$OUT" "^rolled back 20260101000000_a" &&
	[ -z "$(sql "SELECT 1 FROM sqlite_schema WHERE name = \"a\" AND type = \"table\"" 2>/dev/null)" ]
'

test_expect_success 'the down section is not run' '
	scratch_repo "$TRASH/down" && git migrate init -q &&
	printf "%s\n" "-- migrate:up" "CREATE TABLE a (x);" "-- migrate:down" \
		"CREATE TABLE evil (x);" "DROP TABLE a;" | migration 20260101000000_a &&
	expect_status 0 apply && expect_status 0 rollback &&
	[ "$(sql "SELECT count(*) FROM sqlite_schema WHERE type = \"table\" AND name IN (\"a\", \"evil\")" 2>/dev/null || echo 0)" = 0 ]
'

test_expect_success 'snapshots gone: refused, says whose and when' '
	scratch_repo "$TRASH/lost" && git migrate init -q &&
	printf "%s\n" "CREATE TABLE a (x);" "INSERT INTO a VALUES (1);" |
		migration 20260101000000_a &&
	echo "DELETE FROM a;" | migration 20260102000000_del &&
	expect_status 0 apply && rm -rf .git/migrate/snapshots.git &&
	sqlite3 dev.db .dump >a &&
	run_migrate rollback && [ "$STATUS" -ne 0 ] &&
	has "$ERR" "the snapshot of 20260102000000_del, taken 20.*Z by C O Mitter" &&
	sqlite3 dev.db .dump | cmp - a
'

test_expect_success 'the snapshot store is private and in nobody else'"'"'s way' '
	cd "$TRASH/repo" &&
	[ "$(stat -c %a .git/migrate/snapshots.git)" = 700 ] &&
	git --git-dir=.git/migrate/snapshots.git fsck --strict &&
	[ "$(git --git-dir=.git/migrate/snapshots.git config core.bare)" = true ] &&
	[ ! -e .git/objects/info/alternates ] &&
	git clone -q --mirror . "$TRASH/mirror.git" &&
	[ ! -e "$TRASH/mirror.git/migrate" ]
'

test_expect_success '--append is for PostgreSQL: refused, nothing is changed' '
	scratch_repo "$TRASH/append" && git migrate init -q &&
	echo "CREATE TABLE t (a, b, c); INSERT INTO t VALUES (1, 2, 3);" | migration 1_t &&
	echo "ALTER TABLE t DROP COLUMN b;" | migration 2_b && expect_status 0 apply -q &&
	state >"$TRASH/state" && expect_status 1 rollback --append &&
	has "$ERR" "^error: --append: sqlite gives columns their old place back in any case$" &&
	has "$ERR" "^hint: roll back without --append$" && state | cmp - "$TRASH/state" &&
	expect_status 0 rollback -q && [ "$(sqlite3 dev.db "SELECT * FROM t")" = "1|2|3" ]
'

test_done
