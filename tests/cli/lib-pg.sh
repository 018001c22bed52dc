# shellcheck shell=bash
# PostgreSQL for command line tests; sourced by lib.sh, which says how to use it

PG_SERVER=$TEST_DIR/../../contrib/pg-server.sh
PG_BOUNCER=$TEST_DIR/../../contrib/pg-bouncer.sh
PSQL=(psql -X -q -A -t -v ON_ERROR_STOP=1)
PG_ADMIN=${GIT_MIGRATE_TEST_PG-} # URI of the server databases are made in
PG_WORK=                         # where servers of our own live
PG_DIR=
PG_DIRS=()    # servers to drop
PG_DBS=()     # databases to drop: server's URI, name
PG_POOLS=()   # poolers to drop
PG_PROXIES=() # proxies to end: process, and $URL before it
PG_HOLDS=()   # sessions that hold something
PG_PROXY_N=0
PG_PROXY_OUT=
PG_UP=
PG_DOWN=
URL=
PG_DIRECT=

# pg_dump reads no server that is newer than it is
major() {
	"$@" --version | sed 's/.*) //; s/[^0-9].*//'
}
if [ -n "${PG_BINDIR-}" ] && [ "$(major "$PG_BINDIR/postgres")" -gt "$(major pg_dump)" ]; then
	pg_dump() {
		local s=off

		[ "$1" != -s ] || s=on
		"${PSQL[@]}" -v s=$s -f "$TEST_DIR/pg-state.sql" "${@: -1}" | sort
	}
fi

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
	PG_DIRECT=$URL
}

pg_sql() {
	"${PSQL[@]}" -c "$1" "$PG_DIRECT"
}

pg_hold() {
	local n=0

	PGAPPNAME=hold "${PSQL[@]}" -c "BEGIN; $1; SELECT pg_sleep(600)" \
		"$PG_DIRECT" >"$TRASH/hold.out" 2>&1 </dev/null &
	PG_HOLDS+=("$!")
	until [ "$(pg_sql "SELECT count(*) FROM pg_stat_activity
		WHERE application_name = 'hold' AND wait_event = 'PgSleep'
		AND datname = current_database()")" -ge ${#PG_HOLDS[@]} ]; do
		n=$((n + 1))
		[ $n -lt 200 ] && kill -0 "${PG_HOLDS[-1]}" 2>/dev/null ||
			{ cat "$TRASH/hold.out" && return 1; }
		sleep 0.02
	done
}

pg_release() {
	[ ${#PG_HOLDS[@]} -gt 0 ] || return 0
	pg_sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'hold' AND datname = current_database()" \
		>/dev/null 2>&1
	kill "${PG_HOLDS[@]}" 2>/dev/null
	wait "${PG_HOLDS[@]}" 2>/dev/null
	PG_HOLDS=()
}

# pg_socket <URI>: the folder and port of its socket
pg_socket() {
	local port=${1##*[?&]port=}

	[ "$port" != "$1" ] || port=5432
	case $1 in
	*[?\&]host=/*) ;;
	*) echo "$1: not on a unix socket" >&2 && return 1 ;;
	esac
	set -- "${1##*[?&]host=}"
	echo "${1%%&*} ${port%%&*}"
}

# pg_through <folder> <port>: $URL goes there from now on
pg_through() {
	URL="${URL%%\?*}?host=$1&port=$2"
}

pg_bouncer() {
	local at dir

	at=$(pg_socket "$PG_DIRECT") && pg_work || return
	dir=$PG_WORK/pool${#PG_POOLS[@]}
	PG_POOLS+=("$dir")
	"$PG_BOUNCER" start "$dir" "${at% *}" "${1-20}" $$ >/dev/null &&
		pg_through "$dir" 6432
}

pg_proxy() {
	local at dir n=0

	at=$(pg_socket "$URL") && pg_work || return
	dir=$PG_WORK/proxy$((PG_PROXY_N += 1))
	PG_PROXY_OUT=$dir/out
	mkdir "$dir" && : >"$PG_PROXY_OUT" || return
	"$(dirname "$GIT_MIGRATE")/tools/drop_proxy" "$@" \
		"$dir/.s.PGSQL.5432" "${at% *}/.s.PGSQL.${at#* }" \
		>"$PG_PROXY_OUT" 2>&1 </dev/null &
	PG_PROXIES+=("$! $URL")
	until grep -q ready "$PG_PROXY_OUT"; do
		n=$((n + 1))
		[ $n -lt 100 ] || return
		sleep 0.05
	done
	pg_through "$dir" 5432
}

pg_proxy_cut() {
	kill -USR1 "${PG_PROXIES[-1]%% *}"
}

pg_proxy_end() {
	local last=${PG_PROXIES[-1]}

	unset 'PG_PROXIES[-1]'
	URL=${last#* }
	kill "${last%% *}" 2>/dev/null
	wait "${last%% *}" 2>/dev/null
	read -r _ PG_UP _ PG_DOWN < <(grep '^up' "$PG_PROXY_OUT")
}

pg_drop() { # <server's URI> <name>
	"${PSQL[@]}" -c "SELECT pg_terminate_backend(pid)
		FROM pg_stat_activity WHERE datname = '$2'" \
		-c "DROP DATABASE IF EXISTS $2" "$1" >/dev/null 2>&1
}

pg_cleanup() {
	local db dir

	pg_release
	while [ ${#PG_PROXIES[@]} -gt 0 ]; do
		pg_proxy_end
	done
	for dir in "${PG_POOLS[@]}"; do
		"$PG_BOUNCER" drop "$dir"
	done

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
