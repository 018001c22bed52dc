#!/bin/bash
# git migrate check: migrations of two branches against each other; on SQLite
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-check.sh"

base="CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, usr INT REFERENCES users, title TEXT);"

# a repository with the base on main and an empty branch "side"
start() {
	cd "$TRASH" && rm -rf r && scratch_repo "$TRASH/r" && git migrate init -q && commit_all 'Set up' &&
		printf '%s\n' "$base" | migration 100_base && git branch side
}

# pair <sql of main> <sql of side> <status> <findings>
pair() {
	start && on main 200_ours "$1" && on side 201_theirs "$2" && git switch -q main &&
		expect_status "$3" check side --json && { [ "$(found)" = "$4" ] || { echo "found: $(found)"; cat "$OUT"; return 1; }; }
}

test_expect_success 'nothing to say about branches that did nothing' '
	start && expect_status 0 check side && expect_status 0 check side --json && [ "$(json .verdict)" = clean ] && [ "$(json ".findings | length")" = 0 ]
'

test_expect_success 'harmless parallel work passes: a note about the order, no more' '
	pair "CREATE TABLE a (id INTEGER PRIMARY KEY);" "CREATE TABLE b (id INTEGER PRIMARY KEY);" 0 "GM104 note " &&
	pair "ALTER TABLE users ADD COLUMN a TEXT;" "ALTER TABLE users ADD COLUMN b TEXT;" 0 "GM104 note " &&
	pair "CREATE INDEX i ON users (mail);" "ALTER TABLE posts ADD COLUMN body TEXT;" 0 "GM104 note " &&
	pair "CREATE INDEX i ON users (mail);" "ALTER TABLE users ADD COLUMN body TEXT;" 0 "GM104 note " &&
	run_migrate check side && has_not "$OUT" "error|warning"
'

test_expect_success 'GM101: a migration of the base was edited' '
	start && echo "-- a comment" >>migrations/100_base.sql && commit_all edit && expect_status 0 check side --json && [ "$(found)" = "GM101 note " ] &&
	echo "CREATE TABLE more (id INT);" >>migrations/100_base.sql && commit_all edit && expect_status 1 check side --json && [ "$(found)" = "GM101 error " ] &&
	[ "$(json ".findings[0].migrations[0].path")" = migrations/100_base.sql ] && [ "$(json ".findings[0].migrations[0].commit")" = "$(git rev-parse HEAD)" ] &&
	run_migrate check side && has "$OUT" "^error: .*GM101" && has "$OUT" "hint: git checkout"
'

test_expect_success 'GM102: one was removed, or renamed' '
	start && git rm -q migrations/100_base.sql && git commit -qm gone && expect_status 1 check side --json && [ "$(found)" = "GM102 error " ] &&
	start && git mv migrations/100_base.sql migrations/101_base.sql && git commit -qm renamed && expect_status 1 check side --json && has "$OUT" "100_base was renamed to 101_base"
'

test_expect_success 'GM103: one version, one name' '
	start && on main 200_a "CREATE TABLE a (id INT);" && on side 200_b "CREATE TABLE b (id INT);" && git switch -q main && expect_status 1 check side --json && has "$OUT" "GM103" && has "$OUT" "both sides add version 200" &&
	start && on main 200_a "CREATE TABLE a (id INT);" && on side 200_a "CREATE TABLE b (id INT);" && git switch -q main && expect_status 1 check side --json && has "$OUT" "GM103" && has "$OUT" "both sides add 200_a"
'

test_expect_success 'GM104, GM105: both add one column, in two ways' '
	pair "ALTER TABLE users ADD COLUMN age INT;" "ALTER TABLE users ADD COLUMN age TEXT;" 1 "GM104 error GM105 error " &&
	run_migrate check side && has "$OUT" "migrations/200_ours.sql:1" && has "$OUT" "migrations/201_theirs.sql:1" && has "$OUT" "ADD COLUMN age" && has "$OUT" "replayed: duplicate column name: age" && has "$OUT" "hint: "
'

test_expect_success 'GM105: what one drops the other uses' '
	pair "ALTER TABLE users DROP COLUMN mail;" "CREATE INDEX i ON users (mail);" 1 "GM104 error GM105 error " &&
	pair "DROP TABLE posts;" "ALTER TABLE posts ADD COLUMN x;" 1 "GM104 error GM105 error "
'

test_expect_success 'GM106: both run, the rows end differently' '
	pair "UPDATE users SET name = upper(name) || 1;" "UPDATE users SET name = name || 2;" 1 "GM104 error GM106 error "
'

test_expect_success 'GM107, GM108: dependencies' '
	start && on main 200_a "-- migrate:depends 150_none
CREATE TABLE a (id INT);" && expect_status 1 check side --json && has "$OUT" "GM107" && has "$OUT" "200_a depends on 150_none" && [ "$(json ".findings[] | select(.rule == \"GM107\") | .migrations[0].line")" = 1 ] &&
	start && on main 200_a "-- migrate:depends 201_b
CREATE TABLE a (id INT);" && on side 201_b "-- migrate:depends 200_a
CREATE TABLE b (id INT);" && git switch -q main && expect_status 1 check side --json && has "$OUT" "GM108" && has "$OUT" "200_a -> 201_b|201_b -> 200_a"
'

test_expect_success 'what many old migrations touch is kept in a few files' '
	start && git switch -q main && for i in $(seq 300 370); do echo "CREATE TABLE t$i (id INTEGER PRIMARY KEY);" >"migrations/${i}_t$i.sql"; done && commit_all many && git branch -f side &&
	on side 250_late "ALTER TABLE t310 ADD COLUMN x TEXT;" && git switch -q main && expect_status 1 check side --json && [ "$(found)" = "GM104 error GM104 note GM109 error " ] && cp "$OUT" ../first &&
	[ "$(find .git/migrate/cache/block -type f | wc -l)" -eq 1 ] && rm -rf .git/migrate/cache/replay && expect_status 1 check side --json && cmp "$OUT" ../first &&
	for f in .git/migrate/cache/block/*/*; do head -c 100 "$f" >x && mv x "$f"; done && expect_status 1 check side --json && cmp "$OUT" ../first
'

test_expect_success 'what the base has runs as its lines "depends" say' '
	start && git switch -q main && printf "%s\n" "-- migrate:depends 111_tags" "-- migrate:up" "ALTER TABLE tags ADD COLUMN n INT;" >migrations/110_more.sql &&
	printf "%s\n" "CREATE TABLE tags (id INTEGER PRIMARY KEY);" >migrations/111_tags.sql && commit_all depends && git branch -f side &&
	on main 200_ours "UPDATE tags SET n = 1;" && on side 201_theirs "ALTER TABLE tags ADD COLUMN t TEXT;" && git switch -q main &&
	expect_status 0 check side --json && [ "$(found)" = "GM104 note " ] && [ "$(json .replay)" = sqlite ] && has_not "$OUT" "does not run" &&
	expect_status 0 check side --json && [ "$(json .replay)" = sqlite ]
'

test_expect_success 'GM109: it does not run' '
	pair "CREATE TABLE a (id INT);" "INSERT INTO nowhere VALUES (1);" 1 "GM104 error GM109 error GM110 warning " && has "$OUT" "no such table: nowhere"
'

test_expect_success 'GM111: both do the same' '
	pair "ALTER TABLE users ADD COLUMN age INT;" "ALTER TABLE users  ADD COLUMN age INT; -- the same" 1 "GM111 error "
'

test_expect_success 'waived in either file' '
	start && on main 200_a "-- migrate:allow GM106 both are idempotent
-- migrate:allow GM104 both are idempotent
UPDATE users SET name = upper(name) || 1;" && on side 201_b "UPDATE users SET name = name || 2;" && git switch -q main && expect_status 0 check side --json && [ "$(found)" = "" ] && has "$OUT" "idempotent"
'

test_expect_success 'the pair says the same from either side' '
	start && on main 200_a "ALTER TABLE users RENAME COLUMN name TO nick;" && on side 201_b "CREATE VIEW v AS SELECT name FROM users;" &&
	run_migrate check main side --json && found >../one && run_migrate check side main --json && found | cmp - ../one && git switch -q side && expect_status 1 check main
'

test_expect_success 'which revisions: upstream, migrate.base, options, a merge as HEAD' '
	start && on side 201_b "ALTER TABLE users ADD COLUMN age TEXT;" && on main 200_a "ALTER TABLE users ADD COLUMN age INT;" &&
	expect_status 128 check && has "$ERR" "^fatal: nothing to check against" && has "$ERR" "^hint: " &&
	git config migrate.base side && expect_status 1 check && git config --unset migrate.base && git branch -q --set-upstream-to=side main && expect_status 1 check &&
	expect_status 1 check --base main~1 --ours main --theirs side && expect_status 128 check nowhere && has "$ERR" "nowhere" &&
	git switch -q --detach main && git merge -q --no-edit side && expect_status 1 check --json && [ "$(json .refs.ours)" = "HEAD^2" ] && git switch -q main
'

test_expect_success 'old..new: what is there already stays before, and merges in between are looked at' '
	start && on main 200_a "CREATE TABLE a (id INT);" && git tag old && on main 300_b "CREATE TABLE b (id INT);" && expect_status 0 check old..main --json && [ "$(found)" = "" ] &&
	on main 150_c "CREATE TABLE c (id INT);" && expect_status 0 check old..main --json && [ "$(found)" = "GM104 note " ] &&
	on main 160_d "ALTER TABLE a ADD COLUMN x;" && expect_status 1 check old.. --json && has "$OUT" "160_d" && has "$OUT" "GM104" &&
	start && git tag old && on side 201_b "ALTER TABLE users ADD COLUMN age TEXT;" && on main 200_a "ALTER TABLE users ADD COLUMN age INT;" && git merge -q --no-edit side &&
	expect_status 1 check old..main --json && has "$OUT" "GM105"
'

test_expect_success '--merge: the merge that is under way' '
	start && on side 201_b "ALTER TABLE users ADD COLUMN age TEXT;" && on main 200_a "ALTER TABLE users ADD COLUMN age INT;" &&
	expect_status 128 check --merge && has "$ERR" "no merge is under way" && git merge -q --no-commit side && expect_status 1 check --merge --json && has "$OUT" "GM105" && git merge --abort &&
	start && on side 201_b "CREATE TABLE b (id INT);" && on main 201_a "CREATE TABLE a (id INT);" && git merge -q --no-commit side && expect_status 1 check --merge --json && has "$OUT" "GM103" && git merge --abort
'

test_expect_success '--all-branches: each with each' '
	start && git branch c && on side 201_b "ALTER TABLE users ADD COLUMN age TEXT;" && on c 200_a "ALTER TABLE users ADD COLUMN age INT;" && git switch -q main &&
	expect_status 0 check side && expect_status 0 check c && expect_status 1 check --all-branches --json && has "$OUT" "GM105" && [ "$(json "[.findings[0].migrations[].ref] | sort | join(\" \")")" = "c side" ]
'

test_expect_success '-t: against what a database has' '
	start && git migrate apply -q && on main 300_b "ALTER TABLE users ADD COLUMN b INT;" && git migrate apply -q && expect_status 0 check -t dev --json && [ "$(found)" = "" ] &&
	on main 200_z "CREATE TABLE z (id INT);" && expect_status 0 check -t dev --json && [ "$(found)" = "GM104 note " ] && on main 201_i "CREATE INDEX i ON users (b);" && expect_status 1 check -t dev --json && has "$OUT" "201_i.* sorts before 300_b, which dev already has" &&
	git rm -q migrations/201_i.sql migrations/300_b.sql && echo "-- edited" >>migrations/100_base.sql && commit_all gone && expect_status 1 check -t dev --json && has "$OUT" "300_b is applied to dev, and not in this tree" && has "$OUT" "100_base was edited after it was applied to dev" && expect_status 128 check -t nowhere
'

test_expect_success 'bare, a linked worktree, a subfolder; the database is not needed' '
	start && on side 201_b "ALTER TABLE users ADD COLUMN age TEXT;" && on main 200_a "ALTER TABLE users ADD COLUMN age INT;" && git clone -q --bare . ../bare.git && (cd ../bare.git && expect_status 1 check main side && rm -rf ../bare.git) &&
	git worktree add -q ../linked side && (cd ../linked && expect_status 1 check main) && git worktree remove ../linked && (mkdir sub && cd sub && expect_status 1 check side) && [ ! -e dev.db ]
'

test_expect_success 'a shallow clone says what to fetch; unrelated histories' '
	start && on side 201_b "CREATE TABLE b (id INT);" && on main 200_a "CREATE TABLE a (id INT);" && git clone -q --depth 1 --no-single-branch "file://$PWD" ../shallow && (cd ../shallow && expect_status 128 check origin/side && has "$ERR" "shallow" && has "$ERR" "^hint: .*git fetch" && rm -rf ../shallow) &&
	git switch -q --orphan other && git commit -q --allow-empty -m root && expect_status 128 check main && has "$ERR" "unrelated|no common"
'

test_expect_success 'a folder that is missing on one side; another layout' '
	start && git switch -q --orphan none && git commit -q --allow-empty -m none && git switch -q main && git merge -q --allow-unrelated-histories --no-edit -s ours none && git branch -f none HEAD && git switch -q none && git rm -rq migrations && git commit -qm gone &&
	expect_status 1 check main --json && has "$OUT" "GM102" &&
	start && git switch -q side && git config -f .gitmigrate migrate.layout flyway && git mv migrations/100_base.sql migrations/V100__base.sql && commit_all flyway && git switch -q main && on main 200_a "CREATE TABLE a (id INT);" && expect_status 128 check side && has "$ERR" "flyway" && has "$ERR" "^hint: .*migrate.layout"
'

test_expect_success 'hostile and endless migrations are uncertain, and nothing is touched' '
	start && on side 201_b "CREATE TABLE b AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r;" && git switch -q main && on main 200_a "ATTACH \"$TRASH/stolen.db\" AS x;" &&
	run_migrate check side --json && [ "$STATUS" -le 1 ] && has "$OUT" "GM110" && [ ! -e "$TRASH/stolen.db" ]
'

test_expect_success 'formats, and usage' '
	start && on side 201_b "ALTER TABLE users ADD COLUMN age TEXT;" && on main 200_a "ALTER TABLE users ADD COLUMN age INT;" &&
	for f in sarif junit github gitlab json human; do expect_status 1 check side --format=$f && [ -s "$OUT" ] || return; done &&
	expect_status 129 check side --format=xml && expect_status 129 check a b c && expect_status 129 check --merge side && expect_status 129 check --remotes && expect_status 129 check --rev HEAD
'

test_expect_success 'a second check reads what the first has kept, and says the same' '
	start && on side 201_b "ALTER TABLE users ADD COLUMN age TEXT;" && on main 200_a "ALTER TABLE users ADD COLUMN age INT;" && run_migrate check side --json && cp "$OUT" ../first && [ -d .git/migrate/cache/image ] && [ -f .git/migrate/cache/pruned ] &&
	[ -z "$(find .git/migrate/cache/image -type f -size +2k)" ] && run_migrate check side --json && cmp "$OUT" ../first &&
	find .git/migrate/cache -type f -exec sh -c "head -c 10 {} >{}.x; mv {}.x {}" \; && run_migrate check side --json && cmp "$OUT" ../first && rm -rf .git/migrate/cache && run_migrate check side --json && cmp "$OUT" ../first
'

# many_tables: 71 migrations behind the base, and both sides behind them
many_tables() {
	local i

	start && git switch -q main && for i in $(seq 300 370); do echo "CREATE TABLE t$i (id INTEGER PRIMARY KEY);" >"migrations/${i}_t$i.sql"; done &&
		git config -f .gitmigrate migrate.dialect "$1" && commit_all many && git branch -f side &&
		on side 250_late "ALTER TABLE t310 ADD COLUMN x TEXT;" && on side 401_b "ALTER TABLE users ADD COLUMN age TEXT;" && on main 400_a "ALTER TABLE users ADD COLUMN age INT;"
}

cache=.git/migrate/cache

# at_once <bytes that are left of the cache>: three checks from an empty cache, and one that is killed, beside one that prunes
at_once() {
	local i pruner killed pids=

	rm -rf $cache ../go && mkfifo ../go || return
	"$(dirname "$GIT_MIGRATE")/tools/prune" $cache "$1" <../go &
	pruner=$!
	exec 7>../go
	git-migrate check side >/dev/null 2>&1 7>&- </dev/null &
	killed=$!
	for i in 1 2 3; do
		git-migrate check side --json >"../out.$i" 2>&1 7>&- </dev/null &
		pids="$pids $!"
	done
	kill -9 $killed
	wait $pids
	exec 7>&-
	wait $pruner || return
	for i in 1 2 3; do cmp "../out.$i" ../first || return; done
}

# what is kept is as one check alone keeps it; what was killed has another name
is_whole() {
	local f

	find $cache -type f ! -name "*.*" ! -name pruned | while read -r f; do cmp "$f" "../whole/${f#$cache/}" || return; done
}

test_expect_success 'many at once, while what is kept goes: the same is said, nothing is half-written' '
	for dialect in sqlite postgresql; do
		many_tables $dialect && run_migrate check side --json && cp "$OUT" ../first && has ../first GM105 && rm -rf ../whole && mv $cache ../whole &&
		for bytes in 0 20000; do at_once $bytes && is_whole && expect_status 1 check side --json && cmp "$OUT" ../first || return; done || return
	done
'

test_done
