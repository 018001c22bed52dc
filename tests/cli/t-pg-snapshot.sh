#!/bin/bash
# git migrate snapshot on PostgreSQL
. "$(dirname "$0")/lib.sh"
pg_need

# start [store]
start() {
	cd "$TRASH" && rm -rf repo second && scratch_repo "$TRASH/repo" && pg_db &&
		git migrate init -q && git config migrate.dev.url "$URL" &&
		git config migrate.dev.snapshotStore "${1-clone}" && git config migrate.dialect postgresql && commit_all 'Set up' &&
		pg_sql "CREATE TABLE users (id int PRIMARY KEY, name text, age int);
			INSERT INTO users SELECT i, 'name ' || i, i % 90
				FROM generate_series(1, 3000) i;
			CREATE TABLE bag (a int, b text);
			INSERT INTO bag VALUES (1, 'x'), (1, 'x'), (2, NULL);
			CREATE SEQUENCE numbers"
}

two_snapshots() {
	start "$@" && echo "UPDATE users SET age = age + 1 WHERE id > 2;
		DELETE FROM users WHERE id % 7 = 0; UPDATE bag SET a = 3 WHERE b IS NULL;
		INSERT INTO users VALUES (5000, 'new', 1); SELECT nextval('numbers');" |
		migration 1_rows && echo 'DROP TABLE users;' | migration 2_gone &&
		git migrate apply -q
}

for store in clone database; do
	test_expect_success "$store: list, show and verify" '
		two_snapshots '$store' && expect_status 0 snapshot list &&
		has "$OUT" "  apply     1_rows  '$store'  [0-9.]+ KiB, frees [0-9.]+ KiB$" &&
		expect_status 0 snapshot show 1_rows --all &&
		has "$OUT" "^public.users: 2570 changed, 428 went, 1 came$" &&
		has "$OUT" "^  ~ id=.3.  age: .3. -> .4.$" && has "$OUT" "^  - id=.7.  name: .name 7.  age: .7.$" &&
		has "$OUT" "^  \+ id=.5000.$" && has "$OUT" "^public.bag: 1 went, 1 came$" &&
		has "$OUT" "^  - a: .2.  b: NULL$" && has "$OUT" "^counter public.numbers: " &&
		expect_status 0 snapshot show 2_gone -n 1 && has "$OUT" "^public.users \(dropped\): 2573 went$" &&
		has "$OUT" "^  - id: .1.  name: .name 1.  age: .1.$" &&
		expect_status 0 snapshot verify -v && has "$OUT" "1_rows: 3001 rows of 2 tables" &&
		has "$OUT" "^2 whole, 0 broken" && expect_status 0 rollback -q -n 2
	'
done

ids() { # of all snapshots, oldest first
	git migrate snapshot --json | jq -r '.snapshots | reverse | .[].id'
}

for sql in 'DELETE FROM users; DELETE FROM bag' 'DROP TABLE users, bag'; do
	test_expect_success "diff: $sql" '
		start && echo "'"$sql"';" | migration 1_a && git migrate apply -q && git migrate rollback -q &&
		pg_sql "UPDATE users SET name = '\''other'\'' WHERE id = 1500; DELETE FROM users WHERE id IN (9, 10);
			INSERT INTO bag VALUES (1, '\''x'\'')" && git migrate apply -q && set -- $(ids) &&
		expect_status 0 snapshot diff "$1" "$2" && has "$OUT" "^- - id.*9.*name: .name 9.  age: .9.$" &&
		has "$OUT" "^\+ - id.*1500.  name: .other.  age: .60.$" && has "$OUT" "^\+ - a: .1.  b: .x.$" &&
		has "$OUT" "^  0 only in the first, 1 only in the second, 0 differ, 3 alike$" &&
		grep -E "^  (2 only in the first, 0 only in the second, 1 differ|3 only in the first, 1 only in the second, 0 differ), 2997 alike$" "$OUT"
	'
done

test_expect_success 'database: a chunk that was changed is found' '
	two_snapshots database && pg_sql "ALTER TABLE git_migrate.chunks DISABLE TRIGGER USER;
		UPDATE git_migrate.chunks SET data = '\''\\x00'\'' WHERE id = (SELECT chunk
			FROM git_migrate.snapshot_files WHERE path = '\''rows/1'\'' LIMIT 1)" &&
	expect_status 1 snapshot verify && has "$OUT" "^broken .* 1_rows: .* is damaged: a chunk does not unpack"
'

node() {
	pg_sql "SELECT pg_relation_filenode('git_migrate.chunks')"
}

# VACUUM FULL copies what is dead for as long as anybody who was just connecting
# to the server might see it: then there is another time
smaller() { # <bytes before> <bytes that go>
	local i

	for i in 1 2 3 4 5; do
		[ $(($1 - $(bytes))) -lt "$2" ] || return 0
		sleep "0.$i"
		pg_sql "VACUUM (FULL) git_migrate.chunks"
	done
	return 1
}

test_expect_success 'database: pruned rows are gone, and their room' '
	start database && pg_sql "INSERT INTO users SELECT i, md5(random()::text) || md5(random()::text), i FROM generate_series(10000, 60000) i" &&
	echo "DELETE FROM users;" | migration 1_a && git migrate apply -q &&
	echo "DELETE FROM bag;" | migration 2_b && git migrate apply -q &&
	bytes() { pg_sql "SELECT pg_total_relation_size('\''git_migrate.chunks'\'')"; } && before=$(bytes) &&
	first=$(node) && frees=$(git migrate snapshot --json | jq ".snapshots[1].frees") && [ "$frees" -gt 1000000 ] &&
	expect_status 0 snapshot prune --keep 1 && has "$OUT" "^1_a can no longer be rolled back$" &&
	[ "$(node)" != "$first" ] && smaller "$before" "$frees" && expect_status 0 snapshot verify && has "$OUT" "^1 whole, 0 broken, 1 else" &&
	! pg_sql "DELETE FROM git_migrate.chunks" 2>err && has err append-only &&
	expect_status 0 rollback -q && [ "$(pg_sql "SELECT count(*) FROM bag")" = 3 ] &&
	expect_status 1 rollback && has "$ERR" "the snapshot of 1_a, .* was pruned 20.* by C O Mitter"
'

test_expect_success 'database: pruned through a pooler, with the journal elsewhere' '
	start database && git config migrate.dev.journalSchema "the journal" && pg_bouncer && git config migrate.dev.url "$URL" &&
	echo "DELETE FROM users;" | migration 1_a && git migrate apply -q && expect_status 0 snapshot prune --keep 0 -q &&
	[ "$(pg_sql "SELECT count(*) FROM \"the journal\".chunks")" = 0 ] && expect_status 0 snapshot && has "$OUT" "1_a  pruned"
'

test_expect_success 'clone: what goes is really gone, the rest goes back' '
	two_snapshots && expect_status 0 snapshot prune --keep 1 && has "$OUT" "^1_rows can no longer be rolled back$" &&
	expect_status 0 snapshot verify && has "$OUT" "^1 whole, 0 broken, 1 else" && expect_status 0 rollback -q &&
	[ "$(pg_sql "SELECT count(*) FROM users")" = 2573 ] && expect_status 1 rollback && has "$ERR" "was pruned 20"
'

test_expect_success 'remote: pushed before the commit, fetched by another clone' '
	start remote:store && git init -q --bare up.git && git remote add store "$PWD/up.git" &&
	echo "DELETE FROM users;" | migration 1_a && CI=1 git migrate apply -q &&
	[ "$(git -C up.git for-each-ref refs/migrate/snapshots | wc -l)" = 1 ] &&
	git clone -q . ../second && cd ../second && git config migrate.dev.url "$URL" && git config migrate.dialect postgresql &&
	git remote add store "$TRASH/repo/up.git" && expect_status 1 rollback && has "$ERR" "^hint: git migrate snapshot fetch 1_a" &&
	git config migrate.dev.snapshotStore remote:store && git migrate snapshot fetch -q && expect_status 0 rollback -q &&
	[ "$(pg_sql "SELECT count(*) FROM users")" = 3000 ] && rm -rf ../second
'

test_expect_success 'remote: a push that fails leaves the database as it was' '
	start remote:store && git remote add store "$PWD/nowhere.git" && echo "DELETE FROM users;" | migration 1_a &&
	expect_status 128 apply && has "$ERR" "push snapshots to store: git push failed" &&
	[ "$(pg_sql "SELECT count(*) FROM users")" = 3000 ] && [ "$(pg_sql "SELECT to_regclass('\''git_migrate.history'\'') IS NULL")" = t ]
'

test_done
