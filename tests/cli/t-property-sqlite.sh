#!/bin/bash
# Rollback and redo of random cases against a model (tests/property), on SQLite
#
# environment: CASES, SEED  how many, and from where; see tests/property/run.py
#              TEST_LONG    20,000 cases instead of 500
set -u

cases=500
[ -z "${TEST_LONG-}" ] || cases=20000
export CASES=${CASES:-$cases} PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname "$0")/../property/run.py" sqlite
