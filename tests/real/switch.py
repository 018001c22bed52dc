#!/usr/bin/env python3
"""Follow a real repository's history with git migrate reconcile.

usage: switch.py GIT-MIGRATE REPOSITORY FOLDER LAYOUT sqlite|URI [N [SEED]]

LAYOUT is a name, or a pattern such as {name}.{direction}.sql.

N commits that changed the folder, spread over its history, in random order:
reconcile to each, with a row put into tables in between where that works, and
compare the shape with a database built from that commit alone. URI is of a
PostgreSQL server where databases may be made. Prints counts and times.

environment: ROWS=0  no rows in between
             FROM    the newest commit, instead of HEAD
"""
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import pg_fill
from pg_conn import Conn

PROG, REPO, FOLDER, LAYOUT, SERVER = sys.argv[1:6]
N = int(sys.argv[6]) if len(sys.argv) > 6 else 30
SEED = int(sys.argv[7]) if len(sys.argv) > 7 else 1
SQLITE = SERVER == 'sqlite'
ROWS = os.environ.get('ROWS', '1') != '0'
FROM = os.environ.get('FROM', 'HEAD')
HERE = tempfile.mkdtemp(prefix='switch.')
WORK = os.path.join(HERE, 'repo')
DATABASES = []


def run(*args, cwd=WORK, check=True):
    r = subprocess.run(args, cwd=cwd, capture_output=True, text=True,
                       timeout=900)
    if check and r.returncode:
        sys.exit(f'{args}: {r.returncode}\n{r.stdout[-2000:]}\n{r.stderr}')
    return r


def url(name):
    if SQLITE:
        return 'sqlite:' + os.path.join(HERE, name + '.db')
    head, _, tail = SERVER.partition('?')
    return (f'{head.rsplit("/", 1)[0]}/switch_{os.getpid()}_{name}'
            + (f'?{tail}' if tail else ''))


def database(name):
    if not SQLITE:
        full = f'switch_{os.getpid()}_{name}'
        run('psql', '-qX', '-c', f'CREATE DATABASE {full} TEMPLATE template0',
            SERVER, cwd='/')
        DATABASES.append(full)
    if not SQLITE and LAYOUT == 'diesel':
        with Conn(url(name)) as db:  # some files look into it
            db.run('CREATE TABLE __diesel_schema_migrations (version '
                   'varchar(50) PRIMARY KEY, run_on timestamp NOT NULL '
                   'DEFAULT now())')
    return url(name)


def drop(name):
    if SQLITE:
        if os.path.exists(os.path.join(HERE, name + '.db')):
            os.unlink(os.path.join(HERE, name + '.db'))
        return
    name = f'switch_{os.getpid()}_{name}'
    run('psql', '-qX', '-c', f'DROP DATABASE {name} WITH (FORCE)', SERVER,
        cwd='/')
    DATABASES.remove(name)


def add_rows(rng, step):
    """One row in some tables, as far as their constraints let it in."""
    if not SQLITE:
        with Conn(url('main')) as db:
            return pg_fill.fill(db, 1000 + step, lambda tables: rng.sample(
                tables, min(10, len(tables))))[0]
    db = sqlite3.connect(os.path.join(HERE, 'main.db'))
    names = [r[0] for r in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' "
        "AND name NOT LIKE 'git_migrate%' AND name NOT LIKE 'sqlite%'")]
    n = 0
    for name in rng.sample(sorted(names), min(10, len(names))):
        cols = [c for c in db.execute(f'PRAGMA table_info("{name}")')
                if not c[5]]
        try:
            db.execute(f'INSERT INTO "{name}" ({", ".join(c[1] for c in cols)}'
                       f') VALUES ({", ".join(["?"] * len(cols))})',
                       [rng.randrange(10 ** 9) if 'INT' in c[2].upper() else
                        f'x{rng.randrange(10 ** 9)}' for c in cols])
            n += 1
        except sqlite3.Error:
            pass
    db.commit()
    db.close()
    return n


def main():
    rng = random.Random(SEED)
    run('git', 'clone', '-q', '--shared', '--no-checkout', REPO, WORK, cwd='/')
    for key, value in (('user.name', 'w'), ('user.email', 'w@x'),
                       ('migrate.dir', FOLDER), ('migrate.layout',
                        'pattern' if '{' in LAYOUT else LAYOUT),
                       ('migrate.dialect', 'sqlite' if SQLITE else
                        'postgresql'), ('migrate.target', 'dev'),
                       ('migrate.dev.url', database('main'))):
        run('git', 'config', key, value)
    if '{' in LAYOUT:
        run('git', 'config', 'migrate.pattern', LAYOUT)
    every = run('git', 'log', '--format=%H', FROM, '--', FOLDER).stdout.split()
    commits = [every[i * len(every) // N] for i in range(min(N, len(every)))]
    rng.shuffle(commits)
    times, builds, bad = [], [], 0
    counts = dict(events=0, rollbacks=0, stepwise=0, skipped=0, refused=0,
                  rows=0, parked=0)
    for i, commit in enumerate(commits):
        fresh = database('fresh')
        start = time.monotonic()
        r = run(PROG, 'apply', '-q', '--url', fresh, '--rev', commit,
                check=False)
        builds.append(time.monotonic() - start)
        if r.returncode:
            counts['skipped'] += 1
            print(f'{i} {commit[:10]}: does not build: '
                  f'{r.stderr.strip()[-300:]}')
            drop('fresh')
            continue
        want = json.loads(run(PROG, 'status', '--json', '--url', fresh,
                              '--rev', commit).stdout)['shape']
        drop('fresh')
        start = time.monotonic()
        r = run(PROG, 'reconcile', '--to', commit, '--json', check=False)
        took = time.monotonic() - start
        out = json.loads(r.stdout)
        if r.returncode:
            counts['refused'] += 1
            print(f'{i} {commit[:10]}: refused: {r.stderr.strip()[-600:]}')
            continue
        times.append(took)
        print(f"{i} {commit[:10]}: {len(out['events'])} events, "
              f'{took:.2f} s; fresh {builds[-1]:.2f} s', flush=True)
        counts['events'] += len(out['events'])
        counts['rollbacks'] += sum(e['event'] == 'rollback'
                                   for e in out['events'])
        counts['parked'] += sum(e['parked'] for e in out['events']
                                if e['event'] == 'rollback')
        counts['stepwise'] += out['stepwise'] is not None
        have = json.loads(run(PROG, 'status', '--json', '--rev',
                              commit).stdout)['shape']
        if have != want:
            bad += 1
            late = sum(e['out_of_order'] for e in out['events'])
            print(f'{i} {commit[:10]}: shape {have[:10]}, not {want[:10]}; '
                  f'{late} late')
        if ROWS:
            counts["rows"] += add_rows(rng, i)
    for name in list(DATABASES):
        run('psql', '-qX', '-c', f'DROP DATABASE {name} WITH (FORCE)', SERVER,
            cwd='/')
    print(f'{len(times)} of {len(commits)} commits of {len(every)}: '
          f'{bad} differ; ' + ', '.join(f'{v} {k}' for k, v in
                                        counts.items()))
    if times:
        print(f'a reconcile {statistics.median(times):.2f} s (median), '
              f'{max(times):.2f} s (longest); a fresh build '
              f'{statistics.median(builds):.2f} s')
    sys.exit(bad != 0)


main()
