#!/bin/bash
# docs/rules.md: each rule is there, its examples are what they are said to be
. "$(dirname "$0")/lib.sh"

DOC=$TEST_DIR/../../docs/rules.md
EXAMPLES=$TRASH/examples

# files of a side of an example, committed
put() { # <folder>
	[ ! -f "$1/rm" ] || (cd migrations && xargs rm <"$1/rm") || return 1
	find "$1" -name '*.sql' -exec cp {} migrations \; &&
		git add -A && git commit -q --allow-empty -m "$(basename "$1")"
}

# a repository with two branches, made of an example
example() { # <folder>
	rm -rf "$TRASH/example" && git init -q -b main "$TRASH/example" &&
		cd "$TRASH/example" && mkdir migrations &&
		printf '[migrate]\n\tdialect = %s\n\tlayout = native\n' \
			"$(cat "$1/dialect" 2>/dev/null || echo sqlite)" >.gitmigrate &&
		put "$1/base" && git switch -q -c ours && put "$1/ours" &&
		git switch -q main && put "$1/theirs" && git switch -q ours
}

# the rules that are reported for that, with their levels
found() {
	jq -r '.findings[] | .rule + " " + .level' "$OUT" | sort -u
}

test_expect_success 'all rules are in the document, with examples' '
	python3 "$TEST_DIR/../support/rules_examples.py" "$DOC" "$EXAMPLES" &&
	[ "$(ls "$EXAMPLES" | tr "\n" " ")" = "$(seq -f "GM%.0f" -s " " 101 111) " ]
'

test_expect_success 'names and words are those of the program' '
	example "$EXAMPLES/GM105/reported" && run_migrate check main --format=sarif &&
	jq -r ".runs[0].tool.driver.rules[] | \"## \(.id) \(.name)\"" "$OUT" | tr - " " >rules &&
	grep -E "^## GM" "$DOC" | tr - " " | diff rules -
'

for rule in $(seq -f "GM%.0f" 101 111); do
	level=error
	[ $rule != GM110 ] || level=warning
	test_expect_success "$rule: reported, whichever side is ours" '
		example "$EXAMPLES/$rule/reported" && run_migrate check main --json &&
		found >rules && has rules "^$rule $level$" &&
		{ [ $level = warning ] || [ $STATUS = 1 ]; } &&
		git switch -q main && run_migrate check ours --json &&
		found >rules && has rules "^$rule $level$"
	'
	test_expect_success "$rule: fine" '
		example "$EXAMPLES/$rule/fine" && expect_status 0 check main --json &&
		found >rules && has_not rules "(error|warning)$"
	'
done

test_expect_success 'a warning is an error with --strict' '
	example "$EXAMPLES/GM110/reported" &&
	echo "-- migrate:allow GM104 looked at" >>migrations/2_each.sql && commit_all waive &&
	expect_status 0 check main && has "$OUT" "^warning: .*\[GM110\]$" &&
	expect_status 1 check --strict main && has "$OUT" "^error: .*\[GM110\]$"
'

test_expect_success 'every rule has a waiver' '
	example "$EXAMPLES/GM105/reported" &&
	seq -f "-- migrate:allow GM%.0f so it is" 101 111 >>migrations/2_mail.sql &&
	commit_all waive && expect_status 0 check main -v &&
	has "$OUT" "^reason: so it is$"
'

test_expect_success 'a waiver, one for each rule' '
	example "$EXAMPLES/GM104/reported" && expect_status 1 check main --json &&
	for r in $(found | sed -n "s/ error//p"); do
		echo "-- migrate:allow $r tried in both orders" || return 1
	done >>migrations/2_nobody.sql && commit_all waive &&
	expect_status 0 check main --json &&
	[ "$(json "[.findings[].waived] | unique | .[]")" = "tried in both orders" ] &&
	expect_status 0 check main && has "$OUT" "waived" &&
	has_not "$OUT" "tried in both" &&
	expect_status 0 check main -v && has "$OUT" "^reason: tried in both orders$"
'

# a report in every format, each judged by its own rules and against the JSON
formats() { # <name>
	local n=$1 f

	mkdir -p "$TRASH/formats" &&
		for f in human json sarif junit github gitlab; do
			git migrate check -v --no-color --format=$f main \
				>"$TRASH/formats/$n.$f"
			[ $? -le 1 ] || return 1
		done
}

test_expect_success 'all formats tell the same, and are what they are called' '
	for rule in GM101 GM104 GM105 GM109 GM110; do
		example "$EXAMPLES/$rule/reported" && formats $rule || return 1
	done &&
	example "$EXAMPLES/GM105/fine" && formats fine &&
	example "$EXAMPLES/GM105/reported" && git branch -m "a,b%0A]]>" &&
	git mv migrations/2_mail.sql "migrations/2_::error,f=%0A\"]]><x {0}[a](b).sql" &&
	commit_all evil && formats evil &&
	[ "$(python3 "$TEST_DIR/../support/findings_check.py" "$TRASH/formats")" = 7 ]
'

test_done
