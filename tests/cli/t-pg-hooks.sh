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

there() { # <relation>...: these are in the database, of those that are asked for
	[ "$(pg_sql "SELECT string_agg(relname, \$\$ \$\$ ORDER BY relname) FROM pg_class
		WHERE relnamespace = \$\$public\$\$::regnamespace AND relkind = \$\$r\$\$")" = "$*" ]
}

test_expect_success 'bisect: the database follows when it ends' '
	for i in 3 4 5; do
		migration ${i}_x <<<"CREATE TABLE x$i (a int);" || return 1
	done && git migrate apply -q && git bisect start HEAD HEAD~3 >/dev/null 2>"$ERR" &&
	git bisect good >/dev/null 2>>"$ERR" && has_not "$ERR" "^rolled back" && there base x3 x4 x5 &&
	git bisect reset 2>"$ERR" && has_not "$ERR" "^(rolled back|applied)" && there base x3 x4 x5 &&
	git bisect start HEAD HEAD~3 >/dev/null 2>&1 && git migrate rollback -q && there base x3 x4 &&
	git bisect reset 2>"$ERR" && has "$ERR" "^applied 5_x" && there base x3 x4 x5
'

test_expect_success 'rebase, then renumbered behind the other side: the database follows, data stays' '
	git switch -q main 2>"$ERR" && there base && migration 6_main <<<"CREATE TABLE six (a int);" &&
	git migrate apply -q && git switch -q feature 2>"$ERR" && there base x3 x4 x5 &&
	git rebase -q main 2>"$ERR" && has "$ERR" "^applied 6_main" && there base six x3 x4 x5 &&
	expect_status 0 rebase --onto main && git commit -q -m Renumber && git ls-files migrations >renumbered &&
	has_not renumbered "/2_age" && rm renumbered && expect_status 0 reconcile && has "$OUT" ": 4 renamed$" &&
	[ "$(pg_sql "SELECT age FROM base")" = 30 ] && expect_status 0 status --exit-code &&
	git switch -q main 2>"$ERR" && there base six && git switch -q feature 2>"$ERR" && there base six x3 x4 x5 &&
	[ "$(pg_sql "SELECT age FROM base")" = 30 ]
'

# with one other column, an edited row looks like another one with its key
test_expect_success 'a row that may be another: nothing is done, and one line says what each choice does' '
	git switch -q -c narrow && migration 90_narrow <<<"ALTER TABLE base DROP COLUMN name;" && git migrate apply -q &&
	pg_sql "UPDATE base SET age = 31" && git switch -q feature 2>"$ERR" && has "$ERR" "^conflict: 90_narrow: table public.base: 1 row KEY_REUSED$" &&
	has "$ERR" "^hint: nothing was changed; git migrate reconcile -t dev --on-conflict=keep .*--on-conflict=restore .*; of KEY_REUSED: restore where .* edited since, .*; keep where another row" &&
	[ "$(grep -c "on-conflict" "$ERR")" = 1 ] && expect_status 0 reconcile --on-conflict=restore &&
	[ "$(pg_sql "SELECT name, age FROM base")" = "ann|31" ] && git switch -q narrow 2>"$ERR" && pg_sql "UPDATE base SET age = 30" &&
	git switch -q feature 2>"$ERR" && expect_status 0 reconcile --on-conflict=keep && [ "$(pg_sql "SELECT name, age FROM base")" = "|30" ]
'

test_expect_success 'a versioned reconcile is no order for a database on a server' '
	git config --unset migrate.dev.reconcile &&
	git config -f .gitmigrate migrate.dev.reconcile auto && commit_all auto &&
	git switch -q main 2>"$ERR" && has_not "$ERR" "not by itself" &&
	git config -f .gitmigrate migrate.dev.reconcile auto && commit_all auto &&
	git switch -q feature 2>"$ERR" && git switch -q main 2>"$ERR" &&
	has "$ERR" "^warning: dev is not what is checked out: take back [0-9]+_age, [0-9]+_x, [0-9]+_x and 1 more$" &&
	has "$ERR" "^hint: git migrate reconcile .not by itself: .gitmigrate" &&
	[ "$(pg_sql "SELECT age FROM base")" = 30 ]
'

# main has what follows; a branch that was fetched brings its own .gitmigrate
test_expect_success 'hostile migrations of a fetched branch: nothing runs without own settings' '
	own=$(git config migrate.dev.url) && whole=$(pg_dump -N git_migrate "$PG_DIRECT" | grep -v restrict | sha1sum) &&
	hostile() { # <own url> <own reconcile>; what is not said here, the branch says
		git config --unset migrate.dev.url; git config --unset migrate.dev.reconcile
		[ -z "$1" ] || git config migrate.dev.url "$1"
		[ -z "$2" ] || git config migrate.dev.reconcile "$2"
		GIT_MIGRATE_SKIP=1 git switch -q --detach feature && git switch -q hostile 2>"$ERR" &&
			has "$ERR" "^warning: dev is not what is checked out: .*apply 99_hostile$" &&
			has "$ERR" "^hint: git migrate reconcile .not by itself: .gitmigrate" && [ ! -e "$TRASH/place" ] &&
			[ "$(pg_dump -N git_migrate "$PG_DIRECT" | grep -v restrict | sha1sum)" = "$whole" ]
	} && GIT_MIGRATE_SKIP=1 git switch -q -c hostile feature && chmod 777 "$TRASH" &&
	git config -f .gitmigrate migrate.dev.url "$own" && git config -f .gitmigrate migrate.dev.reconcile auto &&
	git config -f .gitmigrate migrate.scratch "$own" && git add .gitmigrate &&
	migration 99_hostile <<<"COPY (SELECT 1) TO '\''$TRASH/place'\''; DROP TABLE base;" &&
	hostile "$own" "" && hostile "" auto && hostile "" "" && git config -f .gitmigrate migrate.dev.snapshotStore remote:origin &&
	commit_all store && git config migrate.dev.reconcile auto && hostile "$own" auto && has "$ERR" "says where rows go"
'

test_expect_success '... and where one does run, the journal is not its own' '
	GIT_MIGRATE_SKIP=1 git switch -q feature && git config migrate.dev.reconcile auto && git config migrate.dev.url "$own" &&
	names="SELECT name FROM git_migrate.migrations WHERE status = \$\$applied\$\$ ORDER BY 1" && was=$(pg_sql "$names") &&
	for sql in "DELETE FROM git_migrate.history" "DO \$\$BEGIN UPDATE git_migrate.meta SET value = value; END\$\$" "DROP SCHEMA git_migrate CASCADE" COMMIT; do
		GIT_MIGRATE_SKIP=1 git switch -q -C forges feature && migration 99_forges <<<"DROP TABLE base; $sql;" &&
		GIT_MIGRATE_SKIP=1 git switch -q feature && git switch -q forges 2>"$ERR" &&
		has "$ERR" "^(error|fatal): .*99_forges.*(journal|append-only|a transaction command)" && [ "$(pg_sql "SELECT age FROM base")" = 30 ] && [ "$(pg_sql "$names")" = "$was" ] || return 1
	done
'

test_expect_success 'a server that is gone: said, and git goes on' '
	git config migrate.dev.url "postgresql://127.0.0.1:1/none" &&
	git config migrate.dev.reconcile auto &&
	git switch -q feature 2>"$ERR" && has "$ERR" "cannot connect to PostgreSQL"
'

test_done
