#!/bin/bash
# Several migrations in one transaction: what must not leak or be lost
. "$(dirname "$0")/lib.sh"

tables() {
	sql "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema
		WHERE type = 'table' AND name NOT LIKE 'git_migrate%'
		AND name NOT LIKE 'sqlite_%' ORDER BY name)"
}

applied() {
	sql "SELECT group_concat(name, ' ') FROM (SELECT name FROM
		git_migrate_migrations WHERE status = '${1-applied}' ORDER BY name)"
}

# five <n> <sql>: 1_t1 ... 5_t5, each a table, the nth with this besides
five() {
	local i

	cd "$TRASH" && rm -rf five && scratch_repo five && git migrate init -q &&
		mkdir -p migrations || return 1
	for i in 1 2 3 4 5; do
		echo "CREATE TABLE t$i (id INTEGER PRIMARY KEY, x UNIQUE);"
		[ "$i" -ne "$1" ] || echo "$2"
	done | awk '/^CREATE TABLE t[0-9] / { n++ }
		{ print >("migrations/" n "_t" n ".sql") }'
	commit_all five
}

# the first two stay, the third is undone and recorded, the rest is pending
stopped_at_three() {
	expect_status 128 apply "$@" &&
		has "$OUT" "^applied 1_t1 " && has "$OUT" "^applied 2_t2 " &&
		has "$OUT" "^2 migrations applied to dev$" &&
		has "$ERR" "^error: migrations/3_t3.sql:[0-9]+:[0-9]+: .*statement [0-9]+ of [0-9]+: " &&
		[ "$(tables)" = "t1 t2" ] && [ "$(applied)" = "1_t1 2_t2" ] &&
		[ "$(applied failed)" = 3_t3 ] &&
		[ "$(git rev-list --count refs/migrate/ledger/dev)" -eq 3 ] &&
		expect_status 0 status && has "$OUT" "^2 applied, 2 pending, 1 failed$" &&
		git fsck --strict &&
		echo 'CREATE TABLE t3 (id INTEGER PRIMARY KEY, x);' >migrations/3_t3.sql &&
		commit_all mend && expect_status 0 apply &&
		has "$OUT" "^3 migrations applied" && [ "$(tables)" = "t1 t2 t3 t4 t5" ] &&
		expect_status 0 rollback -n 5 && [ -z "$(tables)" ] && git fsck --strict
}

test_expect_success 'the third of five fails: the first two stay' '
	five 3 "INSERT INTO nosuch VALUES (1);" && stopped_at_three &&
	five 3 "INSERT INTO nosuch VALUES (1);" && stopped_at_three --no-group
'

test_expect_success 'RAISE(ROLLBACK) in the middle of many' '
	five 3 "CREATE TRIGGER no BEFORE INSERT ON t3 BEGIN SELECT RAISE(ROLLBACK, '"'not here'"'); END;
INSERT INTO t3 VALUES (1, 1);" && stopped_at_three &&
	five 3 "INSERT OR ROLLBACK INTO t3 VALUES (1, 1), (2, 1);" && stopped_at_three --no-group
'

test_expect_success 'ON CONFLICT ROLLBACK in the middle of many' '
	five 3 "INSERT OR ROLLBACK INTO t3 VALUES (1, 1), (2, 1);" && stopped_at_three
'

test_expect_success 'UNIQUE ON CONFLICT ROLLBACK in a table of an earlier one' '
	five 2 "CREATE TABLE u (x UNIQUE ON CONFLICT ROLLBACK);" &&
	printf "%s\n" "CREATE TABLE t3 (x);" "INSERT INTO u VALUES (1), (1);" >migrations/3_t3.sql &&
	commit_all u && expect_status 128 apply && has "$ERR" "3_t3.sql:2:1: .*UNIQUE" &&
	[ "$(tables)" = "t1 t2 u" ]
'

fk="CREATE TABLE c3 (t INT REFERENCES t1 DEFERRABLE INITIALLY DEFERRED);
INSERT INTO c3 VALUES (99);"

test_expect_success 'a deferred foreign key that is violated at the end' '
	five 3 "$fk" && git config migrate.dev.foreignKeys true &&
	expect_status 128 apply && has "$ERR" "3_t3" && has "$ERR" "[Ff](oreign key|OREIGN KEY)" &&
	[ "$(tables)" = "t1 t2" ] && [ "$(applied)" = "1_t1 2_t2" ] && [ "$(applied failed)" = 3_t3 ] &&
	five 3 "$fk" && expect_status 0 apply && [ "$(applied | wc -w)" -eq 5 ]
'

test_expect_success '... that a later statement of the same migration mends' '
	five 3 "$fk
INSERT INTO t1 VALUES (99, 1);" && git config migrate.dev.foreignKeys true &&
	expect_status 0 apply && [ "$(applied | wc -w)" -eq 5 ]
'

test_expect_success '... that only a later migration would mend: refused' '
	five 3 "$fk" && git config migrate.dev.foreignKeys true &&
	echo "INSERT INTO t1 VALUES (99, 1);" >>migrations/4_t4.sql && commit_all later &&
	expect_status 128 apply && [ "$(applied)" = "1_t1 2_t2" ]
'

rebuild_setup() {
	cd "$TRASH" && rm -rf rebuild && scratch_repo rebuild && git migrate init -q || return 1
	migration 1_tables <<-\SQL || return 1
	CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT, gone TEXT);
	CREATE TABLE child (id INTEGER PRIMARY KEY, p INT NOT NULL REFERENCES parent ON DELETE CASCADE);
	INSERT INTO parent VALUES (1, 'a', 'x'), (2, 'b', 'y');
	INSERT INTO child VALUES (10, 1), (11, 1), (12, 2);
	CREATE INDEX parent_name ON parent (name);
	SQL
	migration 2_rebuild <<-\SQL || return 1
	PRAGMA foreign_keys = OFF;
	CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
	INSERT INTO new_parent SELECT id, name FROM parent;
	DROP TABLE parent;
	ALTER TABLE new_parent RENAME TO parent;
	CREATE INDEX parent_name ON parent (name);
	PRAGMA foreign_key_check;
	PRAGMA foreign_keys = ON;
	SQL
	echo 'CREATE TABLE after (x);' | migration 3_after
}

for fks in true false; do
	test_expect_success "the 12-step rebuild, foreignKeys $fks: child rows unharmed" '
		rebuild_setup && git config migrate.dev.foreignKeys '$fks' &&
		expect_status 0 apply -n 1 && sqlite3 dev.db .dump | grep -v git_migrate | grep INSERT >before &&
		expect_status 0 apply && has "$OUT" "^2 migrations applied" &&
		[ "$(sql "SELECT count(*), sum(p) FROM child")" = "3|4" ] &&
		[ "$(sql "SELECT group_concat(name) FROM pragma_table_info(\"parent\")" 2>&1)" = id,name ] &&
		[ -z "$(sql "PRAGMA foreign_key_check")" ] &&
		expect_status 0 rollback -n 2 &&
		sqlite3 dev.db .dump | grep -v git_migrate | grep INSERT | cmp - before
	'
done

test_expect_success 'a rebuild that leaves children without parents: refused' '
	rebuild_setup && git config migrate.dev.foreignKeys true &&
	sed -i "s/FROM parent;/FROM parent WHERE id = 1;/" migrations/2_rebuild.sql && commit_all lossy &&
	expect_status 128 apply && has "$ERR" "2_rebuild" && has "$ERR" "foreign key" && has "$ERR" "^hint: .*foreign_key_check" &&
	[ "$(sql "SELECT count(*) FROM parent")" = 2 ] && [ "$(sql "SELECT count(*) FROM child")" = 3 ] &&
	[ "$(applied)" = 1_tables ]
'

test_expect_success 'BEGIN ... COMMIT around a file' '
	five 3 "" && printf "%s\n" "-- a dump" "BEGIN TRANSACTION;" "CREATE TABLE t3 (x);" "CREATE TABLE t3b (x);" "COMMIT;" >migrations/3_t3.sql &&
	commit_all begin && expect_status 0 apply && has "$OUT" "^applied 3_t3 \(2 statements" &&
	[ "$(tables)" = "t1 t2 t3 t3b t4 t5" ]
'

test_expect_success '... that fails inside is undone as a whole' '
	five 3 "" && printf "%s\n" "BEGIN;" "CREATE TABLE t3 (x);" "INSERT INTO nosuch VALUES (1);" "COMMIT;" >migrations/3_t3.sql &&
	commit_all begin && expect_status 128 apply && has "$ERR" "^error: migrations/3_t3.sql:3:1: " && [ "$(tables)" = "t1 t2" ]
'

test_expect_success 'VACUUM without a transaction, between others' '
	five 3 "" && echo "VACUUM;" >migrations/3_t3.sql && commit_all vacuum &&
	expect_status 0 plan && has "$OUT" "^apply 3_t3 .*without a transaction" &&
	expect_status 0 apply && has "$OUT" "^5 migrations applied to dev$" &&
	[ "$(tables)" = "t1 t2 t4 t5" ] && expect_status 0 status --exit-code &&
	expect_status 0 rollback -n 5 && [ -z "$(tables)" ]
'

test_expect_success 'journal_mode cannot be in a transaction, either' '
	five 3 "" && echo "PRAGMA journal_mode = WAL;" >migrations/3_t3.sql && commit_all wal &&
	expect_status 0 apply && [ "$(sql "PRAGMA journal_mode")" = wal ] && expect_status 0 rollback -n 2
'

test_expect_success 'legacy_alter_table does not reach the next migration' '
	five 1 "CREATE VIEW v AS SELECT id FROM t1;
PRAGMA legacy_alter_table = ON;" &&
	echo "ALTER TABLE t1 RENAME TO renamed;" >>migrations/2_t2.sql && commit_all legacy &&
	expect_status 0 apply &&
	[ "$(sql "SELECT sql FROM sqlite_schema WHERE name = '"'v'"'")" = "CREATE VIEW v AS SELECT id FROM \"renamed\"" ]
'

test_expect_success 'temporary tables and other settings do not, either' '
	five 1 "CREATE TEMP TABLE t2 (y);
PRAGMA recursive_triggers = ON;
PRAGMA case_sensitive_like = ON;
PRAGMA ignore_check_constraints = ON;" &&
	printf "%s\n" "CREATE TABLE t2 (id INTEGER PRIMARY KEY, x CHECK (x > 0));" "INSERT INTO main.t2 SELECT 1, 1 WHERE '"'a' LIKE 'A'"';" \
		"INSERT INTO t2 SELECT 5, -1 WHERE 0;" >migrations/2_t2.sql && commit_all temp &&
	expect_status 0 apply && [ "$(sql "SELECT count(*) FROM t2")" = 1 ] &&
	five 1 "PRAGMA ignore_check_constraints = ON;" &&
	printf "%s\n" "CREATE TABLE t2 (x CHECK (x > 0));" "INSERT INTO t2 VALUES (-1);" >migrations/2_t2.sql && commit_all check &&
	expect_status 128 apply && has "$ERR" "^error: migrations/2_t2.sql:2:1: .*CHECK"
'

test_expect_success 'defer_foreign_keys ends with its migration' '
	five 1 "CREATE TABLE kid (t INT REFERENCES t1);
PRAGMA defer_foreign_keys = ON;" && git config migrate.dev.foreignKeys true &&
	echo "INSERT INTO kid VALUES (5); DELETE FROM kid;" >>migrations/2_t2.sql && commit_all defer &&
	expect_status 128 apply && has "$ERR" "2_t2.sql"
'

test_expect_success '--no-group: the same end, a transaction each' '
	five 3 "INSERT INTO t3 VALUES (1, 1);" && expect_status 0 apply --no-group &&
	has "$OUT" "^5 migrations applied" && sqlite3 dev.db .schema | sort >a &&
	[ "$(git reflog show "$(git symbolic-ref refs/migrate/ledger/dev)" | wc -l)" -eq 1 ] &&
	five 3 "INSERT INTO t3 VALUES (1, 1);" && expect_status 0 apply &&
	sqlite3 dev.db .schema | sort | cmp - ../five/a 2>/dev/null || sqlite3 dev.db .schema | sort >b
'

test_expect_success 'a migration may not touch the journal' '
	five 3 "DELETE FROM git_migrate_meta;" && stopped_at_three &&
	five 3 "CREATE TABLE git_migrate_mine (x);" && stopped_at_three &&
	five 3 "DROP TRIGGER git_migrate_history_keep;" && stopped_at_three
'

test_done
