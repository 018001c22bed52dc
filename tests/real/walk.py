#!/usr/bin/env python3
"""Walk a real repository's SQLite migrations up and down again.

usage: walk.py GIT-MIGRATE REPOSITORY COMMIT FOLDER LAYOUT [PATTERN]

Applies one migration at a time from an empty database, with one made-up row
put into each table before each step, then rolls them back one at a time,
newest first, without any down file, and compares the schema and every row
(with rowid and storage class) with what they were before. Prints counts, and
beside them how many of the repository's own down files are exact.
"""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

PROG, REPO, COMMIT, FOLDER, LAYOUT = sys.argv[1:6]
PATTERN = sys.argv[6] if len(sys.argv) > 6 else None


def ours(name):
    return name.startswith('git_migrate_')


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def state(path):
    """Everything a rollback has to bring back."""
    db = sqlite3.connect(path)
    db.text_factory = bytes
    out = {}
    schema = [r for r in db.execute(
        'SELECT type, name, tbl_name, sql FROM sqlite_schema '
        'WHERE sql IS NOT NULL ORDER BY rowid')
        if not ours(r[1].decode()) and not ours(r[2].decode())]
    out['schema'] = [r for r in schema if r[1] != b'sqlite_sequence']
    for r in schema:
        if r[0] != b'table':
            continue
        name = r[1].decode()
        cols = [c[1].decode() for c in db.execute(
            'PRAGMA table_info(%s)' % quote(name))]
        exprs = ', '.join('%s, typeof(%s)' % (quote(c), quote(c))
                          for c in cols)
        try:
            rows = list(db.execute('SELECT rowid, %s FROM %s ORDER BY 1'
                                   % (exprs, quote(name))))
        except sqlite3.OperationalError:
            rows = sorted(map(repr, db.execute(
                'SELECT %s FROM %s' % (exprs, quote(name)))))
        if name == 'sqlite_sequence':
            rows = sorted((x for x in rows), key=repr)
            rows = [x[1:] for x in rows]
            if not rows:
                continue
        out[name] = rows
    db.close()
    return out


EXCLUDE = set()


def fill(path, step):
    """One made-up row for each table; how many tables took one, and how to
    take them away again."""
    db = sqlite3.connect(path, isolation_level=None)
    tables = [r[0] for r in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table'")
        if not ours(r[0]) and not r[0].startswith('sqlite_')]
    total = len(tables)
    tables = [t for t in tables if t not in EXCLUDE]
    done = 0
    undo = []
    counters = None
    if 'sqlite_sequence' in [r[0] for r in db.execute(
            'SELECT name FROM sqlite_schema')]:
        counters = list(db.execute('SELECT rowid, * FROM sqlite_sequence'))
    for t in tables:
        cols, vals = [], []
        for c in db.execute('PRAGMA table_xinfo(%s)' % quote(t)):
            if c[6]:
                continue
            kind = (c[2] or '').upper()
            cols.append(quote(c[1]))
            if 'INT' in kind or 'BOOL' in kind:
                vals.append(1000 + step)
            elif 'REAL' in kind or 'FLOA' in kind or 'DOUB' in kind:
                vals.append(step + 0.25)
            elif 'BLOB' in kind:
                vals.append(b'\x00\xff' + str(step).encode())
            else:
                vals.append('v%d' % step)
        try:
            db.execute('INSERT INTO %s (%s) VALUES (%s)' % (
                quote(t), ', '.join(cols), ', '.join('?' * len(cols))), vals)
            done += 1
            undo.append((t, db.execute(
                'SELECT last_insert_rowid()').fetchone()[0]))
        except sqlite3.Error:
            pass
    db.close()
    return done, total, undo, counters


def unfill(path, undo, counters):
    """The rows of one step go, as if they had never been put in."""
    db = sqlite3.connect(path, isolation_level=None)
    for t, rowid in undo:
        db.execute('DELETE FROM %s WHERE rowid = ?' % quote(t), (rowid,))
    if counters is not None:
        db.execute('DELETE FROM sqlite_sequence')
        db.executemany('INSERT INTO sqlite_sequence (rowid, name, seq) '
                       'VALUES (?, ?, ?)', counters)
    db.close()


def run(*args, cwd=None, ok=True):
    p = subprocess.run(args, cwd=cwd, capture_output=True)
    if ok and p.returncode:
        raise SystemExit('%s: %s' % (' '.join(args),
                                     p.stderr.decode(errors='replace')))
    return p


def main():
    top = tempfile.mkdtemp(prefix='walk-')
    os.environ.pop('CI', None)  # under it what destroys data is refused
    os.environ.update(GIT_AUTHOR_NAME='walk', GIT_AUTHOR_EMAIL='walk@example',
                      GIT_COMMITTER_NAME='walk',
                      GIT_COMMITTER_EMAIL='walk@example')
    run('git', 'init', '-q', top)
    archive = subprocess.Popen(['git', '--git-dir', REPO, 'archive', COMMIT,
                                FOLDER], stdout=subprocess.PIPE)
    subprocess.run(['tar', 'x', '-C', top], stdin=archive.stdout, check=True)
    run('git', 'add', '-A', cwd=top)
    run('git', 'commit', '-qm', 'files', cwd=top)
    conf = ['-c', 'migrate.dir=' + FOLDER, '-c', 'migrate.layout=' + LAYOUT,
            '-c', 'migrate.dialect=sqlite', '-c', 'migrate.target=dev',
            '-c', 'migrate.dev.url=sqlite:dev.db']
    if PATTERN:
        conf += ['-c', 'migrate.pattern=' + PATTERN]
    os.makedirs(top + '/bin')
    os.symlink(os.path.abspath(PROG), top + '/bin/git-migrate')
    os.environ['PATH'] = top + '/bin:' + os.environ['PATH']
    db = top + '/dev.db'

    def migrate(*args, ok=True):
        return run('git', *conf, 'migrate', *args, cwd=top, ok=ok)

    status = json.loads(migrate('status', '--json').stdout)
    names = [m['name'] for m in status['migrations']
             if m['state'] == 'pending']
    exclude_tables(top, names)
    before, filled, tables, made = [], 0, 0, []
    for i, name in enumerate(names):
        if os.path.exists(db):
            got = fill(db, i)
            filled += got[0]
            tables += got[1]
            made.append(got[2:])
        else:
            made.append(([], None))
            sqlite3.connect(db).close()
        before.append(state(db))
        p = migrate('apply', '-n', '1', ok=False)
        if p.returncode:
            print('apply %s: %s' % (name, p.stderr.decode()))
            break
    else:
        i += 1
    applied = names[:i] if i < len(names) else names
    downs = own_downs(top, applied, before, db)
    exact = 0
    for name, want, put in reversed(list(zip(applied, before, made))):
        p = migrate('rollback', ok=False)
        if p.returncode:
            print('rollback %s: %s' % (name, p.stderr.decode()))
            break
        got = state(db)
        if got == want:
            exact += 1
        else:
            for k in sorted(set(got) | set(want)):
                if got.get(k) != want.get(k):
                    print('%s: %s differs\n  want %r\n  got  %r' % (
                        name, k, want.get(k), got.get(k)))
        unfill(db, *put)
    run('git', 'fsck', '--strict', cwd=top)
    print('%s %s: %d migrations, %d applied, %d rolled back exactly; '
          'rows put in %d of %d tables; own down files exact: %s' % (
              os.path.basename(os.path.dirname(REPO)), FOLDER, len(names),
              len(applied), exact, filled, tables, downs))


def find_ups(top):
    ups = {}
    for root, _, files in os.walk(os.path.join(top, FOLDER)):
        for f in files:
            path = os.path.join(root, f)
            key = os.path.basename(root) \
                if f in ('up.sql', 'down.sql', 'migration.sql') else f
            for end in ('.up.sql', '.down.sql', '.sql'):
                key = key[:-len(end)] if key.endswith(end) else key
            kind = 'down' if f.endswith('down.sql') else 'up'
            ups.setdefault(key, {})[kind] = path
    return ups


def exclude_tables(top, names):
    """Some migrations cannot run on a table with rows (ADD COLUMN NOT NULL
    without a default): those tables stay empty."""
    ups = find_ups(top)
    while True:
        path = top + '/dry.db'
        if os.path.exists(path):
            os.unlink(path)
        sqlite3.connect(path).close()
        for i, name in enumerate(names):
            fill(path, i)
            text = open(ups[name]['up'], encoding='utf-8').read()
            db = sqlite3.connect(path, isolation_level=None)
            try:
                db.executescript(text)
            except sqlite3.Error:
                words = set(text.replace('(', ' ').replace('"', ' ')
                            .replace('`', ' ').replace(';', ' ').split())
                have = {r[0] for r in db.execute(
                    "SELECT name FROM sqlite_schema WHERE type = 'table'")}
                more = (words & have) - EXCLUDE
                if not more:
                    return
                EXCLUDE.update(more)
                break
            finally:
                db.close()
        else:
            return


def own_downs(top, applied, before, db):
    """How many of the repository's own down files are exact, one by one."""
    have = good = 0
    work = top + '/down.db'
    ups = find_ups(top)
    scratch = sqlite3.connect(work, isolation_level=None)
    for i, name in enumerate(applied):
        files = ups.get(name, {})
        fill(work, i) if i else None
        was = state(work)
        up = open(files['up'], encoding='utf-8').read() \
            if 'up' in files else ''
        try:
            scratch.executescript(up)
        except sqlite3.Error:
            break
        if 'down' not in files:
            continue
        have += 1
        scratch.close()
        copy = top + '/copy.db'
        subprocess.run(['cp', work, copy], check=True)
        trial = sqlite3.connect(copy, isolation_level=None)
        try:
            trial.executescript(open(files['down'], encoding='utf-8').read())
            trial.close()
            good += state(copy) == was
        except sqlite3.Error:
            trial.close()
        scratch = sqlite3.connect(work, isolation_level=None)
    return '%d of %d' % (good, have)


main()
