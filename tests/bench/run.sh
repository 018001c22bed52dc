#!/usr/bin/env bash
# Benchmarks: each figure stands beside a floor measured in the same run, a
# minimal C program with the same input and output (floor.c), because seconds
# do not carry from one machine to another and ratios nearly do.
#
# usage: tests/bench/run.sh BUILD-FOLDER [apply|status|snapshot|revert|check|replay|branches|hook|reconcile]...
#   N=1000000   rows of the table that snapshots are taken of
#   RUNS=3      repetitions; the fastest of each counts
#   BENCH_CPU=1 processor time of commands instead of the wall's, for a machine
#               that others use as well
set -euo pipefail

build=$(cd "$1" && pwd)
shift
F=$build/bench/floor
G=$build/git-migrate
N=${N:-1000000}
RUNS=${RUNS:-3}
top=$(mktemp -d "${TMPDIR:-/tmp}/git-migrate-bench.XXXXXX")
trap 'rm -rf "$top"' EXIT
export HOME=$top
unset CI
export GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@example.org
export GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@example.org

new_repository() {
	rm -rf "$top/r"
	mkdir -p "$top/r/migrations"
	cd "$top/r"
	git init -q
	git config gc.auto 0
	printf '[migrate]\n\ttarget = dev\n[migrate "dev"]\n\turl = sqlite:dev.db\n' \
		>.gitmigrate
}

small_migrations() { # count
	seq 1 "$1" | while read -r i; do
		printf -- '-- migrate:up\nCREATE TABLE t%d (id INTEGER PRIMARY KEY, name TEXT NOT NULL, v REAL);\nCREATE INDEX i%d ON t%d (name);\n' \
			"$i" "$i" "$i" \
			>"migrations/$((20260101000000 + i))_t$i.sql"
	done
	git add -A
	git commit -qm migrations
	git gc -q
}

forget() {
	rm -rf dev.db* .git/migrate .git/refs/migrate .git/logs/refs/migrate
	git pack-refs --all
	git for-each-ref --format='delete %(refname)' refs/migrate |
		git update-ref --stdin
}

# seconds and kilobytes of a command: the fastest of RUNS
best() { # preparation command...
	local prepare=$1 i line out=
	shift
	for i in $(seq "$RUNS"); do
		$prepare
		line=$("$F" run "$@" 2>&1 >/dev/null | tail -n 1)
		out="$out$line"$'\n'
	done
	printf '%s' "$out" | sort -n | head -n 1
}

fastest() { # preparation command...: first number of its output
	local prepare=$1 i out=
	shift
	for i in $(seq "$RUNS"); do
		$prepare
		out="$out$("$@" | cut -d' ' -f1)"$'\n'
	done
	printf '%s' "$out" | sort -n | head -n 1
}

ratio() { # what ours floor bar note
	awk -v what="$1" -v a="$2" -v b="$3" -v bar="$4" -v note="${5:-}" \
		'BEGIN { printf "%-44s %8.3f s  floor %8.3f s  ratio %6.2f  bar %s%s\n",
			what, a, b, a / b, bar, note == "" ? "" : "  " note }'
}

memory() { # what kilobytes bar
	awk -v what="$1" -v kb="$2" -v bar="$3" \
		'BEGIN { printf "%-44s %8.1f MiB%42s  bar %s\n", what, kb / 1024, "", bar }'
}

drop_floor() {
	rm -f floor.db*
}

bench_apply() {
	local each all ours mem alone
	new_repository
	small_migrations 1000
	each=$(fastest drop_floor "$F" apply-each migrations floor.db)
	all=$(fastest drop_floor "$F" apply-all migrations floor.db)
	drop_floor
	read -r ours mem < <(best forget "$G" apply -q)
	read -r alone _ < <(best forget "$G" apply -q --no-group)
	ratio "apply 1,000 small, groups / one tx per file" "$ours" "$each" 0.35
	ratio "apply 1,000 small, --no-group / the same" "$alone" "$each" 1.15
	ratio "apply 1,000 small, groups / one tx for all" "$ours" "$all" -
	memory "apply 1,000 small: peak memory" "$mem" 64
}

nothing() {
	:
}

bench_status() {
	local n t floor mem first=
	for n in 10 1000 10000; do
		new_repository
		small_migrations "$n"
		forget
		"$G" apply -q
		git gc -q
		read -r t mem < <(RUNS=20 best nothing "$G" status)
		read -r floor _ < <(RUNS=20 best nothing "$F" status . dev.db)
		ratio "status, $n applied" "$t" "$floor" "$([ "$n" = 1000 ] && echo 1.5 || echo -)"
		if [ "$n" = 1000 ]; then
			first=$t
		elif [ "$n" = 10000 ]; then
			ratio "status, 10,000 / 1,000 applied" "$t" "$first" 8
		fi
		memory "status, $n applied: peak memory" "$mem" -
	done
}

base_table() {
	sqlite3 base.db "CREATE TABLE big (id INTEGER PRIMARY KEY, name TEXT,
		email TEXT, city TEXT, n INTEGER, r REAL, note TEXT, flag INTEGER);
		WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c
		WHERE i < $N) INSERT INTO big SELECT i, 'name ' || i,
		'user' || i || '@example.org', 'city ' || (i % 1000), i * 7,
		i / 8.0, 'some note of text number ' || (i * 31 % 99991) ||
		' padding pad', i % 2 FROM c;"
}

digest() {
	sqlite3 "$1" "SELECT count(*), total(id), total(n), total(r),
		total(flag), total(length(name)), total(length(email)),
		total(length(city)), total(length(note)), max(name), min(note)
		FROM big"
}

fresh() {
	forget
	cp base.db dev.db
}

applied() {
	fresh
	"$G" apply -q
}

copy_bare() {
	cp base.db bare.db
	rm -f bare.db-*
}

prepared_inverse() {
	cp "$inverse_base" bare.db
}

snapshot_of() { # what sql destroyed-rows inverse-preparation inverse-sql
	local what=$1 sql=$2 bare read t mem back backmem inverse want
	rm -f migrations/*
	printf -- '-- migrate:up\n%s;\n' "$sql" >migrations/20260101000000_x.sql
	git add -A migrations
	git commit -qm "$what"
	bare=$(fastest copy_bare "$F" sql bare.db "$sql")
	read=$(fastest nothing "$F" read base.db "$3")
	read -r t mem < <(best fresh "$G" apply -q)
	read -r back backmem < <(best applied "$G" rollback -q)
	want=$(digest base.db)
	[ "$(digest dev.db)" = "$want" ] || echo "$what: ROWS DIFFER"
	cp base.db inverse.db
	sqlite3 inverse.db "$4"
	inverse_base=inverse.db
	inverse=$(fastest prepared_inverse "$F" sql bare.db "$5")
	ratio "$what: apply / (bare + read)" "$t" \
		"$(echo "$bare $read" | awk '{ print $1 + $2 }')" 2.0
	ratio "$what: rollback / bare inverse" "$back" "$inverse" 3
	memory "$what: peak memory, apply" "$mem" 128
	memory "$what: peak memory, rollback" "$backmem" 128
	drop_apply=$t
	drop_bare=$bare
}

bench_snapshot() {
	local pack bytes
	new_repository
	git add -A
	git commit -qm base
	base_table
	snapshot_of "UPDATE of one column" \
		"UPDATE big SET name = 'x' || name" \
		"SELECT id, name FROM big" \
		"CREATE TABLE s (id INTEGER PRIMARY KEY, name); INSERT INTO s SELECT id, name FROM big; UPDATE big SET name = 'x' || name" \
		"UPDATE big SET name = (SELECT name FROM s WHERE s.id = big.id)"
	snapshot_of "DELETE of a tenth" \
		"DELETE FROM big WHERE id % 10 = 0" \
		"SELECT * FROM big WHERE id % 10 = 0" \
		"CREATE TABLE s AS SELECT * FROM big WHERE id % 10 = 0; DELETE FROM big WHERE id % 10 = 0" \
		"INSERT INTO big SELECT * FROM s"
	snapshot_of "DROP COLUMN" \
		"ALTER TABLE big DROP COLUMN note" \
		"SELECT id, note FROM big" \
		"CREATE TABLE s (id INTEGER PRIMARY KEY, note); INSERT INTO s SELECT id, note FROM big; ALTER TABLE big DROP COLUMN note; ALTER TABLE big ADD COLUMN note TEXT" \
		"UPDATE big SET note = (SELECT note FROM s WHERE s.id = big.id)"
	snapshot_of "DROP TABLE" \
		"DROP TABLE big" \
		"SELECT * FROM big" \
		"CREATE TABLE s AS SELECT * FROM big; DELETE FROM big" \
		"INSERT INTO big SELECT * FROM s"
	read -r pack bytes < <(forget && "$F" pack . base.db big)
	awk -v a="$drop_apply" -v b="$pack" -v n="$bytes" 'BEGIN {
		printf "%-44s %8.0f MB/s floor %6.0f MB/s ratio %6.2f  bar -\n",
		"DROP TABLE: whole apply / own pack alone",
		n / a / 1e6, n / b / 1e6, b / a }'
	awk -v a="$drop_apply" -v d="$drop_bare" -v b="$pack" -v n="$bytes" 'BEGIN {
		printf "%-44s %8.0f MB/s floor %6.0f MB/s ratio %6.2f  bar 0.8\n",
		"DROP TABLE: apply less bare DROP / pack alone",
		n / (a - d) / 1e6, n / b / 1e6, b / (a - d) }'
}

# an applied migration, and what people wrote since
later_writes() {
	applied
	sqlite3 dev.db "$later"
}

one_migration() { # sql
	rm -f migrations/*
	printf -- '-- migrate:up\n%s;\n' "$1" >migrations/20260101000000_x.sql
	git add -A migrations
	git commit -qm "$1"
}

# rollback as a merge: with later writes, of few rows, and proved beforehand
bench_revert() {
	local all mem few fewmem inverse plain proved provedmem x
	new_repository
	git add -A
	git commit -qm base
	base_table
	one_migration "UPDATE big SET name = 'x' || name"
	later="UPDATE big SET n = n + 1 WHERE id % 50 = 0; INSERT INTO big SELECT id + $N, name, email, city, n, r, note, flag FROM big WHERE id % 100 = 0"
	cp base.db inverse.db
	sqlite3 inverse.db "CREATE TABLE s (id INTEGER PRIMARY KEY, name); INSERT INTO s SELECT id, name FROM big; UPDATE big SET name = 'x' || name; $later"
	inverse_base=inverse.db
	inverse=$(fastest prepared_inverse "$F" sql bare.db "UPDATE big SET name = s.name FROM s WHERE s.id = big.id")
	read -r all mem < <(best later_writes "$G" rollback -q)
	ratio "three ways, every row / bare inverse" "$all" "$inverse" 4
	memory "three ways, every row: peak memory" "$mem" 256
	later="UPDATE big SET name = 'later' WHERE id % 50 = 0"
	read -r x mem < <(best later_writes "$G" rollback -q --on-conflict=keep)
	ratio "... 2% in conflict, kept / bare inverse" "$x" "$inverse" 4
	memory "... 2% in conflict, kept: peak memory" "$mem" 256
	read -r x mem < <(best later_writes "$G" rollback -q --on-conflict=restore)
	ratio "... 2% in conflict, restored / bare inverse" "$x" "$inverse" 4
	memory "... 2% in conflict, restored: peak memory" "$mem" 256
	read -r plain x < <(best fresh "$G" apply -q)
	read -r proved provedmem < <(best fresh "$G" apply -q --prove)
	ratio "apply --prove / apply" "$proved" "$plain" 2.5
	memory "apply --prove: peak memory" "$provedmem" 256
	one_migration "UPDATE big SET name = 'x' || name WHERE id % ($N / 10000) = 0"
	later="UPDATE big SET n = n + 1 WHERE id % 50 = 0"
	read -r few fewmem < <(best later_writes "$G" rollback -q)
	ratio "10,000 rows all over the table / every row" "$few" "$all" 0.1
	memory "10,000 rows all over the table: peak memory" "$fewmem" 256
	cp base.db inverse.db
	sqlite3 inverse.db "CREATE TABLE s (id INTEGER PRIMARY KEY, name); INSERT INTO s SELECT id, name FROM big WHERE id % ($N / 10000) = 0; UPDATE big SET name = 'x' || name WHERE id % ($N / 10000) = 0; $later"
	inverse=$(fastest prepared_inverse "$F" sql bare.db "UPDATE big SET name = s.name FROM s WHERE s.id = big.id")
	ratio "10,000 rows all over the table / bare inverse" "$few" "$inverse" -
	one_migration "UPDATE big SET name = 'x' || name WHERE id BETWEEN $N / 2 AND $N / 2 + 9999"
	read -r few fewmem < <(best later_writes "$G" rollback -q)
	ratio "10,000 rows of a range / every row" "$few" "$all" 0.1
}

side() { # branch first-number
	git checkout -q -b "$1" main
	for i in 0 1 2; do
		printf -- '-- migrate:up\nCREATE TABLE %s%d (id INTEGER PRIMARY KEY);\n' \
			"$1" "$i" >"migrations/$((20270101000000 + $2 + i))_$1$i.sql"
		git add -A migrations
		git commit -qm "$1 $i"
	done
}

# three new migrations on each side; the first run fills the cache
bench_check() {
	local n t floor mem
	for n in 100 10000; do
		new_repository
		git symbolic-ref HEAD refs/heads/main
		printf '[migrate]\n\tdialect = sqlite\n' >.gitmigrate
		small_migrations "$n"
		side ours 0
		side theirs 3
		git gc -q
		git checkout -q ours
		"$G" check --no-replay ours theirs >/dev/null 2>&1 || true
		read -r t mem < <(RUNS=20 best nothing "$G" check --no-replay ours theirs)
		read -r floor _ < <(RUNS=20 best nothing "$build/bench/check_floor" . ours theirs)
		ratio "check, $n migrations, 3 new on each side" "$t" "$floor" 1.5
		memory "check, $n migrations: peak memory" "$mem" -
		memory "its cache on the disk" "$(du -sk .git/migrate/cache | cut -f1)" 256
	done
}

# a verdict that is not known yet goes on to the replay
forget_outcome() {
	rm -rf .git/migrate/cache/replay
}

# the three orders on the image of 1,000 migrations, against what is read alone
# and loading such an image
bench_replay() {
	local t static load mem
	new_repository
	git symbolic-ref HEAD refs/heads/main
	small_migrations 1000
	"$G" apply -q
	sqlite3 dev.db "VACUUM INTO 'image.db'"
	side ours 0
	side theirs 3
	git gc -q
	git checkout -q ours
	"$G" check ours theirs >/dev/null 2>&1 || true
	"$G" check --no-replay ours theirs >/dev/null 2>&1 || true
	read -r static _ < <(RUNS=10 best nothing "$G" check --no-replay ours theirs)
	read -r load _ < <(RUNS=10 best nothing "$F" load image.db)
	read -r t mem < <(RUNS=10 best forget_outcome "$G" check ours theirs)
	static=$(awk -v s="$static" -v l="$load" 'BEGIN { print s + l }')
	ratio "check with replay, 1,000 / static and image" "$t" "$static" 5
	memory "check with replay, 1,000: peak memory" "$mem" -
	memory "its cache on the disk" "$(du -sk .git/migrate/cache | cut -f1)" 256
}

# 100 branches of five migrations, each with every other
bench_branches() {
	local t cold pairs files mem
	new_repository
	git symbolic-ref HEAD refs/heads/main
	printf '[migrate]\n\tdialect = sqlite\n' >.gitmigrate
	small_migrations 100
	seq 1 100 | awk '{
		printf "commit refs/heads/b%d\ncommitter b <b@example.org> 1700000000 +0000\ndata 1\nb\nfrom refs/heads/main^0\n", $1
		for (i = 1; i <= 5; i++) {
			s = sprintf("-- migrate:up\nALTER TABLE t%d ADD COLUMN c%d_%d TEXT;\nCREATE TABLE n%d_%d (id INTEGER PRIMARY KEY);\n", $1, $1, i, $1, i)
			printf "M 644 inline migrations/20270101%06d_b%d_%d.sql\ndata %d\n%s", $1 * 10 + i, $1, i, length(s), s
		}
		print ""
	}' | git fast-import --quiet
	git gc -q
	read -r cold mem < <(RUNS=1 best nothing "$G" check --all-branches)
	files=$(find .git/migrate/cache/effects -type f | wc -l)
	read -r t _ < <(best nothing "$G" check --all-branches)
	pairs=$((100 * 99 * 25 / 2))
	printf 'check --all-branches, 100 of 5: first %s s, then %s s, %s files analysed (bar 500)\n' \
		"$cold" "$t" "$files"
	awk -v t="$t" -v n="$pairs" 'BEGIN {
		printf "%-44s %8.4f ms%38s  bar 1\n", "... each of " n " pairs", 1000 * t / n, "" }'
	memory "check --all-branches: peak memory" "$mem" -
}

# what a merge that brings no migration, and an ordinary commit, pay for hooks:
# twice git itself, and libgit2's start-up
bench_hook() {
	local git start t
	new_repository
	git symbolic-ref HEAD refs/heads/main
	small_migrations 1000
	side ours 0
	git checkout -q -b theirs main
	echo code >code
	git add code
	git commit -qm code
	git checkout -q ours
	git gc -q
	"$G" hooks install -q
	export "GITHEAD_$(git rev-parse theirs)=theirs"
	read -r git _ < <(RUNS=30 best nothing git --version)
	read -r start _ < <(RUNS=30 best nothing "$build/bench/start_floor")
	start=$(awk -v g="$git" -v s="$start" 'BEGIN { print 2 * g + s }')
	read -r t _ < <(RUNS=30 best nothing .git/hooks/pre-merge-commit)
	ratio "hook, a merge without migrations" "$t" "$start" 1
	read -r t _ < <(RUNS=30 best nothing .git/hooks/pre-commit)
	ratio "hook, an ordinary commit" "$t" "$start" 1
	unset "GITHEAD_$(git rev-parse theirs)"
	read -r t _ < <(RUNS=30 best nothing .git/hooks/post-checkout \
		"$(git rev-parse theirs)" "$(git rev-parse main)" 1)
	ratio "hook, a switch without migrations" "$t" "$start" 1
}

to_other() {
	"$G" reconcile -q --to other
}

to_head() {
	"$G" reconcile -q
}

add_to_other() { # number sql
	echo "$2" >"migrations/$1_rows.sql"
	git add migrations
	git commit -qm "$1"
}

# a switch to a branch that lacks three migrations, 333 rows each by their key,
# and back
bench_reconcile_rows() { # rows
	local back there floor i
	new_repository
	printf '%s\n' "CREATE TABLE big (id INTEGER PRIMARY KEY, name TEXT, n INTEGER);
		WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $1)
		INSERT INTO big SELECT i, 'name ' || i, i * 7 FROM c;" >migrations/1_big.sql
	git add -A
	git commit -qm base
	git checkout -q -b other
	for i in 1 2 3; do
		add_to_other "$((i + 1))" "UPDATE big SET n = n + 1, name = upper(name) WHERE id BETWEEN $((i * 1000)) AND $((i * 1000 + 332));"
	done
	cat migrations/[234]_rows.sql >floor.sql
	git gc -q
	git checkout -q -
	to_other
	cp dev.db floor.db
	read -r back _ < <(RUNS=10 best to_other "$G" reconcile -q)
	read -r there _ < <(RUNS=10 best to_head "$G" reconcile -q --to other)
	read -r floor _ < <(RUNS=10 best nothing sqlite3 floor.db ".read floor.sql")
	ratio "reconcile, three taken back, $1 rows" "$back" "$floor" 5
	ratio "reconcile, three applied, $1 rows" "$there" "$floor" 5
	took_back=$back took_there=$there
}

from_here() {
	"$G" reconcile -q --to "$from"
}

bare_there() {
	cp "$top/there.db" bare.db
}

# a switch between branches, of which one has a column with values in it; the
# floor is the bare statement on what is there before, and a scan of the table
column_switch() { # what from to bare
	local t mem bare scan
	from=$2
	from_here
	sqlite3 dev.db "VACUUM INTO '$top/there.db'"
	bare=$(fastest bare_there "$F" sql bare.db "$4")
	scan=$(fastest nothing "$F" read "$top/there.db" "SELECT * FROM big")
	rm "$top/there.db"
	read -r t mem < <(best from_here "$G" reconcile -q --to "$3")
	ratio "reconcile, $1 / bare ALTER + scan" "$t" \
		"$(echo "$bare $scan" | awk '{ print $1 + $2 }')" 2.5
	memory "reconcile, $1: peak memory" "$mem" 256
}

bench_reconcile_columns() {
	new_repository
	add_to_other 1 "SELECT 1;"
	git checkout -q -b added
	add_to_other 2 "ALTER TABLE big ADD COLUMN extra TEXT;"
	git checkout -q -b dropped HEAD~1
	add_to_other 3 "ALTER TABLE big DROP COLUMN note;"
	git checkout -q -b base HEAD~1
	base_table
	mv base.db dev.db
	"$G" reconcile -q --to added
	sqlite3 dev.db "UPDATE big SET extra = 'extra ' || id"
	column_switch "added column goes" added base "ALTER TABLE big DROP COLUMN extra"
	column_switch "added column returns" base added "ALTER TABLE big ADD COLUMN extra TEXT"
	column_switch "column is dropped" base dropped "ALTER TABLE big DROP COLUMN note"
	column_switch "dropped column returns" dropped base "ALTER TABLE big ADD COLUMN note TEXT"
}

bench_reconcile() {
	local t floor first_back first_there
	new_repository
	small_migrations 1000
	forget
	"$G" apply -q
	git gc -q
	read -r t _ < <(RUNS=20 best nothing "$G" reconcile)
	read -r floor _ < <(RUNS=20 best nothing "$G" status)
	ratio "reconcile, nothing to do / status" "$t" "$floor" 1.5
	bench_reconcile_rows $((N / 100))
	first_back=$took_back first_there=$took_there
	bench_reconcile_rows $((N / 10))
	ratio "reconcile, taken back, ten times the rows" "$took_back" "$first_back" 1.3
	ratio "reconcile, applied, ten times the rows" "$took_there" "$first_there" 1.3
	bench_reconcile_columns
}

[ $# -gt 0 ] || set -- apply status snapshot revert check replay branches hook reconcile
for part; do
	"bench_$part"
done
