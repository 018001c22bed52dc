#!/bin/bash
# git migrate apply of what was rolled back: parked data comes back, on PostgreSQL
. "$(dirname "$0")/lib.sh"
pg_need

# world <before> <migration>: a repository whose second migration is applied
world() {
	cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" && pg_db &&
		git migrate init -q --url "$URL" && commit_all 'Set up' ||
		return
	printf '%s\n' "$1" | migration 1_base &&
		printf '%s\n' "$2" | migration 2_change && git migrate apply -q
}

edited() { # <sql>: the second migration, with another text
	printf '%s\n' "$1" >migrations/2_change.sql && commit_all 'Edit'
}

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(pg_sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

dump() {
	pg_dump -N git_migrate "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )' | sort
}

round() { # rolled back and applied, everything is as it was
	dump >a && expect_status 0 rollback && expect_status 0 apply && dump | diff a -
}

exact() { # <0|1>
	is "SELECT exact FROM git_migrate.history ORDER BY seq DESC LIMIT 1" "$1"
}

base="CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'ann'), (2, 'bob'), (3, 'cid');"
adds="ALTER TABLE users ADD COLUMN nick text; CREATE TABLE notes (id int PRIMARY KEY, t text); INSERT INTO notes VALUES (1, 'seed');"

test_expect_success 'rows of a table and values of a column that it made' '
	world "$base" "$adds" &&
	pg_sql "INSERT INTO notes VALUES (7, \$\$mine\$\$); UPDATE users SET nick = upper(name) WHERE id < 3; UPDATE notes SET t = \$\$seeded\$\$ WHERE id = 1" &&
	dump >a && expect_status 0 rollback && has "$OUT" "4 rows and values parked" &&
	expect_status 0 apply && has "$ERR" "^hint: 2_change: 4 parked rows and values are back$" && dump | diff a -
'

test_expect_success '... as often as one likes, with rows of in between' '
	cd "$TRASH/w" && for i in 1 2 3; do
		expect_status 0 rollback && pg_sql "INSERT INTO users SELECT max(id) + 1, \$\$more\$\$ FROM users" &&
			expect_status 0 apply && is "SELECT string_agg(nick, \$\$,\$\$ ORDER BY id) FROM users" "ANN,BOB" && is "SELECT t FROM notes ORDER BY id" "seeded mine" || return
	done &&
	is "SELECT count(*) FROM users" 6 && expect_status 0 rollback && is "SELECT count(*) FROM pg_attribute WHERE attrelid = \$\$users\$\$::regclass AND attname = \$\$nick\$\$" 0
'

test_expect_success '--no-restore runs the SQL only; what was parked stays so' '
	cd "$TRASH/w" && expect_status 0 apply --no-restore && has_not "$ERR" parked && is "SELECT count(nick) FROM users" 0 && is "SELECT t FROM notes" seed &&
	expect_status 0 rollback && expect_status 0 apply && is "SELECT string_agg(nick, \$\$,\$\$ ORDER BY id) FROM users" "ANN,BOB" && is "SELECT t FROM notes ORDER BY id" "seed mine"
'

test_expect_success 'another text: by name and type; what does not fit is listed, and kept' '
	world "$base" "$adds ALTER TABLE users ADD COLUMN age int; ALTER TABLE users ADD COLUMN gone text;" &&
	pg_sql "UPDATE users SET nick = upper(name), age = id * 10, gone = \$\$g\$\$; INSERT INTO notes VALUES (7, \$\$mine\$\$)" && expect_status 0 rollback &&
	edited "ALTER TABLE users ADD COLUMN age text; ALTER TABLE users ADD COLUMN nick text; CREATE TABLE notes (id int PRIMARY KEY, extra int DEFAULT 5, t text);" &&
	expect_status 0 apply && is "SELECT nick, age FROM users ORDER BY id" "ANN| BOB| CID|" && is "SELECT * FROM notes ORDER BY id" "1|5|seed 7|5|mine" &&
	has "$ERR" "^warning: 2_change: 3 parked values of public.users.age stay in the snapshot: the column has another type$" &&
	has "$ERR" "^warning: 2_change: 3 parked values of public.users.gone stay in the snapshot: there is no such column$" &&
	expect_status 0 rollback && edited "ALTER TABLE users ADD COLUMN age int; ALTER TABLE users ADD COLUMN gone text;" &&
	expect_status 0 apply && is "SELECT age, gone FROM users ORDER BY id" "10|g 20|g 30|g" && has "$ERR" "2 parked rows of public.notes stay .*: there is no such table" && has "$ERR" "3 parked values of public.users.nick stay"
'

test_expect_success 'a row that is gone, a key that another row has now, and one that a unique value tells' '
	world "CREATE TABLE users (id int PRIMARY KEY, name text, code text UNIQUE, n int); INSERT INTO users VALUES (1, \$\$ann\$\$, \$\$a\$\$, 1), (2, \$\$bob\$\$, \$\$b\$\$, 2), (3, \$\$cid\$\$, \$\$c\$\$, 3), (4, \$\$dan\$\$, NULL, 4)" \
		"ALTER TABLE users ADD COLUMN nick text;" && pg_sql "UPDATE users SET nick = upper(name)" && expect_status 0 rollback &&
	pg_sql "DELETE FROM users WHERE id < 3; INSERT INTO users VALUES (2, \$\$eve\$\$, \$\$e\$\$, 9); UPDATE users SET name = \$\$x\$\$, n = 30 WHERE id > 2" &&
	expect_status 0 apply && is "SELECT * FROM users ORDER BY id" "2|eve|e|9| 3|x|c|30|CID 4|x||30|" &&
	has "$ERR" "1 parked value of public.users.nick stays .*: the row is gone" && has "$ERR" "2 parked values of public.users.nick stay .*: another row has the key"
'

test_expect_success 'constraints of the new text in the way of some rows and values' '
	world "$base" "CREATE TABLE k (id int PRIMARY KEY, v text); ALTER TABLE users ADD COLUMN a int, ADD COLUMN b int;" &&
	pg_sql "INSERT INTO k SELECT i, CASE WHEN i % 100 = 0 THEN \$\$same\$\$ ELSE i::text END FROM generate_series(1, 1000) i; UPDATE users SET a = id, b = id" && expect_status 0 rollback &&
	edited "CREATE TABLE k (id int PRIMARY KEY, v text UNIQUE, CHECK (id <> 17)); ALTER TABLE users ADD COLUMN a int CHECK (a <> 2), ADD COLUMN b int;" &&
	expect_status 0 apply && is "SELECT count(*), count(*) FILTER (WHERE v = \$\$same\$\$) FROM k" "990|1" &&
	has "$ERR" "10 parked rows of public.k stay .*: a constraint is in the way" &&
	is "SELECT a, b FROM users ORDER BY id" "1|1 |2 3|3" && has "$ERR" "1 parked value of public.users.a stays .*: a constraint is in the way" && has_not "$ERR" same
'

test_expect_success 'no trigger and no rule acts on what comes back, and they are there again' '
	world "$base" "CREATE TABLE log (x int); CREATE TABLE k (v int);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \$f\$ BEGIN INSERT INTO log VALUES (new.v); RETURN new; END \$f\$;
		CREATE TRIGGER g BEFORE INSERT ON k FOR EACH ROW EXECUTE FUNCTION f(); CREATE RULE r AS ON INSERT TO k DO ALSO INSERT INTO log VALUES (0);
		CREATE FUNCTION h() RETURNS trigger LANGUAGE plpgsql AS \$f\$ BEGIN RAISE \$\$no\$\$; END \$f\$;
		ALTER TABLE users ADD COLUMN n int; CREATE TRIGGER h BEFORE UPDATE ON users FOR EACH ROW WHEN (old.n IS NOT NULL) EXECUTE FUNCTION h(); ALTER TABLE users ENABLE ALWAYS TRIGGER h;" &&
	pg_sql "INSERT INTO k VALUES (1), (2); UPDATE users SET n = 1" && round && is "SELECT count(*) FROM log" 4 && is "SELECT tgenabled FROM pg_trigger WHERE tgname IN (\$\$g\$\$, \$\$h\$\$) ORDER BY tgname" "O A"
'

test_expect_success 'what --on-conflict=restore pushed aside is back, unless it was written since' '
	world "$base" "UPDATE users SET name = upper(name); DELETE FROM users WHERE id = 3;" &&
	pg_sql "UPDATE users SET name = \$\$Yan\$\$ WHERE id = 1; UPDATE users SET name = \$\$Zoe\$\$ WHERE id = 2; INSERT INTO users VALUES (3, \$\$new\$\$)" &&
	expect_status 0 rollback --on-conflict=restore && is "SELECT * FROM users ORDER BY id" "1|ann 2|bob 3|cid" &&
	pg_sql "UPDATE users SET name = \$\$Rob\$\$ WHERE id = 2" && expect_status 0 apply && is "SELECT * FROM users ORDER BY id" "1|Yan 2|ROB 3|new" &&
	has "$ERR" "1 parked value of public.users.name stays .*: it was written since"
'

test_expect_success 'it counts as written by the migration: a rollback is exact' '
	cd "$TRASH/w" && exact 1 && expect_status 0 rollback && is "SELECT * FROM users ORDER BY id" "1|ann 2|Rob 3|cid"
'

test_expect_success '... behind a lock, and where the text has become another one' '
	world "$base" "UPDATE users SET name = upper(name) WHERE id = 1; DELETE FROM users WHERE id = 3; ALTER TABLE users ADD COLUMN n int;" &&
	pg_sql "UPDATE users SET name = \$\$Yan\$\$ WHERE id = 1; INSERT INTO users VALUES (3, \$\$new\$\$); UPDATE users SET n = id" &&
	expect_status 0 rollback --on-conflict=restore && pg_sql "DELETE FROM users WHERE id = 3" && dump >b &&
	expect_status 0 apply && is "SELECT * FROM users ORDER BY id" "1|Yan|1 2|bob|2 3|new|3" && expect_status 0 rollback && dump | diff b - &&
	edited "ALTER TABLE users DROP COLUMN name, ADD COLUMN n int;" && expect_status 0 apply && is "SELECT * FROM users ORDER BY id" "1|1 2|2 3|3" && exact 1 &&
	expect_status 0 rollback && dump | diff b -
'

test_expect_success 'keys of more than one column, no key, and values of many types' '
	world "$base CREATE TABLE bag (v text, w jsonb); INSERT INTO bag VALUES (\$\$q\$\$, NULL), (\$\$q\$\$, NULL), (\$\$r\$\$, \$\$[1]\$\$);" "
		CREATE TYPE mood AS ENUM (\$\$sad\$\$, \$\$happy day\$\$); CREATE TABLE k (a text, b int, v numeric, PRIMARY KEY (b, a)); CREATE TABLE l (v text);
		CREATE TABLE \"Odd Name\" (\"The Id\" uuid PRIMARY KEY, m mood, ms mood[], j jsonb, js json, t timestamptz, f float8, x bytea, c char(4), r int4range, p point, n int[], b bool, g int GENERATED ALWAYS AS (cardinality(n)) STORED);
		ALTER TABLE bag ADD COLUMN m mood, ADD COLUMN n int DEFAULT 5;" &&
	pg_sql "INSERT INTO k VALUES (\$\$x\$\$, 1, 1.50), (\$\$a\$\$, 2, NULL), (\$\$x\$\$, 3, \$\$NaN\$\$); INSERT INTO l VALUES (\$\$q\$\$), (\$\$q\$\$), (\$\$r\$\$), (NULL), (\$\$\$\$), (concat(\$\$tab\$\$, chr(9), chr(10), chr(92), \$\$N\$\$));
		INSERT INTO \"Odd Name\" SELECT md5(i::text)::uuid, \$\$happy day\$\$, \$\${sad,\"happy day\",NULL}\$\$, \$\${\"a\": [1, null]}\$\$, \$\${\"a\" :1}\$\$, now(), 0.1 + i, \$\$\\xc0ffee\$\$, \$\$ab\$\$, \$\$[1,5)\$\$, \$\$(1,2.5)\$\$, \$\${{1,2},{3,NULL}}\$\$, true FROM generate_series(1, 5) i;
		UPDATE bag SET m = \$\$sad\$\$ WHERE v = \$\$r\$\$; UPDATE bag SET n = NULL WHERE ctid IN (SELECT min(ctid) FROM bag WHERE v = \$\$q\$\$)" &&
	round && has_not "$ERR" warning && round && is "SELECT v, m, n FROM bag ORDER BY v, n" "q||5 q|| r|sad|5"
'

test_expect_success 'rows that the migration makes itself come once; equal rows are counted' '
	world "$base" "CREATE TABLE l (v text); INSERT INTO l VALUES (\$\$a\$\$), (\$\$a\$\$), (\$\$b\$\$);" &&
	pg_sql "INSERT INTO l VALUES (\$\$a\$\$), (\$\$c\$\$)" && expect_status 0 rollback && expect_status 0 apply && is "SELECT string_agg(v, NULL ORDER BY v) FROM l" aaabc && has "$ERR" ": 2 parked rows and values are back"
'

test_expect_success 'numbers of serial and identity columns go on behind those that came' '
	world "$base" "CREATE TABLE s (id serial PRIMARY KEY, v text); CREATE TABLE i (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
		CREATE TABLE d (id int GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY -1) PRIMARY KEY, v text); ALTER TABLE users ADD COLUMN no int GENERATED ALWAYS AS IDENTITY;" &&
	pg_sql "INSERT INTO s (v) SELECT \$\$x\$\$ FROM generate_series(1, 40); DELETE FROM s WHERE id < 40; INSERT INTO i (v) VALUES (\$\$a\$\$), (\$\$b\$\$); INSERT INTO d (v) VALUES (\$\$a\$\$), (\$\$b\$\$);
		INSERT INTO users VALUES (9, \$\$i\$\$); DELETE FROM users WHERE id = 1" && pg_sql "SELECT id, no FROM users ORDER BY id" >b &&
	expect_status 0 rollback && expect_status 0 apply && has_not "$ERR" warning && pg_sql "SELECT id, no FROM users ORDER BY id" | diff b - &&
	pg_sql "INSERT INTO s (v) VALUES (\$\$y\$\$); INSERT INTO i (v) VALUES (\$\$c\$\$); INSERT INTO d (v) VALUES (\$\$c\$\$); INSERT INTO users VALUES (10, \$\$j\$\$)" &&
	is "SELECT id FROM s ORDER BY id" "40 41" && is "SELECT id FROM i ORDER BY id" "1 2 3" && is "SELECT id FROM d ORDER BY id" "-3 -2 -1" && is "SELECT no FROM users ORDER BY id" "2 3 4 5" &&
	is "SELECT attidentity FROM pg_attribute WHERE attrelid = \$\$users\$\$::regclass AND attname = \$\$no\$\$" a
'

test_expect_success 'foreign keys: parents before children, and what refers to nothing stays' '
	world "$base" "CREATE TABLE a (id int PRIMARY KEY, u int REFERENCES users, p int); CREATE TABLE b (id int PRIMARY KEY, up int REFERENCES b); ALTER TABLE a ADD FOREIGN KEY (p) REFERENCES b DEFERRABLE INITIALLY DEFERRED; ALTER TABLE users ADD COLUMN b int REFERENCES b ON DELETE CASCADE;" &&
	pg_sql "INSERT INTO b SELECT i, nullif(i + 1, 51) FROM generate_series(1, 50) i ORDER BY i DESC; INSERT INTO a SELECT i, 1 + i % 3, i FROM generate_series(1, 50) i; UPDATE users SET b = id" && round && has_not "$ERR" warning &&
	expect_status 0 rollback && pg_sql "DELETE FROM users WHERE id = 2" && expect_status 0 apply && is "SELECT count(*), count(*) FILTER (WHERE u = 2) FROM a" "33|0" && is "SELECT count(*) FROM b" 50 &&
	has "$ERR" "17 parked rows of public.a stay .*: what they refer to is gone"
'

test_expect_success '... also values, and where a text has another parent' '
	world "$base CREATE TABLE c (id int PRIMARY KEY); INSERT INTO c VALUES (1), (3);" "ALTER TABLE users ADD COLUMN r int, ADD COLUMN n int;" && pg_sql "UPDATE users SET r = id, n = id" && expect_status 0 rollback &&
	edited "ALTER TABLE users ADD COLUMN r int REFERENCES c, ADD COLUMN n int;" && expect_status 0 apply && is "SELECT r, n FROM users ORDER BY id" "1|1 |2 3|3" &&
	has "$ERR" "1 parked value of public.users.r stays .*: what they refer to is gone"
'

test_expect_success 'labels that an enum has lost' '
	world "$base" "CREATE TYPE m AS ENUM (\$\$x\$\$, \$\$y\$\$); ALTER TABLE users ADD COLUMN m m;" && pg_sql "UPDATE users SET m = \$\$x\$\$ WHERE id < 3; UPDATE users SET m = \$\$y\$\$ WHERE id = 2" && expect_status 0 rollback &&
	edited "CREATE TYPE m AS ENUM (\$\$x\$\$); ALTER TABLE users ADD COLUMN m m;" && expect_status 0 apply && is "SELECT id, m FROM users ORDER BY id" "1|x 2| 3|" && has "$ERR" "1 parked value of public.users.m stays .*: the type does not take it"
'

test_expect_success 'NULL beside a default is a value, too' '
	world "$base" "ALTER TABLE users ADD COLUMN n int DEFAULT 5;" && pg_sql "UPDATE users SET n = NULL WHERE id = 2" && expect_status 0 rollback &&
	expect_status 0 apply && is "SELECT id, n FROM users ORDER BY id" "1|5 2| 3|5"
'

test_expect_success 'partitions and children' '
	world "$base CREATE TABLE more (x int) INHERITS (users);" "CREATE TABLE p (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
		CREATE TABLE made (x int) INHERITS (users); ALTER TABLE users ADD COLUMN n int;" &&
	pg_sql "INSERT INTO p SELECT i, i FROM generate_series(0, 19) i; INSERT INTO more VALUES (4, \$\$m\$\$, 8), (4, \$\$m\$\$, 8); INSERT INTO made VALUES (5, \$\$n\$\$, 9); UPDATE users SET n = id" && round && has_not "$ERR" warning
'

test_expect_success '--prove, and without a transaction' '
	world "$base" "$adds" && pg_sql "UPDATE users SET nick = upper(name)" && dump >a && expect_status 0 rollback && expect_status 0 apply --prove && dump | diff a - &&
	expect_status 0 rollback && edited "-- migrate:no-transaction
ALTER TABLE users ADD COLUMN nick text;
CREATE INDEX CONCURRENTLY i ON users (name);
DELETE FROM users WHERE id = 3;" && expect_status 0 apply && is "SELECT nick FROM users ORDER BY id" "ANN BOB" &&
	has "$ERR" "1 parked value of public.users.nick stays .*: the row is gone" && expect_status 0 rollback && is "SELECT * FROM users ORDER BY id" "1|ann 2|bob 3|cid"
'

test_expect_success 'of a role that is no superuser, with row security and a trigger' '
	role=redo_$$ && cd "$TRASH" && rm -rf w && scratch_repo "$TRASH/w" && pg_db && pg_sql "CREATE ROLE $role LOGIN; GRANT ALL ON SCHEMA public TO $role; GRANT CREATE ON DATABASE ${PG_DBS[-1]##* } TO $role" &&
	git migrate init -q --url "$URL&user=$role" && commit_all "Set up" && echo "$base" | migration 1_base && migration 2_change <<-\EOF && git migrate apply -q &&
		ALTER TABLE users ADD COLUMN n int;
		CREATE TABLE k (id serial PRIMARY KEY, u int REFERENCES users);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
		CREATE TRIGGER g BEFORE INSERT ON k FOR EACH ROW WHEN (new.id > 2) EXECUTE FUNCTION f();
		ALTER TABLE k ENABLE ROW LEVEL SECURITY;
		ALTER TABLE k FORCE ROW LEVEL SECURITY;
	EOF
	pg_sql "UPDATE users SET n = id; INSERT INTO k (u) VALUES (1), (2); ALTER TABLE k DISABLE TRIGGER g; INSERT INTO k (u) VALUES (3); ALTER TABLE k ENABLE TRIGGER g" && round && has_not "$ERR" warning && is "SELECT count(*) FROM k" 3
	status=$?
	pg_sql "DROP OWNED BY $role; DROP ROLE $role" && [ $status = 0 ]
'

test_expect_success 'a park that is not here: refused, and --no-restore goes on' '
	world "$base" "CREATE TABLE k (v int);" && pg_sql "INSERT INTO k VALUES (1)" && expect_status 0 rollback && rm -rf .git/migrate/snapshots.git &&
	dump >a && expect_status 1 apply && has "$ERR" "has parked, taken .* by " && has "$ERR" "^hint: .*--no-restore" &&
	dump | diff a - && expect_status 0 apply --no-restore
'

test_done
