#!/bin/bash
# What the machine and the repository do to us: a clear error, nothing changed
. "$(dirname "$0")/lib.sh"

root=
[ "$(id -u)" -ne 0 ] || root=yes

# as_nobody <command...>: as another user; 1 when that cannot be
can_switch=
[ -z "$root" ] || ! setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null || can_switch=yes
as_nobody() {
	STATUS=0
	setpriv --reuid=65534 --regid=65534 --clear-groups env \
		HOME="$TRASH/nobody" XDG_CONFIG_HOME="$TRASH/nobody/none" "$@" >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
}

# the other user may read it all and trusts the repository
trusting() {
	mkdir -p "$TRASH/nobody" && git config -f "$TRASH/nobody/.gitconfig" \
		safe.directory "$TRASH/faulty" && chmod -R a+rX "$TRASH"
}

fresh() {
	cd "$TRASH" && chmod -R u+rwX faulty 2>/dev/null
	rm -rf faulty && scratch_repo faulty && git migrate init -q &&
		commit_all 'Set up' && echo 'CREATE TABLE a (x);' | migration 1_a &&
		git migrate apply -q && sql 'INSERT INTO a VALUES (1)' &&
		printf '%s\n' 'UPDATE a SET x = 2;' 'CREATE TABLE b (x);' | migration 2_b
}

remember() {
	sqlite3 dev.db .dump >"$TRASH/dump"
	git for-each-ref >"$TRASH/refs"
}

unchanged() {
	sqlite3 dev.db .dump | cmp - "$TRASH/dump" && git for-each-ref | cmp - "$TRASH/refs"
}

# clear <status> <pattern> [hint]: the last command said it in one line
clear_error() {
	[ "$STATUS" -eq "$1" ] || { echo "status $STATUS"; cat "$ERR"; return 1; }
	[ "$(grep -cE '^(fatal|error): ' "$ERR")" -eq 1 ] || { cat "$ERR"; return 1; }
	has "$ERR" "^(fatal|error): .*($2)" || return 1
	[ -z "${3-}" ] || has "$ERR" "^hint: .*($3)"
}

test_expect_success 'the folder of the database is missing' '
	fresh && git config migrate.dev.url sqlite:no/such/folder/dev.db &&
	run_migrate apply && clear_error 128 "no/such/folder" . && [ ! -e no ] &&
	run_migrate status && clear_error 128 "no/such/folder" .
'

test_expect_success 'not a database' '
	fresh && printf "%4096d" 0 >text.db && cp text.db keep &&
	for c in apply status log rollback; do
		run_migrate $c --url sqlite:text.db && clear_error 128 "not a database" || return 1
	done && cmp text.db keep && [ ! -e text.db-journal ] &&
	mkdir d.db && run_migrate apply --url sqlite:d.db && clear_error 128 "d.db" &&
	: >empty.db && expect_status 0 apply --url sqlite:empty.db && has "$OUT" "^2 migrations"
'

test_expect_success 'a database that is damaged' '
	fresh && sql "CREATE TABLE pad AS SELECT hex(randomblob(20000)) AS x" &&
	dd if=/dev/urandom of=dev.db bs=512 seek=8 count=40 conv=notrunc 2>/dev/null && cp dev.db keep &&
	run_migrate apply && [ "$STATUS" -eq 128 ] && has "$ERR" "^(fatal|error): " && run_migrate status && [ "$STATUS" -lt 130 ]
'

test_expect_success 'a journal from a newer version' '
	fresh && sql "UPDATE git_migrate_meta SET value = 99 WHERE key = '"'format'"'" && remember &&
	for c in apply rollback status; do
		run_migrate $c && clear_error 1 "99|newer" "newer|update|upgrade|install" || return 1
	done && unchanged
'

test_expect_success 'somebody else holds the database locked' '
	fresh && git config migrate.dev.lockTimeout 100ms &&
	{ sqlite3 dev.db "BEGIN EXCLUSIVE" ".system sleep 1.5" "COMMIT" & } && writer=$! && sleep 0.3 &&
	run_migrate apply && [ "$STATUS" -ge 1 ] && has "$ERR" "^(fatal|error): .*(locked|busy|another program)" && has "$ERR" "^hint: " &&
	wait $writer && expect_status 0 apply
'

test_expect_success 'a repository without commits' '
	scratch_repo "$TRASH/unborn" && git migrate init -q &&
	run_migrate apply && clear_error 128 "no commit|has no commits" "commit" && run_migrate status && [ ! -e dev.db ]
'

test_expect_success 'not a repository' '
	mkdir -p "$TRASH/none" && cd "$TRASH/none" &&
	for c in apply status rollback log "show x" target "new x"; do
		STATUS=0; GIT_CEILING_DIRECTORIES=$TRASH git-migrate $c >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
		clear_error 128 "not a git repository" . || return 1
	done && [ -z "$(ls -A)" ]
'

test_expect_success 'a read-only repository: reading works, applying says so' '
	fresh && trusting && remember &&
	if [ -n "$can_switch" ]; then
		chmod 777 . dev.db && as_nobody git migrate status && [ "$STATUS" -eq 0 ] && has "$OUT" "^applied +1_a" &&
		as_nobody git migrate apply && clear_error 1 "writ|permission|read-only" . && unchanged
	elif [ -z "$root" ]; then
		chmod -R a-w .git && run_migrate status && [ "$STATUS" -eq 0 ] && run_migrate apply && s=$STATUS &&
		chmod -R u+w .git && [ "$s" -ne 0 ] && unchanged
	fi
'

if [ -n "$can_switch" ]; then
	test_expect_success '... and a ledger that is behind is left so, with a note' '
		fresh && trusting && git update-ref "$(git symbolic-ref refs/migrate/ledger/dev)" refs/migrate/ledger/dev~ && remember &&
		as_nobody git migrate status && [ "$STATUS" -eq 0 ] && unchanged &&
		as_nobody git migrate status -v && has "$ERR" "^note: the ledger is not brought up to date"
	'

	test_expect_success 'a read-only database' '
		fresh && trusting && chmod -R a+w .git && remember &&
		as_nobody git migrate apply &&
		[ "$STATUS" -ne 0 ] && has "$ERR" "^(fatal|error): .*(read-?only|permission|Permission|writ)" && has "$ERR" "^hint: " && unchanged
	'

	test_expect_success 'a repository of somebody else' '
		fresh && trusting && rm "$TRASH/nobody/.gitconfig" && as_nobody git-migrate status &&
		clear_error 128 "owned by|owner|dubious" "safe.directory" && has "$ERR" "$TRASH/faulty"
	'
else
	test_skip 'a read-only repository' 'cannot become another user'
	test_skip 'a read-only database' 'cannot become another user'
	test_skip 'a repository of somebody else' 'cannot become another user'
fi

# a file system of its own, small; gone with its name space where there is one
small=$TRASH/small
mkdir "$small"
if [ -n "$root" ] && mount -t tmpfs -o size=1m tmpfs "$small" 2>/dev/null; then
	trap 'umount "$small" 2>/dev/null; test_cleanup' EXIT
	test_expect_success 'a full disk under the database: undone, said, and going on' '
		fresh && git config migrate.small.url "sqlite:$small/dev.db" && git config migrate.target small && expect_status 0 apply -q &&
		echo "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) SELECT hex(randomblob(100)) AS x FROM n;" | migration 3_big &&
		sqlite3 "$small/dev.db" .dump | grep -v git_migrate >"$TRASH/dump" && git for-each-ref >"$TRASH/refs" &&
		expect_status 128 apply && has "$ERR" "^(error|fatal): .*(full|No space)" &&
		sqlite3 "$small/dev.db" .dump | grep -v git_migrate | cmp - "$TRASH/dump" && git for-each-ref | cmp - "$TRASH/refs" &&
		[ "$(sqlite3 "$small/dev.db" "PRAGMA integrity_check")" = ok ] &&
		expect_status 0 status && git rm -q migrations/3_big.sql && git commit -qm drop &&
		expect_status 0 rollback -n 2 && expect_status 0 apply
	'

	test_expect_success 'a full disk under the repository: nothing is applied half' '
		rm -rf "$small"/* && cd "$small" && git init -q -b main repo && cd repo &&
		git config migrate.dev.url "sqlite:$TRASH/big.db" && rm -f "$TRASH"/big.db* && mkdir migrations &&
		echo "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) SELECT hex(randomblob(100)) AS x FROM n;" >migrations/1_big.sql &&
		echo "DROP TABLE big;" >migrations/2_drop.sql && git add . && git commit -qm a &&
		expect_status 0 apply -q -n 1 && sqlite3 "$TRASH/big.db" "SELECT count(*), sum(length(x)) FROM big" >"$TRASH/sum" &&
		expect_status 128 apply && has "$ERR" "^(error|fatal): .*(full|No space)" &&
		sqlite3 "$TRASH/big.db" "SELECT count(*), sum(length(x)) FROM big" | cmp - "$TRASH/sum" &&
		git fsck --strict && expect_status 0 status && has "$OUT" "(pending|failed) +2_drop" &&
		[ -z "$(find .git -name "tmp_*" -o -name "*.tmp" -o -name "capture*" | grep -v objects/pack/tmp)" ] &&
		expect_status 0 apply --no-snapshot
	'
	umount "$small"
else
	test_skip 'a full disk under the database' 'mount is not permitted'
	test_skip 'a full disk under the repository' 'mount is not permitted'
fi

test_expect_success 'a repository with sha256' '
	cd "$TRASH" && rm -rf sha && git init -q -b main --object-format=sha256 sha && cd sha && mkdir migrations &&
	echo "CREATE TABLE a (x);" >migrations/1_a.sql && git add . && git commit -qm a && git config migrate.dev.url sqlite:dev.db && git for-each-ref >refs &&
	for c in status apply target; do
		run_migrate $c && clear_error 128 "sha256|objectformat" "without extensions.objectformat" || return 1
	done && [ ! -e dev.db ] && git for-each-ref | cmp - refs
'

test_expect_success 'a repository with reftable' '
	fresh && remember && git config core.repositoryFormatVersion 1 && git config extensions.refStorage reftable &&
	run_migrate apply && clear_error 128 "reftable|refstorage|refStorage" . && run_migrate status && clear_error 128 "reftable|refstorage|refStorage" . &&
	git config --unset extensions.refStorage 2>/dev/null || sed -i /refStorage/d .git/config && unchanged
'

test_expect_success 'extensions.worktreeConfig works, or says why not' '
	fresh && remember && git config core.repositoryFormatVersion 1 && git config extensions.worktreeConfig true && git config --worktree migrate.dev.url sqlite:wt.db &&
	run_migrate target show && if [ "$STATUS" -eq 0 ]; then has "$OUT" "sqlite:wt.db"; else clear_error 128 "worktree[cC]onfig" . && unchanged; fi
'

test_expect_success 'a partial clone: what is not here is said' '
	fresh && git config uploadpack.allowFilter true && git clone -q --filter=blob:none --no-checkout "file://$PWD" "$TRASH/partial" && cd "$TRASH/partial" &&
	run_migrate apply && { [ "$STATUS" -eq 0 ] || clear_error 128 "not in this clone|1_a|.gitmigrate|no target|missing" .; }
'

test_expect_success 'nobody said who you are' '
	fresh && remember && (unset GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL &&
		git -c user.useConfigOnly=true migrate apply >"$OUT" 2>"$ERR" </dev/null; echo $? >"$TRASH/s") &&
	STATUS=$(cat "$TRASH/s") && clear_error 128 "who you are|name|identity|email" "user.email|user.name" && unchanged
'

test_expect_success 'a lock that a dead process left behind means nothing' '
	fresh && echo "999999 host apply 2026" >dev.db-migrate-lock && expect_status 0 apply --lock-timeout 0
'

test_expect_success 'GIT_DIR that is wrong' '
	fresh && STATUS=0 && { GIT_DIR=/nonexistent git-migrate status >"$OUT" 2>"$ERR" || STATUS=$?; } && clear_error 128 "not a git repository|/nonexistent" .
'

test_done
