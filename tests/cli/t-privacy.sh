#!/bin/bash
# No copy of the project carries a row: a marker is put into rows, and looked
# for in everything that a push, a clone or a bundle takes along.
. "$(dirname "$0")/lib.sh"

marker=MARKER-4711-of-a-row
db=$TRASH/dev.db

# objects <repository>: everything it has, unpacked
objects() {
	git -C "$1" cat-file --batch-all-objects --batch --unordered
}

# carries <repository>: the marker is somewhere in it, packed or not, or a ref
# or an object of snapshots is
carries() {
	objects "$1" | grep -aq "$marker" || grep -arq "$marker" "$1" ||
		git -C "$1" for-each-ref | grep -q snapshots ||
		find "$1" -path '*snapshots.git*' | grep -q . ||
		git -C "$1" cat-file -e "$SNAPSHOT" 2>/dev/null
}

# clean <repository>: it has the project, and no row
clean() {
	[ "$(objects "$1" | grep -ac 'ADD COLUMN note')" -gt 0 ] || { echo "not the project" && return 1; }
	! carries "$1"
}

# start <store>: rows with the marker were changed, deleted, dropped, and parked
start() {
	rm -f "$db" && cd "$TRASH" && rm -rf repo ./*.git copy bundle && scratch_repo "$TRASH/repo" &&
		git migrate init -q && git config -f .gitmigrate migrate.dev.url "sqlite:$db" &&
		git config migrate.dev.snapshotStore "$1" && commit_all 'Set up' &&
		sqlite3 "$db" "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
			CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
			WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < 500)
			INSERT INTO users SELECT x, '$marker ' || x FROM i;
			INSERT INTO notes SELECT id, name FROM users" &&
		echo "UPDATE users SET name = upper(name) || '.' WHERE id < 100;
			DELETE FROM users WHERE id > 400;" | migration 1_rows &&
		echo 'DROP TABLE notes;' | migration 2_gone &&
		echo 'ALTER TABLE users ADD COLUMN note TEXT;' | migration 3_note &&
		{ [ "$1" != remote:store ] || git init -q --bare "$TRASH/store.git"; } &&
		git remote add store "$TRASH/store.git" && git migrate apply -q &&
		sqlite3 "$db" "UPDATE users SET note = '$marker parked'" &&
		git migrate rollback -q && git migrate apply -q --no-restore &&
		git tag v1 && git tag -a -m x v2 && git branch other &&
		SNAPSHOT=$(sqlite3 "$db" "SELECT snapshot FROM git_migrate_history
			WHERE snapshot IS NOT NULL LIMIT 1") && [ "$SNAPSHOT" ]
}

receiver() {
	rm -rf "$TRASH/there.git" && git init -q --bare "$TRASH/there.git" &&
		git remote remove there 2>/dev/null
	git remote add there "$TRASH/there.git"
}

test_expect_success 'the search finds what is there' '
	start clone && objects .git/migrate/snapshots.git | grep -aq "$marker" &&
	carries .git/migrate/snapshots.git && receiver && git push -q there main && clean "$TRASH/there.git" &&
	git -C "$TRASH/there.git" hash-object -w --stdin <<<"x $marker" && carries "$TRASH/there.git"
'

for store in clone database remote:store; do
	test_expect_success "$store: the project's own objects and refs have none" '
		start '$store' && ! objects . | grep -aq "$marker" && ! git for-each-ref | grep snapshots &&
		! git cat-file -e "$SNAPSHOT" 2>/dev/null
	'
	for push in main --all 'main other --tags' --tags --mirror 'main refs/migrate/*' \
		'refs/migrate/db/*:refs/migrate/db/* main' '--follow-tags main'; do
		test_expect_success "$store: git push $push" '
			receiver && git push -q there '"$(printf "'%s' " $push)"' && clean "$TRASH/there.git"
		'
	done

	test_expect_success "$store: the ledger pushed has its messages and files, and no row" '
		receiver && git push -q there "refs/migrate/*:refs/migrate/*" main &&
		[ "$(git -C "$TRASH/there.git" for-each-ref refs/migrate/db | wc -l)" = 1 ] &&
		git -C "$TRASH/there.git" log -p --all >log && has log "apply 2_gone" && has_not log "$marker" && clean "$TRASH/there.git"
	'

	test_expect_success "$store: copies of the whole repository" '
		for how in "" --mirror --bare --no-local --no-hardlinks --shared "--depth 1 --no-local"; do
			rm -rf "$TRASH/copy" && git clone -q $how "$TRASH/repo" "$TRASH/copy" 2>err || { cat err; return 1; }
			! carries "$TRASH/copy" || { echo "clone $how" && return 1; }
		done
	'

	test_expect_success "$store: a bundle, an archive, a format-patch, a fetch of everything" '
		git bundle create -q "$TRASH/bundle" --all && rm -rf "$TRASH/copy" && git clone -q --mirror "$TRASH/bundle" "$TRASH/copy" &&
		clean "$TRASH/copy" && ! git archive HEAD | grep -aq "$marker" && ! git format-patch --stdout --root HEAD | grep -aq "$marker" &&
		receiver && git -C "$TRASH/there.git" fetch -q "$TRASH/repo" "+refs/*:refs/*" && clean "$TRASH/there.git"
	'

	test_expect_success "$store: a stash, gc and a repack change nothing about it" '
		git gc -q --prune=now && ! objects . | grep -aq "$marker" && receiver && git push -q --mirror there &&
		clean "$TRASH/there.git" && expect_status 0 snapshot verify && has "$OUT" " 0 broken"
	'
done

test_expect_success 'remote:store: who clones the store gets no row, who asks for the refs does' '
	start remote:store && carries "$TRASH/store.git" && rm -rf "$TRASH/copy" &&
	git push -q store main && git clone -q --no-local -b main "$TRASH/store.git" "$TRASH/copy" && clean "$TRASH/copy" &&
	git -C "$TRASH/copy" fetch -q origin "+refs/heads/*:refs/x/*" && clean "$TRASH/copy" &&
	git -C "$TRASH/copy" fetch -q origin "refs/migrate/snapshots/*:refs/migrate/snapshots/*" && carries "$TRASH/copy"
'

test_expect_success 'messages and the journal'\''s view of it have none' '
	start clone && for c in log "log --json" status "show 2_gone" "show --json 2_gone" "snapshot list" "snapshot verify"; do
		run_migrate $c && has_not "$OUT" "$marker" && has_not "$ERR" "$marker" || return 1
	done && sqlite3 "$db" "DELETE FROM users; INSERT INTO users VALUES (1, '\''$marker new'\'', 1)" &&
	run_migrate rollback -n 3 && [ "$STATUS" = 1 ] && ! objects . | grep -aq "$marker" &&
	! sqlite3 "$db" "SELECT * FROM git_migrate_history; SELECT message FROM git_migrate_ledger" | grep -q "$marker"
'

test_expect_success 'nobody else reads the snapshots of a clone' '
	start clone && [ "$(stat -c %a .git/migrate/snapshots.git)" = 700 ] &&
	[ -z "$(find .git/migrate/snapshots.git -name "*.pack" -perm /022)" ]
'

test_done
