#!/bin/sh
# A throw-away PostgreSQL server for tests, in a folder of its own.
#
# usage: contrib/pg-server.sh find            print the folder of its programs
#        contrib/pg-server.sh start DIR [PID]
#        contrib/pg-server.sh stop DIR        as a careful administrator would
#        contrib/pg-server.sh crash DIR       at once; the next start recovers
#        contrib/pg-server.sh restart DIR     also when it is stopped
#        contrib/pg-server.sh drop DIR        stop it and remove DIR
#
# start makes a cluster in DIR, which must be empty or missing, and prints its
# URI. It listens on a unix socket in DIR and nowhere else; user "tester" is a
# superuser and needs no password; UTF-8, locale C.UTF-8. With PID the server
# is dropped when the process PID has ended, however it ended.
# As root the server runs as $PG_SERVER_USER, and everybody must be allowed
# through the folders above DIR. The server's own words are in DIR/log.
#
# environment: PG_BINDIR       folder of initdb and pg_ctl; else the newest in
#                              /usr/lib/postgresql, else those on PATH
#              PG_SERVER_OPTS  settings for start and restart: -c name=value
#              PG_SERVER_USER  postgres, or nobody where there is none
# exit status: 0, 77 no server is installed, 1 it does not run, 129 usage
set -u

# shellcheck source=contrib/pg-common.sh
. "$(dirname "$0")/pg-common.sh"

find_programs() {
	if [ -n "${PG_BINDIR-}" ]; then
		[ -x "$PG_BINDIR/initdb" ] || die "$PG_BINDIR: no initdb" 77
		echo "$PG_BINDIR"
		return
	fi
	newest=$(for d in /usr/lib/postgresql/*/bin; do
		[ ! -x "$d/initdb" ] || echo "$d"
	done | sort -t / -k 5n | tail -n 1)
	[ -n "$newest" ] || newest=$(command -v initdb) || newest=
	case $newest in
	*/initdb) dirname "$(readlink -f "$newest")" ;;
	'') die 'no PostgreSQL server is installed' 77 ;;
	*) echo "$newest" ;;
	esac
}

# control <pg_ctl's words...>, with the programs it was made with
control() {
	cd "$dir" || exit 1
	as_user "$(cat "$dir/programs")/pg_ctl" -D "$dir/data" -w -t 60 "$@" \
		>"$dir/control.log" 2>&1 </dev/null && return
	cat "$dir/control.log" >&2
	[ ! -f "$dir/log" ] || tail -n 20 "$dir/log" >&2
	return 1
}

# launch <start|restart>
launch() {
	if [ -n "${PG_SERVER_OPTS-}" ]; then
		control "$1" -l "$dir/log" -o "$PG_SERVER_OPTS"
	else
		control "$1" -l "$dir/log"
	fi
}

is_running() {
	[ -s "$dir/data/postmaster.pid" ]
}

make_cluster() {
	bin=$(find_programs) || exit
	make_dir 5432
	echo "$bin" >"$dir/programs"
	as_user "$bin/initdb" -D "$dir/data" -U tester --no-sync \
		--auth-local=trust --auth-host=reject \
		-E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 </dev/null || {
		cat "$dir/initdb.log" >&2
		die "$dir: initdb failed"
	}
	cat >>"$dir/data/postgresql.conf" <<-END
		listen_addresses = ''
		unix_socket_directories = '$dir'
		logging_collector = off
	END
}

drop() {
	[ -d "$dir/data" ] || return 0
	! is_running || control stop -m immediate || return
	rm -rf "$dir"
}

unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGOPTIONS PGDATA PGSERVICE
export LC_ALL=C
[ $# -gt 0 ] || usage
[ "$1" != find ] || {
	find_programs
	exit
}
[ $# -ge 2 ] || usage
dir=$2
pick_user
if [ "$1" != start ]; then
	[ "$1" != drop ] || [ -d "$dir" ] || exit 0
	[ -f "$dir/programs" ] || die "$dir: no server of ours"
	dir=$(cd "$dir" && pwd -P) || exit 1
fi
case $1 in
start)
	self=$(realpath "$0")
	make_cluster
	launch start || die "$dir: the server does not start"
	[ $# -lt 3 ] || drop_after "$self" "$3"
	echo "postgresql://tester@/postgres?host=$dir"
	;;
stop) ! is_running || control stop -m fast ;;
crash) ! is_running || control stop -m immediate ;;
restart) launch restart ;;
drop) drop ;;
watch) watch "$3" ;;
*) usage ;;
esac
