#!/usr/bin/env python3
"""A random walk over branches, with writes in between: after each switch and
git migrate reconcile the database has the shape of one built from that commit
alone, and every row and value that can exist there.

walk.py <sqlite|pg> [--keep]

environment: GIT_MIGRATE          the program under test
             GIT_MIGRATE_TEST_PG  URI of a server where databases may be made
             SWITCHES, SEED       how many, and from where
             STORE                migrate.dev.snapshotStore; else chance says
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

from pg_session import Session
from walk_model import (AddColumn, Database, DropColumn, DropTable, Index,
                        Loosen, NewTable, Raise, Rename)

BRANCHES = 6
ENV = {
    'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C',
    'TZ': 'UTC', 'TERM': 'dumb', 'GIT_CONFIG_NOSYSTEM': '1',
    'GIT_AUTHOR_NAME': 'A U Thor', 'GIT_AUTHOR_EMAIL': 'author@example.com',
    'GIT_COMMITTER_NAME': 'C O Mitter',
    'GIT_COMMITTER_EMAIL': 'committer@example.com',
    'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', 'detect_leaks=0'),
}


class Failure(Exception):
    pass


class Lite:
    dialect = 'sqlite'

    def __init__(self, folder, _):
        self.file = os.path.join(folder, 'repo', 'dev.db')
        self.url = 'sqlite:' + self.file
        self.n = 0
        self.folder = folder

    def run(self, statements):
        db = sqlite3.connect(self.file)
        for s in statements:
            db.execute(s)
        db.commit()
        db.close()

    def rows(self, table):
        db = sqlite3.connect(self.file)
        q = db.execute(f'SELECT * FROM {table}')
        names = [d[0] for d in q.description]
        out = [dict(zip(names, r)) for r in q]
        db.close()
        return out

    def tables(self):
        db = sqlite3.connect(self.file)
        out = {r[0] for r in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' "
            "AND name NOT LIKE 'git_migrate%' AND name NOT LIKE 'sqlite%'")}
        db.close()
        return out

    def fresh(self):
        self.n += 1
        return 'sqlite:' + os.path.join(self.folder, f'fresh{self.n}.db')

    def drop(self, url):
        os.unlink(url[len('sqlite:'):])

    def close(self, keep):
        pass


class Pg:
    dialect = 'postgresql'

    def __init__(self, _, server):
        self.server = server
        self.admin = Session(server)
        self.n = 0
        self.names = []
        self.url = self.fresh()
        self.db = Session(self.url)

    def run(self, statements):
        self.db.run('BEGIN; ' + '; '.join(statements) + '; COMMIT')

    def rows(self, table):
        text = self.db.run("SELECT coalesce(json_agg(to_json(q)), '[]') "
                           f'FROM {table} q')
        return json.loads(text)

    def tables(self):
        return {r[0] for r in self.db.ask(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace")}

    def fresh(self):
        self.n += 1
        name = f'walk_{os.getpid()}_{self.n}'
        self.admin.run(f'CREATE DATABASE {name} TEMPLATE template0')
        self.names.append(name)
        head, _, tail = self.server.partition('?')
        base = head.rsplit('/', 1)[0]
        return f'{base}/{name}' + (f'?{tail}' if tail else '')

    def drop(self, url):
        name = url.partition('?')[0].rsplit('/', 1)[1]
        self.admin.drop_database(name)
        self.names.remove(name)

    def close(self, keep):
        self.db.close()
        for name in () if keep else self.names:
            self.admin.drop_database(name)
        self.admin.close()


class Walk:
    def __init__(self, kind, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.repo = os.path.join(folder, 'repo')
        os.makedirs(os.path.join(self.repo, 'migrations'))
        self.engine = {'sqlite': Lite, 'pg': Pg}[kind](
            folder, os.environ.get('GIT_MIGRATE_TEST_PG'))
        self.migrations = {}  # (commit, name) -> steps
        self.shapes = {}      # commit -> shape
        self.versions = 0
        self.next_id = 100
        self.serial = 0
        self.branches = {}    # name -> {migration: steps}
        self.fresh_ids = set()
        self.counts = dict(switches=0, rollbacks=0, applies=0, renames=0,
                           writes=0, edits=0, merges=0, rows=0, detached=0,
                           tried=0, aside=0)
        self.spent = 0.0
        self.store = os.environ.get('STORE') or self.random.choice(
            ('clone', 'clone', 'database'))
        self.env = dict(ENV, HOME=folder, TMPDIR=folder)
        self.world = Database({})

    # --- git ---

    def git(self, *args):
        return subprocess.run(('git',) + args, cwd=self.repo, env=self.env,
                              check=True, capture_output=True,
                              text=True).stdout.strip()

    def migrate(self, *args):
        start = time.monotonic()
        r = subprocess.run((os.environ['GIT_MIGRATE'],) + args, cwd=self.repo,
                           env=self.env, capture_output=True, text=True,
                           timeout=120)
        if args[0] == 'reconcile':
            self.spent += time.monotonic() - start
        if r.returncode:
            raise Failure(f'git migrate {" ".join(args)}: {r.returncode}\n'
                          f'{r.stdout[-3000:]}\n{r.stderr}')
        return json.loads(r.stdout) if '--json' in args else r.stdout

    def write(self, name, steps):
        with open(os.path.join(self.repo, 'migrations', name + '.sql'), 'w',
                  encoding='utf-8') as f:
            f.write('\n'.join(s.sql() for s in steps) + '\n')

    def commit(self, text):
        self.git('add', '-A')
        self.git('commit', '-q', '-m', text)

    # --- migrations ---

    def name(self, slug):
        self.versions += 1
        return f'{20260101000000 + self.versions}_{slug}'

    def columns(self, steps_of, table):
        """What a branch that is built in order has."""
        d = Database({})
        for name in sorted(steps_of):
            d.event('apply', name, steps_of[name])
        rows = d.world.get(table)
        return list(next(iter(rows.values()))) if rows else []

    def invent(self, branch):
        """A migration that runs on that branch."""
        mine = self.branches[branch]
        made = [s.table for steps in mine.values() for s in steps
                if isinstance(s, NewTable)]
        kinds = [s.__class__ for steps in mine.values() for s in steps]
        self.serial += 1
        n = self.serial
        roll = self.random.random()
        if not n % 5 and Loosen not in kinds:
            return 'loosen', [Loosen()]
        if roll < 0.25:
            return 'table', [NewTable(f't{n}')]
        if roll < 0.5:
            return 'column', [AddColumn('items', f'c{n}',
                                        self.random.random() < 0.5)]
        if roll < 0.6 and made:
            return 'more', [AddColumn(self.random.choice(made), f'c{n}',
                                      False)]
        if roll < 0.7:
            return 'raise', [Raise(self.random.randrange(4))]
        if roll < 0.78 and DropColumn not in kinds:
            return 'drop', [DropColumn('items', 'old')]
        if roll < 0.84 and DropTable not in kinds:
            return 'gone', [DropTable('spare')]
        if roll < 0.9 and Rename not in kinds:
            return 'rename', [Rename('items', 'name', 'label')]
        if roll < 0.93:
            return 'index', [Index(f'i{n}')]
        if roll < 0.97 and Loosen not in kinds:
            return 'loosen', [Loosen()]
        return 'both', [NewTable(f't{n}'), AddColumn('items', f'c{n}', True)]

    def add_migration(self, branch):
        slug, steps = self.invent(branch)
        name = self.name(slug)
        self.branches[branch][name] = steps
        self.write(name, steps)
        self.commit(f'Add {name}')

    def set_up(self):
        self.git('init', '-q', '-b', 'main', '.')
        self.git('config', 'gc.auto', '0')
        self.git('config', 'migrate.dev.snapshotStore', self.store)
        with open(os.path.join(self.repo, '.gitmigrate'), 'w',
                  encoding='utf-8') as f:
            f.write('[migrate]\n\tdir = migrations\n\tlayout = native\n'
                    f'\tdialect = {self.engine.dialect}\n\ttarget = dev\n'
                    f'[migrate "dev"]\n\turl = {self.engine.url}\n')
        with open(os.path.join(self.repo, '.git/info/exclude'), 'a',
                  encoding='utf-8') as f:
            f.write('dev.db*\n')
        base = self.name('base')
        with open(os.path.join(self.repo, 'migrations', base + '.sql'), 'w',
                  encoding='utf-8') as f:
            # code: by it a row is known again when most of it has changed
            f.write('CREATE TABLE items (id INTEGER PRIMARY KEY, '
                    'code TEXT UNIQUE, name TEXT, n INTEGER, old TEXT);\n'
                    'CREATE TABLE spare (id INTEGER PRIMARY KEY, v TEXT);\n'
                    'CREATE TABLE needs (id INTEGER PRIMARY KEY, '
                    'code TEXT UNIQUE, v TEXT, must TEXT NOT NULL);\n'
                    'CREATE TABLE kids (id INTEGER PRIMARY KEY, need INTEGER '
                    'REFERENCES needs (id), v TEXT);\n')
        self.commit('Base')
        self.branches['main'] = {}
        self.migrate('reconcile', '-q')
        items = {i: {'code': f'k{i}', 'name': f'name {i}', 'n': i,
                     'old': f'old {i}'}
                 for i in range(1, 41)}
        spare = {i: {'v': f'spare {i}'} for i in range(1, 6)}
        needs = {i: {'code': f'k{i}', 'v': f'v {i}', 'must': f'must {i}'}
                 for i in range(1, 9)}
        kids = {i: {'need': i, 'v': f'v {i}'} for i in range(1, 5)}
        self.world.world.update(items=items, spare=spare, needs=needs,
                                kids=kids)
        self.engine.run(
            [f"INSERT INTO items VALUES ({i}, 'k{i}', 'name {i}', {i}, "
             f"'old {i}')"
             for i in items] +
            [f"INSERT INTO spare VALUES ({i}, 'spare {i}')" for i in spare] +
            [f"INSERT INTO needs VALUES ({i}, 'k{i}', 'v {i}', 'must {i}')"
             for i in needs] +
            [f"INSERT INTO kids VALUES ({i}, {i}, 'v {i}')" for i in kids])
        for i in range(BRANCHES):
            start = self.random.choice(list(self.branches))
            self.git('switch', '-q', '-c', f'b{i}', start)
            self.branches[f'b{i}'] = dict(self.branches[start])
            for _ in range(self.random.randint(1, 3)):
                self.add_migration(f'b{i}')

    # --- what people do ---

    def edit(self, branch):
        """A table's migration gets another column, in place; not one that
        another branch has as well."""
        for name, steps in self.branches[branch].items():
            others = [b for b in self.branches
                      if b != branch and name in self.branches[b]]
            if others or not isinstance(steps[0], NewTable):
                continue
            table = steps[0]
            if len(table.extra) > 2:
                continue
            self.serial += 1
            again = NewTable(table.table)
            again.extra = table.extra + [f'e{self.serial}']
            self.branches[branch][name] = [again] + steps[1:]
            self.write(name, self.branches[branch][name])
            self.commit(f'Edit {name}')
            self.counts['edits'] += 1
            return

    def merge(self, branch):
        other = self.random.choice([b for b in self.branches if b != branch])
        mine, theirs = self.branches[branch], self.branches[other]
        for kind in (DropColumn, DropTable, Rename, Loosen):
            have = [{n for n, steps in side.items() for s in steps
                     if isinstance(s, kind)} for side in (mine, theirs)]
            if have[0] and have[1] and have[0] != have[1]:
                return
        for name in set(mine) & set(theirs):
            if [s.sql() for s in mine[name]] != [s.sql()
                                                 for s in theirs[name]]:
                return
        self.git('merge', '-q', '--no-edit', other)
        self.branches[branch] = {**theirs, **mine}
        self.counts['merges'] += 1

    def writes(self):
        """Rows and values, by hand, that no migration has its eye on."""
        w, r, out = self.world.world, self.random, []
        self.fresh_ids &= set(w['items'])
        for _ in range(r.randint(0, 6)):
            table = r.choice(sorted(w))
            rows = w[table]
            self.next_id += 1
            key = self.next_id
            columns = self.engine_columns(table)
            if r.random() < 0.45:
                row = {c: f'w{key}' for c in columns}
                if 'n' in row:
                    row['n'] = key
                if 'item' in row:
                    row['item'] = key
                if 'need' in row:
                    row['need'] = r.choice(sorted(w['needs']))
                rows[key] = row
                names = ', '.join(['id'] + list(row))
                values = ', '.join(
                    [str(key)] + [v if isinstance(v, str) and v.isdigit()
                                  else str(v) if isinstance(v, int)
                                  else f"'{v}'" for v in row.values()])
                out.append(f'INSERT INTO {table} ({names}) VALUES ({values})')
                if table == 'items':
                    self.fresh_ids.add(key)
            elif rows and r.random() < 0.8:
                at = r.choice(sorted(rows))
                texts = [c for c in columns
                         if c not in ('n', 'item', 'old', 'code', 'need')]
                if table == 'spare' or not texts:
                    continue
                c = r.choice(texts)
                rows[at][c] = f'u{key}'
                out.append(f"UPDATE {table} SET {c} = 'u{key}' "
                           f'WHERE id = {at}')
            else:
                used = {row['need'] for row in w['kids'].values()}
                free = [k for k in rows if k != 1 and
                        (table.startswith('t') or table == 'kids' or
                         (table == 'needs' and k not in used) or
                         (table == 'items' and k in self.fresh_ids))]
                if not free:
                    continue
                at = r.choice(sorted(free))
                del rows[at]
                self.fresh_ids.discard(at)
                out.append(f'DELETE FROM {table} WHERE id = {at}')
        self.counts['writes'] += len(out)
        if out:
            self.engine.run(out)

    def engine_columns(self, table):
        return self.columns_now.get(table, [])

    # --- one step ---

    def reconcile(self, rev, steps_of):
        if self.random.random() < 0.1:
            self.migrate('reconcile', '--dry-run', '-q')
            self.counts['tried'] += 1
        out = self.migrate('reconcile', '--json')
        for e in out['events']:
            if e['event'] in ('apply', 'rollback'):
                self.counts[{'apply': 'applies',
                             'rollback': 'rollbacks'}[e['event']]] += 1
                self.world.event(e['event'], e['name'],
                                 steps_of.get(e['name']))
            elif e['event'] == 'rename':
                self.counts['renames'] += 1
                self.world.rename(e['name'], e['description'][len('was '):])
        self.counts['aside'] += sum(c['rows'] for c in out['conflicts']
                                    if c['aside'])
        self.fresh_ids = set()
        self.check(rev, steps_of)

    def shape_of(self, rev):
        if rev not in self.shapes:
            url = self.engine.fresh()
            self.migrate('apply', '-q', '--url', url, '--rev', rev)
            self.shapes[rev] = self.migrate('status', '--json', '--url', url,
                                            '--rev', rev)['shape']
            self.engine.drop(url)
        return self.shapes[rev]

    def check(self, rev, steps_of):
        now = self.migrate('status', '--json')
        wrong = {k: v for k, v in now['counts'].items()
                 if v and k not in ('applied', 'rolled_back')}
        if wrong:
            raise Failure(f'status: {wrong}')
        if now['shape'] != self.shape_of(rev):
            raise Failure(f"shape {now['shape']}, not {self.shape_of(rev)}")
        want = self.world.world
        have = self.engine.tables()
        if have != set(want):
            raise Failure(f'tables {sorted(have)}, not {sorted(want)}')
        self.columns_now = {}
        for table, rows in want.items():
            got = {}
            for row in self.engine.rows(table):
                got[row.pop('id')] = row
                self.columns_now[table] = list(row)
            self.counts['rows'] += len(got)
            if got != rows:
                diff = [f'{k}: {got.get(k)}, not {rows.get(k)}'
                        for k in sorted(set(got) | set(rows))
                        if got.get(k) != rows.get(k)]
                raise Failure(f'{table}:\n' + '\n'.join(diff[:10]))

    def step(self):
        branch = self.random.choice(list(self.branches))
        self.git('switch', '-q', branch)
        roll = self.random.random()
        if branch != 'main':
            if roll < 0.08:
                self.edit(branch)
            elif roll < 0.14:
                self.merge(branch)
            elif roll < 0.24:
                self.add_migration(branch)
        if roll > 0.95:
            self.git('checkout', '-q', '--detach')
            self.counts['detached'] += 1
        self.counts['switches'] += 1
        self.where = branch
        self.reconcile(self.git('rev-parse', 'HEAD'), self.branches[branch])
        self.writes()


def main():
    kind = sys.argv[1]
    switches = int(os.environ.get('SWITCHES', '30'))
    seed = int(os.environ.get('SEED', '1'))
    folder = tempfile.mkdtemp(prefix='walk.')
    walk = Walk(kind, folder, seed)
    keep = '--keep' in sys.argv
    failed = None
    print('1..1')
    try:
        walk.set_up()
        while walk.counts['switches'] < switches:
            walk.step()
            if walk.counts['switches'] % 50 == 0:
                print('#', walk.counts, flush=True)
        walk.migrate('snapshot', 'verify')
    except (Failure, subprocess.CalledProcessError) as e:
        text = e.stderr if isinstance(e, subprocess.CalledProcessError) else e
        failed = (f"switch {walk.counts['switches']} to "
                  f"{getattr(walk, 'where', '')}: {e} {text}")
    finally:
        walk.engine.close(keep)
        if keep:
            print('# kept in', folder, walk.engine.url)
        else:
            shutil.rmtree(folder)
    told = ', '.join(f'{v} {k}' for k, v in walk.counts.items())
    print(f'# {kind}, seed {seed}, snapshots in the {walk.store}: {told}; '
          f"{walk.spent / max(1, walk.counts['switches']) * 1000:.0f} ms "
          f'a reconcile')
    if failed:
        print('not ok 1 - a walk over branches')
        print('\n'.join('# ' + line for line in failed.split('\n')))
        sys.exit(1)
    print('ok 1 - a walk over branches')


main()
