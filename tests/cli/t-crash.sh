#!/bin/bash
# Killed anywhere: at every named place, and at any time
#
# environment: TEST_LONG  ten kills at each place and 200 at random, instead
#                         of two and 40
#              TEST_SEED  of the random times
. "$(dirname "$0")/lib.sh"

each=2 random=40 seed=${TEST_SEED-$RANDOM}
[ -z "${TEST_LONG-}" ] || each=10 random=200
work=$TRASH/work
log=$TRASH/landed

# what a run leaves of the user's own: schema and rows, as one line
state() {
	{
		sqlite3 dev.db "SELECT type, name, sql FROM sqlite_schema
			WHERE tbl_name NOT LIKE 'git_migrate%'
			AND name NOT LIKE 'sqlite_seq%'"
		sqlite3 dev.db .dump | grep '^INSERT INTO' | grep -v git_migrate
	} | sort | sha1sum | cut -d' ' -f1
}

# make_fixture <rows>: $work with seven migrations, templates beside it of the
# database before and after them, and the states in between in $TRASH/known
make_fixture() {
	local rows=$1 k

	rm -rf "$work" "$TRASH/before" "$TRASH/after" && scratch_repo "$work" &&
		git config gc.auto 0 && git migrate init -q && mkdir -p migrations &&
		sqlite3 dev.db "PRAGMA journal_mode = ${2-delete};
			CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT,
				old TEXT, n INT);
			WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL
				SELECT x + 1 FROM i WHERE x < $rows)
			INSERT INTO users SELECT x, 'name ' || x,
				hex(x * x) || ' some more text', x % 97 FROM i;
			CREATE TABLE posts (user INTEGER PRIMARY KEY REFERENCES users,
				t TEXT);
			INSERT INTO posts SELECT id, 'post ' || n FROM users
				WHERE n % 3 = 0;" >/dev/null || return 1
	echo "UPDATE users SET name = upper(name), n = n + 1;" >migrations/1_update.sql
	echo "ALTER TABLE users DROP COLUMN old;" >migrations/2_drop_column.sql
	printf '%s\n' "CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, t);" \
		"INSERT INTO log (t) SELECT name FROM users WHERE n < 9;" \
		"CREATE INDEX log_t ON log (t);" >migrations/3_log.sql
	printf '%s\n' "DELETE FROM posts WHERE user % 10 = 0;" \
		"DELETE FROM users WHERE id % 10 = 0;" >migrations/4_delete.sql
	printf '%s\n' "-- migrate:no-transaction" "UPDATE log SET t = lower(t);" \
		"VACUUM;" "INSERT INTO log (t) VALUES (77);" >migrations/5_vacuum.sql
	echo "DROP TABLE posts;" >migrations/6_drop_table.sql
	printf '%s\n' "CREATE VIEW v AS SELECT id, name FROM users;" \
		"INSERT INTO log (t) VALUES (0);" >migrations/7_view.sql
	commit_all 'Migrations'
	state | sed 's/^/0 /' >"$TRASH/known"
	cd "$TRASH" && cp -a work before && cd work || return 1
	for k in 1 2 3 4 5 6 7; do
		if [ "$k" -eq 5 ]; then # its first part commits alone
			GIT_MIGRATE_CRASH=alone git-migrate apply -q -n 1 2>/dev/null
			state | sed 's/^/4 /' >>"$TRASH/known"
		fi
		git migrate apply -q -n 1 || return 1
		state | sed "s/^/$k /" >>"$TRASH/known"
	done
	rm -rf "$work" && cp -a "$TRASH/before" "$work" && cd "$work" &&
		git migrate apply -q && state >"$TRASH/last" &&
		cd "$TRASH" && cp -a work after
	[ "$(cut -d' ' -f2 known | sort -u | wc -l)" -eq 9 ]
}

# begin_run <before|after>: the database as it was, under the same path
begin_run() {
	cd "$TRASH" && rm -rf "$work" && cp -a "$1" "$work" && cd "$work" &&
		rm -f "$log" && : >"$log"
}

fail() {
	echo "$*" && return 1
}

# whole <applied expected at the end>: everything is as if nothing happened
whole() {
	local now applied

	[ "$(sqlite3 dev.db 'PRAGMA integrity_check')" = ok ] ||
		fail "integrity_check" || return 1
	now=$(state)
	grep -q " $now$" "$TRASH/known" || fail "not at a boundary" || return 1
	# the next command names it, and brings journal and ledger together
	git migrate status --json >"$OUT" 2>"$ERR" || fail "status: $(cat "$ERR")" ||
		return 1
	applied=$(json .counts.applied)
	grep -q "^$applied $now$" "$TRASH/known" ||
		fail "journal says $applied, the data $(grep "$now" "$TRASH/known")" ||
		return 1
	if [ "$(json .ledger)" != null ]; then
		[ "$(json .ledger)" = "$(git rev-parse refs/migrate/ledger/dev)" ] ||
			fail "ledger and journal" || return 1
	fi
	git fsck --strict --no-dangling >"$TRASH/fsck" 2>&1 && [ ! -s "$TRASH/fsck" ] ||
		fail "fsck: $(cat "$TRASH/fsck")" || return 1
	[ ! -d .git/migrate/snapshots.git/objects ] ||
		[ ! -e .git/migrate/snapshots.git/HEAD ] ||
		git --git-dir=.git/migrate/snapshots.git fsck --strict >"$TRASH/fsck" 2>&1 ||
		fail "fsck of snapshots: $(cat "$TRASH/fsck")"
}

# finish <apply|rollback>: complete the run, then go all the way back or forth
finish() {
	local left

	if [ "$1" = apply ]; then
		git migrate apply -q >"$OUT" 2>&1 || fail "apply again: $(cat "$OUT")" ||
			return 1
		[ "$(state)" = "$(cat "$TRASH/last")" ] || fail "end state" || return 1
	fi
	left=$(git migrate status --json | jq .counts.applied)
	git migrate rollback -q -n 7 >"$OUT" 2>&1 ||
		fail "roll back $left: $(cat "$OUT")" || return 1
	[ "0 $(state)" = "$(sed 1q "$TRASH/known")" ] || fail "start state" || return 1
	[ ! -e .git/migrate/snapshots.git/HEAD ] ||
		[ -z "$(git --git-dir=.git/migrate/snapshots.git for-each-ref refs/pending)" ] ||
		fail "a pending ref is left" || return 1
	git fsck --strict --no-dangling || fail "fsck at the end"
}

# run <apply|rollback>: the command itself, so that a kill meets it
run() {
	case $1 in
	apply) exec git-migrate apply -q ;;
	rollback) exec git-migrate rollback -q -n 7 ;;
	rebuild) exec git-migrate status -q ;;
	esac >"$OUT" 2>"$ERR" </dev/null
}

template_of() {
	[ "$1" = apply ] && echo before || echo after
}

# at_place <command> <place> <n>: 0 when it died there and all is well
at_place() {
	local s=0
	local -x GIT_CONFIG_COUNT=0 GIT_CONFIG_KEY_0='' GIT_CONFIG_VALUE_0=''

	case $2 in
	chunks-*) # passed only where snapshots go into the database
		GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=migrate.dev.snapshotStore
		GIT_CONFIG_VALUE_0=database
		;;
	esac
	begin_run "$(template_of "$1")" || return 1
	if [ "$1" = rebuild ]; then
		git update-ref -d "$(git symbolic-ref refs/migrate/ledger/dev)"
	fi
	(GIT_MIGRATE_CRASH=$2:$3 run "$1") 2>/dev/null || s=$?
	if [ "$s" -eq 0 ]; then
		echo "$1 $2 $3" >>"$TRASH/passed"
		return 0
	fi
	[ "$s" -eq 137 ] || fail "$1 at $2:$3: status $s: $(cat "$ERR")" || return 1
	echo "$1 $2" >>"$TRASH/reached"
	{ whole && finish "$1"; } || fail "$1 killed at $2:$3"
}

: >"$TRASH/reached"
have_points=$(GIT_MIGRATE_CRASH_LOG=$log git-migrate status >/dev/null 2>&1
	git migrate init -q && commit_all a && echo 'CREATE TABLE a (x);' |
		migration 1_a >/dev/null && GIT_MIGRATE_CRASH_LOG=$log \
		git-migrate apply -q >/dev/null 2>&1
	[ -s "$log" ] && echo yes)
# index-alone is PostgreSQL's: t-pg-rollback.sh; proved is in t-prove.sh; those of prune and push are in
# t-snapshot.sh and t-snapshot-remote.sh; reverted is in t-[pg-]reconcile-crash.sh; those of copying a database are
# in t-[pg-]branches.sh
places=$(cd "$TEST_DIR/../.." &&
	grep -rhoE 'crash_point\("[^"]+"\)' core gitstore --include='*.c' |
	cut -d'"' -f2 | grep -vxE 'copy-.*|index-alone|proved|reverted|prune.*|repacked|snapshot-push.*' | sort -u)

if [ -z "$have_points" ]; then
	test_skip 'killed at named places' 'the program was built without them'
	test_done
fi

test_expect_success 'fixture' 'make_fixture 300'

for place in $places; do
	test_expect_success "killed at $place" '
		for n in $(seq "$each"); do
			# early ones, then farther on
			[ "$n" -eq 1 ] || n=$((n + n * n / 3))
			for c in apply rollback rebuild; do
				at_place $c '"$place"' "$n" || return 1
			done
		done
	'
done

test_expect_success 'every place was reached' '
	for place in $places; do
		grep -q " $place$" "$TRASH/reached" || echo "never: $place"
	done >never && cat never && [ ! -s never ]
'

# at_random <command> <longest in us>: kill after a while; where it landed goes
# to $TRASH/table: command, last place, whether a transaction was open
at_random() {
	local pid s=0 us=$((((RANDOM << 15) | RANDOM) % $2)) last

	begin_run "$(template_of "$1")" || return 1
	(GIT_MIGRATE_CRASH_LOG=$log run "$1") &
	pid=$!
	sleep "$(printf '0.%06d' "$us")"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null || s=$?
	last=$(tail -n 1 "$log")
	if [ "$s" -ne 137 ]; then # it had ended: no kill, try again
		[ "$s" -eq 0 ] || fail "status $s: $(cat "$ERR")"
		return
	fi
	printf '%s\t%s\t%s\n' "$1" "${last:-(before the first)}" "$(awk \
		'/^begun$/ { open = 1 } /^committed$/ { open = 0 }
		END { print open ? "open" : "-" }' "$log")" \
		>>"$TRASH/table"
	{ whole && finish "$1"; } || fail "$1 killed after $us us, behind ${last-nothing}"
}

# how long a whole run takes, in us
duration_of() {
	local from

	begin_run "$(template_of "$1")" || return 1
	from=$(date +%s%N)
	(run "$1") || return 1
	echo $((($(date +%s%N) - from) / 1000))
}

: >"$TRASH/table"
for mode in delete wal; do
	test_expect_success "fixture with many rows, journal_mode $mode" '
		make_fixture 12000 '$mode' &&
		apply_us=$(duration_of apply) && rollback_us=$(duration_of rollback)
	'

	test_expect_success "killed at random times ($((random / 2)) kills, seed $seed)" '
		RANDOM=$seed && want=$(($(wc -l <"$TRASH/table") + random / 2)) &&
		while [ "$(wc -l <"$TRASH/table")" -lt "$want" ]; do
			at_random apply "$apply_us" && at_random rollback "$rollback_us" ||
				return 1
		done
	'
done

test_expect_success 'a third of them and more met an open transaction' '
	[ $(($(grep -c "open$" "$TRASH/table") * 3)) -ge "$(wc -l <"$TRASH/table")" ]
'

echo "# report: where $(wc -l <"$TRASH/table") kills at random times landed ($(grep -c 'open$' "$TRASH/table") in an open transaction)"
sort "$TRASH/table" | uniq -c | sort -k2,2 -k1,1nr |
	sed 's/^/# report: /' | expand -t 8
test_done
