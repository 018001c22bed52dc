#!/bin/bash
# --json of every command: the keys of docs/json.md, in their order
. "$(dirname "$0")/lib.sh"

# keys 'filter' 'names': those of an object, in order
keys() {
	local got

	got=$(json "$1 | keys_unsorted | join(\" \")") || return 1
	[ "$got" = "$2" ] && return 0
	printf 'keys of %s:\n%s\nnot:\n%s\n' "$1" "$got" "$2"
	return 1
}

event='event name blob commit source_commit snapshot schema shape rows'
event="$event duration_ms exact seq version status kind parent snapshot_store snapshot_host"
event="$event description author applied_by started_at finished_at statements"
event="$event parked dirty out_of_order irreversible changes error"
run='format target ok events conflicts conflict_rows error dry_run steps impact database ledger'

hex='^[0-9a-f]{40}$'
uuid='^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
time='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$'

# is 'filter' 'pattern'
is() {
	json "$1" | grep -qE "$2" && return 0
	echo "$1 is $(json "$1")"
	return 1
}

test_expect_success 'set up' '
	git migrate init -q && commit_all "Set up" &&
	migration 1_a <<-\SQL &&
	-- migrate:description First
	CREATE TABLE a (id INTEGER PRIMARY KEY, x);
	INSERT INTO a (x) VALUES (1), (2);
	SQL
	migration 2_b <<-\SQL &&
	-- migrate:depends 1_a
	UPDATE a SET x = 3;
	SQL
	touch migrations/junk.sql
'

test_expect_success 'status before anything was applied' '
	expect_status 0 status --json &&
	keys . "format target dialect database head ledger schema shape counts migrations url branch protected layout strays notes" &&
	[ "$(json "[.format, .target, .dialect, .database, .ledger] | tojson")" = \
		"[1,\"dev\",\"sqlite\",null,null]" ] &&
	is .head "$hex" &&
	keys .counts "applied pending failed rolled_back foreign modified uncommitted" &&
	keys ".migrations[0]" "name version state blob commit source_commit snapshot applied_at duration_ms error path applied_blob out_of_order note snapshot_store snapshot_host" &&
	[ "$(json ".migrations[0] | [.name, .version, .state, .commit, .applied_at, .duration_ms] | tojson")" = \
		"[\"1_a\",\"1\",\"pending\",null,null,null]" ] &&
	is ".migrations[0].blob" "$hex" &&
	[ "$(json ".migrations[0].path")" = migrations/1_a.sql ]
'

test_expect_success 'plan changes nothing and has steps' '
	expect_status 0 plan --json &&
	keys . "$run" &&
	[ "$(json "[.ok, .dry_run, (.events | length), (.steps | length)] | tojson")" = \
		"[true,true,0,2]" ] &&
	keys ".steps[0]" "verb name version blob path statements out_of_order irreversible no_transaction dirty locks snapshot_estimate cascades" &&
	[ ! -e dev.db ]
'

test_expect_success 'apply tells each event' '
	expect_status 0 apply --json &&
	keys . "$run" &&
	[ "$(json "[.ok, .dry_run, .error, .conflicts] | tojson")" = "[true,false,null,[]]" ] &&
	[ "$(json "[.events[] | select(.event == \"apply\") | .name] | join(\" \")")" = "1_a 2_b" ] &&
	keys ".events[-1]" "$event" &&
	is ".events[-1].commit" "$hex" && is ".events[-1].source_commit" "$hex" &&
	is ".events[-1].schema" "$hex" && is ".events[-1].shape" "$hex" &&
	is ".events[-1].snapshot" "$hex" &&
	is .database "$uuid" && is .ledger "$hex" &&
	[ ! -s "$ERR" ]
'

test_expect_success 'status agrees with git and with apply' '
	tip=$(json .ledger) &&
	expect_status 0 status --json &&
	[ "$(json .ledger)" = "$tip" ] &&
	[ "$(git rev-parse refs/migrate/ledger/dev)" = "$tip" ] &&
	[ "$(json .schema)" = "$(git rev-parse "$tip:schema")" ] &&
	[ "$(json .head)" = "$(git rev-parse HEAD)" ] &&
	[ "$(json ".migrations[0].blob")" = "$(git rev-parse HEAD:migrations/1_a.sql)" ] &&
	is ".migrations[0].applied_at" "$time" &&
	[ "$(json "[.counts.applied, .counts.pending] | tojson")" = "[2,0]" ]
'

test_expect_success '--state narrows the list, not the counts' '
	expect_status 0 status --json --state pending &&
	[ "$(json "[.counts.applied, (.migrations | length)] | tojson")" = "[2,0]" ]
'

test_expect_success 'log has the newest first' '
	expect_status 0 log --json &&
	keys . "format target events" &&
	keys ".events[0]" "$event" &&
	[ "$(json "[.events[].name] | tojson")" = "[\"2_b\",\"1_a\",null]" ] &&
	is ".events[0].started_at" "$time" &&
	expect_status 0 log --json -n 1 && [ "$(json ".events | length")" = 1 ] &&
	expect_status 0 log --json 1_a && [ "$(json ".events[0].name")" = 1_a ]
'

test_expect_success 'show' '
	expect_status 0 show --json 2_b &&
	keys . "format target name version state path in_tree modified depends sql down_sql sql_from schema_diff reordered snapshot_summary last" &&
	keys .last "$event" &&
	[ "$(json "[.name, .state, .in_tree, .modified, .depends, .sql_from] | tojson")" = \
		"[\"2_b\",\"applied\",true,false,[\"1_a\"],\"journal\"]" ] &&
	json .sql | grep -q "UPDATE a SET x = 3;"
'

test_expect_success 'rollback' '
	expect_status 0 rollback --json &&
	keys . "$run" &&
	[ "$(json "[.ok, .events[0].event, .events[0].name, .events[0].exact] | tojson")" = \
		"[true,\"rollback\",\"2_b\",true]" ]
'

test_expect_success 'a refused rollback: ok false, conflicts, status 1' '
	git migrate apply -q && sql "UPDATE a SET x = 4" &&
	expect_status 1 rollback --json &&
	keys . "$run" &&
	[ "$(json "[.ok, (.events | length), .conflicts[0].table, .conflicts[0].migration] | tojson")" = \
		"[false,0,\"a\",\"2_b\"]" ] &&
	keys ".conflicts[0]" "migration table what rows settled aside" &&
	keys ".conflict_rows[0]" "migration table what key column constraint before after now" &&
	keys .error "message path line column hint" &&
	sql "UPDATE a SET x = 3"
'

test_expect_success 'an SQL error: ok false, file and line, status 128' '
	migration 3_c <<-\SQL &&
	CREATE TABLE c (x);

	INSERT INTO nowhere VALUES (1);
	SQL
	expect_status 128 apply --json &&
	[ "$(json "[.ok, .error.path, .error.line] | tojson")" = \
		"[false,\"migrations/3_c.sql\",3]" ] &&
	expect_status 0 status --json &&
	[ "$(json ".counts.failed")" = 1 ] &&
	json ".migrations[] | select(.name == \"3_c\") | .error" | grep -q nowhere
'

test_expect_success 'target' '
	expect_status 0 target --json &&
	keys . "format targets" &&
	keys ".targets[0]" "name url database default protected" &&
	is ".targets[0].database" "$uuid" &&
	expect_status 0 target show --json &&
	keys . "format target url database ledger schema shape protected"
'

test_expect_success 'other failures: an object with the error' '
	expect_status 128 show nosuch --json &&
	keys . "format error" && keys .error "message path line column hint" &&
	expect_status 128 -t nosuch status --json && keys . "format error"
'

test_expect_success 'a wrong command line prints no object' '
	expect_status 129 status --json --bogus && [ ! -s "$OUT" ]
'

test_expect_success 'names that are no UTF-8 are JSON all the same' '
	printf "SELECT 1;" >"migrations/$(printf "junk\377\033.sql")" &&
	run_migrate status --json && jq . "$OUT" >/dev/null
'

test_expect_success 'every key is documented' '
	page=$TEST_DIR/../../docs/json.md &&
	for c in "status" "log" "plan" "show 1_a" "target" "target show" \
		"version" "apply"; do
		run_migrate $c --json
		for k in $(json "[paths | .[] | strings] | unique | .[]"); do
			grep -qE "\`$k\`|\"$k\"" "$page" || {
				echo "$c: $k"
				return 1
			}
		done
	done
'

test_done
