#!/bin/bash
# Run test programs and scripts, two at a time, and add up what they say.
#
# usage: tests/run.sh <file>...
#        tests/run.sh --with-pg <file>...  print those that ask for PostgreSQL
#
# Each file prints TAP: "ok N - text", "not ok N - text", "ok N # skip why",
# and its plan "1..N". Unit tests do so through cmocka, scripts through
# tests/cli/lib.sh. A file that stops early, or ends with another status than
# its lines say, counts as one more failure. Output of a failed file is shown.
#
# When one of the files asks for PostgreSQL, all share a throw-away server of
# this run, in which each makes databases of its own.
#
# environment: TEST_JOBS      files at a time (2)
#              TEST_TIMEOUT   seconds for one file (600)
#              TEST_SUMMARY   a file to which "passed failed skipped" is added
#              TEST_FAILURES  a file to which what failed is added
#              GIT_MIGRATE_TEST_PG  URI of a server to use: tests make
#                             databases there, as a superuser
#              PG_BINDIR      programs of the server to start
#              TEST_NEED_PG   not empty: fail, do not skip, without a server
# exit status: 0 when nothing failed, else 1
set -u

one() { # <file> <log>: one file, result to <log>.sum
	local file=$1 log=$2 status=0 passed failed skipped planned
	local run=("$file") start=$SECONDS took last

	case $file in
	*.sh) run=(bash "$file") ;;
	esac
	CMOCKA_MESSAGE_OUTPUT=tap timeout -k 10 "${TEST_TIMEOUT:-600}" \
		"${run[@]}" >"$log" 2>&1 </dev/null || status=$?
	# cmocka says "not ok N # SKIP name" of a test that has skipped itself
	skipped=$(grep -ciE '^(ok .*|not ok [0-9]+ )# *skip' "$log")
	passed=$(grep '^ok ' "$log" | grep -vciE '# *skip')
	failed=$(grep '^not ok ' "$log" | grep -vcE '^not ok [0-9]+ # SKIP')
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$log" |
		awk '{ n += $1 } END { print n + 0 }')
	if [ "$planned" -ne $((passed + failed + skipped)) ] ||
		{ [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; }; then
		last=$(grep -E '^(not )?ok ' "$log" | tail -n 1)
		echo "# $file: ended with $status, $planned planned; the last was: ${last:-none}" >>"$log"
		failed=$((failed + 1))
	fi
	echo "$passed $failed $skipped" >"$log.sum"
	if [ "$failed" -ne 0 ]; then
		printf '%s: FAILED\n%s\n' "$file" "$(cat "$log")"
		[ -z "${TEST_FAILURES-}" ] ||
			printf '%s:\n%s\n' "$file" \
				"$(grep -vE '^ok ' "$log" | tail -n 60)" >>"$TEST_FAILURES"
	else
		[ "$skipped" -eq 0 ] || skipped=", $skipped skipped"
		took=$((SECONDS - start))
		[ "$took" -gt 9 ] && took=", $took s" || took=
		echo "$file: $passed passed${skipped#0}$took"
		sed -n 's/^# report: /    /p' "$log"
	fi
}

# the names by which a script, or a program with pg_world.c in it, asks for it
with_pg() {
	grep -lE 'GIT_MIGRATE_TEST_PG|pg_need|pg_db' "$@"
}

if [ "${1-}" = --with-pg ]; then
	shift
	with_pg "$@"
	exit 0
fi
if [ "${1-}" = --one ]; then
	one "$2" "$3/$(echo "$2" | tr / _)"
	exit 0
fi

[ $# -gt 0 ] || {
	echo "usage: tests/run.sh <file>..." >&2
	exit 129
}
logs=$(mktemp -d) || exit 128
chmod 711 "$logs" # the server is another user's
pg_server=$(dirname "$0")/../contrib/pg-server.sh

clean_up() {
	"$pg_server" drop "$logs/pg"
	rm -rf "$logs"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

if [ -z "${GIT_MIGRATE_TEST_PG-}" ] && [ -n "$(with_pg "$@")" ]; then
	# nothing here has to survive a power failure
	fast='-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off'
	status=0
	GIT_MIGRATE_TEST_PG=$(PG_SERVER_OPTS="$fast ${PG_SERVER_OPTS-}" \
		"$pg_server" start "$logs/pg" $$) || status=$?
	# without a server's programs (77) each test says that it is skipped
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || exit 1
	export GIT_MIGRATE_TEST_PG
fi
# the programs themselves: what Debian puts before them takes longer than they do
if pg_bin=$("$pg_server" find 2>/dev/null) && [ -x "$pg_bin/psql" ]; then
	PATH=$pg_bin:$PATH
fi
printf '%s\0' "$@" |
	xargs -0 -P "${TEST_JOBS:-2}" -I{} bash "$0" --one {} "$logs"
total=$(cat "$logs"/*.sum |
	awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
read -r passed failed skipped <<<"$total"
lost=$(($# - $(find "$logs" -name '*.sum' | wc -l)))
failed=$((failed + lost))
[ -z "${TEST_SUMMARY-}" ] ||
	echo "$passed $failed $skipped" >>"$TEST_SUMMARY"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
