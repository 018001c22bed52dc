#!/bin/bash
# PostgreSQL: what cannot be reached, may not be written to, or is full: one
# clear line, a hint, nothing changed. And no password ever shows itself.
. "$(dirname "$0")/lib.sh"
pg_need

marker=Pa55-marker-q8XzT # the password that must not appear
weak=t_pg_bad_weak_$$

# a server of our own: with passwords, and on a port of this machine
address=127.$(($$ % 200 + 10)).$(($$ / 200 % 200 + 10)).7
pg_server_private -c "listen_addresses=$address" -c fsync=off -c max_connections=12 \
	-c superuser_reserved_connections=1 || exit 128
printf '%s\n' "local all $weak scram-sha-256" "host all $weak $address/32 scram-sha-256" \
	'local all all trust' "host all all $address/32 trust" |
	cat - "$PG_DIR/data/pg_hba.conf" >"$TRASH/hba" && cat "$TRASH/hba" >"$PG_DIR/data/pg_hba.conf"
"${PSQL[@]}" -c "SELECT pg_reload_conf()" -c "SET password_encryption = 'scram-sha-256'" -c "CREATE ROLE $weak LOGIN PASSWORD '$marker'" "$PG_ADMIN" >/dev/null || exit 128

# a repository with two migrations, and a database with one of them
fresh() {
	cd "$TRASH" && rm -rf bad && scratch_repo bad && pg_db &&
		git migrate init -q --url "$URL" && commit_all 'Set up' &&
		echo 'CREATE TABLE keep (x int);' | migration 1_keep &&
		expect_status 0 apply -q && pg_sql 'INSERT INTO keep VALUES (1)' &&
		printf '%s\n' 'UPDATE keep SET x = 2;' 'CREATE TABLE b (x int);' | migration 2_b
}

remember() {
	{
		pg_sql 'SELECT oid, relname FROM pg_class ORDER BY 1'
		pg_sql 'TABLE keep; SELECT * FROM git_migrate.history ORDER BY seq; TABLE git_migrate.meta'
		git for-each-ref
	} >"$TRASH/was" 2>&1
}

unchanged() {
	cp "$TRASH/was" "$TRASH/was.before" && remember && diff "$TRASH/was.before" "$TRASH/was" &&
		[ -z "$(find .git \( -name '*.lock' -o -name '*.tmp' -o -name 'tmp_*' \))" ]
}

# one_line: one line of error, at most one hint, no raw escapes, no password
one_line() {
	[ "$(grep -cE '^(fatal|error): ' "$ERR")" -eq 1 ] &&
		! grep -qvE '^(fatal|error|hint|warning|usage): ' "$ERR" &&
		[ "$(grep -c '^hint: ' "$ERR")" -le 1 ] &&
		[ "$(tr -d '\n\40-\176' <"$ERR" | wc -c)" -eq 0 ] &&
		! grep -q "$marker" "$ERR" && return 0
	cat -v "$ERR"
	return 1
}

# refused <status> <url> <pattern> [hint]: every command says so
refused() {
	local c

	remember
	for c in status apply 'apply --json'; do
		# shellcheck disable=SC2086 # words
		expect_status "$1" $c --url "$2" || return 1
		case $c in
		*json) [ "$(json .ok)" = false ] && json .error.message | grep -qE "$3" || return 1 ;;
		*) one_line && has "$ERR" "^(fatal|error): .*($3)" &&
			{ [ -z "${4-}" ] || has "$ERR" "^hint: .*($4)"; } || return 1 ;;
		esac
	done
	unchanged
}

# as_weak [password]: the URL for that role
as_weak() {
	echo "postgresql://$weak${1:+:$1}@/${URL##*@/}"
}

test_expect_success 'a password that is wrong, or missing' '
	fresh && refused 128 "$(as_weak wrong)" "password authentication failed for user \"$weak\"" "password file" &&
	refused 128 "$(as_weak)" "no password supplied" "pgpass"
'

test_expect_success '... in a file of passwords' '
	printf "%s\n" "*:*:*:$weak:$marker" >"$TRASH/pass" && chmod 600 "$TRASH/pass" && pg_sql "GRANT SELECT ON keep TO $weak" &&
	PGPASSFILE=$TRASH/pass expect_status 128 status --url "$(as_weak)" && one_line && has "$ERR" "permission denied for schema git_migrate" &&
	printf "%s\n" "*:*:*:$weak:$marker-" >"$TRASH/pass" && PGPASSFILE=$TRASH/pass expect_status 128 status --url "$(as_weak)" && one_line &&
	has "$ERR" "password authentication failed"
'

test_expect_success 'a host that is unknown, a port where nobody listens, no socket' '
	fresh && refused 128 "postgresql://tester@nosuch.invalid/x" "could not translate host name" "host" &&
	refused 128 "postgresql://tester@$address:1/x" "Connection refused" "server runs" &&
	refused 128 "postgresql://tester@/x?host=/nonexistent" "No such file" "socket"
'

test_expect_success 'a database that is missing: createdb' '
	fresh && refused 128 "$(pg_uri "$PG_ADMIN" nosuch_db)" "database .nosuch_db. does not exist" "createdb nosuch_db"
'

test_expect_success 'a role that is missing' '
	fresh && refused 128 "${URL/tester@/nobody_here@}" "role .nobody_here. does not exist" "user"
'

test_expect_success 'a server that is too old, and one that is just new enough' '
	fresh && minor=$(pg_sql "SHOW server_version" | sed "s/^[0-9]*\.\([0-9]*\).*/\1/") &&
	for v in " 9" 10 11; do
		pg_proxy -v "$v" &&
		refused 128 "$URL" "the server is PostgreSQL $((v)).$minor, which is too old$" "works with PostgreSQL 12 and later$" &&
		pg_proxy_end || return 1
	done &&
	pg_proxy -v 12 && expect_status 0 status --url "$URL" && pg_proxy_end
'

test_expect_success 'SSL that the URL wants and the server has not' '
	fresh && refused 128 "postgresql://tester@$address/${PG_DBS[-1]##* }?sslmode=require" "does not support SSL" "sslmode"
'

test_expect_success 'URLs that libpq cannot read' '
	fresh && for u in "postgresql://tester:$marker@[::1/x" "postgresql://tester:$marker@localhost:port/x?nosuch=1" \
		"postgresql://tester:$marker@localhost/x?sslmode=perhaps" "postgresql:/x" "postgres//$marker" "service=nosuch" "host=/tmp password=$marker"; do
		for c in status apply; do
			run_migrate $c --url "$u" && { [ "$STATUS" -eq 129 ] || [ "$STATUS" -eq 128 ]; } && one_line || { echo "$u: $STATUS"; cat "$ERR"; return 1; }
		done
	done && expect_status 129 status --url "postgresql://tester:$marker@[::1/x" && has "$ERR" "^hint: .*postgresql://USER@HOST:PORT/DATABASE"
'

# sessions of that role, until the server has room for no more: while it is
# asked for their number it has one room less for them
filled() {
	"${PSQL[@]}" -c "SELECT pg_sleep(60)" "${URL/tester@/${weak}2@}" >/dev/null 2>&1 </dev/null &
	[ "$(pg_sql "SELECT count(*) FROM pg_stat_activity WHERE usename = '${weak}2'")" -ge 11 ]
}

test_expect_success 'a limit of connections: of the role, of the server' '
	fresh && pg_sql "ALTER ROLE $weak CONNECTION LIMIT 0" && refused 128 "$(as_weak $marker)" "too many connections for role" "close other sessions" &&
	pg_sql "ALTER ROLE $weak CONNECTION LIMIT -1; CREATE ROLE ${weak}2 LOGIN; GRANT ALL ON DATABASE ${PG_DBS[-1]##* } TO ${weak}2" &&
	until_true filled &&
	run_migrate status --url "${URL/tester@/${weak}2@}" && [ "$STATUS" -eq 128 ] && one_line && has "$ERR" "(remaining connection slots|too many clients)" && has "$ERR" "^hint: .*max_connections" &&
	pg_sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = \$\$${weak}2\$\$" >/dev/null && wait
'

test_expect_success '... that is had by the first connection, and not by the second' '
	fresh && pg_sql "ALTER ROLE ${weak}2 CONNECTION LIMIT 1; ALTER DATABASE ${PG_DBS[-1]##* } OWNER TO ${weak}2; ALTER SCHEMA git_migrate OWNER TO ${weak}2; GRANT ALL ON ALL TABLES IN SCHEMA git_migrate TO ${weak}2" && remember &&
	expect_status 128 apply --url "${URL/tester@/${weak}2@}" && one_line && has "$ERR" "second connection: .*too many connections for role" && has "$ERR" "^hint: .*close other" && unchanged &&
	pg_sql "ALTER ROLE ${weak}2 CONNECTION LIMIT -1"
'

test_expect_success 'no right to make the journal: the hint names the GRANT' '
	fresh && pg_sql "DROP SCHEMA git_migrate CASCADE; DROP TABLE keep; GRANT CREATE ON SCHEMA public TO $weak" && U=$(as_weak $marker) &&
	expect_status 0 status --url "$U" && expect_status 128 apply --url "$U" && one_line &&
	has "$ERR" "^(fatal|error): .*permission denied for database" && has "$ERR" "^hint: .*GRANT CREATE ON DATABASE \"${PG_DBS[-1]##* }\" TO \"$weak\"$" &&
	[ "$(pg_sql "SELECT to_regclass(\$\$keep\$\$) IS NULL")" = t ] && [ "$(pg_sql "SELECT to_regnamespace(\$\$git_migrate\$\$) IS NULL")" = t ]
'

test_expect_success '... and it works when that is done, or when the owner has made the schema' '
	cd "$TRASH/bad" && pg_sql "$(sed -n "s/^hint: .*\(GRANT CREATE.*\)/\1/p" "$ERR")" && expect_status 0 apply --url "$U" && expect_status 0 status --exit-code --url "$U" &&
	fresh && pg_sql "DROP SCHEMA git_migrate CASCADE; DROP TABLE keep; GRANT CREATE ON SCHEMA public TO $weak; CREATE SCHEMA git_migrate; GRANT USAGE, CREATE ON SCHEMA git_migrate TO $weak" &&
	U=$(as_weak $marker) && expect_status 0 apply --url "$U" && expect_status 0 status --exit-code --url "$U" && expect_status 0 rollback --url "$U"
'

test_expect_success 'no right to the journal of somebody else: the hint names the GRANT' '
	fresh && U=$(as_weak $marker) && remember && for c in status apply log; do
		expect_status 128 $c --url "$U" && one_line && has "$ERR" "^(fatal|error): .*permission denied for schema git_migrate" && has "$ERR" "^hint: .*GRANT USAGE ON SCHEMA \"git_migrate\" TO \"$weak\"" || return 1
	done && unchanged && pg_sql "GRANT USAGE ON SCHEMA git_migrate TO $weak" && expect_status 128 status --url "$U" && one_line && has "$ERR" "permission denied for" && has "$ERR" "^hint: .*GRANT .*SELECT" &&
	pg_sql "$(sed -n "s/^hint: .*\(GRANT USAGE.*\)/\1/p" "$ERR"); ALTER TABLE keep OWNER TO $weak; GRANT CREATE ON SCHEMA public TO $weak" && expect_status 0 status --url "$U" && expect_status 0 apply --url "$U" && [ "$(pg_sql "TABLE keep")" = 2 ]
'

test_expect_success 'a session that is read-only' '
	fresh && pg_sql "ALTER DATABASE ${PG_DBS[-1]##* } SET default_transaction_read_only = on" && remember &&
	expect_status 0 status && expect_status 0 log && expect_status 128 apply && one_line && has "$ERR" "read-only transaction \(SQLSTATE 25006\)" && has "$ERR" "^hint: .*read-only" && unchanged
'

test_expect_success 'a standby that is read-only' '
	fresh && remember && touch "$PG_DIR/data/standby.signal" && "$PG_SERVER" restart "$PG_DIR" && expect_status 0 status && has "$OUT" "^pending +2_b" && expect_status 0 log &&
	for c in apply rollback; do expect_status 128 $c && one_line && has "$ERR" "(read-only|recovery)" && has "$ERR" "^hint: .*standby" || return 1; done &&
	unchanged; s=$?; rm -f "$PG_DIR/data/standby.signal"; "$PG_SERVER" restart "$PG_DIR"; [ $s -eq 0 ] && expect_status 0 apply
'

test_expect_success 'a server that is gone in the middle of everything' '
	fresh && remember && "$PG_SERVER" stop "$PG_DIR" && for c in status apply rollback; do
		expect_status 128 $c && one_line && has "$ERR" "^(fatal|error): cannot connect to PostgreSQL: " && has "$ERR" "^hint: .*server runs" || return 1
	done && "$PG_SERVER" restart "$PG_DIR" && unchanged && expect_status 0 apply
'

# --- a full disk ---

small=$TRASH/small
mkdir "$small" && chmod 711 "$TRASH"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=24m,mode=777 tmpfs "$small" 2>/dev/null; then
	trap 'pg_cleanup; umount "$small" 2>/dev/null; test_cleanup' EXIT
	test_expect_success 'a full disk under the server: undone, said, and going on' '
		fresh && chown --reference="$PG_DIR/data" "$small" && pg_sql "CREATE TABLESPACE small_$$ LOCATION \$\$$small\$\$" &&
		printf "%s\n" "UPDATE keep SET x = 9;" "CREATE TABLE big TABLESPACE small_$$ AS SELECT repeat(md5(i::text), 30) AS t FROM generate_series(1, 60000) i;" >migrations/2_b.sql && git commit -qam big && remember &&
		expect_status 128 apply && one_line && has "$ERR" "^(error|fatal): migrations/2_b.sql:2:1: statement 2 of 2: .*No space left on device \(SQLSTATE 53100\)" && has "$ERR" "^hint: .*(disk|space)" &&
		[ "$(pg_sql "TABLE keep")" = 1 ] && [ "$(pg_sql "SELECT to_regclass(\$\$big\$\$) IS NULL")" = t ] && expect_status 0 status && has "$OUT" "^failed +2_b" &&
		sed -i "s/60000/10/" migrations/2_b.sql && git commit -qam small && expect_status 0 apply && pg_sql "DROP TABLE big" && pg_sql "DROP TABLESPACE small_$$"
	'
else
	test_skip 'a full disk under the server' 'mount is not permitted'
fi

# --- the password ---

secret_setup() {
	fresh && pg_sql "DROP SCHEMA git_migrate CASCADE; DROP TABLE keep;
		GRANT ALL ON SCHEMA public TO $weak; GRANT CREATE ON DATABASE ${PG_DBS[-1]##* } TO $weak" &&
		git update-ref --no-deref -d refs/migrate/ledger/dev &&
		export GIT_MIGRATE_URL && GIT_MIGRATE_URL=$(as_weak $marker) &&
		echo "INSERT INTO keep SELECT 1 FROM pg_sleep(0.6);" | migration 3_slow &&
		echo 'INSERT INTO nosuch VALUES (1);' | migration 4_bad
}

# every word that is said goes to $TRASH/said
said() {
	run_migrate "$@"
	cat "$OUT" "$ERR" >>"$TRASH/said"
}

test_expect_success 'a password appears nowhere' '
	secret_setup && : >"$TRASH/said" && : >"$TRASH/args" &&
	{ git-migrate apply -v >"$TRASH/bg" 2>&1 </dev/null & } && bg=$! &&
	while kill -0 $bg 2>/dev/null; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" " " >>"$TRASH/args"; sleep 0.1; done; wait $bg; [ $? -eq 128 ] && cat "$TRASH/bg" >>"$TRASH/said" &&
	grep -q "git-migrate" "$TRASH/args" && ! grep -q "$marker" "$TRASH/args" && grep -q "^applied 3_slow" "$TRASH/said" && grep -q 4_bad.sql:1:13 "$TRASH/said" &&
	for c in status "status --json" log "log --json" "show 2_b" "show 2_b --json" target "target --json" "target show" "target show --json" "plan --json" "apply --json" "rollback -v" "rollback --json" "apply -v --lock-timeout 0"; do
		said $c
	done && "${PSQL[@]}" -c "ALTER ROLE $weak PASSWORD \$\$other\$\$" "$PG_ADMIN" && for c in status "apply --json" target "target show"; do said $c; done &&
	[ "$(wc -l <"$TRASH/said")" -gt 60 ] && ! grep -n "$marker" "$TRASH/said" && ! grep -rla "$marker" . &&
	for o in $(git rev-list --all --objects --reflog | cut -d" " -f1); do git cat-file -p $o; done >"$TRASH/objects" && ! grep -qa "$marker" "$TRASH/objects" &&
	for o in $(git --git-dir=.git/migrate/snapshots.git cat-file --batch-check="%(objectname) %(objecttype)" --batch-all-objects | sed -n "s/ blob//p"); do
		git --git-dir=.git/migrate/snapshots.git cat-file -p $o; done >"$TRASH/objects" && [ -s "$TRASH/objects" ] && ! grep -qa "$marker" "$TRASH/objects" &&
	for t in history meta ledger current texts dependencies progress; do pg_sql "SELECT * FROM git_migrate.$t" || return 1; done >"$TRASH/journal" && [ "$(wc -l <"$TRASH/journal")" -gt 20 ] && ! grep -q "$marker" "$TRASH/journal" &&
	"${PSQL[@]}" -c "ALTER ROLE $weak PASSWORD \$\$$marker\$\$" "$PG_ADMIN"
'

test_expect_success '... nor from the configuration, and not into .gitmigrate' '
	unset GIT_MIGRATE_URL; fresh && git config -f .gitmigrate --unset migrate.dev.url && git config migrate.dev.url "postgresql://tester:$marker@/${URL##*@/}" && : >"$TRASH/said" &&
	for c in status target "target --json" "target show" apply log "log --json" rollback; do said $c; done && has "$TRASH/said" "^\* dev  postgresql://tester(:[*x.]+)?@" && ! grep -n "$marker" "$TRASH/said" &&
	[ "$(grep -rla "$marker" . | tr "\n" " ")" = "./.git/config " ] &&
	expect_status 1 init --target other --url "postgresql://tester:$marker@/x" && one_line && ! grep -q "$marker" .gitmigrate &&
	git config -f .gitmigrate migrate.dev2.url "postgresql://tester:$marker@/x" && run_migrate status -t dev2 && [ "$STATUS" -ne 0 ] && one_line
'

test_done
