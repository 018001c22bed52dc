#!/bin/bash
# git migrate on a PostgreSQL server: what each command says and does
. "$(dirname "$0")/lib.sh"
pg_need

q="'"
weak=t_pg_apply_$$

# a repository and a database of its own; again goes back there
fresh() {
	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db &&
		git migrate init -q --url "$URL" && commit_all 'Set up'
}

again() {
	cd "$TRASH/pg" || return
}

# now NAME <<SQL: other SQL in that migration
now() {
	cat >"migrations/$1.sql" && git add -A migrations &&
		git commit -q -m "change $1"
}

# tables of schema public
tables() {
	pg_sql "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
}

# names, in the order of the journal
applied() {
	pg_sql "SELECT string_agg(name, ' ' ORDER BY seq)
		FROM git_migrate.history WHERE status = 'applied'"
}

objects() {
	pg_sql "SELECT relname FROM pg_class
		WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
}

# failing 'pattern' [hint]: apply fails with one line like that, and leaves
# nothing
failing() {
	objects >"$TRASH/objects"
	expect_status 128 apply && has "$ERR" "^(error|fatal): $1" &&
		[ "$(grep -cE '^(error|fatal): ' "$ERR")" -eq 1 ] &&
		{ [ -z "${2-}" ] || has "$ERR" "^hint: .*$2"; } &&
		objects | cmp - "$TRASH/objects"
}

# fails_with 'SQL' 'pattern' [hint]: that as the migration 1_a
fails_with() {
	printf '%s\n' "$1" | now 1_a && failing "migrations/1_a.sql:$2" "${3-}"
}

test_expect_success 'init and new' '
	pg_db && expect_status 0 init --url "$URL" &&
	[ "$(git config -f .gitmigrate migrate.dev.url)" = "$URL" ] &&
	expect_status 0 new create_users &&
	has "$OUT" "^migrations/[0-9]{14}_create_users.sql$" &&
	rm migrations/*.sql && commit_all "Set up"
'

migration 1_users <<\SQL
-- migrate:description People
CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO users VALUES (1, $$it's; ann$$), (2, E'bob\';');
SQL
migration 2_mail <<\SQL
ALTER TABLE users ADD COLUMN mail text;
UPDATE users SET mail = name || '@example.com', name = upper(name);
SQL
migration 3_tags <<\SQL
CREATE TABLE tags (name text PRIMARY KEY);
CREATE INDEX ON tags (lower(name));
SQL

test_expect_success 'status and plan on an empty database change nothing' '
	expect_status 0 status && has "$OUT" "^pending +1_users" &&
	has "$OUT" "^3 pending$" && expect_status 1 status --exit-code &&
	expect_status 0 plan && has "$OUT" "^apply 1_users \(2 statements\)$" &&
	has "$OUT" "^3 migrations would be applied; nothing was changed$" &&
	cp "$OUT" a && expect_status 0 apply --dry-run && cmp a "$OUT" &&
	[ -z "$(pg_sql "SELECT nspname FROM pg_namespace WHERE nspname ~ \$\$git\$\$")" ] &&
	[ -z "$(git for-each-ref refs/migrate)" ]
'

test_expect_success 'apply: what it says, and what is in the database' '
	expect_status 0 apply -n 1 && [ ! -s "$ERR" ] &&
	has "$OUT" "^applied 1_users \(2 statements, 2 rows, [0-9]+ ms\)$" &&
	has "$OUT" "^1 migration applied to dev$" &&
	expect_status 0 apply -v --to 2_mail &&
	has "$OUT" "^    ~table users$" && [ ! -s "$ERR" ] &&
	[ "$(pg_sql "SELECT mail FROM users WHERE id = 1")" = "it${q}s; ann@example.com" ]
'

test_expect_success 'apply --json' '
	expect_status 0 apply --json && [ ! -s "$ERR" ] &&
	[ "$(json "[.format, .target, .ok, .error, (.events | length)] | tojson")" = \
		"[1,\"dev\",true,null,1]" ] &&
	[ "$(json ".events[0] | [.name, .status, .kind, .exact, .statements] | tojson")" = \
		"[\"3_tags\",\"applied\",\"schema\",true,2]" ] &&
	[ "$(json .ledger)" = "$(git rev-parse refs/migrate/ledger/dev)" ] &&
	[ "$(tables)" = "tags users" ] && git fsck --strict
'

test_expect_success 'everything is applied: nothing to do' '
	expect_status 0 apply && has "$OUT" "^nothing to apply: dev is up to date$" &&
	expect_status 0 apply -q && [ ! -s "$OUT" ] && [ ! -s "$ERR" ] &&
	expect_status 0 status --exit-code && has "$OUT" "^applied +2_mail" &&
	expect_status 0 status --json &&
	[ "$(json "[.counts.applied, .counts.pending] | tojson")" = "[3,0]" ] &&
	[ "$(json .database)" = "$(pg_sql "SELECT value FROM git_migrate.meta WHERE key = \$\$uuid\$\$")" ]
'

test_expect_success 'log' '
	expect_status 0 log --oneline && [ "$(wc -l <"$OUT")" -eq 4 ] &&
	has "$OUT" "3_tags" && expect_status 0 log 2_mail &&
	has "$OUT" "^    apply 2_mail$" && has "$OUT" "^Snapshot: " &&
	has "$OUT" "^    2 statements, 2 rows" &&
	expect_status 0 log -n 1 --json && [ "$(json ".events[0].name")" = 3_tags ]
'

test_expect_success 'show: no values of rows' '
	expect_status 0 show 2_mail && has "$OUT" "^State: +applied" &&
	has "$OUT" "ADD COLUMN mail" && has "$OUT" "public.users: 2 changed" &&
	has_not "$OUT" "bob" && expect_status 0 show 1_users --json &&
	jq -e . "$OUT" >/dev/null && expect_status 0 show 3_tags &&
	has "$OUT" "^\+CREATE INDEX|^ +\+.*CREATE INDEX"
'

test_expect_success 'target and version' '
	expect_status 0 target && has "$OUT" "^\* dev " &&
	expect_status 0 target show && has "$OUT" "^Database: +[0-9a-f-]{36}$" &&
	expect_status 0 version && has "$OUT" "^git-migrate "
'

test_expect_success 'the schema as files, without values of rows' '
	git ls-tree -r --name-only refs/migrate/ledger/dev schema >a &&
	grep "tables/users.sql$" a && grep "tables/tags.sql$" a &&
	[ "$(git log --format=%s refs/migrate/ledger/dev -- "$(grep "/users.sql$" a)" | wc -l)" -eq 2 ] &&
	! git grep -q "ann@" refs/migrate/ledger/dev -- schema
'

test_expect_success 'the journal is plain tables' '
	pg_sql "SELECT name, status, kind, rows_total FROM git_migrate.migrations ORDER BY name" >a &&
	printf "%s\n" "1_users|applied|mixed|2" "2_mail|applied|mixed|2" "3_tags|applied|schema|0" | cmp - a &&
	[ "$(pg_sql "SELECT commit_hash FROM git_migrate.history ORDER BY seq DESC LIMIT 1")" = \
		"$(git rev-parse refs/migrate/ledger/dev)" ] &&
	pg_sql "SELECT convert_from(bytes, \$\$UTF8\$\$) FROM git_migrate.texts JOIN git_migrate.migrations USING (blob) WHERE name = \$\$3_tags\$\$" >a &&
	git show HEAD:migrations/3_tags.sql | diff -B - a
'

test_expect_success '... and append-only' '
	for s in "UPDATE git_migrate.history SET rows_changed = 0" \
		"DELETE FROM git_migrate.history" "TRUNCATE git_migrate.history" \
		"UPDATE git_migrate.ledger SET message = NULL" \
		"DELETE FROM git_migrate.ledger"; do
		! pg_sql "$s" 2>err && grep "append-only" err || return 1
	done
'

test_expect_success 'the ledger is made again from the journal, with the same ids' '
	git rev-parse refs/migrate/ledger/dev >a &&
	git update-ref -d "$(git symbolic-ref refs/migrate/ledger/dev)" &&
	expect_status 0 status && git rev-parse refs/migrate/ledger/dev | cmp - a &&
	cd "$TRASH" && git clone -q repo clone && cd clone &&
	expect_status 0 status --exit-code &&
	git rev-parse refs/migrate/ledger/dev | cmp - ../repo/a
'

notices() {
	migration 1_a <<-\SQL
		DO $$ BEGIN RAISE NOTICE 'up %', 6 * 7; RAISE WARNING 'well'; END $$;
		DROP TABLE IF EXISTS nope;
		DO $$ BEGIN RAISE NOTICE E'\033[31mred\nline'; END $$;
	SQL
	migration 2_b <<-\SQL
		DO $$ BEGIN RAISE NOTICE 'quiet'; END $$;
	SQL
}

test_expect_success 'notices are shown with -v, and only those of migrations' '
	fresh && notices && expect_status 0 apply -v -n 1 &&
	has "$ERR" "^note: NOTICE: up 42$" && has "$ERR" "^note: WARNING: well$" &&
	has "$ERR" "^note: NOTICE: table .nope. does not exist, skipping$" &&
	has "$ERR" "^note: NOTICE: .x1b\[31mred" && [ "$(wc -l <"$ERR")" -eq 4 ] &&
	expect_status 0 apply && [ ! -s "$ERR" ]
'

test_expect_success 'an error has file, line, column, statement, SQLSTATE' '
	fresh &&
	fails_with "CREATE TABLE a (id int);

  INSERT INTO a
    SELECT nosuch FROM a;" \
		"4:12: statement 2 of 2: column .nosuch. does not exist \(SQLSTATE 42703\)$" &&
	expect_status 128 apply --json &&
	[ "$(json "[.ok, .error.path, .error.line, .error.column] | tojson")" = \
		"[false,\"migrations/1_a.sql\",4,12]" ] &&
	json .error.message | grep "SQLSTATE 42703" &&
	expect_status 0 status && has "$OUT" "^failed +1_a .*line 4: .*nosuch"
'

test_expect_success '... behind characters of several bytes, in the middle of a line' '
	again && before="SELECT ${q}äöü €$q, 1 AS \"größe\"; SELECT ${q}日本語$q, " &&
	col=$(($(printf %s "$before" | wc -c) + 1)) &&
	fails_with "${before}nosuch;" "1:$col: statement 2 of 2: column .nosuch."
'

test_expect_success '... among statements that are sent together' '
	again && fails_with "CREATE TABLE b (id int); CREATE TABLE c (id int,
  x nosuch); CREATE TABLE d (id int);" "2:5: statement 2 of 3: type .nosuch. does not exist" &&
	fails_with "CREATE TABLE b (id int); CREATE TABLE b (id int);
CREATE TABLE d (id int);" "1:26: statement 2 of 3: relation .b. already exists" &&
	[ -z "$(tables)" ]
'

test_expect_success '... in the body of a function' '
	again && fails_with "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS \$\$
  SELECT 1;
  SELECT nosuch FROM pg_class;
\$\$;" "[1-4]:[0-9]+: statement 1 of 1: column .nosuch." &&
	fails_with "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS \$\$
BEGIN
  RETRUN 1;
END \$\$;" "3:3: statement 1 of 1: syntax error at or near .RETRUN." &&
	fails_with "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS \$\$
BEGIN
  RETURN nosuch FROM pg_class;
END \$\$;

SELECT 1, f();" "6:1: statement 2 of 2: column .nosuch."
'

test_expect_success '... has the hint of the server, and no values of rows' '
	again && fails_with "SELECT substr(1, ${q}x$q);" "1:8: .*function substr" "explicit type casts" &&
	fails_with "CREATE TABLE a (t text PRIMARY KEY);
INSERT INTO a VALUES (${q}Geheim$q), (${q}Geheim$q);" \
		"2:1: .*duplicate key value violates unique constraint .a_pkey. \(SQLSTATE 23505\)$" &&
	has_not "$ERR" Geheim && expect_status 0 log && has_not "$OUT" Geheim &&
	expect_status 0 status --json && has_not "$OUT" Geheim &&
	[ "$(pg_sql "SELECT count(*) FROM git_migrate.history WHERE error ~ \$\$Geheim\$\$")" = 0 ]
'

test_expect_success '... of syntax' '
	again && fails_with "CREATE TABEL a (t text);" \
		"1:8: statement 1 of 1: syntax error at or near .TABEL. \(SQLSTATE 42601\)$" &&
	fails_with "SELECT 1;
SELECT ${q}unterminated;" "2:8: .*string"
'

dump() {
	tr @ '\t' <<-\SQL | migration 1_a
		\restrict abc
		SET statement_timeout = 0;
		SET client_encoding = 'UTF8';
		SELECT pg_catalog.set_config('search_path', '', false);
		CREATE TABLE public.a (id int, t text, b bytea);
		COPY public.a (id, t, b) FROM stdin;
		1@eins; \\ -- zwei@\\x00ff
		2@\N@\N
		3@ta\tb größe@\\x
		\.

		COPY public.a FROM stdin WITH (FORMAT csv);
		4,"a, b",
		\.
		CREATE INDEX a_id ON public.a (id);
		\unrestrict abc
	SQL
	cat >"$TRASH/rows" <<-\SQL
		1|eins; \ -- zwei|\x00ff
		2||
		3|ta	b größe|\x
		4|a, b|
	SQL
}

test_expect_success 'COPY ... FROM STDIN with its data, as pg_dump writes it' '
	fresh && dump && expect_status 0 apply &&
	has "$OUT" "^applied 1_a \(7 statements, 4 rows" &&
	pg_sql "SELECT * FROM a ORDER BY id" | cmp - "$TRASH/rows"
'

test_expect_success '... data that do not fit: the line of the statement' '
	again && printf "%s\n" "SELECT 1;" "COPY a (id) FROM stdin;" 5 six "\\." | migration 2_b &&
	failing "migrations/2_b.sql:2:1: statement 2 of 2: invalid input syntax for type integer" &&
	echo "COPY a FROM stdin;" | now 2_b && failing "migrations/2_b.sql:1:1: .*without the end of its data" &&
	echo "COPY a TO stdout;" | now 2_b && expect_status 0 apply && has_not "$OUT" eins
'

test_expect_success 'a comment is a change of the schema' '
	fresh && echo "CREATE TABLE a (id int);" | migration 1_a && echo "COMMENT ON TABLE a IS \$\$why it is\$\$;" | migration 2_b &&
	expect_status 0 apply -v && has "$OUT" "^    ~table a$" && expect_status 0 show 2_b && has "$OUT" "why it is" &&
	echo "CREATE TABLE b (id int);" | migration 3_c && expect_status 0 apply && [ ! -s "$ERR" ]
'

test_expect_success 'commands of psql are refused before anything runs' '
	fresh && for c in "\\i other.sql" "\\connect template1" "\\! touch x" "SELECT 1 \\gexec"; do
		printf "%s\n" "CREATE TABLE a (id int);" "$c" | now 1_a &&
		expect_status 128 apply && has "$ERR" "^(error|fatal): migrations/1_a.sql:2:[0-9]+: .*psql" &&
		has "$ERR" "^hint: " && [ -z "$(tables)" ] && [ ! -e x ] || { echo "$c"; return 1; }
	done
' 

test_expect_success 'so are transaction commands, those in two phases as well' '
	fresh && echo "CREATE TABLE first (id int);" | migration 1_first &&
	for s in "PREPARE TRANSACTION $q$q" "COMMIT PREPARED ${q}x$q" "ROLLBACK PREPARED ${q}x$q" \
		"START TRANSACTION" "ABORT" "RELEASE s"; do
		for mark in "-- in one" "-- migrate:no-transaction"; do
			printf "%s\n" "$mark" "CREATE TABLE b (id int);" "  $s;" | now 2_b &&
			failing "migrations/2_b.sql:3:3: a transaction command inside a migration$" "each migration is one transaction" &&
			expect_status 128 plan && [ -z "$(tables)" ] || { echo "$s" && return 1; }
		done
	done &&
	printf "%s\n" "PREPARE transaction AS SELECT 1;" "EXECUTE transaction;" | now 2_b && expect_status 0 apply
'

test_expect_success 'statements that no grammar here knows are sent all the same' '
	fresh &&
	fails_with "FROBNICATE TABLE a;" "1:1: statement 1 of 1: syntax error at or near .FROBNICATE." &&
	printf "%s\n" "CREATE TABLE a (id int);" "MERGE INTO a USING a b ON a.id = b.id WHEN NOT MATCHED BY SOURCE THEN DELETE;" | now 1_a &&
	if [ "$(pg_sql "SHOW server_version_num")" -ge 170000 ]; then
		expect_status 0 apply
	else
		failing "migrations/1_a.sql:2:[0-9]+: statement 2 of 2: syntax error"
	fi
'

left_behind() {
	printf '%s\n' 'SET search_path = other;' 'CREATE TABLE in_other (id int);' \
		'CREATE TEMP TABLE hidden (id int);' | migration 1_path
	printf '%s\n' 'CREATE TABLE in_public (id int);' \
		'CREATE TABLE hidden (id int);' | migration 2_check
	printf '%s\n' "SET ROLE $weak;" 'CREATE TABLE weak (id int);' | migration 3_role
	echo 'CREATE TABLE strong (id int);' | migration 4_check
	printf '%s\n' "SET SESSION AUTHORIZATION $weak;" \
		'CREATE TABLE auth (id int);' | migration 5_auth
	echo 'CREATE TABLE strong2 (id int);' | migration 6_check
	echo "INSERT INTO strong SELECT length(set_config('search_path', 'other', false));" |
		migration 7_insert
	echo 'CREATE TABLE strong3 (id int);' | migration 8_check
}

test_expect_success 'a search path, a role, a temporary table: gone before the next' '
	fresh && pg_sql "CREATE ROLE $weak; CREATE SCHEMA other; GRANT ALL ON SCHEMA public TO $weak" &&
	left_behind && expect_status 0 apply && pg_sql "SELECT relnamespace::regnamespace, relname, pg_get_userbyid(relowner) FROM pg_class
		WHERE relkind = \$\$r\$\$ AND relnamespace IN (\$\$public\$\$::regnamespace, \$\$other\$\$::regnamespace) ORDER BY oid" >a &&
	pg_sql "DROP OWNED BY $weak; DROP ROLE $weak" &&
	printf "%s\n" "other|in_other|tester" "public|in_public|tester" "public|hidden|tester" \
		"public|weak|$weak" "public|strong|tester" "public|auth|$weak" "public|strong2|tester" "public|strong3|tester" | diff - a
'

settings() {
	migration 1_set <<-\SQL
		SET session_replication_role = replica;
		INSERT INTO f VALUES (1);
		SET statement_timeout = '2s';
		SET lock_timeout = 1;
		SET DateStyle = 'German';
		SET bytea_output = 'escape';
		SET default_transaction_read_only = on;
		SET standard_conforming_strings = off;
		DECLARE c CURSOR WITH HOLD FOR SELECT 1;
		PREPARE mine AS SELECT 1;
		SELECT pg_advisory_lock(7);
		LISTEN x;
		SELECT set_config('work_mem', '64kB', false);
	SQL
	migration 2_check <<-\SQL
		DECLARE c CURSOR WITH HOLD FOR SELECT 1;
		PREPARE mine AS SELECT 1;
		DO $$ BEGIN
		ASSERT current_setting('session_replication_role') = 'origin', 'a';
		ASSERT current_setting('statement_timeout') = '0', 'b';
		ASSERT current_setting('DateStyle') LIKE 'ISO%', 'c';
		ASSERT current_setting('work_mem') <> '64kB', 'd';
		ASSERT current_setting('standard_conforming_strings') = 'on', 'e';
		ASSERT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
			AND pid = pg_backend_pid()) = 0, 'f';
		ASSERT (SELECT count(*) FROM pg_listening_channels()) = 0, 'g';
		END $$;
	SQL
	printf '%s\n' 'DEALLOCATE ALL;' 'CREATE TABLE a (id int);' | migration 3_free
	echo 'CREATE TABLE b (id int);' | migration 4_behind
}

test_expect_success 'settings, locks, cursors, prepared statements: likewise' '
	fresh && pg_sql "CREATE TABLE k (id int PRIMARY KEY); CREATE TABLE f (id int REFERENCES k)" &&
	settings && expect_status 0 apply && [ "$(tables)" = "a b f k" ] &&
	expect_status 0 status --exit-code && expect_status 0 log && [ "$(pg_sql "SELECT count(*) FROM f")" = 1 ]
'

# hidden <statement>: it sets things on the way
hidden() {
	fresh && pg_sql "CREATE SCHEMA other; CREATE TABLE p (a int) PARTITION BY RANGE (a);
		CREATE TABLE r (a int); INSERT INTO r VALUES (1);
		CREATE FUNCTION hide(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN
		PERFORM set_config('work_mem', '64kB', false), set_config('search_path', 'other', false),
			set_config('session_replication_role', 'replica', false), pg_advisory_lock(7);
		RETURN a; END \$\$" &&
		printf '%s;\n' "$1" | migration 1_hide &&
		migration 2_check <<-\SQL
			DO $$ BEGIN
			ASSERT current_setting('work_mem') <> '64kB', 'a';
			ASSERT current_setting('search_path') <> 'other', 'b';
			ASSERT current_setting('session_replication_role') = 'origin', 'c';
			ASSERT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
				AND pid = pg_backend_pid()) = 0, 'd';
			END $$;
			CREATE TABLE after (id int);
		SQL
}

test_expect_success '... also what a function has set that something else calls' '
	for s in "CREATE TABLE a AS SELECT hide(1)" "CREATE TABLE a AS VALUES (hide(1))" \
		"SELECT hide(1) INTO a" "CREATE MATERIALIZED VIEW a AS SELECT hide(1)" \
		"CREATE INDEX ON r (hide(a))" "ALTER TABLE r ALTER a TYPE bigint USING hide(a)" \
		"ALTER TABLE r ADD COLUMN b int DEFAULT hide(1)" "ALTER TABLE r ADD CHECK (hide(a) = 1)" \
		"ALTER TABLE r ADD COLUMN b int GENERATED ALWAYS AS (hide(a)) STORED" \
		"CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (hide(1)) TO (2)" \
		"WITH x AS (SELECT hide(1)) INSERT INTO r SELECT * FROM x" \
		"COPY (SELECT hide(1)) TO STDOUT" "EXPLAIN ANALYZE SELECT hide(1)"; do
		hidden "$s" && expect_status 0 apply &&
		[ "$(pg_sql "SELECT to_regclass(\$\$public.after\$\$)")" = after ] || { echo "$s" && return 1; }
	done && hidden "CREATE TABLE a AS SELECT hide(1)" && expect_status 0 apply --group
'

grouped() {
	echo 'CREATE TABLE a (id int);' | migration 1_a
	echo 'SHOW work_mem;' | migration 2_b
	echo 'SHOW work_mem;' | migration 25_c
	printf '%s\n' 'SET search_path = pg_temp;' 'SET lock_timeout = 3;' | migration 31_set
	echo "CREATE TABLE c AS SELECT current_setting('lock_timeout') AS t;" | migration 41_c
	echo 'INSERT INTO nosuch VALUES (1);' | migration 51_bad
}

test_expect_success '--group: several share a transaction, but not what they set' '
	fresh && grouped && expect_status 128 apply --group &&
	has "$OUT" "^5 migrations applied" && has "$ERR" "51_bad.sql:1:13: " &&
	[ "$(pg_sql "SELECT count(DISTINCT xmin::text) FROM git_migrate.history WHERE name IN (\$\$2_b\$\$, \$\$25_c\$\$)")" = 1 ] &&
	[ "$(tables)" = "a c" ] && [ "$(pg_sql "SELECT t FROM c")" = 5s ] &&
	[ "$(applied)" = "1_a 2_b 25_c 31_set 41_c" ] &&
	[ "$(git rev-parse refs/migrate/ledger/dev)" = \
		"$(pg_sql "SELECT commit_hash FROM git_migrate.history WHERE commit_hash IS NOT NULL ORDER BY seq DESC LIMIT 1")" ]
'

test_expect_success 'a deferred constraint that fails at commit: its migration is named' '
	fresh && pg_sql "CREATE TABLE k (id int PRIMARY KEY); CREATE TABLE f (id int REFERENCES k DEFERRABLE INITIALLY DEFERRED)" &&
	echo "INSERT INTO f VALUES (1);" | migration 2_f &&
	failing ".*2_f.*violates foreign key constraint .f_id_fkey. \(SQLSTATE 23503\)$" &&
	[ "$(pg_sql "SELECT count(*) FROM f")" = 0 ] &&
	expect_status 0 status && has "$OUT" "^failed +2_f .*violates foreign key" &&
	printf "%s\n" "INSERT INTO f VALUES (1);" "INSERT INTO k VALUES (1);" | now 2_f &&
	expect_status 0 apply && [ "$(pg_sql "SELECT count(*) FROM f")" = 1 ]
'

test_expect_success 'a migration that ends its own connection' '
	fresh && echo "CREATE TABLE a (id int);" | migration 1_a && expect_status 0 apply -q &&
	printf "%s\n" "CREATE TABLE b (id int);" "SELECT pg_terminate_backend(pg_backend_pid());" "CREATE TABLE c (id int);" | migration 2_b &&
	failing "migrations/2_b.sql:2:1: statement 2 of 3: " &&
	expect_status 0 status && has "$OUT" "^failed +2_b" &&
	echo "CREATE TABLE b (id int);" | now 2_b && expect_status 0 apply && [ "$(tables)" = "a b" ]
'

test_expect_success 'the journal: no migration changes it, however it is done' '
	fresh && echo "CREATE TABLE a (id int);" | migration 1_a && expect_status 0 apply -q &&
	pg_sql "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS \$\$DELETE FROM git_migrate.current\$\$" &&
	for s in "UPDATE git_migrate.meta SET value = 1" "SELECT f()" \
		"INSERT INTO git_migrate.texts VALUES (1, \$\$b\$\$)" \
		"ALTER TABLE git_migrate.history DISABLE TRIGGER ALL" \
		"DROP SCHEMA git_migrate CASCADE" "ALTER SCHEMA git_migrate RENAME TO mine" \
		"CREATE TABLE git_migrate.mine (id int)" "CREATE INDEX ON git_migrate.history (tool)" \
		"DO \$\$ BEGIN EXECUTE ${q}DELETE FROM git_migrate.progress$q; END \$\$" \
		"DROP VIEW git_migrate.migrations" \
		"CREATE OR REPLACE FUNCTION git_migrate.refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN RETURN NULL; END\$\$" \
		"DO \$\$ BEGIN EXECUTE ${q}CREATE OR REPLACE FUNCTION git_migrate.refuse() RETURNS trigger LANGUAGE plpgsql AS ${q}${q}BEGIN RETURN NULL; END$q$q$q; END \$\$" \
		"ALTER FUNCTION git_migrate.refuse() SECURITY DEFINER" "ALTER FUNCTION git_migrate.refuse() RENAME TO allow" \
		"DROP FUNCTION git_migrate.refuse() CASCADE" "CREATE FUNCTION git_migrate.f() RETURNS int LANGUAGE sql AS ${q}SELECT 1$q" \
		"CREATE TYPE git_migrate.mood AS ENUM ()" "CREATE OR REPLACE VIEW git_migrate.migrations AS SELECT * FROM git_migrate.migrations" \
		"REVOKE INSERT ON git_migrate.history FROM current_user" "GRANT ALL ON ALL TABLES IN SCHEMA git_migrate TO public" \
		"GRANT USAGE ON SCHEMA git_migrate TO public" "ALTER DEFAULT PRIVILEGES IN SCHEMA git_migrate GRANT ALL ON TABLES TO public" \
		"ALTER FUNCTION f() SET SCHEMA git_migrate" "CREATE TRIGGER t AFTER INSERT ON git_migrate.history EXECUTE FUNCTION git_migrate.refuse()"; do
		printf "%s\n" "CREATE TABLE b (id int);" "$s;" | now 2_b &&
		failing ".*2_b.*may not change the journal" "belong" &&
		[ "$(pg_sql "SELECT count(*) FROM git_migrate.current")" = 2 ] || { echo "$s"; return 1; }
	done &&
	printf "%s\n" "ANALYZE;" "COMMENT ON SCHEMA git_migrate IS \$\$see the manual\$\$;" \
		"SELECT * FROM git_migrate.history;" "CREATE TABLE b (id int);" | now 2_b &&
	expect_status 0 apply && [ "$(tables)" = "a b" ]
'

test_expect_success '... nor in the transaction that makes it' '
	fresh && for s in "UPDATE git_migrate.meta SET value = 1" \
		"ALTER TABLE git_migrate.history DISABLE TRIGGER ALL" "DROP SCHEMA git_migrate CASCADE" \
		"INSERT INTO git_migrate.current VALUES (1, 9)" \
		"CREATE OR REPLACE FUNCTION git_migrate.refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN RETURN NULL; END\$\$" \
		"ALTER FUNCTION git_migrate.refuse() SECURITY DEFINER" "CREATE TYPE git_migrate.mood AS ENUM ()" \
		"GRANT USAGE ON SCHEMA git_migrate TO public"; do
		printf "%s\n" "CREATE TABLE b (id int);" "$s;" | now 2_b &&
		failing ".*2_b.*may not change the journal" && pg_sql "DROP SCHEMA git_migrate CASCADE" 2>/dev/null &&
		git update-ref -d "$(git symbolic-ref refs/migrate/ledger/dev)" && git update-ref --no-deref -d refs/migrate/ledger/dev ||
			{ echo "$s"; return 1; }
	done && printf "%s\n" "ANALYZE;" "CREATE TABLE b (id int);" | now 2_b && expect_status 0 apply
'

latin() {
	migration 1_a <<-\SQL
		CREATE TABLE "größe" ("maß" text);
		INSERT INTO "größe" VALUES ('süß');
	SQL
	echo "UPDATE \"größe\" SET \"maß\" = 'heiß';" | migration 2_b
}

test_expect_success 'a database in LATIN1' '
	fresh && db=t_pg_apply_latin1_$$ && PG_DBS+=("$PG_ADMIN $db") &&
	pg_sql "CREATE DATABASE $db TEMPLATE template0 ENCODING LATIN1 LC_COLLATE \$\$C\$\$ LC_CTYPE \$\$C\$\$" &&
	URL=$(pg_uri "$PG_ADMIN" $db) && PG_DIRECT=$URL && git config migrate.dev.url "$URL" &&
	latin && expect_status 0 apply -v && has "$OUT" "table größe" &&
	[ "$(PGCLIENTENCODING=UTF8 pg_sql "SELECT length(\"maß\"), \"maß\" FROM \"größe\"")" = "4|heiß" ] &&
	git grep -q "größe" refs/migrate/ledger/dev -- schema &&
	printf "%s\n" "CREATE TABLE ok (id int);" "INSERT INTO \"größe\" VALUES (${q}日本$q);" | migration 3_c &&
	failing "migrations/3_c.sql:2:[0-9]+: .*has no equivalent in encoding \"LATIN1\""
'

test_expect_success '... and a migration that sets the encoding of the client' '
	again && printf "%s\n" "SET client_encoding = LATIN1;" "SELECT nosuch;" | now 3_c && failing "migrations/3_c.sql:2:8: " &&
	printf "%s\n" "SET client_encoding = SQL_ASCII;" "CREATE TABLE ok (id int);" | now 3_c &&
	echo "CREATE TABLE \"großes ß\" (id int);" | migration 4_d &&
	expect_status 0 apply && expect_status 0 status --exit-code &&
	[ "$(PGCLIENTENCODING=UTF8 pg_sql "SELECT count(*) FROM pg_class WHERE relname = \$\$großes ß\$\$")" = 1 ]
'

limits() {
	printf '%s\n' '-- migrate:statement-timeout 10s' '-- migrate:lock-timeout 1234ms' \
		"CREATE TABLE a AS SELECT current_setting('lock_timeout') AS t;" | now 1_a
	echo "CREATE TABLE b AS SELECT current_setting('lock_timeout') AS l, current_setting('statement_timeout') AS s;" |
		migration 2_b
}

test_expect_success 'time limits of a migration' '
	fresh && fails_with "-- migrate:statement-timeout 200ms
CREATE TABLE a (id int);
SELECT pg_sleep(20);" "3:1: statement 2 of 2: .*statement timeout" &&
	fails_with "-- migrate:statement-timeout 300ms
SELECT pg_sleep(0.2);
SELECT pg_sleep(0.2);" "3:1: .*statement timeout" &&
	limits && expect_status 0 apply &&
	[ "$(pg_sql "TABLE a")" = 1234ms ] && [ "$(pg_sql "TABLE b")" = "5s|0" ]
'

test_expect_success 'a level of isolation is that of the whole transaction, and of no other' '
	fresh && echo "CREATE TABLE level (n int, was text);" | migration 1_a && expect_status 0 apply &&
	printf "%s\n" "BEGIN;" "SET TRANSACTION ISOLATION LEVEL  repeatable READ;" "INSERT INTO level SELECT 2, current_setting(\$\$transaction_isolation\$\$);" "COMMIT;" | migration 2_b &&
	echo "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE; INSERT INTO level SELECT 3, current_setting(\$\$transaction_isolation\$\$); COMMIT;" | migration 3_c &&
	echo "INSERT INTO level SELECT 4, current_setting(\$\$transaction_isolation\$\$);" | migration 4_d &&
	expect_status 0 apply --group && [ "$(pg_sql "SELECT string_agg(was, \$\$,\$\$ ORDER BY n) FROM level")" = "repeatable read,serializable,read committed" ] &&
	expect_status 0 rollback -n 2 && expect_status 0 reconcile && has "$ERR" "^hint: not one transaction.*: 3_c sets an isolation level$" &&
	git rm -q migrations/4_d.sql && git commit -qm less && expect_status 0 reconcile && expect_status 0 rollback && expect_status 0 reconcile && has_not "$ERR" "not one transaction" &&
	[ "$(pg_sql "SELECT string_agg(was, \$\$,\$\$ ORDER BY n) FROM level")" = "repeatable read,serializable" ] &&
	echo "SELECT 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY;" | migration 5_e && failing "migrations/5_e.sql:1:11: statement 2 of 2: .*before any query"
'

test_expect_success 'files of dbmate, goose and Flyway' '
	cd "$TRASH" && scratch_repo dbmate && mkdir -p db/migrations && pg_db &&
	printf "%s\n" "-- migrate:up" "CREATE TABLE a (id int);" "-- migrate:down" "DROP TABLE a;" >db/migrations/20260101000000_a.sql &&
	commit_all a && git migrate init -q --url "$URL" && expect_status 0 apply && [ "$(tables)" = a ] &&
	cd "$TRASH" && scratch_repo goose && mkdir migrations && pg_db &&
	printf "%s\n" "-- +goose Up" "-- +goose StatementBegin" \
		"CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS \$\$ BEGIN RETURN 1; END; \$\$;" \
		"-- +goose StatementEnd" "CREATE TABLE g (id int);" "-- +goose Down" "DROP TABLE g;" >migrations/00001_f.sql &&
	commit_all a && git migrate init -q --url "$URL" && expect_status 0 apply && has "$OUT" "2 statements" && [ "$(tables)" = g ] &&
	cd "$TRASH" && scratch_repo flyway && mkdir sql && pg_db &&
	echo "CREATE TABLE fly (id int);" >sql/V1__fly.sql && echo "CREATE OR REPLACE VIEW v AS SELECT 1;" >sql/R__v.sql &&
	commit_all a && git migrate init -q --url "$URL" && expect_status 0 apply && [ "$(tables)" = fly ] && expect_status 0 status --exit-code
'

test_expect_success 'the journal in a schema of another name' '
	fresh && git config migrate.dev.journalSchema "our journal" &&
	echo "CREATE TABLE a (id int);" | migration 1_a && expect_status 0 apply && expect_status 0 status --exit-code &&
	[ "$(pg_sql "SELECT count(*) FROM \"our journal\".history")" = 2 ] &&
	[ "$(pg_sql "SELECT to_regnamespace(\$\$git_migrate\$\$) IS NULL")" = t ] &&
	printf "%s\n" "UPDATE \"our journal\".meta SET value = 1;" | migration 2_b && failing ".*2_b.*may not change the journal"
'

test_done
