#!/bin/bash
# Killed in the middle of git migrate reconcile: as before, or all of it; SQLite
#
# environment: TEST_LONG  100 kills at random instead of 8
#              TEST_SEED  of the random times
. "$(dirname "$0")/lib.sh"

kills=8 RANDOM=${TEST_SEED-$RANDOM}
[ -z "${TEST_LONG-}" ] || kills=100
work=$TRASH/work

state() {
	sqlite3 dev.db .dump | grep -v git_migrate | sha1sum | cut -d' ' -f1
}

# A is applied, with data of its own; HEAD is B, which changes the same tables
make_fixture() {
	scratch_repo "$work" && git config gc.auto 0 && git migrate init -q &&
		commit_all 'Set up' &&
		printf '%s\n' "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, old TEXT);
			WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < 8000)
			INSERT INTO users SELECT x, 'name ' || x, hex(x) FROM i;" | migration 1_base &&
		git branch base && git switch -q -c a &&
		printf '%s\n' "ALTER TABLE users ADD COLUMN age INT; ALTER TABLE users DROP COLUMN old;
			CREATE TABLE a (x); UPDATE users SET age = id % 80, name = upper(name) WHERE id % 2 = 0;" | migration 2_a &&
		git migrate apply -q &&
		sqlite3 dev.db "UPDATE users SET age = 99 WHERE id % 5 = 0; INSERT INTO a SELECT id FROM users" &&
		state >"$TRASH/a.state" &&
		git switch -q -c b base &&
		printf '%s\n' "CREATE TABLE b (x); DELETE FROM users WHERE id % 3 = 0;" | migration 3_b &&
		printf '%s\n' "UPDATE users SET name = name || '!';" | migration 4_b &&
		cp -a "$work" "$TRASH/template" && git migrate reconcile -q && state >"$TRASH/b.state"
}

begin_run() {
	cd "$TRASH" && rm -rf "$work" && cp -a template work && cd "$work" || return
}

took() {
	local start end

	begin_run || return
	start=$(date +%s%N)
	git migrate reconcile -q || return
	end=$(date +%s%N)
	echo $(((end - start) / 1000000))
}

# whatever it is now, the next commands bring it to B, and back to A
mends() {
	state >now
	cmp -s now "$TRASH/a.state" || cmp -s now "$TRASH/b.state" ||
		{ echo "half done" && return 1; }
	expect_status 0 status -q && expect_status 0 reconcile -q &&
		state | cmp - "$TRASH/b.state" &&
		[ "$(git rev-parse refs/migrate/ledger/dev)" = "$(sqlite3 dev.db "SELECT commit_hash FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" ] &&
		[ "$(sqlite3 dev.db "SELECT count(*) FROM git_migrate_history")" = 6 ] &&
		expect_status 0 snapshot verify -q && git switch -q a && expect_status 0 reconcile -q &&
		state | cmp - "$TRASH/a.state" &&
		[ -z "$(git -C .git/migrate/snapshots.git for-each-ref refs/pending)" ]
}

test_expect_success 'from A to B' '
	make_fixture && ! cmp -s "$TRASH/a.state" "$TRASH/b.state" && took >"$TRASH/ms"
'

test_expect_success "killed $kills times at random: A or B, and the next command goes on" '
	inside=0 n=0 ms=$(cat "$TRASH/ms")
	while [ $n -lt $kills ]; do
		n=$((n + 1))
		begin_run || return 1
		rm -f "$TRASH/passed"
		GIT_MIGRATE_CRASH_LOG=$TRASH/passed git-migrate reconcile -q >/dev/null 2>&1 & pid=$!
		when=$((RANDOM % (ms * 3 / 2)))
		sleep "$(printf "%d.%03d" $((when / 1000)) $((when % 1000)))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		if [ -s "$TRASH/passed" ]; then tail -n 1 "$TRASH/passed"; else echo start; fi >>"$TRASH/landed"
		[ -s dev.db-journal ] && inside=$((inside + 1))
		mends || { echo "kill $n" && return 1; }
	done
	echo "# report: $inside of $kills kills inside the open transaction, a reconcile takes $ms ms" >"$TRASH/report"
'
cat "$TRASH/report"
echo "# report: the last place passed: $(sort "$TRASH/landed" | uniq -c | sort -rn | awk '{ printf "%s%s %s", s, $1, $2; s = ", " }')"

log=$TRASH/points
begin_run && GIT_MIGRATE_CRASH_LOG=$log git migrate reconcile -q
if [ -s "$log" ]; then # a build that knows them
	test_expect_success 'killed at each place that a reconcile passes' '
		n=0
		for point in $(sort -u "$log"); do
			n=$((n + 1))
			begin_run || return 1
			(GIT_MIGRATE_CRASH=$point git-migrate reconcile -q) >/dev/null 2>&1
			[ $? -eq 137 ] || { echo "$point: not killed" && return 1; }
			mends || { echo "killed at $point" && return 1; }
		done
		echo "# report: killed at $n places" >"$TRASH/report" && [ $n -gt 10 ]
	'
	cat "$TRASH/report"
else
	test_skip 'killed at each place that a reconcile passes' 'no crash points in this build'
fi

test_done
