#!/usr/bin/env python3
"""Walk a real repository's PostgreSQL migrations up and down again.

usage: walk_pg.py GIT-MIGRATE REPOSITORY COMMIT FOLDER LAYOUT [PATTERN]

Applies one migration at a time from an empty database of a throw-away server,
with one made-up row put into each table before each step, then rolls them back
one at a time, newest first, without any down file, and compares pg_dump's
schema, every row and every sequence with what they were before. Prints counts,
and beside them how many of the repository's own down files are exact.

environment: WALK_LIMIT  how many migrations, WALK_DOWNS=no leaves own down
             files out, WALK_KEEP=yes keeps the repository and its log
"""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pg_fill
import pg_state
from pg_conn import Conn, Error

PROG, REPO, COMMIT, FOLDER, LAYOUT = sys.argv[1:6]
PATTERN = sys.argv[6] if len(sys.argv) > 6 else None
LIMIT = int(os.environ.get('WALK_LIMIT', '100000'))
DOWNS = os.environ.get('WALK_DOWNS') != 'no'
SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../contrib/pg-server.sh')
OPTIONS = ('-c fsync=off -c full_page_writes=off -c autovacuum=off '
           '-c max_wal_size=1GB')
SLOW_S = 0.5


def run(*args, cwd=None, ok=True):
    p = subprocess.run(args, cwd=cwd, capture_output=True)
    if ok and p.returncode:
        raise SystemExit('%s: %s' % (' '.join(args),
                                     p.stderr.decode(errors='replace')))
    return p


def unpack(top):
    archive = subprocess.Popen(['git', '--git-dir', REPO, 'archive', COMMIT,
                                FOLDER], stdout=subprocess.PIPE)
    subprocess.run(['tar', 'x', '-C', top], stdin=archive.stdout, check=True)


def find_files(top):
    """name -> {up, down, metadata} -> path; and what is no SQL."""
    found, others = {}, []
    for root, _, files in os.walk(os.path.join(top, FOLDER)):
        for f in files:
            key = os.path.basename(root) if f in (
                'up.sql', 'down.sql', 'migration.sql', 'metadata.toml') else f
            for end in ('.up.sql', '.down.sql', '.sql'):
                key = key[:-len(end)] if key.endswith(end) else key
            kind = 'down' if f.endswith('down.sql') else \
                'metadata' if f == 'metadata.toml' else 'up'
            if f.endswith('.sql') or kind == 'metadata':
                found.setdefault(key, {})[kind] = os.path.join(root, f)
            elif '.up.' in f:
                others.append(f)
    return found, others


class Walk:
    def __init__(self, top, base):
        self.top, self.base = top, base
        self.files, self.others = find_files(top)
        self.conf = ['-c', 'migrate.dir=' + FOLDER,
                     '-c', 'migrate.layout=' + LAYOUT,
                     '-c', 'migrate.target=dev',
                     '-c', 'migrate.dev.url=' + self.url('dev')]
        if PATTERN:
            self.conf += ['-c', 'migrate.pattern=' + PATTERN]
        self.filled = self.tables = 0
        self.refused = collections.Counter()
        self.emptied = []
        self.downs = collections.Counter()
        self.slow = []

    def url(self, database):
        return self.base.replace('/postgres?', '/%s?' % database)

    def admin(self, sql):
        with Conn(self.base) as db:
            db.run(sql)

    def copy(self, old, new):
        self.admin('DROP DATABASE IF EXISTS %s WITH (FORCE)' % new)
        self.admin('CREATE DATABASE %s TEMPLATE %s' % (new, old))

    def migrate(self, *args, ok=True):
        return run('git', *self.conf, 'migrate', *args, cwd=self.top, ok=ok)

    def timed(self, *args):
        start = time.monotonic()
        p = self.migrate(*args, ok=False)
        return p, time.monotonic() - start

    # --- up ---

    def script(self, url, path):
        """Run a file as its own tool would."""
        with open(path, encoding='utf-8') as f:
            text = f.read()
        try:
            with Conn(url) as db:
                db.run(text)
        except Error as e:
            if e.code not in ('25001', '55P04'):
                raise
            p = run('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', path,
                    url, ok=False)
            if p.returncode:
                raise Error(p.stderr.decode(), None, None) from e

    def apply(self, name, up, i, last):
        """Rows that the migration cannot run with go before it."""
        for _ in range(20):
            with Conn(self.url('dev')) as db:
                rows = pg_state.data(db, last)
            dump = pg_state.dump(self.url('dev'))
            self.copy('dev', 's%d' % i)
            p, took = self.timed('apply', '-n', '1')
            if not p.returncode:
                if took > SLOW_S:
                    self.slow.append(('apply', name, took))
                return dump, rows
            why = p.stderr.decode()
            with Conn(self.url('dev')) as db:
                gone = self.empty_for(db, why, up)
            if not gone:
                print('apply %s: %s' % (name, why))
                return None
            self.emptied.append((name, gone, why.split('\n')[0]))
        return None

    @staticmethod
    def empty_for(db, error, up):
        tables = [r[0] for r in db.run(
            'SELECT c.oid::regclass FROM pg_class c, pg_namespace n WHERE '
            "n.oid = relnamespace AND relkind IN ('r', 'p') AND nspname NOT "
            "IN ('git_migrate', 'information_schema') AND nspname !~ '^pg_'")]
        with open(up, encoding='utf-8') as f:
            words = set(re.findall(r'\w+', f.read()))

        def named(some):
            return [t for t in tables if t.split('.')[-1].strip('"') in some]
        for some in (named(re.findall(r'"(\w+)"', error)), named(words),
                     tables):
            some = [t for t in some if db.run('SELECT 1 FROM %s LIMIT 1' % t)]
            if some:
                db.run('SET session_replication_role = replica')
                for t in some:
                    pg_fill.empty(db, t)
                return some
        return []

    def own_down(self, name, want):
        """What the repository's down file makes of a copy."""
        down = self.files.get(name, {}).get('down')
        if not down:
            return
        self.downs['files'] += 1
        self.copy('dev', 'trial')
        url = self.url('trial')
        try:
            self.script(url, down)
        except Error:
            self.downs['fail'] += 1
            return
        with Conn(url) as db:
            rows = not pg_state.differences(want[1], pg_state.data(db))
        dump = pg_state.dump(url)
        self.downs['exact' if dump == want[0] and rows else
                   'order' if rows and pg_state.order_free(dump)
                   == pg_state.order_free(want[0]) else
                   'rows' if not rows else 'schema'] += 1

    def up(self, names):
        """States before each step: before rows were put in, and after."""
        states, last = [], None
        for i, name in enumerate(names):
            with Conn(self.url('dev')) as db:
                bare = last = pg_state.data(db, last)
                done, total, why = pg_fill.fill(db, i)
            self.filled += done
            self.tables += total
            for t, w in why.items():
                self.refused[t + ': ' + re.sub(r'\d+', '0', w)] += 1
            want = self.apply(name, self.files[name]['up'], i, last)
            if not want:
                break
            last = want[1]
            if DOWNS:
                self.own_down(name, want)
            states.append((bare, want))
            sys.stdout.flush()
        return states

    # --- down ---

    def compare(self, name, want):
        dump = pg_state.dump(self.url('dev'))
        with Conn(self.url('dev')) as db:
            rows = pg_state.differences(want[1], pg_state.data(db))
        for k, old, new in rows:
            print('%s: %s differs\n  want %s\n  got  %s' % (
                name, k, *self.cut(old, new)))
        if dump == want[0]:
            return 'rows' if rows else 'exact'
        if pg_state.order_free(dump) == pg_state.order_free(want[0]):
            print('%s: order differs' % name)
            return 'rows' if rows else 'order'
        for i, path in enumerate(('want', 'got')):
            with open(self.top + '/' + path, 'w', encoding='utf-8') as f:
                f.write('\n'.join((want[0], dump)[i]) + '\n')
        print('%s: schema differs' % name)
        print(run('diff', '-U1', 'want', 'got', cwd=self.top,
                  ok=False).stdout.decode()[:2000])
        return 'schema'

    @staticmethod
    def cut(old, new):
        if not old or not new or isinstance(old[0], str):
            return str(old)[:300], str(new)[:300]
        if old[0] != new[0]:
            return old[0], new[0]
        return ([r for r in old[2] if r not in new[2]][:3],
                [r for r in new[2] if r not in old[2]][:3])

    def down(self, names, states):
        counts = collections.Counter()
        for i in reversed(range(len(states))):
            name, (bare, want) = names[i], states[i]
            p, took = self.timed('rollback')
            if took > SLOW_S:
                self.slow.append(('rollback', name, took))
            if p.returncode:
                print('rollback %s: %s' % (name, p.stderr.decode()))
                result = 'fail'
            else:
                result = self.compare(name, want)
            counts[result] += 1
            if result != 'exact':
                self.admin('DROP DATABASE dev WITH (FORCE)')
                self.copy('s%d' % i, 'dev')
            with Conn(self.url('dev')) as db:
                pg_state.put_back(db, bare)
            self.admin('DROP DATABASE s%d' % i)
            sys.stdout.flush()
        return counts


def main():
    top = tempfile.mkdtemp(prefix='walk-')
    os.environ.update(GIT_AUTHOR_NAME='walk', GIT_AUTHOR_EMAIL='walk@example',
                      GIT_COMMITTER_NAME='walk', HOME=top,
                      GIT_COMMITTER_EMAIL='walk@example',
                      PG_SERVER_OPTS=OPTIONS)
    os.chmod(top, 0o711)
    run('git', 'init', '-q', top)
    unpack(top)
    run('git', 'add', '-A', cwd=top)
    run('git', 'commit', '-qm', 'files', cwd=top)
    os.makedirs(top + '/bin')
    os.symlink(os.path.abspath(PROG), top + '/bin/git-migrate')
    os.environ['PATH'] = top + '/bin:' + os.environ['PATH']
    base = run(SERVER, 'start', top + '/pg', str(os.getpid())).stdout
    w = Walk(top, base.decode().strip())
    w.admin('CREATE DATABASE dev')
    status = json.loads(w.migrate('status', '--json').stdout)
    names = [m['name'] for m in status['migrations']
             if m['state'] == 'pending'][:LIMIT]
    start = time.monotonic()
    states = w.up(names)
    middle = time.monotonic()
    counts = w.down(names, states)
    print('\nrows put in %d of %d tables; the rest:' % (w.filled, w.tables))
    for k, n in w.refused.most_common(40):
        print('  %5d %s' % (n, k))
    print('emptied before a step:')
    for e in w.emptied:
        print('  %s: %s: %s' % e)
    print('slow:')
    for s in sorted(w.slow, key=lambda s: -s[2])[:20]:
        print('  %s %s %.2f s' % s)
    print('no SQL: %s' % ' '.join(w.others))
    print('%s %s: %d migrations, %d applied; rolled back %s; own down files '
          '%s; up %.0f s, down %.0f s' % (
              os.path.basename(os.path.dirname(REPO)), FOLDER, len(names),
              len(states), dict(counts), dict(w.downs), middle - start,
              time.monotonic() - middle))
    run('git', 'fsck', '--strict', cwd=top)
    run(SERVER, 'drop', top + '/pg')
    if os.environ.get('WALK_KEEP') != 'yes':
        shutil.rmtree(top)


main()
