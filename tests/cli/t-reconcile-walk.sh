#!/bin/bash
# A random walk over branches with git migrate reconcile, on SQLite:
# tests/property/walk.py says what is held against what
#
# environment: SWITCHES, SEED  how many, and from where
#              TEST_LONG       300 switches instead of 30
set -u

switches=30
[ -z "${TEST_LONG-}" ] || switches=300
export SWITCHES=${SWITCHES:-$switches} SEED=${SEED:-$RANDOM}
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname "$0")/../property/walk.py" sqlite
