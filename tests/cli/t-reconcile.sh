#!/bin/bash
# git migrate reconcile: the database follows the branch
. "$(dirname "$0")/lib.sh"

# what users have in the database: schema and rows, without the journal
state() {
	sqlite3 dev.db "SELECT type, name, tbl_name, sql FROM sqlite_schema
		WHERE name NOT LIKE 'git_migrate%' AND name NOT LIKE 'sqlite_%'
		AND tbl_name NOT LIKE 'git_migrate%' ORDER BY 1, 2"
	sqlite3 dev.db "SELECT name FROM sqlite_schema WHERE type = 'table'
		AND name NOT LIKE 'git_migrate%' AND name NOT LIKE 'sqlite_%'
		ORDER BY 1" |
		while read -r t; do
			echo "-- $t"
			sqlite3 dev.db ".mode quote" "SELECT * FROM \"$t\""
		done
}

# everything, the journal too
whole() {
	sqlite3 dev.db .dump
}

git migrate init -q && commit_all 'Set up'
printf '%s\n' out before two tip >>.git/info/exclude

test_expect_success 'a database that is not there: made' '
	migration 20260101000000_users <<-\SQL &&
	CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
	SQL
	expect_status 0 reconcile --dry-run && [ ! -e dev.db ] &&
	has "$OUT" "^apply 20260101000000_users" &&
	expect_status 0 reconcile &&
	has "$OUT" "^applied 20260101000000_users" &&
	has "$OUT" "^dev has the migrations of [0-9a-f]{12}: 1 applied$"
'

test_expect_success 'nothing to do: said so' '
	whole >before && expect_status 0 reconcile &&
	has "$OUT" "^dev has the migrations of [0-9a-f]{12} already$" &&
	[ ! -s "$ERR" ] && whole | cmp - before
'

# the two-week story: A has a column and data, B a table
sql "INSERT INTO users VALUES (1, 'ann'), (2, 'bob')"
git branch base
git switch -q -c a
migration 20260102000000_age <<\SQL
ALTER TABLE users ADD COLUMN age INT;
UPDATE users SET age = 20 + id;
SQL
git migrate apply -q
sql "UPDATE users SET age = 77 WHERE id = 2; INSERT INTO users VALUES (3, 'cy', 7)"
state >"$TRASH/a.state"
git switch -q -c b base
migration 20260103000000_notes <<\SQL
CREATE TABLE notes (id INTEGER PRIMARY KEY, user INT, text TEXT);
SQL

test_expect_success 'a dry run says what would be parked, and changes nothing' '
	whole >before && expect_status 0 reconcile --dry-run &&
	has "$OUT" "^rollback 20260102000000_age, not in this commit, exact$" &&
	has "$OUT" "^    [0-9]+ rows and values parked$" &&
	has "$OUT" "^apply 20260103000000_notes \(1 statement\)$" &&
	has "$OUT" "^2 steps to the migrations of" && whole | cmp - before
'

test_expect_success 'to B: A goes, its data is parked, B comes' '
	expect_status 0 reconcile &&
	has "$ERR" "^hint: 20260102000000_age: [0-9]+ rows and values will be parked" &&
	has "$OUT" "^rolled back 20260102000000_age" &&
	has "$OUT" "^applied 20260103000000_notes" &&
	sql "SELECT sql FROM sqlite_schema WHERE name = '\''users'\''" >out &&
	has_not out age &&
	[ "$(sql "SELECT count(*) FROM users")" = 3 ] &&
	sql "INSERT INTO notes VALUES (1, 1, '\''hello'\'')"
'

test_expect_success 'and back: the data of A is there' '
	state >"$TRASH/b.state" && git switch -q a &&
	expect_status 0 reconcile && state >out && cmp "$TRASH/a.state" out
'

test_expect_success 'and to B again: its own is there, too' '
	git switch -q b && expect_status 0 reconcile &&
	state >out && cmp "$TRASH/b.state" out && git migrate status >out &&
	has out "^2 applied$"
'

test_expect_success '--to another commit, HEAD stays' '
	expect_status 0 reconcile --to a && state >out &&
	cmp "$TRASH/a.state" out && expect_status 0 reconcile &&
	state >out && cmp "$TRASH/b.state" out
'

test_expect_success 'each event is a commit of the ledger' '
	git fsck --strict --no-dangling &&
	git log --format=%s refs/migrate/ledger/dev >out &&
	sed -n 1,2p out >two &&
	printf "apply 20260103000000_notes to dev\nrollback 20260102000000_age from dev\n" |
		cmp - two
'

test_expect_success 'JSON' '
	expect_status 0 reconcile --to a --json &&
	[ "$(json .ok)" = true ] &&
	[ "$(json "[.events[].event] | join(\" \")")" = "rollback apply" ] &&
	[ "$(json ".steps[0].why")" = "not in this commit" ] &&
	[ "$(json .head)" = "$(git rev-parse a)" ] &&
	[ "$(json .stepwise)" = null ] && git switch -q a
'

# --- names ---

test_expect_success 'renumbered: recorded, nothing runs, and it can be undone' '
	git switch -q -c renumber a &&
	git mv migrations/20260102000000_age.sql migrations/20260109000000_age.sql &&
	git commit -qm renumber && state >before &&
	expect_status 0 reconcile &&
	has "$OUT" "^renamed 20260109000000_age" &&
	has "$OUT" "1 renamed$" && state | cmp - before &&
	git migrate status >out && has out "^2 applied$" &&
	expect_status 0 reconcile && has "$OUT" already &&
	git ls-tree -r --name-only refs/migrate/ledger/dev migrations >out &&
	printf "migrations/%s.sql\n" 20260101000000_users 20260109000000_age |
		cmp - out &&
	git switch -q b && expect_status 0 reconcile &&
	has "$OUT" "^rolled back 20260109000000_age" && git switch -q renumber &&
	expect_status 0 reconcile && state | cmp - before
'

test_expect_success 'and back under the old name; the ledger is the same anew' '
	git switch -q a && expect_status 0 reconcile && state | cmp - before &&
	has "$OUT" "^renamed 20260102000000_age" &&
	git rev-parse refs/migrate/ledger/dev >tip &&
	git for-each-ref --format="delete %(refname)" refs/migrate |
		git update-ref --no-deref --stdin && git migrate status -q &&
	git rev-parse "refs/migrate/db/$(sql "SELECT value FROM
		git_migrate_meta WHERE key = '\''uuid'\''")/ledger" | cmp - tip
'

# --- whose it is, and what there is to follow ---

test_expect_success 'status says first that the branch was switched' '
	git switch -q a && expect_status 0 reconcile && git switch -q b &&
	expect_status 0 status &&
	has "$ERR" "^hint: the database does not match this commit: 1 applied migration is not in it; .git migrate reconcile. makes it follow$" &&
	expect_status 0 status --json && [ "$(json ".notes | length")" = 1 ] &&
	expect_status 0 reconcile && expect_status 0 status && [ ! -s "$ERR" ]
'

test_expect_success 'an edited one goes and returns with its data' '
	printf "%s\n" "CREATE TABLE notes (id INTEGER PRIMARY KEY, user INT, text TEXT, at TEXT);" \
		>migrations/20260103000000_notes.sql && commit_all Edit &&
	expect_status 0 status && has "$ERR" "1 was edited since" &&
	expect_status 0 reconcile --dry-run &&
	has "$OUT" "^rollback 20260103000000_notes, its file was edited, exact$" &&
	expect_status 0 reconcile &&
	[ "$(sql "SELECT text, at IS NULL FROM notes")" = "hello|1" ] &&
	sql "UPDATE notes SET at = '\''now'\''"
'

test_expect_success 'an edit that changes nothing is left alone' '
	sed -i "1i -- a comment" migrations/20260103000000_notes.sql && commit_all Comment &&
	expect_status 0 reconcile && has "$OUT" already && [ ! -s "$ERR" ]
'

test_expect_success 'what stands on an edited one goes and returns, too' '
	migration 20260110000000_tags <<-\SQL &&
	CREATE TABLE tags (note INT REFERENCES notes, tag TEXT);
	SQL
	expect_status 0 reconcile && sql "INSERT INTO tags VALUES (1, '\''x'\'')" &&
	sed -i "s/at TEXT/at TEXT, more INT/" migrations/20260103000000_notes.sql && commit_all Again &&
	expect_status 0 reconcile &&
	has "$OUT" "^rolled back 20260110000000_tags" && has "$OUT" "^applied 20260110000000_tags" &&
	[ "$(sql "SELECT note, tag FROM tags")" = "1|x" ] &&
	[ "$(sql "SELECT text, at FROM notes")" = "hello|now" ]
'

test_expect_success 'both branches merged: nothing is taken back' '
	git switch -q a && expect_status 0 reconcile && git switch -q -c both a &&
	git merge -q --no-edit b && expect_status 0 reconcile &&
	has "$OUT" ": 2 applied$" && [ "$(sql "SELECT text, at FROM notes")" = "hello|now" ] &&
	[ "$(sql "SELECT age FROM users WHERE id = 2")" = 77 ]
'

test_expect_success 'a detached HEAD, and a branch that was deleted' '
	git checkout -q --detach base && expect_status 0 reconcile &&
	[ -z "$(sql "SELECT 1 FROM sqlite_schema WHERE name = '\''notes'\''")" ] &&
	git branch -q -D both && expect_status 0 reconcile && has "$OUT" already &&
	git switch -q b && expect_status 0 reconcile &&
	[ "$(sql "SELECT text, at FROM notes")" = "hello|now" ]
'

test_expect_success 'a commit without migrations, and none at all: nothing is done' '
	whole >before && git switch -q --orphan empty &&
	expect_status 128 reconcile --url sqlite:dev.db && git commit -q --allow-empty -m Empty &&
	expect_status 1 reconcile --url sqlite:dev.db &&
	has "$ERR" "^error: commit [0-9a-f]{12} has no folder .migrations.: all 3 applied migrations would be taken back$" &&
	whole | cmp - before && git switch -q b
'

test_expect_success 'another work tree: a file in it is its own, a shared one is refused' '
	git worktree add -q "$TRASH/other" a && (cd "$TRASH/other" && git migrate reconcile -q &&
		git migrate status) >out 2>&1 && has out "^2 applied$" &&
	git config migrate.shared.url "sqlite:$PWD/dev.db" && here=$PWD && whole >before &&
	(cd "$TRASH/other" && expect_status 1 -t shared reconcile &&
		has "$ERR" "^error: the database of target .shared. is the one that the work tree $here has run on last$") &&
	whole | cmp - before && (cd "$TRASH/other" && expect_status 0 -t shared reconcile --shared) &&
	expect_status 1 reconcile && has "$ERR" "work tree $TRASH/other has" &&
	git worktree remove --force "$TRASH/other" && expect_status 0 reconcile &&
	[ "$(sql "SELECT text, at FROM notes")" = "hello|now" ]
'

test_expect_success 'who else is connected is told' '
	sql "PRAGMA journal_mode = WAL" >/dev/null &&
	mkfifo "$TRASH/fifo" && { sqlite3 dev.db <"$TRASH/fifo" >/dev/null & } && pid=$! &&
	exec 9>"$TRASH/fifo" && echo "SELECT count(*) FROM users;" >&9 && sleep 0.3 &&
	expect_status 0 reconcile --to a && has "$ERR" "^hint: also connected: sqlite3 \(pid $pid\)$" &&
	exec 9>&- && wait $pid && sql "PRAGMA journal_mode = DELETE" >/dev/null &&
	expect_status 0 reconcile && has_not "$ERR" connected
'

# --- failures ---

test_expect_success 'a statement that fails: nothing was changed, and which' '
	git switch -q -c broken base &&
	migration 20260104000000_ok <<-\SQL &&
	CREATE TABLE ok (x);
	SQL
	migration 20260105000000_bad <<-\SQL &&
	CREATE TABLE bad (x);
	INSERT INTO nowhere VALUES (1);
	SQL
	whole >before && expect_status 128 reconcile &&
	has "$ERR" "20260105000000_bad.sql:2:.*no such table: nowhere" &&
	has "$ERR" "step 4 of 4, apply 20260105000000_bad, failed; nothing was changed" &&
	whole | cmp - before && expect_status 0 status
'

test_expect_success 'a conflict stops it all, and names the choices' '
	git switch -q -c rewrite base &&
	migration 20260106000000_upper <<-\SQL &&
	UPDATE users SET name = upper(name);
	SQL
	expect_status 0 reconcile &&
	sql "UPDATE users SET name = '\''eve'\'' WHERE id = 1" && whole >before &&
	git switch -q b && expect_status 1 reconcile &&
	has "$ERR" "^error: 20260106000000_upper cannot be rolled back: changed since it was applied: users" &&
	has "$ERR" "^hint: nothing was changed; git migrate reconcile -t dev --on-conflict=keep" &&
	has "$ERR" "step 1 of 3, rollback 20260106000000_upper" &&
	whole | cmp - before &&
	expect_status 0 reconcile --on-conflict=keep &&
	[ "$(sql "SELECT group_concat(name) FROM users")" = eve,bob,cy ]
'

test_expect_success 'what cannot be one transaction: rollbacks first, all or none; it goes on where it broke' '
	git switch -q -c apart base &&
	migration 20260108000000_apart <<-\SQL &&
	PRAGMA foreign_keys = OFF;
	CREATE TABLE apart (x);
	PRAGMA foreign_keys = ON;
	SQL
	migration 20260108000001_bad <<-\SQL &&
	INSERT INTO nowhere VALUES (1);
	SQL
	sql "ALTER TABLE notes ADD COLUMN mine" && expect_status 1 reconcile &&
	has "$ERR" "^hint: not one transaction, but one for all rollbacks and one for each migration behind them: 20260108000000_apart sets PRAGMA foreign_keys$" &&
	has "$ERR" "^warning: step [23] of [45], rollback 20260103000000_notes, failed; nothing was changed$" &&
	[ "$(sql "SELECT count(*) FROM tags")" = 1 ] &&
	sql "ALTER TABLE notes DROP COLUMN mine; CREATE INDEX mine ON notes (text)" && expect_status 1 reconcile &&
	has "$ERR" "^conflict: 20260103000000_notes: indexes/mine.sql: NEEDS_IT$" && has "$ERR" "^hint: .*drop it, or add" &&
	[ "$(sql "SELECT count(*) FROM tags")" = 1 ] && sql "DROP INDEX mine" && expect_status 128 reconcile &&
	has "$ERR" "^hint: 20260103000000_notes: 1 .*parked .table notes: 1 row.$" &&
	has "$ERR" "^warning: 3 of 4 steps are done, and stay; the same command goes on behind them$" &&
	has "$OUT" "^dev is on the way to" && echo "SELECT 1;" >migrations/20260108000001_bad.sql && commit_all Mend &&
	expect_status 0 reconcile && has "$OUT" ": 1 applied$" && git switch -q b &&
	expect_status 0 reconcile && [ "$(sql "SELECT text, at FROM notes")" = "hello|now" ] &&
	[ "$(sql "SELECT note, tag FROM tags")" = "1|x" ]
'

test_expect_success '... one alone makes its settings, too' '
	git switch -q -c alone base && expect_status 0 reconcile && sql "CREATE TABLE mine (u REFERENCES users ON DELETE CASCADE); INSERT INTO mine VALUES (1)" &&
	migration 20260108000003_anew <<-\SQL &&
	PRAGMA foreign_keys = OFF;
	CREATE TABLE users2 AS SELECT * FROM users;
	DELETE FROM users;
	INSERT INTO users SELECT * FROM users2;
	DROP TABLE users2;
	SQL
	git config migrate.dev.foreignKeys true && expect_status 0 reconcile && has_not "$ERR" "not one transaction" &&
	[ "$(sql "SELECT u FROM mine; DROP TABLE mine")" = 1 ] && git config --unset migrate.dev.foreignKeys &&
	git switch -q b && expect_status 0 reconcile
'

test_expect_success 'a step that failed alone goes with its branch' '
	git switch -q -c half base && migration 20260108000002_half <<-\SQL &&
	-- migrate:no-transaction
	CREATE TABLE half (x);
	VACUUM;
	INSERT INTO nowhere VALUES (1);
	SQL
	expect_status 128 reconcile && [ "$(sql "SELECT count(*) FROM half")" = 0 ] &&
	expect_status 0 status && has "$OUT" "^failed .*nowhere" && git switch -q b && expect_status 0 status &&
	has "$ERR" "1 applied migration is not in it" && expect_status 0 reconcile &&
	[ -z "$(sql "SELECT 1 FROM sqlite_schema WHERE name = '\''half'\''")" ]
'

test_expect_success 'an irreversible one: named, with the choices' '
	git switch -q -c forever base &&
	migration 20260107000000_forever <<-\SQL &&
	-- migrate:irreversible
	CREATE TABLE forever (x);
	SQL
	expect_status 0 reconcile && whole >before && git switch -q b &&
	expect_status 1 reconcile &&
	has "$ERR" "^error: cannot be taken back, because irreversible: 20260107000000_forever \(not in this commit\)$" &&
	has "$ERR" "^hint: nothing was changed; choose a commit that has them" &&
	whole | cmp - before
'

test_expect_success 'a protected database is not taken back' '
	git config migrate.dev.protected true && expect_status 1 reconcile &&
	git config --unset migrate.dev.protected &&
	has "$ERR" "^error: target .dev. is protected" && whole | cmp - before
'

# --- another clone ---

test_expect_success 'another clone: the snapshot is not there, and it says where it is' '
	git switch -q forever && git switch -q -c destroys && migration 20260111000000_destroys <<-\SQL &&
	-- migrate:up
	CREATE TABLE made (x);
	DELETE FROM users WHERE id = 1;
	-- migrate:down
	DROP TABLE made;
	SQL
	expect_status 0 reconcile && sql "INSERT INTO made VALUES (5)" &&
	git clone -q . "$TRASH/clone" && whole >before &&
	(cd "$TRASH/clone" && git switch -q forever && git config migrate.dev.url "sqlite:$TRASH/repo/dev.db" &&
		expect_status 1 reconcile && has "$ERR" "^error: the snapshot of 20260111000000_destroys, taken .* by C O Mitter" &&
		has "$ERR" "force-down") && whole | cmp - before
'

test_expect_success '--force-down takes it back by its down section, and says what is lost' '
	(cd "$TRASH/clone" && expect_status 0 reconcile --force-down &&
		has "$ERR" "20260111000000_destroys: taken back by its down section: what it had changed or removed \(1 row\) does not come back" &&
		has "$OUT" "^rolled back 20260111000000_destroys .*not exact$") &&
	[ "$(sql "SELECT group_concat(id) FROM users")" = 2,3 ] &&
	[ -z "$(sql "SELECT 1 FROM sqlite_schema WHERE name = '\''made'\''")" ]
'

test_expect_success '... and what it had made comes back from there' '
	(cd "$TRASH/clone" && expect_status 0 reconcile --to origin/destroys) &&
	[ "$(sql "SELECT x FROM made")" = 5 ] &&
	(cd "$TRASH/clone" && expect_status 0 reconcile) && git switch -q b && expect_status 0 status
'

# --- what was merged late ---

test_expect_success 'what sorts behind a late one and does not commute returns behind it' '
	git switch -q -c late base && git config migrate.dev.url sqlite:late.db &&
	migration 20260203000000_color <<-\SQL &&
	ALTER TABLE users ADD COLUMN color TEXT;
	SQL
	expect_status 0 reconcile &&
	sqlite3 late.db "INSERT INTO users VALUES (1, '\''ann'\'', '\''red'\'')" &&
	migration 20260202000000_again <<-\SQL &&
	CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
	INSERT INTO users_new SELECT id, name FROM users;
	DROP TABLE users;
	ALTER TABLE users_new RENAME TO users;
	SQL
	expect_status 0 reconcile --dry-run &&
	has "$OUT" "^rollback 20260203000000_color, has to run behind 20260202000000_again" &&
	expect_status 0 reconcile &&
	[ "$(sqlite3 late.db "SELECT * FROM users")" = "1|ann|red" ] &&
	git config migrate.dev.url sqlite:dev.db
'

test_expect_success 'what commutes is passed' '
	git config migrate.dev.url sqlite:late.db && git switch -q late &&
	migration 20260201000000_apart <<-\SQL &&
	CREATE TABLE apart (x);
	SQL
	expect_status 0 reconcile && has "$ERR" "20260201000000_apart runs after 20260203000000_color" &&
	has "$OUT" ": 1 applied$" && git config migrate.dev.url sqlite:dev.db
'

test_done
