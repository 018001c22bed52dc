#!/bin/bash
# Which database is it? Restored, copied, moved, made anew, another one
. "$(dirname "$0")/lib.sh"

ledger=refs/migrate/ledger/dev

uuid_of() {
	sqlite3 "$1" "SELECT value FROM git_migrate_meta WHERE key = 'uuid'"
}

# three migrations, two applied, a backup, the third applied
fresh() { # <folder>
	scratch_repo "$1" && git migrate init -q && commit_all 'Set up'
	for m in 20260101000000_a 20260102000000_b 20260103000000_c; do
		echo "CREATE TABLE ${m#*_} (x);" | migration "$m"
	done
	git migrate apply -q -n 2 && cp dev.db ../backup.db &&
		git migrate apply -q || return 1
	old=$(git rev-parse "$ledger")
	uuid=$(uuid_of dev.db)
}

for how in cp mv; do
	test_expect_success "restored from a backup with $how: status says so first" '
		fresh "$TRASH/restored-'$how'" &&
		case '$how' in
		cp) cp ../backup.db dev.db ;;
		mv) mv ../backup.db dev.db ;;
		esac &&
		expect_status 0 status &&
		sed 1q "$ERR" | grep -qE "^warning: the database was restored: it is at [0-9a-f]{40}, the ledger was at $old; what the ledger had is kept under refs/migrate/archive/$uuid$" &&
		[ "$(grep -c restored "$ERR")" -eq 1 ] &&
		has "$OUT" "^applied +20260102000000_b" &&
		has "$OUT" "^pending +20260103000000_c" &&
		[ "$(git for-each-ref --format="%(objectname)" "refs/migrate/archive/$uuid")" = "$old" ] &&
		[ "$(git log -1 --format=%s $ledger)" = "restored to dev" ] &&
		[ "$(sql "SELECT event FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" = restored ] &&
		git log -1 --format=%B $ledger | grep -q "it is at [0-9a-f]*, the ledger was at $old" &&
		git fsck --strict
	'

	test_expect_success "... and again until something is applied" '
		cd "$TRASH/restored-'$how'" &&
		expect_status 0 status && sed 1q "$ERR" | grep -q "^warning: .*[Tt]he database was restored" &&
		expect_status 0 status --json &&
		json ".notes[0]" | grep -q "was restored" &&
		expect_status 0 apply && has "$OUT" "^1 migration applied" &&
		expect_status 0 status --exit-code && [ ! -s "$ERR" ] &&
		expect_status 0 rollback -n 3 && git fsck --strict
	'
done

test_expect_success 'restored, and apply is the first to see it' '
	fresh "$TRASH/restored-apply" && cp ../backup.db dev.db &&
	expect_status 0 apply && has "$ERR" "^warning: the database was restored" &&
	[ "$(git log --format=%s $ledger | sed 2q | tr "\n" ,)" = "apply 20260103000000_c to dev,restored to dev," ] &&
	[ "$(git for-each-ref refs/migrate/archive | wc -l)" -eq 1 ]
'

test_expect_success 'restored twice: two archives' '
	cd "$TRASH/restored-apply" && cp ../backup.db dev.db &&
	expect_status 0 status && expect_status 0 apply -q &&
	[ "$(git for-each-ref refs/migrate/archive | wc -l)" -eq 2 ] && git fsck --strict
'

test_expect_success 'a copy: reading works and warns, writing is refused' '
	fresh "$TRASH/copied" && cp dev.db "$TRASH/copy.db" &&
	git config migrate.two.url "sqlite:$TRASH/copy.db" &&
	git for-each-ref >refs && cp "$TRASH/copy.db" a.db &&
	expect_status 0 status -t two &&
	has "$ERR" "^warning: this database is a copy of $PWD/dev.db" &&
	expect_status 1 rollback -t two &&
	has "$ERR" "^error: database $uuid of target .two. is a copy of the one at $PWD/dev.db$" &&
	has "$ERR" "^hint: git migrate target accept --fork .* or --same" &&
	echo "CREATE TABLE d (x);" | migration 20260104000000_d &&
	expect_status 1 apply -t two &&
	sqlite3 a.db .dump >1 && sqlite3 "$TRASH/copy.db" .dump | cmp - 1 &&
	git for-each-ref refs/migrate >2 && grep refs/migrate refs | cmp - 2
'

test_expect_success 'an older copy: status does not take it for a restore' '
	cd "$TRASH/copied" && git config migrate.old.url "sqlite:$TRASH/old.db" &&
	cp "$TRASH/backup.db" "$TRASH/old.db" && sqlite3 "$TRASH/old.db" .dump >1 &&
	git for-each-ref refs/migrate/db refs/migrate/archive >refs &&
	expect_status 0 status -t old && has "$ERR" "^warning: this database is a copy" &&
	has_not "$ERR" "was restored" &&
	sqlite3 "$TRASH/old.db" .dump | cmp - 1 &&
	git for-each-ref refs/migrate/db refs/migrate/archive | cmp - refs
'

test_expect_success 'target accept --fork: a uuid and a ledger of its own' '
	cd "$TRASH/copied" && expect_status 0 target accept -t two --fork &&
	[ "$(uuid_of "$TRASH/copy.db")" != "$uuid" ] && [ "$(uuid_of dev.db)" = "$uuid" ] &&
	[ "$(git log -1 --format=%s refs/migrate/ledger/two)" = "fork to two" ] &&
	[ "$(git rev-parse refs/migrate/ledger/two~)" = "$(git rev-parse $ledger)" ] &&
	expect_status 0 apply -t two && [ ! -s "$ERR" ] &&
	expect_status 0 apply && expect_status 0 status --exit-code &&
	expect_status 0 status -t two --exit-code && [ ! -s "$ERR" ] && git fsck --strict &&
	expect_status 0 rollback -n 2 -t two
'

test_expect_success '... rebuilt under its own uuid' '
	cd "$TRASH/copied" && git log --format=%H refs/migrate/ledger/two >ids &&
	git update-ref -d "$(git symbolic-ref refs/migrate/ledger/two)" &&
	expect_status 0 status -t two &&
	git log --format=%H refs/migrate/ledger/two | cmp - ids
'

test_expect_success 'target accept --same: it was moved here' '
	fresh "$TRASH/same" && cp dev.db "$TRASH/same.db" && rm dev.db &&
	git config migrate.dev.url "sqlite:$TRASH/same.db" &&
	run_migrate apply &&
	expect_status 0 target accept --same && has "$OUT" "^Database: +$uuid$" &&
	expect_status 0 rollback && [ ! -s "$ERR" ]
'

test_expect_success 'moved with mv: the same file, nothing to accept' '
	fresh "$TRASH/moved" && mv dev.db elsewhere.db &&
	git config migrate.dev.url sqlite:elsewhere.db &&
	expect_status 0 rollback && [ ! -s "$ERR" ] && [ ! -e dev.db ]
'

test_expect_success 'two work trees, a dev.db each' '
	fresh "$TRASH/wt" && git worktree add -q -b side ../wt2 && cd ../wt2 &&
	expect_status 0 status --json && [ "$(json .counts.pending)" = 3 ] &&
	expect_status 0 apply && [ ! -s "$ERR" ] && [ -e dev.db ] &&
	[ "$(uuid_of dev.db)" != "$uuid" ] &&
	cd "$TRASH/wt" && expect_status 0 status --exit-code && [ ! -s "$ERR" ] &&
	expect_status 0 rollback && cd ../wt2 && expect_status 0 status --exit-code &&
	expect_status 0 rollback && [ ! -s "$ERR" ] &&
	[ "$(git for-each-ref "refs/migrate/db/*/ledger" | wc -l)" -eq 2 ] && git fsck --strict
'

test_expect_success 'the file deleted and made anew: a new database' '
	fresh "$TRASH/anew" && rm dev.db &&
	expect_status 0 status --json && [ "$(json .counts.pending)" = 3 ] &&
	[ ! -e dev.db ] &&
	expect_status 0 apply && has "$OUT" "^3 migrations applied" &&
	[ "$(uuid_of dev.db)" != "$uuid" ] &&
	[ "$(git rev-parse "refs/migrate/db/$uuid/ledger")" = "$old" ] &&
	[ "$(git symbolic-ref $ledger)" = "refs/migrate/db/$(uuid_of dev.db)/ledger" ]
'

test_expect_success 'a target outside the work tree reaches another database' '
	fresh "$TRASH/outside" &&
	git config migrate.prod.url "sqlite:$TRASH/prod.db" &&
	expect_status 0 apply -q -t prod && prod=$(uuid_of "$TRASH/prod.db") &&
	expect_status 0 apply -q --url "sqlite:$TRASH/other.db" &&
	other=$(uuid_of "$TRASH/other.db") &&
	git config migrate.prod.url "sqlite:$TRASH/other.db" &&
	echo "CREATE TABLE d (x);" | migration 20260104000000_d &&
	git for-each-ref refs/migrate >refs && sqlite3 "$TRASH/other.db" .dump >1 &&
	for c in apply rollback status log; do
		expect_status 1 $c -t prod &&
		has "$ERR" "^error: .*prod.* $prod.* $other" &&
		has "$ERR" "^hint: .*git migrate (-t prod )?target (-t prod )?accept" || return 1
	done &&
	sqlite3 "$TRASH/other.db" .dump | cmp - 1 &&
	git for-each-ref refs/migrate | cmp - refs
'

test_expect_success '... accepted' '
	cd "$TRASH/outside" && expect_status 0 target accept --same -t prod &&
	expect_status 0 apply -t prod && [ ! -s "$ERR" ] &&
	[ "$(git symbolic-ref refs/migrate/ledger/prod)" = "refs/migrate/db/$other/ledger" ]
'

test_expect_success 'outside, and the database is gone: not made anew in silence' '
	cd "$TRASH/outside" && mv "$TRASH/other.db" "$TRASH/away.db" &&
	run_migrate status -t prod && has "$ERR" "$other" &&
	expect_status 1 apply -t prod && has "$ERR" "$other" && has "$ERR" "^hint: " &&
	[ ! -e "$TRASH/other.db" ] &&
	expect_status 0 target accept --same -t prod && expect_status 0 apply -t prod &&
	has "$OUT" "^4 migrations applied to prod$"
'

test_done
