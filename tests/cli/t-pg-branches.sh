#!/bin/bash
# PostgreSQL: a database for each branch
#
# environment: TEST_LONG  100 copies killed at random
#              TEST_SEED  of the random times
. "$(dirname "$0")/lib.sh"
pg_need
pg_server_private -c fsync=off || exit 128
pg_db || exit 128
DB=$(pg_sql 'SELECT current_database()')
"${PSQL[@]}" -c "ALTER DATABASE $DB RENAME TO app" "$PG_ADMIN" || exit 128
URL=$(pg_uri "$PG_ADMIN" app) PG_DIRECT=$URL

git migrate init -q --url "$URL" &&
	git config migrate.dev.url "$URL" &&
	git config migrate.dev.reconcile clone &&
	git migrate hooks install -q && rm -f .git/hooks/*.sample &&
	commit_all 'Set up' &&
	migration 1_users <<<'CREATE TABLE users (id int PRIMARY KEY, name text);' &&
	git migrate apply -q &&
	pg_sql "INSERT INTO users VALUES (1, 'ann')" || exit 128

on() { # <database> <statements>
	"${PSQL[@]}" -c "$2" "$(pg_uri "$PG_ADMIN" "$1")"
}

dbs() {
	pg_sql "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'app%'"
}

gives() { # git, with what it says in $ERR
	git "$@" >"$OUT" 2>"$ERR" </dev/null
}

test_expect_success 'a new branch: a copy with data, settings, grants, and a uuid of its own' '
	pg_sql "CREATE ROLE reader; ALTER DATABASE app SET search_path = \"\$user\", public, \"a b\";
		ALTER DATABASE app SET work_mem = '\''9MB'\''; REVOKE CONNECT ON DATABASE app FROM PUBLIC;
		GRANT CONNECT ON DATABASE app TO reader" && expect_status 0 apply -q &&
	gives switch -c feature/x && has "$ERR" "^branch .feature/x. has a database of its own now: postgresql://.*/app_feature_x_[0-9a-f]{8}\?.*, a copy of that of .main.$" &&
	name=$(pg_sql "SELECT datname FROM pg_database WHERE datname LIKE '\''app\\_feature\\_x%'\''") &&
	[ "$(on $name "SELECT name FROM users")" = ann ] &&
	[ "$(on $name "SHOW search_path")" = "$(pg_sql "SHOW search_path")" ] && [ "$(on $name "SHOW work_mem")" = 9MB ] &&
	[ "$(on $name "SELECT has_database_privilege('\''reader'\'', '\''$name'\'', '\''CONNECT'\''), (SELECT count(*) FROM aclexplode((SELECT datacl FROM pg_database WHERE datname = '\''$name'\'')) WHERE grantee = 0 AND privilege_type = '\''CONNECT'\'')")" = "t|0" ] &&
	[ "$(on $name "SELECT event FROM git_migrate.history ORDER BY seq DESC LIMIT 1")" = fork ] &&
	[ "$(on $name "SELECT value FROM git_migrate.meta WHERE key = '\''branch'\''")" = feature/x ] &&
	expect_status 0 status --exit-code && git fsck --strict
'

test_expect_success 'each branch keeps its own; the database of a deleted one goes' '
	migration 2_mail <<<"ALTER TABLE users ADD COLUMN mail text;" && expect_status 0 apply &&
	gives switch -q main && [ ! -s "$ERR" ] && expect_status 0 status --exit-code && has_not "$OUT" mail &&
	git branch -q -D feature/x && gives switch -c b && has "$ERR" "^removed postgresql://.*/app_feature_x_.*, which is gone$" &&
	[ "$(dbs)" = "app app_b" ]
'

test_expect_success 'somebody is connected: named, nothing made; then it is' '
	gives switch -q main && pg_hold "SELECT 1" && gives switch -c c &&
	has "$ERR" "^error: dev: database .app. cannot be copied while others are connected: hold of .* \(pid [0-9]+\)$" &&
	[ "$(dbs)" = "app app_b" ] && expect_status 1 apply &&
	has "$ERR" "^error: branch .c. has no database of its own yet$" &&
	expect_status 0 status && has "$ERR" "^warning: branch .c. has no database" && pg_release &&
	expect_status 0 reconcile && [ "$(dbs)" = "app app_b app_c" ]
'

test_expect_success 'somebody is connected to one that is to go: named, and it stays' '
	gives switch -q main && PG_DIRECT=$(pg_uri "$PG_ADMIN" app_c) && pg_hold "SELECT 1" && git branch -q -D c &&
	expect_status 1 branches prune && has "$ERR" "app_c. cannot be removed while others are connected: hold of " &&
	pg_release; PG_DIRECT=$URL && [ "$(dbs)" = "app app_b app_c" ] && expect_status 0 branches prune &&
	[ "$(dbs)" = "app app_b" ]
'

test_expect_success 'what was not made as a copy is neither used nor removed' '
	expect_status 1 branches remove main && on postgres "DROP DATABASE app_b" && on postgres "CREATE DATABASE app_b" &&
	expect_status 1 branches remove b && has "$ERR" "is not the copy that was made" && gives switch -q b &&
	expect_status 1 apply && has "$ERR" "was not made for it" && [ "$(dbs)" = "app app_b" ] &&
	on postgres "DROP DATABASE app_b" && expect_status 0 reconcile && expect_status 0 status --exit-code
'

test_expect_success 'no right to make databases: said, with the command' '
	pg_sql "CREATE ROLE plain LOGIN; GRANT CONNECT ON DATABASE app TO plain; GRANT ALL ON SCHEMA git_migrate, public TO plain;
		GRANT ALL ON ALL TABLES IN SCHEMA git_migrate TO plain" && GIT_MIGRATE_SKIP=1 git switch -q -c d main &&
	git config migrate.dev.url "$(echo "$URL" | sed "s,//[^/]*/,//plain@/,")" && expect_status 128 reconcile &&
	has "$ERR" "permission denied to create database" && has "$ERR" "^hint: .*ALTER ROLE .plain. CREATEDB" &&
	git config migrate.dev.url "$URL" && [ "$(dbs)" = "app app_b" ]
'

for place in copy-made copy-adopted copy-identified; do
	test_expect_success "killed at $place: the next command finishes it" '
		git switch -q main && GIT_MIGRATE_SKIP=1 git switch -q -c k-'$place' &&
		! GIT_MIGRATE_CRASH='$place' git migrate reconcile >"$OUT" 2>&1 &&
		expect_status 0 reconcile && expect_status 0 status --exit-code && expect_status 0 branches &&
		has_not "$OUT" unfinished && [ "$(on "app_k-'$place'" "SELECT name FROM users")" = ann ] &&
		[ "$(on "app_k-'$place'" "SELECT count(*) FROM git_migrate.history WHERE event = '\''fork'\''")" -eq 1 ]
	'
done

test_expect_success 'killed, and the branch deleted: what was left goes' '
	git switch -q main && for place in copy-made copy-identified; do
		GIT_MIGRATE_SKIP=1 git switch -q -c e && ! GIT_MIGRATE_CRASH=$place git migrate reconcile >"$OUT" 2>&1 &&
		GIT_MIGRATE_SKIP=1 git switch -q main && git branch -q -D e && dbs | grep -q app_e &&
		expect_status 0 branches prune && ! dbs | grep -q app_e || return 1
	done
'

# a copy is whole or is none; nothing of it stays when its branch is gone
mends() {
	until_true eval '[ "$(on postgres "SELECT count(*) FROM pg_stat_activity
		WHERE datname LIKE \$\$app%\$\$ OR query LIKE \$\$CREATE DATABASE%\$\$ AND pid <> pg_backend_pid()")" = 0 ]' &&
		expect_status 0 reconcile -q && expect_status 0 status --exit-code &&
		[ "$(dbs)" = "$others app_r" ] && [ "$(on app_r "SELECT count(*) FROM many")" = 20000 ] &&
		[ "$(on app_r "SELECT count(*) FROM git_migrate.history WHERE event = \$\$fork\$\$")" = 1 ] &&
		[ "$(on app_r "SELECT value FROM git_migrate.meta WHERE key = \$\$uuid\$\$")" != \
			"$(pg_sql "SELECT value FROM git_migrate.meta WHERE key = \$\$uuid\$\$")" ] &&
		expect_status 0 branches && has_not "$OUT" unfinished && GIT_MIGRATE_SKIP=1 git switch -q main &&
		expect_status 0 branches remove r && [ "$(dbs)" = "$others" ] && git branch -q -D r
}

began() {
	GIT_MIGRATE_SKIP=1 git switch -q -c r main
}

if [ -n "${TEST_LONG-}" ]; then
	kills=100 others=$(dbs) RANDOM=${TEST_SEED-$RANDOM}
	pg_sql "CREATE TABLE many AS SELECT x, md5(x::text) FROM generate_series(1, 20000) x"
	test_expect_success "copies killed $kills times at random: the next command makes them whole" '
		began && start=$(date +%s%N) && git migrate reconcile -q && end=$(date +%s%N) && mends || return 1
		ms=$(((end - start) / 1000000)) n=0
		while [ $n -lt $kills ]; do
			n=$((n + 1))
			rm -f "$TRASH/passed" && began || return 1
			GIT_MIGRATE_CRASH_LOG=$TRASH/passed git-migrate reconcile -q >/dev/null 2>&1 & pid=$!
			when=$((RANDOM % (ms * 5 / 4)))
			sleep "$(printf "%d.%03d" $((when / 1000)) $((when % 1000)))"
			kill -9 $pid 2>/dev/null
			wait $pid 2>/dev/null
			if [ -s "$TRASH/passed" ]; then tail -n 1 "$TRASH/passed"; else echo start; fi >>"$TRASH/landed"
			mends || { echo "kill $n, behind $(tail -n 1 "$TRASH/landed")" && return 1; }
		done
		echo "# report: a copy takes $ms ms; the last place passed: $(sort "$TRASH/landed" | uniq -c | sort -rn | awk "{ printf \"%s%s %s\", s, \$1, \$2; s = \", \" }")" >"$TRASH/report"
	'
	cat "$TRASH/report"
fi

test_done
