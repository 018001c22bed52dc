#!/bin/bash
# A PostgreSQL database that follows checkouts
. "$(dirname "$0")/lib.sh"
pg_need
pg_db

git migrate init -q --url postgresql:///none --dir migrations &&
	git config migrate.dev.url "$URL" && git config migrate.dev.reconcile auto &&
	commit_all 'Set up' &&
	migration 1_base <<<'CREATE TABLE base (id int PRIMARY KEY, name text);' &&
	git switch -q -c feature &&
	migration 2_age <<<'ALTER TABLE base ADD COLUMN age int;' &&
	git migrate hooks install -q && git migrate apply -q || exit 128

test_expect_success 'a switch takes a column and its values along, and brings them back' '
	pg_sql "INSERT INTO base VALUES (1, \$\$ann\$\$, 30)" &&
	git switch -q main 2>"$ERR" && has "$ERR" "^rolled back 2_age" &&
	! pg_sql "SELECT age FROM base" 2>/dev/null &&
	[ "$(pg_sql "SELECT name FROM base")" = ann ] &&
	git switch -q feature 2>"$ERR" && has "$ERR" "^applied 2_age" &&
	[ "$(pg_sql "SELECT age FROM base")" = 30 ]
'

test_expect_success 'a versioned reconcile is no order for a database on a server' '
	git config --unset migrate.dev.reconcile &&
	git config -f .gitmigrate migrate.dev.reconcile auto && commit_all auto &&
	git switch -q main 2>"$ERR" && has_not "$ERR" "not by itself" &&
	git config -f .gitmigrate migrate.dev.reconcile auto && commit_all auto &&
	git switch -q feature 2>"$ERR" && git switch -q main 2>"$ERR" &&
	has "$ERR" "^warning: dev is not what is checked out: take back 2_age$" &&
	has "$ERR" "^hint: git migrate reconcile .not by itself: .gitmigrate" &&
	[ "$(pg_sql "SELECT age FROM base")" = 30 ]
'

test_expect_success 'a server that is gone: said, and git goes on' '
	git config migrate.dev.url "postgresql://127.0.0.1:1/none" &&
	git config migrate.dev.reconcile auto &&
	git switch -q feature 2>"$ERR" && has "$ERR" "cannot connect to PostgreSQL"
'

test_done
