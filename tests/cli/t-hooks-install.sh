#!/bin/bash
# git migrate hooks: getting into a repository, out again, and being run there
. "$(dirname "$0")/lib.sh"

git migrate init -q && commit_all 'Set up' || exit 128
names='pre-commit pre-merge-commit pre-push post-checkout post-merge post-rewrite'
own=$(realpath "$GIT_MIGRATE")

all_are() { # <state>: of every hook
	expect_status 0 hooks --json &&
		[ "$(json '[.hooks[].state] | unique | join(" ")')" = "$1" ]
}

test_expect_success 'status of none, install, status, install again' '
	expect_status 0 hooks && has "$OUT" "^hooks folder: .git/hooks$" &&
	[ "$(grep -c " absent$" "$OUT")" -eq 6 ] &&
	has "$ERR" "^hint: git migrate hooks install$" &&
	expect_status 0 hooks install &&
	for n in $names; do has "$OUT" "^installed $n$" || return 1; done &&
	all_are installed &&
	[ "$(json ".hooks[0].program")" = "$own" ] &&
	expect_status 0 hooks install && has "$OUT" "^nothing to do$" &&
	expect_status 0 hooks && [ "$(grep -c "  installed$" "$OUT")" -eq 6 ]
'

test_expect_success 'hooks are executable and name no repository' '
	for n in $names; do
		[ -x ".git/hooks/$n" ] && has_not ".git/hooks/$n" "$TRASH/repo" &&
		has ".git/hooks/$n" "$own" || return 1
	done && sh -n .git/hooks/pre-push
'

test_expect_success 'uninstall, of some and of all, leaves no trace' '
	expect_status 0 hooks uninstall pre-push post-merge &&
	[ ! -e .git/hooks/pre-push ] && [ -e .git/hooks/post-checkout ] &&
	expect_status 0 hooks uninstall -q && [ ! -s "$OUT" ] &&
	all_are absent && [ -z "$(ls .git/hooks | grep -v sample)" ] &&
	expect_status 0 hooks uninstall && has "$OUT" "^nothing to do$"
'

test_expect_success 'some by name; names that are none' '
	expect_status 0 hooks install post-checkout -q &&
	[ "$(ls .git/hooks | grep -v sample)" = post-checkout ] &&
	expect_status 129 hooks install post-chekout &&
	has "$ERR" "^hint: did you mean .post-checkout.\?$" &&
	expect_status 1 hooks install pre-receive &&
	has "$ERR" "bare repository" &&
	expect_status 129 hooks frobnicate && expect_status 129 hooks status x &&
	expect_status 129 hooks uninstall --files &&
	git migrate hooks uninstall -q
'

test_expect_success 'a hook that is there runs first, with its arguments and lines' '
	cat >.git/hooks/pre-push <<-\EOF && chmod +x .git/hooks/pre-push &&
	#!/bin/sh
	echo "$@" >args
	cat >lines
	[ ! -e stop ] || exit 3
	EOF
	cp .git/hooks/pre-push kept && expect_status 0 hooks install &&
	has "$OUT" "^installed pre-push, which runs .git/hooks/pre-push.before-git-migrate first$" &&
	git init -q --bare -b main ../up.git && git remote add origin ../up.git &&
	git push -q origin main && has args "^origin ../up.git$" &&
	has lines "^refs/heads/main [0-9a-f]{40} refs/heads/main 0{40}$" &&
	touch stop && ! git push -q origin main:x 2>err && rm stop &&
	expect_status 0 hooks uninstall && cmp kept .git/hooks/pre-push &&
	[ "$(ls .git/hooks | grep -v sample)" = pre-push ] &&
	rm .git/hooks/pre-push kept args lines err
'

test_expect_success 'core.hooksPath, in the tree and outside of it' '
	git config core.hooksPath hooks.d && mkdir sub && (cd sub &&
		expect_status 0 hooks install && [ ! -s "$ERR" ]) &&
	[ -x hooks.d/pre-push ] && [ ! -e .git/hooks/pre-push ] &&
	expect_status 0 hooks uninstall && [ -z "$(ls hooks.d)" ] &&
	rmdir hooks.d sub &&
	git config core.hooksPath "$TRASH/shared" &&
	expect_status 0 hooks install && [ -x "$TRASH/shared/pre-push" ] &&
	has "$ERR" "^warning: .*/shared is outside of this repository" &&
	expect_status 0 hooks uninstall &&
	git config core.hooksPath /dev/null &&
	expect_status 1 hooks install && has "$ERR" "switched off: /dev/null" &&
	git config --unset core.hooksPath
'

test_expect_success 'a folder that cannot be made or written: nothing is changed' '
	git config core.hooksPath .gitmigrate/hooks &&
	expect_status 128 hooks install && has "$ERR" "^fatal: .*hooks folder" &&
	[ "$(wc -l <"$ERR")" -eq 1 ] && cp .git/config config.before &&
	git config core.hooksPath /proc/none/hooks && cp .git/config config.before &&
	expect_status 128 hooks install && has "$ERR" "^fatal: .*hooks folder" &&
	has "$ERR" "^hint: core.hooksPath" && cmp .git/config config.before &&
	git config --unset core.hooksPath && rm config.before &&
	[ -z "$(ls .git/hooks | grep -v sample)" ] && all_are absent &&
	if [ "$(id -u)" -ne 0 ]; then
		chmod a-w .git/hooks && expect_status 1 hooks install &&
		has "$ERR" "cannot be written to|hooks folder" &&
		chmod u+w .git/hooks && [ -z "$(ls .git/hooks | grep -v sample)" ]
	fi
'

test_expect_success 'a linked work tree has the hooks of its repository' '
	git worktree add -q ../side 2>/dev/null && (cd ../side &&
		expect_status 0 hooks install -q) && all_are installed &&
	git worktree remove ../side && git migrate hooks uninstall -q
'

test_expect_success 'managers: the lines are printed, nothing is changed' '
	for m in husky:.husky/pre-push lefthook:lefthook.yml \
		pre-commit:.pre-commit-config.yaml; do
		f=${m#*:} && mkdir -p "$(dirname "$f")" && touch "$f" &&
		expect_status 1 hooks install &&
		has "$ERR" "^error: ${m%%:*} makes the hooks" &&
		for n in $names; do
			has "$OUT" "git migrate hook $n --" || return 1
		done &&
		[ -z "$(ls .git/hooks | grep -v sample)" ] &&
		expect_status 1 hooks install --json &&
		[ "$(json .manager)" = "${m%%:*}" ] &&
		json .snippet | grep -q "git migrate hook pre-push" &&
		expect_status 0 hooks install --files -q && all_are installed &&
		git migrate hooks uninstall -q && rm -r "${f%%/*}" || return 1
	done
'

test_expect_success 'git 2.54: by configuration, run as git would' '
	mkdir new && cat >new/git <<-EOF && chmod +x new/git &&
	#!/bin/sh
	[ "\$1" = version ] && echo git version 2.54.0 && exit
	exec $(command -v git) "\$@"
	EOF
	cp .git/config config.before && PATH=$PWD/new:$PATH &&
	git-migrate hooks install >out &&
	has out "^installed pre-push .git.s configuration.$" &&
	[ -z "$(ls .git/hooks | grep -v sample)" ] &&
	[ "$(git config hook.git-migrate-post-merge.event)" = post-merge ] &&
	git-migrate hooks install >out && has out "^nothing to do$" &&
	all_are installed && [ "$(json ".hooks[0].way")" = config ] &&
	c=$(git config hook.git-migrate-pre-push.command) &&
	sh -c "$c \"\$@\"" "$c" origin ../up.git </dev/null &&
	touch lefthook.yml && git-migrate hooks install -q && rm lefthook.yml &&
	git-migrate hooks uninstall -q && cmp .git/config config.before &&
	PATH=${PATH#*:} && rm -r new config.before out
'

# --- being run

fits_not() { # two branches, and a merge that does not fit is under way
	git checkout -q -f main && git branch -qD a b 2>/dev/null
	git switch -q -c a main && migration 2_a <<<'CREATE TABLE same (a);' &&
		git switch -q -c b main &&
		migration 3_b <<<'CREATE TABLE same (b);' && rm -f .git/MERGE_*
}

test_expect_success 'a small PATH, no terminal, no home' '
	migration 1_base <<<"CREATE TABLE base (a);" && git migrate hooks install -q &&
	fits_not &&
	! env -i PATH=/usr/bin:/bin GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a \
		setsid -w git merge -m m a >out 2>err </dev/null &&
	has err "^error: pre-merge-commit: the merge is stopped" && git merge --abort
'

test_expect_success 'commit -a and commit of the merge with an index of its own' '
	fits_not && git merge -q --no-commit a && ! git commit -a -m m 2>err &&
	has err "^error: pre-commit: the merge is stopped" && git merge --abort
'

test_expect_success 'a repository that was moved' '
	fits_not && cp -a . ../copied && mv ../copied ../moved && cd ../moved &&
	! git merge -m m a 2>err && has err "the merge is stopped" &&
	has err " 2_a [(]theirs, a, " && all_are installed
'

test_expect_success 'a program that was moved is found in PATH' '
	mkdir ../prog && cp "$own" ../prog/git-migrate && (
		PATH=$TRASH/prog:$PATH && git migrate hooks install -q) &&
	has .git/hooks/pre-push "$TRASH/prog/git-migrate" &&
	mv ../prog/git-migrate ../prog/elsewhere && fits_not &&
	! git merge -m m a 2>err && has err "the merge is stopped" &&
	git merge --abort
'

test_expect_success 'a program that is gone stops nothing, unless it is required' '
	none=$(echo "$PATH" | sed "s|$TRASH/bin:||") && fits_not &&
	expect_status 0 hooks && has "$OUT" "pre-push .*stale; .*/prog/git-migrate is gone$" &&
	! PATH=$none git -c migrate.hooks=required merge -m m a 2>err &&
	has err "^error: pre-merge-commit: git-migrate cannot run" &&
	git merge --abort &&
	PATH=$none git merge -q -m m a 2>err && has err "^warning: pre-merge-commit" &&
	PATH=$none git switch -q a && git migrate hooks install -q &&
	all_are installed
'

test_expect_success 'migrate.hooks: warn and off' '
	fits_not && git -c migrate.hooks=warn merge -q -m m a 2>err &&
	has err "^error: .*GM10" && has_not err "is stopped" &&
	fits_not && git -c migrate.hooks=off merge -q -m m a 2>err && [ ! -s err ]
'

test_expect_success 'a check that cannot be made: a warning, unless it is required' '
	fits_not && git switch -q --orphan c && migration 3_c <<<"SELECT 1;" &&
	git switch -q b && cp .gitmigrate ../kept &&
	git merge -q --allow-unrelated-histories -m m c 2>err &&
	has err "^warning: pre-merge-commit: not checked: " &&
	git reset -q --hard HEAD~1 && git branch -qD c &&
	git config migrate.hooks requird && git merge -q -m m a 2>err &&
	has err "^warning: .*requird. is not on, required, warn or off" &&
	git reset -q --hard HEAD~1 && git config migrate.hooks required &&
	printf "[migrate\n" >.gitmigrate &&
	! git merge -m m a 2>err &&
	has err "^error: pre-merge-commit: migrations cannot be checked" &&
	git checkout -q -f .gitmigrate && git merge --abort &&
	git config --unset migrate.hooks
'

test_expect_success 'outside of any repository, and by hand' '
	(cd / && expect_status 0 hook pre-commit && has "$ERR" "^warning: ") &&
	expect_status 129 hook && expect_status 129 hook nosuch &&
	expect_status 0 hook post-checkout && expect_status 0 hook pre-push x &&
	expect_status 0 hook update
'

test_expect_success 'what pre-commit tells in its environment' '
	git switch -q main && git migrate hooks uninstall -q && git migrate apply -q &&
	git switch -q a && export PRE_COMMIT=1 &&
	PRE_COMMIT_CHECKOUT_TYPE=1 PRE_COMMIT_FROM_REF=$(git rev-parse main) \
		PRE_COMMIT_TO_REF=$(git rev-parse a) run_migrate hook post-checkout &&
	has "$ERR" "^warning: dev is not what is checked out: apply 2_a$" &&
	PRE_COMMIT_CHECKOUT_TYPE=0 PRE_COMMIT_FROM_REF=$(git rev-parse main) \
		PRE_COMMIT_TO_REF=$(git rev-parse a) run_migrate hook post-checkout &&
	[ ! -s "$ERR" ] &&
	echo "CREATE TABLE amended (a);" >migrations/2_a.sql &&
	git commit -q -a --amend -m x && PRE_COMMIT_REWRITE_COMMAND=amend \
		run_migrate hook post-rewrite </dev/null &&
	has "$ERR" "^warning: dev is not what is checked out: apply 2_a$" &&
	git push -q origin main && unset PRE_COMMIT &&
	echo "CREATE TABLE base (a, b);" >migrations/1_base.sql && commit_all edit &&
	PRE_COMMIT=1 PRE_COMMIT_REMOTE_NAME=origin \
		PRE_COMMIT_LOCAL_BRANCH=refs/heads/a \
		PRE_COMMIT_TO_REF=$(git rev-parse a) \
		PRE_COMMIT_REMOTE_BRANCH=refs/heads/a \
		PRE_COMMIT_FROM_REF=$(git rev-parse main) \
		expect_status 1 hook pre-push && has "$ERR" GM101
'

test_done
