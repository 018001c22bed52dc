# shellcheck shell=sh
# What contrib/pg-server.sh and pg-bouncer.sh share. A throw-away server lives
# in a folder of its own, $dir, and runs as $user, who is not root.

die() { # <text> [status]
	echo "error: $1" >&2
	exit "${2-1}"
}

usage() {
	sed -n '/^# usage/,/^#$/s/^# \{0,1\}//p' "$0" >&2
	exit 129
}

pick_user() {
	user=${PG_SERVER_USER-}
	[ -z "$user" ] || return 0
	user=nobody
	! id postgres >/dev/null 2>&1 || user=postgres
}

as_user() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
		return
	fi
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
		env HOME="$dir" "$@"
}

# make_dir <port>: $dir, made absolute, for $user and a socket
make_dir() {
	mkdir -p "$dir" && dir=$(cd "$dir" && pwd -P) || exit 1
	[ -z "$(ls -A "$dir")" ] || die "$dir: not empty"
	case $dir in # so that it needs quotes nowhere
	*[!A-Za-z0-9_./-]*) die "$dir: letters, digits and _.-/ only" ;;
	esac
	socket=$dir/.s.PGSQL.$1
	[ ${#socket} -le 107 ] ||
		die "$socket: longer than the 107 bytes of a socket's path"
	[ "$(id -u)" -ne 0 ] || chown "$user:" "$dir"
	chmod 755 "$dir"
	as_user test -w "$dir" || die "$dir: out of reach for user $user"
	cd "$dir" || exit 1
}

# drop_after <script> <pid>: in the background, whatever the process ends of
drop_after() {
	echo "$2" >"$dir/owner"
	setsid "$1" watch "$dir" "$2" >/dev/null 2>&1 </dev/null &
}

# alive <pid>: a zombie that nobody waits for is not
alive() {
	kill -0 "$1" 2>/dev/null &&
		! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# watch <pid>: and drop, unless the folder is gone or another's by then
watch() {
	while [ "$(cat "$dir/owner" 2>/dev/null)" = "$1" ]; do
		alive "$1" || drop
		sleep 1
	done
}
