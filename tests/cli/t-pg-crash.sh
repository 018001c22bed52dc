#!/bin/bash
# PostgreSQL: the program killed anywhere, the server killed, the connection
# cut. Always at the boundary of a migration, and nothing is lost.
#
# environment: TEST_LONG  200 kills of the program at random, 50 of the server
#                         and 40 cuts, instead of 8, 2 and 4; a rollback killed at
#                         each place too
#              TEST_SEED  of the random times
. "$(dirname "$0")/lib.sh"
pg_need

kills=8 crashes=2 cuts=4 each=1 seed=${TEST_SEED-$RANDOM}
[ -z "${TEST_LONG-}" ] || kills=200 crashes=50 cuts=40 each=3
work=$TRASH/work
log=$TRASH/landed
last=6 # the number of migrations

# a server of our own: it is killed, and has to keep what it has committed; the
# machine goes on, so that what was written need not be on the disk
pg_server_private -c fsync=off -c full_page_writes=off || exit 128

fail() {
	echo "$*" && return 1
}

# what a run leaves of the user's own: tables, their rows, indexes
state() {
	pg_sql "SELECT relname, relkind, pg_get_indexdef(oid) FROM pg_class
		WHERE relnamespace = 'public'::regnamespace ORDER BY 1;
		SELECT relname, attnum - (SELECT count(*) FROM pg_attribute d
			WHERE d.attrelid = a.attrelid AND d.attisdropped AND d.attnum < a.attnum), attname
		FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
		ORDER BY 1, 2;
		SELECT query_to_xml('SELECT * FROM ' || oid::regclass || ' one ORDER BY one::text', true, true, '')
		FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname" |
		sha1sum | cut -d' ' -f1
}

migrations() {
	echo "UPDATE users SET name = upper(name), n = n + 1;" >1_update.sql
	echo "ALTER TABLE users DROP COLUMN old;" >2_drop_column.sql
	printf '%s\n' "CREATE TABLE log (id serial PRIMARY KEY, t text);" \
		"INSERT INTO log (t) SELECT name FROM users WHERE n < 9 ORDER BY id;" \
		"CREATE INDEX log_t ON log (t);" >3_log.sql
	printf '%s\n' "DELETE FROM posts WHERE usr % 10 = 0;" "DELETE FROM users WHERE id % 10 = 0;" >4_delete.sql
	echo "CREATE INDEX CONCURRENTLY users_n ON users (n);" >5_index.sql
	printf '%s\n' "DROP TABLE posts;" "CREATE TABLE z (id int);" >6_drop.sql
}

# make_fixture <rows>: $work and the database before and after, as templates,
# and the states in between in $TRASH/known
make_fixture() {
	local k

	rm -rf "$work" "$TRASH/before" "$TRASH/after" && scratch_repo "$work" && pg_db &&
		git config gc.auto 0 && git migrate init -q --url "$URL" && mkdir -p migrations &&
		(cd migrations && migrations) && commit_all 'Migrations' &&
		pg_sql "CREATE TABLE users (id int PRIMARY KEY, name text, old text, n int);
			INSERT INTO users SELECT i, 'name ' || i, md5(i::text), i % 97 FROM generate_series(1, $1) i;
			CREATE TABLE posts (usr int PRIMARY KEY REFERENCES users, t text);
			INSERT INTO posts SELECT id, 'post ' || n FROM users WHERE n % 3 = 0" || return 1
	db=${URL#*@/} && db=${db%%\?*}
	state | sed 's/^/0 /' >"$TRASH/known"
	template before || return 1
	for k in 1 2 3 4 5 6; do
		git migrate apply -q -n 1 || return 1
		state | sed "s/^/$k /" >>"$TRASH/known"
	done
	template after && [ "$(cut -d' ' -f2 "$TRASH/known" | sort -u | wc -l)" -eq $((last + 1)) ]
}

admin() {
	"${PSQL[@]}" -c "$1" "$PG_ADMIN" >/dev/null
}

nobody_in() { # <database>
	[ "$("${PSQL[@]}" -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$1'" "$PG_ADMIN")" = 0 ]
}

nobody_there() { # sessions of a killed program are gone
	"${PSQL[@]}" -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" "$PG_ADMIN" >/dev/null
	until_true nobody_in "$db"
}

# template <before|after>: keep the database and the repository as they are
template() {
	nobody_there && admin "DROP DATABASE IF EXISTS kept_$1" && admin "CREATE DATABASE kept_$1 TEMPLATE $db" &&
		rm -rf "${TRASH:?}/$1" && cp -a "$work" "$TRASH/$1"
}

# begin_run <before|after>: the database as it was, under the same name
begin_run() {
	cd "$TRASH" && nobody_there && admin "DROP DATABASE IF EXISTS $db" &&
		admin "CREATE DATABASE $db TEMPLATE kept_$1" && rm -rf "$work" && cp -a "$1" "$work" && cd "$work" &&
		rm -f "$log" && : >"$log"
}

over() {
	[ "$(pg_sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'git-migrate'")" = 0 ]
}

# whole: everything is as if nothing happened, as far as it came
whole() {
	local now applied

	# what a dead program has left on the server is over, one way or the other
	until_true over || fail 'the sessions of a dead program stay' || return 1
	now=$(state)
	git migrate status --json >"$OUT" 2>"$ERR" || fail "status: $(cat "$ERR")" || return 1
	applied=$(json .counts.applied)
	if ! grep -q " $now$" "$TRASH/known"; then
		# an index that stands alone may be there before its event
		[ "$(pg_sql "SELECT count(*) FROM git_migrate.progress")" != 0 ] || fail "not at a boundary" || return 1
	else
		grep -q "^$applied $now$" "$TRASH/known" || [ "$(pg_sql "SELECT count(*) FROM git_migrate.progress")" != 0 ] ||
			fail "journal says $applied, the data $(grep "$now" "$TRASH/known")" || return 1
	fi
	if [ "$(json .ledger)" != null ]; then
		[ "$(json .ledger)" = "$(git rev-parse refs/migrate/ledger/dev)" ] || fail "ledger and journal" || return 1
	fi
	git fsck --strict --no-dangling >"$TRASH/fsck" 2>&1 && [ ! -s "$TRASH/fsck" ] || fail "fsck: $(cat "$TRASH/fsck")" || return 1
	[ ! -e .git/migrate/snapshots.git/HEAD ] ||
		git --git-dir=.git/migrate/snapshots.git fsck --strict >"$TRASH/fsck" 2>&1 || fail "fsck of snapshots: $(cat "$TRASH/fsck")"
}

# finish <apply|rollback>: complete the run, then go all the way back
finish() {
	if [ "$1" = apply ]; then
		git migrate apply -q >"$OUT" 2>&1 || fail "apply again: $(cat "$OUT")" || return 1
		[ "$last $(state)" = "$(tail -n 1 "$TRASH/known")" ] || fail "end state" || return 1
	fi
	git migrate rollback -q -n $last >"$OUT" 2>&1 || fail "roll back: $(cat "$OUT")" || return 1
	[ "0 $(state)" = "$(sed 1q "$TRASH/known")" ] || fail "start state" || return 1
	[ ! -e .git/migrate/snapshots.git/HEAD ] ||
		[ -z "$(git --git-dir=.git/migrate/snapshots.git for-each-ref refs/pending)" ] || fail "a pending ref is left" || return 1
	git fsck --strict --no-dangling || fail "fsck at the end"
}

# run <apply|rollback>: the command itself, so that a kill meets it
run() {
	case $1 in
	apply) exec git-migrate apply -q ;;
	rollback) exec git-migrate rollback -q -n $last ;;
	esac >"$OUT" 2>"$ERR" </dev/null
}

template_of() {
	[ "$1" = apply ] && echo before || echo after
}

# at_place <command> <place> <n>: 0 when it died there and all is well, or
# never came by
at_place() {
	local s=0

	begin_run "$(template_of "$1")" || return 1
	(GIT_MIGRATE_CRASH=$2:$3 run "$1") 2>/dev/null || s=$?
	[ "$s" -ne 0 ] || return 0
	[ "$s" -eq 137 ] || fail "$1 at $2:$3: status $s: $(cat "$ERR")" || return 1
	echo "$1 $2" >>"$TRASH/reached"
	{ whole && finish "$1"; } || fail "$1 killed at $2:$3"
}

: >"$TRASH/reached"
: >"$TRASH/table"
test_expect_success 'fixture' 'make_fixture 2000'

have_points=$(begin_run before && GIT_MIGRATE_CRASH_LOG=$log git-migrate apply -q -n 1 >/dev/null 2>&1
	[ -s "$log" ] && echo yes)
if [ -n "$have_points" ]; then
	back=' before-durable committed before-ledger '
	[ -z "${TEST_LONG-}" ] || back=' begun captured before-durable snapshot-durable committed promoted before-ledger ledger-written ledger-named '
	for place in begun statement captured before-durable snapshot-durable committed promoted \
		before-ledger ledger-written ledger-named intent alone; do
		test_expect_success "killed at $place" '
			for n in $(seq "$each"); do
				[ "$n" -eq 1 ] || n=$((n * n))
				at_place apply '"$place"' "$n" || return 1
				case "$back" in *" '"$place"' "*) at_place rollback '"$place"' "$n" || return 1 ;; esac
			done
		'
	done
	test_expect_success '... each of them met' '
		for p in begun statement committed intent alone before-ledger; do grep -q " $p$" "$TRASH/reached" || fail "never: $p" || return 1; done
	'
else
	test_skip 'killed at named places' 'the program was built without them'
fi

# duration_of <command>: how long a whole run takes, in us
duration_of() {
	local from

	begin_run "$(template_of "$1")" || return 1
	from=$(date +%s%N)
	(run "$1") || fail "$(cat "$ERR")" || return 1
	echo $((($(date +%s%N) - from) / 1000))
}

pause() { # <us>
	sleep "$(printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)))"
}

# where it was: the last named place, and whether a transaction was open
landed() {
	printf '%s\t%s\t%s\n' "$1" "$(tail -n 1 "$log" | grep . || echo '(before the first)')" \
		"$(awk '/^begun$/ { open = 1 } /^committed$/ { open = 0 } END { print open ? "open" : "-" }' "$log")" >>"$TRASH/table"
}

# at_random <command> <longest in us>: kill the program after a while
at_random() {
	local pid s=0 us=$((((RANDOM << 15) | RANDOM) % $2))

	begin_run "$(template_of "$1")" || return 1
	(GIT_MIGRATE_CRASH_LOG=$log run "$1") &
	pid=$!
	pause "$us"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null || s=$?
	if [ "$s" -ne 137 ]; then # it had ended: no kill, try again
		[ "$s" -eq 0 ] || fail "status $s: $(cat "$ERR")"
		return
	fi
	landed "$1"
	{ whole && finish "$1"; } || fail "$1 killed after $us us, behind $(tail -n 1 "$log")"
}

# crash_server <command> <longest in us>: kill the server after a while
crash_server() {
	local pid s=0 us=$((((RANDOM << 15) | RANDOM) % $2))

	begin_run "$(template_of "$1")" || return 1
	(GIT_MIGRATE_CRASH_LOG=$log run "$1") &
	pid=$!
	pause "$us"
	"$PG_SERVER" crash "$PG_DIR"
	wait "$pid" 2>/dev/null || s=$?
	cp "$ERR" "$TRASH/crash.err"
	"$PG_SERVER" restart "$PG_DIR" || return 1
	[ "$s" -ne 0 ] || return 0 # it had ended
	if [ "$s" -ne 128 ] || [ "$(grep -cE '^(error|fatal): ' "$TRASH/crash.err")" -ne 1 ]; then
		fail "status $s: $(cat "$TRASH/crash.err")"
		return 1
	fi
	landed "server in $1"
	{ whole && finish "$1"; } || fail "server killed in $1 after $us us, behind $(tail -n 1 "$log"): $(cat "$TRASH/crash.err")"
}

# cut_at <command> <drop_proxy's options...>: the network fails
cut_at() {
	local c=$1 s=0 direct

	begin_run "$(template_of "$c")" || return 1
	shift
	direct=$URL
	pg_proxy "$@" || return 1
	(export GIT_MIGRATE_CRASH_LOG=$log && git config migrate.dev.url "$URL" && run "$c") || s=$?
	cp "$ERR" "$TRASH/cut.err"
	pg_proxy_end
	URL=$direct
	git config --unset migrate.dev.url
	grep -q cut "$PG_PROXY_OUT" || { echo "$c $*: not met" && [ "$s" -eq 0 ] && return; }
	[ "$s" -eq 0 ] || [ "$s" -eq 128 ] || fail "$c $*: status $s: $(cat "$TRASH/cut.err")" || return 1
	landed "cut in $c"
	{ whole && finish "$c"; } || fail "$c $*, behind $(tail -n 1 "$log"): $(cat "$TRASH/cut.err")"
}

count() { # <pattern>: kills that met something
	grep -cE "^$1" "$TRASH/table"
}

test_expect_success "the program killed at random times ($kills kills, seed $seed)" '
	RANDOM=$seed && apply_us=$(duration_of apply) && rollback_us=$(duration_of rollback) &&
	while [ "$(count "(apply|rollback)	")" -lt "$kills" ]; do
		at_random apply "$apply_us" && at_random rollback "$rollback_us" || return 1
	done
'

test_expect_success "the server killed at random times ($crashes crashes)" '
	while [ "$(count "server")" -lt "$crashes" ]; do
		crash_server apply "$apply_us" && crash_server rollback "$rollback_us" || return 1
	done
'

test_expect_success "the connection cut after so many bytes ($cuts cuts)" '
	begin_run before && pg_proxy && git config migrate.dev.url "$URL" && (run apply) && pg_proxy_end && up=$PG_UP down=$PG_DOWN &&
	while [ "$(count "cut")" -lt "$cuts" ]; do
		cut_at apply -u $((((RANDOM << 15) | RANDOM) % up)) && cut_at rollback -d $((((RANDOM << 15) | RANDOM) % down)) || return 1
	done
'

test_expect_success '... before a COMMIT goes out, and with its answer lost' '
	for c in apply rollback; do
		cut_at $c -b COMMIT && cut_at $c -a COMMIT || return 1
	done
'

test_expect_success 'none of it went unnoticed' '
	[ "$(grep -c "open$" "$TRASH/table")" -ge $(($(wc -l <"$TRASH/table") / 4)) ]
'

echo "# report: where $(wc -l <"$TRASH/table") kills, crashes and cuts at random landed ($(grep -c 'open$' "$TRASH/table") in an open transaction)"
sort "$TRASH/table" | uniq -c | sort -k2,2 -k1,1nr | sed 's/^/# report: /' | expand -t 8
test_done
