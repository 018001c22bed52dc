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

test_done
