#!/bin/bash
# What git migrate says about itself, wrong command lines, output that fails
. "$(dirname "$0")/lib.sh"

commands='init new status plan apply rollback rebase reconcile branches log show snapshot target hooks completion version'

test_expect_success 'without a command: usage on standard error, 129' '
	expect_status 129 &&
	[ ! -s "$OUT" ] &&
	has "$ERR" "^error: need a command$" &&
	has "$ERR" "^usage: git migrate"
'

test_expect_success '-h: usage on standard output, 129, every command' '
	expect_status 129 -h &&
	[ ! -s "$ERR" ] &&
	for c in $commands; do
		has "$OUT" "^    $c +[a-z]" || return 1
	done
'

test_expect_success 'git-migrate --help: usage, 0' '
	git-migrate --help >a && has a "^usage: git migrate"
'

test_expect_success 'every command has -h, in and out of a repository' '
	for c in $commands; do
		expect_status 129 "$c" -h &&
		has "$OUT" "^usage: git migrate $c" &&
		has "$OUT" "--json" &&
		[ ! -s "$ERR" ] || return 1
	done &&
	cd / && expect_status 129 apply -h
'

test_expect_success 'help is no wider than a terminal' '
	for c in "" $commands; do
		run_migrate $c -h
		awk "length > 80 { print FILENAME \": \" \$0; bad = 1 }
			END { exit bad }" "$OUT" || return 1
	done
'

test_expect_success 'every command and option of -h is in the manual' '
	page=$TEST_DIR/../../docs/git-migrate.1 &&
	for c in $commands; do
		has "$page" "Cm $c" || return 1
		run_migrate "$c" -h
		for o in $(grep -oE -e "--[a-z-]+" "$OUT" | sort -u); do
			has "$page" "Fl -${o#--}" || return 1
		done
	done
'

test_expect_success 'unknown command: the nearest is named' '
	expect_status 129 stauts &&
	has "$ERR" "^error: unknown command .stauts.$" &&
	has "$ERR" "^hint: did you mean .status.\?$" &&
	expect_status 129 frobnicate &&
	has "$ERR" "^hint: git migrate -h lists the commands$"
'

test_expect_success 'an unknown command cannot steer a terminal' '
	expect_status 129 "$(printf "a\033[31mb\nc")" &&
	has "$ERR" "unknown command .a.x1b\[31mb.nc." &&
	[ "$(tr -d "\n\40-\176" <"$ERR" | wc -c)" -eq 0 ]
'

test_expect_success 'unknown option: the nearest is named, usage follows' '
	expect_status 129 apply --dry-runn &&
	has "$ERR" "^error: unknown option .--dry-runn.$" &&
	has "$ERR" "^hint: did you mean --dry-run\?$" &&
	has "$ERR" "^usage: git migrate apply" &&
	[ ! -s "$OUT" ]
'

test_expect_success 'values of options' '
	expect_status 129 apply -n 0 &&
	expect_status 129 apply -n x &&
	expect_status 129 apply -n &&
	expect_status 129 apply --lock-timeout soon &&
	expect_status 129 status --json=yes &&
	expect_status 129 status --state sleeping &&
	has "$ERR" "^hint: states are applied, pending"
'

test_expect_success 'options that exclude each other' '
	git migrate init -q &&
	expect_status 129 rollback -n 1 --to x &&
	expect_status 129 rollback -n 1 x &&
	expect_status 129 apply --worktree --rev HEAD &&
	expect_status 129 target accept &&
	expect_status 129 target accept --same --fork &&
	expect_status 129 target list --same
'

test_expect_success 'arguments that do not belong' '
	for c in init status plan apply version "target list x" "new" "show"; do
		case $c in
		*" "* | new | show) set -- $c ;;
		*) set -- $c something ;;
		esac
		expect_status 129 "$@" || return 1
	done
'

test_expect_success 'common options stand before or after the command' '
	commit_all "Set up" &&
	expect_status 0 -q -t dev status --no-color &&
	expect_status 0 status -qt dev --no-color &&
	expect_status 128 -t nosuch status &&
	expect_status 128 status --target=nosuch
'

test_expect_success 'outside a repository: 128 and a hint' '
	cd / && expect_status 128 status &&
	has "$ERR" "^fatal: not a git repository" &&
	has "$ERR" "^hint: "
'

test_expect_success '... and an object with --json' '
	cd / && expect_status 128 status --json &&
	[ "$(json .format)" = 1 ] &&
	json .error.message | grep -q "not a git repository"
'

test_expect_success 'standard output that is full: 128' '
	for c in version "version --json" -h "target list"; do
		s=0
		git migrate $c >/dev/full 2>err || s=$?
		[ "$s" -ge 128 ] && has err "write to standard output" || return 1
	done
'

test_expect_success 'a reader that goes away: 128, and not a word' '
	{
		git migrate version 2>err
		echo $? >status
	} | true
	s=$(cat status)
	[ ! -s err ] && { [ "$s" -eq 128 ] || [ "$s" -eq 0 ]; }
'

test_expect_success 'closed standard descriptors' '
	git migrate version >&- 2>err || has err "write to standard output" &&
	git migrate version <&- >/dev/null 2>&- &&
	git migrate version <&- >out 2>&- && [ -s out ]
'

test_expect_success 'colour: configuration, NO_COLOR, --no-color' '
	esc=$(printf "\033") &&
	migration 1_a <<-\SQL &&
	CREATE TABLE a (x);
	SQL
	git -c color.ui=always migrate status >out &&
	has out "$esc" &&
	git -c color.ui=always migrate status --no-color >out &&
	has_not out "$esc" &&
	NO_COLOR=1 git -c color.ui=always migrate status >out &&
	has_not out "$esc" &&
	git -c color.ui=always -c color.migrate=never migrate status >out &&
	has_not out "$esc" &&
	git -c color.migrate=always migrate status >out &&
	has out "$esc" &&
	git migrate status >out &&
	has_not out "$esc"
'

test_done
