#!/bin/bash
# Which configuration counts, and which database a command means
. "$(dirname "$0")/lib.sh"

# url_of args...: the URL that a command settles on
url_of() {
	run_migrate "$@" status --json
	[ "$STATUS" -eq 0 ] && json .url
}

test_expect_success 'set up' '
	git migrate init -q && commit_all "Set up" &&
	migration 1_a <<-\SQL
	CREATE TABLE a (x);
	SQL
'

test_expect_success 'git configuration overrides .gitmigrate, -c both' '
	[ "$(url_of)" = sqlite:dev.db ] &&
	git config migrate.dev.url sqlite:mine.db &&
	[ "$(url_of)" = sqlite:mine.db ] &&
	git -c migrate.dev.url=sqlite:now.db migrate status >out &&
	has out "sqlite:now.db" &&
	git config --unset migrate.dev.url && rm -f mine.db now.db
'

test_expect_success '--url and GIT_MIGRATE_URL need no target, -t wins' '
	[ "$(url_of --url sqlite:x.db)" = sqlite:x.db ] &&
	export GIT_MIGRATE_URL=sqlite:env.db &&
	[ "$(url_of)" = sqlite:env.db ] &&
	[ "$(url_of -t dev)" = sqlite:dev.db ] &&
	[ "$(url_of --url sqlite:x.db)" = sqlite:x.db ] &&
	unset GIT_MIGRATE_URL
'

test_expect_success 'DATABASE_URL only fills a target without url' '
	export DATABASE_URL=sqlite:filled.db &&
	[ "$(url_of)" = sqlite:dev.db ] &&
	git config migrate.empty.branch main &&
	[ "$(url_of -t empty)" = sqlite:filled.db ] &&
	unset DATABASE_URL &&
	expect_status 128 -t empty status &&
	has "$ERR" "^fatal: target .empty. has no url$" &&
	git config --remove-section migrate.empty
'

test_expect_success 'a relative path starts at the top of the work tree' '
	mkdir -p deep/er && cd deep/er &&
	expect_status 0 apply && [ -f ../../dev.db ] && [ ! -e dev.db ]
'

test_expect_success 'each work tree has a database of its own' '
	git worktree add -q "$TRASH/second" -b second && cd "$TRASH/second" &&
	expect_status 0 status && has "$OUT" "^pending +1_a" &&
	expect_status 0 apply && [ -f dev.db ] &&
	cd "$TRASH/repo" && expect_status 0 status && has "$OUT" "^applied +1_a"
'

test_expect_success 'a bare repository reads .gitmigrate from HEAD' '
	git clone -q --bare . "$TRASH/bare.git" && cd "$TRASH/bare.git" &&
	[ "$(url_of --url "sqlite:$TRASH/repo/dev.db")" = "sqlite:$TRASH/repo/dev.db" ] &&
	has "$OUT" "\"applied\": 1" &&
	expect_status 0 target && has "$OUT" "^\* dev +sqlite:dev.db"
'

test_expect_success 'an unknown key of .gitmigrate is a warning' '
	cp .gitmigrate saved &&
	printf "[migrate]\n\tlayuot = native\n[migrate \"dev\"]\n\tbranh = x\n" >>.gitmigrate &&
	expect_status 0 status &&
	has "$ERR" "^warning: .gitmigrate: unknown key .migrate.layuot. \(did you mean .layout.\?\)$" &&
	has "$ERR" "unknown key .migrate.dev.branh. \(did you mean .branch.\?\)$" &&
	cp saved .gitmigrate &&
	git config migrate.elsewhere x && expect_status 0 status &&
	has_not "$ERR" warning && git config --unset migrate.elsewhere
'

test_expect_success 'no key that is documented is unknown' '
	cp .gitmigrate saved && keys=$(sed -n "/^## Keys of a target/,/^###* /s/^| \`\([A-Za-z]*\)\` .*/\1/p" "$TEST_DIR/../../docs/configuration.md") &&
	[ "$(wc -w <<<"$keys")" -ge 9 ] &&
	for key in $keys; do
		printf "[migrate \"other\"]\n\t%s = true\n" "$key" >>.gitmigrate
	done && git migrate status 2>err >out; has_not err "unknown key" && cp saved .gitmigrate
'

test_expect_success 'values that cannot be read: 128, the key is named' '
	for pair in lockTimeout=soon snapshotLimit=lots foreignKeys=perhaps \
		protected=perhaps snapshotStore=cloud; do
		git -c "migrate.dev.$pair" migrate status >/dev/null 2>err
		[ $? -eq 128 ] && has err "migrate.dev.${pair%=*}" || return 1
	done
'

test_expect_success 'a broken .gitmigrate: 128, file and line' '
	echo "[migrate" >>.gitmigrate &&
	expect_status 128 status && has "$ERR" "gitmigrate" &&
	cp saved .gitmigrate
'

test_expect_success 'a password in .gitmigrate is refused and not printed' '
	printf "[migrate \"prod\"]\n\turl = postgresql://u:s3cret@h/d\n" >>.gitmigrate &&
	expect_status 128 status && has "$ERR" "holds a password" &&
	expect_status 128 target &&
	! grep -q s3cret "$OUT" "$ERR" && cp saved .gitmigrate
'

test_expect_success 'one in git configuration is masked' '
	git config migrate.prod.url "postgresql://u:s3cret@127.0.0.1:1/d?password=s3cret" &&
	expect_status 0 target &&
	has "$OUT" "^  prod +postgresql://u:\*\*\*@127.0.0.1:1/d\?password=\*\*\*$" &&
	run_migrate target --json && ! grep -q s3cret "$OUT" "$ERR" &&
	expect_status 128 -t prod status &&
	has "$ERR" "cannot connect" && ! grep -q s3cret "$OUT" "$ERR" &&
	git config --remove-section migrate.prod
'

test_expect_success 'targets that are not there' '
	expect_status 128 -t dve status && has "$ERR" "^hint: did you mean .dev.\?$" &&
	expect_status 128 -t "$(printf "a\033b")" status &&
	has "$ERR" "no target .a.x1bb." &&
	scratch_repo "$TRASH/none" &&
	expect_status 128 status &&
	has "$ERR" "^fatal: no target is configured$" &&
	has "$ERR" "^hint: git migrate init sets one up$"
'

test_expect_success 'several targets and no default' '
	printf "[migrate \"a\"]\n\turl = sqlite:a.db\n[migrate \"b\"]\n\turl = sqlite:b.db\n" >.gitmigrate &&
	expect_status 128 status &&
	has "$ERR" "several targets" && has "$ERR" "^hint: choose one with -t"
'

test_done
