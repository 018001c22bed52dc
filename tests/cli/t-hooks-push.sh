#!/bin/bash
# The rows of docs/hooks.md about pushes: the clone's side and the server's
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-hooks.sh"

# --- pushes

with_remote() {
	fresh && git init -q --bare -b main ../up.git &&
		git remote add origin ../up.git &&
		gives 0 push -q -u origin main && [ ! -s "$ERR" ]
}

test_expect_success 'push of a new branch: against what it is merged into' '
	with_remote &&
	gives 1 push -q origin bad && has "$ERR" "$finds" &&
	has "$ERR" "^hint: .*--no-verify" &&
	[ -z "$(git ls-remote origin bad)" ] &&
	gives 0 push -q origin late && gives 0 push -q origin code &&
	gives 0 push -q --no-verify origin bad
'

test_expect_success 'push of a branch again, also when it was rewritten' '
	with_remote && gives 0 push -q origin late &&
	git switch -q late 2>/dev/null &&
	echo "CREATE TABLE late (a, b);" >migrations/6_late.sql &&
	git commit -q -a --amend -m x 2>/dev/null &&
	gives 0 push -q -f origin late &&
	echo "CREATE TABLE base (a, b);" >migrations/1_base.sql &&
	git commit -q -a -m x 2>/dev/null &&
	gives 1 push -q origin late && has "$ERR" GM101
'

test_expect_success 'push to main: what was there may not be edited' '
	with_remote && git merge -q edit 2>/dev/null &&
	gives 1 push -q origin main && has "$ERR" GM101 &&
	GIT_MIGRATE_SKIP=1 gives 0 push -q origin main
'

test_expect_success '... and each merge in it is checked' '
	with_remote && git merge -q --no-verify -m m bad 2>/dev/null &&
	gives 1 push -q origin main && has "$ERR" "$finds"
'

test_expect_success 'squash, cherry-pick and rebase are seen by the push' '
	with_remote && git switch -q -c other good~1 2>/dev/null &&
	git cherry-pick bad >/dev/null 2>&1 &&
	gives 1 push -q origin other && has "$ERR" "$finds"
'

test_expect_success 'migrate.base: of another remote, of this clone, of nobody' '
	with_remote && git init -q --bare ../fork.git &&
	git remote add fork ../fork.git &&
	gives 0 push -q fork bad && git config migrate.base origin/main &&
	gives 1 push -q fork bad:again && has "$ERR" "$finds" &&
	gives 1 push -q ../fork.git bad:again && has "$ERR" "$finds" &&
	git config migrate.base main && gives 1 push -q fork bad:again &&
	git config migrate.base nosuch && gives 0 push -q fork bad:again
'

test_expect_success 'tags, ledgers and deleted branches: silent' '
	with_remote && git push -q --no-verify origin bad && git tag v1 bad &&
	gives 0 push -q origin v1 && [ ! -s "$ERR" ] &&
	gives 0 push -q origin "refs/migrate/db/*" && [ ! -s "$ERR" ] &&
	gives 0 push -q origin :bad && [ ! -s "$ERR" ]
'

test_expect_success 'a push that git would refuse anyhow is not ours to stop' '
	with_remote && git clone -q ../up.git ../other && (cd ../other &&
		migration 7_x <<<"CREATE TABLE seven (a);" && git push -q) &&
	migration 8_x <<<"CREATE TABLE eight (a);" 2>/dev/null &&
	gives 1 push -q origin main && has "$ERR" "rejected" &&
	has_not "$ERR" "^error: pre-push"
'

# --- a bare repository

served() { # <hook>: a bare repository with that hook, and no hooks here
	fresh && git migrate hooks uninstall -q &&
		git init -q --bare -b main ../up.git &&
		git --git-dir=../up.git migrate hooks install -q "$1" &&
		git remote add origin ../up.git &&
		gives 0 push -q origin main
}

for hook in pre-receive update; do
	test_expect_success "$hook: a step of main is checked" "
		served $hook &&
		gives 0 push -q origin bad edit && [ ! -s \"\$ERR\" ] &&
		gives 1 push -q origin edit:main &&
		has \"\$ERR\" '^remote: .*GM101' &&
		[ \"\$(git --git-dir=../up.git rev-parse main)\" = \
			\"\$(git rev-parse main)\" ] &&
		git merge -q -m m code && git merge -q -m m late &&
		gives 0 push -q origin main && gives 0 push -q origin :bad
	"

	test_expect_success "$hook: a merge that does not fit, a main that loses some" "
		served $hook && git merge -q -m m bad &&
		gives 1 push -q origin main && has \"\$ERR\" \"\$finds\" &&
		gives 1 push -q -f origin good:main && has \"\$ERR\" GM102
	"

	# git itself has taken the objects in before it runs update
	test_expect_success "$hook: nothing is written, whatever the answer" "
		served $hook && git merge -q -m m bad &&
		files() { find ../up.git -type f ! -path '*/objects/*' |
			sort | xargs md5sum; } &&
		files >before && git --git-dir=../up.git count-objects >>before &&
		gives 1 push -q origin main &&
		files >after && git --git-dir=../up.git count-objects >>after &&
		if [ $hook = update ]; then sed -i '\$d' before after; fi &&
		cmp before after
	"
done

test_done
