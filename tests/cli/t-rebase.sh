#!/bin/bash
# git migrate rebase: the branch's own migrations behind the other side's
. "$(dirname "$0")/lib.sh"

export GIT_MIGRATE_TEST_NOW=1767261600 # 2026-01-01T10:00:00Z

put() { # path text
	mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"
}

# A repository with the base's files committed on main, ours on feature,
# theirs on main afterwards; HEAD is feature. Arguments: name, layout, then
# files of base, "--", of ours, "--", of theirs.
sides() {
	local layout=$2 phase=base

	cd "$TRASH" && rm -rf "$1" && scratch_repo "$TRASH/$1" && shift 2 &&
		printf '[migrate]\n\tlayout = %s\n\tdialect = sqlite\n' \
			"$layout" >.gitmigrate &&
		if [ "$layout" = pattern ]; then
			git config -f .gitmigrate migrate.pattern "$PATTERN"
		fi
	for f; do
		case $phase$f in
		base--)
			commit_all base && git checkout -q -b theirs &&
				git checkout -q -b feature
			phase=ours
			;;
		ours--)
			commit_all ours && git checkout -q theirs
			phase=theirs
			;;
		*) put "migrations/$f" "CREATE TABLE t_$(echo "$f" | tr -c 'a-z0-9\n' _) (x);" ;;
		esac
	done
	commit_all theirs && git branch -f main && git checkout -q feature
}

files() {
	(cd migrations && find . -type f | sed 's|^\./||' | LC_ALL=C sort | tr '\n' ' ')
}

# Files after a rebase onto main; the index has them all, git sees renames
# only, and nothing is left to do a second time.
becomes() {
	expect_status 0 rebase --onto main &&
		{ [ "$(files)" = "$1" ] || { files && return 1; }; } &&
		[ "$(git ls-files migrations | sed 's|^migrations/||' | LC_ALL=C sort | tr '\n' ' ')" = "$1" ] &&
		git diff --quiet &&
		[ -z "$(git ls-files -o --exclude-standard)" ] &&
		[ -z "$(git diff --cached -M100% --name-status | grep -v '^R100')" ] &&
		git commit -qm renumbered &&
		expect_status 0 rebase --onto main && [ ! -s "$OUT" ] &&
		has "$ERR" "^hint: nothing to renumber" &&
		git -c core.commentChar=";" merge -q --no-edit main >/dev/null &&
		expect_status 0 rebase --onto main && [ ! -s "$OUT" ]
}

test_expect_success 'a native migration gets the time, later ones keep their order' '
	sides native native 20250101000000_a.sql -- 20250102000000_b.sql 20250103000000_c.sql -- 20250601000000_d.sql &&
	expect_status 0 rebase --onto main --dry-run &&
	[ "$(cat "$OUT")" = "20250102000000_b -> 20260101100000_b
20250103000000_c -> 20260101100001_c" ] &&
	git diff --quiet HEAD && [ -z "$(git status --porcelain)" ] &&
	becomes "20250101000000_a.sql 20260101100000_b.sql 20260101100001_c.sql "
'

test_expect_success 'what sorts behind the other side stays' '
	sides stays native 20250101000000_a.sql -- 20250102000000_b.sql 20270101000000_c.sql -- 20250601000000_d.sql &&
	becomes "20250101000000_a.sql 20260101100000_b.sql 20270101000000_c.sql " &&
	sides none native 20250101000000_a.sql -- 20250702000000_b.sql -- 20250601000000_d.sql &&
	expect_status 0 rebase --onto main && [ -z "$(git status --porcelain)" ]
'

test_expect_success 'behind a date in the future it is a second later' '
	sides future native 20250101000000_a.sql -- 20250102000000_b.sql -- 20270101235959_d.sql &&
	becomes "20250101000000_a.sql 20270102000000_b.sql "
'

test_expect_success 'numbers count up, as wide as they are' '
	sides numbers native 0001_a.sql -- 0002_b.sql 0003_c.sql -- 0002_d.sql &&
	becomes "0001_a.sql 0003_b.sql 0004_c.sql "
'

test_expect_success 'pairs move together' '
	sides pairs golang-migrate 1_a.up.sql 1_a.down.sql -- 2_b.up.sql 2_b.down.sql -- 9_d.up.sql 9_d.down.sql &&
	becomes "10_b.down.sql 10_b.up.sql 1_a.down.sql 1_a.up.sql " &&
	sides sqlx sqlx 20250101000000_a.up.sql 20250101000000_a.down.sql -- 20250102000000_b.up.sql 20250102000000_b.down.sql -- 20250301000000_d.up.sql 20250301000000_d.down.sql &&
	becomes "20250101000000_a.down.sql 20250101000000_a.up.sql 20260101100000_b.down.sql 20260101100000_b.up.sql "
'

test_expect_success 'flyway: undo and configuration go along, repeatable ones stay' '
	sides flyway flyway V1__a.sql -- V1.1__b.sql U1.1__b.sql V1.1__b.sql.conf R__views.sql -- V1.2__d.sql &&
	: >migrations/V1.1__b.sql.conf && git commit -q --amend -a --no-edit &&
	becomes "R__views.sql U1.3__b.sql V1.3__b.sql V1.3__b.sql.conf V1__a.sql "
'

test_expect_success 'goose and dbmate' '
	sides goose goose 00001_a.sql -- 00002_b.sql -- 00002_d.sql &&
	sed -i "1i -- +goose Up" migrations/*.sql && git commit -q --amend -a --no-edit &&
	git checkout -q main && sed -i "1i -- +goose Up" migrations/*.sql && git commit -q --amend -a --no-edit && git checkout -q feature &&
	expect_status 0 rebase --onto main && [ "$(cat "$OUT")" = "00002_b -> 00003_b" ] &&
	sides dbmate dbmate 20250101000000_a.sql -- 20250102000000_b.sql -- 20250301000000_d.sql &&
	becomes "20250101000000_a.sql 20260101100000_b.sql "
'

test_expect_success 'folders move whole: diesel, prisma' '
	sides diesel diesel 2025-01-01-000000_a/up.sql 2025-01-01-000000_a/down.sql -- 2025-01-02-000000_b/up.sql 2025-01-02-000000_b/down.sql 2025-01-02-000000_b/README.md -- 2025-02-01-000000_d/up.sql 2025-02-01-000000_d/down.sql &&
	becomes "2025-01-01-000000_a/down.sql 2025-01-01-000000_a/up.sql 2026-01-01-100000_b/README.md 2026-01-01-100000_b/down.sql 2026-01-01-100000_b/up.sql " &&
	[ ! -e migrations/2025-01-02-000000_b ] &&
	sides prisma prisma 20250101000000_a/migration.sql -- 20250102000000_b/migration.sql -- 20250201000000_d/migration.sql &&
	becomes "20250101000000_a/migration.sql 20260101100000_b/migration.sql "
'

test_expect_success 'a pattern with release folders' '
	PATTERN="{version}__{name}.sql" &&
	sides pattern pattern 01__a.sql -- 02__b.sql -- 02__d.sql &&
	becomes "01__a.sql 03__b.sql "
'

test_expect_success 'rezoom: a new tree moves with its children, a child of a published root stays' '
	sides rezoom rezoom V1.a.sql -- V2.b.sql V2.b-c.sql V1.a-x.sql -- V2.d.sql &&
	becomes "V1.a-x.sql V1.a.sql V3.b-c.sql V3.b.sql "
'

test_expect_success 'sqitch keeps its order in its plan: refused' '
	sides sqitch native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	git rm -q -r migrations && mkdir -p migrations/deploy && git config -f .gitmigrate migrate.layout sqitch &&
	printf "%%syntax-version=1.0.0\n%%project=x\n\na 2026-01-01T00:00:00Z A <a@x> # a\n" >migrations/sqitch.plan &&
	echo "SELECT 1;" >migrations/deploy/a.sql && commit_all plan && git branch -f main &&
	printf "b 2026-01-01T00:00:00Z A <a@x> # b\n" >>migrations/sqitch.plan &&
	echo "SELECT 2;" >migrations/deploy/b.sql && commit_all b &&
	expect_status 1 rebase --onto main && has "$ERR" "sqitch.plan" && has "$ERR" "^hint: .*yours last"
'

test_expect_success 'depends lines say the new names' '
	sides depends native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	printf -- "-- migrate:depends 1_a 2_b\n-- migrate:up\nCREATE TABLE c (x);\n" >migrations/3_c.sql && commit_all c &&
	expect_status 0 rebase --onto main &&
	[ "$(cat "$OUT")" = "2_b -> 3_b
3_c -> 4_c (depends rewritten)" ] &&
	[ "$(head -1 migrations/4_c.sql)" = "-- migrate:depends 1_a 3_b" ] &&
	[ "$(git show :migrations/4_c.sql)" = "$(cat migrations/4_c.sql)" ] && git diff --quiet &&
	git merge-base --is-ancestor feature HEAD && [ "$(git rev-list --count main..HEAD)" = 2 ]
'

test_expect_success 'dependencies decide the order, not the old numbers' '
	sides order native 01_a.sql -- 03_b.sql -- 09_d.sql &&
	printf -- "-- migrate:depends 03_b\n-- migrate:up\nCREATE TABLE c (x);\n" >migrations/02_c.sql && commit_all c &&
	expect_status 0 rebase --onto main --json &&
	[ "$(json "[.migrations[] | .name + \" \" + .new_name] | join(\",\")")" = "03_b 10_b,02_c 11_c" ] &&
	[ "$(json .onto)" = main ] && [ "$(json .onto_commit)" = "$(git rev-parse main)" ] &&
	[ "$(json .base)" = "$(git merge-base main HEAD)" ] && [ "$(json .dry_run)" = false ]
'

test_expect_success 'a file with line ends for the work tree keeps them' '
	sides crlf native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	echo "*.sql text eol=crlf" >.gitattributes && printf -- "-- migrate:depends 2_b\r\n-- migrate:up\r\nCREATE TABLE c (x);\r\n" >migrations/3_c.sql &&
	rm migrations/1_a.sql migrations/2_b.sql && commit_all c 2>/dev/null && git reset -q --hard HEAD~ && git checkout -q feature@{1} -- migrations/3_c.sql .gitattributes && git commit -qm c &&
	expect_status 0 rebase --onto main && git diff --quiet &&
	head -1 migrations/4_c.sql | grep -q "$(printf "3_b\r")\$" &&
	! git show :migrations/4_c.sql | grep -q "$(printf "\r")"
'

test_expect_success 'uncommitted changes are left alone, and nothing moves' '
	sides dirty native 1_a.sql -- 2_b.sql 3_c.sql -- 4_d.sql &&
	echo "-- more" >>migrations/3_c.sql && cp -r . "$TRASH/before" &&
	expect_status 1 rebase --onto main && has "$ERR" "migrations/3_c.sql has changes that are not committed" && has "$ERR" "^hint: commit them" &&
	git add migrations && expect_status 1 rebase --onto main && git reset -q &&
	diff -r --exclude=.git . "$TRASH/before" && [ "$(git status --porcelain)" = " M migrations/3_c.sql" ] &&
	git checkout -q . && echo other >migrations/5_b.sql &&
	expect_status 1 rebase --onto main && has "$ERR" "migrations/5_b.sql is there already" &&
	[ "$(files)" = "1_a.sql 2_b.sql 3_c.sql 5_b.sql " ]
'

test_expect_success 'a locked index: nothing moves' '
	sides locked native 1_a.sql -- 2_b.sql 3_c.sql -- 4_d.sql &&
	: >.git/index.lock && expect_status 128 rebase --onto main && has "$ERR" "index" &&
	rm .git/index.lock && [ "$(files)" = "1_a.sql 2_b.sql 3_c.sql " ] && [ -z "$(git status --porcelain)" ] &&
	expect_status 0 rebase --onto main
'

test_expect_success 'from a subfolder, in a linked worktree, beside other changes' '
	sides linked native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	git checkout -q main && git worktree add -q "$TRASH/linked.wt" feature &&
	cd "$TRASH/linked.wt" && mkdir sub && echo x >sub/x && git add sub && echo y >sub/y && cd sub &&
	expect_status 0 rebase --onto main && cd .. &&
	[ "$(git status --porcelain)" = "R  migrations/2_b.sql -> migrations/3_b.sql
A  sub/x
?? sub/y" ]
'

test_expect_success 'without --onto: the merge under way, migrate.base, the upstream, the remote' '
	sides onto native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	expect_status 128 rebase && has "$ERR" "there is no other side" && has "$ERR" "^hint: git migrate rebase --onto" &&
	git merge -q --no-commit main >/dev/null 2>&1 &&
	expect_status 0 rebase && [ "$(cat "$OUT")" = "2_b -> 3_b" ] &&
	git commit -qm merged && [ "$(files)" = "1_a.sql 2_d.sql 3_b.sql " ] && git reset -q --hard HEAD~ &&
	git config migrate.base main && expect_status 0 rebase --dry-run && [ "$(cat "$OUT")" = "2_b -> 3_b" ] && git config --unset migrate.base &&
	git branch -q -u main && expect_status 0 rebase --dry-run && [ "$(cat "$OUT")" = "2_b -> 3_b" ] &&
	git checkout -q main && git clone -q . "$TRASH/onto.clone" && cd "$TRASH/onto.clone" && git checkout -q feature &&
	expect_status 0 rebase --dry-run && [ "$(cat "$OUT")" = "2_b -> 3_b" ] &&
	has "$ERR" "origin/feature has 2_b"
'

test_expect_success 'what another branch has published is not renamed without --force' '
	sides published native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	git branch staging && git branch -q -u staging &&
	expect_status 1 rebase --onto main && has "$ERR" "staging has already: 2_b" && has "$ERR" "^hint: .*--force" &&
	[ -z "$(git status --porcelain)" ] &&
	expect_status 0 rebase --onto main --force && [ "$(files)" = "1_a.sql 3_b.sql " ]
'

test_expect_success 'what a protected target has applied is not, either' '
	sides targets native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	git config migrate.prod.url sqlite:prod.db && git config migrate.dev.url sqlite:dev.db &&
	expect_status 0 -t prod apply -q && expect_status 0 -t dev apply -q && printf "*.db*\n" >.git/info/exclude &&
	expect_status 0 rebase --onto main --dry-run && has "$ERR" "target .dev. has applied 2_b" &&
	git config migrate.prod.protected true &&
	expect_status 1 rebase --onto main && has "$ERR" "protected target .prod. has already: 2_b" &&
	[ -z "$(git status --porcelain)" ] &&
	expect_status 0 rebase --onto main --force
'

test_expect_success 'bad input' '
	sides bad native 1_a.sql -- 2_b.sql -- 2_d.sql &&
	expect_status 128 rebase --onto nowhere && has "$ERR" "no such revision" &&
	expect_status 129 rebase main && has "$ERR" "^hint: git migrate rebase --onto main" &&
	git checkout -q --orphan lone && git commit -qm lone &&
	expect_status 128 rebase --onto main && has "$ERR" "no commit in common" &&
	git checkout -q feature && git clone -q --bare . "$TRASH/bad.git" && cd "$TRASH/bad.git" &&
	expect_status 1 rebase --onto main && has "$ERR" "bare"
'

test_done
