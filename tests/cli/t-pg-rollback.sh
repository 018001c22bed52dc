#!/bin/bash
# migrations taken back on a PostgreSQL server: exact, beside others' writes
. "$(dirname "$0")/lib.sh"
pg_need

dump() {
	pg_dump -N git_migrate "$PG_DIRECT" | grep -Ev '^(--|.(un)?restrict )' |
		sort
}

# there_and_back 'SQL before' 'migration': dumps before and after are equal
there_and_back() {
	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db &&
		git migrate init -q --url "$URL" &&
		printf '%s\n' "$2" >migrations/1_a.sql && commit_all 'Set up' &&
		pg_sql "$1" && dump >"$TRASH/before" &&
		expect_status 0 apply -q && ! dump | cmp -s - "$TRASH/before" &&
		expect_status 0 rollback -q && dump | diff "$TRASH/before" -
}

people='CREATE TABLE team (id int PRIMARY KEY, name text NOT NULL);
	CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		team int REFERENCES team ON DELETE CASCADE, name text UNIQUE,
		born date, note text DEFAULT $$none$$, CHECK (name <> $$x$$));
	CREATE INDEX person_born ON person (born) WHERE born IS NOT NULL;
	CREATE VIEW young AS SELECT id, name FROM person WHERE born > $$2000-01-01$$;
	COMMENT ON COLUMN person.note IS $$what we know$$;
	INSERT INTO team VALUES (1, $$red$$), (2, $$blue$$);
	INSERT INTO person (team, name, born, note) SELECT 1 + i % 2,
		$$n$$ || i, date $$1990-01-01$$ + i * 100, CASE WHEN i % 7 > 0
		THEN $$note $$ || i END FROM generate_series(1, 200) i;'

test_expect_success 'an UPDATE, a DELETE with its cascade, an INSERT' '
	there_and_back "$people" "
		UPDATE person SET note = upper(note), born = NULL WHERE id % 3 = 0;
		DELETE FROM team WHERE id = 2;
		INSERT INTO team VALUES (3, \$\$green\$\$);"
'

test_expect_success 'a column in the middle, with the view that reads it' '
	there_and_back "$people" "DROP VIEW young;
		ALTER TABLE person DROP COLUMN born;"
'

test_expect_success 'a dropped table with all that hangs on it' '
	there_and_back "$people" "DROP TABLE person CASCADE;"
'

test_expect_success 'a change of type, and what was a default' '
	there_and_back "$people" "DROP VIEW young;
		ALTER TABLE person ALTER name TYPE varchar(40),
		ALTER note DROP DEFAULT, ALTER note TYPE bytea
		USING convert_to(note, \$\$UTF8\$\$), ADD COLUMN extra int
		DEFAULT 5 NOT NULL;
		UPDATE person SET extra = id;"
'

test_expect_success 'TRUNCATE, renames and a DO block' '
	there_and_back "$people" "TRUNCATE team CASCADE;" &&
	there_and_back "$people" "ALTER TABLE person RENAME TO human;
		ALTER TABLE human RENAME COLUMN note TO remark;
		UPDATE human SET remark = \$\$r\$\$ WHERE id < 9;" &&
	there_and_back "$people" "DO \$do\$ BEGIN
		UPDATE person SET note = \$\$q\$\$;
		ALTER TABLE person DROP COLUMN note; END \$do\$;"
'

test_expect_success 'values that were changed since are a conflict' '
	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db &&
	git migrate init -q --url "$URL" &&
	echo "UPDATE person SET note = \$\$m\$\$ WHERE id < 5;" \
		>migrations/1_a.sql && commit_all "Set up" &&
	pg_sql "$people" && expect_status 0 apply -q &&
	pg_sql "UPDATE person SET note = \$\$mine\$\$ WHERE id = 2" &&
	dump >"$TRASH/before" &&
	expect_status 1 rollback && has "$ERR" "person.*1 row CHANGED" &&
	has "$ERR" "^    public.person id = 2 note: before .note 2., after .m., now .mine. \(CHANGED\)$" &&
	dump | diff "$TRASH/before" -
'

# another session commits rows all the time; each of them is kept or stays
test_expect_success 'rows that others commit meanwhile are not lost' '
	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db &&
	git migrate init -q --url "$URL" &&
	echo "ALTER TABLE person DROP COLUMN note;" >migrations/1_a.sql &&
	commit_all "Set up" && pg_sql "$people" && expect_status 0 status &&
	{ for i in $(seq 1 400); do
		echo "INSERT INTO person (team, name, note) VALUES (1, \$\$w$i\$\$, \$\$keep$i\$\$);"
	done | "${PSQL[@]}" -v ON_ERROR_STOP=0 "$PG_DIRECT" >/dev/null 2>&1 & } &&
	writer=$! && sleep 0.1 && expect_status 0 apply -q &&
	{ wait "$writer" || :; } &&
	n=$(pg_sql "SELECT count(*) FROM person WHERE name LIKE \$\$w%\$\$") &&
	[ "$n" -gt 0 ] && expect_status 0 rollback -q &&
	[ "$(pg_sql "SELECT count(*) FROM person WHERE name LIKE \$\$w%\$\$
		AND note = replace(name, \$\$w\$\$, \$\$keep\$\$)")" -eq "$n" ]
'

test_expect_success 'a plan names the tables that are locked' '
	cd "$TRASH/pg" && expect_status 0 plan &&
	has "$OUT" "\(1 statement\), keeps about [0-9.]+ [a-zA-Z]+ of person, locks person$" &&
	expect_status 0 plan --json &&
	[ "$(jq -r ".steps[0].locks" "$OUT")" = person ] &&
	[ "$(jq -c ".steps[0].cascades" "$OUT")" = "[]" ] &&
	pg_sql "CREATE VIEW seen AS SELECT note FROM person" &&
	echo "ALTER TABLE person DROP COLUMN note CASCADE;" >migrations/1_a.sql && commit_all "Cascade" &&
	expect_status 0 plan && has "$OUT" " of person, drops by CASCADE: .*view seen.*, locks person$" &&
	expect_status 0 plan --json && jq -e ".steps[0].cascades | index(\"view seen\")" "$OUT" >/dev/null
'

appended() {
	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db &&
		git migrate init -q --url "$URL" &&
		echo "ALTER TABLE person ADD COLUMN extra int;" >migrations/1_a.sql &&
		echo "DROP VIEW young; ALTER TABLE person DROP COLUMN born, DROP COLUMN name;" >migrations/2_b.sql &&
		commit_all 'Set up' && pg_sql "$people" && dump >"$TRASH/before" &&
		pg_sql "SELECT id, team, name, born, note FROM person ORDER BY id" >"$TRASH/rows" &&
		oid=$(pg_sql "SELECT 'person'::regclass::oid") && expect_status 0 apply -q
}

test_expect_success '--append: the table stays, and its columns come back at its end' '
	appended && expect_status 0 rollback --append --dry-run &&
	has "$OUT" "^rollback 2_b, not exact, columns in another order: person$" &&
	expect_status 0 rollback --append --dry-run --json &&
	[ "$(json ".steps[0] | [.name, .exact, .reordered] | tojson")" = "[\"2_b\",false,\"person\"]" ] &&
	expect_status 0 rollback --append && has "$OUT" "^rolled back 2_b " &&
	has "$ERR" "^hint: 2_b: columns that came back stand behind the others: person$" &&
	pg_sql "SELECT id, team, name, born, note FROM person ORDER BY id" | cmp - "$TRASH/rows" &&
	[ "$(pg_sql "SELECT string_agg(attname, '\'' '\'' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = '\''person'\''::regclass AND attnum > 0 AND NOT attisdropped")" = "id team note extra name born" ] &&
	[ "$(pg_sql "SELECT '\''person'\''::regclass::oid")" = "$oid" ]
'

test_expect_success '... the journal has another schema and the same shape, and show says so' '
	cd "$TRASH/pg" && [ "$(pg_sql "SELECT count(DISTINCT schema_id) || count(DISTINCT shape_id)::text FROM git_migrate.history
		WHERE (name = '\''1_a'\'' AND event = '\''apply'\'') OR event = '\''rollback'\''")" = 21 ] &&
	[ "$(pg_sql "SELECT exact FROM git_migrate.history WHERE event = '\''rollback'\''")" = 0 ] &&
	expect_status 0 show 2_b && has "$OUT" "^Exact: +no$" && has "$OUT" "^Reordered: +person$" &&
	expect_status 0 show --json 2_b && [ "$(json .reordered)" = person ] &&
	expect_status 0 show --json 1_a && [ "$(json .reordered)" = null ] &&
	expect_status 0 status && has "$OUT" "^pending +2_b|^rolled_back +2_b"
'

test_expect_success '... and is taken as it is by what goes back after it' '
	cd "$TRASH/pg" && expect_status 0 apply -q && expect_status 0 rollback -q -n 2 &&
	pg_sql "SELECT id, team, name, born, note FROM person ORDER BY id" | cmp - "$TRASH/rows" &&
	[ "$(pg_sql "SELECT string_agg(attname, '\'' '\'' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = '\''person'\''::regclass AND attnum > 0 AND NOT attisdropped")" = "id team note name born" ] &&
	dump | grep -E "^(CREATE|ALTER|COMMENT)" >after && grep -E "^(CREATE|ALTER|COMMENT)" "$TRASH/before" | diff - after
'

test_expect_success '... with a change of type nothing is done' '
	appended && printf "%s\n" "ALTER TABLE team ALTER COLUMN name TYPE varchar(99);" >migrations/3_c.sql && commit_all more &&
	expect_status 0 apply -q && dump >"$TRASH/before" && expect_status 1 rollback --append &&
	has "$ERR" "^error: table public.team would have to be made anew" && has "$ERR" "^hint: nothing was changed; without --append" &&
	dump | cmp - "$TRASH/before" && expect_status 0 rollback -q
'

test_expect_success 'concurrent indexes are taken back concurrently' '
	cd "$TRASH" && rm -rf pg && scratch_repo pg && pg_db &&
	git migrate init -q --url "$URL" &&
	echo "CREATE INDEX CONCURRENTLY person_team ON person (team);" \
		>migrations/1_a.sql &&
	echo "DROP INDEX CONCURRENTLY person_born;" >migrations/2_b.sql &&
	commit_all "Set up" && pg_sql "$people" && dump >"$TRASH/before" &&
	expect_status 0 apply -q &&
	# a reader would hold up anything but a concurrent drop
	{ "${PSQL[@]}" -c "BEGIN; INSERT INTO person (team, name) VALUES
		(1, \$\$held\$\$); SELECT pg_sleep(2); ROLLBACK" "$PG_DIRECT" \
		>/dev/null & } && sleep 0.3 &&
	expect_status 0 rollback -q -n 2 && wait &&
	dump | grep -v "setval" >"$TRASH/after" &&
	grep -v setval "$TRASH/before" | diff - "$TRASH/after" &&
	[ "$(pg_sql "SELECT count(*) FROM git_migrate.progress")" -eq 0 ]
'

have_points=$(cd "$TRASH/pg" && git migrate apply -q >/dev/null 2>&1 &&
	GIT_MIGRATE_CRASH_LOG=$TRASH/places git migrate rollback -q >/dev/null 2>&1
	[ -s "$TRASH/places" ] && echo yes)
if [ -z "$have_points" ]; then
	test_skip 'killed between an index and the rest' \
		'the program was built without named places'
	test_done
fi

test_expect_success 'killed between an index and the rest' '
	cd "$TRASH/pg" && expect_status 0 apply -q &&
	dump | grep -v setval >"$TRASH/applied" &&
	{ (GIT_MIGRATE_CRASH=index-alone exec git-migrate rollback -q -n 2 \
		>"$OUT" 2>"$ERR" </dev/null) 2>/dev/null || [ $? -eq 137 ]; } &&
	expect_status 0 rollback -q -n 2 &&
	dump | grep -v setval >"$TRASH/after" &&
	grep -v setval "$TRASH/before" | diff - "$TRASH/after" &&
	expect_status 0 apply -q && dump | grep -v setval |
	diff "$TRASH/applied" -
'

test_done
