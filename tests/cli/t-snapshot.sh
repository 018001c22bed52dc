#!/bin/bash
# git migrate snapshot: which there are, what is in them, whether they are whole
. "$(dirname "$0")/lib.sh"

db=$TRASH/dev.db
vault=.git/migrate/snapshots.git

query() {
	sqlite3 "$db" "$1"
}

# start [store]: a repository with a table of 3,000 rows
start() {
	rm -f "$db" && cd "$TRASH" && rm -rf repo second &&
		scratch_repo "$TRASH/repo" && git migrate init -q &&
		git config -f .gitmigrate migrate.dev.url "sqlite:$db" &&
		git config -f .gitmigrate migrate.dev.snapshotStore "${1-clone}" &&
		commit_all 'Set up' &&
		query "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age);
			WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1
				FROM i WHERE x < 3000)
			INSERT INTO users SELECT x, 'name ' || x, x % 90 FROM i;"
}

two_snapshots() {
	start "$@" && echo "UPDATE users SET age = age + 1 WHERE id > 2;
		DELETE FROM users WHERE id % 7 = 0;
		INSERT INTO users VALUES (5000, 'new', 1);" | migration 1_rows &&
		echo 'DROP TABLE users;' | migration 2_gone && git migrate apply -q
}

second_clone() {
	rm -rf "$TRASH/second" && git clone -q "$TRASH/repo" "$TRASH/second" &&
		cd "$TRASH/second" || return
}

test_expect_success 'without a journal there is none' '
	start && expect_status 1 snapshot && has "$ERR" "no snapshots: target .dev. has no journal"
'

test_expect_success 'wrong words' '
	expect_status 129 snapshot lst && has "$ERR" "did you mean .list." &&
	expect_status 129 snapshot show && expect_status 129 snapshot list x &&
	expect_status 129 snapshot list -n 3 && expect_status 129 snapshot show -n 3 --all x &&
	expect_status 129 snapshot -h && has "$OUT" "snapshot verify"
'

for store in clone database; do
	test_expect_success "$store: listed with sizes, newest first" '
		two_snapshots '$store' && expect_status 0 snapshot list &&
		has "$OUT" "^[0-9a-f]{10}  20.*Z  apply     1_rows  '$store'  [0-9.]+ KiB, frees [0-9.]+ KiB$" &&
		has "$OUT" "^2 snapshots$" && expect_status 0 snapshot --json &&
		[ "$(json ".snapshots | map(.name) | join(\" \")")" = "2_gone 1_rows" ] &&
		[ "$(json ".snapshots | map(.store + (.here | tostring) + (.needed | tostring)) | unique | .[]")" = '$store'truetrue ] &&
		[ "$(json ".snapshots[0].bytes > 40000 and .snapshots[0].frees > 1000")" = true ]
	'

	test_expect_success "$store: what is in them" '
		expect_status 0 snapshot show 1_rows -n 3 &&
		has "$OUT" "^Of:     apply 1_rows$" && has "$OUT" "^Store:  '$store'$" &&
		has "$OUT" "^users: 2570 changed, 428 went, 1 came$" &&
		has "$OUT" "^  ~ rowid=3  age: 3 -> 4$" &&
		has "$OUT" "^  \.\.\. 2996 more rows" &&
		expect_status 0 snapshot show rows --all && [ "$(grep -c "^  [-~+] " "$OUT")" = 2999 ] &&
		has "$OUT" "^  - rowid=7  name: .name 7.  age: 7$" && has "$OUT" "^  \+ rowid=5000$" &&
		expect_status 0 snapshot show 2_gone --json -n 1 &&
		[ "$(json ".parts[0].tables[0] | .went, .after, (.rows | length), .rows[0].was.name")" = "2573
null
1
'"'name 1'"'" ]
	'

	test_expect_success "$store: by the beginning of an id" '
		expect_status 0 snapshot --json && id=$(json ".snapshots[1].id") &&
		expect_status 0 snapshot show "${id%"${id#??????}"}" && has "$OUT" "^snapshot $id$" &&
		expect_status 128 snapshot show none && has "$ERR" "no snapshot of .none." &&
		expect_status 128 snapshot show "${id%"${id#???}"}"
	'

	test_expect_success "$store: whole" '
		expect_status 0 snapshot verify && has "$OUT" "^2 whole, 0 broken, 0 elsewhere or pruned$" &&
		expect_status 0 snapshot verify 1_rows --json && [ "$(json .ok)" = true ] &&
		[ "$(json ".snapshots[0] | .verdict, .rows, .tables")" = "whole
2999
1" ]
	'
done

test_expect_success 'what would be freed is what no other leads to' '
	two_snapshots && expect_status 0 snapshot --json &&
	git -C $vault rev-list --objects "$(json ".snapshots[0].id")" | cut -c-40 | sort >left &&
	git -C $vault cat-file --batch-all-objects --batch-check="%(objectname) %(objectsize:disk)" |
		sort | join -v1 - left >alone &&
	frees=$(json ".snapshots[1].frees") &&
	more=$(($(awk "{ s += \$2 + 28 } END { print s }" alone) - frees)) &&
	# the group, which is nobody in particular: a commit and a tree
	[ "$frees" -gt 10000 ] && [ "$more" -gt 0 ] && [ "$more" -lt 600 ]
'

test_expect_success 'what two snapshots share is nobody'\''s alone' '
	start && echo "DELETE FROM users;" | migration 1_a && git migrate apply -q &&
	git migrate rollback -q && query "UPDATE users SET age = 0 WHERE id = 1500" &&
	git migrate apply -q && expect_status 0 snapshot --json &&
	[ "$(json ".snapshots | length")" = 2 ] &&
	[ "$(json ".snapshots[0] | .frees < 9000 and .bytes > 40000")" = true ] &&
	[ "$(json ".snapshots | map(.needed) | join(\" \")")" = "true false" ]
'

# --- diff ---

ids() { # of all snapshots, oldest first
	git migrate snapshot --json | jq -r ".snapshots | reverse | .[].id"
}

test_expect_success 'diff: rows that went, came and changed between two' '
	start && echo "DELETE FROM users;" | migration 1_a && git migrate apply -q && git migrate rollback -q &&
	query "UPDATE users SET name = '\''other'\'' WHERE id = 1500; DELETE FROM users WHERE id IN (9, 10);
		INSERT INTO users VALUES (10000, '\''new'\'', 1)" && git migrate apply -q &&
	set -- $(ids) && expect_status 0 snapshot diff "$1" "$2" && has "$OUT" "^--- $1  20.* apply 1_a$" && has "$OUT" "^\+\+\+ $2" &&
	has "$OUT" "^users$" && has "$OUT" "^- - rowid=9  name: .name 9.  age: 9$" && has "$OUT" "^\+ - rowid=10000  name: .new.  age: 1$" &&
	[ "$(grep -A1 "^- - rowid=1500 " "$OUT" | tail -n 1)" = "+ - rowid=1500  name: '\''other'\''  age: 60" ] &&
	has "$OUT" "^  2 only in the first, 1 only in the second, 1 differ, 2997 alike$" &&
	expect_status 0 snapshot diff -n 1 "$1" "$2" && [ "$(grep -c "^[-+] " "$OUT")" = 1 ] && has "$OUT" "^  2 only in the first, 1 only" &&
	expect_status 0 snapshot diff --json "$2" "$1" &&
	[ "$(json "[.tables[0] | .name, .first, .second, .differ, .same, (.rows | length), .rows[0].side] | tojson")" = "[\"users\",1,2,1,2997,5,\"second\"]" ] &&
	[ "$(json ".snapshots[0].id")" = "$2" ] && expect_status 0 snapshot diff "$1" "$1" &&
	has "$OUT" "^  0 only in the first, 0 only in the second, 0 differ, 3000 alike$"
'

test_expect_success 'diff: keys that are texts' '
	start && query "CREATE TABLE words (w TEXT PRIMARY KEY, n) WITHOUT ROWID;
		WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < 900) INSERT INTO words SELECT x * 7, x FROM i" &&
	echo "DELETE FROM words;" | migration 1_a && git migrate apply -q && git migrate rollback -q &&
	query "UPDATE words SET n = 0 WHERE w = '\''70'\''; DELETE FROM words WHERE w = '\''700'\''" && git migrate apply -q &&
	set -- $(ids) && expect_status 0 snapshot diff "$1" "$2" && has "$OUT" "^  1 only in the first, 0 only in the second, 1 differ, 898 alike$" &&
	has "$OUT" "^- - w=.70.  n: 10$" && has "$OUT" "^\+ - w=.70.  n: 0$" && has "$OUT" "^- - w=.700.  n: 100$"
'

test_expect_success 'diff: a table that a park has twice' '
	rm -f "$db" && start && query "DELETE FROM users WHERE id > 9" &&
	echo "ALTER TABLE users ADD COLUMN z; UPDATE users SET name = upper(name);" | migration 1_a && git migrate apply -q &&
	parks() { git migrate snapshot --json | jq -r ".snapshots[] | select(.event == \"rollback\") | .id"; } &&
	query "UPDATE users SET z = 1, name = \"one\" WHERE id = 1" && expect_status 0 rollback --on-conflict=restore && first=$(parks) &&
	git migrate apply -q && query "UPDATE users SET name = \"two\" WHERE id = 1" && expect_status 0 rollback --on-conflict=restore &&
	expect_status 0 snapshot diff "$first" "$(parks | head -n 1)" && [ "$(grep -c "^. ~ rowid=1  z: 1 " "$OUT")" = 2 ] &&
	has "$OUT" "^- ~ rowid=1  name: .one. " && has "$OUT" "^\+ ~ rowid=1  name: .two. " &&
	[ "$(grep -c "^  0 only in the first, 0 only in the second, 1 differ, 0 alike$" "$OUT")" = 2 ]
'

test_expect_success 'diff: nothing in common, not here, not there' '
	start && query "CREATE TABLE t (x INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)" && echo "DELETE FROM users;" | migration 1_a &&
	echo "DELETE FROM t;" | migration 2_b && git migrate apply -q && expect_status 1 snapshot diff 1_a 2_b &&
	has "$ERR" "have no table in common" && expect_status 128 snapshot diff 1_a none && expect_status 129 snapshot diff 1_a &&
	second_clone && expect_status 1 snapshot diff 1_a 2_b && has "$ERR" "is not in this clone"
'

# --- broken ---

test_expect_success 'clone: a byte of a pack that changed is found' '
	two_snapshots && chmod u+w $vault/objects/pack/*.pack &&
	p=$(ls -S $vault/objects/pack/*.pack | head -n 1) &&
	printf XXXXXXXX | dd of="$p" bs=1 seek=9000 conv=notrunc 2>/dev/null &&
	expect_status 1 snapshot verify && has "$OUT" "^broken [0-9a-f]{10} 1_rows: " &&
	has "$OUT" "^1 whole, 1 broken" && expect_status 1 snapshot verify --json &&
	[ "$(json .ok)" = false ] && [ "$(json ".snapshots[] | select(.verdict == \"broken\") | .error.message != null")" = true ] &&
	expect_status 0 snapshot verify 2_gone
'

test_expect_success 'clone: a pack that is gone is found' '
	two_snapshots && rm -f $vault/objects/pack/* && expect_status 1 snapshot verify &&
	has "$OUT" "2_gone: a ref of this clone names it, but its objects are gone" &&
	has "$OUT" "^0 whole, 2 broken" && expect_status 0 snapshot list && has "$OUT" "lost from this clone"
'

test_expect_success 'a manifest that tells of other rows is found' '
	two_snapshots && tree=$(git migrate snapshot list --json | jq -r ".snapshots[0].id") &&
	git -C $vault cat-file -p "$tree:manifest" | sed "s/^\(table .* 0 0\) 2573/\1 2572/" >m &&
	blob=$(git -C $vault hash-object -w --stdin <m) &&
	rows=$(git -C $vault rev-parse "$tree:rows") &&
	new=$(printf "100644 blob %s\tmanifest\n040000 tree %s\trows\n" "$blob" "$rows" | git -C $vault mktree) &&
	query "DROP TRIGGER git_migrate_history_no_update; UPDATE git_migrate_history SET snapshot = '\''$new'\'' WHERE snapshot = '\''$tree'\''" &&
	expect_status 1 snapshot verify 2_gone && has "$OUT" "table users: 2573 rows that went, but its manifest says 2572"
'

test_expect_success 'database: a chunk that was changed, one that is gone' '
	two_snapshots database && cp "$db" saved.db &&
	for damage in "UPDATE git_migrate_chunks SET data = x'\''00'\'' WHERE rowid = 2" \
		"DELETE FROM git_migrate_chunks WHERE rowid = 2" \
		"DELETE FROM git_migrate_snapshot_files WHERE position = 2" \
		"DELETE FROM git_migrate_snapshots"; do
		cp saved.db "$db" && query "DROP TRIGGER git_migrate_chunks_no_update;
			DROP TRIGGER git_migrate_chunks_no_delete; DROP TRIGGER git_migrate_snapshots_no_delete;
			DROP TRIGGER git_migrate_snapshot_files_no_delete; $damage" &&
		expect_status 1 snapshot verify && has "$OUT" "^broken .* 1_rows: " || return 1
	done
'

# --- elsewhere ---

test_expect_success 'another clone tells where it is, and changes nothing' '
	two_snapshots && second_clone && expect_status 0 snapshot list &&
	has "$OUT" "2_gone  not here: clone of $(uname -n)$" && has "$OUT" "^2 snapshots, 0 of them here$" &&
	expect_status 0 snapshot list --json && [ "$(json ".snapshots[0].bytes")" = null ] &&
	expect_status 0 snapshot verify && has "$OUT" "2 elsewhere" &&
	expect_status 1 snapshot show 2_gone && has "$ERR" "the snapshot of 2_gone, taken 20.* on $(uname -n): .*is not in this clone" &&
	cp "$db" before.db && expect_status 1 rollback && cmp "$db" before.db
'

test_expect_success 'rows cannot steer a terminal' '
	start && query "UPDATE users SET name = char(27) || '\''[31m'\'' || char(10) || '\''x'\''" &&
	echo "DELETE FROM users;" | migration 1_a && git migrate apply -q &&
	expect_status 0 snapshot show 1_a && has_not "$OUT" "$(printf "\033")" && has "$OUT" "name: .*31m.nx"
'

# --- prune ---

size() {
	find $vault/objects -type f -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }'
}

test_expect_success 'prune wants to know what to keep' '
	two_snapshots && for k in "" "--keep x" "--keep 3m" "--keep -1" "--keep"; do
		expect_status 129 snapshot prune $k || return 1
	done && expect_status 129 snapshot list --keep 3 && expect_status 129 snapshot prune x --keep 3 &&
	expect_status 0 snapshot prune --keep 30d && has "$OUT" "^0 snapshots, 0 bytes freed$" &&
	expect_status 0 snapshot prune --keep 2 && has "$OUT" "^0 snapshots" &&
	expect_status 0 snapshot verify && has "$OUT" "^2 whole"
'

test_expect_success 'clone: --dry-run tells, and changes nothing' '
	cp "$db" before.db && before=$(size) && expect_status 0 snapshot prune --keep 1 --dry-run &&
	has "$OUT" "^would prune [0-9a-f]{10}  20.*  apply 1_rows$" &&
	has "$OUT" "^1_rows could no longer be rolled back$" && cmp "$db" before.db && [ "$(size)" = "$before" ]
'

test_expect_success 'clone: what goes is really gone, the rest goes back' '
	frees=$(git migrate snapshot --json | jq ".snapshots[1].frees") && before=$(size) &&
	expect_status 0 snapshot prune --keep 1 && has "$OUT" "^1_rows can no longer be rolled back$" &&
	saved=$((before - $(size))) && [ $((saved - frees)) -gt -1000 ] && [ $((saved - frees)) -lt 1000 ] &&
	git -C $vault fsck --strict 2>&1 | has_not /dev/stdin "missing|error|dangling" &&
	expect_status 0 snapshot list && has "$OUT" "  1_rows  pruned 20" && has "$OUT" "^2 snapshots, 1 of them here$" &&
	expect_status 0 snapshot verify && has "$OUT" "^1 whole, 0 broken, 1 elsewhere or pruned$" &&
	expect_status 0 rollback -q && [ "$(query "SELECT count(*) FROM users")" = 2573 ] &&
	cp "$db" before.db && expect_status 1 rollback && cmp "$db" before.db &&
	has "$ERR" "the snapshot of 1_rows, taken 20.* by C O Mitter <committer@example.com>, was pruned 20.* by C O Mitter" &&
	has "$ERR" "^hint: what it destroyed is gone" && expect_status 0 status -q &&
	expect_status 0 log --json && [ "$(json "[.events[].event] | join(\" \")")" = "rollback pruned apply apply init" ]
'

test_expect_success 'clone: a rollback of what was never pruned goes on after it' '
	start && echo "DELETE FROM users WHERE id < 9;" | migration 1_a && git migrate apply -q &&
	git migrate snapshot prune -q --keep 0 && echo "DELETE FROM users WHERE id < 20;" | migration 2_b &&
	git migrate apply -q && expect_status 0 rollback -q && [ "$(query "SELECT count(*) FROM users")" = 2992 ]
'

test_expect_success 'what was pruned and taken again is here' '
	start && echo "DELETE FROM users WHERE id < 9;" | migration 1_a && git migrate apply -q &&
	cp "$db" kept.db && git migrate rollback -q && git migrate snapshot prune -q --keep 0 &&
	git migrate apply -q && expect_status 0 snapshot list --json &&
	[ "$(json ".snapshots | map(.pruned_at == null) | map(tostring) | join(\" \")")" = "true false" ] &&
	expect_status 0 rollback -q && [ "$(query "SELECT count(*) FROM users")" = 3000 ]
'

test_expect_success 'by age' '
	start && for i in 1 2 3; do echo "DELETE FROM users WHERE id = $i;" | migration ${i}_m &&
		GIT_MIGRATE_TEST_NOW=$((1767261600 + i * 86400)) git migrate apply -q || return 1; done &&
	GIT_MIGRATE_TEST_NOW=$((1767261600 + 4 * 86400)) expect_status 0 snapshot prune --keep 49h &&
	has "$OUT" "  apply 1_m$" && has_not "$OUT" "2_m" &&
	GIT_MIGRATE_TEST_NOW=$((1767261600 + 4 * 86400)) expect_status 0 snapshot prune --keep 1d --json &&
	[ "$(json "[.snapshots[].name] + .lost | join(\" \")")" = "2_m 2_m" ] && [ "$(json ".freed > 100")" = true ]
'

test_expect_success 'one event of a group goes, the others stay' '
	start && for i in 1 2 3; do echo "DELETE FROM users WHERE id % 5 = $i;" | migration ${i}_m; done &&
	git migrate apply -q --group && [ "$(git -C $vault for-each-ref | wc -l)" = 1 ] &&
	expect_status 0 snapshot prune --keep 2 && has "$OUT" "  apply 1_m$" &&
	[ "$(git -C $vault for-each-ref | wc -l)" = 1 ] && expect_status 0 snapshot verify && has "$OUT" "^2 whole" &&
	expect_status 0 rollback -q -n 2 && [ "$(query "SELECT count(*) FROM users")" = 2400 ]
'

test_expect_success 'the same snapshot of another event, or of another database, stays' '
	start && echo "DELETE FROM users WHERE id < 900;" | migration 1_a && git migrate apply -q &&
	git migrate rollback -q && git migrate apply -q && expect_status 0 snapshot prune --keep 1 &&
	has "$OUT" "^0 snapshots" && cp "$db" other.db && git config migrate.other.url "sqlite:$PWD/other.db" &&
	git config migrate.other.snapshotStore clone && git migrate -t other target accept --fork >/dev/null &&
	git migrate -t other rollback -q && git migrate -t other apply -q &&
	expect_status 0 snapshot --json && [ "$(json ".snapshots[0].frees")" = 0 ] &&
	expect_status 0 snapshot prune --keep 0 -q && expect_status 0 -t other snapshot verify &&
	has "$OUT" "^[1-9] whole, 0 broken" && git migrate -t other rollback -q
'

test_expect_success 'a pending snapshot stays' '
	two_snapshots && git -C $vault update-ref refs/pending/other/1-1 "$(git -C $vault rev-parse "$(git -C $vault for-each-ref --format="%(refname)")")" &&
	git migrate snapshot prune -q --keep 0 && git -C $vault for-each-ref --format="%(refname)" | grep -q "/other/1-1$" &&
	[ "$(git -C $vault rev-list --objects --all | wc -l)" -gt 20 ]
'

test_expect_success 'who prunes waits for who writes, and the other way round' '
	two_snapshots && git migrate snapshot prune -q --keep 1 &&
	{ flock -s $vault/migrate-lock sleep 2 & } && sleep 0.3 && t=$(date +%s%N) &&
	expect_status 0 snapshot prune --keep 0 && [ $((($(date +%s%N) - t) / 1000000)) -gt 1000 ] &&
	echo "CREATE TABLE x (y); INSERT INTO x VALUES (1);" | migration 3_x && git migrate apply -q &&
	echo "DELETE FROM x;" | migration 4_x && { flock -x $vault/migrate-lock sleep 2 & } && sleep 0.3 &&
	t=$(date +%s%N) && expect_status 0 apply -q && [ $((($(date +%s%N) - t) / 1000000)) -gt 1000 ] && wait
'

for vacuum in 0 1 2; do
	test_expect_success "database: the file gets smaller (auto_vacuum = $vacuum)" '
		rm -f "$db" && start database && query "PRAGMA auto_vacuum = '$vacuum'; VACUUM;
			WITH RECURSIVE i(x) AS (SELECT 10000 UNION ALL SELECT x + 1 FROM i WHERE x < 40000)
			INSERT INTO users SELECT x, hex(randomblob(20)), x FROM i" &&
		echo "DELETE FROM users;" | migration 1_a && git migrate apply -q &&
		echo "CREATE TABLE small (a INTEGER PRIMARY KEY); INSERT INTO small VALUES (1);" | migration 2_b &&
		echo "DELETE FROM small;" | migration 3_c && git migrate apply -q &&
		query "VACUUM" && before=$(stat -c %s "$db") && frees=$(git migrate snapshot --json | jq ".snapshots[1].frees") &&
		[ "$frees" -gt 500000 ] && expect_status 0 snapshot prune --keep 1 &&
		[ $((before - $(stat -c %s "$db"))) -gt $frees ] &&
		[ "$(query "PRAGMA integrity_check")" = ok ] && expect_status 0 snapshot verify && has "$OUT" "^1 whole, 0 broken, 1 else" &&
		! query "DELETE FROM git_migrate_chunks" 2>err && has err append-only &&
		expect_status 0 rollback -q && git migrate rollback -q && expect_status 1 rollback && has "$ERR" "was pruned 20"
	'
done

test_expect_success 'database: rows that are known by their number are not renumbered' '
	rm -f "$db" && start database && query "CREATE TABLE bag (a); INSERT INTO bag VALUES (1), (2), (3); DELETE FROM bag WHERE a = 1;
		INSERT INTO users SELECT id + 10000, hex(randomblob(20)), id FROM users" &&
	echo "DELETE FROM users;" | migration 1_a && git migrate apply -q && echo "UPDATE bag SET a = a + 1;" | migration 2_b &&
	git migrate apply -q && expect_status 0 snapshot prune --keep 1 && [ "$(query "SELECT group_concat(rowid) FROM bag")" = 2,3 ] &&
	expect_status 0 rollback -q && [ "$(query "SELECT group_concat(a) FROM bag")" = 2,3 ]
'

test_expect_success 'what a rollback parked and was pruned is not given back' '
	start && echo "CREATE TABLE later (x INTEGER PRIMARY KEY);" | migration 1_a && git migrate apply -q &&
	query "INSERT INTO later VALUES (7)" && git migrate rollback -q && expect_status 0 snapshot list &&
	has "$OUT" "  rollback  1_a" && git migrate snapshot prune -q --keep 0 && expect_status 0 apply &&
	has "$ERR" "what the rollback of 1_a had parked was pruned" && [ "$(query "SELECT count(*) FROM later")" = 0 ]
'

# --- prune, killed ---

killed_at() {
	local s=0

	two_snapshots "$2" || return
	(GIT_MIGRATE_CRASH=$1 exec git-migrate snapshot prune --keep 1 -q) >"$OUT" 2>&1 || s=$?
	[ "$s" -eq 137 ] || { cat "$OUT"; return 1; }
	expect_status 0 snapshot verify && expect_status 0 snapshot prune --keep 1 -q &&
		expect_status 0 snapshot list && has "$OUT" "  1_rows  pruned 20" &&
		expect_status 0 snapshot verify && has "$OUT" "^1 whole, 0 broken, 1 else" &&
		expect_status 0 rollback -q && [ "$(query "SELECT count(*) FROM users")" = 2573 ] || return
	[ "$2" = database ] || {
		[ "$(git -C $vault count-objects -v | sed -n "s/^count: //p")" = 0 ] &&
			[ "$(git -C $vault rev-list --objects --all | wc -l)" = "$(git -C $vault cat-file --batch-all-objects --batch-check | wc -l)" ]
	}
}

if GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate status >/dev/null 2>&1
	two_snapshots && GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate snapshot prune -q --keep 1 &&
		[ -s "$TRASH/points" ]; then
	for place in prune-told prune-committed pruned-ref repacked; do
		test_expect_success "killed at $place: the next one ends it" "killed_at $place clone"
	done
	for place in prune-told prune-committed; do
		test_expect_success "database: killed at $place" "killed_at $place database"
	done
else
	test_skip 'killed at named places' 'the program was built without them'
fi

test_done
