#!/bin/sh
# A throw-away pgbouncer for tests, in a folder of its own, in front of a
# server of contrib/pg-server.sh.
#
# usage: contrib/pg-bouncer.sh start DIR SERVERDIR [POOL_SIZE [PID]]
#        contrib/pg-bouncer.sh stop DIR
#        contrib/pg-bouncer.sh drop DIR      stop it and remove DIR
#
# start prints its URI. It pools transactions, listens on a unix socket in DIR
# (port 6432) and nowhere else, lets in whoever the server knows, without a
# password, to any of the server's databases; "tester" may ask its console, the
# database "pgbouncer". POOL_SIZE is connections to the server per database and
# user (20). With PID it is dropped when the process PID has ended.
#
# environment: PG_SERVER_USER  as in contrib/pg-server.sh
# exit status: 0, 77 it is not installed, 1 it does not run, 129 usage
set -u

# shellcheck source=contrib/pg-common.sh
. "$(dirname "$0")/pg-common.sh"

start() { # <folder of the server> <pool size>
	program=$(PATH=$PATH:/usr/sbin command -v pgbouncer) ||
		die 'pgbouncer is not installed' 77
	server=$(cd "$1" && pwd -P) || exit 1
	[ -S "$server/.s.PGSQL.5432" ] || die "$server: no server"
	make_dir 6432
	cat >"$dir/pgbouncer.ini" <<-END
		[databases]
		* = host=$server port=5432
		[pgbouncer]
		listen_port = 6432
		unix_socket_dir = $dir
		auth_type = trust
		auth_file = $dir/users
		auth_user = tester
		admin_users = tester
		pool_mode = transaction
		default_pool_size = $2
		logfile = $dir/log
		pidfile = $dir/pid
	END
	echo '"tester" ""' >"$dir/users"
	chmod 644 "$dir/pgbouncer.ini" "$dir/users"
	as_user "$program" -q -d "$dir/pgbouncer.ini" \
		>"$dir/start.log" 2>&1 </dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -S "$dir/.s.PGSQL.6432" ] || return 0
		sleep 0.1
	done
	cat "$dir/start.log" "$dir/log" >&2
	die "$dir: pgbouncer does not start"
}

stop() {
	[ -s "$dir/pid" ] || return 0
	pid=$(cat "$dir/pid")
	kill "$pid" 2>/dev/null || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		alive "$pid" || return 0
		sleep 0.1
	done
	kill -KILL "$pid"
}

drop() {
	[ -f "$dir/pgbouncer.ini" ] || return 0
	stop && rm -rf "$dir"
}

[ $# -ge 2 ] || usage
dir=$2
pick_user
if [ "$1" != start ]; then
	[ "$1" != drop ] || [ -d "$dir" ] || exit 0
	[ -f "$dir/pgbouncer.ini" ] || die "$dir: no pgbouncer of ours"
	dir=$(cd "$dir" && pwd -P) || exit 1
fi
case $1 in
start)
	[ $# -ge 3 ] || usage
	self=$(realpath "$0")
	start "$3" "${4-20}"
	[ $# -lt 5 ] || drop_after "$self" "$5"
	echo "postgresql://tester@/postgres?host=$dir&port=6432"
	;;
stop) stop ;;
drop) drop ;;
watch) watch "$3" ;;
*) usage ;;
esac
