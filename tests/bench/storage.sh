#!/usr/bin/env bash
# What a second snapshot of a table costs on disk: a full one is taken, rolled
# back, 0.1% of the rows, chosen uniformly at random, are changed, and it is
# taken again. Bytes are those of packs with their indexes, before any gc.
#
# usage: tests/bench/storage.sh BUILD-FOLDER [sqlite|pg]...
#   N=1000000   rows of the table
#   STORE=clone where the snapshots are kept; clone or database
set -euo pipefail

G=$(cd "$1" && pwd)/git-migrate
here=$(cd "$(dirname "$0")" && pwd)
shift
N=${N:-1000000}
STORE=${STORE:-clone}
top=$(mktemp -d "${TMPDIR:-/tmp}/git-migrate-storage.XXXXXX")
chmod 755 "$top"
server=$here/../../contrib/pg-server.sh
trap '"$server" drop "$top/pg" >/dev/null 2>&1 || :; rm -rf "$top"' EXIT
export HOME=$top
unset CI
export GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@example.org
export GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@example.org

new_repository() { # url statement
	rm -rf "$top/r"
	mkdir -p "$top/r/migrations"
	cd "$top/r"
	git init -q
	git config migrate.dev.url "$1"
	git config migrate.dev.snapshotStore "$STORE"
	echo "$2" >migrations/1_full.sql
	git add -A
	git commit -qm full
}

# columns of a table by width: name, definition, and values of row i, with R for
# a random number
columns() { # width
	case $1 in
	narrow) echo "a int|R % 100000" && echo "b text|HEX(8)" ;;
	usual)
		echo "a int|R % 100000" && echo "b text|'user' || i || '@example.org'"
		echo "c text|'city ' || (i % 1000)"
		echo "d text|'some note of text number ' || R % 99991"
		echo "e float|i / 8.0"
		;;
	wide)
		echo "a int|R % 100000" && echo "b text|HEX(80)" && echo "c text|HEX(80)"
		echo "d text|'a longer text that many rows have alike ' || i % 50"
		;;
	esac
}

make_sql() { # width random hex
	local names values
	names=$(columns "$1" | cut -d'|' -f1 | paste -sd,)
	values=$(columns "$1" | sed 's/^[^|]*|//' | paste -sd, |
		sed "s/\bR\b/$2/g; s/HEX(\([0-9]*\))/$3/g")
	echo "CREATE TABLE t (id integer PRIMARY KEY, $names);"
	echo "INSERT INTO t SELECT i, $values FROM"
}

sqlite_ask() {
	sqlite3 "$top/dev.db" "$1"
}

sqlite_make() { # width
	rm -f "$top"/dev.db*
	sqlite_ask "$(make_sql "$1" 'abs(random())' \
		'substr(hex(randomblob(\1)), 1, \1)') (WITH RECURSIVE c(i) AS
		(SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $N)
		SELECT i FROM c)"
}

sqlite_change() {
	sqlite_ask "UPDATE t SET a = a + 1 WHERE id IN
		(SELECT id FROM t ORDER BY random() LIMIT $N / 1000)"
}

pg_ask() {
	PGOPTIONS='-c client_min_messages=warning' psql -X -q -A -t \
		-v ON_ERROR_STOP=1 -c "$1" "$base"
}

pg_make() { # width
	pg_ask 'DROP SCHEMA IF EXISTS git_migrate CASCADE; DROP TABLE IF EXISTS t'
	pg_ask "$(make_sql "$1" '(random() * 1000000000)::int' \
		"substr(concat(md5(random()::text), md5(random()::text), md5(random()::text)), 1, \\1)") generate_series(1, $N) i"
	pg_ask 'VACUUM ANALYZE t'
}

pg_change() {
	pg_ask "UPDATE t SET a = a + 1 WHERE id IN
		(SELECT id FROM t ORDER BY random() LIMIT $N / 1000)"
}

# bytes that snapshots take
size() { # dialect
	local tables="'snapshots', 'snapshot_files', 'chunks'"

	if [ "$STORE" = clone ]; then
		find .git/migrate/snapshots.git/objects -type f -printf '%s\n' |
			awk '{ s += $1 } END { print s + 0 }'
	elif [ "$1" = pg ]; then
		pg_ask "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
			JOIN pg_namespace n ON n.oid = relnamespace AND nspname = 'git_migrate'
			WHERE relkind = 'r' AND relname IN ($tables)"
	else
		sqlite_ask "SELECT sum(pgsize) FROM dbstat WHERE name LIKE
			'%git_migrate_snapshot%' OR name LIKE '%git_migrate_chunks%'"
	fi
}

measure() { # dialect width statement
	local first kept again
	"$1_make" "$2"
	new_repository "$url" "$3"
	"$G" apply -q
	first=$(size "$1")
	"$G" rollback -q
	"$1_change"
	kept=$(size "$1")
	"$G" apply -q
	again=$(($(size "$1") - kept))
	awk -v what="$1, $2: $3" -v a="$first" -v b="$again" 'BEGIN {
		printf "%-36s first %8.2f MiB  again %7.2f MiB  %5.1f%%  bar 10%%\n",
			what, a / 1048576, b / 1048576, 100 * b / a }'
}

bench_sqlite() {
	url=sqlite:$top/dev.db
	for width in narrow usual wide; do
		measure sqlite "$width" 'DELETE FROM t;'
	done
	measure sqlite usual 'UPDATE t SET b = b || 1;'
	measure sqlite usual 'DROP TABLE t;'
}

bench_pg() {
	base=$(PG_SERVER_OPTS='-c shared_buffers=256MB -c max_wal_size=4GB' \
		"$server" start "$top/pg")
	url=$base
	for width in narrow usual wide; do
		measure pg "$width" 'DELETE FROM t;'
	done
	measure pg usual 'UPDATE t SET b = b || 1;'
	measure pg usual 'DROP TABLE t;'
}

for part in "${@:-sqlite pg}"; do
	for p in $part; do
		"bench_$p"
	done
done
