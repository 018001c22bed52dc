#!/bin/bash
# PostgreSQL: several runs at once, alone and through a pooler; locks that
# others hold; lost locks; Ctrl-C
. "$(dirname "$0")/lib.sh"
pg_need

# a table and a repository with these migrations (one a line) in a new database
fresh() {
	local n=0 line

	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db || return
	pg_sql 'CREATE TABLE t (a int); CREATE TABLE log (id serial, what text);
		INSERT INTO t SELECT generate_series(1, 100)' &&
		git migrate init -q --url "$URL" && commit_all 'Set up' && mkdir -p migrations || return
	for line; do
		n=$((n + 1))
		printf '%s\n' "$line" >"migrations/${n}_m.sql"
	done
	git add -A && git commit -qm 'Migrations'
}

logs() { # <n>: INSERTs that log 1 to n
	seq "$1" | sed 's/.*/INSERT INTO log (what) VALUES (&);/'
}

logged() {
	pg_sql "SELECT string_agg(what, ' ' ORDER BY id) FROM log"
}

# once <names>: every migration ran once, journal and ledger agree
once() {
	[ "$(logged)" = "$1" ] || { logged && return 1; }
	expect_status 0 status --exit-code &&
		[ -z "$(pg_sql "SELECT name FROM git_migrate.history WHERE status = 'applied' GROUP BY 1 HAVING count(*) > 1")" ] &&
		[ "$(git rev-parse refs/migrate/ledger/dev)" = "$(pg_sql "SELECT commit_hash
			FROM git_migrate.history WHERE commit_hash IS NOT NULL
			ORDER BY seq DESC LIMIT 1")" ] &&
		git fsck --strict --no-dangling >"$TRASH/fsck" 2>&1 && [ ! -s "$TRASH/fsck" ]
}

# at_once <n> <url>: so many runs, each from a clone of its own but for the first
at_once() {
	local i pids=()

	rm -rf "$TRASH"/many && mkdir "$TRASH/many"
	for i in $(seq "$1"); do
		[ $((i % 2)) -eq 1 ] || git clone -q . "$TRASH/many/$i"
	done
	for i in $(seq "$1"); do
		(
			[ $((i % 2)) -eq 1 ] || cd "$TRASH/many/$i" || exit
			exec git-migrate apply -t dev >"$TRASH/many/out.$i" 2>"$TRASH/many/err.$i" </dev/null
		) &
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		wait "$i" || { cat "$TRASH"/many/err.* && return 1; }
	done
}

# the session that holds the runner lock
holder() {
	pg_sql "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
}

start() { # git migrate ... in the background, output in $TRASH/bg.*
	git-migrate "$@" >"$TRASH/bg.out" 2>"$TRASH/bg.err" </dev/null &
	bg=$!
}

stopped() { # <status>: it ended so
	local s=0

	wait "$bg" || s=$?
	[ "$s" -eq "$1" ] && return
	echo "status $s" && cat "$TRASH/bg.out" "$TRASH/bg.err" && return 1
}

running() { # <part of a statement>: somebody runs it
	[ -n "$(pg_sql "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()
		AND application_name = 'git-migrate' AND datname = current_database() AND query LIKE '%$1%'")" ]
}

# --- what takes long goes on beside the others ---

# a pool of one connection, and a lock that is never let go
slow_pool() {
	fresh "$(logs 1)" && pg_bouncer 1 && git config migrate.dev.url "$URL" &&
		cd "$TRASH" && rm -rf slow_pool && mv pg slow_pool && cd slow_pool || return
	{
		git-migrate apply >"$TRASH/pool.out" 2>"$TRASH/pool.err" </dev/null
		echo $? >"$TRASH/pool.status"
	} &
	slow_pool_pid=$! slow_pool_direct=$PG_DIRECT
}

slow_lock() {
	fresh '-- migrate:lock-timeout 100ms
INSERT INTO log (what) VALUES (1);
ALTER TABLE t ADD COLUMN b int;' && pg_hold 'LOCK TABLE t IN ACCESS SHARE MODE' && slow_hold=${PG_HOLDS[-1]} &&
		slow_pid=$(pg_sql "SELECT pid FROM pg_stat_activity WHERE application_name = 'hold' AND datname = current_database()") &&
		cd "$TRASH" && rm -rf slow_lock && mv pg slow_lock && cd slow_lock || return
	PG_HOLDS=()
	{
		git-migrate apply >"$TRASH/lock.out" 2>"$TRASH/lock.err" </dev/null
		echo $? >"$TRASH/lock.status"
	} &
	slow_lock_pid=$! slow_lock_direct=$PG_DIRECT
}

test_expect_success 'two runs that take long begin' 'slow_pool && slow_lock'

# --- runs at once ---

test_expect_success 'two at once: each migration runs once' '
	fresh "$(logs 1)" "INSERT INTO log (what) SELECT 2 FROM pg_sleep(0.2);" "CREATE TABLE z (id int);" && at_once 2 && once "1 2" &&
	[ "$(cat "$TRASH"/many/out.* | grep -c "^applied ")" -eq 3 ]
'

test_expect_success 'ten at once' '
	fresh "$(logs 2)" "INSERT INTO log (what) SELECT 3 FROM pg_sleep(0.1);" && at_once 10 && once "1 2 3" &&
	[ "$(cat "$TRASH"/many/out.* | grep -c "^applied ")" -eq 2 ] && [ "$(pg_sql "SELECT count(*) FROM git_migrate.history")" = 3 ]
'

test_expect_success 'two and ten at once through a pooler of transactions' '
	fresh "$(logs 1)" "INSERT INTO log (what) SELECT 2 FROM pg_sleep(0.2);" "CREATE INDEX CONCURRENTLY t_a ON t (a);" && pg_bouncer 30 &&
	git config -f .gitmigrate migrate.dev.url "$URL" && commit_all url && at_once 2 && once "1 2" &&
	mkdir -p migrations && logs 1 | sed s/1/3/ | migration 4_m && at_once 10 && once "1 2 3" && [ "$(pg_sql "SELECT count(*) FROM git_migrate.history WHERE name = \$\$4_m\$\$")" = 1 ]
'

test_expect_success 'a pooler: rows are kept and brought back as without' '
	fresh "$(logs 3)" "DELETE FROM log WHERE id < 3;" && pg_bouncer 5 && git config migrate.dev.url "$URL" &&
	expect_status 0 apply && [ "$(logged)" = 3 ] && expect_status 0 rollback && [ "$(logged)" = "1 2 3" ]
'

test_expect_success 'one waits, says for whom, and then finds nothing to do' '
	fresh "$(printf "%s\n" "-- migrate:lock-timeout 60s" "LOCK TABLE t;" "INSERT INTO log (what) VALUES (1);")" &&
	pg_hold "LOCK TABLE t" && start apply && until_true running "LOCK TABLE" && pid=$(holder) &&
	expect_status 128 apply --lock-timeout 0 && has "$ERR" "^(error|fatal): another run is going on: process $pid \(tester@git-migrate" && has "$ERR" "^hint: .*--lock-timeout" &&
	expect_status 0 status && expect_status 0 log &&
	{ git-migrate apply >"$OUT" 2>"$ERR" </dev/null & } && second=$! && until_true grep -q waiting "$ERR" && pg_release &&
	stopped 0 && wait $second && has "$ERR" "^hint: waiting for another run: process $pid " && has "$OUT" "^nothing to apply" && once 1
'

test_expect_success 'the one who holds the lock is killed: it is free' '
	fresh "INSERT INTO log (what) SELECT 1 FROM pg_sleep(30);" && start apply && until_true running pg_sleep && kill -9 $bg && stopped 137 &&
	pg_sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ \$\$pg_sleep\$\$ AND pid <> pg_backend_pid() AND datname = current_database()" >/dev/null &&
	echo "INSERT INTO log (what) VALUES (1);" >migrations/1_m.sql && commit_all mend && expect_status 0 apply && once 1
'

test_expect_success 'the connection with the lock is cut while a statement runs: nothing runs twice' '
	fresh "$(logs 1)" "INSERT INTO log (what) SELECT 2 FROM pg_sleep(0.7);" "INSERT INTO log (what) VALUES (3);" && expect_status 0 apply -q -n 1 &&
	start apply && until_true running pg_sleep && pg_sql "SELECT pg_terminate_backend($(holder))" &&
	run_migrate apply && cat "$ERR" "$TRASH/bg.err" && { wait $bg; true; } && grep -hE "^(error|fatal)" "$ERR" "$TRASH/bg.err" >errors; cat errors
	! grep -vE "another run|runner lock|terminating connection" errors && expect_status 0 apply && once "1 2 3"
'

test_expect_success '... and the statement then fails for it: that is what is told' '
	fresh "$(logs 1)" "INSERT INTO log (what) SELECT 2 FROM pg_sleep(0.7);" && expect_status 0 apply -q -n 1 &&
	start apply && until_true running pg_sleep && pg_sql "SELECT pg_terminate_backend($(holder))" &&
	stopped 128 && has "$TRASH/bg.err" "^fatal: 2_m: the connection that holds the runner lock is lost; nothing of it has changed$" &&
	has "$TRASH/bg.err" "^hint: run the command again$" && [ "$(wc -l <"$TRASH/bg.err")" -eq 2 ] &&
	[ "$(logged)" = 1 ] && expect_status 0 status && has "$OUT" "^pending +2_m" && expect_status 0 apply && once "1 2"
'

test_expect_success '... by the network' '
	fresh "$(logs 1)" "INSERT INTO log (what) SELECT 2 FROM pg_sleep(3);" "INSERT INTO log (what) VALUES (3);" && expect_status 0 apply -q -n 1 &&
	pg_proxy && git config migrate.dev.url "$URL" && start apply && until_true running pg_sleep && pg_proxy_cut && stopped 128 &&
	has "$TRASH/bg.err" "^(error|fatal): .*2_m.*the connection to the server is lost" && pg_proxy_end && git config --unset migrate.dev.url &&
	expect_status 0 apply && once "1 2 3"
'

test_expect_success '... between statements that stand alone: the next is not begun' '
	fresh "$(printf "%s\n" "CREATE INDEX CONCURRENTLY t_a ON t (a);" "CREATE INDEX CONCURRENTLY t_b ON t (a);")" &&
	pg_hold "LOCK TABLE t IN ROW EXCLUSIVE MODE" && start apply && until_true running CONCURRENTLY && pg_sql "SELECT pg_terminate_backend($(holder))" && pg_release &&
	stopped 128 && has "$TRASH/bg.err" "^error: .*1_m.*the connection that holds the runner lock is lost" && has "$TRASH/bg.err" "^hint: .*run the command again" &&
	[ "$(pg_sql "SELECT to_regclass(\$\$t_b\$\$) IS NULL")" = t ] && expect_status 0 apply && once ""
'

# --- beside CREATE INDEX CONCURRENTLY ---

test_expect_success 'beside an index that another session builds' '
	fresh "INSERT INTO log (what) SELECT 1 FROM pg_sleep(2);" && pg_hold "LOCK TABLE t IN ROW EXCLUSIVE MODE" &&
	{ "${PSQL[@]}" -c "CREATE INDEX CONCURRENTLY t_a ON t (a)" "$PG_DIRECT" >"$TRASH/cic" 2>&1 & } && cic=$! &&
	start apply && until_true running pg_sleep && pg_release && wait $cic && stopped 0 && once 1
'

test_expect_success 'an index of our own, while other runs wait' '
	fresh "CREATE INDEX CONCURRENTLY t_a ON t (a);" "REINDEX INDEX CONCURRENTLY t_a;" "INSERT INTO log (what) VALUES (1);" && pg_hold "LOCK TABLE t IN ROW EXCLUSIVE MODE" &&
	start apply && until_true running CONCURRENTLY && { git-migrate apply >"$OUT" 2>"$ERR" </dev/null & } && second=$! &&
	until_true grep -q waiting "$ERR" && pg_release && stopped 0 && wait $second && has "$OUT" "^nothing to apply" && once 1 &&
	[ "$(pg_sql "SELECT count(*) FROM pg_index WHERE indrelid = \$\$t\$\$::regclass AND indisvalid")" = 1 ]
'

# --- locks of others ---

test_expect_success 'a table that is locked for a moment: tried again' '
	fresh "-- migrate:lock-timeout 100ms
INSERT INTO log (what) VALUES (1);
ALTER TABLE t ADD COLUMN b int;" && pg_hold "LOCK TABLE t IN ACCESS SHARE MODE" && start apply && until_true grep -q "trying again" "$TRASH/bg.err" && pg_release &&
	stopped 0 && has "$TRASH/bg.err" "^hint: migrations/1_m.sql:3: statement 2 of 2: .*lock timeout.*; trying again$" && once 1 && [ "$(pg_sql "SELECT count(b) FROM t")" = 0 ]
'

test_expect_success 'a deadlock: tried again' '
	fresh "INSERT INTO log (what) VALUES (1);
LOCK TABLE t;
SELECT pg_sleep(0.5);
LOCK TABLE u;" && pg_sql "CREATE TABLE u (a int); ALTER DATABASE $(pg_sql "SELECT current_database()") SET deadlock_timeout = 200" &&
	start apply && until_true running pg_sleep && { "${PSQL[@]}" -c "SET deadlock_timeout = 10; BEGIN; LOCK TABLE u; LOCK TABLE t; SELECT 1; COMMIT" "$PG_DIRECT" >"$TRASH/other" 2>&1 & } && other=$! &&
	stopped 0 && wait $other && has "$TRASH/bg.err" "^hint: .*deadlock detected.*; trying again$" && once 1
'

test_expect_success 'the meta row is held by somebody: no run begins, none is hung' '
	fresh "$(logs 1)" "INSERT INTO log (what) VALUES (2);" && expect_status 0 apply -q -n 1 && pg_hold "SELECT FROM git_migrate.meta FOR UPDATE" &&
	start apply --lock-timeout 100ms && until_true grep -q "trying again" "$TRASH/bg.err" && pg_release && stopped 0 && once "1 2"
'

# --- Ctrl-C ---

for sig in INT TERM; do
	test_expect_success "SIG$sig in a long statement: undone, and the server stops it" '
		fresh "$(logs 1)" "INSERT INTO log (what) SELECT 2 FROM pg_sleep(60);" && start apply && until_true running pg_sleep && kill -'$sig' $bg && { wait $bg; s=$?; } &&
		{ [ $s -eq 130 ] || [ $s -eq 143 ]; } && until_true eval "! running pg_sleep" && [ "$(logged)" = 1 ] && has "$TRASH/bg.err" "^(error|fatal): .*interrupt" &&
		expect_status 0 status && has "$OUT" "^pending +2_m"
	'
done

test_expect_success '... while waiting for a lock, and for another run' '
	fresh "ALTER TABLE t ADD COLUMN b int;" && pg_hold "LOCK TABLE t IN ACCESS SHARE MODE" && start apply && until_true running ALTER &&
	{ git-migrate apply >"$OUT" 2>"$ERR" </dev/null & } && second=$! && until_true grep -q waiting "$ERR" && kill -INT $second && { wait $second; [ $? -eq 130 ]; } &&
	kill -INT $bg && stopped 130 && pg_release && expect_status 0 apply && once ""
'

# --- the slow ones ---

test_expect_success 'a table that stays locked: fails, and names who is in the way' '
	wait $slow_lock_pid; cd "$TRASH/slow_lock" && PG_DIRECT=$slow_lock_direct && cat "$TRASH/lock.err" && [ "$(cat "$TRASH/lock.status")" -eq 128 ] &&
	has "$TRASH/lock.err" "^(error|fatal): migrations/1_m.sql:3:1: statement 2 of 2: canceling statement due to lock timeout \(SQLSTATE 55P03\)$" &&
	has "$TRASH/lock.err" "^hint: in the way: process $slow_pid \(tester@hold, in its transaction for [0-9]+ s, last statement: BEGIN; LOCK TABLE t" &&
	[ "$(grep -c "trying again" "$TRASH/lock.err")" -ge 3 ] && expect_status 0 status && has "$OUT" "^(failed|pending) +1_m" &&
	PG_HOLDS=("$slow_hold") && pg_release && expect_status 0 apply && once 1
'

test_expect_success 'a pool of one connection is refused' '
	wait $slow_pool_pid; cd "$TRASH/slow_pool" && PG_DIRECT=$slow_pool_direct && cat "$TRASH/pool.err" && [ "$(cat "$TRASH/pool.status")" -eq 128 ] &&
	has "$TRASH/pool.err" "^(error|fatal): second connection: " && has "$TRASH/pool.err" "^hint: .*two connections.*default_pool_size" && [ -z "$(logged)" ] &&
	[ "$(pg_sql "SELECT to_regnamespace(\$\$git_migrate\$\$) IS NULL")" = t ] && expect_status 0 status && git config migrate.dev.url "$PG_DIRECT" && expect_status 0 apply && once 1
'

test_done
