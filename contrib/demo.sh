#!/bin/bash
# What git migrate does, in a scratch repository. Every command is real; the
# script fails when one of them, or what it leaves behind, is not as expected.
# usage: contrib/demo.sh <git-migrate>
set -eu

program=$(realpath "$1")
[ -x "$program" ]
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'echo "demo: this did not go as expected" >&2' ERR
unset "${!GIT_@}" DATABASE_URL CI
mkdir "$work/bin" "$work/home"
ln -s "$program" "$work/bin/git-migrate"
export PATH=$work/bin:$PATH HOME=$work/home GIT_CONFIG_NOSYSTEM=1
export XDG_CONFIG_HOME=$work/home PAGER=cat GIT_PAGER=cat LC_ALL=C
git config --global user.name 'Ada Demo'
git config --global user.email ada@example.com
git config --global init.defaultBranch main

bold='' dim='' reset=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$'\033[1m' dim=$'\033[2m' reset=$'\033[m'
fi

say() {
	printf '\n%s%s%s\n\n' "$bold" "$*" "$reset"
}

# show a command as it would be typed
typed() {
	local shown='' word

	for word; do
		case $word in
		*[!A-Za-z0-9_./:=+-]*) shown="$shown '$word'" ;;
		*) shown="$shown $word" ;;
		esac
	done
	printf '%s$%s%s\n' "$dim" "$shown" "$reset"
}

# ... and run it
run() {
	typed "$@"
	"$@" 2>&1 | sed 's/^/    /'
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

# the same of one that is refused
fails() {
	typed "$@"
	"$@" 2>&1 | sed 's/^/    /'
	[ "${PIPESTATUS[0]}" -eq 1 ]
}

# a new migration; its path goes to $path
new() {
	typed git migrate new "$1"
	path=$(git migrate new "$1")
	echo "    $path"
}

# check <what> <expected> <got>
check() {
	if [ "$2" != "$3" ]; then
		printf 'demo: %s is not as expected\n--- expected\n%s\n--- got\n%s\n' \
			"$1" "$2" "$3" >&2
		exit 1
	fi
}

rows() {
	sqlite3 dev.db 'SELECT * FROM users ORDER BY id'
}

columns() {
	sqlite3 dev.db "SELECT group_concat(name) FROM pragma_table_info('users')"
}

say 'A repository, and a database for it'
cd "$work"
run git init -q shop
cd shop
run git migrate init

say 'The first migration: a file, a commit, apply'
new create_users
cat >"$path" <<'SQL'
-- migrate:description Who shops here
CREATE TABLE users (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	mail TEXT,
	points INTEGER NOT NULL DEFAULT 0
);
INSERT INTO users (name, mail, points) VALUES
	('Ada', 'ada@example.com', 10),
	('Bob', 'bob@example.com', 20),
	('Cyd', NULL, 30);
SQL
run cat "$path"
run git add -A
run git commit -q -m 'Create users'
run git migrate status
run git migrate apply
run git migrate status
run git migrate log
run sqlite3 -header -column dev.db 'SELECT * FROM users'
before=$(rows)
schema=$(sqlite3 dev.db "SELECT sql FROM sqlite_schema WHERE name = 'users'")

say 'A second one, which destroys something: a column goes, rows change'
new drop_mail
cat >"$path" <<'SQL'
-- migrate:description Nobody writes letters; double the points
ALTER TABLE users DROP COLUMN mail;
UPDATE users SET points = points * 2 WHERE points > 10;
SQL
run cat "$path"
run git add -A
run git commit -q -m 'Drop mail'
run git migrate plan
run git migrate apply
run sqlite3 -header -column dev.db 'SELECT * FROM users'
check 'the migrated table' $'1|Ada|10\n2|Bob|40\n3|Cyd|60' "$(rows)"
run git migrate show "$(basename "$path" .sql)"

say 'And back: schema and data as they were, without any down script'
run git migrate rollback
run sqlite3 -header -column dev.db 'SELECT * FROM users'
check 'the rows after the rollback' "$before" "$(rows)"
check 'the schema after the rollback' "$schema" \
	"$(sqlite3 dev.db "SELECT sql FROM sqlite_schema WHERE name = 'users'")"
run git migrate status

say 'People write, and then it has to go: what they wrote stays, as git revert would'
run git migrate apply -q
run sqlite3 dev.db "UPDATE users SET name = 'Ada L.' WHERE id = 1; INSERT INTO users VALUES (4, 'Dan', 5)"
run sqlite3 dev.db "UPDATE users SET points = 99 WHERE id = 3"
fails git migrate rollback
run git migrate rollback --dry-run --on-conflict=keep
run git migrate rollback --on-conflict=keep
run sqlite3 -header -column dev.db 'SELECT * FROM users'
check 'the merged table' \
	$'1|Ada L.|ada@example.com|10\n2|Bob|bob@example.com|20\n3|Cyd||99\n4|Dan||5' \
	"$(rows)"

say 'All of it is in git: the history of a table'
run git log -p --format='%h %s' refs/migrate/ledger/dev -- schema/tables/users.sql
run git fsck --strict --no-dangling
check 'the number of commits in the ledger' 6 \
	"$(git rev-list --count refs/migrate/ledger/dev)"

say 'A branch with a migration: the database follows the switch, its data waits'
run git migrate hooks install
run git config migrate.dev.url sqlite:dev.db
run git config migrate.dev.reconcile auto
run git switch -q -c feature
new add_phone
stamp=$(basename "$path" _add_phone.sql)
echo 'ALTER TABLE users ADD COLUMN phone TEXT;' >"$path"
run git add -A
run git commit -q -m 'Add phone'
run git migrate apply
run sqlite3 dev.db "UPDATE users SET phone = '555-' || id"
run git switch -q main
check 'the columns on main' 'id,name,points' "$(columns)"
run git switch -q feature
run sqlite3 -header -column dev.db 'SELECT * FROM users'
check 'the phones on feature' '555-1,555-2,555-3,555-4' \
	"$(sqlite3 dev.db 'SELECT group_concat(phone) FROM users')"

say 'Meanwhile on main: each branch is fine alone, and the merge is stopped'
run git switch -q main
while [ "$(date -u +%Y%m%d%H%M%S)" -le "$stamp" ]; do
	sleep 0.2 # another second, another version
done
new add_phone_number
echo 'ALTER TABLE users ADD COLUMN phone INTEGER;' >"$path"
run git add -A
run git commit -q -m 'Add a phone number'
fails git merge -q --no-edit feature
run git merge --abort
fails git migrate check feature --no-color
run git rm -q "$path"
run git commit -q -m 'One phone is enough'
run git merge -q --no-edit feature
run git migrate status
check 'the columns after the merge' 'id,name,points,phone' "$(columns)"

check "the database's integrity" ok "$(sqlite3 dev.db 'PRAGMA integrity_check')"

say 'Everything came out as expected.'
