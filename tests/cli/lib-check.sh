# shellcheck shell=bash
# What the tests of check share. Source it behind lib.sh.

# on <branch> <name> <sql>: a migration, committed there
on() {
	git switch -q "$1" && printf '%s\n' "$3" | migration "$2"
}

# the findings of --json as "GM104 error " words, each once, without waived ones
found() {
	jq -r '.findings[] | select(.waived == null or .waived == false) | .rule + " " + .level' "$OUT" | sort -u | tr '\n' ' '
}
