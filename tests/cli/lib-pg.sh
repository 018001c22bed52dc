# shellcheck shell=bash
# PostgreSQL for command line tests; sourced by lib.sh, which says how to use it

PG_SERVER=$TEST_DIR/../../contrib/pg-server.sh
PSQL=(psql -X -q -A -t -v ON_ERROR_STOP=1)
PG_ADMIN=${GIT_MIGRATE_TEST_PG-} # URI of the server databases are made in
PG_WORK=                         # where servers of our own live
PG_DIR=
PG_DIRS=() # servers to drop
PG_DBS=()  # databases to drop: server's URI, name
URL=

# pg_uri <server's URI> <database>
pg_uri() {
	local rest=${1#*://} query=

	case $rest in
	*\?*) query="?${rest#*\?}" rest=${rest%%\?*} ;;
	esac
	echo "${1%%://*}://${rest%%/*}/$2$query"
}

pg_need() {
	local bin

	[ -z "$PG_ADMIN" ] || return 0
	bin=$("$PG_SERVER" find 2>/dev/null) && [ -n "$bin" ] && return 0
	TEST_N=$((TEST_N + 1))
	if [ -n "${TEST_NEED_PG-}" ]; then
		TEST_FAILED=1
		echo "not ok $TEST_N - a PostgreSQL server is installed"
	else
		echo "ok $TEST_N # skip no PostgreSQL server is installed"
	fi
	test_done
}

# a folder in /tmp with a short name: sockets want that, and $TRASH is ours
# alone while the server may be another user's
pg_work() {
	[ -n "$PG_WORK" ] && return
	PG_WORK=$(mktemp -d /tmp/pg.XXXXXX) && chmod 711 "$PG_WORK"
}

pg_server_private() {
	pg_work || return
	PG_DIR=$PG_WORK/${#PG_DIRS[@]}
	PG_DIRS+=("$PG_DIR")
	PG_ADMIN=$(PG_SERVER_OPTS="$*" "$PG_SERVER" start "$PG_DIR" $$)
}

pg_db() {
	local name

	if [ -z "$PG_ADMIN" ]; then # no run's server: the script is run alone
		pg_server_private -c fsync=off || return
	fi
	name=$(echo "$TEST_FILE" | tr -c 'a-z0-9\n' _)_$$_$EPOCHSECONDS
	name=${name}_${#PG_DBS[@]}
	# template0: nobody is connected to it
	"${PSQL[@]}" -c "CREATE DATABASE $name TEMPLATE template0" \
		"$PG_ADMIN" || return
	PG_DBS+=("$PG_ADMIN $name")
	URL=$(pg_uri "$PG_ADMIN" "$name")
}

pg_sql() {
	"${PSQL[@]}" -c "$1" "$URL"
}

pg_drop() { # <server's URI> <name>
	"${PSQL[@]}" -c "SELECT pg_terminate_backend(pid)
		FROM pg_stat_activity WHERE datname = '$2'" \
		-c "DROP DATABASE IF EXISTS $2" "$1" >/dev/null 2>&1
}

pg_cleanup() {
	local db dir

	for db in "${PG_DBS[@]}"; do
		# shellcheck disable=SC2086 # two words
		[ "${db% *}" != "${GIT_MIGRATE_TEST_PG-}" ] || pg_drop $db
	done
	[ -n "$PG_WORK" ] || return 0
	for dir in "${PG_DIRS[@]}"; do
		"$PG_SERVER" drop "$dir"
	done
	rm -rf "$PG_WORK"
}
