#!/bin/bash
# migrate.<target>.snapshotStore = remote:<name>, and snapshots pushed by hand
. "$(dirname "$0")/lib.sh"

db=$TRASH/dev.db
up=$TRASH/up.git
vault=.git/migrate/snapshots.git

query() {
	sqlite3 "$db" "$1"
}

# shellcheck disable=SC2120
refs() { # [pattern...]
	git -C "$up" for-each-ref --format='%(refname)' "$@"
}

# start [store]: a repository with a remote, and a table of 3,000 rows
# shellcheck disable=SC2120
start() {
	rm -f "$db" && cd "$TRASH" && rm -rf repo second "$up" && git init -q --bare "$up" &&
		scratch_repo "$TRASH/repo" && git migrate init -q &&
		git config -f .gitmigrate migrate.dev.url "sqlite:$db" &&
		git config migrate.dev.snapshotStore "${1-remote:store}" &&
		git remote add store "$up" && commit_all 'Set up' &&
		query "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age);
			WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1
				FROM i WHERE x < 3000)
			INSERT INTO users SELECT x, 'name ' || x, x % 90 FROM i;"
}

second_clone() {
	rm -rf "$TRASH/second" && git clone -q "$TRASH/repo" "$TRASH/second" &&
		cd "$TRASH/second" && git remote add store "$up" &&
		git config migrate.dev.snapshotStore remote:store
}

test_expect_success 'pushed before the database commits, under its own refs' '
	start && echo "DELETE FROM users WHERE id > 9;" | migration 1_a && expect_status 0 apply -q &&
	id=$(query "SELECT snapshot FROM git_migrate_history WHERE event = '\''apply'\''") &&
	[ "$(refs)" = "refs/migrate/snapshots/$(query "SELECT value FROM git_migrate_meta WHERE key = '\''uuid'\''")/$id" ] &&
	[ "$(git -C "$up" rev-parse "$(refs):00000000")" = "$id" ] &&
	[ "$(query "SELECT snapshot_store FROM git_migrate_history WHERE event = '\''apply'\''")" = "remote:store@$(uname -n)" ] &&
	git -C "$up" fsck --strict 2>&1 | has_not /dev/stdin "error|missing" &&
	expect_status 0 snapshot list && has "$OUT" "  1_a  remote:store  [0-9.]+ KiB" &&
	expect_status 0 log --json && [ "$(json ".events[0].snapshot_store")" = remote:store ] &&
	git -C "$PWD" cat-file -e "$id" 2>/dev/null && return 1
	expect_status 0 rollback -q && [ "$(query "SELECT count(*) FROM users")" = 3000 ]
'

test_expect_success 'another clone says where it is, fetches it, rolls back' '
	expect_status 0 apply -q && second_clone && cp "$db" before.db && expect_status 1 rollback && cmp "$db" before.db &&
	has "$ERR" "the snapshot of 1_a, taken 20.* by C O Mitter <committer@example.com> on $(uname -n): snapshot [0-9a-f]* is not in this clone" &&
	has "$ERR" "^hint: git migrate snapshot fetch 1_a$" && expect_status 0 snapshot fetch 1_a &&
	has "$OUT" "^fetched [0-9a-f]{10}  apply 1_a$" && has "$OUT" "^1 snapshot fetched from store$" &&
	expect_status 0 snapshot verify && has "$OUT" "^1 whole" && expect_status 0 rollback -q &&
	[ "$(query "SELECT count(*) FROM users")" = 3000 ] && [ -z "$(git for-each-ref refs/migrate/snapshots)" ]
'

test_expect_success 'CI and a protected target are fine with it' '
	start && echo "DELETE FROM users WHERE id > 9;" | migration 1_a &&
	CI=1 git migrate apply -q && [ "$(refs | wc -l)" = 1 ] && git config migrate.dev.protected true &&
	echo "DELETE FROM users;" | migration 2_b && CI=1 git migrate apply -q && [ "$(refs | wc -l)" = 2 ]
'

test_expect_success 'a group is pushed whole, each event by itself' '
	start && for i in 1 2 3; do echo "DELETE FROM users WHERE id % 5 = $i;" | migration ${i}_m; done &&
	git migrate apply -q --group && [ "$(refs | wc -l)" = 3 ] && second_clone &&
	git migrate snapshot fetch -q 2_m && [ "$(git -C $vault for-each-ref | wc -l)" = 1 ] &&
	expect_status 0 snapshot fetch && has "$OUT" "^2 snapshots fetched" && expect_status 0 rollback -q -n 3 &&
	[ "$(query "SELECT count(*) FROM users")" = 3000 ]
'

test_expect_success 'a push that fails: nothing was changed' '
	start && echo "DELETE FROM users WHERE id > 9;" | migration 1_a && mv "$up" "$up.away" && cp "$db" before.db &&
	expect_status 128 apply && has "$ERR" "push snapshots to store: git push failed: .*up.git" &&
	has "$ERR" "^hint: nothing was changed in the database" && [ "$(query "SELECT count(*) FROM users")" = 3000 ] &&
	[ -z "$(query "SELECT name FROM sqlite_schema WHERE name = '\''git_migrate_history'\''")" ] &&
	mv "$up.away" "$up" && expect_status 0 apply -q && [ "$(refs | wc -l)" = 1 ] &&
	[ -z "$(git -C $vault for-each-ref refs/pending)" ]
'

test_expect_success 'a remote that refuses: its words' '
	start && printf "#!/bin/sh\necho no rows here >&2; exit 1\n" >"$up/hooks/pre-receive" && chmod +x "$up/hooks/pre-receive" &&
	echo "DELETE FROM users;" | migration 1_a && expect_status 128 apply && has "$ERR" "remote: no rows here" &&
	[ "$(query "SELECT count(*) FROM users")" = 3000 ]
'

test_expect_success 'what is no remote' '
	start remote:none && echo "DELETE FROM users;" | migration 1_a && expect_status 1 apply &&
	has "$ERR" "there is no git remote .none." && has "$ERR" "^hint: git remote add none URL" &&
	git config migrate.dev.snapshotStore "remote:$up" && expect_status 1 apply && has "$ERR" "there is no git remote" &&
	for bad in remote: remote remote:-x "remote:a b"; do
		git config migrate.dev.snapshotStore "$bad" && expect_status 128 status &&
		has "$ERR" "is not a place for snapshots" || return 1
	done
'

test_expect_success '.gitmigrate names no URL' '
	start remote:evil && git config -f .gitmigrate remote.evil.url "$up" && commit_all evil &&
	echo "DELETE FROM users;" | migration 1_a && expect_status 1 apply && has "$ERR" "there is no git remote .evil." && [ -z "$(refs)" ]
'

test_expect_success 'settings of the remote that are for the project do no harm' '
	start && git config remote.store.mirror true && git config --add remote.store.fetch "+refs/*:refs/*" &&
	git config remote.store.prune true && git config remote.pushDefault other && git config push.followTags true &&
	git config remote.store.promisor true && git config remote.store.partialclonefilter blob:none &&
	git tag -a -m x v1 && echo "DELETE FROM users;" | migration 1_a && expect_status 0 apply -q && [ "$(refs | wc -l)" = 1 ] &&
	refs | has /dev/stdin "^refs/migrate/snapshots/" && rm -rf $vault && git migrate snapshot fetch -q &&
	expect_status 0 snapshot verify && has "$OUT" "^1 whole" && expect_status 0 rollback -q && [ "$(refs | wc -l)" = 1 ] &&
	[ -z "$(git for-each-ref refs/migrate/snapshots refs/snapshots)" ]
'

test_expect_success 'a URL relative to the work tree, from a folder below' '
	start && git remote set-url store ../up.git && mkdir -p sub && echo "DELETE FROM users;" | migration 1_a &&
	cd sub && expect_status 0 apply -q && [ "$(refs | wc -l)" = 1 ]
'

test_expect_success 'passwords of a URL are not told' '
	start && git remote set-url store "http://me:secret@127.0.0.1:9/x.git" && echo "DELETE FROM users;" | migration 1_a &&
	expect_status 128 apply && has_not "$ERR" secret
'

# --- by hand ---

test_expect_success 'from clone to clone by hand' '
	start clone && git remote rename store origin && echo "DELETE FROM users WHERE id > 9;" | migration 1_a &&
	echo "DELETE FROM users;" | migration 2_b && git migrate apply -q && [ -z "$(refs)" ] &&
	second_clone && git config migrate.dev.snapshotStore clone && expect_status 1 rollback &&
	has "$ERR" "^hint: .*git migrate snapshot push 2_b., and here .git migrate snapshot fetch 2_b." &&
	expect_status 1 snapshot fetch --remote store 2_b &&
	has "$ERR" "remote .store. has no snapshot [0-9a-f]* of 2_b, taken 20.* by C O Mitter .* on $(uname -n)" &&
	has "$ERR" "^hint: there: git migrate snapshot push --remote store 2_b" &&
	cd "$TRASH/repo" && expect_status 0 snapshot push 2_b && has "$OUT" "^pushed [0-9a-f]{10}  apply 2_b$" &&
	[ "$(refs | wc -l)" = 1 ] && expect_status 0 snapshot push && has "$OUT" "^1 snapshot pushed to origin, 1 there already$" &&
	expect_status 0 snapshot push --json && [ "$(json "[.remote, .there, (.snapshots | length)] | tojson")" = "[\"origin\",2,0]" ] &&
	cd "$TRASH/second" && expect_status 0 snapshot fetch --remote store --json &&
	[ "$(json "[.snapshots[].name] | join(\" \")")" = "1_a 2_b" ] && expect_status 0 rollback -q -n 2 &&
	[ "$(query "SELECT count(*) FROM users")" = 3000 ]
'

test_expect_success 'what cannot be pushed or fetched is said' '
	start clone && echo "DELETE FROM users WHERE id > 9;" | migration 1_a && git migrate apply -q &&
	expect_status 1 snapshot push && has "$ERR" "there is no git remote .origin." &&
	expect_status 128 snapshot push --remote store none && has "$ERR" "no snapshot of .none." &&
	git migrate snapshot push -q --remote store && git migrate snapshot prune -q --keep 0 &&
	expect_status 1 snapshot push --remote store 1_a && has "$ERR" "was pruned 20" &&
	expect_status 1 snapshot fetch --remote store 1_a && has "$ERR" "was pruned 20" &&
	start database && echo "DELETE FROM users WHERE id > 9;" | migration 1_a && git migrate apply -q &&
	expect_status 1 snapshot push --remote store 1_a && has "$ERR" "is in the database" &&
	expect_status 129 snapshot list --remote store
'

test_expect_success 'prune removes it there as well' '
	start && for i in 1 2 3; do echo "DELETE FROM users WHERE id % 5 = $i;" | migration ${i}_m; done &&
	git migrate apply -q && second_clone && expect_status 0 snapshot prune --keep 1 &&
	[ "$(refs | wc -l)" = 1 ] && expect_status 0 snapshot list && has "$OUT" "1_m  pruned 20" && cd "$TRASH/repo" &&
	expect_status 0 rollback -q && expect_status 0 rollback -q && mv "$up" "$up.away" &&
	expect_status 128 snapshot prune --keep 0 && has "$ERR" "^hint: they are gone from here"
'

test_expect_success 'what the remote calls a snapshot has to be it' '
	start && echo "DELETE FROM users;" | migration 1_a && git migrate apply -q && r=$(refs) &&
	git -C "$up" update-ref "$r" "$(git -C "$up" commit-tree -m x "$(git -C "$up" mktree </dev/null)")" &&
	second_clone && expect_status 128 snapshot fetch && has "$ERR" "what store calls snapshot [0-9a-f]* is another one"
'

# --- killed ---

killed_at() {
	local s=0

	start && echo 'CREATE VIEW v AS SELECT 1;' | migration 0_v && git migrate apply -q &&
		echo "DELETE FROM users WHERE id > 9;" | migration 1_a || return
	(GIT_MIGRATE_CRASH=$1 exec git-migrate apply -q) >"$OUT" 2>&1 || s=$?
	[ "$s" -eq 137 ] || { cat "$OUT"; return 1; }
	git migrate status -q && git migrate apply -q && [ "$(query 'SELECT count(*) FROM users')" = 9 ] &&
		[ "$(refs | wc -l)" = 1 ] && expect_status 0 snapshot verify && has "$OUT" '^1 whole' &&
		git migrate rollback -q && [ "$(query 'SELECT count(*) FROM users')" = 3000 ] &&
		[ -z "$(git -C $vault for-each-ref refs/pending)" ]
}

if GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate status >/dev/null 2>&1
	start && echo 'DELETE FROM users;' | migration 1_a &&
		GIT_MIGRATE_CRASH_LOG=$TRASH/points git-migrate apply -q && [ -s "$TRASH/points" ]; then
	for place in snapshot-packed snapshot-pushing snapshot-pushed snapshot-durable committed promoted; do
		test_expect_success "killed at $place: the next run goes on" "killed_at $place"
	done
else
	test_skip 'killed at named places' 'the program was built without them'
fi

test_done
