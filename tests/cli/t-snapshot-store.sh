#!/bin/bash
# migrate.<target>.snapshotStore: snapshots in the clone or in the database
. "$(dirname "$0")/lib.sh"

db=$TRASH/dev.db

# what users have in the database, without the journal
state() {
	sqlite3 "$db" "SELECT type, name, sql FROM sqlite_schema
		WHERE tbl_name NOT LIKE 'git_migrate%' ORDER BY 1, 2"
	sqlite3 "$db" .dump | grep '^INSERT' | grep -v git_migrate
	sqlite3 "$db" 'PRAGMA integrity_check'
}

query() {
	sqlite3 "$db" "$1"
}

# start [store]: a repository whose target is one database for all clones
# shellcheck disable=SC2120 # scripts pass it
start() {
	rm -f "$db" && rm -rf "$TRASH/second" && cd "$TRASH" && rm -rf repo &&
		scratch_repo "$TRASH/repo" && git migrate init -q &&
		git config -f .gitmigrate migrate.dev.url "sqlite:$db" &&
		git config -f .gitmigrate migrate.dev.snapshotStore "${1-database}" &&
		commit_all 'Set up' &&
		query "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age);
			WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1
				FROM i WHERE x < 3000)
			INSERT INTO users SELECT x, 'name ' || x, x % 90 FROM i;
			CREATE INDEX users_name ON users (name);" &&
		state >"$TRASH/state.0"
}

second_clone() {
	rm -rf "$TRASH/second" && git clone -q "$TRASH/repo" "$TRASH/second" &&
		cd "$TRASH/second" || return
}

test_expect_success 'what a migration destroys goes into the database' '
	start && echo "UPDATE users SET age = age + 1;
		DELETE FROM users WHERE id % 7 = 0;" | migration 1_rows &&
	echo "ALTER TABLE users DROP COLUMN age; DROP TABLE users;" |
		migration 2_gone &&
	expect_status 0 apply && [ ! -e .git/migrate/snapshots.git ] &&
	[ "$(query "SELECT count(*) FROM git_migrate_snapshots")" = 2 ] &&
	[ "$(query "SELECT DISTINCT snapshot_store FROM git_migrate_history
		WHERE event = '\''apply'\''")" = database ]
'

test_expect_success 'log, show and status tell of it' '
	expect_status 0 log --json && [ "$(json ".events[0].snapshot_store")" = database ] &&
	id=$(json ".events[0].snapshot") &&
	expect_status 0 show --json 2_gone && [ "$(json .last.snapshot_store)" = database ] &&
	[ "$(json .snapshot_summary)" = "users: 2572 deleted" ] &&
	expect_status 0 status --json &&
	[ "$(json ".migrations[1].snapshot")" = "$id" ] &&
	[ "$(json ".migrations[1].snapshot_store")" = database ]
'

test_expect_success 'rolled back from another clone, exactly' '
	second_clone && expect_status 0 rollback -n 2 &&
	has "$OUT" "^2 migrations rolled back on dev" &&
	state | cmp - "$TRASH/state.0" && [ ! -e .git/migrate/snapshots.git ] &&
	expect_status 0 apply -q && cd "$TRASH/repo" &&
	expect_status 0 rollback -q -n 2 && state | cmp - "$TRASH/state.0"
'

test_expect_success 'what a rollback sets aside goes there, too' '
	start && echo "CREATE TABLE later (x);" | migration 1_later &&
	expect_status 0 apply -q && query "INSERT INTO later VALUES (1), (2)" &&
	second_clone && expect_status 0 rollback &&
	[ "$(query "SELECT snapshot_store || parked FROM git_migrate_history
		ORDER BY seq DESC LIMIT 1")" = database2 ] &&
	[ ! -e .git/migrate/snapshots.git ]
'

test_expect_success 'with clone: it says where the snapshot was made, and what to do' '
	start clone && echo "DROP TABLE users;" | migration 1_gone &&
	expect_status 0 apply -q && second_clone && expect_status 1 rollback &&
	has "$ERR" "^error: the snapshot of 1_gone, taken 20[-0-9T:]*Z by C O Mitter <committer@example.com> on $(uname -n): snapshot [0-9a-f]{40} is not in this clone$" &&
	has "$ERR" "^hint: roll back in the clone that made it; .*snapshotStore = database" &&
	expect_status 0 show 1_gone && has "$OUT" "cannot be read: snapshot [0-9a-f]+ is not in this clone" &&
	cd "$TRASH/repo" && expect_status 0 rollback -q && state | cmp - "$TRASH/state.0"
'

test_expect_success 'each event is read from where it was written' '
	start clone && echo "DELETE FROM users WHERE id < 9;" | migration 1_a &&
	expect_status 0 apply -q &&
	echo "UPDATE users SET age = 0;" | migration 2_b &&
	git -c migrate.dev.snapshotStore=database migrate apply -q &&
	echo "CREATE TABLE empty (x);" | migration 3_c && expect_status 0 status --json &&
	[ "$(json "[.migrations[].snapshot_store] | tojson")" = "[\"clone\",\"database\",null]" ] &&
	expect_status 0 rollback -q -n 2 && state | cmp - "$TRASH/state.0"
'

test_expect_success 'over the limit: refused, nothing is left in the tables' '
	start && echo "DELETE FROM users WHERE id > 0;" | migration 1_gone &&
	git config migrate.dev.snapshotLimit 10k && expect_status 1 apply &&
	has "$ERR" "over its limit of 10240 bytes" &&
	state | cmp - "$TRASH/state.0" &&
	[ "$(query "SELECT count(*) FROM sqlite_schema
		WHERE name LIKE '\''git_migrate%'\''")" = 0 ] &&
	git config --unset migrate.dev.snapshotLimit && expect_status 0 apply -q &&
	expect_status 0 rollback -q && state | cmp - "$TRASH/state.0"
'

test_expect_success 'append-only, for others as well' '
	for t in chunks snapshot_files snapshots; do
		! query "DELETE FROM git_migrate_$t" 2>err &&
		has err "git_migrate_$t is append-only" || return 1
	done &&
	echo "DELETE FROM git_migrate_chunks;" | migration 2_mine &&
	expect_status 128 apply && has "$ERR" "git_migrate_chunks"
'

test_expect_success 'a chunk that was changed is found before anything is' '
	start && echo "DROP TABLE users;" | migration 1_gone &&
	expect_status 0 apply -q && cp "$db" saved.db &&
	for damage in \
		"UPDATE git_migrate_chunks SET data = x'\''00'\'' WHERE rowid = 2" \
		"DELETE FROM git_migrate_chunks WHERE rowid = 2" \
		"DELETE FROM git_migrate_snapshot_files WHERE position = 2"; do
		cp saved.db "$db" && query "DROP TRIGGER git_migrate_chunks_no_update;
			DROP TRIGGER git_migrate_chunks_no_delete;
			DROP TRIGGER git_migrate_snapshot_files_no_delete; $damage" &&
		state >before && expect_status 128 rollback &&
		has "$ERR" "snapshot [0-9a-f]{40} in the database is damaged: " &&
		has "$ERR" "^hint: .*backup" && state | cmp - before || return 1
	done &&
	cp saved.db "$db" && expect_status 0 rollback -q &&
	state | cmp - "$TRASH/state.0"
'

# --- where a clone is no place ---

test_expect_success 'CI: refused under clone, both ways out work' '
	start clone && echo "CREATE VIEW v AS SELECT 1;" | migration 1_view &&
	echo "DROP TABLE users;" | migration 2_gone && commit_all x;
	export CI=true; run_migrate apply; unset CI
	[ "$STATUS" -eq 1 ] && has "$OUT" "^applied 1_view" &&
	has "$ERR" "migrations/2_gone.sql:1:1: .*the migration destroys data, and CI is set" &&
	has "$ERR" "^hint: migrate.dev.snapshotStore = database .*--no-snapshot" &&
	query "DROP VIEW v; " && query "CREATE VIEW v AS SELECT 1" &&
	[ ! -e .git/migrate/snapshots.git ] &&
	[ "$(query "SELECT count(*) FROM users")" = 3000 ] &&
	CI=true git -c migrate.dev.snapshotStore=database migrate apply -q &&
	CI=1 git -c migrate.dev.snapshotStore=database migrate rollback -q &&
	CI=1 git migrate apply -q --no-snapshot && expect_status 1 rollback &&
	has "$ERR" irreversible
'

test_expect_success 'CI that says no is none' '
	start clone && echo "DROP TABLE users;" | migration 1_gone &&
	CI=false git migrate apply -q && CI= git migrate rollback -q &&
	state | cmp - "$TRASH/state.0"
'

test_expect_success 'a protected target: in the database by default, refused under clone' '
	start clone && git config -f .gitmigrate --unset migrate.dev.snapshotStore &&
	git config -f .gitmigrate migrate.dev.protected true &&
	echo "DELETE FROM users WHERE id < 9;" | migration 1_a && commit_all x;
	expect_status 0 apply -q && [ ! -e .git/migrate/snapshots.git ] &&
	git config migrate.dev.snapshotStore clone &&
	echo "DROP TABLE users;" | migration 2_gone && expect_status 1 apply &&
	has "$ERR" "the migration destroys data, and the target is protected: a snapshot in this clone would be the only one" &&
	has "$ERR" "^hint: migrate.dev.snapshotStore = database" &&
	second_clone && expect_status 0 rollback -q && state | cmp - "$TRASH/state.0"
'

# --- killed ---

places='begun statement captured chunks-written before-durable snapshot-durable
	committed promoted before-ledger restored'

# killed_at <place> <apply|rollback>: status 0 when all is as before or after
killed_at() {
	local s=0 n

	cp "$TRASH/$2.db" "$db" && rm -f "$db-journal" || return
	(GIT_MIGRATE_CRASH=$1 exec git-migrate "$2" -q) >"$OUT" 2>&1 || s=$?
	[ "$s" -eq 137 ] && echo "$1" >>"$TRASH/reached"
	[ "$s" -eq 137 ] || [ "$s" -eq 0 ] || { cat "$OUT"; return 1; }
	git migrate status -q || return
	n=$(query "SELECT count(*) FROM git_migrate_migrations
		WHERE status = 'applied'")
	state | cmp - "$TRASH/state.$n" || { echo "state $n"; return 1; }
	# each snapshot whole, and each of an event
	[ "$(query "SELECT count(*) FROM git_migrate_snapshots s
		WHERE NOT EXISTS (SELECT 1 FROM git_migrate_history h
			WHERE h.snapshot = s.id)
		OR s.chunks <> (SELECT count(*) FROM git_migrate_snapshot_files f
			WHERE f.snapshot = s.number)")" = 0 ] &&
		[ "$(query "SELECT count(*) FROM git_migrate_history h
			WHERE snapshot IS NOT NULL AND NOT EXISTS (SELECT 1
			FROM git_migrate_snapshots s WHERE s.id = h.snapshot)")" = 0 ] ||
		{ echo "snapshots and history differ"; return 1; }
	git migrate apply -q && state | cmp - "$TRASH/state.1" &&
		git migrate rollback -q && state | cmp - "$TRASH/state.0"
}

if GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate status >/dev/null 2>&1
	start && echo 'UPDATE users SET age = age + 1;
		DELETE FROM users WHERE id > 2000;' | migration 1_a &&
		GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate apply -q &&
		[ -s "$TRASH/points" ]; then
	state >"$TRASH/state.1" && cp "$db" "$TRASH/rollback.db"
	git migrate rollback -q && cp "$db" "$TRASH/apply.db"
	for place in $places; do
		test_expect_success "killed at $place: nothing half" '
			killed_at '"$place"' apply && killed_at '"$place"' rollback
		'
	done
	test_expect_success 'every place was reached' '
		[ "$(sort -u "$TRASH/reached" | wc -l)" -eq "$(echo $places | wc -w)" ]
	'
else
	test_skip 'killed at named places' 'the program was built without them'
fi

test_done
