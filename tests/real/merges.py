#!/usr/bin/env python3
"""Check every merge of a real repository, and compare with what really happens.

usage: merges.py GIT-MIGRATE REPOSITORY FOLDER LAYOUT [PATTERN]

Of every merge commit that any ref reaches in which both sides had added
migrations: what `git migrate check` says of its parents, and what a PostgreSQL
server does with both orders, on a database of the merge base with one made-up
row in each table. Prints counts: merges, findings by rule, verdict against
truth; and a line for each disagreement.

environment: MERGES_LIMIT     how many merges
             MERGES_TRUTH=no  only what the program says
"""
import collections
import json
import os
import re
import subprocess
import sys
import time

import pg_fill
import pg_state
from pg_conn import Conn, Error

PROG, REPO, FOLDER, LAYOUT = sys.argv[1:5]
PATTERN = sys.argv[5] if len(sys.argv) > 5 else None
LIMIT = int(os.environ.get('MERGES_LIMIT', '1000000'))
TRUTH = os.environ.get('MERGES_TRUTH') != 'no'
SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../contrib/pg-server.sh')
OPTIONS = ('-c fsync=off -c full_page_writes=off -c autovacuum=off '
           '-c max_wal_size=1GB')
KEPT = 12  # databases of merge bases


def git(*args, ok=True):
    p = subprocess.run(['git', '--git-dir', REPO] + list(args),
                       capture_output=True)
    if ok and p.returncode:
        raise SystemExit(p.stderr.decode(errors='replace'))
    return p.stdout.decode(errors='replace')


def is_up(path):
    base = os.path.basename(path)
    if LAYOUT in ('diesel', 'prisma'):
        return base in ('up.sql', 'migration.sql')
    return base.endswith('.sql') and not base.endswith('.down.sql')


def files(commit, seen={}):
    """name -> (path, blob), of the SQL that runs upwards."""
    tree = git('rev-parse', '-q', '--verify', '%s:%s' % (commit, FOLDER),
               ok=False).strip()
    if tree not in seen:
        out = {}
        for line in git('ls-tree', '-r', tree).splitlines() if tree else ():
            meta, path = line.split('\t', 1)
            if is_up(path) and meta.split()[1] == 'blob':
                out[path] = meta.split()[2]
        seen[tree] = out
    return seen[tree]


def merges():
    """(merge, ours, theirs, base) where both sides added files."""
    n = 0
    for line in git('rev-list', '--all', '--merges', '--parents',
                    '--', ).splitlines():
        commit, *parents = line.split()
        if len(parents) != 2:
            continue
        a, b = files(parents[0]), files(parents[1])
        if a == b:
            continue
        base = git('merge-base', *parents, ok=False).strip()
        if not base:
            continue
        c = files(base)
        ours = [p for p in a if p not in c and p not in b]
        theirs = [p for p in b if p not in c and p not in a]
        if ours and theirs:
            yield commit, parents[0], parents[1], base
            n += 1
            if n >= LIMIT:
                return


def check(ours, theirs):
    config = ['-c', 'migrate.dir=' + FOLDER, '-c', 'migrate.dialect=postgresql',
              '-c', 'migrate.layout=' + LAYOUT]
    if PATTERN:
        config += ['-c', 'migrate.pattern=' + PATTERN]
    env = dict(os.environ)
    env['PATH'] = os.path.dirname(os.path.abspath(PROG)) + ':' + env['PATH']
    p = subprocess.run(['git', '--git-dir', REPO] + config +
                       ['migrate', 'check', '--json', ours, theirs],
                       capture_output=True, env=env)
    if p.returncode > 1:
        return None, p.stderr.decode(errors='replace').strip()
    return json.loads(p.stdout), None


def natural(path):
    return [int(x) if x.isdigit() else x for x in re.split(r'(\d+)', path)]


def values(rows):
    """(table, column) -> its values in order; sequences as they are."""
    out = {}
    for name, got in rows.items():
        if len(got) != 3:
            out[name, None] = got
            continue
        for i, column in enumerate(got[0]):
            out[name, column] = sorted(str(row[i]) for row in got[2])
    return out


def differ(a, b, again):
    """Rows of two ends: what is not the same when one order runs twice (a
    clock, a random number) says nothing."""
    a, b, again = values(a), values(b), values(again)
    return any(a[k] != b.get(k) for k in a if a[k] == again.get(k))


class Truth:
    def __init__(self):
        self.dir = subprocess.check_output(['mktemp', '-d']).decode().strip()
        os.chmod(self.dir, 0o711)
        env = dict(os.environ, PG_SERVER_OPTS=OPTIONS)
        self.uri = subprocess.check_output(
            [SERVER, 'start', self.dir + '/pg', str(os.getpid())],
            env=env).decode().strip()
        self.admin = Conn(self.uri)
        self.bases = collections.OrderedDict()  # blobs -> (database, errors)
        self.n = 0

    def close(self):
        subprocess.run([SERVER, 'drop', self.dir + '/pg'])
        subprocess.run(['rm', '-rf', self.dir])

    def url(self, name):
        return re.sub(r'dbname=\w+|/postgres\b', lambda m: m.group(0).replace(
            'postgres', name), self.uri)

    def make(self, template):
        self.n += 1
        name = 'm%d' % self.n
        self.admin.run('CREATE DATABASE %s TEMPLATE %s' % (name, template))
        return name

    def drop(self, name):
        self.admin.run('DROP DATABASE %s WITH (FORCE)' % name)

    def apply(self, db, blobs, go_on=False):
        """The first error, or None; each file in a transaction."""
        first = None
        with Conn(self.url(db)) as c:
            for blob in blobs:
                sql = git('cat-file', 'blob', blob)
                try:
                    c.run("SET search_path = DEFAULT")
                    if 'CONCURRENTLY' in sql.upper():
                        sql = re.sub('(?i)concurrently', '', sql)
                    c.run('BEGIN')
                    c.run(sql)
                    c.run('COMMIT')
                except Error as e:
                    try:
                        c.run('ROLLBACK')
                    except Error:
                        pass
                    first = first or '%s: %s' % (blob[:8],
                                                 str(e).splitlines()[0])
                    if not go_on:
                        break
        return first

    def base(self, blobs):
        key = tuple(blobs)
        if key in self.bases:
            self.bases.move_to_end(key)
            return self.bases[key]
        best = max((k for k in self.bases if key[:len(k)] == k), key=len,
                   default=())
        db = self.make(self.bases[best][0] if best else 'template0')
        if not best and LAYOUT == 'diesel':
            with Conn(self.url(db)) as c:  # some files look into it
                c.run('CREATE TABLE __diesel_schema_migrations (version '
                      'varchar(50) PRIMARY KEY, run_on timestamp NOT NULL '
                      'DEFAULT now())')
        # what this server's version does not know is left out
        self.apply(db, key[len(best):], go_on=True)
        self.bases[key] = db, None
        while len(self.bases) > KEPT:
            _, (old, _) = self.bases.popitem(last=False)
            self.drop(old)
        return self.bases[key]

    def state(self, db):
        with Conn(self.url(db)) as c:
            rows = pg_state.data(c)
        return pg_state.order_free(pg_state.dump(self.url(db))), rows

    def of(self, base, ours, theirs):
        """"independent", "differs", "fails", or "a side fails alone"."""
        db, _ = self.base(base)
        filled = self.make(db)
        try:
            with Conn(self.url(filled)) as c:
                pg_fill.fill(c, 1)
            ends, fails = [], None
            for n, order in enumerate(((ours, theirs), (theirs, ours),
                                       (ours, theirs))):
                if n == 2 and (fails or ends[0] == ends[1]):
                    break
                one = self.make(filled)
                try:
                    alone = self.apply(one, order[0])
                    if alone:
                        return 'a side fails alone', alone
                    error = self.apply(one, order[1])
                    fails = fails or error
                    if not error:
                        ends.append(self.state(one))
                finally:
                    self.drop(one)
            if fails:
                return 'fails', fails
        finally:
            self.drop(filled)
        if ends[0][0] != ends[1][0]:
            return 'differs', 'schema'
        if len(ends) > 2 and differ(*(rows for _, rows in ends)):
            return 'differs', 'rows'
        return 'independent', None


def main():
    truth = Truth() if TRUTH else None
    rules, table = collections.Counter(), collections.Counter()
    n, took = 0, 0.0
    try:
        for commit, ours, theirs, base in merges():
            n += 1
            start = time.time()
            said, error = check(ours, theirs)
            took += time.time() - start
            if error:
                table['could not run'] += 1
                print('%s could not run: %s' % (commit[:12], error))
                continue
            found = {(f['rule'], f['level']) for f in said['findings']}
            rules.update('%s %s' % f for f in found)
            flagged = {'GM105', 'GM106', 'GM110', 'GM111', 'GM103'} & {
                r for r, level in found if level != 'note'}
            if not truth:
                continue
            a, b, c = files(ours), files(theirs), files(base)
            common = sorted((p for p in c if p in a and p in b), key=natural)
            mine = sorted((p for p in a if p not in c and p not in b),
                          key=natural)
            other = sorted((p for p in b if p not in c and p not in a),
                           key=natural)
            is_so, why = truth.of([c[p] for p in common],
                                  [a[p] for p in mine], [b[p] for p in other])
            word = '+'.join(sorted(flagged)) or 'nothing'
            table['%s / %s' % (is_so, word)] += 1
            if (is_so in ('fails', 'differs')) != bool(flagged):
                print('%s %s, said %s: %s' % (commit[:12], is_so, word, why))
                sys.stdout.flush()
    finally:
        if truth:
            truth.close()
    print('%d merges, %.0f ms each' % (n, took / max(n, 1) * 1000))
    for k, v in sorted(rules.items()):
        print('  %s: %d' % (k, v))
    for k, v in sorted(table.items()):
        print('  %s: %d' % (k, v))


main()
