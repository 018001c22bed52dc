#!/bin/bash
# Folders of other tools: applied, and rolled back to the exact start
. "$(dirname "$0")/lib.sh"

# schema and rows without the journal
state() {
	sqlite3 dev.db "SELECT type, name, sql FROM sqlite_schema
		WHERE tbl_name NOT LIKE 'git_migrate%' AND name NOT LIKE 'sqlite_%'
		ORDER BY 1, 2"
	sqlite3 dev.db .dump | grep '^INSERT INTO' | grep -v git_migrate
}

# begin_layout <name> [dir]: a repository with a database that has rows
begin_layout() {
	cd "$TRASH" && rm -rf "$1" && scratch_repo "$1" || return 1
	dir=${2-migrations}
	mkdir -p "$dir" && sqlite3 dev.db "CREATE TABLE keep (x);
		INSERT INTO keep VALUES (1), ('two'), (NULL);" &&
		printf 'dev.db*\n' >.gitignore && state >"$TRASH/start"
}

# put <file>: standard input
put() {
	mkdir -p "$dir/$(dirname "$1")" && cat >"$dir/$1"
}

# finish_layout <layout> <names in order...>: found, applied, rolled back
finish_layout() {
	local want=$1 n=$(($# - 1)) names

	shift
	git migrate init -q --dir "$dir" && commit_all 'Import' || return 1
	if [ "$want" = pattern ]; then
		git config migrate.layout pattern
	elif [ -z "$(git config -f .gitmigrate migrate.layout)" ] ||
		[ "$(git config -f .gitmigrate migrate.layout)" != "$want" ]; then
		echo "layout: $(git config -f .gitmigrate migrate.layout), not $want"
		return 1
	fi
	git config -f .gitmigrate --unset migrate.layout
	commit_all 'Recognise it'
	expect_status 0 status --json || return 1
	[ "$(json .layout)" = "$want" ] || return 1
	names=$(json '[.migrations[].name] | join(" ")')
	[ "$names" = "$*" ] || { echo "names: $names"; return 1; }
	expect_status 0 apply && has "$OUT" "^$n migrations? applied" || return 1
	expect_status 0 status --exit-code && has_not "$ERR" . || return 1
	git migrate log --json | jq -r '.events[].blob // empty' | while read -r blob; do
		git cat-file -e "$blob" || echo "no blob $blob"
	done | grep . && return 1
	# one by one, newest first, without any down file
	for _ in $(seq "$n"); do
		expect_status 0 rollback || return 1
	done
	state | cmp - "$TRASH/start" || return 1
	expect_status 0 apply && expect_status 0 rollback -n "$n" &&
		state | cmp - "$TRASH/start" && git fsck --strict
}

test_expect_success 'dbmate' '
	begin_layout dbmate db/migrations &&
	put 20260101000000_users.sql <<-\SQL &&
	-- migrate:up
	CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
	INSERT INTO users VALUES (1, "x" || 1);
	-- migrate:down
	DROP TABLE users;
	SQL
	put 20260102000000_vacuum.sql <<-\SQL &&
	-- migrate:up transaction:false
	UPDATE keep SET x = 5 WHERE x = 1;
	VACUUM;
	-- migrate:down
	SQL
	sed -i "s/\"x\" || 1/7/" db/migrations/*_users.sql &&
	finish_layout native 20260101000000_users 20260102000000_vacuum
'

test_expect_success 'goose' '
	begin_layout goose &&
	put 00001_users.sql <<-\SQL &&
	-- +goose Up
	CREATE TABLE users (id INTEGER PRIMARY KEY, n INT);
	-- +goose StatementBegin
	CREATE TRIGGER t AFTER INSERT ON users BEGIN
		UPDATE users SET n = 1; DELETE FROM keep;
	END;
	-- +goose StatementEnd
	-- +goose Down
	DROP TABLE users;
	SQL
	put 00002_row.sql <<-\SQL &&
	-- +goose Up
	INSERT INTO users (id) VALUES (4);
	-- +goose Down
	SELECT 1;
	SQL
	put 00003_vacuum.sql <<-\SQL &&
	-- +goose NO TRANSACTION
	-- +goose Up
	VACUUM;
	SQL
	finish_layout goose 00001_users 00002_row 00003_vacuum
'

test_expect_success 'golang-migrate' '
	begin_layout golang db/migrations &&
	echo "CREATE TABLE users (id INTEGER PRIMARY KEY);" | put 1_users.up.sql &&
	echo "DROP TABLE users;" | put 1_users.down.sql &&
	echo "BEGIN; DROP TABLE keep; COMMIT; CREATE TABLE a (x); BEGIN; DROP TABLE a; COMMIT;" | put 2_drop.up.sql &&
	echo "this is never run" | put 2_drop.down.sql &&
	echo "CREATE TABLE ten (x);" | put 10_ten.up.sql &&
	finish_layout golang-migrate 1_users 2_drop 10_ten
'

test_expect_success 'sqlx: pairs, and simple files' '
	begin_layout sqlx &&
	printf "%s\n" "-- no-transaction" "VACUUM;" | put 20260101000000_v.up.sql &&
	echo "SELECT 1;" | put 20260101000000_v.down.sql &&
	echo "UPDATE keep SET x = x || 9;" | put 20260102000000_u.up.sql &&
	echo "SELECT 1;" | put 20260102000000_u.down.sql &&
	finish_layout sqlx 20260101000000_v 20260102000000_u &&
	begin_layout sqlx2 &&
	printf "%s\n" "-- no-transaction" "VACUUM;" | put 1_v.sql &&
	echo "DELETE FROM keep;" | put 2_d.sql &&
	git config migrate.layout sqlx && git migrate init -q --layout sqlx && commit_all a &&
	expect_status 0 apply && has "$OUT" "^2 migrations applied" &&
	expect_status 0 rollback -n 2 && state | cmp - "$TRASH/start"
'

test_expect_success 'Flyway: V, U and R' '
	begin_layout flyway src/main/resources/db/migration &&
	echo "CREATE TABLE users (id INTEGER PRIMARY KEY, a, b);" | put V1__users.sql &&
	echo "DROP TABLE users;" | put U1__users.sql &&
	echo "ALTER TABLE users DROP COLUMN b;" | put V1.2__drop.sql &&
	echo "DELETE FROM keep WHERE x IS NULL;" | put V1_10__ten.sql &&
	echo "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT a FROM users;" | put R__v.sql &&
	finish_layout flyway V1__users V1.2__drop V1_10__ten R__v
'

test_expect_success '... a repeatable runs again when it changed, and goes back' '
	cd "$TRASH/flyway" && dir=src/main/resources/db/migration &&
	expect_status 0 apply -q && state >one &&
	echo "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT id FROM users;" | put R__v.sql &&
	commit_all changed && expect_status 0 status && has "$OUT" "R__v.*changed, runs again" &&
	expect_status 0 apply && has "$OUT" "^applied R__v" &&
	expect_status 0 apply && has "$OUT" "^nothing to apply" &&
	expect_status 0 rollback && has "$OUT" "^rolled back R__v" && state | cmp - one &&
	expect_status 0 rollback -n 10 && state | cmp - "$TRASH/start"
'

test_expect_success 'diesel' '
	begin_layout diesel &&
	echo "CREATE TABLE users (id INTEGER PRIMARY KEY);" | put 2026-01-01-000000_users/up.sql &&
	echo "DROP TABLE users;" | put 2026-01-01-000000_users/down.sql &&
	echo "VACUUM;" | put 2026-01-02-000000_vacuum/up.sql &&
	echo "run_in_transaction = false" | put 2026-01-02-000000_vacuum/metadata.toml &&
	finish_layout diesel 2026-01-01-000000_users 2026-01-02-000000_vacuum
'

test_expect_success 'prisma' '
	begin_layout prisma prisma/migrations &&
	printf "provider = \"sqlite\"\n" | put migration_lock.toml &&
	echo "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \"mail\" TEXT);" |
		put 20260101000000_init/migration.sql &&
	put 20260102000000_redefine/migration.sql <<-\SQL &&
	-- RedefineTables
	PRAGMA foreign_keys=OFF;
	CREATE TABLE "new_User" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "mail" TEXT NOT NULL DEFAULT 0);
	INSERT INTO "new_User" ("id") SELECT "id" FROM "User";
	DROP TABLE "User";
	ALTER TABLE "new_User" RENAME TO "User";
	PRAGMA foreign_key_check("User");
	PRAGMA foreign_keys=ON;
	SQL
	put 20260103000000_less/migration.sql <<-\SQL &&
	UPDATE "User" SET "mail" = 1;
	-- AlterEnum
	BEGIN;
	CREATE TABLE "Mood" ("id" INTEGER NOT NULL PRIMARY KEY);
	COMMIT;
	-- AlterEnum
	BEGIN;
	DROP TABLE "Mood";
	COMMIT;
	ALTER TABLE "User" ADD COLUMN "mood" TEXT;
	SQL
	finish_layout prisma 20260101000000_init 20260102000000_redefine 20260103000000_less &&
		expect_status 0 show --effects 20260103000000_less && has "$OUT" "^4: use table mood: made and dropped again" &&
		put 20260104000000_open/migration.sql <<<"BEGIN; CREATE TABLE a (x); COMMIT; COMMIT;" && commit_all open &&
		expect_status 128 apply && has "$ERR" "20260104000000_open/migration.sql:1:.* a transaction command inside"
'

test_expect_success 'sqitch' '
	begin_layout sqitch . &&
	printf "[core]\n\tengine = sqlite\n" >sqitch.conf &&
	put sqitch.plan <<-\SQL &&
	%syntax-version=1.0.0
	%project=flipr

	users 2026-01-01T00:00:00Z Ann <ann@example.com> # Adds users.
	flips [users] 2026-01-02T00:00:00Z Ann <ann@example.com> # Adds flips.
	@v1 2026-01-02T00:00:00Z Ann <ann@example.com> # Tag.
	users [users@v1] 2026-01-03T00:00:00Z Ann <ann@example.com> # Reworked.
	SQL
	echo "BEGIN; CREATE TABLE users (id INTEGER PRIMARY KEY); COMMIT;" | put deploy/users@v1.sql &&
	echo "BEGIN; CREATE TABLE flips (id INTEGER PRIMARY KEY); COMMIT;" | put deploy/flips.sql &&
	echo "BEGIN; ALTER TABLE users ADD COLUMN n; COMMIT;" | put deploy/users.sql &&
	echo "BEGIN; DROP TABLE users; COMMIT;" | put revert/users.sql &&
	echo "SELECT 1;" | put verify/users.sql &&
	finish_layout sqitch users@v1 flips users
'

test_expect_success 'Rezoom trees' '
	begin_layout rezoom &&
	echo "CREATE TABLE foo (x);" | put V1.foo.sql &&
	echo "ALTER TABLE foo ADD COLUMN z;" | put V1.foo-zed.sql &&
	echo "ALTER TABLE foo ADD COLUMN b;" | put V1.foo-bar.sql &&
	echo "DROP TABLE keep;" | put V2.next.sql &&
	finish_layout rezoom V1.foo V1.foo-bar V1.foo-zed V2.next
'

test_expect_success 'pattern: release folders and dialects' '
	begin_layout pattern &&
	echo "CREATE TABLE a (x);" | put 4.2/01__a.sqlite.up.sql &&
	echo "CREATE TABLE a (x SERIAL);" | put 4.2/01__a.postgres.up.sql &&
	echo "nonsense" | put 4.2/01__a.sqlite.down.sql &&
	echo "ALTER TABLE a ADD COLUMN y;" | put 4.10/01__b.sqlite.up.sql &&
	git config migrate.pattern "{version}__{name}.{dialect}.{direction}.sql" &&
	finish_layout pattern 4.2/01__a 4.10/01__b
'

test_expect_success 'two files of one version: the way out that is told is one' '
	begin_layout twice && echo "CREATE TABLE a (x);" | put 1_a.up.sql &&
	echo "DROP TABLE a;" | put 1_a.down.sql && commit_all "One" &&
	expect_status 0 init -q && [ "$(git config -f .gitmigrate migrate.layout)" = golang-migrate ] &&
	echo "CREATE TABLE b (x);" | put 1_b.up.sql && commit_all "Two" &&
	expect_status 128 status &&
	has "$ERR" "migrations/1_b.up.sql: version 1 is taken already, by 1_a.up.sql$" &&
	way=$(sed -n "s/^hint: .*versions: //p" "$ERR") && eval "$way" &&
	expect_status 0 apply && has "$OUT" "^2 migrations applied" &&
	expect_status 0 rollback -q -n 2 && state | cmp - "$TRASH/start" &&
	git config --unset migrate.layout && git config --unset migrate.pattern &&
	git rm -q migrations/1_b.up.sql && echo "DROP TABLE b;" | put 1_b.down.sql && commit_all "Three" &&
	expect_status 128 status &&
	has "$ERR" "migrations/1_b.down.sql: version 1 has a down file already, 1_a.down.sql$" &&
	has "$ERR" "^hint: .*migrate.layout pattern && "
'

test_expect_success 'native, with depends and description' '
	begin_layout native &&
	printf "%s\n" "-- migrate:description First" "CREATE TABLE a (x);" | put 1_a.sql &&
	printf "%s\n" "-- migrate:depends 1_a" "DROP TABLE keep;" | put 2_b.sql &&
	finish_layout native 1_a 2_b
'

test_expect_success 'two layouts side by side: an error that names one of each' '
	begin_layout both &&
	echo "CREATE TABLE a (x);" | put V1__a.sql &&
	printf "%s\n" "-- +goose Up" "CREATE TABLE b (x);" | put 2_b.sql &&
	git config migrate.dev.url sqlite:dev.db && commit_all both && cp dev.db before.db &&
	expect_status 128 apply && has "$ERR" "V1__a.sql" && has "$ERR" "2_b.sql" &&
	has "$ERR" "^hint: .*migrate.layout" && cmp dev.db before.db
'

test_expect_success 'a file of another tool that nobody would run is named' '
	begin_layout stray &&
	echo "CREATE TABLE a (x);" | put 1_a.up.sql && echo "x" | put 07_x_up.sql &&
	git migrate init -q && commit_all a && expect_status 0 status &&
	has "$ERR" "^warning: migrations/07_x_up.sql: "
'

test_done
