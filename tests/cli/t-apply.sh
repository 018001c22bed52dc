#!/bin/bash
# git migrate apply and plan
. "$(dirname "$0")/lib.sh"

git migrate init -q && commit_all 'Set up'

test_expect_success 'nothing to apply: said so, no database made' '
	expect_status 0 apply &&
	has "$OUT" "^nothing to apply: dev is up to date$" &&
	[ ! -s "$ERR" ] && [ ! -e dev.db ] &&
	[ -z "$(git for-each-ref refs/migrate)" ]
'

migration 20260101000000_users <<\SQL
-- migrate:description People
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO users (name) VALUES ('ann'), ('bob');
SQL
migration 20260102000000_mail <<\SQL
ALTER TABLE users ADD COLUMN mail TEXT;
UPDATE users SET mail = name || '@example.com';
SQL
migration 20260103000000_tags <<\SQL
CREATE TABLE tags (name TEXT PRIMARY KEY) WITHOUT ROWID;
SQL
migration 20260104000000_seed <<\SQL
INSERT INTO tags VALUES ('a'), ('b'), ('c');
SQL

test_expect_success 'plan lists the steps and changes nothing' '
	expect_status 0 plan &&
	has "$OUT" "^apply 20260101000000_users \(2 statements\)$" &&
	has "$OUT" "^apply 20260104000000_seed \(1 statement\)$" &&
	has "$OUT" "^4 migrations would be applied; nothing was changed$" &&
	[ "$(wc -l <"$OUT")" -eq 5 ] && [ ! -s "$ERR" ] &&
	cp "$OUT" a &&
	expect_status 0 apply --dry-run && cmp a "$OUT" &&
	[ ! -e dev.db ] && [ ! -e dev.db-migrate-lock ] &&
	[ ! -e .git/migrate/snapshots.git ] &&
	[ -z "$(git for-each-ref refs/migrate)" ]
'

test_expect_success 'plan takes the options of apply' '
	expect_status 0 plan -n 1 && [ "$(wc -l <"$OUT")" -eq 2 ] &&
	expect_status 0 plan --to mail && [ "$(wc -l <"$OUT")" -eq 3 ] &&
	expect_status 0 plan -q --to 20260103000000 &&
	[ "$(wc -l <"$OUT")" -eq 3 ] &&
	expect_status 0 plan --no-group --no-snapshot --worktree &&
	expect_status 129 plan --nonsense
'

test_expect_success 'plan --json' '
	expect_status 0 plan --json &&
	[ "$(json "[.format, .target, .ok, .dry_run, .error, .database, .ledger, .events, .conflicts] | tojson")" = \
		"[1,\"dev\",true,true,null,null,null,[],[]]" ] &&
	[ "$(json ".steps | length")" = 4 ] &&
	[ "$(json ".steps[0] | [.verb, .name, .version, .path, .statements, .out_of_order, .irreversible, .no_transaction, .dirty] | tojson")" = \
		"[\"apply\",\"20260101000000_users\",\"20260101000000\",\"migrations/20260101000000_users.sql\",2,false,false,false,false]" ] &&
	[ "$(json ".steps[0].blob")" = "$(git rev-parse HEAD:migrations/20260101000000_users.sql)" ]
'

test_expect_success 'apply -n 1' '
	expect_status 0 apply -n 1 &&
	has "$OUT" "^applied 20260101000000_users \(2 statements, 2 rows, [0-9]+ ms\)$" &&
	has "$OUT" "^1 migration applied to dev$" &&
	[ ! -s "$ERR" ] &&
	[ "$(sql "SELECT count(*) FROM users")" = 2 ] &&
	[ "$(sql "SELECT group_concat(name) FROM git_migrate_migrations WHERE status=\"applied\"" 2>&1)" = 20260101000000_users ]
'

test_expect_success 'apply --to takes a name, a version, a slug or a file' '
	expect_status 0 apply --dry-run --to 20260103000000_tags &&
	cp "$OUT" a &&
	for to in 20260103000000 tags 20260103000000_tags.sql \
		migrations/20260103000000_tags.sql; do
		expect_status 0 apply --dry-run --to $to && cmp a "$OUT" ||
			return 1
	done &&
	expect_status 0 apply --to 20260102000000_mail &&
	has "$OUT" "^1 migration applied to dev$" &&
	[ "$(sql "SELECT mail FROM users WHERE id = 1")" = ann@example.com ]
'

test_expect_success '--to one that is applied already: nothing' '
	expect_status 0 apply --to users &&
	has "$OUT" "^nothing to apply"
'

test_expect_success '--to a name that does not exist: did you mean' '
	sqlite3 dev.db .dump >a &&
	expect_status 128 apply --to 20260103000000_tag &&
	has "$ERR" "^fatal: there is no migration 20260103000000_tag$" &&
	has "$ERR" "^hint: did you mean 20260103000000_tags\?$" &&
	expect_status 128 apply --to zzzzzzzz &&
	has "$ERR" "zzzzzzzz" && has "$ERR" "^hint: " &&
	sqlite3 dev.db .dump | cmp - a
'

test_expect_success 'apply --json' '
	expect_status 0 apply --json &&
	[ ! -s "$ERR" ] &&
	[ "$(json "[.format, .target, .ok, .dry_run, .error] | tojson")" = \
		"[1,\"dev\",true,false,null]" ] &&
	[ "$(json "[.events[].name] | tojson")" = \
		"[\"20260103000000_tags\",\"20260104000000_seed\"]" ] &&
	[ "$(json ".events[1] | [.event, .status, .rows, .statements, .kind, .exact, .dirty, .out_of_order, .irreversible] | tojson")" = \
		"[\"apply\",\"applied\",3,1,\"data\",true,false,false,false]" ] &&
	[ "$(json .events[0].kind)" = schema ] &&
	[ "$(json .events[0].changes)" = "+table tags" ] &&
	[ "$(json .events[1].parent)" = "$(json .events[0].commit)" ] &&
	[ "$(json .ledger)" = "$(json .events[1].commit)" ] &&
	[ "$(json .ledger)" = "$(git rev-parse refs/migrate/ledger/dev)" ] &&
	[ "$(json .events[0].source_commit)" = "$(git rev-parse HEAD)" ] &&
	[ "$(json .events[0].blob)" = "$(git rev-parse HEAD:migrations/20260103000000_tags.sql)" ] &&
	json .events[0].finished_at | grep -qE "^20[0-9-]+T[0-9:]+Z$" &&
	json .database | grep -qE "^[0-9a-f]{8}-[0-9a-f-]{27}$" &&
	[ "$(json ".steps | length")" = 2 ]
'

test_expect_success 'everything is applied: nothing to do, nothing changes' '
	sqlite3 dev.db .dump >a && git for-each-ref >b &&
	expect_status 0 apply &&
	has "$OUT" "^nothing to apply: dev is up to date$" &&
	sqlite3 dev.db .dump | cmp - a && git for-each-ref | cmp - b &&
	expect_status 0 apply --json &&
	[ "$(json "[.ok, .events, .steps] | tojson")" = "[true,[],[]]" ] &&
	json .ledger | grep -qE "^[0-9a-f]{40}$"
'

test_expect_success 'apply -v tells what changed in the schema' '
	echo "CREATE INDEX users_name ON users (name);" |
		migration 20260105000000_index &&
	expect_status 0 apply -v &&
	has "$OUT" "^    \+index users_name$"
'

test_expect_success 'apply -q says nothing' '
	echo "CREATE VIEW v AS SELECT name FROM users;" |
		migration 20260106000000_view &&
	expect_status 0 apply -q && [ ! -s "$OUT" ] && [ ! -s "$ERR" ] &&
	[ "$(sql "SELECT count(*) FROM v")" = 2 ]
'

test_expect_success 'out of order: what commutes runs, and it is recorded' '
	echo "CREATE TABLE late (x);" | migration 20260101120000_late &&
	expect_status 0 plan && has "$OUT" "out of order" &&
	expect_status 0 apply &&
	has "$ERR" "^hint: 20260101120000_late runs after 2026010.*, which sorts behind it; they commute" &&
	has "$OUT" "20260101120000_late .*, out of order$" &&
	[ "$(sql "SELECT out_of_order FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = 1 ] &&
	git log -1 --format=%B refs/migrate/ledger/dev | grep -q "^Out-of-order: true$"
'

test_expect_success '--out-of-order: nothing is asked' '
	echo "CREATE TABLE late2 (x);" | migration 20260101130000_late2 &&
	expect_status 0 apply --out-of-order && [ ! -s "$ERR" ] &&
	has "$OUT" "out of order"
'

test_expect_success 'out of order: refused where it does not commute, or cannot be told to' '
	rm -rf ../late && (scratch_repo ../late && git migrate init -q && commit_all "Set up" && echo "CREATE TABLE a (id INT);" | migration 1_a && echo "UPDATE a SET id = id + 1;" | migration 3_b &&
		git migrate apply -q && echo "UPDATE a SET id = id * 2;" | migration 2_v && expect_status 1 apply && has "$ERR" "^error: 2_v sorts before 3_b, which is applied already, and it is not proved that the two commute$" &&
		has "$ERR" "^hint: git migrate rebase" && expect_status 1 plan && [ -z "$(sql "SELECT name FROM git_migrate_migrations WHERE name = \"2_v\"")" ] && expect_status 0 apply --out-of-order)
'

test_expect_success 'what a migration depends on is inferred from what it touches, and recorded' '
	(cd ../late && echo "CREATE TABLE x (id INT);" | migration 4_x && echo "CREATE INDEX ai ON a (id);" | migration 5_i && git migrate apply -q &&
		[ "$(sql "SELECT group_concat(name || depends_on) FROM git_migrate_dependencies WHERE inferred AND name > 4 ORDER BY name, depends_on")" = "5_i1_a" ])
'

test_expect_success '--no-snapshot: applied, and never to be rolled back' '
	echo "DELETE FROM tags;" | migration 20260107000000_wipe &&
	expect_status 0 apply --no-snapshot &&
	has "$OUT" "20260107000000_wipe .*irreversible" &&
	[ "$(sql "SELECT irreversible, snapshot IS NULL FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = "1|1" ] &&
	expect_status 1 rollback && has "$ERR" "irreversible" &&
	has "$ERR" "^hint: .*--no-snapshot" &&
	[ "$(sql "SELECT count(*) FROM tags")" = 0 ]
'

test_expect_success 'dependencies decide the order, and are recorded' '
	scratch_repo "$TRASH/depends" && git migrate init -q &&
	printf "%s\n" "-- migrate:depends 20260202000000_b" "CREATE TABLE a (x);" |
		migration 20260201000000_a &&
	echo "CREATE TABLE b (x);" | migration 20260202000000_b &&
	expect_status 0 apply &&
	has "$OUT" "^2 migrations applied" && has_not "$ERR" warning &&
	sql "SELECT name FROM git_migrate_history WHERE seq > 1 ORDER BY seq" >a &&
	printf "%s\n" 20260202000000_b 20260201000000_a | cmp - a &&
	[ "$(sql "SELECT name, depends_on, inferred FROM git_migrate_dependencies")" = \
		"20260201000000_a|20260202000000_b|0" ]
'

test_expect_success 'lock-timeout and statement-timeout directives are read' '
	printf "%s\n" "-- migrate:lock-timeout 5s" "-- migrate:statement-timeout 10min" \
		"CREATE TABLE c (x);" | migration 20260203000000_c &&
	expect_status 0 apply
'

cat >slow.sql <<\SQL
-- migrate:statement-timeout 100ms
CREATE TABLE slow AS WITH RECURSIVE n(i) AS (
	SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000
) SELECT count(*) AS n FROM n;
SQL

test_expect_success 'statement-timeout stops a statement: undone, recorded' '
	scratch_repo "$TRASH/slow" && git migrate init -q &&
	migration 20260204000000_slow <"$TRASH/repo/slow.sql" &&
	expect_status 128 apply &&
	has "$ERR" "^error: migrations/20260204000000_slow.sql:2:1: .*statement 1 of 1: .*(timeout|time limit|too long|took longer)" &&
	[ "$(sql "SELECT status FROM git_migrate_migrations")" = failed ] &&
	[ "$(sql "SELECT count(*) FROM sqlite_schema WHERE name = \"slow\"" 2>/dev/null || echo 0)" = 0 ]
'

test_expect_success 'a batch migration runs as one transaction, and says so' '
	scratch_repo "$TRASH/batch" && git migrate init -q &&
	printf "%s\n" "-- migrate:batch 100" "CREATE TABLE d (x);" |
		migration 20260205000000_d &&
	expect_status 0 apply &&
	has "$ERR" "20260205000000_d is a batch migration; it runs as one transaction"
'

test_expect_success 'a failing migration: file, line, statement; state failed' '
	scratch_repo "$TRASH/fail" && git migrate init -q &&
	echo "CREATE TABLE ok (x);" | migration 20260101000000_ok &&
	printf "%s\n" "CREATE TABLE t1 (x);" "INSERT INTO t1 VALUES (1);" \
		"INSERT INTO nosuch VALUES (1);" "CREATE TABLE t2 (x);" \
		"CREATE TABLE t3 (x);" | migration 20260102000000_bad &&
	echo "CREATE TABLE never (x);" | migration 20260103000000_never &&
	expect_status 128 apply &&
	has "$OUT" "^applied 20260101000000_ok" &&
	has "$OUT" "^1 migration applied to dev$" &&
	has "$ERR" "^error: migrations/20260102000000_bad.sql:3:1: .*statement 3 of 5: no such table: nosuch$" &&
	[ "$(sql "SELECT group_concat(name) FROM sqlite_schema WHERE type=\"table\" AND name NOT LIKE \"git_migrate%\"")" = ok ] &&
	expect_status 0 status &&
	has "$OUT" "^failed +20260102000000_bad .*line 3: .*no such table: nosuch" &&
	has "$OUT" "^pending +20260103000000_never"
'

test_expect_success '... with --json: what went before, and the place' '
	cd "$TRASH/fail" &&
	expect_status 128 apply --json &&
	[ "$(json "[.ok, .error.path, .error.line, .error.column] | tojson")" = \
		"[false,\"migrations/20260102000000_bad.sql\",3,1]" ] &&
	json .error.message | grep -q "no such table: nosuch" &&
	[ "$(json "[.events[] | select(.status == \"applied\")] | length")" = 0 ]
'

test_expect_success '... mended and committed, it is applied' '
	cd "$TRASH/fail" &&
	echo "CREATE TABLE t1 (x);" >migrations/20260102000000_bad.sql &&
	git commit -qam "mend" &&
	expect_status 0 apply && has "$OUT" "^2 migrations applied to dev$" &&
	expect_status 0 status --exit-code
'

test_expect_success 'edited after apply: refused in substance, fine otherwise' '
	cd "$TRASH/fail" &&
	printf "%s\n" "-- the first" "create  table \"t1\" (x);" \
		>migrations/20260102000000_bad.sql &&
	git commit -qam "comment" &&
	expect_status 0 apply &&
	expect_status 0 apply -v && has "$ERR" "^note: 20260102000000_bad was edited" &&
	echo "CREATE TABLE t1 (x, y);" >migrations/20260102000000_bad.sql &&
	git commit -qam "edit" &&
	echo "CREATE TABLE more (x);" | migration 20260104000000_more &&
	sqlite3 dev.db .dump >a &&
	expect_status 1 apply &&
	has "$ERR" "^error: edited after being applied: 20260102000000_bad$" &&
	has "$ERR" "^hint: " &&
	sqlite3 dev.db .dump | cmp - a &&
	expect_status 1 apply --json &&
	[ "$(json "[.ok, .events] | tojson")" = "[false,[]]" ]
'

test_expect_success 'a foreign migration is a warning' '
	cd "$TRASH/fail" &&
	git rm -q migrations/20260102000000_bad.sql && git commit -qm "gone" &&
	expect_status 0 apply &&
	has "$ERR" "^warning: applied here, but not in this commit: 20260102000000_bad$"
'

test_expect_success 'protected: only commits of its branch, and remembered' '
	cd "$TRASH/fail" &&
	git config migrate.dev.protected true &&
	git config migrate.dev.branch main &&
	echo "CREATE TABLE p (x);" | migration 20260105000000_p &&
	expect_status 1 apply && has "$ERR" "not in this commit" &&
	has "$ERR" "^hint: .*--allow-foreign" &&
	git checkout -q -b side &&
	echo "CREATE TABLE q (x);" | migration 20260106000000_q &&
	expect_status 1 apply --allow-foreign &&
	has "$ERR" "protected: commit [0-9a-f]+ is not on branch .main." &&
	expect_status 1 apply --worktree && has "$ERR" "protected" &&
	git checkout -q main &&
	expect_status 0 apply --allow-foreign &&
	echo "CREATE INDEX r ON p (x);" | migration 20260104120000_r &&
	expect_status 1 apply --allow-foreign &&
	has "$ERR" "20260104120000_r sorts before 20260105000000_p" &&
	expect_status 0 apply --allow-foreign --out-of-order &&
	git config --unset migrate.dev.protected &&
	git config --unset migrate.dev.branch &&
	echo "CREATE TABLE s (x);" | migration 20260107000000_s &&
	expect_status 1 apply --url sqlite:dev.db --worktree &&
	has "$ERR" protected
'

test_expect_success 'plan and apply stay without colour off a terminal' '
	cd "$TRASH/repo" && echo "CREATE TABLE e (x);" | migration 20260301000000_e &&
	expect_status 0 apply &&
	[ "$(tr -d "\n\40-\176" <"$OUT" | wc -c)" -eq 0 ]
'

test_expect_success 'the snapshot limit stops an apply with nothing changed' '
	scratch_repo "$TRASH/limit" && git migrate init -q &&
	git config migrate.dev.snapshotLimit 1k &&
	printf "%s\n" "CREATE TABLE big (x);" \
		"INSERT INTO big SELECT hex(randomblob(500)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i FROM n);" |
		migration 20260101000000_big &&
	echo "DELETE FROM big WHERE 1;" | migration 20260102000000_gone &&
	expect_status 0 apply -n 1 && expect_status 1 apply &&
	has "$ERR" "over its limit of 1024 bytes" &&
	has "$ERR" "snapshotLimit" && has "$ERR" "no-snapshot" &&
	[ "$(sql "SELECT count(*) FROM big")" = 200 ] &&
	expect_status 0 apply --no-snapshot &&
	[ "$(sql "SELECT count(*) FROM big")" = 0 ]
'

test_expect_success 'plan tells what will be kept, and what cannot be is refused' '
	scratch_repo "$TRASH/estimate" && git migrate init -q &&
	echo "CREATE TABLE big (x); CREATE TABLE small (x);
		INSERT INTO small VALUES (1);
		INSERT INTO big SELECT hex(randomblob(500)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n);" |
		migration 1_big && expect_status 0 apply -q &&
	printf "%s\n" "DELETE FROM small;" | migration 2_small &&
	printf "%s\n" "DELETE FROM small;" "DROP TABLE big;" | migration 3_drop &&
	echo "DELETE FROM small WHERE x = 1;" | migration 4_some &&
	expect_status 0 plan &&
	has "$OUT" "^apply 2_small \(1 statement\), keeps about [0-9]+ bytes of small$" &&
	has "$OUT" "^apply 3_drop \(2 statements\), keeps about 1.9 MiB of big$" &&
	has "$OUT" "^apply 4_some \(1 statement\)$" &&
	expect_status 0 plan --json &&
	[ "$(json ".steps[1].snapshot_estimate | [.rows, .table, .at_most, .bytes > 2000000, .bytes < 2100000] | tojson")" = \
		"[2000,\"big\",false,true,true]" ] &&
	[ "$(json ".steps[2].snapshot_estimate")" = null ] &&
	git config migrate.dev.snapshotLimit 1m &&
	for command in plan apply; do
		expect_status 1 $command &&
		has "$ERR" "migrations/3_drop.sql:2:1: the snapshot would take about 1.9 MiB \(table big: 1.9 MiB\), and its limit is 1.0 MiB$" &&
		has "$ERR" "^hint: raise migrate.dev.snapshotLimit, or apply --no-snapshot" ||
			return 1
	done &&
	[ "$(sql "SELECT count(*) FROM small")" = 1 ] &&
	[ "$(sql "SELECT count(*) FROM git_migrate_history WHERE name = \"2_small\"")" = 0 ] &&
	expect_status 0 plan --no-snapshot && ! grep keeps "$OUT" &&
	git config migrate.dev.snapshotLimit 0 && expect_status 0 apply -q
'

test_expect_success 'a group whose savepoints have to leave memory' '
	scratch_repo "$TRASH/large" && git migrate init -q &&
	printf "%s\n" "CREATE TABLE big (id INTEGER PRIMARY KEY, name TEXT);" "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 150000) INSERT INTO big SELECT i, hex(i) || \" some text\" FROM c;" >migrations/1_a.sql &&
	echo "UPDATE big SET name = lower(name);" >migrations/2_b.sql && echo "UPDATE big SET name = name || 1;" >migrations/3_c.sql && commit_all Large &&
	expect_status 0 apply && [ "$(sqlite3 dev.db "SELECT count(*) FROM big WHERE name LIKE \"%some text1\"")" = 150000 ] && expect_status 0 rollback -n 3
'

test_done
