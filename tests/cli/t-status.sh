#!/bin/bash
# git migrate status
. "$(dirname "$0")/lib.sh"

git migrate init -q && commit_all 'Set up'

test_expect_success 'no migrations' '
	expect_status 0 status &&
	has "$OUT" "^On target dev \(sqlite:dev.db\), commit $(git rev-parse --short=10 HEAD)$" &&
	has "$OUT" "^no migrations$" &&
	has "$ERR" "^hint: git migrate new" &&
	[ ! -e dev.db ] && expect_status 0 status --exit-code
'

for m in 20260101000000_a 20260102000000_b 20260103000000_c; do
	echo "CREATE TABLE ${m#*_} (x, y);" | migration $m
done

test_expect_success 'before the first apply everything is pending' '
	expect_status 0 status &&
	[ "$(grep -c "^pending  " "$OUT")" -eq 3 ] &&
	has "$OUT" "^3 pending$" &&
	has "$ERR" "^hint: git migrate apply runs what is not applied$" &&
	[ ! -e dev.db ] && [ ! -e dev.db-migrate-lock ] &&
	expect_status 1 status --exit-code && has "$OUT" "^3 pending$"
'

test_expect_success '... as JSON' '
	expect_status 0 status --json && [ ! -s "$ERR" ] &&
	[ "$(json "[.format, .target, .dialect, .database, .ledger, .schema, .shape, .url, .protected, .layout, .strays, .notes] | tojson")" = \
		"[1,\"dev\",\"sqlite\",null,null,null,null,\"sqlite:dev.db\",false,\"native\",[],[]]" ] &&
	[ "$(json .head)" = "$(git rev-parse HEAD)" ] &&
	[ "$(json ".migrations[0] | [.name, .version, .state, .commit, .source_commit, .snapshot, .applied_at, .duration_ms, .error, .path, .applied_blob, .out_of_order, .note] | tojson")" = \
		"[\"20260101000000_a\",\"20260101000000\",\"pending\",null,null,null,null,null,null,\"migrations/20260101000000_a.sql\",null,false,null]" ] &&
	[ "$(json ".migrations[0].blob")" = "$(git rev-parse HEAD:migrations/20260101000000_a.sql)" ]
'

test_expect_success 'applied: the time stands beside it' '
	expect_status 0 apply -q -n 2 &&
	expect_status 0 status &&
	has "$OUT" "^applied +20260101000000_a  20[0-9-]+T[0-9:]+Z$" &&
	has "$OUT" "^2 applied, 1 pending$" &&
	expect_status 0 status --json &&
	[ "$(json .ledger)" = "$(git rev-parse refs/migrate/ledger/dev)" ] &&
	[ "$(json .schema)" = "$(git rev-parse refs/migrate/ledger/dev:schema)" ] &&
	[ "$(json ".migrations[1].commit")" = "$(json .ledger)" ] &&
	[ "$(json ".migrations[1].source_commit")" = "$(git rev-parse HEAD)" ] &&
	[ "$(json ".migrations[1].applied_blob")" = "$(json ".migrations[1].blob")" ] &&
	json ".migrations[1].duration_ms" | grep -qE "^[0-9]+$"
'

test_expect_success 'every state at once' '
	expect_status 0 apply -q &&
	expect_status 0 rollback -q &&
	git checkout -q -b other &&
	printf "%s\n" "-- a comment" "create table A (x, y);" >migrations/20260101000000_a.sql &&
	echo "CREATE TABLE b (x, y, z);" >migrations/20260102000000_b.sql &&
	commit_all edits &&
	echo "CREATE TABLE f (x);" | migration 20260104000000_foreign &&
	echo "INSERT INTO nosuch VALUES (1);" | migration 20260105000000_fails &&
	echo "CREATE TABLE p (x);" | migration 20260106000000_pending &&
	git stash list >/dev/null &&
	echo "CREATE TABLE u (x);" >migrations/20260107000000_new.sql &&
	echo "CREATE TABLE p (x, y);" >migrations/20260106000000_pending.sql &&
	git show main:migrations/20260102000000_b.sql >keep.sql &&
	run_migrate apply --to foreign && [ "$STATUS" -eq 1 ] &&
	git checkout -q main -- migrations/20260102000000_b.sql &&
	git commit -qm "put b back" -- migrations/20260102000000_b.sql &&
	expect_status 0 apply -q --to foreign &&
	expect_status 128 apply -q &&
	git show other~4:migrations/20260102000000_b.sql >migrations/20260102000000_b.sql &&
	git rm -q migrations/20260104000000_foreign.sql &&
	git commit -qm "edit b again" -- migrations/20260102000000_b.sql migrations/20260104000000_foreign.sql &&
	expect_status 0 rollback -q --dry-run &&
	expect_status 0 status &&
	has "$OUT" "^applied +20260101000000_a .*edited since, but does the same$" &&
	has "$OUT" "^modified +20260102000000_b .*edited after it was applied$" &&
	has "$OUT" "^foreign +20260104000000_foreign .*not in this commit$" &&
	has "$OUT" "^failed +20260105000000_fails .*line 1: statement 1 of 1: no such table: nosuch$" &&
	has "$OUT" "^pending +20260106000000_pending$" &&
	has "$OUT" "^uncommitted +20260106000000_pending .*differs from the commit$" &&
	has "$OUT" "^uncommitted +20260107000000_new .*not committed$" &&
	has "$ERR" "^hint: uncommitted files are not applied: commit them, or use --worktree$"
'

test_expect_success '... counted, and in JSON' '
	expect_status 0 status --json &&
	[ "$(json ".counts | tojson")" = \
		"{\"applied\":2,\"pending\":1,\"failed\":1,\"rolled_back\":0,\"foreign\":1,\"modified\":1,\"uncommitted\":2}" ] &&
	[ "$(json "[.migrations[] | select(.state == \"failed\") | .error] | tojson")" = \
		"[\"line 1: statement 1 of 1: no such table: nosuch\"]" ] &&
	[ "$(json "[.migrations[] | select(.state == \"modified\") | .blob == .applied_blob] | tojson")" = "[false]" ] &&
	[ "$(json "[.migrations[] | select(.state == \"foreign\") | [.name, (.commit|length)]] | tojson")" = \
		"[[\"20260104000000_foreign\",40]]" ]
'

test_expect_success '--state filters the list, not the counts' '
	expect_status 0 status --state pending &&
	[ "$(grep -c 2026 "$OUT")" -eq 1 ] && has "$OUT" "1 pending" &&
	expect_status 0 status --state failed,modified &&
	[ "$(grep -cE "^(failed|modified) " "$OUT")" -eq 2 ] &&
	[ "$(grep -c "^uncommitted " "$OUT")" -eq 0 ] &&
	expect_status 0 status --state uncommitted --json &&
	[ "$(json ".migrations | length")" = 2 ] &&
	[ "$(json .counts.failed)" = 1 ] &&
	expect_status 0 status --state applied --json &&
	[ "$(json ".migrations | length")" = 2 ] &&
	expect_status 0 status --state rolled_back --json &&
	[ "$(json ".migrations | tojson")" = "[]" ] &&
	expect_status 0 status --state rolled-back &&
	expect_status 129 status --state pendin &&
	has "$ERR" "did you mean .pending.\?"
'

test_expect_success '-q lists, and says nothing else; no colour' '
	expect_status 0 status -q &&
	has_not "$OUT" "^On target" && [ ! -s "$ERR" ] &&
	[ "$(wc -l <"$OUT")" -eq 8 ] &&
	[ "$(tr -d "\n\40-\176" <"$OUT" | wc -c)" -eq 0 ]
'

test_expect_success '-v names the database and its ledger' '
	expect_status 0 status -v &&
	has "$OUT" "^Database [0-9a-f-]{36}, ledger $(git rev-parse refs/migrate/ledger/dev)$"
'

test_expect_success '--worktree takes uncommitted files as apply would' '
	expect_status 0 status --worktree &&
	has "$OUT" "^pending +20260107000000_new" &&
	has_not "$OUT" "^uncommitted"
'

test_expect_success 'status never writes to the database' '
	cp dev.db before.db && touch -d 2020-01-01 dev.db &&
	expect_status 0 status && cmp dev.db before.db &&
	[ "$(stat -c %Y dev.db)" -eq "$(date -d 2020-01-01 +%s)" ] &&
	rm before.db
'

test_expect_success 'out of order' '
	git checkout -q -f main && git clean -qfd migrations &&
	echo "CREATE TABLE late (x);" | migration 20260101120000_late &&
	expect_status 0 status &&
	has "$OUT" "^pending +20260101120000_late .*out of order" &&
	has "$ERR" "^hint: git migrate apply runs what is not applied$" &&
	git -c migrate.dev.protected=true migrate status 2>err &&
	has err "^hint: git migrate apply --out-of-order runs" &&
	expect_status 0 status --json --state pending &&
	[ "$(json ".migrations[0].out_of_order")" = true ]
'

test_expect_success '--rev reads another commit' '
	expect_status 0 status --rev other --json &&
	[ "$(json .head)" = "$(git rev-parse other)" ] &&
	[ "$(json "[.migrations[].name] | index(\"20260106000000_pending\") != null")" = true ] &&
	expect_status 128 status --rev nosuch && has "$ERR" "nosuch" &&
	expect_status 129 status --rev other --worktree
'

test_expect_success 'strays are warnings' '
	echo "SELECT 1;" >migrations/x_up.sql && commit_all stray &&
	expect_status 0 status &&
	has "$ERR" "^warning: (migrations/)?x_up.sql: " &&
	expect_status 0 status --json &&
	json ".strays[0].path" | grep -q "x_up.sql" &&
	[ -n "$(json ".strays[0].reason")" ]
'

test_expect_success 'what is half-written in the work tree does not stop it' '
	printf "%s\n" "-- migrate:nonsense" >migrations/20260301000000_wip.sql &&
	expect_status 0 status && rm migrations/20260301000000_wip.sql
'

test_expect_success 'the journal read with plain SQL says the same' '
	[ "$(sql "SELECT group_concat(n) FROM (SELECT status || count(*) AS n FROM git_migrate_migrations GROUP BY status ORDER BY status)" 2>&1)" = \
		"applied4,failed1" ]
'

test_done
