#!/bin/bash
# PostgreSQL: statements that cannot run in a transaction, one at a time; what
# fails or is killed in between goes on where it was
. "$(dirname "$0")/lib.sh"
pg_need

name=t_pg_steps_$$ # of what belongs to the whole server

# a table with rows in a new database, and a repository
fresh() {
	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db &&
		git migrate init -q --url "$URL" && commit_all 'Set up' &&
		pg_sql 'CREATE TABLE t (a int, b int);
			CREATE TABLE log (id serial, what text);
			INSERT INTO t SELECT i, i % 7 FROM generate_series(1, 200) i'
}

# now NAME <<SQL: other SQL in that migration
now() {
	mkdir -p migrations && cat >"migrations/$1.sql" &&
		git add -A migrations && git commit -q -m "change $1"
}

# indexes of t: name and whether it is usable
indexes() {
	pg_sql "SELECT string_agg(c.relname || ' ' || (i.indisvalid AND i.indisready),
			', ' ORDER BY c.relname) FROM pg_index i
		JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indrelid = 't'::regclass"
}

indexes_are() { # <as indexes says>
	[ "$(indexes)" = "$1" ]
}

logged() {
	pg_sql "SELECT string_agg(what, ' ' ORDER BY id) FROM log"
}

# is 'text' 'text': the same, or both are told
is() {
	[ "$1" = "$2" ] && return
	printf 'is "%s", not "%s"\n' "$1" "$2" && return 1
}

# nothing is under way, journal and ledger agree, the schema is the recorded one
settled() {
	is "$(pg_sql 'SELECT * FROM git_migrate.progress')" "" &&
		expect_status 0 status --exit-code && has_not "$ERR" drift &&
		is "$(git rev-parse refs/migrate/ledger/dev)" "$(pg_sql "SELECT commit_hash
			FROM git_migrate.history WHERE commit_hash IS NOT NULL
			ORDER BY seq DESC LIMIT 1")" &&
		expect_status 0 apply && has_not "$ERR" drift &&
		is "$(git fsck --strict --no-dangling 2>&1)" ""
}

in_schema() { # <pattern>: some file of the schema tree has it
	git grep -qE "$1" refs/migrate/ledger/dev -- schema
}

test_expect_success 'a file of one such statement needs no mark' '
	fresh && echo "CREATE INDEX CONCURRENTLY t_a ON t (a);" | migration 1_create &&
	expect_status 0 plan --json && [ "$(json ".steps[0].no_transaction")" = true ] &&
	echo "REINDEX INDEX CONCURRENTLY t_a;" | migration 2_reindex &&
	echo "VACUUM (ANALYZE) t;" | migration 3_vacuum &&
	expect_status 0 apply && has "$OUT" "^3 migrations applied" && [ ! -s "$ERR" ] &&
	[ "$(indexes)" = "t_a true" ] && in_schema "INDEX t_a" && settled &&
	echo "DROP INDEX CONCURRENTLY t_a;" | migration 4_drop &&
	expect_status 0 apply -v && has "$OUT" "^    -index t_a$|~table t$" && [ -z "$(indexes)" ] &&
	! in_schema "INDEX t_a" && settled
'

test_expect_success '... of the whole server' '
	fresh && PG_DBS+=("$PG_ADMIN ${name}_made") &&
	printf "%s\n" "CREATE DATABASE ${name}_made TEMPLATE template0;" | migration 1_create &&
	expect_status 0 apply && [ "$(pg_sql "SELECT count(*) FROM pg_database WHERE datname = \$\$${name}_made\$\$")" = 1 ] && settled &&
	printf "%s\n" "DROP DATABASE ${name}_made;" | migration 2_drop &&
	expect_status 0 apply && settled &&
	printf "%s\n" "ALTER SYSTEM SET log_min_messages = info;" | migration 3_alter &&
	printf "%s\n" "ALTER SYSTEM RESET log_min_messages;" | migration 4_reset && expect_status 0 apply && settled
'

test_expect_success 'mixed with others: refused before anything runs' '
	fresh && printf "%s\n" "CREATE TABLE x (id int);" "CREATE INDEX CONCURRENTLY t_a ON t (a);" | migration 1_mixed &&
	for c in apply plan; do
		expect_status 128 $c && has "$ERR" "^(error|fatal): migrations/1_mixed.sql:2:1: CREATE cannot run in a transaction, and line 1 can only run in one$" &&
		has "$ERR" "^hint: .*transaction:false" || return 1
	done && [ "$(pg_sql "SELECT to_regclass(\$\$x\$\$) IS NULL AND to_regnamespace(\$\$git_migrate\$\$) IS NULL")" = t ] &&
	printf "%s\n" "-- migrate:no-transaction" "CREATE TABLE x (id int);" "CREATE INDEX CONCURRENTLY t_a ON t (a);" "INSERT INTO log (what) VALUES (1);" | now 1_mixed &&
	expect_status 0 apply && has "$OUT" "^applied 1_mixed \(3 statements" && [ "$(indexes)" = "t_a true" ] && [ "$(logged)" = 1 ] && in_schema "INDEX t_a" && settled
'

test_expect_success 'a failure leaves the statement; what was done stays done' '
	fresh && printf "%s\n" "-- migrate:no-transaction" "INSERT INTO log (what) VALUES (1);" "CREATE INDEX CONCURRENTLY t_a ON t (a);" \
		"CREATE UNIQUE INDEX CONCURRENTLY t_b ON t (b);" "INSERT INTO log (what) VALUES (2);" | migration 1_b &&
	expect_status 128 apply && has "$ERR" "^error: migrations/1_b.sql:4:1: statement 3 of 4: could not create unique index .t_b. \(SQLSTATE 23505\)$" &&
	has_not "$ERR" "\(b\)=" && [ "$(logged)" = 1 ] && [ "$(indexes)" = "t_a true, t_b false" ] &&
	expect_status 0 status && has "$OUT" "^failed +1_b .*line 4: .*t_b" &&
	expect_status 0 status --json && json ".migrations[0].error" | grep "statement 3 of 4"
'

test_expect_success '... and the next apply goes on there, with the invalid index built again' '
	cd "$TRASH/pg" && pg_sql "DELETE FROM t WHERE a > 7" && expect_status 0 apply &&
	has "$ERR" "^hint: 1_b goes on at statement 3 of 4$" && has "$OUT" "^applied 1_b" &&
	[ "$(indexes)" = "t_a true, t_b true" ] && [ "$(logged)" = "1 2" ] && in_schema "INDEX t_b" && settled
'

test_expect_success '... also under IF NOT EXISTS, which would take the invalid one' '
	fresh && echo "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_b ON t (b);" | migration 1_b &&
	expect_status 128 apply && [ "$(indexes)" = "t_b false" ] &&
	pg_sql "DELETE FROM t WHERE a > 7" && expect_status 0 apply && [ "$(indexes)" = "t_b true" ] && in_schema "INDEX t_b" && settled
'

test_expect_success '... and with a file that was mended since' '
	fresh && printf "%s\n" "CREATE INDEX CONCURRENTLY t_a ON t (a);" "CREATE INDEX CONCURRENTLY t_b ON t (nosuch);" | migration 1_b &&
	expect_status 128 apply && has "$ERR" "1_b.sql:2:[0-9]+: statement 2 of 2: column .nosuch. does not exist" &&
	printf "%s\n" "CREATE INDEX CONCURRENTLY t_a ON t (a);" "CREATE INDEX CONCURRENTLY t_b ON t (b);" | now 1_b &&
	expect_status 0 apply && [ "$(indexes)" = "t_a true, t_b true" ] && settled
'

test_expect_success 'REINDEX CONCURRENTLY that failed leaves no copies' '
	fresh && pg_sql "CREATE INDEX t_a ON t (a)" && echo "REINDEX TABLE CONCURRENTLY t;" | migration 1_r &&
	pg_hold "LOCK TABLE t IN ROW EXCLUSIVE MODE" &&
	printf "%s\n" "-- migrate:statement-timeout 500ms" "REINDEX TABLE CONCURRENTLY t;" | now 1_r &&
	expect_status 128 apply && has "$ERR" "1_r.sql:2:1: statement 1 of 1: .*statement timeout" &&
	pg_release &&
	[ "$(indexes)" != "t_a true" ] && expect_status 0 apply && [ "$(indexes)" = "t_a true" ] && settled
'

# --- killed ---

steps() {
	migration 1_steps <<-\SQL
		-- migrate:no-transaction
		INSERT INTO log (what) VALUES ('one');
		CREATE INDEX CONCURRENTLY t_a ON t (a);
		UPDATE log SET what = what || '!';
		CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_u ON t (a, b);
		DROP INDEX CONCURRENTLY t_old;
		INSERT INTO log (what) VALUES ('two');
		VACUUM t;
	SQL
}

# killed_at <place>:<n>: it dies there, and is finished by the next one
killed_at() {
	local s=0

	pg_sql "DROP SCHEMA IF EXISTS git_migrate CASCADE; DROP INDEX IF EXISTS t_a, t_u;
		TRUNCATE log; CREATE INDEX IF NOT EXISTS t_old ON t (b)" 2>/dev/null &&
		rm -rf .git/migrate && git for-each-ref --format='delete %(refname)' refs/migrate |
		git update-ref --no-deref --stdin || { echo "cannot begin anew" && return 1; }
	(GIT_MIGRATE_CRASH=$1 exec git-migrate apply -q >"$OUT" 2>"$ERR" </dev/null) 2>/dev/null || s=$?
	[ "$s" -ne 0 ] || { echo "$1 passed" && return 2; }
	[ "$s" -eq 137 ] || { cat "$ERR" && return 1; }
	echo "$1" >>"$TRASH/reached"
	expect_status 0 status && has_not "$ERR" drift && expect_status 0 apply &&
		is "$(indexes)" "t_a true, t_u true" && is "$(logged)" "one! two" && settled &&
		is "$(pg_sql "SELECT count(*) FROM git_migrate.history WHERE status = 'applied'")" 1
}

fresh && echo "CREATE TABLE z (id int);" | migration 9_z
have_points=$(GIT_MIGRATE_CRASH_LOG=$TRASH/places git migrate apply -q >/dev/null 2>&1
	[ -s "$TRASH/places" ] && echo yes)
if [ -z "$have_points" ]; then
	test_skip 'killed at named places' 'the program was built without them'
	test_done
fi

at='intent:1 intent:2 intent:3 intent:4 alone:1 alone:2 alone:3 alone:4'
[ -n "${TEST_LONG-}" ] && at="$at $(for p in begun statement captured before-durable committed; do
	for n in 1 2 3 4 5 6 7 8; do echo "$p:$n"; done
done)" || at="$at begun:5 before-durable:4 committed:6"

test_expect_success 'a file of seven steps to be killed in' 'fresh && steps'

for place in $at; do
	test_expect_success "killed at $place: the next apply finishes it" '
		cd "$TRASH/pg" && { killed_at '"$place"' || [ $? -eq 2 ]; }
	'
done

test_expect_success 'every statement of them was met' '
	for p in intent:4 alone:4; do grep -qx "$p" "$TRASH/reached" || return 1; done
'

test_expect_success 'killed while the server builds the index' '
	fresh && echo "CREATE INDEX CONCURRENTLY t_a ON t (a);" | migration 1_a &&
	pg_hold "LOCK TABLE t IN ROW EXCLUSIVE MODE" &&
	{ git-migrate apply >"$OUT" 2>"$ERR" </dev/null & } && bg=$! &&
	until_true indexes_are "t_a false" && kill -9 $bg && { wait $bg 2>/dev/null; true; } &&
	expect_status 0 status && has "$OUT" "1_a" &&
	pg_release &&
	expect_status 0 apply && [ "$(indexes)" = "t_a true" ] && settled
'

# in_doubt: an index whose name the server chose, killed behind it
in_doubt() {
	fresh && printf '%s\n' '-- migrate:no-transaction' "INSERT INTO log (what) VALUES ('one');" \
		'CREATE INDEX CONCURRENTLY ON t (a);' "INSERT INTO log (what) VALUES ('two');" | migration 1_b
	(GIT_MIGRATE_CRASH=$1 exec git-migrate apply -q >"$OUT" 2>"$ERR" </dev/null) 2>/dev/null
	expect_status 128 apply && has "$ERR" "^error: migrations/1_b.sql:3:1: statement 2 of 3: it was begun before, and whether it took effect cannot be told$" &&
		has "$ERR" "^hint: .*--step-done, or --step-redo$" && [ "$(logged)" = one ] &&
		expect_status 0 status && has "$OUT" "1_b"
}

test_expect_success 'in doubt: asked, and --step-done goes on behind it' '
	in_doubt alone && expect_status 129 apply --step-done --step-redo &&
	expect_status 0 apply --step-done && [ "$(indexes)" = "t_a_idx true" ] && [ "$(logged)" = "one two" ] && settled
'

test_expect_success '... and --step-redo runs it' '
	in_doubt intent && expect_status 0 apply --step-redo && [ "$(indexes)" = "t_a_idx true" ] && [ "$(logged)" = "one two" ] && settled
'

test_expect_success 'killed behind CREATE DATABASE: it is there, and is not made again' '
	fresh && PG_DBS+=("$PG_ADMIN ${name}_kill") && printf "%s\n" "CREATE DATABASE ${name}_kill TEMPLATE template0;" | migration 1_create &&
	{ (GIT_MIGRATE_CRASH=alone exec git-migrate apply -q >"$OUT" 2>"$ERR" </dev/null) 2>/dev/null || [ $? -eq 137 ]; } &&
	expect_status 0 apply && settled &&
	printf "%s\n" "DROP DATABASE ${name}_kill;" | migration 2_drop &&
	{ (GIT_MIGRATE_CRASH=alone exec git-migrate apply -q >"$OUT" 2>"$ERR" </dev/null) 2>/dev/null || [ $? -eq 137 ]; } &&
	expect_status 0 apply && settled
'

test_done
