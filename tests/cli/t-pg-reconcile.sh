#!/bin/bash
# git migrate reconcile on PostgreSQL: the database follows the branch
. "$(dirname "$0")/lib.sh"
pg_need

dump() {
	pg_dump -N git_migrate "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )'
}

whole() {
	pg_dump "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )'
}

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(pg_sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

fits() { # the schema is that of a database built from this commit alone
	local here=$URL there=$PG_DIRECT

	pg_db && git migrate --url "$URL" apply -q && pg_dump -s -N git_migrate "$PG_DIRECT" |
		grep -Ev '^(--|.(un)?restrict )' >want
	URL=$here PG_DIRECT=$there
	pg_dump -s -N git_migrate "$PG_DIRECT" |
		grep -Ev '^(--|.(un)?restrict )' | diff want -
}

pg_db
git migrate init -q --url "$URL" && commit_all 'Set up'
printf 'want\nout\nbefore\n' >>.git/info/exclude
migration 20260101000000_users <<\SQL
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, born int);
CREATE TABLE log (what text);
INSERT INTO log VALUES ('made'), ('made');
SQL
git migrate apply -q
pg_sql "INSERT INTO users VALUES (1, 'ann', 1970), (2, 'bob', 1980)"
git branch base

# A: a column with data, written rows, a type
git switch -q -c a
migration 20260102000000_age <<\SQL
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE users ADD COLUMN age int, ADD COLUMN mood mood;
UPDATE users SET age = 2026 - born;
DELETE FROM log WHERE what = 'made';
SQL
git migrate apply -q
pg_sql "UPDATE users SET mood = 'happy' WHERE id = 2; INSERT INTO users VALUES (3, 'cy', 1990, 36, 'sad'); INSERT INTO log VALUES ('by hand')"

# B: a table, and changes of rows that A has changed as well
git switch -q -c b base
migration 20260103000000_notes <<\SQL
CREATE TABLE notes (id serial PRIMARY KEY, who int REFERENCES users, text text);
INSERT INTO notes (who, text) SELECT id, 'hello ' || name FROM users;
UPDATE users SET name = upper(name);
SQL
migration 20260104000000_log <<\SQL
UPDATE log SET what = what || '!';
ALTER TABLE users DROP COLUMN born;
SQL

test_expect_success 'a dry run changes nothing' '
	whole >before && expect_status 0 reconcile --to b --dry-run &&
	has "$OUT" "^rollback 20260102000000_age, not in this commit, exact$" &&
	has_not "$OUT" "would be one transaction" && whole | cmp - before
'

test_expect_success 'to B, in one transaction, rows written twice in it' '
	git switch -q a && dump >"$TRASH/a.dump" && git switch -q b &&
	expect_status 0 reconcile &&
	has_not "$ERR" "not one transaction" &&
	has "$OUT" "1 rolled back, 2 applied" &&
	is "SELECT id, name FROM users ORDER BY id" "1|ANN 2|BOB 3|CY" &&
	is "SELECT what FROM log ORDER BY what" "by hand! made! made!" &&
	is "SELECT text FROM notes ORDER BY id" "hello ann hello bob hello cy" &&
	is "SELECT count(DISTINCT xmin::text) FROM git_migrate.history WHERE seq > 3" 1 && fits
'

test_expect_success 'and back: all that A had is there' '
	pg_sql "INSERT INTO notes (who, text) VALUES (1, \$\$mine\$\$)" &&
	dump >"$TRASH/b.dump" && git switch -q a && expect_status 0 reconcile &&
	is "SELECT id, name, born, age, mood FROM users ORDER BY id" \
		"1|ann|1970|56| 2|bob|1980|46|happy 3|cy|1990|36|sad" &&
	is "SELECT what FROM log ORDER BY what" "by hand" &&
	dump >out && diff "$TRASH/a.dump" out
'

test_expect_success 'and again: what B had is, too' '
	git switch -q b && expect_status 0 reconcile &&
	is "SELECT text FROM notes ORDER BY id" "hello ann hello bob hello cy mine" &&
	dump | sort >out && sort "$TRASH/b.dump" | diff - out
'

test_expect_success 'each of those can be rolled back by itself' '
	git switch -q a && expect_status 0 reconcile && git switch -q b &&
	expect_status 0 reconcile && expect_status 0 rollback &&
	is "SELECT what FROM log ORDER BY what" "by hand made made" &&
	is "SELECT born FROM users ORDER BY id" "1970 1980 1990" &&
	expect_status 0 rollback && is "SELECT name FROM users ORDER BY id" "ann bob cy" &&
	expect_status 0 reconcile && dump | sort >out && sort "$TRASH/b.dump" | diff - out
'

test_expect_success 'a statement that fails: nothing was changed' '
	git switch -q -c broken base && migration 20260105000000_bad <<-\SQL &&
	UPDATE users SET name = lower(name);
	INSERT INTO nowhere VALUES (1);
	SQL
	whole >before && expect_status 128 reconcile &&
	has "$ERR" "20260105000000_bad.sql:2:.*nowhere" &&
	has "$ERR" "step 3 of 3, apply 20260105000000_bad, failed; nothing was changed" &&
	whole | cmp - before
'

test_expect_success 'an edited one goes and returns with its data, and what needs it' '
	git switch -q b && migration 20260106000000_tags <<-\SQL &&
	CREATE TABLE tags (note bigint REFERENCES notes, tag text);
	SQL
	expect_status 0 reconcile && has "$OUT" ": 1 applied$" &&
	pg_sql "INSERT INTO tags VALUES (4, \$\$x\$\$)" &&
	sed -i "s/text text/text text, at int/" migrations/20260103000000_notes.sql &&
	commit_all Edit && expect_status 0 reconcile --dry-run &&
	has "$OUT" "^rollback 20260106000000_tags, goes with 20260103000000_notes \(uses notes\)" &&
	expect_status 0 reconcile && is "SELECT note, tag FROM tags" "4|x" &&
	is "SELECT text, at FROM notes WHERE id = 4" "mine|" &&
	is "SELECT text FROM notes ORDER BY id" "hello ann hello bob hello cy mine" && fits
'

test_expect_success 'what cannot be one transaction: said, step by step' '
	git switch -q -c steps base && migration 20260107000000_more <<-\SQL &&
	CREATE TABLE more (x int);
	SQL
	migration 20260108000000_index <<-\SQL &&
	CREATE INDEX CONCURRENTLY users_name ON users (name);
	SQL
	expect_status 0 reconcile &&
	has "$ERR" "^hint: not one transaction, but one for all rollbacks and one for each migration behind them: 20260108000000_index runs without a transaction$" &&
	is "SELECT indisvalid FROM pg_index WHERE indexrelid = \$\$users_name\$\$::regclass" t &&
	expect_status 0 rollback && expect_status 0 reconcile && has_not "$ERR" "not one transaction" &&
	is "SELECT indisvalid FROM pg_index WHERE indexrelid = \$\$users_name\$\$::regclass" t &&
	git switch -q b && expect_status 0 reconcile && fits &&
	is "SELECT text FROM notes ORDER BY id" "hello ann hello bob hello cy mine"
'

test_expect_success 'conflicts stop all of what cannot be one transaction, too' '
	git switch -q steps && pg_sql "ALTER TABLE notes ADD COLUMN mine int" && dump >before &&
	expect_status 1 reconcile && has "$ERR" "^conflict: .*notes.sql: REDEFINED" &&
	has "$ERR" "rollback 20260103000000_notes, failed; nothing was changed" &&
	dump | cmp - before &&
	is "SELECT status FROM git_migrate.migrations WHERE name LIKE \$\$%tags\$\$" applied &&
	pg_sql "ALTER TABLE notes DROP COLUMN mine"
'

test_expect_success 'what somebody has made on what goes is not dropped: it stops, and names it' '
	pg_sql "CREATE VIEW mine AS SELECT text FROM notes; CREATE TABLE my_notes (n bigint REFERENCES notes)" &&
	dump >before && expect_status 1 reconcile && dump | cmp - before &&
	has "$ERR" "^conflict: 20260103000000_notes: views/mine.sql: NEEDS_IT$" &&
	has "$ERR" "^hint: nothing was changed; no migration has made what NEEDS_IT: drop it, or add" &&
	pg_sql "DROP VIEW mine" && expect_status 1 reconcile &&
	has "$ERR" "^conflict: 20260103000000_notes: .*my_notes.*: NEEDS_IT$" && pg_sql "DROP TABLE my_notes"
'

# one that ends half way: a table stays, and what is left of an index
test_expect_success 'what failed half way goes with its branch, and edited it goes and returns' '
	git switch -q -c half steps && migration 20260109000000_half <<-\SQL &&
	-- migrate:no-transaction
	CREATE TABLE half (x int);
	INSERT INTO half VALUES (1), (1);
	CREATE UNIQUE INDEX CONCURRENTLY half_x ON half (x);
	SQL
	expect_status 128 reconcile && has "$ERR" "^warning: [0-9] of [0-9] steps are done, and stay; the same command" &&
	expect_status 0 status && has "$OUT" "^failed +20260109000000_half .*half_x" &&
	git switch -q b && expect_status 0 status && has "$ERR" "3 applied migrations are not in it" &&
	expect_status 0 reconcile && is "SELECT to_regclass(\$\$half\$\$) IS NULL" t &&
	git switch -q half && expect_status 128 reconcile &&
	sed -i "s/(1), (1)/(1), (2)/" migrations/20260109000000_half.sql && commit_all Mend &&
	expect_status 0 reconcile && has "$OUT" "^rolled back 20260109000000_half" &&
	is "SELECT x FROM half ORDER BY x" "1 2" && git switch -q b && expect_status 0 reconcile && fits
'

test_expect_success 'both branches merged, a detached HEAD, a branch that was deleted' '
	git switch -q a && expect_status 0 reconcile && git switch -q -c both && git merge -q --no-edit b &&
	expect_status 0 reconcile && has "$OUT" ": 3 applied$" &&
	is "SELECT id, name, age, mood FROM users ORDER BY id" "1|ANN|56| 2|BOB|46|happy 3|CY|36|sad" &&
	is "SELECT text FROM notes WHERE id = 4" mine && is "SELECT note FROM tags" 4 &&
	git checkout -q --detach base && expect_status 0 reconcile && fits && git branch -q -D both &&
	git switch -q b && expect_status 0 reconcile && is "SELECT text FROM notes WHERE id = 4" mine
'

test_expect_success 'another work tree that has the same database is refused with its path' '
	here=$PWD && git worktree add -q "$TRASH/other" base && whole >before && (cd "$TRASH/other" &&
		expect_status 1 reconcile && has "$ERR" "is the one that the work tree $here has run on last$") &&
	whole | cmp - before && (cd "$TRASH/other" && expect_status 0 reconcile --shared) &&
	expect_status 1 reconcile && has "$ERR" "work tree $TRASH/other has" &&
	git worktree remove --force "$TRASH/other" && expect_status 0 reconcile
'

test_expect_success 'another clone: where the snapshot is, and where what was parked' '
	git clone -q . "$TRASH/clone" && git -C "$TRASH/clone" switch -q base && whole >before && (cd "$TRASH/clone" &&
		expect_status 1 reconcile && has "$ERR" "^error: the snapshot of 20260104000000_log, taken .* by C O Mitter .* on " &&
		has "$ERR" "^hint: .*snapshot push.*snapshot fetch.*--force-down" &&
		expect_status 1 reconcile --force-down && has "$ERR" "no down section") && whole | cmp - before &&
	(cd "$TRASH/clone" && git switch -q b && expect_status 0 reconcile && has "$OUT" already) &&
	git switch -q base && expect_status 0 reconcile && whole >before && (cd "$TRASH/clone" &&
		expect_status 1 reconcile && has "$ERR" "^error: .*what the rollback of .* has parked, taken .* by C O Mitter .* on .* is not in this clone$" &&
		has "$ERR" "^hint: .*snapshot push.*snapshot fetch.*--no-restore") && whole | cmp - before &&
	git switch -q b && expect_status 0 reconcile
'

test_expect_success '... --force-down takes it back by its down section, and says what is lost; the rest returns' '
	git switch -q -c destroys base && expect_status 0 reconcile && migration 20260111000000_destroys <<-\SQL &&
	-- migrate:up
	CREATE TABLE made (x int);
	DELETE FROM users WHERE id = 1;
	-- migrate:down
	DROP TABLE made;
	SQL
	expect_status 0 reconcile && pg_sql "INSERT INTO made VALUES (5)" && git -C "$TRASH/clone" fetch -q origin &&
	(cd "$TRASH/clone" && git switch -q --detach origin/base && expect_status 0 reconcile --shared --force-down &&
		has "$ERR" "20260111000000_destroys: taken back by its down section: what it had changed or removed \(1 row\) does not come back" &&
		has "$OUT" "^rolled back 20260111000000_destroys .*not exact$") &&
	is "SELECT id FROM users ORDER BY id" "2 3" && is "SELECT to_regclass(\$\$made\$\$) IS NULL" t &&
	(cd "$TRASH/clone" && expect_status 0 reconcile --to origin/destroys && is "SELECT x FROM made" 5 && expect_status 0 reconcile) &&
	pg_sql "INSERT INTO users VALUES (1, \$\$ann\$\$, 1970)" && git switch -q b && expect_status 0 reconcile --shared
'

test_expect_success 'renumbered: recorded, nothing runs, and it goes and returns under that name' '
	git switch -q -c renumber b && git mv migrations/20260106000000_tags.sql migrations/20260112000000_tags.sql &&
	git commit -qm renumber && dump >before && expect_status 0 reconcile && has "$OUT" "^renamed 20260112000000_tags" &&
	has "$OUT" ": 1 renamed$" && dump | cmp - before && expect_status 0 reconcile && has "$OUT" already &&
	git switch -q base && expect_status 0 reconcile && has "$OUT" "^rolled back 20260112000000_tags" &&
	git switch -q renumber && expect_status 0 reconcile && is "SELECT note, tag FROM tags" "4|x" &&
	git switch -q b && expect_status 0 reconcile && has "$OUT" ": 1 renamed$"
'

test_expect_success 'a commit without migrations, and none at all: nothing is done' '
	whole >before && git switch -q --orphan empty && expect_status 128 reconcile --url "$URL" &&
	git commit -q --allow-empty -m Empty && expect_status 1 reconcile --url "$URL" &&
	has "$ERR" "^error: commit [0-9a-f]{12} has no folder .migrations.: all 4 applied migrations would be taken back$" &&
	whole | cmp - before && git switch -q -f b
'

test_expect_success 'a protected database is not taken back' '
	git config migrate.dev.protected true && whole >before && expect_status 1 reconcile --to base &&
	has "$ERR" "is protected" && whole | cmp - before && git config --unset migrate.dev.protected
'

test_expect_success 'snapshots in the database: written between the migrations of one transaction' '
	git switch -q -c kept base && migration 20260120000000_older <<-\SQL &&
	UPDATE users SET born = born - 1;
	SQL
	migration 20260121000000_younger <<-\SQL &&
	UPDATE users SET born = born + 1;
	SQL
	git config migrate.dev.snapshotStore database && expect_status 0 reconcile && fits
'

test_expect_success '... and a clone that has made none of it takes it back, and brings it' '
	whole_rows="SELECT id, name, born FROM users ORDER BY id" && was=$(pg_sql "$whole_rows") && git -C "$TRASH/clone" fetch -q origin &&
	(cd "$TRASH/clone" && git config migrate.dev.snapshotStore database && expect_status 0 reconcile --shared --to origin/base &&
		has "$OUT" ": 2 rolled back$" && is "SELECT count(*) FROM git_migrate.migrations WHERE status = \$\$applied\$\$" 1 &&
		expect_status 0 reconcile --to origin/kept && has "$OUT" ": 2 applied$") && [ "$(pg_sql "$whole_rows")" = "$was" ] &&
	git switch -q b && expect_status 0 reconcile --shared && fits && git config --unset migrate.dev.snapshotStore
'

test_expect_success 'who else is connected is told' '
	pg_hold "SELECT 1" && expect_status 0 reconcile --to base &&
	has "$ERR" "^hint: also connected: hold of [^ ]+ \(pid [0-9]+(, in a transaction)?\)$" &&
	pg_release && expect_status 0 reconcile && has_not "$ERR" connected
'

test_expect_success 'an irreversible one: named, with the choices' '
	git switch -q -c forever b && migration 20260113000000_forever <<-\SQL &&
	-- migrate:irreversible
	CREATE TABLE forever (x int);
	SQL
	expect_status 0 reconcile && whole >before && git switch -q b && expect_status 1 reconcile &&
	has "$ERR" "^error: cannot be taken back, because irreversible: 20260113000000_forever \(not in this commit\)$" &&
	has "$ERR" "^hint: nothing was changed; .*git config migrate.*.reconcile clone$" && whole | cmp - before
'

test_done
