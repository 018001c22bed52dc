#!/bin/bash
# Static verdicts on random pairs of migrations, against both orders in
# PostgreSQL (tests/property/verdict_run.py)
#
# environment: CASES, SEED  how many, and from where
#              TEST_LONG    5,000 pairs instead of 300
. "$(dirname "$0")/lib.sh"
pg_need
pg_db || exit 128

cases=300
[ -z "${TEST_LONG-}" ] || cases=5000
export CASES=${CASES:-$cases} PYTHONDONTWRITEBYTECODE=1
GIT_MIGRATE_TEST_PG=$PG_ADMIN python3 \
	"$TEST_DIR/../property/verdict_run.py" \
	"$(dirname "$GIT_MIGRATE")/tools/verdicts" pg
