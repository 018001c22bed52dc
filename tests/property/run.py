#!/usr/bin/env python3
"""Property tests of rollback and redo: random cases against a model.

usage: GIT_MIGRATE=path CASES=500 SEED=1 tests/property/run.py sqlite|pg

Case i is made from the seed SEED + i alone. A failing one is made small and
printed as SQL, with the command that runs it again. Prints TAP.

environment: GIT_MIGRATE   the program under test
             CASES, SEED   how many (500), and from where (1)
             JOBS          processes that share them (1)
             SHRINK        seconds for each failing case (60); 0: print it as it is
             FAILURES      stop after so many (5)
             GIT_MIGRATE_TEST_PG  URI of the server, for pg
"""

import contextlib
import multiprocessing
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


def open_world(dialect, program, folder, end):
    """@param end what is left to do when it is over"""
    if dialect == 'sqlite':
        from sqlite_gen import generate
        from sqlite_world import World
        return generate, World(Repo(program, folder, 'sqlite',
                                    'sqlite:dev.db'))
    if dialect == 'pg':
        from pg_gen import generate
        from pg_world import World, make_database
        url, drop = make_database(os.environ['GIT_MIGRATE_TEST_PG'])
        end.callback(drop)
        world = World(Repo(program, folder, 'postgresql', f'"{url}"'), url)
        return lambda seed: generate(world.session, seed), world
    raise SystemExit(f'{dialect}: sqlite or pg')


def comment(text):
    return '\n'.join('# ' + line for line in text.splitlines())


def report(world, dialect, case, failure):
    lines = [f'not ok - seed {case.seed}: {failure.law}',
             comment(str(failure))]
    seconds = int(os.environ.get('SHRINK', '60'))
    if seconds:
        case, failure = shrink(world, case, failure, seconds)
        lines.append(comment('smaller: ' + str(failure)))
    lines += [comment(case.text()),
              comment(f'again: CASES=1 SEED={case.seed} GIT_MIGRATE=... '
                      f'tests/property/run.py {dialect}')]
    print('\n'.join(lines), flush=True)


def numbers(counter):
    return ', '.join(f'{k} {v}' for k, v in sorted(counter.items()))


class Tally:
    def __init__(self):
        self.statements = Counter()
        self.later = Counter()
        self.ends = Counter()
        self.failures = 0
        self.cases = 0
        self.stopped = False

    def add(self, case):
        self.statements.update(s.kind for s in case.migration)
        self.later.update(s.kind for s in case.later)

    def merge(self, other):
        self.statements += other.statements
        self.later += other.later
        self.ends += other.ends
        self.failures += other.failures
        self.cases += other.cases

    def print(self, dialect, seed, seconds):
        print(f'# report: {dialect}: {self.cases} cases from seed {seed} in '
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
            print(comment(f'seed {seed}: {e}'), flush=True)
    except Failure as f:
        tally.failures += 1
        report(world, dialect, case, f)


def work(dialect, seeds):
    """@return the Tally of these cases, one behind the other"""
    program = os.path.realpath(os.environ['GIT_MIGRATE'])
    tally = Tally()

    def stop(*_):  # behind the case that runs
        tally.stopped = True
    signal.signal(signal.SIGTERM, stop)
    with contextlib.ExitStack() as end:
        folder = tempfile.mkdtemp(prefix='property.', dir=memory_folder())
        end.callback(shutil.rmtree, folder, ignore_errors=True)
        generate, world = open_world(dialect, program, folder, end)
        for seed in seeds:
            one(world, generate, dialect, seed, tally)
            tally.cases += 1
            if tally.stopped or tally.failures >= MAX_FAILURES:
                break
            if tally.cases % 500 == 0:
                print(f'# up to seed {seed}: {numbers(tally.ends)}',
                      flush=True)
    return tally


def tell(pipe, dialect, seeds):
    pipe.send(work(dialect, seeds))


def share(dialect, seeds, jobs):
    """As work(), by several processes; one that dies is a failure."""
    fork = multiprocessing.get_context('fork')
    total, running = Tally(), []
    for i in range(jobs):
        mine, theirs = fork.Pipe(False)
        p = fork.Process(target=tell, args=(theirs, dialect, seeds[i::jobs]))
        p.start()
        theirs.close()
        running.append((p, mine))

    def stop(*_):
        for p, _ in running:
            p.terminate()
    signal.signal(signal.SIGTERM, stop)
    for p, mine in running:
        try:
            total.merge(mine.recv())
        except EOFError:  # it has told why
            total.failures += 1
        p.join()
    return total


def main():
    dialect = sys.argv[1] if len(sys.argv) == 2 else ''
    cases = int(os.environ.get('CASES', '500'))
    seed = int(os.environ.get('SEED', '1'))
    jobs = int(os.environ.get('JOBS', '1'))
    seeds, start = range(seed, seed + cases), time.monotonic()
    tally = share(dialect, seeds, jobs) if jobs > 1 else work(dialect, seeds)
    tally.print(dialect, seed, time.monotonic() - start)
    if not tally.failures:
        print(f'ok 1 - {tally.cases} cases keep the properties')
    print(f'1..{max(1, tally.failures)}')
    sys.exit(tally.failures > 0)


if __name__ == '__main__':
    main()
