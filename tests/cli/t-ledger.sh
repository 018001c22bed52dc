#!/bin/bash
# The ledger: rebuilt from the journal alone, and good enough for git
. "$(dirname "$0")/lib.sh"

ledger=refs/migrate/ledger/dev

git migrate init -q && commit_all 'Set up'
n=1
for m in users:'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)' \
	fill:"INSERT INTO users (name) VALUES ('secret-row-value')" \
	mail:'ALTER TABLE users ADD COLUMN mail TEXT' \
	index:'CREATE INDEX users_mail ON users (mail)' \
	upper:'UPDATE users SET name = upper(name)'; do
	GIT_AUTHOR_NAME="Author $n" GIT_AUTHOR_EMAIL="a$n@example.com" \
		migration "2026010${n}000000_${m%%:*}" <<<"${m#*:};"
	n=$((n + 1))
done

test_expect_success 'one run of several: one pack, one move of the ref' '
	expect_status 0 apply -q && [ ! -s "$ERR" ] &&
	uuid=$(sql "SELECT value FROM git_migrate_meta WHERE key = '\''uuid'\''") &&
	[ "$(git symbolic-ref $ledger)" = "refs/migrate/db/$uuid/ledger" ] &&
	[ "$(git reflog show "refs/migrate/db/$uuid/ledger" | wc -l)" -eq 1 ] &&
	[ "$(find .git/objects/pack -name "*.pack" | wc -l)" -eq 1 ] &&
	[ "$(git rev-list --count $ledger)" -eq 6 ] &&
	[ "$(git rev-list --max-parents=0 $ledger | wc -l)" -eq 1 ] &&
	[ "$(git log -1 --format=%s "$(git rev-list --max-parents=0 $ledger)")" = "init to dev" ]
'

test_expect_success 'git fsck --strict, gc, and show are content' '
	git fsck --strict --no-dangling 2>err && [ ! -s err ] &&
	git log --format=%H $ledger >ids &&
	git -c gc.reflogExpire=now gc -q --prune=now && git fsck --strict &&
	git log --format=%H $ledger | cmp - ids &&
	expect_status 0 status --exit-code -q &&
	git --git-dir=.git/migrate/snapshots.git fsck --strict
'

test_expect_success 'the history of a table and blame name the migrations' '
	git log --format=%s $ledger -- schema/tables/users.sql >a &&
	printf "%s\n" "apply 20260103000000_mail to dev" \
		"apply 20260101000000_users to dev" | cmp - a &&
	git log -p $ledger -- schema/tables/users.sql | grep -q "^+  , mail TEXT" &&
	git blame -s $ledger -- schema/tables/users.sql >b &&
	mail=$(git log --format=%h --abbrev=8 --grep=_mail $ledger) &&
	grep "mail TEXT" b | grep -q "^${mail%?}" &&
	git show "$ledger:migrations/20260103000000_mail.sql" |
		cmp - migrations/20260103000000_mail.sql
'

test_expect_success 'author: who added the file; committer: who ran it' '
	git log --format="%an <%ae>|%cn" --grep=_index $ledger >a &&
	[ "$(cat a)" = "Author 4 <a4@example.com>|C O Mitter" ] &&
	! git log --format=%B $ledger | grep "Author-From"
'

test_expect_success 'trailers that git reads' '
	git log -1 --format="%(trailers:key=Migration,valueonly)" $ledger >a &&
	[ "$(sed 1q a)" = 20260105000000_upper ] &&
	[ "$(git log -1 --format="%(trailers:key=Source,valueonly)" $ledger | sed 1q)" = "$(git rev-parse HEAD)" ] &&
	[ "$(git log -1 --format="%(trailers:key=Blob,valueonly)" $ledger | sed 1q)" = "$(git rev-parse HEAD:migrations/20260105000000_upper.sql)" ] &&
	git --git-dir=.git/migrate/snapshots.git cat-file -t \
		"$(git log -1 --format="%(trailers:key=Snapshot,valueonly)" $ledger | sed 1q)" | grep -q tree
'

# same_ids <command...>: with the ledger as it is, the ids in $TRASH/ids return
same_ids() {
	git migrate "$@" >"$OUT" 2>"$ERR" || return 1
	git log --format=%H "$ledger" | cmp - "$TRASH/ids" &&
		git fsck --strict --no-dangling
}

test_expect_success 'the ref is deleted: any command brings the same ids back' '
	git log --format=%H $ledger >"$TRASH/ids" &&
	for c in status log "show users" "apply" "rollback --dry-run"; do
		git for-each-ref --format="delete %(refname)" refs/migrate/db |
			git update-ref --stdin &&
		same_ids $c || { echo "after $c"; return 1; }
	done
'

test_expect_success '... also when the objects are gone' '
	git for-each-ref --format="delete %(refname)" refs/migrate/db refs/migrate/sources |
		git update-ref --no-deref --stdin &&
	git symbolic-ref -d $ledger && git reflog expire --expire=now --all &&
	git gc -q --prune=now &&
	! git cat-file -e "$(sed 1q "$TRASH/ids")" 2>/dev/null &&
	same_ids status
'

test_expect_success 'the ref two commits back: it is moved forward' '
	ref=$(git symbolic-ref $ledger) &&
	git update-ref "$ref" "$ledger~2" &&
	same_ids status && ! git for-each-ref refs/migrate/archive | grep . &&
	git update-ref "$ref" "$ledger~2" && same_ids apply
'

test_expect_success 'fresh full, depth-1 and bare clones have only the database' '
	for how in "" "--depth=1" "--bare"; do
		rm -rf "$TRASH/c" && git clone -q $how "file://$PWD" "$TRASH/c" || return 1
		cd "$TRASH/c" && cp "$TRASH/repo/dev.db" . &&
		mkdir -p .git 2>/dev/null
		git for-each-ref refs/migrate | grep . && return 1
		same_ids status || { cat "$ERR"; return 1; }
		has_not "$ERR" "error|fatal" || return 1
		cd "$TRASH/repo" || return 1
	done
'

test_expect_success 'a push of the ledger carries no branch and no row' '
	git init -q --bare "$TRASH/remote.git" &&
	git push -q "$TRASH/remote.git" "refs/migrate/db/*" &&
	git --git-dir="$TRASH/remote.git" fsck --strict &&
	[ -z "$(git --git-dir="$TRASH/remote.git" for-each-ref refs/heads)" ] &&
	! git --git-dir="$TRASH/remote.git" cat-file -e "$(git rev-parse main)" 2>/dev/null &&
	git --git-dir="$TRASH/remote.git" cat-file --batch-check --batch-all-objects \
		--unordered >a &&
	git --git-dir="$TRASH/remote.git" cat-file --batch --batch-all-objects |
		grep -a -c "SECRET-ROW-VALUE" | grep -qx 0 &&
	git clone -q --mirror . "$TRASH/mirror.git" &&
	git --git-dir="$TRASH/mirror.git" cat-file --batch --batch-all-objects |
		grep -a -c "SECRET-ROW-VALUE" | grep -qx 0
'

test_expect_success 'a clone fetches the ledger and is at the same ids' '
	git clone -q "file://$PWD" "$TRASH/d" && cd "$TRASH/d" &&
	git fetch -q "$TRASH/remote.git" "refs/migrate/*:refs/migrate/*" &&
	cp "$TRASH/repo/dev.db" . && git migrate target accept --same >/dev/null &&
	same_ids status
'

test_expect_success 'in a shallow clone the author is the source commit'"'"'s, and said so' '
	git clone -q --depth=1 "file://$PWD" "$TRASH/shallow" && cd "$TRASH/shallow" &&
	expect_status 0 apply -q &&
	git log -1 --format=%B --grep=_users $ledger | grep -q "^Author-From: source$" &&
	git log -1 --format=%an --grep=_users $ledger | grep -qx "$(git log -1 --format=%an)"
'

test_expect_success 'sources keep a deployed commit through gc' '
	git checkout -q -b gone &&
	echo "CREATE TABLE g (x);" | migration 20260106000000_gone &&
	expect_status 0 apply -q && deployed=$(git rev-parse HEAD) &&
	git rev-parse --verify -q refs/migrate/sources/dev &&
	git checkout -q main && git branch -q -D gone &&
	git reflog expire --expire=now --all && git gc -q --prune=now &&
	git cat-file -e "$deployed" && git fsck --strict
'

test_expect_success '300 migrations: one pack, one move, all authors' '
	scratch_repo "$TRASH/many" && git migrate init -q && commit_all a &&
	mkdir -p migrations &&
	for i in $(seq 300); do
		printf "CREATE TABLE t%d (a, b);\n" $i \
			>"$(printf migrations/%04d_t.sql $i)"
	done && commit_all many &&
	before=$(find .git/objects -type f | wc -l) &&
	expect_status 0 apply && has "$OUT" "^300 migrations applied to dev$" &&
	[ "$(git reflog show "$(git symbolic-ref $ledger)" | wc -l)" -eq 1 ] &&
	[ "$(find .git/objects/pack -name "*.pack" | wc -l)" -eq 1 ] &&
	[ "$(($(find .git/objects -type f | wc -l) - before))" -le 5 ] &&
	[ "$(git rev-list --count $ledger)" -eq 301 ] && git fsck --strict &&
	expect_status 0 rollback -n 100 &&
	[ "$(git reflog show "$(git symbolic-ref $ledger)" | wc -l)" -eq 2 ] &&
	git log --format=%H $ledger >"$TRASH/ids" &&
	git update-ref -d "$(git symbolic-ref $ledger)" && same_ids status
'

test_expect_success 'names that git would not take are encoded' '
	scratch_repo "$TRASH/odd" && git migrate init -q && commit_all a &&
	printf "%s\n" "CREATE TABLE \".git\" (x);" "CREATE TABLE \"a/b\" (x);" \
		"CREATE TABLE \"..\" (x);" "CREATE TABLE \"git~1\" (x);" \
		"CREATE TABLE \"Ünï\" (x);" | migration 20260101000000_odd &&
	expect_status 0 apply -q && git fsck --strict &&
	git ls-tree -r $ledger -- schema | wc -l | grep -qx 5 &&
	git log --format=%H $ledger >"$TRASH/ids" &&
	git update-ref -d "$(git symbolic-ref $ledger)" && same_ids status
'

test_expect_success 'drift is an event of its own' '
	cd "$TRASH/odd" && sql "CREATE TABLE by_hand (x)" &&
	echo "CREATE TABLE t (x);" | migration 20260102000000_t &&
	expect_status 0 apply &&
	has "$ERR" "^warning: the schema was changed outside of git migrate \(\+table by_hand\); recorded as drift$" &&
	git log -2 --format=%s $ledger | grep -q "^drift to dev$" &&
	git log --format=%H $ledger >"$TRASH/ids" &&
	git update-ref -d "$(git symbolic-ref $ledger)" && same_ids status
'

test_done
