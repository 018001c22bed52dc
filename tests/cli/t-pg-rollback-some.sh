#!/bin/bash
# git migrate rollback of some, on PostgreSQL: what has to go first, and tables
# that several have altered
. "$(dirname "$0")/lib.sh"
pg_need

world() { # <migration...>: applied, each from a commit of its own
	local n=0 text

	cd "$TRASH" && rm -rf w && scratch_repo w && pg_db && git migrate init -q --url "$URL" && commit_all 'Set up' || return
	for text; do
		n=$((n + 1))
		printf '%s\n' "$text" | migration ${n}_m && git migrate apply -q || return
	done
}

applied() {
	local got

	got=$(pg_sql "SELECT string_agg(name, ' ' ORDER BY name) FROM git_migrate.migrations WHERE status = 'applied'")
	[ "$got" = "$1" ] || { echo "applied: $got, not $1" && return 1; }
}

rows() {
	pg_sql "$1" | tr '\n' ' '
}

test_expect_success 'columns that both added to one table, taken back in any order' '
	world "CREATE TABLE a (id int PRIMARY KEY, n text, old text); INSERT INTO a VALUES (1, \$\$x\$\$, \$\$o\$\$);" \
		"ALTER TABLE a ADD COLUMN b int, DROP COLUMN old; COMMENT ON TABLE a IS \$\$two\$\$;" "ALTER TABLE a ADD COLUMN c int DEFAULT 3; CREATE INDEX a_c ON a (c);" &&
	pg_sql "UPDATE a SET b = 1, c = 2; INSERT INTO a (id, n) VALUES (2, \$\$y\$\$)" && expect_status 0 rollback --dry-run 2_m && has "$OUT" "^rollback 2_m, exact" &&
	expect_status 0 rollback 2_m && applied "1_m 3_m" && [ "$(rows "SELECT id, n, old, c FROM a ORDER BY id")" = "1|x|o|2 2|y||3 " ] &&
	[ -z "$(pg_sql "SELECT obj_description(\$\$a\$\$::regclass)")" ] && [ "$(pg_sql "SELECT count(*) FROM pg_indexes WHERE indexname = \$\$a_c\$\$")" = 1 ] &&
	expect_status 0 rollback && applied 1_m && [ "$(rows "SELECT * FROM a ORDER BY id")" = "1|x|o 2|y| " ]
'

test_expect_success 'what uses it has to go first; dynamic SQL counts as using it' '
	world "CREATE TABLE a (id int PRIMARY KEY);" "CREATE TABLE z (x int);" "CREATE VIEW v AS SELECT id FROM a;" "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS \$\$ BEGIN EXECUTE \$x\$SELECT 1\$x\$; RETURN 1; END \$\$;" &&
	expect_status 1 rollback 1_m && has "$ERR" "3_m \(uses a\)" && expect_status 1 rollback 2_m && has "$ERR" "4_m \(runs dynamic SQL\)" && expect_status 0 rollback 4_m && expect_status 0 rollback 2_m && applied "1_m 3_m"
'

test_expect_success 'rows go, and an identity that is none: no run waits for itself' '
	world "CREATE TABLE a (id int PRIMARY KEY, n int); INSERT INTO a VALUES (1, 1), (2, NULL);" &&
	printf "%s\n" "DELETE FROM a WHERE n IS NULL;" "ALTER TABLE a ALTER COLUMN n DROP IDENTITY IF EXISTS;" | migration 2_m &&
	expect_status 0 apply -q && [ "$(rows "SELECT id FROM a")" = "1 " ] && expect_status 0 rollback -q && [ "$(rows "SELECT id FROM a ORDER BY 1")" = "1 2 " ]
'

test_done
