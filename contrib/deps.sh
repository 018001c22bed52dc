#!/bin/sh
# Install what is missing of Debian's packages for building, testing or
# linting. Without root or apt-get: say what is missing and fail.
# usage: contrib/deps.sh [build] [test] [lint]
set -eu

here=$(dirname "$0")
missing=

# need <package> <command that succeeds when it is there>
need() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

has() {
	command -v "$1"
}

# the headers of a library without a .pc file
header() {
	echo "#include <$1>" | "${CC:-cc}" -fsyntax-only -x c -
}

build() {
	need gcc has "${CC:-cc}"
	need make has make
	need git has git
	need pkg-config has pkg-config
	need libgit2-dev pkg-config libgit2
	need libsqlite3-dev pkg-config sqlite3
	need zlib1g-dev pkg-config zlib
	need libisal-dev pkg-config libisal
	need libssl-dev pkg-config libcrypto
	need libxxhash-dev header xxhash.h
	need libpq-dev pkg-config libpq
	need libpg-query-dev header pg_query.h
	need libprotobuf-c-dev header protobuf-c/protobuf-c.h
	need libjansson-dev pkg-config jansson
	need libcmocka-dev pkg-config cmocka
	need sqlite3 has sqlite3
}

tests() {
	need valgrind has valgrind
	need man-db has man
	need jq has jq
	need python3 has python3
	need postgresql "$here/pg-server.sh" find
	need postgresql-client has psql
	need zsh has zsh
	need fish has fish
	need pgbouncer env PATH="$PATH:/usr/sbin" which pgbouncer
}

# Debian's packages make and start servers of their own. Tests have theirs, in
# folders that go away: what is installed for them starts nothing, now or later.
no_servers() {
	conf=/etc/postgresql-common/createcluster.conf
	policy=/usr/sbin/policy-rc.d
	export UCF_FORCE_CONFFOLD=1 # keeps the file that it finds
	if [ ! -e $conf ]; then
		mkdir -p ${conf%/*}
		echo 'create_main_cluster = false' >$conf
	fi
	[ ! -e $policy ] || return 0
	printf '#!/bin/sh\nexit 101\n' >$policy
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT TERM HUP
	chmod 755 $policy
}

lint() {
	need clang has clang
	need clang-format has clang-format
	need clang-tidy has clang-tidy
	need mandoc has mandoc
	need shellcheck has shellcheck
}

[ $# -gt 0 ] || set -- build
for part; do
	case $part in
	build) build ;;
	test) tests ;;
	lint) lint ;;
	*)
		echo "error: $part: build, test or lint" >&2
		exit 129
		;;
	esac
done

[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! has apt-get >/dev/null 2>&1; then
	echo "error: missing:$missing" >&2
	echo "hint: as root: apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
case "$missing " in
*' postgresql '* | *' pgbouncer '*) no_servers ;;
esac
# shellcheck disable=SC2086 # a list of packages
apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
	apt-get update >/dev/null
	apt-get install -y --no-install-recommends $missing >/dev/null
}
case "$missing " in
*' pgbouncer '*) update-rc.d pgbouncer disable >/dev/null 2>&1 || : ;;
esac
