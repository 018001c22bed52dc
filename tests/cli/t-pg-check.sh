#!/bin/bash
# git migrate check of PostgreSQL's migrations: read from their text, without a
# server; and run on a scratch one
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-check.sh"

base="CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, mail text, mood mood);
CREATE TABLE posts (id serial PRIMARY KEY, usr int REFERENCES users, title text);
CREATE VIEW names AS SELECT id, name FROM users;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM posts';"

start() {
	cd "$TRASH" && rm -rf r && scratch_repo "$TRASH/r" && printf '[migrate]\n\tdialect = postgresql\n' >.gitmigrate && commit_all 'Set up' &&
		printf '%s\n' "$base" | migration 100_base && git branch side
}

# pair <sql of main> <sql of side> <findings>: the same from either side
pair() {
	local status=0

	case $3 in *error*) status=1 ;; esac
	start && on main 200_ours "$1" && on side 201_theirs "$2" && git switch -q main &&
		expect_status "$status" check side --json && { [ "$(found)" = "$3" ] || { echo "$1 / $2: found: $(found)"; cat "$OUT"; return 1; }; } &&
		expect_status "$status" check side main --json && { [ "$(found)" = "$3" ] || { echo "mirrored: found: $(found)"; return 1; }; }
}

test_expect_success 'harmless parallel work' '
	pair "CREATE TABLE a (id int);" "CREATE TABLE b (id int);" "GM104 note " &&
	pair "ALTER TABLE users ADD COLUMN a text;" "ALTER TABLE users ADD COLUMN b text;" "GM104 note " &&
	pair "CREATE INDEX ON users (mail);" "ALTER TABLE posts ADD COLUMN body text;" "GM104 note " &&
	pair "COMMENT ON TABLE users IS \$\$people\$\$;" "ALTER TABLE users ADD COLUMN b text;" "GM104 note " && run_migrate check side && has_not "$OUT" "GM104"
'

test_expect_success 'one object, changed by both' '
	pair "ALTER TABLE users ADD COLUMN age int;" "ALTER TABLE users ADD COLUMN age text;" "GM104 error GM105 error " &&
	pair "CREATE TABLE a (id int);" "CREATE VIEW a AS SELECT 1;" "GM104 error GM105 error " &&
	pair "ALTER TABLE users ALTER mail SET DEFAULT 1;" "ALTER TABLE users ALTER mail SET DEFAULT 2;" "GM104 error GM106 error "
'

test_expect_success 'what one drops or renames the other uses' '
	pair "ALTER TABLE users DROP COLUMN mail;" "CREATE INDEX ON users (mail);" "GM104 error GM105 error " &&
	pair "DROP TABLE posts CASCADE;" "ALTER TABLE posts ADD x int;" "GM104 error GM105 error " &&
	pair "ALTER TABLE users RENAME name TO nick;" "CREATE VIEW v AS SELECT name FROM users;" "GM104 error GM105 error "
'

test_expect_success 'rows' '
	pair "UPDATE users SET name = upper(name) || 1;" "UPDATE users SET name = name || 2;" "GM104 error GM106 error " &&
	pair "UPDATE users SET name = 1 WHERE id = 1;" "UPDATE users SET mail = 2 WHERE id = 2;" "GM104 note "
'

test_expect_success 'uncertain is a warning, and names why; --strict' '
	pair "DO \$\$ BEGIN EXECUTE (SELECT name FROM users LIMIT 1); END \$\$;" "ALTER TABLE users ADD b text;" "GM104 error GM110 warning " && has "$OUT" "dynamic" &&
	expect_status 1 check side --strict --json && has "$OUT" "\"level\": \"error\""
'

test_expect_success 'what was dropped before is needed by nothing new, on one branch as well' '
	start && on main 200_drop "DROP VIEW names; DROP TABLE posts CASCADE; ALTER TABLE users DROP COLUMN mail;" && git tag old && on main 300_index "CREATE INDEX ON posts (usr);" && expect_status 1 check old.. --json && [ "$(found)" = "GM109 error " ] && has "$OUT" "300_index needs table public.posts, which 200_drop dropped" &&
	on main 301_mail "UPDATE users SET mail = NULL;" && expect_status 1 check HEAD~1.. --json && has "$OUT" "301_mail needs .*users" && on main 400_again "CREATE TABLE posts (id int); INSERT INTO posts VALUES (1); CREATE VIEW names AS SELECT 1;" && expect_status 0 check HEAD~1.. --json && [ "$(found)" = "" ] &&
	expect_status 0 check HEAD~1.. --json && [ "$(found)" = "" ]
'

test_expect_success 'on a scratch server: all orders are run, in databases that go' '
	if [ -n "${GIT_MIGRATE_TEST_PG-}" ]; then
		pg_db && pg_sql "DO \$\$ BEGIN CREATE ROLE check_scratch LOGIN CREATEDB; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$" && start && on main 200_a "INSERT INTO posts (title) SELECT name FROM users;" && on side 201_b "ALTER TABLE posts ADD CONSTRAINT c CHECK (title <> name(title));" && git switch -q main &&
			scratch=$(printf "%s" "$URL" | sed "s,//[^@]*@,//check_scratch@,") && expect_status 1 check side --json --scratch "$scratch" && has "$OUT" "GM109" && [ "$(json .replay)" = postgresql ] &&
			[ "$(pg_sql "SELECT count(*) FROM pg_database WHERE datname LIKE \$\$git_migrate_scratch%\$\$")" = 0 ] && expect_status 1 check side --scratch "$URL" && has "$ERR" "superuser"
	fi
'

test_expect_success 'show --effects' '
	start && on main 200_a "ALTER TABLE users ADD COLUMN age int; UPDATE users SET age = 1;" && git config migrate.dev.url postgresql:///nowhere && expect_status 0 show --effects 200_a && has "$OUT" "create column public.users.age" && has "$OUT" "update rows" &&
	expect_status 0 show --effects 200_a --json && [ "$(json ".effects | length > 2")" = true ] && expect_status 128 show --effects 999 && has "$ERR" "no migration"
'

test_done
