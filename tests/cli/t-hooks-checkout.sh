#!/bin/bash
# The rows of docs/hooks.md about checkouts, and whose database may follow
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-hooks.sh"

# --- checkouts

test_expect_success 'switch, to a branch and to a commit' '
	fresh && gives 0 switch good && holds 1_base 3_good &&
	gives 0 checkout --detach main && holds 1_base 2_ours &&
	gives 0 switch - && holds 1_base 3_good
'

test_expect_success 'a switch that brings no migration, and switch -c: silent' '
	fresh && git switch -q good 2>/dev/null &&
	gives 0 switch -q -c same && [ ! -s "$ERR" ] &&
	echo x >x && commit_all x && mv dev.db kept.db &&
	gives 0 switch -q good && [ ! -s "$ERR" ] && [ ! -e dev.db ]
'

test_expect_success 'restore and checkout of files: silent' '
	fresh && gives 0 checkout -q good -- migrations && [ ! -s "$ERR" ] &&
	gives 0 restore -q --source good migrations && [ ! -s "$ERR" ] &&
	holds 1_base 2_ours
'

test_expect_success 'bisect: the database follows when it ends' '
	fresh && for i in 1 2 3 4; do
		migration "6${i}_x" <<<"CREATE TABLE six_$i (a);" || return 1
	done && git migrate apply -q &&
	gives 0 bisect start HEAD HEAD~4 &&
	holds 1_base 2_ours 61_x 62_x 63_x 64_x &&
	gives 0 bisect good && holds 1_base 2_ours 61_x 62_x 63_x 64_x &&
	git migrate rollback -q &&
	gives 0 bisect reset && holds 1_base 2_ours 61_x 62_x 63_x 64_x
'

test_expect_success 'worktree add: the command is told' '
	fresh && gives 0 worktree add ../side good &&
	has "$ERR" "^warning: dev is not what is checked out: apply 1_base, 3_good$" &&
	has "$ERR" "^hint: git migrate reconcile$" && [ ! -e ../side/dev.db ] &&
	holds 1_base 2_ours
'

test_expect_success 'clone with a template: the command is told' '
	fresh && mkdir -p ../t/hooks && cp .git/hooks/post-checkout ../t/hooks &&
	gives 0 clone -q --template="$PWD/../t" . ../clone &&
	has "$ERR" "^hint: git migrate reconcile$" && [ ! -e ../clone/dev.db ]
'

test_expect_success 'reset --hard and stash run no hook; status notices' '
	fresh && gives 0 reset -q --hard good && [ ! -s "$ERR" ] &&
	holds 1_base 2_ours && git migrate status >"$OUT" 2>&1 &&
	head -n 1 "$OUT" >first && has first "^hint: the database does not match this commit: 1 applied migration is not in it; .git migrate reconcile. makes it follow$" &&
	rm first && has "$OUT" "^foreign +2_ours" && has "$OUT" "^pending +3_good" &&
	expect_status 0 reconcile && holds 1_base 3_good &&
	echo >>migrations/3_good.sql && gives 0 stash && [ ! -s "$ERR" ]
'

# --- notify, off, and who is trusted

told() { # <file> <what> [<why>]: the two lines, and nothing else
	[ "$(wc -l <"$1")" -eq 2 ] &&
		has "$1" "^warning: dev is not what is checked out: $2$" &&
		has "$1" "^hint: git migrate reconcile${3-}$"
}

test_expect_success 'notify says two lines; off, CI and a skip say none' '
	fresh && git config migrate.dev.reconcile notify &&
	gives 0 switch -q good && told "$ERR" "take back 2_ours; apply 3_good" &&
	gives 0 switch -q more && holds 1_base 2_ours &&
	git config --unset migrate.dev.reconcile &&
	gives 0 switch -q good && told "$ERR" "take back 2_ours; apply 3_good" &&
	git config migrate.dev.reconcile off &&
	gives 0 switch -q more && [ ! -s "$ERR" ] &&
	git config migrate.dev.reconcile auto &&
	CI=true gives 0 switch -q good && [ ! -s "$ERR" ] &&
	GIT_MIGRATE_SKIP=1 gives 0 switch -q more && [ ! -s "$ERR" ] &&
	holds 1_base 2_ours &&
	git config migrate.dev.reconcile sometimes &&
	gives 0 switch -q good && has "$ERR" "^warning: .*sometimes. is not auto"
'

test_expect_success 'silent where nothing differs, and where nothing was ever applied' '
	fresh && git config migrate.dev.reconcile notify &&
	GIT_MIGRATE_SKIP=1 git switch -q good && git migrate reconcile -q &&
	GIT_MIGRATE_SKIP=1 git switch -q main &&
	gives 0 switch -q good && [ ! -s "$ERR" ] &&
	rm dev.db && gives 0 switch -q main && [ ! -s "$ERR" ] && [ ! -e dev.db ]
'

test_expect_success 'other targets: when they ask for it, by their names' '
	fresh && git config migrate.target dev && git config migrate.dev.reconcile off &&
	git config migrate.two.url sqlite:two.db && git migrate apply -q -t two &&
	gives 0 switch -q good && [ ! -s "$ERR" ] &&
	git config migrate.two.reconcile notify &&
	gives 0 switch -q main && [ ! -s "$ERR" ] &&
	gives 0 switch -q more && has "$ERR" "^hint: git migrate reconcile -t two$" &&
	[ "$(wc -l <"$ERR")" -eq 2 ]
'

# The target may be another database from now on.
anew() {
	rm -f dev.db && git symbolic-ref -d refs/migrate/ledger/dev
}

# What .gitmigrate says of all branches, committed beforehand.
versioned() {
	fresh && anew && git config --unset migrate.dev.url &&
		git config --unset migrate.dev.reconcile
	for b in good main; do
		git switch -q "$b" 2>/dev/null &&
			git config -f .gitmigrate migrate.dev.url "$1" &&
			git config -f .gitmigrate migrate.dev.reconcile auto &&
			commit_all trust || return 1
	done
}
not_by_itself='" [(]not by itself: .gitmigrate says which database[)]"'

test_expect_success 'a versioned setting may reach a file of the work tree' '
	versioned sqlite:dev.db && git migrate apply -q &&
	gives 0 switch -q good && holds 1_base 3_good
'

test_expect_success '... or of the git folder' '
	versioned sqlite:.git/dev.db && git migrate apply -q &&
	gives 0 switch -q good &&
	[ -n "$(sqlite3 .git/dev.db "SELECT 1 FROM sqlite_master WHERE name = \"good\"")" ]
'

test_expect_success '... but none outside, also by a link' "
	versioned sqlite:../dev.db && git migrate apply -q && gives 0 switch -q good &&
	told \"\$ERR\" 'take back 2_ours; apply 3_good' $not_by_itself &&
	versioned sqlite:to/dev.db && ln -s .. to && git migrate apply -q &&
	gives 0 switch -q good &&
	told \"\$ERR\" 'take back 2_ours; apply 3_good' $not_by_itself
"

test_expect_success '... and none that is tracked' "
	versioned sqlite:dev.db && git migrate apply -q && git add -f dev.db && git commit -q -m db &&
	git switch -q -c other && git rm -q migrations/2_ours.sql &&
	git commit -q -m less && gives 0 switch -q main &&
	GIT_MIGRATE_SKIP=1 git switch -q other && cp dev.db ../before.db &&
	gives 0 switch -q main && cmp dev.db ../before.db &&
	gives 0 switch -q other && cmp dev.db ../before.db &&
	told \"\$ERR\" 'take back 2_ours' $not_by_itself
"

test_expect_success 'own settings reach any database' '
	fresh && anew && git config migrate.dev.url "sqlite:$TRASH/tree/far.db" &&
	git migrate apply -q && gives 0 switch -q good &&
	[ -n "$(sqlite3 ../far.db "SELECT 1 FROM sqlite_master WHERE name = \"good\"")" ]
'

test_expect_success 'own url, versioned reconcile: not by itself' "
	fresh && anew && git config --unset migrate.dev.reconcile &&
	git config migrate.dev.url \"sqlite:\$TRASH/tree/far.db\" &&
	for b in good main; do
		git switch -q \$b 2>/dev/null &&
		git config -f .gitmigrate migrate.dev.reconcile auto &&
		commit_all trust || return 1
	done && git migrate apply -q && gives 0 switch -q good &&
	told \"\$ERR\" 'take back 2_ours; apply 3_good' $not_by_itself
"

test_expect_success 'where rows are pushed to is no say of a branch' "
	fresh && for b in good main; do
		git switch -q \$b 2>/dev/null &&
		git config -f .gitmigrate migrate.dev.snapshotStore remote:origin &&
		commit_all store || return 1
	done && gives 0 switch -q good && holds 1_base 2_ours &&
	told \"\$ERR\" 'take back 2_ours; apply 3_good' \" [(]not by itself: .gitmigrate says where rows go[)]\" &&
	git config migrate.dev.snapshotStore clone && gives 0 switch -q main && gives 0 switch -q good && holds 1_base 3_good
"

# Each is a branch that was fetched, and $1 a place beside the repository.
hostile() {
	cat <<-SQL
	ATTACH '$1/a' AS a; CREATE TABLE a.x (a)
	SELECT load_extension('$1/b')
	SELECT writefile('$1/c', 'x')
	PRAGMA temp_store_directory = '$1'
	DELETE FROM git_migrate_history
	UPDATE sqlite_schema SET sql = 'x'
	SQL
	printf -- '-- migrate:no-transaction\tVACUUM INTO "%s/d"\n' "$1"
}

test_expect_success 'a hostile migration reaches nothing but rows and tables of the database' '
	fresh && mkdir ../place && cp dev.db ../before.db && n=0 && hostile "$TRASH/tree/place" >../hostile &&
	while read -r statement; do
		n=$((n + 1)) && git switch -q -c "hostile$n" main 2>/dev/null &&
		printf "%s;\n" "$statement" | tr "\t" "\n" | migration 9_hostile && GIT_MIGRATE_SKIP=1 git switch -q main &&
		gives 0 switch "hostile$n" && has "$ERR" "^error: migrations/9_hostile" && holds 1_base 2_ours &&
		GIT_MIGRATE_SKIP=1 git switch -q main || return 1
	done <../hostile && [ $n -eq 7 ] && [ -z "$(ls ../place)" ] &&
	[ "$(sql "SELECT count(*) FROM git_migrate_history WHERE event = \"apply\"")" = 2 ]
'

# with one other column, an edited row looks like another one with its key
test_expect_success 'a row that may be another: nothing is done, and one line says what each choice does' '
	fresh && git switch -q -c wide 2>/dev/null && migration 7_wide <<<"CREATE TABLE wide (id INTEGER PRIMARY KEY, name, size);
		INSERT INTO wide VALUES (1, \"a\", 10), (2, \"b\", 20);" && git migrate apply -q && git switch -q -c narrow 2>/dev/null &&
	migration 8_narrow <<<"ALTER TABLE wide DROP COLUMN size;" && git migrate apply -q && sql "UPDATE wide SET name = \"c\" WHERE id = 2" &&
	gives 0 switch -q wide && holds 1_base 2_ours 7_wide 8_narrow && has "$ERR" "^conflict: 8_narrow: table wide: 1 row KEY_REUSED$" &&
	has "$ERR" "^hint: nothing was changed; git migrate reconcile -t dev --on-conflict=keep .*--on-conflict=restore .*; of KEY_REUSED: restore where .* edited since, .*; keep where another row" &&
	[ "$(grep -c "on-conflict" "$ERR")" = 1 ] && expect_status 0 reconcile --on-conflict=restore &&
	[ "$(sql "SELECT group_concat(name || size) FROM wide")" = a10,c20 ] && gives 0 switch -q narrow && sql "UPDATE wide SET name = \"d\" WHERE id = 1" &&
	gives 0 switch -q wide && expect_status 0 reconcile --on-conflict=keep && [ "$(sql "SELECT group_concat(name || ifnull(size, 0)) FROM wide")" = d0,c20 ]
'

test_expect_success 'what goes wrong is said, and git ends as it would' '
	fresh && git config migrate.dev.url postgresql://127.0.0.1:1/none &&
	gives 0 switch -q good && has "$ERR" "^(fatal|error): dev: cannot connect" &&
	git config migrate.dev.url sqlite:dev.db &&
	echo "CREATE TABLE" >migrations/3_good.sql && commit_all wrong &&
	gives 0 switch -q main && holds 1_base 2_ours && gives 0 switch -q good &&
	has "$ERR" "^error: .*3_good" && holds 1_base 2_ours
'

test_done
