"""SQLite: a case's database as a file, read and written by the sqlite3 module."""

import os
import sqlite3
import struct

from case import Invalid
from state import Rows, State


class Text(bytes):
    """TEXT, of any bytes: blobs are plain bytes."""


def plain(v):
    if v is None:
        return ('null',)
    if isinstance(v, int):
        return ('int', v)
    if isinstance(v, float):
        return ('real', struct.pack('>d', v).hex(), repr(v))
    if isinstance(v, Text):
        return ('text', bytes(v))
    return ('blob', bytes(v))


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def connect(path, foreign_keys):
    db = sqlite3.connect(path, isolation_level=None)
    db.text_factory = Text
    db.execute(f'PRAGMA foreign_keys = {int(foreign_keys)}')
    db.execute('PRAGMA synchronous = OFF')
    return db


def name_of(v):
    return bytes(v).decode()


def read_table(db, name):
    t = Rows(name)
    pk = []
    wanted = []
    # the hash of a view's columns cannot be wrong here: tables only
    for _, col, kind, _, default, key, hidden in db.execute(
            f'PRAGMA table_xinfo({ident(name)})'):
        col = name_of(col)
        if hidden < 2:
            t.columns.append(col)
            t.types[col] = name_of(kind).lower()
            t.defaults[col] = default and name_of(default)
        wanted.append(col)
        if key:
            pk.append((key, col))
    t.key = [col for _, col in sorted(pk)]
    wr = db.execute('SELECT wr FROM pragma_table_list WHERE name = ? AND '
                    "schema = 'main'", (name,)).fetchone()[0]
    t.has_rowid = not wr
    t.typed_keys = bool(wr)
    if t.has_rowid and len(t.key) == 1 and \
            t.types.get(t.key[0]) == 'integer':
        t.rowid = t.key[0]
    cols = ', '.join(ident(c) for c in wanted)
    by = 'rowid' if t.has_rowid else ', '.join(ident(c) for c in t.key)
    for row in db.execute(f'SELECT {"rowid" if t.has_rowid else "NULL"}, '
                          f'{cols} FROM {ident(name)} ORDER BY {by}'):
        t.all.append([row[0], dict(zip(wanted, map(plain, row[1:])))])
    return t


def read(db):
    s = State()
    names = []
    for kind, name, table, sql in db.execute(
            'SELECT type, name, tbl_name, sql FROM sqlite_schema '
            "WHERE tbl_name NOT LIKE 'git\\_migrate\\_%' ESCAPE '\\' "
            "AND name <> 'sqlite_sequence' ORDER BY rowid"):
        s.schema.append(tuple(v and name_of(v)
                              for v in (kind, name, table, sql)))
        if kind == b'table':
            names.append(name_of(name))
    for name in names:
        s.tables[name] = read_table(db, name)
    if db.execute('SELECT count(*) FROM sqlite_schema '
                  "WHERE name = 'sqlite_sequence'").fetchone()[0]:
        s.sequences = {name_of(n): v for n, v in
                       db.execute('SELECT name, seq FROM sqlite_sequence')}
    return s


def split(sql):
    """Single statements: executescript() would commit before them."""
    out, text = [], ''
    for part in sql.split(';'):
        text += part + ';'
        if sqlite3.complete_statement(text):
            out.append(text)
            text = ''
    return [s for s in out if s.strip(' \n;')]


def run_all(db, statements):
    for sql in statements:
        try:
            for one in split(sql):
                db.execute(one)
        except sqlite3.Error as e:
            raise Invalid(f'{e}: {sql}') from e


def violations(db):
    try:
        return db.execute('PRAGMA foreign_key_check').fetchall()
    except sqlite3.Error as e:
        raise Invalid(str(e)) from e


class World:
    """The database of one case, at a time."""

    name = 'sqlite'

    def __init__(self, repo):
        self.repo = repo
        self.path = os.path.join(repo.path, 'dev.db')

    def setup(self, case):
        self.repo.start(case)
        for end in ('', '-journal', '-wal', '-shm'):
            if os.path.exists(self.path + end):
                os.unlink(self.path + end)
        memory = connect(':memory:', False)
        memory.execute('BEGIN')
        run_all(memory, case.setup())
        memory.execute('COMMIT')
        if case.foreign_keys and violations(memory):
            raise Invalid('foreign keys')
        disk = connect(self.path, False)
        memory.backup(disk)
        disk.close()
        self.memory = memory
        self.case = case

    def plain_apply(self):
        """What the migration's SQL alone does; None when it fails."""
        db = self.memory
        db.execute(f'PRAGMA foreign_keys = {int(self.case.foreign_keys)}')
        try:
            for one in split('BEGIN;' + self.case.migration_sql() + 'COMMIT'):
                db.execute(one)
        except sqlite3.Error:
            return None
        return read(db)

    def dangling(self):
        db = connect(self.path, False)
        try:
            return violations(db)
        finally:
            db.close()

    @staticmethod
    def is_random(state):
        """Behind the last rowid that there is SQLite chooses any."""
        return any(row[0] == 2 ** 63 - 1 for t in state.tables.values()
                   for row in t.all)

    def close(self):
        self.memory.close()

    def state(self):
        db = connect(self.path, False)
        try:
            return read(db)
        finally:
            db.close()

    def write_later(self):
        db = connect(self.path, self.case.foreign_keys)
        try:
            run_all(db, [s.sql for s in self.case.later])
        finally:
            db.close()

    def image(self):
        """All of it, to be compared and put back."""
        with open(self.path, 'rb') as f:
            return f.read()

    def put_back(self, image):
        """In place: the same file, so the same database."""
        with open(self.path, 'r+b') as f:
            f.write(image)
            f.truncate()
