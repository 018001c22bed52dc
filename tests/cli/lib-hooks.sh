# shellcheck shell=bash
# What the tests of hooks share; source it behind lib.sh.

# --- a repository with hooks, whose database follows by itself
#
#   main   1_base, 2_ours: CREATE TABLE same (a)
#   good   1_base, 3_good
#   bad    1_base, 5_bad: CREATE TABLE same (b)
#   more   1_base, 4_more
#   edit   main, with another 1_base
#   late   main, and 6_late
#   code   1_base, and no migration
git migrate init -q --url sqlite:dev.db &&
	git config migrate.dev.url sqlite:dev.db &&
	git config migrate.dev.reconcile auto &&
	commit_all 'Set up' &&
	migration 1_base <<<'CREATE TABLE base (a);' || exit 128
branch_of() { # <name> <from> <migration>: SQL on standard input
	git switch -q -c "$1" "$2" && migration "$3"
}
branch_of good main 3_good <<<'CREATE TABLE good (a);'
branch_of bad main 5_bad <<<'CREATE TABLE same (b);'
branch_of more main 4_more <<<'CREATE TABLE more (a);'
git switch -q -c code main && echo x >code && commit_all code
git switch -q main
migration 2_ours <<<'CREATE TABLE same (a);'
branch_of late main 6_late <<<'CREATE TABLE late (a);'
git switch -q main
branch_of edit main 1_base <<<'CREATE TABLE base (a, b);'
git switch -q main
git migrate hooks install -q || exit 128
rm -f .git/hooks/*.sample
mkdir "$TRASH/template" && cp -a . "$TRASH/template/repo"

# A copy with a database, and go there: hooks live through a move.
fresh() {
	rm -rf "$TRASH/tree" && mkdir "$TRASH/tree" &&
		cp -a "$TRASH/template/repo" "$TRASH/tree/repo" &&
		cd "$TRASH/tree/repo" && git migrate apply -q
}

# The database holds these, and no others.
holds() {
	local is

	is=$(sql "SELECT name FROM git_migrate_migrations
		WHERE status = 'applied' ORDER BY name" | tr '\n' ' ')
	[ "$is" = "$* " ] || {
		echo "the database holds $is, not $*"
		return 1
	}
}

# git, with what it says in $ERR; its status must be N.
gives() {
	local want=$1

	shift
	STATUS=0
	git "$@" >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
	[ "$STATUS" -eq "$want" ] && return 0
	echo "git $*: status $STATUS, not $want"
	cat "$OUT" "$ERR"
	return 1
}

finds='GM10[3-9]'
