#!/bin/bash
# git migrate log, show and target
. "$(dirname "$0")/lib.sh"

git migrate init -q && commit_all 'Set up'

test_expect_success 'log before the first apply: nothing, and no database' '
	expect_status 0 log && [ ! -s "$OUT" ] && [ ! -e dev.db ] &&
	expect_status 0 log --json &&
	[ "$(json "[.format, .target, .events] | tojson")" = "[1,\"dev\",[]]" ]
'

migration 20260101000000_users <<\SQL
-- migrate:description Who can log in
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users (name) VALUES ('ann'), ('bob');
SQL
migration 20260102000000_upper <<\SQL
-- migrate:depends 20260101000000_users
UPDATE users SET name = upper(name);
SQL

test_expect_success 'show a pending migration: from the tree' '
	expect_status 0 show 20260101000000_users &&
	has "$OUT" "^migration 20260101000000_users$" &&
	has "$OUT" "^Path: +migrations/20260101000000_users.sql$" &&
	has "$OUT" "^State: +pending$" &&
	has "$OUT" "^SQL, in the tree:$" &&
	has "$OUT" "^    CREATE TABLE users" && [ ! -e dev.db ] &&
	expect_status 0 show upper --json &&
	[ "$(json "[.format, .target, .name, .version, .state, .path, .in_tree, .modified, .depends, .down_sql, .sql_from, .schema_diff, .snapshot_summary, .last] | tojson")" = \
		"[1,\"dev\",\"20260102000000_upper\",\"20260102000000\",\"pending\",\"migrations/20260102000000_upper.sql\",true,false,[\"20260101000000_users\"],null,\"tree\",null,null,null]" ] &&
	[ "$(json .sql)" = "$(cat migrations/20260102000000_upper.sql)" ]
'

test_expect_success 'log: newest first' '
	expect_status 0 apply -q && expect_status 0 rollback -q &&
	expect_status 0 log --oneline && [ ! -s "$ERR" ] &&
	[ "$(sed "s/^[0-9a-f]* *//; s/ (20.*//" "$OUT" | tr "\n" ,)" = \
		"rollback 20260102000000_upper,apply 20260102000000_upper,apply 20260101000000_users,init," ] &&
	[ "$(sed 1q "$OUT" | cut -d" " -f1)" = "$(git rev-parse --short=10 refs/migrate/ledger/dev)" ] &&
	[ "$(tr -d "\n\40-\176" <"$OUT" | wc -c)" -eq 0 ]
'

test_expect_success 'log in full' '
	expect_status 0 log &&
	has "$OUT" "^commit $(git rev-parse refs/migrate/ledger/dev)$" &&
	has "$OUT" "^Author: +A U Thor <author@example.com>$" &&
	has "$OUT" "^By: +C O Mitter <committer@example.com>$" &&
	has "$OUT" "^Source: +$(git rev-parse HEAD)$" &&
	has "$OUT" "^    apply 20260101000000_users$" &&
	has "$OUT" "^    Who can log in$" && has "$OUT" "^    \+table users$" &&
	has_not "$OUT" "ann"
'

test_expect_success 'log -n, log NAME' '
	expect_status 0 log --oneline -n 1 && [ "$(wc -l <"$OUT")" -eq 1 ] &&
	expect_status 0 log --oneline 20260102000000_upper &&
	[ "$(wc -l <"$OUT")" -eq 2 ] &&
	expect_status 0 log --oneline upper && [ "$(wc -l <"$OUT")" -eq 2 ] &&
	expect_status 128 log nosuch && has "$ERR" nosuch &&
	expect_status 129 log a b
'

test_expect_success 'log --json: the ids are those of the ledger' '
	expect_status 0 log --json &&
	json ".events[].commit" >a &&
	git log --format=%H refs/migrate/ledger/dev | cmp - a &&
	[ "$(json "[.events[].event] | tojson")" = "[\"rollback\",\"apply\",\"apply\",\"init\"]" ] &&
	[ "$(json "[.events[].status] | tojson")" = "[\"rolled_back\",\"applied\",\"applied\",null]" ] &&
	[ "$(json "[.events[].kind] | tojson")" = "[\"data\",\"data\",\"mixed\",null]" ] &&
	[ "$(json ".events[2].changes")" = "+table users" ] &&
	[ "$(json ".events[1].parent")" = "$(json ".events[2].commit")" ] &&
	[ "$(json ".events[2].description")" = "Who can log in" ]
'

test_expect_success 'a failure is in the log, without a commit' '
	printf "%s\n" "CREATE TABLE t (x);" "boom;" | migration 20260103000000_bad &&
	expect_status 128 apply -q &&
	expect_status 0 log -n 1 && has "$OUT" "20260103000000_bad" &&
	has "$OUT" "line 2: statement 2 of 2: near .boom.: syntax error" &&
	expect_status 0 log -n 1 --json &&
	[ "$(json ".events[0] | [.event, .status, .commit] | tojson")" = \
		"[\"failed\",\"failed\",null]" ] &&
	git rm -q migrations/20260103000000_bad.sql && commit_all drop
'

test_expect_success 'show: what the snapshot holds, never its rows' '
	expect_status 0 show 20260102000000_upper &&
	has "$OUT" "^State: +applied$" &&
	has "$OUT" "^Snapshot: +[0-9a-f]{40}$" &&
	has "$OUT" "^    users: 2 changed$" && has_not "$OUT" "ann" &&
	expect_status 0 show upper --json &&
	[ "$(json "[.sql_from, .last.event, .last.rows] | tojson")" = \
		"[\"journal\",\"apply\",2]" ] &&
	[ "$(json ".depends | tojson")" = "[\"20260101000000_users\"]" ]
'

test_expect_success 'show: the schema difference git would show' '
	expect_status 0 show users --json && json .schema_diff >a &&
	git diff --no-color "$(json .last.commit)~" "$(json .last.commit)" -- schema |
		grep "^[-+]" >b &&
	grep "^[-+]" a | cmp - b && grep -q "^+CREATE TABLE users" a
'

test_expect_success 'show: edited since, gone from the tree, down file' '
	cp migrations/20260101000000_users.sql keep &&
	echo "CREATE TABLE users (id);" >migrations/20260101000000_users.sql &&
	commit_all edit && expect_status 0 show users &&
	has "$OUT" "^State: +modified, modified since$|^State: +modified$" &&
	has "$OUT" "^SQL, as applied:$" && has "$OUT" "^    INSERT INTO users" &&
	git rm -q migrations/20260101000000_users.sql && git commit -qm gone &&
	sed -i /depends/d migrations/20260102000000_upper.sql && commit_all nodep &&
	expect_status 0 show 20260101000000_users &&
	has "$OUT" "not in this tree" &&
	mv keep migrations/20260101000000_users.sql && commit_all back
'

test_expect_success 'show a name that does not exist' '
	expect_status 128 show 20260101000000_user &&
	has "$ERR" "^hint: did you mean 20260101000000_users\?$" &&
	expect_status 128 show nosuch --json && json .error.message | grep -q nosuch &&
	expect_status 129 show
'

test_expect_success 'target: list, show' '
	git config migrate.prod.url sqlite:/nowhere/prod.db &&
	git config migrate.prod.protected true &&
	expect_status 0 target &&
	has "$OUT" "^\* dev +sqlite:dev.db +[0-9a-f-]{36}$" &&
	has "$OUT" "^  prod +sqlite:/nowhere/prod.db +protected$" &&
	cp "$OUT" a && expect_status 0 target list && cmp a "$OUT" &&
	expect_status 0 target list --json &&
	[ "$(json "[.targets[] | [.name, .url, .default, .protected]] | tojson")" = \
		"[[\"dev\",\"sqlite:dev.db\",true,false],[\"prod\",\"sqlite:/nowhere/prod.db\",false,true]]" ] &&
	expect_status 0 target show && cp "$OUT" a &&
	has a "^Ledger: +$(git rev-parse refs/migrate/ledger/dev)$" &&
	has a "^Protected: +no$" &&
	expect_status 0 target show dev && cmp a "$OUT" &&
	expect_status 0 target show --json &&
	[ "$(json .schema)" = "$(git rev-parse refs/migrate/ledger/dev:schema)" ] &&
	[ "$(json .database)" = "$(sql "SELECT value FROM git_migrate_meta WHERE key = \"uuid\"" 2>&1)" ] &&
	expect_status 128 target show nosuch
'

test_expect_success 'without its database the log is read from the ledger' '
	expect_status 0 log --json && cp "$OUT" with &&
	mv dev.db away.db && expect_status 0 log --json && cp "$OUT" without &&
	mv away.db dev.db && [ ! -e without.db ] &&
	for key in event name commit source_commit snapshot; do
		jq -c "[.events[] | select(.commit) | .$key]" with >a && jq -c "[.events[].$key]" without >b &&
			cmp a b || return 1
	done
'

test_expect_success 'a password is never shown' '
	git config migrate.pg.url postgresql://u:hunter2@h/d &&
	expect_status 0 target && has "$OUT" "u:\*\*\*@h" &&
	has_not "$OUT" hunter2 &&
	run_migrate status -t pg && [ "$STATUS" -ne 0 ] &&
	has_not "$OUT" hunter2 && has_not "$ERR" hunter2
'

test_done
