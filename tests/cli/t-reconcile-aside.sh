#!/bin/bash
# git migrate reconcile: rows that cannot be on the other branch are set aside
. "$(dirname "$0")/lib.sh"

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

holds() { # <table> <rows, by its first column>...
	is "SELECT * FROM $1 ORDER BY 1, 2" "${*:2}"
}

whole() {
	sqlite3 dev.db .dump
}

git migrate init -q && commit_all 'Set up'
printf '%s\n' before >>.git/info/exclude
migration 20260101000000_base <<\SQL
CREATE TABLE crates (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL);
CREATE TABLE items (id INTEGER PRIMARY KEY, crate INTEGER REFERENCES crates (id));
CREATE TABLE parts (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items (id));
CREATE TABLE kinds (id INTEGER PRIMARY KEY, code TEXT, n INTEGER);
CREATE UNIQUE INDEX kinds_code ON kinds (code, n + 0) WHERE n > 0;
CREATE TABLE pairs (a TEXT, b INT, v INT NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE seeds (id INTEGER PRIMARY KEY, v TEXT);
CREATE TABLE leaves (id INTEGER PRIMARY KEY, seed INTEGER REFERENCES seeds (id));
CREATE TABLE mails (id INTEGER PRIMARY KEY, mail TEXT UNIQUE);
CREATE TABLE strict (id INTEGER PRIMARY KEY, n INTEGER) STRICT;
CREATE TABLE checks (id INTEGER PRIMARY KEY, n INT CHECK (n > 0), m INT, CONSTRAINT less CHECK (n < m), CHECK (id < 90));
SQL
git migrate apply -q
sql "INSERT INTO crates VALUES (1, 'a', 10), (2, 'b', 20);
	INSERT INTO items VALUES (1, 1), (2, 2);
	INSERT INTO kinds VALUES (1, 'K', 0), (2, 'L', 0);
	INSERT INTO pairs VALUES ('p', 1, 1), ('q', 1, 1);
	INSERT INTO mails VALUES (1, 'ann'), (2, 'bob');
	INSERT INTO checks VALUES (1, 1, 5), (2, 2, 5);
	INSERT INTO strict VALUES (1, 1)"
git branch base
git switch -q -c loose
migration 20260102000000_loose <<\SQL
ALTER TABLE crates DROP COLUMN size;
DROP INDEX kinds_code;
UPDATE kinds SET code = lower(code);
CREATE TABLE pairs2 (a TEXT, b INT, v INT, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO pairs2 SELECT * FROM pairs;
DROP TABLE pairs;
ALTER TABLE pairs2 RENAME TO pairs;
INSERT INTO seeds VALUES (1, 'seed');
DELETE FROM mails WHERE id = 2;
CREATE TABLE strict2 (id INTEGER PRIMARY KEY, n ANY) STRICT;
INSERT INTO strict2 SELECT * FROM strict;
DROP TABLE strict;
ALTER TABLE strict2 RENAME TO strict;
CREATE TABLE checks2 (id INTEGER PRIMARY KEY, n INT, m INT, CHECK (id < 90));
INSERT INTO checks2 SELECT id, n + (id < 3), m FROM checks;
DROP TABLE checks;
ALTER TABLE checks2 RENAME TO checks;
SQL
git migrate apply -q

test_expect_success 'rows that cannot be there go, and what refers to them: listed' '
	sql "INSERT INTO crates VALUES (3, \"c\"); DELETE FROM items WHERE crate = 2; DELETE FROM crates WHERE id = 2;
		INSERT INTO items VALUES (3, 3), (4, 1); INSERT INTO parts VALUES (3, 3), (4, 4);
		INSERT INTO kinds VALUES (3, \"x\", 1), (4, \"x\", 1), (5, \"x\", 0), (6, \"y\", 1);
		INSERT INTO pairs VALUES (\"r\", 1, NULL), (\"s\", 1, 5); UPDATE pairs SET v = NULL WHERE a = \"q\";
		INSERT INTO checks VALUES (3, -3, 5), (4, 4, 4), (5, 5, 6), (6, NULL, 1); UPDATE checks SET m = 1 WHERE id = 2;
		UPDATE seeds SET v = \"mine\"; INSERT INTO leaves VALUES (1, 1), (2, NULL);
		INSERT INTO mails VALUES (3, \"bob\"), (4, \"eve\"); INSERT INTO strict VALUES (2, 2), (3, \"three\")" &&
	git switch -q base && whole >before && expect_status 0 reconcile --dry-run && whole | cmp - before &&
	has "$ERR" "^set aside: 20260102000000_loose: table crates: 1 row NO_VALUE$" &&
	expect_status 0 reconcile &&
	has "$ERR" "^set aside: 20260102000000_loose: table crates: 1 row NO_VALUE$" &&
	has "$ERR" "^    crates id = 3 crates.size \(NO_VALUE\)$" &&
	has "$ERR" "^set aside: 20260102000000_loose: table crates: 1 row DELETED$" &&
	has "$ERR" "^    items id = 3 -> crates \(ORPHANED\)$" && has "$ERR" "^    parts id = 3 -> items \(ORPHANED\)$" &&
	has "$ERR" "^    kinds id = 4 .* \(NOT_UNIQUE\)$" &&
	has "$ERR" "^set aside: 20260102000000_loose: table pairs: 2 rows NO_VALUE$" &&
	has "$ERR" "^    seeds id = 1 \(KEY_REUSED\)$" && has "$ERR" "^    leaves id = 1 -> seeds \(ORPHANED\)$" &&
	has "$ERR" "^    mails id = 3 mails.mail \(NOT_UNIQUE\)$" && has "$ERR" "^    strict id = 3 .*\(NO_VALUE\)$" &&
	has "$ERR" "^set aside: 20260102000000_loose: table checks: 3 rows CHANGED$" &&
	has "$ERR" "^    checks id = 3 CHECK .n > 0. \(CHANGED\)$" && has "$ERR" "^    checks id = 2 less \(CHANGED\)$" &&
	has "$ERR" "^hint: 20260102000000_loose: 13 rows and values will be parked" &&
	has_not "$ERR" "^conflict"
'

test_expect_success '... and every other is there, in the form of that branch' '
	holds crates "1|a|10" && holds items "1|1 4|1" && holds parts "4|4" &&
	holds kinds "1|K|0 2|L|0 3|x|1 5|x|0 6|y|1" && holds pairs "p|1|1 s|1|5" &&
	holds seeds "" && holds leaves "2|" && holds mails "1|ann 2|bob 4|eve" && holds strict "1|1 2|2" && holds checks "1|1|5 5|5|6 6||1" &&
	is "PRAGMA foreign_key_check" "" && expect_status 0 status && expect_status 0 snapshot verify
'

all_back() {
	holds items "1|1 3|3 4|1" && holds parts "3|3 4|4" &&
		holds kinds "1|k|0 2|l|0 3|x|1 4|x|1 5|x|0 6|y|1" && holds pairs "p|1|1 q|1| r|1| s|1|5" &&
		holds leaves "1|1 2|" && holds mails "1|ann 3|bob 4|eve" && holds strict "1|1 2|2 3|three" &&
		holds checks "1|2|5 2|3|1 3|-3|5 4|4|4 5|5|6 6||1"
}

test_expect_success 'applied again, they are back' '
	git switch -q loose && expect_status 0 reconcile && has "$ERR" "13 parked rows and values are back" &&
	all_back && holds crates "1|a 3|c" && holds seeds "1|mine"
'

test_expect_success '... nobody'\''s but theirs: written or removed since, they stay so' '
	sql "UPDATE crates SET name = \"cc\" WHERE id = 3; UPDATE seeds SET v = \"yours\"" &&
	git switch -q base && expect_status 0 reconcile && holds crates "1|a|10" && holds seeds "" &&
	git switch -q loose && expect_status 0 reconcile && has_not "$ERR" "stays? in the snapshot" &&
	all_back && holds crates "1|a 3|cc" && holds seeds "1|yours" &&
	sql "DELETE FROM parts WHERE id = 3; DELETE FROM items WHERE id = 3; DELETE FROM crates WHERE id = 3; DELETE FROM kinds WHERE id = 4" &&
	git switch -q base && expect_status 0 reconcile && git switch -q loose && expect_status 0 reconcile &&
	holds crates "1|a" && holds items "1|1 4|1" && holds parts "4|4" && holds kinds "1|k|0 2|l|0 3|x|1 5|x|0 6|y|1"
'

test_expect_success 'a value that both have changed stops it, and nothing is set aside' '
	sql "UPDATE kinds SET code = \"other\" WHERE id = 1; INSERT INTO crates VALUES (7, \"g\")" && git switch -q base &&
	whole >before && expect_status 1 reconcile && has "$ERR" "rolled back: changed since it was applied: kinds \(1 row CHANGED\)$" &&
	has "$ERR" "^hint: nothing was changed; git migrate reconcile -t dev --on-conflict=keep" && has_not "$ERR" "set aside" && whole | cmp - before &&
	expect_status 0 reconcile --on-conflict=restore && holds kinds "1|K|0 2|L|0 3|x|1 5|x|0 6|y|1" && holds crates "1|a|10" &&
	git switch -q loose && expect_status 0 reconcile && is "SELECT code FROM kinds WHERE id = 1" other && holds crates "1|a 7|g"
'

test_expect_success 'git migrate rollback refuses all that, as ever' '
	sql "UPDATE kinds SET code = \"k\" WHERE id = 1" && whole >before && expect_status 1 rollback &&
	has "$ERR" "^conflict: 20260102000000_loose: table seeds: 1 row KEY_REUSED$" &&
	sql "UPDATE seeds SET v = \"seed\"; DELETE FROM checks WHERE id = 2" && whole >before && expect_status 1 rollback --on-conflict=keep &&
	has "$ERR" "^conflict: 20260102000000_loose: table checks: 2 rows CHANGED$" && has_not "$ERR" "set aside" && whole | cmp - before
'

# each of them shows late: the first begins anew, the others behind a savepoint
test_expect_success 'rows in the way of several migrations: what was done before one of them stays' '
	git switch -q -c three base && URL3=sqlite:three.db && git config migrate.three.url "$URL3" && git migrate apply -q -t three && for i in 1 2 3; do
		migration 2026020${i}000000_three <<<"CREATE TABLE three$i (id INTEGER PRIMARY KEY, v INT, size INT NOT NULL);"
	done && git switch -q -c less && for i in 1 2 3; do
		migration 2026021${i}000000_less <<<"ALTER TABLE three$i DROP COLUMN size; UPDATE three$i SET v = v + 1;"
	done && git switch -q three && expect_status 0 reconcile -t three && sqlite3 three.db "INSERT INTO three1 VALUES (1, 1, 10); INSERT INTO three2 VALUES (1, 1, 20); INSERT INTO three3 VALUES (1, 1, 30)" &&
	git switch -q less && expect_status 0 reconcile -t three && sqlite3 three.db "INSERT INTO three1 VALUES (2, 2); INSERT INTO three2 VALUES (2, 2); INSERT INTO three3 VALUES (2, 2)" &&
	git switch -q three && rm -f "$TRASH/passed" && GIT_MIGRATE_CRASH_LOG=$TRASH/passed expect_status 0 reconcile -t three &&
	[ "$(grep -c "^set aside: .*: 1 row NO_VALUE" "$ERR")" = 3 ] && { [ ! -s "$TRASH/passed" ] || [ "$(grep -c "^begun" "$TRASH/passed")" = 2 ]; } &&
	[ "$(sqlite3 three.db "SELECT * FROM three1; SELECT * FROM three2; SELECT * FROM three3" | tr "\n" " ")" = "1|1|10 1|1|20 1|1|30 " ] &&
	git switch -q less && expect_status 0 reconcile -t three && [ "$(grep -c "1 parked row or value is back" "$ERR")" = 3 ] &&
	[ "$(sqlite3 three.db "SELECT * FROM three1 ORDER BY id; SELECT * FROM three2 ORDER BY id; SELECT * FROM three3 ORDER BY id" | tr "\n" " ")" = "1|2 2|2 1|2 2|2 1|2 2|2 " ]
'

test_done
