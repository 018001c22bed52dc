#!/bin/bash
# Static verdicts on random pairs of migrations, against both orders in
# PostgreSQL (tests/property/verdict_run.py)
#
# environment: CASES, SEED  how many, and from where
#              TEST_LONG    6,500 pairs instead of 300, with each kind of
#                           statement at least 100 times
. "$(dirname "$0")/lib.sh"
pg_need
pg_db || exit 128

cases=300
least=0
[ -z "${TEST_LONG-}" ] || cases=6500 least=100
export CASES=${CASES:-$cases} LEAST=${LEAST:-$least} PYTHONDONTWRITEBYTECODE=1
GIT_MIGRATE_TEST_PG=$PG_ADMIN python3 \
	"$TEST_DIR/../property/verdict_run.py" \
	"$(dirname "$GIT_MIGRATE")/tools/verdicts" pg
