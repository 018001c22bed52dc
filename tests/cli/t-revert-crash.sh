#!/bin/bash
# Killed in the middle of a three-way rollback: as before, or taken back; SQLite
#
# environment: TEST_LONG  100 kills instead of 12
#              TEST_SEED  of the random times
. "$(dirname "$0")/lib.sh"

kills=12 RANDOM=${TEST_SEED-$RANDOM}
[ -z "${TEST_LONG-}" ] || kills=100
work=$TRASH/work

state() {
	sqlite3 dev.db .dump | grep -v git_migrate | sha1sum | cut -d' ' -f1
}

# every kind of line, and each of them beside later writes and conflicts
make_fixture() {
	scratch_repo "$work" && git config gc.auto 0 && git migrate init -q &&
		printf '%s\n' "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, n INT, old TEXT);
			CREATE TABLE posts (id INTEGER PRIMARY KEY, u INT, t TEXT);
			WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < 20000)
			INSERT INTO users SELECT x, 'name ' || x, x || '@x', x % 97, hex(x) FROM i;
			INSERT INTO posts SELECT id, id, 'post ' || n FROM users;" | migration 1_base &&
		printf '%s\n' "UPDATE users SET name = upper(name), email = 'new' || email;
			ALTER TABLE users DROP COLUMN old; DELETE FROM posts WHERE id % 3 = 0;
			INSERT INTO posts VALUES (100000, 1, 'made'); CREATE TABLE made (x);" | migration 2_change &&
		git migrate apply -q &&
		sqlite3 dev.db "UPDATE users SET n = n + 1 WHERE id % 5 = 0; UPDATE users SET name = 'later' WHERE id % 50 = 0;
			INSERT INTO users VALUES (50000, 'new', '7@x', 1); DELETE FROM users WHERE id % 400 = 1;
			INSERT INTO posts SELECT id * 30, 1, 'taken' FROM users WHERE id < 100; UPDATE posts SET t = 'x' WHERE id = 100000;
			INSERT INTO made SELECT id FROM users;" && state >"$TRASH/before" && cp -a "$work" "$TRASH/template" &&
		git migrate rollback -q --on-conflict=restore && state >"$TRASH/after"
}

begin_run() {
	cd "$TRASH" && rm -rf "$work" && cp -a template work && cd "$work" || return
}

# taken <seconds>: how long a whole one takes
took() {
	local start end

	begin_run || return
	start=$(date +%s%N)
	git migrate rollback -q --on-conflict=restore || return
	end=$(date +%s%N)
	echo $(((end - start) / 1000000))
}

test_expect_success 'a rollback with conflicts of every kind' '
	make_fixture && ! cmp -s before after && took >"$TRASH/ms"
'

test_expect_success "killed $kills times: as before or taken back, and the next command goes on" '
	inside=0 n=0 ms=$(cat "$TRASH/ms")
	while [ $n -lt $kills ]; do
		n=$((n + 1))
		begin_run || return 1
		git-migrate rollback -q --on-conflict=restore >/dev/null 2>&1 & pid=$!
		sleep "$(printf "%d.%03d" $((RANDOM % ms / 1000)) $((RANDOM % ms % 1000)))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		[ -s dev.db-journal ] && inside=$((inside + 1))
		state >now
		cmp -s now "$TRASH/before" || cmp -s now "$TRASH/after" || { echo "kill $n: half done" && return 1; }
		expect_status 0 status && { cmp -s now "$TRASH/after" || expect_status 0 rollback -q --on-conflict=restore; } &&
			state | cmp - "$TRASH/after" && [ "$(sqlite3 dev.db "SELECT count(*) FROM git_migrate_history WHERE event = \"rollback\"")" = 1 ] &&
			[ "$(git rev-parse refs/migrate/ledger/dev)" = "$(sqlite3 dev.db "SELECT commit_hash FROM git_migrate_history ORDER BY seq DESC LIMIT 1")" ] &&
			expect_status 0 apply -q && expect_status 0 snapshot verify || return 1
	done
	echo "# report: $inside of $kills kills inside the open transaction, a rollback takes $ms ms" >"$TRASH/report"
	[ $((inside * 3)) -ge "$kills" ]
'
cat "$TRASH/report"

test_done
