#!/usr/bin/env python3
"""How often static verdicts are right: random pairs against both orders.

usage: CASES=300 SEED=1 tests/property/verdict_run.py <tool> sqlite|pg

<tool> is tests/tools/verdicts. Each pair is two migrations on one random
base. The truth comes from running both orders in the real engine, with rows;
the generator, and the judge, know nothing of the program's effects. Prints
TAP and the confusion matrix.

A miss is a pair that conflicts or ends differently, and was called
independent; or one called identical where the two do not do the same. A
false alarm is a pair that commutes and was called a conflict, or uncertain;
those that were called a matter of order have a number of their own.

environment: CASES, SEED   how many pairs (300), and from where (1)
             ALARMS        most false alarms, in percent of pairs that are
                           truly independent (2)
             LEAST         how often each kind of statement has to come (0)
             KEEP          a folder for the cases that were judged wrongly
             GIT_MIGRATE_TEST_PG  URI of the server, for pg
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             '../real'))
# pylint: disable=wrong-import-position
import verdict_truth as truth
from pg_conn import Conn
from pg_world import make_database
from verdict_gen import PG, SQLITE, Case

PAIRS = 4   # on one base
AGAIN = {'sqlite': 12, 'postgresql': 4}  # with other rows
DOUBT = {'sqlite': 120, 'postgresql': 60}  # where verdict and truth differ
SAMPLE = 2000  # independent pairs: fewer are a sample
TRIES = 60  # for one migration that runs on its base

HARMLESS = ('independent', 'identical')
ALARMING = ('uncertain', 'conflict')
COLUMNS = ('independent', 'identical', 'uncertain', 'order', 'conflict')
ROWS = (truth.COMMUTE, truth.DIVERGE, truth.CONFLICT)


class Pair:
    def __init__(self, name, base, a, b):
        self.name = name
        self.base = base
        self.a = a
        self.b = b
        self.verdict = self.meeting = self.case = None

    def parts(self):
        return [s.encode() for s in (self.base, self.a.sql(), self.b.sql())]

    def text(self):
        return f'-- base\n{self.base}-- a\n{self.a.sql()}-- b\n' \
            f'{self.b.sql()}'

    def script(self):
        parts = self.parts()
        sizes = ' '.join(str(len(p)) for p in parts)
        return f'{self.name} {sizes}\n'.encode() + b''.join(parts)


def engine_of(dialect):
    if dialect == 'sqlite':
        return truth.Sqlite(None), lambda: None
    url, drop = make_database(os.environ['GIT_MIGRATE_TEST_PG'])
    return truth.Postgres(Conn(url)), drop


def side_that_fits(engine, case, tally):
    for _ in range(TRIES):
        side = case.side()
        if engine.fits(side.sql()):
            return side
        tally.refused.update(side.kinds)
    return None


class Tally:
    def __init__(self):
        self.kinds = Counter()
        self.refused = Counter()
        self.shared = 0
        self.bases = 0
        self.matrix = Counter()
        self.misses = []
        self.ordered = []
        self.alarms = []

    def add(self, pair):
        self.kinds.update(pair.a.kinds + pair.b.kinds)
        self.shared += bool(pair.a.touched & pair.b.touched)

    def commuting(self):
        return sum(n for (t, _), n in self.matrix.items()
                   if t == truth.COMMUTE)


def draw(engine, case, n, tally):
    """A pair that runs on the base, with its truth there; or None."""
    a = side_that_fits(engine, case, tally)
    b = a and (case.twin(a) or side_that_fits(engine, case, tally))
    if not b:
        return None
    pair = Pair(f'{case.seed}.{n}', case.base, a, b)
    pair.case = case
    pair.truth, pair.shown = truth.judge(engine, a.sql(), b.sql())
    # only asked when it is called identical, but the base is here now
    pair.same = a.sql() == b.sql() or a.touched == b.touched and \
        truth.same_alone(engine, a.sql(), b.sql())
    return pair


def judge_again(engine, case, pair):
    """With other rows: what commutes by luck does not do so again.

    @return whether both run on these rows
    """
    a, b = pair.a.sql(), pair.b.sql()
    base = case.base_for(pair.a, pair.b)
    try:
        engine.start(base, case.parts[0])
    except truth.Refused:
        return False
    is_so, shown = truth.judge(engine, a, b)
    if is_so == truth.CONFLICT and not (engine.runs(a) and engine.runs(b)):
        return False
    if is_so != truth.COMMUTE:
        pair.base, pair.truth, pair.shown = base, is_so, shown
    return True


def judge_often(engine, pair, times):
    """Until it is known not to commute, or that many rows have been tried."""
    judged = 0
    for _ in range(3 * times):
        if judged == times or pair.truth != truth.COMMUTE or \
                not pair.a.near(pair.b):
            return
        judged += judge_again(engine, pair.case, pair)


def pairs_of(engine, case, most, tally):
    """Some pairs on one base."""
    engine.start(case.base, case.parts[0])
    tally.bases += 1
    pairs = [draw(engine, case, n, tally) for n in range(most)]
    pairs = [p for p in pairs if p]
    for pair in pairs:
        judge_often(engine, pair, AGAIN[case.dialect])
    return pairs


def make_pairs(engine, dialect, cases, seed, tally):
    pairs = []
    while len(pairs) < cases:
        case = Case(dialect, seed)
        seed += 1
        try:
            pairs += pairs_of(engine, case, min(PAIRS, cases - len(pairs)),
                              tally)
        except truth.Refused:
            continue
    for pair in pairs:
        tally.add(pair)
    return pairs


def ask(tool, dialect, pairs):
    with tempfile.TemporaryFile() as f:
        for pair in pairs:
            f.write(pair.script())
        f.seek(0)
        out = subprocess.run((tool, dialect), stdin=f, check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    for pair, line in zip(pairs, out.splitlines(), strict=True):
        name, pair.verdict, _, pair.meeting = line.split(' ', 3)
        assert name == pair.name, line


def is_miss(pair):
    if pair.verdict == 'identical':
        return not pair.same
    return pair.verdict == 'independent' and pair.truth != truth.COMMUTE


def settle(engine, dialect, pairs):
    """What is called worse than its truth is tried with many more rows."""
    for pair in pairs:
        if pair.verdict not in HARMLESS:
            judge_often(engine, pair, DOUBT[dialect])


def weigh(pairs, tally):
    for pair in pairs:
        tally.matrix[pair.truth, pair.verdict] += 1
        if is_miss(pair):
            tally.misses.append(pair)
        elif pair.truth == truth.COMMUTE and pair.verdict in ALARMING:
            tally.alarms.append(pair)
        elif pair.truth == truth.COMMUTE and pair.verdict not in HARMLESS:
            tally.ordered.append(pair)


def comment(text):
    print('\n'.join('# ' + line for line in text.splitlines()), flush=True)


def keep(pair, what):
    folder = os.environ.get('KEEP')
    if not folder:
        return
    os.makedirs(folder, exist_ok=True)
    with open(f'{folder}/{what}-{pair.name}', 'w', encoding='utf-8') as f:
        f.write(f'-- {pair.truth}: {pair.shown}\n-- called {pair.verdict}: '
                f'{pair.meeting}\n{pair.text()}')
    with open(f'{folder}/{what}-{pair.name}.case', 'wb') as f:
        f.write(pair.script())


def report(dialect, tally, pairs, seed, seconds):
    def counts(c):
        return ', '.join(f'{k} {n}' for k, n in sorted(c.items()))
    comment(f'report: {dialect}: {len(pairs)} pairs on {tally.bases} bases '
            f'from seed {seed} in {seconds:.0f} s, {tally.shared} share a '
            'table')
    comment(f'report: statements: {counts(tally.kinds)}')
    if os.environ.get('VERBOSE'):
        comment(f'report: refused alone: {counts(tally.refused)}')
    comment('report: truth \\ verdict' + ''.join(f'{c:>13}' for c in COLUMNS))
    for row in ROWS:
        comment(f'report: {row:>15}' + ''.join(
            f'{tally.matrix[row, c]:>13}' for c in COLUMNS))
    percent = 100 * len(tally.alarms) / max(1, tally.commuting())
    comment(f'report: misses {len(tally.misses)}, false alarms '
            f'{len(tally.alarms)} of {tally.commuting()} ({percent:.2f} %)')
    share = 100 * len(tally.ordered) / max(1, tally.commuting())
    comment(f'report: besides, a matter of order {len(tally.ordered)} '
            f'({share:.2f} %)')
    return percent


def verdict_lines(tally, percent):
    for pair in tally.misses:
        keep(pair, 'miss')
    for pair in tally.alarms:
        keep(pair, 'alarm')
    for pair in tally.ordered:
        keep(pair, 'order')
    for pair in tally.misses[:5]:
        comment(f'{pair.name}: {pair.truth}: {pair.shown}\n'
                f'called {pair.verdict}\n{pair.text()}')
    most = float(os.environ.get('ALARMS', '2'))
    n = max(1, tally.commuting())
    if n < SAMPLE:  # two standard deviations of a sample of this size
        most += 200 * (most / 100 * (1 - most / 100) / n) ** 0.5
    ok = not tally.misses
    print(f"{'ok' if ok else 'not ok'} 1 - no pair that meets is called "
          'independent')
    few = percent <= most
    if not few:
        for pair in tally.alarms[:10]:
            comment(f'{pair.name}: {pair.verdict}: {pair.meeting}')
    print(f"{'ok' if few else 'not ok'} 2 - at most {most:.1f} % of independent "
          'pairs are called a conflict, or uncertain')
    return ok and few


def often_enough(dialect, tally):
    """Each kind of statement, as often as is asked for."""
    least = int(os.environ.get('LEAST', '0'))
    kinds = [k for k, _ in (PG if dialect == 'postgresql' else SQLITE)]
    few = {k: tally.kinds[k] for k in kinds if tally.kinds[k] < least}
    rarest = min(kinds, key=lambda k: tally.kinds[k])
    comment(f'report: {len(kinds)} kinds of statements, the rarest {rarest} '
            f'{tally.kinds[rarest]} times')
    print(f"{'not ok' if few else 'ok'} 3 - each kind of statement came at "
          f'least {least} times {few or ""}')
    print('1..3')
    return not few


def main():
    tool, dialect = sys.argv[1:]
    dialect = 'postgresql' if dialect == 'pg' else dialect
    cases = int(os.environ.get('CASES', '300'))
    seed = int(os.environ.get('SEED', '1'))
    start, tally = time.monotonic(), Tally()
    engine, end = engine_of(dialect)
    try:
        pairs = make_pairs(engine, dialect, cases, seed, tally)
        ask(tool, dialect, pairs)
        settle(engine, dialect, pairs)
    finally:
        end()
    weigh(pairs, tally)
    percent = report(dialect, tally, pairs, seed, time.monotonic() - start)
    right = verdict_lines(tally, percent)
    sys.exit(not (often_enough(dialect, tally) and right))


if __name__ == '__main__':
    main()
