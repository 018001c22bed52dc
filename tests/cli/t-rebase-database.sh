#!/bin/bash
# A database that has migrations applied under the names before a rebase
. "$(dirname "$0")/lib.sh"

export GIT_MIGRATE_TEST_NOW=1767261600 # 2026-01-01T10:00:00Z

B=20260101100000_b C=20260101100001_c

# main has a and then d; feature has b, which makes rows, and c, which needs b
# and takes a column; both are applied, and feature is rebased onto main
world() {
	cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" &&
		git migrate init -q && commit_all init &&
		migration 20250101000000_a <<<"CREATE TABLE a (x);" &&
		git checkout -q -b feature &&
		migration 20250102000000_b <<<"CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO b VALUES (1, 'one'), (2, 'two');" &&
		printf -- '-- migrate:depends 20250102000000_b\n-- migrate:up\nALTER TABLE b DROP COLUMN v;\n' >migrations/20250103000000_c.sql &&
		commit_all c && expect_status 0 apply -q &&
		git checkout -q main &&
		migration 20250601000000_d <<<"CREATE TABLE d (x);" &&
		git checkout -q feature
}

rebased() {
	world && expect_status 0 rebase --onto main && git commit -q -m renumbered &&
		git merge -q --no-edit main >/dev/null
}

names() {
	sql "SELECT group_concat(name || ' ' || status, ', ') FROM (SELECT name, status FROM git_migrate_migrations ORDER BY name)"
}

test_expect_success 'status knows them before anything is written, plan too' '
	rebased && cp dev.db before.db &&
	expect_status 0 status &&
	has "$OUT" "^applied +$B .*applied as 20250102000000_b" &&
	has "$OUT" "^applied +$C .*applied as 20250103000000_c" &&
	has "$OUT" "^pending +20250601000000_d" &&
	expect_status 0 plan && has "$OUT" "20250601000000_d" && has_not "$OUT" "_[bc]" &&
	cmp dev.db before.db
'

test_expect_success 'the next apply learns the names, in journal and ledger' '
	rebased && expect_status 0 apply &&
	has "$OUT" "^renamed $B" && has "$OUT" "^applied 20250601000000_d" && has "$OUT" "^1 migration applied" &&
	[ "$(names)" = "20250101000000_a applied, 20250601000000_d applied, $B applied, $C applied" ] &&
	[ "$(sql "SELECT group_concat(event) FROM (SELECT event FROM git_migrate_history ORDER BY seq)")" = init,apply,apply,apply,rename,rename,apply ] &&
	[ "$(sql "SELECT name, depends_on FROM git_migrate_dependencies")" = "$C|$B" ] &&
	git ls-tree --name-only refs/migrate/ledger/dev:migrations >files &&
	[ "$(tr "\n" " " <files)" = "20250101000000_a.sql 20250601000000_d.sql $B.sql $C.sql " ] &&
	expect_status 0 status && has_not "$OUT" "applied as" &&
	expect_status 0 apply && has "$OUT" "^nothing to apply"
'

test_expect_success 'an apply with nothing else to do learns them, too' '
	world && expect_status 0 rebase --onto main && git commit -q -m renumbered &&
	expect_status 0 apply --json && [ "$(json "[.events[] | .event + \" \" + .name] | join(\",\")")" = "rename $B,rename $C" ] &&
	[ "$(json .ok)" = true ] && expect_status 0 status && has_not "$OUT" "applied as"
'

test_expect_success 'a ledger that is lost is made again, with the same ids' '
	rebased && expect_status 0 apply -q &&
	tip=$(git rev-parse refs/migrate/ledger/dev) &&
	git clone -q . "$TRASH/w2" && cp dev.db "$TRASH/w2" && cd "$TRASH/w2" &&
	expect_status 0 status && [ "$(git rev-parse refs/migrate/ledger/dev)" = "$tip" ]
'

test_expect_success 'rolled back under the new name, rows come back' '
	rebased && expect_status 0 apply -q &&
	expect_status 1 rollback $B && has "$ERR" "$C" &&
	expect_status 0 rollback $C && [ "$(sql "SELECT group_concat(v) FROM b")" = one,two ] &&
	expect_status 0 rollback $B && ! sql "SELECT * FROM b" 2>/dev/null &&
	expect_status 0 apply -q && [ "$(sql "SELECT count(*) FROM b")" = 2 ] &&
	[ "$(names)" = "20250101000000_a applied, 20250601000000_d applied, $B applied, $C applied" ]
'

test_expect_success 'newest first is by when they were applied, not renamed' '
	rebased && expect_status 0 apply -q &&
	expect_status 0 rollback && has "$OUT" "rolled back 20250601000000_d"
'

test_expect_success 'a rollback learns the names itself, by either of them' '
	rebased && expect_status 0 rollback --dry-run $C && has "$OUT" "_c, exact" &&
	[ "$(names)" = "20250101000000_a applied, 20250102000000_b applied, 20250103000000_c applied" ] &&
	expect_status 0 rollback $C && has "$OUT" "rolled back $C" && [ "$(sql "SELECT group_concat(v) FROM b")" = one,two ] &&
	rebased && expect_status 0 rollback 20250103000000_c && has "$OUT" "rolled back $C" &&
	[ "$(names)" = "20250101000000_a applied, $B applied, $C rolled_back" ]
'

test_expect_success 'what was parked under the old name comes back under the new one' '
	world && expect_status 0 rollback 20250103000000_c && sql "UPDATE b SET v = v || 1" &&
	expect_status 0 rollback -q 20250102000000_b &&
	expect_status 0 rebase --onto main && git commit -q -m renumbered && git merge -q --no-edit main >/dev/null &&
	expect_status 0 status && has "$OUT" "^rolled_back +$B .*rolled back as 20250102000000_b" &&
	expect_status 0 apply --to $B && has "$ERR" "$B: [0-9]+ parked rows and values are back" &&
	[ "$(sql "SELECT group_concat(v) FROM b")" = one1,two1 ]
'

test_expect_success 'log, show and snapshots follow the name' '
	rebased && expect_status 0 apply -q &&
	expect_status 0 log $C && has "$OUT" "rename $C" && has "$OUT" "apply 20250103000000_c" &&
	expect_status 0 log 20250103000000_c && has "$OUT" "apply 20250103000000_c" &&
	expect_status 0 show $C && has "$OUT" "was 20250103000000_c" && has "$OUT" "^ +-.*v TEXT" &&
	expect_status 0 snapshot list && has "$OUT" "$C" && has_not "$OUT" "20250103000000_c" &&
	expect_status 0 snapshot show $C && has "$OUT" "one" &&
	expect_status 0 rollback -q $C && expect_status 0 snapshot list --json &&
	[ "$(json "[.snapshots[] | select(.event == \"apply\") | .needed] | unique | join(\",\")")" = false ]
'

test_expect_success 'reconcile learns them, and finds nothing to take back' '
	rebased && expect_status 0 reconcile && has "$OUT" "renamed $B" && has_not "$OUT" "rolled back" &&
	[ "$(names)" = "20250101000000_a applied, 20250601000000_d applied, $B applied, $C applied" ]
'

test_expect_success 'killed while it learns, the next run does' '
	for point in before-durable ledger-written; do
		rebased || return 1
		GIT_MIGRATE_CRASH=$point git migrate apply -q >/dev/null 2>&1 # no status: it may be built without
		expect_status 0 apply -q && expect_status 0 status && has_not "$OUT" "applied as" || return 1
		[ "$(sql "SELECT count(*) FROM git_migrate_history WHERE event = '"'rename'"'")" = 2 ] || return 1
		[ "$(git rev-parse refs/migrate/ledger/dev)" = "$(sql "SELECT commit_hash FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" ] || return 1
	done
'

test_done
