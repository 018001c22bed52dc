#!/bin/bash
# git migrate init
. "$(dirname "$0")/lib.sh"

test_expect_success 'init in a repository without commits' '
	expect_status 0 init &&
	[ "$(cat .gitmigrate)" = "$(printf "[migrate]\n\tdir = migrations\n\tlayout = native\n\ttarget = dev\n[migrate \"dev\"]\n\turl = sqlite:dev.db")" ] &&
	[ "$(cat .gitignore)" = "/dev.db*" ] &&
	[ -d migrations ] && [ -z "$(ls -A migrations)" ] &&
	[ ! -e dev.db ] &&
	has "$OUT" "created .gitmigrate: target dev, sqlite:dev.db" &&
	has "$ERR" "git migrate new create_users"
'

test_expect_success 'git reads what init wrote' '
	[ "$(git config -f .gitmigrate migrate.dev.url)" = sqlite:dev.db ] &&
	[ "$(git check-ignore dev.db dev.db-wal dev.db-migrate-lock | wc -l)" -eq 3 ]
'

test_expect_success 'a second init changes nothing' '
	cp .gitmigrate a && cp .gitignore b &&
	expect_status 0 init &&
	has "$OUT" "kept .gitmigrate" &&
	cmp a .gitmigrate && cmp b .gitignore && rm a b
'

test_expect_success 'init from a subfolder sets up the top' '
	scratch_repo "$TRASH/sub" && mkdir deep && cd deep &&
	expect_status 0 init &&
	[ -f ../.gitmigrate ] && [ -d ../migrations ] && [ ! -e .gitmigrate ]
'

test_expect_success 'another target is added to what is there' '
	printf "# ours\n[migrate]\n\ttarget = dev\n[migrate \"dev\"]\n\turl = sqlite:x.db" >.gitmigrate &&
	expect_status 0 init --target staging --url sqlite:/srv/s.db &&
	has "$OUT" "extended .gitmigrate: target staging" &&
	has .gitmigrate "^# ours$" &&
	[ "$(git config -f .gitmigrate migrate.staging.url)" = sqlite:/srv/s.db ] &&
	[ "$(git config -f .gitmigrate migrate.dev.url)" = sqlite:x.db ] &&
	[ "$(git config -f .gitmigrate migrate.target)" = dev ]
'

test_expect_success 'what is configured is not changed' '
	cp .gitmigrate a &&
	expect_status 1 init --target dev --url sqlite:y.db &&
	has "$ERR" "^error: target .dev. has a url already$" &&
	printf "[migrate]\n\tdir = db\n" >>.gitmigrate && cp .gitmigrate a &&
	expect_status 1 init --dir other &&
	has "$ERR" "^error: migrate.dir is .db. already$" &&
	cmp a .gitmigrate
'

test_expect_success 'a password is not written down' '
	scratch_repo "$TRASH/pw" &&
	expect_status 1 init --url postgresql://u:secret@h/d &&
	has "$ERR" "password" && has_not "$ERR" secret &&
	[ ! -e .gitmigrate ] && [ ! -e migrations ]
'

test_expect_success 'values that need quotes' '
	scratch_repo "$TRASH/quotes" &&
	expect_status 0 init --url "sqlite:/tmp/a b;#\"c.db" --dir "my sql" &&
	[ "$(git config -f .gitmigrate migrate.dev.url)" = "sqlite:/tmp/a b;#\"c.db" ] &&
	[ "$(git config -f .gitmigrate migrate.dir)" = "my sql" ] &&
	[ -d "my sql" ] && [ ! -e .gitignore ]
'

test_expect_success '.gitignore keeps its lines and gets one' '
	scratch_repo "$TRASH/ignore" &&
	printf "*.o" >.gitignore &&
	expect_status 0 init &&
	[ "$(cat .gitignore)" = "$(printf "*.o\n/dev.db*")" ] &&
	expect_status 0 init &&
	[ "$(wc -l <.gitignore)" -eq 2 ]
'

test_expect_success 'wrong names and folders' '
	scratch_repo "$TRASH/wrong" &&
	expect_status 129 init --target "a b" &&
	expect_status 129 init --target ../x &&
	expect_status 129 init --layout nativ &&
	has "$ERR" "did you mean .native." &&
	expect_status 129 init --url mysql://h/d &&
	expect_status 128 init --dir ../out &&
	expect_status 128 init --dir /tmp/out &&
	expect_status 128 init --dir .git/hooks &&
	ln -s /tmp link &&
	expect_status 128 init --dir link/out &&
	[ ! -e .gitmigrate ]
'

test_expect_success 'a symbolic link in place of .gitmigrate is refused' '
	scratch_repo "$TRASH/link" && ln -s ../elsewhere .gitmigrate &&
	expect_status 128 init && [ ! -e ../elsewhere ]
'

test_expect_success 'a bare repository is refused' '
	git init -q --bare "$TRASH/bare.git" && cd "$TRASH/bare.git" &&
	expect_status 1 init &&
	has "$ERR" "^error: this is a bare repository" && has "$ERR" "^hint: "
'

test_expect_success '--json says what was made' '
	scratch_repo "$TRASH/json" &&
	expect_status 0 init --json &&
	[ "$(json "[.target, .url, .dir, .layout, .migrations, .created, .changed] | tojson")" = \
		"[\"dev\",\"sqlite:dev.db\",\"migrations\",\"native\",0,[\".gitmigrate\",\"migrations\"],[\".gitignore\"]]" ] &&
	[ ! -s "$ERR" ] &&
	expect_status 0 init --json &&
	[ "$(json "[.created, .changed] | tojson")" = "[[],[]]" ]
'

# found <folder> <layout> <file>: content on standard input
found() {
	scratch_repo "$TRASH/found-$2" &&
		mkdir -p "$(dirname "$1/$3")" && cat >"$1/$3" &&
		expect_status 0 init &&
		[ "$(git config -f .gitmigrate migrate.dir)" = "$1" ] &&
		[ "$(git config -f .gitmigrate migrate.layout)" = "$2" ] &&
		has "$OUT" "layout $2.: 1 found" &&
		has "$ERR" "git migrate status"
}

test_expect_success 'migrations of other tools are found' '
	echo "SELECT 1;" | found db/migrate golang-migrate 1_a.up.sql &&
	echo "SELECT 1;" | found src/main/resources/db/migration flyway V1__a.sql &&
	echo "SELECT 1;" | found prisma/migrations prisma 20260101000000_a/migration.sql &&
	echo "SELECT 1;" | found migrations diesel 2026-01-01-000000_a/up.sql &&
	printf -- "-- +goose Up\nSELECT 1;\n" | found sql goose 001_a.sql
'

test_expect_success 'one somewhere below is found by the index' '
	scratch_repo "$TRASH/below" && mkdir -p app/db/migrations app/db/migrations/mysql apps/api/migrations test/migrations migrate &&
	for i in 1 2 3; do echo "SELECT 1;" >app/db/migrations/mysql/$i.sql && echo "SELECT 1;" >test/migrations/$i.sql; done &&
	echo "SELECT 1;" >app/db/migrations/1_a.up.sql && echo "SELECT 1;" >app/db/migrations/2_b.up.sql &&
	mkdir -p old/migrate/0.27 && for i in 1 2 3; do echo "SELECT 1;" >old/migrate/0.27/$i.sql; done &&
	echo "SELECT 1;" >apps/api/migrations/1_c.sql && echo "package migrate" >migrate/migrate.go &&
	expect_status 0 init && [ "$(git config -f .gitmigrate migrate.dir)" = migrations ] &&
	rm -r .gitmigrate migrations && commit_all Import && expect_status 0 init &&
	[ "$(git config -f .gitmigrate migrate.dir)" = app/db/migrations ] &&
	has "$OUT" "layout golang-migrate.: 2 found" &&
	has "$ERR" "^warning: apps/api/migrations holds migrations as well" && has_not "$ERR" "mysql|test/|0.27"
'

test_expect_success 'two folders with migrations: the first, and a warning' '
	scratch_repo "$TRASH/both" && mkdir -p migrations sql &&
	echo "SELECT 1;" >migrations/1_a.sql && echo "SELECT 1;" >sql/1_b.sql &&
	expect_status 0 init &&
	[ "$(git config -f .gitmigrate migrate.dir)" = migrations ] &&
	has "$ERR" "^warning: sql holds migrations as well"
'

test_expect_success 'a folder that two layouts fit: a warning that names them' '
	scratch_repo "$TRASH/mixed" && mkdir migrations &&
	printf -- "-- +goose Up\nSELECT 1;\n" >migrations/001_a.sql &&
	echo "SELECT 1;" >migrations/V2__b.sql &&
	expect_status 0 init &&
	has "$ERR" "^warning: migrations: " &&
	has_not .gitmigrate layout
'

test_expect_success 'a folder that cannot be written to' '
	if [ "$(id -u)" -eq 0 ]; then
		echo "root may write anywhere"
	else
		scratch_repo "$TRASH/readonly" && chmod a-w . &&
		expect_status 128 init && has "$ERR" "^fatal: "
	fi
'

test_done
