#!/bin/bash
# Where output goes: full devices, closed pipes, -q, -v, colours, terminals
. "$(dirname "$0")/lib.sh"

git migrate init -q && commit_all 'Set up'
for i in 1 2 3; do
	migration "2026010${i}000000_step$i" <<-SQL
		-- migrate:description Step number $i
		CREATE TABLE t$i (x);
		INSERT INTO t$i VALUES ($i);
	SQL
done
git migrate apply -q -n 2
ESC=$(printf '\033')

# what reads and prints, in words and as JSON
readers='status
plan
log
log --oneline
show 20260101000000_step1
target list
target show
version
apply --dry-run
rollback --dry-run'

test_expect_success 'JSON of every command: one object, nothing else' '
	while read -r c; do
		# shellcheck disable=SC2086
		git migrate $c --json >out 2>err &&
		jq -se "length == 1 and (.[0] | keys_unsorted[0] == \"format\"
			and .format == 1)" out >/dev/null &&
		[ "$(tail -c 1 out | od -An -tx1)" = " 0a" ] &&
		[ "$(head -n 1 out)" = "{" ] && [ "$(tail -n 1 out)" = "}" ] || {
			echo "$c"
			cat out err
			return 1
		}
	done <<-EOT
	$readers
	EOT
'

test_expect_success 'JSON: the same whatever -q, -v, colour and folder say' '
	mkdir -p deep/er &&
	for c in status "show 20260101000000_step1" log plan; do
		git migrate $c --json >a &&
		git migrate $c --json -q >b && cmp a b &&
		git migrate $c --json -v >b && cmp a b &&
		git -c color.ui=always migrate $c --json >b && cmp a b &&
		(cd deep/er && git migrate $c --json) >b && cmp a b || return 1
	done
'

test_expect_success 'a full device: 128, said once, for every command' '
	while read -r c; do
		for j in "" --json; do
			s=0
			# shellcheck disable=SC2086
			git migrate $c $j >/dev/full 2>err || s=$?
			[ "$s" -eq 128 ] &&
			[ "$(grep -c "write to standard output" err)" -eq 1 ] || {
				echo "$c $j: $s"
				cat err
				return 1
			}
		done
	done <<-EOT
	$readers
	EOT
'

test_expect_success 'a full device under apply: what was applied is durable' '
	s=0
	git migrate apply >/dev/full 2>err || s=$?
	[ "$s" -eq 128 ] && has err "write to standard output" &&
	[ "$(sql "SELECT count(*) FROM git_migrate_migrations WHERE status = '"'applied'"'")" = 3 ] &&
	expect_status 0 status --exit-code &&
	s=0
	git migrate rollback >/dev/full 2>err || s=$?
	[ "$s" -eq 128 ] && expect_status 1 status --exit-code &&
	[ "$(git migrate status --json | jq .counts.rolled_back)" = 1 ]
'

test_expect_success 'a full device under standard error: no matter' '
	git migrate status >out 2>/dev/full && has out "^rolled_back" &&
	s=0 && git migrate show nothing >out 2>/dev/full || s=$?
	[ "$s" -eq 128 ] || [ "$s" -eq 1 ]
'

test_expect_success 'a reader that went away: not a word, no signal' '
	for i in $(seq 1 400); do
		printf -- "-- a long file, line %d, to fill a pipe with\n" "$i"
	done >long && cat long long long long long long - >migrations/20260104000000_long.sql <<-\SQL &&
	SELECT 1;
	SQL
	commit_all long && git migrate apply -q &&
	for c in "show 20260104000000_long" "show 20260104000000_long --json"; do
		{
			s=0
			# shellcheck disable=SC2086
			git migrate $c 2>err || s=$?
			echo "$s" >status
		} | head -n 1 >/dev/null
		[ ! -s err ] && [ "$(cat status)" -eq 128 ] || {
			echo "$c: $(cat status)"
			cat err
			return 1
		}
	done
'

test_expect_success 'a reader that went away does not stop an apply' '
	expect_status 0 rollback -n 4 &&
	{
		git migrate apply 2>err
		echo $? >status
	} | true
	expect_status 0 status --exit-code && [ ! -s err ]
'

test_expect_success '-q: no feedback, but what was asked for' '
	expect_status 0 rollback -q && [ ! -s "$OUT" ] && [ ! -s "$ERR" ] &&
	expect_status 0 apply -q && [ ! -s "$OUT" ] && [ ! -s "$ERR" ] &&
	expect_status 0 apply -q && [ ! -s "$OUT" ] && [ ! -s "$ERR" ] &&
	expect_status 0 status -q && has "$OUT" "^applied +20260101" &&
	has_not "$OUT" "^On target" && [ ! -s "$ERR" ] &&
	expect_status 0 log -q --oneline && [ -s "$OUT" ]
'

test_expect_success '-q: errors and warnings are said, hints are not' '
	expect_status 128 show -q nothing_like_it &&
	[ ! -s "$OUT" ] && has "$ERR" "^(fatal|error): " &&
	echo "SELECT 1;" >migrations/stray.sql && commit_all stray &&
	expect_status 0 status -q && has "$ERR" "^warning: .*stray.sql" &&
	has_not "$ERR" "^hint" && git rm -q migrations/stray.sql &&
	git commit -qm "No stray"
'

test_expect_success '-v says more, never less' '
	for c in status log "target show"; do
		git migrate $c >a 2>&1 && git migrate $c -v >b 2>&1 &&
		[ "$(wc -l <b)" -ge "$(wc -l <a)" ] || return 1
	done &&
	git migrate status -v >b && has b "^Database [0-9a-f-]{36}, ledger [0-9a-f]{40}$"
'

test_expect_success 'colour: always, in every command that has some' '
	for c in status log "log --oneline" "show 20260101000000_step1"; do
		git -c color.migrate=always migrate $c >a &&
		has a "$ESC\[[0-9]*m" &&
		sed "s/$ESC\[[0-9]*m//g" a >b &&
		git migrate $c >plain && cmp b plain &&
		NO_COLOR=1 git -c color.migrate=always migrate $c >b &&
		cmp b plain &&
		NO_COLOR="" git -c color.migrate=always migrate $c >b &&
		cmp a b &&
		git -c color.migrate=always migrate $c --no-color >b &&
		cmp b plain || return 1
	done
'

test_expect_success 'colour ends on the line where it began' '
	git -c color.ui=always migrate status >a && git -c color.ui=always migrate log >>a &&
	git -c color.ui=always migrate show 20260101000000_step1 >>a &&
	awk -v esc="$ESC" "{
		last = \"\"
		while (match(\$0, esc \"\\\\[[0-9]*m\")) {
			last = substr(\$0, RSTART + 1, RLENGTH - 1)
			\$0 = substr(\$0, RSTART + RLENGTH)
		}
		if (last != \"\" && last != \"[m\") { print FNR \": \" last; bad = 1 }
	} END { exit bad }" a
'

# terminal <columns> <command...>: as on a terminal of that width; both
# streams in the file "screen", without the carriage returns that end lines
terminal() {
	local columns=$1

	shift
	script -qec "stty cols $columns 2>/dev/null; TERM=xterm $*" /dev/null \
		</dev/null | sed "s/\r$//" >screen
}

if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	test_expect_success 'a terminal: colour by itself, not with TERM=dumb' '
		terminal 80 git migrate status && has screen "$ESC\[32m" &&
		terminal 80 NO_COLOR=1 git migrate status &&
		has_not screen "$ESC" &&
		terminal 80 git -c color.ui=never migrate status &&
		has_not screen "$ESC" &&
		terminal 80 TERM=dumb git migrate status && has_not screen "$ESC"
	'
	test_expect_success 'a terminal: progress is drawn, fits, and goes' '
		git migrate rollback -q -n 4 &&
		terminal 30 git migrate apply --no-group &&
		has screen "apply [0-9]/4 2026" &&
		tr "\r" "\n" <screen | sed "s/$ESC\[[0-9]*[mK]//g" >lines &&
		grep "^apply " lines >drawn &&
		sed "s/\xe2\x80\xa6/./" drawn |
			awk "length > 29 { print; bad = 1 } END { exit bad }" &&
		has screen "applied.* 20260101000000_step1"
	'
	test_expect_success 'a terminal: --no-progress and -q draw nothing' '
		for o in --no-progress "--json --no-progress" -q; do
			git migrate rollback -q -n 4 &&
			terminal 80 "git migrate apply $o 2>&1" &&
			has_not screen "apply [0-9]/[0-9]" || return 1
		done
	'
	test_expect_success 'a terminal of one column is no trouble' '
		for w in 1 2 5; do
			git migrate rollback -q -n 4 &&
			terminal $w git migrate apply &&
			terminal $w git migrate status && has screen "step1" &&
			terminal $w git migrate log && has screen "step1" || return 1
		done
	'
	test_expect_success 'COLUMNS that makes no sense is passed over' '
		for w in 0 -5 x 99999999999999999999; do
			terminal 80 COLUMNS=$w git migrate status &&
			has screen "step1" || return 1
		done
	'
else
	test_skip 'output on a terminal' 'script(1) cannot open one here'
fi

test_done
