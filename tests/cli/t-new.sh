#!/bin/bash
# git migrate new
. "$(dirname "$0")/lib.sh"

export GIT_MIGRATE_TEST_NOW=1767261600 # 2026-01-01T10:00:00Z

test_expect_success 'set up' '
	git migrate init -q && commit_all "Set up"
'

test_expect_success 'new makes a file named by the time, and prints its path' '
	expect_status 0 new create_users &&
	[ "$(cat "$OUT")" = migrations/20260101100000_create_users.sql ] &&
	has migrations/20260101100000_create_users.sql "^-- migrate:up" &&
	[ ! -s "$ERR" ]
'

test_expect_success 'a version is never taken twice' '
	expect_status 0 new one && expect_status 0 new two &&
	[ "$(cat "$OUT")" = migrations/20260101100002_two.sql ] &&
	commit_all "Add three" &&
	rm migrations/*_two.sql &&
	expect_status 0 new three &&
	[ "$(cat "$OUT")" = migrations/20260101100003_three.sql ]
'

test_expect_success 'from a subfolder the path is the way there' '
	mkdir -p a/b && cd a/b &&
	expect_status 0 new deep &&
	[ "$(cat "$OUT")" = ../../migrations/20260101100004_deep.sql ] &&
	[ -f "$(cat "$OUT")" ]
'

test_expect_success 'what a person types becomes a name' '
	expect_status 0 new "Add e-mail & more" &&
	[ -f "$(cat "$OUT")" ] &&
	expect_status 0 new "../../etc/passwd" &&
	case $(cat "$OUT") in migrations/*..*) return 1 ;; migrations/*) ;; esac &&
	[ -f "$(cat "$OUT")" ] &&
	expect_status 129 new "///" &&
	expect_status 129 new "" &&
	[ "$(git status --porcelain | grep -vc "^.. migrations/")" -eq 0 ]
'

test_expect_success 'a new migration applies as it is written' '
	path=$(git migrate new fine) &&
	sed "s/^-- migrate:up$/&\\nCREATE TABLE fine (x);/" "$path" >edited &&
	mv edited "$path" &&
	find migrations -name "*.sql" ! -name "*fine*" -delete &&
	commit_all "Fine" && expect_status 0 apply &&
	sql "SELECT * FROM fine"
'

test_expect_success 'no file is overwritten, no folder is followed out' '
	scratch_repo "$TRASH/out" && mkdir "$TRASH/elsewhere" &&
	ln -s "$TRASH/elsewhere" migrations &&
	expect_status 128 new x &&
	[ -z "$(ls -A "$TRASH/elsewhere")" ]
'

test_expect_success 'new works before init: migrations/, native' '
	scratch_repo "$TRASH/fresh" &&
	expect_status 0 new first &&
	[ -f migrations/20260101100000_first.sql ]
'

test_expect_success 'each layout gets the files that its tool would make' '
	for pair in golang-migrate:2 sqlx:1 goose:1 flyway:1 diesel:2 prisma:1; do
		layout=${pair%:*} &&
		scratch_repo "$TRASH/$layout" &&
		git migrate init -q --layout "$layout" &&
		commit_all "Set up" &&
		expect_status 0 new some_thing &&
		[ "$(wc -l <"$OUT")" -eq "${pair#*:}" ] &&
		while read -r file; do
			[ -f "$file" ] || return 1
		done <"$OUT" || return 1
	done
'

test_expect_success '--json lists the paths' '
	scratch_repo "$TRASH/json" && git migrate init -q &&
	expect_status 0 new --json thing &&
	[ "$(json ".paths[0]")" = migrations/20260101100000_thing.sql ]
'

test_expect_success 'a bare repository is refused' '
	git init -q --bare "$TRASH/bare.git" && cd "$TRASH/bare.git" &&
	expect_status 1 new x && has "$ERR" "^error: this is a bare repository"
'

test_done
