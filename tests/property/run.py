#!/usr/bin/env python3
"""Property tests of rollback and redo: random cases against a model.

usage: GIT_MIGRATE=path CASES=500 SEED=1 tests/property/run.py sqlite|pg

Case i is made from the seed SEED + i alone. A failing one is made small and
printed as SQL, with the command that runs it again. Prints TAP.

environment: GIT_MIGRATE   the program under test
             CASES, SEED   how many (500), and from where (1)
             SHRINK        seconds for each failing case (60); 0: print it as it is
             FAILURES      stop after so many (5)
             GIT_MIGRATE_TEST_PG  URI of the server, for pg
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter

from case import Failure, Invalid
from check import run
from repo import Repo
from shrink import shrink

MAX_FAILURES = int(os.environ.get('FAILURES', '5'))


def memory_folder():
    """Where files are memory, if there is such a place."""
    if 'TMPDIR' not in os.environ and os.access('/dev/shm', os.W_OK):
        return '/dev/shm'
    return None


def open_world(dialect, program, folder):
    if dialect == 'sqlite':
        from sqlite_gen import generate
        from sqlite_world import World
        return generate, World(Repo(program, folder, 'sqlite',
                                    'sqlite:dev.db'))
    if dialect == 'pg':
        from pg_gen import generate
        from pg_world import World, make_database
        url, drop = make_database(os.environ['GIT_MIGRATE_TEST_PG'])
        atexit.register(drop)
        world = World(Repo(program, folder, 'postgresql', f'"{url}"'), url)
        return lambda seed: generate(world.session, seed), world
    raise SystemExit(f'{dialect}: sqlite or pg')


def comment(text):
    print('\n'.join('# ' + line for line in text.splitlines()), flush=True)


def report(world, dialect, case, failure):
    print(f'not ok - seed {case.seed}: {failure.law}')
    comment(str(failure))
    seconds = int(os.environ.get('SHRINK', '60'))
    if seconds:
        case, failure = shrink(world, case, failure, seconds)
        comment('smaller: ' + str(failure))
    comment(case.text())
    comment(f'again: CASES=1 SEED={case.seed} GIT_MIGRATE=... '
            f'tests/property/run.py {dialect}')


def numbers(counter):
    return ', '.join(f'{k} {v}' for k, v in sorted(counter.items()))


class Tally:
    def __init__(self):
        self.statements = Counter()
        self.later = Counter()
        self.ends = Counter()
        self.failures = 0
        self.stopped = False

    def add(self, case):
        self.statements.update(s.kind for s in case.migration)
        self.later.update(s.kind for s in case.later)

    def print(self, dialect, cases, seed, seconds):
        print(f'# report: {dialect}: {cases} cases from seed {seed} in '
              f'{seconds:.0f} s: {numbers(self.ends)}')
        print(f'# report: migrations: {numbers(self.statements)}')
        print(f'# report: later: {numbers(self.later)}')


def one(world, generate, dialect, seed, tally):
    case = generate(seed)
    tally.add(case)

    def count(end):
        tally.ends[end] += 1
    try:
        run(world, case, count)
    except Invalid as e:
        count('no case')
        if os.environ.get('VERBOSE'):
            comment(f'seed {seed}: {e}')
    except Failure as f:
        tally.failures += 1
        report(world, dialect, case, f)


def main():
    dialect = sys.argv[1] if len(sys.argv) == 2 else ''
    cases = int(os.environ.get('CASES', '500'))
    seed = int(os.environ.get('SEED', '1'))
    program = os.path.realpath(os.environ['GIT_MIGRATE'])
    folder = tempfile.mkdtemp(prefix='property.', dir=memory_folder())
    tally, start, done = Tally(), time.monotonic(), 0

    def stop(*_):  # behind the case that runs
        tally.stopped = True
    signal.signal(signal.SIGTERM, stop)
    try:
        generate, world = open_world(dialect, program, folder)
        for i in range(cases):
            one(world, generate, dialect, seed + i, tally)
            done += 1
            if tally.stopped or tally.failures >= MAX_FAILURES:
                break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tally.print(dialect, done, seed, time.monotonic() - start)
    if not tally.failures:
        print(f'ok 1 - {done} cases keep the properties')
    print(f'1..{max(1, tally.failures)}')
    sys.exit(tally.failures > 0)


if __name__ == '__main__':
    main()
