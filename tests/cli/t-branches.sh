#!/bin/bash
# A database for each branch: reconcile = clone, and ${branch} in a URL
. "$(dirname "$0")/lib.sh"

git migrate init -q --url sqlite:dev.db &&
	git config migrate.dev.url sqlite:dev.db &&
	git config migrate.dev.reconcile clone &&
	git migrate hooks install -q && rm -f .git/hooks/*.sample &&
	commit_all 'Set up' &&
	migration 1_users <<<'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);' ||
	exit 128
mkdir "$TRASH/template" && cp -a . "$TRASH/template/repo"

# A copy of the repository with a database, and go there.
fresh() {
	rm -rf "$TRASH/tree" && mkdir "$TRASH/tree" &&
		cp -a "$TRASH/template/repo" "$TRASH/tree/repo" &&
		cd "$TRASH/tree/repo" && git migrate apply -q &&
		sql "INSERT INTO users VALUES (1, 'ann')"
}

again() { # where the test before has stopped
	cd "$TRASH/tree/repo" || return
}

left() { # files, but for locks of killed ones, which mean nothing
	printf "%s\n" * | grep -v -e "-migrate-lock$" | tr "\n" " "
}

meta() { # <file> <key>
	sqlite3 "$1" "SELECT value FROM git_migrate_meta WHERE key = '$2'"
}

gives() { # git, with what it says in $ERR
	git "$@" >"$OUT" 2>"$ERR" </dev/null
}

test_expect_success 'a new branch: a copy with data, a uuid, an event and a ledger of its own' '
	fresh && gives switch -c topic &&
	has "$ERR" "^branch .topic. has a database of its own now: sqlite:dev.db-topic.db, a copy of that of .main.$" &&
	[ "$(sqlite3 dev.db-topic.db "SELECT name FROM users")" = ann ] &&
	uuid=$(meta dev.db-topic.db uuid) && [ "$uuid" != "$(meta dev.db uuid)" ] &&
	[ "$(meta dev.db-topic.db branch)" = topic ] && [ -z "$(meta dev.db branch)" ] &&
	[ "$(sqlite3 dev.db-topic.db "SELECT event, description FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = "fork|A copy of database $(meta dev.db uuid), for branch '\''topic'\''." ] &&
	git rev-parse -q --verify "refs/migrate/db/$uuid/ledger^" &&
	[ "$(ls -A | tr "\n" " ")" = ".git .gitignore .gitmigrate dev.db dev.db-topic.db migrations " ] &&
	[ -z "$(git status --porcelain)" ] && git fsck --strict &&
	expect_status 0 status && has "$OUT" "^On target dev \(sqlite:dev.db-topic.db, of branch topic\)" &&
	expect_status 0 status --json && [ "$(json .branch)" = topic ]
'

test_expect_success 'each branch keeps its own data and schema; silent when nothing is to do' '
	again && migration 2_mail <<<"ALTER TABLE users ADD COLUMN mail TEXT;" &&
	expect_status 0 apply && sqlite3 dev.db-topic.db "UPDATE users SET mail = '\''x'\''" &&
	gives switch -q main && [ ! -s "$ERR" ] && expect_status 0 status --exit-code &&
	has_not "$OUT" "2_mail" && sql "INSERT INTO users VALUES (2, '\''bob'\'')" &&
	gives switch -q topic && [ ! -s "$ERR" ] &&
	[ "$(sqlite3 dev.db-topic.db "SELECT * FROM users")" = "1|ann|x" ]
'

test_expect_success 'a copy comes from the branch that the new one forked from, wherever one stood' '
	again && gives switch -c deeper && has "$ERR" "a copy of that of .topic.$" &&
	gives switch -c other main && has "$ERR" "a copy of that of .main.$" &&
	[ "$(sqlite3 dev.db-other.db "SELECT count(*) FROM users")" -eq 2 ] &&
	[ "$(sqlite3 dev.db-deeper.db "SELECT mail FROM users")" = x ] &&
	expect_status 0 branches && has "$OUT" "^  main +sqlite:dev.db  the target.s own$" &&
	has "$OUT" "^  deeper +sqlite:dev.db-deeper.db  copy of topic, 20" &&
	has "$OUT" "^\* other +sqlite:dev.db-other.db  copy of main, 20"
'

test_expect_success 'a branch is deleted: its database goes at the next switch, which is said' '
	again && gives switch -q main && git branch -q -D deeper && expect_status 0 status &&
	has "$ERR" "^hint: databases of branches that are gone \(deeper\): git migrate branches prune" &&
	expect_status 0 branches prune --dry-run && has "$OUT" "^would remove sqlite:dev.db-deeper.db" &&
	[ -e dev.db-deeper.db ] && gives switch -q other &&
	has "$ERR" "^removed sqlite:dev.db-deeper.db, the database of branch .deeper., which is gone$" &&
	[ ! -e dev.db-deeper.db ] && expect_status 0 branches --json &&
	[ "$(json "[.branches[].branch] | join(\" \")")" = "other topic" ]
'

test_expect_success 'a branch is renamed: its data goes along' '
	again && git switch -q topic 2>/dev/null && git branch -m team/topic &&
	expect_status 1 apply && has "$ERR" "^error: branch .team/topic. has no database of its own yet$" &&
	expect_status 0 branches prune && [ -e dev.db-topic.db ] &&
	expect_status 0 reconcile && has "$OUT" "a copy of that of .topic.$" &&
	[ "$(sqlite3 dev.db-team_topic_*.db "SELECT mail FROM users")" = x ] &&
	expect_status 0 branches prune && has "$OUT" "^removed sqlite:dev.db-topic.db"
'

test_expect_success 'remove: not the base, not what is checked out, not what was not made' '
	again && expect_status 1 branches remove main && has "$ERR" "target.s own: it is never removed" &&
	expect_status 1 branches remove team/topic && has "$ERR" "is checked out" &&
	expect_status 1 branches remove nobody && has "$ERR" "has made no database" &&
	expect_status 0 branches remove other --json && [ "$(json ".branches[0].state")" = removed ] &&
	[ ! -e dev.db-other.db ] && [ -e dev.db ] && [ -z "$(ls .git/migrate/used-by | grep -v -e "$(meta dev.db uuid)" -e "$(meta dev.db-team*.db uuid)")" ]
'

test_expect_success 'remove: another database in the place of the copy stays' '
	fresh && gives switch -q -c a && gives switch -q main &&
	cp dev.db dev.db-a.db && expect_status 1 branches remove a &&
	has "$ERR" "is not the copy that was made for branch .a." && [ -e dev.db-a.db ] &&
	git branch -q -D a && gives switch -q -c b && has "$ERR" "warning: .*is not the copy" &&
	cmp dev.db dev.db-a.db && expect_status 0 branches forget a &&
	[ -e dev.db-a.db ] && expect_status 0 branches && has_not "$OUT" "dev.db-a"
'

test_expect_success 'names that are no file names, or another file'\''s' '
	fresh && i=0 && for b in a-wal "x;y" "ü" feature/a feature-a Feature/a "$(printf "%0120d" 1)" "q'\''\"\$x" "100%"; do
		gives switch -c "$b" main && expect_status 0 status --exit-code && i=$((i + 1)) || return 1
	done && [ "$(ls | grep -c "^dev.db-.*\.db$")" -eq $i ] &&
	[ -z "$(ls | grep "[^a-z0-9._-]")" ] && [ "$(ls | grep -c -e "-wal$")" -eq 0 ] &&
	expect_status 0 branches --json && [ "$(json ".branches | length")" -eq $i ]
'

test_expect_success 'what is in the way is not taken for it' '
	fresh && gives switch -q -c a && gives switch -q main && mv dev.db-a.db dev.db-b.db &&
	gives switch -q -c b && expect_status 1 status &&
	has "$ERR" "the database of branch .b. is that of branch .a., whose name gives the same url" &&
	git switch -q main && rm dev.db-b.db && echo text >dev.db-c.db &&
	gives switch -q -c c && has "$ERR" "^error: dev: .*dev.db-c.db" && expect_status 128 apply &&
	[ "$(cat dev.db-c.db)" = text ]
'

test_expect_success 'detached: refused; a rebase keeps its branch' '
	fresh && gives switch -q -c a && migration 2_a <<<"CREATE TABLE a (x);" && git migrate apply -q &&
	gives checkout -q --detach && [ ! -s "$ERR" ] &&
	expect_status 1 status && has "$ERR" "^error: target .dev. has a database for each branch, and HEAD is detached$" &&
	has "$ERR" "^hint: git switch" && expect_status 0 check main && expect_status 0 --url sqlite:dev.db status &&
	git switch -q a && echo y >y && commit_all y && git switch -q main && echo x >x && commit_all x &&
	git switch -q a && ! git -c core.editor=true rebase -q -x false main >"$OUT" 2>&1 &&
	expect_status 0 status && has "$OUT" "of branch a\)" && git rebase --abort
'

test_expect_success 'protected: no copies' '
	fresh && git config migrate.dev.protected true && gives switch -q -c a &&
	has "$ERR" "protected: branches get no copies of it" && [ ! -e dev.db-a.db ]
'

test_expect_success 'a .gitmigrate that asks for it may only reach files of the work tree' '
	fresh && git config --unset migrate.dev.reconcile && git config --unset migrate.dev.url &&
	git config -f .gitmigrate migrate.dev.reconcile clone && commit_all "ask" &&
	gives switch -q -c a && [ -e dev.db-a.db ] && cp dev.db ../out.db &&
	git config -f .gitmigrate migrate.dev.url sqlite:../out.db && commit_all "reach out" &&
	gives switch -q -c b && has "$ERR" "^warning: branch .b. has no database of its own for dev$" &&
	has "$ERR" "^hint: git migrate reconcile -t dev makes it \(not by itself:" && [ ! -e ../out.db-b.db ] &&
	git config -f .gitmigrate migrate.dev.url sqlite:dev.db && ln -s "$TRASH/tree/reached.db" dev.db-c.db &&
	git add -f dev.db-c.db && commit_all "a link" && gives switch -q -c c && [ ! -e "$TRASH/tree/reached.db" ]
'

test_expect_success 'nothing to copy from: it begins empty, and is never removed by us' '
	fresh && rm dev.db && gives switch -q -c a && [ ! -s "$ERR" ] && [ ! -e dev.db-a.db ] && expect_status 0 reconcile &&
	has "$ERR" "^hint: there is no database to copy for branch .a.: it begins empty$" &&
	expect_status 0 status --exit-code && [ "$(meta dev.db-a.db branch)" = a ] &&
	git switch -q main && git branch -q -D a && expect_status 0 branches prune && [ -e dev.db-a.db ]
'

test_expect_success 'reconcile --dry-run only says what it would make' '
	fresh && GIT_MIGRATE_SKIP=1 git switch -q -c a && expect_status 0 reconcile --dry-run &&
	has "$OUT" "^branch .a. would get a database of its own: sqlite:dev.db-a.db, a copy of that of .main.$" &&
	expect_status 0 reconcile --dry-run --json && [ "$(json .format)" = 1 ] &&
	[ ! -e dev.db-a.db ] && [ ! -e .git/migrate/branches ] && expect_status 0 status &&
	has "$ERR" "^warning: branch .a. has no database of its own yet$"
'

test_expect_success '${branch} and ${worktree} in a url, with and without copies' '
	fresh && git config migrate.dev.url "sqlite:db-\${worktree}-\${branch}.db" &&
	git config migrate.dev.reconcile auto && mv dev.db db-main-main.db &&
	expect_status 0 status && has "$OUT" "sqlite:db-main-main.db, of branch main" &&
	gives switch -q -c a/b && expect_status 0 apply && [ "$(ls | grep -c "^db-main-a_b_.*\.db$")" -eq 1 ] &&
	[ "$(sqlite3 db-main-a_b_*.db "SELECT count(*) FROM users")" -eq 0 ] &&
	git config migrate.dev.reconcile clone && gives switch -c c main && has "$ERR" "copy of that of .main" &&
	[ "$(sqlite3 db-main-c.db "SELECT name FROM users")" = ann ] &&
	git worktree add -q ../side -b side 2>/dev/null && cd ../side && expect_status 0 status &&
	has "$OUT" "sqlite:db-side-side.db" &&
	git config migrate.dev.url "sqlite:\${brnach}.db" && expect_status 128 status &&
	has "$ERR" "has .\\$\{brnach}., which stands for nothing"
'

test_expect_success 'whose database the url names: migrate.base says it' '
	fresh && git branch -q -m trunk && git branch x && expect_status 128 status &&
	has "$ERR" "^hint: git config migrate.base BRANCH" &&
	git config migrate.base trunk && expect_status 0 status && has "$OUT" "\(sqlite:dev.db\)"
'

test_expect_success 'an irreversible migration: reconcile offers a database for each branch' '
	fresh && git config migrate.dev.reconcile notify && git switch -q -c a 2>/dev/null &&
	migration 2_a <<<"-- migrate:irreversible
CREATE TABLE a (x);" && git migrate apply -q && git switch -q main 2>/dev/null &&
	expect_status 1 reconcile && has "$ERR" "git config migrate.dev.reconcile clone"
'

test_expect_success 'a copy of the repository'\''s folder removes nothing of the first one' '
	fresh && gives switch -q -c a && gives switch -q main && cp -a . ../second && cd ../second &&
	git branch -q -D a && expect_status 0 branches prune && [ -e ../repo/dev.db-a.db ] && expect_status 0 branches && has_not "$OUT" "dev.db-a"
'

test_expect_success 'snapshots belong to both, until both let go' '
	fresh && migration 2_drop <<<"DROP TABLE users;" && git migrate apply -q && gives switch -q -c a &&
	vault="git --git-dir=.git/migrate/snapshots.git" && [ "$($vault for-each-ref | wc -l)" -eq 2 ] &&
	gives switch -q main && GIT_MIGRATE_TEST_NOW=$((EPOCHSECONDS + 9)) git migrate snapshot prune -q --keep 0h &&
	gives switch -q a && expect_status 0 rollback && [ "$(sqlite3 dev.db-a.db "SELECT name FROM users")" = ann ] &&
	gives switch -q main && git branch -q -D a && expect_status 0 branches prune &&
	[ -z "$($vault for-each-ref)" ]
'

test_expect_success 'WAL, and two at once: one copy, whole' '
	fresh && sql "PRAGMA journal_mode = WAL" && GIT_MIGRATE_SKIP=1 git switch -q -c a &&
	{ git migrate reconcile -q & one=$!; git migrate reconcile -q & two=$!; wait $one && wait $two; } &&
	[ "$(sqlite3 dev.db-a.db "SELECT count(*) FROM git_migrate_history WHERE event = '\''fork'\''")" -eq 1 ] &&
	[ "$(sqlite3 dev.db-a.db "SELECT name FROM users; PRAGMA integrity_check" | tr "\n" " ")" = "ann ok " ] &&
	[ "$(meta dev.db-a.db uuid)" = "$(sed -n "s/^uuid //p" .git/migrate/branches/dev/*)" ] && [ "$(left)" = "dev.db dev.db-a.db migrations " ]
'

test_expect_success 'no room: nothing is left, and the next one makes it' '
	fresh && sql "CREATE TABLE big AS SELECT randomblob(600000) AS b" && expect_status 0 apply -q &&
	GIT_MIGRATE_SKIP=1 git switch -q -c a &&
	! (trap "" XFSZ && ulimit -f 400 && git migrate reconcile) >"$OUT" 2>"$ERR" && has "$ERR" "^error: " &&
	[ "$(left)" = "dev.db migrations " ] && expect_status 0 reconcile &&
	[ "$(sqlite3 dev.db-a.db "SELECT length(b) FROM big")" -eq 600000 ]
'

# --- killed in the middle

for place in copy-planned copy-step copy-made copy-identified copy-whole copy-named copy-written; do
	test_expect_success "killed at $place: no half copy, and the next command makes it whole" '
		fresh && GIT_MIGRATE_SKIP=1 git switch -q -c a &&
		! GIT_MIGRATE_CRASH='$place' git migrate reconcile >"$OUT" 2>&1 &&
		{ [ ! -e dev.db-a.db ] || [ "$(meta dev.db-a.db branch)" = a ]; } &&
		expect_status 0 reconcile && expect_status 0 status --exit-code &&
		[ "$(meta dev.db-a.db branch)" = a ] && [ "$(sqlite3 dev.db-a.db "SELECT name FROM users")" = ann ] &&
		expect_status 0 branches && has_not "$OUT" "unfinished" &&
		[ "$(left)" = "dev.db dev.db-a.db migrations " ] && git fsck --strict
	'
done

for place in copy-unnamed copy-removed; do
	test_expect_success "killed at $place: the next removal ends it" '
		fresh && gives switch -q -c a && gives switch -q main &&
		! GIT_MIGRATE_CRASH='$place' git migrate branches remove a >"$OUT" 2>&1 &&
		[ ! -e dev.db-a.db ] && expect_status 0 branches && has "$OUT" "  missing$" &&
		expect_status 0 branches remove a && [ "$(left)" = "dev.db migrations " ] &&
		[ "$(sql "SELECT name FROM users")" = ann ]
	'
done

test_done
