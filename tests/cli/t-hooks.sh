#!/bin/bash
# The table of docs/hooks.md, row by row, with the git that is installed;
# checkouts are in t-hooks-checkout.sh, pushes in t-hooks-push.sh
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-hooks.sh"

# --- merge

test_expect_success 'a true merge that fits: made, and the database follows' '
	fresh &&
	gives 0 merge -m m good && has_not "$ERR" "$finds" &&
	[ "$(git rev-list --parents -1 HEAD | wc -w)" -eq 3 ] &&
	holds 1_base 2_ours 3_good
'

test_expect_success 'a true merge that does not fit: stopped, and undone by --abort' '
	fresh && head=$(git rev-parse HEAD) &&
	gives 1 merge -m m bad &&
	has "$ERR" "$finds" && has "$ERR" 5_bad && has "$ERR" 2_ours &&
	has "$ERR" "^hint: .*git merge --abort" &&
	[ "$(git rev-parse HEAD)" = "$head" ] &&
	gives 0 merge --abort &&
	holds 1_base 2_ours && [ -z "$(git status --porcelain)" ]
'

test_expect_success '... and stays stopped when it is committed' '
	fresh &&
	gives 1 merge -m m bad &&
	gives 1 commit -m m && has "$ERR" "$finds" &&
	gives 0 commit --no-verify -m m &&
	[ "$(git rev-list --parents -1 HEAD | wc -w)" -eq 3 ]
'

test_expect_success 'GIT_MIGRATE_SKIP=1 switches ours off' '
	fresh &&
	GIT_MIGRATE_SKIP=1 gives 0 merge -m m bad &&
	[ ! -s "$ERR" ] && holds 1_base 2_ours
'

test_expect_success 'a merge in a subfolder, and in a linked work tree' '
	fresh && mkdir -p sub && cd sub &&
	gives 1 merge -m m bad && has "$ERR" "$finds" && cd .. &&
	git merge --abort &&
	git worktree add -q ../side -b side main 2>/dev/null && cd ../side &&
	gives 1 merge -m m bad && has "$ERR" "$finds"
'

test_expect_success 'several branches at once (octopus)' '
	fresh &&
	gives 1 merge -m m good bad && has "$ERR" "$finds" &&
	git reset -q --hard && rm -f .git/MERGE_* &&
	gives 0 merge -m m good more &&
	[ "$(git rev-list --parents -1 HEAD | wc -w)" -eq 4 ] &&
	holds 1_base 2_ours 3_good 4_more
'

test_expect_success 'two of an octopus that do not fit each other' '
	fresh && git switch -q -c base good~1 &&
	git branch same main && echo 1 >z && commit_all z &&
	gives 1 merge -m m same bad && has "$ERR" "$finds"
'

test_expect_success 'a merge with conflicts, when it is committed' '
	fresh && echo ours >code && commit_all ours &&
	git switch -q bad 2>/dev/null && echo theirs >code && commit_all theirs &&
	git switch -q main 2>/dev/null &&
	gives 1 merge -m m bad && has_not "$ERR" "$finds" &&
	echo both >code && git add code &&
	gives 1 commit -m m && has "$ERR" "$finds" &&
	GIT_EDITOR=true gives 1 merge --continue && has "$ERR" "$finds" &&
	echo "CREATE TABLE theirs (b);" >migrations/5_bad.sql && git add -A &&
	GIT_MIGRATE_SKIP=1 gives 0 commit -m m
'

test_expect_success 'merge --no-commit, then commit' '
	fresh &&
	gives 0 merge --no-commit bad && has_not "$ERR" "$finds" &&
	gives 1 commit -m m && has "$ERR" "$finds"
'

test_expect_success 'a fast-forward: warned, and the database follows' '
	fresh &&
	gives 0 merge edit &&
	has "$ERR" GM101 && has "$ERR" "^hint: .*git reset --keep ORIG_HEAD" &&
	[ "$(git rev-parse HEAD)" = "$(git rev-parse edit)" ] &&
	holds 1_base 2_ours && sql "SELECT b FROM base"
'

test_expect_success 'merge --squash: nothing is said, and nothing follows' '
	fresh &&
	gives 0 merge --squash bad && has_not "$ERR" "$finds" &&
	holds 1_base 2_ours &&
	gives 0 commit -m m && [ ! -s "$ERR" ] && holds 1_base 2_ours
'

test_expect_success 'merge --no-verify: not checked; the database cannot follow, and says so' '
	fresh &&
	gives 0 merge --no-verify -m m bad &&
	has_not "$ERR" "$finds" && has "$ERR" "^error: .*5_bad" &&
	holds 1_base 2_ours
'

# --- what moves branches otherwise

test_expect_success 'rebase: the database follows at its end' '
	fresh && git switch -q more 2>/dev/null && holds 1_base 4_more &&
	cat >.git/hooks/post-commit <<-\EOF &&
	#!/bin/sh
	sqlite3 dev.db "SELECT name FROM git_migrate_migrations
		WHERE status = \"applied\"" | tr "\n" " " >seen
	EOF
	chmod +x .git/hooks/post-commit &&
	gives 0 rebase main && holds 1_base 2_ours 4_more &&
	[ "$(cat seen)" = "1_base 4_more " ]
'

test_expect_success 'rebase that stops on the way: not before it ends' '
	fresh && echo ours >code && commit_all ours &&
	git switch -q more 2>/dev/null && echo theirs >code && commit_all theirs &&
	holds 1_base 4_more &&
	gives 1 rebase main && holds 1_base 4_more &&
	echo both >code && git add code &&
	git commit -q -m x && gives 0 commit --amend -m y && holds 1_base 4_more &&
	GIT_EDITOR=true gives 0 rebase --continue && holds 1_base 2_ours 4_more
'

test_expect_success 'rebase that only moves forward: the command is told' '
	fresh && git switch -q -c behind good~1 2>/dev/null && holds 1_base &&
	gives 0 rebase main && holds 1_base &&
	has "$ERR" "^warning: dev is not what is checked out: apply 2_ours$" &&
	has "$ERR" "^hint: git migrate reconcile$"
'

test_expect_success 'pull --rebase' '
	fresh && git switch -q more 2>/dev/null &&
	gives 0 pull -q --rebase . main && holds 1_base 2_ours 4_more
'

test_expect_success 'rebase --apply, which tells nothing of itself at its start' '
	fresh && git switch -q more 2>/dev/null &&
	gives 0 rebase --apply main && holds 1_base 2_ours 4_more
'

test_expect_success 'cherry-pick and revert run no hook of ours; status notices' '
	fresh && gives 0 cherry-pick good && holds 1_base 2_ours &&
	expect_status 0 status && has "$OUT" "^pending +3_good" &&
	gives 0 revert --no-edit HEAD && holds 1_base 2_ours &&
	gives 0 cherry-pick bad && has_not "$ERR" "$finds"
'

test_expect_success 'commit does nothing, amend follows' '
	fresh && migration 7_new <<<"CREATE TABLE five (a);" 2>"$ERR" &&
	[ ! -s "$ERR" ] && holds 1_base 2_ours &&
	git migrate apply -q &&
	echo "CREATE TABLE five (a, b);" >migrations/7_new.sql &&
	gives 0 commit -q --amend -a -m x && holds 1_base 2_ours 7_new &&
	sql "SELECT b FROM five"
'

test_done
