#!/bin/bash
# contrib/ci and .pre-commit-hooks.yaml: the commands that they run, in clones as
# the services make them, whole ones and ones of depth 1
. "$(dirname "$0")/lib.sh"

TOP=$(cd "$TEST_DIR/../.." && pwd)
UP=$TRASH/up
ZEROS=0000000000000000000000000000000000000000

commands() {
	python3 "$TEST_DIR/../support/ci_commands.py" "$@"
}

# the commands of a file, as its service runs them
run_commands() { # <file> <variable=value>... <shell> <option>...
	commands "$1" >"$TRASH/commands" || return 1
	shift
	STATUS=0
	env "$@" "$TRASH/commands" >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
}

# main and two branches, one of which does not go with it; a merge of each as
# GitHub keeps it
test_expect_success 'pull requests: one is fine, one is not' '
	git init -q -b main "$UP" && cd "$UP" && mkdir migrations &&
	printf "[migrate]\n\tdialect = sqlite\n\tlayout = native\n" >.gitmigrate &&
	echo "CREATE TABLE users (id integer PRIMARY KEY);" >migrations/1_users.sql &&
	commit_all base && git switch -q -c good &&
	echo "ALTER TABLE users ADD COLUMN phone text;" >migrations/3_phone.sql &&
	commit_all phone && git switch -q -c bad main &&
	echo "ALTER TABLE users ADD COLUMN mail varchar(20);" >migrations/4_mail.sql &&
	commit_all mail && git commit -q --allow-empty -m "one more" && git switch -q main &&
	echo "ALTER TABLE users ADD COLUMN mail text;" >migrations/2_mail.sql &&
	commit_all "mail, too" &&
	for branch in good bad; do
		git merge -q --no-ff -m "Merge $branch" "$branch" &&
		git update-ref "refs/pull/$branch/merge" HEAD &&
		git update-ref "refs/queue/$branch" HEAD &&
		git reset -q --hard HEAD^ || return 1
	done
'

# what actions/checkout leaves behind: fetched by ref, detached
checkout() { # <folder> <ref> [<depth>]
	rm -rf "${TRASH:?}/$1" && git init -q -b none "$TRASH/$1" && cd "$TRASH/$1" &&
		git remote add origin "file://$UP" &&
		git fetch -q --no-tags ${3:+--depth="$3"} origin \
			"+$2:refs/remotes/checked-out" \
			${4-"+refs/heads/*:refs/remotes/origin/*"} &&
		git checkout -q --detach refs/remotes/checked-out
}

GITHUB=$TOP/contrib/ci/github-actions.yml
github() { # <event> [variable=value]
	run_commands "$GITHUB" EVENT="$1" BRANCH=main GROUP_BASE= BEFORE= \
		${2:+"$2"} bash -e
}

test_expect_success 'GitHub: the clone is whole' '
	has "$GITHUB" "^ +fetch-depth: 0\b" && has "$GITHUB" "^  merge_group:$"
'

test_expect_success 'GitHub: a pull request that is fine' '
	checkout gh refs/pull/good/merge && github pull_request &&
	[ $STATUS = 0 ] && has_not "$OUT" "^::error"
'

test_expect_success 'GitHub: one that is not, with annotations' '
	checkout gh refs/pull/bad/merge && github pull_request &&
	[ $STATUS = 1 ] && has "$OUT" "^::error file=migrations/4_mail.sql.*title=GM105" &&
	has "$OUT" "2_mail.*origin/main" && has "$OUT" "git migrate rebase --onto origin/main"
'

test_expect_success 'GitHub: the base is what the merge has, although main went on' '
	checkout gh refs/pull/bad/merge && old=$(git rev-parse HEAD^1) &&
	git update-ref refs/remotes/origin/main HEAD^2 && github pull_request &&
	[ $STATUS = 1 ] && [ "$(git rev-parse origin/main)" = "$old" ]
'

test_expect_success 'GitHub: a merge queue' '
	checkout gh refs/queue/bad && github merge_group GROUP_BASE="$(git rev-parse HEAD^1)" &&
	[ $STATUS = 1 ] && has "$OUT" "^::error.*GM105" &&
	checkout gh refs/queue/good && github merge_group GROUP_BASE="$(git rev-parse HEAD^1)" &&
	[ $STATUS = 0 ]
'

test_expect_success 'GitHub: a push' '
	checkout gh refs/heads/main && github push BEFORE="$(git rev-parse HEAD^)" &&
	[ $STATUS = 0 ] && github push BEFORE=$ZEROS && [ $STATUS = 0 ] && [ ! -s "$OUT" ]
'

test_expect_success 'GitHub: a clone of depth 1: 128, and what to do' '
	checkout gh refs/pull/bad/merge 1 "" && github pull_request &&
	[ $STATUS = 128 ] && has "$ERR" "^hint: this clone is shallow: git fetch .*--unshallow" &&
	git fetch -q --unshallow origin && github pull_request && [ $STATUS = 1 ]
'

GITLAB=$TOP/contrib/ci/gitlab-ci.yml
gitlab() { # [variable=value]
	run_commands "$GITLAB" CI_COMMIT_BEFORE_SHA=$ZEROS \
		CI_MERGE_REQUEST_EVENT_TYPE= \
		CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main ${1:+"$1"} bash -e
}

test_expect_success 'GitLab: a merge request, and its reports' '
	has "$GITLAB" "GIT_DEPTH: 0\b" &&
	checkout gl refs/heads/bad "" "" && gitlab CI_MERGE_REQUEST_EVENT_TYPE=detached &&
	[ $STATUS = 1 ] && has "$OUT" "^error: .*\[GM105\]$" &&
	python3 "$TEST_DIR/../support/findings_check.py" gitlab gl-code-quality-report.json &&
	python3 "$TEST_DIR/../support/findings_check.py" junit migrations.xml &&
	[ "$(jq -r ".[].check_name" gl-code-quality-report.json | grep -c GM105)" = 1 ] &&
	checkout gl refs/heads/good "" "" && gitlab CI_MERGE_REQUEST_EVENT_TYPE=detached &&
	[ $STATUS = 0 ] && has migrations.xml "failures=.0."
'

test_expect_success 'GitLab: merged results, merge trains, and pushes' '
	for type in merged_result merge_train; do
		checkout gl refs/pull/bad/merge && gitlab CI_MERGE_REQUEST_EVENT_TYPE=$type &&
		[ $STATUS = 1 ] &&
		checkout gl refs/pull/good/merge && gitlab CI_MERGE_REQUEST_EVENT_TYPE=$type &&
		[ $STATUS = 0 ] || return 1
	done &&
	checkout gl refs/heads/main && gitlab CI_COMMIT_BEFORE_SHA="$(git rev-parse HEAD^)" &&
	[ $STATUS = 0 ] && gitlab && [ $STATUS = 0 ] && [ ! -s "$OUT" ]
'

test_expect_success 'GitLab: a clone of depth 1' '
	checkout gl refs/pull/bad/merge 1 "" &&
	gitlab CI_MERGE_REQUEST_EVENT_TYPE=merge_train &&
	[ $STATUS = 128 ] && has "$ERR" "^hint: this clone is shallow" &&
	[ ! -e gl-code-quality-report.json ]
'

jenkins() {
	run_commands "$TOP/contrib/ci/Jenkinsfile" CHANGE_TARGET=main sh -e
}

test_expect_success 'Jenkins: the branch itself, or merged with its target' '
	for ref in refs/heads/bad refs/pull/bad/merge; do
		checkout j $ref && jenkins && [ $STATUS = 1 ] &&
		has "$OUT" "^error: .*\[GM105\]$" &&
		python3 "$TEST_DIR/../support/findings_check.py" junit migrations.xml || return 1
	done &&
	for ref in refs/heads/good refs/pull/good/merge; do
		checkout j $ref && jenkins && [ $STATUS = 0 ] || return 1
	done
'

test_expect_success 'Jenkins: a clone of depth 1' '
	checkout j refs/heads/bad 1 "" && jenkins && [ $STATUS = 128 ] &&
	has "$ERR" "^hint: this clone is shallow"
'

# a git hook that runs an entry as pre-commit does: the words of it, no shell,
# nothing on standard input
hook() { # <name>
	printf '#!/bin/sh\nexec %s </dev/null\n' \
		"$(commands "$TOP/.pre-commit-hooks.yaml" "git-migrate-$1")" \
		>".git/hooks/$1" && chmod +x ".git/hooks/$1"
}

test_expect_success 'pre-commit: a merge is stopped, where it should be' '
	git clone -q "$UP" "$TRASH/pc" && cd "$TRASH/pc" &&
	hook pre-merge-commit && hook pre-commit &&
	git switch -q bad && git commit -q --allow-empty -m "no merge" &&
	! git merge --no-edit origin/main >out 2>&1 && has out "^error: .*\[GM105\]$" &&
	! git commit -m "all the same" >out 2>&1 && has out "^error: .*\[GM105\]$" &&
	git merge --abort && git switch -q good && git merge -q --no-edit origin/main
'

# what pre-commit says of a push
push_main() {
	PRE_COMMIT=1 PRE_COMMIT_REMOTE_NAME=origin PRE_COMMIT_REMOTE_URL=$UP \
		PRE_COMMIT_LOCAL_BRANCH=refs/heads/main \
		PRE_COMMIT_REMOTE_BRANCH=refs/heads/elsewhere \
		PRE_COMMIT_FROM_REF=$(git rev-parse origin/main) \
		PRE_COMMIT_TO_REF=$(git rev-parse main) git push origin main:elsewhere
}

test_expect_success 'pre-commit: so is a push' '
	cd "$TRASH/pc" && hook pre-push &&
	git switch -q -C main origin/main && git merge -q --no-verify --no-edit bad &&
	! push_main >out 2>&1 && has out "^error: .*\[GM10[59]\]$" &&
	git reset -q --hard good && push_main
'

test_expect_success 'pre-commit: every hook is in the manifest' '
	for h in $(git migrate hooks --json | jq -r ".hooks[].hook"); do
		has "$TOP/.pre-commit-hooks.yaml" "^  stages: \[$h\]$" || return 1
	done
'

test_done
