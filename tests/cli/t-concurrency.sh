#!/bin/bash
# Two runs at once, a reader beside one, and Ctrl-C
. "$(dirname "$0")/lib.sh"

# counts for a while: SQL that takes about a second per million
count_to() {
	echo "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) INSERT INTO t SELECT count(*) FROM n;"
}

fresh() { # <how long the second one takes>
	cd "$TRASH" && rm -rf two && scratch_repo two && git migrate init -q &&
		echo 'CREATE TABLE t (x);' | migration 1_first &&
		count_to "$1" | migration 2_slow && echo 'CREATE TABLE z (x);' | migration 3_last
}

# wait until a run holds the lock and is behind its first migration
wait_running() {
	local i

	for i in $(seq 200); do
		flock -n dev.db-migrate-lock true 2>/dev/null || break
		sleep 0.01
	done
	for i in $(seq 200); do
		[ -s "$TRASH/places" ] && grep -q '^statement$' "$TRASH/places" && return 0
		[ -z "$have_points" ] && sleep 0.3 && return 0
		sleep 0.01
	done
}

git migrate init -q && commit_all a && echo 'CREATE TABLE a (x);' | migration 1_a
GIT_MIGRATE_CRASH_LOG=$TRASH/probe git migrate apply -q
have_points=
[ ! -s "$TRASH/probe" ] || have_points=yes

start() { # git migrate ... in the background, output in $TRASH/bg.*
	: >"$TRASH/places"
	GIT_MIGRATE_CRASH_LOG=$TRASH/places git-migrate "$@" >"$TRASH/bg.out" 2>"$TRASH/bg.err" </dev/null &
	bg=$!
	wait_running
}

stopped() { # its status in $bg_status
	bg_status=0
	wait "$bg" || bg_status=$?
}

test_expect_success 'two applies: one waits, then finds nothing to do' '
	fresh 5000000 && start apply && expect_status 0 apply &&
	has "$ERR" "^hint: waiting for another run: process $bg on " &&
	has "$OUT" "^nothing to apply: dev is up to date$" &&
	stopped && [ "$bg_status" -eq 0 ] && has "$TRASH/bg.out" "^3 migrations applied" &&
	[ "$(sql "SELECT count(*) FROM git_migrate_history")" = 4 ] && git fsck --strict
'

test_expect_success 'many at once: each migration runs once' '
	fresh 300000 && for i in 1 2 3 4 5; do
		git-migrate apply >"$TRASH/out.$i" 2>&1 </dev/null &
	done && wait &&
	[ "$(cat "$TRASH"/out.[1-5] | grep -c "^applied ")" -eq 3 ] &&
	[ "$(cat "$TRASH"/out.[1-5] | grep -cE "^(fatal|error)")" -eq 0 ] &&
	[ "$(sql "SELECT count(*) FROM t")" = 1 ] && [ "$(sql "SELECT count(*) FROM git_migrate_history")" = 4 ] &&
	expect_status 0 status --exit-code && git fsck --strict
'

test_expect_success '--lock-timeout: gives up, names who holds it' '
	fresh 8000000 && start apply && expect_status 1 apply --lock-timeout 0 &&
	has "$ERR" "^error: .*$bg" && has "$ERR" "^hint: " &&
	expect_status 1 rollback --lock-timeout 100ms &&
	expect_status 1 apply --lock-timeout 100ms --json && [ "$(json .ok)" = false ] &&
	git -c migrate.dev.lockTimeout=50ms migrate apply 2>/dev/null && return 1
	stopped && [ "$bg_status" -eq 0 ] && expect_status 0 status --exit-code
'

test_expect_success 'status and log beside a run disturb neither' '
	fresh 6000000 && start apply && n=0 &&
	while kill -0 "$bg" 2>/dev/null && [ $n -lt 20 ]; do
		expect_status 0 status --json || return 1
		[ "$(json .counts.failed)" = 0 ] && expect_status 0 log --oneline || return 1
		n=$((n + 1))
	done && [ $n -ge 2 ] && stopped && [ "$bg_status" -eq 0 ] &&
	has "$TRASH/bg.out" "^3 migrations applied" && expect_status 0 status --exit-code
'

test_expect_success '... and in WAL mode' '
	fresh 6000000 && sqlite3 dev.db "PRAGMA journal_mode = wal" && start apply &&
	expect_status 0 status && expect_status 0 log &&
	stopped && [ "$bg_status" -eq 0 ] && expect_status 0 status --exit-code
'

for sig in INT TERM; do
	case $sig in
	INT) want=130 ;;
	*) want='1(30|43)' ;;
	esac
	test_expect_success "SIG$sig in a long statement: the running one is undone" '
		fresh 2000000000 && start apply --no-group && kill -'$sig' "$bg" && stopped &&
		echo "$bg_status" | grep -qxE "'$want'" &&
		[ "$(sql "SELECT group_concat(name) FROM git_migrate_migrations")" = 1_first ] &&
		[ "$(sql "SELECT count(*) FROM t")" = 0 ] &&
		[ "$(sql "SELECT count(*) FROM git_migrate_history")" = 2 ] &&
		has "$TRASH/bg.out" "^applied 1_first" && has "$TRASH/bg.out" "^1 migration applied" &&
		has "$TRASH/bg.err" "^(error|fatal): .*interrupt" && [ "$(wc -l <"$TRASH/bg.err")" -le 2 ] &&
		[ "$(git rev-parse refs/migrate/ledger/dev)" = "$(sql "SELECT commit_hash FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" ] &&
		[ ! -e dev.db-journal ] && expect_status 0 status && has "$OUT" "^pending +2_slow" && git fsck --strict
	'
done

test_expect_success 'Ctrl-C in the middle of a group keeps what was finished' '
	fresh 2000000000 && start apply && kill -INT "$bg" && stopped && [ "$bg_status" -eq 130 ] &&
	[ "$(sql "SELECT group_concat(name) FROM git_migrate_migrations")" = 1_first ] &&
	expect_status 0 apply -n 1 --dry-run && has "$OUT" "^apply 2_slow"
'

test_expect_success 'Ctrl-C while waiting for another run' '
	fresh 8000000 && start apply && { git-migrate apply >"$OUT" 2>"$ERR" </dev/null & } && second=$! &&
	sleep 0.3 && kill -INT $second && s=0 && { wait $second || s=$?; } && [ "$s" -eq 130 ] &&
	stopped && [ "$bg_status" -eq 0 ] && expect_status 0 status --exit-code
'

test_expect_success 'another program writes meanwhile: waited for, then done' '
	fresh 10 && { sqlite3 dev.db "CREATE TABLE other (x); BEGIN IMMEDIATE; INSERT INTO other VALUES (1);" ".system sleep 0.5" "COMMIT;" & } && writer=$! && sleep 0.2 &&
	expect_status 0 apply && wait $writer && [ "$(sql "SELECT count(*) FROM other")" = 1 ] && expect_status 0 rollback -n 3
'

test_expect_success '... and for too long: says the database is locked, changes nothing' '
	fresh 10 && { sqlite3 dev.db "CREATE TABLE o (x); BEGIN IMMEDIATE" ".system sleep 2" "COMMIT" & } && writer=$! && sleep 0.3 &&
	run_migrate apply --lock-timeout 200ms && [ "$STATUS" -ne 0 ] && has "$ERR" "^(fatal|error): .*(locked|busy|another program|writing)" && has "$ERR" "^hint: " &&
	wait $writer && expect_status 0 apply
'

test_done
