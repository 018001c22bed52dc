#!/bin/bash
# A random walk over branches with git migrate reconcile, on PostgreSQL:
# tests/property/walk.py says what is held against what
#
# environment: SWITCHES, SEED  how many, and from where
#              TEST_LONG       300 switches instead of 30, from anywhere
#              GIT_MIGRATE_TEST_PG  the server; without, one is started
set -u

here=$(cd "$(dirname "$0")" && pwd)
server=$here/../../contrib/pg-server.sh
switches=30 seed=1
[ -z "${TEST_LONG-}" ] || switches=300 seed=$RANDOM
export SWITCHES=${SWITCHES:-$switches} SEED=${SEED:-$seed}
export PYTHONDONTWRITEBYTECODE=1

if [ -z "${GIT_MIGRATE_TEST_PG-}" ]; then
	if ! "$server" find >/dev/null 2>&1; then
		echo 1..1
		[ -z "${TEST_NEED_PG-}" ] || {
			echo "not ok 1 - a PostgreSQL server is installed"
			exit 1
		}
		echo "ok 1 # skip no PostgreSQL server is installed"
		exit 0
	fi
	dir=$(mktemp -d /tmp/pg.XXXXXX) && chmod 711 "$dir" || exit 128
	trap '"$server" drop "$dir/pg"; rm -rf "$dir"' EXIT
	GIT_MIGRATE_TEST_PG=$("$server" start "$dir/pg" $$) || exit 128
	export GIT_MIGRATE_TEST_PG
fi
python3 "$here/../property/walk.py" pg
