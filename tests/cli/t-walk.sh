#!/bin/bash
# A story of thirty migrations of every kind, in three layouts: applied one by
# one with rows added between, rolled back one by one, each to the very bytes
# that .dump gave before
. "$(dirname "$0")/lib.sh"

# What .dump says, without the journal; rowids of tables without a key, too.
# The order of the tables in the file is nobody's promise.
dump() {
	rm -f "$TRASH/copy.db"
	sqlite3 dev.db ".backup '$TRASH/copy.db'" &&
		sqlite3 "$TRASH/copy.db" "SELECT 'DROP ' || type || ' \"' ||
			name || '\";' FROM sqlite_schema
			WHERE name LIKE 'git_migrate%' AND
			type IN ('table', 'view') ORDER BY type DESC" |
		sqlite3 "$TRASH/copy.db" &&
		sqlite3 "$TRASH/copy.db" '.dump --preserve-rowids' | sort
}

# A step: "== name", what people write before it ("+ ..."), how that is taken
# back ("- ..."), and the migration.
cat >"$TRASH/story" <<\SQL
== users
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
	age INT, note);
INSERT INTO users (name, age, note) VALUES ('ann', 30, NULL), ('bob', '31', 1.5),
	('cyd', NULL, x'00ff'), ('dan', 4.0, 'it''s'), ('eve', 5, '');
== teams
+ INSERT INTO users (id, name) VALUES (50, 'zed');
- DELETE FROM users WHERE id = 50; UPDATE sqlite_sequence SET seq = 5;
CREATE TABLE teams (code TEXT PRIMARY KEY, title TEXT) WITHOUT ROWID;
INSERT INTO teams VALUES ('b', 'Blue'), ('r', 'Red'), ('', NULL);
== members
+ INSERT INTO teams VALUES ('g', 'Green');
- DELETE FROM teams WHERE code = 'g';
CREATE TABLE members (
	user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	team TEXT NOT NULL REFERENCES teams (code), -- a comment stays
	PRIMARY KEY (user_id, team)
);
INSERT INTO members SELECT id, 'b' FROM users UNION ALL SELECT id, 'r' FROM users;
== unique_title
+ INSERT INTO members VALUES (5, '');
- DELETE FROM members WHERE team = '';
CREATE UNIQUE INDEX teams_title ON teams (title COLLATE NOCASE);
== partial_index
CREATE INDEX users_adult ON users (age DESC) WHERE age > 17;
CREATE INDEX users_upper ON users (upper(name));
== view
CREATE VIEW roster AS SELECT u.name, t.title FROM users u
	JOIN members m ON m.user_id = u.id JOIN teams t ON t.code = m.team;
== audit
CREATE TABLE audit (at TEXT DEFAULT 'now', what TEXT);
CREATE TRIGGER users_audit AFTER UPDATE ON users BEGIN
	INSERT INTO audit (what) VALUES (CASE WHEN new.age IS NULL THEN 'none'
		ELSE CASE WHEN new.age > 18 THEN 'old' ELSE 'young' END END);
	SELECT 1;
END;
== add_column
+ UPDATE users SET age = 77 WHERE id = 2; INSERT INTO audit VALUES ('t', 'by hand');
- UPDATE users SET age = '31' WHERE id = 2; DELETE FROM audit;
ALTER TABLE users ADD COLUMN mail TEXT NOT NULL DEFAULT 'none';
== backfill
+ INSERT INTO users (id, name, mail) VALUES (60, 'new', 'new@x');
- DELETE FROM users WHERE id = 60; UPDATE sqlite_sequence SET seq = 50;
UPDATE users SET mail = name || '@example.com', age = coalesce(age, 0) + 1
	WHERE mail = 'none';
== rename_column
ALTER TABLE users RENAME COLUMN note TO remark;
== rename_table
+ UPDATE users SET remark = 'later' WHERE id = 1;
- UPDATE users SET remark = NULL WHERE id = 1; DELETE FROM audit WHERE rowid = (SELECT max(rowid) FROM audit); DELETE FROM audit WHERE rowid = (SELECT max(rowid) FROM audit);
ALTER TABLE users RENAME TO people;
== drop_index
DROP INDEX users_upper;
== delete_rows
DELETE FROM members WHERE user_id IN (SELECT id FROM people WHERE age < 10);
DELETE FROM people WHERE age < 10;
== strict
CREATE TABLE readings (id INTEGER PRIMARY KEY, r REAL, t TEXT, b BLOB, a ANY) STRICT;
== odd_values
+ INSERT INTO readings VALUES (900, 1, 'x', x'', 'any');
- DELETE FROM readings WHERE id = 900;
INSERT INTO readings VALUES (1, 0.1, 'a' || char(0) || 'b', zeroblob(5), 1),
	(2, 1e308 * 10, '', x'', NULL), (3, -0.0, char(10, 13, 9), NULL, x'01'),
	(4, 5e-324, NULL, x'deadbeef', '12'), (9223372036854775807, 1, 'x', NULL, 12.5);
== rebuild
PRAGMA foreign_keys = OFF;
CREATE TABLE teams_new (code TEXT PRIMARY KEY CHECK (length(code) < 9), title TEXT,
	size INT NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT INTO teams_new (code, title) SELECT code, title FROM teams;
DROP VIEW roster;
DROP TABLE teams;
ALTER TABLE teams_new RENAME TO teams;
CREATE UNIQUE INDEX teams_title ON teams (title);
== generated
+ INSERT INTO teams VALUES ('w', 'White', 3);
- DELETE FROM teams WHERE code = 'w';
CREATE TABLE boxes (w INT, h INT, area INT GENERATED ALWAYS AS (w * h) STORED,
	half AS (area / 2));
INSERT INTO boxes (w, h) VALUES (2, 3), (4, 5), (2, 3), (NULL, 1);
CREATE INDEX boxes_half ON boxes (half);
== drop_column
+ INSERT INTO people (id, name, mail) VALUES (70, 'seven', 'm');
- DELETE FROM people WHERE id = 70; UPDATE sqlite_sequence SET seq = 60;
ALTER TABLE people DROP COLUMN remark;
== search
CREATE VIRTUAL TABLE search USING fts5(body, tag UNINDEXED);
INSERT INTO search VALUES ('the quick brown fox', 1), ('lazy dogs', 'two');
== bag
CREATE TABLE bag (thing, n);
INSERT INTO bag VALUES ('a', 1), ('a', 1), ('a', '1'), (NULL, NULL), (NULL, NULL), ('b', 2.0);
DELETE FROM bag WHERE rowid = 2;
== bag_update
+ INSERT INTO bag (rowid, thing, n) VALUES (5000, 'far', 1);
- DELETE FROM bag WHERE rowid = 5000;
UPDATE bag SET n = n + 1 WHERE n IS NOT NULL;
== bag_delete
DELETE FROM bag WHERE thing IS NULL;
INSERT INTO bag VALUES ('c', 3);
== replace
REPLACE INTO teams VALUES ('x', 'Blue', 9);
INSERT OR REPLACE INTO readings VALUES (3, 7, 'seven', NULL, NULL);
== upsert
INSERT INTO teams VALUES ('x', 'Other', 1), ('y', 'Yellow', 2)
	ON CONFLICT (code) DO UPDATE SET size = size + excluded.size;
== copy
+ INSERT INTO boxes (w, h) VALUES (10, 10);
- DELETE FROM boxes WHERE w = 10;
CREATE TABLE boxes_old AS SELECT * FROM boxes ORDER BY area DESC;
== empty_out
DELETE FROM boxes;
DELETE FROM search WHERE tag = 1;
== swap_trigger
DROP TRIGGER users_audit;
CREATE VIEW names AS SELECT name FROM people;
CREATE TRIGGER names_in INSTEAD OF INSERT ON names BEGIN
	INSERT INTO people (name) VALUES (new.name);
END;
INSERT INTO names VALUES ('through the view');
== new_keys
UPDATE people SET id = id + 100;
UPDATE members SET user_id = user_id + 100;
UPDATE teams SET code = code || '2' WHERE code <> '';
UPDATE OR IGNORE members SET team = team || '2';
== drop_tables
DROP TABLE boxes_old;
DROP TABLE search;
DROP TABLE audit;
DROP TABLE bag;
== last
-- the end
DROP VIEW names;
DROP TABLE members;
CREATE TABLE bag (another TEXT);
INSERT INTO bag VALUES ('under an old name');
SQL
mkdir "$TRASH/steps"
awk -v to="$TRASH/steps" '
	/^== / { f = sprintf("%s/%02d_%s", to, ++n, $2); printf "" >f; next }
	/^\+ / { print substr($0, 3) >(f ".add"); next }
	/^- / { print substr($0, 3) >(f ".del"); next }
	{ print >f }' "$TRASH/story"
STEPS=$(find "$TRASH/steps" -type f ! -name '*.*' | sort)

# put_migration <layout> <number> <name> <file>
put_migration() {
	case $1 in
	native)
		cp "$4" "migrations/202601${2}000000_$3.sql"
		;;
	goose)
		{
			echo "-- +goose Up"
			echo "-- +goose StatementBegin"
			cat "$4"
			echo "-- +goose StatementEnd"
			echo "-- +goose Down"
			echo "SELECT 'a down that does nothing';"
		} >"migrations/${2}_$3.sql"
		;;
	diesel)
		mkdir -p "migrations/2026-01-$2-000000_$3" &&
			cp "$4" "migrations/2026-01-$2-000000_$3/up.sql"
		;;
	esac
}

begin_story() { # <layout>
	cd "$TRASH" && rm -rf "$1" && scratch_repo "$1" || return 1
	rm -rf "$TRASH/dumps" && mkdir -p "$TRASH/dumps" migrations || return 1
	for step in $STEPS; do
		name=$(basename "$step")
		put_migration "$1" "${name%%_*}" "${name#*_}" "$step"
	done
	git migrate init -q && commit_all 'The story'
	expect_status 0 status --json &&
		[ "$(json .layout)" = "$1" ] &&
		[ "$(json '.migrations | length')" -eq 30 ]
}

walk_up() {
	for step in $STEPS; do
		name=$(basename "$step")
		[ ! -e "$step.add" ] || sqlite3 dev.db <"$step.add" || return 1
		[ ! -e dev.db ] || dump >"$TRASH/dumps/$name.before" || return 1
		expect_status 0 apply -n 1 || return 1
		dump >"$TRASH/dumps/$name.after" || return 1
	done
}

walk_down() {
	for step in $(echo "$STEPS" | sort -r); do
		name=$(basename "$step")
		dump | diff "$TRASH/dumps/$name.after" - || {
			echo "before the rollback of $name"
			return 1
		}
		expect_status 0 rollback --json || return 1
		[ "$(json '.events[0].exact')" = true ] || return 1
		[ ! -e "$TRASH/dumps/$name.before" ] ||
			dump | diff "$TRASH/dumps/$name.before" - || {
			echo "after the rollback of $name"
			return 1
		}
		[ ! -e "$step.del" ] || sqlite3 dev.db <"$step.del" || return 1
	done
}

[ "$(echo "$STEPS" | wc -l)" -eq 30 ] || exit 128
for layout in native goose diesel; do
	test_expect_success "$layout: thirty migrations, one by one" '
		begin_story $layout && walk_up &&
		expect_status 0 status --exit-code
	'
	test_expect_success "$layout: ... and back, one by one" '
		cd "$TRASH/$layout" && walk_down &&
		expect_status 0 rollback && has "$OUT" "^nothing to roll back" &&
		[ "$(sqlite3 dev.db "PRAGMA integrity_check")" = ok ] &&
		git fsck --strict
	'
	test_expect_success "$layout: ... all at once, to the same end and back" '
		cd "$TRASH/$layout" && dump >start &&
		expect_status 0 apply && has "$OUT" "^30 migrations applied" &&
		expect_status 0 rollback -n 30 &&
		has "$OUT" "^30 migrations rolled back" &&
		dump | diff start - &&
		[ "$(git migrate log --json | jq "[.events[] |
			select(.event == \"apply\")] | length")" -eq 60 ]
	'
done

test_done
