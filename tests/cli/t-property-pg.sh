#!/bin/bash
# Rollback and redo of random cases against a model (tests/property), on
# PostgreSQL
#
# environment: CASES, SEED  how many, and from where; see tests/property/run.py
#              TEST_LONG    10,000 cases instead of 12
#              GIT_MIGRATE_TEST_PG  the server; without, one is started
set -u

here=$(cd "$(dirname "$0")" && pwd)
server=$here/../../contrib/pg-server.sh
cases=12
[ -z "${TEST_LONG-}" ] || cases=10000
export CASES=${CASES:-$cases} PYTHONDONTWRITEBYTECODE=1

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
python3 "$here/../property/run.py" pg
