#!/bin/bash
# Killed in the middle of git migrate reconcile: as before, or all of it;
# PostgreSQL
#
# environment: TEST_LONG  100 kills at random instead of 2
#              TEST_SEED  of the random times
. "$(dirname "$0")/lib.sh"
pg_need

kills=2 RANDOM=${TEST_SEED-$RANDOM}
[ -z "${TEST_LONG-}" ] || kills=100

state() {
	pg_dump -N git_migrate "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )' |
		sort | sha1sum | cut -d' ' -f1
}

pg_db
git config gc.auto 0 && git migrate init -q --url "$URL" && commit_all 'Set up'
printf '%s\n' now out >>.git/info/exclude
migration 1_base <<\SQL
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
INSERT INTO users SELECT x, 'name ' || x, md5(x::text) FROM generate_series(1, 3000) x;
SQL
git branch base && git switch -q -c a
migration 2_a <<\SQL
ALTER TABLE users ADD COLUMN age int, DROP COLUMN old;
CREATE TABLE a (x int PRIMARY KEY);
UPDATE users SET age = id % 80, name = upper(name) WHERE id % 2 = 0;
SQL
git migrate apply -q
pg_sql "UPDATE users SET age = 99 WHERE id % 5 = 0; INSERT INTO a SELECT id FROM users"
state >"$TRASH/a.state"
git switch -q -c b base
migration 3_b <<\SQL
CREATE TABLE b (x int);
DELETE FROM users WHERE id % 3 = 0;
SQL
migration 4_b <<\SQL
UPDATE users SET name = name || '!';
SQL

# whatever it is now, the next commands bring it to B, and back to A
mends() {
	local i=0

	# the server notices that its client is gone
	while [ $i -lt 100 ] && [ "$(pg_sql "SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()")" != 0 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	state >now
	cmp -s now "$TRASH/a.state" || cmp -s now "$TRASH/b.state" ||
		{ echo "half done" && return 1; }
	expect_status 0 status -q && expect_status 0 reconcile -q &&
		state | cmp - "$TRASH/b.state" &&
		[ "$(git rev-parse refs/migrate/ledger/dev)" = "$(pg_sql "SELECT commit_hash FROM git_migrate.history ORDER BY seq DESC LIMIT 1")" ] &&
		git switch -q a && expect_status 0 reconcile -q &&
		state | cmp - "$TRASH/a.state" && git switch -q b &&
		[ -z "$(git -C .git/migrate/snapshots.git for-each-ref refs/pending)" ]
}

test_expect_success 'from A to B, and back' '
	start=$(date +%s%N) && git migrate reconcile -q && end=$(date +%s%N) &&
	echo $(((end - start) / 1000000)) >"$TRASH/ms" && state >"$TRASH/b.state" &&
	! cmp -s "$TRASH/a.state" "$TRASH/b.state" && mends
'

test_expect_success "killed $kills times at random: A or B, and the next command goes on" '
	n=0 done=0 ms=$(cat "$TRASH/ms")
	while [ $n -lt $kills ]; do
		n=$((n + 1))
		rm -f "$TRASH/passed"
		GIT_MIGRATE_CRASH_LOG=$TRASH/passed git-migrate reconcile -q >/dev/null 2>&1 & pid=$!
		when=$((RANDOM % (ms * 3 / 2)))
		sleep "$(printf "%d.%03d" $((when / 1000)) $((when % 1000)))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		if [ -s "$TRASH/passed" ]; then tail -n 1 "$TRASH/passed"; else echo start; fi >>"$TRASH/landed"
		mends || { echo "kill $n" && return 1; }
		cmp -s now "$TRASH/b.state" && done=$((done + 1))
	done
	echo "# report: $done of $kills killed when it was committed, a reconcile takes $ms ms" >"$TRASH/report"
'
cat "$TRASH/report"
echo "# report: the last place passed: $(sort "$TRASH/landed" | uniq -c | sort -rn | awk '{ printf "%s%s %s", s, $1, $2; s = ", " }')"

log=$TRASH/points
GIT_MIGRATE_CRASH_LOG=$log git migrate reconcile -q
git switch -q a && git migrate reconcile -q && git switch -q b
if [ -s "$log" ]; then # a build that knows them
	points='reverted committed'
	[ -z "${TEST_LONG-}" ] || points=$(sort -u "$log")
	test_expect_success 'killed at places that a reconcile passes' '
		for point in $points; do
			(GIT_MIGRATE_CRASH=$point git-migrate reconcile -q) >/dev/null 2>&1
			[ $? -eq 137 ] || { echo "$point: not killed" && return 1; }
			mends || { echo "killed at $point" && return 1; }
		done
	'
else
	test_skip 'killed at places that a reconcile passes' 'no crash points in this build'
fi

test_done
