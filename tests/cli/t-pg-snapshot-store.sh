#!/bin/bash
# Snapshots in a PostgreSQL database
. "$(dirname "$0")/lib.sh"
pg_need

# start [settings...]: a database with rows, and a repository whose target it is
start() {
	cd "$TRASH" && rm -rf repo second && pg_db && scratch_repo "$TRASH/repo" &&
		git migrate init -q &&
		git config migrate.dialect postgresql && git config migrate.dev.url "$URL" &&
		git config migrate.dev.snapshotStore database && commit_all 'Set up' &&
		pg_sql "CREATE TABLE users (id integer PRIMARY KEY, name text, age int);
			INSERT INTO users SELECT x, 'name ' || x, x % 90
				FROM generate_series(1, 3000) x;
			CREATE INDEX users_name ON users (name)" &&
		state >"$TRASH/state.0"
}

second_clone() {
	rm -rf "$TRASH/second" && git clone -q "$TRASH/repo" "$TRASH/second" &&
		cd "$TRASH/second" && git config migrate.dialect postgresql &&
		git config migrate.dev.url "$URL" &&
		git config migrate.dev.snapshotStore database
}

# whole [schema]: each snapshot is, and each is some event's
# shellcheck disable=SC2120 # scripts pass it
whole() {
	local s=${1-git_migrate}

	[ "$(pg_sql "SELECT count(*) FROM $s.snapshots s
		WHERE NOT EXISTS (SELECT 1 FROM $s.history h WHERE h.snapshot = s.id)
		OR s.chunks <> (SELECT count(*) FROM $s.snapshot_files f
			JOIN $s.chunks k ON k.id = f.chunk WHERE f.snapshot = s.number)
		OR s.bytes <> (SELECT sum(k.size) FROM $s.snapshot_files f
			JOIN $s.chunks k ON k.id = f.chunk
			WHERE f.snapshot = s.number)")" = 0 ] &&
		[ "$(pg_sql "SELECT count(*) FROM $s.history h
			WHERE snapshot IS NOT NULL AND snapshot_store = 'database'
			AND NOT EXISTS (SELECT 1 FROM $s.snapshots s
				WHERE s.id = h.snapshot)")" = 0 ]
}

# definitions and rows of everybody's own
state() {
	pg_sql "SELECT c.relname, a.attname, format_type(atttypid, atttypmod),
			attnotnull, pg_get_expr(adbin, adrelid)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE relnamespace = 'public'::regnamespace AND attnum > 0
		AND NOT attisdropped ORDER BY c.relname, attnum" &&
		pg_sql "SELECT pg_get_indexdef(indexrelid) FROM pg_index i
			JOIN pg_class c ON c.oid = indrelid
			WHERE relnamespace = 'public'::regnamespace ORDER BY 1" || return
	for t in $(pg_sql "SELECT relname FROM pg_class WHERE relkind = 'r'
			AND relnamespace = 'public'::regnamespace ORDER BY 1"); do
		pg_sql "SELECT * FROM $t ORDER BY 1"
	done
}

snapshots() {
	pg_sql "SELECT count(*) FROM git_migrate.snapshots"
}

test_expect_success 'what a migration destroys goes into the database' '
	start && echo "UPDATE users SET age = age + 1;
		DELETE FROM users WHERE id % 7 = 0;" | migration 1_rows &&
	echo "ALTER TABLE users DROP COLUMN age; DROP TABLE users;" |
		migration 2_gone &&
	expect_status 0 apply && [ ! -e .git/migrate/snapshots.git ] &&
	[ "$(snapshots)" = 2 ] && whole &&
	expect_status 0 log --json && [ "$(json ".events[0].snapshot_store")" = database ]
'

test_expect_success 'another clone reads it' '
	second_clone && expect_status 0 show --json 2_gone &&
	[ "$(json .last.snapshot_store)" = database ] &&
	json .snapshot_summary | grep "^public.users: .*2572 deleted" &&
	[ ! -e .git/migrate/snapshots.git ]
'

test_expect_success 'chunks are deflated, and the server leaves them alone' '
	[ "$(pg_sql "SELECT sum(length(data)) * 2 < sum(size),
		bool_and(pg_column_size(data) >= length(data))
		FROM git_migrate.chunks")" = "t|t" ]
'

test_expect_success 'append-only, for others as well' '
	for t in chunks snapshot_files snapshots; do
		! pg_sql "DELETE FROM git_migrate.$t" 2>err &&
		has err "git_migrate.$t is append-only" &&
		! pg_sql "TRUNCATE git_migrate.$t" 2>err &&
		has err "git_migrate.$t is append-only" || return 1
	done
'

test_expect_success 'rolled back from another clone, exactly' '
	second_clone && expect_status 0 rollback -n 2 &&
	has "$OUT" "^2 migrations rolled back on dev" &&
	state | cmp - "$TRASH/state.0" && [ ! -e .git/migrate/snapshots.git ] &&
	expect_status 0 apply -q && cd "$TRASH/repo" &&
	expect_status 0 rollback -q -n 2 && state | cmp - "$TRASH/state.0" &&
	whole && expect_status 0 apply -q
'

test_expect_success 'what a rollback sets aside goes there, too' '
	start && echo "CREATE TABLE later (x int);" | migration 1_later &&
	expect_status 0 apply -q && pg_sql "INSERT INTO later VALUES (1), (2)" &&
	second_clone && expect_status 0 rollback &&
	[ "$(pg_sql "SELECT snapshot_store, parked FROM git_migrate.history
		ORDER BY seq DESC LIMIT 1")" = "database|2" ] && whole &&
	[ ! -e .git/migrate/snapshots.git ] && state | cmp - "$TRASH/state.0"
'

test_expect_success 'each event is read from where it was written' '
	start && git config migrate.dev.snapshotStore clone &&
	echo "DELETE FROM users WHERE id < 9;" | migration 1_a &&
	expect_status 0 apply -q &&
	echo "UPDATE users SET age = 0;" | migration 2_b &&
	git -c migrate.dev.snapshotStore=database migrate apply -q &&
	expect_status 0 rollback -q -n 2 && state | cmp - "$TRASH/state.0"
'

test_expect_success 'with clone: it says where the snapshot was made, and what to do' '
	expect_status 0 apply -q && second_clone && expect_status 1 rollback -n 2 &&
	has "$ERR" "^error: the snapshot of 2_b, taken .* by C O Mitter <committer@example.com> on $(uname -n): snapshot [0-9a-f]{40} is not in this clone$" &&
	has "$ERR" "^hint: roll back in the clone that made it; .*snapshotStore = database"
'

test_expect_success 'a chunk that was changed is found before anything is' '
	start && echo "DROP TABLE users;" | migration 1_gone &&
	expect_status 0 apply -q &&
	for t in chunks snapshot_files; do
		pg_sql "DROP TRIGGER append_only ON git_migrate.$t;
			CREATE TABLE saved_$t AS SELECT * FROM git_migrate.$t" || return 1
	done &&
	for damage in "UPDATE git_migrate.chunks SET data = substr(data, 1, 40)" \
		"UPDATE git_migrate.chunks SET (size, data) = (SELECT size, data
			FROM git_migrate.chunks LIMIT 1)" \
		"DELETE FROM git_migrate.chunks WHERE size > 1000" \
		"DELETE FROM git_migrate.snapshot_files WHERE position = 2" \
		"UPDATE git_migrate.snapshot_files SET path = '\''rows/2'\''
			WHERE position = 1"; do
		pg_sql "$damage" && expect_status 128 rollback &&
		has "$ERR" "snapshot [0-9a-f]{40} in the database is damaged: " &&
		has "$ERR" "^hint: .*backup" &&
		[ "$(pg_sql "SELECT to_regclass('\''users'\'') IS NULL")" = t ] &&
		for t in chunks snapshot_files; do
			pg_sql "TRUNCATE git_migrate.$t;
				INSERT INTO git_migrate.$t SELECT * FROM saved_$t"
		done || return 1
	done &&
	pg_sql "DROP TABLE saved_chunks, saved_snapshot_files" &&
	expect_status 0 rollback -q && state | cmp - "$TRASH/state.0"
'

test_expect_success 'a failed migration leaves nothing in the tables' '
	start && echo "UPDATE users SET age = 0 WHERE id < 9;" | migration 1_a &&
	echo "DROP TABLE users; SELECT nothing();" | migration 2_b &&
	expect_status 128 apply && [ "$(snapshots)" = 1 ] && whole &&
	[ "$(pg_sql "SELECT count(*) FROM users")" = 3000 ] &&
	[ "$(pg_sql "SELECT count(*) FROM git_migrate.chunks")" = 2 ]
'

test_expect_success 'over the limit: refused, nothing is left' '
	start && echo "DELETE FROM users WHERE id > 0;" | migration 1_gone &&
	git config migrate.dev.snapshotLimit 10k && expect_status 1 apply &&
	has "$ERR" "over its limit of 10240 bytes" &&
	[ "$(pg_sql "SELECT to_regclass('\''git_migrate.chunks'\'') IS NULL,
		count(*) FROM users")" = "t|3000" ]
'

test_expect_success '... where that is known beforehand, before anything runs' '
	start && echo "CREATE TABLE first (id int);" | migration 1_first &&
	echo "TRUNCATE users;" | migration 2_gone &&
	git config migrate.dev.snapshotLimit 10k && expect_status 1 plan &&
	expect_status 1 apply && [ ! -s "$OUT" ] &&
	has "$ERR" "^error: migrations/2_gone.sql:1:1: the snapshot would take about [67][0-9].[0-9] KiB \(table users: [67][0-9].[0-9] KiB\), and its limit is 10.0 KiB$" &&
	has "$ERR" "^hint: raise migrate.dev.snapshotLimit, or apply --no-snapshot" &&
	[ "$(pg_sql "SELECT to_regclass('\''first'\'') IS NULL,
		to_regnamespace('\''git_migrate'\'') IS NULL,
		count(*) FROM users")" = "t|t|3000" ] &&
	expect_status 0 apply -q --no-snapshot
'

test_expect_success 'CI and clone: refused, nothing is changed' '
	start && git config migrate.dev.snapshotStore clone &&
	echo "DELETE FROM users WHERE id = 7;" | migration 1_a;
	export CI=true; run_migrate apply; unset CI
	[ "$STATUS" -eq 1 ] && has "$ERR" "the migration destroys data, and CI is set" &&
	has "$ERR" "^hint: migrate.dev.snapshotStore = database .*--no-snapshot" &&
	[ "$(pg_sql "SELECT count(*) FROM users")" = 3000 ] &&
	CI=true git -c migrate.dev.snapshotStore=database migrate apply -q &&
	[ "$(snapshots)" = 1 ]
'

test_expect_success 'a protected target: in the database by default' '
	start && git config --unset migrate.dev.snapshotStore &&
	git config migrate.dev.protected true &&
	echo "DELETE FROM users WHERE id < 9;" | migration 1_a &&
	expect_status 0 apply -q && [ "$(snapshots)" = 1 ] && whole &&
	git config migrate.dev.snapshotStore clone &&
	echo "DROP TABLE users;" | migration 2_b && expect_status 1 apply &&
	has "$ERR" "and the target is protected: a snapshot in this clone would be the only one"
'

test_expect_success 'many tables and long values' '
	start && pg_sql "CREATE TABLE long (id int PRIMARY KEY, t text, b bytea);
		INSERT INTO long SELECT x, repeat(md5(x::text), x * 3000),
			decode(repeat(md5(x::text), x * 1000), '\''hex'\'')
			FROM generate_series(1, 20) x" &&
	for i in $(seq 40); do
		pg_sql "CREATE TABLE t$i AS SELECT $i AS a" &&
		echo "DROP TABLE t$i;" || return 1
	done >drop && { cat drop; echo "DROP TABLE long;"; } | migration 1_all &&
	rm drop && state >before && expect_status 0 apply -q && whole &&
	[ "$(pg_sql "SELECT max(size) <= 262144 AND count(*) > 40 FROM git_migrate.chunks")" = t ] &&
	expect_status 0 rollback -q && state | cmp - before
'

test_expect_success 'many migrations in one transaction' '
	start && for i in 3 4 5; do
		echo "DELETE FROM users WHERE id % $i = 0;" | migration ${i}_del ||
			return 1
	done && echo "DROP TABLE users;" | migration 6_gone &&
	expect_status 0 apply -q --group && [ "$(snapshots)" = 4 ] && whole &&
	expect_status 0 rollback -q -n 4 && state | cmp - "$TRASH/state.0"
'

test_expect_success 'a server that prints bytes in escapes' '
	start && pg_sql "DO \$\$ BEGIN EXECUTE format(
		'\''ALTER DATABASE %I SET bytea_output = escape'\'',
		current_database()); END \$\$" &&
	echo "DROP TABLE users;" | migration 1_gone && expect_status 0 apply -q &&
	expect_status 0 show 1_gone && has "$OUT" "public.users: 3000 deleted" &&
	expect_status 0 rollback -q && state | cmp - "$TRASH/state.0"
'

test_expect_success 'the journal in a schema of another name' '
	start && git config migrate.dev.journalSchema "the journal" &&
	echo "DROP TABLE users;" | migration 1_gone && expect_status 0 apply -q &&
	whole "\"the journal\"" && expect_status 0 show 1_gone &&
	has "$OUT" "public.users: 3000 deleted" &&
	[ "$(pg_sql "SELECT to_regnamespace('\''git_migrate'\'') IS NULL")" = t ]
'

test_expect_success 'through a pooler' '
	start && pg_bouncer && git config migrate.dev.url "$URL" &&
	echo "DROP TABLE users;" | migration 1_gone && expect_status 0 apply -q &&
	whole && expect_status 0 show 1_gone && has "$OUT" "public.users: 3000 deleted" &&
	expect_status 0 rollback -q && state | cmp - "$TRASH/state.0"
'

# the database as it was before anything was applied
reset() {
	pg_sql "SET client_min_messages = error;
		DROP SCHEMA IF EXISTS git_migrate CASCADE;
		DROP TABLE IF EXISTS users, park;
		CREATE TABLE users (LIKE kept INCLUDING ALL);
		INSERT INTO users SELECT * FROM kept" &&
		rm -rf .git/refs/migrate
}

# killed_at <place> <apply|rollback>: all is as before or after, and the next
# run goes on
killed_at() {
	local s=0 n=0 have

	reset || return
	[ "$2" = apply ] || git migrate apply -q || return
	(GIT_MIGRATE_CRASH=$1 exec git-migrate "$2" -q) >"$OUT" 2>&1 || s=$?
	[ "$s" -eq 137 ] || { echo "status $s" && cat "$OUT" && return 1; }
	# the server may take a moment to see it
	until [ "$(pg_sql "SELECT count(*) FROM pg_stat_activity WHERE datname =
			current_database() AND pid <> pg_backend_pid() AND
			backend_type = 'client backend'")" = 0 ]; do
		n=$((n + 1))
		[ $n -lt 50 ] || return
		sleep 0.1
	done
	have=$(pg_sql "SELECT to_regclass('git_migrate.snapshots') IS NOT NULL,
		to_regclass('users') IS NOT NULL")
	case $have in
	t*) whole ;;
	f\|t) [ "$(pg_sql "SELECT count(*) FROM users")" = 3000 ] ;;
	*) echo "tables: $have" && return 1 ;;
	esac && git migrate apply -q && whole && git migrate rollback -q &&
		whole && state | cmp - "$TRASH/state.1"
}

test_expect_success 'fixture to kill' '
	start && pg_sql "CREATE TABLE kept (LIKE users INCLUDING ALL);
		INSERT INTO kept SELECT * FROM users" &&
	reset && state >"$TRASH/state.1" &&
	echo "DROP TABLE users; CREATE TABLE park AS SELECT 1 AS a;" |
		migration 1_gone
'

if GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate plan >/dev/null 2>&1 &&
	GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate apply -q &&
	[ -s "$TRASH/points" ]; then
	for at in 'begun apply' 'statement apply' 'captured apply' \
		'chunks-written apply' 'before-durable apply' 'committed apply' \
		'before-ledger apply' 'begun rollback' 'restored rollback' \
		'chunks-written rollback' 'before-durable rollback' \
		'committed rollback'; do
		test_expect_success "killed: $at: nothing half" "killed_at $at"
	done
else
	test_skip 'killed at named places' 'the program was built without them'
fi

test_done
