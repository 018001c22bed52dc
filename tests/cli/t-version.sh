#!/bin/bash
# git migrate version
. "$(dirname "$0")/lib.sh"

test_expect_success 'version names the program and its libraries' '
	expect_status 0 version &&
	has "$OUT" "^git-migrate [0-9]+\.[0-9]+\.[0-9]+$" &&
	has "$OUT" "^sqlite 3\." &&
	has "$OUT" "^libgit2 1\." &&
	has "$OUT" "^libpq (1[4-9]|[2-9][0-9])\.[0-9]+$" &&
	has "$OUT" "^libpg_query 1[0-9]\.[0-9]+$" &&
	has "$OUT" "^isa-l (yes|no)$" &&
	[ ! -s "$ERR" ]
'

test_expect_success '... also where libpq cannot be loaded' '
	mkdir -p broken && : >broken/libpq.so.5 &&
	LD_LIBRARY_PATH=$PWD/broken expect_status 0 version &&
	has "$OUT" "^libpq not installed$" && [ ! -s "$ERR" ] &&
	LD_LIBRARY_PATH=$PWD/broken expect_status 0 version --json && [ "$(json .libpq)" = null ]
'

test_expect_success 'git-migrate --version is the same' '
	git migrate version >a && git migrate --version >b && cmp a b
'

test_expect_success 'version --json is one object' '
	expect_status 0 version --json &&
	[ "$(json .format)" = 1 ] &&
	[ "$(json "keys_unsorted | join(\" \")")" = \
		"format version sqlite libgit2 isal libpq libpg_query" ] &&
	[ "$(json "[.libpq, .libpg_query] | all(test(\"^[0-9.]+$\"))")" = true ]
'

test_expect_success 'version works outside a repository' '
	cd / && expect_status 0 version
'

test_expect_success 'version takes no argument' '
	expect_status 129 version now &&
	has "$ERR" "^error: unexpected argument .now.$"
'

test_done
