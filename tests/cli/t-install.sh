#!/bin/bash
# make install and uninstall, and the page that git help opens
. "$(dirname "$0")/lib.sh"

TOP=$(cd "$TEST_DIR/../.." && pwd)
ROOT=$TRASH/root
BUILD=$(dirname "$GIT_MIGRATE")
unset MAKEFLAGS MFLAGS MAKELEVEL MODE

# the program under test is what gets installed: nothing is to be built
make_it() { # <target> [variable=value...]
	make -C "$TOP" -s -o "$BUILD/git-migrate" B="$BUILD" "$@"
}

# git with nothing but what was installed
installed() {
	PATH=$ROOT/usr/bin:${PATH#"$TRASH/bin:"} MANPATH=$ROOT/usr/share/man: \
		GIT_PAGER=cat MANPAGER=cat "$@"
}

test_expect_success 'install: the program and its page, and nothing else' '
	make_it install DESTDIR="$ROOT" PREFIX=/usr &&
	(cd "$ROOT" && find . ! -type d | sort) >files &&
	printf "./usr/%s\n" bin/git-migrate \
		share/bash-completion/completions/git-migrate \
		share/fish/vendor_conf.d/git-migrate.fish \
		share/man/man1/git-migrate.1 \
		share/zsh/site-functions/_git-migrate | diff - files
'

test_expect_success 'modes: everyone may run and read it' '
	[ "$(stat -c %a "$ROOT/usr/bin/git-migrate")" = 755 ] &&
	[ "$(stat -c %a "$ROOT/usr/share/man/man1/git-migrate.1")" = 644 ] &&
	cmp "$ROOT/usr/bin/git-migrate" "$GIT_MIGRATE" &&
	cmp "$ROOT/usr/share/man/man1/git-migrate.1" "$TOP/docs/git-migrate.1" &&
	for f in $(find "$ROOT/usr/share" -type f); do
		[ "$(stat -c %a "$f")" = 644 ] || return 1
	done
'

test_expect_success 'git finds it as a command of its own' '
	[ "$(installed sh -c "command -v git-migrate")" = "$ROOT/usr/bin/git-migrate" ] &&
	installed git migrate version >out && has out "^git-migrate [0-9]" &&
	installed git --list-cmds=others >cmds && has cmds "^migrate$"
'

test_expect_success 'it works from there' '
	installed git migrate init -q &&
	migration 20260101000000_a <<-\SQL &&
	CREATE TABLE a (x);
	SQL
	installed git migrate apply && installed git migrate rollback
'

if command -v man >/dev/null; then
	# a page that is shown starts with its name in capitals
	shows() {
		"$@" >page 2>err </dev/null &&
			col -bx <page >text 2>/dev/null &&
			has text "^GIT-MIGRATE\(1\)" && has text "^ +git migrate rollback is to a database"
	}
	test_expect_success 'man git-migrate' '
		[ "$(installed man -w git-migrate)" = "$ROOT/usr/share/man/man1/git-migrate.1" ] &&
		shows installed man git-migrate
	'
	test_expect_success 'git help migrate' '
		shows installed git help migrate
	'
	test_expect_success 'git migrate --help' '
		shows installed git migrate --help
	'
else
	test_skip 'git help migrate' 'there is no man here'
fi

test_expect_success 'git-migrate --help needs no page' '
	MANPATH=/none installed git-migrate --help >out &&
	has out "^usage: git migrate"
'

test_expect_success 'installing again replaces it' '
	echo old >"$ROOT/usr/bin/git-migrate" &&
	make_it install DESTDIR="$ROOT" PREFIX=/usr &&
	cmp "$ROOT/usr/bin/git-migrate" "$GIT_MIGRATE"
'

test_expect_success 'uninstall leaves nothing, and nothing of others goes' '
	echo other >"$ROOT/usr/bin/git-other" &&
	make_it uninstall DESTDIR="$ROOT" PREFIX=/usr &&
	[ "$(cd "$ROOT" && find . ! -type d)" = ./usr/bin/git-other ] &&
	make_it uninstall DESTDIR="$ROOT" PREFIX=/usr
'

test_expect_success 'BINDIR, DATADIR and MANDIR; a folder with a blank in its name' '
	make_it install PREFIX="$TRASH/my opt" MANDIR="$TRASH/pages" DATADIR="$TRASH/data" &&
	[ -x "$TRASH/my opt/bin/git-migrate" ] &&
	[ -f "$TRASH/pages/man1/git-migrate.1" ] &&
	[ -f "$TRASH/data/zsh/site-functions/_git-migrate" ] &&
	make_it uninstall PREFIX="$TRASH/my opt" MANDIR="$TRASH/pages" DATADIR="$TRASH/data" &&
	[ -z "$(find "$TRASH/my opt" "$TRASH/pages" "$TRASH/data" ! -type d)" ]
'

if command -v mandoc >/dev/null; then
	test_expect_success 'the page has no fault' '
		mandoc -Tlint -Wwarning "$TOP/docs/git-migrate.1" >lint
		[ ! -s lint ] || { cat lint; return 1; }
	'
fi

test_done
