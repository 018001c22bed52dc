# shellcheck shell=bash
# Helpers of the command line tests. Source this first:
#
#	. "$(dirname "$0")/lib.sh"
#
# It makes a scratch folder that goes away at the end ($TRASH), a home folder
# of its own, an identity and dates that are always the same, puts the program
# under test ($GIT_MIGRATE) on PATH as git-migrate, and starts in an empty
# repository, $TRASH/repo.
#
#   test_expect_success 'text' 'script'   the script must end with status 0;
#                                         it runs in this shell, from the same
#                                         folder each time
#   test_skip 'text' 'why'
#   test_done                             last line of each file
#   run_migrate args...    git migrate with its output in $OUT and $ERR and
#                          its status in $STATUS; always succeeds itself
#   expect_status N args...  run_migrate, and its status must be N
#   has FILE 'pattern'     the file has a line like that (grep -E)
#   has_not FILE 'pattern'
#   migration NAME <<SQL   write migrations/NAME.sql and commit it
#   commit_all 'message'
#   scratch_repo FOLDER    another repository, and go there
#   sql 'statements'       sqlite3 on dev.db
#   json 'filter'          jq -r on $OUT
#   until_true command...  run it until it succeeds, a minute at most
#
# And for PostgreSQL, where pg_need comes first:
#
#   pg_need                end the script as skipped where no server is
#                          installed, or as failed with $TEST_NEED_PG
#   pg_db                  a new database, dropped at the end; its URI is $URL
#   pg_sql 'statements'    psql on it: bare rows, columns parted by |; stops at
#                          the first error; PSQL is the command with options
#   pg_hold 'statements'   another session in a transaction that has run them
#                          and stays open, until pg_release ends them all
#   pg_server_private [settings]
#                          a server of the script's own, settings as "-c a=b",
#                          in $PG_DIR: pg_db makes its databases there from
#                          now on. $PG_SERVER crash "$PG_DIR", and restart
#   pg_bouncer [pool size] a pooler of transactions between the program and
#                          $URL, which goes through it from now on. $PG_DIRECT
#                          is the URI without anything between
#   pg_proxy [options]     likewise a proxy that cuts connections: options are
#                          those of tests/tools/drop_proxy.c; what it said is in
#                          $PG_PROXY_OUT
#   pg_proxy_cut           cut now
#   pg_proxy_end           take it away again; bytes passed: $PG_UP, $PG_DOWN
set -u

: "${GIT_MIGRATE:?path of the program under test}"
GIT_MIGRATE=$(realpath "$GIT_MIGRATE")
[ -x "$GIT_MIGRATE" ] || exit 128
TEST_DIR=$(cd "$(dirname "$0")" && pwd) # absolute
TEST_FILE=$(basename "$0" .sh)
TEST_N=0
TEST_FAILED=0
TRASH=$(mktemp -d "${TMPDIR:-/tmp}/$TEST_FILE.XXXXXX") || exit 128
OUT=$TRASH/stdout
ERR=$TRASH/stderr
STATUS=0

# shellcheck source=tests/cli/lib-pg.sh
. "$TEST_DIR/lib-pg.sh"

test_cleanup() {
	cd / || return
	pg_cleanup
	chmod -R u+rwX "$TRASH" 2>/dev/null
	rm -rf "$TRASH"
}
trap test_cleanup EXIT
trap 'exit 130' INT TERM HUP

while read -r name; do # nothing of the caller's git reaches a test
	unset "$name"
done < <(env | sed -n 's/^\(GIT_[A-Z_0-9]*\)=.*/\1/p' |
	grep -vE '^GIT_MIGRATE(_TEST_PG)?$')
unset DATABASE_URL NO_COLOR CI COLUMNS PGHOST PGHOSTADDR PGPORT PGUSER \
	PGPASSWORD PGPASSFILE PGDATABASE PGSERVICE PGOPTIONS PGSSLMODE
mkdir -p "$TRASH/home" "$TRASH/bin" "$TRASH/tmp"
ln -s "$GIT_MIGRATE" "$TRASH/bin/git-migrate"
export PATH=$TRASH/bin:$PATH HOME=$TRASH/home TMPDIR=$TRASH/tmp
export XDG_CONFIG_HOME=$TRASH/home/.config GIT_CONFIG_NOSYSTEM=1
export LC_ALL=C TZ=UTC TERM=dumb PAGER=cat
export GIT_AUTHOR_NAME='A U Thor' GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME='C O Mitter' GIT_COMMITTER_EMAIL=committer@example.com
export GIT_AUTHOR_DATE='1767261600 +0000' GIT_COMMITTER_DATE='1767261600 +0000'
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1}
export LSAN_OPTIONS=suppressions=$TEST_DIR/lsan.supp:print_suppressions=0

scratch_repo() {
	git init -q -b main "$1" && cd "$1" || exit 128
}

commit_all() {
	git add -A && git commit -q -m "$1"
}

migration() {
	mkdir -p migrations &&
		cat >"migrations/$1.sql" &&
		git add "migrations/$1.sql" &&
		git commit -q -m "add $1"
}

sql() {
	sqlite3 dev.db "$1"
}

until_true() {
	local end=$((SECONDS + 60))

	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "still not true: $*" && return 1; }
		sleep 0.02
	done
}

run_migrate() {
	STATUS=0
	git migrate "$@" >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
	return 0
}

expect_status() {
	local want=$1

	shift
	run_migrate "$@"
	[ "$STATUS" -eq "$want" ] && return 0
	echo "git migrate $*: status $STATUS, not $want"
	cat "$OUT" "$ERR"
	return 1
}

has() {
	grep -qE -e "$2" "$1" && return 0
	printf 'no "%s" in:\n' "$2"
	cat "$1"
	return 1
}

has_not() {
	grep -qE -e "$2" "$1" || return 0
	printf '"%s" in:\n' "$2"
	cat "$1"
	return 1
}

json() {
	jq -r "$1" "$OUT"
}

test_eval() { # a script may "return 1" and "set --"
	eval "$1"
}

test_expect_success() {
	local at=$PWD status=0

	TEST_N=$((TEST_N + 1))
	test_eval "$2" >"$TRASH/log" 2>&1 || status=$?
	cd "$at" || exit 128
	if [ "$status" -eq 0 ]; then
		echo "ok $TEST_N - $1"
	else
		TEST_FAILED=$((TEST_FAILED + 1))
		echo "not ok $TEST_N - $1"
		printf '%s\n' "$2" | sed 's/^/#   /'
		sed 's/^/# /' "$TRASH/log"
	fi
}

test_skip() {
	TEST_N=$((TEST_N + 1))
	echo "ok $TEST_N - $1 # skip $2"
}

test_done() {
	echo "1..$TEST_N"
	[ "$TEST_FAILED" -eq 0 ] && exit 0
	exit 1
}

scratch_repo "$TRASH/repo"
