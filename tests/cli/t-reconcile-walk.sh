#!/bin/bash
# A random walk over branches with git migrate reconcile, on SQLite:
# tests/property/walk.py says what is held against what
#
# environment: SWITCHES, SEED  how many, and from where
#              TEST_LONG       300 switches instead of 30, from anywhere
set -u

switches=30 seed=1
[ -z "${TEST_LONG-}" ] || switches=300 seed=$RANDOM
export SWITCHES=${SWITCHES:-$switches} SEED=${SEED:-$seed}
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname "$0")/../property/walk.py" sqlite
