#!/bin/bash
# Applied on PostgreSQL under the names before git migrate rebase
. "$(dirname "$0")/lib.sh"
pg_need

export GIT_MIGRATE_TEST_NOW=1767261600 # 2026-01-01T10:00:00Z

B=20260101100000_b C=20260101100001_c

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(pg_sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

dump() {
	pg_dump -N git_migrate "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )'
}

pg_db
git migrate init -q --url "$URL" && commit_all 'Set up'
printf 'before\nafter\nnow\n' >>.git/info/exclude
migration 20250101000000_a <<<'CREATE TABLE a (x int);'
git checkout -q -b feature
migration 20250102000000_b <<<"CREATE TABLE b (id int PRIMARY KEY, v text); INSERT INTO b VALUES (1, 'one'), (2, 'two');"
printf -- '-- migrate:depends 20250102000000_b\n-- migrate:up\nALTER TABLE b DROP COLUMN v;\n' >migrations/20250103000000_c.sql
commit_all c
git checkout -q main
migration 20250601000000_d <<<'CREATE TABLE d (x int);'
git checkout -q feature

test_expect_success 'applied, then renumbered and merged' '
	expect_status 0 apply -n 2 && dump >before && expect_status 0 apply -q && dump >after &&
	expect_status 0 rebase --onto main && git commit -q -m renumbered && git merge -q --no-edit main &&
	expect_status 0 status && has "$OUT" "^applied +$C .*applied as 20250103000000_c" && has "$OUT" "^pending +20250601000000_d"
'

test_expect_success 'the next apply learns the names' '
	expect_status 0 apply && has "$OUT" "^renamed $B" && has "$OUT" "^1 migration applied" &&
	is "SELECT name FROM git_migrate.migrations WHERE status = '"'applied'"' ORDER BY name" "20250101000000_a 20250601000000_d $B $C" &&
	is "SELECT event FROM git_migrate.history ORDER BY seq" "init apply apply apply rename rename apply" &&
	is "SELECT name, depends_on FROM git_migrate.dependencies" "$C|$B" &&
	expect_status 0 status && has_not "$OUT" "applied as"
'

test_expect_success 'the ledger is made again from the journal, with the same ids' '
	tip=$(git rev-parse refs/migrate/ledger/dev) &&
	git clone -q . "$TRASH/other" && cd "$TRASH/other" &&
	git config migrate.dev.url "$URL" && expect_status 0 status &&
	[ "$(git rev-parse refs/migrate/ledger/dev)" = "$tip" ]
'

test_expect_success 'rolled back by the new name, and applied again, nothing is lost' '
	expect_status 0 rollback 20250601000000_d && dump | diff after - &&
	expect_status 1 rollback $B && has "$ERR" "$C" &&
	expect_status 0 rollback $C && dump | diff before - &&
	pg_sql "UPDATE b SET v = v || 1" && expect_status 0 rollback $B &&
	is "SELECT to_regclass('"'b'"') IS NULL" t &&
	expect_status 0 apply --to $B && has "$ERR" "$B: [0-9]+ parked rows and values are back" &&
	is "SELECT v FROM b ORDER BY id" "one1 two1" &&
	expect_status 0 apply -q && dump >now && has_not now "one1"
'

test_expect_success 'a rollback learns the names as well' '
	git checkout -q main && git checkout -q -b again &&
	migration 20250201000000_e <<<"CREATE TABLE e (x int);" && expect_status 0 apply -q --out-of-order &&
	expect_status 0 rebase --onto main && git commit -q -m again &&
	expect_status 0 rollback $(basename migrations/*_e.sql .sql) &&
	is "SELECT name, status FROM git_migrate.migrations WHERE name LIKE '"'%_e'"'" "20260101100000_e|rolled_back" &&
	is "SELECT to_regclass('"'e'"') IS NULL" t
'

test_done
