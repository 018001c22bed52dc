#!/bin/bash
# What shells complete: the words that the program knows, and each shell with
# the completion of git that it has
. "$(dirname "$0")/lib.sh"

SCRIPTS=$TEST_DIR/../../contrib/completion
SUPPORT=$TEST_DIR/../support

# the words for a line's last word, as a shell asks for them
words() {
	git migrate completion words -- "$@" | cut -f 1
}

# names of all commands, and of the options of one, as -h prints them
commands() {
	git migrate -h | sed -n 's/^    \([a-z][a-z-]*\) .*/\1/p'
}
options() { # <command>
	git migrate "$1" -h | sed -nE \
		's/^    (-[a-zA-Z0-9], )?(--[a-z-]+).*/\2/p'
}

test_expect_success 'a repository with something to complete' '
	git migrate init -q &&
	git config migrate.prod.url sqlite:prod.db &&
	git config migrate.prod.protected true &&
	migration 1_users <<-\SQL &&
	CREATE TABLE users (id);
	SQL
	commit_all init && git branch feature/one && git tag v1 &&
	migration 2_mail <<-\SQL &&
	ALTER TABLE users ADD mail;
	SQL
	git remote add upstream /nowhere && mkdir "a folder" other &&
	[ "$(commands | wc -l)" -ge 12 ]
'

# --- the words

test_expect_success 'every command, and what it is for' '
	words "" >got && commands | diff - got &&
	git migrate completion words -- appl | grep -q "^apply	bring the database"
'

test_expect_success 'every option of every command, and no other' '
	mkdir known && commands >known/commands &&
	for c in $(commands); do
		options "$c" | sort >known/"$c" &&
		words "$c" -- | sort | diff known/"$c" - || return 1
	done
'

test_expect_success 'targets, migrations, layouts, formats and hooks as they are' '
	printf "%s\n" dev prod | diff - <(words apply -t "" | sort) &&
	has <(git migrate completion words -- -t p) "^prod	protected$" &&
	printf "%s\n" 1_users 2_mail | diff - <(words apply --to "") &&
	[ "$(words --rev v1 apply --to "")" = 1_users ] &&
	[ "$(words show 2)" = 2_mail ] &&
	[ "$(words init --layout=fly)" = --layout=flyway ] &&
	[ "$(words check --format sa)" = sarif ] &&
	[ "$(words hooks install pre-m)" = pre-merge-commit ] &&
	[ "$(words target show pr)" = prod ] && [ -z "$(words new "")" ]
'

test_expect_success 'words of an option are those that it takes' '
	for w in $(words status --state ""); do
		expect_status 0 status --state "$w" || return 1
	done &&
	git migrate apply -q &&
	for w in $(words rollback --on-conflict ""); do
		expect_status 0 rollback --dry-run --on-conflict "$w" || return 1
	done
'

test_expect_success 'nothing is said where nothing can be: no repository, a bad configuration' '
	mkdir "$TRASH/none" && cd "$TRASH/none" &&
	expect_status 0 completion words -- apply --to "" &&
	[ ! -s "$OUT" ] && [ ! -s "$ERR" ] &&
	git init -q bad && cd bad && printf "[migrate" >.gitmigrate &&
	expect_status 0 completion words -- apply -t "" &&
	[ ! -s "$OUT" ] && [ ! -s "$ERR" ] &&
	expect_status 0 completion words -- appl && has "$OUT" "^apply"
'

test_expect_success 'a bare repository, and one without a commit' '
	git clone -q --bare . "$TRASH/bare" && cd "$TRASH/bare" &&
	[ "$(words show 1)" = 1_users ] &&
	git init -q "$TRASH/empty" && cd "$TRASH/empty" &&
	[ -z "$(words show "")" ]
'

test_expect_success 'the scripts are printed as they are; --json' '
	git migrate completion bash | cmp - "$SCRIPTS/git-migrate.bash" &&
	git migrate completion zsh | cmp - "$SCRIPTS/_git-migrate" &&
	git migrate completion fish | cmp - "$SCRIPTS/git-migrate.fish" &&
	run_migrate completion --json fish &&
	[ "$(json .script)" = "$(cat "$SCRIPTS/git-migrate.fish")" ]
'

test_expect_success 'wrong shells' '
	expect_status 129 completion && has "$ERR" "needs a shell" &&
	expect_status 129 completion zhs && has "$ERR" "^hint: did you mean .zsh" &&
	expect_status 129 completion bash more && has "$ERR" "unexpected argument"
'

# --- the shells: a script each prints "= <line>", then what it completes

# lines: of each command its options; then each with one answer
lines() {
	sed 's/.*/git migrate & --/' known/commands
	cut -f 1 <<-\END
	git migrate 
	git migr	migrate
	git migrate rol	rollback
	git migrate apply --to 2	2_mail
	git migrate apply --rev=feat	feature/one
	git migrate apply --rev v	v1
	git migrate -t pro	prod
	git migrate snapshot push --remote u	upstream
	git migrate init --dir oth	other
	END
}

# <what the shell printed>: all of it is there
check_shell() {
	local c o

	for c in "" $(cat known/commands); do
		# the block of a line, without what stands behind a blank
		awk -v line="= git migrate ${c:+$c --}" '
			/^= / { on = $0 == line || $0 == line " " }
			on && !/^= / { sub(/[ \t].*/, ""); print }' "$1" >block
		grep -vxFf block "known/${c:-commands}" && { echo "^ not in $c"; return 1; }
	done
	while read -r o; do
		grep -qE "^(--[a-z]+=)?${o}[ /]*(	.*)?$" "$1" || { echo "no $o"; return 1; }
	done <<-\END
	migrate
	rollback
	2_mail
	feature/one
	v1
	prod
	upstream
	other
	END
}

for git_bash in "$(git --exec-path)/../../share/bash-completion/completions/git" \
	/usr/share/bash-completion/completions/git none; do
	[ ! -f "$git_bash" ] || break
done
if [ "$git_bash" != none ]; then
	mapfile -t all < <(lines)
	test_expect_success 'bash' '
		bash "$SUPPORT/complete.bash" "$git_bash" "$SCRIPTS/git-migrate.bash" "${all[@]}" >got &&
		check_shell got
	'
	test_expect_success 'bash, in another repository' '
		cd / && bash "$SUPPORT/complete.bash" "$git_bash" "$SCRIPTS/git-migrate.bash" \
			"git -C $TRASH/repo migrate show 2" "git --git-dir=$TRASH/repo/.git migrate apply --rev f" >"$TRASH/got" &&
		has "$TRASH/got" "^2_mail $" && has "$TRASH/got" "^feature/one $"
	'
else
	test_skip 'bash' 'there is no completion of git'
fi

if command -v zsh >/dev/null; then
	mapfile -t all < <(lines)
	test_expect_success 'zsh' '
		mkdir "$TRASH/zsh" && zsh -f "$SUPPORT/complete.zsh" "$SCRIPTS" "$TRASH/zsh" "${all[@]}" \
			"git migrate plan --work" "git -C $TRASH/repo migrate show 2" >got &&
		check_shell got &&
		has got "^>git migrate plan --worktree $" &&
		has got "^>git migrate apply --rev=feature/one $" &&
		has got "^>git -C $TRASH/repo migrate show 2_mail $"
	'
else
	test_skip 'zsh' 'there is none'
fi

if command -v fish >/dev/null; then
	mapfile -t all < <(lines)
	test_expect_success 'fish' '
		fish "$SUPPORT/complete.fish" "$SCRIPTS/git-migrate.fish" "${all[@]}" \
			"git -C $TRASH/repo migrate show 1" "git-migrate statu" >got &&
		check_shell got && has got "^1_users" && has got "^status	"
	'
else
	test_skip 'fish' 'there is none'
fi

test_done
