#!/bin/bash
# Where migrations are read from, and which configuration counts
. "$(dirname "$0")/lib.sh"

git migrate init -q && commit_all 'Set up'
echo "CREATE TABLE a (x);" | migration 20260101000000_a
echo "CREATE TABLE b (x);" | migration 20260102000000_b

names() { # of the tree, with state, in one line
	git migrate status --json "$@" >"$OUT" 2>"$ERR" || return 1
	json '[.migrations[] | .name[15:] + ":" + .state] | join(" ")'
}

test_expect_success 'HEAD is read, never the work tree in silence' '
	echo "CREATE TABLE a (x, y);" >migrations/20260101000000_a.sql &&
	echo "CREATE TABLE c (x);" >migrations/20260103000000_c.sql &&
	expect_status 0 apply -q &&
	[ "$(sql "SELECT count(*) FROM pragma_table_info(\"a\")" 2>&1)" = 1 ] &&
	[ -z "$(sql ".tables c")" ] &&
	expect_status 0 status && has "$OUT" "^uncommitted +20260103000000_c"
'

test_expect_success 'a staged file is not committed' '
	git add migrations/20260103000000_c.sql &&
	expect_status 0 apply && has "$OUT" "^nothing to apply" &&
	git reset -q && git checkout -q migrations
'

test_expect_success '--worktree: applied, and marked dirty' '
	expect_status 0 apply --worktree &&
	has "$OUT" "^applied 20260103000000_c .*, from the work tree$" &&
	[ "$(sql "SELECT dirty, source_commit IS NULL FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = "1|1" ] &&
	git log -1 --format=%B refs/migrate/ledger/dev | grep -q "^Dirty: true$" &&
	git show refs/migrate/ledger/dev:migrations/20260103000000_c.sql |
		cmp - migrations/20260103000000_c.sql &&
	git fsck --strict
'

test_expect_success '... the ledger is rebuilt with the dirty file' '
	git log --format=%H refs/migrate/ledger/dev >ids &&
	rm migrations/20260103000000_c.sql &&
	git update-ref -d "$(git symbolic-ref refs/migrate/ledger/dev)" &&
	git reflog expire --expire=now --all && git gc -q --prune=now &&
	expect_status 0 status && git log --format=%H refs/migrate/ledger/dev | cmp - ids &&
	expect_status 0 rollback -q
'

test_expect_success '--worktree before the first commit' '
	scratch_repo "$TRASH/unborn" && mkdir migrations &&
	echo "CREATE TABLE a (x);" >migrations/1_a.sql && git migrate init -q &&
	expect_status 0 status --worktree && has "$OUT" "^pending +1_a" &&
	expect_status 0 apply --worktree && has "$OUT" "^1 migration applied"
'

test_expect_success '--rev: branch, tag, hash, and one that is none' '
	git tag v1 HEAD~1 && git checkout -q -b topic &&
	echo "CREATE TABLE t (x);" | migration 20260104000000_t && git checkout -q main &&
	[ "$(names --rev v1)" = "a:applied b:foreign" ] &&
	[ "$(names --rev topic)" = "a:applied b:applied t:pending" ] &&
	[ "$(names --rev "$(git rev-parse topic)")" = "a:applied b:applied t:pending" ] &&
	[ "$(names --rev topic~1)" = "a:applied b:applied" ] &&
	expect_status 0 apply --rev topic &&
	[ "$(sql "SELECT source_commit FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = "$(git rev-parse topic)" ] &&
	expect_status 0 rollback -q &&
	expect_status 128 apply --rev nosuch && has "$ERR" "^fatal: .*nosuch" &&
	expect_status 128 apply --rev "$(git rev-parse HEAD:migrations)" &&
	expect_status 128 apply --rev -x
'

test_expect_success 'a subfolder, GIT_DIR, git -C' '
	mkdir -p deep/er && cd deep/er && [ "$(names)" = "a:applied b:applied" ] &&
	expect_status 0 rollback -q && expect_status 0 apply -q && [ ! -e dev.db ] &&
	cd / && git -C "$TRASH/repo" migrate status -q >"$OUT" && has "$OUT" "^applied +20260101000000_a" &&
	ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0 \
		GIT_DIR=$TRASH/repo/.git GIT_WORK_TREE=$TRASH/repo git migrate status -q >"$OUT" &&
	has "$OUT" "^applied +20260101000000_a"
'

test_expect_success 'a bare repository: .gitmigrate of HEAD, or of --rev' '
	git clone -q --bare . "$TRASH/bare.git" && cd "$TRASH/bare.git" &&
	expect_status 0 apply && has "$OUT" "^2 migrations applied to dev$" &&
	[ -e "$TRASH/bare.git/dev.db" ] && git fsck --strict &&
	expect_status 1 apply --worktree && has "$ERR" "bare" &&
	expect_status 0 status --exit-code && expect_status 0 rollback
'

test_expect_success 'a linked work tree' '
	git worktree add -q "$TRASH/linked" topic && cd "$TRASH/linked" &&
	[ "$(names)" = "a:pending b:pending t:pending" ] &&
	expect_status 0 apply && has "$OUT" "^3 migrations applied" &&
	[ -e dev.db ] && expect_status 0 rollback -q -n 3 &&
	[ ! -e "$TRASH/repo/.git/worktrees/linked/migrate" ] &&
	cd "$TRASH/repo" && [ "$(names)" = "a:applied b:applied" ]
'

test_expect_success 'a shallow clone' '
	git clone -q --depth=1 "file://$PWD" "$TRASH/shallow" && cd "$TRASH/shallow" &&
	expect_status 0 apply && expect_status 0 rollback && git fsck --strict
'

test_expect_success 'CRLF in the work tree does not change a checksum' '
	scratch_repo "$TRASH/crlf" && git migrate init -q && commit_all a &&
	printf "CREATE TABLE a (x);\n-- b\n" | migration 20260101000000_a &&
	expect_status 0 apply -q && git config core.autocrlf true &&
	rm migrations/20260101000000_a.sql && git checkout -q -- migrations &&
	grep -q "$(printf "\r")" migrations/20260101000000_a.sql &&
	expect_status 0 status && has "$OUT" "^1 applied$" &&
	expect_status 0 status --worktree && has "$OUT" "^1 applied$" &&
	printf "CREATE TABLE b (x);\r\n" >migrations/20260102000000_b.sql &&
	expect_status 0 apply --worktree -q && commit_all b &&
	expect_status 0 status --exit-code &&
	[ "$(names)" = "a:applied b:applied" ] && has_not "$OUT" "edited"
'

test_expect_success 'a file that is not committed with LF is read as it is' '
	scratch_repo "$TRASH/crlf2" && git migrate init -q && commit_all a &&
	printf "CREATE TABLE a (\r\n\tx TEXT DEFAULT 1\r\n);\r\nINSERT INTO a VALUES (2);\r\n" |
		migration 20260101000000_a &&
	expect_status 0 apply && has "$OUT" "2 statements" && expect_status 0 rollback
'

test_expect_success 'a UTF-8 byte order mark is skipped' '
	printf "\357\273\277CREATE TABLE bom (x);\n" | migration 20260105000000_bom &&
	expect_status 0 apply && expect_status 0 rollback -q &&
	git rm -q migrations/20260105000000_bom.sql && git commit -qm x
'

# in place of a file: <what> <pattern>
test_expect_success 'a symbolic link, submodule or folder in place of a file' '
	scratch_repo "$TRASH/link" && git migrate init -q && commit_all a &&
	echo "CREATE TABLE a (x);" >elsewhere.sql &&
	ln -s ../elsewhere.sql migrations/20260101000000_a.sql && commit_all link &&
	expect_status 128 apply &&
	has "$ERR" "^(fatal|error): migrations/20260101000000_a.sql: .*symbolic link" && [ ! -e dev.db ] &&
	git rm -q migrations/20260101000000_a.sql && git commit -qm x && mkdir -p migrations &&
	git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),migrations/20260101000000_a.sql &&
	git commit -qm sub && expect_status 128 apply &&
	has "$ERR" "^(fatal|error): migrations/20260101000000_a.sql: .*submodule" &&
	git rm -q --cached migrations/20260101000000_a.sql && git commit -qm x &&
	mkdir -p migrations/20260101000000_a.sql && echo x >migrations/20260101000000_a.sql/y.sql &&
	commit_all folder && expect_status 128 apply &&
	has "$ERR" "^(fatal|error): migrations/20260101000000_a.sql: .*(folder|directory)" && [ ! -e dev.db ]
'

test_expect_success 'the folder itself is a symbolic link: refused, not followed' '
	scratch_repo "$TRASH/link2" && mkdir real && echo "CREATE TABLE a (x);" >real/1_a.sql &&
	ln -s real migrations && git migrate init -q --dir real 2>/dev/null; git config migrate.dir migrations &&
	git config migrate.dev.url sqlite:dev.db && commit_all a &&
	run_migrate status && { [ "$STATUS" -ne 0 ] || has "$OUT" "no migrations"; }
'

test_expect_success 'migrations in another place' '
	scratch_repo "$TRASH/place" && git migrate init -q --dir "db/my sql" && commit_all a &&
	mkdir -p "db/my sql" && echo "CREATE TABLE a (x);" >"db/my sql/1_a.sql" && commit_all b &&
	expect_status 0 apply && has "$OUT" "^applied 1_a" &&
	expect_status 0 status --json && [ "$(json ".migrations[0].path")" = "db/my sql/1_a.sql" ] &&
	git -c migrate.dir=. migrate status -q >"$OUT" && has "$OUT" "^foreign +1_a" &&
	git -c migrate.dir=nowhere migrate status -q >"$OUT" && has "$OUT" "^foreign +1_a"
'

test_expect_success 'migrations at the top of the tree' '
	scratch_repo "$TRASH/top" && git migrate init -q --dir . &&
	echo "CREATE TABLE a (x);" >1_a.sql && commit_all b &&
	expect_status 0 apply && has "$OUT" "^applied 1_a" && expect_status 0 rollback &&
	git ls-tree --name-only -r refs/migrate/ledger/dev~ | grep -qx migrations/1_a.sql
'

test_expect_success '.gitmigrate < git config < git -c' '
	scratch_repo "$TRASH/conf" && git migrate init -q && commit_all a &&
	echo "CREATE TABLE a (x);" | migration 1_a &&
	shown() { git "$@" migrate target show --json | jq -r .url; } &&
	[ "$(shown)" = sqlite:dev.db ] &&
	git config --global migrate.dev.url sqlite:user.db && [ "$(shown)" = sqlite:user.db ] &&
	git config migrate.dev.url sqlite:mine.db && [ "$(shown)" = sqlite:mine.db ] &&
	[ "$(shown -c migrate.dev.url=sqlite:once.db)" = sqlite:once.db ] &&
	[ "$(GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=migrate.dev.url GIT_CONFIG_VALUE_0=sqlite:env.db shown)" = sqlite:env.db ] &&
	git config --global --unset migrate.dev.url && git config --unset migrate.dev.url &&
	[ "$(shown)" = sqlite:dev.db ]
'

test_expect_success '.gitmigrate of the work tree counts, committed or not' '
	cd "$TRASH/conf" && git config -f .gitmigrate migrate.dev.url sqlite:edited.db &&
	[ "$(shown)" = sqlite:edited.db ] && git checkout -q .gitmigrate
'

test_expect_success '--url, GIT_MIGRATE_URL, DATABASE_URL' '
	cd "$TRASH/conf" &&
	expect_status 0 apply -q --url sqlite:u1.db && [ -e u1.db ] &&
	GIT_MIGRATE_URL=sqlite:u2.db git migrate apply -q && [ -e u2.db ] &&
	GIT_MIGRATE_URL=sqlite:u3.db git migrate apply -q -t dev && [ ! -e u3.db ] && [ -e dev.db ] &&
	DATABASE_URL=sqlite:u4.db git migrate apply -q && [ ! -e u4.db ] &&
	git config migrate.bare.protected false &&
	DATABASE_URL=sqlite:u4.db git migrate apply -q -t bare && [ -e u4.db ] &&
	expect_status 128 apply -t bare && has "$ERR" "target .bare. has no url" && has "$ERR" "^hint: "
'

test_expect_success 'an unknown key in .gitmigrate is a warning' '
	cd "$TRASH/conf" && git config -f .gitmigrate migrate.dev.protectd true &&
	expect_status 0 status && has "$ERR" "^warning: .*protectd.*protected" && git checkout -q .gitmigrate
'

test_expect_success 'a .gitmigrate that is no configuration: file and line' '
	cd "$TRASH/conf" && printf "[migrate]\n\tdir = a\nnonsense here\n" >.gitmigrate &&
	expect_status 128 status && has "$ERR" "\.gitmigrate" && has "$ERR" "3" && git checkout -q .gitmigrate
'

test_done
