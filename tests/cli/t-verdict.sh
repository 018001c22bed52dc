#!/bin/bash
# Static verdicts on random pairs of migrations, against both orders in SQLite
# (tests/property/verdict_run.py)
#
# environment: CASES, SEED  how many, and from where
#              TEST_LONG    5,000 pairs instead of 300
set -u

cases=300
[ -z "${TEST_LONG-}" ] || cases=5000
export CASES=${CASES:-$cases} PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname "$0")/../property/verdict_run.py" \
	"$(dirname "$GIT_MIGRATE")/tools/verdicts" sqlite
