#!/bin/bash
# Input that is wrong: one clear line, a hint, and nothing changed
. "$(dirname "$0")/lib.sh"

# fresh: a repository with one migration applied, in $TRASH/bad
fresh() {
	cd "$TRASH" && rm -rf bad && scratch_repo bad && git migrate init -q &&
		commit_all 'Set up' && echo 'CREATE TABLE keep (x);' | migration 1_keep &&
		git migrate apply -q && sql 'INSERT INTO keep VALUES (1)'
}

remember() {
	sqlite3 dev.db .dump >"$TRASH/dump"
	git for-each-ref >"$TRASH/refs"
}

unchanged() {
	sqlite3 dev.db .dump | cmp - "$TRASH/dump" && git for-each-ref | cmp - "$TRASH/refs" &&
		[ -z "$(find . -name '*-journal' -o -name '*.lock')" ]
}

# one_line: one line of error, no raw escapes, at most one hint
one_line() {
	[ "$(grep -cE '^(fatal|error): ' "$ERR")" -eq 1 ] &&
		[ "$(grep -cE '^(fatal|error|hint|warning): ' "$ERR")" -eq "$(wc -l <"$ERR")" ] &&
		[ "$(grep -c '^hint: ' "$ERR")" -le 1 ] &&
		[ "$(tr -d '\n\40-\176' <"$ERR" | wc -c)" -eq 0 ] && return 0
	cat -v "$ERR"
	return 1
}

# refused <status> <pattern>: apply says so; nothing changes; status still runs
# or says the same
refused() {
	remember && expect_status "$1" apply && one_line && has "$ERR" "$2" && unchanged &&
		expect_status "$1" plan && one_line && unchanged &&
		expect_status "$1" apply --json && [ "$(json '[.format, .ok] | tojson')" = '[1,false]' ] &&
		[ -n "$(json .error.message)" ] && unchanged
}

# failed <pattern>: it ran, failed, and only its row is there
failed() {
	sqlite3 dev.db .dump | grep -v git_migrate >"$TRASH/dump"
	git for-each-ref >"$TRASH/refs"
	expect_status 128 apply && one_line && has "$ERR" "$1" &&
		sqlite3 dev.db .dump | grep -v git_migrate >"$TRASH/dump2" &&
		[ "$(grep -c INSERT "$TRASH/dump")" -eq "$(grep -c INSERT "$TRASH/dump2")" ] &&
		git for-each-ref | cmp - "$TRASH/refs" &&
		[ "$(sql "SELECT event || status FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = failedfailed ] &&
		[ "$(sql 'SELECT count(*) FROM git_migrate_history')" = 3 ] &&
		expect_status 0 status && has "$OUT" "^failed "
}

test_expect_success 'unknown directive' '
	fresh && printf "%s\n" "CREATE TABLE b (x);" "-- migrate:dwon" | migration 2_b &&
	refused 128 "^(fatal|error): migrations/2_b.sql:2(:[0-9]+)?: .*(unknown|no) directive .*dwon" && has "$ERR" "^hint: .*down"
'

test_expect_success 'tenant is unknown so far' '
	fresh && printf "%s\n" "-- migrate:tenant" "CREATE TABLE b (x);" | migration 2_b &&
	refused 128 "migrations/2_b.sql:1(:[0-9]+)?: .*tenant"
'

test_expect_success 'values of directives' '
	for d in "batch x" "batch 0" "lock-timeout soon" "statement-timeout -5s" "depends"; do
		fresh && printf "%s\n" "-- migrate:$d" "CREATE TABLE b (x);" | migration 2_b &&
		refused 128 "migrations/2_b.sql:1(:[0-9]+)?: " || { echo "$d"; return 1; }
	done
'

test_expect_success 'a description that is too long' '
	fresh && printf "%s\n" "-- migrate:description $(printf "%0501d" 0)" "CREATE TABLE b (x);" | migration 2_b &&
	refused 128 "migrations/2_b.sql:1(:[0-9]+)?: .*500"
'

test_expect_success 'two files of one version' '
	fresh && echo "CREATE TABLE b (x);" | migration 2_b && echo "CREATE TABLE c (x);" | migration 02_c &&
	refused 128 "^(fatal|error): migrations/(2_b|02_c).sql: version 0?2 is taken already, by (2_b|02_c).sql" && has "$ERR" "^hint: "
'

test_expect_success 'a dependency that is missing' '
	fresh && printf "%s\n" "-- migrate:depends 1_keeep" "CREATE TABLE b (x);" | migration 2_b &&
	refused 128 "migrations/2_b.sql(:1(:[0-9]+)?)?: .*1_keeep" && has "$ERR" "1_keep([^e]|$)"
'

test_expect_success 'dependencies in a circle: printed' '
	fresh && printf "%s\n" "-- migrate:depends 4_d" "CREATE TABLE b (x);" | migration 2_b &&
	printf "%s\n" "-- migrate:depends 2_b" "CREATE TABLE c (x);" | migration 3_c &&
	printf "%s\n" "-- migrate:depends 3_c" "CREATE TABLE d (x);" | migration 4_d &&
	refused 128 "(2_b.*3_c.*4_d|2_b.*4_d.*3_c)" && has "$ERR" "(circle|cycl)"
'

test_expect_success 'a migration that depends on itself' '
	fresh && printf "%s\n" "-- migrate:depends 2_b" "CREATE TABLE b (x);" | migration 2_b && refused 128 "2_b"
'

test_expect_success 'an empty file, and one of white space' '
	fresh && : | migration 2_b && refused 128 "^(fatal|error): migrations/2_b.sql(:1(:1)?)?: .*empty" &&
	fresh && printf "\n \n\t\n" | migration 2_b && refused 128 "migrations/2_b.sql.*empty"
'

test_expect_success 'down before up, and a statement before up' '
	fresh && printf "%s\n" "-- migrate:down" "DROP TABLE b;" "-- migrate:up" "CREATE TABLE b (x);" | migration 2_b &&
	refused 128 "^(fatal|error): migrations/2_b.sql:1(:[0-9]+)?: .*down" &&
	fresh && printf "%s\n" "SELECT 1;" "-- migrate:up" "CREATE TABLE b (x);" | migration 2_b &&
	refused 128 "^(fatal|error): migrations/2_b.sql:[12](:[0-9]+)?: "
'

test_expect_success 'bytes that are not UTF-8' '
	fresh && printf "CREATE TABLE b (x);\n-- caf\351\n" | migration 2_b &&
	refused 128 "^(fatal|error): migrations/2_b.sql:2(:[0-9]+)?: .*UTF-8"
'

test_expect_success 'NUL bytes' '
	fresh && printf "CREATE TABLE b (x);\nSELECT \0 1;\n" | migration 2_b &&
	refused 128 "^(fatal|error): migrations/2_b.sql:2(:[0-9]+)?: .*NUL"
'

test_expect_success 'a migration of 100 MB: refused in bounded time and memory' '
	fresh && { echo "CREATE TABLE b (x);"; head -c 104857600 /dev/zero | tr "\0" "\n"; } | migration 2_b &&
	remember && expect_status 128 apply && one_line && has "$ERR" "^(fatal|error): migrations/2_b.sql: .*104857620 bytes, .*67108864" && unchanged
'

odd=$(printf '2_a\033[31m\nb')

test_expect_success 'a file name with an escape and a newline' '
	fresh && echo "CREATE TABLE b (x);" | migration "$odd" && remember &&
	expect_status 128 apply && one_line && has "$ERR" "2_a.x1b\[31m.nb" && unchanged &&
	run_migrate status && [ "$(cat "$OUT" "$ERR" | tr -d "\n\40-\176" | wc -c)" -eq 0 ]
'

test_expect_success 'spaces and quotes in a file name are fine' '
	fresh && echo "CREATE TABLE b (x);" | migration "2_it'"'"'s \"a\" b" &&
	expect_status 0 apply && has "$OUT" "^applied 2_it.s .a. b " && git fsck --strict &&
	expect_status 0 rollback && expect_status 0 status && has "$OUT" "it.s .a. b"
'

test_expect_success '../ in a tree made by hand' '
	fresh && blob=$(git hash-object -w migrations/1_keep.sql) &&
	inner=$(printf "100644 ..\0" >t; printf %s "$blob" | xxd -r -p >>t 2>/dev/null || python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))" "$blob" >>t; git hash-object -t tree --literally -w t) &&
	tree=$(printf "040000 tree %s\tmigrations\n" "$inner" | git mktree) &&
	c=$(git commit-tree -m evil "$tree") && rm t && remember &&
	run_migrate status --rev "$c" && { [ "$STATUS" -ne 0 ] || has_not "$OUT" "\.\."; } &&
	run_migrate apply --rev "$c" && unchanged
'

test_expect_success 'SQL that fails in statement 3 of 5' '
	fresh && printf "%s\n" "CREATE TABLE b (x);" "" "INSERT INTO b VALUES (1);" "" "" "  INSERT INTO nosuch" "VALUES (2);" "SELECT 1;" "SELECT 2;" | migration 2_b &&
	failed "^error: migrations/2_b.sql:6:3: statement 3 of 5: no such table: nosuch$" &&
	has "$OUT" "^failed +2_b .*line 6: statement 3 of 5: no such table: nosuch$" && [ -z "$(sql ".tables b")" ]
'

test_expect_success 'a syntax error, an incomplete statement, an open string' '
	fresh && printf "%s\n" "CREATE TABLE b (x);" "CREAT TABLE c (x);" | migration 2_b && failed "migrations/2_b.sql:2:1: .*statement 2 of 2: near .CREAT.: syntax error" &&
	fresh && printf "%s\n" "CREATE TABLE b (x);" "CREATE TABLE c (" | migration 2_b && expect_status 128 apply && has "$ERR" "migrations/2_b.sql:2:1: " && [ -z "$(sql ".tables b")" ] &&
	fresh && printf "%s\n" "CREATE TABLE b (x);" "INSERT INTO b VALUES ('"'"'open);" | migration 2_b && expect_status 128 apply && has "$ERR" "migrations/2_b.sql:2:" && [ -z "$(sql ".tables b")" ]
'

test_expect_success 'an error with an escape in it' '
	fresh && printf "INSERT INTO \"\033[31mred\" VALUES (1);\n" | migration 2_b &&
	failed "no such table: .x1b\[31mred" && [ "$(tr -d "\n\40-\176" <"$OUT" | wc -c)" -eq 0 ] &&
	expect_status 0 log && [ "$(tr -d "\n\40-\176" <"$OUT" | wc -c)" -eq 0 ] &&
	expect_status 0 show 2_b && [ "$(tr -d "\n\40-\176" <"$OUT" | wc -c)" -eq 0 ] &&
	expect_status 0 log --json && json ".events[0].error" | grep -q "$(printf "\033")"
'

# denied <statement> <pattern>: nothing of the migration stays, nothing outside
denied() {
	fresh && printf '%s\n' 'CREATE TABLE b (x);' "$1" | migration 2_b &&
		sqlite3 dev.db .dump | grep -v git_migrate >"$TRASH/dump" && run_migrate apply &&
		[ "$STATUS" -eq 128 ] && one_line && has "$ERR" "^(fatal|error): migrations/2_b.sql:2:1: .*$2" &&
		sqlite3 dev.db .dump | grep -v git_migrate | grep -c "TABLE b" | grep -qx 0 &&
		[ ! -e stolen.db ] && [ "$(git rev-list --count refs/migrate/ledger/dev)" -eq 2 ]
}

test_expect_success 'ATTACH, VACUUM INTO, writable_schema, load_extension' "
	denied \"ATTACH 'stolen.db' AS s;\" ATTACH &&
	denied \"VACUUM INTO 'stolen.db';\" 'VACUUM' &&
	denied 'PRAGMA writable_schema = ON;' writable_schema &&
	denied \"SELECT load_extension('x');\" load_extension &&
	denied \"DETACH main;\" DETACH
"

test_expect_success 'pragmas that name files' "
	denied \"PRAGMA temp_store_directory = '/tmp';\" temp_store_directory
"

test_expect_success 'VACUUM INTO alone in a file' "
	fresh && echo \"VACUUM INTO 'stolen.db';\" | migration 2_b && expect_status 128 apply &&
	has \"\$ERR\" 'migrations/2_b.sql:1:1: ' && [ ! -e stolen.db ]
"

test_expect_success 'transaction commands other than one around the file' '
	for s in COMMIT "BEGIN" ROLLBACK "SAVEPOINT a" "RELEASE a" END "BEGIN; SELECT 1; COMMIT; BEGIN; COMMIT"; do
		fresh && printf "%s\n" "CREATE TABLE b (x);" "$s;" | migration 2_b &&
		refused 128 "^(fatal|error): migrations/2_b.sql:2:1: .*transaction" && has "$ERR" "^hint: " || { echo "$s"; return 1; }
	done
'

test_expect_success 'statements that need a transaction and that cannot be in one' '
	fresh && printf "%s\n" "CREATE TABLE b (x);" "VACUUM;" | migration 2_b &&
	refused 128 "^(fatal|error): migrations/2_b.sql:2:1: .*VACUUM.*line 1" && has "$ERR" "^hint: .*transaction:false"
'

test_expect_success 'edited after it was applied' '
	fresh && echo "CREATE TABLE keep (x, y);" >migrations/1_keep.sql && commit_all edit &&
	echo "CREATE TABLE b (x);" | migration 2_b && refused 1 "^error: edited after being applied: 1_keep$" && has "$ERR" "^hint: "
'

test_expect_success '--to a name that does not exist' '
	fresh && echo "CREATE TABLE b (x);" | migration 2_beta && remember &&
	expect_status 128 apply --to 2_bta && one_line && has "$ERR" "^hint: did you mean 2_beta\?$" && unchanged &&
	expect_status 128 apply --to "$odd" && one_line && unchanged
'

test_expect_success 'a symbolic link, a submodule, a folder' '
	fresh && ln -s /etc/passwd migrations/2_b.sql && commit_all link && refused 128 "^(fatal|error): migrations/2_b.sql: .*symbolic link" &&
	fresh && git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),migrations/2_b.sql && git commit -qm sub &&
	refused 128 "^(fatal|error): migrations/2_b.sql: .*submodule" &&
	fresh && mkdir migrations/2_b.sql && echo x >migrations/2_b.sql/x && commit_all folder && refused 128 "^(fatal|error): migrations/2_b.sql: .*(folder|directory)"
'

test_expect_success 'a dependency on a file name that steers a terminal' '
	fresh && printf "%s\n" "$(printf "%s" "-- migrate:depends \033[31mx")" "CREATE TABLE b (x);" | migration 2_b &&
	refused 128 "2_b.sql"
'

test_expect_success 'a migration that never ends is stopped by its timeout' '
	fresh && printf "%s\n" "-- migrate:statement-timeout 50ms" "CREATE TABLE b AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n;" | migration 2_b && failed "migrations/2_b.sql:2:1: statement 1 of 1: "
'

test_done
