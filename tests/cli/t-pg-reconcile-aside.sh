#!/bin/bash
# git migrate reconcile on PostgreSQL: rows that cannot be on the other branch
# are set aside
. "$(dirname "$0")/lib.sh"
pg_need

is() { # <query> <expected, lines joined by spaces>
	local got

	got=$(pg_sql "$1" | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "$1: $got, not $2"
	return 1
}

holds() { # <table> <rows, by its first column>...
	is "SELECT * FROM $1 ORDER BY 1, 2" "${*:2}"
}

whole() {
	pg_dump "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )'
}

pg_db
git migrate init -q --url "$URL" && commit_all 'Set up'
printf '%s\n' before >>.git/info/exclude
migration 20260101000000_base <<\SQL
CREATE TABLE crates (id int PRIMARY KEY, name text NOT NULL, size int NOT NULL);
CREATE TABLE items (id int PRIMARY KEY, crate int REFERENCES crates);
CREATE TABLE parts (id int, item int REFERENCES items, UNIQUE (id)) PARTITION BY RANGE (id);
CREATE TABLE parts_low PARTITION OF parts (PRIMARY KEY (id)) FOR VALUES FROM (0) TO (100);
CREATE TABLE kinds (id int PRIMARY KEY, code text, n int);
CREATE UNIQUE INDEX kinds_code ON kinds (code, (n + 0)) WHERE n > 0;
CREATE TABLE pairs (a text, b int, v int NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE seeds (id int PRIMARY KEY, v text);
CREATE TABLE leaves (id int PRIMARY KEY, seed int REFERENCES seeds);
CREATE TABLE mails (id int PRIMARY KEY, mail text UNIQUE);
CREATE TABLE strict (id int PRIMARY KEY, n int);
CREATE TABLE checks (id int PRIMARY KEY, n int CHECK (n > 0));
CREATE TABLE bare (id int PRIMARY KEY, v text NOT NULL);
CREATE TABLE codes (code text NOT NULL UNIQUE, v text NOT NULL);
CREATE TABLE bags (a int, n int NOT NULL, b text, j json, UNIQUE (b), CHECK (a > 0));
CREATE TABLE spans (id int PRIMARY KEY, s int4range, EXCLUDE USING gist (s WITH &&));
SQL
git migrate apply -q
pg_sql "INSERT INTO crates VALUES (1, 'a', 10), (2, 'b', 20);
	INSERT INTO items VALUES (1, 1), (2, 2);
	INSERT INTO kinds VALUES (1, 'K', 0), (2, 'L', 0);
	INSERT INTO pairs VALUES ('p', 1, 1), ('q', 1, 1);
	INSERT INTO mails VALUES (1, 'ann'), (2, 'bob');
	INSERT INTO bags VALUES (1, 1, 'k', '{}'), (1, 2, NULL, '{}');
	INSERT INTO strict VALUES (1, 1); INSERT INTO spans VALUES (1, '[1,5)')"
git branch base
git switch -q -c loose
migration 20260102000000_loose <<\SQL
ALTER TABLE crates DROP COLUMN size;
DROP INDEX kinds_code;
UPDATE kinds SET code = lower(code);
ALTER TABLE bare DROP COLUMN v;
ALTER TABLE codes DROP COLUMN v;
ALTER TABLE pairs ALTER v DROP NOT NULL;
INSERT INTO seeds VALUES (1, 'seed');
DELETE FROM mails WHERE id = 2;
ALTER TABLE strict ALTER n TYPE text;
ALTER TABLE checks DROP CONSTRAINT checks_n_check;
ALTER TABLE spans DROP CONSTRAINT spans_s_excl;
ALTER TABLE bags DROP CONSTRAINT bags_b_key, DROP CONSTRAINT bags_a_check;
UPDATE bags SET a = a + 1 WHERE n = 2;
SQL
git migrate apply -q

test_expect_success 'rows that cannot be there go, and what refers to them: listed' '
	pg_sql "INSERT INTO crates VALUES (3, \$\$c\$\$); DELETE FROM items WHERE crate = 2; DELETE FROM crates WHERE id = 2;
		INSERT INTO items VALUES (3, 3), (4, 1); INSERT INTO parts VALUES (3, 3), (4, 4);
		INSERT INTO kinds VALUES (3, \$\$x\$\$, 1), (4, \$\$x\$\$, 1), (5, \$\$x\$\$, 0), (6, \$\$y\$\$, 1);
		INSERT INTO pairs VALUES (\$\$r\$\$, 1, NULL), (\$\$s\$\$, 1, 5); UPDATE pairs SET v = NULL WHERE a = \$\$q\$\$;
		INSERT INTO bare VALUES (7); INSERT INTO codes VALUES (\$\$c\$\$);
		UPDATE seeds SET v = \$\$mine\$\$; INSERT INTO leaves VALUES (1, 1), (2, NULL);
		INSERT INTO mails VALUES (3, \$\$bob\$\$), (4, \$\$eve\$\$); INSERT INTO strict VALUES (2, 2), (3, \$\$three\$\$);
		INSERT INTO bags VALUES (-5, 1, NULL, NULL), (-5, 1, \$\$p\$\$, NULL), (3, 1, \$\$m\$\$, NULL), (3, 2, \$\$m\$\$, NULL), (3, 1, NULL, NULL);
		INSERT INTO checks VALUES (1, 1), (2, -2); INSERT INTO spans VALUES (2, \$\$[4,9)\$\$), (3, \$\$[20,30)\$\$)" &&
	git switch -q base && whole >before && expect_status 0 reconcile --dry-run && whole | cmp - before &&
	has "$ERR" "^set aside: 20260102000000_loose: table public.crates: 1 row NO_VALUE$" &&
	expect_status 0 reconcile &&
	has "$ERR" "^set aside: 20260102000000_loose: table public.crates: 1 row NO_VALUE$" &&
	has "$ERR" "^    public.crates id = 3 size \(NO_VALUE\)$" &&
	has "$ERR" "^set aside: 20260102000000_loose: table public.crates: 1 row DELETED$" &&
	has "$ERR" "^    public.items id = 3 items_crate_fkey \(ORPHANED\)$" && has "$ERR" "^    public.parts_low id = 3 parts_item_fkey \(ORPHANED\)$" &&
	has "$ERR" "^    public.kinds id = 4 kinds_code \(NOT_UNIQUE\)$" &&
	has "$ERR" "^set aside: 20260102000000_loose: table public.pairs: 2 rows NO_VALUE$" &&
	has "$ERR" "^    public.bare id = 7 v \(NO_VALUE\)$" && has "$ERR" "^    public.codes code = .c. v \(NO_VALUE\)$" &&
	has "$ERR" "^    public.seeds id = 1 \(KEY_REUSED\)$" && has "$ERR" "^    public.leaves id = 1 leaves_seed_fkey \(ORPHANED\)$" &&
	has "$ERR" "^    public.mails id = 3 mails_mail_key \(NOT_UNIQUE\)$" && has "$ERR" "^    public.strict id = 3 n: now .three. \(NO_VALUE\)$" &&
	has "$ERR" "^    public.checks id = 2 checks_n_check \(CHANGED\)$" && has "$ERR" "^    public.spans id = 2 spans_s_excl \(NOT_UNIQUE\)$" &&
	has "$ERR" "^    public.bags a = -5, n = 1, b = NULL, j = NULL bags_a_check \(CHANGED\)$" &&
	has "$ERR" "^    public.bags a = 3, n = 2, b = .m., j = NULL bags_b_key \(NOT_UNIQUE\)$" &&
	has "$ERR" "^hint: 20260102000000_loose: 17 rows and values will be parked" &&
	has_not "$ERR" "^conflict"
'

test_expect_success '... and every other is there, in the form of that branch' '
	holds crates "1|a|10" && holds items "1|1 4|1" && holds parts "4|4" &&
	holds kinds "1|K|0 2|L|0 3|x|1 5|x|0 6|y|1" && holds pairs "p|1|1 s|1|5" &&
	holds seeds "" && holds bare "" && is "SELECT code FROM codes" "" && holds leaves "2|" && holds mails "1|ann 2|bob 4|eve" && holds strict "1|1 2|2" &&
	holds checks "1|1" && holds spans "1|[1,5) 3|[20,30)" &&
	is "SELECT a, n, b FROM bags ORDER BY 1, 2, 3" "1|1|k 1|2| 3|1|m 3|1|" && expect_status 0 status
'

all_back() {
	is "SELECT (SELECT id FROM bare), (SELECT code FROM codes)" "7|c" && holds items "1|1 3|3 4|1" && holds parts "3|3 4|4" &&
		holds kinds "1|k|0 2|l|0 3|x|1 4|x|1 5|x|0 6|y|1" && holds pairs "p|1|1 q|1| r|1| s|1|5" &&
		holds leaves "1|1 2|" && holds mails "1|ann 3|bob 4|eve" && holds strict "1|1 2|2 3|three" &&
		holds checks "1|1 2|-2" && holds spans "1|[1,5) 2|[4,9) 3|[20,30)" &&
		is "SELECT a, n, b FROM bags ORDER BY 1, 2, 3" "-5|1|p -5|1| 1|1|k 2|2| 3|1|m 3|1| 3|2|m"
}

test_expect_success 'applied again, they are back' '
	git switch -q loose && expect_status 0 reconcile && has "$ERR" "17 parked rows and values are back" &&
	all_back && holds crates "1|a 3|c" && holds seeds "1|mine"
'

test_expect_success '... nobody'\''s but theirs: written or removed since, they stay so' '
	pg_sql "UPDATE crates SET name = \$\$cc\$\$ WHERE id = 3; UPDATE seeds SET v = \$\$yours\$\$" &&
	git switch -q base && expect_status 0 reconcile && holds crates "1|a|10" && holds seeds "" &&
	git switch -q loose && expect_status 0 reconcile && has_not "$ERR" "stays? in the snapshot" &&
	all_back && holds crates "1|a 3|cc" && holds seeds "1|yours" &&
	pg_sql "DELETE FROM parts WHERE id = 3; DELETE FROM items WHERE id = 3; DELETE FROM crates WHERE id = 3; DELETE FROM kinds WHERE id = 4" &&
	git switch -q base && expect_status 0 reconcile && git switch -q loose && expect_status 0 reconcile &&
	holds crates "1|a" && holds items "1|1 4|1" && holds parts "4|4" && holds kinds "1|k|0 2|l|0 3|x|1 5|x|0 6|y|1"
'

test_expect_success 'a value that both have changed stops it, and nothing is set aside' '
	pg_sql "UPDATE kinds SET code = \$\$other\$\$ WHERE id = 1; INSERT INTO crates VALUES (7, \$\$g\$\$)" && git switch -q base &&
	whole >before && expect_status 1 reconcile && has "$ERR" "rolled back: changed since it was applied: public.kinds \(1 row CHANGED\)$" &&
	has "$ERR" "^hint: nothing was changed; git migrate reconcile -t dev --on-conflict=keep" && has_not "$ERR" "set aside" && whole | cmp - before &&
	expect_status 0 reconcile --on-conflict=restore && holds kinds "1|K|0 2|L|0 3|x|1 5|x|0 6|y|1" && holds crates "1|a|10" &&
	git switch -q loose && expect_status 0 reconcile && is "SELECT code FROM kinds WHERE id = 1" other && holds crates "1|a 7|g"
'

test_expect_success 'git migrate rollback refuses all that, as ever' '
	pg_sql "UPDATE kinds SET code = \$\$k\$\$ WHERE id = 1" && whole >before && expect_status 1 rollback &&
	has "$ERR" "^conflict: 20260102000000_loose: table public.seeds: 1 row KEY_REUSED$" && has_not "$ERR" "set aside" && whole | cmp - before
'

# each of them shows late, and needs two looks more: the first begins anew, the others behind a savepoint
test_expect_success 'rows in the way of several migrations: what was done before one of them stays' '
	git switch -q -c three base && pg_db && URL3=$URL && git config migrate.three.url "$URL3" && git migrate apply -q -t three && for i in 1 2 3; do
		migration 2026020${i}000000_three <<<"CREATE TABLE three$i (id INTEGER PRIMARY KEY, v INT, size INT NOT NULL);"
	done && git switch -q -c less && for i in 1 2 3; do
		migration 2026021${i}000000_less <<<"ALTER TABLE three$i DROP COLUMN size; UPDATE three$i SET v = v + 1;"
	done && git switch -q three && expect_status 0 reconcile -t three && pg_sql "INSERT INTO three1 VALUES (1, 1, 10); INSERT INTO three2 VALUES (1, 1, 20); INSERT INTO three3 VALUES (1, 1, 30)" &&
	git switch -q less && expect_status 0 reconcile -t three && pg_sql "INSERT INTO three1 VALUES (2, 2); INSERT INTO three2 VALUES (2, 2); INSERT INTO three3 VALUES (2, 2)" &&
	git switch -q three && rm -f "$TRASH/passed" && GIT_MIGRATE_CRASH_LOG=$TRASH/passed expect_status 0 reconcile -t three &&
	[ "$(grep -c "^set aside: .*: 1 row NO_VALUE" "$ERR")" = 3 ] && { [ ! -s "$TRASH/passed" ] || [ "$(grep -c "^begun" "$TRASH/passed")" = 3 ]; } &&
	[ "$(pg_sql "SELECT * FROM three1; SELECT * FROM three2; SELECT * FROM three3" | tr "\n" " ")" = "1|1|10 1|1|20 1|1|30 " ] &&
	git switch -q less && expect_status 0 reconcile -t three && [ "$(grep -c "1 parked row or value is back" "$ERR")" = 3 ] &&
	[ "$(pg_sql "SELECT * FROM three1 ORDER BY id; SELECT * FROM three2 ORDER BY id; SELECT * FROM three3 ORDER BY id" | tr "\n" " ")" = "1|2 2|2 1|2 2|2 1|2 2|2 " ]
'

test_done
